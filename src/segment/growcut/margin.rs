//! How sure it is: by how much the best label beats the second.
//!
//! In: a grown field. Out: for every voxel the cost of the cheapest path from a seed of any other label,
//! less the cost of its own; and the largest connected region where that is little, which is where the
//! next stroke tells most.
//!
//! With `s(u, v) = cost(u) + w(u, v) − cost(v) ≥ 0`, the slack of an edge, the margin is
//! `m(v) = min over u of s(u, v) + (0 if u has another label, else m(u))`: where u has another label its
//! own path is a rival's, where it has the same, its rival's path goes on to v. One number a voxel does,
//! and no second label need be kept.

use std::collections::VecDeque;

use super::keys::Key;
use super::{Box3, GrowCut, Keys, with_field};

/// The margin of every voxel of a region.
#[derive(Clone, Debug, PartialEq)]
pub struct Margin {
    /// The region, in voxels of the grid.
    pub region: Box3,
    /// Margins in scan order of the region, in the key's units; [`Margin::SURE`] where they don't matter:
    /// sure, unreached or outside.
    pub units: Vec<u16>,
    /// Units of one unit of intensity (of one nat in the classic metric).
    pub per_unit: f64,
}

impl Margin {
    /// As sure as it is measured.
    pub const SURE: u16 = u16::MAX;

    /// The margin at a voxel of the region, in units of intensity; infinite where it is sure.
    #[must_use]
    pub fn value(&self, index: usize) -> f32 {
        match self.units.get(index) {
            None | Some(&Self::SURE) => f32::INFINITY,
            Some(units) => (f64::from(*units) / self.per_unit) as f32,
        }
    }

    /// The margins of a box of the grid, in scan order, in units of intensity; infinite where it is sure and
    /// beyond the region.
    #[must_use]
    pub fn of_box(&self, of: &Box3) -> Vec<f32> {
        let size = self.region.size();
        let mut out = Vec::with_capacity(of.size().iter().product());
        for z in of.low[2]..of.high[2] {
            for y in of.low[1]..of.high[1] {
                for x in of.low[0]..of.high[0] {
                    let index = self.region.contains([x, y, z]).then(|| {
                        let low = self.region.low;
                        ((z - low[2]) * size[1] + y - low[1]) * size[0] + x - low[0]
                    });
                    out.push(self.value(index.unwrap_or(usize::MAX)));
                }
            }
        }
        out
    }

    /// The largest connected region (faces) of margins below `under` units of intensity: its box in voxels
    /// of the grid, its size, and the voxel of it that has the least margin.
    #[must_use]
    pub fn next_stroke(&self, under: f64) -> Option<NextStroke> {
        let limit = (under * self.per_unit).clamp(0.0, f64::from(Self::SURE)) as u16;
        let [nx, ny, nz] = self.region.size();
        let mut seen: Vec<bool> = self.units.iter().map(|m| *m >= limit).collect();
        let mut best: Option<NextStroke> = None;
        let mut queue = VecDeque::new();
        for start in 0..self.units.len() {
            if seen[start] {
                continue;
            }
            seen[start] = true;
            queue.push_back(start);
            let mut found: Option<NextStroke> = None;
            while let Some(at) = queue.pop_front() {
                let v = [at % nx, at / nx % ny, at / (nx * ny)];
                let low = [0, 1, 2].map(|a| v[a] + self.region.low[a]);
                let here = NextStroke {
                    region: Box3 { low, high: low.map(|c| c + 1) },
                    voxels: 1,
                    place: low,
                    margin: self.units[at],
                };
                found = Some(match found {
                    None => here,
                    Some(f) => NextStroke {
                        region: f.region.or(&here.region),
                        voxels: f.voxels + 1,
                        place: if here.margin < f.margin { here.place } else { f.place },
                        margin: f.margin.min(here.margin),
                    },
                });
                let steps = [(v[0] > 0, 1), (v[1] > 0, nx), (v[2] > 0, nx * ny)];
                let back = steps.iter().filter(|(can, _)| *can).map(|(_, step)| at - step);
                let steps = [(v[0] + 1 < nx, 1), (v[1] + 1 < ny, nx), (v[2] + 1 < nz, nx * ny)];
                let on = steps.iter().filter(|(can, _)| *can).map(|(_, step)| at + step);
                for beside in back.chain(on) {
                    if !seen[beside] {
                        seen[beside] = true;
                        queue.push_back(beside);
                    }
                }
            }
            if let Some(found) = found
                && best.as_ref().is_none_or(|b| found.voxels > b.voxels)
            {
                best = Some(found);
            }
        }
        best
    }
}

/// Where the next stroke tells most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct NextStroke {
    /// Box of the uncertain region.
    pub region: Box3,
    /// Its voxels.
    pub voxels: u64,
    /// The least certain of them, the first in scan order.
    pub place: [usize; 3],
    /// Its margin, in units of [`Margin::units`].
    pub margin: u16,
}

impl GrowCut {
    /// The margin of what is grown: exact once [`GrowCut::step`] is done. Takes two bytes a voxel.
    #[must_use]
    pub fn margin(&self) -> Margin {
        let layout = &self.layout;
        let bits = self.weights.bits;
        let mask = (1_u64 << bits) - 1;
        let full = with_field!(&self.keys, field => self.weights.full_of(&field.keys));
        let steps: Vec<(usize, isize)> = (0..27)
            .filter(|d| self.weights.steps[*d].is_some())
            .map(|d| (d, layout.step([d as i32 % 3 - 1, d as i32 / 3 % 3 - 1, d as i32 / 9 - 1])))
            .collect();
        let reached = |at: usize| -> Option<(u64, u64)> {
            let key = with_field!(&self.keys, field => field.keys[at].get());
            (key != 0 && key >> bits < full).then_some((key >> bits, key & mask))
        };
        let mut margins = vec![Margin::SURE; layout.len()];
        // Buckets by margin, in a ring: an edge's slack is put off to the bucket that it reaches.
        let mut buckets: Vec<Vec<u32>> = Vec::new();
        let put = |margins: &mut [u16], buckets: &mut Vec<Vec<u32>>, at: usize, margin: u64| {
            let margin = margin.min(u64::from(Margin::SURE));
            if margin < u64::from(margins[at]) {
                margins[at] = margin as u16;
                if buckets.len() <= margin as usize {
                    buckets.resize(margin as usize + 1, Vec::new());
                }
                buckets[margin as usize].push(at as u32);
            }
        };
        let size = layout.size;
        for z in 0..size[2] {
            for y in 0..size[1] {
                for at in layout.row(y, z)..layout.row(y, z) + size[0] {
                    let Some((distance, label)) = reached(at) else { continue };
                    let mut least = u64::MAX;
                    for (direction, step) in &steps {
                        let beside = (at as isize + step) as usize;
                        if let Some((d, l)) = reached(beside)
                            && l != label
                            && let Some(cost) = self.cost(at, beside, *direction)
                        {
                            least = least.min((d + cost).saturating_sub(distance));
                        }
                    }
                    put(&mut margins, &mut buckets, at, least);
                }
            }
        }
        let mut margin = 0;
        while margin < buckets.len() {
            while let Some(at) = buckets[margin].pop() {
                let at = at as usize;
                if usize::from(margins[at]) != margin {
                    continue;
                }
                let Some((distance, label)) = reached(at) else { continue };
                for (direction, step) in &steps {
                    let beside = (at as isize + step) as usize;
                    if let Some((d, l)) = reached(beside)
                        && l == label
                        && let Some(cost) = self.cost(at, beside, *direction)
                    {
                        let slack = (distance + cost).saturating_sub(d);
                        put(&mut margins, &mut buckets, beside, margin as u64 + slack);
                    }
                }
            }
            buckets[margin] = Vec::new();
            margin += 1;
        }
        let mut units = Vec::with_capacity(size.iter().product());
        for z in 0..size[2] {
            for y in 0..size[1] {
                units.extend_from_slice(&margins[layout.row(y, z)..layout.row(y, z) + size[0]]);
            }
        }
        Margin { region: self.region, units, per_unit: self.weights.per_unit }
    }
}
