//! Where a data set is written: a folder, or a zip.
//!
//! Both can be gone on with: what is complete stays, what an interruption left is written again. A
//! file of a folder appears under its name when it is whole; a zip is called `….zip.part` until it is.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use hepatica::dataset::documents::is_of_unfinished_run;
use hepatica::dataset::extend::{Existing, PartScan, Survey, continue_zip};
use hepatica::dataset::{DirectoryReader, EntryName, EntryReader, ZipIndex, ZipStream};
use hepatica::dicom::Need;

use crate::Failure;

/// A zip's directory may take this much memory.
const DIRECTORY_BUDGET: u64 = 1 << 30;

/// An open target.
pub(crate) enum Target {
    Folder(PathBuf),
    Zip(Zip),
}

/// A zip, whose file is opened when the first entry comes.
pub(crate) struct Zip {
    path: PathBuf,
    part: PathBuf,
    stream: ZipStream,
    file: Option<File>,
}

impl Target {
    /// Opens `out` and says what it holds already.
    pub(crate) fn open(out: &Path) -> Result<(Self, Existing), Failure> {
        let is_zip = out.extension().is_some_and(|e| e.eq_ignore_ascii_case("zip"));
        if is_zip { open_zip(out) } else { open_folder(out) }
    }

    /// Writes an entry.
    pub(crate) fn write(&mut self, name: &EntryName, bytes: &[u8]) -> Result<(), Failure> {
        match self {
            Self::Folder(root) => {
                let path = root.join(name.as_str());
                if let Some(folder) = path.parent() {
                    std::fs::create_dir_all(folder)?;
                }
                let part = path.with_extension("part");
                std::fs::write(&part, bytes)?;
                std::fs::rename(&part, &path)?;
                Ok(())
            }
            Self::Zip(zip) => zip.write(name, bytes),
        }
    }

    /// Ends the archive.
    pub(crate) fn finish(self) -> Result<(), Failure> {
        match self {
            Self::Folder(_) => Ok(()),
            Self::Zip(zip) => zip.finish(),
        }
    }
}

impl Zip {
    fn write(&mut self, name: &EntryName, bytes: &[u8]) -> Result<(), Failure> {
        if self.file.is_none() {
            // While it is being written the archive has no directory, so it has another name.
            if self.path.exists() && !self.part.exists() {
                std::fs::rename(&self.path, &self.part)?;
            }
            let mut file = OpenOptions::new().write(true).create(true).truncate(false).open(&self.part)?;
            file.set_len(self.stream.offset())?;
            file.seek(SeekFrom::Start(self.stream.offset()))?;
            self.file = Some(file);
        }
        let header = self
            .stream
            .header(name, bytes.len() as u64, hepatica::dataset::zip_out::crc32(bytes))
            .map_err(|e| Failure::Usage(e.to_string()))?;
        if let Some(file) = &mut self.file {
            file.write_all(&header)?;
            file.write_all(bytes)?;
        }
        Ok(())
    }

    fn finish(self) -> Result<(), Failure> {
        let Some(mut file) = self.file else { return Ok(()) };
        file.write_all(&self.stream.finish())?;
        file.sync_all()?;
        drop(file);
        std::fs::rename(&self.part, &self.path)?;
        Ok(())
    }
}

fn open_folder(out: &Path) -> Result<(Target, Existing), Failure> {
    let mut names = Vec::new();
    if out.is_dir() {
        list(out, out, &mut names)?;
    } else if out.exists() {
        return Err(Failure::Usage("--out names a file that is neither a folder nor a .zip".into()));
    }
    let mut survey = Survey::new(names);
    for name in survey.wanted().to_vec() {
        survey.feed(&name, &std::fs::read(out.join(name.as_str()))?);
    }
    let existing = survey.finish().map_err(|e| Failure::Usage(e.to_string()))?;
    Ok((Target::Folder(out.to_owned()), existing))
}

fn list(root: &Path, folder: &Path, names: &mut Vec<EntryName>) -> Result<(), Failure> {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder)?.flatten().map(|e| e.path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            list(root, &path, names)?;
        } else if let Some(name) = path.strip_prefix(root).ok().and_then(Path::to_str) {
            // Files that no archive of ours could have are not ours to touch.
            names.extend(EntryName::new(name.replace('\\', "/")));
        }
    }
    Ok(())
}

fn open_zip(out: &Path) -> Result<(Target, Existing), Failure> {
    let part = out.with_extension("zip.part");
    let fresh = |stream, existing| {
        (Target::Zip(Zip { path: out.to_owned(), part: part.clone(), stream, file: None }), existing)
    };
    let index = if part.exists() {
        scan(&part)?
    } else if out.exists() {
        directory(out)?
    } else {
        return Ok(fresh(ZipStream::new(), Existing::default()));
    };
    let from = if part.exists() { &part } else { out };
    let named = index.named();
    let mut survey = Survey::new(named.keys().cloned());
    let mut file = File::open(from)?;
    for name in survey.wanted().to_vec() {
        if let Some(entry) = named.get(&name) {
            let unusable = |e: hepatica::dataset::Error| Failure::Usage(e.to_string());
            let mut reader = EntryReader::new(entry, DIRECTORY_BUDGET).map_err(unusable)?;
            while let Some(need) = reader.need(u64::MAX) {
                reader.feed(&read(&mut file, need)?).map_err(unusable)?;
            }
            survey.feed(&name, &reader.into_content());
        }
    }
    let existing = survey.finish().map_err(|e| Failure::Usage(e.to_string()))?;
    let replaced = |name: &EntryName| {
        let text = name.as_str();
        let table = ["_scans.tsv", "_scans.json", "_sessions.tsv", "_sessions.json"];
        matches!(text, "participants.tsv" | "participants.json" | "CHANGES")
            || table.iter().any(|end| text.ends_with(end))
            || existing.remains().any(|remain| remain == name)
            || is_of_unfinished_run(name, existing.names())
    };
    let stream = continue_zip(&index, replaced).map_err(|e| Failure::Usage(e.to_string()))?;
    Ok(fresh(stream, existing))
}

fn directory(path: &Path) -> Result<ZipIndex, Failure> {
    let mut file = File::open(path)?;
    let unusable = |e: hepatica::dataset::Error| Failure::Usage(format!("--out: {e}"));
    let mut reader = DirectoryReader::new(0, file.metadata()?.len(), DIRECTORY_BUDGET);
    while let Some(need) = reader.need() {
        reader.feed(&read(&mut file, need)?).map_err(unusable)?;
    }
    reader.finish().map_err(unusable)
}

/// What an interrupted run left: the entries that are whole.
fn scan(path: &Path) -> Result<ZipIndex, Failure> {
    let mut file = File::open(path)?;
    let mut scan = PartScan::new(0, file.metadata()?.len());
    while let Some(need) = scan.need() {
        scan.feed(&read(&mut file, need)?).map_err(|e| Failure::Usage(format!("--out: {e}")))?;
    }
    Ok(scan.finish())
}

fn read(file: &mut File, need: Need) -> Result<Vec<u8>, Failure> {
    let mut bytes = vec![0; usize::try_from(need.len).unwrap_or_default()];
    file.seek(SeekFrom::Start(need.offset))?;
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}
