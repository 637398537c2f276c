//! Finds the cluster: files, context and kubectl's flags become one client configuration.
//!
//! kube reads and merges the files. The flags are applied here, as client-go does
//! (`k8s.io/client-go/tools/clientcmd/client_config.go`).

mod explain;

use std::{
    fs, io,
    panic::{self, AssertUnwindSafe},
    path::{Path, PathBuf},
};

use kube::config::{
    AuthInfo, Cluster, Context, KubeConfigOptions, Kubeconfig, KubeconfigError as KubeError, NamedAuthInfo, NamedCluster, NamedContext,
};

use crate::{
    config::{Connection, Environment},
    error::KubeconfigError,
};

pub(crate) use explain::explain;
use explain::explain_text;

/// The file with the namespace of a pod.
const POD_NAMESPACE: &str = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";

/// Address and credentials of a cluster.
#[derive(Debug, Clone)]
pub(crate) struct Access {
    /// The configuration of kube's client.
    pub config: kube::Config,
    /// The namespace of the context or the pod.
    pub namespace: Option<String>,
    /// `host:port`, for messages.
    pub server: String,
    /// The same as a kubeconfig with one context, for programs that are run; `None` in a pod.
    pub kubeconfig: Option<Kubeconfig>,
}

impl Access {
    /// The login plugin, as the kubeconfig names it.
    pub(crate) fn login_plugin(&self) -> Option<&str> {
        let user = self.kubeconfig.as_ref()?.auth_infos.first()?.auth_info.as_ref()?;
        user.exec.as_ref()?.command.as_deref()
    }

    /// `host:port` of the proxy, if one is used.
    pub(crate) fn proxy(&self) -> Option<String> {
        self.config.proxy_url.as_ref().map(address)
    }
}

/// Finds the cluster.
///
/// # Errors
/// When files, context or flags name no usable cluster.
pub(crate) async fn access(connection: &Connection, environment: &Environment) -> Result<Access, KubeconfigError> {
    check_impersonation(connection)?;
    check_files(connection)?;
    let merged = read_files(connection, environment)?;
    // A kubeconfig with a context or a user means a cluster; the pod's must not be used instead.
    let is_empty = merged.clusters.is_empty() && merged.contexts.is_empty() && merged.auth_infos.is_empty();
    if is_empty
        && merged.current_context.is_none()
        && connection.server.is_none()
        && connection.context.is_none()
        && environment.get("KUBERNETES_SERVICE_HOST").is_some()
    {
        refuse_in_pod(connection)?;
        return in_pod(environment);
    }
    let kubeconfig = select(merged, connection)?;
    let namespace = kubeconfig.contexts.first().and_then(|named| named.context.as_ref()?.namespace.clone());
    let config = configure(&kubeconfig, connection).await?;
    let server = address(&config.cluster_url);
    Ok(Access { config, namespace: namespace.filter(|name| !name.is_empty()), server, kubeconfig: Some(kubeconfig) })
}

async fn configure(kubeconfig: &Kubeconfig, connection: &Connection) -> Result<kube::Config, KubeconfigError> {
    let made = kube::Config::from_custom_kubeconfig(kubeconfig.clone(), &KubeConfigOptions::default()).await;
    let mut config = made.map_err(|error| explain(&error))?;
    finish(&mut config, connection.request_timeout.is_some());
    Ok(config)
}

impl Access {
    /// The same with reloaded credentials: files of tokens and certificates are read again, login plugins run again. The kubeconfig
    /// is not read again: it may be a pipe, and a changed file must not lead to another cluster during a command.
    ///
    /// # Errors
    /// When the credentials cannot be read.
    pub(crate) async fn renew(&self, connection: &Connection, environment: &Environment) -> Result<kube::Config, KubeconfigError> {
        match &self.kubeconfig {
            Some(kubeconfig) => configure(kubeconfig, connection).await,
            None => Ok(in_pod(environment)?.config),
        }
    }
}

/// The namespace of the selected context, without using its credentials; `None` if no context is configured.
///
/// # Errors
/// When files or flags name something that does not exist.
pub(crate) fn namespace(connection: &Connection, environment: &Environment) -> Result<Option<String>, KubeconfigError> {
    let merged = read_files(connection, environment)?;
    if merged.current_context.is_none() && connection.context.is_none() {
        return Ok(environment.get("POD_NAMESPACE").map(str::to_owned));
    }
    let selected = select(merged, connection)?;
    let namespace = selected.contexts.into_iter().next().and_then(|named| named.context?.namespace);
    Ok(namespace.filter(|name| !name.is_empty()))
}

/// Rejects flags that do not apply to a pod's service account. If they were ignored, the command would act with another identity,
/// or trust another server, than the user said.
fn refuse_in_pod(connection: &Connection) -> Result<(), KubeconfigError> {
    let given = [
        ("--kubeconfig", connection.kubeconfig.is_some()),
        ("--cluster", connection.cluster.is_some()),
        ("--user", connection.user.is_some()),
        ("--token", connection.token.is_some()),
        ("--as", connection.impersonate.is_some()),
        ("--certificate-authority", connection.certificate_authority.is_some()),
        ("--client-certificate", connection.client_certificate.is_some()),
        ("--client-key", connection.client_key.is_some()),
        ("--tls-server-name", connection.tls_server_name.is_some()),
        ("--insecure-skip-tls-verify", connection.insecure_skip_tls_verify.is_some()),
    ];
    match given.into_iter().find(|(_, given)| *given) {
        Some((flag, _)) => Err(KubeconfigError::FlagInPod(flag)),
        None => Ok(()),
    }
}

fn in_pod(environment: &Environment) -> Result<Access, KubeconfigError> {
    let mut config = kube::Config::incluster().map_err(KubeconfigError::InPod)?;
    finish(&mut config, false);
    let file = || fs::read_to_string(POD_NAMESPACE).ok().map(|text| text.trim().to_owned());
    let namespace = environment.get("POD_NAMESPACE").map(str::to_owned).or_else(file);
    Ok(Access { server: address(&config.cluster_url), config, namespace, kubeconfig: None })
}

fn finish(config: &mut kube::Config, limited: bool) {
    // kube's own retries would be silent for minutes.
    config.default_retry = false;
    if limited {
        config.connect_timeout = None;
    }
    let agent = format!("kubectl-virtwork/{} ({}/{})", env!("CARGO_PKG_VERSION"), std::env::consts::OS, std::env::consts::ARCH);
    if let Ok(agent) = agent.parse() {
        config.headers.push((http::header::USER_AGENT, agent));
    }
}

/// `host:port` of a URL, for messages; never its credentials.
pub(crate) fn address(url: &http::Uri) -> String {
    let port = url.port_u16().unwrap_or(if url.scheme_str() == Some("http") { 80 } else { 443 });
    format!("{}:{port}", url.host().unwrap_or_default())
}

fn check_impersonation(connection: &Connection) -> Result<(), KubeconfigError> {
    let more = connection.as_uid.is_some() || !connection.as_group.is_empty() || !connection.as_user_extra.is_empty();
    if more && connection.impersonate.is_none() {
        return Err(KubeconfigError::ImpersonationWithoutUser);
    }
    // They become headers.
    let texts = [&connection.impersonate, &connection.as_uid].into_iter().flatten();
    let mut all = texts.chain(&connection.as_group).chain(&connection.as_user_extra);
    if all.any(|text| text.chars().any(char::is_control)) {
        return Err(KubeconfigError::InvalidField("--as, --as-uid, --as-group or --as-user-extra"));
    }
    Ok(())
}

fn check_files(connection: &Connection) -> Result<(), KubeconfigError> {
    for (flag, path) in [
        ("--certificate-authority", &connection.certificate_authority),
        ("--client-certificate", &connection.client_certificate),
        ("--client-key", &connection.client_key),
    ] {
        if let Some((path, Err(error))) = path.as_ref().map(|path| (path, fs::read(path))) {
            return Err(KubeconfigError::FlagFile { flag, path: path.clone(), error });
        }
    }
    Ok(())
}

/// Reads `--kubeconfig`, which must exist; else the files of KUBECONFIG that exist; else `~/.kube/config`.
fn read_files(connection: &Connection, environment: &Environment) -> Result<Kubeconfig, KubeconfigError> {
    let (paths, must_exist): (Vec<PathBuf>, bool) = match (&connection.kubeconfig, environment.get("KUBECONFIG")) {
        (Some(path), _) => (vec![path.clone()], true),
        (None, Some(list)) => (std::env::split_paths(list).filter(|path| !path.as_os_str().is_empty()).collect(), false),
        (None, None) => (environment.home().map(|home| home.join(".kube/config")).into_iter().collect(), false),
    };
    let mut merged = Kubeconfig::default();
    for path in paths {
        let Some(mut file) = read_file(&path, must_exist)? else { continue };
        // An empty name must not hide one in a later file.
        file.current_context = file.current_context.filter(|name| !name.is_empty());
        merged = merged.merge(file).map_err(|error| explain(&error))?;
    }
    Ok(merged)
}

/// Calls a library that panics on some input; `None` if it did. Users see no panic.
pub(crate) fn without_panic<T>(call: impl FnOnce() -> T) -> Option<T> {
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let result = panic::catch_unwind(AssertUnwindSafe(call));
    panic::set_hook(hook);
    result.ok()
}

/// Reads a file or a pipe once, without checking beforehand what it is. `None` if it does not exist and need not.
fn read_file(path: &Path, must_exist: bool) -> Result<Option<Kubeconfig>, KubeconfigError> {
    // kube's decoder of UTF-16 panics on an odd number of bytes (kube-client 5.0 `config/file_config.rs`).
    let Some(file) = without_panic(|| Kubeconfig::read_from(path)) else {
        return Err(KubeconfigError::File { path: path.to_owned(), why: "not valid UTF-16".to_owned() });
    };
    match file {
        Ok(file) => Ok(Some(file)),
        Err(KubeError::ReadConfig(cause, _)) if cause.kind() == io::ErrorKind::NotFound => match must_exist {
            true => Err(KubeconfigError::NotFound { path: path.to_owned(), error: cause }),
            false => Ok(None),
        },
        Err(error @ (KubeError::Parse(_) | KubeError::ReadConfig(..))) => {
            Err(KubeconfigError::File { path: path.to_owned(), why: explain_text(&error) })
        }
        Err(error) => Err(explain(&error)),
    }
}

/// The selected context with its cluster and user, modified by the flags.
fn select(merged: Kubeconfig, connection: &Connection) -> Result<Kubeconfig, KubeconfigError> {
    let name = connection.context.clone().or(merged.current_context);
    let found = name.as_ref().map(|name| merged.contexts.iter().find(|named| named.name == *name));
    let context = match (found, &connection.server) {
        (Some(Some(named)), _) => named.context.clone().unwrap_or_default(),
        (Some(None), _) => return Err(KubeconfigError::NoContext(name.unwrap_or_default())),
        (None, Some(_)) => Context::default(),
        (None, None) if connection.cluster.is_some() => Context::default(),
        (None, None) => return Err(KubeconfigError::NoCluster),
    };
    let cluster_name = connection.cluster.clone().unwrap_or(context.cluster.clone());
    let cluster = merged.clusters.iter().find(|named| named.name == cluster_name).and_then(|named| named.cluster.clone());
    let cluster = match (cluster, &connection.server) {
        (None, None) => return Err(KubeconfigError::NoServer(cluster_name)),
        (cluster, _) => override_cluster(cluster.unwrap_or_default(), connection),
    };
    let user_name = connection.user.clone().or(context.user.clone());
    let user = user_name.as_ref().and_then(|name| merged.auth_infos.iter().find(|named| named.name == *name));
    if let (Some(wanted), None) = (&connection.user, user) {
        return Err(KubeconfigError::NoUser(wanted.clone()));
    }
    let auth = override_auth(user.and_then(|named| named.auth_info.clone()).unwrap_or_default(), connection);
    let label = || "virtwork".to_owned();
    let context = Context { cluster: label(), user: Some(label()), ..context };
    Ok(Kubeconfig {
        clusters: vec![NamedCluster { name: label(), cluster: Some(cluster), other: Default::default() }],
        auth_infos: vec![NamedAuthInfo { name: label(), auth_info: Some(auth), other: Default::default() }],
        contexts: vec![NamedContext { name: label(), context: Some(context), other: Default::default() }],
        current_context: Some(label()),
        kind: Some("Config".to_owned()),
        api_version: Some("v1".to_owned()),
        ..Kubeconfig::default()
    })
}

fn override_cluster(mut cluster: Cluster, connection: &Connection) -> Cluster {
    let text = |path: &PathBuf| path.display().to_string();
    if let Some(server) = &connection.server {
        cluster.server = Some(server.clone());
        cluster.tls_server_name = None;
    }
    if let Some(server) = cluster.server.as_mut().filter(|server| !server.contains("://")) {
        *server = format!("https://{server}");
    }
    if connection.tls_server_name.is_some() {
        cluster.tls_server_name.clone_from(&connection.tls_server_name);
    }
    if let Some(authority) = &connection.certificate_authority {
        cluster.certificate_authority = Some(text(authority));
        cluster.certificate_authority_data = None;
        cluster.insecure_skip_tls_verify = None;
    }
    if let Some(insecure) = connection.insecure_skip_tls_verify {
        cluster.insecure_skip_tls_verify = Some(insecure);
        if insecure {
            cluster.certificate_authority = None;
            cluster.certificate_authority_data = None;
        }
    }
    cluster
}

fn override_auth(mut auth: AuthInfo, connection: &Connection) -> AuthInfo {
    if let Some(token) = &connection.token {
        auth = AuthInfo { token: Some(token.reveal().to_owned().into()), ..keep_impersonation(auth) };
    }
    if let Some(certificate) = &connection.client_certificate {
        auth.client_certificate = Some(certificate.display().to_string());
        auth.client_certificate_data = None;
        auth.exec = None;
    }
    if let Some(key) = &connection.client_key {
        auth.client_key = Some(key.display().to_string());
        auth.client_key_data = None;
    }
    if let Some(user) = &connection.impersonate {
        auth.impersonate = Some(user.clone());
        auth.impersonate_uid.clone_from(&connection.as_uid);
        auth.impersonate_groups = (!connection.as_group.is_empty()).then(|| connection.as_group.clone());
        let mut extra = std::collections::HashMap::<String, Vec<String>>::new();
        for (key, value) in connection.as_user_extra.iter().filter_map(|pair| pair.split_once('=')) {
            extra.entry(key.to_owned()).or_default().push(value.to_owned());
        }
        auth.impersonate_user_extra = (!extra.is_empty()).then_some(extra);
    }
    auth
}

/// A token replaces every other credential, but not the impersonation.
fn keep_impersonation(auth: AuthInfo) -> AuthInfo {
    AuthInfo {
        impersonate: auth.impersonate,
        impersonate_uid: auth.impersonate_uid,
        impersonate_groups: auth.impersonate_groups,
        impersonate_user_extra: auth.impersonate_user_extra,
        ..AuthInfo::default()
    }
}
