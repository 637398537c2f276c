//! Parses a `workload.yaml` strictly, resolves every reference in it, and reports errors with their line.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{CatalogProblem, GuestFile, Parameter};

/// A workload: data only.
#[derive(Debug, Clone)]
pub(crate) struct Workload {
    /// The name of its directory.
    pub name: String,
    /// One line, in the imperative.
    pub description: String,
    /// Whether it is selected when no workload is named.
    pub default: bool,
    /// The packages that its guests need.
    pub packages: Vec<Package>,
    /// Parameters by name.
    pub parameters: BTreeMap<String, Parameter>,
    /// The data disk of each VM, if it needs one.
    pub disk: Option<DataDisk>,
    /// Sizes that differ from the general defaults.
    pub resources: WorkloadResources,
    /// Its roles: one without a name, or several with names.
    pub vms: Vec<(Option<String>, VmRole)>,
    /// Its files for guests.
    pub guest: Vec<GuestFile>,
}

/// A tool, and its package for each package manager.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a mapping with provides, dnf, apt and zypper")]
pub(crate) struct Package {
    /// A command that exists when the package is installed; alternatives are separated by `|`.
    pub provides: String,
    /// Package name on Fedora, CentOS Stream and RHEL.
    pub dnf: String,
    /// Package name on Debian and Ubuntu.
    pub apt: String,
    /// Package name on openSUSE.
    pub zypper: String,
}

/// The data disk of a workload.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a mapping with size and minimum")]
pub(crate) struct DataDisk {
    /// Default size, a Kubernetes quantity.
    pub size: String,
    /// Smallest useful size, a Kubernetes quantity.
    pub minimum: String,
}

/// One role of a workload.
#[derive(Debug, Clone)]
pub(crate) struct VmRole {
    /// systemd units that are enabled. All of them must be active.
    pub units: Vec<String>,
    /// How the guest detects that its workload runs.
    pub health: Health,
    /// The ports that it serves.
    pub ports: Vec<Port>,
    /// Name of the Service of each VM.
    pub service: Option<String>,
    /// The role whose Service with the same index it connects to.
    pub peer: Option<String>,
}

/// A port that a VM serves.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a mapping with name and port")]
pub(crate) struct Port {
    /// An IANA service name, at most 15 characters.
    pub name: String,
    /// TCP port.
    pub port: u16,
}

/// How the health endpoint detects that the workload runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Health {
    /// It works in rounds. The named parameters, in seconds, add up to the time between the starts of two rounds.
    Rounds(Vec<String>),
    /// The control group of its first unit uses CPU.
    Cpu,
    /// The same, and it holds at least half of the bytes in `/run/virtwork-work/bytes`.
    Memory,
    /// The named port is listening.
    Port(String),
}

/// A role as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a mapping with units and health")]
struct RawRole {
    units: Vec<String>,
    health: RawHealth,
    #[serde(default)]
    ports: Vec<Port>,
    service: Option<String>,
    peer: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "health must be cpu, memory, {rounds: [PARAMETER...]} or {port: NAME}")]
enum RawHealth {
    Word(String),
    Rounds { rounds: Vec<String> },
    Port { port: String },
}

impl TryFrom<RawRole> for VmRole {
    type Error = CatalogProblem;

    fn try_from(raw: RawRole) -> Result<Self, CatalogProblem> {
        let health = match raw.health {
            RawHealth::Word(word) if word == "cpu" => Health::Cpu,
            RawHealth::Word(word) if word == "memory" => Health::Memory,
            RawHealth::Word(word) => return Err(CatalogProblem::Health(word)),
            RawHealth::Rounds { rounds } => Health::Rounds(rounds),
            RawHealth::Port { port } => Health::Port(port),
        };
        Ok(Self { units: raw.units, health, ports: raw.ports, service: raw.service, peer: raw.peer })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a mapping with description and machine or roles")]
struct Manifest {
    description: String,
    #[serde(default)]
    default: bool,
    #[serde(default)]
    packages: Vec<Package>,
    #[serde(default)]
    parameters: BTreeMap<String, Parameter>,
    disk: Option<DataDisk>,
    #[serde(default)]
    resources: WorkloadResources,
    #[serde(rename = "machine")]
    vm: Option<RawRole>,
    #[serde(default)]
    roles: BTreeMap<String, RawRole>,
}

/// Sizes of a workload's VMs that differ from the general defaults.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a mapping with cpu_cores or memory")]
pub(crate) struct WorkloadResources {
    /// vCPUs.
    pub cpu_cores: Option<u32>,
    /// Memory, a Kubernetes quantity.
    pub memory: Option<String>,
}

/// A problem and its line.
type Problem = (usize, CatalogProblem);

/// Parses the text of a `workload.yaml`.
pub(super) fn parse(name: &str, text: &str, guest: Vec<GuestFile>) -> Result<Workload, Problem> {
    let manifest: Manifest = serde_yaml::from_str(text).map_err(|error| syntax(text, &error))?;
    let raw: Vec<_> = match (manifest.vm, manifest.roles.is_empty()) {
        (Some(vm), true) => vec![(None, vm)],
        (None, false) => manifest.roles.into_iter().map(|(role, vm)| (Some(role), vm)).collect(),
        (Some(_), false) => return Err((line_of(text, "machine:"), CatalogProblem::MachineAndRoles)),
        (None, true) => return Err((1, CatalogProblem::NoMachine)),
    };
    let role = |(role, vm): (Option<String>, RawRole)| Ok((role, vm.try_into().map_err(|problem| (line_of(text, "health:"), problem))?));
    let vms: Vec<_> = raw.into_iter().map(role).collect::<Result<_, Problem>>()?;
    for (parameter, declared) in &manifest.parameters {
        declared
            .check(&declared.default())
            .map_err(|problem| (line_of(text, &format!("{parameter}:")), CatalogProblem::Default { name: parameter.clone(), problem }))?;
    }
    let workload = Workload {
        name: name.to_owned(),
        description: manifest.description,
        default: manifest.default,
        packages: manifest.packages,
        parameters: manifest.parameters,
        disk: manifest.disk,
        resources: manifest.resources,
        vms,
        guest,
    };
    for (_, vm) in &workload.vms {
        check_vm(text, vm, &workload)?;
    }
    Ok(workload)
}

/// Whether everything that a role refers to is in the workload.
fn check_vm(text: &str, vm: &VmRole, workload: &Workload) -> Result<(), Problem> {
    let at = |word: &str, problem| Err((line_of(text, word), problem));
    if vm.units.is_empty() {
        return at("units:", CatalogProblem::NoUnits);
    }
    for unit in &vm.units {
        let path = format!("/etc/systemd/system/{unit}");
        if !workload.guest.iter().any(|file| file.path == path) {
            return at(unit, CatalogProblem::NoUnit { unit: unit.clone(), path });
        }
    }
    if let Some(peer) = &vm.peer {
        let found = workload.vms.iter().find(|(role, _)| role.as_ref() == Some(peer));
        if !found.is_some_and(|(_, vm)| vm.service.is_some() && !vm.ports.is_empty()) {
            return at("peer:", CatalogProblem::Peer(peer.clone()));
        }
    }
    match &vm.health {
        Health::Rounds(names) => {
            if let Some(unknown) = names.iter().find(|name| !workload.parameters.contains_key(*name)) {
                return at("rounds:", CatalogProblem::Rounds(unknown.clone()));
            }
        }
        Health::Port(name) if !vm.ports.iter().any(|port| &port.name == name) => {
            return at("health:", CatalogProblem::HealthPort(name.clone()));
        }
        Health::Cpu | Health::Memory | Health::Port(_) => {}
    }
    Ok(())
}

/// The line of a YAML error. Where serde has lost it, the word that the error names in backticks is searched.
fn syntax(text: &str, error: &serde_yaml::Error) -> Problem {
    let message = error.to_string();
    let message = message.split(" at line ").next().unwrap_or(&message).to_owned();
    let named = message.split('`').nth(1).map(|word| line_of(text, &format!("{word}:")));
    let line = error.location().map_or(1, |place| place.line());
    (named.filter(|&found| found >= line).unwrap_or(line), CatalogProblem::Syntax(message))
}

/// The number, from 1, of the first line that contains `word`; 1 if there is none.
fn line_of(text: &str, word: &str) -> usize {
    text.lines().position(|line| line.contains(word)).map_or(1, |index| index + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "description: d\nparameters:\n  pause: {type: integer, default: 1, description: s}\nmachine:\n  units: [a.service]\n  health: {rounds: [pause]}\n";

    fn load(text: &str) -> Result<Workload, Problem> {
        let unit = GuestFile { path: "/etc/systemd/system/a.service".to_owned(), content: String::new() };
        parse("test", text, vec![unit])
    }

    #[test]
    fn errors_have_the_line() {
        load(GOOD).unwrap();
        for (from, to, line, message) in [
            ("description: d", "descripton: d", 1, "unknown field `descripton`"),
            ("description: s", "unit: s", 3, "unknown field `unit`"),
            ("[a.service]", "[b.service]", 5, "unit b.service does not exist"),
            ("[pause]", "[pauze]", 6, "parameter pauze is not declared"),
            ("{rounds: [pause]}", "gpu", 6, "unknown check \"gpu\""),
            ("default: 1", "default: x", 3, "parameter pause: invalid default: \"x\" is not a whole number"),
            ("  health", "  peer: nobody\n  health", 6, "peer nobody is not a role"),
        ] {
            let (found, problem) = load(&GOOD.replace(from, to)).unwrap_err();
            let text = problem.to_string();
            assert!(text.contains(message), "{text}");
            assert_eq!(found, line, "{text}");
        }
    }
}
