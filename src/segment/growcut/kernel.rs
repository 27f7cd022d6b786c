//! Relaxing a segment: sixteen voxels against the rows beside them, and against each other.
//!
//! In: keys and levels of a segment and its neighbouring rows. Out: the least keys that they give it.
//! Nothing here knows slabs, threads or flags. The loops run over arrays of a fixed length, so that the
//! compiler turns them into SIMD of whatever width there is; `scalar` is their twin, voxel by voxel,
//! which tests hold equal.

use super::keys::Key;
use super::layout::{LANES, OUTSIDE};

/// What an edge costs: a difference of levels and a direction in, a key without a label out.
pub(crate) trait Form<K: Key>: Copy + Sync {
    /// The weight of an edge; `direction` is the key-sized cost of its length.
    fn weight(&self, difference: u16, direction: K) -> K;
}

/// The greater of difference and least weight: no cost of length.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Floor<K> {
    pub(crate) multiplier: u32,
    pub(crate) least: K,
}

/// Difference and length added.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sum {
    pub(crate) multiplier: u32,
}

/// A table by difference, and length added.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Table<'a, K> {
    pub(crate) table: &'a [K],
}

impl<K: Key> Form<K> for Floor<K> {
    #[inline(always)]
    fn weight(&self, difference: u16, _direction: K) -> K {
        K::of_difference(difference, self.multiplier).max(self.least)
    }
}

impl<K: Key> Form<K> for Sum {
    #[inline(always)]
    fn weight(&self, difference: u16, direction: K) -> K {
        K::of_difference(difference, self.multiplier).plus(direction)
    }
}

impl<K: Key> Form<K> for Table<'_, K> {
    #[inline(always)]
    fn weight(&self, difference: u16, direction: K) -> K {
        self.table.get(usize::from(difference)).copied().unwrap_or(K::MAX).plus(direction)
    }
}

/// Levels of one image or of several that are looked at together.
pub(crate) trait Levels: Copy + Sync {
    /// Differences of `LANES` voxels from `a` on and those from `b` on.
    fn differences(&self, a: usize, b: usize) -> [u16; LANES];
    /// Levels of the first image: there voxels outside the domain are marked.
    fn first(&self, at: usize) -> [u16; LANES];
    /// Difference of two voxels.
    fn difference(&self, a: usize, b: usize) -> u16;
    /// Whether a voxel is outside the domain.
    fn outside(&self, at: usize) -> bool;
}

#[inline(always)]
pub(crate) fn lanes<T: Copy + Default>(of: &[T], at: usize) -> [T; LANES] {
    match of.get(at..).and_then(|rest| rest.first_chunk::<LANES>()) {
        Some(found) => *found,
        None => [T::default(); LANES],
    }
}

/// One image.
#[derive(Clone, Copy, Debug)]
pub(crate) struct One<'a>(pub(crate) &'a [u16]);

impl Levels for One<'_> {
    #[inline(always)]
    fn differences(&self, a: usize, b: usize) -> [u16; LANES] {
        let (a, b) = (lanes(self.0, a), lanes(self.0, b));
        let mut out = [0_u16; LANES];
        for i in 0..LANES {
            out[i] = a[i].abs_diff(b[i]);
        }
        out
    }
    #[inline(always)]
    fn first(&self, at: usize) -> [u16; LANES] {
        lanes(self.0, at)
    }
    #[inline(always)]
    fn difference(&self, a: usize, b: usize) -> u16 {
        level(self.0, a).abs_diff(level(self.0, b))
    }
    #[inline(always)]
    fn outside(&self, at: usize) -> bool {
        level(self.0, at) == OUTSIDE
    }
}

#[inline(always)]
fn level(levels: &[u16], at: usize) -> u16 {
    levels.get(at).copied().unwrap_or(OUTSIDE)
}

/// Several images: differences are added.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Many<'a>(pub(crate) &'a [Vec<u16>]);

impl Levels for Many<'_> {
    #[inline(always)]
    fn differences(&self, a: usize, b: usize) -> [u16; LANES] {
        let mut sum = [0_u16; LANES];
        for levels in self.0 {
            let (a, b) = (lanes(levels, a), lanes(levels, b));
            for i in 0..LANES {
                sum[i] = sum[i].saturating_add(a[i].abs_diff(b[i]));
            }
        }
        sum
    }
    #[inline(always)]
    fn first(&self, at: usize) -> [u16; LANES] {
        self.0.first().map_or([OUTSIDE; LANES], |levels| lanes(levels, at))
    }
    #[inline(always)]
    fn difference(&self, a: usize, b: usize) -> u16 {
        self.0.iter().fold(0, |sum, levels| sum.saturating_add(level(levels, a).abs_diff(level(levels, b))))
    }
    #[inline(always)]
    fn outside(&self, at: usize) -> bool {
        self.0.first().is_none_or(|levels| level(levels, at) == OUTSIDE)
    }
}

/// Lowers `best` by what a neighbouring row gives: its keys from one left of the segment on.
#[inline(always)]
pub(crate) fn pull<K: Key, F: Form<K>>(
    best: &mut [K; LANES],
    keys: [K; LANES],
    differences: [u16; LANES],
    form: &F,
    direction: K,
) {
    for i in 0..LANES {
        best[i] = best[i].min(keys[i].plus(form.weight(differences[i], direction)));
    }
}

/// Whether any lane differs.
#[inline(always)]
pub(crate) fn differ<K: Key>(a: &[K; LANES], b: &[K; LANES]) -> bool {
    let mut differ = false;
    for i in 0..LANES {
        differ |= a[i] != b[i];
    }
    differ
}

/// Closes a segment under its own edges: `weights[i]` is that of the edge from lane `i − 1` to lane `i`
/// (lane 0's is not looked at).
///
/// Both chains run side by side, each from the keys as they came: the cheapest way within a row never
/// turns round.
#[inline(always)]
pub(crate) fn close<K: Key>(best: &mut [K; LANES], weights: &[K; LANES]) {
    // Keys are added without saturation in twice the width: the minimum with a key is one again.
    let mut up = best[0].get();
    let mut down = best[LANES - 1].get();
    let mut ups = [up; LANES];
    let mut downs = [down; LANES];
    for i in 1..LANES {
        up = (up + weights[i].get()).min(best[i].get());
        ups[i] = up;
        let j = LANES - 1 - i;
        down = (down + weights[j + 1].get()).min(best[j].get());
        downs[j] = down;
    }
    for i in 0..LANES {
        best[i] = K::of(ups[i].min(downs[i]));
    }
}

/// The same, voxel by voxel.
#[cfg(test)]
pub(crate) fn close_scalar<K: Key>(best: [K; LANES], weights: [K; LANES]) -> [K; LANES] {
    let mut out = best;
    for i in 1..LANES {
        out[i] = out[i].min(out[i - 1].plus(weights[i]));
    }
    for i in (1..LANES).rev() {
        out[i - 1] = out[i - 1].min(out[i].plus(weights[i]));
    }
    out
}
