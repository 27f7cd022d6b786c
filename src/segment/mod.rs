//! Segmentation: labels on a grid, painted, grown from seeds, edited, measured and saved.
//!
//! In: voxels, strokes, label maps of other programs. Out: label maps on the image's own grid, what
//! changed in them, measurements, bytes of files. Nothing here reads files, clocks or the screen.
//!
//! - [`growcut`]: labels grown from seeds.
//! - [`labels`], [`difference`], [`history`], [`journal`]: the label map, what changed, undo, and records
//!   from which all of it is restored.
//! - [`islands`], [`distance`], [`morphology`], [`smooth`], [`between`]: what is done to a whole segment, as
//!   [`work`] that goes on in steps.
//! - [`formats`]: label maps as NIfTI, NRRD and DICOM SEG, and back.
//! - [`measure`]: volumes, diameters, values.
//! - [`space`], [`brush`], [`polygon`], [`tracing`]: which voxels a hand means.

pub mod between;
pub mod brush;
pub mod difference;
pub mod distance;
mod error;
pub mod formats;
pub mod growcut;
pub mod history;
pub mod islands;
pub mod journal;
pub mod labels;
pub mod measure;
pub mod morphology;
pub mod polygon;
pub mod smooth;
pub mod space;
pub mod tracing;
pub mod work;

pub use error::Error;
