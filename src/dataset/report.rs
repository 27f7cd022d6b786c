//! The report: what became of every input file.
//!
//! In come outcomes as they happen, by the files' ordinals; out comes, once every file has exactly
//! one, a [`Report`] with its tallies, its sentence, its exit code, its JSON and its table. Paths,
//! descriptions and values never come near it: which file an ordinal is, the surface that opened the
//! files knows (invariants 2 and 5 of `DESIGN.md`).

use super::{EntryName, Error, Stem, tsv};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The report's schema (invariant 11).
pub const REPORT_SCHEMA: &str = "hepatica-report/1";

/// Why a file was left out on purpose. The serialised form is the stable id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SkipReason {
    /// Not a DICOM file.
    NotDicom,
    /// The index of a medium.
    Dicomdir,
    /// An archive within an archive.
    NestedArchive,
    /// A scout image, not asked for.
    Localizer,
    /// The user left the volume out.
    Excluded,
    /// Text may be burned into its pixels, and nobody has looked.
    BurnedIn,
    /// The same SOP instance came twice.
    Duplicate,
    /// Has the SOP instance UID and number of an image that was kept, at the same place, and differs from it.
    SharedUid,
    /// The archive being extended holds the volume already.
    AlreadyPresent,
    /// Another slice set of an aborted series lacks slices; its complete volumes were converted.
    IncompleteVolume,
    /// A structured report.
    StructuredReport,
    /// A presentation state.
    PresentationState,
    /// A segmentation object.
    Segmentation,
    /// A key object selection, registration, measurement or other object about images.
    OtherObject,
    /// Raw data or spectroscopy.
    RawData,
    /// A document (PDF, CDA …) in DICOM.
    Document,
    /// A secondary capture or screenshot.
    SecondaryCapture,
    /// A colour image.
    Colour,
    /// Images of a modality that is not converted.
    OtherModality,
    /// An image object without pixel data.
    NoPixelData,
    /// An empty file.
    Empty,
}

impl SkipReason {
    /// Plural words for the summary: `20 skipped (scout images)`.
    pub fn words(self) -> &'static str {
        match self {
            Self::NotDicom => "not DICOM",
            Self::Dicomdir => "index of the medium",
            Self::NestedArchive => "archives inside an archive",
            Self::Localizer => "scout images",
            Self::Excluded => "excluded in the plan",
            Self::BurnedIn => "text may be burned into the pixels",
            Self::Duplicate => "duplicates",
            Self::SharedUid => "other content under the UID of an image that was kept",
            Self::AlreadyPresent => "already in the data set",
            Self::IncompleteVolume => "incomplete volumes",
            Self::StructuredReport => "structured reports",
            Self::PresentationState => "presentation states",
            Self::Segmentation => "segmentations",
            Self::OtherObject => "objects that are no images",
            Self::RawData => "raw data",
            Self::Document => "documents",
            Self::SecondaryCapture => "screenshots",
            Self::Colour => "colour images",
            Self::OtherModality => "other modalities",
            Self::NoPixelData => "no pixel data",
            Self::Empty => "empty files",
        }
    }
}

impl SkipReason {
    /// What a person can do about it; empty where nothing is to be done.
    pub fn remedy(self) -> &'static str {
        match self {
            Self::BurnedIn => "look at the pictures in the plan's review, then export again",
            _ => "",
        }
    }
}

/// Why a file could not be converted. The serialised form is the stable id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FailReason {
    /// The file ends before its data do.
    Truncated,
    /// The header cannot be read.
    Unreadable,
    /// The device did not deliver the bytes.
    Io,
    /// The pixels are coded in a transfer syntax that is not supported.
    TransferSyntax,
    /// The compressed pixels are damaged.
    Codec,
    /// Pixel data and header disagree about their size.
    PixelSize,
    /// A header states dimensions that cannot be.
    Dimensions,
    /// Would need more memory than the budget.
    OverBudget,
    /// Position or orientation is missing or contradicts itself.
    Geometry,
    /// The slices do not make a volume.
    Stacking,
    /// Instances of one series carry different patients, or one ID stands for two.
    MixedPatients,
    /// The check found an identifier in the output, which was not written.
    IdentifierFound,
    /// An entry of a zip is encrypted.
    Encrypted,
    /// A zip, or an entry of it, is damaged.
    DamagedArchive,
    /// A zip entry uses a compression method that is not supported.
    ArchiveMethod,
    /// The output could not be written.
    Write,
    /// The user stopped before the file's turn.
    Cancelled,
    /// The program erred; what was written is sound.
    Internal,
}

impl FailReason {
    /// Words for the summary: `4 failed (truncated)`.
    pub fn words(self) -> &'static str {
        match self {
            Self::Truncated => "truncated",
            Self::Unreadable => "unreadable header",
            Self::Io => "could not be read from the device",
            Self::TransferSyntax => "unsupported transfer syntax",
            Self::Codec => "damaged compressed pixels",
            Self::PixelSize => "pixel data of the wrong size",
            Self::Dimensions => "impossible dimensions",
            Self::OverBudget => "over the memory budget",
            Self::Geometry => "contradictory geometry",
            Self::Stacking => "slices that make no volume",
            Self::MixedPatients => "mixed patients",
            Self::IdentifierFound => "identifier found in the output, not written",
            Self::Encrypted => "encrypted",
            Self::DamagedArchive => "damaged archive",
            Self::ArchiveMethod => "unsupported archive compression",
            Self::Write => "could not be written",
            Self::Cancelled => "cancelled",
            Self::Internal => "internal error",
        }
    }

    /// What a person can do about it.
    pub fn remedy(self) -> &'static str {
        match self {
            Self::Truncated | Self::Codec | Self::DamagedArchive => {
                "Export these files again: they were cut short or damaged on the way."
            }
            Self::Unreadable => {
                "Open these files in a DICOM viewer; where it can read them, please report it."
            }
            Self::Io => "Check the medium or network drive and run again; what is there is kept.",
            Self::TransferSyntax => "Have the archive send them uncompressed (Explicit VR Little Endian).",
            Self::PixelSize | Self::Dimensions => "The header lies about the pixels; ask for a new export.",
            Self::OverBudget => "Convert them with the command line or on a machine with more memory.",
            Self::Geometry | Self::Stacking => {
                "Leave out, in the plan, the images that do not belong together, or convert them apart."
            }
            Self::MixedPatients => "Sort out at the source which patient these images show.",
            Self::IdentifierFound => "Nothing leaked. Please report the element named; it needs a rule.",
            Self::Encrypted => "Unpack the archive with its password and drop the folder.",
            Self::ArchiveMethod => "Unpack the archive and drop the folder.",
            Self::Write => "Check free space and permission, and run again; what is there is kept.",
            Self::Cancelled => "Run again: only what is missing will be added.",
            Self::Internal => "Please report it; the rest of the export is sound.",
        }
    }
}

/// What became of one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "outcome", content = "because")]
pub enum Outcome {
    /// Went into these volumes, by their images.
    Converted(Vec<EntryName>),
    /// Left out on purpose.
    Skipped(SkipReason),
    /// Could not be converted, wholly or in part.
    Failed(FailReason),
}

/// One file of the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// The file, from 1 in the order of the input.
    pub file: u32,
    /// Its outcome.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// Where the outcome is a failure in part: the volumes that were written nonetheless.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub volumes: Vec<EntryName>,
    /// The DICOM element that the failure is about, as `(gggg,eeee)`; never its value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub element: Option<ElementTag>,
}

/// A DICOM tag, written `(gggg,eeee)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ElementTag(pub u16, pub u16);

impl std::fmt::Display for ElementTag {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "({:04x},{:04x})", self.0, self.1)
    }
}

impl Serialize for ElementTag {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ElementTag {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let parse = |text: &str| {
            let (group, element) = text.strip_prefix('(')?.strip_suffix(')')?.split_once(',')?;
            Some(Self(u16::from_str_radix(group, 16).ok()?, u16::from_str_radix(element, 16).ok()?))
        };
        parse(&text).ok_or_else(|| serde::de::Error::custom("a tag is written (gggg,eeee)"))
    }
}

/// What is known of a file so far.
#[derive(Debug, Clone, Default)]
struct Entry {
    volumes: BTreeSet<EntryName>,
    skipped: Option<SkipReason>,
    failed: Option<(FailReason, Option<ElementTag>)>,
}

/// Collects outcomes while a conversion runs. A file may be told of several times (an enhanced
/// multi-frame file goes into several volumes); a failure outweighs a volume, a volume outweighs a
/// skip, and the first reason of a kind stays.
#[derive(Debug, Clone)]
pub struct Ledger {
    files: u32,
    entries: BTreeMap<u32, Entry>,
}

impl Ledger {
    /// For `files` input files, numbered from 1.
    pub fn new(files: u32) -> Self {
        Self { files, entries: BTreeMap::new() }
    }

    /// The file went into this volume, whose entries are all written.
    ///
    /// # Errors
    /// [`Error::NoSuchFile`].
    pub fn converted(&mut self, file: u32, volume: &Stem) -> Result<(), Error> {
        self.entry(file)?.volumes.insert(volume.image());
        Ok(())
    }

    /// The file was left out.
    ///
    /// # Errors
    /// [`Error::NoSuchFile`].
    pub fn skipped(&mut self, file: u32, why: SkipReason) -> Result<(), Error> {
        self.entry(file)?.skipped.get_or_insert(why);
        Ok(())
    }

    /// The file, or a part of it, could not be converted.
    ///
    /// # Errors
    /// [`Error::NoSuchFile`].
    pub fn failed(&mut self, file: u32, why: FailReason, element: Option<ElementTag>) -> Result<(), Error> {
        self.entry(file)?.failed.get_or_insert((why, element));
        Ok(())
    }

    /// Gives every file without an outcome this one: what a cancelled export has not come to.
    pub fn fail_the_rest(&mut self, why: FailReason) {
        for file in 1..=self.files {
            self.entries
                .entry(file)
                .or_insert_with(|| Entry { failed: Some((why, None)), ..Entry::default() });
        }
    }

    /// Closes the books.
    ///
    /// # Errors
    /// [`Error::Unaccounted`] where a file has no outcome.
    pub fn close(self) -> Result<Report, Error> {
        let rows = self.entries.into_iter().filter_map(|(file, entry)| row(file, entry));
        Report::new(self.files, rows.collect())
    }

    fn entry(&mut self, file: u32) -> Result<&mut Entry, Error> {
        if file == 0 || file > self.files {
            return Err(Error::NoSuchFile { ordinal: file, expected: self.files });
        }
        Ok(self.entries.entry(file).or_default())
    }
}

fn row(file: u32, entry: Entry) -> Option<Row> {
    let volumes: Vec<EntryName> = entry.volumes.into_iter().collect();
    let row = match (entry.failed, entry.skipped) {
        (Some((why, element)), _) => Row { file, outcome: Outcome::Failed(why), volumes, element },
        (None, _) if !volumes.is_empty() => {
            Row { file, outcome: Outcome::Converted(volumes), volumes: Vec::new(), element: None }
        }
        (None, Some(why)) => Row { file, outcome: Outcome::Skipped(why), volumes, element: None },
        (None, None) => return None,
    };
    Some(row)
}

/// What became of the files: every one of them, exactly once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    files: u32,
    rows: Vec<Row>,
}

/// The sums of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Files that came in.
    pub files: u32,
    /// Files converted.
    pub converted: u32,
    /// Volumes they went into.
    pub volumes: u32,
    /// Files skipped.
    pub skipped: u32,
    /// Files failed.
    pub failed: u32,
    /// Files skipped, by reason.
    pub skipped_by: BTreeMap<SkipReason, u32>,
    /// Files failed, by reason.
    pub failed_by: BTreeMap<FailReason, u32>,
}

impl Report {
    /// Checks that the rows account for every file from 1 to `files` once.
    ///
    /// # Errors
    /// [`Error::Unaccounted`] for a file without or with a second row, [`Error::NoSuchFile`].
    pub fn new(files: u32, mut rows: Vec<Row>) -> Result<Self, Error> {
        rows.sort_by_key(|row| row.file);
        if let Some(row) = rows.iter().find(|row| row.file == 0 || row.file > files) {
            return Err(Error::NoSuchFile { ordinal: row.file, expected: files });
        }
        let accounted = u32::try_from(rows.len()).unwrap_or(u32::MAX);
        let mut expected = 1_u32..;
        if let Some(row) = rows.iter().find(|row| expected.next() != Some(row.file)) {
            // Missing before this row, or here twice.
            let first = rows.iter().zip(1_u32..).find(|(row, i)| row.file != *i).map_or(row.file, |(_, i)| i);
            return Err(Error::Unaccounted { expected: files, accounted, first });
        }
        if accounted != files {
            return Err(Error::Unaccounted {
                expected: files,
                accounted,
                first: accounted.saturating_add(1),
            });
        }
        Ok(Self { files, rows })
    }

    /// The rows, by file.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The images that were written, in order.
    pub fn volumes(&self) -> BTreeSet<&EntryName> {
        self.rows.iter().flat_map(Row::images).collect()
    }

    /// The sums.
    pub fn tally(&self) -> Tally {
        let mut tally = Tally {
            files: self.files,
            converted: 0,
            volumes: u32::try_from(self.volumes().len()).unwrap_or(u32::MAX),
            skipped: 0,
            failed: 0,
            skipped_by: BTreeMap::new(),
            failed_by: BTreeMap::new(),
        };
        for row in &self.rows {
            match &row.outcome {
                Outcome::Converted(_) => tally.converted += 1,
                Outcome::Skipped(why) => {
                    tally.skipped += 1;
                    *tally.skipped_by.entry(*why).or_default() += 1;
                }
                Outcome::Failed(why) => {
                    tally.failed += 1;
                    *tally.failed_by.entry(*why).or_default() += 1;
                }
            }
        }
        tally
    }

    /// The sentence at the end: *1,204 files: 1,180 in 42 volumes, 20 skipped (scout images), 4
    /// failed (truncated)*.
    pub fn summary(&self) -> String {
        let tally = self.tally();
        let mut parts = Vec::new();
        if tally.converted > 0 {
            parts.push(format!("{} in {}", count(tally.converted), counted(tally.volumes, "volume")));
        }
        let reasons = |by: Vec<(&'static str, u32)>| match by.as_slice() {
            [(words, _)] => (*words).to_owned(),
            several => several
                .iter()
                .map(|(words, n)| format!("{} {words}", count(*n)))
                .collect::<Vec<_>>()
                .join(", "),
        };
        if tally.skipped > 0 {
            let by = tally.skipped_by.iter().map(|(why, n)| (why.words(), *n)).collect();
            parts.push(format!("{} skipped ({})", count(tally.skipped), reasons(by)));
        }
        if tally.failed > 0 {
            let by = tally.failed_by.iter().map(|(why, n)| (why.words(), *n)).collect();
            parts.push(format!("{} failed ({})", count(tally.failed), reasons(by)));
        }
        let files = counted(self.files, "file");
        if parts.is_empty() { files } else { format!("{files}: {}", parts.join(", ")) }
    }

    /// The exit code of the command line: 0 nothing failed, 3 some files failed, 4 nothing was
    /// convertible (files that the data set holds already were convertible).
    pub fn exit_code(&self) -> u8 {
        let tally = self.tally();
        let present = tally.skipped_by.contains_key(&SkipReason::AlreadyPresent);
        if tally.volumes == 0 && !present {
            4
        } else if tally.failed > 0 {
            3
        } else {
            0
        }
    }

    /// `provenance/conversion.tsv`: a row a file.
    pub fn to_tsv(&self) -> String {
        let mut table = tsv::Table::new(&["file", "outcome", "reason", "element", "volumes"]);
        for row in &self.rows {
            let (outcome, reason) = match &row.outcome {
                Outcome::Converted(_) => ("converted", String::new()),
                Outcome::Skipped(why) => ("skipped", id(why)),
                Outcome::Failed(why) => ("failed", id(why)),
            };
            let volumes: Vec<&str> = row.images().map(EntryName::as_str).collect();
            let element = row.element.map_or_else(String::new, |element| element.to_string());
            table.push([row.file.to_string(), outcome.to_owned(), reason, element, volumes.join(" ")]);
        }
        table.to_text()
    }
}

impl Row {
    /// The images that the file went into.
    pub fn images(&self) -> impl Iterator<Item = &EntryName> {
        let converted: &[EntryName] = match &self.outcome {
            Outcome::Converted(volumes) => volumes,
            Outcome::Skipped(_) | Outcome::Failed(_) => &[],
        };
        converted.iter().chain(&self.volumes)
    }
}

/// The serialised form of a reports: what `--json` prints and the page reads.
#[derive(Serialize, Deserialize)]
struct Written {
    schema: String,
    summary: String,
    exit_code: u8,
    tally: Tally,
    files: Vec<Row>,
}

impl Serialize for Report {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let written = Written {
            schema: REPORT_SCHEMA.to_owned(),
            summary: self.summary(),
            exit_code: self.exit_code(),
            tally: self.tally(),
            files: self.rows.clone(),
        };
        written.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Report {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = Written::deserialize(deserializer)?;
        if written.schema != REPORT_SCHEMA {
            return Err(serde::de::Error::custom("a report of another version"));
        }
        Self::new(written.tally.files, written.files).map_err(serde::de::Error::custom)
    }
}

/// The stable id of a reason: its serialised form.
fn id(reason: &impl Serialize) -> String {
    match serde_json::to_value(reason) {
        Ok(serde_json::Value::String(id)) => id,
        _ => String::new(),
    }
}

fn counted(n: u32, thing: &str) -> String {
    format!("{} {thing}{}", count(n), if n == 1 { "" } else { "s" })
}

/// A number with a comma every three digits.
fn count(n: u32) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
#[path = "report_tests.rs"]
mod tests;
