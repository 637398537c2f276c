//! The plan: a pure function from the requested fleet and the catalog to the exact objects.
//!
//! `--dry-run` prints these objects and `up` applies the same. Each is made when it is needed and dropped after that: with 10,000 VMs
//! their JSON would be most of the memory.

mod cloud_init;
pub(crate) mod compare;
pub(crate) mod diff;
mod error;
mod field_manager;
mod fleet;
mod object;
mod quantity;
mod vm;

use std::fmt;

use k8s_openapi::{api::core::v1::Namespace, apimachinery::pkg::apis::meta::v1::ObjectMeta};

use crate::{
    catalog::{Catalog, VmRole, Workload},
    metadata::{MAX_VM_NAME, RoleKey},
    object::{Kind, ObjectName},
};

pub(crate) use diff::{Change, Diff};
pub(crate) use error::PlanError;
pub(crate) use field_manager::patch as field_manager_patch;
pub(crate) use fleet::{DEFAULT_ARCHITECTURE, DataDisk, Fleet, Guest, Login, Password, Resources, SelectedWorkload, VmTemplate};
pub(crate) use object::Object;
pub(crate) use quantity::{Quantity, human};
pub(crate) use vm::HEALTH_PORT;

/// The most bytes in a Secret (`MaxSecretSize`, k8s.io/kubernetes `pkg/apis/core/types.go`).
const MAX_SECRET: usize = 1 << 20;

/// All objects that `up` applies.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    /// The fleet's name.
    pub fleet: String,
    /// The namespace.
    pub namespace: String,
    /// The settings of all VMs.
    pub template: VmTemplate,
    /// The resources that the VMs request.
    pub totals: ResourceTotals,
    /// Whether anyone can log in to the VMs.
    pub login_enabled: bool,
    ssh_user: String,
    roles: Vec<Role>,
}

/// The VMs of one role, or of a workload without roles, with all that they have in common.
#[derive(Debug, Clone)]
struct Role {
    workload: String,
    role: Option<String>,
    vm: VmRole,
    /// Whether the roles of the workload prefer different nodes.
    anti_affinity: bool,
    resources: Resources,
    count: u32,
    user_data: String,
}

impl Role {
    fn key<'a>(&'a self, fleet: &'a str) -> RoleKey<'a> {
        RoleKey { fleet, workload: &self.workload, role: self.role.as_deref() }
    }
}

/// One object of the plan, before it is made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Planned<'a> {
    plan: &'a Plan,
    role: &'a Role,
    /// The VM that it is or belongs to; 0 for the Secret of a role.
    index: u32,
    /// Its kind.
    pub kind: Kind,
}

impl<'a> Planned<'a> {
    /// Its name.
    pub(crate) fn name(&self) -> String {
        let key = self.role.key(&self.plan.fleet);
        match (self.kind, &self.role.vm.service) {
            (Kind::Secret, _) => key.secret(),
            (Kind::Service, Some(service)) => key.service(service, self.index),
            _ => key.vm(self.index),
        }
    }

    /// Kind and name.
    pub(crate) fn object_name(&self) -> ObjectName {
        ObjectName::new(self.kind, self.name())
    }

    /// Its workload.
    pub(crate) fn workload(&self) -> &'a str {
        &self.role.workload
    }

    /// Whether it is a VM with a DataVolume.
    pub(crate) fn has_data_volume(&self) -> bool {
        self.kind == Kind::Vm && self.role.resources.disk.is_some() && self.plan.template.data_disk == DataDisk::Dv
    }
}

/// The resources that a plan requests.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ResourceTotals {
    /// Number of VMs.
    pub vms: u32,
    /// Virtual CPUs of all.
    pub cpus: u32,
    /// Guest memory of all, in bytes.
    pub memory: u64,
    /// Data disks of all, in bytes.
    pub storage: u64,
}

impl fmt::Display for ResourceTotals {
    /// `3 VMs with 6 vCPUs, 6 GiB of memory, 10 GiB of storage`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = |count: u32, word: &str| if count == 1 { format!("1 {word}") } else { format!("{count} {word}s") };
        let storage = if self.storage == 0 { "no storage".to_owned() } else { format!("{} of storage", human(self.storage)) };
        let (vms, cpus) = (plural(self.vms, "VM"), plural(self.cpus, "vCPU"));
        write!(formatter, "{vms} with {cpus}, {} of memory, {storage}", human(self.memory))
    }
}

impl Plan {
    /// All objects: Secrets, then Services, then VMs, so that objects that others refer to come first.
    pub(crate) fn objects(&self) -> impl Iterator<Item = Planned<'_>> {
        let secrets = self.roles.iter().map(|role| Planned { plan: self, role, index: 0, kind: Kind::Secret });
        let services = self.replicas(Kind::Service).filter(|service| service.role.vm.service.is_some());
        secrets.chain(services).chain(self.vms())
    }

    /// The VMs.
    pub(crate) fn vms(&self) -> impl Iterator<Item = Planned<'_>> {
        self.replicas(Kind::Vm)
    }

    fn replicas(&self, kind: Kind) -> impl Iterator<Item = Planned<'_>> {
        self.roles.iter().flat_map(move |role| (0..role.count).map(move |index| Planned { plan: self, role, index, kind }))
    }

    /// The selected workloads.
    pub(crate) fn workloads(&self) -> impl Iterator<Item = &str> {
        self.roles.iter().map(|role| role.workload.as_str())
    }

    /// The Namespace as it is printed, without the annotation that `up` sets when it creates it.
    pub(crate) fn namespace_object(&self) -> Namespace {
        Namespace { metadata: ObjectMeta { name: Some(self.namespace.clone()), ..ObjectMeta::default() }, ..Namespace::default() }
    }
}

/// Builds the plan.
///
/// # Errors
/// When an object would be larger, or a name longer, than Kubernetes accepts.
pub(crate) fn plan(fleet: &Fleet, namespace: &str, catalog: &Catalog) -> Result<Plan, PlanError> {
    let mut roles = Vec::new();
    let mut totals = ResourceTotals::default();
    for selected in &fleet.workloads {
        let workload = catalog.workloads.get(&selected.name).ok_or_else(|| PlanError::UnknownWorkload(selected.name.clone()))?;
        for (name, vm) in &workload.vms {
            let resources = selected.resources.clone();
            let count = selected.vm_count;
            totals.vms += count;
            totals.cpus += count * resources.cpu_cores;
            totals.memory += u64::from(count) * resources.memory.bytes();
            totals.storage += u64::from(count) * resources.disk.as_ref().map_or(0, Quantity::bytes);
            let role = Role {
                workload: workload.name.clone(),
                role: name.clone(),
                vm: vm.clone(),
                anti_affinity: workload.vms.len() > 1,
                resources,
                count,
                user_data: UserData { fleet, namespace, catalog, workload, selected, vm }.text(),
            };
            check(&role, &fleet.name)?;
            roles.push(role);
        }
    }
    Ok(Plan {
        fleet: fleet.name.clone(),
        namespace: namespace.to_owned(),
        template: fleet.template.clone(),
        totals,
        login_enabled: fleet.login.allows_login(),
        ssh_user: fleet.login.user.clone(),
        roles,
    })
}

/// Whether Kubernetes accepts the size and the names of a role's objects. The last VM has the longest name.
fn check(role: &Role, fleet: &str) -> Result<(), PlanError> {
    let size = role.user_data.len();
    if size > MAX_SECRET {
        return Err(PlanError::UserDataTooLarge { vm: role.key(fleet).vm(0), size, limit: MAX_SECRET });
    }
    match (0..role.count).map(|index| role.key(fleet).vm(index)).find(|name| name.len() > MAX_VM_NAME) {
        Some(name) => Err(PlanError::NameTooLong { name, limit: MAX_VM_NAME }),
        None => Ok(()),
    }
}

/// What the user data of a role is made from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct UserData<'a> {
    /// The fleet.
    pub fleet: &'a Fleet,
    /// Its namespace.
    pub namespace: &'a str,
    /// The catalog.
    pub catalog: &'a Catalog,
    /// The workload.
    pub workload: &'a Workload,
    /// The workload's settings.
    pub selected: &'a SelectedWorkload,
    /// The role.
    pub vm: &'a VmRole,
}

impl UserData<'_> {
    /// The user data.
    pub(crate) fn text(&self) -> String {
        cloud_init::user_data(self, self.peer().as_ref())
    }

    /// Name and port of the first Service of the peer role.
    fn peer(&self) -> Option<(String, u16)> {
        let peer = self.vm.peer.as_ref()?;
        let (role, server) = self.workload.vms.iter().find(|(role, _)| role.as_ref() == Some(peer))?;
        let key = RoleKey { fleet: &self.fleet.name, workload: &self.workload.name, role: role.as_deref() };
        Some((key.service(server.service.as_ref()?, 0), server.ports.first()?.port))
    }
}
