//! What a volume's NIfTI header says of where it lies, for any orientation, and whether others read it so.

use super::PhilipsValues;
use super::stack::stack;
use super::tests::{close, convert, instances, slice, world};
use crate::dicom::testing::Slice;
use crate::volume::Affine;
use crate::volume::grid::cross;
use proptest::prelude::*;

type V = [f64; 3];

fn rotation(angles: V) -> [f64; 6] {
    let [a, b, c] = angles;
    let (sa, ca, sb, cb, sc, cc) = (a.sin(), a.cos(), b.sin(), b.cos(), c.sin(), c.cos());
    [cb * cc, cb * sc, -sb, sa * sb * cc - ca * sc, sa * sb * sc + ca * cc, sa * cb]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    /// Any orientation, slices numbered either way, files in any order: every voxel of the image has the
    /// value and the place that DICOM gives it, and slices ascend along row × column.
    #[test]
    fn every_voxel_keeps_its_value_and_its_place(
        angles in prop::array::uniform3(-3.1..3.1f64), against in any::<bool>(), count in 2..6u32,
        gap in 0.5..7.0f64, seed in any::<u64>(),
    ) {
        let orientation = rotation(angles);
        let (row, column) = ([orientation[0], orientation[1], orientation[2]], [orientation[3], orientation[4], orientation[5]]);
        let normal = cross(row, column);
        let step = normal.map(|v| v * gap * if against { -1.0 } else { 1.0 });
        let slices: Vec<Slice> = (0..count).map(|z| slice(z, 0, count, step, orientation)).collect();
        let mut order: Vec<usize> = (0..count as usize).collect();
        order.sort_by_key(|n| (seed >> (n * 7)) & 127);
        let bytes: Vec<Vec<u8>> = order.iter().map(|n| slices[*n].file()).collect();
        let all = instances(&bytes).unwrap();
        let out = stack(&all.iter().collect::<Vec<_>>(), PhilipsValues::default());
        prop_assert_eq!(out.stacks.len(), 1);
        prop_assert_eq!(&out.stacks[0].warnings, &[]);
        let grid = out.stacks[0].grid.unwrap();
        prop_assert!(grid.affine().determinant() < 0.0);
        let (header, values) = convert(&out.stacks[0], &bytes).unwrap();
        prop_assert_eq!(header[42], 3);
        for (n, s) in slices.iter().enumerate() {
            let z = if against { count as usize - 1 - n } else { n };
            for r in 0..4usize {
                for c in 0..3usize {
                    let stored = values[(z * 4 + (3 - r)) * 3 + c];
                    prop_assert_eq!(stored, f64::from(s.values()[r * 3 + c]));
                    let place = grid.affine().apply([c as f64, (3 - r) as f64, z as f64]);
                    prop_assert!(close(place, world(s, c as f64, r as f64)), "{:?}", place);
                }
            }
        }
        quaternion_says_what_the_matrix_says(&header, *grid.affine())?;
    }

    /// The quaternion gives the same world as the matrix, for both handednesses (nifti1.h, METHOD 2).
    #[test]
    fn quaternions_say_what_matrices_say(angles in prop::array::uniform3(-3.15..3.15f64), sizes in prop::array::uniform3(0.1..9.0f64), origin in prop::array::uniform3(-300.0..300.0f64), left in any::<bool>()) {
        let o = rotation(angles);
        let (x, y) = ([o[0], o[1], o[2]], [o[3], o[4], o[5]]);
        let z = cross(x, y).map(|v| if left { -v } else { v });
        let scaled = |v: V, s: f64| v.map(|c| c * s);
        let affine = Affine::from_columns(scaled(x, sizes[0]), scaled(y, sizes[1]), scaled(z, sizes[2]), origin);
        let header = header_of(affine);
        quaternion_says_what_the_matrix_says(&header, affine)?;
    }
}

fn header_of(affine: Affine) -> Vec<u8> {
    let grid = crate::volume::Grid::new([5, 6, 7], affine).unwrap();
    let image = crate::nifti::ImageHeader {
        grid,
        times: 3,
        time_step_s: 2.5,
        voxel_type: crate::volume::VoxelType::U16,
        slope: 0.5,
        intercept: -3.0,
    };
    image.to_bytes().to_vec()
}

fn quaternion_says_what_the_matrix_says(header: &[u8], affine: Affine) -> Result<(), TestCaseError> {
    let float = |at: usize| f64::from(f32::from_le_bytes(header[at..at + 4].try_into().unwrap()));
    let [b, c, d] = [256, 260, 264].map(float);
    let a = (1.0 - b * b - c * c - d * d).max(0.0).sqrt();
    let fac = float(76);
    let r = [
        [a * a + b * b - c * c - d * d, 2.0 * (b * c - a * d), 2.0 * (b * d + a * c)],
        [2.0 * (b * c + a * d), a * a + c * c - b * b - d * d, 2.0 * (c * d - a * b)],
        [2.0 * (b * d - a * c), 2.0 * (c * d + a * b), a * a + d * d - b * b - c * c],
    ];
    let size = [80, 84, 88].map(float);
    prop_assert_eq!(i16::from_le_bytes([header[252], header[253]]), 1);
    for (row, turned) in r.iter().enumerate() {
        for column in 0..3 {
            let q = turned[column] * size[column] * if column == 2 { fac } else { 1.0 };
            prop_assert!(
                (q - affine.0[row][column]).abs() < 5e-4 * size[column].max(1.0),
                "{} {}",
                q,
                affine.0[row][column]
            );
        }
        prop_assert!((float(268 + row * 4) - affine.0[row][3]).abs() < 1e-3);
    }
    Ok(())
}

/// Half turns make the quaternion's first part zero: the branch that is easily got wrong.
#[test]
fn half_turns_have_quaternions() {
    for signs in [
        [1.0, -1.0, -1.0],
        [-1.0, 1.0, -1.0],
        [-1.0, -1.0, 1.0],
        [-1.0, 1.0, 1.0],
        [1.0, -1.0, 1.0],
        [-1.0, -1.0, -1.0],
    ] {
        let affine = Affine::from_columns(
            [signs[0] * 2.0, 0.0, 0.0],
            [0.0, signs[1] * 3.0, 0.0],
            [0.0, 0.0, signs[2]],
            [1.0, 2.0, 3.0],
        );
        quaternion_says_what_the_matrix_says(&header_of(affine), affine).unwrap();
    }
}

#[test]
fn another_reader_sees_the_header_that_was_meant() {
    let affine = Affine::from_columns([1.5, 0.0, 0.1], [0.0, 2.0, 0.0], [-0.2, 0.0, 3.0], [7.0, 8.0, 9.0]);
    let bytes = header_of(affine);
    let header = nifti::NiftiHeader::from_reader(&bytes[..]).unwrap();
    assert_eq!(header.dim, [4, 5, 6, 7, 3, 1, 1, 1]);
    assert_eq!((header.datatype, header.bitpix), (512, 16));
    assert_eq!((header.scl_slope, header.scl_inter), (0.5, -3.0));
    assert_eq!(header.vox_offset, 352.0);
    assert_eq!(header.xyzt_units, 10);
    assert!((f64::from(header.pixdim[4]) - 2.5).abs() < 1e-9);
    assert_eq!([header.srow_x, header.srow_y, header.srow_z].concat().len(), 12);
    for (row, values) in [header.srow_x, header.srow_y, header.srow_z].iter().zip(affine.0) {
        assert!(row.iter().zip(values).all(|(a, b)| (f64::from(*a) - b).abs() < 1e-6));
    }
    assert!(
        header.descrip.iter().all(|b| *b == 0) && header.aux_file == [0; 24] && header.intent_name == [0; 16]
    );
    assert_eq!(&bytes[4..38], &[0; 34], "data_type, db_name and the rest of the unused fields");
}
