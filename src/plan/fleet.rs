//! What is asked for, checked: the input of the plan.

use std::{collections::BTreeMap, fmt, str::FromStr};

use k8s_openapi::api::core::v1::Toleration;

use super::Quantity;

/// A fleet as asked for.
#[derive(Debug, Clone)]
pub struct Fleet {
    /// Its name: the label `app.kubernetes.io/instance`.
    pub name: String,
    /// The chosen workloads, by name.
    pub workloads: Vec<SelectedWorkload>,
    /// What all its VMs share.
    pub template: VmTemplate,
    /// Who may log in.
    pub login: Login,
    /// How guests reach packages.
    pub guest: Guest,
}

/// A workload with its values.
#[derive(Debug, Clone)]
pub struct SelectedWorkload {
    /// Name in the catalog.
    pub name: String,
    /// Machines, of each role.
    pub vm_count: u32,
    /// How large each is.
    pub resources: Resources,
    /// All parameters, checked.
    pub parameters: BTreeMap<String, String>,
}

/// How large a VM is.
#[derive(Debug, Clone)]
pub struct Resources {
    /// Virtual CPUs.
    pub cpu_cores: u32,
    /// Guest memory.
    pub memory: Quantity,
    /// The data disk, where the workload has one.
    pub disk: Option<Quantity>,
}

/// What all VMs of a fleet share.
#[derive(Debug, Clone)]
pub struct VmTemplate {
    /// Image of the root disk.
    pub image: String,
    /// Name of a Secret to pull it with.
    pub image_pull_secret: Option<String>,
    /// What the data disks are.
    pub data_disk: DataDisk,
    /// Their StorageClass; unset is the cluster's default.
    pub storage_class: Option<String>,
    /// Labels of the nodes that VMs may run on.
    pub node_selector: BTreeMap<String, String>,
    /// Taints that VMs bear.
    pub tolerations: Vec<Toleration>,
    /// Architecture of the guests, as KubeVirt names it: what the cluster gives to a VM that names none.
    pub architecture: String,
}

/// The architecture where nothing else is known.
pub const DEFAULT_ARCHITECTURE: &str = "amd64";

/// What a data disk is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DataDisk {
    /// A DataVolume: needs CDI and a StorageClass, outlives restarts.
    Dv,
    /// An emptyDisk: needs neither, is fresh at each start.
    Empty,
}

/// Who may log in to the guests.
#[derive(Debug, Clone)]
pub struct Login {
    /// The account.
    pub user: String,
    /// Public keys, a line each.
    pub keys: Vec<String>,
    /// Its password.
    pub password: Option<Password>,
}

impl Login {
    /// Whether anybody can log in.
    pub fn allows_login(&self) -> bool {
        !self.keys.is_empty() || self.password.is_some()
    }
}

/// How guests reach packages.
#[derive(Debug, Clone, Default)]
pub struct Guest {
    /// URL of a proxy.
    pub proxy: Option<String>,
    /// URL of a package mirror.
    pub reflector: Option<String>,
    /// Certificates of authorities to trust, PEM.
    pub ca: Option<String>,
}

/// A secret that no output shows.
#[derive(Clone)]
pub struct Password(String);

impl Password {
    /// Keeps `secret`.
    pub fn new(secret: String) -> Self {
        Self(secret)
    }

    /// The secret itself, for hashing only.
    pub fn reveal(&self) -> &str {
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
