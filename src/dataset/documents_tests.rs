//! Documents against BIDS's rules, and uniting with what stands there.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use super::*;
use crate::dataset::extend::Survey;
use crate::dataset::{Ledger, SkipReason};

fn report(stems: &[Stem]) -> Report {
    let mut ledger = Ledger::new(1);
    if stems.is_empty() {
        ledger.skipped(1, SkipReason::AlreadyPresent).unwrap();
    }
    for stem in stems {
        ledger.converted(1, stem).unwrap();
    }
    ledger.close().unwrap()
}

fn write(existing: &Existing, subject: &str, stems: &[Stem]) -> Vec<Entry> {
    let report = report(stems);
    let documents = Documents {
        participants: vec![Participant {
            subject: subject.into(),
            sex: Sex::from_dicom("F "),
            age: Some("60-64".into()),
        }],
        sessions: vec![Session {
            subject: subject.into(),
            session: "01".into(),
            days_from_first: Some(0),
            timepoint: Some("pre".into()),
            date: None,
        }],
        scans: stems
            .iter()
            .map(|stem| Scan {
                stem: stem.clone(),
                role: Some("arterial".into()),
                seconds_from_first: Some(18.25),
                acq_time: None,
            })
            .collect(),
        report: &report,
        plan: json!({ "schema": "x" }),
        deidentification: json!({}),
        hanging: json!({}),
        further: Vec::new(),
        objects: 0,
    };
    let mut entries = opening(existing).unwrap();
    entries.extend(documents.closing(existing).unwrap());
    entries
}

fn stem(subject: &str, end: &str) -> Stem {
    Stem::parse(&format!("sub-{subject}/ses-01/anat/sub-{subject}_ses-01_{end}")).unwrap()
}

fn text<'a>(entries: &'a [Entry], name: &str) -> &'a str {
    let entry = entries.iter().find(|(entry, _)| entry.as_str() == name);
    std::str::from_utf8(&entry.unwrap().1).unwrap()
}

fn survey(entries: &[Entry]) -> Existing {
    let mut survey = Survey::new(entries.iter().map(|(name, _)| name.clone()));
    for name in survey.wanted().to_vec() {
        let (_, contents) = entries.iter().find(|(entry, _)| *entry == name).unwrap();
        survey.feed(&name, contents);
    }
    survey.finish().unwrap()
}

#[test]
fn tables_say_what_is_known_and_leave_out_what_is_not() {
    let entries = write(&Existing::default(), "abc", &[stem("abc", "acq-art_ce-gd_T1w")]);
    assert_eq!(text(&entries, "participants.tsv"), "participant_id\tsex\tage\nsub-abc\tF\t60-64\n");
    assert_eq!(
        text(&entries, "sub-abc/sub-abc_sessions.tsv"),
        "session_id\tdays_from_first\ttimepoint\nses-01\t0\tpre\n"
    );
    assert_eq!(
        text(&entries, "sub-abc/ses-01/sub-abc_ses-01_scans.tsv"),
        "filename\trole\tseconds_from_first\nanat/sub-abc_ses-01_acq-art_ce-gd_T1w.nii.gz\tarterial\t18.25\n"
    );
    assert!(text(&entries, "CHANGES").starts_with("1.0.0 "));
    assert!(text(&entries, "provenance/conversion.tsv").contains("1\tconverted"));
}

#[test]
fn a_second_conversion_joins_and_leaves_the_first_as_it_was() {
    let first = write(&Existing::default(), "bbb", &[stem("bbb", "T2w")]);
    let existing = survey(&first);
    let second = write(&existing, "aaa", &[stem("aaa", "T2w")]);
    assert_eq!(
        text(&second, "participants.tsv"),
        "participant_id\tsex\tage\nsub-aaa\tF\t60-64\nsub-bbb\tF\t60-64\n"
    );
    assert!(text(&second, "CHANGES").starts_with("1.1.0 "));
    assert!(text(&second, "CHANGES").contains("\n1.0.0 "));
    assert!(!text(&second, "provenance/conversion_run-02.tsv").is_empty());
    let names: Vec<&str> = second.iter().map(|(name, _)| name.as_str()).collect();
    assert!(!names.contains(&"dataset_description.json") && !names.contains(&"provenance/plan.json"));
}

#[test]
fn adding_nothing_writes_nothing() {
    let first = write(&Existing::default(), "bbb", &[stem("bbb", "T2w")]);
    assert_eq!(write(&survey(&first), "bbb", &[]), Vec::new());
}

#[test]
fn a_damaged_table_is_not_overwritten() {
    let mut first = write(&Existing::default(), "bbb", &[stem("bbb", "T2w")]);
    for (name, contents) in &mut first {
        if name.as_str() == "participants.tsv" {
            *contents = b"a\tb\n1\t2\t3\n".to_vec();
        }
    }
    let report = report(&[stem("ccc", "T2w")]);
    let documents = Documents {
        participants: Vec::new(),
        sessions: Vec::new(),
        scans: Vec::new(),
        report: &report,
        plan: Value::Null,
        deidentification: Value::Null,
        hanging: Value::Null,
        further: Vec::new(),
        objects: 0,
    };
    assert_eq!(documents.closing(&survey(&first)), Err(Error::Document("participants.tsv")));
}

#[test]
fn seconds_are_short() {
    assert_eq!([0.0, -0.0001, 18.0, 1.5, 0.1234].map(seconds), ["0", "0", "18", "1.5", "0.123"]);
    assert_eq!(seconds(f64::NAN), "");
}
