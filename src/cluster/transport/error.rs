//! The only translation of errors of kube, and of the layers below it, into ours.

use std::{error::Error as StdError, io};

use kube::client::{AuthError, RustlsTlsError};
use tower::BoxError;

use crate::{
    error::{ClusterError, KubeconfigError, LoginError},
    kubeconfig::{self, Access},
};

/// Status codes of errors.
pub(crate) trait Code {
    /// Whether the server responded with this code.
    fn is_code(&self, code: u16) -> bool;
}

impl Code for kube::Error {
    fn is_code(&self, code: u16) -> bool {
        matches!(self, Self::Api(status) if status.code == code)
    }
}

impl From<kube::Error> for ClusterError {
    fn from(error: kube::Error) -> Self {
        match error {
            kube::Error::Api(status) if status.code == 401 => Self::Unauthorized,
            kube::Error::Api(status) => Self::Api(status),
            // The retry layer has translated it.
            kube::Error::Service(error) => match error.downcast::<Self>() {
                Ok(error) => *error,
                Err(other) => Self::Unreachable(one_line(&other.to_string())),
            },
            kube::Error::SerdeError(error) => Self::Unreadable(error.to_string()),
            other => Self::Unreachable(one_line(&innermost(&other).to_string())),
        }
    }
}

/// A failure of the layers below the retries.
pub(super) fn of_box(failure: &BoxError, access: &Access) -> ClusterError {
    match failure.downcast_ref::<kube::Error>() {
        Some(error) => translate(error, access),
        None => ClusterError::Unreachable(format!("{}{}", through_proxy(access), one_line(&innermost(failure.as_ref()).to_string()))),
    }
}

/// Whether a retry may help. A login plugin that failed is not run again.
pub(super) fn is_transient(failure: &BoxError) -> bool {
    match failure.downcast_ref::<kube::Error>() {
        Some(error) => {
            auth_error(error).is_none()
                && matches!(error, kube::Error::HyperError(_) | kube::Error::Service(_) | kube::Error::ReadEvents(_))
        }
        None => true,
    }
}

/// kube's errors in kubectl's words (`k8s.io/kubectl/pkg/cmd/util/helpers.go`).
pub(super) fn translate(error: &kube::Error, access: &Access) -> ClusterError {
    if let Some(cause) = auth_error(error) {
        return KubeconfigError::Login(login_error(cause, access)).into();
    }
    if let kube::Error::ProxyProtocolUnsupported { proxy_url } | kube::Error::ProxyProtocolDisabled { proxy_url, .. } = error {
        return match proxy_url.scheme_str().filter(|scheme| !scheme.is_empty()) {
            Some(scheme) => KubeconfigError::ProxyProtocol { scheme: scheme.to_owned(), address: kubeconfig::address(proxy_url) }.into(),
            None => KubeconfigError::ProxyUrl.into(),
        };
    }
    match error {
        // Their texts contain the certificate or the key.
        kube::Error::RustlsTls(error) => return tls_error(error, access).into(),
        kube::Error::InferKubeconfig(error) => return kubeconfig::explain(error).into(),
        _ => {}
    }
    let is_refused = |cause: &(dyn StdError + 'static)| {
        cause.downcast_ref::<io::Error>().is_some_and(|io| io.kind() == io::ErrorKind::ConnectionRefused)
    };
    if causes(error).any(is_refused) {
        return match access.proxy() {
            Some(proxy) => ClusterError::ProxyRefused(proxy),
            None => ClusterError::Refused(access.server.clone()),
        };
    }
    ClusterError::Unreachable(format!("{}{}", through_proxy(access), one_line(&innermost(error).to_string())))
}

fn tls_error(error: &RustlsTlsError, access: &Access) -> KubeconfigError {
    match error {
        RustlsTlsError::AddRootCertificate(_) => KubeconfigError::InvalidField("certificate-authority"),
        RustlsTlsError::NoValidNativeRootCA(_) => KubeconfigError::NoSystemCertificates,
        RustlsTlsError::InvalidServerName(_) => KubeconfigError::InvalidField("tls-server-name"),
        _ => match access.login_plugin() {
            Some(plugin) => KubeconfigError::Login(LoginError::BadCertificate(plugin.to_owned())),
            None => KubeconfigError::InvalidField("client-certificate or client-key"),
        },
    }
}

fn through_proxy(access: &Access) -> String {
    access.proxy().map(|proxy| format!("through proxy {proxy}: ")).unwrap_or_default()
}

/// An error, its cause, and so on.
fn causes<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |error| {
        let error: &'a (dyn StdError + 'static) = *error;
        error.source()
    })
}

fn innermost<'a>(error: &'a (dyn StdError + 'static)) -> &'a (dyn StdError + 'static) {
    causes(error).last().unwrap_or(error)
}

/// The authentication error, wherever it is wrapped: from creating the client, or from a request after the credentials expired.
fn auth_error(error: &kube::Error) -> Option<&AuthError> {
    causes(error).find_map(|cause| match cause.downcast_ref::<kube::Error>() {
        Some(kube::Error::Auth(auth)) => Some(auth),
        _ => cause.downcast_ref::<AuthError>(),
    })
}

/// The first line, without Debug output.
fn one_line(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    line.split(" (").next().unwrap_or(line).to_owned()
}

/// A token that cannot be a header.
pub(super) fn bad_token(access: &Access) -> LoginError {
    LoginError::BadToken(access.login_plugin().map(str::to_owned))
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
        AuthError::InvalidBearerToken(_) => bad_token(access),
        AuthError::InvalidBasicAuth(_) => LoginError::BadPassword,
        AuthError::UnrefreshableTokenResponse => LoginError::NoExpiration(plugin),
        _ if access.login_plugin().is_some() => LoginError::NoCredential(plugin),
        _ => LoginError::Provider,
    }
}
