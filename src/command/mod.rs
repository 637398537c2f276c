//! One file per command. Commands connect the other modules and print nothing themselves.

mod completion;
mod config;
mod diff;
mod down;
mod parse;
mod ssh;
mod status;
mod up;
mod version;
mod workloads;

use std::iter;

use clap::{ArgMatches, CommandFactory as _};

use crate::{
    cli::{Cli, Command, ConfigAction, ConfigCommand, EXAMPLES},
    cluster::Target,
    config::{Config, Environment, value},
    error::{Error, Result},
    event::Question,
    ui::{Style, Ui},
};

pub(crate) use parse::usage_error;

/// The namespace if nothing names one.
const DEFAULT_NAMESPACE: &str = "virtwork";

/// The input of every command.
pub(crate) struct Context<'a> {
    /// Settings and catalog.
    pub config: &'a Config,
    /// The process environment.
    pub environment: &'a Environment,
    /// The way to the terminal.
    pub ui: &'a Ui,
}

/// Runs a command.
///
/// # Errors
/// Why it failed.
pub(crate) async fn run(cli: Cli, matches: &ArgMatches, environment: &Environment, ui: &Ui) -> Result<()> {
    let Some(command) = cli.command else {
        ui.print(command_line(ui.program()).render_help().to_string()).await;
        return Ok(());
    };
    match &command {
        Command::Completion(arguments) => {
            completion::run(arguments, ui).await;
            return Ok(());
        }
        Command::Version(arguments) if arguments.client => return version::print(arguments, None, ui).await,
        Command::Config(ConfigCommand { action: ConfigAction::Init }) => {
            ui.print(config::template()).await;
            return Ok(());
        }
        _ => {}
    }
    let deepest = iter::successors(Some(matches), |matches| matches.subcommand().map(|(_, inner)| inner)).last().unwrap_or(matches);
    let positional = match &command {
        Command::Up(up) => up.names.as_slice(),
        Command::Diff(diff) => diff.names.as_slice(),
        Command::Down(down) => down.names.as_slice(),
        _ => &[],
    };
    let config = Config::resolve(deepest, positional, environment.clone())?;
    let common = &config.settings.common;
    // With -o the result is in that format; lines about single objects would not be.
    let object_lines = !matches!(&command, Command::Up(up) if up.output.is_some());
    ui.configure(Style { color: common.color, object_lines }, if common.verbose { common.v.max(4) } else { common.v });
    let context = Context { config: &config, environment, ui };
    match command {
        Command::Up(arguments) => up::run(&arguments, &context).await,
        Command::Diff(_) => diff::run(&context).await,
        Command::Down(arguments) => down::run(&arguments, &context).await,
        Command::Status(arguments) => status::run(&arguments, &context).await,
        Command::Ssh(arguments) => ssh::run(&arguments, &context).await,
        Command::Workloads(arguments) => workloads::run(&arguments, &context).await,
        Command::Version(arguments) => version::run(&arguments, &context).await,
        Command::Config(_) => config::view(&context).await,
        Command::Completion(_) => Ok(()),
    }
}

/// The command line, with the name of the program as the user typed it.
pub(crate) fn command_line(program: &str) -> clap::Command {
    let examples = |command: clap::Command| match EXAMPLES.iter().find(|(name, _)| *name == command.get_name()) {
        Some((_, examples)) => {
            let lines = examples.iter().map(|(purpose, arguments)| format!("\n  # {purpose}\n  {program} {arguments}"));
            command.after_help(format!("Examples:{}", lines.collect::<String>()))
        }
        None => command,
    };
    Cli::command().name("kubectl-virtwork").bin_name(program).mut_subcommands(examples)
}

impl Context<'_> {
    /// Connects to the cluster; if `limited`, with the time limit of `--timeout`.
    async fn connect(&self, limited: bool) -> Result<Target> {
        let limit = if limited { self.config.settings.wait_limit.timeout.limit() } else { None };
        Ok(Target::connect(&self.config.settings.connection, self.environment, limit).await?)
    }

    /// The same, with the namespace of flag, environment or file, else of the context, else of the pod, else `virtwork`.
    async fn target(&self, limited: bool) -> Result<Target> {
        let target = self.connect(limited).await?;
        let namespace = match self.config.namespace() {
            Some(namespace) => namespace.to_owned(),
            None => configured_namespace(target.access().namespace.clone())?,
        };
        Ok(target.in_namespace(namespace))
    }

    /// The namespace if no cluster needs to be configured.
    fn namespace_offline(&self) -> Result<String> {
        if let Some(namespace) = self.config.namespace() {
            return Ok(namespace.to_owned());
        }
        configured_namespace(crate::kubeconfig::namespace(&self.config.settings.connection, self.environment)?)
    }
}

/// Validates the namespace of the kubeconfig or the pod like that of `--namespace`: it becomes part of paths and command lines.
fn configured_namespace(found: Option<String>) -> Result<String> {
    let Some(namespace) = found.filter(|namespace| !namespace.is_empty()) else { return Ok(DEFAULT_NAMESPACE.to_owned()) };
    value::namespace(&namespace).map_err(Error::ConfiguredNamespace)
}

/// A result as YAML.
fn yaml(value: &impl serde::Serialize) -> Result<String> {
    crate::yaml::to_string(value).map_err(|error| Error::Format(error.into()))
}

/// Asks before something is deleted. Without a terminal `off_terminal` decides.
async fn confirm(ui: &Ui, yes: bool, question: Question, off_terminal: Result<()>) -> Result<bool> {
    if yes {
        return Ok(true);
    }
    if !ui.is_interactive() {
        return off_terminal.map(|()| true);
    }
    ui.confirm(question).await
}

/// The first of several errors; the others are shown.
async fn first_of(errors: Vec<crate::error::ClusterError>, ui: &Ui) -> Result<()> {
    let mut errors = errors.into_iter();
    let Some(first) = errors.next() else { return Ok(()) };
    for error in errors {
        ui.error(Error::Cluster(error)).await;
    }
    Err(first.into())
}
