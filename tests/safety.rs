//! Harm that must not happen: other people's objects are deleted or used, text from the cluster runs as a command, a command acts
//! with another identity than the user chose, a secret is printed.
#![cfg(unix)]

mod common;

use std::{
    fs,
    io::{Read as _, Write as _},
    os::unix::fs::{PermissionsExt as _, symlink},
    process::{Command, Stdio},
    thread,
};

use common::{PLUGIN, Run, VMS, World, eventually, output};
use http::Method;
use serde_json::{Value, json};
use virtwork_sandbox::{
    Settings,
    faults::{Effect, Fault},
    nodes::simulation::Behavior,
};

const INSTANCES: &str = "/apis/kubevirt.io/v1/namespaces/virtwork/virtualmachineinstances";
const SECRETS: &str = "/api/v1/namespaces/virtwork/secrets";
const VOLUMES: &str = "/apis/cdi.kubevirt.io/v1beta1/namespaces/virtwork/datavolumes";
const CLAIMS: &str = "/api/v1/namespaces/virtwork/persistentvolumeclaims";
const LABELS: [(&str, &str); 4] = [
    ("app.kubernetes.io/name", "virtwork"),
    ("app.kubernetes.io/managed-by", "virtwork"),
    ("app.kubernetes.io/instance", "virtwork"),
    ("app.kubernetes.io/component", "cpu"),
];

fn make_namespace(world: &World, name: &str) {
    world.api("POST", "/api/v1/namespaces", &json!({"metadata": {"name": name}}));
}

/// The program that kubectl and oc start for TAB runs no command, whatever is typed.
#[test]
fn completion_runs_nothing() {
    let world = World::new();
    world.run("up cpu").success();
    world.writes();
    for name in ["kubectl_complete-virtwork", "oc_complete-virtwork", "kubectl_complete-virtwork.exe"] {
        let link = world.home.join(name);
        symlink(PLUGIN, &link).unwrap();
        for words in [&["down", "--namespace", ""][..], &["up", "--context", ""], &["down", "--yes", ""], &["ssh", ""], &[]] {
            let mut command = Command::new(&link);
            command.args(words).env_clear().env("HOME", &world.home).env("KUBECONFIG", world.sandbox.kubeconfig("admin"));
            let run = output(&format!("{name} {}", words.join(" ")), &mut command).success();
            assert_eq!((run.stdout.as_str(), run.stderr.as_str()), (":4\n", ""), "{run:#?}");
        }
    }
    assert_eq!(world.writes(), Vec::<String>::new());
    assert_eq!(world.names("kubevirt.io/v1/virtualmachines"), ["virtwork-cpu-0"]);
}

/// Runs `ssh` with stand-ins that record their use.
fn ssh(world: &World, words: &[&str]) -> Run {
    for name in ["virtctl", "ssh"] {
        let path = world.file(&format!("bin/{name}"), "#!/bin/sh\nfor word; do printf '%s\\n' \"$word\"; done > \"$HOME/started\"\n");
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let path = format!("{}:/usr/bin:/bin", world.home.join("bin").display());
    output(&words.join(" "), world.command(&[&["ssh"], words].concat()).env("PATH", path))
}

/// Anyone who can edit a VM can set its annotations.
#[test]
fn an_annotation_cannot_add_ssh_options() {
    let world = World::new();
    world.run("up cpu").success();
    for user in [
        "-oKnownHostsCommand=/bin/sh -c \"id>/tmp/x\" ",
        "-oProxyCommand=id",
        "-l",
        "--",
        "a b",
        "a;id",
        "$(id)",
        "`id`",
        "a\nb",
        "a@b",
        "root",
        "%h",
        "\u{1b}[2J",
        "A",
    ] {
        let annotation = json!({"metadata": {"annotations": {"virtwork/ssh-user": user}}});
        world.api("PATCH", &format!("{VMS}/virtwork-cpu-0"), &annotation);
        for words in [&["cpu-0"][..], &["cpu-0", "--", "uptime"]] {
            let run = ssh(&world, words)
                .code(1)
                .stderr_has("annotation virtwork/ssh-user of VM virtwork-cpu-0")
                .stderr_has("choose another account with -l");
            assert!(!run.stderr.contains('\u{1b}'), "{run:#?}");
            assert!(!world.home.join("started").exists(), "{user:?} started something");
        }
    }
    ssh(&world, &["-l", "root", "cpu-0", "--", "uptime", "-p"]).success();
    let words = fs::read_to_string(world.home.join("started")).unwrap();
    assert!(words.ends_with("-l\nroot\n--\nvm.virtwork-cpu-0.virtwork\nuptime\n-p\n"), "{words}");
    assert!(words.contains("port-forward --stdio=true --namespace 'virtwork' 'vm/virtwork-cpu-0' 22\n"), "{words}");
}

/// A namespace comes from a file that others can write, or from a pod's environment.
#[test]
fn a_namespace_is_validated() {
    let world = World::new();
    make_namespace(&world, "pre");
    world.api("POST", "/api/v1/namespaces/pre/secrets", &json!({"metadata": {"name": "users-own"}}));
    let kubeconfig = fs::read_to_string(world.sandbox.kubeconfig("admin")).unwrap();
    let mut file: Value = serde_yaml::from_str(&kubeconfig).unwrap();
    world.writes();
    for namespace in ["pre/secrets#", "pre/secrets?x=", "../pre", "Pre", "a b", "-n", "a\nb", &"x".repeat(64)] {
        file["contexts"][0]["context"]["namespace"] = json!(namespace);
        let path = world.file("kubeconfig", &file.to_string());
        for line in ["down", "up cpu", "up cpu --dry-run", "status", "workloads cpu --user-data"] {
            world.run(&format!("{line} --kubeconfig {path}")).code(1).stderr_has("invalid namespace");
        }
        let mut pod = world.command(&["up", "cpu", "--dry-run"]);
        pod.env_remove("KUBECONFIG").env("POD_NAMESPACE", namespace).env("KUBERNETES_SERVICE_HOST", "127.0.0.1");
        output("up cpu --dry-run", &mut pod).code(1).stderr_has("invalid namespace");
    }
    assert_eq!(world.sandbox.faults.take_seen().iter().filter(|seen| seen.path.contains("pre")).count(), 0);
    assert_eq!(world.names("v1/secrets"), ["users-own"]);
}

/// The copy of a VM without the fleet's labels passes the labels of its template on to its VMI.
#[test]
fn a_vmi_with_another_owner_is_kept() {
    let world = World::new();
    world.run("up cpu database").success();
    let mut theirs = world.vm("virtwork-cpu-0");
    theirs["metadata"] = json!({"name": "billing", "namespace": "virtwork"});
    theirs.as_object_mut().unwrap().remove("status");
    theirs["spec"]["template"]["spec"]["domain"]["firmware"] = json!({});
    world.api("POST", VMS, &theirs);
    let vmi = || world.try_api("GET", &format!("{INSTANCES}/billing"), &Value::Null).ok();
    eventually("it runs", || vmi().is_some_and(|vmi| vmi["status"]["phase"] == "Running"));
    let uid = vmi().unwrap()["metadata"]["uid"].clone();
    for line in ["down --dry-run", "down cpu", "down"] {
        world.run(line).success().absent("billing");
    }
    let after = vmi().unwrap();
    assert_eq!((&after["metadata"]["uid"], &after["metadata"]["deletionTimestamp"]), (&uid, &Value::Null));
    assert_eq!(world.names("kubevirt.io/v1/virtualmachines"), ["billing"]);
    // Without its VM it belongs to the fleet.
    world.api("DELETE", &format!("{VMS}/billing"), &json!({"propagationPolicy": "Orphan"}));
    eventually("its VM is gone", || world.names("kubevirt.io/v1/virtualmachines").is_empty());
    world.run("down").success();
    assert_eq!(world.count_all(), 0);
}

/// The copy keeps the fleet's labels, and so do the objects that controllers create for it, including its data disk.
#[test]
fn a_copy_with_a_data_disk_keeps_it() {
    let world = World::new();
    world.run("up disk").success();
    let mut theirs = world.vm("virtwork-disk-0");
    theirs["metadata"] = json!({"name": "billing", "namespace": "virtwork"});
    theirs.as_object_mut().unwrap().remove("status");
    let spec = &mut theirs["spec"];
    spec["template"]["spec"]["domain"]["firmware"] = json!({});
    let own = spec.clone();
    spec["dataVolumeTemplates"][0]["metadata"]["name"] = json!("billing-data");
    let volumes = spec["template"]["spec"]["volumes"].as_array_mut().unwrap();
    volumes
        .iter_mut()
        .filter(|volume| volume["dataVolume"].is_object())
        .for_each(|volume| volume["dataVolume"]["name"] = json!("billing-data"));
    world.api("POST", VMS, &theirs);
    let pvc = || world.try_api("GET", &format!("{CLAIMS}/billing-data"), &Value::Null).ok();
    eventually("its PVC exists", || pvc().is_some());
    let before = pvc().unwrap()["metadata"]["uid"].clone();
    world.run("down --dry-run").success().absent("billing");
    world.run("down --timeout 30").success().absent("billing");
    assert_eq!(pvc().unwrap()["metadata"]["uid"], before);
    // Its disk has the name of the fleet's data disk.
    world.api("DELETE", &format!("{VMS}/billing"), &Value::Null);
    eventually("the copy is gone", || world.count_all() == 0);
    theirs["spec"] = own;
    world.api("POST", VMS, &theirs);
    eventually("its data volume is there", || world.try_api("GET", &format!("{VOLUMES}/virtwork-disk-0-data"), &Value::Null).is_ok());
    world.run("up disk").code(1).stderr_has("datavolume.cdi.kubevirt.io/virtwork-disk-0-data").stderr_has("not part of this fleet");
    assert_eq!(world.names("kubevirt.io/v1/virtualmachines"), ["billing"]);
}

/// An owner that is not part of the fleet, as ownerReferences.
fn other_owner(world: &World) -> Value {
    let owner = world.api("POST", "/api/v1/namespaces/virtwork/configmaps", &json!({"metadata": {"name": "pool"}}));
    json!([{"apiVersion": "v1", "kind": "ConfigMap", "name": "pool", "uid": owner["metadata"]["uid"]}])
}

/// An object with the fleet's labels and an owner is managed by something else.
#[test]
fn up_changes_no_object_with_another_owner() {
    let world = World::new();
    world.run("up cpu").success();
    let owners = other_owner(&world);
    for (path, object) in [(SECRETS, "secret/virtwork-cpu-userdata"), (VMS, "virtualmachine.kubevirt.io/virtwork-cpu-0")] {
        let path = format!("{path}/{}", object.split_once('/').unwrap().1);
        world.api("PATCH", &path, &json!({"metadata": {"ownerReferences": owners}}));
        world.writes();
        for line in ["up cpu --memory 3Gi --ssh-user other", "up cpu --prune --yes --vm-count 2"] {
            world.run(line).code(1).stderr_has(&format!("{object} already exists in namespace virtwork and is not part of this fleet"));
        }
        assert_eq!(world.writes(), Vec::<String>::new());
        world.api("PATCH", &path, &json!({"metadata": {"ownerReferences": null}}));
    }
    world.run("up cpu").success();
}

/// For a VM that is started again KubeVirt creates its disk if that is gone.
#[test]
fn a_pvc_with_a_planned_name_is_refused_before_a_start() {
    let world = World::new();
    world.run("up disk").success();
    world.api("PATCH", &format!("{VMS}/virtwork-disk-0"), &json!({"spec": {"runStrategy": "Halted"}}));
    eventually("it is stopped", || world.names("kubevirt.io/v1/virtualmachineinstances").is_empty());
    // KubeVirt creates the data volume again, and CDI would create its PVC before the test does.
    world.sandbox.simulation.set("disk-0", Behavior::VolumePends("no room".to_owned()));
    for path in [format!("{VOLUMES}/virtwork-disk-0-data"), format!("{CLAIMS}/virtwork-disk-0-data")] {
        let _ = world.try_api("DELETE", &path, &Value::Null);
    }
    let labels = json!({"app": "payroll"});
    let storage = json!({"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}});
    let theirs = json!({"metadata": {"name": "virtwork-disk-0-data", "labels": labels}, "spec": storage});
    eventually("theirs is there", || {
        let _ = world.try_api("POST", CLAIMS, &theirs);
        world.try_api("GET", &format!("{CLAIMS}/virtwork-disk-0-data"), &Value::Null).is_ok_and(|pvc| pvc["metadata"]["labels"] == labels)
    });
    world.writes();
    world.run("up disk").code(1).stderr_has("persistentvolumeclaim/virtwork-disk-0-data").stderr_has("not part of this fleet");
    assert_eq!(world.writes(), Vec::<String>::new());
}

/// KubeVirt's VM would adopt it, and `down` would delete it.
#[test]
fn a_vmi_with_a_planned_name_is_refused() {
    let world = World::new();
    world.run("up cpu").success();
    let running = world.api("GET", &format!("{INSTANCES}/virtwork-cpu-0"), &Value::Null);
    world.run("down").success();
    let owners = other_owner(&world);
    for (labels, owners) in [(json!({}), json!([])), (running["metadata"]["labels"].clone(), owners)] {
        let metadata = json!({"name": "virtwork-cpu-0", "labels": labels, "ownerReferences": owners});
        let theirs =
            json!({"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachineInstance", "metadata": metadata, "spec": running["spec"]});
        let theirs = world.api("POST", INSTANCES, &theirs);
        world.writes();
        world.run("up cpu").code(1).stderr_has("virtualmachineinstance.kubevirt.io/virtwork-cpu-0 already exists");
        assert_eq!(world.writes(), Vec::<String>::new());
        world.run("down").success();
        let kept = world.api("GET", &format!("{INSTANCES}/virtwork-cpu-0"), &Value::Null);
        assert_eq!(kept["metadata"]["uid"], theirs["metadata"]["uid"]);
        world.api("DELETE", &format!("{INSTANCES}/virtwork-cpu-0"), &Value::Null);
        eventually("it is gone", || world.names("kubevirt.io/v1/virtualmachineinstances").is_empty());
    }
    world.run("up cpu").success();
}

/// A VM with the fleet's labels and another owner.
#[test]
fn a_vm_with_another_owner_keeps_its_secret() {
    let world = World::new();
    world.run("up cpu memory").success();
    let owners = other_owner(&world);
    let vm = world.api("PATCH", &format!("{VMS}/virtwork-cpu-0"), &json!({"metadata": {"ownerReferences": owners}}));
    let vmi = || world.api("GET", &format!("{INSTANCES}/virtwork-cpu-0"), &Value::Null)["metadata"]["uid"].clone();
    let before = vmi();
    world
        .run("down")
        .success()
        .stderr_has("virtualmachine.kubevirt.io/virtwork-cpu-0")
        .stderr_has("not deleted, owned by other objects")
        .absent("\"virtwork-cpu-0\" deleted");
    assert_eq!(world.vm("virtwork-cpu-0")["metadata"]["uid"], vm["metadata"]["uid"]);
    assert_eq!((vmi(), world.names("v1/secrets")), (before, vec!["virtwork-cpu-userdata".to_owned()]));
    assert_eq!(world.names("kubevirt.io/v1/virtualmachines"), ["virtwork-cpu-0"]);
}

/// Objects that appear after the list were not confirmed.
#[test]
fn exactly_what_was_listed_is_deleted() {
    let world = World::new();
    world.run("up cpu").success();
    let labels: Value = LABELS.iter().map(|(key, value)| ((*key).to_owned(), json!(value))).collect::<serde_json::Map<_, _>>().into();
    let secret = |name: &str| json!({"metadata": {"name": name, "labels": labels}});
    for line in ["down", "down --wait=false"] {
        world.run("up cpu").success();
        world.sandbox.faults.add(Fault::new(Method::DELETE, "/virtualmachines/virtwork-cpu-0", Effect::Hold));
        let down = world.start(line);
        eventually("down has listed and begins to delete", || world.sandbox.faults.held() > 0);
        world.api("POST", SECRETS, &secret("appeared"));
        world.sandbox.faults.release();
        let (code, stdout, stderr) = down.end();
        assert_eq!(code, Some(0), "{stderr}");
        assert!(
            !stdout.contains("appeared") && stderr.contains("not deleted, created after the fleet was listed: secret/appeared"),
            "{stderr}"
        );
        eventually("the fleet is gone", || world.names("kubevirt.io/v1/virtualmachines").is_empty());
        assert_eq!(world.names("v1/secrets"), ["appeared"]);
        world.api("DELETE", &format!("{SECRETS}/appeared"), &Value::Null);
        world.sandbox.faults.clear();
    }
    // The same name, but another object.
    world.run("up cpu").success();
    world.sandbox.faults.add(Fault::new(Method::DELETE, "/secrets/virtwork-cpu-userdata", Effect::Hold));
    let down = world.start("down");
    eventually("the VM is gone", || world.sandbox.faults.held() > 0 && world.names("kubevirt.io/v1/virtualmachines").is_empty());
    world.api("DELETE", &format!("{SECRETS}/virtwork-cpu-userdata"), &Value::Null);
    world.api("POST", SECRETS, &secret("virtwork-cpu-userdata"));
    world.sandbox.faults.release();
    let (code, _, stderr) = down.end();
    assert_eq!(code, Some(0), "{stderr}");
    assert_eq!(world.names("v1/secrets"), ["virtwork-cpu-userdata"], "{stderr}");
}

/// `pruned` means that the object is gone.
#[test]
fn pruned_means_deleted() {
    let world = World::new();
    world.run("up cpu --vm-count 2").success();
    let conflict = Effect::refuse(409, "Conflict", "the object has been modified");
    world.sandbox.faults.add(Fault::new(Method::DELETE, "/virtualmachines/virtwork-cpu-1", conflict.clone()).always());
    world.run("up cpu --prune --yes").code(1).stderr_has("Error from server (Conflict)").absent("pruned");
    world.run("down --timeout 5").code(1).stderr_has("Error from server (Conflict)").absent("\"virtwork-cpu-1\" deleted");
    assert_eq!(world.names("kubevirt.io/v1/virtualmachines"), ["virtwork-cpu-1"]);
}

/// The name of a Secret does not prove who created it.
#[test]
fn a_namespace_with_user_secrets_is_kept() {
    let world = World::new();
    for name in ["default-db-password", "pipeline-github-token", "builder-x", "deployer-dockercfg-x"] {
        world.run("up cpu --wait=false").success();
        world.api("POST", SECRETS, &json!({"metadata": {"name": name}, "stringData": {"key": "value"}}));
        world.run("down --delete-namespace --yes").code(1).stderr_has(&format!("secrets/{name}"));
        assert_eq!(world.names("v1/secrets"), [name]);
        world.api("DELETE", &format!("{SECRETS}/{name}"), &Value::Null);
    }
    // Only the type matches.
    let unnamed = json!({"metadata": {"name": "registry"}, "type": "kubernetes.io/dockercfg", "data": {".dockercfg": "e30="}});
    world.api("POST", SECRETS, &unnamed);
    world.run("down --delete-namespace --yes").code(1).stderr_has("secrets/registry");
    // A Secret that a controller created for a service account.
    let annotations = json!({"kubernetes.io/service-account.name": "default"});
    world.api("DELETE", &format!("{SECRETS}/registry"), &Value::Null);
    let account =
        json!({"metadata": {"name": "any", "annotations": annotations}, "type": "kubernetes.io/dockercfg", "data": {".dockercfg": "e30="}});
    world.api("POST", SECRETS, &account);
    world.run("down --delete-namespace --yes").success().stdout_has("namespace \"virtwork\" deleted");
}

/// On the second page, and owned by a cluster-scoped object.
#[test]
fn every_resource_in_a_namespace_is_listed() {
    let world = World::new();
    world.run("up cpu --wait=false").success();
    let maps = "/api/v1/namespaces/virtwork/configmaps";
    let namespace = world.api("GET", "/api/v1/namespaces/virtwork", &Value::Null);
    let owner =
        |kind: &str, version: &str, name: &str, uid: &Value| json!([{"apiVersion": version, "kind": kind, "name": name, "uid": uid}]);
    let root = world.api("POST", maps, &json!({"metadata": {"name": "root"}}));
    let owned = owner("ConfigMap", "v1", "root", &root["metadata"]["uid"]);
    for number in 0..510 {
        world.api("POST", maps, &json!({"metadata": {"name": format!("m{number:03}"), "ownerReferences": owned}}));
    }
    world.api("POST", maps, &json!({"metadata": {"name": "zzz-precious"}}));
    world
        .run("down --delete-namespace --yes")
        .code(1)
        .stderr_has("configmaps/root")
        .stderr_has("configmaps/zzz-precious")
        .absent("configmaps/m0");
    for name in ["root", "zzz-precious"] {
        world.api("DELETE", &format!("{maps}/{name}"), &Value::Null);
    }
    // One of two owners is cluster-scoped and exists.
    let outside = json!([owner("Namespace", "v1", "virtwork", &namespace["metadata"]["uid"])[0], owned[0]]);
    world.api("POST", maps, &json!({"metadata": {"name": "theirs", "ownerReferences": outside}}));
    eventually("what is owned is garbage", || {
        let all = world.api("GET", maps, &Value::Null);
        all["items"].as_array().unwrap().iter().all(|map| !map["metadata"]["name"].as_str().unwrap().starts_with('m'))
    });
    world.run("down --delete-namespace --yes").code(1).stderr_has("configmaps/theirs");
}

/// The cluster's own objects are not reported, and must not hide what they own.
#[test]
fn what_an_automatic_object_owns_is_reported() {
    let world = World::new();
    world.run("up cpu --wait=false").success();
    // A real cluster has created it.
    let accounts = "/api/v1/namespaces/virtwork/serviceaccounts";
    let account = world
        .try_api("POST", accounts, &json!({"metadata": {"name": "default"}}))
        .unwrap_or_else(|_| world.api("GET", &format!("{accounts}/default"), &Value::Null));
    let owners = json!([{"apiVersion": "v1", "kind": "ServiceAccount", "name": "default", "uid": account["metadata"]["uid"]}]);
    let maps = "/api/v1/namespaces/virtwork/configmaps";
    world.api("POST", maps, &json!({"metadata": {"name": "precious", "ownerReferences": owners}}));
    world.run("down --delete-namespace --yes").code(1).stderr_has("configmaps/precious").absent("serviceaccounts");
    world.api("DELETE", &format!("{maps}/precious"), &Value::Null);
    world.run("down --delete-namespace --yes").success();
}

/// Between the check and the deletion the namespace may be replaced.
#[test]
fn the_namespace_is_deleted_by_uid() {
    let world = World::new();
    world.run("up cpu").success();
    world.run("down").success();
    world.sandbox.faults.add(Fault::new(Method::DELETE, "/api/v1/namespaces/virtwork", Effect::Hold));
    let mut down = world.start("down --delete-namespace --yes");
    eventually("the namespace is to be deleted", || world.sandbox.faults.held() > 0 || down.try_wait().unwrap().is_some());
    assert!(world.sandbox.faults.held() > 0, "{:?}", down.end());
    world.api("DELETE", "/api/v1/namespaces/virtwork", &Value::Null);
    let there = || world.try_api("GET", "/api/v1/namespaces/virtwork", &Value::Null).is_ok();
    eventually("it is gone", || !there());
    make_namespace(&world, "virtwork");
    world.sandbox.faults.release();
    let (code, stdout, stderr) = down.end();
    assert_eq!((code, stdout.as_str()), (Some(1), ""), "{stderr}");
    assert!(stderr.contains("Error from server (Conflict)"), "{stderr}");
    assert!(there(), "{stderr}");
}

/// A question may be open for hours. `script` provides a terminal.
#[test]
fn the_namespace_is_checked_again_after_the_confirmation() {
    let world = World::new();
    world.run("up cpu").success();
    world.run("down").success();
    let command = format!("{PLUGIN} down --delete-namespace");
    let mut script = Command::new("script");
    script
        .args(["--quiet", "--return", "--command", &command, "/dev/null"])
        .env_clear()
        .env("HOME", &world.home)
        .env("PATH", "/usr/bin:/bin");
    script.env("TERM", "dumb").env("KUBECONFIG", world.sandbox.kubeconfig("admin"));
    let mut child = script.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let (mut screen, mut byte) = (String::new(), [0]);
    let mut output = child.stdout.take().unwrap();
    while !screen.contains("[y/N]") && output.read(&mut byte).unwrap() == 1 {
        screen.push(char::from(byte[0]));
    }
    world.api("POST", "/api/v1/namespaces/virtwork/configmaps", &json!({"metadata": {"name": "precious"}}));
    child.stdin.as_ref().unwrap().write_all(b"y\n").unwrap();
    output.read_to_string(&mut screen).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1), "{screen}");
    assert!(screen.contains("configmaps/precious"), "{screen}");
    world.api("GET", "/api/v1/namespaces/virtwork/configmaps/precious", &Value::Null);
}

/// KubeVirt and CDI would adopt an object with the name of a data disk.
#[test]
fn objects_named_like_a_data_disk_are_kept() {
    let world = World::new();
    make_namespace(&world, "virtwork");
    let name = json!({"name": "virtwork-database-0-data", "namespace": "virtwork"});
    let storage = json!({"resources": {"requests": {"storage": "1Gi"}}});
    let volume = json!({"apiVersion": "cdi.kubevirt.io/v1beta1", "kind": "DataVolume", "metadata": name, "spec": {"source": {"blank": {}}, "storage": storage}});
    let pvc = json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": name,
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}});
    let secret = json!({"metadata": {"name": "virtwork-database-userdata"}});
    for (path, object, printed) in [
        (VOLUMES, &volume, "datavolume.cdi.kubevirt.io/virtwork-database-0-data"),
        (CLAIMS, &pvc, "persistentvolumeclaim/virtwork-database-0-data"),
        (SECRETS, &secret, "secret/virtwork-database-userdata"),
    ] {
        let made = world.api("POST", path, object);
        let own = format!("{path}/{}", object["metadata"]["name"].as_str().unwrap());
        world.writes();
        for line in ["up database", "up database cpu", "up database --dry-run=server"] {
            world.run(line).code(1).stderr_has(printed).stderr_has("choose another --name or namespace");
        }
        assert_eq!(world.writes(), Vec::<String>::new());
        world.run("down").success();
        let after = world.api("GET", &own, &Value::Null);
        assert_eq!(after["metadata"]["uid"], made["metadata"]["uid"]);
        assert_eq!(after["metadata"]["ownerReferences"], Value::Null);
        world.api("DELETE", &own, &Value::Null);
        eventually("it is gone", || world.count_all() == 0);
    }
    // Terminating objects are no obstacle.
    world.run("up database").success();
    world.run("down --wait=false").success();
    world.run("up database").success();
}

/// In a pod without a kubeconfig the service account is used, and flags must not be ignored.
#[test]
fn flags_that_do_not_apply_in_a_pod_are_rejected() {
    let world = World::new();
    let file = world.file("any", "");
    for (flag, value) in [
        ("--kubeconfig", file.as_str()),
        ("--as", "nobody"),
        ("--token", "bad"),
        ("--user", "nosuch"),
        ("--cluster", "nosuch"),
        ("--client-certificate", &file),
        ("--client-key", &file),
        ("--certificate-authority", &file),
        ("--tls-server-name", "elsewhere"),
        ("--insecure-skip-tls-verify", "true"),
    ] {
        for line in ["status", "down", "up"] {
            let mut pod = world.command(&[line, &format!("{flag}={value}")]);
            pod.env_remove("KUBECONFIG").env("KUBERNETES_SERVICE_HOST", "127.0.0.1").env("KUBERNETES_SERVICE_PORT", "1");
            output(line, &mut pod)
                .code(1)
                .stderr_has(&format!("error: {flag} does not apply to the service account of this pod"))
                .absent("nosuch");
        }
    }
}

/// A kubeconfig that cannot be read is not "none": in a pod that would be another cluster.
#[test]
fn a_kubeconfig_that_cannot_be_read_is_an_error() {
    let world = World::new();
    let around = world.home.join("loop");
    symlink(&around, &around).unwrap();
    let folder = world.home.clone();
    for path in [&around, &folder] {
        for in_pod in [false, true] {
            let path = path.to_str().unwrap();
            let mut by_variable = world.command(&["status"]);
            by_variable.env("KUBECONFIG", path);
            let mut flags = world.command(&["status", "--kubeconfig", path]);
            for command in [&mut by_variable, &mut flags] {
                if in_pod {
                    command.env("KUBERNETES_SERVICE_HOST", "127.0.0.1").env("KUBERNETES_SERVICE_PORT", "1");
                }
                output("status", command).code(1).stderr_has(&format!("loading config file \"{path}\"")).absent("no cluster is configured");
            }
        }
    }
    // A file of the list that does not exist is skipped, as in kubectl.
    let list = format!("/nonexistent:{}", world.sandbox.kubeconfig("admin").display());
    output("status", world.command(&["status"]).env("KUBECONFIG", list)).success();
}

/// A pipe has length 0 and can be read once.
#[test]
fn a_kubeconfig_can_be_a_pipe() {
    let world = World::new();
    let content = fs::read_to_string(world.sandbox.kubeconfig("admin")).unwrap();
    let pipe = world.home.join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for flags in [true, false] {
        let (content, place) = (content.clone(), pipe.clone());
        let writer = thread::spawn(move || fs::write(place, content));
        let mut command = world.command(&["status"]);
        if flags {
            command.arg("--kubeconfig").arg(&pipe);
        } else {
            command.env("KUBECONFIG", &pipe);
        }
        output("status", &mut command).success().stderr_has("No resources found");
        writer.join().unwrap().unwrap();
    }
    // After a refusal the pipe, which is empty now, must not lead to another cluster.
    let bad = content.replace("admin-token", "expired-token");
    let place = pipe.clone();
    let writer = thread::spawn(move || fs::write(place, bad));
    let mut command = world.command(&["status", "--kubeconfig", pipe.to_str().unwrap()]);
    command.env("KUBERNETES_SERVICE_HOST", "127.0.0.1").env("KUBERNETES_SERVICE_PORT", "1");
    output("status", &mut command).code(1).stderr_has("error: You must be logged in to the server (Unauthorized)");
    writer.join().unwrap().unwrap();
}

/// A kubeconfig with a context means a cluster, even if that is missing.
#[test]
fn a_kubeconfig_without_its_cluster_is_an_error_in_a_pod() {
    let world = World::new();
    let path = world.file("gone", "{apiVersion: v1, kind: Config, current-context: gone}\n");
    let mut command = world.command(&["status"]);
    command.env("KUBECONFIG", path).env("KUBERNETES_SERVICE_HOST", "127.0.0.1").env("KUBERNETES_SERVICE_PORT", "1");
    output("status", &mut command).code(1).stderr_has("context \"gone\" does not exist");
}

/// Output and input of a login plugin may be credentials.
#[test]
fn output_of_login_plugins_is_never_printed() {
    let world = World::new();
    let mut file: Value = serde_yaml::from_str(&fs::read_to_string(world.sandbox.kubeconfig("admin")).unwrap()).unwrap();
    let plugin = |body: &str| {
        let path = world.file("bin/login", &format!("#!/bin/sh\n{body}\n"));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    };
    for (body, stdout) in [
        (r#"echo '{"status":{"token":"TOPSECRET"}}'; exit 3"#, "ended with exit status 3"),
        (r"echo TOPSECRET", "did not print an ExecCredential"),
        (
            r#"echo '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","spec":"TOPSECRET"}'"#,
            "did not print an ExecCredential",
        ),
        (
            r#"echo '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"token":"x","expirationTimestamp":"TOPSECRET"}}'"#,
            "expirationTimestamp",
        ),
        ("kill -9 $$", "killed by a signal"),
        // In a header tower-http would panic at it.
        (
            r#"printf '%s' '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"token":"TOPSECRET\u0001"}}'"#,
            "is not valid in an HTTP header",
        ),
        // The parser of keys prints what it cannot parse, as bytes.
        (
            r#"printf '%s' '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"clientCertificateData":"-----BEGIN CERTIFICATE----- TOPSECRET\n","clientKeyData":"-----BEGIN PRIVATE KEY----- TOPSECRET\n"}}'"#,
            "printed an invalid client certificate or key",
        ),
        // Valid for one request only: kube wraps the later failure differently.
        (
            r#"if [ -e "$0.once" ]; then echo TOPSECRET; echo TOPSECRET >&2; exit 3; fi; touch "$0.once"
echo '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"token":"admin-token","expirationTimestamp":"2020-01-01T00:00:00Z"}}'"#,
            "ended with exit status 3",
        ),
    ] {
        let path = plugin(body);
        let environment = json!([{"name": "PASSWORD", "value": "TOPSECRET"}]);
        file["users"][0]["user"] = json!({"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": path, "args": ["TOPSECRET"],
            "env": environment, "interactiveMode": "Never"}});
        let kubeconfig = world.file("kubeconfig", &file.to_string());
        world
            .run(&format!("status --kubeconfig {kubeconfig}"))
            .code(1)
            .stderr_has(&format!("login plugin {path}"))
            .stderr_has(stdout)
            .absent("TOPSECRET")
            .absent("84, 79, 80")
            .absent("panicked");
    }
    file["users"][0]["user"]["exec"]["command"] = json!("/nonexistent/login");
    let kubeconfig = world.file("kubeconfig", &file.to_string());
    world
        .run(&format!("status --kubeconfig {kubeconfig}"))
        .code(1)
        .stderr_has("login plugin /nonexistent/login cannot be started")
        .absent("TOPSECRET");
}

/// A proxy's address may contain a password.
#[test]
fn proxy_credentials_are_never_printed() {
    let world = World::new();
    let mut file: Value = serde_yaml::from_str(&fs::read_to_string(world.sandbox.kubeconfig("admin")).unwrap()).unwrap();
    file["clusters"][0]["cluster"]["server"] = json!("https://10.0.0.1:6443");
    for (proxy, stdout) in [
        ("socks9://user:TOPSECRET@127.0.0.1:1", "proxy socks9://127.0.0.1:1"),
        ("http://user:TOPSECRET@127.0.0.1:1", "proxy 127.0.0.1:1 refused the connection"),
        ("https://user:TOPSECRET@127.0.0.1:1", "proxy 127.0.0.1:1 refused the connection"),
        ("socks5://user:TOPSECRET@127.0.0.1:1", "proxy 127.0.0.1:1"),
        ("://TOPSECRET", "the URL of the proxy (proxy-url of the kubeconfig, or HTTPS_PROXY) is not valid"),
        ("http://TOP SECRET@127.0.0.1:1", "the URL of the proxy"),
    ] {
        file["clusters"][0]["cluster"]["proxy-url"] = json!(proxy);
        let kubeconfig = world.file("kubeconfig", &file.to_string());
        world.run(&format!("status --kubeconfig {kubeconfig} --request-timeout 3")).code(1).stderr_has(stdout).absent("TOPSECRET");
    }
}

/// The parsers of certificates and keys print what they cannot parse.
#[test]
fn credentials_of_a_kubeconfig_are_never_printed() {
    let world = World::new();
    let mut file: Value = serde_yaml::from_str(&fs::read_to_string(world.sandbox.kubeconfig("admin")).unwrap()).unwrap();
    // "-----BEGIN CERTIFICATE----- TOPSECRET" in base64.
    let pem = "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tIFRPUFNFQ1JFVA==";
    for (user, text) in [
        (json!({"client-certificate-data": "!!TOPSECRET", "client-key-data": pem}), "invalid client-certificate in the kubeconfig"),
        (json!({"client-certificate-data": pem, "client-key-data": "!!TOPSECRET"}), "invalid client-key in the kubeconfig"),
        (json!({"client-certificate-data": pem, "client-key-data": pem}), "invalid client-certificate or client-key in the kubeconfig"),
        (json!({"token": "TOPSECRET\n1"}), "the token is not valid in an HTTP header"),
        (json!({"client-certificate": "/nowhere/c", "client-key": "/nowhere/k"}), "client-certificate: cannot read /nowhere/c"),
    ] {
        file["users"][0]["user"] = user;
        let kubeconfig = world.file("kubeconfig", &file.to_string());
        let run = world.run(&format!("status --kubeconfig {kubeconfig}")).code(1).stderr_has(text);
        run.absent("TOPSECRET").absent("84, 79, 80").absent("panicked");
    }
}

/// kube's decoder panics.
#[test]
fn a_kubeconfig_of_half_a_character_is_an_error() {
    let world = World::new();
    for (name, bytes) in [("little", b"\xff\xfeabc"), ("big", b"\xfe\xffabc")] {
        let path = world.home.join(name);
        fs::write(&path, bytes).unwrap();
        world.run(&format!("status --kubeconfig {}", path.display())).code(1).stderr_has("not valid UTF-16").absent("panicked");
    }
}

/// A variable that is not UTF-8 must not be ignored: in a pod another cluster would be used.
#[test]
fn variables_that_are_not_utf8_are_errors() {
    use std::os::unix::ffi::OsStrExt as _;
    let world = World::new();
    for variable in ["KUBECONFIG", "HOME", "POD_NAMESPACE", "VIRTWORK_NAME", "HTTPS_PROXY", "https_proxy", "NO_PROXY"] {
        let mut pod = world.command(&["status"]);
        pod.env("KUBERNETES_SERVICE_HOST", "127.0.0.1").env("KUBERNETES_SERVICE_PORT", "1");
        pod.env(variable, std::ffi::OsStr::from_bytes(b"/tmp/\xff"));
        output("status", &mut pod).code(1).stderr_has(&format!("error: {variable}: is not valid UTF-8"));
    }
    for line in ["version --client", "completion bash"] {
        let words: Vec<_> = line.split(' ').collect();
        output(line, world.command(&words).env("HOME", std::ffi::OsStr::from_bytes(b"\xff"))).success();
    }
    output("status", world.command(&["status"]).env("OTHER", std::ffi::OsStr::from_bytes(b"\xff"))).success();
}

/// KubeVirt rejects `maxGuest` on other architectures.
#[test]
fn max_guest_is_set_for_amd64_only() {
    let mut world = World::new();
    let kubevirt = "/apis/kubevirt.io/v1/namespaces/kubevirt/kubevirts/kubevirt/status";
    for (architecture, expected) in
        [("arm64", json!({"guest": "2Gi"})), ("s390x", json!({"guest": "2Gi"})), ("amd64", json!({"guest": "2Gi", "maxGuest": "2Gi"}))]
    {
        world.api("PATCH", kubevirt, &json!({"status": {"defaultArchitecture": architecture}}));
        world.run("up cpu --wait=false").success();
        let vm = world.vm("virtwork-cpu-0");
        assert_eq!(vm["spec"]["template"]["spec"]["domain"]["memory"], expected, "{architecture}");
        // The same for a project member.
        world.user = "member";
        world.run("up cpu --wait=false").success().stdout_has("virtualmachine.kubevirt.io/virtwork-cpu-0 unchanged");
        world.user = "admin";
        world.run("down").success();
    }
}

/// Readiness probes do not reach VMs there, and nothing would become ready.
#[test]
fn a_primary_user_defined_network_is_refused() {
    let world = World::new();
    let labels = json!({"k8s.ovn.org/primary-user-defined-network": ""});
    world.api("POST", "/api/v1/namespaces", &json!({"metadata": {"name": "virtwork", "labels": labels}}));
    world.writes();
    for line in ["up", "up cpu --wait=false", "up --dry-run=server"] {
        world.run(line).code(1).stderr_has("primary user-defined network").stderr_has("choose another namespace with -n");
    }
    assert_eq!(world.writes(), Vec::<String>::new());
}

/// The reader has closed the pipe.
#[test]
fn a_closed_pipe_ends_a_command_quietly() {
    let world = World::new();
    world.run("up cpu").success();
    for line in [
        "--help",
        "up --help",
        "workloads",
        "workloads cpu --user-data",
        "completion bash",
        "version",
        "status",
        "status -o json",
        "up --dry-run",
        "up cpu",
        "down --dry-run",
        "down",
    ] {
        let mut command = world.command(&line.split(' ').collect::<Vec<_>>());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code().is_some_and(|code| code < 2), "{line}: {output:?}");
        assert!(!stderr.contains("pipe") && !stderr.contains("panicked") && !stderr.contains("error"), "{line}: {stderr}");
    }
    assert_eq!(world.count_all(), 0);
}

#[test]
fn the_readiness_probe_starts_after_one_second() {
    let world = World::with(&Settings { boot: std::time::Duration::from_secs(2), ..Settings::default() });
    world.run("up cpu").success();
    assert_eq!(world.vm("virtwork-cpu-0")["spec"]["template"]["spec"]["readinessProbe"]["initialDelaySeconds"], 1);
}
