//! Real World Value Mapping (PS3.3 C.7.6.16.2.11): what stored values mean, with a unit.
//!
//! In: a frame. Out: a slope and an intercept, or a table, and a unit of a short list. Mappings without a
//! physical unit are left to whoever reads the DICOM file.

use super::header::{FrameView, ItemRef};
use super::tags;

/// More entries than stored values of 16 bits.
const MOST_ENTRIES: usize = 1 << 16;

/// What a frame's stored values mean, in `unit`.
#[derive(Clone, Debug, PartialEq)]
pub struct RealWorld {
    /// How stored values become real ones.
    pub map: RealWorldMap,
    /// A UCUM code (PS3.16, CID 83 and 84).
    pub unit: &'static str,
}

/// Stored values to real ones.
#[derive(Clone, Debug, PartialEq)]
pub enum RealWorldMap {
    /// `value = slope · stored + intercept`.
    Linear {
        /// Unit a stored unit.
        slope: f64,
        /// The value of a stored 0.
        intercept: f64,
    },
    /// Value by value, where these lie on no line.
    Table(RealWorldTable),
}

/// Real World Value LUT Data (0040,9212).
#[derive(Clone, Debug, PartialEq)]
pub struct RealWorldTable {
    /// The stored value of the first entry (0040,9216).
    first: i64,
    values: Vec<f64>,
}

impl RealWorldTable {
    /// The value of a stored one; no number outside the table, which maps no other.
    pub fn value(&self, stored: f64) -> f64 {
        let place = (stored.round() as i64).checked_sub(self.first);
        let place = place.and_then(|n| usize::try_from(n).ok());
        place.and_then(|n| self.values.get(n)).copied().unwrap_or(f64::NAN)
    }
}

/// The units that quantitative MR and CT maps come in.
const UNITS: &[&str] = &[
    "Hz",
    "[hnsf'U]",
    "mm2/s",
    "um2/s",
    "10-6.mm2/s",
    "10-3.mm2/s",
    "ms",
    "s",
    "/s",
    "1/s",
    "/ms",
    "%",
    "ml/100ml",
    "ml/100ml/min",
    "ml/min/100ml",
    "ml/100g/min",
    "/min",
    "kPa",
    "Pa",
    "rad",
    "deg",
    "cm/s",
    "mm/s",
    "mm",
    "um",
    "ppm",
    "mT",
    "uT",
    "T",
    "g/ml",
    "mmol/l",
];

impl RealWorld {
    /// The first mapping of a frame that has a physical unit and a slope.
    pub fn of(frame: FrameView<'_>) -> Option<Self> {
        let mappings = frame.get(tags::REAL_WORLD_VALUE_MAPPING)?;
        mappings.items().find_map(|item| {
            let code = item.first_item(tags::MEASUREMENT_UNITS)?.text(tags::CODE_VALUE)?;
            let unit = UNITS.iter().copied().find(|unit| *unit == code)?;
            let map = match item.float(tags::REAL_WORLD_VALUE_SLOPE) {
                Some(slope) => {
                    let intercept = item.float(tags::REAL_WORLD_VALUE_INTERCEPT).unwrap_or(0.0);
                    let good = slope.is_finite() && slope != 0.0 && intercept.is_finite();
                    good.then_some(RealWorldMap::Linear { slope, intercept })?
                }
                // Required where there is no slope (PS3.3 table C.7.6.16-12b).
                None => table(item)?,
            };
            Some(Self { map, unit })
        })
    }

    /// Slope and intercept, where it has them.
    pub fn linear(&self) -> Option<(f64, f64)> {
        match self.map {
            RealWorldMap::Linear { slope, intercept } => Some((slope, intercept)),
            RealWorldMap::Table(_) => None,
        }
    }
}

/// The table of a mapping; a line, if its values lie on one.
fn table(item: ItemRef<'_>) -> Option<RealWorldMap> {
    let first = item
        .int(tags::REAL_WORLD_VALUE_FIRST_VALUE_MAPPED)
        .or_else(|| item.float(tags::DOUBLE_FLOAT_REAL_WORLD_VALUE_FIRST_VALUE_MAPPED).map(|v| v as i64))?;
    let values = item.floats(tags::REAL_WORLD_VALUE_LUT_DATA);
    let (start, end) = (*values.first()?, *values.last()?);
    if values.len() > MOST_ENTRIES || values.len() < 2 {
        return None;
    }
    let slope = (end - start) / (values.len() - 1) as f64;
    let span = values.iter().fold(0.0, |most: f64, v| most.max(v.abs()));
    let on_line = |(n, v): (usize, &f64)| (start + slope * n as f64 - v).abs() <= 1e-9 * span;
    if slope != 0.0 && slope.is_finite() && values.iter().enumerate().all(on_line) {
        return Some(RealWorldMap::Linear { slope, intercept: start - slope * first as f64 });
    }
    Some(RealWorldMap::Table(RealWorldTable { first, values }))
}
