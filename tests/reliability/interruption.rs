//! Commands that end after any of their requests. The same command then finishes, and `down` leaves nothing.

use std::os::unix::process::ExitStatusExt as _;

use virtwork_sandbox::Settings;

use super::{NEVER, assert_down_deletes_all, assert_remaining, hold_after, signal};
use crate::common::World;

const UP: &str = "up cpu database";

/// SWEEP=n interrupts after every n-th request; the default is every fifth.
fn step() -> usize {
    std::env::var("SWEEP").map_or(5, |step| step.parse().unwrap())
}

/// Runs a command until this many requests have passed, and ends it; whether it was still running.
#[track_caller]
fn interrupted(world: &World, line: &str, requests: usize, how: &str, code: Option<i32>) -> bool {
    let mut child = hold_after(world, line, requests);
    let held = child.try_wait().unwrap().is_none();
    if held {
        signal(&child, how);
    }
    let status = child.wait().unwrap();
    world.sandbox.faults.release();
    if held {
        assert_eq!(status.code(), code, "{line} after {requests} requests and {how}: {status:?}");
        assert!(code.is_some() || status.signal() == Some(9), "{status:?}");
    }
    held
}

/// After each k-th request of `up` and of `down`.
#[track_caller]
fn sweep(how: &str, code: Option<i32>) {
    let world = World::new();
    let (mut requests, mut more) = (1, true);
    while more {
        // The first requests check and create the namespace.
        if requests < 10 {
            world.run("down --delete-namespace --yes").success();
        }
        more = interrupted(&world, UP, requests, how, code);
        let run = world.run(UP).success();
        assert_eq!(run.ready(), 2, "{how} after {requests}: {run:#?}");
        more |= interrupted(&world, "down", requests, how, code);
        let run = world.run(UP).success();
        assert_eq!(run.ready(), 2, "down, {how} after {requests}: {run:#?}");
        interrupted(&world, "down", requests, how, code);
        assert_down_deletes_all(&world);
        interrupted(&world, UP, requests, how, code);
        assert_down_deletes_all(&world);
        requests += step();
    }
    assert!(requests > 10, "the sweep ended after {requests} requests");
}

#[test]
fn interrupted_by_ctrl_c() {
    sweep("-INT", Some(130));
}

#[test]
fn interrupted_by_sigterm() {
    sweep("-TERM", Some(130));
}

#[test]
fn killed() {
    sweep("-KILL", None);
}

#[test]
fn interrupted_while_waiting() {
    for how in ["-INT", "-TERM"] {
        let world = World::with(&Settings { boot: NEVER, ..Settings::default() });
        let child = world.start("up cpu");
        crate::common::eventually("the VM exists", || world.names("kubevirt.io/v1/virtualmachineinstances").len() == 1);
        signal(&child, how);
        let (code, _, stderr) = child.end();
        assert_eq!(code, Some(130));
        assert_remaining(&world, 1, 1);
        assert!(stderr.contains("Interrupted\nhint: rerun the command to finish, or run 'down' to delete the fleet"), "{stderr}");
        assert_down_deletes_all(&world);
    }
}
