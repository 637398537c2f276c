//! Defaults that kube-apiserver sets. Source: `pkg/apis/core/v1/defaults.go` and the strategies under `pkg/registry/core`.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::resource::Resource;

/// Keeps a PVC while a pod uses it.
pub const CLAIM_PROTECTION: &str = "kubernetes.io/pvc-protection";

/// Defaults of a new object.
pub fn on_create(resource: &Resource, object: &mut Value) {
    match resource.plural.as_str() {
        "namespaces" => {
            let name = object["metadata"]["name"].clone();
            object["metadata"]["labels"]["kubernetes.io/metadata.name"] = name;
            object["spec"]["finalizers"] = json!(["kubernetes"]);
            object["status"] = json!({"phase": "Active"});
        }
        "pods" => object["status"] = json!({"phase": "Pending", "qosClass": "Burstable"}),
        "persistentvolumeclaims" => {
            object["status"] = json!({"phase": "Pending"});
            object["metadata"]["finalizers"] = json!([CLAIM_PROTECTION]);
        }
        _ => {}
    }
    on_update(resource, &Value::Null, object);
}

/// Defaults of every version of an object.
pub fn on_update(resource: &Resource, old: &Value, object: &mut Value) {
    match resource.plural.as_str() {
        "secrets" => secret(object),
        "services" => service(old, object),
        _ => {}
    }
}

fn secret(object: &mut Value) {
    default(object, "type", json!("Opaque"));
    let Some(map) = object.as_object_mut() else { return };
    if let Some(Value::Object(clear)) = map.remove("stringData") {
        for (name, value) in clear {
            object["data"][name] = json!(STANDARD.encode(value.as_str().unwrap_or_default()));
        }
    }
}

fn service(old: &Value, object: &mut Value) {
    let mut hasher = DefaultHasher::new();
    (object["metadata"]["namespace"].as_str(), object["metadata"]["name"].as_str()).hash(&mut hasher);
    let hash = hasher.finish();
    let address = old["spec"]["clusterIP"].as_str().map_or_else(|| format!("10.96.{}.{}", hash & 255, hash >> 8 & 255), str::to_owned);
    let spec = &mut object["spec"];
    default(spec, "type", json!("ClusterIP"));
    default(spec, "clusterIP", json!(address));
    default(spec, "clusterIPs", json!([address]));
    default(spec, "sessionAffinity", json!("None"));
    default(spec, "ipFamilies", json!(["IPv4"]));
    default(spec, "ipFamilyPolicy", json!("SingleStack"));
    default(spec, "internalTrafficPolicy", json!("Cluster"));
    for port in spec["ports"].as_array_mut().into_iter().flatten() {
        default(port, "protocol", json!("TCP"));
        let number = port["port"].clone();
        default(port, "targetPort", number);
    }
    default(object, "status", json!({"loadBalancer": {}}));
}

fn default(object: &mut Value, name: &str, value: Value) {
    if let Some(map) = object.as_object_mut() {
        map.entry(name).or_insert(value);
    }
}
