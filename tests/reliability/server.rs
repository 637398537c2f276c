//! The project's own control plane is restarted, paused or gets a new certificate while a command runs. Commands reach it directly,
//! without the fault layer.

use std::{path::Path, process::Command, time::Duration};

use virtwork_sandbox::Settings;

use super::{assert_down_left_nothing, assert_unchanged_then_down, signal};
use crate::common::{Started, World, eventually, real};

/// `tests/control-plane/cluster WORDS`.
fn cluster(words: &str) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/control-plane/cluster");
    assert!(Command::new(script).args(words.split(' ')).status().unwrap().success(), "cluster {words}");
}

fn directly(world: &World, line: &str) -> Started {
    let words: Vec<_> = line.split_whitespace().collect();
    Started::new(world.command(&words).env("KUBECONFIG", real().unwrap().with_file_name("admin.kubeconfig")))
}

/// An `up` of 20 VMs, one at a time, after some were created; with its `--timeout` in seconds.
fn interrupted_up(world: &World, timeout: u32) -> Started {
    let child = directly(world, &format!("up cpu memory --vm-count 10 --concurrency 1 --timeout {timeout}"));
    eventually("some are there", || world.names("kubevirt.io/v1/virtualmachines").len() >= 3);
    child
}

/// The command succeeds; then the server can be used again.
#[track_caller]
fn assert_ends_well(child: Started) {
    let (code, stdout, stderr) = child.end();
    assert_eq!(code, Some(0), "{stdout}{stderr}");
    let kubectl = || Command::new("kubectl").args(["get", "--raw", "/readyz"]).env("KUBECONFIG", real().unwrap()).output();
    eventually("the API server answers", || kubectl().is_ok_and(|output| output.status.success()));
}

#[test]
#[ignore = "needs the project's control plane"]
fn api_server_restarts_during_up() {
    let world = World::with(&Settings { boot: Duration::from_secs(2), ..Settings::default() });
    let mut child = interrupted_up(&world, 120);
    assert!(child.try_wait().unwrap().is_none(), "the command is at work");
    cluster("restart kube-apiserver");
    assert_ends_well(child);
    assert_unchanged_then_down(&world, "up cpu memory --vm-count 10");
}

#[test]
#[ignore = "needs the project's control plane"]
fn api_server_restarts_during_down() {
    let world = World::new();
    world.run("up cpu memory --vm-count 10").success();
    let mut child = directly(&world, "down --timeout 120");
    eventually("some are going", || world.names("kubevirt.io/v1/virtualmachines").len() < 20 || world.names("v1/secrets").is_empty());
    assert!(child.try_wait().unwrap().is_none(), "the command is at work");
    cluster("restart kube-apiserver");
    assert_ends_well(child);
    assert_down_left_nothing(&world);
}

#[test]
#[ignore = "needs the project's control plane"]
fn etcd_pauses_for_ten_seconds() {
    let world = World::new();
    let mut child = interrupted_up(&world, 120);
    cluster("pause etcd");
    std::thread::sleep(Duration::from_secs(10));
    let at_work = child.try_wait().unwrap().is_none();
    cluster("resume etcd");
    assert!(at_work, "the command is at work");
    assert_ends_well(child);
    assert_unchanged_then_down(&world, "up cpu memory --vm-count 10");
}

/// The server reloads the certificate itself; its restart ends all connections.
#[test]
#[ignore = "needs the project's control plane"]
fn api_server_certificate_is_renewed_during_up() {
    let world = World::new();
    let mut child = interrupted_up(&world, 180);
    signal(&child, "-STOP");
    assert!(child.try_wait().unwrap().is_none(), "the command is at work");
    cluster("renew");
    cluster("restart kube-apiserver");
    signal(&child, "-CONT");
    assert_ends_well(child);
    assert_unchanged_then_down(&world, "up cpu memory --vm-count 10");
}

#[test]
fn certificate_is_renewed_during_up() {
    let world = World::with(&Settings { boot: Duration::from_secs(2), ..Settings::default() });
    let child = world.start("up cpu memory --vm-count 3");
    eventually("some are there", || !world.names("kubevirt.io/v1/virtualmachines").is_empty());
    world.sandbox.renew_certificate().unwrap();
    let (code, stdout, stderr) = child.end();
    assert_eq!(code, Some(0), "{stdout}{stderr}");
    assert_unchanged_then_down(&world, "up cpu memory --vm-count 3");
}
