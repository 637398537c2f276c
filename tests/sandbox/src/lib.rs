//! A KubeVirt cluster in a box, for trying and testing `kubectl virtwork`: an API server in memory, controllers and nodes, which
//! meet only through the Kubernetes API, so that each can be exchanged for the real one. It shares no code with the plugin.

#![deny(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr)]

pub mod api;
pub mod controllers;
mod informer;
pub mod nodes;
mod virt_api;

use std::{
    fs, io,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use axum::{Router, middleware};
use axum_server::tls_rustls::RustlsConfig;
use kube::{Client, Config, config::Kubeconfig};
use rustls::{
    ServerConfig,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};
use serde_json::{Value, json};
use tempfile::TempDir;

use api::{
    Server,
    access::{Access, USERS},
    faults::{self, Faults},
    objects::{Objects, Options},
    resource,
};
use nodes::simulation::Simulation;

/// What the cluster is like.
#[derive(Debug, Clone)]
pub struct Settings {
    /// API groups that it does not serve.
    pub without: Vec<&'static str>,
    /// From a machine's start to its first work.
    pub boot: Duration,
    /// Whether it has a StorageClass.
    pub storage: bool,
}

impl Default for Settings {
    fn default() -> Self {
        // OpenShift's own API only where a test asks for it.
        Self { without: vec!["project.openshift.io"], boot: Duration::from_millis(200), storage: true }
    }
}

/// A running cluster; it ends when this is dropped.
pub struct Sandbox {
    pub server: Arc<Server>,
    pub faults: Arc<Faults>,
    pub simulation: Arc<Simulation>,
    folder: TempDir,
    runtime: Option<tokio::runtime::Runtime>,
}

impl Sandbox {
    /// Starts a cluster on a free port of loopback.
    ///
    /// # Errors
    /// No port, no folder for the kubeconfig files, or no certificate.
    pub fn start(settings: &Settings) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let folder = tempfile::Builder::new().prefix("virtwork-sandbox-").tempdir()?;
        let (tls, ca) = tls().map_err(io::Error::other)?;
        for user in USERS {
            fs::write(folder.path().join(format!("{user}.kubeconfig")), kubeconfig(address, &ca, user))?;
        }
        let objects = Arc::new(Objects::new(resource::resources(&settings.without), Box::new(virt_api::VirtApi)));
        furnish(&objects, settings);
        let simulation = Arc::new(Simulation::new(settings.boot));
        let server =
            Arc::new(Server { objects, access: Access::default(), kubelet: simulation.clone(), aggregated: Box::new(virt_api::VirtApi) });
        let faults = Arc::new(Faults::default());
        let router = Router::new()
            .fallback(api::serve)
            .with_state(server.clone())
            .layer(middleware::from_fn_with_state(faults.clone(), faults::inject));
        let serving = {
            let _inside = runtime.enter();
            axum_server::from_tcp_rustls(listener, tls)?
        };
        runtime.spawn(serving.serve(router.into_make_service()));
        let sandbox = Self { server, faults, simulation, folder, runtime: Some(runtime) };
        if !settings.without.contains(&"kubevirt.io") {
            sandbox.run_kubevirt();
        }
        Ok(sandbox)
    }

    fn run_kubevirt(&self) {
        let (path, simulation) = (self.kubeconfig("kubevirt"), self.simulation.clone());
        let Some(runtime) = &self.runtime else { return };
        runtime.spawn(async move {
            let client = client(&path).await.expect("our own kubeconfig file");
            tokio::join!(controllers::run(client.clone()), nodes::run(client, simulation));
        });
    }

    /// The kubeconfig file of a user: admin, owner (of every project), member (edits, may not delete collections) or nobody.
    pub fn kubeconfig(&self, user: &str) -> PathBuf {
        self.folder.path().join(format!("{user}.kubeconfig"))
    }

    /// A folder that lives as long as the cluster.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// A client for a kubeconfig file.
///
/// # Errors
/// The file cannot be used.
pub async fn client(kubeconfig: &Path) -> Result<Client, Box<dyn std::error::Error + Send + Sync>> {
    let config = Config::from_custom_kubeconfig(Kubeconfig::read_from(kubeconfig)?, &kube::config::KubeConfigOptions::default()).await?;
    Ok(Client::try_from(config)?)
}

/// What a new cluster already holds.
fn furnish(objects: &Objects, settings: &Settings) {
    let options = Options { manager: "sandbox".to_owned(), ..Options::default() };
    let create = |group: &str, version: &str, plural: &str, namespace: &str, object: Value| {
        let Some(resource) = objects.find(group, version, plural) else { return };
        let status = object["status"].clone();
        let name = object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
        objects.create(resource, namespace, object, &options).expect("an object of our own");
        if status.is_object() {
            let options = Options { subresource: Some("status".to_owned()), ..options.clone() };
            let with_status = |old: &Value| {
                let mut new = old.clone();
                new["status"] = status;
                Ok(new)
            };
            objects.update(resource, namespace, &name, &options, with_status).expect("an object of our own");
        }
    };
    for namespace in ["default", "kube-system", "kubevirt"] {
        create("", "v1", "namespaces", "", json!({"metadata": {"name": namespace}}));
    }
    if settings.storage {
        let annotations =
            json!({"storageclass.kubernetes.io/is-default-class": "true", "storageclass.kubevirt.io/is-default-virt-class": "true"});
        let class = json!({"metadata": {"name": "standard", "annotations": annotations}, "provisioner": "sandbox"});
        create("storage.k8s.io", "v1", "storageclasses", "", class);
        let sets = json!([{"accessModes": ["ReadWriteOnce"], "volumeMode": "Filesystem"}]);
        let profile =
            json!({"metadata": {"name": "standard"}, "spec": {}, "status": {"claimPropertySets": sets, "storageClass": "standard"}});
        create("cdi.kubevirt.io", "v1beta1", "storageprofiles", "", profile);
    }
    let kubevirt = json!({"metadata": {"name": "kubevirt", "namespace": "kubevirt"}, "spec": {}, "status": {"phase": "Deployed"}});
    create("kubevirt.io", "v1", "kubevirts", "kubevirt", kubevirt);
}

/// A certificate for loopback, and the authority that vouches for it, as PEM.
fn tls() -> Result<(RustlsConfig, String), Box<dyn std::error::Error + Send + Sync>> {
    let authority_key = rcgen::KeyPair::generate()?;
    let mut authority = rcgen::CertificateParams::new(Vec::new())?;
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    authority.distinguished_name.push(rcgen::DnType::CommonName, "virtwork sandbox");
    let certificate = authority.self_signed(&authority_key)?;
    let issuer = rcgen::Issuer::new(authority, authority_key);
    let key = rcgen::KeyPair::generate()?;
    let server = rcgen::CertificateParams::new(vec!["127.0.0.1".to_owned(), "localhost".to_owned()])?.signed_by(&key, &issuer)?;
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![server.der().clone()], key)?;
    Ok((RustlsConfig::from_config(Arc::new(config)), certificate.pem()))
}

fn kubeconfig(address: SocketAddr, ca: &str, user: &str) -> String {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let ca = STANDARD.encode(ca);
    format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: sandbox\ncontexts:\n- name: sandbox\n  context: {{cluster: sandbox, user: {user}}}\n\
         clusters:\n- name: sandbox\n  cluster: {{server: \"https://{address}\", certificate-authority-data: {ca}}}\n\
         users:\n- name: {user}\n  user: {{token: {user}-token}}\n"
    )
}
