//! From secrets to what is searched for. In: one folded secret, date or time. Out: its patterns,
//! each with the rule that a place must obey to be a hit. Never: a pattern so short or so loose
//! that it is found by accident: a false hit stops an export.

use super::date::Date;
use super::secrets::{Entry, SecretKind, Treatment, weight};

/// What a place must be like to be a hit, beyond being equal when folded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    /// Letters, perhaps with digits; unless `anywhere`, no letter before a letter at its edges, and
    /// no digit before a digit.
    Word { anywhere: bool },
    /// Digits: not part of a longer number, nor of a measurement.
    Number,
    /// Short: only as a whole string, cell or part of a name.
    Cell,
    /// A date; separators at both places or at none, or at both.
    Date { separated: bool },
    /// A time of day with colons, or to a fraction of a second.
    Time,
    /// A UID, as written or without its dots.
    Uid,
}

/// Something to search for.
pub(super) struct Pattern {
    pub(super) folded: Box<[u8]>,
    pub(super) rule: Rule,
    pub(super) kind: SecretKind,
    pub(super) direct: bool,
    /// Bit `i`: a separator may stand before byte `i`.
    pub(super) gaps: u64,
    /// Index of the secret that it spells, for counting and naming its elements.
    pub(super) secret: u32,
}

/// The pattern of a text, name, number or UID; `None` if it is checked by position.
pub(super) fn of_entry(folded: &[u8], entry: &Entry, secret: u32) -> Option<Pattern> {
    let Treatment::Search(kind) = entry.treatment else { return None };
    let digits = folded.iter().filter(|b| b.is_ascii_digit()).count();
    let weight = weight(folded);
    let rule = if kind == SecretKind::Uid {
        Rule::Uid
    } else if digits == folded.len() {
        if weight >= 6 { Rule::Number } else { Rule::Cell }
    } else if digits > 0 {
        if weight >= 6 { Rule::Word { anywhere: weight >= 24 } } else { Rule::Cell }
    } else if weight <= 3 && folded.is_ascii() {
        Rule::Cell
    } else {
        // Ideographs have no spaces about them; long names are looked for within longer words too.
        let ideographs = folded.iter().any(|&b| b >= 0xe0);
        let name = matches!(kind, SecretKind::Name | SecretKind::NamePart);
        // A long text may have been cut, here or by the format that it came out in.
        Rule::Word { anywhere: ideographs || (name && weight >= 8) || weight >= 24 }
    };
    Some(Pattern { folded: folded.into(), rule, kind, direct: entry.direct, gaps: entry.gaps, secret })
}

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// A date's spellings: `20180312`, `2018-03-12`, `12.03.2018`, `03/12/2018`, `12 Mar 2018`,
/// `March 12, 2018`, without leading zeros, with a year of two digits (then only with separators).
pub(super) fn of_date(date: Date, secret: u32, out: &mut Vec<Pattern>) {
    let (year, month, day) = date.ymd();
    let (yyyy, yy) = (format!("{year:04}"), format!("{:02}", year % 100));
    let (mm, dd) = (format!("{month:02}"), format!("{day:02}"));
    let (m, d) = (month.to_string(), day.to_string());
    let mut push = |parts: [&str; 3], rule: Rule| {
        let first = parts[0].len();
        let second = first + parts[1].len();
        let folded: Box<[u8]> = parts.concat().into_bytes().into();
        let known = out.iter().any(|p: &Pattern| p.secret == secret && p.folded == folded && p.rule == rule);
        if !known {
            let gaps = 1 << first | 1 << second;
            out.push(Pattern { folded, rule, kind: SecretKind::Date, direct: true, gaps, secret });
        }
    };
    let either = Rule::Date { separated: false };
    let separated = Rule::Date { separated: true };
    push([&yyyy, &mm, &dd], either);
    push([&dd, &mm, &yyyy], either);
    push([&mm, &dd, &yyyy], either);
    for (day, month) in [(&d, &m), (&dd, &m), (&d, &mm)] {
        push([&yyyy, month, day], separated);
        push([day, month, &yyyy], separated);
        push([month, day, &yyyy], separated);
    }
    push([&dd, &mm, &yy], separated);
    push([&mm, &dd, &yy], separated);
    push([&yy, &mm, &dd], separated);
    let name = MONTHS.get(month as usize - 1).copied().unwrap_or_default();
    for name in [name, name.get(..3).unwrap_or(name)] {
        for day in [&d, &dd] {
            push([day, name, &yyyy], either);
            push([name, day, &yyyy], either);
            push([&yyyy, name, day], either);
        }
    }
}

/// A time's spellings: `10:11:12`, and with its fraction `101112.345`. Midnight to the microsecond
/// is what is written for want of a time.
pub(super) fn of_time(micros: u64, secret: u32, out: &mut Vec<Pattern>) {
    if micros == 0 {
        return;
    }
    let seconds = micros / 1_000_000;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let whole = format!("{hours:02}{minutes:02}{seconds:02}");
    let fraction = format!("{:06}", micros % 1_000_000);
    let fraction = fraction.trim_end_matches('0');
    let mut push = |folded: String, gaps: u64| {
        let folded = folded.into_bytes().into();
        out.push(Pattern { folded, rule: Rule::Time, kind: SecretKind::Time, direct: true, gaps, secret });
    };
    if !fraction.is_empty() {
        push(format!("{whole}{fraction}"), 1 << 2 | 1 << 4 | 1 << 6);
    }
    push(whole, 1 << 2 | 1 << 4);
}
