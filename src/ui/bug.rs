//! A panic is a bug of this program. It must leave the terminal as it was, and print neither values nor a backtrace, which may contain
//! secrets.

use std::{
    io::{self, IsTerminal as _, Write as _},
    panic, process,
};

use crate::error::Error;

use super::{display::error_lines, prompt::Terminal};

/// Removes the progress bar, on whose line the cursor is.
const CLEAR_LINE: &str = "\r\x1b[K";

/// From now on a panic on any thread restores the terminal, and ends the program with one error.
pub(crate) fn end_on_panic(terminal: Terminal) {
    panic::set_hook(Box::new(move |panic| {
        terminal.restore();
        let error = Error::Bug(panic.location().map(ToString::to_string).unwrap_or_default());
        let clear = if io::stderr().is_terminal() { CLEAR_LINE } else { "" };
        // At once: the progress bar has a thread of its own.
        let _ = io::stderr().write_all(format!("{clear}{}", error_lines(&error)).as_bytes());
        process::exit(error.exit_code().into());
    }));
}

/// Panics here if a test asks for it: no input is known that makes this program panic.
pub(super) fn panic_if_tested(place: &str) {
    if cfg!(debug_assertions) && std::env::var("PANIC_IN_TEST").is_ok_and(|wanted| wanted == place) {
        panic!("as the test wants");
    }
}
