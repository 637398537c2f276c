//! Watches and lists that fail or stall.

use std::time::{Duration, Instant};

use http::Method;
use serde_json::json;
use virtwork_sandbox::{
    Settings,
    faults::{Effect, Fault},
};

use super::{
    assert_down_deletes_all, assert_down_left_nothing, assert_faults_hit, assert_unchanged_then_down, assert_up_and_down, make_namespace,
};
use crate::common::{World, eventually};

const WATCH: &str = "/namespaces/virtwork/*watch=true";

fn slow_boot() -> World {
    World::with(&Settings { boot: Duration::from_secs(4), ..Settings::default() })
}

#[test]
fn watch_closed() {
    let world = slow_boot();
    world.sandbox.faults.add(Fault::new(Method::GET, WATCH, Effect::End(Duration::from_millis(200))).times(8));
    assert_up_and_down(&world, "up cpu");
}

/// Some proxies do that. kube would restart the watch without a delay, thousands of times.
#[test]
fn watch_ends_at_once() {
    let world = slow_boot();
    world.sandbox.faults.add(Fault::new(Method::GET, WATCH, Effect::End(Duration::ZERO)).always());
    world.run("up cpu").success();
    let watches = world.sandbox.faults.take_seen().iter().filter(|seen| seen.path.contains("watch=true")).count();
    assert!((2..100).contains(&watches), "{watches} watches");
    assert_unchanged_then_down(&world, "up cpu");
}

/// While the server does not respond, statuses are called stale.
#[test]
fn server_away_while_waiting() {
    let world = World::with(&Settings { boot: Duration::from_secs(30), ..Settings::default() });
    world.sandbox.faults.add(Fault::new(Method::GET, WATCH, Effect::End(Duration::from_secs(1))).times(2));
    let child = world.start("up cpu");
    eventually("both watches have begun", || world.sandbox.faults.missed().is_empty());
    world.sandbox.faults.add(Fault::new(Method::GET, "/", Effect::ResetBefore).always());
    // The warning comes after ten seconds, or after a diagnosis of ten more.
    std::thread::sleep(Duration::from_secs(22));
    world.sandbox.faults.clear();
    let (code, _, stderr) = child.end();
    assert_eq!(code, Some(0), "{stderr}");
    let lost = stderr.find("lost connection to the API server").expect(&stderr);
    assert!(stderr[lost..].contains("connection to the API server restored"), "{stderr}");
    assert_unchanged_then_down(&world, "up cpu");
}

/// Three watches of VMs fail in this way; the number of additional lists of VMs that `up` makes.
fn lists_more_after(effect: Effect) -> usize {
    let world = slow_boot();
    make_namespace(&world);
    let lists = || {
        world.sandbox.faults.take_seen();
        world.run("up cpu").success();
        world
            .sandbox
            .faults
            .take_seen()
            .iter()
            .filter(|seen| seen.path.contains("/virtualmachines?") && seen.path.contains("limit="))
            .count()
    };
    let undisturbed = lists();
    assert_down_deletes_all(&world);
    world.sandbox.faults.add(Fault::new(Method::GET, "/virtualmachines?*watch=true", effect).times(3));
    let disturbed = lists();
    assert_unchanged_then_down(&world, "up cpu");
    disturbed - undisturbed
}

#[test]
fn watch_refused_with_410() {
    assert_eq!(lists_more_after(Effect::refuse(410, "Expired", "too old resource version")), 3);
}

#[test]
fn watch_event_410() {
    let gone = Effect::ErrorEvent { code: 410, reason: "Expired", message: "too old resource version".to_owned() };
    assert_eq!(lists_more_after(gone), 3);
}

#[test]
fn watch_event_500() {
    let broken = Effect::ErrorEvent { code: 500, reason: "InternalError", message: "etcdserver: leader changed".to_owned() };
    assert_eq!(lists_more_after(broken), 0);
}

#[test]
fn watch_goes_silent() {
    let world = slow_boot();
    world.sandbox.faults.add(Fault::new(Method::GET, WATCH, Effect::Mute(Duration::from_secs(1))).times(2));
    let begun = Instant::now();
    world.run("up cpu --timeout 3000").success();
    assert!(begun.elapsed() < Duration::from_secs(600), "it is the deadline that has brought it up");
    assert_unchanged_then_down(&world, "up cpu");
}

#[test]
fn watch_of_bookmarks_only() {
    let world = slow_boot();
    world.sandbox.faults.add(Fault::new(Method::GET, WATCH, Effect::BookmarksOnly).always());
    let begun = Instant::now();
    world.run("up cpu --timeout 3000").success();
    assert!(begun.elapsed() < Duration::from_secs(600), "it is the deadline that has brought it up");
    assert_unchanged_then_down(&world, "up cpu");
}

#[test]
fn watch_silent_until_the_deadline() {
    let world = slow_boot();
    world.sandbox.faults.add(Fault::new(Method::GET, WATCH, Effect::Mute(Duration::ZERO)).always());
    world.run("up cpu --timeout 15").success().stdout_has(" Running   True ");
    assert_unchanged_then_down(&world, "up cpu");
}

#[test]
fn watch_silent_in_down() {
    let world = World::new();
    world.run("up cpu").success();
    world.sandbox.faults.add(Fault::new(Method::GET, WATCH, Effect::Mute(Duration::ZERO)).always());
    world.run("down --timeout 15").success();
    assert_faults_hit(&world);
    assert_down_left_nothing(&world);
}

#[test]
fn continue_token_expired() {
    let world = World::new();
    world.run("up database").success();
    // `down` looks for the PVCs of data volumes among all.
    let storage = json!({"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}});
    for number in 0..510 {
        let claim = json!({"metadata": {"name": format!("theirs-{number}")}, "spec": storage});
        world.api("POST", "/api/v1/namespaces/virtwork/persistentvolumeclaims", &claim);
    }
    let expired = Effect::refuse(410, "Expired", "The provided continue parameter is too old");
    world.sandbox.faults.add(Fault::new(Method::GET, "/persistentvolumeclaims?*continue=", expired.clone()).times(2));
    world.run("down --dry-run").success();
    assert_faults_hit(&world);
    // If pages expire repeatedly, the list is requested without pages.
    world.sandbox.faults.add(Fault::new(Method::GET, "continue=", expired).always());
    world.run("down --timeout 20").success();
    assert_faults_hit(&world);
    assert_eq!(world.names("v1/persistentvolumeclaims").len(), 510, "what is not ours stays");
    assert_eq!(world.names("kubevirt.io/v1/virtualmachines"), Vec::<String>::new());
}

#[test]
fn lists_refused_while_waiting() {
    let world = slow_boot();
    let gone = Effect::ErrorEvent { code: 410, reason: "Expired", message: "too old resource version".to_owned() };
    world.sandbox.faults.add(Fault::new(Method::GET, "/virtualmachines?*watch=true", gone));
    let refused = Effect::refuse(503, "ServiceUnavailable", "try again");
    world.sandbox.faults.add(Fault::new(Method::GET, "/virtualmachines?*limit=", refused).skip(1).times(2));
    world.run("up cpu --timeout 120").success();
    assert_unchanged_then_down(&world, "up cpu");
}
