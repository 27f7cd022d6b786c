//! Archives of another hand, of ours, and hostile ones.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use super::*;
use crate::dataset::{EntryName, ZipStream};
use crate::deid::Purpose;
use proptest::prelude::*;
use std::io::{Cursor, Write};
use zip::write::SimpleFileOptions;

fn range(file: &[u8], need: Need) -> &[u8] {
    &file[need.offset as usize..(need.offset + need.len) as usize]
}

fn index(file: &[u8]) -> Result<ZipIndex, Error> {
    let mut reader = DirectoryReader::new(7, file.len() as u64, 1 << 20);
    while let Some(need) = reader.need() {
        assert_eq!(need.source, 7);
        reader.feed(range(file, need))?;
    }
    reader.finish()
}

fn read(file: &[u8], entry: &ZipEntry, upto: u64) -> Result<(Vec<u8>, u64), Error> {
    let mut reader = EntryReader::new(entry, 1 << 24)?;
    let mut cost = 0;
    while let Some(need) = reader.need(upto) {
        cost += need.len;
        reader.feed(range(file, need))?;
    }
    Ok((reader.into_content(), cost))
}

fn written(entries: &[(String, Vec<u8>)], method: zip::CompressionMethod) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(method);
    for (name, bytes) in entries {
        writer.start_file(name.as_str(), options).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

proptest! {
    #[test]
    fn archives_of_another_writer_read_back(
        contents in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..5000), 0..12),
        deflate in any::<bool>(),
    ) {
        let entries: Vec<_> = contents.into_iter().enumerate().map(|(i, c)| (format!("d/{i}"), c)).collect();
        let method = if deflate { zip::CompressionMethod::Deflated } else { zip::CompressionMethod::Stored };
        let file = written(&entries, method);
        let index = index(&file).unwrap();
        prop_assert_eq!(index.files().count(), entries.len());
        for (entry, (name, bytes)) in index.files().zip(&entries) {
            let path = entry.path();
            prop_assert_eq!(path.reveal(Purpose::Check), name);
            prop_assert_eq!(&read(&file, entry, u64::MAX).unwrap().0, bytes);
        }
    }

    /// Whatever bytes come, there is an answer and no panic.
    #[test]
    fn noise_is_answered(mut file in prop::collection::vec(any::<u8>(), 0..400), at in any::<prop::sample::Index>(), seed in any::<[u8; 4]>()) {
        let _ = index(&file);
        let mut archive = written(&[("a".into(), vec![9; 200]), ("b".into(), vec![1; 10])], zip::CompressionMethod::Deflated);
        let place = at.index(archive.len() - 4);
        archive[place..place + 4].copy_from_slice(&seed);
        file.extend(archive);
        if let Ok(index) = index(&file) {
            for entry in index.files() {
                let mut reader = match EntryReader::new(entry, 1 << 16) { Ok(reader) => reader, Err(_) => continue };
                while let Some(need) = reader.need(u64::MAX) {
                    let Some(bytes) = file.get(need.offset as usize..(need.offset.saturating_add(need.len)) as usize) else { break };
                    if reader.feed(bytes).is_err() { break }
                }
            }
        }
    }
}

#[test]
fn only_the_prefix_asked_for_is_read_and_unpacked() {
    let noise: Vec<u8> = (0..4_000_000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    for method in [zip::CompressionMethod::Deflated, zip::CompressionMethod::Stored] {
        let file = written(&[("image".into(), noise.clone())], method);
        let index = index(&file).unwrap();
        let entry = index.files().next().unwrap();
        let (bytes, cost) = read(&file, entry, 4096).unwrap();
        assert_eq!(&bytes[..4096], &noise[..4096]);
        assert!(cost < 40_000, "{cost}");
    }
}

#[test]
fn a_stored_entry_is_read_at_any_place() {
    let mut stream = ZipStream::new();
    let mut file = stream.entry(&EntryName::new("x").unwrap(), b"0123456789").unwrap();
    file.extend(stream.finish());
    let index = index(&file).unwrap();
    let mut reader = EntryReader::new(index.files().next().unwrap(), 64).unwrap();
    assert_eq!(reader.stored_range(0, 1), None);
    while let Some(need) = reader.need(1) {
        reader.feed(range(&file, need)).unwrap();
    }
    assert_eq!(range(&file, reader.stored_range(3, 4).unwrap()), b"3456");
    assert_eq!(reader.stored_range(7, 4), None);
}

#[test]
fn a_long_entry_can_be_read_through_within_a_small_budget() {
    let bytes = vec![5; 3_000_000];
    let file = written(&[("long".into(), bytes.clone())], zip::CompressionMethod::Deflated);
    let index = index(&file).unwrap();
    let entry = index.files().next().unwrap();
    let (mut total, mut at) = (0, 0);
    let mut reader = EntryReader::new(entry, 4 << 20).unwrap();
    while let Some(need) = reader.need(at + 100_000) {
        reader.feed(range(&file, need)).unwrap();
        let (from, content) = reader.content();
        total += content.len();
        at = from + content.len() as u64;
        reader.release(at);
    }
    assert_eq!(total, bytes.len());
    assert!(reader.is_complete());
    let mut reader = EntryReader::new(entry, 1000).unwrap();
    let need = reader.need(u64::MAX).unwrap();
    reader.feed(range(&file, need)).unwrap();
    let need = reader.need(u64::MAX).unwrap();
    assert!(matches!(reader.feed(range(&file, need)), Err(Error::OverBudget { .. })));
}

#[test]
fn a_self_extracting_archive_has_its_offsets_behind_the_program() {
    let mut file = b"MZ program".to_vec();
    file.extend(written(&[("a".into(), b"text".to_vec())], zip::CompressionMethod::Stored));
    let index = index(&file).unwrap();
    assert_eq!(read(&file, index.files().next().unwrap(), u64::MAX).unwrap().0, b"text");
}

#[test]
fn a_comment_that_looks_like_an_end_is_a_comment() {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    writer
        .start_file("a", SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored))
        .unwrap();
    writer.write_all(b"text").unwrap();
    writer.set_comment("see PK\u{5}\u{6} here").unwrap();
    let file = writer.finish().unwrap().into_inner();
    assert_eq!(index(&file).unwrap().files().count(), 1);
}

#[test]
fn flipped_contents_fail_their_checksum() {
    let mut file = written(&[("a".into(), b"some text".to_vec())], zip::CompressionMethod::Stored);
    let at = file.windows(9).position(|w| w == b"some text").unwrap();
    file[at] ^= 1;
    let index = index(&file).unwrap();
    assert_eq!(read(&file, index.files().next().unwrap(), u64::MAX), Err(Error::Checksum));
}

#[test]
fn an_encrypted_entry_says_so() {
    let mut file = written(&[("a".into(), b"some text".to_vec())], zip::CompressionMethod::Stored);
    let central = file.windows(4).position(|w| w == b"PK\x01\x02").unwrap();
    file[central + 8] |= 1;
    let refusal = |file: &[u8]| {
        let index = index(file).unwrap();
        read(file, index.files().next().unwrap(), u64::MAX).unwrap_err()
    };
    assert_eq!(refusal(&file), Error::Encrypted);
    file[central + 8] &= !1;
    file[central + 10] = 14; // LZMA
    assert_eq!(refusal(&file), Error::Method(14));
}

#[test]
fn overlapping_entries_are_refused() {
    let mut file =
        written(&[("a".into(), vec![1; 50]), ("b".into(), vec![2; 50])], zip::CompressionMethod::Stored);
    let second = file.windows(4).rposition(|w| w == b"PK\x01\x02").unwrap();
    // The second entry claims to lie where the first does.
    file[second + 42..second + 46].copy_from_slice(&10_u32.to_le_bytes());
    let index = index(&file).unwrap();
    let results: Vec<_> = index.files().map(|entry| read(&file, entry, u64::MAX).is_err()).collect();
    assert!(results.contains(&true));
}

#[test]
fn a_truncated_archive_is_not_a_zip() {
    let file = written(&[("a".into(), vec![1; 50])], zip::CompressionMethod::Stored);
    assert_eq!(index(&file[..file.len() - 5]).map(|_| ()), Err(Error::NotAZip));
    assert_eq!(index(b"").map(|_| ()), Err(Error::NotAZip));
}

#[test]
fn ends_with_zip64_records_are_followed() {
    let mut stream = ZipStream::new();
    let mut file = Vec::new();
    for i in 0..70_000 {
        file.extend(stream.entry(&EntryName::new(format!("{i}")).unwrap(), b"x").unwrap());
    }
    file.extend(stream.finish());
    let mut reader = DirectoryReader::new(7, file.len() as u64, 1 << 24);
    while let Some(need) = reader.need() {
        reader.feed(range(&file, need)).unwrap();
    }
    assert_eq!(reader.finish().unwrap().files().count(), 70_000);
}
