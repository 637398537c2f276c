//! Sets of fields in the form of `FieldsV1`.
//!
//! Source of the form: sigs.k8s.io/structured-merge-diff, `fieldpath/serialize.go`: `f:NAME` a field, `k:{...}` the item of a
//! list by its key, `v:VALUE` the item of a set, `.` the node itself.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// A tree of owned fields. `own` means that the node itself is owned, not only fields below it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fields {
    own: bool,
    below: BTreeMap<String, Fields>,
}

/// How the items of a list are identified.
enum ListType {
    Atomic,
    Set,
    Map(&'static [&'static str]),
}

/// By the name of the list's field. Lists of custom resources are atomic unless their definition says otherwise, which none of
/// these does; metadata is Kubernetes' own. (Source: `+listType` markers in k8s.io/api and k8s.io/apimachinery.)
fn list_type(custom: bool, path: &[String]) -> ListType {
    let names: Vec<&str> = path.iter().map(|part| part.strip_prefix("f:").unwrap_or(part)).collect();
    match names[..] {
        ["metadata", "finalizers"] => ListType::Set,
        ["metadata", "ownerReferences"] => ListType::Map(&["uid"]),
        _ if custom => ListType::Atomic,
        ["spec", "ports"] => ListType::Map(&["port", "protocol"]),
        ["status", "conditions"] => ListType::Map(&["type"]),
        _ => ListType::Atomic,
    }
}

/// Maps that are owned and replaced as a whole. (Source: `+mapType=atomic` markers in k8s.io/api.)
fn is_atomic_map(custom: bool, path: &[String]) -> bool {
    !custom && path.len() == 2 && path[0] == "f:spec" && ["f:selector", "f:nodeSelector"].contains(&path[1].as_str())
}

/// The items of a list by their key in a field set; `None` for an atomic list.
fn items<'a>(list: &'a [Value], custom: bool, path: &[String]) -> Option<BTreeMap<String, &'a Value>> {
    let name = |item: &Value| match list_type(custom, path) {
        ListType::Atomic => None,
        ListType::Set => Some(format!("v:{item}")),
        ListType::Map(keys) => {
            let default = |key: &str| if key == "protocol" { json!("TCP") } else { Value::Null };
            let key: Map<_, _> =
                keys.iter().map(|key| ((*key).to_owned(), item.get(key).cloned().unwrap_or_else(|| default(key)))).collect();
            Some(format!("k:{}", Value::Object(key)))
        }
    };
    if matches!(list_type(custom, path), ListType::Atomic) {
        return None;
    }
    list.iter().map(|item| Some((name(item)?, item))).collect()
}

impl Fields {
    /// All fields of an object that can be owned. An apply owns leaves, an update also the nodes above them.
    pub fn of(object: &Value, custom: bool, nodes: bool) -> Self {
        let mut object = object.clone();
        strip(&mut object);
        Self::below(&object, custom, nodes, &mut Vec::new())
    }

    fn below(value: &Value, custom: bool, nodes: bool, path: &mut Vec<String>) -> Self {
        let children: BTreeMap<String, &Value> = match value {
            Value::Object(map) if !is_atomic_map(custom, path) => map.iter().map(|(name, value)| (format!("f:{name}"), value)).collect(),
            Value::Array(list) => items(list, custom, path).unwrap_or_default(),
            _ => BTreeMap::new(),
        };
        let own = path.is_empty() || nodes || children.is_empty() || path.last().is_some_and(|part| part.starts_with("k:"));
        let mut below = BTreeMap::new();
        for (name, child) in children {
            path.push(name.clone());
            below.insert(name, Self::below(child, custom, nodes, path));
            path.pop();
        }
        Self { own: own && !path.is_empty(), below }
    }

    /// The fields that differ between two objects: new, changed and removed ones.
    pub fn changed(old: &Value, new: &Value, custom: bool) -> (Self, Self) {
        let (before, after) = (Self::of(old, custom, true), Self::of(new, custom, true));
        let gone = before.minus(&after);
        let mut changed = after.clone();
        changed.retain(&mut Vec::new(), &mut |path, leaf| {
            let (a, b) = (lookup(old, path, custom), lookup(new, path, custom));
            // A node with fields below it changes only when it is created.
            if leaf { a != b } else { a.is_none() }
        });
        (changed, gone)
    }

    fn retain(&mut self, path: &mut Vec<String>, keep: &mut impl FnMut(&[String], bool) -> bool) {
        if self.own {
            self.own = keep(path, self.below.is_empty());
        }
        self.below.retain(|name, child| {
            path.push(name.clone());
            child.retain(path, keep);
            path.pop();
            !child.is_empty()
        });
    }

    pub fn is_empty(&self) -> bool {
        !self.own && self.below.is_empty()
    }

    pub fn union(&mut self, other: &Self) {
        self.own |= other.own;
        for (name, child) in &other.below {
            self.below.entry(name.clone()).or_default().union(child);
        }
    }

    pub fn minus(&self, other: &Self) -> Self {
        let below = self.below.iter().map(|(name, child)| {
            let left = other.below.get(name).map_or_else(|| child.clone(), |theirs| child.minus(theirs));
            (name.clone(), left)
        });
        Self { own: self.own && !other.own, below: below.filter(|(_, child)| !child.is_empty()).collect() }
    }

    /// The fields in which `value` and `applied` differ.
    pub fn conflicts(&self, applied_fields: &Self, live: &Value, applied: &Value, custom: bool) -> Self {
        let mut both = self.minus(&self.minus(applied_fields));
        both.retain(&mut Vec::new(), &mut |path, leaf| leaf && lookup(live, path, custom) != lookup(applied, path, custom));
        both
    }

    /// Removes the owned fields from an object, and nodes that become empty if they are owned too.
    pub fn remove_from(&self, object: &mut Value, custom: bool) {
        self.remove_below(object, custom, &mut Vec::new());
    }

    fn remove_below(&self, value: &mut Value, custom: bool, path: &mut Vec<String>) {
        for (name, child) in &self.below {
            path.push(name.clone());
            let whole = child.own && child.below.is_empty();
            match value {
                Value::Object(map) => {
                    let field = name.trim_start_matches("f:");
                    if whole {
                        map.remove(field);
                    } else if let Some(inner) = map.get_mut(field) {
                        child.remove_below(inner, custom, path);
                        if child.own && is_hollow(inner) {
                            map.remove(field);
                        }
                    }
                }
                Value::Array(list) => {
                    let parent = &path[..path.len() - 1];
                    let found = items(list, custom, parent).and_then(|items| {
                        let item = (*items.get(name)?).clone();
                        list.iter().position(|other| *other == item)
                    });
                    if let Some(index) = found {
                        if child.own {
                            list.remove(index);
                        } else {
                            child.remove_below(&mut list[index], custom, path);
                        }
                    }
                }
                _ => {}
            }
            path.pop();
        }
    }

    pub fn to_json(&self) -> Value {
        let mut map: Map<_, _> = self.below.iter().map(|(name, child)| (name.clone(), child.to_json())).collect();
        if self.own && !self.below.is_empty() {
            map.insert(".".to_owned(), json!({}));
        }
        Value::Object(map)
    }

    pub fn from_json(value: &Value) -> Self {
        Self::read(value, true)
    }

    fn read(value: &Value, root: bool) -> Self {
        let Some(map) = value.as_object() else { return Self::default() };
        let own = !root && (map.is_empty() || map.contains_key("."));
        let below = map.iter().filter(|(name, _)| *name != ".").map(|(name, child)| (name.clone(), Self::read(child, false)));
        Self { own, below: below.collect() }
    }

    /// `.spec.template`, for messages about conflicts.
    pub fn paths(&self) -> Vec<String> {
        let mut found = Vec::new();
        self.clone().retain(&mut Vec::new(), &mut |path, _| {
            found.push(path.iter().map(|part| format!(".{}", part.trim_start_matches("f:"))).collect());
            true
        });
        found
    }
}

fn is_hollow(value: &Value) -> bool {
    value.as_object().is_some_and(Map::is_empty) || value.as_array().is_some_and(Vec::is_empty)
}

fn lookup<'a>(object: &'a Value, path: &[String], custom: bool) -> Option<&'a Value> {
    let mut value = object;
    for (depth, part) in path.iter().enumerate() {
        value = match value {
            Value::Object(map) => map.get(part.strip_prefix("f:")?)?,
            Value::Array(list) => items(list, custom, &path[..depth])?.get(part).copied()?,
            _ => return None,
        };
    }
    Some(value)
}

/// Removes fields that no manager owns. Source: k8s.io/apimachinery `managedfields/internal/stripmeta.go`.
fn strip(object: &mut Value) {
    let Some(map) = object.as_object_mut() else { return };
    map.remove("apiVersion");
    map.remove("kind");
    if let Some(metadata) = map.get_mut("metadata").and_then(Value::as_object_mut) {
        for name in ["name", "namespace", "creationTimestamp", "selfLink", "uid", "generation", "managedFields", "resourceVersion"] {
            metadata.remove(name);
        }
        if metadata.is_empty() {
            map.remove("metadata");
        }
    }
}

/// Merges an applied configuration into a live object.
pub fn overlay(live: &mut Value, applied: &Value, custom: bool) {
    lay(live, applied, custom, &mut Vec::new());
}

fn lay(live: &mut Value, applied: &Value, custom: bool, path: &mut Vec<String>) {
    match (live, applied) {
        (Value::Object(live), Value::Object(applied)) if !is_atomic_map(custom, path) => {
            for (name, value) in applied {
                path.push(format!("f:{name}"));
                match live.get_mut(name) {
                    Some(found) => lay(found, value, custom, path),
                    None => {
                        live.insert(name.clone(), value.clone());
                    }
                }
                path.pop();
            }
        }
        (Value::Array(list), Value::Array(wanted)) if items(wanted, custom, path).is_some() => {
            for (name, item) in items(wanted, custom, path).unwrap_or_default() {
                let known = items(list, custom, path).and_then(|items| items.get(&name).map(|item| (*item).clone()));
                match known.and_then(|known| list.iter().position(|other| *other == known)) {
                    Some(index) => {
                        path.push(name);
                        lay(&mut list[index], item, custom, path);
                        path.pop();
                    }
                    None => list.push(item.clone()),
                }
            }
        }
        (live, applied) => *live = applied.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_apply_owns_leaves_and_an_update_also_nodes() {
        let object = json!({"kind": "X", "metadata": {"name": "a", "labels": {"b": "c"}}, "spec": {"list": [1], "empty": {}}});
        let leaves = json!({"f:metadata": {"f:labels": {"f:b": {}}}, "f:spec": {"f:empty": {}, "f:list": {}}});
        assert_eq!(Fields::of(&object, true, false).to_json(), leaves);
        assert_eq!(Fields::of(&object, true, true).to_json()["f:metadata"]["f:labels"], json!({".": {}, "f:b": {}}));
        assert_eq!(Fields::from_json(&leaves).to_json(), leaves);
    }

    #[test]
    fn ports_of_a_service_have_keys() {
        let mut live = json!({"spec": {"ports": [{"port": 1, "protocol": "TCP", "name": "a"}, {"port": 2, "protocol": "TCP"}]}});
        overlay(&mut live, &json!({"spec": {"ports": [{"port": 1, "name": "b"}]}}), false);
        assert_eq!(live["spec"]["ports"][0]["name"], "b");
        Fields::of(&json!({"spec": {"ports": [{"port": 2}]}}), false, false).remove_from(&mut live, false);
        assert_eq!(live["spec"]["ports"].as_array().unwrap().len(), 1);
    }

    #[test]
    fn what_changed() {
        let (changed, gone) = Fields::changed(&json!({"a": 1, "b": {"c": 1}}), &json!({"a": 2, "d": 1}), true);
        assert_eq!(changed.to_json(), json!({"f:a": {}, "f:d": {}}));
        assert_eq!(gone.to_json(), json!({"f:b": {".": {}, "f:c": {}}}));
    }
}
