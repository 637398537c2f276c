//! virt-launcher pods.

use k8s_openapi::jiff::Timestamp;
use serde::Deserialize;

use super::{
    Condition, Meta,
    read::{items, lenient, or_default, text, time},
};

/// A virt-launcher pod, as far as it says why its VM does not run.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct LivePod {
    /// Name, labels and owners.
    pub metadata: Meta,
    /// The status.
    #[serde(deserialize_with = "lenient")]
    pub status: PodStatus,
}

/// `status` of a pod.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct PodStatus {
    /// `Pending`, `Running`, `Succeeded`, `Failed`.
    #[serde(deserialize_with = "or_default")]
    pub phase: String,
    /// Why it failed, in one word: `Evicted`, `UnexpectedAdmissionError`.
    #[serde(deserialize_with = "text")]
    pub reason: String,
    /// The same in a sentence.
    #[serde(deserialize_with = "text")]
    pub message: String,
    /// Its conditions.
    #[serde(deserialize_with = "items")]
    pub conditions: Vec<Condition>,
    #[serde(deserialize_with = "items")]
    init_container_statuses: Vec<Container>,
    #[serde(deserialize_with = "items")]
    container_statuses: Vec<Container>,
}

/// The state of one container.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Container {
    /// Its name.
    #[serde(deserialize_with = "text")]
    pub name: String,
    /// Its present state.
    #[serde(deserialize_with = "lenient")]
    pub state: State,
    /// Its state before it was restarted.
    #[serde(rename = "lastState", deserialize_with = "lenient")]
    pub last: State,
}

/// One of the three states of a container.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct State {
    waiting: Option<ContainerState>,
    running: Option<ContainerState>,
    terminated: Option<ContainerState>,
}

/// Why a container waits or ended.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct ContainerState {
    /// One word: `ImagePullBackOff`, `CreateContainerError`, `Error`.
    #[serde(deserialize_with = "text")]
    pub reason: String,
    /// kubelet's message; of an ended container its termination message, which may be a log.
    #[serde(deserialize_with = "or_default")]
    pub message: String,
    /// The exit status of one that ended.
    #[serde(deserialize_with = "lenient")]
    pub exit_code: i64,
    /// When it started.
    #[serde(deserialize_with = "time")]
    pub started_at: Option<Timestamp>,
    /// When it ended.
    #[serde(deserialize_with = "time")]
    pub finished_at: Option<Timestamp>,
}

impl LivePod {
    /// A condition.
    pub(crate) fn condition(&self, kind: &str) -> Option<&Condition> {
        self.status.conditions.iter().find(|condition| condition.kind == kind)
    }

    /// All containers, in the order of their start.
    fn containers(&self) -> impl Iterator<Item = &Container> {
        self.status.init_container_statuses.iter().chain(&self.status.container_statuses)
    }

    /// The containers that wait, with their reasons.
    pub(crate) fn waiting(&self) -> impl Iterator<Item = (&str, &ContainerState)> {
        self.containers().filter_map(|container| Some((container.name.as_str(), container.state.waiting.as_ref()?)))
    }

    /// The first container that ended with an error.
    pub(crate) fn terminated(&self) -> Option<(&str, &ContainerState)> {
        self.containers().find_map(|container| {
            let ended = container.state.terminated.as_ref().or(container.last.terminated.as_ref())?;
            (ended.exit_code != 0).then_some((container.name.as_str(), ended))
        })
    }

    /// When its containers began to run.
    pub(crate) fn started(&self) -> Option<Timestamp> {
        self.status.container_statuses.iter().filter_map(|container| container.state.running.as_ref()?.started_at).max()
    }

    /// Whether it can be asked: it runs and is not being deleted.
    pub(crate) fn runs(&self) -> bool {
        self.status.phase == "Running" && !self.metadata.terminating
    }

    /// Whether this object is one of its owners.
    pub(crate) fn is_owned_by(&self, uid: &str) -> bool {
        !uid.is_empty() && self.metadata.owners.iter().any(|owner| owner.uid == uid)
    }
}
