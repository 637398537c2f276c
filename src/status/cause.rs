//! The causes of trouble. `docs/troubleshooting.md` lists each with its words.

use std::time::Duration;

use serde::Serialize;

/// A final cause must last so long before a wait ends: KubeVirt and kubelet try again, and their reports may lag behind.
const FINAL_AFTER: Duration = Duration::from_secs(30);
/// CDI tries again.
const VOLUME_AFTER: Duration = Duration::from_secs(60);
/// A VM that is missing may be listed again a moment later.
const DELETED_AFTER: Duration = Duration::from_secs(5);

/// Declares the causes: `final` ones do not heal without help.
macro_rules! causes {
    ($($(#[doc = $doc:literal])* $name:ident $(final $after:expr)?,)*) => {
        /// Why a VM is not ready, or what else the user should know about it. The names are part of `status -o json`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
        pub(crate) enum Cause {
            $($(#[doc = $doc])* $name,)*
        }

        impl Cause {
            /// All causes.
            #[cfg(test)]
            pub(crate) const ALL: &'static [Self] = &[$(Self::$name),*];

            /// For a final cause, the time after which a wait ends.
            pub(crate) fn final_after(self) -> Option<Duration> {
                match self {
                    $(Self::$name => causes!(@after $($after)?),)*
                }
            }

            /// Its name in `status -o json`.
            pub(crate) fn name(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)*
                }
            }
        }
    };
    (@after $after:expr) => { Some($after) };
    (@after) => { None };
}

causes! {
    /// The VM is being deleted.
    Terminating,
    /// The VM does not exist any more.
    Deleted final DELETED_AFTER,
    /// Someone stopped it.
    Stopped final Duration::ZERO,
    /// Its instance is being stopped or restarted.
    Stopping,
    /// Someone, or an I/O error, paused it.
    Paused,
    /// It is ready, but runs with an older configuration.
    RestartRequired,
    /// Its node is being drained, and the VM waits for its migration.
    Draining,
    /// It was evicted from its node.
    Evicted,
    /// Its node does not respond.
    NodeUnreachable,
    /// Its image does not exist, or the registry does not give it out.
    ImagePullFailed final FINAL_AFTER,
    /// The registry cannot be reached.
    RegistryUnreachable,
    /// The Secret for pulling its image does not exist.
    PullSecretMissing final FINAL_AFTER,
    /// Its image holds no disk.
    NotContainerDisk final FINAL_AFTER,
    /// A container of its pod cannot be created.
    ContainerFailed,
    /// Its pod has no sandbox, for example because the network plugin fails.
    PodSandboxFailed,
    /// A volume of its pod cannot be mounted.
    MountFailed,
    /// A device of the node, such as /dev/kvm, is not available.
    DeviceUnavailable,
    /// kubelet refused its pod.
    PodRejected,
    /// Its launcher ended with an error, or its last start failed.
    StartFailed,
    /// It failed to start several times in a row.
    CrashLoop final FINAL_AFTER,
    /// No node is suitable.
    Unschedulable,
    /// A quota is used up.
    QuotaExceeded,
    /// The namespace's limits do not allow its pod.
    LimitRange final FINAL_AFTER,
    /// The namespace's Pod Security level does not allow its pod.
    PodSecurity final FINAL_AFTER,
    /// The API server refuses its pod for another reason.
    PodRefused,
    /// Its data volume is not ready.
    VolumePending,
    /// Its data volume failed.
    VolumeFailed final VOLUME_AFTER,
    /// Its PVC cannot be provisioned.
    ProvisioningFailed,
    /// The provisioner of its PVC does not answer.
    ProvisionerSilent,
    /// KubeVirt cannot reconcile it.
    ReconcileFailed final FINAL_AFTER,
    /// KubeVirt reports an error that may pass.
    NotSynchronized,
    /// KubeVirt has not started it yet.
    NotStarted,
    /// It is starting.
    Starting,
    /// The guest has not reported yet.
    GuestBooting,
    /// The guest reports that its workload does not run.
    GuestNotReady,
    /// The guest does not respond any more.
    GuestSilent,
    /// The guest is booting again.
    GuestRebooting,
    /// The guest has not reported for minutes, and its console shows an error.
    GuestSetupFailed,
    /// The workload runs. The readiness probe has not seen it yet.
    WaitingForProbe,
    /// A warning event without a cause of its own.
    Warning,
    /// The user lacks a permission to find out.
    Forbidden,
    /// More VMs are not ready than are checked at a time.
    NotChecked,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cause_is_documented() {
        let docs = include_str!("../../docs/troubleshooting.md");
        let missing: Vec<_> = Cause::ALL.iter().map(|cause| cause.name()).filter(|name| !docs.contains(&format!("| `{name}`"))).collect();
        assert!(missing.is_empty(), "not in docs/troubleshooting.md: {missing:?}");
        let listed = docs.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`').map(|(name, _)| name));
        let is_cause = |name: &&str| name.chars().all(char::is_alphanumeric) && name.starts_with(char::is_uppercase);
        let unknown: Vec<_> = listed.filter(is_cause).filter(|name| !Cause::ALL.iter().any(|cause| cause.name() == *name)).collect();
        assert!(unknown.is_empty(), "no causes: {unknown:?}");
    }
}
