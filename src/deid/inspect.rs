//! Before → after. In: one real header, what its volume will be called, and the policy. Out: rows
//! for the page, those that matter first, with counts of the rest. Never: a value outside
//! [`Identified`]: what is shown on screen is revealed there.

use super::ages::Age;
use super::date::Date;
use super::dates::{DatePolicy, DateShift};
use super::fate::{self, Action};
use super::identified::Identified;
use super::place;
use super::policy::{Policy, PolicyOption};
use super::subjects::SubjectCode;
use crate::dicom::{ElementRef, Header, Tag, VR};

/// One element before and after.
#[derive(Debug, Clone)]
pub struct Row {
    /// The element's tag.
    pub tag: Tag,
    /// Its keyword in PS3.6.
    pub keyword: &'static str,
    /// The value as it is.
    pub before: Identified<String>,
    /// The value with most of its characters covered, for showing at first; still identified.
    pub masked: Identified<String>,
    /// What is done.
    pub action: Action,
    /// What is written; empty if nothing.
    pub after: String,
}

/// A header before and after.
#[derive(Debug, Clone)]
pub struct Inspection {
    /// The rows shown.
    pub rows: Vec<Row>,
    /// Elements not shown, private ones not counted.
    pub hidden_count: usize,
    /// Private elements, none of which is written.
    pub private_count: usize,
}

/// What the volume that the header belongs to becomes.
#[derive(Clone, Copy)]
pub struct After<'a> {
    /// The subject's code.
    pub subject: &'a SubjectCode,
    /// Words for the role: `late arterial`.
    pub role: &'a str,
    /// Days from the subject's first study.
    pub day: Option<i32>,
    /// The shift, where dates are shifted.
    pub shift: Option<DateShift>,
    /// The policy.
    pub policy: &'a Policy,
    /// The sidecar's allow-list: an element's BIDS field.
    pub field: &'a dyn Fn(Tag) -> Option<&'static str>,
}

/// Rows that come first, in this order, where the header has them.
const FIRST: &[Tag] = &[
    Tag(0x0010, 0x0010), // PatientName
    fate::PATIENT_ID,
    fate::BIRTH_DATE,
    fate::SEX,
    fate::AGE,
    fate::STUDY_DATE,
    Tag(0x0008, 0x0050), // AccessionNumber
    fate::SERIES_DESCRIPTION,
    Tag(0x0008, 0x1030), // StudyDescription
    Tag(0x0018, 0x1030), // ProtocolName
    Tag(0x0008, 0x0080), // InstitutionName
    Tag(0x0008, 0x0090), // ReferringPhysicianName
    Tag(0x0008, 0x1050), // PerformingPhysicianName
    Tag(0x0008, 0x1070), // OperatorsName
    Tag(0x0008, 0x0070), // Manufacturer
    Tag(0x0008, 0x1090), // ManufacturerModelName
    Tag(0x0008, 0x1010), // StationName
    Tag(0x0018, 0x1000), // DeviceSerialNumber
    Tag(0x0020, 0x000d), // StudyInstanceUID
    Tag(0x0020, 0x0010), // StudyID
    Tag(0x0010, 0x1030), // PatientWeight
    Tag(0x0018, 0x0087), // MagneticFieldStrength
    Tag(0x0018, 0x0080), // RepetitionTime
    Tag(0x0018, 0x0081), // EchoTime
    Tag(0x0018, 0x1314), // FlipAngle
    Tag(0x0020, 0x0032), // ImagePositionPatient
];

/// Characters of a value that are shown at most.
const LONGEST: usize = 80;

impl Inspection {
    /// Inspects a header. All elements with a value are rows if `all`, else the first ones of a
    /// fixed list; sequences are searched and removed, and count as hidden.
    pub fn of(header: &Header, after: &After<'_>, all: bool) -> Self {
        let mut rows: Vec<(usize, Row)> = Vec::new();
        let (mut hidden_count, mut private_count) = (0, 0);
        for element in header.root().elements().filter(|element| element.tag.1 != 0) {
            if element.tag.0 % 2 == 1 {
                private_count += 1;
                continue;
            }
            let rank = FIRST.iter().position(|&tag| tag == element.tag);
            match row(&element, header, after) {
                Some(row) if all || rank.is_some() => rows.push((rank.unwrap_or(usize::MAX), row)),
                _ => hidden_count += 1,
            }
        }
        rows.sort_by_key(|(rank, row)| (*rank, row.tag));
        let rows = rows.into_iter().map(|(_, row)| row).collect();
        Self { rows, hidden_count, private_count }
    }
}

fn row(element: &ElementRef<'_>, header: &Header, after: &After<'_>) -> Option<Row> {
    let tag = element.tag;
    let keyword = place::keyword(tag)?;
    let numeric = || {
        let numbers: Vec<String> = element.floats().iter().take(8).map(ToString::to_string).collect();
        (!numbers.is_empty()).then(|| numbers.join("\\"))
    };
    let before: String = match element.vr {
        VR::SQ | VR::OB | VR::OW | VR::UN | VR::OF | VR::OD | VR::OL | VR::OV => return None,
        VR::US | VR::SS | VR::UL | VR::SL | VR::FL | VR::FD | VR::SV | VR::UV | VR::AT => numeric()?,
        _ => element.text()?,
    };
    let before: String = before.chars().take(LONGEST).collect();
    let action = fate::action(tag, after.policy, after.field);
    let written = written(tag, action, &before, header, after);
    // Where nothing can be written (no birth date to make an age of), the element is removed.
    let action = match action {
        Action::Converted | Action::Replaced if written.is_none() => Action::Removed,
        action => action,
    };
    Some(Row {
        tag,
        keyword,
        masked: Identified::new(masked(tag, element.vr, action, &before)),
        before: Identified::new(before),
        action,
        after: written.unwrap_or_default(),
    })
}

fn written(tag: Tag, action: Action, before: &str, header: &Header, after: &After<'_>) -> Option<String> {
    match action {
        Action::Removed => None,
        Action::Kept => Some(with_unit(tag, before)),
        Action::Replaced if tag == fate::PATIENT_ID => Some(format!("sub-{}", after.subject)),
        Action::Replaced => {
            let date = Date::parse_da(before)?;
            after.shift?.apply(date).map(Date::to_iso)
        }
        Action::Converted if tag == fate::SERIES_DESCRIPTION => Some(after.role.to_owned()),
        Action::Converted if matches!(tag, fate::BIRTH_DATE | fate::AGE) => {
            if !after.policy.holds(PolicyOption::RetainPatientCharacteristics) {
                return None;
            }
            let text = |tag| header.root().text(tag);
            let given = text(fate::AGE).and_then(|age| Age::parse_as(&age));
            let birth = text(fate::BIRTH_DATE).and_then(|date| Date::parse_da(&date));
            let study = text(fate::STUDY_DATE).and_then(|date| Date::parse_da(&date));
            let age = birth.zip(study).and_then(|(birth, study)| Age::at(birth, study)).or(given)?;
            Some(format!("age {}", age.band()))
        }
        Action::Converted if tag == fate::STUDY_DATE && after.policy.dates == DatePolicy::None => {
            Some(after.day.map_or_else(|| "day 0".to_owned(), |day| format!("day {day}")))
        }
        Action::Converted if matches!(tag.0, 0x0008) => Some("seconds from the first phase".to_owned()),
        Action::Converted => Some("in the image's header".to_owned()),
    }
}

fn with_unit(tag: Tag, value: &str) -> String {
    let unit = match tag {
        Tag(0x0018, 0x0050 | 0x0088) => " mm",
        Tag(0x0018, 0x0080..=0x0082) => " ms",
        Tag(0x0018, 0x0087) => " T",
        Tag(0x0018, 0x1314) => "°",
        _ => "",
    };
    format!("{value}{unit}")
}

/// Whether a value may stand on the screen unasked: what is written anyway, numbers and codes of the
/// acquisition and of the image, and the series description, which the plan's table beside it shows and
/// which the user works with. All else is covered, so that no row of PS3.15 Table E.1-1 is forgotten.
fn in_plain_sight(tag: Tag, vr: VR, action: Action) -> bool {
    let coded = matches!(
        vr,
        VR::DS | VR::IS | VR::FL | VR::FD | VR::US | VR::SS | VR::UL | VR::SL | VR::SV | VR::UV | VR::CS
    );
    action == Action::Kept
        || tag == fate::SERIES_DESCRIPTION
        || fate::MADE_INTO_IMAGE.contains(&tag)
        || (matches!(tag.0, 0x0018 | 0x0028) && coded)
}

/// Covers what identifies: names but for one letter, IDs but for three characters, dates but for the
/// year, UIDs but for their root.
fn masked(tag: Tag, vr: VR, action: Action, before: &str) -> String {
    if in_plain_sight(tag, vr, action) {
        return before.to_owned();
    }
    let length = before.chars().count();
    let (head, tail) = match vr {
        _ if length <= 3 => (0, 0),
        VR::PN => (1, 0),
        VR::DA | VR::DT => (4, 0),
        VR::UI => (4, 0),
        VR::TM | VR::AS | VR::DS | VR::IS | VR::CS => (0, 0),
        _ if length <= 6 => (1, 0),
        _ => (2, 1),
    };
    before.chars().enumerate().map(|(at, c)| if at < head || at + tail >= length { c } else { '•' }).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests stop at the first surprise")]
    use super::super::identified::Purpose;
    use super::super::synthetic::{element, file, texts};
    use super::*;

    fn header() -> Header {
        let mut elements = texts(&[
            (0x08, 0x20, "DA", "20180312"),
            (0x08, 0x103e, "LO", "t1_vibe_art_2_W"),
            (0x10, 0x10, "PN", "DOE^JANE"),
            (0x10, 0x20, "LO", "0012347"),
            (0x10, 0x30, "DA", "19550507"),
            (0x10, 0x40, "CS", "F"),
            (0x18, 0x81, "DS", "2.38"),
            (0x18, 0x1000, "LO", "45123"),
        ]);
        elements.push(element(Tag(0x19, 0x10), "LO", b"ACME"));
        elements.push(element(Tag(0x28, 0x10), "US", &[4, 1]));
        file(&elements)
    }

    fn inspect(policy: &Policy, shift: Option<DateShift>) -> Inspection {
        let subject = SubjectCode::new("7k3q9d2a").unwrap();
        let field = |tag: Tag| (tag == Tag(0x18, 0x81)).then_some("EchoTime");
        let after =
            After { subject: &subject, role: "late arterial", day: Some(126), shift, policy, field: &field };
        Inspection::of(&header(), &after, false)
    }

    fn after<'a>(inspection: &'a Inspection, keyword: &str) -> &'a str {
        &inspection.rows.iter().find(|row| row.keyword == keyword).unwrap().after
    }

    #[test]
    fn rows_that_matter_come_first_and_show_what_is_written() {
        let inspection = inspect(&Policy::default(), None);
        let keywords: Vec<&str> = inspection.rows.iter().map(|row| row.keyword).collect();
        assert_eq!(
            keywords,
            [
                "PatientName",
                "PatientID",
                "PatientBirthDate",
                "PatientSex",
                "StudyDate",
                "SeriesDescription",
                "DeviceSerialNumber",
                "EchoTime"
            ]
        );
        assert_eq!(after(&inspection, "PatientName"), "");
        assert_eq!(after(&inspection, "PatientID"), "sub-7k3q9d2a");
        assert_eq!(after(&inspection, "PatientBirthDate"), "age 60-64");
        assert_eq!(after(&inspection, "StudyDate"), "day 126");
        assert_eq!(after(&inspection, "SeriesDescription"), "late arterial");
        assert_eq!(after(&inspection, "EchoTime"), "2.38 ms");
        let masked: Vec<&str> =
            inspection.rows.iter().take(5).map(|row| row.masked.reveal(Purpose::Screen).as_str()).collect();
        assert_eq!(masked, ["D•••••••", "00••••7", "1955••••", "F", "2018••••"]);
        let serial = inspection.rows.iter().find(|row| row.keyword == "DeviceSerialNumber").unwrap();
        assert_eq!(serial.masked.reveal(Purpose::Screen), "4••••");
        assert_eq!(
            (inspection.hidden_count, inspection.private_count),
            (2, 1),
            "charset and rows; one private"
        );
    }

    #[test]
    fn options_show_in_the_rows() {
        let mut policy = Policy { dates: DatePolicy::Shift, ..Policy::default() };
        policy.options.retain_patient_characteristics = false;
        let key = super::super::ProjectKey::from_entropy([5; 32]);
        let person = super::super::PatientIdentity::default().key();
        let shift = DateShift::for_patient(&key, &person, &std::collections::BTreeSet::new()).unwrap();
        let inspection = inspect(&policy, Some(shift));
        assert_eq!(after(&inspection, "PatientSex"), "");
        assert_eq!(after(&inspection, "PatientBirthDate"), "");
        let expected = shift.apply(Date::parse_da("20180312").unwrap()).unwrap().to_iso();
        assert_eq!(after(&inspection, "StudyDate"), expected);
    }

    #[test]
    fn nothing_of_a_row_is_in_its_debug_text() {
        assert!(!format!("{:?}", inspect(&Policy::default(), None)).contains("DOE"));
    }
}
