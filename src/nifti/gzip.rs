//! Parallel gzip as pigz does it (RFC 1952, RFC 1951): one member that every reader takes.
//!
//! Blocks of 128 KiB are deflated apart, each with the 32 KiB before it as dictionary, ended by a
//! sync flush; checksums are combined. The bytes depend on the input alone, never on the number of
//! threads. Neither name nor time is written.

use flate2::Crc;
use rayon::prelude::*;

use super::deflate::Encoder;

const BLOCK: usize = 128 * 1024;

/// A gzip stream in the making over bytes that the caller keeps.
pub struct ParallelGzip {
    out: Vec<u8>,
    done: usize,
    crc: Crc,
    wide: bool,
    lanes: usize,
    encoders: Vec<Encoder>,
}

impl std::fmt::Debug for ParallelGzip {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ParallelGzip").field("done", &self.done).finish_non_exhaustive()
    }
}

impl ParallelGzip {
    /// Starts a stream. `wide`: the bytes are words of an even number of bytes, which are quicker
    /// looked through. `lanes`: how many blocks a step compresses at once.
    pub fn new(wide: bool, lanes: usize) -> Self {
        // Magic, deflate, no flags, no time, no extra flags, unknown system.
        let out = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
        Self { out, done: 0, crc: Crc::new(), wide, lanes: lanes.max(1), encoders: Vec::new() }
    }

    /// Compresses the next blocks of `data` (the same bytes at every call); `true` when all are done.
    pub fn step(&mut self, data: &[u8]) -> bool {
        let starts: Vec<usize> = (0..self.lanes)
            .map(|lane| self.done + lane * BLOCK)
            .take_while(|start| *start < data.len())
            .collect();
        let wide = self.wide;
        // As many as there are blocks: most volumes have few.
        while self.encoders.len() < starts.len() {
            self.encoders.push(Encoder::new());
        }
        let blocks: Vec<(Vec<u8>, Crc)> = self
            .encoders
            .par_iter_mut()
            .zip(starts.par_iter())
            .map(|(encoder, start)| deflate_block(encoder, data, *start, wide))
            .collect();
        for (bytes, crc) in &blocks {
            self.out.extend_from_slice(bytes);
            self.crc.combine(crc);
        }
        self.done = (self.done + blocks.len() * BLOCK).min(data.len());
        self.done >= data.len()
    }

    /// The fraction that is compressed.
    pub fn progress(&self, len: usize) -> f64 {
        if len == 0 { 1.0 } else { self.done as f64 / len as f64 }
    }

    /// The finished member: an empty final block, the checksum and the length.
    pub fn finish(mut self) -> Vec<u8> {
        self.out.extend_from_slice(&[0x03, 0x00]);
        self.out.extend_from_slice(&self.crc.sum().to_le_bytes());
        self.out.extend_from_slice(&self.crc.amount().to_le_bytes());
        self.out.shrink_to_fit();
        self.out
    }

    /// Compresses all of `data` at once.
    pub fn compress(data: &[u8], wide: bool) -> Vec<u8> {
        let mut gzip = Self::new(wide, rayon::current_num_threads());
        while !gzip.step(data) {}
        gzip.finish()
    }
}

fn deflate_block(encoder: &mut Encoder, data: &[u8], start: usize, wide: bool) -> (Vec<u8>, Crc) {
    let known = data.get(..(start + BLOCK).min(data.len())).unwrap_or_default();
    let mut crc = Crc::new();
    crc.update(known.get(start..).unwrap_or_default());
    let mut out = Vec::with_capacity(BLOCK * 5 / 8);
    encoder.encode(known, start, wide, &mut out);
    (out, crc)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use std::io::Read;

    fn noise(len: usize) -> Vec<u8> {
        let mut state = 7u64;
        (0..len)
            .map(|i| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                if i % 3 == 0 { (state >> 60) as u8 } else { 0 }
            })
            .collect()
    }

    #[test]
    fn every_length_around_a_block_comes_back() {
        for len in [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 17] {
            let data = noise(len);
            let packed = ParallelGzip::compress(&data, len % 2 == 0);
            let mut back = Vec::new();
            flate2::read::GzDecoder::new(&packed[..]).read_to_end(&mut back).unwrap();
            assert_eq!(back, data, "length {len}");
        }
    }

    #[test]
    fn bytes_do_not_depend_on_the_number_of_lanes() {
        let data = noise(5 * BLOCK + 99);
        let with = |lanes| {
            let mut gzip = ParallelGzip::new(true, lanes);
            while !gzip.step(&data) {}
            gzip.finish()
        };
        assert_eq!(with(1), with(4));
    }

    #[test]
    fn incompressible_data_end_too() {
        let mut state = 1u64;
        let data: Vec<u8> = (0..BLOCK * 2)
            .map(|_| {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                state as u8
            })
            .collect();
        let packed = ParallelGzip::compress(&data, true);
        let mut back = Vec::new();
        flate2::read::GzDecoder::new(&packed[..]).read_to_end(&mut back).unwrap();
        assert_eq!(back, data);
    }
}
