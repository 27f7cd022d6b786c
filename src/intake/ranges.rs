//! A byte range of a file, whether the file lies open or in a zip.
//!
//! In: the file's origin and the range wanted. Out: needs on the source, then the bytes. A range of a
//! deflated zip entry costs inflating what stands before it; nothing else of the archive is read.

use super::files::{FileEntry, Origin};
use crate::dataset::{EntryReader, Error as ArchiveError, FailReason};
use crate::dicom::Need;

/// No file within a zip may unpack to more than this.
const UNPACKED_BUDGET: u64 = 4 << 30;

/// Reads one range of one file.
pub struct RangeReader {
    offset: u64,
    end: u64,
    state: State,
}

enum State {
    Plain { source: u32, bytes: Vec<u8> },
    Zip(Box<EntryReader>),
}

impl std::fmt::Debug for RangeReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RangeReader")
            .field("offset", &self.offset)
            .field("end", &self.end)
            .finish_non_exhaustive()
    }
}

impl RangeReader {
    /// For `len` bytes from `offset` (to the end, if `None`); what lies beyond the end is cut off.
    ///
    /// # Errors
    /// A zip entry that can't be read.
    pub(crate) fn new(file: &FileEntry, offset: u64, len: Option<u64>) -> Result<Self, FailReason> {
        let end = len.map_or(file.size, |len| offset.saturating_add(len).min(file.size));
        let state = match &file.origin {
            Origin::Source(source) => State::Plain { source: *source, bytes: Vec::new() },
            Origin::Zip(entry) => {
                State::Zip(Box::new(EntryReader::new(entry, UNPACKED_BUDGET).map_err(|e| reason(&e))?))
            }
        };
        Ok(Self { offset: offset.min(end), end, state })
    }

    /// Makes the range reach further.
    pub(crate) fn extend(&mut self, end: u64) {
        self.end = self.end.max(end);
    }

    /// The next range of the source that is wanted; `None` when the bytes are there.
    pub fn need(&mut self) -> Option<Need> {
        match &mut self.state {
            State::Plain { source, bytes } => {
                let at = self.offset + bytes.len() as u64;
                (at < self.end).then(|| Need { source: *source, offset: at, len: self.end - at })
            }
            State::Zip(entry) => {
                let need = entry.need(self.end);
                entry.release(self.offset);
                need
            }
        }
    }

    /// Takes the bytes of the last need.
    ///
    /// # Errors
    /// Fewer bytes than asked for, or a damaged archive.
    pub fn feed(&mut self, got: Vec<u8>) -> Result<(), FailReason> {
        match &mut self.state {
            State::Plain { bytes, .. } => {
                if got.is_empty() {
                    return Err(FailReason::Io);
                }
                if bytes.is_empty() {
                    *bytes = got;
                } else {
                    bytes.extend_from_slice(&got);
                }
                Ok(())
            }
            State::Zip(entry) => entry.feed(&got).map_err(|e| reason(&e)),
        }
    }

    /// The bytes, of the range asked for.
    pub fn take(self) -> Vec<u8> {
        match self.state {
            State::Plain { bytes, .. } => bytes,
            State::Zip(mut entry) => {
                entry.release(self.offset);
                let mut bytes = entry.into_content();
                bytes.truncate(usize::try_from(self.end - self.offset).unwrap_or(usize::MAX));
                bytes
            }
        }
    }

    /// A copy of the bytes so far.
    pub(crate) fn so_far(&self) -> Vec<u8> {
        match &self.state {
            State::Plain { bytes, .. } => bytes.clone(),
            State::Zip(entry) => entry.content().1.to_vec(),
        }
    }
}

/// A damaged archive, as a reason of the report.
pub(crate) fn reason(error: &ArchiveError) -> FailReason {
    match error {
        ArchiveError::Encrypted => FailReason::Encrypted,
        ArchiveError::Method { .. } => FailReason::ArchiveMethod,
        ArchiveError::OverBudget { .. } => FailReason::OverBudget,
        ArchiveError::WrongRange { .. } => FailReason::Io,
        _ => FailReason::DamagedArchive,
    }
}
