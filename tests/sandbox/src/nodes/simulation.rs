//! Simulated VMs: their timing, and failures on demand.

use std::{
    collections::BTreeMap,
    io,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use serde_json::Value;

use super::{Birth, Guests, Seen};
use crate::{
    api::Kubelet,
    informer::{Kind, Name, machine_of},
};

/// How a VM behaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Behavior {
    /// It starts and its workload runs.
    Works,
    /// Its image cannot be pulled, with the kubelet's message.
    PullFails(String),
    /// It fails at every start.
    Crashes,
    /// No node is suitable, with the scheduler's message.
    Unschedulable(String),
    /// Its data volume fails, with CDI's message.
    VolumeFails(String),
    /// Its data volume stays pending, with CDI's message.
    VolumePends(String),
    /// It runs, but its workload does not, with the guest's reason.
    Sick(String),
    /// It was working, and does not respond any more.
    Hangs,
    /// It was working, and boots again.
    Reboots,
    /// Its setup fails, with this line on its console, so that it never reports.
    SetupFails(String),
    /// A container of its pod waits.
    Waits { container: &'static str, reason: &'static str, message: String },
    /// Its image cannot be pulled, and the Secret for that does not exist.
    PullSecretMissing(String),
    /// Its pod is not set up any further; a warning event has the reason and the message.
    Warned(&'static str, String),
    /// kubelet refuses or ends its pod, with reason and message.
    PodFails(&'static str, String),
    /// Its launcher ends with this exit code and termination message.
    LauncherFails(i64, String),
    /// virt-handler cannot start its domain, with the message.
    SyncFails(String),
    /// The kubelet of its node is silent.
    NodeSilent,
    /// Its node is being drained, and there is no other, with the scheduler's message.
    Drained(String),
    /// Its node is under pressure: kubelet evicts its pod, with this message, and no node takes the next one.
    Evicted(String),
    /// Its PVC is not provisioned; an event has type, reason and message.
    ClaimWaits(&'static str, &'static str, String),
}

/// All simulated VMs.
#[derive(Debug)]
pub struct Simulation {
    /// The time from Running until the workload runs.
    boot: Duration,
    rules: Mutex<Vec<(String, Behavior)>>,
    begun: Mutex<BTreeMap<Name, Instant>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Simulation {
    pub fn new(boot: Duration) -> Self {
        Self { boot, rules: Mutex::default(), begun: Mutex::default() }
    }

    /// Sets the behavior of VMs whose name has this ending; the latest rule wins.
    pub fn set(&self, ending: &str, behavior: Behavior) {
        lock(&self.rules).insert(0, (ending.to_owned(), behavior));
    }

    fn behavior(&self, machine: &str) -> Behavior {
        let rules = lock(&self.rules);
        rules.iter().find(|(ending, _)| machine.ends_with(ending.as_str())).map_or(Behavior::Works, |(_, behavior)| behavior.clone())
    }

    /// The response of the guest's health endpoint: the workload runs, or why not.
    ///
    /// # Errors
    /// The reason.
    pub fn guest(&self, machine: &Name) -> Result<Duration, String> {
        let up = lock(&self.begun).get(machine).map(Instant::elapsed).ok_or_else(|| "the guest does not run".to_owned())?;
        match self.behavior(&machine.1) {
            Behavior::Sick(reason) => Err(reason),
            // Its last response.
            Behavior::Hangs | Behavior::Reboots => Err("working".to_owned()),
            Behavior::SetupFails(_) => Err("the guest has not reported".to_owned()),
            Behavior::NodeSilent => Ok(up),
            _ if up < self.boot => Err("installing its tools".to_owned()),
            _ => Ok(up.saturating_sub(self.boot)),
        }
    }
}

impl Guests for Simulation {
    fn boots(&self) -> bool {
        false
    }

    fn seen(&self, machine: &Name) -> Seen {
        Seen { behavior: self.behavior(&machine.1), running: true, ready: self.guest(machine).is_ok(), crashed: false }
    }

    fn begin(&self, machine: &Name, _: &Birth<'_>) -> io::Result<()> {
        lock(&self.begun).insert(machine.clone(), Instant::now());
        Ok(())
    }

    fn end(&self, machine: &Name, _: Duration) -> bool {
        lock(&self.begun).remove(machine);
        true
    }

    /// An address of the documentation range, always the same for a VM.
    fn address(&self, machine: &Name) -> String {
        let sum = machine.1.bytes().fold(7_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)));
        format!("198.51.100.{}", sum % 254 + 1)
    }
}

impl Kubelet for Simulation {
    fn log(&self, pod: &Value, container: &str) -> Option<String> {
        let workload = pod["metadata"]["labels"]["app.kubernetes.io/component"].as_str().unwrap_or("guest");
        let last = self.guest(&machine_of(Kind::Pod, pod)).map_or_else(|reason| reason, |_| "working".to_owned());
        let boot = "[    0.000000] Linux version 6.1\r\n";
        match (container, self.behavior(&machine_of(Kind::Pod, pod).1)) {
            ("guest-console-log", Behavior::SetupFails(line)) => Some(format!("{boot}{line}\r\n")),
            ("guest-console-log", Behavior::Reboots) => Some(format!("{boot}VIRTWORK {workload}: {last}\r\n{boot}")),
            ("guest-console-log", _) => Some(format!("{boot}VIRTWORK {workload}: {last}\r\n")),
            ("compute", _) => Some(String::new()),
            _ => None,
        }
    }

    fn proxy(&self, pod: &Value, port: &str, path: &str) -> Option<(u16, String)> {
        let machine = machine_of(Kind::Pod, pod);
        if matches!(self.behavior(&machine.1), Behavior::Hangs | Behavior::Reboots | Behavior::SetupFails(_)) {
            return None;
        }
        let health = self.guest(&machine);
        match (port, path) {
            ("8099", "" | "/") => Some(match health {
                Ok(_) => (200, "working\n".to_owned()),
                Err(reason) => (503, format!("{reason}\n")),
            }),
            ("8099", "/metrics") => {
                let seconds = health.unwrap_or_default().as_secs_f64();
                Some((200, format!("# TYPE virtwork_cpu_seconds_total counter\nvirtwork_cpu_seconds_total {seconds:.3}\n")))
            }
            _ => None,
        }
    }
}
