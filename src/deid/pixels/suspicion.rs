//! Whether text may be burned into an object's pixels, by its header alone. In: a header. Out: why it is
//! suspected, and how strongly. Never: looks at pixels (that is `search`), or trusts a denial in the header.
//!
//! The rules are data. Sources: PS3.3 C.7.6.1.1.2 (ImageType), C.8.6.1 (ConversionType), C.7.6.1.1.5
//! (BurnedInAnnotation), PS3.6 table A-1 (SOP classes), PS3.3 C.7.3.1.1.1 (Modality); which of them carry text
//! in practice: PS3.15 §E.3.1, the report of the MIDI task group (2023), and the defaults of the RSNA's CTP.

use crate::dicom::{Header, Tag, tags};
use serde::{Deserialize, Serialize};

/// Why text is suspected in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Suspicion {
    /// BurnedInAnnotation says so.
    Declared,
    /// A secondary capture.
    SecondaryCapture,
    /// A modality whose screens carry text.
    Modality,
    /// ImageType names a screen, a dose page or a report.
    Screen,
    /// Colour in a modality that measures grey values: a rendering or a saved screen.
    Colour,
    /// What looks like lines of text was found in the pixels.
    Text,
    /// The header leaves it open, and the pixels can't be decoded to look.
    Unseen,
}

impl Suspicion {
    /// Every reason.
    pub const ALL: [Self; 7] = [
        Self::Declared,
        Self::SecondaryCapture,
        Self::Modality,
        Self::Screen,
        Self::Colour,
        Self::Text,
        Self::Unseen,
    ];

    /// The reason in words, after "text may be burned into its pixels: ".
    pub const fn words(self) -> &'static str {
        match self {
            Self::Declared => "the header says so",
            Self::SecondaryCapture => "a secondary capture",
            Self::Modality => "the modality",
            Self::Screen => "a page made for the eye",
            Self::Colour => "colour where a scanner makes none",
            Self::Text => "what looks like text was found",
            Self::Unseen => "the header leaves it open and the pixels can't be searched",
        }
    }
}

/// How strong the header's word is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Strength {
    /// Text is usual: left out unless a person has looked.
    Usual(Suspicion),
    /// Text happens: left out if it is found, or if the pixels can't be searched.
    Possible,
    /// Text is rare: left out if it is found.
    Rare,
}

const SECONDARY_CAPTURE: &str = "1.2.840.10008.5.1.4.1.1.7";

/// Classes by the start of their UID (PS3.6 table A-1).
#[rustfmt::skip]
const CLASSES: &[(&str, Strength)] = &[
    ("1.2.840.10008.5.1.4.1.1.77.", Strength::Possible),  // visible light: also whole slides with labels
    ("1.2.840.10008.5.1.4.1.1.6", Strength::Usual(Suspicion::Modality)),   // ultrasound
    ("1.2.840.10008.5.1.4.1.1.3", Strength::Usual(Suspicion::Modality)),   // ultrasound multi-frame
    ("1.2.840.10008.5.1.4.1.1.1", Strength::Possible),    // radiographs, mammographs, digitised films
    ("1.2.840.10008.5.1.4.1.1.12.", Strength::Possible),  // angiographs, fluoroscopy
];

/// Modalities (PS3.3 C.7.3.1.1.1).
#[rustfmt::skip]
const MODALITIES: &[(&str, Strength)] = &[
    ("US", Strength::Usual(Suspicion::Modality)), ("IVUS", Strength::Usual(Suspicion::Modality)),
    ("BDUS", Strength::Usual(Suspicion::Modality)), // screens of ultrasound machines
    ("OT", Strength::Usual(Suspicion::Modality)), ("SC", Strength::Usual(Suspicion::Modality)),
    ("DOC", Strength::Usual(Suspicion::Modality)), ("HC", Strength::Usual(Suspicion::Modality)), // paper, screens
    ("FS", Strength::Usual(Suspicion::Modality)), ("DG", Strength::Usual(Suspicion::Modality)),
    ("ES", Strength::Usual(Suspicion::Modality)), ("XC", Strength::Usual(Suspicion::Modality)),
    ("GM", Strength::Usual(Suspicion::Modality)), // endoscopes and cameras with overlays
    ("RF", Strength::Possible), ("XA", Strength::Possible), ("DF", Strength::Possible), // fluoroscopy
    ("MG", Strength::Possible), ("CR", Strength::Possible), ("DX", Strength::Possible), // markers, names of films
    ("PX", Strength::Possible), ("IO", Strength::Possible), ("RG", Strength::Possible), ("DD", Strength::Possible),
    ("BMD", Strength::Usual(Suspicion::Screen)), ("ECG", Strength::Possible), ("OPT", Strength::Possible),
    ("OP", Strength::Possible), ("OCT", Strength::Possible), ("SM", Strength::Possible),
];

/// Words of ImageType that name pages made for the eye (vendors' own words stand beside the standard's).
const SCREENS: &[&str] = &[
    "SCREEN SAVE",
    "SCREENSAVE",
    "SCREENSHOT",
    "SCREEN",
    "SCREEN CAPTURE",
    "DOSE",
    "DOSE INFO",
    "DOSE REPORT",
    "DOSE_RECORD",
    "PROTOCOL",
    "REPORT",
    "SNAPSHOT",
    "PASTED",
    "CAPTURE",
    "PRINT",
    "FILMED",
    "PATIENT PROTOCOL",
    "RESULT PAGE",
    "SUMMARY",
    "CURVE",
];

/// What the header says about text in the pixels; `None` for objects without pixels.
pub fn strength(header: &Header) -> Option<Strength> {
    header.pixels()?;
    let root = header.root();
    let upper = |tag| root.text(tag).unwrap_or_default().trim().to_ascii_uppercase();
    if upper(tags::BURNED_IN_ANNOTATION).starts_with('Y') {
        return Some(Strength::Usual(Suspicion::Declared));
    }
    let class = root
        .text(tags::SOP_CLASS_UID)
        .or_else(|| header.meta().text(Tag(0x0002, 0x0002)))
        .unwrap_or_default();
    let is = |prefix: &str| class == prefix || class.strip_prefix(prefix).is_some_and(|r| r.starts_with('.'));
    // ConversionType: films, paper, screens, recordings and what "WSD", "SD", "SI", "DV" make of them.
    if is(SECONDARY_CAPTURE) || root.text(Tag(0x0008, 0x0064)).is_some() {
        return Some(Strength::Usual(Suspicion::SecondaryCapture));
    }
    let modality = upper(tags::MODALITY);
    let by_class = CLASSES.iter().find(|(prefix, _)| is(prefix.trim_end_matches('.'))).map(|(_, s)| *s);
    let by_modality = MODALITIES.iter().find(|(name, _)| *name == modality).map(|(_, s)| *s);
    let words = root.strings(tags::IMAGE_TYPE);
    let words: Vec<String> = words.iter().map(|w| w.trim().to_ascii_uppercase()).collect();
    let screen = words
        .iter()
        .any(|word| SCREENS.contains(&word.as_str()) || SCREENS.contains(&word.replace('_', " ").as_str()));
    if screen {
        return Some(Strength::Usual(Suspicion::Screen));
    }
    let strongest = [by_class, by_modality].into_iter().flatten().min();
    if let Some(strength) = strongest {
        return Some(strength);
    }
    // Measured images are grey; a colour one was rendered for somebody's eyes.
    let colour = root.int(tags::SAMPLES_PER_PIXEL).is_some_and(|n| n > 1)
        || upper(tags::PHOTOMETRIC_INTERPRETATION).starts_with("PALETTE");
    let secondary = words.iter().any(|word| word == "SECONDARY");
    Some(match (colour, secondary) {
        (true, true) => Strength::Usual(Suspicion::Colour),
        (true, false) | (false, true) => Strength::Possible,
        (false, false) => Strength::Rare,
    })
}

/// Why text is suspected by the header alone; what is merely possible is left to `search`.
pub fn suspicion(header: &Header) -> Option<Suspicion> {
    match strength(header)? {
        Strength::Usual(suspicion) => Some(suspicion),
        Strength::Possible | Strength::Rare => None,
    }
}
