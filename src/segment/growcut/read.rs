//! What has been grown so far: labels and figures.
//!
//! In: a field, at rest or not. Out: labels of boxes, each realised by a path; figures. It changes nothing.

use super::keys::Key as _;
use super::{Border, Box3, GrowCut, KeyWidth, Keys, Options, Summary, with_field};

impl GrowCut {
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

    /// The box of the grid in which labels may have changed since this was asked last; `None` where none has.
    pub fn take_changed(&mut self) -> Option<Box3> {
        let left = self.left.take();
        let Some(rows) = with_field!(&mut self.keys, field => field.changed.take()) else { return left };
        let size = self.layout.size;
        // Rows count the rim.
        let within = |axis: usize, v: usize| self.region.low[axis] + v.saturating_sub(1).min(size[axis]);
        let of = Box3 {
            low: [self.region.low[0], within(1, rows.low[0]), within(2, rows.low[1])],
            high: [self.region.high[0], within(1, rows.high[0]), within(2, rows.high[1])],
        };
        Some(left.map_or(of, |left| left.or(&of)))
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
