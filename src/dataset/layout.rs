//! Names in the archive.
//!
//! In comes what is known about a volume without identifying anybody ([`VolumeName`]: pseudonym,
//! session, role, echo, part …); out goes the path that the layout of `DESIGN.md` gives it, in BIDS
//! where BIDS has a word and under `other/` where it has none. No description, protocol name or
//! date ever becomes part of a name. Whether two volumes collide is [`super::namer`]'s business.
//!
//! Entity order, and which suffix takes which entity: BIDS 1.10.0, *Appendix: Entity table*, and
//! the rules of `bids-validator` 1.15, which is stricter in places (`fmap` takes `acq` and `run`
//! only, `dwi` no `ce` or `echo`).

use super::Error;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The path of an entry of the archive: relative, `/` between components, plain ASCII.
///
/// One that exists can be written below any folder on any platform: there is no `..`, no absolute
/// path, no drive, no reserved device name, no trailing dot, and at most 240 bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct EntryName(String);

impl EntryName {
    /// Checks a path.
    ///
    /// # Errors
    /// [`Error::Name`] for whatever could leave the folder or break a file system.
    pub fn new(path: impl Into<String>) -> Result<Self, Error> {
        let path = path.into();
        let sound = !path.is_empty() && path.len() <= 240 && path.split('/').all(component_is_plain);
        if sound { Ok(Self(path)) } else { Err(Error::Name) }
    }

    /// The path, `/` between components.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The folder, without a trailing `/`; empty at the top.
    pub fn folder(&self) -> &str {
        self.0.rsplit_once('/').map_or("", |(folder, _)| folder)
    }

    /// The last component.
    pub fn file_name(&self) -> &str {
        self.0.rsplit_once('/').map_or(self.0.as_str(), |(_, file)| file)
    }

    /// What two names have in common that differ in case only: file systems of Windows and macOS
    /// take them for one.
    pub fn folded(&self) -> String {
        self.0.to_ascii_lowercase()
    }

    /// The volume that an image or sidecar belongs to, by the name alone.
    pub fn stem(&self) -> Option<Stem> {
        let path = VOLUME_EXTENSIONS.iter().find_map(|extension| self.0.strip_suffix(extension))?;
        Stem::parse(path).ok()
    }
}

impl fmt::Display for EntryName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for EntryName {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// Extensions of the files that make up one volume.
const VOLUME_EXTENSIONS: [&str; 4] = [".nii.gz", ".json", ".bval", ".bvec"];

/// Device names that Windows reserves whatever the extension.
const RESERVED: [&str; 22] = [
    "con", "prn", "aux", "nul", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8", "com9",
    "lpt1", "lpt2", "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9",
];

fn component_is_plain(component: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'+');
    let base = component.split('.').next().unwrap_or_default().to_ascii_lowercase();
    !component.is_empty()
        && component.bytes().all(plain)
        && !component.ends_with('.')
        && (!component.starts_with('.') || component == ".bidsignore")
        && !RESERVED.contains(&base.as_str())
}

/// The path of a volume without its extension: what its image, sidecar and gradient tables share.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Stem(String);

impl Stem {
    /// What a volume has before names are given.
    pub(crate) fn unnamed() -> Self {
        Self(String::new())
    }

    /// Reads a stem as it stands in an edited plan: `[other/]sub-X/ses-Y/[folder/]sub-X_ses-Y_…_suffix`.
    ///
    /// # Errors
    /// [`Error::Name`] for any other shape, so that free text never becomes a name by accident.
    pub fn parse(path: &str) -> Result<Self, Error> {
        let (rest, other) = match path.strip_prefix("other/") {
            Some(rest) => (rest, true),
            None => (path, false),
        };
        let components: Vec<&str> = rest.split('/').collect();
        let (subject, session, file) = match components.as_slice() {
            [subject, session, file] if other => (*subject, *session, *file),
            [subject, session, "anat" | "dwi" | "func" | "fmap" | "perf", file] if !other => {
                (*subject, *session, *file)
            }
            _ => return Err(Error::Name),
        };
        let is_entity = |text: &str| {
            text.split_once('-').is_some_and(|(key, value)| {
                key.bytes().all(|b| b.is_ascii_lowercase()) && is_label(key) && is_label(value)
            })
        };
        let sound = subject.starts_with("sub-")
            && session.starts_with("ses-")
            && is_entity(subject)
            && is_entity(session)
            && file.strip_prefix(&format!("{subject}_{session}_")).is_some_and(|entities| {
                let mut parts: Vec<&str> = entities.split('_').collect();
                let suffix = parts.pop().unwrap_or_default();
                is_label(suffix) && parts.into_iter().all(is_entity)
            });
        let stem = Self(path.to_owned());
        // The longest extension must fit as well.
        if sound && EntryName::new(format!("{path}.nii.gz")).is_ok() { Ok(stem) } else { Err(Error::Name) }
    }

    /// The path without extension.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The image, `.nii.gz`.
    pub fn image(&self) -> EntryName {
        self.with(".nii.gz")
    }

    /// The sidecar, `.json`. Written last: with it, the volume is complete.
    pub fn sidecar(&self) -> EntryName {
        self.with(".json")
    }

    /// The b-values, `.bval`.
    pub fn bval(&self) -> EntryName {
        self.with(".bval")
    }

    /// The gradient directions, `.bvec`.
    pub fn bvec(&self) -> EntryName {
        self.with(".bvec")
    }

    /// Whether BIDS has a word for the volume, so that a `scans.tsv` lists it.
    pub fn is_bids(&self) -> bool {
        self.0.starts_with("sub-") && !self.0.ends_with("_ADC")
    }

    /// The `sub-…` label.
    pub fn subject(&self) -> Option<&str> {
        self.label("sub-")
    }

    /// The `ses-…` label.
    pub fn session(&self) -> Option<&str> {
        self.label("ses-")
    }

    /// A component without its prefix, e.g. `01` of `…/ses-01/…`.
    fn label(&self, prefix: &str) -> Option<&str> {
        let folder = self.0.rsplit_once('/').map_or("", |(folder, _)| folder);
        folder.split('/').find_map(|component| component.strip_prefix(prefix))
    }

    /// A stem is made of checked labels, so that any of the fixed extensions gives a sound name.
    fn with(&self, extension: &str) -> EntryName {
        EntryName(format!("{}{extension}", self.0))
    }
}

impl fmt::Display for Stem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Stem {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// What an image was made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Modality {
    /// Magnetic resonance.
    #[default]
    Mr,
    /// Computed tomography.
    Ct,
    /// Anything else that was asked for.
    Other,
}

/// Part of a complex image (BIDS entity `part`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Magnitude; named only where another part exists beside it.
    Mag,
    /// Phase.
    Phase,
    /// Real.
    Real,
    /// Imaginary.
    Imag,
}

/// The anatomical plane nearest to the slices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Plane {
    /// Axial: the usual one, and therefore not named.
    #[default]
    Axial,
    /// Coronal.
    Coronal,
    /// Sagittal.
    Sagittal,
}

/// The direction of phase encoding in the patient (BIDS entity `dir`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[expect(missing_docs, reason = "each is named by its two ends: anterior to posterior, and so on")]
pub enum PhaseEncoding {
    Ap,
    Pa,
    Lr,
    Rl,
    Is,
    Si,
}

impl PhaseEncoding {
    fn label(self) -> &'static str {
        match self {
            Self::Ap => "AP",
            Self::Pa => "PA",
            Self::Lr => "LR",
            Self::Rl => "RL",
            Self::Is => "IS",
            Self::Si => "SI",
        }
    }
}

/// A copy on another grid, made from the volume as scanned (BIDS entity `rec`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Copy {
    /// A tilted gantry's shear is taken out: what dcm2niix calls `_Tilt`.
    Tilt,
    /// Its slices have equal distances: `_Eq`.
    Spacing,
    /// Both.
    TiltAndSpacing,
}

/// What a volume's name is made from.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct VolumeName {
    /// Pseudonym, without `sub-`: ASCII letters and digits.
    pub subject: String,
    /// Session, without `ses-`: `01`, `02` …
    pub session: String,
    /// Id of the role (`t1_pre`, `arterial`, …); `None` where nobody recognised the volume.
    pub role: Option<String>,
    /// Which of several volumes of this role in one dynamic series, from 1: `art`, `art2`, …
    pub occurrence: u32,
    /// Echo number, from 1, where a series has several.
    pub echo: Option<u32>,
    /// Part of a complex image.
    pub part: Option<Part>,
    /// Acquired after contrast agent.
    pub contrast: bool,
    /// Fat-saturated.
    pub fat_sat: bool,
    /// Plane of the slices.
    pub plane: Plane,
    /// The only b-value of a diffusion volume split by b-value, in s/mm².
    pub b_value: Option<u32>,
    /// Direction of phase encoding; worth naming where a series was repeated with another.
    pub phase_encoding: Option<PhaseEncoding>,
    /// A copy on another grid; named, since the volume as scanned lies beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copy: Option<Copy>,
    /// Extent of the fourth dimension; 0 and 1 both mean a 3D volume.
    pub timepoints: u32,
    /// Whether `.bval` and `.bvec` will be written: BIDS has no diffusion volume without.
    pub gradients: bool,
    /// A phase image that is the difference of two echoes' phases, both echo times known.
    pub phase_difference: bool,
    /// A map of the field in hertz, or the magnitude that it was made with.
    pub field_map: Option<FieldMap>,
    /// Whether `RepetitionTime` is known: BIDS has no functional series without.
    pub repetition_time: bool,
    /// What it was made with.
    pub modality: Modality,
}

/// What a scanner that measures the field itself makes (BIDS 1.10.0, *Case 3: Direct field mapping*).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FieldMap {
    /// The map, in hertz.
    Hertz,
    /// The magnitude beside it.
    Magnitude,
}

/// Where BIDS puts a role.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Folder {
    Anat,
    Dwi,
    Func,
    Fmap,
    Other,
}

/// Whether a role's name carries `ce-gd`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Contrast {
    /// The role itself says so.
    Always,
    /// Where the volume was acquired after contrast agent.
    Told,
    /// The role itself says not, whatever the header's contrast tags say (they are often filled on
    /// the pre-contrast series too).
    Never,
}

/// One row of [`ROLES`].
struct Rule {
    role: &'static str,
    folder: Folder,
    acq: &'static str,
    suffix: &'static str,
    /// The suffix where a series has several echoes.
    echo_suffix: Option<&'static str>,
    contrast: Contrast,
}

const fn rule(
    role: &'static str,
    folder: Folder,
    acq: &'static str,
    suffix: &'static str,
    echo_suffix: Option<&'static str>,
    contrast: Contrast,
) -> Rule {
    Rule { role, folder, acq, suffix, echo_suffix, contrast }
}

/// Roles and their places. Suffixes: BIDS 1.10.0, *MRI*; `acq` labels: `DESIGN.md`, *The archive*.
const ROLES: &[Rule] = {
    use Contrast::{Always, Never, Told};
    use Folder::{Anat, Dwi, Fmap, Func, Other};
    &[
        rule("t1_pre", Anat, "pre", "T1w", None, Never),
        rule("arterial_early", Anat, "artearly", "T1w", None, Always),
        rule("arterial", Anat, "art", "T1w", None, Always),
        rule("arterial_late", Anat, "artlate", "T1w", None, Always),
        rule("portal_venous", Anat, "pv", "T1w", None, Always),
        rule("transitional", Anat, "trans", "T1w", None, Always),
        rule("delayed", Anat, "del", "T1w", None, Always),
        rule("hepatobiliary", Anat, "hbp", "T1w", None, Always),
        rule("t1", Anat, "", "T1w", Some("MEGRE"), Told),
        rule("t1_ce", Anat, "", "T1w", Some("MEGRE"), Always),
        rule("t1_inphase", Anat, "inphase", "T1w", None, Told),
        rule("t1_opposed", Anat, "oppphase", "T1w", None, Told),
        rule("t1_water", Anat, "water", "T1w", None, Told),
        rule("t1_fat", Anat, "fat", "T1w", None, Told),
        rule("t2", Anat, "", "T2w", Some("MESE"), Told),
        rule("t2_fs", Anat, "fs", "T2w", Some("MESE"), Told),
        rule("mrcp", Anat, "mrcp", "T2w", None, Told),
        rule("flair", Anat, "", "FLAIR", None, Told),
        rule("pd", Anat, "", "PDw", None, Told),
        rule("t2star", Anat, "", "T2starw", Some("MEGRE"), Told),
        rule("angio", Anat, "", "angio", None, Told),
        rule("dwi", Dwi, "", "dwi", None, Never),
        rule("adc", Dwi, "", "ADC", None, Never),
        rule("bold", Func, "", "bold", None, Told),
        rule("fieldmap", Fmap, "", "", None, Never),
        // No suffix of BIDS 1.10, or none that bids-validator 1.15 knows.
        rule("fat_fraction", Other, "fatfraction", "", None, Told),
        rule("swi", Other, "swi", "", None, Told),
        rule("ssfp", Other, "ssfp", "", None, Told),
        rule("mre", Other, "mre", "", None, Told),
        // `perf/` is arterial spin labelling only, and that needs a context table.
        rule("perfusion", Other, "perf", "", None, Told),
        rule("subtraction", Other, "sub", "", None, Told),
        rule("mip", Other, "mip", "", None, Told),
        rule("localizer", Other, "localizer", "", None, Never),
        rule("calibration", Other, "calibration", "", None, Never),
        rule("derived", Other, "derived", "", None, Told),
        rule("ct_axial", Other, "", "", None, Told),
        rule("ct_coronal", Other, "", "", None, Told),
        rule("ct_sagittal", Other, "", "", None, Told),
    ]
};

/// `.bidsignore`: what the layout holds beyond BIDS, in the syntax of `.gitignore`.
pub const BIDS_IGNORE: &str = "other/\ntraining/\nprovenance/\ndicom/\n**/*_ADC.nii.gz\n**/*_ADC.json\n";

/// The `task` of a functional series: no header says what a patient was asked to do.
pub const UNNAMED_TASK: &str = "unspecified";

/// Whether a label may stand behind an entity's key (BIDS 1.10.0, *Entities*: alphanumeric).
pub fn is_label(label: &str) -> bool {
    !label.is_empty() && label.len() <= 32 && label.bytes().all(|b| b.is_ascii_alphanumeric())
}

impl VolumeName {
    /// The path of the volume, `run` naming which of several volumes that would share it.
    ///
    /// # Errors
    /// [`Error::Label`] where the pseudonym or session is not plain.
    pub fn stem(&self, run: Option<u32>) -> Result<Stem, Error> {
        if !is_label(&self.subject) {
            return Err(Error::Label("subject"));
        }
        if !is_label(&self.session) {
            return Err(Error::Label("session"));
        }
        let rule = self.rule();
        let folder = rule.map_or(Folder::Other, |rule| self.folder(rule));
        let sub_ses = format!("sub-{}/ses-{}", self.subject, self.session);
        let (place, suffix) = match (folder, rule) {
            (Folder::Anat, Some(rule)) => ("anat", self.anat_suffix(rule).to_owned()),
            (Folder::Dwi, Some(rule)) => ("dwi", rule.suffix.to_owned()),
            (Folder::Func, Some(rule)) => ("func", rule.suffix.to_owned()),
            (Folder::Fmap, Some(_)) => ("fmap", self.fieldmap_suffix().unwrap_or_default().to_owned()),
            _ => ("", self.generic_suffix().to_owned()),
        };
        let mut path =
            if place.is_empty() { format!("other/{sub_ses}/") } else { format!("{sub_ses}/{place}/") };
        path.push_str(&format!("sub-{}_ses-{}", self.subject, self.session));
        let mut entity = |key: &str, value: &str| {
            if !value.is_empty() {
                path.push_str(&format!("_{key}-{value}"));
            }
        };
        let acq = self.acquisition(rule);
        let contrast = rule.map_or(self.contrast, |rule| match rule.contrast {
            Contrast::Always => true,
            Contrast::Told => self.contrast,
            Contrast::Never => false,
        });
        let contrast = if contrast { "gd" } else { "" };
        let direction = self.phase_encoding.map_or("", PhaseEncoding::label);
        let run = run.map_or_else(String::new, |run| format!("{run:02}"));
        let echo = match rule {
            // Dixon images and in/opposed pairs are named by what they show.
            Some(rule) if matches!(rule.acq, "water" | "fat" | "inphase" | "oppphase") => String::new(),
            _ => self.echo.map_or_else(String::new, |echo| echo.to_string()),
        };
        let copy = self.copy.map_or("", |copy| match copy {
            Copy::Tilt => "tilt",
            Copy::Spacing => "eq",
            Copy::TiltAndSpacing => "tilteq",
        });
        let part = self.part.map_or("", |part| match part {
            Part::Mag => "mag",
            Part::Phase => "phase",
            Part::Real => "real",
            Part::Imag => "imag",
        });
        // Each folder's entities in BIDS's order: task acq ce rec dir run echo part. Copies are 3D, which
        // `func` never is, and `fmap` has no rec.
        match folder {
            Folder::Anat => {
                entity("acq", &acq);
                entity("ce", contrast);
                entity("rec", copy);
                entity("run", &run);
                entity("echo", &echo);
                entity("part", part);
            }
            Folder::Dwi => {
                entity("acq", &acq);
                entity("rec", copy);
                entity("dir", direction);
                entity("run", &run);
                entity("part", part);
            }
            Folder::Func => {
                entity("task", UNNAMED_TASK);
                entity("acq", &acq);
                entity("ce", contrast);
                entity("dir", direction);
                entity("run", &run);
                entity("echo", &echo);
                entity("part", part);
            }
            Folder::Fmap => {
                entity("acq", &acq);
                entity("run", &run);
            }
            Folder::Other => {
                entity("acq", &acq);
                entity("ce", contrast);
                entity("rec", copy);
                entity("dir", direction);
                entity("run", &run);
                entity("echo", &echo);
                entity("part", part);
            }
        }
        path.push('_');
        path.push_str(&suffix);
        Ok(Stem(path))
    }

    fn rule(&self) -> Option<&'static Rule> {
        // Words that plans of the first version use.
        let role = match self.role.as_deref()? {
            "t1_post" => "t1_ce",
            "fieldmap_magnitude" | "fieldmap_phase" => "fieldmap",
            "ct" => "ct_axial",
            role => role,
        };
        let rule = ROLES.iter().find(|rule| rule.role == role)?;
        // What BIDS says of MR images is not said of CT.
        (self.modality == Modality::Mr || rule.role.starts_with("ct_")).then_some(rule)
    }

    /// BIDS's folder for a role, unless BIDS has no word for this kind of it.
    fn folder(&self, rule: &Rule) -> Folder {
        let is_4d = self.timepoints > 1;
        match rule.folder {
            // An anatomical image has three dimensions (bids-validator 1.15, code 41, for T1w).
            Folder::Anat if is_4d => Folder::Other,
            // `_dwi` needs `.bval` and `.bvec`; the ADC map needs neither.
            Folder::Dwi if rule.suffix == "dwi" && !self.gradients => Folder::Other,
            // `_bold` is a series in time with a repetition time.
            Folder::Func if !is_4d || !self.repetition_time => Folder::Other,
            // BIDS's field maps come of two echoes; anything else is no map.
            Folder::Fmap if is_4d || self.copy.is_some() || self.fieldmap_suffix().is_none() => Folder::Other,
            folder => folder,
        }
    }

    fn anat_suffix(&self, rule: &Rule) -> &'static str {
        match rule.echo_suffix {
            Some(suffix) if self.echo.is_some() => suffix,
            _ => rule.suffix,
        }
    }

    /// `magnitude1`, `phase2`, `phasediff`: part and echo are the suffix (BIDS 1.10.0, *Fieldmaps*).
    fn fieldmap_suffix(&self) -> Option<&'static str> {
        match self.field_map {
            Some(FieldMap::Hertz) => return Some("fieldmap"),
            Some(FieldMap::Magnitude) => return Some("magnitude"),
            None => {}
        }
        match (self.part, self.echo) {
            (Some(Part::Phase), _) if self.phase_difference => Some("phasediff"),
            (Some(Part::Phase), Some(1)) => Some("phase1"),
            (Some(Part::Phase), Some(2)) => Some("phase2"),
            (None | Some(Part::Mag), None | Some(1)) => Some("magnitude1"),
            (None | Some(Part::Mag), Some(2)) => Some("magnitude2"),
            _ => None,
        }
    }

    fn generic_suffix(&self) -> &'static str {
        match self.modality {
            Modality::Mr => "mr",
            Modality::Ct => "ct",
            Modality::Other => "img",
        }
    }

    fn acquisition(&self, rule: Option<&Rule>) -> String {
        let Some(rule) = rule else {
            return self.plane_label().to_owned();
        };
        let mut label = rule.acq.to_owned();
        // A generic name has no suffix to say what it shows, so the label does.
        if self.folder(rule) == Folder::Other && label.is_empty() && !rule.role.starts_with("ct_") {
            label = rule.role.chars().filter(char::is_ascii_alphanumeric).collect();
        }
        if self.occurrence > 1 && !label.is_empty() {
            label.push_str(&self.occurrence.to_string());
        }
        if let Some(b) = self.b_value {
            label.push_str(&format!("b{b}"));
        }
        if self.fat_sat && label.is_empty() && matches!(rule.suffix, "T1w" | "T2w" | "PDw") {
            label.push_str("fs");
        }
        label.push_str(self.plane_label());
        label
    }

    fn plane_label(&self) -> &'static str {
        match self.plane {
            Plane::Axial => "",
            Plane::Coronal => "cor",
            Plane::Sagittal => "sag",
        }
    }
}

/// The role whose volumes are named so: the label of `acq` (empty for none), whether `ce` is there, and the
/// suffix. `None` for what no role of ours is named by; other people's labels leave only their suffix to go by.
pub fn role_of_name(acq: &str, contrast: bool, suffix: &str) -> Option<&'static str> {
    // What a label carries behind the role's own: which of several, the b-value, the plane.
    let plain =
        acq.trim_end_matches("cor").trim_end_matches("sag").trim_end_matches(|c: char| c.is_ascii_digit());
    let named = |rule: &&Rule| match rule.folder {
        Folder::Other if rule.acq.is_empty() => rule.role.bytes().filter(|b| *b != b'_').eq(plain.bytes()),
        _ => !rule.acq.is_empty() && rule.acq == plain && (rule.suffix == suffix || rule.suffix.is_empty()),
    };
    let by_label = (!plain.is_empty()).then(|| ROLES.iter().find(named)).flatten();
    let by_suffix = || {
        let fits = |rule: &&Rule| rule.acq.is_empty() && !suffix.is_empty() && rule.suffix == suffix;
        let exact = |rule: &&Rule| fits(rule) && contrast == (rule.contrast == Contrast::Always);
        ROLES.iter().find(exact).or_else(|| ROLES.iter().find(fits))
    };
    match by_label.or_else(by_suffix) {
        Some(rule) => Some(rule.role),
        None => (suffix == "ct").then_some("ct_axial"),
    }
}

/// Every role id that has a place of its own; others get a generic name.
pub fn known_roles() -> impl Iterator<Item = &'static str> {
    ROLES.iter().map(|rule| rule.role)
}

#[cfg(test)]
#[path = "layout_tests.rs"]
mod tests;
