//! Stored values and what they mean: rescales, mappings to real-world values, gains.

use super::VolumeWarning;
use super::tests::{axial, convert, files, stacked};
use super::vendor_tests::{Shot, enhanced, item};
use crate::dicom::testing::{Set, Value};

#[test]
fn values_with_different_slopes_become_floats_with_one_they_keep_their_type() {
    let with = |slopes: [&str; 2]| {
        let mut sets: Vec<Set> = (0..2).map(|z| axial(z, 0, 2)).collect();
        for (set, slope) in sets.iter_mut().zip(slopes) {
            set.text((0x0028, 0x1052), "DS", "-5").text((0x0028, 0x1053), "DS", slope);
        }
        let out = stacked(&sets);
        (convert(&out.stacks[0], &files(&sets)).unwrap(), out.stacks[0].warnings.clone())
    };
    let float = |h: &[u8], at: usize| f32::from_le_bytes(h[at..at + 4].try_into().unwrap());
    let ((header, values), warnings) = with(["2", "2"]);
    assert_eq!((float(&header, 112), float(&header, 116), warnings.len()), (2.0, -5.0, 0));
    assert_eq!(values[9], 100.0);
    let ((header, values), warnings) = with(["2", "3"]);
    assert_eq!((float(&header, 112), float(&header, 116)), (1.0, 0.0));
    assert_eq!(warnings, [VolumeWarning::ScaledToFloat]);
    assert_eq!((values[9], values[12 + 9]), (100.0 * 2.0 - 5.0, 200.0 * 3.0 - 5.0));
}

/// A mapping to real-world values (PS3.3 C.7.6.16.2.11).
fn mapping(slope: f64, intercept: f64, unit: &str) -> Value {
    item(|map| {
        map.put((0x0040, 0x9224), "FD", Value::F64(vec![intercept]));
        map.put((0x0040, 0x9225), "FD", Value::F64(vec![slope]));
        map.put(
            (0x0040, 0x08EA),
            "SQ",
            item(|code| {
                code.text((0x0008, 0x0100), "SH", unit);
            }),
        );
    })
}

#[test]
fn values_without_a_rescale_take_the_real_world_ones_where_these_have_a_unit() {
    let with = |unit: &str, rescaled: bool| {
        let sets: Vec<Set> = (0..2)
            .map(|z| {
                let mut set = axial(z, 0, 2);
                set.put((0x0040, 0x9096), "SQ", mapping(0.5, -100.0, unit));
                if rescaled {
                    set.text((0x0028, 0x1053), "DS", "2");
                    set.text((0x0028, 0x1052), "DS", "1");
                }
                set
            })
            .collect();
        let rescale = stacked(&sets).stacks[0].rescale.clone().unwrap();
        (rescale.slope, rescale.intercept)
    };
    assert_eq!(with("mm2/s", false), (0.5, -100.0));
    assert_eq!(with("1", false), (1.0, 0.0), "no unit, no meaning");
    assert_eq!(with("mm2/s", true), (2.0, 1.0), "the rescale goes first");
}

#[test]
fn phases_received_with_different_gains_are_said_not_to_be_comparable() {
    let with = |gains: [u16; 2]| {
        let mut sets = Vec::new();
        for (t, gain) in (0u32..).zip(gains) {
            for z in 0..8 {
                let mut set = axial(z, t, 8);
                set.text((0x0018, 0x0023), "CS", "3D");
                set.text((0x0018, 0x0080), "DS", "4.2");
                set.text((0x0018, 0x0081), "DS", "1.9");
                set.text((0x0020, 0x0100), "IS", &(t + 1).to_string());
                set.text((0x0019, 0x0010), "LO", "GEMS_ACQU_01");
                set.put((0x0019, 0x1094), "SS", Value::U16(vec![gain]));
                set.put((0x0019, 0x1095), "SS", Value::U16(vec![15]));
                sets.push(set);
            }
        }
        let out = stacked(&sets);
        assert_eq!(out.stacks.len(), 2);
        out.stacks.iter().all(|s| s.warnings.contains(&VolumeWarning::SlopesDiffer))
    };
    assert!(with([13, 11]));
    assert!(!with([13, 13]));
}

/// A mapping by table, of stored values from `first` on.
fn table(first: u16, values: &[f64], unit: &str) -> Value {
    item(|map| {
        map.us((0x0040, 0x9216), first).us((0x0040, 0x9211), first + values.len() as u16 - 1);
        map.put((0x0040, 0x9212), "FD", Value::F64(values.to_vec()));
        map.put(
            (0x0040, 0x08EA),
            "SQ",
            item(|code| {
                code.text((0x0008, 0x0100), "SH", unit);
            }),
        );
    })
}

fn with_table(first: u16, values: &[f64], unit: &str) -> Vec<Set> {
    (0..2)
        .map(|z| {
            let mut set = axial(z, 0, 2);
            set.put((0x0040, 0x9096), "SQ", table(first, values, unit));
            set
        })
        .collect()
}

#[test]
fn a_table_of_real_world_values_that_is_a_line_is_slope_and_intercept() {
    let values: Vec<f64> = (0..300).map(|n| 0.25 * f64::from(n) - 3.0).collect();
    let out = stacked(&with_table(50, &values, "ms"));
    let rescale = out.stacks[0].rescale.clone().unwrap();
    assert!((rescale.slope - 0.25).abs() < 1e-12 && (rescale.intercept + 15.5).abs() < 1e-9, "{rescale:?}");
    assert!(out.stacks[0].warnings.is_empty());
}

#[test]
fn a_table_of_real_world_values_is_applied_value_by_value() {
    // Stored: 100 to 111 in the first slice, 200 to 211 in the second.
    let values: Vec<f64> = (0..106).map(|n| f64::from(n * n) / 8.0).collect();
    let sets = with_table(100, &values, "ms");
    let out = stacked(&sets);
    assert_eq!(out.stacks[0].warnings, [VolumeWarning::MappedByTable]);
    let (_, found) = convert(&out.stacks[0], &files(&sets)).unwrap();
    // Rows run bottom-up: the first stored pixel is the first of the last row.
    assert_eq!(found[9..12], [0.0, 0.125, 0.5]);
    assert_eq!(found[12 + 9], 1250.0, "stored 200");
    assert!(found[12 + 6..12 + 9].iter().all(|v| v.is_finite()));
    // 206 and above: the table maps them to nothing.
    assert!(found[12..12 + 6].iter().all(|v| v.is_nan()), "{found:?}");
    assert!(stacked(&with_table(100, &values, "1")).stacks[0].rescale.is_some(), "no unit, no meaning");
}

#[test]
fn slopes_of_enhanced_frames_are_each_frames_own() {
    let with = |slopes: [f64; 4]| {
        let shots: Vec<Shot> = (0..4).map(|z| Shot { z, ..Shot::default() }).collect();
        let mut set = enhanced(&shots);
        let Some((_, Value::Items(frames))) = set.0.get_mut(&(0x5200, 0x9230)) else {
            panic!("no functional groups");
        };
        for (frame, slope) in frames.iter_mut().zip(slopes) {
            frame.put(
                (0x0028, 0x9145),
                "SQ",
                item(|t| {
                    t.numbers((0x0028, 0x1052), &[-1.0]).numbers((0x0028, 0x1053), &[slope]);
                }),
            );
        }
        let sets = [set];
        let out = stacked(&sets);
        let (header, values) = convert(&out.stacks[0], &files(&sets)).unwrap();
        let slope = f32::from_le_bytes(header[112..116].try_into().unwrap());
        (slope, values, out.stacks[0].warnings.clone())
    };
    // Frame n has the value n everywhere.
    let (slope, values, warnings) = with([2.0, 2.0, 2.0, 2.0]);
    assert_eq!((slope, warnings.len()), (2.0, 0));
    assert_eq!(values.chunks(12).map(|c| c[0]).collect::<Vec<_>>(), [0.0, 1.0, 2.0, 3.0], "as stored");
    let (slope, values, warnings) = with([1.0, 2.0, 3.0, 4.0]);
    assert_eq!((slope, warnings), (1.0, vec![VolumeWarning::ScaledToFloat]));
    assert_eq!(values.chunks(12).map(|c| c[0]).collect::<Vec<_>>(), [-1.0, 1.0, 5.0, 11.0], "as meant");
}

#[test]
fn phases_with_slopes_of_their_own_stay_integers_and_are_said_to_differ() {
    let mut sets = Vec::new();
    for t in 0..2 {
        for z in 0..8 {
            let mut set = axial(z, t, 8);
            set.text((0x0018, 0x0023), "CS", "3D").text((0x0018, 0x0080), "DS", "4.2");
            set.text((0x0020, 0x0100), "IS", &(t + 1).to_string());
            set.numbers((0x0028, 0x1052), &[0.0]).numbers((0x0028, 0x1053), &[1.5 + f64::from(t)]);
            sets.push(set);
        }
    }
    let out = stacked(&sets);
    let found: Vec<f64> = out.stacks.iter().map(|s| s.rescale.as_ref().unwrap().slope).collect();
    assert_eq!(found, [1.5, 2.5]);
    assert!(out.stacks.iter().all(|s| s.warnings == [VolumeWarning::SlopesDiffer]));
}

#[test]
fn colours_are_three_bytes_a_voxel_bottom_row_first() {
    let mut set = axial(0, 0, 1);
    set.text((0x0028, 0x0004), "CS", "RGB");
    for (element, value) in
        [(0x0002, 3), (0x0006, 1), (0x0010, 2), (0x0011, 2), (0x0100, 8), (0x0101, 8), (0x0102, 7)]
    {
        set.us((0x0028, element), value);
    }
    // Plane by plane: red, green, blue.
    let planes = vec![1, 2, 3, 4, 11, 12, 13, 14, 21, 22, 23, 24];
    set.put((0x7FE0, 0x0010), "OB", Value::Bytes(planes));
    let rgb = set.clone();
    set.text((0x0028, 0x0004), "CS", "PALETTE COLOR").us((0x0028, 0x0002), 1).remove((0x0028, 0x0006));
    set.put((0x7FE0, 0x0010), "OB", Value::Bytes(vec![1, 2, 3, 4]));
    for number in 1..=3u16 {
        let start = 10 * (number as u8 - 1);
        set.put((0x0028, 0x1100 + number), "US", Value::U16(vec![6, 0, 8]));
        set.put((0x0028, 0x1200 + number), "OW", Value::Bytes((start..start + 6).collect()));
    }
    let wanted = [3, 13, 23, 4, 14, 24, 1, 11, 21, 2, 12, 22].map(f64::from);
    for set in [rgb, set] {
        let sets = [set];
        let out = stacked(&sets);
        let (header, values) = convert(&out.stacks[0], &files(&sets)).unwrap();
        assert_eq!(i16::from_le_bytes([header[70], header[71]]), 128);
        assert_eq!(i16::from_le_bytes([header[72], header[73]]), 24);
        assert_eq!(values, wanted);
    }
}
