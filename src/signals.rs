//! Signals that end the program, or that it passes on.

use std::{io, process::ExitStatus};

#[cfg(unix)]
use std::io::IsTerminal as _;

use tokio::process::Child;

/// Ends at SIGINT, and on Unix at SIGTERM and SIGHUP.
#[cfg(unix)]
pub(crate) async fn received() {
    use tokio::signal::unix::{Signal, SignalKind, signal};
    async fn next(signal: Option<&mut Signal>) {
        match signal {
            Some(signal) => drop(signal.recv().await),
            None => std::future::pending().await,
        }
    }
    // nohup ignores SIGHUP, and takes standard output off the terminal. There it stays ignored.
    let is_in_terminal = io::stdout().is_terminal() && io::stderr().is_terminal();
    let mut hangup = is_in_terminal.then(|| signal(SignalKind::hangup()).ok()).flatten();
    let mut terminate = signal(SignalKind::terminate()).ok();
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = next(terminate.as_mut()) => {}
        () = next(hangup.as_mut()) => {}
    }
}

/// Ends at Ctrl-C.
#[cfg(not(unix))]
pub(crate) async fn received() {
    let _ = tokio::signal::ctrl_c().await;
}

/// Waits for a child. Ctrl-C on the terminal reaches it directly, and it decides what to do. A signal to this process alone is
/// forwarded.
///
/// # Errors
/// When the child cannot be waited for.
#[cfg(unix)]
pub(crate) async fn forward(child: &mut Child) -> io::Result<ExitStatus> {
    use rustix::process::{Pid, Signal, kill_process};
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let (mut terminate, mut hangup) = (signal(SignalKind::terminate())?, signal(SignalKind::hangup())?);
    let pid = child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
    loop {
        let forwarded = tokio::select! {
            status = child.wait() => return status,
            _ = interrupt.recv() => None,
            _ = terminate.recv() => Some(Signal::TERM),
            _ = hangup.recv() => Some(Signal::HUP),
        };
        if let (Some(pid), Some(signal)) = (pid, forwarded) {
            // It may just have ended.
            let _ = kill_process(pid, signal);
        }
    }
}

/// Waits for a child.
///
/// # Errors
/// When the child cannot be waited for.
#[cfg(not(unix))]
pub(crate) async fn forward(child: &mut Child) -> io::Result<ExitStatus> {
    child.wait().await
}
