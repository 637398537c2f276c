//! The plan: a pure function from what is asked for, and the catalog, to the exact objects.
//!
//! `--dry-run` prints this list and `up` applies the same list.

mod cloud_init;
pub mod compare;
mod error;
mod fleet;
mod machine;
pub mod metadata;
mod quantity;

use k8s_openapi::{
    ByteString,
    api::core::v1::{Namespace, Secret, Service, ServicePort, ServiceSpec},
    apimachinery::pkg::{apis::meta::v1::ObjectMeta, util::intstr::IntOrString},
};
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::catalog::{Catalog, Machine, Workload};

pub use error::PlanError;
pub use fleet::{Chosen, DEFAULT_ARCHITECTURE, DataDisk, Door, Fleet, Guest, Password, Shape, Sizes};
pub use machine::HEALTH_PORT;
pub use metadata::Group;
pub use quantity::{Quantity, human};

/// The largest a Secret's values may be together (`MaxSecretSize`, k8s.io/kubernetes `pkg/apis/core/types.go`).
const MAX_SECRET: usize = 1 << 20;

/// What kind of object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ObjectKind {
    /// User data of one kind of machine.
    Secret,
    /// The way to one server.
    Service,
    /// A machine.
    Machine,
}

/// An object of the plan: the very text that is sent, and what of it is asked for again and again.
#[derive(Debug, Clone)]
pub struct Object {
    /// Its kind.
    pub kind: ObjectKind,
    /// Its name.
    pub name: String,
    /// The workload that it belongs to.
    pub workload: String,
    /// The hash of it all, which is its annotation too.
    pub hash: String,
    /// Of a machine, the hash of what its instance gets; else empty.
    pub boot_hash: String,
    /// Whether a DataVolume is made for it.
    pub has_data_volume: bool,
    text: Box<str>,
}

impl Object {
    /// Closes an object: from here on it is text.
    fn close<T: Serialize>(kind: ObjectKind, mut object: T, metadata: fn(&mut T) -> &mut ObjectMeta, boot_hash: String) -> Self {
        let value = |object: &T| serde_json::to_value(object).unwrap_or_else(|error| unreachable!("typed objects are JSON: {error}"));
        let hash = hash(&value(&object).to_string());
        let about = metadata(&mut object);
        about.annotations.get_or_insert_default().insert(metadata::PLAN_HASH.to_owned(), hash.clone());
        let (name, workload) = (about.name.clone().unwrap_or_default(), metadata::label(about, metadata::COMPONENT).to_owned());
        let text = value(&object).to_string().into_boxed_str();
        Self { kind, name, workload, hash, boot_hash, has_data_volume: false, text }
    }

    /// As it is sent: JSON.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// As a tree.
    pub fn to_value(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| unreachable!("our own JSON: {error}"))
    }
}

/// Everything that `up` wants to be there.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The fleet's name.
    pub fleet: String,
    /// Where.
    pub namespace: String,
    /// Secrets, then Services, then machines: what is referred to comes first.
    pub objects: Vec<Object>,
    /// What the machines ask of the cluster.
    pub demand: Demand,
    /// Whether anybody can log in to the machines.
    pub open: bool,
}

/// What a plan asks of the cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Demand {
    /// Number of machines.
    pub machines: u32,
    /// Virtual CPUs of all.
    pub cpus: u32,
    /// Guest memory of all, in bytes.
    pub memory: u64,
    /// Data disks of all, in bytes.
    pub storage: u64,
}

impl Plan {
    /// The machines.
    pub fn machines(&self) -> impl Iterator<Item = &Object> {
        self.objects.iter().filter(|object| object.kind == ObjectKind::Machine)
    }

    /// Forgets the objects' text, once it is written and will not be printed: of five thousand machines it is most of the memory.
    pub fn forget_texts(&mut self) {
        self.objects.iter_mut().for_each(|object| object.text = Box::default());
    }

    /// The Namespace, as it is printed: without the mark of ownership, which is `up`'s own to set.
    pub fn namespace_object(&self) -> Namespace {
        Namespace { metadata: ObjectMeta { name: Some(self.namespace.clone()), ..ObjectMeta::default() }, ..Namespace::default() }
    }
}

/// Builds the plan.
///
/// # Errors
/// When an object would be larger than Kubernetes takes, or a name longer.
pub fn plan(fleet: &Fleet, namespace: &str, catalog: &Catalog) -> Result<Plan, PlanError> {
    let (mut secrets, mut services, mut machines) = (Vec::new(), Vec::new(), Vec::new());
    let mut demand = Demand::default();
    for chosen in &fleet.workloads {
        let workload = catalog.workloads.get(&chosen.name).ok_or_else(|| PlanError::UnknownWorkload(chosen.name.clone()))?;
        for (role, machine) in &workload.machines {
            let group = Group { fleet: &fleet.name, workload: &workload.name, role: role.as_deref() };
            let data = user_data(fleet, namespace, catalog, (workload, chosen, machine));
            secrets.push(secret(namespace, &group, &data)?);
            for index in 0..chosen.vm_count {
                services.extend(service(namespace, &group, index, machine));
                let member = machine::Member { group: &group, index, machine, apart: workload.machines.len() > 1, sizes: &chosen.sizes };
                machines.push(virtual_machine(fleet, namespace, &member, &data)?);
                demand.machines += 1;
                demand.cpus += chosen.sizes.cpu_cores;
                demand.memory += chosen.sizes.memory.bytes();
                demand.storage += chosen.sizes.disk.as_ref().map_or(0, Quantity::bytes);
            }
        }
    }
    let objects = secrets.into_iter().chain(services).chain(machines).collect();
    Ok(Plan { fleet: fleet.name.clone(), namespace: namespace.to_owned(), objects, demand, open: fleet.door.is_open() })
}

/// The user data of one kind of machine of a chosen workload.
pub fn user_data(fleet: &Fleet, namespace: &str, catalog: &Catalog, (workload, chosen, machine): (&Workload, &Chosen, &Machine)) -> String {
    let peer = machine.peer.as_ref().and_then(|peer| {
        let (role, server) = workload.machines.iter().find(|(role, _)| role.as_ref() == Some(peer))?;
        let group = Group { fleet: &fleet.name, workload: &workload.name, role: role.as_deref() };
        Some((group.service(server.service.as_ref()?, 0), server.ports.first()?.port))
    });
    let setting = cloud_init::Setting { namespace, fleet: &fleet.name, peer, parameters: &chosen.parameters };
    cloud_init::user_data(catalog, workload, machine, &fleet.door, &fleet.guest, &setting)
}

fn secret(namespace: &str, group: &Group<'_>, user_data: &str) -> Result<Object, PlanError> {
    if user_data.len() > MAX_SECRET {
        return Err(PlanError::UserDataTooLarge { vm: group.machine(0), size: user_data.len(), limit: MAX_SECRET });
    }
    let secret = Secret {
        metadata: object_meta(namespace, group.secret(), group.labels()),
        type_: Some("Opaque".to_owned()),
        // Never `stringData`: server-side apply cannot own it.
        data: Some([("userdata".to_owned(), ByteString(user_data.as_bytes().to_vec()))].into()),
        ..Secret::default()
    };
    Ok(Object::close(ObjectKind::Secret, secret, |secret| &mut secret.metadata, String::new()))
}

fn service(namespace: &str, group: &Group<'_>, index: u32, machine: &Machine) -> Option<Object> {
    let name = group.service(machine.service.as_ref()?, index);
    let port = |port: &crate::catalog::Port| ServicePort {
        name: Some(port.name.clone()),
        port: i32::from(port.port),
        target_port: Some(IntOrString::Int(i32::from(port.port))),
        protocol: Some("TCP".to_owned()),
        ..ServicePort::default()
    };
    let service = Service {
        metadata: object_meta(namespace, name, group.machine_labels(index)),
        spec: Some(ServiceSpec {
            selector: Some(group.pod_selector(index)),
            ports: Some(machine.ports.iter().map(port).collect()),
            ..ServiceSpec::default()
        }),
        ..Service::default()
    };
    Some(Object::close(ObjectKind::Service, service, |service| &mut service.metadata, String::new()))
}

fn virtual_machine(fleet: &Fleet, namespace: &str, member: &machine::Member<'_>, user_data: &str) -> Result<Object, PlanError> {
    let mut machine = machine::virtual_machine(namespace, &fleet.shape, member);
    let name = machine.metadata.name.clone().unwrap_or_default();
    if name.len() > metadata::MAX_MACHINE_NAME {
        return Err(PlanError::NameTooLong { name, limit: metadata::MAX_MACHINE_NAME });
    }
    let template = serde_json::to_string(&machine.spec.template).unwrap_or_else(|error| unreachable!("typed objects are JSON: {error}"));
    let boot = hash(&format!("{template}{user_data}"));
    machine.spec.template.metadata.annotations = Some([(metadata::BOOT_HASH.to_owned(), boot.clone())].into());
    machine.metadata.annotations = Some([(metadata::SSH_USER.to_owned(), fleet.door.user.clone())].into());
    let has_data_volume = !machine.spec.data_volume_templates.is_empty();
    Ok(Object { has_data_volume, ..Object::close(ObjectKind::Machine, machine, |machine| &mut machine.metadata, boot) })
}

fn object_meta(namespace: &str, name: String, labels: metadata::Labels) -> ObjectMeta {
    ObjectMeta { name: Some(name), namespace: Some(namespace.to_owned()), labels: Some(labels), ..ObjectMeta::default() }
}

/// The first 16 hexadecimal digits of SHA-256: enough to tell two plans of one object apart.
fn hash(text: &str) -> String {
    Sha256::digest(text).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}
