//! KubeVirt's printable status of a VM.

use std::fmt;

use crate::live::LiveObject;

/// `status.printableStatus` of a VirtualMachine (kubevirt/kubevirt `staging/src/kubevirt.io/api/core/v1/types.go`). Values that are
/// treated alike are not listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PrintableStatus {
    /// It is starting; also if KubeVirt has not set a status yet.
    Starting,
    /// It runs.
    Running,
    /// It is stopped.
    Stopped,
    /// It is being stopped.
    Stopping,
    /// It is paused.
    Paused,
    /// Its data volumes are being provisioned.
    Provisioning,
    /// Its PVCs wait for their first consumer.
    WaitingForVolumeBinding,
    /// A data volume failed.
    DataVolumeError,
    /// A PVC is missing.
    ErrorPvcNotFound,
    /// Its VMIs fail repeatedly.
    CrashLoopBackOff,
    /// Its image cannot be pulled.
    ErrImagePull,
    /// Its image cannot be pulled; KubeVirt waits before the next attempt.
    ImagePullBackOff,
    /// Not KubeVirt's: it does not exist any more.
    Deleted,
    /// Any other value.
    Other(String),
}

impl PrintableStatus {
    const NAMED: [(Self, &'static str); 13] = [
        (Self::Starting, "Starting"),
        (Self::Running, "Running"),
        (Self::Stopped, "Stopped"),
        (Self::Stopping, "Stopping"),
        (Self::Paused, "Paused"),
        (Self::Provisioning, "Provisioning"),
        (Self::WaitingForVolumeBinding, "WaitingForVolumeBinding"),
        (Self::DataVolumeError, "DataVolumeError"),
        (Self::ErrorPvcNotFound, "ErrorPvcNotFound"),
        (Self::CrashLoopBackOff, "CrashLoopBackOff"),
        (Self::ErrImagePull, "ErrImagePull"),
        (Self::ImagePullBackOff, "ImagePullBackOff"),
        (Self::Deleted, "Deleted"),
    ];

    /// That of a VM.
    pub(crate) fn of(vm: &LiveObject) -> Self {
        Self::from(vm.status.printable_status.as_str())
    }

    /// Whether the VM waits for its data volume.
    pub(crate) fn is_of_volume(&self) -> bool {
        matches!(self, Self::Provisioning | Self::WaitingForVolumeBinding | Self::DataVolumeError | Self::ErrorPvcNotFound)
    }
}

impl From<&str> for PrintableStatus {
    fn from(word: &str) -> Self {
        if word.is_empty() {
            return Self::Starting;
        }
        Self::NAMED.into_iter().find(|(_, name)| *name == word).map_or_else(|| Self::Other(word.to_owned()), |(status, _)| status)
    }
}

impl fmt::Display for PrintableStatus {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Other(word) => formatter.write_str(word),
            named => formatter.write_str(Self::NAMED.iter().find(|(status, _)| status == named).map_or("", |(_, name)| name)),
        }
    }
}
