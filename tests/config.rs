//! `config`: where settings come from.

mod common;

use common::{World, output};

const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILM+rvN+ot98qgEN796jTiQfZfG1KaT0PtFDJ/XFSqti me@example.com";

#[test]
fn view_names_the_source_of_every_setting() {
    let world = World::new();
    let file = world.file(
        "virtwork.yaml",
        "memory: 6Gi\nvm_count: 2\nworkloads:\n  database: {disk_size: 20Gi, params: {scale: 7}}\n  disk: {enabled: false}\n",
    );
    let line = format!("config view --config {file} --vm-count 3 --set database.scale=9 --ssh-key-file a,b");
    let mut command = world.command(&line.split(' ').collect::<Vec<_>>());
    let run = output(&line, command.env("VIRTWORK_DATA_DISK", "empty").env("VIRTWORK_SSH_PASSWORD", "hidden-word")).success();
    for text in [
        "vm_count: 3  # --vm-count\n",
        "memory: 6Gi  # in virtwork.yaml, memory\n",
        "data_disk: empty  # VIRTWORK_DATA_DISK\n",
        "cpu_cores: 2  # default\n",
        "timeout: 10m  # default\n",
        "ssh_password is set  # VIRTWORK_SSH_PASSWORD\n",
        "ssh_key_file: [\"a,b\"]  # --ssh-key-file\n",
        "  database:\n    disk_size: 20Gi  # in virtwork.yaml, workloads.database.disk_size\n",
        "      scale: 9  # --set database.scale\n",
        "  disk:\n    enabled: false  # in virtwork.yaml, workloads.disk\n",
    ] {
        assert!(run.stdout.contains(text), "no {text:?} in\n{}", run.stdout);
    }
    run.absent("hidden-word");
    assert!(world.sandbox.faults.take_seen().is_empty(), "no request");
    world.run("config view --memory 2GB").code(1).stderr_has("--memory: ").stderr_has("did you mean 2Gi?");
}

/// What `view` prints gives the same fleet as the settings that it was made from.
#[test]
fn view_is_a_config_file() {
    let world = World::new();
    let flags = format!(
        "--memory 3Gi --toleration dedicated=load:NoSchedule,gpu --node-selector zone=a --set cpu.load=50,database.memory=4Gi \
         --workloads cpu,database --container-disk-image registry.example.com/debian:12 --name on -n team --ssh-key {KEY}"
    );
    let words = |command: &str| {
        let (before, key) = flags.split_once("--ssh-key ").unwrap();
        let words = format!("{command} {before}--ssh-key");
        words.split_whitespace().map(str::to_owned).chain([key.to_owned()]).collect::<Vec<_>>()
    };
    let run = |command: &str| {
        let words = words(command);
        output(command, &mut world.command(&words.iter().map(String::as_str).collect::<Vec<_>>())).success()
    };
    let file = world.file("virtwork.yaml", &run("config view").stdout);
    assert_eq!(world.run(&format!("up --config {file} --dry-run")).success().stdout, run("up --dry-run").stdout);
}

#[test]
fn init_is_a_config_file_once_its_comments_are_removed() {
    let world = World::new();
    let template = world.run("config init").success().stdout;
    assert_eq!(serde_yaml::from_str::<serde_yaml::Value>(&template).unwrap(), serde_yaml::Value::Null, "all of it is commented out");
    let settings = template.lines().filter_map(|line| line.strip_prefix("# ")).filter(|line| {
        let key = line.split(": ").next().unwrap();
        !line.ends_with(':') && line.contains(": ") && key.chars().all(|c| c.is_ascii_lowercase() || c == '_')
    });
    let file = world.file("virtwork.yaml", &settings.map(|line| format!("{line}\n")).collect::<String>());
    assert_eq!(world.run(&format!("up --config {file} --dry-run")).success().stdout, world.run("up --dry-run").stdout);
}
