//! Comma-separated values after RFC 4180. In: text of a mapping or linking table, however a
//! spreadsheet saved it (`,`, `;` or tab; BOM; CRLF). Out: records; and records → text. Never:
//! hands a spreadsheet a cell that it would run as a formula.

/// A table of two columns, such as `id_old,id_new`: fields with separators, quotes or line ends are quoted.
pub fn pairs(header: &str, rows: &[(String, String)]) -> String {
    let field = |text: &str| {
        if text.contains([',', '"', '\n', '\r']) {
            format!("\"{}\"", text.replace('"', "\"\""))
        } else {
            text.to_owned()
        }
    };
    let mut text = format!("{header}\n");
    for (old, new) in rows {
        text.push_str(&format!("{},{}\n", field(old), field(new)));
    }
    text
}

/// The records of a CSV text, each with the number of the line that it begins on (from 1, as editors
/// count); quotes, doubled quotes, and line ends within quotes understood. The separator is whichever
/// of `,` `;` tab occurs most in the first line.
pub(super) fn parse(text: &str) -> Vec<(usize, Vec<String>)> {
    let text = text.trim_start_matches('\u{feff}');
    let first = text.lines().next().unwrap_or_default();
    let separator =
        [',', ';', '\t'].into_iter().rev().max_by_key(|&c| first.matches(c).count()).unwrap_or(',');
    let mut records = Vec::new();
    let mut record = Vec::new();
    let mut field = String::new();
    let mut quoted = false;
    let (mut line, mut began) = (1, 1);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                field.push('"');
                chars.next();
            }
            '"' if quoted => quoted = false,
            '"' if field.is_empty() => quoted = true,
            '\r' | '\n' if !quoted => {
                if c == '\r' && chars.peek() == Some(&'\n') {
                    chars.next();
                }
                record.push(std::mem::take(&mut field));
                records.push((began, std::mem::take(&mut record)));
                line += 1;
                began = line;
            }
            '\n' => {
                line += 1;
                field.push(c);
            }
            c if c == separator && !quoted => record.push(std::mem::take(&mut field)),
            c => field.push(c),
        }
    }
    if !field.is_empty() || !record.is_empty() {
        record.push(field);
        records.push((began, record));
    }
    records.retain(|(_, r)| r.iter().any(|f| !f.trim().is_empty()));
    records
}

/// A field as the user meant it: the guard of [`push_record`] taken off again.
pub(super) fn unguard(field: &str) -> &str {
    let field = field.trim();
    match field.strip_prefix('\'') {
        Some(rest) if is_formula(rest) => rest,
        _ => field,
    }
}

/// Whether a spreadsheet would take this cell for a formula (OWASP, "CSV injection").
fn is_formula(field: &str) -> bool {
    field.starts_with(['=', '+', '-', '@', '\t', '\r', '|', '%'])
}

/// Appends one record, CRLF at its end. A cell that would be run as a formula gets an apostrophe
/// before it, which spreadsheets hide and [`unguard`] removes.
pub(super) fn push_record<'a>(out: &mut String, fields: impl IntoIterator<Item = &'a str>) {
    for (i, field) in fields.into_iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        let guard = if is_formula(field) { "'" } else { "" };
        if field.contains(['"', ',', ';', '\t', '\r', '\n']) || field != field.trim() {
            out.push('"');
            out.push_str(guard);
            out.push_str(&field.replace('"', "\"\""));
            out.push('"');
        } else {
            out.push_str(guard);
            out.push_str(field);
        }
    }
    out.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn semicolons_bom_and_cr_of_a_spreadsheet() {
        let records = parse("\u{feff}patient_id;subject\r\n\"a;b\";x\r\r\n;\n1;2");
        let fields: Vec<Vec<String>> = records.iter().map(|(_, record)| record.clone()).collect();
        assert_eq!(fields, [["patient_id", "subject"], ["a;b", "x"], ["1", "2"]]);
        let lines: Vec<usize> = records.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [1, 2, 5], "what is empty is no record, and counts as a line");
    }

    #[test]
    fn a_line_end_within_quotes_counts_as_a_line_and_not_as_a_record() {
        let lines: Vec<usize> = parse("id,note\n1,\"two\r\nlines\"\n2,x\n").iter().map(|r| r.0).collect();
        assert_eq!(lines, [1, 2, 4]);
    }

    #[test]
    fn formulas_are_disarmed_and_come_back() {
        for evil in ["=HYPERLINK(\"http://x\",\"y\")", "+1", "-2+3", "@SUM(A1)", "|calc", "\t=1"] {
            let mut text = String::new();
            push_record(&mut text, ["id", evil]);
            assert!(!text.contains(&format!(",{evil}")) && !text.contains(&format!(",\"{}", &evil[..1])));
            assert_eq!(unguard(&parse(&text)[0].1[1]), evil);
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(cells in proptest::collection::vec("[ -~é\n\"]{1,12}", 2..5)) {
            let cells: Vec<String> = cells.iter().map(|c| format!("x{c}x")).collect();
            let mut text = String::new();
            push_record(&mut text, ["a", "b"]);
            push_record(&mut text, cells.iter().map(String::as_str));
            prop_assert_eq!(&parse(&text)[1].1, &cells);
        }
    }
}
