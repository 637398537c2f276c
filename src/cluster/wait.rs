//! Waits for a whole fleet on one list+watch of machines and one of instances, however many there are.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use futures::TryStreamExt as _;
use kube::runtime::watcher;

use crate::{
    error::ClusterError,
    plan::{Plan, compare, metadata},
    status::{self, Row, Trouble},
};

use super::{Cluster, Kind, Listener, Progress, mirror::Mirror, request};

/// How often the whole fleet is looked over; events come faster, and each look costs.
const GLANCE: Duration = Duration::from_millis(300);
/// How often laggards are looked at more closely.
const INQUIRY: Duration = Duration::from_secs(10);
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
    /// Machines that are not as asked, with the reason.
    pub missing: Vec<(String, String)>,
    /// Whether the time was over.
    pub timed_out: bool,
}

/// What is known of the machines while they are waited for.
struct Watch<'a> {
    plan: &'a Plan,
    options: WaitOptions<'a>,
    machines: Mirror,
    instances: Mirror,
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
    pub async fn wait(&self, plan: &Plan, options: WaitOptions<'_>, tell: Listener<'_>) -> Result<Awaited, ClusterError> {
        let mut watch = Watch {
            plan,
            options,
            machines: Mirror::default(),
            instances: Mirror::default(),
            since: BTreeMap::new(),
            found: BTreeMap::new(),
        };
        let selector = metadata::selector(Some(&plan.fleet), &[]);
        let mut events = self.watch_fleet(Some(&plan.namespace), &selector);
        let mut tick = tokio::time::interval(GLANCE);
        let mut inquiry = Instant::now() + INQUIRY;
        loop {
            tokio::select! {
                event = events.try_next() => {
                    match event {
                        Ok(Some((Kind::Machine, event))) => watch.machines.take(event),
                        Ok(Some((_, event))) => watch.instances.take(event),
                        Ok(None) => events = self.watch_fleet(Some(&plan.namespace), &selector),
                        Err(error) => {
                            self.bear(&error).await?;
                            events = self.watch_fleet(Some(&plan.namespace), &selector);
                        }
                    }
                    continue;
                }
                _ = tick.tick() => {}
            }
            if !(watch.machines.is_synced() && watch.instances.is_synced()) {
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
            if is_final || self.overdue() {
                tell(Progress::Waited);
                if missing.is_empty() {
                    return Ok(Awaited::default());
                }
                // The last word on each machine, however short it was looked at before.
                watch.found = self.inquire(&watch, Duration::ZERO).await;
                let (missing, _) = watch.look();
                return Ok(Awaited { missing, timed_out: !is_final });
            }
            if Instant::now() >= inquiry {
                watch.found = self.inquire(&watch, HANGING).await;
                inquiry = Instant::now() + INQUIRY;
            }
        }
    }

    /// Passes over what a watch gets over by itself; refused for good, it ends the wait.
    pub(super) async fn bear(&self, error: &watcher::Error) -> Result<(), ClusterError> {
        tracing::info!("watch: interrupted, it begins again");
        let cause = match error {
            watcher::Error::InitialListFailed(cause) | watcher::Error::WatchStartFailed(cause) | watcher::Error::WatchFailed(cause) => {
                cause
            }
            _ => return Ok(()),
        };
        match cause {
            kube::Error::Api(status) if status.code == 401 && self.refresh().await => Ok(()),
            kube::Error::Api(status) if status.code == 403 && self.forgives_forbidden() => {
                tokio::time::sleep(Duration::from_secs(1)).await;
                Ok(())
            }
            kube::Error::Api(status) if [401, 403, 404].contains(&status.code) => Err(request::translate(cause, &self.access.server)),
            _ if self.overdue() => Err(request::translate(cause, &self.access.server)),
            _ => {
                tokio::time::sleep(Duration::from_millis(500)).await;
                Ok(())
            }
        }
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
        let names = self.plan.machines().filter_map(|machine| machine.metadata.name.as_ref());
        let there = names.filter_map(|name| {
            Some(status::row(self.machines.get(&self.plan.namespace, name)?, self.instances.get(&self.plan.namespace, name)))
        });
        there.collect()
    }

    /// Whether a machine is as asked.
    fn is_done(&self, machine: &crate::kubevirt::VirtualMachine, row: &Row) -> bool {
        let instance = self.instances.get(&self.plan.namespace, &row.name);
        let planned = metadata::annotation(&machine.spec.template.metadata, metadata::BOOT_HASH);
        let restarted = !self.options.restarted.contains(&row.name)
            || instance.is_some_and(|instance| compare::boot_hash(&instance["metadata"]) == planned);
        restarted && if self.options.running { status::is_running(instance) } else { row.ready }
    }

    /// Who is missing and why, and whether waiting on makes no sense.
    fn look(&mut self) -> (Vec<(String, String)>, bool) {
        let (mut missing, mut is_final) = (Vec::new(), true);
        let mut seen = BTreeSet::new();
        for machine in self.plan.machines() {
            let name = machine.metadata.name.clone().unwrap_or_default();
            let row = self
                .machines
                .get(&self.plan.namespace, &name)
                .map(|live| status::row(live, self.instances.get(&self.plan.namespace, &name)));
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
