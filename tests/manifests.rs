//! The manifests of every workload: with defaults, and with every parameter and setting changed.

mod common;

use std::{collections::BTreeMap, fs, path::Path};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use common::{World, golden};
use serde_json::Value;

/// A value other than the default for every parameter.
const CHANGED: [(&str, &str); 5] = [
    ("cpu", "load=50,method=matrixprod,workers=3"),
    ("memory", "percent=40,workers=2,method=flip"),
    ("database", "scale=10,clients=5,threads=1,rate=20,duration=60,pause=5"),
    ("network", "duration=30,streams=2,pause=5,bitrate=200M"),
    ("disk", "block_size_rw=8k,block_size_seq=1m,rwmixread=50,jobs=2,rate=20,runtime=60,pause=5"),
];

/// Every setting that affects objects, changed.
const SETTINGS: &str = "--vm-count 2 --cpu-cores 4 --memory 512Mi --disk-size 20Gi --data-disk empty --name other -n team \
     --container-disk-image registry.example.com/debian:12 --image-pull-secret pull --node-selector zone=a \
     --toleration dedicated=load:NoSchedule --ssh-user fleet --ssh-password secret --guest-proxy http://proxy.example.com:3128 \
     --package-mirror https://mirror.example.com/fedora --ssh-key";
const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILM+rvN+ot98qgEN796jTiQfZfG1KaT0PtFDJ/XFSqti user@example.com";

/// The manifests with readable user data, in which a catalog file is replaced by its path.
fn readable(yaml: &str) -> String {
    let documents = yaml.split("---\n").filter(|text| !text.is_empty()).map(|text| {
        let object: Value = serde_yaml::from_str(text).unwrap();
        let Some(data) = object["data"]["userdata"].as_str() else { return format!("---\n{text}") };
        let user_data = String::from_utf8(STANDARD.decode(data).unwrap()).unwrap();
        let mut parsed: serde_yaml::Value = serde_yaml::from_str(&user_data).unwrap();
        for file in parsed["write_files"].as_sequence_mut().unwrap() {
            let path = file["path"].as_str().unwrap().to_owned();
            let sources = ["common", "cpu", "memory", "database", "network", "disk"];
            let source = sources.iter().map(|part| format!("catalog/{part}/guest{path}")).find(|source| {
                let content = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(source));
                content.is_ok_and(|content| file["content"].as_str() == Some(content.as_str()))
            });
            if let Some(source) = source {
                file["content"] = format!("<{source}>").into();
            }
        }
        let first = user_data.lines().next().unwrap();
        let secret = text.replace(data, "<below>");
        format!("---\n{secret}# {first}\n{}", serde_yaml::to_string(&parsed).unwrap())
    });
    documents.collect()
}

#[test]
fn defaults() {
    let world = World::new();
    for (workload, _) in CHANGED {
        let run = world.run(&format!("up {workload} --no-ssh-key --dry-run")).success();
        golden(&format!("manifests/{workload}.yaml"), &readable(&run.stdout));
    }
}

#[test]
fn every_parameter_changed() {
    let world = World::new();
    for (workload, values) in CHANGED {
        let sets: String = values.split(',').map(|value| format!(" --set {workload}.{value}")).collect();
        let run = world.run(&format!("up {workload} --no-ssh-key --dry-run{sets}")).success();
        golden(&format!("manifests/{workload}-changed.yaml"), &readable(&run.stdout));
        // No parameter is missing, and none has its default.
        let declared = fs::read_to_string(format!("catalog/{workload}/workload.yaml")).unwrap();
        let declared: serde_yaml::Value = serde_yaml::from_str(&declared).unwrap();
        let changed: BTreeMap<_, _> = values.split(',').map(|pair| pair.split_once('=').unwrap()).collect();
        for (name, parameter) in declared["parameters"].as_mapping().unwrap() {
            let (name, default) = (name.as_str().unwrap(), serde_yaml::to_string(&parameter["default"]).unwrap());
            assert_ne!(changed.get(name).copied(), Some(default.trim()), "{workload}.{name}");
            assert!(changed.contains_key(name), "{workload}.{name}");
        }
    }
}

#[test]
fn every_setting_changed() {
    let world = World::new();
    let words: Vec<&str> = ["up", "network", "database", "--dry-run"].into_iter().chain(SETTINGS.split_whitespace()).chain([KEY]).collect();
    let run = common::output("up with every setting", &mut world.command(&words)).success().absent("secret\n");
    golden("manifests/settings.yaml", &readable(&run.stdout));
}

#[test]
fn the_same_input_gives_the_same_output() {
    let world = World::new();
    let line = "up --ssh-password secret --dry-run";
    assert_eq!(world.run(line).success().stdout, world.run(line).success().stdout);
}

#[test]
fn a_user_catalog_works_like_the_built_in_one() {
    let world = World::new();
    world.file("more/mine/workload.yaml", "description: Mine\nmachine:\n  units: [mine.service]\n  health: cpu\n");
    world.file("more/mine/guest/etc/systemd/system/mine.service", "[Service]\nExecStart=/usr/bin/sleep infinity\n");
    let catalog = world.home.join("more");
    let run = world.run(&format!("up mine --dry-run --catalog {}", catalog.display())).success().stdout_has("virtwork-mine-0");
    assert!(readable(&run.stdout).contains("ExecStart=/usr/bin/sleep infinity"));
}
