//! `up`: the fleet comes to be, and converges.

mod common;

use std::{
    io::{Read as _, Write as _},
    process::{Command, Stdio},
};

use common::{MACHINES, PLUGIN, Started, World};
use serde_json::json;
use virtwork_sandbox::Settings;

const MACHINES_OF_ALL: [&str; 6] = [
    "virtwork-cpu-0",
    "virtwork-database-0",
    "virtwork-disk-0",
    "virtwork-memory-0",
    "virtwork-network-client-0",
    "virtwork-network-server-0",
];

#[test]
fn all_five_workloads_come_up_and_a_second_up_writes_nothing() {
    let world = World::new();
    let first = world.run("up").exits(0).says("namespace/virtwork created\n").says("NAME ");
    assert_eq!(first.count("created"), 14, "{first:#?}");
    assert_eq!(first.ready(), 6, "{first:#?}");
    assert_eq!(world.names("kubevirt.io/v1/virtualmachines"), MACHINES_OF_ALL);
    assert_eq!(world.names("kubevirt.io/v1/virtualmachineinstances"), MACHINES_OF_ALL);
    assert_eq!(world.names("v1/services"), ["virtwork-iperf3-server"]);
    assert_eq!(world.names("cdi.kubevirt.io/v1beta1/datavolumes"), ["virtwork-database-0-data", "virtwork-disk-0-data"]);
    assert_eq!(world.names("v1/secrets").len(), 6);
    world.writes();
    let second = world.run("up").exits(0);
    assert_eq!(second.count("unchanged"), 13, "{second:#?}");
    assert_eq!(world.writes(), Vec::<String>::new());
}

#[test]
fn a_second_up_needs_few_requests_however_many_machines() {
    let world = World::new();
    world.run("up cpu --vm-count 8").exits(0);
    world.sandbox.faults.take_seen();
    world.run("up cpu --vm-count 8").exits(0);
    let requests = world.sandbox.faults.take_seen();
    assert!(requests.len() <= 15, "{requests:#?}");
}

#[test]
fn more_machines_of_one_workload() {
    let world = World::new();
    world.run("up --workloads cpu,memory").exits(0);
    let run = world.run("up --workloads cpu --vm-count 3").exits(0).says("virtualmachine.kubevirt.io/virtwork-cpu-0 unchanged");
    assert_eq!(run.count("-1 created") + run.count("-2 created"), 2, "{run:#?}");
    assert_eq!(world.names("kubevirt.io/v1/virtualmachines").len(), 4);
}

#[test]
fn pairs_of_a_workload_with_roles_have_a_service_each() {
    let world = World::new();
    world.run("up network --vm-count 2").exits(0);
    assert_eq!(world.names("v1/services"), ["virtwork-iperf3-server", "virtwork-iperf3-server-1"]);
    let services = world.ask("GET", "/api/v1/namespaces/virtwork/services", &json!(null));
    assert_eq!(services["items"][1]["spec"]["selector"]["virtwork/index"], "1");
}

#[test]
fn a_change_is_configured_and_asks_for_a_restart() {
    let world = World::new();
    world.run("up cpu").exits(0);
    let changed = world.run("up cpu --memory 3Gi").exits(0).says("virtwork-cpu-0 configured");
    changed
        .tells("Restart required for the change to take effect: virtwork-cpu-0")
        .says("run 'virtctl restart virtwork-cpu-0 -n virtwork' to apply it");
    let restarted = world.run("up cpu --memory 3Gi --restart").exits(0).says("virtwork-cpu-0 unchanged").says("virtwork-cpu-0 restarted");
    restarted.hides("change pending").hides("Restart required");
    let instance = world.ask("GET", "/apis/kubevirt.io/v1/namespaces/virtwork/virtualmachineinstances/virtwork-cpu-0", &json!(null));
    assert_eq!(instance["spec"]["domain"]["memory"]["guest"], "3Gi");
    world.run("up cpu --memory 3Gi --restart").exits(0).hides("restarted");
}

#[test]
fn a_field_dropped_from_the_plan_disappears() {
    let world = World::new();
    world.run("up cpu --node-selector kubernetes.io/hostname=node-0 --toleration a=b:NoSchedule").exits(0);
    let uuid = world.machine("virtwork-cpu-0")["spec"]["template"]["spec"]["domain"]["firmware"]["uuid"].clone();
    assert_eq!(world.machine("virtwork-cpu-0")["spec"]["template"]["spec"]["nodeSelector"]["kubernetes.io/hostname"], "node-0");
    world.run("up cpu").exits(0).says("virtwork-cpu-0 configured");
    let spec = world.machine("virtwork-cpu-0")["spec"]["template"]["spec"].clone();
    assert!(spec["nodeSelector"].is_null() && spec["tolerations"].is_null(), "{spec:#}");
    assert_eq!(spec["domain"]["firmware"]["uuid"], uuid, "what KubeVirt assigned must stay");
    world.run("up cpu").exits(0).says("virtwork-cpu-0 unchanged");
}

#[test]
fn prune_removes_what_is_beyond_and_touches_no_other_workload() {
    let world = World::new();
    world.run("up cpu memory --vm-count 3").exits(0);
    world.run("up cpu").exits(0).tells("virtwork-cpu-1").tells("--prune");
    assert_eq!(world.names("kubevirt.io/v1/virtualmachines").len(), 6);
    world.run("up cpu --prune").exits(1).tells("--yes");
    assert_eq!(world.names("kubevirt.io/v1/virtualmachines").len(), 6);
    world.run("up cpu --prune --yes").exits(0).says("virtwork-cpu-1 pruned").says("virtwork-cpu-2 pruned");
    assert_eq!(
        world.names("kubevirt.io/v1/virtualmachines"),
        ["virtwork-cpu-0", "virtwork-memory-0", "virtwork-memory-1", "virtwork-memory-2"]
    );
}

#[test]
fn a_machine_that_somebody_stopped_is_started_again() {
    let world = World::new();
    world.run("up cpu").exits(0);
    world.ask("PATCH", &format!("{MACHINES}/virtwork-cpu-0"), &json!({"spec": {"runStrategy": "Halted"}}));
    common::until("stopped", || world.names("kubevirt.io/v1/virtualmachineinstances").is_empty());
    world.run("up cpu").exits(0).says("configured (it was stopped: started again)").says(" Running   True ");
}

#[test]
fn an_edit_by_somebody_is_undone() {
    let world = World::new();
    world.run("up cpu").exits(0);
    let edit = json!({"spec": {"template": {"spec": {"domain": {"memory": {"guest": "1Gi", "maxGuest": "1Gi"}}}}}});
    world.ask("PATCH", &format!("{MACHINES}/virtwork-cpu-0"), &edit);
    world.run("up cpu").exits(0).says("virtwork-cpu-0 configured");
    assert_eq!(world.machine("virtwork-cpu-0")["spec"]["template"]["spec"]["domain"]["memory"]["guest"], "2Gi");
}

#[test]
fn an_edit_of_a_secret_or_service_is_undone() {
    let world = World::new();
    world.run("up network").exits(0);
    let secret = "/api/v1/namespaces/virtwork/secrets/virtwork-network-server-userdata";
    world.ask("PATCH", secret, &json!({"data": {"userdata": "Zm9v"}}));
    world.ask(
        "PATCH",
        "/api/v1/namespaces/virtwork/services/virtwork-iperf3-server",
        &json!({"spec": {"selector": {"virtwork/index": "7"}}}),
    );
    let run = world.run("up network").exits(0).says("secret/virtwork-network-server-userdata configured");
    run.says("service/virtwork-iperf3-server configured").says("secret/virtwork-network-client-userdata unchanged");
    assert_ne!(world.ask("GET", secret, &json!(null))["data"]["userdata"], "Zm9v");
    let service = world.ask("GET", "/api/v1/namespaces/virtwork/services/virtwork-iperf3-server", &json!(null));
    assert!(service["spec"]["selector"]["alien"].is_null(), "{service:#}");
    assert_eq!(world.run("up network").exits(0).count("unchanged"), 5);
}

#[test]
fn what_is_not_ours_is_refused_before_the_first_write() {
    let world = World::new();
    world.ask("POST", "/api/v1/namespaces", &json!({"metadata": {"name": "virtwork"}}));
    world.ask("POST", "/api/v1/namespaces/virtwork/secrets", &json!({"metadata": {"name": "virtwork-cpu-userdata"}}));
    world.run("up cpu").exits(1).tells("secret/virtwork-cpu-userdata").tells("--name");
    assert_eq!(world.writes(), Vec::<String>::new());
    world.run("up cpu --name other").exits(0);
}

#[test]
fn a_data_disk_cannot_change_in_place() {
    let world = World::new();
    world.run("up database").exits(0);
    world.writes();
    world.run("up database --disk-size 20Gi").exits(1).tells("virtwork-database-0").tells("data disks cannot be resized or moved in place");
    assert_eq!(world.writes(), Vec::<String>::new());
}

#[test]
fn sizes_mean_the_same_however_they_are_written() {
    let world = World::new();
    world.run("up database cpu --memory 2048Mi --disk-size 10240Mi --set cpu.memory=1.5Gi").exits(0);
    let again = world.run("up database cpu --memory 2Gi --disk-size 10Gi --set cpu.memory=1536Mi").exits(0);
    assert_eq!(again.count("unchanged"), 4, "{again:#?}");
}

#[test]
fn a_dropped_field_disappears_from_machines_that_are_booting_too() {
    let world = World::new();
    world.run("up cpu --vm-count 30 --toleration a=b:NoSchedule --no-wait").exits(0);
    world.run("up cpu --vm-count 30 --no-wait").exits(0);
    let machines = world.ask("GET", MACHINES, &json!(null));
    let left = machines["items"].as_array().unwrap().iter().filter(|machine| !machine["spec"]["template"]["spec"]["tolerations"].is_null());
    assert_eq!(left.count(), 0);
}

#[test]
fn a_dry_run_never_guesses_the_namespace() {
    let world = World::new();
    world.run("up cpu --dry-run --context nope").exits(1).tells("context \"nope\" does not exist");
    world.run("up cpu --dry-run --kubeconfig /nowhere").exits(1).tells("/nowhere");
    let text = "apiVersion: v1\nkind: Config\ncurrent-context: a\ncontexts: [{name: a, context: {cluster: a, user: a, namespace: team}}]\n\
                clusters: [{name: a, cluster: {server: \"https://127.0.0.1:1\", certificate-authority: /nowhere/ca.crt}}]\n";
    let file = world.file("kubeconfig", text);
    world.run(&format!("up cpu --dry-run -o name --kubeconfig {file}")).exits(0).says("namespace/team\n");
}

#[test]
fn two_fleets_live_side_by_side() {
    let world = World::new();
    world.run("up cpu").exits(0);
    world.run("up cpu --name other").exits(0);
    assert_eq!(world.names("kubevirt.io/v1/virtualmachines"), ["other-cpu-0", "virtwork-cpu-0"]);
    world.run("down --name other").exits(0);
    assert_eq!(world.names("kubevirt.io/v1/virtualmachines"), ["virtwork-cpu-0"]);
}

#[test]
fn waiting_can_be_left_out_or_shortened() {
    let world = World::with(&Settings { boot: std::time::Duration::from_secs(3600), ..Settings::default() });
    world.run("up cpu --no-wait").exits(0).says("created");
    world.run("up cpu --wait=false").exits(0);
    world.run("up cpu --wait-for running").exits(0).says("False");
    world.run("up cpu --timeout 2").exits(3).tells("timed out").tells("installing its tools");
}

#[test]
fn dry_runs_change_nothing() {
    let world = World::new();
    let offline = world.run("up --dry-run --server https://127.0.0.1:1").exits(0).says("kind: Namespace").says("kind: VirtualMachine");
    assert_eq!(offline.stderr.lines().filter(|line| line.starts_with("error")).count(), 0);
    world.run("up cpu --dry-run=server").exits(0).says("(server dry run)");
    assert_eq!(world.count_all(), 0);
    world.run("up cpu").exits(0);
    world.run("up cpu --vm-count 2 --dry-run=server").exits(0).says("virtwork-cpu-1 created (server dry run)");
    assert_eq!(world.names("kubevirt.io/v1/virtualmachines").len(), 1);
    world.run("up cpu --vm-count 2").exits(0);
    let run = world.run("up cpu --memory 3Gi --dry-run=server --restart --prune").exits(0);
    run.says("virtwork-cpu-0 restarted (server dry run)\nvirtualmachine.kubevirt.io/virtwork-cpu-1 pruned (server dry run)");
    assert_eq!(world.names("kubevirt.io/v1/virtualmachines").len(), 2);
}

#[test]
fn what_apply_made_is_adopted() {
    let world = World::new();
    let plan = world.run("up cpu --dry-run -o json").exits(0);
    let list: serde_json::Value = serde_json::from_str(&plan.stdout).unwrap();
    for object in list["items"].as_array().unwrap() {
        let kind = format!("{}s", object["kind"].as_str().unwrap().to_lowercase());
        let path = match object["kind"].as_str().unwrap() {
            "Namespace" => "/api/v1/namespaces".to_owned(),
            "VirtualMachine" => MACHINES.to_owned(),
            _ => format!("/api/v1/namespaces/virtwork/{kind}"),
        };
        world.ask("POST", &path, object);
    }
    let run = world.run("up cpu").exits(0);
    assert_eq!(run.count("unchanged"), 2, "{run:#?}");
}

#[test]
fn output_names_objects() {
    let world = World::new();
    let run = world.run("up cpu -o name").exits(0);
    assert_eq!(run.stdout, "namespace/virtwork\nsecret/virtwork-cpu-userdata\nvirtualmachine.kubevirt.io/virtwork-cpu-0\n");
}

/// `script` gives it a terminal, on which somebody types Ctrl-C.
#[test]
fn password_prompt_is_left_by_ctrl_c() {
    let world = World::new();
    // The shell stays, to say how the terminal is afterwards.
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
