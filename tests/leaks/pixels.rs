//! Text burned into pixels, through the command line: what is suspected stays out, what a reviewer drew is
//! black in every frame, and nothing beside it changes.

use super::common::dicom::{Form, RLE, Set, Slice, Value};
use super::common::font::{Pen, burn};
use hepatica::deid::pixels::{PixelBox, search};
use hepatica::dicom::pixels::{Frames, PixelLayout};
use hepatica::dicom::{Header, Tag};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const COLUMNS: usize = 160;
const ROWS: usize = 96;
/// Around the text that [`picture`] bears.
const TEXT: PixelBox = PixelBox { x: 0, y: 0, width: 160, height: 24 };

/// A gradient with a name at its top.
fn picture(seed: usize) -> Vec<f64> {
    let mut values: Vec<f64> =
        (0..COLUMNS * ROWS).map(|i| (20 + (i % COLUMNS) / 4 + (i / COLUMNS + seed) / 3) as f64).collect();
    let pen = Pen { value: 250.0, rim: None, smooth: false };
    burn(&mut values, COLUMNS, (4, 4), "DOE JANE 1961", 12, pen);
    values
}

/// An object with that picture in 16 bits, as somebody's screen.
fn object(number: u32) -> Set {
    let pixels = picture(number as usize).iter().map(|v| *v as u16).collect();
    let slice = Slice { number, rows: ROWS as u16, columns: COLUMNS as u16, pixels, ..Slice::default() };
    let mut set = slice.set();
    set.text((0x0008, 0x1090), "LO", "Screen 3");
    set.text((0x0008, 0x0008), "CS", "DERIVED\\SECONDARY\\SCREEN SAVE");
    set
}

struct Run {
    folder: tempfile::TempDir,
    output: Output,
}

impl Run {
    fn report(&self) -> serde_json::Value {
        serde_json::from_slice(&self.output.stdout).unwrap()
    }

    fn written(&self) -> Vec<Vec<u8>> {
        let files = super::common::files_below(&self.folder.path().join("out"));
        let is_object = |path: &&PathBuf| path.extension().is_some_and(|e| e == "dcm");
        files.iter().filter(is_object).map(|path| std::fs::read(path).unwrap()).collect()
    }

    fn certificate(&self) -> serde_json::Value {
        let path = self.folder.path().join("out/provenance/deidentification.json");
        serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
    }
}

fn run(files: &[Vec<u8>], redactions: Option<&str>, more: &[&str]) -> Run {
    let folder = tempfile::tempdir().unwrap();
    let export = folder.path().join("in");
    std::fs::create_dir_all(&export).unwrap();
    for (n, file) in files.iter().enumerate() {
        std::fs::write(export.join(format!("{n}.dcm")), file).unwrap();
    }
    let key = folder.path().join("key");
    std::fs::write(&key, format!("hepatica-project-key/1\n{}\n", "5a".repeat(32))).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_hepatica"));
    command.arg("deidentify").arg(&export).arg("--out").arg(folder.path().join("out"));
    command.arg("--key").arg(&key).arg("--json").args(more);
    if let Some(json) = redactions {
        let path: PathBuf = Path::new(folder.path()).join("redactions.json");
        std::fs::write(&path, json).unwrap();
        command.arg("--redactions").arg(path);
    }
    let output = command.output().unwrap();
    Run { folder, output }
}

fn template(model: &str, boxes: &[PixelBox], reviewed: bool) -> String {
    serde_json::json!({
        "schema": "hepatica-redactions/1",
        "templates": [{
            "device": {
                "manufacturer": "Vendor", "model": model, "sop_class": "1.2.840.10008.5.1.4.1.1.4",
                "rows": ROWS, "columns": COLUMNS, "image_type": ["DERIVED", "SECONDARY"],
            },
            "decision": {"action": "redact", "boxes": boxes},
            "reviewed": reviewed,
        }],
    })
    .to_string()
}

fn values(file: &[u8]) -> (Header, Vec<Vec<f64>>) {
    let header = Header::from_bytes(file.to_vec()).unwrap();
    let layout = PixelLayout::of(&header).unwrap();
    let value = &file[header.pixels().unwrap().offset as usize..];
    let frames = Frames::new(&layout, header.syntax(), value).unwrap();
    let decoded = (0..layout.frames).map(|n| {
        let voxels = frames.decode(n).unwrap();
        (0..voxels.len()).map(|i| voxels.get(i).unwrap()).collect()
    });
    let decoded = decoded.collect();
    (header, decoded)
}

fn inside(area: PixelBox, pixel: usize) -> bool {
    let (x, y) = ((pixel % COLUMNS) as u32, (pixel / COLUMNS) as u32);
    (area.x..area.x + area.width).contains(&x) && (area.y..area.y + area.height).contains(&y)
}

/// Black within the box, the source's values elsewhere, in every frame; no text is found any more.
fn assert_redacted(source: &[u8], output: &[u8], samples: usize, black: f64) {
    let (_, before) = values(source);
    let (header, after) = values(output);
    assert_eq!(before.len(), after.len());
    for (before, after) in before.iter().zip(&after) {
        assert_eq!(before.len(), after.len());
        for (at, (old, new)) in before.iter().zip(after).enumerate() {
            let expected = if inside(TEXT, at / samples) { black } else { *old };
            assert_eq!(*new, expected, "sample {at}");
        }
    }
    assert!(search(&header).unwrap().boxes.is_empty());
}

fn codes(header: &Header) -> Vec<String> {
    let sequence = header.root().get(Tag(0x0012, 0x0064)).unwrap();
    sequence.items().filter_map(|item| item.text(Tag(0x0008, 0x0100))).collect()
}

#[test]
fn burned_in_text_stays_out_until_a_reviewer_has_drawn_a_box_and_never_survives_it() {
    let source = Form::default().file(&object(1));
    let first = run(std::slice::from_ref(&source), None, &[]);
    let report = first.report();
    assert_eq!((&report["written"], &report["skipped"]), (&0.into(), &1.into()), "{report}");
    let item = &report["review"][0];
    assert_eq!((&item["reason"], &item["ordinal"]), (&"screen".into(), &0.into()), "{report}");
    let found: Vec<PixelBox> = serde_json::from_value(item["boxes"].clone()).unwrap();
    assert!(matches!(found[..], [b] if b.meets(TEXT)), "{report}");
    assert_eq!(item["device"]["model"], "Screen 3");

    let decisions = serde_json::json!({
        "schema": "hepatica-redactions/1",
        "objects": {item["object"].as_str().unwrap(): {"action": "redact", "boxes": [TEXT]}},
    });
    let second = run(std::slice::from_ref(&source), Some(&decisions.to_string()), &[]);
    let written = second.written();
    assert_eq!(written.len(), 1, "{}", second.report());
    assert_redacted(&source, &written[0], 1, 0.0);
    let header = Header::from_bytes(written[0].clone()).unwrap();
    assert!(codes(&header).contains(&"113101".into()));
    assert_eq!(header.root().text(Tag(0x0028, 0x0301)).as_deref(), Some("NO"));
    assert_eq!(second.report()["redacted"], 1);
    assert_eq!(second.certificate()["burned_in_text"]["redacted"], 1);
}

#[test]
fn a_template_for_another_device_is_not_applied() {
    let source = Form::default().file(&object(1));
    let other_size = {
        let mut set = object(2);
        set.us((0x0028, 0x0010), (ROWS - 1) as u16);
        Form::default().file(&set)
    };
    let original = {
        let mut set = object(3);
        set.text((0x0008, 0x0008), "CS", "ORIGINAL\\PRIMARY\\SCREEN SAVE");
        Form::default().file(&set)
    };
    let run_with = |json: &str| run(&[source.clone(), other_size.clone(), original.clone()], Some(json), &[]);
    assert!(run_with(&template("Screen 4", &[TEXT], true)).written().is_empty());
    let written = run_with(&template("Screen 3", &[TEXT], true)).written();
    assert_eq!(written.len(), 1, "neither other rows nor another image type");
    assert_redacted(&source, &written[0], 1, 0.0);
}

#[test]
fn a_template_that_misses_the_text_lets_nothing_out() {
    let source = Form::default().file(&object(1));
    let elsewhere = PixelBox { x: 0, y: 60, width: 160, height: 20 };
    let run = run(&[source], Some(&template("Screen 3", &[elsewhere], true)), &[]);
    assert!(run.written().is_empty(), "{}", run.report());
}

#[test]
fn a_template_nobody_vouches_for_redacts_and_claims_no_review() {
    let source = Form::default().file(&object(1));
    let run = run(std::slice::from_ref(&source), Some(&template("Screen 3", &[TEXT], false)), &[]);
    let written = run.written();
    assert_redacted(&source, &written[0], 1, 0.0);
    let header = Header::from_bytes(written[0].clone()).unwrap();
    assert_ne!(header.root().text(Tag(0x0028, 0x0301)).as_deref(), Some("NO"));
}

#[test]
fn text_in_an_image_whose_header_denies_it_is_found() {
    let mut set = object(1);
    set.text((0x0008, 0x0008), "CS", "ORIGINAL\\PRIMARY\\M");
    set.text((0x0028, 0x0301), "CS", "NO");
    let run = run(&[Form::default().file(&set)], None, &[]);
    assert!(run.written().is_empty());
    assert_eq!(run.report()["review"][0]["reason"], "text");
}

/// A frame in run-length encoding without a run (PS3.5 annex G): one segment a byte of a sample.
fn run_length(segments: &[Vec<u8>]) -> Vec<u8> {
    let packed: Vec<Vec<u8>> = segments
        .iter()
        .map(|segment| {
            let mut out: Vec<u8> = Vec::new();
            for part in segment.chunks(128) {
                out.push(part.len() as u8 - 1);
                out.extend(part);
            }
            out.resize(out.len().next_multiple_of(2), 0x80);
            out
        })
        .collect();
    let mut out: Vec<u8> = (packed.len() as u32).to_le_bytes().to_vec();
    let mut offset = 64u32;
    for segment in &packed {
        out.extend(offset.to_le_bytes());
        offset += segment.len() as u32;
    }
    out.resize(64, 0);
    packed.iter().for_each(|segment| out.extend(segment));
    out
}

#[test]
fn compressed_colour_is_redacted_in_every_frame_and_comes_out_native() {
    let mut set = object(1);
    set.us((0x0028, 0x0002), 3).text((0x0028, 0x0004), "CS", "RGB").us((0x0028, 0x0006), 1);
    set.us((0x0028, 0x0100), 8).us((0x0028, 0x0101), 8).us((0x0028, 0x0102), 7);
    set.text((0x0028, 0x0008), "IS", "3");
    let frames = (0..3).map(|n| {
        let plane: Vec<u8> = picture(n).iter().map(|v| *v as u8).collect();
        let other: Vec<u8> = plane.iter().map(|v| v / 2).collect();
        run_length(&[plane.clone(), plane, other])
    });
    set.put((0x7FE0, 0x0010), "OB", Value::Fragments(vec![], frames.collect()));
    let source = Form { syntax: Some(RLE), ..Form::default() }.file(&set);
    let run = run(std::slice::from_ref(&source), Some(&template("Screen 3", &[TEXT], true)), &[]);
    let written = run.written();
    assert_eq!(written.len(), 1, "{}", run.report());
    assert_redacted(&source, &written[0], 3, 0.0);
    let header = Header::from_bytes(written[0].clone()).unwrap();
    assert_eq!(header.syntax().uid, "1.2.840.10008.1.2.1");
    assert_eq!(header.root().int(Tag(0x0028, 0x0006)), Some(0));
}

#[test]
fn black_is_what_the_photometric_interpretation_makes_black() {
    let decided = template("Screen 3", &[TEXT], true);
    let redacted = |set: &Set, form: &Form| {
        let source = form.file(set);
        let run = run(std::slice::from_ref(&source), Some(&decided), &[]);
        let written = run.written();
        assert_eq!(written.len(), 1, "{}", run.report());
        (source, written[0].clone())
    };
    let mut inverse = object(1);
    inverse.text((0x0028, 0x0004), "CS", "MONOCHROME1");
    inverse.us((0x0028, 0x0101), 12).us((0x0028, 0x0102), 11);
    let (source, output) = redacted(&inverse, &Form::default());
    assert_redacted(&source, &output, 1, 4095.0);

    // Hounsfield units: background is the least value that there is.
    let mut signed = object(1);
    signed.us((0x0028, 0x0103), 1);
    let words = picture(1).iter().map(|v| (*v as i16 - 1000).cast_unsigned()).collect();
    signed.put((0x7FE0, 0x0010), "OW", Value::U16(words));
    let (source, output) = redacted(&signed, &Form::big());
    assert_redacted(&source, &output, 1, -980.0);

    let mut planes = object(1);
    planes.us((0x0028, 0x0002), 3).text((0x0028, 0x0004), "CS", "RGB").us((0x0028, 0x0006), 1);
    planes.us((0x0028, 0x0100), 8).us((0x0028, 0x0101), 8).us((0x0028, 0x0102), 7);
    let plane: Vec<u8> = picture(1).iter().map(|v| *v as u8).collect();
    planes.put((0x7FE0, 0x0010), "OB", Value::Bytes([plane.clone(), plane.clone(), plane].concat()));
    let (source, output) = redacted(&planes, &Form::default());
    assert_redacted(&source, &output, 3, 0.0);
}

#[test]
fn decisions_that_cant_be_carried_out_are_refused_before_anything_is_written() {
    let source = Form::default().file(&object(1));
    let outside = PixelBox { x: 100, y: 0, width: 61, height: 4 };
    let empty = PixelBox { x: 0, y: 0, width: 0, height: 4 };
    for json in [
        template("Screen 3", &[outside], true),
        template("Screen 3", &[empty], true),
        template("Screen 3", &[], true),
        template("", &[TEXT], true),
        "{}".into(),
        r#"{"schema": "hepatica-redactions/1", "objects": {"DOE": {"action": "accept"}}}"#.into(),
        r#"{"schema": "hepatica-redactions/1", "secret": 1}"#.into(),
    ] {
        let run = run(std::slice::from_ref(&source), Some(&json), &[]);
        assert_eq!(run.output.status.code(), Some(2), "{json}");
        let words = String::from_utf8_lossy(&run.output.stderr).into_owned();
        assert!(!words.contains("DOE") && !words.contains("secret"), "{words}");
        assert!(!run.folder.path().join("out").exists());
    }
}

#[test]
fn a_policy_that_claims_clean_pixels_writes_no_suspect_unseen() {
    let source = Form::default().file(&object(1));
    let refused = run(std::slice::from_ref(&source), None, &["--options", "pixels", "--accept-burned-in"]);
    assert_eq!(refused.output.status.code(), Some(2));
    let clean = Form::default().file(&Slice { rows: 96, columns: 160, ..Slice::default() }.set());
    let run = run(&[source, clean], None, &["--options", "pixels"]);
    let written = run.written();
    assert_eq!(written.len(), 1, "{}", run.report());
    assert!(codes(&Header::from_bytes(written[0].clone()).unwrap()).contains(&"113101".into()));
}
