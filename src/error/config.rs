//! Settings that are wrong, with their source.

use std::{fmt, io, path::PathBuf};

use super::ValueError;

/// A setting that is wrong, with its source.
#[derive(Debug, thiserror::Error)]
#[error("{place}: {problem}")]
pub struct ConfigError {
    /// The setting and its source: `--memory`, `VIRTWORK_MEMORY`, `in virtwork.yaml, memory`.
    pub place: String,
    /// What is wrong.
    pub problem: Box<ConfigProblem>,
}

impl ConfigError {
    /// A problem with the setting at `place`.
    pub fn new(place: impl fmt::Display, problem: impl Into<ConfigProblem>) -> Self {
        Self { place: place.to_string(), problem: Box::new(problem.into()) }
    }

    /// The next step.
    pub fn hint(&self) -> Option<String> {
        self.problem.hint()
    }
}

/// What is wrong with a setting.
#[derive(Debug, thiserror::Error)]
pub enum ConfigProblem {
    /// Its value.
    #[error(transparent)]
    Value(#[from] ValueError),
    /// A value in a file that the setting names.
    #[error("{}: {problem}", path.display())]
    InFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with its content.
        problem: ValueError,
    },
    /// A file that cannot be read.
    #[error("{} cannot be read: {error}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's words.
        error: io::Error,
    },
    /// A file of public keys without one.
    #[error("{} holds no public key", .0.display())]
    NoKeys(PathBuf),
    /// A file of CA certificates without one, or with a private key.
    #[error("{} must contain PEM certificates and no private key", .0.display())]
    NoCertificates(PathBuf),
    /// Two settings that exclude each other.
    #[error("cannot be used with {0}")]
    Conflict(String),

    /// A variable that sets nothing.
    #[error("no such setting")]
    UnknownVariable {
        /// The variable that was probably meant.
        near: Option<String>,
    },
    /// A key of the file that sets nothing.
    #[error("unknown setting")]
    UnknownSetting {
        /// The key that was probably meant.
        near: Option<String>,
    },
    /// A key of a workload in the file that sets nothing.
    #[error("unknown key")]
    UnknownKey {
        /// The key that was probably meant.
        near: Option<String>,
    },
    /// A workload that the catalog does not have.
    #[error("unknown workload{}", .name.as_ref().map(|name| format!(" {name:?}")).unwrap_or_default())]
    UnknownWorkload {
        /// What was given, unless the place already says so.
        name: Option<String>,
        /// The workload that was probably meant.
        near: Option<String>,
        /// All workloads.
        known: Vec<String>,
    },
    /// A parameter that the workload does not have.
    #[error("unknown parameter")]
    UnknownParameter {
        /// The parameter that was probably meant.
        near: Option<String>,
        /// All parameters.
        known: Vec<String>,
    },

    /// A file that is no YAML.
    #[error("not YAML: {0}")]
    NotYaml(serde_yaml::Error),
    /// A file that is no mapping.
    #[error("must be a mapping of settings, such as memory: 4Gi")]
    NotSettings,
    /// `workloads` that is no mapping.
    #[error("must be a mapping from workload to its settings, such as database: {{vm_count: 2}}")]
    NotWorkloads,
    /// A workload that is no mapping.
    #[error("must be a mapping, such as {{vm_count: 2, params: {{scale: 10}}}}")]
    NotWorkload,
    /// `params` that is no mapping.
    #[error("must be a mapping from parameter to value")]
    NotParameters,
    /// `enabled` that is neither true nor false.
    #[error("must be true or false")]
    NotBoolean,
    /// A list in place of one value.
    #[error("takes one value, not a list")]
    List,
    /// A mapping in place of a value.
    #[error("takes a value, not a mapping")]
    Mapping,
    /// A key without a value.
    #[error("has no value: give one or leave the key out")]
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
    /// A value for a workload that is not selected would be lost.
    #[error("{name} is not selected (selected: {})", selected.join(", "))]
    NotSelected {
        /// The workload.
        name: String,
        /// Those that are.
        selected: Vec<String>,
    },
    /// A data disk that is too small for its workload.
    #[error("{size} is too small for {workload}: it needs {minimum} or more")]
    DiskTooSmall {
        /// What was given.
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
    pub fn hint(&self) -> Option<String> {
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
