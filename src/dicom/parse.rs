//! The tolerant tokenizer: bytes of a data set in, a tree of spans out (PS3.5 §7).
//!
//! Reads implicit, explicit and big-endian encodings, defined and undefined lengths, UN of
//! undefined length (CP-246: its content is implicit little endian), VRs of later editions, and
//! elements whose VR is garbage. It stops at the pixel data of the outermost level. What follows
//! an error is not read, what came before it is kept. Never panics, never reads beyond `data`.

use dicom_core::dictionary::{DataDictionary, DataDictionaryEntry};
use dicom_core::{Tag, VR};
use dicom_dictionary_std::StandardDataDictionary;

/// Deeper than any object of PS3.3 (structured reports reach some 20 levels).
pub(super) const MAX_DEPTH: usize = 96;

const UNDEFINED: u32 = 0xFFFF_FFFF;
const ITEM: Tag = Tag(0xFFFE, 0xE000);
const ITEM_DELIMITER: Tag = Tag(0xFFFE, 0xE00D);
const SEQUENCE_DELIMITER: Tag = Tag(0xFFFE, 0xE0DD);

/// Which of the three pixel-data elements of PS3.3 C.7.6.3 a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub enum PixelElement {
    /// (7FE0,0010), integers.
    Integer,
    /// (7FE0,0008), 32-bit floats.
    Float,
    /// (7FE0,0009), 64-bit floats.
    Double,
}

/// Where the pixel data's value starts, counted in the data set's stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PixelData {
    /// Which element.
    pub element: PixelElement,
    /// First byte of the value, in the file (or in the inflated stream of a deflated file).
    pub offset: u64,
    /// Bytes of the value; `None` where it is encapsulated (undefined length).
    pub len: Option<u64>,
}

/// One element: its tag, its VR (of the file, or of the dictionary) and where its value is.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) tag: Tag,
    pub(super) vr: VR,
    pub(super) value: Value,
}

#[derive(Clone, Debug)]
pub(super) enum Value {
    Span { start: u32, len: u32 },
    Items(Vec<Item>),
}

/// The elements of one sequence item (or of the data set), sorted by tag.
#[derive(Clone, Debug, Default)]
pub(super) struct Item {
    pub(super) nodes: Vec<Node>,
    pub(super) big_endian: bool,
}

impl Item {
    /// Sorts by tag; where a tag occurs twice, the first one stands first.
    fn settle(&mut self) {
        if !self.nodes.is_sorted_by_key(|node| node.tag) {
            self.nodes.sort_by_key(|node| node.tag);
        }
    }
}

/// How a data set is encoded (PS3.5 §A).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Encoding {
    pub(super) explicit: bool,
    pub(super) big_endian: bool,
}

impl Encoding {
    pub(super) const IMPLICIT: Self = Self { explicit: false, big_endian: false };
    pub(super) const EXPLICIT: Self = Self { explicit: true, big_endian: false };
    pub(super) const EXPLICIT_BIG: Self = Self { explicit: true, big_endian: true };
}

/// Why the tokenizer stopped before the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// More bytes are needed: so many from the start of `data`.
    NeedMore(u64),
    /// The file ends inside this element.
    Truncated(Tag),
    Malformed(u64),
    TooDeep,
}

/// What the tokenizer found.
#[derive(Debug, Default)]
pub(super) struct Parsed {
    pub(super) root: Item,
    pub(super) pixels: Option<PixelData>,
    pub(super) stop: Option<Stop>,
    /// The byte after the last element read.
    pub(super) end: usize,
}

pub(super) struct Parser<'a> {
    data: &'a [u8],
    /// `data` is the whole file: its end is the end.
    complete: bool,
    /// Bytes of the whole file, where they are known: what lies beyond needs no reading to be absent.
    file_len: u64,
    /// Read only this group (the file meta information).
    only_group: Option<u16>,
    pixels: Option<PixelData>,
}

/// An element's head, as read.
struct Head {
    tag: Tag,
    vr: VR,
    len: u32,
    value_at: usize,
}

impl<'a> Parser<'a> {
    pub(super) fn new(data: &'a [u8], complete: bool) -> Self {
        let file_len = if complete { data.len() as u64 } else { u64::MAX };
        Self { data, complete, file_len, only_group: None, pixels: None }
    }

    /// Says how long the file is whose first bytes were given.
    pub(super) fn of_file(mut self, file_len: u64) -> Self {
        self.file_len = file_len;
        self
    }

    /// Reads elements of `group` only, from `start`.
    pub(super) fn group(mut self, start: usize, group: u16, encoding: Encoding) -> Parsed {
        self.only_group = Some(group);
        self.data_set(start, encoding)
    }

    /// Reads the data set that starts at `start`, up to its pixel data or the end.
    pub(super) fn data_set(mut self, start: usize, encoding: Encoding) -> Parsed {
        let mut root = Item { big_endian: encoding.big_endian, ..Item::default() };
        let outcome = self.elements(start, None, encoding, 0, &mut root);
        root.settle();
        let (stop, end) = match outcome {
            Ok(end) => (None, end),
            Err(stop) => (Some(stop), self.data.len()),
        };
        Parsed { root, pixels: self.pixels, stop, end }
    }

    fn u16(&self, at: usize, big: bool) -> Option<u16> {
        let b = self.data.get(at..at.checked_add(2)?)?;
        let b = [*b.first()?, *b.get(1)?];
        Some(if big { u16::from_be_bytes(b) } else { u16::from_le_bytes(b) })
    }

    fn u32(&self, at: usize, big: bool) -> Option<u32> {
        let b: [u8; 4] = self.data.get(at..at.checked_add(4)?)?.try_into().ok()?;
        Some(if big { u32::from_be_bytes(b) } else { u32::from_le_bytes(b) })
    }

    /// The stop for "these bytes aren't there".
    fn short(&self, upto: usize, tag: Tag) -> Stop {
        let absent = self.complete || upto as u64 > self.file_len;
        if absent { Stop::Truncated(tag) } else { Stop::NeedMore(upto as u64) }
    }

    fn tag(&self, at: usize, big: bool) -> Option<Tag> {
        Some(Tag(self.u16(at, big)?, self.u16(at + 2, big)?))
    }

    fn head(&self, at: usize, encoding: Encoding, last: Tag) -> Result<Head, Stop> {
        let big = encoding.big_endian;
        let tag = self.tag(at, big).ok_or_else(|| self.short(at.saturating_add(8), last))?;
        let short = || self.short(at.saturating_add(8), tag);
        let long = || self.short(at.saturating_add(12), tag);
        if tag.0 == 0xFFFE || !encoding.explicit {
            let len = self.u32(at + 4, big).ok_or_else(short)?;
            return Ok(Head { tag, vr: implicit_vr(tag, len), len, value_at: at + 8 });
        }
        let code = self.data.get(at + 4..at + 6).ok_or_else(short)?;
        let code = [code.first().copied().unwrap_or(0), code.get(1).copied().unwrap_or(0)];
        match VR::from_binary(code) {
            Some(vr) if has_short_length(vr) => {
                let len = self.u16(at + 6, big).ok_or_else(short)?;
                Ok(Head { tag, vr, len: u32::from(len), value_at: at + 8 })
            }
            Some(vr) => {
                let len = self.u32(at + 8, big).ok_or_else(long)?;
                Ok(Head { tag, vr, len, value_at: at + 12 })
            }
            // A VR of a later edition has a 32-bit length after two reserved bytes (§7.1.2).
            None if code.iter().all(u8::is_ascii_uppercase) && self.u16(at + 6, big) == Some(0) => {
                let len = self.u32(at + 8, big).ok_or_else(long)?;
                Ok(Head { tag, vr: VR::UN, len, value_at: at + 12 })
            }
            // Two uppercase letters and no reserved zeros, or `??` and blanks as some PACS write.
            None if code.iter().all(|c| c.is_ascii_uppercase() || matches!(c, b'?' | b' ' | b'-')) => {
                let len = self.u16(at + 6, big).ok_or_else(short)?;
                Ok(Head { tag, vr: VR::UN, len: u32::from(len), value_at: at + 8 })
            }
            // No VR at all: this element was written implicitly amid explicit ones.
            None => {
                let len = self.u32(at + 4, big).ok_or_else(short)?;
                Ok(Head { tag, vr: implicit_vr(tag, len), len, value_at: at + 8 })
            }
        }
    }

    /// Elements from `at` to `end` (or, without one, to the item's delimiter or the file's end).
    fn elements(
        &mut self,
        mut at: usize,
        end: Option<usize>,
        encoding: Encoding,
        depth: usize,
        item: &mut Item,
    ) -> Result<usize, Stop> {
        if depth > MAX_DEPTH {
            return Err(Stop::TooDeep);
        }
        let mut last = Tag(0, 0);
        loop {
            if end.is_some_and(|end| at >= end) {
                return Ok(end.unwrap_or(at));
            }
            if depth == 0 && self.file_len.saturating_sub(at as u64) < 8 {
                return self.stray_end(at, last);
            }
            if let Some(group) = self.only_group.filter(|_| depth == 0) {
                match self.u16(at, encoding.big_endian) {
                    Some(found) if found != group => return Ok(at),
                    Some(_) => {}
                    None => return Err(self.short(at.saturating_add(8), last)),
                }
            }
            let head = self.head(at, encoding, last)?;
            match head.tag {
                ITEM_DELIMITER => return Ok(end.map_or(head.value_at, |end| head.value_at.min(end))),
                SEQUENCE_DELIMITER if depth > 0 => return Ok(at),
                ITEM | SEQUENCE_DELIMITER => {
                    // A stray delimiter between elements: skip it, as every reader does.
                    at = head.value_at;
                    continue;
                }
                _ => {}
            }
            if depth == 0 && self.only_group.is_none() {
                // Zero padding after the last element, or elements that run backwards into noise.
                if head.tag == Tag(0, 0) && last != Tag(0, 0) {
                    return Ok(at);
                }
                if let Some(element) = pixel_element(head.tag) {
                    let len = (head.len != UNDEFINED).then_some(u64::from(head.len));
                    self.pixels = Some(PixelData { element, offset: head.value_at as u64, len });
                    return Ok(at);
                }
            }
            last = head.tag;
            at = self.value(&head, encoding, depth, end, item)?;
        }
    }

    /// What fewer than eight bytes after the last element are: padding, or the head of an element that was
    /// cut off.
    fn stray_end(&self, at: usize, last: Tag) -> Result<usize, Stop> {
        let padding = |byte: &u8| matches!(byte, 0 | b' ' | b'\r' | b'\n' | 0x1a);
        let stray = self.data.get(at..).unwrap_or_default();
        if stray.iter().all(padding) { Ok(at) } else { Err(Stop::Truncated(last)) }
    }

    /// Reads one value into `item`; returns the byte after it.
    fn value(
        &mut self,
        head: &Head,
        encoding: Encoding,
        depth: usize,
        container_end: Option<usize>,
        item: &mut Item,
    ) -> Result<usize, Stop> {
        // UN of a public element: whoever wrote it didn't know its VR, but the dictionary does. Its
        // value is little endian (PS3.5 §6.2.2, note 2).
        let unknown = head.vr == VR::UN && encoding.explicit;
        let vr = match head.vr {
            VR::UN if unknown && head.len != UNDEFINED && !encoding.big_endian => dictionary_vr(head.tag),
            vr => vr,
        };
        let is_sequence =
            vr == VR::SQ || (head.len == UNDEFINED && matches!(vr, VR::UN | VR::UT | VR::UC | VR::UR));
        if is_sequence {
            // CP-246: UN holds a sequence in implicit little endian.
            let inner = if unknown { self.inner_encoding(head.value_at, encoding) } else { encoding };
            let end = bound(head.value_at, head.len, container_end);
            let mut items = Vec::new();
            let outcome = self.items(head.value_at, end, inner, depth + 1, head.tag, &mut items);
            item.nodes.push(Node { tag: head.tag, vr: VR::SQ, value: Value::Items(items) });
            return outcome;
        }
        if head.len == UNDEFINED {
            return self.skip_fragments(head, encoding.big_endian, container_end);
        }
        let mut stop = head.value_at.saturating_add(head.len as usize);
        if let Some(end) = container_end.filter(|end| stop > *end) {
            stop = end; // a length that lies: the container's end is the safer bound
        }
        if stop > self.data.len() {
            return Err(self.short(stop, head.tag));
        }
        let len = stop.saturating_sub(head.value_at);
        item.nodes.push(Node {
            tag: head.tag,
            vr,
            value: Value::Span {
                start: u32::try_from(head.value_at).map_err(|_| Stop::Malformed(head.value_at as u64))?,
                len: u32::try_from(len).map_err(|_| Stop::Malformed(head.value_at as u64))?,
            },
        });
        Ok(stop)
    }

    /// CP-246 content is implicit, but some writers keep the explicit VRs: look at the first element.
    fn inner_encoding(&self, at: usize, outer: Encoding) -> Encoding {
        let first = at.saturating_add(8);
        let code = self.data.get(first + 4..first + 6);
        let explicit = code.and_then(|c| VR::from_binary([*c.first()?, *c.get(1)?])).is_some();
        if explicit { outer } else { Encoding::IMPLICIT }
    }

    fn items(
        &mut self,
        mut at: usize,
        end: Option<usize>,
        encoding: Encoding,
        depth: usize,
        owner: Tag,
        items: &mut Vec<Item>,
    ) -> Result<usize, Stop> {
        if depth > MAX_DEPTH {
            return Err(Stop::TooDeep);
        }
        loop {
            if let Some(end) = end.filter(|end| at >= *end) {
                return Ok(end);
            }
            let tag =
                self.tag(at, encoding.big_endian).ok_or_else(|| self.short(at.saturating_add(8), owner))?;
            let len = self
                .u32(at + 4, encoding.big_endian)
                .ok_or_else(|| self.short(at.saturating_add(8), owner))?;
            match tag {
                SEQUENCE_DELIMITER => return Ok(end.map_or(at + 8, |end| end.min(at + 8))),
                ITEM => {}
                // Not an item where one must be: with a known end go on behind it.
                _ => return end.ok_or(Stop::Malformed(at as u64)),
            }
            let item_end = bound(at.saturating_add(8), len, end);
            let mut item = Item { big_endian: encoding.big_endian, ..Item::default() };
            let outcome = self.elements(at + 8, item_end, encoding, depth + 1, &mut item);
            item.settle();
            items.push(item);
            at = outcome?;
        }
    }

    /// Skips encapsulated fragments below the outermost level (icons and the like).
    fn skip_fragments(&self, head: &Head, big: bool, end: Option<usize>) -> Result<usize, Stop> {
        let mut at = head.value_at;
        loop {
            if let Some(end) = end.filter(|end| at >= *end) {
                return Ok(end);
            }
            let short = || self.short(at.saturating_add(8), head.tag);
            let tag = self.tag(at, big).ok_or_else(short)?;
            let len = self.u32(at + 4, big).ok_or_else(short)?;
            match tag {
                SEQUENCE_DELIMITER => return Ok(at + 8),
                ITEM if len != UNDEFINED => at = at.saturating_add(8).saturating_add(len as usize),
                _ => return Err(Stop::Malformed(at as u64)),
            }
        }
    }
}

/// Where a value or item of `len` bytes ends: never beyond what contains it. An undefined length ends
/// with its container at the latest — else a file could have its bytes read again at every level.
fn bound(start: usize, len: u32, container_end: Option<usize>) -> Option<usize> {
    match (len, container_end) {
        (UNDEFINED, end) => end,
        (len, None) => Some(start.saturating_add(len as usize)),
        (len, Some(end)) => Some(start.saturating_add(len as usize).min(end)),
    }
}

fn pixel_element(tag: Tag) -> Option<PixelElement> {
    match tag {
        Tag(0x7FE0, 0x0008) => Some(PixelElement::Float),
        Tag(0x7FE0, 0x0009) => Some(PixelElement::Double),
        Tag(0x7FE0, 0x0010) => Some(PixelElement::Integer),
        _ => None,
    }
}

/// VRs whose explicit length is 16 bits (PS3.5 §7.1.2).
pub(super) fn has_short_length(vr: VR) -> bool {
    !matches!(
        vr,
        VR::OB
            | VR::OD
            | VR::OF
            | VR::OL
            | VR::OV
            | VR::OW
            | VR::SQ
            | VR::SV
            | VR::UC
            | VR::UN
            | VR::UR
            | VR::UT
            | VR::UV
    )
}

/// The VR of a public element whose VR the file doesn't tell; UN where the dictionary has none.
fn dictionary_vr(tag: Tag) -> VR {
    let public = tag.0.is_multiple_of(2) && tag.1 != 0;
    let entry = public.then(|| StandardDataDictionary.by_tag(tag)).flatten();
    entry.map_or(VR::UN, |entry| entry.vr().relaxed())
}

/// The VR of an implicit element: the dictionary's, LO for private creators, else UN.
fn implicit_vr(tag: Tag, len: u32) -> VR {
    if tag.1 == 0 {
        return VR::UL;
    }
    if !tag.0.is_multiple_of(2) {
        return match tag.1 {
            0x0010..=0x00FF => VR::LO,
            _ if len == UNDEFINED => VR::SQ,
            _ => VR::UN,
        };
    }
    StandardDataDictionary
        .by_tag(tag)
        .map_or(if len == UNDEFINED { VR::SQ } else { VR::UN }, |entry| entry.vr().relaxed())
}

/// Says whether an element that could open a data set stands at `at` in this encoding.
pub(super) fn plausible_start(data: &[u8], at: usize, encoding: Encoding) -> bool {
    let parser = Parser::new(data, true);
    let Ok(head) = parser.head(at, encoding, Tag(0, 0)) else {
        return false;
    };
    let group_ok = matches!(head.tag.0, 0x0002 | 0x0004 | 0x0008 | 0x0010 | 0x0018 | 0x0020 | 0x0028);
    let vr_ok = !encoding.explicit
        || data.get(at + 4..at + 6).and_then(|c| VR::from_binary([*c.first()?, *c.get(1)?])).is_some();
    let len_ok =
        if encoding.explicit { head.len < 0x10_0000 || head.len == UNDEFINED } else { head.len < 0x1_0000 };
    group_ok && vr_ok && len_ok
}
