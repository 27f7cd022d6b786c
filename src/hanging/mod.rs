//! Hanging protocols: which role every volume of a study plays, decided by rules from facts.
//!
//! In come [`VolumeFacts`], one record a volume, which intake fills from identified headers, and a
//! [`Protocol`]: JSON data with `require` and `score` rules (schema `hepatica-hanging/1`). Out come
//! one [`RoleMatch`] a volume (role, score, confidence, reasons, runners-up), proposals of time
//! points, and [`PublishedHanging`], the only thing of this room that travels with an archive.
//!
//! Roles are decided while the header is still identified, because de-identification destroys what
//! they are decided from. This room reads no header and no pixel, and nothing that it puts out
//! quotes a header: reasons speak in the protocol's vocabulary and in numbers only.

pub mod facts;
mod vocabulary;
pub mod words;

pub use facts::{Agent, ComplexPart, DerivedKind, Dixon, Plane, VolumeFacts};
pub mod condition;
mod hearing;
mod kinds;
pub mod matching;
mod parsing;
pub mod phases;
pub mod presets;
pub mod protocol;
pub mod published;
mod reading;
pub mod roles;
pub mod timepoints;

pub use kinds::Weighting;
pub use matching::{Reason, RoleMatch, assign, renumber};
pub use phases::Phase;
pub use presets::Preset;
pub use protocol::{Protocol, ProtocolError};
pub use published::{PublishedHanging, PublishedRole};
pub use roles::{KNOWN_ROLES, RoleId, role_label, role_label_with_b};
pub use timepoints::{TimePoint, propose_time_points};

#[cfg(test)]
mod tests;
