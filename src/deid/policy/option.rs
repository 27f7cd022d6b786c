//! The options of PS3.15 section E.3: code, term, label, where each has an effect, and what it does to this
//! output in plain words. In: nothing. Out: texts and codes. Never: an option without a consequence.

use serde::{Deserialize, Serialize};

use super::DeviceDetail;

/// A code of CID 7050 (PS3.16), scheme DCM.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Code {
    /// Code value.
    pub code: &'static str,
    /// Code meaning.
    pub meaning: &'static str,
}

/// The options of PS3.15 sections E.3.1 to E.3.11, with clean pixel data and visual features.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PolicyOption {
    /// Section E.3.7.
    RetainPatientCharacteristics,
    /// Section E.3.8.
    RetainDeviceIdentity,
    /// Section E.3.11.
    RetainInstitutionIdentity,
    /// Section E.3.6.
    RetainFullDates,
    /// Section E.3.6.
    RetainModifiedDates,
    /// Section E.3.5.
    CleanDescriptors,
    /// Section E.3.9.
    RetainUids,
    /// Section E.3.10.
    RetainSafePrivate,
    /// Section E.3.4.
    CleanStructuredContent,
    /// Section E.3.3.
    CleanGraphics,
    /// Section E.3.1.
    CleanPixelData,
    /// Section E.3.2.
    CleanRecognizableVisualFeatures,
}

/// Where an option has an effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// On images and sidecars.
    Images,
    /// On DICOM output only: a switch without effect where none is written.
    DicomOnly,
    /// Nowhere yet: it cannot be switched on.
    NotAvailable,
}

/// One option as the page shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Effect {
    /// Which.
    pub option: PolicyOption,
    /// Its code in CID 7050 and the standard's term.
    #[serde(flatten)]
    pub code: Code,
    /// The label in plain words.
    pub label: &'static str,
    /// Whether it holds.
    pub on: bool,
    /// Whether it is a switch of its own (the two about dates follow from the date policy).
    pub switch: bool,
    /// Whether a user may change it.
    pub changeable: bool,
    /// Where it has an effect.
    pub reach: Reach,
    /// What that means for this output, as it stands.
    pub consequence: String,
}

impl PolicyOption {
    /// All, in the order of the page: those with an effect on images first.
    pub const ALL: [Self; 12] = [
        Self::RetainPatientCharacteristics,
        Self::RetainDeviceIdentity,
        Self::RetainInstitutionIdentity,
        Self::RetainFullDates,
        Self::RetainModifiedDates,
        Self::CleanDescriptors,
        Self::RetainUids,
        Self::RetainSafePrivate,
        Self::CleanStructuredContent,
        Self::CleanGraphics,
        Self::CleanPixelData,
        Self::CleanRecognizableVisualFeatures,
    ];

    /// Code and meaning: PS3.16 CID 7050.
    pub const fn code(self) -> Code {
        let (code, meaning) = match self {
            Self::CleanPixelData => ("113101", "Clean Pixel Data Option"),
            Self::CleanRecognizableVisualFeatures => ("113102", "Clean Recognizable Visual Features Option"),
            Self::CleanGraphics => ("113103", "Clean Graphics Option"),
            Self::CleanStructuredContent => ("113104", "Clean Structured Content Option"),
            Self::CleanDescriptors => ("113105", "Clean Descriptors Option"),
            Self::RetainFullDates => ("113106", "Retain Longitudinal Temporal Information Full Dates Option"),
            Self::RetainModifiedDates => {
                ("113107", "Retain Longitudinal Temporal Information Modified Dates Option")
            }
            Self::RetainPatientCharacteristics => ("113108", "Retain Patient Characteristics Option"),
            Self::RetainDeviceIdentity => ("113109", "Retain Device Identity Option"),
            Self::RetainUids => ("113110", "Retain UIDs Option"),
            Self::RetainSafePrivate => ("113111", "Retain Safe Private Option"),
            Self::RetainInstitutionIdentity => ("113112", "Retain Institution Identity Option"),
        };
        Code { code, meaning }
    }

    /// The label in plain words.
    pub const fn label(self) -> &'static str {
        match self {
            Self::RetainPatientCharacteristics => "Keep patient's sex and age band",
            Self::RetainDeviceIdentity => "Keep scanner make and model",
            Self::RetainInstitutionIdentity => "Keep institution",
            Self::RetainFullDates => "Keep dates as they are",
            Self::RetainModifiedDates => "Keep dates, shifted",
            Self::CleanDescriptors => "Keep the harmless words of descriptions",
            Self::RetainUids => "Keep UIDs",
            Self::RetainSafePrivate => "Keep private elements known to be safe",
            Self::CleanStructuredContent => "Keep structured content, cleaned",
            Self::CleanGraphics => "Keep overlays and graphics, cleaned",
            Self::CleanPixelData => "Remove text burned into images",
            Self::CleanRecognizableVisualFeatures => "Remove faces",
        }
    }

    /// Where it has an effect.
    pub const fn reach(self) -> Reach {
        match self {
            Self::RetainPatientCharacteristics
            | Self::RetainDeviceIdentity
            | Self::RetainInstitutionIdentity
            | Self::RetainFullDates
            | Self::RetainModifiedDates => Reach::Images,
            Self::CleanDescriptors
            | Self::RetainUids
            | Self::RetainSafePrivate
            | Self::CleanStructuredContent
            | Self::CleanGraphics
            | Self::CleanPixelData => Reach::DicomOnly,
            Self::CleanRecognizableVisualFeatures => Reach::NotAvailable,
        }
    }

    /// What it means for images and sidecars, when on and when off.
    pub(super) const fn consequence(self, on: bool) -> &'static str {
        match (self, on) {
            (Self::RetainPatientCharacteristics, true) => {
                "Sex and a five-year age band (90+ in one) are written to participants.tsv."
            }
            (Self::RetainPatientCharacteristics, false) => "Neither sex nor age is written.",
            (Self::RetainDeviceIdentity, true) => {
                "Make, model and software version are written; serial number and station never are."
            }
            (Self::RetainDeviceIdentity, false) => "Nothing about the scanner's make is written.",
            (Self::RetainInstitutionIdentity, true) => {
                "The institution's name, address and department are written to sidecars."
            }
            (Self::RetainInstitutionIdentity, false) => "Nothing about the institution is written.",
            (Self::RetainFullDates, true) => {
                "Dates and times of acquisition are written as they are; birth dates never are."
            }
            (Self::RetainFullDates, false) => "No original date is written.",
            (Self::RetainModifiedDates, true) => {
                "Each patient's dates move back by one to ten years, all by the same number of days; \
                 intervals and times of day stay."
            }
            (Self::RetainModifiedDates, false) => "No shifted date is written.",
            (Self::CleanDescriptors, _) => {
                "No effect on images: descriptions are never written, the role stands in their place."
            }
            (Self::RetainUids, _) => "No effect on images: they and their sidecars hold no UIDs.",
            (Self::RetainSafePrivate, _) => {
                "No effect on images: private elements are read for the conversion and never written."
            }
            (Self::CleanStructuredContent, _) => "No effect on images: structured content is never written.",
            (Self::CleanGraphics, _) => {
                "No effect on images: overlays, curves and annotations are never written."
            }
            (Self::CleanPixelData, true) => {
                "DICOM images suspected of burned-in text are written only redacted or reviewed, never unseen."
            }
            (Self::CleanPixelData, false) => {
                "DICOM images suspected of burned-in text are left out, unless a reviewer accepts or redacts them."
            }
            (Self::CleanRecognizableVisualFeatures, _) => {
                "Not done in this version: a head scan can show a face, and the certificate says so."
            }
        }
    }
}

impl PolicyOption {
    /// What it means for DICOM objects, where that says more than the words for images.
    pub(super) const fn in_objects(self, on: bool, device: DeviceDetail) -> Option<&'static str> {
        Some(match (self, on) {
            (Self::RetainPatientCharacteristics, true) => {
                "DICOM: sex, age in years (90 and over as 90), size and weight stay; allergies and the like as cleaned words."
            }
            (Self::RetainPatientCharacteristics, false) => "DICOM: sex, age, size and weight go.",
            (Self::RetainDeviceIdentity, true) => match device {
                DeviceDetail::Model => "DICOM: make and model stay; serial numbers and station names go.",
                DeviceDetail::All => "DICOM: serial numbers, station names and device UIDs stay as well.",
            },
            (Self::RetainDeviceIdentity, false) => {
                "DICOM: make and model stay, as the Basic Profile has it; serial numbers and station names go."
            }
            (Self::RetainInstitutionIdentity, true) => "DICOM: name, address and department stay.",
            (Self::RetainInstitutionIdentity, false) => "DICOM: name, address and department go.",
            (Self::RetainFullDates, true) => "DICOM: dates and times stay; birth dates never.",
            (Self::RetainFullDates, false) => return None,
            (Self::RetainModifiedDates, true) => "DICOM: the same shift for every date of a patient.",
            (Self::RetainModifiedDates, false) => return None,
            (Self::CleanDescriptors, true) => {
                "Words of scanners stay in descriptions and comments; names, dates, numbers and addresses go."
            }
            (Self::CleanDescriptors, false) => "Descriptions and comments go.",
            (Self::RetainUids, true) => "UIDs stay as they are, and lead back to the archive that gave them.",
            (Self::RetainUids, false) => "UIDs are replaced under the project key, alike in every file.",
            (Self::RetainSafePrivate, true) => {
                "Private elements of the standard's list stay; texts in them only if all words are scanners' own."
            }
            (Self::RetainSafePrivate, false) => "All private elements go.",
            (Self::CleanStructuredContent, true) => {
                "Structured reports are written, their texts, names and dates cleaned."
            }
            (Self::CleanStructuredContent, false) => "Structured reports are left out.",
            (Self::CleanGraphics, true) => {
                "Overlays that are regions of interest stay, graphic annotations without their texts."
            }
            (Self::CleanGraphics, false) => "Overlays and annotations go.",
            (Self::CleanPixelData | Self::CleanRecognizableVisualFeatures, _) => return None,
        })
    }
}

/// What an option does to images and to objects; of one that concerns objects only, the latter.
pub(super) fn join(images: &str, objects: &str) -> String {
    if images.starts_with("No effect on images") { objects.to_owned() } else { format!("{images} {objects}") }
}
