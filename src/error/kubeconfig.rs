//! Kubeconfigs and service accounts that cannot be used.

use std::{io, path::PathBuf};

/// Why no cluster can be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KubeconfigError {
    /// No cluster is configured.
    #[error("no cluster is configured")]
    NoCluster,
    /// `--kubeconfig` names a file that does not exist.
    #[error("stat {}: {error}", path.display())]
    NotFound {
        /// The file.
        path: PathBuf,
        /// The system's error.
        error: io::Error,
    },
    /// A file that cannot be read or parsed.
    #[error("loading config file \"{}\": {why}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The system's or the parser's error, on one line.
        why: String,
    },
    /// A flag names a file that cannot be read.
    #[error("{flag}: cannot read {}: {error}", path.display())]
    FlagFile {
        /// The flag.
        flag: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's error.
        error: io::Error,
    },
    /// The context does not exist.
    #[error("context {0:?} does not exist")]
    NoContext(String),
    /// The context's cluster, or that of `--cluster`, does not exist.
    #[error("no server found for cluster {0:?}")]
    NoServer(String),
    /// The user of `--user` does not exist.
    #[error("auth info {0:?} does not exist")]
    NoUser(String),
    /// The check that kubectl makes.
    #[error("requesting uid, groups or user-extra without impersonating a user (--as)")]
    ImpersonationWithoutUser,
    /// A flag that does not apply to a pod's service account.
    #[error("{0} does not apply to the service account of this pod, and there is no kubeconfig")]
    FlagInPod(&'static str),
    /// The pod's service account cannot be used.
    #[error("cannot use the pod's service account: {0}")]
    InPod(kube::config::InClusterError),
    /// A login plugin, a token or a password cannot be used.
    #[error("getting credentials: {0}")]
    Login(LoginError),
    /// A proxy with an unsupported protocol, without its credentials.
    #[error("the protocol of proxy {scheme}://{address} is not supported")]
    ProxyProtocol {
        /// `socks9`
        scheme: String,
        /// `host:port`
        address: String,
    },
    /// A field of the kubeconfig, or the flag of the same name. The value may be a secret.
    #[error("invalid {0} in the kubeconfig or the flag of that name")]
    InvalidField(&'static str),
    /// A file that a field of the kubeconfig names.
    #[error("{field}: cannot read {}: {error}", path.display())]
    FieldFile {
        /// The field.
        field: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's error.
        error: String,
    },
    /// A proxy of the kubeconfig, or of HTTPS_PROXY, HTTP_PROXY or ALL_PROXY. Its URL may contain credentials.
    #[error("the URL of the proxy (proxy-url of the kubeconfig, or HTTPS_PROXY) is not valid")]
    ProxyUrl,
    /// The system has no CA certificates.
    #[error("no CA certificates found on this system to verify the API server with")]
    NoSystemCertificates,
    /// Kubeconfigs that cannot be merged, or anything else that kube reports about them.
    #[error("the kubeconfig cannot be used: {0}")]
    Unusable(String),
}

impl KubeconfigError {
    /// The next step.
    pub(crate) fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NoCluster => "use --kubeconfig, set KUBECONFIG, or log in so that ~/.kube/config has a current context",
            Self::FlagInPod(_) => "remove it, or add --server or --kubeconfig",
            Self::ProxyProtocol { .. } => "use http, https or socks5",
            _ => return None,
        };
        Some(hint.to_owned())
    }
}

/// Why there are no credentials. Output, arguments and environment of a login plugin may contain credentials.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoginError {
    /// It ended with a status other than 0.
    #[error("login plugin {plugin} ended with exit status {status}")]
    Failed {
        /// The program, as the kubeconfig names it.
        plugin: String,
        /// Its exit status.
        status: i32,
    },
    /// A signal killed it.
    #[error("login plugin {0} was killed by a signal")]
    Killed(String),
    /// It cannot be started.
    #[error("login plugin {plugin} cannot be started: {error}")]
    NotStarted {
        /// The program.
        plugin: String,
        /// The system's error.
        error: String,
    },
    /// It printed no credential.
    #[error("login plugin {0} did not print an ExecCredential with a status")]
    NoCredential(String),
    /// It printed a credential that does not expire after one that did.
    #[error("login plugin {0} printed a credential without expirationTimestamp")]
    NoExpiration(String),
    /// It printed an invalid time.
    #[error("login plugin {0} printed an expirationTimestamp that is not a time")]
    BadExpiration(String),
    /// The kubeconfig names no program.
    #[error("the login plugin of the kubeconfig has no command")]
    NoCommand,
    /// A token file that cannot be read.
    #[error("token file {path} cannot be read: {error}")]
    TokenFile {
        /// The file.
        path: String,
        /// The system's error.
        error: String,
    },
    /// A token that is not valid in a header, and the plugin that printed it.
    #[error("the token{} is not valid in an HTTP header", .0.as_ref().map(|plugin| format!(" of login plugin {plugin}")).unwrap_or_default())]
    BadToken(Option<String>),
    /// A certificate or key that cannot be parsed.
    #[error("login plugin {0} printed an invalid client certificate or key")]
    BadCertificate(String),
    /// A user name or password that is not valid in a header.
    #[error("user name and password are not valid in an HTTP header")]
    BadPassword,
    /// An auth-provider that failed, or is not supported.
    #[error("the auth-provider of the kubeconfig's user failed or is not supported")]
    Provider,
}
