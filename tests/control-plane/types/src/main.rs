//! Definitions for an API server, where KubeVirt's own are not at hand: its types by the schema of a crate, CDI's without one.

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

fn main() {
    let mut instance = VirtualMachineInstance::crd();
    // KubeVirt's has none: its status is part of the main resource.
    instance.spec.versions.iter_mut().for_each(|version| version.subresources = None);
    let own = json!([VirtualMachine::crd(), instance, KubeVirt::crd()]);
    let mut items = own.as_array().cloned().unwrap_or_default();
    items.extend([open("DataVolume", "datavolumes", "Namespaced"), open("StorageProfile", "storageprofiles", "Cluster")]);
    println!("{}", json!({"apiVersion": "v1", "kind": "List", "items": items}));
}
