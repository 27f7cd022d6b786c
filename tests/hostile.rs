//! Files that are broken, cut, flipped or lie, through the whole session: no panic, no loss, one outcome
//! a file, and the sound ones converted.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "a test may panic")]

mod common;

use std::collections::BTreeMap;

use common::dicom::{DEFLATED, Form, RLE, Set, Slice, Value};
use hepatica::dataset::Report;
use hepatica::deid::ProjectKey;
use hepatica::dicom::Need;
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
    let key = format!("hepatica-project-key/1\n{}\n", "0123456789abcdef".repeat(4));
    let mut session = Session::new(ProjectKey::load(key.as_bytes(), None).unwrap());
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
                return (entries, report);
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
