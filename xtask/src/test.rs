//! `cargo xtask test`: sets up the judges, runs every check there is, and counts.
//!
//! A stage that fails does not stop the others. The last line is `N passed, N failed`, and
//! `, N skipped` where data outside the repository is absent.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use anyhow::{Context as _, bail};

use crate::place::Place;
use crate::process::{self, listen};
use crate::say;
use crate::tally::{BrowserTests, CargoTests, Tally, skips};
use crate::toolchain::Toolchain;
use crate::wasm::Finish;
use crate::{chromium, judges, page, wasm};

/// What the caller asked for.
struct Wish {
    /// Long tests in full, not a bounded slice of them.
    full: bool,
    /// Only stages whose name has this word.
    only: Option<String>,
    /// Only browser tests whose name has these words.
    matching: Option<String>,
}

/// What a stage has to do with the built page.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Page {
    Builds,
    Needs,
    Ignores,
}

/// A check: its name, and how to run it.
type Stage = (&'static str, Page, fn(&Place, &Wish) -> anyhow::Result<Tally>);

const STAGES: [Stage; 8] = [
    ("formatting (cargo fmt)", Page::Ignores, formatting),
    ("lints (cargo clippy)", Page::Ignores, lints),
    ("page and engine (both flavours)", Page::Builds, build),
    ("lints of the WebAssembly surface (cargo clippy)", Page::Ignores, web_lints),
    ("types of the page (tsc)", Page::Needs, types),
    (
        "judges (dcm2niix, nibabel, pydicom, SimpleITK, bids-validator, dciodvfy, DCMTK)",
        Page::Ignores,
        set_up_judges,
    ),
    ("Rust tests (cargo test)", Page::Ignores, rust_tests),
    ("browser tests (Chromium)", Page::Needs, browser_tests),
];

pub(crate) fn run(place: &Place, arguments: &[String]) -> anyhow::Result<ExitCode> {
    let wish = parse(arguments)?;
    let mut total = Tally::default();
    let mut page_is_old = false;
    let named = |name: &str| {
        let word = wish.only.as_deref();
        word.is_none_or(|word| name.to_lowercase().contains(word))
    };
    // A stage that looks at the page brings its building along: an old one tells nothing.
    let looks = STAGES.iter().any(|(name, page, _)| *page == Page::Needs && named(name));
    let asked_for = |page: Page, name: &str| named(name) || (page == Page::Builds && looks);
    for (name, page, stage) in STAGES {
        if !asked_for(page, name) {
            continue;
        }
        let outcome = say::step(name, || match page {
            Page::Needs if page_is_old => bail!("the page could not be built, and an old one tells nothing"),
            _ => stage(place, &wish),
        });
        page_is_old |= page == Page::Builds && outcome.is_err();
        let counted = outcome.unwrap_or_else(|fault| {
            say::fault(&fault);
            Tally::one(false)
        });
        if counted != Tally::default() {
            say::note(&counted.to_string());
        }
        total.add(counted);
    }
    say::plainly(&total.to_string());
    Ok(if total.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn parse(arguments: &[String]) -> anyhow::Result<Wish> {
    let mut wish = Wish { full: false, only: None, matching: None };
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--full" => wish.full = true,
            "--only" => {
                wish.only = Some(rest.next().context("--only wants a word of a stage's name")?.to_lowercase())
            }
            "--matching" => {
                wish.matching =
                    Some(rest.next().context("--matching wants words of a browser test's name")?.clone());
            }
            other => {
                bail!("`test` does not know `{other}`; it takes --full, --only WORD and --matching WORDS")
            }
        }
    }
    Ok(wish)
}

fn formatting(place: &Place, _: &Wish) -> anyhow::Result<Tally> {
    process::run(place.cargo().args(["fmt", "--all", "--check"]))?;
    Ok(Tally::one(true))
}

fn lints(place: &Place, _: &Wish) -> anyhow::Result<Tally> {
    process::run(place.cargo().args([
        "clippy",
        "--quiet",
        "--locked",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ]))?;
    Ok(Tally::one(true))
}

/// What the next stages stand on; no test itself, but a failure counts.
fn build(place: &Place, _: &Wish) -> anyhow::Result<Tally> {
    page::build(place, Finish::Quick)?;
    Ok(Tally::default())
}

/// `src/web` exists only for wasm32, where the native lints do not see it.
fn web_lints(place: &Place, _: &Wish) -> anyhow::Result<Tally> {
    let toolchain = Toolchain::find()?;
    let Some(clippy) = toolchain.clippy() else {
        say::note("this compiler has no clippy; rustc's own lints were seen while building");
        return Ok(Tally::default());
    };
    wasm::lint(place, &toolchain, clippy)?;
    Ok(Tally::one(true))
}

fn types(place: &Place, _: &Wish) -> anyhow::Result<Tally> {
    for project in ["tsconfig.json", "src/sw/tsconfig.json"] {
        process::run(Command::new("node").current_dir(place.www()).args([
            "node_modules/typescript/bin/tsc",
            "--noEmit",
            "--project",
            project,
        ]))?;
    }
    Ok(Tally::one(true))
}

/// A judge that cannot be had is a failure, never a skip.
fn set_up_judges(place: &Place, _: &Wish) -> anyhow::Result<Tally> {
    judges::set_up(place)?;
    Ok(Tally::default())
}

fn rust_tests(place: &Place, wish: &Wish) -> anyhow::Result<Tally> {
    let skipped = skips_file(place)?;
    let mut command = place.cargo();
    command
        .args(["test", "--quiet", "--locked", "--workspace", "--no-fail-fast"])
        .env("HEPATICA_SKIPS", &skipped)
        .env("HEPATICA_JUDGES", place.join(".judges"))
        .env("CARGO_TERM_COLOR", "never");
    if wish.full {
        command.env("HEPATICA_FULL", "1").args(["--", "--include-ignored"]);
    }
    let mut tests = CargoTests::default();
    let succeeded = listen(&mut command, |line| tests.line(line))?;
    let mut tally = tests.end(succeeded);
    let skips = skips(&skipped);
    let names: BTreeSet<&String> = skips.iter().map(|(name, _)| name).collect();
    for (name, reason) in &skips {
        say::note(&format!("skipped {name}: {reason}"));
    }
    let count = (names.len() as u64).min(tally.passed);
    tally.passed -= count;
    tally.skipped += count;
    Ok(tally)
}

/// An empty file for the tests to write their skips into.
fn skips_file(place: &Place) -> anyhow::Result<PathBuf> {
    let file = place.target().join("skips.txt");
    std::fs::create_dir_all(place.target())?;
    std::fs::write(&file, "")?;
    Ok(file)
}

fn browser_tests(place: &Place, wish: &Wish) -> anyhow::Result<Tally> {
    let chromium = chromium::find()?;
    // The command line writes the phantom that the page is judged by.
    process::run(place.cargo().args(["build", "--quiet", "--locked", "--bin", "hepatica"]))?;
    let mut command = Command::new("node");
    command
        .current_dir(&place.root)
        .arg("tests/browser/run.mjs")
        .args(&wish.matching)
        .env("CHROMIUM", chromium)
        .env("HEPATICA_JUDGES", place.join(".judges"))
        .env("HEPATICA_PROGRAM", place.target().join("debug/hepatica"))
        .env("HEPATICA_XTASK", std::env::current_exe()?);
    if wish.full {
        command.env("HEPATICA_FULL", "1");
    }
    let mut tests = BrowserTests::default();
    let succeeded = listen(&mut command, |line| tests.line(line))?;
    Ok(tests.end(succeeded))
}
