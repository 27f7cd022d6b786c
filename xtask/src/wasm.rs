//! The engine: compiles, links, binds and, for a release, optimises each flavour of `wasm-pack.toml`.
//!
//! Each flavour has a target folder of its own, `target/wasm-<flavour>`, so that neither throws away
//! the other's standard library; its finished files are left there in `glue/` or `glue-optimised/`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;
use sha2::{Digest as _, Sha256};

use crate::bindings;
use crate::manifest::{Flavour, Manifest};
use crate::npm::hex;
use crate::place::Place;
use crate::process::{line, run, run_quietly};
use crate::say;
use crate::toolchain::Toolchain;

/// How much trouble to take.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Finish {
    /// What rustc writes: for serving and testing here.
    Quick,
    /// Through wasm-opt: for a release.
    Optimised,
}

/// One flavour's finished files.
pub(crate) struct Engine {
    /// A folder with `hepatica.js`, `hepatica_bg.wasm`, `hepatica.d.ts` and `snippets/`.
    pub(crate) folder: PathBuf,
    /// Pages of the memory that the page must create, where it must.
    pub(crate) initial_pages: Option<u64>,
    /// The maxima that the page tries, in pages.
    pub(crate) maximum_pages: Vec<u64>,
}

const PAGE: u64 = 65_536;

/// Builds every flavour; what is up to date is left alone.
pub(crate) fn build(place: &Place, finish: Finish) -> anyhow::Result<BTreeMap<String, Engine>> {
    bindings::check_version(place)?;
    let manifest = Manifest::read(place)?;
    let toolchain = Toolchain::find()?;
    let mut engines = BTreeMap::new();
    for (name, flavour) in &manifest.flavours {
        let what = format!("WebAssembly, flavour `{name}`, with {}", toolchain.name);
        let module = say::step(&what, || compile(place, &manifest, &toolchain, name, flavour))?;
        let folder = finished(place, &manifest, name, flavour, &module, finish)?;
        let bound = std::fs::read(folder.join(format!("{}_bg.wasm", bindings::NAME)))?;
        engines.insert(
            name.clone(),
            Engine {
                folder,
                initial_pages: bindings::imported_memory_pages(&bound),
                maximum_pages: flavour.memory_maxima.iter().map(|bytes| bytes / PAGE).collect(),
            },
        );
    }
    Ok(engines)
}

fn folder_of(place: &Place, flavour: &str) -> PathBuf {
    place.target().join(format!("wasm-{flavour}"))
}

/// Runs clippy over the crate as the threaded flavour compiles it; a warning is an error.
pub(crate) fn lint(place: &Place, toolchain: &Toolchain, clippy: Command) -> anyhow::Result<()> {
    let manifest = Manifest::read(place)?;
    let flavour = manifest.flavours.get("threads").context("wasm-pack.toml has no flavour `threads`")?;
    let mut command = clippy;
    describe(&mut command, place, &manifest, toolchain, "threads", flavour);
    run(command.args(["--", "-D", "warnings"]))
}

fn compile(
    place: &Place,
    manifest: &Manifest,
    toolchain: &Toolchain,
    name: &str,
    flavour: &Flavour,
) -> anyhow::Result<PathBuf> {
    let target = folder_of(place, name);
    if !target.exists() {
        say::note("the first time takes some minutes: the standard library and every crate are compiled");
    }
    let mut command = toolchain.cargo();
    command.arg("build");
    describe(&mut command, place, manifest, toolchain, name, flavour);
    // Quietly: a stable compiler warns of `atomics` at every crate. Lints are a stage of the tests.
    run_quietly(&mut command)?;
    Ok(target
        .join(&manifest.build.target)
        .join(&manifest.build.profile)
        .join(format!("{}.wasm", bindings::NAME)))
}

/// Tells cargo what to compile, and how.
fn describe(
    command: &mut Command,
    place: &Place,
    manifest: &Manifest,
    toolchain: &Toolchain,
    name: &str,
    flavour: &Flavour,
) {
    command
        .current_dir(&place.root)
        .args(["--quiet", "--locked", "--lib", "--package", "hepatica"])
        .args(["--no-default-features", "--features", &flavour.features.join(",")])
        .args(["--target", &manifest.build.target, "--profile", &manifest.build.profile])
        .args(["-Z", &format!("build-std={}", manifest.build.build_std.join(","))])
        .arg("--target-dir")
        .arg(folder_of(place, name))
        .env("CARGO_ENCODED_RUSTFLAGS", rustflags(place, toolchain, flavour).join("\x1f"));
}

/// Target features, linker arguments, and the names of this machine's folders replaced in what a
/// panic says, so that a build tells nothing about where it was made and is the same everywhere.
fn rustflags(place: &Place, toolchain: &Toolchain, flavour: &Flavour) -> Vec<String> {
    let features: Vec<String> = flavour.target_features.iter().map(|name| format!("+{name}")).collect();
    let mut flags = vec![format!("-Ctarget-feature={}", features.join(","))];
    flags.extend(flavour.link_args.iter().map(|argument| format!("-Clink-arg={argument}")));
    let registry = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::home_dir().map(|home| home.join(".cargo")))
        .map(|home| (home, "cargo"));
    let folders = [(place.root.clone(), "hepatica"), (toolchain.library(), "std")];
    for (folder, name) in registry.into_iter().chain(folders) {
        flags.push(format!("--remap-path-prefix={}={name}", folder.display()));
    }
    flags
}

/// Binds and finishes a module, unless that was done already with this very module and these flags.
fn finished(
    place: &Place,
    manifest: &Manifest,
    name: &str,
    flavour: &Flavour,
    module: &Path,
    finish: Finish,
) -> anyhow::Result<PathBuf> {
    let folder = folder_of(place, name).join(match finish {
        Finish::Quick => "glue",
        Finish::Optimised => "glue-optimised",
    });
    let optimise = (finish == Finish::Optimised).then(|| optimiser(place, manifest, flavour));
    let bytes = std::fs::read(module).with_context(|| format!("cannot read {}", module.display()))?;
    let wanted =
        format!("{} {}", hex(&Sha256::digest(&bytes)), optimise.as_ref().map(line).unwrap_or_default());
    let stamp = folder.join("stamp");
    if std::fs::read_to_string(&stamp).is_ok_and(|done| done == wanted) {
        return Ok(folder);
    }
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    say::step(&format!("JavaScript glue of `{name}`"), || bindings::generate(module, &folder))?;
    if let Some(mut command) = optimise {
        let bound = folder.join(format!("{}_bg.wasm", bindings::NAME));
        say::step(&format!("wasm-opt on `{name}`"), || {
            let before = std::fs::metadata(&bound)?.len();
            run_quietly(command.arg(&bound).arg("-o").arg(&bound))?;
            let after = std::fs::metadata(&bound)?.len();
            say::note(&format!("{} → {} kB", before / 1000, after / 1000));
            Ok(())
        })?;
    }
    std::fs::write(&stamp, wanted)?;
    Ok(folder)
}

fn optimiser(place: &Place, manifest: &Manifest, flavour: &Flavour) -> Command {
    let optimiser = &manifest.optimiser;
    let mut command = Command::new("node");
    command.arg(place.www().join(&optimiser.program)).args(&optimiser.arguments);
    if flavour.target_features.iter().any(|feature| feature == "atomics") {
        command.args(&optimiser.threads_arguments);
    }
    command
}
