//! `cargo xtask conformance DIR…`: converts folders of DICOM with dcm2niix and with Hepatica, and
//! compares volume by volume: voxels after scaling, affine, b-values, b-vectors in world space, and the
//! numbers of the sidecars.
//!
//! dcm2niix is the one from PyPI that `judges` sets up. The comparison itself is
//! `tests/judges/conformance.py`; what differs for a reason is named by its word in
//! `docs/conversion.md`. The last line is the sum; the status is 0 only where nothing differs
//! without a reason. Volumes are named by series number and pseudonym.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context as _, bail};
use serde::Deserialize;

use crate::place::Place;
use crate::{judges, process, say};

/// One volume, as the comparison says it.
#[derive(Deserialize)]
struct Volume {
    reference: Option<String>,
    ours: Option<String>,
    verdict: String,
    found: Vec<String>,
}

/// The counts of one folder.
#[derive(Deserialize, Default, Clone, Copy)]
struct Counts {
    /// Volumes that dcm2niix made.
    volumes: u32,
    ours: u32,
    equal: u32,
    explained: u32,
    different: u32,
}

impl Counts {
    fn add(&mut self, other: Self) {
        self.volumes += other.volumes;
        self.ours += other.ours;
        self.equal += other.equal;
        self.explained += other.explained;
        self.different += other.different;
    }

    fn row(&self, name: &str) -> String {
        let Self { volumes, ours, equal, explained, different } = self;
        format!("{volumes:>8}  {ours:>4}  {equal:>5}  {explained:>9}  {different:>9}  {name}")
    }
}

pub(crate) fn run(place: &Place, arguments: &[String]) -> anyhow::Result<ExitCode> {
    if arguments.is_empty() || arguments.iter().any(|a| a.starts_with("--")) {
        bail!("`conformance` wants folders of DICOM files: cargo xtask conformance DIR…");
    }
    let folders: Vec<PathBuf> = arguments.iter().map(std::path::absolute).collect::<Result<_, _>>()?;
    if let Some(absent) = folders.iter().position(|folder| !folder.is_dir()) {
        bail!("folder {} of the command line is not there", absent + 1);
    }
    let python = judges::python(place)?;
    say::step("native hepatica", || {
        process::run(place.cargo().args(["build", "--quiet", "--locked", "--bin", "hepatica"]))
    })?;
    let mut total = Counts::default();
    let mut rows = Vec::new();
    let mut failed = 0;
    for (number, folder) in folders.iter().enumerate() {
        let name = format!("folder {}", number + 1);
        match say::step(&name, || compare(place, &python, number, folder)) {
            Ok(counts) => {
                total.add(counts);
                rows.push(counts.row(&name));
            }
            Err(fault) => {
                say::fault(&fault);
                failed += 1;
            }
        }
    }
    say::plainly("dcm2niix  ours  equal  explained  different");
    rows.iter().for_each(|row| say::plainly(row));
    let failures = if failed == 0 { String::new() } else { format!(", {failed} folders not compared") };
    say::plainly(&format!(
        "conformance: {} equal, {} explained, {} different{failures}",
        total.equal, total.explained, total.different
    ));
    let good = failed == 0 && total.different == 0 && total.equal + total.explained > 0;
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Converts one folder twice and compares.
fn compare(place: &Place, judges: &Path, number: usize, folder: &Path) -> anyhow::Result<Counts> {
    let work = place.target().join("conformance").join(number.to_string());
    if work.exists() {
        std::fs::remove_dir_all(&work)?;
    }
    let (reference, ours) = (work.join("dcm2niix"), work.join("hepatica"));
    std::fs::create_dir_all(&reference)?;
    // Series number alone: a protocol's name may hold a person's. `-z 1`: speed is no matter here.
    let made = Command::new(judges.join("bin/dcm2niix"))
        .args(["-z", "1", "-b", "y", "-ba", "y", "-f", "%s", "-o"])
        .arg(&reference)
        .arg(folder)
        .stdin(Stdio::null())
        .output()
        .context("dcm2niix does not start")?;
    if !made.status.success() {
        say::note("dcm2niix did not convert everything");
    }
    let converted = Command::new(place.target().join("debug/hepatica"))
        .args(["convert", "--all"])
        .arg(folder)
        .arg("--out")
        .arg(&ours)
        .stdin(Stdio::null())
        .output()
        .context("hepatica does not start")?;
    if !converted.status.success() {
        say::note("hepatica did not convert everything");
    }
    std::fs::create_dir_all(&ours)?;
    let compared = Command::new(judges.join("bin/python"))
        // No compiled files beside the scripts.
        .arg("-B")
        .arg(place.join("tests/judges/conformance.py"))
        .arg(&reference)
        .arg(&ours)
        .stdin(Stdio::null())
        .output()
        .context("the comparison does not start")?;
    let text = String::from_utf8_lossy(&compared.stdout);
    let mut lines: Vec<&str> = text.lines().collect();
    let counts = lines.pop().and_then(|line| serde_json::from_str(line).ok());
    let Some(counts) = counts else {
        say::warn(String::from_utf8_lossy(&compared.stderr).trim());
        bail!("the comparison ended without a result");
    };
    for volume in lines.iter().filter_map(|line| serde_json::from_str::<Volume>(line).ok()) {
        if volume.verdict != "equal" {
            say::note(&row(&volume));
        }
    }
    Ok(counts)
}

/// A volume that isn't simply equal.
fn row(volume: &Volume) -> String {
    let name = |name: &Option<String>| name.clone().unwrap_or_else(|| "—".to_owned());
    format!(
        "{}: {} | {} | {}",
        volume.verdict,
        name(&volume.reference),
        name(&volume.ours),
        volume.found.join("; ")
    )
}

#[cfg(test)]
#[allow(clippy::expect_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn the_comparison_s_lines_are_read_as_they_are_written() {
        let volume: Volume = serde_json::from_str(
            r#"{"reference": "801_e2", "ours": null, "verdict": "different", "found": ["no pair"]}"#,
        )
        .expect("a volume");
        assert_eq!(row(&volume), "different: 801_e2 | — | no pair");
        let counts: Counts = serde_json::from_str(
            r#"{"volumes": 14, "ours": 14, "equal": 13, "explained": 1, "different": 0}"#,
        )
        .expect("counts");
        let mut total = Counts::default();
        total.add(counts);
        total.add(counts);
        assert_eq!((total.volumes, total.equal, total.explained, total.different), (28, 26, 2, 0));
    }
}
