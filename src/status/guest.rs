//! Why a VM that runs is not ready: what its guest, its console and the readiness probe say.

use k8s_openapi::jiff::{SignedDuration, Timestamp};

use super::{
    Answer, Cause, Evidence, Reason,
    rules::{forbidden, is_false, is_running},
    words::{seconds, tail},
};

/// The time after which a guest without a report is more than slow.
const GUEST_PATIENCE: SignedDuration = SignedDuration::from_mins(5);

/// A VM that runs and is not ready: the guest, else its console, else the readiness probe.
pub(super) fn guest(e: &Evidence<'_>) -> Option<Reason> {
    let vmi = e.vmi.filter(|vmi| is_running(vmi))?;
    let Some(look) = e.look else { return Some(Reason::new(Cause::GuestBooting, "")) };
    if let Some(most) = look.skipped {
        return Some(Reason::new(Cause::NotChecked, most.to_string()));
    }
    let console = &look.console;
    let last = console.last.as_deref();
    let reason = match &look.answer {
        Answer::Working => Reason::new(Cause::WaitingForProbe, ""),
        Answer::Says(line) => Reason::new(Cause::GuestNotReady, line.clone()),
        Answer::Forbidden if console.forbidden => Reason::new(Cause::Forbidden, "reading pods/proxy and pods/log"),
        Answer::Forbidden if last == Some(WORKING) => Reason::new(Cause::WaitingForProbe, "last console message: working"),
        Answer::Forbidden => match last {
            Some(line) => Reason::new(Cause::GuestNotReady, line),
            None => Reason::new(Cause::Forbidden, "reading pods/proxy"),
        },
        Answer::NotAsked if !look.denied.is_empty() => forbidden(&look.denied),
        Answer::NotAsked => Reason::new(Cause::GuestBooting, ""),
        _ if console.rebooted => Reason::new(Cause::GuestRebooting, ""),
        _ if e.was_ready() || last == Some(WORKING) => Reason::new(Cause::GuestSilent, last.unwrap_or_default()).since(went_silent(e)),
        _ => match last {
            Some(line) => Reason::new(Cause::GuestNotReady, line),
            None => without_report(e, vmi.status.running_since),
        },
    };
    let since = || is_false(vmi, "Ready").and_then(|ready| ready.last_transition_time);
    Some(Reason { since: reason.since.or_else(since), ..reason })
}

/// The guest's report when its workload runs. Part of the contract with guests.
const WORKING: &str = "working";

fn went_silent(e: &Evidence<'_>) -> Option<Timestamp> {
    e.pod()?.condition("Ready")?.last_transition_time
}

/// A guest that has not reported since it runs.
fn without_report(e: &Evidence<'_>, running: Option<Timestamp>) -> Reason {
    let silent = running.map(|running| e.now.duration_since(running)).filter(|silent| *silent >= GUEST_PATIENCE);
    let Some(silent) = silent else { return Reason::new(Cause::GuestBooting, "") };
    let mut detail = format!("the guest has not reported for {}", seconds(silent.as_secs()));
    let error = e.look.and_then(|look| look.console.error.as_deref());
    if let Some(line) = error {
        detail.push_str(&format!("; last error on its console: {line}"));
    }
    let pod = e.pod().map_or("", |pod| pod.metadata.uid.as_str());
    if let Some(probe) = e.events(pod).into_iter().find(|event| event.reason == "Unhealthy") {
        detail.push_str(&format!("; its readiness probe: {}", tail(&probe.message)));
    }
    Reason::new(if error.is_some() { Cause::GuestSetupFailed } else { Cause::GuestBooting }, detail).since(running)
}
