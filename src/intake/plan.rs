//! The plan: what will be made of what was found, and under which names.
//!
//! In: the catalogue, the project key, the user's [`Choices`]. Out: a [`WorkingPlan`], identified, a
//! pure function of them — undoing a choice is planning again without it. What may be shown to
//! others is [`super::PublishedPlan`].

use std::collections::{BTreeMap, BTreeSet};

use super::catalogue::{Catalogue, PatientEntry, SeriesEntry, StudyEntry, VolumeEntry, VolumeId};
use super::choices::Choices;
use super::naming::wish;
use super::sessions::{Slot, timelines};
use super::study_plan::plan_study;
use crate::convert::VolumeWarning;
use crate::dataset::extend::Existing;
use crate::dataset::{Stem, VolumeName};
use crate::deid::{
    Age, Assignment, Date, DatePolicy, Doubt, KeyUse, ProjectKey, SubjectCode, SubjectError, Subjects,
};
use crate::hanging::RoleMatch;

/// Why there is no plan.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// Subjects can't be named.
    #[error(transparent)]
    Subjects(#[from] SubjectError),
    /// A label that no path may hold.
    #[error(transparent)]
    Name(#[from] crate::dataset::Error),
    /// A preset that does not parse: a fault of the build.
    #[error(transparent)]
    Protocol(#[from] crate::hanging::ProtocolError),
    /// A policy that can't hold.
    #[error(transparent)]
    Policy(#[from] crate::deid::PolicyError),
    /// Decisions about burned-in text that can't be obeyed.
    #[error(transparent)]
    Redactions(#[from] crate::deid::pixels::RedactionsError),
    /// Two patients were given one code.
    #[error("two patients have the subject code {code}: give one of them another")]
    SameSubject {
        /// The code.
        code: String,
    },
    /// A session label that no path may hold.
    #[error("study {study} of patient {patient}: a session label is 1 to 32 letters and digits")]
    SessionLabel {
        /// Ordinal of the patient, from 1.
        patient: usize,
        /// Ordinal of the study within the patient, from 1.
        study: usize,
    },
    /// The data set has another study under that label.
    #[error(
        "study {study} of patient {patient}: the data set has a session of that label already, from another study"
    )]
    SessionTaken {
        /// Ordinal of the patient, from 1.
        patient: usize,
        /// Ordinal of the study within the patient, from 1.
        study: usize,
    },
    /// Studies of two days under one label.
    #[error(
        "studies {first} and {second} of patient {patient} are of different days, so they cannot be one session"
    )]
    SessionDays {
        /// Ordinal of the patient, from 1.
        patient: usize,
        /// Ordinal of one study, from 1.
        first: usize,
        /// Ordinal of the other.
        second: usize,
    },
    /// One session, two time points.
    #[error(
        "studies {first} and {second} of patient {patient} are one session, which can have one time point only"
    )]
    SessionTimePoints {
        /// Ordinal of the patient, from 1.
        patient: usize,
        /// Ordinal of one study, from 1.
        first: usize,
        /// Ordinal of the other.
        second: usize,
    },
    /// Labels that differ in case only: file systems of Windows and macOS take them for one.
    #[error(
        "the session labels of studies {first} and {second} of patient {patient} differ in capital letters only"
    )]
    SessionCase {
        /// Ordinal of the patient, from 1.
        patient: usize,
        /// Ordinal of one study, from 1.
        first: usize,
        /// Ordinal of the other.
        second: usize,
    },
    /// Codes were to be taken from a mapping file, and there is none.
    #[error("no mapping file has been loaded")]
    NoMapping,
    /// Two volumes were given one name.
    #[error("volumes {first} and {second} would have the same name: rename one of them")]
    SameName {
        /// Number of one.
        first: u32,
        /// Number of the other.
        second: u32,
    },
    /// A plan file of another kind, version or data set.
    #[error("the plan does not fit: {0}")]
    Mismatch(&'static str),
    /// A plan file that is no JSON of the schema.
    #[error("the plan can't be read: line {line}, column {column}")]
    Unreadable {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
    },
}

/// The plan, with what identifies in the catalogue that it refers to.
#[derive(Debug)]
pub struct WorkingPlan {
    /// In the catalogue's order.
    pub patients: Vec<PlannedPatient>,
    /// What becomes of dates.
    pub dates: DatePolicy,
}

/// A patient of the plan.
#[derive(Debug)]
pub struct PlannedPatient {
    /// Its code.
    pub subject: SubjectCode,
    /// Code, source, and whose date shift holds.
    pub assignment: Assignment,
    /// `M`, `F` or `O`.
    pub sex: Option<char>,
    /// At the first study.
    pub age: Option<Age>,
    /// What to look at.
    pub doubts: Vec<Doubt>,
    /// In the catalogue's order.
    pub studies: Vec<PlannedStudy>,
}

/// A study of the plan.
#[derive(Debug)]
pub struct PlannedStudy {
    /// Session label.
    pub session: String,
    /// Whether a person chose the label.
    pub session_chosen: bool,
    /// `pre`, `post` …
    pub time_point: String,
    /// Whether a person chose the time point.
    pub time_point_chosen: bool,
    /// Days from the subject's first study, where both have a date.
    pub days_from_first: Option<i64>,
    /// Age at this study.
    pub age: Option<Age>,
    /// Identifier of the hanging protocol.
    pub protocol: String,
    /// In the catalogue's order: by series, then within it.
    pub volumes: Vec<PlannedVolume>,
}

/// A volume of the plan.
#[derive(Debug, Clone)]
pub struct PlannedVolume {
    /// Its number.
    pub id: VolumeId,
    /// The match as the protocol made it, with the user's role in place of the proposal.
    pub role: RoleMatch,
    /// The label of its role.
    pub role_label: String,
    /// A person chose or confirmed the role.
    pub confirmed: bool,
    /// Whether it will be converted.
    pub include: bool,
    /// Why it is left out unless asked for.
    pub left_out: Option<&'static str>,
    /// Its path in the archive, without extension.
    pub name: Stem,
    /// The archive that is added to holds it already.
    pub present: bool,
    /// Keyed fingerprint of its source.
    pub source: String,
    /// x, y, z, t.
    pub dims: [u32; 4],
    /// mm.
    pub spacing: [f64; 3],
    /// What to know of it.
    pub warnings: Vec<VolumeWarning>,
    /// Seconds from the first phase of its study's dynamic series, or from its first acquisition.
    pub seconds_from_first: Option<f64>,
}

impl WorkingPlan {
    /// Plans.
    ///
    /// # Errors
    /// Codes or names that can't be given; nothing is planned in part.
    pub fn new(
        catalogue: &Catalogue,
        key: &ProjectKey,
        choices: &Choices,
        existing: &Existing,
    ) -> Result<Self, PlanError> {
        let identities: Vec<_> = catalogue.patients.iter().map(|p| p.identity.clone()).collect();
        let taken: BTreeSet<SubjectCode> = existing
            .volumes()
            .filter_map(|(stem, _)| stem.subject().and_then(|code| SubjectCode::new(code).ok()))
            .collect();
        let subjects = Subjects::assign(&identities, key, &choices.naming, &taken)?;
        let mut assignments = Vec::new();
        for patient in &catalogue.patients {
            let assignment = subjects.of_key(&patient.key).cloned();
            assignments.push(assignment.ok_or(PlanError::Mismatch("a patient is missing"))?);
        }
        let codes: Vec<SubjectCode> = assignments
            .iter()
            .enumerate()
            .map(|(number, assignment)| choices.subjects.get(&number).unwrap_or(&assignment.code).clone())
            .collect();
        refuse_shared_subjects(&codes, &assignments)?;
        let sources: Vec<Vec<Vec<String>>> =
            catalogue.patients.iter().map(|patient| fingerprints(catalogue, patient, key)).collect();
        let timelines = timelines(catalogue, &codes, &sources, choices, existing)?;
        let mut patients = Vec::new();
        let given = codes.into_iter().zip(assignments).zip(timelines).zip(&sources);
        for ((number, patient), (((code, assignment), slots), sources)) in
            catalogue.patients.iter().enumerate().zip(given)
        {
            let named = choices.subjects.contains_key(&number);
            let doubts = subjects.doubts().iter().copied().filter(|doubt| {
                // Who was given a code by hand needs none from the mapping.
                doubt_is_about(*doubt, number) && !(named && matches!(doubt, Doubt::NotInMapping(_)))
            });
            let doubts = doubts.collect();
            patients.push(plan_patient(patient, code, assignment, doubts, choices, slots, sources)?);
        }
        let mut plan = Self { patients, dates: choices.dates };
        plan.name_volumes(catalogue, choices, existing)?;
        Ok(plan)
    }

    /// All volumes, with the patient's and the study's numbers.
    pub fn volumes(&self) -> impl Iterator<Item = (usize, usize, &PlannedVolume)> {
        self.patients.iter().enumerate().flat_map(|(p, patient)| {
            patient
                .studies
                .iter()
                .enumerate()
                .flat_map(move |(s, study)| study.volumes.iter().map(move |volume| (p, s, volume)))
        })
    }

    /// Roles that a person must look at before export.
    pub fn to_confirm(&self) -> impl Iterator<Item = &PlannedVolume> {
        self.volumes().map(|(_, _, v)| v).filter(|v| v.include && v.role.needs_confirmation && !v.confirmed)
    }

    fn name_volumes(
        &mut self,
        catalogue: &Catalogue,
        choices: &Choices,
        existing: &Existing,
    ) -> Result<(), PlanError> {
        let mut wishes: Vec<(VolumeName, String)> = Vec::new();
        for (patient, planned) in catalogue.patients.iter().zip(&self.patients) {
            for (study, planned_study) in patient.studies.iter().zip(&planned.studies) {
                for (volume, planned_volume) in volumes_of(study).zip(&planned_study.volumes) {
                    let name = wish(volume, study, planned, planned_study, planned_volume);
                    wishes.push((name, planned_volume.source.clone()));
                }
            }
        }
        let mut namer = existing.namer();
        let mut assigned = namer.assign(&wishes)?.into_iter();
        let mut taken: BTreeMap<String, VolumeId> = BTreeMap::new();
        for volume in self.patients.iter_mut().flat_map(|p| &mut p.studies).flat_map(|s| &mut s.volumes) {
            if let Some(given) = assigned.next() {
                volume.name = given.stem;
                volume.present = given.present;
            }
            if let Some(own) = choices.volumes.get(&volume.id).and_then(|c| c.name.clone()) {
                volume.present &= own == volume.name;
                volume.name = own;
            }
            if volume.include
                && let Some(other) = taken.insert(volume.name.as_str().to_ascii_lowercase(), volume.id)
            {
                return Err(PlanError::SameName { first: other.0, second: volume.id.0 });
            }
        }
        Ok(())
    }
}

/// Two patients may share a code only where a mapping makes them one person.
fn refuse_shared_subjects(codes: &[SubjectCode], assignments: &[Assignment]) -> Result<(), PlanError> {
    let mut seen: BTreeMap<&SubjectCode, &crate::deid::IdentityKey> = BTreeMap::new();
    for (code, assignment) in codes.iter().zip(assignments) {
        let person = &assignment.person;
        if seen.insert(code, person).is_some_and(|other| other != person) {
            return Err(PlanError::SameSubject { code: code.as_str().to_owned() });
        }
    }
    Ok(())
}

fn doubt_is_about(doubt: Doubt, number: usize) -> bool {
    match doubt {
        Doubt::ByNameAndBirthDate(n) | Doubt::ByNameAlone(n) | Doubt::ByStudy(n) | Doubt::NotInMapping(n) => {
            n == number
        }
        Doubt::SameNameAndBirthDate(a, b) => a == number || b == number,
    }
}

pub(super) fn volumes_of(study: &StudyEntry) -> impl Iterator<Item = &VolumeEntry> {
    study.series.iter().flat_map(|series| &series.volumes)
}

fn plan_patient(
    patient: &PatientEntry,
    subject: SubjectCode,
    assignment: Assignment,
    doubts: Vec<Doubt>,
    choices: &Choices,
    slots: Vec<Slot>,
    sources: &[Vec<String>],
) -> Result<PlannedPatient, PlanError> {
    let purpose = crate::deid::Purpose::Decide;
    let birth = Date::parse_da(patient.identity.birth_date.reveal(purpose));
    let age_at = |study: &StudyEntry| {
        Age::parse_as(&study.facts.age).or_else(|| Age::at(birth?, Date::parse_da(&study.facts.study_date)?))
    };
    let mut studies = Vec::new();
    for ((study, slot), sources) in patient.studies.iter().zip(slots).zip(sources) {
        let planned = plan_study(study, choices, sources)?;
        studies.push(PlannedStudy {
            session: slot.session,
            session_chosen: slot.session_chosen,
            time_point: slot.time_point,
            time_point_chosen: slot.time_point_chosen,
            days_from_first: slot.day.map(|day| choices.coarsen.days(day)),
            age: age_at(study),
            ..planned
        });
    }
    Ok(PlannedPatient {
        subject,
        assignment,
        sex: patient.identity.sex_code(),
        age: patient.studies.first().and_then(age_at),
        doubts,
        studies,
    })
}

/// The fingerprints of a patient's volumes, by study.
fn fingerprints(catalogue: &Catalogue, patient: &PatientEntry, key: &ProjectKey) -> Vec<Vec<String>> {
    let of_study = |study: &StudyEntry| {
        let volumes = study.series.iter().flat_map(|series| series.volumes.iter().map(move |v| (series, v)));
        volumes.map(|(series, volume)| fingerprint(catalogue, series, volume, key)).collect()
    };
    patient.studies.iter().map(of_study).collect()
}

/// Which frames of which instances make the volume, under the project key: nobody else can tell.
fn fingerprint(
    catalogue: &Catalogue,
    series: &SeriesEntry,
    volume: &VolumeEntry,
    key: &ProjectKey,
) -> String {
    let instances = catalogue.instances_of(series);
    let parts: Vec<String> = volume
        .stack
        .frames
        .iter()
        .filter_map(|at| Some(format!("{}#{}", instances.get(at.instance as usize)?.sop_instance, at.frame)))
        .chain(volume.stack.resampling.iter().map(|r| format!("{:?}", r.mended)))
        .collect();
    let parts: Vec<&[u8]> = parts.iter().map(String::as_bytes).collect();
    let mac = key.mac(KeyUse::Source, &parts);
    mac.iter().take(12).map(|byte| format!("{byte:02x}")).collect()
}
