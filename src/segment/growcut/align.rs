//! How far one phase's content lies from another's: breathing between them.
//!
//! In: two images on one grid. Out: the translation, in whole voxels, at which their edges agree best; and
//! whether several phases are better looked at together or one alone. Contrast differs from phase to phase,
//! edges lie where they lie: so magnitudes of gradients are correlated, not values. It moves nothing.

use super::levels::Channel;
use crate::volume::{Grid, Voxels};

/// A translation between two images.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Alignment {
    /// Where the second image's content lies relative to the first's: mm in world coordinates, as
    /// [`Channel::shift_mm`] takes it.
    pub shift_mm: [f64; 3],
    /// The same in voxels.
    pub shift_voxels: [i32; 3],
    /// How well edges agree there: their correlation, 1 at best.
    pub correlation: f64,
}

/// Which images to grow on.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Advice {
    /// All of them.
    All,
    /// The first alone: another lies more than two voxels from it.
    First {
        /// The image that lies apart, from 0.
        channel: usize,
        /// By how many voxels, along the axis where it is most.
        voxels: f64,
    },
}

/// The farthest that is looked for, mm: deep breaths.
const FAR: f64 = 30.0;
/// Voxels that are compared, about.
const SAMPLES: usize = 60_000;
/// A misalignment that several phases bear, voxels.
const BEARABLE: f64 = 2.0;

/// Whether several images may be looked at together, with the translations that they have.
#[must_use]
pub fn advise(grid: &Grid, channels: &[Channel<'_>]) -> Advice {
    let Some((first, others)) = channels.split_first() else { return Advice::All };
    let spacing = grid.affine().spacing();
    for (number, other) in others.iter().enumerate() {
        let found = alignment(grid, first.voxels, other.voxels);
        // What the channel's own translation leaves.
        let left: f64 = (0..3).map(|r| (found.shift_mm[r] - other.shift_mm[r]).powi(2)).sum::<f64>().sqrt();
        let along = (0..3).max_by_key(|a| found.shift_voxels[*a].unsigned_abs()).unwrap_or(0);
        let voxels = left / spacing[along].max(f64::MIN_POSITIVE);
        if voxels > BEARABLE {
            return Advice::First { channel: number + 1, voxels };
        }
    }
    Advice::All
}

/// The translation of whole voxels, up to 30 mm, at which the edges of two images on one grid agree best:
/// sought along one axis after the other, twice.
#[must_use]
pub fn alignment(grid: &Grid, first: &Voxels, second: &Voxels) -> Alignment {
    let dims = grid.dims().map(|d| d as usize);
    let spacing = grid.affine().spacing();
    let edges = |voxels: &Voxels| gradients(voxels, dims, spacing);
    let (a, b) = (edges(first), edges(second));
    let step = ((a.len() / SAMPLES) as f64).cbrt().ceil().max(1.0) as usize;
    let far = [0, 1, 2].map(|i| ((FAR / spacing[i]) as i32).min(dims[i] as i32 / 3));
    let mut shift = [0_i32; 3];
    let mut best = correlation(&a, &b, dims, shift, step);
    for _ in 0..2 {
        for axis in [2, 1, 0] {
            let from = shift;
            for by in -far[axis]..=far[axis] {
                let mut tried = from;
                tried[axis] = by;
                let found = correlation(&a, &b, dims, tried, step);
                if found > best {
                    (best, shift) = (found, tried);
                }
            }
        }
    }
    let mm = |row: usize| (0..3).map(|c| grid.affine().column(c)[row] * f64::from(shift[c])).sum();
    Alignment { shift_mm: [mm(0), mm(1), mm(2)], shift_voxels: shift, correlation: best }
}

/// Magnitudes of gradients, per mm; 0 at the borders.
fn gradients(voxels: &Voxels, dims: [usize; 3], spacing: [f64; 3]) -> Vec<f32> {
    let strides = [1, dims[0], dims[0] * dims[1]];
    let mut out = vec![0.0; voxels.len()];
    for z in 0..dims[2] {
        for y in 0..dims[1] {
            for x in 0..dims[0] {
                let v = [x, y, z];
                let at = x + y * strides[1] + z * strides[2];
                let along = |axis: usize| {
                    if v[axis] == 0 || v[axis] + 1 == dims[axis] {
                        return 0.0;
                    }
                    let value = |i: usize| voxels.get(i).unwrap_or(0.0);
                    (value(at + strides[axis]) - value(at - strides[axis])) / (2.0 * spacing[axis])
                };
                let sum: f64 = (0..3).map(|axis| along(axis).powi(2)).sum();
                if let Some(out) = out.get_mut(at) {
                    *out = sum.sqrt() as f32;
                }
            }
        }
    }
    out
}

/// The correlation of `a` at v with `b` at v + shift, over voxels `step` apart where both are.
fn correlation(a: &[f32], b: &[f32], dims: [usize; 3], shift: [i32; 3], step: usize) -> f64 {
    let [mut n, mut sa, mut sb, mut saa, mut sbb, mut sab] = [0.0_f64; 6];
    let range = |axis: usize| {
        let low = (-shift[axis]).max(0) as usize;
        let high = (dims[axis] as i32 - shift[axis].max(0)).max(0) as usize;
        (low..high).step_by(step)
    };
    let moved = |v: usize, axis: usize| (v as i32 + shift[axis]) as usize;
    for z in range(2) {
        for y in range(1) {
            for x in range(0) {
                let at = (z * dims[1] + y) * dims[0] + x;
                let there = (moved(z, 2) * dims[1] + moved(y, 1)) * dims[0] + moved(x, 0);
                let (Some(p), Some(q)) = (a.get(at), b.get(there)) else { continue };
                let (p, q) = (f64::from(*p), f64::from(*q));
                n += 1.0;
                sa += p;
                sb += q;
                saa += p * p;
                sbb += q * q;
                sab += p * q;
            }
        }
    }
    let spread = (n * saa - sa * sa) * (n * sbb - sb * sb);
    if spread > 0.0 { (n * sab - sa * sb) / spread.sqrt() } else { 0.0 }
}
