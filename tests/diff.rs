//! `diff`: what `up` would change.

mod common;

use common::{VMS, World};
use serde_json::json;

#[test]
fn shows_changes_and_makes_none() {
    let world = World::new();
    let new = world.run("diff cpu").code(1).stdout_has("+++ planned/namespace/virtwork").stdout_has("+kind: VirtualMachine\n");
    assert!(new.stdout.lines().all(|line| !line.starts_with('-') || line.starts_with("--- live/")), "{new:#?}");
    assert_eq!(world.count_all(), 0);
    world.run("up cpu").success();
    let before = world.vm("virtwork-cpu-0");
    let same = world.run("diff cpu").success();
    assert_eq!((same.stdout.as_str(), same.stderr.as_str()), ("", ""));
    let changed = world.run("diff cpu --memory 4Gi").code(1);
    let lines = |sign: char| changed.stdout.lines().filter(|line| line.starts_with(sign)).map(|line| line[1..].trim()).collect::<Vec<_>>();
    for (sign, text) in [('-', "guest: 2Gi"), ('+', "guest: 4Gi")] {
        assert!(lines(sign).contains(&text), "{sign} {text} in {changed:#?}");
    }
    changed.stdout_has("--- live/virtualmachine.kubevirt.io/virtwork-cpu-0").absent("resourceVersion").absent("managedFields");
    assert_eq!(world.vm("virtwork-cpu-0")["spec"], before["spec"]);
    world.run("diff cpu --vm-count 2").code(1).stdout_has("planned/virtualmachine.kubevirt.io/virtwork-cpu-1").absent("virtwork-cpu-0");
}

#[test]
fn values_of_secrets_are_masked() {
    let world = World::new();
    world.run("up cpu").success();
    let data = |world: &World| {
        world.api("GET", &format!("{}/virtwork-cpu-userdata", "/api/v1/namespaces/virtwork/secrets"), &json!(null))["data"]["userdata"]
            .clone()
    };
    let run = world.run("diff cpu --ssh-password other").code(1);
    run.stdout_has("-  userdata: \"*** (before)\"").stdout_has("+  userdata: \"*** (after)\"").absent(data(&world).as_str().unwrap());
}

#[test]
fn errors_are_no_difference() {
    let world = World::new();
    world.run("diff cpu --server http://127.0.0.1:1").code(2).stderr_has("was refused");
    world.run("diff cpu --memory 2GB").code(1).stderr_has("did you mean 2Gi?");
    world.run("up cpu").success();
    world.api("PATCH", &format!("{VMS}/virtwork-cpu-0"), &json!({"metadata": {"labels": {"app.kubernetes.io/instance": "other"}}}));
    world.run("diff cpu").code(2).stderr_has("already exists");
}
