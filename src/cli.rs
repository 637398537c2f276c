//! The command line: clap types only. A setting is one field here, and its doc comment is its help; the same field serves
//! the environment variable and the file key (see [`crate::config`]).

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::{
    config::value::{self, GoDuration, NodeLabel, SetValue},
    plan::{Password, Quantity},
};

/// Run a fleet of KubeVirt machines that really work
///
/// Makes virtual machines on a cluster with OpenShift Virtualization or KubeVirt, keeps realistic work running inside them
/// (CPU, memory, database, network, disk), and removes them without trace. "Ready" means that the work inside runs.
#[derive(Debug, Parser)]
#[command(version, disable_help_subcommand = true, args_override_self = true, max_term_width = 120, subcommand_required = false)]
pub struct Cli {
    /// What to do
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Settings of every command.
    #[command(flatten)]
    pub common: Common,
    /// How to reach the cluster.
    #[command(flatten)]
    pub connection: Connection,
}

/// The commands
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make the fleet as asked and wait until its work runs
    #[command(visible_alias = "run", after_help = UP_EXAMPLES)]
    Up(Box<Up>),
    /// Remove what this tool made and wait until it is gone
    #[command(visible_alias = "cleanup", after_help = DOWN_EXAMPLES)]
    Down(Down),
    /// Show the fleet, with the reason for whatever is not ready
    #[command(after_help = STATUS_EXAMPLES)]
    Status(Status),
    /// Open a shell in one machine, or run a command there, through virtctl
    #[command(after_help = SSH_EXAMPLES)]
    Ssh(Ssh),
    /// Show the catalog: what each workload does, its machines and parameters
    #[command(after_help = WORKLOADS_EXAMPLES)]
    Workloads(Workloads),
    /// Print a completion script for a shell
    Completion(Completion),
    /// Print the version of this tool and of the cluster's KubeVirt
    Version(Version),
}

const UP_EXAMPLES: &str = "Examples:
  # One machine of each workload, waiting until their work runs
  kubectl virtwork up
  # Three databases and three network pairs
  kubectl virtwork up database network --vm-count 3
  # Smaller rounds for the database only
  kubectl virtwork up --workloads database --set database.scale=10 --set database.duration=60
  # The objects, without asking any cluster
  kubectl virtwork up --dry-run";
const DOWN_EXAMPLES: &str = "Examples:
  # Remove the fleet
  kubectl virtwork down
  # Remove only the network machines, without asking
  kubectl virtwork down --workloads network --yes
  # See what would go
  kubectl virtwork down --dry-run";
const STATUS_EXAMPLES: &str = "Examples:
  # The fleet in the current project
  kubectl virtwork status
  # Every fleet of the cluster, and where its machines run
  kubectl virtwork status -A -o wide
  # Follow changes
  kubectl virtwork status --watch";
const SSH_EXAMPLES: &str = "Examples:
  # A shell
  kubectl virtwork ssh database-0
  # A command, with its own exit status
  kubectl virtwork ssh cpu-0 -- systemctl is-active virtwork-cpu
  # Another key
  kubectl virtwork ssh cpu-0 -i ~/.ssh/fleet";
const WORKLOADS_EXAMPLES: &str = "Examples:
  # All workloads
  kubectl virtwork workloads
  # One of them, with its parameters
  kubectl virtwork workloads database
  # What its guests boot with
  kubectl virtwork workloads network --user-data server";

/// Settings of every command
#[derive(Debug, Clone, Args)]
pub struct Common {
    /// YAML file with settings (default: virtwork/config.yaml in the user's configuration directory)
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Folder with further workloads, each in a folder like the built-in ones
    #[arg(long, global = true, value_name = "DIR")]
    pub catalog: Option<PathBuf>,
    /// Name of the fleet
    #[arg(long, global = true, default_value = "virtwork", allow_hyphen_values = true, value_parser = value::name)]
    pub name: String,
    /// How much to say: 4 for retries and decisions, 6 for every request
    #[arg(short, long = "v", global = true, value_name = "LEVEL", default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=10))]
    pub v: u8,
    /// The same as -v=4
    #[arg(long, global = true, num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", value_parser = value::boolean, value_name = "BOOL")]
    pub verbose: bool,
    /// Whether to use colour
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", ignore_case = true)]
    pub color: Color,
}

/// When output is coloured
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// kubectl's own flags for the way to the cluster
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Cluster options")]
pub struct Connection {
    /// Namespace (project) of the fleet
    #[arg(short, long, global = true, value_parser = value::namespace)]
    pub namespace: Option<String>,
    /// Name of the kubeconfig context to use
    #[arg(long, global = true)]
    pub context: Option<String>,
    /// Path of the kubeconfig file to use
    #[arg(long, global = true, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,
    /// Name of the kubeconfig cluster to use
    #[arg(long, global = true, hide_short_help = true)]
    pub cluster: Option<String>,
    /// Name of the kubeconfig user to use
    #[arg(long, global = true, hide_short_help = true)]
    pub user: Option<String>,
    /// Address of the API server
    #[arg(short, long, global = true, hide_short_help = true)]
    pub server: Option<String>,
    /// Server name for the verification of the server's certificate
    #[arg(long, global = true, hide_short_help = true)]
    pub tls_server_name: Option<String>,
    /// Do not verify the server's certificate
    #[arg(long, global = true, hide_short_help = true, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = value::boolean, value_name = "BOOL")]
    pub insecure_skip_tls_verify: Option<bool>,
    /// File with certificates of authorities for the server's certificate
    #[arg(long, global = true, hide_short_help = true, value_name = "FILE")]
    pub certificate_authority: Option<PathBuf>,
    /// File with the client's certificate
    #[arg(long, global = true, hide_short_help = true, value_name = "FILE")]
    pub client_certificate: Option<PathBuf>,
    /// File with the client's key
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
    /// Extra attribute to impersonate with, KEY=VALUE (repeatable)
    #[arg(long, global = true, hide_short_help = true, value_name = "KEY=VALUE")]
    pub as_user_extra: Vec<String>,
    /// Time for one request, such as 5s or 2m; a bare number is seconds, 0 is no limit
    #[arg(long, global = true, hide_short_help = true, value_name = "DURATION", allow_hyphen_values = true)]
    pub request_timeout: Option<GoDuration>,
    /// Folder of the discovery cache; accepted as kubectl does, nothing is cached
    #[arg(long, global = true, hide_short_help = true, value_name = "DIR")]
    pub cache_dir: Option<PathBuf>,
    /// Ask the server for uncompressed answers; accepted as kubectl does, they always are
    #[arg(long, global = true, hide_short_help = true, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = value::boolean, value_name = "BOOL")]
    pub disable_compression: Option<bool>,
}

impl Connection {
    /// Whether it chooses another cluster, or other credentials, than kubectl would without flags.
    pub fn chooses_cluster(&self) -> bool {
        let texts = [&self.context, &self.cluster, &self.user, &self.server, &self.tls_server_name, &self.impersonate];
        let files = [&self.kubeconfig, &self.certificate_authority, &self.client_certificate, &self.client_key];
        let other = self.token.is_some() || self.insecure_skip_tls_verify.is_some();
        other || texts.iter().any(|text| text.is_some()) || files.iter().any(|file| file.is_some())
    }
}

/// Make the fleet as asked and wait until its work runs
#[derive(Debug, Args)]
pub struct Up {
    /// Workloads to run; the same as --workloads
    #[arg(value_name = "WORKLOAD")]
    pub names: Vec<String>,
    /// Which machines.
    #[command(flatten)]
    pub selection: Selection,
    /// What they look like.
    #[command(flatten)]
    pub machines: Machines,
    /// Who may log in.
    #[command(flatten)]
    pub door: Door,
    /// How guests reach packages.
    #[command(flatten)]
    pub guest: Guest,
    /// How long to wait.
    #[command(flatten)]
    pub waiting: Waiting,
    /// What to wait for.
    #[command(flatten)]
    pub pace: Pace,
    /// Ask for the password of the account on the terminal
    #[arg(long, conflicts_with_all = ["ssh_password", "ssh_password_file"])]
    pub ask_ssh_password: bool,
    /// Print the objects and change nothing: client asks no server, server lets it check them
    #[arg(long, value_name = "WHERE", num_args = 0..=1, require_equals = true, default_missing_value = "client", ignore_case = true)]
    pub dry_run: Option<DryRun>,
    /// Output format: of --dry-run, or of the result
    #[arg(short, long, value_name = "FORMAT", ignore_case = true)]
    pub output: Option<UpOutput>,
    /// Restart machines that still run what they were started with
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", value_parser = value::boolean, value_name = "BOOL")]
    pub restart: bool,
    /// Remove machines beyond what is asked for, of the workloads of this run
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", value_parser = value::boolean, value_name = "BOOL")]
    pub prune: bool,
    /// Do not ask before --prune removes
    #[arg(short, long, num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", value_parser = value::boolean, value_name = "BOOL")]
    pub yes: bool,
}

/// Where a dry run ends
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DryRun {
    /// No dry run
    None,
    /// Nothing is sent that would change anything; `up` sends nothing at all
    Client,
    /// The same, and the server checks what `up` would write
    Server,
}

/// Output formats of `up`
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum UpOutput {
    /// The objects as YAML
    Yaml,
    /// The objects as JSON
    Json,
    /// kind.group/name, a line each
    Name,
}

/// Which workloads
#[derive(Debug, Clone, Args)]
pub struct Selection {
    /// Workloads, comma-separated (repeatable) [default: up takes those that run by default, down all of the fleet]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub workloads: Vec<String>,
}

/// What the machines look like
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Machines")]
pub struct Machines {
    /// Machines of each workload; of one with roles, of each role
    #[arg(long, value_name = "N", default_value_t = 1, allow_negative_numbers = true, value_parser = value::within::<1, 1000>)]
    pub vm_count: u32,
    /// Virtual CPUs of each machine
    #[arg(long, value_name = "N", default_value_t = 2, allow_negative_numbers = true, value_parser = value::within::<1, 256>)]
    pub cpu_cores: u32,
    /// Memory of each machine
    #[arg(long, value_name = "QUANTITY", allow_hyphen_values = true, default_value = "2Gi", value_parser = value::memory)]
    pub memory: Quantity,
    /// Size of each data disk
    #[arg(long, value_name = "QUANTITY", allow_hyphen_values = true, default_value = "10Gi", value_parser = value::disk_size)]
    pub disk_size: Quantity,
    /// What a data disk is: dv is a DataVolume; empty is an emptyDisk, which needs no CDI and no storage
    #[arg(long, value_name = "KIND", default_value = "dv", value_parser = ["dv", "empty"], hide_possible_values = true)]
    pub data_disk: String,
    /// Image of the root disk
    #[arg(long, value_name = "IMAGE", default_value = "quay.io/containerdisks/fedora:44", value_parser = value::image)]
    pub container_disk_image: String,
    /// Secret to pull the image with
    #[arg(long, value_name = "SECRET", value_parser = value::object_name)]
    pub image_pull_secret: Option<String>,
    /// StorageClass of the data disks [default: the cluster's]
    #[arg(long, value_name = "CLASS", value_parser = value::object_name)]
    pub storage_class: Option<String>,
    /// Label of the nodes to run on, KEY=VALUE (repeatable, or comma-separated)
    #[arg(long, value_name = "KEY=VALUE", value_delimiter = ',')]
    pub node_selector: Vec<NodeLabel>,
    /// Taint to bear: KEY=VALUE:EFFECT, KEY:EFFECT or KEY (repeatable, or comma-separated)
    #[arg(long, value_name = "TAINT", value_delimiter = ',')]
    pub toleration: Vec<value::Taint>,
    /// Parameter or size of one workload: database.scale=10, cpu.memory=4Gi (repeatable, or comma-separated)
    #[arg(long, value_name = "WORKLOAD.KEY=VALUE", value_delimiter = ',')]
    pub set: Vec<SetValue>,
}

/// Who may log in
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Login")]
pub struct Door {
    /// Account in the guests
    #[arg(long, value_name = "NAME", default_value = "virtwork", allow_hyphen_values = true, value_parser = value::user_name)]
    pub ssh_user: String,
    /// Public key (repeatable)
    #[arg(long = "ssh-key", id = "ssh_authorized_keys", value_name = "KEY", allow_hyphen_values = true, value_parser = value::public_key)]
    pub ssh_authorized_keys: Vec<String>,
    /// File with public keys (repeatable) [default: the first of ~/.ssh/id_ed25519.pub, id_ecdsa.pub, id_rsa.pub]
    #[arg(long, value_name = "FILE")]
    pub ssh_key_file: Vec<PathBuf>,
    /// No key at all where none is given
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", value_parser = value::boolean, value_name = "BOOL")]
    pub no_ssh_key: bool,
    /// Password of the account; shows in the process list
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
    /// Proxy for the installation of packages in the guests
    #[arg(long, value_name = "URL", value_parser = value::url)]
    pub guest_proxy: Option<String>,
    /// Package mirror that the guests use instead of their own
    #[arg(long, value_name = "URL", value_parser = value::url)]
    pub package_mirror: Option<String>,
    /// File with certificates of authorities that the guests trust
    #[arg(long, value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
}

/// How long to wait
#[derive(Debug, Clone, Args)]
pub struct Waiting {
    /// Wait for the result
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "true", value_parser = value::boolean, value_name = "BOOL")]
    pub wait: bool,
    /// Longest time for all of it, such as 10m or 1h30m; a bare number is seconds, 0 is no limit
    #[arg(long, value_name = "DURATION", default_value = "600", allow_hyphen_values = true)]
    pub timeout: GoDuration,
}

/// How `up` goes about it
#[derive(Debug, Clone, Args)]
pub struct Pace {
    /// The same as --wait=false
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", value_parser = value::boolean, value_name = "BOOL")]
    pub no_wait: bool,
    /// What to wait for: ready is work running inside, running is a started machine
    #[arg(long, value_name = "STATE", default_value = "ready", ignore_case = true)]
    pub wait_for: WaitFor,
    /// Requests in flight at once
    #[arg(long, value_name = "N", default_value_t = 16, allow_negative_numbers = true, value_parser = value::within::<1, 256>)]
    pub concurrency: u32,
}

/// What `up` waits for
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum WaitFor {
    /// The work inside runs
    Ready,
    /// The machine is started
    Running,
}

/// Remove what this tool made and wait until it is gone
#[derive(Debug, Args)]
pub struct Down {
    /// Workloads to remove; the same as --workloads
    #[arg(value_name = "WORKLOAD")]
    pub names: Vec<String>,
    /// Which machines.
    #[command(flatten)]
    pub selection: Selection,
    /// How long to wait.
    #[command(flatten)]
    pub waiting: Waiting,
    /// Also delete the namespace, if this tool made it and nothing else is in it
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", value_parser = value::boolean, value_name = "BOOL")]
    pub delete_namespace: bool,
    /// Only say what would go
    #[arg(long, value_name = "WHERE", num_args = 0..=1, require_equals = true, default_missing_value = "client", ignore_case = true)]
    pub dry_run: Option<DryRun>,
    /// Do not ask
    #[arg(short, long, num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", value_parser = value::boolean, value_name = "BOOL")]
    pub yes: bool,
}

/// Show the fleet, with the reason for whatever is not ready
#[derive(Debug, Args)]
pub struct Status {
    /// Fleets of all namespaces, whatever their name unless --name is given
    #[arg(short = 'A', long, num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", value_parser = value::boolean, value_name = "BOOL")]
    pub all_namespaces: bool,
    /// Label selector to narrow what is shown
    #[arg(short = 'l', long)]
    pub selector: Option<String>,
    /// Output format
    #[arg(short, long, value_name = "FORMAT", ignore_case = true)]
    pub output: Option<StatusOutput>,
    /// No header line
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", value_parser = value::boolean, value_name = "BOOL")]
    pub no_headers: bool,
    /// Go on and show changes
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
    /// kind.group/name, a line each
    Name,
}

/// Open a shell in one machine, or run a command there, through virtctl
#[derive(Debug, Args)]
pub struct Ssh {
    /// Machine: cpu-0, virtwork-cpu-0 or vm/virtwork-cpu-0 [default: the only one]
    pub machine: Option<String>,
    /// Command to run there
    #[arg(last = true, value_name = "COMMAND")]
    pub command: Vec<String>,
    /// Account in the guest [default: the fleet's]
    #[arg(short = 'l', long = "ssh-user", value_name = "NAME", value_parser = value::login)]
    pub login: Option<String>,
    /// Private key
    #[arg(short, long, value_name = "FILE")]
    pub identity_file: Option<PathBuf>,
    /// Give a COMMAND a terminal
    #[arg(short)]
    pub t: bool,
}

/// Show the catalog
#[derive(Debug, Args)]
pub struct Workloads {
    /// Workload to show in full
    #[arg(value_name = "NAME")]
    pub workload: Option<String>,
    /// Print the user data that its guests boot with; of a workload with roles, name one
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
    /// Ask no server
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

/// Every setting that environment and file may give too: all but what acts or asks.
#[derive(Debug, Clone, Parser)]
#[command(no_binary_name = true, args_override_self = true, disable_help_flag = true, disable_version_flag = true)]
pub struct Settings {
    /// Settings of every command.
    #[command(flatten)]
    pub common: Common,
    /// How to reach the cluster.
    #[command(flatten)]
    pub connection: Connection,
    /// Which machines.
    #[command(flatten)]
    pub selection: Selection,
    /// What they look like.
    #[command(flatten)]
    pub machines: Machines,
    /// Who may log in.
    #[command(flatten)]
    pub door: Door,
    /// How guests reach packages.
    #[command(flatten)]
    pub guest: Guest,
    /// How long to wait.
    #[command(flatten)]
    pub waiting: Waiting,
    /// How `up` goes about it.
    #[command(flatten)]
    pub pace: Pace,
}
