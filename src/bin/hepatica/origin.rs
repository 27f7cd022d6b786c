//! The files of `hepatica deidentify`, on disk and in zips. In: paths. Out: what is there, in the order of
//! paths, each read on demand. Never: a file of the output folder, or a path in a message.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use hepatica::dataset::{DirectoryReader, EntryReader, ZipEntry, looks_like_zip};
use hepatica::dicom::{DicomError, Header, HeaderReader, Need, ReadStep};
use rayon::prelude::*;

/// Where the bytes of one file are.
pub(crate) enum Origin {
    Disk(PathBuf),
    Zip(PathBuf, Box<ZipEntry>),
    Unreadable(PathBuf),
}

/// A zip's directory, and one file of it, may take this much memory.
const ZIP_BUDGET: u64 = 4 << 30;

/// Every file at or below the inputs, in the order of paths, zips opened; nothing of the output folder.
pub(crate) fn find(inputs: &[PathBuf], out: &Path) -> Vec<Origin> {
    let mut files = Vec::new();
    let out = out.canonicalize().ok();
    let mut above = Vec::new();
    for input in inputs {
        walk(input, out.as_deref(), &mut above, &mut files);
    }
    // Which of them are zips is looked up side by side.
    let opened = |origin: Origin| match origin {
        Origin::Disk(path) => match entries_of(&path) {
            Some(entries) => entries.into_iter().map(|e| Origin::Zip(path.clone(), Box::new(e))).collect(),
            None => vec![Origin::Disk(path)],
        },
        other => vec![other],
    };
    files.into_par_iter().flat_map_iter(opened).collect()
}

fn walk(path: &Path, out: Option<&Path>, above: &mut Vec<PathBuf>, files: &mut Vec<Origin>) {
    match std::fs::metadata(path) {
        Ok(meta) if meta.is_dir() => {
            let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
            if above.contains(&real) || out == Some(real.as_path()) {
                return;
            }
            let Ok(entries) = std::fs::read_dir(path) else {
                return files.push(Origin::Unreadable(path.to_owned()));
            };
            above.push(real);
            let mut inside: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
            inside.sort();
            inside.iter().for_each(|path| walk(path, out, above, files));
            above.pop();
        }
        Ok(meta) if meta.is_file() => files.push(Origin::Disk(path.to_owned())),
        _ => files.push(Origin::Unreadable(path.to_owned())),
    }
}

/// The files of a zip; `None` if it is none, or damaged.
fn entries_of(path: &Path) -> Option<Vec<ZipEntry>> {
    let mut file = File::open(path).ok()?;
    let mut first = [0; 4];
    file.read_exact(&mut first).ok()?;
    if !looks_like_zip(&first) {
        return None;
    }
    let mut reader = DirectoryReader::new(0, file.metadata().ok()?.len(), ZIP_BUDGET);
    while let Some(need) = reader.need() {
        reader.feed(&range(&mut file, need)?).ok()?;
    }
    Some(reader.finish().ok()?.files().cloned().collect())
}

fn range(file: &mut File, need: Need) -> Option<Vec<u8>> {
    use std::io::{Seek as _, SeekFrom};
    let mut bytes = vec![0; usize::try_from(need.len).ok()?];
    file.seek(SeekFrom::Start(need.offset)).ok()?;
    file.read_exact(&mut bytes).ok()?;
    Some(bytes)
}

impl Origin {
    pub(crate) fn read(&self) -> Option<Vec<u8>> {
        match self {
            Self::Disk(path) => std::fs::read(path).ok(),
            Self::Zip(path, entry) => {
                let mut file = File::open(path).ok()?;
                let mut reader = EntryReader::new(entry, ZIP_BUDGET).ok()?;
                while let Some(need) = reader.need(u64::MAX) {
                    reader.feed(&range(&mut file, need)?).ok()?;
                }
                Some(reader.into_content())
            }
            Self::Unreadable(_) => None,
        }
    }

    /// The header, from as few bytes as it takes.
    pub(crate) fn header(&self) -> Result<Box<Header>, Option<DicomError>> {
        let Self::Disk(path) = self else {
            let bytes = self.read().ok_or(None)?;
            return Header::from_bytes(bytes).map(Box::new).map_err(Some);
        };
        let mut file = File::open(path).map_err(|_| None)?;
        let len = file.metadata().map_err(|_| None)?.len();
        let reader = HeaderReader::new(len);
        let mut wanted = reader.first_read();
        let mut have = Vec::new();
        loop {
            let more = wanted.saturating_sub(have.len() as u64);
            (&mut file).take(more).read_to_end(&mut have).map_err(|_| None)?;
            if (have.len() as u64) < wanted {
                return Err(Some(DicomError::Unreadable));
            }
            match reader.feed(have.clone()) {
                ReadStep::NeedPrefix(prefix) if prefix > wanted => wanted = prefix,
                ReadStep::NeedPrefix(_) => return Err(Some(DicomError::Unreadable)),
                ReadStep::Done(header) => return Ok(header),
                ReadStep::Failed(error) => return Err(Some(error)),
            }
        }
    }
}

pub(crate) fn zip_path(path: &Path, entry: &ZipEntry) -> String {
    let inner = entry.path().into_revealed(hepatica::deid::Purpose::OnRequest);
    format!("{}/{inner}", path.to_string_lossy())
}
