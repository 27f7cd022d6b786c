//! Huffman codes and the bits of a scan (T.81 annex C, F.2.2).
//!
//! In: a table's code counts and values; entropy-coded bytes. Out: symbols and magnitudes. Behind the
//! last byte come zeros, which are counted: a scan that used any of them is short.

use crate::dicom::DicomError;
use crate::dicom::codec::picture::corrupt;

/// Codes up to this many bits are looked up at once.
const FAST: u32 = 10;

/// A Huffman table.
#[derive(Clone)]
pub(super) struct Table {
    /// For the next `FAST` bits: length << 8 | value, or 0 where the code is longer.
    fast: Vec<u16>,
    /// For each length: the first code beyond it, left-aligned in 16 bits, and where its values begin.
    limits: [(u32, i32); 17],
    values: Vec<u8>,
}

impl Table {
    /// `counts[n]` codes of `n + 1` bits; `None` where they don't fit.
    pub(super) fn new(counts: &[u8; 16], values: &[u8]) -> Option<Self> {
        let mut fast = vec![0u16; 1 << FAST];
        let mut limits = [(0u32, 0i32); 17];
        let (mut code, mut taken) = (0u32, 0u32);
        for (length, count) in (1u32..).zip(counts) {
            let count = u32::from(*count);
            if code + count > 1 << length {
                return None;
            }
            *limits.get_mut(length as usize)? = ((code + count) << (16 - length), taken as i32 - code as i32);
            if length <= FAST {
                for n in 0..count {
                    let value = *values.get((taken + n) as usize)?;
                    let first = ((code + n) << (FAST - length)) as usize;
                    let entry = (length as u16) << 8 | u16::from(value);
                    fast.get_mut(first..first + (1 << (FAST - length)))?.fill(entry);
                }
            }
            taken += count;
            code = (code + count) << 1;
        }
        Some(Self { fast, limits, values: values.to_vec() })
    }
}

/// The bits of a scan, stuffing removed; stops at a marker.
pub(super) struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
    /// The next bits, from the most significant down.
    buffer: u64,
    filled: u32,
    /// Bits in the buffer (and used up) that no byte stands for.
    invented: u32,
}

impl<'a> Bits<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, buffer: 0, filled: 0, invented: 0 }
    }

    /// Bytes read, without what follows a marker.
    pub(super) fn consumed(&self) -> usize {
        self.at
    }

    #[inline]
    fn fill(&mut self) {
        // Four bytes at once where none of them is 0xFF.
        if self.filled <= 32
            && let Some(word) = self.bytes.get(self.at..).and_then(|b| b.first_chunk::<4>())
        {
            let word = u32::from_be_bytes(*word);
            let inverse = !word;
            if inverse.wrapping_sub(0x0101_0101) & word & 0x8080_8080 == 0 {
                self.buffer |= u64::from(word) << (32 - self.filled);
                self.filled += 32;
                self.at += 4;
                return;
            }
        }
        while self.filled <= 56 {
            let byte = match self.bytes.get(self.at) {
                Some(0xFF) => match self.bytes.get(self.at + 1) {
                    Some(0) => {
                        self.at += 2;
                        0xFF
                    }
                    // Fill bytes before a marker.
                    Some(0xFF) => {
                        self.at += 1;
                        continue;
                    }
                    _ => {
                        self.invented = self.invented.saturating_add(8);
                        0
                    }
                },
                Some(byte) => {
                    self.at += 1;
                    *byte
                }
                None => {
                    self.invented = self.invented.saturating_add(8);
                    0
                }
            };
            self.buffer |= u64::from(byte) << (56 - self.filled);
            self.filled += 8;
        }
    }

    /// Makes at least 32 bits available.
    #[inline]
    pub(super) fn need(&mut self) {
        if self.filled < 32 {
            self.fill();
        }
    }

    /// The next symbol; [`Bits::need`] was called and 16 bits suffice.
    #[inline]
    pub(super) fn symbol(&mut self, table: &Table) -> Result<u8, DicomError> {
        let entry = table.fast.get((self.buffer >> (64 - FAST)) as usize).copied().unwrap_or(0);
        if entry != 0 {
            self.skip(u32::from(entry >> 8));
            return Ok(entry as u8);
        }
        let next = (self.buffer >> 48) as u32;
        for (length, (limit, base)) in (0u32..).zip(&table.limits).skip(FAST as usize + 1) {
            if next < *limit {
                let index = (next >> (16 - length)) as i32 + base;
                let value = usize::try_from(index).ok().and_then(|n| table.values.get(n));
                self.skip(length);
                return value.copied().ok_or(corrupt("Huffman code"));
            }
        }
        Err(corrupt("Huffman code"))
    }

    #[inline]
    fn skip(&mut self, count: u32) {
        self.buffer <<= count;
        self.filled = self.filled.saturating_sub(count);
    }

    /// `count` bits (0 to 16) as a magnitude of that category (T.81 F.2.2.1, EXTEND).
    #[inline]
    pub(super) fn magnitude(&mut self, count: u32) -> i32 {
        if count == 0 {
            return 0;
        }
        let count = count.min(16);
        let value = (self.buffer >> (64 - count)) as i32;
        self.skip(count);
        if value < 1 << (count - 1) { value - (1 << count) + 1 } else { value }
    }

    /// Whether only bits that were there have been used.
    pub(super) fn check(&self) -> Result<(), DicomError> {
        // What was invented lies behind what was real: none was used while all of it is still buffered.
        if self.invented > self.filled { Err(corrupt("the scan is short")) } else { Ok(()) }
    }

    /// Drops the rest of the interval and steps over its restart marker.
    pub(super) fn restart(&mut self) -> bool {
        (self.buffer, self.filled, self.invented) = (0, 0, 0);
        // The buffer may have run ahead only up to the marker, for it never reads over one.
        while let (Some(0xFF), Some(code)) = (self.bytes.get(self.at), self.bytes.get(self.at + 1)) {
            match code {
                0xD0..=0xD7 => {
                    self.at += 2;
                    return true;
                }
                0xFF => self.at += 1,
                _ => return false,
            }
        }
        // Rubbish between the last code and the marker.
        false
    }
}
