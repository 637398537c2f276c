//! The requested fleet, validated: the input of the plan.

use std::{collections::BTreeMap, fmt, str::FromStr};

use k8s_openapi::api::core::v1::Toleration;

use super::Quantity;

/// A requested fleet.
#[derive(Debug, Clone)]
pub(crate) struct Fleet {
    /// Its name: the label `app.kubernetes.io/instance`.
    pub name: String,
    /// The selected workloads, by name.
    pub workloads: Vec<SelectedWorkload>,
    /// The settings of all VMs.
    pub template: VmTemplate,
    /// Who can log in.
    pub login: Login,
    /// How guests reach packages.
    pub guest: Guest,
}

/// A selected workload with its values.
#[derive(Debug, Clone)]
pub(crate) struct SelectedWorkload {
    /// Name in the catalog.
    pub name: String,
    /// VMs per role.
    pub vm_count: u32,
    /// Size of each VM.
    pub resources: Resources,
    /// All parameters, validated.
    pub parameters: BTreeMap<String, String>,
}

/// Size of a VM.
#[derive(Debug, Clone)]
pub(crate) struct Resources {
    /// Virtual CPUs.
    pub cpu_cores: u32,
    /// Guest memory.
    pub memory: Quantity,
    /// Size of the data disk, if the workload has one.
    pub disk: Option<Quantity>,
}

/// The settings of all VMs of a fleet.
#[derive(Debug, Clone)]
pub(crate) struct VmTemplate {
    /// Image of the root disk.
    pub image: String,
    /// Secret for pulling the image.
    pub image_pull_secret: Option<String>,
    /// Type of the data disks.
    pub data_disk: DataDisk,
    /// StorageClass of the data disks; unset for the cluster's default.
    pub storage_class: Option<String>,
    /// Labels that nodes must have.
    pub node_selector: BTreeMap<String, String>,
    /// Tolerations of the VMs.
    pub tolerations: Vec<Toleration>,
    /// Architecture of the guests in KubeVirt's terms: the default of the cluster.
    pub architecture: String,
}

/// The architecture if the cluster reports none.
pub(crate) const DEFAULT_ARCHITECTURE: &str = "amd64";

/// Type of a data disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DataDisk {
    /// A DataVolume: needs CDI and a StorageClass, and survives restarts.
    Dv,
    /// An emptyDisk: needs neither, and is empty after each start.
    Empty,
}

/// Who can log in to the guests.
#[derive(Debug, Clone)]
pub(crate) struct Login {
    /// The account.
    pub user: String,
    /// Public keys, one per item.
    pub keys: Vec<String>,
    /// Its password.
    pub password: Option<Password>,
}

impl Login {
    /// Whether anyone can log in.
    pub(crate) fn allows_login(&self) -> bool {
        !self.keys.is_empty() || self.password.is_some()
    }
}

/// How guests reach packages.
#[derive(Debug, Clone, Default)]
pub(crate) struct Guest {
    /// URL of a proxy.
    pub proxy: Option<String>,
    /// URL of a package mirror.
    pub package_mirror: Option<String>,
    /// Extra CA certificates in PEM.
    pub ca: Option<String>,
}

/// A secret that no output shows.
#[derive(Clone)]
pub(crate) struct Password(String);

impl Password {
    /// Keeps `secret`.
    pub(crate) fn new(secret: String) -> Self {
        Self(secret)
    }

    /// The secret itself, for hashing only.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl FromStr for Password {
    type Err = std::convert::Infallible;

    fn from_str(secret: &str) -> Result<Self, Self::Err> {
        Ok(Self(secret.to_owned()))
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("********")
    }
}
