//! `cargo xtask bench NAME`: measures, beside the peers, what the documentation states.

use std::process::{Command, ExitCode};

use anyhow::bail;

use crate::place::Place;
use crate::wasm::Finish;
use crate::{chromium, judges, npm, page, process, say};

pub(crate) fn run(place: &Place, arguments: &[String]) -> anyhow::Result<ExitCode> {
    let Some((name, rest)) = arguments.split_first() else {
        bail!("`bench` wants a name: cohort, convert, deidentify, growcut, viewer");
    };
    if name == "deidentify" {
        return crate::bench_deidentify::run(place, rest);
    }
    let script = place.root.join("tests/browser/bench").join(format!("{name}.mjs"));
    if !name.bytes().all(|b| b.is_ascii_lowercase()) || !script.exists() {
        bail!("there is no bench `{name}`");
    }
    page::build(place, Finish::Optimised)?;
    judges::set_up(place)?;
    // Peers from npm, which nothing but a bench uses.
    npm::install(&place.join("tests/browser/bench"))?;
    pigz();
    say::step("native hepatica, optimised", || {
        process::run(place.cargo().args(["build", "--quiet", "--locked", "--release", "--bin", "hepatica"]))
    })?;
    process::run(
        Command::new("node")
            .current_dir(&place.root)
            .arg(script)
            .args(rest)
            .env("CHROMIUM", chromium::find()?)
            .env("HEPATICA_JUDGES", place.join(".judges"))
            .env("HEPATICA_PROGRAM", place.target().join("release/hepatica"))
            .env("HEPATICA_XTASK", std::env::current_exe()?),
    )?;
    Ok(ExitCode::SUCCESS)
}

/// dcm2niix compresses on all cores where pigz is there; without it, that peer is left out.
fn pigz() {
    let is_there = || process::answer(Command::new("pigz").arg("--version")).is_some();
    if !is_there() && process::may_use_apt() {
        say::note("apt-get install pigz");
        let _ = process::apt_install(&["pigz"]);
    }
    if !is_there() {
        say::warn("pigz is not installed: `dcm2niix -z y` is not measured");
    }
}
