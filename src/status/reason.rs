//! A cause with its details, and the words for it.

use std::fmt;

use k8s_openapi::jiff::Timestamp;

use super::Cause;

/// Why a VM is not ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reason {
    /// The cause.
    pub cause: Cause,
    /// What the cluster, the guest or its console says about it; empty if there is nothing.
    pub detail: String,
    /// Since when, if that is known.
    pub since: Option<Timestamp>,
    /// Whether the instance was started with an older configuration.
    pub is_outdated: bool,
}

impl Reason {
    /// A reason without a time.
    pub(crate) fn new(cause: Cause, detail: impl Into<String>) -> Self {
        Self { cause, detail: detail.into(), since: None, is_outdated: false }
    }

    /// The same since a time.
    pub(crate) fn since(self, since: Option<Timestamp>) -> Self {
        Self { since, ..self }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let detail = self.detail.as_str();
        let or = |default: &str| if detail.is_empty() { default.to_owned() } else { detail.to_owned() };
        let with = |words: &str| if detail.is_empty() { words.to_owned() } else { format!("{words}: {detail}") };
        let words = match self.cause {
            Cause::Terminating => with("terminating"),
            Cause::Deleted => "deleted by someone else".to_owned(),
            Cause::Stopped => "stopped by a user".to_owned(),
            Cause::Stopping => with("stopping"),
            Cause::Paused => format!("paused ({detail})"),
            Cause::RestartRequired => format!("restart required: run 'virtctl restart {detail}', or the same up command with --restart"),
            Cause::Evicted => with("evicted"),
            Cause::NodeUnreachable => format!("node {} does not respond", or("of the VM")),
            Cause::ImagePullFailed => or("the image cannot be pulled"),
            Cause::RegistryUnreachable => with("the registry cannot be reached"),
            Cause::NotContainerDisk => format!("image {detail} is no containerDisk: it has no disk image in its directory /disk"),
            Cause::StartFailed | Cause::CrashLoop => or("fails to start"),
            Cause::VolumePending => or("waiting for its data volume"),
            Cause::VolumeFailed => or("its data volume failed"),
            Cause::ProvisionerSilent => with("waiting for the provisioner of its PVC"),
            Cause::NotStarted => "not started yet".to_owned(),
            Cause::GuestBooting => or("waiting for the guest to report"),
            Cause::GuestSilent => match detail {
                "" => "the guest does not respond".to_owned(),
                line => format!("the guest does not respond; last console message: {line}"),
            },
            Cause::GuestRebooting => "the guest is rebooting".to_owned(),
            Cause::WaitingForProbe => or("working; waiting for the readiness probe"),
            Cause::Forbidden => format!("unknown: {detail} is forbidden"),
            Cause::NotChecked => format!("not checked (only {detail} VMs are checked at a time)"),
            _ => detail.to_owned(),
        };
        formatter.write_str(&words)?;
        if self.is_outdated {
            formatter.write_str(if words.is_empty() { "restart required (--restart)" } else { "; restart required (--restart)" })?;
        }
        Ok(())
    }
}
