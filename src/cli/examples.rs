//! Examples in the help of each command.

/// Examples in the help of each command: purpose and arguments.
pub(crate) const EXAMPLES: [(&str, &[(&str, &str)]); 7] = [
    (
        "up",
        &[
            ("One VM of each workload; wait until they are ready", "up"),
            ("Three databases and three network pairs", "up database network --vm-count 3"),
            ("A small database with short rounds", "up --workloads database --set database.scale=10 --set database.duration=60"),
            ("Print the objects without contacting a cluster", "up --dry-run"),
        ],
    ),
    (
        "diff",
        &[
            ("What more memory would change", "diff --memory 4Gi"),
            ("Whether anything would change, in a script", "diff >/dev/null; echo $?"),
        ],
    ),
    (
        "down",
        &[
            ("Delete the fleet", "down"),
            ("Delete only the network VMs, without confirmation", "down --workloads network --yes"),
            ("Print what would be deleted", "down --dry-run"),
        ],
    ),
    (
        "status",
        &[
            ("The fleet in the current namespace", "status"),
            ("All fleets of the cluster, with the nodes of their VMs", "status -A -o wide"),
            ("Watch for changes", "status --watch"),
        ],
    ),
    (
        "ssh",
        &[
            ("A shell", "ssh database-0"),
            ("A command, with its own exit status", "ssh cpu-0 -- systemctl is-active virtwork-cpu"),
            ("With another key", "ssh cpu-0 -i ~/.ssh/fleet"),
        ],
    ),
    (
        "config",
        &[
            ("The settings of this shell and directory", "config view"),
            ("A file to start with", "config init > ~/.config/virtwork/config.yaml"),
        ],
    ),
    (
        "workloads",
        &[
            ("All workloads", "workloads"),
            ("One workload, with its parameters", "workloads database"),
            ("The cloud-init user data of a role", "workloads network --user-data server"),
        ],
    ),
];
