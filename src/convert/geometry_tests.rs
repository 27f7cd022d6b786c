//! Where volumes lie whose slices are tilted, missing, doubled, unevenly spaced, or described by nonsense.
//!
//! The truth is a closed form: the images show a linear function of the place in the world, which linear
//! interpolation keeps, so that every voxel of a copy must show its own place.

use super::VolumeWarning;
use super::resample::Mended;
use super::stack::{Stack, Stacked};
use super::tests::{convert, files, stacked};
use crate::dicom::testing::{Set, Slice};

/// What the images show at a place (LPS, mm).
fn shown(p: [f64; 3]) -> f64 {
    2000.0 + 7.0 * p[0] + 11.0 * p[1] + 13.0 * p[2]
}

const ROWS: u16 = 24;
const COLUMNS: u16 = 5;

/// CT slices at depths along the table, the gantry leaning by `degrees`.
fn gantry(depths: &[f64], degrees: f64) -> Vec<Set> {
    let (sin, cos) = degrees.to_radians().sin_cos();
    lying(depths, [1.0, 0.0, 0.0, 0.0, cos, sin], [0.0, 0.0, 1.0])
}

/// Slices of an orientation at `depths` along `way`.
fn lying(depths: &[f64], orientation: [f64; 6], way: [f64; 3]) -> Vec<Set> {
    let set = |(depth, number): (&f64, u32)| {
        let position = [0, 1, 2].map(|i| 5.0 + way[i] * depth);
        let mut slice =
            Slice { number, rows: ROWS, columns: COLUMNS, position, orientation, ..Slice::default() };
        let [down, right] = slice.spacing;
        let at = |row: u16, column: u16| {
            [0, 1, 2].map(|i| {
                position[i]
                    + orientation[i] * right * f64::from(column)
                    + orientation[i + 3] * down * f64::from(row)
            })
        };
        slice.pixels = (0..ROWS)
            .flat_map(|row| (0..COLUMNS).map(move |column| (row, column)))
            .map(|(row, column)| shown(at(row, column)).round() as u16)
            .collect();
        slice.set()
    };
    depths.iter().zip(1..).map(set).collect()
}

/// Of all voxels of a volume, the share that shows its own place. The others must be padding, but for one
/// row a slice: the last is repeated where the grid's next row reaches half beyond it, as dcm2niix does.
fn true_share(stack: &Stack, sets: &[Set]) -> f64 {
    let (_, values) = convert(stack, &files(sets)).unwrap();
    let grid = stack.grid.unwrap();
    let [nx, ny, nz] = grid.dims().map(|n| n as usize);
    assert_eq!(values.len(), nx * ny * nz);
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let mut right = 0;
    let mut strays = 0;
    for (n, value) in values.iter().enumerate() {
        let voxel = [n % nx, n / nx % ny, n / nx / ny].map(|v| v as f64);
        let [x, y, z] = grid.affine().apply(voxel);
        if (shown([-x, -y, z]) - value).abs() <= 1.6 {
            right += 1;
        } else if (value - least).abs() > 1e-9 {
            strays += 1;
        }
    }
    let edge = if stack.resampling.is_some() { nx * nz } else { 0 };
    assert!(strays <= edge, "{strays} voxels show another place");
    f64::from(right) / values.len() as f64
}

fn copy_of(out: &Stacked) -> &Stack {
    assert_eq!(out.stacks.len(), 2, "the volume as scanned and its copy");
    assert!(out.stacks[0].resampling.is_none());
    assert!(out.stacks[1].resampling.is_some());
    &out.stacks[1]
}

#[test]
fn a_tilted_gantrys_copy_is_straight_and_shows_every_place_where_it_is() {
    let depths: Vec<f64> = (0..8).map(|z| 3.0 * f64::from(z)).collect();
    for degrees in [-25.0, -3.0, 3.0, 17.5] {
        let sets = gantry(&depths, degrees);
        let out = stacked(&sets);
        let copy = copy_of(&out);
        assert_eq!(copy.resampling.as_ref().unwrap().mended, Mended::Tilt);
        assert_eq!(copy.warnings, [VolumeWarning::TiltCorrected]);
        assert!(!copy.grid.unwrap().affine().is_sheared());
        // So many rows more as the last slice lies from the first along the columns.
        let more = (21.0 * degrees.to_radians().sin().abs() / 2.0).ceil() as u32;
        let [x, y, z] = copy.grid.unwrap().dims();
        assert_eq!([x, y, z], [u32::from(COLUMNS), u32::from(ROWS) + more, 8]);
        let scanned = f64::from(ROWS) / f64::from(y);
        assert!(true_share(copy, &sets) > scanned - 0.06, "{degrees}°");
        assert!(true_share(&out.stacks[0], &sets) > 0.9999, "as scanned, {degrees}°");
    }
}

#[test]
fn slices_that_lean_sideways_or_by_a_hair_have_no_copy() {
    let axial = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0];
    let depths = [0.0, 3.0, 6.0, 9.0];
    for (way, sheared) in [([0.3, 0.0, 1.0], true), ([0.0, 0.005, 1.0], true), ([0.0, 0.0, 1.0], false)] {
        let out = stacked(&lying(&depths, axial, way));
        assert_eq!(out.stacks.len(), 1, "{way:?}");
        assert_eq!(out.stacks[0].warnings.contains(&VolumeWarning::Tilted), sheared, "{way:?}");
    }
}

#[test]
fn a_missing_slice_moves_no_other_and_its_copy_has_one_in_its_place() {
    for degrees in [0.0, 12.0] {
        let sets = gantry(&[0.0, 3.0, 6.0, 12.0, 15.0], degrees);
        let out = stacked(&sets);
        let copy = copy_of(&out);
        let thick = 3.0 * degrees.to_radians().cos();
        let step = out.stacks[0].grid.unwrap().affine().column(2);
        assert!((step[2] - 3.0).abs() < 1e-6, "as scanned: a slice every 3 mm of table, not 15/4");
        assert_eq!(out.stacks[0].warnings[0], VolumeWarning::MissingSlices { slices: vec![4] });
        assert_eq!(copy.grid.unwrap().dims()[2], 6);
        assert!((copy.grid.unwrap().affine().spacing()[2] - thick).abs() < 1e-5);
        assert!(copy.warnings.contains(&VolumeWarning::MissingSlices { slices: vec![4] }));
        assert!(true_share(copy, &sets) > if degrees > 0.0 { 0.8 } else { 0.9999 });
    }
}

#[test]
fn uneven_slices_copied_to_even_ones_show_every_place_where_it_is() {
    let oblique = [0.8, 0.6, 0.0, -0.36, 0.48, 0.8];
    let normal = [0.48, -0.64, 0.6];
    for depths in [&[0.0, 3.0, 7.0, 12.0][..], &[0.0, 5.0, 6.0, 8.0, 20.0], &[0.0, 1.0, 2.0, 3.0, 40.0]] {
        let sets = lying(depths, oblique, normal);
        let out = stacked(&sets);
        let copy = copy_of(&out);
        assert!(matches!(copy.warnings.last(), Some(VolumeWarning::EvenlySpaced { .. })));
        let [_, _, slices] = copy.grid.unwrap().dims();
        assert!(slices as usize <= 2 * depths.len(), "a copy may not grow without end");
        let spacing = copy.grid.unwrap().affine().spacing()[2];
        let span = depths.last().unwrap() - depths[0];
        assert!((spacing * f64::from(slices - 1) - span).abs() < 1e-4, "from the first slice to the last");
        assert!(true_share(copy, &sets) > 0.9999);
    }
}

#[test]
fn a_copy_has_its_own_budget() {
    let sets = gantry(&[0.0, 3.0, 9.0, 12.0], 10.0);
    let out = stacked(&sets);
    let instances = super::tests::instances(&files(&sets)).unwrap();
    let refs: Vec<_> = instances.iter().collect();
    let bytes = |stack: &Stack| stack.grid.unwrap().voxels() * 2;
    let (scanned, copied) = (bytes(&out.stacks[0]), bytes(&out.stacks[1]));
    let fits = |stack: &Stack, budget| super::VolumeJob::new(stack, &refs, 0.0, budget, 1).is_ok();
    assert!(fits(&out.stacks[0], scanned) && !fits(&out.stacks[0], scanned - 1));
    assert!(fits(&out.stacks[1], scanned + copied) && !fits(&out.stacks[1], scanned + copied - 1));
}

#[test]
fn a_series_in_time_stays_as_it_was_scanned() {
    let mut sets = gantry(&[0.0, 3.0, 9.0, 12.0], 10.0);
    for (n, mut later) in (5u32..).zip(sets.clone()) {
        later.text((0x0020, 0x0012), "IS", "2").text((0x0020, 0x0013), "IS", &n.to_string());
        later.text((0x0008, 0x0018), "UI", &format!("1.2.3.{n}"));
        sets.push(later);
    }
    for set in sets.iter_mut().take(4) {
        set.text((0x0020, 0x0012), "IS", "1");
    }
    let out = stacked(&sets);
    assert_eq!((out.stacks.len(), out.stacks[0].times), (1, 2));
}

#[test]
fn a_slice_that_is_there_twice_is_kept_once_and_said() {
    let mut sets = gantry(&[0.0, 3.0, 6.0, 9.0, 12.0, 15.0], 0.0);
    let mut twice = sets[2].clone();
    twice.text((0x0008, 0x0018), "UI", "1.2.3").text((0x0020, 0x0013), "IS", "7");
    sets.push(twice);
    let out = stacked(&sets);
    assert_eq!((out.stacks.len(), out.stacks[0].slices, out.left_over.len()), (1, 6, 1));
    assert_eq!(out.stacks[0].warnings, [VolumeWarning::DuplicateSlices { frames: 1 }]);
    // Whatever the order of the files, the same one is kept: that of the lower number.
    assert!(out.stacks[0].frames.iter().all(|at| at.instance != 6));
    sets.reverse();
    let out = stacked(&sets);
    assert!(out.stacks[0].frames.iter().all(|at| at.instance != 0));
}

#[test]
fn how_the_patient_lay_changes_nothing_that_the_position_does_not() {
    let sets = gantry(&[0.0, 3.0, 6.0], 0.0);
    let wanted = stacked(&sets).stacks[0].grid;
    for position in ["HFS", "HFP", "FFS", "FFP", "HFDR", "HFDL", "FFDR", "FFDL", "", "LFP"] {
        let mut sets = sets.clone();
        for set in &mut sets {
            set.text((0x0018, 0x5100), "CS", position);
        }
        assert_eq!(stacked(&sets).stacks[0].grid, wanted, "{position}");
    }
}

#[test]
fn a_localizer_of_three_planes_is_three_volumes_and_two_resolutions_are_two() {
    let axial = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0];
    let coronal = [1.0, 0.0, 0.0, 0.0, 0.0, -1.0];
    let sagittal = [0.0, 1.0, 0.0, 0.0, 0.0, -1.0];
    let mut sets = lying(&[0.0], axial, [0.0, 0.0, 1.0]);
    sets.extend(lying(&[0.0, 10.0, 20.0], coronal, [0.0, 1.0, 0.0]));
    sets.extend(lying(&[0.0, 10.0], sagittal, [-1.0, 0.0, 0.0]));
    let mut finer = lying(&[0.0, 3.0], axial, [0.0, 0.0, 1.0]);
    for set in &mut finer {
        set.numbers((0x0028, 0x0030), &[0.5, 0.5]);
    }
    sets.extend(finer);
    for (n, set) in sets.iter_mut().enumerate() {
        set.text((0x0020, 0x0013), "IS", &n.to_string());
    }
    let mut slices: Vec<u32> = stacked(&sets).stacks.iter().map(|s| s.slices).collect();
    slices.sort_unstable();
    assert_eq!(slices, [1, 2, 2, 3]);
}

#[test]
fn nonsense_in_position_orientation_or_spacing_is_said_and_never_believed() {
    let cases: [(&str, (u16, u16), &str, VolumeWarning); 8] = [
        ("negative spacing", (0x0028, 0x0030), "-2\\1.5", VolumeWarning::NoSpacing),
        ("no spacing", (0x0028, 0x0030), "0\\0", VolumeWarning::NoSpacing),
        ("overflowing spacing", (0x0028, 0x0030), "1e400\\1", VolumeWarning::NoSpacing),
        ("no number for a spacing", (0x0028, 0x0030), "NaN\\1", VolumeWarning::NoSpacing),
        ("axes not at right angles", (0x0020, 0x0037), "1\\0\\0\\0.7\\0.7\\0", VolumeWarning::NoGeometry),
        ("parallel axes", (0x0020, 0x0037), "1\\0\\0\\1\\0\\0", VolumeWarning::NoGeometry),
        ("no length", (0x0020, 0x0037), "0\\0\\0\\0\\0\\0", VolumeWarning::NoGeometry),
        ("endless axes", (0x0020, 0x0037), "1e999\\0\\0\\0\\1\\0", VolumeWarning::NoGeometry),
    ];
    for (name, tag, text, warning) in cases {
        let mut sets = gantry(&[0.0, 3.0, 6.0], 0.0);
        for set in &mut sets {
            set.text(tag, "DS", text);
        }
        let out = stacked(&sets);
        assert_eq!((out.stacks.len(), out.stacks[0].slices), (1, 3), "{name}");
        assert!(out.stacks[0].warnings.contains(&warning), "{name}: {:?}", out.stacks[0].warnings);
        assert!(convert(&out.stacks[0], &files(&sets)).is_ok(), "{name}");
    }
}
