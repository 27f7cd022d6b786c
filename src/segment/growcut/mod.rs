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
//! - `domain`: which voxels take part.
//! - `layout`, `lanes`, `kernel`, `slab`, `wave`: the solver; `widen`: where distances need longer keys.
//! - `read`: what has been grown so far.
//! - `update`: strokes, the region that follows them, other masks.
//! - `align`: whether several phases lie where the first does.
//! - `margin`: how sure it is, and where the next stroke would tell most.

mod align;
mod domain;
mod error;
mod kernel;
mod keys;
mod lanes;
mod layout;
mod levels;
mod margin;
mod options;
mod read;
mod slab;
#[cfg(test)]
mod tests;
mod update;
mod wave;
mod weights;
mod widen;

pub use align::{Advice, Alignment, advise, alignment};
pub use error::Error;
pub use levels::Channel;
pub use margin::{Margin, NextStroke};
pub use options::{Box3, Connectivity, Metric, Options, Order, Region};

use kernel::{Floor, Form, Levels, Many, One, Rule, Sum, Table};
use keys::Key;
use layout::Layout;
use levels::{Scale, scales};
use update::{Masked, Moving};
use wave::Field;
use weights::{FEW, Shape, Weights};
use widen::Look;

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
    /// The box of the seeds of now; `None` where there are none.
    seeds_box: Option<Box3>,
    layout: Layout,
    scales: Vec<Scale>,
    levels: Vec<Vec<u16>>,
    weights: Weights,
    keys: Keys,
    border: Vec<Border>,
    /// Voxels whose keys are to be taken from all that stand on them: place and former key.
    doubted: VecDeque<(u32, u32)>,
    /// Seeds to be put when nothing is in doubt: indices in the grid, and labels.
    sown: Vec<(usize, u8)>,
    /// Seeds of strokes that wait for the field to be at rest: indices in the grid, and labels, 0
    /// for none.
    queue: BTreeMap<usize, u8>,
    /// Whether at the last rest everything was within reach.
    checked: bool,
    looked: u64,
    /// Another mask, until nothing stands any more on what leaves.
    masked: Option<Masked>,
    /// Another region, until nothing stands any more on what leaves.
    moving: Option<Moving>,
    /// A box of the grid that it has been moved away from since somebody asked what changed.
    left: Option<Box3>,
    /// The look for distances that did not fit, while it is under way.
    look: Option<Look>,
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
        let mut made = Self::on(input, options, region, Some(seeds_box), scales)?;
        match made.sow(input).as_slice() {
            [] => Err(Error::NoSeeds),
            [one] => Err(Error::OneLabel(*one)),
            _ => Ok(made),
        }
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
            } else if let Some(masked) = self.masked.take() {
                self.put_on(masked)
            } else if self.may_move() {
                self.move_over().max(1)
            } else if !self.sown.is_empty() {
                for (index, seed) in std::mem::take(&mut self.sown) {
                    if let Some(at) = self.place(index).filter(|at| !self.outside(*at)) {
                        self.put(at, seed);
                    }
                }
                1
            } else if !with_field!(&self.keys, field => field.at_rest()) {
                self.work(Wave(left))
            } else if let Some(spent) = self.widen(left)? {
                spent
            } else {
                with_field!(&mut self.keys, field => field.emptied = None);
                if self.queue.is_empty() && self.moving.is_none() {
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

    /// Does a piece of work with the arithmetic that metric and images ask for.
    fn work<J: Job>(&mut self, job: J) -> u64 {
        let Self { levels, weights, keys, .. } = self;
        with_field!(keys, field => match levels.as_slice() {
            [one] => dispatch(field, One(one), weights, job),
            many => dispatch(field, Many(many), weights, job),
        })
    }
}

/// A piece of work on a field; returns how many voxels were looked at.
trait Job {
    fn run<K: Key, F: Form<K>, L: Levels>(self, field: &mut Field<K>, rule: &Rule<K, F, L>) -> u64;
}

/// Growing, up to a budget.
struct Wave(u64);

impl Job for Wave {
    fn run<K: Key, F: Form<K>, L: Levels>(self, field: &mut Field<K>, rule: &Rule<K, F, L>) -> u64 {
        field.advance(rule, self.0)
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

/// Does a piece of work with the arithmetic that the weights ask for.
fn dispatch<K: Key, L: Levels, J: Job>(field: &mut Field<K>, levels: L, weights: &Weights, job: J) -> u64 {
    let layout = field.layout;
    let directions = weights.directions();
    let shift = weights.difference_shift();
    match weights.shape {
        Shape::Floor => {
            let least = weights.key(1, 0);
            job.run(field, &Rule::new(levels, Floor { shift, least }, directions, &layout))
        }
        Shape::Sum => job.run(field, &Rule::new(levels, Sum { shift }, directions, &layout)),
        Shape::Table => {
            let table = weights.table();
            job.run(field, &Rule::new(levels, Table { table: &table }, directions, &layout))
        }
    }
}

/// Whether a seed map can keep to the fast keys.
#[must_use]
pub fn few_labels(seeds: &[u8]) -> bool {
    seeds.iter().all(|s| *s <= FEW)
}
