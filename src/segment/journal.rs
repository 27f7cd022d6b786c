//! The journal: records one after the other, of which a torn tail is left aside.
//!
//! In: kinds and payloads. Out: bytes to append to a file; and from such a file the records that are whole.
//! A record is its payload's length and the CRC-32 of kind and payload, four bytes each, little endian, then
//! the kind, then the payload. What records mean is their writer's business. A file that was cut at any byte
//! gives a prefix of its records.

use flate2::Crc;

/// Bytes of a record beside its payload.
const HEAD: usize = 9;

/// Appends a record; of more than 4 GiB it would not be read back.
pub fn append(out: &mut Vec<u8>, kind: u8, payload: &[u8]) {
    out.reserve(HEAD + payload.len());
    out.extend_from_slice(&u32::try_from(payload.len()).unwrap_or(u32::MAX).to_le_bytes());
    out.extend_from_slice(&checksum(kind, payload).to_le_bytes());
    out.push(kind);
    out.extend_from_slice(payload);
}

fn checksum(kind: u8, payload: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(&[kind]);
    crc.update(payload);
    crc.sum()
}

/// A record that is whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// What it is.
    pub kind: u8,
    /// What it says.
    pub payload: &'a [u8],
}

/// Reads records until one is not whole.
#[derive(Clone, Debug)]
pub struct Records<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Records<'a> {
    /// Over the bytes of a journal.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Bytes of the records read so far: a journal is continued from there.
    #[must_use]
    pub fn read(&self) -> usize {
        self.at
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Record<'a>;

    fn next(&mut self) -> Option<Record<'a>> {
        let rest = self.bytes.get(self.at..)?;
        let (len, rest) = rest.split_first_chunk::<4>()?;
        let (sum, rest) = rest.split_first_chunk::<4>()?;
        let (&kind, rest) = rest.split_first()?;
        let len = u32::from_le_bytes(*len) as usize;
        let payload = rest.get(..len)?;
        if checksum(kind, payload) != u32::from_le_bytes(*sum) {
            return None;
        }
        self.at += HEAD + len;
        Some(Record { kind, payload })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_journal_cut_anywhere_gives_a_prefix_and_damage_ends_it() {
        let mut bytes = Vec::new();
        let payloads: [&[u8]; 4] = [b"first", b"", b"a third one", &[0; 300]];
        let mut ends = vec![0];
        for (kind, payload) in payloads.iter().enumerate() {
            append(&mut bytes, kind as u8, payload);
            ends.push(bytes.len());
        }
        for cut in 0..=bytes.len() {
            let mut records = Records::new(&bytes[..cut]);
            let whole = ends.iter().filter(|e| **e <= cut).count() - 1;
            let found: Vec<_> = records.by_ref().collect();
            assert_eq!(found.len(), whole);
            assert_eq!(records.read(), ends[whole]);
            for (i, record) in found.iter().enumerate() {
                assert_eq!((record.kind, record.payload), (i as u8, payloads[i]));
            }
        }
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x10;
            let before = ends.iter().filter(|e| **e <= at).count() - 1;
            assert_eq!(Records::new(&damaged).count(), before, "damage at {at}");
        }
    }
}
