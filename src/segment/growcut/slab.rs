//! A slab of planes: the part of the wave that one task works on.
//!
//! In: keys, marks and what waits, of some planes. Out: the same, with everything below a limit spread, but
//! for voxels on the slab's ends, which only receive. Nothing here knows threads.
//!
//! Where three or more of a segment's eight voxels are due, all eight spread at once, row by row; where
//! fewer, each spreads by itself, to nine rows of four.

use super::kernel::{Form, LANES, Levels, ROWS, Rule};
use super::keys::{Key, Wide as _};
use super::layout::{Layout, SEGMENT};

/// Bytes of keys and levels that are worked on before others are: they should stay in the second cache.
const TILE: usize = 512 * 1024;
/// Planes of such a tile.
const DEEP: usize = 32;
/// Voxels of a segment that are due at the least for all to spread at once.
const MANY: u32 = 3;

/// The first key above those that differ from a key in their lowest bits only.
#[inline(always)]
pub(crate) fn above<K: Key>(key: K, bits: u32) -> K {
    K::of(((key.get() | ((1 << bits) - 1)) + 1).min(K::MAX.get()))
}

/// A segment whose voxels spread.
struct Here<W> {
    row: usize,
    x: usize,
    /// Its place in the slab and in the field.
    at: usize,
    place: usize,
    /// The keys that spread; unreached in the other lanes.
    source: W,
    /// Whether the first and the last of them do.
    ends: [bool; 2],
}

/// Planes that one task works on; those at its ends only receive.
pub(crate) struct Slab<'a, K> {
    pub(crate) layout: Layout,
    pub(crate) base: usize,
    pub(crate) planes: usize,
    pub(crate) keys: &'a mut [K],
    pub(crate) marks: &'a mut [u8],
    pub(crate) least: &'a mut [K],
    pub(crate) rows: &'a mut [K],
    pub(crate) pass: u32,
    /// The first and the last row from which something spread.
    pub(crate) ran: Option<[usize; 2]>,
}

impl<K: Key> Slab<'_, K> {
    /// Whether anything below a limit waits between the seams.
    pub(crate) fn waits(&self, limit: K) -> bool {
        let inner = self.layout.rows..(self.planes.max(1) - 1) * self.layout.rows;
        self.rows.get(inner).is_some_and(|rows| rows.iter().any(|k| *k < limit))
    }

    /// The first and the last row of the field from which something spread.
    pub(crate) fn ran(&self) -> Option<[usize; 2]> {
        let before = self.base / self.layout.stride;
        self.ran.map(|rows| rows.map(|row| before + row))
    }

    /// Lets what waits below a limit spread, tile by tile.
    pub(crate) fn run<F: Form<K>, L: Levels>(&mut self, rule: &Rule<K, F, L>, limit: K, budget: u64) -> u64 {
        let Layout { stride, rows, .. } = self.layout;
        let (deep, high) =
            (DEEP.min(self.planes), (TILE / (DEEP * stride * (size_of::<K>() + 2))).max(4).min(rows));
        let mut spent = 0;
        loop {
            let mut idle = true;
            for plane in (1..self.planes - 1).step_by(deep) {
                let planes = [plane, (plane + deep).min(self.planes - 1)];
                for from in (1..rows - 1).step_by(high) {
                    let to = (from + high).min(rows - 1);
                    let found = self.tile(rule, limit, planes, [from, to], budget.saturating_sub(spent));
                    spent += found;
                    idle &= found == 0;
                    if spent >= budget {
                        return spent;
                    }
                }
            }
            if idle {
                return spent;
            }
        }
    }

    /// Lets what waits below a limit in some rows of some planes spread.
    fn tile<F: Form<K>, L: Levels>(
        &mut self,
        rule: &Rule<K, F, L>,
        limit: K,
        planes: [usize; 2],
        [from, to]: [usize; 2],
        budget: u64,
    ) -> u64 {
        let mut spent = 0;
        while spent < budget {
            let mut least = K::MAX;
            for plane in planes[0]..planes[1] {
                let first = plane * self.layout.rows;
                for key in &self.rows[first + from..first + to] {
                    least = least.min(*key);
                }
            }
            if least >= limit {
                break;
            }
            let below = above(least, self.pass).min(limit);
            for plane in planes[0]..planes[1] {
                let first = plane * self.layout.rows;
                for row in first + from..first + to {
                    if self.rows[row] < below {
                        self.ran = Some(self.ran.map_or([row; 2], |[a, b]| [a.min(row), b.max(row)]));
                        spent += self.row(rule, row, below);
                    }
                }
            }
        }
        spent
    }

    /// Lets a row's voxels below a limit spread; returns voxels looked at.
    fn row<F: Form<K>, L: Levels>(&mut self, rule: &Rule<K, F, L>, row: usize, below: K) -> u64 {
        let segments = self.layout.segments;
        let mut spent = 1;
        // What falls in a group behind comes back here.
        self.rows[row] = K::MAX;
        let mut rest = K::MAX;
        for from in (0..segments).step_by(SEGMENT) {
            let group = row * segments + from;
            // Past a row's end lies the next row: no affair of this one's.
            let own = if segments - from < SEGMENT { (1_u8 << (segments - from)) - 1 } else { 255 };
            loop {
                let least = self.group(group);
                let mut found = K::Wide::of(least).below(below) & own;
                if found == 0 {
                    rest = rest.min(K::Wide::of(least).least(own));
                    break;
                }
                while found != 0 {
                    let number = found.trailing_zeros() as usize;
                    found &= found - 1;
                    spent += self.segment(rule, row, (from + number) * SEGMENT, below);
                }
            }
        }
        self.rows[row] = self.rows[row].min(rest);
        spent
    }

    /// The least marked keys of eight segments.
    #[inline(always)]
    fn group(&self, from: usize) -> [K; SEGMENT] {
        if let Some(group) = self.least[from..].first_chunk::<SEGMENT>() {
            return *group;
        }
        let mut group = [K::MAX; SEGMENT];
        for (to, from) in group.iter_mut().zip(&self.least[from..]) {
            *to = *from;
        }
        group
    }

    /// Lets a segment's voxels below a limit spread; returns how many. Few do so one by one, many at once:
    /// then what falls within the segment in passing does too.
    #[inline(always)]
    #[allow(unsafe_code, reason = "one check of bounds instead of fifty")]
    fn segment<F: Form<K>, L: Levels>(
        &mut self,
        rule: &Rule<K, F, L>,
        row: usize,
        x: usize,
        below: K,
    ) -> u64 {
        let Layout { stride, rows, plane, .. } = self.layout;
        let at = row * stride + x;
        let segment = at / SEGMENT;
        // SAFETY of all loads and stores below, and of those in `give`, rests on this: the eight voxels and
        // those around them lie in rows from `row - rows - 1` to `row + rows + 1`, from x - 1 to x + 8, and
        // `slab` made all four slices from whole planes of as many rows; the levels have a segment more. Before
        // the field's very first voxel there is nothing: the segment next to it spreads singly.
        assert!(row > rows && row + rows + 1 < self.rows.len() && x + SEGMENT <= stride);
        let place = self.base + at;
        assert!(
            place + plane + stride + 2 * SEGMENT <= rule.levels.len()
                && at + plane + stride + SEGMENT <= self.keys.len()
        );
        // SAFETY: as said.
        let own = unsafe { K::Wide::load(self.keys, at) };
        let marks = self.marks[segment];
        let due = own.below(below) & marks;
        let Some(costs) = rule.all.as_ref().filter(|_| due.count_ones() >= MANY && place > plane + stride)
        else {
            self.marks[segment] = marks & !due;
            self.least[segment] = own.least(marks & !due);
            let mut left = due;
            while left != 0 {
                let lane = left.trailing_zeros() as usize;
                left &= left - 1;
                self.spread(rule, row, x + lane);
            }
            return u64::from(due.count_ones());
        };
        let outside = own.zeros();
        let mut key = own.or(outside);
        // SAFETY: as said.
        let differences = unsafe { rule.levels.eight(place, place - 1) };
        let up =
            K::weights(&rule.form, differences, K::Wide::all(costs[12])).or(outside).or(outside.up::<1>());
        let down = up.down::<1>();
        key = key.min(key.up::<1>().plus(up)).min(key.down::<1>().plus(down));
        let (up, down) = (up.plus(up.up::<1>()), down.plus(down.down::<1>()));
        key = key.min(key.up::<2>().plus(up)).min(key.down::<2>().plus(down));
        let (up, down) = (up.plus(up.up::<2>()), down.plus(down.down::<2>()));
        key = key.min(key.up::<4>().plus(up)).min(key.down::<4>().plus(down));
        let fell = key.not_below(own).clear_bits() as u8;
        // SAFETY: as said.
        unsafe { own.min(key).store(self.keys, at) };
        let marks = marks | fell;
        let due = key.below(below) & marks;
        self.marks[segment] = marks & !due;
        self.least[segment] = key.least(marks & !due);
        let source = key.or(K::Wide::mask(!due));
        let ends = [due & 1 != 0, due & 128 != 0];
        let here = Here { row, x, at, place, source, ends };
        self.give(rule, &here, costs, 0);
        self.give(rule, &here, costs, 1);
        self.give(rule, &here, costs, 2);
        self.give(rule, &here, costs, 3);
        self.give(rule, &here, costs, 5);
        self.give(rule, &here, costs, 6);
        self.give(rule, &here, costs, 7);
        self.give(rule, &here, costs, 8);
        if ends[0] {
            let weight = rule.form.weight(rule.levels.difference(place, place - 1), costs[12]);
            self.offer(row, x - 1, source.first().plus(weight));
        }
        if ends[1] {
            let weight = rule.form.weight(rule.levels.difference(place + 7, place + 8), costs[14]);
            self.offer(row, x + SEGMENT, source.last().plus(weight));
        }
        u64::from(due.count_ones())
    }

    /// Lets the keys of a segment reach one of the eight rows around.
    #[inline(always)]
    #[allow(unsafe_code, reason = "the caller has checked the bounds")]
    fn give<F: Form<K>, L: Levels>(
        &mut self,
        rule: &Rule<K, F, L>,
        here: &Here<K::Wide>,
        costs: &[K; 27],
        number: usize,
    ) {
        let Layout { stride, rows, segments, plane, .. } = self.layout;
        let to = here.at - plane - stride + number / 3 * plane + number % 3 * stride;
        let place = here.place - plane - stride + number / 3 * plane + number % 3 * stride;
        // SAFETY: the caller's check of bounds.
        let (before, same, after, old) = unsafe {
            (
                rule.levels.eight(here.place, place - 1),
                rule.levels.eight(here.place, place),
                rule.levels.eight(here.place, place + 1),
                K::Wide::load(self.keys, to),
            )
        };
        let before = K::weights(&rule.form, before, K::Wide::all(costs[number * 3])).plus(here.source);
        let same = K::weights(&rule.form, same, K::Wide::all(costs[number * 3 + 1])).plus(here.source);
        let after = K::weights(&rule.form, after, K::Wide::all(costs[number * 3 + 2])).plus(here.source);
        let new = same.min(before.down::<1>()).min(after.up::<1>());
        let stays = new.not_below(old);
        let fall = stays.clear_bits();
        let there = here.row - rows - 1 + number / 3 * rows + number % 3;
        if fall != 0 {
            let number = there * segments + here.x / SEGMENT;
            let low = new.or(stays).lowest();
            // SAFETY: the caller's check of bounds.
            unsafe {
                old.min(new).store(self.keys, to);
                *self.marks.get_unchecked_mut(number) |= fall as u8;
                let least = self.least.get_unchecked_mut(number);
                *least = low.min(*least);
                let least = self.rows.get_unchecked_mut(there);
                *least = low.min(*least);
            }
        }
        if here.ends[0] {
            self.offer(there, here.x - 1, before.first());
        }
        if here.ends[1] {
            self.offer(there, here.x + SEGMENT, after.last());
        }
    }

    /// Gives a key to a voxel where it is lower.
    #[inline(always)]
    #[allow(unsafe_code, reason = "the caller has checked the bounds")]
    fn offer(&mut self, row: usize, x: usize, key: K) {
        let Layout { stride, segments, .. } = self.layout;
        let segment = row * segments + x / SEGMENT;
        // SAFETY: the caller's check of bounds; past a row's end lies the next, whose first place is rim.
        unsafe {
            let own = self.keys.get_unchecked_mut(row * stride + x);
            if key < *own {
                *own = key;
                *self.marks.get_unchecked_mut(segment) |= 1 << (x % SEGMENT);
                let least = self.least.get_unchecked_mut(segment);
                *least = key.min(*least);
                let least = self.rows.get_unchecked_mut(row);
                *least = key.min(*least);
            }
        }
    }

    /// Lets a voxel's key reach its neighbours.
    #[inline(always)]
    #[allow(unsafe_code, reason = "one check of bounds instead of four for each key that falls")]
    fn spread<F: Form<K>, L: Levels>(&mut self, rule: &Rule<K, F, L>, row: usize, x: usize) {
        let Layout { stride, rows, segments, .. } = self.layout;
        let at = row * stride + x;
        let mut new = [K::of(0); LANES];
        // SAFETY of the unchecked accesses below rests on this: neighbours lie in rows from
        // `row - rows - 1` to `row + rows + 1`, at x - 1 to x + 1 within them, and `slab` made all four
        // slices from whole planes of as many rows.
        assert!(row > rows && row + rows + 1 < self.rows.len() && x > 0 && x + 1 < stride);
        let mut fall = rule.spread(self.keys, self.base, at, self.keys[at], &mut new);
        while fall != 0 {
            let lane = fall.trailing_zeros() as usize & 63;
            fall &= fall - 1;
            let number = ROWS[lane / 4 % ROWS.len()];
            let key = new[lane % LANES];
            let row = row - rows - 1 + number / 3 * rows + number % 3;
            let x = x + lane % 4 - 1;
            let segment = row * segments + x / SEGMENT;
            // SAFETY: as said; the fourth lane of a row never falls.
            unsafe {
                *self.keys.get_unchecked_mut(row * stride + x) = key;
                *self.marks.get_unchecked_mut(segment) |= 1 << (x % SEGMENT);
                let least = self.least.get_unchecked_mut(segment);
                *least = key.min(*least);
                let least = self.rows.get_unchecked_mut(row);
                *least = key.min(*least);
            }
        }
    }
}
