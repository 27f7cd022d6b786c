//! NIfTI in: the bytes of a `.nii` or `.nii.gz` file, as a grid and typed voxels.
//!
//! Both byte orders, NIfTI-1 and NIfTI-2, every real type. Integers stay integers unless the header
//! scales them. Bytes in, values out: nothing here opens a file.

use std::io::Read as _;

use crate::volume::{Affine, Grid, Voxels};

/// Why bytes are no image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// Neither NIfTI-1 nor NIfTI-2 in one file.
    #[error("not a NIfTI file")]
    NotNifti,
    /// Header and voxels in two files.
    #[error("a .hdr/.img pair: convert it to one .nii file first")]
    Pair,
    /// Fewer bytes than the header promises, or gzip that breaks off.
    #[error("the file is cut short or damaged")]
    Short,
    /// Complex, RGB, 128-bit values.
    #[error("voxels of NIfTI type {0} are not numbers that can be read here")]
    Type(i16),
    /// Not three dimensions.
    #[error("{0} volumes in one file: split them first")]
    Volumes(u64),
    /// Dimensions below 1, or an affine that cannot be inverted.
    #[error("the geometry is degenerate")]
    Geometry,
    /// More voxels than the budget.
    #[error("{needed} bytes of voxels, and the budget is {budget}")]
    Memory {
        /// Bytes of voxels.
        needed: u64,
        /// Bytes allowed.
        budget: u64,
    },
}

/// An image that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct ReadImage {
    /// Dimensions and affine: sform, else qform, else voxel sizes (nifti1.h, methods 3, 2, 1).
    pub grid: Grid,
    /// Its values, scaled where the header scales.
    pub voxels: Voxels,
}

/// Reads a three-dimensional image; `budget` bounds the bytes of its voxels.
///
/// # Errors
/// See [`ReadError`].
pub fn read(bytes: &[u8], budget: u64) -> Result<ReadImage, ReadError> {
    if bytes.starts_with(&[0x1f, 0x8b]) {
        let mut stream = flate2::read::MultiGzDecoder::new(bytes);
        // Header first: it says how much there may be, whatever gzip unfolds to.
        let mut head = vec![0_u8; 540];
        let got = fill(&mut stream, &mut head)?;
        head.truncate(got);
        let header = Header::parse(&head)?;
        let end = header.check(budget)?;
        let mut rest = Vec::new();
        let more = end.saturating_sub(head.len() as u64);
        (&mut stream).take(more).read_to_end(&mut rest).map_err(|_| ReadError::Short)?;
        head.extend_from_slice(&rest);
        return header.image(&head);
    }
    let header = Header::parse(bytes)?;
    header.check(budget)?;
    header.image(bytes)
}

fn fill(stream: &mut impl std::io::Read, into: &mut [u8]) -> Result<usize, ReadError> {
    let mut got = 0;
    while let Some(rest) = into.get_mut(got..).filter(|rest| !rest.is_empty()) {
        match stream.read(rest) {
            Ok(0) => break,
            Ok(n) => got += n,
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => return Err(ReadError::Short),
        }
    }
    Ok(got)
}

/// What is needed of a header.
pub(super) struct Header {
    big: bool,
    pub(super) dims: [u64; 3],
    /// Images along time, and along whatever dimensions follow.
    pub(super) times: u64,
    datatype: i16,
    pub(super) offset: u64,
    slope: f64,
    intercept: f64,
    affine: Affine,
}

/// Numbers at places, in either byte order.
struct Bytes<'a>(&'a [u8], bool);

impl Bytes<'_> {
    fn at<const N: usize>(&self, at: usize) -> Result<[u8; N], ReadError> {
        let mut found: [u8; N] =
            *self.0.get(at..).and_then(|rest| rest.first_chunk::<N>()).ok_or(ReadError::NotNifti)?;
        if self.1 {
            found.reverse();
        }
        Ok(found)
    }
    fn i16(&self, at: usize) -> Result<i16, ReadError> {
        Ok(i16::from_le_bytes(self.at(at)?))
    }
    fn i32(&self, at: usize) -> Result<i32, ReadError> {
        Ok(i32::from_le_bytes(self.at(at)?))
    }
    fn i64(&self, at: usize) -> Result<i64, ReadError> {
        Ok(i64::from_le_bytes(self.at(at)?))
    }
    fn f32(&self, at: usize) -> Result<f64, ReadError> {
        Ok(f64::from(f32::from_le_bytes(self.at(at)?)))
    }
    fn f64(&self, at: usize) -> Result<f64, ReadError> {
        Ok(f64::from_le_bytes(self.at(at)?))
    }
}

impl Header {
    /// nifti1.h and nifti2.h: `sizeof_hdr` tells version and byte order.
    fn parse(bytes: &[u8]) -> Result<Self, ReadError> {
        match Self::parse_any(bytes)? {
            many if many.times > 1 => Err(ReadError::Volumes(many.times)),
            one => Ok(one),
        }
    }

    /// The same, however many images there are along time.
    pub(super) fn parse_any(bytes: &[u8]) -> Result<Self, ReadError> {
        let little = Bytes(bytes, false).i32(0)?;
        let (big, second) = match (little, little.swap_bytes()) {
            (348, _) => (false, false),
            (_, 348) => (true, false),
            (540, _) => (false, true),
            (_, 540) => (true, true),
            _ => return Err(ReadError::NotNifti),
        };
        let b = Bytes(bytes, big);
        let magic = if second { bytes.get(4..8) } else { bytes.get(344..348) };
        match magic {
            Some(b"n+1\0" | b"n+2\0") => {}
            Some(b"ni1\0" | b"ni2\0") => return Err(ReadError::Pair),
            _ => return Err(ReadError::NotNifti),
        }
        let dim = |i: usize| -> Result<i64, ReadError> {
            if second { b.i64(16 + 8 * i) } else { b.i16(40 + 2 * i).map(i64::from) }
        };
        let pixdim = |i: usize| if second { b.f64(104 + 8 * i) } else { b.f32(76 + 4 * i) };
        let real = |first: usize, later: usize, i: usize| {
            if second { b.f64(later + 8 * i) } else { b.f32(first + 4 * i) }
        };
        let rank = dim(0)?;
        if !(1..=7).contains(&rank) {
            return Err(ReadError::Geometry);
        }
        let mut dims = [1_u64; 3];
        let mut times = 1_u64;
        for axis in 1..=rank as usize {
            let n = u64::try_from(dim(axis)?).ok().filter(|n| *n > 0).ok_or(ReadError::Geometry)?;
            match dims.get_mut(axis - 1) {
                Some(place) => *place = n,
                None => times = times.saturating_mul(n),
            }
        }
        let code = |first: usize, later: usize| {
            if second { b.i32(later) } else { b.i16(first).map(i32::from) }
        };
        let affine = if code(254, 348)? > 0 {
            let row = |r: usize| -> Result<[f64; 4], ReadError> {
                let mut row = [0.0; 4];
                for (c, value) in row.iter_mut().enumerate() {
                    *value = real(280, 400, r * 4 + c)?;
                }
                Ok(row)
            };
            Affine([row(0)?, row(1)?, row(2)?])
        } else {
            let mm = [pixdim(1)?, pixdim(2)?, pixdim(3)?].map(|d| if d > 0.0 { d } else { 1.0 });
            if code(252, 344)? > 0 {
                let parts = [real(256, 352, 0)?, real(256, 352, 1)?, real(256, 352, 2)?];
                let origin = [real(268, 376, 0)?, real(268, 376, 1)?, real(268, 376, 2)?];
                quaternion(parts, if pixdim(0)? < 0.0 { -1.0 } else { 1.0 }, mm, origin)
            } else {
                let [x, y, z] = mm;
                Affine::from_columns([x, 0.0, 0.0], [0.0, y, 0.0], [0.0, 0.0, z], [0.0; 3])
            }
        };
        let offset = if second { b.i64(168)? as f64 } else { b.f32(108)? };
        let least = if second { 544.0 } else { 352.0 };
        Ok(Self {
            big,
            dims,
            times,
            datatype: if second { b.i16(12)? } else { b.i16(70)? },
            offset: if offset >= least && offset.is_finite() { offset as u64 } else { least as u64 },
            slope: if second { b.f64(176)? } else { b.f32(112)? },
            intercept: if second { b.f64(184)? } else { b.f32(116)? },
            affine,
        })
    }

    /// Bytes of a stored value.
    pub(super) fn size(&self) -> Result<u64, ReadError> {
        match self.datatype {
            2 | 256 => Ok(1),
            4 | 512 => Ok(2),
            8 | 16 | 768 => Ok(4),
            64 | 1024 | 1280 => Ok(8),
            other => Err(ReadError::Type(other)),
        }
    }

    pub(super) fn voxels(&self) -> Result<u64, ReadError> {
        let [x, y, z] = self.dims;
        x.checked_mul(y).and_then(|xy| xy.checked_mul(z)).ok_or(ReadError::Geometry)
    }

    /// The byte after the last voxel, if the budget allows.
    fn check(&self, budget: u64) -> Result<u64, ReadError> {
        let needed = self.voxels()?.checked_mul(self.size()?).ok_or(ReadError::Geometry)?;
        if needed > budget {
            return Err(ReadError::Memory { needed, budget });
        }
        self.offset.checked_add(needed).ok_or(ReadError::Geometry)
    }

    /// Whether stored values are the values.
    fn is_plain(&self) -> bool {
        (self.slope == 1.0 && self.intercept == 0.0) || self.slope == 0.0 || !self.slope.is_finite()
    }

    /// Whether values are stored ones moved by a whole number, and stay whole.
    fn is_shift(&self) -> bool {
        self.slope == 1.0
            && self.intercept.fract() == 0.0
            && self.intercept.abs() < 32_768.0
            && matches!(self.datatype, 2 | 4 | 256 | 512)
    }

    /// Bytes of a value as [`with_scale`](Self::with_scale) leaves it, at most.
    pub(super) fn size_held(&self) -> Result<u64, ReadError> {
        Ok(match (self.datatype, self.size()?) {
            _ if self.is_plain() && self.datatype != 256 => self.size()?,
            (256, _) if self.is_plain() => 2,
            (_, 1 | 2) => 4,
            (16, _) => 4,
            _ => 8,
        })
    }

    /// Room for so many stored values; refused where the machine has none, whatever the budget says.
    pub(super) fn room(&self, count: usize) -> Result<Voxels, ReadError> {
        fn of<T>(count: usize) -> Result<Vec<T>, ReadError> {
            let mut values = Vec::new();
            let needed = (count as u64).saturating_mul(size_of::<T>() as u64);
            match values.try_reserve_exact(count) {
                Ok(()) => Ok(values),
                Err(_) => Err(ReadError::Memory { needed, budget: needed.saturating_sub(1) }),
            }
        }
        Ok(match self.datatype {
            2 => Voxels::U8(of(count)?),
            4 | 256 => Voxels::I16(of(count)?),
            8 => Voxels::I32(of(count)?),
            16 => Voxels::F32(of(count)?),
            64 | 1024 | 1280 => Voxels::F64(of(count)?),
            512 => Voxels::U16(of(count)?),
            768 => Voxels::U32(of(count)?),
            other => return Err(ReadError::Type(other)),
        })
    }

    /// Appends stored values, whole ones.
    pub(super) fn append(&self, body: &[u8], to: &mut Voxels) {
        match (self.datatype, to) {
            (2, Voxels::U8(to)) => to.extend_from_slice(body),
            (4, Voxels::I16(to)) => self.extend(body, i16::from_le_bytes, to),
            (8, Voxels::I32(to)) => self.extend(body, i32::from_le_bytes, to),
            (16, Voxels::F32(to)) => self.extend(body, f32::from_le_bytes, to),
            (64, Voxels::F64(to)) => self.extend(body, f64::from_le_bytes, to),
            (256, Voxels::I16(to)) => to.extend(body.iter().map(|b| i16::from(*b as i8))),
            (512, Voxels::U16(to)) => self.extend(body, u16::from_le_bytes, to),
            (768, Voxels::U32(to)) => self.extend(body, u32::from_le_bytes, to),
            (1024, Voxels::F64(to)) => self.extend(body, |b| i64::from_le_bytes(b) as f64, to),
            (1280, Voxels::F64(to)) => self.extend(body, |b| u64::from_le_bytes(b) as f64, to),
            // `room` made what fits.
            _ => {}
        }
    }

    fn extend<const N: usize, T>(&self, body: &[u8], of: impl Fn([u8; N]) -> T, to: &mut Vec<T>) {
        let (chunks, _) = body.as_chunks::<N>();
        if self.big {
            to.extend(chunks.iter().map(|chunk| {
                let mut chunk = *chunk;
                chunk.reverse();
                of(chunk)
            }));
        } else {
            to.extend(chunks.iter().map(|chunk| of(*chunk)));
        }
    }

    /// The values that stored ones mean, in the smallest type that holds them: small integers moved by a
    /// whole number stay small integers, anything else becomes 32-bit floats, or 64-bit ones where the stored
    /// type has more than 24 bits.
    pub(super) fn with_scale(&self, voxels: Voxels) -> Voxels {
        if self.is_plain() {
            return voxels;
        }
        if self.is_shift() {
            let (low, high) = voxels.range().unwrap_or((0.0, 0.0));
            if low + self.intercept >= -32_768.0 && high + self.intercept <= 32_767.0 {
                let by = self.intercept as i32;
                return match voxels {
                    Voxels::I16(mut values) => {
                        values.iter_mut().for_each(|v| *v = (i32::from(*v) + by) as i16);
                        Voxels::I16(values)
                    }
                    Voxels::U8(values) => {
                        Voxels::I16(values.into_iter().map(|v| (i32::from(v) + by) as i16).collect())
                    }
                    Voxels::U16(values) => {
                        Voxels::I16(values.into_iter().map(|v| (i32::from(v) + by) as i16).collect())
                    }
                    other => other,
                };
            }
        }
        let scale = |v: f64| (self.slope * v + self.intercept) as f32;
        match voxels {
            Voxels::U8(values) => Voxels::F32(values.into_iter().map(|v| scale(f64::from(v))).collect()),
            Voxels::I16(values) => Voxels::F32(values.into_iter().map(|v| scale(f64::from(v))).collect()),
            Voxels::U16(values) => Voxels::F32(values.into_iter().map(|v| scale(f64::from(v))).collect()),
            Voxels::F32(mut values) => {
                values.iter_mut().for_each(|v| *v = scale(f64::from(*v)));
                Voxels::F32(values)
            }
            other => self.scaled(&other),
        }
    }

    /// Dimensions and affine.
    pub(super) fn grid(&self) -> Result<Grid, ReadError> {
        let [Ok(x), Ok(y), Ok(z)] = self.dims.map(u32::try_from) else { return Err(ReadError::Geometry) };
        Grid::new([x, y, z], self.affine).map_err(|_| ReadError::Geometry)
    }

    fn image(&self, bytes: &[u8]) -> Result<ReadImage, ReadError> {
        let grid = self.grid()?;
        let from = usize::try_from(self.offset).map_err(|_| ReadError::Short)?;
        let len = usize::try_from(self.voxels()? * self.size()?).map_err(|_| ReadError::Short)?;
        let body = from.checked_add(len).and_then(|to| bytes.get(from..to)).ok_or(ReadError::Short)?;
        let voxels = match self.datatype {
            2 => Voxels::U8(body.to_vec()),
            4 => Voxels::I16(self.values(body, i16::from_le_bytes)),
            8 => Voxels::I32(self.values(body, i32::from_le_bytes)),
            16 => Voxels::F32(self.values(body, f32::from_le_bytes)),
            64 => Voxels::F64(self.values(body, f64::from_le_bytes)),
            256 => Voxels::I16(body.iter().map(|b| i16::from(*b as i8)).collect()),
            512 => Voxels::U16(self.values(body, u16::from_le_bytes)),
            768 => Voxels::U32(self.values(body, u32::from_le_bytes)),
            1024 => Voxels::F64(self.values(body, |b| i64::from_le_bytes(b) as f64)),
            1280 => Voxels::F64(self.values(body, |b| u64::from_le_bytes(b) as f64)),
            other => return Err(ReadError::Type(other)),
        };
        let voxels = if self.is_plain() { voxels } else { self.scaled(&voxels) };
        Ok(ReadImage { grid, voxels })
    }

    fn values<const N: usize, T>(&self, body: &[u8], of: impl Fn([u8; N]) -> T) -> Vec<T> {
        let (chunks, _) = body.as_chunks::<N>();
        chunks
            .iter()
            .map(|chunk| {
                let mut chunk = *chunk;
                if self.big {
                    chunk.reverse();
                }
                of(chunk)
            })
            .collect()
    }

    #[allow(clippy::useless_conversion, reason = "of the seven types one is f64 already")]
    fn scaled(&self, voxels: &Voxels) -> Voxels {
        let scale = |v: f64| self.slope * v + self.intercept;
        crate::with_voxels!(voxels, values => {
            Voxels::F64(values.iter().map(|v| scale(f64::from(*v))).collect())
        })
    }
}

/// nifti1.h, method 2: rotation by quaternion, the third axis times `qfac`.
fn quaternion([b, c, d]: [f64; 3], qfac: f64, [x, y, z]: [f64; 3], origin: [f64; 3]) -> Affine {
    let mut a = 1.0 - (b * b + c * c + d * d);
    let (mut b, mut c, mut d) = (b, c, d);
    if a < 1e-7 {
        let length = (b * b + c * c + d * d).sqrt().max(f64::MIN_POSITIVE);
        (b, c, d, a) = (b / length, c / length, d / length, 0.0);
    } else {
        a = a.sqrt();
    }
    let z = z * qfac;
    Affine::from_columns(
        [(a * a + b * b - c * c - d * d) * x, (2.0 * (b * c + a * d)) * x, (2.0 * (b * d - a * c)) * x],
        [(2.0 * (b * c - a * d)) * y, (a * a + c * c - b * b - d * d) * y, (2.0 * (c * d + a * b)) * y],
        [(2.0 * (b * d + a * c)) * z, (2.0 * (c * d - a * b)) * z, (a * a + d * d - b * b - c * c) * z],
        origin,
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]

    use super::*;
    use crate::nifti::{ImageHeader, ParallelGzip};
    use crate::volume::VoxelType;

    fn file(slope: f64, code: i16) -> Vec<u8> {
        let grid = Grid::new(
            [3, 2, 2],
            Affine([[-1.5, 0.1, 0.0, 10.0], [0.1, 1.5, 0.0, -20.0], [0.0, 0.0, 2.0, 30.0]]),
        )
        .unwrap();
        let header = ImageHeader {
            grid,
            times: 1,
            time_step_s: 0.0,
            voxel_type: VoxelType::I16,
            slope,
            intercept: 0.0,
        };
        let mut bytes = header.to_bytes().to_vec();
        bytes[254..256].copy_from_slice(&code.to_le_bytes());
        bytes.extend((0..12_i16).flat_map(|v| (v - 3).to_le_bytes()));
        bytes
    }

    #[test]
    fn what_was_written_is_read_plain_and_zipped_by_sform_and_qform() {
        let values: Vec<i16> = (0..12).map(|v| v - 3).collect();
        for code in [0, 1] {
            let plain = file(1.0, code);
            for bytes in [plain.clone(), ParallelGzip::compress(&plain, true)] {
                let image = read(&bytes, 1 << 20).unwrap();
                assert_eq!(image.voxels, Voxels::I16(values.clone()));
                let at = image.grid.affine().apply([1.0, 1.0, 1.0]);
                let truth = [8.6, -18.4, 32.0];
                assert!(at.iter().zip(truth).all(|(a, b)| (a - b).abs() < 1e-2), "{at:?}");
            }
        }
    }

    #[test]
    fn scaled_values_are_numbers_with_fractions() {
        let image = read(&file(0.5, 1), 1 << 20).unwrap();
        assert_eq!(image.voxels.get(0), Some(-1.5));
    }

    #[test]
    fn big_endian_reads_the_same() {
        let mut bytes = file(1.0, 1);
        let swap = |bytes: &mut [u8], at: usize, n: usize| bytes[at..at + n].reverse();
        swap(&mut bytes, 0, 4);
        for at in (40..56).step_by(2).chain([70, 72, 252, 254]) {
            swap(&mut bytes, at, 2);
        }
        for at in (76..120).step_by(4).chain((256..328).step_by(4)) {
            swap(&mut bytes, at, 4);
        }
        for at in (352..352 + 24).step_by(2) {
            swap(&mut bytes, at, 2);
        }
        assert_eq!(read(&bytes, 1 << 20).unwrap(), read(&file(1.0, 1), 1 << 20).unwrap());
    }

    #[test]
    fn refusals_name_their_cause() {
        let bytes = file(1.0, 1);
        assert_eq!(read(&bytes[..360], 1 << 20), Err(ReadError::Short));
        assert_eq!(read(b"nothing of the kind", 1 << 20), Err(ReadError::NotNifti));
        assert_eq!(read(&bytes, 10), Err(ReadError::Memory { needed: 24, budget: 10 }));
        let mut rgb = bytes.clone();
        rgb[70] = 128;
        assert_eq!(read(&rgb, 1 << 20), Err(ReadError::Type(128)));
        let zipped = ParallelGzip::compress(&bytes, true);
        assert_eq!(read(&zipped[..zipped.len() / 2], 1 << 20), Err(ReadError::Short));
    }
}
