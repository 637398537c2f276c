//! What errors are about.

use std::fmt;

use crate::{
    metadata,
    object::{ObjectName, joined},
};

/// The changes that an interrupted command may have made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Interrupted {
    /// Nothing.
    Harmless,
    /// `up` may have written a part of the fleet.
    Up,
    /// `down` may have deleted a part of the fleet.
    Down,
}

/// A deletion that needs a confirmation.
#[derive(Debug, Clone)]
pub(crate) enum Unconfirmed {
    /// Objects that `--prune` would delete.
    Prune(Vec<ObjectName>),
    /// A namespace.
    Namespace(String),
}

impl fmt::Display for Unconfirmed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Prune(objects) => formatter.write_str(&joined(objects, ", ")),
            Self::Namespace(name) => write!(formatter, "namespace {name}"),
        }
    }
}

/// A value from the cluster that becomes an argument of another program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ClusterValue {
    /// The name of a VM.
    VmName,
    /// The account for `ssh`, an annotation of this VM.
    SshUser(String),
    /// The UID of this VMI.
    VmiUid(String),
}

impl fmt::Display for ClusterValue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::VmName => formatter.write_str("the name of this VM"),
            Self::SshUser(vm) => write!(formatter, "annotation {} of VM {vm}", metadata::SSH_USER),
            Self::VmiUid(vm) => write!(formatter, "the UID of VMI {vm}"),
        }
    }
}

/// The state that `up` waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Goal {
    /// Their workloads run.
    Ready,
    /// QEMU runs.
    Running,
}

impl fmt::Display for Goal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Ready => "ready",
            Self::Running => "running",
        })
    }
}

/// Why `up` stopped waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GaveUp {
    /// The time limit was reached, after this time.
    TimedOut(std::time::Duration),
    /// No VM that is not ready will recover without intervention.
    Hopeless,
}
