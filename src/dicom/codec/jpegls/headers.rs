//! Frame and scan headers of JPEG-LS (ITU-T T.87 annex C).
//!
//! In: the contents of marker segments. Out: what a scan is coded with, checked. Nothing is decoded here.

use crate::dicom::DicomError;
use crate::dicom::codec::picture::{Wanted, corrupt, unsupported};

/// The frame header's part that scans need.
pub(super) struct Frame {
    pub(super) precision: u32,
    pub(super) columns: usize,
    pub(super) ids: Vec<u8>,
}

/// Preset coding parameters (C.2.4.1.1); 0 where the default is meant.
#[derive(Clone, Copy, Default)]
pub(super) struct Preset {
    most: i32,
    thresholds: [i32; 3],
    reset: i32,
}

pub(super) fn frame_header(content: &[u8], wanted: &Wanted) -> Result<Frame, DicomError> {
    let [precision, r1, r0, c1, c0, count, ..] = *content else { return Err(corrupt("frame header")) };
    let (rows, columns) = (u16::from_be_bytes([r1, r0]), u16::from_be_bytes([c1, c0]));
    wanted.check(u32::from(columns), u32::from(rows), u32::from(count))?;
    if !(2..=16).contains(&precision) {
        return Err(corrupt("precision"));
    }
    let parts = content.get(6..).unwrap_or_default().as_chunks::<3>().0;
    if parts.len() < usize::from(count) {
        return Err(corrupt("frame header"));
    }
    if parts.iter().take(usize::from(count)).any(|[_, factors, _]| *factors != 0x11) {
        return Err(unsupported("JPEG-LS with subsampled components"));
    }
    Ok(Frame {
        precision: u32::from(precision),
        columns: usize::from(columns),
        ids: parts.iter().take(usize::from(count)).map(|[id, ..]| *id).collect(),
    })
}

impl Preset {
    pub(super) fn of(values: &[u8]) -> Result<Self, DicomError> {
        let words: Vec<i32> =
            values.as_chunks::<2>().0.iter().map(|b| i32::from(u16::from_be_bytes(*b))).collect();
        match *words {
            [most, t1, t2, t3, reset, ..] => Ok(Self { most, thresholds: [t1, t2, t3], reset }),
            _ => Err(corrupt("preset parameters")),
        }
    }
}

/// What a scan is coded with.
pub(super) struct Scan {
    pub(super) most: i32,
    pub(super) near: i32,
    pub(super) range: i32,
    /// Bits of an escaped value.
    pub(super) escape_bits: u32,
    pub(super) limit: u32,
    pub(super) thresholds: [i32; 3],
    pub(super) reset: i32,
    pub(super) interleave: u8,
    pub(super) shift: u32,
}

pub(super) fn scan_header(
    content: &[u8],
    frame: &Frame,
    preset: Preset,
) -> Result<(Vec<usize>, Scan), DicomError> {
    let bad = || corrupt("scan header");
    let count = usize::from(*content.first().ok_or(bad())?);
    let parts = content.get(1..1 + 2 * count).ok_or(bad())?.as_chunks::<2>().0;
    let mut planes = Vec::with_capacity(count);
    for [id, table] in parts {
        let plane = frame.ids.iter().position(|known| known == id).ok_or(bad())?;
        if planes.contains(&plane) {
            return Err(bad());
        }
        if *table != 0 {
            return Err(unsupported("JPEG-LS with a mapping table"));
        }
        planes.push(plane);
    }
    let [near, interleave, shift, ..] = *content.get(1 + 2 * count..).unwrap_or_default() else {
        return Err(bad());
    };
    let ordered = if count == 1 { 0 } else { interleave };
    if planes.is_empty() || ordered > 2 || (ordered == 0 && count != 1) {
        return Err(bad());
    }
    let most = if preset.most > 0 { preset.most } else { (1 << frame.precision) - 1 };
    if most >= 1 << frame.precision {
        return Err(corrupt("preset parameters"));
    }
    let near = i32::from(near);
    if near > (most / 2).min(255) {
        return Err(corrupt("NEAR"));
    }
    let range = (most + 2 * near) / (2 * near + 1) + 1;
    let bits_of = |n: i32| 32 - (n - 1).leading_zeros();
    let depth = bits_of(most + 1).max(2);
    let mut thresholds = default_thresholds(most, near);
    for (own, given) in thresholds.iter_mut().zip(preset.thresholds) {
        if given > 0 {
            *own = given;
        }
    }
    if !(near < thresholds[0] && thresholds.is_sorted() && thresholds[2] <= most) {
        return Err(corrupt("preset parameters"));
    }
    let reset = if preset.reset > 0 { preset.reset } else { 64 };
    if reset < 3 {
        return Err(corrupt("preset parameters"));
    }
    let scan = Scan {
        most,
        near,
        range,
        escape_bits: bits_of(range),
        limit: 2 * (depth + depth.max(8)),
        thresholds,
        reset,
        interleave: ordered,
        shift: u32::from(shift & 15),
    };
    Ok((planes, scan))
}

/// C.2.4.1.1.1.
fn default_thresholds(most: i32, near: i32) -> [i32; 3] {
    let clamp = |value: i32, least: i32| if value > most || value < least { least } else { value };
    let basic = if most >= 128 {
        let factor = (most.min(4095) + 128) / 256;
        [factor + 2 + 3 * near, factor * 4 + 3 + 5 * near, factor * 17 + 4 + 7 * near]
    } else {
        let factor = 256 / (most + 1);
        [(3 / factor + 3 * near).max(2), (7 / factor + 5 * near).max(3), (21 / factor + 7 * near).max(4)]
    };
    let first = clamp(basic[0], near + 1);
    let second = clamp(basic[1], first);
    [first, second, clamp(basic[2], second)]
}
