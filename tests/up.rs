//! `up`: creates the fleet, and updates it.

mod common;

use std::{
    io::{Read as _, Write as _},
    process::{Command, Stdio},
};

use common::{PLUGIN, Started, VMS, World};
use serde_json::json;
use virtwork_sandbox::Settings;

const ALL_VMS: [&str; 6] = [
    "virtwork-cpu-0",
    "virtwork-database-0",
    "virtwork-disk-0",
    "virtwork-memory-0",
    "virtwork-network-client-0",
    "virtwork-network-server-0",
];

#[test]
fn all_workloads_become_ready_and_a_second_up_writes_nothing() {
    let world = World::new();
    let first = world.run("up").success().stdout_has("namespace/virtwork created\n").stdout_has("NAME ");
    assert_eq!(first.count("created"), 14, "{first:#?}");
    assert_eq!(first.ready(), 6, "{first:#?}");
    assert_eq!(world.names("kubevirt.io/v1/virtualmachines"), ALL_VMS);
    assert_eq!(world.names("kubevirt.io/v1/virtualmachineinstances"), ALL_VMS);
    assert_eq!(world.names("v1/services"), ["virtwork-iperf3-server"]);
    assert_eq!(world.names("cdi.kubevirt.io/v1beta1/datavolumes"), ["virtwork-database-0-data", "virtwork-disk-0-data"]);
    assert_eq!(world.names("v1/secrets").len(), 6);
    world.writes();
    let second = world.run("up").success();
    assert_eq!(second.count("unchanged"), 13, "{second:#?}");
    assert_eq!(world.writes(), Vec::<String>::new());
}

#[test]
fn a_second_up_sends_few_requests() {
    let world = World::new();
    world.run("up cpu --vm-count 8").success();
    world.sandbox.faults.take_seen();
    world.run("up cpu --vm-count 8").success();
    let requests = world.sandbox.faults.take_seen();
    assert!(requests.len() <= 15, "{requests:#?}");
}

#[test]
fn the_vm_count_of_one_workload_can_grow() {
    let world = World::new();
    world.run("up --workloads cpu,memory").success();
    let run = world.run("up --workloads cpu --vm-count 3").success().stdout_has("virtualmachine.kubevirt.io/virtwork-cpu-0 unchanged");
    assert_eq!(run.count("-1 created") + run.count("-2 created"), 2, "{run:#?}");
    assert_eq!(world.names("kubevirt.io/v1/virtualmachines").len(), 4);
}

#[test]
fn each_pair_of_a_workload_with_roles_has_its_service() {
    let world = World::new();
    world.run("up network --vm-count 2").success();
    assert_eq!(world.names("v1/services"), ["virtwork-iperf3-server", "virtwork-iperf3-server-1"]);
    let services = world.api("GET", "/api/v1/namespaces/virtwork/services", &json!(null));
    assert_eq!(services["items"][1]["spec"]["selector"]["virtwork/index"], "1");
}

#[test]
fn a_change_is_applied_and_requests_a_restart() {
    let world = World::new();
    world.run("up cpu").success();
    let changed = world.run("up cpu --memory 3Gi").success().stdout_has("virtwork-cpu-0 configured");
    changed
        .stderr_has("Restart required for the change to take effect: virtwork-cpu-0")
        .stdout_has("restart required: run 'virtctl restart virtwork-cpu-0 -n virtwork', or the same up command with --restart");
    let restarted =
        world.run("up cpu --memory 3Gi --restart").success().stdout_has("virtwork-cpu-0 unchanged").stdout_has("virtwork-cpu-0 restarted");
    restarted.absent("restart required").absent("Restart required");
    let vmi = world.api("GET", "/apis/kubevirt.io/v1/namespaces/virtwork/virtualmachineinstances/virtwork-cpu-0", &json!(null));
    assert_eq!(vmi["spec"]["domain"]["memory"]["guest"], "3Gi");
    world.run("up cpu --memory 3Gi --restart").success().absent("restarted");
}

#[test]
fn a_field_dropped_from_the_plan_disappears() {
    let world = World::new();
    world.run("up cpu --node-selector kubernetes.io/hostname=node-0 --toleration a=b:NoSchedule").success();
    let uuid = world.vm("virtwork-cpu-0")["spec"]["template"]["spec"]["domain"]["firmware"]["uuid"].clone();
    assert_eq!(world.vm("virtwork-cpu-0")["spec"]["template"]["spec"]["nodeSelector"]["kubernetes.io/hostname"], "node-0");
    world.run("up cpu").success().stdout_has("virtwork-cpu-0 configured");
    let spec = world.vm("virtwork-cpu-0")["spec"]["template"]["spec"].clone();
    assert!(spec["nodeSelector"].is_null() && spec["tolerations"].is_null(), "{spec:#}");
    assert_eq!(spec["domain"]["firmware"]["uuid"], uuid, "what KubeVirt assigned must stay");
    world.run("up cpu").success().stdout_has("virtwork-cpu-0 unchanged");
}

#[test]
fn prune_deletes_extra_vms_of_the_selected_workloads_only() {
    let world = World::new();
    world.run("up cpu memory --vm-count 3").success();
    world.run("up cpu").success().stderr_has("virtwork-cpu-1").stderr_has("--prune");
    assert_eq!(world.names("kubevirt.io/v1/virtualmachines").len(), 6);
    world.run("up cpu --prune").code(1).stderr_has("--yes");
    assert_eq!(world.names("kubevirt.io/v1/virtualmachines").len(), 6);
    world.run("up cpu --prune --yes").success().stdout_has("virtwork-cpu-1 pruned").stdout_has("virtwork-cpu-2 pruned");
    assert_eq!(
        world.names("kubevirt.io/v1/virtualmachines"),
        ["virtwork-cpu-0", "virtwork-memory-0", "virtwork-memory-1", "virtwork-memory-2"]
    );
}

#[test]
fn a_stopped_vm_is_started_again() {
    let world = World::new();
    world.run("up cpu").success();
    world.api("PATCH", &format!("{VMS}/virtwork-cpu-0"), &json!({"spec": {"runStrategy": "Halted"}}));
    common::eventually("stopped", || world.names("kubevirt.io/v1/virtualmachineinstances").is_empty());
    world.run("up cpu").success().stdout_has("configured (was stopped; started)").stdout_has(" Running   True ");
}

#[test]
fn an_edited_vm_is_reverted() {
    let world = World::new();
    world.run("up cpu").success();
    let edit = json!({"spec": {"template": {"spec": {"domain": {"memory": {"guest": "1Gi", "maxGuest": "1Gi"}}}}}});
    world.api("PATCH", &format!("{VMS}/virtwork-cpu-0"), &edit);
    world.run("up cpu").success().stdout_has("virtwork-cpu-0 configured");
    assert_eq!(world.vm("virtwork-cpu-0")["spec"]["template"]["spec"]["domain"]["memory"]["guest"], "2Gi");
}

#[test]
fn an_edited_secret_or_service_is_reverted() {
    let world = World::new();
    world.run("up network").success();
    let secret = "/api/v1/namespaces/virtwork/secrets/virtwork-network-server-userdata";
    world.api("PATCH", secret, &json!({"data": {"userdata": "Zm9v"}}));
    world.api(
        "PATCH",
        "/api/v1/namespaces/virtwork/services/virtwork-iperf3-server",
        &json!({"spec": {"selector": {"virtwork/index": "7"}}}),
    );
    let run = world.run("up network").success().stdout_has("secret/virtwork-network-server-userdata configured");
    run.stdout_has("service/virtwork-iperf3-server configured").stdout_has("secret/virtwork-network-client-userdata unchanged");
    assert_ne!(world.api("GET", secret, &json!(null))["data"]["userdata"], "Zm9v");
    let service = world.api("GET", "/api/v1/namespaces/virtwork/services/virtwork-iperf3-server", &json!(null));
    assert_eq!(service["spec"]["selector"]["virtwork/index"], "0", "{service:#}");
    assert_eq!(world.run("up network").success().count("unchanged"), 5);
}

#[test]
fn foreign_objects_are_refused_before_the_first_write() {
    let world = World::new();
    world.api("POST", "/api/v1/namespaces", &json!({"metadata": {"name": "virtwork"}}));
    world.api("POST", "/api/v1/namespaces/virtwork/secrets", &json!({"metadata": {"name": "virtwork-cpu-userdata"}}));
    world.run("up cpu").code(1).stderr_has("secret/virtwork-cpu-userdata").stderr_has("--name");
    assert_eq!(world.writes(), Vec::<String>::new());
    world.run("up cpu --name other").success();
}

#[test]
fn a_data_disk_cannot_change_in_place() {
    let world = World::new();
    world.run("up database").success();
    world.writes();
    world
        .run("up database --disk-size 20Gi")
        .code(1)
        .stderr_has("virtwork-database-0")
        .stderr_has("size and StorageClass of a data disk are immutable");
    assert_eq!(world.writes(), Vec::<String>::new());
}

#[test]
fn equal_quantities_are_no_change() {
    let world = World::new();
    world.run("up database cpu --memory 2048Mi --disk-size 10240Mi --set cpu.memory=1.5Gi").success();
    let again = world.run("up database cpu --memory 2Gi --disk-size 10Gi --set cpu.memory=1536Mi").success();
    assert_eq!(again.count("unchanged"), 4, "{again:#?}");
}

#[test]
fn a_dropped_field_disappears_from_booting_vms_too() {
    let world = World::new();
    world.run("up cpu --vm-count 30 --toleration a=b:NoSchedule --no-wait").success();
    world.run("up cpu --vm-count 30 --no-wait").success();
    let vms = world.api("GET", VMS, &json!(null));
    let left = vms["items"].as_array().unwrap().iter().filter(|vm| !vm["spec"]["template"]["spec"]["tolerations"].is_null());
    assert_eq!(left.count(), 0);
}

#[test]
fn a_dry_run_never_guesses_the_namespace() {
    let world = World::new();
    world.run("up cpu --dry-run --context nope").code(1).stderr_has("context \"nope\" does not exist");
    world.run("up cpu --dry-run --kubeconfig /nowhere").code(1).stderr_has("/nowhere");
    let text = "apiVersion: v1\nkind: Config\ncurrent-context: a\ncontexts: [{name: a, context: {cluster: a, user: a, namespace: team}}]\n\
                clusters: [{name: a, cluster: {server: \"https://127.0.0.1:1\", certificate-authority: /nowhere/ca.crt}}]\n";
    let file = world.file("kubeconfig", text);
    world.run(&format!("up cpu --dry-run -o name --kubeconfig {file}")).success().stdout_has("namespace/team\n");
}

#[test]
fn two_fleets_share_a_namespace() {
    let world = World::new();
    world.run("up cpu").success();
    world.run("up cpu --name other").success();
    assert_eq!(world.names("kubevirt.io/v1/virtualmachines"), ["other-cpu-0", "virtwork-cpu-0"]);
    world.run("down --name other").success();
    assert_eq!(world.names("kubevirt.io/v1/virtualmachines"), ["virtwork-cpu-0"]);
}

#[test]
fn wait_flags() {
    let world = World::with(&Settings { boot: std::time::Duration::from_secs(3600), ..Settings::default() });
    world.run("up cpu --no-wait").success().stdout_has("created");
    world.run("up cpu --wait=false").success();
    world.run("up cpu --wait-for running").success().stdout_has("False");
    world.run("up cpu --timeout 2").code(3).stderr_has("timed out").stderr_has("installing its tools");
}

#[test]
fn dry_runs_write_nothing() {
    let world = World::new();
    let offline =
        world.run("up --dry-run --server https://127.0.0.1:1").success().stdout_has("kind: Namespace").stdout_has("kind: VirtualMachine");
    assert_eq!(offline.stderr.lines().filter(|line| line.starts_with("error")).count(), 0);
    world.run("up cpu --dry-run=server").success().stdout_has("(server dry run)");
    assert_eq!(world.count_all(), 0);
    world.run("up cpu").success();
    world.run("up cpu --vm-count 2 --dry-run=server").success().stdout_has("virtwork-cpu-1 created (server dry run)");
    assert_eq!(world.names("kubevirt.io/v1/virtualmachines").len(), 1);
    world.run("up cpu --vm-count 2").success();
    let run = world.run("up cpu --memory 3Gi --dry-run=server --restart --prune").success();
    run.stdout_has("virtwork-cpu-0 restarted (server dry run)\nvirtualmachine.kubevirt.io/virtwork-cpu-1 pruned (server dry run)");
    assert_eq!(world.names("kubevirt.io/v1/virtualmachines").len(), 2);
}

#[test]
fn objects_applied_with_kubectl_are_adopted() {
    let world = World::new();
    let plan = world.run("up cpu --dry-run -o json").success();
    let list: serde_json::Value = serde_json::from_str(&plan.stdout).unwrap();
    for object in list["items"].as_array().unwrap() {
        let kind = format!("{}s", object["kind"].as_str().unwrap().to_lowercase());
        let path = match object["kind"].as_str().unwrap() {
            "Namespace" => "/api/v1/namespaces".to_owned(),
            "VirtualMachine" => VMS.to_owned(),
            _ => format!("/api/v1/namespaces/virtwork/{kind}"),
        };
        world.api("POST", &path, object);
    }
    let run = world.run("up cpu").success();
    assert_eq!(run.count("unchanged"), 2, "{run:#?}");
}

#[test]
fn output_names_objects() {
    let world = World::new();
    let run = world.run("up cpu -o name").success();
    assert_eq!(run.stdout, "namespace/virtwork\nsecret/virtwork-cpu-userdata\nvirtualmachine.kubevirt.io/virtwork-cpu-0\n");
}

/// `script` provides a terminal, on which Ctrl-C is typed.
#[test]
fn ctrl_c_ends_the_password_prompt() {
    let world = World::new();
    // The shell stays, to report the state of the terminal.
    let line = format!("trap : INT; {PLUGIN} up cpu --ask-ssh-password; echo status $?; stty -a | grep -ow -e -echo -e echo");
    let mut terminal = Command::new("script");
    terminal.args(["--quiet", "--command", &line, "/dev/null"]).env_clear().env("HOME", &world.home).env("PATH", "/usr/bin:/bin");
    terminal.env("KUBECONFIG", world.sandbox.kubeconfig("admin")).stdin(Stdio::piped());
    let mut terminal = Started::new(&mut terminal);
    let mut output = terminal.stdout.take().unwrap();
    let mut seen = Vec::new();
    while !String::from_utf8_lossy(&seen).contains("Password for") {
        let mut byte = [0];
        output.read_exact(&mut byte).unwrap();
        seen.extend(byte);
    }
    let mut keyboard = terminal.stdin.take().unwrap();
    keyboard.write_all(b"\x03").unwrap();
    let mut rest = String::new();
    output.read_to_string(&mut rest).unwrap();
    assert!(rest.contains("\r\nInterrupted\r\n") && rest.contains("status 130") && rest.trim_end().ends_with("\necho"), "{rest}");
    assert_eq!(world.count_all(), 0);
}
