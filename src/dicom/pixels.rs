//! Pixel descriptions and frames: stored bytes in, voxels of the smallest exact type out.
//!
//! In: a [`PixelLayout`] (PS3.3 C.7.6.3) and the bytes of the pixel data element. Out: one frame's
//! values, row by row, top left first, as stored — no rescale, no photometric inversion, colour as RGB. How
//! a frame is decoded is the codec's matter, and which codec it is the registry's.

use std::sync::Arc;

pub(crate) use super::codec::fragments::FrameIndex;
use super::codec::{Codec, TransferSyntax, native};
use super::error::DicomError;
use super::header::Header;
use super::parse::PixelElement;
use super::tags;
use crate::volume::Voxels;

/// What the pixel module says about the frames of an object.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct PixelLayout {
    /// Rows of a frame.
    pub rows: u32,
    /// Columns of a frame.
    pub columns: u32,
    /// Frames in the object.
    pub frames: u32,
    /// Samples a pixel: 1 for grey, 3 for colour.
    pub samples: u16,
    /// Bits a sample takes in the file.
    pub bits_allocated: u16,
    /// Bits of a sample that carry its value.
    pub bits_stored: u16,
    /// The most significant of those bits.
    pub high_bit: u16,
    /// Two's complement.
    pub signed: bool,
    /// Which of the three pixel data elements.
    pub element: PixelElement,
    /// `MONOCHROME1`, `MONOCHROME2`, or another photometric interpretation.
    pub monochrome: bool,
    /// What the samples of a pixel stand for.
    pub photometric: Photometric,
    /// Colour is stored plane by plane in native frames.
    pub planar: bool,
    /// Bytes are stored two a word (OW), so that in big-endian files each pair is turned round (PS3.5 §8.1.1).
    pub paired_bytes: bool,
}

/// Photometric interpretations (PS3.3 C.7.6.3.1.2), as far as decoding cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Photometric {
    /// `MONOCHROME1`, `MONOCHROME2`, or none said.
    Grey,
    /// `PALETTE COLOR`: indices into tables, no intensities.
    Palette,
    /// `RGB`; also what the transforms of JPEG 2000 give back (`YBR_RCT`, `YBR_ICT`).
    Rgb,
    /// `YBR_FULL`.
    YbrFull,
    /// `YBR_FULL_422`: two pixels share their chrominances.
    YbrFull422,
    /// Another one.
    Other,
}

impl Photometric {
    fn of(text: Option<&str>, samples: u32) -> Self {
        let text = text.map(|t| t.trim().to_ascii_uppercase()).unwrap_or_default();
        match text.as_str() {
            "" if samples == 1 => Self::Grey,
            "" | "RGB" | "YBR_RCT" | "YBR_ICT" | "XYB" => Self::Rgb,
            t if t.starts_with("MONOCHROME") => Self::Grey,
            t if t.starts_with("PALETTE") => Self::Palette,
            "YBR_FULL" => Self::YbrFull,
            "YBR_FULL_422" | "YBR_PARTIAL_422" => Self::YbrFull422,
            _ => Self::Other,
        }
    }
}

impl PixelLayout {
    /// Reads the description; what is contradictory or beyond the standard's ranges is an error.
    ///
    /// # Errors
    /// The attribute that is absent or impossible.
    pub fn of(header: &Header) -> Result<Self, DicomError> {
        let root = header.root();
        let element = header
            .pixels()
            .map(|p| p.element)
            .ok_or(DicomError::PixelDescription { what: "no PixelData" })?;
        let number = |tag, what, default: Option<i64>| {
            root.int(tag)
                .or(default)
                .and_then(|v| u32::try_from(v).ok())
                .ok_or(DicomError::PixelDescription { what })
        };
        let default_bits = match element {
            PixelElement::Integer => 16,
            PixelElement::Float => 32,
            PixelElement::Double => 64,
        };
        let bits_allocated = number(tags::BITS_ALLOCATED, "BitsAllocated", Some(default_bits))?;
        let bits_stored = number(tags::BITS_STORED, "BitsStored", Some(i64::from(bits_allocated)))?;
        let high_bit = number(tags::HIGH_BIT, "HighBit", Some(i64::from(bits_stored) - 1))?;
        let small = |v: u32, what| u16::try_from(v).map_err(|_| DicomError::PixelDescription { what });
        let samples = number(tags::SAMPLES_PER_PIXEL, "SamplesPerPixel", Some(1))?;
        let layout = Self {
            rows: number(tags::ROWS, "Rows", None)?,
            columns: number(tags::COLUMNS, "Columns", None)?,
            frames: number(tags::NUMBER_OF_FRAMES, "NumberOfFrames", Some(1))?.max(1),
            samples: small(samples, "SamplesPerPixel")?,
            bits_allocated: small(bits_allocated, "BitsAllocated")?,
            bits_stored: small(bits_stored, "BitsStored")?,
            high_bit: small(high_bit, "HighBit")?,
            signed: root.int(tags::PIXEL_REPRESENTATION) == Some(1),
            element,
            monochrome: root
                .text(tags::PHOTOMETRIC_INTERPRETATION)
                .is_none_or(|p| p.to_ascii_uppercase().starts_with("MONOCHROME")),
            photometric: Photometric::of(root.text(tags::PHOTOMETRIC_INTERPRETATION).as_deref(), samples),
            planar: root.int(tags::PLANAR_CONFIGURATION) == Some(1),
            paired_bytes: bits_allocated <= 8 && header.pixel_words(),
        };
        layout.check()
    }

    fn check(self) -> Result<Self, DicomError> {
        let error = |what| Err(DicomError::PixelDescription { what });
        if self.rows == 0 || self.columns == 0 || self.rows > 65_535 || self.columns > 65_535 {
            return error("Rows or Columns");
        }
        let bits_ok = match self.element {
            PixelElement::Integer => matches!(self.bits_allocated, 1 | 8 | 16 | 32),
            PixelElement::Float => self.bits_allocated == 32,
            PixelElement::Double => self.bits_allocated == 64,
        };
        if !bits_ok {
            return error("BitsAllocated");
        }
        if self.bits_stored == 0 || self.bits_stored > self.bits_allocated {
            return error("BitsStored");
        }
        if self.high_bit >= self.bits_allocated || self.high_bit + 1 < self.bits_stored {
            return error("HighBit");
        }
        if !matches!(self.samples, 1 | 3 | 4) {
            return error("SamplesPerPixel");
        }
        Ok(self)
    }

    /// Pixels of one frame.
    pub fn frame_pixels(&self) -> u64 {
        u64::from(self.rows) * u64::from(self.columns)
    }

    /// Bytes of one uncompressed frame; of one bit a pixel, those of a frame on its own.
    pub fn frame_bytes(&self) -> u64 {
        if self.bits_allocated == 1 {
            return (self.frame_pixels() * u64::from(self.samples)).div_ceil(8);
        }
        // At most 2^16 · 2^16 · 4 · 8. With shared chrominances two pixels have four samples.
        let samples = match self.photometric {
            Photometric::YbrFull422 if self.samples == 3 && self.bits_allocated == 8 => 2,
            _ => u64::from(self.samples),
        };
        self.frame_pixels() * samples * u64::from(self.bits_allocated / 8)
    }

    /// Bytes of all uncompressed frames.
    pub fn total_bytes(&self) -> u64 {
        if self.bits_allocated == 1 {
            // Frames follow each other bit by bit (PS3.5 §8.1.1).
            let frame = self.frame_pixels() * u64::from(self.samples);
            return frame.saturating_mul(u64::from(self.frames)).div_ceil(8);
        }
        self.frame_bytes().saturating_mul(u64::from(self.frames))
    }

    /// Whether `len` bytes of uncompressed pixel data hold all frames; one byte of padding may be lost.
    ///
    /// # Errors
    /// They don't.
    pub fn check_native_length(&self, len: u64) -> Result<(), DicomError> {
        let needs = self.total_bytes();
        if len < needs { Err(DicomError::PixelsShort { have: len, needs }) } else { Ok(()) }
    }

    /// Turns the stored bytes of one uncompressed frame into voxels.
    ///
    /// # Errors
    /// Too few bytes, or a layout without a decoder.
    pub fn decode_native(&self, bytes: &[u8], big_endian: bool) -> Result<Voxels, DicomError> {
        native::decode_at(self, bytes, 0, big_endian)
    }

    /// How far the value's lowest bit is from the word's lowest.
    pub(super) fn shift(&self) -> u32 {
        u32::from(self.high_bit + 1 - self.bits_stored)
    }
}

/// The frames of one object: where they are in the bytes of its pixel data element.
///
/// `value` holds the element's value from its first byte (for encapsulated syntaxes: the item tags).
#[derive(Debug)]
pub struct Frames<'a> {
    layout: &'a PixelLayout,
    syntax: &'a TransferSyntax,
    value: &'a [u8],
    /// For encapsulated syntaxes.
    index: Arc<FrameIndex>,
}

impl<'a> Frames<'a> {
    /// Finds the frames.
    ///
    /// # Errors
    /// A syntax without a decoder; encapsulation that can't be followed.
    pub fn new(
        layout: &'a PixelLayout,
        syntax: &'a TransferSyntax,
        value: &'a [u8],
    ) -> Result<Self, DicomError> {
        let index = match syntax.codec {
            Codec::Native => FrameIndex::default(),
            Codec::Unsupported => return Err(DicomError::TransferSyntax { name: syntax.name }),
            codec => FrameIndex::of(layout, codec, value)?,
        };
        Ok(Self { layout, syntax, value, index: Arc::new(index) })
    }

    /// Where the frames are: found once for a value, and used again by [`Self::at`].
    pub(crate) fn index(&self) -> Arc<FrameIndex> {
        Arc::clone(&self.index)
    }

    /// The frames of a value whose index is known.
    pub(crate) fn at(
        layout: &'a PixelLayout,
        syntax: &'a TransferSyntax,
        value: &'a [u8],
        index: Arc<FrameIndex>,
    ) -> Self {
        Self { layout, syntax, value, index }
    }

    /// Decodes frame `index` (from 0).
    ///
    /// # Errors
    /// The frame isn't there, is too short, or its compressed stream is corrupt.
    pub fn decode(&self, index: u32) -> Result<Voxels, DicomError> {
        if self.syntax.codec == Codec::Native {
            if self.layout.bits_allocated == 1 {
                return native::decode_bits(self.layout, self.value, index, self.syntax.big_endian_pixels);
            }
            let size = self.layout.frame_bytes();
            let short = || DicomError::PixelsShort { have: 0, needs: size };
            let start = u64::from(index).checked_mul(size).and_then(|at| usize::try_from(at).ok());
            let start = start.ok_or_else(short)?;
            return native::decode_at(self.layout, self.value, start, self.syntax.big_endian_pixels);
        }
        let bytes = self.index.frame(index as usize, self.value)?;
        self.syntax.codec.decode(&bytes, self.layout, self.syntax)
    }
}
