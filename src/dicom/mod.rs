//! Reading what hospitals export.
//!
//! In: byte ranges of files ([`Need`]), as a disk or a browser's `File` gives them.
//! Out: [`Header`]s — every element before the pixels, parsed tolerantly — and decoded frames.
//! Never: a write, a guess about handedness, a panic on any input, an identifier in an error.
//!
//! - `parse` walks the encoding (PS3.5 §7) into a tree of spans over the bytes that were read.
//! - `header` gives that tree accessors by tag, private creator and frame.
//! - `pixels` and `codec` turn stored frames into voxels.
//! - `palette` reads the tables of palette colour.
//! - `text` reads character sets, code extensions included.
//! - `csa` reads the text tables that Siemens keeps in private elements, and its measurement protocol.
//! - `real_world` reads the mapping of stored values to values with a unit.
//! - `write` encodes data sets, for de-identified copies.

pub mod codec;
pub mod csa;
mod error;
mod file;
mod header;
mod palette;
mod parse;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod pixel_tests;
pub mod pixels;
mod real_world;
pub mod tags;
#[cfg(test)]
#[path = "../../tests/common/dicom.rs"]
#[allow(clippy::unwrap_used, reason = "it makes files for tests")]
pub(crate) mod testing;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests;
mod text;
pub mod write;

pub use dicom_core::{Tag, VR};
pub use error::DicomError;
pub use file::{HeaderReader, ReadStep};
pub use header::{ElementRef, FrameView, Header, ItemRef};
pub use palette::Palette;
pub use parse::{PixelData, PixelElement};
pub use real_world::{RealWorld, RealWorldMap, RealWorldTable};

/// A byte range that a reader wants: of which source, from where, and how many bytes.
///
/// `len` never reaches beyond the source's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct Need {
    /// The source, as numbered by whoever registered it.
    pub source: u32,
    /// First byte wanted.
    pub offset: u64,
    /// How many bytes.
    pub len: u64,
}
