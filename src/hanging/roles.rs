//! The roles that this house knows by name: identifier, label for menus, and their order.
//!
//! A protocol may define roles of its own; these are the ones the presets use. Nothing here decides
//! who plays a role.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Identifier of a role, such as `portal_venous`: lower-case ASCII letters, digits and `_`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RoleId(String);

impl RoleId {
    /// A role of this identifier. Identifiers are checked where protocols are parsed
    /// ([`super::protocol::Protocol::parse`]) and where hangings are read.
    #[must_use]
    pub fn new(id: &str) -> Self {
        Self(id.to_owned())
    }

    /// The identifier as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the text has the form of an identifier (1 to 40 of `a`–`z`, `0`–`9`, `_`, a letter
    /// first). What has it cannot be a path, a name with blanks, or markup.
    #[must_use]
    pub fn is_valid(id: &str) -> bool {
        id.len() <= 40
            && id.bytes().next().is_some_and(|b| b.is_ascii_lowercase())
            && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    }
}

impl fmt::Display for RoleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for RoleId {
    fn from(id: &str) -> Self {
        Self::new(id)
    }
}

/// A role known by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownRole {
    /// Identifier.
    pub id: &'static str,
    /// English label for menus and pane titles.
    pub label: &'static str,
}

const fn role(id: &'static str, label: &'static str) -> KnownRole {
    KnownRole { id, label }
}

/// All known roles, in menu order. `dwi_low` and `dwi_high` are panes rather than roles that a
/// volume gets: they pick among the volumes of role `dwi` by b-value.
pub const KNOWN_ROLES: &[KnownRole] = &[
    role("t1_pre", "T1 pre"),
    role("arterial_early", "early arterial"),
    role("arterial", "arterial"),
    role("arterial_late", "late arterial"),
    role("portal_venous", "portal venous"),
    role("transitional", "transitional"),
    role("delayed", "delayed"),
    role("hepatobiliary", "hepatobiliary"),
    role("t1", "T1"),
    role("t1_ce", "T1 with contrast"),
    role("t1_inphase", "T1 in phase"),
    role("t1_opposed", "T1 opposed phase"),
    role("t1_water", "T1 Dixon water"),
    role("t1_fat", "T1 Dixon fat"),
    role("fat_fraction", "fat fraction"),
    role("t2", "T2"),
    role("t2_fs", "T2 fat-saturated"),
    role("flair", "FLAIR"),
    role("pd", "proton density"),
    role("t2star", "T2*"),
    role("swi", "SWI"),
    role("dwi", "DWI"),
    role("dwi_low", "DWI low b"),
    role("dwi_high", "DWI high b"),
    role("adc", "ADC"),
    role("ssfp", "balanced SSFP"),
    role("mrcp", "MRCP"),
    role("mre", "MR elastography"),
    role("angio", "angiography"),
    role("perfusion", "perfusion"),
    role("bold", "BOLD"),
    role("fieldmap", "field map"),
    role("ct_axial", "CT axial"),
    role("ct_coronal", "CT coronal"),
    role("ct_sagittal", "CT sagittal"),
    role("subtraction", "subtraction"),
    role("mip", "MIP"),
    role("localizer", "localizer"),
    role("calibration", "calibration"),
    role("derived", "derived"),
];

/// The known role of this identifier.
#[must_use]
pub fn known_role(id: &str) -> Option<&'static KnownRole> {
    KNOWN_ROLES.iter().find(|r| r.id == id)
}

/// The English label of a role for menus; a role that only a user's protocol knows is shown by its
/// identifier.
#[must_use]
pub fn role_label(id: &RoleId) -> &str {
    known_role(id.as_str()).map_or(id.as_str(), |r| r.label)
}

/// The label of a role with the b-values of the volume where it is diffusion: `DWI b50, b400, b800`.
#[must_use]
pub fn role_label_with_b(id: &RoleId, b_values: &[f64]) -> String {
    let label = role_label(id);
    if id.as_str() != "dwi" || b_values.is_empty() {
        return label.to_owned();
    }
    if b_values.len() > 6 {
        let highest = b_values.iter().copied().fold(0.0, f64::max);
        return format!("{label} {} b-values to b{highest:.0}", b_values.len());
    }
    let list: Vec<String> = b_values.iter().map(|b| format!("b{b:.0}")).collect();
    format!("{label} {}", list.join(", "))
}
