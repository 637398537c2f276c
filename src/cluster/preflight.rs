//! What the cluster must provide, checked before the first write.

use k8s_openapi::{
    api::{core::v1::Namespace, storage::v1::StorageClass},
    apimachinery::pkg::apis::meta::v1::{APIGroup, ObjectMeta},
};
use kube::api::{Api, ListParams};

use crate::{
    error::ClusterError,
    event::{Event, Events, Warning},
    plan::{DataDisk, VmTemplate, metadata},
};

use super::{Cluster, request::RequestError};

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
        let classes = |list: Result<kube::core::ObjectList<StorageClass>, RequestError>| match list {
            Ok(list) => Ok(Some(list.items)),
            Err(failure) if failure.is_code(403) => Ok(None),
            Err(failure) => Err(failure.into_error(self)),
        };
        let list = self.send_with_retry("storage classes", || {
            let api: Api<StorageClass> = Api::all(self.client());
            async move { api.list(&ListParams::default()).await }
        });
        let Some(found) = classes(list.await)? else {
            events.emit(Event::Warning(Warning::StorageClassesForbidden)).await;
            return Ok(());
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
            NamespaceState::Active(about) if about.labels.as_ref().is_some_and(|labels| labels.contains_key(PRIMARY_UDN)) => {
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
        let get = || {
            let api: Api<Namespace> = Api::all(self.client());
            async move { api.get_opt(name).await }
        };
        match self.send_with_retry("namespace", get).await {
            Ok(Some(namespace)) if namespace.metadata.deletion_timestamp.is_some() => {
                Err(ClusterError::NamespaceTerminating(name.to_owned()))
            }
            Ok(Some(namespace)) => Ok(NamespaceState::Active(Box::new(namespace.metadata))),
            Ok(None) => Ok(NamespaceState::NotFound),
            // On OpenShift a missing project and another user's project look alike.
            Err(failure) if failure.is_code(403) => Ok(NamespaceState::Forbidden),
            Err(failure) => Err(failure.into_error(self)),
        }
    }

    /// An API group, if the server has it.
    pub(super) async fn api_group(&self, name: &str) -> Result<Option<APIGroup>, ClusterError> {
        let get = || {
            let client = self.client();
            let request = http::Request::get(format!("/apis/{name}")).body(Vec::new());
            async move { client.request::<APIGroup>(request.map_err(kube::Error::HttpError)?).await }
        };
        match self.send(&get).await {
            Ok(group) => Ok(Some(group)),
            Err(failure) if failure.is_code(404) => Ok(None),
            // If the first request is refused, nothing is waited for. Transient errors are retried.
            Err(failure) if matches!(failure, RequestError::Kube(kube::Error::Api(_))) && !failure.is_code(401) => {
                match self.send_with_retry("API groups", get).await {
                    Ok(group) => Ok(Some(group)),
                    Err(failure) if failure.is_code(404) => Ok(None),
                    Err(failure) => Err(failure.into_error(self)),
                }
            }
            Err(failure) => Err(failure.into_error(self)),
        }
    }

    /// The architecture of VMs that name none, as KubeVirt detected it; `None` if it is not set or cannot be read.
    ///
    /// # Errors
    /// Why the server cannot be reached.
    pub async fn default_architecture(&self) -> Result<Option<String>, ClusterError> {
        let get = || {
            let client = self.client();
            let request = http::Request::get("/apis/kubevirt.io/v1/kubevirts").body(Vec::new());
            async move { client.request::<serde_json::Value>(request.map_err(kube::Error::HttpError)?).await }
        };
        match self.send_with_retry("KubeVirt's configuration", get).await {
            Ok(list) => Ok(list["items"][0]["status"]["defaultArchitecture"].as_str().map(str::to_owned)),
            Err(failure) if failure.is_code(403) || failure.is_code(404) => Ok(None),
            Err(failure) => Err(failure.into_error(self)),
        }
    }

    /// KubeVirt's version, as virt-api reports it.
    ///
    /// # Errors
    /// When virt-api does not respond.
    pub async fn kubevirt_version(&self) -> Result<String, ClusterError> {
        let get = || {
            let client = self.client();
            let request = http::Request::get("/apis/subresources.kubevirt.io/v1/version").body(Vec::new());
            async move { client.request::<serde_json::Value>(request.map_err(kube::Error::HttpError)?).await }
        };
        let version = self.send(&get).await.map_err(|failure| failure.into_error(self))?;
        Ok(version["gitVersion"].as_str().unwrap_or("unknown").to_owned())
    }
}
