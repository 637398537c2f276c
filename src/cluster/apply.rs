//! The writes of `up`: create, server-side apply, restart; with bounded concurrency, and not one more than needed.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use futures::{StreamExt as _, stream};
use k8s_openapi::api::core::v1::Namespace;
use kube::{
    Api,
    api::{ApiResource, DynamicObject, GroupVersionKind, Patch, PatchParams, PostParams},
};
use serde_json::{Value, json};

use crate::{
    error::ClusterError,
    plan::{Object, Plan, compare::Difference, metadata},
};

use super::{Change, Cluster, Kind, Listener, Progress, Survey, access_review::Right, preflight::Place, request::Failure, survey};

/// After a ProjectRequest the rights in the new project take a while to arrive.
const NEW_PROJECT: Duration = Duration::from_secs(30);

/// The field of the annotation in which kubectl keeps what it applied last.
const LAST_APPLIED: &str = "f:kubectl.kubernetes.io/last-applied-configuration";

/// How the writes went.
#[derive(Debug, Default)]
pub struct Outcome {
    /// What failed, in the order of the plan.
    pub failures: Vec<ClusterError>,
}

/// Whether requests are carried out, or only checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Real,
    Server,
}

impl Cluster {
    /// Asks for the rights that the difference needs; with nothing to do, for none.
    ///
    /// # Errors
    /// Names every missing verb.
    pub async fn require_rights(&self, plan: &Plan, survey: &Survey, restart: bool, prune: bool) -> Result<(), ClusterError> {
        let restarts = !survey.outdated.is_empty() || survey.changes.iter().any(|change| !change.is_unchanged() && !change.is_create());
        let mut rights: Vec<Right> = Vec::new();
        for change in survey.changes.iter().filter(|change| !change.is_unchanged()) {
            let kind = Kind::of(&change.object);
            rights.push((if change.is_create() { "create" } else { "patch" }, kind.group(), kind.plural()));
        }
        if restart && restarts {
            rights.push(("update", "subresources.kubevirt.io", "virtualmachines/restart"));
        }
        if prune {
            rights.extend(survey.surplus.iter().map(|(kind, _)| ("delete", kind.group(), kind.plural())));
        }
        rights.sort_unstable();
        rights.dedup();
        self.demand(&rights, &plan.namespace).await
    }

    /// Whether, and how, the missing namespace could be made.
    ///
    /// # Errors
    /// When the user may make neither a Namespace nor a project.
    pub async fn require_namespace_right(&self, name: &str, place: &Place) -> Result<bool, ClusterError> {
        let namespaces = *place == Place::Missing && self.may(("create", "", "namespaces"), None).await?;
        if namespaces {
            return Ok(true);
        }
        let projects = self.api_group("project.openshift.io").await?.is_some();
        if projects && self.may(("create", "project.openshift.io", "projectrequests"), None).await? {
            return Ok(false);
        }
        let what = if *place == Place::Missing { "does not exist, and you may not make it" } else { "is not yours to look into" };
        Err(ClusterError::Preflight(format!("namespace {name} {what}; choose one of yours with -n, or ask an administrator for it")))
    }

    /// Makes the namespace, with the mark that it is ours; as a ProjectRequest where `as_namespace` is false.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn create_namespace(&self, plan: &Plan, as_namespace: bool) -> Result<bool, ClusterError> {
        self.make_namespace(plan, as_namespace, Mode::Real).await
    }

    /// The same request, which the server checks and does not keep.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn check_namespace_on_server(&self, plan: &Plan, as_namespace: bool) -> Result<(), ClusterError> {
        self.make_namespace(plan, as_namespace, Mode::Server).await.map(|_| ())
    }

    async fn make_namespace(&self, plan: &Plan, as_namespace: bool, mode: Mode) -> Result<bool, ClusterError> {
        let dry_run = mode == Mode::Server;
        let parameters = PostParams { dry_run, field_manager: Some(metadata::VIRTWORK.to_owned()) };
        let mark = format!("{}={}", metadata::OWNED, plan.fleet);
        let made = if as_namespace {
            let mut namespace = plan.namespace_object();
            namespace.metadata.annotations = Some([(metadata::OWNED.to_owned(), plan.fleet.clone())].into());
            self.retrying("namespace", || {
                let api: Api<Namespace> = Api::all(self.client());
                let (parameters, namespace) = (parameters.clone(), namespace.clone());
                async move { api.create(&parameters, &namespace).await.map(|_| ()) }
            })
            .await
        } else {
            let resource = ApiResource::from_gvk(&GroupVersionKind::gvk("project.openshift.io", "v1", "ProjectRequest"));
            let request =
                DynamicObject::new(&plan.namespace, &resource).data(json!({"description": format!("Made by kubectl virtwork ({mark})")}));
            self.retrying("project", || {
                let api: Api<DynamicObject> = Api::all_with(self.client(), &resource);
                let (parameters, request) = (PostParams { dry_run, ..PostParams::default() }, request.clone());
                async move { api.create(&parameters, &request).await.map(|_| ()) }
            })
            .await
        };
        match made {
            Ok(()) => {
                if !as_namespace {
                    self.forgive_forbidden(Instant::now() + NEW_PROJECT);
                }
                Ok(true)
            }
            // Somebody else's `up` was quicker, or the answer to ours was lost.
            Err(failure) if failure.is_code(409) && as_namespace => Ok(false),
            Err(failure) => Err(failure.into_error(self)),
        }
    }

    /// Brings every object to what is planned. What is referred to is written first.
    pub async fn apply(&self, plan: &Plan, survey: &Survey, concurrency: usize, tell: Listener<'_>) -> Outcome {
        let stop = AtomicBool::new(false);
        let mut outcome = Outcome::default();
        tell(Progress::Writing { total: survey.changes.len() });
        for machines in [false, true] {
            let part = survey.changes.iter().filter(|change| matches!(change.object, Object::Machine(_)) == machines);
            let mut results = stream::iter(part)
                .map(|change| async {
                    if stop.load(Ordering::SeqCst) {
                        return None;
                    }
                    let result = self.bring(&plan.namespace, &plan.fleet, change, Mode::Real).await;
                    // A refusal will be repeated for the next object; what is under way is let finish.
                    stop.fetch_or(result.is_err(), Ordering::SeqCst);
                    Some((format!("{}/{}", Kind::of(&change.object).printed(), change.object.name()), result))
                })
                .buffered(concurrency);
            while let Some(result) = results.next().await {
                match result {
                    Some((object, Ok(verb))) => tell(Progress::Object { object, verb }),
                    Some((_, Err(failure))) => outcome.failures.push(failure),
                    None => {}
                }
            }
        }
        tell(Progress::Written);
        outcome
    }

    /// The same requests, which the server checks and does not keep.
    ///
    /// # Errors
    /// The first refusal.
    pub async fn check_on_server(&self, plan: &Plan, survey: &Survey) -> Result<(), ClusterError> {
        for change in &survey.changes {
            self.bring(&plan.namespace, &plan.fleet, change, Mode::Server).await?;
        }
        Ok(())
    }

    async fn bring(&self, namespace: &str, fleet: &str, change: &Change, mode: Mode) -> Result<&'static str, ClusterError> {
        if change.is_unchanged() {
            return Ok("unchanged");
        }
        if change.is_create() {
            if change.going && mode == Mode::Real {
                self.wait_until_gone(Kind::of(&change.object), namespace, change.object.name()).await?;
            }
            return self.create(namespace, fleet, &change.object, mode).await;
        }
        self.own_fields(namespace, change, mode).await?;
        match self.server_side_apply(namespace, &change.object, mode).await {
            Ok(()) if change.difference == Difference::Start => Ok("configured (it was stopped: started again)"),
            Ok(()) => Ok("configured"),
            Err(failure) => Err(failure.into_error(self)),
        }
    }

    async fn create(&self, namespace: &str, fleet: &str, object: &Object, mode: Mode) -> Result<&'static str, ClusterError> {
        let kind = Kind::of(object);
        let parameters = PostParams { dry_run: mode == Mode::Server, field_manager: Some(metadata::VIRTWORK.to_owned()) };
        let body: DynamicObject =
            serde_json::from_value(object.to_value()).unwrap_or_else(|error| unreachable!("a planned object: {error}"));
        let created = self
            .retrying(object.name(), || {
                let api = self.api(kind, Some(namespace));
                let (parameters, body) = (parameters.clone(), body.clone());
                async move { api.create(&parameters, &body).await }
            })
            .await;
        match created {
            Ok(_) => Ok("created"),
            Err(failure) if failure.is_code(409) => self.adopt(namespace, fleet, object, failure).await,
            Err(failure) => Err(failure.into_error(self)),
        }
    }

    /// The object appeared after we had looked: our own request whose answer was lost, another `up`, or somebody else's.
    async fn adopt(&self, namespace: &str, fleet: &str, object: &Object, failure: Failure) -> Result<&'static str, ClusterError> {
        let kind = Kind::of(object);
        let found = self.get(kind, namespace, object.name()).await.map_err(|failure| failure.into_error(self))?;
        let Some(found) = found else { return Err(failure.into_error(self)) };
        let live = survey::metadata_of(&found);
        if !metadata::is_ours(&live, fleet) {
            return Err(ClusterError::Preflight(format!(
                "{}/{} appeared in namespace {namespace} and is not of this fleet; choose another --name or namespace, or remove it",
                kind.printed(),
                object.name()
            )));
        }
        if metadata::annotation(&live, metadata::PLAN_HASH) == metadata::annotation(object.metadata(), metadata::PLAN_HASH) {
            return Ok("created");
        }
        match self.server_side_apply(namespace, object, Mode::Real).await {
            Ok(()) => Ok("configured"),
            Err(failure) => Err(failure.into_error(self)),
        }
    }

    async fn server_side_apply(&self, namespace: &str, object: &Object, mode: Mode) -> Result<(), Failure> {
        let kind = Kind::of(object);
        // What is ours is ours: a conflict with another manager is decided for the plan.
        let parameters = PatchParams { dry_run: mode == Mode::Server, ..PatchParams::apply(metadata::VIRTWORK).force() };
        let body = object.to_value();
        self.retrying(object.name(), || {
            let api = self.api(kind, Some(namespace));
            let (parameters, body) = (parameters.clone(), body.clone());
            async move { api.patch(object.name(), &parameters, &Patch::Apply(&body)).await.map(|_| ()) }
        })
        .await
    }

    /// Turns the field ownership that our POST left (`Update`), or `kubectl apply` of what a dry run printed, into that of an
    /// apply, so that a field dropped from the plan is dropped from the object. Source of the technique: `k8s.io/client-go/util/csaupgrade`.
    async fn own_fields(&self, namespace: &str, change: &Change, mode: Mode) -> Result<(), ClusterError> {
        let (kind, name) = (Kind::of(&change.object), change.object.name());
        let mut live = change.live.clone().filter(|_| mode == Mode::Real);
        loop {
            let Some(patch) = live.as_ref().and_then(ownership_patch) else { return Ok(()) };
            let patch: json_patch::Patch = serde_json::from_value(patch).unwrap_or_default();
            let patched = self
                .retrying(name, || {
                    let api = self.api(kind, Some(namespace));
                    let patch = Patch::<()>::Json(patch.clone());
                    async move { api.patch(name, &PatchParams::default(), &patch).await }
                })
                .await;
            match patched {
                // Somebody, KubeVirt itself for one, wrote it meanwhile. Going on would leave dropped fields behind for ever.
                Err(failure) if failure.is_code(409) && !self.overdue() => {
                    live = self.get(kind, namespace, name).await.map_err(|failure| failure.into_error(self))?;
                }
                result => return result.map(|_| ()).map_err(|failure| failure.into_error(self)),
            }
        }
    }

    /// Restarts a machine, so that it runs what is planned now.
    ///
    /// # Errors
    /// The server's refusal; a machine that is not running needs no restart.
    pub async fn restart(&self, namespace: &str, machine: &str) -> Result<(), ClusterError> {
        let path = format!("/apis/subresources.kubevirt.io/v1/namespaces/{namespace}/virtualmachines/{machine}/restart");
        let put = || {
            let client = self.client();
            let request = http::Request::put(&path).header(http::header::CONTENT_TYPE, "application/json").body(b"{}".to_vec());
            async move { client.request_text(request.map_err(kube::Error::HttpError)?).await.map(|_| ()) }
        };
        match self.retrying(machine, put).await {
            Err(failure) if failure.is_code(409) => Ok(()),
            result => result.map_err(|failure| failure.into_error(self)),
        }
    }

    /// Waits until an object that is being deleted is gone.
    ///
    /// # Errors
    /// When the time is over, or it cannot be looked at.
    pub async fn wait_until_gone(&self, kind: Kind, namespace: &str, name: &str) -> Result<(), ClusterError> {
        loop {
            let found = self.get(kind, namespace, name).await.map_err(|failure| failure.into_error(self))?;
            if found.is_none_or(|object| object["metadata"]["deletionTimestamp"].is_null()) {
                return Ok(());
            }
            if self.overdue() {
                let what = format!("waiting for {}/{name}, which is being deleted, to be gone", kind.printed());
                return Err(ClusterError::Timeout { after: self.elapsed(), what });
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }
}

/// The JSON patch that makes of the `Update` entries that are ours an `Apply` one, where there are any.
fn ownership_patch(live: &Value) -> Option<Value> {
    let entries = live["metadata"]["managedFields"].as_array()?.clone();
    let ours = |entry: &Value| metadata::wrote_plan(entry) && entry["subresource"].is_null() && entry["operation"] == "Update";
    let (updates, mut entries): (Vec<_>, Vec<_>) = entries.into_iter().partition(ours);
    let mut ours = updates.first()?.clone();
    ours["manager"] = metadata::VIRTWORK.into();
    ours["operation"] = "Apply".into();
    ours["fieldsV1"] = json!({});
    let earlier = entries.iter().position(|entry| entry["manager"] == metadata::VIRTWORK && entry["operation"] == "Apply");
    let earlier = earlier.map(|index| entries.remove(index));
    for mut entry in earlier.into_iter().chain(updates) {
        // kubectl's note of what it applied last stays kubectl's: taken over, it would be dropped.
        let annotations = entry["fieldsV1"]["f:metadata"]["f:annotations"].as_object_mut();
        let note = annotations.and_then(|annotations| annotations.remove_entry(LAST_APPLIED));
        unite(&mut ours["fieldsV1"], &entry["fieldsV1"]);
        if let Some((name, field)) = note {
            entry["fieldsV1"] = json!({"f:metadata": {"f:annotations": {name: field}}});
            entries.push(entry);
        }
    }
    entries.push(ours);
    Some(json!([
        {"op": "replace", "path": "/metadata/managedFields", "value": entries},
        {"op": "replace", "path": "/metadata/resourceVersion", "value": live["metadata"]["resourceVersion"]},
    ]))
}

/// The union of two field sets, which are trees of keys.
fn unite(into: &mut Value, from: &Value) {
    if let (Value::Object(into), Value::Object(from)) = (into, from) {
        for (key, value) in from {
            unite(into.entry(key.clone()).or_insert_with(|| json!({})), value);
        }
    }
}
