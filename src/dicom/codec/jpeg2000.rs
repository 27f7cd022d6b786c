//! JPEG 2000 (ITU-T T.800 | ISO/IEC 15444-1) and its high-throughput form (T.814 | 15444-15).
//!
//! In: one frame's codestream and what the header says of it. Out: its samples, interleaved. Which coder made
//! the code blocks is read from the codestream; the two go to different crates. Part 2's multi-component
//! extensions are used by no MR or CT writer: what needs them is refused by the decoder, by name.

use hayro_jpeg2000::{DecodeSettings, DecoderContext, Image};
use openjph_core::codestream::Codestream as HighThroughput;
use openjph_core::file::MemInfile;

use super::codestream::Codestream;
use super::picture::{Picture, StreamColour, Wanted, corrupt, unsupported};
use crate::dicom::DicomError;

/// Decodes one frame.
///
/// # Errors
/// Another size than the header's, a codestream that is corrupt or short.
pub(super) fn decode(bytes: &[u8], wanted: &Wanted) -> Result<Picture, DicomError> {
    let stream = Codestream::of(bytes, wanted)?;
    let samples = if stream.high_throughput {
        high_throughput(&stream, wanted)?
    } else {
        classic(&stream.whole(), &stream, wanted)?
    };
    // With the transform the codestream's own colours come back; without it they are the header's.
    let colour = if stream.transformed { StreamColour::Rgb } else { StreamColour::AsHeader };
    Ok(Picture { samples, precision: stream.precision, signed: stream.signed, colour })
}

/// Rounds and clamps one sample to the codestream's range.
fn clamped(value: i64, stream: &Codestream<'_>) -> i32 {
    let most = 1i64 << (stream.precision - u32::from(stream.signed));
    let least = if stream.signed { -most } else { 0 };
    value.clamp(least, most - 1) as u32 as i32
}

fn classic(bytes: &[u8], stream: &Codestream<'_>, wanted: &Wanted) -> Result<Vec<i32>, DicomError> {
    // The decoder computes in f32: its integers are exact to 24 bits.
    if stream.precision > 20 {
        return Err(unsupported("JPEG 2000 above 20 bit"));
    }
    let settings = DecodeSettings { resolve_palette_indices: false, strict: true, target_resolution: None };
    let damaged = |_| corrupt("JPEG 2000 codestream");
    let image = Image::new(bytes, &settings).map_err(damaged)?;
    let mut context = DecoderContext::default();
    let decoded = image.decode(&mut context).map_err(damaged)?;
    let count = wanted.samples as usize;
    let components = decoded.components();
    if components.len() != count {
        return Err(corrupt("components"));
    }
    let mut samples = vec![0i32; wanted.len()?];
    // It adds the level shift to signed samples, too (T.800 G.1.2 has none there).
    let shift = if stream.signed { 1i64 << (stream.precision - 1) } else { 0 };
    for (n, component) in components.iter().enumerate() {
        let values = component.samples();
        if values.len() * count != samples.len() {
            return Err(corrupt("component size"));
        }
        for (place, value) in samples.iter_mut().skip(n).step_by(count).zip(values) {
            *place = clamped(value.round() as i64 - shift, stream);
        }
    }
    Ok(samples)
}

fn high_throughput(stream: &Codestream<'_>, wanted: &Wanted) -> Result<Vec<i32>, DicomError> {
    let damaged = |_| corrupt("HTJ2K codestream");
    let bytes = stream.in_one_part()?;
    let mut file = MemInfile::new(&bytes);
    let mut decoder = HighThroughput::new();
    decoder.read_headers(&mut file).map_err(damaged)?;
    decoder.create(&mut file).map_err(damaged)?;
    let (count, width) = (wanted.samples as usize, wanted.columns as usize);
    let mut samples = vec![0i32; wanted.len()?];
    for line in samples.chunks_exact_mut((width * count).max(1)) {
        for n in 0..count {
            let values = decoder.pull(n as u32).ok_or(corrupt("the codestream is short"))?;
            if values.len() != width {
                return Err(corrupt("component size"));
            }
            for (place, value) in line.iter_mut().skip(n).step_by(count).zip(values) {
                *place = clamped(i64::from(value), stream);
            }
        }
    }
    Ok(samples)
}
