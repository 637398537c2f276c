//! Waits for a fleet with one list and watch of VMs and one of VMIs, however many there are.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use crate::{
    error::{ClusterError, WaitedFor},
    event::{Event, Events, Notice, Pending, Wait, Warning},
    object::Kind,
    plan::{Object, Plan, metadata},
    status::{self, Cause, Diagnosis, NotReady, PrintableStatus, Verdict, VmStatus},
};

use super::timing::{DIAGNOSE_INTERVAL, DISCONNECT_GRACE, FINAL_CHECK_TIMEOUT, POLL_INTERVAL, STUCK_AFTER};
use super::{Cluster, Diff, reflector::FleetReflector};

/// The state to wait for.
#[derive(Debug, Clone, Copy)]
pub struct WaitOptions<'a> {
    /// Whether a running VM is enough.
    pub running: bool,
    /// VMs that were restarted. Their old VMI does not count.
    pub restarted: &'a [String],
}

/// The end of a wait.
#[derive(Debug, Default)]
pub struct WaitOutcome {
    /// The VMs of the plan that exist.
    pub rows: Vec<VmStatus>,
    /// Those that are not as required.
    pub not_ready: Vec<NotReady>,
    /// Whether the time limit was reached.
    pub timed_out: bool,
}

/// The state of a wait.
struct Waiter<'a> {
    plan: &'a Plan,
    options: WaitOptions<'a>,
    fleet: FleetReflector<'a>,
    /// Since when each VM has this kind of cause. KubeVirt's status may alternate, for example between ErrImagePull and
    /// ImagePullBackOff.
    since: BTreeMap<String, (Cause, Instant)>,
    /// Diagnoses by VM.
    found: BTreeMap<String, Diagnosis>,
}

impl Cluster {
    /// Waits until every VM of the plan is as required, will not recover, or the time is over.
    ///
    /// # Errors
    /// When the fleet cannot be watched.
    pub async fn wait(&self, plan: &Plan, diff: &Diff, options: WaitOptions<'_>, events: &Events) -> Result<WaitOutcome, ClusterError> {
        // After a prune the list is old.
        let all_ready = diff.extraneous.is_empty() && diff.rows.len() == plan.totals.vms as usize && diff.rows.iter().all(|row| row.ready);
        if diff.is_up_to_date() && all_ready && options.restarted.is_empty() {
            return Ok(WaitOutcome { rows: diff.rows.clone(), ..WaitOutcome::default() });
        }
        let mut waiter = Waiter { plan, options, fleet: self.fleet_of(plan), since: BTreeMap::new(), found: BTreeMap::new() };
        let mut next_diagnosis = Instant::now() + DIAGNOSE_INTERVAL;
        let mut disconnected = false;
        loop {
            waiter.fleet.poll(POLL_INTERVAL).await?;
            if self.transport.disconnected(DISCONNECT_GRACE).is_some() != disconnected {
                disconnected = !disconnected;
                let event = match self.transport.disconnected(DISCONNECT_GRACE) {
                    Some(why) => Event::Warning(Warning::Disconnected(why)),
                    None => Event::Notice(Notice::Reconnected),
                };
                events.emit(event).await;
            }
            if !waiter.fleet.is_synced() {
                if self.transport.overdue() {
                    return Err(ClusterError::Timeout { after: self.elapsed(), waited_for: WaitedFor::VmList });
                }
                continue;
            }
            let (not_ready, is_terminal) = waiter.evaluate();
            let total = plan.totals.vms as usize;
            let (done, elapsed) = (total - not_ready.len(), self.elapsed());
            let goal = if options.running { Wait::Running } else { Wait::Ready };
            events.emit(Event::Waiting { goal, done, total, elapsed, pending: not_ready.iter().cloned().map(Pending::Vm).collect() }).await;
            if not_ready.is_empty() {
                events.emit(Event::Waited).await;
                return Ok(WaitOutcome { rows: waiter.rows(), ..WaitOutcome::default() });
            }
            if is_terminal || self.transport.overdue() {
                events.emit(Event::Waited).await;
                return Ok(self.final_check(waiter, !is_terminal).await);
            }
            if Instant::now() >= next_diagnosis {
                waiter.found = self.diagnose_pending(&waiter, STUCK_AFTER).await;
                next_diagnosis = Instant::now() + DIAGNOSE_INTERVAL;
            }
        }
    }

    /// Lists and diagnoses once more before the result: the watches may be stale.
    async fn final_check(&self, mut waiter: Waiter<'_>, timed_out: bool) -> WaitOutcome {
        // If the list fails, the state of the watches is used.
        drop(tokio::time::timeout(FINAL_CHECK_TIMEOUT, waiter.fleet.list_all()).await);
        waiter.found = self.diagnose_pending(&waiter, Duration::ZERO).await;
        let (not_ready, _) = waiter.evaluate();
        WaitOutcome { rows: waiter.rows(), not_ready, timed_out }
    }

    /// Diagnoses VMs that are not ready; those without any cause only after `hanging`.
    async fn diagnose_pending(&self, waiter: &Waiter<'_>, hanging: Duration) -> BTreeMap<String, Diagnosis> {
        let hangs = |row: &VmStatus| waiter.since.get(&row.name).is_some_and(|(_, since)| since.elapsed() >= hanging);
        let candidates = |row: &VmStatus| row.needs_diagnosis() && (!row.cause.as_ref().is_some_and(Cause::is_unexplained) || hangs(row));
        let candidates: Vec<_> = waiter.rows().into_iter().filter(candidates).collect();
        self.diagnose_namespace(&waiter.plan.namespace, &candidates).await
    }
}

impl Waiter<'_> {
    /// The VMs of the plan that exist.
    fn rows(&self) -> Vec<VmStatus> {
        self.plan.vms().filter_map(|vm| self.row(vm)).collect()
    }

    fn row(&self, vm: &Object) -> Option<VmStatus> {
        let get = |kind| self.fleet.get(kind, &self.plan.namespace, &vm.name);
        Some(status::status(get(Kind::Vm)?, get(Kind::Vmi)))
    }

    /// Whether a VM is as required.
    fn is_done(&self, vm: &Object, row: &VmStatus) -> bool {
        let vmi = self.fleet.get(Kind::Vmi, &self.plan.namespace, &row.name);
        let boots = |hash| vmi.is_some_and(|vmi| vmi.metadata.label_or_annotation(metadata::BOOT_HASH) == Some(hash));
        let restarted = !self.options.restarted.contains(&row.name) || boots(&vm.boot_hash);
        // The VM's status may follow its VMI's with a delay, and is what the user sees.
        let running = || status::is_running(vmi) && row.printable != PrintableStatus::Starting;
        restarted && if self.options.running { running() } else { row.ready }
    }

    /// The VMs that are not as required, and whether all of them failed for good.
    fn evaluate(&mut self) -> (Vec<NotReady>, bool) {
        let (mut not_ready, mut is_terminal) = (Vec::new(), true);
        let mut seen = BTreeSet::new();
        for vm in self.plan.vms() {
            let name = vm.name.clone();
            let row = self.row(vm);
            let (mut cause, printable) = match row {
                Some(row) if self.is_done(vm, &row) => continue,
                // Ready, but not restarted yet.
                Some(row) => (row.cause.unwrap_or(Cause::Unknown), row.printable),
                // Deleted while waiting, and not created again.
                None => (Cause::Deleted, PrintableStatus::Deleted),
            };
            let since = self.since.entry(name.clone()).or_insert_with(|| (cause.clone(), Instant::now()));
            if !since.0.is_like(&cause) {
                *since = (cause.clone(), Instant::now());
            }
            is_terminal &= matches!(cause.verdict(), Verdict::FailedAfter(duration) if since.1.elapsed() >= duration);
            if let Some(found) = self.found.get(&name).filter(|_| cause.needs_diagnosis()) {
                cause = Cause::Diagnosed(found.clone());
            }
            seen.insert(name.clone());
            not_ready.push(NotReady { name, printable, cause });
        }
        self.since.retain(|name, _| seen.contains(name));
        (not_ready, is_terminal)
    }
}
