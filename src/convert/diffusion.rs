//! b-values and b-vectors in FSL's convention.
//!
//! In: a frame's direction as its vendor stores it, and the plane it was measured in. Out: the
//! direction along the stored image's axes, unit length, zero for b = 0. The stored grid has a
//! negative determinant (see `geometry`), so FSL's flip of x does not apply.

use super::geometry::Axes;
use super::instance::Frame;
use crate::volume::grid::{dot, norm};

/// Which frame of reference a vendor's stored direction is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DirectionFrame {
    /// Patient coordinates, LPS (PS3.3 C.8.13.5.9; Siemens, Philips, UIH, Canon).
    Patient,
    /// GE: along frequency, phase and slice axes of the image, phase being rows (`ROW`) or columns.
    GeImage {
        /// InPlanePhaseEncodingDirection is ROW.
        phase_along_rows: bool,
    },
}

/// The b-vector of a frame along the stored axes (x along rows, y against columns, z along normal).
pub(crate) fn b_vector(frame: &Frame, kind: DirectionFrame) -> [f64; 3] {
    const ZERO: [f64; 3] = [0.0; 3];
    if frame.b_value.is_none_or(|b| b < 1e-3) {
        return ZERO;
    }
    let (Some(direction), Some(axes)) = (frame.gradient, frame.orientation.and_then(Axes::of)) else {
        return ZERO;
    };
    let along = match kind {
        DirectionFrame::Patient => {
            [dot(direction, axes.row), -dot(direction, axes.column), dot(direction, axes.normal)]
        }
        DirectionFrame::GeImage { phase_along_rows } => {
            let [frequency, phase, slice] = direction;
            if phase_along_rows { [phase, -frequency, slice] } else { [frequency, phase, slice] }
        }
    };
    let length = norm(along);
    if length < 1e-6 { ZERO } else { along.map(|v| v / length + 0.0) }
}
