//! Whether an IOD requires an attribute (PS3.3: type 1 and 2). In: a SOP class, the sequence that an
//! attribute stands in, its tag. Out: its requirement. Conditional types count as unconditional: where the
//! attribute is there, its condition is taken to hold. Never: consulted for what is removed in any case.

use crate::dicom::Tag;
use std::collections::HashMap;
use std::sync::LazyLock;

const TYPES: &str = include_str!("iod_types.txt");

/// Whether an attribute may be absent or empty (PS3.5 §7.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Requirement {
    /// Type 3, or not of the IOD: may be absent.
    Optional,
    /// Type 2: present, may be empty.
    Two,
    /// Type 1: present with a value.
    One,
}

type Attributes = Vec<(Tag, Requirement)>;

#[derive(Default)]
struct Iods {
    modules: Vec<Attributes>,
    iods: Vec<Vec<usize>>,
    classes: HashMap<&'static str, usize>,
    nested: HashMap<Tag, Attributes>,
}

/// `001000202`: tag and type.
fn attribute(text: &str) -> Option<(Tag, Requirement)> {
    let number = u32::from_str_radix(text.get(..8)?, 16).ok()?;
    let requirement = match text.get(8..)? {
        "1" => Requirement::One,
        _ => Requirement::Two,
    };
    Some((Tag((number >> 16) as u16, number as u16), requirement))
}

static IODS: LazyLock<Iods> = LazyLock::new(|| {
    let mut iods = Iods::default();
    for line in TYPES.lines() {
        let (kind, rest) = line.split_once(' ').unwrap_or((line, ""));
        let mut words = rest.split(' ');
        match kind {
            "M" => iods.modules.push(words.filter_map(attribute).collect()),
            "I" => iods.iods.push(words.filter_map(|n| n.parse().ok()).collect()),
            "S" => {
                if let (Some(class), Some(Ok(iod))) = (words.next(), words.next().map(str::parse)) {
                    iods.classes.insert(class, iod);
                }
            }
            "N" => {
                if let Some(Ok(number)) = words.next().map(|tag| u32::from_str_radix(tag, 16)) {
                    let parent = Tag((number >> 16) as u16, number as u16);
                    iods.nested.insert(parent, words.filter_map(attribute).collect());
                }
            }
            _ => {}
        }
    }
    for nested in iods.nested.values_mut() {
        nested.sort_unstable();
    }
    iods
});

/// The attributes that one SOP class requires.
#[derive(Debug, Clone, Default)]
pub struct Types {
    root: HashMap<Tag, Requirement>,
}

impl Types {
    /// Of a SOP class; of an unknown one nothing is required but what every composite object is
    /// (PS3.3 §C.7.1.1, C.7.2.1, C.7.3.1, C.12.1).
    pub fn of(sop_class: &str) -> Self {
        let iods = &*IODS;
        // An unknown class is taken for a secondary capture, the plainest of images.
        let class = iods.classes.get(sop_class).or_else(|| iods.classes.get("1.2.840.10008.5.1.4.1.1.7"));
        let modules = class.and_then(|at| iods.iods.get(*at)).map(Vec::as_slice).unwrap_or_default();
        let mut root: HashMap<Tag, Requirement> = HashMap::new();
        for &(tag, requirement) in modules.iter().filter_map(|&module| iods.modules.get(module)).flatten() {
            let known = root.entry(tag).or_insert(requirement);
            *known = (*known).max(requirement);
        }
        Self { root }
    }

    /// Whether a class is one of PS3.3's.
    pub fn knows(sop_class: &str) -> bool {
        IODS.classes.contains_key(sop_class)
    }

    /// Whether an attribute, at the root or in an item of `parent`, is required.
    pub fn requirement(&self, parent: Option<Tag>, tag: Tag) -> Requirement {
        match parent {
            None => self.root.get(&tag).copied().unwrap_or(Requirement::Optional),
            Some(parent) => IODS
                .nested
                .get(&parent)
                .and_then(|attributes| {
                    let at = attributes.binary_search_by_key(&tag, |(tag, _)| *tag).ok()?;
                    attributes.get(at)
                })
                .map_or(Requirement::Optional, |(_, requirement)| *requirement),
        }
    }
}
