//! The writes of `up`: create and server-side apply, with bounded concurrency and no unnecessary request. A dry run sends the same
//! requests.

use std::{cell::Cell, collections::BTreeMap, time::Duration};

use futures::{StreamExt as _, stream};
use kube::api::{Patch, PatchParams, PostParams, Request};
use serde::Deserialize as _;
use serde_json::{Value, value::RawValue};

use crate::{
    error::ClusterError,
    event::{Event, Events, Mode, Outcome},
    live::Meta,
    metadata,
    object::{Kind, ObjectName},
    plan::{Change, Diff, Object, Plan, PlanError, Planned, compare::Action, field_manager_patch},
};

use super::{Target, transport::Code as _, wait::until_gone};

/// Conflicts with other writers before giving up.
const CONFLICTS: u32 = 30;

/// How to write.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Writing<'a> {
    /// Whether the server stores anything.
    pub mode: Mode,
    /// Requests at a time.
    pub concurrency: usize,
    /// Where to report what was written.
    pub events: &'a Events,
}

/// Creates or updates every object of the plan, and returns the failures in its order. Objects that others refer to come first.
pub(crate) async fn apply(target: &Target, plan: &Plan, diff: &Diff, writing: Writing<'_>) -> Vec<ClusterError> {
    let events = writing.events;
    let writer = Writer { target, fleet: &plan.fleet, mode: writing.mode };
    let stop = Cell::new(false);
    let mut failures = Vec::new();
    events.emit(Event::Applying { total: diff.changes.len() }).await;
    for vms in [false, true] {
        let part = diff.changes(plan).filter(|(object, _)| (object.kind == Kind::Vm) == vms).enumerate();
        let mut results = stream::iter(part)
            .map(|(index, (object, change))| {
                let (writer, stop) = (&writer, &stop);
                async move {
                    if stop.get() {
                        return (index, None);
                    }
                    let result = writer.write(&object, change).await;
                    // The next object would fail in the same way. Requests in flight finish.
                    stop.set(stop.get() || result.is_err());
                    (index, Some((object, result)))
                }
            })
            .buffer_unordered(writing.concurrency);
        // Reported in the order of the plan, whichever finished first.
        let (mut early, mut next) = (BTreeMap::new(), 0);
        while let Some((index, result)) = results.next().await {
            early.insert(index, result);
            while let Some(result) = early.remove(&next) {
                next += 1;
                match result {
                    Some((object, Ok(outcome))) => {
                        events.emit(Event::Applied { object: object.object_name(), outcome, mode: writing.mode }).await;
                    }
                    Some((_, Err(failure))) => failures.push(failure),
                    None => {}
                }
            }
        }
    }
    events.emit(Event::AppliedAll).await;
    failures
}

/// An object as the server would store it if the plan were applied.
///
/// # Errors
/// The server's error.
pub(crate) async fn planned(target: &Target, object: &Object) -> Result<Value, ClusterError> {
    let writer = Writer { target, fleet: "", mode: Mode::ServerDryRun };
    serde_json::from_str(&writer.server_side_apply(object).await?).map_err(|error| ClusterError::Unreadable(error.to_string()))
}

/// Creates an object from its JSON; an error comes with whether an earlier attempt may have taken effect.
pub(super) async fn post(target: &Target, url: &str, parameters: &PostParams, json: String) -> Result<(), (kube::Error, bool)> {
    let request = Request::new(url).create(parameters, json.into_bytes());
    target.transport.post(request.map_err(|error| (kube::Error::BuildRequest(error), false))?).await
}

/// Writes single objects of a fleet.
struct Writer<'a> {
    target: &'a Target,
    fleet: &'a str,
    mode: Mode,
}

impl Writer<'_> {
    async fn write(&self, planned: &Planned<'_>, change: &Change) -> Result<Outcome, ClusterError> {
        if change.is_unchanged() {
            return Ok(Outcome::Unchanged);
        }
        if change.is_create() && change.terminating && self.mode == Mode::Real {
            self.wait_for_deletion(planned.kind, &planned.name()).await?;
        }
        let object = planned.make();
        if change.is_create() {
            return self.create(&object).await;
        }
        if self.mode == Mode::Real {
            self.migrate_field_manager(&object, change.field_manager.clone()).await?;
        }
        self.server_side_apply(&object).await?;
        Ok(if change.action == Action::UpdateAndStart { Outcome::Started } else { Outcome::Configured })
    }

    async fn wait_for_deletion(&self, kind: Kind, name: &str) -> Result<(), ClusterError> {
        until_gone(self.target, kind, name, |object| object["metadata"]["deletionTimestamp"].is_string()).await
    }

    async fn create(&self, object: &Object) -> Result<Outcome, ClusterError> {
        let dry_run = self.mode == Mode::ServerDryRun;
        let parameters = PostParams { dry_run, field_manager: Some(metadata::VIRTWORK.to_owned()) };
        let api = self.target.api(object.kind);
        loop {
            match post(self.target, api.resource_url(), &parameters, object.json.to_string()).await {
                Ok(()) => return Ok(Outcome::Created),
                // Its name is free once it is gone.
                Err((error, _)) if error.is_code(409) && dry_run => return Ok(Outcome::Created),
                Err((error, is_repeated)) if error.is_code(409) => {
                    if let Some(outcome) = self.adopt(object, is_repeated).await? {
                        return Ok(outcome);
                    }
                }
                Err((error, _)) => return Err(error.into()),
            }
        }
    }

    /// Handles an object that was created after the diff: by a request of ours whose response was lost, by another `up`, or by
    /// someone else. `None` means that it is gone.
    async fn adopt(&self, object: &Object, lost: bool) -> Result<Option<Outcome>, ClusterError> {
        let Some(found) = self.target.get(object.kind, &object.name).await? else { return Ok(None) };
        let live = Meta::deserialize(&found["metadata"]).unwrap_or_default();
        if !live.is_planned_by(self.fleet) {
            let objects = vec![ObjectName::new(object.kind, &object.name)];
            return Err(PlanError::NameTaken { namespace: self.target.namespace.clone(), objects }.into());
        }
        if live.terminating {
            return self.wait_for_deletion(object.kind, &object.name).await.map(|()| None);
        }
        if live.label_or_annotation(metadata::PLAN_HASH) == Some(&object.hash) {
            return Ok(Some(if lost { Outcome::Created } else { Outcome::Unchanged }));
        }
        self.migrate_field_manager(object, field_manager_patch(&found)).await?;
        self.server_side_apply(object).await?;
        Ok(Some(Outcome::Configured))
    }

    async fn server_side_apply(&self, object: &Object) -> Result<String, ClusterError> {
        // The plan decides conflicts with other field managers.
        let parameters = PatchParams { dry_run: self.mode == Mode::ServerDryRun, ..PatchParams::apply(metadata::VIRTWORK).force() };
        let api = self.target.api(object.kind);
        let body: Result<&RawValue, _> = serde_json::from_str(&object.json);
        let body = body.unwrap_or_else(|error| unreachable!("our own JSON: {error}"));
        let request = Request::new(api.resource_url()).patch(&object.name, &parameters, &Patch::Apply(body));
        Ok(self.target.client().request_text(request.map_err(kube::Error::BuildRequest)?).await?)
    }

    async fn migrate_field_manager(&self, object: &Object, mut patch: Option<json_patch::Patch>) -> Result<(), ClusterError> {
        let mut conflicts = 0;
        while let Some(operations) = patch {
            let patched = self.target.api(object.kind).patch(&object.name, &PatchParams::default(), &Patch::<()>::Json(operations)).await;
            match patched {
                // Another writer, such as KubeVirt, changed it in between. Without a retry, fields dropped from the plan would
                // stay.
                Err(error) if error.is_code(409) && !self.target.is_overdue() && conflicts < CONFLICTS => {
                    conflicts += 1;
                    tokio::time::sleep(Duration::from_millis(50 * u64::from(conflicts))).await;
                    let live = self.target.get(object.kind, &object.name).await?;
                    patch = live.as_ref().and_then(field_manager_patch);
                }
                result => return result.map(|_| ()).map_err(Into::into),
            }
        }
        Ok(())
    }
}
