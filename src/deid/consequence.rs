//! What an option does to the data at hand. In: what the headers of all patients hold, a policy, an option.
//! Out: how many attributes and values are written because of it, and a few of them, covered where they
//! identify. Never: a value outside [`Identified`].

use super::dates::DatePolicy;
use super::fate::{self, Action};
use super::identified::Identified;
use super::place;
use super::policy::{Policy, PolicyOption};
use super::profile::{self, Requirement, Rule};
use super::secrets::Secrets;
use crate::dicom::{Tag, VR};
use dicom_core::dictionary::{DataDictionary, DataDictionaryEntry};
use dicom_dictionary_std::StandardDataDictionary;
use std::collections::{BTreeMap, BTreeSet};

/// Examples at most.
const EXAMPLES: usize = 3;

/// What is written because an option holds, or would be if it held.
#[derive(Debug, Clone, Default)]
pub struct Consequence {
    /// Attributes.
    pub attributes: u32,
    /// Values in all headers.
    pub values: u64,
    /// Some of the attributes, each with a value.
    pub examples: Vec<Example>,
}

/// An attribute that an option lets out.
#[derive(Debug, Clone)]
pub struct Example {
    /// Its keyword, or `private`.
    pub keyword: String,
    /// A value of it, in small letters and without separators, covered where it identifies; empty where
    /// the header's values are not remembered.
    pub shown: Identified<String>,
}

/// The elements of all patients, counted once for all options.
#[derive(Default)]
pub struct Holdings {
    /// With VR and how often.
    elements: BTreeMap<Tag, (VR, u64)>,
    /// Folded values by element, the first in order.
    values: BTreeMap<Tag, Box<[u8]>>,
    /// Folded private creators by the element that reserves the block.
    creators: BTreeMap<Tag, BTreeSet<Box<[u8]>>>,
}

impl std::fmt::Debug for Holdings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Holdings").field("elements", &self.elements.len()).finish_non_exhaustive()
    }
}

impl Holdings {
    /// Sums up what all patients' headers hold.
    pub fn of<'a>(all: impl Iterator<Item = &'a Secrets>) -> Self {
        let mut holdings = Self::default();
        for secrets in all {
            for (tag, (vr, count)) in secrets.occurrences() {
                holdings.elements.entry(tag).or_insert((vr, 0)).1 += count;
            }
            for (value, _, tags) in secrets.entries() {
                for tag in tags {
                    if !tag.0.is_multiple_of(2) && (0x10..=0xFF).contains(&tag.1) {
                        holdings.creators.entry(*tag).or_default().insert(value.into());
                    }
                    let known = holdings.values.entry(*tag).or_insert_with(|| value.into());
                    // The longest says most; of those as long the first in order.
                    if (value.len(), &**known) > (known.len(), value) {
                        *known = value.into();
                    }
                }
            }
        }
        holdings
    }

    /// What is written because `option` holds, or would be; of objects too, where `dicom`.
    pub fn consequence(
        &self,
        policy: &Policy,
        option: PolicyOption,
        dicom: bool,
        field: &dyn Fn(Tag) -> Option<&'static str>,
    ) -> Consequence {
        let (on, off) = (with(policy, option, true), with(policy, option, false));
        let mut out = Consequence::default();
        let mut examples = Vec::new();
        for (&tag, &(vr, count)) in &self.elements {
            if vr == VR::SQ || tag.1 == 0 || tag.0 < 0x0008 {
                continue;
            }
            let in_sidecars = fate::action(tag, &on, field) != fate::action(tag, &off, field)
                && written(fate::action(tag, &on, field));
            let in_objects = dicom && self.in_objects(tag, &on.for_objects(), &off.for_objects());
            if !in_sidecars && !in_objects {
                continue;
            }
            out.attributes += 1;
            out.values += count;
            examples.push(tag);
        }
        // Those with a value to show first.
        examples.sort_by_key(|tag| (!self.values.contains_key(tag), *tag));
        out.examples = examples.into_iter().take(EXAMPLES).map(|tag| self.example(tag, option)).collect();
        out
    }

    fn in_objects(&self, tag: Tag, on: &Policy, off: &Policy) -> bool {
        if !tag.0.is_multiple_of(2) {
            let safe = |policy: &Policy| policy.holds(PolicyOption::RetainSafePrivate);
            return tag.1 >= 0x1000 && safe(on) && !safe(off) && self.is_safe(tag);
        }
        let Some(entry) = StandardDataDictionary.by_tag(tag) else { return false };
        let vr = entry.vr().relaxed();
        let rule = |policy: &Policy| profile::rule(tag, vr, policy, Requirement::Optional);
        let stays = |rule: Rule| !matches!(rule, Rule::Remove | Rule::Empty | Rule::Dummy | Rule::Uid);
        stays(rule(on)) && !stays(rule(off))
    }

    fn is_safe(&self, tag: Tag) -> bool {
        let block = Tag(tag.0, tag.1 >> 8);
        let Some(creators) = self.creators.get(&block) else { return false };
        profile::safe_private_creators(tag.0, (tag.1 & 0xFF) as u8)
            .any(|name| creators.contains(&*super::fold::Folded::of_text(name).bytes))
    }

    fn example(&self, tag: Tag, option: PolicyOption) -> Example {
        let keyword = place::keyword(tag).unwrap_or("private").to_owned();
        let value = self.values.get(&tag).map(|value| String::from_utf8_lossy(value).into_owned());
        let value = value.unwrap_or_default();
        let open = matches!(
            option,
            PolicyOption::RetainDeviceIdentity if matches!(tag, Tag(0x0008, 0x0070 | 0x1090) | Tag(0x0018, 0x1020))
        );
        Example { keyword, shown: Identified::new(if open { value } else { covered(&value) }) }
    }
}

/// The first letter, and dots.
fn covered(value: &str) -> String {
    let length = value.chars().count().min(10);
    value
        .chars()
        .take(length)
        .enumerate()
        .map(|(at, c)| if at == 0 && length > 3 { c } else { '•' })
        .collect()
}

const fn written(action: Action) -> bool {
    !matches!(action, Action::Removed)
}

/// The policy with an option switched, whatever locks it.
fn with(policy: &Policy, option: PolicyOption, on: bool) -> Policy {
    let mut policy = Policy { locked: false, ..policy.clone() };
    // What can't be switched on changes nothing.
    let _ = policy.set(option, on);
    if matches!(option, PolicyOption::RetainFullDates | PolicyOption::RetainModifiedDates) && !on {
        policy.dates = DatePolicy::None;
    }
    policy
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests stop at the first surprise")]
    use super::super::identified::Purpose;
    use super::super::policy::DeviceDetail;
    use super::super::synthetic::{file, texts};
    use super::*;

    fn holdings() -> Holdings {
        let header = file(&texts(&[
            (0x08, 0x20, "DA", "20180312"),
            (0x08, 0x70, "LO", "Acme"),
            (0x08, 0x80, "LO", "Saint Elsewhere"),
            (0x08, 0x103e, "LO", "t1_vibe_art"),
            (0x10, 0x10, "PN", "DOE^JANE"),
            (0x10, 0x40, "CS", "F"),
            (0x18, 0x1000, "LO", "45123"),
            (0x19, 0x10, "LO", "SIEMENS MR HEADER"),
            (0x19, 0x100c, "IS", "800"),
            (0x19, 0x10ff, "LO", "whatever"),
        ]));
        let mut secrets = Secrets::new();
        secrets.collect(&header);
        secrets.collect(&header);
        Holdings::of([&secrets].into_iter())
    }

    fn of(option: PolicyOption, policy: &Policy, dicom: bool) -> (u32, u64, Vec<(String, String)>) {
        let field = |tag: Tag| matches!(tag, Tag(0x08, 0x70) | Tag(0x08, 0x80)).then_some("X");
        let found = holdings().consequence(policy, option, dicom, &field);
        let examples = found.examples.iter();
        let shown = examples.map(|e| (e.keyword.clone(), e.shown.reveal(Purpose::Screen).clone())).collect();
        (found.attributes, found.values, shown)
    }

    #[test]
    fn what_an_option_lets_out_is_counted_and_covered() {
        let policy = Policy::default();
        let (attributes, values, shown) = of(PolicyOption::RetainInstitutionIdentity, &policy, false);
        assert_eq!((attributes, values), (1, 2));
        assert_eq!(shown, [("InstitutionName".to_owned(), "s•••••••••".to_owned())]);
        let (attributes, _, shown) = of(PolicyOption::RetainDeviceIdentity, &policy, false);
        assert_eq!((attributes, shown), (1, vec![("Manufacturer".to_owned(), "acme".to_owned())]));
        assert_eq!(of(PolicyOption::CleanDescriptors, &policy, false).0, 0, "no effect without DICOM");
    }

    #[test]
    fn in_objects_more_is_let_out() {
        let policy = Policy::default();
        assert_eq!(of(PolicyOption::CleanDescriptors, &policy, true).0, 1);
        assert_eq!(of(PolicyOption::RetainDeviceIdentity, &policy, true).0, 1, "make only");
        let all = Policy { device: DeviceDetail::All, ..policy.clone() };
        let (attributes, _, shown) = of(PolicyOption::RetainDeviceIdentity, &all, true);
        assert_eq!(attributes, 2);
        assert!(shown.contains(&("DeviceSerialNumber".to_owned(), "4••••".to_owned())), "{shown:?}");
        let (attributes, values, _) = of(PolicyOption::RetainSafePrivate, &policy, true);
        assert_eq!((attributes, values), (1, 2), "the b-value of the list, not the other");
        let (attributes, _, shown) = of(PolicyOption::RetainModifiedDates, &policy, true);
        assert_eq!(attributes, 1, "{shown:?}");
    }
}
