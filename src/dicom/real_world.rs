//! Real World Value Mapping (PS3.3 C.7.6.16.2.11): what stored values mean, with a unit.
//!
//! In: a frame. Out: a slope, an intercept and a unit of a short list. Mappings by table (0040,9212)
//! and those without a physical unit are left to whoever reads the DICOM file.

use super::header::FrameView;
use super::tags;

/// `value = slope · stored + intercept`, in `unit`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RealWorld {
    /// Unit a stored unit.
    pub slope: f64,
    /// The value of a stored 0.
    pub intercept: f64,
    /// A UCUM code (PS3.16, CID 83 and 84).
    pub unit: &'static str,
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
            let slope = item.float(tags::REAL_WORLD_VALUE_SLOPE).filter(|s| s.is_finite() && *s != 0.0)?;
            let intercept = item.float(tags::REAL_WORLD_VALUE_INTERCEPT).unwrap_or(0.0);
            intercept.is_finite().then_some(Self { slope, intercept, unit })
        })
    }
}
