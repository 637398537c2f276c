//! Sends one request: time limit, retries, and the only translation of Kubernetes API errors.

use std::{future::Future, io, time::Duration};

use kube::{client::AuthError, core::Status};

use crate::{
    error::{ClusterError, KubeconfigError, LoginError},
    kubeconfig::{self, Access},
};

use super::Cluster;
use super::timing::{FIRST_RETRY_DELAY, LAST_ATTEMPT, MAX_RETRY_DELAY, MAX_RETRY_TIME, RESTART_GRACE};

/// Why a request failed.
#[derive(Debug)]
pub enum RequestError {
    /// The server's response, or a failure to get one.
    Kube(kube::Error),
    /// No response in time.
    Timeout,
}

impl RequestError {
    /// The status in the server's response.
    pub fn status(&self) -> Option<&Status> {
        match self {
            Self::Kube(kube::Error::Api(status)) => Some(status),
            _ => None,
        }
    }

    /// Whether the server responded with this code.
    pub fn is_code(&self, code: u16) -> bool {
        self.status().is_some_and(|status| status.code == code)
    }

    /// Whether a retry may help: overload, gateways, a failing webhook (500), and everything below HTTP.
    fn is_transient(&self) -> bool {
        match self {
            // A login plugin that failed is not run again.
            Self::Kube(error) if auth_error(error).is_some() => false,
            Self::Timeout => true,
            Self::Kube(kube::Error::Api(status)) => match status.code {
                429 | 502 | 503 | 504 => true,
                500 => !status.message.contains("denied the request"),
                _ => false,
            },
            Self::Kube(kube::Error::HyperError(_) | kube::Error::Service(_) | kube::Error::ReadEvents(_)) => true,
            // The body was cut off. The server may have acted; a retry finds out.
            Self::Kube(kube::Error::SerdeError(error)) => error.is_eof() || error.is_syntax(),
            Self::Kube(_) => false,
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        let details = self.status()?.details.as_ref()?;
        (details.retry_after_seconds > 0).then(|| Duration::from_secs(details.retry_after_seconds.into()))
    }

    /// The error for the user.
    pub fn into_error(self, cluster: &Cluster) -> ClusterError {
        match self {
            Self::Kube(error) => translate(&error, &cluster.access),
            Self::Timeout => ClusterError::Silent(cluster.access.server.clone()),
        }
    }
}

impl Cluster {
    /// Sends one request within its time limit, and once more with reloaded credentials after a 401.
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

    /// Sends one request, and retries transient failures until the deadline.
    pub(super) async fn send_with_retry<T, F, Fut>(&self, what: &str, operation: F) -> Result<T, RequestError>
    where
        F: Fn() -> Fut,
        Fut: Future<Output = kube::Result<T>>,
    {
        let begun = tokio::time::Instant::now();
        let mut pause = FIRST_RETRY_DELAY;
        loop {
            let failure = match self.send(&operation).await {
                Ok(value) => return Ok(value),
                Err(failure) => failure,
            };
            if failure.status().is_none() {
                self.extend_rbac_grace(std::time::Instant::now() + RESTART_GRACE);
            }
            let patient = self.deadline.is_some() || begun.elapsed() < MAX_RETRY_TIME;
            let in_grace = failure.is_code(403) && self.in_rbac_grace();
            if !(failure.is_transient() || in_grace) || self.overdue() || !patient {
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
            pause = (pause * 2).min(MAX_RETRY_DELAY);
        }
    }
}

/// A factor between 0.5 and 1.5, so that requests that failed together are not retried together.
fn jitter() -> f64 {
    use std::hash::{BuildHasher as _, Hasher as _, RandomState};
    let random = RandomState::new().build_hasher().finish();
    0.5 + f64::from(u32::try_from(random >> 32).unwrap_or(0)) / f64::from(u32::MAX)
}

/// Translates kube's errors into kubectl's words (`k8s.io/kubectl/pkg/cmd/util/helpers.go`).
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

/// The authentication error, wherever it is wrapped: from creating the client, or from a request after the credentials expired.
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

/// kube's text would repeat the output of a login plugin.
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

/// The first line, without Debug output.
fn one_line(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    line.split(" (").next().unwrap_or(line).to_owned()
}
