//! NIfTI-1 out: the 348-byte header and gzip on every core; NIfTI-1 and -2 in.
//!
//! In: a grid, a voxel type, times and a scale. Out: bytes of a `.nii.gz` that every reader takes and
//! that are the same for any number of threads. Text fields stay empty: they are where names leak.

mod deflate;
mod gzip;
mod header;
mod read;
mod stream;

pub use gzip::ParallelGzip;
pub use header::{HEADER_BYTES, ImageHeader};
pub use read::{ReadError, ReadImage, read};
pub use stream::{Announced, ImageStream};
