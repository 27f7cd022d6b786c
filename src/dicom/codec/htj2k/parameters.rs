//! What the headers say of a tile's coding (ITU-T T.800 annex A).
//!
//! In: marker segments of the main header and of a tile's own. Out: its style, wavelet and quantization,
//! component by component, and its progression. Nothing is decoded here.

use crate::dicom::DicomError;
use crate::dicom::codec::codestream::{COC, COD, POC, QCC, QCD, segments};
use crate::dicom::codec::picture::{corrupt, unsupported};

/// How a component's wavelet and blocks are made (A.6.1, table A.15).
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Style {
    pub(super) levels: u32,
    /// Exponents of a block's width and height.
    pub(super) block: [u32; 2],
    pub(super) causal: bool,
    /// The wavelet of integers (5/3), else that of reals (9/7).
    pub(super) reversible: bool,
    /// Exponents of a precinct's width and height, a resolution each, from the smallest.
    pub(super) precincts: Vec<[u32; 2]>,
}

/// How a component's coefficients are quantized (A.6.4).
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Quantization {
    pub(super) guard: u32,
    /// Exponent and mantissa of each band; of LL alone, where the others follow from it.
    steps: Vec<[u32; 2]>,
    derived: bool,
}

impl Quantization {
    /// Exponent and mantissa of a band of a resolution; `place` numbers bands as T.800 table A.28 does.
    pub(super) fn step(&self, place: usize, resolution: u32) -> Option<[u32; 2]> {
        if !self.derived {
            return self.steps.get(place).copied();
        }
        // Equation E-5.
        let [exponent, mantissa] = *self.steps.first()?;
        Some([exponent.checked_sub(resolution.saturating_sub(1))?, mantissa])
    }
}

/// The five orders of packets (table A.16).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    LayerResolution,
    ResolutionLayer,
    ResolutionPosition,
    PositionComponent,
    ComponentPosition,
}

/// More changes of progression than any writer makes: each goes over all precincts.
const MOST_CHANGES: usize = 32;

/// Packets of some resolutions, components and layers, in an order (A.6.6).
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Progression {
    pub(super) order: Order,
    pub(super) resolutions: std::ops::Range<u32>,
    pub(super) components: std::ops::Range<usize>,
    /// Layers below this one.
    pub(super) layers: u32,
}

/// A main header's word, and a tile's.
#[derive(Clone, Debug)]
struct Said<T> {
    all: Option<T>,
    own: Vec<Option<T>>,
}

impl<T> Said<T> {
    fn nothing(components: usize) -> Self {
        Self { all: None, own: (0..components).map(|_| None).collect() }
    }

    fn of(&self, component: usize) -> Option<&T> {
        self.own.get(component)?.as_ref().or(self.all.as_ref())
    }
}

/// What a header, main or of a tile, says.
#[derive(Clone, Debug)]
pub(super) struct Parameters {
    components: usize,
    general: Option<General>,
    styles: Said<Style>,
    quantizations: Said<Quantization>,
    changes: Vec<Progression>,
}

/// COD's part that holds for all components.
#[derive(Clone, Copy, Debug)]
struct General {
    order: Order,
    layers: u32,
    transformed: bool,
}

fn order(byte: u8) -> Result<Order, DicomError> {
    Ok(match byte {
        0 => Order::LayerResolution,
        1 => Order::ResolutionLayer,
        2 => Order::ResolutionPosition,
        3 => Order::PositionComponent,
        4 => Order::ComponentPosition,
        _ => return Err(corrupt("progression order")),
    })
}

fn style(partitioned: bool, content: &[u8]) -> Result<Style, DicomError> {
    let bad = || corrupt("coding style");
    let [levels, width, height, block_style, wavelet, ref sizes @ ..] = *content else { return Err(bad()) };
    let block = [u32::from(width & 15) + 2, u32::from(height & 15) + 2];
    // Table A.18: at most 2^10 a side and 2^12 together.
    if levels > 32 || wavelet > 1 || block.iter().any(|e| *e > 10) || block.iter().sum::<u32>() > 12 {
        return Err(bad());
    }
    if block_style & 0xC0 != 0x40 {
        return Err(unsupported("JPEG 2000 with code blocks of both kinds"));
    }
    let mut precincts = vec![[15, 15]; usize::from(levels) + 1];
    if partitioned {
        for (n, precinct) in precincts.iter_mut().enumerate() {
            let size = u32::from(*sizes.get(n).ok_or(bad())?);
            *precinct = [size & 15, size >> 4];
            // Table A.21: beyond the smallest resolution a precinct holds a sample of each band.
            if n > 0 && precinct.contains(&0) {
                return Err(bad());
            }
        }
    }
    // T.814 table A.4: of the classic coder's switches vertical causality alone is left.
    let (causal, reversible) = (block_style & 8 != 0, wavelet == 1);
    Ok(Style { levels: u32::from(levels), block, causal, reversible, precincts })
}

fn quantization(content: &[u8]) -> Result<Quantization, DicomError> {
    let bad = || corrupt("quantization");
    let (kind, values) = content.split_first().ok_or(bad())?;
    let steps: Vec<[u32; 2]> = match kind & 31 {
        0 => values.iter().map(|v| [u32::from(v >> 3), 0]).collect(),
        1 | 2 => {
            let words = values.as_chunks::<2>().0.iter().map(|v| u32::from(u16::from_be_bytes(*v)));
            words.map(|v| [v >> 11, v & 0x7FF]).collect()
        }
        _ => return Err(bad()),
    };
    if steps.is_empty() {
        return Err(bad());
    }
    Ok(Quantization { guard: u32::from(kind >> 5), steps, derived: kind & 31 == 1 })
}

impl Parameters {
    /// Nothing said yet.
    pub(super) fn nothing(components: usize) -> Self {
        let (styles, quantizations) = (Said::nothing(components), Said::nothing(components));
        Self { components, general: None, styles, quantizations, changes: Vec::new() }
    }

    /// The main header's parameters.
    pub(super) fn main(components: usize, markers: &[u8]) -> Result<Self, DicomError> {
        let mut out = Self::nothing(components);
        out.read(markers)?;
        Ok(out)
    }

    /// Those of a tile, whose headers may say otherwise.
    pub(super) fn of_tile<'a>(&self, headers: impl Iterator<Item = &'a [u8]>) -> Result<Self, DicomError> {
        let mut own = Self::nothing(self.components);
        for markers in headers {
            own.read(markers)?;
        }
        // A.6.1: a tile's COC, a tile's COD, the main COC, the main COD, in this order; so for the rest.
        let mut out = self.clone();
        out.general = own.general.or(self.general);
        out.styles.over(own.styles);
        out.quantizations.over(own.quantizations);
        if !own.changes.is_empty() {
            out.changes = own.changes;
        }
        Ok(out)
    }

    fn read(&mut self, markers: &[u8]) -> Result<(), DicomError> {
        for (marker, content) in segments(markers) {
            match marker {
                COD => {
                    let [scheme, first, layers1, layers0, transform, ref rest @ ..] = *content else {
                        return Err(corrupt("coding style"));
                    };
                    let layers = u32::from(u16::from_be_bytes([layers1, layers0]));
                    let transformed = transform & 1 != 0;
                    self.general = Some(General { order: order(first)?, layers, transformed });
                    self.styles.all = Some(style(scheme & 1 != 0, rest)?);
                }
                COC => {
                    let (place, rest) = self.component(content)?;
                    let (scheme, rest) = rest.split_first().ok_or(corrupt("coding style"))?;
                    *self.styles.own.get_mut(place).ok_or(corrupt("component"))? =
                        Some(style(scheme & 1 != 0, rest)?);
                }
                QCD => self.quantizations.all = Some(quantization(content)?),
                QCC => {
                    let (place, rest) = self.component(content)?;
                    *self.quantizations.own.get_mut(place).ok_or(corrupt("component"))? =
                        Some(quantization(rest)?);
                }
                POC => self.changes(content)?,
                _ => {}
            }
        }
        Ok(())
    }

    /// A component's number takes two bytes where there are more than 256.
    fn component<'a>(&self, content: &'a [u8]) -> Result<(usize, &'a [u8]), DicomError> {
        let bad = || corrupt("component");
        if self.components < 257 {
            let (place, rest) = content.split_first().ok_or(bad())?;
            return Ok((usize::from(*place), rest));
        }
        let (place, rest) = content.split_first_chunk::<2>().ok_or(bad())?;
        Ok((usize::from(u16::from_be_bytes(*place)), rest))
    }

    fn changes(&mut self, content: &[u8]) -> Result<(), DicomError> {
        let wide = self.components >= 257;
        if self.changes.len() + content.len() / 7 > MOST_CHANGES {
            return Err(corrupt("progression"));
        }
        for entry in content.chunks(if wide { 9 } else { 7 }) {
            let (resolution, from, rest) = match *entry {
                [resolution, a, b, ref rest @ ..] if wide => (resolution, u16::from_be_bytes([a, b]), rest),
                [resolution, a, ref rest @ ..] => (resolution, u16::from(a), rest),
                _ => return Err(corrupt("progression")),
            };
            let (layers, end, to, order_byte) = match *rest {
                [l1, l0, end, a, b, order] if wide => ([l1, l0], end, u16::from_be_bytes([a, b]), order),
                // 256 components are written as none.
                [l1, l0, end, a, order] => ([l1, l0], end, if a == 0 { 256 } else { u16::from(a) }, order),
                _ => return Err(corrupt("progression")),
            };
            self.changes.push(Progression {
                order: order(order_byte)?,
                resolutions: u32::from(resolution)..u32::from(end),
                components: usize::from(from)..usize::from(to),
                layers: u32::from(u16::from_be_bytes(layers)),
            });
        }
        Ok(())
    }

    /// How a component is coded.
    pub(super) fn style(&self, component: usize) -> Result<&Style, DicomError> {
        self.styles.of(component).ok_or(corrupt("coding style"))
    }

    /// How a component is quantized.
    pub(super) fn quantization(&self, component: usize) -> Result<&Quantization, DicomError> {
        self.quantizations.of(component).ok_or(corrupt("quantization"))
    }

    /// Layers of every precinct.
    pub(super) fn layers(&self) -> u32 {
        self.general.map_or(0, |g| g.layers)
    }

    /// Whether the first three components are luminance and chrominance.
    pub(super) fn transformed(&self) -> bool {
        self.general.is_some_and(|g| g.transformed)
    }

    /// The packets' orders, one after the other.
    pub(super) fn progressions(&self) -> Vec<Progression> {
        if !self.changes.is_empty() {
            return self.changes.clone();
        }
        let order = self.general.map_or(Order::LayerResolution, |g| g.order);
        vec![Progression { order, resolutions: 0..33, components: 0..self.components, layers: self.layers() }]
    }
}

impl<T> Said<T> {
    /// Lays a tile's word over the main header's.
    fn over(&mut self, tile: Self) {
        if tile.all.is_some() {
            *self = tile;
            return;
        }
        for (place, own) in self.own.iter_mut().zip(tile.own) {
            if own.is_some() {
                *place = own;
            }
        }
    }
}
