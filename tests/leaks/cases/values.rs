//! Tokens in texts, dates, UIDs and devices.

use super::super::common::dicom::{Form, Value};
use super::{Maker, code, one};
use hepatica::dicom::Tag;

pub(super) fn text(maker: &mut Maker) {
    const G: &str = "text";
    for (name, tag, vr) in [
        ("StudyDescription", (0x0008, 0x1030), "LO"),
        ("SeriesDescription", (0x0008, 0x103E), "LO"),
        ("ProtocolName", (0x0018, 0x1030), "LO"),
        ("ImageComments", (0x0020, 0x4000), "LT"),
        ("PatientComments", (0x0010, 0x4000), "LT"),
        ("AdditionalPatientHistory", (0x0010, 0x21B0), "LT"),
        ("MedicalAlerts", (0x0010, 0x2000), "LO"),
        ("Allergies", (0x0010, 0x2110), "LO"),
        ("RequestedProcedureDescription", (0x0032, 0x1060), "LO"),
        ("ReasonForStudy", (0x0032, 0x1030), "LO"),
        ("DerivationDescription", (0x0008, 0x2111), "ST"),
        ("PerformedProcedureStepDescription", (0x0040, 0x0254), "LO"),
        ("AdmittingDiagnosesDescription", (0x0008, 0x1080), "LO"),
        ("Occupation", (0x0010, 0x2180), "SH"),
        ("text in LastMenstrualDate", (0x0010, 0x21D0), "DA"),
        ("IdentifyingComments", (0x4008, 0x4000), "ST"),
        ("InstitutionAddress", (0x0008, 0x0081), "ST"),
        ("PatientAddress", (0x0010, 0x1040), "LO"),
        ("PatientTelephoneNumbers", (0x0010, 0x2154), "SH"),
        ("OtherPatientNames", (0x0010, 0x1001), "PN"),
        ("PatientMotherBirthName", (0x0010, 0x1060), "PN"),
        ("ReferringPhysicianName", (0x0008, 0x0090), "PN"),
        ("OperatorsName", (0x0008, 0x1070), "PN"),
        ("a text of the standard that no row names", (0x0018, 0x9004), "LO"),
        ("LUTExplanation", (0x0028, 0x3003), "LO"),
        ("AccessionNumber", (0x0008, 0x0050), "SH"),
        ("StudyID", (0x0020, 0x0010), "SH"),
        ("PatientName", (0x0010, 0x0010), "PN"),
        ("PatientID", (0x0010, 0x0020), "LO"),
    ] {
        maker.text(G, name, tag, vr);
    }
    maker.set(G, "a patient's name among scanners' words", |set, token| {
        set.text((0x0010, 0x0010), "PN", &format!("{token}^Anna"));
        set.text((0x0008, 0x103E), "LO", &format!("t1_vibe_tra_{token}"));
        set.text((0x0018, 0x0024), "SH", &format!("fl3d {token}"));
    });
    maker.set(G, "a patient's name in the make of the scanner", |set, token| {
        set.text((0x0010, 0x0010), "PN", &format!("{token}^Anna"));
        set.text((0x0008, 0x1090), "LO", &format!("Scanner of {}", token.to_uppercase()));
    });
    maker.set(G, "a code of a local scheme", |set, token| {
        set.put((0x0008, 0x2218), "SQ", code(&token[..8], "99KLINIK", token));
    });
    maker.set(G, "a local coding scheme", |set, token| {
        set.put((0x0008, 0x2218), "SQ", code("1", &token[..10], "Liver"));
    });
    maker.set(G, "codes of a person", |set, token| {
        let who = one(|item| {
            item.put((0x0040, 0x1101), "SQ", code(token, "L", token));
        });
        set.put((0x0008, 0x1072), "SQ", who);
    });
    maker.set(G, "code of the institution", |set, token| {
        set.put((0x0008, 0x0082), "SQ", code(token, "L", token));
    });
    maker.set(G, "request attributes", |set, token| {
        let request = one(|item| {
            item.text((0x0040, 0x0007), "LO", token);
            item.text((0x0040, 0x0009), "SH", "1");
        });
        set.put((0x0040, 0x0275), "SQ", request);
    });
    maker.set(G, "a name in Latin-1", |set, token| {
        set.text((0x0008, 0x0005), "CS", "ISO_IR 100");
        set.put((0x0010, 0x0010), "PN", Value::Bytes([token.as_bytes(), b"\xfc\xdf^A"].concat()));
        set.put((0x0008, 0x1030), "LO", Value::Bytes([token.as_bytes(), b"\xfc\xdf"].concat()));
    });
    let mut set = maker.base();
    set.text((0x0008, 0x0005), "CS", "ISO_IR 192");
    set.text((0x0010, 0x0010), "PN", "Teshigawara^Ren=勅使河原^蓮太郎");
    set.text((0x0018, 0x1250), "SH", "勅使河原");
    maker.add(G, "ideographs in a coil's name", vec!["勅使河原".into()], Form::default().file(&set));
    let (mut set, word) = (maker.base(), maker.next());
    let wide: Vec<u8> = word.encode_utf16().flat_map(u16::to_le_bytes).collect();
    set.text((0x0071, 0x0010), "LO", "VENDOR");
    set.put((0x0071, 0x1020), "OB", Value::Bytes(wide));
    maker.add(G, "UTF-16 in private bytes", vec![word], Form::default().file(&set));
    let (mut set, mail) = (maker.base(), format!("{}@clinic.example", maker.next().to_lowercase()));
    set.text((0x0008, 0x103E), "LO", &format!("liver {mail}"));
    maker.add(G, "an e-mail address", vec![mail], Form::default().file(&set));
}

pub(super) fn dates(maker: &mut Maker) {
    maker.date("StudyDate", |set, date| {
        set.text((0x0008, 0x0020), "DA", date);
    });
    maker.date("PatientBirthDate", |set, date| {
        set.text((0x0010, 0x0030), "DA", date);
    });
    maker.date("AcquisitionDateTime with a time zone", |set, date| {
        set.text((0x0008, 0x002A), "DT", &format!("{date}235959.5+0100"));
    });
    maker.date("birth date in another calendar", |set, date| {
        set.text((0x0010, 0x0033), "LO", date);
        set.text((0x0010, 0x0035), "CS", "GREGORIAN");
    });
    maker.date("a date of a standard that no row names", |set, date| {
        set.text((0x0018, 0x9919), "DT", date);
    });
    maker.date("a date in a UID", |set, date| {
        set.text((0x0020, 0x0052), "UI", &format!("1.3.12.2.1107.5.2.{date}.101112345"));
    });
    maker.date("a date in a description", |set, date| {
        set.text((0x0008, 0x103E), "LO", &format!("liver {date} art"));
    });
    maker.date("a date in a decimal", |set, date| {
        set.text((0x0008, 0x0020), "DA", date);
        set.text((0x0018, 0x0088), "DS", date);
    });
    maker.date("a date in an integer", |set, date| {
        set.text((0x0008, 0x0020), "DA", date);
        set.text((0x0020, 0x0012), "IS", date);
    });
    maker.date("a date in a code", |set, date| {
        set.text((0x0008, 0x0020), "DA", date);
        set.text((0x0018, 0x0015), "CS", date);
    });
    maker.date("a date in the coil's name", |set, date| {
        set.text((0x0008, 0x0020), "DA", date);
        set.text((0x0018, 0x1250), "SH", &format!("HEAD {date}"));
    });
    maker.date("a date in a nested item", |set, date| {
        set.put(
            (0x0040, 0x0275),
            "SQ",
            one(|item| {
                item.text((0x0040, 0x0004), "DA", date);
            }),
        );
    });
    maker.date("a date of another writing", |set, date| {
        set.text((0x0008, 0x0022), "DA", date);
        set.text((0x0020, 0x4000), "LT", date);
    });
    // 2019-05-17T10:11:12Z.
    let mut set = maker.base();
    set.text((0x0008, 0x0020), "DA", "20190517");
    set.text((0x0018, 0x0088), "DS", "1558087872");
    maker.add(
        "dates",
        "seconds since 1970 in a decimal",
        vec!["1558087872".into()],
        Form::default().file(&set),
    );
    let mut set = maker.base();
    set.text((0x0008, 0x0020), "DA", "20180617");
    set.text((0x0018, 0x0088), "DS", "1529230272.25");
    maker.add("dates", "seconds with a fraction", vec!["1529230272".into()], Form::default().file(&set));
    let mut set = maker.base();
    set.text((0x0008, 0x0201), "SH", "Europe/Quavotown");
    maker.add("dates", "a place in the time zone", vec!["Quavotown".into()], Form::default().file(&set));
    let mut set = maker.base();
    set.text((0x0010, 0x1010), "AS", "097Y");
    maker.add("dates", "an age over 89", vec!["097Y".into()], Form::default().file(&set));
}

pub(super) fn uids(maker: &mut Maker) {
    for (name, tag) in [
        ("SOPInstanceUID", (0x0008, 0x0018)),
        ("StudyInstanceUID", (0x0020, 0x000D)),
        ("SeriesInstanceUID", (0x0020, 0x000E)),
        ("FrameOfReferenceUID", (0x0020, 0x0052)),
        ("SynchronizationFrameOfReferenceUID", (0x0020, 0x0200)),
        ("a UID that no row names", (0x0020, 0x9164)),
        ("DeviceUID", (0x0018, 0x1002)),
    ] {
        let (mut set, number) = (maker.base(), 912_837_465_000 + maker.cases.len() as u64 * 7);
        set.text(tag, "UI", &format!("1.2.276.0.{number}.3"));
        maker.add("uids", name, vec![number.to_string()], Form::default().file(&set));
    }
    let (mut set, number) = (maker.base(), 812_837_465_000 + maker.cases.len() as u64 * 7);
    let reference = one(|item| {
        item.text((0x0008, 0x1150), "UI", "1.2.840.10008.5.1.4.1.1.4");
        item.text((0x0008, 0x1155), "UI", &format!("1.2.276.0.{number}.3"));
    });
    set.put((0x0008, 0x1140), "SQ", reference);
    maker.add("uids", "a reference in a sequence", vec![number.to_string()], Form::default().file(&set));
    let (mut set, number) = (maker.base(), 712_837_465_000 + maker.cases.len() as u64 * 7);
    set.text((0x0020, 0x0052), "UI", &format!("1.2.840.10008.{number}"));
    maker.add(
        "uids",
        "a UID dressed as the standard's",
        vec![number.to_string()],
        Form::default().file(&set),
    );
    let (mut set, number) = (maker.base(), 612_837_465_000 + maker.cases.len() as u64 * 7);
    set.text((0x0018, 0x1250), "SH", &number.to_string());
    set.text((0x0020, 0x0052), "UI", &format!("1.2.276.0.{number}"));
    let case =
        maker.add("uids", "part of a UID in a text", vec![format!("0.{number}")], Form::default().file(&set));
    case.may_lose.push(Tag(0x0018, 0x1250));
}

pub(super) fn devices(maker: &mut Maker) {
    for (name, tag, vr) in [
        ("DeviceSerialNumber", (0x0018, 0x1000), "LO"),
        ("StationName", (0x0008, 0x1010), "SH"),
        ("InstitutionName", (0x0008, 0x0080), "LO"),
        ("InstitutionalDepartmentName", (0x0008, 0x1040), "LO"),
        ("GantryID", (0x0018, 0x1008), "LO"),
        ("GeneratorID", (0x0018, 0x1005), "LO"),
        ("PlateID", (0x0018, 0x1004), "LO"),
        ("DetectorID", (0x0018, 0x700A), "SH"),
        ("RetrieveAETitle", (0x0008, 0x0054), "AE"),
        ("PerformedStationName", (0x0040, 0x0242), "SH"),
        ("ScheduledStationAETitle", (0x0040, 0x0001), "AE"),
        ("SecondaryCaptureDeviceID", (0x0018, 0x1010), "LO"),
    ] {
        maker.text("devices", name, tag, vr);
    }
}
