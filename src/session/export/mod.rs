//! The export: volume by volume, bytes in, archive entries out.
//!
//! Some volumes are in work at once, two for each thread as far as memory goes: while bytes of one are
//! read, others are decoded and compressed, and small ones keep all threads busy. They are handed out in
//! the plan's order. A driver that reads and writes meanwhile has them worked on apart
//! ([`Export::work_apart`]). Every entry passes the check before; a volume's sidecar comes last, so that a volume
//! with a sidecar is complete. Every file ends with one outcome.

mod closing;
mod crew;
mod objects;
mod volume;

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use rayon::prelude::*;

use self::crew::{Crew, Home};
use self::objects::Objects;
use super::Session;
use super::guard::Guard;
use crate::convert::{Made, VolumeJob};
use crate::dataset::{EntryName, FailReason, Ledger, Report, SkipReason, documents};
use crate::deid::SmallCohort;
use crate::dicom::{DicomError, Header, Need};
use crate::intake::{BURNED_IN, FileId, FileState, PlannedVolume, RangeReader, VolumeId, fail_reason};

pub use objects::ObjectLine;

/// Bytes asked for at a time.
const IN_FLIGHT: u64 = 64 << 20;

/// Blocks and frames that a thread takes at a time where it works apart: some ten milliseconds.
const SHARE_APART: usize = 8;

/// Bytes that a job is sent out with at least, unless they are its last.
const FED_APART: usize = 4 << 20;

/// Uncompressed bytes of all volumes in work, where there are more than two.
const IN_WORK: u64 = 192 << 20;

/// How an export is made.
#[derive(Clone, Debug)]
pub struct ExportOptions {
    /// Bytes that one uncompressed volume may take.
    pub budget: u64,
    /// Threads to plan steps for.
    pub threads: usize,
}

impl Default for ExportOptions {
    fn default() -> Self {
        Self { budget: 1 << 30, threads: 1 }
    }
}

/// How far an export is.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExportProgress {
    /// Volumes written or failed.
    pub done: u32,
    /// Volumes to convert.
    pub total: u32,
    /// The volume in work.
    pub volume: Option<u32>,
    /// Share of it that is done, 0 to 1.
    pub fraction: f64,
    /// Bytes read.
    pub bytes_in: u64,
    /// Bytes of entries handed out.
    pub bytes_out: u64,
    /// Bytes of all frames to read, and of all objects of the DICOM tree.
    pub bytes_total: u64,
    /// Objects of the DICOM tree made, or found not to be made.
    pub objects_done: u32,
    /// Objects of the DICOM tree.
    pub objects_total: u32,
}

/// What a step of an export comes to.
#[derive(Debug)]
pub enum ExportStep {
    /// Nothing can be done before the needs are fed or, where volumes are worked on apart, one halts.
    Waiting,
    /// Some work was done.
    Working,
    /// An entry to write.
    Entry {
        /// Its path.
        name: EntryName,
        /// Its content.
        bytes: Vec<u8>,
    },
    /// All is done.
    Done,
}

/// One volume in work.
struct Active {
    volume: PlannedVolume,
    /// Files of the volume.
    files: Vec<FileId>,
    /// The header of its first file, for the sidecar.
    header: HeaderSlot,
    /// `None` while it is worked on apart.
    job: Option<VolumeJob>,
    /// Bytes that wait for the job.
    fed: Vec<(usize, Vec<u8>)>,
    /// Bytes of its voxels, and its share that was done, when it was last seen.
    bytes: u64,
    fraction: f64,
    /// What the job came to.
    outcome: Option<Result<Made, DicomError>>,
    /// Pixel ranges by slot of the job; `None` once fed.
    ranges: Vec<(usize, RangeReader)>,
}

impl Active {
    /// Whether a step can be done without more bytes.
    fn can_go_on(&self) -> bool {
        let ready = self.job.as_ref().is_some_and(|job| job.is_ready() || !self.fed.is_empty());
        ready && self.outcome.is_none() && matches!(self.header, HeaderSlot::Read(_))
    }

    /// Whether it is worth sending out: not for every few bytes.
    fn is_worth_it(&self) -> bool {
        let fed = || self.fed.iter().map(|(_, bytes)| bytes.len()).sum::<usize>() >= FED_APART;
        self.can_go_on() && (self.ranges.is_empty() || fed())
    }

    /// One step, by whoever drives.
    fn step(&mut self) {
        if let Some(job) = &mut self.job {
            self.outcome = job.step().transpose();
            self.saw();
        }
    }

    fn saw(&mut self) {
        if let Some(job) = &self.job {
            (self.bytes, self.fraction) = (job.bytes(), job.progress());
        }
    }
}

enum HeaderSlot {
    Reading(RangeReader),
    Read(Box<Header>),
}

/// Whose bytes a need brings.
#[derive(Clone, Copy)]
enum Target {
    Header { volume: VolumeId },
    Pixels { volume: VolumeId, slot: usize },
}

/// An export in the making.
pub struct Export {
    options: ExportOptions,
    queue: VecDeque<PlannedVolume>,
    active: VecDeque<Active>,
    /// Where volumes are worked on while the driver does other things.
    crew: Option<Crew>,
    in_flight: HashMap<Need, Vec<Target>>,
    in_flight_bytes: u64,
    outbox: VecDeque<(EntryName, Vec<u8>)>,
    /// Whether what makes a folder a data set was put out already.
    opened: bool,
    progress: ExportProgress,
    ledger: Ledger,
    books: Books,
    guard: Guard,
    state: State,
    report: Option<Report>,
    refused_documents: bool,
    refusals: Vec<String>,
    /// Volumes that the check stopped.
    stopped: u64,
    /// Series in whose pixels text was found.
    with_text: BTreeSet<String>,
    text_found: u64,
    /// Volumes written that may show a face, and who of the patients stands alone: known at the end.
    faces: u64,
    cohort: Option<SmallCohort>,
    /// The tree of DICOM, where it is wanted.
    objects: Option<Objects>,
}

#[derive(PartialEq, Clone, Copy)]
enum State {
    Volumes,
    Objects,
    Documents,
    Done,
}

impl std::fmt::Debug for Export {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Export").field("progress", &self.progress).finish_non_exhaustive()
    }
}

impl Export {
    /// Begins to export the session's plan. The plan must not change until the export is over.
    pub fn new(session: &Session, options: ExportOptions) -> Self {
        let files = session.ordinals().files().len() as u32;
        let mut ledger = Ledger::new(files);
        for file in session.ordinals().files() {
            let ordinal = session.ordinals().of(*file);
            // An ordinal of the session's own numbering is always within the ledger.
            let _ = match session.files().state(*file) {
                Some(FileState::Skipped(why)) => ledger.skipped(ordinal, why),
                Some(FileState::Failed(why)) => ledger.failed(ordinal, why, None),
                _ => Ok(()),
            };
        }
        let refusals = session
            .refused()
            .map(|(file, why)| format!("file {}: {why}", session.ordinals().of(file)))
            .collect();
        let mut queue = VecDeque::new();
        let mut bytes_total = 0;
        for (_, _, volume) in session.plan().into_iter().flat_map(|plan| plan.volumes()) {
            let skip = match (volume.include, volume.present, volume.left_out) {
                (true, false, _) => None,
                (true, true, _) => Some(SkipReason::AlreadyPresent),
                (false, _, Some("localizer")) => Some(SkipReason::Localizer),
                (false, _, Some(BURNED_IN)) => Some(SkipReason::BurnedIn),
                (false, ..) => Some(SkipReason::Excluded),
            };
            let Some(why) = skip else {
                bytes_total += stored_bytes(session, volume.id);
                queue.push_back(volume.clone());
                continue;
            };
            for file in files_of(session, volume.id) {
                let _ = ledger.skipped(session.ordinals().of(file), why);
            }
        }
        let objects = session.choices().dicom.then(|| Objects::new(session, &options));
        bytes_total += objects.as_ref().map_or(0, |objects| objects.bytes);
        let progress = ExportProgress { total: queue.len() as u32, bytes_total, ..ExportProgress::default() };
        Self {
            options,
            queue,
            active: VecDeque::new(),
            crew: None,
            in_flight: HashMap::new(),
            in_flight_bytes: 0,
            outbox: VecDeque::new(),
            opened: false,
            progress,
            ledger,
            books: Books::default(),
            guard: Guard::default(),
            state: State::Volumes,
            report: None,
            refused_documents: false,
            refusals,
            stopped: 0,
            with_text: BTreeSet::new(),
            text_found: 0,
            faces: 0,
            cohort: None,
            objects,
        }
    }

    /// Has volumes worked on by the pool's threads from now on, if there are some, instead of by
    /// [`Self::step`]. `halted` is called on one of them whenever there may be something to do for a driver
    /// that was told to wait.
    pub fn work_apart(&mut self, halted: impl Fn() + Send + Sync + 'static) {
        if self.options.threads > 1 && rayon::current_num_threads() > 1 {
            self.crew = Some(Crew::new(Arc::new(halted)));
        }
    }

    /// How far it is.
    pub fn progress(&self) -> ExportProgress {
        let front = self.active.front();
        ExportProgress {
            volume: front.map(|a| a.volume.id.0),
            fraction: front.map_or(0.0, |a| a.fraction),
            objects_done: self.objects.as_ref().map_or(0, Objects::done),
            objects_total: self.objects.as_ref().map_or(0, |objects| objects.total),
            ..self.progress
        }
    }

    /// Ranges to read next. Every one must be answered by `feed` or `feed_failed`.
    pub fn needs(&mut self, session: &Session) -> Vec<Need> {
        if self.state == State::Objects {
            return self.objects.as_mut().map(|objects| objects.needs(session)).unwrap_or_default();
        }
        while self.has_room() {
            let Some(volume) = self.queue.pop_front() else { break };
            match open(session, &volume, &self.options, self.crew.is_some()) {
                Ok(active) => self.active.push_back(active),
                Err(Refused { why, said }) => {
                    self.refusals.extend(said.map(|said| format!("volume {}: {said}", volume.id.0)));
                    self.fail(session, volume.id, why);
                }
            }
        }
        let mut needs = Vec::new();
        if self.in_flight_bytes > IN_FLIGHT / 2 {
            return needs;
        }
        for active in &mut self.active {
            let volume = active.volume.id;
            let header = match &mut active.header {
                HeaderSlot::Reading(range) => range.need().map(|need| (need, Target::Header { volume })),
                HeaderSlot::Read(_) => None,
            };
            let pixels = active.ranges.iter_mut().filter_map(|(slot, range)| {
                range.need().map(|need| (need, Target::Pixels { volume, slot: *slot }))
            });
            for (need, target) in header.into_iter().chain(pixels) {
                if let Some(waiting) = self.in_flight.get_mut(&need) {
                    // Asked for already, by this target or (zip entries side by side) by another.
                    if !waiting.iter().any(|t| t.is(&target)) {
                        waiting.push(target);
                    }
                    continue;
                }
                if self.in_flight_bytes > 0 && self.in_flight_bytes + need.len > IN_FLIGHT {
                    return needs;
                }
                self.in_flight_bytes += need.len;
                self.in_flight.insert(need, vec![target]);
                needs.push(need);
            }
        }
        needs
    }

    /// Whether one more volume may be begun.
    fn has_room(&self) -> bool {
        let bytes: u64 = self.active.iter().map(|a| a.bytes).sum();
        self.active.len() < 2 || (self.active.len() < 2 * self.options.threads && bytes < IN_WORK)
    }

    /// Takes the bytes of a need.
    pub fn feed(&mut self, session: &Session, need: Need, bytes: Vec<u8>) {
        self.progress.bytes_in += bytes.len() as u64;
        if let Some(objects) = self.objects.as_mut().filter(|objects| objects.awaits(&need)) {
            return objects.feed(&need, Some(bytes));
        }
        self.in_flight_bytes = self.in_flight_bytes.saturating_sub(need.len);
        let mut bytes = bytes;
        let mut targets = self.in_flight.remove(&need).unwrap_or_default();
        while let Some(target) = targets.pop() {
            let bytes = if targets.is_empty() { std::mem::take(&mut bytes) } else { bytes.clone() };
            if let Err((volume, why)) = self.deliver(target, bytes) {
                self.abandon(session, volume, why);
            }
        }
    }

    /// A need that could not be read.
    pub fn feed_failed(&mut self, session: &Session, need: Need) {
        if let Some(objects) = self.objects.as_mut().filter(|objects| objects.awaits(&need)) {
            return objects.feed(&need, None);
        }
        self.in_flight_bytes = self.in_flight_bytes.saturating_sub(need.len);
        for target in self.in_flight.remove(&need).unwrap_or_default() {
            self.abandon(session, target.volume(), FailReason::Io);
        }
    }

    fn deliver(&mut self, target: Target, bytes: Vec<u8>) -> Result<(), (VolumeId, FailReason)> {
        let id = target.volume();
        let Some(active) = self.active.iter_mut().find(|a| a.volume.id == id) else { return Ok(()) };
        match target {
            Target::Header { .. } => {
                let HeaderSlot::Reading(range) = &mut active.header else { return Ok(()) };
                range.feed(bytes).map_err(|why| (id, why))?;
                if range.need().is_none() {
                    let header = read_header(range).map_err(|e| (id, fail_reason(&e)))?;
                    active.header = HeaderSlot::Read(Box::new(header));
                }
            }
            Target::Pixels { slot, .. } => {
                let Some(at) = active.ranges.iter().position(|(s, _)| *s == slot) else { return Ok(()) };
                let Some((_, range)) = active.ranges.get_mut(at) else { return Ok(()) };
                range.feed(bytes).map_err(|why| (id, why))?;
                if range.need().is_none() {
                    let (_, range) = active.ranges.swap_remove(at);
                    let bytes = range.take();
                    match &mut active.job {
                        Some(job) if self.crew.is_none() => {
                            job.feed(slot, bytes).map_err(|e| (id, fail_reason(&e)))?;
                        }
                        _ => active.fed.push((slot, bytes)),
                    }
                }
            }
        }
        Ok(())
    }

    /// Does a few milliseconds of work.
    pub fn step(&mut self, session: &Session) -> ExportStep {
        if let Some((name, bytes)) = self.outbox.pop_front() {
            self.progress.bytes_out += bytes.len() as u64;
            return ExportStep::Entry { name, bytes };
        }
        match self.state {
            State::Volumes if self.active.is_empty() && self.queue.is_empty() => {
                self.state = State::Objects;
                ExportStep::Working
            }
            State::Volumes => self.step_volume(session),
            State::Objects => self.step_objects(session),
            State::Documents => {
                self.documents(session);
                self.state = State::Done;
                ExportStep::Working
            }
            State::Done => ExportStep::Done,
        }
    }

    /// A step of every volume that can go on, side by side; the first in line leaves when it is finished.
    fn step_volume(&mut self, session: &Session) -> ExportStep {
        let worked = self.crew.is_none() && self.work();
        self.send_out();
        match self.active.pop_front_if(|first| first.outcome.is_some()) {
            None if worked => ExportStep::Working,
            None => ExportStep::Waiting,
            Some(Active { outcome: Some(Err(error)), volume, .. }) => {
                self.fail(session, volume.id, fail_reason(&error));
                ExportStep::Working
            }
            Some(mut active) => {
                match active.outcome.take() {
                    Some(Ok(Made::Volume(product))) => self.finish_volume(session, active, *product),
                    Some(Ok(Made::Text(_))) => self.found_text(session, active.volume.id),
                    _ => {}
                }
                ExportStep::Working
            }
        }
    }

    /// A step of every volume that can go on; `false` if none can.
    fn work(&mut self) -> bool {
        let ready: Vec<&mut Active> = self.active.iter_mut().filter(|a| a.can_go_on()).collect();
        let worked = !ready.is_empty();
        ready.into_par_iter().for_each(Active::step);
        worked
    }

    /// Takes in the jobs that came home, and sends out what can go on.
    fn send_out(&mut self) {
        let Some(crew) = &self.crew else { return };
        while let Some(Home { volume, job, outcome }) = crew.next_home() {
            // One that was given up meanwhile is let go.
            let Some(active) = self.active.iter_mut().find(|a| a.volume.id == volume) else { continue };
            if matches!(outcome, Some(Err(_))) {
                active.ranges.clear();
            }
            (active.job, active.outcome) = (Some(job), outcome);
            active.saw();
        }
        for active in self.active.iter_mut().filter(|a| a.is_worth_it()) {
            if let Some(job) = active.job.take() {
                crew.send(active.volume.id, job, std::mem::take(&mut active.fed));
            }
        }
    }

    fn step_objects(&mut self, session: &Session) -> ExportStep {
        match self.objects.as_mut().filter(|objects| !objects.is_done()) {
            Some(objects) => match objects.step(session) {
                Some(finished) => self.put_out(session, finished),
                None => return ExportStep::Waiting,
            },
            None => {
                let refused = self.objects.as_mut().map(|objects| std::mem::take(&mut objects.refusals));
                self.refusals.extend(refused.into_iter().flatten());
                self.state = State::Documents;
            }
        }
        ExportStep::Working
    }

    /// What became of the objects of the DICOM tree; nothing where none was asked for.
    pub fn object_lines(&self) -> Vec<ObjectLine> {
        self.objects.as_ref().map(Objects::lines).unwrap_or_default()
    }

    /// `uid_old,uid_new` of the DICOM tree. Identified: for the user's own file.
    pub fn uid_map(&self) -> Vec<(String, String)> {
        self.objects.as_ref().map(Objects::uid_rows).unwrap_or_default()
    }

    /// Stops: with `keep`, what is complete stays and the report is still to come.
    pub fn cancel(&mut self, keep: bool) {
        self.queue.clear();
        self.active.clear();
        self.crew = None;
        self.in_flight.clear();
        self.ledger.fail_the_rest(FailReason::Cancelled);
        if let Some(objects) = &mut self.objects {
            objects.cancel();
        }
        if !keep {
            self.outbox.clear();
        }
        self.state = if keep { State::Documents } else { State::Done };
    }

    /// The report, once all is done.
    pub fn report(&self) -> Option<&Report> {
        self.report.as_ref()
    }

    /// Whether the tables and documents were withheld because an identifier was found in them.
    pub fn withheld_documents(&self) -> bool {
        self.refused_documents
    }

    /// Volumes written that may show a face, once all is done.
    pub const fn faces(&self) -> u64 {
        self.faces
    }

    /// How many of the patients written stand alone, once all is done.
    pub const fn cohort(&self) -> Option<&SmallCohort> {
        self.cohort.as_ref()
    }

    /// What the check stopped, and where: elements and places, never a value.
    pub fn refusals(&self) -> &[String] {
        &self.refusals
    }

    /// Puts out entries behind what makes a folder a data set of ours. That comes with the first of
    /// them: an export that converts nothing leaves nothing.
    fn put_out(&mut self, session: &Session, entries: Vec<(EntryName, Vec<u8>)>) {
        if !std::mem::replace(&mut self.opened, true) {
            self.outbox.extend(documents::opening(session.existing()).unwrap_or_default());
        }
        self.outbox.extend(entries);
    }

    fn abandon(&mut self, session: &Session, volume: VolumeId, why: FailReason) {
        let before = self.active.len();
        self.active.retain(|a| a.volume.id != volume);
        if self.active.len() < before {
            self.fail(session, volume, why);
        }
    }

    /// What looks like text was found in a volume that nobody has looked at: it is not written.
    fn found_text(&mut self, session: &Session, volume: VolumeId) {
        self.progress.done += 1;
        self.text_found += 1;
        for file in files_of(session, volume) {
            let _ = self.ledger.skipped(session.ordinals().of(file), SkipReason::BurnedIn);
        }
        let series = session.catalogue().volume(volume).map(|(_, _, series, _)| &series.facts.series_uid);
        self.with_text.extend(series.cloned());
    }

    /// Volumes that were not written because what looks like text was found in their pixels.
    pub const fn text_found(&self) -> u64 {
        self.text_found
    }

    /// Series, by their UID in the source, of which volumes were not written because text was found in pixels.
    pub(super) const fn with_text(&self) -> &BTreeSet<String> {
        &self.with_text
    }

    fn fail(&mut self, session: &Session, volume: VolumeId, why: FailReason) {
        self.progress.done += 1;
        // A copy that doesn't fit takes nothing from the volume as scanned, which holds all there is.
        let is_copy =
            session.catalogue().volume(volume).is_some_and(|(_, _, _, v)| v.stack.resampling.is_some());
        for file in files_of(session, volume) {
            if is_copy && why == FailReason::OverBudget {
                let _ = self.ledger.skipped(session.ordinals().of(file), SkipReason::Excluded);
                continue;
            }
            let _ = self.ledger.failed(session.ordinals().of(file), why, None);
        }
    }
}

impl Target {
    fn volume(&self) -> VolumeId {
        match self {
            Self::Header { volume } | Self::Pixels { volume, .. } => *volume,
        }
    }

    fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Header { volume: a }, Self::Header { volume: b }) => a == b,
            (Self::Pixels { volume: a, slot: x }, Self::Pixels { volume: b, slot: y }) => a == b && x == y,
            _ => false,
        }
    }
}

fn files_of(session: &Session, volume: VolumeId) -> Vec<FileId> {
    session.catalogue().volume(volume).map(|(_, _, _, v)| v.files.clone()).unwrap_or_default()
}

fn stored_bytes(session: &Session, volume: VolumeId) -> u64 {
    files_of(session, volume).iter().filter_map(|f| session.files().get(*f)).map(|entry| entry.size).sum()
}

/// Why a volume is not begun, and what to say where the reason has figures.
struct Refused {
    why: FailReason,
    said: Option<String>,
}

impl From<FailReason> for Refused {
    fn from(why: FailReason) -> Self {
        Self { why, said: None }
    }
}

/// Makes a volume's job and the readers of its bytes.
fn open(
    session: &Session,
    planned: &PlannedVolume,
    options: &ExportOptions,
    apart: bool,
) -> Result<Active, Refused> {
    let catalogue = session.catalogue();
    let (_, _, series, volume) = catalogue.volume(planned.id).ok_or(FailReason::Internal)?;
    let instances = catalogue.instances_of(series);
    let time_step =
        if volume.stack.times > 1 { volume.facts.repetition_time_ms.unwrap_or(0.0) / 1000.0 } else { 0.0 };
    let lanes = if apart { options.threads * SHARE_APART } else { options.threads };
    let mut job =
        VolumeJob::new(&volume.stack, &instances, time_step, options.budget, lanes).map_err(|e| {
            let said = matches!(e, DicomError::OverBudget { .. }).then(|| e.to_string());
            Refused { why: fail_reason(&e), said }
        })?;
    let boxes = session.choices().reviews.lets_out(&series.facts.series_uid);
    job.redact(boxes.unwrap_or_default());
    // Who lets a series out has seen it.
    if boxes.is_none() {
        job.search();
    }
    let entry = |file: FileId| session.files().get(file).ok_or(FailReason::Internal);
    let first = volume.stack.frames.first().and_then(|at| instances.get(at.instance as usize));
    let first = first.ok_or(FailReason::Internal)?;
    // The header ends where the pixels begin; a deflated file tells nothing before it is inflated.
    let header_len = (!first.syntax.deflated).then_some(first.pixels.offset);
    let header = RangeReader::new(entry(first.file)?, 0, header_len)?;
    let ranges = job
        .needs()
        .map(|need| Ok((need.slot, RangeReader::new(entry(need.file)?, need.offset, need.len)?)))
        .collect::<Result<Vec<_>, FailReason>>()?;
    Ok(Active {
        volume: planned.clone(),
        files: volume.files.clone(),
        header: HeaderSlot::Reading(header),
        bytes: job.bytes(),
        job: Some(job),
        fed: Vec::new(),
        fraction: 0.0,
        outcome: None,
        ranges,
    })
}

/// Reads the header again, from bytes that may end where the pixels begin.
fn read_header(range: &RangeReader) -> Result<Header, DicomError> {
    Header::from_bytes(range.so_far())
}

/// What the shared documents are written from.
#[derive(Default)]
struct Books {
    /// Volumes that were written, whole.
    written: BTreeSet<VolumeId>,
    /// Volumes that the check stopped.
    stopped: BTreeSet<VolumeId>,
}
