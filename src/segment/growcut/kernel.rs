//! What a voxel gives to its neighbours.
//!
//! In: a voxel's key, and the keys and levels of the 27 voxels around. Out: which keys fall, and to what.
//! Nothing here knows threads or what is pending. Neighbours are taken as nine rows of four (the fourth
//! lane is filling), two rows at a time.

use super::keys::{Key, Wide as _};
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
    /// Differences of eight voxels from `a` on and eight from `b` on.
    ///
    /// # Safety
    /// `a + 7` and `b + 7` lie within the field.
    #[allow(unsafe_code, reason = "see `lanes`")]
    unsafe fn eight(&self, a: usize, b: usize) -> Eight;
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
    #[allow(unsafe_code, reason = "see `lanes`")]
    unsafe fn eight(&self, a: usize, b: usize) -> Eight {
        // SAFETY: the caller's promise.
        unsafe { Eight::load(self.0, a).difference(Eight::load(self.0, b)) }
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
    #[allow(unsafe_code, reason = "see `lanes`")]
    unsafe fn eight(&self, a: usize, b: usize) -> Eight {
        let mut sum = Eight::all(0);
        for levels in self.0 {
            // SAFETY: the caller's promise; all images have the field's length.
            sum = sum.plus(unsafe { One(levels).eight(a, b) });
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
pub(crate) struct Rule<K: Key, F, L> {
    pub(crate) levels: L,
    pub(crate) form: F,
    /// Costs by lanes.
    costs: [K::Wide; 5],
    /// A bit for every lane that is a neighbour.
    lanes: u64,
    /// Places from the first of the 27 voxels to the first of each row.
    pub(crate) rows: [usize; 9],
    /// Places from a voxel back to the first of the 27.
    pub(crate) back: usize,
    /// The 27 costs, where all 26 are neighbours: then eight voxels can spread at once.
    pub(crate) all: Option<[K; 27]>,
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
        let full = directions.iter().enumerate().all(|(i, d)| i == 13 || d.is_some());
        let all = full.then(|| directions.map(|d| d.unwrap_or(K::MAX)));
        let costs = costs.map(K::Wide::of);
        Self { levels, form, costs, lanes, rows, back: layout.plane + layout.stride + 1, all }
    }

    /// What the voxel at `at` with `key` gives: a bit for every lane whose key falls, to what `out` says.
    /// `keys` are a part of the field that begins `base` places into it.
    #[inline(always)]
    #[allow(unsafe_code, reason = "one check of bounds instead of twenty")]
    pub(crate) fn spread(&self, keys: &[K], base: usize, at: usize, key: K, out: &mut [K; LANES]) -> u64 {
        let mut found = 0;
        let key = K::Wide::all(key);
        self.around(keys, base, at, |number, _, there, weights| {
            let new = weights.plus(key);
            // SAFETY: there are as many places as rows.
            unsafe { new.store(out, number * 8) };
            found |= u64::from(new.not_below(there).clear_bits()) << (number * 8);
        });
        found & self.lanes
    }

    /// The keys around the voxel at `at` and the weights of the edges to them, two rows after the other: the
    /// number of the pair, where each begins, keys, weights.
    #[inline(always)]
    #[allow(unsafe_code, reason = "one check of bounds instead of twenty")]
    fn around(
        &self,
        keys: &[K],
        base: usize,
        at: usize,
        mut found: impl FnMut(usize, [usize; 2], K::Wide, K::Wide),
    ) {
        let first = at.wrapping_sub(self.back);
        let last = first.wrapping_add(self.rows[8] + 4);
        // SAFETY below rests on these: every load is of four places from `first + rows[i]` on, and no
        // `rows[i]` exceeds `rows[8]`; `at` lies between.
        assert!(at >= self.back && last <= keys.len() && base + last <= self.levels.len());
        for (number, pair) in PAIRS.into_iter().enumerate() {
            let (a, b) = (first + self.rows[pair[0]], first + self.rows[pair[1]]);
            // SAFETY: as said.
            let differences = unsafe { self.levels.two(base + at, base + a, base + b) };
            let weights = K::weights(&self.form, differences, self.costs[number]);
            // SAFETY: as said.
            found(number, [a, b], unsafe { K::Wide::two(keys, a, b) }, weights);
        }
    }

    /// The least key that its neighbours give the voxel at `at`.
    pub(crate) fn pull(&self, keys: &[K], at: usize) -> K {
        let mut best = K::Wide::all(K::MAX);
        self.around(keys, 0, at, |number, _, there, weights| {
            let no_neighbour = K::Wide::mask(!(self.lanes >> (number * 8)) as u8);
            best = best.min(there.or(there.zeros()).plus(weights).or(no_neighbour));
        });
        best.lowest()
    }

    /// Says which neighbours' keys may stand on that of the voxel at `at`, which was `key`: those that have
    /// its label and are no lower than what it gave them.
    pub(crate) fn standing(&self, keys: &[K], at: usize, key: K, bits: u32, mut found: impl FnMut(usize, K)) {
        let label = (1_u64 << bits) - 1;
        self.around(keys, 0, at, |number, [a, b], there, weights| {
            let given = weights.plus(K::Wide::all(key));
            let mut left = !there.not_below(given).clear_bits() & (self.lanes >> (number * 8)) as u32 & 255;
            while left != 0 {
                let lane = left.trailing_zeros() as usize;
                left &= left - 1;
                let beside = if lane < 4 { a + lane } else { b + lane - 4 };
                let there = keys.get(beside).copied().unwrap_or(K::MAX);
                // A seed stands by itself; another label stands on another seed.
                if there != K::MAX && there > key && (there.get() ^ key.get()) & label == 0 {
                    found(beside, there);
                }
            }
        });
    }
}
