//! Who is there, before anything is written. In: the header of every object. Out: patients with their codes,
//! date shifts and secrets, and a name for every object that says nothing (`sub-…/ses-01/ser-02/000001.dcm`).
//! Never: an order that depends on the order of files, or that leaks rank beyond one patient's own dates.

use super::super::date::{Date, TimeOfDay};
use super::super::dates::{DatePolicy, DateShift};
use super::super::identified::{Identified, Purpose};
use super::super::identity::{IdentityKey, PatientIdentity};
use super::super::key::{KeyUse, ProjectKey};
use super::super::secrets::Secrets;
use super::super::subjects::{Doubt, SubjectCode, SubjectError, SubjectNaming, Subjects};
use crate::dicom::{Header, Tag, tags};
use std::collections::{BTreeMap, BTreeSet};

/// One object, as far as naming it goes.
struct Entry {
    ordinal: u32,
    study: Box<str>,
    series: Box<str>,
    series_number: Option<i64>,
    number: Option<i64>,
    instance: Box<str>,
    when: Option<(Date, Option<u64>)>,
}

struct Patient {
    identity: PatientIdentity,
    secrets: Secrets,
    entries: Vec<Entry>,
}

/// What was learned from headers; parts made on several threads are put together.
#[derive(Default)]
pub struct Roster {
    patients: BTreeMap<IdentityKey, Patient>,
}

impl std::fmt::Debug for Roster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Roster").field("patients", &self.patients.len()).finish_non_exhaustive()
    }
}

/// One object's place in the output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// The number that the caller gave it.
    pub ordinal: u32,
    /// Its path in the output.
    pub name: String,
}

/// A subject: one patient, or several IDs that a mapping makes one.
pub struct Subject {
    /// The code.
    pub code: SubjectCode,
    /// The shift of dates, where the policy shifts them and one was found.
    pub shift: Option<DateShift>,
    /// What must not come out.
    pub(super) secrets: Secrets,
    /// Every date of the patient's headers.
    pub(super) dates: BTreeSet<Date>,
    /// The objects, in the order of their names.
    pub objects: Vec<Placed>,
    /// Who it is, one for each ID: for the mapping that the user asked for.
    pub identities: Vec<PatientIdentity>,
}

impl std::fmt::Debug for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Subject").field("objects", &self.objects.len()).finish_non_exhaustive()
    }
}

/// All subjects, by code.
#[derive(Debug)]
pub struct Cohort {
    /// The subjects.
    pub subjects: Vec<Subject>,
    /// What the user should look at.
    pub doubts: Vec<Doubt>,
}

impl Roster {
    /// Nobody yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes one object's header, under a number of the caller's, and the path that it was read from.
    pub fn add(&mut self, ordinal: u32, header: &Header, path: Option<&Identified<String>>) {
        let root = header.root();
        let text = |tag| root.text(tag).unwrap_or_default();
        let identity = identity(header);
        let patient = self.patients.entry(identity.key()).or_insert_with(|| Patient {
            identity,
            secrets: Secrets::new(),
            entries: Vec::new(),
        });
        patient.secrets.collect(header);
        if let Some(path) = path {
            patient.secrets.add_path(path);
        }
        let date = |tag| root.text(tag).and_then(|text| Date::parse_da(&text));
        let when =
            date(tags::STUDY_DATE).or_else(|| date(tags::SERIES_DATE)).or_else(|| date(Tag(0x0008, 0x0023)));
        let time =
            || root.text(tags::STUDY_TIME).and_then(|t| TimeOfDay::parse_tm(&t)).map(TimeOfDay::micros);
        patient.entries.push(Entry {
            ordinal,
            study: text(tags::STUDY_INSTANCE_UID).into(),
            series: text(tags::SERIES_INSTANCE_UID).into(),
            series_number: root.int(tags::SERIES_NUMBER),
            number: root.int(tags::INSTANCE_NUMBER),
            instance: text(tags::SOP_INSTANCE_UID).into(),
            when: when.map(|date| (date, time())),
        });
    }

    /// Adds what another part learned.
    pub fn merge(&mut self, other: Self) {
        for (key, patient) in other.patients {
            match self.patients.entry(key) {
                std::collections::btree_map::Entry::Vacant(place) => drop(place.insert(patient)),
                std::collections::btree_map::Entry::Occupied(mut known) => {
                    let known = known.get_mut();
                    known.secrets.merge(&patient.secrets);
                    known.entries.extend(patient.entries);
                }
            }
        }
    }

    /// Gives everybody a code, and every object a name.
    ///
    /// # Errors
    /// [`SubjectError`]: two patients would share a code.
    pub fn settle(
        self,
        key: &ProjectKey,
        naming: &SubjectNaming,
        dates: DatePolicy,
    ) -> Result<Cohort, SubjectError> {
        let identities: Vec<PatientIdentity> = self.patients.values().map(|p| p.identity.clone()).collect();
        let subjects = Subjects::assign(&identities, key, naming, &BTreeSet::new())?;
        let mut groups: BTreeMap<SubjectCode, (IdentityKey, Secrets, Vec<Entry>, Vec<PatientIdentity>)> =
            BTreeMap::new();
        for (who, patient) in self.patients {
            let Some(assignment) = subjects.of_key(&who) else { continue };
            let group = groups
                .entry(assignment.code.clone())
                .or_insert_with(|| (assignment.person.clone(), Secrets::new(), Vec::new(), Vec::new()));
            group.1.merge(&patient.secrets);
            group.2.extend(patient.entries);
            group.3.push(patient.identity);
        }
        let subjects_list = groups.into_iter().map(|(code, (person, mut secrets, entries, identities))| {
            secrets.settle();
            let originals = secrets.original_dates();
            let shift = match dates {
                DatePolicy::Shift => DateShift::for_patient(key, &person, &originals).ok(),
                _ => None,
            };
            let objects = place(&code, entries, key);
            Subject { code, shift, secrets, dates: originals, objects, identities }
        });
        let list = subjects_list.collect();
        Ok(Cohort { subjects: list, doubts: subjects.doubts().to_vec() })
    }
}

/// Who the patient of an object is.
fn identity(header: &Header) -> PatientIdentity {
    let text = |tag| Identified::new(header.root().text(tag).unwrap_or_default());
    PatientIdentity {
        patient_id: text(tags::PATIENT_ID),
        issuer: text(tags::ISSUER_OF_PATIENT_ID),
        name: text(tags::PATIENT_NAME),
        birth_date: text(tags::PATIENT_BIRTH_DATE),
        sex: text(tags::PATIENT_SEX),
        study_uid: text(tags::STUDY_INSTANCE_UID),
        shares_id: false,
    }
}

/// Studies in the order of their dates, series and objects in that of their numbers; what has none, or the
/// same, in the order of a keyed hash.
fn place(code: &SubjectCode, mut entries: Vec<Entry>, key: &ProjectKey) -> Vec<Placed> {
    let hash = |uid: &str| key.mac(KeyUse::Order, &[b"uid", uid.as_bytes()]);
    let mut studies: BTreeMap<&str, Option<(Date, Option<u64>)>> = BTreeMap::new();
    let mut series: BTreeMap<(&str, &str), Option<i64>> = BTreeMap::new();
    for entry in &entries {
        let when = studies.entry(&entry.study).or_insert(entry.when);
        *when = match (*when, entry.when) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        let number = series.entry((&entry.study, &entry.series)).or_insert(entry.series_number);
        *number = match (*number, entry.series_number) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
    }
    let mut ordered: Vec<_> =
        studies.iter().map(|(study, when)| ((when.is_none(), *when, hash(study)), *study)).collect();
    ordered.sort_unstable();
    let sessions: BTreeMap<String, usize> =
        ordered.iter().enumerate().map(|(at, (_, study))| ((*study).to_owned(), at + 1)).collect();
    let mut ordered: Vec<_> = series
        .iter()
        .map(|((study, uid), number)| ((*study, number.is_none(), *number, hash(uid)), *uid))
        .collect();
    ordered.sort_unstable();
    let mut numbers: BTreeMap<(String, String), usize> = BTreeMap::new();
    let mut last: (Option<&str>, usize) = (None, 0);
    for ((study, ..), uid) in &ordered {
        last = if last.0 == Some(study) { (last.0, last.1 + 1) } else { (Some(study), 1) };
        numbers.insert(((*study).to_owned(), (*uid).to_owned()), last.1);
    }
    let place_of = |entry: &Entry| {
        let session = sessions.get(&*entry.study).copied().unwrap_or(0);
        let series = numbers.get(&(entry.study.to_string(), entry.series.to_string())).copied().unwrap_or(0);
        (session, series)
    };
    let mut keyed: Vec<_> = entries
        .drain(..)
        .map(|entry| {
            let instance = hash(&entry.instance);
            (place_of(&entry), entry.number.is_none(), entry.number, instance, entry.ordinal)
        })
        .collect();
    keyed.sort_unstable();
    let mut count = 0;
    let mut current = None;
    keyed
        .into_iter()
        .map(|(place, _, _, _, ordinal)| {
            count = if current == Some(place) { count + 1 } else { 1 };
            current = Some(place);
            let (session, series) = place;
            let name = format!("sub-{code}/ses-{session:02}/ser-{series:02}/{count:06}.dcm");
            Placed { ordinal, name }
        })
        .collect()
}

impl Subject {
    /// The IDs as the mapping that the user asked for has them.
    pub fn ids(&self) -> impl Iterator<Item = &String> {
        self.identities.iter().map(|who| who.patient_id.reveal(Purpose::LinkingTable))
    }
}
