//! `workloads`, `version`, `completion` and help.

mod common;

use common::{World, golden, output};

#[test]
fn the_catalog() {
    let world = World::new();
    golden("workloads.txt", &world.run("workloads").success().stdout);
    golden("workloads-database.txt", &world.run("workloads database").success().stdout);
    world.run("workloads databse").code(1).stderr_has("did you mean database?");
    world.run("workloads network --user-data").code(1).stderr_has("client").stderr_has("server");
    world.run("workloads cpu --user-data").success().stdout_has("#cloud-config\n").stdout_has("LOAD='100'");
    world.run("workloads network --user-data client").success().stdout_has("PEER");
}

#[test]
fn help() {
    let world = World::new();
    golden("help/virtwork.txt", &world.run("--help").success().stdout);
    assert_eq!(world.run("").success().stdout.lines().next(), world.run("--help").stdout.lines().next());
    for command in ["up", "diff", "down", "status", "ssh", "workloads", "config", "completion", "version"] {
        golden(&format!("help/{command}.txt"), &world.run(&format!("{command} --help")).success().stdout);
    }
}

#[test]
fn every_documented_flag_exists() {
    let world = World::new();
    let all = [
        (
            "up",
            "--workloads --vm-count --cpu-cores --memory --disk-size --data-disk --container-disk-image --image-pull-secret \
                --storage-class --node-selector --toleration --set --ssh-user --ssh-key --ssh-key-file --no-ssh-key --ssh-password \
                --ask-ssh-password --ssh-password-file --guest-proxy --package-mirror --ca-file --wait --no-wait --wait-for --timeout \
                --dry-run --output --concurrency --restart --prune",
        ),
        ("down", "--workloads --delete-namespace --wait --timeout --dry-run --yes"),
        ("status", "--all-namespaces --selector --output --no-headers --watch"),
        ("ssh", "--ssh-user --identity-file -t"),
        ("workloads", "--user-data"),
        (
            "version",
            "--namespace --context --kubeconfig --cluster --user --server --tls-server-name --insecure-skip-tls-verify \
                     --certificate-authority --client-certificate --client-key --token --as --as-uid --as-group --as-user-extra \
                     --request-timeout --cache-dir --disable-compression --config --catalog --name --verbose --color -v",
        ),
    ];
    for (command, flags) in all {
        let help = world.run(&format!("{command} --help")).stdout;
        for flag in flags.split_whitespace() {
            assert!(help.split([' ', ',', '\n', '[', '=']).any(|word| word == flag), "{command} has no {flag}:\n{help}");
        }
    }
}

#[test]
fn messages_name_the_program_as_it_was_called() {
    let world = World::new();
    world.run("up --help").stdout_has("Usage: kubectl virtwork up").stdout_has("kubectl virtwork up database network");
    #[cfg(unix)]
    {
        let link = world.home.join("oc-virtwork");
        std::os::unix::fs::symlink(common::PLUGIN, &link).unwrap();
        let run = output("oc virtwork up --help", std::process::Command::new(link).args(["up", "--help"]).env_clear());
        run.stdout_has("Usage: oc virtwork up").stdout_has("oc virtwork up database network").absent("kubectl virtwork");
    }
}

#[test]
fn completion_scripts_match_the_repository() {
    let world = World::new();
    for (shell, file) in [
        ("bash", "kubectl-virtwork.bash"),
        ("zsh", "_kubectl-virtwork"),
        ("fish", "kubectl-virtwork.fish"),
        ("powershell", "_kubectl-virtwork.ps1"),
        ("elvish", "kubectl-virtwork.elv"),
    ] {
        golden(&format!("../../completions/{file}"), &world.run(&format!("completion {shell}")).success().stdout);
    }
}

#[test]
fn versions() {
    let world = World::new();
    world.run("version").success().stdout_has(concat!("Client Version: v", env!("CARGO_PKG_VERSION"))).stdout_has("KubeVirt Version: v");
    world.run("version --client --server https://127.0.0.1:1").success();
    world.run("--version").success().stdout_has(env!("CARGO_PKG_VERSION"));
}
