//! `hepatica convert`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use hepatica::deid::ProjectKey;
use hepatica::session::{Export, ExportOptions, ExportStep};

use crate::Failure;
use crate::input;

#[derive(clap::Args)]
pub(crate) struct KeyOptions {
    /// The project key: the same patient gets the same code. Made if the file isn't there.
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
}

impl KeyOptions {
    pub(crate) fn open(&self) -> Result<ProjectKey, Failure> {
        let mut entropy = [0u8; 32];
        getrandom::fill(&mut entropy).map_err(|e| Failure::Key(e.to_string()))?;
        Ok(ProjectKey::from_entropy(entropy))
    }
}

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Files, folders and zips.
    #[arg(required = true)]
    inputs: Vec<PathBuf>,
    /// The folder, or the .zip file, of the data set.
    #[arg(long)]
    out: PathBuf,
    #[command(flatten)]
    key: KeyOptions,
    /// Threads to use.
    #[arg(long)]
    threads: Option<usize>,
}

pub(crate) fn run(options: &Options) -> Result<ExitCode, Failure> {
    let inputs = input::read(&options.inputs, options.key.open()?, false)?;
    let session = &inputs.session;
    let mut export =
        Export::new(session, ExportOptions { threads: rayon::current_num_threads(), ..ExportOptions::default() });
    loop {
        let needs = export.needs(session);
        for (need, bytes) in needs.iter().zip(inputs.disk.read(&needs)) {
            match bytes {
                Some(bytes) => export.feed(session, *need, bytes),
                None => export.feed_failed(session, *need),
            }
        }
        match export.step(session) {
            ExportStep::Entry { name, bytes } => write(&options.out, name.as_str(), &bytes).map_err(Failure::Write)?,
            ExportStep::Done => break,
            ExportStep::Waiting | ExportStep::Working => {}
        }
    }
    let Some(report) = export.report() else { return Err(Failure::Usage("nothing was converted".into())) };
    println!("{}", report.summary());
    Ok(ExitCode::from(report.exit_code()))
}

fn write(out: &Path, name: &str, bytes: &[u8]) -> std::io::Result<()> {
    let path = out.join(name);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(path, bytes)
}
