//! Labels drawn, saved in every format, and read by other people's readers: the same voxels in the same places.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "a test may panic")]

mod common;

use std::path::Path;
use std::process::Command;

use dicom_dictionary_std::tags as t;
use hepatica::annotate::editor::{
    BrushOptions, Editor, Images, OptionsChange, Phase, SaveAs, Saving, SegmentEdit, Stroke, Tool,
};
use hepatica::annotate::outgoing::Leave;
use hepatica::annotate::{Desk, Opening};
use hepatica::dicom::write::{DataSet, EXPLICIT_LITTLE, file_head, native_pixels};
use hepatica::dicom::{Header, Need, Tag, VR};
use hepatica::nifti::{ImageHeader, read};
use hepatica::phantom::{Phantom, PhantomSpec};
use hepatica::segment::formats::SourceSeries;
use hepatica::segment::space::{Plane, Space};
use hepatica::volume::{Affine, Grid, VoxelType, Voxels};

const DIMS: [u32; 3] = [37, 31, 19];

/// Grids as a NIfTI header gives them: 32-bit numbers.
fn grids() -> Vec<(&'static str, Grid)> {
    let (s, c) = (0.35_f64.sin(), 0.35_f64.cos());
    let turned = [[c, s, 0.0], [-s * c, c * c, s], [s * s, -c * s, c]];
    let scaled = |by: [f64; 3]| [0, 1, 2].map(|a| turned[a].map(|v| v * by[a]));
    let of = |[x, y, z]: [[f64; 3]; 3]| {
        let affine = Affine::from_columns(x, y, z, [31.27, -17.53, 4.71]);
        Grid::new(DIMS, Affine(affine.0.map(|row| row.map(|v| f64::from(v as f32))))).unwrap()
    };
    vec![
        ("axial", of([[-0.78, 0.0, 0.0], [0.0, -0.78, 0.0], [0.0, 0.0, 3.1]])),
        ("axial-from-below", of([[-0.78, 0.0, 0.0], [0.0, 0.78, 0.0], [0.0, 0.0, 3.1]])),
        ("sagittal", of([[0.0, -0.9, 0.0], [0.0, 0.0, -0.9], [4.2, 0.0, 0.0]])),
        ("coronal", of([[-1.1, 0.0, 0.0], [0.0, 0.0, -1.1], [0.0, 3.3, 0.0]])),
        ("oblique", of(scaled([0.8, 0.9, 2.5]))),
        ("left-handed", of(scaled([0.8, 0.9, -2.5]))),
    ]
}

/// Strokes without any symmetry, through the editor.
fn drawn(grid: &Grid, reference: &Voxels) -> Editor {
    let images = Images { id: 0, reference, others: &[] };
    let mut editor = Editor::new(*grid).unwrap();
    editor.edit_segment(&SegmentEdit::Preset { preset: "hcc".to_owned() }, &images).unwrap();
    let space = Space::new(grid);
    let paths: [(u8, f64, bool, &[[f64; 3]]); 4] = [
        (1, 7.0, true, &[[9.0, 21.0, 5.0], [15.0, 19.0, 8.0]]),
        (5, 9.0, false, &[[20.0, 6.0, 12.0], [33.0, 9.0, 12.0]]),
        (6, 3.0, false, &[[1.0, 1.0, 17.0], [30.0, 3.0, 17.0], [35.0, 29.0, 17.0]]),
        (2, 0.1, false, &[[36.0, 0.0, 18.0]]),
    ];
    for (label, diameter, sphere, points) in paths {
        editor.edit_segment(&SegmentEdit::Activate { label }, &images).unwrap();
        let brush = Some(BrushOptions { diameter, sphere });
        editor.set_options(OptionsChange { brush, ..OptionsChange::default() }, &images).unwrap();
        let plane = Plane::of_slice(&space, 2, points[0][2] as usize);
        for (phase, points) in [(Phase::Begin, points), (Phase::End, &[])] {
            let stroke = Stroke { tool: Tool::Paint, phase, plane, points, inverted: false };
            editor.stroke(&stroke, &images).unwrap();
        }
    }
    editor
}

/// De-identified MR images on the grid whose rows run against the grid's, as scanners' do against NIfTI's.
fn series(grid: &Grid) -> SourceSeries {
    let affine = grid.affine();
    let lps = |v: [f64; 3]| [-v[0], -v[1], v[2]];
    let unit = |v: [f64; 3]| {
        let length = v.iter().map(|x| x * x).sum::<f64>().sqrt();
        v.map(|x| x / length)
    };
    let text = |values: &[f64]| {
        let short = |v: &f64| format!("{v:.13}").chars().take(16).collect::<String>();
        values.iter().map(short).collect::<Vec<_>>().join("\\")
    };
    let [columns, rows, slices] = DIMS;
    let headers: Vec<Header> = (0..slices)
        .rev()
        .map(|k| {
            let instance = format!("1.2.826.4.{}", k + 1);
            let mut set = DataSet::default();
            for (tag, vr, value) in [
                (t::SOP_CLASS_UID, VR::UI, "1.2.840.10008.5.1.4.1.1.4"),
                (t::SOP_INSTANCE_UID, VR::UI, instance.as_str()),
                (t::STUDY_DATE, VR::DA, "20200304"),
                (t::STUDY_TIME, VR::TM, "101112"),
                (t::STUDY_ID, VR::SH, "1"),
                (t::MODALITY, VR::CS, "MR"),
                (t::PATIENT_NAME, VR::PN, "sub-7k3q9d^"),
                (t::PATIENT_ID, VR::LO, "sub-7k3q9d"),
                (t::PATIENT_IDENTITY_REMOVED, VR::CS, "YES"),
                (t::DEIDENTIFICATION_METHOD, VR::LO, "PS3.15 Annex E"),
                (t::STUDY_INSTANCE_UID, VR::UI, "1.2.826.1"),
                (t::SERIES_INSTANCE_UID, VR::UI, "1.2.826.2"),
                (t::FRAME_OF_REFERENCE_UID, VR::UI, "1.2.826.3"),
            ] {
                set.text(tag, vr, value);
            }
            set.bytes(t::ROWS, VR::US, (rows as u16).to_le_bytes().to_vec());
            set.bytes(t::COLUMNS, VR::US, (columns as u16).to_le_bytes().to_vec());
            let (right, up) = (affine.column(0), affine.column(1));
            let orientation = [lps(unit(right)), lps(unit(up.map(|v| -v)))].concat();
            set.text(t::IMAGE_ORIENTATION_PATIENT, VR::DS, &text(&orientation));
            let first = affine.apply([0.0, f64::from(rows - 1), f64::from(k)]);
            set.text(t::IMAGE_POSITION_PATIENT, VR::DS, &text(&lps(first)));
            let [x, y, _] = affine.spacing();
            set.text(t::PIXEL_SPACING, VR::DS, &text(&[y, x]));
            let mut file =
                file_head(EXPLICIT_LITTLE, "1.2.840.10008.5.1.4.1.1.4", &instance, ("2.25.1", "TEST"));
            set.encode(&mut file);
            assert!(native_pixels(
                Tag(0x7FE0, 0x0010),
                VR::OW,
                &vec![0; (columns * rows * 2) as usize],
                &mut file
            ));
            Header::from_bytes(file).unwrap()
        })
        .collect();
    SourceSeries::of(&headers).expect("a de-identified stack")
}

/// What dciodvfy calls an error.
fn errors(path: &Path) -> Vec<String> {
    let said = Command::new("dciodvfy").arg(path).output().expect("dciodvfy");
    let lines = String::from_utf8_lossy(&said.stderr).into_owned();
    lines.lines().filter(|l| l.starts_with("Error")).map(str::to_owned).collect()
}

#[test]
fn every_reader_sees_the_same_voxels_in_the_same_places() {
    let root = tempfile::tempdir().unwrap();
    let reference = Voxels::U8(vec![0; DIMS.iter().product::<u32>() as usize]);
    let images = Images { id: 0, reference: &reference, others: &[] };
    for (name, grid) in grids() {
        let folder = root.path().join(name);
        std::fs::create_dir_all(&folder).unwrap();
        let editor = drawn(&grid, &reference);
        assert!(editor.labels().iter().filter(|l| **l != 0).count() > 300);
        let series = series(&grid);
        let plain = Saving { subject: "sub-7k3q9d", rater: "rater-a^", free_text: false, series: None };
        let referring = Saving { series: Some(&series), ..plain };
        for (to, saving, stem) in [
            (SaveAs::Nifti, &plain, "labels"),
            (SaveAs::Nrrd, &plain, "labels"),
            (SaveAs::DicomSeg, &plain, "labels"),
            (SaveAs::DicomSeg, &referring, "series"),
        ] {
            let files = editor.save(to, saving).unwrap();
            // The same again: nothing depends on a clock or a number drawn.
            assert_eq!(files, editor.save(to, saving).unwrap());
            let mut back = Editor::new(grid).unwrap();
            let table = files.get(1).map(|(_, text)| String::from_utf8(text.clone()).unwrap());
            back.load_draft(&files[0].1, table.as_deref(), &images).unwrap();
            let names = |e: &Editor, l: u8| e.segments().get(l).map(|s| s.name.clone());
            let place =
                |e: &Editor| -> Vec<Option<String>> { e.labels().iter().map(|l| names(e, *l)).collect() };
            assert!(place(&back) == place(&editor), "{name}, {to:?}");
            for (end, bytes) in files {
                std::fs::write(folder.join(format!("{stem}{end}")), bytes).unwrap();
            }
        }
        // The labels' geometry is the image's to the last bit.
        let image = ImageHeader {
            grid,
            times: 1,
            time_step_s: 0.0,
            voxel_type: VoxelType::I16,
            slope: 1.0,
            intercept: 0.0,
        };
        let labels = read(&std::fs::read(folder.join("labels_dseg.nii.gz")).unwrap(), 1 << 20).unwrap();
        assert_eq!(labels.grid, grid);
        let mut plain = Vec::new();
        let file = std::fs::read(folder.join("labels_dseg.nii.gz")).unwrap();
        std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&file[..]), &mut plain).unwrap();
        assert_eq!(plain[76..108], image.to_bytes()[76..108]);
        assert_eq!(plain[252..344], image.to_bytes()[252..344]);
        std::fs::write(folder.join("values.raw"), editor.labels()).unwrap();
        let segments: Vec<serde_json::Value> = (editor.view().segments.iter())
            .map(|s| {
                let code = s.code.as_ref().map(|c| [&c.scheme, &c.value, &c.meaning]);
                serde_json::json!({"label": s.label, "name": s.name, "colour": s.colour, "code": code})
            })
            .collect();
        let truth = serde_json::json!({
            "dims": grid.dims(), "affine": grid.affine().0, "segments": segments,
            "subject": "sub-7k3q9d", "study": "1.2.826.1",
        });
        std::fs::write(folder.join("truth.json"), truth.to_string()).unwrap();
        for file in ["labels_seg.dcm", "series_seg.dcm"] {
            assert_eq!(errors(&folder.join(file)), Vec::<String>::new(), "{name}, {file}");
        }
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/judges/labels.py");
    let said = Command::new(common::judge("python")).arg("-B").arg(script).arg(root.path()).output().unwrap();
    let words = String::from_utf8_lossy(&said.stdout).into_owned() + &String::from_utf8_lossy(&said.stderr);
    assert!(said.status.success() && words.matches(" ok").count() == grids().len(), "{words}");
}

#[test]
fn a_segmentation_refers_to_the_archives_own_objects() {
    let root = tempfile::tempdir().unwrap();
    let at = |name: &str| root.path().join(name);
    std::fs::write(at("key"), format!("hepatica-project-key/1\n{}\n", "0123456789abcdef".repeat(4))).unwrap();
    let spec = PhantomSpec { patients: 1, seed: 5, scale: 0.1, ..PhantomSpec::default() };
    common::write_phantom(&Phantom::new(spec), &at("in"));
    let made = Command::new(env!("CARGO_BIN_EXE_hepatica"))
        .args(["convert", "in", "--out", "set", "--dicom", "--key", "key"])
        .current_dir(root.path())
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let paths = common::files_below(&at("set"));
    let read_range = |need: &Need| {
        let bytes = std::fs::read(&paths[need.source as usize]).unwrap();
        Some(bytes[need.offset as usize..(need.offset + need.len) as usize].to_vec())
    };
    let mut opening = Opening::default();
    for (source, path) in paths.iter().enumerate() {
        let name = path.strip_prefix(root.path()).unwrap().to_str().unwrap();
        opening.add(source as u32, name, std::fs::metadata(path).unwrap().len());
    }
    loop {
        let needs = opening.needs(8);
        if needs.is_empty() {
            break;
        }
        needs.iter().for_each(|need| opening.feed(*need, read_range(need)));
    }
    let mut desk = Desk::new(opening.finish().unwrap(), 1 << 30);
    desk.open(0).unwrap();
    loop {
        let needs = desk.needs(4);
        needs.iter().for_each(|need| desk.feed(need, read_range(need)));
        if !desk.work() && needs.is_empty() {
            break;
        }
    }
    for (session, _) in desk.waiting_for_journal() {
        desk.begin_editor(session, &[]).unwrap();
    }
    desk.edit_segment(&SegmentEdit::Add { name: String::new(), lesion: true }).unwrap();
    desk.set_tool(Some(Tool::Threshold)).unwrap();
    desk.apply_tool(Tool::Threshold).unwrap();
    let session = desk.session().unwrap();
    let content = |desk: &Desk, entry: usize| {
        let path = desk.entries()[entry].path.clone();
        (entry, std::fs::read(at(&path)).unwrap())
    };
    let tables: Vec<_> = desk.source_tables(session).into_iter().map(|entry| content(&desk, entry)).collect();
    assert_eq!(tables.len(), 2);
    let objects = desk.source_objects(session, &tables);
    let slices = desk.editor(session).unwrap().grid().dims()[2];
    assert_eq!(objects.len(), slices as usize, "an object a slice, and none of another phase");
    let heads = objects.into_iter().map(|entry| content(&desk, entry).1).collect();
    assert!(desk.take_sources(session, heads));
    std::fs::create_dir_all(at("out")).unwrap();
    for file in desk.save(Leave::DicomSeg).unwrap() {
        let name = file.path.rsplit('/').next().unwrap();
        std::fs::write(at("out").join(name), &file.bytes).unwrap();
        assert_eq!(errors(&at("out").join(name)), Vec::<String>::new());
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/judges/references.py");
    let said = Command::new(common::judge("python"))
        .arg("-B")
        .arg(script)
        .args([at("out"), at("set/dicom")])
        .output()
        .unwrap();
    let words = String::from_utf8_lossy(&said.stdout).into_owned() + &String::from_utf8_lossy(&said.stderr);
    assert!(said.status.success() && words.contains(&format!(" {slices}\n")), "{words}");
    // Objects of something else are not taken for the image's.
    assert!(!desk.take_sources(session, vec![b"no DICOM".to_vec()]));
}
