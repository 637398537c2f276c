//! The namespace of a fleet: its state, its creation, its deletion.

use k8s_openapi::{api::core::v1::Namespace, apimachinery::pkg::apis::meta::v1::ObjectMeta};
use kube::{
    Api,
    api::{ApiResource, DeleteParams, DynamicObject, GroupVersionKind, PostParams, Preconditions},
};
use serde_json::json;

use crate::{error::ClusterError, event::Mode, metadata, plan::Plan};

use super::{
    Target,
    apply::post,
    permissions::can_i,
    preflight::api_group,
    timing::{GET_INTERVAL, NEW_PROJECT_GRACE},
    transport::Code as _,
};

/// The state of a namespace, as far as the user can see it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum NamespaceState {
    /// It exists.
    Active(Box<ObjectMeta>),
    /// It does not exist.
    NotFound,
    /// The user cannot read it.
    Forbidden,
}

/// The state of the namespace.
///
/// # Errors
/// When it is being deleted.
pub(crate) async fn state(target: &Target) -> Result<NamespaceState, ClusterError> {
    match Api::<Namespace>::all(target.client()).get_opt(&target.namespace).await {
        Ok(Some(namespace)) if namespace.metadata.deletion_timestamp.is_some() => {
            Err(ClusterError::NamespaceTerminating(target.namespace.clone()))
        }
        Ok(Some(namespace)) => Ok(NamespaceState::Active(Box::new(namespace.metadata))),
        Ok(None) => Ok(NamespaceState::NotFound),
        // On OpenShift a missing project and another user's project look alike.
        Err(error) if error.is_code(403) => Ok(NamespaceState::Forbidden),
        Err(error) => Err(error.into()),
    }
}

/// How a namespace is created.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Creation {
    /// As a Namespace.
    Namespace,
    /// As an OpenShift project, which users may request without permission to create namespaces.
    Project,
}

/// How the user can create the missing namespace.
///
/// # Errors
/// When the user can create neither a Namespace nor a project.
pub(crate) async fn creation(target: &Target, state: &NamespaceState) -> Result<Creation, ClusterError> {
    if *state == NamespaceState::NotFound && can_i(target, ("create", "", "namespaces"), None).await? {
        return Ok(Creation::Namespace);
    }
    let projects = api_group(target, "project.openshift.io").await?.is_some();
    if projects && can_i(target, ("create", "project.openshift.io", "projectrequests"), None).await? {
        return Ok(Creation::Project);
    }
    let name = target.namespace.clone();
    Err(match state {
        NamespaceState::NotFound => ClusterError::NamespaceNotFound(name),
        NamespaceState::Active(_) | NamespaceState::Forbidden => ClusterError::NoNamespaceAccess(name),
    })
}

/// Creates the namespace of a plan with the annotation that `up` owns it. False if someone else did so first.
///
/// # Errors
/// The server's error.
pub(crate) async fn create(target: &Target, plan: &Plan, creation: Creation, mode: Mode) -> Result<bool, ClusterError> {
    let dry_run = mode == Mode::ServerDryRun;
    if creation == Creation::Project {
        let resource = ApiResource::from_gvk(&GroupVersionKind::gvk("project.openshift.io", "v1", "ProjectRequest"));
        let description = format!("Made by kubectl virtwork ({}={})", metadata::OWNED, plan.fleet);
        let request = DynamicObject::new(&plan.namespace, &resource).data(json!({"description": description}));
        let url = Api::<DynamicObject>::all_with(target.client(), &resource).resource_url().to_owned();
        let parameters = PostParams { dry_run, ..PostParams::default() };
        post(target, &url, &parameters, json!(request).to_string()).await.map_err(|(error, _)| error)?;
        target.transport.expect_permissions(NEW_PROJECT_GRACE);
        return Ok(true);
    }
    let mut namespace = plan.namespace_object();
    namespace.metadata.annotations = Some([(metadata::OWNED.to_owned(), plan.fleet.clone())].into());
    let parameters = PostParams { dry_run, field_manager: Some(metadata::VIRTWORK.to_owned()) };
    let url = Api::<Namespace>::all(target.client()).resource_url().to_owned();
    match post(target, &url, &parameters, json!(namespace).to_string()).await {
        Ok(()) => Ok(true),
        // Another `up` was faster, or the response to the first attempt was lost.
        Err((error, is_repeated)) if error.is_code(409) => Ok(is_repeated && is_created_by_up(target).await?),
        Err((error, _)) => Err(error.into()),
    }
}

async fn is_created_by_up(target: &Target) -> Result<bool, ClusterError> {
    Ok(matches!(state(target).await?, NamespaceState::Active(metadata) if created_by_up(&metadata)))
}

/// Requests the deletion of the namespace with this UID.
///
/// # Errors
/// The server's error.
pub(crate) async fn delete(target: &Target, uid: &str) -> Result<(), ClusterError> {
    let parameters = DeleteParams {
        preconditions: Some(Preconditions { uid: Some(uid.to_owned()), resource_version: None }),
        ..DeleteParams::background()
    };
    match Api::<Namespace>::all(target.client()).delete(&target.namespace, &parameters).await {
        Err(error) if !error.is_code(404) => Err(error.into()),
        _ => Ok(()),
    }
}

/// Waits until the namespace is gone; false if the time is over first.
///
/// # Errors
/// The server's error.
pub(crate) async fn until_gone(target: &Target, uid: &str) -> Result<bool, ClusterError> {
    loop {
        match Api::<Namespace>::all(target.client()).get_opt(&target.namespace).await {
            Ok(None) => return Ok(true),
            // A new namespace has the name.
            Ok(Some(namespace)) if namespace.metadata.uid.as_deref() != Some(uid) => return Ok(true),
            // On OpenShift a deleted project is forbidden.
            Err(error) if error.is_code(403) => return Ok(true),
            Ok(Some(_)) if target.is_overdue() => return Ok(false),
            Ok(Some(_)) => tokio::time::sleep(GET_INTERVAL).await,
            Err(error) => return Err(error.into()),
        }
    }
}

/// Whether `up` created a namespace. It sets an annotation, or the description of a project.
pub(crate) fn created_by_up(metadata: &ObjectMeta) -> bool {
    let described = metadata::annotation(metadata, "openshift.io/description").is_some_and(|text| text.contains(metadata::OWNED));
    described || metadata::annotation(metadata, metadata::OWNED).is_some()
}
