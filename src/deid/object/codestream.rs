//! Compressed frames without what rides along. In: one frame's codestream. Out: the same bytes without
//! comments, application segments and what follows its end; `None` if there is nothing to take out. Never:
//! touches entropy-coded data or a segment that a decoder needs; a stream that can't be walked to its end
//! is an error, since what is in it isn't known.
//!
//! JPEG, JPEG-LS: ITU-T T.81 §B, T.87 §C. JPEG 2000, HTJ2K: T.800 §A. JPEG XL: ISO/IEC 18181-2.

use std::ops::Range;

/// A compressed frame that can't be walked to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a compressed frame can't be followed to its end, so what rides in it isn't known")]
pub struct Untraceable;

/// Which family a transfer syntax is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    Jpeg,
    Jpeg2000,
    JpegXl,
    RunLength,
    Native,
}

impl Family {
    /// By the transfer syntax; `None` for videos and unknown ones, which are not written.
    pub(super) fn of(syntax: &str) -> Option<Self> {
        let end = syntax.strip_prefix("1.2.840.10008.1.2.")?;
        Some(match end {
            "1.98" => Self::Native,
            "5" => Self::RunLength,
            "4.90" | "4.91" | "4.92" | "4.93" | "4.201" | "4.202" | "4.203" => Self::Jpeg2000,
            "4.110" | "4.111" | "4.112" => Self::JpegXl,
            "4.50" | "4.51" | "4.52" | "4.53" | "4.54" | "4.55" | "4.56" | "4.57" | "4.58" | "4.59"
            | "4.60" | "4.61" | "4.62" | "4.63" | "4.64" | "4.65" | "4.66" | "4.70" | "4.80" | "4.81" => {
                Self::Jpeg
            }
            _ => return None,
        })
    }
}

/// A frame without what rides along; `None` if nothing does.
///
/// # Errors
/// [`Untraceable`].
pub(super) fn cleaned(family: Family, frame: &[u8]) -> Result<Option<Vec<u8>>, Untraceable> {
    match family {
        Family::Jpeg => jpeg(frame),
        Family::Jpeg2000 => jpeg2000(frame),
        Family::JpegXl => jpeg_xl(frame),
        Family::RunLength | Family::Native => Ok(None),
    }
}

fn be16(bytes: &[u8], at: usize) -> Option<usize> {
    Some(usize::from(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?)))
}

fn be32(bytes: &[u8], at: usize) -> Option<usize> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?) as usize)
}

/// Copies what isn't cut; `None` where nothing is (padding after the end is nothing).
fn without(frame: &[u8], cuts: &[Range<usize>], end: usize) -> Option<Vec<u8>> {
    let tail = frame.get(end..).unwrap_or_default();
    // One byte of padding brings the length to an even number (PS3.5 §A.4).
    if cuts.is_empty() && tail.len() <= 1 && tail.iter().all(|b| matches!(b, 0 | 0xFF)) {
        return None;
    }
    let mut out = Vec::with_capacity(end);
    let mut at = 0;
    for cut in cuts {
        out.extend_from_slice(frame.get(at..cut.start).unwrap_or_default());
        at = cut.end;
    }
    out.extend_from_slice(frame.get(at..end).unwrap_or_default());
    Some(out)
}

fn jpeg(frame: &[u8]) -> Result<Option<Vec<u8>>, Untraceable> {
    if frame.get(..2) != Some(&[0xFF, 0xD8]) {
        return Err(Untraceable);
    }
    let mut cuts = Vec::new();
    let mut at = 2;
    let mut lossless_ls = false;
    loop {
        // Any number of FF may fill up before a marker.
        let start = at;
        if frame.get(at) != Some(&0xFF) {
            return Err(Untraceable);
        }
        while frame.get(at + 1) == Some(&0xFF) {
            at += 1;
        }
        let marker = *frame.get(at + 1).ok_or(Untraceable)?;
        match marker {
            0xD9 => return Ok(without(frame, &cuts, at + 2)),
            0x01 | 0xD0..=0xD8 => {
                at += 2;
                continue;
            }
            _ => {}
        }
        let len = be16(frame, at + 2).filter(|len| *len >= 2).ok_or(Untraceable)?;
        let end = at + 2 + len;
        let body = frame.get(at + 4..end).ok_or(Untraceable)?;
        match marker {
            0xFE => cuts.push(start..end),
            0xE0..=0xEF if !decoder_needs(marker, body) => cuts.push(start..end),
            0xF7 => lossless_ls = true,
            _ => {}
        }
        at = end;
        if marker == 0xDA {
            at = entropy_end(frame, at, lossless_ls);
            if at >= frame.len() {
                // The end marker is missing: everything after the scan's head is the scan.
                return Ok(without(frame, &cuts, frame.len()));
            }
        }
    }
}

/// Application segments that change how samples are decoded: JFIF without a thumbnail, Adobe's colour
/// transform, HP's for JPEG-LS. Each of a fixed size, so that nothing rides along.
fn decoder_needs(marker: u8, body: &[u8]) -> bool {
    match marker {
        0xE0 => body.len() == 14 && body.starts_with(b"JFIF\0") && body.ends_with(&[0, 0]),
        0xE8 => body.len() == 5 && body.starts_with(b"mrfx"),
        0xEE => body.len() == 12 && body.starts_with(b"Adobe"),
        _ => false,
    }
}

/// Where the marker after a scan stands. In JPEG a zero is stuffed after FF, in JPEG-LS a bit.
fn entropy_end(frame: &[u8], mut at: usize, ls: bool) -> usize {
    loop {
        let rest = frame.get(at..).unwrap_or_default();
        let Some(found) = rest.iter().position(|b| *b == 0xFF) else { return frame.len() };
        at += found;
        match frame.get(at + 1) {
            None => return frame.len(),
            Some(0x00) | Some(0xD0..=0xD7) => at += 2,
            Some(0xFF) => at += 1,
            Some(next) if ls && *next < 0x80 => at += 2,
            Some(_) => return at,
        }
    }
}

/// Comments (FF64) of the main header are cut; those of tile parts, whose lengths count them, are blanked.
fn jpeg2000(frame: &[u8]) -> Result<Option<Vec<u8>>, Untraceable> {
    if frame.get(..2) != Some(&[0xFF, 0x4F]) {
        return Err(Untraceable);
    }
    let mut cuts = Vec::new();
    let mut blanks: Vec<Range<usize>> = Vec::new();
    let mut at = 2;
    loop {
        match frame.get(at..at + 2).ok_or(Untraceable)? {
            [0xFF, 0xD9] => {
                at += 2;
                break;
            }
            [0xFF, 0x90] => {
                let part = be32(frame, at + 6).ok_or(Untraceable)?;
                let end = if part == 0 { tile_end(frame) } else { at.saturating_add(part) };
                if end <= at + 12 || end > frame.len() {
                    return Err(Untraceable);
                }
                let mut inner = at + 12;
                loop {
                    match frame.get(inner..inner + 2).ok_or(Untraceable)? {
                        [0xFF, 0x93] => break,
                        [0xFF, kind] => {
                            let len = be16(frame, inner + 2).filter(|l| *l >= 2).ok_or(Untraceable)?;
                            if *kind == 0x64 {
                                blanks.push(inner + 6..inner + 2 + len);
                            }
                            inner += 2 + len;
                        }
                        _ => return Err(Untraceable),
                    }
                    if inner >= end {
                        return Err(Untraceable);
                    }
                }
                at = end;
                if at == frame.len() {
                    break; // no end marker
                }
            }
            [0xFF, kind] => {
                let len = be16(frame, at + 2).filter(|l| *l >= 2).ok_or(Untraceable)?;
                if *kind == 0x64 {
                    cuts.push(at..at + 2 + len);
                }
                at += 2 + len;
            }
            _ => return Err(Untraceable),
        }
    }
    let blank = |range: &Range<usize>| frame.get(range.clone()).is_some_and(|b| b.iter().any(|b| *b != b' '));
    if !blanks.iter().any(blank) {
        return Ok(without(frame, &cuts, at));
    }
    let mut copy = frame.to_vec();
    for range in blanks {
        if let Some(text) = copy.get_mut(range) {
            text.fill(b' ');
        }
    }
    Ok(Some(without(&copy, &cuts, at).unwrap_or(copy)))
}

/// The last tile part reaches to the end marker.
fn tile_end(frame: &[u8]) -> usize {
    let padding = frame.iter().rev().take_while(|b| **b == 0).count();
    let end = frame.len() - padding;
    if frame.get(..end).is_some_and(|all| all.ends_with(&[0xFF, 0xD9])) { end - 2 } else { frame.len() }
}

/// A bare codestream has no metadata; of a container the boxes that a decoder needs stay.
fn jpeg_xl(frame: &[u8]) -> Result<Option<Vec<u8>>, Untraceable> {
    if frame.starts_with(&[0xFF, 0x0A]) {
        return Ok(None);
    }
    if frame.get(4..8) != Some(b"JXL ") {
        return Err(Untraceable);
    }
    let mut cuts = Vec::new();
    let mut at = 0;
    while at < frame.len() {
        let (Some(len), Some(kind)) = (be32(frame, at), frame.get(at + 4..at + 8)) else {
            // A byte of padding.
            break;
        };
        let end = match len {
            0 => frame.len(),
            1 => at.saturating_add(be32(frame, at + 12).ok_or(Untraceable)?),
            8.. => at.saturating_add(len),
            _ => return Err(Untraceable),
        };
        if end > frame.len() || end <= at {
            return Err(Untraceable);
        }
        if !matches!(kind, b"JXL " | b"ftyp" | b"jxll" | b"jxlc" | b"jxlp" | b"jbrd") {
            cuts.push(at..end);
        }
        at = end;
    }
    Ok(without(frame, &cuts, at))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests stop at the first surprise")]
    use super::*;

    fn segment(marker: u8, body: &[u8]) -> Vec<u8> {
        let mut out = vec![0xFF, marker];
        out.extend((body.len() as u16 + 2).to_be_bytes());
        out.extend(body);
        out
    }

    #[test]
    fn jpeg_comments_and_application_data_go_and_the_scan_stays() {
        let scan = [0x12, 0xFF, 0x00, 0x34, 0xFF, 0xD0, 0x56];
        let jfif = segment(0xE0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0");
        let mut plain = vec![0xFF, 0xD8];
        plain.extend(&jfif);
        plain.extend(segment(0xC3, &[1; 9]));
        plain.extend(segment(0xDA, &[1; 6]));
        plain.extend(scan);
        plain.extend([0xFF, 0xD9]);
        assert_eq!(jpeg(&plain).unwrap(), None);
        let mut laden = vec![0xFF, 0xD8];
        laden.extend(segment(0xFE, b"SECRET"));
        laden.extend(&jfif);
        laden.extend([0xFF, 0xFF]);
        laden.extend(segment(0xE1, b"Exif SECRET"));
        laden.extend(segment(0xC3, &[1; 9]));
        laden.extend(segment(0xDA, &[1; 6]));
        laden.extend(scan);
        laden.extend([0xFF, 0xD9]);
        laden.extend(b"SECRET");
        assert_eq!(jpeg(&laden).unwrap().unwrap(), plain);
        assert_eq!(jpeg(b"no jpeg"), Err(Untraceable));
    }

    #[test]
    fn jpeg_2000_comments_go_and_tile_parts_keep_their_lengths() {
        let mut main = vec![0xFF, 0x4F];
        main.extend(segment(0x51, &[7; 10]));
        let mut tile = segment(0x90, &[0, 0, 0, 0, 0, 0, 0, 1]);
        tile.extend(segment(0x64, b"\0\x01SECRET"));
        tile.extend([0xFF, 0x93, 1, 2, 3, 0xFF, 0x64]);
        let len = (tile.len() as u32).to_be_bytes();
        tile[6..10].copy_from_slice(&len);
        let frame = [main.clone(), segment(0x64, b"\0\x01SECRET"), tile.clone(), vec![0xFF, 0xD9]].concat();
        let out = jpeg2000(&frame).unwrap().unwrap();
        assert!(!out.windows(6).any(|w| w == b"SECRET"));
        assert_eq!(out.len(), main.len() + tile.len() + 2);
        assert!(out.ends_with(&[1, 2, 3, 0xFF, 0x64, 0xFF, 0xD9]));
        assert_eq!(jpeg2000(&out).unwrap(), None);
    }
}
