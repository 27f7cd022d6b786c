//! Objects that are not written. In: a header. Out: why an object can't be de-identified at all. Never:
//! looks at pixels: text in them is the matter of [`super::super::pixels`].

use super::super::pixels::Suspicion;
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
    /// A reviewer left it out, or the template for its device does.
    #[error("a reviewer left it out")]
    LeftOut,
    /// Boxes that were to be drawn aren't within the image.
    #[error("a box to redact isn't within the image")]
    BoxOutside,
    /// A volume that may show a face, under a policy that leaves these out.
    #[error("it may show a face")]
    Face,
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

/// The object's SOP class.
pub(super) fn class(header: &Header) -> String {
    let named = header.root().text(tags::SOP_CLASS_UID);
    named.or_else(|| header.meta().text(Tag(0x0002, 0x0002))).unwrap_or_default()
}

/// Storage classes of images, each with those below it, under 1.2.840.10008.5.1.4.1.1 (PS3.4 table B.5-1):
/// their pixel data are of type 1.
const IMAGES: &[&str] = &[
    "1", "2", "3.1", "4", "4.1", "4.3", "4.4", "6.1", "6.2", "7", "12.1", "12.2", "13.1", "20", "77.1",
    "128", "130",
];

/// Raw data: Philips names rows and columns of what they were measured for (PS3.3 A.37 has no pixel data).
const RAW_DATA: &str = "1.2.840.10008.5.1.4.1.1.66";

/// Whether an object isn't whole without pixels: an image, or what has rows of them.
pub(super) fn needs_pixels(class: &str, has_rows: bool) -> bool {
    is_image(class) || (has_rows && class != RAW_DATA)
}

fn is_image(class: &str) -> bool {
    let Some(number) = class.strip_prefix("1.2.840.10008.5.1.4.1.1.") else { return false };
    let below =
        |known: &str| number.strip_prefix(known).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    number != "4.2" && IMAGES.iter().any(|known| below(known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn raw_data_with_rows_but_without_pixels_are_whole() {
        assert!(!needs_pixels(RAW_DATA, true));
        assert!(needs_pixels("1.2.840.10008.5.1.4.1.1.4", false));
        assert!(needs_pixels("1.2.3.4", true) && !needs_pixels("1.2.3.4", false));
    }
}
