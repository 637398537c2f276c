//! Plans that no cluster would accept, or that conflict with what is there.

use crate::object::{ObjectName, joined};

use super::compare::DiskChange;

/// A plan that no cluster would accept, or that conflicts with what is there.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PlanError {
    /// A selected workload that is not in the catalog.
    #[error("unknown workload {0}")]
    UnknownWorkload(String),
    /// User data that is too large for a Secret.
    #[error("the user data of {vm} is too large: {size} bytes, a Secret can hold {limit}")]
    UserDataTooLarge {
        /// The VM.
        vm: String,
        /// Bytes.
        size: usize,
        /// Bytes.
        limit: usize,
    },
    /// Other objects have planned names.
    #[error("{}", name_taken(.objects, .namespace))]
    NameTaken {
        /// The namespace.
        namespace: String,
        /// The objects.
        objects: Vec<ObjectName>,
    },
    /// Size or StorageClass of a data disk changed.
    #[error("size and StorageClass of a data disk are immutable: {}", joined(.changes, "; "))]
    DiskChange {
        /// The changes.
        changes: Vec<DiskChange>,
        /// The workloads of these VMs.
        workloads: Vec<String>,
        /// The namespace.
        namespace: String,
        /// The fleet.
        fleet: String,
    },
    /// A VM name that does not fit the labels derived from it.
    #[error("VM name {name} is too long: {} characters, at most {limit} are allowed", name.len())]
    NameTooLong {
        /// The name.
        name: String,
        /// Characters.
        limit: usize,
    },
}

impl PlanError {
    /// The next step.
    pub(crate) fn hint(&self) -> Option<String> {
        match self {
            Self::UnknownWorkload(_) => None,
            Self::UserDataTooLarge { .. } => Some("use fewer keys or a smaller --ca-file".to_owned()),
            Self::NameTooLong { .. } => Some("use a shorter --name".to_owned()),
            Self::NameTaken { .. } => Some("choose another --name or namespace".to_owned()),
            Self::DiskChange { workloads, namespace, fleet, .. } => Some(format!(
                "revert the change, or delete the VMs and their data first with 'kubectl virtwork down {} -n {namespace} --name {fleet}'",
                workloads.join(" ")
            )),
        }
    }
}

fn name_taken(objects: &[ObjectName], namespace: &str) -> String {
    let (exist, are) = if objects.len() == 1 { ("exists", "is") } else { ("exist", "are") };
    format!("{} already {exist} in namespace {namespace} and {are} not part of this fleet", joined(objects, ", "))
}
