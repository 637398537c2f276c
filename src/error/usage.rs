//! Command lines that cannot be parsed, in the words of kubectl and cobra
//! (`github.com/spf13/cobra/command.go`, `github.com/spf13/pflag/errors.go`).

/// A mistake in a command line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum UsageError {
    /// A flag that this command does not have.
    #[error("unknown flag: {flag}")]
    UnknownFlag {
        /// As typed, without its value.
        flag: String,
        /// The closest flag, if one is close.
        near: Option<String>,
        /// The command: `kubectl virtwork up`.
        command: String,
    },
    /// A command that does not exist.
    #[error("unknown command {name:?} for {command:?}")]
    UnknownCommand {
        /// As typed.
        name: String,
        /// The closest command, if one is close.
        near: Option<String>,
        /// `kubectl virtwork`.
        command: String,
    },
    /// An argument that this command does not take.
    #[error("unexpected argument {argument:?}")]
    UnexpectedArgument {
        /// As typed.
        argument: String,
        /// The command.
        command: String,
    },
    /// A flag without its value.
    #[error("flag needs an argument: {flag}")]
    NoValue {
        /// The flag.
        flag: String,
        /// The command.
        command: String,
    },
    /// A missing argument.
    #[error("{argument} is required")]
    Required {
        /// The name of the argument in the help.
        argument: String,
        /// The command.
        command: String,
    },
    /// An argument with bytes that are not UTF-8.
    #[error("the command line is not valid UTF-8")]
    NotUtf8,
}

impl UsageError {
    /// The next step.
    pub(crate) fn hint(&self) -> Option<String> {
        match self {
            Self::UnknownFlag { near: Some(near), .. } | Self::UnknownCommand { near: Some(near), .. } => {
                Some(format!("did you mean {near}?"))
            }
            Self::UnknownFlag { command, .. }
            | Self::UnknownCommand { command, .. }
            | Self::UnexpectedArgument { command, .. }
            | Self::NoValue { command, .. }
            | Self::Required { command, .. } => Some(format!("see '{command} --help'")),
            Self::NotUtf8 => None,
        }
    }
}
