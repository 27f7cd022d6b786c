//! Where the body lies in a volume, so that the first look is at it and not at the air around.

use crate::volume::{Grid, Voxels};
use crate::with_voxels;

use super::window::{Content, percentiles};

/// Voxels along an axis that are looked at, at most.
const LOOKS: usize = 96;

/// Part of a plane's voxels that must be bright for it to belong to the body.
const PART: f64 = 0.02;

/// Continuous voxel coordinates of two opposite corners.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BodyBox {
    /// Least coordinates.
    pub low: [f64; 3],
    /// Greatest coordinates.
    pub high: [f64; 3],
}

impl BodyBox {
    /// World places of the eight corners.
    #[must_use]
    pub fn corners(&self, grid: &Grid) -> [[f64; 3]; 8] {
        std::array::from_fn(|i| {
            grid.affine().apply(std::array::from_fn(|axis| {
                if i >> axis & 1 == 1 { self.high[axis] } else { self.low[axis] }
            }))
        })
    }

    /// World place of its middle.
    #[must_use]
    pub fn middle(&self, grid: &Grid) -> [f64; 3] {
        grid.affine().apply(std::array::from_fn(|axis| f64::midpoint(self.low[axis], self.high[axis])))
    }
}

/// The box of what is brighter than air; the whole grid where nothing stands out.
#[must_use]
pub fn body_box(grid: &Grid, voxels: &Voxels, content: Content) -> BodyBox {
    let dims = grid.dims().map(|n| n as usize);
    let whole = BodyBox { low: [-0.5; 3], high: grid.dims().map(|n| f64::from(n) - 0.5) };
    let threshold = match content {
        // Between air and fat.
        Content::Ct => -300.0,
        Content::Mr | Content::Adc => match percentiles(voxels, [0.01, 0.98]) {
            Some([low, high]) if high > low => low + 0.15 * (high - low),
            _ => return whole,
        },
    };
    let stride = dims.map(|n| n.div_ceil(LOOKS).max(1));
    let mut counts = dims.map(|n| vec![0_u32; n]);
    let at = |n: usize, stride: usize| (0..n).step_by(stride);
    #[allow(clippy::useless_conversion, reason = "of the seven types one is f64 already")]
    {
        with_voxels!(voxels, values => {
            for z in at(dims[2], stride[2]) {
                for y in at(dims[1], stride[1]) {
                    let row = (z * dims[1] + y) * dims[0];
                    let Some(row) = values.get(row..row + dims[0]) else { continue };
                    for x in at(dims[0], stride[0]) {
                        if row.get(x).is_some_and(|v| f64::from(*v) > threshold) {
                            counts[0][x] += 1;
                            counts[1][y] += 1;
                            counts[2][z] += 1;
                        }
                    }
                }
            }
        });
    }
    let looked = [0, 1, 2].map(|axis| at(dims[axis], stride[axis]).count());
    let mut found = whole;
    for axis in 0..3 {
        let plane = (looked.iter().product::<usize>() / looked[axis].max(1)) as f64;
        let bright = |i: &usize| counts[axis].get(*i).is_some_and(|n| f64::from(*n) > plane * PART);
        let places: Vec<usize> = at(dims[axis], stride[axis]).filter(bright).collect();
        if let (Some(first), Some(last)) = (places.first(), places.last()) {
            let reach = stride[axis] as f64 * 0.5;
            found.low[axis] = (*first as f64 - reach).max(whole.low[axis]);
            found.high[axis] = (*last as f64 + reach).min(whole.high[axis]);
        }
    }
    found
}
