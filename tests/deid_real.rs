//! The check on real headers: what identifies is found in any spelling, and what a data set holds on
//! purpose is not mistaken for it. Skipped where the shared data are absent.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod common;

use hepatica::deid::{Check, DatePolicy, Leak, PatientIdentity, Retained, Secrets};
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
