//! What `-v` says, on stderr.

use tracing_subscriber::{
    filter::{LevelFilter, Targets},
    layer::SubscriberExt as _,
    util::SubscriberInitExt as _,
};

/// From 4 on retries and decisions, from 6 on every request. Never a header or body: they hold secrets. Only our own words: what
/// the libraries say is for their authors.
pub fn begin(level: u32, coloured: bool) {
    let level = match level {
        0..=3 => return,
        4..=5 => LevelFilter::INFO,
        _ => LevelFilter::DEBUG,
    };
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_target(false).with_ansi(coloured);
    let ours = Targets::new().with_target(env!("CARGO_PKG_NAME"), level);
    tracing_subscriber::registry().with(lines).with(ours).init();
}
