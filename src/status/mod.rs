//! The state of each VM, computed from live objects.
//!
//! KubeVirt sets what is read here in `pkg/virt-controller/watch/vm/vm.go` (printableStatus) and `watch/vmi/lifecycle.go`
//! (conditions).

mod cause;
mod printable;

use std::{collections::BTreeMap, fmt};

use k8s_openapi::jiff::Timestamp;

use crate::{
    kubevirt::live::{Condition, LiveObject, Meta},
    plan::metadata,
};

pub use cause::{Cause, Denied, Diagnosis, Verdict};
pub use printable::PrintableStatus;

/// The state of one VM of a fleet.
#[derive(Debug, Clone, PartialEq)]
pub struct VmStatus {
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
    pub cause: Option<Cause>,
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
    /// Whether a diagnosis may find out why it is not ready.
    pub fn needs_diagnosis(&self) -> bool {
        !self.ready && self.cause.as_ref().is_some_and(Cause::needs_diagnosis)
    }

    /// The cause in words; empty if there is none.
    pub fn reason(&self) -> String {
        self.cause.as_ref().map(ToString::to_string).unwrap_or_default()
    }
}

/// A VM that is not as required, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotReady {
    /// The VM.
    pub name: String,
    /// KubeVirt's printable status.
    pub printable: PrintableStatus,
    /// The reason.
    pub cause: Cause,
}

impl fmt::Display for NotReady {
    /// `Running: waiting for the guest to report`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.cause {
            Cause::Unknown => write!(formatter, "{}", self.printable),
            cause => write!(formatter, "{}: {cause}", self.printable),
        }
    }
}

/// The status of each VM with its VMI.
pub fn statuses(vms: &[LiveObject], vmis: &[LiveObject]) -> Vec<VmStatus> {
    fn key(object: &LiveObject) -> (&str, &str) {
        (&object.metadata.namespace, &object.metadata.name)
    }
    let vmis: BTreeMap<_, _> = vmis.iter().map(|vmi| (key(vmi), vmi)).collect();
    let mut statuses: Vec<_> = vms.iter().map(|vm| status(vm, vmis.get(&key(vm)).copied())).collect();
    sort(&mut statuses);
    statuses
}

/// Sorts by namespace, fleet and name.
pub fn sort(statuses: &mut [VmStatus]) {
    statuses.sort_by(|a, b| (&a.namespace, &a.fleet, order(&a.name)).cmp(&(&b.namespace, &b.fleet, order(&b.name))));
}

/// Sorts `cpu-2` before `cpu-10`.
fn order(name: &str) -> (&str, u64) {
    name.rsplit_once('-').map_or((name, 0), |(name_prefix, index)| (name_prefix, index.parse().unwrap_or(0)))
}

/// The status of one VM with its VMI.
pub fn status(vm: &LiveObject, vmi: Option<&LiveObject>) -> VmStatus {
    let (meta, value) = (&vm.metadata, |key| vm.metadata.label_or_annotation(key).unwrap_or_default().to_owned());
    let printable = PrintableStatus::from(vm.status.printable_status.as_str());
    let ready = is_ready(vm, vmi);
    let cause = if ready { restart_pending(vm, vmi) } else { Some(cause(vm, vmi, &printable)) };
    let vmi = vmi.map(|vmi| &vmi.status);
    VmStatus {
        namespace: meta.namespace.clone(),
        name: meta.name.clone(),
        fleet: value(metadata::INSTANCE),
        workload: value(metadata::COMPONENT),
        role: value(metadata::ROLE),
        printable,
        ready,
        cause,
        ip: vmi.and_then(|status| status.interfaces.first()).map(|interface| interface.ip_address.clone()).unwrap_or_default(),
        node: vmi.map(|status| status.node_name.clone()).unwrap_or_default(),
        created: meta.creation_timestamp.as_ref().map(|time| time.0),
        ssh_user: value(metadata::SSH_USER),
    }
}

/// Ready follows the readiness probe: the pod's condition is copied to the VMI and to the VM. Both are checked, because the VM's
/// may be late after a restart.
fn is_ready(vm: &LiveObject, vmi: Option<&LiveObject>) -> bool {
    let ready = |object: &LiveObject| {
        let is_true = condition(object, "Ready").is_some_and(|condition| condition.status == "True");
        is_true && !object.metadata.terminating
    };
    ready(vm) && vmi.is_some_and(ready)
}

/// Whether the VM runs.
pub fn is_running(vmi: Option<&LiveObject>) -> bool {
    vmi.is_some_and(|vmi| vmi.status.phase == "Running" && !vmi.metadata.terminating)
}

fn restart_pending(vm: &LiveObject, vmi: Option<&LiveObject>) -> Option<Cause> {
    let started_with = vmi.and_then(|vmi| vmi.metadata.label_or_annotation(metadata::BOOT_HASH));
    let Meta { name, namespace, .. } = &vm.metadata;
    (vm.spec.template.metadata.label_or_annotation(metadata::BOOT_HASH) != started_with)
        .then(|| Cause::RestartPending { name: name.clone(), namespace: namespace.clone() })
}

fn cause(vm: &LiveObject, vmi: Option<&LiveObject>, printable: &PrintableStatus) -> Cause {
    if vm.metadata.terminating {
        return Cause::Terminating;
    }
    let of_instance = |kind| vmi.and_then(|vmi| false_message(vmi, kind));
    let synchronized = of_instance("Synchronized");
    let volumes = || of_instance("DataVolumesReady").or_else(|| false_message(vm, "DataVolumesReady"));
    match printable {
        PrintableStatus::CrashLoopBackOff => {
            return Cause::CrashLoop { failures: vm.status.start_failure.consecutive_fail_count, message: synchronized };
        }
        PrintableStatus::ErrImagePull | PrintableStatus::ImagePullBackOff => return Cause::ImagePull(synchronized),
        PrintableStatus::DataVolumeError | PrintableStatus::ErrorPvcNotFound => {
            return Cause::DataVolumeFailed(synchronized.or_else(volumes));
        }
        PrintableStatus::Stopped if vm.spec.run_strategy == "Halted" => return Cause::Stopped,
        PrintableStatus::Paused => {
            let paused = vmi.and_then(|vmi| condition(vmi, "Paused"));
            return Cause::Paused(paused.map(|condition| condition.reason.clone()).unwrap_or_default());
        }
        _ => {}
    }
    if let Some(failure) = condition(vm, "Failure").filter(|condition| condition.status == "True") {
        return Cause::Failure(failure.message.clone());
    }
    if let Some(unscheduled) = of_instance("PodScheduled") {
        return Cause::Unschedulable(unscheduled);
    }
    if let Some(message) = synchronized {
        return Cause::NotSynchronized(message);
    }
    match printable {
        PrintableStatus::Provisioning | PrintableStatus::WaitingForVolumeBinding => Cause::Provisioning(volumes()),
        PrintableStatus::Running => Cause::Guest,
        // Created, or being restarted: KubeVirt has no VMI for it.
        PrintableStatus::Stopped => Cause::NotStarted,
        _ => Cause::Unknown,
    }
}

/// A condition of an object.
fn condition<'a>(object: &'a LiveObject, kind: &str) -> Option<&'a Condition> {
    object.status.conditions.iter().find(|condition| condition.kind == kind)
}

/// The message, or else the reason, of a condition that is `False`.
fn false_message(object: &LiveObject, kind: &str) -> Option<String> {
    let condition = condition(object, kind).filter(|condition| condition.status == "False")?;
    Some(if condition.message.is_empty() { condition.reason.clone() } else { condition.message.clone() })
}

/// The time since the creation, as kubectl prints ages (`k8s.io/apimachinery/pkg/util/duration`).
pub fn age(created: Option<Timestamp>, now: Timestamp) -> String {
    created.map_or_else(|| "<unknown>".to_owned(), |created| human_duration(now.as_second() - created.as_second()))
}

fn human_duration(seconds: i64) -> String {
    const MINUTE: i64 = 60;
    const HOUR: i64 = 60 * MINUTE;
    const DAY: i64 = 24 * HOUR;
    const YEAR: i64 = 365 * DAY;
    let two = |large: i64, large_name: &str, small: i64, small_name: &str| match seconds % large / small {
        0 => format!("{}{large_name}", seconds / large),
        rest => format!("{}{large_name}{rest}{small_name}", seconds / large),
    };
    match seconds {
        ..-1 => "<invalid>".to_owned(),
        -1 => "0s".to_owned(),
        0..120 => format!("{seconds}s"),
        120..600 => two(MINUTE, "m", 1, "s"),
        600..10_800 => format!("{}m", seconds / MINUTE),
        10_800..28_800 => two(HOUR, "h", MINUTE, "m"),
        28_800..172_800 => format!("{}h", seconds / HOUR),
        172_800..691_200 => two(DAY, "d", HOUR, "h"),
        691_200..63_072_000 => format!("{}d", seconds / DAY),
        63_072_000..252_288_000 => two(YEAR, "y", DAY, "d"),
        _ => format!("{}y", seconds / YEAR),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;

    #[test]
    fn ages_are_like_kubectls() {
        for (seconds, printed) in [
            (119, "119s"),
            (120, "2m"),
            (121, "2m1s"),
            (599, "9m59s"),
            (600, "10m"),
            (10_799, "179m"),
            (10_800, "3h"),
            (28_799, "7h59m"),
            (28_800, "8h"),
            (172_799, "47h"),
            (172_800, "2d"),
            (691_199, "7d23h"),
            (691_200, "8d"),
            (729 * 86_400, "729d"),
            (730 * 86_400, "2y"),
            (2919 * 86_400, "7y364d"),
            (2920 * 86_400, "8y"),
            (-1, "0s"),
            (-2, "<invalid>"),
        ] {
            assert_eq!(human_duration(seconds), printed, "{seconds}");
        }
    }

    fn live(object: serde_json::Value) -> LiveObject {
        serde_json::from_value(object).unwrap()
    }

    #[test]
    fn ready_needs_vm_and_vmi() {
        let ready = live(json!({"status": {"conditions": [{"type": "Ready", "status": "True"}]}}));
        assert!(status(&ready, Some(&ready)).ready);
        assert!(!status(&ready, None).ready, "a VM's condition may lag behind its VMI's");
        assert!(!status(&LiveObject::default(), None).ready);
    }

    #[test]
    fn an_exceeded_quota_is_reported() {
        let message = "failed to create virtual machine pod: exceeded quota: q";
        let conditions = json!([{"type": "Synchronized", "status": "False", "reason": "FailedCreate", "message": message}]);
        let vmi = live(json!({"status": {"conditions": conditions}}));
        let status = status(&live(json!({"status": {"printableStatus": "Starting"}})), Some(&vmi));
        assert_eq!(status.cause, Some(Cause::NotSynchronized(message.to_owned())));
        assert_eq!((status.reason().as_str(), status.cause.unwrap().verdict()), (message, Verdict::Progressing));
    }

    #[test]
    fn a_crash_loop_is_final_from_the_second_failure_on() {
        let failed = |count| {
            let failure = json!({"consecutiveFailCount": count});
            let vm = live(json!({"status": {"printableStatus": "CrashLoopBackOff", "startFailure": failure}}));
            let status = status(&vm, None);
            (status.reason(), status.cause.unwrap().verdict())
        };
        assert_eq!(failed(1), ("failed to start once".to_owned(), Verdict::Progressing));
        assert_eq!(failed(3), ("failed to start 3 times".to_owned(), Verdict::FailedAfter(Duration::ZERO)));
    }

    #[test]
    fn only_needed_fields_are_kept() {
        let vm = live(json!({
            "metadata": {"name": "m", "labels": {"theirs": "x", "virtwork/role": "server"}, "managedFields": [{}], "creationTimestamp": "2026-01-02T03:04:05Z"},
            "status": {"conditions": [{"type": "LiveMigratable", "status": "True", "lastProbeTime": null}], "startFailure": null},
        }));
        assert_eq!((vm.metadata.label_or_annotation("virtwork/role"), vm.metadata.label_or_annotation("theirs")), (Some("server"), None));
        assert!(vm.status.conditions.is_empty());
        assert_eq!(status(&vm, None).created.unwrap().to_string(), "2026-01-02T03:04:05Z");
    }
}
