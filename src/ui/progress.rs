//! Progress on standard error: a bar on a terminal, plain lines elsewhere.

use std::{
    io::{self, Write as _},
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressStyle};

use crate::{
    error::go_duration,
    event::{Pending, Wait},
};

use super::bug;

/// The shortest time between two plain lines.
const LINE_INTERVAL: Duration = Duration::from_secs(10);
/// The most objects that are named.
const MAX_SHOWN: usize = 3;
/// Time between two pictures of the spinner.
const TICK: Duration = Duration::from_millis(120);

/// The bar, or the last plain line.
pub(super) struct Progress {
    has_cursor: bool,
    bar: Option<ProgressBar>,
    last: Option<(Instant, usize)>,
}

impl Progress {
    /// With bars if `has_cursor`.
    pub(super) fn new(has_cursor: bool) -> Self {
        Self { has_cursor, bar: None, last: None }
    }

    /// Runs `write` while no bar is drawn.
    pub(super) fn suspend<T>(&self, write: impl FnOnce() -> T) -> T {
        match &self.bar {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }

    /// Removes the bar.
    pub(super) fn clear(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
        self.last = None;
    }

    /// `total` objects are about to be applied.
    pub(super) fn applying(&mut self, total: usize) {
        if self.has_cursor {
            self.draw(total, "objects applied");
        }
    }

    /// One more object was applied.
    pub(super) fn step(&self) {
        if let Some(bar) = &self.bar {
            bar.inc(1);
        }
    }

    /// A wait goes on.
    pub(super) fn waiting(&mut self, goal: Wait, (done, total): (usize, usize), elapsed: Duration, pending: &[Pending]) {
        let shown: Vec<_> = pending.iter().take(MAX_SHOWN).map(ToString::to_string).collect();
        let more = match (total - done).saturating_sub(shown.len()) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let shown = format!("{}{more}", shown.join(", "));
        if self.has_cursor {
            let bar = self.draw(total, goal.noun(total));
            bar.set_position(done as u64);
            bug::panic_if_tested("progress");
            bar.set_message(shown);
            return;
        }
        let due = self.last.is_none_or(|(when, was)| when.elapsed() >= LINE_INTERVAL || (was != done && done == total));
        if due {
            self.last = Some((Instant::now(), done));
            let waiting = if shown.is_empty() { String::new() } else { format!("; waiting for {shown}") };
            let _ = writeln!(io::stderr().lock(), "{done} of {total} {} after {}{waiting}", goal.noun(total), go_duration(elapsed));
        }
    }

    fn draw(&mut self, total: usize, what: &str) -> &ProgressBar {
        self.bar.get_or_insert_with(|| {
            let bar = ProgressBar::new(total as u64);
            let template = format!("{{spinner}} {{pos}}/{{len}} {what} {{elapsed}} {{wide_msg:.dim}}");
            if let Ok(style) = ProgressStyle::with_template(&template) {
                bar.set_style(style);
            }
            bar.enable_steady_tick(TICK);
            bar
        })
    }
}
