//! Images as levels: whole numbers of 16 bits, the unit in which differences are taken.
//!
//! In: typed voxels, weights, translations. Out: levels over the whole grid's range, so that a voxel's
//! level does not depend on the region; and what a level is worth. Integers whose range fits keep every
//! difference exactly.

use rayon::prelude::*;

use super::error::Error;
use super::layout::{Layout, OUTSIDE, SEGMENT};
use super::options::{Box3, Options, Order};
use crate::volume::{Affine, Grid, Voxels};
use crate::with_voxels;

/// One image of those that are looked at together.
#[derive(Clone, Copy, Debug)]
pub struct Channel<'a> {
    /// Its values on the common grid.
    pub voxels: &'a Voxels,
    /// What its differences count for; 1 alone. Weights of several are taken relative to their sum.
    pub weight: f64,
    /// Where its content lies relative to the first image, mm in world coordinates: the value for a place
    /// is read at place + shift.
    pub shift_mm: [f64; 3],
}

impl<'a> Channel<'a> {
    /// An image by itself.
    #[must_use]
    pub fn alone(voxels: &'a Voxels) -> Self {
        Self { voxels, weight: 1.0, shift_mm: [0.0; 3] }
    }
}

/// How values become levels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Scale {
    /// The value of level 0.
    pub(crate) zero: f64,
    /// Levels per unit of intensity.
    pub(crate) per_unit: f64,
    /// Whether every difference is kept exactly.
    pub(crate) exact: bool,
    /// The greatest level.
    pub(crate) top: u16,
}

/// The most levels of an image with fractions: in the default order as many as a short key's distances.
const FRACTIONS: f64 = 4094.0;
const FRACTIONS_STRICT: f64 = 32_767.0;
const MOST: f64 = 65_534.0;

/// How the images become levels: a scale each.
pub(crate) fn scales(channels: &[Channel<'_>], options: &Options) -> Result<Vec<Scale>, Error> {
    let total: f64 = channels.iter().map(|c| c.weight).sum();
    if channels.iter().any(|c| !c.weight.is_finite() || c.weight < 0.0) || total <= 0.0 {
        return Err(Error::Setting("the weight of an image"));
    }
    if channels.iter().any(|c| c.shift_mm.iter().any(|s| !s.is_finite())) {
        return Err(Error::Setting("a translation"));
    }
    let mut found = Vec::with_capacity(channels.len());
    for (number, channel) in channels.iter().enumerate() {
        let whole = finite(channel.voxels).ok_or(Error::NotFinite { channel: number + 1 })?;
        let (low, high) = range(channel.voxels);
        found.push((low, high, whole, channel.weight / total));
    }
    let alone = channels.len() == 1 && channels.iter().all(|c| c.shift_mm == [0.0; 3]);
    let fractions = if options.order == Order::Strict { FRACTIONS_STRICT } else { FRACTIONS };
    // All images share what a level is worth: differences are added.
    let widest = found.iter().map(|(low, high, _, weight)| (high - low) * weight).fold(0.0, f64::max);
    let sum: f64 = found.iter().map(|(low, high, _, weight)| (high - low) * weight).sum();
    let per_unit = match found.as_slice() {
        [(_, _, true, _)] if alone && widest <= MOST => 1.0,
        [(_, _, true, _)] if alone => 1.0 / (widest / MOST).ceil(),
        _ if sum > 0.0 => fractions / sum,
        _ => 1.0,
    };
    let exact = alone && per_unit == 1.0;
    Ok(found
        .into_iter()
        .map(|(low, high, _, weight)| Scale {
            zero: low,
            per_unit: per_unit * weight,
            exact,
            top: ((high - low) * per_unit * weight).round().min(MOST) as u16,
        })
        .collect())
}

/// The least and the greatest value.
fn range(voxels: &Voxels) -> (f64, f64) {
    match voxels {
        // Two passes without a branch are faster than one with.
        Voxels::I16(values) => {
            let low = values.iter().copied().min().unwrap_or(0);
            (f64::from(low), f64::from(values.iter().copied().max().unwrap_or(0)))
        }
        other => other.range().unwrap_or((0.0, 0.0)),
    }
}

/// Whether all values are finite, and then whether all are whole numbers; `None` where one is not finite.
fn finite(voxels: &Voxels) -> Option<bool> {
    match voxels {
        Voxels::F32(values) => {
            if values.iter().any(|v| !v.is_finite()) {
                return None;
            }
            Some(values.iter().all(|v| v.fract() == 0.0))
        }
        Voxels::F64(values) => {
            if values.iter().any(|v| !v.is_finite()) {
                return None;
            }
            Some(values.iter().all(|v| v.fract() == 0.0))
        }
        _ => Some(true),
    }
}

/// Levels of a region, multiplied by a whole number, on a field's layout: rim and filling are outside.
#[allow(clippy::useless_conversion, reason = "of the seven types one is f64 already")]
pub(crate) fn levels(
    channel: &Channel<'_>,
    scale: Scale,
    times: u16,
    grid: &Grid,
    region: &Box3,
    layout: &Layout,
) -> Vec<u16> {
    let dims = grid.dims().map(|d| d as usize);
    let mut out = vec![OUTSIDE; layout.len() + SEGMENT];
    let shift = voxel_shift(grid.affine(), channel.shift_mm);
    let [width, high, deep] = layout.size;
    let planes = out.par_chunks_exact_mut(layout.plane.max(1)).skip(1).take(deep).enumerate();
    // No level is below 0, so what is added and cut off is a rounding.
    let level = |value: f64| ((value - scale.zero) * scale.per_unit + 0.5).clamp(0.0, MOST) as u16 * times;
    let from =
        |y: usize, z: usize| ((region.low[2] + z) * dims[1] + region.low[1] + y) * dims[0] + region.low[0];
    if shift != [0.0; 3] {
        planes.for_each(|(z, plane)| {
            for y in 0..high {
                for x in 0..width {
                    let place = [x, y, z];
                    let at = [0, 1, 2].map(|a| (region.low[a] + place[a]) as f64 + shift[a]);
                    plane[(y + 1) * layout.stride + x + 1] = level(between(channel.voxels, dims, at));
                }
            }
        });
        return out;
    }
    if let (Voxels::I16(values), true) = (channel.voxels, scale.exact) {
        // What scanners write: whole numbers, and no arithmetic but a subtraction.
        let zero = scale.zero as i16;
        planes.for_each(|(z, plane)| {
            for y in 0..high {
                let row = values.get(from(y, z)..from(y, z) + width).unwrap_or_default();
                let to = plane.get_mut((y + 1) * layout.stride + 1..).unwrap_or_default();
                for (out, value) in to.iter_mut().zip(row) {
                    *out = (value.wrapping_sub(zero) as u16).wrapping_mul(times);
                }
            }
        });
        return out;
    }
    with_voxels!(channel.voxels, values => {
        planes.for_each(|(z, plane)| {
            for y in 0..high {
                let row = values.get(from(y, z)..from(y, z) + width).unwrap_or_default();
                let to = plane.get_mut((y + 1) * layout.stride + 1..).unwrap_or_default();
                for (out, value) in to.iter_mut().zip(row) {
                    *out = level(f64::from(*value));
                }
            }
        });
    });
    out
}

/// A translation in mm as one in voxels.
fn voxel_shift(affine: &Affine, mm: [f64; 3]) -> [f64; 3] {
    if mm == [0.0; 3] {
        return mm;
    }
    // Cramer's rule; a grid's affine can be inverted.
    let columns = [affine.column(0), affine.column(1), affine.column(2)];
    let whole = affine.determinant();
    [0, 1, 2].map(|a| {
        let mut replaced = columns;
        replaced[a] = mm;
        let [x, y, z] = replaced;
        Affine::from_columns(x, y, z, [0.0; 3]).determinant() / whole
    })
}

/// The value between voxels, linearly; beyond the image that of its edge.
fn between(voxels: &Voxels, dims: [usize; 3], at: [f64; 3]) -> f64 {
    let at = [0, 1, 2].map(|a| at[a].clamp(0.0, dims[a] as f64 - 1.0));
    let low = at.map(|v| v.floor() as usize);
    let part = [0, 1, 2].map(|a| at[a] - low[a] as f64);
    let mut sum = 0.0;
    for corner in 0..8_usize {
        let up = [corner & 1, corner >> 1 & 1, corner >> 2 & 1];
        let share: f64 = (0..3).map(|a| if up[a] == 1 { part[a] } else { 1.0 - part[a] }).product();
        if share > 0.0 {
            let v = [0, 1, 2].map(|a| (low[a] + up[a]).min(dims[a] - 1));
            sum += share * voxels.get((v[2] * dims[1] + v[1]) * dims[0] + v[0]).unwrap_or(0.0);
        }
    }
    sum
}
