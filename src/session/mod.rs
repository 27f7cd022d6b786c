//! The journey as one resumable machine: sources → intake → plan → export.
//!
//! In: paths and sizes, the bytes of the ranges it asks for, the user's choices. Out: a plan, and the
//! entries of an archive. It does no I/O and reads no clock: the page's worker and the command line
//! drive it alike. Never: a long call — whoever drives it decides how long to go on.

mod conversion;
mod edit;
mod export;
mod guard;
mod policies;
mod preview;
mod review;
#[cfg(test)]
mod tests;
mod view;

pub use conversion::{ConversionSwitch, ConversionView};
pub use edit::{NamingKind, PlanEdit, StudyEdit};
pub use export::{Export, ExportOptions, ExportProgress, ExportStep, ObjectLine};
pub use preview::{Preview, Thumbnail};
pub use review::{ReviewFrame, ReviewPicture, SuspectView};
pub use view::PlanView;

use std::collections::BTreeMap;

use crate::convert::instance::Instance;
use crate::dataset::extend::Existing;
use crate::deid::{
    Date, DatePolicy, DateShift, Holdings, Identified, IdentityKey, LinkingRow, LinkingTable, Mapping,
    PatientIdentity, Policy, ProjectKey, Protection, SealError, Secrets, SubjectNaming,
};
use crate::dicom::Need;
use crate::intake::{
    Catalogue, Choices, FileId, FileTable, Intake, IntakeProgress, Ordinals, OtherObject, PatientEntry,
    PlanError, PlannedPatient, PublishedPlan, VolumeId, WorkingPlan, identity_of,
};

/// Undo goes back this many choices.
const UNDO_DEPTH: usize = 500;

/// One journey.
pub struct Session {
    key: ProjectKey,
    intake: Intake,
    catalogue: Catalogue,
    ordinals: Ordinals,
    choices: Choices,
    undo: Vec<Choices>,
    redo: Vec<Choices>,
    existing: Existing,
    /// The mapping file loaded last, for choosing it again.
    mapping: Option<Mapping>,
    /// The institution's policy, which no choice may loosen.
    institution: Option<Policy>,
    /// The policy that the journey began under.
    given_policy: Option<Policy>,
    /// What all headers hold, for the consequences of options.
    holdings: Holdings,
    plan: Option<WorkingPlan>,
}

/// Identities behind the plan's numbers.
#[derive(Default)]
struct Anchors {
    volumes: BTreeMap<String, VolumeId>,
    patients: BTreeMap<IdentityKey, usize>,
    studies: BTreeMap<String, (usize, usize)>,
}

/// What the numbers of a plan stand for, so that choices stay with their volumes when more files join
/// and the numbers change.
fn anchors(plan: &WorkingPlan, catalogue: &Catalogue) -> Anchors {
    let mut anchors = Anchors::default();
    for (p, (planned, found)) in plan.patients.iter().zip(&catalogue.patients).enumerate() {
        anchors.patients.insert(found.key.clone(), p);
        for (s, (study, entry)) in planned.studies.iter().zip(&found.studies).enumerate() {
            anchors.studies.insert(entry.facts.study_uid.clone(), (p, s));
            anchors.volumes.extend(study.volumes.iter().map(|v| (v.source.clone(), v.id)));
        }
    }
    anchors
}

/// Old number → new number, for what is in both.
fn joined<'a, K: Ord, V: Copy>(
    before: &'a BTreeMap<K, V>,
    now: &'a BTreeMap<K, V>,
) -> impl Iterator<Item = (V, V)> + 'a {
    before.iter().filter_map(|(what, old)| Some((*old, *now.get(what)?)))
}

fn renumbered<K: Ord + Copy, V>(choices: BTreeMap<K, V>, numbers: &BTreeMap<K, K>) -> BTreeMap<K, V> {
    choices.into_iter().filter_map(|(old, choice)| Some((*numbers.get(&old)?, choice))).collect()
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("intake", &self.intake).finish_non_exhaustive()
    }
}

impl Session {
    /// A journey under a project key.
    pub fn new(key: ProjectKey) -> Self {
        Self {
            key,
            intake: Intake::default(),
            catalogue: Catalogue::default(),
            ordinals: Ordinals::default(),
            choices: Choices::default(),
            undo: Vec::new(),
            redo: Vec::new(),
            existing: Existing::default(),
            mapping: None,
            institution: None,
            given_policy: None,
            holdings: Holdings::default(),
            plan: None,
        }
    }

    /// Registers a source of `size` bytes. `source` is the driver's number for it, which comes back
    /// in every [`Need`].
    pub fn add_source(&mut self, source: u32, path: String, size: u64) -> FileId {
        self.intake.add_source(source, Identified::new(path), size)
    }

    /// Registers a source that can't be opened.
    pub fn add_unreadable(&mut self, path: String) {
        self.intake.add_unreadable(Identified::new(path));
    }

    /// Up to `most` ranges to read for the intake.
    pub fn intake_needs(&mut self, most: usize) -> Vec<Need> {
        self.intake.needs(most)
    }

    /// Has headers understood on threads of their own, if there are any, while the driver reads on. It asks
    /// for needs until there are none after [`Self::settle_intake`].
    pub fn read_apart(&mut self) {
        self.intake.work_apart();
    }

    /// Waits until the headers that were fed are understood.
    pub fn settle_intake(&mut self) {
        self.intake.settle_all();
    }

    /// Takes the bytes of an intake need.
    pub fn intake_feed(&mut self, need: Need, bytes: Vec<u8>) {
        self.intake.feed(need, bytes);
    }

    /// Takes the bytes of many intake needs, `None` for one that could not be read; headers are
    /// understood on all threads.
    pub fn intake_feed_all(&mut self, answers: Vec<(Need, Option<Vec<u8>>)>) {
        self.intake.feed_all(answers);
    }

    /// An intake need that could not be read.
    pub fn intake_failed(&mut self, need: Need) {
        self.intake.feed_failed(need);
    }

    /// Whether every header is read.
    pub fn intake_is_done(&self) -> bool {
        self.intake.is_done()
    }

    /// How far the intake is.
    pub fn intake_progress(&self) -> IntakeProgress {
        self.intake.progress()
    }

    /// Sorts what was read and plans. More sources may be added afterwards, and this called again.
    ///
    /// # Errors
    /// Names that can't be given.
    pub fn finish_intake(&mut self) -> Result<&WorkingPlan, PlanError> {
        self.intake.settle_all();
        // Before the catalogue that the anchors are read from is taken apart.
        let before = self.plan.as_ref().map(|plan| anchors(plan, &self.catalogue));
        let known = self.intake.known_files();
        let mut instances = std::mem::take(&mut self.catalogue).into_instances();
        instances.append(&mut self.intake.instances);
        self.sort_out(instances);
        let kept = before.as_ref().map(|_| (self.choices.clone(), self.undo.clone(), self.redo.clone()));
        match self.plan_again(before) {
            Ok(plan) => {
                self.plan = Some(plan);
                self.intake.keep();
                self.holdings = Holdings::of(self.intake.secrets.values());
            }
            Err(error) => {
                // What joined makes no plan: all is as it was before.
                self.intake.abandon();
                let mut instances = std::mem::take(&mut self.catalogue).into_instances();
                instances.retain(|instance| (instance.file as usize) < known);
                self.sort_out(instances);
                if let Some((choices, undo, redo)) = kept {
                    (self.choices, self.undo, self.redo) = (choices, undo, redo);
                    self.replan()?;
                }
                return Err(error);
            }
        }
        self.plan.as_ref().ok_or(PlanError::Mismatch("nothing was read"))
    }

    /// Lets go of the files that were added since the intake was last finished, as though they had never
    /// been there; the plan stays as it is.
    pub fn abandon_intake(&mut self) {
        self.intake.abandon();
    }

    fn sort_out(&mut self, instances: Vec<Instance>) {
        self.catalogue = Catalogue::build(instances, &mut self.intake.files, self.choices.wanted());
        self.ordinals = Ordinals::new(&self.catalogue, &self.intake.files);
    }

    /// Plans, after the choices have followed what they were made about to its new numbers.
    fn plan_again(&mut self, before: Option<Anchors>) -> Result<WorkingPlan, PlanError> {
        if let Some(before) = before {
            // Without choices: under old numbers they would be about something else.
            let bare =
                WorkingPlan::new(&self.catalogue, &self.key, &Choices::default(), &Existing::default())?;
            self.follow(&before, &anchors(&bare, &self.catalogue));
        }
        WorkingPlan::new(&self.catalogue, &self.key, &self.choices, &self.existing)
    }

    /// Renumbers the choices after the catalogue was built anew.
    fn follow(&mut self, before: &Anchors, now: &Anchors) {
        let volumes: BTreeMap<_, _> = joined(&before.volumes, &now.volumes).collect();
        let patients: BTreeMap<_, _> = joined(&before.patients, &now.patients).collect();
        let studies: BTreeMap<_, _> = joined(&before.studies, &now.studies).collect();
        for choices in self.undo.iter_mut().chain(&mut self.redo).chain([&mut self.choices]) {
            choices.volumes = renumbered(std::mem::take(&mut choices.volumes), &volumes);
            choices.subjects = renumbered(std::mem::take(&mut choices.subjects), &patients);
            choices.studies = renumbered(std::mem::take(&mut choices.studies), &studies);
        }
    }

    fn replan(&mut self) -> Result<&WorkingPlan, PlanError> {
        let plan = self.make_plan()?;
        Ok(self.plan.insert(plan))
    }

    /// Plans by the choices; where these want something else stacked, what was read is sorted again first.
    fn make_plan(&mut self) -> Result<WorkingPlan, PlanError> {
        if self.catalogue.made_for == self.choices.wanted() {
            return self.plan_again(None);
        }
        self.sorted_again(|_| {})
    }

    /// Plans after what was read has changed.
    fn again_with(&mut self, change: impl FnOnce(&mut [Instance])) -> Result<(), PlanError> {
        let plan = self.sorted_again(change)?;
        self.plan = Some(plan);
        Ok(())
    }

    fn sorted_again(&mut self, change: impl FnOnce(&mut [Instance])) -> Result<WorkingPlan, PlanError> {
        let before = self.plan.as_ref().map(|plan| anchors(plan, &self.catalogue));
        let mut instances = std::mem::take(&mut self.catalogue).into_instances();
        change(&mut instances);
        self.sort_out(instances);
        self.plan_again(before)
    }

    /// The plan, once the intake is finished.
    pub fn plan(&self) -> Option<&WorkingPlan> {
        self.plan.as_ref()
    }

    /// The plan for others' eyes.
    pub fn published_plan(&self) -> Option<PublishedPlan> {
        self.plan
            .as_ref()
            .map(|plan| PublishedPlan::of(plan, &self.catalogue, &self.intake.files, &self.ordinals))
    }

    /// What was found.
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// The files.
    pub fn files(&self) -> &FileTable {
        &self.intake.files
    }

    /// Files that asked for more memory than is given, with the words for it.
    pub fn refused(&self) -> impl Iterator<Item = (FileId, String)> + '_ {
        self.intake.refused.iter().map(|(file, error)| (*file, error.to_string()))
    }

    /// The files' ordinals.
    pub fn ordinals(&self) -> &Ordinals {
        &self.ordinals
    }

    /// The de-identification policy as the user left it.
    pub fn policy(&self) -> Policy {
        policies::of(&self.choices)
    }

    pub(crate) const fn holdings(&self) -> &Holdings {
        &self.holdings
    }

    /// Objects that no volume is made of.
    pub(crate) fn other_objects(&self) -> &[OtherObject] {
        &self.intake.others
    }

    /// Who became whom: the linking table's file.
    ///
    /// # Errors
    /// An empty passphrase.
    pub fn linking_table(&self, protection: Protection<'_>) -> Result<Vec<u8>, SealError> {
        let mut table = LinkingTable::new();
        for (patient, found) in self.plan.iter().flat_map(|plan| &plan.patients).zip(&self.catalogue.patients)
        {
            for (study, entry) in patient.studies.iter().zip(&found.studies) {
                table.push(LinkingRow {
                    subject: patient.subject.clone(),
                    session: study.session.clone(),
                    identity: PatientIdentity {
                        shares_id: found.identity.shares_id,
                        ..identity_of(&entry.facts)
                    },
                    study_date: Date::parse_da(&entry.facts.study_date).map(Identified::new),
                    day: study.days_from_first.and_then(|day| i32::try_from(day).ok()),
                    shift: self.date_shift(patient, found),
                });
            }
        }
        if let SubjectNaming::Numbered(earlier) | SubjectNaming::Mapped(earlier) = &self.choices.naming {
            table.carry_over(earlier);
        }
        table.save(protection)
    }

    /// `id_old,id_new`: each patient's ID and code. Identified: for the user's own file.
    pub fn id_map(&self) -> Vec<(String, String)> {
        let patients = self.plan.iter().flat_map(|plan| &plan.patients).zip(&self.catalogue.patients);
        let mut rows: Vec<(String, String)> = patients
            .map(|(planned, found)| {
                let id = found.identity.patient_id.reveal(crate::deid::Purpose::LinkingTable).clone();
                (id, planned.subject.as_str().to_owned())
            })
            .collect();
        rows.sort();
        rows
    }

    /// The days by which a patient's dates move, where they are shifted.
    pub fn date_shift(&self, planned: &PlannedPatient, found: &PatientEntry) -> Option<DateShift> {
        if self.choices.dates != DatePolicy::Shift {
            return None;
        }
        // Two IDs that are one subject have one shift: no date of either may equal one of the other.
        let mut dates = found.dates.clone();
        let plan = self.plan.iter().flat_map(|plan| &plan.patients).zip(&self.catalogue.patients);
        for (other, found) in plan.filter(|(other, _)| other.subject == planned.subject) {
            dates.extend(found.dates.iter().copied());
            if other.assignment.person == planned.assignment.person {
                dates.extend(self.secrets(&found.key).map(Secrets::original_dates).unwrap_or_default());
            }
        }
        dates.extend(self.secrets(&found.key).map(Secrets::original_dates).unwrap_or_default());
        DateShift::for_patient(&self.key, &planned.assignment.person, &dates).ok()
    }

    /// What must not come out of a patient's files: of everybody who shares the ID.
    pub(crate) fn secrets(&self, patient: &IdentityKey) -> Option<&Secrets> {
        self.intake.secrets.get(&patient.by_id())
    }

    /// What must not come out, of everybody.
    pub(crate) fn all_secrets(&self) -> impl Iterator<Item = &Secrets> {
        self.intake.secrets.values()
    }

    /// The user's choices.
    pub fn choices(&self) -> &Choices {
        &self.choices
    }

    /// Changes the choices; what can't be planned is not taken.
    ///
    /// # Errors
    /// Why the changed choices make no plan.
    pub fn choose(&mut self, change: impl FnOnce(&mut Choices)) -> Result<&WorkingPlan, PlanError> {
        let before = self.choices.clone();
        change(&mut self.choices);
        if let Err(error) = self.obeys_institution() {
            self.choices = before;
            return Err(error);
        }
        // With the others, so that it follows where volumes are numbered anew.
        self.undo.push(before);
        match self.make_plan() {
            Ok(plan) => {
                if self.undo.len() > UNDO_DEPTH {
                    self.undo.remove(0);
                }
                self.redo.clear();
                Ok(self.plan.insert(plan))
            }
            Err(error) => {
                if let Some(before) = self.undo.pop() {
                    self.choices = before;
                }
                self.replan()?;
                Err(error)
            }
        }
    }

    /// Whether there is something to undo, and to redo.
    pub fn history(&self) -> (bool, bool) {
        (!self.undo.is_empty(), !self.redo.is_empty())
    }

    /// Takes the last change back.
    ///
    /// # Errors
    /// Never in practice: the choices have made a plan before.
    pub fn undo(&mut self) -> Result<(), PlanError> {
        if let Some(before) = self.undo.pop() {
            self.redo.push(std::mem::replace(&mut self.choices, before));
            self.replan()?;
        }
        Ok(())
    }

    /// Makes the last undone change again.
    ///
    /// # Errors
    /// See [`Self::undo`].
    pub fn redo(&mut self) -> Result<(), PlanError> {
        if let Some(after) = self.redo.pop() {
            self.undo.push(std::mem::replace(&mut self.choices, after));
            self.replan()?;
        }
        Ok(())
    }

    /// Obeys a plan file.
    ///
    /// # Errors
    /// It was made from other files, or can't be planned.
    pub fn obey(&mut self, published: &PublishedPlan) -> Result<&WorkingPlan, PlanError> {
        if published.captures == self.choices.captures {
            return self.obey_of_same_volumes(published);
        }
        // Its volumes are those that stand there then; both are one step for undo.
        self.choose(|own| own.captures = published.captures)?;
        match self.obey_of_same_volumes(published).map(|_| ()) {
            Ok(()) => {
                self.undo.pop();
                self.plan.as_ref().ok_or(PlanError::Mismatch("nothing was read"))
            }
            Err(error) => {
                self.undo()?;
                self.redo.pop();
                Err(error)
            }
        }
    }

    fn obey_of_same_volumes(&mut self, published: &PublishedPlan) -> Result<&WorkingPlan, PlanError> {
        let choices = published.choices(&self.catalogue, &self.key, &self.choices)?;
        self.choose(|own| *own = choices)
    }

    /// The project key.
    pub fn key(&self) -> &ProjectKey {
        &self.key
    }

    /// Works under another key.
    ///
    /// # Errors
    /// Codes that can't be given under it.
    pub fn set_key(&mut self, key: ProjectKey) -> Result<(), PlanError> {
        let before = std::mem::replace(&mut self.key, key);
        if self.plan.is_some()
            && let Err(error) = self.replan()
        {
            self.key = before;
            return Err(error);
        }
        Ok(())
    }

    /// What the data set to be added to holds.
    pub fn existing(&self) -> &Existing {
        &self.existing
    }

    /// Says what the data set to be added to holds.
    ///
    /// # Errors
    /// Numbered codes without their mapping.
    pub fn set_existing(&mut self, existing: Existing) -> Result<(), PlanError> {
        let before = std::mem::replace(&mut self.existing, existing);
        if self.plan.is_some()
            && let Err(error) = self.replan()
        {
            self.existing = before;
            return Err(error);
        }
        Ok(())
    }
}
