//! The check of every output against its source (invariant 4). In: the secrets of one patient (of
//! all, for files that all share), what the policy retains, and each finished entry of the archive
//! before it is compressed. Out: a count of what was searched, or the leak: which element, in what
//! kind of place, at which byte. Never: the value, or the entry's name. Voxels are not searched.

use super::certificate::Certificate;
use super::dates::DatePolicy;
use super::fold::{Folded, Gap};
use super::place::{self, Place};
use super::secrets::{ByPosition, SecretKind, Secrets, Treatment};
use super::spellings::{self, Pattern, Rule};
use super::vocabulary;
use crate::dicom::Tag;
use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

pub use super::place::EntryKind;

/// Parts two texts so far that no pattern spans them.
const FAR: &str = "\n\n\n\n\n\n";

/// What outputs hold on purpose.
#[derive(Clone, Copy)]
pub struct Retained<'a> {
    /// Whether an element's value is written (under this policy).
    pub kept: &'a dyn Fn(Tag) -> bool,
    /// What is written of dates.
    pub dates: DatePolicy,
    /// Texts of the program itself: README, descriptions of columns. What they hold is no leak.
    pub texts: &'a [&'a str],
    /// Texts that the user chose for the data set, such as its title. They excuse descriptions and
    /// folder names that are in them, but no name, ID or date.
    pub chosen: &'a [&'a str],
    /// The fields that an image's sidecar may have: proof by position. Empty: not checked.
    pub fields: &'a [&'a str],
}

/// The check could not be built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there are too many distinctive values to search for at once; export fewer patients at a time")]
pub struct TooManySecrets;

/// An output holds what it must not. Says where, never what.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Leak {
    /// A known value was found.
    Value {
        /// The elements that hold it; empty for a source path.
        tags: Vec<Tag>,
        /// What it is.
        kind: SecretKind,
        /// Where it was found.
        place: EntryKind,
        /// The byte in the entry (uncompressed), or in its name.
        offset: u64,
    },
    /// A sidecar has a field that is not on the allow-list, or is no JSON object.
    Field,
}

impl fmt::Display for Leak {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field => {
                f.write_str("a sidecar has a field that is not on the allow-list; it was not written")
            }
            Self::Value { tags, kind, place, offset } => {
                write!(f, "{} ", kind_words(*kind))?;
                match tags.split_first() {
                    None => f.write_str("from the path of a source file")?,
                    Some((first, rest)) => {
                        write!(f, "from {}", place::tag_words(*first))?;
                        for tag in rest.iter().take(3) {
                            write!(f, ", {}", place::tag_words(*tag))?;
                        }
                        if rest.len() > 3 {
                            write!(f, " and {} more elements", rest.len() - 3)?;
                        }
                    }
                }
                write!(f, " was found in {} at byte {offset}; it was not written", place.words())
            }
        }
    }
}

impl std::error::Error for Leak {}

fn kind_words(kind: SecretKind) -> &'static str {
    match kind {
        SecretKind::Name => "a person's name",
        SecretKind::NamePart => "part of a person's name",
        SecretKind::Identifier => "an identifier",
        SecretKind::Uid => "a UID",
        SecretKind::Date => "a date",
        SecretKind::Time => "a time of day",
        SecretKind::Text => "a text",
        SecretKind::Token => "a code within a text",
        SecretKind::Path => "a folder's name",
    }
}

/// What was searched in one entry, or in many.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct CheckCount {
    /// Entries.
    pub entries: u64,
    /// Bytes searched, voxels not counted.
    pub bytes: u64,
    /// Sidecar fields found on the allow-list.
    pub fields: u64,
}

impl std::ops::AddAssign for CheckCount {
    fn add_assign(&mut self, other: Self) {
        self.entries += other.entries;
        self.bytes += other.bytes;
        self.fields += other.fields;
    }
}

/// What is searched for, in numbers: for the certificate. Values count once a patient.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Searched {
    /// Distinct values by kind.
    pub values: BTreeMap<SecretKind, u64>,
    /// Patterns that spell them.
    pub spellings: u64,
    /// Distinct values that are checked by position, by reason.
    pub by_position: BTreeMap<ByPosition, u64>,
    /// Distinct values excluded because the policy retains them, by element.
    pub retained: BTreeMap<Tag, u64>,
    /// Distinct UIDs of the standard's own root (1.2.840.10008), which are no secrets.
    pub standard_uids: u64,
}

impl Searched {
    /// Adds another patient's numbers.
    pub fn add(&mut self, other: &Self) {
        fn add_all<K: Ord + Copy>(into: &mut BTreeMap<K, u64>, from: &BTreeMap<K, u64>) {
            from.iter().for_each(|(&key, &n)| *into.entry(key).or_default() += n);
        }
        add_all(&mut self.values, &other.values);
        add_all(&mut self.by_position, &other.by_position);
        add_all(&mut self.retained, &other.retained);
        self.spellings += other.spellings;
        self.standard_uids += other.standard_uids;
    }
}

/// Searches entries for the secrets of one or several patients. Built once a patient; a few
/// milliseconds for a thousand files.
pub struct Check {
    automaton: AhoCorasick,
    patterns: Vec<Pattern>,
    /// Patterns that our own texts or retained values would trigger.
    excused: Vec<bool>,
    /// Elements of each secret.
    elements: Vec<Box<[Tag]>>,
    fields: BTreeSet<Box<str>>,
    searched: Searched,
}

impl fmt::Debug for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Check").field("patterns", &self.patterns.len()).finish_non_exhaustive()
    }
}

impl Check {
    /// A check for the entries of one subject, or (with everybody's secrets) for shared ones.
    ///
    /// # Errors
    /// [`TooManySecrets`] when the automaton would exceed its limits (some 2^31 states).
    pub fn new(secrets: &[&Secrets], retained: &Retained<'_>) -> Result<Self, TooManySecrets> {
        let mut check = Self {
            automaton: AhoCorasick::new([""; 0]).map_err(|_| TooManySecrets)?,
            patterns: Vec::new(),
            excused: Vec::new(),
            elements: Vec::new(),
            fields: retained.fields.iter().map(|&field| field.into()).collect(),
            searched: Searched::default(),
        };
        let mut retained_text = String::new();
        // The certificate and its list of keywords are ours too.
        let mut our_text = Certificate::wording().to_owned();
        for secrets in secrets {
            check.take(secrets, retained, &mut retained_text);
            for keyword in secrets.occurrences().keys().filter_map(|&tag| place::keyword(tag)) {
                our_text.push_str(keyword);
                our_text.push_str(FAR);
            }
        }
        check.automaton = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            // Built for one patient and a few hundred kilobytes of text: building must be cheap.
            .kind(Some(AhoCorasickKind::NoncontiguousNFA))
            .build(check.patterns.iter().map(|p| &p.folded))
            .map_err(|_| TooManySecrets)?;
        check.excuse(retained, &our_text, &retained_text);
        check.count();
        Ok(check)
    }

    /// Searches one finished entry: its name, and its bytes before compression. Of an image
    /// (`.nii`, `.nii.gz`) only header and extensions are searched, up to `vox_offset`; hand in at
    /// least those.
    ///
    /// # Errors
    /// The first [`Leak`]; the entry must not be written.
    pub fn entry(&self, name: &str, bytes: &[u8]) -> Result<CheckCount, Leak> {
        let kind = EntryKind::of(name);
        let mut count = CheckCount { entries: 1, bytes: name.len() as u64, fields: 0 };
        self.search(&Place::new(EntryKind::Name, name.as_bytes()), name.as_bytes())?;
        let bytes = if kind == EntryKind::Image { place::before_voxels(bytes) } else { bytes };
        if kind == EntryKind::Sidecar && !self.fields.is_empty() {
            count.fields = self.sidecar_fields(bytes)?;
        }
        count.bytes += bytes.len() as u64;
        self.search(&Place::new(kind, bytes), bytes)?;
        Ok(count)
    }

    /// Searches one value of a DICOM object: its text, decoded; or, where it is `number`, the text of a
    /// number. The element in which it was found is the caller's to name.
    ///
    /// # Errors
    /// The first [`Leak`].
    pub fn value(&self, text: &str, number: bool) -> Result<(), Leak> {
        let kind = if number { EntryKind::ObjectNumber } else { EntryKind::Object };
        self.search_folded(&Place::new(kind, text.as_bytes()), &Folded::of_text(text))
    }

    /// Searches a value of a DICOM object that is bytes of any kind, as text in all forms.
    ///
    /// # Errors
    /// The first [`Leak`].
    pub fn opaque(&self, bytes: &[u8]) -> Result<(), Leak> {
        self.search(&Place::new(EntryKind::Object, bytes), bytes)
    }

    /// What is searched for, in numbers.
    pub const fn searched(&self) -> &Searched {
        &self.searched
    }

    fn take(&mut self, secrets: &Secrets, retained: &Retained<'_>, retained_text: &mut String) {
        for (folded, entry, tags) in secrets.entries() {
            let kept: Vec<Tag> = tags.iter().copied().filter(|&tag| (retained.kept)(tag)).collect();
            let uid = entry.treatment == Treatment::Search(SecretKind::Uid);
            if !kept.is_empty() && (!entry.direct || uid) {
                spell_out(folded, entry.gaps, retained_text);
                kept.into_iter().for_each(|tag| *self.searched.retained.entry(tag).or_default() += 1);
                continue;
            }
            if let Treatment::Position(why) = entry.treatment {
                // What only a path says isn't counted: the certificate is the same wherever the files lay.
                if tags.iter().any(|tag| tag.0 != 0) {
                    *self.searched.by_position.entry(why).or_default() += 1;
                }
                continue;
            }
            let secret = self.secret(tags);
            self.patterns.extend(spellings::of_entry(folded, entry, secret));
        }
        for (date, tags) in secrets.dates() {
            let kept = tags.iter().all(|&tag| (retained.kept)(tag));
            if kept || retained.dates == DatePolicy::Keep && !tags.iter().all(|&tag| is_birth_date(tag)) {
                tags.iter().for_each(|&tag| *self.searched.retained.entry(tag).or_default() += 1);
                continue;
            }
            let secret = self.secret(tags);
            spellings::of_date(date, secret, &mut self.patterns);
        }
        for (time, tags) in secrets.times() {
            // A shift moves days: the time of day stays.
            if retained.dates != DatePolicy::None || tags.iter().all(|&tag| (retained.kept)(tag)) {
                tags.iter().for_each(|&tag| *self.searched.retained.entry(tag).or_default() += 1);
                continue;
            }
            let secret = self.secret(tags);
            spellings::of_time(time, secret, &mut self.patterns);
        }
        self.searched.standard_uids += secrets.standard_uid_count();
    }

    fn secret(&mut self, tags: &[Tag]) -> u32 {
        let named = tags.iter().copied().filter(|tag| tag.0 != 0);
        self.elements.push(named.collect());
        self.elements.len() as u32 - 1
    }

    /// Excuses patterns that our own words, or (for what does not identify directly) retained and
    /// chosen texts would trigger.
    fn excuse(&mut self, retained: &Retained<'_>, our_text: &str, retained_text: &str) {
        let mut excused = vec![false; self.patterns.len()];
        for text in std::iter::once(vocabulary::words_apart()).chain(vocabulary::presets()) {
            self.triggered(text, &mut |index| mark(&mut excused, index));
        }
        for text in std::iter::once(our_text).chain(retained.texts.iter().copied()) {
            self.triggered(text, &mut |index| mark(&mut excused, index));
        }
        for text in std::iter::once(retained_text).chain(retained.chosen.iter().copied()) {
            self.triggered(text, &mut |index| {
                if self.patterns.get(index).is_some_and(|pattern| !pattern.direct) {
                    mark(&mut excused, index);
                }
            });
        }
        self.excused = excused;
    }

    fn triggered(&self, text: &str, found: &mut dyn FnMut(usize)) {
        let place = Place::new(EntryKind::Text, text.as_bytes());
        let folded = Folded::of_text(text);
        for hit in self.automaton.find_overlapping_iter(&folded.bytes) {
            let index = hit.pattern().as_usize();
            if let Some(pattern) = self.patterns.get(index)
                && place.obeys(pattern, &folded, hit.start(), hit.end())
            {
                found(index);
            }
        }
    }

    fn count(&mut self) {
        let mut live: BTreeMap<u32, SecretKind> = BTreeMap::new();
        let mut all: BTreeSet<u32> = BTreeSet::new();
        for (pattern, excused) in self.patterns.iter().zip(&self.excused) {
            // From a path alone: searched for, but the certificate doesn't depend on where files lay.
            if self.elements.get(pattern.secret as usize).is_none_or(|elements| elements.is_empty()) {
                continue;
            }
            all.insert(pattern.secret);
            if !excused {
                live.insert(pattern.secret, pattern.kind);
                self.searched.spellings += 1;
            }
        }
        for kind in live.values() {
            *self.searched.values.entry(*kind).or_default() += 1;
        }
        let common = (all.len() - live.len()) as u64;
        if common > 0 {
            *self.searched.by_position.entry(ByPosition::Common).or_default() += common;
        }
    }

    fn search(&self, place: &Place<'_>, bytes: &[u8]) -> Result<(), Leak> {
        let json = place.kind.is_json();
        self.search_folded(place, &Folded::of_bytes(bytes, json))?;
        if bytes.contains(&0) {
            let wide = Place { wide: true, ..*place };
            self.search_folded(&wide, &Folded::of_utf16(bytes, 0))?;
            self.search_folded(&wide, &Folded::of_utf16(bytes, 1))?;
        }
        Ok(())
    }

    fn search_folded(&self, place: &Place<'_>, folded: &Folded) -> Result<(), Leak> {
        for hit in self.automaton.find_overlapping_iter(&folded.bytes) {
            let index = hit.pattern().as_usize();
            let Some(pattern) = self.patterns.get(index) else { continue };
            if self.excused.get(index) == Some(&true) || !place.obeys(pattern, folded, hit.start(), hit.end())
            {
                continue;
            }
            return Err(Leak::Value {
                tags: self.elements.get(pattern.secret as usize).map(|t| t.to_vec()).unwrap_or_default(),
                kind: pattern.kind,
                place: place.kind,
                offset: folded.origin.get(hit.start()).copied().unwrap_or_default().into(),
            });
        }
        Ok(())
    }

    /// Proof by position: every field of a sidecar is on the allow-list.
    fn sidecar_fields(&self, bytes: &[u8]) -> Result<u64, Leak> {
        let object: serde_json::Map<String, serde_json::Value> =
            serde_json::from_slice(bytes).map_err(|_| Leak::Field)?;
        if object.keys().all(|key| self.fields.contains(key.as_str())) {
            Ok(object.len() as u64)
        } else {
            Err(Leak::Field)
        }
    }
}

fn mark(excused: &mut [bool], index: usize) {
    if let Some(excused) = excused.get_mut(index) {
        *excused = true;
    }
}

/// Birth dates, which *Retain Longitudinal Temporal Information* does not retain (PS3.15 Table
/// E.1-1: PatientBirthDate has no K there), and those in alternative calendars.
fn is_birth_date(tag: Tag) -> bool {
    matches!(tag, Tag(0x0010, 0x0030 | 0x0032 | 0x0033 | 0x0034))
}

/// Writes a folded value with spaces where it had separators, as a line of its own.
fn spell_out(folded: &[u8], gaps: u64, out: &mut String) {
    for (index, character) in String::from_utf8_lossy(folded).char_indices() {
        if index < 64 && gaps >> index & 1 == 1 {
            out.push(' ');
        }
        out.push(character);
    }
    out.push_str(FAR);
}

/// Separators within a hit: what may stand between letters, between digits, in dates and times.
pub(super) fn separator_fits(rule: Rule, gap: Gap) -> bool {
    match rule {
        Rule::Word { .. } | Rule::Cell => gap.count <= 4,
        Rule::Number => gap.count == 1 && !matches!(gap.first, b',' | b'\t' | b'\n' | b'\r' | b'"'),
        Rule::Uid => gap.count == 1 && matches!(gap.first, b'.' | b'_' | b'-'),
        Rule::Date { .. } => gap.count <= 2 && !matches!(gap.first, b'\t' | b'\n' | b'\r' | b'"'),
        Rule::Time => gap.count == 1 && matches!(gap.first, b':' | b'.'),
    }
}

#[cfg(test)]
#[path = "check_tests.rs"]
mod tests;
