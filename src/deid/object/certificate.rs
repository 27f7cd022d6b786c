//! What was done to all objects, for people who have to answer for it. In: objects and refusals, in any
//! order. Out: `provenance/deidentification.json` with counts by action and tag, what was searched, what was
//! retained and why, what was not checked. Never: a value, a path, or the word *anonymous*.

use super::super::certificate::{
    CERTIFICATE_SCHEMA, Coded, EDITION, ElementCount, FacesSection, RetainedItem, SearchSection,
};
use super::super::check::{CheckCount, Searched};
use super::super::cohort::SmallCohort;
use super::super::pixels::Suspicion;
use super::super::policy::{Policy, PolicyOption};
use super::super::secrets::SecretKind;
use super::super::{ByPosition, place};
use super::{Done, Exclusion, Object, Refusal};
use crate::dicom::Tag;
use serde::Serialize;
use std::collections::BTreeMap;

/// Counts over many objects; parts made on several threads are put together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    by_tag: BTreeMap<(Done, Tag), u64>,
    private: u64,
    unknown: u64,
    withheld: BTreeMap<Tag, u64>,
    frames_cleaned: u64,
    overlays_cleared: u64,
    suspects_written: u64,
    pixels: PixelCounts,
    faces: u64,
    written: u64,
    excluded: BTreeMap<Exclusion, u64>,
    stopped: u64,
    unreadable: u64,
    checked: CheckCount,
    searched: Searched,
    subjects: u64,
}

impl Counts {
    /// Takes an object that was written.
    pub fn object(&mut self, object: &Object) {
        self.written += 1;
        add_all(&mut self.by_tag, &object.tally.by_tag);
        self.private += object.tally.private;
        self.unknown += object.tally.unknown;
        for tag in &object.withheld {
            *self.withheld.entry(*tag).or_default() += 1;
        }
        self.frames_cleaned += object.frames_cleaned;
        self.overlays_cleared += u64::from(object.overlay_bits_cleared);
        self.suspects_written += u64::from(object.suspicion.is_some());
        self.pixels.take(object.pixels, object.suspicion.is_some());
        self.faces += u64::from(object.face.is_some());
        self.checked += object.checked;
    }

    /// Takes an object that was not.
    pub fn refusal(&mut self, refusal: &Refusal) {
        match refusal {
            Refusal::Excluded(why) => *self.excluded.entry(*why).or_default() += 1,
            Refusal::Leak(_) => self.stopped += 1,
            _ => self.unreadable += 1,
        }
    }

    /// Takes a subject: what was searched for in its objects.
    pub fn subject(&mut self, searched: &Searched) {
        self.subjects += 1;
        self.searched.add(searched);
    }

    /// Adds another part.
    pub fn merge(&mut self, other: &Self) {
        add_all(&mut self.by_tag, &other.by_tag);
        add_all(&mut self.withheld, &other.withheld);
        add_all(&mut self.excluded, &other.excluded);
        self.private += other.private;
        self.unknown += other.unknown;
        self.frames_cleaned += other.frames_cleaned;
        self.overlays_cleared += other.overlays_cleared;
        self.suspects_written += other.suspects_written;
        self.pixels.merge(other.pixels);
        self.faces += other.faces;
        self.written += other.written;
        self.stopped += other.stopped;
        self.unreadable += other.unreadable;
        self.checked += other.checked;
        self.searched.add(&other.searched);
        self.subjects += other.subjects;
    }

    /// Objects written.
    pub const fn written(&self) -> u64 {
        self.written
    }

    /// Objects in which boxes were made black.
    pub const fn redacted(&self) -> u64 {
        self.pixels.redacted
    }

    /// Objects written of volumes that may show a face.
    pub const fn faces(&self) -> u64 {
        self.faces
    }

    /// Objects left out on purpose, by reason.
    pub const fn excluded(&self) -> &BTreeMap<Exclusion, u64> {
        &self.excluded
    }

    /// Objects that can't be read, and those in which a known identifier was found.
    pub const fn failed(&self) -> u64 {
        self.unreadable + self.stopped
    }
}

/// What was done about text burned into pixels, over all objects with pixels.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
struct PixelCounts {
    /// Objects whose frames were searched for lines of text, and nothing was found.
    searched: u64,
    /// Frames of them.
    frames_searched: u64,
    /// Objects in which boxes were made black in every frame.
    redacted: u64,
    /// Objects of which a person said that nothing identifies, redacted or not.
    reviewed: u64,
    /// Objects written although text is suspected, as was asked for.
    suspected_and_written: u64,
    /// Objects whose pixels can't be decoded, and whose header gives no reason to suspect them.
    not_searched: u64,
}

impl PixelCounts {
    fn take(&mut self, pixels: super::Pixels, suspected: bool) {
        if !pixels.present {
            return;
        }
        self.searched += u64::from(pixels.searched > 0 && !suspected);
        self.frames_searched += u64::from(pixels.searched);
        self.redacted += u64::from(pixels.redacted);
        self.reviewed += u64::from(pixels.reviewed);
        self.suspected_and_written += u64::from(suspected);
        let seen = pixels.searched > 0 || pixels.redacted || pixels.reviewed || suspected;
        self.not_searched += u64::from(!seen);
    }

    const fn merge(&mut self, other: Self) {
        self.searched += other.searched;
        self.frames_searched += other.frames_searched;
        self.redacted += other.redacted;
        self.reviewed += other.reviewed;
        self.suspected_and_written += other.suspected_and_written;
        self.not_searched += other.not_searched;
    }
}

fn add_all<K: Ord + Copy>(into: &mut BTreeMap<K, u64>, from: &BTreeMap<K, u64>) {
    from.iter().for_each(|(&key, &count)| *into.entry(key).or_default() += count);
}

/// The document.
#[derive(Debug, Clone, Serialize)]
pub struct ObjectCertificate {
    schema: &'static str,
    statement: &'static str,
    profile: Coded,
    edition: &'static str,
    options: Vec<Coded>,
    output: &'static str,
    policy: Policy,
    project_key: Option<String>,
    subjects: u64,
    objects: u64,
    /// Objects left out, by reason in words.
    excluded: BTreeMap<String, u64>,
    unreadable: u64,
    actions: BTreeMap<Done, u64>,
    elements: BTreeMap<Done, Vec<ElementCount>>,
    private_elements_removed: u64,
    unknown_elements_removed: u64,
    /// Elements that the profile lets stay and that went for what was found in them.
    withheld: Vec<ElementCount>,
    compressed_frames_cleaned: u64,
    overlays_in_pixels_cleared: u64,
    burned_in_text: PixelCounts,
    searched: SearchSection,
    by_position: BTreeMap<ByPosition, u64>,
    retained: Vec<RetainedItem>,
    excluded_from_search: Vec<ElementCount>,
    standard_uids: u64,
    recognizable_visual_features: FacesSection,
    #[serde(skip_serializing_if = "Option::is_none")]
    small_cohort: Option<SmallCohort>,
    not_checked: Vec<String>,
}

impl ObjectCertificate {
    /// The certificate of one run.
    pub fn new(counts: &Counts, policy: &Policy, key_fingerprint: Option<&str>) -> Self {
        let coded = |code: super::super::policy::Code| Coded {
            code: code.code.to_owned(),
            scheme: "DCM".to_owned(),
            meaning: code.meaning.to_owned(),
        };
        let mut actions: BTreeMap<Done, u64> = BTreeMap::new();
        let mut elements: BTreeMap<Done, Vec<ElementCount>> = BTreeMap::new();
        for (&(done, tag), &count) in &counts.by_tag {
            *actions.entry(done).or_default() += count;
            elements.entry(done).or_default().push(element(tag, count));
        }
        *actions.entry(Done::Removed).or_default() += counts.private + counts.unknown;
        let values: BTreeMap<SecretKind, u64> = counts.searched.values.clone();
        Self {
            schema: CERTIFICATE_SCHEMA,
            statement: "Pseudonymised. Known identifiers not found in what was written.",
            profile: coded(policy.profile.code()),
            edition: EDITION,
            options: PolicyOption::ALL
                .into_iter()
                .filter(|o| policy.holds(*o))
                .map(|o| coded(o.code()))
                .collect(),
            output: "DICOM objects, built element by element from what the profile lets stay",
            policy: policy.clone(),
            project_key: key_fingerprint.map(str::to_owned),
            subjects: counts.subjects,
            objects: counts.written,
            excluded: counts.excluded.iter().map(|(why, count)| (why_words(*why), *count)).collect(),
            unreadable: counts.unreadable,
            actions,
            elements,
            private_elements_removed: counts.private,
            unknown_elements_removed: counts.unknown,
            withheld: counts.withheld.iter().map(|(&tag, &count)| element(tag, count)).collect(),
            compressed_frames_cleaned: counts.frames_cleaned,
            overlays_in_pixels_cleared: counts.overlays_cleared,
            burned_in_text: counts.pixels,
            searched: SearchSection {
                values,
                spellings: counts.searched.spellings,
                entries: counts.checked.entries,
                bytes: counts.checked.bytes,
                stopped: counts.stopped,
                forms: super::super::certificate::forms(),
            },
            by_position: counts.searched.by_position.clone(),
            retained: retained(policy),
            excluded_from_search: counts.searched.retained.iter().map(|(&tag, &n)| element(tag, n)).collect(),
            standard_uids: counts.searched.standard_uids,
            recognizable_visual_features: FacesSection::new(counts.faces),
            small_cohort: None,
            not_checked: not_checked(counts),
        }
    }

    /// The same with how many subjects stand alone.
    #[must_use]
    pub fn with_cohort(self, cohort: SmallCohort) -> Self {
        Self { small_cohort: Some(cohort), ..self }
    }

    /// A document with every sentence that one may have.
    pub(in crate::deid) fn wording(policy: &Policy) -> String {
        let suspicions = Suspicion::ALL.into_iter().map(Exclusion::BurnedIn);
        let exclusions = [
            Exclusion::Directory,
            Exclusion::Document,
            Exclusion::StructuredReport,
            Exclusion::Audio,
            Exclusion::Video,
            Exclusion::PrivateObject,
            Exclusion::NoPatient,
            Exclusion::LeftOut,
            Exclusion::BoxOutside,
            Exclusion::Face,
        ];
        let counts = Counts {
            excluded: exclusions.into_iter().chain(suspicions).map(|why| (why, 1)).collect(),
            withheld: BTreeMap::from([(Tag(0, 0), 1)]),
            suspects_written: 1,
            ..Counts::default()
        };
        Self::new(&counts, policy, None).to_json()
    }

    /// The document's bytes.
    pub fn to_json(&self) -> String {
        let mut json = serde_json::to_string_pretty(self).unwrap_or_default();
        json.push('\n');
        json
    }
}

fn why_words(why: Exclusion) -> String {
    match why {
        Exclusion::BurnedIn(suspicion) => format!("{why}: {}", suspicion.words()),
        other => other.to_string(),
    }
}

fn element(tag: Tag, count: u64) -> ElementCount {
    let keyword = place::keyword(tag).unwrap_or(if tag.0 % 2 == 1 { "private" } else { "unknown" });
    ElementCount { tag: format!("({:04X},{:04X})", tag.0, tag.1), keyword: keyword.to_owned(), count }
}

fn retained(policy: &Policy) -> Vec<RetainedItem> {
    let item = |what: &str, why: &str| RetainedItem { what: what.to_owned(), why: why.to_owned() };
    let mut items = vec![
        item(
            "geometry, acquisition parameters, pixel data, make and model of the scanner",
            "Table E.1-1 lets them stay",
        ),
        item("UIDs of the standard, of object classes and of code systems", "they name kinds of things"),
    ];
    for option in PolicyOption::ALL.into_iter().filter(|option| policy.holds(*option)) {
        items.push(item(option.label(), option.code().meaning));
    }
    for keep in &policy.keep {
        items.push(item(&keep.tag, &keep.reason));
    }
    for keep in &policy.keep_private {
        items.push(item(&keep.tag, &keep.reason));
    }
    items
}

fn not_checked(counts: &Counts) -> Vec<String> {
    let mut lines = vec![
        "Pixels were searched for what looks like lines of text, not read: single letters, handwriting, text \
         in strong noise or of low contrast may stand in them."
            .to_owned(),
        "Recognizable visual features not removed.".to_owned(),
        "Whether a person can be recognised by combining what is retained.".to_owned(),
    ];
    if counts.pixels.not_searched > 0 {
        lines.push(format!(
            "The pixels of {} objects, which can't be decoded, were not searched.",
            counts.pixels.not_searched
        ));
    }
    if counts.faces > 0 {
        lines.push(format!("{} objects of volumes that may show a face were written.", counts.faces));
    }
    if counts.suspects_written > 0 {
        lines.push(format!(
            "{} objects that may have text burned into their pixels were written, as was asked for.",
            counts.suspects_written
        ));
    }
    lines
}
