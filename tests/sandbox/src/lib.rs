//! A sandbox: a KubeVirt cluster for trying and testing `kubectl virtwork`. Its three parts, an API server in memory, controllers
//! and nodes, communicate only through the Kubernetes API, so that each can be replaced by the real one. It shares no code with the
//! plugin.

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

/// The properties of the cluster.
#[derive(Debug, Clone)]
pub struct Settings {
    /// API groups that it does not serve.
    pub without: Vec<&'static str>,
    /// The time from a VM's start until its workload runs.
    pub boot: Duration,
    /// Whether it has a StorageClass.
    pub storage: bool,
    /// The delay before a failed VMI is created again; a borrowed cluster has its own.
    pub backoff: Duration,
    /// Whether images are volumes of the launcher pod, or copied by its init containers; a borrowed cluster has its own.
    pub image_volumes: bool,
    /// A cloud image that its VMs boot under QEMU; without one they are simulated.
    pub image: Option<PathBuf>,
}

impl Default for Settings {
    fn default() -> Self {
        // OpenShift's API only where a test needs it.
        Self {
            without: vec!["project.openshift.io"],
            boot: Duration::from_millis(200),
            storage: true,
            backoff: controllers::machine::BACKOFF,
            image_volumes: true,
            image: None,
        }
    }
}

/// The API server behind the entry.
enum Behind {
    /// The sandbox's API server and controllers.
    Memory(Arc<Server>),
    /// A real cluster with KubeVirt's controllers.
    Real(Borrowed),
}

/// A running cluster. It ends when this is dropped; a borrowed one is restored.
pub struct Sandbox {
    pub faults: Arc<Faults>,
    pub simulation: Arc<Simulation>,
    guests: Arc<dyn Guests>,
    front: Arc<Front>,
    behind: Behind,
    /// Its directory, locked as long as it exists.
    folder: (TempDir, fs::File),
    runtime: Option<Runtime>,
}

impl Sandbox {
    /// Starts a cluster on a free port of loopback.
    ///
    /// # Errors
    /// No port, no directory for the kubeconfig files, or no certificate.
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
            sandbox.run_kubevirt(controllers::Options { backoff: settings.backoff, image_volumes: settings.image_volumes });
        }
        Ok(sandbox)
    }

    /// Borrows a real cluster: empties it, and plays its nodes if it has none. One test at a time.
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

    fn run_kubevirt(&self, options: controllers::Options) {
        let (path, guests) = (self.kubeconfig("kubevirt"), self.guests.clone());
        let Some(runtime) = &self.runtime else { return };
        runtime.spawn(async move {
            let client = client(&path).await.expect("our own kubeconfig file");
            tokio::join!(controllers::run(client.clone(), options), nodes::run(client, guests));
        });
    }

    /// The kubeconfig of a user: admin, owner (of every project), member (edits, cannot delete collections) or nobody. No fault
    /// affects `kubevirt`.
    pub fn kubeconfig(&self, user: &str) -> PathBuf {
        match &self.behind {
            Behind::Real(borrowed) if user == "kubevirt" => borrowed.kubeconfig.clone(),
            _ => self.folder.0.path().join(format!("{user}.kubeconfig")),
        }
    }

    /// A directory that exists as long as the cluster.
    pub fn folder(&self) -> &Path {
        self.folder.0.path()
    }

    /// Takes a permission from everyone but KubeVirt: a verb on `RESOURCE` or `RESOURCE/SUBRESOURCE`; `*` is any verb.
    ///
    /// # Panics
    /// If a real cluster refuses.
    pub fn deny(&self, verb: &str, resource: &str) {
        match (&self.behind, &self.runtime) {
            (Behind::Memory(server), _) => server.access.deny(verb, resource),
            (Behind::Real(borrowed), Some(runtime)) => {
                runtime.block_on(borrowed.deny(verb, resource)).unwrap_or_else(|error| panic!("deny {verb} {resource}: {error}"));
            }
            _ => {}
        }
    }

    /// Restores all permissions.
    ///
    /// # Panics
    /// If a real cluster refuses.
    pub fn restore_permissions(&self) {
        match (&self.behind, &self.runtime) {
            (Behind::Memory(server), _) => server.access.restore_permissions(),
            (Behind::Real(borrowed), Some(runtime)) => {
                runtime.block_on(borrowed.give_rights()).unwrap_or_else(|error| panic!("restore_permissions: {error}"));
            }
            _ => {}
        }
    }

    /// Gives the server a new certificate of the same CA, and ends all connections.
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
            // If cleaning fails, the next test fails with a reason.
            drop(runtime.block_on(borrowed.restore()));
        }
        runtime.shutdown_background();
        self.guests.shut();
    }
}

/// A new directory. Directories of killed sandboxes are removed.
fn folder() -> io::Result<(TempDir, fs::File)> {
    const PREFIX: &str = "virtwork-sandbox-";
    for entry in fs::read_dir(std::env::temp_dir())?.flatten() {
        let lock = fs::File::open(entry.path().join("lock")).ok();
        if entry.file_name().to_string_lossy().starts_with(PREFIX) && lock.is_some_and(|lock| lock.try_lock().is_ok()) {
            drop(fs::remove_dir_all(entry.path()));
        }
    }
    let folder = tempfile::Builder::new().prefix(PREFIX).tempdir()?;
    // Locked before anyone else can see it.
    let (unlocked, lock) = (folder.path().join("unlocked"), folder.path().join("lock"));
    let file = fs::File::create(&unlocked)?;
    file.lock()?;
    fs::rename(unlocked, lock)?;
    Ok((folder, file))
}

/// What runs the VMs.
fn guests(settings: &Settings, simulation: &Arc<Simulation>, folder: &Path) -> io::Result<Arc<dyn Guests>> {
    match &settings.image {
        None => Ok(simulation.clone()),
        #[cfg(target_os = "linux")]
        Some(image) => Ok(Arc::new(nodes::qemu::Qemu::new(image, folder)?)),
        #[cfg(not(target_os = "linux"))]
        Some(_) => Err(io::Error::other(format!("VMs that boot need Linux ({})", folder.display()))),
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

/// The objects of a new cluster.
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
    let kubevirt = json!({"metadata": {"name": "kubevirt", "namespace": "kubevirt"}, "spec": {}, "status": {"phase": "Deployed", "defaultArchitecture": "amd64"}});
    create("kubevirt.io", "v1", "kubevirts", "kubevirt", kubevirt);
}
