//! Objects as the rows of a table, the form that kubectl requests for its output.

use std::time::SystemTime;

use k8s_openapi::jiff::Timestamp;
use serde_json::{Value, json};
use serde_yaml::Mapping;

use super::resource::Resource;

/// The columns of a resource: name, path, priority.
fn columns(resource: &Resource) -> Vec<(String, String, u8)> {
    let text = |value: &serde_yaml::Value| value.as_str().unwrap_or_default().to_owned();
    let named = |map: &Mapping, priority| map.iter().map(|(name, path)| (text(name), text(path), priority)).collect::<Vec<_>>();
    let mut all = vec![("NAME".to_owned(), "metadata.name".to_owned(), 0)];
    all.extend(named(&resource.columns, 0));
    if !resource.columns.contains_key("AGE") {
        all.push(("AGE".to_owned(), "@metadata.creationTimestamp".to_owned(), 0));
    }
    all.extend(named(&resource.wide, 1));
    all
}

/// A table of objects with their metadata.
pub fn table(resource: &Resource, objects: &[&Value], metadata: Value, with_columns: bool) -> Value {
    let columns = columns(resource);
    let definitions: Vec<_> = columns
        .iter()
        .map(|(name, _, priority)| json!({"name": name, "type": "string", "format": if name == "NAME" { "name" } else { "" }, "description": "", "priority": priority}))
        .collect();
    let rows: Vec<_> = objects
        .iter()
        .map(|object| {
            let cells: Vec<_> = columns.iter().map(|(_, path, _)| cell(object, path)).collect();
            let partial = json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": object["metadata"]});
            json!({"cells": cells, "object": partial})
        })
        .collect();
    let definitions = if with_columns { json!(definitions) } else { Value::Null };
    json!({"kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": metadata, "columnDefinitions": definitions, "rows": rows})
}

fn cell(object: &Value, path: &str) -> Value {
    if let Some(path) = path.strip_prefix('@') {
        return json!(pick(object, path).as_str().map_or_else(|| "<unknown>".to_owned(), age));
    }
    if let Some(path) = path.strip_prefix('#') {
        return json!(pick(object, path).as_object().map_or(0, serde_json::Map::len));
    }
    match pick(object, path) {
        Value::Null => json!("<none>"),
        found => found,
    }
}

/// Resolves a path. In a list a number selects by index, `*` joins all items, another word selects the item of that type.
fn pick(value: &Value, path: &str) -> Value {
    let Some((part, rest)) = path.split_once('.').or((!path.is_empty()).then_some((path, ""))) else { return value.clone() };
    match value {
        Value::Array(list) if part == "*" => {
            let all: Vec<_> = list.iter().map(|item| pick(item, rest).to_string().trim_matches('"').to_owned()).collect();
            json!(all.join(","))
        }
        Value::Array(list) => {
            let found = part.parse::<usize>().map_or_else(|_| list.iter().find(|item| item["type"] == part), |index| list.get(index));
            found.map_or(Value::Null, |item| pick(item, rest))
        }
        other => pick(&other[part], rest),
    }
}

fn age(timestamp: &str) -> String {
    let then: Option<Timestamp> = timestamp.parse().ok();
    let now = Timestamp::try_from(SystemTime::now()).ok();
    let seconds = then.zip(now).map_or(0, |(then, now)| now.as_second() - then.as_second()).max(0);
    match seconds {
        0..120 => format!("{seconds}s"),
        120..10800 => format!("{}m", seconds / 60),
        _ => format!("{}h", seconds / 3600),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        let object = json!({"a": [{"type": "Ready", "status": "True"}, {"type": "B", "status": "x"}], "data": {"k": 1}});
        assert_eq!(pick(&object, "a.Ready.status"), "True");
        assert_eq!(pick(&object, "a.1.status"), "x");
        assert_eq!(pick(&object, "a.*.status"), "True,x");
        assert_eq!(cell(&object, "#data"), 1);
        assert_eq!(cell(&object, "nothing.there"), "<none>");
    }
}
