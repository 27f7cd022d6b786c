//! Finds a compiler that can rebuild the standard library: one with `rust-src` beside it.
//!
//! In this order: the rustup toolchain in use; another installed one; the one in use after
//! `rustup component add rust-src`; on Debian as root, `rustc-web cargo-web rust-web-src`.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::bail;

use crate::process::{answer, apt_install, line, may_use_apt};
use crate::say;

/// The oldest compiler that will do: `rust-version` of the workspace.
const OLDEST: (u32, u32) = (1, 95);

const DEBIAN_PACKAGES: [&str; 3] = ["rustc-web", "cargo-web", "rust-web-src"];

/// A compiler, its cargo, and a linker for WebAssembly.
pub(crate) struct Toolchain {
    /// In words.
    pub(crate) name: String,
    cargo: PathBuf,
    rustc: PathBuf,
    sysroot: PathBuf,
    /// Where the compiler does not find one by itself.
    linker: Option<PathBuf>,
}

impl Toolchain {
    /// The first that works; installs what is missing where it may.
    pub(crate) fn find() -> anyhow::Result<Self> {
        // For trying the other way on a machine that has both.
        let wanted = std::env::var("HEPATICA_TOOLCHAIN").ok();
        if wanted.as_deref() != Some("debian")
            && let Some(found) = rustup()
        {
            return Ok(found);
        }
        debian()
    }

    /// A `cargo` of this toolchain, for the stable compiler's unstable `-Z build-std`.
    pub(crate) fn cargo(&self) -> Command {
        self.command(&self.cargo)
    }

    /// A `cargo clippy` of this toolchain, if it has one.
    pub(crate) fn clippy(&self) -> Option<Command> {
        let program = self.cargo.with_file_name("cargo-clippy");
        if !program.exists() {
            return None;
        }
        let mut command = self.command(&program);
        command.env("CARGO", &self.cargo).arg("clippy");
        Some(command)
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        // What the cargo that started xtask has put there is not meant for this one.
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy();
            let of_cargo = name.starts_with("CARGO_")
                && !matches!(&*name, "CARGO_HOME" | "CARGO_NET_OFFLINE" | "CARGO_HTTP_CAINFO");
            if of_cargo || matches!(&*name, "RUSTFLAGS" | "RUSTUP_TOOLCHAIN" | "RUSTC") {
                command.env_remove(&*name);
            }
        }
        command.env("RUSTC", &self.rustc).env("RUSTC_BOOTSTRAP", "1");
        if let Some(linker) = &self.linker {
            command.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
        }
        command
    }

    /// Where its standard library's sources lie, for taking that path out of the module.
    pub(crate) fn library(&self) -> PathBuf {
        library(&self.sysroot)
    }
}

fn library(sysroot: &Path) -> PathBuf {
    sysroot.join("lib/rustlib/src/rust/library")
}

fn has_source(sysroot: &Path) -> bool {
    library(sysroot).join("std/src/lib.rs").exists() && library(sysroot).join("Cargo.lock").exists()
}

/// The rustup toolchains, the one in use first.
fn rustup() -> Option<Toolchain> {
    let list = answer(Command::new("rustup").args(["toolchain", "list", "--quiet"]))
        .or_else(|| answer(Command::new("rustup").args(["toolchain", "list"])))?;
    let used = std::env::var("RUSTUP_TOOLCHAIN").ok();
    let mut names: Vec<&str> = list.lines().filter_map(|line| line.split_whitespace().next()).collect();
    names.sort_by_key(|name| Some(*name) != used.as_deref());
    if let Some(found) = names.iter().find_map(|name| of_rustup(name)) {
        return Some(found);
    }
    let mut add = Command::new("rustup");
    add.args(["component", "add", "rust-src"]);
    say::note(&format!("no rustup toolchain has the standard library's source: `{}`", line(&add)));
    if answer(&mut add).is_none() {
        say::note("that did not work; trying the next way");
        return None;
    }
    names.iter().find_map(|name| of_rustup(name))
}

fn of_rustup(name: &str) -> Option<Toolchain> {
    let rustc = PathBuf::from(answer(Command::new("rustup").args(["which", "--toolchain", name, "rustc"]))?);
    let cargo = rustc.with_file_name("cargo");
    let sysroot = PathBuf::from(answer(Command::new(&rustc).args(["--print", "sysroot"]))?);
    if !has_source(&sysroot) || !cargo.exists() {
        return None;
    }
    let version = young_enough(&rustc)?;
    Some(Toolchain { name: format!("rustc {version} (rustup, {name})"), cargo, rustc, sysroot, linker: None })
}

/// Debian's compiler for its browsers: the newest Rust in a stable Debian, with its source.
fn debian() -> anyhow::Result<Toolchain> {
    let (rustc, cargo, sysroot) = ("/usr/bin/rustc", "/usr/bin/cargo", "/usr");
    let ready = || {
        Path::new(cargo).exists()
            && has_source(Path::new(sysroot))
            && young_enough(Path::new(rustc)).is_some()
    };
    if !ready() {
        if !may_use_apt() {
            bail!(
                "no compiler here can build the standard library for WebAssembly. Install its source with \
                 `rustup component add rust-src`, or on Debian as root `apt-get install {}`, and try again",
                DEBIAN_PACKAGES.join(" ")
            );
        }
        say::note(&format!("apt-get install {}", DEBIAN_PACKAGES.join(" ")));
        apt_install(&DEBIAN_PACKAGES)?;
        if !ready() {
            bail!(
                "{} are installed, yet {rustc} is older than {}.{} or has no source",
                DEBIAN_PACKAGES.join(", "),
                OLDEST.0,
                OLDEST.1
            );
        }
    }
    let linker = match linker() {
        Some(linker) => linker,
        None if may_use_apt() => {
            say::note("apt-get install lld (a linker for WebAssembly)");
            apt_install(&["lld"])?;
            PathBuf::from("/usr/bin/wasm-ld")
        }
        None => bail!("no linker for WebAssembly: install Debian's `lld`"),
    };
    Ok(Toolchain {
        name: format!("rustc {} (Debian)", young_enough(Path::new(rustc)).unwrap_or_default()),
        cargo: cargo.into(),
        rustc: rustc.into(),
        sysroot: sysroot.into(),
        linker: Some(linker),
    })
}

/// rustup's `rust-lld`, which is newer than Debian's, or else Debian's.
fn linker() -> Option<PathBuf> {
    let of_rustup = answer(Command::new("rustup").args(["which", "rustc"])).and_then(|rustc| {
        let sysroot = answer(Command::new(&rustc).args(["--print", "sysroot"]))?;
        let host = answer(Command::new(&rustc).arg("-vV"))?
            .lines()
            .find_map(|line| line.strip_prefix("host: ").map(str::to_owned))?;
        Some(PathBuf::from(sysroot).join("lib/rustlib").join(host).join("bin/rust-lld"))
    });
    of_rustup.into_iter().chain([PathBuf::from("/usr/bin/wasm-ld")]).find(|path| path.exists())
}

/// The version of a compiler, if it is young enough.
fn young_enough(rustc: &Path) -> Option<String> {
    let text = answer(Command::new(rustc).arg("--version"))?;
    let version = text.split_whitespace().nth(1)?.to_owned();
    (parse(&version)? >= OLDEST).then_some(version)
}

fn parse(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_number() {
        assert_eq!(parse("1.96.0"), Some((1, 96)));
        assert_eq!(parse("1.97.0-nightly"), Some((1, 97)));
        assert!(parse("1.100.0") > parse("1.96.0"));
    }
}
