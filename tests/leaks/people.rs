//! Who can be recognised all the same: by a face, or as the only one of their kind.

use super::common::dicom::{Form, Slice};
use hepatica::deid::Date;
use hepatica::dicom::{Header, Tag};
use std::path::PathBuf;
use std::process::{Command, Output};

struct Run {
    folder: tempfile::TempDir,
    output: Output,
}

impl Run {
    fn report(&self) -> serde_json::Value {
        serde_json::from_slice(&self.output.stdout).unwrap()
    }

    fn headers(&self) -> Vec<Header> {
        let files = super::common::files_below(&self.folder.path().join("out"));
        let is_object = |path: &&PathBuf| path.extension().is_some_and(|e| e == "dcm");
        let read = |path: &PathBuf| Header::from_bytes(std::fs::read(path).unwrap()).unwrap();
        files.iter().filter(is_object).map(read).collect()
    }

    fn certificate(&self) -> serde_json::Value {
        let path = self.folder.path().join("out/provenance/deidentification.json");
        serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
    }
}

fn run(verb: &str, files: &[Vec<u8>], more: &[&str]) -> Run {
    let folder = tempfile::tempdir().unwrap();
    let export = folder.path().join("in");
    std::fs::create_dir_all(&export).unwrap();
    for (n, file) in files.iter().enumerate() {
        std::fs::write(export.join(format!("{n:03}.dcm")), file).unwrap();
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_hepatica"));
    command.arg(verb).arg(&export).arg("--out").arg(folder.path().join("out")).arg("--json").args(more);
    let output = command.output().unwrap();
    Run { folder, output }
}

/// 30 slices, 180 × 200 × 87 mm.
fn volume(part: &str) -> Vec<Vec<u8>> {
    let slices = 0..30u32;
    slices
        .map(|n| {
            let slice = Slice {
                number: n + 1,
                rows: 100,
                columns: 90,
                spacing: [2.0, 2.0],
                position: [-90.0, -100.0, f64::from(n) * 3.0],
                ..Slice::default()
            };
            let mut set = slice.set();
            set.text((0x0018, 0x0015), "CS", part);
            Form::default().file(&set)
        })
        .collect()
}

#[test]
fn a_head_is_flagged_and_left_out_where_the_policy_says_so() {
    let head = volume("BRAIN");
    let flagged = run("deidentify", &head, &[]);
    assert_eq!((&flagged.report()["written"], &flagged.report()["mayShowFace"]), (&30.into(), &30.into()));
    let section = &flagged.certificate()["recognizable_visual_features"];
    assert_eq!(section["written"], 30);
    assert_eq!(section["statement"], "recognizable visual features not removed");
    let excluded = run("deidentify", &head, &["--faces", "exclude"]);
    assert_eq!(excluded.report()["skipped"], 30);
    assert!(excluded.headers().is_empty());
    let liver = run("deidentify", &volume("LIVER"), &["--faces", "exclude"]);
    assert_eq!((&liver.report()["written"], &liver.report()["mayShowFace"]), (&30.into(), &0.into()));
}

#[test]
fn conversion_says_so_too_and_a_policy_that_leaves_heads_out_is_obeyed() {
    let head = volume("BRAIN");
    let flagged = run("convert", &head, &[]);
    assert_eq!(flagged.report()["mayShowFace"], 1, "{}", flagged.report());
    assert_eq!(flagged.certificate()["recognizable_visual_features"]["written"], 1);
    let excluded = run("convert", &head, &["--faces", "exclude"]);
    assert_eq!(excluded.report()["mayShowFace"], 0);
    let images = super::common::files_below(&excluded.folder.path().join("in"));
    assert_eq!(images.len(), 30);
    assert!(!excluded.folder.path().join("out").join("provenance").exists(), "nothing was converted");
    let liver = run("convert", &volume("LIVER"), &["--faces", "exclude"]);
    assert_eq!(liver.certificate()["recognizable_visual_features"]["written"], 0);
}

#[test]
fn a_locked_policy_that_leaves_faces_out_is_not_loosened() {
    let folder = tempfile::tempdir().unwrap();
    let policy = folder.path().join("policy.json");
    let json = r#"{"schema": "hepatica-policy/1", "locked": true, "faces": "exclude"}"#;
    std::fs::write(&policy, json).unwrap();
    let path = policy.to_str().unwrap();
    assert!(run("deidentify", &volume("BRAIN"), &["--policy", path]).headers().is_empty());
    let loosened = run("deidentify", &volume("BRAIN"), &["--policy", path, "--faces", "flag"]);
    assert_eq!(loosened.output.status.code(), Some(2));
}

/// Two studies of each of three patients.
fn cohort() -> Vec<Vec<u8>> {
    let mut files = Vec::new();
    for (n, (age, sex, second)) in
        [("061Y", "F", "20240611"), ("064Y", "F", "20240612"), ("033Y", "M", "20240313")]
            .into_iter()
            .enumerate()
    {
        for (study, date) in ["20240312", second].into_iter().enumerate() {
            let number = (n * 10 + study) as u32 + 1;
            let mut set = Slice { number, series: number, ..Slice::default() }.set();
            set.text((0x0010, 0x0010), "PN", &format!("Nemo{n}^Nullus"));
            set.text((0x0010, 0x0020), "LO", &format!("QZ{}", 700_100 + n * 37));
            set.text((0x0010, 0x0040), "CS", sex).text((0x0010, 0x1010), "AS", age);
            set.text((0x0008, 0x0020), "DA", date).text((0x0008, 0x1090), "LO", &format!("Model {}", n / 2));
            set.text((0x0020, 0x000D), "UI", &format!("1.2.826.0.1.3680043.10.779.{n}.{study}"));
            files.push(Form::default().file(&set));
        }
    }
    files
}

#[test]
fn patients_who_stand_alone_are_counted_and_coarser_traits_are_written_as_offered() {
    let options = ["--dates", "shift", "--options", "patient"];
    let plain = run("deidentify", &cohort(), &options);
    let small = &plain.report()["smallCohort"];
    assert_eq!((&small["patients"], &small["unique"]), (&3.into(), &3.into()), "{small}");
    assert_eq!(plain.certificate()["small_cohort"], *small);
    let offers = small["offers"].as_array().unwrap();
    assert!(offers.iter().any(|offer| offer["unique"] == 1), "{small}");

    let coarse = run("deidentify", &cohort(), &[&options[..], &["--coarsen", "age10,device,weeks"]].concat());
    assert_eq!(coarse.report()["smallCohort"]["unique"], 1, "{}", coarse.report());
    let mut dates = std::collections::BTreeMap::<String, Vec<Date>>::new();
    for header in coarse.headers() {
        let root = header.root();
        let age = root.text(Tag(0x0010, 0x1010)).unwrap();
        assert!(["060Y", "030Y"].contains(&age.as_str()), "{age}");
        assert!(root.text(Tag(0x0008, 0x0070)).is_none() && root.get(Tag(0x0008, 0x1090)).is_none());
        let date = Date::parse_da(&root.text(Tag(0x0008, 0x0020)).unwrap()).unwrap();
        dates.entry(root.text(Tag(0x0010, 0x0020)).unwrap()).or_default().push(date);
    }
    assert_eq!(dates.len(), 3);
    let mut gaps: Vec<i32> = dates.values().map(|d| d[1].days_since(d[0]).abs()).collect();
    gaps.sort_unstable();
    assert_eq!(gaps, [0, 91, 91]);
    // Dates that stay as they are can't be rounded.
    let kept = run("deidentify", &cohort(), &["--dates", "keep", "--coarsen", "weeks"]);
    assert_eq!(kept.output.status.code(), Some(2));
}

#[test]
fn a_certificate_whose_policy_names_the_patient_is_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let policy = folder.path().join("policy.json");
    let json =
        r#"{"schema": "hepatica-policy/1", "keep": [{"tag": "(0018,1030)", "reason": "Quavobbyx agreed"}]}"#;
    std::fs::write(&policy, json).unwrap();
    let mut set = Slice::default().set();
    set.text((0x0010, 0x0010), "PN", "Quavobbyx^Anna");
    let run = run("deidentify", &[Form::default().file(&set)], &["--policy", policy.to_str().unwrap()]);
    assert_eq!(run.output.status.code(), Some(3));
    let words = String::from_utf8_lossy(&run.output.stderr).into_owned();
    assert!(
        words.contains("deidentification.json is not written") && !words.contains("Quavobbyx"),
        "{words}"
    );
    let provenance = run.folder.path().join("out/provenance");
    assert!(!provenance.join("deidentification.json").exists() && provenance.join("files.tsv").exists());
}

#[test]
fn a_safe_private_number_stays_unless_it_is_the_patients() {
    let file = |id: &str| {
        let mut set = Slice::default().set();
        set.text((0x0010, 0x0020), "LO", id);
        set.text((0x0043, 0x0010), "LO", "GEMS_PARM_01");
        set.text((0x0043, 0x1039), "IS", "0\\268435456\\0\\0");
        Form::default().file(&set)
    };
    let options = ["--options", "safe-private"];
    let b_values = |header: &Header| header.root().get(Tag(0x0043, 0x1039)).map(|e| e.strings());
    let kept = run("deidentify", &[file("QZ700100")], &options);
    assert_eq!(b_values(&kept.headers()[0]).unwrap()[1], "268435456");
    let theirs = run("deidentify", &[file("268435456")], &options);
    assert_eq!(b_values(&theirs.headers()[0]), None);
}
