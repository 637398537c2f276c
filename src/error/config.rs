//! Invalid settings, with their source.

use std::{fmt, io, path::PathBuf};

use super::ValueError;

/// An invalid setting, with its source.
#[derive(Debug, thiserror::Error)]
#[error("{place}: {problem}")]
pub(crate) struct ConfigError {
    /// The setting and its source: `--memory`, `VIRTWORK_MEMORY`, `in virtwork.yaml, memory`.
    pub place: String,
    /// Why it is invalid.
    pub problem: Box<ConfigProblem>,
}

impl ConfigError {
    /// A problem with the setting at `place`.
    pub(crate) fn new(place: impl fmt::Display, problem: impl Into<ConfigProblem>) -> Self {
        Self { place: place.to_string(), problem: Box::new(problem.into()) }
    }

    /// The next step.
    pub(crate) fn hint(&self) -> Option<String> {
        self.problem.hint()
    }
}

/// Why a setting is invalid.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigProblem {
    /// Its value is invalid.
    #[error(transparent)]
    Value(#[from] ValueError),
    /// Its value is invalid for a reason that is not known.
    #[error("is not valid")]
    Invalid,
    /// A value in a file that the setting names.
    #[error("{}: {problem}", path.display())]
    InFile {
        /// The file.
        path: PathBuf,
        /// Why its content is invalid.
        problem: ValueError,
    },
    /// A file that cannot be read.
    #[error("{} cannot be read: {error}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's error.
        error: io::Error,
    },
    /// A file without a public key.
    #[error("{} contains no public key", .0.display())]
    NoKeys(PathBuf),
    /// A file without a CA certificate, or with a private key.
    #[error("{} must contain PEM certificates and no private key", .0.display())]
    NoCertificates(PathBuf),
    /// A variable that is not UTF-8.
    #[error("is not valid UTF-8")]
    NotUtf8,
    /// Two settings that exclude each other.
    #[error("cannot be used with {0}")]
    Conflict(String),

    /// A VIRTWORK_ variable that is not a setting.
    #[error("unknown setting")]
    UnknownVariable {
        /// The closest variable.
        near: Option<String>,
    },
    /// A key of the file that is not a setting.
    #[error("unknown setting")]
    UnknownSetting {
        /// The closest key.
        near: Option<String>,
    },
    /// An unknown key of a workload in the file.
    #[error("unknown key")]
    UnknownKey {
        /// The closest key.
        near: Option<String>,
    },
    /// A workload that the catalog does not have.
    #[error("unknown workload{}", .name.as_ref().map(|name| format!(" {name:?}")).unwrap_or_default())]
    UnknownWorkload {
        /// The name, unless the place already contains it.
        name: Option<String>,
        /// The closest workload.
        near: Option<String>,
        /// All workloads.
        known: Vec<String>,
    },
    /// A parameter that the workload does not have.
    #[error("unknown parameter")]
    UnknownParameter {
        /// The closest parameter.
        near: Option<String>,
        /// All parameters.
        known: Vec<String>,
    },

    /// A file that is not valid YAML.
    #[error("invalid YAML: {0}")]
    NotYaml(serde_yaml::Error),
    /// A file that is not a mapping.
    #[error("must be a mapping of settings, such as memory: 4Gi")]
    NotSettings,
    /// `workloads` is not a mapping.
    #[error("must be a mapping from workload to its settings, such as database: {{vm_count: 2}}")]
    NotWorkloads,
    /// A workload that is not a mapping.
    #[error("must be a mapping, such as {{vm_count: 2, params: {{scale: 10}}}}")]
    NotWorkload,
    /// `params` is not a mapping.
    #[error("must be a mapping from parameter to value")]
    NotParameters,
    /// `enabled` is neither true nor false.
    #[error("must be true or false")]
    NotBoolean,
    /// A list where one value is expected.
    #[error("expected one value, not a list")]
    List,
    /// A mapping where a value is expected.
    #[error("expected a value, not a mapping")]
    Mapping,
    /// A key without a value.
    #[error("has no value; set one or remove the key")]
    Null,

    /// No workload was named.
    #[error("must not be empty")]
    NoWorkloadNamed {
        /// All workloads.
        known: Vec<String>,
    },
    /// Every workload is disabled.
    #[error("no workload is selected; enable one or name one")]
    NoWorkloadSelected,
    /// A value for a workload that is not selected.
    #[error("{name} is not selected (selected: {})", selected.join(", "))]
    NotSelected {
        /// The workload.
        name: String,
        /// The selected workloads.
        selected: Vec<String>,
    },
    /// A data disk that is too small for its workload.
    #[error("{size} is too small for {workload}; the minimum is {minimum}")]
    DiskTooSmall {
        /// The value.
        size: String,
        /// The workload.
        workload: String,
        /// The least.
        minimum: String,
    },
}

fn did_you_mean(near: Option<&String>) -> Option<String> {
    near.map(|near| format!("did you mean {near}?"))
}

impl ConfigProblem {
    /// The next step.
    pub(crate) fn hint(&self) -> Option<String> {
        match self {
            Self::Value(problem) | Self::InFile { problem, .. } => problem.hint(),
            Self::UnknownVariable { near } | Self::UnknownSetting { near } | Self::UnknownKey { near } => did_you_mean(near.as_ref()),
            Self::UnknownWorkload { near, known, .. } => {
                did_you_mean(near.as_ref()).or_else(|| Some(format!("available workloads: {}", known.join(", "))))
            }
            Self::UnknownParameter { near, known } => {
                did_you_mean(near.as_ref()).or_else(|| Some(format!("available parameters: {}", known.join(", "))))
            }
            Self::NoWorkloadNamed { known } => Some(format!("available workloads: {}", known.join(", "))),
            _ => None,
        }
    }
}
