//! What a hanging protocol may know of a volume.
//!
//! In come values of an identified header, as intake finds them; out comes [`VolumeFacts`], the
//! only thing the rules see. Every field is optional: real headers lack any of them, and a rule
//! whose fact is absent simply does not apply. The words of the description are kept for matching
//! only and never published.

use serde::{Deserialize, Serialize};

use super::words::words_of;

/// Facts of one volume, from which roles are decided.
///
/// Build it with `..VolumeFacts::default()`; whatever is not known stays `None` or empty.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VolumeFacts {
    /// Modality (0008,0060) in upper case: `MR`, `CT`, `PT` …
    pub modality: Option<String>,
    /// Body Part Examined (0018,0015), as written.
    pub body_part: Option<String>,
    /// Slice plane, from the direction cosines: [`Plane::from_orientation`].
    pub plane: Option<Plane>,

    /// Words of the Series Description (0008,103E): [`words_of`]. The strongest words.
    pub words: Vec<String>,
    /// Words of the Protocol Name (0018,1030). GE writes the protocol of the whole examination
    /// there, so that words shared by most series of a study are not believed.
    pub protocol_words: Vec<String>,
    /// Words of the study: Study Description, Requested Procedure, Performed Procedure Step
    /// Description. Used for the body region and the contrast agent only, never for a phase.
    pub study_words: Vec<String>,

    /// Image Type (0008,0008), all values, upper case; for enhanced objects the Frame Type's.
    pub image_type: Vec<String>,
    /// Complex Image Component (0008,9208), or what the vendor writes instead.
    pub complex: Option<ComplexPart>,
    /// Derived kind, where intake knows it from elsewhere (SOP class: Secondary Capture …).
    /// Otherwise it is read from image type and words.
    pub derived: Option<DerivedKind>,
    /// Dixon kind, where intake knows it; otherwise read from image type, scan options and words.
    pub dixon: Option<Dixon>,

    /// Whether contrast tags say an agent was given: [`contrast_of_text`] of Contrast/Bolus Agent
    /// (0018,0010). Often filled on the pre-contrast series too: times outweigh it.
    pub contrast: Option<bool>,
    /// Kind of agent: [`Agent::of_text`] of Contrast/Bolus Agent, its sequence or free text.
    pub agent: Option<Agent>,
    /// Seconds from bolus start (0018,1042 or 0018,1072) to this volume's acquisition.
    /// Negative before the bolus. Leave empty where the bolus time is not in the header.
    pub seconds_after_bolus: Option<f64>,
    /// Seconds from the first acquisition of the study to the start of this volume's.
    pub acquisition_seconds: Option<f64>,
    /// Rank of this volume by acquisition within the study, 0 first. Ties are allowed.
    pub acquisition_order: Option<u32>,
    /// Series Number (0020,0011).
    pub series_number: Option<i64>,
    /// Ordinal of the series within the study: equal for volumes of one series.
    pub series: Option<u32>,
    /// Position of this volume among the temporal positions of its series, 0 first, where the
    /// series holds several (Philips and Canon dynamics, enhanced objects).
    pub temporal_index: Option<u32>,
    /// Number of temporal positions of the series that this volume is one of.
    pub temporal_count: Option<u32>,

    /// Magnetic Field Strength (0018,0087), tesla.
    pub field_strength_t: Option<f64>,
    /// Echo Time (0018,0081), ms. Of the first echo where the volume holds several.
    pub echo_time_ms: Option<f64>,
    /// Echo number (0018,0086), 1 first.
    pub echo_number: Option<u32>,
    /// Number of different echo times in the series.
    pub echo_count: Option<u32>,
    /// Repetition Time (0018,0080), ms.
    pub repetition_time_ms: Option<f64>,
    /// Inversion Time (0018,0082), ms; 0 counts as absent.
    pub inversion_time_ms: Option<f64>,
    /// Flip Angle (0018,1314), degrees.
    pub flip_angle_deg: Option<f64>,
    /// Echo Train Length (0018,0091).
    pub echo_train_length: Option<u32>,
    /// Diffusion b-values, s/mm², ascending and each once. Empty where none is known.
    pub b_values: Vec<f64>,
    /// Number of diffusion directions (b > 0) where known.
    pub diffusion_directions: Option<u32>,

    /// Scanning Sequence (0018,0020): `SE`, `IR`, `GR`, `EP`, `RM`. Enhanced objects say it
    /// elsewhere: Echo Pulse Sequence (0018,9008) `GRADIENT` is `GR`, `SPIN` is `SE`, `BOTH` both;
    /// Echo Planar Pulse Sequence (0018,9018) `YES` adds `EP`, Inversion Recovery (0018,9009) `IR`.
    pub scanning_sequence: Vec<String>,
    /// Sequence Variant (0018,0021): `SK`, `SS`, `SP`, `MP`, `OSP` …
    pub sequence_variant: Vec<String>,
    /// Scan Options (0018,0022): `FS`, `SAT_GEMS`, `PFP`, `DIXON` …
    pub scan_options: Vec<String>,
    /// MR Acquisition Type (0018,0023): true for `3D`, false for `2D`.
    pub three_d: Option<bool>,
    /// Sequence Name (0018,0024), Pulse Sequence Name (0018,9005), GE's internal one (0019,109C
    /// and 109E), Philips' technique (2001,1020): `*fl3d1`, `efgre3d`, `T1TFE` …
    pub pulse_sequence: Vec<String>,
    /// Acquisition Contrast (0008,9209) of enhanced objects: `T1`, `DIFFUSION` …
    pub acquisition_contrast: Option<String>,
    /// Whether fat is suppressed, where tags tell (scan options, 0018,9025).
    pub fat_saturated: Option<bool>,

    /// Slices of the volume.
    pub slice_count: Option<u32>,
    /// Volumes along the fourth dimension (1 for a plain volume).
    pub volume_count: Option<u32>,
    /// Voxel spacing (row, column, slice), mm.
    pub spacing_mm: Option<[f64; 3]>,
    /// In-plane field of view (width, height), mm.
    pub field_of_view_mm: Option<[f64; 2]>,
    /// Ordinal of the frame of reference within the study.
    pub frame_of_reference: Option<u32>,
}

impl VolumeFacts {
    /// Fills [`words`](Self::words), [`protocol_words`](Self::protocol_words) and
    /// [`study_words`](Self::study_words) from the header's texts; an empty text is fine.
    #[must_use]
    pub fn with_texts(mut self, description: &str, protocol: &str, study: &str) -> Self {
        self.words = words_of(description);
        self.protocol_words = words_of(protocol);
        self.study_words = words_of(study);
        self
    }
}

/// Plane in which slices lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Plane {
    /// Slices stacked from feet to head.
    Axial,
    /// Slices stacked from front to back.
    Coronal,
    /// Slices stacked from right to left.
    Sagittal,
    /// None of the three within [`Plane::TOLERANCE_DEG`].
    Oblique,
}

impl Plane {
    /// How far a normal may lean from an axis and still count as that plane, in degrees: liver and
    /// brain axials are routinely tilted by up to 30°.
    pub const TOLERANCE_DEG: f64 = 37.0;

    /// The plane of Image Orientation (Patient) (0020,0037): row cosines, then column cosines.
    /// `None` where they are not finite or span no plane.
    #[must_use]
    pub fn from_orientation(cosines: [f64; 6]) -> Option<Self> {
        let [rx, ry, rz, cx, cy, cz] = cosines;
        Self::from_normal([ry * cz - rz * cy, rz * cx - rx * cz, rx * cy - ry * cx])
    }

    /// The plane whose slices are stacked along `normal` (patient coordinates, any length).
    #[must_use]
    pub fn from_normal(normal: [f64; 3]) -> Option<Self> {
        let [x, y, z] = normal.map(f64::abs);
        let length = (x * x + y * y + z * z).sqrt();
        if !length.is_finite() || length < 1e-6 {
            return None;
        }
        let (plane, along) = if z >= x && z >= y {
            (Self::Axial, z)
        } else if y >= x {
            (Self::Coronal, y)
        } else {
            (Self::Sagittal, x)
        };
        let limit = Self::TOLERANCE_DEG.to_radians().cos();
        Some(if along / length >= limit { plane } else { Self::Oblique })
    }
}

/// Kind of contrast agent: it decides what a late phase is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Agent {
    /// Stays outside cells: gadobutrol, gadoterate, gadoteridol …; iodine in CT.
    Extracellular,
    /// Taken up by hepatocytes: gadoxetate (3 min is transitional, hepatobiliary from 10 min on)
    /// and gadobenate (hepatobiliary after an hour; its 3 min is a plain delayed phase).
    Hepatobiliary(Uptake),
    /// Iron oxide, blood pool, manganese, oral.
    Other,
}

/// How fast hepatocytes take up a hepatobiliary agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Uptake {
    /// Gadoxetate: half of the dose, within minutes.
    Fast,
    /// Gadobenate: a few per cent, within one to two hours.
    Slow,
}

/// Brand and substance names of contrast agents, as vocabulary (matched as words in order).
/// Source: product information of the agents licensed in Europe, the USA and Japan.
const AGENTS: &[(Agent, &str)] = &[
    (
        Agent::Hepatobiliary(Uptake::Fast),
        "gadoxetate, gadoxetic, gadoxetat, gadoxetsaure, gadoxetsaeure, gadoxetique, \
        gadoxetico, primovist, eovist, eob, gdeob",
    ),
    (Agent::Hepatobiliary(Uptake::Slow), "gadobenate, gadobenat, gadobenic, multihance, bopta, gd bopta"),
    (
        Agent::Other,
        "ferumoxytol, feraheme, ferumoxides, feridex, endorem, resovist, ferucarbotran, \
        spio, uspio, gadofosveset, ablavar, vasovist, mangafodipir, teslascan, lumirem",
    ),
    (
        Agent::Extracellular,
        "gadobutrol, gadovist, gadavist, gadoterate, gadoterat, gadoteric, dotarem, \
        clariscan, cyclolux, dotagraf, artirem, gadoteridol, prohance, gadodiamide, \
        omniscan, gadopentetate, magnevist, magnegita, magnograf, gadoversetamide, \
        optimark, gadopiclenol, elucirem, vueway, gd dota, gd dtpa, gddtpa, iohexol, \
        omnipaque, iopromide, ultravist, iomeprol, imeron, iomeron, iopamidol, isovue, \
        iodixanol, visipaque, ioversol, optiray, xenetix, iobitridol, accupaque, solutrast",
    ),
];

impl Agent {
    /// The kind of agent named in a text (Contrast/Bolus Agent, or a description), if any.
    /// "Gadolinium", "yes" or a dose name no kind.
    #[must_use]
    pub fn of_text(text: &str) -> Option<Self> {
        Self::of_words(&words_of(text))
    }

    /// As [`Agent::of_text`], of words that are already parted.
    #[must_use]
    pub fn of_words(words: &[String]) -> Option<Self> {
        AGENTS.iter().find(|(_, names)| super::words::has_any(words, names)).map(|(agent, _)| *agent)
    }
}

/// What the text of Contrast/Bolus Agent (0018,0010) says: `Some(false)` for "NO", "none", "without"
/// …, `None` for an empty text, `Some(true)` for anything else.
#[must_use]
pub fn contrast_of_text(text: &str) -> Option<bool> {
    const NONE: &str = "no, none, n, without, ohne, nein, non, sans, sin, senza, zonder, not, native, \
        nativ, na, nil, false, unenhanced, keine, kein, nessuno, aucun, ninguno, geen";
    let words = words_of(text);
    let first = words.first()?;
    let zero = words.iter().all(|w| w.bytes().all(|b| b == b'0'));
    Some(!(zero || super::words::listed(NONE).any(|n| n == first)))
}

/// Which of the images of a Dixon (or in/opposed phase) acquisition a volume is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dixon {
    /// Water only: as good as fat-saturated.
    Water,
    /// Fat only.
    Fat,
    /// Water and fat in phase.
    InPhase,
    /// Water and fat in opposed phase.
    OpposedPhase,
    /// Fat fraction or another map made from them.
    Fraction,
}

/// Part of a complex image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ComplexPart {
    /// Magnitude, the usual image.
    Magnitude,
    /// Phase.
    Phase,
    /// Real part.
    Real,
    /// Imaginary part.
    Imaginary,
}

/// What a volume was derived as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DerivedKind {
    /// One phase minus another.
    Subtraction,
    /// Maximum or minimum intensity projection.
    Mip,
    /// Multiplanar or curved reformat.
    Mpr,
    /// Localizer, scout, survey.
    Localizer,
    /// Screen save, secondary capture, report page.
    ScreenSave,
    /// A parameter map that is not ADC: perfusion, stiffness, fat fraction, T1/T2/R2* maps.
    Map,
    /// Calibration, shimming, coil sensitivity, bolus tracking.
    Calibration,
    /// Derived in a way that nothing tells.
    Other,
}
