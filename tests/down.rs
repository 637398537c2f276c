//! `down`: deletes the fleet, and nothing else.

mod common;

use common::World;
use serde_json::json;
use virtwork_sandbox::faults::{Effect, Fault};

#[test]
fn down_deletes_everything_and_a_second_down_finds_nothing() {
    let world = World::new();
    world.run("up").success();
    let run = world.run("down").success().stdout_has("virtualmachine.kubevirt.io \"virtwork-cpu-0\" deleted from virtwork namespace");
    assert!(run.stdout.contains("persistentvolumeclaim \"virtwork-disk-0-data\" deleted"), "{run:#?}");
    assert_eq!(world.count_all(), 0);
    world.run("down").success().stderr_has("No objects of fleet virtwork found in virtwork namespace.");
}

#[test]
fn one_workload_only() {
    let world = World::new();
    world.run("up network cpu").success();
    world.run("down --workloads network").success().absent("cpu");
    assert_eq!(world.names("kubevirt.io/v1/virtualmachines"), ["virtwork-cpu-0"]);
    assert_eq!(world.names("v1/secrets"), ["virtwork-cpu-userdata"]);
    assert_eq!(world.names("v1/services"), Vec::<String>::new());
}

#[test]
fn a_config_file_does_not_narrow_what_down_deletes() {
    let world = World::new();
    world.run("up cpu memory").success();
    let file = world.file("virtwork.yaml", "workloads:\n  cpu: {}\n");
    world.run("down disk").success().stderr_has("No objects of disk in fleet virtwork found");
    world.run("down --workloads=").code(1).stderr_has("--workloads: must not be empty");
    common::output("down ''", &mut world.command(&["down", ""])).code(1).stderr_has("WORKLOAD: must not be empty");
    world.run(&format!("down --config {file}")).success();
    assert_eq!(world.count_all(), 0);
}

#[test]
fn down_polls_without_watch_permission() {
    let world = World::new();
    world.run("up network").success();
    world.sandbox.deny("watch", "services");
    world.run("down").success().stdout_has("service \"virtwork-iperf3-server\" deleted");
    assert_eq!(world.count_all(), 0);
}

#[test]
fn one_refused_delete_does_not_stop_the_others() {
    let world = World::new();
    world.run("up cpu").success();
    world.sandbox.deny("delete", "secrets");
    world.sandbox.deny("deletecollection", "secrets");
    let run = world.run("down").code(1).stderr_has("Error from server (Forbidden): secrets \"virtwork-cpu-userdata\" is forbidden");
    run.stdout_has("virtualmachine.kubevirt.io \"virtwork-cpu-0\" deleted").absent("timed out");
    assert_eq!(world.names("v1/secrets"), ["virtwork-cpu-userdata"]);
    assert_eq!(world.names("kubevirt.io/v1/virtualmachines"), Vec::<String>::new());
}

#[test]
fn foreign_objects_are_kept() {
    let world = World::new();
    world.run("up cpu").success();
    let labels = json!({"app.kubernetes.io/name": "virtwork", "app.kubernetes.io/managed-by": "somebody"});
    world.api("POST", "/api/v1/namespaces/virtwork/secrets", &json!({"metadata": {"name": "theirs", "labels": labels}}));
    world.run("down").success();
    assert_eq!(world.names("v1/secrets"), ["theirs"]);
    world.run("down --delete-namespace --yes").code(1).stderr_has("theirs");
    assert!(world.names("v1/namespaces").contains(&"virtwork".to_owned()));
}

#[test]
fn a_namespace_is_deleted_only_if_up_created_it() {
    let world = World::new();
    world.run("up cpu").success();
    world.run("down --delete-namespace").code(1).stderr_has("--yes");
    world.run("down --delete-namespace --yes").success().stdout_has("namespace \"virtwork\" deleted");
    assert!(!world.names("v1/namespaces").contains(&"virtwork".to_owned()));
    world.run("down --delete-namespace --yes").success().stderr_has("No objects of fleet");
    world.run("up cpu -n default").success();
    world.run("down -n default --delete-namespace --yes").code(1).stderr_has("was not created by virtwork; nothing was deleted");
    assert_eq!(world.names("kubevirt.io/v1/virtualmachines").len(), 1);
    let hidden = Effect::refuse(403, "Forbidden", "namespaces \"default\" is forbidden");
    world.sandbox.faults.add(Fault::new(http::Method::GET, "/namespaces/default", hidden).always());
    world.run("down -n default --delete-namespace --yes").code(1).stderr_has("cannot read namespace default (forbidden)");
}

#[test]
fn a_dry_run_only_prints() {
    let world = World::new();
    world.run("up cpu").success();
    world.writes();
    world.run("down --dry-run").success().stdout_has("deleted from virtwork namespace (dry run)");
    assert_eq!(world.writes(), Vec::<String>::new());
}

#[test]
fn down_needs_no_deletecollection() {
    let mut world = World::new();
    world.run("up cpu memory").success();
    world.user = "member";
    world.run("down").success();
    assert_eq!(world.count_all(), 0);
}

#[test]
fn objects_held_by_a_finalizer_are_named() {
    let world = World::new();
    world.run("up cpu").success();
    let finalizers = json!({"metadata": {"finalizers": ["kubevirt.io/virtualMachineControllerFinalize", "example.com/held"]}});
    world.api("PATCH", &format!("{}/virtwork-cpu-0", common::VMS), &finalizers);
    world
        .run("down --timeout 3")
        .code(1)
        .stderr_has("virtualmachines/virtwork-cpu-0")
        .stderr_has("example.com/held")
        .stderr_has("timed out");
    assert_eq!(world.names("v1/secrets"), Vec::<String>::new());
}

#[test]
fn down_without_wait_says_is_being_deleted() {
    let world = World::new();
    world.run("up cpu").success();
    world.run("down --wait=false").success().stdout_has("is being deleted");
    common::eventually("gone", || world.count_all() == 0);
}
