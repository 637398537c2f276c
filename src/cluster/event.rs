//! What the work reports while it goes on, as values; the display turns them into words.

use std::{fmt, time::Duration};

use super::{ObjectRef, wait::NotReady};

/// Something that happened.
#[derive(Debug, Clone)]
pub enum Event {
    /// Objects are about to be applied: so many.
    Applying {
        /// How many.
        total: usize,
    },
    /// An object was applied, or needed nothing.
    Applied {
        /// `virtualmachine.kubevirt.io/virtwork-cpu-0`.
        object: String,
        /// What was done.
        outcome: Outcome,
    },
    /// All objects are applied, or given up.
    AppliedAll,
    /// What is waited for, each time it changes and every second.
    Waiting {
        /// What is waited for.
        goal: Wait,
        /// How many are there.
        done: usize,
        /// Of how many.
        total: usize,
        /// Since the command began.
        elapsed: Duration,
        /// Those that are not.
        pending: Vec<Pending>,
    },
    /// The wait is over.
    Waited,
    /// Something the user should know, and need not act on.
    Notice(Notice),
    /// Something that may need the user's attention.
    Warning(Warning),
}

/// What was done to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is new.
    Created,
    /// It was changed.
    Configured,
    /// It was changed, and started again because somebody had stopped it.
    Started,
    /// It was as planned.
    Unchanged,
}

impl fmt::Display for Outcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Created => "created",
            Self::Configured => "configured",
            Self::Started => "configured (it was stopped: started again)",
            Self::Unchanged => "unchanged",
        })
    }
}

/// What is counted while it is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// VMs whose workload runs.
    Ready,
    /// VMs that run.
    Running,
    /// Objects that are gone.
    Deleted,
}

impl fmt::Display for Wait {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Ready => "VMs ready",
            Self::Running => "VMs running",
            Self::Deleted => "objects deleted",
        })
    }
}

/// What is still waited for.
#[derive(Debug, Clone)]
pub enum Pending {
    /// A VM, with the reason.
    Vm(NotReady),
    /// An object that is being deleted.
    Object(ObjectRef),
}

impl fmt::Display for Pending {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Vm(vm) => write!(formatter, "{} ({vm})", vm.name),
            Self::Object(item) => item.fmt(formatter),
        }
    }
}

/// Something the user should know, and need not act on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// The API server answers again.
    Reconnected,
}

impl fmt::Display for Notice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reconnected => formatter.write_str("connection to the API server restored"),
        }
    }
}

/// Something that may need the user's attention.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Warning {
    /// StorageClasses cannot be listed.
    StorageClassesForbidden,
    /// Objects of a resource cannot be listed in `down`.
    CannotList(String),
    /// The API server has not answered for a while: why.
    Disconnected(String),
    /// Objects of the fleet that appeared while it was being deleted.
    Appeared(Vec<ObjectRef>),
    /// Whether there are any is not known: the list cannot be made again.
    AppearedUnknown,
    /// Objects with the fleet's labels that another owner keeps.
    Foreign(Vec<ObjectRef>),
    /// `--ssh-password` was given as a flag.
    PasswordInProcessList,
}

fn named(items: &[ObjectRef]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

impl fmt::Display for Warning {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StorageClassesForbidden => {
                formatter.write_str("cannot list StorageClasses (forbidden), so it is not known whether one fits the data disks")
            }
            Self::CannotList(resource) => {
                write!(formatter, "cannot list {resource} (forbidden), so leftovers of that kind are not reported")
            }
            Self::Disconnected(why) => write!(formatter, "lost connection to the API server ({why}); retrying, statuses may be stale"),
            Self::Appeared(items) => write!(formatter, "not deleted, because it appeared after the list was made: {}", named(items)),
            Self::AppearedUnknown => formatter.write_str("cannot list the fleet again, so objects that appeared since are not reported"),
            Self::Foreign(items) => write!(formatter, "kept, because it belongs to something else: {}", named(items)),
            Self::PasswordInProcessList => {
                formatter.write_str("--ssh-password is visible in the process list; use --ask-ssh-password or --ssh-password-file instead")
            }
        }
    }
}

/// Who listens.
pub type EventSink<'a> = &'a (dyn Fn(Event) + Sync);
