//! What the judges' encoders don't make: restart intervals, headers and codestreams that disagree, colour in
//! every native arrangement, and fragments that lie. Each syntax's own pixels are judged in `tests/codecs.rs`.

use super::fragments::FrameIndex;
use super::picture::{Picture, StreamColour, to_rgb};
use super::*;
use crate::dicom::PixelElement;
use crate::dicom::pixels::{Frames, Photometric};
use proptest::prelude::*;

fn layout(rows: u32, columns: u32, allocated: u16, stored: u16) -> PixelLayout {
    PixelLayout {
        rows,
        columns,
        frames: 1,
        samples: 1,
        bits_allocated: allocated,
        bits_stored: stored,
        high_bit: stored - 1,
        signed: false,
        element: PixelElement::Integer,
        monochrome: true,
        photometric: Photometric::Grey,
        planar: false,
        paired_bytes: false,
    }
}

fn colour(rows: u32, columns: u32, photometric: Photometric) -> PixelLayout {
    PixelLayout { samples: 3, monochrome: false, photometric, ..layout(rows, columns, 8, 8) }
}

fn item(bytes: &[u8]) -> Vec<u8> {
    [&[0xFE, 0xFF, 0x00, 0xE0][..], &(bytes.len() as u32).to_le_bytes(), bytes].concat()
}

/// Bits to bytes, a zero stuffed behind each 0xFF (T.81 F.1.2.3).
#[derive(Default)]
struct Writer {
    out: Vec<u8>,
    bits: u32,
    count: u32,
}

impl Writer {
    fn put(&mut self, value: u32, count: u32) {
        for n in (0..count).rev() {
            self.bits = self.bits << 1 | value >> n & 1;
            self.count += 1;
            if self.count == 8 {
                self.out.push(self.bits as u8);
                if self.bits as u8 == 0xFF {
                    self.out.push(0);
                }
                (self.bits, self.count) = (0, 0);
            }
        }
    }

    fn align(&mut self) {
        while self.count != 0 {
            self.put(1, 1);
        }
    }

    /// A category and its magnitude, in a table of 5-bit codes that are the categories.
    fn difference(&mut self, value: i32) {
        let category = 32 - value.unsigned_abs().leading_zeros();
        self.put(category, 5);
        if category < 16 {
            let bits = if value < 0 { value - 1 } else { value };
            self.put(bits as u32 & ((1 << category) - 1), category);
        }
    }
}

fn segment(code: u8, content: &[u8]) -> Vec<u8> {
    [&[0xFF, code][..], &(content.len() as u16 + 2).to_be_bytes(), content].concat()
}

/// A lossless JPEG (T.81 annex H) of one component, with restarts every so many rows and a point transform.
fn lossless(
    values: &[u16],
    columns: usize,
    precision: u8,
    selection: u8,
    restart_rows: usize,
    shift: u8,
) -> Vec<u8> {
    let rows = values.len() / columns;
    let at = |y: usize, x: usize| i32::from(values[y * columns + x] >> shift);
    let mut writer = Writer::default();
    for y in 0..rows {
        let first = if restart_rows == 0 { y == 0 } else { y % restart_rows == 0 };
        if first && y > 0 {
            writer.align();
            writer.out.extend([0xFF, 0xD0 + ((y / restart_rows - 1) % 8) as u8]);
        }
        for x in 0..columns {
            let predicted = match (first, x) {
                (true, 0) => 1 << (precision - shift - 1),
                (true, _) => at(y, x - 1),
                (false, 0) => at(y - 1, 0),
                _ => {
                    let (a, b, c) = (at(y, x - 1), at(y - 1, x), at(y - 1, x - 1));
                    [a, b, c, a + b - c, a + ((b - c) >> 1), b + ((a - c) >> 1), (a + b) >> 1]
                        [usize::from(selection) - 1]
                }
            };
            // Modulo 2^16 (H.1.2.1); 32,768 is a category of its own.
            let wrapped = (at(y, x) - predicted) as i16;
            writer.difference(if wrapped == i16::MIN { 32_768 } else { i32::from(wrapped) });
        }
    }
    writer.align();
    let mut counts = [0u8; 17];
    counts[5] = 17;
    let dht: Vec<u8> = counts.into_iter().chain(0..17).collect();
    let [r1, r0] = (rows as u16).to_be_bytes();
    let [c1, c0] = (columns as u16).to_be_bytes();
    let restart = ((restart_rows * columns) as u16).to_be_bytes();
    [
        vec![0xFF, 0xD8],
        segment(0xC4, &dht),
        segment(0xC3, &[precision, r1, r0, c1, c0, 1, 1, 0x11, 0]),
        segment(0xDD, &restart),
        segment(0xDA, &[1, 1, 0, selection, 0, shift]),
        writer.out,
        vec![0xFF, 0xD9],
    ]
    .concat()
}

fn decode(codec: Codec, bytes: &[u8], layout: &PixelLayout) -> Result<Voxels, DicomError> {
    codec.decode(bytes, layout, &TransferSyntax::by_uid("1.2.840.10008.1.2.4.70"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn lossless_jpeg_with_restarts_and_point_transform(
        rows in 1..9usize, columns in 1..12usize, precision in 2..=16u8, selection in 1..=7u8,
        restart_rows in 0..4usize, shift_share in 0..16u8, seed in any::<u64>(),
    ) {
        let shift = shift_share % precision.min(5);
        let mut state = seed | 1;
        let values: Vec<u16> = (0..rows * columns).map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let value = (state >> 33) as u32 & ((1 << precision) - 1);
            // Half of them are extremes, so that every category occurs.
            let value = if state >> 62 & 1 == 1 { if value & 1 == 0 { 0 } else { (1 << precision) - 1 } } else { value };
            value as u16 >> shift << shift
        }).collect();
        let code = lossless(&values, columns, precision, selection, restart_rows, shift);
        let layout = layout(rows as u32, columns as u32, 16, u16::from(precision));
        prop_assert_eq!(decode(Codec::Jpeg, &code, &layout).unwrap(), Voxels::U16(values));
    }

    #[test]
    fn colour_comes_out_as_rgb_from_every_native_arrangement(pixels in prop::collection::vec(any::<[u8; 3]>(), 12)) {
        let wanted = Voxels::U8(pixels.iter().flatten().copied().collect());
        let side_by_side: Vec<u8> = pixels.iter().flatten().copied().collect();
        let by_plane: Vec<u8> = (0..3).flat_map(|n| pixels.iter().map(move |p| p[n])).collect();
        let rgb = colour(3, 4, Photometric::Rgb);
        prop_assert_eq!(&rgb.decode_native(&side_by_side, false).unwrap(), &wanted);
        let planar = PixelLayout { planar: true, ..rgb };
        prop_assert_eq!(&planar.decode_native(&by_plane, false).unwrap(), &wanted);
        let ycc = colour(3, 4, Photometric::YbrFull).decode_native(&side_by_side, false).unwrap();
        for (n, [y, cb, cr]) in pixels.iter().map(|p| p.map(f64::from)).enumerate() {
            let red = (y + 1.402 * (cr - 128.0)).clamp(0.0, 255.0);
            let blue = (y + 1.772 * (cb - 128.0)).clamp(0.0, 255.0);
            prop_assert!((ycc.get(3 * n).unwrap() - red).abs() <= 1.0);
            prop_assert!((ycc.get(3 * n + 2).unwrap() - blue).abs() <= 1.0);
        }
        // Two pixels share their chrominances: as if each had them.
        let shared: Vec<u8> = pixels.chunks(2).flat_map(|p| [p[0][0], p[1][0], p[0][1], p[0][2]]).collect();
        let full: Vec<u8> = pixels.chunks(2).flat_map(|p| [p[0][0], p[0][1], p[0][2], p[1][0], p[0][1], p[0][2]]).collect();
        prop_assert_eq!(
            colour(3, 4, Photometric::YbrFull422).decode_native(&shared, false).unwrap(),
            colour(3, 4, Photometric::YbrFull).decode_native(&full, false).unwrap()
        );
    }

    #[test]
    fn noise_gives_every_codec_an_error_or_a_frame(
        noise in prop::collection::vec(any::<u8>(), 0..400), frames in 1..4u32, which in any::<prop::sample::Index>(),
        head in prop::sample::select(vec![
            vec![], vec![0xFF, 0xD8, 0xFF, 0xC3], vec![0xFF, 0xD8, 0xFF, 0xF7], vec![0xFF, 0x4F, 0xFF, 0x51], vec![0xFF, 0x0A],
        ]),
    ) {
        let syntax = &REGISTRY[which.index(REGISTRY.len())];
        let layout = PixelLayout { frames, ..layout(7, 5, 16, 12) };
        let value = [item(&[]), item(&[head, noise].concat())].concat();
        if let Ok(found) = Frames::new(&layout, syntax, &value) {
            for n in 0..=frames {
                let _ = found.decode(n);
            }
        }
    }
}

#[test]
fn a_syntax_stands_once_in_the_registry() {
    for (n, syntax) in REGISTRY.iter().enumerate() {
        assert!(REGISTRY[n + 1..].iter().all(|other| other.uid != syntax.uid), "{}", syntax.name);
        assert_eq!(&TransferSyntax::by_uid(&format!("{}\0", syntax.uid)), syntax);
    }
    let unknown = TransferSyntax::by_uid("1.2.3.4");
    let error = Frames::new(&layout(1, 1, 8, 8), &unknown, &[]).unwrap_err();
    assert_eq!(error.to_string(), "can't be decoded: unknown");
    let video = TransferSyntax::by_uid("1.2.840.10008.1.2.4.102");
    let error = Frames::new(&layout(1, 1, 8, 8), &video, &[]).unwrap_err();
    assert_eq!(error.to_string(), "can't be decoded: MPEG-4 AVC/H.264 High Profile, Level 4.1");
}

/// What a stream holds, what the header says of it, and what a voxel then is.
#[test]
fn header_and_codestream_that_disagree() {
    use Fidelity::{Lossless, Lossy};
    for (what, stream, precision, stream_signed, stored, high_bit, signed, fidelity, voxel) in [
        ("agreement", 4000, 12, false, 12, 11, false, Lossless, 4000.0),
        ("two's complement of the stored bits", 0xFFF, 12, false, 12, 11, true, Lossless, -1.0),
        ("two's complement of a narrower stream", 0x1830, 13, false, 16, 15, true, Lossless, -2000.0),
        ("a signed stream", -2000, 13, true, 13, 12, true, Lossless, -2000.0),
        ("a signed stream under an unsigned header", -1, 12, true, 12, 11, false, Lossless, 4095.0),
        ("an overlay above the stored bits", 0xF00F, 16, false, 12, 11, false, Lossless, 15.0),
        ("high bit above the stored bits", 0x0FF0, 16, false, 8, 11, false, Lossless, 255.0),
        ("overshoot of a lossy stream", 4100, 16, false, 12, 11, false, Lossy, 4095.0),
        ("8 bit in 16 allocated", 200, 8, false, 16, 15, false, Lossless, 200.0),
    ] {
        let layout = PixelLayout { signed, high_bit, ..layout(1, 1, 16, stored) };
        let picture = Picture {
            samples: vec![stream],
            precision,
            signed: stream_signed,
            colour: StreamColour::AsHeader,
        };
        assert_eq!(picture.into_voxels(&layout, fidelity).unwrap().get(0), Some(voxel), "{what}");
    }
}

#[test]
fn grey_in_luminance_and_chrominance_is_grey_in_rgb() {
    for value in 0..256 {
        let mut pixel = [value, 128, 128];
        to_rgb(&mut pixel, 8);
        assert_eq!(pixel, [value; 3]);
    }
}

#[test]
fn bytes_of_big_endian_words_are_turned_round_across_frames() {
    let layout = PixelLayout { paired_bytes: true, frames: 3, ..layout(3, 1, 8, 8) };
    let syntax = TransferSyntax::by_uid("1.2.840.10008.1.2.2");
    let value = [2, 1, 4, 3, 6, 5, 8, 7, 0, 9];
    let frames = Frames::new(&layout, &syntax, &value).unwrap();
    for (n, wanted) in [[1, 2, 3], [4, 5, 6], [7, 8, 9]].iter().enumerate() {
        assert_eq!(frames.decode(n as u32).unwrap(), Voxels::U8(wanted.to_vec()));
    }
}

#[test]
fn deflated_frames_are_inflated_within_their_budget() {
    use std::io::Write as _;
    let pack = |plain: &[u8]| {
        let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(plain).unwrap();
        encoder.finish().unwrap()
    };
    let layout = PixelLayout { frames: 2, ..layout(2, 2, 16, 16) };
    let syntax = TransferSyntax::by_uid("1.2.840.10008.1.2.8.1");
    let value = [item(&[]), item(&pack(&[1, 0, 2, 0, 3, 0, 4, 0])), item(&pack(&vec![0; 40 << 20]))].concat();
    let frames = Frames::new(&layout, &syntax, &value).unwrap();
    assert_eq!(frames.decode(0).unwrap(), Voxels::U16(vec![1, 2, 3, 4]));
    assert!(matches!(frames.decode(1), Err(DicomError::OverBudget { .. })));
}

#[test]
fn a_frame_beyond_the_budget_is_refused_before_it_is_decoded() {
    let layout = layout(65_535, 65_535, 16, 16);
    for codec in [Codec::Jpeg, Codec::JpegLs, Codec::Jpeg2000, Codec::JpegXl, Codec::RunLength] {
        assert!(matches!(decode(codec, &[], &layout), Err(DicomError::OverBudget { .. })));
    }
}

#[test]
fn frames_that_nothing_tells_apart_are_refused() {
    let layout = PixelLayout { frames: 2, ..layout(2, 2, 8, 8) };
    // Five fragments for two frames, no table, nothing that looks like a frame's start.
    let value = [item(&[]), [item(&[1, 2]), item(&[3, 4])].concat().repeat(2), item(&[5, 6])].concat();
    let index = FrameIndex::of(&layout, Codec::Jpeg, &value).unwrap();
    assert!(matches!(index.frame(0, &value), Err(DicomError::Codestream { .. })));
}

/// Found by fuzzing: a frame of fewer samples than its pixels have.
#[test]
fn shared_chrominances_of_odd_or_signed_rows_are_refused() {
    let even = colour(3, 4, Photometric::YbrFull422);
    assert_eq!(even.decode_native(&[0; 24], false).unwrap().len(), 36);
    for bad in [colour(4, 3, Photometric::YbrFull422), PixelLayout { signed: true, ..even }] {
        assert!(matches!(bad.decode_native(&[0; 24], false), Err(DicomError::PixelDescription { .. })));
    }
}

/// Found by fuzzing: a JPEG recompressed as JPEG XL, damaged so that a scan names a component that isn't there.
/// The first six bytes are the fuzzer's: rows and columns lead.
#[test]
fn a_recompressed_jpeg_whose_scan_names_a_missing_component_does_not_panic() {
    let input = include_bytes!("../../../tests/regressions/jpegxl-scan-of-a-missing-component.bin");
    let layout = layout(u32::from(input[0]), u32::from(input[1]), 8, 8);
    let _ = decode(Codec::JpegXl, &input[6..], &layout);
}
