//! Interrupted at any moment, a second `up` finishes the job and `down` removes all of it.
#![cfg(unix)]

mod common;

use std::process::{Child, Command, Stdio};

use common::{World, until};

/// It may end by itself at the same moment.
fn signal(child: &Child, signal: &str) {
    Command::new("kill").args([signal, &child.id().to_string()]).stderr(Stdio::null()).status().unwrap();
}

/// Starts a command, lets `requests` requests pass, and interrupts it.
fn interrupt(world: &World, line: &str, requests: usize, how: &str) -> Option<i32> {
    world.sandbox.faults.take_seen();
    let mut seen = 0;
    let mut child = world.start(line);
    until("the request", || {
        seen += world.sandbox.faults.take_seen().len();
        seen >= requests || child.try_wait().unwrap().is_some()
    });
    if child.try_wait().unwrap().is_none() {
        signal(&child, how);
    }
    child.wait().unwrap().code()
}

fn sweep(how: &str) {
    for requests in [1, 6, 11, 16, 21] {
        let world = World::new();
        interrupt(&world, "up", requests, how);
        let run = world.run("up").exits(0);
        assert_eq!(run.stdout.lines().filter(|line| line.contains(" Running   True ")).count(), 6, "{how} after {requests}: {run:#?}");
        interrupt(&world, "up --vm-count 2", requests, how);
        interrupt(&world, "down", requests, how);
        world.run("down").exits(0);
        assert_eq!(world.count_all(), 0, "{how} after {requests}");
    }
}

#[test]
fn by_ctrl_c() {
    sweep("-INT");
}

#[test]
fn by_kill() {
    sweep("-KILL");
}

#[test]
fn it_says_what_to_do_next() {
    let world = World::with(&virtwork_sandbox::Settings { boot: std::time::Duration::from_secs(3600), ..Default::default() });
    assert_eq!(interrupt(&world, "up cpu", 8, "-INT"), Some(130));
    assert_eq!(interrupt(&world, "up cpu", 8, "-TERM"), Some(130));
}
