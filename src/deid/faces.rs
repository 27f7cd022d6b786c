//! Volumes that may hold a face (PS3.15 §E.3.2, Clean Recognizable Visual Features). In: headers of a series,
//! or what conversion knows of a volume. Out: whether it may, and by what that is known. Never: removes
//! one, looks at pixels, or takes the absence of a sign for proof: what isn't recognised isn't said to be none.
//!
//! Signs are data. A series is flagged if its header says so (RecognizableVisualFeatures), or if body part,
//! descriptions or coil name the head; or, where nothing names another region, if it covers a head's size
//! finely enough. In each case it must be more than a few slices: a face needs depth.

use crate::dicom::{Header, Tag, tags};
use serde::{Deserialize, Serialize};

/// By what a face is suspected; the strongest sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaceSign {
    /// RecognizableVisualFeatures (0028,0302) says so.
    Declared,
    /// BodyPartExamined, or the anatomic region.
    BodyPart,
    /// Words of protocol or description.
    Words,
    /// A head coil.
    Coil,
    /// It covers a head's size, and nothing says that it is something else.
    Geometry,
}

/// Body parts that bear a face, or a part of it (PS3.16 annex L, CID 4031; letters and digits only).
const BODY_PARTS: &[&str] = &[
    "HEAD",
    "BRAIN",
    "SKULL",
    "FACE",
    "HEADNECK",
    "NECK",
    "ORBIT",
    "EYE",
    "EAR",
    "IAC",
    "SINUS",
    "PARANASALSINUS",
    "JAW",
    "MANDIBLE",
    "MAXILLA",
    "NOSE",
    "TMJ",
    "PITUITARY",
    "SELLA",
    "SELLATURCICA",
    "CEREBELLUM",
    "MOUTH",
    "TONGUE",
    "FOREHEAD",
    "HEADANDNECK",
    "WHOLEBODY",
    "TEMPORALBONE",
    "NEURO",
    "KOPF",
    "SCHAEDEL",
];

/// Words of protocols that mean the head, in the languages that scanners are run in.
const WORDS: &[&str] = &[
    "head",
    "brain",
    "neuro",
    "skull",
    "cranial",
    "cranium",
    "cerebral",
    "face",
    "facial",
    "orbit",
    "orbits",
    "orbita",
    "sella",
    "pituitary",
    "sinus",
    "sinuses",
    "iac",
    "tmj",
    "mprage",
    "bravo",
    "fmri",
    "bold",
    "dti",
    "asl",
    "kopf",
    "schaedel",
    "schädel",
    "hirn",
    "gehirn",
    "hypophyse",
    "nnh",
    "tete",
    "tête",
    "crane",
    "crâne",
    "cerveau",
    "cerebro",
    "craneo",
    "cráneo",
    "cabeza",
    "testa",
    "encefalo",
    "hoofd",
    "hersenen",
    "epilepsy",
    "stroke",
    "adni",
    "rest",
    "resting",
    "hippocampus",
    "trigeminal",
    "acoustic",
];

/// Parts of coils' names: Siemens' Head 20/32/64, HE and HC elements and Head Matrix, GE's 8HRBRAIN, HNS and
/// 48-channel head, Philips' SENSE head, NV and dS Head, Canon's and United Imaging's head coils, Nova's.
const COIL_PARTS: &[&str] =
    &["HEAD", "BRAIN", "HNS", "NEUROVASC", "NOVA32", "SENSE-NV", "DS NV", "48HAP", "CRANIAL"];
/// Siemens' element names of head coils, as whole words.
const COIL_ELEMENTS: &[&str] = &[
    "HE", "HC", "HEA", "HEP", "HE1", "HE2", "HE3", "HE4", "HC1", "HC2", "HC3", "HC4", "HC5", "HC6", "HC7",
    "NE1", "NE2", "NC1", "NC2",
];

/// Words that name another region: the size of what is covered then says nothing.
const ELSEWHERE: &[&str] = &[
    "abdomen", "liver", "leber", "foie", "pelvis", "becken", "prostate", "prostata", "kidney", "heart",
    "cardiac", "chest", "thorax", "lung", "breast", "mamma", "knee", "knie", "hip", "shoulder", "wrist",
    "hand", "ankle", "foot", "elbow", "spine", "lws", "bws", "femur", "mrcp", "pancreas", "rectum", "uterus",
    "phantom",
];

/// What the header of a series says about a face.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FaceSigns {
    /// The strongest sign that it is of a head.
    pub sign: Option<FaceSign>,
    /// Something names another region of the body, or the modality makes no volumes.
    pub elsewhere: bool,
}

impl FaceSigns {
    /// Reads a header.
    pub fn of(header: &Header) -> Self {
        let root = header.root();
        let upper = |tag| root.text(tag).unwrap_or_default().trim().to_uppercase();
        let plain = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
        let volumes = matches!(upper(tags::MODALITY).as_str(), "MR" | "CT" | "PT");
        if upper(Tag(0x0028, 0x0302)).starts_with('Y') {
            return Self { sign: Some(FaceSign::Declared), elsewhere: false };
        }
        if !volumes {
            return Self { sign: None, elsewhere: true };
        }
        let part = plain(&upper(tags::BODY_PART_EXAMINED));
        let region = root.first_item(Tag(0x0008, 0x2218)).and_then(|item| item.text(Tag(0x0008, 0x0104)));
        let region = plain(&region.unwrap_or_default().to_uppercase());
        let of_head = |part: &str| BODY_PARTS.contains(&part);
        let mut words = Vec::new();
        for tag in [tags::SERIES_DESCRIPTION, tags::PROTOCOL_NAME, tags::STUDY_DESCRIPTION] {
            words.extend(words_of(&root.text(tag).unwrap_or_default()));
        }
        let named = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
        let first = header.frame(0);
        let coils = [
            root.text(tags::RECEIVE_COIL_NAME),
            root.text(Tag(0x0018, 0x1251)),
            first.text(tags::RECEIVE_COIL_NAME),
        ];
        let coil = coils.into_iter().flatten().any(|name| is_head_coil(&name));
        let sign = if of_head(&part) || of_head(&region) {
            Some(FaceSign::BodyPart)
        } else if named(WORDS) {
            Some(FaceSign::Words)
        } else {
            coil.then_some(FaceSign::Coil)
        };
        let other_part = !part.is_empty() && !of_head(&part);
        Self { sign, elsewhere: other_part || named(ELSEWHERE) }
    }

    /// Whether a volume of this extent may hold a face, and by what that is known.
    pub fn in_volume(self, extent: &Extent) -> Option<FaceSign> {
        if self.sign == Some(FaceSign::Declared) {
            return self.sign;
        }
        let [across, deep, high] = extent.size_mm();
        // A few slices in any direction show a profile at most, and thick ones none.
        if across.min(deep).min(high) < 25.0 {
            return None;
        }
        let head_size = (130.0..=300.0).contains(&across)
            && (150.0..=320.0).contains(&deep)
            && (120.0..=320.0).contains(&high)
            && extent.step_mm <= 2.0;
        self.sign.or((head_size && !self.elsewhere).then_some(FaceSign::Geometry))
    }

    /// Both series' signs: one volume may be made of several headers.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let sign = match (self.sign, other.sign) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        Self { sign, elsewhere: self.elsewhere || other.elsewhere }
    }
}

/// The words of a text, in lower case.
fn words_of(text: &str) -> Vec<String> {
    let lower = text.to_lowercase();
    lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

fn is_head_coil(name: &str) -> bool {
    let name = name.trim().to_uppercase();
    let elements = name.split(|c: char| !c.is_alphanumeric());
    COIL_PARTS.iter().any(|part| name.contains(part))
        || elements.into_iter().any(|word| COIL_ELEMENTS.contains(&word))
}

/// What a series covers, in the patient's axes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Extent {
    low: [f64; 3],
    high: [f64; 3],
    /// The coarsest distance between pixels of a slice, mm.
    pub step_mm: f64,
}

impl Default for Extent {
    fn default() -> Self {
        Self { low: [f64::INFINITY; 3], high: [f64::NEG_INFINITY; 3], step_mm: 0.0 }
    }
}

impl Extent {
    /// Left to right, front to back, feet to head, mm; zeros for nothing.
    pub fn size_mm(&self) -> [f64; 3] {
        let mut size = [0.0; 3];
        for ((size, low), high) in size.iter_mut().zip(self.low).zip(self.high) {
            *size = (high - low).max(0.0);
        }
        size
    }

    /// Takes a point, mm.
    pub fn include(&mut self, point: [f64; 3]) {
        for ((low, high), value) in self.low.iter_mut().zip(&mut self.high).zip(point) {
            if value.is_finite() {
                *low = low.min(value);
                *high = high.max(value);
            }
        }
    }

    /// The extent of a grid.
    pub fn of_grid(grid: &crate::volume::Grid) -> Self {
        let mut extent = Self::default();
        let far = grid.dims().map(|d| f64::from(d.saturating_sub(1)));
        for corner in 0..8usize {
            let at = |axis: usize| {
                if corner >> axis & 1 == 1 { far.get(axis).copied().unwrap_or(0.0) } else { 0.0 }
            };
            extent.include(grid.affine().apply([at(0), at(1), at(2)]));
        }
        let steps = grid.affine().spacing();
        extent.step_mm = steps[0].max(steps[1]);
        extent
    }

    /// Takes the slices of an object: all corners of its first, middle and last frame.
    pub fn add(&mut self, header: &Header) {
        let root = header.root();
        let number = |tag| root.int(tag).and_then(|n| u32::try_from(n).ok()).unwrap_or(0);
        let (rows, columns) = (f64::from(number(tags::ROWS)), f64::from(number(tags::COLUMNS)));
        let frames = number(tags::NUMBER_OF_FRAMES).max(1) as usize;
        for at in [0, frames / 2, frames - 1] {
            let frame = header.frame(at);
            let floats = |tag| frame.floats(tag);
            let (position, axes) =
                (floats(tags::IMAGE_POSITION_PATIENT), floats(tags::IMAGE_ORIENTATION_PATIENT));
            let spacing = floats(tags::PIXEL_SPACING);
            let ([px, py, pz], [a, b, c, d, e, f], [down, across]) =
                (position.as_slice(), axes.as_slice(), spacing.as_slice())
            else {
                continue;
            };
            self.step_mm = self.step_mm.max(*down).max(*across);
            for (x, y) in [(0.0, 0.0), (columns, 0.0), (0.0, rows), (columns, rows)] {
                let (x, y) = (x * across, y * down);
                self.include([px + a * x + d * y, py + b * x + e * y, pz + c * x + f * y]);
            }
        }
    }

    /// Takes another part.
    pub fn merge(&mut self, other: &Self) {
        self.include(other.low);
        self.include(other.high);
        self.step_mm = self.step_mm.max(other.step_mm);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests stop at the first surprise")]
    use super::super::synthetic::{file, texts};
    use super::*;

    fn extent(size: [f64; 3], step_mm: f64) -> Extent {
        let mut extent = Extent { step_mm, ..Extent::default() };
        extent.include([0.0; 3]);
        extent.include(size);
        extent
    }

    const HEAD: [f64; 3] = [176.0, 256.0, 256.0];
    const LIVER: [f64; 3] = [380.0, 300.0, 220.0];

    fn sign(rows: &[(u16, u16, &'static str, &'static str)], size: [f64; 3]) -> Option<FaceSign> {
        let mut all = vec![(0x08, 0x60, "CS", "MR")];
        all.extend_from_slice(rows);
        FaceSigns::of(&file(&texts(&all))).in_volume(&extent(size, 1.0))
    }

    #[test]
    fn each_sign_of_a_head_counts() {
        assert_eq!(sign(&[(0x18, 0x15, "CS", "BRAIN")], HEAD), Some(FaceSign::BodyPart));
        assert_eq!(sign(&[(0x18, 0x15, "CS", "Head & Neck")], HEAD), Some(FaceSign::BodyPart));
        assert_eq!(sign(&[(0x18, 0x1030, "LO", "t1_mprage_sag")], HEAD), Some(FaceSign::Words));
        assert_eq!(sign(&[(0x08, 0x103e, "LO", "Schädel nativ")], HEAD), Some(FaceSign::Words));
        for coil in
            ["HeadNeck_20", "8HRBRAIN", "SENSE-Head-8", "HC1-7;NC1", "HE1-4", "RM:Nova32ch_HEAD", "HEA;HEP"]
        {
            let rows = [(0x18, 0x1250, "SH", coil)];
            assert_eq!(sign(&rows, HEAD), Some(FaceSign::Coil), "{coil}");
        }
        assert_eq!(sign(&[], HEAD), Some(FaceSign::Geometry));
        assert_eq!(sign(&[(0x28, 0x302, "CS", "YES")], LIVER), Some(FaceSign::Declared));
    }

    #[test]
    fn a_liver_a_knee_and_a_few_slices_of_a_head_are_no_face() {
        assert_eq!(
            sign(&[(0x18, 0x15, "CS", "ABDOMEN"), (0x18, 0x1250, "SH", "BodyMatrix;SP2-4")], LIVER),
            None
        );
        assert_eq!(sign(&[(0x18, 0x15, "CS", "KNEE")], [170.0, 170.0, 170.0]), None);
        assert_eq!(sign(&[(0x08, 0x103e, "LO", "t1 liver dynamic")], HEAD), None);
        assert_eq!(sign(&[(0x18, 0x15, "CS", "BRAIN")], [256.0, 256.0, 15.0]), None);
        let ultrasound = file(&texts(&[(0x08, 0x60, "CS", "US"), (0x18, 0x15, "CS", "HEAD")]));
        assert_eq!(FaceSigns::of(&ultrasound).in_volume(&extent(HEAD, 1.0)), None);
    }
}
