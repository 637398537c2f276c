//! Signals that end the program, or that it passes on.

use std::{io, process::ExitStatus};

#[cfg(unix)]
use std::{fs, io::IsTerminal as _};

use tokio::process::Child;
#[cfg(unix)]
use tokio::signal::unix::Signal;

/// Ends at SIGINT, and on Unix at SIGTERM and SIGHUP.
#[cfg(unix)]
pub(crate) async fn received() {
    use tokio::signal::unix::{SignalKind, signal};
    let mut hangup = hangup().ok().flatten();
    let mut terminate = signal(SignalKind::terminate()).ok();
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = next(terminate.as_mut()) => {}
        () = next(hangup.as_mut()) => {}
    }
}

/// A handler of SIGHUP, unless that is ignored.
#[cfg(unix)]
fn hangup() -> io::Result<Option<Signal>> {
    use tokio::signal::unix::{SignalKind, signal};
    if ignores_hangup() { Ok(None) } else { signal(SignalKind::hangup()).map(Some) }
}

/// The next signal; never, if there is no handler.
#[cfg(unix)]
async fn next(signal: Option<&mut Signal>) {
    match signal {
        Some(signal) => drop(signal.recv().await),
        None => std::future::pending().await,
    }
}

/// Whether SIGHUP is ignored, as by nohup, and must stay so. Only Linux tells; elsewhere nohup is known by taking standard output off the
/// terminal.
#[cfg(unix)]
fn ignores_hangup() -> bool {
    const HANGUP: u64 = 1;
    let status = if cfg!(target_os = "linux") { fs::read_to_string("/proc/self/status").ok() } else { None };
    let ignored = status.as_deref().and_then(|status| status.lines().find_map(|line| line.strip_prefix("SigIgn:")));
    match ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()) {
        Some(mask) => mask & HANGUP != 0,
        None => !(io::stdout().is_terminal() && io::stderr().is_terminal()),
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
    use rustix::process::{Pid, Signal as Passed, kill_process};
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hangup = hangup()?;
    let mut terminate = signal(SignalKind::terminate())?;
    let pid = child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
    loop {
        let forwarded = tokio::select! {
            status = child.wait() => return status,
            _ = interrupt.recv() => None,
            _ = terminate.recv() => Some(Passed::TERM),
            () = next(hangup.as_mut()) => Some(Passed::HUP),
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
