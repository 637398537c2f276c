//! What the nodes of a cluster do, as a client of an API server: scheduler, kubelet, virt-handler and CDI, for VMs that are
//! simulated or boot under QEMU.

#[cfg(target_os = "linux")]
pub mod qemu;
pub mod simulation;
pub mod trouble;

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    sync::Arc,
    time::{Duration, Instant},
};

use futures::{StreamExt as _, stream};
use k8s_openapi::api::core::v1::Node;
use kube::{Api, Client, api::PostParams};
use serde_json::{Value, json};

use crate::{
    api::{Kubelet, objects::now},
    informer::{Informer, Kind, Name, machine_of, owned, text, watches},
};
use simulation::Behavior;

/// How often the state of a simulated guest is checked.
const PROBE: Duration = Duration::from_millis(100);
const WORKERS: usize = 8;
/// The delay before a guest that could not be started is started again.
const PAUSE: Duration = Duration::from_secs(3);
/// The most events that are read at a time.
const HEARD: usize = 1000;
/// The nodes of the cluster.
pub const NODES: [&str; 2] = ["node-0", "node-1"];
/// Annotation of a PVC: its VM.
pub const MACHINE: &str = "sandbox/machine";

/// The state of a VM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub behavior: Behavior,
    /// Whether its VM is running.
    pub running: bool,
    /// Whether its readiness probe succeeds.
    pub ready: bool,
    /// Whether it ended otherwise than by powering off.
    pub crashed: bool,
}

/// What a VM is created from.
pub struct Birth<'a> {
    pub instance: &'a Value,
    pub pod: &'a Value,
    pub user_data: Vec<u8>,
    /// Its PVCs by name.
    pub claims: BTreeMap<String, Value>,
}

/// What runs the guests.
pub trait Guests: Kubelet {
    /// Whether they need the objects of a VM.
    fn boots(&self) -> bool;
    fn seen(&self, machine: &Name) -> Seen;
    /// Starts the guest of a VMI on this node.
    ///
    /// # Errors
    /// Why it cannot be started.
    fn begin(&self, machine: &Name, birth: &Birth<'_>) -> io::Result<()>;
    /// Stops the guest within `grace`; true once it has stopped.
    fn end(&self, machine: &Name, grace: Duration) -> bool;
    /// The address of its pod.
    fn address(&self, machine: &Name) -> String;
    /// Something in the cluster changed.
    fn look_round(&self, _: &Informer) {}
    /// The VM is gone.
    fn shut(&self) {}
}

/// Runs until it is dropped.
pub async fn run(client: Client, guests: Arc<dyn Guests>) {
    register(&client).await;
    // All events are read before anything is done: after a write, older state would be stale.
    let kinds = [Kind::Vmi, Kind::Pod, Kind::DataVolume, Kind::Pvc, Kind::Service];
    let kinds = if guests.boots() { &kinds[..] } else { &kinds[..4] };
    let mut events = watches(&client, kinds).ready_chunks(HEARD);
    let mut informer = Informer::new(client);
    let mut tick = tokio::time::interval(PROBE);
    let mut known: BTreeMap<Name, Due> = BTreeMap::new();
    loop {
        let mut changed = BTreeSet::new();
        tokio::select! {
            Some(heard) = events.next() => {
                changed.extend(heard.into_iter().flat_map(|event| informer.take(event)));
                guests.look_round(&informer);
            }
            _ = tick.tick() => {
                let due = |(name, due): &(&Name, &Due)| match due {
                    Due::Changed(before) => *before != guests.seen(name),
                    Due::At(time) => Instant::now() >= *time,
                };
                changed.extend(known.iter().filter(due).map(|(name, _)| name.clone()));
            }
        }
        let (informer_now, guests_now) = (&informer, &*guests);
        let results = stream::iter(changed).map(|name| async move {
            let seen = guests_now.seen(&name);
            let then = sync(informer_now, guests_now, &name, &seen).await.unwrap_or(Then::After(Duration::ZERO));
            (name, then, seen)
        });
        let results: Vec<_> = results.buffer_unordered(WORKERS).collect().await;
        for (name, then, seen) in results {
            match then {
                Then::Nothing => known.remove(&name),
                Then::OnChange => known.insert(name, Due::Changed(seen)),
                Then::After(pause) => known.insert(name, Due::At(Instant::now() + pause)),
            };
        }
    }
}

/// Registers the nodes, as kubelets do when they start.
async fn register(client: &Client) {
    let nodes: Api<Node> = Api::all(client.clone());
    for name in NODES {
        let labels = [("kubernetes.io/hostname", name), ("kubevirt.io/schedulable", "true")];
        let mut node = Node::default();
        node.metadata.name = Some(name.to_owned());
        node.metadata.labels = Some(labels.map(|(key, value)| (key.to_owned(), value.to_owned())).into());
        // It exists when the nodes are restarted.
        drop(nodes.create(&PostParams::default(), &node).await);
    }
}

/// What a VM waits for. Guests come up or fail by themselves, and behavior changes on demand.
enum Due {
    /// For a change of the behavior.
    Changed(Seen),
    /// For this time.
    At(Instant),
}

/// When a VM is reconciled again.
enum Then {
    /// Never: nothing of it is left.
    Nothing,
    /// When one of its objects, or its guest, changes.
    OnChange,
    /// At the first tick after a delay.
    After(Duration),
}

/// One step for everything that belongs to a VM.
async fn sync(informer: &Informer, guests: &dyn Guests, name: &Name, seen: &Seen) -> Result<Then, kube::Error> {
    let volumes = informer.of_machine(Kind::DataVolume, name);
    for volume in &volumes {
        data_volume(informer, volume, name, &seen.behavior).await?;
    }
    let instance = informer.get(Kind::Vmi, &name.0, &name.1);
    let pods = informer.of_machine(Kind::Pod, name);
    for pod in &pods {
        self::pod(informer, guests, pod, instance, seen).await?;
    }
    if let Some(instance) = instance {
        return self::instance(informer, guests, instance, seen, owned(&pods, instance)).await;
    }
    if pods.is_empty() && !guests.end(name, Duration::ZERO) {
        return Ok(Then::After(Duration::ZERO));
    }
    let settled = pods.is_empty() && volumes.iter().all(|volume| volume["status"]["phase"] == "Succeeded");
    Ok(if settled { Then::Nothing } else { Then::OnChange })
}

async fn data_volume(informer: &Informer, volume: &Value, machine: &Name, behavior: &Behavior) -> Result<(), kube::Error> {
    if volume["status"]["phase"] == "Succeeded" || volume["metadata"]["deletionTimestamp"].is_string() {
        return Ok(());
    }
    let status = |phase: &str, kind: &str, reason: &str, message: &str| json!({"phase": phase, "conditions": [{"type": kind, "status": "False", "reason": reason, "message": message, "lastTransitionTime": null}]});
    match behavior {
        Behavior::VolumeFails(message) => {
            return informer.set_status(Kind::DataVolume, volume, status("Failed", "Running", "Error", message)).await;
        }
        Behavior::VolumePends(message) => {
            return informer.set_status(Kind::DataVolume, volume, status("Pending", "Bound", "ErrClaimNotValid", message)).await;
        }
        _ => {}
    }
    let (namespace, name) = (text(volume, "namespace"), text(volume, "name"));
    let Some(claim) = informer.get(Kind::Pvc, &namespace, &name) else {
        let size = volume["spec"]["storage"]["resources"]["requests"]["storage"].clone();
        let owner = json!([{"apiVersion": volume["apiVersion"], "kind": "DataVolume", "name": name, "uid": volume["metadata"]["uid"], "controller": true}]);
        let metadata = json!({"name": name, "namespace": namespace, "labels": volume["metadata"]["labels"], "ownerReferences": owner,
            "annotations": {MACHINE: machine.1}});
        let class = volume["spec"]["storage"]["storageClassName"].as_str().unwrap_or("standard");
        let spec = json!({"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}, "storageClassName": class});
        let claim = json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": spec});
        return informer.create(Kind::Pvc, claim).await;
    };
    if trouble::claim_waits(informer, claim, behavior).await? {
        let message = format!("PVC {name} Pending");
        return informer.set_status(Kind::DataVolume, volume, status("Pending", "Bound", "Pending", &message)).await;
    }
    if claim["status"]["phase"] != "Bound" {
        let capacity = claim["spec"]["resources"]["requests"].clone();
        let status = json!({"phase": "Bound", "accessModes": ["ReadWriteOnce"], "capacity": capacity});
        return informer.set_status(Kind::Pvc, claim, status).await;
    }
    informer.set_status(Kind::DataVolume, volume, json!({"phase": "Succeeded", "progress": "100.0%"})).await
}

async fn pod(informer: &Informer, guests: &dyn Guests, pod: &Value, instance: Option<&Value>, seen: &Seen) -> Result<(), kube::Error> {
    let behavior = &seen.behavior;
    if pod["metadata"]["deletionTimestamp"].is_string() {
        return informer.delete(Kind::Pod, pod, true).await;
    }
    let Some(node) = pod["spec"]["nodeName"].as_str() else {
        return match unschedulable(pod, behavior) {
            None => informer.bind(pod, NODES[text(pod, "name").len() % NODES.len()]).await,
            Some(why) => {
                let condition = json!({"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": why, "lastTransitionTime": null});
                let mut status = pod["status"].clone();
                status["conditions"] = json!([condition]);
                informer.set_status(Kind::Pod, pod, status).await
            }
        };
    };
    if trouble::pod(informer, pod, behavior).await? {
        return Ok(());
    }
    let machine = machine_of(Kind::Pod, pod);
    let mut status = pod["status"].clone();
    let running = instance.is_some_and(|instance| instance["status"]["phase"] == "Running");
    let ready = running && seen.ready;
    let state = match status["containerStatuses"][0]["state"]["running"].is_object() {
        true => status["containerStatuses"][0]["state"].clone(),
        false => json!({"running": {"startedAt": now()}}),
    };
    status["phase"] = json!("Running");
    let address = guests.address(&machine);
    if !address.is_empty() {
        status["podIP"] = json!(address);
        status["podIPs"] = json!([{"ip": address}]);
    }
    status["hostIP"] = json!(format!("192.0.2.{}", node.len()));
    status["initContainerStatuses"] = containers(&pod["spec"]["initContainers"], &status["initContainerStatuses"], &state, true);
    status["containerStatuses"] = containers(&pod["spec"]["containers"], &status["containerStatuses"], &state, ready);
    let is_silent = *behavior == Behavior::NodeSilent && running;
    status["conditions"] = conditions(true, ready || is_silent, &status);
    trouble::silence(informer, pod, &mut status, behavior).await?;
    informer.set_status(Kind::Pod, pod, status).await
}

/// Why no node is suitable for a pod.
fn unschedulable(pod: &Value, behavior: &Behavior) -> Option<String> {
    if let Behavior::Unschedulable(why) = behavior {
        return Some(why.clone());
    }
    if matches!(behavior, Behavior::Evicted(_)) {
        return Some(format!("0/{0} nodes are available: {0} node(s) had untolerated taint(s).", NODES.len()));
    }
    if let Some(why) = trouble::no_room(pod) {
        return Some(why);
    }
    let foreign = |(label, value): (&String, &Value)| match label.as_str() {
        "kubernetes.io/hostname" => !NODES.iter().any(|node| value == node),
        "kubevirt.io/schedulable" | "kubernetes.io/os" | "kubernetes.io/arch" => false,
        // KubeVirt requests CPU models and features, which every node here has.
        label => !label.contains("kubevirt.io/"),
    };
    let mismatch = pod["spec"]["nodeSelector"].as_object().is_some_and(|selector| selector.iter().any(foreign));
    mismatch.then(|| format!("0/{0} nodes are available: {0} node(s) didn't match Pod's node affinity/selector.", NODES.len()))
}

/// In existing container statuses only changed fields are set. API servers add fields and sort them, and a difference would be
/// written again and again.
fn containers(list: &Value, before: &Value, state: &Value, ready: bool) -> Value {
    let fresh =
        |container: &Value| json!({"name": container["name"], "image": container["image"], "imageID": "sha256:0", "restartCount": 0});
    let mut statuses = match before.as_array() {
        Some(before) if !before.is_empty() => before.clone(),
        _ => list.as_array().into_iter().flatten().map(fresh).collect(),
    };
    for status in &mut statuses {
        status["ready"] = json!(ready);
        status["started"] = json!(state["running"].is_object());
        status["state"] = state.clone();
    }
    Value::Array(statuses)
}

fn conditions(initialized: bool, ready: bool, before: &Value) -> Value {
    let old = |kind: &str| before["conditions"].as_array().into_iter().flatten().find(|condition| condition["type"] == kind).cloned();
    let all = [("PodScheduled", true), ("Initialized", initialized), ("ContainersReady", ready), ("Ready", ready)].map(|(kind, yes)| {
        let status = if yes { "True" } else { "False" };
        let same = old(kind).filter(|old| old["status"] == status);
        let mut fresh = json!({"type": kind, "status": status, "lastTransitionTime": now()});
        if kind.ends_with("Ready") && !yes {
            fresh["reason"] = json!("ContainersNotReady");
            fresh["message"] = json!("containers with unready status: [compute]");
        }
        same.unwrap_or(fresh)
    });
    // KubeVirt's own condition, a readiness gate, is kept.
    json!(old("kubevirt.io/virtual-machine-unpaused").into_iter().chain(all).collect::<Vec<_>>())
}

async fn instance(
    informer: &Informer,
    guests: &dyn Guests,
    instance: &Value,
    seen: &Seen,
    pod: Option<&Value>,
) -> Result<Then, kube::Error> {
    let phase = instance["status"]["phase"].as_str().unwrap_or_default();
    let name = (text(instance, "namespace"), text(instance, "name"));
    let going = instance["metadata"]["deletionTimestamp"].is_string();
    let grace = Duration::from_secs(instance["spec"]["terminationGracePeriodSeconds"].as_u64().unwrap_or(180));
    if !going && trouble::instance(informer, instance, phase, &seen.behavior).await? {
        return Ok(Then::OnChange);
    }
    let next = match phase {
        "Scheduled" | "Running" if going => "Succeeded",
        // As in KubeVirt's `pkg/virt-handler/vm.go`, `calculateVmPhaseForStatusReason`.
        "Running" if seen.crashed => "Failed",
        // The guest powered off.
        "Running" if !seen.running => "Succeeded",
        "Scheduled" if seen.behavior == Behavior::Crashes => "Failed",
        "Scheduled" => "Running",
        _ => return Ok(Then::OnChange),
    };
    if next == "Running" {
        // Its pod existed when it was scheduled, and an event will follow.
        let Some(pod) = pod else { return Ok(Then::OnChange) };
        let birth = birth(informer, guests, instance, pod).await?;
        if let Err(error) = guests.begin(&name, &birth) {
            informer.event(Kind::Vmi, instance, ("Warning", "SyncFailed"), &error.to_string()).await?;
            return Ok(Then::After(PAUSE));
        }
    } else if !guests.end(&name, grace) {
        return Ok(Then::After(Duration::ZERO));
    }
    let stamp = json!({"phase": next, "phaseTransitionTimestamp": now()});
    let mut operations = vec![
        json!({"op": "test", "path": "/status/phase", "value": phase}),
        json!({"op": "add", "path": "/status/phase", "value": next}),
        json!({"op": "add", "path": "/status/phaseTransitionTimestamps/-", "value": stamp}),
    ];
    if next == "Running" {
        let interface = json!([{"name": "default", "ipAddress": guests.address(&name)}]);
        operations.push(json!({"op": "add", "path": "/status/interfaces", "value": interface}));
        let migratable = json!({"type": "LiveMigratable", "status": "True", "lastProbeTime": now(), "lastTransitionTime": now()});
        operations.push(json!({"op": "add", "path": "/status/conditions/-", "value": migratable}));
    }
    informer.patch(Kind::Vmi, instance, Value::Array(operations), false).await?;
    Ok(Then::OnChange)
}

async fn birth<'a>(informer: &Informer, guests: &dyn Guests, instance: &'a Value, pod: &'a Value) -> Result<Birth<'a>, kube::Error> {
    let mut birth = Birth { instance, pod, user_data: Vec::new(), claims: BTreeMap::new() };
    let namespace = text(instance, "namespace");
    let volumes = instance["spec"]["volumes"].as_array().filter(|_| guests.boots());
    for volume in volumes.into_iter().flatten() {
        if let Some(secret) = volume["cloudInitNoCloud"]["secretRef"]["name"].as_str() {
            birth.user_data = informer.secret(&namespace, secret, "userdata").await?;
        } else if let Some(claim) = volume["dataVolume"]["name"].as_str() {
            birth.claims.extend(informer.get(Kind::Pvc, &namespace, claim).map(|found| (claim.to_owned(), found.clone())));
        }
    }
    Ok(birth)
}

/// Whether an object has a condition.
pub fn is_true(object: &Value, kind: &str) -> bool {
    let conditions = object["status"]["conditions"].as_array();
    conditions.into_iter().flatten().any(|condition| condition["type"] == kind && condition["status"] == "True")
}
