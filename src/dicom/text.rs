//! Text of a data set in its character sets (PS3.3 C.12.1.1.2, PS3.5 §6.1.2).
//!
//! In: the values of SpecificCharacterSet and the bytes of an element. Out: Unicode. Code extensions
//! (ISO 2022 escapes) are followed; what a set can't say is read as UTF-8, else as Latin-1, so that
//! nothing is lost. Never fails.

use dicom_encoding::text::{SpecificCharacterSet, TextCodec};

const ESC: u8 = 0x1B;

/// The character sets of a data set.
#[derive(Clone, Default)]
pub(super) struct Charset {
    /// Of text before any escape; `None` where none is declared.
    first: Option<SpecificCharacterSet>,
    /// The last one that is known: some writers use it without ever escaping to it.
    last: Option<SpecificCharacterSet>,
}

impl Charset {
    /// From the values of (0008,0005), empty ones included.
    pub(super) fn of(codes: &[String]) -> Self {
        let known = |code: &String| SpecificCharacterSet::from_code(code);
        let first = codes.first().filter(|c| !c.is_empty()).and_then(known);
        let last = codes.iter().rev().filter(|c| !c.is_empty()).find_map(known);
        let alone = first.is_none();
        Self { first: first.or_else(|| last.clone()), last: last.filter(|_| alone || codes.len() > 1) }
    }

    /// The text of `bytes`.
    pub(super) fn decode(&self, bytes: &[u8]) -> String {
        if bytes.is_ascii() && !bytes.contains(&ESC) {
            return bytes.iter().map(|b| char::from(*b)).collect();
        }
        if bytes.contains(&ESC) {
            return self.decode_extended(bytes);
        }
        // What it can't decode the codec writes as `\374`: a backslash more than there was.
        let backslashes = bytes.iter().filter(|b| **b == b'\\').count();
        let with = |set: &SpecificCharacterSet| {
            set.decode(bytes).ok().filter(|text| text.matches('\\').count() <= backslashes)
        };
        self.first
            .as_ref()
            .and_then(with)
            .or_else(|| self.last.as_ref().and_then(with))
            .or_else(|| std::str::from_utf8(bytes).ok().map(str::to_owned))
            .unwrap_or_else(|| latin(bytes))
    }

    /// Parts the text at its escapes; what each designates holds to the next one.
    fn decode_extended(&self, bytes: &[u8]) -> String {
        let mut out = String::new();
        let initial = || self.first.clone().unwrap_or_default();
        let mut set = initial();
        let mut rest = bytes;
        // JIS X 0208 and 0212 put two bytes of G0 for a character: their escape is the decoder's own.
        let mut prefix: &[u8] = &[];
        loop {
            let until = rest.iter().position(|b| *b == ESC).unwrap_or(rest.len());
            let (part, after) = rest.split_at(until);
            if !part.is_empty() {
                let whole = [prefix, part].concat();
                out.push_str(&set.decode(&whole).unwrap_or_else(|_| latin(part)));
            }
            if after.is_empty() {
                return out;
            }
            let (len, code) = designation(after);
            let (escape, next) = after.split_at(len.min(after.len()));
            prefix = if matches!(code, Some("ISO 2022 IR 87" | "ISO 2022 IR 159")) { escape } else { &[] };
            let code = code.map(|code| if code == "ISO 2022 IR 159" { "ISO 2022 IR 87" } else { code });
            set = code.and_then(SpecificCharacterSet::from_code).unwrap_or_else(initial);
            rest = next;
        }
    }
}

fn latin(bytes: &[u8]) -> String {
    bytes.iter().map(|b| char::from(*b)).collect()
}

/// Length of the escape sequence that `bytes` begin with, and the set it designates (PS3.3 tables
/// C.12-3 and C.12-4); `None` for ASCII, which is part of every set.
fn designation(bytes: &[u8]) -> (usize, Option<&'static str>) {
    match bytes.get(1..).unwrap_or_default() {
        [b'$', b')', b'C', ..] => (4, Some("ISO 2022 IR 149")),
        [b'$', b')', b'A', ..] => (4, Some("ISO 2022 IR 58")),
        [b'$', b'(', b'D', ..] => (4, Some("ISO 2022 IR 159")),
        [b'$', b'B' | b'@', ..] => (3, Some("ISO 2022 IR 87")),
        [b'(', b'J', ..] | [b')', b'I', ..] => (3, Some("ISO 2022 IR 13")),
        [b'-', set, ..] => (
            3,
            match set {
                b'A' => Some("ISO 2022 IR 100"),
                b'B' => Some("ISO 2022 IR 101"),
                b'C' => Some("ISO 2022 IR 109"),
                b'D' => Some("ISO 2022 IR 110"),
                b'F' => Some("ISO 2022 IR 126"),
                b'G' => Some("ISO 2022 IR 127"),
                b'H' => Some("ISO 2022 IR 138"),
                b'L' => Some("ISO 2022 IR 144"),
                b'T' => Some("ISO 2022 IR 166"),
                _ => None,
            },
        ),
        [b'(' | b')', _, ..] => (3, None),
        _ => (1, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(codes: &[&str], bytes: &[u8]) -> String {
        Charset::of(&codes.iter().map(|c| (*c).to_owned()).collect::<Vec<_>>()).decode(bytes)
    }

    // The standard's own examples, PS3.5 annexes H, I and K.

    #[test]
    fn japanese_with_escapes_is_the_standards_example() {
        let bytes = b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B";
        assert_eq!(with(&["", "ISO 2022 IR 87"], bytes), "Yamada^Tarou=山田^太郎=やまだ^たろう");
    }

    #[test]
    fn half_width_katakana_beside_kanji_is_the_standards_example() {
        let bytes = b"\xd4\xcf\xc0\xde^\xc0\xdb\xb3=\x1b$B;3ED\x1b(J^\x1b$BB@O:\x1b(J";
        assert_eq!(with(&["ISO 2022 IR 13", "ISO 2022 IR 87"], bytes), "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎");
    }

    #[test]
    fn korean_with_escapes_is_the_standards_example() {
        let bytes =
            b"Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7=\x1b$)C\xc8\xab^\x1b$)C\xb1\xe6\xb5\xbf";
        assert_eq!(with(&["", "ISO 2022 IR 149"], bytes), "Hong^Gildong=洪^吉洞=홍^길동");
    }

    #[test]
    fn chinese_with_escapes_and_without() {
        assert_eq!(
            with(&["", "ISO 2022 IR 58"], b"Zhang^XiaoDong=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab="),
            "Zhang^XiaoDong=张^小东="
        );
        assert_eq!(with(&["GB18030"], b"Wang^XiaoDong=\xcd\xf5^\xd0\xa1\xb6\xab="), "Wang^XiaoDong=王^小东=");
    }

    #[test]
    fn cyrillic_after_latin_and_sets_that_are_not_escaped_to() {
        let bytes = b"Buc^J\xe9r\xf4me=\x1b-L\xbb\xee\xda^\x1b-F\xc4\xe9";
        assert_eq!(
            with(&["ISO 2022 IR 100", "ISO 2022 IR 144", "ISO 2022 IR 126"], bytes),
            "Buc^Jérôme=Люк^Δι"
        );
        assert_eq!(with(&["", "ISO 2022 IR 149"], b"\xc8\xab"), "홍");
    }

    #[test]
    fn what_no_set_can_say_is_kept_somehow() {
        assert_eq!(with(&[], "Müller".as_bytes()), "Müller");
        assert_eq!(with(&["ISO_IR 192"], b"M\xfcller"), "Müller");
        assert_eq!(with(&["no such set"], b"M\xfcller"), "Müller");
        for escape in [&b"a\x1b"[..], b"\x1b", b"\x1b$", b"\x1b$)", b"\x1b-", b"x\x1b(Qy"] {
            let _ = with(&["", "ISO 2022 IR 87"], escape);
        }
    }
}
