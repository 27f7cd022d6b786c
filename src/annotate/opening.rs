//! Opening a data set: archives' directories, and the small tables that say what its volumes are.
//!
//! In: names and sizes of what was dropped, then ranges. Out: a [`Shelf`] of cases. No image is read
//! here: a data set of any size opens at the cost of its tables.

use std::collections::BTreeMap;

use super::AnnotateError;
use super::bytes::{ByteReader, Place};
use super::names::{self, CaseFiles, Known, image_stem, locate};
use crate::dataset::tsv::Table;
use crate::dataset::{DirectoryReader, ZipIndex};
use crate::deid::Purpose;
use crate::dicom::Need;
use crate::hanging::PublishedHanging;

/// Bytes of an archive's directory that are held, at most.
const DIRECTORY: u64 = 256 << 20;

/// Bytes of a table that are read, at most.
const TABLE: u64 = 16 << 20;

/// One file of what was opened. Its path is on somebody's disk: hence no `Debug` of it.
#[derive(Clone)]
pub struct Entry {
    /// Path as it was dropped, or in its archive.
    pub path: String,
    /// Where its bytes are.
    pub place: Place,
}

impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.place.fmt(f)
    }
}

/// What was opened.
#[derive(Clone, Debug, Default)]
pub struct Shelf {
    /// The data set's own name; empty for none.
    pub title: String,
    /// Its cases.
    pub cases: Vec<CaseFiles>,
    /// Every file.
    pub entries: Vec<Entry>,
    /// Files that are no image and no part of a data set.
    pub ignored: usize,
    /// What could not be read, in words without a name.
    pub troubles: Vec<String>,
}

/// Finds out what was dropped: [`add`](Self::add) files, then feed what is needed until nothing is.
#[derive(Default)]
pub struct Opening {
    entries: Vec<Entry>,
    zips: Vec<(usize, DirectoryReader)>,
    zip_count: usize,
    tables: Option<Vec<Reading>>,
    documents: BTreeMap<usize, Vec<u8>>,
    troubles: Vec<String>,
    asked: Vec<(Need, Waiting)>,
}

#[derive(Clone, Copy)]
enum Waiting {
    Zip(usize),
    Table(usize),
}

struct Reading {
    entry: usize,
    reader: ByteReader,
    content: Vec<u8>,
}

impl std::fmt::Debug for Opening {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Opening").field("entries", &self.entries.len()).finish_non_exhaustive()
    }
}

impl Opening {
    /// A file that was dropped, `source` being the caller's number for it.
    pub fn add(&mut self, source: u32, path: &str, size: u64) {
        let path = path.replace('\\', "/");
        if path.to_ascii_lowercase().ends_with(".zip") {
            self.zip_count += 1;
            self.zips.push((self.zip_count, DirectoryReader::new(source, size, DIRECTORY)));
        } else {
            self.entries.push(Entry { path, place: Place::File { source, size } });
        }
    }

    /// Ranges to read; each is handed out once. None are left when all is known.
    pub fn needs(&mut self, most: usize) -> Vec<Need> {
        let mut needs = Vec::new();
        for (at, (_, zip)) in self.zips.iter().enumerate() {
            if let Some(need) = zip.need() {
                self.asked.push((need, Waiting::Zip(at)));
                needs.push(need);
            }
        }
        needs.retain(|need| self.asked.iter().filter(|(asked, _)| asked == need).count() == 1);
        if !self.zips.is_empty() {
            return needs;
        }
        if self.tables.is_none() {
            self.tables = Some(self.list_tables());
        }
        for (at, table) in self.tables.iter_mut().flatten().enumerate() {
            let busy = self.asked.iter().any(|(_, waiting)| matches!(waiting, Waiting::Table(t) if *t == at));
            if needs.len() >= most || busy {
                continue;
            }
            if let Some(need) = table.reader.need() {
                self.asked.push((need, Waiting::Table(at)));
                needs.push(need);
            }
        }
        needs
    }

    /// Takes the bytes of a range; `None` where it could not be read.
    pub fn feed(&mut self, need: Need, bytes: Option<Vec<u8>>) {
        let Some(at) = self.asked.iter().position(|(asked, _)| *asked == need) else { return };
        let (_, waiting) = self.asked.swap_remove(at);
        match waiting {
            Waiting::Zip(at) => self.feed_zip(at, bytes),
            Waiting::Table(at) => self.feed_table(at, bytes),
        }
    }

    fn feed_zip(&mut self, at: usize, bytes: Option<Vec<u8>>) {
        let Some((ordinal, zip)) = self.zips.get_mut(at) else { return };
        let ordinal = *ordinal;
        let fed = match bytes {
            Some(bytes) => zip.feed(&bytes).map_err(AnnotateError::from),
            None => Err(AnnotateError::Unreadable),
        };
        if let Err(fault) = fed {
            self.troubles.push(format!("archive {ordinal}: {fault}"));
            self.end_zip(at, None);
        } else if zip.need().is_none() {
            self.end_zip(at, Some(()));
        }
    }

    fn end_zip(&mut self, at: usize, sound: Option<()>) {
        let (ordinal, zip) = self.zips.swap_remove(at);
        // The one that took its place is asked for under its new number.
        let moved = self.zips.len();
        for (_, waiting) in &mut self.asked {
            if matches!(waiting, Waiting::Zip(z) if *z == moved) {
                *waiting = Waiting::Zip(at);
            }
        }
        if sound.is_none() {
            return;
        }
        match zip.finish() {
            Ok(index) => self.take_index(&index),
            Err(fault) => self.troubles.push(format!("archive {ordinal}: {fault}")),
        }
    }

    fn take_index(&mut self, index: &ZipIndex) {
        for entry in index.files() {
            let path = entry.path().into_revealed(Purpose::Decide).replace('\\', "/");
            if !path.starts_with("__MACOSX/") {
                self.entries.push(Entry { path, place: Place::Zip(Box::new(entry.clone())) });
            }
        }
    }

    /// The tables worth reading.
    fn list_tables(&mut self) -> Vec<Reading> {
        let wanted = |path: &str| {
            let name = path.rsplit('/').next().unwrap_or(path);
            let in_provenance = path.contains("provenance/");
            name == "dataset_description.json"
                || (in_provenance && name.starts_with("hanging") && name.ends_with(".json"))
                || name.ends_with("_sessions.tsv")
                || name.ends_with(".bval")
        };
        let mut tables = Vec::new();
        for (entry, found) in self.entries.iter().enumerate() {
            if !wanted(&found.path) || found.place.size() > TABLE {
                continue;
            }
            match ByteReader::new(&found.place) {
                Ok(reader) => tables.push(Reading { entry, reader, content: Vec::new() }),
                Err(fault) => self.troubles.push(format!("a table: {fault}")),
            }
        }
        tables
    }

    fn feed_table(&mut self, at: usize, bytes: Option<Vec<u8>>) {
        let Some(table) = self.tables.as_mut().and_then(|tables| tables.get_mut(at)) else { return };
        let fed = bytes
            .ok_or(AnnotateError::Unreadable)
            .and_then(|bytes| table.reader.feed(bytes).map_err(AnnotateError::from));
        match fed {
            Ok(content) => {
                table.content.extend(content);
                self.documents.insert(table.entry, table.content.clone());
            }
            Err(fault) => {
                // It asks for nothing any more.
                table.reader = ByteReader::ended();
                self.documents.remove(&table.entry);
                self.troubles.push(format!("a table: {fault}"));
            }
        }
    }

    /// The cases.
    ///
    /// # Errors
    /// [`AnnotateError::NoImages`].
    pub fn finish(self) -> Result<Shelf, AnnotateError> {
        let Self { entries, documents, mut troubles, .. } = self;
        let mut known = Known::default();
        let mut title = String::new();
        let mut shallowest = usize::MAX;
        // In the order of their names, so that a later run's word stands.
        let mut ordered: Vec<(&str, &Vec<u8>)> = documents
            .iter()
            .filter_map(|(entry, content)| Some((entries.get(*entry)?.path.as_str(), content)))
            .collect();
        ordered.sort_unstable_by_key(|(path, _)| *path);
        for (path, content) in ordered {
            let text = String::from_utf8_lossy(content);
            let name = path.rsplit('/').next().unwrap_or(path);
            let depth = path.matches('/').count();
            if name == "dataset_description.json" {
                let named = serde_json::from_str::<serde_json::Value>(&text)
                    .ok()
                    .and_then(|v| v.get("Name").and_then(|n| n.as_str()).map(str::to_owned));
                if let Some(named) = named.filter(|_| depth < shallowest && !path.contains("derivatives/")) {
                    (title, shallowest) = (named, depth);
                }
            } else if name.starts_with("hanging") {
                match PublishedHanging::parse(&text) {
                    Ok(hanging) => known.hanging.volumes.extend(hanging.volumes),
                    Err(fault) => troubles.push(fault.to_string()),
                }
            } else if name.ends_with("_sessions.tsv") {
                let subject = name.trim_end_matches("_sessions.tsv").to_owned();
                for row in Table::parse(&text).iter().flat_map(Table::records) {
                    let label = row.get("session_id").and_then(|id| id.strip_prefix("ses-"));
                    if let (Some(label), Some(point)) = (label, row.get("timepoint")) {
                        known.time_points.insert((subject.clone(), label.to_owned()), (*point).to_owned());
                    }
                }
            } else if let Some(inside) = locate(path).and_then(|l| l.inside.strip_suffix(".bval")) {
                let values: Result<Vec<f64>, _> = text.split_whitespace().map(str::parse).collect();
                if let Ok(values) = values {
                    known.b_values.insert(inside.to_owned(), values);
                }
            }
        }
        let cases = names::cases(entries.iter().enumerate().map(|(i, e)| (i, e.path.as_str())), &known);
        if cases.is_empty() {
            return Err(match troubles.is_empty() {
                true => AnnotateError::NoImages,
                false => AnnotateError::Unopened(troubles.join("; ")),
            });
        }
        let ignored =
            entries.iter().filter(|e| image_stem(&e.path).is_none() && !is_of_dataset(&e.path)).count();
        Ok(Shelf { title, cases, entries, ignored, troubles })
    }
}

/// Tables and sidecars of a data set are no strangers in it.
fn is_of_dataset(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let extension = |e: &str| name.ends_with(e);
    let top = matches!(name, "README" | "README.md" | "CHANGES" | "LICENSE" | ".bidsignore");
    top || extension(".json")
        || extension(".tsv")
        || extension(".bval")
        || extension(".bvec")
        || extension(".html")
}
