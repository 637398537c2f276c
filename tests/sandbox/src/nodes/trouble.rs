//! What the API shows when something on a node goes wrong, as it was seen on a real one (`real-node.md` in the project's reference).

use serde_json::{Value, json};

use super::{conditions, containers, simulation::Behavior};
use crate::{
    api::objects::now,
    informer::{Informer, Kind, text},
};

/// The label of the pod to which a migration moves a VM.
pub const MIGRATION: &str = "kubevirt.io/migrationJobUID";
/// The reason of virt-handler's condition if it cannot start a domain.
pub const SYNC_FAILED: &str = "Synchronizing with the Domain failed.";

/// Sets the status of a pod that does not come up; whether it does not.
///
/// # Errors
/// The server's error.
pub async fn pod(informer: &Informer, pod: &Value, behavior: &Behavior) -> Result<bool, kube::Error> {
    let mut status = pod["status"].clone();
    let initializing = json!({"waiting": {"reason": "PodInitializing"}});
    match behavior {
        Behavior::PullFails(message) => pull_fails(pod, &mut status, message),
        Behavior::PullSecretMissing(message) => {
            let missing = "Unable to retrieve some image pull secrets (missing); attempting to pull the image may not succeed.";
            informer.event(Kind::Pod, pod, ("Warning", "FailedToRetrieveImagePullSecret"), missing).await?;
            pull_fails(pod, &mut status, message);
        }
        Behavior::Waits { container, reason, message } => {
            let waiting = json!({"waiting": {"reason": reason, "message": message}});
            for list in ["initContainers", "containers"] {
                let key = if list == "containers" { "containerStatuses" } else { "initContainerStatuses" };
                let mut all = containers(&pod["spec"][list], &status[key], &initializing, false);
                for one in all.as_array_mut().into_iter().flatten().filter(|one| one["name"] == *container) {
                    one["state"] = waiting.clone();
                }
                status[key] = all;
            }
            status["conditions"] = conditions(false, false, &status);
        }
        Behavior::Warned(reason, message) => {
            informer.event(Kind::Pod, pod, ("Warning", reason), message).await?;
            status["containerStatuses"] = containers(&pod["spec"]["containers"], &status["containerStatuses"], &initializing, false);
            status["conditions"] = conditions(false, false, &status);
        }
        Behavior::PodFails(reason, message) => {
            informer.event(Kind::Pod, pod, ("Warning", reason), message).await?;
            status["phase"] = json!("Failed");
            status["reason"] = json!(reason);
            status["message"] = json!(message);
        }
        Behavior::Evicted(message) => {
            // The next pod has no node.
            if status["phase"] != "Failed" {
                informer.event(Kind::Pod, pod, ("Warning", "Evicted"), message).await?;
            }
            status["phase"] = json!("Failed");
            status["reason"] = json!("Evicted");
            status["message"] = json!(message);
        }
        Behavior::LauncherFails(code, message) => {
            let ended =
                json!({"terminated": {"exitCode": code, "reason": "Error", "message": message, "startedAt": now(), "finishedAt": now()}});
            status["phase"] = json!("Failed");
            status["containerStatuses"] = containers(&pod["spec"]["containers"], &status["containerStatuses"], &ended, false);
        }
        _ => return Ok(false),
    }
    if status["phase"] == "Failed" && pod["status"]["phase"] == "Failed" {
        return Ok(true);
    }
    informer.set_status(Kind::Pod, pod, status).await?;
    Ok(true)
}

fn pull_fails(pod: &Value, status: &mut Value, message: &str) {
    // An init container copies the image, or the container that mounts it waits itself.
    let is_disk = |one: &&Value| one["name"].as_str().is_some_and(|name| name.starts_with("volume"));
    let init = pod["spec"]["initContainers"].as_array().is_some_and(|all| all.iter().any(|one| is_disk(&one)));
    let (list, key) = if init { ("initContainers", "initContainerStatuses") } else { ("containers", "containerStatuses") };
    let reason = if status[key].is_null() { "ErrImagePull" } else { "ImagePullBackOff" };
    let mut all = containers(&pod["spec"][list], &status[key], &json!({"waiting": {"reason": "PodInitializing"}}), false);
    for one in all.as_array_mut().into_iter().flatten().filter(|one| is_disk(&&**one)) {
        one["state"] = json!({"waiting": {"reason": reason, "message": message}});
    }
    status[key] = all;
    status["conditions"] = conditions(false, false, status);
}

/// Changes a pod that runs, if its node is silent: the node controller sets its condition, without a reason, and says so in an event.
///
/// # Errors
/// The server's error.
pub async fn silence(informer: &Informer, pod: &Value, status: &mut Value, behavior: &Behavior) -> Result<(), kube::Error> {
    if *behavior != Behavior::NodeSilent {
        return Ok(());
    }
    for condition in status["conditions"].as_array_mut().into_iter().flatten().filter(|condition| condition["type"] == "Ready") {
        if condition["status"] != "False" {
            *condition = json!({"type": "Ready", "status": "False", "lastTransitionTime": now()});
            informer.event(Kind::Pod, pod, ("Warning", "NodeNotReady"), "Node is not ready").await?;
        }
    }
    Ok(())
}

/// Trouble of a VMI in this phase; whether it stays in it.
///
/// # Errors
/// The server's error.
pub async fn instance(informer: &Informer, instance: &Value, phase: &str, behavior: &Behavior) -> Result<bool, kube::Error> {
    let has = |kind: &str| instance["status"]["conditions"].as_array().into_iter().flatten().any(|condition| condition["type"] == kind);
    let add = |condition: Value| json!({"op": "add", "path": "/status/conditions/-", "value": condition});
    match behavior {
        Behavior::SyncFails(message) if phase == "Scheduled" => {
            informer.event(Kind::Vmi, instance, ("Warning", "SyncFailed"), message).await?;
            if !has("Synchronized") {
                let failed = json!({"type": "Synchronized", "status": "False", "reason": SYNC_FAILED, "message": message,
                    "lastProbeTime": now(), "lastTransitionTime": now()});
                informer.patch(Kind::Vmi, instance, json!([add(failed)]), false).await?;
            }
            Ok(true)
        }
        Behavior::SetupFails(_) if phase == "Running" => {
            let probe = "Readiness probe failed: Get \"http://10.0.2.2:8099/\": dial tcp 10.0.2.2:8099: connect: no route to host";
            for pod in informer.of_machine(Kind::Pod, &(text(instance, "namespace"), text(instance, "name"))) {
                informer.event(Kind::Pod, pod, ("Warning", "Unhealthy"), probe).await?;
            }
            Ok(false)
        }
        Behavior::Drained(message) if phase == "Running" && !has("EvictionRequested") => {
            let requested = json!({"type": "EvictionRequested", "status": "True", "reason": "EvictionRequested",
                "message": "VMI is marked for eviction", "lastProbeTime": now(), "lastTransitionTime": now()});
            let node = json!({"op": "add", "path": "/status/evacuationNodeName", "value": instance["status"]["nodeName"]});
            target(informer, instance, message).await?;
            informer.patch(Kind::Vmi, instance, json!([add(requested), node]), false).await?;
            Ok(true)
        }
        _ => Ok(false),
    }
}

/// The pod to which the evacuation would move a VM; its name sorts before that of the source.
async fn target(informer: &Informer, instance: &Value, message: &str) -> Result<(), kube::Error> {
    let name = (text(instance, "namespace"), text(instance, "name"));
    let pods = informer.of_machine(Kind::Pod, &name);
    let Some(source) = pods.into_iter().find(|pod| pod["metadata"]["labels"][MIGRATION].is_null()) else { return Ok(()) };
    let mut target = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"namespace": name.0, "labels": source["metadata"]["labels"],
        "annotations": source["metadata"]["annotations"], "ownerReferences": source["metadata"]["ownerReferences"]}, "spec": source["spec"]});
    target["metadata"]["name"] = json!(format!("virt-launcher-{}-00000", name.1));
    target["metadata"]["labels"][MIGRATION] = json!("00000000-0000-4000-8000-000000000000");
    target["metadata"]["annotations"]["sandbox/unschedulable"] = json!(message);
    for field in ["nodeName", "serviceAccountName", "serviceAccount"] {
        target["spec"].as_object_mut().map(|spec| spec.remove(field));
    }
    informer.create(Kind::Pod, target).await
}

/// Why a pod that a migration waits for has no node.
pub fn no_room(pod: &Value) -> Option<String> {
    pod["metadata"]["annotations"]["sandbox/unschedulable"].as_str().map(str::to_owned)
}

/// Whether the PVC of a data volume is not provisioned.
///
/// # Errors
/// The server's error.
pub async fn claim_waits(informer: &Informer, claim: &Value, behavior: &Behavior) -> Result<bool, kube::Error> {
    let Behavior::ClaimWaits(kind, reason, message) = behavior else { return Ok(false) };
    informer.event(Kind::Pvc, claim, (kind, reason), message).await?;
    Ok(true)
}
