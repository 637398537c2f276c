//! Parses the command line, runs the command, prints its error and returns the exit code.

use std::{
    collections::BTreeMap,
    io::{self, Write as _},
    path::Path,
    process::ExitCode,
};

use crate::{
    cli::{Cli, Command},
    command,
    config::Environment,
    error::{ConfigError, ConfigProblem, Error, INTERRUPTED, Interrupted, Result},
    signals,
    ui::{self, Terminal, Ui},
};
use clap::{ArgMatches, FromArgMatches as _, error::ErrorKind};

/// kubectl and oc run a program with this in its name when TAB is pressed: `kubectl_complete-virtwork`
/// (`k8s.io/kubectl/pkg/cmd/plugin/plugin_completion.go`).
const COMPLETER: &str = "_complete-";
/// Variables that are read besides VIRTWORK_*, here or by kube, and that decide which cluster is used and how it is reached. Those of
/// proxies are also read in lower case.
const READ: [&str; 11] = [
    "ALL_PROXY",
    "HOME",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "KUBECONFIG",
    "KUBERNETES_SERVICE_HOST",
    "KUBERNETES_SERVICE_PORT",
    "NO_PROXY",
    "POD_NAMESPACE",
    "USERPROFILE",
    "XDG_CONFIG_HOME",
];
/// cobra's ShellCompDirectiveNoFileComp: offer nothing, file names included.
const NO_COMPLETION: &[u8] = b":4\n";

/// Runs the program.
pub fn main() -> ExitCode {
    // The arguments are a half-typed command line, which must not run.
    if own_name().contains(COMPLETER) {
        let _ = io::stdout().write_all(NO_COMPLETION);
        return ExitCode::SUCCESS;
    }
    let terminal = Terminal::remember();
    ui::end_on_panic(terminal.clone());
    keep_memory();
    let (environment, unreadable) = environment();
    let program = program(&environment);
    let mut command_line = command::command_line(&program);
    let matches = command_line.try_get_matches_from_mut(std::env::args_os());
    let parsed = match matches.and_then(|matches| Ok((Cli::from_arg_matches(&matches)?, matches))) {
        Ok(parsed) => Ok(parsed),
        Err(help) if matches!(help.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {
            let _ = help.print();
            return ExitCode::SUCCESS;
        }
        // clap would print it to standard error and fail; kubectl does neither.
        Err(help) if help.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            let _ = io::stdout().write_all(help.render().to_string().as_bytes());
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            let arguments: Vec<_> = std::env::args_os().map(|argument| argument.to_string_lossy().into_owned()).collect();
            Err(command::usage_error(&error, command_line, &arguments))
        }
    };
    let parsed = match (parsed, unreadable) {
        (Ok((cli, _)), Some(variable)) if cli.command.as_ref().is_some_and(Command::has_settings) => {
            Err(ConfigError::new(variable, ConfigProblem::NotUtf8).into())
        }
        (parsed, _) => parsed,
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            ui::print_error(&Error::Start(error));
            return ExitCode::FAILURE;
        }
    };
    let code = runtime.block_on(run(parsed, &environment, &program));
    // A question that nobody answered is not waited for.
    runtime.shutdown_background();
    if code == INTERRUPTED {
        // Its thread may have touched the terminal once more.
        terminal.restore();
    }
    ExitCode::from(code)
}

/// Runs the command and shows how it ended; the exit code.
async fn run(parsed: Result<(Cli, ArgMatches)>, environment: &Environment, program: &str) -> u8 {
    let (ui, display) = ui::start(program);
    let result = match parsed {
        Ok((cli, matches)) => run_until_signal(cli, &matches, environment, &ui).await,
        Err(error) => Err(error),
    };
    let code = result.as_ref().err().map_or(0, Error::exit_code);
    if let Err(error) = result {
        ui.error(error).await;
    }
    drop(ui);
    match display.await {
        Ok(Err(error)) if code == 0 => error.exit_code(),
        _ => code,
    }
}

async fn run_until_signal(cli: Cli, matches: &ArgMatches, environment: &Environment, ui: &Ui) -> Result<()> {
    let interrupted = match cli.command {
        // It passes signals on to the program that it runs, and ends with it; until then it handles them itself.
        Some(Command::Ssh(_)) => return command::run(cli, matches, environment, ui).await,
        Some(Command::Up(_)) => Interrupted::Up,
        Some(Command::Down(_)) => Interrupted::Down,
        _ => Interrupted::Harmless,
    };
    tokio::select! {
        // The signal handlers are installed before the command begins.
        biased;
        () = signals::received() => Err(Error::Interrupted(interrupted)),
        result = command::run(cli, matches, environment, ui) => result,
    }
}

/// Lets no core file and no debugger of the same user have this program's memory, in which there are tokens. Programs that it runs are
/// not concerned (prctl(2), PR_SET_DUMPABLE).
fn keep_memory() {
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    }
}

/// The command that starts this program. kubectl and oc start it by its file name. oc also finds the file made for kubectl; then only
/// the shell's variable `_` names oc, which is good enough for messages.
fn program(environment: &Environment) -> String {
    let launcher = environment.get("_").map(|path| file_name(Path::new(path))).unwrap_or_default();
    let oc = own_name().starts_with("oc-") || launcher == "oc";
    if oc { "oc virtwork" } else { "kubectl virtwork" }.to_owned()
}

/// The file name that this program was started by.
fn own_name() -> String {
    file_name(Path::new(&std::env::args_os().next().unwrap_or_default()))
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// The environment, and the first variable that this program reads and that is not UTF-8. Ignoring it could lead to another cluster.
fn environment() -> (Environment, Option<String>) {
    let (mut variables, mut unreadable) = (BTreeMap::new(), None);
    for (name, value) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        match value.into_string() {
            Ok(value) => drop(variables.insert(name, value)),
            Err(_) if name.starts_with("VIRTWORK_") || READ.contains(&name.to_uppercase().as_str()) => {
                unreadable = unreadable.or(Some(name))
            }
            Err(_) => {}
        }
    }
    (Environment { variables }, unreadable)
}
