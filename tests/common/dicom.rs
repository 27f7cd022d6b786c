//! A small DICOM writer for tests: any encoding of PS3.5, right or deliberately wrong.
//!
//! In: elements. Out: bytes of a file. It checks nothing, so that tests can write what no tool should.
//! Used by integration tests and, by path, by the unit tests of `dicom` and `convert`.
#![allow(dead_code, reason = "every test uses a part of it")]
#![allow(unreachable_pub, reason = "compiled into several crates")]
#![allow(missing_docs, reason = "test code")]

use std::collections::BTreeMap;

#[derive(Clone, Debug)]
pub enum Value {
    Text(String),
    Bytes(Vec<u8>),
    U16(Vec<u16>),
    U32(Vec<u32>),
    F64(Vec<f64>),
    Items(Vec<Set>),
    /// UN of undefined length with implicit little-endian items (CP-246).
    Unknown(Vec<Set>),
    /// Encapsulated: the basic offset table, then the fragments.
    Fragments(Vec<u8>, Vec<Vec<u8>>),
}

/// A data set: elements by tag.
#[derive(Clone, Debug, Default)]
pub struct Set(pub BTreeMap<(u16, u16), ([u8; 2], Value)>);

impl Set {
    pub fn put(&mut self, tag: (u16, u16), vr: &str, value: Value) -> &mut Self {
        let vr = [vr.as_bytes()[0], vr.as_bytes()[1]];
        self.0.insert(tag, (vr, value));
        self
    }

    pub fn text(&mut self, tag: (u16, u16), vr: &str, text: &str) -> &mut Self {
        self.put(tag, vr, Value::Text(text.to_owned()))
    }

    pub fn us(&mut self, tag: (u16, u16), value: u16) -> &mut Self {
        self.put(tag, "US", Value::U16(vec![value]))
    }

    pub fn numbers(&mut self, tag: (u16, u16), values: &[f64]) -> &mut Self {
        let text: Vec<String> = values.iter().map(f64::to_string).collect();
        self.text(tag, "DS", &text.join("\\"))
    }

    pub fn remove(&mut self, tag: (u16, u16)) -> &mut Self {
        self.0.remove(&tag);
        self
    }
}

/// How a file is encoded.
#[derive(Clone, Debug)]
pub struct Form {
    pub explicit: bool,
    pub big: bool,
    /// Sequences and items of undefined length.
    pub undefined: bool,
    pub preamble: bool,
    /// Transfer syntax in the meta header; no meta header without.
    pub syntax: Option<&'static str>,
    pub trailing: Vec<u8>,
}

pub const IMPLICIT: &str = "1.2.840.10008.1.2";
pub const EXPLICIT: &str = "1.2.840.10008.1.2.1";
pub const DEFLATED: &str = "1.2.840.10008.1.2.1.99";
pub const BIG: &str = "1.2.840.10008.1.2.2";
pub const RLE: &str = "1.2.840.10008.1.2.5";
pub const ENCAPSULATED: &str = "1.2.840.10008.1.2.1.98";

impl Default for Form {
    fn default() -> Self {
        Self {
            explicit: true,
            big: false,
            undefined: false,
            preamble: true,
            syntax: Some(EXPLICIT),
            trailing: Vec::new(),
        }
    }
}

impl Form {
    pub fn implicit() -> Self {
        Self { explicit: false, syntax: Some(IMPLICIT), ..Self::default() }
    }

    pub fn big() -> Self {
        Self { big: true, syntax: Some(BIG), ..Self::default() }
    }

    /// The file's bytes.
    pub fn file(&self, set: &Set) -> Vec<u8> {
        let mut out = self.head();
        self.set(set, &mut out);
        out.extend(&self.trailing);
        out
    }

    /// Preamble, magic word and meta header.
    pub fn head(&self) -> Vec<u8> {
        let mut out = Vec::new();
        if self.preamble {
            out.resize(128, 0);
            out.extend(b"DICM");
        }
        if let Some(syntax) = self.syntax {
            let explicit = Self::default();
            let mut meta = Set::default();
            meta.put((2, 1), "OB", Value::Bytes(vec![0, 1]));
            meta.text((2, 0x10), "UI", syntax);
            let mut group = Vec::new();
            explicit.set(&meta, &mut group);
            let mut length = Set::default();
            length.put((2, 0), "UL", Value::U32(vec![group.len() as u32]));
            explicit.set(&length, &mut out);
            out.extend(group);
        }
        out
    }

    pub fn set(&self, set: &Set, out: &mut Vec<u8>) {
        for (tag, (vr, value)) in &set.0 {
            self.element(*tag, vr, value, out);
        }
    }

    fn u16(&self, v: u16, out: &mut Vec<u8>) {
        out.extend(if self.big { v.to_be_bytes() } else { v.to_le_bytes() });
    }

    fn u32(&self, v: u32, out: &mut Vec<u8>) {
        out.extend(if self.big { v.to_be_bytes() } else { v.to_le_bytes() });
    }

    /// An element's head, with any length.
    pub fn element_head(&self, tag: (u16, u16), vr: &[u8; 2], len: u32, out: &mut Vec<u8>) {
        self.u16(tag.0, out);
        self.u16(tag.1, out);
        if tag.0 == 0xFFFE || !self.explicit {
            return self.u32(len, out);
        }
        out.extend(vr);
        if matches!(
            vr,
            b"OB"
                | b"OW"
                | b"OF"
                | b"OD"
                | b"OL"
                | b"OV"
                | b"SQ"
                | b"UN"
                | b"UT"
                | b"UC"
                | b"UR"
                | b"SV"
                | b"UV"
        ) {
            out.extend([0, 0]);
            self.u32(len, out);
        } else {
            self.u16(len as u16, out);
        }
    }

    fn element(&self, tag: (u16, u16), vr: &[u8; 2], value: &Value, out: &mut Vec<u8>) {
        let mut bytes = Vec::new();
        match value {
            Value::Text(text) => {
                bytes.extend(text.as_bytes());
                if bytes.len() % 2 == 1 {
                    bytes.push(if vr == b"UI" { 0 } else { b' ' });
                }
            }
            Value::Bytes(raw) => bytes.extend(raw),
            Value::U16(v) => v.iter().for_each(|x| self.u16(*x, &mut bytes)),
            Value::U32(v) => v.iter().for_each(|x| self.u32(*x, &mut bytes)),
            Value::F64(v) => {
                v.iter().for_each(|x| bytes.extend(if self.big { x.to_be_bytes() } else { x.to_le_bytes() }))
            }
            Value::Items(items) => return self.items(tag, vr, items, self, self.undefined, out),
            Value::Unknown(items) => {
                let inner = Self { explicit: false, big: false, ..self.clone() };
                return self.items(tag, b"UN", items, &inner, true, out);
            }
            Value::Fragments(table, fragments) => {
                self.element_head(tag, vr, u32::MAX, out);
                for fragment in std::iter::once(table).chain(fragments) {
                    self.element_head((0xFFFE, 0xE000), vr, fragment.len() as u32, out);
                    out.extend(fragment);
                }
                return self.element_head((0xFFFE, 0xE0DD), vr, 0, out);
            }
        }
        self.element_head(tag, vr, bytes.len() as u32, out);
        out.extend(bytes);
    }

    fn items(
        &self,
        tag: (u16, u16),
        vr: &[u8; 2],
        items: &[Set],
        inner: &Self,
        undefined: bool,
        out: &mut Vec<u8>,
    ) {
        let mut body = Vec::new();
        for item in items {
            let mut content = Vec::new();
            inner.set(item, &mut content);
            inner.element_head(
                (0xFFFE, 0xE000),
                vr,
                if undefined { u32::MAX } else { content.len() as u32 },
                &mut body,
            );
            body.extend(content);
            if undefined {
                inner.element_head((0xFFFE, 0xE00D), vr, 0, &mut body);
            }
        }
        if undefined {
            inner.element_head((0xFFFE, 0xE0DD), vr, 0, &mut body);
        }
        self.element_head(tag, vr, if undefined { u32::MAX } else { body.len() as u32 }, out);
        out.extend(body);
    }
}

/// One slice of an axial MR series.
#[derive(Clone, Debug)]
pub struct Slice {
    pub patient: &'static str,
    pub series: u32,
    pub number: u32,
    pub rows: u16,
    pub columns: u16,
    pub position: [f64; 3],
    pub orientation: [f64; 6],
    pub spacing: [f64; 2],
    pub thickness: f64,
    pub pixels: Vec<u16>,
}

impl Default for Slice {
    fn default() -> Self {
        Self {
            patient: "Testpatientin^Quirla",
            series: 1,
            number: 1,
            rows: 4,
            columns: 3,
            position: [0.0, 0.0, 0.0],
            orientation: [1.0, 0.0, 0.0, 0.0, 1.0, 0.0],
            spacing: [2.0, 1.5],
            thickness: 3.0,
            pixels: Vec::new(),
        }
    }
}

impl Slice {
    /// The data set; pixels default to `number · 100 + place`.
    pub fn set(&self) -> Set {
        let mut set = Set::default();
        let Self { series, number, .. } = self;
        set.text((0x0008, 0x0008), "CS", "ORIGINAL\\PRIMARY\\M");
        set.text((0x0008, 0x0016), "UI", "1.2.840.10008.5.1.4.1.1.4");
        set.text((0x0008, 0x0018), "UI", &format!("1.2.826.0.1.3680043.10.777.{series}.{number}"));
        set.text((0x0008, 0x0020), "DA", "20240312");
        set.text((0x0008, 0x0030), "TM", "081522");
        set.text((0x0008, 0x0060), "CS", "MR");
        set.text((0x0008, 0x0070), "LO", "Vendor");
        set.text((0x0008, 0x103E), "LO", "t2_tse_tra");
        set.text((0x0010, 0x0010), "PN", self.patient);
        set.text((0x0010, 0x0020), "LO", &format!("ID{}", self.patient.len() * 7919 + 100_000));
        set.text((0x0018, 0x0050), "DS", &self.thickness.to_string());
        set.text((0x0020, 0x000D), "UI", "1.2.826.0.1.3680043.10.777");
        set.text((0x0020, 0x000E), "UI", &format!("1.2.826.0.1.3680043.10.777.{series}"));
        set.text((0x0020, 0x0011), "IS", &series.to_string());
        set.text((0x0020, 0x0013), "IS", &number.to_string());
        set.numbers((0x0020, 0x0032), &self.position);
        set.numbers((0x0020, 0x0037), &self.orientation);
        set.us((0x0028, 0x0002), 1);
        set.text((0x0028, 0x0004), "CS", "MONOCHROME2");
        set.us((0x0028, 0x0010), self.rows);
        set.us((0x0028, 0x0011), self.columns);
        set.numbers((0x0028, 0x0030), &self.spacing);
        set.us((0x0028, 0x0100), 16);
        set.us((0x0028, 0x0101), 16);
        set.us((0x0028, 0x0102), 15);
        set.us((0x0028, 0x0103), 0);
        set.put((0x7FE0, 0x0010), "OW", Value::U16(self.values()));
        set
    }

    pub fn values(&self) -> Vec<u16> {
        let count = u32::from(self.rows) * u32::from(self.columns);
        if self.pixels.is_empty() {
            (0..count).map(|i| (self.number * 100 + i) as u16).collect()
        } else {
            self.pixels.clone()
        }
    }

    pub fn file(&self) -> Vec<u8> {
        Form::default().file(&self.set())
    }
}
