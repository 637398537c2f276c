//! Requests that fail.

use std::time::{Duration, Instant};

use http::Method;
use virtwork_sandbox::{
    Settings,
    faults::{Effect, Fault},
    nodes::simulation::Behavior,
};

use super::{
    assert_down_left_nothing, assert_faults_hit, assert_nothing_remains, assert_recovers, assert_remaining, assert_up_and_down,
    make_namespace,
};
use crate::common::World;

fn overloaded(seconds: u64) -> Effect {
    Effect::Refuse { code: 429, reason: "TooManyRequests", message: "too many requests".to_owned(), retry_after: Some(seconds) }
}

#[test]
fn overload_once() {
    let world = World::new();
    world.sandbox.faults.add(Fault::new(Method::POST, "/virtualmachines", overloaded(2)));
    let begin = Instant::now();
    world.run("up cpu --no-wait").success();
    assert!(begin.elapsed() >= Duration::from_secs(2), "the server asked for a pause of 2 s");
    assert_remaining(&world, 1, 1);
    assert_recovers(&world, "up cpu");
}

#[test]
fn overload_on_every_third_write() {
    let world = World::new();
    world.sandbox.faults.add(Fault::new(Method::POST, "/namespaces/virtwork/", overloaded(1)).every(3).times(4));
    assert_up_and_down(&world, "up cpu memory --vm-count 4");
}

#[test]
fn overload_beyond_the_deadline() {
    let world = World::new();
    world.sandbox.faults.add(Fault::new(Method::POST, "/virtualmachines", overloaded(1)).always());
    world.run("up cpu --timeout 3").code(1).stderr_has("too many requests");
    assert_remaining(&world, 0, 1);
    assert_recovers(&world, "up cpu");
}

#[test]
fn gateways() {
    let world = World::new();
    for (skip, code, reason) in [(0, 502, "BadGateway"), (1, 503, "ServiceUnavailable"), (2, 504, "Timeout")] {
        world.sandbox.faults.add(Fault::new(Method::POST, "/namespaces/virtwork/", Effect::refuse(code, reason, "gateway")).skip(skip));
        world.sandbox.faults.add(Fault::new(Method::GET, "/namespaces/virtwork", Effect::refuse(code, reason, "gateway")).skip(2 * skip));
    }
    assert_up_and_down(&world, "up cpu memory");
}

#[test]
fn reset_before_the_answer() {
    let world = World::new();
    make_namespace(&world);
    world.sandbox.faults.add(Fault::new(Method::POST, "/namespaces/virtwork/", Effect::ResetBefore).every(2).times(3));
    world.sandbox.faults.add(Fault::new(Method::GET, "/namespaces/virtwork/", Effect::ResetBefore).every(3).times(2));
    assert_up_and_down(&world, "up cpu memory");
}

#[test]
fn reset_after_the_write() {
    let world = World::new();
    world.sandbox.faults.add(Fault::new(Method::POST, "/namespaces", Effect::ResetAfter).every(2).times(4));
    let run = assert_up_and_down(&world, "up cpu memory");
    assert_eq!(run.count("created"), 5, "what the lost answers were about is ours: {run:#?}");
}

#[test]
fn reset_in_down() {
    let world = World::new();
    world.run("up cpu memory").success();
    world.sandbox.faults.add(Fault::new(Method::DELETE, "/namespaces/virtwork/", Effect::ResetAfter).times(2));
    world.sandbox.faults.add(Fault::new(Method::DELETE, "/namespaces/virtwork/", Effect::ResetBefore));
    world.run("down").success();
    assert_faults_hit(&world);
    assert_down_left_nothing(&world);
}

#[test]
fn slow_bodies() {
    let world = World::new();
    make_namespace(&world);
    world.sandbox.faults.add(Fault::new(Method::GET, "limit=", Effect::Slow(Duration::from_millis(100))).times(3));
    world.sandbox.faults.add(Fault::new(Method::POST, "/virtualmachines", Effect::Slow(Duration::from_millis(100))).times(2));
    assert_up_and_down(&world, "up cpu memory");
}

#[test]
fn truncated_bodies() {
    let world = World::new();
    make_namespace(&world);
    world.sandbox.faults.add(Fault::new(Method::GET, "limit=", Effect::Truncate).every(2).times(2));
    world.sandbox.faults.add(Fault::new(Method::POST, "/namespaces/virtwork/", Effect::Truncate).every(2).times(2));
    assert_up_and_down(&world, "up cpu memory");
}

#[test]
fn half_open_connection() {
    let world = World::new();
    world.sandbox.faults.add(Fault::new(Method::POST, "/virtualmachines", Effect::Hang));
    world.sandbox.faults.add(Fault::new(Method::GET, "/virtualmachines?", Effect::Hang));
    assert_up_and_down(&world, "up cpu --request-timeout 2");
}

/// Retry-After has an upper bound, and sources of reasons have a time limit.
#[test]
fn server_asks_for_too_much() {
    let world = World::with(&Settings { boot: Duration::from_secs(3), ..Settings::default() });
    world.sandbox.simulation.set("cpu-0", Behavior::Warned("FailedMount", "no such Secret".to_owned()));
    world.sandbox.faults.add(Fault::new(Method::POST, "/secrets", overloaded(u64::MAX)));
    world.run("up cpu --timeout 3").code(3).absent("panicked").stderr_has("timed out after");
    assert_remaining(&world, 1, 1);
    // Data volumes are looked for once before the first write.
    for (path, before) in [("/events", 0), ("/pods", 0), ("/datavolumes", 1)] {
        world.sandbox.faults.add(Fault::new(Method::GET, path, Effect::Hang).skip(before).always());
    }
    world.sandbox.simulation.set("memory-0", Behavior::Sick("stress-ng is missing".to_owned()));
    world.sandbox.simulation.set("database-0", Behavior::VolumePends("no accessMode specified".to_owned()));
    world
        .run("up cpu memory database --timeout 6")
        .code(3)
        .stderr_has("virtwork-memory-0")
        .stderr_has("virtwork-database-0")
        .absent("forbidden");
    world.run("status").success().stdout_has("virtwork-memory-0");
    assert_remaining(&world, 3, 3);
    for vm in ["cpu-0", "memory-0", "database-0"] {
        world.sandbox.simulation.set(vm, Behavior::Works);
    }
    assert_recovers(&world, "up cpu memory database");
}

#[test]
fn server_is_unreachable() {
    let world = World::new();
    world.sandbox.faults.add(Fault::new(Method::GET, "/apis/kubevirt.io", Effect::ResetBefore).always());
    let begun = Instant::now();
    world.run("up cpu --timeout 400").code(1).stderr_has("Unable to connect to the server");
    assert_faults_hit(&world);
    for line in ["up cpu", "down", "down --dry-run", "status"] {
        let run = world.run(&format!("{line} --server https://127.0.0.1:1")).code(1);
        run.stderr_has("The connection to the server 127.0.0.1:1 was refused");
    }
    assert!(begun.elapsed() < Duration::from_secs(60), "it is not waited for");
    assert_nothing_remains(&world);
}
