//! Text burned into pixels. In: objects, and what reviewers decided. Out: which are suspected and where,
//! pixels with boxes made black. Never: writes a suspected object without a person's word; that is for
//! [`super::object`] to ask here, and obey.
//!
//! - `suspicion`: what the header says, by rules that are data.
//! - `glyphs`: lines of text in a picture; `search`: that, for an object's frames.
//! - `redactions`: decisions of reviewers, by object and as templates for a device; `reviews`: those of one journey.
//! - `redact`: boxes drawn in native and in decoded frames.

mod glyphs;
mod redact;
mod redactions;
mod reviews;
mod search;
mod suspicion;

pub use glyphs::{PixelBox, Plane, text_boxes};
pub(crate) use redact::blacken;
pub(super) use redact::{paint_native, painted_frames};
pub(crate) use redactions::fits;
pub use redactions::{
    Decision, Device, REDACTIONS_SCHEMA, Redactions, RedactionsError, Ruling, Schema, Template,
};
pub use reviews::Reviews;
pub use search::{Found, planes, search, search_outside};
pub(crate) use search::{pixel_value, sampled, text_of_frame};
pub use suspicion::{Strength, Suspicion, strength, suspicion};
