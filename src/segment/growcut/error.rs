//! Why there is nothing to grow.

/// A cause that a person can act on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No image, or more than eight.
    #[error("GrowCut takes 1 to 8 images, not {0}")]
    Channels(usize),
    /// Voxels, seeds or mask that don't fill the grid.
    #[error("{what} has {found} voxels where the grid has {expected}")]
    Length {
        /// What it is.
        what: &'static str,
        /// Voxels of the grid.
        expected: u64,
        /// Voxels there are.
        found: u64,
    },
    /// A value that is not a number.
    #[error("image {channel} has a voxel that is not a finite number")]
    NotFinite {
        /// Its number, from 1.
        channel: usize,
    },
    /// Weights, locality, range or translation that make no sense.
    #[error("{0} must be a finite number, and not negative")]
    Setting(&'static str),
    /// Nothing was painted, or all of it outside mask and range.
    #[error("there are no seeds within the mask and the intensity range")]
    NoSeeds,
    /// One label has nothing to compete with.
    #[error("all seeds have label {0}; GrowCut needs two labels or more")]
    OneLabel(u8),
    /// It would not fit.
    #[error("GrowCut on {voxels} voxels needs {needed} bytes, and the budget is {budget}")]
    Memory {
        /// Voxels of the region.
        voxels: u64,
        /// Bytes it would take.
        needed: u64,
        /// Bytes it may take.
        budget: u64,
    },
    /// Distances beyond the widest key.
    #[error("distances exceed {0} bits: narrow the intensity range or lower the locality")]
    TooWide(u32),
}
