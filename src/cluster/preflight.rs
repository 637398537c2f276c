//! Requirements of the cluster, checked before the first write.

use k8s_openapi::{api::storage::v1::StorageClass, apimachinery::pkg::apis::meta::v1::APIGroup};
use kube::api::{Api, ListParams};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{
    error::ClusterError,
    event::{Event, Events, Warning},
    metadata,
    object::Kind,
    plan::{DataDisk, Plan},
};

use super::{
    NamespaceState, Target,
    transport::{Code as _, Effort},
};

/// Annotations of a default StorageClass: for VMs, and for everything.
const DEFAULTS: [&str; 2] = ["storageclass.kubevirt.io/is-default-virt-class", "storageclass.kubernetes.io/is-default-class"];

/// The label of a namespace whose pods have a primary user-defined network.
const PRIMARY_UDN: &str = "k8s.ovn.org/primary-user-defined-network";

/// Whether a server responds.
///
/// # Errors
/// Why the server cannot be reached.
pub(crate) async fn require_server(target: &Target) -> Result<(), ClusterError> {
    api_group(target, "kubevirt.io").await.map(|_| ())
}

/// Whether the cluster serves VMs.
///
/// # Errors
/// [`ClusterError::NoKubeVirt`], or why the server cannot be reached.
pub(crate) async fn require_kubevirt(target: &Target) -> Result<(), ClusterError> {
    match api_group(target, "kubevirt.io").await? {
        Some(group) if group.versions.iter().any(|version| version.version == "v1") => Ok(()),
        _ => Err(ClusterError::NoKubeVirt),
    }
}

/// Whether the data disks of a plan can be provisioned.
///
/// # Errors
/// No CDI, no such class, or no default class.
pub(crate) async fn require_storage(target: &Target, plan: &Plan, events: &Events) -> Result<(), ClusterError> {
    let template = &plan.template;
    if plan.totals.storage == 0 || template.data_disk == DataDisk::Empty {
        return Ok(());
    }
    if api_group(target, "cdi.kubevirt.io").await?.is_none() {
        return Err(ClusterError::NoCdi);
    }
    let found = match Api::<StorageClass>::all(target.client()).list(&ListParams::default()).await {
        Ok(list) => list.items,
        Err(error) if error.is_code(403) => {
            events.emit(Event::Warning(Warning::StorageClassesForbidden)).await;
            return Ok(());
        }
        Err(error) => return Err(error.into()),
    };
    let name = |class: &StorageClass| class.metadata.name.clone().unwrap_or_default();
    let available = || found.iter().map(name).collect::<Vec<_>>();
    let default = |class: &StorageClass| DEFAULTS.iter().any(|mark| metadata::annotation(&class.metadata, mark) == Some("true"));
    match &template.storage_class {
        Some(wanted) if !found.iter().any(|class| name(class) == *wanted) => {
            Err(ClusterError::StorageClassNotFound { name: wanted.clone(), available: available() })
        }
        None if !found.iter().any(default) => Err(ClusterError::NoDefaultStorageClass { available: available() }),
        _ => Ok(()),
    }
}

/// Whether the Secret for pulling the image exists. kubelet would only report that the image cannot be pulled.
///
/// # Errors
/// [`ClusterError::PullSecretNotFound`], also if the namespace is yet to be created. Without permission to read Secrets it is not checked.
pub(crate) async fn require_pull_secret(target: &Target, plan: &Plan, namespace_exists: bool) -> Result<(), ClusterError> {
    let Some(name) = &plan.template.image_pull_secret else { return Ok(()) };
    if !namespace_exists {
        return Err(ClusterError::PullSecretNotFound { name: name.clone(), namespace: target.namespace.clone() });
    }
    match target.get_meta(Kind::Secret, name).await {
        Ok(None) => Err(ClusterError::PullSecretNotFound { name: name.clone(), namespace: target.namespace.clone() }),
        Err(error) if !error.is_code(403) => Err(error.into()),
        _ => Ok(()),
    }
}

/// Whether VMs of a fleet can become ready in a namespace.
///
/// # Errors
/// A primary user-defined network supports neither masquerade nor readiness probes (OpenShift's documentation of virtualization
/// with primary UDNs, 4.18 and 4.19).
pub(crate) fn require_pod_network(namespace: &str, state: &NamespaceState) -> Result<(), ClusterError> {
    match state {
        NamespaceState::Active(meta) if meta.labels.as_ref().is_some_and(|labels| labels.contains_key(PRIMARY_UDN)) => {
            Err(ClusterError::PrimaryNetwork { namespace: namespace.to_owned(), label: PRIMARY_UDN })
        }
        _ => Ok(()),
    }
}

/// An API group, if the server has it. A server that cannot be reached is reported at once.
pub(crate) async fn api_group(target: &Target, name: &str) -> Result<Option<APIGroup>, ClusterError> {
    match read::<APIGroup>(target, &format!("/apis/{name}"), Some(Effort::FailFast)).await {
        Ok(group) => Ok(Some(group)),
        Err(error) if error.is_code(404) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The architecture of VMs that name none, as KubeVirt detected it; `None` if it is not set or cannot be read.
///
/// # Errors
/// Why the server cannot be reached.
pub(crate) async fn default_architecture(target: &Target) -> Result<Option<String>, ClusterError> {
    match read::<Value>(target, "/apis/kubevirt.io/v1/kubevirts", None).await {
        Ok(list) => Ok(list["items"][0]["status"]["defaultArchitecture"].as_str().map(str::to_owned)),
        Err(error) if error.is_code(403) || error.is_code(404) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// KubeVirt's version, as virt-api reports it.
///
/// # Errors
/// When virt-api does not respond.
pub(crate) async fn kubevirt_version(target: &Target) -> Result<String, ClusterError> {
    let version: Value = read(target, "/apis/subresources.kubevirt.io/v1/version", Some(Effort::Once)).await?;
    Ok(version["gitVersion"].as_str().unwrap_or("unknown").to_owned())
}

async fn read<T: DeserializeOwned>(target: &Target, path: &str, effort: Option<Effort>) -> kube::Result<T> {
    let mut request = http::Request::get(path).body(Vec::new()).map_err(kube::Error::HttpError)?;
    if let Some(effort) = effort {
        request.extensions_mut().insert(effort);
    }
    target.client().request(request).await
}
