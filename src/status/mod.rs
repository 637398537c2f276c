//! The state of each VM, computed from live objects.
//!
//! KubeVirt sets what is read here in `pkg/virt-controller/watch/vm/vm.go` (printableStatus) and `watch/vmi/lifecycle.go`
//! (conditions).

mod age;
mod cause;
mod evidence;
mod failure;
mod guest;
mod printable;
mod reason;
mod rules;
mod words;

use std::{collections::BTreeMap, fmt};

use k8s_openapi::jiff::Timestamp;

use crate::{
    live::{LiveObject, Meta},
    metadata,
};

pub(crate) use age::age;
pub(crate) use cause::Cause;
pub(crate) use evidence::{Answer, Console, Evidence, Look};
pub(crate) use failure::of_pod as failure_of_pod;
pub(crate) use printable::PrintableStatus;
pub(crate) use reason::Reason;
pub(crate) use rules::of_event as reason_of_event;

/// The address of every guest inside its pod's network (KubeVirt's masquerade binding, IPv4 and IPv6). KubeVirt reports it instead
/// of the pod's address while the guest shuts down.
const INNER_ADDRESSES: [&str; 2] = ["10.0.2.2", "fd10:0:2::2"];

/// The state of one VM of a fleet.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct VmStatus {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its fleet.
    pub fleet: String,
    /// Its workload.
    pub workload: String,
    /// Its role; empty if there is none.
    pub role: String,
    /// KubeVirt's printable status.
    pub printable: PrintableStatus,
    /// Whether its workload runs, according to its readiness probe.
    pub ready: bool,
    /// Why it is not ready, or what else the user should know.
    pub reason: Option<Reason>,
    /// IP address of its pod.
    pub ip: String,
    /// Its node.
    pub node: String,
    /// When it was created.
    pub created: Option<Timestamp>,
    /// The account that `ssh` uses.
    pub ssh_user: String,
}

impl VmStatus {
    /// The reason in words; empty if there is none.
    pub(crate) fn words(&self) -> String {
        self.reason.as_ref().map(ToString::to_string).unwrap_or_default()
    }
}

/// A VM that is not as required, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NotReady {
    /// The VM.
    pub name: String,
    /// KubeVirt's printable status.
    pub printable: PrintableStatus,
    /// The reason.
    pub reason: Reason,
}

impl fmt::Display for NotReady {
    /// `Running: waiting for the guest to report`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.reason.to_string() {
            words if words.is_empty() => write!(formatter, "{}", self.printable),
            words => write!(formatter, "{}: {words}", self.printable),
        }
    }
}

/// VMs with their VMIs, by namespace and name.
pub(crate) fn pair<'a>(vms: &'a [LiveObject], vmis: &'a [LiveObject]) -> Vec<(&'a LiveObject, Option<&'a LiveObject>)> {
    fn key(object: &LiveObject) -> (&str, &str) {
        (&object.metadata.namespace, &object.metadata.name)
    }
    let vmis: BTreeMap<_, _> = vmis.iter().map(|vmi| (key(vmi), vmi)).collect();
    vms.iter().map(|vm| (vm, vmis.get(&key(vm)).copied())).collect()
}

/// Sorts by namespace, fleet and name.
pub(crate) fn sort(statuses: &mut [VmStatus]) {
    statuses.sort_by(|a, b| (&a.namespace, &a.fleet, order(&a.name)).cmp(&(&b.namespace, &b.fleet, order(&b.name))));
}

/// Sorts `cpu-2` before `cpu-10`.
fn order(name: &str) -> (&str, u64) {
    name.rsplit_once('-').map_or((name, 0), |(name_prefix, index)| (name_prefix, index.parse().unwrap_or(0)))
}

/// The status of one VM.
pub(crate) fn status(evidence: &Evidence<'_>) -> VmStatus {
    let vm = evidence.vm;
    let (meta, value) = (&vm.metadata, |key| vm.metadata.label_or_annotation(key).unwrap_or_default().to_owned());
    let ready = is_ready(vm, evidence.vmi);
    let reason =
        if ready { rules::note(evidence) } else { Some(Reason { is_outdated: is_outdated(vm, evidence.vmi), ..rules::why(evidence) }) };
    let vmi = evidence.vmi.map(|vmi| &vmi.status);
    let ip = vmi.and_then(|status| status.interfaces.first()).map(|interface| interface.ip_address.clone()).unwrap_or_default();
    VmStatus {
        namespace: meta.namespace.clone(),
        name: meta.name.clone(),
        fleet: value(metadata::INSTANCE),
        workload: value(metadata::COMPONENT),
        role: value(metadata::ROLE),
        printable: PrintableStatus::of(vm),
        ready,
        reason,
        ip: if INNER_ADDRESSES.contains(&ip.as_str()) { String::new() } else { ip },
        node: vmi.map(|status| status.node_name.clone()).unwrap_or_default(),
        created: meta.creation_timestamp,
        ssh_user: value(metadata::SSH_USER),
    }
}

/// Causes about which pod, events, disk or guest may say more than the VM's own objects.
const UNEXPLAINED: [Cause; 16] = [
    Cause::CrashLoop,
    Cause::DeviceUnavailable,
    Cause::Draining,
    Cause::Evicted,
    Cause::GuestBooting,
    Cause::ImagePullFailed,
    Cause::NodeUnreachable,
    Cause::NotStarted,
    Cause::NotSynchronized,
    Cause::PodRejected,
    Cause::StartFailed,
    Cause::Starting,
    Cause::Stopping,
    Cause::Terminating,
    Cause::VolumeFailed,
    Cause::VolumePending,
];

/// Whether a look at a VM with this reason may say more.
pub(crate) fn wants_look(vm: &LiveObject, vmi: Option<&LiveObject>, reason: &Reason) -> bool {
    (UNEXPLAINED.contains(&reason.cause) || is_tainted(reason)) && (vmi.is_some() || !vm.metadata.terminating)
}

/// Whether the scheduler found taints, which may be the pressure that evicted the last pod. It does not name them
/// (k8s.io/kubernetes `pkg/scheduler/framework/plugins/tainttoleration`).
fn is_tainted(reason: &Reason) -> bool {
    reason.cause == Cause::Unschedulable && reason.detail.contains("untolerated taint")
}

/// Ready follows the readiness probe: the pod's condition is copied to the VMI and to the VM. Both are checked, because the VM's
/// may be late after a restart.
fn is_ready(vm: &LiveObject, vmi: Option<&LiveObject>) -> bool {
    let ready = |object: &LiveObject| {
        let is_true = object.condition("Ready").is_some_and(|condition| condition.status == "True");
        is_true && !object.metadata.terminating
    };
    ready(vm) && vmi.is_some_and(ready)
}

/// Whether the VM runs.
pub(crate) fn is_running(vmi: Option<&LiveObject>) -> bool {
    vmi.is_some_and(|vmi| vmi.status.phase == "Running" && !vmi.metadata.terminating)
}

/// Whether an instance that is not ready was started with an older configuration: what was corrected since has no effect on it.
fn is_outdated(vm: &LiveObject, vmi: Option<&LiveObject>) -> bool {
    vmi.is_some_and(|vmi| !vmi.metadata.terminating) && !vm.metadata.terminating && restart_pending(vm, vmi).is_some()
}

fn restart_pending(vm: &LiveObject, vmi: Option<&LiveObject>) -> Option<Reason> {
    let started_with = vmi.and_then(|vmi| vmi.metadata.label_or_annotation(metadata::BOOT_HASH));
    let Meta { name, namespace, .. } = &vm.metadata;
    (vm.spec.template.boot_hash() != started_with).then(|| Reason::new(Cause::RestartRequired, format!("{name} -n {namespace}")))
}

#[cfg(test)]
mod tests;
