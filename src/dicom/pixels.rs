//! Pixel descriptions and frames: stored bytes in, voxels of the smallest exact type out.
//!
//! In: a [`PixelLayout`] (PS3.3 C.7.6.3) and the bytes of the pixel data element. Out: one frame's
//! values, row by row, top left first, as stored — no rescale, no photometric inversion. Bits above
//! `BitsStored` (old overlays) are masked, signed values extended from their sign bit.

use std::borrow::Cow;
use std::ops::Range;

use super::codec::{Codec, TransferSyntax};
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
        let layout = Self {
            rows: number(tags::ROWS, "Rows", None)?,
            columns: number(tags::COLUMNS, "Columns", None)?,
            frames: number(tags::NUMBER_OF_FRAMES, "NumberOfFrames", Some(1))?.max(1),
            samples: small(number(tags::SAMPLES_PER_PIXEL, "SamplesPerPixel", Some(1))?, "SamplesPerPixel")?,
            bits_allocated: small(bits_allocated, "BitsAllocated")?,
            bits_stored: small(bits_stored, "BitsStored")?,
            high_bit: small(high_bit, "HighBit")?,
            signed: root.int(tags::PIXEL_REPRESENTATION) == Some(1),
            element,
            monochrome: root
                .text(tags::PHOTOMETRIC_INTERPRETATION)
                .is_none_or(|p| p.to_ascii_uppercase().starts_with("MONOCHROME")),
        };
        layout.check()
    }

    fn check(self) -> Result<Self, DicomError> {
        let error = |what| Err(DicomError::PixelDescription { what });
        if self.rows == 0 || self.columns == 0 || self.rows > 65_535 || self.columns > 65_535 {
            return error("Rows or Columns");
        }
        let bits_ok = match self.element {
            PixelElement::Integer => matches!(self.bits_allocated, 8 | 16 | 32),
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

    /// Bytes of one uncompressed frame.
    pub fn frame_bytes(&self) -> u64 {
        // At most 2^16 · 2^16 · 4 · 8.
        self.frame_pixels() * u64::from(self.samples) * u64::from(self.bits_allocated / 8)
    }

    /// Bytes of all uncompressed frames.
    pub fn total_bytes(&self) -> u64 {
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

    /// Turns the stored bytes of one uncompressed grey frame into voxels.
    ///
    /// # Errors
    /// Too few bytes, or a layout without a decoder.
    pub fn decode_native(&self, bytes: &[u8], big_endian: bool) -> Result<Voxels, DicomError> {
        let needs = self.frame_bytes();
        let Some(bytes) = usize::try_from(needs).ok().and_then(|n| bytes.get(..n)) else {
            return Err(DicomError::PixelsShort { have: bytes.len() as u64, needs });
        };
        match (self.element, self.bits_allocated) {
            (PixelElement::Float, _) => Ok(Voxels::F32(words(bytes, big_endian, f32::from_le_bytes))),
            (PixelElement::Double, _) => Ok(Voxels::F64(words(bytes, big_endian, f64::from_le_bytes))),
            (PixelElement::Integer, 8) => Ok(self.bytes_8(bytes)),
            (PixelElement::Integer, 16) => Ok(self.words_16(bytes, big_endian)),
            (PixelElement::Integer, 32) => Ok(self.words_32(bytes, big_endian)),
            _ => Err(DicomError::PixelDescription { what: "BitsAllocated" }),
        }
    }

    /// How far the value's lowest bit is from the word's lowest.
    fn shift(&self) -> u32 {
        u32::from(self.high_bit + 1 - self.bits_stored)
    }

    fn bytes_8(&self, bytes: &[u8]) -> Voxels {
        let (shift, unused) = (self.shift(), 8 - u32::from(self.bits_stored));
        if self.signed {
            Voxels::I16(
                bytes.iter().map(|b| i16::from(((*b >> shift) << unused).cast_signed() >> unused)).collect(),
            )
        } else {
            Voxels::U8(bytes.iter().map(|b| ((*b >> shift) << unused) >> unused).collect())
        }
    }

    fn words_16(&self, bytes: &[u8], big: bool) -> Voxels {
        let (shift, unused) = (self.shift(), 16 - u32::from(self.bits_stored));
        if self.signed {
            Voxels::I16(words(bytes, big, |b| {
                ((u16::from_le_bytes(b) >> shift) << unused).cast_signed() >> unused
            }))
        } else {
            Voxels::U16(words(bytes, big, |b| ((u16::from_le_bytes(b) >> shift) << unused) >> unused))
        }
    }

    fn words_32(&self, bytes: &[u8], big: bool) -> Voxels {
        let (shift, unused) = (self.shift(), 32 - u32::from(self.bits_stored));
        if self.signed {
            Voxels::I32(words(bytes, big, |b| {
                ((u32::from_le_bytes(b) >> shift) << unused).cast_signed() >> unused
            }))
        } else {
            Voxels::U32(words(bytes, big, |b| ((u32::from_le_bytes(b) >> shift) << unused) >> unused))
        }
    }
}

fn words<const N: usize, T>(bytes: &[u8], big: bool, read: impl Fn([u8; N]) -> T) -> Vec<T> {
    let (whole, _) = bytes.as_chunks::<N>();
    if big {
        whole
            .iter()
            .map(|word| {
                let mut word = *word;
                word.reverse();
                read(word)
            })
            .collect()
    } else {
        whole.iter().map(|word| read(*word)).collect()
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
    items: Items,
}

/// The items of an encapsulated value (PS3.5 §A.4).
#[derive(Debug, Default)]
struct Items {
    /// The basic offset table: where each frame's first item stands, counted from the first fragment's.
    offsets: Vec<usize>,
    /// Where the first fragment's item stands in the value.
    base: usize,
    /// Each fragment, as a range of the value.
    fragments: Vec<Range<usize>>,
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
        let items = match syntax.codec {
            Codec::Native => Items::default(),
            Codec::EncapsulatedNative | Codec::RunLength => Items::of(value)?,
            Codec::Unsupported => return Err(DicomError::TransferSyntax { name: syntax.name }),
        };
        Ok(Self { layout, syntax, value, items })
    }

    /// Decodes frame `index` (from 0).
    ///
    /// # Errors
    /// The frame isn't there, is too short, or its compressed stream is corrupt.
    pub fn decode(&self, index: u32) -> Result<Voxels, DicomError> {
        let size = self.layout.frame_bytes();
        let short = |have: usize| DicomError::PixelsShort { have: have as u64, needs: size };
        match self.syntax.codec {
            Codec::Native => {
                let start = usize::try_from(u64::from(index) * size).map_err(|_| short(0))?;
                let bytes = self.value.get(start..).ok_or_else(|| short(0))?;
                self.layout.decode_native(bytes, self.syntax.big_endian)
            }
            Codec::EncapsulatedNative => self.layout.decode_native(&self.coded(index)?, false),
            Codec::RunLength => {
                let samples = usize::from(self.layout.samples);
                let plain = unpack_run_length(
                    &self.coded(index)?,
                    usize::from(self.layout.bits_allocated / 8) * samples,
                    size,
                )?;
                self.layout.decode_native(&plain, false)
            }
            Codec::Unsupported => Err(DicomError::TransferSyntax { name: self.syntax.name }),
        }
    }

    /// The bytes of one frame, its fragments put together (PS3.5 §A.4): all of them for a single frame,
    /// one a frame where there are as many, else what lies between two offsets of the table.
    fn coded(&self, index: u32) -> Result<Cow<'a, [u8]>, DicomError> {
        let absent = DicomError::PixelsShort { have: 0, needs: self.layout.frame_bytes() };
        let Items { offsets, base, fragments } = &self.items;
        let (index, frames) = (index as usize, self.layout.frames as usize);
        let of_frame: &[Range<usize>] = if frames == 1 {
            fragments
        } else if fragments.len() <= frames || offsets.len() != frames {
            fragments.get(index..=index).unwrap_or_default()
        } else {
            let at = |n: usize| {
                let start = offsets.get(n).map_or(usize::MAX, |offset| base.saturating_add(*offset));
                fragments.partition_point(|fragment| fragment.start < start)
            };
            fragments.get(at(index)..at(index + 1)).unwrap_or_default()
        };
        match of_frame {
            [] => Err(absent),
            [one] => self.value.get(one.clone()).map(Cow::Borrowed).ok_or(absent),
            many => {
                Ok(many.iter().filter_map(|r| self.value.get(r.clone())).collect::<Vec<_>>().concat().into())
            }
        }
    }
}

impl Items {
    /// Reads the items. What follows the fragments, delimiter or not, is nobody's.
    fn of(value: &[u8]) -> Result<Self, DicomError> {
        let mut at = 0usize;
        let mut out = Self::default();
        let mut first = true;
        while let Some(head) = value.get(at..at + 8) {
            let (tag, len) = head.split_at(4);
            let len = u32::from_le_bytes(len.try_into().unwrap_or_default()) as usize;
            match tag {
                [0xFE, 0xFF, 0x00, 0xE0] => {
                    let end = (at + 8).saturating_add(len).min(value.len());
                    let content = at + 8..end;
                    if first {
                        let table = value.get(content).unwrap_or_default();
                        let (words, _) = table.as_chunks::<4>();
                        out.offsets = words.iter().map(|w| u32::from_le_bytes(*w) as usize).collect();
                        out.base = end;
                    } else {
                        out.fragments.push(content);
                    }
                    first = false;
                    at = end;
                }
                [0xFE, 0xFF, 0xDD, 0xE0] => break,
                _ if out.fragments.is_empty() => return Err(DicomError::Malformed { offset: at as u64 }),
                _ => break,
            }
        }
        Ok(out)
    }
}

/// PS3.5 §G: up to 15 byte planes, each PackBits-coded, most significant byte first.
fn unpack_run_length(packed: &[u8], planes: usize, size: u64) -> Result<Vec<u8>, DicomError> {
    let size = usize::try_from(size).map_err(|_| DicomError::PixelsShort { have: 0, needs: size })?;
    let word = |n: usize| -> Option<usize> {
        Some(u32::from_le_bytes(packed.get(n * 4..n * 4 + 4)?.try_into().ok()?) as usize)
    };
    let corrupt = DicomError::PixelDescription { what: "RLE segments" };
    let segments = word(0).ok_or_else(|| corrupt.clone())?;
    if segments != planes || planes == 0 || planes > 15 {
        return Err(corrupt);
    }
    let mut out = vec![0u8; size];
    let plane_len = size / planes;
    for plane in 0..planes {
        let start = word(plane + 1).ok_or_else(|| corrupt.clone())?;
        let end = if plane + 1 < planes { word(plane + 2).unwrap_or(packed.len()) } else { packed.len() };
        let segment = packed.get(start..end.min(packed.len())).ok_or_else(|| corrupt.clone())?;
        // Planes run from the most significant byte; the output is little endian.
        let mut places = (0..plane_len).map(|pixel| pixel * planes + (planes - 1 - plane));
        let mut filled = 0usize;
        let mut at = 0usize;
        while let Some(code) = segment.get(at).map(|c| c.cast_signed()) {
            at += 1;
            if code >= 0 {
                let run = segment.get(at..(at + code as usize + 1).min(segment.len())).unwrap_or_default();
                at += code as usize + 1;
                for (byte, place) in run.iter().zip(&mut places) {
                    if let Some(slot) = out.get_mut(place) {
                        *slot = *byte;
                    }
                    filled += 1;
                }
            } else if code != -128 {
                let byte = segment.get(at).copied().unwrap_or(0);
                at += 1;
                for place in (&mut places).take(1 + usize::from(code.unsigned_abs())) {
                    if let Some(slot) = out.get_mut(place) {
                        *slot = byte;
                    }
                    filled += 1;
                }
            }
        }
        if filled < plane_len {
            return Err(DicomError::PixelsShort { have: filled as u64, needs: plane_len as u64 });
        }
    }
    Ok(out)
}
