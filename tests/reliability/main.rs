//! Faults around a fleet. Each test is a row of docs/dev/reliability.md. Tests that need a real API server are ignored without one;
//! `tests/control-plane/reliability` runs all.
#![cfg(unix)]

#[path = "../common/mod.rs"]
mod common;

mod admission;
mod interruption;
mod objects;
mod output;
mod requests;
mod rights;
mod server;
mod watches;

use std::{
    process::{Child, Command},
    time::Duration,
};

use common::{ALL, Run, Started, World, eventually};
use http::Method;
use serde_json::{Value, json};
use virtwork_sandbox::faults::{Effect, Fault};

/// A VM that boots longer than any test.
const NEVER: Duration = Duration::from_secs(3600);

/// The number of objects with the fleet's label, and with its name.
fn count(world: &World) -> (usize, usize) {
    count_of(world, &ALL)
}

fn count_of(world: &World, resources: &[&str]) -> (usize, usize) {
    let (mut labeled, mut named) = (0, 0);
    for resource in resources {
        let root = if resource.starts_with("v1/") { "api" } else { "apis" };
        let list = world.api("GET", &format!("/{root}/{resource}"), &Value::Null);
        for item in list["items"].as_array().unwrap() {
            let (metadata, name) = (&item["metadata"], item["metadata"]["name"].as_str().unwrap());
            labeled += usize::from(metadata["labels"]["app.kubernetes.io/instance"] == "virtwork");
            named += usize::from(name.starts_with("virtwork-") || name.starts_with("virt-launcher-virtwork-"));
        }
    }
    (labeled, named)
}

/// Asserts how many VMs and Secrets of the fleet a failed command left.
#[track_caller]
fn assert_remaining(world: &World, vms: usize, secrets: usize) {
    let found = (count_of(world, &["kubevirt.io/v1/virtualmachines"]).0, count_of(world, &["v1/secrets"]).0);
    assert_eq!(found, (vms, secrets), "remaining VMs and Secrets");
}

/// Asserts that no object is left, by label and by name.
#[track_caller]
fn assert_nothing_remains(world: &World) {
    eventually("nothing is left", || count(world) == (0, 0));
}

/// `up` succeeds and the fleet is complete; `down` leaves nothing.
#[track_caller]
fn assert_up_and_down(world: &World, up: &str) -> Run {
    let run = world.run(up).success();
    assert_unchanged_then_down(world, up);
    run
}

/// Asserts that every fault occurred, and removes all faults.
#[track_caller]
fn assert_faults_hit(world: &World) {
    assert_eq!(world.sandbox.faults.missed(), Vec::<String>::new(), "what was to go wrong did not");
    world.sandbox.faults.clear();
}

/// Asserts that `up` has nothing to do; `down` leaves nothing.
#[track_caller]
fn assert_unchanged_then_down(world: &World, up: &str) {
    assert_faults_hit(world);
    let run = world.run(up).success();
    let vms = world.names("kubevirt.io/v1/virtualmachines").len();
    assert_eq!(run.ready(), vms, "{run:#?}");
    let objects = run.stdout.lines().filter(|line| line.contains('/')).count() - rows_with_role(&run);
    assert_eq!(run.count("unchanged"), objects, "{run:#?}");
    assert_down_deletes_all(world);
}

/// Asserts that `up` completes the fleet, whatever happened; `down` leaves nothing.
#[track_caller]
fn assert_recovers(world: &World, up: &str) {
    assert_faults_hit(world);
    world.run(up).success();
    assert_unchanged_then_down(world, up);
}

/// Asserts that `down` leaves nothing.
#[track_caller]
fn assert_down_deletes_all(world: &World) {
    world.run("down").success();
    assert_down_left_nothing(world);
}

/// Asserts that a finished `down` left nothing.
#[track_caller]
fn assert_down_left_nothing(world: &World) {
    // It waits for everything but pods, which follow their VMIs.
    let waited_for: Vec<_> = ALL.into_iter().filter(|resource| *resource != "v1/pods").collect();
    assert_eq!(count_of(world, &waited_for), (0, 0), "left when down had ended");
    assert_nothing_remains(world);
}

/// Rows of the table that contain a slash.
fn rows_with_role(run: &Run) -> usize {
    run.stdout.lines().filter(|line| line.contains("network/")).count()
}

/// Starts a command and holds it after this many requests.
fn hold_after(world: &World, line: &str, requests: usize) -> Started {
    world.sandbox.faults.hold_after(requests);
    start_held(world, line)
}

/// Starts a command and holds one of its requests, after skipping some.
fn hold_at(world: &World, line: &str, method: Method, path: &str, skip: usize) -> Started {
    world.sandbox.faults.add(Fault::new(method, path, Effect::Hold).skip(skip));
    start_held(world, line)
}

fn start_held(world: &World, line: &str) -> Started {
    let mut child = world.start(line);
    eventually("the command is held", || world.sandbox.faults.held() > 0 || child.try_wait().unwrap().is_some());
    child
}

/// It may end at the same moment.
fn signal(child: &Child, signal: &str) {
    Command::new("kill").args([signal, &child.id().to_string()]).stderr(std::process::Stdio::null()).status().unwrap();
}

/// Creates the fleet's namespace.
fn make_namespace(world: &World) {
    world.api("POST", "/api/v1/namespaces", &json!({"metadata": {"name": "virtwork"}}));
}
