//! Events of commands and `cluster`, as values. The display task in `ui` prints them.

use std::{fmt, path::PathBuf, time::Duration};

use tokio::sync::{mpsc, oneshot};

use crate::{
    error::{Error, Result, joined},
    object::{Kind, ObjectName, ObjectRef},
    plan::{Password, ResourceTotals},
    status::NotReady,
};

/// Something that happened, or a question.
#[derive(Debug)]
pub enum Event {
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
        /// Those that are not.
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
pub struct Events(Option<mpsc::Sender<Event>>);

impl Events {
    /// Sends to `sender`.
    pub fn new(sender: mpsc::Sender<Event>) -> Self {
        Self(Some(sender))
    }

    /// Drops every event.
    pub fn none() -> Self {
        Self(None)
    }

    /// Sends one event. If the display task has ended, the event is dropped.
    pub async fn emit(&self, event: Event) {
        if let Some(sender) = &self.0 {
            let _ = sender.send(event).await;
        }
    }
}

/// Whether requests are carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
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
pub enum Outcome {
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
pub enum Wait {
    /// VMs whose workload runs.
    Ready,
    /// VMs that run.
    Running,
    /// Objects that are gone.
    Deleted,
}

impl Wait {
    /// The noun after "1 of `total`", with the state.
    pub fn noun(self, total: usize) -> &'static str {
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
            Self::Object(object) => object.fmt(formatter),
        }
    }
}

/// A question before something is deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
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
    pub fn objects(&self) -> &[ObjectName] {
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

/// Information that needs no action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// The API server responds again.
    Reconnected,
    /// Neither key nor password is configured.
    NobodyCanLogIn,
    /// A default public key is used.
    DefaultKey(PathBuf),
    /// The resources that the fleet requests.
    Fleet {
        /// The fleet.
        name: String,
        /// Its namespace.
        namespace: String,
        /// The sums over its VMs.
        totals: ResourceTotals,
    },
    /// `--dry-run=server` where the namespace does not exist.
    NotValidated,
    /// VMs run with an older configuration.
    RestartRequired(Vec<String>),
    /// VMs of the selected workloads that the plan does not contain.
    KeptWithoutPrune(Vec<String>),
    /// A VM that is not ready at the end of `up`.
    NotReady(NotReady),
    /// `up` was not confirmed.
    NothingChanged,
    /// `down` was not confirmed.
    NothingDeleted,
    /// `--delete-namespace` was not confirmed.
    NamespaceKept,
    /// `down` found no object.
    NothingFound {
        /// The workloads that were named.
        workloads: Vec<String>,
        /// The fleet.
        fleet: String,
        /// The namespace.
        namespace: String,
    },
    /// `status` found no VM.
    NoResources {
        /// The namespace; none for all.
        namespace: Option<String>,
    },
}

impl fmt::Display for Notice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reconnected => formatter.write_str("connection to the API server restored"),
            Self::NobodyCanLogIn => formatter.write_str(
                "No SSH key or password is configured, so nobody can log in (add a key with --ssh-key-file, or silence this with \
                 --no-ssh-key)",
            ),
            Self::DefaultKey(path) => {
                write!(formatter, "Using public key {} (change with --ssh-key-file, disable with --no-ssh-key)", path.display())
            }
            Self::Fleet { name, namespace, totals } => write!(formatter, "Fleet {name} in namespace {namespace}: {totals}"),
            Self::NotValidated => formatter.write_str("The namespace does not exist, so its objects were not validated"),
            Self::RestartRequired(vms) => {
                write!(formatter, "Restart required for the change to take effect: {} (rerun with --restart)", vms.join(", "))
            }
            Self::KeptWithoutPrune(vms) => {
                write!(formatter, "More than requested, kept: {} (use --prune to delete)", vms.join(", "))
            }
            Self::NotReady(vm) => write!(formatter, "{}: {vm}", ObjectName::new(Kind::Vm, &vm.name)),
            Self::NothingChanged => formatter.write_str("Nothing was changed."),
            Self::NothingDeleted => formatter.write_str("Nothing was deleted."),
            Self::NamespaceKept => formatter.write_str("The namespace was kept."),
            Self::NothingFound { workloads, fleet, namespace } => {
                let of = if workloads.is_empty() { String::new() } else { format!("{} in ", workloads.join(", ")) };
                write!(formatter, "No objects of {of}fleet {fleet} found in {namespace} namespace.")
            }
            // kubectl's own words.
            Self::NoResources { namespace: Some(namespace) } => write!(formatter, "No resources found in {namespace} namespace."),
            Self::NoResources { namespace: None } => formatter.write_str("No resources found"),
        }
    }
}

/// Something that may need the user's attention.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Warning {
    /// StorageClasses cannot be listed.
    StorageClassesForbidden,
    /// `down` cannot list objects of this kind.
    CannotList(Kind),
    /// The API server has not responded for a while, and why.
    Disconnected(String),
    /// Objects of the fleet that appeared while it was being deleted.
    Appeared(Vec<ObjectRef>),
    /// The fleet cannot be listed again.
    AppearedUnknown,
    /// Objects with the fleet's labels that belong to another owner.
    Foreign(Vec<ObjectRef>),
    /// `--ssh-password` was given as a flag.
    PasswordInProcessList,
}

impl fmt::Display for Warning {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StorageClassesForbidden => {
                formatter.write_str("cannot list StorageClasses (forbidden), so it is not known whether one fits the data disks")
            }
            Self::CannotList(kind) => {
                write!(formatter, "cannot list {} (forbidden), so leftovers of that kind are not reported", kind.qualified_plural())
            }
            Self::Disconnected(why) => write!(formatter, "lost connection to the API server ({why}); retrying, statuses may be stale"),
            Self::Appeared(objects) => write!(formatter, "not deleted, created after the fleet was listed: {}", joined(objects, ", ")),
            Self::AppearedUnknown => {
                formatter.write_str("cannot list the fleet again, so objects created in the meantime are not reported")
            }
            Self::Foreign(objects) => write!(formatter, "not deleted, owned by other objects: {}", joined(objects, ", ")),
            Self::PasswordInProcessList => {
                formatter.write_str("--ssh-password is visible in the process list; use --ask-ssh-password or --ssh-password-file instead")
            }
        }
    }
}

/// The next command to type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hint {
    /// After `up --no-wait`.
    FollowStatus {
        /// `kubectl virtwork`.
        program: String,
        /// The flags that name this fleet, each with a blank before it.
        flags: String,
    },
    /// After `up`.
    UseFleet {
        /// `kubectl virtwork`.
        program: String,
        /// The flags that name this fleet, each with a blank before it.
        flags: String,
        /// A VM to log in to, if somebody can.
        login: Option<String>,
    },
}

impl fmt::Display for Hint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FollowStatus { program, flags } => write!(formatter, "Run '{program} status{flags}' to follow the VMs"),
            Self::UseFleet { program, flags, login } => {
                formatter.write_str("Run ")?;
                if let Some(vm) = login {
                    write!(formatter, "'{program} ssh {vm}{flags}' to log in, ")?;
                }
                write!(formatter, "'{program} down{flags}' to delete the fleet")
            }
        }
    }
}
