//! One request: its time limit, its retries, and the one place where API errors become ours.

use std::{future::Future, io, time::Duration};

use kube::{client::AuthError, core::Status};

use crate::{
    error::{ClusterError, KubeconfigError, LoginError},
    kubeconfig::{self, Access},
};

use super::Cluster;

/// First pause before a retry; doubled each time.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(8);
/// A server that was not there may have been restarted, and then knows nobody's rights for a moment: until it has read all roles it
/// answers 403 (seen on kube-apiserver 1.36).
pub const RESTARTED: Duration = Duration::from_secs(10);
/// A request at the deadline gets this long all the same.
const LAST_ATTEMPT: Duration = Duration::from_secs(2);
/// Where the command has no deadline of its own, a server that stays broken is given up after this.
const MAX_RETRY_TIME: Duration = Duration::from_secs(120);

/// Why a request failed.
#[derive(Debug)]
pub enum RequestError {
    /// The server's answer, or none.
    Kube(kube::Error),
    /// No answer in time.
    Timeout,
}

impl RequestError {
    /// The server's status, if it gave one.
    pub fn status(&self) -> Option<&Status> {
        match self {
            Self::Kube(kube::Error::Api(status)) => Some(status),
            _ => None,
        }
    }

    /// Whether the server said so.
    pub fn is_code(&self, code: u16) -> bool {
        self.status().is_some_and(|status| status.code == code)
    }

    /// Whether trying again may help: overload, gateways, a webhook that is down (500), and everything below HTTP.
    fn is_transient(&self) -> bool {
        match self {
            // A login plugin that failed would be started again and again.
            Self::Kube(error) if auth_error(error).is_some() => false,
            Self::Timeout => true,
            Self::Kube(kube::Error::Api(status)) => match status.code {
                429 | 502 | 503 | 504 => true,
                500 => !status.message.contains("denied the request"),
                _ => false,
            },
            Self::Kube(kube::Error::HyperError(_) | kube::Error::Service(_) | kube::Error::ReadEvents(_)) => true,
            // A body that ends early: the server may have acted, and asking again will tell.
            Self::Kube(kube::Error::SerdeError(error)) => error.is_eof() || error.is_syntax(),
            Self::Kube(_) => false,
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        let details = self.status()?.details.as_ref()?;
        (details.retry_after_seconds > 0).then(|| Duration::from_secs(details.retry_after_seconds.into()))
    }

    /// For the user.
    pub fn into_error(self, cluster: &Cluster) -> ClusterError {
        match self {
            Self::Kube(error) => translate(&error, &cluster.access),
            Self::Timeout => ClusterError::Silent(cluster.access.server.clone()),
        }
    }
}

impl Cluster {
    /// One request within its time limit; on 401 once more with fresh credentials.
    pub(super) async fn send<T, F, Fut>(&self, operation: &F) -> Result<T, RequestError>
    where
        F: Fn() -> Fut,
        Fut: Future<Output = kube::Result<T>>,
    {
        let left = self.deadline.map(|deadline| deadline.saturating_duration_since(std::time::Instant::now()).max(LAST_ATTEMPT));
        let limit = left.map_or(self.request_timeout, |left| left.min(self.request_timeout));
        let attempt = async || match tokio::time::timeout(limit, operation()).await {
            Ok(result) => result.map_err(RequestError::Kube),
            Err(_) => Err(RequestError::Timeout),
        };
        let credentials_version = self.credentials_version();
        match attempt().await {
            Err(failure) if failure.is_code(401) && self.reload_credentials(credentials_version).await => attempt().await,
            result => result,
        }
    }

    /// One request, tried again inside the deadline while what fails is transient.
    pub(super) async fn send_with_retry<T, F, Fut>(&self, what: &str, operation: F) -> Result<T, RequestError>
    where
        F: Fn() -> Fut,
        Fut: Future<Output = kube::Result<T>>,
    {
        let begun = tokio::time::Instant::now();
        let mut pause = FIRST_PAUSE;
        loop {
            let failure = match self.send(&operation).await {
                Ok(value) => return Ok(value),
                Err(failure) => failure,
            };
            if failure.status().is_none() {
                self.extend_rbac_grace(std::time::Instant::now() + RESTARTED);
            }
            let patient = self.deadline.is_some() || begun.elapsed() < MAX_RETRY_TIME;
            let forgiven = failure.is_code(403) && self.in_rbac_grace();
            if !(failure.is_transient() || forgiven) || self.overdue() || !patient {
                return Err(failure);
            }
            let wait = failure.retry_after().unwrap_or_else(|| pause.mul_f64(jitter())).max(self.pause.left());
            let left = self.deadline.map_or(MAX_RETRY_TIME.saturating_sub(begun.elapsed()), |deadline| {
                deadline.saturating_duration_since(std::time::Instant::now())
            });
            let wait = wait.min(left);
            let why = match &failure {
                RequestError::Kube(error) => translate(error, &self.access).to_string(),
                RequestError::Timeout => "no answer in time".to_owned(),
            };
            tracing::info!("{what}: {why}; again in {} ms", wait.as_millis());
            tokio::time::sleep(wait).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}

/// A factor between 0.5 and 1.5, so that requests that failed together do not come back together.
fn jitter() -> f64 {
    use std::hash::{BuildHasher as _, Hasher as _, RandomState};
    let random = RandomState::new().build_hasher().finish();
    0.5 + f64::from(u32::try_from(random >> 32).unwrap_or(0)) / f64::from(u32::MAX)
}

/// What kube says, in kubectl's words (`k8s.io/kubectl/pkg/cmd/util/helpers.go`).
pub fn translate(error: &kube::Error, access: &Access) -> ClusterError {
    if let Some(cause) = auth_error(error) {
        return KubeconfigError::Login(login_error(cause, access)).into();
    }
    match error {
        kube::Error::Api(status) if status.code == 401 => ClusterError::Unauthorized,
        kube::Error::Api(status) => ClusterError::Api(status.clone()),
        kube::Error::SerdeError(error) if error.is_data() => ClusterError::Unreadable(error.to_string()),
        kube::Error::ProxyProtocolUnsupported { proxy_url } | kube::Error::ProxyProtocolDisabled { proxy_url, .. } => {
            let scheme = proxy_url.scheme_str().unwrap_or_default().to_owned();
            KubeconfigError::ProxyProtocol { scheme, address: kubeconfig::address(proxy_url) }.into()
        }
        other => {
            let mut cause: &dyn std::error::Error = other;
            loop {
                let refused = cause.downcast_ref::<io::Error>().is_some_and(|io| io.kind() == io::ErrorKind::ConnectionRefused);
                if refused {
                    return match access.proxy() {
                        Some(proxy) => ClusterError::ProxyRefused(proxy),
                        None => ClusterError::Refused(access.server.clone()),
                    };
                }
                match cause.source() {
                    Some(deeper) => cause = deeper,
                    None => {
                        let by = access.proxy().map(|proxy| format!("through proxy {proxy}: ")).unwrap_or_default();
                        return ClusterError::Unreachable(format!("{by}{}", one_line(&cause.to_string())));
                    }
                }
            }
        }
    }
}

/// The failure to get credentials, wherever it is wrapped: when a client is made, or in any request once they have expired.
fn auth_error(error: &kube::Error) -> Option<&AuthError> {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(found) = cause {
        if let Some(kube::Error::Auth(auth)) = found.downcast_ref::<kube::Error>() {
            return Some(auth);
        }
        if let Some(auth) = found.downcast_ref::<AuthError>() {
            return Some(auth);
        }
        cause = found.source();
    }
    None
}

/// kube's own text repeats the output of a login plugin.
fn login_error(cause: &AuthError, access: &Access) -> LoginError {
    let plugin = access.login_plugin().unwrap_or("of the kubeconfig").to_owned();
    match cause {
        AuthError::AuthExecRun { out, .. } => match out.status.code() {
            Some(status) => LoginError::Failed { plugin, status },
            None => LoginError::Killed(plugin),
        },
        AuthError::AuthExecStart(error) => LoginError::NotStarted { plugin, error: error.to_string() },
        AuthError::AuthExecParse(_) | AuthError::ExecPluginFailed => LoginError::NoCredential(plugin),
        AuthError::MalformedTokenExpirationDate(_) => LoginError::BadExpiration(plugin),
        AuthError::MissingCommand => LoginError::NoCommand,
        AuthError::ReadTokenFile(error, path) => LoginError::TokenFile { path: path.display().to_string(), error: error.to_string() },
        AuthError::InvalidBearerToken(_) => LoginError::BadToken,
        AuthError::InvalidBasicAuth(_) => LoginError::BadPassword,
        _ => LoginError::Provider,
    }
}

/// The first line, without what Debug would add.
fn one_line(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    line.split(" (").next().unwrap_or(line).to_owned()
}
