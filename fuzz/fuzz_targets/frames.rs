//! An encapsulated value, offset table and fragments, of several frames, in any syntax.
#![no_main]

use hepatica::dicom::codec::REGISTRY;
use hepatica::dicom::pixels::Frames;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((choice, rest)) = data.split_first_chunk::<2>() else { return };
    let Some((mut layout, value)) = hepatica_fuzz::layout(rest) else { return };
    let syntax = &REGISTRY[usize::from(choice[0]) % REGISTRY.len()];
    layout.frames = 1 + u32::from(choice[1]);
    let Ok(frames) = Frames::new(&layout, syntax, value) else { return };
    for n in 0..layout.frames.min(6) {
        let _ = frames.decode(n);
    }
    let _ = frames.decode(layout.frames);
});
