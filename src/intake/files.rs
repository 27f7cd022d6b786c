//! The files that were dropped, zip entries included, and what became of each so far.
//!
//! Paths are identified: they are kept in memory to be shown on screen or saved on request.

use std::collections::BTreeSet;

use crate::dataset::{FailReason, SkipReason, ZipEntry};
use crate::deid::Identified;

/// A file, in the order of registration. Published documents use ordinals instead, see `published`.
pub type FileId = u32;

/// Where a file's bytes are.
#[derive(Clone)]
pub(crate) enum Origin {
    /// A source of its own.
    Source(u32),
    /// An entry of a zip, boxed: thousands of files share the table.
    Zip(Box<ZipEntry>),
}

/// What is known of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileState {
    /// Not read yet.
    Pending,
    /// An image; its place in the catalogue.
    Image(u32),
    /// A zip: its entries are files of their own, and it is none itself.
    Archive,
    /// Left out.
    Skipped(SkipReason),
    /// Can't be read.
    Failed(FailReason),
}

/// One file.
pub(crate) struct FileEntry {
    pub(crate) origin: Origin,
    pub(crate) path: Identified<String>,
    pub(crate) size: u64,
    pub(crate) state: FileState,
}

/// All files.
#[derive(Default)]
pub struct FileTable {
    pub(crate) entries: Vec<FileEntry>,
    /// Names of the transfer syntaxes for which there was no decoder, as PS3.6 has them.
    pub(crate) undecodable: BTreeSet<&'static str>,
}

impl std::fmt::Debug for FileTable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FileTable").field("files", &self.entries.len()).finish_non_exhaustive()
    }
}

impl FileTable {
    pub(crate) fn add(&mut self, origin: Origin, path: Identified<String>, size: u64) -> FileId {
        self.entries.push(FileEntry { origin, path, size, state: FileState::Pending });
        (self.entries.len() - 1) as FileId
    }

    pub(crate) fn get(&self, file: FileId) -> Option<&FileEntry> {
        self.entries.get(file as usize)
    }

    pub(crate) fn set(&mut self, file: FileId, state: FileState) {
        if let Some(entry) = self.entries.get_mut(file as usize) {
            entry.state = state;
        }
    }

    /// The path of a file, for the screen or a saved file map.
    pub fn path(&self, file: FileId) -> Option<&Identified<String>> {
        self.get(file).map(|entry| &entry.path)
    }

    /// What is known of a file.
    pub fn state(&self, file: FileId) -> Option<FileState> {
        self.get(file).map(|entry| entry.state)
    }

    /// Registered files, zip archives themselves included.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Files that have an outcome of their own: all but opened archives.
    pub fn counted(&self) -> impl Iterator<Item = FileId> + '_ {
        self.entries.iter().zip(0..).filter(|(e, _)| e.state != FileState::Archive).map(|(_, id)| id)
    }
}
