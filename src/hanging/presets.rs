//! The protocols that ship with the house, and which of them suits a study.
//!
//! In come a preset's name, or the facts of a study; out comes a parsed [`Protocol`]. The presets
//! are data (`presets/*.json`), read by the same parser as a user's own.

use super::facts::VolumeFacts;
use super::protocol::{Protocol, ProtocolError};
use super::reading;

/// A protocol that ships with the house.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Preset {
    /// Contrast-enhanced MRI of the liver, before and after treatment.
    LiverMri,
    /// Any other MRI.
    General,
    /// CT.
    Ct,
}

impl Preset {
    /// All presets, in menu order.
    pub const ALL: &[Self] = &[Self::LiverMri, Self::General, Self::Ct];

    /// Identifier of the preset's protocol.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::LiverMri => "liver-mri-pre-post",
            Self::General => "general",
            Self::Ct => "ct",
        }
    }

    /// The preset of this identifier.
    #[must_use]
    pub fn of_id(id: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|p| p.id() == id)
    }

    /// The preset's JSON.
    #[must_use]
    pub fn json(self) -> &'static str {
        match self {
            Self::LiverMri => include_str!("presets/liver-mri-pre-post.json"),
            Self::General => include_str!("presets/general.json"),
            Self::Ct => include_str!("presets/ct.json"),
        }
    }

    /// The preset's protocol.
    ///
    /// # Errors
    /// Never for the presets as shipped (a test parses them all); the parser is the user's.
    pub fn protocol(self) -> Result<Protocol, ProtocolError> {
        Protocol::parse(self.json())
    }

    /// The preset that suits a study: by modality, then by whether it looks like liver MRI (words of
    /// the study, body part and series; where nothing is said, a dynamic series). Only a proposal.
    #[must_use]
    pub fn for_study(study: &[VolumeFacts]) -> Self {
        let is = |v: &VolumeFacts, m: &str| {
            v.modality.as_deref().is_some_and(|x| x.trim().eq_ignore_ascii_case(m))
        };
        let (mr, ct) =
            (study.iter().filter(|v| is(v, "MR")).count(), study.iter().filter(|v| is(v, "CT")).count());
        if ct > mr {
            Self::Ct
        } else if reading::looks_like_liver(study) {
            Self::LiverMri
        } else {
            Self::General
        }
    }
}
