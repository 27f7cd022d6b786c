//! The plan as it may be published: roles, names, counts, reasons, ordinals — and as a file to edit.
//!
//! In: a [`WorkingPlan`] and the files' states. Out: JSON of schema `hepatica-plan/1` without path,
//! description, date or UID; and back: an edited one becomes [`Choices`]. Volumes are matched by
//! number and count of files, so that a plan of other data is refused in words, not misread.

use serde::{Deserialize, Serialize};

use super::catalogue::{Catalogue, VolumeId};
use super::choices::{Choices, StudyChoice, VolumeChoice};
use super::files::{FileId, FileState, FileTable};
use super::plan::{PlanError, PlannedVolume, WorkingPlan};
use crate::convert::{PhilipsValues, VolumeWarning};
use crate::dataset::extend::Existing;
use crate::dataset::{FailReason, SkipReason, Stem};
use crate::deid::{DatePolicy, ProjectKey, SubjectCode};
use crate::hanging::RoleId;

/// Version of the document.
pub(crate) const SCHEMA: &str = "hepatica-plan/1";

/// Numbers of files that tell nothing of their names: by patient, study, series and instance, from 1.
#[derive(Clone, Default, Debug)]
pub struct Ordinals {
    /// By file id.
    of: Vec<u32>,
    /// By ordinal, less 1.
    files: Vec<FileId>,
}

impl Ordinals {
    /// Numbers the files: images in the catalogue's order, then the rest by state and size.
    pub fn new(catalogue: &Catalogue, table: &FileTable) -> Self {
        let mut files: Vec<FileId> = catalogue
            .patients
            .iter()
            .flat_map(|p| &p.studies)
            .flat_map(|s| &s.series)
            .flat_map(|s| &s.instances)
            .filter_map(|at| catalogue.instances.get(*at as usize))
            .map(|i| i.file)
            .collect();
        let mut numbered = vec![false; table.len()];
        for file in &files {
            if let Some(flag) = numbered.get_mut(*file as usize) {
                *flag = true;
            }
        }
        let mut rest: Vec<FileId> =
            table.counted().filter(|f| numbered.get(*f as usize) == Some(&false)).collect();
        rest.sort_by_cached_key(|file| {
            let entry = table.get(*file);
            let state = entry.map(|e| format!("{:?}", e.state));
            (state, entry.map(|e| e.size), entry.map(|e| e.path.clone()))
        });
        files.extend(rest);
        let mut of = vec![0; table.len()];
        for (ordinal, file) in (1u32..).zip(&files) {
            if let Some(place) = of.get_mut(*file as usize) {
                *place = ordinal;
            }
        }
        Self { of, files }
    }

    /// The ordinal of a file; 0 for one that is not counted.
    pub fn of(&self, file: FileId) -> u32 {
        self.of.get(file as usize).copied().unwrap_or(0)
    }

    /// The files in the order of their ordinals.
    pub fn files(&self) -> &[FileId] {
        &self.files
    }
}

/// The plan for others' eyes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PublishedPlan {
    /// [`SCHEMA`].
    pub schema: String,
    /// Files that the plan was made from.
    pub files: u32,
    /// What becomes of dates.
    pub dates: DatePolicy,
    /// Which of Philips' values are written.
    #[serde(default)]
    pub philips_values: PhilipsValues,
    /// Captures and other pictures are converted, too.
    #[serde(default)]
    pub captures: bool,
    /// Subjects, in the order of a hash.
    pub subjects: Vec<PublishedSubject>,
    /// Files that are no images to convert, by reason.
    #[serde(default)]
    pub skipped: Vec<Skipped>,
    /// Files that can't be read, by reason.
    #[serde(default)]
    pub failed: Vec<Failed>,
}

/// Files left out for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Skipped {
    /// Why.
    pub reason: SkipReason,
    /// Ordinals, as ranges.
    pub files: String,
}

/// Files that can't be read for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Failed {
    /// Why.
    pub reason: FailReason,
    /// Ordinals, as ranges.
    pub files: String,
}

/// A subject.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PublishedSubject {
    /// Its code.
    pub subject: SubjectCode,
    /// Its sessions.
    pub sessions: Vec<PublishedSession>,
}

/// A session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PublishedSession {
    /// Its label.
    pub session: String,
    /// `pre`, `post` …
    pub time_point: String,
    /// Days from the subject's first study.
    pub days_from_first: Option<i64>,
    /// Identifier of the hanging protocol.
    pub protocol: String,
    /// Its volumes.
    pub volumes: Vec<PublishedVolume>,
}

/// A volume.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PublishedVolume {
    /// Its number.
    pub volume: VolumeId,
    /// Whether it is converted.
    pub include: bool,
    /// Its role.
    pub role: Option<RoleId>,
    /// Whether a person chose or confirmed the role.
    pub confirmed: bool,
    /// How sure the match is, 0 to 1.
    pub confidence: f64,
    /// Its path in the archive, without extension; empty where the check stopped the volume, and in a
    /// plan to be obeyed for the proposed name.
    pub name: String,
    /// x, y, z, t.
    pub dims: [u32; 4],
    /// mm.
    pub spacing_mm: [f64; 3],
    /// Number of its files.
    pub file_count: u32,
    /// Their ordinals, as ranges.
    pub files: String,
    /// Why the role was proposed.
    pub reasons: Vec<String>,
    /// What to know of it.
    pub warnings: Vec<VolumeWarning>,
}

impl PublishedPlan {
    /// What may be published of a plan.
    pub fn of(plan: &WorkingPlan, catalogue: &Catalogue, table: &FileTable, ordinals: &Ordinals) -> Self {
        let subjects = plan
            .patients
            .iter()
            .map(|patient| PublishedSubject {
                subject: patient.subject.clone(),
                sessions: patient
                    .studies
                    .iter()
                    .map(|study| PublishedSession {
                        session: study.session.clone(),
                        time_point: study.time_point.clone(),
                        days_from_first: study.days_from_first,
                        protocol: study.protocol.clone(),
                        volumes: study
                            .volumes
                            .iter()
                            .map(|v| published_volume(v, catalogue, ordinals))
                            .collect(),
                    })
                    .collect(),
            })
            .collect();
        let mut skipped: std::collections::BTreeMap<SkipReason, Vec<u32>> = std::collections::BTreeMap::new();
        let mut failed: std::collections::BTreeMap<FailReason, Vec<u32>> = std::collections::BTreeMap::new();
        for file in ordinals.files() {
            match table.state(*file) {
                Some(FileState::Skipped(why)) => skipped.entry(why).or_default().push(ordinals.of(*file)),
                Some(FileState::Failed(why)) => failed.entry(why).or_default().push(ordinals.of(*file)),
                _ => {}
            }
        }
        Self {
            schema: SCHEMA.to_owned(),
            files: ordinals.files().len() as u32,
            dates: plan.dates,
            philips_values: catalogue.made_for.philips,
            captures: catalogue.made_for.captures,
            subjects,
            skipped: skipped.into_iter().map(|(reason, f)| Skipped { reason, files: ranges(&f) }).collect(),
            failed: failed.into_iter().map(|(reason, f)| Failed { reason, files: ranges(&f) }).collect(),
        }
    }

    /// Reads a plan file.
    ///
    /// # Errors
    /// Another schema, or no JSON of this one.
    pub fn parse(json: &str) -> Result<Self, PlanError> {
        let unreadable = |e: serde_json::Error| PlanError::Unreadable { line: e.line(), column: e.column() };
        let value: serde_json::Value = serde_json::from_str(json).map_err(unreadable)?;
        if value.get("schema").and_then(serde_json::Value::as_str) != Some(SCHEMA) {
            return Err(PlanError::Mismatch("its schema is not hepatica-plan/1"));
        }
        serde_json::from_str(json).map_err(unreadable)
    }

    /// The file's text.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }

    /// The choices that make the plan of `catalogue` like this one.
    ///
    /// # Errors
    /// The plan was made from other files.
    pub fn choices(
        &self,
        catalogue: &Catalogue,
        key: &ProjectKey,
        base: &Choices,
    ) -> Result<Choices, PlanError> {
        let mut choices = Choices {
            dates: self.dates,
            philips: self.philips_values,
            captures: self.captures,
            ..base.clone()
        };
        if self.subjects.len() != catalogue.patients.len() {
            return Err(PlanError::Mismatch("it has another number of patients"));
        }
        let proposal = WorkingPlan::new(catalogue, key, base, &Existing::default())?;
        for (number, (subject, patient)) in self.subjects.iter().zip(&proposal.patients).enumerate() {
            if subject.sessions.len() != patient.studies.len() {
                return Err(PlanError::Mismatch("a patient has another number of studies"));
            }
            choices.subjects.insert(number, subject.subject.clone());
            for (at, (session, study)) in subject.sessions.iter().zip(&patient.studies).enumerate() {
                let time_point = (session.time_point != study.time_point).then(|| session.time_point.clone());
                choices
                    .studies
                    .insert((number, at), StudyChoice { session: Some(session.session.clone()), time_point });
            }
        }
        let wanted: Vec<&PublishedVolume> =
            self.subjects.iter().flat_map(|s| &s.sessions).flat_map(|s| &s.volumes).collect();
        let there: Vec<&PlannedVolume> = proposal.volumes().map(|(_, _, v)| v).collect();
        if wanted.len() != there.len() {
            return Err(PlanError::Mismatch("it has another number of volumes"));
        }
        for (want, have) in wanted.iter().zip(there) {
            let files = catalogue.volume(have.id).map_or(0, |(_, _, _, v)| v.files.len());
            if want.volume != have.id || want.dims != have.dims || want.file_count as usize != files {
                return Err(PlanError::Mismatch("its volumes are not those of these files"));
            }
            let choice = VolumeChoice {
                role: (want.role != have.role.role).then(|| want.role.clone()),
                include: Some(want.include),
                confirmed: want.confirmed,
                name: None,
            };
            choices.volumes.insert(want.volume, choice);
        }
        // Names last: a name that the plan's author changed is obeyed; one that only differs because a
        // role, a subject or a session was changed, or because of another key, follows these.
        let plan = WorkingPlan::new(catalogue, key, &choices, &Existing::default())?;
        let proposed: Vec<String> = proposal.volumes().map(|(_, _, v)| without_labels(&v.name)).collect();
        for ((want, (_, _, have)), proposed) in wanted.iter().zip(plan.volumes()).zip(proposed) {
            if want.name.is_empty() {
                continue;
            }
            let own = Stem::parse(&want.name)?;
            if own != have.name && without_labels(&own) != proposed {
                choices.volumes.entry(want.volume).or_default().name = Some(own);
            }
        }
        Ok(choices)
    }
}

fn published_volume(volume: &PlannedVolume, catalogue: &Catalogue, ordinals: &Ordinals) -> PublishedVolume {
    let files: Vec<u32> = catalogue
        .volume(volume.id)
        .map(|(_, _, _, v)| v.files.iter().map(|f| ordinals.of(*f)).collect())
        .unwrap_or_default();
    let rounded = |v: f64| (v * 1e4).round() / 1e4;
    PublishedVolume {
        volume: volume.id,
        include: volume.include,
        role: volume.role.role.clone(),
        confirmed: volume.confirmed,
        confidence: (volume.role.confidence * 1e3).round() / 1e3,
        name: volume.name.as_str().to_owned(),
        dims: volume.dims,
        spacing_mm: volume.spacing.map(rounded),
        file_count: files.len() as u32,
        files: ranges(&files),
        reasons: volume.role.reasons.iter().map(|r| r.text.clone()).collect(),
        warnings: volume.warnings.clone(),
    }
}

/// A name without the labels of its subject and session.
fn without_labels(name: &Stem) -> String {
    let mut text = name.as_str().to_owned();
    for (prefix, label) in [("sub-", name.subject()), ("ses-", name.session())] {
        if let Some(label) = label {
            text = text.replace(&format!("{prefix}{label}"), prefix);
        }
    }
    text
}

/// `1-3, 7, 9-12`.
pub(crate) fn ranges(numbers: &[u32]) -> String {
    let mut sorted = numbers.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    let mut runs: Vec<(u32, u32)> = Vec::new();
    for number in sorted {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == number => *last = number,
            _ => runs.push((number, number)),
        }
    }
    let text = |(first, last): &(u32, u32)| {
        if first == last { first.to_string() } else { format!("{first}-{last}") }
    };
    runs.iter().map(text).collect::<Vec<_>>().join(", ")
}
