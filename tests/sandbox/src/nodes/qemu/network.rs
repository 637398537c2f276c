//! The pod network of a sandbox: a network namespace with a bridge, a tap per VM, addresses and names by dnsmasq, and KubeVirt's
//! masquerade binding: only the ports of `interfaces[].ports` reach a guest.

use std::{
    collections::BTreeMap,
    fs, io,
    net::Ipv4Addr,
    os::{
        linux::net::SocketAddrExt as _,
        unix::net::{SocketAddr, UnixListener},
    },
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Mutex, MutexGuard, PoisonError},
};

use serde_json::Value;

use super::process::{Starter, done, inside, which};
use crate::informer::Name;

/// The most sandboxes on one host; each has a network with 254 addresses.
const BOXES: u8 = 64;
/// The bridge: name server and DHCP server.
const BRIDGE: u8 = 1;
/// The host.
const HOST: u8 = 254;

/// Where a VM is connected.
pub struct Port {
    /// The network namespace.
    pub namespace: String,
    /// The tap in it.
    pub tap: String,
    /// The MAC address of the VM.
    pub mac: String,
    /// The IP address that it gets.
    pub address: Ipv4Addr,
}

/// A VM on the bridge.
struct Plug {
    number: u8,
    tcp: Vec<u16>,
    udp: Vec<u16>,
}

/// The network; it ends when this is dropped.
pub struct Network {
    name: String,
    number: u8,
    _claim: UnixListener,
    folder: PathBuf,
    starter: Starter,
    dnsmasq: Mutex<Option<Child>>,
    plugs: Mutex<BTreeMap<Name, Plug>>,
    names: Mutex<BTreeMap<String, Vec<String>>>,
}

impl Network {
    /// A network that no other sandbox uses.
    ///
    /// # Errors
    /// Not root, or a missing program.
    pub fn new(folder: &Path) -> io::Result<Self> {
        for program in ["ip", "nft", "dnsmasq", "setpriv"] {
            which(program)?;
        }
        let free = (0..BOXES).find_map(|number| Some((number, claim(number)?)));
        let (number, claim) = free.ok_or_else(|| io::Error::other(format!("there are {BOXES} boxes on this host already")))?;
        let network = Self {
            name: format!("virtwork-{number}"),
            number,
            _claim: claim,
            folder: folder.to_owned(),
            starter: Starter::new(),
            dnsmasq: Mutex::default(),
            plugs: Mutex::default(),
            names: Mutex::default(),
        };
        network.lay()?;
        Ok(network)
    }

    fn address(&self, last: u8) -> Ipv4Addr {
        Ipv4Addr::new(10, 213, self.number, last)
    }

    fn lay(&self) -> io::Result<()> {
        let (name, host) = (&self.name, &self.name);
        // Removes what a killed sandbox left.
        self.remove();
        ip(&format!("netns add {name}")).map_err(|error| io::Error::other(format!("the network of VMs needs root: {error}")))?;
        let inside = |line: &str| ip(&format!("-n {name} {line}"));
        inside("link set lo up")?;
        inside("link add br0 type bridge")?;
        inside(&format!("addr add {}/24 dev br0", self.address(BRIDGE)))?;
        inside("link set br0 up")?;
        ip(&format!("link add {host} type veth peer name host netns {name}"))?;
        inside("link set host master br0 up")?;
        ip(&format!("addr add {}/24 dev {host}", self.address(HOST)))?;
        ip(&format!("link set {host} up"))?;
        for file in ["hosts", "leases", "options"] {
            fs::write(self.folder.join(file), "")?;
        }
        // For users who connect from the host.
        fs::write(self.folder.join("netns"), name)?;
        fs::write(self.folder.join("host"), self.address(HOST).to_string())?;
        self.serve()
    }

    /// Serves the addresses and names that are now in the files. dnsmasq is restarted each time: on a reload it may crash (2.90,
    /// SIGSEGV, if a VM with an address is no longer in its file).
    fn serve(&self) -> io::Result<()> {
        let mut running = lock(&self.dnsmasq);
        if let Some(mut old) = running.take() {
            old.kill()?;
            old.wait()?;
        }
        let file = |file: &str| self.folder.join(file).display().to_string();
        let arguments = [
            "--keep-in-foreground".to_owned(),
            "--conf-file=/dev/null".to_owned(),
            "--no-resolv".to_owned(),
            "--no-hosts".to_owned(),
            "--interface=br0".to_owned(),
            "--bind-interfaces".to_owned(),
            "--local=/cluster.local/".to_owned(),
            "--user=root".to_owned(),
            // Each address belongs to one VM, so no leases are kept.
            "--leasefile-ro".to_owned(),
            "--dhcp-authoritative".to_owned(),
            format!("--dhcp-range={},static,255.255.255.0,infinite", self.address(0)),
            format!("--dhcp-hostsfile={}", file("leases")),
            format!("--dhcp-optsfile={}", file("options")),
            format!("--addn-hosts={}", file("hosts")),
            format!("--pid-file={}", file("dnsmasq.pid")),
            "--log-facility=-".to_owned(),
        ];
        let log = fs::File::options().create(true).append(true).open(self.folder.join("dnsmasq.log"))?;
        let mut command = self.command("dnsmasq");
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        *running = Some(self.starter.start(command)?);
        Ok(())
    }

    /// Starts programs for VMs.
    pub fn starter(&self) -> &Starter {
        &self.starter
    }

    fn command(&self, program: &str) -> Command {
        inside(&self.name, program)
    }

    /// A connection for a VM, with the ports of its spec open.
    ///
    /// # Errors
    /// All addresses are used, or no tap can be created.
    pub fn plug(&self, name: &Name, instance: &Value) -> io::Result<Port> {
        let mut plugs = lock(&self.plugs);
        let free = (2..HOST).find(|number| plugs.values().all(|plug| plug.number != *number));
        let number = free.ok_or_else(|| io::Error::other("a sandbox has at most 252 VMs"))?;
        let ports = instance["spec"]["domain"]["devices"]["interfaces"][0]["ports"].as_array().cloned().unwrap_or_default();
        let open = |udp: bool| {
            let of = ports.iter().filter(|port| (port["protocol"] == "UDP") == udp);
            of.filter_map(|port| u16::try_from(port["port"].as_u64()?).ok()).collect::<Vec<_>>()
        };
        let tap = format!("tap{number}");
        let mut line = format!("-n {} tuntap add {tap} mode tap", self.name);
        if queues(&instance["spec"]) > 1 {
            line.push_str(" multi_queue");
        }
        ip(&line)?;
        plugs.insert(name.clone(), Plug { number, tcp: open(false), udp: open(true) });
        let laid = ip(&format!("-n {} link set {tap} master br0 up", self.name)).and_then(|()| self.configure(&plugs));
        if let Err(error) = laid {
            drop(plugs);
            self.unplug(name);
            return Err(error);
        }
        Ok(Port { namespace: self.name.clone(), tap, mac: mac(number), address: self.address(number) })
    }

    /// Releases a connection.
    pub fn unplug(&self, name: &Name) {
        let mut plugs = lock(&self.plugs);
        if let Some(plug) = plugs.remove(name) {
            drop(ip(&format!("-n {} link del tap{}", self.name, plug.number)));
            drop(self.configure(&plugs));
        }
    }

    /// Sets the names and what they resolve to.
    pub fn name(&self, names: &BTreeMap<String, Vec<String>>) {
        let mut before = lock(&self.names);
        if *before == *names {
            return;
        }
        before.clone_from(names);
        let lines = names.iter().flat_map(|(name, addresses)| addresses.iter().map(move |address| format!("{address} {name}\n")));
        let written = fs::write(self.folder.join("hosts"), lines.collect::<String>());
        // A failure is retried with the next change.
        if written.and_then(|()| self.serve()).is_err() {
            before.clear();
        }
    }

    /// Configures dnsmasq and the packet filter.
    fn configure(&self, plugs: &BTreeMap<Name, Plug>) -> io::Result<()> {
        let (mut leases, mut options, mut rules) = (String::new(), String::new(), String::new());
        for ((namespace, machine), Plug { number, tcp, udp }) in plugs {
            // Whatever its client identifier: a fresh root disk has a new one.
            leases.push_str(&format!("{},id:*,set:{namespace},{},{machine}\n", mac(*number), self.address(*number)));
            // As in the cluster's DNS.
            let search = format!("tag:{namespace},option:domain-search,{namespace}.svc.cluster.local,svc.cluster.local,cluster.local\n");
            if !options.contains(&search) {
                options.push_str(&search);
            }
            // KubeVirt forwards all ports if none is listed.
            if tcp.is_empty() && udp.is_empty() {
                continue;
            }
            let first = format!("oifname tap{number} tcp flags & (syn | ack) == syn");
            rules.push_str(&format!("{first}{} drop\n", except("tcp", tcp)));
            rules.push_str(&format!("oifname tap{number} meta l4proto udp{} drop\n", except("udp", udp)));
        }
        fs::write(self.folder.join("leases"), leases)?;
        fs::write(self.folder.join("options"), options)?;
        self.serve()?;
        let chain = format!("chain ports {{ type filter hook forward priority 0; policy accept;\n{rules}}}\n");
        let table = format!("table bridge virtwork {{}}\ndelete table bridge virtwork\ntable bridge virtwork {{\n{chain}}}\n");
        let rules = self.folder.join("rules");
        fs::write(&rules, table)?;
        done("nft", self.command("nft").arg("-f").arg(rules))
    }

    /// Removes the network.
    pub fn remove(&self) {
        if let Some(mut dnsmasq) = lock(&self.dnsmasq).take() {
            drop(dnsmasq.kill());
            drop(dnsmasq.wait());
        }
        drop(ip(&format!("netns del {}", self.name)));
        drop(ip(&format!("link del {}", self.name)));
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        self.remove();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The number of queues of an interface: one per CPU if it requests several.
pub fn queues(spec: &Value) -> u64 {
    let several = spec["domain"]["devices"]["networkInterfaceMultiqueue"] == true;
    if several { super::machine::processors(spec) } else { 1 }
}

/// The lock of a network's name on this host: an abstract socket leaves nothing behind.
fn claim(number: u8) -> Option<UnixListener> {
    UnixListener::bind_addr(&SocketAddr::from_abstract_name(format!("virtwork-{number}")).ok()?).ok()
}

/// Runs `ip` with the words of a line.
fn ip(line: &str) -> io::Result<()> {
    done(&format!("ip {line}"), Command::new("ip").args(line.split(' ')))
}

/// A locally administered address.
fn mac(number: u8) -> String {
    format!("02:76:77:00:00:{number:02x}")
}

/// All ports except these.
fn except(protocol: &str, ports: &[u16]) -> String {
    if ports.is_empty() {
        return String::new();
    }
    let ports: Vec<_> = ports.iter().map(u16::to_string).collect();
    format!(" {protocol} dport != {{ {} }}", ports.join(", "))
}
