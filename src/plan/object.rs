//! Makes the objects of a plan.

use k8s_openapi::{
    ByteString,
    api::core::v1::{Secret, Service, ServicePort, ServiceSpec},
    apimachinery::pkg::{apis::meta::v1::ObjectMeta, util::intstr::IntOrString},
};
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::{
    catalog::Port,
    metadata::{BOOT_HASH, Labels, PLAN_HASH, SSH_USER},
    object::Kind,
};

use super::{Planned, vm};

/// An object as it is sent.
#[derive(Debug, Clone)]
pub(crate) struct Object {
    /// Its kind.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// The hash that is its plan annotation.
    pub hash: String,
    /// For a VM, the hash of what its VMI gets; else empty.
    pub boot_hash: String,
    /// The JSON that is sent.
    pub json: Box<str>,
}

impl Object {
    /// Serializes a typed object.
    fn from_typed<T: Serialize>(kind: Kind, mut object: T, metadata: fn(&mut T) -> &mut ObjectMeta, boot_hash: String) -> Self {
        let json =
            |object: &T| serde_json::to_value(object).unwrap_or_else(|error| unreachable!("typed objects are JSON: {error}")).to_string();
        let hash = hash(&[&json(&object)]);
        let meta = metadata(&mut object);
        meta.annotations.get_or_insert_default().insert(PLAN_HASH.to_owned(), hash.clone());
        let name = meta.name.clone().unwrap_or_default();
        Self { kind, name, hash, boot_hash, json: json(&object).into_boxed_str() }
    }

    /// The parsed JSON.
    pub(crate) fn to_value(&self) -> Value {
        serde_json::from_str(&self.json).unwrap_or_else(|error| unreachable!("our own JSON: {error}"))
    }
}

impl Planned<'_> {
    /// Makes the object.
    pub(crate) fn make(&self) -> Object {
        match self.kind {
            Kind::Secret => self.secret(),
            Kind::Service => self.service(),
            _ => self.virtual_machine(),
        }
    }

    fn metadata(&self, labels: Labels) -> ObjectMeta {
        let namespace = self.plan.namespace.clone();
        ObjectMeta { name: Some(self.name()), namespace: Some(namespace), labels: Some(labels), ..ObjectMeta::default() }
    }

    fn secret(&self) -> Object {
        let secret = Secret {
            metadata: self.metadata(self.role.key(&self.plan.fleet).labels()),
            type_: Some("Opaque".to_owned()),
            // Not `stringData`: server-side apply cannot own it.
            data: Some([("userdata".to_owned(), ByteString(self.role.user_data.as_bytes().to_vec()))].into()),
            ..Secret::default()
        };
        Object::from_typed(Kind::Secret, secret, |secret| &mut secret.metadata, String::new())
    }

    fn service(&self) -> Object {
        let key = self.role.key(&self.plan.fleet);
        let port = |port: &Port| ServicePort {
            name: Some(port.name.clone()),
            port: i32::from(port.port),
            target_port: Some(IntOrString::Int(i32::from(port.port))),
            protocol: Some("TCP".to_owned()),
            ..ServicePort::default()
        };
        let service = Service {
            metadata: self.metadata(key.vm_labels(self.index)),
            spec: Some(ServiceSpec {
                selector: Some(key.pod_selector(self.index)),
                ports: Some(self.role.vm.ports.iter().map(port).collect()),
                ..ServiceSpec::default()
            }),
            ..Service::default()
        };
        Object::from_typed(Kind::Service, service, |service| &mut service.metadata, String::new())
    }

    fn virtual_machine(&self) -> Object {
        let (plan, role) = (self.plan, self.role);
        let replica = vm::Replica {
            role_key: &role.key(&plan.fleet),
            index: self.index,
            vm: &role.vm,
            anti_affinity: role.anti_affinity,
            resources: &role.resources,
        };
        let mut vm = vm::virtual_machine(&plan.namespace, &plan.template, &replica);
        let template = serde_json::to_string(&vm.spec.template).unwrap_or_else(|error| unreachable!("typed objects are JSON: {error}"));
        let boot = hash(&[&template, &role.user_data]);
        vm.spec.template.metadata.annotations = Some([(BOOT_HASH.to_owned(), boot.clone())].into());
        vm.metadata.annotations = Some([(SSH_USER.to_owned(), plan.ssh_user.clone())].into());
        Object::from_typed(Kind::Vm, vm, |vm| &mut vm.metadata, boot)
    }
}

/// The first 16 hexadecimal digits of SHA-256, enough to tell two versions of one object apart.
fn hash(parts: &[&str]) -> String {
    let hasher = parts.iter().fold(Sha256::new(), |hasher, part| hasher.chain_update(part));
    hasher.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}
