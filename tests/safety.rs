//! Harm that must not happen: objects of other people are deleted or used, text from the cluster runs as a command, a user acts under
//! another identity than they chose, a secret is printed.
#![cfg(unix)]

mod common;

use std::{
    fs,
    io::{Read as _, Write as _},
    os::unix::fs::{PermissionsExt as _, symlink},
    process::{Command, Stdio},
    thread,
};

use common::{MACHINES, PLUGIN, Run, World, finish, until};
use http::Method;
use serde_json::{Value, json};
use virtwork_sandbox::{
    Settings,
    faults::{Effect, Fault},
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
    world.ask("POST", "/api/v1/namespaces", &json!({"metadata": {"name": name}}));
}

/// What kubectl and oc start when TAB is pressed runs no command, whatever has been typed so far.
#[test]
fn completion_runs_nothing() {
    let world = World::new();
    world.run("up cpu").exits(0);
    world.writes();
    for name in ["kubectl_complete-virtwork", "oc_complete-virtwork", "kubectl_complete-virtwork.exe"] {
        let link = world.home.join(name);
        symlink(PLUGIN, &link).unwrap();
        for words in [&["down", "--namespace", ""][..], &["up", "--context", ""], &["down", "--yes", ""], &["ssh", ""], &[]] {
            let mut command = Command::new(&link);
            command.args(words).env_clear().env("HOME", &world.home).env("KUBECONFIG", world.sandbox.kubeconfig("admin"));
            let run = finish(&format!("{name} {}", words.join(" ")), &mut command).exits(0);
            assert_eq!((run.stdout.as_str(), run.stderr.as_str()), (":4\n", ""), "{run:#?}");
        }
    }
    assert_eq!(world.writes(), Vec::<String>::new());
    assert_eq!(world.names("kubevirt.io/v1/virtualmachines"), ["virtwork-cpu-0"]);
}

/// Runs `ssh` with stand-ins that leave a trace.
fn ssh(world: &World, words: &[&str]) -> Run {
    for name in ["virtctl", "ssh"] {
        let path = world.file(&format!("bin/{name}"), "#!/bin/sh\nfor word; do printf '%s\\n' \"$word\"; done > \"$HOME/started\"\n");
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let path = format!("{}:/usr/bin:/bin", world.home.join("bin").display());
    finish(&words.join(" "), world.command(&[&["ssh"], words].concat()).env("PATH", path))
}

/// Anybody who may edit a VM may write its annotations.
#[test]
fn an_annotation_is_no_option_of_ssh() {
    let world = World::new();
    world.run("up cpu").exits(0);
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
        world.ask("PATCH", &format!("{MACHINES}/virtwork-cpu-0"), &annotation);
        for words in [&["cpu-0"][..], &["cpu-0", "--", "uptime"]] {
            let run =
                ssh(&world, words).exits(1).tells("annotation virtwork/ssh-user of VM virtwork-cpu-0").tells("-l chooses another user");
            assert!(!run.stderr.contains('\u{1b}'), "{run:#?}");
            assert!(!world.home.join("started").exists(), "{user:?} started something");
        }
    }
    ssh(&world, &["-l", "root", "cpu-0", "--", "uptime", "-p"]).exits(0);
    let words = fs::read_to_string(world.home.join("started")).unwrap();
    assert!(words.ends_with("-l\nroot\n--\nvm.virtwork-cpu-0.virtwork\nuptime\n-p\n"), "{words}");
    assert!(words.contains("port-forward --stdio=true --namespace 'virtwork' 'vm/virtwork-cpu-0' 22\n"), "{words}");
}

/// A namespace comes from a file that others write, or from a pod's environment.
#[test]
fn a_namespace_is_no_path() {
    let world = World::new();
    make_namespace(&world, "pre");
    world.ask("POST", "/api/v1/namespaces/pre/secrets", &json!({"metadata": {"name": "users-own"}}));
    let kubeconfig = fs::read_to_string(world.sandbox.kubeconfig("admin")).unwrap();
    let mut file: Value = serde_yaml::from_str(&kubeconfig).unwrap();
    world.writes();
    for namespace in ["pre/secrets#", "pre/secrets?x=", "../pre", "Pre", "a b", "-n", "a\nb", &"x".repeat(64)] {
        file["contexts"][0]["context"]["namespace"] = json!(namespace);
        let path = world.file("kubeconfig", &file.to_string());
        for line in ["down", "up cpu", "up cpu --dry-run", "status", "workloads cpu --user-data"] {
            world.run(&format!("{line} --kubeconfig {path}")).exits(1).tells("invalid namespace");
        }
        let mut pod = world.command(&["up", "cpu", "--dry-run"]);
        pod.env_remove("KUBECONFIG").env("POD_NAMESPACE", namespace).env("KUBERNETES_SERVICE_HOST", "127.0.0.1");
        finish("up cpu --dry-run", &mut pod).exits(1).tells("invalid namespace");
    }
    assert_eq!(world.sandbox.faults.take_seen().iter().filter(|seen| seen.path.contains("pre")).count(), 0);
    assert_eq!(world.names("v1/secrets"), ["users-own"]);
}

/// A VM that somebody copied from ours and freed of our labels passes those of the template on to its instance.
#[test]
fn an_instance_of_somebody_else_runs_on() {
    let world = World::new();
    world.run("up cpu database").exits(0);
    let mut theirs = world.machine("virtwork-cpu-0");
    theirs["metadata"] = json!({"name": "billing", "namespace": "virtwork"});
    theirs.as_object_mut().unwrap().remove("status");
    theirs["spec"]["template"]["spec"]["domain"]["firmware"] = json!({});
    world.ask("POST", MACHINES, &theirs);
    let instance = || world.try_ask("GET", &format!("{INSTANCES}/billing"), &Value::Null).ok();
    until("it runs", || instance().is_some_and(|instance| instance["status"]["phase"] == "Running"));
    let uid = instance().unwrap()["metadata"]["uid"].clone();
    for line in ["down --dry-run", "down cpu", "down"] {
        world.run(line).exits(0).hides("billing");
    }
    let after = instance().unwrap();
    assert_eq!((&after["metadata"]["uid"], &after["metadata"]["deletionTimestamp"]), (&uid, &Value::Null));
    assert_eq!(world.names("kubevirt.io/v1/virtualmachines"), ["billing"]);
    // Without its VM it is nobody's but ours.
    world.ask("DELETE", &format!("{MACHINES}/billing"), &json!({"propagationPolicy": "Orphan"}));
    until("its VM is gone", || world.names("kubevirt.io/v1/virtualmachines").is_empty());
    world.run("down").exits(0);
    assert_eq!(world.count_all(), 0);
}

/// The copy keeps our labels on all that its controllers make for it, its data disk included.
#[test]
fn a_copy_with_a_data_disk_keeps_it() {
    let world = World::new();
    world.run("up disk").exits(0);
    let mut theirs = world.machine("virtwork-disk-0");
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
    world.ask("POST", MACHINES, &theirs);
    let claim = || world.try_ask("GET", &format!("{CLAIMS}/billing-data"), &Value::Null).ok();
    until("its claim is there", || claim().is_some());
    let before = claim().unwrap()["metadata"]["uid"].clone();
    world.run("down --dry-run").exits(0).hides("billing");
    world.run("down --timeout 30").exits(0).hides("billing");
    assert_eq!(claim().unwrap()["metadata"]["uid"], before);
    // Its disk has the very name that ours would have.
    world.ask("DELETE", &format!("{MACHINES}/billing"), &Value::Null);
    until("the copy is gone", || world.count_all() == 0);
    theirs["spec"] = own;
    world.ask("POST", MACHINES, &theirs);
    until("its data volume is there", || world.try_ask("GET", &format!("{VOLUMES}/virtwork-disk-0-data"), &Value::Null).is_ok());
    world.run("up disk").exits(1).tells("virtwork-disk-0-data").tells("belongs to something else");
    assert_eq!(world.names("kubevirt.io/v1/virtualmachines"), ["billing"]);
}

/// A VM that has our labels, and an owner that is none of ours.
#[test]
fn a_vm_of_another_owner_stays_with_its_secret() {
    let world = World::new();
    world.run("up cpu memory").exits(0);
    let owner = world.ask("POST", "/api/v1/namespaces/virtwork/configmaps", &json!({"metadata": {"name": "pool"}}));
    let owners = json!([{"apiVersion": "v1", "kind": "ConfigMap", "name": "pool", "uid": owner["metadata"]["uid"]}]);
    let machine = world.ask("PATCH", &format!("{MACHINES}/virtwork-cpu-0"), &json!({"metadata": {"ownerReferences": owners}}));
    let instance = || world.ask("GET", &format!("{INSTANCES}/virtwork-cpu-0"), &Value::Null)["metadata"]["uid"].clone();
    let before = instance();
    world
        .run("down")
        .exits(0)
        .tells("virtualmachine.kubevirt.io/virtwork-cpu-0")
        .tells("belongs to something else")
        .hides("\"virtwork-cpu-0\" deleted");
    assert_eq!(world.machine("virtwork-cpu-0")["metadata"]["uid"], machine["metadata"]["uid"]);
    assert_eq!((instance(), world.names("v1/secrets")), (before, vec!["virtwork-cpu-userdata".to_owned()]));
    assert_eq!(world.names("kubevirt.io/v1/virtualmachines"), ["virtwork-cpu-0"]);
}

/// What appears after the list was made was not confirmed.
#[test]
fn exactly_what_was_listed_is_deleted() {
    let world = World::new();
    world.run("up cpu").exits(0);
    let labels: Value = LABELS.iter().map(|(key, value)| ((*key).to_owned(), json!(value))).collect::<serde_json::Map<_, _>>().into();
    let secret = |name: &str| json!({"metadata": {"name": name, "labels": labels}});
    for line in ["down", "down --wait=false"] {
        world.run("up cpu").exits(0);
        world.sandbox.faults.add(Fault::new(Method::DELETE, "/virtualmachines/virtwork-cpu-0", Effect::Hold));
        let down = world.start(line);
        until("down has listed and begins to delete", || world.sandbox.faults.held() > 0);
        world.ask("POST", SECRETS, &secret("appeared"));
        world.sandbox.faults.release();
        let (code, said, told) = down.end();
        assert_eq!(code, Some(0), "{told}");
        assert!(
            !said.contains("appeared") && told.contains("not deleted, because it appeared after the list was made: secret/appeared"),
            "{told}"
        );
        until("the fleet is gone", || world.names("kubevirt.io/v1/virtualmachines").is_empty());
        assert_eq!(world.names("v1/secrets"), ["appeared"]);
        world.ask("DELETE", &format!("{SECRETS}/appeared"), &Value::Null);
        world.sandbox.faults.clear();
    }
    // The same name, and another object.
    world.run("up cpu").exits(0);
    world.sandbox.faults.add(Fault::new(Method::DELETE, "/secrets/virtwork-cpu-userdata", Effect::Hold));
    let down = world.start("down");
    until("the machine is gone", || world.sandbox.faults.held() > 0 && world.names("kubevirt.io/v1/virtualmachines").is_empty());
    world.ask("DELETE", &format!("{SECRETS}/virtwork-cpu-userdata"), &Value::Null);
    world.ask("POST", SECRETS, &secret("virtwork-cpu-userdata"));
    world.sandbox.faults.release();
    let (code, _, told) = down.end();
    assert_eq!(code, Some(0), "{told}");
    assert_eq!(world.names("v1/secrets"), ["virtwork-cpu-userdata"], "{told}");
}

/// `pruned` is said of what is gone.
#[test]
fn pruned_means_gone() {
    let world = World::new();
    world.run("up cpu --vm-count 2").exits(0);
    let conflict = Effect::refuse(409, "Conflict", "the object has been modified");
    world.sandbox.faults.add(Fault::new(Method::DELETE, "/virtualmachines/virtwork-cpu-1", conflict.clone()).always());
    world.run("up cpu --prune --yes").exits(1).tells("Error from server (Conflict)").hides("pruned");
    world.run("down --timeout 5").exits(1).tells("Error from server (Conflict)").hides("\"virtwork-cpu-1\" deleted");
    assert_eq!(world.names("kubevirt.io/v1/virtualmachines"), ["virtwork-cpu-1"]);
}

/// A Secret's name says nothing of whose it is.
#[test]
fn a_namespace_with_secrets_of_users_stays() {
    let world = World::new();
    for name in ["default-db-password", "pipeline-github-token", "builder-x", "deployer-dockercfg-x"] {
        world.run("up cpu --wait=false").exits(0);
        world.ask("POST", SECRETS, &json!({"metadata": {"name": name}, "stringData": {"key": "value"}}));
        world.run("down --delete-namespace --yes").exits(1).tells(&format!("secrets/{name}"));
        assert_eq!(world.names("v1/secrets"), [name]);
        world.ask("DELETE", &format!("{SECRETS}/{name}"), &Value::Null);
    }
    // Only the type is right.
    let unnamed = json!({"metadata": {"name": "registry"}, "type": "kubernetes.io/dockercfg", "data": {".dockercfg": "e30="}});
    world.ask("POST", SECRETS, &unnamed);
    world.run("down --delete-namespace --yes").exits(1).tells("secrets/registry");
    // What a controller makes for a service account.
    let annotations = json!({"kubernetes.io/service-account.name": "default"});
    world.ask("DELETE", &format!("{SECRETS}/registry"), &Value::Null);
    let account =
        json!({"metadata": {"name": "any", "annotations": annotations}, "type": "kubernetes.io/dockercfg", "data": {".dockercfg": "e30="}});
    world.ask("POST", SECRETS, &account);
    world.run("down --delete-namespace --yes").exits(0).says("namespace \"virtwork\" deleted");
}

/// Behind the first page, and owned by something that is in no namespace.
#[test]
fn everything_in_a_namespace_is_looked_at() {
    let world = World::new();
    world.run("up cpu --wait=false").exits(0);
    let maps = "/api/v1/namespaces/virtwork/configmaps";
    let namespace = world.ask("GET", "/api/v1/namespaces/virtwork", &Value::Null);
    let owner =
        |kind: &str, version: &str, name: &str, uid: &Value| json!([{"apiVersion": version, "kind": kind, "name": name, "uid": uid}]);
    let root = world.ask("POST", maps, &json!({"metadata": {"name": "root"}}));
    let owned = owner("ConfigMap", "v1", "root", &root["metadata"]["uid"]);
    for number in 0..510 {
        world.ask("POST", maps, &json!({"metadata": {"name": format!("m{number:03}"), "ownerReferences": owned}}));
    }
    world.ask("POST", maps, &json!({"metadata": {"name": "zzz-precious"}}));
    world.run("down --delete-namespace --yes").exits(1).tells("configmaps/root").tells("configmaps/zzz-precious").hides("configmaps/m0");
    for name in ["root", "zzz-precious"] {
        world.ask("DELETE", &format!("{maps}/{name}"), &Value::Null);
    }
    // Of two owners one is outside, and lives.
    let outside = json!([owner("Namespace", "v1", "virtwork", &namespace["metadata"]["uid"])[0], owned[0]]);
    world.ask("POST", maps, &json!({"metadata": {"name": "theirs", "ownerReferences": outside}}));
    until("what is owned is garbage", || {
        let all = world.ask("GET", maps, &Value::Null);
        all["items"].as_array().unwrap().iter().all(|map| !map["metadata"]["name"].as_str().unwrap().starts_with('m'))
    });
    world.run("down --delete-namespace --yes").exits(1).tells("configmaps/theirs");
}

/// Between the look and the deletion the namespace may become another one.
#[test]
fn the_namespace_that_was_looked_at_is_deleted() {
    let world = World::new();
    world.run("up cpu").exits(0);
    world.run("down").exits(0);
    world.sandbox.faults.add(Fault::new(Method::DELETE, "/api/v1/namespaces/virtwork", Effect::Hold));
    let mut down = world.start("down --delete-namespace --yes");
    until("the namespace is to be deleted", || world.sandbox.faults.held() > 0 || down.try_wait().unwrap().is_some());
    assert!(world.sandbox.faults.held() > 0, "{:?}", down.end());
    world.ask("DELETE", "/api/v1/namespaces/virtwork", &Value::Null);
    let there = || world.try_ask("GET", "/api/v1/namespaces/virtwork", &Value::Null).is_ok();
    until("it is gone", || !there());
    make_namespace(&world, "virtwork");
    world.sandbox.faults.release();
    let (code, said, told) = down.end();
    assert_eq!((code, said.as_str()), (Some(1), ""), "{told}");
    assert!(told.contains("Error from server (Conflict)"), "{told}");
    assert!(there(), "{told}");
}

/// A question may stand for hours. `script` gives the command a terminal.
#[test]
fn after_the_answer_the_namespace_is_looked_at_again() {
    let world = World::new();
    world.run("up cpu").exits(0);
    world.run("down").exits(0);
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
    world.ask("POST", "/api/v1/namespaces/virtwork/configmaps", &json!({"metadata": {"name": "precious"}}));
    child.stdin.as_ref().unwrap().write_all(b"y\n").unwrap();
    output.read_to_string(&mut screen).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1), "{screen}");
    assert!(screen.contains("configmaps/precious"), "{screen}");
    world.ask("GET", "/api/v1/namespaces/virtwork/configmaps/precious", &Value::Null);
}

/// KubeVirt and CDI would take what has the name of a data disk for theirs.
#[test]
fn what_has_the_name_of_a_data_disk_is_left_alone() {
    let world = World::new();
    make_namespace(&world, "virtwork");
    let name = json!({"name": "virtwork-database-0-data", "namespace": "virtwork"});
    let storage = json!({"resources": {"requests": {"storage": "1Gi"}}});
    let volume = json!({"apiVersion": "cdi.kubevirt.io/v1beta1", "kind": "DataVolume", "metadata": name, "spec": {"source": {"blank": {}}, "storage": storage}});
    let claim = json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": name,
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}});
    let secret = json!({"metadata": {"name": "virtwork-database-userdata"}});
    for (path, object, printed) in [
        (VOLUMES, &volume, "datavolume.cdi.kubevirt.io/virtwork-database-0-data"),
        (CLAIMS, &claim, "persistentvolumeclaim/virtwork-database-0-data"),
        (SECRETS, &secret, "secret/virtwork-database-userdata"),
    ] {
        let made = world.ask("POST", path, object);
        let own = format!("{path}/{}", object["metadata"]["name"].as_str().unwrap());
        world.writes();
        for line in ["up database", "up database cpu", "up database --dry-run=server"] {
            world.run(line).exits(1).tells(printed).tells("choose another --name or namespace");
        }
        assert_eq!(world.writes(), Vec::<String>::new());
        world.run("down").exits(0);
        let after = world.ask("GET", &own, &Value::Null);
        assert_eq!(after["metadata"]["uid"], made["metadata"]["uid"]);
        assert_eq!(after["metadata"]["ownerReferences"], Value::Null);
        world.ask("DELETE", &own, &Value::Null);
        until("it is gone", || world.count_all() == 0);
    }
    // Those of a fleet that is going are no obstacle.
    world.run("up database").exits(0);
    world.run("down --wait=false").exits(0);
    world.run("up database").exits(0);
}

/// In a pod without a kubeconfig the service account acts, and no flag may seem to change that.
#[test]
fn a_flag_that_would_not_apply_is_refused() {
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
            finish(line, &mut pod)
                .exits(1)
                .tells(&format!("error: {flag} does not apply to the service account of this pod"))
                .hides("nosuch");
        }
    }
}

/// What is named and cannot be read is not "none": in a pod that would be another cluster.
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
            let mut by_flag = world.command(&["status", "--kubeconfig", path]);
            for command in [&mut by_variable, &mut by_flag] {
                if in_pod {
                    command.env("KUBERNETES_SERVICE_HOST", "127.0.0.1").env("KUBERNETES_SERVICE_PORT", "1");
                }
                finish("status", command).exits(1).tells(&format!("loading config file \"{path}\"")).hides("no cluster is configured");
            }
        }
    }
    // A file of the list that does not exist is passed over, as by kubectl.
    let list = format!("/nonexistent:{}", world.sandbox.kubeconfig("admin").display());
    finish("status", world.command(&["status"]).env("KUBECONFIG", list)).exits(0);
}

/// A pipe has length 0 and can be read once.
#[test]
fn a_kubeconfig_may_be_a_pipe() {
    let world = World::new();
    let content = fs::read_to_string(world.sandbox.kubeconfig("admin")).unwrap();
    let pipe = world.home.join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for by_flag in [true, false] {
        let (content, place) = (content.clone(), pipe.clone());
        let writer = thread::spawn(move || fs::write(place, content));
        let mut command = world.command(&["status"]);
        if by_flag {
            command.arg("--kubeconfig").arg(&pipe);
        } else {
            command.env("KUBECONFIG", &pipe);
        }
        finish("status", &mut command).exits(0).tells("No resources found");
        writer.join().unwrap().unwrap();
    }
    // Refused, it does not become another cluster: by now the pipe is empty.
    let bad = content.replace("admin-token", "expired-token");
    let place = pipe.clone();
    let writer = thread::spawn(move || fs::write(place, bad));
    let mut command = world.command(&["status", "--kubeconfig", pipe.to_str().unwrap()]);
    command.env("KUBERNETES_SERVICE_HOST", "127.0.0.1").env("KUBERNETES_SERVICE_PORT", "1");
    finish("status", &mut command).exits(1).tells("error: You must be logged in to the server (Unauthorized)");
    writer.join().unwrap().unwrap();
}

/// What names a context means a cluster, also where it lacks it.
#[test]
fn a_kubeconfig_without_its_cluster_is_an_error_in_a_pod() {
    let world = World::new();
    let path = world.file("gone", "{apiVersion: v1, kind: Config, current-context: gone}\n");
    let mut command = world.command(&["status"]);
    command.env("KUBECONFIG", path).env("KUBERNETES_SERVICE_HOST", "127.0.0.1").env("KUBERNETES_SERVICE_PORT", "1");
    finish("status", &mut command).exits(1).tells("context \"gone\" does not exist");
}

/// What a login plugin prints, or gets, may be a credential.
#[test]
fn nothing_of_a_login_plugin_is_repeated() {
    let world = World::new();
    let mut file: Value = serde_yaml::from_str(&fs::read_to_string(world.sandbox.kubeconfig("admin")).unwrap()).unwrap();
    let plugin = |body: &str| {
        let path = world.file("bin/login", &format!("#!/bin/sh\n{body}\n"));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    };
    for (body, said) in [
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
        // Good for one request, and then no more: kube wraps that failure in another way.
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
            .exits(1)
            .tells(&format!("login plugin {path}"))
            .tells(said)
            .hides("TOPSECRET");
    }
    file["users"][0]["user"]["exec"]["command"] = json!("/nonexistent/login");
    let kubeconfig = world.file("kubeconfig", &file.to_string());
    world
        .run(&format!("status --kubeconfig {kubeconfig}"))
        .exits(1)
        .tells("login plugin /nonexistent/login cannot be started")
        .hides("TOPSECRET");
}

/// A proxy's address may hold a password.
#[test]
fn nothing_of_a_proxys_credentials_is_repeated() {
    let world = World::new();
    let mut file: Value = serde_yaml::from_str(&fs::read_to_string(world.sandbox.kubeconfig("admin")).unwrap()).unwrap();
    file["clusters"][0]["cluster"]["server"] = json!("https://10.0.0.1:6443");
    for (proxy, said) in [
        ("socks9://user:TOPSECRET@127.0.0.1:1", "proxy socks9://127.0.0.1:1"),
        ("http://user:TOPSECRET@127.0.0.1:1", "proxy 127.0.0.1:1 refused the connection"),
        ("https://user:TOPSECRET@127.0.0.1:1", "proxy 127.0.0.1:1 refused the connection"),
        ("socks5://user:TOPSECRET@127.0.0.1:1", "proxy 127.0.0.1:1"),
    ] {
        file["clusters"][0]["cluster"]["proxy-url"] = json!(proxy);
        let kubeconfig = world.file("kubeconfig", &file.to_string());
        world.run(&format!("status --kubeconfig {kubeconfig} --request-timeout 3")).exits(1).tells(said).hides("TOPSECRET");
    }
}

/// KubeVirt refuses `maxGuest` on other architectures.
#[test]
fn memory_is_not_made_to_grow_where_it_cannot() {
    let mut world = World::new();
    let kubevirt = "/apis/kubevirt.io/v1/namespaces/kubevirt/kubevirts/kubevirt/status";
    for (architecture, expected) in
        [("arm64", json!({"guest": "2Gi"})), ("s390x", json!({"guest": "2Gi"})), ("amd64", json!({"guest": "2Gi", "maxGuest": "2Gi"}))]
    {
        world.ask("PATCH", kubevirt, &json!({"status": {"defaultArchitecture": architecture}}));
        world.run("up cpu --wait=false").exits(0);
        let machine = world.machine("virtwork-cpu-0");
        assert_eq!(machine["spec"]["template"]["spec"]["domain"]["memory"], expected, "{architecture}");
        // A project member sees the same.
        world.user = "member";
        world.run("up cpu --wait=false").exits(0).says("virtualmachine.kubevirt.io/virtwork-cpu-0 unchanged");
        world.user = "admin";
        world.run("down").exits(0);
    }
}

/// There readiness probes do not reach VMs, and nothing would ever be ready.
#[test]
fn a_primary_user_defined_network_is_refused() {
    let world = World::new();
    let labels = json!({"k8s.ovn.org/primary-user-defined-network": ""});
    world.ask("POST", "/api/v1/namespaces", &json!({"metadata": {"name": "virtwork", "labels": labels}}));
    world.writes();
    for line in ["up", "up cpu --wait=false", "up --dry-run=server"] {
        world.run(line).exits(1).tells("primary user-defined network").tells("choose another namespace with -n");
    }
    assert_eq!(world.writes(), Vec::<String>::new());
}

/// Who reads no more has seen enough.
#[test]
fn a_closed_pipe_ends_a_command_quietly() {
    let world = World::new();
    world.run("up cpu").exits(0);
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
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code().is_some_and(|code| code < 2), "{line}: {output:?}");
        assert!(!told.contains("pipe") && !told.contains("panicked") && !told.contains("error"), "{line}: {told}");
    }
    assert_eq!(world.count_all(), 0);
}

#[test]
fn the_readiness_probe_begins_at_once() {
    let world = World::with(&Settings { boot: std::time::Duration::from_secs(2), ..Settings::default() });
    world.run("up cpu").exits(0);
    assert_eq!(world.machine("virtwork-cpu-0")["spec"]["template"]["spec"]["readinessProbe"]["initialDelaySeconds"], 1);
}
