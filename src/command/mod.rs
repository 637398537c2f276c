//! One short file for each command: it puts other things in order and prints nothing itself.

mod completion;
mod down;
mod ssh;
mod status;
mod up;
mod version;
mod workloads;

use clap::{ArgMatches, CommandFactory as _};

use crate::{
    cli::{Cli, Command},
    cluster::Cluster,
    config::{Config, Environment, value},
    error::{Error, Result},
    ui::Ui,
};

/// The namespace where neither flag nor kubeconfig names one.
const DEFAULT_NAMESPACE: &str = "virtwork";

/// What every command gets.
pub struct Context<'a> {
    /// Settings and catalog.
    pub config: &'a Config,
    /// The process environment.
    pub environment: &'a Environment,
    /// Where to say things.
    pub ui: &'a Ui,
}

/// Runs a command.
///
/// # Errors
/// What ends it badly.
pub async fn run(cli: Cli, matches: &ArgMatches, environment: &Environment, ui: &Ui) -> Result<()> {
    let Some(command) = cli.command else {
        ui.block(&command_line(ui.program()).render_help().to_string());
        return Ok(());
    };
    match &command {
        Command::Completion(arguments) => {
            completion::run(arguments, ui);
            return Ok(());
        }
        Command::Version(arguments) if arguments.client => return version::print(arguments, None, ui),
        _ => {}
    }
    let deepest = matches.subcommand().map_or(matches, |(_, inner)| inner);
    let positional = match &command {
        Command::Up(up) => up.names.as_slice(),
        Command::Down(down) => down.names.as_slice(),
        _ => &[],
    };
    let config = Config::resolve(deepest, positional, environment.clone())?;
    let common = &config.settings.common;
    ui.configure(common.color, if common.verbose { common.v.max(4) } else { common.v });
    let context = Context { config: &config, environment, ui };
    match command {
        Command::Up(arguments) => up::run(&arguments, &context).await,
        Command::Down(arguments) => down::run(&arguments, &context).await,
        Command::Status(arguments) => status::run(&arguments, &context).await,
        Command::Ssh(arguments) => ssh::run(&arguments, &context).await,
        Command::Workloads(arguments) => workloads::run(&arguments, &context).await,
        Command::Version(arguments) => version::run(&arguments, &context).await,
        Command::Completion(_) => Ok(()),
    }
}

/// The command line, speaking of itself as the user does.
pub fn command_line(program: &str) -> clap::Command {
    let examples = |command: clap::Command| match command.get_after_help().map(|help| help.to_string().replace("kubectl virtwork", program))
    {
        Some(help) => command.after_help(help),
        None => command,
    };
    Cli::command().name("kubectl-virtwork").bin_name(program).mut_subcommands(examples)
}

impl Context<'_> {
    /// Connects to the cluster, with the time limit of the settings where `limited`.
    async fn connect(&self, limited: bool) -> Result<Cluster> {
        let limit = if limited { self.config.settings.waiting.timeout.limit() } else { None };
        Ok(Cluster::connect(&self.config.settings.connection, self.environment, limit).await?)
    }

    /// flag, environment or file > the context's > the pod's > `virtwork`.
    fn namespace(&self, cluster: &Cluster) -> Result<String> {
        match self.config.namespace() {
            Some(namespace) => Ok(namespace.to_owned()),
            None => configured_namespace(cluster.access.namespace.clone()),
        }
    }

    /// The same, where no cluster need be configured.
    fn namespace_offline(&self) -> Result<String> {
        if let Some(namespace) = self.config.namespace() {
            return Ok(namespace.to_owned());
        }
        configured_namespace(crate::kubeconfig::namespace(&self.config.settings.connection, self.environment)?)
    }
}

/// The namespace of the kubeconfig or the pod, by the rule of `--namespace`: it becomes part of paths and command lines.
fn configured_namespace(found: Option<String>) -> Result<String> {
    let Some(namespace) = found.filter(|namespace| !namespace.is_empty()) else { return Ok(DEFAULT_NAMESPACE.to_owned()) };
    value::namespace(&namespace).map_err(Error::ConfiguredNamespace)
}

/// A question before something is removed: on a terminal it is asked, elsewhere `off_terminal` decides.
fn confirm(ui: &Ui, yes: bool, list: &[String], question: &str, off_terminal: Result<()>) -> Result<bool> {
    if yes {
        return Ok(true);
    }
    if !ui.is_interactive() {
        return off_terminal.map(|()| true);
    }
    list.iter().for_each(|line| ui.note(&format!("  {line}")));
    ui.confirm(question)
}

/// The first of several errors, after the others have been told.
fn first_of(errors: Vec<crate::error::ClusterError>, ui: &Ui) -> Result<()> {
    let mut errors = errors.into_iter();
    let Some(first) = errors.next() else { return Ok(()) };
    for error in errors {
        ui.error(&Error::Cluster(error));
    }
    Err(first.into())
}
