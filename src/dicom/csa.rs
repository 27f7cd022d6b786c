//! Siemens CSA headers: named text values in a private OB element (0029,xx10 and 0029,xx20).
//!
//! Two layouts exist: CSA2 begins with `SV10`, CSA1 at once with the count. Neither is published;
//! the layout is as nibabel and dcm2niix document it. In: the element's bytes. Out: values by name.

use std::collections::BTreeMap;

use super::header::FrameView;

/// The creator that reserves the block of the CSA headers.
pub const CREATOR: &str = "SIEMENS CSA HEADER";
/// Image header info: element `xx10` of the block.
pub const IMAGE_INFO: u8 = 0x10;
/// Series header info: element `xx20` of the block.
pub const SERIES_INFO: u8 = 0x20;

/// The values of one CSA header, by name.
#[derive(Clone, Default)]
pub struct Csa {
    values: BTreeMap<String, Vec<String>>,
}

impl Csa {
    /// Reads a CSA header; whatever can't be read is left out.
    pub fn parse(bytes: &[u8]) -> Self {
        let mut csa = Self::default();
        let mut reader = Reader { bytes, at: 0 };
        let modern = bytes.starts_with(b"SV10");
        if modern {
            reader.at = 8;
        }
        let Some(count) = reader.u32() else {
            return csa;
        };
        reader.at += 4;
        // CSA1 adds to every item's length the first tag's number of items (as nibabel found out).
        let mut excess = None;
        for _ in 0..count.min(1024) {
            let Some(name) = reader.take(64).map(text) else {
                break;
            };
            let Some(multiplicity) = reader.u32() else { break };
            reader.at += 8; // VR, data type
            let Some(items) = reader.u32() else { break };
            let excess = *excess.get_or_insert(items);
            reader.at += 4;
            if items > 4096 {
                break;
            }
            let mut values = Vec::new();
            for item in 0..items {
                let Some(x0) = reader.u32() else { return csa };
                let x1 = reader.u32().unwrap_or(0);
                reader.at += 8;
                let len = if modern { x1 } else { x0.saturating_sub(excess) };
                let Some(value) = reader.take(len as usize) else {
                    return csa;
                };
                reader.at += (4 - len as usize % 4) % 4;
                let value = text(value);
                // Behind the values there are empty items; some writers say a multiplicity of 0.
                if !value.is_empty() || item < multiplicity {
                    values.push(value);
                }
            }
            while values.last().is_some_and(String::is_empty) {
                values.pop();
            }
            if !name.is_empty() {
                csa.values.insert(name, values);
            }
        }
        csa
    }

    /// The numbers under `name`.
    pub fn floats(&self, name: &str) -> Vec<f64> {
        self.strings(name).iter().map_while(|v| v.trim().parse().ok()).collect()
    }

    /// The first number under `name`.
    pub fn float(&self, name: &str) -> Option<f64> {
        self.floats(name).first().copied()
    }

    /// The texts under `name`.
    pub fn strings(&self, name: &str) -> &[String] {
        self.values.get(name).map(Vec::as_slice).unwrap_or_default()
    }

    /// Whether nothing could be read.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }
}

fn text(bytes: &[u8]) -> String {
    bytes.iter().take_while(|b| **b != 0).map(|b| char::from(*b)).collect::<String>().trim().to_owned()
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let part = self.bytes.get(self.at..self.at.checked_add(len)?)?;
        self.at += len;
        Some(part)
    }

    fn u32(&mut self) -> Option<u32> {
        self.take(4)?.try_into().ok().map(u32::from_le_bytes)
    }
}

/// The values of a Siemens measurement protocol (`### ASCCONV BEGIN` … `END`), as text by name.
///
/// It stands in the CSA series header (0029,xx20) or, of XA software, in (0021,xx19). Only the part
/// between the two marks is read: the XML-like rest holds names and dates.
#[derive(Clone, Default)]
pub struct Protocol {
    values: BTreeMap<String, String>,
}

impl Protocol {
    /// Finds and reads the protocol in an element's bytes; empty where there is none.
    pub fn parse(bytes: &[u8]) -> Self {
        const BEGIN: &[u8] = b"### ASCCONV BEGIN";
        const END: &[u8] = b"### ASCCONV END";
        let find = |bytes: &[u8], mark: &[u8]| {
            let first = *mark.first()?;
            let mut from = 0;
            loop {
                from += bytes.get(from..)?.iter().position(|b| *b == first)?;
                if bytes.get(from..)?.starts_with(mark) {
                    return Some(from);
                }
                from += 1;
            }
        };
        let Some(begin) = find(bytes, BEGIN) else { return Self::default() };
        let rest = bytes.get(begin + BEGIN.len()..).unwrap_or_default();
        let body = find(rest, END).and_then(|end| rest.get(..end)).unwrap_or_default();
        let mut values = BTreeMap::new();
        for line in body.split(|b| *b == b'\n').skip(1).take(20_000) {
            let line: String = line.iter().map(|b| char::from(*b)).collect();
            if let Some((name, value)) = line.split_once('=') {
                let value = value.split('#').next().unwrap_or_default().trim().trim_matches('"');
                values.insert(name.trim().to_owned(), value.to_owned());
            }
        }
        Self { values }
    }

    /// The protocol of a frame, wherever its software keeps it.
    pub fn of(frame: FrameView<'_>) -> Self {
        [(0x0029, CREATOR, SERIES_INFO), (0x0021, "SIEMENS MR SDS 01", 0x19)]
            .into_iter()
            .filter_map(|(group, creator, offset)| frame.private(group, creator, offset))
            .map(|element| Self::parse(element.bytes()))
            .find(|protocol| !protocol.values.is_empty())
            .unwrap_or_default()
    }

    /// The number under `name`; hexadecimal ones begin with `0x`.
    pub fn number(&self, name: &str) -> Option<f64> {
        let text = self.values.get(name)?;
        match text.strip_prefix("0x") {
            Some(digits) => u32::from_str_radix(digits, 16).ok().map(f64::from),
            None => text.parse().ok().filter(|v: &f64| v.is_finite()),
        }
    }

    /// The text under `name`, without quotes.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    /// Echo times, ms, of a protocol with exactly two contrasts: those of a phase difference.
    pub fn two_echo_times_ms(&self) -> Option<[f64; 2]> {
        if self.number("lContrasts")? != 2.0 {
            return None;
        }
        let time = |name| self.number(name).map(|us| us / 1000.0).filter(|ms| *ms > 0.0);
        let times = [time("alTE[0]")?, time("alTE[1]")?];
        (times[0] < times[1]).then_some(times)
    }
}
