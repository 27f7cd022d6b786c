//! What is complete stays; what was cut off is found and finished.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use super::*;
use crate::dataset::DirectoryReader;
use proptest::prelude::*;
use serde_json::json;
use std::io::{Cursor, Read};

fn name(text: &str) -> EntryName {
    EntryName::new(text).unwrap()
}

fn range(file: &[u8], need: Need) -> &[u8] {
    &file[need.offset as usize..(need.offset + need.len) as usize]
}

fn directory(file: &[u8]) -> ZipIndex {
    let mut reader = DirectoryReader::new(0, file.len() as u64, 1 << 20);
    while let Some(need) = reader.need() {
        reader.feed(range(file, need)).unwrap();
    }
    reader.finish().unwrap()
}

fn scan(file: &[u8]) -> ZipIndex {
    let mut scan = PartScan::new(0, file.len() as u64);
    while let Some(need) = scan.need() {
        scan.feed(range(file, need)).unwrap();
    }
    scan.finish()
}

/// Every entry as the `zip` crate reads it.
fn judged(file: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let mut archive = zip::ZipArchive::new(Cursor::new(file)).unwrap();
    let mut entries = BTreeMap::new();
    for i in 0..archive.len() {
        let mut entry = archive.by_index(i).unwrap();
        let mut contents = Vec::new();
        entry.read_to_end(&mut contents).unwrap();
        entries.insert(entry.name().unwrap().into_owned(), contents);
    }
    entries
}

fn archive(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut stream = ZipStream::new();
    let mut file = Vec::new();
    for (path, contents) in entries {
        file.extend(stream.entry(&name(path), contents).unwrap());
    }
    file.extend(stream.finish());
    file
}

fn go_on(mut file: Vec<u8>, index: &ZipIndex, replaced: &str, entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut stream = continue_zip(index, |name| name.as_str() == replaced).unwrap();
    file.truncate(stream.offset() as usize);
    for (path, contents) in entries {
        file.extend(stream.entry(&name(path), contents).unwrap());
    }
    file.extend(stream.finish());
    file
}

#[test]
fn an_archive_is_continued_and_its_tables_replaced() {
    let file = archive(&[("a", b"one"), ("participants.tsv", b"old"), ("b", b"two")]);
    let index = directory(&file);
    let file = go_on(file, &index, "participants.tsv", &[("c", b"three"), ("participants.tsv", b"new")]);
    let entries = judged(&file);
    assert_eq!(entries.keys().collect::<Vec<_>>(), ["a", "b", "c", "participants.tsv"]);
    assert_eq!(entries["participants.tsv"], b"new");
    assert_eq!(entries["a"], b"one");
}

proptest! {
    /// Cut an archive anywhere: the whole entries before the cut are found, and it can go on.
    #[test]
    fn an_archive_cut_anywhere_is_finished(
        sizes in prop::collection::vec(0_usize..2000, 1..8),
        cut in any::<prop::sample::Index>(),
    ) {
        let contents: Vec<(String, Vec<u8>)> = sizes.iter().enumerate()
            .map(|(i, size)| (format!("f{i}"), vec![i as u8 + 1; *size])).collect();
        let entries: Vec<(&str, &[u8])> = contents.iter().map(|(n, c)| (n.as_str(), c.as_slice())).collect();
        let mut file = archive(&entries);
        file.truncate(cut.index(file.len()));
        let before = file.clone();
        let index = scan(&file);
        let whole = index.named().len();
        let file = go_on(file, &index, "", &[("late", b"last")]);
        let read = judged(&file);
        prop_assert_eq!(read.len(), whole + 1);
        for (path, bytes) in &contents[..whole] {
            prop_assert_eq!(&read[path], bytes);
        }
        // No whole entry was lost: the next one did not fit.
        if let Some((_, bytes)) = contents.get(whole) {
            let kept: usize = contents[..whole].iter().map(|(n, c)| 30 + n.len() + c.len()).sum();
            prop_assert!(before.len() < kept + 30 + 2 + bytes.len());
        }
    }
}

#[test]
fn an_entry_whose_bytes_never_arrived_is_not_kept() {
    let mut file = archive(&[("a", &[7; 100]), ("b", &[8; 100])]);
    let end = file.windows(4).position(|w| w == b"PK\x01\x02").unwrap();
    file.truncate(end);
    // The disk grew the file before it wrote the bytes.
    file[end - 50..].fill(0);
    assert_eq!(scan(&file).named().keys().map(EntryName::as_str).collect::<Vec<_>>(), ["a"]);
}

#[test]
fn a_crash_while_adding_brings_the_old_table_back_only_if_the_new_one_is_missing() {
    let file = archive(&[("participants.tsv", b"old"), ("a", b"one")]);
    let index = directory(&file);
    let whole = go_on(file, &index, "participants.tsv", &[("b", b"two"), ("participants.tsv", b"new")]);
    let end = whole.windows(4).position(|w| w == b"PK\x01\x02").unwrap();
    let index = scan(&whole[..end]);
    let file = go_on(whole[..end].to_vec(), &index, "", &[]);
    assert_eq!(judged(&file)["participants.tsv"], b"new");
}

fn sidecar(print: Option<&str>) -> Vec<u8> {
    match print {
        Some(print) => json!({ "EchoTime": 0.1, FINGERPRINT: print }).to_string().into_bytes(),
        None => json!({ "EchoTime": 0.1 }).to_string().into_bytes(),
    }
}

fn description(schema: &str) -> Vec<u8> {
    json!({ "Name": "x", documents::SCHEMA_FIELD: schema }).to_string().into_bytes()
}

fn survey(files: &[(&str, Vec<u8>)]) -> Result<Existing, Error> {
    let mut survey = Survey::new(files.iter().map(|(path, _)| name(path)));
    for wanted in survey.wanted().to_vec() {
        let (_, contents) = files.iter().find(|(path, _)| *path == wanted.as_str()).unwrap();
        survey.feed(&wanted, contents);
    }
    survey.finish()
}

const T2: &str = "sub-a/ses-01/anat/sub-a_ses-01_T2w";
const T1: &str = "sub-a/ses-01/anat/sub-a_ses-01_T1w";
const PD: &str = "sub-a/ses-01/anat/sub-a_ses-01_PDw";

#[test]
fn a_volume_is_complete_with_its_sidecar_only() {
    let (t2, t2_json) = (format!("{T2}.nii.gz"), format!("{T2}.json"));
    let (t1, pd, pd_json) = (format!("{T1}.nii.gz"), format!("{PD}.nii.gz"), format!("{PD}.json"));
    let mut cut = sidecar(Some("k"));
    cut.truncate(9);
    let existing = survey(&[
        (DESCRIPTION, description(ARCHIVE_SCHEMA)),
        (&t2, Vec::new()),
        (&t2_json, sidecar(Some("key"))),
        (&t1, Vec::new()),
        (&pd, Vec::new()),
        (&pd_json, cut),
    ])
    .unwrap();
    let volumes: Vec<_> = existing.volumes().map(|(stem, print)| (stem.as_str(), print)).collect();
    assert_eq!(volumes, [(T2, Some("key"))]);
    let remains: Vec<_> = existing.remains().map(EntryName::as_str).collect();
    assert_eq!(remains, [pd.as_str(), t1.as_str()]);
}

#[test]
fn somebody_elses_volume_keeps_its_name() {
    let (t2, t2_json) = (format!("{T2}.nii.gz"), format!("{T2}.json"));
    let files = [(DESCRIPTION, description(ARCHIVE_SCHEMA)), (&t2, Vec::new()), (&t2_json, sidecar(None))];
    let existing = survey(&files.map(|(n, c): (&str, _)| (n, c))).unwrap();
    assert_eq!(existing.volumes().next().unwrap().1, None);
    assert_eq!(existing.remains().count(), 0);
}

#[test]
fn data_sets_of_others_and_of_later_versions_are_not_touched() {
    let t2 = format!("{T2}.nii.gz");
    assert_eq!(survey(&[(&t2, Vec::new())]).map(|_| ()), Err(Error::Foreign));
    let foreign = br#"{"Name": "theirs"}"#.to_vec();
    assert_eq!(survey(&[(DESCRIPTION, foreign)]).map(|_| ()), Err(Error::Foreign));
    let later = description("hepatica-archive/2");
    assert_eq!(survey(&[(DESCRIPTION, later)]).map(|_| ()), Err(Error::Later));
    assert!(survey(&[]).unwrap().is_empty());
}
