//! Mistakes in a catalog directory.

use std::{io, path::Path};

use crate::invalid::ValueError;

/// A mistake in a `workload.yaml`.
#[derive(Debug, thiserror::Error)]
#[error("{file}{}: {problem}", .line.map(|line| format!(":{line}")).unwrap_or_default())]
pub(crate) struct CatalogError {
    /// The file.
    pub file: String,
    /// The line, from 1; none if it is about the file or directory itself.
    pub line: Option<usize>,
    /// The mistake.
    pub problem: Box<CatalogProblem>,
}

impl CatalogError {
    /// A directory or file that cannot be read.
    pub(crate) fn unreadable(path: &Path, error: io::Error) -> Self {
        Self { file: path.display().to_string(), line: None, problem: Box::new(CatalogProblem::Unreadable(error)) }
    }
}

/// A mistake in a `workload.yaml` or its directory.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CatalogProblem {
    /// A directory or file that cannot be read.
    #[error("cannot be read: {0}")]
    Unreadable(io::Error),
    /// A directory without `workload.yaml`.
    #[error("does not exist; every directory of a catalog needs one")]
    Missing,
    /// A directory named like a built-in workload.
    #[error("{0} is the name of a built-in workload")]
    NameTaken(String),
    /// A directory whose name cannot be part of an object's name.
    #[error("directory {0:?} is not a valid workload name (lower-case letters, digits, hyphens)")]
    Name(String),
    /// Invalid YAML, an unknown key or a wrong type: the parser's error without the line.
    #[error("{0}")]
    Syntax(String),
    /// A workload with both.
    #[error("machine and roles cannot be used together")]
    MachineAndRoles,
    /// A workload with neither.
    #[error("machine or roles is required")]
    NoMachine,
    /// A default that violates the parameter's own rule.
    #[error("parameter {name}: invalid default: {problem}")]
    Default {
        /// The parameter.
        name: String,
        /// Why it is invalid.
        problem: ValueError,
    },
    /// A machine without units.
    #[error("units: at least one is required")]
    NoUnits,
    /// A unit without a file.
    #[error("unit {unit} does not exist: expected at guest{path}")]
    NoUnit {
        /// The unit.
        unit: String,
        /// Its path in the guest.
        path: String,
    },
    /// A peer without a Service.
    #[error("peer {0} is not a role of this workload with a service and a port")]
    Peer(String),
    /// Rounds that refer to an unknown parameter.
    #[error("rounds: parameter {0} is not declared")]
    Rounds(String),
    /// A health check that refers to an unknown port.
    #[error("health: port {0} is not declared")]
    HealthPort(String),
    /// An unknown health check.
    #[error("health: unknown check {0:?}; expected cpu, memory, rounds or port")]
    Health(String),
}
