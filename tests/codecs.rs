//! Every compressed transfer syntax, coded by other people's encoders, decodes to what their decoders
//! give: as one frame and as many, in one fragment and in several, with every kind of offset table.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may panic")]

mod common;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::LazyLock;

use common::dicom::{Form, Set, Slice, Value};
use hepatica::dicom::codec::{REGISTRY, TransferSyntax};
use hepatica::dicom::pixels::{Frames, PixelLayout};
use hepatica::dicom::{DicomError, Header};
use serde::Deserialize;

/// One way of coding, as `tests/judges/codecs.py` describes it.
#[derive(Clone, Debug, Deserialize)]
struct Case {
    name: String,
    syntax: String,
    rows: u16,
    columns: u16,
    stored: u16,
    allocated: u16,
    signed: bool,
    samples: u16,
    photometric: String,
    /// How far a lossy decoder's rounding may be from another's.
    tolerance: i32,
    frames: Vec<String>,
    #[serde(skip)]
    coded: Vec<Vec<u8>>,
    #[serde(skip)]
    truth: Vec<Vec<i32>>,
}

/// What the judges made, once for all tests.
static CASES: LazyLock<Vec<Case>> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/judges/codecs.py");
    let run =
        std::process::Command::new(common::judge("python")).arg(script).arg(folder.path()).output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let read = |name: &str| std::fs::read(folder.path().join(name)).unwrap();
    let mut cases: Vec<Case> = serde_json::from_slice(&read("manifest.json")).unwrap();
    for case in &mut cases {
        case.coded = case.frames.iter().map(|stem| read(&format!("{stem}.bin"))).collect();
        case.truth = case
            .frames
            .iter()
            .map(|stem| {
                let raw = read(&format!("{stem}.raw"));
                raw.as_chunks::<4>().0.iter().map(|b| i32::from_le_bytes(*b)).collect()
            })
            .collect();
    }
    cases
});

/// How frames are put into an element.
#[derive(Clone, Copy, Debug)]
struct Packing {
    fragments_a_frame: usize,
    table: Table,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Table {
    Empty,
    Basic,
    /// Offsets that point anywhere.
    Lying,
    /// (7FE0,0001) and (7FE0,0002).
    Extended,
    /// Offsets of the right number, each one fragment late.
    Shifted,
}

fn even(mut bytes: Vec<u8>) -> Vec<u8> {
    if bytes.len() % 2 == 1 {
        bytes.push(0);
    }
    bytes
}

impl Case {
    /// A file of the first `frames` frames.
    fn file(&self, frames: usize, packing: Packing) -> Vec<u8> {
        let mut set = self.header(frames);
        let (mut fragments, mut offsets, mut at) = (Vec::new(), Vec::new(), 0usize);
        for coded in &self.coded[..frames] {
            offsets.push(at);
            let size = coded.len().div_ceil(packing.fragments_a_frame).next_multiple_of(2).max(2);
            for part in coded.chunks(size) {
                fragments.push(even(part.to_vec()));
                at += 8 + fragments.last().unwrap().len();
            }
        }
        let words =
            |values: &[usize]| values.iter().flat_map(|v| (*v as u32).to_le_bytes()).collect::<Vec<u8>>();
        let longs =
            |values: &[usize]| values.iter().flat_map(|v| (*v as u64).to_le_bytes()).collect::<Vec<u8>>();
        let table = match packing.table {
            Table::Empty => Vec::new(),
            Table::Basic => words(&offsets),
            Table::Lying => words(&(0..frames).map(|n| n * 6).collect::<Vec<_>>()),
            Table::Shifted => {
                let first = 8 + fragments.first().map_or(0, Vec::len);
                words(&offsets.iter().map(|o| if *o == 0 { 0 } else { o + first }).collect::<Vec<_>>())
            }
            Table::Extended => {
                let lengths: Vec<usize> = self.coded[..frames].iter().map(Vec::len).collect();
                set.put((0x7FE0, 0x0001), "OV", Value::Bytes(longs(&offsets)));
                set.put((0x7FE0, 0x0002), "OV", Value::Bytes(longs(&lengths)));
                Vec::new()
            }
        };
        set.put((0x7FE0, 0x0010), "OB", Value::Fragments(table, fragments));
        self.form().file(&set)
    }

    /// All frames in one fragment, one behind the other.
    fn file_of_one_fragment(&self, frames: usize) -> Vec<u8> {
        let mut set = self.header(frames);
        let whole = self.coded[..frames].iter().cloned().flat_map(even).collect();
        set.put((0x7FE0, 0x0010), "OB", Value::Fragments(vec![], vec![whole]));
        self.form().file(&set)
    }

    fn form(&self) -> Form {
        Form { syntax: Some(TransferSyntax::by_uid(&self.syntax).uid), ..Form::default() }
    }

    fn header(&self, frames: usize) -> Set {
        let mut set = Slice { rows: self.rows, columns: self.columns, ..Slice::default() }.set();
        set.us((0x0028, 0x0002), self.samples)
            .text((0x0028, 0x0004), "CS", &self.photometric)
            .us((0x0028, 0x0100), self.allocated)
            .us((0x0028, 0x0101), self.stored)
            .us((0x0028, 0x0102), self.stored - 1)
            .us((0x0028, 0x0103), u16::from(self.signed));
        if self.samples > 1 {
            set.us((0x0028, 0x0006), 0);
        }
        if frames > 1 {
            set.text((0x0028, 0x0008), "IS", &frames.to_string());
        }
        set
    }

    /// Compares what `file` holds with the truth: what is wrong with it.
    fn check(&self, file: &[u8], frames: usize, what: &str) -> Option<String> {
        let decoded = match decode(file) {
            Ok(decoded) => decoded,
            Err(error) => return Some(format!("{}, {what}: {error}", self.name)),
        };
        assert_eq!(decoded.len(), frames);
        for (n, (got, wanted)) in decoded.iter().zip(&self.truth).enumerate() {
            assert_eq!(got.len(), wanted.len(), "{}, {what}: samples of frame {n}", self.name);
            let furthest = got.iter().zip(wanted).map(|(a, b)| (a - f64::from(*b)).abs()).fold(0.0, f64::max);
            if furthest > f64::from(self.tolerance) {
                return Some(format!("{}, {what}: frame {n} is off by {furthest}", self.name));
            }
        }
        None
    }
}

fn decode(file: &[u8]) -> Result<Vec<Vec<f64>>, DicomError> {
    let header = Header::from_bytes(file.to_vec())?;
    let layout = PixelLayout::of(&header)?;
    let from = usize::try_from(header.pixels().unwrap().offset).unwrap();
    let frames = Frames::new(&layout, header.syntax(), &file[from..])?;
    (0..layout.frames)
        .map(|n| {
            let voxels = frames.decode(n)?;
            Ok((0..voxels.len()).filter_map(|i| voxels.get(i)).collect())
        })
        .collect()
}

fn check_all(packings: &[(usize, Packing)]) {
    let cases = CASES.iter().flat_map(|case| packings.iter().map(move |packing| (case, packing)));
    let wrong: Vec<String> = cases
        .filter_map(|(case, (frames, packing))| {
            case.check(&case.file(*frames, *packing), *frames, &format!("{frames} frames, {packing:?}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_single_frame_of_every_syntax() {
    let of = |fragments_a_frame, table| (1, Packing { fragments_a_frame, table });
    check_all(&[
        of(1, Table::Empty),
        of(1, Table::Basic),
        of(4, Table::Empty),
        of(4, Table::Basic),
        of(3, Table::Lying),
    ]);
}

#[test]
fn many_frames_of_every_syntax_a_fragment_each() {
    let of = |table| (3, Packing { fragments_a_frame: 1, table });
    check_all(&[of(Table::Empty), of(Table::Basic), of(Table::Extended), of(Table::Lying)]);
}

#[test]
fn many_frames_of_every_syntax_in_several_fragments_each() {
    let of = |table| (3, Packing { fragments_a_frame: 3, table });
    check_all(&[
        of(Table::Basic),
        of(Table::Empty),
        of(Table::Lying),
        of(Table::Extended),
        of(Table::Shifted),
    ]);
}

/// JPEG XL has no end marker, and JP2 files begin with a box.
fn is_told_by_markers(case: &Case) -> bool {
    !case.syntax.contains(".4.11") && !case.name.contains("jp2")
}

#[test]
fn many_frames_in_one_fragment_are_told_by_their_markers() {
    for case in CASES.iter().filter(|case| is_told_by_markers(case)) {
        let wrong = case.check(&case.file_of_one_fragment(3), 3, "one fragment");
        assert_eq!(wrong, None);
    }
}

#[test]
fn every_syntax_with_a_decoder_was_tried() {
    let mut tried: BTreeMap<&str, usize> = BTreeMap::new();
    for case in CASES.iter() {
        *tried.entry(TransferSyntax::by_uid(&case.syntax).uid).or_default() += 1;
    }
    let compressed =
        REGISTRY.iter().filter(|s| s.is_supported() && s.uid.starts_with("1.2.840.10008.1.2.4."));
    for syntax in compressed {
        // Part 2's lossy form differs from its lossless one by name only.
        let name = if syntax.uid.ends_with(".93") { "1.2.840.10008.1.2.4.92" } else { syntax.uid };
        assert!(tried.contains_key(name), "{} has no test", syntax.name);
    }
}

#[test]
fn a_frame_of_another_size_than_the_headers_is_refused() {
    for case in CASES.iter() {
        let packing = Packing { fragments_a_frame: 1, table: Table::Empty };
        for (rows, columns) in [(case.rows + 1, case.columns), (case.rows, case.columns + 1), (5000, 5000)] {
            let lying = Case { rows, columns, ..case.clone() };
            let error = decode(&lying.file(1, packing)).unwrap_err();
            assert!(
                matches!(error, DicomError::FrameMismatch { .. }),
                "{} under {rows} rows and {columns} columns: {error}",
                case.name
            );
        }
    }
}

#[test]
fn a_codestream_cut_short_is_an_error_and_never_a_grey_rest() {
    let packing = Packing { fragments_a_frame: 1, table: Table::Empty };
    for case in CASES.iter() {
        let whole = case.coded[0].len();
        for share in [0, 1, 5, 20, 40, 60, 80, 90] {
            let mut short = case.clone();
            short.coded[0].truncate(whole * share / 100);
            let result = decode(&short.file(1, packing));
            assert!(result.is_err(), "{} cut to {share} %", case.name);
        }
    }
}

#[test]
fn flipped_bits_are_an_error_or_a_picture_and_never_a_panic() {
    let packing = Packing { fragments_a_frame: 1, table: Table::Empty };
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as usize
    };
    let rounds = if common::full() { 400 } else { 25 };
    for case in CASES.iter() {
        for _ in 0..rounds {
            let mut broken = case.clone();
            let coded = &mut broken.coded[0];
            for _ in 0..1 + next() % 3 {
                // Half of the flips in the headers.
                let reach = if next() % 2 == 0 { coded.len().min(160) } else { coded.len() };
                let at = next() % reach;
                coded[at] ^= 1 << (next() % 8);
            }
            let _ = decode(&broken.file(1, packing));
        }
    }
}

/// Segmentations of pydicom's own test data: one bit a pixel, one and three frames, by word and by byte, little and
/// big endian. They are no images to convert; what holds their bits is.
#[test]
fn one_bit_a_pixel_is_what_pydicom_reads() {
    let folder = tempfile::tempdir().unwrap();
    let script = "import sys, pathlib, shutil\n\
        from pydicom import dcmread\n\
        from pydicom.data import get_testdata_file\n\
        for n in ('liver', 'liver_1frame', 'liver_expb', 'liver_expb_1frame'):\n\
        \x20 path = get_testdata_file(n + '.dcm', download=False)\n\
        \x20 if path:\n\
        \x20   shutil.copy(path, sys.argv[1])\n\
        \x20   raw = dcmread(path).pixel_array.astype('u1').tobytes()\n\
        \x20   pathlib.Path(sys.argv[1], n + '.raw').write_bytes(raw)\n";
    let run = std::process::Command::new(common::judge("python"))
        .args(["-c", script])
        .arg(folder.path())
        .output()
        .unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let mut compared = 0;
    for name in ["liver", "liver_1frame", "liver_expb", "liver_expb_1frame"] {
        let Ok(file) = std::fs::read(folder.path().join(format!("{name}.dcm"))) else { continue };
        let wanted = std::fs::read(folder.path().join(format!("{name}.raw"))).unwrap();
        let got: Vec<u8> = decode(&file).unwrap().concat().into_iter().map(|v| v as u8).collect();
        assert!(got == wanted, "{name}");
        compared += 1;
    }
    assert!(compared > 0, "pydicom brings none of these files any more");
}
