//! The user data of a guest: accounts, the files of the catalog unchanged, and one generated file with all settings.
//!
//! Keys and their order of execution: canonical/cloud-init, `config/cloud.cfg.tmpl` and the module documentation.

use std::fmt::Write as _;

use serde::Serialize;
use sha_crypt::{Params, PasswordHasher as _, ShaCrypt};
use sha2::{Digest as _, Sha256};

use crate::catalog::{GuestFile, Health};

use super::{Login, UserData};

/// The generated file. systemd (`EnvironmentFile=`) and shells can read it.
const ENVIRONMENT: &str = "/etc/virtwork/workload.env";
const CA_FILE: &str = "/etc/virtwork/ca.pem";
/// Rounds of SHA-512 crypt: glibc's default.
const CRYPT_ROUNDS: u32 = 5000;

#[derive(Serialize)]
struct CloudConfig {
    users: Vec<User>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ssh_pwauth: Option<bool>,
    write_files: Vec<File>,
    runcmd: Vec<Vec<String>>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum User {
    /// Keeps the image's own user, which a list without it would remove.
    Default(&'static str),
    Named(NamedUser),
}

#[derive(Serialize)]
struct NamedUser {
    name: String,
    sudo: &'static str,
    shell: &'static str,
    lock_passwd: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    hashed_passwd: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ssh_authorized_keys: Vec<String>,
}

#[derive(Serialize)]
struct File {
    path: String,
    permissions: &'static str,
    content: String,
}

/// The user data of one role. `peer` is name and port of the first Service of its peer.
pub(super) fn user_data(input: &UserData<'_>, peer: Option<&(String, u16)>) -> String {
    let (login, guest, vm) = (&input.fleet.login, &input.fleet.guest, input.vm);
    let environment = GuestFile { path: ENVIRONMENT.to_owned(), content: environment(input, peer) };
    let ca = guest.ca.clone().map(|content| GuestFile { path: CA_FILE.to_owned(), content });
    let files = input.catalog.common.iter().chain(&input.workload.guest).cloned().chain([environment]).chain(ca);
    let enable = ["systemctl", "enable", "--now", "--no-block", "virtwork-health.socket", "virtwork-setup.service"];
    let data = CloudConfig {
        users: users(login, input),
        ssh_pwauth: login.password.is_some().then_some(true),
        write_files: files.map(|file| File { permissions: file.permissions(), path: file.path, content: file.content }).collect(),
        runcmd: vec![
            ["systemctl", "daemon-reload"].map(str::to_owned).into(),
            enable.map(str::to_owned).into_iter().chain(vm.units.iter().cloned()).collect(),
        ],
    };
    let yaml = crate::yaml::to_string(&data).unwrap_or_else(|error| unreachable!("plain data: {error}"));
    format!("#cloud-config\n{yaml}")
}

fn users(login: &Login, input: &UserData<'_>) -> Vec<User> {
    let mut users = vec![User::Default("default")];
    if !login.keys.is_empty() || login.password.is_some() {
        users.push(User::Named(NamedUser {
            name: login.user.clone(),
            sudo: "ALL=(ALL) NOPASSWD:ALL",
            shell: "/bin/bash",
            lock_passwd: login.password.is_none(),
            hashed_passwd: login.password.as_ref().map(|password| hash(password.reveal(), &login.user, input)),
            ssh_authorized_keys: login.keys.clone(),
        }));
    }
    users
}

/// SHA-512 crypt with a salt derived from the input: the same configuration must produce the same objects.
fn hash(password: &str, user: &str, input: &UserData<'_>) -> String {
    let salt = Sha256::digest(format!("{}/{}/{user}", input.namespace, input.fleet.name));
    let hasher = Params::new(CRYPT_ROUNDS).map(|params| ShaCrypt::new(sha_crypt::Algorithm::Sha512Crypt, params));
    let hashed = hasher.map(|hasher| hasher.hash_password_with_salt(password.as_bytes(), &salt[..12]));
    match hashed {
        Ok(Ok(hash)) => hash.as_str().to_owned(),
        _ => unreachable!("{CRYPT_ROUNDS} rounds and a salt of 12 bytes are in range"),
    }
}

/// `KEY='value'` lines. No value contains a quote or a newline: all are validated where they are read.
fn environment(input: &UserData<'_>, peer: Option<&(String, u16)>) -> String {
    let (workload, vm, guest) = (input.workload, input.vm, &input.fleet.guest);
    let packages =
        |pick: fn(&crate::catalog::Package) -> &String| workload.packages.iter().map(pick).cloned().collect::<Vec<_>>().join(" ");
    let mut lines: Vec<(String, String)> = [
        ("WORKLOAD", workload.name.clone()),
        ("UNITS", vm.units.join(" ")),
        ("COMMANDS", packages(|package| &package.provides)),
        ("PACKAGES_DNF", packages(|package| &package.dnf)),
        ("PACKAGES_APT", packages(|package| &package.apt)),
        ("PACKAGES_ZYPPER", packages(|package| &package.zypper)),
        ("GUEST_PROXY", guest.proxy.clone().unwrap_or_default()),
        ("PACKAGE_MIRROR", guest.package_mirror.clone().unwrap_or_default()),
        ("DISK_LABEL", workload.disk.as_ref().map(|_| disk_label(&workload.name)).unwrap_or_default()),
    ]
    .map(|(key, value)| (key.to_owned(), value))
    .into();
    match &vm.health {
        Health::Rounds(names) => {
            let seconds = names.iter().filter_map(|name| input.selected.parameters.get(name)?.parse::<u64>().ok()).sum::<u64>();
            lines.push(("HEALTH".to_owned(), "rounds".to_owned()));
            lines.push(("ROUND_SECONDS".to_owned(), seconds.to_string()));
        }
        Health::Port(name) => {
            let port = vm.ports.iter().find(|port| &port.name == name).map_or(0, |port| port.port);
            lines.push(("HEALTH".to_owned(), "port".to_owned()));
            lines.push(("HEALTH_PORT".to_owned(), port.to_string()));
        }
        Health::Memory => lines.push(("HEALTH".to_owned(), "memory".to_owned())),
        Health::Cpu => lines.push(("HEALTH".to_owned(), "cpu".to_owned())),
    }
    if let Some((service, port)) = peer {
        lines.push(("NAMESPACE".to_owned(), input.namespace.to_owned()));
        lines.push(("PEER_SERVICE".to_owned(), service.clone()));
        lines.push(("PEER_PORT".to_owned(), port.to_string()));
    }
    lines.extend(input.selected.parameters.iter().map(|(name, value)| (name.to_uppercase(), value.clone())));
    lines.iter().fold(String::new(), |mut text, (key, value)| {
        let _ = writeln!(text, "{key}='{value}'");
        text
    })
}

/// The label of a data disk's file system: at most 12 characters, the limit of the strictest file system.
fn disk_label(workload: &str) -> String {
    format!("vw-{workload}").chars().take(12).collect()
}
