//! Log lines of `-v`, on standard error.

use tracing_subscriber::{
    filter::{LevelFilter, Targets},
    layer::SubscriberExt as _,
    util::SubscriberInitExt as _,
};

/// Logs retries and decisions from 4 on, every request from 6 on. Headers and bodies are never logged: they contain secrets. Log
/// lines of libraries are left out.
pub(super) fn begin(level: u32, colored: bool) {
    let level = match level {
        0..=3 => return,
        4..=5 => LevelFilter::INFO,
        _ => LevelFilter::DEBUG,
    };
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_target(false).with_ansi(colored);
    let ours = Targets::new().with_target(env!("CARGO_PKG_NAME"), level);
    tracing_subscriber::registry().with(lines).with(ours).init();
}
