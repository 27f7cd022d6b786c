//! The DICOM objects that a session's reference was made of, for labels that refer to them.
//!
//! In: the data set's own tables of which file became what (`provenance/conversion*.tsv`, `objects*.tsv`), then
//! headers. Out: which objects to read, and the series that a segmentation refers to. Without a `dicom/` tree
//! there are none.

use std::collections::{BTreeMap, BTreeSet};

use super::desk::Desk;
use super::hanging;
use crate::dataset::tsv::Table;
use crate::dicom::Header;
use crate::segment::formats::SourceSeries;

/// The table of files in a run's report, and the one of its objects.
const TABLES: [&str; 2] = ["provenance/conversion", "provenance/objects"];

/// Files of a run that went into a volume, and files with the paths of their objects.
type Run = (BTreeSet<String>, Vec<(String, String)>);

impl Desk {
    /// The path of the reference of a session in the data set, and what comes before it in what was opened.
    fn reference_place(&self, session: usize) -> Option<(String, String)> {
        let case = self.case.as_ref()?;
        let id = case.reference(session)?;
        let volumes = hanging::volumes(case.files());
        let file = volumes.get(id as usize)?.file;
        let entry = self.entries().get(file.entry)?;
        Some((file.path.clone(), entry.path.strip_suffix(&file.path)?.to_owned()))
    }

    /// Tables to read before labels of a session can refer to DICOM objects; none where there is no `dicom/` tree.
    #[must_use]
    pub fn source_tables(&self, session: usize) -> Vec<usize> {
        let Some((_, root)) = self.reference_place(session) else { return Vec::new() };
        let tree = format!("{root}dicom/");
        if !self.entries().iter().any(|entry| entry.path.starts_with(&tree)) {
            return Vec::new();
        }
        let table = |path: &str| {
            path.strip_prefix(&root)
                .is_some_and(|p| p.ends_with(".tsv") && TABLES.iter().any(|name| p.starts_with(name)))
        };
        let entries = self.entries().iter().enumerate();
        entries.filter(|(_, entry)| table(&entry.path)).map(|(at, _)| at).collect()
    }

    /// The objects that the reference of a session was made of, from the tables' texts by entry.
    #[must_use]
    pub fn source_objects(&self, session: usize, tables: &[(usize, Vec<u8>)]) -> Vec<usize> {
        let Some((reference, root)) = self.reference_place(session) else { return Vec::new() };
        // By run: files that went into the reference, and where files' objects are.
        let mut runs: BTreeMap<String, Run> = BTreeMap::new();
        for (entry, content) in tables {
            let Some(path) = self.entries().get(*entry).and_then(|e| e.path.strip_prefix(&root)) else {
                continue;
            };
            let text = String::from_utf8_lossy(content);
            for (kind, name) in TABLES.iter().enumerate() {
                let Some(run) = path.strip_prefix(name) else { continue };
                let (files, objects) = runs.entry(run.to_owned()).or_default();
                for row in Table::parse(&text).iter().flat_map(Table::records) {
                    let cell = |name: &str| row.get(name).copied().unwrap_or_default().to_owned();
                    if kind == 0 {
                        if cell("volumes").split(' ').any(|volume| volume == reference) {
                            files.insert(cell("file"));
                        }
                    } else if let Ok(number) = cell("number").parse::<u32>() {
                        objects.push((cell("ordinal"), format!("{root}{}/{number:06}.dcm", cell("series"))));
                    }
                }
            }
        }
        let wanted: BTreeSet<&str> = runs
            .values()
            .flat_map(|(files, objects)| objects.iter().filter(|(ordinal, _)| files.contains(ordinal)))
            .map(|(_, path)| path.as_str())
            .collect();
        let entries = self.entries().iter().enumerate();
        entries.filter(|(_, entry)| wanted.contains(entry.path.as_str())).map(|(at, _)| at).collect()
    }

    /// Takes the heads of those objects: labels of the session refer to them from here on. Whether they do.
    pub fn take_sources(&mut self, session: usize, objects: Vec<Vec<u8>>) -> bool {
        let headers: Result<Vec<Header>, _> = objects.into_iter().map(Header::from_bytes).collect();
        let series = headers.ok().and_then(|headers| SourceSeries::of(&headers));
        let found = series.is_some();
        match series {
            Some(series) => self.series.insert(session, series),
            None => self.series.remove(&session),
        };
        found
    }
}
