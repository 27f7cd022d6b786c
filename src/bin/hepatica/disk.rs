//! Sources on disk: walking folders, reading ranges.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use hepatica::dicom::Need;
use hepatica::session::Session;
use rayon::prelude::*;

/// The files of the inputs, numbered as the session numbers its sources.
#[derive(Default)]
pub(crate) struct Disk {
    paths: Vec<PathBuf>,
    /// Folders on the way to the one being walked, links resolved: one that contains itself ends there.
    above: Vec<PathBuf>,
}

impl Disk {
    /// Registers every file at or below the inputs, in the order of their paths.
    pub(crate) fn register(&mut self, inputs: &[PathBuf], session: &mut Session) {
        for input in inputs {
            self.walk(input, session);
        }
    }

    fn walk(&mut self, path: &Path, session: &mut Session) {
        let shown = path.to_string_lossy().into_owned();
        match std::fs::metadata(path) {
            Ok(meta) if meta.is_dir() => match (std::fs::read_dir(path), path.canonicalize()) {
                (Ok(_), Ok(real)) if self.above.contains(&real) => {}
                (Ok(entries), real) => {
                    self.above.push(real.unwrap_or_else(|_| path.to_owned()));
                    let mut inside: Vec<PathBuf> = entries.flatten().map(|e| e.path()).collect();
                    inside.sort();
                    for path in inside {
                        self.walk(&path, session);
                    }
                    self.above.pop();
                }
                (Err(_), _) => session.add_unreadable(shown),
            },
            Ok(meta) if meta.is_file() => {
                session.add_source(self.paths.len() as u32, shown, meta.len());
                self.paths.push(path.to_owned());
            }
            // Sockets, devices and dangling links.
            _ => session.add_unreadable(shown),
        }
    }

    /// Reads ranges side by side; `None` for one that can't be read.
    pub(crate) fn read(&self, needs: &[Need]) -> Vec<Option<Vec<u8>>> {
        needs.par_iter().map(|need| self.read_one(need)).collect()
    }

    fn read_one(&self, need: &Need) -> Option<Vec<u8>> {
        let mut file = File::open(self.paths.get(need.source as usize)?).ok()?;
        if need.offset > 0 {
            file.seek(SeekFrom::Start(need.offset)).ok()?;
        }
        let mut bytes = Vec::with_capacity(usize::try_from(need.len).ok()?);
        file.take(need.len).read_to_end(&mut bytes).ok()?;
        (!bytes.is_empty()).then_some(bytes)
    }
}
