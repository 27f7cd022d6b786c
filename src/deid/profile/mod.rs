//! PS3.15 Table E.1-1 as data. In: a tag and a policy. Out: what the Basic Profile and the options that
//! hold prescribe for it; whether an IOD requires the attribute; which private elements are safe.
//! Never: a rule of our own: those are in `sweep`, for what no row names.
//!
//! The tables beside this file are made by `generate.py` from the standard's own (edition and source in
//! their first lines) and read once.

mod sweep;
mod types;

pub use sweep::{Rule, rule};
pub(in crate::deid) use sweep::{TIMEZONE, on_keep_list, tag_of};
pub use types::{Requirement, Types};

use super::policy::{Policy, PolicyOption};
use crate::dicom::{Tag, VR};
use std::collections::HashMap;
use std::sync::LazyLock;

const TABLE: &str = include_str!("e1_1.tsv");
const SAFE_PRIVATE: &str = include_str!("safe_private.tsv");

/// An action of the Basic Profile, PS3.15 Table E.1-1a; combined ones depend on the attribute's type in the
/// IOD.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Basic {
    /// Remove.
    X,
    /// Zero length, or a dummy.
    Z,
    /// A dummy of non-zero length.
    D,
    /// Another UID, consistently.
    U,
    /// Z where the type is 2, else X.
    XZ,
    /// D where the type is 1, else X.
    XD,
    /// D where the type is 1, else Z.
    ZD,
    /// D where the type is 1, Z where it is 2, else X.
    XZD,
    /// Replacement of the UIDs within a sequence, for validity.
    XZU,
}

impl Basic {
    /// As the table spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::X => "X",
            Self::Z => "Z",
            Self::D => "D",
            Self::U => "U",
            Self::XZ => "X/Z",
            Self::XD => "X/D",
            Self::ZD => "Z/D",
            Self::XZD => "X/Z/D",
            Self::XZU => "X/Z/U*",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::X, Self::Z, Self::D, Self::U, Self::XZ, Self::XD, Self::ZD, Self::XZD, Self::XZU]
            .into_iter()
            .find(|action| action.as_str() == text)
    }

    /// The single action for an attribute of a type.
    pub const fn resolved(self, requirement: Requirement) -> Self {
        match (self, requirement) {
            (Self::XZD, Requirement::One) | (Self::XD, Requirement::One) | (Self::ZD, Requirement::One) => {
                Self::D
            }
            // Zero length is not allowed for type 1; Z permits a dummy (Table E.1-1a).
            (Self::Z | Self::XZ, Requirement::One) => Self::D,
            (Self::XZD | Self::XZ, Requirement::Two) | (Self::ZD, _) => Self::Z,
            (Self::XZD | Self::XZ | Self::XD, _) => Self::X,
            (Self::XZU, _) => Self::U,
            (single, _) => single,
        }
    }
}

/// The options' columns in the table's order.
pub const COLUMNS: [PolicyOption; 10] = [
    PolicyOption::RetainSafePrivate,
    PolicyOption::RetainUids,
    PolicyOption::RetainDeviceIdentity,
    PolicyOption::RetainInstitutionIdentity,
    PolicyOption::RetainPatientCharacteristics,
    PolicyOption::RetainFullDates,
    PolicyOption::RetainModifiedDates,
    PolicyOption::CleanDescriptors,
    PolicyOption::CleanStructuredContent,
    PolicyOption::CleanGraphics,
];

/// What an option makes of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ByOption {
    /// C: clean.
    Clean,
    /// K: keep.
    Keep,
}

/// One row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// The Basic Profile's action.
    pub basic: Basic,
    /// By option, in the order of [`COLUMNS`].
    pub options: [Option<ByOption>; 10],
}

/// What is prescribed under a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prescribed {
    /// The Basic Profile's action.
    Basic(Basic),
    /// Kept by an option.
    Keep,
    /// Cleaned by an option.
    Clean,
}

impl Row {
    /// What holds under a policy. Where one option keeps and another cleans, it is cleaned.
    pub fn under(&self, policy: &Policy) -> Prescribed {
        let holding = COLUMNS.iter().zip(&self.options).filter(|(option, _)| policy.holds(**option));
        match holding.filter_map(|(_, action)| *action).min() {
            Some(ByOption::Clean) => Prescribed::Clean,
            Some(ByOption::Keep) => Prescribed::Keep,
            None => Prescribed::Basic(self.basic),
        }
    }

    fn parse(fields: &str) -> Option<Self> {
        let (basic, options) = fields.split_once('\t')?;
        let mut row = Self { basic: Basic::parse(basic)?, options: [None; 10] };
        for (place, letter) in row.options.iter_mut().zip(options.chars()) {
            *place = match letter {
                'K' => Some(ByOption::Keep),
                'C' => Some(ByOption::Clean),
                _ => None,
            };
        }
        Some(row)
    }
}

struct Table {
    rows: HashMap<Tag, Row>,
    private: Row,
    curves: Row,
    overlay_data: Row,
    overlay_comments: Row,
}

static ROWS: LazyLock<Table> = LazyLock::new(|| {
    let removed = Row { basic: Basic::X, options: [None; 10] };
    let mut table = Table {
        rows: HashMap::new(),
        private: removed,
        curves: removed,
        overlay_data: removed,
        overlay_comments: removed,
    };
    for line in TABLE.lines().filter(|line| !line.starts_with('#')) {
        let Some((tag, row)) = line.split_once('\t').and_then(|(tag, rest)| Some((tag, Row::parse(rest)?)))
        else {
            continue;
        };
        match tag {
            "PRIVATE" => table.private = row,
            "50XXXXXX" => table.curves = row,
            "60XX3000" => table.overlay_data = row,
            "60XX4000" => table.overlay_comments = row,
            _ => {
                if let Ok(number) = u32::from_str_radix(tag, 16) {
                    table.rows.insert(Tag((number >> 16) as u16, number as u16), row);
                }
            }
        }
    }
    table
});

/// The row for a tag, wildcards included; `None` if the table names it in no way.
pub fn row(tag: Tag) -> Option<&'static Row> {
    let table = &*ROWS;
    if !tag.0.is_multiple_of(2) {
        return Some(&table.private);
    }
    table.rows.get(&tag).or(match tag {
        Tag(0x5000..=0x50FF, _) => Some(&table.curves),
        Tag(0x6000..=0x60FF, 0x3000) => Some(&table.overlay_data),
        Tag(0x6000..=0x60FF, 0x4000) => Some(&table.overlay_comments),
        _ => None,
    })
}

/// Creators and VRs by group and the element's number within its block.
type SafePrivate = HashMap<(u16, u8), Vec<(&'static str, VR)>>;

static SAFE: LazyLock<SafePrivate> = LazyLock::new(|| {
    let mut safe = SafePrivate::new();
    for line in SAFE_PRIVATE.lines().filter(|line| !line.starts_with('#')) {
        let mut fields = line.splitn(4, '\t');
        let mut field = || fields.next().unwrap_or_default();
        let (group, element, vr, creator) = (field(), field(), field(), field());
        let (Ok(group), Ok(element)) = (u16::from_str_radix(group, 16), u8::from_str_radix(element, 16))
        else {
            continue;
        };
        let vr = vr.parse().unwrap_or(VR::UN);
        safe.entry((group, element)).or_default().push((creator, vr));
    }
    safe
});

/// The creators of safe private elements, each once, in the order of the alphabet.
pub fn safe_creators() -> impl Iterator<Item = &'static str> {
    let names: std::collections::BTreeSet<&str> = SAFE.values().flatten().map(|(name, _)| *name).collect();
    names.into_iter()
}

/// Whether a private element, by its block's creator wherever the block lies, is on the standard's list of
/// safe ones (Table E.3.10-1): the creator as the list spells it, and the VR.
pub fn safe_private(group: u16, creator: &str, element: u8) -> Option<(&'static str, VR)> {
    let listed = SAFE.get(&(group, element))?;
    listed.iter().find(|(name, _)| name.eq_ignore_ascii_case(creator.trim())).copied()
}

/// Creators whose blocks have this element on the list.
pub(super) fn safe_private_creators(group: u16, element: u8) -> impl Iterator<Item = &'static str> {
    SAFE.get(&(group, element)).into_iter().flatten().map(|(name, _)| *name)
}

/// Whether a private element by that place in its block is a safe number, whoever the creator is.
pub(super) fn safe_number(group: u16, element: u8) -> bool {
    let numbers = [VR::IS, VR::DS, VR::US, VR::SS, VR::UL, VR::SL, VR::FL, VR::FD];
    SAFE.get(&(group, element)).is_some_and(|listed| listed.iter().any(|(_, vr)| numbers.contains(vr)))
}

#[cfg(test)]
mod tests;
