//! `ssh`: the arguments of virtctl and ssh, recorded by stand-ins on PATH.
#![cfg(unix)]

mod common;

use std::{fs, os::unix::fs::PermissionsExt as _};

use common::{Run, World, output};
use serde_json::json;

/// Records its name, arguments and kubeconfig, and ends with its own status.
const RECORDER: &str = r#"#!/bin/sh
{ echo "${0##*/}"; for word; do printf '%s\n' "$word"; done; } > "$HOME/recorded"
echo "$KUBECONFIG" > "$HOME/recorded-kubeconfig"
cat "${KUBECONFIG%%:*}" > "$HOME/recorded-overlay"
exit 7
"#;

fn world_with_recorders(names: &[&str]) -> World {
    let world = World::new();
    for name in names {
        let path = world.file(&format!("bin/{name}"), RECORDER);
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    world
}

fn ssh(world: &World, words: &[&str]) -> Run {
    let path = format!("{}:/usr/bin:/bin", world.home.join("bin").display());
    output(&words.join(" "), world.command(&[&["ssh"], words].concat()).env("PATH", path))
}

fn recorded(world: &World) -> Vec<String> {
    fs::read_to_string(world.home.join("recorded")).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn a_shell_uses_virtctl() {
    let world = world_with_recorders(&["virtctl"]);
    world.run("up cpu network --ssh-user fleet").success();
    // After a stop and start a VM has a fresh disk and another host key.
    let vmi = world.api("GET", "/apis/kubevirt.io/v1/namespaces/virtwork/virtualmachineinstances/virtwork-cpu-0", &json!(null));
    let alias = format!("HostKeyAlias={}", vmi["metadata"]["uid"].as_str().unwrap());
    for name in ["cpu-0", "virtwork-cpu-0", "vm/virtwork-cpu-0"] {
        ssh(&world, &[name]).code(7);
        let words = recorded(&world);
        assert_eq!(words[..6], ["virtctl", "ssh", "--namespace", "virtwork", "--username", "fleet"], "{words:?}");
        assert_eq!(words.last().unwrap(), "vm/virtwork-cpu-0");
        assert!(words.iter().any(|word| word.contains(&alias)), "{words:?}");
    }
    // Its VM and its VMI, whatever else is there.
    world.sandbox.faults.take_seen();
    ssh(&world, &["cpu-0"]).code(7);
    let seen = world.sandbox.faults.take_seen();
    assert_eq!(seen.len(), 2, "{seen:?}");
    ssh(&world, &["-l", "root", "-i", "/some/key", "cpu-0"]).code(7);
    let words = recorded(&world);
    assert!(words.contains(&"root".to_owned()) && words.contains(&"/some/key".to_owned()), "{words:?}");
}

#[test]
fn the_exit_status_of_the_command_is_kept() {
    let world = world_with_recorders(&["virtctl", "ssh"]);
    world.run("up cpu").success();
    ssh(&world, &["cpu-0", "--", "uname", "-a"]).code(7);
    let words = recorded(&world);
    assert_eq!(words[0], "ssh");
    assert_eq!(words[words.len() - 6..], ["-l", "virtwork", "--", "vm.virtwork-cpu-0.virtwork", "uname", "-a"], "{words:?}");
    let proxy = words.iter().find(|word| word.starts_with("ProxyCommand=")).unwrap();
    assert!(proxy.ends_with("/virtctl' port-forward --stdio=true --namespace 'virtwork' 'vm/virtwork-cpu-0' 22"), "{proxy}");
}

#[test]
fn the_private_key_of_the_configured_public_key_is_used() {
    let world = world_with_recorders(&["virtctl"]);
    let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILM+rvN+ot98qgEN796jTiQfZfG1KaT0PtFDJ/XFSqti user@example.com\n";
    let path = world.file("keys/fleet.pub", key);
    world.file("keys/fleet", "private");
    world.run(&format!("up cpu --ssh-key-file {path}")).success();
    let line = [("VIRTWORK_SSH_KEY_FILE", path.as_str())];
    let mut command = world.command(&["ssh", "cpu-0"]);
    output("ssh cpu-0", command.envs(line).env("PATH", format!("{}:/usr/bin:/bin", world.home.join("bin").display()))).code(7);
    let words = recorded(&world);
    let index = words.iter().position(|word| word == "--identity-file").unwrap();
    assert_eq!(words[index + 1], path.trim_end_matches(".pub"));
}

#[test]
fn connection_flags_reach_virtctl_as_a_kubeconfig() {
    let world = world_with_recorders(&["virtctl"]);
    world.run("up cpu").success();
    ssh(&world, &["--context", "sandbox", "cpu-0"]).code(7);
    let overlay = fs::read_to_string(world.home.join("recorded-overlay")).unwrap();
    assert!(overlay.contains("server: https://127.0.0.1:"), "{overlay}");
    let place = fs::read_to_string(world.home.join("recorded-kubeconfig")).unwrap();
    let file = place.trim().split(':').next().unwrap();
    assert!(!file.ends_with("admin.kubeconfig") && !std::path::Path::new(file).exists(), "{file} outlives the command");
    ssh(&world, &["cpu-0"]).code(7);
    let place = fs::read_to_string(world.home.join("recorded-kubeconfig")).unwrap();
    assert_eq!(place.trim(), world.sandbox.kubeconfig("admin").to_str().unwrap());
}

#[test]
fn errors() {
    let world = world_with_recorders(&["virtctl"]);
    world.run("ssh cpu-0").code(1).stderr_has("virtctl is not on PATH").stderr_has("kubectl krew install virt");
    ssh(&world, &["cpu-0"]).code(1).stderr_has("has no VMs in namespace virtwork").stderr_has("kubectl virtwork up");
    world.run("up cpu memory").success();
    ssh(&world, &["cpu-7"]).code(1).stderr_has("cpu-7").stderr_has("virtwork-cpu-0");
    ssh(&world, &[]).code(1).stderr_has("virtwork-cpu-0").stderr_has("virtwork-memory-0");
    world.api("PATCH", &format!("{}/virtwork-cpu-0", common::VMS), &serde_json::json!({"spec": {"runStrategy": "Halted"}}));
    common::eventually("stopped", || world.vm("virtwork-cpu-0")["status"]["printableStatus"] == "Stopped");
    ssh(&world, &["cpu-0"]).code(1).stderr_has("is not running (Stopped").stderr_has("virtctl start virtwork-cpu-0");
}

#[test]
fn the_only_vm_needs_no_name() {
    let world = world_with_recorders(&["kubectl-virt"]);
    world.run("up cpu").success();
    ssh(&world, &[]).code(7);
    assert_eq!(recorded(&world)[0], "kubectl-virt");
}
