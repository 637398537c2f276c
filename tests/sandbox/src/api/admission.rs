//! Admission of pods beyond quotas: LimitRange and Pod Security, as far as launcher pods come to feel them.
//!
//! Sources: k8s.io/kubernetes `plugin/pkg/admission/limitranger`, k8s.io/pod-security-admission.

use serde_json::Value;

use super::{
    objects::mebibytes,
    status::{Answer, Failure},
    store::Store,
};

/// The label of a namespace with its Pod Security level.
const LEVEL: &str = "pod-security.kubernetes.io/enforce";

/// Refuses pods that the namespace does not allow.
pub fn admit_pod(store: &Store, namespace: &str, pod: &Value) -> Answer<()> {
    let name = pod["metadata"]["name"].as_str().unwrap_or_default();
    let found = store.list("namespaces", None).find(|(key, _)| key.name == namespace);
    if found.is_some_and(|(_, found)| found["metadata"]["labels"][LEVEL] == "restricted") {
        let why = "violates PodSecurity \"restricted:latest\": seccompProfile (pod or containers must set securityContext.seccompProfile.type to \
                   \"RuntimeDefault\" or \"Localhost\")";
        return Err(Failure::new(403, "Forbidden", format!("pods {name:?} is forbidden: {why}")));
    }
    let requested = &pod["spec"]["containers"][0]["resources"]["requests"]["memory"];
    for (_, limits) in store.list("limitranges", Some(namespace)) {
        for limit in limits["spec"]["limits"].as_array().into_iter().flatten().filter(|limit| limit["type"] == "Container") {
            let most = &limit["max"]["memory"];
            if mebibytes(requested) > mebibytes(most).max(1) && most.is_string() {
                let most = most.as_str().unwrap_or_default();
                let message = format!(
                    "Pod {name:?} is invalid: spec.containers[0].resources.requests: Invalid value: {requested}: must be less than or equal to \
                     memory limit of {most}"
                );
                return Err(Failure::new(422, "Invalid", message));
            }
        }
    }
    Ok(())
}
