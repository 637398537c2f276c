//! Errors of an API server, or on the way to it.

use std::{fmt, time::Duration};

use kube::core::Status;

use crate::plan::PlanError;

use super::{KubeconfigError, go_duration};

/// The wait that a time limit ended.
#[derive(Debug, Clone)]
pub(crate) enum WaitedFor {
    /// Objects that are being deleted.
    Deletion {
        /// Objects that still exist.
        left: usize,
        /// All of them.
        total: usize,
    },
    /// One object that is being deleted: `virtualmachine.kubevirt.io/virtwork-cpu-0`.
    Object(String),
    /// A namespace that is being deleted.
    Namespace(String),
    /// The first list of the VMs.
    FirstList,
}

impl fmt::Display for WaitedFor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Deletion { left, total } => write!(formatter, "waiting for {left} of {total} objects to be deleted"),
            Self::Object(name) => write!(formatter, "waiting for {name} to be deleted"),
            Self::Namespace(name) => write!(formatter, "waiting for namespace {name} to be deleted"),
            Self::FirstList => write!(formatter, "waiting for the first list of VMs"),
        }
    }
}

/// Errors of an API server, or on the way to it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClusterError {
    /// The server's error.
    #[error("{}", server_message(.0))]
    Api(Box<Status>),
    /// The credentials are not valid, or no longer.
    #[error("You must be logged in to the server (Unauthorized)")]
    Unauthorized,
    /// Nothing listens at the address.
    #[error("The connection to the server {0} was refused - did you specify the right host or port?")]
    Refused(String),
    /// The proxy refused the connection.
    #[error("Unable to connect to the server: proxy {0} refused the connection")]
    ProxyRefused(String),
    /// No response in time.
    #[error("Unable to connect to the server: request to {0} timed out")]
    Silent(String),
    /// Another failure to connect.
    #[error("Unable to connect to the server: {0}")]
    Unreachable(String),
    /// A response that cannot be parsed.
    #[error("cannot parse the server's response: {0}")]
    Unreadable(String),
    /// The kubeconfig or its credentials cannot be used.
    #[error(transparent)]
    Kubeconfig(#[from] KubeconfigError),
    /// The time limit was reached.
    #[error("timed out after {} {waited_for}", go_duration(*.after))]
    Timeout {
        /// How long the command ran.
        after: Duration,
        /// The wait.
        waited_for: WaitedFor,
    },

    /// The cluster does not serve VMs.
    #[error("the server doesn't have a resource type \"virtualmachines\" in group \"kubevirt.io\"")]
    NoKubeVirt,
    /// Data disks are needed, and CDI is not installed.
    #[error("CDI (cdi.kubevirt.io) is not installed, so data disks cannot be provisioned")]
    NoCdi,
    /// The StorageClass does not exist.
    #[error("StorageClass {name:?} not found (available: {})", listed(.available))]
    StorageClassNotFound {
        /// The value.
        name: String,
        /// Those that exist.
        available: Vec<String>,
    },
    /// No StorageClass is given, and none is the default.
    #[error("the cluster has no default StorageClass (available: {})", listed(.available))]
    NoDefaultStorageClass {
        /// Those that exist.
        available: Vec<String>,
    },
    /// The Secret of `--image-pull-secret` does not exist.
    #[error("Secret {name} for pulling the image does not exist in namespace {namespace}")]
    PullSecretNotFound {
        /// The Secret.
        name: String,
        /// The namespace.
        namespace: String,
    },
    /// The namespace is being deleted.
    #[error("namespace {0} is being deleted")]
    NamespaceTerminating(String),
    /// It does not exist, and the user cannot create it.
    #[error("namespace {0} does not exist, and you cannot create it")]
    NamespaceNotFound(String),
    /// The user can neither read nor create it.
    #[error("you can neither get namespace {0} nor list its VMs")]
    NoNamespaceAccess(String),
    /// Readiness probes do not reach VMs in it.
    #[error("namespace {namespace} has a primary user-defined network (label {label}), where readiness probes and ssh do not reach VMs")]
    PrimaryNetwork {
        /// The namespace.
        namespace: String,
        /// Its label.
        label: &'static str,
    },
    /// The plan conflicts with what is there.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// Permissions that the changes need.
    #[error("missing permissions in namespace {namespace}: {}", missing.join(", "))]
    MissingPermissions {
        /// The namespace.
        namespace: String,
        /// `create virtualmachines.kubevirt.io`.
        missing: Vec<String>,
    },
}

fn listed(names: &[String]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

/// What virt-api says about the memory of a VM if it knows no architecture (seen with KubeVirt 1.9).
const NO_ARCHITECTURE: &str = "Memory hotplug is only available for x86_64 VMs";

impl ClusterError {
    /// The next step.
    pub(crate) fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Kubeconfig(error) => return error.hint(),
            Self::Plan(error) => return error.hint(),
            Self::NoKubeVirt => {
                "OpenShift Virtualization (or KubeVirt) is not installed on this cluster; ask its administrator, or choose another \
                                 with --context"
                    .to_owned()
            }
            Self::NoCdi => "use --data-disk=empty".to_owned(),
            Self::StorageClassNotFound { .. } | Self::NoDefaultStorageClass { .. } => {
                "choose one with --storage-class, or use --data-disk=empty".to_owned()
            }
            Self::PullSecretNotFound { name, namespace } => format!(
                "create it with 'kubectl create secret docker-registry {name} -n {namespace}' (and the namespace, if that does not exist), or \
                 choose another with --image-pull-secret"
            ),
            Self::Api(status) if status.message.contains(NO_ARCHITECTURE) => {
                "KubeVirt has no default architecture (status.defaultArchitecture of the KubeVirt object is empty); ask the cluster's \
                 administrator"
                    .to_owned()
            }
            Self::NamespaceTerminating(name) => {
                format!("wait for it with 'kubectl wait --for=delete namespace/{name}', or choose another with -n")
            }
            Self::NamespaceNotFound(_) | Self::NoNamespaceAccess(_) => "choose another with -n, or ask an administrator".to_owned(),
            Self::PrimaryNetwork { .. } => "choose another namespace with -n".to_owned(),
            Self::MissingPermissions { .. } => {
                "you need the roles edit and kubevirt.io:edit there; or choose another namespace with -n".to_owned()
            }
            _ => return None,
        };
        Some(hint)
    }

    /// Whether kubectl prints this sentence without "error: ".
    pub(crate) fn stands_alone(&self) -> bool {
        matches!(self, Self::Api(_) | Self::Refused(_) | Self::ProxyRefused(_) | Self::Silent(_) | Self::Unreachable(_))
    }
}

/// The server's error in kubectl's words (`k8s.io/kubectl/pkg/cmd/util/helpers.go`).
fn server_message(status: &Status) -> String {
    let message = status.message.trim().replace('\n', " ");
    match (status.reason.as_str(), status.code) {
        ("Invalid", _) | (_, 422) => match status.details.as_ref().filter(|details| !details.name.is_empty()) {
            Some(details) => {
                let causes: Vec<_> = details.causes.iter().map(|cause| format!("{}: {}", cause.field, cause.message)).collect();
                let text = if causes.is_empty() { message } else { causes.join("\n* ") };
                let list = if causes.len() > 1 { "\n* " } else { "" };
                format!("The {} {:?} is invalid: {list}{text}", details.kind, details.name)
            }
            None => format!("The request is invalid: {message}"),
        },
        ("", _) | ("Failed to parse error data", _) => format!("Error from server: {message}"),
        (reason, _) => format!("Error from server ({reason}): {message}"),
    }
}
