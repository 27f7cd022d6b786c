//! `cargo xtask bench deidentify`: DICOM → DICOM beside the peers, on the same files, in one run, in turns.
//!
//! In: the twelve public sets beside the repository, where they are there, and a synthetic study. Out: seconds
//! and ratios as a table in Markdown. Ours checks every object against its source and searches its pixels for
//! text; the peers do neither. dcmanon is timed on one thread and on all; Kitware's has only one.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use anyhow::{Context as _, bail};

use crate::place::Place;
use crate::{process, say};

/// The peers, in the versions that were measured.
const DCMANON: (&str, &str) = ("dicom-anonymization", "0.3.1");
const KITWARE: &str = "dicom-anonymizer==2.1.0";

/// Makes the command that reads one folder and writes another.
type Run = Box<dyn Fn(&Path, &Path) -> Command>;

struct Contender {
    name: &'static str,
    threads: &'static str,
    command: Run,
}

struct Turn {
    seconds: Vec<f64>,
    written: usize,
}

pub(crate) fn run(place: &Place, arguments: &[String]) -> anyhow::Result<ExitCode> {
    let times: usize = match arguments {
        [] => 3,
        [flag, number] if flag == "--times" => number.parse().context("--times wants a number")?,
        _ => bail!("`bench deidentify` takes --times N"),
    };
    let folder = place.target().join("bench/deidentify");
    std::fs::create_dir_all(&folder)?;
    let tools = place.target().join("bench/tools");
    let (dcmanon, kitware) = (dcmanon(place, &tools)?, kitware(&tools)?);
    say::step("native hepatica, optimised", || {
        process::run(place.cargo().args(["build", "--quiet", "--locked", "--release", "--bin", "hepatica"]))
    })?;
    let program = place.target().join("release/hepatica");
    let key = folder.join("key");
    std::fs::write(&key, format!("hepatica-project-key/1\n{}\n", "5a".repeat(32)))?;
    let contenders = contenders(program.clone(), key, dcmanon, kitware);
    let mut inputs = Vec::new();
    if let Some(shared) = shared(place) {
        inputs.push(("twelve sets", sets(&shared, &folder)?));
    } else {
        say::warn("the shared data are absent: the twelve sets are left out");
    }
    inputs.push(("synthetic", synthetic(&program, &folder)?));
    let mut table =
        String::from("| input | contender | threads | seconds | objects written | ours is faster by |\n");
    table += "|---|---|---|---|---|---|\n";
    for (name, input) in &inputs {
        table += &measured(name, input, &folder, &contenders, times)?;
    }
    say::plainly(&table);
    std::fs::write(folder.join("table.md"), table)?;
    Ok(ExitCode::SUCCESS)
}

fn contenders(program: PathBuf, key: PathBuf, dcmanon: PathBuf, kitware: PathBuf) -> Vec<Contender> {
    let ours = |threads: &'static str| {
        let (program, key) = (program.clone(), key.clone());
        Box::new(move |input: &Path, out: &Path| {
            let mut command = Command::new(&program);
            command.arg("deidentify").arg(input).arg("--out").arg(out).arg("--key").arg(&key).arg("--json");
            if threads == "1" {
                command.args(["--threads", "1"]);
            }
            command
        })
    };
    let theirs = |threads: &'static str| {
        let program = dcmanon.clone();
        Box::new(move |input: &Path, out: &Path| {
            let mut command = Command::new(&program);
            command.args(["anonymize", "--recursive", "--continue", "--input"]).arg(input);
            command.arg("--output").arg(out);
            if threads == "1" {
                command.env("RAYON_NUM_THREADS", "1");
            }
            command
        })
    };
    vec![
        Contender { name: "Hepatica", threads: "1", command: ours("1") },
        Contender { name: "Hepatica", threads: "all", command: ours("all") },
        Contender { name: "dcmanon", threads: "1", command: theirs("1") },
        Contender { name: "dcmanon", threads: "all", command: theirs("all") },
        Contender {
            name: "dicom-anonymizer (Kitware)",
            threads: "1",
            command: Box::new(move |input, out| {
                let mut command = Command::new(&kitware);
                command.arg(input).arg(out);
                command
            }),
        },
    ]
}

/// Every contender has its turn before any has its next; medians.
fn measured(
    name: &str,
    input: &Path,
    folder: &Path,
    contenders: &[Contender],
    times: usize,
) -> anyhow::Result<String> {
    let files = files_below(input)?;
    let mut bytes = 0u64;
    for file in &files {
        bytes += std::fs::read(file)?.len() as u64;
    }
    say::plainly(&format!("•  {name}: {} files, {} MB", files.len(), bytes / 1_000_000));
    // A disk that has just been cleared of thousands of files is slow to take new ones, whoever writes them.
    let memory = Path::new("/dev/shm");
    let in_memory = format!("hepatica-bench-{}", std::process::id());
    let out = if memory.is_dir() { memory.join(in_memory) } else { folder.join("out") };
    let mut turns: Vec<Turn> = contenders.iter().map(|_| Turn { seconds: Vec::new(), written: 0 }).collect();
    for _ in 0..times.max(1) {
        for (contender, turn) in contenders.iter().zip(&mut turns) {
            if out.exists() {
                std::fs::remove_dir_all(&out)?;
            }
            std::fs::create_dir_all(&out)?;
            let mut command = (contender.command)(input, &out);
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            let began = Instant::now();
            // A peer that stumbles over a file says so by its status: what it wrote is counted.
            command.status().with_context(|| format!("{} can't be run", contender.name))?;
            turn.seconds.push(began.elapsed().as_secs_f64());
            let provenance = out.join("provenance");
            turn.written = files_below(&out)?.iter().filter(|path| !path.starts_with(&provenance)).count();
        }
    }
    if out.exists() {
        std::fs::remove_dir_all(&out)?;
    }
    let median = |turn: &Turn| {
        let mut sorted = turn.seconds.clone();
        sorted.sort_by(f64::total_cmp);
        sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
    };
    let ours = |threads: &str| {
        let place = contenders.iter().position(|c| c.name == "Hepatica" && c.threads == threads);
        place.and_then(|at| turns.get(at)).map_or(f64::NAN, median)
    };
    let mut rows = String::new();
    for (contender, turn) in contenders.iter().zip(&turns) {
        let seconds = median(turn);
        let faster = match (contender.name, contender.threads) {
            ("Hepatica", _) => String::new(),
            ("dcmanon", threads) => format!("{:.1}", seconds / ours(threads)),
            _ => format!("{:.1} (all threads: {:.1})", seconds / ours("1"), seconds / ours("all")),
        };
        rows += &format!(
            "| {name}, {} files, {} MB | {} | {} | {seconds:.2} | {} | {faster} |\n",
            files.len(),
            bytes / 1_000_000,
            contender.name,
            contender.threads,
            turn.written
        );
    }
    Ok(rows)
}

fn dcmanon(place: &Place, tools: &Path) -> anyhow::Result<PathBuf> {
    let program = tools.join("bin/dcmanon");
    if !program.exists() {
        say::step("dcmanon, from its crate", || {
            let (name, version) = DCMANON;
            let mut command = place.cargo();
            command.env("CARGO_TARGET_DIR", tools.join("build"));
            process::run(
                command.args(["install", "--quiet", name, "--version", version, "--root"]).arg(tools),
            )
        })?;
    }
    Ok(program)
}

fn kitware(tools: &Path) -> anyhow::Result<PathBuf> {
    let folder = tools.join("python");
    let program = folder.join("bin/dicom-anonymizer");
    if !program.exists() {
        say::step("Kitware's dicom-anonymizer, in an environment of its own", || {
            process::run(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
            let mut pip = Command::new(folder.join("bin/python"));
            process::run(pip.args([
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
                KITWARE,
            ]))
        })?;
    }
    Ok(program)
}

/// The shared data beside the repository, or where `HEPATICA_SHARED` says.
fn shared(place: &Place) -> Option<PathBuf> {
    let root = match std::env::var_os("HEPATICA_SHARED") {
        Some(root) => PathBuf::from(root),
        None => place.join("../shared"),
    };
    Some(root.join("data/dcm_qa")).filter(|folder| folder.is_dir())
}

/// A copy of the sets' inputs: peers that write beside their input can't touch the originals.
fn sets(shared: &Path, folder: &Path) -> anyhow::Result<PathBuf> {
    let copy = folder.join("sets");
    if !copy.exists() {
        let mut files = Vec::new();
        for set in std::fs::read_dir(shared)? {
            files.extend(files_below(&set?.path().join("In"))?);
        }
        copy_objects(&files, &copy)?;
    }
    Ok(copy)
}

fn synthetic(program: &Path, folder: &Path) -> anyhow::Result<PathBuf> {
    let study = folder.join("synthetic");
    if !study.exists() {
        let made = folder.join("phantom");
        let mut command = Command::new(program);
        command.arg("phantom").arg("--out").arg(&made);
        process::run_quietly(command.args(["--patients", "1", "--scale", "0.6", "--no-truth"]))?;
        copy_objects(&files_below(&made)?, &study)?;
        std::fs::remove_dir_all(&made)?;
    }
    Ok(study)
}

/// Files that all contenders read: dcmanon takes names that end in `.dcm` only, and ends at the first file without
/// UIDs (what is no DICOM, and DICOMDIRs, are left out).
fn copy_objects(files: &[PathBuf], to: &Path) -> anyhow::Result<()> {
    let directory = b"1.2.840.10008.1.3.10";
    for (count, file) in files.iter().enumerate() {
        let bytes = std::fs::read(file)?;
        let head = bytes.get(..1024.min(bytes.len())).unwrap_or_default();
        let is_object = bytes.get(128..132) == Some(b"DICM".as_slice())
            && !head.windows(directory.len()).any(|part| part == directory);
        if is_object {
            let path = to.join(format!("{:02}/{count:05}.dcm", count / 100));
            std::fs::create_dir_all(path.parent().unwrap_or(to))?;
            std::fs::write(path, bytes)?;
        }
    }
    Ok(())
}

fn files_below(root: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        if !folder.is_dir() {
            continue;
        }
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    Ok(found)
}
