//! The profile against the standard's own table.
#![allow(clippy::unwrap_used, reason = "tests stop at the first surprise")]

use super::super::dates::DatePolicy;
use super::super::policy::Options;
use super::*;
use serde_json::Value;

fn none() -> Policy {
    let options = Options {
        retain_patient_characteristics: false,
        retain_device_identity: false,
        ..Options::default()
    };
    Policy { options, ..Policy::default() }
}

/// A policy with one option of the table.
fn only(option: PolicyOption) -> Policy {
    let mut policy = none();
    match option {
        PolicyOption::RetainFullDates => policy.dates = DatePolicy::Keep,
        PolicyOption::RetainModifiedDates => policy.dates = DatePolicy::Shift,
        option => policy.set(option, true).unwrap(),
    }
    policy
}

fn tag_in(text: &str) -> Tag {
    let hex: String = text.chars().filter(char::is_ascii_alphanumeric).collect();
    let hex = if hex.starts_with("GGGG") { "00191001".to_owned() } else { hex.replace("XX", "02") };
    let number = u32::from_str_radix(&hex, 16).unwrap();
    Tag((number >> 16) as u16, number as u16)
}

fn source(name: &str) -> Option<Value> {
    let root = std::env::var_os("HEPATICA_SHARED").map_or_else(
        || std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"),
        std::path::PathBuf::from,
    );
    let text = std::fs::read(root.join("data/ps3.15").join(name)).ok()?;
    Some(serde_json::from_slice(&text).unwrap())
}

/// Counts a test without its data as skipped (see `tests/common`).
fn skip() {
    use std::io::Write as _;
    let thread = std::thread::current();
    if let Some(file) = std::env::var_os("HEPATICA_SKIPS")
        && let Ok(mut file) = std::fs::OpenOptions::new().append(true).create(true).open(file)
    {
        let name = thread.name().unwrap_or("a test");
        let _ = file.write_all(format!("{name}\tshared data `ps3.15` is absent\n").as_bytes());
    }
}

#[test]
fn every_row_and_option_acts_as_the_standards_table_says() {
    let Some(table) = source("table_e1-1.json") else { return skip() };
    let keys = [
        "retain_safe_private",
        "retain_uids",
        "retain_device_id",
        "retain_institution_id",
        "retain_patient_chars",
        "retain_long_full_dates",
        "retain_long_modif_dates",
        "clean_descriptors",
        "clean_structured_content",
        "clean_graphics",
    ];
    let rows = table["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 621);
    let mut checked = 0;
    for expected in rows {
        let name = expected["name"].as_str().unwrap();
        let found = row(tag_in(expected["tag"].as_str().unwrap())).unwrap();
        assert_eq!(found.basic.as_str(), expected["basic_profile"].as_str().unwrap(), "{name}");
        assert_eq!(found.under(&none()), Prescribed::Basic(found.basic), "{name}");
        for (option, key) in COLUMNS.into_iter().zip(keys) {
            let wanted = match expected[key].as_str().unwrap() {
                "K" => Prescribed::Keep,
                "C" => Prescribed::Clean,
                _ => Prescribed::Basic(found.basic),
            };
            assert_eq!(found.under(&only(option)), wanted, "{name} under {option:?}");
            checked += 1;
        }
    }
    assert_eq!(checked, 6210);
}

#[test]
fn the_tables_figures_are_those_of_the_source() {
    let count = |basic| ROWS.rows.values().filter(|row| row.basic == basic).count();
    // 617 rows of 2024b by tag and 34 of 2025b, beside four wildcards.
    assert_eq!(ROWS.rows.len(), 651);
    let figures = [Basic::Z, Basic::U, Basic::XD, Basic::XZ, Basic::XZD, Basic::ZD, Basic::XZU].map(count);
    assert_eq!(figures, [42, 55, 22, 11, 8, 6, 2]);
    assert_eq!((count(Basic::D), count(Basic::X)), (93, 380 + 32));
    assert_eq!(SAFE.values().map(Vec::len).sum::<usize>(), 479);
    let Some(later) = source("table_e1-1_additions_2025b.json") else { return skip() };
    for added in later["rows"].as_array().unwrap() {
        assert!(row(tag_in(&added["tag"].as_str().unwrap().to_uppercase())).is_some());
    }
}

#[test]
fn combined_codes_follow_the_type_in_the_iod() {
    let mr = Types::of("1.2.840.10008.5.1.4.1.1.4");
    let enhanced = Types::of("1.2.840.10008.5.1.4.1.1.4.1");
    let acquisition = Tag(0x0008, 0x002A);
    assert_eq!(mr.requirement(None, acquisition), Requirement::Optional);
    assert_eq!(enhanced.requirement(None, acquisition), Requirement::One);
    assert_eq!(rule(acquisition, VR::DT, &none(), Requirement::Optional), Rule::Remove);
    assert_eq!(rule(acquisition, VR::DT, &none(), Requirement::One), Rule::Dummy);
    assert_eq!(mr.requirement(None, Tag(0x0010, 0x0010)), Requirement::Two);
    // SpecimenIdentifier in SpecimenDescriptionSequence is of type 1.
    assert_eq!(mr.requirement(Some(Tag(0x0040, 0x0560)), Tag(0x0040, 0x0551)), Requirement::One);
    for (basic, requirement, single) in [
        (Basic::XZD, Requirement::Two, Basic::Z),
        (Basic::XZD, Requirement::Optional, Basic::X),
        (Basic::XD, Requirement::Two, Basic::X),
        (Basic::ZD, Requirement::Optional, Basic::Z),
        (Basic::Z, Requirement::One, Basic::D),
        (Basic::X, Requirement::One, Basic::X),
        (Basic::XZU, Requirement::Optional, Basic::U),
    ] {
        assert_eq!(basic.resolved(requirement), single, "{basic:?} {requirement:?}");
    }
}

#[test]
fn what_the_table_leaves_out_is_swept_by_vr() {
    let of = |group, element, vr| rule(Tag(group, element), vr, &none(), Requirement::Optional);
    assert_eq!(of(0x0010, 0x0033, VR::LO), Rule::Remove, "birth date in another calendar");
    assert_eq!(of(0x0074, 0x9999, VR::PN), Rule::Remove);
    assert_eq!(of(0x0018, 0x9999, VR::DT), Rule::Remove);
    assert_eq!(of(0x0028, 0x0009, VR::AT), Rule::Keep);
    assert_eq!(of(0x0018, 0x0081, VR::DS), Rule::Keep);
    assert_eq!(of(0x0009, 0x1001, VR::LO), Rule::Remove);
    assert_eq!(of(0x0020, 0x9164, VR::UI), Rule::Uid);
    assert_eq!(of(0x0008, 0x9215, VR::SQ), Rule::Items);
    let shift = only(PolicyOption::RetainModifiedDates);
    assert_eq!(rule(Tag(0x0018, 0x9999), VR::DT, &shift, Requirement::Optional), Rule::Shift);
    assert_eq!(rule(Tag(0x0010, 0x0030), VR::DA, &shift, Requirement::Two), Rule::Empty);
}

#[test]
fn safe_private_elements_are_known_by_their_creator() {
    assert_eq!(safe_private(0x0019, "SIEMENS MR HEADER", 0x0C), Some(("SIEMENS MR HEADER", VR::IS)));
    assert_eq!(safe_private(0x0019, "siemens mr header ", 0x0C), Some(("SIEMENS MR HEADER", VR::IS)));
    assert_eq!(safe_private(0x0019, "SOMEONE ELSE", 0x0C), None);
    assert_eq!(safe_private(0x0029, "SIEMENS CSA HEADER", 0x10), None);
}

#[test]
fn a_kept_element_needs_no_row_and_has_its_reason_elsewhere() {
    let keep = super::super::policy::Keep { tag: "(0010,4000)".into(), reason: "study".into() };
    let policy = Policy { keep: vec![keep], ..none() };
    assert_eq!(rule(Tag(0x0010, 0x4000), VR::LT, &policy, Requirement::Optional), Rule::Keep);
}
