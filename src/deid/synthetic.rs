//! Headers written by hand, for this room's tests.

#![allow(clippy::unwrap_used, reason = "tests stop at the first surprise")]

use crate::dicom::{Header, Tag};

/// One element in explicit little endian.
pub(super) fn element(tag: Tag, vr: &str, value: &[u8]) -> Vec<u8> {
    let mut out = [tag.0.to_le_bytes(), tag.1.to_le_bytes()].concat();
    let mut value = value.to_vec();
    if value.len() % 2 == 1 {
        value.push(if matches!(vr, "UI" | "OB" | "UN") { 0 } else { b' ' });
    }
    out.extend_from_slice(vr.as_bytes());
    if matches!(vr, "OB" | "OW" | "UN" | "SQ" | "UT" | "UC" | "UR") {
        out.extend_from_slice(&[0, 0]);
        out.extend_from_slice(&(value.len() as u32).to_le_bytes());
    } else {
        out.extend_from_slice(&(value.len() as u16).to_le_bytes());
    }
    out.extend_from_slice(&value);
    out
}

/// A sequence of one item.
pub(super) fn sequence(tag: Tag, item: &[Vec<u8>]) -> Vec<u8> {
    let item = item.concat();
    let mut value = vec![0xfe, 0xff, 0x00, 0xe0];
    value.extend_from_slice(&(item.len() as u32).to_le_bytes());
    value.extend_from_slice(&item);
    element(tag, "SQ", &value)
}

/// A file of these elements (sorted by the caller) in UTF-8, with file meta information.
pub(super) fn file(elements: &[Vec<u8>]) -> Header {
    let syntax = element(Tag(2, 0x10), "UI", b"1.2.840.10008.1.2.1");
    let title = element(Tag(2, 0x16), "AE", b"PACSNODE7");
    let mut bytes = vec![0; 128];
    bytes.extend_from_slice(b"DICM");
    bytes.extend(element(Tag(2, 0), "UL", &((syntax.len() + title.len()) as u32).to_le_bytes()));
    bytes.extend(syntax);
    bytes.extend(title);
    bytes.extend(element(Tag(8, 5), "CS", b"ISO_IR 192"));
    bytes.extend(elements.concat());
    Header::from_bytes(bytes).unwrap()
}

/// Text elements.
pub(super) fn texts(values: &[(u16, u16, &str, &str)]) -> Vec<Vec<u8>> {
    values.iter().map(|&(g, e, vr, value)| element(Tag(g, e), vr, value.as_bytes())).collect()
}
