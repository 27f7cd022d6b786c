//! The certificate, `provenance/deidentification.json`. In: the policy, counts of what was done,
//! what was searched and in how many entries. Out: a document for data-protection officers, the
//! same for the same data. Never: a value, a time of day, or the word *anonymous*.

use super::check::{CheckCount, Searched};
use super::cohort::{AgeSteps, Coarsening, Offer, SmallCohort};
use super::dates::DatePolicy;
use super::fate::{Action, ActionCounts};
use super::place;
use super::policy::{Policy, PolicyOption, Reach};
use super::secrets::{ByPosition, SecretKind};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// The certificate's schema (invariant 11).
pub const CERTIFICATE_SCHEMA: &str = "hepatica-deidentification/1";

/// The edition of PS3.15 whose profile is meant.
pub const EDITION: &str = "DICOM PS3.15 2024b";

/// What the certificate is made from.
#[derive(Clone, Copy)]
pub struct Evidence<'a> {
    /// The policy as applied.
    pub policy: &'a Policy,
    /// [`super::ProjectKey::fingerprint`], where codes or shifts are keyed.
    pub key_fingerprint: Option<&'a str>,
    /// Number of subjects written.
    pub subjects: u64,
    /// What was done to the elements of all headers.
    pub actions: &'a ActionCounts,
    /// What was searched for, all patients together.
    pub searched: &'a Searched,
    /// Where it was searched.
    pub checked: CheckCount,
    /// Entries that were not written because an identifier was found.
    pub stopped: u64,
    /// Volumes that may show a face.
    pub faces: u64,
    /// Volumes whose headers do not exclude burned-in text, or say that there is some.
    pub burned_in_suspected: u64,
    /// Of these, how many have boxes made black in every frame; the others a person has looked at.
    pub redacted: u64,
    /// How many of the subjects stand alone with what is written of them.
    pub cohort: Option<&'a SmallCohort>,
}

/// A coded entry, scheme DCM.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coded {
    /// Code value.
    pub code: String,
    /// Coding scheme.
    pub scheme: String,
    /// Code meaning.
    pub meaning: String,
}

/// One element or group of elements, and how often.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ElementCount {
    /// `(gggg,eeee)`.
    pub tag: String,
    /// Keyword in PS3.6.
    pub keyword: String,
    /// How often.
    pub count: u64,
}

/// What was searched for and where.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchSection {
    /// Distinct values searched for, by kind, counted once a patient.
    pub values: BTreeMap<SecretKind, u64>,
    /// Spellings of them.
    pub spellings: u64,
    /// Entries of the archive searched, names included.
    pub entries: u64,
    /// Bytes searched.
    pub bytes: u64,
    /// Entries not written because something was found in them.
    pub stopped: u64,
    /// In what forms.
    pub forms: Vec<String>,
}

/// What was proved by position instead.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PositionSection {
    /// Distinct values too short, too common or coded, by reason, counted once a patient.
    pub values: BTreeMap<ByPosition, u64>,
    /// Sidecar fields, each of which was found on the allow-list.
    pub fields: u64,
    /// How.
    pub method: String,
}

/// Something that is written on purpose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetainedItem {
    /// What.
    pub what: String,
    /// Why it may stay.
    pub why: String,
}

/// `provenance/deidentification.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// [`CERTIFICATE_SCHEMA`].
    pub schema: String,
    /// What is claimed, and nothing more.
    pub statement: String,
    /// The profile.
    pub profile: Coded,
    /// The standard's edition.
    pub edition: String,
    /// Options that hold and had an effect.
    pub options: Vec<Coded>,
    /// Options that hold and had none, since they concern DICOM output.
    pub options_without_effect: Vec<Coded>,
    /// What was written.
    pub output: String,
    /// The policy as applied.
    pub policy: Policy,
    /// The project key's fingerprint, where codes or shifts are keyed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project_key: Option<String>,
    /// Number of subjects.
    pub subjects: u64,
    /// Elements by what was done to them, occurrences in all headers.
    pub actions: BTreeMap<Action, u64>,
    /// The same by element, standard elements only.
    pub elements: BTreeMap<Action, Vec<ElementCount>>,
    /// Private elements, all removed.
    pub private_elements_removed: u64,
    /// Elements that the standard does not know, all removed.
    pub unknown_elements_removed: u64,
    /// The search.
    pub searched: SearchSection,
    /// The proof by position.
    pub by_position: PositionSection,
    /// What is written on purpose.
    pub retained: Vec<RetainedItem>,
    /// Elements whose values the search excluded because they are retained; distinct values.
    pub excluded_from_search: Vec<ElementCount>,
    /// Distinct UIDs of the standard (1.2.840.10008), which are no identifiers.
    pub standard_uids: u64,
    /// Faces and the like: never removed.
    #[serde(default)]
    pub recognizable_visual_features: FacesSection,
    /// Patients who stand alone with what is written of them, of the last export alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub small_cohort: Option<SmallCohort>,
    /// What was not checked.
    pub not_checked: Vec<String>,
}

/// Volumes or objects that may show a face.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FacesSection {
    /// What was done about them.
    pub statement: String,
    /// How many were written.
    pub written: u64,
}

impl FacesSection {
    pub(super) fn new(written: u64) -> Self {
        Self { statement: "recognizable visual features not removed".to_owned(), written }
    }
}

/// A certificate that is there cannot be continued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// Not of this schema.
    #[error(
        "the data set's deidentification.json is not of schema {CERTIFICATE_SCHEMA}; nothing was added to it"
    )]
    Schema,
    /// Made under another policy.
    #[error(
        "the data set was de-identified under another policy; choose the same one, or start a new data set"
    )]
    OtherPolicy,
    /// Made under another key.
    #[error(
        "the data set's codes were made under another project key; load that key, or start a new data set"
    )]
    OtherKey,
}

impl Certificate {
    /// The certificate of one export.
    pub fn new(evidence: &Evidence<'_>) -> Self {
        let policy = evidence.policy;
        let holding = |effective: bool| -> Vec<Coded> {
            PolicyOption::ALL
                .into_iter()
                .filter(|&option| policy.holds(option) && (option.reach() == Reach::Images) == effective)
                .map(|option| coded(option.code()))
                .collect()
        };
        let mut actions: BTreeMap<Action, u64> = BTreeMap::new();
        let mut elements: BTreeMap<Action, Vec<ElementCount>> = BTreeMap::new();
        for (&(action, tag), &count) in &evidence.actions.by_tag {
            *actions.entry(action).or_default() += count;
            elements.entry(action).or_default().push(element_count(tag, count));
        }
        *actions.entry(Action::Removed).or_default() += evidence.actions.private + evidence.actions.unknown;
        let excluded = &evidence.searched.retained;
        Self {
            schema: CERTIFICATE_SCHEMA.to_owned(),
            statement: "Pseudonymised. Known identifiers not found in what was written.".to_owned(),
            profile: coded(policy.profile.code()),
            edition: EDITION.to_owned(),
            options: holding(true),
            options_without_effect: holding(false),
            output: "NIfTI images with JSON sidecars and tables, from allow-lists".to_owned(),
            policy: policy.clone(),
            project_key: evidence.key_fingerprint.map(str::to_owned),
            subjects: evidence.subjects,
            actions,
            elements,
            private_elements_removed: evidence.actions.private,
            unknown_elements_removed: evidence.actions.unknown,
            searched: SearchSection {
                values: evidence.searched.values.clone(),
                spellings: evidence.searched.spellings,
                entries: evidence.checked.entries,
                bytes: evidence.checked.bytes,
                stopped: evidence.stopped,
                forms: forms(),
            },
            by_position: PositionSection {
                values: evidence.searched.by_position.clone(),
                fields: evidence.checked.fields,
                method:
                    "Images, sidecars and tables are written from allow-lists; every field of every sidecar \
                         was found on the list, and no element that held one of these values is on it."
                        .to_owned(),
            },
            retained: retained(policy),
            excluded_from_search: excluded.iter().map(|(&tag, &count)| element_count(tag, count)).collect(),
            standard_uids: evidence.searched.standard_uids,
            recognizable_visual_features: FacesSection::new(evidence.faces),
            small_cohort: evidence.cohort.cloned(),
            not_checked: not_checked(evidence),
        }
    }

    /// Every text that a certificate, or its page, may contain but keywords: ours, so no leak.
    pub(super) fn wording() -> &'static str {
        static WORDING: LazyLock<String> = LazyLock::new(wording);
        &WORDING
    }

    /// The document's bytes.
    pub fn to_json(&self) -> String {
        let mut json = serde_json::to_string_pretty(self).unwrap_or_default();
        json.push('\n');
        json
    }

    /// Continues the certificate of the data set that this export adds to: counts are summed.
    ///
    /// # Errors
    /// [`CertificateError`] when it is of another schema, policy or key: one data set, one promise.
    pub fn continue_from(mut self, earlier: &[u8]) -> Result<Self, CertificateError> {
        let earlier: Self = serde_json::from_slice(earlier).map_err(|_| CertificateError::Schema)?;
        if earlier.schema != CERTIFICATE_SCHEMA {
            return Err(CertificateError::Schema);
        }
        if earlier.policy != self.policy {
            return Err(CertificateError::OtherPolicy);
        }
        if earlier.project_key != self.project_key {
            return Err(CertificateError::OtherKey);
        }
        self.subjects += earlier.subjects;
        add_all(&mut self.actions, earlier.actions);
        for (action, counts) in earlier.elements {
            add_elements(self.elements.entry(action).or_default(), counts);
        }
        self.private_elements_removed += earlier.private_elements_removed;
        self.unknown_elements_removed += earlier.unknown_elements_removed;
        add_all(&mut self.searched.values, earlier.searched.values);
        self.searched.spellings += earlier.searched.spellings;
        self.searched.entries += earlier.searched.entries;
        self.searched.bytes += earlier.searched.bytes;
        self.searched.stopped += earlier.searched.stopped;
        add_all(&mut self.by_position.values, earlier.by_position.values);
        self.by_position.fields += earlier.by_position.fields;
        add_elements(&mut self.excluded_from_search, earlier.excluded_from_search);
        self.standard_uids += earlier.standard_uids;
        self.recognizable_visual_features.written += earlier.recognizable_visual_features.written;
        for line in earlier.not_checked {
            if !self.not_checked.contains(&line) {
                self.not_checked.push(line);
            }
        }
        Ok(self)
    }
}

/// A cohort with every word that one may have.
fn every_offer() -> SmallCohort {
    let offer = |coarsening: Coarsening| Offer { coarsening, words: coarsening.words(), unique: 0 };
    let all = |age| Coarsening { age, device: true, weeks: true };
    SmallCohort {
        coarsened: all(AgeSteps::Ten).words(),
        offers: vec![offer(all(AgeSteps::Five)), offer(all(AgeSteps::AsTheyAre))],
        ..SmallCohort::default()
    }
}

fn wording() -> String {
    let all = super::policy::Options {
        retain_institution_identity: true,
        retain_uids: true,
        retain_safe_private: true,
        clean_descriptors: true,
        clean_structured_content: true,
        clean_graphics: true,
        ..super::policy::Options::default()
    };
    let mut words = super::certificate_page::counted_words();
    for (dates, locked) in [(DatePolicy::None, false), (DatePolicy::Shift, true), (DatePolicy::Keep, false)] {
        let policy = Policy { options: all, dates, locked, ..Policy::default() };
        let images = Certificate::new(&Evidence {
            policy: &policy,
            key_fingerprint: None,
            subjects: 0,
            actions: &ActionCounts::new(),
            searched: &Searched::default(),
            checked: CheckCount::default(),
            stopped: 0,
            faces: 1,
            burned_in_suspected: 1,
            redacted: 0,
            cohort: Some(&every_offer()),
        })
        .to_json();
        let objects = super::object::ObjectCertificate::wording(&policy);
        let value = |json: &str| serde_json::from_str::<serde_json::Value>(json).unwrap_or_default();
        words.push_str(&super::certificate_page(&value(&images), Some(&value(&objects))));
        words.push_str(&images);
        words.push_str(&objects);
    }
    words
}

/// In what forms values are searched for, in words.
pub(super) fn forms() -> Vec<String> {
    FORMS.iter().map(|&form| form.to_owned()).collect()
}

/// In what forms values are searched for.
const FORMS: [&str; 7] = [
    "any case, accents dropped, with any or no separators",
    "names in any order of their parts, and single parts",
    "dates in numbers and words, year, day or month first",
    "UTF-8, Latin-1, UTF-16, JSON escapes",
    "numbers with and without leading zeros and surrounding letters",
    "values within sequences, private blocks, file meta information and preambles",
    "components of source paths",
];

fn retained(policy: &Policy) -> Vec<RetainedItem> {
    let item = |what: &str, why: &str| RetainedItem { what: what.to_owned(), why: why.to_owned() };
    let mut items = vec![item(
        "geometry, acquisition parameters and voxels",
        "needed to use the images; Table E.1-1 lets them stay",
    )];
    let mut by_option = |option: PolicyOption, what: &str| {
        if policy.holds(option) {
            items.push(item(what, option.code().meaning));
        }
    };
    by_option(PolicyOption::RetainPatientCharacteristics, "sex; age in five-year bands, 90 and over in one");
    by_option(PolicyOption::RetainDeviceIdentity, "manufacturer, model and software version");
    by_option(PolicyOption::RetainInstitutionIdentity, "institution and department");
    by_option(PolicyOption::RetainFullDates, "dates and times of acquisition");
    by_option(PolicyOption::RetainModifiedDates, "shifted dates; times of day as they were");
    if policy.dates == DatePolicy::None {
        items.push(item(
            "days from the first study, seconds from the first phase",
            "intervals are needed to use the images; no date follows from them",
        ));
    }
    items
}

fn not_checked(evidence: &Evidence<'_>) -> Vec<String> {
    let mut lines = vec![
        "Voxels: up to twelve frames of each volume were searched for what looks like lines of text; a volume with \
         some in two of them (in one, of three or fewer) was not written unless a person let it out. The other frames \
         were not searched."
            .to_owned(),
        "Recognizable visual features not removed.".to_owned(),
        "Whether a person can be recognised by combining what is retained.".to_owned(),
    ];
    if evidence.burned_in_suspected > 0 {
        lines.push(format!(
            "{} volumes whose headers do not exclude burned-in text were written: a person has looked at each series, and had \
             boxes made black in {}.",
            evidence.burned_in_suspected, evidence.redacted
        ));
    }
    if evidence.faces > 0 {
        lines.push(format!("{} volumes that may show a face were written.", evidence.faces));
    }
    lines
}

fn coded(code: super::policy::Code) -> Coded {
    Coded { code: code.code.to_owned(), scheme: "DCM".to_owned(), meaning: code.meaning.to_owned() }
}

fn element_count(tag: crate::dicom::Tag, count: u64) -> ElementCount {
    let keyword = place::keyword(tag).unwrap_or(if tag.0 % 2 == 1 { "private" } else { "unknown" });
    ElementCount { tag: format!("({:04X},{:04X})", tag.0, tag.1), keyword: keyword.to_owned(), count }
}

fn add_all<K: Ord>(into: &mut BTreeMap<K, u64>, from: BTreeMap<K, u64>) {
    from.into_iter().for_each(|(key, count)| *into.entry(key).or_default() += count);
}

fn add_elements(into: &mut Vec<ElementCount>, from: Vec<ElementCount>) {
    for element in from {
        match into.iter_mut().find(|known| known.tag == element.tag) {
            Some(known) => known.count += element.count,
            None => into.push(element),
        }
    }
    into.sort_by(|a, b| a.tag.cmp(&b.tag));
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests stop at the first surprise")]
    use super::super::check::{Check, Retained};
    use super::super::secrets::Secrets;
    use super::super::synthetic::{file, texts};
    use super::*;
    use crate::dicom::Tag;

    fn certificate(policy: &Policy) -> Certificate {
        let header = file(&texts(&[
            (0x08, 0x20, "DA", "20180312"),
            (0x08, 0x70, "LO", "Acme Imaging"),
            (0x10, 0x10, "PN", "DOE^JANE"),
            (0x10, 0x20, "LO", "0012347"),
            (0x18, 0x81, "DS", "2.38"),
            (0x19, 0x1001, "LO", "secret value"),
            (0x24, 0xfff1, "LO", "unheard of"),
        ]));
        let mut secrets = Secrets::new();
        secrets.collect(&header);
        let field = |tag: Tag| matches!(tag, Tag(0x18, 0x81) | Tag(0x08, 0x70)).then_some("X");
        let kept = |tag: Tag| field(tag).is_some() && policy.permits(tag);
        let retained = Retained { kept: &kept, dates: policy.dates, texts: &[], chosen: &[], fields: &[] };
        let check = Check::new(&[&secrets], &retained).unwrap();
        let mut actions = ActionCounts::new();
        actions.add(&secrets, policy, &field);
        Certificate::new(&Evidence {
            policy,
            key_fingerprint: Some("0a1b2c3d"),
            subjects: 1,
            actions: &actions,
            searched: check.searched(),
            checked: check.entry("README", b"nothing here").unwrap(),
            stopped: 0,
            faces: 2,
            burned_in_suspected: 0,
            redacted: 0,
            cohort: None,
        })
    }

    #[test]
    fn it_passes_the_check_that_it_certifies_and_names_no_value() {
        let json = certificate(&Policy::default()).to_json();
        for value in ["DOE", "0012347", "2018-03-12", "20180312", "secret value", "unheard", "Acme"] {
            assert!(!json.contains(value), "{value} in {json}");
        }
        assert!(!json.to_lowercase().contains("anonym"), "never anonymous: {json}");
        assert!(json.contains("Pseudonymised. Known identifiers not found"));
        assert!(json.contains("Recognizable visual features not removed"));
    }

    #[test]
    fn it_counts_what_was_done() {
        let certificate = certificate(&Policy::default());
        assert_eq!(certificate.private_elements_removed, 1);
        assert_eq!(certificate.unknown_elements_removed, 1);
        assert_eq!(certificate.actions[&Action::Kept], 2);
        assert_eq!(certificate.actions[&Action::Replaced], 1);
        assert_eq!(certificate.excluded_from_search[0].keyword, "Manufacturer");
        let codes: Vec<&str> = certificate.options.iter().map(|option| option.code.as_str()).collect();
        assert_eq!(codes, ["113108", "113109"]);
    }

    #[test]
    fn a_data_set_added_to_sums_up_under_one_policy_and_key() {
        let policy = Policy::default();
        let first = certificate(&policy);
        let both = certificate(&policy).continue_from(first.to_json().as_bytes()).unwrap();
        assert_eq!(both.subjects, 2);
        assert_eq!(both.actions[&Action::Kept], 4);
        assert_eq!(both.not_checked, first.not_checked);
        let other = Policy { dates: DatePolicy::Keep, ..Policy::default() };
        let refused = certificate(&other).continue_from(first.to_json().as_bytes());
        assert_eq!(refused.unwrap_err(), CertificateError::OtherPolicy);
        let older = first.to_json().replace("deidentification/1", "deidentification/0");
        assert_eq!(first.continue_from(older.as_bytes()).unwrap_err(), CertificateError::Schema);
    }
}
