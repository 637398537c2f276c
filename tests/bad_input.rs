//! Invalid input: one error that names the setting, its source and the remedy; exit status 1; no request.

mod common;

use common::{Run, World, output};

/// A password that must never be printed.
const SECRET: &str = "pa55\"word";

/// Command lines, and what the error contains.
const FLAGS: [(&str, &[&str]); 66] = [
    ("up --vm-count 0", &["--vm-count", "from 1 to 10000"]),
    ("up --vm-count -1", &["--vm-count", "from 1 to 10000"]),
    ("up --vm-count 100000", &["--vm-count", "from 1 to 10000"]),
    ("up --vm-count two", &["--vm-count", "is not a whole number from 1 to 10000"]),
    ("up --cpu-cores 0", &["--cpu-cores", "from 1 to 256"]),
    ("up --memory 2GB", &["--memory", "did you mean 2Gi?"]),
    ("up --memory 64Mi", &["--memory", "the minimum is 256Mi"]),
    ("up --disk-size 10", &["--disk-size", "did you mean 10Gi?"]),
    ("up --timeout -5", &["--timeout", "negative"]),
    ("up --timeout 3d", &["--timeout", "unknown unit"]),
    ("up cpuu", &["cpuu", "did you mean cpu?"]),
    ("up --workloads cpu,databse", &["databse", "did you mean database?"]),
    ("up --set cpu.lod=3", &["cpu", "lod", "did you mean load?"]),
    ("up --set cpu.load=101", &["cpu.load", "from 1 to 100"]),
    ("up --set cpu", &["--set", "WORKLOAD.KEY=VALUE"]),
    ("up cpu --set disk.rate=5", &["--set disk.rate", "disk is not selected (selected: cpu)"]),
    ("up --set disk.block_size_rw=1000", &["--set disk.block_size_rw", "from 512 to 16m in whole sectors"]),
    ("up --ssh-key-file /nonexistent/key.pub", &["--ssh-key-file", "/nonexistent/key.pub", "No such file"]),
    ("up --ssh-key nonsense", &["--ssh-key", "not a public key"]),
    ("up --name Fleet", &["--name", "Fleet"]),
    ("up --name a.b", &["--name", "a.b"]),
    ("up --name this-name-is-much-too-long-for-any-virtual-machine", &["--name", "at most 40"]),
    ("up --name this-name-is-too-long-for-some-machines", &["this-name-is-too-long-for-some-machines-network-client-0", "50", "--name"]),
    ("up --ssh-user a:b", &["--ssh-user", "is not a valid account name"]),
    ("up --ssh-user root", &["--ssh-user", "is not a valid account name"]),
    ("up --data-disk tape", &["--data-disk", "dv", "empty"]),
    ("up --storage-class Gold!", &["--storage-class", "Gold!"]),
    ("up --node-selector zone", &["--node-selector", "KEY=VALUE"]),
    ("up --toleration a:Never", &["--toleration", "Never"]),
    ("up --package-mirror ftp://x", &["--package-mirror", "http"]),
    ("up --concurrency 0", &["--concurrency", "from 1 to 256"]),
    ("up cpu --set database.foo=3", &["--set database.foo", "unknown parameter"]),
    ("up cpu --set database.scale=0", &["--set database.scale", "from 1 to 10000"]),
    ("up --set cpuu.foo=3", &["--set cpuu.foo", "did you mean cpu?"]),
    ("up --nonsense", &["unknown flag: --nonsense", "see 'kubectl virtwork up --help'"]),
    ("up --vm-cout 3", &["unknown flag: --vm-cout", "did you mean --vm-count?"]),
    ("up --memory", &["flag needs an argument: --memory"]),
    ("up --memory=", &["--memory", "is not a quantity"]),
    ("up --wait=maybe", &["--wait", "neither true nor false"]),
    ("up -o xml", &["--output", "yaml, json, name"]),
    ("up --dry-run=clint", &["--dry-run", "none, client, server"]),
    ("up --ssh-password a --ssh-password-file b", &["--ssh-password", "cannot be used with --ssh-password-file"]),
    ("up --ask-ssh-password --ssh-password-file b", &["--ask-ssh-password", "cannot be used with --ssh-password-file"]),
    ("up --ask-ssh-password", &["needs a terminal"]),
    ("up --guest-proxy http://me:pa55@proxy:3128", &["--guest-proxy", "must not contain credentials"]),
    ("up --ca-file /nonexistent.pem", &["--ca-file", "/nonexistent.pem cannot be read"]),
    ("up --ssh-password-file /nonexistent", &["--ssh-password-file", "/nonexistent cannot be read"]),
    ("up --config /nonexistent.yaml", &["--config", "/nonexistent.yaml cannot be read"]),
    ("up --catalog /nonexistent", &["--catalog: /nonexistent cannot be read"]),
    ("down --delete-namespace cpu", &["cannot be combined with workloads"]),
    ("down --delete-namespace --wait=false", &["cannot be combined with --wait=false"]),
    ("status -o wid", &["--output", "wide"]),
    ("vms", &["unknown command \"vms\"", "see 'kubectl virtwork --help'"]),
    ("ssh cpu-0 uptime", &["unexpected argument \"uptime\"", "see 'kubectl virtwork ssh --help'"]),
    ("workloads cpuu", &["unknown workload", "did you mean cpu?"]),
    ("workloads --user-data", &["NAME is required"]),
    ("workloads cpu --user-data server", &["cpu has no roles"]),
    ("workloads network --user-data", &["network has roles", "client, server"]),
    ("completion", &["SHELL is required"]),
    ("completion elvsh", &["SHELL", "bash, elvish"]),
    ("up --as-group system:masters", &["--as"]),
    ("up --certificate-authority /nonexistent.pem", &["--certificate-authority", "/nonexistent.pem"]),
    ("up --context nonexistent", &["context \"nonexistent\" does not exist"]),
    ("up --kubeconfig /nonexistent", &["stat /nonexistent"]),
    ("down ,", &["WORKLOAD", "must not be empty"]),
    ("down network cpuu", &["cpuu", "did you mean cpu?"]),
];

/// Files that contain no public key.
const KEY_FILES: [(&str, &str); 3] = [
    ("a private key", "-----BEGIN OPENSSH PRIVATE KEY-----\nb3Blb\n-----END OPENSSH PRIVATE KEY-----\n"),
    ("empty", "\n"),
    ("other text", "hello\n"),
];

/// Environment variables and values, and what the error contains.
const VARIABLES: [(&str, &str, &[&str]); 10] = [
    ("VIRTWORK_MEMORY", "2GB", &["VIRTWORK_MEMORY", "did you mean 2Gi?"]),
    ("VIRTWORK_VM_COUNT", "0", &["VIRTWORK_VM_COUNT", "from 1 to 10000"]),
    ("VIRTWORK_TIMEOUT", "-5", &["VIRTWORK_TIMEOUT", "negative"]),
    ("VIRTWORK_MEMROY", "2Gi", &["VIRTWORK_MEMROY", "did you mean VIRTWORK_MEMORY?"]),
    ("VIRTWORK_WORKLOADS", "cpuu", &["VIRTWORK_WORKLOADS", "did you mean cpu?"]),
    ("VIRTWORK_SSH_AUTHORIZED_KEYS", "nonsense", &["VIRTWORK_SSH_AUTHORIZED_KEYS", "not a public key"]),
    ("VIRTWORK_SSH_PASSWORD", "pa55\"word\nmore", &["VIRTWORK_SSH_PASSWORD"]),
    ("VIRTWORK_WAIT", "maybe", &["VIRTWORK_WAIT", "neither true nor false"]),
    ("VIRTWORK_SSH_KEY", "x", &["VIRTWORK_SSH_KEY", "did you mean VIRTWORK_SSH_AUTHORIZED_KEYS?"]),
    ("VIRTWORK_NAME", "Fleet", &["VIRTWORK_NAME"]),
];

/// Config files, and what the error contains.
const FILES: [(&str, &[&str]); 14] = [
    ("- a\n- b\n", &["in virtwork.yaml", "must be a mapping"]),
    ("memory: [", &["in virtwork.yaml", "invalid YAML"]),
    ("memroy: 2Gi\n", &["in virtwork.yaml, memroy", "did you mean memory?"]),
    ("memory: 2GB\n", &["in virtwork.yaml, memory", "did you mean 2Gi?"]),
    ("disk-size: 10\n", &["in virtwork.yaml, disk_size", "did you mean 10Gi?"]),
    ("vm_count: 0\n", &["in virtwork.yaml, vm_count", "from 1 to 10000"]),
    ("timeout: -5\n", &["in virtwork.yaml, timeout", "negative"]),
    ("workloads:\n  databse: {}\n", &["in virtwork.yaml, workloads.databse", "unknown workload", "did you mean database?"]),
    ("workloads:\n  cpu: {params: {lod: 3}}\n", &["in virtwork.yaml, workloads.cpu", "lod", "did you mean load?"]),
    ("workloads:\n  cpu: {memory: 2GB}\n", &["in virtwork.yaml, workloads.cpu.memory", "did you mean 2Gi?"]),
    ("workloads: [cpu]\n", &["in virtwork.yaml, workloads", "mapping"]),
    ("ssh_authorized_keys: nonsense\n", &["in virtwork.yaml, ssh_authorized_keys"]),
    ("ssh_user: a:b\n", &["in virtwork.yaml, ssh_user", "is not a valid account name"]),
    ("prune: true\n", &["in virtwork.yaml, prune"]),
];

/// Mistakes in the `workload.yaml` of a workload with the unit `mine.service`, and what the error contains.
const CATALOGS: [(&str, &[&str]); 14] = [
    ("description: d\nmachine:\n  units: [other.service]\n  health: cpu\n", &["mine/workload.yaml:3: unit other.service does not exist"]),
    ("description: d\nmachine:\n  units: []\n  health: cpu\n", &[":3: units: at least one is required"]),
    ("description: d\nmachine:\n  units: [mine.service]\n  health: gpu\n", &[":4: health: unknown check \"gpu\""]),
    ("description: d\nmachine:\n  units: [mine.service]\n  health: {port: web}\n", &[":4: health: port web is not declared"]),
    ("description: d\nmachine:\n  units: [mine.service]\n  health: {rounds: [pause]}\n", &[":4: rounds: parameter pause is not declared"]),
    ("description: d\nmachine:\n  units: [mine.service]\n  health: cpu\n  peer: server\n", &[":5: peer server is not a role"]),
    ("description: d\n", &["machine or roles is required"]),
    (
        "description: d\nmachine: &m\n  units: [mine.service]\n  health: cpu\nroles:\n  a: *m\n",
        &[":2: machine and roles cannot be used together"],
    ),
    ("description: d\nmachin:\n  units: [mine.service]\n", &[":2: unknown field `machin`"]),
    (
        "description: d\nparameters:\n  load: {type: integer, default: x, description: s}\nmachine:\n  units: [mine.service]\n  health: cpu\n",
        &[":3: parameter load: invalid default: \"x\" is not a whole number"],
    ),
    ("machine: [\n", &["mine/workload.yaml"]),
    ("description: d\nmachine: []\n", &["expected a mapping with units and health"]),
    ("description: d\nmachine:\n  units: [mine.service]\n  health: [cpu]\n", &["health must be cpu"]),
    ("[]\n", &["expected a mapping with description"]),
];

fn catalog_run(world: &World, name: &str, text: &str) -> Run {
    world.file(&format!("more/{name}/workload.yaml"), text);
    world.file(&format!("more/{name}/guest/etc/systemd/system/mine.service"), "[Service]\n");
    world.run(&format!("up --catalog {}", world.home.join("more").display()))
}

/// One error and nothing else.
#[track_caller]
fn check(world: &World, run: Run, parts: &[&str]) {
    let run = run.code(1);
    assert_eq!(run.stdout, "", "{run:#?}");
    assert_eq!(run.stderr.matches("error: ").count(), 1, "{run:#?}");
    for part in parts {
        assert!(run.stderr.contains(part), "no {part:?} in {run:#?}");
    }
    for leak in ["panicked", "Error {", "Some(", "struct ", "enum ", SECRET] {
        assert!(!run.stderr.contains(leak), "{leak:?} in {run:#?}");
    }
    assert!(world.sandbox.faults.take_seen().is_empty(), "a request was sent by {run:#?}");
}

/// All errors on one page, to be read as prose. `INSTA_UPDATE=always cargo test --test bad_input` accepts changes.
#[test]
fn messages() {
    let world = World::new();
    let mut page = String::new();
    let mut show =
        |what: &str, run: &Run| page.push_str(&format!("{what}\n{}\n", run.stderr.replace(world.home.to_str().unwrap(), "$HOME")));
    for (line, _) in FLAGS {
        show(&format!("$ {line}"), &world.run(line));
    }
    for (variable, value, _) in VARIABLES {
        show(&format!("$ {variable}={value:?} up"), &output("up", world.command(&["up"]).env(variable, value)));
    }
    for (text, _) in FILES {
        let path = world.file("virtwork.yaml", text);
        show(&format!("$ up --config virtwork.yaml    # {text:?}"), &world.run(&format!("up --config {path}")));
    }
    for (what, content) in KEY_FILES {
        let path = world.file("key.pub", content);
        show(&format!("$ up --ssh-key-file key.pub    # {what}"), &world.run(&format!("up --ssh-key-file {path}")));
    }
    let lines = world.file("password", "one\ntwo\n");
    show("$ up --ssh-password-file password    # of two lines", &world.run(&format!("up --ssh-password-file {lines}")));
    let key = world.file("ca.pem", "-----BEGIN CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----\n");
    show("$ up --ca-file ca.pem    # with a private key", &world.run(&format!("up --ca-file {key}")));
    for (text, _) in CATALOGS {
        show(&format!("$ up --catalog more    # {text:?}"), &catalog_run(&world, "mine", text));
    }
    let good = "description: d\nmachine:\n  units: [mine.service]\n  health: cpu\n";
    catalog_run(&world, "mine", good);
    for name in ["cpu", "Mine"] {
        show(&format!("$ up --catalog more    # with a directory {name}"), &catalog_run(&world, name, good));
        std::fs::remove_dir_all(world.home.join("more").join(name)).unwrap();
    }
    std::fs::create_dir_all(world.home.join("more/empty")).unwrap();
    show("$ up --catalog more    # with an empty directory", &world.run(&format!("up --catalog {}", world.home.join("more").display())));
    insta::assert_snapshot!(page);
}

#[test]
fn flags() {
    let world = World::new();
    for (line, parts) in FLAGS {
        check(&world, world.run(line), parts);
    }
}

#[test]
fn environment_variables() {
    let world = World::new();
    for (variable, value, parts) in VARIABLES {
        let run = output(&format!("{variable}={value} up"), world.command(&["up"]).env(variable, value));
        check(&world, run, parts);
    }
}

#[test]
fn config_files() {
    let world = World::new();
    for (text, parts) in FILES {
        let path = world.file("virtwork.yaml", text);
        check(&world, world.run(&format!("up --config {path}")), parts);
    }
    check(&world, world.run("up --config /nonexistent.yaml"), &["--config", "/nonexistent.yaml"]);
}

#[test]
fn invalid_keys_are_rejected() {
    let world = World::new();
    let private = world.file("id", "-----BEGIN OPENSSH PRIVATE KEY-----\nb3Blb\n-----END OPENSSH PRIVATE KEY-----\n");
    let run = world.run(&format!("up --ssh-key-file {private}")).absent("b3Blb");
    check(&world, run, &["--ssh-key-file", "private key"]);
    for value in ["-----BEGIN OPENSSH PRIVATE KEY-----b3Blb", "-b3Blb", "--b3Blb"] {
        let run = output("up --ssh-key SECRET", &mut world.command(&["up", "--ssh-key", value])).absent("b3Blb");
        check(&world, run, &["--ssh-key: "]);
    }
    let empty = world.file("empty.pub", "\n");
    check(&world, world.run(&format!("up --ssh-key-file {empty}")), &["--ssh-key-file", "no public key"]);
}

#[test]
fn passwords_are_never_printed() {
    let world = World::new();
    let file = world.file("password", SECRET);
    for line in [
        format!("up cpu --ssh-password-file {file} --dry-run"),
        format!("up cpu --ssh-password-file {file} --dry-run -o json"),
        format!("up cpu --ssh-password-file {file} -v=9"),
        format!("up cpu --ssh-password {SECRET} -v=9"),
        format!("up cpu --ssh-password {SECRET} --memory 2GB"),
        "up cpu --ssh-password --pa55\"word --memory 2GB".to_owned(),
        "up cpu --ssh-password -pa55\"word --memory 2GB".to_owned(),
        "status --token -pa55\"word -v=9".to_owned(),
        "status -v=9 -o yaml".to_owned(),
    ] {
        world.run(&line).absent(SECRET);
    }
    let user_data = output("workloads", world.command(&["workloads", "cpu", "--user-data"]).env("VIRTWORK_SSH_PASSWORD", SECRET)).success();
    user_data.absent(SECRET).stdout_has("hashed_passwd: $6$");
    let shown = world.run(&format!("up cpu --ssh-password {SECRET}")).success();
    shown.stderr_has("Warning: --ssh-password is visible in the process list");
    world.sandbox.faults.take_seen();
    for flag in ["--guest-proxy", "--package-mirror"] {
        let run = world.run(&format!("up cpu {flag} http://me:hidden@proxy.example.com:3128 -v=9")).absent("hidden");
        check(&world, run, &[flag, "must not contain credentials"]);
    }
    let lines = world.file("password-of-two-lines", "one\ntwo\n");
    check(&world, world.run(&format!("up --ssh-password-file {lines}")).absent("two"), &["--ssh-password-file"]);
}

#[test]
fn user_data_beyond_the_limit_of_a_secret() {
    let world = World::new();
    let unit = "[Service]\nExecStart=/usr/local/libexec/virtwork/big\n";
    world.file("more/big/workload.yaml", "description: Too big\nmachine:\n  units: [big.service]\n  health: cpu\n");
    world.file("more/big/guest/etc/systemd/system/big.service", unit);
    world.file("more/big/guest/usr/local/libexec/virtwork/big", &"# filler\n".repeat(130_000));
    let catalog = world.home.join("more");
    check(&world, world.run(&format!("up big --catalog {}", catalog.display())), &["big", "1048576"]);
}

#[test]
fn a_catalog_with_a_mistake_names_file_and_line() {
    let world = World::new();
    for (text, parts) in CATALOGS {
        check(&world, catalog_run(&world, "mine", text), parts);
    }
}
