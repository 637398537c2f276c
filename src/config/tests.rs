use std::collections::BTreeMap;

use crate::plan::Fleet;

use super::*;

/// Resolves a command line with an environment and the text of a file.
fn resolve(line: &str, variables: &[(&str, &str)], file: &str) -> Result<Config, String> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("virtwork.yaml");
    fs::write(&path, file).unwrap();
    let mut variables: BTreeMap<String, String> = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    variables.insert("VIRTWORK_CONFIG".to_owned(), path.to_str().unwrap().to_owned());
    let words = ["virtwork", "up"].into_iter().chain(line.split_whitespace());
    let matches = crate::command::command_line("virtwork").try_get_matches_from(words).unwrap();
    let (_, up) = matches.subcommand().unwrap();
    let positional: Vec<String> = up.get_many("names").into_iter().flatten().cloned().collect();
    Config::resolve(up, &positional, Environment { variables }).map_err(|error| format!("{error}; {}", error.hint().unwrap_or_default()))
}

fn fleet(line: &str, variables: &[(&str, &str)], file: &str) -> Fleet {
    let config = resolve(line, variables, file).unwrap();
    config.fleet(None).unwrap_or_else(|error| panic!("{error}")).0
}

fn names(fleet: &Fleet) -> Vec<&str> {
    fleet.workloads.iter().map(|workload| workload.name.as_str()).collect()
}

#[test]
fn flag_then_environment_then_file_then_default() {
    let memory =
        |line: &str, variables: &[(&str, &str)], file: &str| fleet(line, variables, file).workloads[0].resources.memory.to_string();
    let (variable, file) = ([("VIRTWORK_MEMORY", "5Gi")], "memory: 6Gi");
    assert_eq!(memory("cpu --memory 4Gi", &variable, file), "4Gi");
    assert_eq!(memory("cpu", &variable, file), "5Gi");
    assert_eq!(memory("cpu", &[], file), "6Gi");
    assert_eq!(memory("cpu", &[], ""), "2Gi");
    assert_eq!(memory("cpu", &[("VIRTWORK_MEMORY", "")], file), "6Gi", "an empty variable says nothing");
    for of_a_service in [
        "VIRTWORK_IPERF3_SERVER_SERVICE_HOST",
        "VIRTWORK_IPERF3_SERVER_SERVICE_PORT",
        "VIRTWORK_IPERF3_SERVER_SERVICE_PORT_IPERF3",
        "VIRTWORK_IPERF3_SERVER_PORT",
        "VIRTWORK_IPERF3_SERVER_PORT_5201_TCP",
        "VIRTWORK_IPERF3_SERVER_PORT_5201_TCP_ADDR",
    ] {
        assert_eq!(
            memory("cpu", &[(of_a_service, "tcp://10.96.0.7:5201")], file),
            "6Gi",
            "{of_a_service}, set in pods in the namespace of a fleet"
        );
    }
}

#[test]
fn the_source_takes_precedence_over_the_workloads_own_value() {
    let count = |line: &str, file: &str| fleet(line, &[], file).workloads[0].vm_count;
    let file = "vm_count: 2\nworkloads:\n  cpu: {vm_count: 3}";
    assert_eq!(count("", file), 3);
    assert_eq!(count("--vm-count 4", file), 4);
    assert_eq!(count("--vm-count 4 --set cpu.vm_count=5", file), 5);
}

#[test]
fn keys_may_have_hyphens() {
    assert_eq!(fleet("cpu", &[], "vm-count: 2\ncpu-cores: 3").workloads[0].resources.cpu_cores, 3);
}

#[test]
fn workloads_come_from_the_highest_source_that_names_any() {
    let file = "workloads:\n  cpu: {}\n  disk: {enabled: true}\n  memory: {enabled: false, vm_count: 2}";
    assert_eq!(names(&fleet("", &[], file)), ["cpu", "disk"]);
    assert_eq!(names(&fleet("", &[("VIRTWORK_WORKLOADS", "network, cpu")], file)), ["cpu", "network"]);
    assert_eq!(names(&fleet("memory", &[("VIRTWORK_WORKLOADS", "network")], file)), ["memory"]);
    assert_eq!(names(&fleet("cpu --workloads disk,cpu --workloads memory", &[], "")), ["cpu", "disk", "memory"]);
    assert_eq!(names(&fleet("", &[], "workloads:\n  memory: {enabled: false}")), ["cpu", "database", "disk", "network"]);
    assert_eq!(names(&fleet("", &[], "")), ["cpu", "database", "disk", "memory", "network"]);
}

#[test]
fn parameters_from_file_and_flag() {
    let file = "workloads:\n  database: {params: {scale: 7, pause: 3}}";
    let database = &fleet("--set database.scale=9", &[], file).workloads[0];
    assert_eq!((database.parameters["scale"].as_str(), database.parameters["pause"].as_str()), ("9", "3"));
    assert_eq!(database.parameters["clients"], "10");
}

#[test]
fn keys_and_key_files_come_from_the_highest_source() {
    const KEYS: [&str; 2] = [
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILM+rvN+ot98qgEN796jTiQfZfG1KaT0PtFDJ/XFSqti one",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILM+rvN+ot98qgEN796jTiQfZfG1KaT0PtFDJ/XFSqti two",
    ];
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("two.pub");
    fs::write(&path, format!("# mine\n\n{}\n", KEYS[1])).unwrap();
    let both = format!("{},{}", KEYS[0], KEYS[1]);
    assert_eq!(fleet("cpu", &[("VIRTWORK_SSH_AUTHORIZED_KEYS", &both)], "").login.keys, KEYS);
    assert_eq!(fleet("cpu", &[], &format!("ssh_authorized_keys:\n- {}\n- {}", KEYS[0], KEYS[1])).login.keys, KEYS);
    let file = format!("--ssh-key-file {}", path.display());
    assert_eq!(fleet(&format!("cpu {file}"), &[], &format!("ssh_authorized_keys: [{}]", KEYS[0])).login.keys, [KEYS[1]]);
}

#[test]
fn a_default_key_is_used_only_without_key_and_password() {
    const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILM+rvN+ot98qgEN796jTiQfZfG1KaT0PtFDJ/XFSqti me";
    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join(".ssh")).unwrap();
    fs::write(home.path().join(".ssh/id_rsa.pub"), format!("{KEY}\n")).unwrap();
    let home = [("HOME", home.path().to_str().unwrap())];
    assert_eq!(fleet("cpu", &home, "").login.keys, [KEY]);
    assert!(fleet("cpu --no-ssh-key", &home, "").login.keys.is_empty());
    assert!(fleet("cpu --ssh-password secret", &home, "").login.keys.is_empty());
}

#[test]
fn errors_name_the_source() {
    for (line, variable, file, said) in [
        ("", ("X", ""), "workloads: {databse: {}}", "in virtwork.yaml, workloads.databse: unknown workload; did you mean database?"),
        ("", ("VIRTWORK_MEMORY", "2GB"), "", "VIRTWORK_MEMORY: "),
        ("--set cpu.memory=2GB", ("X", ""), "", "--set cpu.memory: "),
        ("", ("X", ""), "timeout: {}", "in virtwork.yaml, timeout: expected a value, not a mapping"),
    ] {
        let error = resolve(line, &[variable], file).unwrap_err();
        assert!(error.contains(said), "{error}");
    }
}

#[test]
fn suggestions() {
    assert_eq!(suggest("databse", &["cpu", "database"]), Some("database"));
    assert_eq!(suggest("xyz", &["cpu", "database"]), None);
}
