//! A deflate encoder for voxels (RFC 1951). In: bytes, and which of them the reader knows already.
//! Out: whole deflate blocks, ended by a sync flush. Never: bytes that depend on what was encoded before.
//!
//! General encoders look for a match at every byte. Matches between voxels of 16 bits and more begin at
//! even bytes and are even in length, so half of the places need no look; of the rest each is compared
//! with the two latest places of the same hash, first come first taken. On images this is as small as
//! zlib's level 3, in about half the time (docs/performance.md).

/// Furthest that a match may reach back (RFC 1951 section 3.2.5).
pub(super) const WINDOW: usize = 32 * 1024;
/// Bytes of input that share one Huffman code: enough to pay for its header, few enough to follow a
/// change of content.
const CHUNK: usize = 32 * 1024;
const MIN_MATCH: usize = 4;
const MAX_MATCH: usize = 258;
/// A match of so many bytes is taken without a look at the older place.
const GOOD_MATCH: usize = 32;
/// Within longer matches (mostly air) no place is remembered.
const LONG_MATCH: usize = 64;
const HASH_BITS: u32 = 13;
const SLOTS: usize = 1 << HASH_BITS;

const END_OF_BLOCK: usize = 256;
/// Four literals of 14 bits and 7 bits left over fit 64.
const LONGEST_CODE: usize = 14;
const LONGEST_DISTANCE_CODE: usize = 15;
const LONGEST_LENGTHS_CODE: usize = 7;
const LENGTH_EXTRA: [u8; 29] =
    [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
const DISTANCE_EXTRA: [u8; 30] =
    [0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13];
/// The order in which the lengths of the lengths' code are written (RFC 1951 section 3.2.7).
const LENGTHS_ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/// So many literals, then a copy of `length` bytes from `distance` back; no copy where that is 0.
#[derive(Clone, Copy)]
struct Sequence {
    literals: u32,
    length: u16,
    distance: u16,
}

/// The encoder: its tables, used again from block to block.
pub(super) struct Encoder {
    /// The two latest places of a hash, in steps modulo 2¹⁶, the later one in the low half. A place that
    /// is out of date only points at bytes that are compared in vain.
    places: Box<[u32; SLOTS]>,
    sequences: Vec<Sequence>,
}

impl Encoder {
    pub(super) fn new() -> Self {
        Self { places: Box::new([0; SLOTS]), sequences: Vec::new() }
    }

    /// Appends `data[start..]` to `out` as deflate blocks; the reader has `data[..start]`, of which the
    /// last 32 KiB count. `wide`: the data are words of an even number of bytes, and `start` is even.
    pub(super) fn encode(&mut self, data: &[u8], start: usize, wide: bool, out: &mut Vec<u8>) {
        if wide { self.encode_by::<2>(data, start, out) } else { self.encode_by::<1>(data, start, out) }
    }

    fn encode_by<const STEP: usize>(&mut self, data: &[u8], start: usize, out: &mut Vec<u8>) {
        let first = start.saturating_sub(WINDOW);
        let data = data.get(first..).unwrap_or_default();
        let start = start - first;
        self.places.fill(0);
        for at in (0..start.saturating_sub(MIN_MATCH - 1)).step_by(STEP) {
            self.remember::<STEP>(eight(data, at) as u32, at);
        }
        let mut bits = BitWriter::new(out);
        let mut from = start;
        while from < data.len() {
            let until = if data.len() - from < CHUNK * 3 / 2 { data.len() } else { from + CHUNK };
            let until = self.find_matches::<STEP>(data, from, until);
            self.write_block(data.get(from..until).unwrap_or_default(), &mut bits);
            from = until;
        }
        bits.sync();
    }

    /// Notes the place of a word; gives what was noted for its hash before.
    #[inline(always)]
    fn remember<const STEP: usize>(&mut self, word: u32, at: usize) -> u32 {
        let hash = (word.wrapping_mul(0x9E37_79B1) >> (32 - HASH_BITS)) as usize % SLOTS;
        let before = self.places[hash];
        self.places[hash] = before << 16 | u32::from((at / STEP) as u16);
        before
    }

    /// Parts `data[from..]` into sequences up to `until`, or a match's end beyond it, which is given back.
    fn find_matches<const STEP: usize>(&mut self, data: &[u8], from: usize, until: usize) -> usize {
        self.sequences.clear();
        let mut at = from;
        let mut literals_from = from;
        while at < until {
            if at + 8 > data.len() {
                at = data.len();
                break;
            }
            let here = eight(data, at);
            let noted = self.remember::<STEP>(here as u32, at);
            let [late, early] = [noted, noted >> 16]
                .map(|place| usize::from(((at / STEP) as u16).wrapping_sub(place as u16)) * STEP);
            let [of_late, of_early] = [late, early].map(|distance| agreement(data, at, distance, here));
            let (mut length, mut distance) =
                if of_early > of_late { (of_early, early) } else { (of_late, late) };
            if length == 8 {
                length = common(data, at, distance);
                if of_late == of_early && length < GOOD_MATCH {
                    let longer = common(data, at, early);
                    if longer > length + 1 {
                        (length, distance) = (longer, early);
                    }
                }
            }
            length -= length % STEP;
            if length < MIN_MATCH {
                at += STEP;
                continue;
            }
            self.sequences.push(Sequence {
                literals: (at - literals_from) as u32,
                length: length as u16,
                distance: distance as u16,
            });
            if length <= LONG_MATCH {
                for inside in (at + STEP..at + length).step_by(STEP) {
                    self.remember::<STEP>(eight(data, inside) as u32, inside);
                }
            }
            at += length;
            literals_from = at;
        }
        if at > literals_from {
            self.sequences.push(Sequence { literals: (at - literals_from) as u32, length: 0, distance: 0 });
        }
        at
    }

    /// Writes the sequences of `data`, with a code of their own or, where that is no gain, as they are.
    fn write_block(&self, data: &[u8], bits: &mut BitWriter<'_>) {
        // Two tables, since even and odd bytes of voxels differ: one would wait for its own last write.
        let mut literals = [[0u32; 256]; 2];
        let mut symbols = [0u32; 286];
        let mut distances = [0u32; 30];
        let mut rest = data;
        for sequence in &self.sequences {
            let (run, after) = rest.split_at(sequence.literals as usize);
            let (pairs, odd) = run.as_chunks::<2>();
            for [even, odd] in pairs {
                literals[0][usize::from(*even)] += 1;
                literals[1][usize::from(*odd)] += 1;
            }
            for byte in odd {
                literals[0][usize::from(*byte)] += 1;
            }
            rest = after.get(usize::from(sequence.length)..).unwrap_or_default();
            if sequence.length > 0 {
                symbols[length_symbol(sequence.length).symbol % 286] += 1;
                distances[distance_symbol(sequence.distance).symbol % 30] += 1;
            }
        }
        for (symbol, [a, b]) in
            symbols.iter_mut().zip(literals[0].iter().zip(&literals[1]).map(|(a, b)| [a, b]))
        {
            *symbol = a + b;
        }
        symbols[END_OF_BLOCK] = 1;
        let code = Code::<286>::of(&symbols, LONGEST_CODE);
        let distance_code = Code::<30>::of(&distances, LONGEST_DISTANCE_CODE);
        let cost = |counts: &[u32], lengths: &[u8], extra: &mut dyn Iterator<Item = u8>| -> usize {
            let bits = lengths.iter().zip(extra).map(|(length, extra)| usize::from(length + extra));
            counts.iter().zip(bits).map(|(count, bits)| *count as usize * bits).sum()
        };
        let extra = LENGTH_EXTRA.iter().copied();
        let body = cost(&symbols, &code.lengths, &mut [0; 257].into_iter().chain(extra))
            + cost(&distances, &distance_code.lengths, &mut DISTANCE_EXTRA.into_iter());
        let header = CodeLengths::of(&code, &distance_code);
        if (body + header.bits()) / 8 + 8 > data.len() {
            bits.stored(data);
            return;
        }
        bits.reserve((body + header.bits()) / 8 + 16);
        header.write(bits);
        self.write_symbols(data, &code, &distance_code, bits);
    }

    fn write_symbols(
        &self,
        data: &[u8],
        code: &Code<286>,
        distance_code: &Code<30>,
        bits: &mut BitWriter<'_>,
    ) {
        let mut table = [(0u64, 0u32); 286];
        for (place, (word, length)) in table.iter_mut().zip(code.words.iter().zip(&code.lengths)) {
            *place = (u64::from(*word), u32::from(*length));
        }
        let mut rest = data;
        for sequence in &self.sequences {
            let (run, after) = rest.split_at(sequence.literals as usize);
            let (fours, odd) = run.as_chunks::<4>();
            for four in fours {
                let [a, b, c, d] = four.map(|byte| table[usize::from(byte)]);
                bits.add(a.0 | b.0 << a.1, a.1 + b.1);
                bits.add(c.0 | d.0 << c.1, c.1 + d.1);
                bits.flush();
            }
            for byte in odd {
                let (word, length) = table[usize::from(*byte)];
                bits.put(word, length);
            }
            rest = after.get(usize::from(sequence.length)..).unwrap_or_default();
            if sequence.length == 0 {
                continue;
            }
            let length = length_symbol(sequence.length);
            let (word, width) = table[length.symbol % 286];
            bits.add(word, width);
            bits.add(length.extra, length.extra_bits);
            let distance = distance_symbol(sequence.distance);
            let at = distance.symbol % 30;
            bits.add(u64::from(distance_code.words[at]), u32::from(distance_code.lengths[at]));
            bits.add(distance.extra, distance.extra_bits);
            bits.flush();
        }
        let (word, width) = table[END_OF_BLOCK];
        bits.put(word, width);
    }
}

/// The eight bytes at a place; 0 where they are not all there.
#[inline(always)]
fn eight(data: &[u8], at: usize) -> u64 {
    data.get(at..).and_then(|from| from.first_chunk()).map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

/// How many of the eight bytes at `at`, which are `here`, also stand `distance` back; 0 where nothing may.
#[inline(always)]
fn agreement(data: &[u8], at: usize, distance: usize, here: u64) -> usize {
    let valid = distance.wrapping_sub(1) < WINDOW - 1 && distance <= at;
    let there = eight(data, if valid { at - distance } else { 0 });
    if valid { ((here ^ there).trailing_zeros() / 8) as usize } else { 0 }
}

/// How many bytes at `at` are those `distance` back; known to be 8 at least.
#[inline(always)]
fn common(data: &[u8], at: usize, distance: usize) -> usize {
    let most = (data.len() - at).min(MAX_MATCH);
    let here = data.get(at..at + most).unwrap_or_default();
    let there = data.get(at - distance..at - distance + most).unwrap_or_default();
    let (words, others) = (here.as_chunks::<8>().0, there.as_chunks::<8>().0);
    for (n, (a, b)) in words.iter().zip(others).enumerate() {
        let difference = u64::from_le_bytes(*a) ^ u64::from_le_bytes(*b);
        if difference != 0 {
            return n * 8 + (difference.trailing_zeros() / 8) as usize;
        }
    }
    let tail = words.len() * 8;
    tail + here.iter().zip(there).skip(tail).take_while(|(a, b)| a == b).count()
}

/// A symbol and the bits that follow it.
struct Symbol {
    symbol: usize,
    extra: u64,
    extra_bits: u32,
}

/// RFC 1951 section 3.2.5, first table.
#[inline(always)]
fn length_symbol(length: u16) -> Symbol {
    let n = u32::from(length).saturating_sub(3);
    if length == 258 || n < 8 {
        let symbol = if length == 258 { 285 } else { 257 + n as usize };
        return Symbol { symbol, extra: 0, extra_bits: 0 };
    }
    let extra_bits = n.ilog2() - 2;
    let symbol = 261 + 4 * extra_bits as usize + ((n >> extra_bits) & 3) as usize;
    Symbol { symbol, extra: u64::from(n & ((1 << extra_bits) - 1)), extra_bits }
}

/// RFC 1951 section 3.2.5, second table.
#[inline(always)]
fn distance_symbol(distance: u16) -> Symbol {
    let n = u32::from(distance).saturating_sub(1);
    if n < 4 {
        return Symbol { symbol: n as usize, extra: 0, extra_bits: 0 };
    }
    let extra_bits = n.ilog2() - 1;
    let symbol = 2 + 2 * extra_bits as usize + ((n >> extra_bits) & 1) as usize;
    Symbol { symbol, extra: u64::from(n & ((1 << extra_bits) - 1)), extra_bits }
}

/// A canonical Huffman code (RFC 1951 section 3.2.2) of `N` symbols; words are bit-reversed, as written.
struct Code<const N: usize> {
    lengths: [u8; N],
    words: [u16; N],
}

impl<const N: usize> Code<N> {
    /// The code for symbols that occur so often, no word longer than `longest` bits.
    fn of(counts: &[u32; N], longest: usize) -> Self {
        let mut code = Self { lengths: [0; N], words: [0; N] };
        let mut used: Vec<(u32, usize)> =
            counts.iter().enumerate().filter(|(_, n)| **n > 0).map(|(at, n)| (*n, at)).collect();
        if used.len() < 2 {
            // One word of one bit, as a code that is never used has, too.
            code.lengths[used.first().map_or(0, |(_, at)| *at)] = 1;
            return code;
        }
        used.sort_unstable();
        let mut of_length = lengths_of(&used, longest);
        // From the rarest: the longest words.
        let mut rarest = used.iter();
        for length in (1..=longest).rev() {
            for (_, at) in rarest.by_ref().take(of_length[length]) {
                code.lengths[*at] = length as u8;
            }
        }
        of_length[0] = 0;
        let mut next = [0u16; 16];
        let mut word = 0u16;
        for length in 1..=longest {
            word = (word + of_length[length - 1] as u16) << 1;
            next[length] = word;
        }
        for (word, length) in code.words.iter_mut().zip(&code.lengths).filter(|(_, length)| **length > 0) {
            let place = &mut next[usize::from(*length) % 16];
            *word = place.reverse_bits() >> (16 - length);
            *place += 1;
        }
        code
    }
}

/// How many words of each length Huffman's tree has over leaves in order of weight, made no deeper than
/// `longest`.
fn lengths_of(leaves: &[(u32, usize)], longest: usize) -> [usize; 16] {
    let n = leaves.len();
    // Leaves, then inner nodes as they are made: both in order of weight.
    let mut weights: Vec<u64> = leaves.iter().map(|(count, _)| u64::from(*count)).collect();
    let mut parents = vec![0; 2 * n - 1];
    let (mut leaf, mut inner) = (0, n);
    for made in n..2 * n - 1 {
        let mut sum = 0;
        for _ in 0..2 {
            let lightest = if leaf < n && (inner >= made || weights[leaf] <= weights[inner]) {
                leaf += 1;
                leaf - 1
            } else {
                inner += 1;
                inner - 1
            };
            sum += weights[lightest];
            parents[lightest] = made;
        }
        weights.push(sum);
    }
    let mut depths = vec![0; 2 * n - 1];
    let mut of_length = [0; 16];
    for node in (0..2 * n - 2).rev() {
        depths[node] = depths[parents[node]] + 1;
        if node < n {
            of_length[depths[node].min(longest)] += 1;
        }
    }
    // Leaves that were lifted fill the tree beyond its measure (Kraft): each turn, one that is higher up
    // gives its place to itself and to one from the bottom, a level further down.
    let mut full: usize = (1..=longest).map(|length| of_length[length] << (longest - length)).sum();
    while full > 1 << longest {
        let length = (1..longest).rev().find(|length| of_length[*length] > 0).unwrap_or(1);
        of_length[length] -= 1;
        of_length[length + 1] += 2;
        of_length[longest] -= 1;
        full -= 1;
    }
    of_length
}

/// The two codes' lengths, themselves coded (RFC 1951 section 3.2.7).
struct CodeLengths {
    literal_symbols: usize,
    distance_symbols: usize,
    /// Symbol, extra bits, their number.
    items: Vec<(u8, u8, u8)>,
    code: Code<19>,
    shown: usize,
}

impl CodeLengths {
    fn of(code: &Code<286>, distance_code: &Code<30>) -> Self {
        let used = |lengths: &[u8], least: usize| {
            lengths.iter().rposition(|length| *length > 0).map_or(least, |at| (at + 1).max(least))
        };
        let literal_symbols = used(&code.lengths, 257);
        let distance_symbols = used(&distance_code.lengths, 1);
        let both: Vec<u8> = code.lengths[..literal_symbols]
            .iter()
            .chain(&distance_code.lengths[..distance_symbols])
            .copied()
            .collect();
        let mut items = Vec::new();
        for run in both.chunk_by(|a, b| a == b) {
            let length = run.first().copied().unwrap_or_default();
            let mut left = run.len();
            if length == 0 {
                while left >= 11 {
                    let n = left.min(138);
                    items.push((18, (n - 11) as u8, 7));
                    left -= n;
                }
                if left >= 3 {
                    items.push((17, (left - 3) as u8, 3));
                    left = 0;
                }
            } else {
                items.push((length, 0, 0));
                left -= 1;
                while left >= 3 {
                    let n = left.min(6);
                    items.push((16, (n - 3) as u8, 2));
                    left -= n;
                }
            }
            items.extend((0..left).map(|_| (length, 0, 0)));
        }
        let mut counts = [0; 19];
        for (symbol, ..) in &items {
            counts[usize::from(*symbol) % 19] += 1;
        }
        let code = Code::of(&counts, LONGEST_LENGTHS_CODE);
        let shown =
            LENGTHS_ORDER.iter().rposition(|at| code.lengths[*at] > 0).map_or(4, |at| (at + 1).max(4));
        Self { literal_symbols, distance_symbols, items, code, shown }
    }

    fn bits(&self) -> usize {
        let items = self.items.iter().map(|(symbol, _, extra_bits)| {
            usize::from(self.code.lengths[usize::from(*symbol) % 19] + extra_bits)
        });
        17 + 3 * self.shown + items.sum::<usize>()
    }

    /// Writes the head of a block that is not the last.
    fn write(&self, bits: &mut BitWriter<'_>) {
        bits.put(0b100, 3);
        bits.put((self.literal_symbols - 257) as u64, 5);
        bits.put((self.distance_symbols - 1) as u64, 5);
        bits.put((self.shown - 4) as u64, 4);
        for at in LENGTHS_ORDER.iter().take(self.shown) {
            bits.put(u64::from(self.code.lengths[*at]), 3);
        }
        for (symbol, extra, extra_bits) in &self.items {
            let at = usize::from(*symbol) % 19;
            bits.put(u64::from(self.code.words[at]), u32::from(self.code.lengths[at]));
            bits.put(u64::from(*extra), u32::from(*extra_bits));
        }
    }
}

/// Bits behind the bytes of a vector, the lowest first (RFC 1951 section 3.1.1).
struct BitWriter<'a> {
    out: &'a mut Vec<u8>,
    /// Whole bytes written; what is reserved lies behind them.
    len: usize,
    buffer: u64,
    held: u32,
}

impl<'a> BitWriter<'a> {
    fn new(out: &'a mut Vec<u8>) -> Self {
        Self { len: out.len(), out, buffer: 0, held: 0 }
    }

    /// Makes room for so many bytes: what is put beyond them is lost.
    fn reserve(&mut self, bytes: usize) {
        self.out.resize(self.len + bytes + 8, 0);
    }

    #[inline(always)]
    fn add(&mut self, value: u64, bits: u32) {
        self.buffer |= value << self.held;
        self.held += bits;
    }

    #[inline(always)]
    fn flush(&mut self) {
        if let Some(place) = self.out.get_mut(self.len..self.len + 8) {
            place.copy_from_slice(&self.buffer.to_le_bytes());
        }
        let bytes = self.held / 8;
        self.len += bytes as usize;
        self.buffer >>= bytes * 8;
        self.held %= 8;
    }

    fn put(&mut self, value: u64, bits: u32) {
        self.add(value, bits);
        self.flush();
    }

    /// A block as it is, in pieces of the 65,535 bytes that one may have.
    fn stored(&mut self, data: &[u8]) {
        for piece in data.chunks(usize::from(u16::MAX)) {
            self.stored_piece(piece);
        }
    }

    fn stored_piece(&mut self, piece: &[u8]) {
        self.reserve(16 + piece.len());
        self.put(0, 3);
        self.put(0, (8 - self.held) % 8);
        let len = piece.len() as u16;
        self.put(u64::from(len) | u64::from(!len) << 16, 32);
        if let Some(place) = self.out.get_mut(self.len..self.len + piece.len()) {
            place.copy_from_slice(piece);
        }
        self.len += piece.len();
    }

    /// Ends on a whole byte: an empty stored block.
    fn sync(mut self) {
        self.stored_piece(&[]);
        self.out.truncate(self.len);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use std::io::Read;

    /// Encodes in blocks of `block` bytes and inflates by another's decoder.
    fn there_and_back(data: &[u8], block: usize, wide: bool) -> Vec<u8> {
        let mut encoder = Encoder::new();
        let mut packed = Vec::new();
        let mut start = 0;
        while start < data.len() {
            let end = (start + block).min(data.len());
            encoder.encode(&data[..end], start, wide, &mut packed);
            start = end;
        }
        packed.extend_from_slice(&[3, 0]);
        let mut back = Vec::new();
        flate2::read::DeflateDecoder::new(&packed[..]).read_to_end(&mut back).unwrap();
        back
    }

    /// Bytes in which each value is `skew` times as likely as the next: long codes.
    fn skewed(len: usize, mut state: u64) -> Vec<u8> {
        (0..len)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let word = (state >> 16) as u32 | 1 << 31;
                word.trailing_zeros() as u8 * 7 + ((state >> 60) as u8 & 1)
            })
            .collect()
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(400))]
        #[test]
        fn whatever_is_encoded_comes_back(
            seed: u64,
            len in 0usize..90_000,
            alphabet in 1u32..400,
            run in 1usize..300,
            block in 8usize..50_000,
            wide: bool,
        ) {
            let mut state = seed | 1;
            let mut data = Vec::with_capacity(len);
            while data.len() < len {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                let byte = ((state >> 32) as u32 % alphabet) as u8;
                let n = if state & 7 == 0 { run } else { 1 };
                data.extend(std::iter::repeat_n(byte, n.min(len - data.len())));
            }
            let block = block & !1;
            proptest::prop_assert!(there_and_back(&data, block, wide) == data);
        }
    }

    #[test]
    fn words_longer_than_allowed_are_shortened() {
        // Fibonacci's numbers as counts make the deepest tree there is.
        let mut data = Vec::new();
        let (mut a, mut b) = (1usize, 1usize);
        for value in 0..24u8 {
            data.extend((0..a).map(|n| if n % 2 == 0 { value } else { value.wrapping_mul(37) }));
            (a, b) = (b, a + b);
        }
        assert_eq!(there_and_back(&data, 1 << 20, true), data);
        let data = skewed(300_000, 3);
        assert_eq!(there_and_back(&data, 128 << 10, true), data);
    }

    #[test]
    fn every_length_and_distance_has_its_symbol() {
        let decoded =
            |symbol: &Symbol, bases: &[u32], first: usize| bases[symbol.symbol - first] + symbol.extra as u32;
        let lengths: Vec<u32> = LENGTH_EXTRA[..28]
            .iter()
            .scan(3, |base, extra| {
                let this = *base;
                *base += 1 << extra;
                Some(this)
            })
            .chain([258])
            .collect();
        let distances: Vec<u32> = DISTANCE_EXTRA
            .iter()
            .scan(1, |base, extra| {
                let this = *base;
                *base += 1 << extra;
                Some(this)
            })
            .collect();
        for length in 3..=258u16 {
            let symbol = length_symbol(length);
            assert_eq!(decoded(&symbol, &lengths, 257), u32::from(length));
            assert_eq!(symbol.extra_bits, u32::from(LENGTH_EXTRA[symbol.symbol - 257]));
        }
        for distance in 1..=32_768u32 {
            let symbol = distance_symbol(distance as u16);
            assert_eq!(decoded(&symbol, &distances, 0), distance);
            assert_eq!(symbol.extra_bits, u32::from(DISTANCE_EXTRA[symbol.symbol]));
        }
    }
}
