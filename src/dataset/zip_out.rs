//! Writing a zip archive as a stream.
//!
//! In come names and finished contents, out come the bytes to append. Nothing is seeked, nothing
//! kept but the directory. Entries are stored: images arrive gzipped and texts are small. Sizes and
//! checksums stand in the local headers, so that readers that stream need no data descriptors;
//! dates are the format's first, so that the same contents give the same bytes; zip64 records appear
//! where a size, an offset or the number of entries needs them, and nowhere else.
//!
//! Written here rather than with the `zip` crate, which wants a seekable sink, cannot continue an
//! archive of which only the directory is at hand (the rest lies on the user's disk and is read by
//! ranges), and could not be asked for the directory at every entry so that a cancelled export ends
//! as a sound archive. The crate is the judge in the tests instead.

use super::zip_format::{Directory, Record};
use super::{EntryName, Error};
use flate2::Crc;
use std::collections::BTreeSet;

/// An archive being written.
#[derive(Clone, Default)]
pub struct ZipStream {
    /// Where the next byte goes.
    offset: u64,
    records: Vec<Record>,
    /// Case-folded names.
    names: BTreeSet<String>,
}

impl ZipStream {
    /// An empty archive.
    pub fn new() -> Self {
        Self::default()
    }

    /// Goes on behind these entries, which lie before `offset`.
    pub(super) fn resumed(records: Vec<Record>, offset: u64) -> Self {
        let names = records.iter().map(|r| String::from_utf8_lossy(&r.name).to_ascii_lowercase()).collect();
        Self { offset, records, names }
    }

    /// Bytes handed out so far, those of a continued archive included: where the next one goes.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Whether there is an entry of this name, in whatever case.
    pub fn contains(&self, name: &EntryName) -> bool {
        self.names.contains(&name.folded())
    }

    /// Adds an entry; gives the bytes to append, header and contents.
    ///
    /// # Errors
    /// [`Error::DuplicateEntry`].
    pub fn entry(&mut self, name: &EntryName, contents: &[u8]) -> Result<Vec<u8>, Error> {
        let mut bytes = self.header(name, contents.len() as u64, crc32(contents))?;
        bytes.extend_from_slice(contents);
        Ok(bytes)
    }

    /// Adds an entry whose `size` bytes of contents the caller appends itself right behind the header
    /// given here, and whose CRC-32 is known.
    ///
    /// # Errors
    /// [`Error::DuplicateEntry`].
    pub fn header(&mut self, name: &EntryName, size: u64, crc: u32) -> Result<Vec<u8>, Error> {
        if !self.names.insert(name.folded()) {
            return Err(Error::DuplicateEntry);
        }
        let record = Record::stored(name.as_str(), size, crc, self.offset);
        let header = record.local_header();
        self.offset = self.offset.saturating_add(header.len() as u64).saturating_add(size);
        self.records.push(record);
        Ok(header)
    }

    /// The bytes that end the archive as it stands: the directory. May be asked for after any entry;
    /// an archive that ends with them is complete, and one that goes on writes over them.
    pub fn finish(&self) -> Vec<u8> {
        let mut bytes: Vec<u8> = self.records.iter().flat_map(Record::central_header).collect();
        let len = bytes.len() as u64;
        let directory = Directory { entries: self.records.len() as u64, len, offset: self.offset };
        bytes.extend(directory.end_records(self.offset.saturating_add(len)));
        bytes
    }
}

/// CRC-32 as zip and gzip have it.
pub fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(bytes);
    crc.sum()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

    use super::*;
    use proptest::prelude::*;
    use std::io::{Cursor, Read};

    fn name(text: &str) -> EntryName {
        EntryName::new(text).unwrap()
    }

    proptest! {
        /// The `zip` crate, written by others, reads what is written here.
        #[test]
        fn another_reader_finds_every_entry(contents in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..20)) {
            let mut stream = ZipStream::new();
            let mut file = Vec::new();
            for (i, bytes) in contents.iter().enumerate() {
                file.extend(stream.entry(&name(&format!("a/{i}.bin")), bytes).unwrap());
                prop_assert_eq!(stream.offset(), file.len() as u64);
            }
            file.extend(stream.finish());
            let mut archive = zip::ZipArchive::new(Cursor::new(&file)).unwrap();
            prop_assert_eq!(archive.len(), contents.len());
            for (i, bytes) in contents.iter().enumerate() {
                let mut entry = archive.by_index(i).unwrap();
                prop_assert_eq!(entry.name().unwrap().into_owned(), format!("a/{i}.bin"));
                let mut read = Vec::new();
                entry.read_to_end(&mut read).unwrap();
                prop_assert_eq!(&read, bytes);
            }
        }
    }

    #[test]
    fn the_same_contents_give_the_same_bytes() {
        let write = || {
            let mut stream = ZipStream::new();
            let mut file = stream.entry(&name("README"), b"text").unwrap();
            file.extend(stream.finish());
            file
        };
        assert_eq!(write(), write());
    }

    #[test]
    fn a_name_is_taken_once_in_whatever_case() {
        let mut stream = ZipStream::new();
        stream.entry(&name("README"), b"").unwrap();
        assert_eq!(stream.entry(&name("readme"), b""), Err(Error::DuplicateEntry));
    }

    #[test]
    fn more_than_65535_entries_need_zip64() {
        let mut stream = ZipStream::new();
        let mut file = Vec::new();
        for i in 0..65_536 {
            file.extend(stream.entry(&name(&format!("{i}")), b"x").unwrap());
        }
        file.extend(stream.finish());
        let archive = zip::ZipArchive::new(Cursor::new(&file)).unwrap();
        assert_eq!(archive.len(), 65_536);
    }
}
