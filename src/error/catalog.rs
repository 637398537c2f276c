//! Mistakes in a catalog directory.

use std::{io, path::Path};

use super::ValueError;

/// A mistake in a `workload.yaml`.
#[derive(Debug, thiserror::Error)]
#[error("{file}:{line}: {problem}")]
pub struct CatalogError {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong.
    pub problem: Box<CatalogProblem>,
}

impl CatalogError {
    /// A directory or file that cannot be read.
    pub fn unreadable(path: &Path, error: io::Error) -> Self {
        Self { file: path.display().to_string(), line: 1, problem: Box::new(CatalogProblem::Unreadable(error)) }
    }
}

/// What is wrong in a catalog.
#[derive(Debug, thiserror::Error)]
pub enum CatalogProblem {
    /// A directory or file that cannot be read.
    #[error("cannot be read: {0}")]
    Unreadable(io::Error),
    /// A directory without `workload.yaml`.
    #[error("missing: every directory of a catalog has one")]
    Missing,
    /// A directory named like a built-in workload.
    #[error("the name {0} is taken by the built-in catalog")]
    NameTaken(String),
    /// A directory whose name cannot be part of an object's name.
    #[error("the directory's name {0:?} must be lower-case letters, digits and hyphens")]
    Name(String),
    /// YAML, a key or a type that is wrong: the parser's words without the line.
    #[error("{0}")]
    Syntax(String),
    /// Both forms at once.
    #[error("machine and roles exclude each other")]
    MachineAndRoles,
    /// Neither form.
    #[error("one of machine and roles is needed")]
    NoMachine,
    /// A default that the parameter itself would refuse.
    #[error("parameter {name}: default {problem}")]
    Default {
        /// The parameter.
        name: String,
        /// What is wrong with it.
        problem: ValueError,
    },
    /// A machine without units.
    #[error("units: at least one is needed")]
    NoUnits,
    /// A unit without a file.
    #[error("unit {unit} does not exist: expected at guest{path}")]
    NoUnit {
        /// The unit.
        unit: String,
        /// Its path in the guest.
        path: String,
    },
    /// A peer that serves nothing.
    #[error("peer {0} is no role of this workload with a service and a port")]
    Peer(String),
    /// A round of a parameter that does not exist.
    #[error("rounds: parameter {0} is not declared")]
    Rounds(String),
    /// A health check of a port that does not exist.
    #[error("health: port {0} is not declared")]
    HealthPort(String),
    /// A health check that does not exist.
    #[error("health: unknown {0:?}, expected cpu, memory, rounds or port")]
    Health(String),
}
