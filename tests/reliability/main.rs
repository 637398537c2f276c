//! Faults: what goes wrong around a fleet, and that nothing is lost by it. docs/reliability.md tells each; a test there is a row.
//! Those that need a real API server are ignored without one; `tests/control-plane/reliability` runs all.
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

/// A VM that boots for as long as a test may last.
const NEVER: Duration = Duration::from_secs(3600);

/// How many objects carry the fleet's label, and how many its name.
fn count(world: &World) -> (usize, usize) {
    count_of(world, &ALL)
}

fn count_of(world: &World, resources: &[&str]) -> (usize, usize) {
    let (mut labelled, mut named) = (0, 0);
    for resource in resources {
        let root = if resource.starts_with("v1/") { "api" } else { "apis" };
        let list = world.api("GET", &format!("/{root}/{resource}"), &Value::Null);
        for item in list["items"].as_array().unwrap() {
            let (metadata, name) = (&item["metadata"], item["metadata"]["name"].as_str().unwrap());
            labelled += usize::from(metadata["labels"]["app.kubernetes.io/instance"] == "virtwork");
            named += usize::from(name.starts_with("virtwork-") || name.starts_with("virt-launcher-virtwork-"));
        }
    }
    (labelled, named)
}

/// What a faulty command has left: VMs and Secrets of the fleet, by label.
#[track_caller]
fn assert_remaining(world: &World, vms: usize, secrets: usize) {
    let found = (count_of(world, &["kubevirt.io/v1/virtualmachines"]).0, count_of(world, &["v1/secrets"]).0);
    assert_eq!(found, (vms, secrets), "machines and secrets that are left");
}

/// What is left is nothing, by label and by name.
#[track_caller]
fn assert_nothing_remains(world: &World) {
    eventually("nothing is left", || count(world) == (0, 0));
}

/// `up` ends well, and has left the fleet; `down` leaves nothing.
#[track_caller]
fn assert_up_and_down(world: &World, up: &str) -> Run {
    let run = world.run(up).success();
    assert_unchanged_then_down(world, up);
    run
}

/// All that was to go wrong did, and does no more.
#[track_caller]
fn assert_faults_hit(world: &World) {
    assert_eq!(world.sandbox.faults.missed(), Vec::<String>::new(), "what was to go wrong did not");
    world.sandbox.faults.clear();
}

/// The fleet is there, all of it: `up` has nothing to do; `down` removes it.
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

/// Whatever has happened, `up` completes the fleet and `down` removes it.
#[track_caller]
fn assert_recovers(world: &World, up: &str) {
    assert_faults_hit(world);
    world.run(up).success();
    assert_unchanged_then_down(world, up);
}

/// `down` leaves nothing.
#[track_caller]
fn assert_down_deletes_all(world: &World) {
    world.run("down").success();
    assert_down_left_nothing(world);
}

/// A `down` that has ended has left nothing.
#[track_caller]
fn assert_down_left_nothing(world: &World) {
    // It has waited for all but pods, which follow their VMIs.
    let waited_for: Vec<_> = ALL.into_iter().filter(|resource| *resource != "v1/pods").collect();
    assert_eq!(count_of(world, &waited_for), (0, 0), "left when down had ended");
    assert_nothing_remains(world);
}

/// Lines of the table that have a slash of their own.
fn rows_with_role(run: &Run) -> usize {
    run.stdout.lines().filter(|line| line.contains("network/")).count()
}

/// Starts a command and holds it when so many of its requests have passed; released, it goes on.
fn hold_after(world: &World, line: &str, requests: usize) -> Started {
    world.sandbox.faults.hold_after(requests);
    start_held(world, line)
}

/// Starts a command and holds a request of it, after so many like it.
fn hold_at(world: &World, line: &str, method: Method, path: &str, skip: usize) -> Started {
    world.sandbox.faults.add(Fault::new(method, path, Effect::Hold).skip(skip));
    start_held(world, line)
}

fn start_held(world: &World, line: &str) -> Started {
    let mut child = world.start(line);
    eventually("the command is held", || world.sandbox.faults.held() > 0 || child.try_wait().unwrap().is_some());
    child
}

/// It may end by itself at the same moment.
fn signal(child: &Child, signal: &str) {
    Command::new("kill").args([signal, &child.id().to_string()]).stderr(std::process::Stdio::null()).status().unwrap();
}

/// Makes the fleet's namespace beforehand.
fn make_namespace(world: &World) {
    world.api("POST", "/api/v1/namespaces", &json!({"metadata": {"name": "virtwork"}}));
}
