//! Requirements of the cluster, checked before the first write.

use k8s_openapi::{
    api::{core::v1::Namespace, storage::v1::StorageClass},
    apimachinery::pkg::apis::meta::v1::{APIGroup, ObjectMeta},
};
use kube::api::{Api, ListParams};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{
    error::ClusterError,
    event::{Event, Events, Warning},
    plan::{DataDisk, VmTemplate, metadata},
};

use super::{
    Cluster,
    transport::{Code as _, Effort},
};

/// The state of a namespace, as far as the user can see it.
#[derive(Debug, Clone, PartialEq)]
pub enum NamespaceState {
    /// It exists.
    Active(Box<ObjectMeta>),
    /// It does not exist.
    NotFound,
    /// The user cannot read it.
    Forbidden,
}

/// Annotations of a default StorageClass: for VMs, and for everything.
const DEFAULTS: [&str; 2] = ["storageclass.kubevirt.io/is-default-virt-class", "storageclass.kubernetes.io/is-default-class"];

/// The label of a namespace whose pods have a primary user-defined network.
const PRIMARY_UDN: &str = "k8s.ovn.org/primary-user-defined-network";

impl Cluster {
    /// Whether a server responds.
    ///
    /// # Errors
    /// Why the server cannot be reached.
    pub async fn require_server(&self) -> Result<(), ClusterError> {
        self.api_group("kubevirt.io").await.map(|_| ())
    }

    /// Whether the cluster serves VMs.
    ///
    /// # Errors
    /// [`ClusterError::NoKubeVirt`], or why the server cannot be reached.
    pub async fn require_kubevirt(&self) -> Result<(), ClusterError> {
        match self.api_group("kubevirt.io").await? {
            Some(group) if group.versions.iter().any(|version| version.version == "v1") => Ok(()),
            _ => Err(ClusterError::NoKubeVirt),
        }
    }

    /// Whether the data disks of a plan can be provisioned.
    ///
    /// # Errors
    /// No CDI, no such class, or no default class.
    pub async fn require_storage(&self, template: &VmTemplate, storage: u64, events: &Events) -> Result<(), ClusterError> {
        if storage == 0 || template.data_disk == DataDisk::Empty {
            return Ok(());
        }
        if self.api_group("cdi.kubevirt.io").await?.is_none() {
            return Err(ClusterError::NoCdi);
        }
        let found = match Api::<StorageClass>::all(self.client()).list(&ListParams::default()).await {
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

    /// Whether VMs of a fleet can become ready in a namespace.
    ///
    /// # Errors
    /// A primary user-defined network supports neither masquerade nor readiness probes (OpenShift's documentation of virtualization
    /// with primary UDNs, 4.18 and 4.19).
    pub fn require_pod_network(namespace: &str, place: &NamespaceState) -> Result<(), ClusterError> {
        match place {
            NamespaceState::Active(meta) if meta.labels.as_ref().is_some_and(|labels| labels.contains_key(PRIMARY_UDN)) => {
                Err(ClusterError::PrimaryNetwork { namespace: namespace.to_owned(), label: PRIMARY_UDN })
            }
            _ => Ok(()),
        }
    }

    /// The state of the namespace.
    ///
    /// # Errors
    /// When it is being deleted.
    pub async fn namespace_state(&self, name: &str) -> Result<NamespaceState, ClusterError> {
        match Api::<Namespace>::all(self.client()).get_opt(name).await {
            Ok(Some(namespace)) if namespace.metadata.deletion_timestamp.is_some() => {
                Err(ClusterError::NamespaceTerminating(name.to_owned()))
            }
            Ok(Some(namespace)) => Ok(NamespaceState::Active(Box::new(namespace.metadata))),
            Ok(None) => Ok(NamespaceState::NotFound),
            // On OpenShift a missing project and another user's project look alike.
            Err(error) if error.is_code(403) => Ok(NamespaceState::Forbidden),
            Err(error) => Err(error.into()),
        }
    }

    /// An API group, if the server has it. A server that cannot be reached is reported at once.
    pub(super) async fn api_group(&self, name: &str) -> Result<Option<APIGroup>, ClusterError> {
        match self.read::<APIGroup>(&format!("/apis/{name}"), Some(Effort::FailFast)).await {
            Ok(group) => Ok(Some(group)),
            Err(error) if error.is_code(404) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The architecture of VMs that name none, as KubeVirt detected it; `None` if it is not set or cannot be read.
    ///
    /// # Errors
    /// Why the server cannot be reached.
    pub async fn default_architecture(&self) -> Result<Option<String>, ClusterError> {
        match self.read::<Value>("/apis/kubevirt.io/v1/kubevirts", None).await {
            Ok(list) => Ok(list["items"][0]["status"]["defaultArchitecture"].as_str().map(str::to_owned)),
            Err(error) if error.is_code(403) || error.is_code(404) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// KubeVirt's version, as virt-api reports it.
    ///
    /// # Errors
    /// When virt-api does not respond.
    pub async fn kubevirt_version(&self) -> Result<String, ClusterError> {
        let version: Value = self.read("/apis/subresources.kubevirt.io/v1/version", Some(Effort::Once)).await?;
        Ok(version["gitVersion"].as_str().unwrap_or("unknown").to_owned())
    }

    async fn read<T: DeserializeOwned>(&self, path: &str, effort: Option<Effort>) -> kube::Result<T> {
        let mut request = http::Request::get(path).body(Vec::new()).map_err(kube::Error::HttpError)?;
        if let Some(effort) = effort {
            request.extensions_mut().insert(effort);
        }
        self.client().request(request).await
    }
}
