//! What integration tests share: real data beside the repository, and judges.
//!
//! `mod common;` in a test file, then [`shared_data`] for files that may be absent and [`judge`] for
//! programs that may not.

#![allow(dead_code, unreachable_pub, reason = "each test binary uses a part of it")]
#![allow(clippy::panic, clippy::unwrap_used, reason = "tests may panic")]

pub mod dicom;
pub mod font;

use std::io::Write as _;
use std::path::{Path, PathBuf};

/// A file or folder of the real data beside the repository, `shared_data("dcm_qa/nih")`; `None`
/// where it is absent.
///
/// The data lies in `../shared/data`, or where `HEPATICA_SHARED` says (`$HEPATICA_SHARED/data`). A
/// test without its data returns at once; `cargo test` calls that a pass, so the absence is written
/// to the file that `HEPATICA_SKIPS` names, and `cargo xtask test` counts it as skipped.
#[must_use]
pub fn shared_data(path: &str) -> Option<PathBuf> {
    let root = match std::env::var_os("HEPATICA_SHARED") {
        Some(root) => PathBuf::from(root),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"),
    };
    let found = root.join("data").join(path);
    if found.exists() {
        return Some(found);
    }
    skip(&format!("shared data `{path}` is absent"));
    None
}

/// Writes down that the running test is skipped, and why.
pub fn skip(reason: &str) {
    let thread = std::thread::current();
    // The test harness names each thread by its test.
    let name = thread.name().unwrap_or("a test");
    if let Some(file) = std::env::var_os("HEPATICA_SKIPS")
        && let Ok(mut file) = std::fs::OpenOptions::new().append(true).create(true).open(file)
    {
        // One write a line: tests run side by side.
        let _ = file.write_all(format!("{name}\t{reason}\n").as_bytes());
    }
}

/// A program of the judges' Python environment, `judge("dcm2niix")` or `judge("python")`.
///
/// # Panics
/// Where it is absent: a missing judge is a failure, never a skip. `cargo xtask test` sets it up.
#[must_use]
pub fn judge(program: &str) -> PathBuf {
    let root = match std::env::var_os("HEPATICA_JUDGES") {
        Some(root) => PathBuf::from(root),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join(".judges"),
    };
    let found = root.join("bin").join(program);
    assert!(found.exists(), "the judge `{program}` is absent; `cargo xtask test --only judges` sets it up");
    found
}

/// Whether long tests run in full (`cargo xtask test --full`), not a bounded slice of them.
#[must_use]
pub fn full() -> bool {
    std::env::var_os("HEPATICA_FULL").is_some()
}

/// Every file below a folder, in order of paths.
#[must_use]
pub fn files_below(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    found
}

/// Writes a phantom's files as the export that it is.
pub fn write_phantom(phantom: &hepatica::phantom::Phantom, root: &Path) {
    for (index, entry) in phantom.files().enumerate() {
        let path = root.join(entry.path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, phantom.file(index).unwrap()).unwrap();
    }
}
