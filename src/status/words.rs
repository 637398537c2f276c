//! Recognizes messages of kubelet, KubeVirt and the API server. What is not recognized keeps its words.

use crate::live::{Condition, ContainerState};

use super::{Cause, Reason};

/// States of a container whose image cannot be had (k8s.io/kubernetes `pkg/kubelet/images/types.go`).
const IMAGE_STATES: [&str; 7] = [
    "ErrImagePull",
    "ImagePullBackOff",
    "ErrImageNeverPull",
    "InvalidImageName",
    "ImageInspectError",
    "RegistryUnavailable",
    "SignatureValidationFailed",
];
/// States of every container that is about to start.
const NORMAL_STATES: [&str; 3] = ["", "ContainerCreating", "PodInitializing"];
/// What pull errors of a registry that cannot be reached contain.
const NETWORK_ERRORS: [&str; 18] = [
    "registry is unavailable",
    "no space left on device",
    "unexpected EOF",
    ": EOF",
    "500 Internal Server Error",
    "502 Bad Gateway",
    "504 Gateway",
    "429 Too Many Requests",
    "no such host",
    "i/o timeout",
    "connection refused",
    "connection reset",
    "no route to host",
    "network is unreachable",
    "TLS handshake timeout",
    "context deadline exceeded",
    "toomanyrequests",
    "503 Service Unavailable",
];
/// What virt-handler says if an image holds no disk (kubevirt/kubevirt `pkg/container-disk`): with and without image volumes.
const NO_DISK: [&str; 3] = [
    "failed to find disk file from ImageVolume",
    "failed to find a sourceFile in containerDisk root",
    "failed to determine default image path",
];
/// What refusals by a LimitRange contain: of the admission plugin, and of the validation of what it set (k8s.io/kubernetes
/// `plugin/pkg/admission/limitranger`, `pkg/apis/core/validation`).
const LIMIT_RANGE: [&str; 6] = [
    "maximum memory usage per ",
    "maximum cpu usage per ",
    "minimum memory usage per ",
    "minimum cpu usage per ",
    "limit to request ratio per ",
    "must be less than or equal to ",
];
/// The most characters of a termination message that are shown.
const LAST_WORDS: usize = 300;

fn contains_any(text: &str, words: &[&str]) -> bool {
    words.iter().any(|word| text.contains(word))
}

/// An image that cannot be pulled.
pub(super) fn image_pull(message: &str) -> Reason {
    let cause = if contains_any(message, &NETWORK_ERRORS) { Cause::RegistryUnreachable } else { Cause::ImagePullFailed };
    Reason::new(cause, message)
}

/// A container that waits; none if that is normal.
pub(super) fn container_waits(name: &str, state: &ContainerState, image: &str) -> Option<Reason> {
    let message = crate::live::read::clean(&state.message);
    if NORMAL_STATES.contains(&state.reason.as_str()) {
        return None;
    }
    if IMAGE_STATES.contains(&state.reason.as_str()) {
        return Some(if message.is_empty() { Reason::new(Cause::ImagePullFailed, state.reason.clone()) } else { image_pull(&message) });
    }
    if contains_any(&message, &NO_DISK) {
        return Some(no_disk(image));
    }
    let said = if message.is_empty() { String::new() } else { format!(": {message}") };
    Some(Reason::new(Cause::ContainerFailed, format!("container {name}: {}{said}", state.reason)))
}

/// An image without a disk.
fn no_disk(image: &str) -> Reason {
    Reason::new(Cause::NotContainerDisk, image)
}

/// Why the API server refused a pod.
pub(super) fn admission_refusal(message: &str) -> Reason {
    let cause = match message {
        _ if message.contains("exceeded quota") => Cause::QuotaExceeded,
        _ if message.contains("violates PodSecurity") || message.contains("against any security context constraint") => Cause::PodSecurity,
        _ if contains_any(message, &LIMIT_RANGE) => Cause::LimitRange,
        _ => Cause::PodRefused,
    };
    Reason::new(cause, message)
}

/// Why KubeVirt cannot create what a VM asks for. A quota can be lifted, and a webhook come back.
pub(crate) fn reconcile_failure(message: &str) -> Reason {
    let refusal = admission_refusal(message);
    match refusal.cause {
        Cause::QuotaExceeded => refusal,
        _ if message.contains("failed calling webhook") => Reason::new(Cause::NotSynchronized, message),
        _ => Reason::new(Cause::ReconcileFailed, message),
    }
}

/// Another error of KubeVirt.
pub(super) fn not_synchronized(condition: &Condition, image: &str) -> Reason {
    let reason =
        if contains_any(&condition.message, &NO_DISK) { no_disk(image) } else { Reason::new(Cause::NotSynchronized, condition.words()) };
    reason.since(condition.last_transition_time)
}

/// The last line of a termination message, or the panic in it.
pub(super) fn last_words(log: &str) -> String {
    let lines = || log.lines().map(str::trim).filter(|line| !line.is_empty());
    let line = lines().find(|line| line.starts_with("panic: ")).or_else(|| lines().next_back()).unwrap_or_default();
    let clean = crate::live::read::clean(line);
    if clean.chars().count() > LAST_WORDS { clean.chars().take(LAST_WORDS).chain(['…']).collect() } else { clean }
}

/// `failed to start 2 times: WHY`.
pub(super) fn repeated(failures: Option<u64>, why: Option<&str>) -> String {
    let failed = match failures {
        None => "fails to start".to_owned(),
        Some(1) => "failed to start once".to_owned(),
        Some(count) => format!("failed to start {count} times"),
    };
    why.map_or_else(|| failed.clone(), |why| format!("{failed}: {why}"))
}

/// The end of an error of Go's network library: `no route to host`.
pub(super) fn tail(message: &str) -> &str {
    message.rsplit(": ").next().unwrap_or(message)
}

/// `6m`, `90s`.
pub(super) fn seconds(seconds: i64) -> String {
    if seconds < 120 { format!("{seconds}s") } else { format!("{}m", seconds / 60) }
}
