//! Reading the headers of all files, by ranges, many at once.
//!
//! The driver asks for [`Intake::needs`], reads those ranges however it likes, and feeds them in any
//! order. A file is done when its header is; then its bytes are let go.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use super::classify::{Kind, classify, fail_reason};
use super::files::{FileId, FileState, FileTable, Origin};
use super::ranges::{RangeReader, reason};
use crate::convert::instance::{Instance, Interner, SeriesFacts, series_of};
use crate::dataset::{DirectoryReader, FailReason, SkipReason, looks_like_zip};
use crate::deid::{Identified, IdentityKey, PatientIdentity, Purpose, Secrets};
use crate::dicom::{DicomError, Header, HeaderReader, Need, ReadStep};

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
    /// What must not come out, by patient: of all files whose reading was finished.
    pub(crate) secrets: BTreeMap<IdentityKey, Secrets>,
    /// The same of the reading in hand, which may yet be abandoned.
    fresh: BTreeMap<IdentityKey, Secrets>,
    interner: Interner,
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
        for (patient, mut secrets) in std::mem::take(&mut self.fresh) {
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
        self.fresh.clear();
        self.interner = Interner::default();
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

    /// Takes Philips' images as they were displayed, not by their precise values.
    pub fn take_displayed_values(&mut self) {
        self.interner.displayed = true;
    }

    fn enqueue(&mut self, file: FileId) {
        self.progress.files_total += 1;
        self.waiting.push_back(file);
    }

    /// Up to `most` ranges to read next. Every one must be answered by `feed` or `feed_failed`.
    pub fn needs(&mut self, most: usize) -> Vec<Need> {
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
                None => self.advance(file),
            }
        }
        needs
    }

    /// Whether every file has been read.
    pub fn is_done(&self) -> bool {
        self.waiting.is_empty() && self.ready.is_empty() && self.in_flight.is_empty()
    }

    /// Takes the bytes of a need.
    pub fn feed(&mut self, need: Need, bytes: Vec<u8>) {
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
                Ok(()) => self.advance(file),
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

    /// Goes on with a file whose bytes came in.
    fn advance(&mut self, file: FileId) {
        match self.readers.remove(&file) {
            Some(Reader::Header { header, mut range }) => {
                if range.need().is_some() {
                    self.readers.insert(file, Reader::Header { header, range });
                    self.ready.push_back(file);
                    return;
                }
                self.header_bytes(file, header, range);
            }
            Some(Reader::Directory(directory)) => self.directory(file, directory),
            None => {}
        }
    }

    fn header_bytes(&mut self, file: FileId, header: HeaderReader, mut range: RangeReader) {
        let prefix = range.so_far();
        if looks_like_zip(&prefix) {
            self.zip(file);
            return;
        }
        match header.feed(prefix) {
            ReadStep::NeedPrefix(end) => {
                range.extend(end);
                if range.need().is_none() {
                    // It can't be had: the file is shorter than it was when it was dropped.
                    self.settle(file, FileState::Failed(FailReason::Truncated));
                    return;
                }
                self.readers.insert(file, Reader::Header { header, range });
                self.ready.push_back(file);
            }
            ReadStep::Failed(DicomError::NotDicom) => {
                self.settle(file, FileState::Skipped(SkipReason::NotDicom))
            }
            ReadStep::Failed(error) => self.fail(file, error),
            ReadStep::Done(header) => self.take_header(file, &header),
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

    fn take_header(&mut self, file: FileId, header: &Header) {
        let facts = series_of(header);
        let identity = identity_of(&facts);
        let key = identity.key();
        self.count(&facts, &key);
        let secrets = self.fresh.entry(key).or_default();
        secrets.collect(header);
        if let Some(path) = self.files.path(file) {
            secrets.add_path(path);
        }
        let size = self.files.get(file).map_or(0, |entry| entry.size);
        let state = match classify(header, size) {
            Kind::Skip(why) => FileState::Skipped(why),
            Kind::Fail(why) => {
                if why == FailReason::TransferSyntax {
                    self.files.undecodable.insert(header.syntax().name);
                }
                FileState::Failed(why)
            }
            Kind::Image => match Instance::of(file, header, &mut self.interner) {
                Ok(instance) => {
                    self.instances.push(instance);
                    FileState::Image((self.instances.len() - 1) as u32)
                }
                Err(error) => return self.fail(file, error),
            },
        };
        self.settle(file, state);
    }

    fn fail(&mut self, file: FileId, error: DicomError) {
        self.settle(file, FileState::Failed(fail_reason(&error)));
        if matches!(error, DicomError::OverBudget { .. }) {
            self.refused.insert(file, error);
        }
    }

    fn count(&mut self, facts: &SeriesFacts, key: &IdentityKey) {
        if self.patients.insert(key.clone()) {
            self.progress.patients += 1;
        }
        if self.studies.insert(fingerprint(&facts.study_uid)) {
            self.progress.studies += 1;
        }
        if self.series.insert(fingerprint(&facts.series_uid)) {
            self.progress.series += 1;
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

/// FNV-1a: counts need no more than a number that differs.
fn fingerprint(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3))
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
