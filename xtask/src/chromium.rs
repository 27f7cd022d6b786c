//! The browser that the tests drive.

use std::path::{Path, PathBuf};

use anyhow::bail;

use crate::process::{apt_install, may_use_apt};
use crate::say;

/// Where Debian, Fedora, Arch and Google put it.
const PLACES: [&str; 4] = [
    "/usr/bin/chromium",
    "/usr/bin/chromium-browser",
    "/usr/bin/google-chrome",
    "/usr/bin/google-chrome-stable",
];

/// A Chromium: the one that `CHROMIUM` names, an installed one, or Debian's, installed now.
pub(crate) fn find() -> anyhow::Result<PathBuf> {
    if let Some(named) = std::env::var_os("CHROMIUM") {
        return Ok(named.into());
    }
    if let Some(found) = installed() {
        return Ok(found);
    }
    if !may_use_apt() {
        bail!("the browser tests need Chromium: install it, or name one in the variable CHROMIUM");
    }
    say::step("Chromium, for the browser tests: apt-get install chromium", || apt_install(&["chromium"]))?;
    match installed() {
        Some(found) => Ok(found),
        None => bail!("Debian's chromium is installed, yet is not at {}", PLACES[0]),
    }
}

fn installed() -> Option<PathBuf> {
    PLACES.iter().map(Path::new).find(|path| path.exists()).map(Path::to_path_buf)
}
