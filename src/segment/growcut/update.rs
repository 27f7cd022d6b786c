//! Strokes: seeds added, erased and relabelled, larger regions, other masks.
//!
//! In: the seeds as they are now and the box in which they changed. Out: a field that sweeps bring to the
//! fixed point of a full solve. Where a key may have stood on what is gone, it is taken away, and with it
//! every key that may have stood on it in turn (the closure over edges that are not slack); what remains
//! is realised by paths that still exist.

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

impl GrowCut {
    /// Takes up a stroke: `input` as it is now, `stroke` a box that covers every seed that changed. The
    /// images must be those of before. Growing goes on with [`GrowCut::step`]; strokes may follow each
    /// other without waiting. Undo is the inverse stroke.
    ///
    /// A stroke beyond the region, or within three voxels of its border, enlarges it as 3D Slicer does
    /// ([`Region::Seeds`] only). Returns whether the region changed.
    ///
    /// # Errors
    /// As [`GrowCut::new`], but for the number of labels: the last seed may be erased.
    pub fn edit(&mut self, input: &Input<'_>, stroke: &Box3) -> Result<bool, Error> {
        super::check(input)?;
        let stroke = stroke.and(&Box3::whole(self.dims));
        let painted = self.painted(input, &stroke);
        let mut enlarged = false;
        if let Some((painted, most)) = painted {
            self.seeds_box = self.seeds_box.or(&painted);
            if most > FEW && self.weights.bits == 4 {
                // Keys with room for more labels: a new beginning.
                let region = self.region.or(&self.wanted(input));
                self.anew(input, region)?;
                return Ok(true);
            }
            if self.options.region == Region::Seeds {
                let margin = Box3 {
                    low: painted.low.map(|v| v.saturating_sub(3)),
                    high: [0, 1, 2].map(|a| (painted.high[a] + 3).min(self.dims[a])),
                };
                if !self.region.covers(&margin) {
                    self.enlarge(input, self.region.or(&self.wanted(input)))?;
                    enlarged = true;
                }
            }
        }
        self.requeue(input, &stroke);
        Ok(enlarged)
    }

    /// Takes up another mask: the same as a new segmentation under it.
    ///
    /// # Errors
    /// As [`GrowCut::edit`].
    pub fn remask(&mut self, input: &Input<'_>) -> Result<(), Error> {
        super::check(input)?;
        self.border.clear();
        if !self.settled() {
            return self.anew(input, self.region);
        }
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
        self.requeue(input, &self.seeds_box.clone());
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

    /// The region that the rule asks for now.
    fn wanted(&self, input: &Input<'_>) -> Box3 {
        match self.options.region {
            Region::Seeds => Box3::around_seeds(&self.seeds_box, self.dims, input.mask.is_some()),
            Region::Whole | Region::Box(_) => self.region,
        }
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

    /// Moves to a larger region: what is grown stays, since its paths do.
    ///
    /// # Errors
    /// [`Error::Memory`].
    pub fn enlarge(&mut self, input: &Input<'_>, region: Box3) -> Result<(), Error> {
        let region = self.region.or(&region.and(&Box3::whole(self.dims)));
        if region == self.region {
            return Ok(());
        }
        let mut made = Self::on(input, self.options, region, self.seeds_box, self.scales.clone())?;
        // How many steps a tie may count depends on the region: other weights, other keys.
        if !self.settled() || made.weights != self.weights {
            let _ = made.sow(input);
            *self = made;
            return Ok(());
        }
        if matches!(self.keys, Keys::Long(_)) {
            made.lengthen();
        }
        let shift = [0, 1, 2].map(|a| self.region.low[a] - region.low[a]);
        let size = self.layout.size;
        for z in 0..size[2] {
            for y in 0..size[1] {
                let from = self.layout.row(y, z);
                let to = made.layout.at([shift[0], y + shift[1], z + shift[2]]);
                // The outermost voxels, and in strict order those within them, have new neighbours; and
                // those that were outside as the border are so no more.
                let outer = [y, z].iter().zip([size[1], size[2]]).any(|(v, n)| *v < 2 || *v + 2 >= n);
                for x in 0..size[0] {
                    let key = self.key(from + x);
                    if key != 0 && key != u64::from(u32::MAX) {
                        with_field!(&mut made.keys, field => field.keys[to + x] = Key::of(key));
                        if outer || x < 2 || x + 2 >= size[0] {
                            with_field!(&mut made.keys, field => field.changed(to + x));
                        }
                    }
                }
            }
        }
        *self = made;
        self.requeue(input, &self.seeds_box.clone());
        Ok(())
    }

    /// Begins from nothing, in a region.
    fn anew(&mut self, input: &Input<'_>, region: Box3) -> Result<(), Error> {
        *self = Self::on(input, self.options, region, self.seeds_box, self.scales.clone())?;
        let _ = self.sow(input);
        Ok(())
    }

    /// Queues whatever differs from the seeds that are grown from, within a box of the grid.
    fn requeue(&mut self, input: &Input<'_>, within: &Box3) {
        let within = within.and(&self.region);
        let low = self.region.low;
        for z in within.low[2]..within.high[2] {
            for y in within.low[1]..within.high[1] {
                for x in within.low[0]..within.high[0] {
                    let seed = input.seeds[(z * self.dims[1] + y) * self.dims[0] + x];
                    self.reseed(self.layout.at([x - low[0], y - low[1], z - low[2]]), seed);
                }
            }
        }
    }

    /// Whether everything asked for has been grown.
    pub(super) fn settled(&self) -> bool {
        self.doubted.is_empty()
            && self.masked.is_none()
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

    /// Gives a voxel its seed of now, as soon as it can be.
    fn reseed(&mut self, at: usize, seed: u8) {
        let masked = self.masked.as_ref().map(|m| m.levels.get(at).is_none_or(|level| *level == OUTSIDE));
        if masked.unwrap_or_else(|| self.outside(at)) {
            if let Ok(found) = self.border.binary_search_by_key(&at, |b| b.at) {
                self.border[found].seed = seed;
                with_field!(&mut self.keys, field => field.touch(Some(at)));
            }
            return;
        }
        if self.sown.is_empty() && self.seed(at) == seed {
            // Perhaps a stroke and its undo, both before the first was grown.
            self.queue.remove(&at);
        } else {
            self.queue.insert(at, seed);
        }
    }

    fn seed(&self, at: usize) -> u8 {
        let key = self.key(at);
        if key >> self.weights.bits == 0 { key as u8 } else { 0 }
    }

    /// At rest: takes up the strokes that wait. Keys are taken away first, with all that stands on them,
    /// and only then are seeds put: the closure must see the fixed point that the keys came from.
    pub(super) fn take_up(&mut self) {
        for (at, seed) in std::mem::take(&mut self.queue) {
            let before = self.seed(at);
            if before == seed {
                continue;
            }
            if before != 0 && (seed == 0 || seed > before) {
                self.doubt_at(at, self.key(at));
            }
            if seed != 0 {
                self.sown.push((at, seed));
            }
        }
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
