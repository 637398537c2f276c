//! What commands cost: requests follow what the user asked for, not what else is in the namespace or how long it takes.

mod common;

use std::{collections::BTreeMap, time::Duration};

use common::{VMS, World};
use serde_json::{Value, json};
use virtwork_sandbox::{Settings, nodes::simulation::Behavior};

/// More than a page of each kind.
const STRANGERS: usize = 510;

/// Other people's stopped VMs, with pods, Secrets and events.
fn add_strangers(world: &World) {
    let machine = json!({"spec": {"domain": {"devices": {}, "memory": {"guest": "1Gi"}}}});
    let image = json!({"containers": [{"name": "c", "image": "i"}], "restartPolicy": "Never"});
    for number in 0..STRANGERS {
        let meta = json!({"name": format!("theirs-{number}"), "labels": {"kubevirt.io": "virt-launcher"}});
        let about = json!({"kind": "Pod", "namespace": "virtwork", "name": meta["name"], "uid": "11111111-1111-4111-8111-111111111111"});
        for (path, object) in [
            (
                VMS,
                json!({"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachine", "metadata": meta, "spec": {"runStrategy": "Halted", "template": machine}}),
            ),
            ("/api/v1/namespaces/virtwork/pods", json!({"metadata": meta, "spec": image})),
            ("/api/v1/namespaces/virtwork/secrets", json!({"metadata": meta})),
            (
                "/api/v1/namespaces/virtwork/events",
                json!({"metadata": meta, "involvedObject": about, "type": "Warning", "reason": "Failed"}),
            ),
        ] {
            world.api("POST", path, &object);
        }
    }
}

/// The requests of a command by method and path without its query.
fn requests(world: &World, line: &str) -> BTreeMap<String, usize> {
    world.sandbox.faults.take_seen();
    world.run(line);
    let mut count = BTreeMap::new();
    for seen in world.sandbox.faults.take_seen() {
        *count.entry(format!("{} {}", seen.method, seen.path.split('?').next().unwrap_or_default())).or_default() += 1;
    }
    count
}

#[test]
fn other_peoples_objects_cost_nothing() {
    let world = World::new();
    world.sandbox.simulation.set("memory-0", Behavior::Sick("stress-ng is missing".to_owned()));
    world.run("up cpu database").success();
    world.run("up memory --timeout 3").code(3);
    // A second `up`, a status with a VM that is not ready, and one more VM.
    let lines = ["up cpu", "status", "diff cpu", "up cpu --vm-count 2 --no-wait --dry-run=server", "up memory --no-wait"];
    let alone = lines.map(|line| requests(&world, line));
    add_strangers(&world);
    let crowded = lines.map(|line| requests(&world, line));
    for (line, (alone, crowded)) in lines.iter().zip(alone.iter().zip(&crowded)) {
        assert_eq!(alone, crowded, "{line}");
    }
    let total = |requests: &BTreeMap<String, usize>| requests.values().sum::<usize>();
    assert!(total(&alone[0]) <= 8, "a second up: {:#?}", alone[0]);
    assert!(total(&alone[1]) <= 5, "status with one guest to ask: {:#?}", alone[1]);
}

/// No object of others is read in full: every list names the fleet, a VM or a UID.
#[test]
fn every_list_is_narrow() {
    let world = World::new();
    world.sandbox.simulation.set("memory-0", Behavior::Warned("FailedMount", "no such Secret".to_owned()));
    world.sandbox.simulation.set("disk-0", Behavior::ClaimWaits("Warning", "ProvisioningFailed", "no room".to_owned()));
    world.run("up --timeout 3").code(3);
    world.run("up --timeout 3").code(3);
    world.run("status").success();
    for seen in world.sandbox.faults.take_seen() {
        let is_list = seen.path.contains("/namespaces/virtwork/") && seen.path.contains("limit=");
        let names_one = seen.path.contains("labelSelector=") || seen.path.contains("fieldSelector=");
        assert!(!is_list || names_one, "{} {}", seen.method, seen.path);
    }
}

/// At most twenty VMs are looked at, and their pods are read with one request.
#[test]
fn a_look_has_a_limit() {
    let world = World::new();
    world.sandbox.simulation.set("", Behavior::Sick("busy".to_owned()));
    world.run("up cpu --vm-count 25 --timeout 8").code(3).stdout_has("busy").stdout_has("not checked (only 20 VMs are checked at a time)");
    let count = requests(&world, "status");
    let asked: usize = count.iter().filter(|(path, _)| path.contains("/proxy/")).map(|(_, count)| count).sum();
    assert_eq!((asked, count["GET /api/v1/namespaces/virtwork/pods"]), (20, 1), "{count:#?}");
}

/// While nothing changes, watches are resumed and single objects verified; nothing is listed again.
#[test]
fn a_quiet_wait_lists_nothing() {
    let world = World::with(&Settings { boot: Duration::from_secs(3600), ..Settings::default() });
    world.run("up cpu --no-wait").success();
    let status = world.start("status --watch");
    let up = world.start("up cpu --timeout 150");
    std::thread::sleep(Duration::from_secs(15));
    world.sandbox.faults.take_seen();
    // A watch is resumed after 55 seconds.
    std::thread::sleep(Duration::from_secs(65));
    let seen = world.sandbox.faults.take_seen();
    let of = |resource: &str| seen.iter().filter(|seen| seen.path.contains(resource)).map(|seen| seen.path.as_str()).collect::<Vec<_>>();
    let lists: Vec<_> = of("/virtualmachine").into_iter().filter(|path| path.contains("limit=")).collect();
    assert_eq!(lists, Vec::<&str>::new());
    let watches = of("watch=true").len();
    assert!((2..40).contains(&watches), "{watches} watches are resumed");
    drop((status, up));
}

/// A second `up` and `status` of a fleet cost pages, not VMs.
#[test]
fn a_fleet_costs_pages() {
    let world = World::new();
    world.run("up cpu --vm-count 3").success();
    let small = ["up cpu --vm-count 3", "status"].map(|line| requests(&world, line));
    world.run("up cpu --vm-count 60").success();
    let large = ["up cpu --vm-count 60", "status"].map(|line| requests(&world, line));
    assert_eq!(small, large);
}

/// The objects of a dry run are made one after another.
#[test]
fn large_fleets_are_accepted() {
    let world = World::new();
    let run = world.run("up cpu --vm-count 10000 --dry-run -o name").success();
    assert_eq!(run.stdout.lines().count(), 10_002);
    world.run("up cpu --vm-count 10001 --dry-run").code(1).stderr_has("from 1 to 10000");
    let printed = world.run("up cpu --vm-count 3 --dry-run -o json").success();
    let list: Value = serde_json::from_str(&printed.stdout).unwrap();
    assert_eq!(list["items"].as_array().unwrap().len(), 5);
}
