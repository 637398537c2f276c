//! Credentials that expire and permissions that are missing.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    os::unix::fs::PermissionsExt as _,
    time::Duration,
};

use http::Method;
use serde_json::json;
use virtwork_sandbox::{
    Settings,
    faults::{Effect, Fault},
    nodes::simulation::Behavior,
};

use super::{
    assert_down_deletes_all, assert_nothing_remains, assert_recovers, assert_remaining, assert_unchanged_then_down, assert_up_and_down,
    count, hold_at, make_namespace,
};
use crate::common::{TIMEOUT, World, eventually, output, real};

fn unauthorized() -> Effect {
    Effect::refuse(401, "Unauthorized", "Unauthorized")
}

/// A kubeconfig with an exec plugin, which runs `script` and counts its calls in the home directory.
fn with_exec_plugin(world: &World, script: &str) -> String {
    let plugin = world.file("bin/login", &format!("#!/bin/sh\necho called >>{}\n{script}", world.home.join("calls").display()));
    fs::set_permissions(&plugin, fs::Permissions::from_mode(0o755)).unwrap();
    let text = fs::read_to_string(world.sandbox.kubeconfig("admin")).unwrap();
    let exec = format!("exec: {{apiVersion: client.authentication.k8s.io/v1, command: {plugin}, interactiveMode: Never}}");
    world.file("exec.kubeconfig", &text.replace("token: admin-token", &exec))
}

fn calls(world: &World) -> usize {
    fs::read_to_string(world.home.join("calls")).unwrap().lines().count()
}

const LOGIN: &str =
    r#"echo '{"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": {"token": "admin-token"}}'"#;

#[test]
fn token_expires_during_up() {
    let world = World::with(&Settings { boot: Duration::from_secs(3), ..Settings::default() });
    let kubeconfig = with_exec_plugin(&world, LOGIN);
    make_namespace(&world);
    // Once during the lists, once during the writes, once after them.
    for (method, path) in [(Method::GET, "/secrets"), (Method::POST, "/virtualmachines"), (Method::GET, "/virtualmachines?*watch=true")] {
        world.sandbox.faults.add(Fault::new(method, path, unauthorized()));
    }
    let line = format!("up cpu memory --kubeconfig {kubeconfig}");
    world.run(&line).success();
    assert!(calls(&world) >= 4, "each time the plugin is asked for another token");
    assert_unchanged_then_down(&world, &line);
}

/// Signs a token that is valid for two seconds, as the API server would.
const SIGN: &str = r#"
now=$(date +%s)
url() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }
body=$(printf '{"alg":"RS256"}' | url).$(printf '{"iss":"%s","aud":["%s"],"sub":"system:serviceaccount:default:fleet","iat":%s,"nbf":%s,"exp":%s,"kubernetes.io":{"namespace":"default","serviceaccount":{"name":"fleet","uid":"UID"}}}' ISSUER ISSUER $now $now $((now + 2)) | url)
token=$body.$(printf %s "$body" | openssl dgst -sha256 -sign KEY | url)
echo '{"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": {"token": "'$token'"}}'
"#;

#[test]
#[ignore = "needs the project's control plane"]
fn signed_token_expires_during_up() {
    // The API server caches a valid token for ten seconds.
    let world = World::with(&Settings { boot: Duration::from_secs(20), ..Settings::default() });
    let account = world.api("POST", "/api/v1/namespaces/default/serviceaccounts", &json!({"metadata": {"name": "fleet"}}));
    let subjects = json!([{"kind": "ServiceAccount", "namespace": "default", "name": "fleet"}]);
    let role = json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"});
    let binding = json!({"metadata": {"name": "sandbox:fleet"}, "roleRef": role, "subjects": subjects});
    let bindings = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings";
    world.api("POST", bindings, &binding);
    let key = real().unwrap().with_file_name("sa.key");
    let script = SIGN.replace("UID", account["metadata"]["uid"].as_str().unwrap()).replace("KEY", key.to_str().unwrap());
    let kubeconfig = with_exec_plugin(&world, &script.replace("ISSUER", "https://kubernetes.default.svc"));
    let line = ["up", "cpu", "--kubeconfig", kubeconfig.as_str()];
    let run = output(&line.join(" "), world.command(&line).env("PATH", "/usr/bin:/bin"));
    world.api("DELETE", &format!("{bindings}/sandbox:fleet"), &json!(null));
    world.api("DELETE", "/api/v1/namespaces/default/serviceaccounts/fleet", &json!(null));
    run.success().stdout_has(" Running   True ");
    assert!(calls(&world) >= 2, "the first token did not last");
    assert_unchanged_then_down(&world, "up cpu");
}

#[test]
fn unauthorized_permanently() {
    let world = World::with(&Settings { boot: Duration::from_secs(3), ..Settings::default() });
    // From the start; from the first VM on; after all writes.
    for (method, path, code, there) in
        [(Method::GET, "/", 1, (0, 0)), (Method::POST, "/virtualmachines", 1, (0, 1)), (Method::GET, "watch=true", 3, (1, 1))]
    {
        world.sandbox.faults.clear();
        world.sandbox.faults.add(Fault::new(method, path, unauthorized()).always());
        world.run("up cpu --timeout 60").code(code).stderr_has("You must be logged in to the server (Unauthorized)");
        world.sandbox.faults.clear();
        assert_remaining(&world, there.0, there.1);
    }
    assert_recovers(&world, "up cpu");
}

/// A missing permission, the command line, and its result.
type Case = (&'static str, &'static str, &'static str, i32, &'static str);

const UP: &str = "up cpu database";

/// Verbs of a first `up` in an existing namespace.
const FOR_UP: [Case; 18] = [
    ("get", "namespaces", UP, 0, ""),
    ("list", "storageclasses", UP, 0, "Warning: cannot list StorageClasses (forbidden)"),
    ("list", "virtualmachines", UP, 1, "you can neither get namespace virtwork nor list its VMs"),
    ("list", "secrets", UP, 1, "secrets is forbidden"),
    ("list", "services", UP, 1, "services is forbidden"),
    ("list", "virtualmachineinstances", UP, 1, "virtualmachineinstances.kubevirt.io is forbidden"),
    ("*", "persistentvolumeclaims", UP, 1, "missing permissions in namespace virtwork: list persistentvolumeclaims"),
    ("*", "datavolumes", UP, 1, "missing permissions in namespace virtwork: list datavolumes.cdi.kubevirt.io"),
    ("get", "persistentvolumeclaims", UP, 0, ""),
    ("list", "datavolumes", UP, 0, ""),
    ("list", "pods", UP, 0, ""),
    ("create", "secrets", UP, 1, "missing permissions in namespace virtwork: create secrets"),
    ("create", "services", "up network", 1, "missing permissions in namespace virtwork: create services"),
    ("create", "virtualmachines", UP, 1, "missing permissions in namespace virtwork: create virtualmachines.kubevirt.io"),
    ("watch", "virtualmachines", UP, 0, ""),
    ("watch", "virtualmachineinstances", UP, 0, ""),
    ("get", "virtualmachines", UP, 0, ""),
    ("get", "secrets", UP, 0, ""),
];

/// Verbs of a change to an existing fleet.
const FOR_CHANGES: [Case; 5] = [
    (
        "patch",
        "virtualmachines",
        "up cpu --vm-count 2 --memory 3Gi",
        1,
        "missing permissions in namespace virtwork: patch virtualmachines.kubevirt.io",
    ),
    ("patch", "secrets", "up cpu --vm-count 2 --set cpu.load=50", 1, "missing permissions in namespace virtwork: patch secrets"),
    ("update", "virtualmachines/restart", "up cpu --vm-count 2 --memory 3Gi --restart", 1, "update virtualmachines/restart"),
    ("delete", "virtualmachines", "up cpu --prune --yes", 1, "delete virtualmachines.kubevirt.io"),
    ("get", "virtualmachines", "up cpu --prune --yes", 0, ""),
];

/// Verbs of `down` for an existing fleet.
const FOR_DOWN: [Case; 15] = [
    ("list", "virtualmachines", "down", 1, "virtualmachines.kubevirt.io is forbidden"),
    ("list", "secrets", "down", 1, "secrets is forbidden"),
    ("list", "services", "down", 1, "services is forbidden"),
    ("list", "virtualmachineinstances", "down", 0, "Warning: cannot list virtualmachineinstances.kubevirt.io (forbidden)"),
    ("list", "datavolumes", "down", 0, "Warning: cannot list datavolumes.cdi.kubevirt.io (forbidden)"),
    ("list", "persistentvolumeclaims", "down", 0, "Warning: cannot list persistentvolumeclaims (forbidden)"),
    ("get", "virtualmachines", "down", 0, ""),
    ("watch", "virtualmachines", "down", 0, ""),
    ("watch", "virtualmachineinstances", "down", 0, ""),
    ("watch", "datavolumes", "down", 0, ""),
    ("watch", "services", "down", 0, ""),
    ("watch", "secrets", "down", 0, ""),
    ("watch", "persistentvolumeclaims", "down", 0, ""),
    ("*", "datavolumes", "down", 0, "Warning: cannot list datavolumes"),
    ("*", "secrets", "down", 1, "secrets is forbidden"),
];

const FOR_STATUS: [Case; 2] = [
    ("list", "virtualmachines", "status", 1, "virtualmachines.kubevirt.io is forbidden"),
    ("list", "virtualmachineinstances", "status", 1, "virtualmachineinstances.kubevirt.io is forbidden"),
];

/// Runs the cases. `before` prepares each, and an administrator cleans up after it.
fn each(cases: &[Case], before: Option<&str>) {
    let world = World::new();
    make_namespace(&world);
    for (verb, resource, line, code, message) in cases {
        if let Some(before) = before {
            world.run(before).success();
        }
        let there = count(&world);
        world.sandbox.deny(verb, resource);
        world.writes();
        let run = world.run(line);
        assert!(run.code == *code && run.stderr.contains(message), "without {verb} on {resource}: {run:#?}");
        if run.code == 1 {
            assert_eq!(count(&world), there, "what was there is left without {verb} on {resource}");
        }
        if run.code == 1 && line.starts_with("up") {
            assert_eq!(world.writes(), Vec::<String>::new(), "nothing was written without {verb} on {resource}");
        }
        if *code == 0 && *line == "down" {
            eventually("all is gone without the right", || count(&world) == (0, 0));
        }
        world.sandbox.restore_permissions();
        assert_down_deletes_all(&world);
    }
}

#[test]
fn each_verb_of_up_is_forbidden() {
    each(&FOR_UP, None);
}

#[test]
fn each_verb_of_a_change_is_forbidden() {
    each(&FOR_CHANGES, Some("up cpu --vm-count 2"));
}

#[test]
fn each_verb_of_down_is_forbidden() {
    each(&FOR_DOWN, Some("up database network"));
    // What can be deleted is deleted; VMs that cannot keep what belongs to them.
    let world = World::new();
    world.run("up cpu database").success();
    world.sandbox.deny("delete", "virtualmachines");
    world.run("down").code(1).stderr_has("cannot delete resource \"virtualmachines\"");
    assert_remaining(&world, 2, 0);
    world.sandbox.restore_permissions();
    assert_recovers(&world, "up cpu database");
}

#[test]
fn each_verb_of_status_is_forbidden() {
    each(&FOR_STATUS, Some("up cpu"));
    // A forbidden watch is replaced by lists.
    let world = World::new();
    world.run("up cpu").success();
    for resource in ["virtualmachines", "virtualmachineinstances"] {
        world.sandbox.deny("watch", resource);
    }
    let mut child = world.start("status --watch");
    let (send, lines) = std::sync::mpsc::channel();
    let output = BufReader::new(child.stdout.take().unwrap());
    std::thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| send.send(line)));
    let says = |name: &str| while !lines.recv_timeout(TIMEOUT).unwrap().contains(name) {};
    says("virtwork-cpu-0");
    world.run("up memory --no-wait").success();
    says("virtwork-memory-0");
    child.kill().unwrap();
    child.wait().unwrap();
    world.sandbox.restore_permissions();
    assert_down_deletes_all(&world);
}

/// A patch reverts an edit.
#[test]
fn services_cannot_be_patched() {
    let world = World::new();
    world.run("up network").success();
    let service = "/api/v1/namespaces/virtwork/services/virtwork-iperf3-server";
    world.api("PATCH", service, &json!({"spec": {"selector": {"virtwork/index": "7"}}}));
    world.sandbox.deny("patch", "services");
    world.writes();
    world.run("up network").code(1).stderr_has("missing permissions in namespace virtwork: patch services");
    assert_eq!(world.writes(), Vec::<String>::new());
    world.sandbox.restore_permissions();
    world.run("up network").success().stdout_has("service/virtwork-iperf3-server configured");
    assert_unchanged_then_down(&world, "up network");
}

/// If access reviews are forbidden, the writes report the missing permission.
#[test]
fn access_reviews_are_forbidden() {
    let world = World::new();
    make_namespace(&world);
    let refused = Effect::refuse(403, "Forbidden", "selfsubjectaccessreviews.authorization.k8s.io is forbidden");
    world.sandbox.faults.add(Fault::new(Method::POST, "/selfsubjectaccessreviews", refused).always());
    world.sandbox.deny("create", "virtualmachines");
    world.run("up cpu").code(1).stderr_has("virtualmachines.kubevirt.io is forbidden");
    assert_remaining(&world, 0, 1);
    world.sandbox.restore_permissions();
    assert_recovers(&world, "up cpu");
}

#[test]
fn namespace_cannot_be_deleted() {
    let world = World::new();
    world.run("up cpu").success().stdout_has("namespace/virtwork created");
    let there = count(&world);
    world.sandbox.deny("get", "namespaces");
    world.run("down --delete-namespace --yes").code(1).stderr_has("cannot read namespace virtwork (forbidden)");
    assert_eq!(count(&world), there, "nothing is removed on the way to a refusal");
    world.sandbox.restore_permissions();
    world.sandbox.deny("delete", "namespaces");
    world.run("down --delete-namespace --yes").code(1).stderr_has("namespaces \"virtwork\" is forbidden");
    eventually("the fleet is gone", || count(&world) == (0, 0));
    assert!(world.names("v1/namespaces").contains(&"virtwork".to_owned()));
    world.sandbox.restore_permissions();
    world.sandbox.deny("list", "resourcequotas");
    let run = world.run("down --delete-namespace --yes").code(1);
    run.stderr_has("because you cannot list resourcequotas in it");
    world.sandbox.restore_permissions();
    world.run("down --delete-namespace --yes").success().stdout_has("namespace \"virtwork\" deleted");
    assert_nothing_remains(&world);
}

/// Verbs of the diagnosis: without one the reason comes from another source, or the missing permission is named.
#[test]
fn each_verb_of_diagnosis_is_forbidden() {
    let world = World::new();
    world.sandbox.simulation.set("cpu-0", Behavior::Sick("stress-ng is missing".to_owned()));
    world.sandbox.simulation.set("database-0", Behavior::VolumePends("no accessMode specified".to_owned()));
    world.run("up cpu database --timeout 20").code(3).stderr_has("stress-ng is missing").stderr_has("no accessMode specified");
    for (rights, reason) in [
        (&[("get", "pods/proxy")][..], "stress-ng is missing"),
        (&[("get", "pods/proxy"), ("get", "pods/log")], "reading pods/proxy and pods/log is forbidden"),
        (&[("list", "pods")], "listing pods is forbidden"),
        (&[("get", "datavolumes")], "unknown: getting data volumes is forbidden"),
        (&[("list", "events")], "no accessMode specified"),
    ] {
        rights.iter().for_each(|(verb, resource)| world.sandbox.deny(verb, resource));
        world.run("status").success().stdout_has(reason);
        world.sandbox.restore_permissions();
    }
    assert_down_deletes_all(&world);
}

#[test]
fn every_watch_is_forbidden() {
    let world = World::new();
    for resource in ["virtualmachines", "virtualmachineinstances", "secrets", "services", "datavolumes", "persistentvolumeclaims"] {
        world.sandbox.deny("watch", resource);
    }
    assert_up_and_down(&world, "up cpu database");
}

#[test]
fn every_delete_is_forbidden() {
    let world = World::new();
    world.run("up cpu").success();
    for verb in ["delete", "deletecollection"] {
        for resource in ["virtualmachines", "secrets"] {
            world.sandbox.deny(verb, resource);
        }
    }
    let there = count(&world);
    let run = world.run("down --timeout 60").code(1).stderr_has("virtualmachines.kubevirt.io \"virtwork-cpu-0\" is forbidden");
    run.stderr_has("secrets \"virtwork-cpu-userdata\" is forbidden").absent("timed out").absent("deleted from");
    assert_eq!(count(&world), there);
    world.sandbox.restore_permissions();
    assert_recovers(&world, "up cpu");
}

#[test]
fn permission_withdrawn_during_up() {
    let world = World::new();
    let child = hold_at(&world, "up cpu --vm-count 3 --concurrency 1", Method::POST, "/virtualmachines", 1);
    world.sandbox.deny("create", "virtualmachines");
    world.sandbox.faults.release();
    let (code, _, stderr) = child.end();
    assert_eq!(code, Some(1), "{stderr}");
    assert!(stderr.contains("virtualmachines.kubevirt.io is forbidden"), "{stderr}");
    assert_remaining(&world, 1, 1);
    world.sandbox.restore_permissions();
    assert_recovers(&world, "up cpu --vm-count 3");
}

#[test]
fn member_without_deletecollection() {
    let mut world = World::new();
    make_namespace(&world);
    world.user = "member";
    world.run("up cpu memory network").success();
    assert_down_deletes_all(&world);
    world.run("up cpu").success();
    world.sandbox.deny("delete", "virtualmachines");
    world.run("down").code(1).stderr_has("virtualmachines.kubevirt.io \"virtwork-cpu-0\" is forbidden");
    assert_remaining(&world, 1, 0);
    world.sandbox.restore_permissions();
    assert_down_deletes_all(&world);
    world.run("up network").success();
    for (verb, resource) in
        [("delete", "secrets"), ("deletecollection", "secrets"), ("delete", "services"), ("deletecollection", "services")]
    {
        world.sandbox.deny(verb, resource);
    }
    let run = world.run("down").code(1).stderr_has("secrets \"virtwork-network-client-userdata\" is forbidden");
    run.stderr_has("services \"virtwork-iperf3-server\" is forbidden");
    assert_remaining(&world, 0, 2);
    world.sandbox.restore_permissions();
    assert_down_deletes_all(&world);
}

#[test]
fn no_namespace_permission_and_no_projects() {
    let mut world = World::new();
    world.user = "owner";
    world.run("up cpu").code(1).stderr_has("namespace virtwork does not exist, and you cannot create it");
    world.user = "nobody";
    world.run("up cpu").code(1).stderr_has("you can neither get namespace virtwork nor list its VMs");
    assert_nothing_remains(&world);
    assert!(!world.names("v1/namespaces").contains(&"virtwork".to_owned()));
}

#[test]
fn no_namespace_permission_but_projects() {
    let mut world = World::with(&Settings { without: vec![], ..Settings::default() });
    world.user = "nobody";
    world.run("up cpu").code(1).stderr_has("you can neither get namespace virtwork nor list its VMs");
    assert_nothing_remains(&world);
    world.user = "owner";
    world.run("up cpu memory").success().stdout_has("namespace/virtwork created");
    assert_unchanged_then_down(&world, "up cpu memory");
}

#[test]
#[ignore = "needs a real API server"]
fn permissions_in_a_new_project_arrive_late() {
    let world = World::with(&Settings { without: vec![], ..Settings::default() });
    // `nobody` has no permissions but can request projects; those in a new project arrive a second later.
    let rules = json!([{"apiGroups": ["project.openshift.io"], "resources": ["projectrequests"], "verbs": ["create"]}]);
    let roles = "/apis/rbac.authorization.k8s.io/v1";
    world.api("POST", &format!("{roles}/clusterroles"), &json!({"metadata": {"name": "sandbox:self-provisioner"}, "rules": rules}));
    let subjects = json!([{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "nobody"}]);
    let role = json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "sandbox:self-provisioner"});
    let binding = json!({"metadata": {"name": "sandbox:self-provisioner"}, "roleRef": role, "subjects": subjects});
    world.api("POST", &format!("{roles}/clusterrolebindings"), &binding);
    let run = output("up cpu (as nobody)", world.command(&["up", "cpu"]).env("KUBECONFIG", world.sandbox.kubeconfig("nobody")));
    world.api("DELETE", &format!("{roles}/clusterrolebindings/sandbox:self-provisioner"), &json!(null));
    world.api("DELETE", &format!("{roles}/clusterroles/sandbox:self-provisioner"), &json!(null));
    run.success().stdout_has("namespace/virtwork created").stdout_has(" Running   True ");
    assert_down_deletes_all(&world);
}

#[test]
#[ignore = "needs a real API server"]
fn user_with_a_certificate() {
    let world = World::new();
    make_namespace(&world);
    let kubeconfig = real().unwrap().with_file_name("member-by-certificate.kubeconfig");
    let as_member = |words: &[&str]| output(&words.join(" "), world.command(words).env("KUBECONFIG", &kubeconfig));
    as_member(&["up", "cpu"]).success().stdout_has(" Running   True ");
    as_member(&["status"]).success().stdout_has(" Running   True ");
    as_member(&["down"]).success();
    assert_eq!(count(&world), (0, 0));
}
