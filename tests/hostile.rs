//! Files that are broken, cut, flipped or lie, through the whole session: no panic, no loss, one outcome
//! a file, and the sound ones converted.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "a test may panic")]

mod common;

use std::collections::{BTreeMap, BTreeSet};

use common::dicom::{DEFLATED, Form, RLE, Set, Slice, Value};
use hepatica::dataset::{Outcome, Report};
use hepatica::deid::object::Roster;
use hepatica::deid::{DatePolicy, ProjectKey, SubjectNaming};
use hepatica::dicom::{Header, Need};
use hepatica::session::{Export, ExportOptions, ExportStep, Session};
use proptest::prelude::*;

/// How the driver answers needs.
#[derive(Clone, Copy)]
struct Driver {
    /// Ranges asked for at a time.
    most: usize,
    /// Answers come last first.
    backwards: bool,
    /// Answers have at most so many bytes.
    crumbs: u64,
}

const PLAIN: Driver = Driver { most: 64, backwards: false, crumbs: u64::MAX };

fn answer(files: &[Vec<u8>], driver: Driver, needs: Vec<Need>) -> Vec<(Need, Option<Vec<u8>>)> {
    let mut answers: Vec<_> = needs
        .into_iter()
        .map(|need| {
            let file = &files[need.source as usize];
            let start = (need.offset as usize).min(file.len());
            let end = (need.offset + need.len.min(driver.crumbs)).min(file.len() as u64) as usize;
            (need, (end > start).then(|| file[start..end].to_vec()))
        })
        .collect();
    if driver.backwards {
        answers.reverse();
    }
    answers
}

fn journey(files: &[Vec<u8>], driver: Driver) -> (BTreeMap<String, Vec<u8>>, Report) {
    let (entries, report, _) = heard(files, driver);
    (entries, report)
}

fn key() -> ProjectKey {
    let key = format!("hepatica-project-key/1\n{}\n", "0123456789abcdef".repeat(4));
    ProjectKey::load(key.as_bytes(), None).unwrap()
}

/// The entries, the report, and what was refused in words.
fn heard(files: &[Vec<u8>], driver: Driver) -> (BTreeMap<String, Vec<u8>>, Report, Vec<String>) {
    let mut session = Session::new(key());
    for (n, file) in files.iter().enumerate() {
        session.add_source(n as u32, format!("source {n}"), file.len() as u64);
    }
    let mut rounds = 0;
    while !session.intake_is_done() {
        let needs = session.intake_needs(driver.most);
        for (need, bytes) in answer(files, driver, needs) {
            match bytes {
                Some(bytes) => session.intake_feed(need, bytes),
                None => session.intake_failed(need),
            }
        }
        rounds += 1;
        assert!(rounds < 2_000_000, "the intake does not end");
    }
    session.finish_intake().unwrap();
    session.choose(|choices| choices.everything = true).unwrap();
    let mut export = Export::new(&session, ExportOptions { budget: 64 << 20, threads: 1 });
    let mut entries = BTreeMap::new();
    for _ in 0..2_000_000 {
        let needs = export.needs(&session);
        for (need, bytes) in answer(files, driver, needs) {
            match bytes {
                Some(bytes) => export.feed(&session, need, bytes),
                None => export.feed_failed(&session, need),
            }
        }
        match export.step(&session) {
            ExportStep::Entry { name, bytes } => {
                assert!(entries.insert(name.as_str().to_owned(), bytes).is_none(), "an entry comes twice");
            }
            ExportStep::Done => {
                let report = export.report().expect("the books close").clone();
                let tally = report.tally();
                assert_eq!(tally.files as usize, files.len());
                assert_eq!(tally.converted + tally.skipped + tally.failed, tally.files);
                let images = entries.keys().filter(|n| n.ends_with(".nii.gz")).count();
                assert_eq!(tally.volumes as usize, images);
                return (entries, report, export.refusals().to_vec());
            }
            ExportStep::Waiting | ExportStep::Working => {}
        }
    }
    panic!("the export does not end");
}

fn slices(series: u32, count: u32) -> Vec<Slice> {
    (1..=count)
        .map(|n| Slice { series, number: n, position: [0.0, 0.0, 3.0 * f64::from(n)], ..Slice::default() })
        .collect()
}

fn sound() -> Vec<Vec<u8>> {
    slices(1, 3).iter().map(Slice::file).collect()
}

#[test]
fn ranges_in_any_order_and_in_crumbs_give_the_same_archive() {
    let mut files = sound();
    files.extend(slices(2, 4).iter().map(|s| Form { undefined: true, ..Form::implicit() }.file(&s.set())));
    files.extend(slices(3, 2).iter().map(|s| Form::big().file(&s.set())));
    files.push(vec![7; 100]);
    let (first, _) = journey(&files, PLAIN);
    assert_eq!(first.keys().filter(|n| n.ends_with(".nii.gz")).count(), 3);
    for (most, backwards, crumbs) in
        [(1, false, u64::MAX), (3, true, u64::MAX), (64, true, 777), (2, false, 64)]
    {
        let (other, _) = journey(&files, Driver { most, backwards, crumbs });
        assert!(first == other, "{most} at a time, backwards {backwards}, {crumbs} bytes");
    }
}

#[test]
fn cut_at_every_byte_a_file_has_one_outcome_and_the_others_are_converted() {
    let whole = Slice { series: 2, ..Slice::default() }.file();
    let mut files = sound();
    files.extend((0..whole.len()).map(|cut| whole[..cut].to_vec()));
    let (_, report) = journey(&files, PLAIN);
    let tally = report.tally();
    // A lost byte of padding may be forgiven; everything else is told from an image.
    assert!((3..=5).contains(&tally.converted), "{}", report.summary());
}

#[test]
fn one_short_file_costs_its_own_slice_only() {
    let mut files = sound();
    let mut short = Slice { number: 9, position: [0.0, 0.0, 12.0], ..Slice::default() }.set();
    short.put((0x7FE0, 0x0010), "OW", Value::Bytes(vec![0; 10]));
    files.push(Form::default().file(&short));
    let (entries, report) = journey(&files, PLAIN);
    assert_eq!((report.tally().converted, report.tally().failed), (3, 1), "{}", report.summary());
    assert_eq!(entries.keys().filter(|n| n.ends_with(".nii.gz")).count(), 1);
}

#[test]
fn dimensions_beyond_the_budget_are_refused_and_nothing_else_is() {
    let mut files = sound();
    let mut vast = Slice { series: 5, ..Slice::default() }.set();
    vast.us((0x0028, 0x0010), 65_535).us((0x0028, 0x0011), 65_535);
    files.push(Form::default().file(&vast));
    // The same as a run-length stream, which may be short by right.
    vast.text((0x0008, 0x0018), "UI", "1.2.3").put(
        (0x7FE0, 0x0010),
        "OB",
        Value::Fragments(vec![], vec![vec![0; 64]]),
    );
    files.push(Form { syntax: Some(RLE), ..Form::default() }.file(&vast));
    let (_, report) = journey(&files, PLAIN);
    assert_eq!((report.tally().converted, report.tally().failed), (3, 2), "{}", report.summary());
    assert!(report.summary().contains("memory"), "{}", report.summary());
}

#[test]
fn deep_and_endless_sequences_are_one_failure_each() {
    let mut files = sound();
    for len in [u32::MAX, 8] {
        let form = Form::implicit();
        let mut bytes = form.head();
        form.set(Set::default().text((0x0008, 0x0060), "CS", "MR"), &mut bytes);
        for _ in 0..10_000 {
            form.element_head((0x0008, 0x1140), b"SQ", u32::MAX, &mut bytes);
            form.element_head((0xFFFE, 0xE000), b"SQ", len, &mut bytes);
        }
        files.push(bytes);
    }
    let (_, report) = journey(&files, PLAIN);
    assert_eq!(report.tally().converted, 3, "{}", report.summary());
}

#[test]
fn a_deflated_series_is_converted() {
    use std::io::Write;
    let form = Form { syntax: Some(DEFLATED), ..Form::default() };
    let files: Vec<Vec<u8>> = slices(1, 3)
        .iter()
        .map(|s| {
            let mut plain = Vec::new();
            form.set(&s.set(), &mut plain);
            let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(&plain).unwrap();
            [form.head(), encoder.finish().unwrap()].concat()
        })
        .collect();
    let image = |entries: BTreeMap<String, Vec<u8>>| {
        entries.into_iter().find(|(n, _)| n.ends_with(".nii.gz")).unwrap().1
    };
    let (deflated, report) = journey(&files, PLAIN);
    assert_eq!(report.tally().converted, 3, "{}", report.summary());
    assert!(image(deflated) == image(journey(&sound(), PLAIN).0), "the voxels differ");
}

/// The outcomes of all files, in their order, by the words of the report.
fn outcomes(report: &Report) -> Vec<String> {
    report
        .rows()
        .iter()
        .map(|row| match &row.outcome {
            Outcome::Converted(_) => "converted".to_owned(),
            Outcome::Skipped(why) => format!("{why:?}"),
            Outcome::Failed(why) => format!("{why:?}"),
        })
        .collect()
}

fn count(report: &Report, outcome: &str) -> usize {
    outcomes(report).iter().filter(|o| *o == outcome).count()
}

/// Every warning that a sidecar holds.
fn warnings(entries: &BTreeMap<String, Vec<u8>>) -> String {
    let sidecars = entries.iter().filter(|(n, _)| n.ends_with(".json") && n.contains("/ses-"));
    sidecars.map(|(_, bytes)| String::from_utf8_lossy(bytes).into_owned()).collect()
}

#[test]
fn a_header_that_asks_for_forty_gigabytes_is_refused_with_the_numbers() {
    let mut files = sound();
    // Native: 65,535 × 40,000 pixels of two bytes, eight times.
    let mut vast = Slice { series: 5, ..Slice::default() }.set();
    vast.us((0x0028, 0x0010), 65_535).us((0x0028, 0x0011), 40_000).text((0x0028, 0x0008), "IS", "8");
    files.push(Form::default().file(&vast));
    // Run-length coded, which may be short by right: over the budget of one volume.
    vast.text((0x0008, 0x0018), "UI", "1.2.3").text((0x0020, 0x000E), "UI", "1.2.4").put(
        (0x7FE0, 0x0010),
        "OB",
        Value::Fragments(vec![], vec![vec![0; 64]]),
    );
    files.push(Form { syntax: Some(RLE), ..Form::default() }.file(&vast));
    let (_, report, said) = heard(&files, PLAIN);
    assert_eq!((report.tally().converted, count(&report, "OverBudget")), (3, 2), "{}", report.summary());
    assert!(said.iter().any(|s| s.ends_with("refused: needs 41.9 GB, budget 4.3 GB")), "{said:?}");
    assert!(said.iter().any(|s| s.ends_with("refused: needs 41.9 GB, budget 67.1 MB")), "{said:?}");
}

#[test]
fn frames_that_are_promised_and_not_there_cost_their_own_file_only() {
    for (promised, outcome) in [
        ("3", "PixelSize"),
        ("-1", "Dimensions"),
        ("4294967296", "Dimensions"),
        ("1000000", "Dimensions"),
        ("100000000", "Dimensions"),
    ] {
        let mut files = sound();
        let mut set = Slice { series: 4, ..Slice::default() }.set();
        set.text((0x0028, 0x0008), "IS", promised);
        files.push(Form::default().file(&set));
        let (_, report) = journey(&files, PLAIN);
        assert_eq!(report.tally().converted, 3, "{promised}: {}", report.summary());
        assert_eq!(count(&report, outcome), 1, "{promised}: {:?}", outcomes(&report));
    }
}

#[test]
fn no_rows_no_columns_or_no_bits_is_a_failure_and_more_pixels_than_promised_none() {
    let mut files = sound();
    for (n, (tag, value)) in
        [((0x0028, 0x0010), 0), ((0x0028, 0x0011), 0), ((0x0028, 0x0100), 0), ((0x0028, 0x0101), 99)]
            .into_iter()
            .enumerate()
    {
        let mut set = Slice { series: 10 + n as u32, ..Slice::default() }.set();
        set.us(tag, value);
        files.push(Form::default().file(&set));
    }
    let mut long = Slice { series: 20, ..Slice::default() };
    long.pixels = (0..100).collect();
    files.push(long.file());
    let (_, report) = journey(&files, PLAIN);
    assert_eq!(report.tally().converted, 4, "{:?}", outcomes(&report));
    assert_eq!(count(&report, "Dimensions"), 4, "{:?}", outcomes(&report));
}

#[test]
fn a_copy_of_an_instance_is_kept_once() {
    let mut files = sound();
    let (alone, _) = journey(&files, PLAIN);
    files.extend(sound());
    let (entries, report) = journey(&files, PLAIN);
    assert_eq!((report.tally().converted, count(&report, "Duplicate")), (3, 3), "{:?}", outcomes(&report));
    let images = |e: &BTreeMap<String, Vec<u8>>| -> Vec<Vec<u8>> {
        e.iter().filter(|(n, _)| n.ends_with(".nii.gz")).map(|(_, b)| b.clone()).collect()
    };
    assert!(images(&alone) == images(&entries));
    assert!(!warnings(&entries).contains("shared_uid"));
}

#[test]
fn other_content_under_one_uid_is_said_of_both_and_the_same_one_stays_whatever_the_order() {
    let mut other = Slice { number: 2, position: [0.0, 0.0, 6.0], ..Slice::default() };
    other.pixels = vec![7; 12];
    let mut files = sound();
    files.push(other.file());
    let (entries, report) = journey(&files, PLAIN);
    assert_eq!((report.tally().converted, count(&report, "SharedUid")), (3, 1), "{:?}", outcomes(&report));
    assert!(warnings(&entries).contains("\"shared_uid\""));
    files.reverse();
    let (again, _) = journey(&files, PLAIN);
    assert!(entries == again, "which of the two is kept depends on the order of the files");
}

#[test]
fn one_uid_for_all_slices_of_a_careless_anonymiser_loses_none() {
    let mut files: Vec<Vec<u8>> = Vec::new();
    for slice in slices(1, 4) {
        let mut set = slice.set();
        set.text((0x0008, 0x0018), "UI", "1.2.3").text((0x0020, 0x0013), "IS", "1");
        files.push(Form::default().file(&set));
    }
    let (entries, report) = journey(&files, PLAIN);
    assert_eq!(report.tally().converted, 4, "{:?}", outcomes(&report));
    assert_eq!(entries.keys().filter(|n| n.ends_with(".nii.gz")).count(), 1);
    assert!(warnings(&entries).contains("\"shared_uid\""));
}

#[test]
fn two_patients_with_one_id_are_two_subjects() {
    let person = |name: &str, birth: &str, series: u32| -> Vec<Vec<u8>> {
        let file = |slice: Slice| {
            let mut set = slice.set();
            set.text((0x0010, 0x0010), "PN", name).text((0x0010, 0x0030), "DA", birth);
            set.text((0x0010, 0x0020), "LO", "HEP000417");
            Form::default().file(&set)
        };
        slices(series, 3).into_iter().map(file).collect()
    };
    let said_of = |others: &[(&str, &str)]| {
        let mut files = person("Quirla^Testa", "19610203", 1);
        files.extend(others.iter().zip(2..).flat_map(|(other, series)| person(other.0, other.1, series)));
        let (entries, report) = journey(&files, PLAIN);
        assert_eq!(report.tally().converted as usize, files.len(), "{:?}", outcomes(&report));
        let subjects: BTreeSet<&str> =
            entries.keys().filter_map(|n| n.split('/').find_map(|part| part.strip_prefix("sub-"))).collect();
        let subjects: BTreeSet<&str> = subjects.iter().filter_map(|s| s.split(['_', '.']).next()).collect();
        // As DICOM: the same people under the same codes, in whatever order their files come.
        let mut roster = Roster::new();
        for (file, ordinal) in files.iter().rev().zip(0..) {
            roster.add(ordinal, &Header::from_bytes(file.clone()).unwrap(), None);
        }
        let cohort = roster.settle(&key(), &SubjectNaming::Keyed, DatePolicy::None).unwrap();
        let codes: BTreeSet<&str> = cohort.subjects.iter().map(|s| s.code.as_str()).collect();
        assert_eq!(codes, subjects);
        (subjects.len(), warnings(&entries).contains("\"mixed_patients\""))
    };
    let said = |other| said_of(&[other]);
    assert_eq!(said(("Brumsel^Otto", "19450811")), (2, true), "another name and another date of birth");
    assert_eq!(said(("QUIRLA^TESTA", "19610203")), (1, false), "the same person, in capitals");
    assert_eq!(said(("Mumpel^Testa", "19610203")), (1, false), "a name may change");
    assert_eq!(said(("Quirla^Testa", "19610302")), (1, false), "a date may be mistyped");
    assert_eq!(said(("", "19450811")), (1, false), "no name is no other name");
    let spellings = [("Brumsel^Otto", "19450811"), ("Brumsel^Ottilie", "19450811"), ("BRUMSEL^OTTO", "")];
    assert_eq!(said_of(&spellings), (2, true), "three spellings of the second");
}

#[test]
fn a_series_of_two_sizes_two_ways_of_coding_and_two_orientations_is_parted_and_converted() {
    let mut files = sound();
    let wide = |n| Slice {
        number: n,
        rows: 6,
        columns: 5,
        position: [0.0, 0.0, 3.0 * f64::from(n)],
        ..Slice::default()
    };
    files.extend([10, 11].map(|n| Form::implicit().file(&wide(n).set())));
    let coronal = |n| Slice {
        number: n,
        orientation: [1.0, 0.0, 0.0, 0.0, 0.0, -1.0],
        position: [0.0, 4.0 * f64::from(n), 0.0],
        ..Slice::default()
    };
    files.extend([20, 21].map(|n| Form::big().file(&coronal(n).set())));
    let (entries, report) = journey(&files, PLAIN);
    assert_eq!(report.tally().converted, 7, "{:?}", outcomes(&report));
    assert_eq!(entries.keys().filter(|n| n.ends_with(".nii.gz")).count(), 3);
}

#[test]
fn decimals_that_are_no_numbers_cost_the_geometry_and_not_the_picture() {
    for (tag, text) in [
        ((0x0028, 0x0030), "NaN\\NaN"),
        ((0x0028, 0x0030), "-1\\-1"),
        ((0x0020, 0x0032), "1e999\\0\\0"),
        ((0x0020, 0x0032), "inf\\-inf\\nan"),
        ((0x0020, 0x0037), "0\\0\\0\\0\\0\\0"),
        ((0x0020, 0x0037), "1\\1\\1\\1\\1\\1"),
        ((0x0018, 0x0050), "-1e308"),
        ((0x0028, 0x1053), "1e400"),
        ((0x0028, 0x1052), "NaN"),
    ] {
        let mut files = sound();
        for slice in slices(2, 3) {
            let mut set = slice.set();
            set.text(tag, "DS", text);
            files.push(Form::default().file(&set));
        }
        let (_, report) = journey(&files, PLAIN);
        assert_eq!(report.tally().converted, 6, "{tag:04X?} {text}: {:?}", outcomes(&report));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn flipped_bytes_anywhere_leave_a_report_that_adds_up(
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<u8>()), 1..40),
    ) {
        let mut files = sound();
        files.extend(slices(2, 4).iter().map(|s| Form { undefined: true, ..Form::implicit() }.file(&s.set())));
        files.extend(slices(3, 2).iter().map(|s| Form::big().file(&s.set())));
        for (file, at, value) in flips {
            let file = &mut files[file.index(9)];
            let at = at.index(file.len());
            file[at] = value;
        }
        let _ = journey(&files, PLAIN);
    }
}
