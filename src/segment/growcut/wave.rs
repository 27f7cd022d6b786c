//! The wave: voxels in order of distance, found by marks instead of queues, on slabs side by side.
//!
//! In: a field in which every key is realised by a path, and marks on the voxels whose neighbours have not
//! seen their keys. Out: the fixed point, where no edge can lower a key. A voxel that falls is marked in
//! the byte of its segment; every segment and every row knows the least key marked in it. A pass goes
//! through the rows that hold keys below a limit and lets those voxels spread: in order of distance, as
//! Dijkstra's algorithm has it, but in the order of memory, without a heap, and with an eighth of a byte
//! a voxel for marks.
//!
//! Slabs of planes are worked on side by side, each for a stretch of distances. A voxel on a seam waits
//! until the seams have moved by half a slab, so no two tasks touch the same voxel. Order is thrift, not
//! correctness: a key that falls again is marked again. Keys only fall, each is always a path's, and the
//! least fixed point is unique: so the result depends on neither schedule nor number of threads.

use rayon::prelude::*;

use super::kernel::{Form, LANES, Levels, ROWS, Rule};
use super::keys::Key;
use super::layout::{Layout, SEGMENT};

/// Bytes of keys and levels that are worked on before others are: they should stay in the second cache.
const STRIP: usize = 512 * 1024;

/// Keys of a domain, and what is under way.
#[derive(Debug)]
pub(crate) struct Field<K> {
    pub(crate) layout: Layout,
    pub(crate) keys: Vec<K>,
    /// A bit a voxel: its neighbours have not seen its key; of an unreached voxel: it is to take what its
    /// neighbours give.
    marks: Vec<u8>,
    /// The least marked key of a segment.
    least: Vec<K>,
    /// The least marked key of a row, or less.
    rows: Vec<K>,
    slabs: usize,
    /// By how many bits keys are taken together in a pass, and in a stretch.
    pass: u32,
    stretch: u32,
    /// Rows whose unreached voxels are to be looked at, and how many of them have been.
    looks: Option<Rows>,
    seen: usize,
    /// Rows in which keys were taken away since somebody asked.
    pub(crate) emptied: Option<Rows>,
}

/// Rows of the field, rim included: y and z of the first, and those beyond.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rows {
    pub(crate) low: [usize; 2],
    pub(crate) high: [usize; 2],
}

impl Rows {
    fn with(of: Option<Self>, [y, z]: [usize; 2]) -> Option<Self> {
        let Self { low, high } = of.unwrap_or(Self { low: [y, z], high: [y, z] });
        Some(Self { low: [low[0].min(y), low[1].min(z)], high: [high[0].max(y + 1), high[1].max(z + 1)] })
    }
}

impl<K: Key> Field<K> {
    /// Unreached everywhere; keys that differ in their lowest `pass` bits only are taken together.
    pub(crate) fn new(layout: Layout, slabs: usize, pass: u32) -> Self {
        let rows = layout.rows * layout.planes();
        Self {
            layout,
            // Loads of a few lanes may reach past the last voxel.
            keys: vec![K::MAX; layout.len() + SEGMENT],
            marks: vec![0; rows * layout.segments],
            least: vec![K::MAX; rows * layout.segments],
            rows: vec![K::MAX; rows],
            slabs: slabs.clamp(1, (layout.planes() / 6).max(1)),
            pass,
            stretch: (pass + 3).min(K::BITS - 1),
            looks: None,
            seen: 0,
            emptied: None,
        }
    }

    /// Says which voxels are outside: their keys never fall.
    pub(crate) fn close(&mut self, outside: impl Fn(usize) -> bool) {
        for (at, key) in self.keys.iter_mut().enumerate() {
            if outside(at) {
                *key = K::of(0);
            } else if key.get() == 0 {
                *key = K::MAX;
            }
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
        let Some(key) = self.keys.get(at).copied().filter(|k| *k != K::MAX && k.get() != 0) else { return };
        let segment = self.layout.segment(at);
        self.marks[segment] |= 1 << (at % SEGMENT);
        self.least[segment] = self.least[segment].min(key);
        let row = at / self.layout.stride;
        self.rows[row] = self.rows[row].min(key);
    }

    /// Takes a voxel's key away and has it take what its neighbours give.
    pub(crate) fn empty(&mut self, at: usize) {
        self.keys[at] = K::MAX;
        self.marks[self.layout.segment(at)] |= 1 << (at % SEGMENT);
        let row = at / self.layout.stride;
        let row = [row % self.layout.rows, row / self.layout.rows];
        self.looks = Rows::with(self.looks, row);
        self.emptied = Rows::with(self.emptied, row);
        self.seen = 0;
    }

    /// How many slabs there are.
    pub(crate) fn slabs(&self) -> usize {
        self.slabs
    }

    /// Bytes held.
    pub(crate) fn bytes(&self) -> u64 {
        ((self.keys.len() + self.least.len() + self.rows.len()) * size_of::<K>() + self.marks.len()) as u64
    }

    /// Whether nothing is left to do.
    pub(crate) fn at_rest(&self) -> bool {
        self.looks.is_none() && self.rows.iter().all(|k| *k == K::MAX)
    }

    /// The least key that waits.
    pub(crate) fn waiting(&self) -> K {
        self.rows.iter().copied().min().unwrap_or(K::MAX)
    }

    /// Works until at rest, or until some `budget` voxels have been looked at. Returns how many were.
    pub(crate) fn advance<F: Form<K>, L: Levels>(&mut self, rule: &Rule<K, F, L>, budget: u64) -> u64 {
        let mut spent = self.take_looks(rule, budget);
        while spent < budget && self.looks.is_none() {
            let least = self.waiting();
            if least == K::MAX {
                break;
            }
            let limit = above(least, if self.slabs == 1 { self.stretch + 2 } else { self.stretch });
            let mut found = self.phase(rule, limit, false, budget - spent);
            if self.slabs > 1 {
                found += self.phase(rule, limit, true, budget - spent);
            }
            spent = spent.saturating_add(found.max(1));
        }
        spent
    }

    /// Voxels that were emptied take what their neighbours give.
    fn take_looks<F: Form<K>, L: Levels>(&mut self, rule: &Rule<K, F, L>, budget: u64) -> u64 {
        let Some(Rows { low, high }) = self.looks else { return 0 };
        let wide = high[0] - low[0];
        let mut spent = 0;
        while self.seen < wide * (high[1] - low[1]) {
            if spent >= budget {
                return spent;
            }
            let row = (low[1] + self.seen / wide) * self.layout.rows + low[0] + self.seen % wide;
            self.seen += 1;
            for number in 0..self.layout.stride / SEGMENT {
                let segment = row * self.layout.segments + number;
                let mut marked = self.marks[segment];
                while marked != 0 {
                    let lane = marked.trailing_zeros() as usize;
                    marked &= marked - 1;
                    let at = row * self.layout.stride + number * SEGMENT + lane;
                    // A seed was put, or the voxel has left the domain.
                    if self.keys[at] != K::MAX && self.keys[at].get() != 0 {
                        continue;
                    }
                    spent += 2;
                    let outside = self.keys[at].get() == 0;
                    let key = if outside { K::MAX } else { rule.pull(&self.keys, at, &self.layout) };
                    if key == K::MAX {
                        self.marks[segment] &= !(1 << lane);
                    } else {
                        self.put(at, key);
                    }
                }
            }
            spent += 1;
        }
        self.looks = None;
        self.seen = 0;
        spent
    }

    /// Planes at which slabs are cut, moved by half a slab or not.
    fn cuts(&self, moved: bool) -> Vec<usize> {
        let planes = self.layout.planes();
        let half = if moved { planes / (2 * self.slabs) } else { 0 };
        let mut cuts: Vec<usize> = (0..self.slabs).map(|i| i * planes / self.slabs + half).collect();
        if moved {
            cuts.insert(0, 0);
        }
        cuts.push(planes);
        cuts
    }

    /// Lets what waits below a limit spread, but for voxels on a seam.
    fn phase<F: Form<K>, L: Levels>(
        &mut self,
        rule: &Rule<K, F, L>,
        limit: K,
        moved: bool,
        budget: u64,
    ) -> u64 {
        let layout = self.layout;
        let cuts = self.cuts(moved);
        let (pass, per_plane) = (self.pass, layout.rows * layout.segments);
        // The filling past the last plane goes with the last slab.
        let mut keys = self.keys.as_mut_slice();
        let mut marks = self.marks.as_mut_slice();
        let mut least = self.least.as_mut_slice();
        let mut rows = self.rows.as_mut_slice();
        let mut slabs = Vec::with_capacity(cuts.len());
        for pair in cuts.windows(2) {
            let planes = pair[1] - pair[0];
            let len = if pair[1] == layout.planes() { keys.len() } else { planes * layout.plane };
            let slab = Slab {
                layout,
                base: pair[0] * layout.plane,
                planes,
                keys: split(&mut keys, len),
                marks: split(&mut marks, planes * per_plane),
                least: split(&mut least, planes * per_plane),
                rows: split(&mut rows, planes * layout.rows),
                pass,
            };
            if slab.waits(limit) {
                slabs.push(slab);
            }
        }
        let each = (budget / slabs.len().max(1) as u64).saturating_add(1);
        match slabs.as_mut_slice() {
            [] => 0,
            [one] => one.run(rule, limit, each),
            many => many.par_iter_mut().with_max_len(1).map(|slab| slab.run(rule, limit, each)).sum(),
        }
    }
}

/// The first key above those that differ from a key in their lowest bits only.
#[inline(always)]
fn above<K: Key>(key: K, bits: u32) -> K {
    K::of(((key.get() | ((1 << bits) - 1)) + 1).min(K::MAX.get()))
}

/// Takes the first `len` off a slice.
fn split<'a, T>(from: &mut &'a mut [T], len: usize) -> &'a mut [T] {
    let (head, tail) = std::mem::take(from).split_at_mut(len);
    *from = tail;
    head
}

/// Planes that one task works on; those at its ends only receive.
struct Slab<'a, K> {
    layout: Layout,
    base: usize,
    planes: usize,
    keys: &'a mut [K],
    marks: &'a mut [u8],
    least: &'a mut [K],
    rows: &'a mut [K],
    pass: u32,
}

impl<K: Key> Slab<'_, K> {
    /// Whether anything below a limit waits between the seams.
    fn waits(&self, limit: K) -> bool {
        let inner = self.layout.rows..(self.planes.max(1) - 1) * self.layout.rows;
        self.rows.get(inner).is_some_and(|rows| rows.iter().any(|k| *k < limit))
    }

    /// Lets what waits below a limit spread, strip by strip.
    fn run<F: Form<K>, L: Levels>(&mut self, rule: &Rule<K, F, L>, limit: K, budget: u64) -> u64 {
        let row = self.planes * self.layout.stride * (size_of::<K>() + 2);
        let strips = (row * self.layout.rows).div_ceil(STRIP).max(1);
        let high = self.layout.rows.div_ceil(strips);
        let mut spent = 0;
        loop {
            let mut idle = true;
            for from in (0..self.layout.rows).step_by(high) {
                let to = (from + high).min(self.layout.rows);
                let found = self.strip(rule, limit, [from, to], budget.saturating_sub(spent));
                spent += found;
                idle &= found == 0;
                if spent >= budget {
                    return spent;
                }
            }
            if idle {
                return spent;
            }
        }
    }

    /// Lets what waits below a limit in some rows of every plane spread.
    fn strip<F: Form<K>, L: Levels>(
        &mut self,
        rule: &Rule<K, F, L>,
        limit: K,
        [from, to]: [usize; 2],
        budget: u64,
    ) -> u64 {
        let mut spent = 0;
        while spent < budget {
            let mut least = K::MAX;
            for plane in 1..self.planes - 1 {
                let first = plane * self.layout.rows;
                for key in &self.rows[first + from..first + to] {
                    least = least.min(*key);
                }
            }
            if least >= limit {
                break;
            }
            let below = above(least, self.pass).min(limit);
            for plane in 1..self.planes - 1 {
                let first = plane * self.layout.rows;
                for row in first + from..first + to {
                    if self.rows[row] < below {
                        spent += self.row(rule, row, below);
                    }
                }
            }
        }
        spent
    }

    /// Lets a row's voxels below a limit spread; returns voxels looked at.
    fn row<F: Form<K>, L: Levels>(&mut self, rule: &Rule<K, F, L>, row: usize, below: K) -> u64 {
        let (stride, segments) = (self.layout.stride, self.layout.segments);
        let mut spent = 1;
        // What falls in a group behind comes back here.
        self.rows[row] = K::MAX;
        let mut rest = K::MAX;
        for group in (row * segments..(row + 1) * segments).step_by(SEGMENT) {
            while let Some(least) = self.least[group..].first_chunk::<SEGMENT>() {
                let mut found = K::below(least, below);
                if found == 0 {
                    rest = rest.min(K::least(least, 255));
                    break;
                }
                while found != 0 {
                    let segment = group + found.trailing_zeros() as usize;
                    found &= found - 1;
                    let x = (segment - row * segments) * SEGMENT;
                    let Some(keys) = self.keys[row * stride + x..].first_chunk::<SEGMENT>() else { break };
                    let marks = self.marks[segment];
                    let mut due = K::below(keys, below) & marks;
                    self.marks[segment] = marks & !due;
                    self.least[segment] = K::least(keys, marks & !due);
                    while due != 0 {
                        let lane = due.trailing_zeros() as usize;
                        due &= due - 1;
                        spent += 1;
                        self.spread(rule, row, x + lane);
                    }
                }
            }
        }
        self.rows[row] = self.rows[row].min(rest);
        spent
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
