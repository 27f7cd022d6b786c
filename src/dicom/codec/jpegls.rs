//! JPEG-LS, lossless and near-lossless (ITU-T T.87 | ISO/IEC 14495-1).
//!
//! In: one frame's codestream and what the header says of it. Out: its samples, interleaved. All three
//! interleave modes; mapping tables and subsampled components are refused, for no DICOM writer makes them.

use super::picture::{Picture, StreamColour, Wanted, corrupt, unsupported};
use crate::dicom::DicomError;

/// Run lengths, as powers of two (A.2.1).
const RUN_ORDERS: [u8; 32] =
    [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 9, 10, 11, 12, 13, 14, 15];

/// The frame header's part that scans need.
struct Frame {
    precision: u32,
    columns: usize,
    ids: Vec<u8>,
}

/// Preset coding parameters (C.2.4.1.1); 0 where the default is meant.
#[derive(Clone, Copy, Default)]
struct Preset {
    most: i32,
    thresholds: [i32; 3],
    reset: i32,
}

/// Decodes one frame.
///
/// # Errors
/// Another size than the header's, a codestream that is corrupt or short.
pub(super) fn decode(bytes: &[u8], wanted: &Wanted) -> Result<Picture, DicomError> {
    let mut at = 0usize;
    let mut frame: Option<Frame> = None;
    let mut preset = Preset::default();
    let mut samples = Vec::new();
    let mut scanned = 0u32;
    let mut colour = StreamColour::AsHeader;
    if bytes.get(..2) != Some(&[0xFF, 0xD8]) {
        return Err(corrupt("no SOI"));
    }
    while let Some(code) = marker(bytes, &mut at) {
        match code {
            0xD9 => break,
            0xD8 => continue,
            _ => {}
        }
        let Some(len) =
            bytes.get(at..).and_then(|b| b.first_chunk()).map(|b| usize::from(u16::from_be_bytes(*b)))
        else {
            break;
        };
        let Some(content) = bytes.get(at + 2..at + len) else { break };
        at += len;
        match code {
            0xF7 => {
                if frame.is_some() {
                    return Err(corrupt("two frame headers"));
                }
                let found = frame_header(content, wanted)?;
                samples = vec![0i32; wanted.len()?];
                frame = Some(found);
            }
            0xF8 => match content.split_first() {
                Some((1, values)) => preset = Preset::of(values)?,
                Some((2 | 3, _)) => return Err(unsupported("JPEG-LS with a mapping table")),
                _ => return Err(unsupported("JPEG-LS of that size")),
            },
            0xDD if content.iter().any(|b| *b != 0) => {
                return Err(unsupported("JPEG-LS with restart intervals"));
            }
            0xC0..=0xCF if code != 0xC4 && code != 0xC8 && code != 0xCC => {
                // A JPEG under a JPEG-LS name: what is there can be read.
                return super::jpeg::decode(bytes, wanted);
            }
            // HP's colour transforms are no part of the standard.
            0xE8 if content.starts_with(b"mrfx") && content.get(4).is_some_and(|n| *n != 0) => {
                return Err(unsupported("JPEG-LS with a private colour transform"));
            }
            0xEE if content.starts_with(b"Adobe") && content.get(11) == Some(&0) => {
                colour = StreamColour::Rgb
            }
            0xDA => {
                let frame = frame.as_ref().ok_or(corrupt("a scan before its frame header"))?;
                let (planes, scan) = scan_header(content, frame, preset)?;
                let mut decoder = Decoder::new(scan, bytes.get(at..).unwrap_or_default());
                decoder.scan(frame, &planes, &mut samples)?;
                at += decoder.bits.at;
                for plane in planes {
                    scanned |= 1 << plane;
                }
                if scanned.count_ones() as usize == frame.ids.len() {
                    break;
                }
            }
            _ => {}
        }
    }
    let frame = frame.ok_or(corrupt("no frame header"))?;
    if scanned.count_ones() as usize != frame.ids.len() {
        return Err(corrupt("a component without its scan"));
    }
    Ok(Picture { samples, precision: frame.precision, signed: false, colour })
}

fn marker(bytes: &[u8], at: &mut usize) -> Option<u8> {
    loop {
        *at += bytes.get(*at..)?.iter().position(|b| *b == 0xFF)?;
        while *bytes.get(*at)? == 0xFF {
            *at += 1;
        }
        let code = *bytes.get(*at)?;
        *at += 1;
        if code >= 0x80 {
            return Some(code);
        }
    }
}

fn frame_header(content: &[u8], wanted: &Wanted) -> Result<Frame, DicomError> {
    let [precision, r1, r0, c1, c0, count, ..] = *content else { return Err(corrupt("frame header")) };
    let (rows, columns) = (u16::from_be_bytes([r1, r0]), u16::from_be_bytes([c1, c0]));
    wanted.check(u32::from(columns), u32::from(rows), u32::from(count))?;
    if !(2..=16).contains(&precision) {
        return Err(corrupt("precision"));
    }
    let parts = content.get(6..).unwrap_or_default().as_chunks::<3>().0;
    if parts.len() < usize::from(count) {
        return Err(corrupt("frame header"));
    }
    if parts.iter().take(usize::from(count)).any(|[_, factors, _]| *factors != 0x11) {
        return Err(unsupported("JPEG-LS with subsampled components"));
    }
    Ok(Frame {
        precision: u32::from(precision),
        columns: usize::from(columns),
        ids: parts.iter().take(usize::from(count)).map(|[id, ..]| *id).collect(),
    })
}

impl Preset {
    fn of(values: &[u8]) -> Result<Self, DicomError> {
        let words: Vec<i32> =
            values.as_chunks::<2>().0.iter().map(|b| i32::from(u16::from_be_bytes(*b))).collect();
        match *words {
            [most, t1, t2, t3, reset, ..] => Ok(Self { most, thresholds: [t1, t2, t3], reset }),
            _ => Err(corrupt("preset parameters")),
        }
    }
}

/// What a scan is coded with.
struct Scan {
    most: i32,
    near: i32,
    range: i32,
    /// Bits of an escaped value.
    escape_bits: u32,
    limit: u32,
    thresholds: [i32; 3],
    reset: i32,
    interleave: u8,
    shift: u32,
}

fn scan_header(content: &[u8], frame: &Frame, preset: Preset) -> Result<(Vec<usize>, Scan), DicomError> {
    let bad = || corrupt("scan header");
    let count = usize::from(*content.first().ok_or(bad())?);
    let parts = content.get(1..1 + 2 * count).ok_or(bad())?.as_chunks::<2>().0;
    let mut planes = Vec::with_capacity(count);
    for [id, table] in parts {
        let plane = frame.ids.iter().position(|known| known == id).ok_or(bad())?;
        if planes.contains(&plane) {
            return Err(bad());
        }
        if *table != 0 {
            return Err(unsupported("JPEG-LS with a mapping table"));
        }
        planes.push(plane);
    }
    let [near, interleave, shift, ..] = *content.get(1 + 2 * count..).unwrap_or_default() else {
        return Err(bad());
    };
    let ordered = if count == 1 { 0 } else { interleave };
    if planes.is_empty() || ordered > 2 || (ordered == 0 && count != 1) {
        return Err(bad());
    }
    let most = if preset.most > 0 { preset.most } else { (1 << frame.precision) - 1 };
    if most >= 1 << frame.precision {
        return Err(corrupt("preset parameters"));
    }
    let near = i32::from(near);
    if near > (most / 2).min(255) {
        return Err(corrupt("NEAR"));
    }
    let range = (most + 2 * near) / (2 * near + 1) + 1;
    let bits_of = |n: i32| 32 - (n - 1).leading_zeros();
    let depth = bits_of(most + 1).max(2);
    let mut thresholds = default_thresholds(most, near);
    for (own, given) in thresholds.iter_mut().zip(preset.thresholds) {
        if given > 0 {
            *own = given;
        }
    }
    if !(near < thresholds[0] && thresholds.is_sorted() && thresholds[2] <= most) {
        return Err(corrupt("preset parameters"));
    }
    let reset = if preset.reset > 0 { preset.reset } else { 64 };
    if reset < 3 {
        return Err(corrupt("preset parameters"));
    }
    let scan = Scan {
        most,
        near,
        range,
        escape_bits: bits_of(range),
        limit: 2 * (depth + depth.max(8)),
        thresholds,
        reset,
        interleave: ordered,
        shift: u32::from(shift & 15),
    };
    Ok((planes, scan))
}

/// C.2.4.1.1.1.
fn default_thresholds(most: i32, near: i32) -> [i32; 3] {
    let clamp = |value: i32, least: i32| if value > most || value < least { least } else { value };
    let basic = if most >= 128 {
        let factor = (most.min(4095) + 128) / 256;
        [factor + 2 + 3 * near, factor * 4 + 3 + 5 * near, factor * 17 + 4 + 7 * near]
    } else {
        let factor = 256 / (most + 1);
        [(3 / factor + 3 * near).max(2), (7 / factor + 5 * near).max(3), (21 / factor + 7 * near).max(4)]
    };
    let first = clamp(basic[0], near + 1);
    let second = clamp(basic[1], first);
    [first, second, clamp(basic[2], second)]
}

/// The bits of a scan: after a byte 0xFF comes one of seven bits (A.1).
struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
    buffer: u64,
    filled: u32,
    after_ff: bool,
    invented: u32,
}

impl Bits<'_> {
    #[inline]
    fn fill(&mut self) {
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

    fn check(&self) -> Result<(), DicomError> {
        if self.invented > self.filled { Err(corrupt("the scan is short")) } else { Ok(()) }
    }

    #[inline]
    fn skip(&mut self, count: u32) {
        self.buffer <<= count;
        self.filled = self.filled.saturating_sub(count);
    }

    /// At most 32 bits.
    #[inline]
    fn take(&mut self, count: u32) -> i32 {
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
    fn zeros(&mut self, most: u32) -> Result<u32, DicomError> {
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

/// The statistics of one context (A.3).
#[derive(Clone, Copy)]
struct Context {
    a: i32,
    b: i32,
    c: i32,
    n: i32,
}

/// The statistics of one run-interruption context (A.7.2).
#[derive(Clone, Copy)]
struct RunContext {
    a: i32,
    n: i32,
    negatives: i32,
}

struct Decoder<'a> {
    scan: Scan,
    bits: Bits<'a>,
    contexts: [Context; 365],
    runs: [RunContext; 2],
}

/// One component's lines: the last and the present one, each with a sample before and one behind.
struct Lines {
    above: Vec<i32>,
    here: Vec<i32>,
    run_index: usize,
}

#[inline]
fn at(line: &[i32], index: usize) -> i32 {
    line.get(index).copied().unwrap_or(0)
}

impl<'a> Decoder<'a> {
    fn new(scan: Scan, bytes: &'a [u8]) -> Self {
        let a = ((scan.range + 32) / 64).max(2);
        Self {
            scan,
            bits: Bits { bytes, at: 0, buffer: 0, filled: 0, after_ff: false, invented: 0 },
            contexts: [Context { a, b: 0, c: 0, n: 1 }; 365],
            runs: [RunContext { a, n: 1, negatives: 0 }; 2],
        }
    }

    fn scan(&mut self, frame: &Frame, planes: &[usize], samples: &mut [i32]) -> Result<(), DicomError> {
        let (width, count) = (frame.columns, frame.ids.len());
        let mut lines: Vec<Lines> = planes
            .iter()
            .map(|_| Lines { above: vec![0; width + 2], here: vec![0; width + 2], run_index: 0 })
            .collect();
        for row in samples.chunks_exact_mut((width * count).max(1)) {
            for line in &mut lines {
                std::mem::swap(&mut line.above, &mut line.here);
                // A.2.1: what lies beside the line is the sample above it.
                let first = at(&line.above, 1);
                let last = at(&line.above, width);
                if let Some(place) = line.here.first_mut() {
                    *place = first;
                }
                if let Some(place) = line.above.last_mut() {
                    *place = last;
                }
            }
            match (self.scan.interleave, lines.as_mut_slice()) {
                (2, lines) => self.line_of_pixels(lines, width)?,
                (_, lines) => {
                    for line in lines {
                        self.line(line, width)?;
                    }
                }
            }
            self.bits.check()?;
            for (line, plane) in lines.iter().zip(planes) {
                let values = line.here.get(1..=width).unwrap_or_default();
                for (place, value) in row.iter_mut().skip(*plane).step_by(count).zip(values) {
                    *place = value << self.scan.shift;
                }
            }
        }
        Ok(())
    }

    /// A line of one component (A.3 to A.7).
    fn line(&mut self, line: &mut Lines, width: usize) -> Result<(), DicomError> {
        let mut x = 1usize;
        let mut ra = at(&line.here, 0);
        let mut rc = at(&line.above, 0);
        let mut rb = at(&line.above, 1);
        while x <= width {
            let rd = at(&line.above, x + 1);
            let context =
                self.quantised(rd - rb) * 81 + self.quantised(rb - rc) * 9 + self.quantised(rc - ra);
            if context != 0 || self.scan.near > 0 && !self.flat(rd - rb, rb - rc, rc - ra) {
                let value = self.regular(context, ra, rb, rc)?;
                if let Some(place) = line.here.get_mut(x) {
                    *place = value;
                }
                (ra, rc, rb) = (value, rb, rd);
                x += 1;
                continue;
            }
            let run = self.run(&mut line.run_index, width + 1 - x)?;
            line.here.get_mut(x..x + run).unwrap_or_default().fill(ra);
            x += run;
            if x > width {
                break;
            }
            rb = at(&line.above, x);
            let value = self.interruption(ra, rb, (ra - rb).abs() <= self.scan.near, line.run_index)?;
            line.run_index = line.run_index.saturating_sub(1);
            if let Some(place) = line.here.get_mut(x) {
                *place = value;
            }
            (ra, rc, rb) = (value, rb, at(&line.above, x + 1));
            x += 1;
        }
        Ok(())
    }

    /// A line of pixels whose components come side by side (B.2).
    fn line_of_pixels(&mut self, lines: &mut [Lines], width: usize) -> Result<(), DicomError> {
        let mut x = 1usize;
        while x <= width {
            let neighbours = |line: &Lines| {
                [at(&line.here, x - 1), at(&line.above, x), at(&line.above, x - 1), at(&line.above, x + 1)]
            };
            let in_run =
                lines.iter().map(neighbours).all(|[ra, rb, rc, rd]| self.flat(rd - rb, rb - rc, rc - ra));
            if !in_run {
                for line in &mut *lines {
                    let [ra, rb, rc, rd] = neighbours(line);
                    let context =
                        self.quantised(rd - rb) * 81 + self.quantised(rb - rc) * 9 + self.quantised(rc - ra);
                    let value = self.regular(context, ra, rb, rc)?;
                    if let Some(place) = line.here.get_mut(x) {
                        *place = value;
                    }
                }
                x += 1;
                continue;
            }
            // One run for all components; the first one's index serves.
            let mut index = lines.first().map_or(0, |line| line.run_index);
            let run = self.run(&mut index, width + 1 - x)?;
            for line in &mut *lines {
                let ra = at(&line.here, x - 1);
                line.here.get_mut(x..x + run).unwrap_or_default().fill(ra);
            }
            x += run;
            if x <= width {
                for line in &mut *lines {
                    let (ra, rb) = (at(&line.here, x - 1), at(&line.above, x));
                    let value = self.interruption(ra, rb, false, index)?;
                    if let Some(place) = line.here.get_mut(x) {
                        *place = value;
                    }
                }
                index = index.saturating_sub(1);
                x += 1;
            }
            if let Some(line) = lines.first_mut() {
                line.run_index = index;
            }
        }
        Ok(())
    }

    #[inline]
    fn flat(&self, d1: i32, d2: i32, d3: i32) -> bool {
        let near = self.scan.near;
        d1.abs() <= near && d2.abs() <= near && d3.abs() <= near
    }

    /// A.3.3.
    #[inline]
    fn quantised(&self, d: i32) -> i32 {
        let [t1, t2, t3] = self.scan.thresholds;
        let size = d.abs();
        let level = if size <= self.scan.near {
            0
        } else if size < t1 {
            1
        } else if size < t2 {
            2
        } else if size < t3 {
            3
        } else {
            4
        };
        if d < 0 { -level } else { level }
    }

    /// A.4 to A.6: a sample in regular mode.
    #[inline]
    fn regular(&mut self, context: i32, ra: i32, rb: i32, rc: i32) -> Result<i32, DicomError> {
        let sign = if context < 0 { -1 } else { 1 };
        let index = context.unsigned_abs() as usize;
        let Scan { most, near, limit, reset, .. } = self.scan;
        let mut q = self.contexts.get(index).copied().ok_or(corrupt("context"))?;
        let predicted = if rc >= ra.max(rb) {
            ra.min(rb)
        } else if rc <= ra.min(rb) {
            ra.max(rb)
        } else {
            ra + rb - rc
        };
        let predicted = (predicted + sign * q.c).clamp(0, most);
        let k = golomb_parameter(q.n, q.a)?;
        let mapped = self.golomb(k, limit)?;
        // A.5.2.
        let mut error = (mapped >> 1) ^ -(mapped & 1);
        if near == 0 && k == 0 && 2 * q.b <= -q.n {
            error = -(error + 1);
        }
        // A.6.1 and A.6.2.
        q.b += error * (2 * near + 1);
        q.a += error.abs();
        if q.n == reset {
            q.a >>= 1;
            q.b >>= 1;
            q.n >>= 1;
        }
        q.n += 1;
        if q.b <= -q.n {
            q.b = (q.b + q.n).max(1 - q.n);
            q.c = (q.c - 1).max(-128);
        } else if q.b > 0 {
            q.b = (q.b - q.n).min(0);
            q.c = (q.c + 1).min(127);
        }
        if let Some(place) = self.contexts.get_mut(index) {
            *place = q;
        }
        Ok(self.reconstruct(predicted, sign * error))
    }

    /// A.4.4 and A.5: prediction and error, modulo the range.
    #[inline]
    fn reconstruct(&self, predicted: i32, error: i32) -> i32 {
        let Scan { most, near, range, .. } = self.scan;
        let step = 2 * near + 1;
        let mut value = predicted + error * step;
        if value < -near {
            value += range * step;
        } else if value > most + near {
            value -= range * step;
        }
        value.clamp(0, most)
    }

    /// A.5.3: a limited-length Golomb code.
    #[inline]
    fn golomb(&mut self, k: u32, limit: u32) -> Result<i32, DicomError> {
        let longest = limit.saturating_sub(self.scan.escape_bits + 1);
        let zeros = self.bits.zeros(longest)?;
        let value = if zeros < longest {
            (i64::from(zeros) << k) + i64::from(self.bits.take(k))
        } else {
            i64::from(self.bits.take(self.scan.escape_bits)) + 1
        };
        // No error is larger than the range; more would not fit the sums.
        if value > 2 * i64::from(self.scan.range) {
            return Err(corrupt("Golomb code"));
        }
        Ok(value as i32)
    }

    /// A.7.1: how many samples repeat the one before them, `left` at most.
    fn run(&mut self, index: &mut usize, left: usize) -> Result<usize, DicomError> {
        let mut run = 0usize;
        let order = |index: usize| u32::from(RUN_ORDERS.get(index).copied().unwrap_or(15));
        while self.bits.take(1) == 1 {
            let whole = 1usize << order(*index);
            let more = whole.min(left - run);
            run += more;
            if more == whole {
                *index = (*index + 1).min(31);
            }
            if run == left {
                return Ok(run);
            }
        }
        run += usize::try_from(self.bits.take(order(*index))).unwrap_or(0);
        // The sample that ends the run must still lie in the line.
        if run >= left { Err(corrupt("a run beyond its line")) } else { Ok(run) }
    }

    /// A.7.2: the sample that ends a run.
    fn interruption(&mut self, ra: i32, rb: i32, same: bool, run_index: usize) -> Result<i32, DicomError> {
        let kind = usize::from(same);
        let mut q = self.runs.get(kind).copied().ok_or(corrupt("context"))?;
        let k = golomb_parameter(q.n, if same { q.a + (q.n >> 1) } else { q.a })?;
        let order = u32::from(RUN_ORDERS.get(run_index).copied().unwrap_or(15));
        let mapped = self.golomb(k, self.scan.limit.saturating_sub(order + 1))?;
        let shifted = mapped + i32::from(same);
        let odd = shifted & 1 == 1;
        let size = (shifted + i32::from(odd)) / 2;
        let error = if (k != 0 || 2 * q.negatives >= q.n) == odd { -size } else { size };
        if error < 0 {
            q.negatives += 1;
        }
        q.a += (mapped + 1 - i32::from(same)) >> 1;
        if q.n == self.scan.reset {
            q.a >>= 1;
            q.n >>= 1;
            q.negatives >>= 1;
        }
        q.n += 1;
        if let Some(place) = self.runs.get_mut(kind) {
            *place = q;
        }
        Ok(if same {
            self.reconstruct(ra, error)
        } else {
            self.reconstruct(rb, if ra > rb { -error } else { error })
        })
    }
}

/// A.5.1: the least k for which n·2^k reaches a.
#[inline]
fn golomb_parameter(n: i32, a: i32) -> Result<u32, DicomError> {
    let mut k = 0;
    while i64::from(n) << k < i64::from(a) {
        k += 1;
        if k > 24 {
            return Err(corrupt("Golomb code"));
        }
    }
    Ok(k)
}
