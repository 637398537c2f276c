//! One VirtualMachine. `docs/objects.md` explains the fields.

use k8s_openapi::{
    api::core::v1::{Affinity, PodAffinityTerm, PodAntiAffinity, WeightedPodAffinityTerm},
    apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta},
};

use crate::{
    catalog::VmRole,
    kubevirt::{
        API_VERSION, CloudInitNoCloud, ContainerDisk, Cpu, DataVolumeSource, DataVolumeSpec, DataVolumeTemplate, Devices, Disk, DiskTarget,
        Domain, Empty, EmptyDisk, HttpGet, Interface, InterfacePort, Memory, NameReference, Network, Probe, StorageResources, StorageSpec,
        Template, VirtualMachine, VirtualMachineSpec, VmiSpec, Volume,
    },
    metadata::{self, RoleKey},
};

use super::{DEFAULT_ARCHITECTURE, DataDisk, Resources, VmTemplate};

/// The port of the guest's health endpoint.
pub(crate) const HEALTH_PORT: u16 = 8099;
const SSH_PORT: u16 = 22;
/// virtio-blk allows 20 characters.
const DATA_SERIAL: &str = "vw-data";
/// From this size on KubeVirt's LiveUpdate rollout would set `maxGuest` to four times the memory (`pkg/liveupdate/memory`).
const HOTPLUG_FLOOR: u64 = 1 << 30;
/// KubeVirt never hot-plugs memory that is no multiple of this, and rejects a `maxGuest` for it (same source; seen with virt-api).
const HOTPLUG_BLOCK: u64 = 2 << 20;

/// The properties of one VM of a plan.
pub(super) struct Replica<'a> {
    /// Its role.
    pub role_key: &'a RoleKey<'a>,
    /// Its index, from 0.
    pub index: u32,
    /// The ports that it serves.
    pub vm: &'a VmRole,
    /// Whether the roles of the workload prefer different nodes.
    pub anti_affinity: bool,
    /// Its size.
    pub resources: &'a Resources,
}

/// The VirtualMachine of a replica, without its hash annotations.
pub(super) fn virtual_machine(namespace: &str, template: &VmTemplate, replica: &Replica<'_>) -> VirtualMachine {
    let name = replica.role_key.vm(replica.index);
    let labels = replica.role_key.vm_labels(replica.index);
    let named = |name: &str| ObjectMeta { name: Some(name.to_owned()), labels: Some(labels.clone()), ..ObjectMeta::default() };
    let data = metadata::data_volume(&name);
    let data_volume = |size: &str| DataVolumeTemplate { metadata: named(&data), spec: blank(size, template.storage_class.as_ref()) };
    let data_volume_templates = match (&replica.resources.disk, template.data_disk) {
        (Some(size), DataDisk::Dv) => vec![data_volume(size.as_str())],
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
                spec: vmi(template, replica, &data),
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

fn vmi(template: &VmTemplate, replica: &Replica<'_>, data_volume: &str) -> VmiSpec {
    let (resources, bytes) = (replica.resources, replica.resources.memory.bytes());
    VmiSpec {
        node_selector: template.node_selector.clone(),
        tolerations: template.tolerations.clone(),
        affinity: replica.anti_affinity.then(|| anti_affinity(replica)),
        eviction_strategy: "LiveMigrateIfPossible".to_owned(),
        termination_grace_period_seconds: 30,
        domain: Domain {
            cpu: Cpu { sockets: resources.cpu_cores, cores: 1, threads: 1, max_sockets: resources.cpu_cores },
            memory: Memory {
                guest: resources.memory.as_str().to_owned(),
                max_guest: hot_plugs(template, bytes).then(|| resources.memory.as_str().to_owned()),
            },
            devices: devices(replica),
        },
        networks: vec![Network { name: "default".to_owned(), pod: Empty {} }],
        readiness_probe: Probe {
            http_get: HttpGet { path: "/".to_owned(), port: HEALTH_PORT },
            // KubeVirt adds ten seconds. A probe that fails while the guest boots does no harm.
            initial_delay_seconds: 1,
            period_seconds: 10,
            // Under load a VM with few slow CPUs takes seconds to respond.
            timeout_seconds: 10,
            success_threshold: 1,
            failure_threshold: 3,
        },
        volumes: volumes(template, replica, data_volume),
    }
}

/// Whether KubeVirt would hot-plug memory and accepts a `maxGuest`: since 1.7 only for amd64 (kubevirt/kubevirt
/// `pkg/liveupdate/memory/memory.go`).
fn hot_plugs(template: &VmTemplate, bytes: u64) -> bool {
    template.architecture == DEFAULT_ARCHITECTURE && bytes >= HOTPLUG_FLOOR && bytes.is_multiple_of(HOTPLUG_BLOCK)
}

/// Preferred only: both sides must also run in a cluster with one node.
fn anti_affinity(replica: &Replica<'_>) -> Affinity {
    let mut others = replica.role_key.pod_selector(replica.index);
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

fn devices(replica: &Replica<'_>) -> Devices {
    let port = |name: &str, port| InterfacePort { name: name.to_owned(), port, protocol: "TCP".to_owned() };
    let disk = |name: &str, serial: Option<&str>| Disk {
        name: name.to_owned(),
        serial: serial.map(str::to_owned),
        disk: DiskTarget { bus: "virtio".to_owned() },
    };
    let mut disks = vec![disk("root", None), disk("cloudinit", None)];
    disks.extend(replica.resources.disk.as_ref().map(|_| disk("data", Some(DATA_SERIAL))));
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
            ports: ports.chain(replica.vm.ports.iter().map(|served| port(&served.name, served.port))).collect(),
        }],
    }
}

fn volumes(template: &VmTemplate, replica: &Replica<'_>, data_volume: &str) -> Vec<Volume> {
    let moving = template.image.ends_with(":latest") || !template.image.rsplit('/').next().is_some_and(|last| last.contains([':', '@']));
    let root = ContainerDisk {
        image: template.image.clone(),
        image_pull_policy: if moving { "Always" } else { "IfNotPresent" }.to_owned(),
        image_pull_secret: template.image_pull_secret.clone(),
    };
    let seed = CloudInitNoCloud { secret_ref: NameReference { name: replica.role_key.secret() } };
    let mut volumes = vec![
        Volume { name: "root".to_owned(), container_disk: Some(root), ..Volume::default() },
        Volume { name: "cloudinit".to_owned(), cloud_init_no_cloud: Some(seed), ..Volume::default() },
    ];
    if let Some(size) = &replica.resources.disk {
        let name = "data".to_owned();
        volumes.push(match template.data_disk {
            DataDisk::Dv => Volume { name, data_volume: Some(NameReference { name: data_volume.to_owned() }), ..Volume::default() },
            DataDisk::Empty => Volume { name, empty_disk: Some(EmptyDisk { capacity: size.as_str().to_owned() }), ..Volume::default() },
        });
    }
    volumes
}
