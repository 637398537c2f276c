//! The fields that are read from live VMs and VMIs. Everything else is dropped while parsing, to bound memory at 5,000 VMs.
//!
//! Source: kubevirt/kubevirt `staging/src/kubevirt.io/api/core/v1/types.go`.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use serde::{Deserialize, Deserializer};

use crate::plan::metadata;

/// A VirtualMachine or a VirtualMachineInstance.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct LiveObject {
    /// Name, labels, annotations and owners.
    pub metadata: Meta,
    /// The spec.
    pub spec: LiveSpec,
    /// The status.
    pub status: LiveStatus,
}

/// `spec` of a VM. Nothing is read from that of a VMI.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct LiveSpec {
    /// `Always`, or `Halted` if someone stopped it.
    pub run_strategy: String,
    /// The template of its next VMI.
    pub template: LiveTemplate,
}

/// `spec.template` of a VM.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct LiveTemplate {
    /// Labels and annotations of the VMI.
    pub metadata: Meta,
}

/// `status` of a VM or a VMI.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct LiveStatus {
    /// `printableStatus` of a VM.
    pub printable_status: String,
    /// Phase of a VMI.
    pub phase: String,
    /// Node of a VMI.
    #[serde(deserialize_with = "or_default")]
    pub node_name: String,
    /// Network interfaces of a VMI.
    #[serde(deserialize_with = "or_default")]
    pub interfaces: Vec<LiveInterface>,
    /// The conditions that explain the state.
    #[serde(deserialize_with = "used_conditions")]
    pub conditions: Vec<Condition>,
    /// The failed starts of a VM.
    #[serde(deserialize_with = "or_default")]
    pub start_failure: StartFailure,
}

/// A network interface of a VMI.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct LiveInterface {
    /// Its address in the pod network.
    pub ip_address: String,
}

/// `status.startFailure`.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct StartFailure {
    /// Failed starts in a row.
    pub consecutive_fail_count: Option<u64>,
}

/// A condition.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Condition {
    /// `Ready`, `Synchronized`, …
    #[serde(rename = "type")]
    pub kind: String,
    /// `True`, `False` or `Unknown`.
    pub status: String,
    /// One word.
    pub reason: String,
    /// A sentence.
    pub message: String,
}

/// The conditions that we read.
const USED_CONDITIONS: [&str; 6] = ["Ready", "Synchronized", "PodScheduled", "DataVolumesReady", "Failure", "Paused"];

fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(deserializer: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

fn used_conditions<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Condition>, D::Error> {
    let mut conditions: Vec<Condition> = or_default(deserializer)?;
    conditions.retain(|condition| USED_CONDITIONS.contains(&condition.kind.as_str()));
    conditions.shrink_to_fit();
    Ok(conditions)
}

/// The metadata that is read. Fields for other managers are most of it.
#[derive(Debug, Clone, Default)]
pub struct Meta {
    /// Name.
    pub name: String,
    /// Namespace.
    pub namespace: String,
    /// UID; empty if there is none.
    pub uid: String,
    /// Its resource version.
    pub resource_version: String,
    /// When it was created.
    pub creation_timestamp: Option<Time>,
    /// Whether it is being deleted.
    pub terminating: bool,
    /// Its owners. It is garbage-collected when none of them is left.
    pub owners: Vec<Owner>,
    /// The labels and annotations that are read.
    values: Vec<(&'static str, String)>,
}

/// An owner of an object.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Owner {
    /// `GROUP/VERSION`, or the version alone for the core group.
    pub api_version: String,
    /// Its kind.
    pub kind: String,
    /// Its UID.
    pub uid: String,
}

impl Owner {
    /// Whether it has this group and kind, in any version.
    pub fn is(&self, group: &str, kind: &str) -> bool {
        let own = self.api_version.split_once('/').map_or("", |(group, _)| group);
        own == group && self.kind == kind
    }
}

impl Meta {
    /// The value of a label or an annotation of ours.
    pub fn label_or_annotation(&self, key: &str) -> Option<&str> {
        self.values.iter().find(|(known, _)| *known == key).map(|(_, value)| value.as_str())
    }

    /// Whether it has the labels of this fleet: name, managed-by and instance.
    pub fn belongs_to(&self, fleet: &str) -> bool {
        metadata::fleet_labels(fleet).iter().all(|(key, value)| self.label_or_annotation(key) == Some(value))
    }

    /// Whether `up` created it for this fleet: it has the labels, and no owner. An owner means that something else manages it.
    pub fn is_planned_by(&self, fleet: &str) -> bool {
        self.belongs_to(fleet) && self.owners.is_empty()
    }
}

impl<'de> Deserialize<'de> for Meta {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Default, Deserialize)]
        #[serde(default, rename_all = "camelCase")]
        struct Full {
            name: String,
            namespace: String,
            uid: String,
            resource_version: String,
            creation_timestamp: Option<Time>,
            deletion_timestamp: Option<Time>,
            labels: Option<BTreeMap<String, String>>,
            annotations: Option<BTreeMap<String, String>>,
            owner_references: Option<Vec<Owner>>,
        }
        // A template may have none: it is nullable in KubeVirt's schema.
        let whole: Full = or_default(deserializer)?;
        let kept = |known: &[&'static str], map: Option<BTreeMap<String, String>>| {
            let mut map = map.unwrap_or_default();
            known.iter().filter_map(|key| Some((*key, map.remove(*key)?))).collect::<Vec<_>>()
        };
        let mut values = kept(&metadata::LABELS, whole.labels);
        values.extend(kept(&metadata::ANNOTATIONS, whole.annotations));
        values.shrink_to_fit();
        Ok(Self {
            name: whole.name,
            namespace: whole.namespace,
            uid: whole.uid,
            resource_version: whole.resource_version,
            creation_timestamp: whole.creation_timestamp,
            terminating: whole.deletion_timestamp.is_some(),
            owners: whole.owner_references.unwrap_or_default(),
            values,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_fleet_needs_name_manager_and_instance() {
        let of = |name: &str| {
            let labels = json!({"app.kubernetes.io/name": name, "app.kubernetes.io/managed-by": "virtwork", "app.kubernetes.io/instance": "virtwork"});
            serde_json::from_value::<Meta>(json!({"labels": labels})).unwrap()
        };
        assert!(of("virtwork").belongs_to("virtwork") && !of("virtwork").belongs_to("other"));
        assert!(!of("virtwork-network").belongs_to("virtwork"), "the Go tool labels its objects alike, but for the name");
        let labels = json!({"app.kubernetes.io/name": "virtwork", "app.kubernetes.io/managed-by": "virtwork"});
        assert!(
            !serde_json::from_value::<LiveObject>(json!({"spec": {"template": {"metadata": null}}}))
                .unwrap()
                .metadata
                .belongs_to("virtwork")
        );
        let annotated: Meta =
            serde_json::from_value(json!({"labels": labels, "annotations": {"app.kubernetes.io/instance": "virtwork"}})).unwrap();
        assert!(!annotated.belongs_to("virtwork"), "an annotation is no label");
    }
}
