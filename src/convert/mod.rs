//! Frames → volumes: which frames make a volume, where it lies, and its voxels.
//!
//! In: headers reduced to [`instance::Instance`]s, later the pixel bytes of one volume's files.
//! Out: [`stack::Stack`]s (frames in order, grid, diffusion) for the plan, then a NIfTI image each.
//! Never: a reordering by file name, a guess about handedness, a value changed without a word.

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod affine_tests;
pub(crate) mod diffusion;
pub(crate) mod geometry;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod geometry_tests;
pub(crate) mod instance;
pub(crate) mod resample;
pub(crate) mod scaling;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]
mod scaling_tests;
pub(crate) mod stack;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests;
pub(crate) mod tiles;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod vendor_tests;
mod volume_job;
mod warning;
pub(crate) mod when;

pub use scaling::PhilipsValues;
pub use volume_job::{FileNeed, Made, Product, VolumeJob};
pub use warning::VolumeWarning;
