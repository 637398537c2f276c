//! VirtualMachineInstance: its pod, phase and conditions.

use serde_json::{Value, json};

use super::{Options, condition, data_volumes, finalizers, find, owner, timed};
use crate::{
    api::objects::mebibytes,
    informer::{Informer, Kind, Name, owned, text},
    nodes::trouble::{MIGRATION, SYNC_FAILED},
};

/// Added to the initial delay of a probe. Source: `pkg/virt-controller/services/template.go` `LibvirtStartupDelay`, in seconds.
const STARTUP_DELAY: i64 = 10;

/// The memory of a launcher in addition to that of its guest, in MiB: 236 with a guest of 1 GiB was seen.
const OVERHEAD: u64 = 236;

/// Reconciles a VMI.
pub async fn sync(informer: &Informer, name: &Name, instance: &Value, options: Options) -> Result<(), kube::Error> {
    let pods = informer.of_machine(Kind::Pod, name);
    // A migration's target is not yet its pod.
    let pods: Vec<_> = pods.into_iter().filter(|pod| pod["metadata"]["labels"][MIGRATION].is_null()).collect();
    let pod = owned(&pods, instance);
    let phase = instance["status"]["phase"].as_str().unwrap_or_default();
    let ended = phase == "Succeeded" || phase == "Failed";
    if instance["metadata"]["deletionTimestamp"].is_string() {
        match pod {
            // While it runs, virt-handler shuts the guest down and reports it.
            Some(pod) if (ended || phase != "Running") && pod["metadata"]["deletionTimestamp"].is_null() => {
                informer.delete(Kind::Pod, pod, false).await?;
            }
            Some(_) => {}
            None => {
                // Other finalizers are kept.
                let list = instance["metadata"]["finalizers"].as_array().into_iter().flatten().filter_map(Value::as_str);
                let others: Vec<_> = list.filter(|finalizer| !finalizer.starts_with("kubevirt.io/")).collect();
                let own = instance["metadata"]["finalizers"].as_array().map_or(0, Vec::len) > others.len();
                return if own { informer.patch(Kind::Vmi, instance, finalizers(&others), false).await } else { Ok(()) };
            }
        }
        let status = status(instance, pod, phase, vec![condition("Ready", "False", "PodTerminating", "virt-launcher pod is terminating")]);
        return informer.set_status(Kind::Vmi, instance, status).await;
    }
    if ended {
        return Ok(());
    }
    let Some(pod) = pod else {
        return without_pod(informer, instance, phase, options).await;
    };
    let (phase, mut conditions) = with_pod(pod, phase);
    // virt-handler's own, and that of an eviction.
    conditions.extend(["LiveMigratable", "EvictionRequested"].iter().filter_map(|kind| find(instance, kind).cloned()));
    conditions
        .extend(find(instance, "Synchronized").filter(|condition| condition["reason"] == SYNC_FAILED && phase == "Scheduled").cloned());
    informer.set_status(Kind::Vmi, instance, status(instance, Some(pod), phase, conditions)).await
}

async fn without_pod(informer: &Informer, instance: &Value, phase: &str, options: Options) -> Result<(), kube::Error> {
    let not_ready = || condition("Ready", "False", "PodNotExists", "virt-launcher pod has not yet been scheduled");
    if phase == "Running" || phase == "Scheduled" {
        return informer.set_status(Kind::Vmi, instance, status(instance, None, "Failed", vec![not_ready()])).await;
    }
    let volumes = data_volumes(informer, &text(instance, "namespace"), &instance["spec"]["volumes"]);
    let startable = |volume: &Value| {
        ["Succeeded", "WaitForFirstConsumer", "PendingPopulation"].contains(&volume["status"]["phase"].as_str().unwrap_or_default())
    };
    let mut conditions = vec![not_ready()];
    if !volumes.iter().all(|volume| volume.is_some_and(startable)) {
        conditions.push(condition("DataVolumesReady", "False", "NotAllDVsReady", "Not all of the VMI's DVs are ready"));
        return informer.set_status(Kind::Vmi, instance, status(instance, None, "Pending", conditions)).await;
    }
    let pod = new_pod(instance, options);
    let name = text(&pod, "name");
    let result = informer.create(Kind::Pod, pod).await;
    if result.is_ok() {
        informer.event(Kind::Vmi, instance, ("Normal", "SuccessfulCreate"), &format!("Created virtual machine pod {name}")).await?;
    }
    if let Err(kube::Error::Api(refused)) = &result {
        let message = format!("failed to create virtual machine pod: {}", refused.message);
        informer.event(Kind::Vmi, instance, ("Warning", "FailedCreate"), &message).await?;
        conditions.push(condition("Synchronized", "False", "FailedCreate", &message));
    }
    informer.set_status(Kind::Vmi, instance, status(instance, None, "Pending", conditions)).await?;
    result
}

/// Phase and conditions derived from the pod.
fn with_pod(pod: &Value, phase: &str) -> (&'static str, Vec<Value>) {
    let status = &pod["status"];
    let waiting = |list: &Value| {
        let all = list.as_array().into_iter().flatten();
        all.map(|container| container["state"]["waiting"].clone())
            .find(|waiting| ["ErrImagePull", "ImagePullBackOff"].contains(&waiting["reason"].as_str().unwrap_or_default()))
    };
    let mut conditions = Vec::new();
    if let Some(waiting) = waiting(&status["initContainerStatuses"]).or_else(|| waiting(&status["containerStatuses"])) {
        let text = |name: &str| waiting[name].as_str().unwrap_or_default().to_owned();
        conditions.push(condition("Synchronized", "False", &text("reason"), &text("message")));
    }
    if let Some(scheduled) = find(pod, "PodScheduled").filter(|condition| condition["status"] == "False") {
        conditions.push(scheduled.clone());
    }
    if status["phase"] == "Failed" {
        return ("Failed", vec![condition("Ready", "False", "PodTerminating", "virt-launcher pod has failed")]);
    }
    let phase = match phase {
        "Running" => "Running",
        "Scheduled" => "Scheduled",
        _ if status["phase"] == "Running" => "Scheduled",
        _ => "Scheduling",
    };
    conditions.push(match find(pod, "Ready") {
        _ if phase != "Running" => condition("Ready", "False", "GuestNotRunning", "Guest VM is not reported as running"),
        Some(ready) if ready["status"] == "True" => condition("Ready", "True", "", ""),
        // Copied, also without a reason, as when the node is silent.
        Some(ready) => {
            condition("Ready", "False", ready["reason"].as_str().unwrap_or_default(), ready["message"].as_str().unwrap_or_default())
        }
        None => condition("Ready", "False", "PodConditionMissing", "Waiting for the virt-launcher pod to have a Ready condition"),
    });
    (phase, conditions)
}

fn status(instance: &Value, pod: Option<&Value>, phase: &str, conditions: Vec<Value>) -> Value {
    let mut status = instance["status"].as_object().cloned().map_or_else(|| json!({}), Value::Object);
    status["conditions"] = timed(conditions, instance);
    if status["phase"] != phase {
        status["phase"] = json!(phase);
        let stamp = json!({"phase": phase, "phaseTransitionTimestamp": crate::api::objects::now()});
        match status["phaseTransitionTimestamps"].as_array_mut() {
            Some(stamps) => stamps.push(stamp),
            None => status["phaseTransitionTimestamps"] = json!([stamp]),
        }
    }
    if let Some(node) = pod.and_then(|pod| pod["spec"]["nodeName"].as_str()).filter(|_| phase == "Scheduled" || phase == "Running") {
        status["nodeName"] = json!(node);
        if let Some(uid) = pod.and_then(|pod| pod["metadata"]["uid"].as_str()) {
            status["activePods"][uid] = json!(node);
        }
    }
    status
}

/// The name derives from the VMI's UID, so that no second pod is created before the first is seen.
fn new_pod(instance: &Value, options: Options) -> Value {
    let spec = &instance["spec"];
    let name = text(instance, "name");
    let mut labels = instance["metadata"]["labels"].clone();
    labels["kubevirt.io"] = json!("virt-launcher");
    labels["kubevirt.io/created-by"] = instance["metadata"]["uid"].clone();
    labels["vm.kubevirt.io/name"] = json!(name);
    labels["vmi.kubevirt.io/id"] = json!(name);
    let mut annotations = instance["metadata"]["annotations"].as_object().cloned().map_or_else(|| json!({}), Value::Object);
    annotations["kubevirt.io/domain"] = json!(name);
    let mut probe = spec["readinessProbe"].clone();
    if probe.is_object() {
        probe["initialDelaySeconds"] = json!(probe["initialDelaySeconds"].as_i64().unwrap_or(0) + STARTUP_DELAY);
    }
    let memory = format!("{}Mi", mebibytes(&spec["domain"]["memory"]["guest"]) + OVERHEAD);
    let compute = json!({"name": "compute", "image": "sandbox/virt-launcher", "readinessProbe": probe, "resources": {"requests": {"memory": memory}}});
    let (mut init, mut volumes, mut containers) = (Vec::new(), Vec::new(), vec![compute]);
    for volume in spec["volumes"].as_array().into_iter().flatten() {
        let name = volume["name"].as_str().unwrap_or_default();
        if let Some(image) = volume["containerDisk"]["image"].as_str() {
            let disk = format!("volume{name}");
            if options.image_volumes {
                volumes.push(json!({"name": disk, "image": {"reference": image, "pullPolicy": "IfNotPresent"}}));
            } else {
                init.push(json!({"name": "container-disk-binary", "image": "sandbox/virt-launcher"}));
                init.push(json!({"name": format!("{disk}-init"), "image": image}));
            }
            containers.push(json!({"name": disk, "image": image}));
        } else if let Some(secret) = volume["cloudInitNoCloud"]["secretRef"]["name"].as_str() {
            volumes.push(json!({"name": format!("{name}-udata"), "secret": {"secretName": secret}}));
        } else if let Some(claim) = volume["dataVolume"]["name"].as_str() {
            volumes.push(json!({"name": name, "persistentVolumeClaim": {"claimName": claim}}));
        }
    }
    init.push(json!({"name": "guest-console-log", "image": "sandbox/virt-launcher", "restartPolicy": "Always"}));
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": format!("virt-launcher-{name}-{}", &text(instance, "uid")[..5]), "namespace": instance["metadata"]["namespace"], "labels": labels,
            "annotations": annotations, "ownerReferences": owner(instance)},
        "spec": {"restartPolicy": "Never", "containers": containers,
            "initContainers": init, "volumes": volumes, "nodeSelector": spec["nodeSelector"], "tolerations": spec["tolerations"]}
    })
}
