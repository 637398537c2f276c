//! The fields of KubeVirt's and CDI's API that this program sets. `docs/objects.md` explains them.
//!
//! Sources: kubevirt/kubevirt `staging/src/kubevirt.io/api/core/v1/{types,schema}.go` (v1.5 to v1.9) and
//! kubevirt/containerized-data-importer `types.go`. [`Empty`] is a struct that must be present as `{}`.

use std::collections::BTreeMap;

use k8s_openapi::{
    api::core::v1::{Affinity, Toleration},
    apimachinery::pkg::apis::meta::v1::ObjectMeta,
};
use serde::{Deserialize, Serialize};

/// API group and version of VMs.
pub(crate) const API_VERSION: &str = "kubevirt.io/v1";

/// A struct without fields whose presence has a meaning.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Empty {}

/// `virtualmachines.kubevirt.io`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VirtualMachine {
    /// Always [`API_VERSION`].
    pub api_version: String,
    /// Always `VirtualMachine`.
    pub kind: String,
    /// Name, labels, annotations.
    pub metadata: ObjectMeta,
    /// The spec.
    pub spec: VirtualMachineSpec,
}

/// `spec` of a VirtualMachine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VirtualMachineSpec {
    /// `Always`: started again whenever it stops (`running` is deprecated since v1.4).
    pub run_strategy: String,
    /// DataVolumes that are created and deleted with the VM.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub data_volume_templates: Vec<DataVolumeTemplate>,
    /// The template of its VMI.
    pub template: Template,
}

/// A DataVolume that the VM owns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct DataVolumeTemplate {
    /// Name and labels.
    pub metadata: ObjectMeta,
    /// Source and size.
    pub spec: DataVolumeSpec,
}

/// `spec` of a DataVolume: a blank one in CDI's `storage` form, which picks access and volume mode from the StorageProfile.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct DataVolumeSpec {
    /// Source of the content.
    pub source: DataVolumeSource,
    /// Size and StorageClass.
    pub storage: StorageSpec,
}

/// A blank disk.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct DataVolumeSource {
    /// `{}`.
    pub blank: Empty,
}

/// Size and class of a DataVolume.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StorageSpec {
    /// `requests.storage`.
    pub resources: StorageResources,
    /// Unset: the class marked as default for virtualization, else the cluster's default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage_class_name: Option<String>,
}

/// Requested storage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct StorageResources {
    /// `storage`: a quantity.
    pub requests: BTreeMap<String, String>,
}

/// The template of the VirtualMachineInstance; its metadata is copied to the VMI and its pod.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Template {
    /// Labels and annotations.
    pub metadata: ObjectMeta,
    /// The spec of the VMI.
    pub spec: VmiSpec,
}

/// `spec` of a VirtualMachineInstance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VmiSpec {
    /// Labels that the node must have.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub node_selector: BTreeMap<String, String>,
    /// Taints that are tolerated.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tolerations: Vec<Toleration>,
    /// Prefers different nodes for the two sides of a pair.
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
    /// The contents of the disks.
    pub volumes: Vec<Volume>,
}

/// Virtual hardware.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Domain {
    /// CPUs.
    pub cpu: Cpu,
    /// Memory.
    pub memory: Memory,
    /// Disks, interfaces and others.
    pub devices: Devices,
}

/// CPU topology. KubeVirt resizes sockets. With `maxSockets` equal to `sockets` the guest sees no CPUs that could be plugged in,
/// which `stress-ng --cpu 0` would count.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Cpu {
    /// Number of CPUs.
    pub sockets: u32,
    /// Always 1.
    pub cores: u32,
    /// Always 1.
    pub threads: u32,
    /// Equal to `sockets`.
    pub max_sockets: u32,
}

/// Guest memory.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Memory {
    /// The memory that the guest sees.
    pub guest: String,
    /// Equal to `guest` where KubeVirt would reserve four times as much for hotplug (from 1Gi on), so that a change always needs a
    /// restart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_guest: Option<String>,
}

/// Devices of the domain.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Devices {
    /// `{}`: a random number generator backed by the host.
    pub rng: Empty,
    /// One queue per CPU.
    pub network_interface_multiqueue: bool,
    /// No display: saves 32Mi per pod.
    pub autoattach_graphics_device: bool,
    /// The serial console as the log of a container: shows why a workload is late, without logging in.
    pub log_serial_console: bool,
    /// Disks, each with the volume of the same name.
    pub disks: Vec<Disk>,
    /// The only interface.
    pub interfaces: Vec<Interface>,
}

/// A disk.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Disk {
    /// Name of its volume.
    pub name: String,
    /// Visible in the guest under `/dev/disk/by-id/virtio-…`; virtio-blk allows 20 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
    /// Its bus.
    pub disk: DiskTarget,
}

/// The bus of a disk.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct DiskTarget {
    /// `virtio`.
    pub bus: String,
}

/// An interface on the pod network. If ports are listed, all others are closed, including ssh.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Interface {
    /// Name of its network.
    pub name: String,
    /// `{}`.
    pub masquerade: Empty,
    /// The open ports.
    pub ports: Vec<InterfacePort>,
}

/// An open port of the guest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct InterfacePort {
    /// IANA service name, at most 15 characters.
    pub name: String,
    /// Number.
    pub port: u16,
    /// `TCP`.
    pub protocol: String,
}

/// The pod network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Network {
    /// Name.
    pub name: String,
    /// `{}`.
    pub pod: Empty,
}

/// An HTTP probe.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Probe {
    /// The request.
    pub http_get: HttpGet,
    /// KubeVirt adds 10 s (`LibvirtStartupDelay`).
    pub initial_delay_seconds: i32,
    /// Seconds between two probes.
    pub period_seconds: i32,
    /// Seconds until a probe fails.
    pub timeout_seconds: i32,
    /// Successes in a row until it is ready.
    pub success_threshold: i32,
    /// Failures in a row until it is not ready.
    pub failure_threshold: i32,
}

/// Path and port of a probe.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct HttpGet {
    /// `/`.
    pub path: String,
    /// Port in the guest.
    pub port: u16,
}

/// A volume: a name and one source.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Volume {
    /// Name of its disk.
    pub name: String,
    /// A disk from a container image; fresh after each start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container_disk: Option<ContainerDisk>,
    /// The seed for cloud-init.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cloud_init_no_cloud: Option<CloudInitNoCloud>,
    /// A DataVolume; survives restarts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_volume: Option<NameReference>,
    /// A disk that exists as long as the VMI.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub empty_disk: Option<EmptyDisk>,
}

/// A root disk from a container image.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ContainerDisk {
    /// Image reference.
    pub image: String,
    /// `IfNotPresent`, or `Always` for a tag that can move.
    pub image_pull_policy: String,
    /// Name of a Secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_pull_secret: Option<String>,
}

/// A Secret, because inline user data is limited to 2048 bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CloudInitNoCloud {
    /// The Secret, key `userdata`.
    pub secret_ref: NameReference,
}

/// A reference by name in the same namespace.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct NameReference {
    /// Name.
    pub name: String,
}

/// A disk that exists as long as the VMI.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct EmptyDisk {
    /// A quantity.
    pub capacity: String,
}
