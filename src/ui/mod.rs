//! The only module that prints. One display task owns the terminal; everything else sends it [`Event`]s through a [`Ui`].
//!
//! Results go to standard output. Progress, prompts, warnings, errors and hints go to standard error.

mod bug;
mod display;
mod log;
mod progress;
mod prompt;
mod table;

use std::{
    env,
    io::{self, IsTerminal as _},
};

use tokio::{
    sync::{mpsc, oneshot, watch},
    task::JoinHandle,
};

use crate::{
    config::Color,
    error::{Error, Result},
    event::{Event, Events, Notice, Question, Warning},
    plan::Password,
};

use display::Display;

pub(crate) use bug::end_on_panic;
pub(crate) use display::print_error;
pub(crate) use prompt::Terminal;
pub(crate) use table::Table;

/// Events that may wait for the display task. A result of thousands of objects is written as it is made.
const QUEUE: usize = 64;

/// The style of the output; known once the settings are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Style {
    /// When to use color.
    pub color: Color,
    /// Whether each object that is applied gets a line.
    pub object_lines: bool,
}

impl Default for Style {
    fn default() -> Self {
        Self { color: Color::Auto, object_lines: true }
    }
}

/// The way to the display task, and what is known of the terminal.
#[derive(Debug)]
pub(crate) struct Ui {
    program: String,
    interactive: bool,
    events: Events,
    style: watch::Sender<Style>,
    /// Whether standard output still takes results.
    writable: watch::Receiver<bool>,
}

/// Starts the display task. It ends when the [`Ui`] and every clone of its [`Events`] are dropped, with the first failure to write a
/// result. `program` is what the user typed: `kubectl virtwork` or `oc virtwork`.
pub(crate) fn start(program: &str) -> (Ui, JoinHandle<Result<()>>) {
    let is_terminal = io::stderr().is_terminal();
    let has_cursor = is_terminal && !env::var("TERM").is_ok_and(|term| term == "dumb");
    let (sender, receiver) = mpsc::channel(QUEUE);
    let (style, style_seen) = watch::channel(Style::default());
    let (written, writable) = watch::channel(true);
    let display = tokio::spawn(Display::new(has_cursor, style_seen, written).run(receiver));
    let interactive = is_terminal && io::stdin().is_terminal();
    (Ui { program: program.to_owned(), interactive, events: Events::new(sender), style, writable }, display)
}

impl Ui {
    /// Applies the settings, once they are known. `verbosity` is that of `-v`.
    pub(crate) fn configure(&self, style: Style, verbosity: u32) {
        self.style.send_replace(style);
        log::begin(verbosity, display::uses_color(style.color));
    }

    /// The command that starts this program: `kubectl virtwork`.
    pub(crate) fn program(&self) -> &str {
        &self.program
    }

    /// Whether somebody can answer a question.
    pub(crate) fn is_interactive(&self) -> bool {
        self.interactive
    }

    /// Whether results can still be written.
    pub(crate) fn is_writable(&self) -> bool {
        *self.writable.borrow()
    }

    /// Where the work sends its events.
    pub(crate) fn events(&self) -> &Events {
        &self.events
    }

    /// Prints a part of the result that ends with a newline.
    pub(crate) async fn print(&self, text: impl Into<String>) {
        self.events.emit(Event::Output(text.into())).await;
    }

    /// Shows information.
    pub(crate) async fn notice(&self, notice: Notice) {
        self.events.emit(Event::Notice(notice)).await;
    }

    /// Shows information, if there is any.
    pub(crate) async fn notices(&self, notices: impl IntoIterator<Item = Notice>) {
        for notice in notices {
            self.notice(notice).await;
        }
    }

    /// Shows a warning.
    pub(crate) async fn warning(&self, warning: Warning) {
        self.events.emit(Event::Warning(warning)).await;
    }

    /// Shows an error; the command may go on.
    pub(crate) async fn error(&self, error: Error) {
        self.events.emit(Event::Error(error)).await;
    }

    /// Asks before something is deleted.
    ///
    /// # Errors
    /// When the terminal goes away, or the user interrupts.
    pub(crate) async fn confirm(&self, question: Question) -> Result<bool> {
        self.ask(|answer| Event::Confirm { question, answer }).await
    }

    /// Lets the user pick one VM; none when the user declines.
    ///
    /// # Errors
    /// When the terminal goes away, or the user interrupts.
    pub(crate) async fn pick_vm(&self, names: Vec<String>) -> Result<Option<usize>> {
        self.ask(|answer| Event::PickVm { names, answer }).await
    }

    /// Asks for the password of an account, twice.
    ///
    /// # Errors
    /// Without a terminal, or when the user interrupts.
    pub(crate) async fn ask_password(&self, user: &str) -> Result<Password> {
        if !self.interactive {
            return Err(Error::NoTerminal);
        }
        let user = user.to_owned();
        self.ask(|answer| Event::AskPassword { user, answer }).await
    }

    async fn ask<T>(&self, event: impl FnOnce(oneshot::Sender<Result<T>>) -> Event) -> Result<T> {
        let (sender, receiver) = oneshot::channel();
        self.events.emit(event(sender)).await;
        receiver.await.unwrap_or_else(|_| Err(Error::NoTerminal))
    }
}
