//! The sums must come out, whatever happened.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use super::*;
use proptest::prelude::*;

fn stem(run: u32) -> Stem {
    Stem::parse(&format!("sub-a/ses-01/anat/sub-a_ses-01_run-{run:02}_T1w")).unwrap()
}

/// The example of the interface's specification, word for word.
#[test]
fn the_sentence_is_the_specifications() {
    let mut ledger = Ledger::new(1204);
    for file in 1..=1180 {
        ledger.converted(file, &stem(file % 42)).unwrap();
    }
    for file in 1181..=1200 {
        ledger.skipped(file, SkipReason::Localizer).unwrap();
    }
    for file in 1201..=1204 {
        ledger.failed(file, FailReason::Truncated, None).unwrap();
    }
    let report = ledger.close().unwrap();
    assert_eq!(
        report.summary(),
        "1,204 files: 1,180 in 42 volumes, 20 skipped (scout images), 4 failed (truncated)"
    );
    assert_eq!(report.exit_code(), 3);
}

#[test]
fn several_reasons_are_counted_apart() {
    let mut ledger = Ledger::new(4);
    ledger.converted(1, &stem(1)).unwrap();
    ledger.skipped(2, SkipReason::NotDicom).unwrap();
    ledger.skipped(3, SkipReason::NotDicom).unwrap();
    ledger.skipped(4, SkipReason::Dicomdir).unwrap();
    let report = ledger.close().unwrap();
    assert_eq!(report.summary(), "4 files: 1 in 1 volume, 3 skipped (2 not DICOM, 1 index of the medium)");
    assert_eq!(report.exit_code(), 0);
}

#[test]
fn a_file_without_an_outcome_is_an_error_that_names_its_ordinal() {
    let mut ledger = Ledger::new(3);
    ledger.skipped(1, SkipReason::Empty).unwrap();
    ledger.skipped(3, SkipReason::Empty).unwrap();
    assert_eq!(ledger.close().unwrap_err(), Error::Unaccounted { expected: 3, accounted: 2, first: 2 });
    assert_eq!(
        Ledger::new(1).close().unwrap_err(),
        Error::Unaccounted { expected: 1, accounted: 0, first: 1 }
    );
    assert!(Ledger::new(1).skipped(2, SkipReason::Empty).is_err());
    assert!(Ledger::new(1).skipped(0, SkipReason::Empty).is_err());
}

#[test]
fn a_loss_is_not_hidden_by_what_succeeded() {
    let mut ledger = Ledger::new(1);
    ledger.converted(1, &stem(1)).unwrap();
    ledger.failed(1, FailReason::IdentifierFound, Some(ElementTag(0x10, 0x4000))).unwrap();
    let report = ledger.close().unwrap();
    assert_eq!(report.exit_code(), 3);
    assert_eq!(report.tally().volumes, 1);
    let table = report.to_tsv();
    assert!(table.contains("1\tfailed\tidentifier_found\t(0010,4000)\tsub-a/"), "{table}");
}

#[test]
fn a_cancelled_run_still_adds_up() {
    let mut ledger = Ledger::new(5);
    ledger.converted(2, &stem(1)).unwrap();
    ledger.fail_the_rest(FailReason::Cancelled);
    let report = ledger.close().unwrap();
    assert_eq!((report.tally().converted, report.tally().failed), (1, 4));
}

#[test]
fn running_again_over_a_complete_data_set_is_a_success() {
    let mut ledger = Ledger::new(1);
    ledger.skipped(1, SkipReason::AlreadyPresent).unwrap();
    assert_eq!(ledger.close().unwrap().exit_code(), 0);
    let mut ledger = Ledger::new(1);
    ledger.skipped(1, SkipReason::NotDicom).unwrap();
    assert_eq!(ledger.close().unwrap().exit_code(), 4);
}

proptest! {
    #[test]
    fn tallies_add_up_and_json_reads_back(kinds in prop::collection::vec(0_u8..5, 0..200)) {
        let files = u32::try_from(kinds.len()).unwrap();
        let mut ledger = Ledger::new(files);
        for (file, kind) in (1..).zip(&kinds) {
            match kind {
                0 => ledger.skipped(file, SkipReason::Duplicate).unwrap(),
                1 => ledger.failed(file, FailReason::Codec, Some(ElementTag(0x7fe0, 0x10))).unwrap(),
                2 => { ledger.converted(file, &stem(1)).unwrap(); ledger.failed(file, FailReason::Stacking, None).unwrap(); }
                _ => { ledger.converted(file, &stem(2)).unwrap(); ledger.converted(file, &stem(3)).unwrap(); }
            }
        }
        let report = ledger.close().unwrap();
        let tally = report.tally();
        prop_assert_eq!(tally.converted + tally.skipped + tally.failed, files);
        prop_assert_eq!(tally.skipped_by.values().sum::<u32>(), tally.skipped);
        prop_assert_eq!(tally.failed_by.values().sum::<u32>(), tally.failed);
        let json = serde_json::to_string(&report).unwrap();
        prop_assert_eq!(serde_json::from_str::<Report>(&json).unwrap(), report);
    }
}
