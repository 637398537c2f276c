//! VMs that boot: runs QEMU from the VMI's spec and Secret, as KubeVirt would.

mod machine;
mod network;
mod probe;
mod process;

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures::future::BoxFuture;
use serde_json::Value;
use tokio::net::{TcpStream, UnixStream};

use super::{Birth, Guests, Seen, simulation::Behavior};
use crate::{
    api::{Kubelet, Stream, Way},
    informer::{Informer, Kind, Name, machine_of, text},
};
use machine::{Image, Machine};
use network::Network;

/// The time limit of a guest's response.
const ANSWER: Duration = Duration::from_secs(10);

/// All VMs of a sandbox.
pub struct Qemu {
    image: Image,
    folder: PathBuf,
    network: Network,
    machines: Mutex<BTreeMap<Name, Arc<Machine>>>,
    /// Nothing is started any more.
    closed: AtomicBool,
}

impl Qemu {
    /// A sandbox without VMs. `image` is a cloud image, raw or qcow2. If `vmlinuz` and `initrd.img` are next to it, QEMU starts
    /// that kernel with the command line in `cmdline` (default: the root disk by its label `root`). Without KVM the CPU model in
    /// `cpu` is emulated (default: everything that QEMU can).
    ///
    /// # Errors
    /// A missing program, an invalid image, or no permission to create a network.
    pub fn new(image: &Path, folder: &Path) -> io::Result<Self> {
        let folder = folder.join("machines");
        fs::create_dir(&folder)?;
        let image = Image::open(image)?;
        let network = Network::new(&folder)?;
        Ok(Self { image, folder, network, machines: Mutex::default(), closed: AtomicBool::new(false) })
    }

    fn machines(&self) -> MutexGuard<'_, BTreeMap<Name, Arc<Machine>>> {
        self.machines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn machine(&self, name: &Name) -> Option<Arc<Machine>> {
        self.machines().get(name).cloned()
    }

    /// Checks what would prevent a start before the shared network is changed.
    fn start(&self, name: &Name, birth: &Birth<'_>, folder: &Path) -> io::Result<Machine> {
        let drives = machine::drives(&self.image, folder, birth, &|claim| self.volume(claim))?;
        let port = self.network.plug(name, birth.instance)?;
        let machine = Machine::start(&self.image, folder, (&port, self.network.starter()), birth, drives);
        machine.inspect_err(|_| self.network.unplug(name))
    }

    /// The data of a particular PVC: a new one with the same name is blank.
    fn volume(&self, claim: &Value) -> PathBuf {
        self.folder.join(format!("{}.{}.{}.raw", text(claim, "namespace"), text(claim, "name"), text(claim, "uid")))
    }

    /// Data disks exist as long as their PVCs.
    fn forget_volumes(&self, informer: &Informer) {
        let there: Vec<_> = informer.all(Kind::Pvc).map(|claim| self.volume(claim)).collect();
        for entry in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.extension().is_some_and(|end| end == "raw") && !there.contains(&path) {
                drop(fs::remove_file(path));
            }
        }
    }

    /// Names of Services resolve to their ready pods.
    fn name_services(&self, informer: &Informer) {
        let mut names = BTreeMap::new();
        for service in informer.all(Kind::Service) {
            let Some(selector) = service["spec"]["selector"].as_object() else { continue };
            let namespace = text(service, "namespace");
            let selected = |pod: &&Value| {
                text(pod, "namespace") == namespace && selector.iter().all(|(key, value)| pod["metadata"]["labels"][key] == *value)
            };
            let ready = |pod: &&Value| super::is_true(pod, "Ready") && pod["metadata"]["deletionTimestamp"].is_null();
            let addresses = informer.all(Kind::Pod).filter(selected).filter(ready).filter_map(|pod| pod["status"]["podIP"].as_str());
            names.insert(format!("{}.{namespace}.svc.cluster.local", text(service, "name")), addresses.map(str::to_owned).collect());
        }
        self.network.name(&names);
    }
}

impl Guests for Qemu {
    fn boots(&self) -> bool {
        true
    }

    fn seen(&self, name: &Name) -> Seen {
        let machine = self.machine(name);
        Seen {
            behavior: Behavior::Works,
            running: machine.as_ref().is_some_and(|machine| machine.is_running()),
            ready: machine.as_ref().is_some_and(|machine| machine.is_ready()),
            crashed: machine.is_some_and(|machine| machine.has_crashed()),
        }
    }

    fn begin(&self, name: &Name, birth: &Birth<'_>) -> io::Result<()> {
        match self.machine(name) {
            // Already started by a round whose write was lost.
            Some(machine) if machine.uid == text(birth.instance, "uid") => return Ok(()),
            // Its end was missed.
            Some(_) => drop(self.end(name, Duration::ZERO)),
            None => {}
        }
        probe::check(birth.pod)?;
        let folder = self.folder.join(format!("{}.{}", name.0, name.1));
        let machine = self.start(name, birth, &folder).inspect_err(|_| drop(fs::remove_dir_all(&folder)))?;
        let machine = Arc::new(machine);
        tokio::spawn(probe::run(Arc::downgrade(&machine), birth.pod.clone()));
        let mut machines = self.machines();
        if self.closed.load(Ordering::SeqCst) {
            return Err(io::Error::other("the box is closed"));
        }
        machines.insert(name.clone(), machine);
        Ok(())
    }

    fn end(&self, name: &Name, grace: Duration) -> bool {
        if grace > Duration::ZERO && self.machine(name).is_some_and(|machine| !machine.end(grace)) {
            return false;
        }
        let machine = self.machines().remove(name);
        if let Some(machine) = machine {
            machine.close();
        }
        self.network.unplug(name);
        true
    }

    fn address(&self, name: &Name) -> String {
        self.machine(name).map(|machine| machine.address.to_string()).unwrap_or_default()
    }

    fn look_round(&self, informer: &Informer) {
        self.forget_volumes(informer);
        self.name_services(informer);
    }

    fn shut(&self) {
        let mut machines = self.machines();
        self.closed.store(true, Ordering::SeqCst);
        machines.values().for_each(|machine| machine.close());
        machines.clear();
        self.network.remove();
    }
}

impl Kubelet for Qemu {
    fn log(&self, pod: &Value, container: &str) -> Option<String> {
        match container {
            "guest-console-log" => {
                let (namespace, name) = machine_of(Kind::Pod, pod);
                let log = fs::read(self.folder.join(format!("{namespace}.{name}")).join("console.log")).unwrap_or_default();
                Some(String::from_utf8_lossy(&log).into_owned())
            }
            "compute" => Some(String::new()),
            _ => None,
        }
    }

    fn proxy(&self, pod: &Value, port: &str, path: &str) -> Option<(u16, String)> {
        let address = self.machine(&machine_of(Kind::Pod, pod))?.address;
        let asked = probe::get((address, port.parse().ok()?).into(), if path.is_empty() { "/" } else { path }, ANSWER);
        // In its own runtime, which ends there: the sandbox's may end while a guest responds.
        let answer = || tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(asked);
        tokio::task::block_in_place(answer).ok()
    }

    fn dial<'a>(&'a self, name: &'a Name, way: Way) -> BoxFuture<'a, io::Result<Box<dyn Stream>>> {
        Box::pin(async move {
            let machine = self.machine(name).ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
            let stream: Box<dyn Stream> = match way {
                Way::Port(port) => Box::new(TcpStream::connect((machine.address, port)).await?),
                Way::Console => Box::new(UnixStream::connect(machine.console()).await?),
            };
            Ok(stream)
        })
    }
}
