//! The command line: clap types only. Each setting is one field here. Its doc comment is its help, and the environment variable and
//! file key follow from it (see [`crate::config`]).

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::{
    config::value::{self, GoDuration, NodeLabel, SetValue},
    plan::{Password, Quantity},
};

/// Run a fleet of KubeVirt VMs under realistic load
///
/// Creates VMs on OpenShift Virtualization or KubeVirt that run real workloads (CPU, memory, database, network, disk). A VM is
/// ready only when its workload runs. `down` deletes everything that `up` created.
#[derive(Debug, Parser)]
#[command(version, args_override_self = true, max_term_width = 120, subcommand_required = false)]
pub struct Cli {
    /// What to do
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Settings of all commands.
    #[command(flatten)]
    pub common: Common,
    /// kubectl's flags.
    #[command(flatten)]
    pub connection: Connection,
}

/// The commands
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Create or update the fleet and wait until its workloads run
    #[command(visible_alias = "run")]
    Up(Box<Up>),
    /// Delete the fleet and wait until it is gone
    #[command(visible_alias = "cleanup")]
    Down(Down),
    /// Show the fleet and why any VM is not ready
    Status(Status),
    /// Open a shell or run a command in a VM (uses virtctl)
    Ssh(Ssh),
    /// Show the available workloads and their parameters
    Workloads(Workloads),
    /// Print a completion script for a shell
    Completion(Completion),
    /// Print the version of this tool and of the cluster's KubeVirt
    Version(Version),
}

/// Examples in the help of each command: purpose and arguments.
pub const EXAMPLES: [(&str, &[(&str, &str)]); 5] = [
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
        "workloads",
        &[
            ("All workloads", "workloads"),
            ("One workload, with its parameters", "workloads database"),
            ("The cloud-init user data of a role", "workloads network --user-data server"),
        ],
    ),
];

/// Settings of every command
#[derive(Debug, Clone, Args)]
#[command(next_display_order = 500)]
pub struct Common {
    /// YAML file with settings [default: ~/.config/virtwork/config.yaml]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Directory of additional workloads, one subdirectory each
    #[arg(long, global = true, value_name = "DIR")]
    pub catalog: Option<PathBuf>,
    /// Name of the fleet
    #[arg(long, global = true, default_value = "virtwork", allow_hyphen_values = true, value_parser = value::name)]
    pub name: String,
    /// Log level: 4 logs retries, 6 logs every request
    #[arg(short, long = "v", global = true, value_name = "LEVEL", default_value_t = 0, value_parser = value::within::<0, 10>)]
    pub v: u32,
    /// The same as -v=4
    #[arg(long, global = true, num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", value_parser = value::boolean, value_name = "BOOL")]
    pub verbose: bool,
    /// Use color
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", ignore_case = true)]
    pub color: Color,
}

/// When to use color
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// kubectl's own flags
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Cluster options")]
pub struct Connection {
    /// Namespace (project) of the fleet
    #[arg(short, long, global = true, value_parser = value::namespace)]
    pub namespace: Option<String>,
    /// Kubeconfig context to use
    #[arg(long, global = true)]
    pub context: Option<String>,
    /// Path to the kubeconfig file
    #[arg(long, global = true, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,
    /// Kubeconfig cluster to use
    #[arg(long, global = true, hide_short_help = true)]
    pub cluster: Option<String>,
    /// Kubeconfig user to use
    #[arg(long, global = true, hide_short_help = true)]
    pub user: Option<String>,
    /// Address of the API server
    #[arg(short, long, global = true, hide_short_help = true)]
    pub server: Option<String>,
    /// Server name to verify the API server's certificate against
    #[arg(long, global = true, hide_short_help = true)]
    pub tls_server_name: Option<String>,
    /// Do not verify the API server's certificate
    #[arg(long, global = true, hide_short_help = true, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = value::boolean, value_name = "BOOL")]
    pub insecure_skip_tls_verify: Option<bool>,
    /// Path to a CA certificate for the API server
    #[arg(long, global = true, hide_short_help = true, value_name = "FILE")]
    pub certificate_authority: Option<PathBuf>,
    /// Path to a client certificate
    #[arg(long, global = true, hide_short_help = true, value_name = "FILE")]
    pub client_certificate: Option<PathBuf>,
    /// Path to the key of the client certificate
    #[arg(long, global = true, hide_short_help = true, value_name = "FILE")]
    pub client_key: Option<PathBuf>,
    /// Bearer token
    #[arg(long, global = true, hide_short_help = true, allow_hyphen_values = true)]
    pub token: Option<Password>,
    /// User to impersonate
    #[arg(long = "as", id = "as", global = true, hide_short_help = true, value_name = "USER")]
    pub impersonate: Option<String>,
    /// UID to impersonate
    #[arg(long, global = true, hide_short_help = true, value_name = "UID")]
    pub as_uid: Option<String>,
    /// Group to impersonate (repeatable)
    #[arg(long, global = true, hide_short_help = true, value_name = "GROUP")]
    pub as_group: Vec<String>,
    /// Extra attribute to impersonate, KEY=VALUE (repeatable)
    #[arg(long, global = true, hide_short_help = true, value_name = "KEY=VALUE")]
    pub as_user_extra: Vec<String>,
    /// Time limit of one request (5s, 2m; 0 waits forever) [default: 30s]
    #[arg(long, global = true, hide_short_help = true, value_name = "DURATION", allow_hyphen_values = true)]
    pub request_timeout: Option<GoDuration>,
    /// Ignored; accepted for compatibility with kubectl
    #[arg(long, global = true, hide_short_help = true, value_name = "DIR")]
    pub cache_dir: Option<PathBuf>,
    /// Ignored; responses are never compressed
    #[arg(long, global = true, hide_short_help = true, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = value::boolean, value_name = "BOOL")]
    pub disable_compression: Option<bool>,
}

impl Connection {
    /// Whether it selects another cluster, or other credentials, than kubectl would use without flags.
    pub fn chooses_cluster(&self) -> bool {
        let texts = [&self.context, &self.cluster, &self.user, &self.server, &self.tls_server_name, &self.impersonate];
        let files = [&self.kubeconfig, &self.certificate_authority, &self.client_certificate, &self.client_key];
        let other = self.token.is_some() || self.insecure_skip_tls_verify.is_some();
        other || texts.iter().any(|text| text.is_some()) || files.iter().any(|file| file.is_some())
    }
}

/// Create or update the fleet and wait until its workloads run
#[derive(Debug, Args)]
pub struct Up {
    /// Workloads to run; the same as --workloads
    #[arg(value_name = "WORKLOAD")]
    pub names: Vec<String>,
    /// Which workloads.
    #[command(flatten)]
    pub selection: Selection,
    /// Print the objects without applying them; client contacts no server
    #[arg(long, value_name = "WHERE", num_args = 0..=1, require_equals = true, default_missing_value = "client", ignore_case = true)]
    pub dry_run: Option<DryRun>,
    /// Output format of the objects
    #[arg(short, long, value_name = "FORMAT", ignore_case = true)]
    pub output: Option<UpOutput>,
    /// Restart VMs whose running configuration is outdated
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", value_parser = value::boolean, value_name = "BOOL")]
    pub restart: bool,
    /// Delete VMs of the selected workloads that exceed the requested count
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", value_parser = value::boolean, value_name = "BOOL")]
    pub prune: bool,
    /// Prune without asking for confirmation
    #[arg(short, long, num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", value_parser = value::boolean, value_name = "BOOL")]
    pub yes: bool,
    /// How long to wait.
    #[command(flatten)]
    pub wait_limit: WaitLimit,
    /// The state to wait for.
    #[command(flatten)]
    pub wait_settings: WaitSettings,
    /// How the VMs are configured.
    #[command(flatten)]
    pub vms: VmSettings,
    /// Who can log in.
    #[command(flatten)]
    pub login: Login,
    /// Prompt for the password of the account
    #[arg(long, conflicts_with_all = ["ssh_password", "ssh_password_file"])]
    pub ask_ssh_password: bool,
    /// How guests reach packages.
    #[command(flatten)]
    pub guest: Guest,
}

/// What a dry run contacts
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DryRun {
    /// No dry run
    None,
    /// Print what would be written or deleted
    Client,
    /// Let the API server validate it without storing it
    Server,
}

/// Output formats of `up`
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum UpOutput {
    /// The objects as YAML
    Yaml,
    /// The objects as JSON
    Json,
    /// kind.group/name, one line each
    Name,
}

/// Which workloads
#[derive(Debug, Clone, Args)]
pub struct Selection {
    /// Workloads, comma-separated (repeatable) [default: the built-in ones]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub workloads: Vec<String>,
}

/// Configuration of the VMs
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "VMs")]
pub struct VmSettings {
    /// VMs per workload (per role, if the workload has roles)
    #[arg(long, value_name = "N", default_value_t = 1, allow_negative_numbers = true, value_parser = value::within::<1, 1000>)]
    pub vm_count: u32,
    /// vCPUs of each VM
    #[arg(long, value_name = "N", default_value_t = 2, allow_negative_numbers = true, value_parser = value::within::<1, 256>)]
    pub cpu_cores: u32,
    /// Memory of each VM
    #[arg(long, value_name = "QUANTITY", allow_hyphen_values = true, default_value = "2Gi", value_parser = value::memory)]
    pub memory: Quantity,
    /// Size of each data disk
    #[arg(long, value_name = "QUANTITY", allow_hyphen_values = true, default_value = "10Gi", value_parser = value::disk_size)]
    pub disk_size: Quantity,
    /// Data disk type: dv (DataVolume) or empty (emptyDisk; needs no CDI)
    #[arg(long, value_name = "KIND", default_value = "dv", hide_possible_values = true)]
    pub data_disk: DataDiskKind,
    /// Image of the root disk
    #[arg(long, value_name = "IMAGE", default_value = "quay.io/containerdisks/fedora:44", value_parser = value::image)]
    pub container_disk_image: String,
    /// Secret with credentials for pulling the image
    #[arg(long, value_name = "SECRET", value_parser = value::object_name)]
    pub image_pull_secret: Option<String>,
    /// StorageClass of the data disks [default: the cluster's default]
    #[arg(long, value_name = "CLASS", value_parser = value::object_name)]
    pub storage_class: Option<String>,
    /// Label that nodes must have, KEY=VALUE (repeatable, or comma-separated)
    #[arg(long, value_name = "KEY=VALUE", value_delimiter = ',')]
    pub node_selector: Vec<NodeLabel>,
    /// Toleration for the VMs, KEY[=VALUE][:EFFECT] (repeatable)
    #[arg(long, value_name = "TAINT", value_delimiter = ',')]
    pub toleration: Vec<value::TolerationArg>,
    /// Parameter or size of one workload, such as cpu.memory=4Gi (repeatable)
    #[arg(long, value_name = "WORKLOAD.KEY=VALUE", value_delimiter = ',')]
    pub set: Vec<SetValue>,
}

/// Types of data disks
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DataDiskKind {
    /// A DataVolume
    Dv,
    /// An emptyDisk
    Empty,
}

/// Who can log in
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Login")]
pub struct Login {
    /// Account in the guests
    #[arg(long, value_name = "NAME", default_value = "virtwork", allow_hyphen_values = true, value_parser = value::user_name)]
    pub ssh_user: String,
    /// Public key (repeatable)
    #[arg(long = "ssh-key", id = "ssh_authorized_keys", value_name = "KEY", allow_hyphen_values = true, value_parser = value::public_key)]
    pub ssh_authorized_keys: Vec<String>,
    /// File with public keys (repeatable) [default: the first of ~/.ssh/id_ed25519.pub, id_ecdsa.pub, id_rsa.pub]
    #[arg(long, value_name = "FILE")]
    pub ssh_key_file: Vec<PathBuf>,
    /// Do not use a public key from ~/.ssh
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", value_parser = value::boolean, value_name = "BOOL")]
    pub no_ssh_key: bool,
    /// Password of the account; visible in the process list
    #[arg(long, value_name = "VALUE", conflicts_with = "ssh_password_file", allow_hyphen_values = true)]
    pub ssh_password: Option<Password>,
    /// File with the password of the account
    #[arg(long, value_name = "FILE")]
    pub ssh_password_file: Option<PathBuf>,
}

/// How guests reach packages
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Guests")]
pub struct Guest {
    /// Proxy for installing packages in the guests
    #[arg(long, value_name = "URL", value_parser = value::url)]
    pub guest_proxy: Option<String>,
    /// Package mirror to use instead of the distribution's
    #[arg(long, value_name = "URL", value_parser = value::url)]
    pub package_mirror: Option<String>,
    /// PEM file with extra CA certificates for the guests
    #[arg(long, value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
}

/// How long to wait
#[derive(Debug, Clone, Args)]
pub struct WaitLimit {
    /// Wait for the result
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "true", value_parser = value::boolean, value_name = "BOOL")]
    pub wait: bool,
    /// Time limit of the wait (90s, 10m, 1h30m, or seconds; 0 waits forever)
    #[arg(long, value_name = "DURATION", default_value = "10m", allow_hyphen_values = true)]
    pub timeout: GoDuration,
}

/// How `up` waits
#[derive(Debug, Clone, Args)]
pub struct WaitSettings {
    /// The same as --wait=false
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", value_parser = value::boolean, value_name = "BOOL")]
    pub no_wait: bool,
    /// Wait until VMs are ready (workload runs) or only running
    #[arg(long, value_name = "STATE", default_value = "ready", ignore_case = true)]
    pub wait_for: WaitFor,
    /// Concurrent requests
    #[arg(long, value_name = "N", default_value_t = 16, allow_negative_numbers = true, value_parser = value::within::<1, 256>)]
    pub concurrency: u32,
}

/// What `up` waits for
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum WaitFor {
    /// The workload runs
    Ready,
    /// The VM runs
    Running,
}

/// Delete the fleet and wait until it is gone
#[derive(Debug, Args)]
pub struct Down {
    /// Workloads to delete; the same as --workloads
    #[arg(value_name = "WORKLOAD")]
    pub names: Vec<String>,
    /// Which workloads.
    #[command(flatten)]
    pub selection: Selection,
    /// How long to wait.
    #[command(flatten)]
    pub wait_limit: WaitLimit,
    /// Also delete the namespace, if up created it and nothing else is in it
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", value_parser = value::boolean, value_name = "BOOL")]
    pub delete_namespace: bool,
    /// Print what would be deleted, without deleting it
    #[arg(long, value_name = "WHERE", num_args = 0..=1, require_equals = true, default_missing_value = "client", ignore_case = true)]
    pub dry_run: Option<DryRun>,
    /// Delete without asking for confirmation
    #[arg(short, long, num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", value_parser = value::boolean, value_name = "BOOL")]
    pub yes: bool,
}

/// Show the fleet and why any VM is not ready
#[derive(Debug, Args)]
pub struct Status {
    /// List fleets in all namespaces
    #[arg(short = 'A', long, num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", value_parser = value::boolean, value_name = "BOOL")]
    pub all_namespaces: bool,
    /// Label selector, such as app.kubernetes.io/component=cpu
    #[arg(short = 'l', long)]
    pub selector: Option<String>,
    /// Output format
    #[arg(short, long, value_name = "FORMAT", ignore_case = true)]
    pub output: Option<StatusOutput>,
    /// Do not print headers
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", value_parser = value::boolean, value_name = "BOOL")]
    pub no_headers: bool,
    /// Watch for changes
    #[arg(short, long)]
    pub watch: bool,
}

/// Output formats of `status`
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum StatusOutput {
    /// More columns
    Wide,
    /// JSON
    Json,
    /// YAML
    Yaml,
    /// kind.group/name, one line each
    Name,
}

/// Open a shell or run a command in a VM (uses virtctl)
#[derive(Debug, Args)]
pub struct Ssh {
    #[arg(value_name = "VM")]
    /// VM: cpu-0, virtwork-cpu-0 or vm/virtwork-cpu-0 [default: the only VM]
    pub vm: Option<String>,
    /// Command to run in the VM
    #[arg(last = true, value_name = "COMMAND")]
    pub command: Vec<String>,
    /// Account in the guest [default: the fleet's]
    #[arg(short = 'l', long = "ssh-user", value_name = "NAME", value_parser = value::login)]
    pub login: Option<String>,
    /// Private key
    #[arg(short, long, value_name = "FILE")]
    pub identity_file: Option<PathBuf>,
    /// Allocate a terminal for COMMAND
    #[arg(short)]
    pub t: bool,
}

/// Show the catalog
#[derive(Debug, Args)]
pub struct Workloads {
    /// Workload to show in full
    #[arg(value_name = "NAME")]
    pub workload: Option<String>,
    /// Print the cloud-init user data (of ROLE, if the workload has roles)
    #[arg(long, value_name = "ROLE", num_args = 0..=1, requires = "workload")]
    pub user_data: Option<Option<String>>,
}

/// Print a completion script for a shell
#[derive(Debug, Args)]
pub struct Completion {
    /// Shell
    pub shell: clap_complete::Shell,
}

/// Print versions
#[derive(Debug, Args)]
pub struct Version {
    /// Print the client version only
    #[arg(long)]
    pub client: bool,
    /// Output format
    #[arg(short, long, value_name = "FORMAT", ignore_case = true)]
    pub output: Option<VersionOutput>,
}

/// Output formats of `version`
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum VersionOutput {
    /// JSON
    Json,
    /// YAML
    Yaml,
}

/// Every setting that the environment and a file can also give. Flags that are actions or confirmations are not among them.
#[derive(Debug, Clone, Parser)]
#[command(no_binary_name = true, args_override_self = true, disable_help_flag = true, disable_version_flag = true)]
pub struct Settings {
    /// Settings of every command.
    #[command(flatten)]
    pub common: Common,
    /// kubectl's flags.
    #[command(flatten)]
    pub connection: Connection,
    /// Which workloads.
    #[command(flatten)]
    pub selection: Selection,
    /// How the VMs are configured.
    #[command(flatten)]
    pub vms: VmSettings,
    /// Who can log in.
    #[command(flatten)]
    pub login: Login,
    /// How guests reach packages.
    #[command(flatten)]
    pub guest: Guest,
    /// How long to wait.
    #[command(flatten)]
    pub wait_limit: WaitLimit,
    /// How `up` waits.
    #[command(flatten)]
    pub wait_settings: WaitSettings,
}
