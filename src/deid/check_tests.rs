#![allow(clippy::unwrap_used, reason = "tests stop at the first surprise")]

use super::super::synthetic::{element, file, sequence, texts};
use super::*;
use crate::deid::Identified;
use crate::dicom::Header;

const NOTHING_KEPT: fn(Tag) -> bool = |_| false;

fn retained(kept: &dyn Fn(Tag) -> bool) -> Retained<'_> {
    Retained { kept, dates: DatePolicy::None, texts: &[], chosen: &[], fields: &[] }
}

fn secrets(header: &Header) -> Secrets {
    let mut secrets = Secrets::new();
    secrets.collect(header);
    secrets
}

fn check_of(values: &[(u16, u16, &str, &str)]) -> Check {
    Check::new(&[&secrets(&file(&texts(values)))], &retained(&NOTHING_KEPT)).unwrap()
}

const SIDECAR: &str = "sub-7k3q9d2a/ses-01/anat/sub-7k3q9d2a_ses-01_acq-pre_T1w.json";

fn leaks(check: &Check, name: &str, text: &str) -> bool {
    check.entry(name, text.as_bytes()).is_err()
}

#[test]
fn names_in_any_spelling_leak() {
    let check = check_of(&[(0x10, 0x10, "PN", "Müller-Doe^Jane Ann^^Dr.=山田^太郎")]);
    for text in [
        "Müller-Doe^Jane Ann",
        "MULLER-DOE, JANE ANN",
        "jane_ann_muller_doe",
        "mullerdoejaneann",
        "xxMullerDoeJaneAnnxx",
        "Jane Ann Müller-Doe",
        "Mu\\u00fcller^x M\\u00fcller-Doe",
        "山田 太郎",
        "太郎山田",
        "report of Müller",
        "JANE",
        "山田",
    ] {
        assert!(leaks(&check, SIDECAR, &format!("{{\"X\": \"{text}\"}}")), "{text}");
    }
    let wide: Vec<u8> = [0u8, 1, 7]
        .into_iter()
        .chain("MÜLLER-DOE^JANE ANN".encode_utf16().flat_map(u16::to_le_bytes))
        .collect();
    assert!(check.entry("README", &wide).is_err(), "UTF-16");
    let mut latin = b"patient M".to_vec();
    latin.extend_from_slice(b"\xfcller-Doe^Jane Ann");
    assert!(check.entry("README", &latin).is_err(), "Latin-1");
    for text in ["Mulle", "janet", "muellers", "acq-pre"] {
        assert!(!leaks(&check, SIDECAR, &format!("{{\"X\": \"{text}\"}}")), "{text}");
    }
}

#[test]
fn names_in_entry_names_leak_and_the_message_says_no_value() {
    let check = check_of(&[(0x10, 0x10, "PN", "DOE^JANE"), (0x10, 0x20, "LO", "12345")]);
    let leak = check.entry("sub-doejane/ses-01/x.nii.gz", &[0; 352]).unwrap_err();
    let message = leak.to_string();
    assert!(message.contains("(0010,0010) PatientName") && message.contains("name of an entry"), "{message}");
    assert!(!message.to_lowercase().contains("doe") && !message.to_lowercase().contains("jane"), "{message}");
    assert!(check.entry("sub-12345/x.json", b"{}").is_err(), "a short ID as a part of a name");
    assert!(check.entry("sub-1234567/x.json", b"{}").is_ok());
}

#[test]
fn ids_leak_as_written_without_zeros_and_without_letters() {
    let check = check_of(&[
        (0x08, 0x50, "SH", "ACC-2018-004711"),
        (0x10, 0x20, "LO", "MRN-0012345678"),
        (0x18, 0x1000, "LO", "AWP45123"),
    ]);
    for text in [
        "MRN-0012345678",
        "mrn0012345678",
        "0012345678",
        "12345678",
        "ID12345678",
        "ACC2018004711",
        "004711",
        "x_AWP-45123",
    ] {
        assert!(leaks(&check, SIDECAR, &format!("{{\"X\": \"{text}\"}}")), "{text}");
    }
    assert!(leaks(&check, SIDECAR, "{\"X\": 12345678}"), "a bare number");
    for text in
        ["123456789", "0.12345678", "12345678.25", "1.2345678e4", "112345678", "12345678e-3", "1, 2345678"]
    {
        assert!(!leaks(&check, SIDECAR, &format!("{{\"X\": {text}}}")), "{text}");
    }
}

#[test]
fn numbers_in_lists_and_floats_are_no_identifiers() {
    let check = check_of(&[
        (0x08, 0x50, "SH", "504008"),
        (0x10, 0x20, "LO", "12345"),
        (0x10, 0x1000, "LO", "050400\\152018"),
        (0x10, 0x2154, "SH", "050 400 800"),
        (0x20, 0x10, "SH", "1000"),
    ]);
    let clean = [
        ("sub-a/ses-01/dwi/sub-a_ses-01_dwi.bval", "0 50 400 800 1000 12345\n"),
        ("sub-a/ses-01/dwi/sub-a_ses-01_dwi.bvec", "0.504008 0.12345 -0.152018\n050 400 800\n"),
        (
            SIDECAR,
            "{\"RepetitionTime\": 12.345, \"ImagingFrequency\": 123.504008, \"X\": [1.5, 2018, 12345, 1000], \"SliceTiming\": [0.050400, 0.152018]}",
        ),
        ("provenance/conversion.tsv", "file\toutcome\n12345\tconverted\n1000\tskipped\n"),
        (
            "provenance/plan.json",
            "{\"bytes\": 504008, \"sha256\": \"a050400b152018c504008d12345e0f1a2b3c4d5e6f708192a3b4c5d6e7f8091\"}",
        ),
    ];
    for (name, text) in clean {
        assert_eq!(check.entry(name, text.as_bytes()).map(|_| ()), Ok(()), "{text}");
    }
    assert!(leaks(&check, SIDECAR, "{\"X\": \"12345\"}"), "but a whole string is");
    assert!(leaks(&check, SIDECAR, "{\"X\": \"504008\"}"));
    assert!(leaks(&check, "participants.tsv", "participant_id\tid\nsub-a\t504008\n"));
}

#[test]
fn dates_in_every_spelling_leak() {
    let check = check_of(&[
        (0x08, 0x20, "DA", "20180312"),
        (0x10, 0x30, "DA", "1960.05.07"),
        (0x40, 0xa120, "DT", "20191101235959.5+0100"),
    ]);
    for text in [
        "20180312",
        "2018-03-12",
        "2018.03.12",
        "2018/03/12",
        "12.03.2018",
        "12032018",
        "03/12/2018",
        "12 Mar 2018",
        "March 12, 2018",
        "12-MAR-2018",
        "12Mar2018",
        "2018-03-12T10:11:12",
        "20180312101112",
        "3/12/2018",
        "12.3.2018",
        "12.03.18",
        "1960-05-07",
        "7.5.1960",
        "x_20180312_y",
        "20191101",
    ] {
        assert!(leaks(&check, SIDECAR, &format!("{{\"X\": \"{text}\"}}")), "{text}");
    }
    for text in ["2018", "120320180", "2018031", "2018-12-03", "1.20180312", "12 2018", "03.2018", "v12.0.3"]
    {
        assert!(!leaks(&check, SIDECAR, &format!("{{\"X\": \"{text}\"}}")), "{text}");
    }
    assert!(!leaks(&check, "a.bvec", "12 03 2018\n"));
}

#[test]
fn times_of_day_leak_where_no_dates_are_written() {
    let values =
        [(0x08, 0x32, "TM", "101112.345000"), (0x08, 0x33, "TM", "134501"), (0x08, 0x31, "TM", "091512.5")];
    let check = check_of(&values);
    for text in [
        "10:11:12",
        "10:11:12.345",
        "101112.345",
        "101112.345000",
        "13:45:01",
        "134501",
        "2010-01-01T13:45:01",
    ] {
        assert!(leaks(&check, SIDECAR, &format!("{{\"X\": \"{text}\"}}")), "{text}");
    }
    assert!(!leaks(
        &check,
        SIDECAR,
        "{\"X\": 134501, \"W\": 91512.5, \"Y\": \"10:11\", \"Z\": [10, 11, 12.345]}"
    ));
    let header = file(&texts(&values));
    let kept = Retained { dates: DatePolicy::Shift, ..retained(&NOTHING_KEPT) };
    let shifted = Check::new(&[&secrets(&header)], &kept).unwrap();
    assert!(!leaks(&shifted, SIDECAR, "{\"AcquisitionTime\": \"10:11:12.345\"}"), "a shift moves days only");
    assert_eq!(shifted.searched().retained.len(), 3);
}

#[test]
fn kept_dates_still_search_for_the_birth_date() {
    let header = file(&texts(&[(0x08, 0x20, "DA", "20180312"), (0x10, 0x30, "DA", "19600507")]));
    let kept = Retained { dates: DatePolicy::Keep, ..retained(&NOTHING_KEPT) };
    let check = Check::new(&[&secrets(&header)], &kept).unwrap();
    assert!(!leaks(&check, SIDECAR, "{\"X\": \"2018-03-12\"}"));
    assert!(leaks(&check, SIDECAR, "{\"X\": \"1960-05-07\"}"));
}

#[test]
fn uids_leak_with_dots_or_without_but_not_the_standards_own() {
    let check = check_of(&[
        (0x08, 0x16, "UI", "1.2.840.10008.5.1.4.1.1.4"),
        (0x20, 0x0d, "UI", "1.3.12.2.1107.5.2.32.35131.2018"),
    ]);
    assert!(leaks(&check, SIDECAR, "{\"X\": \"1.3.12.2.1107.5.2.32.35131.2018.1\"}"));
    assert!(leaks(&check, "sub-1_3_12_2_1107_5_2_32_35131_2018.json", "{}"));
    assert!(!leaks(&check, SIDECAR, "{\"X\": \"1.2.840.10008.5.1.4.1.1.4\"}"));
    assert_eq!(check.searched().standard_uids, 2, "SOP class and transfer syntax");
}

#[test]
fn what_lies_in_sequences_private_blocks_and_file_meta_leaks() {
    let nested =
        texts(&[(0x10, 0x10, "PN", "NESTED^NORA"), (0x08, 0x1155, "UI", "1.2.276.0.7230010.3.1.4.99887766")]);
    let mut csa =
        b"SV10\x04\x03\x02\x01\0\0\0\0<ParamString.\"DeviceSerialNumber\">  { \"HX45123Q\" }\0\0".to_vec();
    csa.extend_from_slice(b"\x01\x02Hidden^Hilda\0\0\x03sTimeStamp 20170704\0\0AcquisitionMatrixText\0");
    csa.extend_from_slice(b"<ParamString.\"InstitutionName\">  { \"Klinikum Musterstadt\" }\0");
    let header = file(&[
        element(Tag(0x08, 0x20), "DA", b"20180312"),
        sequence(Tag(0x08, 0x1110), &nested),
        element(Tag(0x29, 0x10), "LO", b"SIEMENS CSA HEADER"),
        element(Tag(0x29, 0x1010), "OB", &csa),
        element(Tag(0x29, 0x1020), "UN", b"Zebra Street 9, Musterstadt"),
    ]);
    let check = Check::new(&[&secrets(&header)], &retained(&NOTHING_KEPT)).unwrap();
    for text in [
        "Nora Nested",
        "1.2.276.0.7230010.3.1.4.99887766",
        "HX45123Q",
        "hilda hidden",
        "2017-07-04",
        "klinikum_musterstadt",
        "zebra street 9 musterstadt",
        "PACSNODE7",
    ] {
        assert!(leaks(&check, SIDECAR, &format!("{{\"X\": \"{text}\"}}")), "{text}");
    }
    assert!(!leaks(&check, SIDECAR, "{\"AcquisitionMatrixText\": \"Siemens CSA\"}"), "a vendor's field name");
}

#[test]
fn the_preamble_and_source_paths_are_searched_for() {
    let mut secrets = Secrets::new();
    secrets.add_path(&Identified::new("Export/Schmidtke Berta/2018-03-12 MRT/IM_0042.dcm".to_owned()));
    secrets.add_path(&Identified::new("C:\\liver\\t1_vibe\\Borowski_007.dcm".to_owned()));
    let check = Check::new(&[&secrets], &retained(&NOTHING_KEPT)).unwrap();
    for text in ["schmidtke_berta", "SCHMIDTKE", "2018-03-12", "Borowski"] {
        assert!(leaks(&check, SIDECAR, &format!("{{\"X\": \"{text}\"}}")), "{text}");
    }
    assert!(!leaks(&check, SIDECAR, "{\"liver\": \"t1_vibe\", \"IM\": 42, \"X\": \"0042\"}"));
    let message = check.entry("README", b"Schmidtke").unwrap_err().to_string();
    assert!(message.contains("path of a source file"), "{message}");
}

#[test]
fn truncated_copies_of_long_texts_leak() {
    let comment = "Patient was referred by the outpatient ward of St. Elsewhere after a fall, see letter";
    let check = check_of(&[(0x10, 0x4000, "LT", comment)]);
    let mut image = vec![0u8; 352];
    image[148..228].copy_from_slice(&comment.as_bytes()[..80]);
    let leak = check.entry("sub-a/ses-01/anat/sub-a_ses-01_T1w.nii.gz", &image).unwrap_err();
    assert!(matches!(leak, Leak::Value { offset: 148, place: EntryKind::Image, .. }), "{leak:?}");
}

#[test]
fn extensions_are_searched_and_voxels_are_not() {
    let check = check_of(&[(0x10, 0x10, "PN", "DOE^JANE")]);
    let mut image = vec![0u8; 384];
    image[108..112].copy_from_slice(&384f32.to_le_bytes());
    image[360..368].copy_from_slice(b"DOE^JANE");
    assert!(check.entry("x.nii.gz", &image).is_err());
    let mut image = vec![0u8; 400];
    image[108..112].copy_from_slice(&352f32.to_le_bytes());
    image[360..368].copy_from_slice(b"DOE^JANE");
    let count = check.entry("x.nii.gz", &image).unwrap();
    assert_eq!(count.bytes, 352 + 8);
}

#[test]
fn retained_values_are_excluded_listed_and_excuse_no_name() {
    let values = [
        (0x08, 0x70, "LO", "Acme Imaging"),
        (0x08, 0x80, "LO", "Klinikum Nord"),
        (0x08, 0x1010, "SH", "ACMESTATION"),
        (0x08, 0x1090, "LO", "Acmestation Plus DOE^JANE"),
        (0x10, 0x10, "PN", "DOE^JANE"),
        (0x19, 0x1001, "LO", "Acme Imaging"),
    ];
    let kept = |tag: Tag| matches!(tag, Tag(0x08, 0x70 | 0x1090));
    let header = file(&texts(&values));
    let check = Check::new(&[&secrets(&header)], &retained(&kept)).unwrap();
    assert!(!leaks(
        &check,
        SIDECAR,
        "{\"Manufacturer\": \"Acme Imaging\", \"ManufacturersModelName\": \"Acmestation Plus\"}"
    ));
    assert_eq!(
        check.searched().retained.keys().copied().collect::<Vec<_>>(),
        [Tag(0x08, 0x70), Tag(0x08, 0x1090)]
    );
    assert!(
        leaks(&check, SIDECAR, "{\"ManufacturersModelName\": \"Acmestation Plus DOE^JANE\"}"),
        "a name in a kept element"
    );
    assert!(leaks(&check, SIDECAR, "{\"X\": \"Klinikum Nord\"}"));
}

#[test]
fn short_and_common_values_are_counted_as_checked_by_position() {
    let check = check_of(&[
        (0x08, 0x103e, "LO", "t1_vibe_fs_tra_pre_W"),
        (0x10, 0x10, "PN", "LI^WU"),
        (0x10, 0x20, "LO", "7"),
        (0x10, 0x40, "CS", "M"),
        (0x10, 0x1010, "AS", "056Y"),
        (0x10, 0x1030, "DS", "70"),
        (0x18, 0x15, "CS", "LIVER"),
    ]);
    let searched = check.searched();
    assert_eq!(searched.by_position[&ByPosition::Common], 1);
    assert_eq!(searched.by_position[&ByPosition::Coded], 4);
    assert_eq!(searched.by_position[&ByPosition::Short], 3, "7, Li and Wu");
    assert!(leaks(&check, SIDECAR, "{\"X\": \"Li, Wu\"}"), "the whole name is distinctive");
    assert!(!leaks(&check, SIDECAR, "{\"PatientSex\": \"M\", \"X\": \"li\", \"N\": 7}"));
}

#[test]
fn names_that_are_words_of_our_documents_do_not_stop_an_export() {
    let check = check_of(&[
        (0x08, 0x90, "PN", "FIELD^PAGE"),
        (0x10, 0x1001, "PN", "LI^VER"),
        (0x10, 0x1060, "PN", "SIEMENS^ECHO"),
    ]);
    let text =
        "This page shows the field, the liver and the echo of Siemens scanners. Arterial phase of the liver.";
    assert!(!leaks(&check, "README", text));
    assert!(leaks(&check, "README", "Page Field"), "but the whole name does");
    let texts_of_ours = ["Quibble about wombats"];
    let header = file(&texts(&[(0x10, 0x10, "PN", "WOMBATS^QUIBBLE")]));
    let with_texts = Retained { texts: &texts_of_ours, ..retained(&NOTHING_KEPT) };
    let check = Check::new(&[&secrets(&header)], &with_texts).unwrap();
    assert!(!leaks(&check, "README", texts_of_ours[0]));
}

#[test]
fn a_title_chosen_by_the_user_excuses_folders_but_no_patient() {
    let mut secrets = secrets(&file(&texts(&[(0x10, 0x10, "PN", "BOROWSKI^ADA")])));
    secrets.add_path(&Identified::new("HCC-Kohorte/x.dcm".to_owned()));
    let chosen = ["HCC-Kohorte", "Borowski Ada"];
    let check = Check::new(&[&secrets], &Retained { chosen: &chosen, ..retained(&NOTHING_KEPT) }).unwrap();
    assert!(!leaks(&check, "dataset_description.json", "{\"Name\": \"HCC-Kohorte\"}"));
    assert!(leaks(&check, "dataset_description.json", "{\"Name\": \"Borowski Ada\"}"));
}

#[test]
fn fields_off_the_allow_list_stop_a_sidecar() {
    let fields = ["EchoTime", "Modality"];
    let check =
        Check::new(&[&Secrets::new()], &Retained { fields: &fields, ..retained(&NOTHING_KEPT) }).unwrap();
    assert_eq!(check.entry(SIDECAR, b"{\"EchoTime\": 1}").unwrap().fields, 1);
    assert_eq!(check.entry(SIDECAR, b"{\"EchoTime\": 1, \"PatientSex\": \"M\"}"), Err(Leak::Field));
    assert_eq!(check.entry(SIDECAR, b"not json"), Err(Leak::Field));
    assert!(check.entry("dataset_description.json", b"{\"Name\": \"x\"}").is_ok());
}

#[test]
fn the_order_of_files_and_repeated_headers_change_nothing() {
    let a = file(&texts(&[(0x08, 0x80, "LO", "Klinikum Nord"), (0x10, 0x20, "LO", "4711-0815")]));
    let b = file(&texts(&[(0x08, 0x81, "ST", "Klinikum Nord"), (0x10, 0x10, "PN", "DOE^JANE")]));
    let of = |headers: &[&Header]| {
        let mut secrets = Secrets::new();
        headers.iter().for_each(|h| secrets.collect(h));
        let check = Check::new(&[&secrets], &retained(&NOTHING_KEPT)).unwrap();
        (check.searched().clone(), check.entry("x.json", b"\"klinikum nord\"").unwrap_err())
    };
    assert_eq!(of(&[&a, &b, &a]), of(&[&b, &a]));
    let mut merged = secrets(&b);
    merged.merge(&secrets(&a));
    let check = Check::new(&[&merged], &retained(&NOTHING_KEPT)).unwrap();
    assert_eq!(
        (check.searched().clone(), check.entry("x.json", b"\"klinikum nord\"").unwrap_err()),
        of(&[&a, &b])
    );
}
