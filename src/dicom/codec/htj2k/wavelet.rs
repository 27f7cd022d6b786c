//! The inverse wavelet transforms (ITU-T T.800 annex F).
//!
//! In: the four bands of a resolution. Out: its samples. Rows are lifted while their halves are still apart,
//! so that the compiler finds vectors; columns row by row.

use super::tile::Rect;

/// What a wavelet computes in.
pub(super) trait Sample: Copy + Default {
    /// A coefficient from its sign, its magnitude doubled (with a half below), and its band's step.
    fn of(negative: bool, doubled: u32, step: f32) -> Self;

    /// A lone sample at an odd place (F.3.6).
    fn lone(self) -> Self;

    /// Hands over the steps of lifting (F.3.8), one by one.
    fn steps(lifter: &mut impl Lifter<Self>);

    /// Factors of low and high before lifting.
    const SCALE: Option<[Self; 2]>;

    fn times(self, factor: Self) -> Self;
}

/// What takes the steps; a call each, so that each is compiled into a loop of its own.
pub(super) trait Lifter<S> {
    /// Changes every low value (or every high one) by `step` of itself and its two neighbours.
    fn step(&mut self, low: bool, step: impl Fn(S, S, S) -> S);
}

impl Sample for i32 {
    fn of(negative: bool, doubled: u32, _: f32) -> Self {
        let magnitude = (doubled >> 1) as i32;
        if negative { -magnitude } else { magnitude }
    }

    fn lone(self) -> Self {
        self >> 1
    }

    // Equations F-5 and F-6. Damaged streams overflow.
    fn steps(lifter: &mut impl Lifter<Self>) {
        lifter.step(true, |v, a, b| v.wrapping_sub(a.wrapping_add(b).wrapping_add(2) >> 2));
        lifter.step(false, |v, a, b| v.wrapping_add(a.wrapping_add(b) >> 1));
    }

    const SCALE: Option<[i32; 2]> = None;

    fn times(self, factor: Self) -> Self {
        self.wrapping_mul(factor)
    }
}

/// T.800 table F.4.
const ALPHA: f32 = -1.586_134_3;
const BETA: f32 = -0.052_980_12;
const GAMMA: f32 = 0.882_911_1;
const DELTA: f32 = 0.443_506_87;
const K: f32 = 1.230_174_1;

impl Sample for f32 {
    fn of(negative: bool, doubled: u32, step: f32) -> Self {
        let magnitude = doubled as f32 * (0.5 * step);
        if negative { -magnitude } else { magnitude }
    }

    fn lone(self) -> Self {
        0.5 * self
    }

    // Equation F-7, steps 3 to 6.
    fn steps(lifter: &mut impl Lifter<Self>) {
        lifter.step(true, |v, a, b| v - DELTA * (a + b));
        lifter.step(false, |v, a, b| v - GAMMA * (a + b));
        lifter.step(true, |v, a, b| v - BETA * (a + b));
        lifter.step(false, |v, a, b| v - ALPHA * (a + b));
    }

    const SCALE: Option<[f32; 2]> = Some([K, 1.0 / K]);

    fn times(self, factor: Self) -> Self {
        self * factor
    }
}

/// A resolution's bands, row by row.
pub(super) struct Bands<S> {
    pub(super) ll: Vec<S>,
    pub(super) hl: Vec<S>,
    pub(super) lh: Vec<S>,
    pub(super) hh: Vec<S>,
}

/// How many of the places from `from` to `to` are even.
fn evens([from, to]: [u32; 2]) -> usize {
    (to.div_ceil(2) - from.div_ceil(2)) as usize
}

/// Puts a resolution together (2D_SR, F.3.2): rows first, then columns.
pub(super) fn synthesize<S: Sample>(mut bands: Bands<S>, rect: &Rect) -> Vec<S> {
    let (width, height) = (rect.width(), rect.height());
    let mut out = vec![S::default(); width * height];
    if out.is_empty() {
        return out;
    }
    let low = evens(rect.x);
    let [odd_x, odd_y] = [rect.x[0], rect.y[0]].map(|v| (v & 1) as usize);
    for (y, row) in out.chunks_exact_mut(width).enumerate() {
        // Even places hold low rows.
        let n = (y + odd_y) / 2 - if (y + odd_y) & 1 == 0 { odd_y } else { 0 };
        let (l, h) = if (y + odd_y) & 1 == 0 {
            (&mut bands.ll, &mut bands.hl)
        } else {
            (&mut bands.lh, &mut bands.hh)
        };
        let (Some(l), Some(h)) =
            (l.get_mut(n * low..(n + 1) * low), h.get_mut(n * (width - low)..(n + 1) * (width - low)))
        else {
            continue;
        };
        lift_row(l, h, odd_x, row);
    }
    lift_columns(&mut out, width, odd_y);
    out
}

/// One row: `low` and `high` apart, then together in `row`, whose first place is odd or not.
fn lift_row<S: Sample>(low: &mut [S], high: &mut [S], odd: usize, row: &mut [S]) {
    if let [single] = row {
        *single = match (&*low, &*high) {
            ([v], _) => *v,
            (_, [v]) => v.lone(),
            _ => S::default(),
        };
        return;
    }
    if let Some([l, h]) = S::SCALE {
        low.iter_mut().for_each(|v| *v = v.times(l));
        high.iter_mut().for_each(|v| *v = v.times(h));
    }
    S::steps(&mut Row { low, high, odd });
    let (evens, odds): (&[S], &[S]) = if odd == 0 { (low, high) } else { (high, low) };
    let mut pairs = row.chunks_exact_mut(2);
    for (pair, (a, b)) in pairs.by_ref().zip(evens.iter().zip(odds)) {
        pair.copy_from_slice(&[*a, *b]);
    }
    if let ([last], Some(value)) = (pairs.into_remainder(), evens.last()) {
        *last = *value;
    }
}

struct Row<'a, S> {
    low: &'a mut [S],
    high: &'a mut [S],
    odd: usize,
}

impl<S: Sample> Lifter<S> for Row<'_, S> {
    fn step(&mut self, low: bool, step: impl Fn(S, S, S) -> S) {
        // The second neighbour has the same number, or the next.
        if low {
            lift(self.low, self.high, self.odd, step);
        } else {
            lift(self.high, self.low, 1 - self.odd, step);
        }
    }
}

/// Changes every value of `to` by its neighbours in `by`, numbers `n + ahead − 1` and `n + ahead`; where one
/// is not there, the other stands for it (symmetric extension, F.3.7).
fn lift<S: Sample>(to: &mut [S], by: &[S], ahead: usize, step: impl Fn(S, S, S) -> S) {
    let Some(last) = by.len().checked_sub(1) else { return };
    let (from, end) = ((1 - ahead).min(to.len()), to.len().min(by.len() - ahead.min(by.len())));
    let at = |n: usize| by[n.min(last)];
    for n in (0..from).chain(end.max(from)..to.len()) {
        to[n] = step(to[n], at((n + ahead).saturating_sub(1)), at(n + ahead));
    }
    if from < end {
        for (v, pair) in to[from..end].iter_mut().zip(by[from + ahead - 1..].windows(2)) {
            *v = step(*v, pair[0], pair[1]);
        }
    }
}

fn lift_columns<S: Sample>(out: &mut [S], width: usize, odd: usize) {
    let height = out.len() / width;
    if height == 1 {
        if odd == 1 {
            out.iter_mut().for_each(|v| *v = v.lone());
        }
        return;
    }
    if let Some(factors) = S::SCALE {
        for (y, row) in out.chunks_exact_mut(width).enumerate() {
            let factor = factors[(y + odd) & 1];
            row.iter_mut().for_each(|v| *v = v.times(factor));
        }
    }
    S::steps(&mut Columns { out, width, odd });
}

struct Columns<'a, S> {
    out: &'a mut [S],
    width: usize,
    odd: usize,
}

impl<S: Sample> Lifter<S> for Columns<'_, S> {
    fn step(&mut self, low: bool, step: impl Fn(S, S, S) -> S) {
        let first = if low { self.odd } else { 1 - self.odd };
        for y in (first..self.out.len() / self.width).step_by(2) {
            let (above, rest) = self.out.split_at_mut(y * self.width);
            let (row, below) = rest.split_at_mut(self.width);
            let below = below.get(..self.width);
            let above = y.checked_sub(1).and_then(|n| above.get(n * self.width..));
            let (Some(a), Some(b)) = (above.or(below), below.or(above)) else { continue };
            for (v, (a, b)) in row.iter_mut().zip(a.iter().zip(b)) {
                *v = step(*v, *a, *b);
            }
        }
    }
}
