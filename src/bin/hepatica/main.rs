//! The command line: the same core without a browser.
//!
//! It reads and writes files, shows progress on a terminal, and decides nothing that the core decides.
//! Exit status: 0 nothing failed, 2 usage, 3 some files failed, 4 nothing could be converted.
#![allow(clippy::print_stderr, reason = "a command line says on stderr what went wrong")]

mod convert;
mod deidentify;
mod disk;
mod growcut;
mod input;
mod key;
mod origin;
mod phantom;
mod plan;
mod serve;
mod target;

use std::io::Write;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Hospital MRI (DICOM) to a de-identified, training-ready data set. Research use only.
#[derive(Parser)]
#[command(version, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Convert and de-identify files, folders and zips into a data set.
    Convert(convert::Options),
    /// Write de-identified copies of DICOM files (PS3.15 Annex E).
    Deidentify(deidentify::Options),
    /// Grow labels from seeds: GrowCut, exact and on every core.
    Growcut(growcut::Options),
    /// Show what would be made of files, folders and zips.
    Plan(plan::Options),
    /// Generate synthetic studies.
    Phantom(phantom::Options),
    /// Open the page on this machine.
    Serve(serve::Options),
}

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Convert(options) => convert::run(&options),
        Command::Deidentify(options) => deidentify::run(&options),
        Command::Growcut(options) => growcut::run(&options),
        Command::Plan(options) => plan::run(&options),
        Command::Phantom(options) => phantom::run(&options),
        Command::Serve(options) => serve::run(&options),
    };
    match result {
        Ok(code) => code,
        Err(error) => {
            eprintln!("hepatica: {error}");
            ExitCode::from(error.code())
        }
    }
}

/// Prints; a reader that has gone (`| head`) is no error of ours.
pub(crate) fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Why a command ends early.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Failure {
    /// Arguments that contradict each other or name nothing.
    #[error("{0}")]
    Usage(String),
    /// A plan that can't be made or obeyed.
    #[error(transparent)]
    Plan(#[from] hepatica::intake::PlanError),
    /// A key, mapping or table that can't be read or written.
    #[error("{0}")]
    Key(String),
    /// An image that can't be read.
    #[error("{0}")]
    Read(String),
    /// The output can't be written. The path is the user's own argument.
    #[error("can't write the output: {0}")]
    Write(#[from] std::io::Error),
}

impl Failure {
    fn code(&self) -> u8 {
        match self {
            Self::Usage(_) | Self::Plan(_) | Self::Key(_) => 2,
            Self::Write(_) => 3,
            Self::Read(_) => 4,
        }
    }
}
