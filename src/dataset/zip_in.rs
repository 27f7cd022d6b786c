//! Reading a zip archive by ranges.
//!
//! In come byte ranges of one file, each asked for by a [`Need`]; out comes the list of its entries
//! ([`DirectoryReader`] → [`ZipIndex`]) and the contents of one entry, as much of it as is wanted
//! ([`EntryReader`]): the header of a DICOM file within costs its own bytes and no more. The archive
//! is never held, an archive inside is never opened, and memory is bounded by the caller's budget
//! whatever the archive claims (a zip bomb is refused). Names of entries are paths on somebody's
//! disk: they come out as [`Identified`] only.

use super::zip_format::{
    Directory, END_LEN, END64_LEN, LOCAL_LEN, LOCATOR64_LEN, Method, Record, local_header_len,
};
use super::{EntryName, Error};
use crate::deid::Identified;
use crate::dicom::Need;
use flate2::{Crc, Decompress, FlushDecompress, Status};
use std::collections::BTreeMap;

/// Longest comment that may stand behind the end record.
const COMMENT_MAX: u64 = 65_535;

/// Whether bytes begin like a zip archive (an empty one included).
pub fn looks_like_zip(start: &[u8]) -> bool {
    start.starts_with(b"PK\x03\x04") || start.starts_with(b"PK\x05\x06")
}

/// Reads the directory: ask [`need`](Self::need), hand in with [`feed`](Self::feed), until nothing
/// is needed, then [`finish`](Self::finish).
pub struct DirectoryReader {
    source: u32,
    len: u64,
    budget: u64,
    state: State,
}

enum State {
    Tail,
    Locator { end: u64, directory: Directory },
    End64 { at: u64 },
    Directory { end: u64, directory: Directory },
    Done(ZipIndex),
}

impl DirectoryReader {
    /// For a file of `len` bytes that is registered as `source`; the directory may take `budget`
    /// bytes of memory.
    pub fn new(source: u32, len: u64, budget: u64) -> Self {
        Self { source, len, budget, state: State::Tail }
    }

    /// The next range wanted; `None` once the directory is read.
    pub fn need(&self) -> Option<Need> {
        let (offset, len) = match &self.state {
            State::Tail => {
                let len = self.len.min(END_LEN + COMMENT_MAX + LOCATOR64_LEN);
                (self.len - len, len)
            }
            State::Locator { end, .. } => (end.saturating_sub(LOCATOR64_LEN), LOCATOR64_LEN.min(*end)),
            State::End64 { at } => (*at, END64_LEN),
            State::Directory { end, directory } => (end.saturating_sub(directory.len), directory.len),
            State::Done(_) => return None,
        };
        (len > 0).then_some(Need { source: self.source, offset, len })
    }

    /// Takes the bytes of the range that [`need`](Self::need) named.
    ///
    /// # Errors
    /// [`Error::NotAZip`], [`Error::MultiPart`], [`Error::Damaged`], [`Error::OverBudget`],
    /// [`Error::WrongRange`].
    pub fn feed(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let asked = self.need().map_or(0, |need| need.len);
        if bytes.len() as u64 != asked {
            return Err(Error::WrongRange { asked, got: bytes.len() as u64 });
        }
        self.state = match &self.state {
            State::Tail => {
                let (start, directory, wide) = Directory::find(bytes)?;
                let end = self.len - asked + start as u64;
                if wide { State::Locator { end, directory } } else { self.located(end, directory)? }
            }
            State::Locator { end, directory } => match Directory::read_locator64(bytes) {
                Some(at) if at.checked_add(END64_LEN).is_some_and(|behind| behind <= *end) => {
                    State::End64 { at }
                }
                Some(_) => return Err(Error::Damaged("the zip64 record lies outside the file")),
                // Exactly 65,535 entries need no zip64.
                None => self.located(*end, *directory)?,
            },
            State::End64 { at } => match Directory::read_end64(bytes) {
                // The directory ends where this record begins.
                Some(directory) => self.located(*at, directory)?,
                None => return Err(Error::Damaged("the zip64 record has no signature")),
            },
            State::Directory { end, directory } => {
                State::Done(ZipIndex::read(self.source, bytes, *end, *directory)?)
            }
            State::Done(_) => return Ok(()),
        };
        Ok(())
    }

    /// The list of entries.
    ///
    /// # Errors
    /// [`Error::NotAZip`] where the directory has not been read.
    pub fn finish(self) -> Result<ZipIndex, Error> {
        match self.state {
            State::Done(index) => Ok(index),
            _ => Err(Error::NotAZip),
        }
    }

    fn located(&self, end: u64, directory: Directory) -> Result<State, Error> {
        if directory.len > end || directory.offset > end - directory.len {
            return Err(Error::Damaged("the directory lies outside the file"));
        }
        if directory.len > self.budget {
            return Err(Error::OverBudget { needs: directory.len, budget: self.budget });
        }
        if directory.len == 0 {
            return Ok(State::Done(ZipIndex::read(self.source, &[], end, directory)?));
        }
        Ok(State::Directory { end, directory })
    }
}

/// What an archive holds.
#[derive(Clone)]
pub struct ZipIndex {
    pub(super) entries: Vec<ZipEntry>,
    /// Where the directory begins.
    pub(super) directory_offset: u64,
    /// Bytes before the archive's own beginning (self-extracting archives).
    pub(super) before: u64,
}

impl ZipIndex {
    fn read(source: u32, mut bytes: &[u8], end: u64, directory: Directory) -> Result<Self, Error> {
        let directory_offset = end - directory.len;
        let before = directory_offset - directory.offset;
        let mut entries = Vec::new();
        while !bytes.is_empty() {
            let (mut record, length) = Record::read_central(bytes)?;
            bytes = bytes.get(length..).unwrap_or_default();
            record.offset = record.offset.saturating_add(before);
            entries.push(ZipEntry { source, record, sound: true });
        }
        if entries.len() as u64 != directory.entries {
            return Err(Error::Damaged("the directory's count is wrong"));
        }
        mark_overlaps(&mut entries, directory_offset);
        Ok(Self { entries, directory_offset, before })
    }

    /// An index of records found without a directory; `end` is where the last one ends.
    pub(super) fn of_records(source: u32, records: Vec<Record>, end: u64) -> Self {
        let entries = records.into_iter().map(|record| ZipEntry { source, record, sound: true }).collect();
        Self { entries, directory_offset: end, before: 0 }
    }

    /// For a data set of ours: the entries whose names have our form. Where one occurs twice (in an
    /// archive that was cut off), the later stands.
    pub fn named(&self) -> BTreeMap<EntryName, &ZipEntry> {
        let mut by_offset: Vec<&ZipEntry> = self.files().collect();
        by_offset.sort_by_key(|entry| entry.record.offset);
        by_offset.into_iter().filter_map(|entry| Some((entry.archive_name()?, entry))).collect()
    }

    /// The files, in the directory's order; folders are none.
    pub fn files(&self) -> impl Iterator<Item = &ZipEntry> {
        self.entries.iter().filter(|entry| !entry.is_folder())
    }
}

/// Entries that share bytes make a small archive unpack to anything (Fifield, *A better zip bomb*):
/// they are damaged.
fn mark_overlaps(entries: &mut [ZipEntry], directory_offset: u64) {
    let mut by_offset: Vec<usize> = (0..entries.len()).collect();
    by_offset.sort_by_key(|i| entries.get(*i).map(|entry| entry.record.offset));
    let mut limit = directory_offset;
    for i in by_offset.into_iter().rev() {
        let Some(entry) = entries.get_mut(i) else { continue };
        let record = &entry.record;
        let least = LOCAL_LEN + record.name.len() as u64;
        let end = record.offset.saturating_add(least).saturating_add(record.packed);
        entry.sound = end <= limit;
        limit = record.offset.min(limit);
    }
}

/// One entry of an archive. Its name is a path on somebody's disk, hence no `Debug`.
#[derive(Clone)]
pub struct ZipEntry {
    source: u32,
    pub(super) record: Record,
    sound: bool,
}

impl ZipEntry {
    /// The path within the archive, decoded as UTF-8 or, failing that, byte for byte.
    pub fn path(&self) -> Identified<String> {
        Identified::new(match std::str::from_utf8(&self.record.name) {
            Ok(name) => name.to_owned(),
            Err(_) => self.record.name.iter().map(|b| char::from(*b)).collect(),
        })
    }

    /// Length of the contents in bytes, as the directory claims.
    pub fn size(&self) -> u64 {
        self.record.size
    }

    /// Length as stored.
    pub fn packed(&self) -> u64 {
        self.record.packed
    }

    /// The claimed CRC-32 of the contents.
    pub fn crc(&self) -> u32 {
        self.record.crc
    }

    /// The name, if it has the form of one of ours.
    pub(super) fn archive_name(&self) -> Option<EntryName> {
        let name = std::str::from_utf8(&self.record.name).ok()?;
        EntryName::new(name).ok()
    }

    fn is_folder(&self) -> bool {
        self.record.name.last() == Some(&b'/') && self.record.size == 0
    }
}

/// Reads one entry from its beginning, as far as asked.
pub struct EntryReader {
    source: u32,
    record: Record,
    method: Method,
    budget: u64,
    asked: u64,
    /// Where the data begin in the file, once the local header is read.
    data: Option<u64>,
    /// What of the local header was read.
    head: Vec<u8>,
    /// Stored bytes consumed.
    consumed: u64,
    inflater: Decompress,
    crc: Crc,
    /// Contents not yet released, and the position of their first byte.
    content: Vec<u8>,
    released: u64,
    ended: bool,
}

impl EntryReader {
    /// Begins to read; at most `budget` bytes of contents are held at a time.
    ///
    /// # Errors
    /// [`Error::Encrypted`], [`Error::Method`], [`Error::Damaged`].
    pub fn new(entry: &ZipEntry, budget: u64) -> Result<Self, Error> {
        let method = entry.record.readable()?;
        if !entry.sound {
            return Err(Error::Damaged("entries overlap"));
        }
        Ok(Self {
            source: entry.source,
            record: entry.record.clone(),
            method,
            budget,
            asked: 0,
            data: None,
            head: Vec::new(),
            consumed: 0,
            inflater: Decompress::new(false),
            crc: Crc::new(),
            content: Vec::new(),
            released: 0,
            ended: entry.record.size == 0,
        })
    }

    /// The range wanted before the contents are known up to byte `upto`; `None` when they are, or
    /// when they end before.
    pub fn need(&mut self, upto: u64) -> Option<Need> {
        let known = self.released + self.content.len() as u64;
        if self.ended || known >= upto.min(self.record.size) {
            return None;
        }
        let wanted = upto.min(self.record.size) - known;
        let (offset, len) = match self.data {
            None => {
                // The local header's extra field may differ from the directory's: a little slack
                // saves a second read.
                let at = self.record.offset + self.head.len() as u64;
                let rest = match local_header_len(&self.head) {
                    Some(length) => length.saturating_sub(self.head.len() as u64).max(1),
                    None => LOCAL_LEN + self.record.name.len() as u64,
                };
                (at, rest)
            }
            Some(data) => {
                let left = self.record.packed - self.consumed;
                let len = match self.method {
                    Method::Stored => wanted,
                    Method::Deflate => wanted.clamp(16 << 10, 1 << 20),
                };
                (data + self.consumed, len.min(left))
            }
        };
        self.asked = len;
        (len > 0).then_some(Need { source: self.source, offset, len })
    }

    /// Takes the bytes of the range that [`need`](Self::need) named.
    ///
    /// # Errors
    /// [`Error::Damaged`], [`Error::Encrypted`], [`Error::Checksum`], [`Error::OverBudget`],
    /// [`Error::WrongRange`].
    pub fn feed(&mut self, bytes: &[u8]) -> Result<(), Error> {
        if bytes.len() as u64 != self.asked || bytes.is_empty() {
            return Err(Error::WrongRange { asked: self.asked, got: bytes.len() as u64 });
        }
        self.asked = 0;
        if self.data.is_none() {
            return self.take_head(bytes);
        }
        self.consumed += bytes.len() as u64;
        match self.method {
            Method::Stored => self.append(bytes)?,
            Method::Deflate => self.inflate(bytes)?,
        }
        let known = self.released + self.content.len() as u64;
        if known == self.record.size {
            self.ended = true;
            if self.crc.sum() != self.record.crc {
                return Err(Error::Checksum);
            }
        } else if self.consumed >= self.record.packed {
            return Err(Error::Damaged("an entry ends before its length"));
        }
        Ok(())
    }

    /// Length of the contents in bytes, as the directory claims.
    pub fn size(&self) -> u64 {
        self.record.size
    }

    /// Contents held: the position of the first byte, and the bytes.
    pub fn content(&self) -> (u64, &[u8]) {
        (self.released, &self.content)
    }

    /// Contents from the beginning, handed over; for readers that released nothing.
    pub fn into_content(self) -> Vec<u8> {
        self.content
    }

    /// Whether all contents were read and the checksum is right.
    pub fn is_complete(&self) -> bool {
        self.ended
    }

    /// Lets go of the contents before byte `position`, so that a long entry can be read through.
    pub fn release(&mut self, position: u64) {
        let held = position.saturating_sub(self.released).min(self.content.len() as u64);
        // At most the length of a vector.
        self.content.drain(..usize::try_from(held).unwrap_or(self.content.len()));
        self.released += held;
    }

    /// Where byte `offset` and the `len` bytes from it lie in the file, for an entry that is stored
    /// as is: such a one can be read at any place. `None` before anything was read, for deflated
    /// entries, and beyond the end.
    pub fn stored_range(&self, offset: u64, len: u64) -> Option<Need> {
        let data = self.data.filter(|_| self.method == Method::Stored)?;
        let inside = offset.checked_add(len)? <= self.record.size;
        inside.then_some(Need { source: self.source, offset: data + offset, len })
    }

    fn take_head(&mut self, bytes: &[u8]) -> Result<(), Error> {
        const NONE: Error = Error::Damaged("an entry has no header");
        self.head.extend_from_slice(bytes);
        let length = local_header_len(&self.head).ok_or(NONE)?;
        if (self.head.len() as u64) < length {
            return Ok(());
        }
        let (local, _) = Record::read_local(&self.head, self.record.offset).ok_or(NONE)?;
        if local.method != self.record.method {
            return Err(Error::Damaged("an entry contradicts the directory"));
        }
        local.readable_flags()?;
        self.data = Some(self.record.offset + length);
        self.head = Vec::new();
        Ok(())
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let held = (self.content.len() + bytes.len()) as u64;
        if held > self.budget {
            return Err(Error::OverBudget { needs: held, budget: self.budget });
        }
        self.crc.update(bytes);
        self.content.extend_from_slice(bytes);
        Ok(())
    }

    fn inflate(&mut self, mut bytes: &[u8]) -> Result<(), Error> {
        const BROKEN: Error = Error::Damaged("compressed data");
        let mut out = vec![0; 64 << 10];
        loop {
            let (in_before, out_before) = (self.inflater.total_in(), self.inflater.total_out());
            let status =
                self.inflater.decompress(bytes, &mut out, FlushDecompress::None).map_err(|_| BROKEN)?;
            let taken = usize::try_from(self.inflater.total_in() - in_before).unwrap_or(usize::MAX);
            let made = usize::try_from(self.inflater.total_out() - out_before).unwrap_or(usize::MAX);
            bytes = bytes.get(taken..).unwrap_or_default();
            if self.inflater.total_out() > self.record.size {
                return Err(Error::Damaged("an entry is longer than it claims"));
            }
            self.append(out.get(..made).unwrap_or_default())?;
            if status == Status::StreamEnd || made == 0 && (bytes.is_empty() || taken == 0) {
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
#[path = "zip_in_tests.rs"]
mod tests;
