//! `down`: all of it, and nothing else, gone.

mod common;

use common::World;
use serde_json::json;
use virtwork_sandbox::faults::{Effect, Fault};

#[test]
fn everything_goes_and_a_second_down_finds_nothing() {
    let world = World::new();
    world.run("up").exits(0);
    let run = world.run("down").exits(0).says("virtualmachine.kubevirt.io \"virtwork-cpu-0\" deleted from virtwork namespace");
    assert!(run.stdout.contains("persistentvolumeclaim \"virtwork-disk-0-data\" deleted"), "{run:#?}");
    assert_eq!(world.count_all(), 0);
    world.run("down").exits(0).tells("Nothing of fleet virtwork found in virtwork namespace.");
}

#[test]
fn one_workload_only() {
    let world = World::new();
    world.run("up network cpu").exits(0);
    world.run("down --workloads network").exits(0).hides("cpu");
    assert_eq!(world.names("kubevirt.io/v1/virtualmachines"), ["virtwork-cpu-0"]);
    assert_eq!(world.names("v1/secrets"), ["virtwork-cpu-userdata"]);
    assert_eq!(world.names("v1/services"), Vec::<String>::new());
}

#[test]
fn a_file_that_describes_a_fleet_does_not_narrow_what_is_removed() {
    let world = World::new();
    world.run("up cpu memory").exits(0);
    let file = world.file("virtwork.yaml", "workloads:\n  cpu: {}\n");
    world.run("down disk").exits(0).tells("Nothing of disk of fleet virtwork found");
    world.run("down --workloads=").exits(1).tells("--workloads: is empty");
    common::finish("down ''", &mut world.command(&["down", ""])).exits(1).tells("WORKLOAD: is empty");
    world.run(&format!("down --config {file}")).exits(0);
    assert_eq!(world.count_all(), 0);
}

#[test]
fn without_the_right_to_watch_it_looks_now_and_then() {
    let world = World::new();
    world.run("up network").exits(0);
    world.sandbox.deny("watch", "services");
    world.run("down").exits(0).says("service \"virtwork-iperf3-server\" deleted");
    assert_eq!(world.count_all(), 0);
}

#[test]
fn one_refusal_does_not_keep_the_rest() {
    let world = World::new();
    world.run("up cpu").exits(0);
    world.sandbox.deny("delete", "secrets");
    world.sandbox.deny("deletecollection", "secrets");
    let run = world.run("down").exits(1).tells("Error from server (Forbidden): secrets \"virtwork-cpu-userdata\" is forbidden");
    run.says("virtualmachine.kubevirt.io \"virtwork-cpu-0\" deleted").hides("timed out");
    assert_eq!(world.names("v1/secrets"), ["virtwork-cpu-userdata"]);
    assert_eq!(world.names("kubevirt.io/v1/virtualmachines"), Vec::<String>::new());
}

#[test]
fn what_is_not_ours_stays() {
    let world = World::new();
    world.run("up cpu").exits(0);
    let labels = json!({"app.kubernetes.io/name": "virtwork", "app.kubernetes.io/managed-by": "somebody"});
    world.ask("POST", "/api/v1/namespaces/virtwork/secrets", &json!({"metadata": {"name": "theirs", "labels": labels}}));
    world.run("down").exits(0);
    assert_eq!(world.names("v1/secrets"), ["theirs"]);
    world.run("down --delete-namespace --yes").exits(1).tells("theirs");
    assert!(world.names("v1/namespaces").contains(&"virtwork".to_owned()));
}

#[test]
fn the_namespace_goes_only_if_it_is_ours() {
    let world = World::new();
    world.run("up cpu").exits(0);
    world.run("down --delete-namespace").exits(1).tells("--yes");
    world.run("down --delete-namespace --yes").exits(0).says("namespace \"virtwork\" deleted");
    assert!(!world.names("v1/namespaces").contains(&"virtwork".to_owned()));
    world.run("down --delete-namespace --yes").exits(0).tells("Nothing of fleet");
    world.run("up cpu -n default").exits(0);
    world.run("down -n default --delete-namespace --yes").exits(1).tells("was not created by virtwork; nothing was deleted");
    assert_eq!(world.names("kubevirt.io/v1/virtualmachines").len(), 1);
    let hidden = Effect::refuse(403, "Forbidden", "namespaces \"default\" is forbidden");
    world.sandbox.faults.add(Fault::new(http::Method::GET, "/namespaces/default", hidden).always());
    world.run("down -n default --delete-namespace --yes").exits(1).tells("cannot read namespace default (forbidden)");
}

#[test]
fn a_dry_run_only_tells() {
    let world = World::new();
    world.run("up cpu").exits(0);
    world.writes();
    world.run("down --dry-run").exits(0).says("deleted from virtwork namespace (dry run)");
    assert_eq!(world.writes(), Vec::<String>::new());
}

#[test]
fn a_member_who_may_not_delete_collections_deletes_one_by_one() {
    let mut world = World::new();
    world.run("up cpu memory").exits(0);
    world.user = "member";
    world.run("down").exits(0);
    assert_eq!(world.count_all(), 0);
}

#[test]
fn what_a_finalizer_holds_is_named() {
    let world = World::new();
    world.run("up cpu").exits(0);
    let finalizers = json!({"metadata": {"finalizers": ["kubevirt.io/virtualMachineControllerFinalize", "example.com/held"]}});
    world.ask("PATCH", &format!("{}/virtwork-cpu-0", common::MACHINES), &finalizers);
    world.run("down --timeout 3").exits(1).tells("virtualmachines/virtwork-cpu-0").tells("example.com/held").tells("timed out");
    assert_eq!(world.names("v1/secrets"), Vec::<String>::new());
}

#[test]
fn not_waiting_says_so() {
    let world = World::new();
    world.run("up cpu").exits(0);
    world.run("down --wait=false").exits(0).says("is being deleted");
    common::until("gone", || world.count_all() == 0);
}
