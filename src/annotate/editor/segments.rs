//! Segments: what a label means.
//!
//! In: wishes of a reader. Out: segments with names, colours, codes, whether they are shown and locked, and,
//! for lesions, an ID that stays the same across sessions and what was found in this one. Names and reasons
//! come from tables where they can; a name typed by hand is known as such.

use serde::{Deserialize, Serialize};

use super::Error;

/// Colours that colour-blind eyes tell apart: Okabe and Ito (2008), then Tol's bright and muted schemes
/// (SRON/EPS/TN/09-002, 2021).
const COLOURS: [[u8; 3]; 18] = [
    [230, 159, 0],
    [86, 180, 233],
    [0, 158, 115],
    [240, 228, 66],
    [0, 114, 178],
    [213, 94, 0],
    [204, 121, 167],
    [238, 102, 119],
    [34, 136, 51],
    [204, 187, 68],
    [102, 204, 238],
    [170, 51, 119],
    [136, 204, 238],
    [68, 170, 153],
    [153, 153, 51],
    [221, 204, 119],
    [204, 102, 119],
    [136, 34, 85],
];

/// A coded meaning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Code {
    /// `SCT`, `DCM`, `99HEPATICA`.
    pub scheme: String,
    /// The code's value.
    pub value: String,
    /// In the scheme's words.
    pub meaning: String,
}

/// A row of the table of terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Term {
    /// By which it is chosen.
    #[serde(rename = "code")]
    pub key: &'static str,
    /// What a segment of it is called.
    pub name: &'static str,
    /// Scheme, value and meaning of the category.
    #[serde(skip)]
    pub category: [&'static str; 3],
    /// Scheme, value and meaning of the type.
    #[serde(skip)]
    pub kind: [&'static str; 3],
    /// Whether such a segment is a lesion.
    pub lesion: bool,
}

/// The table of terms.
pub fn terms() -> impl Iterator<Item = Term> {
    include_str!("terms.tsv").lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
        let mut cells = line.split('\t');
        let mut next = || cells.next();
        Some(Term {
            key: next()?,
            name: next()?,
            category: [next()?, next()?, next()?],
            kind: [next()?, next()?, next()?],
            lesion: next()? == "lesion",
        })
    })
}

/// The term of a code: a key, `SCT:10200004`, or a value alone.
#[must_use]
pub fn term(code: &str) -> Option<Term> {
    terms().find(|t| {
        t.key == code
            || t.kind[1] == code
            || code.split_once(':').is_some_and(|(scheme, value)| scheme == t.kind[0] && value == t.kind[1])
    })
}

impl Term {
    /// Its type.
    #[must_use]
    pub fn code(&self) -> Code {
        let [scheme, value, meaning] = self.kind.map(str::to_owned);
        Code { scheme, value, meaning }
    }
}

/// Segments of a kind of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Preset {
    /// By which it is chosen.
    pub id: &'static str,
    /// On screen.
    pub title: &'static str,
    /// Keys of terms.
    pub terms: &'static [&'static str],
}

/// The presets.
pub const PRESETS: [Preset; 2] = [
    Preset {
        id: "hcc",
        title: "HCC: tumour, necrosis, treated zone, tumour in vein, liver, background",
        terms: &["tumour", "necrosis", "treated", "tumour_in_vein", "liver", "background"],
    },
    Preset { id: "lesion", title: "Lesion and background", terms: &["lesion", "background"] },
];

/// What a term is called within a preset: UX.md's words.
fn preset_name(preset: &str, key: &str) -> Option<&'static str> {
    match (preset, key) {
        ("hcc", "tumour") => Some("Viable tumour"),
        _ => None,
    }
}

/// Why a lesion cannot be evaluated, and the like: the pick-list.
pub const REASONS: [(&str, &str); 7] = [
    ("motion", "Motion"),
    ("artefact", "Artefact"),
    ("arterial_phase", "Arterial phase inadequate"),
    ("field_of_view", "Outside the field of view"),
    ("treatment_change", "Changed by treatment"),
    ("missing_series", "Series missing"),
    ("other", "Other"),
];

/// What was found of a lesion in a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LesionState {
    /// Nothing said yet.
    #[default]
    Unread,
    /// It has voxels.
    Segmented,
    /// Gone after treatment.
    NoResidual,
    /// It cannot be seen.
    NotVisible,
    /// It cannot be judged, for a reason.
    NotEvaluable,
}

/// A lesion in this session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lesion {
    /// `L1`: the same lesion has the same in every session.
    pub id: String,
    /// What was found. A zero volume alone says nothing.
    pub state: LesionState,
    /// A key of [`REASONS`], or nothing.
    pub reason: String,
}

/// What a label means.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Segment {
    /// Its value in the label map.
    pub label: u8,
    /// On screen, and in files where it is no free text.
    pub name: String,
    /// sRGB.
    pub colour: [u8; 3],
    /// Key of its term; empty for none.
    pub term: String,
    /// Whether it is shown.
    pub visible: bool,
    /// Whether nothing may change it.
    pub locked: bool,
    /// For lesions.
    pub lesion: Option<Lesion>,
    /// Made elsewhere, and not confirmed by the reader.
    #[serde(default)]
    pub draft: bool,
}

impl Segment {
    /// Its term.
    #[must_use]
    pub fn meaning(&self) -> Option<Term> {
        term(&self.term).filter(|_| !self.term.is_empty())
    }

    /// The name that files get: the reader's free text is replaced unless it may go out.
    #[must_use]
    pub fn outward_name(&self, free_text: bool) -> String {
        let base = self.name.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end();
        let known = |name: &str| {
            terms().map(|t| t.name).chain(["Viable tumour", "Lesion", "Segment"]).any(|k| k == name)
        };
        if free_text || known(&self.name) || known(base) {
            return self.name.clone();
        }
        match (self.meaning(), &self.lesion) {
            (_, Some(lesion)) => format!("Lesion {}", lesion.id.trim_start_matches('L')),
            (Some(term), None) => term.name.to_owned(),
            (None, None) => format!("Segment {}", self.label),
        }
    }
}

/// Segments in their order, and the one at hand.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Segments {
    /// In the order on screen.
    pub list: Vec<Segment>,
    /// The one that tools work on; 0 for none.
    pub active: u8,
}

/// Longest name, characters.
const NAME: usize = 64;

impl Segments {
    /// The segment of a label.
    #[must_use]
    pub fn get(&self, label: u8) -> Option<&Segment> {
        self.list.iter().find(|s| s.label == label)
    }

    /// The same, to be changed.
    ///
    /// # Errors
    /// [`Error::NoSegment`].
    pub(super) fn of(&mut self, label: u8) -> Result<&mut Segment, Error> {
        self.list.iter_mut().find(|s| s.label == label).ok_or(Error::NoSegment)
    }

    /// The lowest label that no segment has and no voxel.
    fn free(&self, used: &dyn Fn(u8) -> bool) -> Result<u8, Error> {
        (1..=255).find(|l| self.get(*l).is_none() && !used(*l)).ok_or(Error::NoLabelLeft)
    }

    /// The colour that the fewest segments have.
    fn colour(&self) -> [u8; 3] {
        let has = |c: &[u8; 3]| self.list.iter().filter(|s| s.colour == *c).count();
        let mut best = COLOURS[0];
        for colour in COLOURS {
            if has(&colour) < has(&best) {
                best = colour;
            }
        }
        best
    }

    fn lesion_id(&self) -> String {
        let has = |id: &str| self.list.iter().any(|s| s.lesion.as_ref().is_some_and(|l| l.id == id));
        (1..=256_u32).map(|n| format!("L{n}")).find(|id| !has(id)).unwrap_or_default()
    }

    /// Adds a segment and makes it the active one; returns its label.
    ///
    /// # Errors
    /// [`Error::NoLabelLeft`], [`Error::Name`].
    pub(super) fn add(
        &mut self,
        name: &str,
        term: &str,
        lesion: Option<Option<&str>>,
        used: &dyn Fn(u8) -> bool,
    ) -> Result<u8, Error> {
        let label = self.free(used)?;
        let lesion = lesion.map(|id| Lesion {
            id: id.map_or_else(|| self.lesion_id(), str::to_owned),
            state: LesionState::Unread,
            reason: String::new(),
        });
        let name = match (name.trim(), &lesion) {
            ("", Some(lesion)) => format!("Lesion {}", lesion.id.trim_start_matches('L')),
            ("", None) => format!("Segment {label}"),
            (name, _) => sound_name(name)?,
        };
        let colour = self.colour();
        let background = term == "background";
        self.list.push(Segment {
            label,
            name,
            // Background grows everywhere: grey keeps it quiet.
            colour: if background { [128, 128, 128] } else { colour },
            term: term.to_owned(),
            visible: true,
            locked: false,
            lesion,
            draft: false,
        });
        self.active = label;
        Ok(label)
    }

    /// Adds what a preset has and is not there yet.
    ///
    /// # Errors
    /// [`Error::NoPreset`], [`Error::NoLabelLeft`].
    pub(super) fn add_preset(&mut self, id: &str, used: &dyn Fn(u8) -> bool) -> Result<(), Error> {
        let preset = PRESETS.iter().find(|p| p.id == id).ok_or(Error::NoPreset)?;
        let mut first = None;
        for key in preset.terms {
            if let Some(there) = self.list.iter().find(|s| s.term == *key) {
                first.get_or_insert(there.label);
                continue;
            }
            let Some(term) = term(key) else { continue };
            let name = preset_name(id, key).unwrap_or(term.name);
            let label = self.add(name, key, term.lesion.then_some(None), used)?;
            first.get_or_insert(label);
        }
        self.active = first.unwrap_or(self.active);
        Ok(())
    }
}

/// A name as it may be: one line, not too long, and something.
pub(super) fn sound_name(name: &str) -> Result<String, Error> {
    let name = name.trim();
    let sound = !name.is_empty() && name.chars().count() <= NAME && !name.chars().any(char::is_control);
    if sound { Ok(name.to_owned()) } else { Err(Error::Name) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn every_term_has_its_row_and_every_preset_its_terms() {
        assert_eq!(terms().count(), 33);
        let mut keys: Vec<&str> = terms().map(|t| t.key).collect();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), 33);
        for preset in PRESETS {
            assert!(preset.terms.iter().all(|key| term(key).is_some()));
        }
        assert_eq!(term("SCT:10200004").unwrap().key, "liver");
        assert_eq!(term("10200004").unwrap().key, "liver");
        assert!(term("SCT:1").is_none());
    }

    #[test]
    fn names_typed_by_hand_stay_in() {
        let mut segments = Segments::default();
        let none = |_: u8| false;
        segments.add("", "", Some(None), &none).unwrap();
        segments.add("Mrs Miller's tumour", "tumour", None, &none).unwrap();
        segments.add("Liver", "liver", None, &none).unwrap();
        segments.add("her left lobe", "", None, &none).unwrap();
        let names: Vec<String> = segments.list.iter().map(|s| s.outward_name(false)).collect();
        assert_eq!(names, ["Lesion 1", "Tumour", "Liver", "Segment 4"]);
        assert_eq!(segments.list[1].outward_name(true), "Mrs Miller's tumour");
        assert_eq!(segments.add(" \n ", "", None, &none).unwrap(), 5);
        assert_eq!(segments.add("a\nb", "", None, &none), Err(Error::Name));
        assert_eq!(segments.add(&"x".repeat(65), "", None, &none), Err(Error::Name));
    }

    #[test]
    fn colours_are_apart_as_long_as_there_are_some_and_labels_end_at_255() {
        let mut segments = Segments::default();
        for _ in 0..255 {
            segments.add("", "", None, &|_| false).unwrap();
        }
        assert_eq!(segments.add("", "", None, &|_| false), Err(Error::NoLabelLeft));
        let mut first: Vec<[u8; 3]> = segments.list.iter().take(18).map(|s| s.colour).collect();
        first.sort_unstable();
        first.dedup();
        assert_eq!(first.len(), 18);
    }
}
