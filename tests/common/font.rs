//! Letters drawn by strokes, at any size: text to burn into pictures. A letter is a few lines on a grid of
//! 5 by 7 points; a pixel takes as much of the ink as it is near to a line. It knows nothing of how text is
//! looked for.
#![allow(dead_code, unreachable_pub, missing_docs, reason = "each test binary uses a part of it")]

/// Lines of a letter: points as digits of column and row, lines parted by blanks.
#[rustfmt::skip]
const LETTERS: &[(char, &str)] = &[
    ('A', "062046 1434"), ('B', "0006364544330300 00304142330"), ('C', "4130100105163645"),
    ('D', "00063645413000"), ('E', "40000646 0333"), ('F', "400006 0333"), ('G', "413010010516364543230"),
    ('H', "0006 4046 0343"), ('I', "2026"), ('J', "4045361605"), ('K', "0006 400346"), ('L', "000646"),
    ('M', "0600234046"), ('N', "06004640"), ('O', "103041453616050110"), ('P', "06003041423303"),
    ('Q', "103041453616050110 2446"), ('R', "06003041423303 2346"), ('S', "413010010213334445361605"),
    ('T', "0040 2026"), ('U', "000516364540"), ('V', "002640"), ('W', "0016233640"), ('X', "0046 4006"),
    ('Y', "002340 2326"), ('Z', "00400646"), ('0', "103041453616050110 0541"), ('1', "012026 1636"),
    ('2', "0110304142060646"), ('3', "011030414233444536160513"), ('4', "36300444"), ('5', "4000033344453606"),
    ('6', "301001051636454433130"), ('7', "00401620"), ('8', "103041423313020110 133344453616050413"),
    ('9', "16364541301001021333"), ('-', "0343"), ('^', "022042"), ('.', "2526"), (':', "2122 2526"),
];

/// Ink, 0 to 1, of a text whose lines are `height` pixels apart (capitals take three quarters of that), as
/// rows of equal length; `smooth` letters have grey rims.
pub fn ink(text: &str, height: usize, smooth: bool) -> Vec<Vec<f64>> {
    let unit = height as f64 * 0.75 / 6.0;
    let stroke = (height as f64 / 9.0).max(1.0);
    let advance = unit * 6.0;
    let margin = stroke.ceil() + 1.0;
    let width = (advance * text.chars().count() as f64 + 2.0 * margin).ceil() as usize;
    let rows = (unit * 6.0 + 2.0 * margin).ceil() as usize;
    let mut out = vec![vec![0.0f64; width]; rows];
    for (n, letter) in text.chars().enumerate() {
        let Some((_, lines)) = LETTERS.iter().find(|(c, _)| *c == letter.to_ascii_uppercase()) else {
            continue;
        };
        let origin = margin + advance * n as f64;
        for line in lines.split(' ') {
            let digits: Vec<f64> = line.bytes().map(|b| f64::from(b - b'0')).collect();
            let points: Vec<(f64, f64)> =
                digits.chunks_exact(2).map(|p| (origin + p[0] * unit, margin + p[1] * unit)).collect();
            for ends in points.windows(2) {
                for (y, row) in out.iter_mut().enumerate() {
                    for (x, ink) in row.iter_mut().enumerate() {
                        let far = distance((x as f64, y as f64), ends[0], ends[1]);
                        let here = (stroke / 2.0 + 0.5 - far).clamp(0.0, 1.0);
                        *ink = ink.max(if smooth { here } else { f64::from(u8::from(here >= 0.5)) });
                    }
                }
            }
        }
    }
    out
}

fn distance(p: (f64, f64), a: (f64, f64), b: (f64, f64)) -> f64 {
    let (dx, dy) = (b.0 - a.0, b.1 - a.1);
    let length = dx * dx + dy * dy;
    let along = if length > 0.0 { ((p.0 - a.0) * dx + (p.1 - a.1) * dy) / length } else { 0.0 };
    let t = along.clamp(0.0, 1.0);
    (p.0 - a.0 - t * dx).hypot(p.1 - a.1 - t * dy)
}

/// How a text is drawn.
#[derive(Debug, Clone, Copy)]
pub struct Pen {
    /// The letters' value.
    pub value: f64,
    /// The value of a rim around them, one pixel a dozen of height.
    pub rim: Option<f64>,
    pub smooth: bool,
}

/// Burns a text into a picture of `width` columns with its top left corner at `at`.
pub fn burn(picture: &mut [f64], width: usize, at: (usize, usize), text: &str, height: usize, pen: Pen) {
    let ink = ink(text, height, pen.smooth);
    let reach = (height / 12).max(1) as isize;
    let rows = picture.len() / width;
    let of = |x: isize, y: isize| {
        let row = usize::try_from(y).ok().and_then(|y| ink.get(y));
        row.and_then(|row| usize::try_from(x).ok().and_then(|x| row.get(x))).copied().unwrap_or(0.0)
    };
    for y in -reach..ink.len() as isize + reach {
        for x in -reach..ink[0].len() as isize + reach {
            let (column, row) = (at.0 as isize + x, at.1 as isize + y);
            if !(0..width as isize).contains(&column) || !(0..rows as isize).contains(&row) {
                continue;
            }
            let pixel = &mut picture[row as usize * width + column as usize];
            if let Some(rim) = pen.rim {
                let near = (-reach..=reach).flat_map(|dy| (-reach..=reach).map(move |dx| (dx, dy)));
                let most = near.map(|(dx, dy)| of(x + dx, y + dy)).fold(0.0, f64::max);
                *pixel += (rim - *pixel) * most;
            }
            *pixel += (pen.value - *pixel) * of(x, y);
        }
    }
}
