//! The name that a volume would like to have in the archive.
//!
//! In: the volume, its series, its role. Out: the parts of a BIDS-like name; which of several may have it is the
//! plan's matter.

use super::catalogue::{StudyEntry, VolumeEntry};
use super::plan::{PlannedPatient, PlannedStudy, PlannedVolume};
use crate::convert::resample::Mended;
use crate::dataset::{Copy as NameCopy, FieldMap, Modality, Part, Plane as NamePlane, VolumeName};
use crate::hanging::facts::{ComplexPart, Plane};

/// The name that a volume would like to have.
pub(super) fn wish(
    volume: &VolumeEntry,
    study: &StudyEntry,
    patient: &PlannedPatient,
    planned_study: &PlannedStudy,
    planned: &PlannedVolume,
) -> VolumeName {
    let stack = &volume.stack;
    let siblings: Vec<&VolumeEntry> = study
        .series
        .iter()
        .find(|s| s.volumes.iter().any(|v| v.id == volume.id))
        .map(|s| s.volumes.iter().collect())
        .unwrap_or_default();
    let mut echoes: Vec<u64> =
        siblings.iter().filter_map(|v| v.stack.echo_time_ms).map(f64::to_bits).collect();
    echoes.sort_unstable();
    echoes.dedup();
    let echo = stack
        .echo_time_ms
        .filter(|_| echoes.len() > 1)
        .and_then(|te| echoes.iter().position(|e| *e == te.to_bits()))
        .map(|n| n as u32 + 1)
        .or_else(|| volume.facts.echo_number.filter(|n| *n > 1));
    let other_parts = siblings.iter().any(|v| v.stack.part != stack.part);
    let part = match stack.part {
        ComplexPart::Magnitude => other_parts.then_some(Part::Mag),
        ComplexPart::Phase => Some(Part::Phase),
        ComplexPart::Real => Some(Part::Real),
        ComplexPart::Imaginary => Some(Part::Imag),
    };
    let facts = &volume.facts;
    VolumeName {
        subject: patient.subject.as_str().to_owned(),
        session: planned_study.session.clone(),
        role: planned.role.role.as_ref().map(|role| archive_role(role.as_str(), stack.part).to_owned()),
        occurrence: planned.role.occurrence.max(1),
        echo,
        part,
        contrast: planned.role.seconds_after_bolus.is_some_and(|s| s > 0.0),
        fat_sat: facts.fat_saturated == Some(true) || facts.scan_options.iter().any(|o| o == "FS"),
        plane: match facts.plane {
            Some(Plane::Coronal) => NamePlane::Coronal,
            Some(Plane::Sagittal) => NamePlane::Sagittal,
            _ => NamePlane::Axial,
        },
        b_value: match facts.b_values.as_slice() {
            [b] => Some(b.round() as u32),
            _ => None,
        },
        phase_encoding: None,
        copy: stack.resampling.as_ref().map(|r| match r.mended {
            Mended::Tilt => NameCopy::Tilt,
            Mended::Spacing => NameCopy::Spacing,
            Mended::TiltAndSpacing => NameCopy::TiltAndSpacing,
        }),
        timepoints: stack.times,
        gradients: stack.b_values.is_some(),
        phase_difference: stack.echo_pair_ms.is_some(),
        field_map: if stack.field_map {
            Some(FieldMap::Hertz)
        } else {
            siblings.iter().any(|v| v.stack.field_map).then_some(FieldMap::Magnitude)
        },
        repetition_time: facts.repetition_time_ms.is_some_and(|t| t > 0.0),
        modality: match facts.modality.as_deref() {
            Some("CT") => Modality::Ct,
            Some("MR") | None => Modality::Mr,
            Some(_) => Modality::Other,
        },
    }
}

/// The archive's word for a hanging role, where it is another.
fn archive_role(role: &str, part: ComplexPart) -> &str {
    match (role, part) {
        ("t1_ce", _) => "t1_post",
        ("fieldmap", ComplexPart::Phase) => "fieldmap_phase",
        ("fieldmap", _) => "fieldmap_magnitude",
        ("ct_axial" | "ct_coronal" | "ct_sagittal", _) => "ct",
        (role, _) => role,
    }
}
