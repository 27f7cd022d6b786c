//! Words of a scanner's description.
//!
//! In comes a text as a technologist or vendor typed it; out come lower-case words in order. Words
//! part at punctuation, digits and case changes (`t1_vibe_artW` → `t 1 vibe art w`), digit runs are
//! words of their own, and accents are dropped, so that `venös` and `venos` are one word. Nothing
//! here decides what a word means.

/// Upper-case abbreviations that stand before lower-case letters without a separator (`ADCmap`,
/// `PVphase`), where the camel-case rule alone would take their last letter for the next word's.
const ABBREVIATIONS: &[&str] = &[
    "adc", "art", "cor", "dwi", "dyn", "fat", "fs", "gd", "hbp", "mip", "mpr", "mra", "pd", "pv", "sag",
    "sub", "swi", "tra", "tse", "vibe", "lava", "haste", "trace", "ax", "mrcp", "flair", "in", "opp", "pre",
    "post", "km",
];

/// Names that are one word however they are capitalised.
const WHOLE: &[&str] = &[
    "mprage",
    "trufi",
    "truefisp",
    "ssfse",
    "mrcp",
    "tracew",
    "mip",
    "minip",
    "adc",
    "flair",
    "starvibe",
    "fatsat",
    "multihance",
    "prohance",
    "gadovist",
    "gadavist",
    "primovist",
    "eovist",
    "dotarem",
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Lower,
    Upper,
    Digit,
    Other,
}

fn class(c: char) -> Class {
    if c.is_ascii_digit() {
        Class::Digit
    } else if c.is_uppercase() {
        Class::Upper
    } else if c.is_alphabetic() {
        Class::Lower
    } else {
        Class::Other
    }
}

/// Lower case without accents; `ß` is `ss`.
fn fold(c: char, out: &mut String) {
    for l in c.to_lowercase() {
        match l {
            'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' => out.push('a'),
            'è' | 'é' | 'ê' | 'ë' => out.push('e'),
            'ì' | 'í' | 'î' | 'ï' => out.push('i'),
            'ò' | 'ó' | 'ô' | 'õ' | 'ö' => out.push('o'),
            'ù' | 'ú' | 'û' | 'ü' => out.push('u'),
            'ç' => out.push('c'),
            'ñ' => out.push('n'),
            'ß' => out.push_str("ss"),
            '\u{300}'..='\u{36f}' => {}
            other => out.push(other),
        }
    }
}

/// The words of `text`, lower case, in order.
///
/// Signs that change a meaning become words: `w/o` → `without`, `w/` → `with`, `+C` → `plus c`,
/// `C-` → `c minus`, `2.5` → `2 point 5`, `T2*` → `t 2 star`, and the `W` of `T1W` → `weighted`, lest it read as water.
#[must_use]
pub fn words_of(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().filter(|c| !('\u{300}'..='\u{36f}').contains(c)).collect();
    let mut words: Vec<String> = Vec::new();
    let mut i = 0;
    while let Some(&c) = chars.get(i) {
        match class(c) {
            Class::Other => {
                sign(&chars, i, &mut words);
                i += 1;
            }
            Class::Digit => {
                let end = run(&chars, i, |c| class(c) == Class::Digit);
                words.push(chars.get(i..end).unwrap_or_default().iter().collect());
                i = end;
            }
            Class::Lower | Class::Upper => {
                let end = run(&chars, i, |c| matches!(class(c), Class::Lower | Class::Upper));
                let letters = chars.get(i..end).unwrap_or_default();
                let next = chars.get(end).copied();
                let glued = i.checked_sub(1).and_then(|p| chars.get(p)).is_some_and(char::is_ascii_digit);
                i = end + letters_into(letters, glued, next, chars.get(end + 1).copied(), &mut words);
            }
        }
    }
    words
}

/// Pushes the words of a run of letters; returns how many characters after it were used up.
fn letters_into(
    letters: &[char],
    glued: bool,
    next: Option<char>,
    after: Option<char>,
    words: &mut Vec<String>,
) -> usize {
    let mut folded = String::new();
    letters.iter().for_each(|&c| fold(c, &mut folded));
    if folded == "w" && next == Some('/') && !glued {
        let without = matches!(after, Some('o' | 'O'));
        words.push(if without { "without" } else { "with" }.to_owned());
        return if without { 2 } else { 1 };
    }
    // `T1W`, `T2Wfs`: the letter glued to the digit weights, it does not mean water.
    let after_t = glued && words.len() >= 2 && words.get(words.len() - 2).is_some_and(|w| w == "t");
    if after_t && (folded == "w" || folded == "wi") {
        words.push("weighted".to_owned());
        return 0;
    }
    if WHOLE.contains(&folded.as_str()) {
        words.push(folded);
        return 0;
    }
    let mut start = 0;
    while start < letters.len() {
        let end = camel_end(letters, start);
        let mut word = String::new();
        letters.get(start..end).unwrap_or_default().iter().for_each(|&c| fold(c, &mut word));
        words.push(word);
        start = end;
    }
    0
}

/// End of the word that starts at `start` within a run of letters of mixed case.
fn camel_end(letters: &[char], start: usize) -> usize {
    let upper = |i: usize| letters.get(i).is_some_and(|c| c.is_uppercase());
    let mut end = start;
    while upper(end) {
        end += 1;
    }
    let run_length = end - start;
    if end == letters.len() {
        return end;
    }
    if run_length >= 2 {
        let mut whole = String::new();
        letters.get(start..end).unwrap_or_default().iter().for_each(|&c| fold(c, &mut whole));
        // `ADCmap` parts after the abbreviation, `AAHead` before the capital that starts a word.
        return if ABBREVIATIONS.contains(&whole.as_str()) { end } else { end - 1 };
    }
    while end < letters.len() && !upper(end) {
        end += 1;
    }
    end
}

/// Words that single signs stand for.
fn sign(chars: &[char], i: usize, words: &mut Vec<String>) {
    let at = |k: Option<usize>| k.and_then(|k| chars.get(k)).copied();
    let ends = |c: Option<char>| c.is_none_or(|c| class(c) == Class::Other && c != '+');
    let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
    let last_is = |words: &[String], w: &str| words.last().is_some_and(|l| l == w);
    let (before, next, after) = (at(i.checked_sub(1)), at(Some(i + 1)), at(Some(i + 2)));
    match chars.get(i) {
        Some('*')
            if before == Some('2')
                && words.len() >= 2
                && words.get(words.len() - 2).is_some_and(|w| w == "t" || w == "r") =>
        {
            words.push("star".to_owned());
        }
        Some('+') => words.push("plus".to_owned()),
        // `22.5s` names no 5 seconds.
        Some('.') if digit(before) && digit(next) => {
            words.push("point".to_owned());
        }
        Some('-' | '\u{2013}') => {
            let minus_c = ends(before) && matches!(next, Some('c' | 'C')) && ends(after);
            let c_minus = matches!(before, Some('c' | 'C'))
                && last_is(words, "c")
                && next.is_none_or(char::is_whitespace);
            if minus_c || c_minus {
                words.push("minus".to_owned());
            }
        }
        _ => {}
    }
}

fn run(chars: &[char], start: usize, keep: impl Fn(char) -> bool) -> usize {
    let mut end = start;
    while chars.get(end).is_some_and(|&c| keep(c)) {
        end += 1;
    }
    end
}

/// Whether `words` holds the words of `term`, parted by blanks, one after another: terms of the
/// tables in this room are written as words already (`"t 1"`, `"non contrast"`).
pub(super) fn has(words: &[String], term: &str) -> bool {
    position(words, term).is_some()
}

/// Where `words` holds the words of `term`, parted by blanks.
pub(super) fn position(words: &[String], term: &str) -> Option<usize> {
    let length = term.split_ascii_whitespace().count();
    if length == 0 {
        return None;
    }
    words
        .windows(length)
        .position(|window| window.iter().zip(term.split_ascii_whitespace()).all(|(w, t)| w == t))
}

/// Whether `words` holds any of `terms`, which commas part.
pub(super) fn has_any(words: &[String], terms: &str) -> bool {
    listed(terms).any(|term| has(words, term))
}

/// The terms of a list that commas part.
pub(super) fn listed(terms: &str) -> impl Iterator<Item = &str> {
    terms.split(',').map(str::trim)
}

/// `words` with every occurrence of `terms` replaced by a bar, which no term holds.
pub(super) fn without(words: &[String], terms: &str) -> Vec<String> {
    let mut left = words.to_vec();
    for term in listed(terms) {
        while let Some(at) = position(&left, term) {
            let end = at + term.split_ascii_whitespace().count();
            left.get_mut(at..end).unwrap_or_default().iter_mut().for_each(|w| "|".clone_into(w));
        }
    }
    left
}

/// Whether `words` holds `term` one after another; an empty term is held by nothing.
#[must_use]
pub fn contains_words(words: &[String], term: &[String]) -> bool {
    !term.is_empty() && words.windows(term.len()).any(|w| w == term)
}
