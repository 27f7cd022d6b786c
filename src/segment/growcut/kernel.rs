//! Relaxing a voxel's edges into a row: three neighbours at a time.
//!
//! In: a key and a level, and the keys and levels of a row beside it. Out: the keys that fall. Nothing
//! here knows slabs, threads or buckets. The loops run over arrays of a fixed length, so that the compiler
//! turns them into SIMD of whatever width there is; most rows have nothing that falls, and are done with
//! one comparison.

use super::keys::Key;
use super::layout::OUTSIDE;

/// Lanes of a row that are looked at together: three neighbours, and filling.
pub(crate) const NEAR: usize = 8;

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
    /// What is kept of the voxel in hand.
    type Own: Copy;
    /// The voxel in hand.
    fn one(&self, at: usize) -> Self::Own;
    /// Keys that a voxel gives to the lanes of a row, if any falls: the row begins at `from` in `keys` and
    /// at `beside` in the levels; `own` is the voxel's level and `at` its place in the levels.
    #[allow(clippy::too_many_arguments, reason = "the hot loop: no struct is built for each row")]
    fn near<K: Key, F: Form<K>>(
        &self,
        keys: &[K],
        from: usize,
        beside: usize,
        key: K,
        own: Self::Own,
        at: usize,
        form: &F,
        costs: &[K; NEAR],
    ) -> Option<[K; NEAR]>;
    /// Difference of two voxels.
    fn difference(&self, a: usize, b: usize) -> u16;
    /// Whether a voxel is outside the domain.
    fn outside(&self, at: usize) -> bool;
}

#[inline(always)]
fn lanes<T: Copy>(of: &[T], at: usize) -> Option<&[T; NEAR]> {
    of.get(at..).and_then(|rest| rest.first_chunk())
}

/// One image.
#[derive(Clone, Copy, Debug)]
pub(crate) struct One<'a>(pub(crate) &'a [u16]);

/// The keys that fall, given differences.
#[inline(always)]
fn fall<K: Key, F: Form<K>>(
    keys: &[K; NEAR],
    key: K,
    differences: &[u16; NEAR],
    form: &F,
    costs: &[K; NEAR],
) -> Option<[K; NEAR]> {
    let mut new = [K::MAX; NEAR];
    let mut any = false;
    for i in 0..NEAR {
        new[i] = key.plus(form.weight(differences[i], costs[i]));
    }
    for i in 0..NEAR {
        any |= (costs[i] != K::MAX) & (new[i] < keys[i]);
    }
    any.then_some(new)
}

impl Levels for One<'_> {
    type Own = u16;
    #[inline(always)]
    fn one(&self, at: usize) -> u16 {
        level(self.0, at)
    }
    #[inline(always)]
    fn near<K: Key, F: Form<K>>(
        &self,
        keys: &[K],
        from: usize,
        beside: usize,
        key: K,
        own: u16,
        _at: usize,
        form: &F,
        costs: &[K; NEAR],
    ) -> Option<[K; NEAR]> {
        let (keys, levels) = (lanes(keys, from)?, lanes(self.0, beside)?);
        let mut differences = [0_u16; NEAR];
        for i in 0..NEAR {
            differences[i] = levels[i].abs_diff(own);
        }
        fall(keys, key, &differences, form, costs)
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
    type Own = ();
    #[inline(always)]
    fn one(&self, _at: usize) {}
    #[inline(always)]
    fn near<K: Key, F: Form<K>>(
        &self,
        keys: &[K],
        from: usize,
        beside: usize,
        key: K,
        _own: (),
        at: usize,
        form: &F,
        costs: &[K; NEAR],
    ) -> Option<[K; NEAR]> {
        let keys = lanes(keys, from)?;
        let mut differences = [0_u16; NEAR];
        for levels in self.0 {
            let own = level(levels, at);
            let row = lanes(levels, beside)?;
            for i in 0..NEAR {
                differences[i] = differences[i].saturating_add(row[i].abs_diff(own));
            }
        }
        fall(keys, key, &differences, form, costs)
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
