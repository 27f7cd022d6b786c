//! What every decoder takes and gives: a codestream's promise held against the header's, and samples.
//!
//! In: what the DICOM header says of a frame; later, what its codestream held. Out: voxels of the type
//! that [`PixelLayout::decode_native`](crate::dicom::pixels::PixelLayout) gives for the same header.

use crate::dicom::pixels::{Photometric, PixelLayout};
use crate::dicom::{DicomError, PixelElement};
use crate::volume::Voxels;

/// The frame that the DICOM header announces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) columns: u32,
    pub(crate) rows: u32,
    pub(crate) samples: u32,
    /// Bits of a sample in memory; a codestream may not ask for more.
    pub(crate) bits_allocated: u32,
}

impl Wanted {
    pub(crate) fn of(layout: &PixelLayout) -> Self {
        Self {
            columns: layout.columns,
            rows: layout.rows,
            samples: u32::from(layout.samples),
            bits_allocated: u32::from(layout.bits_allocated),
        }
    }

    /// Compares a codestream's dimensions, before anything is allocated for it.
    pub(crate) fn check(&self, columns: u32, rows: u32, samples: u32) -> Result<(), DicomError> {
        if (columns, rows, samples) == (self.columns, self.rows, self.samples) {
            return Ok(());
        }
        Err(DicomError::FrameMismatch {
            coded: [columns, rows, samples],
            header: [self.columns, self.rows, self.samples],
        })
    }

    /// Samples of the frame.
    pub(crate) fn len(&self) -> Result<usize, DicomError> {
        let samples = u64::from(self.columns) * u64::from(self.rows) * u64::from(self.samples);
        usize::try_from(samples)
            .map_err(|_| DicomError::OverBudget { needs: samples, budget: usize::MAX as u64 })
    }
}

/// The colours that three samples stand for, as the codestream tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StreamColour {
    /// It doesn't: the photometric interpretation counts.
    AsHeader,
    Rgb,
    YCbCr,
}

/// A decoded frame.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Picture {
    /// Row by row, the samples of a pixel side by side.
    pub(crate) samples: Vec<i32>,
    /// Bits of a sample in the codestream.
    pub(crate) precision: u32,
    /// Whether the codestream's samples have a sign.
    pub(crate) signed: bool,
    pub(crate) colour: StreamColour,
}

/// What a lossy decoder may have overshot is clamped; lossless bits are taken as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fidelity {
    Lossless,
    Lossy,
}

impl Picture {
    /// The samples as the header describes them.
    ///
    /// The codestream knows its own precision and sign; the header says which bits count and how they
    /// are meant. Where they differ (PS3.5 §8.2 has them agree, files do not):
    ///
    /// - a signed header over an unsigned stream: the stream holds two's complement of its own precision
    ///   (of `BitsStored`, where that is less);
    /// - an unsigned header over a signed stream: the bits count, as they would in native pixels;
    /// - a precision above `BitsStored`: what lies above the stored bits is an overlay or rubbish in a
    ///   lossless stream, and overshoot in a lossy one.
    pub(crate) fn into_voxels(
        mut self,
        layout: &PixelLayout,
        fidelity: Fidelity,
    ) -> Result<Voxels, DicomError> {
        if layout.element != PixelElement::Integer {
            return Err(DicomError::PixelDescription { what: "compressed floating-point pixels" });
        }
        if self.samples.len() as u64 != layout.frame_pixels() * u64::from(layout.samples) {
            return Err(corrupt("as many samples as the frame has"));
        }
        self.interpret(layout, fidelity);
        if layout.samples == 3 {
            let ycc = match self.colour {
                StreamColour::Rgb => false,
                StreamColour::YCbCr => true,
                StreamColour::AsHeader => {
                    matches!(layout.photometric, Photometric::YbrFull | Photometric::YbrFull422)
                }
            };
            if ycc {
                to_rgb(&mut self.samples, u32::from(layout.bits_stored));
            }
        }
        let samples = self.samples.iter();
        Ok(match (layout.bits_allocated, layout.signed) {
            (1, _) | (8, false) => Voxels::U8(samples.map(|v| *v as u8).collect()),
            (8, true) | (16, true) => Voxels::I16(samples.map(|v| *v as i16).collect()),
            (16, false) => Voxels::U16(samples.map(|v| *v as u16).collect()),
            (_, true) => Voxels::I32(self.samples),
            (_, false) => Voxels::U32(samples.map(|v| v.cast_unsigned()).collect()),
        })
    }

    fn interpret(&mut self, layout: &PixelLayout, fidelity: Fidelity) {
        let stored = u32::from(layout.bits_stored).clamp(1, 32);
        if fidelity == Fidelity::Lossy && self.signed == layout.signed {
            let (least, most) = range(stored, layout.signed);
            if stored < 32 {
                self.samples.iter_mut().for_each(|v| *v = (*v).clamp(least, most));
            }
            return;
        }
        // A stream wider than the stored bits holds the whole word, the value where HighBit says.
        let shift = if self.precision > stored { layout.shift() } else { 0 };
        let meaning = if layout.signed && !self.signed { self.precision.clamp(1, stored) } else { stored };
        let unused = 32 - meaning;
        if layout.signed {
            self.samples.iter_mut().for_each(|v| *v = ((*v >> shift) << unused) >> unused);
        } else {
            self.samples.iter_mut().for_each(|v| {
                *v = (((v.cast_unsigned() >> shift) << unused) >> unused).cast_signed();
            });
        }
    }
}

fn range(bits: u32, signed: bool) -> (i32, i32) {
    match (bits, signed) {
        (32.., _) => (i32::MIN, i32::MAX),
        (bits, true) => (-(1 << (bits - 1)), (1 << (bits - 1)) - 1),
        (31, false) => (0, i32::MAX),
        (bits, false) => (0, (1 << bits) - 1),
    }
}

/// YBR_FULL to RGB (PS3.3 C.7.6.3.1.2), in 16-bit fixed point, rounded.
pub(crate) fn to_rgb(samples: &mut [i32], bits: u32) {
    let bits = bits.clamp(1, 16);
    let (centre, most) = (1i64 << (bits - 1), (1i64 << bits) - 1);
    let (pixels, _) = samples.as_chunks_mut::<3>();
    for pixel in pixels {
        let [y, cb, cr] = pixel.map(i64::from);
        let (cb, cr) = (cb - centre, cr - centre);
        // 1.402, 0.344136, 0.714136 and 1.772 times 2^16.
        let red = y + ((91_881 * cr + 32_768) >> 16);
        let green = y + ((-22_554 * cb - 46_802 * cr + 32_768) >> 16);
        let blue = y + ((116_130 * cb + 32_768) >> 16);
        *pixel = [red, green, blue].map(|v| v.clamp(0, most) as i32);
    }
}

/// A codestream that breaks its own rules.
pub(crate) const fn corrupt(what: &'static str) -> DicomError {
    DicomError::Codestream { what }
}

/// A codestream that keeps rules for which there is no decoder.
pub(crate) const fn unsupported(what: &'static str) -> DicomError {
    DicomError::TransferSyntax { name: what }
}
