//! VirtualMachine: its finalizer, data volumes, VMI and status.

use std::time::{Duration, Instant, SystemTime};

use k8s_openapi::jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{condition, data_volumes, finalizers, find, owner, timed};
use crate::informer::{Informer, Kind, Name, text};

const FINALIZER: &str = "kubevirt.io/virtualMachineControllerFinalize";
/// The delay before a failed VMI is created again; it doubles. Source: `watch/vm/vm.go` `calculateStartBackoffTime`.
pub const BACKOFF: Duration = Duration::from_secs(10);

/// Reconciles a VM.
pub async fn sync(informer: &Informer, name: &Name, machine: &Value, backoff: Duration) -> Result<Option<Instant>, kube::Error> {
    let instance = informer.get(Kind::Vmi, &name.0, &name.1);
    let mut status = machine["status"].as_object().cloned().map_or_else(|| json!({}), Value::Object);
    if machine["metadata"]["deletionTimestamp"].is_string() {
        return end(informer, machine, instance, status).await.map(|()| None);
    }
    if machine["metadata"]["finalizers"].as_array().is_none_or(|list| !list.iter().any(|finalizer| finalizer == FINALIZER)) {
        return informer.patch(Kind::Vm, machine, finalizers(&[FINALIZER]), false).await.map(|()| None);
    }
    make_volumes(informer, machine).await?;
    let wanted = machine["spec"]["runStrategy"] != "Halted";
    let stop = status["stateChangeRequests"][0].clone();
    let mut wait = None;
    match instance {
        Some(instance) if instance["metadata"]["deletionTimestamp"].is_null() => {
            let failed = instance["status"]["phase"] == "Failed";
            let ended = failed || instance["status"]["phase"] == "Succeeded";
            let transitions = instance["status"]["phaseTransitionTimestamps"].as_array();
            let ran = transitions.into_iter().flatten().any(|transition| transition["phase"] == "Running");
            if failed && !ran && status["startFailure"]["lastFailedVMIUID"] != instance["metadata"]["uid"] {
                let count = status["startFailure"]["consecutiveFailCount"].as_i64().unwrap_or(0) + 1;
                let pause = i64::try_from(backoff.as_secs()).unwrap_or(i64::MAX) << (count - 1).min(5);
                status["startFailure"] = json!({"consecutiveFailCount": count, "lastFailedVMIUID": instance["metadata"]["uid"],
                    "retryAfterTimestamp": (now() + SignedDuration::from_secs(pause)).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()});
            }
            let restart = stop["action"] == "Stop" && stop["uid"] == instance["metadata"]["uid"];
            if !wanted || ended || restart {
                set_status(informer, machine, status, Some(instance)).await?;
                informer.delete(Kind::Vmi, instance, false).await?;
                return Ok(None);
            }
        }
        Some(_) => {}
        None => {
            let left = retry_after(&status);
            if left > Duration::ZERO {
                wait = Some(Instant::now() + left);
            } else if wanted && startable(informer, machine) {
                status.as_object_mut().map(|status| status.remove("stateChangeRequests"));
                set_status(informer, machine, status, None).await?;
                informer.create(Kind::Vmi, new_instance(machine)).await?;
                return Ok(None);
            }
        }
    }
    set_status(informer, machine, status, instance).await?;
    Ok(wait)
}

/// A VMI is created only when its volumes are ready.
fn startable(informer: &Informer, machine: &Value) -> bool {
    let volumes = data_volumes(informer, &text(machine, "namespace"), &machine["spec"]["template"]["spec"]["volumes"]);
    let usable = ["Succeeded", "WaitForFirstConsumer", "PendingPopulation"];
    volumes.iter().all(|volume| volume.is_some_and(|volume| usable.contains(&volume["status"]["phase"].as_str().unwrap_or_default())))
}

fn now() -> Timestamp {
    Timestamp::try_from(SystemTime::now()).unwrap_or_default()
}

fn retry_after(status: &Value) -> Duration {
    let time: Option<Timestamp> = status["startFailure"]["retryAfterTimestamp"].as_str().and_then(|text| text.parse().ok());
    time.and_then(|time| Duration::try_from(time.duration_since(now())).ok()).unwrap_or_default()
}

async fn end(informer: &Informer, machine: &Value, instance: Option<&Value>, mut status: Value) -> Result<(), kube::Error> {
    match instance {
        Some(instance) => {
            status["printableStatus"] = json!("Terminating");
            informer.set_status(Kind::Vm, machine, status).await?;
            if instance["metadata"]["deletionTimestamp"].is_null() {
                informer.delete(Kind::Vmi, instance, false).await?;
            }
            Ok(())
        }
        // Other finalizers are kept.
        None => {
            let list = machine["metadata"]["finalizers"].as_array();
            let others: Vec<_> = list.into_iter().flatten().filter_map(Value::as_str).filter(|finalizer| *finalizer != FINALIZER).collect();
            informer.patch(Kind::Vm, machine, finalizers(&others), false).await
        }
    }
}

async fn make_volumes(informer: &Informer, machine: &Value) -> Result<(), kube::Error> {
    for template in machine["spec"]["dataVolumeTemplates"].as_array().into_iter().flatten() {
        let (namespace, name) = (text(machine, "namespace"), text(template, "name"));
        if informer.get(Kind::DataVolume, &namespace, &name).is_some() {
            continue;
        }
        let mut metadata = template["metadata"].clone();
        metadata["namespace"] = json!(namespace);
        metadata["labels"]["kubevirt.io/created-by"] = machine["metadata"]["uid"].clone();
        metadata["annotations"]["cdi.kubevirt.io/allowClaimAdoption"] = json!("true");
        metadata["ownerReferences"] = owner(machine);
        let volume = json!({"apiVersion": "cdi.kubevirt.io/v1beta1", "kind": "DataVolume", "metadata": metadata, "spec": template["spec"]});
        informer.create(Kind::DataVolume, volume).await?;
    }
    Ok(())
}

fn new_instance(machine: &Value) -> Value {
    let template = &machine["spec"]["template"];
    let mut metadata = template["metadata"].clone();
    metadata["name"] = machine["metadata"]["name"].clone();
    metadata["namespace"] = machine["metadata"]["namespace"].clone();
    metadata["ownerReferences"] = owner(machine);
    metadata["finalizers"] = json!([FINALIZER, "kubevirt.io/foregroundDeleteVirtualMachine"]);
    json!({"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachineInstance", "metadata": metadata, "spec": template["spec"]})
}

async fn set_status(informer: &Informer, machine: &Value, mut status: Value, instance: Option<&Value>) -> Result<(), kube::Error> {
    let ready = instance.and_then(|instance| find(instance, "Ready"));
    let mut conditions = vec![match ready {
        Some(ready) => ready.clone(),
        None => condition("Ready", "False", "VMINotExists", "VMI does not exist"),
    }];
    let mirrored = ["Synchronized", "PodScheduled", "DataVolumesReady", "LiveMigratable"];
    conditions.extend(mirrored.iter().filter_map(|kind| find(instance?, kind).cloned()));
    let outdated = |instance: &Value| instance["status"]["phase"] == "Running" && instance["spec"] != machine["spec"]["template"]["spec"];
    if instance.is_some_and(outdated) {
        let message = "a non-live-updatable field was changed in the template spec";
        conditions.push(condition("RestartRequired", "True", "RestartRequired", message));
    }
    status["conditions"] = timed(conditions, machine);
    status["created"] = json!(instance.is_some());
    status["ready"] = json!(ready.is_some_and(|ready| ready["status"] == "True"));
    status["printableStatus"] = json!(printable(informer, machine, &status, instance));
    status["runStrategy"] = machine["spec"]["runStrategy"].clone();
    status["observedGeneration"] = machine["metadata"]["generation"].clone();
    status["desiredGeneration"] = machine["metadata"]["generation"].clone();
    if instance.is_some_and(|instance| find(instance, "Ready").is_some_and(|ready| ready["status"] == "True")) {
        status.as_object_mut().map(|status| status.remove("startFailure"));
    }
    informer.set_status(Kind::Vm, machine, status).await
}

/// The first match in KubeVirt's order. Source: `watch/vm/vm.go` `setPrintableStatus`.
fn printable(informer: &Informer, machine: &Value, status: &Value, instance: Option<&Value>) -> &'static str {
    let phase = instance.map_or("", |instance| instance["status"]["phase"].as_str().unwrap_or_default());
    let reason = |kind: &str| {
        let found = instance.and_then(|instance| find(instance, kind)).filter(|condition| condition["status"] == "False");
        found.and_then(|condition| condition["reason"].as_str()).unwrap_or_default()
    };
    let volumes = data_volumes(informer, &text(machine, "namespace"), &machine["spec"]["template"]["spec"]["volumes"]);
    let volume =
        |wanted: &[&str]| volumes.iter().flatten().any(|volume| wanted.contains(&volume["status"]["phase"].as_str().unwrap_or_default()));
    let unfinished = volumes.iter().any(|volume| volume.is_none_or(|volume| volume["status"]["phase"] != "Succeeded"));
    match (instance, phase) {
        (Some(instance), _) if instance["metadata"]["deletionTimestamp"].is_string() => "Stopping",
        (Some(_), "Running") => "Running",
        _ if volume(&["Failed"]) => "DataVolumeError",
        _ if reason("PodScheduled") == "Unschedulable" => "ErrorUnschedulable",
        (_, "" | "Pending") if volume(&["WaitForFirstConsumer", "PendingPopulation"]) => "WaitingForVolumeBinding",
        (_, "" | "Pending") if unfinished => "Provisioning",
        _ if reason("Synchronized") == "ErrImagePull" => "ErrImagePull",
        _ if reason("Synchronized") == "ImagePullBackOff" => "ImagePullBackOff",
        (None, _) if retry_after(status) > Duration::ZERO => "CrashLoopBackOff",
        (Some(_), "" | "Pending" | "Scheduling" | "Scheduled") => "Starting",
        _ => "Stopped",
    }
}
