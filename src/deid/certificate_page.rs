//! The certificate as a page for people, `provenance/deidentification.html`. In: the certificate's documents.
//! Out: one HTML file that needs nothing else: no script, no font, no picture. Never: anything that the
//! documents don't say, or the word *anonymous*.

use serde_json::Value;
use std::fmt::Write as _;

/// Makes the page of the certificate of the images and, where DICOM was written, of that of the objects.
pub fn certificate_page(images: &Value, objects: Option<&Value>) -> String {
    let mut out = String::with_capacity(32 * 1024);
    let statement = text(images, "statement");
    let _ = write!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>De-identification certificate</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n\
         <header><h1>De-identification certificate</h1>\n<p class=\"statement\">{}</p>\n\
         <p>What was done to the identifying information of this data set, what was searched for in what is \
         written, and what was not checked. With the project key and the linking table, which are no part of \
         it, the data can be led back to patients.</p></header>\n",
        escaped(&statement)
    );
    section(&mut out, "Images, sidecars and tables", images);
    if let Some(objects) = objects {
        section(&mut out, "DICOM objects", objects);
    }
    out.push_str("<footer>Made by Hepatica. For research use only. The same facts for programs: ");
    out.push_str("<code>deidentification.json</code>");
    if objects.is_some() {
        out.push_str(", <code>deidentification_dicom.json</code>, <code>objects.tsv</code>");
    }
    out.push_str(".</footer>\n</main>\n</body>\n</html>\n");
    out
}

fn section(out: &mut String, title: &str, certificate: &Value) {
    let _ = write!(out, "<section>\n<h2>{title}</h2>\n<dl>\n");
    let coded = |value: &Value| format!("{} ({})", text(value, "meaning"), text(value, "code"));
    let mut fact = |name: &str, value: String| {
        if !value.is_empty() {
            let _ = writeln!(out, "<dt>{name}</dt><dd>{}</dd>", escaped(&value));
        }
    };
    fact("Profile", certificate.get("profile").map(coded).unwrap_or_default());
    fact("Edition", text(certificate, "edition"));
    let options: Vec<String> = list(certificate, "options").map(coded).collect();
    fact("Options", if options.is_empty() { "none".to_owned() } else { options.join("; ") });
    let idle: Vec<String> = list(certificate, "options_without_effect").map(coded).collect();
    fact("Options without effect here", idle.join("; "));
    let policy = certificate.get("policy").cloned().unwrap_or_default();
    let locked = policy.get("locked").and_then(Value::as_bool).unwrap_or(false);
    let name = text(&policy, "name");
    let policy = match (name.is_empty(), locked) {
        (true, false) => "chosen by the user",
        (true, true) => "locked by the institution",
        (false, true) => "of the institution, locked:",
        (false, false) => "from a file:",
    };
    fact("Policy", format!("{policy} {name}").trim().to_owned());
    fact("Project key (fingerprint)", text(certificate, "project_key"));
    fact("Written", text(certificate, "output"));
    fact("Subjects", number(certificate, "subjects"));
    fact("Objects", number(certificate, "objects"));
    out.push_str("</dl>\n");

    out.push_str("<h3>Not checked</h3>\n<ul class=\"warn\">\n");
    for line in list(certificate, "not_checked").filter_map(Value::as_str) {
        let _ = writeln!(out, "<li>{}</li>", escaped(line));
    }
    out.push_str("</ul>\n<h3>Searched for in everything that is written</h3>\n<dl>\n");
    let searched = certificate.get("searched").cloned().unwrap_or_default();
    counts(out, searched.get("values"));
    for (name, field) in [
        ("spellings of them", "spellings"),
        ("entries searched", "entries"),
        ("bytes searched", "bytes"),
        ("entries not written, because something was found", "stopped"),
    ] {
        let _ = writeln!(out, "<dt>{name}</dt><dd>{}</dd>", number(&searched, field));
    }
    out.push_str("</dl>\n<ul>\n");
    for line in list(&searched, "forms").filter_map(Value::as_str) {
        let _ = writeln!(out, "<li>{}</li>", escaped(line));
    }
    out.push_str("</ul>\n<h3>Proved by position</h3>\n<dl>\n");
    let position = certificate.get("by_position").cloned().unwrap_or_default();
    counts(out, Some(position.get("values").unwrap_or(&position)));
    out.push_str("</dl>\n");
    let method = text(&position, "method");
    let _ = writeln!(
        out,
        "<p>{}</p>",
        if method.is_empty() {
            "Values too short or too common to search for: no element that held one is written.".to_owned()
        } else {
            escaped(&method)
        }
    );

    out.push_str("<h3>Kept, and why</h3>\n<table><thead><tr><th>What</th><th>Why</th></tr></thead><tbody>\n");
    for item in list(certificate, "retained") {
        let (what, why) = (escaped(&text(item, "what")), escaped(&text(item, "why")));
        let _ = writeln!(out, "<tr><td>{what}</td><td>{why}</td></tr>");
    }
    out.push_str("</tbody></table>\n");
    excluded(out, certificate);

    out.push_str("<h3>What was done, by element</h3>\n");
    let elements = certificate.get("elements").and_then(Value::as_object);
    for (action, rows) in elements.into_iter().flatten() {
        let rows: Vec<&Value> = rows.as_array().into_iter().flatten().collect();
        let total = certificate.pointer(&format!("/actions/{action}")).and_then(Value::as_u64).unwrap_or(0);
        let _ = write!(
            out,
            "<details><summary>{action}: {} of {}</summary>\n\
             <table><thead><tr><th>Element</th><th>Name</th><th>How often</th></tr></thead><tbody>\n",
            counted(total, "value"),
            counted(rows.len() as u64, "attribute")
        );
        for row in rows {
            let _ = writeln!(
                out,
                "<tr><td><code>{}</code></td><td>{}</td><td class=\"n\">{}</td></tr>",
                escaped(&text(row, "tag")),
                escaped(&text(row, "keyword")),
                number(row, "count")
            );
        }
        out.push_str("</tbody></table></details>\n");
    }
    let _ = writeln!(
        out,
        "<p>Besides, {} private elements and {} that the standard does not know were removed.</p>\n</section>",
        number(certificate, "private_elements_removed"),
        number(certificate, "unknown_elements_removed"),
    );
}

/// Objects left out, elements withheld, and values that were not searched for since they are kept.
fn excluded(out: &mut String, certificate: &Value) {
    let left_out = certificate.get("excluded").and_then(Value::as_object);
    if let Some(left_out) = left_out.filter(|reasons| !reasons.is_empty()) {
        out.push_str("<h3>Objects left out</h3>\n<dl>\n");
        for (why, count) in left_out {
            let count = grouped(count.as_u64().unwrap_or(0));
            let _ = writeln!(out, "<dt>{}</dt><dd>{count}</dd>", escaped(why));
        }
        out.push_str("</dl>\n");
    }
    for (field, title) in [
        ("withheld", "Taken out, because a known identifier was found in them"),
        ("excluded_from_search", "Not searched for, because they are kept: distinct values"),
    ] {
        let rows: Vec<&Value> = list(certificate, field).collect();
        if rows.is_empty() {
            continue;
        }
        let _ = write!(out, "<details><summary>{title}</summary>\n<dl>\n");
        for row in rows {
            let keyword = escaped(&text(row, "keyword"));
            let _ = writeln!(out, "<dt>{keyword}</dt><dd>{}</dd>", number(row, "count"));
        }
        out.push_str("</dl></details>\n");
    }
}

fn counts(out: &mut String, values: Option<&Value>) {
    for (kind, count) in values.and_then(Value::as_object).into_iter().flatten() {
        if let Some(count) = count.as_u64() {
            let _ = writeln!(out, "<dt>{}</dt><dd>{}</dd>", kind_words(kind), grouped(count));
        }
    }
}

/// Words that stand in a page because of what was counted: ours, so no leak where a folder is called so.
pub(super) fn counted_words() -> String {
    let kinds = [
        "name",
        "name_part",
        "identifier",
        "uid",
        "date",
        "time",
        "text",
        "token",
        "path",
        "short",
        "common",
        "coded",
    ];
    let mut words = kinds.map(kind_words).join("\n\n\n\n\n\n");
    for action in ["kept", "converted", "cleaned", "replaced", "emptied", "removed"] {
        let _ = write!(
            words,
            "\n\n\n\n\n\n{action}: 1 value of 1 attribute\n\n\n\n\n\n{action}: 2 values of 2 attributes"
        );
    }
    for policy in ["of the institution, locked:", "from a file:", "private", "unknown"] {
        let _ = write!(words, "\n\n\n\n\n\n{policy}");
    }
    words
}

fn kind_words(kind: &str) -> String {
    let words = match kind {
        "name" => "whole names",
        "name_part" => "parts of names",
        "identifier" => "identifiers",
        "uid" => "UIDs",
        "date" => "dates",
        "time" => "times of day",
        "text" => "texts",
        "token" => "codes and numbers within texts",
        "path" => "folders' names",
        "short" => "too short",
        "common" => "too common",
        "coded" => "coded",
        other => return escaped(&other.replace('_', " ")),
    };
    words.to_owned()
}

fn list<'a>(value: &'a Value, field: &str) -> impl Iterator<Item = &'a Value> {
    value.get(field).and_then(Value::as_array).into_iter().flatten()
}

fn text(value: &Value, field: &str) -> String {
    value.get(field).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn number(value: &Value, field: &str) -> String {
    value.get(field).and_then(Value::as_u64).map(grouped).unwrap_or_default()
}

/// `1 value`, `1,204 values`.
fn counted(n: u64, what: &str) -> String {
    format!("{} {what}{}", grouped(n), if n == 1 { "" } else { "s" })
}

/// `1,204`.
fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

const STYLE: &str = "\
:root{color-scheme:light dark}\
body{margin:0;font:15px/1.55 system-ui,\"Segoe UI\",Roboto,\"Noto Sans\",sans-serif;font-variant-numeric:tabular-nums;color:#141a22;background:#fff}\
main{max-width:52rem;margin:0 auto;padding:2.5rem 1.5rem 4rem}\
h1{font-size:1.6rem;margin:0}h2{font-size:1.25rem;margin:2.5rem 0 .75rem;padding-top:1rem;border-top:1px solid #dce1e9}\
h3{font-size:1rem;margin:1.75rem 0 .5rem}\
.statement{font-size:1.1rem;font-weight:600;margin:.5rem 0}\
dl{display:grid;grid-template-columns:minmax(12rem,auto) 1fr;gap:.15rem 1.5rem;margin:0}dt{color:#465262}dd{margin:0}\
ul{margin:.5rem 0;padding-left:1.2rem}.warn li::marker{color:#8a5700}\
table{border-collapse:collapse;width:100%;font-size:.9rem}th,td{text-align:left;padding:.25rem .75rem .25rem 0;border-bottom:1px solid #dce1e9;vertical-align:top}\
.n{text-align:right}details{margin:.35rem 0}summary{cursor:pointer}\
code{font-family:ui-monospace,\"Cascadia Mono\",monospace;font-size:.9em}\
footer{margin-top:3rem;color:#465262;font-size:.9rem}\
@media(prefers-color-scheme:dark){body{color:#e8edf4;background:#0d1117}h2,th,td{border-color:#27313f}dt,footer{color:#a9b4c2}}\
@media print{main{max-width:none;padding:0}details{break-inside:avoid}}";

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_page_says_what_the_documents_say_and_nothing_escapes_into_markup() {
        let images = json!({
            "statement": "Pseudonymised. Known identifiers not found in what was written.",
            "profile": { "code": "113100", "meaning": "Basic Application Confidentiality Profile" },
            "policy": { "name": "<b>Ward & Co</b>", "locked": true },
            "actions": { "removed": 1_204 },
            "elements": { "removed": [{ "tag": "(0010,0010)", "keyword": "PatientName", "count": 1_204 }] },
            "not_checked": ["Voxels: up to twelve frames of each volume were searched."],
            "retained": [{ "what": "(0010,4000)", "why": "agreed" }],
        });
        let page = certificate_page(&images, None);
        for part in [
            "Pseudonymised. Known identifiers not found",
            "Basic Application Confidentiality Profile (113100)",
            "of the institution, locked: &lt;b&gt;Ward &amp; Co&lt;/b&gt;",
            "1,204 values of 1 attribute",
            "PatientName",
            "up to twelve frames of each volume were searched",
            "agreed",
        ] {
            assert!(page.contains(part), "{part}");
        }
        assert!(!page.to_lowercase().contains("anonymous") && !page.contains("<script"));
        assert!(!page.contains("DICOM objects"));
        assert!(certificate_page(&images, Some(&json!({}))).contains("DICOM objects"));
    }
}
