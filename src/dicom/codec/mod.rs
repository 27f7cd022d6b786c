//! The registry: transfer syntax → encoding and decoder. One table (PS3.5 §A, PS3.6 table A-1).
//!
//! In: one frame's coded bytes and what the header says of the frame. Out: voxels. A syntax that is named
//! here but has no decoder is refused by name, so that the report can say what the file is; an unknown one
//! is refused as unknown. A codestream that asks for more than the header's frame is refused before anything
//! is allocated for it.
//!
//! - `fragments` finds the frames of an encapsulated value.
//! - `jpeg`, `jpegls`, `jpeg2000` (with `codestream`), `jpegxl`, `rle` and `native` decode one frame each.
//! - `picture` holds what came out against what the header promised.

mod codestream;
pub(super) mod fragments;
mod jpeg;
mod jpeg2000;
mod jpegls;
mod jpegxl;
pub(super) mod native;
mod picture;
mod rle;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests;

use super::DicomError;
use super::pixels::PixelLayout;
use crate::volume::Voxels;
use picture::{Fidelity, Wanted};

/// What a compressed frame may take once decoded. No slice of a volume comes near it.
const FRAME_BUDGET: u64 = 1 << 29;

/// How the frames of a syntax are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Codec {
    /// As they are.
    Native,
    /// As they are, one fragment a frame (encapsulated uncompressed).
    EncapsulatedNative,
    /// Run-length encoding (PS3.5 §G).
    RunLength,
    /// JPEG with Huffman coding: baseline, extended, lossless (ITU-T T.81).
    Jpeg,
    /// JPEG-LS (ITU-T T.87).
    JpegLs,
    /// JPEG 2000 and high-throughput JPEG 2000 (ITU-T T.800, T.814).
    Jpeg2000,
    /// JPEG XL (ISO/IEC 18181).
    JpegXl,
    /// Each frame a raw deflate stream (PS3.5 §A.4.13).
    DeflatedFrames,
    /// Compressed in a way for which there's no decoder.
    Unsupported,
}

/// A transfer syntax.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransferSyntax {
    /// Its UID; empty if unknown.
    pub uid: &'static str,
    /// Its name, short.
    pub name: &'static str,
    /// Explicit VR.
    pub explicit: bool,
    /// Big endian.
    pub big_endian: bool,
    /// Big-endian pixels, whatever the header's order.
    pub big_endian_pixels: bool,
    /// The data set is a deflate stream.
    pub deflated: bool,
    /// How frames are stored.
    pub codec: Codec,
    /// Decoded values may differ from those that were encoded.
    pub lossy: bool,
}

const fn explicit(uid: &'static str, name: &'static str, codec: Codec) -> TransferSyntax {
    TransferSyntax {
        uid,
        name,
        explicit: true,
        big_endian: false,
        big_endian_pixels: false,
        deflated: false,
        codec,
        lossy: false,
    }
}

const fn lossy(uid: &'static str, name: &'static str, codec: Codec) -> TransferSyntax {
    TransferSyntax { lossy: true, ..explicit(uid, name, codec) }
}

/// Every transfer syntax of PS3.6 that images come in.
#[rustfmt::skip]
pub const REGISTRY: &[TransferSyntax] = &[
    TransferSyntax { uid: "1.2.840.10008.1.2", name: "Implicit VR Little Endian", explicit: false, big_endian: false, big_endian_pixels: false, deflated: false, codec: Codec::Native, lossy: false },
    explicit("1.2.840.10008.1.2.1", "Explicit VR Little Endian", Codec::Native),
    TransferSyntax { uid: "1.2.840.10008.1.2.1.99", name: "Deflated Explicit VR Little Endian", explicit: true, big_endian: false, big_endian_pixels: false, deflated: true, codec: Codec::Native, lossy: false },
    TransferSyntax { uid: "1.2.840.10008.1.2.2", name: "Explicit VR Big Endian", explicit: true, big_endian: true, big_endian_pixels: true, deflated: false, codec: Codec::Native, lossy: false },
    // GE's private syntax: implicit little endian with big-endian pixels.
    TransferSyntax { uid: "1.2.840.113619.5.2", name: "GE private (implicit, big-endian pixels)", explicit: false, big_endian: false, big_endian_pixels: true, deflated: false, codec: Codec::Native, lossy: false },
    explicit("1.2.840.10008.1.2.1.98", "Encapsulated Uncompressed", Codec::EncapsulatedNative),
    explicit("1.2.840.10008.1.2.5", "RLE Lossless", Codec::RunLength),
    lossy("1.2.840.10008.1.2.4.50", "JPEG Baseline (8 bit)", Codec::Jpeg),
    lossy("1.2.840.10008.1.2.4.51", "JPEG Extended (12 bit)", Codec::Jpeg),
    explicit("1.2.840.10008.1.2.4.57", "JPEG Lossless (process 14)", Codec::Jpeg),
    explicit("1.2.840.10008.1.2.4.70", "JPEG Lossless (SV1)", Codec::Jpeg),
    explicit("1.2.840.10008.1.2.4.80", "JPEG-LS Lossless", Codec::JpegLs),
    lossy("1.2.840.10008.1.2.4.81", "JPEG-LS Near-lossless", Codec::JpegLs),
    explicit("1.2.840.10008.1.2.4.90", "JPEG 2000 Lossless", Codec::Jpeg2000),
    lossy("1.2.840.10008.1.2.4.91", "JPEG 2000", Codec::Jpeg2000),
    explicit("1.2.840.10008.1.2.4.92", "JPEG 2000 Part 2, lossless", Codec::Jpeg2000),
    lossy("1.2.840.10008.1.2.4.93", "JPEG 2000 Part 2", Codec::Jpeg2000),
    explicit("1.2.840.10008.1.2.4.201", "HTJ2K Lossless", Codec::Jpeg2000),
    explicit("1.2.840.10008.1.2.4.202", "HTJ2K Lossless RPCL", Codec::Jpeg2000),
    lossy("1.2.840.10008.1.2.4.203", "HTJ2K", Codec::Jpeg2000),
    explicit("1.2.840.10008.1.2.4.110", "JPEG XL Lossless", Codec::JpegXl),
    lossy("1.2.840.10008.1.2.4.111", "JPEG XL JPEG Recompression", Codec::JpegXl),
    lossy("1.2.840.10008.1.2.4.112", "JPEG XL", Codec::JpegXl),
    explicit("1.2.840.10008.1.2.4.52", "JPEG Extended, arithmetic (process 3 and 5)", Codec::Unsupported),
    explicit("1.2.840.10008.1.2.4.53", "JPEG Spectral Selection (process 6 and 8)", Codec::Unsupported),
    explicit("1.2.840.10008.1.2.4.55", "JPEG Full Progression (process 10 and 12)", Codec::Unsupported),
    explicit("1.2.840.10008.1.2.4.94", "JPIP Referenced", Codec::Unsupported),
    explicit("1.2.840.10008.1.2.4.95", "JPIP Referenced Deflate", Codec::Unsupported),
    explicit("1.2.840.10008.1.2.4.204", "JPIP HTJ2K Referenced", Codec::Unsupported),
    explicit("1.2.840.10008.1.2.4.205", "JPIP HTJ2K Referenced Deflate", Codec::Unsupported),
    explicit("1.2.840.10008.1.2.4.100", "MPEG2 Main Profile, Main Level", Codec::Unsupported),
    explicit("1.2.840.10008.1.2.4.101", "MPEG2 Main Profile, High Level", Codec::Unsupported),
    explicit("1.2.840.10008.1.2.4.102", "MPEG-4 AVC/H.264 High Profile, Level 4.1", Codec::Unsupported),
    explicit("1.2.840.10008.1.2.4.103", "MPEG-4 AVC/H.264 BD-compatible", Codec::Unsupported),
    explicit("1.2.840.10008.1.2.4.104", "MPEG-4 AVC/H.264 High Profile, 2D", Codec::Unsupported),
    explicit("1.2.840.10008.1.2.4.105", "MPEG-4 AVC/H.264 High Profile, 3D", Codec::Unsupported),
    explicit("1.2.840.10008.1.2.4.106", "MPEG-4 AVC/H.264 Stereo High Profile", Codec::Unsupported),
    explicit("1.2.840.10008.1.2.4.107", "HEVC/H.265 Main Profile", Codec::Unsupported),
    explicit("1.2.840.10008.1.2.4.108", "HEVC/H.265 Main 10 Profile", Codec::Unsupported),
    explicit("1.2.840.10008.1.2.7.1", "SMPTE ST 2110-20 uncompressed progressive video", Codec::Unsupported),
    explicit("1.2.840.10008.1.2.8.1", "Deflated Image Frame Compression", Codec::DeflatedFrames),
];

impl TransferSyntax {
    /// The syntax with this UID; for an unknown one, explicit little endian without a decoder.
    pub fn by_uid(uid: &str) -> Self {
        let uid = uid.trim_matches(|c: char| c == '\0' || c.is_whitespace());
        REGISTRY
            .iter()
            .find(|syntax| syntax.uid == uid)
            .cloned()
            .unwrap_or_else(|| explicit("", "unknown", Codec::Unsupported))
    }

    /// The native syntax that a file without a declaration turned out to be in.
    pub fn of_encoding(explicit_vr: bool, big_endian: bool) -> Self {
        let uid = match (explicit_vr, big_endian) {
            (_, true) => "1.2.840.10008.1.2.2",
            (true, false) => "1.2.840.10008.1.2.1",
            (false, false) => "1.2.840.10008.1.2",
        };
        Self::by_uid(uid)
    }

    /// What the syntax must be, given whether the pixel data are of undefined length, that is,
    /// encapsulated (PS3.5 §A.4): tools that unpack or pack pixels forget to say so.
    pub(super) fn borne_out_by(&self, encapsulated: bool) -> Self {
        match (self.codec, encapsulated) {
            // Packed in a way that nobody tells.
            (Codec::Native, true) => explicit("", "undeclared compression", Codec::Unsupported),
            (Codec::Native, false) => self.clone(),
            (_, false) if !self.uid.is_empty() && self.explicit => Self::of_encoding(true, false),
            _ => self.clone(),
        }
    }

    /// Whether frames of this syntax can be decoded.
    pub fn is_supported(&self) -> bool {
        self.codec != Codec::Unsupported
    }
}

impl Codec {
    /// Decodes the bytes of one encapsulated frame.
    pub(super) fn decode(
        self,
        bytes: &[u8],
        layout: &PixelLayout,
        syntax: &TransferSyntax,
    ) -> Result<Voxels, DicomError> {
        let wanted = Wanted::of(layout);
        let needs = layout.frame_pixels().saturating_mul(u64::from(layout.samples)).saturating_mul(4);
        if needs > FRAME_BUDGET {
            return Err(DicomError::OverBudget { needs, budget: FRAME_BUDGET });
        }
        let picture = match self {
            Self::Native | Self::EncapsulatedNative => return native::decode(layout, bytes, false),
            Self::RunLength => return rle::decode(layout, bytes),
            Self::DeflatedFrames => {
                let (plain, _) = super::file::inflate(bytes, layout.frame_bytes().saturating_add(1 << 16))?;
                return native::decode(layout, &plain, false);
            }
            Self::Jpeg => jpeg::decode(bytes, &wanted)?,
            Self::JpegLs => jpegls::decode(bytes, &wanted)?,
            Self::Jpeg2000 => jpeg2000::decode(bytes, &wanted)?,
            Self::JpegXl => jpegxl::decode(bytes, &wanted)?,
            Self::Unsupported => return Err(DicomError::TransferSyntax { name: syntax.name }),
        };
        let fidelity = if syntax.lossy { Fidelity::Lossy } else { Fidelity::Lossless };
        picture.into_voxels(layout, fidelity)
    }

    /// Whether a frame may begin with these bytes, for codecs whose frames can be told by that.
    pub(super) fn begins_frame(self, bytes: &[u8], layout: &PixelLayout) -> bool {
        match self {
            Self::Jpeg | Self::JpegLs => bytes.starts_with(&[0xFF, 0xD8, 0xFF]),
            Self::Jpeg2000 => {
                bytes.starts_with(&[0xFF, 0x4F, 0xFF, 0x51]) || bytes.get(4..8) == Some(b"jP  ")
            }
            Self::JpegXl => bytes.starts_with(&[0xFF, 0x0A]) || bytes.get(4..8) == Some(b"JXL "),
            Self::RunLength => rle::plausible_header(bytes, layout),
            _ => false,
        }
    }
}
