//! Reading the inputs into a planned session: what every command begins with.

use std::path::PathBuf;

use hepatica::deid::ProjectKey;
use hepatica::session::Session;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::Failure;
use crate::disk::Disk;

/// Ranges read at a time.
const AT_ONCE: usize = 64;

/// A session that has read its inputs, and where they are.
pub(crate) struct Inputs {
    pub(crate) session: Session,
    pub(crate) disk: Disk,
}

/// Registers and reads all headers.
pub(crate) fn read(inputs: &[PathBuf], key: ProjectKey, quiet: bool) -> Result<Inputs, Failure> {
    for input in inputs {
        if !input.exists() {
            return Err(Failure::Usage(format!("there is no {}", input.display())));
        }
    }
    let mut session = Session::new(key);
    let mut disk = Disk::default();
    disk.register(inputs, &mut session);
    let bar = bar(quiet, "{spinner} {msg} {wide_bar} {pos}/{len} files");
    bar.set_message("reading headers");
    loop {
        let needs = session.intake_needs(AT_ONCE);
        if needs.is_empty() && session.intake_is_done() {
            break;
        }
        for (need, bytes) in needs.iter().zip(disk.read(&needs)) {
            match bytes {
                Some(bytes) => session.intake_feed(*need, bytes),
                None => session.intake_failed(*need),
            }
        }
        let progress = session.intake_progress();
        bar.set_length(u64::from(progress.files_total));
        bar.set_position(u64::from(progress.files_seen));
    }
    bar.finish_and_clear();
    session.finish_intake()?;
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
