//! A whole data set as a zip, judged by other people's programs: Info-ZIP, Python, bids-validator.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod common;

use hepatica::dataset::documents::{Documents, Participant, Scan, Session, Sex, json_bytes, opening};
use hepatica::dataset::extend::{Existing, FINGERPRINT, Survey, continue_zip};
use hepatica::dataset::layout::known_roles;
use hepatica::dataset::{
    DirectoryReader, EntryName, EntryReader, Ledger, Part, Stem, VolumeName, ZipIndex, ZipStream,
};
use serde_json::json;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A NIfTI-1 image of 4×4×3 voxels (and `times` volumes), gzipped.
fn tiny_image(times: i16) -> Vec<u8> {
    let mut nifti = vec![0_u8; 352];
    nifti[0..4].copy_from_slice(&348_i32.to_le_bytes());
    for (i, dim) in [if times > 1 { 4 } else { 3 }, 4, 4, 3, times, 1, 1, 1].into_iter().enumerate() {
        nifti[40 + 2 * i..42 + 2 * i].copy_from_slice(&dim.to_le_bytes());
    }
    nifti[70..72].copy_from_slice(&4_i16.to_le_bytes());
    nifti[72..74].copy_from_slice(&16_i16.to_le_bytes());
    for (i, size) in [1.0_f32, 2.0, 2.0, 3.0, 2.0].into_iter().enumerate() {
        nifti[76 + 4 * i..80 + 4 * i].copy_from_slice(&size.to_le_bytes());
    }
    nifti[108..112].copy_from_slice(&352.0_f32.to_le_bytes());
    nifti[123] = 10; // mm and seconds
    nifti[252..254].copy_from_slice(&1_i16.to_le_bytes());
    nifti[344..348].copy_from_slice(b"n+1\0");
    nifti.extend((0..4 * 4 * 3 * times).flat_map(|v: i16| v.to_le_bytes()));
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
    gzip.write_all(&nifti).unwrap();
    gzip.finish().unwrap()
}

/// Every role that the layout knows, and its variants, for one subject.
fn volumes(subject: &str) -> Vec<(VolumeName, String)> {
    let mut volumes = Vec::new();
    for session in ["01", "02"] {
        for role in known_roles() {
            let name = VolumeName {
                subject: subject.into(),
                session: session.into(),
                role: Some(role.into()),
                occurrence: 1,
                gradients: role == "dwi",
                timepoints: if matches!(role, "dwi" | "bold") { 3 } else { 1 },
                repetition_time: true,
                ..VolumeName::default()
            };
            volumes.push(name.clone());
            match role {
                "arterial" => volumes.push(VolumeName { occurrence: 2, ..name }),
                "t2star" => {
                    for echo in [1, 2] {
                        volumes.push(VolumeName { echo: Some(echo), part: Some(Part::Mag), ..name.clone() });
                        volumes.push(VolumeName {
                            echo: Some(echo),
                            part: Some(Part::Phase),
                            ..name.clone()
                        });
                    }
                }
                "t2" => {
                    volumes.push(name.clone());
                    volumes.push(VolumeName { fat_sat: true, echo: Some(2), ..name });
                }
                "fieldmap" => {
                    volumes.push(VolumeName { echo: Some(2), ..name.clone() });
                    let part = Some(Part::Phase);
                    volumes.push(VolumeName {
                        part,
                        echo: Some(2),
                        phase_difference: session == "01",
                        ..name
                    });
                }
                _ => {}
            }
        }
    }
    let print = |(i, name)| (name, format!("{subject}{i}"));
    volumes.into_iter().enumerate().map(print).collect()
}

fn volume_entries(stem: &Stem, name: &VolumeName, print: &str) -> Vec<(EntryName, Vec<u8>)> {
    let times = i16::try_from(name.timepoints.max(1)).unwrap();
    let mut entries = vec![(stem.image(), tiny_image(times))];
    if stem.as_str().ends_with("_dwi") {
        entries.push((stem.bval(), b"0 50 800\n".to_vec()));
        entries.push((stem.bvec(), b"0 1 0\n0 0 1\n0 0 0\n".to_vec()));
    }
    let mut sidecar = json!({ "EchoTime": 0.002, "RepetitionTime": 2 });
    if stem.as_str().ends_with("_bold") {
        sidecar["TaskName"] = "unspecified".into();
        sidecar["SliceTiming"] = json!([0, 0.5, 1]);
    }
    if stem.as_str().ends_with("_phasediff") {
        sidecar = json!({ "EchoTime1": 0.00519, "EchoTime2": 0.00765 });
    }
    if name.part == Some(Part::Phase) {
        sidecar["Units"] = "rad".into();
    }
    sidecar[FINGERPRINT] = print.into();
    entries.push((stem.sidecar(), json_bytes(&sidecar)));
    entries
}

/// What an export writes for one subject into a data set that exists or not.
fn export(subject: &str, existing: &Existing) -> Vec<(EntryName, Vec<u8>)> {
    let batch = volumes(subject);
    let mut ledger = Ledger::new(u32::try_from(batch.len()).unwrap());
    let mut entries = opening(existing).unwrap();
    let mut scans = Vec::new();
    for (file, (assigned, (name, print))) in
        (1..).zip(existing.namer().assign(&batch).unwrap().iter().zip(&batch))
    {
        entries.extend(volume_entries(&assigned.stem, name, print));
        ledger.converted(file, &assigned.stem).unwrap();
        scans.push(Scan {
            stem: assigned.stem.clone(),
            role: name.role.clone(),
            seconds_from_first: Some(18.5),
            acq_time: Some("2019-03-04T10:11:12".into()),
        });
    }
    let report = ledger.close().unwrap();
    let session = |session: &str, days| Session {
        subject: subject.into(),
        session: session.into(),
        days_from_first: Some(days),
        timepoint: None,
        date: None,
    };
    let documents = Documents {
        participants: vec![Participant {
            subject: subject.into(),
            sex: Some(Sex::F),
            age: Some("60-64".into()),
        }],
        sessions: vec![session("01", 0), session("02", 91)],
        scans,
        report: &report,
        plan: json!({ "schema": "hepatica-plan/1" }),
        deidentification: json!({}),
        hanging: json!({}),
        further: Vec::new(),
        objects: 0,
    };
    entries.extend(documents.closing(existing).unwrap());
    entries
}

fn read_index(file: &[u8]) -> ZipIndex {
    let mut reader = DirectoryReader::new(0, file.len() as u64, 1 << 24);
    while let Some(need) = reader.need() {
        reader.feed(&file[need.offset as usize..(need.offset + need.len) as usize]).unwrap();
    }
    reader.finish().unwrap()
}

fn survey(file: &[u8], index: &ZipIndex) -> Existing {
    let named = index.named();
    let mut survey = Survey::new(named.keys().cloned());
    for name in survey.wanted().to_vec() {
        let mut reader = EntryReader::new(named[&name], 1 << 20).unwrap();
        while let Some(need) = reader.need(u64::MAX) {
            reader.feed(&file[need.offset as usize..(need.offset + need.len) as usize]).unwrap();
        }
        survey.feed(&name, &reader.into_content());
    }
    survey.finish().unwrap()
}

/// Two subjects, the second added to the finished archive of the first.
fn archive() -> Vec<u8> {
    let mut stream = ZipStream::new();
    let mut file = Vec::new();
    for (name, contents) in export("7k3q9d", &Existing::default()) {
        file.extend(stream.entry(&name, &contents).unwrap());
    }
    file.extend(stream.finish());
    let index = read_index(&file);
    let existing = survey(&file, &index);
    let entries = export("2mz4xc", &existing);
    let replaced = |name: &EntryName| entries.iter().any(|(new, _)| new == name);
    let mut stream = continue_zip(&index, replaced).unwrap();
    file.truncate(usize::try_from(stream.offset()).unwrap());
    for (name, contents) in &entries {
        file.extend(stream.entry(name, contents).unwrap());
    }
    file.extend(stream.finish());
    file
}

fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let text =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
    text
}

fn written(file: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("set.zip");
    std::fs::write(&path, file).unwrap();
    (folder, path)
}

const PYTHON: &str = "
import sys, zipfile, json, gzip
with zipfile.ZipFile(sys.argv[1]) as archive:
    assert archive.testzip() is None
    infos = archive.infolist()
    assert len({i.filename.lower() for i in infos}) == len(infos)
    assert all(i.date_time == (1980, 1, 1, 0, 0, 0) and not i.flag_bits & 8 for i in infos)
    for info in infos:
        if info.filename.endswith('.json'): json.loads(archive.read(info))
        if info.filename.endswith('.nii.gz'): gzip.decompress(archive.read(info))
    print(len(infos))
";

#[test]
fn info_zip_and_python_read_an_archive_that_was_added_to() {
    let file = archive();
    assert!(file == archive(), "the same export gives the same bytes");
    let (_folder, path) = written(&file);
    let python = run(Command::new(common::judge("python")).args(["-c", PYTHON]).arg(&path));
    assert!(python.trim().parse::<u32>().unwrap() > 200, "{python}");
    let text = run(Command::new("unzip").arg("-tq").arg(&path));
    assert!(text.contains("No errors detected"), "{text}");
    let existing = survey(&file, &read_index(&file));
    assert_eq!(existing.volumes().count(), 2 * volumes("x").len());
    assert_eq!(existing.remains().count(), 0);
}

/// Every role and variant that the layout knows, unpacked.
#[test]
fn bids_validator_accepts_every_name() {
    let validator = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/judges/node_modules/bids-validator/bin/bids-validator");
    assert!(validator.exists(), "the judge `bids-validator` is absent; `cargo xtask test` sets it up");
    let folder = tempfile::tempdir().unwrap();
    unpack(&archive(), folder.path());
    let output = Command::new("node").arg(validator).arg(folder.path()).arg("--json").output().unwrap();
    let verdict: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let found = |kind: &str| -> Vec<String> {
        let issues = verdict["issues"][kind].as_array().unwrap();
        let text = |issue: &serde_json::Value| {
            let file = &issue["files"][0]["file"]["relativePath"];
            format!("{} {file}", issue["key"].as_str().unwrap())
        };
        issues.iter().map(text).collect()
    };
    assert_eq!(found("errors"), Vec::<String>::new());
    // No task has events that anybody knows of, and the authors are the user's to name.
    let harmless =
        |issue: &&String| ["EVENTS_TSV_MISSING", "NO_AUTHORS"].iter().any(|key| issue.starts_with(key));
    let warnings = found("warnings");
    assert_eq!(warnings.iter().filter(|issue| !harmless(issue)).collect::<Vec<_>>(), Vec::<&String>::new());
}

fn unpack(file: &[u8], root: &Path) {
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(file)).unwrap();
    for i in 0..archive.len() {
        let mut entry = archive.by_index(i).unwrap();
        let path = root.join(&*entry.name().unwrap());
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let mut contents = Vec::new();
        entry.read_to_end(&mut contents).unwrap();
        std::fs::write(path, contents).unwrap();
    }
}

/// An entry beyond 4 GiB and entries that begin beyond it; the contents are holes of a sparse file.
#[test]
fn archives_beyond_4_gib_have_zip64_records() {
    if !common::full() {
        common::skip("writes a sparse file of 5 GB; `cargo xtask test --full` runs it");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("big.zip");
    let mut file = std::fs::File::create(&path).unwrap();
    let mut stream = ZipStream::new();
    let size = (4_u64 << 30) + 4096;
    let mut crc = flate2::Crc::new();
    let zeros = vec![0; 1 << 20];
    for _ in 0..4096 {
        crc.update(&zeros);
    }
    crc.update(&zeros[..4096]);
    let head = stream.header(&EntryName::new("big.bin").unwrap(), size, crc.sum()).unwrap();
    file.write_all(&head).unwrap();
    file.seek(SeekFrom::Start(head.len() as u64 + size)).unwrap();
    file.write_all(&stream.entry(&EntryName::new("behind").unwrap(), b"text").unwrap()).unwrap();
    file.write_all(&stream.finish()).unwrap();
    drop(file);
    let script = "import sys, zipfile\nwith zipfile.ZipFile(sys.argv[1]) as z:\n    assert z.testzip() is None\n    print(z.read('behind'))";
    let text = run(Command::new(common::judge("python")).args(["-c", script]).arg(&path));
    assert_eq!(text.trim(), "b'text'");
    run(Command::new("unzip").arg("-tq").arg(&path));

    // Our own reader finds both, by ranges.
    let mut file = std::fs::File::open(&path).unwrap();
    let len = file.metadata().unwrap().len();
    let mut reader = DirectoryReader::new(0, len, 1 << 20);
    while let Some(need) = reader.need() {
        let mut bytes = vec![0; usize::try_from(need.len).unwrap()];
        file.seek(SeekFrom::Start(need.offset)).unwrap();
        file.read_exact(&mut bytes).unwrap();
        reader.feed(&bytes).unwrap();
    }
    let index = reader.finish().unwrap();
    let sizes: Vec<u64> = index.files().map(hepatica::dataset::ZipEntry::size).collect();
    assert_eq!(sizes, [size, 4]);
}
