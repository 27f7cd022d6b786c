//! A file's bytes through the header reader, and every accessor that an element has.
#![no_main]

use hepatica::dicom::Header;
use hepatica::dicom::csa::Csa;
use hepatica::dicom::pixels::PixelLayout;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let _ = Csa::parse(data);
    let Ok(header) = Header::from_bytes(data.to_vec()) else { return };
    let mut seen = 0usize;
    header.walk(&mut |element| {
        seen += element.floats().len() + element.strings().len() + element.bytes().len();
    });
    let _ = PixelLayout::of(&header);
    std::hint::black_box(seen);
});
