//! Sweeps: forward and backward over the rows of a slab, touching only what may still change.
//!
//! In: a field of keys in which every key is realised by a path, and marks on the segments that changed
//! since their neighbours last looked. Out: the fixed point, where no edge can lower a key. Slabs of
//! planes are worked on side by side; a slab sees its neighbours' edge planes as they were when its
//! sweep began, which are upper bounds too, and looks again when they have changed. Hence the result
//! depends on neither schedule nor number of threads: keys only fall, each is always a path's, and the
//! least fixed point is unique.

use rayon::prelude::*;

use super::kernel::{Form, Levels, close, differ, pull};
use super::keys::Key;
use super::layout::{LANES, Layout, OUTSIDE};

/// Something in the segment changed.
const ANY: u8 = 1;
/// Its first voxel changed.
const FIRST: u8 = 2;
/// Its last voxel changed.
const LAST: u8 = 4;
/// The segment itself must look at all its neighbours.
const LOOK: u8 = 8;
/// A voxel changed whose key is not to be passed on yet.
const PARKED: u8 = 16;

/// Keys and marks of a domain.
#[derive(Debug)]
pub(crate) struct Field<K> {
    pub(crate) layout: Layout,
    pub(crate) keys: Vec<K>,
    /// For the forward and the backward sweep: a byte a segment.
    marks: [Vec<u8>; 2],
    /// Whether a row has marks.
    rows: [Vec<u8>; 2],
    slabs: Vec<Slab<K>>,
    /// Keys from here on are not passed on yet.
    pub(crate) limit: K,
    pub(crate) window: u64,
}

/// Planes that one task works on, and what it knows of those beside them.
#[derive(Debug)]
struct Slab<K> {
    /// First plane, and the first beyond.
    planes: [usize; 2],
    /// The planes below and above, as last seen.
    halo: [Vec<K>; 2],
    halo_marks: [Vec<u8>; 2],
    halo_rows: [Vec<u8>; 2],
    /// Rows of the own first and last plane that changed since the neighbours looked.
    edge: [Vec<u8>; 2],
    edge_any: [bool; 2],
    /// Whether anything is marked for each direction.
    active: [bool; 2],
    /// The next row of the sweep that is under way, and its direction.
    cursor: usize,
    direction: usize,
    parked: bool,
    limit: K,
}

impl<K: Key> Slab<K> {
    fn new(layout: &Layout, planes: [usize; 2]) -> Self {
        let rows = layout.rows;
        let marks = rows * layout.flag_stride();
        Self {
            planes,
            halo: [vec![K::MAX; layout.plane], vec![K::MAX; layout.plane]],
            halo_marks: [vec![0; marks], vec![0; marks]],
            halo_rows: [vec![0; rows], vec![0; rows]],
            edge: [vec![0; rows], vec![0; rows]],
            edge_any: [false; 2],
            active: [false; 2],
            cursor: 0,
            direction: 0,
            parked: false,
            limit: K::of(0),
        }
    }

    fn idle(&self) -> bool {
        self.cursor == 0 && !self.active[0] && !self.active[1]
    }
}

/// What a sweep needs to know besides the field.
pub(crate) struct Rule<K, F, L> {
    pub(crate) levels: L,
    pub(crate) form: F,
    /// Costs of the 27 directions, `(dz + 1) · 9 + (dy + 1) · 3 + dx + 1`; `None`: not a neighbour.
    pub(crate) directions: [Option<K>; 27],
}

/// A slab's share of the field.
struct Share<'a, K> {
    slab: &'a mut Slab<K>,
    keys: &'a mut [K],
    marks: [&'a mut [u8]; 2],
    rows: [&'a mut [u8]; 2],
}

/// Rows before a row in the order of a sweep, as (dy, dz); backward their opposites.
const BEFORE: [(i32, i32); 4] = [(-1, -1), (0, -1), (1, -1), (-1, 0)];

impl<K: Key> Field<K> {
    /// Unreached everywhere.
    pub(crate) fn new(layout: Layout, slabs: usize) -> Self {
        let rows = layout.rows * (layout.size[2] + 2);
        let marks = rows * layout.flag_stride();
        let planes = layout.size[2];
        let slabs = slabs.clamp(1, planes.max(1));
        Self {
            layout,
            limit: K::of(0),
            window: 1 << 60,
            keys: vec![K::MAX; layout.len()],
            marks: [vec![0; marks], vec![0; marks]],
            rows: [vec![0; rows], vec![0; rows]],
            slabs: (0..slabs)
                .map(|i| Slab::new(&layout, [planes * i / slabs, planes * (i + 1) / slabs]))
                .collect(),
        }
    }

    /// Sets a key and has its neighbours look.
    pub(crate) fn put(&mut self, at: usize, key: K) {
        if let Some(place) = self.keys.get_mut(at) {
            *place = key;
            self.changed(at);
        }
    }

    /// Says that a key changed: its neighbours, those in the row included, must look.
    pub(crate) fn changed(&mut self, at: usize) {
        let [x, y, z] = self.layout.voxel(at);
        let segment = x / LANES;
        self.mark(segment, y, z, ANY | FIRST | LAST);
        for s in segment.saturating_sub(1)..(segment + 2).min(self.layout.segments) {
            self.mark(s, y, z, LOOK);
        }
    }

    /// Has the segment of a voxel look at all its neighbours.
    pub(crate) fn look(&mut self, at: usize) {
        let [x, y, z] = self.layout.voxel(at);
        self.mark(x / LANES, y, z, LOOK);
    }

    fn mark(&mut self, segment: usize, y: usize, z: usize, bits: u8) {
        let row = (z + 1) * self.layout.rows + y + 1;
        let at = row * self.layout.flag_stride() + segment + 1;
        for direction in 0..2 {
            if let Some(mark) = self.marks[direction].get_mut(at) {
                *mark |= bits;
            }
            if let Some(mark) = self.rows[direction].get_mut(row) {
                *mark |= 1;
            }
        }
        let number = self.slabs.partition_point(|slab| slab.planes[1] <= z);
        if let Some(slab) = self.slabs.get_mut(number) {
            slab.active = [true; 2];
            // A sweep under way may be past this row: it begins anew.
            slab.cursor = 0;
            for (side, plane) in [slab.planes[0], slab.planes[1] - 1].into_iter().enumerate() {
                if plane == z
                    && let Some(row) = slab.edge[side].get_mut(y + 1)
                {
                    *row = 1;
                    slab.edge_any[side] = true;
                }
            }
        }
    }

    /// How many slabs there are.
    pub(crate) fn slabs(&self) -> usize {
        self.slabs.len()
    }

    /// Bytes of marks and halos.
    pub(crate) fn marks_bytes(&self) -> u64 {
        let slabs: usize =
            self.slabs.iter().map(|s| 2 * s.halo[0].len() * size_of::<K>() + 2 * s.halo_marks[0].len()).sum();
        (self.marks[0].len() * 2 + self.rows[0].len() * 2 + slabs) as u64
    }

    /// Shows every slab the planes beside it as they are, nothing marked: after keys were set at large.
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
        self.slabs.iter().enumerate().all(|(number, slab)| {
            let unseen = (number > 0 && slab.edge_any[0]) || (number < last && slab.edge_any[1]);
            slab.idle() && !unseen && !slab.parked
        })
    }

    /// Works until at rest, or until some `budget` voxels have been looked at. Returns how many were.
    pub(crate) fn advance<F: Form<K>, L: Levels>(&mut self, rule: &Rule<K, F, L>, budget: u64) -> u64 {
        let mut spent = 0;
        let layout = self.layout;
        while spent < budget {
            self.import();
            let mut shares = self.shares();
            shares.retain(|share| !share.slab.idle());
            if shares.is_empty() {
                drop(shares);
                if !self.raise() {
                    return spent;
                }
                continue;
            }
            let each = (budget - spent) / shares.len().max(1) as u64 + 1;
            spent += match shares.as_mut_slice() {
                [] => return spent,
                [one] => one.run(rule, each, &layout),
                many => many.par_iter_mut().with_max_len(1).map(|share| share.run(rule, each, &layout)).sum(),
            };
        }
        spent
    }

    fn raise(&mut self) -> bool {
        if !self.slabs.iter().any(|s| s.parked) {
            return false;
        }
        let old = self.limit;
        let layout = self.layout;
        let stride = layout.flag_stride();
        // least parked key
        let mut least = K::MAX;
        for pass in 0..2 {
            let new = K::of((least.get() + self.window).min(K::MAX.get() - 1));
            if pass == 1 {
                self.limit = new;
                for s in &mut self.slabs {
                    s.limit = new;
                    s.parked = false;
                }
            }
            for row in 0..self.rows[0].len() {
                if self.rows[0][row] & 2 == 0 {
                    continue;
                }
                let mut still = false;
                for s in 0..layout.segments {
                    let m = self.marks[0][row * stride + 1 + s];
                    if m & PARKED == 0 {
                        continue;
                    }
                    let at = row * layout.stride + s * LANES + 1;
                    let keys: [K; LANES] = super::kernel::lanes(&self.keys, at);
                    if pass == 0 {
                        for k in keys {
                            if k >= old && k < least {
                                least = k;
                            }
                        }
                    } else {
                        let mut bits = 0;
                        let mut park = false;
                        for i in 0..LANES {
                            let k = keys[i];
                            if k >= old && k < new {
                                bits |= ANY;
                                if i == 0 {
                                    bits |= FIRST
                                }
                                if i == LANES - 1 {
                                    bits |= LAST
                                }
                            } else if k >= new && k < K::MAX {
                                park = true;
                            }
                        }
                        if !park {
                            self.marks[0][row * stride + 1 + s] &= !PARKED;
                        } else {
                            still = true;
                        }
                        if bits != 0 {
                            let z = row / layout.rows - 1;
                            let y = row % layout.rows - 1;
                            self.mark(s, y, z, bits);
                        }
                    }
                }
                if pass == 1 {
                    let z = row / layout.rows - 1;
                    let number = self.slabs.partition_point(|s| s.planes[1] <= z);
                    if still {
                        self.slabs[number].parked = true;
                    } else {
                        self.rows[0][row] &= !2;
                    }
                }
            }
        }
        true
    }

    /// Shows every slab that begins a sweep what changed in the planes beside it.
    fn import(&mut self) {
        let layout = self.layout;
        for number in 0..self.slabs.len() {
            for side in 0..2 {
                let other = if side == 0 { number.checked_sub(1) } else { Some(number + 1) };
                let Some(other) = other.filter(|o| *o < self.slabs.len()) else { continue };
                if !self.slabs[other].edge_any[1 - side] || self.slabs[number].cursor != 0 {
                    continue;
                }
                self.slabs[other].edge_any[1 - side] = false;
                let mut changed = std::mem::take(&mut self.slabs[other].edge[1 - side]);
                let slab = &mut self.slabs[number];
                let z = if side == 0 { slab.planes[0] } else { slab.planes[1] + 1 };
                for (row, changed) in changed.iter_mut().enumerate().filter(|(_, c)| **c != 0) {
                    *changed = 0;
                    let from = z * layout.plane + row * layout.stride;
                    let Some(new) = self.keys.get(from..from + layout.stride) else { continue };
                    let Some(old) = slab.halo[side].get_mut(row * layout.stride..(row + 1) * layout.stride)
                    else {
                        continue;
                    };
                    for segment in 0..layout.segments {
                        let lanes = segment * LANES + 1..segment * LANES + 1 + LANES;
                        if new[lanes.clone()] != old[lanes.clone()] {
                            let bits = ANY
                                | if new[lanes.start] != old[lanes.start] { FIRST } else { 0 }
                                | if new[lanes.end - 1] != old[lanes.end - 1] { LAST } else { 0 };
                            slab.halo_marks[side][row * layout.flag_stride() + 1 + segment] |= bits;
                            slab.halo_rows[side][row] = 1;
                            slab.active[side] = true;
                        }
                    }
                    old.copy_from_slice(new);
                }
                self.slabs[other].edge[1 - side] = changed;
            }
        }
    }

    /// Splits the field between its slabs.
    fn shares(&mut self) -> Vec<Share<'_, K>> {
        let layout = self.layout;
        let per_plane = layout.rows * layout.flag_stride();
        let [forward, backward] = &mut self.marks;
        let [forward_rows, backward_rows] = &mut self.rows;
        let mut keys = self.keys.get_mut(layout.plane..).unwrap_or_default();
        let mut marks = [
            forward.get_mut(per_plane..).unwrap_or_default(),
            backward.get_mut(per_plane..).unwrap_or_default(),
        ];
        let mut rows = [
            forward_rows.get_mut(layout.rows..).unwrap_or_default(),
            backward_rows.get_mut(layout.rows..).unwrap_or_default(),
        ];
        self.slabs
            .iter_mut()
            .map(|slab| {
                let planes = slab.planes[1] - slab.planes[0];
                Share {
                    keys: split(&mut keys, planes * layout.plane),
                    marks: marks.each_mut().map(|m| split(m, planes * per_plane)),
                    rows: rows.each_mut().map(|r| split(r, planes * layout.rows)),
                    slab,
                }
            })
            .collect()
    }
}

/// Takes the first `len` off a slice.
fn split<'a, T>(from: &mut &'a mut [T], len: usize) -> &'a mut [T] {
    let (head, tail) = std::mem::take(from).split_at_mut(len);
    *from = tail;
    head
}

impl<K: Key> Share<'_, K> {
    /// One sweep, or the part of it that the budget allows; returns voxels looked at.
    fn run<F: Form<K>, L: Levels>(&mut self, rule: &Rule<K, F, L>, budget: u64, layout: &Layout) -> u64 {
        if self.slab.cursor == 0 && !self.slab.active[self.slab.direction] {
            self.slab.direction ^= 1;
        }
        let back = self.slab.direction == 1;
        let planes = self.slab.planes[1] - self.slab.planes[0];
        let all = planes * layout.size[1];
        let mut spent = 0_u64;
        let mut scratch = vec![0_u8; layout.segments];
        while self.slab.cursor < all {
            let cursor = self.slab.cursor;
            let ordinal = if back { all - 1 - cursor } else { cursor };
            let (plane, y) = (ordinal / layout.size[1], ordinal % layout.size[1]);
            if cursor.is_multiple_of(layout.size[1]) && self.quiet(plane, back, layout) {
                self.slab.cursor += layout.size[1];
                continue;
            }
            spent += self.row(rule, layout, [plane, y], back, &mut scratch);
            self.slab.cursor += 1;
            if spent > budget {
                return spent;
            }
        }
        self.finish(back, layout);
        spent + 1
    }

    /// Whether no row of a plane has anything to look at.
    fn quiet(&self, plane: usize, back: bool, layout: &Layout) -> bool {
        let d = usize::from(back);
        let rows = layout.rows;
        let before = match (back, plane) {
            (false, 0) => self.slab.halo_rows[0].as_slice(),
            (false, p) => &self.rows[d][(p - 1) * rows..p * rows],
            (true, p) if (p + 2) * rows > self.rows[d].len() => self.slab.halo_rows[1].as_slice(),
            (true, p) => &self.rows[d][(p + 1) * rows..(p + 2) * rows],
        };
        let own = &self.rows[d][plane * rows..(plane + 1) * rows];
        before.iter().chain(own).all(|mark| *mark & 1 == 0)
    }

    /// All that was marked for a direction has been looked at.
    fn finish(&mut self, back: bool, layout: &Layout) {
        let d = usize::from(back);
        let stride = layout.flag_stride();
        for (row, mark) in self.rows[d].iter_mut().enumerate().filter(|(_, mark)| **mark & 1 != 0) {
            *mark &= 2;
            for m in &mut self.marks[d][row * stride..(row + 1) * stride] {
                *m &= PARKED;
            }
        }
        let Slab { halo_rows, halo_marks, .. } = &mut *self.slab;
        for (row, mark) in halo_rows[d].iter_mut().enumerate().filter(|(_, mark)| **mark != 0) {
            *mark = 0;
            halo_marks[d][row * stride..(row + 1) * stride].fill(0);
        }
        self.slab.cursor = 0;
        self.slab.active[d] = false;
        self.slab.direction ^= 1;
    }

    /// Looks at what is marked in a row; returns voxels looked at.
    #[inline(always)]
    fn row<F: Form<K>, L: Levels>(
        &mut self,
        rule: &Rule<K, F, L>,
        layout: &Layout,
        [plane, y]: [usize; 2],
        back: bool,
        dirty: &mut [u8],
    ) -> u64 {
        let d = usize::from(back);
        let sign = if back { -1 } else { 1 };
        let stride = layout.flag_stride();
        let own_row = plane * layout.rows + y + 1;
        let mut any = false;
        // Which of the four rows before it changed beside which segment: a bit each.
        for (bit, (dy, dz)) in BEFORE.into_iter().enumerate() {
            let row = (y as i32 + 1 + dy * sign) as usize;
            let there = plane as i32 + dz * sign;
            let beyond = there < 0 || (there as usize + 1) * layout.rows > self.rows[d].len();
            let (marked, marks) = if beyond {
                (self.slab.halo_rows[d][row], &self.slab.halo_marks[d][row * stride..(row + 1) * stride])
            } else {
                let row = there as usize * layout.rows + row;
                (self.rows[d][row], &self.marks[d][row * stride..(row + 1) * stride])
            };
            if marked & 1 == 0 {
                continue;
            }
            if !any {
                any = true;
                dirty.fill(0);
            }
            for (s, dirty) in dirty.iter_mut().enumerate() {
                let changed = (marks[s + 1] & ANY) | (marks[s] & LAST) | (marks[s + 2] & FIRST);
                *dirty |= u8::from(changed != 0) << bit;
            }
        }
        if self.rows[d][own_row] & 1 != 0 {
            if !any {
                any = true;
                dirty.fill(0);
            }
            let marks = &self.marks[d][own_row * stride..(own_row + 1) * stride];
            for (s, dirty) in dirty.iter_mut().enumerate() {
                if marks[s + 1] & LOOK != 0 {
                    *dirty = 31;
                }
            }
        }
        if !any {
            return 0;
        }
        let mut looked = 0;
        let mut bits = 0_u8;
        let mut turn = usize::MAX;
        for s in 0..layout.segments {
            let carry = if bits & LAST != 0 { 16 } else { 0 };
            let what = dirty[s] | carry;
            bits = 0;
            if what != 0 {
                looked += LANES as u64;
                bits = self.segment(rule, layout, [plane, y, s], back, what);
                if bits & FIRST != 0 && s > 0 {
                    turn = s;
                }
            }
            dirty[s] = bits;
        }
        // What a segment gives to the one on its left.
        if turn != usize::MAX {
            for s in (1..=turn).rev() {
                if dirty[s] & FIRST != 0 {
                    looked += LANES as u64;
                    dirty[s - 1] |= self.segment(rule, layout, [plane, y, s - 1], back, 16);
                }
            }
        }
        let mut all = 0;
        let base = own_row * layout.stride + 1;
        for (s, bits) in dirty.iter().enumerate() {
            if *bits == 0 {
                continue;
            }
            let now = (bits & 0xe0) >> 5;
            let bits = now | if bits & PARKED != 0 { PARKED } else { 0 };
            let _ = base;
            all |= bits;
            self.marks[0][own_row * stride + 1 + s] |= bits;
            self.marks[1][own_row * stride + 1 + s] |= now;
        }
        if all & PARKED != 0 {
            self.rows[0][own_row] |= 2;
            self.slab.parked = true;
        }
        if all & ANY != 0 {
            self.rows[0][own_row] |= 1;
            self.rows[1][own_row] |= 1;
            self.slab.active[1 - d] = true;
            let last = self.rows[0].len() / layout.rows - 1;
            for (side, edge) in [(0, 0), (1, last)] {
                if plane == edge {
                    self.slab.edge[side][y + 1] = 1;
                    self.slab.edge_any[side] = true;
                }
            }
        }
        looked
    }

    /// Looks at a segment: `what` says at which of the rows before it (bits 0 to 3), and whether it
    /// must be closed in any case (bit 4). Returns what changed.
    #[inline(always)]
    fn segment<F: Form<K>, L: Levels>(
        &mut self,
        rule: &Rule<K, F, L>,
        layout: &Layout,
        [plane, y, s]: [usize; 3],
        back: bool,
        what: u8,
    ) -> u8 {
        let sign = if back { -1 } else { 1 };
        let d = usize::from(back);
        let own = (plane * layout.rows + y + 1) * layout.stride + s * LANES;
        // Levels lie for the whole field.
        let base = (self.slab.planes[0] + 1) * layout.plane;
        let start: [K; LANES] = window(self.keys, own, 1);
        let mut best = start;
        for (bit, (dy, dz)) in BEFORE.into_iter().enumerate() {
            if what & (1 << bit) == 0 {
                continue;
            }
            let (dy, dz) = (dy * sign, dz * sign);
            let there = own as isize + layout.step([0, dy, dz]);
            let beyond = there < 0 || there as usize >= self.keys.len();
            let (keys, from) = if beyond {
                (self.slab.halo[d].as_slice(), there.rem_euclid(layout.plane as isize) as usize)
            } else {
                (&*self.keys, there as usize)
            };
            let beside = (base as isize + there) as usize;
            let direction = ((dz + 1) * 9 + (dy + 1) * 3) as usize;
            for dx in 0..3 {
                let Some(cost) = rule.directions[direction + dx] else { continue };
                pull(
                    &mut best,
                    window(keys, from, dx),
                    rule.levels.differences(base + own + 1, beside + dx),
                    &rule.form,
                    cost,
                );
            }
        }
        if what & 16 == 0 && !differ(&best, &start) {
            return 0;
        }
        let Some(cost) = rule.directions[14] else { return 0 };
        let levels = rule.levels.first(base + own + 1);
        let before = rule.levels.first(base + own);
        let differences = rule.levels.differences(base + own + 1, base + own);
        let mut weights = [K::MAX; LANES];
        for i in 0..LANES {
            let weight = rule.form.weight(differences[i], cost);
            let within = (levels[i] != OUTSIDE) & (before[i] != OUTSIDE);
            weights[i] = if within { weight } else { K::MAX };
        }
        let left = self.keys[own].plus(weights[0]);
        let after =
            rule.form.weight(rule.levels.difference(base + own + LANES, base + own + LANES + 1), cost);
        let right = self.keys[own + LANES + 1].plus(after);
        best[0] = best[0].min(left);
        best[LANES - 1] = best[LANES - 1].min(right);
        close(&mut best, &weights);
        for i in 0..LANES {
            best[i] = if levels[i] == OUTSIDE { K::MAX } else { best[i] };
        }
        if !differ(&best, &start) {
            return 0;
        }
        self.keys[own + 1..own + 1 + LANES].copy_from_slice(&best);
        let limit = self.slab.limit;
        let mut now = false;
        let mut park = false;
        for i in 0..LANES {
            now |= best[i] != start[i] && best[i] < limit;
            park |= best[i] != start[i] && best[i] >= limit;
        }
        let first = best[0] != start[0];
        let last = best[LANES - 1] != start[LANES - 1];
        ANY | if first { FIRST } else { 0 }
            | if last { LAST } else { 0 }
            | if park { PARKED } else { 0 }
            | if now { ANY << 5 } else { 0 }
            | if first && best[0] < limit { FIRST << 5 } else { 0 }
            | if last && best[LANES - 1] < limit { LAST << 5 } else { 0 }
    }
}

#[inline(always)]
fn window<K: Key>(keys: &[K], at: usize, dx: usize) -> [K; LANES] {
    super::kernel::lanes(keys, at + dx)
}
