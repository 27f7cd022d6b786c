//! Siemens CSA headers: named text values in a private OB element (0029,xx10 and 0029,xx20).
//!
//! Two layouts exist: CSA2 begins with `SV10`, CSA1 at once with the count. Neither is published;
//! the layout is as nibabel and dcm2niix document it. In: the element's bytes. Out: values by name.

use std::collections::BTreeMap;

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
