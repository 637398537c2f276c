//! Parse, dispatch, print the error, exit code.

#![deny(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr)]

use std::{
    io::{self, Write as _},
    path::Path,
    process::ExitCode,
};

use clap::{
    FromArgMatches as _,
    error::{ContextKind, ErrorKind},
};
use virtwork::{
    cli::{Cli, Command},
    command,
    config::Environment,
    error::{ConfigError, Error, Interrupted, Result},
    ui::Ui,
};

/// What kubectl and oc run when TAB is pressed is called `kubectl_complete-virtwork`, `oc_complete-virtwork`
/// (`k8s.io/kubectl/pkg/cmd/plugin/plugin_completion.go`).
const COMPLETER: &str = "_complete-";
/// cobra's ShellCompDirectiveNoFileComp: offer nothing, file names included.
const NO_COMPLETION: &[u8] = b":4\n";

fn main() -> ExitCode {
    // The words behind it are a half-typed command line, which must not run.
    if own_name().contains(COMPLETER) {
        let _ = io::stdout().write_all(NO_COMPLETION);
        return ExitCode::SUCCESS;
    }
    let environment = Environment { variables: std::env::vars_os().filter_map(text).collect() };
    let program = program(&environment);
    let matches = command::command_line(&program).try_get_matches();
    let parsed = matches.and_then(|matches| Ok((Cli::from_arg_matches(&matches)?, matches)));
    let (cli, matches) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => {
            if error.kind() == ErrorKind::ValueValidation {
                Ui::new(&program).error(&wrong_value(&error));
            } else {
                let _ = error.print();
            }
            let asked = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
            return if asked { ExitCode::SUCCESS } else { ExitCode::FAILURE };
        }
    };
    let ui = Ui::new(&program);
    let result = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Error::Start);
    let result = result.and_then(|runtime| {
        let result = runtime.block_on(run_until_signal(cli, &matches, &environment, &ui));
        // A prompt that nobody answered is not waited for.
        runtime.shutdown_background();
        result
    });
    ui.clear();
    let code = match result.and_then(|()| ui.finish()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            ui.error(&error);
            ExitCode::from(error.exit_code())
        }
    };
    // A prompt that was left may have touched the terminal once more.
    ui.clear();
    code
}

/// A wrong value in the words of every other source, and without repeating it: it may be a secret.
fn wrong_value(error: &clap::Error) -> Error {
    let argument = error.get(ContextKind::InvalidArg).map(ToString::to_string).unwrap_or_default();
    let flag = argument.split([' ', '[', '=']).next().unwrap_or_default();
    ConfigError::new(flag, virtwork::config::reason(error)).into()
}

async fn run_until_signal(cli: Cli, matches: &clap::ArgMatches, environment: &Environment, ui: &Ui) -> Result<()> {
    let again = match cli.command {
        // It hands signals on to what it has started, and ends with that.
        Some(Command::Ssh(_)) => return command::run(cli, matches, environment, ui).await,
        Some(Command::Up(_)) => Interrupted::Up,
        Some(Command::Down(_)) => Interrupted::Down,
        _ => Interrupted::Harmless,
    };
    tokio::select! {
        // The handlers are in place before anything is done.
        biased;
        () = signal() => Err(Error::Interrupted(if ui.is_prompting() { Interrupted::Harmless } else { again })),
        result = command::run(cli, matches, environment, ui) => result,
    }
}

/// Ctrl-C, or on Unix a polite request to end.
async fn signal() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}

/// What the user types for us. kubectl and oc start us by our file's name; oc also finds the one made for kubectl, and
/// then only the shell's `_` tells, which is good enough for a name.
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

fn text((name, value): (std::ffi::OsString, std::ffi::OsString)) -> Option<(String, String)> {
    Some((name.into_string().ok()?, value.into_string().ok()?))
}
