//! The fields that are read from live objects. Everything else is dropped while parsing, to bound memory at 5,000 VMs.
//!
//! Sources: kubevirt/kubevirt `staging/src/kubevirt.io/api/core/v1/types.go`, k8s.io/api `core/v1/types.go`,
//! kubevirt/containerized-data-importer `types.go`.

mod event;
mod meta;
mod pod;
pub(crate) mod read;
mod volume;

use std::{borrow::Cow, collections::BTreeMap};

use k8s_openapi::jiff::Timestamp;
use serde::{Deserialize, Deserializer};

pub(crate) use event::LiveEvent;
pub(crate) use meta::{Meta, Owner};
pub(crate) use pod::{ContainerState, LivePod};
pub(crate) use volume::{LiveClaim, LiveVolume};

use crate::metadata::BOOT_HASH;

use read::{items, lenient, or_default, text, time};

/// A VirtualMachine or a VirtualMachineInstance.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct LiveObject {
    /// Name, labels, annotations and owners.
    pub metadata: Meta,
    /// The spec.
    pub spec: LiveSpec,
    /// The status.
    pub status: LiveStatus,
}

/// `spec` of a VM or a VMI.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct LiveSpec {
    /// `Always`, or `Halted` if someone stopped it; of a VM.
    pub(crate) run_strategy: String,
    /// The template of the next VMI; of a VM.
    pub(crate) template: LiveTemplate,
    /// The image of a VMI.
    #[serde(rename = "volumes")]
    pub(crate) image: Image,
}

/// `spec.template` of a VM.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct LiveTemplate {
    #[serde(rename = "metadata", deserialize_with = "boot_hash")]
    boot_hash: Option<Box<str>>,
    /// Its spec.
    #[serde(deserialize_with = "or_default")]
    pub(crate) spec: LiveVmiSpec,
}

impl LiveTemplate {
    /// The hash of everything that the next VMI gets.
    pub(crate) fn boot_hash(&self) -> Option<&str> {
        self.boot_hash.as_deref()
    }
}

/// `spec` of a template.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct LiveVmiSpec {
    /// The image of the next VMI.
    #[serde(rename = "volumes")]
    pub(crate) image: Image,
}

/// The image of the first containerDisk in a list of volumes; empty if there is none.
#[derive(Debug, Clone, Default)]
pub(crate) struct Image(pub(crate) Box<str>);

/// `status` of a VM or a VMI.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct LiveStatus {
    /// `printableStatus` of a VM.
    #[serde(deserialize_with = "text")]
    pub printable_status: String,
    /// Phase of a VMI.
    pub phase: String,
    /// Node of a VMI.
    #[serde(deserialize_with = "or_default")]
    pub node_name: String,
    /// Network interfaces of a VMI.
    #[serde(deserialize_with = "items")]
    pub interfaces: Vec<LiveInterface>,
    /// The UIDs of a VMI's pods with their nodes: two during a migration.
    #[serde(deserialize_with = "pairs")]
    pub active_pods: Vec<Placed>,
    /// The node that a VMI must leave.
    #[serde(deserialize_with = "or_default")]
    pub evacuation_node_name: String,
    /// The conditions that explain the state.
    #[serde(deserialize_with = "used_conditions")]
    pub conditions: Vec<Condition>,
    /// When a VMI reached `Running`.
    #[serde(rename = "phaseTransitionTimestamps", deserialize_with = "running_since")]
    pub running_since: Option<Timestamp>,
    /// The failed starts of a VM.
    #[serde(deserialize_with = "lenient")]
    pub start_failure: StartFailure,
}

/// The UID of a pod, and its node.
type Placed = (Box<str>, Box<str>);

/// A network interface of a VMI.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct LiveInterface {
    /// Its address in the pod network.
    pub ip_address: String,
}

/// `status.startFailure`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct StartFailure {
    /// Failed starts in a row.
    pub consecutive_fail_count: Option<u64>,
    /// The VMI that failed last.
    #[serde(rename = "lastFailedVMIUID", deserialize_with = "or_default")]
    pub last_failed_vmi: String,
}

/// A condition.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Condition {
    /// `Ready`, `Synchronized`, …
    #[serde(rename = "type", deserialize_with = "word")]
    pub kind: Cow<'static, str>,
    /// `True`, `False` or `Unknown`.
    #[serde(deserialize_with = "word")]
    pub status: Cow<'static, str>,
    /// One word.
    #[serde(deserialize_with = "text")]
    pub reason: String,
    /// A sentence.
    #[serde(deserialize_with = "text")]
    pub message: String,
    /// Since when it has this status.
    #[serde(deserialize_with = "time")]
    pub last_transition_time: Option<Timestamp>,
}

impl Condition {
    /// The message, or else the reason.
    pub(crate) fn words(&self) -> &str {
        if self.message.is_empty() { &self.reason } else { &self.message }
    }
}

/// The conditions of VMs and VMIs that are read.
const USED_CONDITIONS: [&str; 7] = ["Ready", "Synchronized", "PodScheduled", "DataVolumesReady", "Failure", "Paused", "EvictionRequested"];

/// Other words of conditions. None of these words is kept once for each of thousands of objects.
const WORDS: [&str; 4] = ["ContainersReady", "True", "False", "Unknown"];

impl LiveStatus {
    /// Whether the VM runs in the pod with this UID: one of its active pods, on its node.
    pub(crate) fn runs_in(&self, pod: &str) -> bool {
        self.active_pods.iter().any(|(uid, node)| **uid == *pod && **node == *self.node_name)
    }
}

impl LiveObject {
    /// A condition.
    pub(crate) fn condition(&self, kind: &str) -> Option<&Condition> {
        self.status.conditions.iter().find(|condition| condition.kind == kind)
    }
}

fn boot_hash<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Box<str>>, D::Error> {
    let meta = Meta::deserialize(deserializer)?;
    Ok(meta.label_or_annotation(BOOT_HASH).map(Into::into))
}

impl<'de> Deserialize<'de> for Image {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Default, Deserialize)]
        #[serde(default, rename_all = "camelCase")]
        struct Volume {
            container_disk: Option<Disk>,
        }
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Disk {
            #[serde(deserialize_with = "text")]
            image: String,
        }
        let volumes: Vec<Volume> = items(deserializer)?;
        Ok(Self(volumes.into_iter().find_map(|volume| volume.container_disk).map(|disk| disk.image.into_boxed_str()).unwrap_or_default()))
    }
}

fn word<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Cow<'static, str>, D::Error> {
    let text: String = or_default(deserializer)?;
    Ok(USED_CONDITIONS.iter().chain(&WORDS).find(|word| **word == text).map_or(Cow::Owned(text), |word| Cow::Borrowed(*word)))
}

fn pairs<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Placed>, D::Error> {
    let map: BTreeMap<Box<str>, Box<str>> = lenient(deserializer)?;
    Ok(map.into_iter().collect())
}

fn used_conditions<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Condition>, D::Error> {
    let mut conditions: Vec<Condition> = items(deserializer)?;
    conditions.retain(|condition| USED_CONDITIONS.contains(&condition.kind.as_ref()));
    conditions.shrink_to_fit();
    Ok(conditions)
}

fn running_since<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    #[derive(Default, Deserialize)]
    #[serde(default, rename_all = "camelCase")]
    struct Transition {
        phase: String,
        #[serde(deserialize_with = "time")]
        phase_transition_timestamp: Option<Timestamp>,
    }
    let transitions: Vec<Transition> = items(deserializer)?;
    let running = transitions.into_iter().rev().find(|transition| transition.phase == "Running");
    Ok(running.and_then(|transition| transition.phase_transition_timestamp))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_strange_status_is_read_as_far_as_it_is_known() {
        let status = json!({"phase": "Running", "nodeName": null, "interfaces": [null, {"ipAddress": "10.0.0.1"}], "activePods": [],
            "conditions": [null, {"type": "Ready", "status": "False", "message": 12, "lastTransitionTime": "yesterday"}],
            "startFailure": {"consecutiveFailCount": -1}, "phaseTransitionTimestamps": null});
        let vmi: LiveObject = serde_json::from_value(json!({"metadata": {"name": "m"}, "status": status})).unwrap();
        let ready = vmi.condition("Ready").unwrap();
        assert_eq!((vmi.status.interfaces.len(), ready.message.as_str(), ready.last_transition_time), (1, "", None));
    }
}
