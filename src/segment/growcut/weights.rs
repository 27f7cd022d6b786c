//! Weights: the metric as whole numbers, and the key that holds their sums.
//!
//! In: options, voxel sizes, what a level is worth. Out: what a difference and a direction cost, in units
//! of a key's distance.

use super::keys::Key;
use super::layout::Layout;
use super::levels::Scale;
use super::options::{Metric, Options, Order};
use crate::volume::Affine;

/// Which arithmetic makes a weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// The greater of difference and one unit.
    Floor,
    /// Difference and length.
    Sum,
    /// By a table.
    Table,
}

/// The metric in whole numbers.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Weights {
    pub(crate) shape: Shape,
    /// Bits of a key that hold the label.
    pub(crate) bits: u32,
    /// Distance units of one level.
    pub(crate) per_level: u64,
    /// What stored levels are multiplied by already.
    pub(crate) stored: u64,
    /// Distance units of each of the 27 steps; `None`: no neighbour.
    pub(crate) steps: [Option<u64>; 27],
    /// Distance units by difference of levels, where there is a table.
    pub(crate) table: Vec<u64>,
    /// Whether 16 bits may do.
    pub(crate) short: bool,
    /// Distance units of one unit of intensity (or of one nat): what a margin is stated in.
    pub(crate) per_unit: f64,
}

/// Most labels beside 12 or 28 bits of distance.
pub(crate) const FEW: u8 = 15;

/// The greatest distance of a short key.
const FAR: u64 = 4094;

/// Units of a nat in the classic metric.
const NAT: f64 = 1024.0;

impl Weights {
    pub(crate) fn plan(
        options: &Options,
        affine: &Affine,
        scales: &[Scale],
        layout: &Layout,
        most: u8,
    ) -> Self {
        let strict = options.order == Order::Strict;
        let bits = if most <= FEW { 4 } else { 8 };
        let range = scales.iter().map(|s| u64::from(s.top)).sum::<u64>().clamp(1, 65_534);
        let local = options.locality > 0.0;
        // Steps of the longest path that only breaks ties: some turns through the whole region. Where
        // length costs, no edge is free, and steps need not be counted.
        let hops: u64 = if strict && !(local && options.metric == Metric::Slicer) {
            let around: usize = layout.size.iter().sum();
            (2 * around as u64).next_power_of_two().clamp(64, 4096)
        } else {
            1
        };
        // Levels per unit of intensity: channels share it but for their weights.
        let unit = scales.iter().map(|s| s.per_unit).sum::<f64>();
        // Lengths are no whole numbers of levels: as fine as leaves room for a path of many edges.
        let fraction: u64 = if local && options.metric == Metric::Slicer {
            let mm: f64 = affine.spacing().iter().zip(layout.size).map(|(mm, n)| mm * n as f64).sum();
            let far = 64.0 * range as f64 + 4.0 * mm * options.locality * unit;
            let room = f64::from(1_u32 << (31 - bits)) * 2.0 / far;
            1 << (room.max(1.0) as u64).ilog2().min(12)
        } else if options.metric == Metric::Slicer && !strict {
            // The least weight is one unit: the smaller, the nearer to ITK, where it is none. A quarter of a
            // level, as far as short keys have room for the range.
            1 << (FAR / range).clamp(1, 4).ilog2()
        } else {
            1
        };
        let steps = std::array::from_fn(|i| {
            let step = [i as i32 % 3 - 1, i as i32 / 3 % 3 - 1, i as i32 / 9 - 1];
            if !options.connectivity.has(step) {
                return None;
            }
            let columns = [0, 1, 2].map(|a| affine.column(a));
            let mm = (0..3)
                .map(|r| (0..3).map(|a| columns[a][r] * f64::from(step[a])).sum::<f64>().powi(2))
                .sum::<f64>()
                .sqrt();
            let worth = match options.metric {
                Metric::Slicer => unit * fraction as f64,
                Metric::Classic => NAT,
            };
            let length = (options.locality * mm * worth).round() as u64;
            Some(if strict {
                length * hops + u64::from(hops > 1 || length == 0)
            } else {
                length.max(u64::from(local))
            })
        });
        let table: Vec<u64> = match options.metric {
            Metric::Slicer => Vec::new(),
            Metric::Classic => (0..=range)
                .map(|d| {
                    let strength = 1.0 - d as f64 / range as f64;
                    // Nothing conquers across the full range: an unreached key's distance.
                    if strength <= 0.0 {
                        return u64::from(u32::MAX);
                    }
                    let nats = (-strength.ln() * NAT).round() as u64;
                    if strict { nats * hops } else { nats.max(1) }
                })
                .collect(),
        };
        let shape = match options.metric {
            Metric::Classic => Shape::Table,
            Metric::Slicer if !local && !strict => Shape::Floor,
            Metric::Slicer => Shape::Sum,
        };
        let per_level = match options.metric {
            Metric::Slicer => fraction * hops,
            Metric::Classic => 1,
        };
        let short = !strict && bits == 4 && (shape == Shape::Table || (!local && range <= FAR));
        Self {
            shape,
            bits,
            per_level,
            stored: if short && shape != Shape::Table { fraction << 4 } else { 1 },
            steps,
            table,
            short,
            per_unit: match options.metric {
                Metric::Slicer => unit * (fraction * hops) as f64,
                Metric::Classic => NAT * hops as f64,
            },
        }
    }

    /// By how many of its lowest bits keys are taken together in a pass: about a level, or a tenth of a nat.
    pub(crate) fn pass(&self) -> u32 {
        let unit = if self.table.is_empty() { self.per_level } else { self.per_unit as u64 / 1024 };
        self.bits + unit.max(1).ilog2()
    }

    /// What stored differences are shifted by in a long key: a level's worth is a power of two.
    pub(crate) fn difference_shift(&self) -> u32 {
        ((self.per_level << self.bits) / self.stored).max(1).ilog2()
    }

    /// Costs of the 27 steps in a key.
    pub(crate) fn directions<K: Key>(&self) -> [Option<K>; 27] {
        self.steps.map(|step| step.map(|cost| self.key(cost, 0)))
    }

    /// The table in keys.
    pub(crate) fn table<K: Key>(&self) -> Vec<K> {
        self.table.iter().map(|cost| self.key(*cost, 0)).collect()
    }

    /// A key; unreached where the distance does not fit.
    pub(crate) fn key<K: Key>(&self, distance: u64, label: u8) -> K {
        if distance >= self.full::<K>() { K::MAX } else { K::of(distance << self.bits | u64::from(label)) }
    }

    /// The distance that no longer fits.
    pub(crate) fn full<K: Key>(&self) -> u64 {
        (1 << (K::BITS - self.bits)) - 1
    }

    /// The same, by example.
    pub(crate) fn full_of<K: Key>(&self, _of: &[K]) -> u64 {
        self.full::<K>()
    }

    /// The label of a key; 0 where it is unreached.
    pub(crate) fn label<K: Key>(&self, key: K) -> u8 {
        if key.get() >> self.bits >= self.full::<K>() {
            0
        } else {
            (key.get() & ((1 << self.bits) - 1)) as u8
        }
    }
}
