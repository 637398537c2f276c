//! Parse, dispatch, print the error, exit code.

#![deny(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr)]

use std::{path::Path, process::ExitCode};

use clap::{FromArgMatches as _, error::ErrorKind};
use tracing_subscriber::filter::LevelFilter;
use virtwork::{
    cli::Cli,
    command,
    config::Environment,
    error::{Error, Result},
    ui::Ui,
};

fn main() -> ExitCode {
    let environment = Environment { variables: std::env::vars_os().filter_map(text).collect() };
    let program = program(&environment);
    let matches = command::command_line(&program).try_get_matches();
    let parsed = matches.and_then(|matches| Ok((Cli::from_arg_matches(&matches)?, matches)));
    let (cli, matches) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => {
            let _ = error.print();
            let asked = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
            return if asked { ExitCode::SUCCESS } else { ExitCode::FAILURE };
        }
    };
    let ui = Ui::new(&program, cli.common.color);
    log(if cli.common.verbose { cli.common.v.max(4) } else { cli.common.v });
    let result = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| Error::Other(error.to_string()));
    let result = result.and_then(|runtime| runtime.block_on(until_interrupted(cli, &matches, &environment, &ui)));
    ui.clear();
    match result.and_then(|()| ui.finish()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            ui.error(&error);
            ExitCode::from(error.exit_code())
        }
    }
}

async fn until_interrupted(cli: Cli, matches: &clap::ArgMatches, environment: &Environment, ui: &Ui) -> Result<()> {
    let writes = matches!(cli.command, Some(virtwork::cli::Command::Up(_) | virtwork::cli::Command::Down(_)));
    tokio::select! {
        result = command::run(cli, matches, environment, ui) => result,
        () = signal() => Err(Error::Interrupted(if writes {
            format!("Interrupted: '{0} up' again finishes the fleet, '{0} down' removes all of it", ui.program())
        } else {
            String::new()
        })),
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
    let own = std::env::args_os().next().unwrap_or_default();
    let file = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let launcher = environment.get("_").map(|path| file(Path::new(path))).unwrap_or_default();
    let oc = file(Path::new(&own)).starts_with("oc-") || launcher == "oc";
    if oc { "oc virtwork" } else { "kubectl virtwork" }.to_owned()
}

fn text((name, value): (std::ffi::OsString, std::ffi::OsString)) -> Option<(String, String)> {
    Some((name.into_string().ok()?, value.into_string().ok()?))
}

/// 4: retries and decisions; 6: every request; 9: all there is. Never a header or body: they hold secrets.
fn log(level: u8) {
    let filter = match level {
        0..=3 => return,
        4..=5 => LevelFilter::INFO,
        6..=8 => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    tracing_subscriber::fmt().with_max_level(filter).with_writer(std::io::stderr).with_target(false).init();
}
