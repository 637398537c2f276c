//! Objects that others create, change or keep while a command runs.

use http::Method;
use serde_json::json;
use virtwork_sandbox::Settings;

use super::{
    NEVER, assert_down_deletes_all, assert_nothing_remains, assert_recovers, assert_remaining, assert_unchanged_then_down, count, hold_at,
    make_namespace,
};
use crate::common::{VMS, World, eventually};

const SECRET: &str = "/api/v1/namespaces/virtwork/secrets/virtwork-cpu-userdata";

#[test]
fn namespace_is_terminating() {
    let world = World::new();
    world.run("up cpu").success();
    world.api("PATCH", SECRET, &json!({"metadata": {"finalizers": ["example.com/held"]}}));
    world.api("DELETE", "/api/v1/namespaces/virtwork", &json!(null));
    world.writes();
    world.run("up cpu").code(1).stderr_has("namespace virtwork is being deleted");
    world.run("up cpu --dry-run=server").code(1).stderr_has("namespace virtwork is being deleted");
    assert_eq!(world.writes(), Vec::<String>::new());
    eventually("the rest is gone", || world.names("kubevirt.io/v1/virtualmachines").is_empty());
    assert_remaining(&world, 0, 1);
    world.api("PATCH", SECRET, &json!({"metadata": {"finalizers": null}}));
    eventually("the namespace is gone", || !world.names("v1/namespaces").contains(&"virtwork".to_owned()));
    assert_recovers(&world, "up cpu");
}

#[test]
fn namespace_deleted_while_waiting() {
    let world = World::with(&Settings { boot: NEVER, ..Settings::default() });
    let child = world.start("up cpu --timeout 120");
    eventually("the VM exists", || world.names("kubevirt.io/v1/virtualmachineinstances").len() == 1);
    world.api("DELETE", "/api/v1/namespaces/virtwork", &json!(null));
    let (code, _, stderr) = child.end();
    assert_eq!(code, Some(3), "{stderr}");
    assert!(stderr.contains("virtwork-cpu-0: Deleted: deleted by someone else"), "{stderr}");
    assert_nothing_remains(&world);
}

#[test]
fn vm_edited_during_up() {
    let world = World::new();
    world.run("up cpu memory").success();
    // After the lists, before the writes.
    let child = hold_at(&world, "up cpu memory --memory 3Gi", Method::PATCH, "/virtualmachines/virtwork-cpu-0", 0);
    world.api("PATCH", &format!("{VMS}/virtwork-cpu-0"), &json!({"spec": {"template": {"spec": {"terminationGracePeriodSeconds": 7}}}}));
    world.sandbox.faults.release();
    assert_eq!(child.end().0, Some(0));
    let spec = world.vm("virtwork-cpu-0")["spec"]["template"]["spec"].clone();
    assert_eq!((&spec["terminationGracePeriodSeconds"], &spec["domain"]["memory"]["guest"]), (&json!(30), &json!("3Gi")), "{spec:#}");
    world.run("up cpu memory --memory 3Gi --restart").success();
    assert_recovers(&world, "up cpu memory --memory 3Gi");
}

#[test]
fn vms_deleted_during_up() {
    let world = World::with(&Settings { boot: NEVER, ..Settings::default() });
    let child = world.start("up cpu --vm-count 2 --timeout 120");
    eventually("both are there", || world.names("kubevirt.io/v1/virtualmachineinstances").len() == 2);
    world.api("DELETE", &format!("{VMS}/virtwork-cpu-0"), &json!(null));
    world.api("DELETE", &format!("{VMS}/virtwork-cpu-1"), &json!(null));
    let (code, _, stderr) = child.end();
    assert_eq!(code, Some(3), "{stderr}");
    assert!(stderr.contains("2 of 2 VMs did not become ready: waiting longer will not help"), "{stderr}");
    assert_remaining(&world, 0, 1);
    world.run("up cpu --vm-count 2 --no-wait").success().stdout_has("virtwork-cpu-1 created");
    assert_down_deletes_all(&world);
}

#[test]
fn field_taken_over_by_another_manager() {
    let world = World::new();
    world.run("up cpu").success();
    let child = hold_at(&world, "up cpu --memory 3Gi", Method::PATCH, "/virtualmachines/virtwork-cpu-0", 0);
    world.api("PATCH", &format!("{VMS}/virtwork-cpu-0?fieldManager=somebody"), &json!({"spec": {"runStrategy": "Manual"}}));
    world.sandbox.faults.release();
    let (code, stdout, stderr) = child.end();
    assert_eq!(code, Some(0), "{stdout}{stderr}");
    assert_eq!(world.vm("virtwork-cpu-0")["spec"]["runStrategy"], "Always", "what is ours is ours");
    world.run("up cpu --memory 3Gi --restart").success();
    assert_recovers(&world, "up cpu --memory 3Gi");
}

#[test]
fn foreign_vm_secret_and_service() {
    let world = World::new();
    make_namespace(&world);
    let vm = json!({"spec": {"runStrategy": "Halted", "template": {"spec": {"domain": {"devices": {}, "memory": {"guest": "1Gi"}}}}},
        "apiVersion": "kubevirt.io/v1", "kind": "VirtualMachine"});
    let service = json!({"spec": {"ports": [{"port": 1}]}});
    let (services, secrets) = ("/api/v1/namespaces/virtwork/services", "/api/v1/namespaces/virtwork/secrets");
    // Every name that `up network` uses.
    for (path, object, kind, name) in [
        (VMS, &vm, "virtualmachine.kubevirt.io", "virtwork-network-client-0"),
        (VMS, &vm, "virtualmachine.kubevirt.io", "virtwork-network-server-0"),
        (services, &service, "service", "virtwork-iperf3-server"),
        (secrets, &json!({}), "secret", "virtwork-network-client-userdata"),
        (secrets, &json!({}), "secret", "virtwork-network-server-userdata"),
    ] {
        let mut object = object.clone();
        object["metadata"] = json!({"name": name});
        world.api("POST", path, &object);
        world.writes();
        world.run("up network").code(1).stderr_has(&format!("{kind}/{name}")).stderr_has("--name");
        assert_eq!(world.writes(), Vec::<String>::new());
        world.run("down").success().stderr_has("No objects of fleet virtwork found");
        assert_eq!(count(&world), (0, 1), "the foreign {kind}/{name} is kept");
        world.api("DELETE", &format!("{path}/{name}"), &json!(null));
        eventually("it is gone", || count(&world) == (0, 0));
    }
    assert_recovers(&world, "up network");
}

#[test]
fn foreign_objects_appear_during_up() {
    let world = World::new();
    make_namespace(&world);
    let child = hold_at(&world, "up cpu", Method::POST, "/secrets", 0);
    world.api("POST", "/api/v1/namespaces/virtwork/secrets", &json!({"metadata": {"name": "virtwork-cpu-userdata"}}));
    world.sandbox.faults.release();
    let (code, _, stderr) = child.end();
    assert_eq!(code, Some(1));
    assert!(stderr.contains("secret/virtwork-cpu-userdata already exists in namespace virtwork and is not part of this fleet"), "{stderr}");
    assert_eq!(count(&world), (0, 1));
    world.api("DELETE", SECRET, &json!(null));
    assert_recovers(&world, "up cpu");
}

#[test]
fn finalizer_holds_a_vm() {
    finalizer_holds(&format!("{VMS}/virtwork-database-0"), "virtualmachines/virtwork-database-0");
}

#[test]
fn finalizer_holds_a_data_volume() {
    finalizer_holds(
        "/apis/cdi.kubevirt.io/v1beta1/namespaces/virtwork/datavolumes/virtwork-database-0-data",
        "datavolumes/virtwork-database-0-data",
    );
}

#[test]
fn finalizer_holds_a_pvc() {
    finalizer_holds(
        "/api/v1/namespaces/virtwork/persistentvolumeclaims/virtwork-database-0-data",
        "persistentvolumeclaims/virtwork-database-0-data",
    );
}

/// An object held by a finalizer is named with it, and deleted once it is released.
#[track_caller]
fn finalizer_holds(path: &str, named: &str) {
    let world = World::new();
    world.run("up database").success();
    let old = world.api("GET", path, &json!(null))["metadata"]["finalizers"].as_array().cloned().unwrap_or_default();
    let more: Vec<_> = old.iter().cloned().chain([json!("example.com/held")]).collect();
    world.api("PATCH", path, &json!({"metadata": {"finalizers": more}}));
    world.run("down --timeout 8").code(1).stderr_has(named).stderr_has("example.com/held").stderr_has("timed out");
    assert_remaining(&world, usize::from(named.starts_with("virtualmachines/")), 0);
    let found = world.api("GET", path, &json!(null))["metadata"]["finalizers"].clone();
    let rest: Vec<_> = found.as_array().unwrap().iter().filter(|finalizer| **finalizer != "example.com/held").cloned().collect();
    world.api("PATCH", path, &json!({"metadata": {"finalizers": rest}}));
    assert_down_deletes_all(&world);
}

#[test]
fn vmi_without_a_vm() {
    let world = World::new();
    world.run("up cpu").success();
    let vmis = "/apis/kubevirt.io/v1/namespaces/virtwork/virtualmachineinstances";
    let found = world.api("GET", &format!("{vmis}/virtwork-cpu-0"), &json!(null));
    assert_down_deletes_all(&world);
    // KubeVirt does not accept its own labels from others.
    let labels = found["metadata"]["labels"].as_object().unwrap().iter().filter(|(key, _)| !key.contains("kubevirt.io/"));
    let labels: serde_json::Map<_, _> = labels.map(|(key, value)| (key.clone(), value.clone())).collect();
    let orphan = json!({"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachineInstance", "spec": found["spec"],
        "metadata": {"name": "virtwork-cpu-0", "labels": labels}});
    world.api("POST", vmis, &orphan);
    assert_eq!(world.names("kubevirt.io/v1/virtualmachineinstances"), ["virtwork-cpu-0"]);
    world.sandbox.deny("delete", "virtualmachineinstances");
    world.run("down").code(1).stderr_has("virtualmachineinstances.kubevirt.io \"virtwork-cpu-0\" is forbidden");
    assert_eq!(world.names("kubevirt.io/v1/virtualmachineinstances"), ["virtwork-cpu-0"]);
    world.sandbox.restore_permissions();
    world.run("down").success().stdout_has("virtualmachineinstance.kubevirt.io \"virtwork-cpu-0\" deleted");
    assert_nothing_remains(&world);
}

/// A VM held by a finalizer loses its labels: it is not gone.
#[test]
fn labels_removed_during_down() {
    let world = World::new();
    let volume = "/apis/cdi.kubevirt.io/v1beta1/namespaces/virtwork/datavolumes/virtwork-database-0-data";
    for (object, named) in [
        (format!("{VMS}/virtwork-database-0"), "virtualmachines/virtwork-database-0 to be deleted (finalizers: "),
        (volume.to_owned(), "datavolumes/virtwork-database-0-data to be deleted (finalizers: "),
    ] {
        let kind = named.split("s/").next().unwrap();
        world.run("up database").success();
        let metadata = || world.api("GET", &object, &json!(null))["metadata"].clone();
        let finalizers = metadata()["finalizers"].as_array().cloned().unwrap_or_default();
        let held: Vec<_> = finalizers.iter().cloned().chain([json!("example.com/held")]).collect();
        world.api("PATCH", &object, &json!({"metadata": {"finalizers": held}}));
        let down = world.start("down --timeout 20");
        eventually("it is being deleted", || metadata()["deletionTimestamp"].is_string());
        world.api("PATCH", &object, &json!({"metadata": {"labels": {"app.kubernetes.io/instance": null}}}));
        let (code, stdout, stderr) = down.end();
        assert_eq!(code, Some(1), "{stderr}");
        assert!(stderr.contains(named) && !stdout.contains(&format!("{kind}.")), "{stdout}{stderr}");
        world.api("PATCH", &object, &json!({"metadata": {"finalizers": null}}));
        assert_nothing_remains(&world);
    }
    assert_recovers(&world, "up database");
}

/// While something is pruned, a ready VM is deleted.
#[test]
fn deleted_while_pruning() {
    let world = World::new();
    world.run("up cpu --vm-count 2").success();
    let up = hold_at(&world, "up cpu --prune --yes --timeout 30", Method::DELETE, "/virtualmachines/virtwork-cpu-1", 0);
    world.api("DELETE", &format!("{VMS}/virtwork-cpu-0"), &json!(null));
    eventually("it is gone", || !world.names("kubevirt.io/v1/virtualmachines").contains(&"virtwork-cpu-0".to_owned()));
    world.sandbox.faults.release();
    let (code, stdout, _) = up.end();
    assert_eq!(code, Some(3), "{stdout}");
    assert_remaining(&world, 0, 1);
    assert_recovers(&world, "up cpu");
}

#[test]
fn storage_class_is_missing() {
    let world = World::with(&Settings { storage: false, ..Settings::default() });
    world.run("up database").code(1).stderr_has("StorageClass");
    world.run("up database --storage-class gold").code(1).stderr_has("gold");
    assert_eq!(world.writes(), Vec::<String>::new());
    assert_nothing_remains(&world);
    assert_recovers(&world, "up database --data-disk=empty");
}

#[test]
fn two_ups_at_once() {
    let world = World::new();
    let one = world.start("up cpu memory --vm-count 3");
    let other = world.start("up cpu memory --vm-count 3");
    let (one, other) = (one.end(), other.end());
    assert_eq!((one.0, other.0), (Some(0), Some(0)), "{one:#?} {other:#?}");
    assert_eq!(world.names("kubevirt.io/v1/virtualmachines").len(), 6);
    assert_unchanged_then_down(&world, "up cpu memory --vm-count 3");
}

#[test]
fn up_and_down_at_once() {
    let world = World::new();
    world.run("up cpu memory").success();
    let down = world.start("down");
    let up = world.start("up cpu memory --vm-count 2 --timeout 60");
    let (down, up) = (down.end(), up.end());
    // Each reports how it ended, and `down`, which waits only for what it deleted, ends.
    assert!([Some(0), Some(1)].contains(&down.0) && [Some(0), Some(1), Some(3)].contains(&up.0), "{down:#?} {up:#?}");
    assert!(!down.2.contains("timed out"), "{down:#?}");
    for (code, _, stderr) in [&down, &up] {
        assert!(*code == Some(0) || stderr.lines().any(|line| line.starts_with("error") || line.starts_with("Error")), "{stderr}");
    }
    assert_recovers(&world, "up cpu memory --vm-count 2");
}

#[test]
fn two_fleets_in_one_namespace() {
    let world = World::new();
    let one = world.start("up cpu network");
    let other = world.start("up cpu network --name other");
    let (one, other) = (one.end(), other.end());
    assert_eq!((one.0, other.0), (Some(0), Some(0)), "{one:#?} {other:#?}");
    world.run("down").success();
    assert_nothing_remains(&world);
    let left = world.run("status --name other").success();
    assert_eq!(left.ready(), 3, "{left:#?}");
    world.run("down --name other").success();
    assert_eq!(world.count_all(), 0);
}
