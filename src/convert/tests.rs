//! Frames that were written as files come back as the volumes they were cut from.

use std::io::Read;

use super::instance::{Instance, Interner};
use super::stack::{Stack, Stacked, stack};
use super::{Made, PhilipsValues, VolumeJob, VolumeWarning};
use crate::dicom::testing::{DEFLATED, Form, Set, Slice, Value};
use crate::dicom::{DicomError, Header};
use crate::hanging::facts::ComplexPart;
use crate::volume::grid::norm;

type V = [f64; 3];

pub(super) fn instances(files: &[Vec<u8>]) -> Result<Vec<Instance>, DicomError> {
    let mut interner = Interner::default();
    let one =
        |(n, bytes): (u32, &Vec<u8>)| Instance::of(n, &Header::from_bytes(bytes.clone())?, &mut interner);
    (0u32..).zip(files).map(one).collect()
}

pub(super) fn files(sets: &[Set]) -> Vec<Vec<u8>> {
    sets.iter().map(|set| Form::default().file(set)).collect()
}

pub(super) fn stacked(sets: &[Set]) -> Stacked {
    let instances = instances(&files(sets)).unwrap();
    stack(&instances.iter().collect::<Vec<_>>(), PhilipsValues::default())
}

/// Converts a stack: header, values as numbers.
pub(super) fn convert(stack: &Stack, files: &[Vec<u8>]) -> Result<(Vec<u8>, Vec<f64>), DicomError> {
    let instances = instances(files)?;
    let refs: Vec<&Instance> = instances.iter().collect();
    let mut job = VolumeJob::new(stack, &refs, 0.0, 1 << 30, 2)?;
    let mut needs: Vec<_> = job.needs().collect();
    needs.reverse(); // any order
    for need in needs {
        let file = &files[need.file as usize];
        let end = need.len.map_or(file.len(), |len| file.len().min((need.offset + len) as usize));
        job.feed(need.slot, file[need.offset as usize..end].to_vec())?;
    }
    for _ in 0..100_000 {
        if let Some(made) = job.step()? {
            let Made::Volume(product) = made else { panic!("text in {made:?}") };
            let mut plain = Vec::new();
            flate2::read::GzDecoder::new(&product.nii_gz[..]).read_to_end(&mut plain).unwrap();
            let (header, body) = plain.split_at(352);
            assert_eq!(header, product.header);
            let code = i16::from_le_bytes([header[70], header[71]]);
            let values = match code {
                2 | 128 => body.iter().map(|b| f64::from(*b)).collect(),
                4 => body.chunks(2).map(|b| f64::from(i16::from_le_bytes([b[0], b[1]]))).collect(),
                512 => body.chunks(2).map(|b| f64::from(u16::from_le_bytes([b[0], b[1]]))).collect(),
                16 => {
                    body.chunks(4).map(|b| f64::from(f32::from_le_bytes([b[0], b[1], b[2], b[3]]))).collect()
                }
                _ => panic!("type {code}"),
            };
            return Ok((header.to_vec(), values));
        }
    }
    panic!("no product");
}

/// Slice `z` of volume `t` of a series of `slices`, its position `step` apart.
pub(super) fn slice(z: u32, t: u32, slices: u32, step: V, orientation: [f64; 6]) -> Slice {
    Slice {
        number: 1 + t * slices + z,
        position: [0, 1, 2].map(|i| 10.0 + step[i] * f64::from(z)),
        orientation,
        ..Slice::default()
    }
}

pub(super) const AXIAL: [f64; 6] = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0];

pub(super) fn axial(z: u32, t: u32, slices: u32) -> Set {
    slice(z, t, slices, [0.0, 0.0, 3.0], AXIAL).set()
}

/// World position of stored voxels, LPS → RAS, from the DICOM formula (PS3.3 C.7.6.2.1.1).
pub(super) fn world(s: &Slice, column: f64, row: f64) -> V {
    let o = s.orientation;
    let lps = [0, 1, 2].map(|i| s.position[i] + o[i] * s.spacing[1] * column + o[i + 3] * s.spacing[0] * row);
    [-lps[0], -lps[1], lps[2]]
}

pub(super) fn close(a: V, b: V) -> bool {
    a.iter().zip(b).all(|(x, y)| (x - y).abs() < 1e-6)
}

/// The first frame's instance number (less 1) of every volume and slice.
fn numbers(stack: &Stack, sets: &[Set]) -> Vec<i64> {
    let instances = instances(&files(sets)).unwrap();
    stack.frames.iter().map(|at| instances[at.instance as usize].instance_number - 1).collect()
}

#[test]
fn a_4d_series_is_sorted_whatever_the_order_of_files_and_numbers() {
    // Numbers run through the slices first, then through time, as Philips' may.
    type Labelled = (&'static str, fn(&mut Set, u32));
    let label: [Labelled; 4] = [
        ("temporal position", |s, t| {
            s.text((0x0020, 0x0100), "IS", &(t + 1).to_string());
        }),
        ("acquisition", |s, t| {
            s.text((0x0020, 0x0012), "IS", &(t + 1).to_string());
        }),
        ("trigger time", |s, t| {
            s.text((0x0018, 0x1060), "DS", &(t * 300).to_string());
        }),
        ("b-value", |s, t| {
            s.put((0x0018, 0x9087), "FD", Value::F64(vec![f64::from(t) * 400.0]));
        }),
    ];
    for (name, label) in label {
        let mut sets = Vec::new();
        for z in 0..5 {
            for t in 0..3 {
                let mut s = slice(z, 0, 5, [0.0, 0.0, 3.0], AXIAL);
                s.number = z * 3 + t + 1;
                let mut set = s.set();
                label(&mut set, t);
                sets.push(set);
            }
        }
        sets.reverse();
        sets.swap(1, 9);
        let out = stacked(&sets);
        assert_eq!((out.stacks.len(), out.left_over.len()), (1, 0), "{name}");
        let stack = &out.stacks[0];
        assert_eq!((stack.slices, stack.times), (5, 3), "{name}");
        let wanted: Vec<i64> = (0..3).flat_map(|t| (0..5).map(move |z| z * 3 + t)).collect();
        assert_eq!(numbers(stack, &sets), wanted, "{name}");
    }
}

#[test]
fn shuffled_numbers_leave_diffusion_in_the_order_of_b_values() {
    // Philips numbers frames at random; here each volume has the lowest number of some slice.
    let numbers = [[7, 3, 9], [1, 8, 5], [4, 6, 2]];
    let mut sets = Vec::new();
    for (b, row) in numbers.iter().enumerate() {
        for (z, number) in (0u32..).zip(row) {
            let mut s = slice(z, 0, 3, [0.0, 0.0, 3.0], AXIAL);
            s.number = *number;
            let mut set = s.set();
            set.put((0x0018, 0x9087), "FD", Value::F64(vec![b as f64 * 400.0]));
            sets.push(set);
        }
    }
    assert_eq!(stacked(&sets).stacks[0].b_values.as_deref(), Some(&[0.0, 400.0, 800.0][..]));
}

#[test]
fn positions_repeated_without_any_label_are_volumes_in_the_order_of_numbers() {
    let sets: Vec<Set> = (0..4).flat_map(|t| (0..3).map(move |z| axial(z, t, 3))).collect();
    let out = stacked(&sets);
    assert_eq!((out.stacks[0].slices, out.stacks[0].times), (3, 4));
    assert_eq!(numbers(&out.stacks[0], &sets), (0..12).collect::<Vec<_>>());
}

#[test]
fn a_label_that_is_the_same_everywhere_parts_nothing_and_another_does() {
    // Canon writes TemporalPositionIndex 1 everywhere.
    let mut sets: Vec<Set> = (0..2).flat_map(|t| (0..3).map(move |z| axial(z, t, 3))).collect();
    for set in &mut sets {
        set.text((0x0020, 0x0100), "IS", "1");
    }
    assert_eq!((stacked(&sets).stacks[0].slices, stacked(&sets).stacks[0].times), (3, 2));
}

#[test]
fn an_aborted_series_keeps_its_complete_volumes() {
    let mut sets: Vec<Set> = (0..3).flat_map(|t| (0..4).map(move |z| axial(z, t, 4))).collect();
    for (n, set) in sets.iter_mut().enumerate() {
        set.text((0x0020, 0x0100), "IS", &(n / 4 + 1).to_string());
    }
    sets.truncate(10);
    let out = stacked(&sets);
    assert_eq!((out.stacks.len(), out.stacks[0].times, out.left_over.len()), (1, 2, 2));
    assert!(out.stacks[0].warnings.contains(&VolumeWarning::IncompleteVolumes { frames: 2 }));
}

#[test]
fn lost_files_never_mix_two_moments() {
    // Three moments by label; the first lost slice 1, the second slice 2. By order alone the first
    // volume would have been filled up with a slice of the second.
    let mut sets: Vec<Set> = (0..3).flat_map(|t| (0..4).map(move |z| axial(z, t, 4))).collect();
    for (n, set) in sets.iter_mut().enumerate() {
        set.text((0x0020, 0x0100), "IS", &(n / 4 + 1).to_string());
    }
    sets.remove(6);
    sets.remove(1);
    let out = stacked(&sets);
    assert_eq!((out.stacks.len(), out.stacks[0].times), (1, 1));
    assert_eq!(numbers(&out.stacks[0], &sets), [8, 9, 10, 11]);
    assert_eq!(out.left_over.len(), 6);
}

#[test]
fn slabs_side_by_side_in_one_series_are_volumes_of_their_own() {
    // Two stations that overlap by a slice, told apart by their acquisition.
    let mut sets = Vec::new();
    for (n, z) in (0..5).chain(4..9).enumerate() {
        let mut s = slice(z, 0, 5, [0.0, 0.0, 3.0], AXIAL);
        s.number = n as u32 + 1;
        let mut set = s.set();
        set.text((0x0020, 0x0012), "IS", &(n / 5 + 1).to_string());
        sets.push(set);
    }
    let out = stacked(&sets);
    assert_eq!(out.left_over.len(), 0);
    assert_eq!(out.stacks.iter().map(|s| (s.slices, s.times)).collect::<Vec<_>>(), [(5, 1), (5, 1)]);
}

#[test]
fn mixed_orientations_echoes_and_kinds_are_parted() {
    let mut sets: Vec<Set> = Vec::new();
    let coronal = [1.0, 0.0, 0.0, 0.0, 0.0, -1.0];
    for z in 0..3 {
        sets.push(axial(z, 0, 3));
        sets.push(
            Slice {
                number: 20 + z,
                orientation: coronal,
                position: [0.0, f64::from(z), 0.0],
                ..Slice::default()
            }
            .set(),
        );
        let mut echo = slice(z, 2, 3, [0.0, 0.0, 3.0], AXIAL).set();
        echo.text((0x0018, 0x0081), "DS", "80.5");
        sets.push(echo);
        let mut adc = slice(z, 10, 3, [0.0, 0.0, 3.0], AXIAL).set();
        adc.text((0x0008, 0x0008), "CS", "DERIVED\\PRIMARY\\DIFFUSION\\ADC");
        sets.push(adc);
        let mut phase = slice(z, 20, 3, [0.0, 0.0, 3.0], AXIAL).set();
        phase.text((0x0008, 0x0008), "CS", "ORIGINAL\\PRIMARY\\P");
        sets.push(phase);
    }
    let out = stacked(&sets);
    assert_eq!(out.stacks.len(), 5);
    assert!(out.stacks.iter().all(|s| (s.slices, s.times) == (3, 1)));
    assert_eq!(out.stacks.iter().filter(|s| s.part == ComplexPart::Phase).count(), 1);
}

#[test]
fn gaps_and_uneven_slices_are_said() {
    let with = |depths: &[f64]| {
        let sets: Vec<Set> = depths
            .iter()
            .zip(1u32..)
            .map(|(d, n)| Slice { number: n, position: [0.0, 0.0, *d], ..Slice::default() }.set())
            .collect();
        stacked(&sets).stacks[0].warnings.clone()
    };
    assert_eq!(with(&[0.0, 3.0, 6.0, 9.0]), []);
    assert_eq!(with(&[0.0, 3.0, 9.0, 12.0]), [VolumeWarning::MissingSlices { slices: vec![3] }]);
    assert_eq!(with(&[0.0, 3.0, 7.0, 12.0]), [VolumeWarning::VariableSpacing { min_mm: 3.0, max_mm: 5.0 }]);
}

#[test]
fn frames_without_position_stand_in_the_order_of_their_numbers_with_a_warning() {
    let mut sets: Vec<Set> = (0..3).map(|z| axial(z, 0, 3)).collect();
    for set in &mut sets {
        set.remove((0x0020, 0x0032));
    }
    sets.reverse();
    let out = stacked(&sets);
    assert_eq!((out.stacks.len(), out.stacks[0].slices), (1, 3));
    assert_eq!(numbers(&out.stacks[0], &sets), [0, 1, 2]);
    assert_eq!(out.stacks[0].warnings, [VolumeWarning::NoGeometry]);
    // One frame without a place doesn't take it from the others.
    let mut sets: Vec<Set> = (0..4).map(|z| axial(z, 0, 4)).collect();
    sets[3].remove((0x0020, 0x0032));
    let out = stacked(&sets);
    assert_eq!(out.stacks.iter().map(|s| s.slices).collect::<Vec<_>>(), [3, 1]);
}

#[test]
fn a_single_slice_is_as_thick_as_the_header_says() {
    let out = stacked(&[axial(0, 0, 1)]);
    let spacing = out.stacks[0].grid.unwrap().affine().spacing();
    assert_eq!(spacing, [1.5, 2.0, 3.0]);
}

#[test]
fn a_tilted_gantry_is_sheared_and_has_no_quaternion() {
    let sets: Vec<Set> = (0..4).map(|z| slice(z, 0, 4, [0.0, 1.2, 3.0], AXIAL).set()).collect();
    let out = stacked(&sets);
    assert!(out.stacks[0].warnings.contains(&VolumeWarning::Tilted));
    let (header, _) = convert(&out.stacks[0], &files(&sets)).unwrap();
    assert_eq!(i16::from_le_bytes([header[252], header[253]]), 0, "qform_code");
    assert_eq!(i16::from_le_bytes([header[254], header[255]]), 1, "sform_code");
}

#[test]
fn enhanced_frames_are_placed_by_their_functional_groups() {
    let mut set = Slice { rows: 2, columns: 2, ..Slice::default() }.set();
    set.remove((0x0020, 0x0032)).remove((0x0020, 0x0037)).remove((0x0028, 0x0030));
    set.text((0x0028, 0x0008), "IS", "6");
    set.put((0x7FE0, 0x0010), "OW", Value::U16((0..24).collect()));
    let group = |tag, change: &dyn Fn(&mut Set)| {
        let mut inner = Set::default();
        change(&mut inner);
        (tag, ([b'S', b'Q'], Value::Items(vec![inner])))
    };
    let shared = Set([
        group((0x0020, 0x9116), &|s| {
            s.numbers((0x0020, 0x0037), &AXIAL);
        }),
        group((0x0028, 0x9110), &|s| {
            s.numbers((0x0028, 0x0030), &[2.0, 1.5]);
        }),
    ]
    .into_iter()
    .collect());
    set.put((0x5200, 0x9229), "SQ", Value::Items(vec![shared]));
    // Frames: three slices from the top, two times.
    let frames: Vec<Set> = (0..6)
        .map(|n| {
            Set([
                group((0x0020, 0x9111), &|s| {
                    s.put((0x0020, 0x9128), "UL", Value::U32(vec![n % 2 + 1]));
                }),
                group((0x0020, 0x9113), &|s| {
                    s.numbers((0x0020, 0x0032), &[0.0, 0.0, -4.0 * f64::from(n / 2)]);
                }),
            ]
            .into_iter()
            .collect())
        })
        .collect();
    set.put((0x5200, 0x9230), "SQ", Value::Items(frames));
    for form in [Form::default(), Form { undefined: true, ..Form::implicit() }, Form::big()] {
        let bytes = vec![form.file(&set)];
        let all = instances(&bytes).unwrap();
        let out = stack(&all.iter().collect::<Vec<_>>(), PhilipsValues::default());
        let s = &out.stacks[0];
        assert_eq!((s.slices, s.times), (3, 2));
        assert_eq!(s.frames.iter().map(|at| at.frame).collect::<Vec<_>>(), [4, 2, 0, 5, 3, 1]);
        assert_eq!(s.grid.unwrap().affine().column(3), [0.0, -2.0, -8.0]);
        let (_, values) = convert(s, &bytes).unwrap();
        assert_eq!(&values[..4], [18.0, 19.0, 16.0, 17.0]);
    }
}

#[test]
fn frames_that_nobody_describes_are_refused_before_memory_is_spent() {
    let with = |frames: &str, described: usize| {
        let mut set = Slice { rows: 1, columns: 1, pixels: vec![1], ..Slice::default() }.set();
        set.text((0x0028, 0x0008), "IS", frames);
        if described > 0 {
            set.put((0x5200, 0x9230), "SQ", Value::Items(vec![Set::default(); described]));
        }
        instances(&files(&[set])).map(|_| ()).unwrap_err()
    };
    assert_eq!(with("2000000000", 0), DicomError::PixelDescription { what: "NumberOfFrames" });
    assert_eq!(with("2000000000", 3), DicomError::PixelDescription { what: "NumberOfFrames" });
    assert_eq!(with("40", 3), DicomError::PixelDescription { what: "NumberOfFrames" });
    // As many as there may be, but not the pixels for them.
    assert_eq!(with("40", 0), DicomError::PixelsShort { have: 2, needs: 80 });
}

#[test]
fn pixel_data_of_another_size_than_promised() {
    let with = |bytes: usize| {
        let mut set = axial(0, 0, 1);
        set.put((0x7FE0, 0x0010), "OW", Value::Bytes(vec![1; bytes]));
        set
    };
    assert_eq!(
        instances(&files(&[with(22)])).map(|_| ()).unwrap_err(),
        DicomError::PixelsShort { have: 22, needs: 24 }
    );
    // Longer is padding, or frames that nobody counted.
    let longer = [with(24 + 10)];
    let (_, values) = convert(&stacked(&longer).stacks[0], &files(&longer)).unwrap();
    assert_eq!(values, vec![257.0; 12]);
}

#[test]
fn pixel_data_of_a_deflated_file_are_not_filled_up_from_elsewhere() {
    use std::io::Write;
    let form = Form { syntax: Some(DEFLATED), ..Form::default() };
    let mut plain = Vec::new();
    form.set(&axial(0, 0, 1), &mut plain);
    let packed = |plain: &[u8]| {
        let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(plain).unwrap();
        [form.head(), encoder.finish().unwrap()].concat()
    };
    let whole = vec![packed(&plain)];
    let all = instances(&whole).unwrap();
    let stack = stack(&all.iter().collect::<Vec<_>>(), PhilipsValues::default()).stacks.remove(0);
    assert_eq!(convert(&stack, &whole).unwrap().1[9], 100.0);
    // The last six bytes are absent: behind the data set the reader keeps the meta header.
    let short = vec![packed(&plain[..plain.len() - 6])];
    assert!(matches!(convert(&stack, &short), Err(DicomError::PixelsShort { .. })));
}

#[test]
fn a_volume_beyond_the_budget_is_refused_with_the_numbers() {
    let sets: Vec<Set> = (0..4).map(|z| axial(z, 0, 4)).collect();
    let bytes = files(&sets);
    let all = instances(&bytes).unwrap();
    let refs: Vec<&Instance> = all.iter().collect();
    let stack = &stack(&refs, PhilipsValues::default()).stacks[0];
    let error = VolumeJob::new(stack, &refs, 0.0, 95, 1).unwrap_err();
    assert_eq!(error.to_string(), "refused: needs 96 bytes, budget 95 bytes");
    assert!(VolumeJob::new(stack, &refs, 0.0, 96, 1).is_ok());
}

/// A mosaic whose tile `n` holds the value n + 1 everywhere; `side` tiles a side.
fn mosaic(slices: u32, side: u16, columns: u16, normal: f64) -> Set {
    let (tile_rows, tile_columns) = (2u16, 2u16);
    let (rows, columns) = (side * tile_rows, columns);
    let pixels = (0..rows)
        .flat_map(|r| (0..columns).map(move |c| (r / tile_rows) * side + c / tile_columns + 1))
        .collect();
    let mut set = Slice { rows, columns, pixels, ..Slice::default() }.set();
    set.text((0x0008, 0x0008), "CS", "ORIGINAL\\PRIMARY\\M\\ND\\MOSAIC");
    let mut csa = b"SV10\x04\x03\x02\x01".to_vec();
    csa.extend(2u32.to_le_bytes());
    csa.extend(77u32.to_le_bytes());
    for (name, values) in
        [("NumberOfImagesInMosaic", vec![f64::from(slices)]), ("SliceNormalVector", vec![0.0, 0.0, normal])]
    {
        let mut tag = name.as_bytes().to_vec();
        tag.resize(64, 0);
        for word in [values.len() as u32, 0, 3, values.len() as u32, 77] {
            tag.extend(word.to_le_bytes());
        }
        for value in values {
            let text = format!("{value:.4}\0");
            for word in [0, text.len() as u32, 77, 0] {
                tag.extend(word.to_le_bytes());
            }
            tag.extend(text.as_bytes());
            tag.resize(tag.len().next_multiple_of(4), 0);
        }
        csa.extend(tag);
    }
    set.text((0x0029, 0x0010), "LO", "SIEMENS CSA HEADER");
    set.put((0x0029, 0x1010), "OB", Value::Bytes(csa));
    set
}

#[test]
fn tiles_of_a_mosaic_become_slices_from_either_end() {
    for normal in [1.0, -1.0] {
        let sets = [mosaic(3, 2, 4, normal)];
        let out = stacked(&sets);
        let s = &out.stacks[0];
        assert_eq!((s.slices, s.times, s.size), (3, 1, [2, 2]));
        let (_, values) = convert(s, &files(&sets)).unwrap();
        let firsts: Vec<f64> = values.chunks(4).map(|c| c[0]).collect();
        assert_eq!(firsts, if normal > 0.0 { [1.0, 2.0, 3.0] } else { [3.0, 2.0, 1.0] });
        // The first tile lies at the mosaic's corner, moved by half the difference of the sizes.
        let tile = if normal > 0.0 { 0.0 } else { 2.0 };
        let corner = s.grid.unwrap().affine().apply([0.0, 1.0, tile]);
        assert!(close(corner, [-1.5, -2.0, 0.0]), "{corner:?}");
    }
}

#[test]
fn a_mosaic_that_its_tiles_do_not_fill_is_a_picture() {
    let sets = [mosaic(3, 2, 5, 1.0)];
    let out = stacked(&sets);
    assert_eq!((out.stacks[0].slices, out.stacks[0].size), (1, [5, 4]));
    let sets = [mosaic(60_000, 2, 4, 1.0)];
    assert_eq!(stacked(&sets).stacks[0].slices, 1);
}

/// dcm2niix takes such files apart by the same element.
#[test]
fn a_mosaic_without_its_private_elements_is_taken_apart_by_its_acquisition_matrix() {
    let bare = |matrix: Vec<u16>, columns: u16| {
        let rows = 32u16;
        let pixels =
            (0..rows).flat_map(|r| (0..columns).map(move |c| r / 16 * 2 + c / (columns / 2) + 1)).collect();
        let mut set = Slice { rows, columns, pixels, ..Slice::default() }.set();
        set.text((0x0008, 0x0008), "CS", "ORIGINAL\\PRIMARY\\M\\ND\\MOSAIC");
        set.put((0x0018, 0x1310), "US", Value::U16(matrix));
        [set]
    };
    for (matrix, columns) in [(vec![16, 0, 0, 12], 24), (vec![0, 16, 16, 0], 32)] {
        let sets = bare(matrix, columns);
        let out = stacked(&sets);
        let s = &out.stacks[0];
        assert_eq!((s.slices, s.size), (4, [u32::from(columns) / 2, 16]));
        assert!(s.warnings.contains(&VolumeWarning::GuessedMosaic));
        let (_, values) = convert(s, &files(&sets)).unwrap();
        let firsts: Vec<f64> = values.chunks(s.size[0] as usize * 16).map(|c| c[0]).collect();
        assert_eq!(firsts, [1.0, 2.0, 3.0, 4.0]);
    }
    // One tile, tiles that don't fit, and more beside than below each other are a picture.
    for matrix in
        [vec![32, 0, 0, 32], vec![20, 0, 0, 20], vec![16, 0, 0, 8], vec![16, 0, 16, 0], vec![0; 4], vec![]]
    {
        assert_eq!(stacked(&bare(matrix, 32)).stacks[0].slices, 1);
    }
}

#[test]
fn b_vectors_are_along_the_stored_axes() {
    let mut sets = Vec::new();
    for (t, (b, g)) in [
        (0.0, [0.0; 3]),
        (800.0, [1.0, 0.0, 0.0]),
        (800.0, [0.0, 1.0, 0.0]),
        (800.0, [0.0, 0.0, 2.0f64.sqrt()]),
    ]
    .iter()
    .enumerate()
    {
        for z in 0..2 {
            let mut set = axial(z, t as u32, 2);
            set.put((0x0018, 0x9087), "FD", Value::F64(vec![*b]));
            set.put((0x0018, 0x9089), "FD", Value::F64(g.to_vec()));
            sets.push(set);
        }
    }
    let out = stacked(&sets);
    let s = &out.stacks[0];
    assert_eq!(s.b_values.as_deref(), Some(&[0.0, 800.0, 800.0, 800.0][..]));
    // Row direction +x; the stored rows run bottom-up, so a column direction turns.
    assert_eq!(s.b_vectors, [[0.0; 3], [1.0, 0.0, 0.0], [0.0, -1.0, 0.0], [0.0, 0.0, 1.0]]);
    assert!(norm(s.b_vectors[3]) == 1.0);
}
