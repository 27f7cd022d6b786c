//! Policy files against their schema. In: JSON. Out: every place that is not as `policy.schema.json` asks, by
//! its JSON path. Never: a word of the file, since a file chosen by mistake may hold anything.
//!
//! The schema is read as written: the keywords that it uses are understood, and a test fails on any other.

use serde_json::{Map, Value};
use std::fmt;
use std::sync::LazyLock;

/// The schema, JSON Schema 2020-12.
pub const SCHEMA_FILE: &str = include_str!("policy.schema.json");

static SCHEMA: LazyLock<Value> = LazyLock::new(|| serde_json::from_str(SCHEMA_FILE).unwrap_or_default());

/// One place that is not as the schema asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// JSON path, `$.keep[1].reason`; of names that the schema has.
    pub path: String,
    /// What was expected.
    pub what: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.what)
    }
}

/// What is wrong, in the order of the file.
pub(super) fn faults(policy: &Value) -> Vec<Fault> {
    let mut faults = Vec::new();
    check(policy, &SCHEMA, "$", &mut faults);
    faults
}

fn check(value: &Value, schema: &Value, path: &str, faults: &mut Vec<Fault>) {
    let mut say = |what: String| faults.push(Fault { path: path.to_owned(), what });
    if let Some(only) = schema.get("const") {
        if value != only {
            say(format!("expected {only}"));
        }
        return;
    }
    if let Some(allowed) = schema.get("enum").and_then(Value::as_array) {
        if !allowed.contains(value) {
            say(format!("expected {}", one_of(allowed.iter().filter_map(Value::as_str))));
        }
        return;
    }
    let kind = schema.get("type").and_then(Value::as_str).unwrap_or_default();
    let fits = match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_u64() || value.is_i64(),
        _ => false,
    };
    if !fits {
        return say(format!("expected {}", words(kind)));
    }
    let limit = |name: &str| schema.get(name).and_then(Value::as_u64);
    match value {
        Value::Object(fields) => object(fields, schema, path, faults),
        Value::Array(items) => {
            if let Some(schema) = schema.get("items") {
                for (at, item) in items.iter().enumerate() {
                    check(item, schema, &format!("{path}[{at}]"), faults);
                }
            }
        }
        Value::String(text) => {
            if let Some(most) = limit("maxLength").filter(|most| text.chars().count() as u64 > *most) {
                say(format!("expected at most {most} characters"));
            }
        }
        Value::Number(number) => {
            let number = number.as_u64();
            let least = limit("minimum").unwrap_or(0);
            let most = limit("maximum").unwrap_or(u64::MAX);
            if number.is_none_or(|n| n < least || n > most) {
                say(format!("expected a whole number from {least} to {most}"));
            }
        }
        _ => {}
    }
}

fn object(fields: &Map<String, Value>, schema: &Value, path: &str, faults: &mut Vec<Fault>) {
    let empty = Map::new();
    let known = schema.get("properties").and_then(Value::as_object).unwrap_or(&empty);
    let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
    for name in required.filter_map(Value::as_str).filter(|name| !fields.contains_key(*name)) {
        faults.push(Fault { path: path.to_owned(), what: format!("`{name}` is missing") });
    }
    let unknown = fields.keys().filter(|name| !known.contains_key(*name)).count();
    if unknown > 0 {
        let names = one_of(known.keys().map(String::as_str));
        let what = if unknown == 1 { "an unknown field" } else { "unknown fields" };
        faults.push(Fault { path: path.to_owned(), what: format!("{what}; expected {names}") });
    }
    for (name, value) in fields {
        if let Some(schema) = known.get(name) {
            check(value, schema, &format!("{path}.{name}"), faults);
        }
    }
}

const fn words(kind: &str) -> &'static str {
    match kind.as_bytes() {
        b"object" => "an object in braces",
        b"array" => "a list in brackets",
        b"string" => "a text in quotes",
        b"boolean" => "a boolean: true or false",
        b"integer" => "a whole number",
        _ => "something else",
    }
}

fn one_of<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    match names.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("one of {} or {last}", rest.join(", ")),
        None => "nothing".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests stop at the first surprise")]
    use super::super::policy::{Keep, KeepPrivate, Policy};
    use super::*;
    use serde_json::json;

    fn of(policy: &Value) -> Vec<String> {
        faults(policy).iter().map(Fault::to_string).collect()
    }

    #[test]
    fn whatever_a_policy_can_say_is_as_the_schema_asks() {
        let policy = Policy {
            name: Some("Ward".into()),
            idle_minutes: Some(5),
            keep: vec![Keep { tag: "(0010,4000)".into(), reason: "agreed".into() }],
            keep_private: vec![KeepPrivate {
                creator: "ACME".into(),
                tag: "(0019,xx0C)".into(),
                reason: "agreed".into(),
            }],
            ..Policy::default()
        };
        let value: Value = serde_json::from_str(&policy.to_json()).unwrap();
        assert_eq!(of(&value), [""; 0]);
        // And the schema knows no field that a policy hasn't.
        let known = SCHEMA.get("properties").unwrap().as_object().unwrap();
        assert!(known.keys().all(|name| value.get(name).is_some()), "{value}");
        let known = SCHEMA.pointer("/properties/options/properties").unwrap().as_object().unwrap();
        assert!(known.keys().all(|name| value.pointer(&format!("/options/{name}")).is_some()));
    }

    #[test]
    fn every_fault_is_said_with_its_path_and_without_a_word_of_the_file() {
        let said = of(&json!({
            "schema": "hepatica-policy/1",
            "locked": "SECRET",
            "dates": "SECRET",
            "idle_minutes": 0,
            "SECRET": 1,
            "options": { "retain_uids": 1, "SECRET": true },
            "keep": [{ "tag": "(0010,4000)", "reason": "x" }, { "tag": 7 }],
        }));
        let paths: Vec<&str> = said.iter().filter_map(|line| line.split(": ").next()).collect();
        for path in [
            "$",
            "$.dates",
            "$.idle_minutes",
            "$.locked",
            "$.options",
            "$.options.retain_uids",
            "$.keep[1]",
            "$.keep[1].tag",
        ] {
            assert!(paths.contains(&path), "{path} in {said:?}");
        }
        assert_eq!(said.len(), 8, "{said:?}");
        assert!(!said.concat().contains("SECRET"));
    }

    #[test]
    fn the_schema_uses_no_keyword_that_is_not_checked() {
        fn keywords(schema: &Value, names: bool, found: &mut Vec<String>) {
            let Some(fields) = schema.as_object() else { return };
            for (name, inner) in fields {
                if !names {
                    found.push(name.clone());
                }
                keywords(inner, !names && name == "properties", found);
            }
        }
        let mut found = Vec::new();
        keywords(&SCHEMA, false, &mut found);
        let understood = [
            "$schema",
            "$comment",
            "title",
            "description",
            "type",
            "const",
            "enum",
            "required",
            "properties",
            "additionalProperties",
            "items",
            "maxLength",
            "minimum",
            "maximum",
        ];
        assert!(found.iter().all(|name| understood.contains(&name.as_str())), "{found:?}");
    }
}
