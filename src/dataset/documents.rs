//! The documents around the volumes.
//!
//! In come de-identified facts about subjects, sessions and scans, the published plan, the policy
//! and the report, each made elsewhere; out come entries: `dataset_description.json`, `README`,
//! `CHANGES`, `.bidsignore`, participants, sessions and scans tables with their data dictionaries,
//! and `provenance/`. Against a data set that exists, rows unite: what stands there is not changed,
//! nothing is renumbered. UTF-8, LF, keys and rows in a fixed order: the same facts give the same
//! bytes.

use super::extend::Existing;
use super::layout::{BIDS_IGNORE, is_label};
use super::tsv::Table;
use super::{ARCHIVE_SCHEMA, BIDS_VERSION, EntryName, Error, Report, Stem};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The document that makes a folder a data set; written first.
pub const DESCRIPTION: &str = "dataset_description.json";
/// The field of [`DESCRIPTION`] that names the archive's schema.
pub const SCHEMA_FIELD: &str = "HepaticaArchive";

/// Sex as BIDS writes it (BIDS 1.10.0, *participants.tsv*).
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Sex {
    /// Male.
    M,
    /// Female.
    F,
    /// Other.
    O,
}

impl Sex {
    /// From PatientSex (0010,0040).
    pub fn from_dicom(text: &str) -> Option<Self> {
        match text.trim() {
            "M" => Some(Self::M),
            "F" => Some(Self::F),
            "O" => Some(Self::O),
            _ => None,
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::M => "M",
            Self::F => "F",
            Self::O => "O",
        }
    }
}

/// A row of `participants.tsv`: what the policy lets out of a patient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Participant {
    /// Pseudonym, without `sub-`.
    pub subject: String,
    /// Sex, where the policy keeps patient characteristics.
    pub sex: Option<Sex>,
    /// Age at the first study as the policy gives it: a band such as `60-64`, or years with `90+`.
    pub age: Option<String>,
}

/// A row of a subject's `sessions.tsv`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Pseudonym, without `sub-`.
    pub subject: String,
    /// Session, without `ses-`.
    pub session: String,
    /// Days from the subject's first study: the interval that no date is needed for.
    pub days_from_first: Option<i64>,
    /// `pre`, `post` or another id of the hanging protocol, as the user confirmed it.
    pub timepoint: Option<String>,
    /// Date of the study (ISO 8601) where the policy shifts or keeps dates.
    pub date: Option<String>,
}

/// A row of a session's `scans.tsv`.
#[derive(Debug, Clone, PartialEq)]
pub struct Scan {
    /// The volume.
    pub stem: Stem,
    /// Id of its role.
    pub role: Option<String>,
    /// Seconds from the first phase of the dynamic series it belongs to.
    pub seconds_from_first: Option<f64>,
    /// Start (`YYYY-MM-DDThh:mm:ss`) where the policy shifts or keeps dates.
    pub acq_time: Option<String>,
}

/// What one conversion has to say.
pub struct Documents<'a> {
    /// Everybody of whom a volume was written.
    pub participants: Vec<Participant>,
    /// Their sessions.
    pub sessions: Vec<Session>,
    /// The volumes that were written.
    pub scans: Vec<Scan>,
    /// What became of the files.
    pub report: &'a Report,
    /// The published plan: `provenance/plan.json`.
    pub plan: Value,
    /// The policy and the certificate: `provenance/deidentification.json`.
    pub deidentification: Value,
    /// Roles and order for the viewer: `provenance/hanging.json`.
    pub hanging: Value,
    /// Further documents of `provenance/`: name, extension, content.
    pub further: Vec<(&'static str, &'static str, Vec<u8>)>,
    /// Objects written to `dicom/`.
    pub objects: u64,
}

/// One file of the archive.
pub type Entry = (EntryName, Vec<u8>);

/// Whether a document is read back when a data set is extended.
pub(super) fn is_merged(name: &EntryName) -> bool {
    let name = name.as_str();
    let table = name.ends_with("_scans.tsv") || name.ends_with("_sessions.tsv");
    matches!(name, DESCRIPTION | "participants.tsv" | "participants.json" | "CHANGES")
        || (table && name.starts_with("sub-"))
        || is_objects_table(name)
}

/// Whether a document lists the objects of a run: `provenance/objects.tsv`, `…_run-02.tsv`.
pub(super) fn is_objects_table(name: &str) -> bool {
    name.starts_with("provenance/objects") && name.ends_with(".tsv")
}

/// JSON as the archive writes it: two spaces, keys as they stand, a line end at the end.
pub fn json_bytes(value: &Value) -> Vec<u8> {
    // A `Value` has string keys and finite numbers only, so that writing it cannot fail.
    let mut text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.push('\n');
    text.into_bytes()
}

/// What is written before the first volume: with it, a folder is a data set of ours, and an
/// interrupted export is recognised. Only what is not there yet.
///
/// # Errors
/// [`Error::Name`] never in practice.
pub fn opening(existing: &Existing) -> Result<Vec<Entry>, Error> {
    let description = json!({
        "Name": "MRI data set",
        "BIDSVersion": BIDS_VERSION,
        "DatasetType": "raw",
        "GeneratedBy": [{
            "Name": "Hepatica",
            "Version": env!("CARGO_PKG_VERSION"),
            "Description": "Conversion from DICOM and de-identification (pseudonymised, DICOM PS3.15 Annex E)",
        }],
        SCHEMA_FIELD: ARCHIVE_SCHEMA,
    });
    let entries = [
        (DESCRIPTION, json_bytes(&description)),
        ("README", README.as_bytes().to_vec()),
        (".bidsignore", BIDS_IGNORE.as_bytes().to_vec()),
    ];
    let mut missing = Vec::new();
    for (name, contents) in entries {
        let name = EntryName::new(name)?;
        if !existing.holds(&name) {
            missing.push((name, contents));
        }
    }
    Ok(missing)
}

/// Texts of ours that every data set holds: what stands in them is no leak.
pub fn texts() -> impl Iterator<Item = &'static str> {
    [README, BIDS_IGNORE].into_iter()
}

/// The last of the documents of a conversion, by which it is seen to be finished.
const LAST_OF_RUN: &str = "provenance/hanging";

fn finished_runs<'a>(names: impl Iterator<Item = &'a EntryName>) -> usize {
    names.filter(|name| name.as_str().starts_with(LAST_OF_RUN)).count()
}

/// Whether `name` is a provenance document of a conversion that was interrupted before its last one: it
/// is written again.
pub fn is_of_unfinished_run<'a>(name: &EntryName, names: impl Iterator<Item = &'a EntryName>) -> bool {
    let Some(rest) = name.as_str().strip_prefix("provenance/") else { return false };
    let stem = rest.split('.').next().unwrap_or(rest);
    let run = stem.find("_run-").and_then(|at| stem.get(at..)).unwrap_or("");
    let last = format!("{LAST_OF_RUN}{run}.json");
    !names.into_iter().any(|known| known.as_str() == last)
}

impl Documents<'_> {
    /// What is written behind the last volume, in this order. Nothing at all where nothing was added
    /// to a data set that exists: it stays as it is, byte for byte.
    ///
    /// # Errors
    /// [`Error::Document`] where an existing table cannot be read, [`Error::Label`].
    pub fn closing(&self, existing: &Existing) -> Result<Vec<Entry>, Error> {
        let added = self.report.volumes().len();
        let finished = finished_runs(existing.names()) > 0;
        if added == 0 && self.objects == 0 && finished {
            return Ok(Vec::new());
        }
        let mut entries = Vec::new();
        self.participants(existing, &mut entries)?;
        self.sessions(existing, &mut entries)?;
        self.scans(existing, &mut entries)?;
        let changes = EntryName::new("CHANGES")?;
        let text = changes_text(existing.document(&changes), self.report, self.participants.len());
        entries.push((changes, text.into_bytes()));
        self.provenance(existing, &mut entries)?;
        Ok(entries)
    }

    fn participants(&self, existing: &Existing, entries: &mut Vec<Entry>) -> Result<(), Error> {
        let mut table = Table::new(&["participant_id", "sex", "age"]);
        for participant in &self.participants {
            check(&participant.subject, "subject")?;
            let sex = participant.sex.map_or("", Sex::as_str).to_owned();
            let age = participant.age.clone().unwrap_or_default();
            table.push([format!("sub-{}", participant.subject), sex, age]);
        }
        let table = merged(existing, "participants.tsv", "participants.tsv", &table.without_empty_columns())?;
        let dictionary = EntryName::new("participants.json")?;
        let mut columns = Map::new();
        if let Some(old) = existing.document(&dictionary) {
            columns = serde_json::from_slice(old).map_err(|_| Error::Document("participants.json"))?;
        }
        for column in table.columns() {
            if let Some(meaning) = participant_column(column).filter(|_| !columns.contains_key(column)) {
                columns.insert(column.clone(), meaning);
            }
        }
        entries.push((EntryName::new("participants.tsv")?, table.to_text().into_bytes()));
        entries.push((dictionary, json_bytes(&Value::Object(columns))));
        Ok(())
    }

    fn sessions(&self, existing: &Existing, entries: &mut Vec<Entry>) -> Result<(), Error> {
        let mut tables: BTreeMap<&str, Table> = BTreeMap::new();
        for session in &self.sessions {
            check(&session.subject, "subject")?;
            check(&session.session, "session")?;
            let columns = ["session_id", "days_from_first", "timepoint", "acq_time"];
            let table = tables.entry(&session.subject).or_insert_with(|| Table::new(&columns));
            table.push([
                format!("ses-{}", session.session),
                session.days_from_first.map_or_else(String::new, |days| days.to_string()),
                session.timepoint.clone().unwrap_or_default(),
                session.date.clone().unwrap_or_default(),
            ]);
        }
        for (subject, table) in tables {
            let base = format!("sub-{subject}/sub-{subject}_sessions");
            let path = format!("{base}.tsv");
            let table = merged(existing, &path, "sessions.tsv", &table.without_empty_columns())?;
            entries.push((EntryName::new(path)?, table.to_text().into_bytes()));
            entries.push((EntryName::new(format!("{base}.json"))?, dictionary(&table, session_column)));
        }
        Ok(())
    }

    fn scans(&self, existing: &Existing, entries: &mut Vec<Entry>) -> Result<(), Error> {
        let mut tables: BTreeMap<String, Table> = BTreeMap::new();
        // The ADC map and `other/` are no scans in BIDS's sense; a scans table may list only what it
        // knows (bids-validator 1.15, code 129). Their facts stand in `provenance/plan.json`.
        for scan in self.scans.iter().filter(|scan| scan.stem.is_bids()) {
            let (Some(subject), Some(session)) = (scan.stem.subject(), scan.stem.session()) else { continue };
            let folder = format!("sub-{subject}/ses-{session}/");
            let image = scan.stem.image();
            let Some(file) = image.as_str().strip_prefix(&folder) else { continue };
            let path = format!("{folder}sub-{subject}_ses-{session}_scans.tsv");
            let columns = ["filename", "acq_time", "role", "seconds_from_first"];
            tables.entry(path).or_insert_with(|| Table::new(&columns)).push([
                file.to_owned(),
                scan.acq_time.clone().unwrap_or_default(),
                scan.role.clone().unwrap_or_default(),
                scan.seconds_from_first.map_or_else(String::new, seconds),
            ]);
        }
        for (path, table) in &tables {
            let table = merged(existing, path, "scans.tsv", &table.without_empty_columns())?;
            let json = path.replace("_scans.tsv", "_scans.json");
            entries.push((EntryName::new(path.as_str())?, table.to_text().into_bytes()));
            entries.push((EntryName::new(json)?, dictionary(&table, scan_column)));
        }
        Ok(())
    }

    fn provenance(&self, existing: &Existing, entries: &mut Vec<Entry>) -> Result<(), Error> {
        // Each conversion that joined something has its own set, which says what it did.
        let earlier = finished_runs(existing.names());
        let run = if earlier == 0 { String::new() } else { format!("_run-{:02}", earlier + 1) };
        let texts = [
            ("plan", "json", json_bytes(&self.plan)),
            ("conversion", "tsv", self.report.to_tsv().into_bytes()),
            ("deidentification", "json", json_bytes(&self.deidentification)),
            ("hanging", "json", json_bytes(&self.hanging)),
        ];
        // The last of these says that the run was finished.
        let (last, others) = texts.split_last().map_or((None, &[][..]), |(last, rest)| (Some(last), rest));
        for (name, extension, contents) in others.iter().chain(&self.further).chain(last).cloned() {
            entries.push((EntryName::new(format!("provenance/{name}{run}.{extension}"))?, contents));
        }
        Ok(())
    }
}

fn check(label: &str, what: &'static str) -> Result<(), Error> {
    if is_label(label) { Ok(()) } else { Err(Error::Label(what)) }
}

/// The table united with the one that stands there.
fn merged(existing: &Existing, path: &str, what: &'static str, table: &Table) -> Result<Table, Error> {
    let empty = Table::new(&[]);
    let Some(old) = existing.document(&EntryName::new(path)?) else {
        // Uniting with nothing sorts the rows.
        return Ok(table.united(&empty));
    };
    let text = std::str::from_utf8(old).map_err(|_| Error::Document(what))?;
    let old = Table::parse(text).ok_or(Error::Document(what))?;
    if old.columns().first() != table.columns().first() {
        return Err(Error::Document(what));
    }
    Ok(old.united(table))
}

fn dictionary(table: &Table, meaning: fn(&str) -> Option<Value>) -> Vec<u8> {
    let known = table.columns().iter().filter_map(|column| Some((column.clone(), meaning(column)?)));
    json_bytes(&Value::Object(known.collect()))
}

fn participant_column(column: &str) -> Option<Value> {
    Some(match column {
        "participant_id" => json!({ "Description": "Keyed pseudonym of the participant" }),
        "sex" => json!({
            "Description": "Sex as the imaging department recorded it",
            "Levels": { "M": "male", "F": "female", "O": "other" },
        }),
        "age" => json!({
            "Description": "Age at the first study, as a band or capped where the policy says so",
            "Units": "years",
        }),
        _ => return None,
    })
}

fn session_column(column: &str) -> Option<Value> {
    Some(match column {
        "session_id" => json!({ "Description": "Session of the participant, in the order of the studies" }),
        "days_from_first" => {
            json!({ "Description": "Days from the participant's first study", "Units": "days" })
        }
        "timepoint" => json!({ "Description": "Time point of the hanging protocol" }),
        "acq_time" => {
            json!({ "Description": "Date of the study; shifted by a keyed number of days unless kept" })
        }
        _ => return None,
    })
}

fn scan_column(column: &str) -> Option<Value> {
    Some(match column {
        "filename" => json!({ "Description": "Path of the image from the session's folder" }),
        "acq_time" => {
            json!({ "Description": "Start of the acquisition; shifted by a keyed number of days unless kept" })
        }
        "role" => json!({ "Description": "Role of the volume in the hanging protocol" }),
        "seconds_from_first" => json!({
            "Description": "Start of the acquisition, counted from the first phase of its dynamic series",
            "Units": "s",
        }),
        _ => return None,
    })
}

/// Seconds to the millisecond, without trailing zeros.
fn seconds(value: f64) -> String {
    if !value.is_finite() {
        return String::new();
    }
    let text = format!("{value:.3}");
    let short = text.trim_end_matches('0').trim_end_matches('.');
    if short == "-0" { "0".to_owned() } else { short.to_owned() }
}

/// `CHANGES` in the manner of CPAN, newest first; we have no clock, and a date could identify.
fn changes_text(old: Option<&[u8]>, report: &Report, participants: usize) -> String {
    let old = old.map(|bytes| String::from_utf8_lossy(bytes).into_owned()).unwrap_or_default();
    let minor = old.lines().next().and_then(|line| {
        let version = line.split_whitespace().next()?;
        let mut parts = version.split('.').map(str::parse::<u32>);
        Some((parts.next()?.ok()?, parts.next()?.ok()?))
    });
    let version = minor.map_or((1, 0), |(major, minor)| (major, minor.saturating_add(1)));
    let verb = if old.is_empty() { "Converted" } else { "Added" };
    let volumes = report.volumes().len();
    let plural = |n: usize| if n == 1 { "" } else { "s" };
    let entry = format!(
        "{}.{}.0 Unknown Release Date\n  - {verb} {volumes} volume{} of {participants} participant{} with Hepatica {}.\n",
        version.0,
        version.1,
        plural(volumes),
        plural(participants),
        env!("CARGO_PKG_VERSION"),
    );
    if old.is_empty() { entry } else { format!("{entry}\n{old}") }
}

const README: &str = "\
MRI data set, converted from DICOM and de-identified by Hepatica

For research use only. The data are pseudonymised, not anonymous: known identifiers of the sources
were searched for and not found, which is no proof that nobody could be recognised.

Layout
  The data set follows BIDS (https://bids.neuroimaging.io). Each `.nii.gz` has a `.json` sidecar with
  acquisition parameters in BIDS units. Multi-phase T1-weighted series are one 3D image a phase, on
  the scanner's own grid; phases are named by `acq-`:
    pre native, art / art2 / artearly / artlate arterial, pv portal venous, trans transitional,
    del delayed, hbp hepatobiliary; water, fat, inphase, oppphase Dixon images; fs fat-saturated.
  `ce-gd` marks images after gadolinium contrast agent.
  sub-*/ses-*/dwi/*_ADC.nii.gz are the scanner's apparent diffusion coefficients; BIDS has no name
  for them, hence .bidsignore.
  other/ holds what BIDS has no word for, or nobody recognised, under generic names.
  dicom/, where it was asked for, holds the de-identified DICOM objects of the same subjects and sessions.
  provenance/ tells what was converted, skipped and failed (input files by their ordinal only), the
  plan, the de-identification policy and the roles of the volumes.

Times
  sub-*/sub-*_sessions.tsv has days from the participant's first study; *_scans.tsv has seconds from the
  first phase of a dynamic series. Dates are absent, or shifted, as provenance/deidentification.json says.
";

#[cfg(test)]
#[path = "documents_tests.rs"]
mod tests;
