//! The command line: clap types only. Settings are declared in [`crate::config::settings`].

mod examples;

pub(crate) use examples::EXAMPLES;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::config::{
    setting::Flags,
    settings::{CommonFlags, ConnectionFlags, GuestFlags, LoginFlags, SelectionFlags, VmFlags, WaitFlags, WaitLimitFlags},
    value,
};

/// Run a fleet of KubeVirt VMs under realistic load
///
/// Creates VMs on OpenShift Virtualization or KubeVirt that run real workloads (CPU, memory, database, network, disk). A VM is
/// ready only when its workload runs. `down` deletes everything that `up` created.
#[derive(Debug, Parser)]
#[command(version, args_override_self = true, max_term_width = 120, subcommand_required = false)]
pub(crate) struct Cli {
    /// What to do
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Settings of all commands.
    #[command(flatten)]
    pub common: Flags<CommonFlags>,
    /// kubectl's flags.
    #[command(flatten)]
    pub connection: Flags<ConnectionFlags>,
}

/// The commands
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Create or update the fleet and wait until its workloads run
    #[command(visible_alias = "run")]
    Up(Box<Up>),
    /// Show what up would change
    Diff(Box<DiffCommand>),
    /// Delete the fleet and wait until it is gone
    #[command(visible_alias = "cleanup")]
    Down(Down),
    /// Show the fleet and why any VM is not ready
    Status(Status),
    /// Open a shell or run a command in a VM (uses virtctl)
    Ssh(Ssh),
    /// Show the available workloads and their parameters
    Workloads(Workloads),
    /// Show the settings and where they come from, or print a config file
    Config(ConfigCommand),
    /// Print a completion script for a shell
    Completion(Completion),
    /// Print the version of this tool and of the cluster's KubeVirt
    Version(Version),
}

impl Command {
    /// Whether it reads settings. The others work without.
    pub(crate) fn has_settings(&self) -> bool {
        !matches!(
            self,
            Self::Completion(_) | Self::Version(Version { client: true, .. }) | Self::Config(ConfigCommand { action: ConfigAction::Init })
        )
    }
}

/// The flags that describe a fleet
#[derive(Debug, Args)]
pub(crate) struct FleetFlags {
    /// Which workloads.
    #[command(flatten)]
    pub selection: Flags<SelectionFlags>,
    /// How the VMs are configured.
    #[command(flatten)]
    pub vms: Flags<VmFlags>,
    /// Who can log in.
    #[command(flatten)]
    pub login: Flags<LoginFlags>,
    /// How guests reach packages.
    #[command(flatten)]
    pub guest: Flags<GuestFlags>,
}

/// Create or update the fleet and wait until its workloads run
#[derive(Debug, Args)]
pub(crate) struct Up {
    /// Workloads to run; the same as --workloads
    #[arg(value_name = "WORKLOAD")]
    pub names: Vec<String>,
    /// Which fleet.
    #[command(flatten)]
    pub fleet: FleetFlags,
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
    /// Do not ask before --prune deletes VMs
    #[arg(short, long, num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", value_parser = value::boolean, value_name = "BOOL")]
    pub yes: bool,
    /// How long to wait.
    #[command(flatten)]
    pub wait_limit: Flags<WaitLimitFlags>,
    /// The state to wait for.
    #[command(flatten)]
    pub wait_settings: Flags<WaitFlags>,
    /// Prompt for the password of the account
    #[arg(long, help_heading = "Login", conflicts_with_all = ["ssh_password", "ssh_password_file"])]
    pub ask_ssh_password: bool,
}

/// Show what up would change
///
/// Prints a unified diff of the objects in the cluster and those that `up` would write, as the API server would store them. Nothing is
/// changed. Exit codes are those of kubectl diff: 0 without a difference, 1 with one, 2 after an error.
#[derive(Debug, Args)]
pub(crate) struct DiffCommand {
    /// Workloads to compare; the same as --workloads
    #[arg(value_name = "WORKLOAD")]
    pub names: Vec<String>,
    /// Which fleet.
    #[command(flatten)]
    pub fleet: FleetFlags,
}

/// What a dry run contacts
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DryRun {
    /// No dry run
    None,
    /// Contact no server (up), or change nothing on it (down)
    Client,
    /// Let the API server validate it without storing it
    Server,
}

/// Output formats of `up`
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum UpOutput {
    /// The objects as YAML
    #[default]
    Yaml,
    /// The objects as JSON
    Json,
    /// kind.group/name, one line each
    Name,
}

/// Delete the fleet and wait until it is gone
#[derive(Debug, Args)]
pub(crate) struct Down {
    /// Workloads to delete; the same as --workloads
    #[arg(value_name = "WORKLOAD")]
    pub names: Vec<String>,
    /// Which workloads.
    #[command(flatten)]
    pub selection: Flags<SelectionFlags>,
    /// How long to wait.
    #[command(flatten)]
    pub wait_limit: Flags<WaitLimitFlags>,
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
pub(crate) struct Status {
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
    #[arg(short, long, num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", value_parser = value::boolean, value_name = "BOOL")]
    pub watch: bool,
}

/// Output formats of `status`
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum StatusOutput {
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
pub(crate) struct Ssh {
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
pub(crate) struct Workloads {
    /// Workload to show in full
    #[arg(value_name = "NAME")]
    pub workload: Option<String>,
    /// Print the cloud-init user data (of ROLE, if the workload has roles)
    #[arg(long, value_name = "ROLE", num_args = 0..=1, requires = "workload")]
    pub user_data: Option<Option<String>>,
}

/// Show the settings and where they come from, or print a config file
#[derive(Debug, Args)]
#[command(arg_required_else_help = true)]
pub(crate) struct ConfigCommand {
    /// The subcommand.
    #[command(subcommand)]
    pub action: ConfigAction,
}

/// The subcommands of `config`
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigAction {
    /// Print every setting as a config file, with its source
    View(Box<ConfigView>),
    /// Print a config file with every setting and its default, commented out
    Init,
}

/// Print every setting as a config file, with its source
#[derive(Debug, Args)]
pub(crate) struct ConfigView {
    /// Which fleet.
    #[command(flatten)]
    pub fleet: FleetFlags,
    /// How long to wait.
    #[command(flatten)]
    pub wait_limit: Flags<WaitLimitFlags>,
    /// What to wait for.
    #[command(flatten)]
    pub wait_settings: Flags<WaitFlags>,
}

/// Print a completion script for a shell
#[derive(Debug, Args)]
pub(crate) struct Completion {
    /// Shell
    pub shell: clap_complete::Shell,
}

/// Print versions
#[derive(Debug, Args)]
pub(crate) struct Version {
    /// Print the client version only
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", value_parser = value::boolean, value_name = "BOOL")]
    pub client: bool,
    /// Output format
    #[arg(short, long, value_name = "FORMAT", ignore_case = true)]
    pub output: Option<VersionOutput>,
}

/// Output formats of `version`
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum VersionOutput {
    /// JSON
    Json,
    /// YAML
    Yaml,
}
