//! Plans that no cluster would accept.

/// A plan that no cluster would accept.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
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
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::UnknownWorkload(_) => None,
            Self::UserDataTooLarge { .. } => Some("use fewer keys or a smaller --ca-file".to_owned()),
            Self::NameTooLong { .. } => Some("use a shorter --name".to_owned()),
        }
    }
}
