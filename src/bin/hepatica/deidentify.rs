//! `hepatica deidentify`: DICOM in, de-identified DICOM out.
//!
//! Two passes over the files, each in parallel: the first reads headers, so that everything that identifies
//! a patient in any file is known; the second rewrites one file a thread, and checks it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use hepatica::deid::object::{
    Counts, Exclusion, ObjectCertificate, Person, Project, Refusal, ReviewItem, Roster, Subject,
    check_documents, deidentify, review_item,
};
use hepatica::deid::pixels::Redactions;
use hepatica::deid::{
    Coarsening, DatePolicy, DeviceDetail, Faces, Identified, Policy, PolicyOption, SmallCohort,
};
use hepatica::dicom::DicomError;
use rayon::prelude::*;

use crate::Failure;
use crate::input::bar;
use crate::key::{KeyOptions, save_map};
use crate::origin::{Origin, find, zip_path};

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Files, folders and zips.
    #[arg(required = true, value_name = "IN")]
    inputs: Vec<PathBuf>,
    /// The folder for the de-identified objects. It must be empty or new.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    #[command(flatten)]
    key: KeyOptions,
    /// What becomes of dates: none, shift (per patient, intervals stay), or keep.
    #[arg(long, value_name = "none|shift|keep")]
    dates: Option<DatePolicy>,
    /// Options of PS3.15 beside the Basic Profile: safe-private, uids, device, institution, patient,
    /// descriptors, structured-content, graphics, pixels.
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    options: Vec<String>,
    /// A policy file; --dates and --options may only tighten it where it is locked.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Write images that may have text burned into their pixels, too.
    #[arg(long)]
    accept_burned_in: bool,
    /// What reviewers decided about such images: accept, leave out, or boxes to make black, for single
    /// objects and as templates for a device.
    #[arg(long, value_name = "FILE")]
    redactions: Option<PathBuf>,
    /// What becomes of volumes that may show a face: flag them in report and certificate, or exclude them.
    #[arg(long, value_name = "flag|exclude")]
    faces: Option<Faces>,
    /// Make coarser what tells patients apart: age5 or age10 (bands), device (no make or model), weeks (days
    /// between studies, where dates are shifted).
    #[arg(long, value_name = "LIST")]
    coarsen: Option<Coarsening>,
    /// Save id_old,id_new. Identified.
    #[arg(long, value_name = "FILE")]
    id_map: Option<PathBuf>,
    /// Save uid_old,uid_new. Identified.
    #[arg(long, value_name = "FILE")]
    uid_map: Option<PathBuf>,
    /// Save which file each ordinal is. Identified: it holds paths.
    #[arg(long, value_name = "FILE")]
    file_map: Option<PathBuf>,
    /// Threads to use; by default one a core.
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// The report as JSON on standard output.
    #[arg(long)]
    json: bool,
}

/// What became of one file; every file has exactly one of these.
enum Outcome {
    Written(String),
    Skipped(String),
    Failed(String),
}

impl Outcome {
    /// The sentence of an error type of ours, without a value.
    fn reason(&self) -> Option<&str> {
        match self {
            Self::Written(_) => None,
            Self::Skipped(why) | Self::Failed(why) => Some(why),
        }
    }
}

pub(crate) fn run(options: &Options) -> Result<ExitCode, Failure> {
    if let Some(threads) = options.threads {
        if threads == 0 {
            return Err(Failure::Usage("--threads must be at least 1".into()));
        }
        // Fails only if a pool exists already, which none does yet.
        let _ = rayon::ThreadPoolBuilder::new().num_threads(threads).build_global();
    }
    let policy = policy(options)?;
    let redactions = redactions(options)?;
    let coarsen = options.coarsen.unwrap_or_default();
    if coarsen.weeks && policy.dates == DatePolicy::Keep {
        return Err(Failure::Usage("dates that are kept can't be rounded to weeks; shift them".into()));
    }
    if options.accept_burned_in && policy.holds(PolicyOption::CleanPixelData) {
        return Err(Failure::Usage(
            "--accept-burned-in and the option clean pixel data contradict each other".into(),
        ));
    }
    for (place, input) in options.inputs.iter().enumerate() {
        if !input.exists() {
            // The path is the user's own argument, and it may hold a name: its place is enough.
            return Err(Failure::Usage(format!("input {} does not exist", place + 1)));
        }
    }
    if std::fs::read_dir(&options.out).is_ok_and(|mut inside| inside.next().is_some()) {
        return Err(Failure::Usage("--out is not empty; give a new folder".into()));
    }
    if options.out.exists() && !options.out.is_dir() {
        return Err(Failure::Usage("--out is not a folder".into()));
    }
    let key = options.key.open()?;
    let naming = options.key.naming()?;
    let began = Instant::now();
    let stop = std::sync::Arc::new(AtomicBool::new(false));
    let flag = std::sync::Arc::clone(&stop);
    let _ = ctrlc::set_handler(move || flag.store(true, Ordering::Relaxed));

    let files = find(&options.inputs, &options.out);
    let (roster, mut outcomes) = read_headers(&files, options.json);
    let cohort = roster.settle(&key, &naming, policy.dates).map_err(|e| Failure::Key(e.to_string()))?;
    let fingerprint = key.fingerprint();
    let project = Project {
        key,
        policy,
        accept_burned_in: options.accept_burned_in,
        redactions,
        coarsen,
        record_uids: options.uid_map.is_some(),
    };
    let work = Work {
        files: &files,
        project: &project,
        out: &options.out,
        stop: &stop,
        bar: bar(options.json, "{spinner} {msg} {wide_bar} {pos}/{len} files {elapsed} left {eta}"),
        state: Mutex::default(),
        wrong: Mutex::default(),
    };
    work.bar.set_length(cohort.subjects.iter().map(|s| s.objects.len() as u64).sum());
    work.bar.set_message("writing");
    std::fs::create_dir_all(&options.out)?;
    cohort.subjects.par_iter().for_each(|subject| work.subject(subject));
    work.bar.finish_and_clear();
    if let Some(error) = work.wrong.into_inner().ok().flatten() {
        return Err(Failure::Write(error));
    }
    let state = work.state.into_inner().unwrap_or_default();
    outcomes.extend(state.outcomes);
    let is_written = |subject: &Subject| {
        let written = |at: u32| matches!(outcomes.get(&(at as usize)), Some(Outcome::Written(_)));
        subject.objects.iter().any(|object| written(object.ordinal))
    };
    let small = cohort.small(&project.policy, coarsen, &is_written);
    let certificate =
        ObjectCertificate::new(&state.counts, &project.policy, Some(&fingerprint)).with_cohort(small.clone());
    let provenance = options.out.join("provenance");
    std::fs::create_dir_all(&provenance)?;
    let mut documents =
        vec![("deidentification.json", certificate.to_json()), ("files.tsv", table(&outcomes, files.len()))];
    if !state.review.is_empty() {
        documents.push(("review.json", review_list(&state.review)));
    }
    // Checked one by one: what is found in one doesn't withhold the others.
    let mut withheld = 0u64;
    let reasons: BTreeSet<&str> = outcomes.values().filter_map(Outcome::reason).collect();
    let reasons: Vec<&str> = reasons.into_iter().collect();
    let searched: Vec<(&str, &[u8])> =
        documents.iter().map(|(name, text)| (*name, text.as_bytes())).collect();
    let searched =
        check_documents(&cohort, &project, &searched, &reasons).map_err(|e| Failure::Key(e.to_string()))?;
    for ((name, text), found) in documents.iter().zip(searched) {
        match found {
            Ok(_) => std::fs::write(provenance.join(name), text)?,
            Err(fault) => {
                withheld += 1;
                eprintln!("hepatica: {name} is not written: {fault}");
            }
        }
    }
    if let Some(path) = &options.id_map {
        let mut rows: Vec<(String, String)> = Vec::new();
        for subject in &cohort.subjects {
            rows.extend(subject.ids().map(|id| (id.clone(), subject.code.as_str().to_owned())));
        }
        save_map(path, "id_old,id_new", rows)?;
    }
    if let Some(path) = &options.uid_map {
        save_map(path, "uid_old,uid_new", state.uids.into_iter().collect())?;
    }
    if let Some(path) = &options.file_map {
        let shown = |origin: &Origin| match origin {
            Origin::Disk(path) | Origin::Unreadable(path) => path.to_string_lossy().into_owned(),
            Origin::Zip(path, entry) => zip_path(path, entry),
        };
        let rows = files.iter().enumerate().map(|(at, origin)| (at.to_string(), shown(origin)));
        save_map(path, "ordinal,path", rows.collect())?;
    }
    let seconds = began.elapsed().as_secs_f64();
    let (counts, review) = (&state.counts, &state.review);
    let told =
        Told { withheld, outcomes: &outcomes, files: files.len(), counts, review, small: &small, seconds };
    report(options, &told, &stop)
}

/// What reviewers decided.
fn redactions(options: &Options) -> Result<Redactions, Failure> {
    let Some(path) = &options.redactions else { return Ok(Redactions::default()) };
    let json =
        std::fs::read(path).map_err(|e| Failure::Usage(format!("the redactions can't be read: {e}")))?;
    Redactions::parse(&json).map_err(|error| Failure::Usage(error.to_string()))
}

/// Suspected objects by ordinal: what a reviewer decides from. No path, no value.
fn review_list(review: &BTreeMap<usize, ReviewItem>) -> String {
    let value = serde_json::json!({"schema": "hepatica-review/1", "objects": review_items(review)});
    serde_json::to_string_pretty(&value).unwrap_or_default() + "\n"
}

fn review_items(review: &BTreeMap<usize, ReviewItem>) -> Vec<serde_json::Value> {
    let with_ordinal = |(ordinal, item): (&usize, &ReviewItem)| {
        let mut value = serde_json::to_value(item).unwrap_or_default();
        if let Some(fields) = value.as_object_mut() {
            fields.insert("ordinal".into(), (*ordinal).into());
        }
        value
    };
    review.iter().map(with_ordinal).collect()
}

fn policy(options: &Options) -> Result<Policy, Failure> {
    let usage = |error: hepatica::deid::PolicyError| Failure::Usage(error.to_string());
    let mut policy = match &options.policy {
        Some(path) => crate::convert::read_policy(path)?,
        // The Basic Profile and nothing beside it.
        None => {
            let mut policy = Policy::default();
            policy.set(PolicyOption::RetainPatientCharacteristics, false).map_err(usage)?;
            policy.set(PolicyOption::RetainDeviceIdentity, false).map_err(usage)?;
            policy
        }
    };
    if let Some(dates) = options.dates {
        policy.set_dates(dates).map_err(usage)?;
    }
    if let Some(faces) = options.faces {
        policy.set_faces(faces).map_err(usage)?;
    }
    for word in &options.options {
        let option = match word.trim() {
            "safe-private" => PolicyOption::RetainSafePrivate,
            "uids" => PolicyOption::RetainUids,
            "device" if policy.locked && policy.device == DeviceDetail::Model => {
                return Err(usage(hepatica::deid::PolicyError::Locked));
            }
            "device" => {
                policy.device = DeviceDetail::All;
                PolicyOption::RetainDeviceIdentity
            }
            "institution" => PolicyOption::RetainInstitutionIdentity,
            "patient" => PolicyOption::RetainPatientCharacteristics,
            "descriptors" => PolicyOption::CleanDescriptors,
            "structured-content" => PolicyOption::CleanStructuredContent,
            "graphics" => PolicyOption::CleanGraphics,
            "pixels" => PolicyOption::CleanPixelData,
            _ => {
                return Err(Failure::Usage(
                    "--options takes safe-private, uids, device, institution, patient, descriptors, \
                     structured-content, graphics, pixels; dates have an option of their own"
                        .into(),
                ));
            }
        };
        policy.set(option, true).map_err(usage)?;
    }
    Ok(policy.for_objects())
}

/// The first pass.
fn read_headers(files: &[Origin], quiet: bool) -> (Roster, BTreeMap<usize, Outcome>) {
    let bar = bar(quiet, "{spinner} {msg} {wide_bar} {pos}/{len} files");
    bar.set_length(files.len() as u64);
    bar.set_message("reading headers");
    let read = files
        .par_iter()
        .enumerate()
        .fold(
            || (Roster::new(), BTreeMap::new()),
            |(mut roster, mut outcomes), (at, origin)| {
                bar.inc(1);
                let path = match origin {
                    Origin::Disk(path) | Origin::Unreadable(path) => path.to_string_lossy().into_owned(),
                    Origin::Zip(path, entry) => zip_path(path, entry),
                };
                match origin.header() {
                    Ok(header) => {
                        let ordinal = u32::try_from(at).unwrap_or(u32::MAX);
                        roster.add(ordinal, &header, Some(&Identified::new(path)));
                    }
                    Err(Some(DicomError::NotDicom | DicomError::Empty)) => {
                        outcomes.insert(at, Outcome::Skipped("not a DICOM file".into()));
                    }
                    Err(error) => {
                        let error = error.unwrap_or(DicomError::Unreadable);
                        outcomes.insert(at, Outcome::Failed(error.to_string()));
                    }
                }
                (roster, outcomes)
            },
        )
        .reduce(
            || (Roster::new(), BTreeMap::new()),
            |(mut roster, mut outcomes), (more, others)| {
                roster.merge(more);
                outcomes.extend(others);
                (roster, outcomes)
            },
        );
    bar.finish_and_clear();
    read
}

#[derive(Default)]
struct State {
    counts: Counts,
    outcomes: BTreeMap<usize, Outcome>,
    uids: BTreeMap<String, String>,
    review: BTreeMap<usize, ReviewItem>,
}

/// The second pass.
struct Work<'a> {
    files: &'a [Origin],
    project: &'a Project,
    out: &'a Path,
    stop: &'a AtomicBool,
    bar: indicatif::ProgressBar,
    state: Mutex<State>,
    wrong: Mutex<Option<std::io::Error>>,
}

impl Work<'_> {
    fn subject(&self, subject: &Subject) {
        let person = match Person::new(subject, self.project) {
            Ok(person) => person,
            Err(error) => {
                self.with(|state| {
                    for object in &subject.objects {
                        state.outcomes.insert(object.ordinal as usize, Outcome::Failed(error.to_string()));
                    }
                });
                return;
            }
        };
        let written = AtomicBool::new(false);
        subject.objects.par_iter().for_each(|object| {
            let at = object.ordinal as usize;
            if self.stop.load(Ordering::Relaxed) {
                return self.with(|state| {
                    state.outcomes.insert(at, Outcome::Failed("cancelled".into()));
                });
            }
            let read = self.files.get(at).and_then(Origin::read);
            let made = read.map(|bytes| deidentify(bytes, &person, self.project));
            self.bar.inc(1);
            let outcome = match &made {
                None => Outcome::Failed(DicomError::Unreadable.to_string()),
                Some(Err(refusal)) => {
                    let words = refusal.to_string();
                    if matches!(refusal, Refusal::Excluded(_)) {
                        Outcome::Skipped(words)
                    } else {
                        Outcome::Failed(words)
                    }
                }
                Some(Ok(made)) => match self.write(&object.name, &made.bytes) {
                    Ok(()) => Outcome::Written(object.name.clone()),
                    Err(error) => {
                        self.stop.store(true, Ordering::Relaxed);
                        if let Ok(mut wrong) = self.wrong.lock() {
                            wrong.get_or_insert(error);
                        }
                        Outcome::Failed("the output can't be written".into())
                    }
                },
            };
            let suspected = matches!(made, Some(Err(Refusal::Excluded(Exclusion::BurnedIn(_)))));
            let item = if suspected {
                let read = self.files.get(at).and_then(Origin::read);
                read.and_then(|bytes| review_item(bytes, &person, self.project))
            } else {
                None
            };
            self.with(|state| {
                state.review.extend(item.map(|item| (at, item)));
                match made {
                    Some(Ok(made)) => {
                        written.store(true, Ordering::Relaxed);
                        state.counts.object(&made);
                        state.uids.extend(made.uids);
                    }
                    Some(Err(refusal)) => state.counts.refusal(&refusal),
                    None => state.counts.refusal(&Refusal::Unreadable(DicomError::Unreadable)),
                }
                state.outcomes.insert(at, outcome);
            });
        });
        if written.load(Ordering::Relaxed) {
            self.with(|state| state.counts.subject(person.searched()));
        }
    }

    fn write(&self, name: &str, bytes: &[u8]) -> std::io::Result<()> {
        let path = self.out.join(name);
        let part = path.with_extension("part");
        match std::fs::write(&part, bytes) {
            // The first of its folder.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                if let Some(folder) = path.parent() {
                    std::fs::create_dir_all(folder)?;
                }
                std::fs::write(&part, bytes)?;
            }
            written => written?,
        }
        std::fs::rename(&part, &path)
    }

    fn with(&self, change: impl FnOnce(&mut State)) {
        if let Ok(mut state) = self.state.lock() {
            change(&mut state);
        }
    }
}

/// The list of files by ordinal: no path, no value.
fn table(outcomes: &BTreeMap<usize, Outcome>, files: usize) -> String {
    let mut text = String::from("ordinal\toutcome\treason\tobject\n");
    for at in 0..files {
        let row = match outcomes.get(&at) {
            Some(Outcome::Written(name)) => format!("{at}\twritten\tn/a\t{name}\n"),
            Some(Outcome::Skipped(why)) => format!("{at}\tskipped\t{why}\tn/a\n"),
            Some(Outcome::Failed(why)) => format!("{at}\tfailed\t{why}\tn/a\n"),
            None => format!("{at}\tfailed\tnot reached\tn/a\n"),
        };
        text.push_str(&row);
    }
    text
}

/// What the report tells.
struct Told<'a> {
    withheld: u64,
    outcomes: &'a BTreeMap<usize, Outcome>,
    files: usize,
    counts: &'a Counts,
    review: &'a BTreeMap<usize, ReviewItem>,
    small: &'a SmallCohort,
    seconds: f64,
}

fn report(options: &Options, told: &Told<'_>, stop: &AtomicBool) -> Result<ExitCode, Failure> {
    let Told { withheld, outcomes, files, counts, review, small, seconds } = *told;
    let mut reasons: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    let (mut skipped, mut failed) = (0u64, 0u64);
    for outcome in outcomes.values() {
        match outcome {
            Outcome::Written(_) => {}
            Outcome::Skipped(why) => {
                skipped += 1;
                *reasons.entry(("skipped", why)).or_default() += 1;
            }
            Outcome::Failed(why) => {
                failed += 1;
                *reasons.entry(("failed", why)).or_default() += 1;
            }
        }
    }
    let written = counts.written();
    let suspects: u64 = counts
        .excluded()
        .iter()
        .filter(|(why, _)| matches!(why, Exclusion::BurnedIn(_)))
        .map(|(_, n)| n)
        .sum();
    if options.json {
        let reasons: Vec<_> = reasons
            .iter()
            .map(|((what, why), n)| serde_json::json!({"outcome": what, "reason": why, "files": n}))
            .collect();
        let value = serde_json::json!({
            "files": files,
            "written": written,
            "skipped": skipped,
            "failed": failed,
            "burnedInSuspected": suspects,
            "reasons": reasons,
            "redacted": counts.redacted(),
            "review": review_items(review),
            "mayShowFace": counts.faces(),
            "smallCohort": small,
            "seconds": seconds,
            "cancelled": stop.load(Ordering::Relaxed),
        });
        crate::say(&(serde_json::to_string_pretty(&value).unwrap_or_default() + "\n"));
    } else {
        crate::say(&format!(
            "{files} files: {written} written, {skipped} skipped, {failed} failed. Pseudonymised; known identifiers not found in what was written.\n"
        ));
        for ((what, why), count) in reasons {
            crate::say(&format!("  {count} {what}: {why}\n"));
        }
        if suspects > 0 {
            crate::say(
                "  Images that may have text burned in were left out; provenance/review.json lists them, \
                 --redactions takes what you decide, --accept-burned-in writes them all.\n",
            );
        }
    }
    if !options.json && counts.faces() > 0 {
        crate::say(&format!(
            "  {} objects of volumes that may show a face were written: recognizable visual features not removed.\n",
            counts.faces()
        ));
    }
    if let Some(warning) = small.warning().filter(|_| !options.json) {
        crate::say(&format!("  {warning} (--coarsen).\n"));
    }
    if withheld > 0 {
        return Ok(ExitCode::from(3));
    }
    Ok(ExitCode::from(match (written, failed) {
        (_, 0) if written > 0 || files == 0 => 0,
        (0, _) => 4,
        _ => 3,
    }))
}
