//! The marker structure of JPEG 2000 codestreams (ITU-T T.800 annex A, T.814 annex A), read before a
//! decoder sees them.
//!
//! In: a frame's bytes, bare or in a JP2 file (T.800 annex I). Out: what its headers promise, checked against
//! the DICOM header and against the bytes that are there, and its tile-parts. Nothing is decoded here.

use std::borrow::Cow;

use super::picture::{Wanted, corrupt, unsupported};
use crate::dicom::DicomError;

const SOC: u16 = 0xFF4F;
const SIZ: u16 = 0xFF51;
const COD: u16 = 0xFF52;
const COC: u16 = 0xFF53;
const POC: u16 = 0xFF5F;
const PPM: u16 = 0xFF60;
const PPT: u16 = 0xFF61;
const SOT: u16 = 0xFF90;
const SOD: u16 = 0xFF93;
const EOC: u16 = 0xFFD9;

/// Decomposition levels beyond which no writer goes (the standard allows 32).
const MOST_LEVELS: u8 = 12;

/// One tile-part: which tile's, its further header segments, its packets.
#[derive(Clone, Debug)]
struct TilePart<'a> {
    tile: u16,
    header: &'a [u8],
    body: &'a [u8],
}

/// A codestream whose structure was followed to its end.
#[derive(Clone, Debug)]
pub(super) struct Codestream<'a> {
    /// From SOC to the first SOT.
    main: &'a [u8],
    parts: Vec<TilePart<'a>>,
    tiles: usize,
    /// Bits of a sample.
    pub(super) precision: u32,
    /// Whether samples have a sign.
    pub(super) signed: bool,
    /// Code blocks are coded with the high-throughput coder (T.814).
    pub(super) high_throughput: bool,
    /// The components were transformed to luminance and chrominance; decoding undoes that.
    pub(super) transformed: bool,
    /// Markers that split packets from their headers, or reorder them.
    scattered: bool,
}

fn word(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(at..at.checked_add(2)?)?.try_into().ok()?))
}

fn long(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

/// The codestream within a JP2 file; bare ones as they are. DICOM wants them bare (PS3.5 §A.4.4).
fn unboxed(bytes: &[u8]) -> Result<&[u8], DicomError> {
    if word(bytes, 0) == Some(SOC) {
        return Ok(bytes);
    }
    if bytes.get(4..8) != Some(b"jP  ") {
        return Err(corrupt("no SOC"));
    }
    let mut at = 0usize;
    while let (Some(short), Some(kind)) = (long(bytes, at), bytes.get(at + 4..at + 8)) {
        let (len, head) = match short {
            0 => (bytes.len() - at, 8),
            1 => (long(bytes, at + 12).map_or(0, |n| n as usize), 16),
            n => (n as usize, 8),
        };
        if kind == b"jp2c" {
            let end = at.saturating_add(len).min(bytes.len());
            return bytes.get(at + head..end).ok_or(corrupt("JP2 box"));
        }
        if len < head {
            break;
        }
        at = at.saturating_add(len);
    }
    Err(corrupt("JP2 box"))
}

impl<'a> Codestream<'a> {
    /// Follows the markers.
    ///
    /// # Errors
    /// Another size than the header's, components of unlike kinds, parts that are not there.
    pub(super) fn of(bytes: &'a [u8], wanted: &Wanted) -> Result<Self, DicomError> {
        let bytes = unboxed(bytes)?;
        let short = || corrupt("the codestream is short");
        let mut out = Self {
            main: &[],
            parts: Vec::new(),
            tiles: 0,
            precision: 0,
            signed: false,
            high_throughput: false,
            transformed: false,
            scattered: false,
        };
        let mut at = 2usize;
        let mut coded = false;
        // The main header.
        loop {
            let marker = word(bytes, at).ok_or(short())?;
            if marker == SOT {
                break;
            }
            if (0xFF30..=0xFF3F).contains(&marker) {
                at += 2;
                continue;
            }
            let len = usize::from(word(bytes, at + 2).ok_or(short())?);
            let content = bytes.get(at + 4..at + 2 + len).ok_or(short())?;
            match marker {
                SIZ => out.size(content, wanted)?,
                COD | COC => {
                    coded |= marker == COD;
                    out.style(marker, content)?;
                }
                POC | PPM => out.scattered = true,
                0xFF00..=0xFFFF => {}
                _ => return Err(corrupt("marker")),
            }
            at += 2 + len;
        }
        if out.precision == 0 || !coded {
            return Err(corrupt("no SIZ or COD"));
        }
        out.main = bytes.get(..at).unwrap_or_default();
        out.tile_parts(bytes, at)?;
        Ok(out)
    }

    /// SIZ (A.5.1): the picture's size less its offset is the frame's; every component has every sample.
    fn size(&mut self, content: &[u8], wanted: &Wanted) -> Result<(), DicomError> {
        let bad = || corrupt("SIZ");
        let at = |n: usize| long(content, 2 + 4 * n).ok_or(bad());
        let (x1, y1, x0, y0) = (at(0)?, at(1)?, at(2)?, at(3)?);
        let (tile_x, tile_y, origin_x, origin_y) = (at(4)?, at(5)?, at(6)?, at(7)?);
        let count = word(content, 34).ok_or(bad())?;
        let (columns, rows) = (x1.checked_sub(x0).ok_or(bad())?, y1.checked_sub(y0).ok_or(bad())?);
        wanted.check(columns, rows, u32::from(count))?;
        if self.precision != 0 || tile_x == 0 || tile_y == 0 || origin_x > x0 || origin_y > y0 {
            return Err(bad());
        }
        // Offsets beyond any picture would only overflow sums.
        if x1 > 1 << 30
            || y1 > 1 << 30
            || u64::from(origin_x) + u64::from(tile_x) <= u64::from(x0)
            || u64::from(origin_y) + u64::from(tile_y) <= u64::from(y0)
        {
            return Err(bad());
        }
        let tiles = u64::from((x1 - origin_x).div_ceil(tile_x)) * u64::from((y1 - origin_y).div_ceil(tile_y));
        // A.4.2: a tile's number has 16 bits, and the last is no number.
        self.tiles = usize::try_from(tiles).ok().filter(|n| *n < 65_535).ok_or(bad())?;
        let (components, _) = content.get(36..).unwrap_or_default().as_chunks::<3>();
        if components.len() != usize::from(count) {
            return Err(bad());
        }
        let first = components.first().ok_or(bad())?;
        if components.iter().any(|c| c != first) || first.get(1..) != Some(&[1, 1]) {
            return Err(unsupported("JPEG 2000 with components of unlike kinds"));
        }
        let depth = first.first().copied().unwrap_or(0);
        self.signed = depth & 0x80 != 0;
        self.precision = u32::from(depth & 0x7F) + 1;
        if self.precision > 32 {
            return Err(unsupported("JPEG 2000 above 32 bit"));
        }
        Ok(())
    }

    /// COD and COC (A.6.1, A.6.2).
    fn style(&mut self, marker: u16, content: &[u8]) -> Result<(), DicomError> {
        let bad = || corrupt("coding style");
        let parameters = if marker == COD {
            let [_, _, layers1, layers0, transform, ..] = *content else { return Err(bad()) };
            if u16::from_be_bytes([layers1, layers0]) == 0 {
                return Err(bad());
            }
            self.transformed = transform & 1 != 0;
            content.get(5..)
        } else {
            content.get(2..)
        };
        let [levels, width, height, style, ..] = *parameters.unwrap_or_default() else { return Err(bad()) };
        // Code blocks: at most 2^10 a side, 2^12 together (A.6.1, table A.18).
        if levels > MOST_LEVELS || width & 15 > 8 || height & 15 > 8 || (width & 15) + (height & 15) > 8 {
            return Err(bad());
        }
        // T.814 table A.4: bit 6; with bit 7 both kinds of blocks may occur.
        if style & 0xC0 == 0xC0 {
            return Err(unsupported("JPEG 2000 with code blocks of both kinds"));
        }
        self.high_throughput |= style & 0x40 != 0;
        Ok(())
    }

    /// A.4.2: tile-parts until the end of the codestream; every tile must be there, whole.
    fn tile_parts(&mut self, bytes: &'a [u8], mut at: usize) -> Result<(), DicomError> {
        let short = || corrupt("the codestream is short");
        let mut seen = vec![false; self.tiles];
        loop {
            match word(bytes, at) {
                Some(SOT) => {}
                // The end marker, or padding in its stead: what counts is whether all tiles came.
                _ => break,
            }
            let tile = word(bytes, at + 4).ok_or(short())?;
            let len = long(bytes, at + 6).ok_or(short())? as usize;
            let end = if len == 0 {
                // The last one, up to the end marker.
                let end = bytes.len() - bytes.iter().rev().take_while(|b| **b == 0).count();
                if word(bytes, end.saturating_sub(2)) == Some(EOC) { end - 2 } else { bytes.len() }
            } else {
                at.saturating_add(len)
            };
            let part = bytes.get(at..end).ok_or(short())?;
            let mut inner = 12usize;
            loop {
                match word(part, inner).ok_or(short())? {
                    SOD => break,
                    marker @ 0xFF50..=0xFF7F => {
                        let len = usize::from(word(part, inner + 2).ok_or(short())?);
                        match marker {
                            COD | COC => {
                                let content = part.get(inner + 4..inner + 2 + len).ok_or(short())?;
                                self.style(marker, content)?;
                            }
                            POC | PPT => self.scattered = true,
                            _ => {}
                        }
                        inner += 2 + len;
                    }
                    _ => return Err(corrupt("tile-part header")),
                }
            }
            *seen.get_mut(usize::from(tile)).ok_or(corrupt("tile number"))? = true;
            self.parts.push(TilePart {
                tile,
                header: part.get(12..inner).unwrap_or_default(),
                body: part.get(inner + 2..).unwrap_or_default(),
            });
            at = end;
        }
        if seen.iter().all(|seen| *seen) { Ok(()) } else { Err(corrupt("a tile is not there")) }
    }

    /// The codestream with one part a tile, in the tiles' order.
    ///
    /// A tile's packets run on from part to part (A.4.2), so that their bytes can be put together;
    /// where packet headers lie elsewhere or their order changes they can't.
    pub(super) fn one_part_a_tile(&self) -> Result<Cow<'a, [u8]>, DicomError> {
        if self.scattered {
            return Err(unsupported("HTJ2K with packed headers or changes of progression"));
        }
        let mut out = self.main.to_vec();
        for tile in 0..self.tiles {
            let parts: Vec<&TilePart<'_>> =
                self.parts.iter().filter(|part| usize::from(part.tile) == tile).collect();
            let len: usize = parts.iter().map(|part| part.header.len() + part.body.len()).sum();
            let len = u32::try_from(len + 14).map_err(|_| corrupt("tile-part length"))?;
            out.extend(SOT.to_be_bytes());
            out.extend(10u16.to_be_bytes());
            out.extend((tile as u16).to_be_bytes());
            out.extend(len.to_be_bytes());
            out.extend([0, 1]);
            out.extend(parts.iter().flat_map(|part| part.header));
            out.extend(SOD.to_be_bytes());
            out.extend(parts.iter().flat_map(|part| part.body));
        }
        out.extend(EOC.to_be_bytes());
        Ok(out.into())
    }

    /// The codestream as it came, without a box around it.
    pub(super) fn bytes(bytes: &'a [u8]) -> Result<&'a [u8], DicomError> {
        unboxed(bytes)
    }
}
