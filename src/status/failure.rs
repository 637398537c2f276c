//! Why a VMI failed. KubeVirt deletes its pod within seconds and starts the VM again, so that only a trace of the failure is left.

use crate::live::LivePod;

use super::{
    Cause, Evidence, PrintableStatus, Reason,
    words::{last_words, repeated},
};

/// Why a pod failed: kubelet's reason, or the container that ended with an error.
pub(crate) fn of_pod(pod: &LivePod) -> Option<Reason> {
    let status = &pod.status;
    if status.phase != "Failed" {
        return None;
    }
    if !status.reason.is_empty() {
        let cause = match status.reason.as_str() {
            "Evicted" => return Some(Reason::new(Cause::Evicted, status.message.clone())),
            "UnexpectedAdmissionError" => Cause::DeviceUnavailable,
            _ => Cause::PodRejected,
        };
        return Some(Reason::new(cause, format!("{}: {}", status.reason, status.message)));
    }
    let (container, state) = pod.terminated()?;
    let said = last_words(&state.message);
    let said = if said.is_empty() { String::new() } else { format!(": {said}") };
    Some(
        Reason::new(Cause::StartFailed, format!("container {container} ended with exit code {}{said}", state.exit_code))
            .since(state.finished_at),
    )
}

/// Causes of a failed start that may pass.
const PASSING: [Cause; 6] =
    [Cause::DeviceUnavailable, Cause::Evicted, Cause::PodRejected, Cause::MountFailed, Cause::PodSandboxFailed, Cause::RegistryUnreachable];

/// The failed starts of a VM, with the last reason that is known.
pub(super) fn start_failure(e: &Evidence<'_>) -> Option<Reason> {
    let present = e.pod().and_then(of_pod);
    let vmi_failed = e.vmi.is_some_and(|vmi| vmi.status.phase == "Failed");
    let failures = e.vm.status.start_failure.consecutive_fail_count.filter(|_| e.vmi.is_none_or(|vmi| vmi.status.phase != "Running"));
    let is_loop = PrintableStatus::of(e.vm) == PrintableStatus::CrashLoopBackOff;
    let why = present.or_else(|| e.failure.cloned()).or_else(|| e.look.and_then(|look| look.failure.clone())).or_else(|| synchronized(e));
    let Some(count) = failures.filter(|count| *count > 0) else {
        return match why {
            Some(why) if vmi_failed => Some(why),
            why if is_loop => Some(Reason::new(Cause::CrashLoop, repeated(None, why.map(|why| why.to_string()).as_deref()))),
            _ => None,
        };
    };
    // What may pass, such as a device that is not healthy, stays the cause.
    let passes = why.as_ref().filter(|why| PASSING.contains(&why.cause));
    let cause = passes.map_or(if count == 1 { Cause::StartFailed } else { Cause::CrashLoop }, |why| why.cause);
    let since = why.as_ref().and_then(|why| why.since);
    Some(Reason::new(cause, repeated(Some(count), why.map(|why| why.to_string()).as_deref())).since(since))
}

/// What KubeVirt said about the VMI that failed.
fn synchronized(e: &Evidence<'_>) -> Option<Reason> {
    let condition = e.vmi.filter(|vmi| vmi.status.phase == "Failed")?.condition("Synchronized")?;
    (condition.status == "False").then(|| Reason::new(Cause::StartFailed, condition.words()).since(condition.last_transition_time))
}
