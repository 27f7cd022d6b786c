//! What of a hanging travels with the archive: `provenance/hanging.json`.
//!
//! In come the matches of a study under the names that its volumes get in the archive; out comes
//! [`PublishedHanging`], from which the viewer hangs a case later. It holds roles, orders and
//! numbers: no word, date or identifier of a header, since none can be put in.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::matching::RoleMatch;
use super::roles::RoleId;

/// Schema that this version reads and writes.
pub const SCHEMA: &str = "hepatica-hanging-match/1";

/// Why a published hanging was refused.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum PublishedError {
    /// The text does not follow the schema.
    #[error("hanging.json is not readable: line {line}, column {column}")]
    Malformed {
        /// Line, 1 first.
        line: usize,
        /// Column, 1 first.
        column: usize,
    },
    /// Another schema.
    #[error(
        "hanging.json has another schema than “hepatica-hanging-match/1”: update Hepatica to open this data set"
    )]
    Schema,
    /// A role's identifier is none.
    #[error("hanging.json: a role is not written as an identifier (volume {ordinal})")]
    Role {
        /// Which volume, 1 first, by name.
        ordinal: usize,
    },
}

/// Roles of the volumes of a data set, by their names in the archive.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PublishedHanging {
    /// [`SCHEMA`].
    pub schema: String,
    /// Volumes by their path in the archive.
    pub volumes: BTreeMap<String, PublishedRole>,
}

/// The role of one volume.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PublishedRole {
    /// Identifier of the protocol that was matched.
    pub protocol: String,
    /// Role; none where nobody recognised the volume.
    pub role: Option<RoleId>,
    /// Which of the volumes of this role in its session, by acquisition, 1 first; 0 without a role.
    pub occurrence: u32,
    /// Rank for a pane among the volumes of this role, 0 best.
    pub rank: u32,
    /// Acquisition order in the session, 0 first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<u32>,
    /// Time point of its session, as the user left it: `pre`, `post`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_point: Option<String>,
    /// Ordinal of the frame of reference in its session: panes are linked within one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frame_of_reference: Option<u32>,
    /// b-values, s/mm², ascending.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub b_values: Vec<f64>,
    /// Slices, by which panes may pick.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slice_count: Option<u32>,
    /// Confidence of the match, 0 to 1; 1 where a person chose.
    pub confidence: f64,
    /// Whether a person chose or confirmed the role.
    pub confirmed: bool,
}

impl PublishedRole {
    /// What is published of a match.
    #[must_use]
    pub fn of_match(protocol: &str, found: &RoleMatch) -> Self {
        Self {
            protocol: protocol.to_owned(),
            role: found.role.clone(),
            occurrence: found.occurrence,
            rank: found.rank,
            order: None,
            time_point: None,
            frame_of_reference: None,
            b_values: Vec::new(),
            slice_count: None,
            confidence: found.confidence,
            confirmed: false,
        }
    }
}

impl Default for PublishedHanging {
    fn default() -> Self {
        Self { schema: SCHEMA.to_owned(), volumes: BTreeMap::new() }
    }
}

impl PublishedHanging {
    /// The file's text: keys in order, a newline at the end, the same for the same content.
    ///
    /// # Errors
    /// Only where a number is not finite in a way JSON cannot say; serde's error is passed on.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self).map(|text| text + "\n")
    }

    /// Reads the file's text.
    ///
    /// # Errors
    /// [`PublishedError`].
    pub fn parse(json: &str) -> Result<Self, PublishedError> {
        let malformed =
            |e: serde_json::Error| PublishedError::Malformed { line: e.line(), column: e.column() };
        let value: serde_json::Value = serde_json::from_str(json).map_err(malformed)?;
        if value.get("schema").and_then(serde_json::Value::as_str) != Some(SCHEMA) {
            return Err(PublishedError::Schema);
        }
        let read: Self = serde_json::from_str(json).map_err(malformed)?;
        match read
            .volumes
            .values()
            .position(|v| v.role.as_ref().is_some_and(|r| !RoleId::is_valid(r.as_str())))
        {
            Some(at) => Err(PublishedError::Role { ordinal: at + 1 }),
            None => Ok(read),
        }
    }
}
