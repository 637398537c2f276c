//! All errors that users see: one variant per mistake, one sentence without a prefix, and the next step in [`Error::hint`]. Only
//! `ui` writes "error: " and "hint: ".

mod cluster;
mod config;
mod kubeconfig;
mod subject;
mod usage;

use std::io;

use crate::{
    plan::PlanError,
    status::{NotReady, Reason},
};

pub(crate) use crate::{
    catalog::CatalogError,
    invalid::{DurationProblem, ValueError},
};
pub(crate) use cluster::{ClusterError, WaitedFor};
pub(crate) use config::{ConfigError, ConfigProblem};
pub(crate) use kubeconfig::{KubeconfigError, LoginError};
pub(crate) use subject::{ClusterValue, GaveUp, Goal, Interrupted, Unconfirmed};
pub(crate) use usage::UsageError;

/// The exit code after a signal, as shells have it.
pub(crate) const INTERRUPTED: u8 = 130;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// A command line that cannot be parsed.
    #[error(transparent)]
    Usage(#[from] UsageError),
    /// A mistake in a catalog.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// A mistake in a setting.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A plan that no cluster would accept.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The server's response, or why there is none.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// A kubeconfig that cannot be used.
    #[error(transparent)]
    Kubeconfig(#[from] KubeconfigError),
    /// The namespace of a kubeconfig's context, or of the pod.
    #[error("{0}")]
    ConfiguredNamespace(ValueError),

    /// A workload that the catalog does not have.
    #[error("unknown workload {name:?}")]
    UnknownWorkload {
        /// The argument.
        name: String,
        /// The closest name, if one is close.
        near: Option<String>,
        /// All names.
        known: Vec<String>,
    },
    /// A role of a workload without roles.
    #[error("workload {workload} has no roles, so --user-data takes no value: {role:?}")]
    NoRoles {
        /// The workload.
        workload: String,
        /// The argument.
        role: String,
    },
    /// A role is needed, or the given one does not exist.
    #[error("workload {workload} has roles; specify one with --user-data: {}", roles.join(", "))]
    RoleRequired {
        /// The workload.
        workload: String,
        /// Its roles.
        roles: Vec<String>,
    },

    /// A deletion that nobody can confirm.
    #[error("refusing to delete {0} without confirmation")]
    Unconfirmed(Unconfirmed),
    /// All objects were applied, but not all VMs became ready.
    #[error("{count} of {total} {} did not become {goal}: {}", if *total == 1 { "VM" } else { "VMs" }, gave_up(*.why))]
    NotReady {
        /// VMs that did not.
        count: usize,
        /// All VMs.
        total: u32,
        /// The state that was waited for.
        goal: Goal,
        /// Why that ended.
        why: GaveUp,
    },
    /// All objects were applied, but their state is not known.
    #[error("all objects were applied, but watching them failed: {0}")]
    NotWatched(ClusterError),

    /// `--delete-namespace` with some workloads only.
    #[error("--delete-namespace deletes the whole namespace and cannot be combined with workloads")]
    DeleteNamespaceNarrowed,
    /// `--delete-namespace` without waiting.
    #[error("--delete-namespace waits until the fleet is gone and cannot be combined with --wait=false")]
    DeleteNamespaceWithoutWait,
    /// An object that was not deleted in time.
    #[error("timed out waiting for {object} to be deleted{}", held_by(.finalizers, .reason.as_ref()))]
    NotDeleted {
        /// `virtualmachines/virtwork-cpu-0`.
        object: String,
        /// Its finalizers, which block the deletion.
        finalizers: Vec<String>,
        /// What is known about a VM beyond that.
        reason: Option<Reason>,
    },
    /// A namespace that `up` did not create.
    #[error("namespace {0} was not created by virtwork; nothing was deleted")]
    NamespaceNotOurs(String),
    /// A namespace that cannot be read.
    #[error("cannot read namespace {0} (forbidden), so it is not known whether virtwork created it; nothing was deleted")]
    NamespaceForbidden(String),
    /// The namespace was deleted and created again.
    #[error("namespace {0} was deleted and created again while this command ran; it was kept")]
    NamespaceReplaced(String),
    /// The namespace contains more than the fleet.
    #[error("namespace {namespace} was kept, because it also contains {}", others.join(", "))]
    NamespaceNotEmpty {
        /// The namespace.
        namespace: String,
        /// `resource/name`.
        others: Vec<String>,
    },
    /// The content of the namespace is not known.
    #[error("namespace {namespace} was kept, because you cannot list {} in it", resources.join(", "))]
    NamespaceUnverified {
        /// The namespace.
        namespace: String,
        /// Resources that cannot be listed.
        resources: Vec<String>,
    },

    /// virtctl is needed and not installed.
    #[error("virtctl is not on PATH (looked for virtctl, kubectl-virt and oc-virt)")]
    VirtctlNotFound,
    /// ssh is needed and not installed.
    #[error("ssh is not on PATH")]
    SshNotFound,
    /// A program that cannot be started.
    #[error("cannot run {program}: {error}")]
    Program {
        /// Its path.
        program: String,
        /// Why.
        error: io::Error,
    },
    /// A file or directory that cannot be written.
    #[error("cannot write {path}: {error}")]
    Unwritable {
        /// Its path, or a description.
        path: String,
        /// Why.
        error: io::Error,
    },
    /// No VM with this name.
    #[error("VM {wanted} not found in fleet {fleet}, namespace {namespace}")]
    VmNotFound {
        /// The argument.
        wanted: String,
        /// The fleet.
        fleet: String,
        /// The namespace.
        namespace: String,
        /// The VMs that exist.
        available: Vec<String>,
    },
    /// No VM at all.
    #[error("fleet {fleet} has no VMs in namespace {namespace}")]
    NoVms {
        /// The fleet.
        fleet: String,
        /// The namespace.
        namespace: String,
        /// `kubectl virtwork` or `oc virtwork`.
        program: String,
    },
    /// A VM must be named.
    #[error("specify a VM: {}", .0.join(", "))]
    VmRequired(Vec<String>),
    /// The user chose no VM.
    #[error("no VM was chosen")]
    VmNotChosen,
    /// A VM that is not running, and the command that starts it, if that helps.
    #[error("VM {} is not running ({})", .0.name, .0)]
    VmNotRunning(Box<NotReady>, Option<String>),
    /// A value from the cluster that is not valid as an argument of a program.
    #[error("{what} cannot be used: {why}")]
    UnsafeValue {
        /// Which value.
        what: ClusterValue,
        /// The rule that it violates.
        why: ValueError,
    },

    /// A password must be typed, and there is no terminal.
    #[error("--ask-ssh-password needs a terminal")]
    NoTerminal,
    /// A question that was not answered.
    #[error("cannot read the answer from the terminal: {0}")]
    Unanswered(io::Error),
    /// A result that cannot be serialized.
    #[error("cannot format the result: {0}")]
    Format(Box<dyn std::error::Error + Send + Sync>),
    /// A bug of this program, and where in its source.
    #[error("internal error at {0}")]
    Bug(String),
    /// The process cannot start.
    #[error("cannot start: {0}")]
    Start(io::Error),
    /// The reader of standard output is gone. kubectl prints nothing either.
    #[error("closed pipe")]
    ClosedPipe,
    /// Standard output cannot be written.
    #[error("cannot write to standard output: {0}")]
    Output(io::Error),
    /// Ctrl-C or SIGTERM.
    #[error("Interrupted")]
    Interrupted(Interrupted),
    /// `diff` found differences, which are already printed.
    #[error("different")]
    Different,
    /// `diff` failed.
    #[error("{0}")]
    Diff(Box<Error>),
    /// The exit status of the remote command or of ssh; nothing is printed.
    #[error("exit status {0}")]
    Remote(u8),
}

fn gave_up(why: GaveUp) -> String {
    match why {
        GaveUp::TimedOut(after) => format!("timed out after {}", go_duration(after)),
        GaveUp::Hopeless => "waiting longer will not help".to_owned(),
    }
}

fn held_by(finalizers: &[String], reason: Option<&Reason>) -> String {
    let finalizers = (!finalizers.is_empty()).then(|| format!("finalizers: {}", finalizers.join(", ")));
    let known: Vec<_> = reason.map(ToString::to_string).filter(|words| !words.is_empty()).into_iter().chain(finalizers).collect();
    if known.is_empty() { String::new() } else { format!(" ({})", known.join("; ")) }
}

impl Error {
    /// The next step, as a sentence without a prefix.
    pub(crate) fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Diff(error) => return error.hint(),
            Self::Usage(error) => return error.hint(),
            Self::Config(error) => return error.hint(),
            Self::Plan(error) => return error.hint(),
            Self::Cluster(error) | Self::NotWatched(error) => return error.hint(),
            Self::Kubeconfig(error) => return error.hint(),
            Self::ConfiguredNamespace(_) => "the namespace comes from the kubeconfig's context or the pod; -n names another".to_owned(),
            Self::UnknownWorkload { near: Some(near), .. } => format!("did you mean {near}?"),
            Self::UnknownWorkload { known, .. } => format!("available workloads: {}", known.join(", ")),
            Self::Unconfirmed(_) => "pass --yes to confirm".to_owned(),
            Self::NamespaceNotOurs(name) => {
                format!("rerun without --delete-namespace, or delete the namespace with 'kubectl delete namespace {name}'")
            }
            Self::NamespaceForbidden(_) => "rerun without --delete-namespace".to_owned(),
            Self::NamespaceUnverified { namespace, .. } => {
                format!("to delete it with all that is in it: kubectl delete namespace {namespace}")
            }
            Self::VirtctlNotFound => {
                "install it with 'kubectl krew install virt', or on OpenShift from the links of 'oc get consoleclidownload \
                                      virtctl-clidownloads-kubevirt-hyperconverged'"
                    .to_owned()
            }
            Self::VmNotFound { available, .. } => format!("available VMs: {}", available.join(", ")),
            Self::NoVms { program, .. } => format!("create some with '{program} up'"),
            Self::VmNotRunning(_, Some(start)) => format!("start it with '{start}'"),
            Self::UnsafeValue { what: ClusterValue::SshUser(_), .. } => "choose another account with -l".to_owned(),
            Self::NoTerminal => "use --ssh-password-file".to_owned(),
            Self::Bug(_) => format!("please report this, and what you ran, at {}/issues", env!("CARGO_PKG_REPOSITORY")),
            Self::Interrupted(Interrupted::Up) => "rerun the command to finish, or run 'down' to delete the fleet".to_owned(),
            Self::Interrupted(Interrupted::Down) => "rerun the command to delete the rest".to_owned(),
            _ => return None,
        };
        Some(hint)
    }

    /// The exit code, as documented in `docs/usage.md`.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::NotReady { .. } | Self::NotWatched(_) => 3,
            // As kubectl diff, whose 1 means a difference.
            Self::Diff(error) => error.exit_code().max(2),
            Self::Interrupted(_) => INTERRUPTED,
            Self::Remote(status) => *status,
            _ => 1,
        }
    }

    /// Whether nothing is printed: the reader of the output is gone, or a remote command has printed its own error.
    pub(crate) fn is_silent(&self) -> bool {
        match self {
            Self::ClosedPipe | Self::Remote(_) | Self::Different => true,
            Self::Diff(error) => error.is_silent(),
            _ => false,
        }
    }

    /// Whether kubectl prints this sentence without "error: ": the server's words, a failed connection, an interruption.
    pub(crate) fn stands_alone(&self) -> bool {
        match self {
            Self::Cluster(error) => error.stands_alone(),
            Self::Interrupted(_) => true,
            Self::Diff(error) => error.stands_alone(),
            _ => false,
        }
    }
}

/// A duration in Go's notation: `10m0s`, `1h30m0s`, `5s`.
pub(crate) fn go_duration(duration: std::time::Duration) -> String {
    let seconds = duration.as_secs();
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, s) => format!("{s}s"),
        (0, m, s) => format!("{m}m{s}s"),
        (h, m, s) => format!("{h}h{m}m{s}s"),
    }
}

/// The result of every command.
pub(crate) type Result<T> = std::result::Result<T, Error>;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn go_durations() {
        assert_eq!(go_duration(Duration::from_secs(600)), "10m0s");
        assert_eq!(go_duration(Duration::from_secs(5)), "5s");
        assert_eq!(go_duration(Duration::from_secs(5400)), "1h30m0s");
    }
}
