//! `cargo xtask fuzz [TARGET…] [--seconds N]`: runs the coverage-guided fuzz targets of `fuzz/`, one after the
//! other, from seeds that code makes.
//!
//! Sets up what that takes: cargo-fuzz, the judges' encoders for the seeds of codecs. A target that finds
//! something leaves the input in `fuzz/artifacts/TARGET` and the verb ends with an error; the last lines say,
//! target by target, how many inputs were tried and what they covered.

use std::process::{Command, ExitCode};

use anyhow::{Context as _, bail};

use crate::place::Place;
use crate::process::{listen, run, run_quietly};
use crate::{judges, say};

/// Targets, and how long an input may grow: what a small frame or a header takes, and no longer than libFuzzer
/// mutates to a purpose.
const TARGETS: &[(&str, u32)] = &[
    ("header", 16_384),
    ("native", 1024),
    ("rle", 1024),
    ("jpeg", 4096),
    ("jpegls", 4096),
    ("jpeg2000", 4096),
    ("htj2k", 8192),
    ("jpegxl", 4096),
    ("frames", 8192),
    ("stacking", 336),
];

/// What libFuzzer says of a run.
#[derive(Default, Debug, PartialEq)]
struct Figures {
    executions: u64,
    /// Edges of the program's graph that were passed.
    edges: u64,
    /// Inputs that are worth keeping.
    corpus: u64,
}

impl Figures {
    fn read(&mut self, line: &str) {
        if let Some(count) = line.strip_prefix("stat::number_of_executed_units:") {
            self.executions = count.trim().parse().unwrap_or(0);
        }
        let mut words = line.split_whitespace();
        while let Some(word) = words.next() {
            match word {
                "cov:" => self.edges = words.next().and_then(|w| w.parse().ok()).unwrap_or(self.edges),
                "corp:" => {
                    let count = words.next().and_then(|w| w.split('/').next()?.parse().ok());
                    self.corpus = count.unwrap_or(self.corpus);
                }
                _ => {}
            }
        }
    }
}

pub(crate) fn run_targets(place: &Place, arguments: &[String]) -> anyhow::Result<ExitCode> {
    let mut chosen: Vec<(&str, u32)> = Vec::new();
    let mut seconds = 120u32;
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        if word == "--seconds" {
            seconds = words.next().and_then(|n| n.parse().ok()).context("`--seconds` wants a number")?;
        } else if let Some(target) = TARGETS.iter().find(|(name, _)| name == word) {
            chosen.push(*target);
        } else {
            let names: Vec<&str> = TARGETS.iter().map(|(name, _)| *name).collect();
            bail!("there is no fuzz target `{word}`; there are: {}", names.join(" "));
        }
    }
    if chosen.is_empty() {
        chosen = TARGETS.to_vec();
    }
    set_up(place)?;
    let mut rows = Vec::new();
    let mut failed = Vec::new();
    for (name, longest) in chosen {
        let mut figures = Figures::default();
        let mut command = cargo(place);
        command
            // Without a sanitizer: nothing here is unsafe, and a stable compiler brings no runtime. What is
            // sought are panics, overflows, floods of memory and endless loops.
            .args(["fuzz", "run", "--sanitizer", "none", name, "--"])
            .args([format!("-max_total_time={seconds}"), format!("-max_len={longest}")])
            .args(["-rss_limit_mb=2048", "-timeout=10", "-print_final_stats=1", "-verbosity=1"]);
        // libFuzzer speaks on stderr.
        let mut shell = Command::new("sh");
        shell.current_dir(place.join("fuzz")).args(["-c", "exec \"$@\" 2>&1", "sh"]);
        shell.arg(command.get_program()).args(command.get_args());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => shell.env(name, value),
                None => shell.env_remove(name),
            };
        }
        say::note(&format!("{name}, {seconds} s"));
        let good = listen(&mut shell, |line| figures.read(line))?;
        if !good {
            failed.push(name);
        }
        let word = if good { "nothing found" } else { "FOUND" };
        let Figures { executions, edges, corpus } = figures;
        rows.push(format!("{name:<10} {executions:>12} {edges:>8} {corpus:>8}  {word}"));
    }
    say::plainly("target       executions    edges   corpus");
    rows.iter().for_each(|row| say::plainly(row));
    if !failed.is_empty() {
        bail!("fuzzing found something: see fuzz/artifacts of {}", failed.join(", "));
    }
    Ok(ExitCode::SUCCESS)
}

/// Cargo in `fuzz/`, allowed to take the flags of coverage.
fn cargo(place: &Place) -> Command {
    let mut command = place.cargo();
    command.current_dir(place.join("fuzz")).env("RUSTC_BOOTSTRAP", "1");
    command
}

/// cargo-fuzz, and a seed corpus.
fn set_up(place: &Place) -> anyhow::Result<()> {
    if run_quietly(cargo(place).args(["fuzz", "--version"])).is_err() {
        say::step("cargo install cargo-fuzz", || {
            run(place.cargo().args(["install", "--locked", "--quiet", "cargo-fuzz"]))
        })?;
    }
    let judges = judges::encoders(place)?;
    say::step("seeds", || {
        let coded = place.target().join("fuzz-seeds");
        run_quietly(
            Command::new(judges.join("bin/python"))
                .arg("-B")
                .arg(place.join("tests/judges/codecs.py"))
                .arg(&coded),
        )?;
        run(cargo(place).args(["run", "--quiet", "--release", "--bin", "seeds", "--"]).arg(&coded))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libfuzzers_lines_give_the_figures() {
        let mut figures = Figures::default();
        for line in [
            "#2\tINITED cov: 120 ft: 300 corp: 4/98b exec/s: 0 rss: 40Mb",
            "#4096\tDONE   cov: 512 ft: 1800 corp: 37/4096b lim: 80 exec/s: 2048 rss: 64Mb",
            "stat::number_of_executed_units: 4096",
            "stat::peak_rss_mb:              64",
        ] {
            figures.read(line);
        }
        assert_eq!(figures, Figures { executions: 4096, edges: 512, corpus: 37 });
    }
}
