//! Why a VM is not ready, as a value: what KubeVirt says of it, and what its guest, its data volume and its events say.

use std::{fmt, time::Duration};

/// How long an error of KubeVirt's that may pass has to last before it counts: image pulls and data volumes are retried.
const MAY_PASS: Duration = Duration::from_secs(60);
/// The same for a VM that KubeVirt cannot reconcile.
const MAY_RECONCILE: Duration = Duration::from_secs(30);
/// A VM that is gone may be listed again a moment later.
const MAY_RETURN: Duration = Duration::from_secs(5);

/// Why a VM is not ready, or what else is to be said of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// It is being deleted.
    Terminating,
    /// It does not exist any more.
    Deleted,
    /// It is ready, and runs with what it was started with.
    RestartPending {
        /// The VM.
        name: String,
        /// Its namespace.
        namespace: String,
    },
    /// Its VMIs fail.
    CrashLoop {
        /// How often in a row, where KubeVirt says so.
        failures: Option<u64>,
        /// KubeVirt's message.
        message: Option<String>,
    },
    /// Its image cannot be pulled.
    ImagePull(Option<String>),
    /// Its data volume failed.
    DataVolumeFailed(Option<String>),
    /// Somebody stopped it.
    Stopped,
    /// Somebody, or an I/O error, paused it: KubeVirt's reason.
    Paused(String),
    /// KubeVirt cannot reconcile it.
    RequestError(String),
    /// No node takes it.
    Unschedulable(String),
    /// KubeVirt cannot create its pod, or reports another passing problem.
    NotSynchronized(String),
    /// Its data volume is not there yet.
    Provisioning(Option<String>),
    /// It runs, and its workload does not yet: the guest knows why.
    Guest,
    /// Nothing says why yet.
    Unknown,
    /// Found out elsewhere than in its own status.
    Diagnosed(Diagnosis),
}

/// Whether waiting makes sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It may still become ready.
    Progressing,
    /// It does not recover by itself once this has lasted so long.
    FailedAfter(Duration),
}

impl Cause {
    /// Whether waiting makes sense.
    pub fn verdict(&self) -> Verdict {
        match self {
            // KubeVirt tries again after ten seconds, and one failure may be no more than a pod that was evicted.
            Self::CrashLoop { failures: Some(1), .. } => Verdict::Progressing,
            Self::CrashLoop { .. } | Self::Stopped => Verdict::FailedAfter(Duration::ZERO),
            Self::ImagePull(_) | Self::DataVolumeFailed(_) => Verdict::FailedAfter(MAY_PASS),
            Self::RequestError(_) => Verdict::FailedAfter(MAY_RECONCILE),
            Self::Deleted => Verdict::FailedAfter(MAY_RETURN),
            _ => Verdict::Progressing,
        }
    }

    /// Whether somebody else than the VM's own status may know more.
    pub fn needs_diagnosis(&self) -> bool {
        self.is_of_volume() || matches!(self, Self::Guest | Self::Unknown)
    }

    /// Whether its data volume holds it up.
    pub fn is_of_volume(&self) -> bool {
        matches!(self, Self::Provisioning(_) | Self::DataVolumeFailed(_))
    }

    /// Whether two causes are of one kind, whatever their messages: KubeVirt's words alternate, as those of image pulls do.
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
                write!(formatter, "change pending; run 'virtctl restart {name} -n {namespace}' to apply it")
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
            Self::Paused(reason) => write!(formatter, "paused ({reason})"),
            Self::RequestError(message) | Self::Unschedulable(message) | Self::NotSynchronized(message) => formatter.write_str(message),
            Self::Provisioning(message) => formatter.write_str(&or(message, "waiting for its data volume")),
            Self::Guest => formatter.write_str("waiting for the guest to report"),
            Self::Unknown => Ok(()),
            Self::Diagnosed(diagnosis) => diagnosis.fmt(formatter),
        }
    }
}

/// What was found out about a VM elsewhere than in its own status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Diagnosis {
    /// The guest's own words.
    Guest(String),
    /// The guest answers that its workload runs.
    Working,
    /// The guest does not answer, and its console says last that its workload runs.
    Silent,
    /// The guest may not be asked, and its console says last that its workload runs.
    ConsoleWorking,
    /// The user cannot read what would tell.
    Forbidden(&'static str),
    /// More VMs than are asked at a time.
    NotChecked(usize),
    /// What CDI says of its data volume.
    DataVolume {
        /// Its phase.
        phase: String,
        /// The message of a condition that is false.
        message: String,
    },
    /// The newest warning about the VM, its pod or its data volume.
    Event {
        /// One word, where there is one.
        reason: Option<String>,
        /// A sentence.
        message: String,
    },
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
