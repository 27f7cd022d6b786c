//! Text in pictures. In: one frame as bytes of brightness. Out: boxes around what looks like lines of text.
//! Never: reads what is written there, learns from images, or depends on anything but the frame.
//!
//! Text that a machine burns in is unlike anatomy in three ways, and all three are asked for:
//! - its strokes are narrow, and stand out from what is on both sides of them;
//! - along a stroke, and in all letters of a line, the brightness is the same, to within rounding;
//! - letters stand side by side, of like height, on one line.
//!
//! Method: (1) pixels brighter (darker) by a contrast than the least (greatest) value within
//! [`REACH`] pixels on either side, across or down, are stroke pixels; (2) neighbouring stroke pixels of
//! equal brightness make components; (3) components of a letter's size and of one brightness that stand in
//! a row make a line; (4) a line counts with as many letters as its place asks for: fewer near the frame's
//! border, where machines write.

/// How far from a stroke's pixel its surroundings may begin: strokes of up to so many pixels are found.
const REACH: usize = 8;
/// By how much a stroke must stand out, of 255, where the picture has no noise.
const CONTRAST: u8 = 36;
/// Neighbouring pixels of one stroke differ by no more than this.
const FLAT: u8 = 7;
/// Heights of components that may be letters: x-heights of 8-pixel fonts to capitals of 48-pixel ones.
const HEIGHTS: std::ops::RangeInclusive<usize> = 4..=48;
/// Widths of a letter, and of a few that touch each other.
const WIDEST: usize = 160;
/// What is asked of a line: first of letters as they are drawn pixel by pixel, then of smoothed ones.
const KINDS: [Kind; 2] = [
    Kind { flat: FLAT, same_level: 12, letters: (4, 5), sharp: 75, pure: 40 },
    Kind { flat: 255, same_level: 60, letters: (6, 8), sharp: 75, pure: 60 },
];
/// The part of width and height, at each side, that counts as near the border: one n-th.
const BORDER: usize = 5;
/// Stroke pixels that the shortest line of the smallest letters has.
const FEWEST: usize = 24;
/// Planes with more stroke pixels than one n-th of all have no strokes but texture.
const TEXTURE: usize = 2;

/// One way of drawing letters.
#[derive(Clone, Copy)]
struct Kind {
    /// Neighbouring pixels of one letter differ by no more than this.
    flat: u8,
    /// Letters of one line differ by no more than this in brightness.
    same_level: u8,
    /// Letters that make a line near the border, and elsewhere.
    letters: (usize, usize),
    /// Of 100 ends of a stroke, so many drop by the contrast within two pixels.
    sharp: usize,
    /// Of 100 stroke pixels in a line's box, so many belong to its letters.
    pure: usize,
}

/// A rectangle of pixels: columns from `x`, rows from `y`, counted from 0 at the top left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PixelBox {
    /// The first column.
    pub x: u32,
    /// The first row.
    pub y: u32,
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
}

impl PixelBox {
    /// The smallest box around both.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        let (x, y) = (self.x.min(other.x), self.y.min(other.y));
        let right = (self.x.saturating_add(self.width)).max(other.x.saturating_add(other.width));
        let bottom = (self.y.saturating_add(self.height)).max(other.y.saturating_add(other.height));
        Self { x, y, width: right - x, height: bottom - y }
    }

    /// Whether the boxes share a pixel.
    pub fn meets(self, other: Self) -> bool {
        let apart = |a: u32, al: u32, b: u32, bl: u32| a.saturating_add(al) <= b || b.saturating_add(bl) <= a;
        !apart(self.x, self.width, other.x, other.width) && !apart(self.y, self.height, other.y, other.height)
    }
}

/// One frame's brightness.
#[derive(Debug, Clone)]
pub struct Plane {
    width: usize,
    height: usize,
    values: Vec<u8>,
}

impl Plane {
    /// A plane of `width` · `height` values, row by row; `None` if there are not as many.
    pub fn new(width: usize, height: usize, values: Vec<u8>) -> Option<Self> {
        let fits = width.checked_mul(height) == Some(values.len()) && width > 0 && height > 0;
        fits.then_some(Self { width, height, values })
    }

    /// The brightness of each pixel, row by row.
    pub fn values(&self) -> &[u8] {
        &self.values
    }

    /// Makes a box black, as far as it is within the plane.
    pub(super) fn blacken(&mut self, area: PixelBox) {
        let columns = area.x as usize..(area.x.saturating_add(area.width) as usize).min(self.width);
        let rows = area.y as usize..(area.y.saturating_add(area.height) as usize).min(self.height);
        for y in rows {
            let row = self.values.get_mut(y * self.width..(y + 1) * self.width).unwrap_or_default();
            row.get_mut(columns.clone()).unwrap_or_default().fill(0);
        }
    }

    fn inverted(&self) -> Self {
        Self { values: self.values.iter().map(|v| 255 - v).collect(), ..*self }
    }

    fn row(&self, y: usize) -> &[u8] {
        self.values.get(y * self.width..(y + 1) * self.width).unwrap_or_default()
    }
}

/// Boxes around what looks like lines of text, from top to bottom; touching ones are one.
pub fn text_boxes(plane: &Plane) -> Vec<PixelBox> {
    if plane.width < 16 || plane.height < 8 {
        return Vec::new();
    }
    let contrast = contrast(plane);
    let mut found = lines(plane, contrast);
    found.extend(lines(&plane.inverted(), contrast));
    merged(found)
}

/// What a stroke must stand out by: more where neighbouring pixels differ by noise.
fn contrast(plane: &Plane) -> u8 {
    let mut counts = [0u32; 256];
    let mut all = 0u32;
    for y in (0..plane.height).step_by(3) {
        let row = plane.row(y);
        for (a, b) in row.iter().zip(row.iter().skip(2)) {
            let step = a.abs_diff(*b);
            // Background without signal says nothing about noise where there is some.
            if step > 0 || (*a > 8 && *a < 247) {
                if let Some(count) = counts.get_mut(usize::from(step)) {
                    *count += 1;
                }
                all += 1;
            }
        }
    }
    let mut seen = 0;
    let median = counts.iter().position(|count| {
        seen += count;
        seen * 2 >= all
    });
    let noise = u8::try_from(median.unwrap_or(0)).unwrap_or(u8::MAX);
    CONTRAST.max(noise.saturating_mul(3)).min(120)
}

/// Lines of bright text.
fn lines(plane: &Plane, contrast: u8) -> Vec<PixelBox> {
    let margins = margins(plane);
    let count = at_least(&margins, contrast);
    if count < FEWEST || count > plane.values.len() / TEXTURE {
        return Vec::new();
    }
    // Smoothed letters have no sharper edge than half of what the strongest strokes (one in ten) stand out by.
    let (mut strong, mut step) = (0u8, 128u8);
    while step > 0 {
        if at_least(&margins, strong + step) >= count / 10 {
            strong += step;
        }
        step /= 2;
    }
    let half = (strong / 2).max(contrast);
    let mut found = Vec::new();
    for kind in KINDS {
        let contrast = if kind.flat == FLAT { contrast } else { half };
        if at_least(&margins, contrast) < FEWEST {
            continue;
        }
        let strokes = Strokes::of(plane, &margins, contrast);
        let letters = letters(plane, &strokes, contrast, kind);
        found.extend(rows_of(&letters, &strokes, plane, kind));
    }
    found
}

/// How many values are as great. Counted in bytes by the dozen, so that many are compared at once.
fn at_least(values: &[u8], least: u8) -> usize {
    let dozen = |values: &[u8]| values.iter().fold(0u8, |sum, value| sum + u8::from(*value >= least));
    values.chunks(192).map(|values| usize::from(dozen(values))).sum()
}

/// The brightness of stroke pixels, and 0 where there is none (a stroke stands out, so it has some); with a rim
/// of one pixel without strokes on each side.
struct Strokes {
    pitch: usize,
    values: Vec<u8>,
}

impl Strokes {
    fn of(plane: &Plane, margins: &[u8], contrast: u8) -> Self {
        let pitch = plane.width + 2;
        let mut values = vec![0u8; pitch * (plane.height + 2)];
        for (y, margins) in margins.chunks_exact(plane.width).enumerate() {
            let at = (y + 1) * pitch + 1;
            let strokes = values.get_mut(at..at + plane.width).unwrap_or_default();
            for ((stroke, value), margin) in strokes.iter_mut().zip(plane.row(y)).zip(margins) {
                // All bits or none: no branch, so that many are made at once.
                *stroke = *value & 0u8.wrapping_sub(u8::from(*margin >= contrast));
            }
        }
        Self { pitch, values }
    }

    /// One row.
    fn row(&self, y: usize) -> &[u8] {
        self.with_rim(y).get(1..self.pitch - 1).unwrap_or_default()
    }

    /// One row and the rim at both ends; row -1 is the rim above.
    fn with_rim(&self, y: usize) -> &[u8] {
        let at = (y + 1) * self.pitch;
        self.values.get(at..at + self.pitch).unwrap_or_default()
    }

    /// Which pixels of a row have a stroke above or below them, corners included, whose brightness differs by
    /// `near` at most.
    fn held(&self, y: usize, near: u8, out: &mut [u8]) {
        out.fill(0);
        let width = self.pitch - 2;
        let above = self.values.get(y * self.pitch..(y + 1) * self.pitch).unwrap_or_default();
        let (here, below) = (self.row(y), self.with_rim(y + 1));
        let of = |row: &'_ [u8], from: usize, out: &mut [u8]| {
            let row = row.get(from..from + width).unwrap_or_default();
            for ((held, other), value) in out.iter_mut().zip(row).zip(here) {
                *held |= u8::from(*other != 0) & u8::from(other.abs_diff(*value) <= near);
            }
        };
        for from in 0..3 {
            of(above, from, out);
            of(below, from, out);
        }
        for (held, value) in out.iter_mut().zip(here) {
            *held &= u8::from(*value != 0);
        }
    }
}

/// Least values of windows of [`REACH`] places, `stride` apart: `values[i]` becomes the least of
/// `values[i + k * stride]`, k below [`REACH`]. Windows double three times.
fn least(values: Vec<u8>, stride: usize) -> Vec<u8> {
    let mut values = values;
    let mut next = values.clone();
    for step in [1, 2, 4] {
        let ahead = values.get(step * stride..).unwrap_or_default();
        for ((to, a), b) in next.iter_mut().zip(&values).zip(ahead) {
            *to = (*a).min(*b);
        }
        values.copy_from_slice(&next);
    }
    values
}

/// By how much each pixel stands out from both sides, across or down.
fn margins(plane: &Plane) -> Vec<u8> {
    let (width, height) = (plane.width, plane.height);
    let mut out = vec![0u8; plane.values.len()];
    // Across: rows, each between paddings that are nobody's least.
    let pitch = width + REACH + 1;
    let mut padded = vec![255u8; pitch * height + 2 * REACH + 1];
    for y in 0..height {
        let at = REACH + y * pitch;
        padded[at..at + width].copy_from_slice(plane.row(y));
    }
    let padded = least(padded, 1);
    for (y, marks) in out.chunks_exact_mut(width).enumerate() {
        // padded[i] is the least of row[i - REACH .. i].
        let at = y * pitch;
        let (left, right) = (&padded[at..at + width], &padded[at + REACH + 1..at + REACH + 1 + width]);
        for (((mark, value), left), right) in marks.iter_mut().zip(plane.row(y)).zip(left).zip(right) {
            *mark = value.saturating_sub((*left).max(*right));
        }
    }
    // Down: the same, a row apart.
    let mut down = vec![255u8; (height + 2 * REACH + 1) * width];
    down[REACH * width..(REACH + height) * width].copy_from_slice(&plane.values);
    let down = least(down, width);
    let above = &down[..height * width];
    let below = &down[(REACH + 1) * width..(REACH + 1 + height) * width];
    for (((mark, value), above), below) in out.iter_mut().zip(&plane.values).zip(above).zip(below) {
        *mark = (*mark).max(value.saturating_sub((*above).max(*below)));
    }
    out
}

/// A component that may be a letter.
#[derive(Debug, Clone, Copy)]
struct Letter {
    left: usize,
    right: usize,
    top: usize,
    bottom: usize,
    area: usize,
    level: u8,
}

impl Letter {
    const fn height(&self) -> usize {
        self.bottom - self.top + 1
    }

    const fn width(&self) -> usize {
        self.right - self.left + 1
    }
}

/// Pixels side by side in a row, of one brightness.
struct Run {
    y: usize,
    from: usize,
    to: usize,
    sum: u64,
    mean: u8,
    least: u8,
    most: u8,
    /// Ends, of two, where brightness drops at once.
    sharp: u8,
}

/// The places of bytes that are 1, in words of bytes that are 0 or 1.
fn places(word: u64) -> impl Iterator<Item = usize> {
    let mut left = word;
    std::iter::from_fn(move || {
        let at = (left != 0).then_some(left.trailing_zeros() as usize / 8);
        left &= left.wrapping_sub(1);
        at
    })
}

/// Components of stroke pixels of equal brightness, of a letter's size and shape.
fn letters(plane: &Plane, strokes: &Strokes, contrast: u8, kind: Kind) -> Vec<Letter> {
    let mut runs: Vec<Run> = Vec::new();
    let mut parent: Vec<usize> = Vec::new();
    let mut before = 0..0;
    // In whole words of eight pixels.
    let mut held = vec![0u8; plane.width.next_multiple_of(8)];
    // Brightness within one letter differs by no more (`collect`): a run of pixels with nothing like it above
    // or below is part of none. Most of what noise makes is passed over by that.
    let near = if kind.flat == FLAT { 3 * FLAT } else { 255 };
    for y in 0..plane.height {
        strokes.held(y, near, &mut held);
        let (row, marks) = (plane.row(y), strokes.row(y));
        let start = runs.len();
        let mut done = 0;
        let words = held.chunks_exact(8).enumerate().filter_map(|(n, bytes)| {
            let word = u64::from_le_bytes(bytes.try_into().ok()?);
            (word != 0).then_some((n, word))
        });
        for x in words.flat_map(|(n, word)| places(word).map(move |at| n * 8 + at)) {
            if x < done {
                continue;
            }
            let goes_on = |a: usize, b: usize| match (marks.get(a), marks.get(b)) {
                (Some(a), Some(b)) => *b != 0 && a.abs_diff(*b) <= kind.flat,
                _ => false,
            };
            let (mut from, mut to) = (x, x);
            while from > done && goes_on(from, from - 1) {
                from -= 1;
            }
            while goes_on(to, to + 1) {
                to += 1;
            }
            done = to + 1;
            let values = marks.get(from..done).unwrap_or_default();
            let (mut sum, mut least, mut most) = (0u64, 255u8, 0u8);
            for value in values {
                sum += u64::from(*value);
                least = least.min(*value);
                most = most.max(*value);
            }
            let mean = if values.len() == 1 { most } else { (sum / values.len().max(1) as u64) as u8 };
            let drops = |at: Option<usize>| {
                at.and_then(|at| row.get(at)).is_some_and(|v| most.saturating_sub(*v) >= contrast)
            };
            // One pixel between may be a smoothed one; two further on, the next letter may begin.
            let before = drops(from.checked_sub(1)) || drops(from.checked_sub(2));
            let after = drops(Some(to + 1)) || drops(Some(to + 2));
            let sharp = u8::from(before) + u8::from(after);
            parent.push(runs.len());
            runs.push(Run { y, from, to, sum, mean, least, most, sharp });
        }
        join(&runs, before.clone(), start..runs.len(), &mut parent, kind.flat);
        before = start..runs.len();
    }
    collect(&runs, &mut parent, kind)
}

/// Joins runs of a row with those of the row above that they touch, corners included.
fn join(
    runs: &[Run],
    above: std::ops::Range<usize>,
    here: std::ops::Range<usize>,
    parent: &mut [usize],
    flat: u8,
) {
    let mut first = above.start;
    for at in here {
        let run = &runs[at];
        while first < above.end && runs[first].to + 1 < run.from {
            first += 1;
        }
        for (other, upper) in runs.iter().enumerate().take(above.end).skip(first) {
            if upper.from > run.to + 1 {
                break;
            }
            if run.mean.abs_diff(upper.mean) <= flat {
                let (a, b) = (root(parent, at), root(parent, other));
                parent[a.max(b)] = a.min(b);
            }
        }
    }
}

fn root(parent: &mut [usize], mut at: usize) -> usize {
    while parent[at] != at {
        parent[at] = parent[parent[at]];
        at = parent[at];
    }
    at
}

fn collect(runs: &[Run], parent: &mut [usize], kind: Kind) -> Vec<Letter> {
    #[derive(Clone, Copy)]
    struct Sum {
        letter: Letter,
        sum: u64,
        least: u8,
        most: u8,
        /// Of the runs' greatest values.
        peaks: u64,
        runs: usize,
        sharp: usize,
    }
    let mut sums: Vec<Option<Sum>> = vec![None; runs.len()];
    for (at, run) in runs.iter().enumerate() {
        let of = root(parent, at);
        let area = run.to + 1 - run.from;
        match &mut sums[of] {
            Some(known) => {
                let letter = &mut known.letter;
                letter.left = letter.left.min(run.from);
                letter.right = letter.right.max(run.to);
                letter.bottom = run.y;
                letter.area += area;
                known.sum += run.sum;
                known.least = known.least.min(run.least);
                known.most = known.most.max(run.most);
                known.peaks += u64::from(run.most);
                known.runs += 1;
                known.sharp += usize::from(run.sharp);
            }
            none => {
                let letter =
                    Letter { left: run.from, right: run.to, top: run.y, bottom: run.y, area, level: 0 };
                *none = Some(Sum {
                    letter,
                    sum: run.sum,
                    least: run.least,
                    most: run.most,
                    peaks: u64::from(run.most),
                    runs: 1,
                    sharp: usize::from(run.sharp),
                });
            }
        }
    }
    let letter = |found: Sum| {
        let Sum { mut letter, sum, least, most, peaks, runs, sharp } = found;
        let level =
            if kind.flat == FLAT { sum / letter.area.max(1) as u64 } else { peaks / runs.max(1) as u64 };
        letter.level = u8::try_from(level).unwrap_or(u8::MAX);
        let (height, width) = (letter.height(), letter.width());
        // A chain of small steps is a slope, not a stroke; what fills its box and is no bar is a blot.
        let stroke = (kind.flat != FLAT || most - least <= 3 * FLAT)
            && sharp * 100 >= 2 * runs * kind.sharp
            && letter.area >= height.max(width)
            && letter.area * 5 <= runs * 2 * height.max(12)
            && (letter.area * 100 <= width * height * 85 || width * 2 <= height);
        (HEIGHTS.contains(&height) && width <= WIDEST && stroke).then_some(letter)
    };
    sums.into_iter().flatten().filter_map(letter).collect()
}

/// Letters of one brightness that stand in a row.
fn rows_of(letters: &[Letter], strokes: &Strokes, plane: &Plane, kind: Kind) -> Vec<PixelBox> {
    let mut sorted: Vec<Letter> = letters.to_vec();
    sorted.sort_by_key(|l| (l.left, l.top, l.right, l.bottom));
    let mut parent: Vec<usize> = (0..sorted.len()).collect();
    for at in 0..sorted.len() {
        let a = sorted[at];
        for (other, b) in sorted.iter().enumerate().skip(at + 1) {
            if b.left > a.right + 2 * HEIGHTS.end() {
                break;
            }
            if neighbours(&a, b, kind.same_level) {
                let (a, b) = (root(&mut parent, at), root(&mut parent, other));
                parent[a.max(b)] = a.min(b);
            }
        }
    }
    let mut rows: std::collections::BTreeMap<usize, Vec<Letter>> = std::collections::BTreeMap::new();
    for (at, letter) in sorted.iter().enumerate() {
        rows.entry(root(&mut parent, at)).or_default().push(*letter);
    }
    rows.into_values()
        .filter(|row| is_text(row, strokes, plane, kind))
        .map(|row| around(&row, plane))
        .collect()
}

/// Whether two components may be neighbours in a line of text.
fn neighbours(a: &Letter, b: &Letter, same_level: u8) -> bool {
    let (small, tall) = (a.height().min(b.height()), a.height().max(b.height()));
    if a.level.abs_diff(b.level) > same_level || tall * 10 > small * 21 {
        return false;
    }
    let gap = b.left.saturating_sub(a.right + 1);
    let overlap = (a.bottom.min(b.bottom) + 1).saturating_sub(a.top.max(b.top));
    let aligned = a.bottom.abs_diff(b.bottom) * 6 <= tall.max(6) || a.top.abs_diff(b.top) * 6 <= tall.max(6);
    gap <= tall + 1 && overlap * 10 >= small * 7 && aligned
}

/// Whether a row of components is as long, and as varied, as text is.
fn is_text(row: &[Letter], strokes: &Strokes, plane: &Plane, kind: Kind) -> bool {
    let near = |at: usize, end: usize, all: usize| at * BORDER < all || (all - end.min(all)) * BORDER < all;
    let left = row.iter().map(|l| l.left).min().unwrap_or(0);
    let right = row.iter().map(|l| l.right).max().unwrap_or(0);
    let top = row.iter().map(|l| l.top).min().unwrap_or(0);
    let bottom = row.iter().map(|l| l.bottom).max().unwrap_or(0);
    let border = near(left, right + 1, plane.width) || near(top, bottom + 1, plane.height);
    let wanted = if border { kind.letters.0 } else { kind.letters.1 };
    // Components that reach over each other are parts of a texture, or of one letter.
    let mut apart = 0;
    let mut edge = None;
    for letter in row {
        if edge.is_none_or(|edge| letter.left + 1 > edge) {
            // Letters that touch count as the few that they are.
            apart += (letter.width() / letter.height().max(1)).clamp(1, 4);
            edge = Some(letter.right);
        }
    }
    let tallest = row.iter().map(Letter::height).max().unwrap_or(1);
    if apart < wanted || row.len() < 3 || right + 1 - left < 2 * tallest {
        return false;
    }
    let sum: usize = row.iter().map(|letter| usize::from(letter.level)).sum();
    let level = u8::try_from(sum / row.len().max(1)).unwrap_or(u8::MAX);
    let within = (top..=bottom).map(|y| {
        let row = strokes.row(y).get(left..=right).unwrap_or_default();
        row.iter().filter(|value| **value != 0 && value.abs_diff(level) <= kind.same_level).count()
    });
    let area: usize = row.iter().map(|letter| letter.area).sum();
    area * 100 >= within.sum::<usize>() * kind.pure
}

fn around(row: &[Letter], plane: &Plane) -> PixelBox {
    let left = row.iter().map(|l| l.left).min().unwrap_or(0);
    let right = row.iter().map(|l| l.right).max().unwrap_or(0);
    let top = row.iter().map(|l| l.top).min().unwrap_or(0);
    let bottom = row.iter().map(|l| l.bottom).max().unwrap_or(0);
    // Half a letter more: descenders, dots and rims are not in the components.
    let tallest = row.iter().map(Letter::height).max().unwrap_or(1);
    let more = tallest / 2 + 2;
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let (x, y) = (left.saturating_sub(more), top.saturating_sub(more));
    let (right, bottom) = ((right + more).min(plane.width - 1), (bottom + more).min(plane.height - 1));
    PixelBox { x: number(x), y: number(y), width: number(right + 1 - x), height: number(bottom + 1 - y) }
}

/// Boxes that meet, made one.
pub(super) fn merged(mut boxes: Vec<PixelBox>) -> Vec<PixelBox> {
    let mut at = 0;
    while at < boxes.len() {
        let Some(other) = (at + 1..boxes.len()).find(|other| boxes[at].meets(boxes[*other])) else {
            at += 1;
            continue;
        };
        let other = boxes.swap_remove(other);
        boxes[at] = boxes[at].union(other);
        at = 0;
    }
    boxes.sort_by_key(|b| (b.y, b.x));
    boxes
}
