//! Free text with the words of scanners left in it (PS3.15 §E.3.5). In: a text and what identifies the
//! patient. Out: those of its words that are in the vocabulary, with the numbers that belong to them.
//! Never: a word that isn't listed, a date, a telephone number, an address, a number that stands for itself,
//! or a word (listed or not) that an identifying attribute of any of the patient's files has.

use super::super::fold::Folded;
use super::super::secrets::Secrets;
use super::super::vocabulary;
use std::collections::HashSet;

/// Months would make a date of the numbers beside them.
const MONTHS: &str = "january february march april may june july august september october november december \
     jan feb mar apr jun jul aug sep sept oct nov dec januar februar maerz märz mai juni juli oktober dezember \
     janvier fevrier mars avril juin juillet aout septembre octobre novembre decembre";

/// Letters beside digits in sizes, b-values and times: `3mm`, `b800`, `te90`, `2x2`, `p2`, `90deg`.
const UNITS: &[&str] = &[
    "mm", "cm", "ms", "s", "sec", "b", "x", "t", "te", "tr", "ti", "fa", "p", "deg", "hz", "khz", "ml", "d",
    "k", "r", "l", "iso", "res", "ch",
];

/// Words that stay, and words that are the patient's own.
pub(super) struct Cleaner {
    personal: HashSet<Box<[u8]>>,
}

impl Cleaner {
    /// For a patient: what was given to identify the person goes, whatever it means.
    pub(super) fn new(secrets: &Secrets) -> Self {
        let personal = secrets.entries().filter(|(_, entry, _)| entry.direct).map(|(text, ..)| text.into());
        Self { personal: personal.collect() }
    }

    /// The words that may stay; empty if none.
    pub(super) fn words(&self, text: &str) -> String {
        let chunks: Vec<&str> = text.split(char::is_whitespace).filter(|chunk| !chunk.is_empty()).collect();
        let numeric = |at: usize| {
            chunks.get(at).is_some_and(|chunk| !chunk.contains(char::is_alphabetic) || is_month(chunk))
        };
        let mut out: Vec<String> = Vec::new();
        for (at, chunk) in chunks.iter().enumerate() {
            let beside = numeric(at + 1) || at.checked_sub(1).is_some_and(numeric);
            let kept = if numeric(at) { self.number(chunk, beside) } else { self.chunk(chunk) };
            out.extend(kept);
        }
        // Numbers alone say nothing that scanners' words do, and may say who.
        if out.iter().any(|chunk| chunk.contains(char::is_alphabetic)) {
            out.join(" ")
        } else {
            String::new()
        }
    }

    /// Whether a text is made of words that may stay, all of it.
    pub(super) fn is_phrase(&self, text: &str) -> bool {
        // A number of one or two digits counts something: stacks, coils, phases.
        let bare = text.trim();
        if matches!(bare.len(), 1 | 2) && bare.bytes().all(|b| b.is_ascii_digit()) {
            return !self.is_personal(bare);
        }
        let letters = |text: &str| Folded::of_text(text).bytes;
        let cleaned = self.words(text);
        !cleaned.is_empty() && letters(&cleaned) == letters(text)
    }

    /// A number that stands for itself: up to two digits, with no other beside it.
    fn number(&self, chunk: &str, beside: bool) -> Option<String> {
        let digits = chunk.bytes().all(|b| b.is_ascii_digit());
        (digits && chunk.len() <= 2 && !beside && !self.is_personal(chunk)).then(|| chunk.to_owned())
    }

    /// What stands between spaces, with at least one letter: its parts, with the separators between them.
    fn chunk(&self, chunk: &str) -> Option<String> {
        if chunk.contains('@') || chunk.contains("://") || self.is_personal(chunk) {
            return None;
        }
        let mut kept = String::new();
        let mut separator = None;
        for part in chunk.split_inclusive(|c: char| !c.is_alphanumeric() && c != '.') {
            let word = part.trim_end_matches(|c: char| !c.is_alphanumeric());
            let word = word.trim_start_matches('.');
            if self.part(word) {
                if let Some(separator) = separator.filter(|_| !kept.is_empty()) {
                    kept.push(separator);
                }
                kept.push_str(word);
            }
            separator = part.chars().last().filter(|c| !c.is_alphanumeric()).map(|c| match c {
                '_' | '-' | '+' | '/' | '*' => c,
                _ => '_',
            });
        }
        // Parts that are each harmless may spell something together.
        (kept.contains(char::is_alphabetic) && !self.is_personal(&kept)).then_some(kept)
    }

    fn part(&self, word: &str) -> bool {
        if word.is_empty() || self.is_personal(word) {
            return false;
        }
        if is_month(word) {
            return false;
        }
        let lower = word.to_lowercase();
        let digits = word.bytes().filter(u8::is_ascii_digit).count();
        let listed = |text: &str| vocabulary::is_of_scanners(&Folded::of_text(text).bytes);
        if digits == 0 {
            return word.chars().all(char::is_alphabetic) && listed(word);
        }
        if word.bytes().all(|b| b.is_ascii_digit()) {
            return digits <= 2;
        }
        if listed(word) {
            return true;
        }
        // `b800`, `tra5mm`, `2.5mm`, `p2`: letters from the lists, up to four digits in a row.
        let mut runs = lower.as_bytes().chunk_by(|a, b| is_numeric(*a) == is_numeric(*b));
        digits <= 6
            && runs.all(|run| match run.first() {
                Some(first) if is_numeric(*first) => {
                    run.iter().filter(|b| **b == b'.').count() <= 1 && run.len() <= 4
                }
                _ => std::str::from_utf8(run).is_ok_and(|text| UNITS.contains(&text) || listed(text)),
            })
            && !looks_like_year(&lower)
    }

    fn is_personal(&self, text: &str) -> bool {
        self.personal.contains(Folded::of_text(text).bytes.as_slice())
    }
}

fn is_month(word: &str) -> bool {
    let lower = word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    MONTHS.split_whitespace().any(|month| month == lower)
}

const fn is_numeric(byte: u8) -> bool {
    byte.is_ascii_digit() || byte == b'.'
}

fn looks_like_year(text: &str) -> bool {
    text.split(|c: char| !c.is_ascii_digit())
        .any(|run| run.len() == 4 && (run.starts_with("19") || run.starts_with("20")))
}

#[cfg(test)]
mod tests {
    use super::super::super::synthetic::{file, texts};
    use super::*;

    fn cleaner() -> Cleaner {
        let mut secrets = Secrets::new();
        secrets.collect(&file(&texts(&[
            (0x10, 0x10, "PN", "LONG^MARIA LIVIA"),
            (0x10, 0x20, "LO", "AB-12345"),
        ])));
        Cleaner::new(&secrets)
    }

    #[test]
    fn scanner_words_stay_and_what_identifies_goes() {
        let cleaner = cleaner();
        for (text, left) in [
            ("t1_vibe_fs_tra_mueller", "t1_vibe_fs_tra"),
            ("LIVER for Dr. Brown on 12.03.2018", "LIVER"),
            ("t2 tse tra 5mm, call 0176 123 45 67", "t2 tse tra 5mm"),
            ("dwi b800 maria@clinic.example", "dwi b800"),
            ("long axis Maria", ""),
            ("MRN AB-12345 abdomen", "abdomen"),
            ("abdomen 12 Mar 2018", "abdomen"),
            ("12345", ""),
            ("abdomen 3 phase", "abdomen 3 phase"),
            ("Liver_20180312_art", "Liver_art"),
            ("", ""),
        ] {
            let cleaned = cleaner.words(text);
            assert!(!cleaned.to_lowercase().contains("long"), "{cleaned}");
            if left.is_empty() {
                assert!(!cleaned.to_lowercase().contains("maria") && !cleaned.contains("12345"), "{cleaned}");
            } else {
                assert_eq!(cleaned, left, "{text}");
            }
        }
    }

    #[test]
    fn a_phrase_is_all_or_nothing() {
        let cleaner = cleaner();
        assert!(cleaner.is_phrase("t1_vibe_fs_tra"));
        assert!(cleaner.is_phrase("Head"));
        assert!(!cleaner.is_phrase("t1_vibe_mueller"));
        assert!(!cleaner.is_phrase("LONG"));
        assert!(!cleaner.is_phrase("1234"));
        assert!(cleaner.is_phrase("1"));
    }
}
