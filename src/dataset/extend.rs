//! Adding to what is there.
//!
//! In come the names that a data set holds already (a folder's listing, or a zip's directory) and the
//! few small files that are asked for; out comes which volumes are complete and from which source,
//! so that running again adds only what is missing ([`Survey`] → [`Existing`]). For a zip: the stream
//! that goes on behind its last entry ([`continue_zip`]), also for one that was cut off while being
//! written ([`PartScan`]). Nothing that is complete is ever written again or renamed.
//!
//! A volume is complete if its sidecar is there and carries the fingerprint of its source, because
//! the sidecar is written last. An image without one is the remains of an interrupted export: its
//! name is free, and it is written anew.

use super::documents::{self, DESCRIPTION};
use super::zip_format::{LOCAL_LEN, Record};
use super::zip_in::{ZipEntry, ZipIndex};
use super::{ARCHIVE_SCHEMA, EntryName, Error, Namer, Stem, ZipStream};
use crate::dicom::Need;
use flate2::Crc;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The field of a sidecar that holds the fingerprint of the source: keyed, so that nobody without
/// the project key can tell which source it was.
pub const FINGERPRINT: &str = "HepaticaSource";

/// Finds out what a data set holds. Hand in the names, then the contents of every [`wanted`] file.
///
/// [`wanted`]: Self::wanted
pub struct Survey {
    names: BTreeSet<EntryName>,
    wanted: Vec<EntryName>,
    volumes: BTreeMap<Stem, Option<String>>,
    documents: BTreeMap<EntryName, Vec<u8>>,
}

impl Survey {
    /// For a data set that holds these files. Names that no archive of ours could have (hidden
    /// files, other people's) are not to be listed: they are never touched.
    pub fn new(names: impl IntoIterator<Item = EntryName>) -> Self {
        let names: BTreeSet<EntryName> = names.into_iter().collect();
        let is_sidecar = |name: &EntryName| {
            let image =
                name.as_str().strip_suffix(".json").map(|stem| EntryName::new(format!("{stem}.nii.gz")));
            image.is_some_and(|image| image.is_ok_and(|image| names.contains(&image)))
        };
        let wanted =
            names.iter().filter(|name| is_sidecar(name) || documents::is_merged(name)).cloned().collect();
        Self { names, wanted, volumes: BTreeMap::new(), documents: BTreeMap::new() }
    }

    /// The files to hand in: sidecars of images, and the tables that new rows join.
    pub fn wanted(&self) -> &[EntryName] {
        &self.wanted
    }

    /// Takes the contents of a wanted file.
    pub fn feed(&mut self, name: &EntryName, contents: &[u8]) {
        if documents::is_merged(name) {
            self.documents.insert(name.clone(), contents.to_vec());
        } else if let Some(stem) = name.stem() {
            // A sidecar cut off in the middle is no sidecar; a whole one without fingerprint belongs
            // to somebody else's volume, whose name stays taken.
            if let Ok(sidecar) = serde_json::from_slice::<Value>(contents) {
                let print = sidecar.get(FINGERPRINT).and_then(Value::as_str).map(str::to_owned);
                self.volumes.insert(stem, print);
            }
        }
    }

    /// What there is.
    ///
    /// # Errors
    /// [`Error::Foreign`] where images lie there that are no data set of ours, [`Error::Later`],
    /// [`Error::Document`].
    pub fn finish(self) -> Result<Existing, Error> {
        let holds_images = self.names.iter().any(|name| name.as_str().ends_with(".nii.gz"));
        match self.documents.iter().find(|(name, _)| name.as_str() == DESCRIPTION) {
            None if holds_images => return Err(Error::Foreign),
            None => {}
            Some((_, contents)) => check_schema(contents)?,
        }
        Ok(Existing { names: self.names, volumes: self.volumes, documents: self.documents })
    }
}

fn check_schema(description: &[u8]) -> Result<(), Error> {
    let description: Value =
        serde_json::from_slice(description).map_err(|_| Error::Document("dataset_description.json"))?;
    match description.get(documents::SCHEMA_FIELD).and_then(Value::as_str) {
        Some(ARCHIVE_SCHEMA) => Ok(()),
        Some(schema) if schema.starts_with("hepatica-archive/") => Err(Error::Later),
        _ => Err(Error::Foreign),
    }
}

/// What a data set holds. The default is an empty one.
#[derive(Clone, Default)]
pub struct Existing {
    names: BTreeSet<EntryName>,
    volumes: BTreeMap<Stem, Option<String>>,
    documents: BTreeMap<EntryName, Vec<u8>>,
}

impl Existing {
    /// Whether there is nothing yet.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Whether a file of this name is there.
    pub fn holds(&self, name: &EntryName) -> bool {
        self.names.contains(name)
    }

    /// The names that are there.
    pub fn names(&self) -> impl Iterator<Item = &EntryName> {
        self.names.iter()
    }

    /// The complete volumes and the fingerprints of their sources.
    pub fn volumes(&self) -> impl Iterator<Item = (&Stem, Option<&str>)> {
        self.volumes.iter().map(|(stem, print)| (stem, print.as_deref()))
    }

    /// A namer that keeps what is there.
    pub fn namer(&self) -> Namer {
        Namer::with_existing(self.volumes.clone())
    }

    /// The contents of a table or document that new rows join.
    pub fn document(&self, name: &EntryName) -> Option<&[u8]> {
        self.documents.get(name).map(Vec::as_slice)
    }

    /// Folders of the DICOM tree by the keyed fingerprint of their series, as the tables of earlier runs tell.
    pub fn object_folders(&self) -> BTreeMap<&str, &str> {
        let mut folders = BTreeMap::new();
        let tables = self.documents.iter().filter(|(name, _)| documents::is_objects_table(name.as_str()));
        for text in tables.filter_map(|(_, table)| std::str::from_utf8(table).ok()) {
            for line in text.lines().skip(1) {
                let cells: Vec<&str> = line.split('\t').collect();
                if let [_, "written", _, folder, _, source] = cells.as_slice() {
                    folders.insert(*source, *folder);
                }
            }
        }
        folders
    }

    /// Files of interrupted exports: images and gradient tables without a whole sidecar, and objects of a
    /// run that was stopped before its table.
    pub fn remains(&self) -> impl Iterator<Item = &EntryName> {
        let listed: BTreeSet<&str> = self.object_folders().into_values().collect();
        let is_part =
            |name: &EntryName| [".nii.gz", ".bval", ".bvec"].iter().any(|e| name.as_str().ends_with(e));
        let of_a_volume = move |name: &&EntryName| {
            let in_derivatives = name.as_str().starts_with("derivatives/");
            is_part(name)
                && !in_derivatives
                && name.stem().is_some_and(|stem| !self.volumes.contains_key(&stem))
        };
        let unlisted =
            move |name: &&EntryName| name.as_str().starts_with("dicom/") && !listed.contains(name.folder());
        self.names.iter().filter(move |name| of_a_volume(name) || unlisted(name))
    }
}

/// A stream that goes on behind the last entry of an archive: what it gives is to be written from
/// [`ZipStream::offset`] on, over the old directory. Entries that `replaced` picks lose their place in
/// the directory, so that their names can be given again (tables that got new rows, remains of an
/// interrupted export); where a name occurs twice, the later entry stands.
///
/// # Errors
/// [`Error::Foreign`] for self-extracting archives.
pub fn continue_zip(index: &ZipIndex, replaced: impl Fn(&EntryName) -> bool) -> Result<ZipStream, Error> {
    if index.before != 0 {
        return Err(Error::Foreign);
    }
    let mut latest: BTreeMap<&[u8], u64> = BTreeMap::new();
    for entry in &index.entries {
        let offset = latest.entry(&entry.record.name).or_default();
        *offset = entry.record.offset.max(*offset);
    }
    let keep = |entry: &&ZipEntry| {
        let is_latest = latest.get(entry.record.name.as_slice()) == Some(&entry.record.offset);
        is_latest && !entry.archive_name().is_some_and(|name| replaced(&name))
    };
    let records = index.entries.iter().filter(keep).map(|entry| entry.record.clone()).collect();
    Ok(ZipStream::resumed(records, index.directory_offset))
}

/// Reads an archive that was cut off while being written, by its local headers. Ask
/// [`need`](Self::need), hand in with [`feed`](Self::feed), then [`finish`](Self::finish): an index of
/// the entries that are whole, which [`continue_zip`] and [`Survey`] take like any other. The last
/// entry is read back and its checksum compared, for a disk may have grown the file before the bytes.
pub struct PartScan {
    source: u32,
    len: u64,
    records: Vec<Record>,
    state: Scan,
}

enum Scan {
    /// Reading the local header at this offset.
    Header(u64),
    /// Reading the last entry back: from, to, checksum so far.
    Last {
        at: u64,
        end: u64,
        crc: Crc,
    },
    Done(u64),
}

/// Bytes asked for at a header: one of ours has at most 30 + 240 + 20.
const HEADER_READ: u64 = LOCAL_LEN + 240 + 20;
/// Bytes asked for at a time when reading the last entry back.
const CHUNK: u64 = 1 << 20;

impl PartScan {
    /// For a file of `len` bytes that is registered as `source`.
    pub fn new(source: u32, len: u64) -> Self {
        Self { source, len, records: Vec::new(), state: Scan::Header(0) }
    }

    /// The next range wanted; `None` when the scan is over.
    pub fn need(&self) -> Option<Need> {
        let (offset, len) = match self.state {
            Scan::Header(at) => (at, HEADER_READ.min(self.len.saturating_sub(at))),
            Scan::Last { at, end, .. } => (at, CHUNK.min(end.saturating_sub(at))),
            Scan::Done(_) => return None,
        };
        (len > 0).then_some(Need { source: self.source, offset, len })
    }

    /// Takes the bytes of the range that [`need`](Self::need) named.
    ///
    /// # Errors
    /// [`Error::WrongRange`].
    pub fn feed(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let asked = self.need().map_or(0, |need| need.len);
        if bytes.len() as u64 != asked {
            return Err(Error::WrongRange { asked, got: bytes.len() as u64 });
        }
        match &mut self.state {
            Scan::Header(at) => {
                let at = *at;
                let whole = Record::read_local(bytes, at).filter(|(record, _)| !record.has_descriptor());
                let end = whole
                    .as_ref()
                    .and_then(|(record, head)| at.checked_add(*head)?.checked_add(record.packed));
                match (whole, end.filter(|end| *end <= self.len)) {
                    (Some((record, _)), Some(end)) if !record.name.is_empty() => {
                        self.records.push(record);
                        self.state = Scan::Header(end);
                        if end == self.len {
                            self.check_last(end);
                        }
                    }
                    _ => self.check_last(at),
                }
            }
            Scan::Last { at, end, crc } => {
                crc.update(bytes);
                *at += asked;
                if at >= end {
                    let (sum, end) = (crc.sum(), *end);
                    self.conclude(sum, end);
                }
            }
            Scan::Done(_) => {}
        }
        Ok(())
    }

    /// The entries that are whole.
    pub fn finish(self) -> ZipIndex {
        let end = match self.state {
            Scan::Done(end) => end,
            Scan::Header(at) | Scan::Last { at, .. } => at,
        };
        ZipIndex::of_records(self.source, self.records, end)
    }

    fn check_last(&mut self, end: u64) {
        match self.records.last() {
            Some(last) if last.packed > 0 && last.packed == last.size => {
                self.state = Scan::Last { at: end - last.packed, end, crc: Crc::new() };
            }
            _ => self.state = Scan::Done(end),
        }
    }

    fn conclude(&mut self, sum: u32, end: u64) {
        self.state = Scan::Done(end);
        if self.records.last().is_some_and(|last| last.crc != sum) {
            let broken = self.records.pop();
            self.state = Scan::Done(broken.map_or(end, |record| record.offset));
        }
    }
}

#[cfg(test)]
#[path = "extend_tests.rs"]
mod tests;
