//! One high-throughput code block (ITU-T T.814 §7).
//!
//! In: its segments and how many bit-planes it has. Out: its coefficients, sign and magnitude. Any bytes give
//! coefficients or an error; nothing here reads packets or knows of bands.

use super::bits::{Backward, Forward, Mel};
use super::vlc_codes::{Code, FIRST_ROW, OTHER_ROWS};
use crate::dicom::DicomError;
use crate::dicom::codec::picture::corrupt;

/// Bit-planes that coefficients may have: with the half below the lowest and the sign they fill 32 bits.
pub(super) const MOST_PLANES: u32 = 29;

/// A coefficient's sign. Its magnitude lies below, doubled: the lowest bit stands for a half.
pub(super) const SIGN: u32 = 1 << 31;

/// What a quad's codeword says, by context and the next seven bits: length in bits 0–2, whether an exponent
/// follows in 3, significance in 4–7, known exponents in 8–11, their lowest bits in 12–15.
type Lookup = [u16; 1024];

const fn lookup(codes: &[&[Code]; 8]) -> Lookup {
    let mut table = [0u16; 1024];
    let mut context = 0;
    while context < 8 {
        let mut n = 0;
        while n < codes[context].len() {
            let [significant, follows, known, lowest, word, length] = codes[context][n];
            let entry = length as u16
                | (follows as u16) << 3
                | (significant as u16) << 4
                | (known as u16) << 8
                | (lowest as u16) << 12;
            let mut rest = 0;
            while rest < 1 << (7 - length) {
                table[context << 7 | rest << length | word as usize] = entry;
                rest += 1;
            }
            n += 1;
        }
        context += 1;
    }
    table
}

static FIRST: Lookup = lookup(&FIRST_ROW);
static OTHER: Lookup = lookup(&OTHER_ROWS);

/// A block as packets brought it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Coded<'a> {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) cleanup: &'a [u8],
    /// Significance propagation from the front, magnitude refinement from the back.
    pub(super) refinement: &'a [u8],
    /// 1: cleanup alone; 2: with significance propagation; 3: with magnitude refinement.
    pub(super) passes: u32,
    /// Bit-planes of the band, at most [`MOST_PLANES`].
    pub(super) planes: u32,
    /// Those of them, from the highest, that are empty, with those before the set that is decoded.
    pub(super) empty: u32,
    /// Significance propagation does not look into the stripe below.
    pub(super) causal: bool,
}

/// What decoding a block takes, kept between blocks.
#[derive(Clone, Debug, Default)]
pub(super) struct Block {
    /// Rows of [`Self::stride`] coefficients.
    pub(super) values: Vec<u32>,
    pub(super) stride: usize,
    /// Codewords and exponents of a row of quads.
    quads: Vec<(u16, u32)>,
    /// Significance of the row of quads above; one more at each end.
    above: Vec<u8>,
    here: Vec<u8>,
    /// Exponents of the samples right above; one more at the left, two at the right.
    exponents: Vec<u8>,
    below: Vec<u8>,
    /// Significance of every sample with a rim, for refinement.
    significant: Vec<u8>,
}

impl Block {
    /// Decodes into [`Self::values`].
    ///
    /// # Errors
    /// Lengths that cannot be, exponents beyond the band's planes.
    pub(super) fn decode(&mut self, code: &Coded<'_>) -> Result<(), DicomError> {
        // The plane that the cleanup pass codes down to.
        let plane = code.planes.checked_sub(1 + code.empty).filter(|_| code.planes <= MOST_PLANES);
        let plane = plane.ok_or(corrupt("bit-planes"))?;
        self.cleanup(code, plane)?;
        // Without a plane below there is nothing to refine.
        if code.passes > 1 && plane > 0 && !code.refinement.is_empty() {
            self.refine(code, plane - 1);
        }
        Ok(())
    }

    /// §7.3: significance and exponents of all quads of a row, then its samples.
    fn cleanup(&mut self, code: &Coded<'_>, plane: u32) -> Result<(), DicomError> {
        let bad = || corrupt("code block");
        let [.., low, high] = *code.cleanup else { return Err(bad()) };
        let tail = usize::from(high) << 4 | usize::from(low & 0x0F);
        if !(2..=4079).contains(&tail) {
            return Err(bad());
        }
        let (front, tail) = code
            .cleanup
            .len()
            .checked_sub(tail)
            .and_then(|at| code.cleanup.split_at_checked(at))
            .ok_or(bad())?;
        let mut magnitudes = Forward::new(front, 0xFF);
        let (mut runs, mut words) = (Mel::new(tail), Backward::vlc(tail));

        let across = code.width.div_ceil(2);
        self.stride = 2 * across;
        self.values.clear();
        self.values.resize(self.stride * code.height.next_multiple_of(2), 0);
        for row in [&mut self.above, &mut self.here] {
            row.clear();
            row.resize(across + 2, 0);
        }
        for row in [&mut self.exponents, &mut self.below] {
            row.clear();
            row.resize(2 * across + 3, 0);
        }
        self.quads.resize(across, (0, 0));

        // §7.3.5: an exponent beyond the planes that are left is no block's.
        let most = code.empty + 2;
        for (y, rows) in self.values.chunks_exact_mut(2 * self.stride.max(1)).enumerate() {
            if y == 0 {
                quads(&mut self.quads, &mut self.here, &mut runs, &mut words, true, |left, _| {
                    (left | left >> 1) & 1 | left >> 1 & 6
                });
            } else {
                let above = &self.above;
                quads(&mut self.quads, &mut self.here, &mut runs, &mut words, false, |left, q| {
                    let [nw, n, ne] = [above[q], above[q + 1], above[q + 2]].map(usize::from);
                    (nw >> 3 | n >> 1) & 1 | (left >> 1 | left >> 2) & 2 | (n >> 1 | ne << 1) & 4
                });
            }
            let (upper, lower) = rows.split_at_mut(self.stride);
            let pairs = upper.as_chunks_mut::<2>().0.iter_mut().zip(lower.as_chunks_mut::<2>().0);
            // Of a quad's row above: its own two samples and one at each side.
            let exponents = self.exponents.windows(4).step_by(2);
            let below = self.below.get_mut(1..).unwrap_or_default().as_chunks_mut::<2>().0;
            let quads = self.quads.iter().zip(exponents).zip(below);
            for (((upper, lower), (&(word, more), above)), below) in
                pairs.zip(quads).map(|(pair, (quad, below))| ((pair, quad), below))
            {
                let significance = word >> 4 & 15;
                if significance == 0 {
                    *below = [0, 0];
                    continue;
                }
                // §7.3.7: the greatest exponent above, where more than one sample is significant.
                let mut least = 1;
                if significance & (significance - 1) != 0 {
                    let greatest = above.iter().fold(0, |most, e| most.max(*e));
                    least = u32::from(greatest).saturating_sub(1).max(1);
                }
                let exponent = least + more;
                if exponent > most {
                    return Err(bad());
                }
                let ([a, b, c, d], exponents) = samples(word, exponent, plane, &mut magnitudes);
                *upper = [a, c];
                *lower = [b, d];
                *below = exponents;
            }
            std::mem::swap(&mut self.exponents, &mut self.below);
            std::mem::swap(&mut self.above, &mut self.here);
        }
        Ok(())
    }

    /// §7.4 and §7.5: one plane more, for samples near significant ones, and for significant ones.
    fn refine(&mut self, code: &Coded<'_>, plane: u32) {
        let (width, height, stride) = (code.width, code.height, self.stride);
        let rim = width + 2;
        self.significant.clear();
        self.significant.resize(rim * (height + 2), 0);
        for y in 0..height {
            for x in 0..width {
                self.significant[(y + 1) * rim + x + 1] = u8::from(self.values[y * stride + x] != 0);
            }
        }
        // Samples that the cleanup pass found have 1 here, those of significance propagation 2.
        let mut bits = Forward::new(code.refinement, 0);
        for top in (0..height).step_by(4) {
            let bottom = (top + 4).min(height);
            for first in (0..width).step_by(4) {
                let last = (first + 4).min(width);
                let mut found = [(0, 0); 16];
                let mut count = 0;
                for x in first..last {
                    for y in top..bottom {
                        let at = (y + 1) * rim + x + 1;
                        let any = |row: usize| self.significant[row..row + 3].iter().any(|s| *s != 0);
                        let under = y + 1 < bottom || !code.causal;
                        let near = any(at - rim - 1) || any(at - 1) || (under && any(at + rim - 1));
                        if self.significant[at] == 0 && near && bits.take(1) == 1 {
                            self.significant[at] = 2;
                            found[count] = (x, y);
                            count += 1;
                        }
                    }
                }
                for (x, y) in found.into_iter().take(count) {
                    self.values[y * stride + x] = bits.take(1) << 31 | 3 << plane;
                }
            }
        }
        if code.passes < 3 {
            return;
        }
        let mut bits = Backward::refinement(code.refinement);
        for top in (0..height).step_by(4) {
            for x in 0..width {
                for y in top..(top + 4).min(height) {
                    if self.significant[(y + 1) * rim + x + 1] == 1 {
                        // The half at the plane above becomes this plane's bit and a half below.
                        let value = &mut self.values[y * stride + x];
                        *value = *value & !(2 << plane) | bits.take(1) << (plane + 1) | 1 << plane;
                    }
                }
            }
        }
    }
}

/// A quad's samples (§7.3.8) and the exponents of the lower two.
#[inline(always)]
fn samples(word: u16, exponent: u32, plane: u32, bits: &mut Forward<'_>) -> ([u32; 4], [u8; 2]) {
    let (mut out, mut exponents) = ([0; 4], [0; 4]);
    for ((n, sample), of) in (0..).zip(&mut out).zip(&mut exponents) {
        // All ones where the sample is significant, so that nothing depends on guessing a branch.
        let there = (u32::from(word >> (4 + n)) & 1).wrapping_neg();
        let width = (exponent - u32::from(word >> (8 + n) & 1)) & there;
        let value = bits.take(width) | u32::from(word >> (12 + n) & 1) << width;
        // µ − 1 and, lowest, the sign; doubled it is 2µ + 1 with the half.
        *sample = (value << 31 | ((value | 1) + 2) << plane) & there;
        *of = (32 - (value | 1).leading_zeros()) as u8 & there as u8;
    }
    (out, [exponents[1], exponents[3]])
}

/// Codewords of a row of quads (§7.3.3, §7.3.4) and the exponents behind them (§7.3.6), by pairs.
fn quads(
    row: &mut [(u16, u32)],
    significance: &mut [u8],
    runs: &mut Mel<'_>,
    words: &mut Backward<'_>,
    first_row: bool,
    context: impl Fn(usize, usize) -> usize,
) {
    let table = if first_row { &FIRST } else { &OTHER };
    let mut left = 0usize;
    for (pair, both) in row.chunks_mut(2).enumerate() {
        words.fill();
        for (n, quad) in both.iter_mut().enumerate() {
            let q = 2 * pair + n;
            let context = context(left, q);
            quad.0 = 0;
            if context != 0 || runs.event() {
                quad.0 = table[context << 7 | (words.peek() & 0x7F) as usize];
                words.skip(u32::from(quad.0 & 7));
            }
            left = usize::from(quad.0 >> 4 & 15);
            significance[q + 1] = left as u8;
        }
        words.fill();
        let follows = |n: usize| both.get(n).map_or(0, |quad: &(u16, u32)| usize::from(quad.0 & 8));
        let follows = [follows(0), follows(1)];
        let more = if !first_row || follows != [8, 8] {
            exponents(words, follows)
        } else if runs.event() {
            exponents(words, follows).map(|u| u + 2)
        } else {
            sharing_exponents(words)
        };
        for (quad, more) in both.iter_mut().zip(more) {
            quad.1 = more;
        }
    }
}

/// T.814 table 3, by the next three bits behind a flag that there is an exponent at all: 1, 01, 001 and 000
/// stand for 1, 2, 3 and 5. The value in bits 0–2, its length in 3–4, the suffix's length in 5–7.
const PREFIXES: [u8; 16] = {
    const fn entry(value: u8, length: u8, suffix: u8) -> u8 {
        value | length << 3 | suffix << 5
    }
    let (one, two) = (entry(1, 1, 0), entry(2, 2, 0));
    [0, 0, 0, 0, 0, 0, 0, 0, entry(5, 3, 5), one, two, one, entry(3, 3, 1), one, two, one]
};

/// What is left of the bits at hand.
struct Peeked {
    bits: u64,
    used: u32,
}

impl Peeked {
    #[inline(always)]
    fn take(&mut self, count: u8) -> u32 {
        let value = self.bits & ((1 << count) - 1);
        self.bits >>= count;
        self.used += u32::from(count);
        value as u32
    }

    #[inline(always)]
    fn prefix(&mut self, follows: usize) -> u8 {
        let entry = PREFIXES[follows | (self.bits & 7) as usize];
        self.take(entry >> 3 & 3);
        entry
    }

    /// Behind a suffix of 28 and more.
    #[inline(always)]
    fn extension(&mut self, suffix: u32) -> u32 {
        if suffix < 28 { 0 } else { 4 * self.take(4) }
    }
}

/// The exponents of a pair of quads, where `follows` (8, else 0) says that there is one: prefixes, suffixes,
/// extensions, each of both.
#[inline(always)]
fn exponents(words: &mut Backward<'_>, follows: [usize; 2]) -> [u32; 2] {
    let mut bits = Peeked { bits: words.peek(), used: 0 };
    let prefixes = [bits.prefix(follows[0]), bits.prefix(follows[1])];
    let suffixes = [bits.take(prefixes[0] >> 5), bits.take(prefixes[1] >> 5)];
    let extensions = [bits.extension(suffixes[0]), bits.extension(suffixes[1])];
    words.skip(bits.used);
    [0, 1].map(|n| u32::from(prefixes[n] & 7) + suffixes[n] + extensions[n])
}

/// Those of a pair in the first row that are not both above two: behind a first one above two the second is
/// a bit.
fn sharing_exponents(words: &mut Backward<'_>) -> [u32; 2] {
    let mut bits = Peeked { bits: words.peek(), used: 0 };
    let first = bits.prefix(8);
    let out = if first & 7 > 2 {
        let second = 1 + bits.take(1);
        let suffix = bits.take(first >> 5);
        [u32::from(first & 7) + suffix + bits.extension(suffix), second]
    } else {
        let second = bits.prefix(8);
        let suffix = bits.take(second >> 5);
        [u32::from(first & 7), u32::from(second & 7) + suffix + bits.extension(suffix)]
    };
    words.skip(bits.used);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_seven_bits_are_one_codeword_of_every_context() {
        for codes in [&FIRST_ROW, &OTHER_ROWS] {
            for (context, codes) in codes.iter().enumerate() {
                for bits in 0..128u8 {
                    let fits = |code: &&Code| bits & ((1 << code[5]) - 1) == code[4];
                    assert_eq!(codes.iter().filter(fits).count(), 1, "context {context}, bits {bits:b}");
                }
            }
        }
    }

    #[test]
    fn known_exponents_belong_to_significant_samples() {
        for code in FIRST_ROW.iter().chain(&OTHER_ROWS).copied().flatten() {
            let [significant, follows, known, lowest, ..] = *code;
            assert_eq!(known & !significant, 0);
            assert_eq!(lowest & !known, 0);
            assert!(follows == 1 || known == 0);
        }
    }
}
