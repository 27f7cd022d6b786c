//! The domain: which voxels take part, their levels and their seeds.
//!
//! In: images, mask, range, seeds. Out: levels with whatever is excluded marked, a field of unreached keys,
//! and seeds in it. It grows nothing.

use std::collections::{BTreeMap, VecDeque};

use super::keys::Key as _;
use super::layout::{Layout, OUTSIDE};
use super::levels::{Scale, levels};
use super::wave::Field;
use super::weights::Weights;
use super::{Border, Box3, Error, GrowCut, Input, Keys, Options, Order, with_field};

impl GrowCut {
    /// Levels and unreached keys of a region.
    pub(super) fn on(
        input: &Input<'_>,
        options: Options,
        region: Box3,
        seeds_box: Option<Box3>,
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
            masked: None,
            moving: None,
            left: None,
            look: None,
        };
        made.read_levels(input);
        made.close();
        with_field!(&mut made.keys, field => field.touch(None));
        Ok(made)
    }

    /// Takes levels from the images; marks what mask, range and, in strict order, the border exclude.
    pub(super) fn read_levels(&mut self, input: &Input<'_>) {
        let layout = self.layout;
        let times = self.weights.stored as u16;
        self.levels = input
            .channels
            .iter()
            .zip(&self.scales)
            .map(|(channel, scale)| levels(channel, *scale, times, input.grid, &self.region, &layout))
            .collect();
        self.border.clear();
        let strict = self.options.order == Order::Strict && layout.size.iter().all(|n| *n >= 3);
        let picked = input.mask.is_some() || self.options.range.is_some();
        for z in 0..layout.size[2] {
            for y in 0..layout.size[1] {
                let ends =
                    [y, z].iter().zip([layout.size[1], layout.size[2]]).any(|(v, n)| *v == 0 || *v + 1 == n);
                if strict {
                    let step = if ends { 1 } else { layout.size[0] - 1 };
                    for x in (0..layout.size[0]).step_by(step) {
                        self.fence(input, [x, y, z]);
                    }
                }
                if picked {
                    self.pick(input, y, z);
                }
            }
        }
    }

    /// Takes out of the domain what mask and range exclude of a row.
    fn pick(&mut self, input: &Input<'_>, y: usize, z: usize) {
        let (from, source) = (self.layout.row(y, z), self.source([0, y, z]));
        let width = self.layout.size[0];
        if let Some(mask) = input.mask
            && let Some(levels) = self.levels.first_mut()
        {
            let mask = mask.get(source..source + width).unwrap_or_default();
            for (level, mask) in levels.get_mut(from..).unwrap_or_default().iter_mut().zip(mask) {
                *level = if *mask == 0 { OUTSIDE } else { *level };
            }
        }
        if self.options.range.is_some() {
            for x in 0..width {
                if !self.picked(input, [x, y, z]) {
                    self.shut(from + x);
                }
            }
        }
    }

    /// Whether mask and range let a voxel take part.
    fn picked(&self, input: &Input<'_>, voxel: [usize; 3]) -> bool {
        let source = self.source(voxel);
        let masked = input.mask.is_some_and(|m| m.get(source).is_none_or(|v| *v == 0));
        let ranged = self.options.range.is_some_and(|(low, high)| {
            let value = input.channels.first().and_then(|c| c.voxels.get(source));
            value.is_none_or(|v| v < low || v > high)
        });
        !masked && !ranged
    }

    /// Takes a voxel out of the domain.
    fn shut(&mut self, at: usize) {
        if let Some(level) = self.levels.first_mut().and_then(|l| l.get_mut(at)) {
            *level = OUTSIDE;
        }
    }

    /// Sets a voxel aside as the border.
    fn fence(&mut self, input: &Input<'_>, voxel: [usize; 3]) {
        let at = self.layout.at(voxel);
        if self.picked(input, voxel) {
            let mut own = [OUTSIDE; 8];
            for (own, levels) in own.iter_mut().zip(&self.levels) {
                *own = levels[at];
            }
            let seed = input.seeds.get(self.source(voxel)).copied().unwrap_or(0);
            self.border.push(Border { at, seed, levels: own });
        }
        self.shut(at);
    }

    /// Tells the field which voxels are outside.
    pub(super) fn close(&mut self) {
        let levels = self.levels.first().map(Vec::as_slice).unwrap_or_default();
        with_field!(&mut self.keys, field => field.close(levels));
    }

    /// The place of a region's voxel in the grid's scan order.
    pub(super) fn source(&self, [x, y, z]: [usize; 3]) -> usize {
        let low = self.region.low;
        ((low[2] + z) * self.dims[1] + low[1] + y) * self.dims[0] + low[0] + x
    }

    /// Puts all seeds; returns their labels, in order.
    pub(super) fn sow(&mut self, input: &Input<'_>) -> Vec<u8> {
        let within = self.seeds_box.unwrap_or(Box3::whole([0; 3])).and(&self.region);
        let low = self.region.low;
        let mut found = [false; 256];
        for z in within.low[2]..within.high[2] {
            for y in within.low[1]..within.high[1] {
                let from = (z * self.dims[1] + y) * self.dims[0];
                let row = input.seeds.get(from + within.low[0]..from + within.high[0]).unwrap_or_default();
                let to = self.layout.at([within.low[0] - low[0], y - low[1], z - low[2]]);
                for (x, seed) in row.iter().enumerate().filter(|(_, seed)| **seed != 0) {
                    if !self.outside(to + x) {
                        found[usize::from(*seed)] = true;
                        self.put(to + x, *seed);
                    }
                }
            }
        }
        for border in &self.border {
            found[usize::from(border.seed)] = true;
        }
        (1..=255).filter(|label| found[usize::from(*label)]).collect()
    }

    pub(super) fn put(&mut self, at: usize, seed: u8) {
        let weights = &self.weights;
        with_field!(&mut self.keys, field => field.put(at, weights.key(0, seed)));
    }

    /// Whether a place is outside the domain.
    pub(super) fn outside(&self, at: usize) -> bool {
        self.levels.first().and_then(|l| l.get(at)).is_none_or(|level| *level == OUTSIDE)
    }

    pub(super) fn labels_with_seeds(&self) -> Vec<u8> {
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
}
