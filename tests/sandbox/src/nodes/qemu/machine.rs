//! One VM: its disks, its seed, its QEMU process.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, BufRead as _, BufReader, Write as _},
    net::Ipv4Addr,
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use serde_json::Value;

use super::{
    network::{Port, queues},
    process::{Starter, done, inside, which},
};
use crate::nodes::Birth;

/// Programs that create an ISO 9660 image with the same options.
const ISO: [&str; 3] = ["genisoimage", "mkisofs", "xorrisofs"];
/// The time limit of the KVM test; a device that opens may still not start a VM.
const KVM: Duration = Duration::from_secs(30);

/// The time limit of starting QEMU.
const START: Duration = Duration::from_secs(30);

/// The image that VMs boot from.
pub struct Image {
    file: PathBuf,
    format: String,
    /// Kernel, initial RAM disk and kernel command line, if they are next to it.
    kernel: Option<(PathBuf, PathBuf, String)>,
    kvm: bool,
    /// The emulated CPU if there is no KVM.
    cpu: String,
}

impl Image {
    /// # Errors
    /// A missing program, or no image.
    pub fn open(file: &Path) -> io::Result<Self> {
        for program in ["qemu-system-x86_64", "qemu-img"] {
            which(program)?;
        }
        iso()?;
        let file = file.canonicalize().map_err(|error| io::Error::other(format!("image {}: {error}", file.display())))?;
        let info = Command::new("qemu-img").args(["info", "--output=json"]).arg(&file).output()?;
        let info: Value = serde_json::from_slice(&info.stdout).unwrap_or_default();
        let format = info["format"].as_str().ok_or_else(|| io::Error::other(format!("{} is no disk image", file.display())))?.to_owned();
        let beside = |name: &str| file.with_file_name(name);
        let said = |name: &str, default: &str| fs::read_to_string(beside(name)).map_or(default.to_owned(), |text| text.trim().to_owned());
        let line = said("cmdline", "root=LABEL=root ro console=ttyS0");
        let kernel = Some((beside("vmlinuz"), beside("initrd.img"), line)).filter(|(kernel, ram, _)| kernel.is_file() && ram.is_file());
        let kvm = kvm_works(&file, &format, kernel.as_ref().map(|(kernel, ..)| kernel));
        let cpu = said("cpu", "max");
        Ok(Self { file, format, kernel, kvm, cpu })
    }
}

/// Whether KVM can start the image's kernel, which panics if it is started without a disk.
fn kvm_works(image: &Path, format: &str, kernel: Option<&PathBuf>) -> bool {
    if !Path::new("/dev/kvm").exists() {
        return false;
    }
    let mut probe = Command::new("qemu-system-x86_64");
    probe.args(["-machine", "q35", "-accel", "kvm", "-cpu", "host", "-m", "512", "-nodefaults", "-display", "none", "-serial", "stdio"]);
    match kernel {
        Some(kernel) => probe.args(["-append", "console=ttyS0", "-kernel"]).arg(kernel),
        None => probe.arg("-drive").arg(format!("file={},format={format},if=virtio,snapshot=on", image.display())),
    };
    // A quiet kernel prints nothing before systemd.
    let signs: &[&str] = if kernel.is_some() { &["Kernel panic -"] } else { &["systemd[1]", "Welcome to"] };
    let Ok(mut child) = probe.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn() else { return false };
    let (sender, heard) = std::sync::mpsc::channel();
    if let Some(console) = child.stdout.take() {
        std::thread::spawn(move || {
            let mut lines = BufReader::new(console).split(b'\n').map_while(Result::ok);
            let _ = sender.send(lines.any(|line| {
                let line = String::from_utf8_lossy(&line);
                signs.iter().any(|sign| line.contains(sign))
            }));
        });
    }
    let works = heard.recv_timeout(KVM).unwrap_or(false);
    drop(child.kill());
    drop(child.wait());
    works
}

fn iso() -> io::Result<&'static str> {
    let missing = || io::Error::other("none of genisoimage, mkisofs, xorrisofs is installed; VMs that boot need one of them");
    ISO.into_iter().find(|program| which(program).is_ok()).ok_or_else(missing)
}

/// The CPUs of a spec.
pub fn processors(spec: &Value) -> u64 {
    let number = |path: &str| spec["domain"]["cpu"][path].as_u64().unwrap_or(1);
    number("sockets") * number("cores") * number("threads")
}

/// A running VM; it is stopped when this is dropped.
pub struct Machine {
    pub address: Ipv4Addr,
    /// UID of its VMI.
    pub uid: String,
    folder: PathBuf,
    /// QEMU, until it is stopped.
    process: Mutex<Option<Child>>,
    ready: AtomicBool,
    /// When it was asked to stop.
    asked: Mutex<Option<Instant>>,
}

impl Machine {
    /// Starts it, in its own directory.
    ///
    /// # Errors
    /// Why it cannot be started.
    pub fn start(
        image: &Image,
        folder: &Path,
        (port, starter): (&Port, &Starter),
        birth: &Birth<'_>,
        drives: Vec<Drive>,
    ) -> io::Result<Self> {
        let spec = &birth.instance["spec"];
        let mut command = inside(&port.namespace, "qemu-system-x86_64");
        let memory = spec["domain"]["memory"]["guest"].as_str().and_then(bytes).unwrap_or(1 << 30);
        let name = birth.instance["metadata"]["name"].as_str().unwrap_or_default();
        command.args(["-name", &format!("guest={name}"), "-machine", "q35", "-nodefaults", "-no-user-config", "-display", "none"]);
        match image.kvm {
            true => command.args(["-accel", "kvm", "-cpu", "host"]),
            false => command.args(["-accel", "tcg,thread=multi,tb-size=512", "-cpu", &image.cpu]),
        };
        command.args(["-smp", &processors(spec).to_string(), "-m", &format!("{}M", memory >> 20)]);
        if let Some(uuid) = spec["domain"]["firmware"]["uuid"].as_str() {
            command.args(["-uuid", uuid]);
        }
        if let Some((kernel, ram, line)) = &image.kernel {
            command.arg("-kernel").arg(kernel).arg("-initrd").arg(ram).args(["-append", line]);
        }
        for drive in drives {
            let Drive { name, file, format, serial } = drive;
            command.args(["-drive", &format!("file={},if=none,id={name},format={format},cache=unsafe,discard=unmap", file.display())]);
            let serial = serial.map(|serial| format!(",serial={serial}")).unwrap_or_default();
            command.args(["-device", &format!("virtio-blk-pci,drive={name}{serial}")]);
        }
        let queues = queues(spec);
        let several = if queues > 1 { format!(",queues={queues}") } else { String::new() };
        let vectors = if queues > 1 { format!(",mq=on,vectors={}", 2 * queues + 2) } else { String::new() };
        command.args(["-netdev", &format!("tap,id=net,ifname={},script=no,downscript=no{several}", port.tap)]);
        command.args(["-device", &format!("virtio-net-pci,netdev=net,mac={}{vectors}", port.mac)]);
        command.args(["-device", "virtio-rng-pci", "-device", "virtio-serial-pci"]);
        let at = |name: &str| folder.join(name).display().to_string();
        command.args(["-chardev", &format!("socket,id=console,path={},server=on,wait=off,logfile={}", at("console"), at("console.log"))]);
        command.args(["-serial", "chardev:console", "-qmp", &format!("unix:{},server=on,wait=off", at("qmp"))]);
        command.args(["-chardev", &format!("socket,id=agent,path={},server=on,wait=off", at("agent"))]);
        command.args(["-device", "virtserialport,chardev=agent,name=org.qemu.guest_agent.0"]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(fs::File::create(folder.join("qemu.log"))?);
        let process = Mutex::new(Some(starter.start(command)?));
        let uid = crate::informer::text(birth.instance, "uid");
        let asked = Mutex::default();
        let machine = Self { address: port.address, uid, folder: folder.to_owned(), process, ready: AtomicBool::new(false), asked };
        machine.has_begun()?;
        Ok(machine)
    }

    /// Waits until QEMU has read all its arguments.
    fn has_begun(&self) -> io::Result<()> {
        let begun = Instant::now();
        while self.order("query-status").is_err() {
            if !self.is_running() || begun.elapsed() > START {
                let said = fs::read_to_string(self.folder.join("qemu.log")).unwrap_or_default();
                return Err(io::Error::other(format!("QEMU does not start: {}", said.trim())));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    fn process(&self) -> MutexGuard<'_, Option<Child>> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn is_running(&self) -> bool {
        self.process().as_mut().is_some_and(|process| matches!(process.try_wait(), Ok(None)))
    }

    /// Whether QEMU ended otherwise than by a power-off of the guest.
    pub fn has_crashed(&self) -> bool {
        self.process().as_mut().and_then(|process| process.try_wait().ok()?).is_some_and(|status| !status.success())
    }

    pub fn is_ready(&self) -> bool {
        self.ready.load(Ordering::SeqCst) && self.is_running()
    }

    pub fn set_ready(&self, ready: bool) {
        self.ready.store(ready, Ordering::SeqCst);
    }

    /// The socket of its serial console.
    pub fn console(&self) -> PathBuf {
        self.folder.join("console")
    }

    /// Asks the guest to stop, and kills QEMU after `grace`; true once it has stopped.
    pub fn end(&self, grace: Duration) -> bool {
        if !self.is_running() {
            return true;
        }
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let since = *asked.get_or_insert_with(|| {
            // A guest that does not react is killed after its grace period.
            drop(self.order("system_powerdown"));
            Instant::now()
        });
        if since.elapsed() >= grace
            && let Some(process) = &mut *self.process()
        {
            drop(process.kill());
        }
        false
    }

    /// Kills it and deletes everything but its data disks. Processes that still use its files do not affect a new VM with the same
    /// name.
    pub fn close(&self) {
        let Some(mut process) = self.process().take() else { return };
        drop(process.kill());
        drop(process.wait());
        drop(fs::remove_dir_all(&self.folder));
    }

    fn order(&self, command: &str) -> io::Result<()> {
        let mut socket = UnixStream::connect(self.folder.join("qmp"))?;
        socket.set_read_timeout(Some(Duration::from_secs(5)))?;
        let mut answers = BufReader::new(socket.try_clone()?).lines();
        let mut answer = || answers.next().unwrap_or_else(|| Err(io::ErrorKind::UnexpectedEof.into()));
        answer()?;
        for command in ["qmp_capabilities", command] {
            writeln!(socket, "{{\"execute\": \"{command}\"}}")?;
            answer()?;
        }
        Ok(())
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        self.close();
    }
}

/// A disk in QEMU's terms.
pub struct Drive {
    name: String,
    file: PathBuf,
    format: &'static str,
    serial: Option<String>,
}

/// The disks of a spec, in order. `volume` is the path of a PVC's data.
///
/// # Errors
/// A disk type that the sandbox does not support.
pub fn drives(image: &Image, folder: &Path, birth: &Birth<'_>, volume: &dyn Fn(&Value) -> PathBuf) -> io::Result<Vec<Drive>> {
    fs::create_dir_all(folder)?;
    let spec = &birth.instance["spec"];
    let volumes: BTreeMap<_, _> =
        spec["volumes"].as_array().into_iter().flatten().filter_map(|volume| Some((volume["name"].as_str()?, volume))).collect();
    let mut drives = Vec::new();
    for disk in spec["domain"]["devices"]["disks"].as_array().into_iter().flatten() {
        let name = disk["name"].as_str().unwrap_or_default();
        let source = volumes.get(name).copied().unwrap_or(&Value::Null);
        let (file, format) = if !source["containerDisk"].is_null() {
            (overlay(image, folder)?, "qcow2")
        } else if !source["cloudInitNoCloud"]["secretRef"].is_null() {
            (seed(folder, birth)?, "raw")
        } else if let Some(size) = source["emptyDisk"]["capacity"].as_str() {
            (sparse(folder.join(format!("{name}.raw")), bytes(size))?, "raw")
        } else if let Some(claim) = source["dataVolume"]["name"].as_str() {
            let claim = birth.claims.get(claim).ok_or_else(|| io::Error::other(format!("no PVC {claim}")))?;
            let size = claim["spec"]["resources"]["requests"]["storage"].as_str();
            (sparse(volume(claim), size.and_then(bytes))?, "raw")
        } else {
            return Err(io::Error::other(format!("volume {name} is of a kind that this box does not have")));
        };
        let serial = disk["serial"].as_str().map(str::to_owned);
        drives.push(Drive { name: name.to_owned(), file, format, serial });
    }
    Ok(drives)
}

/// Writes to a container disk are lost with the VMI.
fn overlay(image: &Image, folder: &Path) -> io::Result<PathBuf> {
    let file = folder.join("root.qcow2");
    let mut make = Command::new("qemu-img");
    make.args(["create", "-q", "-f", "qcow2", "-F", &image.format, "-b"]).arg(&image.file).arg(&file);
    done("qemu-img", &mut make)?;
    Ok(file)
}

/// KubeVirt's instance-id is the firmware's UUID (`pkg/cloud-init/cloud-init.go`).
fn seed(folder: &Path, birth: &Birth<'_>) -> io::Result<PathBuf> {
    let (file, seed) = (folder.join("seed.iso"), folder.join("seed"));
    fs::create_dir_all(&seed)?;
    let uuid = birth.instance["spec"]["domain"]["firmware"]["uuid"].as_str().unwrap_or_default();
    let name = birth.instance["metadata"]["name"].as_str().unwrap_or_default();
    fs::write(seed.join("meta-data"), format!("instance-id: {uuid}\nlocal-hostname: {name}\n"))?;
    fs::write(seed.join("user-data"), &birth.user_data)?;
    let mut make = Command::new(iso()?);
    make.args(["-quiet", "-volid", "cidata", "-joliet", "-rock", "-output"])
        .arg(&file)
        .arg(seed.join("meta-data"))
        .arg(seed.join("user-data"));
    done("the seed", &mut make)?;
    Ok(file)
}

/// A sparse file.
fn sparse(file: PathBuf, size: Option<u64>) -> io::Result<PathBuf> {
    if !file.exists() {
        let size = size.ok_or_else(|| io::Error::other("a disk without a size"))?;
        fs::File::create(&file)?.set_len(size)?;
    }
    Ok(file)
}

/// A quantity in bytes, as far as VM specs use them.
fn bytes(quantity: &str) -> Option<u64> {
    let end = quantity.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(quantity.len());
    let (number, unit) = quantity.split_at(end);
    let factor = match unit {
        "" => 1,
        "Ki" => 1 << 10,
        "Mi" => 1 << 20,
        "Gi" => 1 << 30,
        "Ti" => 1 << 40,
        "k" => 1000,
        "M" => 1_000_000,
        "G" => 1_000_000_000,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(factor)
}
