//! Reading the headers of all files, by ranges, many at once.
//!
//! The driver asks for [`Intake::needs`], reads those ranges however it likes, and feeds them in any
//! order. A file is done when its header is; then its bytes are let go. Headers that come in together
//! are understood side by side, each thread keeping what it finds apart until the reading is over. A driver
//! that reads meanwhile says so ([`Intake::work_apart`]); it asks for needs until there are none when it has
//! waited ([`Intake::settle_all`]).

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use rayon::prelude::*;

use super::apart::Apart;
use super::classify::fail_reason;
use super::files::{FileId, FileState, FileTable, Origin};
use super::lane::{Lane, Object, ObjectKind, Reading, Ready};
use super::others::OtherObject;
use super::ranges::{RangeReader, reason};
use crate::convert::instance::{Instance, SeriesFacts};
use crate::dataset::{DirectoryReader, FailReason, SkipReason};
use crate::deid::{Identified, IdentityKey, PatientIdentity, Purpose, Secrets};
use crate::dicom::{DicomError, HeaderReader, Need};

/// A zip's directory may take this much memory.
const DIRECTORY_BUDGET: u64 = 256 << 20;

/// What is being done with a file.
enum Reader {
    Header { header: HeaderReader, range: RangeReader },
    Directory(DirectoryReader),
}

/// How far the intake is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct IntakeProgress {
    /// Files whose header was read, or that turned out to be something else.
    pub files_seen: u32,
    /// Files registered, zip entries included.
    pub files_total: u32,
    /// Bytes read.
    pub bytes_read: u64,
    /// Patients found.
    pub patients: u32,
    /// Studies found.
    pub studies: u32,
    /// Series found.
    pub series: u32,
    /// Files that are no DICOM.
    pub non_dicom: u32,
    /// Files that can't be read.
    pub failed: u32,
}

/// The intake.
#[derive(Default)]
pub struct Intake {
    pub(crate) files: FileTable,
    pub(crate) instances: Vec<Instance>,
    /// Objects that no volume is made of, for a tree of DICOM.
    pub(crate) others: Vec<OtherObject>,
    /// What must not come out, by patient: of all files whose reading was finished.
    pub(crate) secrets: BTreeMap<IdentityKey, Secrets>,
    /// What each thread found in the reading in hand, which may yet be abandoned.
    lanes: Vec<Lane>,
    /// Where headers are understood while the driver reads on.
    apart: Option<Apart>,
    waiting: VecDeque<FileId>,
    readers: HashMap<FileId, Reader>,
    in_flight: HashMap<Need, Vec<FileId>>,
    ready: VecDeque<FileId>,
    /// What asked for more memory than is given: needs and budget, bytes.
    pub(crate) refused: BTreeMap<FileId, DicomError>,
    progress: IntakeProgress,
    patients: BTreeSet<IdentityKey>,
    studies: BTreeSet<u64>,
    series: BTreeSet<u64>,
    mark: Option<Mark>,
}

/// What was there before the reading in hand began; where abandoning it goes back to.
struct Mark {
    states: Vec<FileState>,
    progress: IntakeProgress,
    patients: BTreeSet<IdentityKey>,
    studies: BTreeSet<u64>,
    series: BTreeSet<u64>,
}

impl std::fmt::Debug for Intake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Intake").field("progress", &self.progress).finish_non_exhaustive()
    }
}

impl Intake {
    /// Remembers what is there, once a reading.
    fn begin(&mut self) {
        if self.mark.is_none() {
            self.mark = Some(Mark {
                states: self.files.entries.iter().map(|entry| entry.state).collect(),
                progress: self.progress,
                patients: self.patients.clone(),
                studies: self.studies.clone(),
                series: self.series.clone(),
            });
        }
    }

    /// Ends a reading: what it found stays.
    pub(crate) fn keep(&mut self) {
        self.mark = None;
        let mut lanes = std::mem::take(&mut self.lanes);
        lanes.extend(self.apart.as_mut().map(Apart::lanes).unwrap_or_default());
        for (patient, mut secrets) in lanes.into_iter().flat_map(|lane| lane.secrets) {
            match self.secrets.entry(patient) {
                Entry::Vacant(place) => {
                    secrets.settle();
                    place.insert(secrets);
                }
                Entry::Occupied(mut known) => known.get_mut().merge(&secrets),
            }
        }
    }

    /// Ends a reading as though it had never begun: its files, and what was found in them, are gone.
    pub fn abandon(&mut self) {
        let Some(mark) = self.mark.take() else { return };
        self.files.entries.truncate(mark.states.len());
        for (entry, state) in self.files.entries.iter_mut().zip(mark.states) {
            entry.state = state;
        }
        self.instances.clear();
        self.others.retain(|other| (other.file as usize) < self.files.len());
        self.lanes.clear();
        // What is still being understood is let go when it comes home.
        self.apart = self.apart.take().map(|_| Apart::new());
        self.waiting.clear();
        self.readers.clear();
        self.in_flight.clear();
        self.ready.clear();
        (self.progress, self.patients) = (mark.progress, mark.patients);
        (self.studies, self.series) = (mark.studies, mark.series);
    }

    /// The files that were there before the reading in hand.
    pub(crate) fn known_files(&self) -> usize {
        self.mark.as_ref().map_or(self.files.len(), |mark| mark.states.len())
    }

    /// Registers a source: a file on disk, dropped, or generated.
    pub fn add_source(&mut self, source: u32, path: Identified<String>, size: u64) -> FileId {
        self.begin();
        let file = self.files.add(Origin::Source(source), path, size);
        self.enqueue(file);
        file
    }

    /// Registers sources that could not be opened at all.
    pub fn add_unreadable(&mut self, path: Identified<String>) {
        self.begin();
        let file = self.files.add(Origin::Source(u32::MAX), path, 0);
        self.progress.files_total += 1;
        self.settle(file, FileState::Failed(FailReason::Io));
    }

    /// Understands headers on threads of their own from now on, if there are any: feeding does not wait.
    pub fn work_apart(&mut self) {
        if rayon::current_num_threads() > 1 {
            self.apart = Some(Apart::new());
        }
    }

    /// Takes in what has been understood apart; with `wait`, all that was fed so far.
    fn gather(&mut self, wait: bool) {
        for (file, reading) in self.apart.as_mut().map(|apart| apart.take(wait)).unwrap_or_default() {
            self.take_in(file, reading);
        }
    }

    /// Waits until all that was fed is understood, after which there may be more needs.
    pub fn settle_all(&mut self) {
        self.gather(true);
    }

    fn enqueue(&mut self, file: FileId) {
        self.progress.files_total += 1;
        self.waiting.push_back(file);
    }

    /// Up to `most` ranges to read next. Every one must be answered by `feed` or `feed_failed`.
    pub fn needs(&mut self, most: usize) -> Vec<Need> {
        self.gather(false);
        let mut needs = Vec::new();
        while needs.len() < most {
            let Some(file) = self.ready.pop_front().or_else(|| self.waiting.pop_front()) else { break };
            if !self.readers.contains_key(&file) && !self.open(file) {
                continue;
            }
            let need = match self.readers.get_mut(&file) {
                Some(Reader::Header { range, .. }) => range.need(),
                Some(Reader::Directory(directory)) => directory.need(),
                None => None,
            };
            match need {
                Some(need) => {
                    let waiting = self.in_flight.entry(need).or_default();
                    waiting.push(file);
                    if waiting.len() == 1 {
                        needs.push(need);
                    }
                }
                None => {
                    let ready = self.advance(file);
                    self.understand(Vec::from_iter(ready));
                }
            }
        }
        needs
    }

    /// Whether every file has been read.
    pub fn is_done(&self) -> bool {
        let apart = self.apart.as_ref().is_none_or(Apart::is_idle);
        apart && self.waiting.is_empty() && self.ready.is_empty() && self.in_flight.is_empty()
    }

    /// Takes the bytes of a need.
    pub fn feed(&mut self, need: Need, bytes: Vec<u8>) {
        self.feed_all(vec![(need, Some(bytes))]);
    }

    /// Takes the bytes of many needs, `None` for one that could not be read: headers are understood on
    /// all threads.
    pub fn feed_all(&mut self, answers: Vec<(Need, Option<Vec<u8>>)>) {
        let mut ready = Vec::new();
        for (need, bytes) in answers {
            match bytes {
                Some(bytes) => self.take(need, bytes, &mut ready),
                None => self.feed_failed(need),
            }
        }
        self.understand(ready);
    }

    fn take(&mut self, need: Need, bytes: Vec<u8>, ready: &mut Vec<Ready>) {
        // What comes in after its reading was abandoned is let go.
        let Some(mut files) = self.in_flight.remove(&need) else { return };
        self.progress.bytes_read += bytes.len() as u64;
        let mut bytes = bytes;
        while let Some(file) = files.pop() {
            let bytes = if files.is_empty() { std::mem::take(&mut bytes) } else { bytes.clone() };
            let fed = match self.readers.get_mut(&file) {
                Some(Reader::Header { range, .. }) => range.feed(bytes),
                Some(Reader::Directory(directory)) => directory.feed(&bytes).map_err(|e| reason(&e)),
                None => Ok(()),
            };
            match fed {
                Ok(()) => ready.extend(self.advance(file)),
                Err(why) => self.settle(file, FileState::Failed(why)),
            }
        }
    }

    /// A need that could not be read.
    pub fn feed_failed(&mut self, need: Need) {
        for file in self.in_flight.remove(&need).unwrap_or_default() {
            self.settle(file, FileState::Failed(FailReason::Io));
        }
    }

    /// How far it is.
    pub fn progress(&self) -> IntakeProgress {
        self.progress
    }

    /// The files.
    pub fn files(&self) -> &FileTable {
        &self.files
    }

    /// Starts reading a file; `false` if it is settled at once.
    fn open(&mut self, file: FileId) -> bool {
        let Some(entry) = self.files.get(file) else { return false };
        if entry.size == 0 {
            self.settle(file, FileState::Skipped(SkipReason::Empty));
            return false;
        }
        let header = HeaderReader::new(entry.size);
        match RangeReader::new(entry, 0, Some(header.first_read())) {
            Ok(range) => {
                self.readers.insert(file, Reader::Header { header, range });
                true
            }
            Err(why) => {
                self.settle(file, FileState::Failed(why));
                false
            }
        }
    }

    /// Goes on with a file whose bytes came in; gives it back if they are all that was wanted.
    fn advance(&mut self, file: FileId) -> Option<Ready> {
        match self.readers.remove(&file)? {
            Reader::Header { header, mut range } => {
                if range.need().is_none() {
                    let entry = self.files.get(file)?;
                    let (path, size) = (entry.path.clone(), entry.size);
                    return Some(Ready { file, path, size, header, range });
                }
                self.readers.insert(file, Reader::Header { header, range });
                self.ready.push_back(file);
            }
            Reader::Directory(directory) => self.directory(file, directory),
        }
        None
    }

    /// Reads the headers of files on all threads, then takes them in, in their order.
    fn understand(&mut self, ready: Vec<Ready>) {
        if let Some(apart) = &mut self.apart {
            return apart.send(ready);
        }
        let threads = rayon::current_num_threads().clamp(1, ready.len().max(1));
        while self.lanes.len() < threads {
            self.lanes.push(Lane::default());
        }
        // Dealt out one by one: files side by side are of a kind, and cost the same.
        let mut shares: Vec<Vec<(usize, Ready)>> = (0..threads).map(|_| Vec::new()).collect();
        for (at, one) in ready.into_iter().enumerate() {
            if let Some(share) = shares.get_mut(at % threads) {
                share.push((at, one));
            }
        }
        let mut read: Vec<(usize, FileId, Reading)> = self
            .lanes
            .par_iter_mut()
            .zip(shares)
            .flat_map_iter(|(lane, share)| share.into_iter().map(|(at, one)| (at, one.file, lane.read(one))))
            .collect();
        read.sort_unstable_by_key(|(at, ..)| *at);
        for (_, file, reading) in read {
            self.take_in(file, reading);
        }
    }

    fn take_in(&mut self, file: FileId, reading: Reading) {
        match reading {
            Reading::Zip => self.zip(file),
            Reading::NeedPrefix(header, mut range, end) => {
                range.extend(end);
                if range.need().is_none() {
                    // It can't be had: the file is shorter than it was when it was dropped.
                    self.settle(file, FileState::Failed(FailReason::Truncated));
                    return;
                }
                self.readers.insert(file, Reader::Header { header, range });
                self.ready.push_back(file);
            }
            Reading::NotDicom => self.settle(file, FileState::Skipped(SkipReason::NotDicom)),
            Reading::Failed(error) => self.fail(file, error),
            Reading::Object(object) => self.take_object(file, *object),
        }
    }

    fn zip(&mut self, file: FileId) {
        let Some(entry) = self.files.get(file) else { return };
        match &entry.origin {
            Origin::Source(source) => {
                let directory = DirectoryReader::new(*source, entry.size, DIRECTORY_BUDGET);
                self.readers.insert(file, Reader::Directory(directory));
                self.ready.push_back(file);
            }
            Origin::Zip(_) => self.settle(file, FileState::Skipped(SkipReason::NestedArchive)),
        }
    }

    fn directory(&mut self, file: FileId, directory: DirectoryReader) {
        if directory.need().is_some() {
            self.readers.insert(file, Reader::Directory(directory));
            self.ready.push_back(file);
            return;
        }
        match directory.finish() {
            Ok(index) => {
                let outer =
                    self.files.path(file).map(|p| p.reveal(Purpose::Decide).clone()).unwrap_or_default();
                for entry in index.files() {
                    let path = entry.path().map(|inner| format!("{outer}/{inner}"));
                    let size = entry.size();
                    let id = self.files.add(Origin::Zip(Box::new(entry.clone())), path, size);
                    self.enqueue(id);
                }
                self.progress.files_total -= 1;
                self.files.set(file, FileState::Archive);
            }
            Err(error) => self.settle(file, FileState::Failed(reason(&error))),
        }
    }

    fn take_object(&mut self, file: FileId, object: Object) {
        let Object { patient, study, series, kind, other, capture } = object;
        self.progress.patients += u32::from(self.patients.insert(patient));
        self.progress.studies += u32::from(self.studies.insert(study));
        self.progress.series += u32::from(self.series.insert(series));
        self.others.extend(other);
        self.instances.extend(capture);
        match kind {
            ObjectKind::Image(instance) => {
                self.instances.push(instance);
                self.settle(file, FileState::Image((self.instances.len() - 1) as u32));
            }
            ObjectKind::Skip(why) => self.settle(file, FileState::Skipped(why)),
            ObjectKind::Fail(why) => self.settle(file, FileState::Failed(why)),
            ObjectKind::Undecodable(syntax) => {
                self.files.undecodable.insert(syntax);
                self.settle(file, FileState::Failed(FailReason::TransferSyntax));
            }
            ObjectKind::Unreadable(error) => self.fail(file, error),
        }
    }

    fn fail(&mut self, file: FileId, error: DicomError) {
        self.settle(file, FileState::Failed(fail_reason(&error)));
        if matches!(error, DicomError::OverBudget { .. }) {
            self.refused.insert(file, error);
        }
    }

    fn settle(&mut self, file: FileId, state: FileState) {
        self.readers.remove(&file);
        self.files.set(file, state);
        self.progress.files_seen += 1;
        match state {
            FileState::Skipped(SkipReason::NotDicom) => self.progress.non_dicom += 1,
            FileState::Failed(_) => self.progress.failed += 1,
            _ => {}
        }
    }
}

/// Who the patient of a series is.
pub(crate) fn identity_of(facts: &SeriesFacts) -> PatientIdentity {
    let text = |s: &String| Identified::new(s.clone());
    PatientIdentity {
        patient_id: text(&facts.patient_id),
        issuer: text(&facts.issuer),
        name: text(&facts.patient_name),
        birth_date: text(&facts.birth_date),
        sex: text(&facts.sex),
        study_uid: text(&facts.study_uid),
        shares_id: false,
    }
}
