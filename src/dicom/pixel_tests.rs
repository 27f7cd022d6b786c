//! Pixel descriptions and frames: what comes out of every native encoding, run lengths and fragments.

use super::testing::{BIG, DEFLATED, ENCAPSULATED, Form, RLE, Set, Slice, Value};
use super::tests::{deflate, read};
use super::*;
use crate::dicom::pixels::{Frames, Photometric, PixelLayout};
use crate::volume::Voxels;
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn stored_bits_come_out_as_they_went_in(
        allocated in prop::sample::select(vec![8u16, 16, 32]),
        stored_share in 1..=32u16, shift_share in 0..32u16,
        signed in any::<bool>(), big in any::<bool>(), noise in any::<u64>(),
        raw in prop::collection::vec(any::<u32>(), 15),
    ) {
        let stored = 1 + stored_share % allocated;
        let shift = shift_share % (allocated - stored + 1);
        let layout = PixelLayout {
            rows: 5, columns: 3, frames: 1, samples: 1, bits_allocated: allocated, bits_stored: stored,
            high_bit: shift + stored - 1, signed, element: PixelElement::Integer, monochrome: true,
            photometric: Photometric::Grey, planar: false, paired_bytes: false,
        };
        let mask = if stored == 32 { u32::MAX } else { (1u32 << stored) - 1 };
        let wanted: Vec<f64> = raw.iter().map(|v| {
            let bits = v & mask;
            let negative = signed && bits >> (stored - 1) == 1;
            f64::from(bits) - if negative { 2f64.powi(i32::from(stored)) } else { 0.0 }
        }).collect();
        let bytes: Vec<u8> = raw.iter().flat_map(|v| {
            // Bits outside the stored ones hold rubbish, as old overlays do.
            let word = ((u64::from(v & mask) << shift) | (noise & !(u64::from(mask) << shift))) as u32;
            let all = word.to_le_bytes();
            let mut word = all[..usize::from(allocated / 8)].to_vec();
            if big { word.reverse(); }
            word
        }).collect();
        let voxels = layout.decode_native(&bytes, big).unwrap();
        let got: Vec<f64> = (0..15).map(|i| voxels.get(i).unwrap()).collect();
        prop_assert_eq!(got, wanted);
    }

    #[test]
    fn run_lengths_unpack_to_what_was_packed(values in prop::collection::vec(prop::sample::select(vec![0u16, 0, 0, 1, 257, 65_535]), 60), two in any::<bool>()) {
        let mut set = Slice { rows: 6, columns: 10, ..Slice::default() }.set();
        let planes: Vec<Vec<u8>> = if two {
            vec![values.iter().map(|v| (v >> 8) as u8).collect(), values.iter().map(|v| *v as u8).collect()]
        } else {
            set.us((0x0028, 0x0100), 8).us((0x0028, 0x0101), 8).us((0x0028, 0x0102), 7);
            vec![values.iter().map(|v| *v as u8).collect()]
        };
        set.put((0x7FE0, 0x0010), "OB", Value::Fragments(vec![], vec![pack(&planes)]));
        let bytes = Form { syntax: Some(RLE), ..Form::default() }.file(&set);
        let header = read(bytes.clone());
        let layout = PixelLayout::of(&header).unwrap();
        let frames = Frames::new(&layout, header.syntax(), &bytes[header.pixels().unwrap().offset as usize..]).unwrap();
        let wanted = if two { Voxels::U16(values) } else { Voxels::U8(values.iter().map(|v| *v as u8).collect()) };
        prop_assert_eq!(frames.decode(0).unwrap(), wanted);
    }
}

/// PS3.5 §G: runs of at least three, literals otherwise.
fn pack(planes: &[Vec<u8>]) -> Vec<u8> {
    let mut segments = Vec::new();
    for plane in planes {
        let mut out = Vec::new();
        let mut at = 0;
        while at < plane.len() {
            let run = plane[at..].iter().take(128).take_while(|b| **b == plane[at]).count();
            if run >= 2 {
                out.extend([(1 - run as i32) as i8 as u8, plane[at]]);
                at += run;
            } else {
                out.extend([0, plane[at]]);
                at += 1;
            }
        }
        if out.len() % 2 == 1 {
            out.push(0x80);
        }
        segments.push(out);
    }
    let mut head = vec![segments.len() as u32];
    let mut at = 64;
    for segment in &segments {
        head.push(at);
        at += segment.len() as u32;
    }
    head.resize(16, 0);
    head.iter().flat_map(|w| w.to_le_bytes()).chain(segments.into_iter().flatten()).collect()
}

#[test]
fn fragments_belong_to_frames_by_count_or_by_offset_table() {
    let frame = |n: u8| vec![n, 0, n + 1, 0, n + 2, 0, n + 3, 0];
    let item = |bytes: &[u8]| {
        let mut out = vec![0xFE, 0xFF, 0x00, 0xE0];
        out.extend((bytes.len() as u32).to_le_bytes());
        out.extend(bytes);
        out
    };
    let layout = |frames| PixelLayout {
        rows: 2,
        columns: 2,
        frames,
        samples: 1,
        bits_allocated: 16,
        bits_stored: 16,
        high_bit: 15,
        signed: false,
        element: PixelElement::Integer,
        monochrome: true,
        photometric: Photometric::Grey,
        planar: false,
        paired_bytes: false,
    };
    let syntax = codec::TransferSyntax::by_uid(ENCAPSULATED);
    let end = [0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0];
    let decode = |frames: u32, value: &[u8], n: u32| {
        Frames::new(&layout(frames), &syntax, value).and_then(|f| f.decode(n))
    };
    let expect = |n: u8| Voxels::U16((n..n + 4).map(u16::from).collect());
    // One frame in three fragments.
    let (a, b) = (frame(1), frame(9));
    let value = [item(&[]), item(&a[..2]), item(&a[2..6]), item(&a[6..]), end.to_vec()].concat();
    assert_eq!(decode(1, &value, 0).unwrap(), expect(1));
    // Two frames, a fragment each, no table, and no delimiter but padding.
    let value = [item(&[]), item(&a), item(&b), vec![0; 16]].concat();
    assert_eq!(decode(2, &value, 1).unwrap(), expect(9));
    // Two frames in five fragments with a table.
    let table: Vec<u8> = [0u32, 10 + 14].iter().flat_map(|o| o.to_le_bytes()).collect();
    let value = [
        item(&table),
        item(&a[..2]),
        item(&a[2..]),
        item(&b[..2]),
        item(&b[2..4]),
        item(&b[4..]),
        end.to_vec(),
    ]
    .concat();
    assert_eq!(decode(2, &value, 0).unwrap(), expect(1));
    assert_eq!(decode(2, &value, 1).unwrap(), expect(9));
    // A frame that isn't there.
    assert!(matches!(decode(3, &value, 2), Err(DicomError::PixelsShort { .. })));
}

#[test]
fn impossible_pixel_descriptions_are_errors_that_name_the_attribute() {
    let broken = |change: &dyn Fn(&mut Set)| {
        let mut set = Slice::default().set();
        change(&mut set);
        PixelLayout::of(&read(Form::default().file(&set))).unwrap_err().to_string()
    };
    for (change, word) in [
        (
            &(|s: &mut Set| {
                s.us((0x0028, 0x0010), 0);
            }) as &dyn Fn(&mut Set),
            "Rows",
        ),
        (
            &|s: &mut Set| {
                s.remove((0x0028, 0x0011));
            },
            "Columns",
        ),
        (
            &|s: &mut Set| {
                s.us((0x0028, 0x0100), 12);
            },
            "BitsAllocated",
        ),
        (
            &|s: &mut Set| {
                s.us((0x0028, 0x0101), 17);
            },
            "BitsStored",
        ),
        (
            &|s: &mut Set| {
                s.us((0x0028, 0x0101), 0);
            },
            "BitsStored",
        ),
        (
            &|s: &mut Set| {
                s.us((0x0028, 0x0102), 3);
            },
            "HighBit",
        ),
        (
            &|s: &mut Set| {
                s.us((0x0028, 0x0002), 2);
            },
            "SamplesPerPixel",
        ),
        (
            &|s: &mut Set| {
                s.text((0x0028, 0x0008), "IS", "-4");
            },
            "NumberOfFrames",
        ),
        (
            &|s: &mut Set| {
                s.text((0x0028, 0x0008), "IS", "99999999999");
            },
            "NumberOfFrames",
        ),
        (
            &|s: &mut Set| {
                s.remove((0x7FE0, 0x0010));
            },
            "PixelData",
        ),
    ] {
        let error = broken(change);
        assert!(error.contains(word), "{error}");
    }
}

/// A file in each native encoding: the same set, and where its pixels are.
fn natively(set: &Set) -> Vec<(&'static str, Header, Vec<u8>)> {
    let forms = [
        ("implicit", Form::implicit()),
        ("explicit", Form::default()),
        ("big endian", Form::big()),
        (
            "GE's big-endian pixels",
            Form { explicit: false, syntax: Some("1.2.840.113619.5.2"), ..Form::default() },
        ),
    ];
    let mut out: Vec<(&str, Header, Vec<u8>)> = forms
        .into_iter()
        .map(|(name, form)| {
            let bytes = form.file(set);
            let header = read(bytes.clone());
            let value = bytes[header.pixels().unwrap().offset as usize..].to_vec();
            (name, header, value)
        })
        .collect();
    let form = Form { syntax: Some(DEFLATED), ..Form::default() };
    let mut plain = Vec::new();
    form.set(set, &mut plain);
    let header = read([form.head(), deflate(&plain)].concat());
    let value = header.data()[header.pixels().unwrap().offset as usize..].to_vec();
    out.push(("deflated", header, value));
    out
}

fn frames_of(header: &Header, value: &[u8]) -> Vec<Voxels> {
    let layout = PixelLayout::of(header).unwrap();
    let frames = Frames::new(&layout, header.syntax(), value).unwrap();
    (0..layout.frames).map(|n| frames.decode(n).unwrap()).collect()
}

/// Words of `size` bytes as each encoding stores them.
fn words(name: &str, little: &[u8], size: usize) -> Vec<u8> {
    let mut out = little.to_vec();
    if name.contains("big") {
        out.chunks_mut(size).for_each(<[u8]>::reverse);
    }
    out
}

#[test]
fn floats_and_doubles_of_every_native_encoding() {
    let floats: Vec<f32> = (0..24).map(|n| (n as f32 - 7.5) * 1e-3).collect();
    let doubles: Vec<f64> = (0..24).map(|n| (f64::from(n) - 7.5) * 1e300).collect();
    let kinds = [
        ((0x7FE0, 0x0008), "OF", 32u16, floats.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>()),
        ((0x7FE0, 0x0009), "OD", 64, doubles.iter().flat_map(|v| v.to_le_bytes()).collect()),
    ];
    for (tag, vr, bits, little) in kinds {
        let size = usize::from(bits / 8);
        // What the pixels' order is depends on the encoding: the bytes are put there as it has them.
        for encoding in 0..5 {
            let mut set = Slice { rows: 4, columns: 3, ..Slice::default() }.set();
            for tag in [(0x7FE0, 0x0010), (0x0028, 0x0101), (0x0028, 0x0102), (0x0028, 0x0103)] {
                set.remove(tag);
            }
            set.us((0x0028, 0x0100), bits).text((0x0028, 0x0008), "IS", "2");
            set.put(tag, vr, Value::Bytes(little.clone()));
            let (name, ..) = natively(&set).swap_remove(encoding);
            set.put(tag, vr, Value::Bytes(words(name, &little, size)));
            let (name, header, value) = natively(&set).swap_remove(encoding);
            let wanted = if bits == 32 {
                floats.chunks(12).map(|v| Voxels::F32(v.to_vec())).collect::<Vec<_>>()
            } else {
                doubles.chunks(12).map(|v| Voxels::F64(v.to_vec())).collect()
            };
            assert_eq!(frames_of(&header, &value), wanted, "{name}, {bits} bit");
        }
    }
}

#[test]
fn twelve_signed_bits_in_words_of_sixteen_under_an_overlay() {
    let values: [i16; 12] = [-2048, -2047, -1, 0, 1, 2, 2047, 1024, -1024, 77, -77, 5];
    let mut set = Slice::default().set();
    set.us((0x0028, 0x0101), 12).us((0x0028, 0x0102), 11).us((0x0028, 0x0103), 1);
    // The four bits above hold an old overlay (PS3.5 §8.1.2).
    let words = values.map(|v| (v.cast_unsigned() & 0x0FFF) | 0xA000);
    let little: Vec<u8> = words.iter().flat_map(|w| w.to_le_bytes()).collect();
    for encoding in 0..5 {
        set.put((0x7FE0, 0x0010), "OW", Value::Bytes(little.clone()));
        let (name, ..) = natively(&set).swap_remove(encoding);
        set.put((0x7FE0, 0x0010), "OW", Value::Bytes(self::words(name, &little, 2)));
        let (name, header, value) = natively(&set).swap_remove(encoding);
        assert_eq!(frames_of(&header, &value), [Voxels::I16(values.to_vec())], "{name}");
    }
}

#[test]
fn bytes_in_big_endian_words_are_turned_round_and_single_bytes_are_not() {
    let values: Vec<u8> = (10..22).collect();
    let mut set = Slice::default().set();
    set.us((0x0028, 0x0100), 8).us((0x0028, 0x0101), 8).us((0x0028, 0x0102), 7);
    let form = Form { syntax: Some(BIG), ..Form::big() };
    for (vr, stored) in
        [("OB", values.clone()), ("OW", values.chunks(2).flat_map(|p| [p[1], p[0]]).collect())]
    {
        set.put((0x7FE0, 0x0010), vr, Value::Bytes(stored));
        let bytes = form.file(&set);
        let header = read(bytes.clone());
        let value = &bytes[header.pixels().unwrap().offset as usize..];
        assert_eq!(frames_of(&header, value), [Voxels::U8(values.clone())], "{vr}");
    }
}

#[test]
fn bits_of_single_bit_frames_follow_each_other_without_a_gap() {
    // 3 frames of 15 bits: the second begins in the last bit of a byte.
    let bits: Vec<u8> = (0..45u32).map(|n| u8::from(n * n % 7 < 3)).collect();
    let packed: Vec<u8> =
        bits.chunks(8).map(|byte| byte.iter().rev().fold(0, |word, bit| word << 1 | bit)).collect();
    let mut set = Slice { rows: 5, columns: 3, ..Slice::default() }.set();
    set.us((0x0028, 0x0100), 1).us((0x0028, 0x0101), 1).us((0x0028, 0x0102), 0);
    set.text((0x0028, 0x0008), "IS", "3");
    let wanted: Vec<Voxels> = bits.chunks(15).map(|frame| Voxels::U8(frame.to_vec())).collect();
    for (vr, form, turned) in [
        ("OB", Form::default(), false),
        ("OB", Form::big(), false),
        ("OW", Form::big(), true),
        ("OW", Form::implicit(), false),
    ] {
        let mut stored = packed.clone();
        if turned {
            stored.chunks_mut(2).for_each(<[u8]>::reverse);
        }
        set.put((0x7FE0, 0x0010), vr, Value::Bytes(stored));
        let bytes = form.file(&set);
        let header = read(bytes.clone());
        let value = &bytes[header.pixels().unwrap().offset as usize..];
        assert_eq!(frames_of(&header, value), wanted, "{vr}");
        let layout = PixelLayout::of(&header).unwrap();
        assert_eq!((layout.frame_bytes(), layout.total_bytes()), (2, 6));
        let cut = Frames::new(&layout, header.syntax(), &value[..5]).unwrap().decode(2);
        assert!(matches!(cut, Err(DicomError::PixelsShort { .. })));
    }
}
