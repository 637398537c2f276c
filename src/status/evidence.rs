//! What is known about one VM. Evidence has an owner and a time: a pod, claim or event counts only if its UID leads to the present
//! object, and only while nothing newer contradicts it.

use k8s_openapi::jiff::Timestamp;

use crate::{
    live::{LiveClaim, LiveEvent, LiveObject, LivePod, LiveVolume},
    metadata,
};

use super::Reason;

/// All evidence about one VM.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Evidence<'a> {
    /// The VM.
    pub vm: &'a LiveObject,
    /// Its VMI.
    pub vmi: Option<&'a LiveObject>,
    /// What was read beyond these two.
    pub look: Option<&'a Look>,
    /// Why its last VMI failed, if that was seen.
    pub failure: Option<&'a Reason>,
    /// The present time.
    pub now: Timestamp,
}

/// What was read about a VM that is not ready.
#[derive(Debug, Clone, Default)]
pub(crate) struct Look {
    /// The UID of the VMI at that time; empty if there was none.
    pub(crate) vmi: String,
    /// Whether its pods could not be read. Then nothing follows from there being none.
    pub(crate) pods_unread: bool,
    /// The virt-launcher pods of VMIs with its name.
    pub pods: Vec<LivePod>,
    /// Events about its objects.
    pub events: Vec<LiveEvent>,
    /// Its data volume.
    pub volume: Option<LiveVolume>,
    /// The PVC of the data volume.
    pub claim: Option<LiveClaim>,
    /// The guest's response.
    pub answer: Answer,
    /// Its serial console.
    pub console: Console,
    /// Why its last VMI failed, from events that outlive it.
    pub failure: Option<Reason>,
    /// Objects that the user has no permission to read.
    pub denied: Vec<&'static str>,
    /// Why it was not looked at: more VMs than this are not ready.
    pub skipped: Option<usize>,
}

/// The response of a guest's health endpoint.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It was not asked.
    #[default]
    NotAsked,
    /// Its workload runs.
    Working,
    /// Its workload does not run, and why.
    Says(String),
    /// It does not respond.
    Nothing,
    /// The user may not ask it.
    Forbidden,
}

/// What the serial console shows of the present boot.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Console {
    /// The guest's last report.
    pub last: Option<String>,
    /// The last line that looks like an error.
    pub error: Option<String>,
    /// Whether the guest had reported before its last boot.
    pub rebooted: bool,
    /// Whether it cannot be read.
    pub forbidden: bool,
}

/// A report of the guest: `VIRTWORK cpu: working` (`catalog/common/guest/usr/local/libexec/virtwork/health`).
const REPORT: &str = "VIRTWORK ";
/// The first line of the kernel.
const BOOT: &str = "] Linux version ";
/// What lines with an error contain: of the kernel, systemd, cloud-init and Python.
const ERRORS: [&str; 9] = [
    "[FAILED]",
    "Failed to ",
    "Kernel panic",
    "Read-only file system",
    "I/O error",
    "Out of memory",
    "[ERROR]",
    "Traceback ",
    "emergency mode",
];

impl Console {
    /// Reads the end of a console's log.
    pub(crate) fn read(log: &str) -> Self {
        let boot = log.lines().collect::<Vec<_>>().iter().rposition(|line| line.contains(BOOT)).unwrap_or(0);
        let report = |line: &str| Some(line.split_once(REPORT)?.1.split_once(": ")?.1.trim().to_owned());
        let present = || log.lines().skip(boot);
        let last = present().filter_map(report).last();
        let rebooted = last.is_none() && log.lines().take(boot).any(|line| report(line).is_some());
        let error = present().filter(|line| ERRORS.iter().any(|words| line.contains(words))).last().map(crate::live::read::clean);
        Self { last, error, rebooted, forbidden: false }
    }
}

impl<'a> Evidence<'a> {
    fn pods(&self) -> impl Iterator<Item = &'a LivePod> {
        let uid = self.vmi.map_or("", |vmi| vmi.metadata.uid.as_str());
        self.look.into_iter().flat_map(|look| &look.pods).filter(move |pod| pod.is_owned_by(uid))
    }

    /// The pod in which the VM runs, or is to run. During a migration there are two of them.
    pub(crate) fn pod(&self) -> Option<&'a LivePod> {
        let status = &self.vmi?.status;
        let is_active = |pod: &&LivePod| status.runs_in(&pod.metadata.uid);
        let newest = || self.pods().filter(|pod| !is_migration_target(pod)).max_by_key(|pod| pod.metadata.creation_timestamp);
        self.pods().filter(|_| !status.node_name.is_empty()).find(is_active).or_else(newest)
    }

    /// The image with which its instance was started; without one, that of the next.
    pub(crate) fn image(&self) -> &'a str {
        self.vmi.map(|vmi| &*vmi.spec.image.0).filter(|image| !image.is_empty()).unwrap_or(&self.vm.spec.template.spec.image.0)
    }

    /// The pod to which a migration would move it.
    pub(crate) fn migration_target(&self) -> Option<&'a LivePod> {
        let present = self.pod().map(|pod| pod.metadata.uid.as_str());
        self.pods()
            .filter(|pod| is_migration_target(pod) && Some(pod.metadata.uid.as_str()) != present)
            .max_by_key(|pod| pod.metadata.creation_timestamp)
    }

    /// Its data volume, if this VM owns it.
    pub(crate) fn volume(&self) -> Option<&'a LiveVolume> {
        let uid = &self.vm.metadata.uid;
        self.look?.volume.as_ref().filter(|volume| volume.metadata.owners.iter().any(|owner| owner.uid == *uid))
    }

    /// The PVC, if its data volume owns it.
    pub(crate) fn claim(&self) -> Option<&'a LiveClaim> {
        let volume = &self.volume()?.metadata.uid;
        self.look?.claim.as_ref().filter(|claim| claim.metadata.owners.iter().any(|owner| owner.uid == *volume))
    }

    /// The events about the object with this UID, the newest first.
    pub(crate) fn events(&self, uid: &str) -> Vec<&'a LiveEvent> {
        let all = self.look.into_iter().flat_map(|look| &look.events);
        let mut events: Vec<_> = all.filter(|event| !uid.is_empty() && event.involved.uid == uid).collect();
        events.sort_by_key(|event| std::cmp::Reverse(event.time(self.now)));
        events
    }

    /// Whether the readiness probe had succeeded before: the pod's condition changed after its containers had started.
    pub(crate) fn was_ready(&self) -> bool {
        let Some(pod) = self.pod() else { return false };
        let changed = pod.condition("Ready").and_then(|ready| ready.last_transition_time);
        matches!((pod.started(), changed), (Some(started), Some(changed)) if changed.as_second() > started.as_second() + READY_LAG)
    }
}

/// kubelet sets the condition of a pod within this time, in seconds, after it has started its containers.
const READY_LAG: i64 = 2;

fn is_migration_target(pod: &LivePod) -> bool {
    pod.metadata.label_or_annotation(metadata::MIGRATION).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOOTED: &str = "[    0.000000] Linux version 6.1\n";

    #[test]
    fn a_console_is_read_from_its_last_boot_on() {
        let working = Console::read(&format!("{BOOTED}VIRTWORK cpu: set up\r\nVIRTWORK cpu: working\r\nlogin:"));
        assert_eq!((working.last.as_deref(), working.rebooted), (Some("working"), false));
        let rebooting = Console::read(&format!("{BOOTED}VIRTWORK cpu: working\n{BOOTED}systemd[1]: Starting"));
        assert_eq!((rebooting.last, rebooting.rebooted), (None, true));
        let failed = Console::read(&format!("{BOOTED}[FAILED] Failed to start cloud-init.\nok\n"));
        assert_eq!((failed.last, failed.error.as_deref()), (None, Some("[FAILED] Failed to start cloud-init.")));
    }
}
