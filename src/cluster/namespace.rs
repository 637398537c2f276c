//! Decides whether a namespace can be deleted, and deletes it.

use std::collections::BTreeSet;

use k8s_openapi::{
    api::core::v1::Namespace,
    apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference},
};
use kube::{
    Api,
    api::{ApiResource, DeleteParams, DynamicObject, ListParams, PartialObjectMeta, Preconditions},
    discovery::{ApiCapabilities, ApiGroup, Discovery, Scope, verbs},
};

use crate::{error::ClusterError, plan::metadata};

use super::timing::{GET_INTERVAL, PROJECT_SETUP};
use super::{Cluster, NamespaceState, transport::Code as _};

/// How often an expired list is restarted.
const MAX_RESTARTS: u32 = 3;
/// Types of the Secrets that controllers create for service accounts.
const TOKEN_TYPES: [&str; 2] = ["kubernetes.io/service-account-token", "kubernetes.io/dockercfg"];
/// The annotations that name the service account; the second is that of OpenShift 4.16 and later
/// (openshift/openshift-controller-manager `pkg/internalregistry/controllers`).
const TOKEN_OF: [&str; 2] = ["kubernetes.io/service-account.name", "openshift.io/internal-registry-auth-token.service-account"];

/// API group, resource, and names; all names if empty.
type Names = (&'static str, &'static str, &'static [&'static str]);

/// Objects that every cluster creates in each namespace.
const AUTOMATIC: [Names; 5] = [
    ("", "configmaps", &["kube-root-ca.crt"]),
    ("", "serviceaccounts", &["default"]),
    ("", "events", &[]),
    ("events.k8s.io", "events", &[]),
    // Not stored: the catalog of operators, which every namespace shows.
    ("packages.operators.coreos.com", "packagemanifests", &[]),
];
/// Objects that OpenShift creates together with a project. Users can create such names too, also later and in other clusters.
const AUTOMATIC_ON_OPENSHIFT: [Names; 5] = [
    ("", "configmaps", &["openshift-service-ca.crt"]),
    ("", "serviceaccounts", &["builder", "deployer", "pipeline"]),
    ("", "limitranges", &["default"]),
    ("rbac.authorization.k8s.io", "rolebindings", &ROLE_BINDINGS),
    ("authorization.openshift.io", "rolebindings", &ROLE_BINDINGS),
];
const ROLE_BINDINGS: [&str; 5] = ["admin", "system:deployers", "system:image-builders", "system:image-pullers", "openshift-pipelines-edit"];
/// The API group that only OpenShift serves.
const OPENSHIFT: &str = "project.openshift.io";

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

    /// The other objects in a namespace, as `resource/name`, and the resources that cannot be listed in it.
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
        let metadata = match self.namespace_state(namespace).await? {
            NamespaceState::Active(metadata) => metadata,
            NamespaceState::NotFound => return Ok((Vec::new(), Vec::new())),
            NamespaceState::Forbidden => return Err(ClusterError::NoNamespaceAccess(namespace.to_owned())),
        };
        let project = created(&metadata).filter(|_| discovery.has_group(OPENSHIFT));
        let (mut listed, mut unseen) = (Vec::new(), Vec::new());
        for (resource, capabilities) in &resources {
            let looked_at = capabilities.scope == Scope::Namespaced && capabilities.supports_operation(verbs::LIST);
            if !looked_at || !capabilities.supports_operation(verbs::DELETE) {
                continue;
            }
            match self.all_of(namespace, resource).await {
                Ok(all) => listed.extend(all.into_iter().map(|object| (resource, object))),
                Err(error) if error.is_code(403) => unseen.push(resource.plural.clone()),
                Err(error) if error.is_code(404) || error.is_code(405) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let (automatic, others): (Vec<_>, Vec<_>) =
            listed.into_iter().partition(|(resource, object)| is_automatic(resource, object, project));
        let automatic: BTreeSet<_> = automatic.iter().filter_map(|(_, object)| object.metadata.uid.as_deref()).collect();
        let foreign = others.iter().filter(|(_, object)| !is_dependent(object, &namespaced, &automatic));
        let name = |(resource, object): &(&ApiResource, Leftover)| {
            format!("{}/{}", resource.plural, object.metadata.name.as_deref().unwrap_or_default())
        };
        let mut found: Vec<_> = foreign.map(name).collect();
        found.sort();
        // Some resources are served by two groups.
        found.dedup();
        unseen.sort();
        unseen.dedup();
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

/// An object in a namespace that is to be deleted.
struct Leftover {
    metadata: ObjectMeta,
    /// The type of a Secret.
    kind: Option<String>,
}

fn is_secret(resource: &ApiResource) -> bool {
    resource.group.is_empty() && resource.plural == "secrets"
}

/// Whether all its owners are of namespaced kinds. Then they are listed themselves, or it is about to be garbage-collected, as
/// KubeVirt's ControllerRevisions are. An owner outside namespaces is not listed, and outlives the namespace. An owner that the
/// cluster created is not reported, so its dependents are.
fn is_dependent(object: &Leftover, namespaced: &BTreeSet<(String, String)>, automatic: &BTreeSet<&str>) -> bool {
    let group = |version: &str| version.split_once('/').map_or("", |(group, _)| group).to_owned();
    let owners = object.metadata.owner_references.as_deref().unwrap_or_default();
    let is_listed = |owner: &OwnerReference| namespaced.contains(&(group(&owner.api_version), owner.kind.clone()));
    !owners.is_empty() && owners.iter().all(|owner| is_listed(owner) && !automatic.contains(owner.uid.as_str()))
}

/// When an object was created, in seconds since the epoch.
fn created(metadata: &ObjectMeta) -> Option<i64> {
    Some(metadata.creation_timestamp.as_ref()?.0.as_second())
}

/// Whether the cluster itself creates this object in each namespace. `project` is the creation time of the namespace, on OpenShift.
fn is_automatic(resource: &ApiResource, object: &Leftover, project: Option<i64>) -> bool {
    let name = object.metadata.name.as_deref().unwrap_or_default();
    if is_secret(resource) {
        let of_account = TOKEN_OF.iter().any(|key| metadata::annotation(&object.metadata, key).is_some());
        return of_account && object.kind.as_deref().is_some_and(|kind| TOKEN_TYPES.contains(&kind));
    }
    if resource.group.is_empty() && resource.plural == "endpoints" {
        // The endpoints controller copies the labels of the Service, and deletes its Endpoints a moment after it
        // (k8s.io/kubernetes `pkg/controller/endpoint/endpoints_controller.go`).
        let labels = object.metadata.labels.as_ref();
        return labels.and_then(|labels| labels.get(metadata::MANAGED_BY)).is_some_and(|by| by == metadata::VIRTWORK);
    }
    let is_named = |(group, plural, names): &Names| {
        *group == resource.group && *plural == resource.plural && (names.is_empty() || names.contains(&name))
    };
    let with_project = project.zip(created(&object.metadata)).is_some_and(|(project, object)| object <= project + PROJECT_SETUP);
    AUTOMATIC.iter().any(is_named) || with_project && AUTOMATIC_ON_OPENSHIFT.iter().any(is_named)
}

#[cfg(test)]
mod tests {
    use kube::core::GroupVersionKind;
    use serde_json::{Value, json};

    use super::*;

    fn automatic(group: &str, plural: &str, metadata: Value, project: Option<&str>) -> bool {
        let resource = ApiResource::from_gvk_with_plural(&GroupVersionKind::gvk(group, "v1", "Any"), plural);
        let object = Leftover { metadata: serde_json::from_value(metadata).unwrap(), kind: None };
        let project = project.map(|time| serde_json::from_value(json!({"creationTimestamp": time})).unwrap());
        is_automatic(&resource, &object, project.as_ref().and_then(created))
    }

    #[test]
    fn names_are_automatic_only_in_their_group() {
        let of = |group, plural, name| automatic(group, plural, json!({"name": name}), None);
        assert!(of("", "configmaps", "kube-root-ca.crt"));
        assert!(of("", "events", "any") && of("events.k8s.io", "events", "any"));
        assert!(!of("example.com", "events", "any"));
        assert!(!of("submariner.io", "endpoints", "any") && !of("", "endpoints", "external-db"));
        assert!(!of("", "configmaps", "settings"));
        let labels = json!({"name": "virtwork-network-server-0", "labels": {"app.kubernetes.io/managed-by": "virtwork"}});
        assert!(automatic("", "endpoints", labels, None), "those of the fleet's Services");
    }

    #[test]
    fn openshift_creates_its_objects_with_the_project() {
        let made = |time| json!({"name": "admin", "creationTimestamp": time});
        let of = |time, project| automatic("rbac.authorization.k8s.io", "rolebindings", made(time), project);
        assert!(of("2026-11-30T10:00:20Z", Some("2026-11-30T10:00:00Z")));
        assert!(!of("2026-11-30T10:05:00Z", Some("2026-11-30T10:00:00Z")), "a user's");
        assert!(!of("2026-11-30T10:00:20Z", None), "in another cluster");
    }
}
