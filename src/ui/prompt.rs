//! Questions on the terminal. They block, so the display task runs them on a thread of their own.

use std::io::{self, IsTerminal as _, Write as _};

use dialoguer::{Confirm, Password as PasswordPrompt, Select};

use crate::{
    error::{Error, Interrupted, Result},
    plan::Password,
};

/// Shows the cursor, which some questions hide.
const SHOW_CURSOR: &[u8] = b"\x1b[?25h";

/// Asks a yes-or-no question; the default is no.
pub(super) fn confirm(question: &str, has_cursor: bool) -> Result<bool> {
    if !has_cursor {
        return confirm_by_line(question).map_err(unanswered);
    }
    let answer = Confirm::new().with_prompt(question).default(false).show_default(true).interact();
    answer.map_err(|dialoguer::Error::IO(error)| unanswered(error))
}

/// The same on a terminal that cannot move its cursor.
fn confirm_by_line(question: &str) -> io::Result<bool> {
    write!(io::stderr().lock(), "{question} [y/N] ")?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    Ok(["y", "yes"].contains(&answer.trim().to_lowercase().as_str()))
}

/// Lets the user pick one of several; none when the user declines.
pub(super) fn pick(question: &str, items: &[String]) -> Result<Option<usize>> {
    let picked = Select::new().with_prompt(question).items(items).default(0).interact_opt();
    picked.map_err(|dialoguer::Error::IO(error)| unanswered(error))
}

/// Asks for a password, twice.
pub(super) fn password(prompt: &str) -> Result<Password> {
    let prompt = PasswordPrompt::new().with_prompt(prompt).with_confirmation("Again", "They differ");
    prompt.interact().map(Password::new).map_err(|dialoguer::Error::IO(error)| unanswered(error))
}

/// Ctrl-C ends the command, as everywhere else.
fn unanswered(error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::Interrupted => Error::Interrupted(Interrupted::Harmless),
        _ => Error::Unanswered(error),
    }
}

/// A terminal as it was before a question, which may hide what is typed, and the cursor.
#[derive(Clone)]
pub(crate) struct Terminal {
    #[cfg(unix)]
    before: Option<rustix::termios::Termios>,
}

impl Terminal {
    /// Remembers how the terminal is now.
    pub(crate) fn remember() -> Self {
        Self {
            #[cfg(unix)]
            before: rustix::termios::tcgetattr(io::stdin()).ok(),
        }
    }

    /// Makes it so again, with a visible cursor. In the background that would stop the program.
    pub(crate) fn restore(&self) {
        #[cfg(unix)]
        if let Some(before) = self.before.as_ref().filter(|_| is_in_foreground()) {
            let _ = rustix::termios::tcsetattr(io::stdin(), rustix::termios::OptionalActions::Now, before);
        }
        if io::stderr().is_terminal() {
            let _ = io::stderr().write_all(SHOW_CURSOR);
        }
    }
}

#[cfg(unix)]
fn is_in_foreground() -> bool {
    rustix::termios::tcgetpgrp(io::stdin()).is_ok_and(|group| group == rustix::process::getpgrp())
}
