//! Looking at volumes: planes of a pane, window and level, slices into pixels, labels over them.
//!
//! In: a [`Grid`](crate::volume::Grid), typed voxels, where a pane looks, a window. Out: pixels as the
//! screen takes them, letters, and places: pane ↔ world ↔ voxel, exact both ways, for any affine.
//! Nothing here knows of cases, files, DICOM or the browser, and nothing is ever flipped by guess:
//! every step goes through the affine.

mod body;
mod colours;
mod overlay;
mod plane;
mod render;
mod slices;
mod surface;
mod window;

pub use body::{BodyBox, body_box};
pub use colours::{BACKGROUND, Colours, pixel};
pub use overlay::{Overlay, label_picture, overlay};
pub use plane::{PanePlane, PixelMap, WorldToVoxel, letters};
pub use render::{Picture, draw};
pub use slices::{Orientation, Slices, slice_axis};
pub use surface::{Mesh, Turned, draw_surfaces, labelled_box, surface};
pub use window::{Content, Preset, Window, adc_factor, auto_window, percentiles, presets};

#[cfg(test)]
mod tests;
