//! Whether a file's voxels are a grid's, perhaps in another order.
//!
//! In: the grid asked for, the dimensions and affine of a file. Out: for each of the file's voxels its place in
//! the grid, if both hold the same places in the world; else in words how they differ. Axes may be swapped and
//! turned: that is storage, not geometry.

use super::super::error::Error;
use super::super::space::Space;
use crate::volume::grid::{dot, norm};
use crate::volume::{Affine, Grid};

/// How far, in voxels, places may differ: files keep positions in decimals or in 32 bits.
const CLOSE: f64 = 0.02;

/// Where a file's voxels lie in a grid's scan order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Placing {
    start: i64,
    strides: [i64; 3],
    dims: [usize; 3],
}

impl Placing {
    /// Of a file's dimensions and voxel → world map, RAS mm. The file may hold a part of the grid.
    pub(super) fn new(grid: &Grid, dims: [usize; 3], affine: &Affine, part: bool) -> Result<Self, Error> {
        let space = Space::new(grid);
        let own = space.dims();
        let mut strides = [0_i64; 3];
        let stride = [1, own[0] as i64, (own[0] * own[1]) as i64];
        let mut taken = [false; 3];
        for axis in 0..3 {
            let step = space.vector(affine.column(axis));
            // An axis of one voxel may point anywhere across the others: its length is moot.
            let along = (0..3).fold(0, |best, a| if step[a].abs() > step[best].abs() { a } else { best });
            let far = (dims[axis].max(2) - 1) as f64;
            let straight = (0..3).all(|a| {
                let whole = if a == along { step[a].signum() } else { 0.0 };
                (step[a] - whole).abs() * far <= CLOSE.max(1e-4 * far)
            });
            if !straight && dims[axis] > 1 {
                return Err(Error::Grid(unlike(grid, dims, affine)));
            }
            if taken[along] {
                if dims[axis] > 1 {
                    return Err(Error::Grid(unlike(grid, dims, affine)));
                }
                continue;
            }
            taken[along] = true;
            strides[axis] = stride[along] * step[along].signum() as i64;
            if !part && dims[axis] != own[along] {
                return Err(Error::Grid(unlike(grid, dims, affine)));
            }
        }
        // Both ends must lie on voxels of the grid.
        let mut start = 0;
        for corner in [[0; 3], dims.map(|d| d - 1)] {
            let place = space.voxel(affine.apply(corner.map(|v| v as f64)));
            let near = place.map(f64::round);
            let off = (0..3).map(|a| (place[a] - near[a]).abs()).fold(0.0, f64::max);
            let inside = (0..3).all(|a| near[a] >= 0.0 && near[a] < own[a] as f64);
            if off > CLOSE * 5.0 || !inside {
                return Err(Error::Grid(unlike(grid, dims, affine)));
            }
            if corner == [0; 3] {
                start = (0..3).map(|a| near[a] as i64 * stride[a]).sum();
            }
        }
        Ok(Self { start, strides, dims })
    }

    /// Every file voxel's place in the grid, in the file's order (first axis fastest).
    pub(super) fn places(self) -> impl Iterator<Item = usize> {
        let [nx, ny, nz] = self.dims;
        (0..nz).flat_map(move |z| {
            (0..ny).flat_map(move |y| {
                (0..nx).map(move |x| {
                    let at = self.start
                        + x as i64 * self.strides[0]
                        + y as i64 * self.strides[1]
                        + z as i64 * self.strides[2];
                    usize::try_from(at).unwrap_or(usize::MAX)
                })
            })
        })
    }
}

/// How two grids differ, in words.
fn unlike(grid: &Grid, dims: [usize; 3], affine: &Affine) -> String {
    let own = grid.dims();
    let mut sizes = (own.map(|d| d as usize), dims);
    sizes.0.sort_unstable();
    sizes.1.sort_unstable();
    if sizes.0 != sizes.1 {
        return format!(
            "{} × {} × {} voxels, where the image has {} × {} × {}",
            dims[0], dims[1], dims[2], own[0], own[1], own[2]
        );
    }
    let mm = |v: [f64; 3]| v.map(|x| format!("{x:.2}")).join(" × ");
    let (a, b) = (grid.affine().spacing(), affine.spacing());
    let mut spacings = (a, b);
    spacings.0.sort_by(f64::total_cmp);
    spacings.1.sort_by(f64::total_cmp);
    if (0..3).any(|i| (spacings.0[i] - spacings.1[i]).abs() > 0.01 * spacings.0[i]) {
        return format!("voxels of {} mm, where the image's are {} mm", mm(b), mm(a));
    }
    let turned = (0..3).any(|axis| {
        let step = affine.column(axis);
        (0..3).all(|o| {
            let other = grid.affine().column(o);
            dot(step, other).abs() < 0.9999 * norm(step) * norm(other)
        })
    });
    if turned {
        return "its axes point in other directions".to_owned();
    }
    let own_middle = grid.affine().apply(own.map(|d| (f64::from(d) - 1.0) / 2.0));
    let middle = affine.apply(dims.map(|d| (d as f64 - 1.0) / 2.0));
    let off = norm([0, 1, 2].map(|a| own_middle[a] - middle[a]));
    format!("it lies {off:.2} mm apart")
}
