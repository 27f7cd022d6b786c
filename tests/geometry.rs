//! Tilted and unevenly spaced series through the whole program, beside dcm2niix: the same voxels, and the
//! same place wherever dcm2niix is right about it (docs/geometry.md says where it isn't).
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "a test may panic")]

mod common;

use std::io::Read as _;
use std::path::Path;
use std::process::Command;

use common::dicom::{Form, Set, Slice};

/// A CT series whose gantry leans by `degrees`; the pictures have edges, slopes and a little noise.
fn series(depths: &[f64], degrees: f64, modality: &str) -> Vec<Set> {
    let (sin, cos) = degrees.to_radians().sin_cos();
    let (rows, columns) = (40u16, 32u16);
    let one = |(depth, number): (&f64, u32)| {
        let position = [-20.0, -30.0, 100.0 + depth];
        let orientation = [1.0, 0.0, 0.0, 0.0, cos, sin];
        let mut slice = Slice { number, rows, columns, position, orientation, ..Slice::default() };
        slice.spacing = [0.9, 1.1];
        let value = |row: u16, column: u16| {
            let (x, y) = (f64::from(column) * 1.1 - 15.0, f64::from(row) * 0.9 - 18.0);
            let noise = (u32::from(row) * 7919 + u32::from(column) * 104_729 + number * 1_299_709) % 37;
            let ball = if x * x + y * y + (depth - 12.0).powi(2) < 144.0 { 800 } else { 0 };
            (1000.0 + 3.0 * x + 5.0 * y) as u32 + ball + noise
        };
        slice.pixels = (0..rows).flat_map(|r| (0..columns).map(move |c| value(r, c) as u16)).collect();
        let mut set = slice.set();
        set.text((0x0008, 0x0060), "CS", modality);
        set.us((0x0028, 0x0103), 1);
        if modality == "CT" {
            set.text((0x0008, 0x0016), "UI", "1.2.840.10008.5.1.4.1.1.2");
            set.text((0x0008, 0x0070), "LO", "SIEMENS");
            set.text((0x0018, 0x0060), "DS", "120");
        }
        set
    };
    depths.iter().zip(1..).map(one).collect()
}

struct Image {
    name: String,
    dims: [usize; 3],
    affine: [[f64; 4]; 3],
    values: Vec<i16>,
}

fn images(folder: &Path) -> Vec<Image> {
    let gz = |p: &Path| p.to_string_lossy().ends_with(".nii.gz");
    common::files_below(folder)
        .into_iter()
        .filter(|p| gz(p))
        .map(|path| {
            let mut plain = Vec::new();
            flate2::read::GzDecoder::new(std::fs::File::open(&path).unwrap())
                .read_to_end(&mut plain)
                .unwrap();
            let short = |at: usize| i16::from_le_bytes([plain[at], plain[at + 1]]);
            let float = |at: usize| f64::from(f32::from_le_bytes(plain[at..at + 4].try_into().unwrap()));
            assert_eq!(short(70), 4, "signed words");
            Image {
                name: path.file_name().unwrap().to_string_lossy().into_owned(),
                dims: [1, 2, 3].map(|n| short(40 + 2 * n) as usize),
                affine: [0, 1, 2].map(|r| [0, 1, 2, 3].map(|c| float(280 + 16 * r + 4 * c))),
                values: plain[352..].chunks_exact(2).map(|b| i16::from_le_bytes([b[0], b[1]])).collect(),
            }
        })
        .collect()
}

/// Both programs' images of a series, ours with evenly spaced copies.
fn both(sets: &[Set], arguments: &[&str]) -> (Vec<Image>, Vec<Image>, String) {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| {
        let place = folder.path().join(name);
        std::fs::create_dir(&place).unwrap();
        place
    };
    let (input, theirs) = (place("in"), place("theirs"));
    for (n, set) in sets.iter().enumerate() {
        std::fs::write(input.join(format!("{n}.dcm")), Form::default().file(set)).unwrap();
    }
    let made = Command::new(common::judge("dcm2niix"))
        .args(["-z", "y", "-b", "n", "-f", "x", "-o"])
        .arg(&theirs)
        .arg(&input)
        .output()
        .unwrap();
    assert!(made.status.success());
    let ours = folder.path().join("ours");
    let converted = Command::new(env!("CARGO_BIN_EXE_hepatica"))
        .arg("convert")
        .args(arguments)
        .arg(&input)
        .arg("--out")
        .arg(&ours)
        .output()
        .unwrap();
    assert_eq!(converted.status.code(), Some(0), "{}", String::from_utf8_lossy(&converted.stdout));
    let sidecars =
        common::files_below(&ours).into_iter().filter(|p| p.extension().is_some_and(|e| e == "json"));
    let said = sidecars.map(|p| std::fs::read_to_string(p).unwrap()).collect();
    (images(&theirs), images(&ours), said)
}

/// The greatest difference, and how many voxels differ. Ours and dcm2niix's volumes are stored alike.
fn difference(a: &Image, b: &Image) -> (i16, usize) {
    assert_eq!(a.dims, b.dims, "{} and {}", a.name, b.name);
    let each = || a.values.iter().zip(&b.values).map(|(x, y)| (x - y).abs());
    (each().max().unwrap(), each().filter(|d| *d > 0).count())
}

fn corners_apart(a: &Image, b: &Image) -> f64 {
    let [x, y, z] = a.dims.map(|n| n as f64 - 1.0);
    let mut most = 0.0f64;
    for corner in [[0.0; 3], [x, 0.0, 0.0], [0.0, y, 0.0], [0.0, 0.0, z], [x, y, z]] {
        for row in 0..3 {
            let at = |i: &Image| (0..3).map(|c| i.affine[row][c] * corner[c]).sum::<f64>() + i.affine[row][3];
            most = most.max((at(a) - at(b)).abs());
        }
    }
    most
}

fn named<'a>(images: &'a [Image], part: &str) -> &'a Image {
    images
        .iter()
        .find(|i| i.name.contains(part))
        .unwrap_or_else(|| panic!("no image with {part} in its name"))
}

#[test]
fn a_tilted_ct_has_dcm2niixs_straight_volume_beside_the_scanned_one() {
    let depths: Vec<f64> = (0..10).map(|n| 3.0 * f64::from(n)).collect();
    for degrees in [-14.0, 14.0] {
        let (theirs, ours, said) = both(&series(&depths, degrees, "CT"), &[]);
        assert_eq!((theirs.len(), ours.len()), (2, 2), "{degrees}°");
        let (reference, straight) = (named(&theirs, "_Tilt"), named(&ours, "_rec-tilt_"));
        let (most, count) = difference(reference, straight);
        // dcm2niix reckons in single precision: a voxel in thousands is rounded the other way.
        assert!(
            most <= 1 && count * 500 < straight.values.len(),
            "{degrees}°: {count} differ by up to {most}"
        );
        if degrees < 0.0 {
            assert!(corners_apart(reference, straight) < 1e-3, "{degrees}°");
        }
        assert!(said.contains("\"tilt_corrected\""), "{said}");
        let scanned = |images: &[Image]| images.iter().position(|i| !i.name.contains("ilt")).unwrap();
        assert_eq!(difference(&theirs[scanned(&theirs)], &ours[scanned(&ours)]).0, 0);
    }
}

#[test]
fn a_missing_slice_is_dcm2niixs_with_and_without_the_even_copy() {
    let sets = series(&[0.0, 3.0, 6.0, 12.0, 15.0, 18.0], 0.0, "MR");
    let (theirs, ours, said) = both(&sets, &["--equal-spacing"]);
    assert_eq!((theirs.len(), ours.len()), (2, 2));
    let scanned = ours.iter().find(|i| !i.name.contains("rec-")).unwrap();
    let even = (named(&theirs, "_Eq"), named(&ours, "_rec-eq_"));
    for (reference, own) in [even, (named(&theirs, "x.nii"), scanned)] {
        assert_eq!(difference(reference, own), (0, 0), "{}", own.name);
        assert!(corners_apart(reference, own) < 1e-3, "{}", own.name);
    }
    assert!(said.contains("\"missing_slices\"") && said.contains("\"evenly_spaced\""), "{said}");
    // Without the wish there is none, and the scanned one says what is missing.
    let (_, ours, said) = both(&sets, &[]);
    assert_eq!(ours.len(), 1);
    assert!(said.contains("\"missing_slices\""), "{said}");
}

#[test]
fn uneven_slices_and_a_tilt_are_mended_at_once() {
    let (theirs, ours, _) = both(&series(&[0.0, 3.0, 6.0, 12.0, 22.0, 25.0, 28.0], -12.0, "CT"), &[]);
    assert_eq!((theirs.len(), ours.len()), (2, 2));
    let (reference, own) = (named(&theirs, "_Tilt_Eq"), named(&ours, "_rec-tilteq_"));
    let (most, count) = difference(reference, own);
    assert!(most <= 1 && count * 500 < own.values.len(), "{count} differ by up to {most}");
    assert!(corners_apart(reference, own) < 1e-3);
}
