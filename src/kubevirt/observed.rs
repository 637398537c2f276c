//! What we look at of the machines and instances that are there, and nothing else: of five thousand, the rest would be a
//! burden.
//!
//! Source: kubevirt/kubevirt `staging/src/kubevirt.io/api/core/v1/types.go`.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};
use serde::{Deserialize, Deserializer};

/// A VirtualMachine or a VirtualMachineInstance.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Observed {
    /// Name, namespace, version, times; of labels and annotations only those that are ours.
    #[serde(deserialize_with = "lean")]
    pub metadata: ObjectMeta,
    /// What is wanted.
    pub spec: ObservedSpec,
    /// What is so.
    pub status: ObservedStatus,
}

/// `spec`; of an instance nothing is looked at.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ObservedSpec {
    /// `Always`, or `Halted` where somebody has stopped it.
    pub run_strategy: String,
    /// What the next instance gets.
    pub template: ObservedTemplate,
}

/// `spec.template` of a machine.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct ObservedTemplate {
    /// What becomes the instance's own.
    #[serde(deserialize_with = "lean")]
    pub metadata: ObjectMeta,
}

/// `status` of either.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ObservedStatus {
    /// A machine's state in KubeVirt's own word.
    pub printable_status: String,
    /// An instance's phase.
    pub phase: String,
    /// The node of an instance.
    #[serde(deserialize_with = "or_default")]
    pub node_name: String,
    /// Network interfaces of an instance.
    #[serde(deserialize_with = "or_default")]
    pub interfaces: Vec<ObservedInterface>,
    /// Those conditions that tell why.
    #[serde(deserialize_with = "telling")]
    pub conditions: Vec<Condition>,
    /// A machine whose instances fail one after another.
    #[serde(deserialize_with = "or_default")]
    pub start_failure: StartFailure,
}

/// An interface of an instance.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ObservedInterface {
    /// Its address in the pod network.
    pub ip_address: String,
}

/// `status.startFailure`.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct StartFailure {
    /// How often in a row.
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
const TELLING: [&str; 6] = ["Ready", "Synchronized", "PodScheduled", "DataVolumesReady", "Failure", "Paused"];

fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(deserializer: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

fn telling<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Condition>, D::Error> {
    let mut conditions: Vec<Condition> = or_default(deserializer)?;
    conditions.retain(|condition| TELLING.contains(&condition.kind.as_str()));
    conditions.shrink_to_fit();
    Ok(conditions)
}

/// Metadata without the bookkeeping of others, which is most of it.
fn lean<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ObjectMeta, D::Error> {
    #[derive(Default, Deserialize)]
    #[serde(default, rename_all = "camelCase")]
    struct Lean {
        name: Option<String>,
        namespace: Option<String>,
        uid: Option<String>,
        resource_version: Option<String>,
        creation_timestamp: Option<Time>,
        deletion_timestamp: Option<Time>,
        labels: Option<BTreeMap<String, String>>,
        annotations: Option<BTreeMap<String, String>>,
    }
    let ours = |map: Option<BTreeMap<String, String>>| {
        let kept = map?.into_iter().filter(|(key, _)| key.starts_with("app.kubernetes.io/") || key.starts_with("virtwork/"));
        Some(kept.collect())
    };
    let Lean { name, namespace, uid, resource_version, creation_timestamp, deletion_timestamp, labels, annotations } =
        or_default(deserializer)?;
    Ok(ObjectMeta {
        name,
        namespace,
        uid,
        resource_version,
        creation_timestamp,
        deletion_timestamp,
        labels: ours(labels),
        annotations: ours(annotations),
        ..ObjectMeta::default()
    })
}
