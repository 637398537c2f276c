//! A plan that no cluster would take.

/// A plan that no cluster would take.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// A catalog that lacks a workload that was selected.
    #[error("unknown workload {0}")]
    UnknownWorkload(String),
    /// User data that no Secret can hold.
    #[error("the user data of {vm} is {size} bytes, and a Secret holds at most {limit}")]
    UserDataTooLarge {
        /// The VM.
        vm: String,
        /// Bytes.
        size: usize,
        /// Bytes.
        limit: usize,
    },
    /// A VM name that would not fit every label it becomes part of.
    #[error("VM name {name} has {} characters, and at most {limit} fit", name.len())]
    NameTooLong {
        /// The name.
        name: String,
        /// Characters.
        limit: usize,
    },
}

impl PlanError {
    /// The next step.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::UnknownWorkload(_) => None,
            Self::UserDataTooLarge { .. } => Some("use fewer keys or a smaller --ca-file".to_owned()),
            Self::NameTooLong { .. } => Some("use a shorter --name".to_owned()),
        }
    }
}
