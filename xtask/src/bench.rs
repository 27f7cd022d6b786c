//! `cargo xtask bench NAME`: measures the built page, or the engine, beside its peers.
//!
//! Each bench is a script `tests/browser/bench/NAME.mjs`, which says what it measures and prints its
//! figures. It gets the optimised page and the native program, and its judges.

use std::process::{Command, ExitCode};

use anyhow::bail;

use crate::place::Place;
use crate::wasm::Finish;
use crate::{chromium, judges, page, process, say};

pub(crate) fn run(place: &Place, arguments: &[String]) -> anyhow::Result<ExitCode> {
    let known = known(place);
    let Some((name, rest)) = arguments.split_first().filter(|(name, _)| known.contains(name)) else {
        bail!("`bench` wants the name of a bench: {}", known.join(", "));
    };
    page::build(place, Finish::Optimised)?;
    judges::set_up(place)?;
    say::step("native hepatica", || {
        process::run(place.cargo().args(["build", "--quiet", "--locked", "--release", "--bin", "hepatica"]))
    })?;
    process::run(
        Command::new("node")
            .current_dir(&place.root)
            .arg(format!("tests/browser/bench/{name}.mjs"))
            .args(rest)
            .env("CHROMIUM", chromium::find()?)
            .env("HEPATICA_JUDGES", place.join(".judges"))
            .env("HEPATICA_BINARY", place.target().join("release/hepatica"))
            .env("HEPATICA_XTASK", std::env::current_exe()?),
    )?;
    Ok(ExitCode::SUCCESS)
}

/// The benches that there are.
fn known(place: &Place) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(place.join("tests/browser/bench")) else {
        return Vec::new();
    };
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.strip_suffix(".mjs").map(str::to_owned))
        .collect();
    names.sort();
    names
}
