//! Running other programs.

use std::io::{BufRead as _, BufReader, Read};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail};

use crate::say;

/// A command as a person would type it, for messages.
pub(crate) fn line(command: &Command) -> String {
    let mut words = vec![command.get_program().to_string_lossy().into_owned()];
    words.extend(command.get_args().map(|word| word.to_string_lossy().into_owned()));
    words.join(" ")
}

/// Runs a command with its output shown; a status other than 0 is an error.
pub(crate) fn run(command: &mut Command) -> anyhow::Result<()> {
    let status =
        command.stdin(Stdio::null()).status().with_context(|| format!("cannot start `{}`", line(command)))?;
    if !status.success() {
        bail!("`{}` ended with {status}", line(command));
    }
    Ok(())
}

/// Runs a command with its output kept back, and shows it only if the command fails.
pub(crate) fn run_quietly(command: &mut Command) -> anyhow::Result<()> {
    let output =
        command.stdin(Stdio::null()).output().with_context(|| format!("cannot start `{}`", line(command)))?;
    if !output.status.success() {
        say::plainly(&String::from_utf8_lossy(&output.stdout));
        say::warn(&String::from_utf8_lossy(&output.stderr));
        bail!("`{}` ended with {}", line(command), output.status);
    }
    Ok(())
}

/// What a command prints, trimmed; `None` where it is absent or fails.
pub(crate) fn answer(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    if !output.status.success() {
        return None;
    }
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Runs a command, shows every line as it comes and hands it to `listen`; true where it ended with 0.
pub(crate) fn listen(command: &mut Command, mut listen: impl FnMut(&str)) -> anyhow::Result<bool> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start `{}`", line(command)))?;
    if let Some(output) = child.stdout.take() {
        each_line(output, |line| {
            say::plainly(line);
            listen(line);
        })?;
    }
    Ok(child.wait()?.success())
}

fn each_line(output: impl Read, mut take: impl FnMut(&str)) -> anyhow::Result<()> {
    let mut reader = BufReader::new(output);
    let mut bytes = Vec::new();
    while reader.read_until(b'\n', &mut bytes)? > 0 {
        take(String::from_utf8_lossy(&bytes).trim_end_matches(['\n', '\r']));
        bytes.clear();
    }
    Ok(())
}

/// Whether this process may install system packages: root on a system with apt.
pub(crate) fn may_use_apt() -> bool {
    Path::new("/usr/bin/apt-get").exists() && answer(Command::new("id").arg("-u")).as_deref() == Some("0")
}

/// Installs Debian packages, refreshing the lists first if they are not known.
pub(crate) fn apt_install(packages: &[&str]) -> anyhow::Result<()> {
    let install = || {
        let mut command = Command::new("apt-get");
        command
            .env("DEBIAN_FRONTEND", "noninteractive")
            .args(["install", "-y", "--no-install-recommends"])
            .args(packages);
        command
    };
    if run_quietly(&mut simulate(packages)).is_err() {
        say::note("apt's lists are empty or old: apt-get update");
        run_quietly(Command::new("apt-get").arg("update"))?;
    }
    run_quietly(&mut install())
}

fn simulate(packages: &[&str]) -> Command {
    let mut command = Command::new("apt-cache");
    command.arg("show").args(packages);
    command
}
