//! The check on real headers: what identifies is found in any spelling, and what a data set holds on
//! purpose is not mistaken for it. Skipped where the shared data are absent.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod common;

use hepatica::dataset::sidecar::field_of;
use hepatica::deid::{
    Action, After, Check, DatePolicy, Inspection, Leak, PatientIdentity, Policy, Purpose, Retained, Secrets,
    SubjectCode,
};
use hepatica::dicom::{Header, Tag};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What a sidecar typically keeps: tag and BIDS field.
const KEPT: &[(u16, u16, &str)] = &[
    (0x0008, 0x0008, "ImageType"),
    (0x0008, 0x0060, "Modality"),
    (0x0008, 0x0070, "Manufacturer"),
    (0x0008, 0x1090, "ManufacturersModelName"),
    (0x0018, 0x0015, "BodyPartExamined"),
    (0x0018, 0x0020, "ScanningSequence"),
    (0x0018, 0x0021, "SequenceVariant"),
    (0x0018, 0x0022, "ScanOptions"),
    (0x0018, 0x0023, "MRAcquisitionType"),
    (0x0018, 0x0024, "SequenceName"),
    (0x0018, 0x0050, "SliceThickness"),
    (0x0018, 0x0080, "RepetitionTime"),
    (0x0018, 0x0081, "EchoTime"),
    (0x0018, 0x0084, "ImagingFrequency"),
    (0x0018, 0x0087, "MagneticFieldStrength"),
    (0x0018, 0x0095, "PixelBandwidth"),
    (0x0018, 0x1020, "SoftwareVersions"),
    (0x0018, 0x1250, "ReceiveCoilName"),
    (0x0018, 0x1314, "FlipAngle"),
    (0x0018, 0x5100, "PatientPosition"),
    (0x0020, 0x0011, "SeriesNumber"),
    (0x0020, 0x0012, "AcquisitionNumber"),
];

fn files(folder: &Path, out: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() { files(&path, out) } else { out.push(path) }
    }
}

fn sidecar(header: &Header) -> String {
    let mut json = serde_json::Map::new();
    for &(group, element, field) in KEPT {
        let Some(element) = header.root().get(Tag(group, element)) else { continue };
        let numbers = element.floats();
        let value = match numbers.as_slice() {
            [] => serde_json::json!(element.strings()),
            [one] => serde_json::json!(one),
            many => serde_json::json!(many),
        };
        json.insert(field.to_owned(), value);
    }
    serde_json::to_string_pretty(&json).unwrap()
}

#[test]
fn real_headers_leak_nothing_by_what_is_kept_and_everything_by_what_is_not() {
    let Some(data) = common::shared_data("dcm_qa") else { return };
    let mut paths = Vec::new();
    files(&data, &mut paths);
    let mut patients: BTreeMap<_, (Secrets, Vec<Header>)> = BTreeMap::new();
    for path in paths {
        let Ok(header) = Header::from_bytes(std::fs::read(path).unwrap()) else { continue };
        let text = |g, e| header.root().text(Tag(g, e)).unwrap_or_default().into();
        let identity = PatientIdentity {
            patient_id: text(0x10, 0x20),
            name: text(0x10, 0x10),
            birth_date: text(0x10, 0x30),
            study_uid: text(0x20, 0x0d),
            ..PatientIdentity::default()
        };
        let (secrets, headers) = patients.entry(identity.key()).or_default();
        secrets.collect(&header);
        headers.push(header);
    }
    assert!(patients.len() >= 5, "{}", patients.len());
    let kept = |tag: Tag| KEPT.iter().any(|&(g, e, _)| tag == Tag(g, e));
    let retained = Retained { kept: &kept, dates: DatePolicy::None, texts: &[], chosen: &[], fields: &[] };
    for (secrets, headers) in patients.values() {
        let check = Check::new(&[secrets], &retained).unwrap();
        for header in headers {
            let name = "sub-7k3q9d2a/ses-01/anat/sub-7k3q9d2a_ses-01_T1w.json";
            let kept = check.entry(name, sidecar(header).as_bytes());
            assert_eq!(kept.map(|_| ()), Ok(()), "a kept value was taken for a leak");
            let text = |g, e| header.root().text(Tag(g, e));
            let planted = [
                text(0x08, 0x18),
                text(0x20, 0x0d),
                text(0x08, 0x20),
                text(0x08, 0x32).filter(|time| time.len() >= 6),
                text(0x10, 0x10).filter(|name| name.len() > 12),
                text(0x18, 0x1000).filter(|serial| serial.len() > 5),
            ];
            for (index, value) in planted.into_iter().enumerate() {
                let Some(value) = value else { continue };
                let json = format!("{{\"X\": {}}}", serde_json::json!(value));
                let found = check.entry(name, json.as_bytes());
                assert!(matches!(found, Err(Leak::Value { .. })), "planted value {index} was not found");
            }
        }
    }
}

/// PS3.15 Table E.1-1 names what identifies: on the screen none of it stands uncovered before the user
/// asks, but for what is written anyway and for the series description, which the plan's table shows.
#[test]
fn whatever_the_standard_names_is_covered_on_the_screen() {
    let Some(table) = common::shared_data("ps3.15/table_e1-1.json") else { return };
    let table: serde_json::Value = serde_json::from_slice(&std::fs::read(table).unwrap()).unwrap();
    let rows = table["rows"].as_array().unwrap();
    let mut set = common::dicom::Set::default();
    let mut wanted = std::collections::BTreeSet::new();
    for row in rows {
        let (id, vr) = (row["id"].as_str().unwrap_or_default(), row["vr"].as_str().unwrap_or_default());
        let (Ok(group), Ok(element)) = (
            u16::from_str_radix(id.get(..4).unwrap_or_default(), 16),
            u16::from_str_radix(id.get(4..).unwrap_or_default(), 16),
        ) else {
            continue;
        };
        let value = match vr {
            "DA" => "19550507",
            "TM" => "101530",
            "DT" => "19550507101530",
            "AS" => "063Y",
            "UI" => "1.2.826.0.1.3680043.2.1143.77",
            "IS" | "DS" => "7531",
            "PN" => "DOE^JANE",
            "CS" => "WARDSEVEN",
            "LO" | "SH" | "LT" | "ST" | "UT" | "UC" | "AE" | "UR" => "WARD-SEVEN-4711",
            _ => continue,
        };
        // File meta information is no part of the data set.
        if group > 0x0002 && group % 2 == 0 {
            set.text((group, element), vr, value);
            wanted.insert(Tag(group, element));
        }
    }
    assert!(wanted.len() > 300, "{} elements", wanted.len());
    let header = Header::from_bytes(common::dicom::Form::default().file(&set)).unwrap();
    let subject = SubjectCode::new("7k3q9d2a").unwrap();
    let after = After {
        subject: &subject,
        role: "late arterial",
        day: Some(0),
        shift: None,
        policy: &Policy::default(),
        field: &field_of,
    };
    let mut bare = Vec::new();
    let inspection = Inspection::of(&header, &after, true);
    for row in &inspection.rows {
        wanted.remove(&row.tag);
        let covered = row.masked.reveal(Purpose::Screen) != row.before.reveal(Purpose::Screen);
        if !covered && row.action != Action::Kept && row.tag != Tag(0x0008, 0x103e) {
            bare.push(row.keyword);
        }
    }
    assert_eq!(bare, Vec::<&str>::new());
    assert!(wanted.len() < 10, "elements that are no row: {wanted:?}");
}
