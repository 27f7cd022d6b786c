//! Strokes: seeds added, erased and relabelled, and the region that follows them; other masks.
//!
//! In: the seeds as they are now and the box in which they changed. Out: a field that sweeps bring to the
//! fixed point of a full solve. Where a key may have stood on what is gone, it is taken away, and with it
//! every key that may have stood on it in turn (the closure over edges that are not slack); what remains
//! is realised by paths that still exist.
//!
//! The region is at every moment what the rule asks for of the seeds of now, and of nothing else: so the
//! labels after any strokes are those of a new segmentation of the same seeds, and undo is the inverse
//! stroke, whether or not it came near the border.

use std::collections::VecDeque;

use super::kernel::{Form, Levels, Rule};
use super::keys::Key;
use super::layout::OUTSIDE;
use super::wave::Field;
use super::weights::FEW;
use super::{Box3, Error, GrowCut, Input, Job, Keys, Region, with_field};

/// Another mask that waits to be put on: the first image's levels under it, and who enters.
#[derive(Debug)]
pub(super) struct Masked {
    levels: Vec<u16>,
    entered: Vec<usize>,
}

/// Another region that waits to be moved to.
#[derive(Debug)]
pub(super) struct Moving {
    /// It, with nothing grown yet.
    to: Box<GrowCut>,
    /// Whether what stands on voxels that leave is being taken away already.
    begun: bool,
}

impl GrowCut {
    /// Takes up a stroke: `input` as it is now, `stroke` a box that covers every seed that changed. The
    /// images must be those of before. Growing goes on with [`GrowCut::step`]; strokes may follow each
    /// other without waiting. Undo is the inverse stroke.
    ///
    /// With [`Region::Seeds`] the region follows the seeds, outwards and back: what is grown is always a
    /// full solve in [`Box3::around_seeds`] of the seeds of now. Returns whether the stroke changes it; it is
    /// moved to as soon as nothing stands any more on what leaves.
    ///
    /// # Errors
    /// As [`GrowCut::new`], but for the number of labels: the last seed may be erased.
    pub fn edit(&mut self, input: &Input<'_>, stroke: &Box3) -> Result<bool, Error> {
        super::check(input)?;
        let stroke = stroke.and(&Box3::whole(self.dims));
        let painted = self.painted(input, &stroke);
        let most = painted.map_or(0, |(_, most)| most);
        self.seeds_box = self.box_now(input, &stroke, painted.map(|(of, _)| of));
        let region = self.wanted(input);
        let before = self.moving.as_ref().map_or(self.region, |moving| moving.to.region);
        // Keys with room for more labels, or no more so: a new beginning.
        let few = self.weights.bits == 4;
        if few && most > FEW || !few && most <= FEW && super::few_labels(input.seeds) {
            self.anew(input, region)?;
            return Ok(region != before);
        }
        if region != before {
            self.head_for(input, region)?;
        }
        self.requeue(input, &stroke);
        Ok(region != before)
    }

    /// Takes up another mask: the same as a new segmentation under it.
    ///
    /// # Errors
    /// As [`GrowCut::edit`].
    pub fn remask(&mut self, input: &Input<'_>) -> Result<(), Error> {
        super::check(input)?;
        let region = self.wanted(input);
        if !self.settled() || region != self.region {
            return self.anew(input, region);
        }
        self.border.clear();
        // What stood on voxels that leave must be found by the levels that it stood on. Only the first image's
        // say what is outside.
        let mut old = std::mem::take(&mut self.levels);
        self.read_levels(input);
        let mut new = std::mem::take(&mut self.levels);
        let (Some(before), Some(now)) = (old.first_mut(), new.first_mut()) else { return Ok(()) };
        let mut entered = Vec::new();
        let mut left = Vec::new();
        for (at, (before, now)) in before.iter().zip(now.iter()).enumerate() {
            match (*before == OUTSIDE, *now == OUTSIDE) {
                (false, true) => left.push(at),
                (true, false) => entered.push(at),
                _ => {}
            }
        }
        let levels = std::mem::take(now);
        self.levels = old;
        for at in left {
            self.doubt_at(at, self.key(at));
        }
        self.masked = Some(Masked { levels, entered });
        self.look = None;
        with_field!(&mut self.keys, field => field.touch(None));
        self.requeue(input, &self.seeds_box.unwrap_or(Box3::whole([0; 3])));
        Ok(())
    }

    /// Puts another mask on: nothing stands any more on what leaves. Returns voxels looked at.
    pub(super) fn put_on(&mut self, masked: Masked) -> u64 {
        let Masked { levels, entered } = masked;
        if let Some(first) = self.levels.first_mut() {
            *first = levels;
        }
        self.close();
        for at in &entered {
            with_field!(&mut self.keys, field => field.empty(*at));
        }
        self.checked = false;
        1 + entered.len() as u64
    }

    /// The region that the rule asks for now; where there are no seeds, it stays.
    fn wanted(&self, input: &Input<'_>) -> Box3 {
        let before = self.moving.as_ref().map_or(self.region, |moving| moving.to.region);
        match (self.options.region, &self.seeds_box) {
            (Region::Seeds, Some(seeds)) => Box3::around_seeds(seeds, self.dims, input.mask.is_some()),
            _ => before,
        }
    }

    /// The box of the seeds of now: with what a stroke painted, and without what it erased.
    fn box_now(&self, input: &Input<'_>, stroke: &Box3, painted: Option<Box3>) -> Option<Box3> {
        let mut of = match (self.seeds_box, painted) {
            (Some(before), Some(painted)) => before.or(&painted),
            (before, painted) => before.or(painted)?,
        };
        let [nx, ny, _] = self.dims;
        let is_bare = |of: &Box3| {
            (of.low[2]..of.high[2]).all(|z| {
                (of.low[1]..of.high[1]).all(|y| {
                    let row = (z * ny + y) * nx;
                    let row = input.seeds.get(row + of.low[0]..row + of.high[0]).unwrap_or_default();
                    row.iter().fold(0, |any, seed| any | seed) == 0
                })
            })
        };
        for axis in [2, 1, 0] {
            // Only where the stroke was can a face have lost its seeds; planes behind it may hold none.
            let touched = |at: usize| stroke.low[axis] <= at && at < stroke.high[axis];
            if touched(of.low[axis]) {
                while of.low[axis] < of.high[axis] {
                    let mut plane = of;
                    plane.high[axis] = of.low[axis] + 1;
                    if !is_bare(&plane) {
                        break;
                    }
                    of.low[axis] += 1;
                }
            }
            if of.low[axis] < of.high[axis] && touched(of.high[axis] - 1) {
                while of.low[axis] < of.high[axis] {
                    let mut plane = of;
                    plane.low[axis] = of.high[axis] - 1;
                    if !is_bare(&plane) {
                        break;
                    }
                    of.high[axis] -= 1;
                }
            }
            if of.low[axis] >= of.high[axis] {
                return None;
            }
        }
        Some(of)
    }

    /// The box of what is painted within a stroke, and the greatest label.
    fn painted(&self, input: &Input<'_>, stroke: &Box3) -> Option<(Box3, u8)> {
        let mut found: Option<(Box3, u8)> = None;
        for z in stroke.low[2]..stroke.high[2] {
            for y in stroke.low[1]..stroke.high[1] {
                for x in stroke.low[0]..stroke.high[0] {
                    let seed = input.seeds[(z * self.dims[1] + y) * self.dims[0] + x];
                    if seed != 0 {
                        let here = Box3 { low: [x, y, z], high: [x + 1, y + 1, z + 1] };
                        found = Some(found.map_or((here, seed), |(b, m)| (b.or(&here), m.max(seed))));
                    }
                }
            }
        }
        found
    }

    /// Prepares to move to another region.
    fn head_for(&mut self, input: &Input<'_>, region: Box3) -> Result<(), Error> {
        self.moving = None;
        if region == self.region {
            return Ok(());
        }
        let to = Self::on(input, self.options, region, self.seeds_box, self.scales.clone())?;
        // How many steps a tie may count depends on the region: other weights, other keys.
        if self.masked.is_some() || to.weights != self.weights {
            return self.begin_in(input, to);
        }
        self.moving = Some(Moving { to: Box::new(to), begun: false });
        Ok(())
    }

    /// Begins from nothing, in a region.
    fn anew(&mut self, input: &Input<'_>, region: Box3) -> Result<(), Error> {
        let made = Self::on(input, self.options, region, self.seeds_box, self.scales.clone())?;
        self.begin_in(input, made)
    }

    fn begin_in(&mut self, input: &Input<'_>, mut made: Self) -> Result<(), Error> {
        let _ = made.sow(input);
        made.left = Some(self.left.map_or(self.region, |left| left.or(&self.region)));
        *self = made;
        Ok(())
    }

    /// Takes away what stands on voxels that another region leaves out.
    fn leave(&mut self) {
        let Some(Moving { to, begun: false }) = &self.moving else { return };
        let of = to.region;
        let mut gone: Vec<usize> = to.border.iter().filter_map(|b| self.place(to.origin(b.at))).collect();
        let (low, size) = (self.region.low, self.layout.size);
        for z in 0..size[2] {
            for y in 0..size[1] {
                let row = self.layout.row(y, z);
                let within = of.contains([of.low[0], low[1] + y, low[2] + z]);
                // Where the row stays, its ends may not.
                let stays = if within { of.low[0]..of.high[0] } else { 0..0 };
                gone.extend((0..size[0]).filter(|x| !stays.contains(&(low[0] + x))).map(|x| row + x));
            }
        }
        for at in gone {
            if !self.outside(at) {
                self.doubt_at(at, self.key(at));
            }
        }
        if let Some(moving) = &mut self.moving {
            moving.begun = true;
        }
    }

    /// Whether nothing stands any more on what another region leaves out.
    pub(super) fn may_move(&self) -> bool {
        self.moving.as_ref().is_some_and(|moving| moving.begun)
    }

    /// Moves to another region: what is grown stays, since its paths do. Returns voxels looked at.
    pub(super) fn move_over(&mut self) -> u64 {
        let Some(Moving { mut to, .. }) = self.moving.take() else { return 0 };
        if matches!(self.keys, Keys::Long(_)) {
            to.lengthen();
        }
        let both = self.region.and(&to.region);
        let size = both.size();
        for z in both.low[2]..both.high[2] {
            for y in both.low[1]..both.high[1] {
                let here = [both.low[0], y, z];
                let (Some(from), Some(there)) =
                    (self.place(self.grid_at(here)), to.place(self.grid_at(here)))
                else {
                    continue;
                };
                for x in 0..size[0] {
                    let key = self.key(from + x);
                    // Of the border in strict order: outside before, or now.
                    if key == 0 || to.outside(there + x) {
                        continue;
                    }
                    if key == u64::from(u32::MAX) {
                        if with_field!(&self.keys, field => field.is_marked(from + x)) {
                            with_field!(&mut to.keys, field => field.empty(there + x));
                        }
                        continue;
                    }
                    with_field!(&mut to.keys, field => field.keys[there + x] = Key::of(key));
                    // The outermost voxels, and in strict order those within them, have new neighbours.
                    let at = [both.low[0] + x, y, z];
                    let outer =
                        (0..3).any(|a| at[a] < self.region.low[a] + 2 || at[a] + 2 >= self.region.high[a]);
                    if outer {
                        with_field!(&mut to.keys, field => field.changed(there + x));
                    }
                }
            }
        }
        to.sown = std::mem::take(&mut self.sown);
        to.queue = std::mem::take(&mut self.queue);
        // Seeds of the border that is one no more.
        to.sown.extend(self.border.iter().filter(|b| b.seed != 0).map(|b| (self.origin(b.at), b.seed)));
        to.seeds_box = self.seeds_box;
        to.looked = self.looked;
        to.left = Some(self.left.map_or(self.region, |left| left.or(&self.region)));
        let spent = both.voxels() / 16;
        *self = *to;
        spent
    }

    /// The index in the grid's scan order of a place.
    fn origin(&self, at: usize) -> usize {
        self.source(self.layout.voxel(at))
    }

    fn grid_at(&self, [x, y, z]: [usize; 3]) -> usize {
        (z * self.dims[1] + y) * self.dims[0] + x
    }

    /// The place of an index in the grid's scan order; `None` beyond the region.
    pub(super) fn place(&self, index: usize) -> Option<usize> {
        let [nx, ny, _] = self.dims;
        let voxel = [index % nx, index / nx % ny, index / (nx * ny)];
        let low = self.region.low;
        self.region.contains(voxel).then(|| self.layout.at([0, 1, 2].map(|a| voxel[a] - low[a])))
    }

    /// Queues whatever differs from the seeds that are grown from, within a box of the grid.
    fn requeue(&mut self, input: &Input<'_>, within: &Box3) {
        // Seeds beyond the region may wait for another, or do so no more.
        let whole = Box3::whole(self.dims);
        let within = within.and(if self.options.region == Region::Seeds { &whole } else { &self.region });
        for z in within.low[2]..within.high[2] {
            for y in within.low[1]..within.high[1] {
                for x in within.low[0]..within.high[0] {
                    let index = self.grid_at([x, y, z]);
                    self.reseed(index, input.seeds[index]);
                }
            }
        }
        if let Some(Moving { to, .. }) = &mut self.moving {
            for at in 0..to.border.len() {
                to.border[at].seed = input.seeds[to.origin(to.border[at].at)];
            }
        }
    }

    /// Whether everything asked for has been grown.
    pub(super) fn settled(&self) -> bool {
        self.doubted.is_empty()
            && self.masked.is_none()
            && self.moving.is_none()
            && self.sown.is_empty()
            && self.queue.is_empty()
            && with_field!(&self.keys, field => field.at_rest())
    }

    /// Long keys before anything is grown.
    fn lengthen(&mut self) {
        if let Keys::Short(field) = &self.keys {
            let mut wide = Field::new(self.layout, field.slabs(), self.weights.pass());
            for (wide, key) in wide.keys.iter_mut().zip(&field.keys).filter(|(_, k)| **k != u16::MAX) {
                *wide = u32::from(*key);
            }
            self.keys = Keys::Long(wide);
        }
    }

    fn key(&self, at: usize) -> u64 {
        match &self.keys {
            Keys::Short(field) if field.keys[at] == u16::MAX => u64::from(u32::MAX),
            Keys::Short(field) => field.keys[at].get(),
            Keys::Long(field) => field.keys[at].get(),
        }
    }

    /// Gives a voxel of the grid its seed of now, as soon as it can be.
    fn reseed(&mut self, index: usize, seed: u8) {
        let before = match self.place(index) {
            Some(at) => {
                let masked =
                    self.masked.as_ref().map(|m| m.levels.get(at).is_none_or(|level| *level == OUTSIDE));
                if masked.unwrap_or_else(|| self.outside(at)) {
                    if let Ok(found) = self.border.binary_search_by_key(&at, |b| b.at) {
                        self.border[found].seed = seed;
                        with_field!(&mut self.keys, field => field.touch(Some(at)));
                    }
                    return;
                }
                self.seed(at)
            }
            // Of a region that is to be moved to.
            None => 0,
        };
        if self.sown.is_empty() && before == seed {
            // Perhaps a stroke and its undo, both before the first was grown.
            self.queue.remove(&index);
        } else {
            self.queue.insert(index, seed);
        }
    }

    fn seed(&self, at: usize) -> u8 {
        let key = self.key(at);
        if key >> self.weights.bits == 0 { key as u8 } else { 0 }
    }

    /// At rest: takes up the strokes that wait. Keys are taken away first, with all that stands on them,
    /// and only then are seeds put: the closure must see the fixed point that the keys came from.
    pub(super) fn take_up(&mut self) {
        for (index, seed) in std::mem::take(&mut self.queue) {
            let at = self.place(index);
            let before = at.map_or(0, |at| self.seed(at));
            if before == seed {
                continue;
            }
            if let Some(at) = at.filter(|_| before != 0 && (seed == 0 || seed > before)) {
                self.doubt_at(at, self.key(at));
            }
            if seed != 0 {
                self.sown.push((index, seed));
            }
        }
        self.leave();
    }

    /// Takes a key away, and remembers it.
    fn doubt_at(&mut self, at: usize, key: u64) {
        with_field!(&mut self.keys, field => field.empty(at));
        if key < u64::from(u32::MAX) && key != 0 {
            self.doubted.push_back((at as u32, key as u32));
        }
    }

    /// Takes away what may stand on what was taken away, up to a budget; returns voxels looked at.
    pub(super) fn doubt(&mut self, budget: u64) -> u64 {
        let mut doubted = std::mem::take(&mut self.doubted);
        let spent = self.work(Doubt { doubted: &mut doubted, bits: self.weights.bits, budget });
        self.doubted = doubted;
        2 * spent
    }
}

/// The taking away, as work on a field.
struct Doubt<'a> {
    doubted: &'a mut VecDeque<(u32, u32)>,
    bits: u32,
    budget: u64,
}

impl Job for Doubt<'_> {
    fn run<K: Key, F: Form<K>, L: Levels>(self, field: &mut Field<K>, rule: &Rule<K, F, L>) -> u64 {
        field.doubt(rule, self.doubted, self.bits, self.budget)
    }
}
