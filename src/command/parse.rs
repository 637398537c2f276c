//! Errors of clap as our own values.

use clap::{
    Command,
    error::{ContextKind, ContextValue, ErrorKind},
};

use crate::{
    config,
    error::{ConfigError, Error, UsageError},
};

/// The mistake in a command line. A value is not repeated unless it cannot be a secret.
pub fn usage_error(error: &clap::Error, root: Command, arguments: &[String]) -> Error {
    let root = config::built(root);
    let subcommand = arguments.iter().skip(1).find_map(|argument| root.find_subcommand(argument));
    let program = root.get_bin_name().unwrap_or(root.get_name());
    let command = subcommand.map_or_else(|| program.to_owned(), |inner| format!("{program} {}", inner.get_name()));
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(texts)) => texts.first().cloned().unwrap_or_default(),
        _ => String::new(),
    };
    let known = subcommand.into_iter().chain([&root]).flat_map(Command::get_arguments);
    let argument =
        config::argument(error, ContextKind::InvalidArg, known).map_or_else(|| bare(&text(ContextKind::InvalidArg)), config::typed);
    let near = |kind| Some(text(kind)).filter(|near| !near.is_empty());
    let usage = match error.kind() {
        ErrorKind::UnknownArgument if argument.starts_with('-') => {
            UsageError::UnknownFlag { flag: argument, near: near(ContextKind::SuggestedArg), command }
        }
        ErrorKind::UnknownArgument => UsageError::UnexpectedArgument { argument, command },
        ErrorKind::InvalidSubcommand => {
            let near = near(ContextKind::SuggestedSubcommand);
            UsageError::UnknownCommand { name: text(ContextKind::InvalidSubcommand), near, command }
        }
        ErrorKind::InvalidValue if text(ContextKind::InvalidValue).is_empty() => UsageError::NoValue { flag: argument, command },
        ErrorKind::NoEquals | ErrorKind::TooFewValues | ErrorKind::WrongNumberOfValues => UsageError::NoValue { flag: argument, command },
        ErrorKind::MissingRequiredArgument => UsageError::Required { argument, command },
        ErrorKind::InvalidUtf8 => UsageError::NotUtf8,
        _ => return ConfigError::new(argument, config::problem(error)).into(),
    };
    usage.into()
}

/// A required argument is in angle brackets, whatever it is in the usage.
fn bare(argument: &str) -> String {
    argument.trim_start_matches('<').trim_end_matches('>').to_owned()
}
