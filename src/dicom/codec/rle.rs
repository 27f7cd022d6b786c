//! Run-length encoding (PS3.5 §G): a header of 16 words, then byte planes, PackBits-coded.
//!
//! In: one frame's bytes. Out: voxels. Planes run sample by sample, and within a sample from the most
//! significant byte (§G.2).

use super::picture::corrupt;
use crate::dicom::DicomError;
use crate::dicom::pixels::{Photometric, PixelLayout};
use crate::volume::Voxels;

const HEADER: usize = 64;

fn word(packed: &[u8], n: usize) -> Option<usize> {
    Some(u32::from_le_bytes(packed.get(n * 4..n * 4 + 4)?.try_into().ok()?) as usize)
}

/// Whether a frame of this layout may begin here: the right number of segments, in order, the first one
/// behind the header.
pub(super) fn plausible_header(bytes: &[u8], layout: &PixelLayout) -> bool {
    let planes = planes_of(layout);
    let starts: Option<Vec<usize>> = (1..=planes).map(|n| word(bytes, n)).collect();
    word(bytes, 0) == Some(planes)
        && starts.is_some_and(|s| s.first() == Some(&HEADER) && s.is_sorted())
        && (planes + 1..16).all(|n| word(bytes, n) == Some(0))
}

fn planes_of(layout: &PixelLayout) -> usize {
    usize::from(layout.bits_allocated / 8) * usize::from(layout.samples)
}

/// Decodes one frame.
///
/// # Errors
/// Another number of segments than the layout's planes, or one that is short.
pub(super) fn decode(layout: &PixelLayout, packed: &[u8]) -> Result<Voxels, DicomError> {
    let planes = planes_of(layout);
    let word_bytes = usize::from(layout.bits_allocated / 8);
    if word(packed, 0) != Some(planes) || planes == 0 || planes > 15 {
        return Err(corrupt("RLE segments"));
    }
    let pixels = layout.frame_pixels();
    let size = usize::try_from(pixels * planes as u64)
        .map_err(|_| DicomError::PixelsShort { have: packed.len() as u64, needs: pixels })?;
    let plane_len = size / planes;
    // The shortest code of a plane gives 128 bytes for two: what is shorter can't fill the frame.
    if (packed.len() as u64).saturating_mul(64) < size as u64 {
        return Err(DicomError::PixelsShort { have: packed.len() as u64, needs: size as u64 });
    }
    let mut out = vec![0u8; size];
    for plane in 0..planes {
        let start = word(packed, plane + 1).ok_or(corrupt("RLE segments"))?;
        let next = if plane + 1 < planes { word(packed, plane + 2) } else { None };
        let end = next.unwrap_or(packed.len()).min(packed.len());
        let segment = packed.get(start..end).ok_or(corrupt("RLE segments"))?;
        let (sample, byte) = (plane / word_bytes, plane % word_bytes);
        // The output is little endian.
        let first = sample * word_bytes + (word_bytes - 1 - byte);
        let filled = unpack(segment, out.iter_mut().skip(first).step_by(planes));
        if filled < plane_len {
            return Err(DicomError::PixelsShort { have: filled as u64, needs: plane_len as u64 });
        }
    }
    // What was coded by plane now lies side by side, every sample of it (§G allows no shared chrominances).
    let photometric = match layout.photometric {
        Photometric::YbrFull422 => Photometric::YbrFull,
        other => other,
    };
    let plain = PixelLayout { planar: false, photometric, ..layout.clone() };
    super::native::decode(&plain, &out, false)
}

/// Fills the places; says how many.
fn unpack<'a>(segment: &[u8], mut places: impl Iterator<Item = &'a mut u8>) -> usize {
    let mut filled = 0usize;
    let mut at = 0usize;
    while let Some(code) = segment.get(at).map(|c| c.cast_signed()) {
        at += 1;
        if code >= 0 {
            let end = (at + usize::from(code.unsigned_abs()) + 1).min(segment.len());
            for byte in segment.get(at..end).unwrap_or_default() {
                let Some(place) = places.next() else { return filled };
                *place = *byte;
                filled += 1;
            }
            at = end;
        } else if code != -128 {
            let Some(byte) = segment.get(at).copied() else { return filled };
            at += 1;
            for _ in 0..=usize::from(code.unsigned_abs()) {
                let Some(place) = places.next() else { return filled };
                *place = byte;
                filled += 1;
            }
        }
    }
    filled
}
