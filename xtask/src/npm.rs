//! Node and the npm packages, exactly as the lock files name them.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, bail};
use sha2::{Digest as _, Sha256};

use crate::process::{answer, run_quietly};
use crate::say;

/// The oldest Node that will do.
const OLDEST_NODE: u32 = 20;

/// Where a folder keeps what was last installed into it.
const STAMP: &str = "node_modules/.installed";

/// Says what to do where Node is absent or too old.
pub(crate) fn check_node() -> anyhow::Result<()> {
    let version = answer(Command::new("node").arg("--version"));
    let major: Option<u32> =
        version.as_deref().and_then(|version| version.strip_prefix('v')?.split('.').next()?.parse().ok());
    match major {
        Some(major) if major < OLDEST_NODE => {
            bail!("Node {} is too old: install Node {OLDEST_NODE} or newer", version.unwrap_or_default())
        }
        Some(_) => Ok(()),
        None => {
            bail!("there is no `node`: install Node {OLDEST_NODE} or newer (https://nodejs.org)")
        }
    }
}

/// `npm ci` in a folder, if its lock file has changed since the last time. No package may run a
/// script of its own.
pub(crate) fn install(folder: &Path) -> anyhow::Result<()> {
    let lock = std::fs::read(folder.join("package-lock.json"))
        .with_context(|| format!("cannot read {}/package-lock.json", folder.display()))?;
    let wanted = hex(&Sha256::digest(&lock));
    let stamp = folder.join(STAMP);
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    say::step(&format!("npm packages of {name}, by lock file"), || {
        run_quietly(
            Command::new("npm")
                .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
                .current_dir(folder),
        )?;
        std::fs::write(&stamp, &wanted)?;
        Ok(())
    })
}

/// Bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
