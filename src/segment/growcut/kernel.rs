//! What a voxel gives to its neighbours.
//!
//! In: a voxel's key, and the keys and levels of the 27 voxels around. Out: which keys fall, and to what.
//! Nothing here knows threads or what is pending. Neighbours are taken as nine rows of four (the fourth
//! lane is filling), two rows at a time.

use super::keys::Key;
use super::lanes::{Eight, Four};
use super::layout::{Layout, OUTSIDE};

/// Lanes of all rows: ten rows of four, the tenth filling.
pub(crate) const LANES: usize = 40;
/// The rows that are looked at together; the voxel's own is alone.
pub(crate) const PAIRS: [[usize; 2]; 5] = [[0, 1], [2, 3], [5, 6], [7, 8], [4, 4]];
/// The row that a group of four lanes stands for.
pub(crate) const ROWS: [usize; 10] = [0, 1, 2, 3, 5, 6, 7, 8, 4, 4];

/// What an edge costs: a difference of levels and a direction in, a key without a label out.
pub(crate) trait Form<K: Key>: Copy + Sync {
    /// The weight of an edge; `direction` is the key-sized cost of its length.
    fn weight(&self, difference: u16, direction: K) -> K;
    /// Eight at once, of short keys.
    fn eight(&self, differences: Eight, directions: Eight) -> Eight;
    /// Four at once, of long keys.
    fn four(&self, differences: Four, directions: Four) -> Four;
}

/// The greater of difference and least weight: no cost of length.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Floor<K> {
    /// Stored differences are shifted by this in a long key; short keys take them as they are.
    pub(crate) shift: u32,
    pub(crate) least: K,
}

/// Difference and length added.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sum {
    pub(crate) shift: u32,
}

/// A table by difference, and length added.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Table<'a, K> {
    pub(crate) table: &'a [K],
}

impl<K: Key> Form<K> for Floor<K> {
    #[inline(always)]
    fn weight(&self, difference: u16, _direction: K) -> K {
        K::of_difference(difference, self.shift).max(self.least)
    }
    #[inline(always)]
    fn eight(&self, differences: Eight, _directions: Eight) -> Eight {
        differences.max(Eight::all(self.least.get() as u16))
    }
    #[inline(always)]
    fn four(&self, differences: Four, _directions: Four) -> Four {
        differences.shifted(self.shift).max(Four::all(self.least.get() as u32))
    }
}

impl<K: Key> Form<K> for Sum {
    #[inline(always)]
    fn weight(&self, difference: u16, direction: K) -> K {
        K::of_difference(difference, self.shift).plus(direction)
    }
    #[inline(always)]
    fn eight(&self, differences: Eight, directions: Eight) -> Eight {
        differences.plus(directions)
    }
    #[inline(always)]
    fn four(&self, differences: Four, directions: Four) -> Four {
        differences.shifted(self.shift).plus(directions)
    }
}

impl<K: Key> Form<K> for Table<'_, K> {
    #[inline(always)]
    fn weight(&self, difference: u16, direction: K) -> K {
        self.table.get(usize::from(difference)).copied().unwrap_or(K::MAX).plus(direction)
    }
    #[inline(always)]
    fn eight(&self, differences: Eight, directions: Eight) -> Eight {
        let costs =
            differences.array().map(|d| self.table.get(usize::from(d)).map_or(u16::MAX, |k| k.get() as u16));
        Eight::of(costs).plus(directions)
    }
    #[inline(always)]
    fn four(&self, differences: Four, directions: Four) -> Four {
        let costs =
            differences.array().map(|d| self.table.get(d as usize).map_or(u32::MAX, |k| k.get() as u32));
        Four::of(costs).plus(directions)
    }
}

/// Levels of one image or of several that are looked at together.
pub(crate) trait Levels: Copy + Sync {
    /// Differences between the voxel at `own` and four from `a` on, four from `b` on.
    ///
    /// # Safety
    /// `own`, `a + 3` and `b + 3` lie within the field.
    #[allow(unsafe_code, reason = "see `lanes`")]
    unsafe fn two(&self, own: usize, a: usize, b: usize) -> Eight;
    /// Places that there are.
    fn len(&self) -> usize;
    /// Difference of two voxels.
    fn difference(&self, a: usize, b: usize) -> u16;
}

/// One image.
#[derive(Clone, Copy, Debug)]
pub(crate) struct One<'a>(pub(crate) &'a [u16]);

impl Levels for One<'_> {
    #[inline(always)]
    #[allow(unsafe_code, reason = "see `lanes`")]
    unsafe fn two(&self, own: usize, a: usize, b: usize) -> Eight {
        // SAFETY: the caller's promise.
        unsafe { Eight::two(self.0, a, b).difference(Eight::all(*self.0.get_unchecked(own))) }
    }
    #[inline(always)]
    fn len(&self) -> usize {
        self.0.len()
    }
    #[inline(always)]
    fn difference(&self, a: usize, b: usize) -> u16 {
        level(self.0, a).abs_diff(level(self.0, b))
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
    #[allow(unsafe_code, reason = "see `lanes`")]
    unsafe fn two(&self, own: usize, a: usize, b: usize) -> Eight {
        let mut sum = Eight::all(0);
        for levels in self.0 {
            // SAFETY: the caller's promise; all images have the field's length.
            sum = sum.plus(unsafe { One(levels).two(own, a, b) });
        }
        sum
    }
    #[inline(always)]
    fn len(&self) -> usize {
        self.0.iter().map(Vec::len).min().unwrap_or(0)
    }
    #[inline(always)]
    fn difference(&self, a: usize, b: usize) -> u16 {
        self.0.iter().fold(0, |sum, levels| sum.saturating_add(level(levels, a).abs_diff(level(levels, b))))
    }
}

/// What relaxing needs to know besides keys.
pub(crate) struct Rule<K, F, L> {
    pub(crate) levels: L,
    pub(crate) form: F,
    /// Costs of the 27 directions, `(dz + 1) · 9 + (dy + 1) · 3 + dx + 1`; `None`: not a neighbour.
    pub(crate) directions: [Option<K>; 27],
    /// The same by lanes.
    costs: [[K; 8]; 5],
    /// A bit for every lane that is a neighbour.
    lanes: u64,
    /// Places from the first of the 27 voxels to the first of each row.
    pub(crate) rows: [usize; 9],
    /// Places from a voxel back to the first of the 27.
    pub(crate) back: usize,
}

impl<K: Key, F: Form<K>, L: Levels> Rule<K, F, L> {
    pub(crate) fn new(levels: L, form: F, directions: [Option<K>; 27], layout: &Layout) -> Self {
        let mut costs = [[K::MAX; 8]; 5];
        let mut lanes = 0;
        for group in 0..9 {
            for lane in 0..3 {
                if let Some(cost) = directions[ROWS[group] * 3 + lane] {
                    costs[group / 2][group % 2 * 4 + lane] = cost;
                    lanes |= 1 << (group * 4 + lane);
                }
            }
        }
        let rows = std::array::from_fn(|row| row / 3 * layout.plane + row % 3 * layout.stride);
        Self { levels, form, directions, costs, lanes, rows, back: layout.plane + layout.stride + 1 }
    }

    /// What the voxel at `at` with `key` gives: a bit for every lane whose key falls, to what `out` says.
    /// `keys` are a part of the field that begins `base` places into it.
    #[inline(always)]
    #[allow(unsafe_code, reason = "one check of bounds instead of twenty")]
    pub(crate) fn spread(&self, keys: &[K], base: usize, at: usize, key: K, out: &mut [K; LANES]) -> u64 {
        let first = at.wrapping_sub(self.back);
        let last = first.wrapping_add(self.rows[8] + 4);
        // SAFETY below rests on these: every load is of four places from `first + rows[i]` on, and no
        // `rows[i]` exceeds `rows[8]`; `at` lies between.
        assert!(at >= self.back && last <= keys.len() && base + last <= self.levels.len());
        let mut found = 0;
        for (number, pair) in PAIRS.into_iter().enumerate() {
            let (a, b) = (first + self.rows[pair[0]], first + self.rows[pair[1]]);
            // SAFETY: as said.
            let differences = unsafe { self.levels.two(base + at, base + a, base + b) };
            let out = &mut out[number * 8..number * 8 + 8];
            // SAFETY: as said.
            let fall = unsafe { K::fall(keys, a, b, key, &self.form, differences, &self.costs[number], out) };
            found |= u64::from(fall) << (number * 8);
        }
        found & self.lanes
    }

    /// The least key that its neighbours give a voxel.
    pub(crate) fn pull(&self, keys: &[K], at: usize, layout: &Layout) -> K {
        let mut best = K::MAX;
        for (direction, cost) in self.directions.iter().enumerate() {
            let Some(cost) = cost else { continue };
            let d = direction as i32;
            let beside = (at as isize + layout.step([d % 3 - 1, d / 3 % 3 - 1, d / 9 - 1])) as usize;
            let Some(key) = keys.get(beside).copied().filter(|k| k.get() != 0) else { continue };
            best = best.min(key.plus(self.form.weight(self.levels.difference(at, beside), *cost)));
        }
        best
    }
}
