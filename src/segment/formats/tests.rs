//! What is written is read back, voxel by voxel and place by place; what does not fit is refused in words.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

use super::super::error::Error;
use super::*;
use crate::volume::Affine;

fn grids() -> Vec<(&'static str, Grid)> {
    let (s, c) = (0.35_f64.sin(), 0.35_f64.cos());
    let oblique = [[c, s, 0.0], [-s * c, c * c, s], [s * s, -c * s, c]];
    let of = |x: [f64; 3], y: [f64; 3], z: [f64; 3]| {
        Grid::new([13, 11, 7], Affine::from_columns(x, y, z, [31.25, -17.5, 4.75])).unwrap()
    };
    let scaled = |v: [f64; 3], by: f64| v.map(|x| x * by);
    vec![
        ("axial", of([-0.75, 0.0, 0.0], [0.0, -0.75, 0.0], [0.0, 0.0, 3.0])),
        ("sagittal", of([0.0, -0.9, 0.0], [0.0, 0.0, -0.9], [4.0, 0.0, 0.0])),
        ("coronal", of([-1.0, 0.0, 0.0], [0.0, 0.0, -1.2], [0.0, 3.5, 0.0])),
        ("oblique", of(scaled(oblique[0], 0.8), scaled(oblique[1], 0.9), scaled(oblique[2], 2.5))),
        ("left-handed", of(scaled(oblique[0], 0.8), scaled(oblique[1], 0.9), scaled(oblique[2], -2.5))),
    ]
}

/// Labels without any symmetry.
fn values() -> Vec<u8> {
    (0..13 * 11 * 7_usize)
        .map(|at| {
            let [x, y, z] = [at % 13, at / 13 % 11, at / 143];
            if x > 2 && x < 6 && y < 5 && z > 1 {
                1
            } else if x + y > 15 && z < 3 {
                5
            } else if x == 12 && y == 0 && z == 6 {
                255
            } else {
                0
            }
        })
        .collect()
}

fn named() -> Vec<Named> {
    let named = |label, name: &str, colour, codes: Option<[[&str; 3]; 2]>| Named {
        label,
        name: name.to_owned(),
        colour,
        codes: codes.map(|c| c.map(|c| c.map(str::to_owned))),
        lesion: None,
        state: None,
        reason: None,
    };
    vec![
        Named {
            lesion: Some("L1".to_owned()),
            state: Some("segmented".to_owned()),
            ..named(
                1,
                "Lesion 1",
                [230, 159, 0],
                Some([
                    ["SCT", "49755003", "Morphologically Abnormal Structure"],
                    ["SCT", "52988006", "Lesion"],
                ]),
            )
        },
        named(
            5,
            "Liver",
            [0, 114, 178],
            Some([["SCT", "91723000", "Anatomical Structure"], ["SCT", "10200004", "Liver"]]),
        ),
        named(255, "Réste", [86, 180, 233], None),
    ]
}

#[test]
fn every_format_gives_back_the_same_voxels_in_any_orientation() {
    let (values, segments) = (values(), named());
    for (name, grid) in grids() {
        let labels = Labelled { grid: &grid, values: &values, segments: &segments };
        let seg = dicom_seg(&labels, None, &Stamp { subject: "sub-1", rater: "rater-a" }).unwrap();
        for (format, bytes) in
            [("nifti", dseg(&labels).unwrap()), ("nrrd", seg_nrrd(&labels)), ("dicom", seg)]
        {
            let read = read(&bytes, &grid, 1 << 20).unwrap();
            assert_eq!(read.values, values, "{format}, {name}");
            let labels: Vec<u8> = read.segments.iter().map(|s| s.label).collect();
            assert_eq!(labels, [1, 5, 255]);
            if format != "nifti" {
                for (found, truth) in read.segments.iter().zip(&segments) {
                    assert_eq!((&found.name, &found.lesion), (&truth.name, &truth.lesion), "{format}");
                    if truth.codes.is_some() {
                        assert_eq!(found.codes, truth.codes, "{format}");
                    }
                }
            }
            if format == "nrrd" {
                assert_eq!(read.segments[0].colour, [230, 159, 0]);
            }
            // Cut short anywhere, it is refused or the same, and never a panic.
            for cut in (0..bytes.len()).step_by(61) {
                if let Ok(read) = super::read(&bytes[..cut], &grid, 1 << 20) {
                    assert_eq!(read.values, values, "{format} cut at {cut}");
                }
            }
        }
    }
}

#[test]
fn labels_stored_in_another_order_come_back_to_their_places() {
    let all = grids();
    let (_, grid) = &all[3];
    let values = values();
    // The same places, stored with x turned round and y and z swapped.
    let [x, y, z] = [0, 1, 2].map(|a| grid.affine().column(a));
    let origin = grid.affine().apply([12.0, 0.0, 0.0]);
    let turned = Grid::new([13, 7, 11], Affine::from_columns(x.map(|v| -v), z, y, origin)).unwrap();
    let stored: Vec<u8> = (0..values.len())
        .map(|at| {
            let [i, k, j] = [at % 13, at / 13 % 7, at / 91];
            values[(k * 11 + j) * 13 + 12 - i]
        })
        .collect();
    let segments = named();
    let labels = Labelled { grid: &turned, values: &stored, segments: &segments };
    let seg = dicom_seg(&labels, None, &Stamp { subject: "s", rater: "r" }).unwrap();
    for bytes in [dseg(&labels).unwrap(), seg_nrrd(&labels), seg] {
        assert_eq!(read(&bytes, grid, 1 << 20).unwrap().values, values);
    }
}

#[test]
fn labels_on_another_grid_are_refused_and_say_how_it_differs() {
    let all = grids();
    let (_, grid) = &all[0];
    let (values, segments) = (values(), named());
    let with = |dims: [u32; 3], affine: Affine| {
        let other = Grid::new(dims, affine).unwrap();
        let n = other.voxels() as usize;
        let values: Vec<u8> = (0..n).map(|i| values.get(i).copied().unwrap_or(1)).collect();
        let labels = Labelled { grid: &other, values: &values, segments: &segments };
        let seg = dicom_seg(&labels, None, &Stamp { subject: "s", rater: "r" }).unwrap();
        [dseg(&labels).unwrap(), seg_nrrd(&labels), seg].map(|b| match read(&b, grid, 1 << 20) {
            Err(Error::Grid(words)) => words,
            other => panic!("{other:?}"),
        })
    };
    let [x, y, z, o] = [0, 1, 2, 3].map(|a| grid.affine().column(a));
    let dims = [13, 11, 7];
    assert!(
        with([14, 11, 7], *grid.affine())[0].contains("14 × 11 × 7 voxels, where the image has 13 × 11 × 7")
    );
    let moved = with(dims, Affine::from_columns(x, y, z, [o[0] + 0.4, o[1], o[2]]));
    assert!(moved[0].contains("0.40 mm apart"), "{moved:?}");
    let wide = with(dims, Affine::from_columns(x.map(|v| v * 1.1), y, z, o));
    assert!(wide[0].contains("voxels of"), "{wide:?}");
    let (s, c) = (0.05_f64.sin(), 0.05_f64.cos());
    let turned =
        with(dims, Affine::from_columns([-0.75 * c, -0.75 * s, 0.0], [0.75 * s, -0.75 * c, 0.0], z, o));
    assert!(turned[0].contains("other directions") || turned[0].contains("apart"), "{turned:?}");
    // A mirror image has the same box and other places.
    let mirrored = dseg(&Labelled {
        grid: &Grid::new(dims, Affine::from_columns(x.map(|v| -v), y, z, o)).unwrap(),
        values: &values,
        segments: &segments,
    });
    assert!(matches!(read(&mirrored.unwrap(), grid, 1 << 20), Err(Error::Grid(_))));
    assert!(matches!(read(b"no file of labels", grid, 1 << 20), Err(Error::Unreadable(_))));
}

#[test]
fn the_table_has_a_row_a_segment_and_no_cell_breaks_it() {
    let all = grids();
    let (values, mut segments) = (values(), named());
    segments[1].name = "a\ttab".to_owned();
    let table = dseg_table(&Labelled { grid: &all[0].1, values: &values, segments: &segments });
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines.len(), 4);
    assert!(lines.iter().all(|l| l.split('\t').count() == 10));
    assert!(lines[1].starts_with("1\tLesion 1\t#e69f00\tSCT\t52988006\tL1\tsegmented\tn/a\t"));
    let voxels = values.iter().filter(|v| **v == 1).count();
    assert!(lines[1].ends_with(&format!("\t{voxels}\t{:.4}", voxels as f64 * 0.75 * 0.75 * 3.0 / 1000.0)));
}

#[test]
fn nothing_labelled_is_no_dicom_segmentation() {
    let all = grids();
    let (values, segments) = (vec![0; 13 * 11 * 7], named());
    let labels = Labelled { grid: &all[0].1, values: &values, segments: &segments };
    let made = dicom_seg(&labels, None, &Stamp { subject: "s", rater: "r" });
    assert!(matches!(made, Err(Error::Unsayable(_))));
}

#[test]
fn damaged_files_are_refused_or_read_and_never_a_panic() {
    let all = grids();
    let (values, segments) = (values(), named());
    let grid = all[4].1;
    let labels = Labelled { grid: &grid, values: &values, segments: &segments };
    let seg = dicom_seg(&labels, None, &Stamp { subject: "s", rater: "r" }).unwrap();
    let mut state = 1_u64;
    let mut next = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    for bytes in [dseg(&labels).unwrap(), seg_nrrd(&labels), seg] {
        for _ in 0..2_000 {
            let mut damaged = bytes.clone();
            for _ in 0..=next(3) {
                let at = next(damaged.len());
                damaged[at] = next(256) as u8;
            }
            if let Ok(read) = read(&damaged, &grid, 1 << 20) {
                assert_eq!(read.values.len(), values.len());
            }
        }
    }
}
