//! Why there are no labels.

/// A cause that a person can act on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// More voxels than a label map can number.
    #[error("a label map of {0} voxels is beyond what can be edited here (4,294,967,295)")]
    TooLarge(u64),
    /// An image whose voxels don't fill the grid.
    #[error("the image has {found} voxels where the labels' grid has {expected}")]
    Length {
        /// Voxels of the grid.
        expected: u64,
        /// Voxels there are.
        found: u64,
    },
    /// A difference that does not fit the labels it is to change.
    #[error("a recorded change does not fit the labels")]
    Difference,
    /// A file of labels that cannot be read.
    #[error("{0}")]
    Unreadable(String),
    /// A file of labels on another grid.
    #[error("these labels lie on another grid: {0}")]
    Grid(String),
    /// A file that cannot say what it would have to.
    #[error("{0}")]
    Unsayable(String),
    /// Growing failed.
    #[error(transparent)]
    Grow(#[from] super::growcut::Error),
}
