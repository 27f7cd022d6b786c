//! Segmentation: labels on a grid, grown from seeds.
//!
//! In: voxels, seeds, strokes. Out: label maps on the image's own grid. Nothing here reads files,
//! clocks or the screen.

pub mod growcut;
