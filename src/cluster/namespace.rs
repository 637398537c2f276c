//! Whether a namespace is ours to delete, and its deletion.

use k8s_openapi::{api::core::v1::Namespace, apimachinery::pkg::apis::meta::v1::ObjectMeta};
use kube::{
    Api,
    api::{DeleteParams, DynamicObject, ListParams},
    discovery::{Discovery, Scope, verbs},
};

use crate::{error::ClusterError, plan::metadata};

use super::{Cluster, Place};

/// What a cluster puts into each namespace by itself: resource, and the names (all of them where none is given).
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
    /// Whether `up` made the namespace.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn owns_namespace(&self, name: &str) -> Result<bool, ClusterError> {
        Ok(matches!(self.look_at_namespace(name).await?, Place::There(metadata) if owned(&metadata)))
    }

    /// Whether there is no such namespace; one that may not be looked at is taken to be there.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn namespace_is_gone(&self, name: &str) -> Result<bool, ClusterError> {
        Ok(self.look_at_namespace(name).await? == Place::Missing)
    }

    /// Whatever else is in a namespace, as `resource/name`; and the resources that may not be listed there.
    ///
    /// # Errors
    /// When the server does not say what it has.
    pub async fn leftovers(&self, namespace: &str) -> Result<(Vec<String>, Vec<String>), ClusterError> {
        let discovery = self.once(&|| Discovery::new(self.client()).run()).await.map_err(|failure| failure.into_error(self))?;
        let (mut found, mut unseen) = (Vec::new(), Vec::new());
        for (resource, capabilities) in discovery.groups().flat_map(|group| group.recommended_resources()) {
            let looked_at = capabilities.scope == Scope::Namespaced && capabilities.supports_operation(verbs::LIST);
            if !looked_at || !capabilities.supports_operation(verbs::DELETE) {
                continue;
            }
            let list = self.retrying(&resource.plural, || {
                let api: Api<DynamicObject> = Api::namespaced_with(self.client(), namespace, &resource);
                async move { api.list_metadata(&ListParams::default().limit(super::list::PAGE)).await }
            });
            match list.await {
                Ok(list) => {
                    // What has an owner is told by that one, or is garbage soon: KubeVirt's ControllerRevisions outlive their machine a little.
                    let own = list.items.into_iter().filter(|item| item.metadata.owner_references.as_ref().is_none_or(Vec::is_empty));
                    let names = own.filter_map(|item| item.metadata.name);
                    found.extend(
                        names.filter(|name| !is_automatic(&resource.plural, name)).map(|name| format!("{}/{name}", resource.plural)),
                    );
                }
                Err(failure) if failure.is_code(403) => unseen.push(resource.plural),
                Err(failure) if failure.is_code(404) || failure.is_code(405) => {}
                Err(failure) => return Err(failure.into_error(self)),
            }
        }
        found.sort();
        unseen.sort();
        Ok((found, unseen))
    }

    /// Asks for the deletion of the namespace.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn delete_namespace(&self, name: &str) -> Result<(), ClusterError> {
        let deleted = self.retrying(name, || {
            let api: Api<Namespace> = Api::all(self.client());
            async move { api.delete(name, &DeleteParams::background()).await.map(|_| ()) }
        });
        match deleted.await {
            Err(failure) if failure.is_code(404) => Ok(()),
            result => result.map_err(|failure| failure.into_error(self)),
        }
    }

    /// Waits until the namespace is gone; false when the time is over first.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn wait_namespace_gone(&self, name: &str) -> Result<bool, ClusterError> {
        loop {
            let get = || {
                let api: Api<Namespace> = Api::all(self.client());
                async move { api.get_opt(name).await }
            };
            match self.retrying(name, get).await {
                Ok(None) => return Ok(true),
                // On OpenShift a project that is gone is forbidden.
                Err(failure) if failure.is_code(403) => return Ok(true),
                Ok(Some(_)) if self.overdue() => return Ok(false),
                Ok(Some(_)) => tokio::time::sleep(std::time::Duration::from_secs(1)).await,
                Err(failure) => return Err(failure.into_error(self)),
            }
        }
    }
}

/// Whether `up` made a namespace: it says so in an annotation, or in the description of a project.
pub fn owned(metadata: &ObjectMeta) -> bool {
    let described = metadata::annotation(metadata, "openshift.io/description").is_some_and(|text| text.contains(metadata::OWNED));
    described || metadata::annotation(metadata, metadata::OWNED).is_some()
}

fn is_automatic(resource: &str, name: &str) -> bool {
    let listed = AUTOMATIC.iter().any(|(of, names)| *of == resource && (names.is_empty() || names.contains(&name)));
    let secret = resource == "secrets" && ["default-", "builder-", "deployer-", "pipeline-"].iter().any(|prefix| name.starts_with(prefix));
    listed || secret
}
