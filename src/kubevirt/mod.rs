//! The few fields of KubeVirt's and CDI's API that we set, typed; what is set and why: `docs/machines.md`.
//!
//! Sources: kubevirt/kubevirt `staging/src/kubevirt.io/api/core/v1/{types,schema}.go` (v1.5 to v1.9) and
//! kubevirt/containerized-data-importer `types.go`. An empty struct that must be there is [`Empty`], written `{}`: leaving
//! it out would mean something else.

pub mod live;

use std::collections::BTreeMap;

use k8s_openapi::{
    api::core::v1::{Affinity, Toleration},
    apimachinery::pkg::apis::meta::v1::ObjectMeta,
};
use serde::{Deserialize, Serialize};

/// API group and version of virtual VMs.
pub const API_VERSION: &str = "kubevirt.io/v1";

/// A struct without fields whose presence is its meaning.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Empty {}

/// `virtualmachines.kubevirt.io`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VirtualMachine {
    /// Always [`API_VERSION`].
    pub api_version: String,
    /// Always `VirtualMachine`.
    pub kind: String,
    /// Name, labels, annotations.
    pub metadata: ObjectMeta,
    /// What is wanted.
    pub spec: VirtualMachineSpec,
}

/// `spec` of a virtual VM.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VirtualMachineSpec {
    /// `Always`: started again whenever it ends (`running` is deprecated since v1.4).
    pub run_strategy: String,
    /// DataVolumes that live and die with the VM.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub data_volume_templates: Vec<DataVolumeTemplate>,
    /// The VM itself.
    pub template: Template,
}

/// A DataVolume made for the VM, owned by it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DataVolumeTemplate {
    /// Name and labels.
    pub metadata: ObjectMeta,
    /// Source and size.
    pub spec: DataVolumeSpec,
}

/// `spec` of a DataVolume: a blank one in CDI's `storage` form, which picks access and volume mode from the StorageProfile.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DataVolumeSpec {
    /// Where its content comes from.
    pub source: DataVolumeSource,
    /// How large it is, and of which class.
    pub storage: StorageSpec,
}

/// An empty disk.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DataVolumeSource {
    /// `{}`.
    pub blank: Empty,
}

/// Size and class of a DataVolume.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StorageSpec {
    /// `requests.storage`.
    pub resources: StorageResources,
    /// Unset: the class marked as default for virtualisation, else the cluster's default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage_class_name: Option<String>,
}

/// Requested storage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StorageResources {
    /// `storage`: a quantity.
    pub requests: BTreeMap<String, String>,
}

/// The template of the VirtualMachineInstance; its metadata is copied to the VMI and its pod.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Template {
    /// Labels and annotations.
    pub metadata: ObjectMeta,
    /// The VM.
    pub spec: VmiSpec,
}

/// `spec` of a VirtualMachineInstance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VmiSpec {
    /// Where it may run.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub node_selector: BTreeMap<String, String>,
    /// Taints it bears.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tolerations: Vec<Toleration>,
    /// Keeps the two sides of a pair apart where that can be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub affinity: Option<Affinity>,
    /// `LiveMigrateIfPossible`: a VM that cannot migrate must not block the drain of its node.
    pub eviction_strategy: String,
    /// Seconds from ACPI shutdown to power off.
    pub termination_grace_period_seconds: i64,
    /// Virtual hardware.
    pub domain: Domain,
    /// The pod network.
    pub networks: Vec<Network>,
    /// Decides the Ready condition; without it that would mean only that QEMU runs.
    pub readiness_probe: Probe,
    /// What the disks hold.
    pub volumes: Vec<Volume>,
}

/// Virtual hardware.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Domain {
    /// CPUs.
    pub cpu: Cpu,
    /// Memory.
    pub memory: Memory,
    /// The rest.
    pub devices: Devices,
}

/// CPU topology: sockets are what KubeVirt can resize, and `maxSockets` equal to them keeps the guest from seeing CPUs that
/// might be plugged in (`stress-ng --cpu 0` would count them).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cpu {
    /// Number of CPUs.
    pub sockets: u32,
    /// 1.
    pub cores: u32,
    /// 1.
    pub threads: u32,
    /// Equal to `sockets`.
    pub max_sockets: u32,
}

/// Guest memory.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Memory {
    /// What the guest sees.
    pub guest: String,
    /// Equal to `guest` where KubeVirt would add four times of it for hotplug (from 1Gi on): a change is a restart, never half of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_guest: Option<String>,
}

/// Devices of the domain.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Devices {
    /// `{}`: entropy from the host.
    pub rng: Empty,
    /// One queue for each CPU.
    pub network_interface_multiqueue: bool,
    /// No display: 32 Mi less for each pod.
    pub autoattach_graphics_device: bool,
    /// The console of the guest as the log of a container: why a workload is late can be read without logging in.
    pub log_serial_console: bool,
    /// Disks, each with a volume of its name.
    pub disks: Vec<Disk>,
    /// The one interface.
    pub interfaces: Vec<Interface>,
}

/// A disk.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Disk {
    /// Name of its volume.
    pub name: String,
    /// Seen by the guest under `/dev/disk/by-id/virtio-…`; virtio-blk carries 20 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
    /// Its bus.
    pub disk: DiskTarget,
}

/// The bus of a disk.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DiskTarget {
    /// `virtio`.
    pub bus: String,
}

/// An interface on the pod network. A list of ports closes all others, ssh's included.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Interface {
    /// Name of its network.
    pub name: String,
    /// `{}`.
    pub masquerade: Empty,
    /// What is let through.
    pub ports: Vec<InterfacePort>,
}

/// A port that is let through to the guest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InterfacePort {
    /// IANA service name, at most 15 characters.
    pub name: String,
    /// Number.
    pub port: u16,
    /// `TCP`.
    pub protocol: String,
}

/// The pod network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Network {
    /// Name.
    pub name: String,
    /// `{}`.
    pub pod: Empty,
}

/// A probe by HTTP.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Probe {
    /// What is asked.
    pub http_get: HttpGet,
    /// KubeVirt adds 10 s (`LibvirtStartupDelay`).
    pub initial_delay_seconds: i32,
    /// Seconds between two probes.
    pub period_seconds: i32,
    /// Seconds for an answer.
    pub timeout_seconds: i32,
    /// Answers in a row that make it ready.
    pub success_threshold: i32,
    /// Failures in a row that make it not ready.
    pub failure_threshold: i32,
}

/// Path and port of a probe.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HttpGet {
    /// `/`.
    pub path: String,
    /// Port in the guest.
    pub port: u16,
}

/// A volume: a name and one of the others.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Volume {
    /// Name of its disk.
    pub name: String,
    /// A disk out of a container image; fresh at each start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container_disk: Option<ContainerDisk>,
    /// The seed that cloud-init reads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cloud_init_no_cloud: Option<CloudInitNoCloud>,
    /// A DataVolume; outlives restarts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_volume: Option<NameReference>,
    /// A disk that lives as long as the VMI.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub empty_disk: Option<EmptyDisk>,
}

/// A root disk out of a container image.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ContainerDisk {
    /// Image reference.
    pub image: String,
    /// `IfNotPresent`, or `Always` for a tag that moves.
    pub image_pull_policy: String,
    /// Name of a Secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_pull_secret: Option<String>,
}

/// Inline user data is limited to 2048 bytes, hence the Secret.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CloudInitNoCloud {
    /// The Secret, key `userdata`.
    pub secret_ref: NameReference,
}

/// A reference by name in the same namespace.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NameReference {
    /// Name.
    pub name: String,
}

/// A disk that lives as long as the VMI.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EmptyDisk {
    /// A quantity.
    pub capacity: String,
}
