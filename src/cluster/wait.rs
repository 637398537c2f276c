//! Waits for a whole fleet on one list+watch of machines and one of instances, however many there are.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use crate::{
    error::ClusterError,
    plan::{Object, Plan, metadata},
    status::{self, Row, Trouble},
};

use super::{Cluster, Kind, Listener, Progress, Survey, mirror::FleetMirror};

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
    /// The machines of the plan that are there.
    pub rows: Vec<Row>,
    /// Machines that are not as asked, with the reason.
    pub missing: Vec<(String, String)>,
    /// Whether the time was over.
    pub timed_out: bool,
}

/// What is known of the machines while they are waited for.
struct Watch<'a> {
    plan: &'a Plan,
    options: WaitOptions<'a>,
    fleet: FleetMirror<'a>,
    /// Since when a machine has its kind of trouble. KubeVirt's word for it may alternate, as ErrImagePull and ImagePullBackOff do.
    since: BTreeMap<String, (Trouble, Instant)>,
    /// Reasons from guests, pods and events.
    found: BTreeMap<String, String>,
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
                    Some(why) => Progress::Warning(format!("{why}; it is asked again and again, and what is said of machines may be old")),
                    None => Progress::Note("the API server answers again".to_owned()),
                });
            }
            if !watch.fleet.is_synced() {
                if self.overdue() {
                    let what = "waiting for the list of machines".to_owned();
                    return Err(ClusterError::Timeout { after: self.elapsed(), what });
                }
                continue;
            }
            let (missing, is_final) = watch.look();
            let total = plan.demand.machines as usize;
            let (done, elapsed) = (total - missing.len(), self.elapsed());
            let what = if options.running { "machines running" } else { "machines ready" };
            tell(Progress::Waiting { what, done, total, elapsed, laggards: missing.clone() });
            if missing.is_empty() {
                tell(Progress::Waited);
                return Ok(Awaited { rows: watch.rows(), ..Awaited::default() });
            }
            if is_final || self.overdue() {
                tell(Progress::Waited);
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
    async fn inquire(&self, watch: &Watch<'_>, hanging: Duration) -> BTreeMap<String, String> {
        let hangs = |row: &Row| watch.since.get(&row.name).is_some_and(|(_, since)| since.elapsed() >= hanging);
        let late = |row: &Row| row.reason_lies_elsewhere() && (row.trouble != Trouble::Unknown || hangs(row));
        let late: Vec<_> = watch.rows().into_iter().filter(late).collect();
        self.reasons(&watch.plan.namespace, &late).await
    }
}

impl Watch<'_> {
    /// The machines of the plan, those that are not there left out.
    fn rows(&self) -> Vec<Row> {
        self.plan.machines().filter_map(|machine| self.row(machine)).collect()
    }

    fn row(&self, machine: &Object) -> Option<Row> {
        let get = |kind| self.fleet.get(kind, &self.plan.namespace, &machine.name);
        Some(status::row(get(Kind::Machine)?, get(Kind::Instance)))
    }

    /// Whether a machine is as asked.
    fn is_done(&self, machine: &Object, row: &Row) -> bool {
        let instance = self.fleet.get(Kind::Instance, &self.plan.namespace, &row.name);
        let boots = |hash| instance.is_some_and(|instance| instance.metadata.mark(metadata::BOOT_HASH) == Some(hash));
        let restarted = !self.options.restarted.contains(&row.name) || boots(&machine.boot_hash);
        // The machine's word may come a moment after its instance's: what is printed then must not say less.
        let running = || status::is_running(instance) && row.status != "Starting";
        restarted && if self.options.running { running() } else { row.ready }
    }

    /// Who is missing and why, and whether waiting on makes no sense.
    fn look(&mut self) -> (Vec<(String, String)>, bool) {
        let (mut missing, mut is_final) = (Vec::new(), true);
        let mut seen = BTreeSet::new();
        for machine in self.plan.machines() {
            let name = machine.name.clone();
            let row = self.row(machine);
            let elsewhere = row.as_ref().is_some_and(Row::reason_lies_elsewhere);
            let (trouble, mut reason, shown) = match &row {
                Some(row) if self.is_done(machine, row) => continue,
                Some(row) => (row.trouble, row.reason.clone(), row.status.clone()),
                // Deleted while we wait: nobody makes it again.
                None => (Trouble::FinalAfter(5), "the machine is gone: somebody has deleted it".to_owned(), "Gone".to_owned()),
            };
            let since = self.since.entry(name.clone()).or_insert_with(|| (trouble, Instant::now()));
            if since.0 != trouble {
                *since = (trouble, Instant::now());
            }
            is_final &= matches!(trouble, Trouble::FinalAfter(seconds) if since.1.elapsed() >= Duration::from_secs(seconds));
            if let Some(found) = self.found.get(&name).filter(|_| elsewhere) {
                reason.clone_from(found);
            }
            seen.insert(name.clone());
            missing.push((name, if reason.is_empty() { shown } else { format!("{shown}: {reason}") }));
        }
        self.since.retain(|name, _| seen.contains(name));
        (missing, is_final)
    }
}
