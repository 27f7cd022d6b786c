//! GrowCut: every voxel takes the label of the seed with the cheapest path to it.
//!
//! In: one to eight images on one grid, seeds, perhaps a mask. Out: labels, and a margin that says how
//! nearly another label won. What it computes is the fixed point of a relaxation of keys
//! (distance, label), the same for any number of threads and any schedule; after a stroke it is brought
//! up to date exactly. Work is done in steps, [`GrowCut::step`], between which the state is a valid one:
//! every label shown is realised by a path. It reads no file and no clock. See `docs/growcut.md`.
//!
//! - `options`, `error`: what can be chosen, and why not.
//! - `levels`, `weights`, `keys`: images and metric as whole numbers.
//! - `layout`, `lanes`, `kernel`, `wave`: the solver.
//! - `update`: strokes, larger regions, other masks.
//! - `align`: whether several phases lie where the first does.
//! - `margin`: how sure it is, and where the next stroke would tell most.

mod align;
mod error;
mod kernel;
mod keys;
mod lanes;
mod layout;
mod levels;
mod margin;
mod options;
#[cfg(test)]
mod tests;
mod update;
mod wave;
mod weights;

pub use align::{Advice, Alignment, advise, alignment};
pub use error::Error;
pub use levels::Channel;
pub use margin::{Margin, NextStroke};
pub use options::{Box3, Connectivity, Metric, Options, Order, Region};

use kernel::{Floor, Form, Levels, Many, One, Rule, Sum, Table};
use keys::Key;
use layout::{Layout, OUTSIDE};
use levels::{Scale, levels, scales};
use wave::Field;
use weights::{FEW, Shape, Weights};

use std::collections::{BTreeMap, VecDeque};

use crate::volume::Grid;

/// What labels grow from, and on.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// The common grid.
    pub grid: &'a Grid,
    /// One to eight images.
    pub channels: &'a [Channel<'a>],
    /// A label a voxel, 0 for none, in scan order.
    pub seeds: &'a [u8],
    /// Where labels may grow: not zero. Seeds elsewhere are left aside.
    pub mask: Option<&'a [u8]>,
}

/// How wide the keys are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyWidth {
    /// 12 bits of distance and 4 of label.
    U16,
    /// 28 and 4, or 24 and 8.
    U32,
}

/// What is being computed, in figures.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Summary {
    /// Voxels of the region.
    pub voxels: u64,
    /// The region.
    pub region: Box3,
    /// The labels that have seeds, in order.
    pub labels: Vec<u8>,
    /// Width of the keys: short ones until a distance does not fit them.
    pub key: KeyWidth,
    /// Whether the images' differences are kept exactly.
    pub exact_levels: bool,
    /// Bytes held beside the image.
    pub bytes: u64,
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Progress {
    /// Whether the labels are final.
    pub done: bool,
    /// An estimate, 0 to 1.
    pub fraction: f64,
}

/// Keys in the width that they need.
#[derive(Debug)]
enum Keys {
    Short(Field<u16>),
    Long(Field<u32>),
}

/// Runs `$body` with `$field` bound to the field of whichever width.
macro_rules! with_field {
    ($keys:expr, $field:ident => $body:expr) => {
        match $keys {
            Keys::Short($field) => $body,
            Keys::Long($field) => $body,
        }
    };
}
use with_field;

/// A voxel on the border of a region in strict order: it takes a label and passes none on.
#[derive(Clone, Debug)]
struct Border {
    at: usize,
    seed: u8,
    levels: [u16; 8],
}

/// A segmentation that grows.
#[derive(Debug)]
pub struct GrowCut {
    options: Options,
    dims: [usize; 3],
    region: Box3,
    seeds_box: Box3,
    layout: Layout,
    scales: Vec<Scale>,
    levels: Vec<Vec<u16>>,
    weights: Weights,
    keys: Keys,
    border: Vec<Border>,
    /// Voxels whose keys are to be taken from all that stand on them: place and former key.
    doubted: VecDeque<(u32, u32)>,
    /// Seeds to be put when nothing is in doubt.
    sown: Vec<(usize, u8)>,
    /// Seeds of strokes that wait for the field to be at rest: places and labels, 0 for none.
    queue: BTreeMap<usize, u8>,
    /// Whether the whole region was once looked through for distances that did not fit.
    checked: bool,
    looked: u64,
}

impl GrowCut {
    /// Prepares a segmentation; nothing is grown yet.
    ///
    /// # Errors
    /// Images, seeds or mask that don't fit the grid; a voxel that is not finite; fewer than two labels
    /// among the seeds; options that make no sense; more memory than the budget.
    pub fn new(input: &Input<'_>, options: Options) -> Result<Self, Error> {
        options.check()?;
        check(input)?;
        let dims = input.grid.dims().map(|d| d as usize);
        let seeds_box = Box3::of_seeds(input.seeds, dims).ok_or(Error::NoSeeds)?;
        let whole = Box3::whole(dims);
        let region = match options.region {
            Region::Whole => whole,
            Region::Seeds => Box3::around_seeds(&seeds_box, dims, input.mask.is_some()),
            Region::Box(of) => of.and(&whole),
        };
        let scales = scales(input.channels, &options)?;
        let mut made = Self::on(input, options, region, seeds_box, scales)?;
        made.sow(input);
        let labels = made.labels_with_seeds();
        match labels.as_slice() {
            [] => Err(Error::NoSeeds),
            [one] => Err(Error::OneLabel(*one)),
            _ => Ok(made),
        }
    }

    /// Levels and unreached keys of a region.
    fn on(
        input: &Input<'_>,
        options: Options,
        region: Box3,
        seeds_box: Box3,
        scales: Vec<Scale>,
    ) -> Result<Self, Error> {
        let layout = Layout::new(region.size());
        let most = input.seeds.iter().copied().max().unwrap_or(0);
        let weights = Weights::plan(&options, input.grid.affine(), &scales, &layout, most);
        let width = if weights.short { 2 } else { 4 };
        // Keys, levels; the least key of eight voxels, and a mark a voxel.
        let per_eight = 8 * (width + 2 * scales.len() as u64) + width + 1;
        let needed = (layout.len() as u64).saturating_mul(per_eight).div_ceil(8);
        if needed > options.budget || region.voxels() == 0 {
            return Err(Error::Memory { voxels: region.voxels(), needed, budget: options.budget });
        }
        let slabs = match options.slabs {
            // Some for each thread, since the wave does not run everywhere at once.
            0 => match rayon::current_num_threads() {
                1 => 1,
                n => 4 * n,
            },
            n => n,
        };
        let keys = if weights.short {
            Keys::Short(Field::new(layout, slabs, weights.pass()))
        } else {
            Keys::Long(Field::new(layout, slabs, weights.pass()))
        };
        let mut made = Self {
            options,
            dims: input.grid.dims().map(|d| d as usize),
            region,
            seeds_box,
            layout,
            scales,
            levels: Vec::new(),
            weights,
            keys,
            border: Vec::new(),
            doubted: VecDeque::new(),
            sown: Vec::new(),
            queue: BTreeMap::new(),
            checked: false,
            looked: 0,
        };
        made.read_levels(input);
        made.close();
        Ok(made)
    }

    /// Takes levels from the images; marks what mask, range and, in strict order, the border exclude.
    fn read_levels(&mut self, input: &Input<'_>) {
        let layout = self.layout;
        self.levels = input
            .channels
            .iter()
            .zip(&self.scales)
            .map(|(channel, scale)| levels(channel, *scale, input.grid, &self.region, &layout))
            .collect();
        let strict = self.options.order == Order::Strict && layout.size.iter().all(|n| *n >= 3);
        self.border.clear();
        let first = input.channels.first().map(|c| c.voxels);
        for z in 0..layout.size[2] {
            for y in 0..layout.size[1] {
                for x in 0..layout.size[0] {
                    let at = layout.at([x, y, z]);
                    let source = self.source([x, y, z]);
                    let masked = input.mask.is_some_and(|m| m.get(source).is_none_or(|v| *v == 0));
                    let ranged = self.options.range.is_some_and(|(low, high)| {
                        first.and_then(|v| v.get(source)).is_none_or(|v| v < low || v > high)
                    });
                    let edge =
                        strict && [x, y, z].iter().zip(layout.size).any(|(v, n)| *v == 0 || *v + 1 == n);
                    if edge && !masked && !ranged {
                        let mut own = [OUTSIDE; 8];
                        for (own, levels) in own.iter_mut().zip(&self.levels) {
                            *own = levels[at];
                        }
                        let seed = input.seeds.get(source).copied().unwrap_or(0);
                        self.border.push(Border { at, seed, levels: own });
                    }
                    if (masked || ranged || edge)
                        && let Some(level) = self.levels.first_mut().and_then(|l| l.get_mut(at))
                    {
                        *level = OUTSIDE;
                    }
                }
            }
        }
        if self.weights.stored > 1 {
            let stored = self.weights.stored as u16;
            for level in self.levels.iter_mut().flatten().filter(|l| **l != OUTSIDE) {
                *level *= stored;
            }
            for level in self.border.iter_mut().flat_map(|b| &mut b.levels).filter(|l| **l != OUTSIDE) {
                *level *= stored;
            }
        }
    }

    /// Tells the field which voxels are outside.
    fn close(&mut self) {
        let levels = self.levels.first();
        let outside = |at: usize| levels.and_then(|l| l.get(at)).is_none_or(|level| *level == OUTSIDE);
        with_field!(&mut self.keys, field => field.close(outside));
    }

    /// The place of a region's voxel in the grid's scan order.
    fn source(&self, [x, y, z]: [usize; 3]) -> usize {
        let low = self.region.low;
        ((low[2] + z) * self.dims[1] + low[1] + y) * self.dims[0] + low[0] + x
    }

    /// Puts all seeds.
    fn sow(&mut self, input: &Input<'_>) {
        let within = self.seeds_box.and(&self.region);
        for z in within.low[2]..within.high[2] {
            for y in within.low[1]..within.high[1] {
                for x in within.low[0]..within.high[0] {
                    let seed =
                        input.seeds.get((z * self.dims[1] + y) * self.dims[0] + x).copied().unwrap_or(0);
                    let low = self.region.low;
                    let at = self.layout.at([x - low[0], y - low[1], z - low[2]]);
                    if seed != 0 && !self.outside(at) {
                        self.put(at, seed);
                    }
                }
            }
        }
    }

    fn put(&mut self, at: usize, seed: u8) {
        let weights = &self.weights;
        with_field!(&mut self.keys, field => field.put(at, weights.key(0, seed)));
    }

    /// Whether a place is outside the domain.
    fn outside(&self, at: usize) -> bool {
        self.levels.first().and_then(|l| l.get(at)).is_none_or(|level| *level == OUTSIDE)
    }

    fn labels_with_seeds(&self) -> Vec<u8> {
        let mut found = [false; 256];
        let seeds = u64::from(u8::MAX);
        with_field!(&self.keys, field => {
            for key in &field.keys {
                // Distance 0: a seed.
                if key.get() <= seeds && key.get() >> self.weights.bits == 0 {
                    found[key.get() as usize & 255] = true;
                }
            }
        });
        for border in &self.border {
            found[usize::from(border.seed)] = true;
        }
        (1..=255).filter(|label| found[usize::from(*label)]).collect()
    }

    /// Grows until done, or until some `budget` voxels have been looked at.
    ///
    /// # Errors
    /// [`Error::TooWide`], where distances exceed the widest key.
    pub fn step(&mut self, budget: u64) -> Result<Progress, Error> {
        let mut left = budget.max(1);
        loop {
            if left == 0 {
                let share = self.looked as f64 / (12 * self.region.voxels()).max(1) as f64;
                return Ok(Progress { done: false, fraction: 1.0 - (-share).exp() });
            }
            let spent = if !self.doubted.is_empty() {
                self.doubt(left)
            } else if !self.sown.is_empty() {
                for (at, seed) in std::mem::take(&mut self.sown) {
                    self.put(at, seed);
                }
                1
            } else if !with_field!(&self.keys, field => field.at_rest()) {
                self.wave(left)
            } else if self.widen()? {
                1
            } else {
                with_field!(&mut self.keys, field => field.emptied = None);
                self.checked = true;
                if self.queue.is_empty() {
                    self.looked = 0;
                    return Ok(Progress { done: true, fraction: 1.0 });
                }
                self.take_up();
                1
            };
            self.looked += spent;
            left = left.saturating_sub(spent);
        }
    }

    /// Grows until done.
    ///
    /// # Errors
    /// As [`GrowCut::step`].
    pub fn solve(&mut self) -> Result<(), Error> {
        while !self.step(u64::MAX)?.done {}
        Ok(())
    }

    fn wave(&mut self, budget: u64) -> u64 {
        let Self { levels, weights, keys, .. } = self;
        with_field!(keys, field => match levels.as_slice() {
            [one] => advance(field, One(one), weights, budget),
            many => advance(field, Many(many), weights, budget),
        })
    }

    /// At rest with short keys: goes on with long ones if a distance did not fit.
    fn widen(&mut self) -> Result<bool, Error> {
        let beyond = self.beyond();
        if beyond.is_empty() {
            return Ok(false);
        }
        let Keys::Short(field) = &self.keys else {
            return Err(Error::TooWide(32 - self.weights.bits));
        };
        let full = self.weights.full::<u16>();
        let mut wide = Field::new(self.layout, field.slabs(), self.weights.pass());
        for (wide, key) in wide.keys.iter_mut().zip(&field.keys) {
            *wide = if key.get() >> self.weights.bits >= full { u32::MAX } else { u32::from(*key) };
        }
        for at in beyond {
            wide.empty(at);
        }
        self.keys = Keys::Long(wide);
        Ok(true)
    }

    /// Unreached voxels beside reached ones, over an edge that can be crossed.
    fn beyond(&self) -> Vec<usize> {
        let layout = &self.layout;
        let mut within = Box3::whole(layout.size);
        // After the first rest only what was taken away can be out of reach anew.
        if self.checked {
            let Some(rows) = with_field!(&self.keys, field => field.emptied) else { return Vec::new() };
            for axis in 1..3 {
                within.low[axis] = rows.low[axis - 1].saturating_sub(1);
                within.high[axis] = (rows.high[axis - 1] - 1).min(layout.size[axis]);
            }
        }
        let weights = &self.weights;
        let mut found = Vec::new();
        let steps: Vec<(usize, isize)> = (0..27)
            .filter(|d| weights.steps[*d].is_some())
            .map(|d| (d, layout.step([d as i32 % 3 - 1, d as i32 / 3 % 3 - 1, d as i32 / 9 - 1])))
            .collect();
        with_field!(&self.keys, field => {
            let full = weights.full_of(&field.keys);
            for z in within.low[2]..within.high[2] {
                for y in within.low[1]..within.high[1] {
                    let from = layout.at([within.low[0], y, z]);
                    let row = field.keys.get(from..from + within.high[0] - within.low[0]).unwrap_or_default();
                    for (x, key) in row.iter().enumerate() {
                        let at = from + x;
                        if key.get() >> weights.bits < full {
                            continue;
                        }
                        let reachable = steps.iter().any(|(d, step)| {
                            let beside = (at as isize + step) as usize;
                            field.keys.get(beside).is_some_and(|k| k.get() != 0 && k.get() >> weights.bits < full)
                                && self.cost(at, beside, *d).is_some()
                        });
                        if reachable {
                            found.push(at);
                        }
                    }
                }
            }
        });
        found
    }

    /// What an edge costs, in units of distance; `None` where it can't be crossed.
    fn cost(&self, a: usize, b: usize, direction: usize) -> Option<u64> {
        let difference = self.levels.iter().map(|l| l[a].abs_diff(l[b])).fold(0_u16, u16::saturating_add);
        self.cost_of(difference, direction)
    }

    fn cost_of(&self, difference: u16, direction: usize) -> Option<u64> {
        let step = self.weights.steps[direction]?;
        let difference = u64::from(difference);
        match self.weights.shape {
            Shape::Floor => Some((difference * self.weights.per_level / self.by()).max(1)),
            Shape::Sum => Some(difference * self.weights.per_level / self.by() + step),
            Shape::Table => {
                let cost = *self.weights.table.get(difference as usize)?;
                (cost < u64::from(u32::MAX)).then_some(cost + step)
            }
        }
    }

    /// What stored levels are multiplied by, beyond distance units.
    fn by(&self) -> u64 {
        self.weights.stored
    }

    /// How wide the keys are now.
    #[must_use]
    pub fn key_width(&self) -> KeyWidth {
        match &self.keys {
            Keys::Short(_) => KeyWidth::U16,
            Keys::Long(_) => KeyWidth::U32,
        }
    }

    /// What is being computed. Looks through the region for labels.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let places = self.layout.len() as u64;
        Summary {
            voxels: self.region.voxels(),
            region: self.region,
            labels: self.labels_with_seeds(),
            key: self.key_width(),
            exact_levels: self.scales.iter().all(|s| s.exact),
            bytes: places * 2 * self.levels.len() as u64
                + with_field!(&self.keys, field => field.bytes())
                + (self.doubted.capacity() * 8) as u64,
        }
    }

    /// The options it was made with.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Where it grows.
    #[must_use]
    pub fn region(&self) -> &Box3 {
        &self.region
    }

    /// Labels of the whole grid; 0 beyond the region and where nothing has reached.
    #[must_use]
    pub fn labels(&self) -> Vec<u8> {
        let mut out = vec![0; self.dims.iter().product()];
        self.write_labels(&self.region, &mut out);
        out
    }

    /// The labels of a box of the grid, in scan order.
    #[must_use]
    pub fn labels_of(&self, of: &Box3) -> Vec<u8> {
        let size = of.size();
        let mut out = vec![0; size.iter().product()];
        self.write_labels_at(of, &mut out, |[x, y, z]| {
            ((z - of.low[2]) * size[1] + y - of.low[1]) * size[0] + x - of.low[0]
        });
        out
    }

    /// Writes the labels of a box of the grid into a map of the whole grid.
    pub fn write_labels(&self, of: &Box3, out: &mut [u8]) {
        let [nx, ny, _] = self.dims;
        self.write_labels_at(of, out, |[x, y, z]| (z * ny + y) * nx + x);
    }

    fn write_labels_at(&self, of: &Box3, out: &mut [u8], place: impl Fn([usize; 3]) -> usize) {
        let within = of.and(&self.region);
        let low = self.region.low;
        let width = within.size()[0];
        for z in within.low[2]..within.high[2] {
            for y in within.low[1]..within.high[1] {
                let from = self.layout.at([within.low[0] - low[0], y - low[1], z - low[2]]);
                let to = place([within.low[0], y, z]);
                let Some(row) = out.get_mut(to..to + width) else { continue };
                with_field!(&self.keys, field => {
                    for (out, key) in row.iter_mut().zip(field.keys.get(from..).unwrap_or_default()) {
                        *out = self.weights.label(*key);
                    }
                });
            }
        }
        for border in &self.border {
            let voxel = self.layout.voxel(border.at);
            let at = [0, 1, 2].map(|a| voxel[a] + low[a]);
            if within.contains(at)
                && let Some(out) = out.get_mut(place(at))
            {
                *out = self.border_label(border);
            }
        }
    }

    /// The label that a border voxel takes from within.
    fn border_label(&self, border: &Border) -> u8 {
        if border.seed != 0 {
            return border.seed;
        }
        let mut best: Option<(u64, u8)> = None;
        for direction in 0..27 {
            let d = direction as i32;
            let step = self.layout.step([d % 3 - 1, d / 3 % 3 - 1, d / 9 - 1]);
            let beside = (border.at as isize + step) as usize;
            if self.outside(beside) {
                continue;
            }
            let difference = self
                .levels
                .iter()
                .zip(border.levels)
                .map(|(l, own)| l[beside].abs_diff(own))
                .fold(0_u16, u16::saturating_add);
            let Some(cost) = self.cost_of(difference, direction) else { continue };
            with_field!(&self.keys, field => {
                let key = field.keys[beside];
                let label = self.weights.label(key);
                if label != 0 {
                    let here = ((key.get() >> self.weights.bits) + cost, label);
                    best = Some(best.map_or(here, |b| b.min(here)));
                }
            });
        }
        best.map_or(0, |(_, label)| label)
    }
}

fn check(input: &Input<'_>) -> Result<(), Error> {
    let expected = input.grid.voxels();
    if !(1..=8).contains(&input.channels.len()) {
        return Err(Error::Channels(input.channels.len()));
    }
    let lengths = input
        .channels
        .iter()
        .map(|c| ("an image", c.voxels.len()))
        .chain([("the seed map", input.seeds.len())])
        .chain(input.mask.map(|m| ("the mask", m.len())));
    for (what, found) in lengths {
        if found as u64 != expected {
            return Err(Error::Length { what, expected, found: found as u64 });
        }
    }
    Ok(())
}

/// Works with the arithmetic that the weights ask for.
fn advance<K: Key, L: Levels>(field: &mut Field<K>, levels: L, weights: &Weights, budget: u64) -> u64 {
    fn run<K: Key, L: Levels, F: Form<K>>(
        field: &mut Field<K>,
        levels: L,
        form: F,
        weights: &Weights,
        budget: u64,
    ) -> u64 {
        let layout = field.layout;
        field.advance(&Rule::new(levels, form, weights.directions(), &layout), budget)
    }
    let shift = weights.difference_shift();
    match weights.shape {
        Shape::Floor => {
            let least = weights.key(1, 0);
            run(field, levels, Floor { shift, least }, weights, budget)
        }
        Shape::Sum => run(field, levels, Sum { shift }, weights, budget),
        Shape::Table => {
            let table = weights.table();
            run(field, levels, Table { table: &table }, weights, budget)
        }
    }
}

/// Whether a seed map can keep to the fast keys.
#[must_use]
pub fn few_labels(seeds: &[u8]) -> bool {
    seeds.iter().all(|s| *s <= FEW)
}
