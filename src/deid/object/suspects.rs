//! Objects that are not written, or not without a look. In: a header. Out: why an object can't be
//! de-identified at all, and whether text may be burned into its pixels. Never: looks at pixels.

use super::super::policy::{Policy, PolicyOption};
use super::codestream::Family;
use crate::dicom::{Header, Tag, tags};
use serde::Serialize;

/// Why an object is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Exclusion {
    /// A directory of media, which names files and patients.
    #[error("a directory of media (DICOMDIR)")]
    Directory,
    /// A document in a format of its own, such as PDF.
    #[error("a document that can't be searched (PDF and the like)")]
    Document,
    /// A structured report, without *Clean Structured Content*.
    #[error("a structured report; the option clean structured content writes it")]
    StructuredReport,
    /// A recorded voice.
    #[error("recorded voice or sound")]
    Audio,
    /// A video, whose stream can't be searched.
    #[error("a video, or a transfer syntax whose frames can't be searched")]
    Video,
    /// A private object without pixels: it is made of private elements.
    #[error("an object of a vendor's own kind, without pixels")]
    PrivateObject,
    /// An object of no patient.
    #[error("an object of no patient")]
    NoPatient,
    /// An image that may have text burned into its pixels.
    #[error("text may be burned into its pixels")]
    BurnedIn(Suspicion),
}

impl Exclusion {
    /// A word of ours for tables: `structured_report`, `burned_in_declared`.
    pub fn id(self) -> String {
        match serde_json::to_value(self) {
            Ok(serde_json::Value::String(id)) => id,
            Ok(serde_json::Value::Object(fields)) => fields
                .iter()
                .map(|(name, inner)| format!("{name}_{}", inner.as_str().unwrap_or_default()))
                .collect(),
            _ => String::new(),
        }
    }
}

/// Why text is suspected in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Suspicion {
    /// BurnedInAnnotation says so.
    Declared,
    /// A secondary capture.
    SecondaryCapture,
    /// A modality whose screens carry text.
    Modality,
    /// ImageType names a screen, a dose page or a report.
    Screen,
}

/// Classes of which nothing is written, by the start of their UID.
const NOT_WRITTEN: &[(&str, Exclusion)] = &[
    ("1.2.840.10008.1.3.10", Exclusion::Directory),
    ("1.2.840.10008.5.1.4.1.1.104.", Exclusion::Document),
    ("1.2.840.10008.5.1.4.1.1.9.4.", Exclusion::Audio),
    ("1.2.840.10008.5.1.4.38.", Exclusion::NoPatient),
    ("1.2.840.10008.5.1.4.39.", Exclusion::NoPatient),
    ("1.2.840.10008.5.1.4.43.", Exclusion::NoPatient),
    ("1.2.840.10008.5.1.4.44.", Exclusion::NoPatient),
    ("1.2.840.10008.5.1.4.45.", Exclusion::NoPatient),
];

const REPORT: &str = "1.2.840.10008.5.1.4.1.1.88.";
const SECONDARY_CAPTURE: &str = "1.2.840.10008.5.1.4.1.1.7";
const ULTRASOUND: [&str; 4] = [
    "1.2.840.10008.5.1.4.1.1.6.1",
    "1.2.840.10008.5.1.4.1.1.6.2",
    "1.2.840.10008.5.1.4.1.1.3.1",
    "1.2.840.10008.5.1.4.1.1.6",
];

/// Modalities whose images are screens, scans of paper, photographs or endoscopes with overlays.
const MODALITIES: [&str; 12] = ["US", "IVUS", "OT", "SC", "DOC", "ES", "XC", "GM", "HC", "FS", "DG", "BDUS"];

/// Words of ImageType that name pages made for the eye.
const SCREENS: [&str; 12] = [
    "SCREEN SAVE",
    "SCREENSAVE",
    "SCREENSHOT",
    "SCREEN",
    "DOSE",
    "DOSE_INFO",
    "PROTOCOL",
    "REPORT",
    "SNAPSHOT",
    "PASTED",
    "CAPTURE",
    "PRINT",
];

/// Why an object isn't written, whatever is in it.
pub fn exclusion(header: &Header, policy: &Policy) -> Option<Exclusion> {
    let class = class(header);
    if let Some((_, why)) = NOT_WRITTEN.iter().find(|(prefix, _)| class.starts_with(prefix)) {
        return Some(*why);
    }
    if header.root().get(Tag(0x0004, 0x1220)).is_some() {
        return Some(Exclusion::Directory);
    }
    if header.root().get(Tag(0x0042, 0x0011)).is_some() {
        return Some(Exclusion::Document);
    }
    let report = class.starts_with(REPORT) || header.root().get(Tag(0x0040, 0xA730)).is_some();
    if report && !policy.holds(PolicyOption::CleanStructuredContent) {
        return Some(Exclusion::StructuredReport);
    }
    match header.pixels() {
        None if !class.starts_with("1.2.840.10008.") => Some(Exclusion::PrivateObject),
        Some(pixels) if pixels.len.is_none() && Family::of(header.syntax().uid).is_none() => {
            Some(Exclusion::Video)
        }
        _ => None,
    }
}

/// Why text may be burned into the pixels, if it may.
pub fn suspicion(header: &Header) -> Option<Suspicion> {
    header.pixels()?;
    let root = header.root();
    let class = class(header);
    let declared = root.text(tags::BURNED_IN_ANNOTATION).unwrap_or_default().to_ascii_uppercase();
    if declared.starts_with('Y') {
        return Some(Suspicion::Declared);
    }
    if class.starts_with(SECONDARY_CAPTURE) && !class.starts_with("1.2.840.10008.5.1.4.1.1.77") {
        return Some(Suspicion::SecondaryCapture);
    }
    let modality = root.text(tags::MODALITY).unwrap_or_default().to_ascii_uppercase();
    if ULTRASOUND.contains(&class.as_str()) || MODALITIES.contains(&modality.as_str()) {
        return Some(Suspicion::Modality);
    }
    if root.text(Tag(0x0008, 0x0064)).is_some() {
        return Some(Suspicion::SecondaryCapture); // ConversionType
    }
    let words = root.strings(tags::IMAGE_TYPE);
    let screen = |word: &String| {
        SCREENS.contains(&word.to_ascii_uppercase().replace('_', " ").as_str())
            || SCREENS.contains(&word.to_ascii_uppercase().as_str())
    };
    words.iter().any(screen).then_some(Suspicion::Screen)
}

/// The object's SOP class.
pub(super) fn class(header: &Header) -> String {
    let named = header.root().text(tags::SOP_CLASS_UID);
    named.or_else(|| header.meta().text(Tag(0x0002, 0x0002))).unwrap_or_default()
}
