//! Single values under a rule. In: an element, the patient. Out: the value as it is, another one, or none.
//! Never: lets a value through that isn't what its VR says: text in a number is text.

use super::super::ages::Age;
use super::super::date::{Date, DateTime, TimeOfDay};
use super::super::dates::DateShift;
use super::super::profile::TIMEZONE;
use super::Person;
use crate::dicom::{ElementRef, Tag, VR};

/// What becomes of a value.
pub(super) enum Verdict {
    /// Its bytes are written.
    AsIs,
    /// Another text is.
    Text(String),
    /// Nothing of it is.
    Gone,
}

/// VRs that are text (PS3.5 §6.2).
pub(super) fn is_text(vr: VR) -> bool {
    width(vr) == 0 && !matches!(vr, VR::OB | VR::UN | VR::SQ)
}

/// Bytes of a number; 0 where a value is none.
pub(super) fn width(vr: VR) -> usize {
    match vr {
        VR::US | VR::SS | VR::OW => 2,
        VR::UL | VR::SL | VR::FL | VR::OF | VR::OL | VR::AT => 4,
        VR::FD | VR::OD | VR::SV | VR::UV | VR::OV => 8,
        _ => 0,
    }
}

/// A dummy of the VR.
pub(super) const fn dummy(vr: VR) -> &'static [u8] {
    match vr {
        VR::DA => b"19000101",
        VR::TM => b"000000",
        VR::DT => b"19000101000000",
        VR::AS => b"000Y",
        VR::DS | VR::IS => b"0",
        VR::UI => b"2.25.0",
        VR::UR => b"about:blank",
        VR::US | VR::SS | VR::OW | VR::OB => &[0; 2],
        VR::UL | VR::SL | VR::FL | VR::OF | VR::OL | VR::AT | VR::UN => &[0; 4],
        VR::FD | VR::OD | VR::SV | VR::UV | VR::OV => &[0; 8],
        _ => b"REMOVED",
    }
}

/// Parts texts so far that no search spans them.
pub(super) const FAR: &str = "\n\n\n\n\n\n";

/// All dummies and what else we write: no leak.
pub(super) const OUR_WORDS: &str =
    "19000101\n\n\n\n\n\n19000101000000\n\n\n\n\n\n000000\n\n\n\n\n\nREMOVED\n\n\n\n\n\nabout:blank";

/// A value that the rules let stay.
pub(super) fn keep(element: &ElementRef<'_>, vr: VR, person: &Person) -> Verdict {
    let values = || element.with_vr(vr).strings();
    let all = |fits: &dyn Fn(&String) -> bool| values().iter().all(|v| v.is_empty() || fits(v));
    let stays = match vr {
        VR::CS => all(&|v| is_code_string(v) || person.cleaner.is_phrase(v)),
        VR::IS if !all(&|v| v.replace(',', ".").parse::<f64>().is_ok_and(|n| n.abs() < 2_147_483_648.0)) => {
            false
        }
        VR::IS | VR::DS => all(&|v| {
            // A decimal comma is against the standard and found in the wild.
            v.replace(',', ".")
                .parse::<f64>()
                .is_ok_and(|number| number.is_finite() && !person.is_own_date(number))
                && v.len() <= 32
        }),
        VR::UI => all(&|v| v.bytes().all(|b| b.is_ascii_digit() || b == b'.') && v.len() <= 64),
        VR::DA => all(&|v| Date::parse_da(v).is_some()),
        VR::TM => all(&|v| TimeOfDay::parse_tm(v).is_some()),
        VR::DT => all(&|v| DateTime::parse_dt(v).is_some()),
        VR::SH if element.tag == TIMEZONE => all(&|v| crate::deid::parse_offset(v).is_some()),
        VR::AT | VR::US | VR::SS | VR::UL | VR::SL | VR::FL | VR::FD if spells_text(vr, element.bytes()) => {
            false
        }
        VR::AT => element.bytes().len().is_multiple_of(4),
        VR::US | VR::SS | VR::FL | VR::OW | VR::OF | VR::OL | VR::OV | VR::OD => {
            element.bytes().len().is_multiple_of(width(vr))
        }
        VR::UL | VR::SL | VR::FD | VR::SV | VR::UV => {
            let few = element.bytes().len() <= 4 * width(vr);
            element.bytes().len().is_multiple_of(width(vr))
                && (!few || !element.with_vr(vr).floats().iter().any(|number| person.is_own_date(*number)))
        }
        vr if is_text(vr) => is_plain(element.bytes()),
        _ => true,
    };
    if stays { Verdict::AsIs } else { Verdict::Gone }
}

/// Whether numbers of fixed width are letters in truth: by chance so many bytes are not all printable.
fn spells_text(vr: VR, bytes: &[u8]) -> bool {
    let least = if matches!(vr, VR::FL | VR::FD) { 16 } else { 12 };
    bytes.len() >= least && bytes.iter().all(|b| matches!(b, 0x20..=0x7E))
}

/// Whether a text has no control characters but those that PS3.5 §6.1.3 allows; padding at its end counts not.
fn is_plain(bytes: &[u8]) -> bool {
    let padding = bytes.iter().rev().take_while(|b| matches!(b, 0 | b' ')).count();
    let text = bytes.get(..bytes.len() - padding).unwrap_or_default();
    text.iter().all(|b| *b >= 0x20 || matches!(b, b'\t' | b'\n' | b'\r' | 0x0C | 0x1B))
}

/// A code string as PS3.5 §6.2 has it; archives also write lower case.
fn is_code_string(text: &str) -> bool {
    // Six digits in a row number somebody or something.
    let numbers = text.as_bytes().chunk_by(|a, b| a.is_ascii_digit() && b.is_ascii_digit());
    text.len() <= 16
        && numbers.into_iter().all(|run| run.len() < 6)
        && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || matches!(b, b' ' | b'_'))
}

/// The words of scanners in a text.
pub(super) fn words(element: &ElementRef<'_>, person: &Person) -> Verdict {
    let cleaned: Vec<String> = element
        .strings()
        .iter()
        .flat_map(|value| value.split(['\r', '\n', '\x0c']))
        .map(|line| person.cleaner.words(line))
        .filter(|line| !line.is_empty())
        .collect();
    let joint = if matches!(element.vr, VR::ST | VR::LT | VR::UT) { "\n" } else { "\\" };
    let text = cleaned.join(joint);
    if text.is_empty() { Verdict::Gone } else { Verdict::Text(text) }
}

/// A text whose words are all of scanners.
pub(super) fn phrase(element: &ElementRef<'_>, person: &Person) -> Verdict {
    let values = element.strings();
    let fits = values.iter().all(|value| value.is_empty() || person.cleaner.is_phrase(value));
    if fits && is_plain(element.bytes()) { Verdict::AsIs } else { Verdict::Gone }
}

/// Coding schemes of PS3.16 table 8-1 and others that are published: a code of theirs is no local word.
const SCHEMES: &[&str] = &[
    "DCM",
    "SCT",
    "SRT",
    "SNM3",
    "SNMED",
    "LN",
    "UCUM",
    "RADLEX",
    "FMA",
    "UMLS",
    "NCIT",
    "MDC",
    "I10",
    "I9",
    "I9C",
    "ICDO3",
    "ATC",
    "RXNORM",
    "CVX",
    "NEU",
    "BARI",
    "PUBCHEM_CID",
    "ITIS_TSN",
    "ISO3166_1",
    "ISO639_1",
    "ISO639_2",
    "RFC5646",
    "RFC3066",
    "POS",
    "IBSI",
    "NDC",
    "ACR",
    "BI",
    "CD8",
    "MA",
    "MGI",
    "NYUMCCG",
    "DOCCL",
    "UNS",
    "C4",
    "C5",
    "HPC",
    "ISO_10918_1",
    "ISO_14495_1",
    "ISO_15444_1",
    "ISO_15444_2",
    "COSMIC",
    "ENSEMBL",
];

/// Whether a coding scheme is one that everybody knows.
pub(super) fn is_standard_scheme(designator: &str) -> bool {
    SCHEMES.contains(&designator)
}

/// A part of a code. Of a local scheme the words of scanners stay, in the place of others a word of ours.
pub(super) fn code(element: &ElementRef<'_>, standard: bool, person: &Person) -> Verdict {
    let text = element.text().unwrap_or_default();
    if element.tag == Tag(0x0008, 0x0102) {
        let vendor = text.strip_prefix("99").unwrap_or(&text);
        let listed = standard || person.cleaner.is_phrase(vendor);
        return if listed { Verdict::AsIs } else { Verdict::Text("99LOCAL".into()) };
    }
    if standard && !text.chars().any(char::is_control) || person.cleaner.is_phrase(&text) {
        return Verdict::AsIs;
    }
    Verdict::Text("REMOVED".into())
}

/// Dates and times under the patient's shift; whole days, so times of day stay.
pub(super) fn shift(element: &ElementRef<'_>, vr: VR, shift: Option<DateShift>) -> Verdict {
    let Some(shift) = shift else { return Verdict::Gone };
    let moved: Option<Vec<String>> = element
        .strings()
        .into_iter()
        .map(|value| match vr {
            _ if value.is_empty() => Some(value),
            VR::DA => Some(shift.apply(Date::parse_da(&value)?)?.to_da()),
            VR::DT => {
                let at = DateTime::parse_dt(&value)?;
                let rest = value.get(8..).filter(|_| value.bytes().take(8).all(|b| b.is_ascii_digit()))?;
                Some(format!("{}{rest}", shift.apply(at.date)?.to_da()))
            }
            VR::TM => TimeOfDay::parse_tm(&value).map(|_| value),
            _ => None,
        })
        .collect();
    match moved {
        Some(_) if vr == VR::TM => Verdict::AsIs,
        Some(values) => Verdict::Text(values.join("\\")),
        None => Verdict::Gone,
    }
}

/// Ages over 89 are one group (45 CFR 164.514(b)(2)(i)(C)).
pub(super) fn age(element: &ElementRef<'_>) -> Verdict {
    let text = element.text().unwrap_or_default();
    match Age::parse_as(&text) {
        Some(age) if age.years() >= Age::CAP => Verdict::Text("090Y".into()),
        Some(_) if text.len() == 4 => Verdict::AsIs,
        Some(age) => Verdict::Text(format!("{:03}Y", age.years())),
        None => Verdict::Gone,
    }
}

/// Elements whose UID names a kind of thing, not a thing: SOP classes and implementations.
const CLASSES: [Tag; 8] = [
    Tag(0x0008, 0x0016), // SOPClassUID
    Tag(0x0008, 0x001A), // RelatedGeneralSOPClassUID
    Tag(0x0008, 0x001B), // OriginalSpecializedSOPClassUID
    Tag(0x0008, 0x0062), // SOPClassesSupported
    Tag(0x0008, 0x1150), // ReferencedSOPClassUID
    Tag(0x0008, 0x115A), // SOPClassesInStudy
    Tag(0x0004, 0x1510), // ReferencedSOPClassUIDInFile
    Tag(0x0400, 0x0010), // MACCalculationTransferSyntaxUID
];

/// Whether an element holds UIDs of classes.
pub(super) fn names_class(tag: Tag) -> bool {
    CLASSES.contains(&tag)
}

/// Whether a UID says nothing about a patient: the standard's own, and those of code systems (HL7's registry,
/// 2.16.840.1.113883.6) and classes. A long component is none of theirs.
pub(super) fn uid_stays(tag: Tag, uid: &str) -> bool {
    let short = |rest: &str, most: usize| {
        rest.split('.')
            .all(|part| !part.is_empty() && part.len() <= most && part.bytes().all(|b| b.is_ascii_digit()))
    };
    if let Some(rest) = uid.strip_prefix("1.2.840.10008.") {
        return short(rest, 4);
    }
    if let Some(rest) = uid.strip_prefix("2.16.840.1.113883.6.") {
        return short(rest, 4);
    }
    names_class(tag) && short(uid, 7)
}
