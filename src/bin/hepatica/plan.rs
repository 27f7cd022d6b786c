//! `hepatica plan`.

use std::path::PathBuf;
use std::process::ExitCode;

use crate::Failure;
use crate::convert::KeyOptions;
use crate::input;

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Files, folders and zips.
    #[arg(required = true)]
    inputs: Vec<PathBuf>,
    #[command(flatten)]
    key: KeyOptions,
    /// JSON instead of a table: edit it and hand it to `convert --plan`.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(options: &Options) -> Result<ExitCode, Failure> {
    let inputs = input::read(&options.inputs, options.key.open()?, options.json)?;
    if let Some(plan) = inputs.session.published_plan() {
        if options.json {
            print!("{}", plan.to_json());
        } else {
            for subject in &plan.subjects {
                for session in &subject.sessions {
                    for v in &session.volumes {
                        println!("{:4} {:?} {:?} {:?} {}", v.volume.0, v.role, v.dims, v.name, v.files);
                    }
                }
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}
