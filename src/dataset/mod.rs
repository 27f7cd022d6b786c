//! The archive: what a conversion leaves behind.
//!
//! In come volume names, finished bytes, outcomes of files and de-identified facts; out go archive
//! entries with names of the published layout (`DESIGN.md`, *The archive*), sidecars, tables and
//! reports, as a folder or as a stream of zip bytes. The room never sees a patient's name, never
//! reads or writes a file, never reads a clock, and never numbers or overwrites anything that an
//! archive being extended already holds.
//!
//! - [`layout`]: roles → BIDS names ([`VolumeName`] → [`Stem`] → [`EntryName`]); [`namer`]: uniqueness.
//! - [`sidecar`]: the allow-list of what a JSON sidecar may say, a table, and its evaluation.
//! - [`documents`], [`tsv`]: `dataset_description.json`, participants, sessions, scans, README, provenance.
//! - [`report`]: one outcome for every input file, and the sum that must come out.
//! - [`zip_out`], [`zip_in`], [`zip_format`]: zip archives written as a stream and read by ranges.
//! - [`extend`]: what an archive already holds; appending to it; saving an interrupted one.

pub mod documents;
pub mod extend;
pub mod layout;
pub mod namer;
pub mod report;
pub mod sidecar;
mod sidecar_table;
pub mod tsv;
#[rustfmt::skip] // Tables of words, packed into lines.
mod vocabulary;
mod words;
pub mod zip_format;
pub mod zip_in;
pub mod zip_out;

pub use layout::{Copy, EntryName, FieldMap, Modality, Part, PhaseEncoding, Plane, Stem, VolumeName};
pub use namer::Namer;
pub use report::{FailReason, Ledger, Outcome, Report, SkipReason};
pub use sidecar::{Computed, Retain, Units, sidecar};
pub use zip_in::{DirectoryReader, EntryReader, ZipEntry, ZipIndex, looks_like_zip};
pub use zip_out::ZipStream;

/// The version of BIDS whose names and fields are written.
pub const BIDS_VERSION: &str = "1.10.0";

/// The version of the archive's own layout and documents (invariant 11); part of
/// `dataset_description.json`. An archive of a later one is refused, never misread.
pub const ARCHIVE_SCHEMA: &str = "hepatica-archive/1";

/// What can be wrong with an archive or with what is to go into one. Nothing here repeats a name,
/// a path or a value: files are known by their ordinals, elements of an archive by their kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A name is not a relative path of plain ASCII components.
    #[error("a name for the archive is not a plain relative path")]
    Name,
    /// A subject, session or other label holds something else than ASCII letters and digits.
    #[error("a {0} label must be ASCII letters and digits")]
    Label(&'static str),
    /// Two entries of one archive would have the same name.
    #[error("two entries of the archive would have the same name")]
    DuplicateEntry,
    /// The outcomes do not add up to the number of files.
    #[error("{accounted} of {expected} files have an outcome; the first without one is file {first}")]
    Unaccounted {
        /// Files that came in.
        expected: u32,
        /// Files with an outcome.
        accounted: u32,
        /// The ordinal of the first file that has none.
        first: u32,
    },
    /// An outcome was recorded for a file that does not exist.
    #[error("there is no file {ordinal}: {expected} files came in")]
    NoSuchFile {
        /// The ordinal that was given.
        ordinal: u32,
        /// Files that came in.
        expected: u32,
    },
    /// The file is not a zip archive, or its end is missing.
    #[error("this is not a complete zip archive: its directory was not found")]
    NotAZip,
    /// The zip archive is one of several parts.
    #[error("this zip archive is one part of several; join the parts first")]
    MultiPart,
    /// A record of the zip archive contradicts the archive.
    #[error("the zip archive is damaged ({0})")]
    Damaged(&'static str),
    /// An entry is encrypted.
    #[error("an entry of the zip archive is encrypted; unpack it with its password first")]
    Encrypted,
    /// An entry uses a compression method other than *stored* and *deflate*.
    #[error("an entry of the zip archive uses compression method {0}; unpack it first")]
    Method(u16),
    /// Unpacking would need more memory than the caller allows.
    #[error("refused: unpacking needs {needs} bytes, the budget is {budget}")]
    OverBudget {
        /// Bytes needed.
        needs: u64,
        /// Bytes allowed.
        budget: u64,
    },
    /// The bytes handed in are not the range that was asked for.
    #[error("{got} bytes were read where {asked} were asked for")]
    WrongRange {
        /// Length of the range asked for.
        asked: u64,
        /// Length handed in.
        got: u64,
    },
    /// The contents of an entry do not have the checksum that the archive states.
    #[error("an entry of the zip archive fails its checksum")]
    Checksum,
    /// A document of an existing data set cannot be read, so that it cannot be extended.
    #[error("the existing {0} cannot be read; it was left as it is")]
    Document(&'static str),
    /// The data set was written by a later version.
    #[error("this data set was written by a later version of Hepatica")]
    Later,
    /// The folder or zip is a data set of some other tool.
    #[error("this is not a data set that Hepatica wrote; nothing was added to it")]
    Foreign,
}
