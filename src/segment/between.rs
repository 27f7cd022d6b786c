//! Filling between slices: shapes drawn in some, made up in those between.
//!
//! In: a mask on a box, the axis across the slices. Out: the mask with the gaps filled. Between two drawn
//! slices the signed distance to the outline is interpolated (Raya and Udupa, 1990), after the two shapes are
//! laid over each other by their centres where each is one piece, so that what moves from slice to slice is
//! followed.

use super::distance::Distance;
use super::islands::islands;
use super::work::Work;

/// Gaps being filled.
#[derive(Debug)]
pub struct Between {
    mask: Vec<u8>,
    size: [usize; 3],
    spacing: [f64; 3],
    axis: usize,
    /// Pairs of drawn slices with a gap between them.
    gaps: Vec<[usize; 2]>,
    done: usize,
}

impl Between {
    /// Of a mask; the axis is that along which most slices of the mask's extent are empty. `None` where no
    /// axis has a gap.
    #[must_use]
    pub fn new(mask: Vec<u8>, size: [usize; 3], spacing: [f64; 3]) -> Option<Self> {
        let mut best: Option<(usize, usize, Vec<[usize; 2]>)> = None;
        for axis in 0..3 {
            let mut drawn = vec![false; size[axis]];
            for (at, _) in mask.iter().enumerate().filter(|(_, m)| **m != 0) {
                let v = [at % size[0], at / size[0] % size[1], at / (size[0] * size[1])];
                if let Some(slice) = drawn.get_mut(v[axis]) {
                    *slice = true;
                }
            }
            let slices: Vec<usize> = (0..size[axis]).filter(|s| drawn[*s]).collect();
            let gaps: Vec<[usize; 2]> =
                slices.windows(2).filter(|w| w[1] > w[0] + 1).map(|w| [w[0], w[1]]).collect();
            let empty: usize = gaps.iter().map(|g| g[1] - g[0] - 1).sum();
            // Of equal ones the last axis: across the slices as they were acquired.
            if empty > 0 && best.as_ref().is_none_or(|(e, ..)| empty >= *e) {
                best = Some((empty, axis, gaps));
            }
        }
        best.map(|(_, axis, gaps)| Self { mask, size, spacing, axis, gaps, done: 0 })
    }

    /// The voxels of a slice, row by row.
    fn places(&self, slice: usize) -> Vec<usize> {
        let [nx, ny, nz] = self.size;
        match self.axis {
            0 => (0..ny * nz).map(|i| i * nx + slice).collect(),
            1 => (0..nx * nz).map(|i| (i / nx * ny + slice) * nx + i % nx).collect(),
            _ => (0..nx * ny).map(|i| slice * nx * ny + i).collect(),
        }
    }

    fn fill(&mut self, [from, to]: [usize; 2]) {
        let axes: Vec<usize> = (0..3).filter(|a| *a != self.axis).collect();
        let flat = [self.size[axes[0]], self.size[axes[1]], 1];
        let spacing = [self.spacing[axes[0]], self.spacing[axes[1]], 1.0];
        let shape = |slice: usize| -> Vec<u8> {
            self.places(slice).iter().map(|at| self.mask.get(*at).copied().unwrap_or(0)).collect()
        };
        let (a, b) = (shape(from), shape(to));
        let whole = |s: &[u8]| islands(s, flat, |v| v != 0).len() == 1;
        let (p, q) = (centre(&a, flat[0]), centre(&b, flat[0]));
        let shift = if whole(&a) && whole(&b) { [q[0] - p[0], q[1] - p[1]] } else { [0.0; 2] };
        let (a, b) = (signed(&a, flat, spacing), signed(&b, flat, spacing));
        for slice in from + 1..to {
            let share = (slice - from) as f64 / (to - from) as f64;
            for (i, at) in self.places(slice).into_iter().enumerate() {
                let place = [(i % flat[0]) as f64, (i / flat[0]) as f64];
                let at_a = [0, 1].map(|k| place[k] - share * shift[k]);
                let at_b = [0, 1].map(|k| place[k] + (1.0 - share) * shift[k]);
                let depth = (1.0 - share) * look(&a, flat, at_a) + share * look(&b, flat, at_b);
                if depth >= 0.0
                    && let Some(place) = self.mask.get_mut(at)
                {
                    *place = 1;
                }
            }
        }
    }
}

/// The middle of a shape, pixels.
fn centre(shape: &[u8], nx: usize) -> [f64; 2] {
    let (mut n, mut x, mut y) = (0.0, 0.0, 0.0);
    for (at, _) in shape.iter().enumerate().filter(|(_, v)| **v != 0) {
        n += 1.0;
        x += (at % nx) as f64;
        y += (at / nx) as f64;
    }
    if n > 0.0 { [x / n, y / n] } else { [0.0; 2] }
}

/// Depth within a shape, mm: positive inside, negative outside, 0 midway between two pixels.
fn signed(shape: &[u8], size: [usize; 3], spacing: [f64; 3]) -> Vec<f64> {
    let of = |inside: bool| {
        let mut distance = Distance::new(size, spacing, shape.iter().map(|v| (*v != 0) == inside));
        while !distance.step(u64::MAX) {}
        distance
    };
    let half = spacing[0].min(spacing[1]) / 2.0;
    let (to_in, to_out) = (of(true), of(false));
    let deep = |v: f32| if v.is_finite() { f64::from(v).sqrt() } else { 1e6 };
    to_in
        .squares()
        .iter()
        .zip(to_out.squares())
        .map(|(i, o)| if *i == 0.0 { deep(*o) - half } else { half - deep(*i) })
        .collect()
}

/// A value between pixels, linearly; beyond the slice that of its edge.
fn look(values: &[f64], size: [usize; 3], at: [f64; 2]) -> f64 {
    let at = [0, 1].map(|a| at[a].clamp(0.0, size[a] as f64 - 1.0));
    let low = at.map(|v| v.floor() as usize);
    let part = [at[0] - low[0] as f64, at[1] - low[1] as f64];
    let value = |x: usize, y: usize| {
        values.get(y.min(size[1] - 1) * size[0] + x.min(size[0] - 1)).copied().unwrap_or(-1e6)
    };
    let row = |y: usize| value(low[0], y) * (1.0 - part[0]) + value(low[0] + 1, y) * part[0];
    row(low[1]) * (1.0 - part[1]) + row(low[1] + 1) * part[1]
}

impl Work for Between {
    fn step(&mut self, budget: u64) -> bool {
        let slice = (self.size.iter().product::<usize>() / self.size[self.axis].max(1)) as u64;
        let mut left = budget.max(1);
        while left > 0 {
            let Some(gap) = self.gaps.get(self.done).copied() else { return true };
            self.fill(gap);
            self.done += 1;
            left = left.saturating_sub(slice * (6 + (gap[1] - gap[0]) as u64));
        }
        false
    }

    fn fraction(&self) -> f64 {
        self.done as f64 / self.gaps.len().max(1) as f64
    }

    fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.mask)
    }
}
