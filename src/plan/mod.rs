//! The plan: a pure function from the requested fleet and the catalog to the exact objects.
//!
//! `--dry-run` prints this list and `up` applies the same list.

mod cloud_init;
pub mod compare;
mod error;
mod fleet;
pub mod metadata;
mod quantity;
mod vm;

use std::fmt;

use k8s_openapi::{
    ByteString,
    api::core::v1::{Namespace, Secret, Service, ServicePort, ServiceSpec},
    apimachinery::pkg::{apis::meta::v1::ObjectMeta, util::intstr::IntOrString},
};
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::{
    catalog::{Catalog, VmRole, Workload},
    object::Kind,
};

pub use error::PlanError;
pub use fleet::{DEFAULT_ARCHITECTURE, DataDisk, Fleet, Guest, Login, Password, Resources, SelectedWorkload, VmTemplate};
pub use metadata::RoleKey;
pub use quantity::{Quantity, human};
pub use vm::HEALTH_PORT;

/// The most bytes in a Secret (`MaxSecretSize`, k8s.io/kubernetes `pkg/apis/core/types.go`).
const MAX_SECRET: usize = 1 << 20;

/// An object of the plan: the JSON that is sent, and the fields that are needed often.
#[derive(Debug, Clone)]
pub struct Object {
    /// Its kind.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// Its workload.
    pub workload: String,
    /// The hash that is its plan annotation.
    pub hash: String,
    /// For a VM, the hash of what its VMI gets; else empty.
    pub boot_hash: String,
    /// Whether it has a DataVolume.
    pub has_data_volume: bool,
    text: Box<str>,
}

impl Object {
    /// Serializes a typed object.
    fn from_typed<T: Serialize>(kind: Kind, mut object: T, metadata: fn(&mut T) -> &mut ObjectMeta, boot_hash: String) -> Self {
        let value = |object: &T| serde_json::to_value(object).unwrap_or_else(|error| unreachable!("typed objects are JSON: {error}"));
        let hash = hash(&value(&object).to_string());
        let meta = metadata(&mut object);
        meta.annotations.get_or_insert_default().insert(metadata::PLAN_HASH.to_owned(), hash.clone());
        let (name, workload) = (meta.name.clone().unwrap_or_default(), metadata::label(meta, metadata::COMPONENT).to_owned());
        let text = value(&object).to_string().into_boxed_str();
        Self { kind, name, workload, hash, boot_hash, has_data_volume: false, text }
    }

    /// The JSON that is sent.
    pub fn json(&self) -> &str {
        &self.text
    }

    /// The parsed JSON.
    pub fn to_value(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| unreachable!("our own JSON: {error}"))
    }
}

/// All objects that `up` applies.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The fleet's name.
    pub fleet: String,
    /// The namespace.
    pub namespace: String,
    /// Secrets, then Services, then VMs: objects that others refer to come first.
    pub objects: Vec<Object>,
    /// The resources that the VMs request.
    pub totals: ResourceTotals,
    /// Whether anyone can log in to the VMs.
    pub login_enabled: bool,
}

/// The resources that a plan requests.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ResourceTotals {
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
    /// The VMs.
    pub fn vms(&self) -> impl Iterator<Item = &Object> {
        self.objects.iter().filter(|object| object.kind == Kind::Vm)
    }

    /// Drops the JSON once it is written and will not be printed: with 5,000 VMs it is most of the memory.
    pub fn drop_manifests(&mut self) {
        self.objects.iter_mut().for_each(|object| object.text = Box::default());
    }

    /// The Namespace as it is printed, without the annotation that `up` sets when it creates it.
    pub fn namespace_object(&self) -> Namespace {
        Namespace { metadata: ObjectMeta { name: Some(self.namespace.clone()), ..ObjectMeta::default() }, ..Namespace::default() }
    }
}

/// Builds the plan.
///
/// # Errors
/// When an object would be larger, or a name longer, than Kubernetes accepts.
pub fn plan(fleet: &Fleet, namespace: &str, catalog: &Catalog) -> Result<Plan, PlanError> {
    let (mut secrets, mut services, mut vms) = (Vec::new(), Vec::new(), Vec::new());
    let mut totals = ResourceTotals::default();
    for chosen in &fleet.workloads {
        let workload = catalog.workloads.get(&chosen.name).ok_or_else(|| PlanError::UnknownWorkload(chosen.name.clone()))?;
        for (role, vm) in &workload.vms {
            let role_key = RoleKey { fleet: &fleet.name, workload: &workload.name, role: role.as_deref() };
            let data = user_data(fleet, namespace, catalog, (workload, chosen, vm));
            secrets.push(secret(namespace, &role_key, &data)?);
            for index in 0..chosen.vm_count {
                services.extend(service(namespace, &role_key, index, vm));
                let replica =
                    vm::Replica { role_key: &role_key, index, vm, anti_affinity: workload.vms.len() > 1, resources: &chosen.resources };
                vms.push(virtual_machine(fleet, namespace, &replica, &data)?);
                totals.vms += 1;
                totals.cpus += chosen.resources.cpu_cores;
                totals.memory += chosen.resources.memory.bytes();
                totals.storage += chosen.resources.disk.as_ref().map_or(0, Quantity::bytes);
            }
        }
    }
    let objects = secrets.into_iter().chain(services).chain(vms).collect();
    Ok(Plan { fleet: fleet.name.clone(), namespace: namespace.to_owned(), objects, totals, login_enabled: fleet.login.allows_login() })
}

/// The user data of one role of a selected workload.
pub fn user_data(
    fleet: &Fleet,
    namespace: &str,
    catalog: &Catalog,
    (workload, chosen, vm): (&Workload, &SelectedWorkload, &VmRole),
) -> String {
    let peer = vm.peer.as_ref().and_then(|peer| {
        let (role, server) = workload.vms.iter().find(|(role, _)| role.as_ref() == Some(peer))?;
        let role_key = RoleKey { fleet: &fleet.name, workload: &workload.name, role: role.as_deref() };
        Some((role_key.service(server.service.as_ref()?, 0), server.ports.first()?.port))
    });
    let context = cloud_init::UserDataContext { namespace, fleet: &fleet.name, peer, parameters: &chosen.parameters };
    cloud_init::user_data(catalog, workload, vm, &fleet.login, &fleet.guest, &context)
}

fn secret(namespace: &str, role_key: &RoleKey<'_>, user_data: &str) -> Result<Object, PlanError> {
    if user_data.len() > MAX_SECRET {
        return Err(PlanError::UserDataTooLarge { vm: role_key.vm(0), size: user_data.len(), limit: MAX_SECRET });
    }
    let secret = Secret {
        metadata: object_meta(namespace, role_key.secret(), role_key.labels()),
        type_: Some("Opaque".to_owned()),
        // Not `stringData`: server-side apply cannot own it.
        data: Some([("userdata".to_owned(), ByteString(user_data.as_bytes().to_vec()))].into()),
        ..Secret::default()
    };
    Ok(Object::from_typed(Kind::Secret, secret, |secret| &mut secret.metadata, String::new()))
}

fn service(namespace: &str, role_key: &RoleKey<'_>, index: u32, vm: &VmRole) -> Option<Object> {
    let name = role_key.service(vm.service.as_ref()?, index);
    let port = |port: &crate::catalog::Port| ServicePort {
        name: Some(port.name.clone()),
        port: i32::from(port.port),
        target_port: Some(IntOrString::Int(i32::from(port.port))),
        protocol: Some("TCP".to_owned()),
        ..ServicePort::default()
    };
    let service = Service {
        metadata: object_meta(namespace, name, role_key.vm_labels(index)),
        spec: Some(ServiceSpec {
            selector: Some(role_key.pod_selector(index)),
            ports: Some(vm.ports.iter().map(port).collect()),
            ..ServiceSpec::default()
        }),
        ..Service::default()
    };
    Some(Object::from_typed(Kind::Service, service, |service| &mut service.metadata, String::new()))
}

fn virtual_machine(fleet: &Fleet, namespace: &str, replica: &vm::Replica<'_>, user_data: &str) -> Result<Object, PlanError> {
    let mut vm = vm::virtual_machine(namespace, &fleet.template, replica);
    let name = vm.metadata.name.clone().unwrap_or_default();
    if name.len() > metadata::MAX_VM_NAME {
        return Err(PlanError::NameTooLong { name, limit: metadata::MAX_VM_NAME });
    }
    let template = serde_json::to_string(&vm.spec.template).unwrap_or_else(|error| unreachable!("typed objects are JSON: {error}"));
    let boot = hash(&format!("{template}{user_data}"));
    vm.spec.template.metadata.annotations = Some([(metadata::BOOT_HASH.to_owned(), boot.clone())].into());
    vm.metadata.annotations = Some([(metadata::SSH_USER.to_owned(), fleet.login.user.clone())].into());
    let has_data_volume = !vm.spec.data_volume_templates.is_empty();
    Ok(Object { has_data_volume, ..Object::from_typed(Kind::Vm, vm, |vm| &mut vm.metadata, boot) })
}

fn object_meta(namespace: &str, name: String, labels: metadata::Labels) -> ObjectMeta {
    ObjectMeta { name: Some(name), namespace: Some(namespace.to_owned()), labels: Some(labels), ..ObjectMeta::default() }
}

/// The first 16 hexadecimal digits of SHA-256, enough to tell two versions of one object apart.
fn hash(text: &str) -> String {
    Sha256::digest(text).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}
