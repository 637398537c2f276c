//! One virtual machine. The fields and their reasons: `docs/machines.md`.

use k8s_openapi::{
    api::core::v1::{Affinity, PodAffinityTerm, PodAntiAffinity, WeightedPodAffinityTerm},
    apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta},
};

use crate::{
    catalog::Machine,
    kubevirt::{
        API_VERSION, CloudInitNoCloud, ContainerDisk, Cpu, DataVolumeSource, DataVolumeSpec, DataVolumeTemplate, Devices, Disk, DiskTarget,
        Domain, Empty, EmptyDisk, HttpGet, InstanceSpec, Interface, InterfacePort, Memory, NameReference, Network, Probe, StorageResources,
        StorageSpec, Template, VirtualMachine, VirtualMachineSpec, Volume,
    },
};

use super::{DEFAULT_ARCHITECTURE, DataDisk, Shape, Sizes, metadata, metadata::Group};

/// The guest's health port.
pub const HEALTH_PORT: u16 = 8099;
const SSH_PORT: u16 = 22;
/// virtio-blk carries 20 characters of it.
const DATA_SERIAL: &str = "vw-data";
/// From here on KubeVirt's LiveUpdate rollout would set `maxGuest` to four times the memory (`pkg/liveupdate/memory`).
const HOTPLUG_FLOOR: u64 = 1 << 30;
/// Memory that is no multiple of this KubeVirt never hot-plugs, and refuses a `maxGuest` for (the same source; seen on virt-api).
const HOTPLUG_BLOCK: u64 = 2 << 20;

/// What distinguishes one machine from the others of its plan.
pub struct Member<'a> {
    /// Which kind.
    pub group: &'a Group<'a>,
    /// Which of them, from 0.
    pub index: u32,
    /// Ports it serves.
    pub machine: &'a Machine,
    /// Whether the workload has roles that are to be kept apart.
    pub apart: bool,
    /// How large it is.
    pub sizes: &'a Sizes,
}

/// The VirtualMachine of `member`, without its hash annotations.
pub fn virtual_machine(namespace: &str, shape: &Shape, member: &Member<'_>) -> VirtualMachine {
    let name = member.group.machine(member.index);
    let labels = member.group.machine_labels(member.index);
    let named = |name: &str| ObjectMeta { name: Some(name.to_owned()), labels: Some(labels.clone()), ..ObjectMeta::default() };
    let data = metadata::data_volume(&name);
    let template = |size: &str| DataVolumeTemplate { metadata: named(&data), spec: blank(size, shape.storage_class.as_ref()) };
    let data_volume_templates = match (&member.sizes.disk, shape.data_disk) {
        (Some(size), DataDisk::Dv) => vec![template(size.as_str())],
        _ => Vec::new(),
    };
    VirtualMachine {
        api_version: API_VERSION.to_owned(),
        kind: "VirtualMachine".to_owned(),
        metadata: ObjectMeta { namespace: Some(namespace.to_owned()), ..named(&name) },
        spec: VirtualMachineSpec {
            run_strategy: "Always".to_owned(),
            data_volume_templates,
            template: Template {
                metadata: ObjectMeta { labels: Some(labels.clone()), ..ObjectMeta::default() },
                spec: instance(shape, member, &data),
            },
        },
    }
}

fn blank(size: &str, storage_class: Option<&String>) -> DataVolumeSpec {
    DataVolumeSpec {
        source: DataVolumeSource { blank: Empty {} },
        storage: StorageSpec {
            resources: StorageResources { requests: [("storage".to_owned(), size.to_owned())].into() },
            storage_class_name: storage_class.cloned(),
        },
    }
}

fn instance(shape: &Shape, member: &Member<'_>, data_volume: &str) -> InstanceSpec {
    let (sizes, bytes) = (member.sizes, member.sizes.memory.bytes());
    InstanceSpec {
        node_selector: shape.node_selector.clone(),
        tolerations: shape.tolerations.clone(),
        affinity: member.apart.then(|| keep_apart(member)),
        eviction_strategy: "LiveMigrateIfPossible".to_owned(),
        termination_grace_period_seconds: 30,
        domain: Domain {
            cpu: Cpu { sockets: sizes.cpu_cores, cores: 1, threads: 1, max_sockets: sizes.cpu_cores },
            memory: Memory {
                guest: sizes.memory.as_str().to_owned(),
                max_guest: hot_plugs(shape, bytes).then(|| sizes.memory.as_str().to_owned()),
            },
            devices: devices(member),
        },
        networks: vec![Network { name: "default".to_owned(), pod: Empty {} }],
        readiness_probe: Probe {
            http_get: HttpGet { path: "/".to_owned(), port: HEALTH_PORT },
            // KubeVirt adds ten seconds; a probe that fails while the guest boots does no harm.
            initial_delay_seconds: 1,
            period_seconds: 10,
            // Under the load that is asked for, a machine of few slow processors takes seconds to answer.
            timeout_seconds: 10,
            success_threshold: 1,
            failure_threshold: 3,
        },
        volumes: volumes(shape, member, data_volume),
    }
}

/// Whether KubeVirt would hot-plug memory, and takes a `maxGuest`: since 1.7 only of amd64 (kubevirt/kubevirt
/// `pkg/liveupdate/memory/memory.go`).
fn hot_plugs(shape: &Shape, bytes: u64) -> bool {
    shape.architecture == DEFAULT_ARCHITECTURE && bytes >= HOTPLUG_FLOOR && bytes.is_multiple_of(HOTPLUG_BLOCK)
}

/// Preferred only: on a cluster of one node both sides must still run.
fn keep_apart(member: &Member<'_>) -> Affinity {
    let mut others = member.group.pod_selector(member.index);
    others.remove(metadata::ROLE);
    let term = PodAffinityTerm {
        label_selector: Some(LabelSelector { match_labels: Some(others), ..LabelSelector::default() }),
        topology_key: "kubernetes.io/hostname".to_owned(),
        ..PodAffinityTerm::default()
    };
    let anti_affinity = PodAntiAffinity {
        preferred_during_scheduling_ignored_during_execution: Some(vec![WeightedPodAffinityTerm { pod_affinity_term: term, weight: 100 }]),
        ..PodAntiAffinity::default()
    };
    Affinity { pod_anti_affinity: Some(anti_affinity), ..Affinity::default() }
}

fn devices(member: &Member<'_>) -> Devices {
    let port = |name: &str, port| InterfacePort { name: name.to_owned(), port, protocol: "TCP".to_owned() };
    let disk = |name: &str, serial: Option<&str>| Disk {
        name: name.to_owned(),
        serial: serial.map(str::to_owned),
        disk: DiskTarget { bus: "virtio".to_owned() },
    };
    let mut disks = vec![disk("root", None), disk("cloudinit", None)];
    disks.extend(member.sizes.disk.as_ref().map(|_| disk("data", Some(DATA_SERIAL))));
    let ports = [port("ssh", SSH_PORT), port("vw-health", HEALTH_PORT)].into_iter();
    Devices {
        rng: Empty {},
        network_interface_multiqueue: true,
        autoattach_graphics_device: false,
        log_serial_console: true,
        disks,
        interfaces: vec![Interface {
            name: "default".to_owned(),
            masquerade: Empty {},
            ports: ports.chain(member.machine.ports.iter().map(|served| port(&served.name, served.port))).collect(),
        }],
    }
}

fn volumes(shape: &Shape, member: &Member<'_>, data_volume: &str) -> Vec<Volume> {
    let moving = shape.image.ends_with(":latest") || !shape.image.rsplit('/').next().is_some_and(|last| last.contains([':', '@']));
    let root = ContainerDisk {
        image: shape.image.clone(),
        image_pull_policy: if moving { "Always" } else { "IfNotPresent" }.to_owned(),
        image_pull_secret: shape.image_pull_secret.clone(),
    };
    let seed = CloudInitNoCloud { secret_ref: NameReference { name: member.group.secret() } };
    let mut volumes = vec![
        Volume { name: "root".to_owned(), container_disk: Some(root), ..Volume::default() },
        Volume { name: "cloudinit".to_owned(), cloud_init_no_cloud: Some(seed), ..Volume::default() },
    ];
    if let Some(size) = &member.sizes.disk {
        let name = "data".to_owned();
        volumes.push(match shape.data_disk {
            DataDisk::Dv => Volume { name, data_volume: Some(NameReference { name: data_volume.to_owned() }), ..Volume::default() },
            DataDisk::Empty => Volume { name, empty_disk: Some(EmptyDisk { capacity: size.as_str().to_owned() }), ..Volume::default() },
        });
    }
    volumes
}
