//! The hanging protocol: JSON of schema `hepatica-hanging/1`, checked before it is believed.
//!
//! In comes JSON text, shipped or loaded by the user; out comes a [`Protocol`], or a
//! [`ProtocolError`] that names the field. Nothing is ignored: an unknown field is an error, since a
//! misspelt rule would otherwise silently never apply.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

use super::condition::Condition;
use super::parsing::{invalid, needed, object, only, optional, parse_list, parse_roles};
use super::roles::{RoleId, known_role, role_label};

/// Schema that this version reads and writes.
pub const SCHEMA: &str = "hepatica-hanging/1";

/// Why a protocol was refused. The field is given as a path: `roles.arterial.score[2].when`.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProtocolError {
    /// The text is no JSON.
    #[error("the hanging protocol is not JSON: line {line}, column {column}")]
    NotJson {
        /// Line, 1 first.
        line: usize,
        /// Column, 1 first.
        column: usize,
    },
    /// The schema is missing or another one.
    #[error(
        "the hanging protocol's schema is not “hepatica-hanging/1”: save it with this version's schema, or update Hepatica"
    )]
    Schema,
    /// A field that the schema does not know.
    #[error("{path}: unknown field; known are {known}")]
    UnknownField {
        /// Path of the field.
        path: String,
        /// What could stand there.
        known: String,
    },
    /// A field that must be there is not.
    #[error("{path}: missing")]
    Missing {
        /// Path of the field.
        path: String,
    },
    /// A field has a value that does not fit.
    #[error("{path}: {problem}")]
    Invalid {
        /// Path of the field.
        path: String,
        /// What is wrong with it.
        problem: String,
    },
}

/// A hanging protocol: roles with their rules, and the panes that show them.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Protocol {
    schema: &'static str,
    /// Identifier of the protocol, written into `provenance/hanging.json`.
    pub id: String,
    /// Title for menus.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Names of the time points, in order (`pre`, `post`).
    pub timepoints: Vec<String>,
    /// Roles in the order of the file: of equal scores, the earlier role wins.
    #[serde(serialize_with = "roles_as_map")]
    pub roles: Vec<Role>,
    /// Panes that show another role than the one they are named by.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub panes: BTreeMap<String, PaneRule>,
    /// A role needs at least this score.
    pub min_score: f64,
    /// Order of volumes of one role and score.
    pub tie_break: Vec<TieBreak>,
    /// Arrangements of panes.
    pub stages: Vec<Stage>,
    /// What panes share.
    pub link: Link,
    /// Where annotation happens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub annotate: Option<Annotate>,
}

/// A role: what excludes a volume from it, and what speaks for it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Role {
    /// Identifier; the key in the file.
    #[serde(skip)]
    pub id: RoleId,
    /// Label for menus, where the role is not among the known ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Conditions that a volume must not contradict.
    pub require: Vec<Condition>,
    /// Weighted conditions.
    pub score: Vec<Rule>,
}

/// A weight that is added where a condition holds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Rule {
    /// The condition.
    pub when: Condition,
    /// What is added; negative speaks against.
    pub weight: f64,
}

/// Which volumes a pane shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PaneRule {
    /// Roles, the first that is there is shown.
    pub roles: Vec<RoleId>,
    /// Which of several volumes of that role.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pick: Vec<TieBreak>,
}

/// What volumes are ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderKey {
    /// Slices of the volume.
    SliceCount,
    /// Acquisition order in the study.
    AcquisitionOrder,
    /// Series number.
    SeriesNumber,
    /// Distance of slices.
    SliceSpacing,
    /// Highest b-value.
    BValue,
    /// Echo time.
    EchoTime,
    /// Seconds from the bolus.
    SecondsAfterBolus,
    /// Volumes along the fourth dimension.
    VolumeCount,
}

/// Names of the keys in the file.
const ORDER_KEYS: &[(&str, OrderKey)] = &[
    ("sliceCount", OrderKey::SliceCount),
    ("acquisitionOrder", OrderKey::AcquisitionOrder),
    ("seriesNumber", OrderKey::SeriesNumber),
    ("sliceSpacing", OrderKey::SliceSpacing),
    ("bValue", OrderKey::BValue),
    ("echoTime", OrderKey::EchoTime),
    ("secondsAfterBolus", OrderKey::SecondsAfterBolus),
    ("volumeCount", OrderKey::VolumeCount),
];

/// One step of the order: a key and its direction, `"sliceCount desc"` in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TieBreak {
    /// What is compared.
    pub key: OrderKey,
    /// Greatest first.
    pub descending: bool,
}

impl TryFrom<String> for TieBreak {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let known = || {
            let names: Vec<&str> = ORDER_KEYS.iter().map(|(n, _)| *n).collect();
            format!(
                "expected a key and asc or desc, such as “sliceCount desc”; keys are {}",
                names.join(", ")
            )
        };
        let mut parts = text.split_whitespace();
        let key =
            parts.next().and_then(|n| ORDER_KEYS.iter().find(|(name, _)| *name == n)).ok_or_else(known)?.1;
        let descending = match parts.next() {
            Some("asc") => false,
            Some("desc") => true,
            _ => return Err(known()),
        };
        if parts.next().is_some() { Err(known()) } else { Ok(Self { key, descending }) }
    }
}

impl From<TieBreak> for String {
    fn from(tie: TieBreak) -> Self {
        let name = ORDER_KEYS.iter().find(|(_, k)| *k == tie.key).map_or("", |(n, _)| *n);
        format!("{name} {}", if tie.descending { "desc" } else { "asc" })
    }
}

/// An arrangement of panes: a row a time point, a column a pane.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stage {
    /// Identifier.
    pub id: String,
    /// Title for menus.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Time points, of [`Protocol::timepoints`].
    pub rows: Vec<String>,
    /// Panes: roles, or names of [`Protocol::panes`].
    pub columns: Vec<RoleId>,
}

/// How far panes share their scroll position.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum LinkScope {
    /// Every pane.
    All,
    /// Panes of one frame of reference.
    #[default]
    FrameOfReference,
    /// Panes of one role.
    Role,
    /// None.
    None,
}

/// What panes share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Link {
    /// Crosshair and slice.
    pub scroll: LinkScope,
    /// Zoom and pan.
    pub zoom: LinkScope,
    /// Window and level.
    pub window: LinkScope,
}

impl Default for Link {
    fn default() -> Self {
        Self { scroll: LinkScope::FrameOfReference, zoom: LinkScope::All, window: LinkScope::Role }
    }
}

/// Where annotation happens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Annotate {
    /// Role whose grid the labels have.
    pub reference: RoleId,
}

fn roles_as_map<S: serde::Serializer>(roles: &[Role], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(roles.iter().map(|r| (r.id.as_str(), r)))
}

impl Protocol {
    /// Reads and checks a protocol.
    ///
    /// # Errors
    /// [`ProtocolError`], naming the first field that is wrong.
    pub fn parse(json: &str) -> Result<Self, ProtocolError> {
        let value: Value = serde_json::from_str(json)
            .map_err(|e| ProtocolError::NotJson { line: e.line(), column: e.column() })?;
        let top = object(&value, "the protocol")?;
        if top.get("schema").and_then(Value::as_str) != Some(SCHEMA) {
            return Err(ProtocolError::Schema);
        }
        only(
            top,
            "",
            &[
                "schema",
                "id",
                "title",
                "timepoints",
                "roles",
                "panes",
                "minScore",
                "tieBreak",
                "stages",
                "link",
                "annotate",
            ],
        )?;
        let protocol = Self {
            schema: SCHEMA,
            id: needed(top, "id")?,
            title: optional(top, "title")?,
            timepoints: optional(top, "timepoints")?
                .unwrap_or_else(|| vec!["pre".to_owned(), "post".to_owned()]),
            roles: parse_roles(top)?,
            panes: optional(top, "panes")?.unwrap_or_default(),
            min_score: needed(top, "minScore")?,
            tie_break: parse_list(top, "tieBreak")?,
            stages: parse_list(top, "stages")?,
            link: optional(top, "link")?.unwrap_or_default(),
            annotate: optional(top, "annotate")?,
        };
        protocol.check()?;
        Ok(protocol)
    }

    /// The role of this identifier.
    #[must_use]
    pub fn role(&self, id: &RoleId) -> Option<&Role> {
        self.roles.iter().find(|r| r.id == *id)
    }

    /// The label of a role: the protocol's own, or that of the known roles.
    #[must_use]
    pub fn label<'a>(&'a self, id: &'a RoleId) -> &'a str {
        self.role(id).and_then(|r| r.label.as_deref()).unwrap_or_else(|| role_label(id))
    }

    /// Roles that fill a pane, in order of preference.
    #[must_use]
    pub fn pane_roles(&self, pane: &RoleId) -> Vec<RoleId> {
        self.panes.get(pane.as_str()).map_or_else(|| vec![pane.clone()], |p| p.roles.clone())
    }

    /// What hangs together across fields.
    fn check(&self) -> Result<(), ProtocolError> {
        let name = |text: &str, path: String| {
            let plain = !text.is_empty()
                && text.len() <= 64
                && text
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_'));
            if plain { Ok(()) } else { Err(invalid(path, "expected 1 to 64 of a–z, 0–9, - and _")) }
        };
        name(&self.id, "id".to_owned())?;
        if !self.min_score.is_finite() {
            return Err(invalid("minScore".to_owned(), "expected a finite number"));
        }
        for (i, t) in self.timepoints.iter().enumerate() {
            name(t, format!("timepoints[{i}]"))?;
        }
        let exists = |id: &RoleId| {
            self.role(id).is_some()
                || self.panes.contains_key(id.as_str())
                || known_role(id.as_str()).is_some()
        };
        let role = |id: &RoleId, path: String| {
            if exists(id) {
                Ok(())
            } else {
                Err(invalid(path, "names no role of the protocol, no pane and no known role"))
            }
        };
        for (pane, rule) in &self.panes {
            if !RoleId::is_valid(pane) {
                return Err(invalid(format!("panes.{pane}"), "expected 1 to 40 of a–z, 0–9 and _"));
            }
            if rule.roles.is_empty() {
                return Err(invalid(format!("panes.{pane}.roles"), "the list is empty"));
            }
            for (i, id) in rule.roles.iter().enumerate() {
                role(id, format!("panes.{pane}.roles[{i}]"))?;
            }
        }
        for (s, stage) in self.stages.iter().enumerate() {
            name(&stage.id, format!("stages[{s}].id"))?;
            if self.stages.iter().take(s).any(|other| other.id == stage.id) {
                return Err(invalid(format!("stages[{s}].id"), "another stage has this identifier"));
            }
            for (list, empty) in [("rows", stage.rows.is_empty()), ("columns", stage.columns.is_empty())] {
                if empty {
                    return Err(invalid(format!("stages[{s}].{list}"), "the list is empty"));
                }
            }
            for (i, row) in stage.rows.iter().enumerate() {
                if !self.timepoints.contains(row) {
                    return Err(invalid(
                        format!("stages[{s}].rows[{i}]"),
                        "names no time point of the protocol",
                    ));
                }
            }
            for (i, column) in stage.columns.iter().enumerate() {
                role(column, format!("stages[{s}].columns[{i}]"))?;
            }
        }
        self.annotate.as_ref().map_or(Ok(()), |a| role(&a.reference, "annotate.reference".to_owned()))
    }
}
