//! Grids and voxels.
//!
//! A [`Grid`] is dimensions and an invertible affine; [`Voxels`] are typed values in NIfTI's order
//! (x fastest). Nothing here knows DICOM, files or the screen.

pub(crate) mod grid;
mod voxels;

pub use grid::{Affine, Grid, GridError};
pub use voxels::{VoxelType, Voxels};
