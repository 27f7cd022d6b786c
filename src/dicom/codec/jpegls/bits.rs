//! The bits of a JPEG-LS scan (ITU-T T.87 annex A.1).
//!
//! In: a scan's bytes. Out: bits, codes of zeros; an error where more were taken than there are.

use crate::dicom::DicomError;
use crate::dicom::codec::picture::corrupt;

/// The bits of a scan: after a byte 0xFF comes one of seven bits (A.1).
pub(super) struct Bits<'a> {
    bytes: &'a [u8],
    pub(super) at: usize,
    buffer: u64,
    filled: u32,
    after_ff: bool,
    invented: u32,
}

impl<'a> Bits<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, buffer: 0, filled: 0, after_ff: false, invented: 0 }
    }

    #[inline]
    pub(super) fn fill(&mut self) {
        while self.filled <= 56 {
            let byte = self.bytes.get(self.at).copied();
            let count = if self.after_ff { 7 } else { 8 };
            match byte {
                // A marker, or the end.
                None => self.invent(),
                Some(byte) if self.after_ff && byte >= 0x80 => self.invent(),
                Some(byte) => {
                    self.at += 1;
                    self.buffer |= u64::from(byte) << (64 - count - self.filled);
                    self.filled += count;
                    self.after_ff = byte == 0xFF;
                }
            }
        }
    }

    #[cold]
    fn invent(&mut self) {
        self.invented = self.invented.saturating_add(8);
        self.filled += 8;
    }

    pub(super) fn check(&self) -> Result<(), DicomError> {
        if self.invented > self.filled { Err(corrupt("the scan is short")) } else { Ok(()) }
    }

    #[inline]
    pub(super) fn skip(&mut self, count: u32) {
        self.buffer <<= count;
        self.filled = self.filled.saturating_sub(count);
    }

    /// At most 32 bits.
    #[inline]
    pub(super) fn take(&mut self, count: u32) -> i32 {
        if count == 0 {
            return 0;
        }
        if self.filled < 32 {
            self.fill();
        }
        let value = (self.buffer >> (64 - count)) as u32;
        self.skip(count);
        value.cast_signed()
    }

    /// Zeros before the next one, which is taken too; more than `most` are an error.
    #[inline]
    pub(super) fn zeros(&mut self, most: u32) -> Result<u32, DicomError> {
        let mut count = 0;
        loop {
            if self.filled < 32 {
                self.fill();
            }
            let run = self.buffer.leading_zeros();
            if run < self.filled {
                self.skip(run);
                self.skip(1);
                count += run;
                return if count > most { Err(corrupt("Golomb code")) } else { Ok(count) };
            }
            count += self.filled;
            (self.buffer, self.filled) = (0, 0);
            if count > most {
                return Err(corrupt("Golomb code"));
            }
        }
    }
}
