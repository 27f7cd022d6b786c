//! The pixels of an object, looked at. In: a file read whole. Out: where lines of text seem to be, and how
//! many frames were searched; or that they can't be decoded. Never: keeps or changes a pixel.

use super::glyphs::{PixelBox, Plane, text_boxes};
use crate::dicom::pixels::{Frames, PixelLayout};
use crate::dicom::{DicomError, Header, Tag};
use crate::volume::Voxels;

/// Frames of one object that are searched: the first, the last, and evenly many between. What a machine burns
/// in stands in all of them.
const FRAMES: usize = 12;

/// What was found in the pixels of an object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// Boxes around what looks like text, of all frames together.
    pub boxes: Vec<PixelBox>,
    /// Frames that were searched.
    pub searched: u32,
    /// Frames of the object.
    pub frames: u32,
}

/// The bytes of the pixel data element's value, as far as the file goes.
pub(crate) fn pixel_value(header: &Header) -> Option<&[u8]> {
    let pixels = header.pixels()?;
    let start = usize::try_from(pixels.offset).ok()?;
    let value = header.data().get(start..)?;
    match pixels.len {
        Some(len) => Some(value.get(..usize::try_from(len).ok()?).unwrap_or(value)),
        None => Some(value),
    }
}

/// Searches an object's frames for text.
///
/// # Errors
/// The pixels can't be decoded.
pub fn search(header: &Header) -> Result<Found, DicomError> {
    search_outside(header, &[])
}

/// Searches for text where no box will be drawn.
///
/// # Errors
/// The pixels can't be decoded.
pub fn search_outside(header: &Header, drawn: &[PixelBox]) -> Result<Found, DicomError> {
    let layout = PixelLayout::of(header)?;
    let value = pixel_value(header).ok_or(DicomError::PixelDescription { what: "no PixelData" })?;
    let frames = Frames::new(&layout, header.syntax(), value)?;
    let mut found = Found { frames: layout.frames, ..Found::default() };
    for at in sampled(layout.frames as usize) {
        let voxels = frames.decode(u32::try_from(at).unwrap_or(0))?;
        for mut plane in planes(&voxels, layout.columns as usize, layout.rows as usize) {
            drawn.iter().for_each(|area| plane.blacken(*area));
            found.boxes.extend(text_boxes(&plane));
        }
        found.searched += 1;
    }
    found.boxes = super::glyphs::merged(found.boxes);
    Ok(found)
}

/// Which of so many frames are searched.
pub(crate) fn sampled(frames: usize) -> impl Iterator<Item = usize> {
    let wanted = FRAMES.min(frames);
    // The first and the last among them.
    (0..wanted).map(move |n| n * (frames - 1) / (wanted.max(2) - 1))
}

/// Whether something in a decoded frame looks like text.
pub(crate) fn text_of_frame(voxels: &Voxels, layout: &PixelLayout) -> bool {
    let planes = planes(voxels, layout.columns as usize, layout.rows as usize);
    planes.iter().any(|plane| !text_boxes(plane).is_empty())
}

/// The planes of a frame in which text would show: brightness, and for colour how strong it is.
pub fn planes(voxels: &Voxels, columns: usize, rows: usize) -> Vec<Plane> {
    let pixels = columns.saturating_mul(rows);
    if pixels == 0 {
        return Vec::new();
    }
    let samples = voxels.len() / pixels;
    let bytes = match voxels {
        Voxels::U8(values) if samples == 1 => stretched(values.iter().map(|v| i64::from(*v)), values.len()),
        Voxels::U16(values) => stretched_words(values),
        Voxels::I16(values) => stretched_words(values),
        Voxels::U32(values) => stretched(values.iter().map(|v| i64::from(*v)), values.len()),
        Voxels::I32(values) => stretched(values.iter().map(|v| i64::from(*v)), values.len()),
        Voxels::U8(values) => values.clone(),
        floats => {
            // Floats as steps of their range: the window is found among these.
            let (low, high) = floats.range().unwrap_or((0.0, 0.0));
            let scale = if high > low { 1e6 / (high - low) } else { 0.0 };
            let steps = |v: f64| if v.is_finite() { ((v - low) * scale) as i64 } else { 0 };
            let all: Vec<i64> = (0..floats.len()).map(|at| steps(floats.get(at).unwrap_or(low))).collect();
            stretched(all.iter().copied(), all.len())
        }
    };
    if samples < 3 {
        return Plane::new(columns, rows, bytes).into_iter().collect();
    }
    let mut light = Vec::with_capacity(pixels);
    let mut chroma = Vec::with_capacity(pixels);
    let mut coloured = false;
    for pixel in bytes.chunks_exact(samples) {
        let (r, g, b) = match pixel {
            [r, g, b, ..] => (*r, *g, *b),
            _ => (0, 0, 0),
        };
        // ITU-R BT.601, in 256ths.
        let weighted = 77 * u32::from(r) + 150 * u32::from(g) + 29 * u32::from(b);
        light.push((weighted >> 8) as u8);
        let strength = r.max(g).max(b) - r.min(g).min(b);
        coloured |= strength > 24;
        chroma.push(strength);
    }
    let light = Plane::new(columns, rows, light);
    let chroma = if coloured { Plane::new(columns, rows, chroma) } else { None };
    light.into_iter().chain(chroma).collect()
}

/// [`stretched`] for words of 16 bits, which most images have: every fourth value tells the window, and
/// all are scaled in whole numbers, many at a time.
fn stretched_words<T: Copy + Ord + Into<i32>>(values: &[T]) -> Vec<u8> {
    let (Some(least), Some(most)) = (values.iter().min(), values.iter().max()) else { return Vec::new() };
    let (least, most): (i32, i32) = ((*least).into(), (*most).into());
    let span = least.abs_diff(most);
    if span == 0 {
        return vec![0; values.len()];
    }
    let sample: Vec<u32> = values.iter().step_by(4).map(|value| (*value).into().abs_diff(least)).collect();
    let (low, range) = window(&sample, span);
    let (low, range) = (low as i32, range.min(65_535));
    let scale = (255 << 16) / range;
    let from = least + low;
    let scaled = |value: T| {
        let above = (value.into() - from).max(0).cast_unsigned().min(range);
        ((above * scale) >> 16) as u8
    };
    values.iter().map(|value| scaled(*value)).collect()
}

/// Where the window begins, above the least value, and how far it reaches.
fn window(above_least: &[u32], span: u32) -> (u32, u32) {
    const BINS: usize = 4096;
    let shift = (32 - span.leading_zeros()).saturating_sub(12);
    let mut bins = [0u32; BINS];
    for value in above_least {
        if let Some(bin) = bins.get_mut((value >> shift) as usize) {
            *bin += 1;
        }
    }
    let rank = (above_least.len() / 200).max(1) as u32;
    let mut seen = 0;
    let below = bins.iter().position(|bin| {
        seen += bin;
        seen >= rank
    });
    seen = 0;
    let above = bins.iter().rposition(|bin| {
        seen += bin;
        seen >= rank
    });
    let low = (below.unwrap_or(0) as u32) << shift;
    let bulk = ((above.unwrap_or(BINS) as u32) << shift).saturating_sub(low);
    let top = span.saturating_sub(low);
    (low, if bulk < top / 8 { top / 2 } else { top.min(bulk.saturating_mul(2)) }.max(1))
}

/// Values as bytes, so that what a window shows has contrast and a few bright pixels don't take it.
///
/// From the value that 0.5 % are below, over twice the range up to that which 0.5 % are above: burned-in
/// text is often brighter than all else, and still must stand apart from what is merely bright.
fn stretched(values: impl Iterator<Item = i64> + Clone, len: usize) -> Vec<u8> {
    let range = values.clone().fold(None, |range: Option<(i64, i64)>, v| match range {
        Some((low, high)) => Some((low.min(v), high.max(v))),
        None => Some((v, v)),
    });
    let Some((least, most)) = range else { return Vec::new() };
    let span = u32::try_from(most.abs_diff(least)).unwrap_or(u32::MAX);
    if span == 0 {
        return vec![0; len];
    }
    let above_least: Vec<u32> = values
        .clone()
        .step_by(4)
        .map(|value| u32::try_from(value.abs_diff(least)).unwrap_or(u32::MAX))
        .collect();
    let (low, range) = window(&above_least, span);
    let scale = 255.0 / range as f32;
    let from = least.saturating_add(i64::from(low));
    values.map(|value| (value.saturating_sub(from) as f32 * scale).clamp(0.0, 255.0) as u8).collect()
}

/// What tells one device's images from another's, for templates.
pub(super) fn text_of(header: &Header, tag: Tag) -> String {
    header.root().text(tag).unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
}
