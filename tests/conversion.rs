//! What the command line makes of real scanners' files equals what dcm2niix makes of them, and what it
//! makes of the phantom equals the phantom's truth.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    missing_docs,
    reason = "a test may panic"
)]

mod common;

use std::io::Read;
use std::path::Path;
use std::process::{Command, Output};

use hepatica::phantom::{Phantom, PhantomSpec, Vendor};

fn hepatica(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_hepatica")).args(arguments).output().unwrap()
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Converts a set with dcm2niix and with ours and compares them: so many volumes are equal, so many
/// differ for a reason that `docs/conversion.md` gives, none differs without.
fn equals_dcm2niix(set: &str, equal: usize, explained: usize) {
    let Some(data) = common::shared_data(&format!("dcm_qa/{set}/In")) else { return };
    let (dcm2niix, python) = (common::judge("dcm2niix"), common::judge("python"));
    let folder = tempfile::tempdir().unwrap();
    let (reference, ours) = (folder.path().join("reference"), folder.path().join("ours"));
    std::fs::create_dir(&reference).unwrap();
    let made = Command::new(dcm2niix)
        .args(["-z", "1", "-b", "y", "-f", "%s", "-o"])
        .arg(&reference)
        .arg(&data)
        .output()
        .unwrap();
    assert!(made.status.success(), "dcm2niix: {}", said(&made));
    let converted = hepatica(&["convert", "--all", data.to_str().unwrap(), "--out", ours.to_str().unwrap()]);
    assert_eq!(converted.status.code(), Some(0), "{}", said(&converted));
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/judges/conformance.py");
    let compared = Command::new(python).arg("-B").arg(script).arg(&reference).arg(&ours).output().unwrap();
    let text = said(&compared);
    assert!(compared.status.success(), "{set}: {text}");
    let counts = format!("\"equal\": {equal}, \"explained\": {explained}, \"different\": 0}}");
    assert!(text.contains(&counts), "{set}: {text}");
}

#[test]
fn nih_equals_dcm2niix() {
    equals_dcm2niix("nih", 8, 0);
}

#[test]
fn multi_echo_equals_dcm2niix() {
    equals_dcm2niix("me", 5, 0);
}

#[test]
fn twelve_bits_equal_dcm2niix() {
    equals_dcm2niix("12bit", 3, 0);
}

#[test]
fn mosaics_equal_dcm2niix() {
    equals_dcm2niix("mosaic", 5, 0);
}

#[test]
fn siemens_xa60_equals_dcm2niix() {
    equals_dcm2niix("xa60", 10, 0);
}

#[test]
fn private_tags_renamed_by_a_pacs_equal_dcm2niix() {
    equals_dcm2niix("agfa", 2, 0);
}

#[test]
fn two_contrasts_of_one_series_equal_dcm2niix() {
    equals_dcm2niix("pdt2", 2, 0);
}

#[test]
fn field_maps_equal_dcm2niix() {
    equals_dcm2niix("fmap", 13, 1);
}

#[test]
fn enhanced_objects_equal_dcm2niix() {
    equals_dcm2niix("enh", 2, 1);
}

#[test]
fn philips_diffusion_equals_dcm2niix() {
    equals_dcm2niix("philips_dwi", 1, 0);
}

#[test]
fn every_transfer_syntax_equals_dcm2niix() {
    equals_dcm2niix("ts", 9, 0);
}

#[test]
fn fragmented_frames_equal_dcm2niix() {
    equals_dcm2niix("frag", 0, 2);
}

struct Volume {
    dims: [u32; 4],
    affine: [[f64; 4]; 3],
    slope: f64,
    values: Vec<i16>,
    name: String,
    taken: bool,
}

fn volumes(root: &Path) -> Vec<Volume> {
    let mut found = Vec::new();
    for path in common::files_below(root) {
        if !path.to_string_lossy().ends_with(".nii.gz") {
            continue;
        }
        let mut bytes = Vec::new();
        flate2::read::GzDecoder::new(std::fs::File::open(&path).unwrap()).read_to_end(&mut bytes).unwrap();
        let short = |at: usize| i16::from_le_bytes([bytes[at], bytes[at + 1]]);
        let float = |at: usize| f64::from(f32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()));
        let signed = match short(70) {
            4 => true,
            512 => false,
            other => panic!("type {other}"),
        };
        found.push(Volume {
            dims: [42, 44, 46, 48].map(|at| short(at) as u32),
            affine: [0, 1, 2].map(|row| [0, 1, 2, 3].map(|column| float(280 + row * 16 + column * 4))),
            slope: float(112),
            values: bytes[352..].chunks(2).map(|b| i16::from_le_bytes([b[0], b[1]])).collect(),
            name: path.file_name().unwrap().to_string_lossy().into_owned(),
            taken: false,
        });
        assert!(signed || found.last().unwrap().values.iter().all(|v| *v >= 0));
    }
    found
}

fn equals_the_truth(vendor: Vendor, seed: u64) {
    let phantom = Phantom::new(PhantomSpec { patients: 1, seed, vendor: Some(vendor), scale: 0.15 });
    let folder = tempfile::tempdir().unwrap();
    let (input, ours) = (folder.path().join("in"), folder.path().join("out"));
    common::write_phantom(&phantom, &input);
    let converted = hepatica(&["convert", "--all", input.to_str().unwrap(), "--out", ours.to_str().unwrap()]);
    assert_eq!(converted.status.code(), Some(0), "{}", said(&converted));
    let mut found = volumes(&ours);
    let truth = phantom.truth();
    assert_eq!(found.len(), truth.len(), "as many volumes as the truth has");
    for (n, wanted) in truth.iter().enumerate() {
        let values = phantom.truth_voxels(n).unwrap();
        let same = |volume: &&mut Volume| {
            let geometry = volume.affine.iter().flatten().zip(wanted.affine.iter().flatten());
            !volume.taken
                && volume.dims == wanted.dims
                && volume.values == values
                && geometry.into_iter().all(|(a, b)| (a - b).abs() < 1e-3)
        };
        let what = format!("{:?} series {} {}", vendor, wanted.series_number, wanted.description);
        let volume = found.iter_mut().find(same).unwrap_or_else(|| panic!("{what}: no such volume"));
        volume.taken = true;
        // b-values stand beside the image.
        if !wanted.b_values.is_empty() {
            let text = common::files_below(&ours)
                .into_iter()
                .find(|p| p.to_string_lossy().ends_with(&volume.name.replace(".nii.gz", ".bval")));
            let text = std::fs::read_to_string(text.unwrap()).unwrap();
            let values: Vec<f64> = text.split_whitespace().map(|v| v.parse().unwrap()).collect();
            assert_eq!(values, wanted.b_values, "{what}");
        }
        assert!(volume.slope > 0.0, "{what}");
        if wanted.slope.is_none() {
            assert_eq!(volume.slope, 1.0, "{what}");
        }
    }
}

#[test]
fn the_siemens_phantom_comes_back_voxel_by_voxel() {
    equals_the_truth(Vendor::Siemens, 11);
}

#[test]
fn the_ge_phantom_comes_back_voxel_by_voxel() {
    equals_the_truth(Vendor::Ge, 12);
}

#[test]
fn the_philips_phantom_comes_back_voxel_by_voxel() {
    equals_the_truth(Vendor::Philips, 13);
}
