//! VMs that do not become ready: `up` ends early with the reasons, or shows them while it waits.

mod common;

use common::World;
use serde_json::json;
use virtwork_sandbox::{
    Settings,
    faults::{Effect, Fault},
    nodes::simulation::Behavior,
};

#[test]
fn an_image_that_cannot_be_pulled_ends_the_wait() {
    let world = World::new();
    world.sandbox.simulation.set("cpu-0", Behavior::PullFails("manifest unknown".to_owned()));
    let run = world.run("up cpu memory --timeout 300").code(3);
    assert!(run.stderr.contains("virtualmachine.kubevirt.io/virtwork-cpu-0: ImagePullBackOff: manifest unknown"), "{run:#?}");
    run.stderr_has("1 of 2 VMs did not become ready")
        .absent("timed out")
        .stdout_has("virtwork-memory-0   memory     Running            True");
}

#[test]
fn a_data_volume_that_fails_ends_the_wait() {
    let world = World::new();
    world.sandbox.simulation.set("database-0", Behavior::VolumeFails("no space in pool".to_owned()));
    world
        .run("up database --timeout 300")
        .code(3)
        .stderr_has("virtwork-database-0: DataVolumeError: ")
        .stderr_has("no space in pool")
        .absent("timed out");
}

#[test]
fn a_crash_loop_ends_the_wait() {
    // Shorter than KubeVirt's ten seconds.
    let world = World::with(&Settings { backoff: std::time::Duration::from_secs(1), ..Settings::default() });
    world.sandbox.simulation.set("cpu-0", Behavior::Crashes);
    // Between two starts KubeVirt shows Starting, Stopping, Stopped and CrashLoopBackOff, as its clock has it.
    let run = world.run("up cpu --timeout 300").code(3).absent("timed out");
    let named = run.stderr.lines().find(|line| line.starts_with("virtualmachine.kubevirt.io/virtwork-cpu-0: "));
    assert!(named.is_some_and(|line| line.contains(": failed to start ") && line.ends_with(" times")), "{run:#?}");
}

#[test]
fn recoverable_problems_are_shown_and_waited_for() {
    let world = World::new();
    world.sandbox.simulation.set("cpu-0", Behavior::Unschedulable("0/2 nodes are available: 2 Insufficient memory.".to_owned()));
    world.sandbox.simulation.set("database-0", Behavior::VolumePends("no accessMode specified in StorageProfile".to_owned()));
    let up = world.start("up cpu database --timeout 60");
    common::eventually("the VM is unschedulable", || {
        let vm = world.names("kubevirt.io/v1/virtualmachines").contains(&"virtwork-cpu-0".to_owned());
        vm && world.vm("virtwork-cpu-0")["status"]["printableStatus"] == "ErrorUnschedulable"
    });
    world.run("status").success().stdout_has("2 Insufficient memory").stdout_has("no accessMode specified");
    world.sandbox.simulation.set("cpu-0", Behavior::Works);
    world.sandbox.simulation.set("database-0", Behavior::Works);
    let (code, _, stderr) = up.end();
    assert_eq!(code, Some(0), "{stderr}");
}

#[test]
fn quota_is_named() {
    let world = World::new();
    world.api("POST", "/api/v1/namespaces", &json!({"metadata": {"name": "virtwork"}}));
    let quota = json!({"metadata": {"name": "small"}, "spec": {"hard": {"pods": "0"}}});
    world.api("POST", "/api/v1/namespaces/virtwork/resourcequotas", &quota);
    world.run("up cpu --timeout 3").code(3).stderr_has("exceeded quota: small").stderr_has("timed out after 3s");
}

#[test]
fn a_vm_deleted_by_someone_else_ends_the_wait() {
    let world = World::with(&Settings { boot: std::time::Duration::from_secs(3600), ..Settings::default() });
    let mut up = world.start("up cpu --timeout 120");
    common::eventually("the VM exists", || world.names("kubevirt.io/v1/virtualmachineinstances").len() == 1);
    world.api("DELETE", &format!("{}/virtwork-cpu-0", common::VMS), &json!(null));
    assert_eq!(up.wait().unwrap().code(), Some(3));
}

/// Failed pods are followed only to keep their reasons.
#[test]
fn an_optional_watch_that_hangs_delays_nothing() {
    let world = World::new();
    world.sandbox.faults.add(Fault::new(http::Method::GET, "/pods?*status.phase", Effect::Hang).always());
    world.run("up cpu --request-timeout 2 --timeout 50").success();
}

/// A pruned VM that lost its labels is still there.
#[test]
fn a_pruned_vm_is_gone_when_it_is_reported() {
    let world = World::new();
    world.run("up cpu --vm-count 2").success();
    let vm = format!("{}/virtwork-cpu-1", common::VMS);
    let mut finalizers = world.vm("virtwork-cpu-1")["metadata"]["finalizers"].clone();
    finalizers.as_array_mut().unwrap().push(json!("example.com/hold"));
    world.api("PATCH", &vm, &json!({"metadata": {"finalizers": finalizers}}));
    let up = world.start("up cpu --prune --yes --timeout 8");
    common::eventually("it is being deleted", || world.vm("virtwork-cpu-1")["metadata"]["deletionTimestamp"].is_string());
    world.api("PATCH", &vm, &json!({"metadata": {"labels": {"app.kubernetes.io/instance": null}}}));
    let (code, stdout, stderr) = up.end();
    assert!(code != Some(0) && !stdout.contains("pruned"), "{stdout}{stderr}");
    world.api("PATCH", &vm, &json!({"metadata": {"finalizers": null}}));
}

/// A new namespace has no Secret for pulling the image.
#[test]
fn a_missing_pull_secret_is_named_before_anything_is_written() {
    let world = World::new();
    for _ in 0..2 {
        world.run("up cpu --image-pull-secret registry").code(1).stderr_has("Secret registry for pulling the image does not exist");
        assert_eq!(world.writes(), Vec::<String>::new());
        if world.names("v1/namespaces").contains(&"virtwork".to_owned()) {
            return;
        }
        world.api("POST", "/api/v1/namespaces", &json!({"metadata": {"name": "virtwork"}}));
        world.writes();
    }
}

#[test]
fn without_a_storage_class_nothing_is_written() {
    let world = World::with(&Settings { storage: false, ..Settings::default() });
    world.run("up").code(1).stderr_has("StorageClass").stderr_has("--data-disk=empty");
    assert_eq!(world.writes(), Vec::<String>::new());
    world.run("up database --data-disk=empty").success();
    assert_eq!(world.names("cdi.kubevirt.io/v1beta1/datavolumes"), Vec::<String>::new());
    world.run("up disk --storage-class gold").code(1).stderr_has("gold");
}

#[test]
fn without_kubevirt_nothing_is_written() {
    let world = World::with(&Settings { without: vec!["kubevirt.io"], ..Settings::default() });
    let hint = "OpenShift Virtualization (or KubeVirt) is not installed";
    world
        .run("up")
        .code(1)
        .stderr_has("the server doesn't have a resource type \"virtualmachines\" in group \"kubevirt.io\"")
        .stderr_has(hint);
    assert_eq!(world.writes(), Vec::<String>::new());
    world.run("status").code(1).stderr_has(hint);
    world.run("down").success();
}

#[test]
fn without_cdi_only_vms_without_disks() {
    let world = World::with(&Settings { without: vec!["cdi.kubevirt.io"], ..Settings::default() });
    world.run("up database").code(1).stderr_has("cdi.kubevirt.io").stderr_has("--data-disk=empty");
    assert_eq!(world.writes(), Vec::<String>::new());
    world.run("up cpu").success();
    world.run("down").success();
}

#[test]
fn credentials_and_rights() {
    let mut world = World::new();
    world.run("up --token wrong").code(1).stderr_has("error: You must be logged in to the server (Unauthorized)");
    world.user = "nobody";
    world.run("up cpu").code(1).stderr_has("namespace virtwork");
    world.run("status").code(1).stderr_has("Error from server (Forbidden): virtualmachines.kubevirt.io is forbidden");
    world.user = "member";
    world.run("up cpu").code(1).stderr_has("namespace virtwork does not exist, and you cannot create it");
    world.sandbox.deny("create", "virtualmachines");
    world.run("up cpu -n default").code(1).stderr_has("missing permissions in namespace default: create virtualmachines.kubevirt.io");
    assert_eq!(world.writes(), Vec::<String>::new());
}

#[test]
fn up_requests_a_project_without_namespace_permission() {
    let mut world = World::with(&Settings { without: vec![], ..Settings::default() });
    world.user = "owner";
    world.run("up cpu").success().stdout_has("namespace/virtwork created");
    world.run("down").success();
}

#[test]
fn a_project_member_can_run_up_status_and_down() {
    let mut world = World::new();
    world.user = "member";
    world.run("up -n default").success().stderr_has("Warning: cannot list StorageClasses (forbidden)");
    world.run("status -n default").success();
    world.run("down -n default").success();
    assert_eq!(world.count_all(), 0);
}

#[test]
fn transient_errors_are_retried() {
    let world = World::new();
    let overloaded = Effect::Refuse { code: 429, reason: "TooManyRequests", message: "try again".to_owned(), retry_after: Some(1) };
    for (skip, effect) in [
        (0, overloaded),
        (1, Effect::refuse(503, "ServiceUnavailable", "try again")),
        (2, Effect::refuse(500, "InternalError", "try again")),
        (3, Effect::ResetAfter),
    ] {
        world.sandbox.faults.add(Fault::new(http::Method::POST, "/namespaces/virtwork/", effect).skip(skip));
    }
    let end = Effect::End(std::time::Duration::from_millis(100));
    world.sandbox.faults.add(Fault::new(http::Method::GET, "watch=true", end).times(4));
    world.run("up").success();
    assert_eq!(world.sandbox.faults.missed(), Vec::<String>::new());
    assert_eq!(world.names("kubevirt.io/v1/virtualmachines").len(), 6);
}

#[test]
fn permanent_errors_are_not_retried() {
    let world = World::new();
    let effect = Effect::refuse(403, "Forbidden", "admission webhook \"policy\" denied the request: no VMs today");
    world.sandbox.faults.add(Fault::new(http::Method::POST, "/virtualmachines", effect).always());
    world.run("up cpu --vm-count 20 --concurrency 1").code(1).stderr_has("no VMs today");
    let attempts = world.writes().iter().filter(|write| write.contains("/virtualmachines")).count();
    assert_eq!(attempts, 1);
}
