//! The only module that prints. It knows terminals, colour, bars and tables; the work knows none of it.
//!
//! stdout is results only; progress, prompts, warnings and hints go to stderr.

mod log;
mod progress;
mod table;

use std::{
    env,
    io::{self, IsTerminal as _, Write as _},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use dialoguer::{Confirm, Password as PasswordPrompt, Select};
use owo_colors::OwoColorize as _;

use crate::{
    cli::Color,
    cluster::{Event, Warning},
    error::{Error, Interrupted, Result},
    plan::Password,
};

pub use table::Table;

/// Where and how to print.
pub struct Ui {
    program: String,
    coloured: AtomicBool,
    fancy: bool,
    interactive: bool,
    /// Whether a prompt is waiting, or was left: it may have hidden the cursor.
    prompting: AtomicBool,
    /// The terminal as it was before a prompt that hides what is typed.
    terminal: Mutex<Option<Terminal>>,
    formatted: AtomicBool,
    display: Mutex<progress::Display>,
    /// The first failure to write a result; the work goes on, the command fails at its end.
    broken: Mutex<Option<io::Error>>,
}

impl Ui {
    /// Looks at the terminal once. `program` is what the user typed: `kubectl virtwork` or `oc virtwork`.
    pub fn new(program: &str) -> Self {
        let terminal = io::stderr().is_terminal();
        let fancy = terminal && !env::var("TERM").is_ok_and(|term| term == "dumb");
        let ui = Self {
            program: program.to_owned(),
            coloured: AtomicBool::new(false),
            fancy,
            interactive: terminal && io::stdin().is_terminal(),
            prompting: AtomicBool::new(false),
            terminal: Mutex::default(),
            formatted: AtomicBool::new(false),
            display: Mutex::new(progress::Display::new(fancy)),
            broken: Mutex::new(None),
        };
        ui.colour(Color::Auto);
        ui
    }

    /// One rule for all that is coloured: the crates below have one each.
    fn colour(&self, color: Color) {
        let coloured = match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => self.fancy && env::var_os("NO_COLOR").is_none(),
        };
        self.coloured.store(coloured, Ordering::Relaxed);
        dialoguer::console::set_colors_enabled_stderr(coloured);
        dialoguer::console::set_colors_enabled(coloured);
    }

    /// Takes the settings in, once they are known.
    pub fn configure(&self, color: Color, verbosity: u8) {
        self.colour(color);
        log::begin(verbosity, self.coloured.load(Ordering::Relaxed));
    }

    /// What the user types for us.
    pub fn program(&self) -> &str {
        &self.program
    }

    /// Whether somebody is there to answer.
    pub fn is_interactive(&self) -> bool {
        self.interactive
    }

    /// From now on the result comes in a format of its own: lines about single objects are left out.
    pub fn expect_format(&self) {
        self.formatted.store(true, Ordering::Relaxed);
    }

    /// What was done to one object.
    pub fn done(&self, object: &str, verb: &str) {
        if !self.formatted.load(Ordering::Relaxed) {
            self.line(&format!("{object} {verb}"));
        }
    }

    /// A line of the result.
    pub fn line(&self, text: &str) {
        self.block(&format!("{text}\n"));
    }

    /// Text of the result that ends in a newline.
    pub fn block(&self, text: &str) {
        let write = || {
            let mut out = io::stdout().lock();
            out.write_all(text.as_bytes()).and_then(|()| out.flush())
        };
        let written = self.display().suspend(write);
        if let Err(error) = written {
            self.broken.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        }
    }

    /// A sentence that is no result.
    pub fn note(&self, text: &str) {
        self.say(text);
    }

    /// A hint for a person: only on a terminal.
    pub fn hint(&self, text: &str) {
        if self.fancy {
            self.say(text);
        }
    }

    /// A warning.
    pub fn warning(&self, warning: &Warning) {
        let word = if self.coloured.load(Ordering::Relaxed) { "Warning:".yellow().bold().to_string() } else { "Warning:".to_owned() };
        self.say(&format!("{word} {warning}"));
    }

    /// An error: the one place that writes "error: " and "hint: ".
    pub fn error(&self, error: &Error) {
        let text = error.to_string();
        if text.is_empty() {
            return;
        }
        let word = if error.stands_alone() { "" } else { "error: " };
        let hint = error.hint().map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
        self.say(&format!("{word}{text}{hint}"));
    }

    /// stderr may be closed; then there is nobody to tell.
    fn say(&self, text: &str) {
        self.display().suspend(|| {
            let _ = writeln!(io::stderr().lock(), "{text}");
        });
    }

    fn display(&self) -> std::sync::MutexGuard<'_, progress::Display> {
        self.display.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the work reports.
    pub fn listen(&self, event: Event) {
        match event {
            Event::Applied { object, outcome } => {
                self.done(&object, &outcome.to_string());
                self.display().step();
            }
            Event::Notice(notice) => self.note(&notice.to_string()),
            Event::Warning(warning) => self.warning(&warning),
            other => self.display().take(other),
        }
    }

    /// Whether a prompt is waiting: nothing has been changed on this step's behalf yet.
    pub fn is_prompting(&self) -> bool {
        self.prompting.load(Ordering::Relaxed)
    }

    /// Removes what is drawn, and leaves the terminal as it was, for VMI when the command is interrupted.
    pub fn clear(&self) {
        self.display().clear();
        if let Some(before) = &*self.terminal.lock().unwrap_or_else(PoisonError::into_inner) {
            before.restore();
        }
        if self.prompting.swap(false, Ordering::Relaxed) {
            let _ = io::stderr().write_all(b"\x1b[?25h\n");
        }
    }

    /// Asks a yes-or-no question, default no.
    ///
    /// # Errors
    /// When the terminal goes away.
    pub fn confirm(&self, question: &str) -> Result<bool> {
        if !self.fancy {
            return self.confirm_plainly(question).map_err(unanswered);
        }
        self.prompting.store(true, Ordering::Relaxed);
        let answer = Confirm::new().with_prompt(question).default(false).show_default(true).interact();
        self.prompting.store(answer.is_err(), Ordering::Relaxed);
        answer.map_err(|dialoguer::Error::IO(error)| unanswered(error))
    }

    /// The same on a terminal that only prints.
    fn confirm_plainly(&self, question: &str) -> io::Result<bool> {
        write!(io::stderr().lock(), "{question} [y/N] ")?;
        let mut answer = String::new();
        io::stdin().read_line(&mut answer)?;
        Ok(["y", "yes"].contains(&answer.trim().to_lowercase().as_str()))
    }

    /// Lets the user pick one of several; `None` when they do not want to.
    ///
    /// # Errors
    /// When the terminal goes away.
    pub fn pick(&self, question: &str, items: &[String]) -> Result<Option<usize>> {
        self.prompting.store(true, Ordering::Relaxed);
        let picked = Select::new().with_prompt(question).items(items).default(0).interact_opt();
        self.prompting.store(picked.is_err(), Ordering::Relaxed);
        picked.map_err(|dialoguer::Error::IO(error)| unanswered(error))
    }

    /// Asks for a password, twice.
    ///
    /// # Errors
    /// Without a terminal.
    pub async fn ask_password(&self, user: &str) -> Result<Password> {
        if !self.interactive {
            return Err(Error::NoTerminal);
        }
        let prompt = format!("Password for {user}");
        self.prompting.store(true, Ordering::Relaxed);
        *self.terminal.lock().unwrap_or_else(PoisonError::into_inner) = Some(Terminal::remember());
        // Elsewhere, so that a signal is heard meanwhile: unlike the other prompts, this one leaves Ctrl-C to the terminal.
        let asked = tokio::task::spawn_blocking(|| {
            let prompt = PasswordPrompt::new().with_prompt(prompt).with_confirmation("Again", "They differ");
            prompt.interact().map_err(|dialoguer::Error::IO(error)| unanswered(error))
        });
        let answer = asked.await.unwrap_or_else(|error| Err(Error::Unanswered(io::Error::other(error))));
        self.prompting.store(answer.is_err(), Ordering::Relaxed);
        answer.map(Password::new)
    }

    /// Whether results still reach somebody.
    pub fn is_heard(&self) -> bool {
        self.broken.lock().unwrap_or_else(PoisonError::into_inner).is_none()
    }

    /// Fails when any result could not be written.
    ///
    /// # Errors
    /// [`Error::Output`], [`Error::ClosedPipe`].
    pub fn finish(&self) -> Result<()> {
        match self.broken.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(Error::ClosedPipe),
            Some(error) => Err(Error::Output(error)),
            None => Ok(()),
        }
    }
}

/// A terminal, to be again as it was however a prompt ends.
struct Terminal {
    #[cfg(unix)]
    before: Option<rustix::termios::Termios>,
}

impl Terminal {
    #[cfg(unix)]
    fn remember() -> Self {
        Self { before: rustix::termios::tcgetattr(io::stdin()).ok() }
    }

    #[cfg(unix)]
    fn restore(&self) {
        if let Some(before) = &self.before {
            let _ = rustix::termios::tcsetattr(io::stdin(), rustix::termios::OptionalActions::Now, before);
        }
    }

    #[cfg(not(unix))]
    fn remember() -> Self {
        Self {}
    }

    #[cfg(not(unix))]
    fn restore(&self) {}
}

/// Why there is no answer: Ctrl-C ends the command as everywhere else.
fn unanswered(error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::Interrupted => Error::Interrupted(Interrupted::Harmless),
        _ => Error::Unanswered(error),
    }
}
