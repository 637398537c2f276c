//! Errors of clap as our own values.

use std::error::Error as _;

use clap::{
    Arg, Command,
    error::{ContextKind, ContextValue, ErrorKind},
};

use crate::error::{ConfigError, ConfigProblem, Error, UsageError, ValueError};

/// The most characters of an argument that are shown.
const MAX_SHOWN: usize = 80;

/// The mistake in a command line. A value is not repeated unless it cannot be a secret.
pub(crate) fn usage_error(error: &clap::Error, mut root: Command, arguments: &[String]) -> Error {
    // clap's arguments cannot be printed before that.
    root.build();
    // clap's own command has no help of its own.
    let subcommand =
        arguments.iter().skip(1).find_map(|argument| root.find_subcommand(argument)).filter(|found| found.get_name() != "help");
    let program = root.get_bin_name().unwrap_or(root.get_name());
    let command = subcommand.map_or_else(|| program.to_owned(), |inner| format!("{program} {}", inner.get_name()));
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(texts)) => texts.first().cloned().unwrap_or_default(),
        _ => String::new(),
    };
    let known = || subcommand.into_iter().chain([&root]).flat_map(Command::get_arguments);
    let named = |kind| known().find(|known| known.to_string() == text(kind)).map_or_else(|| bare(&text(kind)), typed);
    let argument = named(ContextKind::InvalidArg);
    let near = |kind| Some(text(kind)).filter(|near| !near.is_empty());
    let usage = match error.kind() {
        ErrorKind::UnknownArgument if argument.starts_with('-') => {
            UsageError::UnknownFlag { flag: argument, near: near(ContextKind::SuggestedArg), command }
        }
        ErrorKind::UnknownArgument => UsageError::UnexpectedArgument { argument: without_value(&argument), command },
        ErrorKind::InvalidSubcommand => {
            let near = near(ContextKind::SuggestedSubcommand);
            UsageError::UnknownCommand { name: without_value(&text(ContextKind::InvalidSubcommand)), near, command }
        }
        ErrorKind::InvalidValue if text(ContextKind::InvalidValue).is_empty() => UsageError::NoValue { flag: argument, command },
        ErrorKind::NoEquals | ErrorKind::TooFewValues | ErrorKind::WrongNumberOfValues => UsageError::NoValue { flag: argument, command },
        ErrorKind::MissingRequiredArgument => UsageError::Required { argument, command },
        ErrorKind::InvalidUtf8 => UsageError::NotUtf8,
        ErrorKind::ArgumentConflict => {
            return ConfigError::new(argument, ConfigProblem::Conflict(named(ContextKind::PriorArg))).into();
        }
        _ => return ConfigError::new(argument, problem(error)).into(),
    };
    usage.into()
}

/// The beginning of an argument, without the value of a flag, which may be a secret.
fn without_value(argument: &str) -> String {
    let name = if argument.starts_with('-') { argument.split('=').next().unwrap_or_default() } else { argument };
    name.chars().take(MAX_SHOWN).collect()
}

/// A required argument is in angle brackets, whatever it is in the usage.
fn bare(argument: &str) -> String {
    argument.trim_start_matches('<').trim_end_matches('>').to_owned()
}

/// An argument as the user types it: `--memory`, `WORKLOAD`.
fn typed(argument: &Arg) -> String {
    match (argument.get_long(), argument.get_value_names()) {
        (Some(long), _) => format!("--{long}"),
        (None, Some([name, ..])) => name.to_string(),
        _ => argument.get_id().to_string(),
    }
}

/// Why a value is invalid: the error of its own parser if there is one.
fn problem(error: &clap::Error) -> ConfigProblem {
    if let Some(problem) = error.source().and_then(|source| source.downcast_ref::<ValueError>()) {
        return problem.clone().into();
    }
    match (error.get(ContextKind::InvalidValue), error.get(ContextKind::ValidValue)) {
        (Some(ContextValue::String(text)), Some(ContextValue::Strings(valid))) => {
            ValueError::Choice { text: text.clone(), valid: valid.clone() }.into()
        }
        _ => ConfigProblem::Invalid,
    }
}
