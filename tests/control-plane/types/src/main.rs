//! Definitions for an API server if KubeVirt's own are not available: its types with the schema of a crate, CDI's without one.

use k8s_crds_kube_virt::{kubevirts::KubeVirt, virtualmachineinstances::VirtualMachineInstance, virtualmachines::VirtualMachine};
use kube::CustomResourceExt as _;
use serde_json::{Value, json};

fn open(kind: &str, plural: &str, scope: &str) -> Value {
    let schema = json!({"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}});
    let version = json!({"name": "v1beta1", "served": true, "storage": true, "schema": schema, "subresources": {"status": {}}});
    let names = json!({"kind": kind, "plural": plural, "singular": kind.to_lowercase(), "listKind": format!("{kind}List")});
    json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": format!("{plural}.cdi.kubevirt.io")},
        "spec": {"group": "cdi.kubevirt.io", "scope": scope, "names": names, "versions": [version]}})
}

/// A schema as an API server takes it and KubeVirt's components fill it: the crate's has `null` among the values of optional
/// enumerations, lets nothing stay below objects that it leaves open, as the metadata of a template, and wants reason and message
/// in every condition of a status, which KubeVirt leaves out where they are empty.
fn as_served(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            if let Some(Value::Array(allowed)) = fields.get_mut("enum") {
                allowed.retain(|value| !value.is_null());
            }
            if let Some(items) =
                fields.get_mut("conditions").and_then(|conditions| conditions.get_mut("items")).and_then(Value::as_object_mut)
            {
                items.remove("required");
            }
            if fields.get("additionalProperties") == Some(&Value::Bool(true)) {
                fields.remove("additionalProperties");
                fields.insert("x-kubernetes-preserve-unknown-fields".to_owned(), Value::Bool(true));
            }
            fields.values_mut().for_each(as_served);
        }
        Value::Array(items) => items.iter_mut().for_each(as_served),
        _ => {}
    }
}

/// A column of `kubectl get`, which the crate leaves out (KubeVirt `pkg/virt-operator/resource/generate/components/crds.go`).
fn column(name: &str, path: &str) -> Value {
    json!({"name": name, "type": "string", "jsonPath": path})
}

fn main() {
    let mut instance = VirtualMachineInstance::crd();
    // KubeVirt's has none: its status is part of the main resource.
    instance.spec.versions.iter_mut().for_each(|version| version.subresources = None);
    let ready = column("Ready", ".status.conditions[?(@.type=='Ready')].status");
    let columns = [
        json!([column("Status", ".status.printableStatus"), ready]),
        json!([
            column("Phase", ".status.phase"),
            column("IP", ".status.interfaces[0].ipAddress"),
            column("NodeName", ".status.nodeName"),
            ready
        ]),
        json!([]),
    ];
    let mut items = Vec::new();
    for (definition, columns) in [VirtualMachine::crd(), instance, KubeVirt::crd()].into_iter().zip(columns) {
        let mut definition = json!(definition);
        definition["spec"]["versions"][0]["additionalPrinterColumns"] = columns;
        items.push(definition);
    }
    items.extend([open("DataVolume", "datavolumes", "Namespaced"), open("StorageProfile", "storageprofiles", "Cluster")]);
    items.iter_mut().for_each(as_served);
    println!("{}", json!({"apiVersion": "v1", "kind": "List", "items": items}));
}
