//! What passes into a sidecar, and what must not.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use super::*;
use crate::dicom::{Header, Tag};

/// An element in explicit VR little endian with a two-byte length, or a four-byte one for `OB`.
fn element(tag: Tag, vr: &str, value: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.extend(tag.0.to_le_bytes());
    bytes.extend(tag.1.to_le_bytes());
    bytes.extend(vr.as_bytes());
    let mut value = value.to_vec();
    if value.len() % 2 == 1 {
        value.push(if vr == "OB" { 0 } else { b' ' });
    }
    if vr == "OB" {
        bytes.extend([0, 0]);
        bytes.extend((value.len() as u32).to_le_bytes());
    } else {
        bytes.extend((value.len() as u16).to_le_bytes());
    }
    bytes.extend(value);
    bytes
}

fn header(elements: &[(Tag, &str, &str)]) -> Header {
    let mut elements = elements.to_vec();
    elements.sort_by_key(|(tag, ..)| *tag);
    let mut file = vec![0; 128];
    file.extend(b"DICM");
    let syntax = element(tags::TRANSFER_SYNTAX_UID, "UI", b"1.2.840.10008.1.2.1\0");
    file.extend(element(
        tags::FILE_META_INFORMATION_GROUP_LENGTH,
        "UL",
        &(syntax.len() as u32).to_le_bytes(),
    ));
    file.extend(syntax);
    for (tag, vr, value) in &elements {
        file.extend(element(*tag, vr, value.as_bytes()));
    }
    Header::from_bytes(file).unwrap()
}

fn write(elements: &[(Tag, &str, &str)], computed: &Computed, device: bool) -> Map<String, Value> {
    let header = header(elements);
    sidecar(&header.frame(0), computed, Retain { device })
}

const LIVER: &[(Tag, &str, &str)] = &[
    (tags::IMAGE_TYPE, "CS", "ORIGINAL\\PRIMARY\\M\\DIXON\\WATER\\MUELLER\\TE2"),
    (tags::MODALITY, "CS", "MR"),
    (tags::MANUFACTURER, "LO", "SIEMENS"),
    (tags::MANUFACTURER_MODEL_NAME, "LO", "MAGNETOM Vida"),
    (tags::SOFTWARE_VERSIONS, "LO", "syngo MR XA20"),
    (tags::CONTRAST_BOLUS_AGENT, "LO", "10 ml Primovist f. Frau Mueller"),
    (tags::BODY_PART_EXAMINED, "CS", "LIVER"),
    (tags::SCANNING_SEQUENCE, "CS", "GR"),
    (tags::SEQUENCE_NAME, "SH", "*fl3d2"),
    (tags::SLICE_THICKNESS, "DS", "3.0"),
    (tags::REPETITION_TIME, "DS", "4.19"),
    (tags::ECHO_TIME, "DS", "2.38"),
    (tags::FLIP_ANGLE, "DS", "9"),
    (tags::MAGNETIC_FIELD_STRENGTH, "DS", "30000"),
    (tags::IN_PLANE_PHASE_ENCODING_DIRECTION, "CS", "COL"),
];

#[test]
fn units_are_bids_units() {
    let computed = Computed { slice_spacing_mm: Some(3.0), fingerprint: "k1".into(), ..Computed::default() };
    let out = write(LIVER, &computed, true);
    assert_eq!(out["EchoTime"], json!(0.00238));
    assert_eq!(out["RepetitionTime"], json!(0.00419));
    assert_eq!(out["MagneticFieldStrength"], json!(3));
    assert_eq!(out["SliceThickness"], json!(3));
    assert_eq!(out["SpacingBetweenSlices"], json!(3));
    assert_eq!(out["Manufacturer"], "Siemens");
    assert_eq!(out["ManufacturersModelName"], "MAGNETOM Vida");
    assert_eq!(out["SoftwareVersions"], "syngo MR XA20");
    assert_eq!(out["ContrastBolusAgent"], "gadoxetate");
    assert_eq!(out["PulseSequenceType"], "Gradient Echo");
    assert_eq!(out["PhaseEncodingAxis"], "j");
    assert_eq!(out["ImageType"], json!(["ORIGINAL", "PRIMARY", "M", "DIXON", "WATER", "TE2"]));
    assert_eq!(out[FINGERPRINT], "k1");
    let keys: Vec<&String> = out.keys().collect();
    assert_eq!(keys.last().unwrap().as_str(), FINGERPRINT);
}

#[test]
fn the_device_is_named_only_where_the_policy_retains_it() {
    let out = write(LIVER, &Computed::default(), false);
    assert!(!out.contains_key("ManufacturersModelName") && !out.contains_key("SoftwareVersions"));
}

/// Every text of the table's elements, filled with what people type into wrong fields.
#[test]
fn planted_text_passes_nowhere() {
    let planted =
        ["Mueller^Hans", "ward 7 Mueller", "19340201", "4711-08155", "dr.haus@example.org", "01.02.1934"];
    let mut elements: Vec<(Tag, &str, String)> = Vec::new();
    for (i, field) in FIELDS.iter().enumerate() {
        for source in field.sources {
            if let From::Tag(tag) = source {
                let text = matches!(field.value, Allowed::Term(_) | Allowed::Code(_) | Allowed::Truth(..));
                let value = planted[i % planted.len()].to_owned();
                elements.push((*tag, if text { "LO" } else { "DS" }, value));
            }
        }
    }
    let others = [
        tags::IMAGE_TYPE,
        tags::MANUFACTURER,
        tags::CONTRAST_BOLUS_AGENT,
        tags::PATIENT_NAME,
        tags::SERIES_DESCRIPTION,
        tags::PROTOCOL_NAME,
        tags::STUDY_DESCRIPTION,
        tags::INSTITUTION_NAME,
        tags::STATION_NAME,
        tags::DEVICE_SERIAL_NUMBER,
        tags::IMAGE_COMMENTS,
        tags::STUDY_DATE,
        tags::ACQUISITION_TIME,
    ];
    elements.extend(others.map(|tag| (tag, "LO", "Mueller^Hans".to_owned())));
    elements.dedup_by_key(|(tag, ..)| *tag);
    let elements: Vec<(Tag, &str, &str)> = elements.iter().map(|(t, vr, v)| (*t, *vr, v.as_str())).collect();
    let out = write(&elements, &Computed::default(), true);
    let text = serde_json::to_string(&out).unwrap();
    for word in ["Mueller", "1934", "4711", "haus", "ward"] {
        assert!(!text.contains(word), "{word} in {text}");
    }
}

#[test]
fn nonsense_numbers_are_left_out() {
    let elements = [
        (tags::ECHO_TIME, "DS", "0"),
        (tags::REPETITION_TIME, "DS", "19340201"),
        (tags::FLIP_ANGLE, "DS", "4711"),
        (tags::SLICE_THICKNESS, "DS", "-3"),
        (tags::SAR, "DS", "nan"),
    ];
    let out = write(&elements, &Computed::default(), true);
    let names: Vec<&String> = out.keys().collect();
    assert_eq!(names, ["ConversionSoftware", "ConversionSoftwareVersion"]);
}

#[test]
fn what_conversion_knows_goes_over_the_header() {
    let computed = Computed {
        echo_times_s: Some([0.00519, 0.00765]),
        repetition_time_s: Some(2.4),
        slice_timing_s: Some(vec![0.0, 1.45, 0.4825]),
        units: Some(Units::Radians),
        functional: true,
        seconds_from_first_phase: Some(18.0),
        warnings: vec!["missing_slices".into(), "Not An Id".into()],
        ..Computed::default()
    };
    let out = write(LIVER, &computed, false);
    assert!(!out.contains_key("EchoTime"));
    assert_eq!(out["EchoTime2"], json!(0.00765));
    assert_eq!(out["RepetitionTime"], json!(2.4));
    assert_eq!(out["SliceTiming"], json!([0, 1.45, 0.4825]));
    assert_eq!(out["Units"], "rad");
    assert_eq!(out["TaskName"], UNNAMED_TASK);
    assert_eq!(out["HepaticaWarnings"], json!(["missing_slices"]));
}

/// Reference: dcm2niix 1.0.20260724 on dcm_qa_nih, series 3 (`EPI PE=AP`).
#[test]
fn echo_planar_timing_is_dcm2niixs() {
    let elements = [
        (tags::SCANNING_SEQUENCE, "CS", "EP"),
        (tags::SEQUENCE_NAME, "SH", "epfid2d1_72"),
        (tags::IN_PLANE_PHASE_ENCODING_DIRECTION, "CS", "COL"),
        (Tag(0x0019, 0x0010), "LO", "SIEMENS MR HEADER"),
        (Tag(0x0019, 0x1028), "DS", "27.778"),
        (Tag(0x0019, 0x1018), "IS", "3000"),
        (Tag(0x0021, 0x0011), "LO", "SIEMENS MR SDI 02"),
        (Tag(0x0021, 0x111c), "IS", "1"),
    ];
    let computed = Computed { size: [72, 72, 5], ..Computed::default() };
    let out = write(&elements, &computed, false);
    assert_eq!(out["PhaseEncodingDirection"], "j-");
    assert_eq!(out["PulseSequenceType"], "Gradient Echo EPI");
    assert_eq!(out["DwellTime"], json!(3e-6));
    let close = |name: &str, expected: f64| (out[name].as_f64().unwrap() / expected - 1.0).abs() < 1e-5;
    assert!(close("EffectiveEchoSpacing", 0.000_499_996));
    assert!(close("TotalReadoutTime", 0.035_499_7));
}

#[test]
fn numbers_read_as_people_write_them() {
    let text = |v: f64| number(v).unwrap().to_string();
    assert_eq!(
        [text(2.38 * 1e-3), text(3.0), text(-0.0), text(123.203897)],
        ["0.00238", "3", "0", "123.203897"]
    );
    assert_eq!(number(f64::NAN), None);
    assert_eq!(number(f64::INFINITY), None);
}
