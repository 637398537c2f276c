//! A KubeVirt cluster in a box, for trying and testing `kubectl virtwork`: an API server in memory, controllers and nodes, which
//! meet only through the Kubernetes API, so that each can be exchanged for the real one. It shares no code with the plugin.

#![deny(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr)]

pub mod api;
pub mod borrowed;
pub mod controllers;
pub mod faults;
pub mod front;
mod informer;
pub mod nodes;
pub mod projects;
mod upstream;
mod virt_api;

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use axum::Router;
use kube::{Client, Config, config::Kubeconfig};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use api::{
    Server,
    access::{Access, USERS},
    objects::{Objects, Options},
    resource,
};
use borrowed::Borrowed;
use faults::Faults;
use front::Front;
use nodes::{Guests, simulation::Simulation};
use upstream::Upstream;

/// What the cluster is like.
#[derive(Debug, Clone)]
pub struct Settings {
    /// API groups that it does not serve.
    pub without: Vec<&'static str>,
    /// From a machine's start to its first work.
    pub boot: Duration,
    /// Whether it has a StorageClass.
    pub storage: bool,
    /// First pause before an instance that failed is made again; of a borrowed cluster, its own.
    pub backoff: Duration,
    /// A cloud image that its machines really boot, under QEMU; without one they are simulated.
    pub image: Option<PathBuf>,
}

impl Default for Settings {
    fn default() -> Self {
        // OpenShift's own API only where a test asks for it.
        Self {
            without: vec!["project.openshift.io"],
            boot: Duration::from_millis(200),
            storage: true,
            backoff: controllers::machine::BACKOFF,
            image: None,
        }
    }
}

/// What stands behind the front.
enum Behind {
    /// Our own API server and controllers.
    Memory(Arc<Server>),
    /// A real one, with KubeVirt's.
    Real(Borrowed),
}

/// A running cluster; it ends when this is dropped, and a borrowed one is left as it was.
pub struct Sandbox {
    pub faults: Arc<Faults>,
    pub simulation: Arc<Simulation>,
    guests: Arc<dyn Guests>,
    front: Arc<Front>,
    behind: Behind,
    /// Its folder, which is locked as long as it lives.
    folder: (TempDir, fs::File),
    runtime: Option<Runtime>,
}

impl Sandbox {
    /// Starts a cluster on a free port of loopback.
    ///
    /// # Errors
    /// No port, no folder for the kubeconfig files, or no certificate.
    pub fn start(settings: &Settings) -> io::Result<Self> {
        let (runtime, folder) = (runtime()?, folder()?);
        let simulation = Arc::new(Simulation::new(settings.boot));
        let guests = guests(settings, &simulation, folder.0.path())?;
        let objects = Arc::new(Objects::new(resource::resources(&settings.without), Box::new(virt_api::VirtApi)));
        furnish(&objects, settings);
        let server =
            Arc::new(Server { objects, access: Access::default(), kubelet: guests.clone(), aggregated: Box::new(virt_api::VirtApi) });
        let router = Router::new().fallback(api::serve).with_state(server.clone());
        let sandbox = Self::before(runtime, router, (simulation, guests), Behind::Memory(server), folder)?;
        if !settings.without.contains(&"kubevirt.io") {
            sandbox.run_kubevirt(settings.backoff);
        }
        Ok(sandbox)
    }

    /// Stands before a real cluster, empties it, and plays its nodes where it has none. One at a time.
    ///
    /// # Errors
    /// The cluster cannot be used, or does not become empty.
    pub fn borrow(kubeconfig: &Path, settings: &Settings) -> io::Result<Self> {
        let (runtime, folder) = (runtime()?, folder()?);
        let simulation = Arc::new(Simulation::new(settings.boot));
        let guests = guests(settings, &simulation, folder.0.path())?;
        let (borrowed, upstream) = runtime
            .block_on(async {
                let borrowed = Borrowed::new(kubeconfig).await?;
                let client = borrowed.anonymous().await?;
                if borrowed.imitated {
                    tokio::spawn(nodes::run(borrowed.kubevirt().await?, guests.clone()));
                }
                borrowed.prepare(settings).await?;
                let knows_tokens = borrowed.knows_tokens(&client).await;
                let (root, hidden) = (borrowed.root.clone(), settings.without.clone());
                let imitated = borrowed.imitated;
                Ok((borrowed, Upstream { client, root, hidden, knows_tokens, imitated, kubelet: guests.clone() }))
            })
            .map_err(|error: Box<dyn std::error::Error + Send + Sync>| io::Error::other(error))?;
        let router = Router::new().fallback(upstream::forward).with_state(Arc::new(upstream));
        Self::before(runtime, router, (simulation, guests), Behind::Real(borrowed), folder)
    }

    fn before(
        runtime: Runtime,
        router: Router,
        (simulation, guests): (Arc<Simulation>, Arc<dyn Guests>),
        behind: Behind,
        folder: (TempDir, fs::File),
    ) -> io::Result<Self> {
        let faults = Arc::new(Faults::default());
        let front = Front::start(runtime.handle(), router, faults.clone())?;
        for user in USERS {
            fs::write(folder.0.path().join(format!("{user}.kubeconfig")), front.kubeconfig(user))?;
        }
        Ok(Self { faults, simulation, guests, front, behind, folder, runtime: Some(runtime) })
    }

    fn run_kubevirt(&self, backoff: Duration) {
        let (path, guests) = (self.kubeconfig("kubevirt"), self.guests.clone());
        let Some(runtime) = &self.runtime else { return };
        runtime.spawn(async move {
            let client = client(&path).await.expect("our own kubeconfig file");
            tokio::join!(controllers::run(client.clone(), backoff), nodes::run(client, guests));
        });
    }

    /// The kubeconfig file of a user: admin, owner (of every project), member (edits, may not delete collections) or nobody.
    /// `kubevirt` is whom no fault hits.
    pub fn kubeconfig(&self, user: &str) -> PathBuf {
        match &self.behind {
            Behind::Real(borrowed) if user == "kubevirt" => borrowed.kubeconfig.clone(),
            _ => self.folder.0.path().join(format!("{user}.kubeconfig")),
        }
    }

    /// A folder that lives as long as the cluster.
    pub fn folder(&self) -> &Path {
        self.folder.0.path()
    }

    /// Takes a right from everybody but KubeVirt: a verb on `RESOURCE` or `RESOURCE/SUBRESOURCE`; `*` is any verb.
    ///
    /// # Panics
    /// Where a real cluster refuses.
    pub fn deny(&self, verb: &str, resource: &str) {
        match (&self.behind, &self.runtime) {
            (Behind::Memory(server), _) => server.access.deny(verb, resource),
            (Behind::Real(borrowed), Some(runtime)) => {
                runtime.block_on(borrowed.deny(verb, resource)).unwrap_or_else(|error| panic!("deny {verb} {resource}: {error}"));
            }
            _ => {}
        }
    }

    /// All rights that were taken are given back.
    ///
    /// # Panics
    /// Where a real cluster refuses.
    pub fn restore_permissions(&self) {
        match (&self.behind, &self.runtime) {
            (Behind::Memory(server), _) => server.access.restore_permissions(),
            (Behind::Real(borrowed), Some(runtime)) => {
                runtime.block_on(borrowed.give_rights()).unwrap_or_else(|error| panic!("restore_permissions: {error}"));
            }
            _ => {}
        }
    }

    /// The server gets a new certificate of the same authority, and all connections end.
    ///
    /// # Errors
    /// No certificate.
    pub fn renew_certificate(&self) -> io::Result<()> {
        self.front.renew()
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        let Some(runtime) = self.runtime.take() else { return };
        if let Behind::Real(borrowed) = &self.behind {
            // What cannot be cleaned up now fails the next test with a reason.
            drop(runtime.block_on(borrowed.restore()));
        }
        runtime.shutdown_background();
        self.guests.shut();
    }
}

/// A folder of its own; those of boxes that were killed go.
fn folder() -> io::Result<(TempDir, fs::File)> {
    const PREFIX: &str = "virtwork-sandbox-";
    for entry in fs::read_dir(std::env::temp_dir())?.flatten() {
        let lock = fs::File::open(entry.path().join("lock")).ok();
        if entry.file_name().to_string_lossy().starts_with(PREFIX) && lock.is_some_and(|lock| lock.try_lock().is_ok()) {
            drop(fs::remove_dir_all(entry.path()));
        }
    }
    let folder = tempfile::Builder::new().prefix(PREFIX).tempdir()?;
    // Nobody takes what is not there yet.
    let (unlocked, lock) = (folder.path().join("unlocked"), folder.path().join("lock"));
    let file = fs::File::create(&unlocked)?;
    file.lock()?;
    fs::rename(unlocked, lock)?;
    Ok((folder, file))
}

/// What carries the machines out.
fn guests(settings: &Settings, simulation: &Arc<Simulation>, folder: &Path) -> io::Result<Arc<dyn Guests>> {
    match &settings.image {
        None => Ok(simulation.clone()),
        #[cfg(target_os = "linux")]
        Some(image) => Ok(Arc::new(nodes::qemu::Qemu::new(image, folder)?)),
        #[cfg(not(target_os = "linux"))]
        Some(_) => Err(io::Error::other(format!("machines that boot need Linux; {} is of no use", folder.display()))),
    }
}

fn runtime() -> io::Result<Runtime> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()
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
