//! Decides whether a namespace can be deleted, and deletes it.

use std::collections::BTreeSet;

use k8s_openapi::{api::core::v1::Namespace, apimachinery::pkg::apis::meta::v1::ObjectMeta};
use kube::{
    Api,
    api::{ApiResource, DeleteParams, DynamicObject, ListParams, PartialObjectMeta, Preconditions},
    discovery::{ApiCapabilities, ApiGroup, Discovery, Scope, verbs},
};

use crate::{error::ClusterError, plan::metadata};

use super::timing::GET_INTERVAL;
use super::{Cluster, NamespaceState, transport::Code as _};

/// How often an expired list is restarted.
const MAX_RESTARTS: u32 = 3;
/// Types of the Secrets that controllers create for service accounts.
const TOKEN_TYPES: [&str; 2] = ["kubernetes.io/service-account-token", "kubernetes.io/dockercfg"];
/// The annotations that name the service account; the second is that of OpenShift 4.16 and later
/// (openshift/openshift-controller-manager `pkg/internalregistry/controllers`).
const TOKEN_OF: [&str; 2] = ["kubernetes.io/service-account.name", "openshift.io/internal-registry-auth-token.service-account"];

/// What a cluster itself creates in each namespace: resource and names; all names if empty.
const AUTOMATIC: [(&str, &[&str]); 9] = [
    ("configmaps", &["kube-root-ca.crt", "openshift-service-ca.crt"]),
    ("serviceaccounts", &["default", "builder", "deployer", "pipeline"]),
    ("rolebindings", &["admin", "system:deployers", "system:image-builders", "system:image-pullers", "openshift-pipelines-edit"]),
    ("events", &[]),
    ("endpoints", &[]),
    ("endpointslices", &[]),
    ("packagemanifests", &[]),
    ("limitranges", &["default"]),
    ("resourceaccessreviews", &[]),
];

impl Cluster {
    /// Whether `up` created the namespace.
    ///
    /// # Errors
    /// The server's error.
    pub async fn owns_namespace(&self, name: &str) -> Result<bool, ClusterError> {
        Ok(matches!(self.namespace_state(name).await?, NamespaceState::Active(metadata) if created_by_up(&metadata)))
    }

    /// Whether the namespace does not exist; false if it cannot be read.
    ///
    /// # Errors
    /// The server's error.
    pub async fn namespace_is_gone(&self, name: &str) -> Result<bool, ClusterError> {
        Ok(self.namespace_state(name).await? == NamespaceState::NotFound)
    }

    /// What else is in a namespace, as `resource/name`, and the resources that cannot be listed in it.
    ///
    /// # Errors
    /// When discovery fails.
    pub async fn leftovers(&self, namespace: &str) -> Result<(Vec<String>, Vec<String>), ClusterError> {
        let discovery = Discovery::new(self.client()).run().await?;
        // In every version: the preferred version may lack a resource.
        let resources: Vec<_> = discovery.groups().flat_map(all_versions).collect();
        let namespaced: BTreeSet<_> = resources
            .iter()
            .filter(|(_, capabilities)| capabilities.scope == Scope::Namespaced)
            .map(|(resource, _)| (resource.group.clone(), resource.kind.clone()))
            .collect();
        let (mut found, mut unseen) = (Vec::new(), Vec::new());
        for (resource, capabilities) in &resources {
            let looked_at = capabilities.scope == Scope::Namespaced && capabilities.supports_operation(verbs::LIST);
            if !looked_at || !capabilities.supports_operation(verbs::DELETE) {
                continue;
            }
            match self.all_of(namespace, resource).await {
                Ok(all) => {
                    let foreign = all.iter().filter(|object| !is_dependent(object, &namespaced) && !is_automatic(resource, object));
                    found.extend(
                        foreign.map(|object| format!("{}/{}", resource.plural, object.metadata.name.as_deref().unwrap_or_default())),
                    );
                }
                Err(error) if error.is_code(403) => unseen.push(resource.plural.clone()),
                Err(error) if error.is_code(404) || error.is_code(405) => {}
                Err(error) => return Err(error.into()),
            }
        }
        found.sort();
        unseen.sort();
        Ok((found, unseen))
    }

    /// All objects of a resource in a namespace, in pages: their metadata, and the type of a Secret.
    async fn all_of(&self, namespace: &str, resource: &ApiResource) -> kube::Result<Vec<Leftover>> {
        let mut parameters = ListParams::default().limit(super::list::PAGE);
        let (mut all, mut expired) = (Vec::new(), 0);
        loop {
            let (items, more) = match self.page_of(namespace, resource, &parameters).await {
                Err(error) if error.is_code(410) && parameters.continue_token.is_some() && expired < MAX_RESTARTS => {
                    expired += 1;
                    parameters.continue_token = None;
                    all.clear();
                    continue;
                }
                result => result?,
            };
            all.extend(items);
            match more.filter(|token| !token.is_empty()) {
                Some(token) => parameters.continue_token = Some(token),
                None => return Ok(all),
            }
        }
    }

    /// One page, and its continue token.
    async fn page_of(
        &self,
        namespace: &str,
        resource: &ApiResource,
        parameters: &ListParams,
    ) -> kube::Result<(Vec<Leftover>, Option<String>)> {
        let api: Api<DynamicObject> = Api::namespaced_with(self.client(), namespace, resource);
        // The type of a Secret is needed, and is no metadata.
        if is_secret(resource) {
            let list = api.list(parameters).await?;
            let read =
                |object: DynamicObject| Leftover { metadata: object.metadata, kind: object.data["type"].as_str().map(str::to_owned) };
            return Ok((list.items.into_iter().map(read).collect(), list.metadata.continue_));
        }
        let list = api.list_metadata(parameters).await?;
        let read = |object: PartialObjectMeta<_>| Leftover { metadata: object.metadata, kind: None };
        Ok((list.items.into_iter().map(read).collect(), list.metadata.continue_))
    }

    /// Requests the deletion of the namespace with this UID.
    ///
    /// # Errors
    /// The server's error.
    pub async fn delete_namespace(&self, name: &str, uid: &str) -> Result<(), ClusterError> {
        let parameters = DeleteParams {
            preconditions: Some(Preconditions { uid: Some(uid.to_owned()), resource_version: None }),
            ..DeleteParams::background()
        };
        match Api::<Namespace>::all(self.client()).delete(name, &parameters).await {
            Err(error) if !error.is_code(404) => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// Waits until the namespace is gone; false if the time is over first.
    ///
    /// # Errors
    /// The server's error.
    pub async fn wait_namespace_gone(&self, name: &str, uid: &str) -> Result<bool, ClusterError> {
        loop {
            match Api::<Namespace>::all(self.client()).get_opt(name).await {
                Ok(None) => return Ok(true),
                // A new namespace has the name.
                Ok(Some(namespace)) if namespace.metadata.uid.as_deref() != Some(uid) => return Ok(true),
                // On OpenShift a deleted project is forbidden.
                Err(error) if error.is_code(403) => return Ok(true),
                Ok(Some(_)) if self.transport.overdue() => return Ok(false),
                Ok(Some(_)) => tokio::time::sleep(GET_INTERVAL).await,
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// Whether `up` created a namespace. It sets an annotation, or the description of a project.
pub fn created_by_up(metadata: &ObjectMeta) -> bool {
    let described = metadata::annotation(metadata, "openshift.io/description").is_some_and(|text| text.contains(metadata::OWNED));
    described || metadata::annotation(metadata, metadata::OWNED).is_some()
}

/// Each resource of a group once, in its most stable version.
fn all_versions(group: &ApiGroup) -> Vec<(ApiResource, ApiCapabilities)> {
    let mut seen = BTreeSet::new();
    let all = group.versions().flat_map(|version| group.versioned_resources(version));
    all.filter(|(resource, _)| seen.insert(resource.plural.clone())).collect()
}

/// What is read of an object in a namespace that is to be deleted.
struct Leftover {
    metadata: ObjectMeta,
    /// The type of a Secret.
    kind: Option<String>,
}

fn is_secret(resource: &ApiResource) -> bool {
    resource.group.is_empty() && resource.plural == "secrets"
}

/// Whether all its owners are of namespaced kinds. Then they are listed themselves, or it is about to be garbage-collected, as
/// KubeVirt's ControllerRevisions are. An owner outside namespaces is not listed, and outlives the namespace.
fn is_dependent(object: &Leftover, namespaced: &BTreeSet<(String, String)>) -> bool {
    let group = |version: &str| version.split_once('/').map_or("", |(group, _)| group).to_owned();
    let owners = object.metadata.owner_references.as_deref().unwrap_or_default();
    !owners.is_empty() && owners.iter().all(|owner| namespaced.contains(&(group(&owner.api_version), owner.kind.clone())))
}

/// Whether the cluster itself creates this object in each namespace.
fn is_automatic(resource: &ApiResource, object: &Leftover) -> bool {
    let name = object.metadata.name.as_deref().unwrap_or_default();
    if is_secret(resource) {
        let of_account = TOKEN_OF.iter().any(|key| metadata::annotation(&object.metadata, key).is_some());
        return of_account && object.kind.as_deref().is_some_and(|kind| TOKEN_TYPES.contains(&kind));
    }
    AUTOMATIC.iter().any(|(of, names)| *of == resource.plural && (names.is_empty() || names.contains(&name)))
}
