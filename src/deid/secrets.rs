//! What must not come out. In: every header of one patient, and the paths of its files. Out:
//! [`Secrets`]: the distinctive values at any depth, folded (letters and digits only), each once
//! with the elements that held it, the dates and times apart, and counts of what is too short or
//! too common to search for. Never: a way to print them; memory grows with distinct values, not
//! with files.

use super::blob;
use super::date::{Date, DateTime, TimeOfDay};
use super::fold::Folded;
use super::identified::{Identified, Purpose};
use super::vocabulary;
use crate::dicom::{ElementRef, Header, Tag, VR};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt;
use std::hash::{BuildHasherDefault, DefaultHasher, Hash, Hasher};

/// Folded bytes of a value that are searched for: what follows adds nothing, and truncated copies
/// (NIfTI's `descrip` has 80 bytes) are found.
const LONGEST: usize = 48;

/// What a secret is; also the order of precedence where one text is several things.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecretKind {
    /// A person's whole name, in any order of its parts.
    Name,
    /// One part of a person's name.
    NamePart,
    /// A number or code given to a person, visit or order.
    Identifier,
    /// A UID other than the standard's own.
    Uid,
    /// A date, in all spellings.
    Date,
    /// A time of day.
    Time,
    /// A text: description, institution, device, comment, address …
    Text,
    /// An e-mail address, number or code within a text or private block.
    Token,
    /// A component of a source path.
    Path,
}

/// Why a value is not searched for and is checked by position instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ByPosition {
    /// Too short: `M`, `Li`, `70`.
    Short,
    /// Words that every output holds: `LIVER`, `t1_vibe_tra`, `UNKNOWN`.
    Common,
    /// Coded strings, ages and numbers.
    Coded,
}

/// The hash of a number that is a hash.
#[derive(Default, Clone, Copy)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.0 = self.0.rotate_left(8) ^ u64::from(*byte));
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

/// How a folded value is dealt with.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Treatment {
    Search(SecretKind),
    Position(ByPosition),
}

#[derive(Clone, Copy)]
pub(super) struct Entry {
    pub(super) treatment: Treatment,
    /// Given to identify the person: searched for whatever else the policy retains.
    pub(super) direct: bool,
    /// Where the value had separators, so may have them in an output: bit `i`, before byte `i`.
    pub(super) gaps: u64,
    /// Index into the tag sets.
    tags: u32,
}

/// The distinctive values of one patient's headers. Holds identified data: no `Debug` of content.
#[derive(Clone, Default)]
pub struct Secrets {
    entries: BTreeMap<Box<[u8]>, Entry>,
    dates: BTreeMap<Date, u32>,
    times: BTreeMap<u64, u32>,
    tag_sets: Vec<Box<[Tag]>>,
    set_index: BTreeMap<Box<[Tag]>, u32>,
    /// Hashes of elements met before: most headers of a series repeat one another.
    seen: HashSet<u64, BuildHasherDefault<AsItIs>>,
    /// How often each element occurs, with its VR.
    occurrences: HashMap<Tag, (VR, u64)>,
    /// Distinct UIDs of the standard's own root, which are not secret.
    standard_uids: BTreeSet<Box<str>>,
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secrets").field("values", &self.entries.len()).finish_non_exhaustive()
    }
}

/// Elements whose value is given to identify a person, a visit or an order; names (PN) always are.
/// PS3.15 Table E.1-1, the rows that no option retains.
const DIRECT: &[Tag] = &[
    Tag(0x0008, 0x0050), // AccessionNumber
    Tag(0x0010, 0x0020), // PatientID
    Tag(0x0010, 0x1000), // OtherPatientIDs
    Tag(0x0010, 0x1040), // PatientAddress
    Tag(0x0010, 0x1050), // InsurancePlanIdentification
    Tag(0x0010, 0x1090), // MedicalRecordLocator
    Tag(0x0010, 0x2154), // PatientTelephoneNumbers
    Tag(0x0010, 0x2155), // PatientTelecomInformation
    Tag(0x0038, 0x0010), // AdmissionID
    Tag(0x0038, 0x0060), // ServiceEpisodeID
    Tag(0x0040, 0x0009), // ScheduledProcedureStepID
    Tag(0x0040, 0x0253), // PerformedProcedureStepID
    Tag(0x0040, 0x1001), // RequestedProcedureID
    Tag(0x0040, 0x1103), // PersonTelephoneNumbers
    Tag(0x0040, 0x1104), // PersonTelecomInformation
    Tag(0x0040, 0x2016), // PlacerOrderNumberImagingServiceRequest
    Tag(0x0040, 0x2017), // FillerOrderNumberImagingServiceRequest
    Tag(0x0008, 0x0092), // ReferringPhysicianAddress
    Tag(0x0008, 0x0094), // ReferringPhysicianTelephoneNumbers
    Tag(0x0040, 0x1102), // PersonAddress
];

impl Secrets {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds what one file's header holds: data set, sequences at any depth, private blocks, file
    /// meta information and preamble.
    pub fn collect(&mut self, header: &Header) {
        header.walk(&mut |element| self.element(element));
        if let Some(preamble) = header.preamble()
            && preamble.iter().any(|&byte| byte != 0)
            && self.is_new(Tag(0x0000, 0x0000), preamble)
        {
            blob::scan(self, Tag(0x0002, 0x0000), preamble);
        }
    }

    /// Adds the components of a source path. Counters at the end of file names do not count.
    pub fn add_path(&mut self, path: &Identified<String>) {
        let path = path.reveal(Purpose::Check);
        let components: Vec<&str> = path.split(['/', '\\']).filter(|c| !c.is_empty()).collect();
        let Some((file, folders)) = components.split_last() else { return };
        let stem = file.rsplit_once('.').map_or(*file, |(stem, extension)| {
            if extension.bytes().all(|b| b.is_ascii_alphabetic()) { stem } else { file }
        });
        let named = stem.trim_end_matches(|c: char| !c.is_alphabetic());
        for component in folders.iter().copied().chain([named]) {
            if !self.is_new(Tag(0, 0), component.as_bytes()) {
                continue;
            }
            self.text(None, component, SecretKind::Path, false);
            for word in component.split(|c: char| !c.is_alphanumeric()) {
                if word.len() < component.len() && word.len() >= 5 {
                    self.add(None, word, SecretKind::Path, false);
                }
            }
        }
    }

    /// Adds all of another patient's secrets: for a subject with two IDs, and for shared files.
    pub fn merge(&mut self, other: &Self) {
        for (pattern, entry) in &other.entries {
            let tags = self.import(other, entry.tags);
            self.insert(pattern.clone(), Entry { tags, ..*entry });
        }
        for (&date, &tags) in &other.dates {
            let tags = self.import(other, tags);
            self.insert_date(date, tags);
        }
        for (&time, &tags) in &other.times {
            let tags = self.import(other, tags);
            self.insert_time(time, tags);
        }
        for (&tag, &(vr, count)) in &other.occurrences {
            self.count(tag, vr, count);
        }
        self.standard_uids.extend(other.standard_uids.iter().cloned());
    }

    /// Every date met, for [`super::DateShift::for_patient`].
    pub fn original_dates(&self) -> BTreeSet<Date> {
        self.dates.keys().copied().collect()
    }

    /// Forgets which elements were met, once all headers are collected: frees a third of the memory.
    pub fn settle(&mut self) {
        self.seen = HashSet::default();
    }

    /// How often each element occurred in all headers, by tag, with its VR; sequences not counted.
    pub(super) fn occurrences(&self) -> BTreeMap<Tag, (VR, u64)> {
        self.occurrences.iter().map(|(&tag, &seen)| (tag, seen)).collect()
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = (&[u8], &Entry, &[Tag])> {
        self.entries.iter().map(|(pattern, entry)| (&**pattern, entry, self.tags(entry.tags)))
    }

    pub(super) fn dates(&self) -> impl Iterator<Item = (Date, &[Tag])> {
        self.dates.iter().map(|(&date, &tags)| (date, self.tags(tags)))
    }

    /// Times of day in microseconds.
    pub(super) fn times(&self) -> impl Iterator<Item = (u64, &[Tag])> {
        self.times.iter().map(|(&time, &tags)| (time, self.tags(tags)))
    }

    pub(super) fn standard_uid_count(&self) -> u64 {
        self.standard_uids.len() as u64
    }

    fn element(&mut self, element: ElementRef<'_>) {
        let tag = element.tag;
        let ignored = tag.1 == 0 || tag == Tag(0x0008, 0x0005) || tag.0 == 0x7fe0;
        let bytes = element.bytes();
        if element.vr != VR::SQ {
            self.count(tag, element.vr, 1);
        }
        if ignored || bytes.is_empty() || element.vr == VR::SQ || !self.is_new_element(&element) {
            return;
        }
        let some = Some(tag);
        let direct = DIRECT.contains(&tag);
        let values = || element.strings();
        match element.vr {
            VR::PN => values().iter().for_each(|name| self.person(tag, name)),
            VR::DA => {
                for value in values() {
                    match Date::parse_da(&value) {
                        Some(date) => self.date(tag, date),
                        None => self.text(some, &value, SecretKind::Text, direct),
                    }
                }
            }
            VR::TM => {
                for value in values() {
                    match TimeOfDay::parse_tm(&value) {
                        Some(time) => self.time(tag, time),
                        None => self.text(some, &value, SecretKind::Text, direct),
                    }
                }
            }
            VR::DT => {
                for value in values() {
                    match DateTime::parse_dt(&value) {
                        Some(at) => {
                            self.date(tag, at.date);
                            at.time.into_iter().for_each(|time| self.time(tag, time));
                        }
                        None => self.text(some, &value, SecretKind::Text, direct),
                    }
                }
            }
            VR::UI => values().iter().for_each(|uid| self.uid(tag, uid)),
            VR::SH | VR::LO | VR::UC | VR::AE | VR::UR | VR::ST | VR::LT | VR::UT => {
                let kind = if direct { SecretKind::Identifier } else { SecretKind::Text };
                // The creator of a private block names a vendor's dictionary (PS3.5 section 7.8.1),
                // or should: it is searched like any other text.
                for value in values() {
                    self.text(some, &value, kind, direct);
                }
            }
            VR::CS | VR::AS => {
                for value in values() {
                    self.coded(tag, &value);
                }
            }
            VR::IS | VR::DS => {
                for value in values() {
                    let digits = value.bytes().all(|b| b.is_ascii_digit());
                    if digits && value.len() >= 8 {
                        self.add(some, &value, SecretKind::Token, false);
                    } else {
                        self.coded(tag, &value);
                    }
                }
            }
            VR::OB | VR::UN | VR::OW => self.opaque(tag, bytes),
            _ => {}
        }
    }

    /// A value of no known structure: text if it is text from end to end, else what it hides.
    fn opaque(&mut self, tag: Tag, bytes: &[u8]) {
        match blob::whole_text(bytes) {
            Some(text) => {
                for value in text.split('\\') {
                    if value.contains('^') {
                        self.person(tag, value);
                    }
                    self.text(Some(tag), value, SecretKind::Text, false);
                }
            }
            None => blob::scan(self, tag, bytes),
        }
    }

    /// A PN value: up to three groups parted by `=`, components by `^` (PS3.5 section 6.2.1).
    pub(super) fn person(&mut self, tag: Tag, name: &str) {
        let some = Some(tag);
        for group in name.split('=') {
            let mut components: Vec<&str> =
                group.split('^').map(str::trim).filter(|c| !c.is_empty()).collect();
            if components.len() == 1 {
                // Typed into one field: `Doe, Jane` or `Jane Doe`.
                components = group.split([' ', ',', '^']).filter(|c| !c.is_empty()).collect();
            }
            let (Some(&family), second) = (components.first(), components.get(1)) else { continue };
            match second {
                None => self.add(some, family, SecretKind::NamePart, true),
                Some(given) => {
                    self.add(some, &components.join(" "), SecretKind::Name, true);
                    self.add(some, &format!("{family} {given}"), SecretKind::Name, true);
                    self.add(some, &format!("{given} {family}"), SecretKind::Name, true);
                    let rest = components.get(1..).unwrap_or_default().join(" ");
                    self.add(some, &format!("{rest} {family}"), SecretKind::Name, true);
                }
            }
            for component in components {
                self.add(some, component, SecretKind::NamePart, true);
                for word in component.split(|c: char| !c.is_alphanumeric()) {
                    if word.len() < component.len() && word.chars().count() >= 4 {
                        self.add(some, word, SecretKind::NamePart, true);
                    }
                }
            }
        }
    }

    pub(super) fn date(&mut self, tag: Tag, date: Date) {
        let tags = self.set_of(&[tag]);
        self.insert_date(date, tags);
    }

    fn time(&mut self, tag: Tag, time: TimeOfDay) {
        let tags = self.set_of(&[tag]);
        self.insert_time(time.micros(), tags);
    }

    pub(super) fn uid(&mut self, tag: Tag, uid: &str) {
        let uid = uid.trim();
        if uid.starts_with("1.2.840.10008.") {
            self.standard_uids.insert(uid.into());
        } else if uid.bytes().filter(u8::is_ascii_digit).count() >= 12 {
            self.add_whole(Some(tag), uid, SecretKind::Uid, true, 64);
        } else if !uid.is_empty() {
            self.coded(tag, uid);
        }
    }

    /// A text: each of its lines, the dates, addresses and numbers within.
    pub(super) fn text(&mut self, tag: Option<Tag>, text: &str, kind: SecretKind, direct: bool) {
        for line in text.split(['\r', '\n', '\x0c']).filter(|line| !line.trim().is_empty()) {
            self.add(tag, line, kind, direct);
            blob::tokens(line, &mut |token| match token {
                blob::Token::Date(date) => self.date(tag.unwrap_or(Tag(0, 0)), date),
                blob::Token::Uid(uid) => self.uid(tag.unwrap_or(Tag(0, 0)), uid),
                blob::Token::Code(code) if code.len() < line.trim().len() => {
                    let kind = if direct { SecretKind::Identifier } else { SecretKind::Token };
                    self.add(tag, code, kind, direct);
                }
                blob::Token::Code(_) => {}
            });
        }
    }

    fn coded(&mut self, tag: Tag, value: &str) {
        let folded = Folded::of_text(value);
        self.store(Some(tag), &folded, Treatment::Position(ByPosition::Coded), false, LONGEST);
    }

    pub(super) fn add(&mut self, tag: Option<Tag>, text: &str, kind: SecretKind, direct: bool) {
        self.add_whole(tag, text, kind, direct, LONGEST);
    }

    fn add_whole(&mut self, tag: Option<Tag>, text: &str, kind: SecretKind, direct: bool, longest: usize) {
        let folded = Folded::of_text(text);
        let treatment = treatment(text, &folded, kind, direct);
        self.store(tag, &folded, treatment, direct, longest);
        // An ID with letters about it: `MRN-0012345` may come out as `0012345` or `12345678`.
        if kind == SecretKind::Identifier && folded.bytes.iter().any(u8::is_ascii_alphabetic) {
            for digits in text.split(|c: char| !c.is_ascii_digit()).filter(|d| d.len() >= 6) {
                self.add_whole(tag, digits, kind, direct, longest);
            }
        }
        let bare = text.trim().trim_start_matches('0');
        if kind == SecretKind::Identifier
            && bare.len() >= 6
            && bare.len() < text.trim().len()
            && bare.bytes().all(|b| b.is_ascii_digit())
        {
            self.add_whole(tag, bare, kind, direct, longest);
        }
    }

    fn store(
        &mut self,
        tag: Option<Tag>,
        folded: &Folded,
        treatment: Treatment,
        direct: bool,
        longest: usize,
    ) {
        let mut end = folded.bytes.len().min(longest);
        while end > 0 && folded.bytes.get(end).is_some_and(|byte| byte & 0xc0 == 0x80) {
            end -= 1;
        }
        let Some(pattern) = folded.bytes.get(..end).filter(|p| !p.is_empty()) else { return };
        let tags = self.set_of(tag.as_slice());
        let gaps = folded.gap_mask() & (u64::MAX >> (64 - end.clamp(1, 64)));
        self.insert(pattern.into(), Entry { treatment, direct, gaps, tags });
    }

    fn insert(&mut self, pattern: Box<[u8]>, entry: Entry) {
        let known = self.entries.get(&pattern).copied();
        let merged = known.map_or(entry, |known| Entry {
            treatment: known.treatment.min(entry.treatment),
            direct: known.direct || entry.direct,
            gaps: known.gaps | entry.gaps,
            tags: self.join(known.tags, entry.tags),
        });
        self.entries.insert(pattern, merged);
    }

    fn insert_date(&mut self, date: Date, tags: u32) {
        let joined = self.dates.get(&date).copied().map_or(tags, |known| self.join(known, tags));
        self.dates.insert(date, joined);
    }

    fn insert_time(&mut self, time: u64, tags: u32) {
        let joined = self.times.get(&time).copied().map_or(tags, |known| self.join(known, tags));
        self.times.insert(time, joined);
    }

    /// Of several VRs that an element has been read with, the first in the alphabet stays, whichever came
    /// first.
    fn count(&mut self, tag: Tag, vr: VR, times: u64) {
        let known = self.occurrences.entry(tag).or_insert((vr, 0));
        *known = (known.0.min(vr), known.1 + times);
    }

    /// The same bytes are not the same where they were read with another VR (a private element in an implicit
    /// file), or as text in another character set: what is collected may not depend on which came first.
    fn is_new_element(&mut self, element: &ElementRef<'_>) -> bool {
        let (tag, bytes) = (element.tag, element.bytes());
        let mut hasher = DefaultHasher::new();
        (tag.0, tag.1, element.vr, bytes).hash(&mut hasher);
        let opaque = matches!(element.vr, VR::OB | VR::UN | VR::OW);
        if !opaque && bytes.iter().any(|byte| !byte.is_ascii() || *byte == 0x1b) {
            element.strings().hash(&mut hasher);
        }
        self.seen.insert(hasher.finish())
    }

    fn is_new(&mut self, tag: Tag, bytes: &[u8]) -> bool {
        let mut hasher = DefaultHasher::new();
        (tag.0, tag.1, bytes).hash(&mut hasher);
        self.seen.insert(hasher.finish())
    }

    fn tags(&self, set: u32) -> &[Tag] {
        self.tag_sets.get(set as usize).map(|set| &**set).unwrap_or_default()
    }

    fn set_of(&mut self, tags: &[Tag]) -> u32 {
        if let Some(&index) = self.set_index.get(tags) {
            return index;
        }
        let index = self.tag_sets.len() as u32;
        self.tag_sets.push(tags.into());
        self.set_index.insert(tags.into(), index);
        index
    }

    fn join(&mut self, a: u32, b: u32) -> u32 {
        if a == b {
            return a;
        }
        let both: BTreeSet<Tag> = self.tags(a).iter().chain(self.tags(b)).copied().collect();
        let both: Vec<Tag> = both.into_iter().collect();
        self.set_of(&both)
    }

    fn import(&mut self, other: &Self, set: u32) -> u32 {
        self.set_of(other.tags(set))
    }
}

/// Whether a value is distinctive enough to be searched for.
fn treatment(text: &str, folded: &Folded, kind: SecretKind, direct: bool) -> Treatment {
    let position = Treatment::Position;
    let bytes = &folded.bytes;
    let digits = bytes.iter().filter(|b| b.is_ascii_digit()).count();
    let weight = weight(bytes);
    let first = bytes.first();
    let named = direct || matches!(kind, SecretKind::Name | SecretKind::NamePart);
    let least = match (digits, digits == bytes.len()) {
        // Letters only: three for names (then only as a whole cell), five for other texts.
        (0, _) => {
            if named {
                3
            } else {
                5
            }
        }
        // Digits only, or both: four for what identifies (as a whole cell), else six.
        _ => {
            if named {
                4
            } else {
                6
            }
        }
    };
    if weight < least {
        return position(ByPosition::Short);
    }
    if digits > 0 && bytes.iter().all(|b| Some(b) == first) {
        return position(ByPosition::Common);
    }
    // `1.5000` and `-0.0001` in a text VR are measurements.
    let trimmed = text.trim();
    if !direct && trimmed.contains('.') && trimmed.parse::<f64>().is_ok() {
        return position(ByPosition::Coded);
    }
    let whole_name = kind == SecretKind::Name;
    if vocabulary::is_common(bytes) || (!whole_name && vocabulary::is_common_phrase(text)) {
        return position(ByPosition::Common);
    }
    Treatment::Search(kind)
}

/// Letters and digits, where one of a script of syllables or ideographs counts for three.
pub(super) fn weight(folded: &[u8]) -> usize {
    folded
        .iter()
        .map(|&byte| match byte {
            0x00..=0x7f | 0xc0..=0xdf => 1,
            0xe0..=0xff => 3,
            _ => 0,
        })
        .sum()
}
