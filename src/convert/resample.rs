//! Tilted or unevenly spaced slices → a copy on a straight, evenly spaced grid.
//!
//! In: the slices' positions, later the voxels as they were scanned. Out: which rows move by how much and
//! which slices are mixed, then the voxels of the copy. It makes copies only: the volume as scanned is
//! always there beside them. Never: a slice beyond the first or the last one.
//!
//! A gantry that is tilted by θ takes slices whose planes lean against the table's way: slice `s` lies
//! `s · d · tan θ` further along its columns (PS3.3 C.7.6.2.1.1 gives each slice's own position). The copy
//! moves every slice's rows back by that much, linearly between two rows, on a grid with so many more rows
//! that nothing is cut off. Slices at uneven distances are mixed linearly from their two neighbours, at
//! steps no longer than the least distance. Integers are rounded half away from zero after each of the
//! two, as dcm2niix rounds, so that the voxels of both programs' copies are the same.

use crate::volume::VoxelType;

/// Slices that lean by less than this (1 − cos of the angle, 0.8°) count as straight.
const STRAIGHT: f64 = 1e-4;
/// A copy has at most so many times the slices, or rows, of its source.
const MOST_GROWTH: u32 = 2;

/// What a copy mends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Mended {
    /// A tilted gantry's shear.
    Tilt,
    /// Distances between slices that differ.
    Spacing,
    /// Both.
    TiltAndSpacing,
}

/// How a copy is made.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Resampling {
    pub(crate) mended: Mended,
    /// Columns, rows, slices as scanned.
    from: [usize; 3],
    /// Rows and slices of the copy.
    rows: u32,
    slices: Vec<Mix>,
    /// Rows by which each slice as scanned moves up; not below 0. Empty where none moves.
    shifts: Vec<f64>,
}

/// Two slices as scanned and the share of the second.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Mix {
    low: usize,
    high: usize,
    share: f64,
}

/// Where slices lie, relative to the first one.
pub(crate) struct Positions {
    /// Along the normal, mm, ascending, from 0.
    pub(crate) depths: Vec<f64>,
    /// Along the columns, downwards, in rows.
    pub(crate) down: Vec<f64>,
    /// Along the rows, to the right, mm.
    pub(crate) right: Vec<f64>,
    /// Distance between rows, mm.
    pub(crate) row_mm: f64,
}

impl Positions {
    /// Whether the stack leans along its columns and not along its rows: a tilted gantry.
    pub(crate) fn is_tilted(&self) -> bool {
        let leans = |side: f64| {
            let depth = self.depths.last().copied().unwrap_or(0.0);
            1.0 - depth / depth.hypot(side) > STRAIGHT
        };
        let down = self.down.last().copied().unwrap_or(0.0) * self.row_mm;
        leans(down) && !leans(self.right.last().copied().unwrap_or(0.0))
    }
}

/// A copy's grid, beside the grid as scanned.
pub(crate) struct Straight {
    pub(crate) resampling: Resampling,
    /// Distance between the copy's slices along the normal, mm.
    pub(crate) step_mm: f64,
    /// Rows (negative: below the first slice's bottom row) where the copy begins.
    pub(crate) bottom: f64,
}

impl Resampling {
    /// The copy of a stack; `None` where there's nothing to mend or too little to mend it from.
    ///
    /// `size`: columns and rows. `uneven`: the distances between slices differ.
    pub(crate) fn plan(at: &Positions, size: [u32; 2], uneven: bool) -> Option<Straight> {
        let count = at.depths.len();
        let span = *at.depths.last()?;
        let tilted = at.is_tilted();
        let sound = at.depths.iter().chain(&at.down).all(|v| v.is_finite());
        if count < 3 || !sound || span <= 0.0 {
            return None;
        }
        let mended = match (tilted, uneven) {
            (true, true) => Mended::TiltAndSpacing,
            (true, false) => Mended::Tilt,
            (false, true) => Mended::Spacing,
            (false, false) => return None,
        };
        let [columns, rows] = size;
        let (mut shifts, mut bottom, mut extra) = (Vec::new(), 0.0, 0.0);
        if tilted {
            // A slice further down its columns shows its rows further up the first slice's.
            bottom = at.down.iter().map(|d| -d).fold(0.0, f64::min);
            shifts = at.down.iter().map(|d| -d - bottom).collect();
            extra = shifts.iter().copied().fold(0.0, f64::max);
        }
        let extra = (extra - 1e-6).ceil().max(0.0);
        if extra > f64::from(rows) * f64::from(MOST_GROWTH - 1) {
            return None;
        }
        let (mixes, step_mm) =
            if uneven { even(&at.depths)? } else { (whole(count), span / (count - 1) as f64) };
        let resampling = Self {
            mended,
            from: [columns as usize, rows as usize, count],
            rows: rows + extra as u32,
            slices: mixes,
            shifts,
        };
        Some(Straight { resampling, step_mm, bottom })
    }

    /// Columns, rows and slices of the copy.
    pub(crate) fn dims(&self) -> [u32; 3] {
        [self.from[0] as u32, self.rows, self.slices.len() as u32]
    }

    /// Bytes of the source, in voxels.
    pub(crate) fn source_voxels(&self) -> u64 {
        self.from.iter().map(|n| *n as u64).product()
    }

    /// Voxels of one slice of the copy.
    pub(crate) fn slice_voxels(&self) -> usize {
        self.from[0] * self.rows as usize
    }

    /// The least value of the source: what is put where nothing was scanned.
    pub(crate) fn least(body: &[u8], voxel_type: VoxelType) -> f64 {
        let values = body.chunks_exact(voxel_type.size()).map(|b| read(b, voxel_type));
        let least = values.filter(|v| v.is_finite()).fold(f64::INFINITY, f64::min);
        if least.is_finite() { least } else { 0.0 }
    }

    /// Makes slice `z` of the copy. `body`: all voxels as scanned, rows bottom-up. `empty`: see [`Self::least`].
    pub(crate) fn slice(&self, z: usize, body: &[u8], voxel_type: VoxelType, empty: f64, out: &mut [u8]) {
        let Some(mix) = self.slices.get(z) else { return };
        let mut low = self.straight(mix.low, body, voxel_type, empty);
        if mix.share > 0.0 {
            let high = self.straight(mix.high, body, voxel_type, empty);
            for (a, b) in low.iter_mut().zip(high) {
                *a = settled(*a * (1.0 - mix.share) + b * mix.share, voxel_type);
            }
        }
        for (value, place) in low.into_iter().zip(out.chunks_exact_mut(voxel_type.size())) {
            write(value, voxel_type, place);
        }
    }

    /// One slice as scanned on the copy's rows.
    fn straight(&self, slice: usize, body: &[u8], voxel_type: VoxelType, empty: f64) -> Vec<f64> {
        let [columns, rows, _] = self.from;
        let row_bytes = columns * voxel_type.size();
        let row = |n: usize| {
            let start = (slice * rows + n.min(rows - 1)) * row_bytes;
            body.get(start..start + row_bytes).unwrap_or_default().chunks_exact(voxel_type.size())
        };
        let shift = self.shifts.get(slice).copied().unwrap_or(0.0);
        let mut out = Vec::with_capacity(self.slice_voxels());
        for n in 0..self.rows as usize {
            // Rounded, lest the noise of decimal positions mix two rows where one lies exactly.
            let at = ((n as f64 - shift) * 1e5).round() / 1e5;
            if at < 0.0 || at >= rows as f64 {
                out.resize(out.len() + columns, empty);
                continue;
            }
            let (low, share) = (at.floor() as usize, at - at.floor());
            if share == 0.0 {
                out.extend(row(low).map(|b| read(b, voxel_type)));
            } else {
                let mixed = row(low).zip(row(low + 1)).map(|(a, b)| {
                    let value = read(a, voxel_type) * (1.0 - share) + read(b, voxel_type) * share;
                    settled(value, voxel_type)
                });
                out.extend(mixed);
            }
        }
        out
    }
}

/// Every slice as it is.
fn whole(count: usize) -> Vec<Mix> {
    (0..count).map(|low| Mix { low, high: low, share: 0.0 }).collect()
}

/// Even steps from the first slice to the last, no longer than the least distance; the step, mm.
fn even(depths: &[f64]) -> Option<(Vec<Mix>, f64)> {
    let gaps = depths.windows(2).filter_map(|w| Some(w.get(1)? - w.first()?));
    let least = gaps.filter(|gap| *gap > 0.0).min_by(f64::total_cmp)?;
    let span = *depths.last()?;
    // Positions are decimals: eleven steps of 2.9999999 are eleven of 3.
    let wanted = (span / least - 1e-3).ceil() + 1.0;
    let count = wanted.clamp(3.0, depths.len() as f64 * f64::from(MOST_GROWTH)) as usize;
    let step = span / (count - 1) as f64;
    let mixes = (0..count).map(|n| {
        let at = n as f64 * step;
        let high = depths.partition_point(|depth| *depth < at - step * 1e-4).min(depths.len() - 1);
        let above = depths.get(high).copied().unwrap_or(span);
        let below = depths.get(high.saturating_sub(1)).copied().unwrap_or(0.0);
        if high == 0 || above - at < step * 1e-4 || above <= below {
            return Mix { low: high, high, share: 0.0 };
        }
        Mix { low: high - 1, high, share: (at - below) / (above - below) }
    });
    Some((mixes.collect(), step))
}

/// A value as the type can hold it.
fn settled(value: f64, voxel_type: VoxelType) -> f64 {
    match voxel_type {
        VoxelType::F32 | VoxelType::F64 => value,
        _ => value.round(),
    }
}

fn read(bytes: &[u8], voxel_type: VoxelType) -> f64 {
    match (voxel_type, bytes) {
        (VoxelType::U8, [a]) => f64::from(*a),
        (VoxelType::I16, [a, b]) => f64::from(i16::from_le_bytes([*a, *b])),
        (VoxelType::U16, [a, b]) => f64::from(u16::from_le_bytes([*a, *b])),
        (VoxelType::I32, [a, b, c, d]) => f64::from(i32::from_le_bytes([*a, *b, *c, *d])),
        (VoxelType::U32, [a, b, c, d]) => f64::from(u32::from_le_bytes([*a, *b, *c, *d])),
        (VoxelType::F32, [a, b, c, d]) => f64::from(f32::from_le_bytes([*a, *b, *c, *d])),
        (VoxelType::F64, bytes) => bytes.try_into().map_or(0.0, f64::from_le_bytes),
        _ => 0.0,
    }
}

/// Writes a value; `as` saturates, and none here lies outside its type.
fn write(value: f64, voxel_type: VoxelType, out: &mut [u8]) {
    match voxel_type {
        VoxelType::U8 => out.copy_from_slice(&[value as u8]),
        VoxelType::I16 => out.copy_from_slice(&(value as i16).to_le_bytes()),
        VoxelType::U16 => out.copy_from_slice(&(value as u16).to_le_bytes()),
        VoxelType::I32 => out.copy_from_slice(&(value as i32).to_le_bytes()),
        VoxelType::U32 => out.copy_from_slice(&(value as u32).to_le_bytes()),
        VoxelType::F32 => out.copy_from_slice(&(value as f32).to_le_bytes()),
        VoxelType::F64 => out.copy_from_slice(&value.to_le_bytes()),
        // Colour has no copies on other grids.
        VoxelType::Rgb24 => {}
    }
}
