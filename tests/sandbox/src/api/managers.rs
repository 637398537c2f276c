//! `metadata.managedFields`: updated on every write, and the basis of server-side apply.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    fields::{Fields, overlay},
    resource::Resource,
    status::{Answer, Failure},
};

/// A writer and its operation.
#[derive(Debug, Clone)]
pub struct Manager {
    pub name: String,
    /// `Apply` or `Update`.
    pub operation: &'static str,
    /// `status`, or empty.
    pub subresource: Option<String>,
}

struct Entry {
    value: Value,
    fields: Fields,
}

fn read(object: &Value) -> Vec<Entry> {
    let entries = object["metadata"]["managedFields"].as_array().cloned().unwrap_or_default();
    entries
        .into_iter()
        .filter(|entry| entry["manager"].is_string())
        .map(|value| Entry { fields: Fields::from_json(&value["fieldsV1"]), value })
        .collect()
}

/// A manager in the words of a conflict.
fn holder(entry: &Value) -> String {
    let text = |name: &str| entry[name].as_str().unwrap_or_default();
    match text("operation") {
        "Update" => format!("{:?} using {}", text("manager"), text("apiVersion")),
        _ => format!("{:?}", text("manager")),
    }
}

fn refusal(conflicts: &[(String, String)]) -> String {
    if let [(holder, path)] = conflicts {
        return format!("Apply failed with 1 conflict: conflict with {holder}: {path}");
    }
    let mut by_holder: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    conflicts.iter().for_each(|(holder, path)| by_holder.entry(holder).or_default().push(path));
    let lines = by_holder.into_iter().map(|(holder, paths)| format!("conflicts with {holder}:\n- {}", paths.join("\n- ")));
    format!("Apply failed with {} conflicts: {}", conflicts.len(), lines.collect::<Vec<_>>().join("\n"))
}

fn write(object: &mut Value, entries: Vec<Entry>) {
    let entries: Vec<_> = entries
        .into_iter()
        .filter(|entry| !entry.fields.is_empty())
        .map(|Entry { mut value, fields }| {
            value["fieldsV1"] = fields.to_json();
            value
        })
        .collect();
    let Some(metadata) = object["metadata"].as_object_mut() else { return };
    if entries.is_empty() {
        metadata.remove("managedFields");
    } else {
        metadata.insert("managedFields".to_owned(), Value::Array(entries));
    }
}

impl Manager {
    fn is(&self, entry: &Value) -> bool {
        let subresource = entry.get("subresource").and_then(Value::as_str).filter(|text| !text.is_empty());
        entry["manager"] == self.name.as_str() && entry["operation"] == self.operation && subresource == self.subresource.as_deref()
    }

    fn entry(&self, resource: &Resource, now: &str) -> Value {
        let mut entry = json!({"manager": self.name, "operation": self.operation, "apiVersion": resource.api_version(),
            "fieldsType": "FieldsV1", "time": now});
        if let Some(subresource) = &self.subresource {
            entry["subresource"] = json!(subresource);
        }
        entry
    }

    /// Updates the entries after a create, update or patch: changed fields belong to this manager. The entries come from the new
    /// object, so that a client can edit them.
    pub fn record(&self, resource: &Resource, old: &Value, new: &mut Value, now: &str) {
        let (changed, gone) = Fields::changed(old, new, resource.is_custom());
        let edited = old["metadata"]["managedFields"] != new["metadata"]["managedFields"] && !old.is_null();
        if changed.is_empty() && gone.is_empty() {
            if !edited && let Some(metadata) = new["metadata"].as_object_mut() {
                metadata.remove("managedFields");
                old["metadata"].get("managedFields").map(|entries| metadata.insert("managedFields".to_owned(), entries.clone()));
            }
            return;
        }
        let mut entries = read(if edited && !read(new).is_empty() { new } else { old });
        let mut mine = None;
        for entry in &mut entries {
            if self.is(&entry.value) {
                entry.fields.union(&changed);
                entry.fields = entry.fields.minus(&gone);
                entry.value["time"] = json!(now);
                mine = Some(());
            } else {
                entry.fields = entry.fields.minus(&changed).minus(&gone);
            }
        }
        if mine.is_none() {
            entries.push(Entry { value: self.entry(resource, now), fields: changed });
        }
        write(new, entries);
    }

    /// Server-side apply: merges the applied object into the live one, and removes what this manager applied before and omits now.
    pub fn apply(&self, resource: &Resource, live: &Value, applied: &Value, force: bool, now: &str) -> Answer<Value> {
        let custom = resource.is_custom();
        let fields = Fields::of(applied, custom, false);
        let mut entries = read(live);
        let mut conflicts = Vec::new();
        for entry in entries.iter_mut().filter(|entry| !self.is(&entry.value)) {
            let conflict = entry.fields.conflicts(&fields, live, applied, custom);
            if !conflict.is_empty() {
                let holder = holder(&entry.value);
                conflicts.extend(conflict.paths().into_iter().map(|path| (holder.clone(), path)));
                entry.fields = entry.fields.minus(&conflict);
            }
        }
        if !conflicts.is_empty() && !force {
            return Err(Failure::new(409, "Conflict", refusal(&conflicts)));
        }
        let mut new = live.clone();
        let index = entries.iter().position(|entry| self.is(&entry.value));
        if let Some(index) = index {
            let others = entries.iter().enumerate().filter(|(other, _)| *other != index);
            let mut kept = fields.clone();
            others.for_each(|(_, entry)| kept.union(&entry.fields));
            entries[index].fields.minus(&kept).remove_from(&mut new, custom);
        }
        overlay(&mut new, applied, custom);
        let same = index.is_some_and(|index| entries[index].fields == fields) && conflicts.is_empty();
        match index {
            Some(index) if same => entries[index].fields = fields,
            Some(index) => {
                entries[index].fields = fields;
                entries[index].value["time"] = json!(now);
            }
            None => entries.push(Entry { value: self.entry(resource, now), fields }),
        }
        write(&mut new, entries);
        Ok(new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::resource::resources;

    fn manager(name: &str, operation: &'static str) -> Manager {
        Manager { name: name.to_owned(), operation, subresource: None }
    }

    #[test]
    fn a_field_omitted_from_the_next_apply_is_removed() {
        let all = resources(&[]);
        let vm = all.iter().find(|resource| resource.plural == "virtualmachines").unwrap();
        let me = manager("me", "Apply");
        let first = me.apply(vm, &json!({"metadata": {}}), &json!({"spec": {"a": 1, "b": {"c": 2}}}), false, "t").unwrap();
        let second = me.apply(vm, &first, &json!({"spec": {"a": 1}}), false, "t").unwrap();
        assert_eq!(second["spec"], json!({"a": 1, "b": {}}));
        let other = manager("other", "Apply");
        let refused = other.apply(vm, &second, &json!({"spec": {"a": 3}}), false, "t").unwrap_err();
        assert_eq!((refused.code, refused.message.contains("conflict with \"me\": .spec.a")), (409, true), "{}", refused.message);
        let forced = other.apply(vm, &second, &json!({"spec": {"a": 3}}), true, "t").unwrap();
        assert_eq!(forced["spec"]["a"], 3);
        assert_eq!(forced["metadata"]["managedFields"].as_array().unwrap().len(), 1, "{forced}");
    }

    #[test]
    fn an_update_owns_the_fields_it_changes() {
        let all = resources(&[]);
        let mut new = json!({"metadata": {}, "spec": {"a": 2}});
        let old = manager("me", "Apply").apply(&all[0], &json!({"metadata": {}}), &json!({"spec": {"a": 1, "b": 1}}), false, "t").unwrap();
        new["spec"]["b"] = json!(1);
        new["metadata"] = old["metadata"].clone();
        manager("you", "Update").record(&all[0], &old, &mut new, "t");
        assert_eq!(new["metadata"]["managedFields"][0]["fieldsV1"], json!({"f:spec": {"f:b": {}}}));
        assert_eq!(new["metadata"]["managedFields"][1]["fieldsV1"], json!({"f:spec": {"f:a": {}}}));
    }
}
