//! Permissions of the user, by SelfSubjectAccessReview. Only those that the changes need are checked.

use k8s_openapi::api::authorization::v1::{ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec};
use kube::api::{Api, PostParams};

use crate::error::ClusterError;

use super::{Cluster, transport::Code as _};

/// A permission: verb, group, resource (with subresource).
pub type Permission = (&'static str, &'static str, &'static str);

impl Cluster {
    /// Whether the user has a permission. If the review itself is forbidden, the later write decides.
    pub(super) async fn can_i(&self, (verb, group, resource): Permission, namespace: Option<&str>) -> Result<bool, ClusterError> {
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
        let api: Api<SelfSubjectAccessReview> = Api::all(self.client());
        match api.create(&PostParams::default(), &review).await {
            Ok(answer) => Ok(answer.status.is_some_and(|status| status.allowed)),
            Err(error) if error.is_code(403) || error.is_code(404) => Ok(true),
            Err(error) => Err(error.into()),
        }
    }

    /// Fails before the first write if permissions are missing, and names all of them.
    pub(super) async fn require_permissions(&self, permissions: &[Permission], namespace: &str) -> Result<(), ClusterError> {
        let mut missing = Vec::new();
        for permission in permissions {
            if !self.can_i(*permission, Some(namespace)).await? {
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
        Err(ClusterError::MissingPermissions { namespace: namespace.to_owned(), missing })
    }
}
