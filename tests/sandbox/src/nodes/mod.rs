//! What the nodes of a cluster do, as a client of an API server: scheduler, kubelet, virt-handler and CDI, for machines that
//! are simulated.

pub mod simulation;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use futures::{StreamExt as _, stream};
use k8s_openapi::api::core::v1::Node;
use kube::{Api, Client, api::PostParams};
use serde_json::{Value, json};

use crate::{
    api::objects::now,
    informer::{Informer, Kind, Name, text, watches},
};
use simulation::{Behaviour, Simulation};

/// How often a simulated guest is asked how it is.
const PROBE: Duration = Duration::from_millis(100);
const WORKERS: usize = 8;
/// Events taken in at once.
const HEARD: usize = 1000;
/// The nodes there are.
pub const NODES: [&str; 2] = ["node-0", "node-1"];
/// On a claim: the machine it is for.
pub const MACHINE: &str = "sandbox/machine";

/// Runs until it is dropped.
pub async fn run(client: Client, simulation: Arc<Simulation>) {
    register(&client).await;
    // All that is there to hear is heard before anything is done: what was known before a write is old.
    let mut events = watches(&client, &[Kind::Instance, Kind::Pod, Kind::DataVolume, Kind::Claim]).ready_chunks(HEARD);
    let mut informer = Informer::new(client);
    let mut tick = tokio::time::interval(PROBE);
    // A guest comes up, or breaks, by itself, and behaviour changes on demand: how each machine was when it was last looked after,
    // nothing where a write failed.
    let mut known: BTreeMap<Name, Option<(Behaviour, bool)>> = BTreeMap::new();
    loop {
        let mut changed = BTreeSet::new();
        tokio::select! {
            Some(heard) = events.next() => changed.extend(heard.into_iter().filter_map(|event| informer.take(event))),
            _ = tick.tick() => {
                let other = known.iter().filter(|(name, before)| **before != Some(simulation.seen(name)));
                changed.extend(other.map(|(name, _)| name.clone()));
            }
        }
        let (informer_now, simulation_now) = (&informer, &simulation);
        let results = stream::iter(changed).map(|name| async move {
            let seen = simulation_now.seen(&name);
            let result = sync(informer_now, simulation_now, &name, &seen.0).await;
            (name, result.map(|there| there.then_some(seen)))
        });
        let results: Vec<_> = results.buffer_unordered(WORKERS).collect().await;
        for (name, result) in results {
            match result {
                Ok(None) => known.remove(&name),
                Ok(seen) => known.insert(name, seen),
                Err(_) => known.insert(name, None),
            };
        }
    }
}

/// As kubelets do when they start.
async fn register(client: &Client) {
    let nodes: Api<Node> = Api::all(client.clone());
    for name in NODES {
        let labels = [("kubernetes.io/hostname", name), ("kubevirt.io/schedulable", "true")];
        let mut node = Node::default();
        node.metadata.name = Some(name.to_owned());
        node.metadata.labels = Some(labels.map(|(key, value)| (key.to_owned(), value.to_owned())).into());
        // It is there already when the nodes are started again.
        drop(nodes.create(&PostParams::default(), &node).await);
    }
}

/// One step for all that belongs to a machine; false where nothing of it is left to look after.
async fn sync(informer: &Informer, simulation: &Simulation, name: &Name, behaviour: &Behaviour) -> Result<bool, kube::Error> {
    let volumes = informer.of_machine(Kind::DataVolume, name);
    for volume in &volumes {
        data_volume(informer, volume, name, behaviour).await?;
    }
    let instance = informer.get(Kind::Instance, &name.0, &name.1);
    let pods = informer.of_machine(Kind::Pod, name);
    for pod in &pods {
        self::pod(informer, simulation, pod, instance, behaviour).await?;
    }
    if let Some(instance) = instance {
        self::instance(informer, simulation, instance, behaviour).await?;
    } else if pods.is_empty() {
        simulation.ended(name);
    }
    Ok(!pods.is_empty() || instance.is_some() || volumes.iter().any(|volume| volume["status"]["phase"] != "Succeeded"))
}

async fn data_volume(informer: &Informer, volume: &Value, machine: &Name, behaviour: &Behaviour) -> Result<(), kube::Error> {
    if volume["status"]["phase"] == "Succeeded" || volume["metadata"]["deletionTimestamp"].is_string() {
        return Ok(());
    }
    let told = |phase: &str, kind: &str, reason: &str, message: &str| json!({"phase": phase, "conditions": [{"type": kind, "status": "False", "reason": reason, "message": message, "lastTransitionTime": null}]});
    match behaviour {
        Behaviour::VolumeFails(message) => {
            return informer.set_status(Kind::DataVolume, volume, told("Failed", "Running", "Error", message)).await;
        }
        Behaviour::VolumePends(message) => {
            return informer.set_status(Kind::DataVolume, volume, told("Pending", "Bound", "ErrClaimNotValid", message)).await;
        }
        _ => {}
    }
    let (namespace, name) = (text(volume, "namespace"), text(volume, "name"));
    let Some(claim) = informer.get(Kind::Claim, &namespace, &name) else {
        let size = volume["spec"]["storage"]["resources"]["requests"]["storage"].clone();
        let owner = json!([{"apiVersion": volume["apiVersion"], "kind": "DataVolume", "name": name, "uid": volume["metadata"]["uid"], "controller": true}]);
        let metadata = json!({"name": name, "namespace": namespace, "labels": volume["metadata"]["labels"], "ownerReferences": owner,
            "annotations": {MACHINE: machine.1}});
        let class = volume["spec"]["storage"]["storageClassName"].as_str().unwrap_or("standard");
        let spec = json!({"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}, "storageClassName": class});
        let claim = json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": spec});
        return informer.create(Kind::Claim, claim).await;
    };
    if claim["status"]["phase"] != "Bound" {
        let capacity = claim["spec"]["resources"]["requests"].clone();
        let status = json!({"phase": "Bound", "accessModes": ["ReadWriteOnce"], "capacity": capacity});
        return informer.set_status(Kind::Claim, claim, status).await;
    }
    informer.set_status(Kind::DataVolume, volume, json!({"phase": "Succeeded", "progress": "100.0%"})).await
}

async fn pod(
    informer: &Informer,
    simulation: &Simulation,
    pod: &Value,
    instance: Option<&Value>,
    behaviour: &Behaviour,
) -> Result<(), kube::Error> {
    if pod["metadata"]["deletionTimestamp"].is_string() {
        return informer.delete(Kind::Pod, pod, true).await;
    }
    let Some(node) = pod["spec"]["nodeName"].as_str() else {
        return match unschedulable(pod, behaviour) {
            None => informer.bind(pod, NODES[text(pod, "name").len() % NODES.len()]).await,
            Some(why) => {
                let condition = json!({"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": why, "lastTransitionTime": null});
                let mut status = pod["status"].clone();
                status["conditions"] = json!([condition]);
                informer.set_status(Kind::Pod, pod, status).await
            }
        };
    };
    let machine = (text(pod, "namespace"), pod["metadata"]["annotations"]["kubevirt.io/domain"].as_str().unwrap_or_default().to_owned());
    let mut status = pod["status"].clone();
    if let Behaviour::PullFails(message) = behaviour {
        let reason = if status["initContainerStatuses"].is_null() { "ErrImagePull" } else { "ImagePullBackOff" };
        let state = json!({"waiting": {"reason": reason, "message": message}});
        status["initContainerStatuses"] = containers(&pod["spec"]["initContainers"], &status["initContainerStatuses"], &state, false);
        status["conditions"] = conditions(false, false, &status);
        return informer.set_status(Kind::Pod, pod, status).await;
    }
    let running = instance.is_some_and(|instance| instance["status"]["phase"] == "Running");
    let ready = running && simulation.guest(&machine).is_ok();
    let state = match status["containerStatuses"][0]["state"]["running"].is_object() {
        true => status["containerStatuses"][0]["state"].clone(),
        false => json!({"running": {"startedAt": now()}}),
    };
    status["phase"] = json!("Running");
    status["podIP"] = json!(address(&machine.1));
    status["podIPs"] = json!([{"ip": status["podIP"]}]);
    status["hostIP"] = json!(format!("192.0.2.{}", node.len()));
    status["initContainerStatuses"] = containers(&pod["spec"]["initContainers"], &status["initContainerStatuses"], &state, true);
    status["containerStatuses"] = containers(&pod["spec"]["containers"], &status["containerStatuses"], &state, ready);
    status["conditions"] = conditions(true, ready, &status);
    informer.set_status(Kind::Pod, pod, status).await
}

/// Why no node takes a pod.
fn unschedulable(pod: &Value, behaviour: &Behaviour) -> Option<String> {
    if let Behaviour::Unschedulable(why) = behaviour {
        return Some(why.clone());
    }
    let foreign = |(label, value): (&String, &Value)| match label.as_str() {
        "kubernetes.io/hostname" => !NODES.iter().any(|node| value == node),
        "kubevirt.io/schedulable" | "kubernetes.io/os" | "kubernetes.io/arch" => false,
        // KubeVirt asks for CPU models and features, which every node here has.
        label => !label.contains("kubevirt.io/"),
    };
    let mismatch = pod["spec"]["nodeSelector"].as_object().is_some_and(|selector| selector.iter().any(foreign));
    mismatch.then(|| format!("0/{0} nodes are available: {0} node(s) didn't match Pod's node affinity/selector.", NODES.len()))
}

/// Of containers that have a status already only what changes is set: API servers add to it and put it in an order of their own, and
/// what looks different would be written for ever.
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
        same.unwrap_or_else(|| json!({"type": kind, "status": status, "lastTransitionTime": now()}))
    });
    // KubeVirt's own condition, a readiness gate, stays as it is.
    json!(old("kubevirt.io/virtual-machine-unpaused").into_iter().chain(all).collect::<Vec<_>>())
}

async fn instance(informer: &Informer, simulation: &Simulation, instance: &Value, behaviour: &Behaviour) -> Result<(), kube::Error> {
    let phase = instance["status"]["phase"].as_str().unwrap_or_default();
    let name = (text(instance, "namespace"), text(instance, "name"));
    let going = instance["metadata"]["deletionTimestamp"].is_string();
    let next = match phase {
        "Scheduled" | "Running" if going => "Succeeded",
        "Scheduled" if matches!(behaviour, Behaviour::Crashes) => "Failed",
        "Scheduled" => "Running",
        _ => return Ok(()),
    };
    let stamp = json!({"phase": next, "phaseTransitionTimestamp": now()});
    let mut operations = vec![
        json!({"op": "test", "path": "/status/phase", "value": phase}),
        json!({"op": "add", "path": "/status/phase", "value": next}),
        json!({"op": "add", "path": "/status/phaseTransitionTimestamps/-", "value": stamp}),
    ];
    if next == "Running" {
        simulation.begun(&name);
        operations.push(json!({"op": "add", "path": "/status/interfaces", "value": [{"name": "default", "ipAddress": address(&name.1)}]}));
        let migratable = json!({"type": "LiveMigratable", "status": "True", "lastProbeTime": now(), "lastTransitionTime": now()});
        operations.push(json!({"op": "add", "path": "/status/conditions/-", "value": migratable}));
    } else {
        simulation.ended(&name);
    }
    informer.patch(Kind::Instance, instance, Value::Array(operations), false).await
}

/// An address of the documentation range, the same for the same machine.
fn address(machine: &str) -> String {
    let sum = machine.bytes().fold(7_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)));
    format!("198.51.100.{}", sum % 254 + 1)
}
