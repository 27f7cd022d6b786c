//! Boxes made black in every frame. In: an object's native values, or its compressed frames, and the boxes.
//! Out: native values in little endian that equal the source's outside the boxes. Never: a changed value
//! outside a box, a frame left out, a box that was only partly drawn.

use super::glyphs::PixelBox;
use super::search::pixel_value;
use crate::dicom::pixels::{Frames, Photometric, PixelLayout};
use crate::dicom::{DicomError, Header, PixelElement, Tag, tags};
use crate::volume::Voxels;
use crate::with_voxels;

/// The most that all decoded frames of an object may take.
const BUDGET: u64 = 1 << 31;

/// Draws boxes into native values, little endian, as the header describes them.
///
/// # Errors
/// A layout in which single pixels have no bytes of their own.
pub(in crate::deid) fn paint_native(
    header: &Header,
    boxes: &[PixelBox],
    value: &mut [u8],
) -> Result<(), DicomError> {
    let layout = PixelLayout::of(header)?;
    let black = black(header, &layout)?;
    let halved = layout.photometric == Photometric::YbrFull422 && layout.samples == 3;
    if halved && layout.columns % 2 == 1 {
        return Err(DicomError::PixelDescription { what: "shared chrominances in odd columns" });
    }
    let frame_bytes = layout.frame_bytes();
    let frame = usize::try_from(frame_bytes)
        .map_err(|_| DicomError::OverBudget { needs: frame_bytes, budget: BUDGET })?;
    let width = usize::from(layout.bits_allocated / 8);
    let (samples, columns) = (usize::from(layout.samples), layout.columns as usize);
    let plane = columns * layout.rows as usize;
    for frame in value.chunks_mut(frame.max(1)).take(layout.frames as usize) {
        for (x, y) in boxes.iter().flat_map(|b| pixels_of(b, &layout)) {
            let pixel = y * columns + x;
            if halved {
                // Y Y Cb Cr of two pixels: both lose their colour, each its own brightness.
                let pair = pixel / 2 * 4;
                set(frame, pair + pixel % 2, 1, black[0]);
                set(frame, pair + 2, 1, black[1]);
                set(frame, pair + 3, 1, black[2]);
                continue;
            }
            for (sample, black) in black.iter().enumerate().take(samples) {
                let at = if layout.planar { sample * plane + pixel } else { pixel * samples + sample };
                set(frame, at * width, width, *black);
            }
        }
    }
    Ok(())
}

/// The frames of a compressed object, decoded, with boxes drawn: native values, little endian, colour as RGB
/// pixel by pixel, values in the lowest bits.
///
/// # Errors
/// The frames can't be decoded.
pub(in crate::deid) fn painted_frames(header: &Header, boxes: &[PixelBox]) -> Result<Vec<u8>, DicomError> {
    let layout = PixelLayout::of(header)?;
    let needs = layout.total_bytes().saturating_mul(if layout.samples == 3 { 2 } else { 1 });
    if needs > BUDGET {
        return Err(DicomError::OverBudget { needs, budget: BUDGET });
    }
    let value = pixel_value(header).ok_or(DicomError::PixelDescription { what: "no PixelData" })?;
    let frames = Frames::new(&layout, header.syntax(), value)?;
    let black = if layout.samples == 3 { [0; 4] } else { shifted_back(black(header, &layout)?, &layout) };
    let width = usize::from(layout.bits_allocated / 8);
    let samples = usize::from(layout.samples);
    let columns = layout.columns as usize;
    let mut out = Vec::with_capacity(usize::try_from(needs).unwrap_or(0));
    for at in 0..layout.frames {
        let start = out.len();
        append(&frames.decode(at)?, width, &mut out);
        let frame = out.get_mut(start..).unwrap_or_default();
        for (x, y) in boxes.iter().flat_map(|b| pixels_of(b, &layout)) {
            for (sample, black) in black.iter().enumerate().take(samples) {
                set(frame, ((y * columns + x) * samples + sample) * width, width, *black);
            }
        }
    }
    Ok(out)
}

/// Draws boxes into a decoded frame of so many `values` a pixel, side by side: 0 where values are unsigned, else
/// the frame's least.
pub(crate) fn blacken(voxels: &mut Voxels, columns: u32, values: u32, boxes: &[PixelBox]) {
    let columns = columns.saturating_mul(values);
    let wide = |area: &PixelBox| PixelBox {
        x: area.x.saturating_mul(values),
        width: area.width.saturating_mul(values),
        ..*area
    };
    let boxes: &[PixelBox] = &boxes.iter().map(wide).collect::<Vec<_>>();
    let low = voxels.range().map_or(0.0, |(low, _)| low);
    match voxels {
        Voxels::U8(values) => fill(values, columns, boxes, 0),
        Voxels::U16(values) => fill(values, columns, boxes, 0),
        Voxels::U32(values) => fill(values, columns, boxes, 0),
        Voxels::I16(values) => fill(values, columns, boxes, low as i16),
        Voxels::I32(values) => fill(values, columns, boxes, low as i32),
        Voxels::F32(values) => fill(values, columns, boxes, low as f32),
        Voxels::F64(values) => fill(values, columns, boxes, low),
    }
}

fn fill<T: Copy>(values: &mut [T], columns: u32, boxes: &[PixelBox], black: T) {
    let columns = columns as usize;
    for (y, row) in values.chunks_mut(columns.max(1)).enumerate() {
        for area in boxes.iter().filter(|b| (b.y as usize..b.y as usize + b.height as usize).contains(&y)) {
            let from = (area.x as usize).min(row.len());
            let to = (area.x.saturating_add(area.width) as usize).min(row.len());
            row.get_mut(from..to).unwrap_or_default().fill(black);
        }
    }
}

/// The pixels of a box, as far as they are in the image.
fn pixels_of(area: &PixelBox, layout: &PixelLayout) -> impl Iterator<Item = (usize, usize)> + use<> {
    let columns = area.x..area.x.saturating_add(area.width).min(layout.columns);
    let rows = area.y..area.y.saturating_add(area.height).min(layout.rows);
    rows.flat_map(move |y| columns.clone().map(move |x| (x as usize, y as usize)))
}

/// Writes a sample's lowest bytes.
fn set(frame: &mut [u8], at: usize, width: usize, value: u64) {
    for (to, from) in frame.iter_mut().skip(at).take(width).zip(value.to_le_bytes()) {
        *to = from;
    }
}

fn append(voxels: &Voxels, width: usize, out: &mut Vec<u8>) {
    match voxels {
        Voxels::U8(values) => out.extend_from_slice(values),
        Voxels::I16(values) if width == 1 => out.extend(values.iter().map(|v| *v as u8)),
        other => with_voxels!(other, values => values.iter().for_each(|v| out.extend(v.to_le_bytes()))),
    }
}

/// What black is, sample by sample, in the stored bits (PS3.3 C.7.6.3.1.2).
fn black(header: &Header, layout: &PixelLayout) -> Result<[u64; 4], DicomError> {
    if layout.element != PixelElement::Integer {
        return Ok([0; 4]);
    }
    let stored = u32::from(layout.bits_stored).min(32);
    let low = u32::from(layout.high_bit + 1 - layout.bits_stored);
    let half = 1u64 << (stored - 1);
    let value = match layout.photometric {
        Photometric::YbrFull | Photometric::YbrFull422 => return Ok([0, half << low, half << low, 0]),
        Photometric::Rgb | Photometric::Other => return Ok([0; 4]),
        Photometric::Palette => darkest(header) as i64,
        Photometric::Grey => {
            let text = header.root().text(tags::PHOTOMETRIC_INTERPRETATION).unwrap_or_default();
            let inverse = text.trim().eq_ignore_ascii_case("MONOCHROME1");
            match (layout.signed, inverse) {
                (false, false) => 0,
                (false, true) => (half * 2 - 1) as i64,
                // The least value that there is, not the least that there could be: it is background.
                (true, inverse) => extreme(header, layout, inverse)?,
            }
        }
    };
    Ok([(value << low).cast_unsigned(); 4])
}

/// The same for decoded frames, whose values are in the lowest bits.
fn shifted_back(black: [u64; 4], layout: &PixelLayout) -> [u64; 4] {
    let low = u32::from(layout.high_bit + 1 - layout.bits_stored);
    black.map(|value| (value.cast_signed() >> low).cast_unsigned())
}

/// The least (greatest) value of all frames.
fn extreme(header: &Header, layout: &PixelLayout, greatest: bool) -> Result<i64, DicomError> {
    let value = pixel_value(header).ok_or(DicomError::PixelDescription { what: "no PixelData" })?;
    let frames = Frames::new(layout, header.syntax(), value)?;
    let mut found: Option<f64> = None;
    for at in 0..layout.frames {
        let Some((low, high)) = frames.decode(at)?.range() else { continue };
        found = Some(match (found, greatest) {
            (None, false) => low,
            (None, true) => high,
            (Some(known), false) => known.min(low),
            (Some(known), true) => known.max(high),
        });
    }
    Ok(found.unwrap_or(0.0) as i64)
}

/// The index of the darkest colour of a palette (PS3.3 C.7.6.3.1.5, C.7.9); 0 where it can't be read.
fn darkest(header: &Header) -> u32 {
    let root = header.root();
    let tables = [0x1201u16, 0x1202, 0x1203].map(|element| {
        let bytes = root.get(Tag(0x0028, element)).map(|e| e.bytes()).unwrap_or_default();
        let described = root.get(Tag(0x0028, element - 0x0100)).map(|e| e.ints()).unwrap_or_default();
        let entries = match described.first() {
            Some(0) => 65_536,
            Some(n) => usize::try_from(*n & 0xFFFF).unwrap_or(0),
            None => 0,
        };
        let first = described.get(1).copied().unwrap_or(0);
        // Eight-bit entries stand in bytes, or in words.
        let wide = bytes.len() >= entries * 2;
        let values: Vec<u32> = if wide {
            bytes.chunks_exact(2).take(entries).map(|w| u32::from(u16::from_le_bytes([w[0], w[1]]))).collect()
        } else {
            bytes.iter().take(entries).map(|b| u32::from(*b)).collect()
        };
        (values, u32::try_from(first).unwrap_or(0))
    });
    let [(red, first), (green, _), (blue, _)] = tables;
    let sums = red.iter().zip(&green).zip(&blue).map(|((r, g), b)| r + g + b);
    let place = sums.enumerate().min_by_key(|(at, sum)| (*sum, *at)).map(|(at, _)| at as u32);
    place.map_or(0, |at| at + first)
}
