//! The whole journey through the command line: one archive whatever the order, names and threads; nothing
//! lost, nothing renumbered, nothing identifying; plans obeyed; exit codes as documented.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "a test may panic")]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use common::dicom::{Form, Slice};
use hepatica::phantom::{Phantom, PhantomSpec, PlantedKind, Vendor};

struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    /// A folder with a project key.
    fn new() -> Self {
        let place = Self { folder: tempfile::tempdir().unwrap() };
        let key = format!("hepatica-project-key/1\n{}\n", "0123456789abcdef".repeat(4));
        std::fs::write(place.at("key"), key).unwrap();
        place
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn run(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_hepatica"))
            .args(arguments)
            .current_dir(self.folder.path())
            .output()
            .unwrap()
    }

    /// Converts under the key, with more arguments; the exit code and all that was said.
    fn convert(&self, input: &str, out: &str, more: &[&str]) -> (i32, String) {
        let output = self.run(&[&["convert", input, "--out", out, "--key", "key"], more].concat());
        (output.status.code().unwrap(), said(&output))
    }

    /// Writes files of one series into a folder.
    fn series(&self, folder: &str, patient: &'static str, series: u32, slices: u32) {
        std::fs::create_dir_all(self.at(folder)).unwrap();
        for n in 0..slices {
            let slice = Slice {
                patient,
                series,
                number: n + 1,
                position: [0.0, 0.0, 3.0 * f64::from(n)],
                ..Slice::default()
            };
            std::fs::write(self.at(folder).join(format!("{series}_{n}.dcm")), slice.file()).unwrap();
        }
    }
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Every entry of an archive, folder or zip, by name.
fn entries(path: &Path) -> BTreeMap<String, Vec<u8>> {
    if path.is_dir() {
        let name = |p: &PathBuf| p.strip_prefix(path).unwrap().to_str().unwrap().to_owned();
        return common::files_below(path).iter().map(|p| (name(p), std::fs::read(p).unwrap())).collect();
    }
    let mut zip = zip::ZipArchive::new(std::fs::File::open(path).unwrap()).unwrap();
    (0..zip.len())
        .map(|n| {
            let mut entry = zip.by_index(n).unwrap();
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            (entry.name().unwrap().into_owned(), bytes)
        })
        .collect()
}

fn images(path: &Path) -> BTreeSet<String> {
    entries(path).into_keys().filter(|name| name.ends_with(".nii.gz")).collect()
}

fn phantom(vendor: Option<Vendor>, patients: u32) -> Phantom {
    Phantom::new(PhantomSpec { patients, seed: 5, vendor, scale: 0.1 })
}

/// The phantom's files under names that say nothing, in another order.
fn shuffled(phantom: &Phantom, root: &Path) {
    for index in 0..phantom.count() {
        let folder = root.join(format!("d{}", index * 7 % 5));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(format!("{:05}", index * 7919 % 100_003)), phantom.file(index).unwrap())
            .unwrap();
    }
}

/// A zip of a folder, deflated.
fn zipped(folder: &Path, path: &Path) {
    use std::io::Write;
    let mut zip = zip::ZipWriter::new(std::fs::File::create(path).unwrap());
    let options =
        zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
    for file in common::files_below(folder) {
        zip.start_file(file.strip_prefix(folder).unwrap().to_str().unwrap(), options).unwrap();
        zip.write_all(&std::fs::read(file).unwrap()).unwrap();
    }
    zip.finish().unwrap();
}

#[test]
fn one_archive_whatever_the_order_the_names_the_threads_and_the_packing() {
    let place = Place::new();
    let phantom = phantom(Some(Vendor::Philips), 1);
    common::write_phantom(&phantom, &place.at("in"));
    shuffled(&phantom, &place.at("moved"));
    zipped(&place.at("moved"), &place.at("in.zip"));
    assert_eq!(place.convert("in", "a", &["--threads", "1"]).0, 0);
    let first = entries(&place.at("a"));
    assert!(first.len() > 10);
    for (input, out, threads) in [("in", "b", "2"), ("moved", "c", "4"), ("in.zip", "d", "1")] {
        assert_eq!(place.convert(input, out, &["--threads", threads]).0, 0);
        let other = entries(&place.at(out));
        assert_eq!(first.keys().collect::<Vec<_>>(), other.keys().collect::<Vec<_>>(), "{input}");
        for (name, bytes) in &first {
            assert!(other[name] == *bytes, "{name} differs, from {input} with {threads} threads");
        }
    }
    assert_eq!(place.convert("in", "e.zip", &["--threads", "1"]).0, 0);
    assert_eq!(place.convert("moved", "f.zip", &["--threads", "4"]).0, 0);
    assert!(
        std::fs::read(place.at("e.zip")).unwrap() == std::fs::read(place.at("f.zip")).unwrap(),
        "the zips differ"
    );
    assert_eq!(first, entries(&place.at("e.zip")), "a zip holds what a folder holds");
}

#[test]
fn running_again_adds_nothing_and_a_new_patient_renumbers_nobody() {
    let place = Place::new();
    place.series("one", "Quirlimund^Tabea", 1, 3);
    place.series("both", "Quirlimund^Tabea", 1, 3);
    place.series("both", "Zwackelmann^Ottokarine", 2, 4);
    for out in ["set", "set.zip"] {
        assert_eq!(place.convert("one", out, &[]).0, 0);
        let first = entries(&place.at(out));
        let (code, text) = place.convert("one", out, &[]);
        assert_eq!((code, text.contains("already in the data set")), (0, true), "{text}");
        let again = entries(&place.at(out));
        assert_eq!(images(&place.at(out)).len(), 1);
        for (name, bytes) in &first {
            assert!(name.starts_with("provenance") || again.get(name) == Some(bytes), "{name} changed");
        }
        assert_eq!(place.convert("both", out, &[]).0, 0);
        let after = entries(&place.at(out));
        assert_eq!(images(&place.at(out)).len(), 2);
        for (name, bytes) in first.iter().filter(|(name, _)| name.ends_with(".nii.gz")) {
            assert!(after.get(name) == Some(bytes), "{name} changed");
        }
        let people = String::from_utf8(after["participants.tsv"].clone()).unwrap();
        assert_eq!(people.lines().count(), 3, "{people}");
    }
}

#[test]
fn an_interrupted_zip_is_gone_on_with() {
    let place = Place::new();
    place.series("in", "Quirlimund^Tabea", 1, 3);
    place.series("in", "Quirlimund^Tabea", 2, 4);
    place.series("in", "Quirlimund^Tabea", 3, 5);
    assert_eq!(place.convert("in", "whole.zip", &[]).0, 0);
    let whole = std::fs::read(place.at("whole.zip")).unwrap();
    let names = images(&place.at("whole.zip"));
    for share in [1, 4, 7, 9] {
        // What a killed run leaves: a part, cut anywhere.
        std::fs::write(place.at("cut.zip.part"), &whole[..whole.len() * share / 10]).unwrap();
        let (code, text) = place.convert("in", "cut.zip", &[]);
        assert_eq!(code, 0, "{share}: {text}");
        assert_eq!(images(&place.at("cut.zip")), names, "{share}");
        let (cut, full) = (entries(&place.at("cut.zip")), entries(&place.at("whole.zip")));
        assert!(names.iter().all(|name| cut[name] == full[name]));
        assert!(!place.at("cut.zip.part").exists());
        std::fs::remove_file(place.at("cut.zip")).unwrap();
    }
}

/// What a value may look like in an output: as it is, in other cases and with other separators.
fn spellings(value: &str) -> BTreeSet<Vec<u8>> {
    let mut texts = BTreeSet::from([value.to_owned(), value.to_uppercase(), value.to_lowercase()]);
    for separator in [" ", "_", "-", ", ", ""] {
        texts.insert(value.replace('^', separator));
        texts.insert(value.replace(' ', separator));
    }
    let mut out = BTreeSet::new();
    for text in texts {
        out.insert(text.bytes().collect());
        out.insert(text.chars().filter_map(|c| u8::try_from(u32::from(c)).ok()).collect());
        out.insert(text.encode_utf16().flat_map(u16::to_le_bytes).collect());
        out.insert(text.encode_utf16().flat_map(u16::to_be_bytes).collect());
    }
    out
}

fn no_planted_value(vendor: Vendor) {
    let place = Place::new();
    let phantom = phantom(Some(vendor), 1);
    common::write_phantom(&phantom, &place.at("in"));
    let mut heard = Vec::new();
    for arguments in [
        &["plan", "in", "--key", "key"][..],
        &["plan", "in", "--json", "--key", "key"],
        &["convert", "in", "--all", "--out", "out", "--key", "key", "--json"],
        &["convert", "in", "--all", "--out", "out.zip", "--key", "key"],
    ] {
        let output = place.run(arguments);
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        heard.push(("what the command said".to_owned(), said(&output).into_bytes()));
    }
    for (name, bytes) in entries(&place.at("out")) {
        heard.push((name.clone(), name.clone().into_bytes()));
        let mut plain = Vec::new();
        if name.ends_with(".gz") {
            flate2::read::GzDecoder::new(&bytes[..]).read_to_end(&mut plain).unwrap();
            // Voxels hold any bytes; only what is long enough not to occur by chance is looked for there.
            heard.push((name, plain));
        } else {
            heard.push((name, bytes));
        }
    }
    for planted in phantom.planted() {
        if planted.kind == PlantedKind::Short || planted.value.len() < 6 {
            continue;
        }
        for needle in spellings(&planted.value).into_iter().filter(|n| n.len() >= 6) {
            let first = needle[0];
            for (name, bytes) in &heard {
                let hit = bytes.windows(needle.len()).any(|w| w[0] == first && w == needle);
                assert!(!hit, "{}: {} ({:?}) is in {name}", phantom.spec().seed, planted.place, planted.kind);
            }
        }
    }
}

#[test]
fn nothing_planted_comes_out_of_siemens() {
    no_planted_value(Vendor::Siemens);
}

#[test]
fn nothing_planted_comes_out_of_ge() {
    no_planted_value(Vendor::Ge);
}

#[test]
fn nothing_planted_comes_out_of_philips() {
    no_planted_value(Vendor::Philips);
}

fn report(output: &Output) -> serde_json::Value {
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn every_file_has_one_outcome_and_broken_ones_stop_nobody() {
    let place = Place::new();
    place.series("in", "Quirlimund^Tabea", 1, 4);
    place.series("in", "Quirlimund^Tabea", 2, 3);
    let put = |name: &str, bytes: &[u8]| std::fs::write(place.at("in").join(name), bytes).unwrap();
    let whole = Slice { series: 3, ..Slice::default() }.file();
    put("empty", b"");
    put("notes.txt", b"Notes that somebody left beside the images, of some length.");
    put("garbage", &(0..5000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect::<Vec<_>>());
    put("cut in header", &whole[..300]);
    put("cut in pixels", &whole[..whole.len() - 9]);
    put("copy", &std::fs::read(place.at("in/1_0.dcm")).unwrap());
    let mut directory = common::dicom::Set::default();
    directory.text((0x0002, 0x0002), "UI", "1.2.840.10008.1.3.10").text((0x0004, 0x1130), "CS", "EXPORT");
    directory.text((0x0008, 0x0016), "UI", "1.2.840.10008.1.3.10");
    put("DICOMDIR", &Form::default().file(&directory));
    #[cfg(unix)]
    std::os::unix::fs::symlink("nowhere", place.at("in").join("dangling")).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(".", place.at("in").join("loop")).unwrap();
    let output = place.run(&["convert", "in", "--out", "out", "--key", "key", "--json"]);
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    let report = report(&output);
    let rows = report["report"]["files"].as_array().unwrap();
    let count = 7 + 7 + usize::from(cfg!(unix));
    assert_eq!(rows.len(), count, "{report}");
    let ordinals: BTreeSet<u64> = rows.iter().map(|r| r["file"].as_u64().unwrap()).collect();
    assert_eq!(ordinals, (1..=count as u64).collect());
    assert_eq!(images(&place.at("out")).len(), 2);
    let summary = report["summary"].as_str().unwrap();
    for word in
        ["7 in 2 volumes", "truncated", "duplicates", "index of the medium", "empty files", "not DICOM"]
    {
        assert!(summary.contains(word), "{word}: {summary}");
    }
}

/// Paths are searched for, since folders are called by patients' names; documents have words of their own.
#[test]
fn folders_named_in_our_own_words_stop_no_export() {
    let place = Place::new();
    let folders =
        ["converted", "outcome/confidence", "participants", "hanging", "EchoTime", "days_from_first"];
    for (folder, series) in folders.iter().zip(1..) {
        place.series(&format!("in/{folder}"), "P1", series, 3);
    }
    std::fs::write(place.at("in/DICOMDIR"), b"an index that is none").unwrap();
    let (code, said) = place.convert("in", "out", &[]);
    assert_eq!(code, 0, "{said}");
    assert!(place.at("out/participants.tsv").exists(), "{said}");
}

#[test]
fn exit_codes_are_those_of_the_manual() {
    let place = Place::new();
    place.series("good", "Quirlimund^Tabea", 1, 3);
    std::fs::create_dir_all(place.at("text")).unwrap();
    std::fs::write(place.at("text/notes.txt"), "no picture here, only words of a certain length").unwrap();
    std::fs::create_dir_all(place.at("nothing")).unwrap();
    assert_eq!(place.convert("good", "a", &[]).0, 0);
    assert_eq!(place.convert("absent", "b", &[]).0, 2);
    assert_eq!(place.run(&["convert", "good"]).status.code(), Some(2));
    assert_eq!(place.convert("good", "b", &["--threads", "0"]).0, 2);
    assert_eq!(place.convert("good", "b", &["--dates", "sometimes"]).0, 2);
    assert_eq!(place.convert("good", "key", &[]).0, 2, "--out names a file");
    assert_eq!(place.convert("text", "c", &[]).0, 4);
    assert_eq!(place.convert("nothing", "d", &[]).0, 4);
    assert_eq!(place.run(&["plan", "text"]).status.code(), Some(4));
    // Dimensions that nobody's memory holds are refused, with a reason and the rest unharmed.
    let (code, text) = place.convert("good", "e", &["--budget", "0"]);
    assert_eq!(code, 4, "{text}");
    assert!(text.contains("memory"), "{text}");
    for left in ["c", "d", "e"] {
        let entries = std::fs::read_dir(place.at(left)).map_or(0, Iterator::count);
        assert_eq!(entries, 0, "a conversion of nothing leaves nothing in {left}");
    }
    assert_eq!(place.convert("text", "f.zip", &[]).0, 4);
    assert!(!place.at("f.zip").exists() && !place.at("f.zip.part").exists());
}

#[test]
fn an_edited_plan_is_obeyed_and_a_plan_of_other_data_refused() {
    let place = Place::new();
    place.series("in", "Quirlimund^Tabea", 1, 3);
    place.series("in", "Quirlimund^Tabea", 2, 4);
    place.series("other", "Quirlimund^Tabea", 1, 5);
    let output = place.run(&["plan", "in", "--json", "--key", "key"]);
    let mut plan = report(&output);
    plan["subjects"][0]["subject"] = "case7".into();
    let volumes = plan["subjects"][0]["sessions"][0]["volumes"].as_array_mut().unwrap();
    assert_eq!(volumes.len(), 2);
    volumes[0]["include"] = false.into();
    volumes[1]["role"] = "arterial_late".into();
    volumes[1]["confirmed"] = true.into();
    std::fs::write(place.at("plan.json"), plan.to_string()).unwrap();
    let (code, text) = place.convert("in", "out", &["--plan", "plan.json"]);
    assert_eq!(code, 0, "{text}");
    let names = images(&place.at("out"));
    assert_eq!(names.len(), 1, "{names:?}");
    let name = names.first().unwrap();
    assert!(name.starts_with("sub-case7/ses-01/anat/sub-case7_ses-01_acq-art"), "{name}");
    assert!(text.contains("excluded in the plan"), "{text}");
    let (code, text) = place.convert("other", "refused", &["--plan", "plan.json"]);
    assert_eq!(code, 2, "{text}");
    assert!(!place.at("refused").exists());
    std::fs::write(place.at("plan.json"), "{\"schema\": \"hepatica-plan/9\"}").unwrap();
    assert_eq!(place.convert("in", "refused", &["--plan", "plan.json"]).0, 2);
    std::fs::write(place.at("plan.json"), "no json").unwrap();
    assert_eq!(place.convert("in", "refused", &["--plan", "plan.json"]).0, 2);
}
