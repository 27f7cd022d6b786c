//! Who is there, before anything is written. In: the header of every object. Out: patients with their codes,
//! date shifts and secrets, and a name for every object that says nothing (`sub-…/ses-01/ser-02/000001.dcm`).
//! Never: an order that depends on the order of files, or that leaks rank beyond one patient's own dates.

use super::super::ages::Age;
use super::super::cohort::{Coarsening, SmallCohort, Traits};
use super::super::date::{Date, TimeOfDay};
use super::super::dates::{DatePolicy, DateShift};
use super::super::faces::{Extent, FaceSign, FaceSigns};
use super::super::identified::{Identified, Purpose};
use super::super::identity::{IdentityKey, PatientIdentity, Person, RecognisedBy, people};
use super::super::key::{KeyUse, ProjectKey};
use super::super::policy::{Policy, PolicyOption};
use super::super::secrets::Secrets;
use super::super::subjects::{Doubt, SubjectCode, SubjectError, SubjectNaming, Subjects};
use crate::dicom::{Header, Tag, tags};
use std::collections::{BTreeMap, BTreeSet};

/// One object, as far as naming it goes.
pub(crate) struct Entry {
    /// The number that the caller gave it.
    pub(crate) ordinal: u32,
    pub(crate) study: Box<str>,
    pub(crate) series: Box<str>,
    pub(crate) series_number: Option<i64>,
    pub(crate) number: Option<i64>,
    pub(crate) instance: Box<str>,
    /// Day and microseconds of the study.
    pub(crate) when: Option<(Date, Option<u64>)>,
}

struct Patient {
    identity: PatientIdentity,
    secrets: Secrets,
    entries: Vec<Entry>,
    /// What its series cover, and what they say of a face.
    series: BTreeMap<Box<str>, (FaceSigns, Extent)>,
    /// Ages as the headers tell them, and makes and models of scanners.
    ages: BTreeSet<Age>,
    devices: BTreeSet<String>,
}

impl Patient {
    fn new(identity: PatientIdentity) -> Self {
        Self {
            identity,
            secrets: Secrets::new(),
            entries: Vec::new(),
            series: BTreeMap::new(),
            ages: BTreeSet::new(),
            devices: BTreeSet::new(),
        }
    }

    fn merge(&mut self, other: Self) {
        self.secrets.merge(&other.secrets);
        self.entries.extend(other.entries);
        self.ages.extend(other.ages);
        self.devices.extend(other.devices);
        for (uid, (signs, extent)) in other.series {
            let known = self.series.entry(uid).or_default();
            known.0 = known.0.and(signs);
            known.1.merge(&extent);
        }
    }
}

/// What was learned from headers; parts made on several threads are put together.
#[derive(Default)]
pub struct Roster {
    /// By ID and, since one ID may stand for several people, by name and date of birth.
    patients: BTreeMap<(IdentityKey, Person), Patient>,
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
    /// Series that may show a face, by their UID in the source, and by what that is known.
    pub(super) faces: BTreeMap<Box<str>, FaceSign>,
    /// Days from the first study, by the study's UID in the source.
    pub(super) days: BTreeMap<Box<str>, i64>,
    traits: Traits,
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
        let who = (identity.key(), identity.person());
        let patient = self.patients.entry(who).or_insert_with(|| Patient::new(identity));
        if header.pixels().is_some() {
            let series = patient.series.entry(text(tags::SERIES_INSTANCE_UID).into()).or_default();
            series.0 = series.0.and(FaceSigns::of(header));
            series.1.add(header);
        }
        let make = [text(tags::MANUFACTURER), text(tags::MANUFACTURER_MODEL_NAME)].join(" ");
        if !make.trim().is_empty() {
            patient.devices.insert(make);
        }
        patient.ages.extend(root.text(tags::PATIENT_AGE).and_then(|age| Age::parse_as(&age)));
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
                    known.get_mut().merge(patient);
                }
            }
        }
    }

    /// One entry a person. Whoever shares an ID with others keeps what must not come out of all of them.
    fn people(self) -> Vec<Patient> {
        let mut by_id: BTreeMap<IdentityKey, Vec<(Person, Patient)>> = BTreeMap::new();
        for ((key, person), patient) in self.patients {
            by_id.entry(key).or_default().push((person, patient));
        }
        let mut out = Vec::new();
        for (key, parts) in by_id {
            let (persons, parts): (Vec<Person>, Vec<Patient>) = parts.into_iter().unzip();
            let groups = match key.recognised_by() {
                RecognisedBy::PatientId => people(&persons),
                _ => vec![(0..persons.len()).collect()],
            };
            let shares_id = groups.len() > 1;
            let mut secrets = Secrets::new();
            if shares_id {
                parts.iter().for_each(|part| secrets.merge(&part.secrets));
            }
            let mut parts: Vec<Option<Patient>> = parts.into_iter().map(Some).collect();
            for group in groups {
                let mut members = group.into_iter().filter_map(|at| parts.get_mut(at)?.take());
                let Some(mut whole) = members.next() else { continue };
                members.for_each(|part| whole.merge(part));
                whole.identity.shares_id = shares_id;
                if shares_id {
                    whole.secrets.merge(&secrets);
                }
                out.push(whole);
            }
        }
        out
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
        let patients = self.people();
        let identities: Vec<PatientIdentity> = patients.iter().map(|p| p.identity.clone()).collect();
        let subjects = Subjects::assign(&identities, key, naming, &BTreeSet::new())?;
        let mut groups: BTreeMap<SubjectCode, (IdentityKey, Patient, Vec<PatientIdentity>)> = BTreeMap::new();
        for patient in patients {
            let Some(assignment) = subjects.of_key(&patient.identity.key()) else { continue };
            let group = groups.entry(assignment.code.clone()).or_insert_with(|| {
                (assignment.person.clone(), Patient::new(patient.identity.clone()), Vec::new())
            });
            group.2.push(patient.identity.clone());
            group.1.merge(patient);
        }
        let subjects_list = groups.into_iter().map(|(code, (person, patient, identities))| {
            let days = patient.days();
            let traits = patient.traits(&days);
            let series = patient.series.iter();
            let faces = series
                .filter_map(|(uid, (signs, extent))| Some((uid.clone(), signs.in_volume(extent)?)))
                .collect();
            let Patient { mut secrets, entries, .. } = patient;
            secrets.settle();
            let originals = secrets.original_dates();
            let shift = match dates {
                DatePolicy::Shift => DateShift::for_patient(key, &person, &originals).ok(),
                _ => None,
            };
            let objects = place(&code, entries, key, &BTreeMap::new());
            Subject { code, shift, secrets, dates: originals, objects, faces, days, traits, identities }
        });
        let list = subjects_list.collect();
        Ok(Cohort { subjects: list, doubts: subjects.doubts().to_vec() })
    }
}

impl Patient {
    /// Days from the first study to each that has a date.
    fn days(&self) -> BTreeMap<Box<str>, i64> {
        let mut first: BTreeMap<&Box<str>, Date> = BTreeMap::new();
        for entry in &self.entries {
            if let Some((date, _)) = entry.when {
                let known = first.entry(&entry.study).or_insert(date);
                *known = date.min(*known);
            }
        }
        let earliest = first.values().min().copied();
        let from = |date: Date| earliest.map(|earliest| i64::from(date.days_since(earliest)));
        first.into_iter().filter_map(|(study, date)| Some((study.clone(), from(date)?))).collect()
    }

    fn traits(&self, days: &BTreeMap<Box<str>, i64>) -> Traits {
        let birth = Date::parse_da(self.identity.birth_date.reveal(Purpose::Decide));
        let first = self.entries.iter().filter_map(|entry| Some(entry.when?.0)).min();
        Traits {
            sex: self.identity.sex_code(),
            age: self.ages.first().copied().or_else(|| Age::at(birth?, first?)),
            devices: self.devices.clone(),
            days: days.values().copied().collect(),
        }
    }
}

impl Cohort {
    /// How many of the subjects that `are_written` stand alone with what the policy lets out of them.
    pub fn small(
        &self,
        policy: &Policy,
        coarsen: Coarsening,
        are_written: &dyn Fn(&Subject) -> bool,
    ) -> SmallCohort {
        let characteristics = policy.holds(PolicyOption::RetainPatientCharacteristics);
        let visible = |subject: &Subject| {
            let all = &subject.traits;
            Traits {
                sex: all.sex.filter(|_| characteristics),
                age: all.age.filter(|_| characteristics),
                devices: if coarsen.device { BTreeSet::new() } else { all.devices.clone() },
                days: if policy.dates == DatePolicy::None { BTreeSet::new() } else { all.days.clone() },
            }
        };
        let traits: Vec<Traits> =
            self.subjects.iter().filter(|subject| are_written(subject)).map(visible).collect();
        SmallCohort::of(&traits, coarsen)
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
/// same, in the order of a keyed hash. `sessions` has labels of studies, where they were given some; several
/// studies may share one.
pub(crate) fn place(
    code: &SubjectCode,
    mut entries: Vec<Entry>,
    key: &ProjectKey,
    sessions: &BTreeMap<String, String>,
) -> Vec<Placed> {
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
    let labels: BTreeMap<&str, (String, usize)> = ordered
        .iter()
        .enumerate()
        .map(|(at, (_, study))| {
            let label = sessions.get(*study).cloned().unwrap_or_else(|| format!("{:02}", at + 1));
            (*study, (label, at))
        })
        .collect();
    let mut ordered: Vec<_> = series
        .iter()
        .map(|((study, uid), number)| {
            (
                labels.get(study).cloned().unwrap_or_default(),
                number.is_none(),
                *number,
                hash(uid),
                *study,
                *uid,
            )
        })
        .collect();
    ordered.sort_unstable();
    // By study and series: the session's label, and the number of the series within it.
    let mut places: BTreeMap<(String, String), (String, usize)> = BTreeMap::new();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for ((label, _), _, _, _, study, uid) in ordered {
        let count = counts.entry(label.clone()).or_default();
        *count += 1;
        places.insert((study.to_owned(), uid.to_owned()), (label, *count));
    }
    let place_of = |entry: &Entry| {
        places.get(&(entry.study.to_string(), entry.series.to_string())).cloned().unwrap_or_default()
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
            count = if current.as_ref() == Some(&place) { count + 1 } else { 1 };
            let (session, series) = &place;
            let name = format!("sub-{code}/ses-{session}/ser-{series:02}/{count:06}.dcm");
            current = Some(place);
            Placed { ordinal, name }
        })
        .collect()
}

impl Subject {
    /// A subject whose objects are placed elsewhere; `days` from the first study, by the study's UID.
    pub(crate) fn of(
        code: SubjectCode,
        shift: Option<DateShift>,
        mut secrets: Secrets,
        days: BTreeMap<Box<str>, i64>,
    ) -> Self {
        secrets.settle();
        let dates = secrets.original_dates();
        Self {
            code,
            shift,
            secrets,
            dates,
            objects: Vec::new(),
            faces: BTreeMap::new(),
            days,
            traits: Traits::default(),
            identities: Vec::new(),
        }
    }

    /// The IDs as the mapping that the user asked for has them.
    pub fn ids(&self) -> impl Iterator<Item = &String> {
        self.identities.iter().map(|who| who.patient_id.reveal(Purpose::LinkingTable))
    }
}
