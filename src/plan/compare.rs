//! Compares a live object with the planned one, and decides what to do.

use std::fmt;

use serde_json::Value;

use crate::{metadata, object::Kind};

use super::{Object, Quantity};

/// Whether the live object contains every planned field. Items of a list with names are matched by name, so that items added by
/// admission are no difference. Other lists must match item by item.
pub(crate) fn contains(live: &Value, planned: &Value) -> bool {
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

/// The action that a live object needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    /// Nothing.
    Unchanged,
    /// A server-side apply.
    Update,
    /// A server-side apply, which also starts a VM that someone stopped.
    UpdateAndStart,
}

/// Compares a live object with the planned one, whose JSON is `wanted`. Of Secrets and Services only metadata is known. Their hash annotation stands for
/// the content, and the field managers show whether someone else changed it.
pub(crate) fn action(live: &Value, planned: &Object, wanted: &Value) -> Action {
    let same = match planned.kind {
        Kind::Vm => contains(live, wanted),
        _ => contains(&live["metadata"], &wanted["metadata"]) && ["data", "spec"].iter().all(|part| is_owned(live, part, &wanted[*part])),
    };
    if same {
        Action::Unchanged
    } else if planned.kind == Kind::Vm && live["spec"]["runStrategy"] == "Halted" {
        Action::UpdateAndStart
    } else {
        Action::Update
    }
}

/// Whether our field managers own every planned field below a part of the object; true if the server does not track managers.
fn is_owned(live: &Value, part: &str, planned: &Value) -> bool {
    let Some(entries) = live["metadata"]["managedFields"].as_array() else { return true };
    let (ours, others): (Vec<_>, Vec<_>) = entries.iter().partition(|entry| metadata::is_own_manager(entry));
    let fields = |entries: Vec<&'_ Value>| entries.into_iter().map(|entry| entry["fieldsV1"].clone()).collect::<Vec<_>>();
    planned.is_null() || owned(&fields(ours), &fields(others), &format!("f:{part}"), planned)
}

/// A field of ours without fields below it is owned whole, as a Service's selector is, unless others own fields below it. A list
/// counts as one field.
fn owned(ours: &[Value], others: &[Value], key: &str, planned: &Value) -> bool {
    let below = |fields: &[Value]| fields.iter().filter_map(|field| field.get(key).cloned()).collect::<Vec<_>>();
    let (ours, others) = (below(ours), below(others));
    let is_leaf = |field: &Value| field.as_object().is_some_and(serde_json::Map::is_empty);
    match planned {
        _ if ours.is_empty() => false,
        _ if ours.iter().any(is_leaf) && others.iter().all(is_leaf) => true,
        Value::Object(map) => map.iter().all(|(name, value)| owned(&ours, &others, &format!("f:{name}"), value)),
        _ => true,
    }
}

/// The data disk of a VM, as far as it cannot change in place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum DiskState {
    /// A DataVolume.
    DataVolume {
        /// Its size, a quantity.
        size: String,
        /// Its StorageClass; `None` for the cluster's default.
        class: Option<String>,
    },
    /// An emptyDisk.
    EmptyDisk,
    /// No data disk.
    None,
}

impl fmt::Display for DiskState {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DataVolume { size, class: Some(class) } => write!(formatter, "a DataVolume of {size} in class {class}"),
            Self::DataVolume { size, class: None } => write!(formatter, "a DataVolume of {size}"),
            Self::EmptyDisk => formatter.write_str("an emptyDisk"),
            Self::None => formatter.write_str("no data disk"),
        }
    }
}

/// A change of a data disk, which is not possible in place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DiskChange {
    /// The VM.
    pub vm: String,
    /// Its live data disk.
    pub live: DiskState,
    /// The planned one.
    pub planned: DiskState,
}

impl fmt::Display for DiskChange {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} is {}, requested {}", self.vm, self.live, self.planned)
    }
}

/// The difference between the data disks of a live VM and of the planned one.
pub(crate) fn disk_change(live: &Value, planned: &Object, wanted: &Value) -> Option<DiskChange> {
    if planned.kind != Kind::Vm {
        return None;
    }
    let (live, wanted) = (disk_state(live), disk_state(wanted));
    (live != wanted).then(|| DiskChange { vm: planned.name.clone(), live, planned: wanted })
}

fn disk_state(vm: &Value) -> DiskState {
    let template = &vm["spec"]["dataVolumeTemplates"][0]["spec"]["storage"];
    let has_empty_disk =
        vm["spec"]["template"]["spec"]["volumes"].as_array().into_iter().flatten().any(|volume| volume.get("emptyDisk").is_some());
    match template["resources"]["requests"]["storage"].as_str() {
        Some(size) => DiskState::DataVolume {
            size: size.parse::<Quantity>().map_or_else(|_| size.to_owned(), |size| size.to_string()),
            class: template["storageClassName"].as_str().map(str::to_owned),
        },
        None if has_empty_disk => DiskState::EmptyDisk,
        None => DiskState::None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_added_by_the_server_are_no_difference() {
        let planned = json!({"disks": [{"name": "root", "disk": {"bus": "virtio"}}], "rng": {}});
        let live = json!({"disks": [{"name": "root", "disk": {"bus": "virtio"}, "bootOrder": 1}, {"name": "more"}], "rng": {}, "tpm": {}});
        assert!(contains(&live, &planned));
    }

    #[test]
    fn a_field_changed_by_another_manager_is_not_owned() {
        let entry = |manager: &str, fields: Value| json!({"manager": manager, "operation": "Update", "fieldsV1": fields});
        let data = || json!({"f:data": {".": {}, "f:userdata": {}}});
        let live = |entries: &[Value]| json!({"metadata": {"managedFields": entries}});
        let planned = json!({"userdata": "YQ=="});
        assert!(is_owned(&live(&[entry("virtwork", data())]), "data", &planned));
        let mut applied = data();
        applied["f:metadata"] = json!({"f:annotations": {"f:virtwork/plan": {}}});
        assert!(is_owned(&live(&[entry("kubectl-client-side-apply", applied)]), "data", &planned));
        assert!(!is_owned(&live(&[entry("virtwork", json!({"f:type": {}})), entry("kubectl-patch", data())]), "data", &planned));
        let node = json!({"f:data": {}});
        assert!(!is_owned(
            &live(&[entry("virtwork", node.clone()), entry("kubectl-patch", json!({"f:data": {"f:userdata": {}}}))]),
            "data",
            &planned
        ));
        assert!(is_owned(&live(&[entry("virtwork", node)]), "data", &planned));
        assert!(is_owned(&json!({"metadata": {}}), "data", &planned));
    }

    #[test]
    fn removed_and_changed_fields_are_a_difference() {
        assert!(!contains(&json!({}), &json!({"rng": {}})), "an empty struct means something by being there");
        assert!(!contains(&json!({"a": 1}), &json!({"a": 2})));
        assert!(!contains(&json!({"list": ["a", "b"]}), &json!({"list": ["a"]})));
        assert!(!contains(&json!({"disks": [{"name": "b"}]}), &json!({"disks": [{"name": "a"}]})));
    }
}
