//! Errors of kube about kubeconfigs, in our words.

use kube::config::{KubeconfigError as KubeError, LoadDataError};

use crate::error::KubeconfigError;

/// kube's error without values, which may be secrets.
pub(crate) fn explain(error: &KubeError) -> KubeconfigError {
    let data = |field, cause: &LoadDataError| match cause {
        LoadDataError::ReadFile(cause, path) => KubeconfigError::FieldFile { field, path: path.clone(), error: cause.to_string() },
        LoadDataError::DecodeBase64(_) | LoadDataError::NoBase64DataOrFile => KubeconfigError::InvalidField(field),
    };
    match error {
        KubeError::ParseClusterUrl(_) => KubeconfigError::InvalidField("server"),
        KubeError::ParseProxyUrl(_) => KubeconfigError::ProxyUrl,
        KubeError::LoadCertificateAuthority(cause) => data("certificate-authority", cause),
        KubeError::LoadClientCertificate(cause) => data("client-certificate", cause),
        KubeError::LoadClientKey(cause) => data("client-key", cause),
        KubeError::ParseCertificates(_) => KubeconfigError::InvalidField("certificate-authority"),
        KubeError::ParseNoProxy(_) => KubeconfigError::InvalidField("NO_PROXY"),
        other => KubeconfigError::Unusable(explain_text(other)),
    }
}

/// The same for a file that cannot be read or parsed.
pub(super) fn explain_text(error: &KubeError) -> String {
    match error {
        KubeError::ReadConfig(cause, _) => cause.to_string(),
        KubeError::Parse(cause) => cause.to_string().lines().next().unwrap_or_default().to_owned(),
        other => other.to_string().lines().next().unwrap_or_default().to_owned(),
    }
}
