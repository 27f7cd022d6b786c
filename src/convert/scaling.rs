//! Stored values → values with units: PS3.3 C.7.6.16.2.9 and 2.11, and Philips' private precise values.

use std::sync::Arc;

use super::instance::Frame;
use crate::dicom::RealWorldTable;

/// Which of the values that Philips' headers give for magnitude images.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PhilipsValues {
    /// The precise ones, which compare between series (dcm2niix's `-p y`).
    #[default]
    Precise,
    /// Those that the scanner displayed (dcm2niix's `-p n`).
    Displayed,
}

/// `value = slope · stored + intercept`, or what a table says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Rescale {
    pub(crate) slope: f64,
    pub(crate) intercept: f64,
    /// Stands for slope and intercept.
    pub(crate) table: Option<Arc<RealWorldTable>>,
}

impl Rescale {
    pub(crate) const IDENTITY: Self = Self { slope: 1.0, intercept: 0.0, table: None };

    /// Of one frame. Where it is wanted and there, Philips' precise value, `(stored·RS + RI) / (RS·SS)`, which compares
    /// between series as the displayed one doesn't (Chenevert et al., Transl Oncol 2014;7:65–71).
    pub(crate) fn of(frame: &Frame, precise: bool) -> Self {
        match frame.scale_slope {
            Some(scale) if precise => {
                Self { slope: 1.0 / scale, intercept: frame.intercept / (frame.slope * scale), table: None }
            }
            _ => Self { slope: frame.slope, intercept: frame.intercept, table: frame.table.clone() },
        }
    }

    pub(crate) fn apply(&self, stored: f64) -> f64 {
        match &self.table {
            Some(table) => table.value(stored),
            None => self.slope * stored + self.intercept,
        }
    }
}

/// One rescale for all frames, or none that serves all: a table is none that a header could hold.
pub(crate) fn common(frames: impl Iterator<Item = Rescale>) -> Option<Rescale> {
    let mut frames = frames;
    let first = frames.next()?;
    let close = |a: f64, b: f64| (a - b).abs() <= 1e-9 * a.abs().max(b.abs());
    let linear = |r: &Rescale| r.table.is_none();
    let same = |r: Rescale| linear(&r) && close(r.slope, first.slope) && close(r.intercept, first.intercept);
    (linear(&first) && frames.all(same)).then_some(first)
}
