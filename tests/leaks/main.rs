//! A hostile corpus: one file for every place in which identifiers are known to survive de-identification,
//! each with a token of its own, through the command line. No token may come out anywhere; what makes the
//! images useful must.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

mod cases;
mod codestreams;
#[path = "../common/mod.rs"]
mod common;
mod mutations;
mod people;
mod phantoms;
mod pixels;
mod scores;

use cases::{Case, Expect, corpus};
use hepatica::dicom::{Header, Tag};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// One run of the program on the corpus.
struct Run {
    folder: tempfile::TempDir,
    output: Output,
}

impl Run {
    fn out(&self) -> PathBuf {
        self.folder.path().join("out")
    }

    /// Case by name → what became of it: outcome and path.
    fn outcomes(&self, cases: &[Case]) -> BTreeMap<&'static str, (String, Option<PathBuf>)> {
        let map = std::fs::read_to_string(self.folder.path().join("files.csv")).unwrap();
        let mut names = BTreeMap::new();
        for line in map.lines().skip(1) {
            let (ordinal, path) = line.split_once(',').unwrap();
            let stem = Path::new(path).file_stem().unwrap().to_str().unwrap().to_owned();
            names.insert(ordinal.to_owned(), stem);
        }
        let table = std::fs::read_to_string(self.out().join("provenance/files.tsv")).unwrap();
        let mut out = BTreeMap::new();
        for line in table.lines().skip(1) {
            let cells: Vec<&str> = line.split('\t').collect();
            let stem = &names[cells[0]];
            let case = cases.iter().find(|case| case.file_stem() == *stem).unwrap();
            let path = (cells[1] == "written").then(|| self.out().join(cells[3]));
            out.insert(case.name, (cells[1].to_owned(), path));
        }
        out
    }
}

fn run(cases: &[Case], arguments: &[&str]) -> Run {
    let folder = tempfile::tempdir().unwrap();
    let export = folder.path().join("in");
    write(cases, &export);
    let key = fixed_key(folder.path());
    let output = Command::new(env!("CARGO_BIN_EXE_hepatica"))
        .arg("deidentify")
        .arg(&export)
        .arg("--out")
        .arg(folder.path().join("out"))
        .arg("--key")
        .arg(&key)
        .arg("--file-map")
        .arg(folder.path().join("files.csv"))
        .args(arguments)
        .output()
        .unwrap();
    assert!(matches!(output.status.code(), Some(0 | 3)), "{}", String::from_utf8_lossy(&output.stderr));
    Run { folder, output }
}

/// A key that is always the same.
fn fixed_key(folder: &Path) -> PathBuf {
    let key = folder.join("key");
    std::fs::write(&key, format!("hepatica-project-key/1\n{}\n", "5a".repeat(32))).unwrap();
    key
}

/// Whether bytes hold a token in any case, in UTF-8, Latin-1 or UTF-16.
fn holds(bytes: &[u8], token: &str) -> bool {
    let lower = bytes.to_ascii_lowercase();
    let token = token.to_lowercase();
    let latin: Vec<u8> = token.chars().filter_map(|c| u8::try_from(u32::from(c)).ok()).collect();
    let wide: Vec<u8> = token.encode_utf16().flat_map(u16::to_le_bytes).collect();
    // A short number may stand by chance among the 38 random digits of a UID that is ours.
    let by_chance = |at: usize| {
        let digits = |bytes: &mut dyn Iterator<Item = &u8>| bytes.take_while(|b| b.is_ascii_digit()).count();
        let (before, behind) = lower.split_at(at);
        pattern_is_number(&token) && digits(&mut before.iter().rev()) + digits(&mut behind.iter()) >= 30
    };
    let find = |pattern: &[u8]| {
        let mut windows = lower.windows(pattern.len().max(1)).enumerate();
        !pattern.is_empty() && windows.any(|(at, w)| w == pattern && !by_chance(at))
    };
    find(token.as_bytes()) || (latin.len() >= 3 && find(&latin)) || find(&wide)
}

fn pattern_is_number(token: &str) -> bool {
    token.len() <= 8 && token.bytes().all(|b| b.is_ascii_digit())
}

fn survivors(cases: &[Case], run: &Run) -> Vec<String> {
    let mut hay: Vec<(String, Vec<u8>)> = vec![
        ("standard output".into(), run.output.stdout.clone()),
        ("standard error".into(), run.output.stderr.clone()),
    ];
    for path in common::files_below(&run.out()) {
        let name = path.strip_prefix(run.out()).unwrap().to_string_lossy().into_owned();
        hay.push((format!("the name of {name}"), name.clone().into_bytes()));
        hay.push((name, std::fs::read(&path).unwrap()));
    }
    let mut found = Vec::new();
    for case in cases {
        for token in &case.tokens {
            for (place, bytes) in &hay {
                if holds(bytes, token) {
                    found.push(format!("{}: {token} in {place}", case.name));
                }
            }
        }
    }
    found
}

fn check(arguments: &[&str]) {
    let cases = corpus();
    let run = run(&cases, arguments);
    let found = survivors(&cases, &run);
    assert!(found.is_empty(), "{} tokens survive:\n{}", found.len(), found.join("\n"));
    let outcomes = run.outcomes(&cases);
    let mut wrong = Vec::new();
    for case in &cases {
        let (outcome, path) = &outcomes[case.name];
        let expected = match case.expect {
            Expect::Written => "written",
            Expect::Skipped => "skipped",
            Expect::Failed => "failed",
        };
        if outcome != expected {
            wrong.push(format!("{}: {outcome}, not {expected}", case.name));
        }
        if let Some(path) = path {
            wrong.extend(lost(case, &std::fs::read(path).unwrap()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What must stay and doesn't: geometry, acquisition, pixels.
fn lost(case: &Case, output: &[u8]) -> Vec<String> {
    let before = Header::from_bytes(case.file.clone()).unwrap();
    let after = Header::from_bytes(output.to_vec()).unwrap();
    assert!(after.damage().is_none(), "{}", case.name);
    let mut lost = Vec::new();
    for (group, element) in MUST_STAY {
        let tag = Tag(*group, *element);
        let (old, new) = (before.root().strings(tag), after.root().strings(tag));
        let (old_numbers, new_numbers) = (before.root().floats(tag), after.root().floats(tag));
        if before.root().get(tag).is_some_and(|e| !e.bytes().is_empty())
            && (old != new && old_numbers != new_numbers || after.root().get(tag).is_none())
            && !case.may_lose.contains(&tag)
        {
            lost.push(format!("{}: ({group:04X},{element:04X}) is lost", case.name));
        }
    }
    if case.name == "an overlay in unused bits" {
        let at = after.pixels().unwrap().offset as usize;
        let from = before.pixels().unwrap().offset as usize;
        for n in (0..24).step_by(2) {
            assert_eq!(output[at + n..at + n + 2], [case.file[from + n], 0], "stored bits stay, others go");
        }
    }
    if case.same_pixels {
        let (old, new) = (before.pixels().unwrap(), after.pixels().unwrap());
        let value = |header: &Header, bytes: &[u8], at: u64, len: usize| {
            let whole = if header.syntax().deflated { Vec::new() } else { bytes.to_vec() };
            whole.get(at as usize..at as usize + len).map(<[u8]>::to_vec)
        };
        let len = 24;
        assert_eq!(
            value(&before, &case.file, old.offset, len),
            value(&after, output, new.offset, len),
            "{}",
            case.name
        );
    }
    lost
}

/// ImageType, SOPClassUID, Modality, make and model, timing and geometry, pixel format.
const MUST_STAY: &[(u16, u16)] = &[
    (0x0008, 0x0008),
    (0x0008, 0x0016),
    (0x0008, 0x0060),
    (0x0008, 0x0070),
    (0x0018, 0x0050),
    (0x0018, 0x0080),
    (0x0018, 0x0081),
    (0x0018, 0x1314),
    (0x0020, 0x0011),
    (0x0020, 0x0013),
    (0x0020, 0x0032),
    (0x0020, 0x0037),
    (0x0028, 0x0002),
    (0x0028, 0x0004),
    (0x0028, 0x0010),
    (0x0028, 0x0011),
    (0x0028, 0x0030),
    (0x0028, 0x0100),
    (0x0028, 0x0101),
    (0x0028, 0x0102),
    (0x0028, 0x0103),
];

#[test]
fn no_token_survives_the_basic_profile() {
    check(&[]);
}

#[test]
fn no_token_survives_cleaned_texts_and_shifted_dates() {
    check(&["--dates", "shift", "--options", "descriptors,graphics,safe-private,patient"]);
}

#[test]
fn no_token_survives_structured_content_cleaned() {
    let mut cases = corpus();
    cases.retain(|case| case.folder().contains("objects") || case.folder().contains("text"));
    let run = run(&cases, &["--options", "structured-content,descriptors"]);
    let found = survivors(&cases, &run);
    assert!(found.is_empty(), "{}", found.join("\n"));
    assert_eq!(run.outcomes(&cases)["structured report"].0, "written");
}

/// Writes the corpus as an export would lie on a disk.
fn write(cases: &[Case], export: &Path) {
    for case in cases {
        let path = export.join(case.folder());
        std::fs::create_dir_all(&path).unwrap();
        std::fs::write(path.join(format!("{}.dcm", case.file_stem())), &case.file).unwrap();
    }
}

/// Converts the corpus and searches the data set, and what was said.
fn check_conversion(arguments: &[&str]) -> tempfile::TempDir {
    let cases = corpus();
    let folder = tempfile::tempdir().unwrap();
    let export = folder.path().join("in");
    write(&cases, &export);
    let out = folder.path().join("out");
    // One key for every run: under another, one patient's shifted date may be another's real one, by chance.
    let key = fixed_key(folder.path());
    let output = Command::new(env!("CARGO_BIN_EXE_hepatica"))
        .arg("convert")
        .arg(&export)
        .arg("--out")
        .arg(&out)
        .arg("--key")
        .arg(&key)
        .args(arguments)
        .output()
        .unwrap();
    let mut hay: Vec<(String, Vec<u8>)> =
        vec![("standard output".into(), output.stdout), ("standard error".into(), output.stderr)];
    for path in common::files_below(&out) {
        let name = path.strip_prefix(&out).unwrap().to_string_lossy().into_owned();
        let mut bytes = std::fs::read(&path).unwrap();
        if path.extension().is_some_and(|e| e == "gz") {
            bytes = gunzip(&bytes);
        }
        hay.push((format!("the name of {name}"), name.clone().into_bytes()));
        hay.push((name, bytes));
    }
    assert!(hay.len() > 20, "{} places to search", hay.len());
    // No value of one hostile file stops the tables of all.
    assert!(out.join("provenance/deidentification.json").exists(), "{}", String::from_utf8_lossy(&hay[1].1));
    let mut found = Vec::new();
    for case in &cases {
        for token in &case.tokens {
            let places = hay.iter().filter(|(_, bytes)| holds(bytes, token));
            found.extend(places.map(|(place, _)| format!("{}: {token} in {place}", case.name)));
        }
    }
    assert!(found.is_empty(), "{} tokens survive:\n{}", found.len(), found.join("\n"));
    folder
}

#[test]
fn no_token_survives_in_images_and_sidecars() {
    check_conversion(&[]);
}

#[test]
fn no_token_survives_in_a_data_set_with_its_dicom_tree() {
    let folder = check_conversion(&["--all", "--dicom", "--dates", "shift"]);
    let objects = common::files_below(&folder.path().join("out/dicom"));
    assert!(objects.len() > 100, "{} objects", objects.len());
}

#[test]
fn no_token_survives_in_a_data_set_under_the_options_that_clean() {
    let folder = tempfile::tempdir().unwrap();
    let policy = folder.path().join("policy.json");
    let json = r#"{"schema": "hepatica-policy/1", "dates": "shift", "device": "model", "options": {
        "retain_safe_private": true, "clean_descriptors": true, "clean_structured_content": true,
        "clean_graphics": true}}"#;
    std::fs::write(&policy, json).unwrap();
    check_conversion(&["--dicom", "--policy", policy.to_str().unwrap()]);
}

/// For the browser's tests, which drop the same corpus onto the page: files, and the tokens of each.
#[test]
fn the_corpus_can_be_written_where_the_page_reads_it() {
    let cases = corpus();
    let folder = match std::env::var_os("HEPATICA_CORPUS") {
        Some(folder) => PathBuf::from(folder),
        None => PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("leaks"),
    };
    write(&cases, &folder.join("in"));
    let tokens: BTreeMap<&str, &[String]> =
        cases.iter().map(|case| (case.name, case.tokens.as_slice())).collect();
    std::fs::write(folder.join("tokens.json"), serde_json::to_string_pretty(&tokens).unwrap()).unwrap();
}

#[test]
fn a_file_that_was_cut_off_anywhere_is_not_written() {
    let cases = corpus();
    let whole =
        cases.iter().find(|case| matches!(case.expect, Expect::Written)).map(|case| &case.file).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let export = folder.path().join("in");
    std::fs::create_dir_all(&export).unwrap();
    for len in 133..whole.len() - 1 {
        std::fs::write(export.join(format!("{len:06}.dcm")), &whole[..len]).unwrap();
    }
    let out = folder.path().join("out");
    let program = env!("CARGO_BIN_EXE_hepatica");
    Command::new(program).arg("deidentify").arg(&export).arg("--out").arg(&out).output().unwrap();
    let written =
        common::files_below(&out).into_iter().filter(|path| path.extension().is_some_and(|e| e == "dcm"));
    assert_eq!(written.count(), 0);
}

fn gunzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Read as _;
    let mut out = Vec::new();
    flate2::read::GzDecoder::new(bytes).read_to_end(&mut out).unwrap();
    out
}

#[test]
fn the_same_key_gives_the_same_bytes_with_any_number_of_threads() {
    let cases = corpus();
    let trees: Vec<Vec<(PathBuf, Vec<u8>)>> = ["1", "3"]
        .into_iter()
        .map(|threads| {
            let run = run(&cases, &["--threads", threads, "--dates", "shift"]);
            let out = run.out();
            let files = common::files_below(&out);
            files
                .into_iter()
                .map(|path| (path.strip_prefix(&out).unwrap().to_owned(), std::fs::read(&path).unwrap()))
                .collect()
        })
        .collect();
    assert!(trees[0] == trees[1]);
}

#[test]
fn the_corpus_has_at_least_eighty_cases_each_with_tokens_of_its_own() {
    let cases = corpus();
    assert!(cases.len() >= 80, "{}", cases.len());
    let tokens: Vec<&String> = cases.iter().flat_map(|case| &case.tokens).collect();
    let unique: std::collections::BTreeSet<_> = tokens.iter().collect();
    assert_eq!(tokens.len(), unique.len());
    let names: std::collections::BTreeSet<_> = cases.iter().map(|case| case.name).collect();
    assert_eq!(names.len(), cases.len());
    // Every token is in its own file, or in its path: else nothing is tested.
    for case in &cases {
        for token in &case.tokens {
            let path = format!("{}/{}", case.folder(), case.file_stem());
            let planted = holds(&case.file, token) || holds(path.as_bytes(), token) || case.packed;
            assert!(planted, "{}: {token}", case.name);
        }
    }
}
