//! Why a VM is not ready, as a value.

use std::{fmt, time::Duration};

/// An error of KubeVirt that lasts this long is final. KubeVirt retries image pulls and data volumes.
const TRANSIENT_LIMIT: Duration = Duration::from_secs(60);
/// The same for a VM that cannot be reconciled.
const RECONCILE_LIMIT: Duration = Duration::from_secs(30);
/// A VM that is missing may be listed again a moment later.
const DELETED_LIMIT: Duration = Duration::from_secs(5);

/// Why a VM is not ready, or what else the user should know about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// It is terminating.
    Terminating,
    /// It does not exist any more.
    Deleted,
    /// It is ready, but runs with an older configuration.
    RestartPending {
        /// The VM.
        name: String,
        /// Its namespace.
        namespace: String,
    },
    /// Its VMIs fail.
    CrashLoop {
        /// Failures in a row, if KubeVirt reports them.
        failures: Option<u64>,
        /// KubeVirt's message.
        message: Option<String>,
    },
    /// Its image cannot be pulled.
    ImagePull(Option<String>),
    /// Its data volume failed.
    DataVolumeFailed(Option<String>),
    /// Someone stopped it.
    Stopped,
    /// KubeVirt has not started it yet.
    NotStarted,
    /// Someone or an I/O error paused it; KubeVirt's reason.
    Paused(String),
    /// KubeVirt cannot reconcile it.
    Failure(String),
    /// No node is suitable.
    Unschedulable(String),
    /// KubeVirt cannot create its pod, or reports another transient problem.
    NotSynchronized(String),
    /// Its data volume is not ready.
    Provisioning(Option<String>),
    /// It runs, but its workload does not. The guest knows why.
    Guest,
    /// No reason is known yet.
    Unknown,
    /// The result of a diagnosis.
    Diagnosed(Diagnosis),
}

/// Whether waiting makes sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It may still become ready.
    Progressing,
    /// It does not recover once this has lasted so long.
    FailedAfter(Duration),
}

impl Cause {
    /// Whether waiting makes sense.
    pub fn verdict(&self) -> Verdict {
        match self {
            // KubeVirt retries after ten seconds, and one failure may only be an evicted pod.
            Self::CrashLoop { failures: Some(1), .. } => Verdict::Progressing,
            Self::CrashLoop { .. } | Self::Stopped => Verdict::FailedAfter(Duration::ZERO),
            Self::ImagePull(_) | Self::DataVolumeFailed(_) => Verdict::FailedAfter(TRANSIENT_LIMIT),
            Self::Failure(_) => Verdict::FailedAfter(RECONCILE_LIMIT),
            Self::Deleted => Verdict::FailedAfter(DELETED_LIMIT),
            _ => Verdict::Progressing,
        }
    }

    /// Whether a diagnosis may find out more.
    pub fn needs_diagnosis(&self) -> bool {
        self.is_of_volume() || *self == Self::Guest || self.is_unexplained()
    }

    /// Whether the VM's own status does not say why.
    pub fn is_unexplained(&self) -> bool {
        matches!(self, Self::NotStarted | Self::Unknown)
    }

    /// Whether its data volume is the cause.
    pub fn is_of_volume(&self) -> bool {
        matches!(self, Self::Provisioning(_) | Self::DataVolumeFailed(_))
    }

    /// Whether two causes are of one kind, whatever their messages. KubeVirt's messages alternate, for example those of image
    /// pulls.
    pub fn is_like(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let or = |message: &Option<String>, default: &str| message.clone().unwrap_or_else(|| default.to_owned());
        match self {
            Self::Terminating => formatter.write_str("terminating"),
            Self::Deleted => formatter.write_str("deleted by someone else"),
            Self::RestartPending { name, namespace } => {
                write!(formatter, "restart required: rerun up with --restart, or run 'virtctl restart {name} -n {namespace}'")
            }
            Self::CrashLoop { failures, message } => {
                match failures {
                    None => formatter.write_str("fails to start")?,
                    Some(1) => formatter.write_str("failed to start once")?,
                    Some(count) => write!(formatter, "failed to start {count} times")?,
                }
                message.as_ref().map_or(Ok(()), |message| write!(formatter, ": {message}"))
            }
            Self::ImagePull(message) => formatter.write_str(&or(message, "the image cannot be pulled")),
            Self::DataVolumeFailed(message) => formatter.write_str(&or(message, "its data volume failed")),
            Self::Stopped => formatter.write_str("stopped by a user"),
            Self::NotStarted => formatter.write_str("not started yet"),
            Self::Paused(reason) => write!(formatter, "paused ({reason})"),
            Self::Failure(message) | Self::Unschedulable(message) | Self::NotSynchronized(message) => formatter.write_str(message),
            Self::Provisioning(message) => formatter.write_str(&or(message, "waiting for its data volume")),
            Self::Guest => formatter.write_str("waiting for the guest to report"),
            Self::Unknown => Ok(()),
            Self::Diagnosed(diagnosis) => diagnosis.fmt(formatter),
        }
    }
}

/// The result of a diagnosis: why a VM is not ready, from other sources than its own status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Diagnosis {
    /// The guest's response.
    Guest(String),
    /// The guest reports that its workload runs.
    Working,
    /// The guest does not respond. Its last console line says that its workload runs.
    Silent,
    /// The guest cannot be probed. Its last console line says that its workload runs.
    ConsoleWorking,
    /// The user lacks a permission.
    Forbidden(Denied),
    /// More VMs than are probed at a time.
    NotChecked(usize),
    /// The state of its data volume, from CDI.
    DataVolume {
        /// Its phase.
        phase: String,
        /// The message of a condition that is false.
        message: String,
    },
    /// The newest warning event of the VM, its pod or its data volume.
    Event {
        /// The reason, if there is one.
        reason: Option<String>,
        /// The message.
        message: String,
    },
}

/// Objects that the user has no permission to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denied {
    /// The pods of the namespace.
    Pods,
    /// A guest's responses and its console.
    GuestAndConsole,
}

impl fmt::Display for Denied {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Pods => "listing pods",
            Self::GuestAndConsole => "reading pods/proxy and pods/log",
        })
    }
}

impl fmt::Display for Diagnosis {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Guest(words) => formatter.write_str(words),
            Self::Working => formatter.write_str("working; waiting for the readiness probe"),
            Self::Silent => formatter.write_str("the guest does not respond; last console message: working"),
            Self::ConsoleWorking => formatter.write_str("last console message: working"),
            Self::Forbidden(what) => write!(formatter, "unknown: {what} is forbidden"),
            Self::NotChecked(most) => write!(formatter, "not checked (only {most} VMs are checked at a time)"),
            Self::DataVolume { phase, message } => write!(formatter, "data volume {phase}: {message}"),
            Self::Event { reason: Some(reason), message } => write!(formatter, "{reason}: {message}"),
            Self::Event { reason: None, message } => formatter.write_str(message),
        }
    }
}
