//! Smoothing by counting and by blurring.
//!
//! In: labels on a box, a kernel in voxels or mm. Out: which voxels are inside afterwards. The median takes
//! what most voxels of a box-shaped kernel are, the blur cuts a Gaussian at half, the joint blur gives each
//! voxel to the strongest label. At the border of the grid kernels are cut off and weighed anew, as VTK has
//! it for 3D Slicer.

use super::work::{Passes, Work};

/// An odd number of voxels as near to some mm as there is, halved: how far a kernel reaches to each side, as
/// in 3D Slicer.
#[must_use]
pub fn kernel_half(mm: f64, spacing: f64) -> usize {
    (((mm / spacing + 1.0) / 2.0).round() as usize).saturating_sub(1)
}

/// How many voxels of a kernel lie within the box.
fn inside(at: usize, half: usize, len: usize) -> usize {
    (at + half + 1).min(len) - at.saturating_sub(half)
}

/// What most voxels around are.
#[derive(Debug)]
pub struct Median {
    size: [usize; 3],
    half: [usize; 3],
    counts: Vec<u32>,
    passes: Passes,
    line: Vec<u32>,
}

impl Median {
    /// Of a mask on a box; the kernel reaches so many voxels to each side.
    #[must_use]
    pub fn new(mask: &[u8], size: [usize; 3], half: [usize; 3]) -> Self {
        let counts = mask.iter().map(|m| u32::from(*m != 0)).collect();
        Self { size, half, counts, passes: Passes::new(size), line: Vec::new() }
    }
}

impl Work for Median {
    fn step(&mut self, budget: u64) -> bool {
        let mut left = budget.max(1);
        while left > 0 {
            let Some((axis, line)) = self.passes.next() else { return true };
            left = left.saturating_sub(line.len as u64);
            let half = self.half[axis];
            if half == 0 {
                continue;
            }
            // Sums up to each place.
            self.line.clear();
            self.line.push(0);
            let mut sum = 0;
            for at in line.places() {
                sum += self.counts.get(at).copied().unwrap_or(0);
                self.line.push(sum);
            }
            for (i, at) in line.places().enumerate() {
                let (low, high) = (i.saturating_sub(half), (i + half + 1).min(line.len));
                if let (Some(count), Some(a), Some(b)) =
                    (self.counts.get_mut(at), self.line.get(low), self.line.get(high))
                {
                    *count = b - a;
                }
            }
        }
        false
    }

    fn fraction(&self) -> f64 {
        self.passes.fraction()
    }

    fn take(&mut self) -> Vec<u8> {
        let [nx, ny, _] = self.size;
        let per = |axis: usize, at: usize| inside(at, self.half[axis], self.size[axis]) as u64;
        let out = self.counts.iter().enumerate().map(|(at, count)| {
            let of = per(0, at % nx) * per(1, at / nx % ny) * per(2, at / (nx * ny));
            u8::from(2 * u64::from(*count) > of)
        });
        out.collect()
    }
}

/// A Gaussian blur of a mask.
#[derive(Debug)]
struct Blur {
    values: Vec<f32>,
    passes: Passes,
    /// The kernel's half along each axis, its middle first.
    kernels: [Vec<f32>; 3],
    line: Vec<f32>,
}

impl Blur {
    fn new(mask: impl Iterator<Item = bool>, size: [usize; 3], spacing: [f64; 3], mm: f64) -> Self {
        let kernels = spacing.map(|step| {
            let deviation = mm / step;
            // Beyond four deviations nothing is left.
            (0..=(deviation * 4.0).ceil() as usize)
                .map(|i| (-0.5 * (i as f64 / deviation).powi(2)).exp() as f32)
                .collect()
        });
        let values = mask.map(|m| if m { 1.0 } else { 0.0 }).collect();
        Self { values, passes: Passes::new(size), kernels, line: Vec::new() }
    }

    fn step(&mut self, budget: u64) -> bool {
        let mut left = budget.max(1);
        while left > 0 {
            let Some((axis, line)) = self.passes.next() else { return true };
            let kernel = &self.kernels[axis];
            self.line.clear();
            self.line.extend(line.places().filter_map(|at| self.values.get(at)).copied());
            if self.line.iter().all(|v| *v == 0.0) {
                left = left.saturating_sub(1 + line.len as u64 / 8);
                continue;
            }
            left = left.saturating_sub((line.len * kernel.len() / 4) as u64 + 1);
            for (i, at) in line.places().enumerate() {
                let (mut sum, mut weight) = (0.0, 0.0);
                let low = i.saturating_sub(kernel.len() - 1);
                let high = (i + kernel.len()).min(line.len);
                for (j, v) in self.line.get(low..high).unwrap_or_default().iter().enumerate() {
                    let w = kernel.get((low + j).abs_diff(i)).copied().unwrap_or(0.0);
                    sum += w * v;
                    weight += w;
                }
                if let Some(place) = self.values.get_mut(at) {
                    *place = sum / weight;
                }
            }
        }
        false
    }
}

/// A blur cut at half.
#[derive(Debug)]
pub struct Gaussian(Blur);

impl Gaussian {
    /// Of a mask on a box, with a standard deviation in mm.
    #[must_use]
    pub fn new(mask: &[u8], size: [usize; 3], spacing: [f64; 3], mm: f64) -> Self {
        Self(Blur::new(mask.iter().map(|m| *m != 0), size, spacing, mm))
    }
}

impl Work for Gaussian {
    fn step(&mut self, budget: u64) -> bool {
        self.0.step(budget)
    }

    fn fraction(&self) -> f64 {
        self.0.passes.fraction()
    }

    fn take(&mut self) -> Vec<u8> {
        self.0.values.iter().map(|v| u8::from(*v >= 0.5)).collect()
    }
}

/// A blur of every label: the strongest wins, the first in the list among equal ones.
#[derive(Debug)]
pub struct Joint {
    labels: Vec<u8>,
    /// Labels that are smoothed, and 0 for what is none of them.
    of: Vec<u8>,
    next: usize,
    size: [usize; 3],
    spacing: [f64; 3],
    mm: f64,
    blur: Option<Blur>,
    best: Vec<f32>,
    out: Vec<u8>,
}

impl Joint {
    /// Of labels on a box. Labels that are not of the list count as none.
    #[must_use]
    pub fn new(labels: Vec<u8>, of: &[u8], size: [usize; 3], spacing: [f64; 3], mm: f64) -> Self {
        let len = labels.len();
        let of = of.iter().copied().chain([0]).collect();
        let (best, out) = (vec![0.0; len], vec![0; len]);
        Self { labels, of, next: 0, size, spacing, mm, blur: None, best, out }
    }
}

impl Work for Joint {
    fn step(&mut self, budget: u64) -> bool {
        let Some(&label) = self.of.get(self.next) else { return true };
        let (labels, of, size, spacing, mm) = (&self.labels, &self.of, self.size, self.spacing, self.mm);
        let blur = self.blur.get_or_insert_with(|| {
            let meant = |v: &u8| if label == 0 { *v == 0 || !of.contains(v) } else { *v == label };
            Blur::new(labels.iter().map(meant), size, spacing, mm)
        });
        if blur.step(budget) {
            for ((best, out), value) in self.best.iter_mut().zip(&mut self.out).zip(&blur.values) {
                if *value > *best {
                    (*best, *out) = (*value, label);
                }
            }
            self.blur = None;
            self.next += 1;
        }
        false
    }

    fn fraction(&self) -> f64 {
        let part = self.blur.as_ref().map_or(0.0, |b| b.passes.fraction());
        ((self.next as f64 + part) / self.of.len() as f64).min(1.0)
    }

    fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.out)
    }
}
