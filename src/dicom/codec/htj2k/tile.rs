//! A tile's geometry (ITU-T T.800 annex B): components, resolutions, bands, precincts, blocks; and its
//! coefficients.
//!
//! In: a tile's rectangle and parameters; later, its blocks' bytes. Out: its samples, before the transform of
//! components. Sizes are held against the bytes that are there before anything is allocated.

use super::block;
use super::packets::{Block, TagTree};
use super::parameters::Parameters;
use super::wavelet::{Bands, Sample, synthesize};
use crate::dicom::DicomError;
use crate::dicom::codec::picture::{corrupt, unsupported};

/// Half-open, as the standard has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rect {
    pub(super) x: [u32; 2],
    pub(super) y: [u32; 2],
}

impl Rect {
    pub(super) fn width(&self) -> usize {
        self.x[1].saturating_sub(self.x[0]) as usize
    }

    pub(super) fn height(&self) -> usize {
        self.y[1].saturating_sub(self.y[0]) as usize
    }

    fn map(self, f: impl Fn(u32, usize) -> u32) -> Self {
        Self { x: self.x.map(|v| f(v, 0)), y: self.y.map(|v| f(v, 1)) }
    }
}

/// One component of a tile.
#[derive(Clone, Debug)]
pub(super) struct Component<'a> {
    pub(super) reversible: bool,
    causal: bool,
    pub(super) resolutions: Vec<Resolution<'a>>,
}

/// One resolution, from the smallest.
#[derive(Clone, Debug)]
pub(super) struct Resolution<'a> {
    rect: Rect,
    /// LL, or HL, LH and HH.
    bands: Vec<Band>,
    pub(super) precincts: Vec<Precinct<'a>>,
}

#[derive(Clone, Copy, Debug)]
struct Band {
    rect: Rect,
    planes: u32,
    /// Of a quantization step, in samples.
    step: f32,
}

/// What packets are about.
#[derive(Clone, Debug)]
pub(super) struct Precinct<'a> {
    /// Layers that have come.
    pub(super) layers: u32,
    /// Where it lies on the reference grid: y, x.
    pub(super) place: [u64; 2],
    pub(super) bands: Vec<PrecinctBand<'a>>,
}

/// A precinct's blocks in one band.
#[derive(Clone, Debug)]
pub(super) struct PrecinctBand<'a> {
    /// In the band's coordinates.
    rect: Rect,
    /// Exponents of a block's sides.
    block: [u32; 2],
    pub(super) wide: usize,
    high: usize,
    pub(super) blocks: Vec<Block<'a>>,
    pub(super) inclusion: TagTree,
    pub(super) planes: TagTree,
}

impl PrecinctBand<'_> {
    fn new(rect: Rect, block: [u32; 2]) -> Self {
        let count = |[from, to]: [u32; 2], exponent: u32| {
            if from < to { (((to - 1) >> exponent) - (from >> exponent) + 1) as usize } else { 0 }
        };
        let (mut wide, mut high) = (count(rect.x, block[0]), count(rect.y, block[1]));
        if wide == 0 || high == 0 {
            (wide, high) = (0, 0);
        }
        let (inclusion, planes) = (TagTree::default(), TagTree::default());
        Self { rect, block, wide, high, blocks: Vec::new(), inclusion, planes }
    }

    /// Blocks and trees are made when a packet has something for them.
    pub(super) fn prepare(&mut self) {
        if self.blocks.is_empty() && self.wide > 0 {
            self.blocks = vec![Block::default(); self.wide * self.high];
            self.inclusion = TagTree::new(self.wide, self.high);
            self.planes = TagTree::new(self.wide, self.high);
        }
    }

    /// A block's rectangle in the band.
    fn block_rect(&self, n: usize) -> Rect {
        let side = |[from, to]: [u32; 2], exponent: u32, n: usize| {
            let first = ((from >> exponent) + n as u32) << exponent;
            [first.max(from), (first + (1 << exponent)).min(to)]
        };
        let [x, y] = self.block;
        Rect { x: side(self.rect.x, x, n % self.wide), y: side(self.rect.y, y, n / self.wide) }
    }
}

impl<'a> Component<'a> {
    /// The geometry of component `number` in the tile; `available` bytes are there for its packets.
    ///
    /// # Errors
    /// More packets than bytes, steps that are not there, more bit-planes than fit.
    pub(super) fn new(
        tile: Rect,
        number: usize,
        parameters: &Parameters,
        precision: u32,
        available: usize,
    ) -> Result<Self, DicomError> {
        let style = parameters.style(number)?;
        let quantization = parameters.quantization(number)?;
        let mut resolutions = Vec::new();
        let mut packets = 0u64;
        for r in 0..=style.levels {
            // B.5: this resolution, and its bands.
            let down = style.levels - r;
            let rect = tile.map(|v, _| ceil_shift(v, down, 0));
            let kinds: &[[u32; 2]] = if r == 0 { &[[0, 0]] } else { &[[1, 0], [0, 1], [1, 1]] };
            let depth = if r == 0 { down } else { down + 1 };
            let mut bands = Vec::new();
            for (n, kind) in kinds.iter().enumerate() {
                let place = if r == 0 { 0 } else { 3 * (r as usize - 1) + 1 + n };
                let [exponent, mantissa] = quantization.step(place, r).ok_or(corrupt("quantization"))?;
                let planes = (quantization.guard + exponent).checked_sub(1).ok_or(corrupt("quantization"))?;
                if planes > block::MOST_PLANES {
                    return Err(unsupported("HTJ2K of more than 29 bit-planes"));
                }
                // Equation E-3; the gain of a high band is a bit in each direction (table E.1).
                let range = (precision + kind[0] + kind[1]) as i32 - exponent as i32;
                let step = (range as f32).exp2() * (1.0 + mantissa as f32 / 2048.0);
                let rect = tile.map(|v, axis| ceil_shift(v, depth, kind[axis]));
                bands.push(Band { rect, planes, step });
            }
            let exponents = style.precincts.get(r as usize).copied().ok_or(corrupt("precincts"))?;
            // B.6: precincts tile the resolution from the origin.
            let count = |[from, to]: [u32; 2], exponent: u32| {
                if from < to { u64::from(((to - 1) >> exponent) - (from >> exponent)) + 1 } else { 0 }
            };
            let (wide, high) = (count(rect.x, exponents[0]), count(rect.y, exponents[1]));
            packets = packets.saturating_add((wide * high).saturating_mul(u64::from(parameters.layers())));
            // A packet takes a byte at least.
            if packets > available as u64 {
                return Err(corrupt("the codestream is short"));
            }
            let mut precincts = Vec::new();
            for n in 0..wide * high {
                let cell = [n % wide, n / wide];
                let first = [u64::from(rect.x[0] >> exponents[0]), u64::from(rect.y[0] >> exponents[1])];
                let from = [0, 1].map(|axis| (first[axis] + cell[axis]) << exponents[axis]);
                let to = [0, 1].map(|axis| (first[axis] + cell[axis] + 1) << exponents[axis]);
                let origin = [u64::from(tile.x[0]), u64::from(tile.y[0])];
                let place = [1, 0].map(|axis| (from[axis] << down).max(origin[axis]));
                // In a band of a higher resolution all is half as large.
                let half = u32::from(r > 0);
                let bands = bands.iter().map(|band| {
                    let clip = |[a, b]: [u32; 2], axis: usize| {
                        let inside =
                            |v: u64| ((v >> half).min(u64::from(u32::MAX)) as u32).clamp(a, b.max(a));
                        [inside(from[axis]), inside(to[axis])]
                    };
                    let rect = Rect { x: clip(band.rect.x, 0), y: clip(band.rect.y, 1) };
                    let block = [0, 1].map(|axis| style.block[axis].min(exponents[axis] - half));
                    PrecinctBand::new(rect, block)
                });
                precincts.push(Precinct { layers: 0, place, bands: bands.collect() });
            }
            resolutions.push(Resolution { rect, bands, precincts });
        }
        Ok(Self { reversible: style.reversible, causal: style.causal, resolutions })
    }

    /// Decodes blocks and undoes the wavelet.
    ///
    /// # Errors
    /// A block that is damaged.
    pub(super) fn samples<S: Sample>(&self, scratch: &mut block::Block) -> Result<Vec<S>, DicomError> {
        let mut low = Vec::new();
        for (r, resolution) in self.resolutions.iter().enumerate() {
            let mut bands = Vec::new();
            for (n, band) in resolution.bands.iter().enumerate() {
                let mut values = vec![S::default(); band.rect.width() * band.rect.height()];
                for precinct in &resolution.precincts {
                    let Some(part) = precinct.bands.get(n) else { continue };
                    self.blocks(part, band, &mut values, scratch)?;
                }
                bands.push(values);
            }
            low = match <[Vec<S>; 3]>::try_from(bands) {
                Ok([hl, lh, hh]) => synthesize(Bands { ll: low, hl, lh, hh }, &resolution.rect),
                Err(mut single) if r == 0 => single.pop().unwrap_or_default(),
                Err(_) => return Err(corrupt("bands")),
            };
        }
        Ok(low)
    }

    fn blocks<S: Sample>(
        &self,
        part: &PrecinctBand<'a>,
        band: &Band,
        values: &mut [S],
        scratch: &mut block::Block,
    ) -> Result<(), DicomError> {
        for (n, code) in part.blocks.iter().enumerate() {
            if code.cleanup.is_empty() {
                continue;
            }
            let rect = part.block_rect(n);
            let joined;
            let refinement = match &code.refinement[..] {
                [] => &[][..],
                [one] => one,
                many => {
                    joined = many.concat();
                    &joined[..]
                }
            };
            scratch.decode(&block::Coded {
                width: rect.width(),
                height: rect.height(),
                cleanup: code.cleanup,
                refinement,
                passes: code.set,
                planes: band.planes,
                empty: code.empty,
                causal: self.causal,
            })?;
            let left = (rect.x[0] - band.rect.x[0]) as usize;
            let top = (rect.y[0] - band.rect.y[0]) as usize;
            let rows = values.chunks_exact_mut(band.rect.width()).skip(top).take(rect.height());
            for (row, coefficients) in rows.zip(scratch.values.chunks_exact(scratch.stride.max(1))) {
                let row = row.iter_mut().skip(left).take(rect.width());
                for (value, coefficient) in row.zip(coefficients) {
                    *value = S::of(coefficient & block::SIGN != 0, coefficient & !block::SIGN, band.step);
                }
            }
        }
        Ok(())
    }
}

/// ⌈(v − half·2^(by−1)) / 2^by⌉ (equations B-14 and B-15).
fn ceil_shift(v: u32, by: u32, half: u32) -> u32 {
    let by = by.min(40);
    let less = if half == 1 { 1i64 << (by - 1) } else { 0 };
    ((i64::from(v) - less + (1i64 << by) - 1) >> by) as u32
}
