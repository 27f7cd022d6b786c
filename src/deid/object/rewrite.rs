//! One data set, de-identified. In: a header, the patient, the project. Out: the elements to write, and what
//! was done to each. Never: a byte that no rule let through: the output is built from nothing, element by
//! element, so that what the rules don't know isn't there.

use super::super::policy::PolicyOption;
use super::super::profile::{self, Requirement, Rule, Types};
use super::values::{self, Verdict};
use super::{Done, Person, Project, Tally};
use crate::dicom::write::{Content, DataSet};
use crate::dicom::{ElementRef, Header, ItemRef, Tag, VR, tags};
use dicom_core::dictionary::{DataDictionary, DataDictionaryEntry, VirtualVr};
use dicom_dictionary_std::StandardDataDictionary;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// CodingSchemeDesignator.
const DESIGNATOR: Tag = Tag(0x0008, 0x0102);
/// Sequences with one item a frame: none may be missing (PS3.3 C.7.6.16).
const FUNCTIONAL_GROUPS: [Tag; 2] = [tags::SHARED_FUNCTIONAL_GROUPS, tags::PER_FRAME_FUNCTIONAL_GROUPS];
/// Extended offset table and its lengths, which hold for the source's fragments only.
const OFFSET_TABLES: [Tag; 2] = [Tag(0x7FE0, 0x0001), Tag(0x7FE0, 0x0002)];
/// What says how the object was de-identified: this time's word counts.
const STAMPS: [Tag; 5] = [
    Tag(0x0012, 0x0062),
    Tag(0x0012, 0x0063),
    Tag(0x0012, 0x0064),
    Tag(0x0028, 0x0303),
    Tag(0x0008, 0x0300), // PrivateDataElementCharacteristicsSequence, of blocks that are gone
];

/// How far inside a sequence the walk is, and under which rules.
#[derive(Clone, Copy)]
struct Within {
    parent: Option<Tag>,
    /// Items keep their shape only.
    redact: bool,
    /// The item's codes are of a scheme that everybody knows.
    standard_codes: bool,
}

pub(super) struct Rewriter<'a> {
    pub(super) header: &'a Header,
    pub(super) person: &'a Person,
    pub(super) project: &'a Project,
    pub(super) types: Types,
    /// Elements in which a known identifier was found: they go, whatever the rules say.
    pub(super) banned: &'a BTreeSet<Tag>,
    pub(super) tally: Tally,
    /// UIDs replaced, where they are wanted.
    pub(super) uids: BTreeMap<String, String>,
    /// Groups 60xx whose bitmaps stay (*Clean Graphics*: regions of interest hold no text).
    pub(super) overlays: BTreeSet<u16>,
}

impl<'a> Rewriter<'a> {
    /// The data set without stamps and pixel data.
    pub(super) fn root(&mut self) -> DataSet<'a> {
        if self.project.policy.holds(PolicyOption::CleanGraphics) {
            self.overlays = region_overlays(self.header);
        }
        let header = self.header;
        let within = Within { parent: None, redact: false, standard_codes: false };
        self.items_of(header.root(), within)
    }

    fn items_of(&mut self, item: ItemRef<'a>, within: Within) -> DataSet<'a> {
        let mut out = DataSet::default();
        let designator = item.text(DESIGNATOR);
        let within = Within {
            standard_codes: designator.as_deref().is_some_and(values::is_standard_scheme),
            ..within
        };
        for element in item.elements() {
            let tag = element.tag;
            // Group lengths, commands, directories, a second element of the same tag.
            if tag.1 == 0 || tag.0 < 0x0008 || out.contains(tag) {
                continue;
            }
            if within.parent.is_none() && STAMPS.contains(&tag) || OFFSET_TABLES.contains(&tag) {
                continue;
            }
            if tag.0.is_multiple_of(2) {
                self.public(element, within, &mut out);
            } else {
                self.private(item, element, within, &mut out);
            }
        }
        out
    }

    fn public(&mut self, element: ElementRef<'a>, within: Within, out: &mut DataSet<'a>) {
        let tag = element.tag;
        let known = StandardDataDictionary.by_tag(tag).map(|entry| entry.vr());
        let Some(vr) = known.and_then(|vr| self.vr(vr, &element)) else {
            let private = known.is_none();
            if private {
                self.tally.unknown += 1
            } else {
                self.tally.count(Done::Removed, tag)
            }
            return;
        };
        if self.banned.contains(&tag) {
            let requirement = self.types.requirement(within.parent, tag);
            return self.gone(tag, vr, requirement, out);
        }
        if (0x5000..=0x50FF).contains(&tag.0) {
            return self.tally.count(Done::Removed, tag);
        }
        if (0x6000..=0x60FF).contains(&tag.0) {
            return self.overlay(element, vr, out);
        }
        let requirement = self.types.requirement(within.parent, tag);
        let rule = profile::rule(tag, vr, &self.project.policy, requirement);
        let rule = if within.redact { redacted(rule, vr, requirement) } else { rule };
        self.apply(element, vr, rule, requirement, within, out);
    }

    fn apply(
        &mut self,
        element: ElementRef<'a>,
        vr: VR,
        rule: Rule,
        requirement: Requirement,
        within: Within,
        out: &mut DataSet<'a>,
    ) {
        let tag = element.tag;
        if element.is_sequence() != (vr == VR::SQ) {
            return self.gone(tag, vr, requirement, out);
        }
        match rule {
            Rule::Remove => return self.tally.count(Done::Removed, tag),
            Rule::Empty => return self.empty(tag, vr, out),
            Rule::Dummy => return self.dummy(tag, vr, out),
            Rule::Items | Rule::Redact => return self.sequence(element, rule, requirement, within, out),
            _ => {}
        }
        if element.bytes().iter().all(|b| matches!(b, 0 | b' ')) && values::is_text(vr) {
            self.tally.count(Done::Kept, tag);
            return out.bytes(tag, vr, &[] as &[u8]);
        }
        let verdict = match rule {
            Rule::Keep => values::keep(&element, vr, self.person),
            Rule::Words => values::words(&element, self.person),
            Rule::Phrase => values::phrase(&element, self.person),
            Rule::Code => values::code(&element, within.standard_codes, self.person),
            Rule::Shift => values::shift(&element, vr, self.person.shift),
            Rule::Age => values::age(&element),
            Rule::Uid => self.uid(&element),
            _ => Verdict::Gone,
        };
        match verdict {
            Verdict::AsIs => {
                self.tally.count(Done::Kept, tag);
                out.put(tag, vr, Content::Bytes(little(&element, vr)));
            }
            Verdict::Text(text) => {
                let done =
                    if matches!(rule, Rule::Words | Rule::Age) { Done::Cleaned } else { Done::Replaced };
                self.tally.count(done, tag);
                out.text(tag, vr, &text);
            }
            Verdict::Gone => self.gone(tag, vr, requirement, out),
        }
    }

    /// What is written where nothing of the value may be.
    fn gone(&mut self, tag: Tag, vr: VR, requirement: Requirement, out: &mut DataSet<'a>) {
        match requirement {
            Requirement::Optional => self.tally.count(Done::Removed, tag),
            Requirement::Two => self.empty(tag, vr, out),
            Requirement::One => self.dummy(tag, vr, out),
        }
    }

    fn empty(&mut self, tag: Tag, vr: VR, out: &mut DataSet<'a>) {
        self.tally.count(Done::Emptied, tag);
        let nothing =
            if vr == VR::SQ { Content::Items(Vec::new()) } else { Content::Bytes(Cow::Borrowed(&[])) };
        out.put(tag, vr, nothing);
    }

    fn dummy(&mut self, tag: Tag, vr: VR, out: &mut DataSet<'a>) {
        self.tally.count(Done::Replaced, tag);
        let content = match vr {
            VR::SQ => Content::Items(vec![DataSet::default()]),
            _ => Content::Bytes(Cow::Borrowed(values::dummy(vr))),
        };
        out.put(tag, vr, content);
    }

    fn sequence(
        &mut self,
        element: ElementRef<'a>,
        rule: Rule,
        requirement: Requirement,
        within: Within,
        out: &mut DataSet<'a>,
    ) {
        let tag = element.tag;
        let redact = within.redact || rule == Rule::Redact;
        let inner = Within { parent: Some(tag), redact, standard_codes: false };
        let per_frame = FUNCTIONAL_GROUPS.contains(&tag);
        let mut items = Vec::with_capacity(element.item_count());
        for item in element.items() {
            let was_empty = item.elements().next().is_none();
            let set = self.items_of(item, inner);
            if !set.is_empty() || was_empty || per_frame {
                items.push(set);
            }
        }
        if items.is_empty() && element.item_count() > 0 {
            return self.gone(tag, VR::SQ, requirement, out);
        }
        self.tally.count(if redact { Done::Replaced } else { Done::Kept }, tag);
        out.put(tag, VR::SQ, Content::Items(items));
    }

    fn uid(&mut self, element: &ElementRef<'a>) -> Verdict {
        let tag = element.tag;
        let uids = element.strings();
        let mut changed = false;
        let new: Vec<String> = uids
            .iter()
            .map(|uid| {
                if uid.is_empty() || values::uid_stays(tag, uid) {
                    return uid.clone();
                }
                changed = true;
                let new = self.project.uid(uid);
                if self.project.record_uids {
                    self.uids.insert(uid.clone(), new.clone());
                }
                new
            })
            .collect();
        if changed { Verdict::Text(new.join("\\")) } else { Verdict::AsIs }
    }

    /// Private elements: those that the standard (or the policy's list) calls safe, where that is asked for.
    fn private(&mut self, item: ItemRef<'a>, element: ElementRef<'a>, within: Within, out: &mut DataSet<'a>) {
        let tag = element.tag;
        if tag.1 < 0x1000 {
            // A creator is written with the first element of its block that stays.
            return;
        }
        let block = Tag(tag.0, tag.1 >> 8);
        let creator = item.text(block).unwrap_or_default();
        let Some((spelled, vr)) = self.safe(tag, &creator, &element).filter(|_| !within.redact) else {
            self.tally.private += 1;
            return;
        };
        if self.banned.contains(&tag) || element.is_sequence() != (vr == VR::SQ) {
            self.tally.private += 1;
            return;
        }
        let before = out.contains(tag);
        let rule = match vr {
            VR::SQ => Rule::Items,
            VR::UI => Rule::Uid,
            VR::LO | VR::SH | VR::ST | VR::LT | VR::UT | VR::UC => Rule::Phrase,
            VR::DA | VR::DT | VR::TM | VR::PN | VR::AE | VR::UR => Rule::Remove,
            VR::AS => Rule::Age,
            _ => Rule::Keep,
        };
        self.apply(element.with_vr(vr), vr, rule, Requirement::Optional, within, out);
        if !before && out.contains(tag) && !out.contains(block) {
            out.text(block, VR::LO, &spelled);
        }
    }

    fn safe(&self, tag: Tag, creator: &str, element: &ElementRef<'a>) -> Option<(String, VR)> {
        let policy = &self.project.policy;
        let low = tag.1 as u8;
        if policy.holds(PolicyOption::RetainSafePrivate)
            && let Some((spelled, vr)) = profile::safe_private(tag.0, creator, low)
        {
            return Some((spelled.to_owned(), vr));
        }
        let wanted = format!("({:04X},xx{low:02X})", tag.0);
        let keep = policy.keep_private.iter().find(|keep| {
            keep.tag.eq_ignore_ascii_case(&wanted) && keep.creator.eq_ignore_ascii_case(creator)
        })?;
        Some((keep.creator.clone(), element.vr))
    }

    fn overlay(&mut self, element: ElementRef<'a>, vr: VR, out: &mut DataSet<'a>) {
        let tag = element.tag;
        let bitmap = matches!(
            tag.1,
            0x0010 | 0x0011 | 0x0015 | 0x0040 | 0x0050 | 0x0051 | 0x0100 | 0x0102 | 0x1301..=0x1303 | 0x3000
        );
        if self.overlays.contains(&tag.0) && bitmap && !element.is_sequence() {
            self.tally.count(Done::Kept, tag);
            out.put(tag, vr, Content::Bytes(little(&element, vr)));
        } else {
            self.tally.count(Done::Removed, tag);
        }
    }

    /// The VR to write: the dictionary's, as far as the value in the file can be of it.
    fn vr(&self, listed: VirtualVr, element: &ElementRef<'a>) -> Option<VR> {
        let found = element.vr;
        match listed {
            VirtualVr::Exact(vr) => {
                let fits = found == vr
                    || found == VR::UN
                    || values::is_text(vr) && values::is_text(found)
                    || values::width(vr) == values::width(found) && values::width(vr) > 0;
                fits.then_some(if values::width(vr) > 0 && found != VR::UN { found } else { vr })
            }
            VirtualVr::Xs => match found {
                VR::SS => Some(VR::SS),
                VR::US | VR::UN | VR::OW => {
                    let signed = self.header.root().int(tags::PIXEL_REPRESENTATION) == Some(1);
                    Some(if signed && !self.header.syntax().explicit { VR::SS } else { VR::US })
                }
                _ => None,
            },
            VirtualVr::Ox | VirtualVr::Px => matches!(found, VR::OB | VR::OW | VR::UN)
                .then_some(if found == VR::OB { VR::OB } else { VR::OW }),
            VirtualVr::Lt => match found {
                VR::US | VR::SS | VR::OW => Some(found),
                VR::OB | VR::UN => Some(VR::OW),
                _ => None,
            },
            _ => None,
        }
    }
}

/// The value's bytes, in little endian.
fn little<'a>(element: &ElementRef<'a>, vr: VR) -> Cow<'a, [u8]> {
    if element.is_big_endian() {
        crate::dicom::write::to_little_endian(vr, element.bytes())
    } else {
        Cow::Borrowed(element.bytes())
    }
}

/// Within a sequence that keeps its shape only: UIDs are replaced, all else goes or becomes a dummy.
fn redacted(rule: Rule, vr: VR, requirement: Requirement) -> Rule {
    match (rule, vr) {
        (Rule::Remove | Rule::Empty | Rule::Dummy, _) => rule,
        (_, VR::SQ) => Rule::Redact,
        (_, VR::UI) => Rule::Uid,
        (Rule::Code, _) => Rule::Dummy,
        _ => match requirement {
            Requirement::One => Rule::Dummy,
            Requirement::Two => Rule::Empty,
            Requirement::Optional => Rule::Remove,
        },
    }
}

/// Overlays that are regions of interest, with a bitmap of their own (PS3.3 C.9.2).
fn region_overlays(header: &Header) -> BTreeSet<u16> {
    (0x6000..=0x601E)
        .step_by(2)
        .filter(|group| {
            let root = header.root();
            root.text(Tag(*group, 0x0040)).as_deref() == Some("R")
                && root.get(Tag(*group, 0x3000)).is_some()
                && root.int(Tag(*group, 0x0100)).unwrap_or(1) == 1
        })
        .collect()
}

/// Whether an overlay lies in unused bits of the pixels (retired, PS3.3 2004 C.9.2).
pub(super) fn has_embedded_overlay(header: &Header) -> bool {
    (0x6000..=0x60FE).step_by(2).any(|group| {
        let root = header.root();
        let number = |element| root.int(Tag(group, element)).unwrap_or(0);
        root.get(Tag(group, 0x3000)).is_none()
            && (number(0x0100) > 1 || number(0x0102) > 0)
            && root.elements().any(|element| element.tag.0 == group)
    })
}
