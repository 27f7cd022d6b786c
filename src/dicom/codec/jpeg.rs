//! JPEG with Huffman coding (ITU-T T.81 | ISO/IEC 10918-1): the sequential DCT processes at 8 and 12
//! bit (1, 2 and 4) and the lossless process 14, every predictor.
//!
//! In: one frame's codestream and what the header says of it. Out: its samples, interleaved. Nothing is
//! allocated before the frame header was compared with the DICOM header, and a scan that ends before
//! its samples do is an error, never a grey rest.

mod dct;
mod huffman;
mod lossless;

use super::picture::{Picture, StreamColour, Wanted, corrupt, unsupported};
use crate::dicom::DicomError;
use huffman::{Bits, Table};

/// A component of the frame header (T.81 B.2.2).
#[derive(Clone, Copy, Debug, Default)]
struct Component {
    id: u8,
    /// Horizontal and vertical sampling factors.
    h: usize,
    v: usize,
    /// Which quantisation table.
    quantiser: usize,
}

/// A frame header.
#[derive(Clone, Debug)]
struct Frame {
    lossless: bool,
    precision: u32,
    rows: usize,
    columns: usize,
    components: Vec<Component>,
}

/// One component's part in a scan (T.81 B.2.3).
#[derive(Clone, Copy, Debug)]
struct ScanComponent {
    /// Index in the frame's components.
    index: usize,
    dc: usize,
    ac: usize,
}

/// A scan header.
#[derive(Clone, Debug)]
struct Scan {
    components: Vec<ScanComponent>,
    /// Predictor in lossless processes.
    selection: u8,
    /// Point transform in lossless processes.
    shift: u32,
}

/// Everything that markers set for the scans that follow.
#[derive(Default)]
struct Tables {
    quantisers: [Option<[u16; 64]>; 4],
    dc: [Option<Table>; 4],
    ac: [Option<Table>; 4],
    /// MCUs between restart markers; 0 for none.
    restart: usize,
}

/// Reads marker segments.
struct Segments<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Segments<'a> {
    /// The next marker's code, fill bytes and rubbish before it skipped.
    fn marker(&mut self) -> Option<u8> {
        loop {
            let rest = self.bytes.get(self.at..)?;
            self.at += rest.iter().position(|b| *b == 0xFF)?;
            let code = loop {
                self.at += 1;
                match *self.bytes.get(self.at)? {
                    0xFF => {}
                    code => break code,
                }
            };
            self.at += 1;
            if code != 0 {
                return Some(code);
            }
        }
    }

    /// The segment's content.
    fn content(&mut self) -> Option<&'a [u8]> {
        let len = usize::from(u16::from_be_bytes(self.bytes.get(self.at..self.at + 2)?.try_into().ok()?));
        let content = self.bytes.get(self.at + 2..self.at + len)?;
        self.at += len;
        Some(content)
    }
}

/// What the samples of the frame are put together in.
enum Planes {
    Lossless(lossless::Planes),
    Dct(dct::Planes),
}

/// Decodes one frame.
///
/// # Errors
/// A process without a decoder, another size than the header's, a codestream that is corrupt or short.
pub(super) fn decode(bytes: &[u8], wanted: &Wanted) -> Result<Picture, DicomError> {
    let mut segments = Segments { bytes, at: 0 };
    let mut tables = Tables::default();
    let mut frame: Option<(Frame, Planes)> = None;
    let mut colour = StreamColour::AsHeader;
    // Each component must have had its scan.
    let mut scanned = 0u32;
    if segments.marker() != Some(0xD8) {
        return Err(corrupt("no SOI"));
    }
    while let Some(code) = segments.marker() {
        match code {
            0xD9 => break,
            0x01 | 0xD0..=0xD8 => continue,
            _ => {}
        }
        let Some(content) = segments.content() else { break };
        match code {
            0xC4 => tables.huffman(content)?,
            0xDB => tables.quantiser(content)?,
            0xDD => tables.restart = content.first_chunk().map_or(0, |b| usize::from(u16::from_be_bytes(*b))),
            0xE0 if content.starts_with(b"JFIF\0") && colour == StreamColour::AsHeader => {
                colour = StreamColour::YCbCr;
            }
            0xEE if content.starts_with(b"Adobe") => {
                colour = match content.get(11) {
                    Some(0) => StreamColour::Rgb,
                    Some(1) => StreamColour::YCbCr,
                    _ => colour,
                };
            }
            0xC0 | 0xC1 | 0xC3 => {
                if frame.is_some() {
                    return Err(corrupt("two frame headers"));
                }
                let header = Frame::of(content, code == 0xC3, wanted)?;
                let planes = if header.lossless {
                    Planes::Lossless(lossless::Planes::new(&header))
                } else {
                    Planes::Dct(dct::Planes::new(&header))
                };
                frame = Some((header, planes));
            }
            0xC2 => return Err(unsupported("progressive JPEG")),
            0xC5..=0xC7 | 0xDE => return Err(unsupported("hierarchical JPEG")),
            0xC9..=0xCF => return Err(unsupported("arithmetic JPEG")),
            0xDA => {
                let (header, planes) = frame.as_mut().ok_or(corrupt("a scan before its frame header"))?;
                let scan = Scan::of(content, header)?;
                let mut bits = Bits::new(bytes.get(segments.at..).unwrap_or_default());
                match planes {
                    Planes::Lossless(planes) => planes.scan(header, &scan, &tables, &mut bits)?,
                    Planes::Dct(planes) => planes.scan(header, &scan, &tables, &mut bits)?,
                }
                segments.at += bits.consumed();
                for part in &scan.components {
                    scanned |= 1 << part.index;
                }
                if scanned.count_ones() as usize == header.components.len() {
                    break;
                }
            }
            _ => {}
        }
    }
    let (header, planes) = frame.ok_or(corrupt("no frame header"))?;
    if scanned.count_ones() as usize != header.components.len() {
        return Err(corrupt("a component without its scan"));
    }
    let samples = match planes {
        Planes::Lossless(planes) => planes.into_samples(),
        Planes::Dct(planes) => planes.into_samples(&header),
    };
    // In the lossless processes nothing is transformed unless the header says so.
    let colour = if header.lossless { StreamColour::AsHeader } else { colour };
    Ok(Picture { samples, precision: header.precision, signed: false, colour })
}

impl Frame {
    fn of(content: &[u8], lossless: bool, wanted: &Wanted) -> Result<Self, DicomError> {
        let [precision, r1, r0, c1, c0, count, ..] = *content else { return Err(corrupt("frame header")) };
        let rows = u32::from(u16::from_be_bytes([r1, r0]));
        let columns = u32::from(u16::from_be_bytes([c1, c0]));
        // T.81 B.2.5: zero lines are told by a DNL segment after the scan; the DICOM header knows them.
        let rows = if rows == 0 { wanted.rows } else { rows };
        wanted.check(columns, rows, u32::from(count))?;
        let precise = if lossless { (2..=16).contains(&precision) } else { matches!(precision, 8 | 12) };
        if !precise {
            return Err(corrupt("precision"));
        }
        let parts = content.get(6..).unwrap_or_default().as_chunks::<3>().0;
        let components: Vec<Component> = parts
            .iter()
            .take(usize::from(count))
            .map(|[id, factors, quantiser]| Component {
                id: *id,
                h: usize::from(factors >> 4),
                v: usize::from(factors & 15),
                quantiser: usize::from(*quantiser & 3),
            })
            .collect();
        if components.len() != usize::from(count)
            || components.iter().any(|c| !(1..=4).contains(&c.h) || !(1..=4).contains(&c.v))
        {
            return Err(corrupt("sampling factors"));
        }
        if lossless
            && components.iter().any(|c| (c.h, c.v) != components.first().map_or((1, 1), |f| (f.h, f.v)))
        {
            return Err(unsupported("lossless JPEG with subsampled colour"));
        }
        Ok(Self {
            lossless,
            precision: u32::from(precision),
            rows: rows as usize,
            columns: columns as usize,
            components,
        })
    }
}

impl Scan {
    fn of(content: &[u8], frame: &Frame) -> Result<Self, DicomError> {
        let count = usize::from(*content.first().ok_or(corrupt("scan header"))?);
        let parts = content.get(1..1 + 2 * count).ok_or(corrupt("scan header"))?.as_chunks::<2>().0;
        let mut components: Vec<ScanComponent> = Vec::with_capacity(parts.len());
        for [id, selectors] in parts {
            let index = frame.components.iter().position(|c| c.id == *id).ok_or(corrupt("scan header"))?;
            if components.iter().any(|c| c.index == index) {
                return Err(corrupt("scan header"));
            }
            components.push(ScanComponent {
                index,
                dc: usize::from(selectors >> 4) & 3,
                ac: usize::from(selectors & 3),
            });
        }
        if components.is_empty() {
            return Err(corrupt("scan header"));
        }
        let [selection, _, shift] =
            *content.get(1 + 2 * count..4 + 2 * count).ok_or(corrupt("scan header"))?
        else {
            return Err(corrupt("scan header"));
        };
        let shift = u32::from(shift & 15);
        if frame.lossless && (!(1..=7).contains(&selection) || shift >= frame.precision) {
            return Err(corrupt("predictor"));
        }
        Ok(Self { components, selection, shift })
    }
}

impl Tables {
    fn huffman(&mut self, mut content: &[u8]) -> Result<(), DicomError> {
        while let Some((class, rest)) = content.split_first() {
            let (counts, rest) = rest.split_first_chunk::<16>().ok_or(corrupt("Huffman table"))?;
            let len: usize = counts.iter().map(|n| usize::from(*n)).sum();
            let values = rest.get(..len).ok_or(corrupt("Huffman table"))?;
            let table = Table::new(counts, values).ok_or(corrupt("Huffman table"))?;
            let slot = usize::from(class & 3);
            let bank = if class >> 4 == 0 { &mut self.dc } else { &mut self.ac };
            if let Some(place) = bank.get_mut(slot) {
                *place = Some(table);
            }
            content = rest.get(len..).unwrap_or_default();
        }
        Ok(())
    }

    fn quantiser(&mut self, mut content: &[u8]) -> Result<(), DicomError> {
        while let Some((head, rest)) = content.split_first() {
            let wide = head >> 4 != 0;
            let len = if wide { 128 } else { 64 };
            let values = rest.get(..len).ok_or(corrupt("quantisation table"))?;
            let mut table = [0u16; 64];
            for (n, place) in table.iter_mut().enumerate() {
                *place = if wide {
                    values.get(2 * n..2 * n + 2).and_then(|b| b.try_into().ok()).map_or(1, u16::from_be_bytes)
                } else {
                    values.get(n).copied().map_or(1, u16::from)
                };
            }
            if let Some(place) = self.quantisers.get_mut(usize::from(head & 3)) {
                *place = Some(table);
            }
            content = rest.get(len..).unwrap_or_default();
        }
        Ok(())
    }
}

/// Counts MCUs and takes the restart markers where they are due.
struct Restarts {
    interval: usize,
    left: usize,
}

impl Restarts {
    fn new(interval: usize) -> Self {
        Self { interval, left: interval }
    }

    /// To be called before each MCU: `true` where a new interval begins with it.
    fn due(&mut self, bits: &mut Bits<'_>) -> Result<bool, DicomError> {
        if self.interval == 0 {
            return Ok(false);
        }
        if self.left == 0 {
            self.left = self.interval - 1;
            bits.check()?;
            if !bits.restart() {
                return Err(corrupt("no restart marker where one is due"));
            }
            return Ok(true);
        }
        self.left -= 1;
        Ok(false)
    }
}
