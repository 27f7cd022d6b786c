//! High-throughput JPEG 2000 (ITU-T T.814 | ISO/IEC 15444-15): the codestreams of T.800 with another block
//! coder.
//!
//! In: a codestream whose markers were followed (`codestream`). Out: its samples, or what is wrong with it,
//! for any bytes. Whatever T.800 and T.814 allow for components of one kind is decoded: tiles, tile-parts,
//! packed headers, precincts, layers, the five progressions and changes of them, both wavelets, both
//! transforms of components, refinement passes. Regions of interest and part 2's extensions are refused by
//! name.
//!
//! - `parameters` reads what main and tile headers say.
//! - `tile` lays out resolutions, bands and precincts; `packets` finds the bytes of their blocks.
//! - `block` decodes a block, by the readers of `bits` and the codewords of `vlc_codes`.
//! - `wavelet` puts bands together.

mod bits;
mod block;
mod packets;
mod parameters;
mod tile;
mod vlc_codes;
mod wavelet;

use super::codestream::{Codestream, PPM, PPT, TilePart, segments};
use super::picture::{Wanted, corrupt, unsupported};
use crate::dicom::DicomError;
use packets::Source;
use parameters::Parameters;
use tile::{Component, Rect};

/// Decodes a frame: its samples, those of a pixel side by side.
///
/// # Errors
/// A codestream that is damaged, short, or of a kind that is not decoded.
pub(super) fn decode(stream: &Codestream<'_>, wanted: &Wanted) -> Result<Vec<i32>, DicomError> {
    if stream.extended {
        return Err(unsupported("HTJ2K with regions of interest or extensions"));
    }
    let count = wanted.samples as usize;
    let main = Parameters::main(count, stream.main)?;
    let packed = packed_main(stream)?;
    let mut samples = vec![0i32; wanted.len()?];
    let mut scratch = block::Block::default();
    // The parts of each tile, as they come.
    let mut parts: Vec<Vec<usize>> = vec![Vec::new(); stream.tiles];
    for (n, part) in stream.parts.iter().enumerate() {
        parts.get_mut(usize::from(part.tile)).ok_or(corrupt("tile number"))?.push(n);
    }
    for (number, parts) in parts.iter().enumerate() {
        let own: Vec<&TilePart<'_>> = parts.iter().filter_map(|n| stream.parts.get(*n)).collect();
        let parameters = main.of_tile(own.iter().map(|part| part.markers))?;
        let body = joined(own.iter().map(|part| part.packets));
        let headers = match &packed {
            Some(all) => Some(joined(parts.iter().filter_map(|n| all.get(*n)).map(Vec::as_slice))),
            None => packed_tile(&own)?,
        };
        let source = Source::new(&body, headers.as_deref());
        let rect = stream.tile_rect(number);
        let rect = Rect { x: rect[0], y: rect[1] };
        decode_tile(stream, rect, &parameters, source, &mut scratch, &mut samples, count)?;
    }
    Ok(samples)
}

fn joined<'a>(parts: impl Iterator<Item = &'a [u8]>) -> std::borrow::Cow<'a, [u8]> {
    let parts: Vec<&[u8]> = parts.collect();
    match parts[..] {
        [one] => one.into(),
        _ => parts.concat().into(),
    }
}

/// Packet headers of each tile-part out of the main header (PPM, A.7.4), if they are there.
fn packed_main(stream: &Codestream<'_>) -> Result<Option<Vec<Vec<u8>>>, DicomError> {
    let Some(all) = in_order(segments(stream.main), PPM)? else { return Ok(None) };
    let mut rest = &all[..];
    let mut out = Vec::new();
    while let Some((len, behind)) = rest.split_first_chunk::<4>() {
        let len = u32::from_be_bytes(*len) as usize;
        let (part, behind) = behind.split_at_checked(len).ok_or(corrupt("packed headers"))?;
        out.push(part.to_vec());
        rest = behind;
    }
    Ok(Some(out))
}

/// A tile's packet headers out of its own header (PPT, A.7.5).
fn packed_tile<'a>(parts: &[&TilePart<'a>]) -> Result<Option<std::borrow::Cow<'a, [u8]>>, DicomError> {
    Ok(in_order(parts.iter().flat_map(|part| segments(part.markers)), PPT)?.map(Into::into))
}

/// The contents of all segments of a kind, by their numbers.
fn in_order<'a>(
    segments: impl Iterator<Item = (u16, &'a [u8])>,
    kind: u16,
) -> Result<Option<Vec<u8>>, DicomError> {
    let contents = segments.filter(|(marker, _)| *marker == kind).map(|(_, content)| content.split_first());
    let mut numbered: Vec<(&u8, &[u8])> = contents.collect::<Option<_>>().ok_or(corrupt("packed headers"))?;
    numbered.sort_by_key(|(number, _)| **number);
    if numbered.is_empty() {
        return Ok(None);
    }
    Ok(Some(numbered.into_iter().flat_map(|(_, content)| content).copied().collect()))
}

/// The tile's samples into the frame's.
fn decode_tile<'a>(
    stream: &Codestream<'_>,
    rect: Rect,
    parameters: &Parameters,
    source: Source<'a>,
    scratch: &mut block::Block,
    samples: &mut [i32],
    count: usize,
) -> Result<(), DicomError> {
    let available = source.available();
    let mut components = (0..count)
        .map(|n| Component::new(rect, n, parameters, stream.precision, available))
        .collect::<Result<Vec<Component<'a>>, _>>()?;
    source.read(&mut components, &parameters.progressions(), parameters.layers())?;

    let transformed = parameters.transformed();
    let same = components.windows(2).take(2).all(|pair| pair[0].reversible == pair[1].reversible);
    if transformed && (count < 3 || !same) {
        return Err(corrupt("transform of components"));
    }
    let (mut whole, mut real): (Vec<Vec<i32>>, Vec<Vec<f32>>) = (Vec::new(), Vec::new());
    for component in &components {
        if component.reversible {
            whole.push(component.samples(scratch)?);
        } else {
            real.push(component.samples(scratch)?);
        }
    }
    if transformed {
        if let Ok([y, cb, cr]) = whole.get_disjoint_mut([0, 1, 2]) {
            for ((y, cb), cr) in y.iter_mut().zip(cb).zip(cr) {
                // RCT, equations G-6 to G-8.
                let green = y.wrapping_sub(cb.wrapping_add(*cr) >> 2);
                (*y, *cb, *cr) = (cr.wrapping_add(green), green, cb.wrapping_add(green));
            }
        }
        if let Ok([y, cb, cr]) = real.get_disjoint_mut([0, 1, 2]) {
            for ((y, cb), cr) in y.iter_mut().zip(cb).zip(cr) {
                // ICT, equations G-12 to G-14.
                let (red, blue) = (*y + 1.402 * *cr, *y + 1.772 * *cb);
                (*y, *cb, *cr) = (red, *y - 0.344_13 * *cb - 0.714_14 * *cr, blue);
            }
        }
    }
    // DC level shift (G.1.2), and the range.
    let bits = stream.precision - u32::from(stream.signed);
    if bits > 30 {
        return Err(unsupported("HTJ2K above 30 bit"));
    }
    let (least, most) = (if stream.signed { -1i32 << bits } else { 0 }, (1i32 << bits) - 1);
    let shift = if stream.signed { 0 } else { 1i32 << bits >> 1 };
    let place = |v: i32| v.saturating_add(shift).clamp(least, most);
    let (mut whole, mut real) = (whole.into_iter(), real.into_iter());
    for (n, component) in components.iter().enumerate() {
        if component.reversible {
            let values = whole.next().unwrap_or_default();
            put(&values, place, rect, stream, n, count, samples);
        } else {
            let values = real.next().unwrap_or_default();
            put(&values, |v: f32| place((v + 0.5).floor() as i32), rect, stream, n, count, samples);
        }
    }
    Ok(())
}

/// One component's samples to their places in the frame.
fn put<S: Copy>(
    values: &[S],
    place: impl Fn(S) -> i32,
    rect: Rect,
    stream: &Codestream<'_>,
    component: usize,
    count: usize,
    samples: &mut [i32],
) {
    let [[x0, x1], [y0, _]] = stream.picture;
    let width = (x1 - x0) as usize;
    let (left, top) = ((rect.x[0] - x0) as usize, (rect.y[0] - y0) as usize);
    let rows = samples.chunks_exact_mut((width * count).max(1)).skip(top);
    for (row, values) in rows.zip(values.chunks_exact(rect.width().max(1))) {
        let places = row.iter_mut().skip(left * count + component).step_by(count.max(1));
        for (sample, value) in places.zip(values) {
            *sample = place(*value);
        }
    }
}
