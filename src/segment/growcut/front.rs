//! The front: voxels in order of distance, from buckets, in slabs of planes side by side.
//!
//! In: a field in which every key is realised by a path, and the voxels whose neighbours are to be looked
//! at. Out: the fixed point, where no edge can lower a key. Each slab takes voxels from its own buckets in
//! order of distance (Dial 1969) up to a common limit; then it is shown what changed in the planes beside
//! it, and the limit rises. Order is thrift, not correctness: a key that falls again is looked at again.
//! Keys only fall, each is always a path's, and the least fixed point is unique: so the result depends on
//! neither schedule nor number of threads.

use rayon::prelude::*;

use super::kernel::{Form, Levels, NEAR};
use super::keys::Key;
use super::layout::Layout;

/// Keys of a domain, and what is under way.
#[derive(Debug)]
pub(crate) struct Field<K> {
    pub(crate) layout: Layout,
    pub(crate) keys: Vec<K>,
    slabs: Vec<Slab<K>>,
    /// Voxels that are to take what their neighbours give.
    looks: Vec<u32>,
    /// Bits of a key below its bucket.
    shift: u32,
    /// Buckets from here on wait until all before them are empty in every slab.
    limit: usize,
    /// By how many buckets the limit rises.
    window: usize,
}

/// Planes that one task works on.
#[derive(Debug)]
struct Slab<K> {
    /// First plane, and the first beyond.
    planes: [usize; 2],
    /// Voxels of the slab by distance; places within the slab.
    buckets: Vec<Vec<u32>>,
    /// No bucket before this one holds anything.
    cursor: usize,
    /// Entries in all buckets.
    waiting: usize,
    /// The planes below and above, as last seen.
    halo: [Vec<K>; 2],
    /// Rows of the own first and last plane that changed since the neighbours looked.
    edge: [Vec<bool>; 2],
    edge_any: [bool; 2],
}

/// What relaxing needs to know besides the field.
pub(crate) struct Rule<K, F, L> {
    pub(crate) levels: L,
    pub(crate) form: F,
    /// Costs of the 27 directions, `(dz + 1) · 9 + (dy + 1) · 3 + dx + 1`; `None`: not a neighbour.
    pub(crate) directions: [Option<K>; 27],
}

impl<K: Key, F, L> Rule<K, F, L> {
    /// Costs of the three steps into a row, and unreached beyond them: a lane each.
    fn rows(&self) -> [[K; NEAR]; 9] {
        let mut rows = [[K::MAX; NEAR]; 9];
        for (direction, cost) in self.directions.iter().enumerate() {
            if let Some(cost) = cost {
                rows[direction / 3][direction % 3] = *cost;
            }
        }
        rows
    }

    /// Which of the three steps into a row there are: a bit each.
    fn bits(&self) -> [u8; 9] {
        let mut bits = [0; 9];
        for (direction, _) in self.directions.iter().enumerate().filter(|(_, cost)| cost.is_some()) {
            bits[direction / 3] |= 1 << (direction % 3);
        }
        bits
    }
}

impl<K: Key> Slab<K> {
    fn new(layout: &Layout, planes: [usize; 2]) -> Self {
        Self {
            planes,
            buckets: Vec::new(),
            cursor: 0,
            waiting: 0,
            halo: [vec![K::MAX; layout.plane], vec![K::MAX; layout.plane]],
            edge: [vec![false; layout.rows], vec![false; layout.rows]],
            edge_any: [false; 2],
        }
    }

    #[inline(always)]
    fn push(&mut self, at: usize, key: K, shift: u32) {
        let bucket = (key.get() >> shift) as usize;
        if bucket >= self.buckets.len() {
            self.buckets.resize_with(bucket + 1 + bucket / 2, Vec::new);
        }
        if let Some(list) = self.buckets.get_mut(bucket) {
            list.push(at as u32);
        }
        self.waiting += 1;
        self.cursor = self.cursor.min(bucket);
    }

    /// Moves on to the first bucket that holds something.
    fn seek(&mut self) -> usize {
        if self.waiting == 0 {
            return usize::MAX;
        }
        while self.buckets.get(self.cursor).is_some_and(Vec::is_empty) {
            self.cursor += 1;
        }
        self.cursor
    }

    #[inline(always)]
    fn touched(&mut self, at: usize, layout: &Layout) {
        let plane = at / layout.plane;
        let last = self.planes[1] - self.planes[0] - 1;
        let row = at % layout.plane / layout.stride;
        for (side, edge) in [0, last].into_iter().enumerate() {
            if plane == edge {
                self.edge[side][row] = true;
                self.edge_any[side] = true;
            }
        }
    }
}

impl<K: Key> Field<K> {
    /// Unreached everywhere; `shift` is how many low bits of a key its bucket leaves out.
    pub(crate) fn new(layout: Layout, slabs: usize, shift: u32) -> Self {
        let planes = layout.size[2];
        let slabs = slabs.clamp(1, planes.max(1));
        Self {
            layout,
            // Loads of a few lanes may reach past the last voxel.
            keys: vec![K::MAX; layout.len() + NEAR],
            slabs: (0..slabs)
                .map(|i| Slab::new(&layout, [planes * i / slabs, planes * (i + 1) / slabs]))
                .collect(),
            looks: Vec::new(),
            shift,
            limit: 0,
            window: 8,
        }
    }

    /// Sets a key and has its neighbours look.
    pub(crate) fn put(&mut self, at: usize, key: K) {
        if let Some(place) = self.keys.get_mut(at) {
            *place = key;
            self.changed(at);
        }
    }

    /// Has the neighbours of a voxel look at it.
    pub(crate) fn changed(&mut self, at: usize) {
        let Some(key) = self.keys.get(at).copied().filter(|key| *key != K::MAX) else { return };
        let z = (at / self.layout.plane).saturating_sub(1);
        let number = self.slabs.partition_point(|slab| slab.planes[1] <= z);
        if let Some(slab) = self.slabs.get_mut(number) {
            let local = at - (slab.planes[0] + 1) * self.layout.plane;
            slab.push(local, key, self.shift);
            slab.touched(local, &self.layout);
        }
    }

    /// Has a voxel take what its neighbours give.
    pub(crate) fn look(&mut self, at: usize) {
        self.looks.push(at as u32);
    }

    /// How many slabs there are.
    pub(crate) fn slabs(&self) -> usize {
        self.slabs.len()
    }

    /// Bytes beside keys.
    pub(crate) fn extra_bytes(&self) -> u64 {
        let slabs: usize = self
            .slabs
            .iter()
            .map(|s| {
                2 * s.halo[0].len() * size_of::<K>()
                    + s.buckets.iter().map(|b| b.capacity() * 4 + size_of::<Vec<u32>>()).sum::<usize>()
            })
            .sum();
        (slabs + self.looks.capacity() * 4) as u64
    }

    /// Shows every slab the planes beside it as they are: after keys were set at large.
    pub(crate) fn refresh(&mut self) {
        let layout = self.layout;
        for slab in &mut self.slabs {
            for (side, plane) in [slab.planes[0], slab.planes[1] + 1].into_iter().enumerate() {
                let from = plane * layout.plane;
                if let Some(keys) = self.keys.get(from..from + layout.plane) {
                    slab.halo[side].copy_from_slice(keys);
                }
            }
        }
    }

    /// Whether nothing is left to do.
    pub(crate) fn at_rest(&self) -> bool {
        let last = self.slabs.len() - 1;
        self.looks.is_empty()
            && self.slabs.iter().enumerate().all(|(number, slab)| {
                let unseen = (number > 0 && slab.edge_any[0]) || (number < last && slab.edge_any[1]);
                slab.waiting == 0 && !unseen
            })
    }

    /// Works until at rest, or until some `budget` voxels have been looked at. Returns how many were.
    pub(crate) fn advance<F: Form<K>, L: Levels>(&mut self, rule: &Rule<K, F, L>, budget: u64) -> u64 {
        let layout = self.layout;
        let mut spent = self.take_looks(rule);
        let rows = rule.rows();
        let bits = rule.bits();
        while spent < budget {
            self.import(rule);
            let first = self.slabs.iter_mut().map(Slab::seek).min().unwrap_or(usize::MAX);
            if first == usize::MAX {
                return spent;
            }
            if first >= self.limit || self.slabs.len() == 1 {
                self.limit = if self.slabs.len() == 1 { usize::MAX } else { first + self.window };
            }
            let (limit, shift) = (self.limit, self.shift);
            let mut shares = self.shares();
            shares.retain(|share| share.slab.waiting > 0 && share.slab.cursor < limit);
            let each = (budget - spent) / shares.len().max(1) as u64 + 1;
            let work = Work { rule, rows, bits, limit, shift, layout };
            spent += match shares.as_mut_slice() {
                [one] => one.run(&work, each),
                many => many.par_iter_mut().with_max_len(1).map(|share| share.run(&work, each)).sum(),
            };
        }
        spent
    }

    /// Voxels that were emptied take what their neighbours give.
    fn take_looks<F: Form<K>, L: Levels>(&mut self, rule: &Rule<K, F, L>) -> u64 {
        let looks = std::mem::take(&mut self.looks);
        for at in &looks {
            let at = *at as usize;
            if rule.levels.outside(at) {
                continue;
            }
            let mut best = self.keys[at];
            let before = best;
            for (direction, cost) in rule.directions.iter().enumerate() {
                let Some(cost) = cost else { continue };
                let d = direction as i32;
                let beside = (at as isize + self.layout.step([d % 3 - 1, d / 3 % 3 - 1, d / 9 - 1])) as usize;
                let weight = rule.form.weight(rule.levels.difference(at, beside), *cost);
                best = best.min(self.keys[beside].plus(weight));
            }
            if best < before {
                self.put(at, best);
            } else {
                // It may be that it was emptied: then the slabs beside must forget what it was.
                let z = (at / self.layout.plane).saturating_sub(1);
                let number = self.slabs.partition_point(|slab| slab.planes[1] <= z);
                if let Some(slab) = self.slabs.get_mut(number) {
                    let local = at - (slab.planes[0] + 1) * self.layout.plane;
                    slab.touched(local, &self.layout);
                }
            }
        }
        looks.len() as u64
    }

    /// Shows every slab what changed in the planes beside it.
    fn import<F: Form<K>, L: Levels>(&mut self, rule: &Rule<K, F, L>) {
        let layout = self.layout;
        for number in 0..self.slabs.len() {
            for side in 0..2 {
                let other = if side == 0 { number.checked_sub(1) } else { Some(number + 1) };
                let Some(other) = other.filter(|o| *o < self.slabs.len()) else { continue };
                if !self.slabs[other].edge_any[1 - side] {
                    continue;
                }
                self.slabs[other].edge_any[1 - side] = false;
                let mut changed = std::mem::take(&mut self.slabs[other].edge[1 - side]);
                let planes = self.slabs[number].planes;
                let (beyond, own) =
                    if side == 0 { (planes[0], planes[0] + 1) } else { (planes[1] + 1, planes[1]) };
                for (row, changed) in changed.iter_mut().enumerate().filter(|(_, c)| **c) {
                    *changed = false;
                    for x in 1..=layout.size[0] {
                        let at = beyond * layout.plane + row * layout.stride + x;
                        let place = row * layout.stride + x;
                        let new = self.keys[at];
                        let old = std::mem::replace(&mut self.slabs[number].halo[side][place], new);
                        if new < old {
                            self.give(rule, at, new, own, number);
                        }
                    }
                }
                self.slabs[other].edge[1 - side] = changed;
            }
        }
    }

    /// What a voxel beyond a slab gives to the slab's edge plane.
    fn give<F: Form<K>, L: Levels>(
        &mut self,
        rule: &Rule<K, F, L>,
        at: usize,
        key: K,
        plane: usize,
        number: usize,
    ) {
        let layout = self.layout;
        let dz = plane as i32 - (at / layout.plane) as i32;
        for d in 0..9_i32 {
            let Some(cost) = rule.directions[((dz + 1) * 9 + d) as usize] else { continue };
            let beside = (at as isize + layout.step([d % 3 - 1, d / 3 - 1, dz])) as usize;
            if rule.levels.outside(beside) {
                continue;
            }
            let new = key.plus(rule.form.weight(rule.levels.difference(at, beside), cost));
            if new < self.keys[beside] {
                self.keys[beside] = new;
                let slab = &mut self.slabs[number];
                let local = beside - (slab.planes[0] + 1) * layout.plane;
                slab.push(local, new, self.shift);
                slab.touched(local, &layout);
            }
        }
    }

    /// Splits the field between its slabs.
    fn shares(&mut self) -> Vec<Share<'_, K>> {
        let layout = self.layout;
        let mut keys = self.keys.get_mut(layout.plane..).unwrap_or_default();
        self.slabs
            .iter_mut()
            .map(|slab| {
                let planes = slab.planes[1] - slab.planes[0];
                let (own, rest) = std::mem::take(&mut keys).split_at_mut(planes * layout.plane);
                keys = rest;
                Share { slab, keys: own }
            })
            .collect()
    }
}

/// What all slabs share in a round.
struct Work<'a, K, F, L> {
    rule: &'a Rule<K, F, L>,
    rows: [[K; NEAR]; 9],
    bits: [u8; 9],
    limit: usize,
    shift: u32,
    layout: Layout,
}

/// A slab's share of the field.
struct Share<'a, K> {
    slab: &'a mut Slab<K>,
    keys: &'a mut [K],
}

impl<K: Key> Share<'_, K> {
    /// Empties buckets up to the limit, or until the budget is spent; returns voxels looked at.
    fn run<F: Form<K>, L: Levels>(&mut self, work: &Work<'_, K, F, L>, budget: u64) -> u64 {
        let layout = &work.layout;
        let base = (self.slab.planes[0] + 1) * layout.plane;
        let last = self.slab.planes[1] - self.slab.planes[0] - 1;
        let mut spent = 0;
        while self.slab.waiting > 0 {
            let bucket = self.slab.seek();
            if bucket >= work.limit || spent >= budget {
                break;
            }
            let Some(at) = self.slab.buckets.get_mut(bucket).and_then(Vec::pop) else { break };
            self.slab.waiting -= 1;
            spent += 1;
            let at = at as usize;
            let key = self.keys[at];
            if (key.get() >> work.shift) as usize != bucket || key == K::MAX {
                // It fell since, and was looked at then.
                continue;
            }
            let plane = at / layout.plane;
            let level = work.rule.levels.one(base + at);
            for dz in 0..3 {
                if (dz == 0 && plane == 0) || (dz == 2 && plane == last) {
                    continue;
                }
                for dy in 0..3 {
                    let row = dz * 3 + dy;
                    let bits = work.bits[row];
                    if bits == 0 {
                        continue;
                    }
                    let from = at + dz * layout.plane + dy * layout.stride - layout.plane - layout.stride - 1;
                    let found = work.rule.levels.near(
                        self.keys, from, base + from, key, level, base + at, &work.rule.form, &work.rows[row],
                    );
                    if let Some(new) = found {
                        self.lower(work, from, bits, new, base);
                    }
                }
            }
        }
        spent
    }

    /// Takes over the keys of a row that fell.
    #[inline(always)]
    fn lower<F: Form<K>, L: Levels>(
        &mut self,
        work: &Work<'_, K, F, L>,
        from: usize,
        bits: u8,
        new: [K; NEAR],
        base: usize,
    ) {
        for (i, new) in new.into_iter().enumerate().take(3) {
            let at = from + i;
            if bits & (1 << i) != 0 && new < self.keys[at] && !work.rule.levels.outside(base + at) {
                self.keys[at] = new;
                self.slab.push(at, new, work.shift);
                self.slab.touched(at, &work.layout);
            }
        }
    }
}
