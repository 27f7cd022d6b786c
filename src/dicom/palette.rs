//! Palette colour lookup tables (PS3.3 C.7.9): stored indices → red, green, blue.
//!
//! In: a header, and stored values. Out: eight bits a colour. Tables of sixteen bits keep their higher byte;
//! segmented tables (0028,1221 and on) are not read.

use super::Tag;
use super::header::Header;
use crate::volume::Voxels;

/// The three tables of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Palette {
    /// The stored value of the first entry.
    first: i64,
    entries: Vec<[u8; 3]>,
}

impl Palette {
    /// Reads the tables; `None` where one is absent, or the three are not alike.
    pub fn of(header: &Header) -> Option<Self> {
        let root = header.root();
        let mut tables = Vec::new();
        for number in 1..=3u16 {
            // Descriptor: entries (0 stands for 65,536), first stored value, bits an entry. The second is signed
            // where pixels are.
            let descriptor = root.get(Tag(0x0028, 0x1100 + number))?.ints();
            let &[count, first, bits] = descriptor.get(..3)?.first_chunk()?;
            let count = if count == 0 { 1 << 16 } else { usize::try_from(count & 0xFFFF).ok()? };
            let bytes = root.get(Tag(0x0028, 0x1200 + number))?.bytes();
            // Tables of eight bits come one entry a byte or, by old writers, one a word.
            let mut entries: Vec<u8> = if bits == 8 && bytes.len() < 2 * count {
                bytes.to_vec()
            } else {
                let word = |pair: &[u8; 2]| if bits == 8 { pair[0] } else { pair[1] };
                bytes.as_chunks::<2>().0.iter().map(word).collect()
            };
            if entries.len() < count {
                return None;
            }
            entries.truncate(count);
            tables.push((first, entries));
        }
        let [(first, red), (_, green), (_, blue)] = tables.try_into().ok()?;
        let entries = red.iter().zip(&green).zip(&blue).map(|((r, g), b)| [*r, *g, *b]).collect();
        Some(Self { first, entries })
    }

    /// Red, green and blue of every stored value, side by side. Values before the first entry have its colour,
    /// values behind the last have that one's (C.7.6.3.1.5).
    pub fn colours(&self, stored: &Voxels) -> Vec<u8> {
        let last = self.entries.len().saturating_sub(1) as i64;
        let colour = |at: usize| {
            let value = stored.get(at).unwrap_or(0.0) as i64;
            let place = value.saturating_sub(self.first).clamp(0, last);
            self.entries.get(place as usize).copied().unwrap_or_default()
        };
        (0..stored.len()).flat_map(colour).collect()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests stop at the first surprise")]

    use super::*;
    use crate::dicom::testing::{Form, Set, Value};

    fn header(bits: u16, table: impl Fn(u16) -> Vec<u8>, count: u16, first: u16) -> Header {
        let mut set = Set::default();
        for number in 1..=3 {
            set.put((0x0028, 0x1100 + number), "US", Value::U16(vec![count, first, bits]));
            set.put((0x0028, 0x1200 + number), "OW", Value::Bytes(table(number)));
        }
        Header::from_bytes(Form::default().file(&set)).unwrap()
    }

    #[test]
    fn entries_of_eight_and_sixteen_bits_in_bytes_and_words() {
        let stored = Voxels::U8(vec![0, 4, 5, 6, 200]);
        let wanted = [[11, 12, 13], [11, 12, 13], [21, 22, 23], [31, 32, 33], [31, 32, 33]].concat();
        let values = |n: u16| [10 + n, 20 + n, 30 + n];
        let bytes = |n: u16| values(n).iter().map(|v| *v as u8).chain([0]).collect::<Vec<u8>>();
        let words = |n: u16| values(n).iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>();
        let high = |n: u16| values(n).iter().flat_map(|v| (v << 8 | 0x7F).to_le_bytes()).collect::<Vec<u8>>();
        for header in [header(8, bytes, 3, 4), header(8, words, 3, 4), header(16, high, 3, 4)] {
            assert_eq!(Palette::of(&header).unwrap().colours(&stored), wanted);
        }
        assert_eq!(Palette::of(&header(16, high, 4, 4)), None, "a table that is too short");
    }
}
