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
            Behavior::Hangs => Err("working".to_owned()),
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
        match container {
            "guest-console-log" => Some(format!("[    0.000000] Linux version\r\nVIRTWORK {workload}: {last}\r\n")),
            "compute" => Some(String::new()),
            _ => None,
        }
    }

    fn proxy(&self, pod: &Value, port: &str, path: &str) -> Option<(u16, String)> {
        let machine = machine_of(Kind::Pod, pod);
        if self.behavior(&machine.1) == Behavior::Hangs {
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
