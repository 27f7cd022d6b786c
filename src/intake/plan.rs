//! The plan: what will be made of what was found, and under which names.
//!
//! In: the catalogue, the project key, the user's [`Choices`]. Out: a [`WorkingPlan`], identified, a
//! pure function of them — undoing a choice is planning again without it. What may be shown to
//! others is [`super::PublishedPlan`].

use std::collections::{BTreeMap, BTreeSet};

use super::catalogue::{Catalogue, PatientEntry, SeriesEntry, StudyEntry, VolumeEntry, VolumeId, Wanted};
use super::sessions::{Slot, timelines};
use crate::convert::resample::Mended;
use crate::convert::stack::Stack;
use crate::convert::{PhilipsValues, VolumeWarning};
use crate::dataset::extend::Existing;
use crate::dataset::{Copy as NameCopy, FieldMap, Modality, Part, Plane as NamePlane, Stem, VolumeName};
use crate::deid::pixels::Reviews;
use crate::deid::{
    Age, Assignment, Coarsening, Date, DatePolicy, Doubt, Faces, KeyUse, Options, Policy, ProjectKey,
    SubjectCode, SubjectError, SubjectNaming, Subjects,
};
use crate::hanging::facts::{ComplexPart, Plane, VolumeFacts};
use crate::hanging::{Preset, Protocol, RoleId, RoleMatch, assign, role_label_with_b};

/// What the user chose about one volume; `None` where nothing was.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VolumeChoice {
    /// A role, or (inner `None`) none of them.
    pub role: Option<Option<RoleId>>,
    /// Whether to convert it.
    pub include: Option<bool>,
    /// The proposed role was looked at and found right.
    pub confirmed: bool,
    /// Another name, a path without extension.
    pub name: Option<Stem>,
}

/// What the user chose about a study.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StudyChoice {
    /// Session label: digits or letters.
    pub session: Option<String>,
    /// Time point: `pre`, `post`, or a protocol's other word.
    pub time_point: Option<String>,
}

/// Everything that the user chose; what undo goes back to.
#[derive(Clone, Debug, Default)]
pub struct Choices {
    /// The hanging protocol; `None` chooses a preset for each study.
    pub protocol: Option<Protocol>,
    /// What becomes of dates.
    pub dates: DatePolicy,
    /// The switches of the de-identification policy.
    pub options: Options,
    /// What is made coarser, so that fewer patients stand alone.
    pub coarsen: Coarsening,
    /// The rest of the policy: name, lock, lists. Its options and dates are those above.
    pub policy: Policy,
    /// Also write de-identified DICOM.
    pub dicom: bool,
    /// How subjects are named.
    pub naming: SubjectNaming,
    /// Convert localizers and projections too.
    pub everything: bool,
    /// Convert the evenly spaced copies of volumes whose slices are not, too.
    pub equal_spacing: bool,
    /// Convert captures, ultrasound and other pictures that are no volumes of voxels, too.
    pub captures: bool,
    /// Which of Philips' values are written.
    pub philips: PhilipsValues,
    /// What reviewers decided about text burned into pixels.
    pub reviews: Reviews,
    /// By volume.
    pub volumes: BTreeMap<VolumeId, VolumeChoice>,
    /// Subject codes by patient, counted from 0.
    pub subjects: BTreeMap<usize, SubjectCode>,
    /// By patient and study, both counted from 0.
    pub studies: BTreeMap<(usize, usize), StudyChoice>,
}

impl Choices {
    /// What is to be stacked.
    pub(crate) fn wanted(&self) -> Wanted {
        Wanted { philips: self.philips, captures: self.captures }
    }
}

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

/// Roles that are left out unless asked for.
const LEFT_OUT: &[(&str, &str)] =
    &[("localizer", "localizer"), ("calibration", "calibration"), ("mip", "projection")];

/// Whether volumes of a role are left out unless everything is wanted.
pub(crate) fn is_left_out_by_role(role: &RoleId) -> bool {
    LEFT_OUT.iter().any(|(id, _)| *id == role.as_str())
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

fn plan_study(study: &StudyEntry, choices: &Choices, sources: &[String]) -> Result<PlannedStudy, PlanError> {
    let matching: Vec<Matching> = volumes_of(study).map(|v| Matching::of(&v.stack)).collect();
    let by_rules = |matching: &Matching| *matching == Matching::ByRules;
    let ruled = volumes_of(study).zip(&matching).filter(|(_, m)| by_rules(m));
    let facts: Vec<VolumeFacts> = ruled.map(|(v, _)| v.facts.clone()).collect();
    let protocol = match &choices.protocol {
        Some(protocol) => protocol.clone(),
        None => Preset::for_study(&facts).protocol()?,
    };
    let mut matches = assign(&facts, &protocol);
    let chosen: Vec<VolumeChoice> =
        volumes_of(study).map(|v| choices.volumes.get(&v.id).cloned().unwrap_or_default()).collect();
    let of_ruled = chosen.iter().zip(&matching).filter(|(_, m)| by_rules(m)).map(|(choice, _)| choice);
    for (found, choice) in matches.iter_mut().zip(of_ruled) {
        if let Some(role) = &choice.role {
            found.role.clone_from(role);
        }
    }
    renumber(&mut matches, &facts);
    let matches = with_others(matches, &matching, &chosen);
    let first_phase = matches
        .iter()
        .zip(volumes_of(study))
        .filter(|(m, _)| m.dynamic_index.is_some())
        .filter_map(|(_, v)| v.acquired)
        .chain(volumes_of(study).filter_map(|v| v.acquired))
        .next();
    let volumes = volumes_of(study)
        .zip(matches)
        .zip(chosen)
        .zip(sources)
        .zip(series_of_volumes(study))
        .map(|((((volume, role), choice), source), series)| {
            let seen = choices.reviews.lets_out(&series.facts.series_uid).is_some();
            planned_volume(volume, role, &choice, source.clone(), choices, first_phase, seen)
        })
        .collect();
    Ok(PlannedStudy {
        session: String::new(),
        session_chosen: false,
        time_point: String::new(),
        time_point_chosen: false,
        days_from_first: None,
        age: None,
        protocol: protocol.id,
        volumes,
    })
}

/// The series of each of [`volumes_of`].
fn series_of_volumes(study: &StudyEntry) -> impl Iterator<Item = &SeriesEntry> {
    study.series.iter().flat_map(|series| series.volumes.iter().map(move |_| series))
}

/// How a volume comes by its role.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Matching {
    ByRules,
    /// A copy has the role of the volume that it was made from, which stands right before it.
    AsBefore,
    /// A capture has none, whatever its description says: it is a picture of a volume, not the volume.
    None,
}

impl Matching {
    fn of(stack: &Stack) -> Self {
        match (&stack.resampling, stack.capture) {
            (Some(_), _) => Self::AsBefore,
            (None, true) => Self::None,
            (None, false) => Self::ByRules,
        }
    }
}

/// A match for every volume; those that are not by rules need no word of the user's.
fn with_others(matches: Vec<RoleMatch>, matching: &[Matching], chosen: &[VolumeChoice]) -> Vec<RoleMatch> {
    let mut matches = matches.into_iter();
    let mut all: Vec<RoleMatch> = Vec::new();
    for (matching, choice) in matching.iter().zip(chosen) {
        let source = match matching {
            Matching::ByRules => matches.next(),
            Matching::AsBefore => all.last().cloned(),
            Matching::None => Some(RoleMatch::default()),
        };
        let Some(mut found) = source else { break };
        if *matching != Matching::ByRules {
            found.needs_confirmation = false;
            if let Some(role) = &choice.role {
                found.role.clone_from(role);
            }
        }
        all.push(found);
    }
    all
}

/// Which of the volumes of its role each is, by acquisition, after the user's changes.
fn renumber(matches: &mut [RoleMatch], facts: &[VolumeFacts]) {
    let order = |at: usize| facts.get(at).map(|f| (f.acquisition_order, f.series_number, at));
    let roles: Vec<Option<RoleId>> = matches.iter().map(|m| m.role.clone()).collect();
    for (at, found) in matches.iter_mut().enumerate() {
        found.occurrence = match &found.role {
            None => 0,
            Some(role) => {
                let before = (0..roles.len())
                    .filter(|other| {
                        roles.get(*other) == Some(&Some(role.clone())) && order(*other) < order(at)
                    })
                    .count();
                before as u32 + 1
            }
        };
    }
}

fn planned_volume(
    volume: &VolumeEntry,
    role: RoleMatch,
    choice: &VolumeChoice,
    source: String,
    choices: &Choices,
    first_phase: Option<f64>,
    seen: bool,
) -> PlannedVolume {
    let stack = &volume.stack;
    let id = role.role.as_ref().map(RoleId::as_str);
    let mut left_out = LEFT_OUT.iter().find(|(r, _)| Some(*r) == id).map(|(_, why)| *why);
    if choices.everything {
        left_out = None;
    }
    let modality = volume.facts.modality.as_deref();
    left_out = left_out.or(match stack.resampling.as_ref().map(|r| r.mended) {
        Some(Mended::Spacing) if !choices.equal_spacing => Some("evenly spaced copy"),
        // A tilted gantry is CT's; MR slices that lean against their stack are right as they are.
        Some(Mended::Tilt | Mended::TiltAndSpacing) if modality != Some("CT") => Some("straightened copy"),
        _ => None,
    });
    // A policy's word, not a habit: no choice of single volumes undoes it.
    let face = choices.policy.faces == Faces::Exclude && stack.warnings.contains(&VolumeWarning::MayShowFace);
    if face {
        left_out = Some("may show a face");
    }
    // Left out until somebody has looked, whatever else might leave it out.
    let unseen = !seen && stack.warnings.contains(&VolumeWarning::BurnedIn);
    if unseen {
        left_out = Some("text may be burned in");
    }
    let grid = stack.resampling.as_ref().and(stack.grid);
    let [x, y, z] = grid.map_or([stack.size[0], stack.size[1], stack.slices], |g| g.dims());
    let b_values = &volume.facts.b_values;
    let role_label =
        role.role.as_ref().map_or_else(|| "other".to_owned(), |r| role_label_with_b(r, b_values));
    PlannedVolume {
        id: volume.id,
        confirmed: choice.confirmed || choice.role.is_some(),
        include: !face && !unseen && choice.include.unwrap_or(left_out.is_none()),
        left_out,
        role_label,
        role,
        name: Stem::unnamed(),
        present: false,
        source,
        dims: [x, y, z, stack.times],
        spacing: stack.grid.map_or([0.0; 3], |g| g.affine().spacing()),
        warnings: stack.warnings.clone(),
        seconds_from_first: volume.acquired.zip(first_phase).map(|(t, first)| t - first),
    }
}

/// The name that a volume would like to have.
fn wish(
    volume: &VolumeEntry,
    study: &StudyEntry,
    patient: &PlannedPatient,
    planned_study: &PlannedStudy,
    planned: &PlannedVolume,
) -> VolumeName {
    let stack = &volume.stack;
    let siblings: Vec<&VolumeEntry> = study
        .series
        .iter()
        .find(|s| s.volumes.iter().any(|v| v.id == volume.id))
        .map(|s| s.volumes.iter().collect())
        .unwrap_or_default();
    let mut echoes: Vec<u64> =
        siblings.iter().filter_map(|v| v.stack.echo_time_ms).map(f64::to_bits).collect();
    echoes.sort_unstable();
    echoes.dedup();
    let echo = stack
        .echo_time_ms
        .filter(|_| echoes.len() > 1)
        .and_then(|te| echoes.iter().position(|e| *e == te.to_bits()))
        .map(|n| n as u32 + 1)
        .or_else(|| volume.facts.echo_number.filter(|n| *n > 1));
    let other_parts = siblings.iter().any(|v| v.stack.part != stack.part);
    let part = match stack.part {
        ComplexPart::Magnitude => other_parts.then_some(Part::Mag),
        ComplexPart::Phase => Some(Part::Phase),
        ComplexPart::Real => Some(Part::Real),
        ComplexPart::Imaginary => Some(Part::Imag),
    };
    let facts = &volume.facts;
    VolumeName {
        subject: patient.subject.as_str().to_owned(),
        session: planned_study.session.clone(),
        role: planned.role.role.as_ref().map(|role| archive_role(role.as_str(), stack.part).to_owned()),
        occurrence: planned.role.occurrence.max(1),
        echo,
        part,
        contrast: planned.role.seconds_after_bolus.is_some_and(|s| s > 0.0),
        fat_sat: facts.fat_saturated == Some(true) || facts.scan_options.iter().any(|o| o == "FS"),
        plane: match facts.plane {
            Some(Plane::Coronal) => NamePlane::Coronal,
            Some(Plane::Sagittal) => NamePlane::Sagittal,
            _ => NamePlane::Axial,
        },
        b_value: match facts.b_values.as_slice() {
            [b] => Some(b.round() as u32),
            _ => None,
        },
        phase_encoding: None,
        copy: stack.resampling.as_ref().map(|r| match r.mended {
            Mended::Tilt => NameCopy::Tilt,
            Mended::Spacing => NameCopy::Spacing,
            Mended::TiltAndSpacing => NameCopy::TiltAndSpacing,
        }),
        timepoints: stack.times,
        gradients: stack.b_values.is_some(),
        phase_difference: stack.echo_pair_ms.is_some(),
        field_map: if stack.field_map {
            Some(FieldMap::Hertz)
        } else {
            siblings.iter().any(|v| v.stack.field_map).then_some(FieldMap::Magnitude)
        },
        repetition_time: facts.repetition_time_ms.is_some_and(|t| t > 0.0),
        modality: match facts.modality.as_deref() {
            Some("CT") => Modality::Ct,
            Some("MR") | None => Modality::Mr,
            Some(_) => Modality::Other,
        },
    }
}

/// The archive's word for a hanging role, where it is another.
fn archive_role(role: &str, part: ComplexPart) -> &str {
    match (role, part) {
        ("t1_ce", _) => "t1_post",
        ("fieldmap", ComplexPart::Phase) => "fieldmap_phase",
        ("fieldmap", _) => "fieldmap_magnitude",
        ("ct_axial" | "ct_coronal" | "ct_sagittal", _) => "ct",
        (role, _) => role,
    }
}
