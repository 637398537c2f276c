//! `status`: the fleet, and why VMs are not ready.

mod common;

use std::{
    io::{BufRead as _, BufReader},
    sync::mpsc,
    thread,
    time::Duration,
};

use common::World;
use serde_json::Value;
use virtwork_sandbox::nodes::simulation::Behavior;

#[test]
fn formats() {
    let world = World::new();
    world.run("status").success().stderr_has("No resources found in virtwork namespace.");
    world.run("up cpu network").success();
    let table = world.run("status").success();
    assert!(table.stdout.starts_with("NAME                        WORKLOAD         STATUS    READY   AGE"), "{table:#?}");
    assert_eq!(table.stdout.lines().count(), 4);
    assert_eq!(world.run("status --no-headers").success().stdout.lines().count(), 3);
    world.run("status -o wide").success().stdout_has("NODE").stdout_has("198.51.100.").stdout_has("node-");
    world.run("status -A").success().stdout_has("NAMESPACE").stdout_has("virtwork    virtwork-cpu-0");
    world.run("status -A --name other").success().stderr_has("No resources found");
    // A file that describes a fleet hides no others.
    let file = world.file("other.yaml", "name: other\n");
    world.run(&format!("status -A --config {file}")).success().stdout_has("virtwork    virtwork-cpu-0");
    let names = world.run("status -o name").success();
    assert_eq!(names.stdout.lines().next(), Some("virtualmachine.kubevirt.io/virtwork-cpu-0"));
    let json: Value = serde_json::from_str(&world.run("status -o json").success().stdout).unwrap();
    assert_eq!(json["items"][1]["role"], "client");
    let yaml: Value = serde_yaml::from_str(&world.run("status -o yaml").success().stdout).unwrap();
    assert_eq!(yaml["items"].as_array().unwrap().len(), 3);
    assert_eq!(world.run("status -l app.kubernetes.io/component=cpu -o name").success().stdout.lines().count(), 1);
}

#[test]
fn reasons_come_from_the_guest() {
    let world = World::new();
    world.sandbox.simulation.set("cpu-0", Behavior::Sick("stress-ng is missing".to_owned()));
    world.run("up cpu --wait-for running").success();
    world.run("status").success().stdout_has("Running   False").stdout_has("stress-ng is missing");
}

#[test]
fn missing_pods_proxy_permission_is_named() {
    let world = World::new();
    world.sandbox.simulation.set("cpu-0", Behavior::Sick("stress-ng is missing".to_owned()));
    world.run("up cpu --wait-for running").success();
    world.sandbox.deny("get", "pods/proxy");
    world.run("status").success().stdout_has("stress-ng is missing");
    world.sandbox.deny("get", "pods/log");
    world.run("status").success().stdout_has("pods/log");
}

#[test]
fn the_last_console_line_of_a_silent_guest_is_not_its_reason() {
    let world = World::new();
    world.sandbox.simulation.set("cpu-0", Behavior::Hangs);
    world.run("up cpu --wait-for running").success();
    world.run("status").success().stdout_has("Running   False").stdout_has("the guest does not respond; last console message: working");
    world.sandbox.deny("get", "pods/proxy");
    world.run("status").success().stdout_has("last console message: working");
}

#[test]
fn watching_prints_changes() {
    let world = World::new();
    world.run("up cpu").success();
    let mut child = world.start("status --watch");
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.next().unwrap().unwrap().starts_with("NAME"));
    assert!(lines.next().unwrap().unwrap().contains("virtwork-cpu-0"));
    world.run("up memory --no-wait").success();
    let (send, changed) = mpsc::channel();
    let reader = thread::spawn(move || {
        let found = lines.map_while(Result::ok).any(|line| line.contains("virtwork-memory-0"));
        let _ = send.send(found);
    });
    let found = changed.recv_timeout(Duration::from_secs(60));
    child.kill().unwrap();
    child.wait().unwrap();
    reader.join().unwrap();
    assert_eq!(found, Ok(true), "the change is printed within a minute");
}
