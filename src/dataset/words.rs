//! The words that texts of a header may be made of to pass into a sidecar.
//!
//! In comes a text that a person or a scanner wrote, out comes whether it is a code of the field, and
//! nothing that could be a name, a date or a number of a patient. The words are in `vocabulary`.

/// Whether a text is made of these words, short runs of letters and short numbers only.
///
/// Letters part from digits and where lower case turns to upper. A run of letters must be a word of
/// `known` (whatever its case) or have at most three letters; a number has at most four digits, so
/// that no date, telephone or patient number fits; the whole has at most 64 characters, and between
/// the runs stand only marks that codes use.
pub(super) fn is_code(text: &str, known: &[&str]) -> bool {
    const MARKS: &[u8] = b"_-.:*#+/;,()%<>= ";
    if text.is_empty() || text.len() > 64 || !text.is_ascii() {
        return false;
    }
    let bytes = text.as_bytes();
    let mut at = 0;
    let mut unknown = 0;
    while let Some(&first) = bytes.get(at) {
        let rest = bytes.get(at..).unwrap_or_default();
        if first.is_ascii_digit() {
            let run = rest.iter().take_while(|b| b.is_ascii_digit()).count();
            if run > 4 {
                return false;
            }
            at += run;
        } else if first.is_ascii_alphabetic() {
            let letters = rest.iter().take_while(|b| b.is_ascii_alphabetic()).count();
            let whole = rest.get(..letters).unwrap_or_default();
            let run = if is_known(whole, known) { letters } else { camel(whole) };
            let word = rest.get(..run).unwrap_or_default();
            if !is_known(word, known) {
                unknown += 1;
                if run > 3 || unknown > 6 {
                    return false;
                }
            }
            at += run;
        } else if MARKS.contains(&first) {
            at += 1;
        } else {
            return false;
        }
    }
    // `01.02.1934` is four digits at a time.
    !looks_like_a_date(text)
}

fn is_known(word: &[u8], known: &[&str]) -> bool {
    known.iter().any(|k| k.as_bytes().eq_ignore_ascii_case(word))
}

/// The length of the first word of a run of letters that is written in camel case.
fn camel(letters: &[u8]) -> usize {
    let turns = letters
        .windows(2)
        .position(|w| matches!(w, [a, b] if a.is_ascii_lowercase() && b.is_ascii_uppercase()));
    turns.map_or(letters.len(), |at| at + 1)
}

/// Three numbers in a row parted by the same mark, one of them of four digits.
fn looks_like_a_date(text: &str) -> bool {
    ['.', '-', '/', '_', ' '].iter().any(|mark| {
        let parts: Vec<&str> = text.split(*mark).collect();
        parts.windows(3).any(|w| {
            let number = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
            w.iter().all(number) && w.iter().any(|part| part.len() == 4)
        })
    })
}

/// The term of a list that a text is, in the list's spelling.
pub(super) fn term(text: &str, terms: &[&'static str]) -> Option<&'static str> {
    let text = text.trim();
    terms.iter().copied().find(|term| term.eq_ignore_ascii_case(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::vocabulary::{BODY_PARTS, COILS, KERNELS, MODELS, SEQUENCES, SOFTWARE};

    #[test]
    fn codes_pass() {
        for name in [
            "*tfl3d1_16ns",
            "epfid2d1_64",
            "*fm2d2r",
            "*tse2d2_5",
            "DwiSE",
            "FFE",
            "*ep_b800t#12",
            "*fl3d_vibe",
        ] {
            assert!(is_code(name, SEQUENCES), "{name}");
        }
        for name in [
            "Ingenia Elition X",
            "Prisma_fit",
            "TrioTim",
            "SIGNA Architect",
            "MAGNETOM Terra.X",
            "DISCOVERY MR750",
        ] {
            assert!(is_code(name, MODELS), "{name}");
        }
        for name in [
            "5.7.1.2",
            "syngo MR D13D",
            "syngo MR 2006T 4VB12T",
            "MR29.1_EA_2036.a",
            "MR Software release:DV27.0_R01_1850.a",
        ] {
            assert!(is_code(name, SOFTWARE), "{name}");
        }
        for name in [
            "32x2Head",
            "8Tx32Rx_Head_C",
            "HeadNeck_64_CS",
            "32Ch Head",
            "48HAP",
            "MULTI COIL",
            "HeadNeck_20_TCS",
        ] {
            assert!(is_code(name, COILS), "{name}");
        }
    }

    #[test]
    fn names_numbers_and_dates_do_not() {
        let private = [
            "MUELLER",
            "Prisma Mueller",
            "AWP45160",
            "19340201",
            "01.02.1934",
            "1934-02-01",
            "St. Mary",
            "MR 0123456789",
            "Müller",
            "head/Jones",
            "fl3d_schmidt",
            "a\nb",
            "",
            "3/4/1956",
        ];
        for list in [SEQUENCES, MODELS, SOFTWARE, COILS, KERNELS] {
            for text in private {
                assert!(!is_code(text, list), "{text:?}");
            }
        }
        assert_eq!(term("liver ", BODY_PARTS), Some("LIVER"));
        assert_eq!(term("MUELLER LIVER", BODY_PARTS), None);
    }
}
