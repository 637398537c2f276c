//! The order of evidence: the first rule that applies gives the reason. What the VM's own objects say now comes before events, which
//! may be old, and these come before the guest and its console.

use crate::live::{Condition, LiveEvent, LiveObject};

use super::{
    Cause, Evidence, PrintableStatus, Reason,
    failure::{self, start_failure},
    guest::guest,
    words::{admission_refusal, container_waits, image_pull, not_synchronized, reconcile_failure},
};

/// A rule: a reason, if it applies.
type Rule = fn(&Evidence<'_>) -> Option<Reason>;

/// The rules for a VM that is not ready, in their order.
const RULES: [Rule; 15] = [
    node_unreachable,
    deleted_or_stopped,
    evicted,
    waiting_container,
    stopping,
    image_not_pulled,
    no_pod,
    unschedulable,
    present_failure,
    failed_condition,
    pod_warning,
    volume,
    start_failure,
    guest,
    not_known,
];

/// Warnings that are never the reason: those of a probe only say that the VM is not ready, and those about DNS are harmless.
const HARMLESS: [&str; 5] = ["Unhealthy", "ProbeWarning", "MissingClusterDNS", "DNSConfigForming", "FailedScheduling"];

/// Events of a pod that comes further.
const PROGRESS: [&str; 6] = ["SuccessfulCreate", "SuccessfulAttachVolume", "Pulling", "Pulled", "Created", "Started"];

fn is_harmless(event: &LiveEvent) -> bool {
    HARMLESS.contains(&event.reason.as_str())
}

/// Why a VM is not ready.
pub(super) fn why(evidence: &Evidence<'_>) -> Reason {
    let found = RULES.iter().find_map(|rule| rule(evidence));
    found.unwrap_or_else(|| Reason::new(Cause::Starting, ""))
}

/// What the user should know about a VM that is ready.
pub(super) fn note(evidence: &Evidence<'_>) -> Option<Reason> {
    draining(evidence).or_else(|| super::restart_pending(evidence.vm, evidence.vmi))
}

pub(super) fn is_running(vmi: &LiveObject) -> bool {
    vmi.status.phase == "Running"
}

/// Whether its pod is still to start. What was read about that before counts no longer once it runs.
fn is_starting(e: &Evidence<'_>) -> bool {
    e.vmi.is_none_or(|vmi| !["Scheduled", "Running"].contains(&vmi.status.phase.as_str()))
}

/// A condition that is `False`.
pub(super) fn is_false<'a>(object: &'a LiveObject, kind: &str) -> Option<&'a Condition> {
    object.condition(kind).filter(|condition| condition.status == "False")
}

/// kubelet is silent: the node controller set the pod's condition, without a reason, although its containers were ready. KubeVirt copies
/// that to the VMI, until the pod is being deleted.
fn node_unreachable(e: &Evidence<'_>) -> Option<Reason> {
    let vmi = e.vmi.filter(|vmi| !vmi.status.node_name.is_empty())?;
    let is_silent = |condition: &&Condition| condition.status == "False" && condition.reason.is_empty() && condition.message.is_empty();
    let ready = match e.pod() {
        Some(pod) => {
            let was_up = pod.condition("ContainersReady").is_some_and(|condition| condition.status == "True");
            pod.condition("Ready").filter(|_| was_up).filter(is_silent)
        }
        None => vmi.condition("Ready").filter(|_| is_running(vmi)).filter(is_silent),
    }?;
    Some(Reason::new(Cause::NodeUnreachable, vmi.status.node_name.clone()).since(ready.last_transition_time))
}

/// The node that a VM must leave.
fn drained_node(vmi: &LiveObject) -> Option<&str> {
    let requested = vmi.condition("EvictionRequested").is_some_and(|condition| condition.status == "True");
    let node = if vmi.status.evacuation_node_name.is_empty() { &vmi.status.node_name } else { &vmi.status.evacuation_node_name };
    (requested || !vmi.status.evacuation_node_name.is_empty()).then_some(node)
}

fn deleted_or_stopped(e: &Evidence<'_>) -> Option<Reason> {
    if e.vm.metadata.terminating {
        // A drain may be what it waits for.
        let node = e.vmi.and_then(drained_node);
        return Some(Reason::new(Cause::Terminating, node.map(|node| format!("node {node} is being drained")).unwrap_or_default()));
    }
    match PrintableStatus::of(e.vm) {
        PrintableStatus::Stopped if e.vm.spec.run_strategy == "Halted" => {
            let since = e.vm.condition("Ready").and_then(|ready| ready.last_transition_time);
            Some(Reason::new(Cause::Stopped, "").since(since))
        }
        PrintableStatus::Paused => {
            let paused = e.vmi.and_then(|vmi| vmi.condition("Paused"));
            let reason = paused.map(|paused| paused.reason.clone()).unwrap_or_default();
            Some(Reason::new(Cause::Paused, reason).since(paused.and_then(|paused| paused.last_transition_time)))
        }
        _ => None,
    }
}

/// kubelet ended or refused the pod, which names the pressure, or an eviction was requested.
fn evicted(e: &Evidence<'_>) -> Option<Reason> {
    if let Some(reason) = e.pod().and_then(failure::of_pod).filter(|reason| reason.cause == Cause::Evicted) {
        return Some(reason);
    }
    let disrupted = e.pod().and_then(|pod| pod.condition("DisruptionTarget")).filter(|condition| condition.status == "True");
    if let Some(disrupted) = disrupted.filter(|_| e.vmi.is_some_and(|vmi| vmi.status.phase != "Failed")) {
        let node = e.vmi.map_or("", |vmi| vmi.status.node_name.as_str());
        return Some(Reason::new(Cause::Evicted, format!("node {node}: {}", disrupted.words())).since(disrupted.last_transition_time));
    }
    let vmi = e.vmi.filter(|vmi| vmi.metadata.terminating && !vmi.status.evacuation_node_name.is_empty())?;
    Some(Reason::new(Cause::Evicted, format!("node {} is being drained", vmi.status.evacuation_node_name)))
}

/// The first container that kubelet cannot start.
fn waiting_container(e: &Evidence<'_>) -> Option<Reason> {
    let pod = e.pod().filter(|pod| is_starting(e) && !pod.metadata.terminating)?;
    let reason = pod.waiting().find_map(|(name, state)| container_waits(name, state, e.image()))?;
    Some(pull_secret(e, reason))
}

/// An image that cannot be pulled, because the Secret for it does not exist: only an event of the pod says so.
fn pull_secret(e: &Evidence<'_>, reason: Reason) -> Reason {
    let pod = e.pod().filter(|_| reason.cause == Cause::ImagePullFailed);
    let events = pod.map(|pod| e.events(&pod.metadata.uid)).unwrap_or_default();
    match events.into_iter().find(|event| event.reason == "FailedToRetrieveImagePullSecret") {
        Some(event) => Reason::new(Cause::PullSecretMissing, event.message.clone()).since(event.since()),
        None => reason,
    }
}

fn stopping(e: &Evidence<'_>) -> Option<Reason> {
    // A VMI that failed has a reason of its own.
    let vmi = e.vmi.filter(|vmi| vmi.status.phase != "Failed")?;
    let gone = |reason: &str| reason == "PodTerminating" || (reason == "PodConditionMissing" && is_running(vmi));
    let ended = is_false(vmi, "Ready").filter(|ready| gone(&ready.reason));
    (vmi.metadata.terminating || ended.is_some())
        .then(|| Reason::new(Cause::Stopping, "").since(ended.and_then(|ended| ended.last_transition_time)))
}

/// KubeVirt copies the state of the container to the VMI.
fn image_not_pulled(e: &Evidence<'_>) -> Option<Reason> {
    let synchronized = e.vmi.and_then(|vmi| is_false(vmi, "Synchronized"));
    match PrintableStatus::of(e.vm) {
        PrintableStatus::ErrImagePull | PrintableStatus::ImagePullBackOff => {
            let reason = image_pull(synchronized.map_or("", Condition::words));
            Some(pull_secret(e, reason.since(synchronized.and_then(|condition| condition.last_transition_time))))
        }
        _ => None,
    }
}

/// KubeVirt cannot create the pod. Once there is one, that is over.
fn no_pod(e: &Evidence<'_>) -> Option<Reason> {
    let vmi = e.vmi.filter(|_| e.pod().is_none())?;
    let refused = is_false(vmi, "Synchronized").filter(|condition| condition.reason == "FailedCreate")?;
    Some(admission_refusal(&refused.message).since(refused.last_transition_time))
}

fn unschedulable(e: &Evidence<'_>) -> Option<Reason> {
    let of_pod =
        e.pod().filter(|_| is_starting(e)).and_then(|pod| pod.condition("PodScheduled")).filter(|condition| condition.status == "False");
    let of_vmi = || e.vmi.filter(|_| e.pod().is_none()).and_then(|vmi| is_false(vmi, "PodScheduled"));
    let condition = of_pod.or_else(of_vmi)?;
    let mut reason = Reason::new(Cause::Unschedulable, condition.words()).since(condition.last_transition_time);
    let evicted = e.look.and_then(|look| look.failure.as_ref()).filter(|last| last.cause == Cause::Evicted && super::is_tainted(&reason));
    if let Some(last) = evicted {
        reason.detail.push_str(&format!("; its last pod was evicted: {}", last.detail));
    }
    Some(reason)
}

/// The failure of the last instance, unless there is a new one, which may say something else.
fn present_failure(e: &Evidence<'_>) -> Option<Reason> {
    let last = &e.vm.status.start_failure.last_failed_vmi;
    let is_new = |vmi: &LiveObject| vmi.status.phase != "Failed" && vmi.metadata.uid != *last;
    if e.vmi.is_some_and(is_new) { None } else { start_failure(e) }
}

fn failed_condition(e: &Evidence<'_>) -> Option<Reason> {
    if let Some(failure) = e.vm.condition("Failure").filter(|condition| condition.status == "True") {
        return Some(reconcile_failure(failure.words()).since(failure.last_transition_time));
    }
    let condition = e.vmi.and_then(|vmi| is_false(vmi, "Synchronized"))?;
    // Refused pods have a rule of their own, which knows when that is over.
    (condition.reason != "FailedCreate" && !PrintableStatus::of(e.vm).is_of_volume()).then(|| not_synchronized(condition, e.image()))
}

/// A warning about the pod while its containers do not run yet, or about a VMI that is not running.
fn pod_warning(e: &Evidence<'_>) -> Option<Reason> {
    // Progress after a warning contradicts it.
    let warning = |uid: &str| {
        let mut events = e.events(uid).into_iter();
        let newest = events.find(|event| PROGRESS.contains(&event.reason.as_str()) || (event.is_warning() && !is_harmless(event)));
        newest.filter(|event| event.is_warning())
    };
    match e.pod() {
        Some(pod) if is_starting(e) && pod.status.phase == "Pending" => warning(&pod.metadata.uid).map(of_event),
        Some(_) => None,
        None if e.look.is_some_and(|look| look.pods_unread) => None,
        None => e.vmi.filter(|vmi| !is_running(vmi)).and_then(|vmi| warning(&vmi.metadata.uid)).map(of_event),
    }
}

/// The reason that an event gives.
pub(crate) fn of_event(event: &LiveEvent) -> Reason {
    let cause = match event.reason.as_str() {
        "FailedMount" | "FailedAttachVolume" | "FailedMapVolume" => Cause::MountFailed,
        "FailedCreatePodSandBox" => Cause::PodSandboxFailed,
        "UnexpectedAdmissionError" => Cause::DeviceUnavailable,
        "ProvisioningFailed" => Cause::ProvisioningFailed,
        "Evicted" => return Reason::new(Cause::Evicted, event.message.clone()).since(event.since()),
        reason if reason.starts_with("OutOf") => Cause::PodRejected,
        "FailedCreate" => return admission_refusal(&event.message).since(event.since()),
        _ => Cause::Warning,
    };
    let detail = if event.reason.is_empty() { event.message.clone() } else { format!("{}: {}", event.reason, event.message) };
    Reason::new(cause, detail).since(event.since())
}

/// The data volume: its own condition, then what the provisioner says about its PVC.
fn volume(e: &Evidence<'_>) -> Option<Reason> {
    let printable = PrintableStatus::of(e.vm);
    if !printable.is_of_volume() {
        return None;
    }
    let failed = matches!(printable, PrintableStatus::DataVolumeError | PrintableStatus::ErrorPvcNotFound);
    let cause = if failed { Cause::VolumeFailed } else { Cause::VolumePending };
    let phase = e.volume().map_or("", |volume| volume.status.phase.as_str());
    let conditions = e.volume().into_iter().flat_map(|volume| &volume.status.conditions);
    let mut bad = conditions.filter(|condition| condition.status == "False" && !condition.message.is_empty());
    // `Pending` and `Bound` only repeat the phase of the PVC.
    let said = bad.clone().find(|condition| !["Pending", "Bound"].contains(&condition.reason.as_str()));
    let of_condition = |condition: &Condition| {
        Reason::new(cause, format!("data volume {phase}: {}", condition.message)).since(condition.last_transition_time)
    };
    if let Some(condition) = said {
        return Some(of_condition(condition));
    }
    if let Some(claim) = e.claim().filter(|claim| claim.status.phase != "Bound") {
        let events = e.events(&claim.metadata.uid);
        let warning = events.iter().position(|event| event.is_warning() && !is_harmless(event));
        let waits = events.iter().position(|event| event.reason == "ExternalProvisioning");
        match (warning, waits) {
            // A provisioner is waited for only once the class exists. While it answers with errors, both repeat.
            (Some(warning), Some(waits)) if waits < warning && events[warning].message.contains("not found") => {
                return Some(provisioner_silent(events[waits]));
            }
            (Some(warning), _) => return Some(of_event(events[warning])),
            (None, Some(waits)) => return Some(provisioner_silent(events[waits])),
            (None, None) => {}
        }
    }
    let of_vmi = || e.vmi.and_then(|vmi| is_false(vmi, "Synchronized").or_else(|| is_false(vmi, "DataVolumesReady")));
    let own = || of_vmi().or_else(|| is_false(e.vm, "DataVolumesReady"));
    let own = || own().map(|condition| Reason::new(cause, condition.words()).since(condition.last_transition_time));
    let denied = || e.look.map(|look| look.denied.as_slice()).filter(|denied| !denied.is_empty()).map(forbidden);
    Some(bad.next().map(of_condition).or_else(own).or_else(denied).unwrap_or_else(|| Reason::new(cause, "")))
}

fn provisioner_silent(event: &LiveEvent) -> Reason {
    Reason::new(Cause::ProvisionerSilent, event.message.clone()).since(event.since())
}

fn not_known(e: &Evidence<'_>) -> Option<Reason> {
    let denied = e.look.map(|look| look.denied.as_slice()).unwrap_or_default();
    match PrintableStatus::of(e.vm) {
        _ if !denied.is_empty() => Some(forbidden(denied)),
        // Created, or being restarted: KubeVirt has no VMI for it.
        PrintableStatus::Stopped => Some(Reason::new(Cause::NotStarted, "")),
        PrintableStatus::Stopping => Some(Reason::new(Cause::Stopping, "")),
        _ => None,
    }
}

pub(super) fn forbidden(denied: &[&'static str]) -> Reason {
    Reason::new(Cause::Forbidden, denied.join(" and "))
}

/// A drained node waits until the VM has left it.
fn draining(e: &Evidence<'_>) -> Option<Reason> {
    let vmi = e.vmi?;
    let node = drained_node(vmi)?;
    let requested = vmi.condition("EvictionRequested");
    let mut detail = format!("node {node} is being drained; the VM waits for its migration");
    let waits = e.migration_target().and_then(|pod| pod.condition("PodScheduled")).filter(|condition| condition.status == "False");
    if let Some(waits) = waits {
        detail.push_str(&format!(": {}", waits.words()));
    }
    Some(Reason::new(Cause::Draining, detail).since(requested.and_then(|condition| condition.last_transition_time)))
}
