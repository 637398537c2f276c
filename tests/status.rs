//! `status`: what there is, and why it is not ready.

mod common;

use std::io::{BufRead as _, BufReader};

use common::World;
use serde_json::Value;
use virtwork_sandbox::nodes::simulation::Behaviour;

#[test]
fn formats() {
    let world = World::new();
    world.run("status").exits(0).tells("No resources found in virtwork namespace.");
    world.run("up cpu network").exits(0);
    let table = world.run("status").exits(0);
    assert!(table.stdout.starts_with("NAME                        WORKLOAD         STATUS    READY   AGE"), "{table:#?}");
    assert_eq!(table.stdout.lines().count(), 4);
    assert_eq!(world.run("status --no-headers").exits(0).stdout.lines().count(), 3);
    world.run("status -o wide").exits(0).says("NODE").says("198.51.100.").says("node-");
    world.run("status -A").exits(0).says("NAMESPACE").says("virtwork    virtwork-cpu-0");
    world.run("status -A --name other").exits(0).tells("No resources found");
    // A file that describes a fleet hides no other.
    let file = world.file("other.yaml", "name: other\n");
    world.run(&format!("status -A --config {file}")).exits(0).says("virtwork    virtwork-cpu-0");
    let names = world.run("status -o name").exits(0);
    assert_eq!(names.stdout.lines().next(), Some("virtualmachine.kubevirt.io/virtwork-cpu-0"));
    let json: Value = serde_json::from_str(&world.run("status -o json").exits(0).stdout).unwrap();
    assert_eq!(json["items"][1]["role"], "client");
    let yaml: Value = serde_yaml::from_str(&world.run("status -o yaml").exits(0).stdout).unwrap();
    assert_eq!(yaml["items"].as_array().unwrap().len(), 3);
    assert_eq!(world.run("status -l app.kubernetes.io/component=cpu -o name").exits(0).stdout.lines().count(), 1);
}

#[test]
fn reasons_come_from_the_guest() {
    let world = World::new();
    world.sandbox.simulation.set("cpu-0", Behaviour::Sick("stress-ng is missing".to_owned()));
    world.run("up cpu --wait-for running").exits(0);
    world.run("status").exits(0).says("Running   False").says("stress-ng is missing");
}

#[test]
fn a_missing_right_to_ask_the_guest_is_named() {
    let world = World::new();
    world.sandbox.simulation.set("cpu-0", Behaviour::Sick("stress-ng is missing".to_owned()));
    world.run("up cpu --wait-for running").exits(0);
    world.sandbox.deny("get", "pods/proxy");
    world.run("status").exits(0).says("stress-ng is missing");
    world.sandbox.deny("get", "pods/log");
    world.run("status").exits(0).says("pods/log");
}

#[test]
fn what_a_silent_guest_last_said_is_not_passed_off_as_its_reason() {
    let world = World::new();
    world.sandbox.simulation.set("cpu-0", Behaviour::Hangs);
    world.run("up cpu --wait-for running").exits(0);
    world.run("status").exits(0).says("Running   False").says("the guest does not respond; last console message: working");
    world.sandbox.deny("get", "pods/proxy");
    world.run("status").exits(0).says("last console message: working");
}

#[test]
fn watching_prints_changes() {
    let world = World::new();
    world.run("up cpu").exits(0);
    let mut child = world.start("status --watch");
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.next().unwrap().unwrap().starts_with("NAME"));
    assert!(lines.next().unwrap().unwrap().contains("virtwork-cpu-0"));
    world.run("up memory --no-wait").exits(0);
    let changed = lines.find(|line| line.as_ref().unwrap().contains("virtwork-memory-0"));
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(changed.is_some());
}
