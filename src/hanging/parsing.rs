//! Reading a protocol's JSON piece by piece, so that an error names its field.
//!
//! In come JSON values with their paths; out come roles, rules, conditions, or a [`ProtocolError`].
//! Checks across fields are [`super::protocol`]'s.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::condition::Condition;
use super::protocol::{ProtocolError, Role, Rule};
use super::roles::RoleId;

pub(super) fn invalid(path: String, problem: &str) -> ProtocolError {
    ProtocolError::Invalid { path, problem: problem.to_owned() }
}

pub(super) fn object<'a>(value: &'a Value, path: &str) -> Result<&'a Map<String, Value>, ProtocolError> {
    value.as_object().ok_or_else(|| invalid(path.to_owned(), "expected an object"))
}

fn array<'a>(value: &'a Value, path: &str) -> Result<&'a Vec<Value>, ProtocolError> {
    value.as_array().ok_or_else(|| invalid(path.to_owned(), "expected a list"))
}

/// Refuses fields that are not known.
pub(super) fn only(map: &Map<String, Value>, path: &str, known: &[&str]) -> Result<(), ProtocolError> {
    match map.keys().find(|k| !known.contains(&k.as_str())) {
        None => Ok(()),
        Some(key) => Err(ProtocolError::UnknownField {
            path: if path.is_empty() { key.clone() } else { format!("{path}.{key}") },
            known: known.join(", "),
        }),
    }
}

fn typed<T: for<'de> Deserialize<'de>>(value: &Value, path: String) -> Result<T, ProtocolError> {
    T::deserialize(value).map_err(|e| ProtocolError::Invalid { path, problem: e.to_string() })
}

pub(super) fn optional<T: for<'de> Deserialize<'de>>(
    map: &Map<String, Value>,
    key: &str,
) -> Result<Option<T>, ProtocolError> {
    map.get(key).map(|v| typed(v, key.to_owned())).transpose()
}

pub(super) fn needed<T: for<'de> Deserialize<'de>>(
    map: &Map<String, Value>,
    key: &str,
) -> Result<T, ProtocolError> {
    optional(map, key)?.ok_or_else(|| ProtocolError::Missing { path: key.to_owned() })
}

/// A list whose items are read one by one, so that an error names the item.
pub(super) fn parse_list<T: for<'de> Deserialize<'de>>(
    map: &Map<String, Value>,
    key: &str,
) -> Result<Vec<T>, ProtocolError> {
    let Some(value) = map.get(key) else {
        return Ok(Vec::new());
    };
    array(value, key)?.iter().enumerate().map(|(i, v)| typed(v, format!("{key}[{i}]"))).collect()
}

pub(super) fn parse_roles(top: &Map<String, Value>) -> Result<Vec<Role>, ProtocolError> {
    let value = top.get("roles").ok_or_else(|| ProtocolError::Missing { path: "roles".to_owned() })?;
    let map = object(value, "roles")?;
    if map.is_empty() {
        return Err(invalid("roles".to_owned(), "at least one role is needed"));
    }
    map.iter().map(|(id, value)| parse_role(id, value)).collect()
}

fn parse_role(id: &str, value: &Value) -> Result<Role, ProtocolError> {
    let path = format!("roles.{id}");
    if !RoleId::is_valid(id) {
        return Err(invalid(path, "a role's name has 1 to 40 of a–z, 0–9 and _, a letter first"));
    }
    let map = object(value, &path)?;
    only(map, &path, &["label", "require", "score"])?;
    let label = map.get("label").map(|v| typed(v, format!("{path}.label"))).transpose()?;
    let list = |key: &str| -> Result<Vec<(String, Value)>, ProtocolError> {
        let Some(value) = map.get(key) else {
            return Ok(Vec::new());
        };
        let items = array(value, &format!("{path}.{key}"))?;
        Ok(items.iter().enumerate().map(|(i, v)| (format!("{path}.{key}[{i}]"), v.clone())).collect())
    };
    let require = list("require")?.iter().map(|(p, v)| parse_condition(v, p)).collect::<Result<_, _>>()?;
    let score = list("score")?.iter().map(|(p, v)| parse_rule(v, p)).collect::<Result<_, _>>()?;
    Ok(Role { id: RoleId::new(id), label, require, score })
}

fn parse_rule(value: &Value, path: &str) -> Result<Rule, ProtocolError> {
    let map = object(value, path)?;
    only(map, path, &["when", "weight"])?;
    let part =
        |key: &str| map.get(key).ok_or_else(|| ProtocolError::Missing { path: format!("{path}.{key}") });
    let when = parse_condition(part("when")?, &format!("{path}.when"))?;
    let weight: f64 = typed(part("weight")?, format!("{path}.weight"))?;
    if !weight.is_finite() {
        return Err(invalid(format!("{path}.weight"), "expected a finite number"));
    }
    Ok(Rule { when, weight })
}

/// Names of a condition's fields, as serde knows them.
fn condition_fields() -> Vec<&'static str> {
    vec![
        "modality",
        "plane",
        "words",
        "imageType",
        "scanningSequence",
        "sequenceVariant",
        "scanOptions",
        "pulseSequence",
        "weighting",
        "phase",
        "contrast",
        "agent",
        "dynamicIndex",
        "dynamicCount",
        "secondsAfterBolus",
        "acquisitionSeconds",
        "acquisitionOrder",
        "echoTime",
        "echoNumber",
        "echoCount",
        "repetitionTime",
        "inversionTime",
        "flipAngle",
        "fieldStrength",
        "bValue",
        "sliceCount",
        "volumeCount",
        "sliceSpacing",
        "threeD",
        "fatSaturated",
        "dixon",
        "complex",
        "derivedKind",
        "derived",
        "subtraction",
        "mip",
        "localizer",
        "not",
        "any",
    ]
}

fn parse_condition(value: &Value, path: &str) -> Result<Condition, ProtocolError> {
    let map = object(value, path)?;
    only(map, path, &condition_fields())?;
    if map.is_empty() {
        return Err(invalid(path.to_owned(), "a condition must ask for at least one fact"));
    }
    // Fields one by one, so that an error names its field.
    for (key, field) in map {
        let inner = format!("{path}.{key}");
        match key.as_str() {
            "not" => drop(parse_condition(field, &inner)?),
            "any" => {
                let options = array(field, &inner)?;
                if options.is_empty() {
                    return Err(invalid(inner, "the list is empty, so nothing could ever match"));
                }
                for (i, option) in options.iter().enumerate() {
                    parse_condition(option, &format!("{inner}[{i}]"))?;
                }
            }
            _ => {
                if field.is_null() {
                    return Err(invalid(inner, "null asks nothing"));
                }
                let mut single = Map::new();
                single.insert(key.clone(), field.clone());
                typed::<Condition>(&Value::Object(single), inner)?;
            }
        }
    }
    typed(value, path.to_owned())
}
