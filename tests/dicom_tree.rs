//! The DICOM tree of the archive, and policies, through the command line: the objects are those of
//! `hepatica deidentify`, nothing is written over, and what an institution locks stays locked.
#![allow(clippy::unwrap_used, missing_docs, reason = "a test may panic")]

mod common;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::dicom::Slice;
use hepatica::phantom::{Phantom, PhantomSpec};

struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let place = Self { folder: tempfile::tempdir().unwrap() };
        let key = format!("hepatica-project-key/1\n{}\n", "0123456789abcdef".repeat(4));
        std::fs::write(place.at("key"), key).unwrap();
        place
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Exit code, and all that was said.
    fn run(&self, arguments: &[&str]) -> (i32, String) {
        let output = Command::new(env!("CARGO_BIN_EXE_hepatica"))
            .args(arguments)
            .args(["--key", "key"])
            .current_dir(self.folder.path())
            .output()
            .unwrap();
        let said = [&output.stdout[..], &output.stderr[..]].map(String::from_utf8_lossy).concat();
        (output.status.code().unwrap(), said)
    }

    fn policy(&self, fields: &str) {
        std::fs::write(self.at("policy"), format!(r#"{{"schema": "hepatica-policy/1", {fields}}}"#)).unwrap();
    }

    fn series(&self, folder: &str, series: u32, slices: u32) {
        std::fs::create_dir_all(self.at(folder)).unwrap();
        for n in 0..slices {
            let position = [0.0, 0.0, 3.0 * f64::from(n)];
            let mut set = Slice { patient: "P1", series, number: n + 1, position, ..Slice::default() }.set();
            set.text((0x0008, 0x0080), "LO", "Sankt Nirgendwo");
            set.text((0x0018, 0x1000), "LO", "SN9988776");
            let file = common::dicom::Form::default().file(&set);
            std::fs::write(self.at(folder).join(format!("{series}_{n}.dcm")), file).unwrap();
        }
    }
}

fn tree(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let name = |path: &PathBuf| path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
    common::files_below(root).iter().map(|path| (name(path), std::fs::read(path).unwrap())).collect()
}

fn certificate(place: &Place, out: &str, name: &str) -> serde_json::Value {
    serde_json::from_slice(&std::fs::read(place.at(out).join("provenance").join(name)).unwrap()).unwrap()
}

#[test]
fn objects_are_those_of_deidentify_by_name_and_byte() {
    let place = Place::new();
    let phantom = Phantom::new(PhantomSpec { patients: 2, seed: 3, scale: 0.05, ..PhantomSpec::default() });
    common::write_phantom(&phantom, &place.at("in"));
    let maps = ["--dicom", "--uid-map", "uids", "--id-map", "ids", "--all", "--dates", "shift"];
    let (code, said) = place.run(&[&["convert", "in", "--out", "set"], &maps[..]].concat());
    assert_eq!(code, 0, "{said}");
    let alone = ["--options", "patient", "--dates", "shift", "--uid-map", "uids2", "--id-map", "ids2"];
    let (code, said) = place.run(&[&["deidentify", "in", "--out", "objects"], &alone[..]].concat());
    assert_eq!(code, 0, "{said}");
    let (mut alone, beside) = (tree(&place.at("objects")), tree(&place.at("set/dicom")));
    alone.retain(|name, _| name.starts_with("sub-"));
    assert!(beside.len() > 300, "{}", beside.len());
    for (name, bytes) in &beside {
        assert!(alone.get(name) == Some(bytes), "{name}");
    }
    // The plan leaves projections out of images and objects alike, unless asked; `--all` asks.
    assert_eq!(alone.len(), beside.len());
    let read = |name: &str| std::fs::read_to_string(place.at(name)).unwrap();
    assert_eq!(read("uids"), read("uids2"));
    assert_eq!(read("ids").lines().count(), 3);
    let (mut own, mut other): (Vec<_>, Vec<_>) =
        (read("ids").lines().map(str::to_owned).collect(), read("ids2").lines().map(str::to_owned).collect());
    own.sort();
    other.sort();
    assert_eq!(own, other);
    let dicom = certificate(&place, "set", "deidentification_dicom.json");
    assert_eq!(dicom["objects"], beside.len());
    assert_eq!(dicom["subjects"], 2);
    assert!(dicom["searched"]["spellings"].as_u64().unwrap() > 100);
    let page = std::fs::read_to_string(place.at("set/provenance/deidentification.html")).unwrap();
    assert!(page.contains("Pseudonymised. Known identifiers not found") && page.contains("DICOM objects"));
    assert!(!page.to_lowercase().contains("anonymous"));
    // Nobody's table: neither UIDs nor IDs are in the archive.
    for (name, bytes) in tree(&place.at("set")) {
        assert!(!name.contains("uid") && !String::from_utf8_lossy(&bytes).contains("uid_old"), "{name}");
    }
}

#[test]
fn a_second_export_writes_what_is_missing_and_nothing_over() {
    let place = Place::new();
    place.series("in", 5, 4);
    assert_eq!(place.run(&["convert", "in", "--out", "set"]).0, 0);
    assert!(!place.at("set/dicom").exists());
    // Images first, objects later.
    let (code, said) = place.run(&["convert", "in", "--out", "set", "--dicom"]);
    assert!(code == 0 && said.contains("DICOM: 4 written"), "{said}");
    let first = tree(&place.at("set/dicom"));
    assert!(first.len() == 4 && first.keys().all(|name| name.contains("/ser-01/")));
    assert!(place.at("set/provenance/deidentification_dicom_run-02.json").exists());
    // One that was lost is written again; those that are there are not.
    let lost = first.keys().next().unwrap();
    std::fs::remove_file(place.at("set/dicom").join(lost)).unwrap();
    let (_, said) = place.run(&["convert", "in", "--out", "set", "--dicom"]);
    assert!(said.contains("1 written") && said.contains("3 skipped: already in the data set"), "{said}");
    assert_eq!(tree(&place.at("set/dicom")), first);
    // A series that would stand before it gets the next folder, and the first keeps its own.
    place.series("in", 3, 3);
    let (code, said) = place.run(&["convert", "in", "--out", "set", "--dicom"]);
    assert!(code == 0 && said.contains("DICOM: 3 written") && said.contains("4 skipped"), "{said}");
    let both = tree(&place.at("set/dicom"));
    assert!(first.iter().all(|(name, bytes)| both.get(name) == Some(bytes)));
    assert_eq!(both.keys().filter(|name| name.contains("/ser-02/")).count(), 3, "{:?}", both.keys());
    assert_eq!(both.len(), 7);
}

#[test]
fn an_export_that_was_killed_is_finished_and_a_zip_goes_on() {
    let place = Place::new();
    place.series("in", 5, 4);
    assert_eq!(place.run(&["convert", "in", "--out", "set", "--dicom"]).0, 0);
    let whole = tree(&place.at("set"));
    // As a power cut leaves it: two objects, no document.
    for name in whole.keys().filter(|name| name.starts_with("provenance") || name.contains("00000")).skip(2) {
        std::fs::remove_file(place.at("set").join(name)).unwrap();
    }
    let (code, said) = place.run(&["convert", "in", "--out", "set", "--dicom"]);
    assert!(code == 0 && said.contains("DICOM: 4 written"), "{said}");
    let again = tree(&place.at("set"));
    let objects = |tree: &BTreeMap<String, Vec<u8>>| {
        tree.iter()
            .filter(|(name, _)| name.starts_with("dicom/"))
            .map(|(n, b)| (n.clone(), b.clone()))
            .collect()
    };
    let (first, second): (Vec<_>, Vec<_>) = (objects(&whole), objects(&again));
    assert!(first == second);

    assert_eq!(place.run(&["convert", "in", "--out", "set.zip", "--dicom"]).0, 0);
    place.series("in", 3, 3);
    let (code, said) = place.run(&["convert", "in", "--out", "set.zip", "--dicom"]);
    assert!(code == 0 && said.contains("DICOM: 3 written"), "{said}");
    let mut zip = zip::ZipArchive::new(std::fs::File::open(place.at("set.zip")).unwrap()).unwrap();
    let names: Vec<String> =
        (0..zip.len()).map(|n| zip.by_index(n).unwrap().name().unwrap().into_owned()).collect();
    assert_eq!(names.iter().filter(|name| name.starts_with("dicom/")).count(), 7, "{names:?}");
}

#[test]
fn serial_numbers_stay_only_where_the_policy_asks_for_the_whole_option() {
    let place = Place::new();
    place.series("in", 1, 3);
    let holds = |out: &str, text: &str| {
        let found = tree(&place.at(out).join("dicom"));
        assert_eq!(found.len(), 3);
        found.values().all(|bytes| bytes.windows(text.len()).any(|w| w == text.as_bytes()))
    };
    assert_eq!(place.run(&["convert", "in", "--out", "a", "--dicom"]).0, 0);
    assert!(!holds("a", "SN9988776"), "make and model only");
    place.policy(r#""options": {"retain_device_identity": true, "retain_institution_identity": true}"#);
    let (code, said) = place.run(&["convert", "in", "--out", "b", "--dicom", "--policy", "policy"]);
    assert_eq!(code, 0, "{said}");
    assert!(holds("b", "SN9988776") && holds("b", "Sankt Nirgendwo"), "as the standard has it");
    let sidecars = |out: &str| {
        let is_one = |name: &str| name.ends_with(".json") && !name.starts_with("provenance/");
        let all = tree(&place.at(out)).into_iter().filter(|(name, _)| is_one(name));
        all.map(|(_, bytes)| String::from_utf8(bytes).unwrap()).collect::<Vec<_>>().concat()
    };
    assert!(sidecars("b").contains(r#""InstitutionName": "Sankt Nirgendwo""#), "{}", sidecars("b"));
    assert!(!sidecars("a").contains("Nirgendwo") && !sidecars("b").contains("SN9988776"));
    place.policy(r#""options": {"retain_device_identity": true}, "device": "model""#);
    assert_eq!(place.run(&["convert", "in", "--out", "c", "--dicom", "--policy", "policy"]).0, 0);
    assert!(!holds("c", "SN9988776"));
}

#[test]
fn a_policy_is_obeyed_recorded_and_where_locked_never_loosened() {
    let place = Place::new();
    place.series("in", 1, 3);
    place.policy(
        r#""name": "Radiology", "locked": true, "dates": "shift",
           "keep": [{"tag": "(0008,0080)", "reason": "a study of one hospital"}]"#,
    );
    let (code, said) =
        place.run(&["convert", "in", "--out", "set", "--dicom", "--policy", "policy", "--dates", "keep"]);
    assert!(code != 0 && said.contains("locked"), "{said}");
    assert!(!place.at("set").exists());
    let (code, said) = place.run(&["convert", "in", "--out", "set", "--dicom", "--policy", "policy"]);
    assert_eq!(code, 0, "{said}");
    let objects = tree(&place.at("set/dicom"));
    let name = b"Sankt Nirgendwo";
    assert!(objects.values().all(|bytes| bytes.windows(name.len()).any(|w| w == name)));
    for file in ["deidentification.json", "deidentification_dicom.json"] {
        let said = certificate(&place, "set", file);
        assert_eq!(said["policy"]["name"], "Radiology", "{file}");
        assert_eq!(said["policy"]["locked"], true, "{file}");
    }
    let dicom = certificate(&place, "set", "deidentification_dicom.json");
    let kept = dicom["retained"].as_array().unwrap();
    assert!(kept.iter().any(|item| item["why"] == "a study of one hospital"), "{kept:?}");
}

#[test]
fn a_policy_that_is_not_as_it_must_be_is_refused_with_its_path() {
    let place = Place::new();
    place.series("in", 1, 2);
    for (fields, expected) in [
        (r#""options": {"retain_uids": "yes"}"#, "$.options.retain_uids: expected a boolean"),
        (r#""keep": [{"tag": "(0010,4000)"}]"#, "$.keep[0]: `reason` is missing"),
        (r#""keep": [{"tag": "(0010,4000)", "reason": " "}]"#, "needs a reason"),
        (r#""dates": "sometimes""#, "$.dates: expected one of `none`, `shift` or `keep`"),
        (r#""extra": 1"#, "$: an unknown field"),
    ] {
        place.policy(fields);
        for verb in ["convert", "deidentify"] {
            let (code, said) = place.run(&[verb, "in", "--out", "set", "--policy", "policy"]);
            assert!(code == 2 || code == 1, "{code}");
            assert!(said.contains(expected), "{verb}: {said}");
            assert!(!place.at("set").exists());
        }
    }
}
