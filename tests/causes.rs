//! Why a VM is not ready: each cause of trouble that was seen on a real node, as the API shows it, gives its reason in words and its
//! name for scripts.

mod common;

use std::time::{Duration, Instant};

use common::{Run, TIMEOUT, VMS, World, eventually};
use serde_json::{Value, json};
use virtwork_sandbox::{Settings, nodes::simulation::Behavior};

const VMIS: &str = "/apis/kubevirt.io/v1/namespaces/virtwork/virtualmachineinstances";
const EVENTS: &str = "/api/v1/namespaces/virtwork/events";
const PODS: &str = "/api/v1/namespaces/virtwork/pods";

/// A cause: what goes wrong, the words, the name, and whether it is final.
struct Row {
    behavior: Behavior,
    words: &'static str,
    cause: &'static str,
    is_final: bool,
}

fn row(behavior: Behavior, words: &'static str, cause: &'static str) -> Row {
    Row { behavior, words, cause, is_final: false }
}

fn last(row: Row) -> Row {
    Row { is_final: true, ..row }
}

const NOT_FOUND: &str =
    "Back-off pulling image \"x\": ErrImagePull: rpc error: code = NotFound desc = failed to pull and unpack image: not found";
const NO_DISK: &str =
    "server error. command SyncVMI failed: \"failed to find disk file from ImageVolume: failed to check ImageVolume path /disk_0\"";
const NO_DISK_IN_ROOT: &str = "failed to find a sourceFile in containerDisk root: failed to determine default image path <nil>";

/// What happens to a VM that comes up.
fn rows() -> Vec<Row> {
    let text = str::to_owned;
    let waits = |container, reason, message: &str| Behavior::Waits { container, reason, message: message.to_owned() };
    let device = "Allocate failed due to cannot allocate unhealthy devices devices.kubevirt.io/kvm, which is unexpected";
    vec![
        last(row(Behavior::PullFails(text(NOT_FOUND)), "ImagePullBackOff: Back-off pulling image", "ImagePullFailed")),
        row(
            Behavior::PullFails(text("failed to do request: dial tcp: lookup registry.example: no such host")),
            "the registry cannot be reached: failed to do request",
            "RegistryUnreachable",
        ),
        last(row(
            Behavior::PullSecretMissing(text(NOT_FOUND)),
            "Unable to retrieve some image pull secrets (missing)",
            "PullSecretMissing",
        )),
        last(row(Behavior::SyncFails(text(NO_DISK)), "image quay.io/containerdisks/", "NotContainerDisk")),
        last(row(Behavior::SyncFails(text(NO_DISK_IN_ROOT)), "is no containerDisk", "NotContainerDisk")),
        row(
            Behavior::SyncFails(text("unable to create virt-launcher client connection")),
            "unable to create virt-launcher",
            "NotSynchronized",
        ),
        row(
            waits("volumeroot", "CreateContainerError", "failed to mkdir \"/var/lib/image\""),
            "container volumeroot: CreateContainerError: failed to mkdir",
            "ContainerFailed",
        ),
        row(Behavior::Warned("FailedMount", text("secret \"x\" not found")), "FailedMount: secret \"x\" not found", "MountFailed"),
        row(
            Behavior::Warned("FailedCreatePodSandBox", text("plugin type=\"ovn\" failed (add)")),
            "FailedCreatePodSandBox: plugin type",
            "PodSandboxFailed",
        ),
        row(
            Behavior::Unschedulable(text("0/2 nodes are available: 2 node(s) were unschedulable.")),
            "ErrorUnschedulable: 0/2 nodes are available",
            "Unschedulable",
        ),
        row(Behavior::PodFails("UnexpectedAdmissionError", text(device)), "UnexpectedAdmissionError: Allocate failed", "DeviceUnavailable"),
        row(Behavior::Sick(text("virtwork-cpu.service is inactive")), "Running: virtwork-cpu.service is inactive", "GuestNotReady"),
        row(Behavior::SetupFails(text("[FAILED] Failed to start cloud-init")), "Running: waiting for the guest to report", "GuestBooting"),
    ]
}

/// Runs `up` for as many VMs as there are rows, each with its behavior.
fn each(world: &World, workload: &str, behaviors: impl Iterator<Item = Behavior>) -> Run {
    let count =
        behaviors.enumerate().map(|(index, behavior)| world.sandbox.simulation.set(&format!("{workload}-{index}"), behavior)).count();
    world.run(&format!("up {workload} --vm-count {count} --timeout 12"))
}

#[test]
fn causes_of_a_vm_that_does_not_come_up() {
    let world = World::with(&Settings { backoff: Duration::from_secs(1), ..Settings::default() });
    let rows = rows();
    let run = each(&world, "cpu", rows.iter().map(|row| row.behavior.clone())).code(3).stderr_has("timed out");
    for (index, row) in rows.iter().enumerate() {
        let line = run.stderr.lines().find(|line| line.starts_with(&format!("virtualmachine.kubevirt.io/virtwork-cpu-{index}: ")));
        assert!(line.is_some_and(|line| line.contains(row.words)), "{}: {line:?}", row.cause);
        shows(&world, index, row.words.split_once(": ").map_or(row.words, |(_, words)| words), row.cause, row.is_final);
    }
}

/// Asserts what `status -o json` says about the VM with this index.
#[track_caller]
fn shows(world: &World, index: usize, words: &str, cause: &str, is_final: bool) {
    let mut item = Value::Null;
    let begun = Instant::now();
    while item["cause"] != cause || item["final"] != is_final || !item["reason"].as_str().is_some_and(|reason| reason.contains(words)) {
        assert!(begun.elapsed() < TIMEOUT, "{cause} ({words}) is {item}");
        let status: Value = serde_json::from_str(&world.run("status -o json").success().stdout).unwrap();
        item = status["items"][index].clone();
    }
}

/// The init containers that copy an image wait where an image volume would.
#[test]
fn causes_with_init_containers() {
    let world = World::with(&Settings { image_volumes: false, ..Settings::default() });
    world.sandbox.simulation.set("cpu-0", Behavior::PullFails(NOT_FOUND.to_owned()));
    world.run("up cpu --timeout 4").code(3).stderr_has("Back-off pulling image");
    shows(&world, 0, "Back-off pulling image", "ImagePullFailed", true);
}

/// What the API server decides.
#[test]
fn causes_in_the_namespace() {
    for (object, words, cause, is_final) in [
        (json!({"kind": "ResourceQuota", "spec": {"hard": {"pods": "0"}}}), "exceeded quota: q", "QuotaExceeded", false),
        (
            json!({"kind": "LimitRange", "spec": {"limits": [{"type": "Container", "max": {"memory": "512Mi"}}]}}),
            "must be less than or equal to memory limit",
            "LimitRange",
            true,
        ),
        (Value::Null, "violates PodSecurity \"restricted:latest\"", "PodSecurity", true),
    ] {
        let world = World::new();
        let level = if object.is_null() { json!({"pod-security.kubernetes.io/enforce": "restricted"}) } else { json!({}) };
        world.api("POST", "/api/v1/namespaces", &json!({"metadata": {"name": "virtwork", "labels": level}}));
        if let Some(kind) = object["kind"].as_str() {
            let mut named = object.clone();
            named["metadata"] = json!({"name": "q"});
            let path = format!("/api/v1/namespaces/virtwork/{}s", kind.to_lowercase());
            world.api("POST", &path, &named);
            let hard = || world.api("GET", &format!("{path}/q"), &Value::Null)["status"]["hard"].is_object();
            eventually("the quota is enforced", || kind != "ResourceQuota" || common::real().is_none() || hard());
        }
        world.run("up cpu --timeout 4").code(3).stderr_has(words).stderr_has("timed out");
        shows(&world, 0, words, cause, is_final);
    }
}

/// A quota can be lifted: once there is a pod, the refusal is over, although its event stays.
#[test]
fn a_lifted_quota_is_no_reason_any_more() {
    let world = World::new();
    world.api("POST", "/api/v1/namespaces", &json!({"metadata": {"name": "virtwork"}}));
    let quotas = "/api/v1/namespaces/virtwork/resourcequotas";
    world.api("POST", quotas, &json!({"metadata": {"name": "q"}, "spec": {"hard": {"pods": "0"}}}));
    eventually("it is enforced", || {
        common::real().is_none() || world.api("GET", &format!("{quotas}/q"), &Value::Null)["status"]["hard"].is_object()
    });
    world.sandbox.simulation.set("cpu-0", Behavior::Warned("FailedMount", "no such Secret".to_owned()));
    world.run("up cpu --timeout 3").code(3).stderr_has("exceeded quota");
    world.api("DELETE", &format!("{quotas}/q"), &Value::Null);
    shows(&world, 0, "FailedMount: no such Secret", "MountFailed", false);
}

/// An image that does not exist ends the wait; a node that is missing does not.
#[test]
fn only_final_causes_end_the_wait() {
    let world = World::new();
    world.sandbox.simulation.set("cpu-0", Behavior::SyncFails(NO_DISK.to_owned()));
    world.run("up cpu --timeout 300").code(3).stderr_has("is no containerDisk").absent("timed out");
}

/// The pod is gone within seconds; its reason is kept by a command that follows it, and found in events by one that comes later.
#[test]
fn the_reason_of_a_failed_start_is_kept() {
    let world = World::with(&Settings { backoff: Duration::from_secs(1), ..Settings::default() });
    let log = "level=info\npanic: no such program\n\ngoroutine 1 [running]:".to_owned();
    world.sandbox.simulation.set("cpu-0", Behavior::LauncherFails(2, log));
    // A real cluster tries again after ten seconds, and the first pod may be gone before the wait begins.
    let run = world.run(&format!("up cpu --timeout {}", if common::real().is_some() { 25 } else { 8 })).code(3);
    run.stderr_has(": container compute ended with exit code 2: panic: no such program").stderr_has("timed out");
    world.sandbox.simulation.set("memory-0", Behavior::PodFails("UnexpectedAdmissionError", "no kvm".to_owned()));
    let run = world.run("up memory --timeout 6").code(3);
    run.stderr_has(": UnexpectedAdmissionError: no kvm");
    let status = world.run("status -o json").success().stdout;
    let status: Value = serde_json::from_str(&status).unwrap();
    let of = |name: &str| status["items"].as_array().unwrap().iter().find(|item| item["name"] == name).unwrap().clone();
    assert_eq!(of("virtwork-memory-0")["cause"], "DeviceUnavailable", "from the events of its pod: {status}");
    assert!(["StartFailed", "CrashLoop"].iter().any(|cause| of("virtwork-cpu-0")["cause"] == *cause), "{status}");
}

/// The provisioner of a PVC says why it waits, the one that is silent does not.
#[test]
fn causes_of_a_data_disk() {
    let waits = |kind, reason, message: &str| Behavior::ClaimWaits(kind, reason, message.to_owned());
    let missing = "storageclass.storage.k8s.io \"fast\" not found";
    let external = "Waiting for a volume to be created either by the external provisioner 'example.com/csi' or manually";
    let rows = [
        (
            waits("Warning", "ProvisioningFailed", missing),
            "ProvisioningFailed: storageclass.storage.k8s.io \"fast\" not found",
            "ProvisioningFailed",
        ),
        (
            waits("Normal", "ExternalProvisioning", external),
            "waiting for the provisioner of its PVC: Waiting for a volume",
            "ProvisionerSilent",
        ),
        (Behavior::VolumePends("no accessMode specified".to_owned()), "data volume Pending: no accessMode", "VolumePending"),
    ];
    let world = World::new();
    let run = each(&world, "disk", rows.iter().map(|(behavior, ..)| behavior.clone())).code(3);
    for (index, (_, words, cause)) in rows.iter().enumerate() {
        assert!(run.stderr.contains(words), "{cause}: {run:#?}");
        shows(&world, index, words, cause, false);
    }
}

/// What happens to a VM that was ready.
#[test]
fn causes_of_a_vm_that_was_ready() {
    let no_room = "0/2 nodes are available: 1 node(s) were unschedulable";
    let rows = [
        (Behavior::NodeSilent, "does not respond", "NodeUnreachable"),
        (Behavior::Hangs, "the guest does not respond; last console message: working", "GuestSilent"),
        (Behavior::Reboots, "the guest is rebooting", "GuestRebooting"),
        (Behavior::Drained(no_room.to_owned()), "the VM waits for its migration: 0/2 nodes are available", "Draining"),
    ];
    let world = World::with(&Settings { boot: Duration::from_secs(4), ..Settings::default() });
    world.run(&format!("up cpu --vm-count {}", rows.len())).success();
    for (index, (behavior, ..)) in rows.iter().enumerate() {
        world.sandbox.simulation.set(&format!("cpu-{index}"), behavior.clone());
    }
    for (index, (_, words, cause)) in rows.iter().enumerate() {
        shows(&world, index, words, cause, false);
    }
}

/// A node under pressure: the eviction names it, and once the next pod waits for a node, it still does. The scheduler only speaks of
/// taints.
#[test]
fn the_pressure_that_evicted_a_vm_is_named() {
    let world = World::with(&Settings { backoff: Duration::from_secs(1), ..Settings::default() });
    world.run("up cpu").success();
    let pressure = "Pod was rejected: The node had condition: [DiskPressure].";
    let about = json!({"kind": "Pod", "namespace": "virtwork", "name": "virt-launcher-virtwork-cpu-0-copy-abcde", "uid": "1"});
    world.api("POST", EVENTS, &event("evicted-copy", &about, "Evicted", "word of a stranger"));
    world.sandbox.simulation.set("cpu-0", Behavior::Evicted(pressure.to_owned()));
    let words = format!("had untolerated taint(s).; its last pod was evicted: {pressure}");
    shows(&world, 0, &words, "Unschedulable", false);
    world.run("status").success().absent("word of a stranger");
    world.sandbox.simulation.set("cpu-0", Behavior::Works);
    world.run("up cpu").success();
    // Another instance came up since, so that the eviction is no reason any more.
    let taints = "0/2 nodes are available: 2 node(s) had untolerated taint(s).";
    world.sandbox.simulation.set("cpu-0", Behavior::Unschedulable(taints.to_owned()));
    world.api("DELETE", &format!("{VMIS}/virtwork-cpu-0"), &Value::Null);
    shows(&world, 0, taints, "Unschedulable", false);
    world.run("status").success().absent("was evicted");
}

/// Without virt-handler the node has no devices: kubelet refuses the first pod, and no node takes the second.
#[test]
fn a_node_without_virt_handler() {
    let world = World::with(&Settings { backoff: Duration::from_secs(1), ..Settings::default() });
    let refused = "Allocate failed due to cannot allocate unhealthy devices devices.kubevirt.io/tun, which is unexpected";
    world.sandbox.simulation.set("cpu-0", Behavior::PodFails("UnexpectedAdmissionError", refused.to_owned()));
    let up = world.start("up cpu --timeout 60");
    eventually("a start failed", || {
        let vm = world.names("kubevirt.io/v1/virtualmachines").contains(&"virtwork-cpu-0".to_owned());
        vm && world.vm("virtwork-cpu-0")["status"]["startFailure"].is_object()
    });
    shows(&world, 0, "cannot allocate unhealthy devices devices.kubevirt.io/tun", "DeviceUnavailable", false);
    let missing = "0/1 nodes are available: 1 Insufficient devices.kubevirt.io/tun.";
    world.sandbox.simulation.set("cpu-0", Behavior::Unschedulable(missing.to_owned()));
    shows(&world, 0, missing, "Unschedulable", false);
    world.sandbox.simulation.set("cpu-0", Behavior::Works);
    let (code, _, stderr) = up.end();
    assert_eq!(code, Some(0), "{stderr}");
}

/// Minutes without a report are more than a slow boot: the console's last error and the probe are shown.
#[test]
fn a_guest_that_does_not_report_for_minutes() {
    let world = World::new();
    world.sandbox.simulation.set("cpu-0", Behavior::SetupFails("[FAILED] Failed to start cloud-init.service".to_owned()));
    world.run("up cpu --timeout 3").code(3);
    let long_ago = json!([{"phase": "Running", "phaseTransitionTimestamp": "2026-01-01T00:00:00Z"}]);
    world.api("PATCH", &format!("{VMIS}/virtwork-cpu-0"), &json!({"status": {"phaseTransitionTimestamps": long_ago}}));
    shows(
        &world,
        0,
        "; last error on its console: [FAILED] Failed to start cloud-init.service; its readiness probe: no route to host",
        "GuestSetupFailed",
        false,
    );
}

/// A VM that is being stopped says so, not that its guest is silent.
#[test]
fn a_vm_that_is_being_stopped() {
    let world = World::new();
    world.run("up cpu").success();
    let mut finalizers = world.api("GET", &format!("{VMIS}/virtwork-cpu-0"), &Value::Null)["metadata"]["finalizers"].clone();
    finalizers.as_array_mut().unwrap().push(json!("example.com/hold"));
    let held = json!({"metadata": {"finalizers": finalizers}});
    world.api("PATCH", &format!("{VMIS}/virtwork-cpu-0"), &held);
    world.api("DELETE", &format!("{VMIS}/virtwork-cpu-0"), &Value::Null);
    shows(&world, 0, "stopping", "Stopping", false);
    world.api("PATCH", &format!("{VMIS}/virtwork-cpu-0"), &json!({"metadata": {"finalizers": []}}));
}

/// An event about an object.
fn event(name: &str, involved: &Value, reason: &str, message: &str) -> Value {
    let now = "2026-11-30T12:00:00Z";
    json!({"metadata": {"name": name}, "involvedObject": involved, "type": "Warning", "reason": reason, "message": message,
        "firstTimestamp": now, "lastTimestamp": now, "source": {"component": "test"}})
}

/// A VM shows nothing that is about another object: its predecessor of the same name, a pod that is gone, a stranger whose name
/// begins with its own. And its own event is found among many.
#[test]
fn events_of_others_are_not_its_own() {
    let world = World::new();
    world.sandbox.simulation.set("cpu-0", Behavior::PullFails(NOT_FOUND.to_owned()));
    world.run("up cpu --timeout 3").code(3).stderr_has("Back-off pulling image");
    let old = world.api("GET", &format!("{VMIS}/virtwork-cpu-0"), &Value::Null);
    world.run("down").success();
    let about = |kind: &str, name: &str, uid: &Value| json!({"kind": kind, "namespace": "virtwork", "name": name, "uid": uid});
    let post = |event: &Value| drop(world.api("POST", EVENTS, event));
    post(&event("old", &about("VirtualMachineInstance", "virtwork-cpu-0", &old["metadata"]["uid"]), "SyncFailed", "word of the old VM"));
    let gone = json!("11111111-1111-4111-8111-111111111111");
    post(&event("gone", &about("Pod", "virt-launcher-virtwork-cpu-0-abcde", &gone), "Failed", "word of the old VM"));
    post(&event("copy", &about("Pod", "virt-launcher-virtwork-cpu-0-copy-abcde", &gone), "Failed", "word of a stranger"));
    for number in 0..600 {
        post(&event(&format!("many-{number}"), &about("Pod", &format!("theirs-{number}"), &gone), "Failed", "word of a stranger"));
    }
    world.sandbox.simulation.set("cpu-0", Behavior::Warned("FailedMount", "its own word".to_owned()));
    let up = world.start("up cpu --timeout 8");
    eventually("it has a pod", || !world.names("v1/pods").is_empty());
    for _ in 0..10 {
        world.run("status").success().absent("word of");
    }
    shows(&world, 0, "FailedMount: its own word", "MountFailed", false);
    let (_, stdout, stderr) = up.end();
    assert!(!format!("{stdout}{stderr}").contains("word of"), "{stdout}{stderr}");
}

/// Text from the cluster is bounded and harmless, and strange objects end no command.
#[test]
fn strange_events_and_conditions() {
    let world = World::new();
    world.sandbox.simulation.set("cpu-0", Behavior::Warned("FailedMount", "its own word".to_owned()));
    world.run("up cpu --timeout 2").code(3);
    let pods = world.api("GET", PODS, &Value::Null);
    let pod = &pods["items"][0]["metadata"];
    let about = json!({"kind": "Pod", "namespace": "virtwork", "name": pod["name"], "uid": pod["uid"]});
    let mut absurd = event("absurd", &about, "Absurd", "from the year 9999");
    absurd["lastTimestamp"] = json!("9999-12-31T23:59:59Z");
    let long = "x".repeat(if common::real().is_some() { 1000 } else { 2 << 20 });
    for event in [
        absurd,
        event("escapes", &about, "Escapes", &format!("\u{1b}[31mred\r\nsecond line {long}")),
        json!({"metadata": {"name": "empty"}, "involvedObject": about}),
    ] {
        world.api("POST", EVENTS, &event);
    }
    let run = world.run("status").success();
    assert!(run.stdout.lines().all(|line| line.chars().count() < 3000), "{} bytes", run.stdout.len());
    run.absent("\u{1b}");
    let conditions =
        json!([{"type": "Ready", "status": "False"}, {"type": "Synchronized", "status": "False", "message": "\u{9b}2J only this"}]);
    world.api("PATCH", &format!("{VMS}/virtwork-cpu-0/status"), &json!({"status": {"conditions": conditions}}));
    world.run("status").success().absent("\u{9b}");
}
