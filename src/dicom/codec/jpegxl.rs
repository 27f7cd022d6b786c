//! JPEG XL (ISO/IEC 18181): lossless, lossy, and recompressed JPEG.
//!
//! In: one frame's codestream or container and what the header says of it. Out: its samples, interleaved.
//! A recompressed JPEG is rendered like any other codestream, whose coefficients are the JPEG's own (18181-1
//! annex I), and not put together again (18181-2 annex A): what the crate does that with panics on damaged
//! files. The decoder allocates under a budget that follows from the DICOM header.

use jxl_oxide::image::BitDepth;
use jxl_oxide::{AllocTracker, InitializeResult, JxlImage};

use super::picture::{Picture, StreamColour, Wanted, corrupt, unsupported};
use crate::dicom::DicomError;

/// Working memory that any picture may have, and what each sample adds.
const BASE_BUDGET: usize = 32 << 20;
const SAMPLE_BUDGET: usize = 96;
/// Bytes fed at once until the image header is there, so that no frame is begun before it was checked.
const STEP: usize = 16;

/// Decodes one frame.
///
/// # Errors
/// Another size than the header's, a codestream that is corrupt or short.
pub(super) fn decode(bytes: &[u8], wanted: &Wanted) -> Result<Picture, DicomError> {
    let len = wanted.len()?;
    let count = wanted.samples as usize;
    let budget = len.saturating_mul(SAMPLE_BUDGET).saturating_add(BASE_BUDGET);
    let image = open(bytes, wanted, budget)?;
    let damaged = |_| corrupt("JPEG XL codestream");
    let metadata = &image.image_header().metadata;
    let BitDepth::IntegerSample { bits_per_sample: precision } = metadata.bit_depth else {
        return Err(unsupported("JPEG XL with floating-point samples"));
    };
    // Samples are rendered as f32, whose integers are exact to 24 bits.
    if !(1..=20).contains(&precision) {
        return Err(unsupported("JPEG XL above 20 bit"));
    }
    if !image.is_loading_done() {
        return Err(corrupt("the codestream is short"));
    }
    if image.num_loaded_keyframes() != 1 {
        return Err(unsupported("JPEG XL animation"));
    }
    let render = image.render_frame(0).map_err(damaged)?;
    let mut stream = render.stream_no_alpha();
    wanted.check(stream.width(), stream.height(), stream.channels())?;
    let scale = ((1u32 << precision) - 1) as f32;
    let mut samples = Vec::with_capacity(len);
    let mut line = vec![0f32; wanted.columns as usize * count];
    for _ in 0..wanted.rows {
        if stream.write_to_buffer(&mut line) != line.len() {
            return Err(corrupt("the codestream is short"));
        }
        samples.extend(line.iter().map(|v| (v * scale).round().clamp(0.0, scale) as i32));
    }
    Ok(Picture { samples, precision, signed: false, colour: StreamColour::Rgb })
}

/// Reads the image header, compares its size, then reads the rest.
fn open(bytes: &[u8], wanted: &Wanted, budget: usize) -> Result<JxlImage, DicomError> {
    let damaged = |_| corrupt("JPEG XL codestream");
    let mut fresh = JxlImage::builder().alloc_tracker(AllocTracker::with_limit(budget)).build_uninit();
    let mut chunks = bytes.chunks(STEP);
    let mut fed = 0usize;
    // The container parser takes what it can; what it left comes again with what follows.
    let mut pending: Vec<u8> = Vec::new();
    let mut image = loop {
        let chunk = chunks.next().ok_or(corrupt("the codestream is short"))?;
        fed += chunk.len();
        pending.extend_from_slice(chunk);
        let used = fresh.feed_bytes(&pending).map_err(damaged)?;
        pending.drain(..used.min(pending.len()));
        match fresh.try_init().map_err(damaged)? {
            InitializeResult::NeedMoreData(more) => fresh = more,
            InitializeResult::Initialized(image) => break image,
        }
    };
    let samples = image.pixel_format();
    let colours = samples.channels() - usize::from(samples.has_alpha());
    wanted.check(image.width(), image.height(), colours as u32)?;
    pending.extend_from_slice(bytes.get(fed..).unwrap_or_default());
    image.feed_bytes(&pending).map_err(damaged)?;
    image.finalize().map_err(damaged)?;
    Ok(image)
}
