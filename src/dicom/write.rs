//! Writing data sets: explicit VR little endian, whatever the source was in (PS3.5 §7, PS3.10 §7).
//!
//! In: elements with values that are already little endian. Out: bytes. Elements are sorted by tag, values
//! padded to even length, sequences and items written with their lengths; what is too long for a 16-bit
//! length becomes UN, as PS3.5 §6.2.2 allows. Never: decides what is written.

use std::borrow::Cow;
use std::collections::BTreeMap;

use dicom_core::{Tag, VR};

use super::codec::TransferSyntax;
use super::parse::has_short_length;

/// Explicit VR little endian.
pub const EXPLICIT_LITTLE: &str = "1.2.840.10008.1.2.1";

const ITEM: Tag = Tag(0xFFFE, 0xE000);
const SEQUENCE_DELIMITER: Tag = Tag(0xFFFE, 0xE0DD);
const UNDEFINED: u32 = 0xFFFF_FFFF;

/// The value of an element to write.
#[derive(Clone)]
pub enum Content<'a> {
    /// Bytes, little endian, padded or not.
    Bytes(Cow<'a, [u8]>),
    /// The items of a sequence.
    Items(Vec<DataSet<'a>>),
}

/// Elements to write, by tag.
#[derive(Clone, Default)]
pub struct DataSet<'a> {
    elements: BTreeMap<Tag, (VR, Content<'a>)>,
}

impl std::fmt::Debug for DataSet<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DataSet").field("elements", &self.elements.len()).finish_non_exhaustive()
    }
}

impl<'a> DataSet<'a> {
    /// Puts an element in the place of one that may be there.
    pub fn put(&mut self, tag: Tag, vr: VR, content: Content<'a>) {
        self.elements.insert(tag, (vr, content));
    }

    /// Puts an element of bytes.
    pub fn bytes(&mut self, tag: Tag, vr: VR, bytes: impl Into<Cow<'a, [u8]>>) {
        self.put(tag, vr, Content::Bytes(bytes.into()));
    }

    /// Puts an element of ASCII text.
    pub fn text(&mut self, tag: Tag, vr: VR, text: &str) {
        self.bytes(tag, vr, text.as_bytes().to_vec());
    }

    /// Whether an element is there.
    pub fn contains(&self, tag: Tag) -> bool {
        self.elements.contains_key(&tag)
    }

    /// Takes an element out.
    pub fn remove(&mut self, tag: Tag) {
        self.elements.remove(&tag);
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.elements.is_empty()
    }

    /// Appends the encoded elements.
    pub fn encode(&self, out: &mut Vec<u8>) {
        for (&tag, (vr, content)) in &self.elements {
            match content {
                Content::Bytes(bytes) => {
                    let padded = bytes.len().next_multiple_of(2);
                    let Ok(len) = u32::try_from(padded) else { continue };
                    element_head(tag, *vr, len, out);
                    out.extend_from_slice(bytes);
                    if padded > bytes.len() {
                        out.push(padding(*vr));
                    }
                }
                Content::Items(items) => {
                    element_head(tag, VR::SQ, 0, out);
                    let start = out.len();
                    for item in items {
                        element_head(ITEM, VR::UN, 0, out);
                        let inner = out.len();
                        item.encode(out);
                        set_length(out, inner);
                    }
                    set_length(out, start);
                }
            }
        }
    }
}

/// What fills a value up to an even length (PS3.5 §6.2).
const fn padding(vr: VR) -> u8 {
    match vr {
        VR::UI | VR::OB | VR::UN => 0,
        _ => b' ',
    }
}

/// Writes the length of what follows `start` into the four bytes before it.
fn set_length(out: &mut [u8], start: usize) {
    let len = u32::try_from(out.len() - start).unwrap_or(UNDEFINED).to_le_bytes();
    if let Some(place) = start.checked_sub(4).and_then(|at| out.get_mut(at..start)) {
        place.copy_from_slice(&len);
    }
}

fn element_head(tag: Tag, vr: VR, len: u32, out: &mut Vec<u8>) {
    out.extend_from_slice(&tag.0.to_le_bytes());
    out.extend_from_slice(&tag.1.to_le_bytes());
    if tag.0 == 0xFFFE {
        out.extend_from_slice(&len.to_le_bytes());
        return;
    }
    match u16::try_from(len) {
        Ok(short) if has_short_length(vr) => {
            out.extend_from_slice(vr.to_string().as_bytes());
            out.extend_from_slice(&short.to_le_bytes());
        }
        _ => {
            let vr = if has_short_length(vr) { VR::UN } else { vr };
            out.extend_from_slice(vr.to_string().as_bytes());
            out.extend_from_slice(&[0, 0]);
            out.extend_from_slice(&len.to_le_bytes());
        }
    }
}

/// Preamble of zeros, magic word and file meta information, without titles or anything private.
///
/// `syntax` is the transfer syntax of what follows; class and instance are those of the data set.
pub fn file_head(syntax: &str, class: &str, instance: &str, implementation: (&str, &str)) -> Vec<u8> {
    let mut meta = DataSet::default();
    meta.bytes(Tag(2, 0x0001), VR::OB, vec![0, 1]);
    meta.text(Tag(2, 0x0002), VR::UI, class);
    meta.text(Tag(2, 0x0003), VR::UI, instance);
    meta.text(Tag(2, 0x0010), VR::UI, syntax);
    meta.text(Tag(2, 0x0012), VR::UI, implementation.0);
    meta.text(Tag(2, 0x0013), VR::SH, implementation.1);
    let mut group = Vec::new();
    meta.encode(&mut group);
    let mut out = vec![0; 128];
    out.extend_from_slice(b"DICM");
    element_head(Tag(2, 0), VR::UL, 4, &mut out);
    out.extend_from_slice(&u32::try_from(group.len()).unwrap_or_default().to_le_bytes());
    out.extend_from_slice(&group);
    out
}

/// Appends native pixel data; `false` if they are too long for a length of 32 bits.
pub fn native_pixels(tag: Tag, vr: VR, bytes: &[u8], out: &mut Vec<u8>) -> bool {
    let Ok(len) = u32::try_from(bytes.len().next_multiple_of(2)) else { return false };
    if len == UNDEFINED {
        return false;
    }
    element_head(tag, vr, len, out);
    out.extend_from_slice(bytes);
    if !bytes.len().is_multiple_of(2) {
        out.push(0);
    }
    true
}

/// Appends encapsulated pixel data: the basic offset table, then the fragments (PS3.5 §A.4).
pub fn encapsulated_pixels(table: &[u32], fragments: &[Cow<'_, [u8]>], out: &mut Vec<u8>) -> bool {
    element_head(Tag(0x7FE0, 0x0010), VR::OB, UNDEFINED, out);
    let offsets: Vec<u8> = table.iter().flat_map(|offset| offset.to_le_bytes()).collect();
    for bytes in std::iter::once(&Cow::Borrowed(offsets.as_slice())).chain(fragments) {
        let Ok(len) = u32::try_from(bytes.len().next_multiple_of(2)) else { return false };
        element_head(ITEM, VR::OB, len, out);
        out.extend_from_slice(bytes);
        if !bytes.len().is_multiple_of(2) {
            out.push(0);
        }
    }
    element_head(SEQUENCE_DELIMITER, VR::OB, 0, out);
    true
}

/// The syntax that an object is written in: compressed ones stay, all others become explicit little endian.
pub fn output_syntax(source: &TransferSyntax, encapsulated: bool) -> &'static str {
    if encapsulated { source.uid } else { EXPLICIT_LITTLE }
}

/// Turns the numbers of a big-endian value round; texts stay.
pub fn to_little_endian(vr: VR, bytes: &[u8]) -> Cow<'_, [u8]> {
    let width = match vr {
        VR::US | VR::SS | VR::OW | VR::AT => 2,
        VR::UL | VR::SL | VR::FL | VR::OF | VR::OL => 4,
        VR::FD | VR::OD | VR::SV | VR::UV | VR::OV => 8,
        _ => return Cow::Borrowed(bytes),
    };
    let mut out = bytes.to_vec();
    swap(&mut out, width);
    Cow::Owned(out)
}

/// Reverses the bytes of every word.
pub fn swap(bytes: &mut [u8], width: usize) {
    if width > 1 {
        bytes.chunks_exact_mut(width).for_each(<[u8]>::reverse);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests stop at the first surprise")]
    use super::super::Header;
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let mut inner = DataSet::default();
        inner.text(Tag(0x0008, 0x0104), VR::LO, "odd");
        let mut set = DataSet::default();
        set.text(Tag(0x0008, 0x0016), VR::UI, "1.2.840.10008.5.1.4.1.1.4");
        set.put(Tag(0x0008, 0x1032), VR::SQ, Content::Items(vec![inner, DataSet::default()]));
        set.bytes(Tag(0x0028, 0x0010), VR::US, to_little_endian(VR::US, &[1, 2]).into_owned());
        set.bytes(Tag(0x0018, 0x0081), VR::DS, vec![b'1'; 70_000]);
        let mut file = file_head(EXPLICIT_LITTLE, "1.2.3", "1.2.4", ("2.25.1", "TEST"));
        set.encode(&mut file);
        assert!(native_pixels(Tag(0x7FE0, 0x0010), VR::OW, &[1, 2, 3], &mut file));
        let header = Header::from_bytes(file).unwrap();
        assert!(header.damage().is_none());
        assert_eq!(header.root().int(Tag(0x0028, 0x0010)), Some(0x0102));
        let codes = header.root().get(Tag(0x0008, 0x1032)).unwrap();
        assert_eq!(codes.item_count(), 2);
        assert_eq!(codes.item(0).unwrap().text(Tag(0x0008, 0x0104)).as_deref(), Some("odd"));
        assert_eq!(header.root().get(Tag(0x0018, 0x0081)).unwrap().bytes().len(), 70_000);
        assert_eq!(header.pixels().unwrap().len, Some(4));
        assert!(header.preamble().unwrap().iter().all(|b| *b == 0));
    }
}
