//! The judges: other people's programs that say whether ours is right, in pinned versions.
//!
//! dcm2niix, nibabel, pydicom and SimpleITK in a Python environment of their own, `.judges/`;
//! bids-validator from npm, in `tests/judges/`; dciodvfy and DCMTK from the system's packages.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};

use crate::npm;
use crate::place::Place;
use crate::process::{answer, apt_install, may_use_apt, run_quietly};
use crate::say;

/// The oldest Python that the pinned versions run on.
const OLDEST_PYTHON: (u32, u32) = (3, 11);

/// Sets up all judges; returns the Python environment.
pub(crate) fn set_up(place: &Place) -> anyhow::Result<PathBuf> {
    npm::check_node()?;
    npm::install(&place.join("tests/judges"))?;
    system_tools()?;
    python(place)
}

/// dciodvfy (whether an object is of its IOD), DCMTK's dcmdump and Info-ZIP's unzip, from Debian's packages.
fn system_tools() -> anyhow::Result<()> {
    let absent = || ["dciodvfy", "dcmdump", "unzip"].iter().any(|program| !on_path(program));
    if absent() && may_use_apt() {
        say::note("apt-get install dicom3tools dcmtk unzip");
        apt_install(&["dicom3tools", "dcmtk", "unzip"])?;
    }
    if absent() {
        bail!(
            "one of the judges dciodvfy, dcmdump and unzip is absent: on Debian install dicom3tools, dcmtk and unzip"
        );
    }
    Ok(())
}

fn on_path(program: &str) -> bool {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&folders).any(|folder| folder.join(program).is_file())
}

/// Sets up the Python environment alone, and returns it.
pub(crate) fn python(place: &Place) -> anyhow::Result<PathBuf> {
    let folder = place.join(".judges");
    let list = place.join("tests/judges/requirements.txt");
    let wanted = std::fs::read_to_string(&list).context("cannot read tests/judges/requirements.txt")?;
    let stamp = folder.join("installed.txt");
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(folder);
    }
    let python = interpreter()?;
    say::step("Python judges, in .judges/", || {
        if folder.exists() {
            std::fs::remove_dir_all(&folder)?;
        }
        environment(&python, &folder)?;
        run_quietly(
            Command::new(folder.join("bin/python"))
                .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"])
                .arg(&list),
        )
        .context("pip could not install the judges")?;
        std::fs::write(&stamp, &wanted)?;
        Ok(())
    })?;
    Ok(folder)
}

/// `python -m venv`, which Debian keeps in a package of its own.
fn environment(python: &str, folder: &Path) -> anyhow::Result<()> {
    let make = || {
        let mut command = Command::new(python);
        command.args(["-m", "venv"]).arg(folder);
        command
    };
    if answer(&mut make()).is_some() {
        return Ok(());
    }
    if may_use_apt() {
        say::note("apt-get install python3-venv");
        apt_install(&["python3", "python3-venv"])?;
    }
    run_quietly(&mut make()).context("no virtual environment can be made: on Debian install python3-venv")
}

/// A Python that is young enough.
fn interpreter() -> anyhow::Result<String> {
    let found = || ["python3", "python"].into_iter().find(|name| young_enough(name));
    if let Some(name) = found() {
        return Ok(name.to_owned());
    }
    if may_use_apt() {
        say::note("apt-get install python3 python3-venv");
        apt_install(&["python3", "python3-venv"])?;
    }
    match found() {
        Some(name) => Ok(name.to_owned()),
        None => bail!("the judges need Python {}.{} or newer with venv", OLDEST_PYTHON.0, OLDEST_PYTHON.1),
    }
}

fn young_enough(name: &str) -> bool {
    let ask = "import sys; print(*sys.version_info[:2])";
    let version = answer(Command::new(name).args(["-c", ask]));
    let parts: Option<Vec<u32>> =
        version.map(|text| text.split_whitespace().filter_map(|part| part.parse().ok()).collect());
    matches!(parts.as_deref(), Some(&[major, minor]) if (major, minor) >= OLDEST_PYTHON)
}
