//! The sequential DCT processes (T.81 annexes A and F).
//!
//! In: scans. Out: samples at full size, interleaved. The inverse transform is the integer one of Loeffler,
//! Ligtenberg and Moschytz (ICASSP 1989) with 13-bit constants, and subsampled colour is enlarged with a
//! triangle filter: what most decoders in use do, so that lossy pictures are theirs to the last bit.

use super::huffman::Bits;
use super::{Frame, Restarts, Scan, ScanComponent, Tables};
use crate::dicom::DicomError;
use crate::dicom::codec::picture::corrupt;
use core::num::Wrapping;

/// Where each coefficient of the zigzag sequence stands (T.81 figure A.6).
#[rustfmt::skip]
const ZIGZAG: [u8; 64] = [
     0,  1,  8, 16,  9,  2,  3, 10, 17, 24, 32, 25, 18, 11,  4,  5,
    12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13,  6,  7, 14, 21, 28,
    35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51,
    58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
];

/// One component's samples, padded to whole MCUs.
struct Plane {
    stride: usize,
    /// Blocks across and down that hold samples of the picture.
    blocks: (usize, usize),
    samples: Vec<u16>,
}

/// All components' samples.
pub(super) struct Planes {
    planes: Vec<Plane>,
    /// The greatest sampling factors.
    most: (usize, usize),
}

impl Planes {
    pub(super) fn new(frame: &Frame) -> Self {
        let most = frame.components.iter().fold((1, 1), |m, c| (m.0.max(c.h), m.1.max(c.v)));
        let mcus = (frame.columns.div_ceil(8 * most.0), frame.rows.div_ceil(8 * most.1));
        let planes = frame
            .components
            .iter()
            .map(|c| {
                let stride = mcus.0 * c.h * 8;
                Plane {
                    stride,
                    blocks: (
                        (frame.columns * c.h).div_ceil(most.0).div_ceil(8),
                        (frame.rows * c.v).div_ceil(most.1).div_ceil(8),
                    ),
                    samples: vec![0; stride * mcus.1 * c.v * 8],
                }
            })
            .collect();
        Self { planes, most }
    }

    pub(super) fn scan(
        &mut self,
        frame: &Frame,
        scan: &Scan,
        tables: &Tables,
        bits: &mut Bits<'_>,
    ) -> Result<(), DicomError> {
        let mut restarts = Restarts::new(tables.restart);
        let mut predictors = [0i32; 4];
        let alone = scan.components.len() == 1;
        let (across, down) = match scan.components.as_slice() {
            // A.2.2: a scan of one component runs over its own blocks, not over MCUs of the frame.
            [one] => self.planes.get(one.index).map_or((0, 0), |plane| plane.blocks),
            _ => (frame.columns.div_ceil(8 * self.most.0), frame.rows.div_ceil(8 * self.most.1)),
        };
        for y in 0..down {
            for x in 0..across {
                if restarts.due(bits)? {
                    predictors = [0; 4];
                }
                for part in &scan.components {
                    let component = frame.components.get(part.index).copied().unwrap_or_default();
                    let (h, v) = if alone { (1, 1) } else { (component.h, component.v) };
                    let quantiser = tables
                        .quantisers
                        .get(component.quantiser)
                        .and_then(Option::as_ref)
                        .ok_or(corrupt("a scan without its quantisation table"))?;
                    for sub in 0..h * v {
                        let mut block = [0i32; 64];
                        let predictor = predictors.get_mut(part.index).ok_or(corrupt("scan header"))?;
                        let only_dc = read_block(&mut block, part, tables, quantiser, predictor, bits)?;
                        if let Some(plane) = self.planes.get_mut(part.index) {
                            let (bx, by) = (x * h + sub % h, y * v + sub / h);
                            let at = by * 8 * plane.stride + bx * 8;
                            let stride = plane.stride;
                            let out = plane.samples.get_mut(at..).unwrap_or_default();
                            inverse(&block, only_dc, frame.precision, out, stride);
                        }
                    }
                }
            }
            bits.check()?;
        }
        Ok(())
    }

    /// The samples at full size, interleaved.
    pub(super) fn into_samples(self, frame: &Frame) -> Vec<i32> {
        let count = self.planes.len();
        let mut out = vec![0i32; frame.rows * frame.columns * count];
        for (n, (plane, component)) in self.planes.iter().zip(&frame.components).enumerate() {
            let ratio = (self.most.0 / component.h.max(1), self.most.1 / component.v.max(1));
            let whole = self.most.0.is_multiple_of(component.h) && self.most.1.is_multiple_of(component.v);
            let size = (
                (frame.columns * component.h).div_ceil(self.most.0),
                (frame.rows * component.v).div_ceil(self.most.1),
            );
            for (y, line) in out.chunks_exact_mut((frame.columns * count).max(1)).enumerate() {
                let mut put = |x: usize, value: i32| {
                    if let Some(place) = line.get_mut(x * count + n) {
                        *place = value;
                    }
                };
                match ratio {
                    (1, 1) => plane.row(y, size).iter().enumerate().for_each(|(x, v)| put(x, i32::from(*v))),
                    // Smaller than a triangle: as libjpeg, replicate.
                    (2, 1) if whole && size.0 > 2 => plane.wide(y, size, &mut put),
                    (2, 2) if whole && size.0 > 2 => plane.wide_and_high(y, size, &mut put),
                    _ => {
                        let row = plane.row(y * component.v / self.most.1.max(1), size);
                        for x in 0..frame.columns {
                            put(
                                x,
                                row.get(x * component.h / self.most.0.max(1)).copied().map_or(0, i32::from),
                            );
                        }
                    }
                }
            }
        }
        out
    }
}

impl Plane {
    /// Row `y` of a plane of `size`, the last one for those below it.
    fn row(&self, y: usize, size: (usize, usize)) -> &[u16] {
        let start = y.min(size.1.saturating_sub(1)) * self.stride;
        self.samples.get(start..start + size.0).unwrap_or_default()
    }

    /// Twice as wide: each sample three parts of its own, one of its neighbour.
    fn wide(&self, y: usize, size: (usize, usize), put: &mut impl FnMut(usize, i32)) {
        let row = self.row(y, size);
        let get = |x: usize| row.get(x.min(size.0 - 1)).copied().map_or(0, i32::from);
        for x in 0..size.0 {
            let own = get(x);
            put(2 * x, if x == 0 { own } else { (3 * own + get(x - 1) + 1) >> 2 });
            put(2 * x + 1, if x + 1 == size.0 { own } else { (3 * own + get(x + 1) + 2) >> 2 });
        }
    }

    /// Twice as wide and high.
    fn wide_and_high(&self, y: usize, size: (usize, usize), put: &mut impl FnMut(usize, i32)) {
        let near = self.row(y / 2, size);
        let far = self.row(if y.is_multiple_of(2) { (y / 2).saturating_sub(1) } else { y / 2 + 1 }, size);
        let get = |x: usize| {
            let at = |row: &[u16]| row.get(x.min(size.0 - 1)).copied().map_or(0, i32::from);
            3 * at(near) + at(far)
        };
        for x in 0..size.0 {
            let own = get(x);
            put(2 * x, if x == 0 { (4 * own + 8) >> 4 } else { (3 * own + get(x - 1) + 8) >> 4 });
            put(
                2 * x + 1,
                if x + 1 == size.0 { (4 * own + 7) >> 4 } else { (3 * own + get(x + 1) + 7) >> 4 },
            );
        }
    }
}

/// Reads and dequantises one block; says whether only its first coefficient is not zero.
fn read_block(
    block: &mut [i32; 64],
    part: &ScanComponent,
    tables: &Tables,
    quantiser: &[u16; 64],
    predictor: &mut i32,
    bits: &mut Bits<'_>,
) -> Result<bool, DicomError> {
    // Beyond this no encoder goes (12 bit: 2^15); it keeps hostile products in range.
    let dequantised = |value: i32, n: usize| {
        let step = quantiser.get(n).copied().map_or(1, i32::from);
        value.saturating_mul(step).clamp(-65_536, 65_535)
    };
    let absent = || corrupt("a scan without its Huffman table");
    let dc = tables.dc.get(part.dc).and_then(Option::as_ref).ok_or_else(absent)?;
    let ac = tables.ac.get(part.ac).and_then(Option::as_ref).ok_or_else(absent)?;
    bits.need();
    let category = bits.symbol(dc)?;
    if category > 15 {
        return Err(corrupt("Huffman code"));
    }
    *predictor = (*predictor + bits.magnitude(u32::from(category))).clamp(-65_536, 65_535);
    if let Some(first) = block.first_mut() {
        *first = dequantised(*predictor, 0);
    }
    let mut only_dc = true;
    let mut at = 1usize;
    while at < 64 {
        bits.need();
        let symbol = bits.symbol(ac)?;
        let (run, size) = (usize::from(symbol >> 4), u32::from(symbol & 15));
        if size == 0 {
            if run != 15 {
                break;
            }
            at += 16;
            continue;
        }
        at += run;
        let value = bits.magnitude(size);
        let place = ZIGZAG.get(at).and_then(|place| block.get_mut(usize::from(*place)));
        let Some(place) = place else { return Err(corrupt("a run beyond its block")) };
        *place = dequantised(value, at);
        only_dc = false;
        at += 1;
    }
    Ok(only_dc)
}

const BITS: usize = 13;

/// One dimension of the transform: eight values in, eight out, scaled by 2^13·√8.
#[inline]
fn transform(v: [Wrapping<i32>; 8]) -> [Wrapping<i32>; 8] {
    let fix = |n: i32| Wrapping(n);
    // Even part.
    let z1 = (v[2] + v[6]) * fix(4433);
    let t2 = z1 - v[6] * fix(15_137);
    let t3 = z1 + v[2] * fix(6270);
    let t0 = (v[0] + v[4]) << BITS;
    let t1 = (v[0] - v[4]) << BITS;
    let even = [t0 + t3, t1 + t2, t1 - t2, t0 - t3];
    // Odd part.
    let (a, b, c, d) = (v[7], v[5], v[3], v[1]);
    let z5 = (a + c + b + d) * fix(9633);
    let z1 = (a + d) * fix(-7373);
    let z2 = (b + c) * fix(-20_995);
    let z3 = (a + c) * fix(-16_069) + z5;
    let z4 = (b + d) * fix(-3196) + z5;
    let odd = [
        d * fix(12_299) + z1 + z4,
        c * fix(25_172) + z2 + z3,
        b * fix(16_819) + z2 + z4,
        a * fix(2446) + z1 + z3,
    ];
    [
        even[0] + odd[0],
        even[1] + odd[1],
        even[2] + odd[2],
        even[3] + odd[3],
        even[3] - odd[3],
        even[2] - odd[2],
        even[1] - odd[1],
        even[0] - odd[0],
    ]
}

#[inline]
fn descale(value: Wrapping<i32>, by: usize) -> Wrapping<i32> {
    (value + (Wrapping(1) << (by - 1))) >> by
}

/// The inverse transform of a block into `out`, whose rows are `stride` apart.
fn inverse(block: &[i32; 64], only_dc: bool, precision: u32, out: &mut [u16], stride: usize) {
    let most = (1i32 << precision) - 1;
    let centre = 1i32 << (precision - 1);
    // Between the passes two more bits are kept, one at 12 bit.
    let extra = if precision > 8 { 1 } else { 2 };
    if only_dc {
        // Both passes of a constant: the same rounding as below.
        let dc = Wrapping(block[0]) << extra;
        let value = descale(dc, extra + 3).0.saturating_add(centre).clamp(0, most) as u16;
        for row in out.chunks_mut(stride).take(8) {
            row.iter_mut().take(8).for_each(|place| *place = value);
        }
        return;
    }
    let mut work = [Wrapping(0i32); 64];
    for column in 0..8 {
        let read = |n: usize| Wrapping(block[(column + n * 8) & 63]);
        let v = [read(0), read(1), read(2), read(3), read(4), read(5), read(6), read(7)];
        for (n, value) in transform(v).into_iter().enumerate() {
            work[(column + n * 8) & 63] = descale(value, BITS - extra);
        }
    }
    let (rows, _) = work.as_chunks::<8>();
    for (v, row) in rows.iter().zip(out.chunks_mut(stride)) {
        for (value, place) in transform(*v).into_iter().zip(row) {
            *place = descale(value, BITS + extra + 3).0.saturating_add(centre).clamp(0, most) as u16;
        }
    }
}
