//! Information, warnings and hints for the user.

use std::{fmt, path::PathBuf};

use crate::{
    object::{Kind, ObjectName, ObjectRef, joined},
    plan::ResourceTotals,
    status::NotReady,
};

/// Information that needs no action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Notice {
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
    /// VMs of the fleet's workloads that were not selected.
    OtherWorkloads(Vec<String>),
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
                write!(formatter, "Restart required for the change to take effect: {} (repeat the command with --restart)", vms.join(", "))
            }
            Self::KeptWithoutPrune(vms) => {
                write!(formatter, "More than requested, kept: {} (use --prune to delete)", vms.join(", "))
            }
            Self::OtherWorkloads(vms) => write!(formatter, "VMs of other workloads, not changed: {}", vms.join(", ")),
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
pub(crate) enum Warning {
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
pub(crate) enum Hint {
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
