//! What goes on, on stderr: bars on a terminal, else plain lines, not more than one in ten seconds.

use std::{
    io::{self, Write as _},
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressStyle};

use crate::{
    cluster::{Event, Pending, Wait},
    error::go_duration,
};

/// Off a terminal: at most one line in this time.
const PLAIN_EVERY: Duration = Duration::from_secs(10);
/// Laggards that are named on a bar, and on a plain line.
const NAMED: usize = 3;

/// The state of the display.
pub struct Display {
    fancy: bool,
    bar: Option<ProgressBar>,
    last: Option<(Instant, usize)>,
}

impl Display {
    /// With bars where `fancy`.
    pub fn new(fancy: bool) -> Self {
        Self { fancy, bar: None, last: None }
    }

    /// Runs `write` while nothing is drawn.
    pub fn suspend<T>(&self, write: impl FnOnce() -> T) -> T {
        match &self.bar {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }

    /// Removes the bar.
    pub fn clear(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
        self.last = None;
    }

    /// One more object is dealt with.
    pub fn step(&self) {
        if let Some(bar) = &self.bar {
            bar.inc(1);
        }
    }

    /// Shows what the work reports.
    pub fn take(&mut self, event: Event) {
        match event {
            Event::Applying { total } if self.fancy => {
                self.draw(total, "objects applied");
            }
            Event::Waiting { goal, done, total, elapsed, pending } => self.wait(goal, (done, total), elapsed, &pending),
            Event::AppliedAll | Event::Waited => self.clear(),
            _ => {}
        }
    }

    fn wait(&mut self, goal: Wait, (done, total): (usize, usize), elapsed: Duration, pending: &[Pending]) {
        let named: Vec<_> = pending.iter().take(NAMED).map(ToString::to_string).collect();
        let more = match pending.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let named = format!("{}{more}", named.join(", "));
        if self.fancy {
            let bar = self.draw(total, &goal.to_string());
            bar.set_position(done as u64);
            bar.set_message(named);
            return;
        }
        let due = self.last.is_none_or(|(when, was)| when.elapsed() >= PLAIN_EVERY || (was != done && done == total));
        if due {
            self.last = Some((Instant::now(), done));
            let waiting = if named.is_empty() { String::new() } else { format!("; waiting for {named}") };
            let line = format!("{done} of {total} {goal} after {}{waiting}", go_duration(elapsed));
            let _ = writeln!(io::stderr().lock(), "{line}");
        }
    }

    fn draw(&mut self, total: usize, what: &str) -> &ProgressBar {
        self.bar.get_or_insert_with(|| {
            let bar = ProgressBar::new(total as u64);
            let template = format!("{{spinner}} {{pos}}/{{len}} {what} {{elapsed}} {{wide_msg:.dim}}");
            if let Ok(style) = ProgressStyle::with_template(&template) {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        })
    }
}
