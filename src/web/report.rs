//! The report as the screen shows it: a line for each outcome, each of which opens to its files.
//!
//! In: a report. Out: [`ReportView`], free of identifiers, as the report is.

use serde::Serialize;

use crate::dataset::{Outcome, Report};
use crate::session::ObjectLine;

#[derive(Serialize)]
struct Line {
    id: String,
    outcome: &'static str,
    label: String,
    count: u32,
    detail: String,
}

/// The report, for the screen.
#[derive(Serialize)]
pub(super) struct ReportView {
    files: u32,
    volumes: u32,
    lines: Vec<Line>,
    /// What the check stopped: elements and places, never a value.
    refused: Vec<String>,
    /// What became of the objects of the DICOM tree; empty where none was asked for.
    dicom: Vec<ObjectLine>,
}

/// The line that an outcome counts in.
pub(super) fn line_of(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Converted(_) => "converted".to_owned(),
        Outcome::Skipped(why) => reason_id(why),
        Outcome::Failed(why) => reason_id(why),
    }
}

fn reason_id(why: &impl Serialize) -> String {
    serde_json::to_value(why).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
}

/// One line for what was converted, then one a reason.
pub(super) fn report_view(report: &Report, refused: &[String], dicom: Vec<ObjectLine>) -> ReportView {
    let tally = report.tally();
    let mut lines = Vec::new();
    if tally.converted > 0 {
        lines.push(Line {
            id: "report:converted".into(),
            outcome: "converted",
            label: String::new(),
            count: tally.converted,
            detail: String::new(),
        });
    }
    lines.extend(tally.skipped_by.iter().map(|(why, count)| Line {
        id: format!("report:{}", reason_id(why)),
        outcome: "skipped",
        label: why.words().to_owned(),
        count: *count,
        detail: why.remedy().to_owned(),
    }));
    lines.extend(tally.failed_by.iter().map(|(why, count)| Line {
        id: format!("report:{}", reason_id(why)),
        outcome: "failed",
        label: why.words().to_owned(),
        count: *count,
        detail: why.remedy().to_owned(),
    }));
    ReportView { files: tally.files, volumes: tally.volumes, lines, refused: refused.to_vec(), dicom }
}
