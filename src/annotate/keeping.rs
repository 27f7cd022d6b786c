//! What is kept of a case from visit to visit, and under which names.
//!
//! In: the case at hand, files of the data set. Out: names of journals and of progress, which are hashes; the
//! files of a case that may be kept in the browser, and only where all of them are of a data set that Hepatica
//! de-identified. Whoever drives it reads and writes them.

use sha2::{Digest as _, Sha256};

use super::desk::Desk;
use super::hanging;
use super::layout::hashed;
use super::names::CaseFiles;

/// A file to be kept.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct KeptFile {
    /// Its entry.
    pub entry: usize,
    /// Its path from the data set's root.
    pub path: String,
    /// Bytes.
    pub size: u64,
}

/// The certificate that every export of Hepatica has.
const CERTIFICATE: &str = "provenance/deidentification.json";

impl Desk {
    /// The name of a session's journal: by whom which reading of which session is, then what its image holds.
    /// Nothing can be read out of it. Labels of one image are never taken for another's of the same name.
    #[must_use]
    pub fn journal_key(&self, session: usize) -> String {
        let Some(case) = &self.case else { return String::new() };
        let files = case.files();
        let of_session = files.sessions.get(session).map_or("", |s| s.session.as_str());
        let reference = case.reference(session);
        let volumes = hanging::volumes(files);
        let path = reference.and_then(|id| volumes.get(id as usize)).map_or("", |v| v.file.path.as_str());
        let reading = files.reading.to_le_bytes();
        let place = hashed(
            "hepatica-journal-place/1",
            &[
                self.rater().as_bytes(),
                &reading,
                files.subject.as_bytes(),
                of_session.as_bytes(),
                path.as_bytes(),
            ],
        );
        let content =
            reference.and_then(|id| case.image(id, 0)).map_or_else(String::new, |image| image.fingerprint());
        format!("{place}-{content}")
    }

    /// Names under which it is kept how far cases are: hashes, from which nothing can be read.
    #[must_use]
    pub fn case_keys(&self) -> Vec<String> {
        let key = |files: &CaseFiles| {
            let mut hash = Sha256::new();
            hash.update(b"hepatica-progress-key/2\n");
            hash.update(self.rater().as_bytes());
            hash.update([0]);
            hash.update(files.reading.to_le_bytes());
            hash.update(files.subject.as_bytes());
            let volumes = files.sessions.iter().flat_map(|session| &session.volumes);
            if let Some(first) = volumes.min_by(|a, b| a.path.cmp(&b.path)) {
                hash.update([0]);
                hash.update(first.path.as_bytes());
                let size = self.entries().get(first.entry).map_or(0, |entry| entry.place.size());
                hash.update(size.to_le_bytes());
            }
            hash.finalize().iter().take(16).map(|b| format!("{b:02x}")).collect()
        };
        self.cases().iter().map(key).collect()
    }

    /// What comes before a data set's own paths in what was opened; `None` where no certificate says that
    /// Hepatica de-identified it.
    fn deidentified_root(&self) -> Option<&str> {
        let roots = self.entries().iter().filter_map(|entry| entry.path.strip_suffix(CERTIFICATE));
        roots.filter(|root| root.is_empty() || root.ends_with('/')).min_by_key(|root| root.len())
    }

    /// The files of the case at hand that bring it back without the data set: images, tables, this rater's saved
    /// labels. Empty where any image is not one that Hepatica de-identified: then nothing may be kept.
    #[must_use]
    pub fn kept_files(&self) -> Vec<KeptFile> {
        let (Some(case), Some(root)) = (&self.case, self.deidentified_root()) else { return Vec::new() };
        let files = case.files();
        let volumes = hanging::volumes(files);
        // Published with its role: no stranger that was put into the folder.
        if volumes.iter().any(|v| v.file.protocol.is_none()) {
            return Vec::new();
        }
        let images: Vec<&str> = volumes.iter().map(|v| v.file.path.as_str()).collect();
        let own = format!("derivatives/{}/", self.rater());
        let wanted = |path: &str| {
            let name = path.rsplit('/').next().unwrap_or(path);
            let of_subject = path.split('/').any(|part| part == files.subject);
            images.contains(&path)
                || path == "dataset_description.json"
                || (path.starts_with("provenance/hanging") && name.ends_with(".json"))
                || path == CERTIFICATE
                || (of_subject && name.ends_with("_sessions.tsv"))
                || path.strip_suffix(".bval").is_some_and(|stem| {
                    images.iter().any(|image| {
                        image.strip_suffix(".nii.gz").or(image.strip_suffix(".nii")) == Some(stem)
                    })
                })
                || (of_subject && path.starts_with(&own) && (name.contains("_dseg.")))
        };
        let kept = self.entries().iter().enumerate().filter_map(|(entry, found)| {
            let path = found.path.strip_prefix(root)?;
            wanted(path).then(|| KeptFile { entry, path: path.to_owned(), size: found.place.size() })
        });
        let kept: Vec<KeptFile> = kept.collect();
        let all_there = images.iter().all(|image| kept.iter().any(|file| file.path == *image));
        if all_there { kept } else { Vec::new() }
    }
}
