//! Whether a live object is what the plan wants, and what it takes where it is not.

use serde_json::Value;

use super::{Object, metadata};

/// Whether every planned field is found in the live object. A list of named items is looked through by name, so that what
/// admission adds beside ours is no difference; any other list must match item by item.
pub fn contains(live: &Value, planned: &Value) -> bool {
    match (live, planned) {
        (Value::Object(live), Value::Object(planned)) => {
            planned.iter().all(|(key, value)| live.get(key).is_some_and(|found| contains(found, value)))
        }
        (Value::Array(live), Value::Array(planned)) => {
            if planned.iter().all(|item| item.get("name").is_some()) {
                planned.iter().all(|item| live.iter().any(|found| found.get("name") == item.get("name") && contains(found, item)))
            } else {
                live.len() == planned.len() && live.iter().zip(planned).all(|(live, planned)| contains(live, planned))
            }
        }
        _ => live == planned,
    }
}

/// What a live object needs to become what is planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Difference {
    /// Nothing.
    None,
    /// A server-side apply.
    Apply,
    /// The same, and somebody has stopped the machine.
    Start,
}

/// Compares a live object with the planned one. Of Secrets and Services only metadata is at hand: their hash speaks for them.
pub fn difference(live: &Value, planned: &Object) -> Difference {
    let wanted = planned.to_value();
    let same = match planned {
        Object::Machine(_) => contains(live, &wanted),
        Object::Secret(_) | Object::Service(_) => contains(&live["metadata"], &wanted["metadata"]),
    };
    if same {
        Difference::None
    } else if matches!(planned, Object::Machine(_)) && live["spec"]["runStrategy"] == "Halted" {
        Difference::Start
    } else {
        Difference::Apply
    }
}

/// What differs between the data disks of a live machine and of the planned one; they cannot change in place.
pub fn disk_change(live: &Value, planned: &Object) -> Option<String> {
    let Object::Machine(_) = planned else { return None };
    let wanted = planned.to_value();
    let describe = |machine: &Value| {
        let template = &machine["spec"]["dataVolumeTemplates"][0]["spec"]["storage"];
        let empty = machine["spec"]["template"]["spec"]["volumes"].as_array().into_iter().flatten().find_map(|v| v.get("emptyDisk"));
        match (template["resources"]["requests"]["storage"].as_str(), empty) {
            (Some(size), _) => match template["storageClassName"].as_str() {
                Some(class) => format!("a DataVolume of {size} in class {class}"),
                None => format!("a DataVolume of {size}"),
            },
            (None, Some(_)) => "an emptyDisk".to_owned(),
            (None, None) => "no data disk".to_owned(),
        }
    };
    let (before, after) = (describe(&live.clone()), describe(&wanted));
    (before != after).then(|| format!("has {before}, {after} is asked for"))
}

/// The boot hash of a template or instance: what a machine got, or would get, at its start.
pub fn boot_hash(metadata: &Value) -> Option<&str> {
    metadata["annotations"][metadata::BOOT_HASH].as_str()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_the_server_adds_is_no_difference() {
        let planned = json!({"disks": [{"name": "root", "disk": {"bus": "virtio"}}], "rng": {}});
        let live = json!({"disks": [{"name": "root", "disk": {"bus": "virtio"}, "bootOrder": 1}, {"name": "more"}], "rng": {}, "tpm": {}});
        assert!(contains(&live, &planned));
    }

    #[test]
    fn what_it_took_away_or_changed_is() {
        assert!(!contains(&json!({}), &json!({"rng": {}})), "an empty struct means something by being there");
        assert!(!contains(&json!({"a": 1}), &json!({"a": 2})));
        assert!(!contains(&json!({"list": ["a", "b"]}), &json!({"list": ["a"]})));
        assert!(!contains(&json!({"disks": [{"name": "b"}]}), &json!({"disks": [{"name": "a"}]})));
    }
}
