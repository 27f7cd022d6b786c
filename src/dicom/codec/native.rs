//! Uncompressed frames: single bits, words of 8, 16 or 32 bits, floats, doubles (PS3.5 §8.2, PS3.3 C.7.6.3).
//!
//! In: a layout and one frame's bytes. Out: voxels of the smallest exact type. Bits beyond the stored ones
//! (old overlays) are masked, signed values extended from their sign bit; colour comes out as RGB, its
//! samples side by side.

use super::picture::to_rgb;
use crate::dicom::pixels::{Photometric, PixelLayout};
use crate::dicom::{DicomError, PixelElement};
use crate::volume::Voxels;

/// The frame that begins `start` bytes into `value`.
///
/// # Errors
/// As [`decode`].
pub(in crate::dicom) fn decode_at(
    layout: &PixelLayout,
    value: &[u8],
    start: usize,
    big: bool,
) -> Result<Voxels, DicomError> {
    let needs = layout.frame_bytes();
    let short = || DicomError::PixelsShort { have: 0, needs };
    if !(big && layout.paired_bytes) {
        return decode(layout, value.get(start..).ok_or_else(short)?, big);
    }
    // Words don't care for frames: an odd one ends, and the next begins, within a pair.
    let words = value.get(start & !1..).ok_or_else(short)?;
    let most = usize::try_from(needs).unwrap_or(usize::MAX).saturating_add(2).min(words.len());
    let turned: Vec<u8> =
        words.get(..most).unwrap_or_default().chunks(2).flat_map(|pair| pair.iter().rev()).copied().collect();
    decode(layout, turned.get(start & 1..).unwrap_or_default(), false)
}

/// A frame of one bit a pixel, the first in the lowest bit; frames follow each other without a gap (PS3.5
/// §8.1.1, §8.2), so that one may begin within a byte.
///
/// # Errors
/// Too few bytes.
pub(in crate::dicom) fn decode_bits(
    layout: &PixelLayout,
    value: &[u8],
    index: u32,
    big: bool,
) -> Result<Voxels, DicomError> {
    let pixels = layout.frame_pixels() * u64::from(layout.samples);
    let first = pixels.saturating_mul(u64::from(index));
    let needs = first.saturating_add(pixels).div_ceil(8);
    let short = DicomError::PixelsShort { have: value.len() as u64, needs };
    let (Ok(first), Ok(pixels)) = (usize::try_from(first), usize::try_from(pixels)) else {
        return Err(short);
    };
    if (value.len() as u64) < needs {
        return Err(short);
    }
    // Words that are turned round: the byte beside is meant, unless the last one has none.
    let turned = usize::from(big && layout.paired_bytes);
    let bit = |n: usize| {
        let byte = value.get((n / 8) ^ turned).or_else(|| value.get(n / 8)).copied().unwrap_or(0);
        byte >> (n % 8) & 1
    };
    Ok(Voxels::U8((first..first + pixels).map(bit).collect()))
}

/// Turns the stored bytes of one frame into voxels.
///
/// # Errors
/// Too few bytes, or a layout without a decoder.
pub(in crate::dicom) fn decode(layout: &PixelLayout, bytes: &[u8], big: bool) -> Result<Voxels, DicomError> {
    // Two pixels of a row share their chrominances: rows of an odd length, or signed ones, there are none.
    let shared = layout.samples == 3 && layout.photometric == Photometric::YbrFull422;
    if shared && layout.bits_allocated == 8 && (layout.columns % 2 == 1 || layout.signed) {
        return Err(DicomError::PixelDescription { what: "YBR_FULL_422 of odd or signed rows" });
    }
    let needs = layout.frame_bytes();
    let Some(bytes) = usize::try_from(needs).ok().and_then(|n| bytes.get(..n)) else {
        return Err(DicomError::PixelsShort { have: bytes.len() as u64, needs });
    };
    let voxels = match (layout.element, layout.bits_allocated) {
        (PixelElement::Float, _) => Voxels::F32(words(bytes, big, f32::from_le_bytes)),
        (PixelElement::Double, _) => Voxels::F64(words(bytes, big, f64::from_le_bytes)),
        (PixelElement::Integer, 1) => return decode_bits(layout, bytes, 0, false),
        (PixelElement::Integer, 8) => bytes_8(layout, bytes),
        (PixelElement::Integer, 16) => words_16(layout, bytes, big),
        (PixelElement::Integer, 32) => words_32(layout, bytes, big),
        _ => return Err(DicomError::PixelDescription { what: "BitsAllocated" }),
    };
    Ok(if layout.samples == 3 { coloured(layout, voxels) } else { voxels })
}

fn bytes_8(layout: &PixelLayout, bytes: &[u8]) -> Voxels {
    let (shift, unused) = (layout.shift(), 8 - u32::from(layout.bits_stored));
    if layout.signed {
        Voxels::I16(
            bytes.iter().map(|b| i16::from(((*b >> shift) << unused).cast_signed() >> unused)).collect(),
        )
    } else {
        Voxels::U8(bytes.iter().map(|b| ((*b >> shift) << unused) >> unused).collect())
    }
}

fn words_16(layout: &PixelLayout, bytes: &[u8], big: bool) -> Voxels {
    let (shift, unused) = (layout.shift(), 16 - u32::from(layout.bits_stored));
    if layout.signed {
        Voxels::I16(words(bytes, big, |b| {
            ((u16::from_le_bytes(b) >> shift) << unused).cast_signed() >> unused
        }))
    } else {
        Voxels::U16(words(bytes, big, |b| ((u16::from_le_bytes(b) >> shift) << unused) >> unused))
    }
}

fn words_32(layout: &PixelLayout, bytes: &[u8], big: bool) -> Voxels {
    let (shift, unused) = (layout.shift(), 32 - u32::from(layout.bits_stored));
    if layout.signed {
        Voxels::I32(words(bytes, big, |b| {
            ((u32::from_le_bytes(b) >> shift) << unused).cast_signed() >> unused
        }))
    } else {
        Voxels::U32(words(bytes, big, |b| ((u32::from_le_bytes(b) >> shift) << unused) >> unused))
    }
}

fn words<const N: usize, T>(bytes: &[u8], big: bool, read: impl Fn([u8; N]) -> T) -> Vec<T> {
    let (whole, _) = bytes.as_chunks::<N>();
    if big {
        whole
            .iter()
            .map(|word| {
                let mut word = *word;
                word.reverse();
                read(word)
            })
            .collect()
    } else {
        whole.iter().map(|word| read(*word)).collect()
    }
}

/// Puts the samples of a pixel side by side, as RGB (PS3.3 C.7.6.3.1.2 and C.7.6.3.1.3).
fn coloured(layout: &PixelLayout, voxels: Voxels) -> Voxels {
    let ycc = matches!(layout.photometric, Photometric::YbrFull | Photometric::YbrFull422);
    match voxels {
        Voxels::U8(values) => {
            let values = if layout.photometric == Photometric::YbrFull422 {
                unsubsampled(&values)
            } else {
                interleaved(layout, values)
            };
            if !ycc {
                return Voxels::U8(values);
            }
            let mut wide: Vec<i32> = values.into_iter().map(i32::from).collect();
            to_rgb(&mut wide, u32::from(layout.bits_stored));
            Voxels::U8(wide.into_iter().map(|v| v as u8).collect())
        }
        Voxels::U16(values) if layout.photometric != Photometric::YbrFull422 => {
            let values = interleaved(layout, values);
            if !ycc {
                return Voxels::U16(values);
            }
            let mut wide: Vec<i32> = values.into_iter().map(i32::from).collect();
            to_rgb(&mut wide, u32::from(layout.bits_stored));
            Voxels::U16(wide.into_iter().map(|v| v as u16).collect())
        }
        other => other,
    }
}

/// Colour by plane, put side by side.
fn interleaved<T: Copy>(layout: &PixelLayout, values: Vec<T>) -> Vec<T> {
    let plane = values.len() / 3;
    if !layout.planar || plane == 0 {
        return values;
    }
    let mut planes = values.chunks_exact(plane);
    match (planes.next(), planes.next(), planes.next()) {
        (Some(a), Some(b), Some(c)) => a.iter().zip(b).zip(c).flat_map(|((a, b), c)| [*a, *b, *c]).collect(),
        _ => values,
    }
}

/// Two luminances share a pair of chrominances: Y Y Cb Cr.
fn unsubsampled(values: &[u8]) -> Vec<u8> {
    values.as_chunks::<4>().0.iter().flat_map(|[y0, y1, cb, cr]| [*y0, *cb, *cr, *y1, *cb, *cr]).collect()
}
