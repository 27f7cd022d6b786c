//! Reading the inputs into a planned session: what every command begins with.

use std::path::{Path, PathBuf};

use hepatica::deid::{ProjectKey, Purpose};
use hepatica::dicom::Need;
use hepatica::session::{PlanEdit, Session};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::Failure;
use crate::disk::Disk;

/// Ranges read at a time.
const AT_ONCE: usize = 128;

/// What every command that reads takes.
#[derive(clap::Args)]
pub(crate) struct InputOptions {
    /// Files, folders and zips.
    #[arg(required = true, value_name = "IN")]
    inputs: Vec<PathBuf>,
    /// A hanging protocol: liver-mri-pre-post, general, ct, or a JSON file. By default one for each study.
    #[arg(long, value_name = "ID|FILE")]
    protocol: Option<String>,
    /// Convert localizers and projections too.
    #[arg(long)]
    all: bool,
    /// Philips: values as displayed on the scanner, not the precise ones, which compare between series.
    #[arg(long)]
    displayed_values: bool,
    /// Also make evenly spaced copies of volumes whose slices are missing or unevenly spaced.
    #[arg(long)]
    equal_spacing: bool,
}

/// A session that has read its inputs, and where they are.
pub(crate) struct Inputs {
    pub(crate) session: Session,
    pub(crate) disk: Disk,
}

/// Registers and reads all headers.
pub(crate) fn read(options: &InputOptions, key: ProjectKey, quiet: bool) -> Result<Inputs, Failure> {
    let inputs = &options.inputs;
    for input in inputs {
        if !input.exists() {
            // The path is the user's own argument, and it may hold a name: its place is enough.
            let place = inputs.iter().position(|i| i == input).map_or(0, |n| n + 1);
            return Err(Failure::Usage(format!("input {place} does not exist")));
        }
    }
    let mut session = Session::new(key);
    if options.displayed_values {
        session.take_displayed_values();
    }
    let mut disk = Disk::default();
    disk.register(inputs, &mut session);
    let bar = bar(quiet, "{spinner} {msg} {wide_bar} {pos}/{len} files");
    bar.set_message("reading headers");
    let mut answers: Vec<(Need, Option<Vec<u8>>)> = Vec::new();
    loop {
        // The next ranges are read while the last ones are understood.
        let needs = session.intake_needs(AT_ONCE);
        if needs.is_empty() && answers.is_empty() && session.intake_is_done() {
            break;
        }
        let last = std::mem::take(&mut answers);
        let (read, ()) = rayon::join(|| disk.read(&needs), || session.intake_feed_all(last));
        answers = needs.into_iter().zip(read).collect();
        let progress = session.intake_progress();
        bar.set_length(u64::from(progress.files_total));
        bar.set_position(u64::from(progress.files_seen));
    }
    bar.finish_and_clear();
    session.finish_intake()?;
    if let Some(protocol) = &options.protocol {
        let text = if protocol.ends_with(".json") {
            std::fs::read_to_string(protocol)
                .map_err(|e| Failure::Usage(format!("the protocol can't be read: {e}")))?
        } else {
            protocol.clone()
        };
        session.edit(PlanEdit::SetProtocol { protocol: text })?;
    }
    if options.all {
        session.choose(|choices| choices.everything = true)?;
    }
    if options.equal_spacing {
        session.choose(|choices| choices.equal_spacing = true)?;
    }
    Ok(Inputs { session, disk })
}

/// A progress bar on stderr; hidden where that is no terminal.
pub(crate) fn bar(quiet: bool, template: &str) -> ProgressBar {
    let target = if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
    let bar = ProgressBar::with_draw_target(Some(0), target);
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar
}

/// Writes ordinal → path. Identified, and only when asked for.
pub(crate) fn save_file_map(inputs: &Inputs, path: &Path) -> Result<(), Failure> {
    let mut text = String::from("ordinal\tpath\n");
    for file in inputs.session.ordinals().files() {
        let shown = inputs.session.files().path(*file).map(|p| p.reveal(Purpose::OnRequest).as_str());
        text.push_str(&format!("{}\t{}\n", inputs.session.ordinals().of(*file), shown.unwrap_or_default()));
    }
    std::fs::write(path, text)?;
    Ok(())
}
