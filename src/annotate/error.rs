//! What can be wrong with a data set or a case, in words that name no file.

use crate::dataset;
use crate::nifti::ReadError;

/// Why something could not be opened or done.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum AnnotateError {
    /// No image among the files.
    #[error(
        "there is no NIfTI image here: drop a data set of Hepatica, a BIDS folder, or .nii or .nii.gz files"
    )]
    NoImages,
    /// No image, because what was dropped could not be read.
    #[error("nothing could be opened: {0}")]
    Unopened(String),
    /// No case of that number.
    #[error("there is no such case")]
    NoCase,
    /// No such volume, pane or stage.
    #[error("there is no such {0}")]
    NoSuch(&'static str),
    /// The archive's bytes.
    #[error(transparent)]
    Archive(#[from] dataset::Error),
    /// The image's bytes.
    #[error(transparent)]
    Image(#[from] ReadError),
    /// A range could not be read.
    #[error("the file could not be read: it was moved, changed or is on a drive that is gone")]
    Unreadable,
    /// An edit that was not done.
    #[error(transparent)]
    Edit(#[from] super::editor::Error),
    /// Labels need their image first.
    #[error("the image that labels are drawn on is not there yet: wait until it is read")]
    NoReference,
    /// What the study at hand does not allow.
    #[error("{0}")]
    Study(&'static str),
    /// All volumes together would need more than there is.
    #[error(
        "not enough memory: this volume needs {} MB, {} MB of {} MB are taken", needed / 1_000_000, taken / 1_000_000, budget / 1_000_000
    )]
    Memory {
        /// Bytes of the volume.
        needed: u64,
        /// Bytes that volumes of the case hold already.
        taken: u64,
        /// Bytes allowed.
        budget: u64,
    },
}
