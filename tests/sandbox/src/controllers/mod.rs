//! What KubeVirt's virt-controller does, as a client of an API server: VM to VMI to pod, status and conditions.
//!
//! Source: kubevirt/kubevirt `pkg/virt-controller/watch`.

mod instance;
pub mod machine;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use futures::{StreamExt as _, stream};
use kube::Client;
use serde_json::{Value, json};

use crate::informer::{Informer, Kind, Name, watches};

/// The most VMs that are reconciled at a time.
const WORKERS: usize = 8;
/// The most events that are read at a time.
const HEARD: usize = 1000;
/// The delay after a failed write, or until the next time-based change.
const AGAIN: Duration = Duration::from_millis(250);

/// What differs between clusters.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// The delay before a failed VMI is created again.
    pub backoff: Duration,
    /// Whether images are mounted as volumes of the launcher pod, or copied by init containers.
    pub image_volumes: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { backoff: machine::BACKOFF, image_volumes: true }
    }
}

/// Runs until it is dropped.
pub async fn run(client: Client, options: Options) {
    let mut events = watches(&client, &[Kind::Vm, Kind::Vmi, Kind::Pod, Kind::DataVolume]).ready_chunks(HEARD);
    let mut informer = Informer::new(client);
    let mut again: BTreeMap<Name, Instant> = BTreeMap::new();
    let mut tick = tokio::time::interval(AGAIN);
    loop {
        let mut changed = BTreeSet::new();
        tokio::select! {
            Some(heard) = events.next() => changed.extend(heard.into_iter().flat_map(|event| informer.take(event))),
            _ = tick.tick() => {
                let now = Instant::now();
                changed.extend(again.iter().filter(|(_, time)| **time <= now).map(|(name, _)| name.clone()));
            }
        }
        let results = stream::iter(changed).map(|name| {
            let informer = &informer;
            async move {
                let result = sync(informer, &name, options).await;
                (name, result)
            }
        });
        let results: Vec<_> = results.buffer_unordered(WORKERS).collect().await;
        for (name, result) in results {
            again.remove(&name);
            match result {
                Ok(None) => {}
                Ok(Some(time)) => drop(again.insert(name, time)),
                Err(_) => drop(again.insert(name, Instant::now() + AGAIN)),
            }
        }
    }
}

/// Reconciles a VM, and returns when to reconcile it again without a change.
async fn sync(informer: &Informer, name: &Name, options: Options) -> Result<Option<Instant>, kube::Error> {
    let instance = match informer.get(Kind::Vmi, &name.0, &name.1) {
        Some(found) => instance::sync(informer, name, found, options).await,
        None => Ok(()),
    };
    let machine = match informer.get(Kind::Vm, &name.0, &name.1) {
        Some(found) => machine::sync(informer, name, found, options.backoff).await,
        None => Ok(None),
    };
    instance.and(machine)
}

/// A condition.
fn condition(kind: &str, status: &str, reason: &str, message: &str) -> Value {
    let mut condition = json!({"type": kind, "status": status, "lastProbeTime": null, "lastTransitionTime": null});
    if !reason.is_empty() {
        condition["reason"] = json!(reason);
        condition["message"] = json!(message);
    }
    condition
}

/// The condition of a type.
fn find<'a>(object: &'a Value, kind: &str) -> Option<&'a Value> {
    object["status"]["conditions"].as_array()?.iter().find(|condition| condition["type"] == kind)
}

/// Sets the transition times: kept if the status is unchanged, else now.
fn timed(conditions: Vec<Value>, before: &Value) -> Value {
    let now = crate::api::objects::now();
    let timed = conditions.into_iter().map(|mut condition| {
        let old = find(before, condition["type"].as_str().unwrap_or_default()).filter(|old| old["status"] == condition["status"]);
        condition["lastTransitionTime"] = old.map_or_else(|| json!(now), |old| old["lastTransitionTime"].clone());
        condition
    });
    Value::Array(timed.collect())
}

/// The owner reference of a dependent.
fn owner(object: &Value) -> Value {
    json!([{"apiVersion": object["apiVersion"], "kind": object["kind"], "name": object["metadata"]["name"], "uid": object["metadata"]["uid"],
        "controller": true, "blockOwnerDeletion": true}])
}

/// The data volumes of a VM or a VMI, with their live objects.
fn data_volumes<'a>(informer: &'a Informer, namespace: &str, volumes: &Value) -> Vec<Option<&'a Value>> {
    let names = volumes.as_array().into_iter().flatten().filter_map(|volume| volume["dataVolume"]["name"].as_str());
    names.map(|name| informer.get(Kind::DataVolume, namespace, name)).collect()
}

/// The patch operation that sets an object's finalizers.
fn finalizers(list: &[&str]) -> Value {
    json!([{"op": "add", "path": "/metadata/finalizers", "value": list}])
}
