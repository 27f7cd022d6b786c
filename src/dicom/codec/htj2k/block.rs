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
        let (front, tail) =
            code.cleanup.len().checked_sub(tail).and_then(|at| code.cleanup.split_at_checked(at)).ok_or(bad())?;
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
            for (q, ((upper, lower), &(word, more))) in pairs.zip(&self.quads).enumerate() {
                let significance = word >> 4 & 15;
                let mut exponents = [0u8; 2];
                if significance != 0 {
                    // §7.3.7: the greatest exponent above, where more than one sample is significant.
                    let mut least = 1;
                    if y > 0 && significance & (significance - 1) != 0 {
                        let [a, b, c, d] = [0, 1, 2, 3].map(|n| self.exponents[2 * q + n]);
                        least = u32::from(a.max(b).max(c.max(d))).saturating_sub(1).max(1);
                    }
                    let exponent = least + more;
                    if exponent > most {
                        return Err(bad());
                    }
                    let mut sample = |n: u32| {
                        if significance >> n & 1 == 0 {
                            return (0, 0);
                        }
                        let width = exponent - u32::from(word >> (8 + n) & 1);
                        let value = magnitudes.take(width) | u32::from(word >> (12 + n) & 1) << width;
                        let magnitude = (2 * ((value >> 1) + 1) + 1) << plane;
                        ((value & 1) << 31 | magnitude, (32 - (value | 1).leading_zeros()) as u8)
                    };
                    let [(a, _), (b, left), (c, _), (d, right)] = [sample(0), sample(1), sample(2), sample(3)];
                    *upper = [a, c];
                    *lower = [b, d];
                    exponents = [left, right];
                }
                self.below[2 * q + 1] = exponents[0];
                self.below[2 * q + 2] = exponents[1];
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
        let follows = |n: usize| both.get(n).is_some_and(|quad| quad.0 & 8 != 0);
        let more = match (follows(0), follows(1)) {
            (false, false) => [0, 0],
            (true, false) => [one(words), 0],
            (false, true) => [0, one(words)],
            (true, true) if !first_row => two(words),
            (true, true) if runs.event() => two(words).map(|u| u + 2),
            (true, true) => {
                let first = prefix(words);
                if first > 2 {
                    let second = 1 + (words.peek() & 1) as u32;
                    words.skip(1);
                    let suffix = suffix(words, first);
                    [first + suffix + extension(words, suffix), second]
                } else {
                    let second = prefix(words);
                    let suffix = suffix(words, second);
                    [first, second + suffix + extension(words, suffix)]
                }
            }
        };
        for (quad, more) in both.iter_mut().zip(more) {
            quad.1 = more;
        }
    }
}

/// T.814 table 3: 1, 01, 001 and 000 stand for 1, 2, 3 and 5.
fn prefix(words: &mut Backward<'_>) -> u32 {
    let (value, length) = match words.peek() & 7 {
        1 | 3 | 5 | 7 => (1, 1),
        2 | 6 => (2, 2),
        4 => (3, 3),
        _ => (5, 3),
    };
    words.skip(length);
    value
}

fn suffix(words: &mut Backward<'_>, prefix: u32) -> u32 {
    let length = match prefix {
        3 => 1,
        5 => 5,
        _ => 0,
    };
    let value = words.peek() & ((1 << length) - 1);
    words.skip(length);
    value as u32
}

fn extension(words: &mut Backward<'_>, suffix: u32) -> u32 {
    if suffix < 28 {
        return 0;
    }
    let value = words.peek() & 15;
    words.skip(4);
    4 * value as u32
}

fn one(words: &mut Backward<'_>) -> u32 {
    let prefix = prefix(words);
    let suffix = suffix(words, prefix);
    prefix + suffix + extension(words, suffix)
}

/// Prefixes, suffixes, extensions, each of both.
fn two(words: &mut Backward<'_>) -> [u32; 2] {
    let prefixes = [prefix(words), prefix(words)];
    let suffixes = prefixes.map(|p| suffix(words, p));
    let extensions = suffixes.map(|s| extension(words, s));
    [0, 1].map(|n| prefixes[n] + suffixes[n] + extensions[n])
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
