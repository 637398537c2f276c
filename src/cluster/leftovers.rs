//! Finds what else is in a namespace that is to be deleted.

use std::collections::BTreeSet;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};
use kube::{
    Api,
    api::{ApiResource, DynamicObject, ListParams, PartialObjectMeta},
    discovery::{ApiCapabilities, ApiGroup, Discovery, Scope, verbs},
};

use crate::{error::ClusterError, metadata};

use super::{Target, timing::NAMESPACE_SETUP, transport::Code as _};

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

/// The other objects in a namespace with this metadata, as `resource/name`, and the resources that cannot be listed in it.
///
/// # Errors
/// When discovery fails.
pub(crate) async fn find(target: &Target, metadata: &ObjectMeta) -> Result<(Vec<String>, Vec<String>), ClusterError> {
    let discovery = Discovery::new(target.client()).run().await?;
    // In every version: the preferred version may lack a resource.
    let resources: Vec<_> = discovery.groups().flat_map(all_versions).collect();
    let served: BTreeSet<_> = discovery.groups().flat_map(served_kinds).collect();
    let namespace_created = created(metadata);
    let is_openshift = discovery.has_group(OPENSHIFT);
    let (mut listed, mut unseen) = (Vec::new(), Vec::new());
    for (resource, capabilities) in &resources {
        let looked_at = capabilities.scope == Scope::Namespaced && capabilities.supports_operation(verbs::LIST);
        if !looked_at || !capabilities.supports_operation(verbs::DELETE) {
            continue;
        }
        match all_of(target, resource).await {
            Ok(all) => listed.extend(all.into_iter().map(|object| (resource, object))),
            Err(error) if error.is_code(403) => unseen.push(resource.plural.clone()),
            Err(error) if error.is_code(404) || error.is_code(405) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let (automatic, others): (Vec<_>, Vec<_>) =
        listed.into_iter().partition(|(resource, object)| is_automatic(resource, object, namespace_created, is_openshift));
    let uids = |objects: &[(&ApiResource, Leftover)]| -> BTreeSet<String> {
        objects.iter().filter_map(|(_, object)| object.metadata.uid.clone()).collect()
    };
    let owners = Owners { served, automatic: uids(&automatic), others: uids(&others) };
    let foreign = owners.not_dependent(&others);
    let name = |(resource, object): &(&ApiResource, Leftover)| {
        format!("{}/{}", resource.plural, object.metadata.name.as_deref().unwrap_or_default())
    };
    let mut found: Vec<_> = foreign.into_iter().map(name).collect();
    found.sort();
    // Some resources are served by two groups.
    found.dedup();
    unseen.sort();
    unseen.dedup();
    Ok((found, unseen))
}

/// All objects of a resource in a namespace, in pages: their metadata, and the type of a Secret.
async fn all_of(target: &Target, resource: &ApiResource) -> kube::Result<Vec<Leftover>> {
    let mut parameters = ListParams::default().limit(super::list::PAGE);
    let (mut all, mut expired) = (Vec::new(), 0);
    loop {
        let (items, more) = match page_of(target, resource, &parameters).await {
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
async fn page_of(target: &Target, resource: &ApiResource, parameters: &ListParams) -> kube::Result<(Vec<Leftover>, Option<String>)> {
    let api: Api<DynamicObject> = Api::namespaced_with(target.client(), &target.namespace, resource);
    // The type of a Secret is needed, and is no metadata.
    if is_secret(resource) {
        let list = api.list(parameters).await?;
        let read = |object: DynamicObject| Leftover { metadata: object.metadata, kind: object.data["type"].as_str().map(str::to_owned) };
        return Ok((list.items.into_iter().map(read).collect(), list.metadata.continue_));
    }
    let list = api.list_metadata(parameters).await?;
    let read = |object: PartialObjectMeta<_>| Leftover { metadata: object.metadata, kind: None };
    Ok((list.items.into_iter().map(read).collect(), list.metadata.continue_))
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

/// What decides whether an object goes with its owners.
struct Owners {
    /// `apiVersion` and kind of everything in namespaces that the server serves, in all versions. The garbage collector does not look
    /// at others (seen with kube-apiserver 1.36).
    served: BTreeSet<(String, String)>,
    /// The UIDs of the cluster's own objects in the namespace. They are not reported, so what they own is.
    automatic: BTreeSet<String>,
    /// The UIDs of the others.
    others: BTreeSet<String>,
}

impl Owners {
    /// The objects that are not about to be garbage-collected, as KubeVirt's ControllerRevisions are, and do not belong to one that is
    /// reported. An owner outside namespaces outlives the namespace.
    fn not_dependent<'a, 'b>(&self, objects: &'a [(&'b ApiResource, Leftover)]) -> Vec<&'a (&'b ApiResource, Leftover)> {
        let references = |object: &'a Leftover| object.metadata.owner_references.as_deref().unwrap_or_default();
        let may_depend = |object: &'a Leftover| {
            let is_owner = |owner: &OwnerReference| {
                self.served.contains(&(owner.api_version.clone(), owner.kind.clone())) && !self.automatic.contains(&owner.uid)
            };
            !references(object).is_empty() && references(object).iter().all(is_owner)
        };
        let (candidates, mut foreign): (Vec<_>, Vec<_>) = objects.iter().partition(|(_, object)| may_depend(object));
        // Owners that do not exist, or are reported; then what belongs to those. What is left owns itself.
        let mut accounted: BTreeSet<&str> = foreign.iter().filter_map(|(_, object)| object.metadata.uid.as_deref()).collect();
        let mut rest = candidates;
        loop {
            let is_accounted = |owner: &OwnerReference| accounted.contains(owner.uid.as_str()) || !self.others.contains(&owner.uid);
            let (known, unknown): (Vec<_>, Vec<_>) = rest.into_iter().partition(|(_, object)| references(object).iter().all(is_accounted));
            rest = unknown;
            if known.is_empty() {
                break;
            }
            accounted.extend(known.iter().filter_map(|(_, object)| object.metadata.uid.as_deref()));
        }
        foreign.extend(rest);
        foreign
    }
}

/// `apiVersion` and kind of each resource in namespaces, in all versions of a group.
fn served_kinds(group: &ApiGroup) -> Vec<(String, String)> {
    let all = group.versions().flat_map(|version| group.versioned_resources(version));
    let namespaced = all.filter(|(_, capabilities)| capabilities.scope == Scope::Namespaced);
    namespaced.map(|(resource, _)| (resource.api_version, resource.kind)).collect()
}

/// When an object was created, in seconds since the epoch.
fn created(metadata: &ObjectMeta) -> Option<i64> {
    Some(metadata.creation_timestamp.as_ref()?.0.as_second())
}

/// Whether the cluster itself creates this object in each namespace, which was created at `namespace`.
fn is_automatic(resource: &ApiResource, object: &Leftover, namespace: Option<i64>, is_openshift: bool) -> bool {
    let name = object.metadata.name.as_deref().unwrap_or_default();
    let with_namespace = namespace.zip(created(&object.metadata)).is_some_and(|(namespace, object)| object <= namespace + NAMESPACE_SETUP);
    if is_secret(resource) {
        // Users create such Secrets too, later.
        let of_account = TOKEN_OF.iter().any(|key| metadata::annotation(&object.metadata, key).is_some());
        return with_namespace && of_account && object.kind.as_deref().is_some_and(|kind| TOKEN_TYPES.contains(&kind));
    }
    if resource.group.is_empty() && resource.plural == "endpoints" {
        // The endpoints controller copies the labels of the Service, and deletes its Endpoints a moment after it
        // (k8s.io/kubernetes `pkg/controller/endpoint/endpoints_controller.go`).
        let is_ours = |key: &str| {
            let labels = object.metadata.labels.as_ref();
            labels.and_then(|labels| labels.get(key)).is_some_and(|value| value == metadata::VIRTWORK)
        };
        return is_ours(metadata::NAME) && is_ours(metadata::MANAGED_BY);
    }
    let is_named = |(group, plural, names): &Names| {
        *group == resource.group && *plural == resource.plural && (names.is_empty() || names.contains(&name))
    };
    AUTOMATIC.iter().any(is_named) || is_openshift && with_namespace && AUTOMATIC_ON_OPENSHIFT.iter().any(is_named)
}

#[cfg(test)]
mod tests {
    use kube::core::GroupVersionKind;
    use serde_json::{Value, json};

    use super::*;

    const NAMESPACE: &str = "2026-11-30T10:00:00Z";

    fn automatic(group: &str, plural: &str, metadata: Value, is_openshift: bool) -> bool {
        let resource = ApiResource::from_gvk_with_plural(&GroupVersionKind::gvk(group, "v1", "Any"), plural);
        let object =
            Leftover { metadata: serde_json::from_value(metadata).unwrap(), kind: Some("kubernetes.io/service-account-token".to_owned()) };
        let namespace = serde_json::from_value(json!({"creationTimestamp": NAMESPACE})).unwrap();
        is_automatic(&resource, &object, created(&namespace), is_openshift)
    }

    #[test]
    fn names_are_automatic_only_in_their_group() {
        let of = |group, plural, name| automatic(group, plural, json!({"name": name}), false);
        assert!(of("", "configmaps", "kube-root-ca.crt"));
        assert!(of("", "events", "any") && of("events.k8s.io", "events", "any"));
        assert!(!of("example.com", "events", "any"));
        assert!(!of("submariner.io", "endpoints", "any") && !of("", "endpoints", "external-db"));
        assert!(!of("", "configmaps", "settings"));
        let labels = json!({"app.kubernetes.io/managed-by": "virtwork", "app.kubernetes.io/name": "virtwork"});
        assert!(automatic("", "endpoints", json!({"name": "any", "labels": labels}), false), "those of the fleet's Services");
        assert!(!automatic("", "endpoints", json!({"name": "any", "labels": {"app.kubernetes.io/managed-by": "virtwork"}}), false));
    }

    #[test]
    fn openshift_creates_its_objects_with_the_project() {
        let made = |time| json!({"name": "admin", "creationTimestamp": time});
        let of = |time, is_openshift| automatic("rbac.authorization.k8s.io", "rolebindings", made(time), is_openshift);
        assert!(of("2026-11-30T10:00:20Z", true));
        assert!(!of("2026-11-30T10:05:00Z", true), "a user's");
        assert!(!of("2026-11-30T10:00:20Z", false), "in another cluster");
    }

    #[test]
    fn tokens_are_created_with_the_namespace() {
        let of = |time, key: &str| automatic("", "secrets", json!({"creationTimestamp": time, "annotations": {key: "default"}}), false);
        assert!(of("2026-11-30T10:00:05Z", TOKEN_OF[0]) && of("2026-11-30T10:00:05Z", TOKEN_OF[1]));
        assert!(!of("2026-11-30T11:00:00Z", TOKEN_OF[0]), "a user's own token");
        assert!(!of("2026-11-30T10:00:05Z", "other"));
    }

    #[test]
    fn owners_that_do_not_exist_or_are_reported() {
        let resource = ApiResource::from_gvk_with_plural(&GroupVersionKind::gvk("", "v1", "ConfigMap"), "configmaps");
        let object = |uid: &str, owners: &[(&str, &str)]| {
            let owners: Vec<_> = owners
                .iter()
                .map(|(version, uid)| json!({"apiVersion": version, "kind": "ConfigMap", "name": "any", "uid": uid}))
                .collect();
            let metadata = serde_json::from_value(json!({"name": uid, "uid": uid, "ownerReferences": owners})).unwrap();
            (&resource, Leftover { metadata, kind: None })
        };
        let objects = [
            object("free", &[]),
            object("of-free", &[("v1", "free")]),
            object("of-that", &[("v1", "of-free")]),
            object("of-nothing", &[("v1", "gone")]),
            object("of-itself", &[("v1", "of-itself")]),
            object("a", &[("v1", "b")]),
            object("b", &[("v1", "a")]),
            object("of-automatic", &[("v1", "automatic")]),
            object("of-old-version", &[("v1beta1", "gone")]),
        ];
        let others = objects.iter().filter_map(|(_, object)| object.metadata.uid.clone()).collect();
        let served = [("v1".to_owned(), "ConfigMap".to_owned())].into();
        let owners = Owners { served, automatic: ["automatic".to_owned()].into(), others };
        let mut found: Vec<_> = owners.not_dependent(&objects).iter().filter_map(|(_, object)| object.metadata.name.clone()).collect();
        found.sort();
        assert_eq!(found, ["a", "b", "free", "of-automatic", "of-itself", "of-old-version"]);
    }
}
