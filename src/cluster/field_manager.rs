//! Who owns which field: what our POST left (`Update`), or `kubectl apply` of what a dry run printed, becomes that of an apply, so
//! that a field dropped from the plan is dropped from the object. Source of the technique: `k8s.io/client-go/util/csaupgrade`.

use serde_json::{Value, json};

use crate::plan::metadata;

/// The field of the annotation in which kubectl keeps what it applied last.
const LAST_APPLIED: &str = "f:kubectl.kubernetes.io/last-applied-configuration";

/// The JSON patch that makes of the `Update` entries that are ours an `Apply` one, where there are any.
pub fn patch(live: &Value) -> Option<json_patch::Patch> {
    let entries = live["metadata"]["managedFields"].as_array()?.clone();
    let ours = |entry: &Value| metadata::is_own_manager(entry) && entry["subresource"].is_null() && entry["operation"] == "Update";
    let (updates, mut entries): (Vec<_>, Vec<_>) = entries.into_iter().partition(ours);
    let mut ours = updates.first()?.clone();
    ours["manager"] = metadata::VIRTWORK.into();
    ours["operation"] = "Apply".into();
    ours["fieldsV1"] = json!({});
    let earlier = entries.iter().position(|entry| entry["manager"] == metadata::VIRTWORK && entry["operation"] == "Apply");
    let earlier = earlier.map(|index| entries.remove(index));
    for mut entry in earlier.into_iter().chain(updates) {
        // kubectl's note of what it applied last stays kubectl's: taken over, it would be dropped.
        let annotations = entry["fieldsV1"]["f:metadata"]["f:annotations"].as_object_mut();
        let note = annotations.and_then(|annotations| annotations.remove_entry(LAST_APPLIED));
        unite(&mut ours["fieldsV1"], &entry["fieldsV1"]);
        if let Some((name, field)) = note {
            entry["fieldsV1"] = json!({"f:metadata": {"f:annotations": {name: field}}});
            entries.push(entry);
        }
    }
    entries.push(ours);
    let patch = json!([
        {"op": "replace", "path": "/metadata/managedFields", "value": entries},
        {"op": "replace", "path": "/metadata/resourceVersion", "value": live["metadata"]["resourceVersion"]},
    ]);
    serde_json::from_value(patch).ok()
}

/// The union of two field sets, which are trees of keys.
fn unite(into: &mut Value, from: &Value) {
    if let (Value::Object(into), Value::Object(from)) = (into, from) {
        for (key, value) in from {
            unite(into.entry(key.clone()).or_insert_with(|| json!({})), value);
        }
    }
}
