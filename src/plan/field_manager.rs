//! Moves fields to our server-side apply manager: those of our POST (`Update`), and those of `kubectl apply` with the output of a
//! dry run. Otherwise a field dropped from the plan would stay in the object. The technique is that of
//! `k8s.io/client-go/util/csaupgrade`.

use serde_json::{Value, json};

use crate::metadata;

/// The annotation in which kubectl keeps the last applied configuration.
const LAST_APPLIED: &str = "f:kubectl.kubernetes.io/last-applied-configuration";

/// The JSON patch that turns our `Update` entries into one `Apply` entry; `None` if there are none.
pub(crate) fn patch(live: &Value) -> Option<json_patch::Patch> {
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
        // kubectl keeps its own annotation: with our manager it would be dropped.
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

/// Merges two field sets, which are trees of keys.
fn unite(into: &mut Value, from: &Value) {
    if let (Value::Object(into), Value::Object(from)) = (into, from) {
        for (key, value) in from {
            unite(into.entry(key.clone()).or_insert_with(|| json!({})), value);
        }
    }
}
