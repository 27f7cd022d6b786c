//! The five bit readers of a high-throughput code block (ITU-T T.814 §7.1) and that of packet headers
//! (T.800 §B.10.1).
//!
//! In: a segment's bytes. Out: bits. Each undoes its own bit stuffing, and gives what the standard has a
//! reader find behind the end; none fails.

/// Bits from the front, lowest first; the bit above a byte of ones is stuffing. MagSgn (§7.1.2) reads ones
/// behind its end, SigProp (§7.1.5) zeros.
#[derive(Clone, Debug)]
pub(super) struct Forward<'a> {
    bytes: &'a [u8],
    held: u64,
    bits: u32,
    stuffed: bool,
    /// What stands behind the end.
    beyond: u8,
}

impl<'a> Forward<'a> {
    pub(super) fn new(bytes: &'a [u8], beyond: u8) -> Self {
        Self { bytes, held: 0, bits: 0, stuffed: false, beyond }
    }

    #[inline]
    fn fill(&mut self) {
        if let (Some((word, rest)), false) = (self.bytes.split_first_chunk::<4>(), self.stuffed) {
            let word = u32::from_le_bytes(*word);
            // No byte of the four is 0xFF.
            if (!word).wrapping_sub(0x0101_0101) & word & 0x8080_8080 == 0 {
                self.held |= u64::from(word) << self.bits;
                self.bits += 32;
                self.bytes = rest;
                return;
            }
        }
        while self.bits <= 32 {
            let byte = match self.bytes.split_first() {
                Some((byte, rest)) => {
                    self.bytes = rest;
                    *byte
                }
                None => self.beyond,
            };
            let width = 8 - u32::from(self.stuffed);
            self.held |= u64::from(byte & (0xFF >> (8 - width))) << self.bits;
            self.bits += width;
            self.stuffed = byte == 0xFF;
        }
    }

    /// At most 32 bits.
    #[inline]
    pub(super) fn take(&mut self, count: u32) -> u32 {
        if self.bits < 32 {
            self.fill();
        }
        let value = self.held & ((1u64 << count) - 1);
        self.held >>= count;
        self.bits -= count;
        value as u32
    }
}

/// Bits from the back, lowest first; behind a byte above 0x8F seven ones are followed by a stuffed bit.
/// VLC (§7.1.4) and MagRef (§7.1.6); zeros behind the end.
#[derive(Clone, Debug)]
pub(super) struct Backward<'a> {
    bytes: &'a [u8],
    held: u64,
    bits: u32,
    stuffed: bool,
}

impl<'a> Backward<'a> {
    /// The VLC bits of a cleanup segment's tail: its last twelve bits are the length.
    pub(super) fn vlc(tail: &'a [u8]) -> Self {
        let (first, bytes) = match tail {
            [rest @ .., first, _] => (*first, rest),
            _ => (0, tail),
        };
        let held = u64::from(first >> 4);
        let bits = 4 - u32::from(held & 7 == 7);
        Self { bytes, held: held & ((1 << bits) - 1), bits, stuffed: first | 0x0F > 0x8F }
    }

    /// The MagRef bits of a refinement segment.
    pub(super) fn refinement(bytes: &'a [u8]) -> Self {
        Self { bytes, held: 0, bits: 0, stuffed: true }
    }

    #[inline(always)]
    pub(super) fn fill(&mut self) {
        if self.bits <= 32 {
            self.fill_word();
        }
    }

    #[inline]
    fn fill_word(&mut self) {
        if let Some((rest, word)) = self.bytes.split_last_chunk::<4>() {
            let word = u32::from_be_bytes(*word);
            // No byte of the four has seven ones.
            if (word & 0x7F7F_7F7F).wrapping_add(0x0101_0101) & 0x8080_8080 == 0 {
                self.held |= u64::from(word) << self.bits;
                self.bits += 32;
                self.stuffed = word >> 24 > 0x8F;
                self.bytes = rest;
                return;
            }
        }
        while self.bits <= 56 {
            let Some((byte, rest)) = self.bytes.split_last() else {
                // Zeros.
                self.bits = 64;
                return;
            };
            self.bytes = rest;
            let width = 8 - u32::from(self.stuffed && byte & 0x7F == 0x7F);
            self.held |= u64::from(byte & (0xFF >> (8 - width))) << self.bits;
            self.bits += width;
            self.stuffed = *byte > 0x8F;
        }
    }

    /// What comes next, without taking it. Right for 33 bits after [`Self::fill`].
    #[inline]
    pub(super) fn peek(&self) -> u64 {
        self.held
    }

    #[inline]
    pub(super) fn skip(&mut self, count: u32) {
        self.held >>= count;
        self.bits = self.bits.saturating_sub(count);
    }

    /// At most eight bits, filling where that is needed.
    pub(super) fn take(&mut self, count: u32) -> u32 {
        if self.bits < count {
            self.fill();
        }
        let value = self.held & ((1 << count) - 1);
        self.skip(count);
        value as u32
    }
}

/// The adaptive run-length decoder (§7.1.3): says which of the quads without significant neighbours have
/// something in them.
#[derive(Clone, Debug)]
pub(super) struct Mel<'a> {
    bytes: &'a [u8],
    byte: u8,
    bits: u32,
    state: usize,
    run: u32,
    /// The run ends with an event.
    ends: bool,
}

/// T.814 table 2: the exponents of run lengths.
const RUN_EXPONENTS: [u32; 13] = [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 4, 5];

impl<'a> Mel<'a> {
    pub(super) fn new(tail: &'a [u8]) -> Self {
        Self { bytes: tail, byte: 0, bits: 0, state: 0, run: 0, ends: false }
    }

    fn bit(&mut self) -> u32 {
        if self.bits == 0 {
            self.bits = if self.byte == 0xFF { 7 } else { 8 };
            self.byte = match self.bytes {
                // The length's twelve bits read as ones.
                [] | [_] => 0xFF,
                [byte, _] => byte | 0x0F,
                [byte, ..] => *byte,
            };
            self.bytes = self.bytes.get(1..).unwrap_or_default();
        }
        self.bits -= 1;
        u32::from(self.byte >> self.bits) & 1
    }

    /// The next event: whether there is something.
    #[inline]
    pub(super) fn event(&mut self) -> bool {
        if self.run == 0 && !self.ends {
            let exponent = RUN_EXPONENTS.get(self.state).copied().unwrap_or(5);
            if self.bit() == 1 {
                self.run = 1 << exponent;
                self.state = (self.state + 1).min(12);
            } else {
                self.run = (0..exponent).fold(0, |run, _| 2 * run + self.bit());
                self.state = self.state.saturating_sub(1);
                self.ends = true;
            }
        }
        if self.run > 0 {
            self.run -= 1;
            return false;
        }
        self.ends = false;
        true
    }
}

/// Bits of packet headers, highest first; behind a byte of ones comes a stuffed zero.
#[derive(Clone, Debug)]
pub(super) struct HeaderBits<'a> {
    bytes: &'a [u8],
    at: usize,
    byte: u8,
    bits: u32,
}

impl<'a> HeaderBits<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, byte: 0, bits: 0 }
    }

    /// `None` behind the end.
    pub(super) fn bit(&mut self) -> Option<u32> {
        if self.bits == 0 {
            self.bits = if self.byte == 0xFF { 7 } else { 8 };
            self.byte = *self.bytes.get(self.at)?;
            self.at += 1;
        }
        self.bits -= 1;
        Some(u32::from(self.byte >> self.bits) & 1)
    }

    /// At most 32 bits.
    pub(super) fn bits(&mut self, count: u32) -> Option<u32> {
        (0..count).try_fold(0u32, |value, _| Some(value << 1 | self.bit()?))
    }

    /// Where the header's bytes end.
    pub(super) fn end(self) -> usize {
        self.at + usize::from(self.byte == 0xFF)
    }
}
