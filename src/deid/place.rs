//! Places where a folded secret occurs, and whether they are hits. In: the kind of an entry, its
//! bytes, and a match within them. Out: yes or no, by rules that keep numbers apart from
//! identifiers. Never: looks at what the secret is beyond its rule.

use super::check::separator_fits;
use super::fold::Folded;
use super::spellings::{Pattern, Rule};
use crate::dicom::Tag;
use dicom_core::dictionary::{DataDictionary, DataDictionaryEntry};
use dicom_dictionary_std::StandardDataDictionary;

/// What kind of output a leak was found in, or an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    /// The name of an entry.
    Name,
    /// Header and extensions of a NIfTI image.
    Image,
    /// The JSON beside an image.
    Sidecar,
    /// A JSON document of the whole data set.
    Document,
    /// A table of a subject or of the data set (`.tsv`).
    Table,
    /// A table of files and counts (`provenance/*.tsv`).
    Ledger,
    /// b-values and b-vectors.
    Gradients,
    /// README and other text.
    Text,
    /// A value of a DICOM object: text, or bytes of any kind.
    Object,
    /// A value of a DICOM object that is a number.
    ObjectNumber,
}

impl EntryKind {
    /// The kind of an entry, by its name in the archive.
    pub fn of(name: &str) -> Self {
        let lower = name.to_ascii_lowercase();
        let provenance = lower.starts_with("provenance/") || lower.contains("/provenance/");
        if lower.ends_with(".nii") || lower.ends_with(".nii.gz") {
            Self::Image
        } else if lower.ends_with(".json") {
            let image = lower.rsplit('/').next().is_some_and(|file| file.starts_with("sub-"));
            if image { Self::Sidecar } else { Self::Document }
        } else if lower.ends_with(".tsv") {
            if provenance { Self::Ledger } else { Self::Table }
        } else if lower.ends_with(".bval") || lower.ends_with(".bvec") {
            Self::Gradients
        } else {
            Self::Text
        }
    }

    /// Words for messages.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Name => "the name of an entry",
            Self::Image => "the header of an image",
            Self::Sidecar => "an image's sidecar",
            Self::Document => "a document of the data set",
            Self::Table => "a table",
            Self::Ledger => "the table of files",
            Self::Gradients => "a table of gradients",
            Self::Text => "a text",
            Self::Object | Self::ObjectNumber => "a DICOM object",
        }
    }

    pub(super) const fn is_json(self) -> bool {
        matches!(self, Self::Sidecar | Self::Document)
    }

    /// Digits from which a number that stands for itself (an unquoted JSON number, a numeric cell)
    /// is taken for an identifier: fewer digits occur as sizes and counts.
    const fn bare_digits(self) -> usize {
        match self {
            Self::Sidecar | Self::Table | Self::ObjectNumber => 6,
            _ => 8,
        }
    }
}

/// `(0010,0010) PatientName`, for messages: a keyword, never a value.
pub(super) fn tag_words(tag: Tag) -> String {
    match keyword(tag) {
        Some(keyword) => format!("({:04X},{:04X}) {keyword}", tag.0, tag.1),
        None => format!("({:04X},{:04X})", tag.0, tag.1),
    }
}

/// An element's keyword in PS3.6.
pub(super) fn keyword(tag: Tag) -> Option<&'static str> {
    StandardDataDictionary.by_tag(tag).map(|entry| entry.alias()).filter(|_| tag.0.is_multiple_of(2))
}

/// The bytes of a NIfTI file before its voxels: `vox_offset` (float at byte 108, nifti1.h), at
/// least the header of 352 bytes.
pub(super) fn before_voxels(bytes: &[u8]) -> &[u8] {
    let field = bytes.get(108..112).and_then(|b| b.try_into().ok()).map_or(0.0, f32::from_le_bytes);
    let offset = if (352.0..1e9).contains(&field) { field as usize } else { 352 };
    bytes.get(..offset).unwrap_or(bytes)
}

/// An entry being searched.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) kind: EntryKind,
    pub(super) bytes: &'a [u8],
    /// Read as UTF-16: offsets are not those of neighbouring characters.
    pub(super) wide: bool,
}

impl<'a> Place<'a> {
    pub(super) const fn new(kind: EntryKind, bytes: &'a [u8]) -> Self {
        Self { kind, bytes, wide: false }
    }

    /// Whether a match of `pattern` at `start..end` of the folded text is a hit.
    pub(super) fn obeys(&self, pattern: &Pattern, folded: &Folded, start: usize, end: usize) -> bool {
        let Some(separators) = self.separators(pattern, folded, start, end) else { return false };
        let edges = Edges::of(folded, start, end);
        match pattern.rule {
            Rule::Word { anywhere } => {
                (anywhere || !edges.letter_continues())
                    && !edges.digit_continues()
                    && !is_digest(folded, start, end)
            }
            Rule::Number => {
                !edges.digit_continues()
                    && (separators > 0 || !self.is_measurement(folded, start, end))
                    && !is_digest(folded, start, end)
            }
            Rule::Cell => separators == 0 && self.is_cell(folded, start, end),
            Rule::Date { separated } => {
                let all = separators == pattern.gaps.count_ones();
                let none = separators == 0 && !separated;
                if none && edges.next.is_some_and(|b| b.is_ascii_digit()) {
                    // `20180312101112`: a date and a time in one.
                    return edges.prev.is_none_or(|b| !b.is_ascii_digit())
                        && digits_from(folded, start) == 14;
                }
                (all || none)
                    && !edges.digit_continues()
                    && !edges.letter_continues()
                    && (all || !self.is_measurement(folded, start, end))
                    && !is_digest(folded, start, end)
            }
            Rule::Time => {
                let colons = (1..end - start)
                    .filter(|&i| i < 6)
                    .filter_map(|i| folded.gaps.get(start + i))
                    .filter(|gap| gap.count > 0)
                    .all(|gap| gap.first == b':');
                let fraction = end - start > 6;
                let spelled = colons && (separators >= 2 || (fraction && end - start >= 8));
                // Zeros may follow: `.345000`, `101112.000000`.
                let after = after_zeros(folded, end, !fraction);
                // One tenth of a second is a short fraction: only as a whole string.
                let dotted = colons && end - start == 7 && separators > 0;
                let whole = separators == 0 && !fraction || dotted;
                !Edges::of(folded, start, after).digit_continues()
                    && !is_digest(folded, start, end)
                    && (spelled || (whole && self.is_quoted_cell(folded, start, after)))
            }
            Rule::Uid => !edges.digit_continues(),
        }
    }

    /// The number of separators within a match; `None` if one stands where the value has none, or
    /// is of the wrong kind.
    fn separators(&self, pattern: &Pattern, folded: &Folded, start: usize, end: usize) -> Option<u32> {
        let mut count = 0;
        for at in start + 1..end {
            let gap = *folded.gaps.get(at)?;
            if gap.count == 0 {
                continue;
            }
            let place = at - start;
            let listed = place < 64 && pattern.gaps >> place & 1 == 1;
            // `AB1234` may come out as `AB-1234`.
            let turn = gap.count == 1
                && matches!(gap.first, b'-' | b'_' | b' ' | b'.')
                && matches!(pattern.rule, Rule::Word { .. })
                && folded.bytes.get(at - 1)?.is_ascii_digit() != folded.bytes.get(at)?.is_ascii_digit();
            let list = self.kind == EntryKind::Gradients && gap.first == b' ';
            if !(listed || turn) || !separator_fits(pattern.rule, gap) || list {
                return None;
            }
            count += 1;
        }
        Some(count)
    }

    /// Whether the digits at `start..end` are part of a measurement: the fraction of a decimal
    /// number, its whole part with a fraction that is not zero, an exponent, or a plain number with
    /// few digits where plain numbers stand.
    fn is_measurement(&self, folded: &Folded, start: usize, end: usize) -> bool {
        if self.wide {
            return false;
        }
        let (Some(&first), Some(&last)) = (folded.origin.get(start), folded.origin.get(end - 1)) else {
            return false;
        };
        let (first, last) = (first as usize, last as usize);
        let numeric = |b: &u8| b.is_ascii_digit() || *b == b'.';
        let before = self.bytes.get(..first).unwrap_or_default();
        let after = self.bytes.get(last + 1..).unwrap_or_default();
        let left = before.iter().rev().take_while(|b| numeric(b)).count();
        let right = after.iter().take_while(|b| numeric(b)).count();
        let token = self.bytes.get(first - left..last + 1 + right).unwrap_or_default();
        let exponent = after.get(right).is_some_and(|b| matches!(b, b'e' | b'E'))
            && after.get(right + 1).is_some_and(|b| b.is_ascii_digit() || matches!(b, b'-' | b'+'));
        if token.iter().filter(|&&b| b == b'.').count() == 1 {
            let fraction = token.rsplit(|&b| b == b'.').next().unwrap_or_default();
            let whole_number = left == 0 && !fraction.is_empty() && fraction.iter().all(|&b| b == b'0');
            // `12345678.` ends a sentence.
            let sentence = left == 0 && fraction.is_empty();
            if !whole_number && !sentence {
                return true;
            }
        }
        if exponent {
            return true;
        }
        self.is_bare(first - left, last + 1 + right) && end - start < self.kind.bare_digits()
    }

    /// Whether the number at `from..to` stands for itself: unquoted in JSON, alone in a cell.
    fn is_bare(&self, from: usize, to: usize) -> bool {
        let before = self.bytes.get(..from).unwrap_or_default();
        let sign = before.last().is_some_and(|b| matches!(b, b'-' | b'+'));
        let before = before.get(..before.len() - usize::from(sign)).unwrap_or_default();
        let after = self.bytes.get(to..).unwrap_or_default();
        match self.kind {
            EntryKind::Sidecar | EntryKind::Document => !in_json_string(before),
            EntryKind::Table | EntryKind::Ledger => {
                before.last().is_none_or(|b| matches!(b, b'\t' | b'\n'))
                    && after.first().is_none_or(|b| matches!(b, b'\t' | b'\n' | b'\r'))
            }
            EntryKind::Gradients | EntryKind::ObjectNumber => true,
            _ => false,
        }
    }

    /// Whether a match is a whole JSON string, table cell or part of an entry's name.
    fn is_cell(&self, folded: &Folded, start: usize, end: usize) -> bool {
        let digits = folded.bytes.get(start..end).is_some_and(|b| b.iter().all(u8::is_ascii_digit));
        match self.kind {
            // Ordinals and counts fill tables.
            EntryKind::Table | EntryKind::Ledger | EntryKind::ObjectNumber if digits => false,
            EntryKind::Table | EntryKind::Ledger => {
                let cell = |b: u8| matches!(b, b'\t' | b'\n' | b'\r');
                bounded(folded, start, end, cell)
            }
            _ => self.is_quoted_cell(folded, start, end),
        }
    }

    fn is_quoted_cell(&self, folded: &Folded, start: usize, end: usize) -> bool {
        match self.kind {
            EntryKind::Sidecar | EntryKind::Document => bounded(folded, start, end, |b| b == b'"'),
            EntryKind::Name => {
                bounded(folded, start, end, |b| matches!(b, b'/' | b'_' | b'-' | b'.' | b'\n'))
            }
            // Text fields of a NIfTI header end with zeros; the numeric ones hold no three letters.
            EntryKind::Image => bounded(folded, start, end, |b| b == 0) && !self.wide,
            // A value, or a component of one.
            EntryKind::Object | EntryKind::ObjectNumber => {
                bounded(folded, start, end, |b| matches!(b, b'\n' | b'\\' | b'^' | b'='))
            }
            _ => false,
        }
    }
}

/// Whether the bytes end inside a JSON string: an odd number of quotes on the line that are not
/// escaped. (A JSON string has no line break.)
fn in_json_string(before: &[u8]) -> bool {
    let line = before.rsplit(|&b| b == b'\n').next().unwrap_or_default();
    let mut inside = false;
    let mut escaped = false;
    for &byte in line {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = inside,
            b'"' => inside = !inside,
            _ => {}
        }
    }
    inside
}

/// The gaps about a match have such a byte next to it.
fn bounded(folded: &Folded, start: usize, end: usize, edge: impl Fn(u8) -> bool) -> bool {
    folded.gaps.get(start).is_some_and(|gap| gap.count > 0 && edge(gap.last))
        && folded.gaps.get(end).is_some_and(|gap| gap.count > 0 && edge(gap.first))
}

/// The characters that touch a match, and the match's own edges.
struct Edges {
    prev: Option<u8>,
    first: u8,
    last: u8,
    next: Option<u8>,
}

impl Edges {
    fn of(folded: &Folded, start: usize, end: usize) -> Self {
        let at = |index: usize| folded.bytes.get(index).copied();
        let touching = |index: usize| folded.gaps.get(index).is_some_and(|gap| gap.count == 0);
        Self {
            prev: if touching(start) { start.checked_sub(1).and_then(at) } else { None },
            first: at(start).unwrap_or_default(),
            last: end.checked_sub(1).and_then(at).unwrap_or_default(),
            next: if touching(end) { at(end) } else { None },
        }
    }

    fn letter_continues(&self) -> bool {
        let letter = |b: u8| !b.is_ascii_digit();
        self.prev.is_some_and(|prev| letter(prev) && letter(self.first))
            || self.next.is_some_and(|next| letter(next) && letter(self.last))
    }

    fn digit_continues(&self) -> bool {
        self.prev.is_some_and(|prev| prev.is_ascii_digit() && self.first.is_ascii_digit())
            || self.next.is_some_and(|next| next.is_ascii_digit() && self.last.is_ascii_digit())
    }
}

/// The end of the zeros that follow `end`, with a point before them if `point`.
fn after_zeros(folded: &Folded, end: usize, point: bool) -> usize {
    let touching = |at: usize| folded.gaps.get(at).is_some_and(|gap| gap.count == 0);
    let zero = |at: usize| folded.bytes.get(at) == Some(&b'0');
    let mut after = end;
    if point {
        let dot = folded.gaps.get(end).is_some_and(|gap| gap.count == 1 && gap.first == b'.');
        if !dot || !zero(end) {
            return end;
        }
        after += 1;
    }
    while zero(after) && touching(after) {
        after += 1;
    }
    after
}

/// Digits in a row from `start`.
fn digits_from(folded: &Folded, start: usize) -> usize {
    let rest = folded.bytes.get(start..).unwrap_or_default();
    let gaps = folded.gaps.get(start..).unwrap_or_default();
    rest.iter()
        .zip(gaps)
        .enumerate()
        .take_while(|(i, (b, gap))| b.is_ascii_digit() && (*i == 0 || gap.count == 0))
        .count()
}

/// Whether a short match lies in a run of 28 or more letters and digits of which it is a small part:
/// a checksum or encoded bytes, where anything occurs by chance.
fn is_digest(folded: &Folded, start: usize, end: usize) -> bool {
    if end - start >= 12 {
        return false;
    }
    let touching = |index: usize| folded.gaps.get(index).is_some_and(|gap| gap.count == 0);
    let mut from = start;
    while from > 0 && touching(from) {
        from -= 1;
    }
    let mut to = end;
    while to < folded.bytes.len() && touching(to) {
        to += 1;
    }
    let run = folded.bytes.get(from..to).unwrap_or_default();
    let turns = run.windows(2).filter(|w| w[0].is_ascii_digit() != w[1].is_ascii_digit()).count();
    run.len() >= 28 && turns >= 6
}
