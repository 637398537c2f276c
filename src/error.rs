//! Every error a user may meet: one enum for each layer, in kubectl's shapes, with the exit code it ends in.

use std::{fmt, io, path::Path, time::Duration};

use kube::core::Status;

/// A mistake in a `workload.yaml`.
#[derive(Debug, thiserror::Error)]
#[error("{file}:{line}: {message}")]
pub struct CatalogError {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong, and what would be right.
    pub message: String,
}

impl CatalogError {
    /// A folder or file that cannot be read.
    pub fn unreadable(path: &Path, error: &io::Error) -> Self {
        Self { file: path.display().to_string(), line: 1, message: format!("cannot be read: {error}") }
    }
}

/// A value that is wrong, with where it came from.
#[derive(Debug, thiserror::Error)]
#[error("{place}: {message}")]
pub struct ConfigError {
    /// The setting and its source: `--memory`, `VIRTWORK_MEMORY`, `in virtwork.yaml, memory`.
    pub place: String,
    /// What is wrong, and what would be right.
    pub message: String,
}

impl ConfigError {
    /// `message` about the setting at `place`.
    pub fn new(place: impl fmt::Display, message: impl fmt::Display) -> Self {
        Self { place: place.to_string(), message: message.to_string() }
    }
}

/// Everything that an API server, or the way to it, can answer.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// The server's own refusal.
    #[error("{}", server_message(.0))]
    Api(Box<Status>),
    /// The credentials are not, or no longer, good.
    #[error("error: You must be logged in to the server (Unauthorized)")]
    Unauthorized,
    /// Nobody listens at the address.
    #[error("The connection to the server {0} was refused - did you specify the right host or port?")]
    Refused(String),
    /// Another failure on the way.
    #[error("Unable to connect to the server: {0}")]
    Unreachable(String),
    /// It answered something else than was asked for.
    #[error("error: the server's answer cannot be read: {0}")]
    Unreadable(String),
    /// The kubeconfig cannot be used.
    #[error("error: {0}")]
    Kubeconfig(String),
    /// The cluster serves no virtual machines.
    #[error(
        "error: the server doesn't have a resource type \"virtualmachines\" in group \"kubevirt.io\"\nOpenShift Virtualization (or KubeVirt) is not installed on this cluster; ask its administrator, or choose another with --context"
    )]
    NoKubeVirt,
    /// Something about the cluster that stops the command before it writes.
    #[error("error: {0}")]
    Preflight(String),
    /// The deadline came first.
    #[error("error: timed out after {} {what}", go_duration(*.after))]
    Timeout {
        /// How long was waited.
        after: Duration,
        /// What was waited for.
        what: String,
    },
}

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

/// A duration as Go prints it: `10m0s`, `1h30m0s`, `5s`.
pub fn go_duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, s) => format!("{s}s"),
        (0, m, s) => format!("{m}m{s}s"),
        (h, m, s) => format!("{h}h{m}m{s}s"),
    }
}

/// Anything that ends a command before its time, or badly.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A mistake in a catalog.
    #[error("error: {0}")]
    Catalog(#[from] CatalogError),
    /// A mistake in a setting.
    #[error("error: {0}")]
    Config(#[from] ConfigError),
    /// The cluster's answer.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// Whoever read standard output has gone: there is nobody to tell, as with kubectl.
    #[error("")]
    ClosedPipe,
    /// Standard output cannot be written.
    #[error("error: writing to standard output: {0}")]
    Output(io::Error),
    /// Any other failure, in one sentence.
    #[error("error: {0}")]
    Other(String),
    /// Several failures, each already told.
    #[error("error: {0}")]
    Told(String),
    /// All was written, but not all became ready.
    #[error("error: {0}")]
    NotReady(String),
    /// Ctrl-C or SIGTERM.
    #[error("{0}")]
    Interrupted(String),
    /// The status of the remote command, or of ssh itself; there is nothing to print.
    #[error("")]
    Remote(u8),
}

impl Error {
    /// The exit code: see `docs/usage.md`.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::NotReady(_) => 3,
            Self::Interrupted(_) => 130,
            Self::Remote(status) => *status,
            _ => 1,
        }
    }
}

/// What every command returns.
pub type Result<T> = std::result::Result<T, Error>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn go_durations() {
        assert_eq!(go_duration(Duration::from_secs(600)), "10m0s");
        assert_eq!(go_duration(Duration::from_secs(5)), "5s");
        assert_eq!(go_duration(Duration::from_secs(5400)), "1h30m0s");
    }
}
