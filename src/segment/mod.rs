//! Segmentation: labels on a grid, painted, grown from seeds, edited, measured and saved.
//!
//! In: voxels, strokes, label maps of other programs. Out: label maps on the image's own grid, what
//! changed in them, measurements, bytes of files. Nothing here reads files, clocks or the screen.
//!
//! - [`growcut`]: labels grown from seeds.
//! - [`labels`], [`difference`], [`history`], [`journal`]: the label map, what changed, undo, and records
//!   from which all of it is restored.
//! - [`islands`]: connected parts of a label.
//! - [`space`], [`brush`], [`polygon`], [`tracing`]: which voxels a hand means.

pub mod brush;
pub mod difference;
mod error;
pub mod growcut;
pub mod history;
pub mod islands;
pub mod journal;
pub mod labels;
pub mod polygon;
pub mod space;
pub mod tracing;

pub use error::Error;
