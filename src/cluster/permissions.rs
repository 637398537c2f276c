//! Permissions of the user, by SelfSubjectAccessReview. Only those that the changes need are checked.

use k8s_openapi::api::authorization::v1::{ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec};
use kube::api::{Api, PostParams};

use crate::{
    error::ClusterError,
    plan::{Diff, Plan},
};

use super::{Target, transport::Code as _};

/// A permission: verb, group, resource (with subresource).
pub(crate) type Permission = (&'static str, &'static str, &'static str);

/// Checks the permissions that the changes need. Without changes none is checked.
///
/// # Errors
/// All missing permissions.
pub(crate) async fn require_for(target: &Target, plan: &Plan, diff: &Diff, wanted: Wanted) -> Result<(), ClusterError> {
    let restarts = !diff.needs_restart.is_empty() || diff.writes(plan).any(|(_, change)| !change.is_create());
    let mut permissions: Vec<Permission> = Vec::new();
    for (object, change) in diff.writes(plan) {
        permissions.push((if change.is_create() { "create" } else { "patch" }, object.kind.group(), object.kind.plural()));
    }
    if wanted.restart && restarts {
        permissions.push(("update", "subresources.kubevirt.io", "virtualmachines/restart"));
    }
    if wanted.prune {
        permissions.extend(diff.extraneous.iter().map(|found| ("delete", found.object.kind.group(), found.object.kind.plural())));
    }
    permissions.sort_unstable();
    permissions.dedup();
    require(target, &permissions).await
}

/// What `up` does beyond applying.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    /// Restart VMs whose configuration is outdated.
    pub restart: bool,
    /// Delete what is not in the plan.
    pub prune: bool,
}

/// Whether the user has a permission. If the review itself is forbidden, the later write decides.
pub(crate) async fn can_i(target: &Target, (verb, group, resource): Permission, namespace: Option<&str>) -> Result<bool, ClusterError> {
    let (resource, subresource) = resource.split_once('/').map_or((resource, None), |(resource, sub)| (resource, Some(sub)));
    let review = SelfSubjectAccessReview {
        spec: SelfSubjectAccessReviewSpec {
            resource_attributes: Some(ResourceAttributes {
                namespace: namespace.map(str::to_owned),
                verb: Some(verb.to_owned()),
                group: Some(group.to_owned()),
                resource: Some(resource.to_owned()),
                subresource: subresource.map(str::to_owned),
                ..ResourceAttributes::default()
            }),
            ..SelfSubjectAccessReviewSpec::default()
        },
        ..SelfSubjectAccessReview::default()
    };
    let api: Api<SelfSubjectAccessReview> = Api::all(target.client());
    match api.create(&PostParams::default(), &review).await {
        Ok(answer) => Ok(answer.status.is_some_and(|status| status.allowed)),
        Err(error) if error.is_code(403) || error.is_code(404) => Ok(true),
        Err(error) => Err(error.into()),
    }
}

/// Fails before the first write if permissions are missing, and names all of them.
async fn require(target: &Target, permissions: &[Permission]) -> Result<(), ClusterError> {
    let mut missing = Vec::new();
    for permission in permissions {
        if !can_i(target, *permission, Some(&target.namespace)).await? {
            missing.push(format!(
                "{} {}",
                permission.0,
                if permission.1.is_empty() { permission.2.to_owned() } else { format!("{}.{}", permission.2, permission.1) }
            ));
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    Err(ClusterError::MissingPermissions { namespace: target.namespace.clone(), missing })
}
