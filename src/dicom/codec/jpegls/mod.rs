//! JPEG-LS, lossless and near-lossless (ITU-T T.87 | ISO/IEC 14495-1).
//!
//! In: one frame's codestream and what the header says of it. Out: its samples, interleaved. All three
//! interleave modes; mapping tables and subsampled components are refused, for no DICOM writer makes them.
//!
//! - `headers` reads what frame and scan headers say.
//! - `scan` decodes a scan, by the bits of `bits`.

mod bits;
mod headers;
mod scan;

use super::picture::{Picture, StreamColour, Wanted, corrupt, unsupported};
use crate::dicom::DicomError;
use headers::{Frame, Preset, frame_header, scan_header};
use scan::Decoder;

/// Decodes one frame.
///
/// # Errors
/// Another size than the header's, a codestream that is corrupt or short.
pub(super) fn decode(bytes: &[u8], wanted: &Wanted) -> Result<Picture, DicomError> {
    let mut at = 0usize;
    let mut frame: Option<Frame> = None;
    let mut preset = Preset::default();
    let mut samples = Vec::new();
    let mut scanned = 0u32;
    let mut colour = StreamColour::AsHeader;
    if bytes.get(..2) != Some(&[0xFF, 0xD8]) {
        return Err(corrupt("no SOI"));
    }
    while let Some(code) = marker(bytes, &mut at) {
        match code {
            0xD9 => break,
            0xD8 => continue,
            _ => {}
        }
        let Some(len) =
            bytes.get(at..).and_then(|b| b.first_chunk()).map(|b| usize::from(u16::from_be_bytes(*b)))
        else {
            break;
        };
        let Some(content) = bytes.get(at + 2..at + len) else { break };
        at += len;
        match code {
            0xF7 => {
                if frame.is_some() {
                    return Err(corrupt("two frame headers"));
                }
                let found = frame_header(content, wanted)?;
                samples = vec![0i32; wanted.len()?];
                frame = Some(found);
            }
            0xF8 => match content.split_first() {
                Some((1, values)) => preset = Preset::of(values)?,
                Some((2 | 3, _)) => return Err(unsupported("JPEG-LS with a mapping table")),
                _ => return Err(unsupported("JPEG-LS of that size")),
            },
            0xDD if content.iter().any(|b| *b != 0) => {
                return Err(unsupported("JPEG-LS with restart intervals"));
            }
            0xC0..=0xCF if code != 0xC4 && code != 0xC8 && code != 0xCC => {
                // A JPEG under a JPEG-LS name: what is there can be read.
                return super::jpeg::decode(bytes, wanted);
            }
            // HP's colour transforms are no part of the standard.
            0xE8 if content.starts_with(b"mrfx") && content.get(4).is_some_and(|n| *n != 0) => {
                return Err(unsupported("JPEG-LS with a private colour transform"));
            }
            0xEE if content.starts_with(b"Adobe") && content.get(11) == Some(&0) => {
                colour = StreamColour::Rgb
            }
            0xDA => {
                let frame = frame.as_ref().ok_or(corrupt("a scan before its frame header"))?;
                let (planes, scan) = scan_header(content, frame, preset)?;
                let mut decoder = Decoder::new(scan, bytes.get(at..).unwrap_or_default());
                decoder.scan(frame, &planes, &mut samples)?;
                at += decoder.bits.at;
                for plane in planes {
                    scanned |= 1 << plane;
                }
                if scanned.count_ones() as usize == frame.ids.len() {
                    break;
                }
            }
            _ => {}
        }
    }
    let frame = frame.ok_or(corrupt("no frame header"))?;
    if scanned.count_ones() as usize != frame.ids.len() {
        return Err(corrupt("a component without its scan"));
    }
    Ok(Picture { samples, precision: frame.precision, signed: false, colour })
}

fn marker(bytes: &[u8], at: &mut usize) -> Option<u8> {
    loop {
        *at += bytes.get(*at..)?.iter().position(|b| *b == 0xFF)?;
        while *bytes.get(*at)? == 0xFF {
            *at += 1;
        }
        let code = *bytes.get(*at)?;
        *at += 1;
        if code >= 0x80 {
            return Some(code);
        }
    }
}
