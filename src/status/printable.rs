//! KubeVirt's word for the state of a VM.

use std::fmt;

/// `status.printableStatus` of a VirtualMachine (kubevirt/kubevirt `staging/src/kubevirt.io/api/core/v1/types.go`), as far as this
/// program treats values differently.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PrintableStatus {
    /// Not there yet; also where KubeVirt has not said anything.
    Starting,
    /// QEMU runs.
    Running,
    /// It is not meant to run.
    Stopped,
    /// Its vCPUs stand still.
    Paused,
    /// Its data volumes are being made.
    Provisioning,
    /// Its PVCs wait for a node.
    WaitingForVolumeBinding,
    /// A data volume failed.
    DataVolumeError,
    /// A PVC is missing.
    ErrorPvcNotFound,
    /// Its VMIs fail one after another.
    CrashLoopBackOff,
    /// Its image cannot be pulled.
    ErrImagePull,
    /// Its image cannot be pulled, and KubeVirt waits before it tries again.
    ImagePullBackOff,
    /// Ours, not KubeVirt's: it does not exist any more.
    Deleted,
    /// Any other word.
    Other(String),
}

impl PrintableStatus {
    const NAMED: [(Self, &'static str); 12] = [
        (Self::Starting, "Starting"),
        (Self::Running, "Running"),
        (Self::Stopped, "Stopped"),
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
