//! The annotator: cases of a data set, hung in panes, looked at and drawn upon.
//!
//! In: names and byte ranges of a data set (Hepatica's own as folder or zip, any BIDS-like folder, loose
//! NIfTI files), sizes of panes, what hands do in them. Out: a list of cases, panes with their volumes,
//! pictures, and all that words and lines over them need. It reads no file and no clock, writes nothing,
//! and knows nothing of the browser: whoever drives it feeds ranges ([`crate::dicom::Need`]) and shows
//! pictures. Names that could identify anybody are on screen only.
//!
//! - [`names`]: paths → subjects, sessions, volumes, roles. [`opening`]: reading the tables that say more.
//! - [`bytes`], [`fetch`]: a file's content by ranges; one volume out of it, in steps.
//! - [`hanging`]: stages and panes of a protocol for one case; three planes where there is none.
//! - [`panes`]: where each pane looks, what gestures change, what is linked with what.
//! - [`case`]: a case at hand: its volumes, its panes, their pictures (`reading`, `looking`, `drawing`).
//! - [`editor`]: labels of a session: strokes, tools, history, journal. [`labelling`]: panes and editor
//!   together. [`outgoing`]: measurements, files; `sources`: the DICOM objects that labels refer to. [`desk`]:
//!   what a reader sits at.
//! - [`rater`]: who reads. [`study`]: what a study lays down. `keeping`: what is kept of a case from visit to
//!   visit, and under which name; `layout`: how it was left.

pub mod bytes;
pub mod case;
pub mod desk;
mod drawing;
pub mod editor;
mod error;
pub mod fetch;
pub mod hanging;
mod keeping;
pub mod labelling;
mod layout;
mod looking;
pub mod names;
pub mod opening;
pub mod outgoing;
pub mod panes;
pub mod rater;
mod reading;
mod sources;
pub mod study;
pub mod views;

pub use case::Case;
pub use desk::Desk;
pub use error::AnnotateError;
pub use keeping::KeptFile;
pub use layout::Layout;
pub use names::{CaseFiles, SessionFiles, VolumeFile};
pub use opening::{Opening, Shelf};
pub use rater::Rater;
pub use study::Study;

#[cfg(test)]
mod tests;
