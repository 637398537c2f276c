//! Events of commands and `cluster`, as values. The display task in `ui` prints them.

mod message;

use std::{fmt, time::Duration};

use tokio::sync::{mpsc, oneshot};

use crate::{
    error::{Error, Result},
    object::{ObjectName, ObjectRef},
    plan::Password,
    status::NotReady,
};

pub(crate) use message::{Hint, Notice, Warning};

/// Something that happened, or a question.
#[derive(Debug)]
pub(crate) enum Event {
    /// Part of the result, for standard output. Ends with a newline.
    Output(String),
    /// `total` objects are about to be applied.
    Applying {
        /// Their number.
        total: usize,
    },
    /// An object was created or changed, or needed no change.
    Applied {
        /// The object.
        object: ObjectName,
        /// The change.
        outcome: Outcome,
        /// Whether it was really done.
        mode: Mode,
    },
    /// All objects are applied, or the rest was given up.
    AppliedAll,
    /// An object was deleted, or is being deleted.
    Deleted {
        /// The object.
        object: ObjectName,
        /// Its namespace; none for a namespace.
        namespace: Option<String>,
        /// Whether the command waited until it was gone.
        gone: bool,
        /// Whether it was really deleted.
        mode: Mode,
    },
    /// Progress of a wait, sent at each change and once a second.
    Waiting {
        /// What the VMs or objects are to become.
        goal: Wait,
        /// The number that are.
        done: usize,
        /// The number of all.
        total: usize,
        /// Time since the command began.
        elapsed: Duration,
        /// Some of those that are not.
        pending: Vec<Pending>,
    },
    /// The wait is over.
    Waited,
    /// Information that needs no action.
    Notice(Notice),
    /// Something that may need the user's attention.
    Warning(Warning),
    /// The next command to type. Shown on a terminal only.
    Hint(Hint),
    /// An error. The command may go on.
    Error(Error),
    /// A yes-or-no question, with the objects that it is about.
    Confirm {
        /// The question.
        question: Question,
        /// Receives the answer; dropped if the command ends first.
        answer: oneshot::Sender<Result<bool>>,
    },
    /// A choice of one VM. The answer is its index, or none.
    PickVm {
        /// The names.
        names: Vec<String>,
        /// Receives the answer.
        answer: oneshot::Sender<Result<Option<usize>>>,
    },
    /// A password, to be typed twice.
    AskPassword {
        /// The account.
        user: String,
        /// Receives the answer.
        answer: oneshot::Sender<Result<Password>>,
    },
}

/// Sends events to the display task, and waits while that is busy.
#[derive(Debug, Clone)]
pub(crate) struct Events(Option<mpsc::Sender<Event>>);

impl Events {
    /// Sends to `sender`.
    pub(crate) fn new(sender: mpsc::Sender<Event>) -> Self {
        Self(Some(sender))
    }

    /// Drops every event.
    pub(crate) fn none() -> Self {
        Self(None)
    }

    /// Sends one event. If the display task has ended, the event is dropped.
    pub(crate) async fn emit(&self, event: Event) {
        if let Some(sender) = &self.0 {
            let _ = sender.send(event).await;
        }
    }
}

/// Whether requests are carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// They are.
    Real,
    /// Nothing is sent that would change anything.
    ClientDryRun,
    /// The server validates them and stores nothing.
    ServerDryRun,
}

impl fmt::Display for Mode {
    /// The suffix that kubectl appends to a line.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Real => "",
            Self::ClientDryRun => " (dry run)",
            Self::ServerDryRun => " (server dry run)",
        })
    }
}

/// The change to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It was created.
    Created,
    /// It was changed.
    Configured,
    /// It was changed, and started because someone had stopped it.
    Started,
    /// It was as planned.
    Unchanged,
    /// It was restarted.
    Restarted,
    /// It was deleted by `--prune`.
    Pruned,
    /// Its deletion by `--prune` was requested.
    Pruning,
}

impl fmt::Display for Outcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Created => "created",
            Self::Configured => "configured",
            Self::Started => "configured (was stopped; started)",
            Self::Unchanged => "unchanged",
            Self::Restarted => "restarted",
            Self::Pruned => "pruned",
            Self::Pruning => "is being deleted",
        })
    }
}

/// The state that a wait counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wait {
    /// VMs whose workload runs.
    Ready,
    /// VMs that run.
    Running,
    /// Objects that are gone.
    Deleted,
}

impl Wait {
    /// The noun after "1 of `total`", with the state.
    pub(crate) fn noun(self, total: usize) -> &'static str {
        match (self, total) {
            (Self::Ready, 1) => "VM ready",
            (Self::Ready, _) => "VMs ready",
            (Self::Running, 1) => "VM running",
            (Self::Running, _) => "VMs running",
            (Self::Deleted, 1) => "object deleted",
            (Self::Deleted, _) => "objects deleted",
        }
    }
}

/// A VM or object that a wait still waits for.
#[derive(Debug, Clone)]
pub(crate) enum Pending {
    /// A VM, with the reason.
    Vm(NotReady),
    /// An object that is being deleted.
    Object(ObjectRef),
}

impl fmt::Display for Pending {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Vm(vm) => write!(formatter, "{} ({vm})", vm.name),
            Self::Object(object) => object.fmt(formatter),
        }
    }
}

/// A question before something is deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Question {
    /// `--prune`: these objects.
    Prune(Vec<ObjectName>),
    /// `down`: these objects.
    Delete {
        /// The objects.
        objects: Vec<ObjectName>,
        /// Their namespace.
        namespace: String,
    },
    /// `down --delete-namespace`.
    DeleteNamespace(String),
}

impl Question {
    /// The objects to list before the question.
    pub(crate) fn objects(&self) -> &[ObjectName] {
        match self {
            Self::Prune(objects) | Self::Delete { objects, .. } => objects,
            Self::DeleteNamespace(_) => &[],
        }
    }
}

impl fmt::Display for Question {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Prune(_) => formatter.write_str("Delete these objects, which exceed the requested count?"),
            Self::Delete { objects, namespace } => match objects.len() {
                1 => write!(formatter, "Delete this object from namespace {namespace}?"),
                count => write!(formatter, "Delete these {count} objects from namespace {namespace}?"),
            },
            Self::DeleteNamespace(name) => write!(formatter, "Delete namespace {name}?"),
        }
    }
}
