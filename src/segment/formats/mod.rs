//! Label maps as files, and files as label maps.
//!
//! In: labels on a grid and what they mean; bytes of files. Out: bytes of `.nii.gz` with its table, `.seg.nrrd`,
//! DICOM SEG, whose readers see the same voxels in the same places; labels from such files, on the very grid
//! that is asked for, or why they are refused. Nothing is resampled and nothing is flipped: a voxel goes where
//! it lies in the world.

mod dicom_in;
mod dicom_out;
mod nifti;
mod nrrd;
mod place;
#[cfg(test)]
mod tests;

pub use dicom_out::{SourceFrame, SourceSeries, Stamp, dicom_seg};
pub use nifti::{dseg, dseg_table};
pub use nrrd::seg_nrrd;

use super::error::Error;
use crate::volume::Grid;

/// A code: scheme, value, meaning.
pub type CodeText = [String; 3];

/// What a label means, as files say it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// Its value.
    pub label: u8,
    /// Its name, fit to go out.
    pub name: String,
    /// sRGB.
    pub colour: [u8; 3],
    /// Category and type.
    pub codes: Option<[CodeText; 2]>,
    /// The lesion's ID.
    pub lesion: Option<String>,
    /// What was found of it.
    pub state: Option<String>,
    /// Why.
    pub reason: Option<String>,
}

/// Labels to be written.
#[derive(Clone, Copy, Debug)]
pub struct Labelled<'a> {
    /// Their grid.
    pub grid: &'a Grid,
    /// In scan order.
    pub values: &'a [u8],
    /// What they mean, in order.
    pub segments: &'a [Named],
}

/// Labels that were read.
#[derive(Clone, Debug, PartialEq)]
pub struct Read {
    /// On the grid asked for, in scan order.
    pub values: Vec<u8>,
    /// What they mean, as far as the file says.
    pub segments: Vec<Named>,
}

/// Reads labels in whichever format they are, on a grid. `budget` bounds the bytes of voxels.
///
/// # Errors
/// [`Error::Unreadable`] where it is no file of labels, [`Error::Grid`] where they lie on another grid.
pub fn read(bytes: &[u8], grid: &Grid, budget: u64) -> Result<Read, Error> {
    if bytes.starts_with(b"NRRD") {
        nrrd::read(bytes, grid, budget)
    } else if bytes.get(128..132) == Some(b"DICM") {
        dicom_in::read(bytes, grid, budget)
    } else {
        nifti::read(bytes, grid, budget)
    }
}

/// Colours for labels of which a file says none.
pub(crate) fn plain_name(label: u8) -> String {
    format!("Segment {label}")
}
