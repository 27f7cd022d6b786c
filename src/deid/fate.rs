//! What becomes of an element in images and sidecars. In: a tag and its VR, the sidecar's allow-list
//! and the policy. Out: kept, converted, replaced or removed; and counts of that over all headers.
//! Never: keeps what is on no list: unknown means removed (invariant 3).

use super::dates::DatePolicy;
use super::policy::{Policy, PolicyOption};
use super::secrets::Secrets;
use crate::dicom::{Tag, VR};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is done with an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// Written to the sidecar, in BIDS's units.
    Kept,
    /// Goes into something else: geometry and voxels, a role, an age band, days from a first study.
    Converted,
    /// A pseudonymous value stands in its place: subject code, shifted date.
    Replaced,
    /// Not written.
    Removed,
}

/// Elements from which the image itself is made: geometry, pixel format, scaling, order of slices
/// and volumes (PS3.3 C.7.6.2, C.7.6.3, C.7.6.16).
pub(super) const MADE_INTO_IMAGE: &[Tag] = &[
    Tag(0x0018, 0x0088), // SpacingBetweenSlices
    Tag(0x0020, 0x0032), // ImagePositionPatient
    Tag(0x0020, 0x0037), // ImageOrientationPatient
    Tag(0x0020, 0x9157), // DimensionIndexValues
    Tag(0x0028, 0x0002), // SamplesPerPixel
    Tag(0x0028, 0x0004), // PhotometricInterpretation
    Tag(0x0028, 0x0008), // NumberOfFrames
    Tag(0x0028, 0x0010), // Rows
    Tag(0x0028, 0x0011), // Columns
    Tag(0x0028, 0x0030), // PixelSpacing
    Tag(0x0028, 0x0100), // BitsAllocated
    Tag(0x0028, 0x0101), // BitsStored
    Tag(0x0028, 0x0102), // HighBit
    Tag(0x0028, 0x0103), // PixelRepresentation
    Tag(0x0028, 0x1052), // RescaleIntercept
    Tag(0x0028, 0x1053), // RescaleSlope
    Tag(0x0018, 0x9087), // DiffusionBValue
    Tag(0x0018, 0x9089), // DiffusionGradientOrientation
];

/// PatientID.
pub(super) const PATIENT_ID: Tag = Tag(0x0010, 0x0020);
/// PatientBirthDate.
pub(super) const BIRTH_DATE: Tag = Tag(0x0010, 0x0030);
/// PatientSex.
pub(super) const SEX: Tag = Tag(0x0010, 0x0040);
/// PatientAge.
pub(super) const AGE: Tag = Tag(0x0010, 0x1010);
/// StudyDate.
pub(super) const STUDY_DATE: Tag = Tag(0x0008, 0x0020);
/// SeriesDescription.
pub(super) const SERIES_DESCRIPTION: Tag = Tag(0x0008, 0x103e);
/// Dates and times from which the times written to tables are made.
const TIMES: &[Tag] = &[
    STUDY_DATE,
    Tag(0x0008, 0x0022), // AcquisitionDate
    Tag(0x0008, 0x002a), // AcquisitionDateTime
    Tag(0x0008, 0x0032), // AcquisitionTime
];

/// What becomes of an element. `field` says under which BIDS name the sidecar's allow-list has it.
pub fn action(tag: Tag, policy: &Policy, field: &dyn Fn(Tag) -> Option<&'static str>) -> Action {
    if tag == PATIENT_ID {
        return Action::Replaced;
    }
    if TIMES.contains(&tag) {
        return match policy.dates {
            DatePolicy::None => Action::Converted,
            // The time of day stays in its shifted day.
            DatePolicy::Shift => Action::Replaced,
            DatePolicy::Keep => Action::Kept,
        };
    }
    if matches!(tag, BIRTH_DATE | AGE) && policy.holds(PolicyOption::RetainPatientCharacteristics) {
        return Action::Converted;
    }
    if tag == SEX && policy.permits(tag) {
        return Action::Kept;
    }
    if field(tag).is_some() && policy.permits(tag) {
        return Action::Kept;
    }
    if tag == SERIES_DESCRIPTION || MADE_INTO_IMAGE.contains(&tag) || tag.0 == 0x7fe0 {
        return Action::Converted;
    }
    Action::Removed
}

/// What was done to the elements of all headers, by tag. Private and unknown elements are counted
/// together: their numbers may be as telling as their names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ActionCounts {
    pub(super) by_tag: BTreeMap<(Action, Tag), u64>,
    pub(super) private: u64,
    pub(super) unknown: u64,
}

impl ActionCounts {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the elements of one patient's headers.
    pub fn add(&mut self, secrets: &Secrets, policy: &Policy, field: &dyn Fn(Tag) -> Option<&'static str>) {
        for (tag, (vr, count)) in secrets.occurrences() {
            if vr == VR::SQ {
                continue;
            }
            if tag.0 % 2 == 1 {
                self.private += count;
            } else if super::place::keyword(tag).is_none() {
                self.unknown += count;
            } else {
                *self.by_tag.entry((action(tag, policy, field), tag)).or_default() += count;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_means_removed() {
        let policy = Policy::default();
        let field = |tag: Tag| (tag == Tag(0x18, 0x81) || tag == Tag(0x18, 0x1000)).then_some("X");
        let of = |g, e| action(Tag(g, e), &policy, &field);
        assert_eq!(of(0x18, 0x81), Action::Kept);
        assert_eq!(of(0x18, 0x1000), Action::Removed, "a serial number, even if a list had it");
        assert_eq!(of(0x10, 0x10), Action::Removed);
        assert_eq!(of(0x10, 0x20), Action::Replaced);
        assert_eq!(of(0x08, 0x20), Action::Converted);
        assert_eq!(of(0x28, 0x10), Action::Converted);
        assert_eq!(of(0x19, 0x100c), Action::Removed);
        assert_eq!(of(0x0b, 0x10), Action::Removed);
    }
}
