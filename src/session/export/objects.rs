//! De-identified DICOM beside the images: the tree `dicom/` of the archive.
//!
//! In: the plan, then each file's bytes. Out: entries `dicom/sub-…/ses-…/ser-…/….dcm`, made and checked as
//! `hepatica deidentify` makes and checks them (`deid::object`), under the key, the codes and the date shifts
//! of the images. Files come one after the other; no more of them are in memory than a few threads need.
//! Never: an object of a volume that the plan leaves out, or over one that is there already.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use rayon::prelude::*;

use super::ExportOptions;
use crate::dataset::EntryName;
use crate::deid::object::{
    Counts, Entry, Object, ObjectCertificate, Person, Placed, Project, Refusal, Subject, deidentify, place,
};
use crate::deid::{Date, DateShift, IdentityKey, KeyUse, Secrets, SubjectCode, TimeOfDay};
use crate::dicom::Need;
use crate::intake::{FileId, RangeReader, SeriesFacts};
use crate::session::Session;

/// Bytes of files that wait for their turn, beside one that is larger.
const AHEAD: u64 = 32 << 20;
/// Files that wait for their turn.
const FILES_AHEAD: usize = 64;

/// What became of one file's object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Became {
    /// Written: its series' folder, its number within it, and the series' fingerprint.
    Written(String, u32, String),
    /// It is there already.
    Present,
    /// Left out on purpose.
    LeftOut(String, String),
    /// Could not be made.
    Failed(String, String),
}

/// A line of the report: what became of some objects.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct ObjectLine {
    /// `written`, `skipped` or `failed`.
    pub outcome: &'static str,
    /// Why, in words; empty for what was written.
    pub label: String,
    /// How many.
    pub count: u32,
}

struct Item {
    file: FileId,
    ordinal: u32,
    name: EntryName,
    folder: String,
    number: u32,
    /// Keyed fingerprint of the series, by which a later run finds the folder again.
    source: String,
    subject: usize,
    size: u64,
}

struct Reading {
    item: Item,
    range: RangeReader,
    failed: bool,
}

/// One subject, and whose secrets are its own.
struct Planned {
    code: SubjectCode,
    shift: Option<DateShift>,
    patients: Vec<IdentityKey>,
}

/// The making of the tree.
pub(super) struct Objects {
    project: Project,
    threads: usize,
    budget: u64,
    subjects: Vec<Planned>,
    queue: VecDeque<Item>,
    reading: VecDeque<Reading>,
    in_flight: HashMap<Need, Vec<FileId>>,
    /// The subject in hand: number, what it takes to make its objects, whether one was written.
    person: Option<(usize, Option<Person>, bool)>,
    counts: Counts,
    rows: BTreeMap<u32, Became>,
    /// UIDs that were replaced. Identified.
    uids: BTreeSet<Box<str>>,
    pub(super) refusals: Vec<String>,
    pub(super) total: u32,
    pub(super) bytes: u64,
}

/// A finished object, to be put out.
pub(super) type Finished = (EntryName, Vec<u8>);

impl Objects {
    /// Plans the tree: every object of the studies of which a volume is included, but for the volumes that
    /// are left out.
    pub(super) fn new(session: &Session, options: &ExportOptions) -> Self {
        let project = Project {
            key: session.key().clone(),
            policy: session.policy().for_objects(),
            accept_burned_in: false,
            record_uids: true,
            redactions: session.redactions(),
            coarsen: session.choices().coarsen,
        };
        let mut objects = Self {
            project,
            threads: options.threads.max(1),
            budget: options.budget,
            subjects: Vec::new(),
            queue: VecDeque::new(),
            reading: VecDeque::new(),
            in_flight: HashMap::new(),
            person: None,
            counts: Counts::default(),
            rows: BTreeMap::new(),
            uids: BTreeSet::new(),
            refusals: Vec::new(),
            total: 0,
            bytes: 0,
        };
        objects.plan(session);
        objects.total = objects.queue.len() as u32;
        objects.bytes = objects.queue.iter().map(|item| item.size).sum();
        objects
    }

    fn plan(&mut self, session: &Session) {
        let Some(plan) = session.plan() else { return };
        // A subject may be several patients: a mapping joins two IDs.
        let mut groups: BTreeMap<&SubjectCode, Vec<usize>> = BTreeMap::new();
        for (number, patient) in plan.patients.iter().enumerate() {
            groups.entry(&patient.subject).or_default().push(number);
        }
        for (code, members) in groups {
            let found = || members.iter().filter_map(|n| session.catalogue().patients.get(*n));
            let shift = members.iter().find_map(|n| {
                session.date_shift(plan.patients.get(*n)?, session.catalogue().patients.get(*n)?)
            });
            let patients: Vec<IdentityKey> = found().map(|patient| patient.key.clone()).collect();
            let (entries, labels, wanted) = entries(session, &members);
            if wanted.is_empty() {
                continue;
            }
            let number = self.subjects.len();
            self.subjects.push(Planned { code: code.clone(), shift, patients });
            let placed = place(code, entries, session.key(), &labels);
            self.enqueue(session, number, placed, &wanted);
        }
    }

    fn enqueue(
        &mut self,
        session: &Session,
        subject: usize,
        placed: Vec<Placed>,
        wanted: &BTreeMap<FileId, String>,
    ) {
        let mut folders = Folders::of(session);
        for at in placed {
            let Some(source) = wanted.get(&at.ordinal) else { continue };
            let Some((own, file)) = at.name.rsplit_once('/') else { continue };
            let (folder, is_known) = folders.of_series(source, own);
            let Ok(name) = EntryName::new(format!("{folder}/{file}")) else { continue };
            let ordinal = session.ordinals().of(at.ordinal);
            if is_known && session.existing().holds(&name) {
                self.rows.insert(ordinal, Became::Present);
                continue;
            }
            let number = file.trim_end_matches(".dcm").parse().unwrap_or(0);
            let size = session.files().get(at.ordinal).map_or(0, |entry| entry.size);
            let source = source.clone();
            self.queue.push_back(Item {
                file: at.ordinal,
                ordinal,
                name,
                folder,
                number,
                source,
                subject,
                size,
            });
        }
    }

    /// Whether all is done.
    pub(super) fn is_done(&self) -> bool {
        self.queue.is_empty() && self.reading.is_empty()
    }

    /// Objects made or not made so far.
    pub(super) fn done(&self) -> u32 {
        self.total - (self.queue.len() + self.reading.len()) as u32
    }

    /// Ranges to read next.
    pub(super) fn needs(&mut self, session: &Session) -> Vec<Need> {
        let mut ahead: u64 = self.reading.iter().map(|reading| reading.item.size).sum();
        while self.reading.len() < FILES_AHEAD {
            let Some(item) = self.queue.front() else { break };
            if !self.reading.is_empty() && ahead + item.size > AHEAD {
                break;
            }
            let Some(item) = self.queue.pop_front() else { break };
            if item.size > self.budget {
                let words = format!("needs {} bytes, budget {}", item.size, self.budget);
                self.rows.insert(item.ordinal, Became::Failed("over_budget".into(), words));
                continue;
            }
            match session.files().get(item.file).map(|entry| RangeReader::new(entry, 0, None)) {
                Some(Ok(range)) => {
                    ahead += item.size;
                    self.reading.push_back(Reading { item, range, failed: false });
                }
                _ => self.unreadable(item.ordinal),
            }
        }
        let mut needs = Vec::new();
        for reading in self.reading.iter_mut().filter(|reading| !reading.failed) {
            let Some(need) = reading.range.need() else { continue };
            let waiting = self.in_flight.entry(need).or_default();
            if !waiting.contains(&reading.item.file) {
                waiting.push(reading.item.file);
                if waiting.len() == 1 {
                    needs.push(need);
                }
            }
        }
        needs
    }

    /// Whether a need is this tree's.
    pub(super) fn awaits(&self, need: &Need) -> bool {
        self.in_flight.contains_key(need)
    }

    /// Takes the bytes of a need, or that there are none.
    pub(super) fn feed(&mut self, need: &Need, mut bytes: Option<Vec<u8>>) {
        let mut files = self.in_flight.remove(need).unwrap_or_default();
        while let Some(file) = files.pop() {
            let given = if files.is_empty() { bytes.take() } else { bytes.clone() };
            let Some(reading) = self.reading.iter_mut().find(|r| r.item.file == file) else { continue };
            reading.failed |= given.is_none_or(|bytes| reading.range.feed(bytes).is_err());
        }
    }

    fn unreadable(&mut self, ordinal: u32) {
        let words = "could not be read".to_owned();
        self.rows.insert(ordinal, Became::Failed("io".into(), words));
    }

    /// Makes the next objects of one subject, as many as there are threads for; `None` while bytes are
    /// awaited.
    pub(super) fn step(&mut self, session: &Session) -> Option<Vec<Finished>> {
        let mut batch = Vec::new();
        while batch.len() < self.threads * 2 {
            let Some(front) = self.reading.front_mut() else { break };
            if !front.failed && front.range.need().is_some() {
                break;
            }
            if batch.first().is_some_and(|first: &Reading| first.item.subject != front.item.subject) {
                break;
            }
            batch.extend(self.reading.pop_front());
        }
        let subject = batch.first()?.item.subject;
        self.turn_to(subject, session);
        let (project, person) =
            (&self.project, self.person.as_ref().and_then(|(_, person, _)| person.as_ref()));
        let made: Vec<(Item, Option<Result<Object, Refusal>>)> = batch
            .into_par_iter()
            .map(|reading| {
                let Reading { item, range, failed } = reading;
                let made = person.filter(|_| !failed).map(|person| deidentify(range.take(), person, project));
                (item, made)
            })
            .collect();
        let ready = person.is_some();
        let mut finished = Vec::new();
        for (item, made) in made {
            match made {
                Some(Ok(object)) => {
                    self.counts.object(&object);
                    self.uids.extend(object.uids.into_keys().map(String::into_boxed_str));
                    self.rows.insert(item.ordinal, Became::Written(item.folder, item.number, item.source));
                    if let Some((_, _, written)) = &mut self.person {
                        *written = true;
                    }
                    finished.push((item.name, object.bytes));
                }
                Some(Err(refusal)) => self.refuse(&item, &refusal),
                None if ready => self.unreadable(item.ordinal),
                None => {
                    let words = "could not be checked".to_owned();
                    self.rows.insert(item.ordinal, Became::Failed("not_checked".into(), words));
                }
            }
        }
        if self.is_done() {
            self.leave();
        }
        Some(finished)
    }

    fn refuse(&mut self, item: &Item, refusal: &Refusal) {
        self.counts.refusal(refusal);
        let row = match refusal {
            Refusal::Excluded(why) => Became::LeftOut(why.id(), why.to_string()),
            Refusal::Leak(leak) => {
                self.refusals.push(format!("object of file {}: {leak}", item.ordinal));
                Became::Failed("identifier_found".into(), "known identifiers were found in them".into())
            }
            Refusal::NoIdentity => Became::Failed("no_uid".into(), refusal.to_string()),
            Refusal::Stream(_) => {
                Became::Failed("compressed_frame".into(), "compressed frames that can't be followed".into())
            }
            Refusal::Unreadable(_) => {
                Became::Failed("unreadable".into(), "can't be read to their end".into())
            }
        };
        self.rows.insert(item.ordinal, row);
    }

    /// Makes another subject ready: the search for its secrets is built once.
    fn turn_to(&mut self, number: usize, session: &Session) {
        if self.person.as_ref().is_some_and(|(now, ..)| *now == number) {
            return;
        }
        self.leave();
        let person = self.subjects.get(number).and_then(|planned| {
            let mut secrets = Secrets::new();
            for patient in &planned.patients {
                secrets.merge(session.secrets(patient)?);
            }
            let days = days_of(session, &planned.patients);
            Person::new(&Subject::of(planned.code.clone(), planned.shift, secrets, days), &self.project).ok()
        });
        self.person = Some((number, person, false));
    }

    fn leave(&mut self) {
        if let Some((_, Some(person), true)) = self.person.take() {
            self.counts.subject(person.searched());
        }
    }

    /// Stops; what was not begun has that for its outcome.
    pub(super) fn cancel(&mut self) {
        self.leave();
        let left = self.reading.drain(..).map(|reading| reading.item).chain(self.queue.drain(..));
        for item in left {
            self.rows.insert(item.ordinal, Became::Failed("cancelled".into(), "cancelled".into()));
        }
        self.in_flight.clear();
    }

    /// Objects written.
    pub(super) fn written(&self) -> u64 {
        self.counts.written()
    }

    /// The certificate of the objects, and the list of files by ordinal: no path of the source, no value.
    pub(super) fn documents(&self, session: &Session) -> (ObjectCertificate, String) {
        let fingerprint = session.key().fingerprint();
        let certificate = ObjectCertificate::new(&self.counts, &self.project.policy, Some(&fingerprint));
        let mut table = String::from("ordinal\toutcome\treason\tseries\tnumber\tsource\n");
        for (ordinal, row) in &self.rows {
            let cells = match row {
                Became::Written(folder, number, source) => {
                    format!("written\tn/a\t{folder}\t{number}\t{source}")
                }
                Became::Present => "present\tn/a\tn/a\tn/a\tn/a".to_owned(),
                Became::LeftOut(id, _) => format!("skipped\t{id}\tn/a\tn/a\tn/a"),
                Became::Failed(id, _) => format!("failed\t{id}\tn/a\tn/a\tn/a"),
            };
            table.push_str(&format!("{ordinal}\t{cells}\n"));
        }
        (certificate, table)
    }

    /// What became of the objects, counted.
    pub(super) fn lines(&self) -> Vec<ObjectLine> {
        let mut counts: BTreeMap<(u8, &str), u32> = BTreeMap::new();
        for row in self.rows.values() {
            let key = match row {
                Became::Written(..) => (0, ""),
                Became::Present => (1, "already in the data set"),
                Became::LeftOut(_, words) => (1, words.as_str()),
                Became::Failed(_, words) => (2, words.as_str()),
            };
            *counts.entry(key).or_default() += 1;
        }
        let outcome = |rank| match rank {
            0 => "written",
            1 => "skipped",
            _ => "failed",
        };
        let line = |((rank, label), count): ((u8, &str), u32)| ObjectLine {
            outcome: outcome(rank),
            label: label.to_owned(),
            count,
        };
        counts.into_iter().map(line).collect()
    }

    /// Each replaced UID with the one in its place. Identified: for the user's own file.
    pub(super) fn uid_rows(&self) -> Vec<(String, String)> {
        let kept = self.project.policy.holds(crate::deid::PolicyOption::RetainUids);
        let new = |old: &str| if kept { old.to_owned() } else { self.project.uid(old) };
        self.uids.iter().map(|old| (old.to_string(), new(old))).collect()
    }
}

/// Everything of a subject that can be placed, the labels of its studies, and which files are wanted, each
/// with the fingerprint of its series.
type Entries = (Vec<Entry>, BTreeMap<String, String>, BTreeMap<FileId, String>);

fn entries(session: &Session, members: &[usize]) -> Entries {
    let mut entries = Vec::new();
    let (mut labels, mut wanted) = (BTreeMap::new(), BTreeMap::new());
    let Some(plan) = session.plan() else { return (entries, labels, wanted) };
    let mut studies: BTreeSet<(IdentityKey, String)> = BTreeSet::new();
    let both =
        members.iter().filter_map(|n| Some((plan.patients.get(*n)?, session.catalogue().patients.get(*n)?)));
    for (patient, found) in both {
        for (study, seen) in patient.studies.iter().zip(&found.studies) {
            labels.insert(seen.facts.study_uid.clone(), study.session.clone());
            let included: BTreeSet<_> = study.volumes.iter().filter(|v| v.include).map(|v| v.id).collect();
            if !included.is_empty() {
                studies.insert((found.key.clone(), seen.facts.study_uid.clone()));
            }
            for series in &seen.series {
                let source = fingerprint(session, &series.facts);
                for instance in session.catalogue().instances_of(series) {
                    let number = Some(instance.instance_number);
                    entries.push(entry(instance.file, &instance.series, &instance.sop_instance, number));
                }
                let volumes = series.volumes.iter().filter(|volume| included.contains(&volume.id));
                wanted.extend(volumes.flat_map(|volume| &volume.files).map(|file| (*file, source.clone())));
            }
        }
    }
    for other in session.other_objects() {
        // A capture that was asked for stands among the volumes.
        if matches!(session.files().state(other.file), Some(crate::intake::FileState::Image(_))) {
            continue;
        }
        let facts = &other.facts;
        let key = crate::intake::identity_of(facts).key();
        if studies.contains(&(key, facts.study_uid.clone())) {
            entries.push(entry(other.file, facts, &other.sop_instance, other.number));
            wanted.insert(other.file, fingerprint(session, facts));
        }
    }
    (entries, labels, wanted)
}

/// Letters only: no number of a header can be found in them by chance.
fn fingerprint(session: &Session, facts: &SeriesFacts) -> String {
    let parts = [b"objects", facts.study_uid.as_bytes(), facts.series_uid.as_bytes()];
    let mac = session.key().mac(KeyUse::Order, &parts);
    mac.iter().take(8).flat_map(|b| [b >> 4, b & 15]).map(|nibble| char::from(b'a' + nibble)).collect()
}

fn entry(file: FileId, facts: &SeriesFacts, instance: &str, number: Option<i64>) -> Entry {
    let time = || TimeOfDay::parse_tm(&facts.study_time).map(TimeOfDay::micros);
    Entry {
        ordinal: file,
        study: facts.study_uid.as_str().into(),
        series: facts.series_uid.as_str().into(),
        series_number: facts.series_number,
        number,
        instance: instance.into(),
        when: Date::parse_da(&facts.study_date).map(|date| (date, time())),
    }
}

/// Folders of series: those that the data set has keep their series, new series get others.
struct Folders {
    /// By fingerprint of the series.
    known: BTreeMap<String, String>,
    /// Numbers that are another's, by folder of the session.
    taken: BTreeMap<String, BTreeSet<usize>>,
    given: BTreeMap<String, String>,
}

impl Folders {
    fn of(session: &Session) -> Self {
        let listed = session.existing().object_folders();
        let known: BTreeMap<String, String> =
            listed.iter().map(|(source, folder)| ((*source).to_owned(), (*folder).to_owned())).collect();
        let mut taken: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
        for (session, number) in known.values().filter_map(|folder| Self::parts(folder)) {
            taken.entry(session.to_owned()).or_default().insert(number);
        }
        Self { known, taken, given: BTreeMap::new() }
    }

    fn parts(folder: &str) -> Option<(&str, usize)> {
        let (session, series) = folder.rsplit_once('/')?;
        Some((session, series.strip_prefix("ser-")?.parse().ok()?))
    }

    /// The folder of a series, and whether the data set has it: its own by number, or where that is
    /// another's the next that is free.
    fn of_series(&mut self, source: &str, own: &str) -> (String, bool) {
        if let Some(folder) = self.known.get(source) {
            return (folder.clone(), true);
        }
        if let Some(folder) = self.given.get(source) {
            return (folder.clone(), false);
        }
        let mut folder = format!("dicom/{own}");
        if let Some((session, number)) = Self::parts(&folder) {
            let numbers = self.taken.entry(session.to_owned()).or_default();
            if !numbers.insert(number) {
                let free = numbers.last().map_or(1, |last| last + 1);
                numbers.insert(free);
                folder = format!("{session}/ser-{free:02}");
            }
        }
        self.given.insert(source.to_owned(), folder.clone());
        (folder, false)
    }
}

/// Days from the first study to each of these patients' studies, by the study's UID.
fn days_of(session: &Session, patients: &[IdentityKey]) -> BTreeMap<Box<str>, i64> {
    let planned = session.plan().into_iter().flat_map(|plan| &plan.patients);
    planned
        .zip(&session.catalogue().patients)
        .filter(|(_, found)| patients.contains(&found.key))
        .flat_map(|(patient, found)| patient.studies.iter().zip(&found.studies))
        .filter_map(|(study, entry)| Some((entry.facts.study_uid.as_str().into(), study.days_from_first?)))
        .collect()
}
