//! Waits for a whole fleet on one list+watch of machines and one of instances, however many there are.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use crate::{
    error::{ClusterError, WaitedFor},
    plan::{Object, Plan, metadata},
    status::{self, Cause, Diagnosis, PrintableStatus, Verdict, VmStatus},
};

use super::{Cluster, Event, Kind, Listener, Pending, Survey, Wait, Warning, event::Notice, mirror::FleetMirror};

/// How often the whole fleet is looked over; events come faster, and each look costs.
const GLANCE: Duration = Duration::from_millis(300);
/// How often laggards are looked at more closely.
const INQUIRY: Duration = Duration::from_secs(10);
/// After the deadline, this long for what is so now.
const LAST_WORD: Duration = Duration::from_secs(10);
/// A machine without a reason of its own is looked at more closely after this.
const HANGING: Duration = Duration::from_secs(15);

/// What is waited for.
#[derive(Debug, Clone, Copy)]
pub struct WaitOptions<'a> {
    /// QEMU is enough.
    pub running: bool,
    /// Machines that were restarted: their old instance does not count.
    pub restarted: &'a [String],
}

/// How the wait ended.
#[derive(Debug, Default)]
pub struct Awaited {
    /// The VMs of the plan that exist.
    pub rows: Vec<VmStatus>,
    /// Those that are not as wanted.
    pub missing: Vec<Laggard>,
    /// Whether the time was over.
    pub timed_out: bool,
}

/// A VM that is not as wanted, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Laggard {
    /// The VM.
    pub name: String,
    /// KubeVirt's word for its state.
    pub printable: PrintableStatus,
    /// Why.
    pub cause: Cause,
}

impl std::fmt::Display for Laggard {
    /// `Running: waiting for the guest to report`.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.cause.to_string() {
            reason if reason.is_empty() => write!(formatter, "{}", self.printable),
            reason => write!(formatter, "{}: {reason}", self.printable),
        }
    }
}

/// What is known of the machines while they are waited for.
struct Watch<'a> {
    plan: &'a Plan,
    options: WaitOptions<'a>,
    fleet: FleetMirror<'a>,
    /// Since when a machine has its kind of trouble. KubeVirt's word for it may alternate, as ErrImagePull and ImagePullBackOff do.
    since: BTreeMap<String, (Cause, Instant)>,
    /// Reasons from guests, pods and events.
    found: BTreeMap<String, Diagnosis>,
}

impl Cluster {
    /// Waits until every machine of the plan is as asked, or finally is not, or the time is over.
    ///
    /// # Errors
    /// When the fleet cannot be watched.
    pub async fn wait(&self, plan: &Plan, survey: &Survey, options: WaitOptions<'_>, tell: Listener<'_>) -> Result<Awaited, ClusterError> {
        // What has been pruned meanwhile took its time.
        let all_ready =
            survey.surplus.is_empty() && survey.rows.len() == plan.demand.machines as usize && survey.rows.iter().all(|row| row.ready);
        if survey.is_settled() && all_ready && options.restarted.is_empty() {
            return Ok(Awaited { rows: survey.rows.clone(), ..Awaited::default() });
        }
        let mut watch = Watch { plan, options, fleet: self.fleet_of(plan), since: BTreeMap::new(), found: BTreeMap::new() };
        let mut inquiry = Instant::now() + INQUIRY;
        let mut lost = false;
        loop {
            watch.fleet.listen(GLANCE).await?;
            if watch.fleet.lost().is_some() != lost {
                lost = !lost;
                tell(match watch.fleet.lost() {
                    Some(why) => Event::Warning(Warning::Disconnected(why.to_owned())),
                    None => Event::Notice(Notice::Reconnected),
                });
            }
            if !watch.fleet.is_synced() {
                if self.overdue() {
                    return Err(ClusterError::Timeout { after: self.elapsed(), waited_for: WaitedFor::VmList });
                }
                continue;
            }
            let (missing, is_final) = watch.look();
            let total = plan.demand.machines as usize;
            let (done, elapsed) = (total - missing.len(), self.elapsed());
            let goal = if options.running { Wait::Running } else { Wait::Ready };
            tell(Event::Waiting { goal, done, total, elapsed, pending: missing.iter().cloned().map(Pending::Vm).collect() });
            if missing.is_empty() {
                tell(Event::Waited);
                return Ok(Awaited { rows: watch.rows(), ..Awaited::default() });
            }
            if is_final || self.overdue() {
                tell(Event::Waited);
                return Ok(self.last_word(watch, !is_final).await);
            }
            if Instant::now() >= inquiry {
                watch.found = self.inquire(&watch, HANGING).await;
                inquiry = Instant::now() + INQUIRY;
            }
        }
    }

    /// The last word on each machine: what the watch has told may be old, and laggards are asked, however short they were looked at.
    async fn last_word(&self, mut watch: Watch<'_>, timed_out: bool) -> Awaited {
        // Where it cannot be listed any more, what was told last must do.
        drop(tokio::time::timeout(LAST_WORD, watch.fleet.list_all()).await);
        watch.found = self.inquire(&watch, Duration::ZERO).await;
        let (missing, _) = watch.look();
        Awaited { rows: watch.rows(), missing, timed_out }
    }

    /// Asks around why laggards lag; about those that give no reason only when they have shown the same for `hanging`.
    async fn inquire(&self, watch: &Watch<'_>, hanging: Duration) -> BTreeMap<String, Diagnosis> {
        let hangs = |row: &VmStatus| watch.since.get(&row.name).is_some_and(|(_, since)| since.elapsed() >= hanging);
        let late = |row: &VmStatus| row.needs_diagnosis() && (row.cause != Some(Cause::Unknown) || hangs(row));
        let late: Vec<_> = watch.rows().into_iter().filter(late).collect();
        self.reasons(&watch.plan.namespace, &late).await
    }
}

impl Watch<'_> {
    /// The machines of the plan, those that are not there left out.
    fn rows(&self) -> Vec<VmStatus> {
        self.plan.machines().filter_map(|machine| self.row(machine)).collect()
    }

    fn row(&self, machine: &Object) -> Option<VmStatus> {
        let get = |kind| self.fleet.get(kind, &self.plan.namespace, &machine.name);
        Some(status::status(get(Kind::Machine)?, get(Kind::Instance)))
    }

    /// Whether a machine is as asked.
    fn is_done(&self, machine: &Object, row: &VmStatus) -> bool {
        let instance = self.fleet.get(Kind::Instance, &self.plan.namespace, &row.name);
        let boots = |hash| instance.is_some_and(|instance| instance.metadata.mark(metadata::BOOT_HASH) == Some(hash));
        let restarted = !self.options.restarted.contains(&row.name) || boots(&machine.boot_hash);
        // The machine's word may come a moment after its instance's: what is printed then must not say less.
        let running = || status::is_running(instance) && row.printable != PrintableStatus::Starting;
        restarted && if self.options.running { running() } else { row.ready }
    }

    /// Who is missing and why, and whether waiting on makes no sense.
    fn look(&mut self) -> (Vec<Laggard>, bool) {
        let (mut missing, mut is_final) = (Vec::new(), true);
        let mut seen = BTreeSet::new();
        for machine in self.plan.machines() {
            let name = machine.name.clone();
            let row = self.row(machine);
            let (mut cause, printable) = match row {
                Some(row) if self.is_done(machine, &row) => continue,
                // Ready, and not restarted yet.
                Some(row) => (row.cause.unwrap_or(Cause::Unknown), row.printable),
                // Deleted while we wait: nobody makes it again.
                None => (Cause::Deleted, PrintableStatus::Deleted),
            };
            let since = self.since.entry(name.clone()).or_insert_with(|| (cause.clone(), Instant::now()));
            if !since.0.is_like(&cause) {
                *since = (cause.clone(), Instant::now());
            }
            is_final &= matches!(cause.verdict(), Verdict::FailedAfter(duration) if since.1.elapsed() >= duration);
            if let Some(found) = self.found.get(&name).filter(|_| cause.needs_diagnosis()) {
                cause = Cause::Diagnosed(found.clone());
            }
            seen.insert(name.clone());
            missing.push(Laggard { name, printable, cause });
        }
        self.since.retain(|name, _| seen.contains(name));
        (missing, is_final)
    }
}
