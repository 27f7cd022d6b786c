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
    sidecar(&header.frame(0), computed, Retain { device, ..Retain::default() })
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

/// A header whose values are bytes; every element has a four-byte length.
fn header_of_bytes(elements: &[(Tag, &str, Vec<u8>)]) -> Header {
    let mut elements = elements.to_vec();
    elements.sort_by_key(|(tag, ..)| *tag);
    let mut file = vec![0; 128];
    file.extend(b"DICM");
    let syntax = element(tags::TRANSFER_SYNTAX_UID, "UI", b"1.2.840.10008.1.2.1\0");
    let length = (syntax.len() as u32).to_le_bytes();
    file.extend(element(tags::FILE_META_INFORMATION_GROUP_LENGTH, "UL", &length));
    file.extend(syntax);
    for (tag, vr, value) in &elements {
        file.extend(element(*tag, vr, value));
    }
    Header::from_bytes(file).unwrap()
}

fn of_bytes(elements: &[(Tag, &str, Vec<u8>)], computed: &Computed) -> Map<String, Value> {
    sidecar(&header_of_bytes(elements).frame(0), computed, Retain::default())
}

fn text(tag: Tag, vr: &'static str, value: &str) -> (Tag, &'static str, Vec<u8>) {
    (tag, vr, value.as_bytes().to_vec())
}

/// Reference: dcm2niix 1.0.20260724 on dcm_qa_nih, series 4 and 6 (fifteen slices, TR 5 s).
#[test]
fn ge_slices_are_timed_by_the_protocol_block() {
    let ge = |order: &str, descend: bool, bands: &str| {
        let mut block = vec![0u8; 4];
        let mut zipped = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut zipped, format!("TR \"5000.0\"\n{order}\n").as_bytes()).unwrap();
        block.extend(zipped.finish().unwrap());
        let elements = [
            text(tags::MANUFACTURER, "LO", "GE MEDICAL SYSTEMS"),
            text(tags::SCANNING_SEQUENCE, "CS", "EP\\GR"),
            text(tags::REPETITION_TIME, "DS", "5000"),
            text(Tag(0x0025, 0x0010), "LO", "GEMS_SERS_01"),
            (Tag(0x0025, 0x101B), "OB", block),
            text(Tag(0x0043, 0x0010), "LO", "GEMS_PARM_01"),
            text(Tag(0x0043, 0x1083), "DS", "0.5\\1"),
            text(Tag(0x0043, 0x10B6), "LO", bands),
        ];
        let computed =
            Computed { size: [64, 64, 15], volumes: 4, slices_descend: descend, ..Computed::default() };
        of_bytes(&elements, &computed)
    };
    let times = |out: &Map<String, Value>| -> Vec<f64> {
        out["SliceTiming"].as_array().unwrap().iter().take(4).map(|t| t.as_f64().unwrap()).collect()
    };
    let close = |a: &[f64], b: [f64; 4]| a.iter().zip(b).all(|(x, y)| (x - y).abs() < 1e-4);
    let out = ge("SLICEORDER \"1\"", false, "0\\0\\0\\\\\\\\");
    assert!(close(&times(&out), [0.0, 2.66667, 0.33333, 3.0]), "{out:?}");
    assert_eq!(out["ParallelReductionFactorInPlane"], json!(2));
    assert!(!out.contains_key("MultibandAccelerationFactor"));
    let out = ge("SLICEORDER \"1\"", true, "0\\0\\0\\\\\\\\");
    assert!(close(&times(&out), [2.33333, 4.66667, 2.0, 4.33333]), "{out:?}");
    let out = ge("SLICEORDER \"0\"", false, "3\\4\\19\\\\\\\\");
    assert!(close(&times(&out), [0.0, 1.0, 2.0, 3.0]), "{out:?}");
    assert_eq!(out["MultibandAccelerationFactor"], json!(3));
    assert!(!ge("VIEWORDER \"0\"", false, "").contains_key("SliceTiming"));
}

/// What dcm2niix makes of the same bytes, tried on dcm_qa_nih.
#[test]
fn ge_polarity_comes_of_reordering_or_of_the_raw_header() {
    let ge = |axis: &str, order: Option<&str>, raw: Option<(u16, u16)>| {
        let mut elements = vec![
            text(tags::MANUFACTURER, "LO", "GE MEDICAL SYSTEMS"),
            text(tags::SCANNING_SEQUENCE, "CS", "EP\\GR"),
            text(tags::IN_PLANE_PHASE_ENCODING_DIRECTION, "CS", axis),
        ];
        elements.extend(order.map(|o| text(tags::RECTILINEAR_PHASE_ENCODE_REORDERING, "CS", o)));
        if let Some((blips, lines)) = raw {
            let mut bytes = vec![0u8; 2000];
            let mut put = |at: usize, value: &[u8]| bytes[at..at + value.len()].copy_from_slice(value);
            put(24, &100u16.to_le_bytes());
            put(100, &26.002f32.to_le_bytes());
            put(100 + 0x4C + 0x3A, &0x840u16.to_le_bytes());
            put(100 + 0x4C + 0x30, &blips.to_le_bytes());
            put(100 + 0x4C + 0x308, &lines.to_le_bytes());
            elements.push(text(Tag(0x0043, 0x0010), "LO", "GEMS_PARM_01"));
            elements.push((Tag(0x0043, 0x102A), "OB", bytes));
        }
        let out = of_bytes(&elements, &Computed { size: [64, 64, 9], ..Computed::default() });
        out.get("PhaseEncodingDirection").cloned()
    };
    assert_eq!(ge("COL", Some("LINEAR"), None), Some(json!("j")));
    assert_eq!(ge("COL", Some("REVERSE_LINEAR"), None), Some(json!("j-")));
    assert_eq!(ge("ROW", Some("LINEAR"), None), Some(json!("i-")));
    assert_eq!(ge("COL", None, Some((8, 0))), Some(json!("j-")));
    assert_eq!(ge("COL", None, Some((12, 0))), Some(json!("j")));
    assert_eq!(ge("COL", None, Some((8, 2))), Some(json!("j")));
    assert_eq!(ge("COL", None, Some((12, 2))), Some(json!("j-")));
    assert_eq!(ge("ROW", None, Some((8, 0))), Some(json!("i")));
    assert_eq!(ge("COL", None, None), None);
}

#[test]
fn uih_polarity_is_a_flag() {
    let uih = |axis: &str, flag: &str| {
        let elements = [
            (tags::MANUFACTURER, "LO", "UIH"),
            (tags::IN_PLANE_PHASE_ENCODING_DIRECTION, "CS", axis),
            (Tag(0x0065, 0x0010), "LO", "Image Private Header"),
            (Tag(0x0065, 0x1058), "IS", flag),
        ];
        write(&elements, &Computed::default(), false)["PhaseEncodingDirection"].clone()
    };
    assert_eq!([uih("COL", "0"), uih("COL", "1"), uih("ROW", "0"), uih("ROW", "1")], ["j-", "j", "i", "i-"]);
}

#[test]
fn uih_acceleration_follows_the_colon() {
    let uih = |information: &str| {
        let elements = [
            (tags::MANUFACTURER, "LO", "UIH"),
            (Tag(0x0065, 0x0010), "LO", "Image Private Header"),
            (Tag(0x0065, 0x100D), "SH", information),
        ];
        write(&elements, &Computed::default(), false).get("ParallelReductionFactorInPlane").cloned()
    };
    // As dcm2niix reads them.
    for (information, factor) in [("F:2S", 2.0), ("F:2.5", 2.5), ("PPA:2*3", 2.0)] {
        assert_eq!(uih(information).and_then(|v| v.as_f64()), Some(factor), "{information}");
    }
    for information in ["2", "P2S3", "F:", "F:0", "F:9999", "DOE:JANE"] {
        assert_eq!(uih(information), None, "{information}");
    }
}

/// A protocol whose rest holds what must not come out.
const PROTOCOL: &str = "<ParamString.\"tPatientName\"> { \"MUELLER\" }\n\
    ### ASCCONV BEGIN object=MrProtDataImpl@MrProtocolData version=1 ###\n\
    ucCoilCombineMode\t = \t2\nlContrasts = 2\nalTE[0] = 5190\nalTE[1] = 7650\nlDelayTimeInTR = 500000\n\
    sKSpace.ucPhasePartialFourier\t = \t0x4\nsPat.lAccelFactPE = 3\nsPat.ucPATMode = 2\nsPat.lRefLinesPE = 24\n\
    sSliceAcceleration.lMultiBandFactor = 2\nsSliceArray.ucMode = 0x4\n\
    sCoilSelectMeas.aRxCoilSelectData[0].asList[0].sCoilElementID.tCoilID = \"\"Head_32\"\"\n\
    tProtocolName = \"\"MUELLER_liver\"\"\n### ASCCONV END ###\nalTE[1] = 9999\n";

#[test]
fn siemens_protocol_gives_acceleration_and_partial_fourier_and_no_names() {
    for (group, creator, offset) in
        [(0x0029, "SIEMENS CSA HEADER", 0x1020), (0x0021, "SIEMENS MR SDS 01", 0x1019)]
    {
        let elements = [
            text(tags::MANUFACTURER, "LO", "SIEMENS"),
            text(tags::SCANNING_SEQUENCE, "CS", "EP"),
            text(tags::SEQUENCE_NAME, "SH", "*epfid2d1_64"),
            text(Tag(group, 0x0010), "LO", creator),
            (Tag(group, offset), "OB", PROTOCOL.as_bytes().to_vec()),
        ];
        let out = of_bytes(&elements, &Computed::default());
        assert_eq!(out["PartialFourier"], json!(0.75));
        assert_eq!(out["ParallelReductionFactorInPlane"], json!(3));
        assert_eq!(out["ParallelAcquisitionTechnique"], "GRAPPA");
        assert_eq!(out["MultibandAccelerationFactor"], json!(2));
        assert_eq!(out["CoilCombinationMethod"], "Adaptive Combine");
        assert_eq!(out["ReceiveCoilName"], "Head_32");
        assert_eq!(out["DelayTime"], json!(0.5));
        assert_eq!(out["PulseSequenceType"], "Multiband Gradient Echo EPI");
        assert!(!Value::Object(out).to_string().contains("MUELLER"));
    }
    assert_eq!(Protocol::parse(PROTOCOL.as_bytes()).two_echo_times_ms(), Some([5.19, 7.65]));
    let one = PROTOCOL.replace("lContrasts = 2", "lContrasts = 1");
    assert_eq!(Protocol::parse(one.as_bytes()).two_echo_times_ms(), None);
    for broken in ["", "### ASCCONV BEGIN", "### ASCCONV BEGIN\nalTE[0] = x", "######"] {
        assert_eq!(Protocol::parse(broken.as_bytes()).number("alTE[0]"), None);
    }
}

/// Reference: the order of Siemens's interleaved slices; dcm2niix on dcm_qa's 12-bit Trio set for the step.
#[test]
fn old_mosaics_are_timed_by_the_order_of_the_protocol() {
    let with = |mode: &str, slices: u32| -> Vec<f64> {
        let protocol = PROTOCOL.replace("sSliceArray.ucMode = 0x4", mode);
        let elements = [
            text(tags::MANUFACTURER, "LO", "SIEMENS"),
            text(tags::IMAGE_TYPE, "CS", "ORIGINAL\\PRIMARY\\M\\ND\\MOSAIC"),
            text(tags::SCANNING_SEQUENCE, "CS", "EP"),
            text(tags::REPETITION_TIME, "DS", "2500"),
            text(Tag(0x0029, 0x0010), "LO", "SIEMENS CSA HEADER"),
            (Tag(0x0029, 0x1020), "OB", protocol.into_bytes()),
        ];
        let out = of_bytes(&elements, &Computed { size: [64, 64, slices], ..Computed::default() });
        out.get("SliceTiming").map_or(Vec::new(), |times| {
            times.as_array().unwrap().iter().map(|t| t.as_f64().unwrap()).collect()
        })
    };
    assert_eq!(with("sSliceArray.ucMode = 0x1", 4), [0.0, 0.5, 1.0, 1.5]);
    assert_eq!(with("sSliceArray.ucMode = 0x2", 4), [1.5, 1.0, 0.5, 0.0]);
    assert_eq!(with("sSliceArray.ucMode = 0x4", 4), [1.0, 0.0, 1.5, 0.5]);
    assert_eq!(with("sSliceArray.ucMode = 0x4", 5), [0.0, 1.2, 0.4, 1.6, 0.8]);
    assert!(with("", 5).is_empty());
}

/// Reference: dcm2niix on dcm_qa's Philips DTI.
#[test]
fn philips_says_how_it_scaled_and_what_its_water_fat_shift_tells() {
    let fl = |value: f32| value.to_le_bytes().to_vec();
    let elements = [
        text(tags::MANUFACTURER, "LO", "Philips Medical Systems"),
        text(tags::IMAGING_FREQUENCY, "DS", "127.774832"),
        text(tags::ECHO_TRAIN_LENGTH, "IS", "55"),
        text(tags::ECHO_PLANAR_PULSE_SEQUENCE, "CS", "YES"),
        text(tags::IN_PLANE_PHASE_ENCODING_DIRECTION, "CS", "COL"),
        text(tags::RESCALE_SLOPE, "DS", "1.51477"),
        text(tags::RESCALE_INTERCEPT, "DS", "0"),
        text(Tag(0x2001, 0x0010), "LO", "Philips Imaging DD 001"),
        (Tag(0x2001, 0x1022), "FL", fl(13.9626)),
        text(Tag(0x2005, 0x0010), "LO", "Philips MR Imaging DD 001"),
        (Tag(0x2005, 0x100E), "FL", fl(0.026_934_7)),
    ];
    let out = of_bytes(&elements, &Computed { size: [112, 112, 32], precise: true, ..Computed::default() });
    let close = |name: &str, wanted: f64| (out[name].as_f64().unwrap() / wanted - 1.0).abs() < 1e-4;
    assert!(close("EstimatedTotalReadoutTime", 0.031_565_9));
    assert!(close("EstimatedEffectiveEchoSpacing", 0.000_284_377));
    assert!(close("PhilipsScaleSlope", 0.026_934_7));
    assert_eq!(out["PhilipsRescaleSlope"], json!(1.51477));
    assert_eq!(out["UsePhilipsFloatNotDisplayScaling"], json!(1));
    assert_eq!(out["PhaseEncodingAxis"], "j");
    assert!(!out.contains_key("TotalReadoutTime"));
}
