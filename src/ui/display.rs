//! The display task: the only code that writes to the terminal.

use std::{
    env,
    io::{self, IsTerminal as _, Write as _},
};

use owo_colors::OwoColorize as _;
use tokio::sync::{mpsc, oneshot, watch};

use crate::{
    config::Color,
    error::{Error, Interrupted, Result},
    event::{Event, Hint, Mode, Question, Warning},
    object::ObjectName,
};

use super::{
    Style, bug,
    progress::Progress,
    prompt::{self, Terminal},
};

/// The state of the display task.
pub(super) struct Display {
    /// Whether standard error is a terminal that can move its cursor.
    has_cursor: bool,
    style: watch::Receiver<Style>,
    progress: Progress,
    written: watch::Sender<bool>,
    /// The first failure to write a result. The work goes on, and the command fails at its end.
    failure: Option<io::Error>,
    /// Whether an error was shown.
    failed: bool,
    /// The terminal before a question that was open when the command ended.
    abandoned: Option<Terminal>,
}

/// Whether a color setting means color here. NO_COLOR: <https://no-color.org>.
pub(super) fn uses_color(color: Color) -> bool {
    match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => {
            let dumb = env::var("TERM").is_ok_and(|term| term == "dumb");
            io::stderr().is_terminal() && !dumb && env::var_os("NO_COLOR").is_none()
        }
    }
}

impl Display {
    /// A display that follows `style`, and clears `written` when results cannot be written.
    pub(super) fn new(has_cursor: bool, style: watch::Receiver<Style>, written: watch::Sender<bool>) -> Self {
        Self { has_cursor, style, progress: Progress::new(has_cursor), written, failure: None, failed: false, abandoned: None }
    }

    /// Shows events until all their senders are gone.
    ///
    /// # Errors
    /// [`Error::ClosedPipe`] or [`Error::Output`] when a result could not be written.
    pub(super) async fn run(mut self, mut events: mpsc::Receiver<Event>) -> Result<()> {
        while let Some(event) = events.recv().await {
            self.show(event).await;
        }
        self.progress.clear();
        if let Some(terminal) = &self.abandoned {
            // The thread of that question may have touched the terminal once more.
            terminal.restore();
        }
        match self.failure.take() {
            Some(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(Error::ClosedPipe),
            Some(error) => {
                let error = Error::Output(error);
                if !self.failed {
                    print_error(&error);
                }
                Err(error)
            }
            None => Ok(()),
        }
    }

    async fn show(&mut self, event: Event) {
        match event {
            Event::Output(text) => self.print(&text),
            Event::Applied { object, outcome, mode } => {
                if self.style.borrow().object_lines {
                    self.print(&format!("{object} {outcome}{mode}\n"));
                }
                self.progress.step();
            }
            Event::Deleted { object, namespace, gone, mode } => self.print(&deleted(&object, namespace.as_deref(), gone, mode)),
            Event::Applying { total } => self.progress.applying(total),
            Event::Waiting { goal, done, total, elapsed, pending } => self.progress.waiting(goal, (done, total), elapsed, &pending),
            Event::AppliedAll | Event::Waited => self.progress.clear(),
            Event::Notice(notice) => self.say(&notice.to_string()),
            Event::Warning(warning) => self.warn(&warning),
            Event::Hint(hint) => self.hint(&hint),
            Event::Error(error) => self.fail(error),
            Event::Confirm { question, answer } => {
                let has_cursor = self.has_cursor;
                self.list(&question);
                self.ask(answer, move || prompt::confirm(&question.to_string(), has_cursor)).await;
            }
            Event::PickVm { names, answer } => self.ask(answer, move || prompt::pick("Which VM", &names)).await,
            Event::AskPassword { user, answer } => self.ask(answer, move || prompt::password(&format!("Password for {user}"))).await,
        }
    }

    /// Asks on a thread of its own, so that a signal can end the command: then the receiver of the answer is gone.
    async fn ask<T: Send + 'static>(
        &mut self,
        mut answer: oneshot::Sender<Result<T>>,
        question: impl FnOnce() -> Result<T> + Send + 'static,
    ) {
        self.progress.clear();
        self.use_color();
        let terminal = Terminal::remember();
        let mut asked = tokio::task::spawn_blocking(|| {
            bug::panic_if_tested("question");
            question()
        });
        tokio::select! {
            result = &mut asked => {
                let result = result.unwrap_or_else(|error| Err(Error::Unanswered(io::Error::other(error))));
                if result.is_err() {
                    terminal.restore();
                    self.say("");
                }
                let _ = answer.send(result);
            }
            () = answer.closed() => {
                terminal.restore();
                self.say("");
                self.abandoned = Some(terminal);
            }
        }
    }

    /// The libraries below have one color rule each; this program has one for all.
    fn use_color(&self) {
        let color = uses_color(self.style.borrow().color);
        dialoguer::console::set_colors_enabled_stderr(color);
        dialoguer::console::set_colors_enabled(color);
    }

    fn print(&mut self, text: &str) {
        let written = self.progress.suspend(|| {
            let mut out = io::stdout().lock();
            out.write_all(text.as_bytes()).and_then(|()| out.flush())
        });
        if let Err(error) = written {
            self.failure.get_or_insert(error);
            self.written.send_replace(false);
        }
    }

    /// Writes to standard error; if that is closed, nobody reads it.
    fn say(&self, text: &str) {
        self.progress.suspend(|| {
            let _ = writeln!(io::stderr().lock(), "{text}");
        });
    }

    fn list(&self, question: &Question) {
        question.objects().iter().for_each(|object| self.say(&format!("  {object}")));
    }

    fn warn(&self, warning: &Warning) {
        let color = uses_color(self.style.borrow().color);
        let word = if color { "Warning:".yellow().bold().to_string() } else { "Warning:".to_owned() };
        self.say(&format!("{word} {warning}"));
    }

    fn hint(&self, hint: &Hint) {
        if self.has_cursor {
            self.say(&hint.to_string());
        }
    }

    fn fail(&mut self, error: Error) {
        self.progress.clear();
        self.failed = true;
        // A question was open: nothing had been changed on behalf of its answer.
        let error = if self.abandoned.is_some() && matches!(error, Error::Interrupted(_)) {
            Error::Interrupted(Interrupted::Harmless)
        } else {
            error
        };
        print_error(&error);
    }
}

/// Prints an error.
pub(crate) fn print_error(error: &Error) {
    // If standard error is closed, nobody reads it.
    let _ = io::stderr().lock().write_all(error_lines(error).as_bytes());
}

/// An error as it is printed: the one place that writes "error: " and "hint: ".
pub(super) fn error_lines(error: &Error) -> String {
    if error.is_silent() {
        return String::new();
    }
    let word = if error.stands_alone() { "" } else { "error: " };
    let hint = error.hint().map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
    format!("{word}{error}{hint}\n")
}

/// A deletion in kubectl's words.
fn deleted(object: &ObjectName, namespace: Option<&str>, gone: bool, mode: Mode) -> String {
    let from = namespace.map(|namespace| format!(" from {namespace} namespace")).unwrap_or_default();
    let verb = if gone { "deleted" } else { "is being deleted" };
    format!("{} {:?} {verb}{from}{mode}\n", object.kind.qualified_name(), object.name)
}
