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

use std::collections::VecDeque;

use rayon::prelude::*;

use super::kernel::{Form, Levels, Rule};
use super::keys::Key;
use super::layout::{Layout, OUTSIDE, SEGMENT};
use super::slab::{Slab, above};

/// Distances that are taken together in a pass: as many levels, as a power of two.
const PASS: u32 = 3;

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
    /// Rows in which keys changed since somebody asked.
    pub(crate) changed: Option<Rows>,
}

/// Rows of the field, rim included: y and z of the first, and those beyond.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rows {
    pub(crate) low: [usize; 2],
    pub(crate) high: [usize; 2],
}

impl Rows {
    /// One row, and those around it.
    fn around([y, z]: [usize; 2]) -> Self {
        Self { low: [y.saturating_sub(1), z.saturating_sub(1)], high: [y + 2, z + 2] }
    }

    /// The least that covers both.
    pub(crate) fn or(self, of: Option<Self>) -> Self {
        let other = of.unwrap_or(self);
        Self {
            low: [0, 1].map(|a| self.low[a].min(other.low[a])),
            high: [0, 1].map(|a| self.high[a].max(other.high[a])),
        }
    }

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
            pass: (pass + PASS).min(K::BITS - 1),
            stretch: (pass + PASS + 1).min(K::BITS - 1),
            looks: None,
            seen: 0,
            emptied: None,
            changed: None,
        }
    }

    /// Says by their levels which voxels are outside: their keys never fall.
    pub(crate) fn close(&mut self, levels: &[u16]) {
        let none = K::of(0);
        for (key, level) in self.keys.iter_mut().zip(levels) {
            let within = if *key == none { K::MAX } else { *key };
            *key = if *level == OUTSIDE { none } else { within };
        }
    }

    /// Says that a voxel's label changed, or with `None` that any may have.
    pub(crate) fn touch(&mut self, at: Option<usize>) {
        let whole = Rows { low: [0; 2], high: [self.layout.rows, self.layout.planes()] };
        let row = |at: usize| [at / self.layout.stride % self.layout.rows, at / self.layout.plane];
        self.changed = Some(at.map_or(whole, |at| Rows::around(row(at))).or(self.changed));
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
        self.touch(Some(at));
    }

    /// Takes a voxel's key away and has it take what its neighbours give.
    pub(crate) fn empty(&mut self, at: usize) {
        self.keys[at] = K::MAX;
        self.marks[self.layout.segment(at)] |= 1 << (at % SEGMENT);
        let row = at / self.layout.stride;
        let row = [row % self.layout.rows, row / self.layout.rows];
        self.looks = Rows::with(self.looks, row);
        self.emptied = Rows::with(self.emptied, row);
        self.touch(Some(at));
        self.seen = 0;
    }

    /// Whether a voxel waits to spread, or to take what its neighbours give.
    pub(crate) fn is_marked(&self, at: usize) -> bool {
        self.marks.get(self.layout.segment(at)).is_some_and(|marks| marks >> (at % SEGMENT) & 1 == 1)
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
            let limit = above(least, self.stretch);
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
                    let key = if outside { K::MAX } else { rule.pull(&self.keys, at) };
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

    /// Takes away what may stand on what was taken away, up to a budget; returns how many voxels were looked
    /// at. `bits` of a key are its label.
    pub(crate) fn doubt<F: Form<K>, L: Levels>(
        &mut self,
        rule: &Rule<K, F, L>,
        doubted: &mut VecDeque<(u32, u32)>,
        bits: u32,
        budget: u64,
    ) -> u64 {
        let mut spent = 0;
        let mut standing = Vec::with_capacity(32);
        // The first in are the first out: what waits is a surface, never a volume.
        while spent < budget {
            let Some((at, key)) = doubted.pop_front() else { break };
            spent += 1;
            rule.standing(&self.keys, at as usize, K::of(u64::from(key)), bits, |beside, there| {
                standing.push((beside, there));
            });
            for (beside, there) in standing.drain(..) {
                self.empty(beside);
                doubted.push_back((beside as u32, there.get() as u32));
            }
        }
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
                ran: None,
            };
            if slab.waits(limit) {
                slabs.push(slab);
            }
        }
        let each = (budget / slabs.len().max(1) as u64).saturating_add(1);
        let spent = match slabs.as_mut_slice() {
            [] => 0,
            [one] => one.run(rule, limit, each),
            many => many.par_iter_mut().with_max_len(1).map(|slab| slab.run(rule, limit, each)).sum(),
        };
        for [first, last] in slabs.iter().filter_map(Slab::ran) {
            let ran = [first, last].map(|row| Rows::around([row % layout.rows, row / layout.rows]));
            // Of rows from one to the other, in several planes any may be meant.
            let mut rows = ran[0].or(Some(ran[1]));
            if last / layout.rows > first / layout.rows {
                (rows.low[0], rows.high[0]) = (0, layout.rows);
            }
            self.changed = Some(rows.or(self.changed));
        }
        spent
    }
}

/// Takes the first `len` off a slice.
fn split<'a, T>(from: &mut &'a mut [T], len: usize) -> &'a mut [T] {
    let (head, tail) = std::mem::take(from).split_at_mut(len);
    *from = tail;
    head
}
