//! Data sets to DICOM Part 10 bytes, odd ones included.
//!
//! In: elements by tag. Out: one file's bytes in implicit little, explicit little or explicit big endian
//! (PS3.5 §7 and Annex A), optionally with what archives contain and strict writers cannot make: text
//! in the preamble, sequences of VR UN and undefined length (CP-246), bytes after the last element. It
//! never compresses and never checks a data set against its IOD.

use std::collections::BTreeMap;

/// `(group, element)`.
pub(super) type Tag = (u16, u16);

/// The three uncompressed transfer syntaxes (PS3.5 Annex A.1, A.2, A.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Syntax {
    ImplicitLittle,
    ExplicitLittle,
    ExplicitBig,
}

impl Syntax {
    pub(super) const fn uid(self) -> &'static str {
        match self {
            Self::ImplicitLittle => "1.2.840.10008.1.2",
            Self::ExplicitLittle => "1.2.840.10008.1.2.1",
            Self::ExplicitBig => "1.2.840.10008.1.2.2",
        }
    }

    const fn explicit(self) -> bool {
        !matches!(self, Self::ImplicitLittle)
    }

    const fn big(self) -> bool {
        matches!(self, Self::ExplicitBig)
    }
}

/// How text becomes bytes (0008,0005).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Charset {
    /// `ISO_IR 100`.
    Latin1,
    /// `ISO_IR 192`.
    Utf8,
}

impl Charset {
    pub(super) const fn term(self) -> &'static str {
        match self {
            Self::Latin1 => "ISO_IR 100",
            Self::Utf8 => "ISO_IR 192",
        }
    }

    /// The bytes of `text`; what Latin-1 lacks becomes `?`.
    pub(super) fn encode(self, text: &str) -> Vec<u8> {
        match self {
            Self::Utf8 => text.as_bytes().to_vec(),
            Self::Latin1 => text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect(),
        }
    }
}

/// An element's value.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Text(String),
    Bytes(Vec<u8>),
    U16(Vec<u16>),
    I16(Vec<i16>),
    U32(Vec<u32>),
    I32(Vec<i32>),
    F32(Vec<f32>),
    F64(Vec<f64>),
    Tags(Vec<Tag>),
    Items(Vec<Dataset>),
    /// Items written as VR UN of undefined length, their content implicit little endian
    /// (PS3.5 §6.2.2 note 4, CP-246): what a gateway makes of a private sequence it does not know.
    UnknownItems(Vec<Dataset>),
}

/// Elements in order of tag.
#[derive(Clone, Debug, Default)]
pub(super) struct Dataset {
    elements: BTreeMap<Tag, ([u8; 2], Value)>,
}

macro_rules! numeric {
    ($($name:ident $vr:literal $ty:ty => $variant:ident;)*) => {$(
        pub(super) fn $name(&mut self, tag: Tag, values: &[$ty]) {
            self.put(tag, $vr, Value::$variant(values.to_vec()));
        }
    )*};
}

impl Dataset {
    pub(super) fn put(&mut self, tag: Tag, vr: &[u8; 2], value: Value) {
        self.elements.insert(tag, (*vr, value));
    }

    /// Text of any string VR; several values are joined by the caller with `\`.
    pub(super) fn text(&mut self, tag: Tag, vr: &[u8; 2], text: impl Into<String>) {
        self.put(tag, vr, Value::Text(text.into()));
    }

    /// Decimal strings (VR DS), each at most 16 characters.
    pub(super) fn decimal(&mut self, tag: Tag, values: &[f64]) {
        let text: Vec<String> = values.iter().map(|&v| decimal(v)).collect();
        self.text(tag, b"DS", text.join("\\"));
    }

    pub(super) fn integer(&mut self, tag: Tag, value: i64) {
        self.text(tag, b"IS", value.to_string());
    }

    pub(super) fn items(&mut self, tag: Tag, items: Vec<Self>) {
        self.put(tag, b"SQ", Value::Items(items));
    }

    numeric! {
        us b"US" u16 => U16;
        ss b"SS" i16 => I16;
        ul b"UL" u32 => U32;
        sl b"SL" i32 => I32;
        fl b"FL" f32 => F32;
        fd b"FD" f64 => F64;
        at b"AT" Tag => Tags;
    }
}

/// A decimal string of at most 16 characters (PS3.5 §6.2, DS), as exact as that allows.
pub(super) fn decimal(value: f64) -> String {
    let value = if value == 0.0 { 0.0 } else { value };
    let plain = format!("{value}");
    if plain.len() <= 16 {
        return plain;
    }
    let whole = format!("{value:.0}").len();
    let text = format!("{value:.*}", 15usize.saturating_sub(whole));
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// What a reader gets back from [`decimal`]: truths are computed from this, not from what was meant.
pub(super) fn as_written(value: f64) -> f64 {
    decimal(value).parse().unwrap_or(value)
}

/// Everything around the data set.
pub(super) struct FileForm<'a> {
    pub(super) syntax: Syntax,
    pub(super) charset: Charset,
    /// Sequences and items of undefined length with delimiters, else of defined length.
    pub(super) undefined_lengths: bool,
    /// At most 128 bytes; the rest of the preamble is zero.
    pub(super) preamble: &'a [u8],
    pub(super) class_uid: &'a str,
    pub(super) instance_uid: &'a str,
    pub(super) implementation_uid: &'a str,
    pub(super) implementation_name: &'a str,
    pub(super) source_ae: &'a str,
    /// Bytes after the last element.
    pub(super) trailing: &'a [u8],
}

/// One file: preamble, `DICM`, group 2, data set, trailing bytes.
pub(super) fn file(form: &FileForm<'_>, data: &Dataset) -> Vec<u8> {
    let mut meta = Dataset::default();
    meta.put((0x0002, 0x0001), b"OB", Value::Bytes(vec![0, 1]));
    meta.text((0x0002, 0x0002), b"UI", form.class_uid);
    meta.text((0x0002, 0x0003), b"UI", form.instance_uid);
    meta.text((0x0002, 0x0010), b"UI", form.syntax.uid());
    meta.text((0x0002, 0x0012), b"UI", form.implementation_uid);
    meta.text((0x0002, 0x0013), b"SH", form.implementation_name);
    meta.text((0x0002, 0x0016), b"AE", form.source_ae);
    let explicit = Encoder { syntax: Syntax::ExplicitLittle, charset: Charset::Latin1, undefined: false };
    let mut group = Vec::new();
    explicit.dataset(&meta, &mut group);

    let mut out = Vec::with_capacity(data.hint() + 4096);
    out.extend(form.preamble.iter().take(128));
    out.resize(128, 0);
    out.extend(b"DICM");
    let mut length = Dataset::default();
    length.ul((0x0002, 0x0000), &[group.len() as u32]);
    explicit.dataset(&length, &mut out);
    out.extend(group);
    Encoder { syntax: form.syntax, charset: form.charset, undefined: form.undefined_lengths }
        .dataset(data, &mut out);
    out.extend(form.trailing);
    out
}

impl Dataset {
    /// Roughly how many bytes the big elements take, to reserve once.
    fn hint(&self) -> usize {
        self.elements
            .values()
            .map(|(_, v)| match v {
                Value::Bytes(b) => b.len(),
                Value::U16(b) => 2 * b.len(),
                Value::I16(b) => 2 * b.len(),
                _ => 24,
            })
            .sum()
    }
}

struct Encoder {
    syntax: Syntax,
    charset: Charset,
    undefined: bool,
}

const UNDEFINED: u32 = 0xFFFF_FFFF;

impl Encoder {
    fn u16(&self, v: u16, out: &mut Vec<u8>) {
        out.extend(if self.syntax.big() { v.to_be_bytes() } else { v.to_le_bytes() });
    }

    fn u32(&self, v: u32, out: &mut Vec<u8>) {
        out.extend(if self.syntax.big() { v.to_be_bytes() } else { v.to_le_bytes() });
    }

    fn u64(&self, v: u64, out: &mut Vec<u8>) {
        out.extend(if self.syntax.big() { v.to_be_bytes() } else { v.to_le_bytes() });
    }

    fn tag(&self, tag: Tag, out: &mut Vec<u8>) {
        self.u16(tag.0, out);
        self.u16(tag.1, out);
    }

    fn dataset(&self, data: &Dataset, out: &mut Vec<u8>) {
        for (&tag, (vr, value)) in &data.elements {
            self.element(tag, vr, value, out);
        }
    }

    fn head(&self, tag: Tag, vr: &[u8; 2], length: u32, out: &mut Vec<u8>) {
        self.tag(tag, out);
        if !self.syntax.explicit() {
            self.u32(length, out);
            return;
        }
        out.extend(vr);
        // PS3.5 §7.1.2: these have two reserved bytes and a 32-bit length.
        if matches!(vr, b"OB" | b"OD" | b"OF" | b"OL" | b"OW" | b"SQ" | b"UC" | b"UN" | b"UR" | b"UT") {
            out.extend([0, 0]);
            self.u32(length, out);
        } else {
            self.u16(u16::try_from(length).unwrap_or(u16::MAX - 1), out);
        }
    }

    fn element(&self, tag: Tag, vr: &[u8; 2], value: &Value, out: &mut Vec<u8>) {
        match value {
            Value::Items(items) => self.sequence(tag, b"SQ", items, self.undefined, self, out),
            Value::UnknownItems(items) => {
                let inner = Self {
                    syntax: if self.syntax.big() { self.syntax } else { Syntax::ImplicitLittle },
                    charset: self.charset,
                    // dcm2niix loses its way in a second level of undefined length here.
                    undefined: false,
                };
                self.sequence(tag, b"UN", items, true, &inner, out);
            }
            Value::U16(v) => {
                self.head(tag, vr, 2 * v.len() as u32, out);
                v.iter().for_each(|&x| self.u16(x, out));
            }
            Value::I16(v) => {
                self.head(tag, vr, 2 * v.len() as u32, out);
                v.iter().for_each(|&x| self.u16(x as u16, out));
            }
            Value::U32(v) => {
                self.head(tag, vr, 4 * v.len() as u32, out);
                v.iter().for_each(|&x| self.u32(x, out));
            }
            Value::I32(v) => {
                self.head(tag, vr, 4 * v.len() as u32, out);
                v.iter().for_each(|&x| self.u32(x as u32, out));
            }
            Value::F32(v) => {
                self.head(tag, vr, 4 * v.len() as u32, out);
                v.iter().for_each(|&x| self.u32(x.to_bits(), out));
            }
            Value::F64(v) => {
                self.head(tag, vr, 8 * v.len() as u32, out);
                v.iter().for_each(|&x| self.u64(x.to_bits(), out));
            }
            Value::Tags(v) => {
                self.head(tag, vr, 4 * v.len() as u32, out);
                v.iter().for_each(|&x| self.tag(x, out));
            }
            Value::Text(text) => self.padded(tag, vr, self.charset.encode(text), out),
            Value::Bytes(bytes) => self.padded(tag, vr, bytes.clone(), out),
        }
    }

    fn padded(&self, tag: Tag, vr: &[u8; 2], mut bytes: Vec<u8>, out: &mut Vec<u8>) {
        if bytes.len() % 2 == 1 {
            bytes.push(if matches!(vr, b"UI" | b"OB" | b"UN" | b"OW") { 0 } else { b' ' });
        }
        self.head(tag, vr, bytes.len() as u32, out);
        out.extend(bytes);
    }

    fn sequence(
        &self,
        tag: Tag,
        vr: &[u8; 2],
        items: &[Dataset],
        undefined: bool,
        inner: &Self,
        out: &mut Vec<u8>,
    ) {
        let mut body = Vec::new();
        for item in items {
            let mut content = Vec::new();
            inner.dataset(item, &mut content);
            inner.tag((0xFFFE, 0xE000), &mut body);
            inner.u32(if undefined { UNDEFINED } else { content.len() as u32 }, &mut body);
            body.extend(content);
            if undefined {
                inner.tag((0xFFFE, 0xE00D), &mut body);
                inner.u32(0, &mut body);
            }
        }
        self.head(tag, vr, if undefined { UNDEFINED } else { body.len() as u32 }, out);
        out.extend(body);
        if undefined {
            inner.tag((0xFFFE, 0xE0DD), out);
            inner.u32(0, out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimal_strings_fit_sixteen_characters_and_keep_what_they_can() {
        for v in [0.0, -0.0, 1.0, -0.123456789012345, 0.998254477977751, -129.074331033971, 1.0 / 3e7] {
            let s = decimal(v);
            assert!(s.len() <= 16, "{s}");
            assert!((s.parse::<f64>().unwrap_or(9e9) - v).abs() < 1e-11, "{s}");
        }
    }
}
