//! Patches. A crate implements JSON and merge patches; strategic merge patches, which only built-in types support, are here.

use serde_json::{Map, Value};

use super::status::{Answer, Failure};

/// The merge key of each list, by the name of its field. Source: `patchMergeKey` tags in k8s.io/api `core/v1/types.go`.
const MERGE_KEYS: [(&str, &str); 9] = [
    ("ports", "port"),
    ("containers", "name"),
    ("initContainers", "name"),
    ("volumes", "name"),
    ("env", "name"),
    ("conditions", "type"),
    ("ownerReferences", "uid"),
    ("volumeMounts", "mountPath"),
    ("imagePullSecrets", "name"),
];
/// Lists of plain values that are merged. Source: the same.
const MERGED_SETS: [&str; 1] = ["finalizers"];

/// Applies a patch of a content type to an object.
pub fn patch(content_type: &str, object: &Value, body: &[u8], custom: bool) -> Answer<Value> {
    let mut new = object.clone();
    let unreadable = |error: serde_json::Error| Failure::bad(format!("error decoding patch: {error}"));
    match content_type {
        "application/merge-patch+json" => json_patch::merge(&mut new, &serde_json::from_slice(body).map_err(unreadable)?),
        "application/json-patch+json" => {
            let operations: json_patch::Patch = serde_json::from_slice(body).map_err(unreadable)?;
            json_patch::patch(&mut new, &operations).map_err(|error| {
                Failure::new(422, "Invalid", format!("the server rejected our request due to an error in our request: {error}"))
            })?;
        }
        "application/strategic-merge-patch+json" if !custom => {
            strategic(&mut new, &serde_json::from_slice(body).map_err(unreadable)?, "");
        }
        _ => {
            let message = format!("the body of the request was in an unknown format - accepted media types do not include {content_type}");
            return Err(Failure::new(415, "UnsupportedMediaType", message));
        }
    }
    Ok(new)
}

fn strategic(target: &mut Value, patch: &Value, field: &str) {
    match (&mut *target, patch) {
        (Value::Object(target), Value::Object(patch)) => strategic_map(target, patch),
        (Value::Array(list), Value::Array(patch)) => {
            let key = MERGE_KEYS.iter().find(|(name, _)| *name == field).map(|(_, key)| *key);
            match key {
                Some(key) => strategic_list(list, patch, key),
                None if MERGED_SETS.contains(&field) => {
                    patch.iter().for_each(|value| {
                        if !list.contains(value) {
                            list.push(value.clone())
                        }
                    });
                }
                None => *list = patch.clone(),
            }
        }
        (target, patch) => *target = without_directives(patch),
    }
}

fn strategic_map(target: &mut Map<String, Value>, patch: &Map<String, Value>) {
    if patch.get("$patch").is_some_and(|directive| directive == "replace") {
        target.clear();
    }
    for (name, value) in patch {
        if let Some(list) = name.strip_prefix("$deleteFromPrimitiveList/") {
            let gone = value.as_array().cloned().unwrap_or_default();
            if let Some(list) = target.get_mut(list).and_then(Value::as_array_mut) {
                list.retain(|item| !gone.contains(item));
            }
        } else if name.starts_with('$') {
            // $setElementOrder and $retainKeys: nothing here depends on order or unions.
        } else if value.is_null() || value["$patch"] == "delete" {
            target.remove(name);
        } else {
            match target.get_mut(name) {
                Some(found) => strategic(found, value, name),
                None => {
                    target.insert(name.clone(), without_directives(value));
                }
            }
        }
    }
}

fn strategic_list(list: &mut Vec<Value>, patch: &[Value], key: &str) {
    if patch.iter().any(|item| item["$patch"] == "replace") {
        *list = patch.iter().filter(|item| item["$patch"] != "replace").cloned().collect();
        return;
    }
    for item in patch {
        let index = list.iter().position(|found| found[key] == item[key]);
        match (index, item["$patch"] == "delete") {
            (Some(index), true) => drop(list.remove(index)),
            (Some(index), false) => strategic(&mut list[index], item, ""),
            (None, true) => {}
            (None, false) => list.push(without_directives(item)),
        }
    }
}

fn without_directives(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let kept = map.iter().filter(|(name, value)| !name.starts_with('$') && !value.is_null());
            Value::Object(kept.map(|(name, value)| (name.clone(), without_directives(value))).collect())
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn lists_merge_by_their_key() {
        let mut service = json!({"spec": {"ports": [{"port": 1, "name": "a"}, {"port": 2}], "type": "ClusterIP"}});
        let body = json!({"spec": {"$setElementOrder/ports": [{"port": 1}], "ports": [{"port": 1, "name": "b"}, {"port": 2, "$patch": "delete"}], "type": null}});
        strategic(&mut service, &body, "");
        assert_eq!(service, json!({"spec": {"ports": [{"port": 1, "name": "b"}]}}));
    }
}
