//! One form for all spellings. In: bytes of an output, or a value of a header. Out: its letters and
//! digits only, lower case, accents dropped, with the position and the gap before each, so that
//! `DOE^JANE`, `Doe, Jane` and `jane_doe` become comparable while `1.5, 20` and `1520` do not
//! become equal. Never: decides what is a hit; that is the check's.

/// What stands between two letters or digits that are neighbours in the folded text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Gap {
    /// How many characters, at most 255.
    pub(super) count: u8,
    /// The first of them (its low byte); a line feed at the end of the text.
    pub(super) first: u8,
    /// The last of them; a line feed at the beginning of the text.
    pub(super) last: u8,
}

impl Gap {
    const NONE: Self = Self { count: 0, first: 0, last: 0 };
    const EDGE: Self = Self { count: 255, first: b'\n', last: b'\n' };

    fn widen(&mut self, c: char) {
        let byte = if c.is_ascii() { c as u8 } else { b'?' };
        if self.count == 0 {
            self.first = byte;
        }
        // At the beginning of the text the gap is wide already: only its last character matters.
        self.last = byte;
        self.count = self.count.saturating_add(1);
    }
}

/// Folded text with positions.
#[derive(Default)]
pub(super) struct Folded {
    /// Letters and digits: ASCII lower case; letters of other scripts in UTF-8, lower case.
    pub(super) bytes: Vec<u8>,
    /// Offset in the source of each byte.
    pub(super) origin: Vec<u32>,
    /// The gap before each byte, and one after the last.
    pub(super) gaps: Vec<Gap>,
}

impl Folded {
    /// Folds text that is UTF-8, or Latin-1 where it is not. `json` reads `\u00e9` and `\n`.
    pub(super) fn of_bytes(bytes: &[u8], json: bool) -> Self {
        let mut folder = Folder::new(bytes.len());
        let mut at = 0u32;
        let mut skip_until = 0u32;
        for chunk in bytes.utf8_chunks() {
            for c in chunk.valid().chars() {
                let here = at;
                at = at.saturating_add(c.len_utf8() as u32);
                if here < skip_until {
                    continue;
                }
                if json && c == '\\' {
                    let rest = bytes.get(at as usize..).unwrap_or_default();
                    let (escaped, length) = json_escape(rest);
                    skip_until = at.saturating_add(length);
                    folder.push(escaped, here);
                } else {
                    folder.push(c, here);
                }
            }
            for &byte in chunk.invalid() {
                folder.push(byte as char, at);
                at = at.saturating_add(1);
            }
        }
        folder.finish()
    }

    /// Folds UTF-16 in little endian from byte `parity` on (which covers big endian as well, one
    /// byte later).
    pub(super) fn of_utf16(bytes: &[u8], parity: usize) -> Self {
        let units = bytes.get(parity..).unwrap_or_default().as_chunks::<2>().0;
        let mut folder = Folder::new(units.len());
        let mut at = parity as u32;
        for c in char::decode_utf16(units.iter().map(|&unit| u16::from_le_bytes(unit))) {
            let c = c.unwrap_or('\u{fffd}');
            folder.push(c, at);
            at = at.saturating_add(c.len_utf16() as u32 * 2);
        }
        folder.finish()
    }

    /// Folds a value.
    pub(super) fn of_text(text: &str) -> Self {
        Self::of_bytes(text.as_bytes(), false)
    }

    /// Bit `i` set: the source has a gap before byte `i` (for the first 64 bytes).
    pub(super) fn gap_mask(&self) -> u64 {
        let inner = self.gaps.iter().enumerate().take(self.bytes.len().min(64)).skip(1);
        inner.filter(|(_, gap)| gap.count > 0).fold(0, |mask, (i, _)| mask | 1 << i)
    }
}

/// The character that a JSON escape after `\` stands for, and the bytes that it takes.
fn json_escape(rest: &[u8]) -> (char, u32) {
    match rest.first() {
        Some(b'u') => {
            let digits = rest.get(1..5).and_then(|d| std::str::from_utf8(d).ok());
            let code = digits.and_then(|d| u32::from_str_radix(d, 16).ok());
            (code.and_then(char::from_u32).unwrap_or('\u{fffd}'), 5)
        }
        Some(b'"') => ('\'', 1),
        Some(_) => (' ', 1),
        None => (' ', 0),
    }
}

struct Folder {
    folded: Folded,
    gap: Gap,
}

impl Folder {
    fn new(capacity: usize) -> Self {
        let folded = Folded {
            bytes: Vec::with_capacity(capacity),
            origin: Vec::with_capacity(capacity),
            gaps: Vec::with_capacity(capacity + 1),
        };
        Self { folded, gap: Gap::EDGE }
    }

    fn push(&mut self, c: char, at: u32) {
        if matches!(c, '\u{300}'..='\u{36f}') {
            return;
        }
        let mut letters = [0; 8];
        let count = fold(c, &mut letters);
        if count == 0 {
            self.gap.widen(c);
            return;
        }
        for &byte in letters.iter().take(count) {
            self.folded.bytes.push(byte);
            self.folded.origin.push(at);
            self.folded.gaps.push(std::mem::replace(&mut self.gap, Gap::NONE));
        }
    }

    fn finish(mut self) -> Folded {
        if self.gap.count == 0 {
            self.gap.first = b'\n';
        }
        self.gap.count = 255;
        self.folded.gaps.push(self.gap);
        self.folded
    }
}

/// Folds one character into `out`; the number of bytes, 0 for what is neither letter nor digit.
fn fold(c: char, out: &mut [u8; 8]) -> usize {
    if c.is_ascii() {
        out[0] = c.to_ascii_lowercase() as u8;
        return usize::from(c.is_ascii_alphanumeric());
    }
    let latin = match c {
        'À'..='Å' | 'à'..='å' | 'Ā'..='ą' => "a",
        'Æ' | 'æ' => "ae",
        'Ç' | 'ç' | 'Ć'..='č' => "c",
        'Ð' | 'ð' | 'Ď'..='đ' => "d",
        'È'..='Ë' | 'è'..='ë' | 'Ē'..='ě' => "e",
        'Ĝ'..='ģ' => "g",
        'Ĥ'..='ħ' => "h",
        'Ì'..='Ï' | 'ì'..='ï' | 'Ĩ'..='ı' => "i",
        'Ĳ' | 'ĳ' => "ij",
        'Ĵ' | 'ĵ' => "j",
        'Ķ'..='ĸ' => "k",
        'Ĺ'..='ł' => "l",
        'Ñ' | 'ñ' | 'Ń'..='ŋ' => "n",
        'Ò'..='Ö' | 'Ø' | 'ò'..='ö' | 'ø' | 'Ō'..='ő' => "o",
        'Œ' | 'œ' => "oe",
        'Ŕ'..='ř' => "r",
        'Ś'..='š' | 'ſ' | 'Ș' | 'ș' => "s",
        'ß' | 'ẞ' => "ss",
        'Ţ'..='ŧ' | 'Ț' | 'ț' => "t",
        'Þ' | 'þ' => "th",
        'Ù'..='Ü' | 'ù'..='ü' | 'Ũ'..='ų' => "u",
        'Ŵ' | 'ŵ' => "w",
        'Ý' | 'ý' | 'ÿ' | 'Ŷ'..='Ÿ' => "y",
        'Ź'..='ž' => "z",
        // Full-width forms of ASCII, as Japanese keyboards give them.
        '\u{ff01}'..='\u{ff5e}' => {
            return char::from_u32(c as u32 - 0xfee0).map_or(0, |ascii| fold(ascii, out));
        }
        _ if c.is_alphanumeric() => {
            let lower = c.to_lowercase().next().unwrap_or(c);
            return lower.encode_utf8(out).len();
        }
        _ => return 0,
    };
    for (place, byte) in out.iter_mut().zip(latin.bytes()) {
        *place = byte;
    }
    latin.len()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests stop at the first surprise")]
    use super::*;
    use proptest::prelude::*;

    fn folded(bytes: &[u8], json: bool) -> String {
        String::from_utf8(Folded::of_bytes(bytes, json).bytes).unwrap()
    }

    #[test]
    fn spellings_of_a_name_become_one() {
        for text in ["MÜLLER^Jörg", "müller, jörg", "Mu\u{308}ller_Jo\u{308}rg", "ＭＵＬＬＥＲ　ＪＯＲＧ"]
        {
            assert_eq!(folded(text.as_bytes(), false), "mullerjorg", "{text}");
        }
        assert_eq!(folded(b"M\xfcller", false), "muller", "Latin-1");
        assert_eq!(folded(br"M\u00fcller\nJ\u00D6RG", true), "mullerjorg", "JSON escapes");
        assert_eq!(folded("Łukasz Ørsted ẞ Þór".as_bytes(), false), "lukaszorstedssthor");
        assert_eq!(folded("ИВАНОВ 山田".as_bytes(), false), "иванов山田");
    }

    #[test]
    fn utf_16_is_read_at_either_parity() {
        let mut bytes: Vec<u8> = "Doe".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(Folded::of_utf16(&bytes, 0).bytes, b"doe");
        bytes.insert(0, 1);
        assert_eq!(Folded::of_utf16(&bytes, 1).bytes, b"doe");
        let big: Vec<u8> = "Doe".encode_utf16().flat_map(u16::to_be_bytes).chain([0]).collect();
        assert_eq!(Folded::of_utf16(&big, 1).bytes, b"doe");
    }

    proptest! {
        #[test]
        fn positions_and_gaps_fit_any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200), json: bool) {
            let folded = Folded::of_bytes(&bytes, json);
            prop_assert_eq!(folded.bytes.len(), folded.origin.len());
            prop_assert_eq!(folded.bytes.len() + 1, folded.gaps.len());
            prop_assert!(folded.origin.is_sorted());
            prop_assert!(folded.origin.iter().all(|&o| (o as usize) < bytes.len()));
            let _ = Folded::of_utf16(&bytes, 1);
        }
    }
}
