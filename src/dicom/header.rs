//! A header that was read: elements by tag, private creator, sequence item and frame.
//!
//! Values are decoded when asked for, from the bytes that were read; nothing is copied before.
//! A `Header` holds identified data: it has no `Debug` of its content and no `Serialize`.

use std::fmt;

use dicom_core::{Tag, VR};

use super::codec::TransferSyntax;
use super::error::DicomError;
use super::parse::{Item, Node, PixelData, Value};
use super::tags;
use super::text::Charset;

/// Every element of a file before its pixel data, and where the pixel data are.
pub struct Header {
    data: Vec<u8>,
    /// So many bytes of `data` are the file's (or the inflated data set's); the meta header of a deflated
    /// file is kept behind them.
    own: usize,
    meta: Item,
    root: Item,
    preamble: Option<usize>,
    charset: Charset,
    pub(super) syntax: TransferSyntax,
    pub(super) pixels: Option<PixelData>,
    pub(super) damage: Option<DicomError>,
}

impl fmt::Debug for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Header").field("syntax", &self.syntax.name).finish_non_exhaustive()
    }
}

impl Header {
    pub(super) fn new(data: Vec<u8>, meta: Item, preamble: Option<usize>) -> Self {
        Self {
            own: data.len(),
            data,
            meta,
            root: Item::default(),
            preamble,
            charset: Charset::default(),
            syntax: TransferSyntax::of_encoding(true, false),
            pixels: None,
            damage: None,
        }
    }

    pub(crate) fn data(&self) -> &[u8] {
        self.data.get(..self.own).unwrap_or_default()
    }

    pub(super) fn set_root(&mut self, root: Item, pixels: Option<PixelData>) {
        self.root = root;
        self.pixels = pixels;
        let code = self.root().get(tags::SPECIFIC_CHARACTER_SET).map(|e| e.strings()).unwrap_or_default();
        self.charset = Charset::of(&code);
    }

    /// A header whose data set is the inflated `plain`; its meta elements are dropped but for the syntax.
    pub(super) fn replace_data(self, plain: Vec<u8>) -> Self {
        let declared = self.meta().get(tags::TRANSFER_SYNTAX_UID).and_then(|e| e.text());
        let syntax = declared.as_deref().map_or_else(|| self.syntax.clone(), TransferSyntax::by_uid);
        // The meta header's bytes go behind the inflated ones, its spans with them.
        let mut data = plain;
        let mut meta = self.meta;
        let shift = data.len();
        data.extend_from_slice(self.data.get(..4096.min(self.data.len())).unwrap_or_default());
        meta.nodes.retain_mut(|node| match &mut node.value {
            Value::Span { start, len } if *start as usize + *len as usize <= 4096 => {
                *start += u32::try_from(shift).unwrap_or(u32::MAX);
                true
            }
            _ => false,
        });
        Self { data, own: shift, meta, syntax, ..Self::new(Vec::new(), Item::default(), self.preamble) }
    }

    /// The data set's outermost level.
    pub fn root(&self) -> ItemRef<'_> {
        ItemRef { header: self, item: &self.root }
    }

    /// The file meta information, group 0002.
    pub fn meta(&self) -> ItemRef<'_> {
        ItemRef { header: self, item: &self.meta }
    }

    /// The 128 bytes before the magic word, where the file has them.
    pub fn preamble(&self) -> Option<&[u8]> {
        self.preamble.and_then(|len| self.data.get(..len)).filter(|_| !self.syntax.deflated)
    }

    /// Whether the pixel data are said to be 16-bit words (OW).
    pub(super) fn pixel_words(&self) -> bool {
        let offset = self.pixels.and_then(|p| usize::try_from(p.offset).ok()).unwrap_or(0);
        let vr = offset.checked_sub(8).and_then(|at| self.data.get(at..at + 2));
        self.syntax.explicit && vr == Some(b"OW")
    }

    /// How the file is encoded.
    pub fn syntax(&self) -> &TransferSyntax {
        &self.syntax
    }

    /// Where the pixel data are; `None` for objects without.
    pub fn pixels(&self) -> Option<PixelData> {
        self.pixels
    }

    /// What stopped the reader before the pixel data or the end, if anything did.
    pub fn damage(&self) -> Option<&DicomError> {
        self.damage.as_ref()
    }

    /// The attributes of frame `index` (from 0): its functional groups, the shared ones, the root.
    pub fn frame(&self, index: usize) -> FrameView<'_> {
        let item = |tag: Tag, n: usize| self.root().get(tag).and_then(|e| e.item(n));
        FrameView {
            root: self.root(),
            own: item(tags::PER_FRAME_FUNCTIONAL_GROUPS, index),
            shared: item(tags::SHARED_FUNCTIONAL_GROUPS, 0),
        }
    }

    /// Calls `visit` for every element at any depth, sequences included, in file order of tags.
    pub fn walk<'a>(&'a self, visit: &mut dyn FnMut(ElementRef<'a>)) {
        self.meta().walk(visit);
        self.root().walk(visit);
    }
}

/// One level of a data set: the root, or an item of a sequence.
#[derive(Clone, Copy)]
pub struct ItemRef<'a> {
    header: &'a Header,
    item: &'a Item,
}

impl<'a> ItemRef<'a> {
    /// The element with this tag.
    pub fn get(&self, tag: Tag) -> Option<ElementRef<'a>> {
        let nodes = &self.item.nodes;
        let at = nodes.partition_point(|node| node.tag < tag);
        nodes.get(at).filter(|node| node.tag == tag).map(|node| self.element(node))
    }

    /// The private element `offset` of the block that `creator` reserved in `group` (PS3.5 §7.8.1).
    ///
    /// A PACS may have moved the block: it is found by its creator, wherever it is.
    pub fn private(&self, group: u16, creator: &str, offset: u8) -> Option<ElementRef<'a>> {
        let from = self.item.nodes.partition_point(|node| node.tag < Tag(group, 0x0010));
        self.item
            .nodes
            .iter()
            .skip(from)
            .take_while(|node| node.tag.0 == group && node.tag.1 <= 0x00FF)
            .filter(|node| self.element(node).text().is_some_and(|t| t.eq_ignore_ascii_case(creator)))
            .find_map(|node| self.get(Tag(group, (node.tag.1 << 8) | u16::from(offset))))
    }

    /// The text of an element, if it is there and not empty.
    pub fn text(&self, tag: Tag) -> Option<String> {
        self.get(tag).and_then(|e| e.text())
    }

    /// The first number of an element.
    pub fn float(&self, tag: Tag) -> Option<f64> {
        self.get(tag).and_then(|e| e.float())
    }

    /// The first number of an element, if it is a whole one.
    pub fn int(&self, tag: Tag) -> Option<i64> {
        self.get(tag).and_then(|e| e.int())
    }

    /// All numbers of an element.
    pub fn floats(&self, tag: Tag) -> Vec<f64> {
        self.get(tag).map(|e| e.floats()).unwrap_or_default()
    }

    /// All values of a multi-valued text element.
    pub fn strings(&self, tag: Tag) -> Vec<String> {
        self.get(tag).map(|e| e.strings()).unwrap_or_default()
    }

    /// The first item of a sequence.
    pub fn first_item(&self, tag: Tag) -> Option<ItemRef<'a>> {
        self.get(tag).and_then(|e| e.items().next())
    }

    /// The elements of this level, by tag.
    pub fn elements(&self) -> impl Iterator<Item = ElementRef<'a>> + use<'a> {
        let this = *self;
        this.item.nodes.iter().map(move |node| this.element(node))
    }

    /// Looks for `tag` here, then in the items of this level's standard sequences, `depth` levels down.
    pub fn find(&self, tag: Tag, depth: usize) -> Option<ElementRef<'a>> {
        self.get(tag).or_else(|| {
            let deeper = depth.checked_sub(1)?;
            self.elements()
                .filter(|e| e.tag.0 % 2 == 0)
                .find_map(|e| e.items().next().and_then(|item| item.find(tag, deeper)))
        })
    }

    fn walk(&self, visit: &mut dyn FnMut(ElementRef<'a>)) {
        for element in self.elements() {
            visit(element);
            for item in element.items() {
                item.walk(visit);
            }
        }
    }

    fn element(&self, node: &'a Node) -> ElementRef<'a> {
        ElementRef { tag: node.tag, vr: node.vr, header: self.header, node, big_endian: self.item.big_endian }
    }
}

/// One element.
#[derive(Clone, Copy)]
pub struct ElementRef<'a> {
    /// Its tag.
    pub tag: Tag,
    /// Its VR: the file's, or the dictionary's where the file is implicit. `SQ` for UN sequences too.
    pub vr: VR,
    header: &'a Header,
    node: &'a Node,
    big_endian: bool,
}

impl<'a> ElementRef<'a> {
    /// The value's bytes as stored; empty for sequences.
    pub fn bytes(&self) -> &'a [u8] {
        match self.node.value {
            Value::Span { start, len } => {
                let start = start as usize;
                self.header.data.get(start..start + len as usize).unwrap_or_default()
            }
            Value::Items(_) => &[],
        }
    }

    /// Whether the element was read as a sequence.
    pub(crate) fn is_sequence(&self) -> bool {
        matches!(self.node.value, Value::Items(_))
    }

    /// Whether its numbers are in big endian.
    pub(crate) fn is_big_endian(&self) -> bool {
        self.big_endian
    }

    /// The items of a sequence; none for other elements.
    pub fn items(&self) -> impl Iterator<Item = ItemRef<'a>> + use<'a> {
        let items: &'a [Item] = match &self.node.value {
            Value::Items(items) => items,
            Value::Span { .. } => &[],
        };
        let header = self.header;
        items.iter().map(move |item| ItemRef { header, item })
    }

    /// How many items a sequence has.
    pub fn item_count(&self) -> usize {
        match &self.node.value {
            Value::Items(items) => items.len(),
            Value::Span { .. } => 0,
        }
    }

    /// Item `n` of a sequence, from 0, without a walk.
    pub fn item(&self, n: usize) -> Option<ItemRef<'a>> {
        match &self.node.value {
            Value::Items(items) => items.get(n).map(|item| ItemRef { header: self.header, item }),
            Value::Span { .. } => None,
        }
    }

    /// The same element read as another VR: for UN, and for private ones in implicit files.
    #[must_use]
    pub fn with_vr(mut self, vr: VR) -> Self {
        self.vr = vr;
        self
    }

    /// The whole value as text in the data set's character set, padding trimmed; `None` if empty.
    pub fn text(&self) -> Option<String> {
        let text = self.decode();
        let text = text.trim_matches(|c: char| c == '\0' || c.is_whitespace());
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// The values of a text element, parted at `\`, each trimmed; text VRs that may hold `\` give one.
    pub fn strings(&self) -> Vec<String> {
        let Some(text) = self.text() else {
            return Vec::new();
        };
        if matches!(self.vr, VR::ST | VR::LT | VR::UT | VR::UR) {
            return vec![text];
        }
        text.split('\\')
            .map(|part| part.trim_matches(|c: char| c == '\0' || c.is_whitespace()).to_owned())
            .collect()
    }

    /// The numbers of an element: DS and IS as text, binary VRs by their width.
    ///
    /// UN is read as text if it is text of numbers, else not at all: use [`Self::with_vr`].
    pub fn floats(&self) -> Vec<f64> {
        let bytes = self.bytes();
        let big = self.big_endian;
        match self.vr {
            VR::US => chunks(bytes, big, |b: [u8; 2]| f64::from(u16::from_le_bytes(b))),
            VR::SS => chunks(bytes, big, |b: [u8; 2]| f64::from(i16::from_le_bytes(b))),
            VR::UL => chunks(bytes, big, |b: [u8; 4]| f64::from(u32::from_le_bytes(b))),
            VR::SL => chunks(bytes, big, |b: [u8; 4]| f64::from(i32::from_le_bytes(b))),
            VR::FL | VR::OF => chunks(bytes, big, |b: [u8; 4]| f64::from(f32::from_le_bytes(b))),
            VR::FD | VR::OD => chunks(bytes, big, f64::from_le_bytes),
            VR::SV => chunks(bytes, big, |b: [u8; 8]| i64::from_le_bytes(b) as f64),
            VR::UV => chunks(bytes, big, |b: [u8; 8]| u64::from_le_bytes(b) as f64),
            VR::OB | VR::OW | VR::SQ | VR::AT => Vec::new(),
            // A decimal comma is against the standard and found in the wild.
            _ => self.ascii().split('\\').map_while(|part| parse_number(part.trim())).collect(),
        }
    }

    /// The first number.
    pub fn float(&self) -> Option<f64> {
        self.floats().first().copied()
    }

    /// The numbers, rounded to whole ones.
    pub fn ints(&self) -> Vec<i64> {
        self.floats().into_iter().map(|v| v.round() as i64).collect()
    }

    /// The first number, rounded to a whole one.
    pub fn int(&self) -> Option<i64> {
        self.ints().first().copied()
    }

    fn ascii(&self) -> String {
        self.bytes().iter().filter(|b| **b != 0).map(|b| char::from(*b)).collect()
    }

    fn decode(&self) -> String {
        let bytes = self.bytes();
        match self.vr {
            VR::LO | VR::SH | VR::PN | VR::LT | VR::ST | VR::UC | VR::UT | VR::UN => {
                self.header.charset.decode(bytes)
            }
            _ => Charset::default().decode(bytes),
        }
    }
}

fn parse_number(text: &str) -> Option<f64> {
    let number = text.parse::<f64>().or_else(|_| text.replace(',', ".").parse()).ok()?;
    number.is_finite().then_some(number)
}

/// Fixed-width numbers, brought to little endian first.
fn chunks<const N: usize>(bytes: &[u8], big: bool, read: impl Fn([u8; N]) -> f64) -> Vec<f64> {
    let (whole, _) = bytes.as_chunks::<N>();
    whole
        .iter()
        .map(|chunk| {
            let mut chunk = *chunk;
            if big {
                chunk.reverse();
            }
            read(chunk)
        })
        .collect()
}

/// The attributes of one frame, wherever the object keeps them (PS3.3 C.7.6.16).
#[derive(Clone, Copy)]
pub struct FrameView<'a> {
    root: ItemRef<'a>,
    own: Option<ItemRef<'a>>,
    shared: Option<ItemRef<'a>>,
}

impl<'a> FrameView<'a> {
    /// From the frame's own functional groups, else the shared ones, else the root.
    pub fn get(&self, tag: Tag) -> Option<ElementRef<'a>> {
        // Functional-group macros are sequences of one item; some nest once or twice more (MR diffusion).
        let own = self.own.and_then(|item| item.find(tag, 3));
        own.or_else(|| self.shared.and_then(|item| item.find(tag, 3))).or_else(|| self.root.get(tag))
    }

    /// A private element of the frame: in its functional groups' private sequences, or at the root.
    pub fn private(&self, group: u16, creator: &str, offset: u8) -> Option<ElementRef<'a>> {
        let nested = |item: ItemRef<'a>| {
            item.private(group, creator, offset).or_else(|| {
                item.elements().find_map(|e| e.items().next().and_then(|i| i.private(group, creator, offset)))
            })
        };
        self.own
            .and_then(nested)
            .or_else(|| self.shared.and_then(nested))
            .or_else(|| self.root.private(group, creator, offset))
    }

    /// The first number.
    pub fn float(&self, tag: Tag) -> Option<f64> {
        self.get(tag).and_then(|e| e.float())
    }

    /// All numbers.
    pub fn floats(&self, tag: Tag) -> Vec<f64> {
        self.get(tag).map(|e| e.floats()).unwrap_or_default()
    }

    /// The first number, as a whole one.
    pub fn int(&self, tag: Tag) -> Option<i64> {
        self.get(tag).and_then(|e| e.int())
    }

    /// The text.
    pub fn text(&self, tag: Tag) -> Option<String> {
        self.get(tag).and_then(|e| e.text())
    }

    /// All values of a text.
    pub fn strings(&self, tag: Tag) -> Vec<String> {
        self.get(tag).map(|e| e.strings()).unwrap_or_default()
    }

    /// The functional-group item of this frame, for multi-frame objects.
    pub fn own(&self) -> Option<ItemRef<'a>> {
        self.own
    }

    /// The data set's outermost level.
    pub fn root(&self) -> ItemRef<'a> {
        self.root
    }
}
