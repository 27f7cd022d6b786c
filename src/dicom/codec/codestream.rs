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
const QCD: u16 = 0xFF5C;
const QCC: u16 = 0xFF5D;
const RGN: u16 = 0xFF5E;
const POC: u16 = 0xFF5F;
const PPM: u16 = 0xFF60;
const PPT: u16 = 0xFF61;
const DFS: u16 = 0xFF72;
const NLT: u16 = 0xFF76;
const ATK: u16 = 0xFF79;
const SOT: u16 = 0xFF90;
const SOD: u16 = 0xFF93;
const EOC: u16 = 0xFFD9;

/// Decomposition levels beyond which no writer goes (the standard allows 32).
const MOST_LEVELS: u8 = 12;

/// A codestream whose structure was followed to its end.
#[derive(Clone, Debug)]
pub(super) struct Codestream<'a> {
    bytes: &'a [u8],
    /// From SOC to the first SOT.
    main: &'a [u8],
    /// Where the last tile-part ends.
    end: usize,
    /// Each tile-part's packets.
    parts: Vec<&'a [u8]>,
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
    components: u16,
    /// Regions of interest, other wavelets, non-linear transforms (T.801), or a tile's own parameters.
    extended: bool,
    /// Packets of several layers, or of several precincts a resolution.
    interleaved: bool,
    /// The greatest side of a tile.
    tile_side: u32,
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
            bytes,
            main: &[],
            end: 0,
            parts: Vec::new(),
            tiles: 0,
            precision: 0,
            signed: false,
            high_throughput: false,
            transformed: false,
            scattered: false,
            components: 0,
            extended: false,
            interleaved: false,
            tile_side: u32::MAX,
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
                RGN | DFS | NLT | ATK => out.extended = true,
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
        // Where a tile begins off the grid its precincts' number depends on where.
        if (x0, y0, origin_x, origin_y) == (0, 0, 0, 0) && tile_x >= x1 && tile_y >= y1 {
            self.tile_side = x1.max(y1);
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
        self.components = count;
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
        // COC: the component's number in a byte (of more than 256 components no frame is), then its style.
        let partitioned = content.get(usize::from(marker == COC));
        let parameters = if marker == COD {
            let [_, _, layers1, layers0, transform, ..] = *content else { return Err(bad()) };
            self.interleaved |= u16::from_be_bytes([layers1, layers0]) != 1;
            if u16::from_be_bytes([layers1, layers0]) == 0 {
                return Err(bad());
            }
            self.transformed = transform & 1 != 0;
            content.get(5..)
        } else {
            content.get(2..)
        };
        let parameters = parameters.unwrap_or_default();
        let [levels, width, height, style, ..] = *parameters else { return Err(bad()) };
        // Code blocks: at most 2^10 a side, 2^12 together (A.6.1, table A.18).
        if levels > MOST_LEVELS || width & 15 > 8 || height & 15 > 8 || (width & 15) + (height & 15) > 8 {
            return Err(bad());
        }
        if partitioned.is_some_and(|style| style & 1 != 0) {
            // A.6.1, table A.21: a byte a resolution, from the smallest.
            for (n, size) in (0..=levels).zip(parameters.get(5..).unwrap_or_default()) {
                let side = self.tile_side.div_ceil(1 << (levels - n).min(31));
                // 2^15, the default, parts nothing that MR or CT has.
                let parts = |exponent: u8| exponent < 15 && 1u64 << exponent < u64::from(side);
                self.interleaved |= parts(size & 15) || parts(size >> 4);
            }
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
        // Behind the last one stands the end marker, or padding in its stead: what counts is whether all came.
        while word(bytes, at) == Some(SOT) {
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
                                self.extended = true;
                            }
                            QCD | QCC => self.extended = true,
                            POC | PPT => self.scattered = true,
                            RGN | DFS | NLT | ATK => self.extended = true,
                            _ => {}
                        }
                        inner += 2 + len;
                    }
                    _ => return Err(corrupt("tile-part header")),
                }
            }
            *seen.get_mut(usize::from(tile)).ok_or(corrupt("tile number"))? = true;
            self.parts.push(part.get(inner + 2..).unwrap_or_default());
            at = end;
        }
        self.end = at;
        if seen.iter().all(|seen| *seen) { Ok(()) } else { Err(corrupt("a tile is not there")) }
    }

    /// The codestream with one tile-part, for the high-throughput decoder.
    ///
    /// A tile's packets run on from part to part (A.4.2), so that their bytes can be put together. The
    /// decoder behind this is right for one tile of one component with one layer and one precinct a
    /// resolution, which is what writers of MR and CT make, and wrong without a word for the rest.
    ///
    /// # Errors
    /// A codestream beyond that, by name.
    pub(super) fn in_one_part(&self) -> Result<Vec<u8>, DicomError> {
        if self.components > 1 {
            return Err(unsupported("HTJ2K in colour"));
        }
        if self.tiles > 1 {
            return Err(unsupported("HTJ2K in tiles"));
        }
        if self.scattered || self.extended {
            return Err(unsupported("HTJ2K with packed headers, changes of progression or extensions"));
        }
        if self.interleaved {
            return Err(unsupported("HTJ2K with layers or precincts"));
        }
        let len: usize = self.parts.iter().map(|part| part.len()).sum();
        let len = u32::try_from(len + 14).map_err(|_| corrupt("tile-part length"))?;
        let mut out = self.main.to_vec();
        out.extend(SOT.to_be_bytes());
        out.extend([0, 10, 0, 0]);
        out.extend(len.to_be_bytes());
        out.extend([0, 1]);
        out.extend(SOD.to_be_bytes());
        out.extend(self.parts.concat());
        out.extend(EOC.to_be_bytes());
        Ok(out)
    }

    /// The codestream without a box around it or bytes behind it, its end marked even where the file has
    /// none, as strict decoders want it.
    pub(super) fn whole(&self) -> Cow<'a, [u8]> {
        let closed = self.bytes.get(..self.end + 2).filter(|bytes| bytes.ends_with(&EOC.to_be_bytes()));
        closed.map(Cow::Borrowed).unwrap_or_else(|| {
            let open = self.bytes.get(..self.end).unwrap_or_default();
            [open, &EOC.to_be_bytes()].concat().into()
        })
    }
}
