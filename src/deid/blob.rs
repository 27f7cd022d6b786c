//! What hides in texts and in private blocks. In: text, or bytes of unknown structure (CSA headers,
//! protocols, preambles). Out: dates, UIDs, names, addresses and codes found in them. Never: every
//! printable run, since a vendor's dictionary of field names is no secret and would be found in
//! every output.

use std::borrow::Cow;

use super::date::Date;
use super::secrets::{SecretKind, Secrets};
use crate::dicom::Tag;

/// Something distinctive within a text.
pub(super) enum Token<'a> {
    /// `20180312`, `2018-03-12`, `12.03.2018` and the like.
    Date(Date),
    /// Digits and at least four dots.
    Uid(&'a str),
    /// An e-mail address, a long number, letters and digits mixed.
    Code(&'a str),
}

/// Words of a key whose quoted value identifies, in Siemens's XProtocol and similar texts.
const TELLING_KEYS: &[&str] = &[
    "patient",
    "physician",
    "doctor",
    "institution",
    "hospital",
    "department",
    "serial",
    "station",
    "operator",
    "accession",
    "birth",
    "address",
    "phone",
    "email",
    "studyid",
    "procedureid",
    "username",
    "author",
    "hostname",
    "requestingservice",
    "medicalrecord",
];

/// A value that is text from end to end (up to 1 KiB), padding trimmed.
pub(super) fn whole_text(bytes: &[u8]) -> Option<String> {
    let end = bytes.iter().rposition(|&b| b != 0 && b != b' ').map_or(0, |at| at + 1);
    let bytes = bytes.get(..end)?;
    let printable = |c: char| !c.is_control() || matches!(c, '\t' | '\r' | '\n');
    if bytes.len() > 1024 || bytes.len() < 3 {
        return None;
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => text.chars().all(printable).then(|| text.to_owned()),
        Err(_) => {
            let text: String = bytes.iter().map(|&b| b as char).collect();
            let letters = text.chars().filter(char::is_ascii_graphic).count() * 4 >= text.len() * 3;
            (letters && text.chars().all(printable)).then_some(text)
        }
    }
}

/// Adds what a block of unknown structure hides.
pub(super) fn scan(secrets: &mut Secrets, tag: Tag, bytes: &[u8]) {
    let printable = |b: &u8| matches!(b, b' '..=b'~' | 0xa1..=0xff);
    for run in bytes.split(|b| !printable(b)).filter(|run| run.len() >= 6) {
        let text: Cow<'_, str> = match std::str::from_utf8(run) {
            Ok(text) => text.into(),
            Err(_) => run.iter().map(|&b| b as char).collect::<String>().into(),
        };
        scan_run(secrets, tag, &text);
    }
    // A second reading as UTF-16, where every other byte of western text is 0.
    if bytes.iter().filter(|&&b| b == 0).count() * 3 > bytes.len() {
        wide_runs(bytes, &mut |text| scan_run(secrets, tag, text));
    }
}

fn scan_run(secrets: &mut Secrets, tag: Tag, text: &str) {
    tokens(text, &mut |token| match token {
        Token::Date(date) => secrets.date(tag, date),
        Token::Uid(uid) => secrets.uid(tag, uid),
        // Numbers and mixed codes abound in protocols; only addresses are worth a search.
        Token::Code(code) if code.contains('@') => secrets.add(Some(tag), code, SecretKind::Token, false),
        Token::Code(_) => {}
    });
    if text.contains('^') {
        for piece in text.split(['"', '<', '>', '{', '}', '=', '\t', '\\', ';', '|']) {
            let piece = piece.trim();
            let person = piece.contains('^')
                && piece.len() <= 64
                && piece.chars().filter(|c| c.is_alphabetic()).count() >= 4
                && piece
                    .chars()
                    .all(|c| c.is_alphanumeric() || matches!(c, '^' | ' ' | '-' | '.' | '\'' | ','));
            if person {
                secrets.person(tag, piece);
            }
        }
    }
    quoted(text, &mut |key, value| {
        let key: String = key.chars().filter(char::is_ascii_alphabetic).collect::<String>().to_lowercase();
        if TELLING_KEYS.iter().any(|word| key.contains(word)) {
            if value.contains('^') {
                secrets.person(tag, value);
            }
            secrets.text(Some(tag), value, SecretKind::Text, false);
        }
    });
}

/// Calls `found` with each quoted text and the key before it: `<ParamString."Key">  { "Value" }`,
/// and `Key = ""Value""` with the words before the sign. Pieces between quotes that hold brackets or
/// an equals sign are structure.
fn quoted(text: &str, found: &mut dyn FnMut(&str, &str)) {
    let mut key = "";
    for piece in text.split('"').map(str::trim).filter(|piece| !piece.is_empty()) {
        if piece.contains(['<', '>', '{', '}', '=']) {
            if let Some(before) = piece.strip_suffix('=') {
                key = before.rsplit(['\n', ';', ',', '{', '}']).next().unwrap_or(before);
            }
        } else {
            if !key.is_empty() {
                found(key, piece);
            }
            key = piece;
        }
    }
}

fn wide_runs(bytes: &[u8], found: &mut dyn FnMut(&str)) {
    for parity in 0..2 {
        let units = bytes.get(parity..).unwrap_or_default().as_chunks::<2>().0;
        let mut run = String::new();
        for unit in units.iter().map(|&unit| u16::from_le_bytes(unit)).chain([0]) {
            match char::from_u32(u32::from(unit)).filter(|c| !c.is_control() && (*c as u32) < 0x250) {
                Some(c) => run.push(c),
                None => {
                    if run.len() >= 6 {
                        found(&run);
                    }
                    run.clear();
                }
            }
        }
    }
}

/// Finds what is distinctive within one line of text.
pub(super) fn tokens<'a>(line: &'a str, found: &mut dyn FnMut(Token<'a>)) {
    let brackets =
        |c| matches!(c, '(' | ')' | '[' | ']' | '{' | '}' | '<' | '>' | '"' | '\'' | '=' | ',' | ';' | '|');
    for word in line.split(|c: char| c.is_whitespace() || brackets(c)) {
        let word = word.trim_matches(|c: char| !c.is_alphanumeric());
        if word.len() < 6 {
            continue;
        }
        if let Some(at) = word.find('@')
            && at > 0
            && word.get(at..).is_some_and(|host| host.contains('.'))
        {
            found(Token::Code(word));
            continue;
        }
        let digits = word.bytes().filter(u8::is_ascii_digit).count();
        if digits < 4 {
            continue;
        }
        let numeric = word.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        if numeric && word.matches('.').count() >= 4 && digits >= 12 {
            found(Token::Uid(word));
            continue;
        }
        for part in word.split(|c: char| !c.is_ascii_digit() && !".-/:".contains(c)) {
            if let Some(date) = date_in(part) {
                found(Token::Date(date));
            }
        }
        let run = word.as_bytes().chunk_by(|a, b| a.is_ascii_digit() == b.is_ascii_digit());
        let longest = run.filter(|r| r.first().is_some_and(u8::is_ascii_digit)).map(<[u8]>::len).max();
        let letters = word.bytes().any(|b| b.is_ascii_alphabetic());
        let measured = word.parse::<f64>().is_ok() && word.contains('.');
        if !measured && (longest >= Some(6) || (letters && longest >= Some(4))) {
            found(Token::Code(word));
        }
    }
}

/// A date of 1900 to 2099 that a text of digits and separators is or begins with.
fn date_in(part: &str) -> Option<Date> {
    let part = part.trim_matches(['.', '-', '/', ':']);
    let plausible = |date: Date| (1900..2100).contains(&date.ymd().0).then_some(date);
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if digits(part) {
        // `20180312` and `20180312101112`: longer runs are other things.
        let date = Date::parse_da(part.get(..8)?)?;
        return if matches!(part.len(), 8 | 14) { plausible(date) } else { None };
    }
    if let Some(date) = part.get(..10).and_then(Date::parse_da) {
        return plausible(date);
    }
    if let Some((whole, fraction)) = part.split_once('.')
        && whole.len() == 14
        && digits(whole)
        && digits(fraction)
    {
        return plausible(Date::parse_da(whole.get(..8)?)?);
    }
    // Day or month first: both readings are dates to look for; one is enough to be found here, since
    // the check searches for both spellings of it.
    let fields: Vec<&str> = part.split(['.', '-', '/']).collect();
    let [a, b, year] = fields.as_slice() else { return None };
    if year.len() != 4 || a.len() > 2 || b.len() > 2 {
        return None;
    }
    let (a, b, year) = (a.parse().ok()?, b.parse().ok()?, year.parse().ok()?);
    Date::from_ymd(year, b, a).or_else(|| Date::from_ymd(year, a, b)).and_then(plausible)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(line: &str) -> Vec<String> {
        let mut out = Vec::new();
        tokens(line, &mut |token| {
            out.push(match token {
                Token::Date(date) => date.to_iso(),
                Token::Uid(uid) => uid.to_owned(),
                Token::Code(code) => code.to_owned(),
            });
        });
        out
    }

    #[test]
    fn dates_numbers_and_addresses_in_free_text() {
        assert_eq!(found("seen on 12.03.2018 (MRN 0012345)"), ["2018-03-12", "0012345"]);
        assert_eq!(found("call jane@clinic.example, AWP45123"), ["jane@clinic.example", "AWP45123"]);
        assert_eq!(found("1.3.12.2.1107.5.2.32.35131"), ["1.3.12.2.1107.5.2.32.35131"]);
        assert_eq!(found("20180312101112.345000"), ["2018-03-12"]);
        assert!(found("t1_vibe 320x260 TE 2.38000 b800").is_empty());
    }

    #[test]
    fn quoted_values_come_with_their_keys() {
        let mut out = Vec::new();
        let text = r#"<ParamString."PatientName">  { "Doe^Jane"  } sSerial.tId = ""45123"""#;
        quoted(text, &mut |key, value| out.push(format!("{key}→{value}")));
        assert!(out.contains(&"PatientName→Doe^Jane".to_owned()), "{out:?}");
        assert!(out.iter().any(|pair| pair.trim() == "sSerial.tId →45123"), "{out:?}");
    }
}
