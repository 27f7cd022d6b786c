//! Compressed frames with something riding along, made by hand.

/// A JPEG segment.
fn segment(marker: u8, body: &[u8]) -> Vec<u8> {
    let mut out = vec![0xFF, marker];
    out.extend((body.len() as u16 + 2).to_be_bytes());
    out.extend(body);
    out
}

/// A lossless JPEG's skeleton, laden.
pub(crate) fn jpeg(before_scan: &[(u8, &str)], after_end: &str) -> Vec<u8> {
    let mut out = vec![0xFF, 0xD8];
    for (marker, text) in before_scan {
        out.extend(segment(*marker, text.as_bytes()));
    }
    out.extend(segment(0xC3, &[16, 0, 4, 0, 3, 1, 1, 0x11, 0]));
    out.extend(segment(0xC4, &[0; 17]));
    out.extend(segment(0xDA, &[1, 1, 0, 1, 0, 0]));
    out.extend([0x12, 0xFF, 0x00, 0x34, 0x56]);
    out.extend([0xFF, 0xD9]);
    out.extend(after_end.as_bytes());
    if out.len() % 2 == 1 {
        out.push(0);
    }
    out
}

/// A JPEG 2000 codestream's skeleton with comments in the main header and in a tile part.
pub(crate) fn jpeg2000(main: &str, tile: &str) -> Vec<u8> {
    let comment = |text: &str| segment(0x64, &[&[0, 1], text.as_bytes()].concat());
    let mut out = vec![0xFF, 0x4F];
    out.extend(segment(0x51, &[0; 39]));
    out.extend(comment(main));
    let mut part = segment(0x90, &[0, 0, 0, 0, 0, 0, 0, 1]);
    part.extend(comment(tile));
    part.extend([0xFF, 0x93, 1, 2, 3, 4]);
    let len = (part.len() as u32).to_be_bytes();
    part[6..10].copy_from_slice(&len);
    out.extend(part);
    out.extend([0xFF, 0xD9]);
    if out.len() % 2 == 1 {
        out.push(0);
    }
    out
}
