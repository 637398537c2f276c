//! The writes of `up`: create, server-side apply and restart, with bounded concurrency and no unnecessary request.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use futures::{StreamExt as _, stream};
use k8s_openapi::api::core::v1::Namespace;
use kube::{
    Api,
    api::{ApiResource, DynamicObject, GroupVersionKind, Patch, PatchParams, PostParams, Request},
};
use serde_json::{json, value::RawValue};

use crate::{
    error::{ClusterError, WaitedFor},
    event::{Event, Events, Mode, Outcome},
    object::{Kind, ObjectName, ObjectRef},
    plan::{Object, Plan, compare::Action, metadata},
};

use super::timing::{GET_INTERVAL, NEW_PROJECT_GRACE};
use super::{Change, Cluster, Diff, access_review::Permission, diff, field_manager, preflight::NamespaceState, transport::Code as _};

/// Conflicts with other writers before giving up.
const CONFLICTS: u32 = 30;

/// The result of the writes.
#[derive(Debug, Default)]
pub struct Applied {
    /// The failures, in the order of the plan.
    pub failures: Vec<ClusterError>,
}

impl Cluster {
    /// Checks the permissions that the changes need. Without changes none is checked.
    ///
    /// # Errors
    /// All missing permissions.
    pub async fn require_plan_permissions(&self, plan: &Plan, diff: &Diff, restart: bool, prune: bool) -> Result<(), ClusterError> {
        let restarts = !diff.needs_restart.is_empty() || diff.changes.iter().any(|change| !change.is_unchanged() && !change.is_create());
        let mut permissions: Vec<Permission> = Vec::new();
        for (object, change) in plan.objects.iter().zip(&diff.changes).filter(|(_, change)| !change.is_unchanged()) {
            let kind = object.kind;
            permissions.push((if change.is_create() { "create" } else { "patch" }, kind.group(), kind.plural()));
        }
        if restart && restarts {
            permissions.push(("update", "subresources.kubevirt.io", "virtualmachines/restart"));
        }
        if prune {
            // Their absence is checked with get.
            let verbs =
                |found: &super::Extraneous| ["delete", "get"].map(|verb| (verb, found.object.kind.group(), found.object.kind.plural()));
            permissions.extend(diff.extraneous.iter().flat_map(verbs));
        }
        permissions.sort_unstable();
        permissions.dedup();
        self.require_permissions(&permissions, &plan.namespace).await
    }

    /// Whether the missing namespace can be created as a Namespace (true) or as a project (false).
    ///
    /// # Errors
    /// When the user can create neither.
    pub async fn require_namespace_permission(&self, name: &str, place: &NamespaceState) -> Result<bool, ClusterError> {
        let namespaces = *place == NamespaceState::NotFound && self.can_i(("create", "", "namespaces"), None).await?;
        if namespaces {
            return Ok(true);
        }
        let projects = self.api_group("project.openshift.io").await?.is_some();
        if projects && self.can_i(("create", "project.openshift.io", "projectrequests"), None).await? {
            return Ok(false);
        }
        Err(match place {
            NamespaceState::NotFound => ClusterError::NamespaceNotFound(name.to_owned()),
            NamespaceState::Active(_) | NamespaceState::Forbidden => ClusterError::NoNamespaceAccess(name.to_owned()),
        })
    }

    /// Creates the namespace with the annotation that `up` owns it; as a ProjectRequest if `as_namespace` is false.
    ///
    /// # Errors
    /// The server's error.
    pub async fn create_namespace(&self, plan: &Plan, as_namespace: bool) -> Result<bool, ClusterError> {
        self.make_namespace(plan, as_namespace, Mode::Real).await
    }

    /// Sends the same request as a dry run.
    ///
    /// # Errors
    /// The server's error.
    pub async fn check_namespace_on_server(&self, plan: &Plan, as_namespace: bool) -> Result<(), ClusterError> {
        self.make_namespace(plan, as_namespace, Mode::ServerDryRun).await.map(|_| ())
    }

    async fn make_namespace(&self, plan: &Plan, as_namespace: bool, mode: Mode) -> Result<bool, ClusterError> {
        let dry_run = mode == Mode::ServerDryRun;
        let parameters = PostParams { dry_run, field_manager: Some(metadata::VIRTWORK.to_owned()) };
        let annotation = format!("{}={}", metadata::OWNED, plan.fleet);
        let made = if as_namespace {
            let mut namespace = plan.namespace_object();
            namespace.metadata.annotations = Some([(metadata::OWNED.to_owned(), plan.fleet.clone())].into());
            self.post(Api::<Namespace>::all(self.client()).resource_url(), &parameters, json!(namespace).to_string()).await
        } else {
            let resource = ApiResource::from_gvk(&GroupVersionKind::gvk("project.openshift.io", "v1", "ProjectRequest"));
            let request = DynamicObject::new(&plan.namespace, &resource)
                .data(json!({"description": format!("Made by kubectl virtwork ({annotation})")}));
            let url = Api::<DynamicObject>::all_with(self.client(), &resource).resource_url().to_owned();
            self.post(&url, &PostParams { dry_run, ..PostParams::default() }, json!(request).to_string()).await
        };
        match made {
            Ok(()) => {
                if !as_namespace {
                    self.transport.expect_permissions(NEW_PROJECT_GRACE);
                }
                Ok(true)
            }
            // Another `up` was faster, or the response to the first attempt was lost.
            Err((error, is_repeated)) if error.is_code(409) && as_namespace => {
                Ok(is_repeated && self.owns_namespace(&plan.namespace).await?)
            }
            Err((error, _)) => Err(error.into()),
        }
    }

    /// Creates an object from its JSON; an error comes with whether an earlier attempt may have taken effect.
    async fn post(&self, url: &str, parameters: &PostParams, json: String) -> Result<(), (kube::Error, bool)> {
        let request = Request::new(url).create(parameters, json.into_bytes());
        self.transport.post(request.map_err(|error| (kube::Error::BuildRequest(error), false))?).await
    }

    /// Creates or updates every object of the plan. Objects that others refer to come first.
    pub async fn apply(&self, plan: &Plan, diff: &Diff, concurrency: usize, events: &Events) -> Applied {
        let stop = &AtomicBool::new(false);
        let mut applied = Applied::default();
        events.emit(Event::Applying { total: diff.changes.len() }).await;
        for vms in [false, true] {
            let all = plan.objects.iter().zip(&diff.changes);
            let part = all.filter(|(object, _)| (object.kind == Kind::Vm) == vms).enumerate();
            let mut results = stream::iter(part)
                .map(|(index, (object, change))| async move {
                    if stop.load(Ordering::SeqCst) {
                        return (index, None);
                    }
                    let result = self.apply_object(plan, object, change, Mode::Real).await;
                    // The next object would fail in the same way. Requests in flight finish.
                    stop.fetch_or(result.is_err(), Ordering::SeqCst);
                    (index, Some((object, result)))
                })
                .buffer_unordered(concurrency);
            // Reported in the order of the plan, whichever finished first.
            let (mut early, mut next) = (BTreeMap::new(), 0);
            while let Some((index, result)) = results.next().await {
                early.insert(index, result);
                while let Some(result) = early.remove(&next) {
                    next += 1;
                    match result {
                        Some((object, Ok(outcome))) => {
                            let object = ObjectName::new(object.kind, &object.name);
                            events.emit(Event::Applied { object, outcome, mode: Mode::Real }).await;
                        }
                        Some((_, Err(failure))) => applied.failures.push(failure),
                        None => {}
                    }
                }
            }
        }
        events.emit(Event::AppliedAll).await;
        applied
    }

    /// Sends the same requests as dry runs.
    ///
    /// # Errors
    /// The first error.
    pub async fn check_on_server(&self, plan: &Plan, diff: &Diff) -> Result<(), ClusterError> {
        for (object, change) in plan.objects.iter().zip(&diff.changes) {
            self.apply_object(plan, object, change, Mode::ServerDryRun).await?;
        }
        Ok(())
    }

    async fn apply_object(&self, plan: &Plan, object: &Object, change: &Change, mode: Mode) -> Result<Outcome, ClusterError> {
        if change.is_unchanged() {
            return Ok(Outcome::Unchanged);
        }
        let namespace = plan.namespace.as_str();
        if change.is_create() {
            if change.terminating && mode == Mode::Real {
                self.wait_until_gone(object.kind, namespace, &object.name).await?;
            }
            return self.create(namespace, &plan.fleet, object, mode).await;
        }
        if mode == Mode::Real {
            self.migrate_field_manager(namespace, object, change.field_manager.clone()).await?;
        }
        match self.server_side_apply(namespace, object, mode).await {
            Ok(_) if change.action == Action::UpdateAndStart => Ok(Outcome::Started),
            Ok(_) => Ok(Outcome::Configured),
            Err(error) => Err(error),
        }
    }

    async fn create(&self, namespace: &str, fleet: &str, object: &Object, mode: Mode) -> Result<Outcome, ClusterError> {
        let parameters = PostParams { dry_run: mode == Mode::ServerDryRun, field_manager: Some(metadata::VIRTWORK.to_owned()) };
        let api = self.api(object.kind, Some(namespace));
        loop {
            match self.post(api.resource_url(), &parameters, object.json().to_owned()).await {
                Ok(()) => return Ok(Outcome::Created),
                Err((error, is_repeated)) if error.is_code(409) => {
                    if let Some(outcome) = self.adopt(namespace, fleet, object, is_repeated).await? {
                        return Ok(outcome);
                    }
                }
                Err((error, _)) => return Err(error.into()),
            }
        }
    }

    /// Handles an object that was created after the diff: by a request of ours whose response was lost, by another `up`, or by
    /// someone else. `None` means that it is gone.
    async fn adopt(&self, namespace: &str, fleet: &str, object: &Object, lost: bool) -> Result<Option<Outcome>, ClusterError> {
        let kind = object.kind;
        let found = self.get(kind, namespace, &object.name).await?;
        let Some(found) = found else { return Ok(None) };
        let live = diff::meta(&found);
        if !live.is_planned_by(fleet) {
            let object = ObjectName::new(kind, &object.name);
            return Err(ClusterError::NameTaken { namespace: namespace.to_owned(), objects: vec![object] });
        }
        if live.terminating {
            return self.wait_until_gone(kind, namespace, &object.name).await.map(|()| None);
        }
        if live.label_or_annotation(metadata::PLAN_HASH) == Some(&object.hash) {
            return Ok(Some(if lost { Outcome::Created } else { Outcome::Unchanged }));
        }
        self.migrate_field_manager(namespace, object, field_manager::patch(&found)).await?;
        match self.server_side_apply(namespace, object, Mode::Real).await {
            Ok(_) => Ok(Some(Outcome::Configured)),
            Err(error) => Err(error),
        }
    }

    /// An object as the server would store it if the plan were applied.
    ///
    /// # Errors
    /// The server's error.
    pub async fn planned(&self, namespace: &str, object: &Object) -> Result<serde_json::Value, ClusterError> {
        let text = self.server_side_apply(namespace, object, Mode::ServerDryRun).await?;
        serde_json::from_str(&text).map_err(|error| ClusterError::Unreadable(error.to_string()))
    }

    async fn server_side_apply(&self, namespace: &str, object: &Object, mode: Mode) -> Result<String, ClusterError> {
        // The plan decides conflicts with other field managers.
        let parameters = PatchParams { dry_run: mode == Mode::ServerDryRun, ..PatchParams::apply(metadata::VIRTWORK).force() };
        let api = self.api(object.kind, Some(namespace));
        let body: Result<&RawValue, _> = serde_json::from_str(object.json());
        let body = body.unwrap_or_else(|error| unreachable!("our own JSON: {error}"));
        let request = Request::new(api.resource_url()).patch(&object.name, &parameters, &Patch::Apply(body));
        Ok(self.client().request_text(request.map_err(kube::Error::BuildRequest)?).await?)
    }

    async fn migrate_field_manager(
        &self,
        namespace: &str,
        object: &Object,
        mut patch: Option<json_patch::Patch>,
    ) -> Result<(), ClusterError> {
        let (kind, name) = (object.kind, object.name.as_str());
        let mut conflicts = 0;
        while let Some(operations) = patch {
            let api = self.api(kind, Some(namespace));
            let patched = api.patch(name, &PatchParams::default(), &Patch::<()>::Json(operations)).await;
            match patched {
                // Another writer, such as KubeVirt, changed it in between. Without a retry, fields dropped from the plan would
                // stay.
                Err(error) if error.is_code(409) && !self.transport.overdue() && conflicts < CONFLICTS => {
                    conflicts += 1;
                    tokio::time::sleep(Duration::from_millis(50 * u64::from(conflicts))).await;
                    let live = self.get(kind, namespace, name).await?;
                    patch = live.as_ref().and_then(field_manager::patch);
                }
                result => return result.map(|_| ()).map_err(Into::into),
            }
        }
        Ok(())
    }

    /// Restarts a VM so that it runs with the planned configuration.
    ///
    /// # Errors
    /// The server's error. A VM that is not running needs no restart.
    pub async fn restart(&self, namespace: &str, vm: &str) -> Result<(), ClusterError> {
        let path = format!("/apis/subresources.kubevirt.io/v1/namespaces/{namespace}/virtualmachines/{vm}/restart");
        let request = http::Request::put(&path).header(http::header::CONTENT_TYPE, "application/json").body(b"{}".to_vec());
        match self.client().request_text(request.map_err(kube::Error::HttpError)?).await {
            Err(error) if !error.is_code(409) => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// Waits until an object that is being deleted is gone.
    ///
    /// # Errors
    /// When the time is over, or the object cannot be read.
    pub async fn wait_until_gone(&self, kind: Kind, namespace: &str, name: &str) -> Result<(), ClusterError> {
        self.wait_while(kind, namespace, name, |object| object["metadata"]["deletionTimestamp"].is_string()).await
    }

    /// Waits until this object, whose deletion was accepted, is gone.
    ///
    /// # Errors
    /// When the time is over, or the object cannot be read.
    pub async fn wait_deleted(&self, namespace: &str, item: &ObjectRef) -> Result<(), ClusterError> {
        self.wait_while(item.kind, namespace, &item.name, |object| object["metadata"]["uid"] == *item.uid).await
    }

    async fn wait_while(
        &self,
        kind: Kind,
        namespace: &str,
        name: &str,
        stays: impl Fn(&serde_json::Value) -> bool,
    ) -> Result<(), ClusterError> {
        loop {
            let found = self.get(kind, namespace, name).await?;
            if !found.is_some_and(|object| stays(&object)) {
                return Ok(());
            }
            if self.transport.overdue() {
                let waited_for = WaitedFor::Object(format!("{}/{name}", kind.qualified_name()));
                return Err(ClusterError::Timeout { after: self.elapsed(), waited_for });
            }
            tokio::time::sleep(GET_INTERVAL).await;
        }
    }
}
