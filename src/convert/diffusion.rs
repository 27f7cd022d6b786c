//! b-values and b-vectors: from wherever a vendor keeps them to FSL's convention.
//!
//! In: one frame's header ([`Diffusion::of`]) and the plane it was measured in. Out: the b-value
//! (s/mm²) and the direction along the stored image's axes ([`b_vector`]), unit length, zero where
//! there is none. The stored grid has a negative determinant (see `geometry`), so FSL's flip of x does
//! not apply. Never: a direction for an image that has no diffusion weighting.

use super::geometry::Axes;
use super::instance::{Frame, numbers};
use crate::dicom::csa::Csa;
use crate::dicom::{FrameView, VR, tags};
use crate::volume::grid::{dot, norm};

/// Which frame of reference a vendor's stored direction is in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum DirectionFrame {
    /// Patient coordinates, LPS (PS3.3 C.8.13.5.9; Siemens, Philips, Toshiba).
    #[default]
    Patient,
    /// The image: along rows, down the columns, along row × column (UIH).
    Image,
    /// GE's logical axes: frequency, phase, slice. The slice axis points to the right, front or head,
    /// phase runs up the screen or to its left, and the three are right-handed.
    Logical {
        /// InPlanePhaseEncodingDirection (0018,1312) is ROW.
        phase_along_rows: bool,
    },
}

/// The diffusion weighting of one frame.
#[derive(Clone, Copy, Default)]
pub(crate) struct Diffusion {
    /// s/mm².
    pub(crate) b_value: Option<f64>,
    /// In the vendor's frame of reference, unit length or zero.
    pub(crate) direction: Option<[f64; 3]>,
    pub(crate) reference: DirectionFrame,
    /// A frame of a diffusion series, by its own header, even where nothing weights it (b = 0).
    pub(crate) in_diffusion_series: bool,
}

const SIEMENS: &str = "SIEMENS MR HEADER";
const PHILIPS: &str = "Philips Imaging DD 001";
const PHILIPS_MR: &str = "Philips MR Imaging DD 001";
const UIH: &str = "Image Private Header";
const GE: &str = "GEMS_ACQU_01";
const GE_PARAMETERS: &str = "GEMS_PARM_01";

impl Diffusion {
    /// Reads a frame's; `image_type` is its image or frame type in capitals. Private elements go before public ones only where a vendor's public ones are
    /// known to be the prescribed, not the played values (UIH).
    pub(crate) fn of(view: FrameView<'_>, csa: Option<&Csa>, image_type: &[String]) -> Self {
        let maker = view.root().text(tags::MANUFACTURER).unwrap_or_default().to_ascii_uppercase();
        let private = |group, creator, offset, vr| {
            view.private(group, creator, offset).map(|e| numbers(e, vr)).filter(|v| !v.is_empty())
        };
        let first = |values: Option<Vec<f64>>| values.and_then(|v| v.first().copied());
        let three = |values: Option<Vec<f64>>| values.and_then(|v| <[f64; 3]>::try_from(v).ok());
        let phase_along_rows = view
            .text(tags::IN_PLANE_PHASE_ENCODING_DIRECTION)
            .is_some_and(|d| d.trim().eq_ignore_ascii_case("ROW"));
        let logical = DirectionFrame::Logical { phase_along_rows };
        let mut found = if let Some(of_uih) = three(private(0x0065, UIH, 0x37, VR::FD)) {
            let b_value = first(private(0x0065, UIH, 0x09, VR::FD));
            Self { b_value, direction: Some(of_uih), reference: DirectionFrame::Image, ..Self::default() }
        } else if let Some(comment) = canon_comment(view, &maker) {
            Self { reference: logical, ..comment }
        } else if let Some(direction) = ge_direction(view) {
            let stored = first(private(0x0043, GE_PARAMETERS, 0x39, VR::IS));
            // GE marks some b-values by adding 10⁹ to them.
            let b_value = stored.map(|b| if b >= 1e9 { b - 1e9 } else { b });
            Self { b_value, direction: Some(direction), reference: logical, ..Self::default() }
                .scaled_by_length()
        } else {
            let part = |offset| first(private(0x2005, PHILIPS_MR, offset, VR::FL));
            let philips = || Some([part(0xB0)?, part(0xB1)?, part(0xB2)?]);
            let direction = three(Some(view.floats(tags::DIFFUSION_GRADIENT_ORIENTATION)))
                .or_else(|| three(private(0x0019, SIEMENS, 0x0E, VR::FD)))
                .or_else(|| three(csa.map(|csa| csa.floats("DiffusionGradientDirection"))))
                .or_else(philips);
            Self { direction, ..Self::default() }
        };
        let of_siemens = first(private(0x0019, SIEMENS, 0x0C, VR::IS))
            .or_else(|| csa.and_then(|csa| csa.float("B_value")));
        found.b_value = found
            .b_value
            .or_else(|| view.float(tags::DIFFUSION_B_VALUE))
            .or(of_siemens)
            .or_else(|| first(private(0x0043, GE_PARAMETERS, 0x39, VR::IS)))
            .or_else(|| first(private(0x2001, PHILIPS, 0x03, VR::FL)))
            .or_else(|| first(private(0x0065, UIH, 0x09, VR::FD)))
            .filter(|b| (0.0..=100_000.0).contains(b));
        found.direction = found.direction.filter(|v| v.iter().all(|x| x.is_finite() && x.abs() <= 1.5));
        // Philips and GE write b = 0 into everything; Siemens writes a b-value into diffusion series only.
        let of_a_shot = found.direction.is_some_and(|v| norm(v) > 0.5);
        // Image and frame type: PS3.3 C.8.13.3.1.1.
        let says = |word: &str| image_type.iter().any(|kind| kind == word);
        let by_type = says("ORIGINAL") && says("DIFFUSION");
        found.in_diffusion_series = found.b_value.is_some() && (of_siemens.is_some() || of_a_shot || by_type);
        found
    }

    /// GE plays several shells by shortening the vector of the strongest: b goes with its square.
    ///
    /// Lengths near 1 are rounding, lengths near 0 no direction (as dcm2niix takes them).
    fn scaled_by_length(self) -> Self {
        let Some((b, direction)) = self.b_value.zip(self.direction) else { return self };
        let length = norm(direction);
        if length > 0.03 && length < 0.97 {
            let b_value = (b * length * length).round();
            return Self { b_value: Some(b_value), direction: Some(direction.map(|v| v / length)), ..self };
        }
        self
    }
}

/// GE: DTI diffusion direction, (0019,xxBB) to (0019,xxBD).
fn ge_direction(view: FrameView<'_>) -> Option<[f64; 3]> {
    let part = |offset| numbers(view.private(0x0019, GE, offset)?, VR::DS).first().copied();
    Some([part(0xBB)?, part(0xBC)?, part(0xBD)?])
}

/// Canon: `b=1500(0.445,0.000,0.895)` in ImageComments (0020,4000), along phase, frequency and slice.
fn canon_comment(view: FrameView<'_>, maker: &str) -> Option<Diffusion> {
    if !(maker.starts_with("CANON") || maker.starts_with("TOSHIBA")) {
        return None;
    }
    let text = view.root().text(tags::IMAGE_COMMENTS)?;
    let (b, rest) = text.trim().strip_prefix("b=")?.split_once('(')?;
    let parts: Vec<f64> = rest.split_once(')')?.0.split(',').map_while(|p| p.trim().parse().ok()).collect();
    let [phase, frequency, slice] = <[f64; 3]>::try_from(parts).ok()?;
    Some(Diffusion {
        b_value: b.trim().parse().ok(),
        direction: Some([frequency, phase, slice]),
        ..Diffusion::default()
    })
}

/// The b-vector of a frame along the stored axes (x along rows, y against columns, z along normal).
///
/// Zero at b = 0, whatever direction the header gives: FSL and BIDS take no other. A b-value above
/// zero, however small, keeps its direction.
pub(crate) fn b_vector(frame: &Frame) -> [f64; 3] {
    const ZERO: [f64; 3] = [0.0; 3];
    if frame.b_value.is_none_or(|b| b <= 0.0) {
        return ZERO;
    }
    let (Some(direction), Some(axes)) = (frame.gradient, frame.orientation.and_then(Axes::of)) else {
        return ZERO;
    };
    let along = match frame.gradient_reference {
        DirectionFrame::Patient => {
            [dot(direction, axes.row), -dot(direction, axes.column), dot(direction, axes.normal)]
        }
        DirectionFrame::Image => [direction[0], -direction[1], direction[2]],
        DirectionFrame::Logical { phase_along_rows } => {
            let [frequency, phase, slice] = direction;
            let sense = towards_ras(axes.normal);
            if phase_along_rows {
                [-phase, -sense * frequency, sense * slice]
            } else {
                [-sense * frequency, phase, sense * slice]
            }
        }
    };
    let length = norm(along);
    if length < 1e-6 { ZERO } else { along.map(|v| v / length + 0.0) }
}

/// 1 where a direction (LPS) points to the right, front or head by its greatest part, else -1.
fn towards_ras(normal: [f64; 3]) -> f64 {
    let ras = [-normal[0], -normal[1], normal[2]];
    let greatest = ras.into_iter().max_by(|a, b| a.abs().total_cmp(&b.abs())).unwrap_or(1.0);
    if greatest < 0.0 { -1.0 } else { 1.0 }
}
