//! `hepatica convert`.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use hepatica::dataset::{FailReason, Outcome};
use hepatica::deid::{Coarsening, DatePolicy, Faces, Policy};
use hepatica::intake::PublishedPlan;
use hepatica::session::{Export, ExportOptions, ExportStep, PlanEdit, Session};

use crate::Failure;
use crate::input::{self, InputOptions};
use crate::key::KeyOptions;
use crate::target::Target;

#[derive(clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    input: InputOptions,
    /// The folder, or the .zip file, of the data set. One that exists is added to.
    #[arg(long, value_name = "DIR|FILE.zip")]
    out: PathBuf,
    /// A plan that `hepatica plan --json` wrote, perhaps edited.
    #[arg(long, value_name = "FILE")]
    plan: Option<PathBuf>,
    /// What becomes of dates: none (days from the first study only), shift, or keep.
    #[arg(long, value_name = "none|shift|keep")]
    dates: Option<DatePolicy>,
    /// What becomes of volumes that may show a face: flag them in plan, report and certificate, or exclude them.
    #[arg(long, value_name = "flag|exclude")]
    faces: Option<Faces>,
    /// Make coarser what tells patients apart: age10 (bands of ten years), device (no make or model), weeks
    /// (days between studies).
    #[arg(long, value_name = "LIST")]
    coarsen: Option<Coarsening>,
    /// What reviewers decided about images that may have text burned in, as `hepatica deidentify` takes it: a
    /// series is written where all of its objects have the same decision.
    #[arg(long, value_name = "FILE")]
    redactions: Option<PathBuf>,
    /// Write images that may have text burned into their pixels, too.
    #[arg(long)]
    accept_burned_in: bool,
    /// A de-identification policy; --dates may only tighten it where it is locked.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Also write de-identified DICOM, as `dicom/` of the data set.
    #[arg(long)]
    dicom: bool,
    #[command(flatten)]
    key: KeyOptions,
    /// Save id_old,id_new. Identified.
    #[arg(long, value_name = "FILE")]
    id_map: Option<PathBuf>,
    /// Save uid_old,uid_new of what --dicom wrote. Identified.
    #[arg(long, value_name = "FILE", requires = "dicom")]
    uid_map: Option<PathBuf>,
    /// Save which file each ordinal is. Identified: it holds paths.
    #[arg(long, value_name = "FILE")]
    file_map: Option<PathBuf>,
    /// Save who became whom. Identified; under a passphrase unless --plain.
    #[arg(long, value_name = "FILE")]
    linking_table: Option<PathBuf>,
    /// Threads to use; by default one a core.
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// Memory for one uncompressed volume, MiB.
    #[arg(long, value_name = "MIB", default_value_t = 4096)]
    budget: u64,
    /// The report as JSON on standard output.
    #[arg(long)]
    json: bool,
}

/// Steps, and writes what comes of it, until `enough` or until there is nothing to do without more bytes;
/// `true` when all is done.
fn step_until(
    enough: &AtomicBool,
    export: &mut Export,
    session: &Session,
    target: &mut Target,
) -> Result<bool, Failure> {
    loop {
        match export.step(session) {
            ExportStep::Entry { name, bytes } => target.write(&name, &bytes)?,
            ExportStep::Done => return Ok(true),
            ExportStep::Waiting => return Ok(false),
            ExportStep::Working => {}
        }
        if enough.load(Ordering::Acquire) {
            return Ok(false);
        }
    }
}

/// Reads a policy file.
pub(crate) fn read_policy(path: &std::path::Path) -> Result<Policy, Failure> {
    let json = std::fs::read(path).map_err(|e| Failure::Usage(format!("the policy can't be read: {e}")))?;
    Policy::parse(&json).map_err(|e| Failure::Usage(e.to_string()))
}

pub(crate) fn run(options: &Options) -> Result<ExitCode, Failure> {
    if let Some(threads) = options.threads {
        if threads == 0 {
            return Err(Failure::Usage("--threads must be at least 1".into()));
        }
        // Fails only if a pool exists already, which none does yet.
        let _ = rayon::ThreadPoolBuilder::new().num_threads(threads).build_global();
    }
    let published = match &options.plan {
        None => None,
        Some(path) => {
            let text = std::fs::read_to_string(path)
                .map_err(|e| Failure::Usage(format!("the plan can't be read: {e}")))?;
            Some(PublishedPlan::parse(&text)?)
        }
    };
    let coarsen = options.coarsen.unwrap_or_default();
    if coarsen.weeks && options.dates == Some(DatePolicy::Keep) {
        return Err(Failure::Usage("dates that are kept can't be rounded to weeks; shift them".into()));
    }
    let policy = options.policy.as_deref().map(read_policy).transpose()?;
    let key = options.key.open()?;
    let (mut target, existing) = Target::open(&options.out)?;
    let mut inputs = input::read(&options.input, key, options.json)?;
    let session = &mut inputs.session;
    let naming = options.key.naming()?;
    let dates = policy.as_ref().map(|policy| policy.dates);
    if let Some(policy) = policy {
        session.set_institution(policy)?;
    }
    session.choose(|choices| {
        choices.naming = naming;
        choices.dates = options.dates.or(dates).unwrap_or_default();
        if let Some(faces) = options.faces {
            choices.policy.faces = faces;
        }
        choices.coarsen = coarsen;
        choices.options.retain_device_identity &= !coarsen.device;
        choices.dicom = options.dicom;
        if options.accept_burned_in {
            choices.reviews.accept_all();
        }
    })?;
    if let Some(path) = &options.redactions {
        let json = std::fs::read_to_string(path)
            .map_err(|e| Failure::Usage(format!("the redactions can't be read: {e}")))?;
        session.edit(PlanEdit::LoadRedactions { json })?;
    }
    session.set_existing(existing)?;
    if let Some(published) = &published {
        session.obey(published)?;
        if let Some(dates) = options.dates.or(dates) {
            session.choose(|choices| choices.dates = dates)?;
        }
    }
    if let Some(path) = &options.file_map {
        input::save_file_map(&inputs, path)?;
    }
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    let _ = ctrlc::set_handler(move || flag.store(true, Ordering::Relaxed));

    let session = &inputs.session;
    match session.to_review() {
        0 => {}
        n => eprintln!(
            "hepatica: {n} series may have text burned in and are left out; --redactions takes what reviewers decide"
        ),
    }
    // Counts only: which they are, `hepatica plan` shows.
    match session.plan().map_or(0, |plan| plan.to_confirm().count()) {
        0 => {}
        1 => eprintln!("hepatica: 1 role is uncertain; `hepatica plan` marks it with ?"),
        n => eprintln!("hepatica: {n} roles are uncertain; `hepatica plan` marks them with ?"),
    }
    let settings = ExportOptions { threads: rayon::current_num_threads(), budget: options.budget << 20 };
    let mut export = Export::new(session, settings);
    let bar = input::bar(options.json, "{spinner} {msg} {wide_bar} {percent}% {elapsed} left {eta}");
    bar.set_length(1000);
    let began = Instant::now();
    let mut cancelled = false;
    loop {
        if stop.load(Ordering::Relaxed) && !cancelled {
            cancelled = true;
            export.cancel(true);
        }
        let needs = export.needs(session);
        // The next ranges are read while there is other work.
        let read = AtomicBool::new(needs.is_empty());
        let (bytes, stepped) = rayon::join(
            || {
                let bytes = inputs.disk.read(&needs);
                read.store(true, Ordering::Release);
                bytes
            },
            || step_until(&read, &mut export, session, &mut target),
        );
        if stepped? {
            break;
        }
        for (need, bytes) in needs.iter().zip(bytes) {
            match bytes {
                Some(bytes) => export.feed(session, *need, bytes),
                None => export.feed_failed(session, *need),
            }
        }
        let progress = export.progress();
        let share = (f64::from(progress.done) + progress.fraction) / f64::from(progress.total.max(1));
        bar.set_position((share * 1000.0) as u64);
        bar.set_message(if progress.done < progress.total || progress.objects_total == 0 {
            format!("volume {} of {}", (progress.done + 1).min(progress.total), progress.total)
        } else {
            format!("DICOM object {} of {}", progress.objects_done, progress.objects_total)
        });
    }
    target.finish()?;
    bar.finish_and_clear();
    if let Some(path) = &options.linking_table {
        let bytes =
            options.key.protect(|p| session.linking_table(p).map_err(|e| Failure::Key(e.to_string())))?;
        crate::key::write_private(path, &bytes)
            .map_err(|e| Failure::Key(format!("the linking table can't be written: {e}")))?;
    }
    if let Some(path) = &options.id_map {
        crate::key::save_map(path, "id_old,id_new", session.id_map())?;
    }
    if let Some(path) = &options.uid_map {
        crate::key::save_map(path, "uid_old,uid_new", export.uid_map())?;
    }
    let Some(report) = export.report() else {
        return Err(Failure::Usage("nothing was written".into()));
    };
    let seconds = began.elapsed().as_secs_f64();
    if options.json {
        let progress = export.progress();
        let value = serde_json::json!({
            "report": report,
            "summary": report.summary(),
            "refusals": export.refusals(),
            "mayShowFace": export.faces(),
            "smallCohort": export.cohort(),
            "dicom": export.object_lines(),
            "seconds": seconds,
            "bytesIn": progress.bytes_in,
            "bytesOut": progress.bytes_out,
            "cancelled": cancelled,
        });
        crate::say(&(serde_json::to_string_pretty(&value).unwrap_or_default() + "\n"));
    } else {
        crate::say(&format!("{}\n", report.summary()));
        for line in export.object_lines() {
            let why = if line.label.is_empty() { String::new() } else { format!(": {}", line.label) };
            crate::say(&format!("  DICOM: {} {}{why}\n", line.count, line.outcome));
        }
        let reasons: BTreeSet<FailReason> = report
            .rows()
            .iter()
            .filter_map(|row| match row.outcome {
                Outcome::Failed(why) => Some(why),
                _ => None,
            })
            .collect();
        for reason in reasons {
            crate::say(&format!("  {}: {}\n", reason.words(), reason.remedy()));
        }
    }
    if !options.json && export.faces() > 0 {
        let faces = export.faces();
        crate::say(&format!(
            "  {faces} volumes may show a face: recognizable visual features not removed.\n"
        ));
    }
    if let Some(warning) = export.cohort().and_then(|small| small.warning()).filter(|_| !options.json) {
        crate::say(&format!("  {warning} (--coarsen).\n"));
    }
    if export.text_found() > 0 {
        eprintln!(
            "hepatica: {} volumes were left out: what looks like text was found in their pixels; --redactions takes what \
             reviewers decide about the objects that `hepatica deidentify` lists, --accept-burned-in writes them all",
            export.text_found()
        );
    }
    for refusal in export.refusals() {
        eprintln!("hepatica: {refusal}");
    }
    if export.withheld_documents() {
        return Ok(ExitCode::from(3));
    }
    Ok(ExitCode::from(report.exit_code()))
}
