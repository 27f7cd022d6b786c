//! What a DICOM object is, by its SOP class (PS3.4 §B.5, PS3.3): image to convert, or what else.

use crate::dataset::{FailReason, SkipReason};
use crate::dicom::{DicomError, Header, tags};

/// What intake does with an object.
pub(crate) enum Kind {
    Image,
    Skip(SkipReason),
    Fail(FailReason),
}

/// SOP classes, by the start of their UID, that hold no image to convert. Source: PS3.6 table A-1.
#[rustfmt::skip]
const OTHER_OBJECTS: &[(&str, SkipReason)] = &[
    ("1.2.840.10008.1.3.10", SkipReason::Dicomdir),
    ("1.2.840.10008.5.1.4.1.1.88.59", SkipReason::OtherObject),      // key object selection
    ("1.2.840.10008.5.1.4.1.1.88.", SkipReason::StructuredReport),
    ("1.2.840.10008.5.1.4.1.1.11.", SkipReason::PresentationState),
    ("1.2.840.10008.5.1.4.1.1.66.4", SkipReason::Segmentation),
    ("1.2.840.10008.5.1.4.1.1.66.7", SkipReason::Segmentation),      // label map segmentation
    ("1.2.840.10008.5.1.4.1.1.66", SkipReason::RawData),             // raw data, registration, fiducials
    ("1.2.840.10008.5.1.4.1.1.104.", SkipReason::Document),
    ("1.2.840.10008.5.1.4.1.1.7", SkipReason::SecondaryCapture),     // and its multi-frame forms
    ("1.2.840.10008.5.1.4.1.1.9.", SkipReason::OtherObject),         // waveforms
    ("1.2.840.10008.5.1.4.1.1.4.2", SkipReason::RawData),            // MR spectroscopy
    ("1.2.840.10008.5.1.4.1.1.481.", SkipReason::OtherObject),       // radiotherapy
    ("1.3.12.2.1107.5.9.1", SkipReason::RawData),                    // Siemens CSA non-image
];

/// RT dose and image storage are pictures, but not of the kind that is converted.
const CONVERTED_MODALITIES: &[&str] = &["MR", "CT", "PT", "NM", ""];

/// Says what to do with an object.
pub(crate) fn classify(header: &Header, file_size: u64) -> Kind {
    let root = header.root();
    let class = root
        .text(tags::SOP_CLASS_UID)
        .or_else(|| header.meta().text(dicom_dictionary_std::tags::MEDIA_STORAGE_SOP_CLASS_UID))
        .unwrap_or_default();
    if let Some((_, reason)) = OTHER_OBJECTS.iter().find(|(prefix, _)| class.starts_with(prefix)) {
        return Kind::Skip(*reason);
    }
    if let Some(damage) = header.damage() {
        return Kind::Fail(fail_reason(damage));
    }
    let Some(pixels) = header.pixels() else { return Kind::Skip(SkipReason::NoPixelData) };
    let modality = root.text(tags::MODALITY).unwrap_or_default().to_ascii_uppercase();
    if !CONVERTED_MODALITIES.contains(&modality.as_str()) {
        return Kind::Skip(SkipReason::OtherModality);
    }
    let palette = || {
        let text = root.text(tags::PHOTOMETRIC_INTERPRETATION).unwrap_or_default();
        text.trim_start().to_ascii_uppercase().starts_with("PALETTE")
    };
    if root.int(tags::SAMPLES_PER_PIXEL).is_some_and(|n| n > 1) || palette() {
        return Kind::Skip(SkipReason::Colour);
    }
    if !header.syntax().is_supported() {
        return Kind::Fail(FailReason::TransferSyntax);
    }
    if !header.syntax().deflated && pixels.len.is_some_and(|len| pixels.offset + len > file_size + 1) {
        return Kind::Fail(FailReason::Truncated);
    }
    Kind::Image
}

/// Whether an object that is skipped is a picture all the same, which can be converted where that is wanted.
pub(crate) fn may_be_asked_for(header: &Header, why: SkipReason) -> bool {
    matches!(why, SkipReason::SecondaryCapture | SkipReason::Colour | SkipReason::OtherModality)
        && header.damage().is_none()
        && header.pixels().is_some()
        && header.syntax().is_supported()
}

/// A reading error, as a reason of the report.
pub(crate) fn fail_reason(error: &DicomError) -> FailReason {
    match error {
        DicomError::Truncated { .. } => FailReason::Truncated,
        DicomError::OverBudget { .. } => FailReason::OverBudget,
        DicomError::TransferSyntax { .. } => FailReason::TransferSyntax,
        DicomError::PixelDescription { what: "no geometry" } => FailReason::Geometry,
        DicomError::PixelDescription { .. } => FailReason::Dimensions,
        DicomError::PixelsShort { .. } | DicomError::FrameMismatch { .. } => FailReason::PixelSize,
        DicomError::Codestream { .. } => FailReason::Codec,
        DicomError::Unreadable => FailReason::Io,
        _ => FailReason::Unreadable,
    }
}
