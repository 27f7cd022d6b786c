//! The export: volume by volume, bytes in, archive entries out.
//!
//! Two volumes are in work at most: one being converted while the next one's bytes are read. Every
//! entry passes the check before it is handed out; a volume's sidecar comes last, so that a volume
//! with a sidecar is complete. Every file ends with one outcome.

use std::collections::{BTreeSet, HashMap, VecDeque};

use super::Session;
use super::guard::Guard;
use crate::convert::VolumeWarning;
use crate::convert::instance::Instance;
use crate::convert::stack::Stack;
use crate::convert::{Product, VolumeJob};
use crate::dataset::documents::{Documents, Participant, Scan, Session as SessionRow, Sex};
use crate::dataset::sidecar::{Computed, Retain, Units, field_of, sidecar};
use crate::dataset::{EntryName, FailReason, Ledger, Report, SkipReason, documents};
use crate::deid::{ActionCounts, Certificate, Date, DatePolicy, Evidence, PolicyOption};
use crate::dicom::{DicomError, Header, Need};
use crate::hanging::{PublishedHanging, PublishedRole};
use crate::intake::{
    FileId, FileState, PatientEntry, PlannedPatient, PlannedStudy, PlannedVolume, RangeReader, StudyEntry,
    VolumeEntry, VolumeId, fail_reason,
};
use crate::nifti::ImageHeader;

/// Bytes asked for at a time.
const IN_FLIGHT: u64 = 64 << 20;

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
    /// Bytes of all frames to read.
    pub bytes_total: u64,
}

/// What a step of an export comes to.
#[derive(Debug)]
pub enum ExportStep {
    /// Nothing can be done before the needs are fed.
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
    job: VolumeJob,
    /// Pixel ranges by slot of the job; `None` once fed.
    ranges: Vec<(usize, RangeReader)>,
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
    in_flight: HashMap<Need, Vec<Target>>,
    in_flight_bytes: u64,
    outbox: VecDeque<(EntryName, Vec<u8>)>,
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
}

#[derive(PartialEq, Clone, Copy)]
enum State {
    Volumes,
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
        let mut queue = VecDeque::new();
        let mut bytes_total = 0;
        for (_, _, volume) in session.plan().into_iter().flat_map(|plan| plan.volumes()) {
            let skip = match (volume.include, volume.present, volume.left_out) {
                (true, false, _) => None,
                (true, true, _) => Some(SkipReason::AlreadyPresent),
                (false, _, Some("localizer")) => Some(SkipReason::Localizer),
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
        let progress = ExportProgress { total: queue.len() as u32, bytes_total, ..ExportProgress::default() };
        Self {
            options,
            queue,
            active: VecDeque::new(),
            in_flight: HashMap::new(),
            in_flight_bytes: 0,
            outbox: documents::opening(session.existing()).unwrap_or_default().into(),
            progress,
            ledger,
            books: Books::default(),
            guard: Guard::default(),
            state: State::Volumes,
            report: None,
            refused_documents: false,
            refusals: Vec::new(),
            stopped: 0,
        }
    }

    /// How far it is.
    pub fn progress(&self) -> ExportProgress {
        let front = self.active.front();
        ExportProgress {
            volume: front.map(|a| a.volume.id.0),
            fraction: front.map_or(0.0, |a| a.job.progress()),
            ..self.progress
        }
    }

    /// Ranges to read next. Every one must be answered by `feed` or `feed_failed`.
    pub fn needs(&mut self, session: &Session) -> Vec<Need> {
        while self.active.len() < 2 {
            let Some(volume) = self.queue.pop_front() else { break };
            match open(session, &volume, &self.options) {
                Ok(active) => self.active.push_back(active),
                Err(why) => self.fail(session, volume.id, why),
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

    /// Takes the bytes of a need.
    pub fn feed(&mut self, session: &Session, need: Need, bytes: Vec<u8>) {
        self.progress.bytes_in += bytes.len() as u64;
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
                    active.job.feed(slot, range.take()).map_err(|e| (id, fail_reason(&e)))?;
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
                self.state = State::Documents;
                ExportStep::Working
            }
            State::Volumes => self.step_volume(session),
            State::Documents => {
                self.documents(session);
                self.state = State::Done;
                ExportStep::Working
            }
            State::Done => ExportStep::Done,
        }
    }

    fn step_volume(&mut self, session: &Session) -> ExportStep {
        let Some(active) = self.active.front_mut() else { return ExportStep::Waiting };
        let HeaderSlot::Read(_) = active.header else { return ExportStep::Waiting };
        if !active.job.is_ready() {
            return ExportStep::Waiting;
        }
        match active.job.step() {
            Ok(None) => {}
            Ok(Some(product)) => {
                if let Some(active) = self.active.pop_front() {
                    self.finish_volume(session, active, product);
                }
            }
            Err(error) => {
                let id = active.volume.id;
                self.abandon(session, id, fail_reason(&error));
            }
        }
        ExportStep::Working
    }

    /// Stops: with `keep`, what is complete stays and the report is still to come.
    pub fn cancel(&mut self, keep: bool) {
        self.queue.clear();
        self.active.clear();
        self.in_flight.clear();
        self.ledger.fail_the_rest(FailReason::Cancelled);
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

    /// What the check stopped, and where: elements and places, never a value.
    pub fn refusals(&self) -> &[String] {
        &self.refusals
    }

    fn abandon(&mut self, session: &Session, volume: VolumeId, why: FailReason) {
        let before = self.active.len();
        self.active.retain(|a| a.volume.id != volume);
        if self.active.len() < before {
            self.fail(session, volume, why);
        }
    }

    fn fail(&mut self, session: &Session, volume: VolumeId, why: FailReason) {
        self.progress.done += 1;
        for file in files_of(session, volume) {
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

/// Makes a volume's job and the readers of its bytes.
fn open(session: &Session, planned: &PlannedVolume, options: &ExportOptions) -> Result<Active, FailReason> {
    let catalogue = session.catalogue();
    let (_, _, series, volume) = catalogue.volume(planned.id).ok_or(FailReason::Internal)?;
    let instances = catalogue.instances_of(series);
    let time_step =
        if volume.stack.times > 1 { volume.facts.repetition_time_ms.unwrap_or(0.0) / 1000.0 } else { 0.0 };
    let job = VolumeJob::new(&volume.stack, &instances, time_step, options.budget, options.threads)
        .map_err(|e| fail_reason(&e))?;
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
        job,
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
}

impl Export {
    /// The entries of a finished volume, in order: image, b-values, b-vectors, sidecar.
    fn finish_volume(&mut self, session: &Session, active: Active, product: Product) {
        let volume = active.volume.clone();
        let files = active.files.clone();
        self.progress.done += 1;
        let stem = &volume.name;
        let mut entries = vec![(stem.image(), product.nii_gz)];
        let (Some((_, _, series, found)), HeaderSlot::Read(first)) =
            (session.catalogue().volume(volume.id), &active.header)
        else {
            return;
        };
        if let Some(b_values) = &found.stack.b_values {
            entries.push((stem.bval(), b_values_text(b_values).into_bytes()));
            entries.push((stem.bvec(), b_vectors_text(&found.stack.b_vectors).into_bytes()));
        }
        let frame = found.stack.frames.first().map_or(0, |at| at.frame as usize);
        let instances = session.catalogue().instances_of(series);
        let computed = computed(&volume, found, &instances, &product.image);
        let retain = Retain { device: session.policy().holds(PolicyOption::RetainDeviceIdentity) };
        let fields = sidecar(&first.frame(frame), &computed, retain);
        entries.push((stem.sidecar(), documents::json_bytes(&serde_json::Value::Object(fields))));
        if let Err(refusal) = self.guard.check_volume(session, &volume, &product.header, &entries) {
            self.stopped += 1;
            self.refusals.push(format!("volume {}: {refusal}", volume.id.0));
            for file in files {
                let ordinal = session.ordinals().of(file);
                let _ = self.ledger.failed(ordinal, FailReason::IdentifierFound, refusal.element());
            }
            return;
        }
        for file in files {
            let _ = self.ledger.converted(session.ordinals().of(file), stem);
        }
        self.books.written.insert(volume.id);
        self.outbox.extend(entries);
    }

    /// The certificate: what was done to which elements, what was searched, and what was not.
    fn certificate(&self, session: &Session, patients: &[PlannedPatient]) -> serde_json::Value {
        let policy = session.policy();
        let mut actions = ActionCounts::new();
        for secrets in session.all_secrets() {
            actions.add(secrets, &policy, &field_of);
        }
        let written = |p: &&PlannedPatient| {
            p.studies.iter().any(|s| s.volumes.iter().any(|v| self.books.written.contains(&v.id)))
        };
        let keyed = session.key().fingerprint();
        let burned_in = patients
            .iter()
            .flat_map(|p| &p.studies)
            .flat_map(|s| &s.volumes)
            .filter(|v| self.books.written.contains(&v.id))
            .filter(|v| v.warnings.contains(&VolumeWarning::BurnedIn))
            .count();
        let evidence = Evidence {
            policy: &policy,
            key_fingerprint: Some(&keyed),
            subjects: patients.iter().filter(written).count() as u64,
            actions: &actions,
            searched: &self.guard.searched,
            checked: self.guard.count,
            stopped: self.stopped,
            faces: 0,
            burned_in_suspected: burned_in as u64,
        };
        serde_json::from_str(&Certificate::new(&evidence).to_json()).unwrap_or_default()
    }

    fn documents(&mut self, session: &Session) {
        let ledger = std::mem::replace(&mut self.ledger, Ledger::new(0));
        // Every file of the session has been told of: the books close.
        let Ok(report) = ledger.close() else { return };
        let (Some(plan), Some(published)) = (session.plan(), session.published_plan()) else { return };
        let written = |v: &PlannedVolume| self.books.written.contains(&v.id);
        let mut documents = Documents {
            participants: Vec::new(),
            sessions: Vec::new(),
            scans: Vec::new(),
            report: &report,
            plan: serde_json::to_value(&published).unwrap_or_default(),
            deidentification: self.certificate(session, &plan.patients),
            hanging: serde_json::Value::Null,
        };
        let mut hanging = PublishedHanging::default();
        for (patient, found) in plan.patients.iter().zip(&session.catalogue().patients) {
            let subject = patient.subject.as_str().to_owned();
            let characteristics = session.policy().holds(PolicyOption::RetainPatientCharacteristics);
            let mut any = false;
            for (study, entry) in patient.studies.iter().zip(&found.studies) {
                let mut volumes = study.volumes.iter().filter(|v| written(v)).peekable();
                if volumes.peek().is_none() {
                    continue;
                }
                any = true;
                documents.sessions.push(SessionRow {
                    subject: subject.clone(),
                    session: study.session.clone(),
                    days_from_first: study.days_from_first,
                    timepoint: Some(study.time_point.clone()).filter(|t| !t.is_empty()),
                    date: written_date(session, patient, found, entry),
                });
                for volume in volumes {
                    hanging.volumes.insert(
                        volume.name.image().as_str().to_owned(),
                        published_role(session, study, volume),
                    );
                    documents.scans.push(Scan {
                        stem: volume.name.clone(),
                        role: volume.role.role.as_ref().map(|r| r.as_str().to_owned()),
                        seconds_from_first: volume.seconds_from_first,
                        acq_time: None,
                    });
                }
            }
            if any {
                documents.participants.push(Participant {
                    subject,
                    sex: patient
                        .sex
                        .filter(|_| characteristics)
                        .and_then(|s| Sex::from_dicom(&s.to_string())),
                    age: patient.age.filter(|_| characteristics).map(|age| age.band()),
                });
            }
        }
        documents.hanging = serde_json::to_value(&hanging).unwrap_or_default();
        let entries = documents.closing(session.existing()).unwrap_or_default();
        match self.guard.check_shared(session, &entries) {
            Ok(()) => self.outbox.extend(entries),
            Err(refusal) => {
                self.refused_documents = true;
                self.refusals.push(format!("tables and documents: {refusal}"));
            }
        }
        self.report = Some(report);
    }
}

/// A study's date as the policy lets it out, ISO 8601.
fn written_date(
    session: &Session,
    planned: &PlannedPatient,
    found: &PatientEntry,
    study: &StudyEntry,
) -> Option<String> {
    let date = Date::parse_da(&study.facts.study_date)?;
    match session.choices().dates {
        DatePolicy::None => None,
        DatePolicy::Shift => Some(session.date_shift(planned, found)?.apply(date)?.to_iso()),
        DatePolicy::Keep => Some(date.to_iso()),
    }
}

/// What conversion knows better than one header.
fn computed(
    planned: &PlannedVolume,
    found: &VolumeEntry,
    instances: &[&Instance],
    image: &ImageHeader,
) -> Computed {
    let stack = &found.stack;
    let [x, y, z] = image.grid.dims();
    let four = stack.times > 1;
    let repetition = found.facts.repetition_time_ms.map(|t| t / 1000.0);
    Computed {
        fingerprint: planned.source.clone(),
        slice_spacing_mm: (z > 1).then(|| image.grid.affine().spacing()[2]),
        size: [x, y, z],
        echo_time_s: stack.echo_time_ms.map(|t| t / 1000.0),
        echo_times_s: None,
        repetition_time_s: repetition.filter(|_| four),
        slice_timing_s: slice_timing(stack, instances),
        seconds_from_first_phase: planned.seconds_from_first,
        // A trace image of one b-value stands where no `.bval` may.
        b_values: stack.b_values.clone().filter(|_| !planned.name.is_bids()),
        units: match (found.facts.modality.as_deref(), stack.part) {
            (Some("CT"), _) => Some(Units::Hounsfield),
            _ => None,
        },
        functional: planned.role.role.as_ref().is_some_and(|r| r.as_str() == "bold") && four,
        warnings: stack.warnings.iter().map(|w| w.id().to_owned()).collect(),
    }
}

/// Start of each stored slice, s, where the scanner tells it (Siemens mosaics).
fn slice_timing(stack: &Stack, instances: &[&Instance]) -> Option<Vec<f64>> {
    let tiling = stack.tiling?;
    let first = stack.frames.first()?;
    let mosaic = instances.get(first.instance as usize)?.mosaic.as_ref()?;
    if mosaic.slice_times_ms.len() != stack.slices as usize {
        return None;
    }
    let mut times: Vec<f64> = mosaic.slice_times_ms.iter().map(|t| t / 1000.0).collect();
    if tiling.reversed {
        times.reverse();
    }
    Some(times)
}

/// What the viewer will match: the role as the user left it, and the facts that rules use.
fn published_role(session: &Session, study: &PlannedStudy, volume: &PlannedVolume) -> PublishedRole {
    let facts = session.catalogue().volume(volume.id).map(|(_, _, _, v)| v.facts.clone()).unwrap_or_default();
    let own = PublishedRole::of_match(&study.protocol, &volume.role);
    PublishedRole {
        order: facts.acquisition_order,
        time_point: Some(study.time_point.clone()).filter(|t| !t.is_empty()),
        frame_of_reference: facts.frame_of_reference,
        b_values: facts.b_values,
        slice_count: facts.slice_count,
        confidence: if volume.confirmed { 1.0 } else { own.confidence },
        confirmed: volume.confirmed,
        ..own
    }
}

/// FSL's text: one line, values in s/mm².
fn b_values_text(values: &[f64]) -> String {
    let words: Vec<String> = values.iter().map(|b| format!("{}", (b * 100.0).round() / 100.0)).collect();
    words.join(" ") + "\n"
}

/// FSL's text: three lines, one an axis of the stored image.
fn b_vectors_text(vectors: &[[f64; 3]]) -> String {
    (0..3)
        .map(|axis| {
            let words: Vec<String> = vectors
                .iter()
                .map(|v| format!("{}", (v.get(axis).copied().unwrap_or(0.0) * 1e6).round() / 1e6 + 0.0))
                .collect();
            words.join(" ") + "\n"
        })
        .collect()
}
