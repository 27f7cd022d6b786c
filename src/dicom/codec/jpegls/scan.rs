//! A scan of JPEG-LS (ITU-T T.87 annex A): contexts, prediction, runs, error values.
//!
//! In: a scan's parameters and bytes. Out: the samples of its components, in their places.

use super::bits::Bits;
use super::headers::{Frame, Scan};
use crate::dicom::DicomError;
use crate::dicom::codec::picture::corrupt;

/// Run lengths, as powers of two (A.2.1).
const RUN_ORDERS: [u8; 32] =
    [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 9, 10, 11, 12, 13, 14, 15];

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

pub(super) struct Decoder<'a> {
    scan: Scan,
    pub(super) bits: Bits<'a>,
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
    pub(super) fn new(scan: Scan, bytes: &'a [u8]) -> Self {
        let a = ((scan.range + 32) / 64).max(2);
        Self {
            scan,
            bits: Bits::new(bytes),
            contexts: [Context { a, b: 0, c: 0, n: 1 }; 365],
            runs: [RunContext { a, n: 1, negatives: 0 }; 2],
        }
    }

    pub(super) fn scan(
        &mut self,
        frame: &Frame,
        planes: &[usize],
        samples: &mut [i32],
    ) -> Result<(), DicomError> {
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
