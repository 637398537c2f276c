//! Machines that do not come up: the wait ends early with their reasons, or shows them while it goes on.

mod common;

use common::World;
use serde_json::json;
use virtwork_sandbox::{
    Settings,
    faults::{Effect, Fault},
    nodes::simulation::Behaviour,
};

#[test]
fn an_image_that_cannot_be_pulled_ends_the_wait() {
    let world = World::new();
    world.sandbox.simulation.set("cpu-0", Behaviour::PullFails("manifest unknown".to_owned()));
    let run = world.run("up cpu memory --timeout 300").exits(3);
    assert!(run.stderr.contains("virtualmachine.kubevirt.io/virtwork-cpu-0: ImagePullBackOff: manifest unknown"), "{run:#?}");
    run.tells("1 of 2 VMs did not become ready").hides("timed out").says("virtwork-memory-0   memory     Running            True");
}

#[test]
fn a_data_volume_that_fails_ends_the_wait() {
    let world = World::new();
    world.sandbox.simulation.set("database-0", Behaviour::VolumeFails("no space in pool".to_owned()));
    world
        .run("up database --timeout 300")
        .exits(3)
        .tells("virtwork-database-0: DataVolumeError: ")
        .tells("no space in pool")
        .hides("timed out");
}

#[test]
fn a_crash_loop_ends_the_wait() {
    // Not KubeVirt's ten seconds.
    let world = World::with(&Settings { backoff: std::time::Duration::from_secs(1), ..Settings::default() });
    world.sandbox.simulation.set("cpu-0", Behaviour::Crashes);
    world.run("up cpu --timeout 300").exits(3).tells("virtwork-cpu-0: CrashLoopBackOff").hides("timed out");
}

#[test]
fn what_may_get_better_is_named_and_waited_for() {
    let world = World::new();
    world.sandbox.simulation.set("cpu-0", Behaviour::Unschedulable("0/2 nodes are available: 2 Insufficient memory.".to_owned()));
    world.sandbox.simulation.set("database-0", Behaviour::VolumePends("no accessMode specified in StorageProfile".to_owned()));
    let up = world.start("up cpu database --timeout 60");
    common::until("the machine is unschedulable", || {
        let machine = world.names("kubevirt.io/v1/virtualmachines").contains(&"virtwork-cpu-0".to_owned());
        machine && world.machine("virtwork-cpu-0")["status"]["printableStatus"] == "ErrorUnschedulable"
    });
    world.run("status").exits(0).says("2 Insufficient memory").says("no accessMode specified");
    world.sandbox.simulation.set("cpu-0", Behaviour::Works);
    world.sandbox.simulation.set("database-0", Behaviour::Works);
    let (code, _, told) = up.end();
    assert_eq!(code, Some(0), "{told}");
}

#[test]
fn quota_is_named() {
    let world = World::new();
    world.ask("POST", "/api/v1/namespaces", &json!({"metadata": {"name": "virtwork"}}));
    let quota = json!({"metadata": {"name": "small"}, "spec": {"hard": {"pods": "0"}}});
    world.ask("POST", "/api/v1/namespaces/virtwork/resourcequotas", &quota);
    world.run("up cpu --timeout 3").exits(3).tells("exceeded quota: small").tells("timed out after 3s");
}

#[test]
fn a_machine_deleted_by_somebody_ends_the_wait() {
    let world = World::with(&Settings { boot: std::time::Duration::from_secs(3600), ..Settings::default() });
    let mut up = world.start("up cpu --timeout 120");
    common::until("the machine is there", || world.names("kubevirt.io/v1/virtualmachineinstances").len() == 1);
    world.ask("DELETE", &format!("{}/virtwork-cpu-0", common::MACHINES), &json!(null));
    assert_eq!(up.wait().unwrap().code(), Some(3));
}

#[test]
fn without_a_storage_class_nothing_is_written() {
    let world = World::with(&Settings { storage: false, ..Settings::default() });
    world.run("up").exits(1).tells("StorageClass").tells("--data-disk=empty");
    assert_eq!(world.writes(), Vec::<String>::new());
    world.run("up database --data-disk=empty").exits(0);
    assert_eq!(world.names("cdi.kubevirt.io/v1beta1/datavolumes"), Vec::<String>::new());
    world.run("up disk --storage-class gold").exits(1).tells("gold");
}

#[test]
fn without_kubevirt_nothing_is_written() {
    let world = World::with(&Settings { without: vec!["kubevirt.io"], ..Settings::default() });
    let hint = "OpenShift Virtualization (or KubeVirt) is not installed";
    world.run("up").exits(1).tells("the server doesn't have a resource type \"virtualmachines\" in group \"kubevirt.io\"").tells(hint);
    assert_eq!(world.writes(), Vec::<String>::new());
    world.run("status").exits(1).tells(hint);
    world.run("down").exits(0);
}

#[test]
fn without_cdi_only_machines_without_disks() {
    let world = World::with(&Settings { without: vec!["cdi.kubevirt.io"], ..Settings::default() });
    world.run("up database").exits(1).tells("cdi.kubevirt.io").tells("--data-disk=empty");
    assert_eq!(world.writes(), Vec::<String>::new());
    world.run("up cpu").exits(0);
    world.run("down").exits(0);
}

#[test]
fn credentials_and_rights() {
    let mut world = World::new();
    world.run("up --token wrong").exits(1).tells("error: You must be logged in to the server (Unauthorized)");
    world.user = "nobody";
    world.run("up cpu").exits(1).tells("namespace virtwork");
    world.run("status").exits(1).tells("Error from server (Forbidden): virtualmachines.kubevirt.io is forbidden");
    world.user = "member";
    world.run("up cpu").exits(1).tells("namespace virtwork does not exist, and you cannot create it");
    world.sandbox.deny("create", "virtualmachines");
    world.run("up cpu -n default").exits(1).tells("missing permissions in namespace default: create virtualmachines.kubevirt.io");
    assert_eq!(world.writes(), Vec::<String>::new());
}

#[test]
fn a_project_is_asked_for_where_namespaces_may_not_be_made() {
    let mut world = World::with(&Settings { without: vec![], ..Settings::default() });
    world.user = "owner";
    world.run("up cpu").exits(0).says("namespace/virtwork created");
    world.run("down").exits(0);
}

#[test]
fn a_member_can_do_the_main_job_in_a_namespace_that_is_there() {
    let mut world = World::new();
    world.user = "member";
    world.run("up -n default").exits(0).tells("Warning: cannot list StorageClasses (forbidden)");
    world.run("status -n default").exits(0);
    world.run("down -n default").exits(0);
    assert_eq!(world.count_all(), 0);
}

#[test]
fn what_is_transient_is_tried_again() {
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
    world.run("up").exits(0);
    assert_eq!(world.names("kubevirt.io/v1/virtualmachines").len(), 6);
}

#[test]
fn what_is_not_transient_stops_at_once() {
    let world = World::new();
    let effect = Effect::refuse(403, "Forbidden", "admission webhook \"policy\" denied the request: no machines today");
    world.sandbox.faults.add(Fault::new(http::Method::POST, "/virtualmachines", effect).always());
    world.run("up cpu --vm-count 20 --concurrency 1").exits(1).tells("no machines today");
    let attempts = world.writes().iter().filter(|write| write.contains("/virtualmachines")).count();
    assert_eq!(attempts, 1);
}
