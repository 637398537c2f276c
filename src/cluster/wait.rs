//! One wait loop with three goals: VMs that are ready, VMs that run, objects that are gone.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{
    error::{ClusterError, WaitedFor},
    event::{Event, Events, Notice, Pending, Wait, Warning},
    metadata,
    object::{Kind, ObjectRef},
    plan::Plan,
    status::{self, Cause, NotReady, PrintableStatus, Reason, VmStatus},
};

use super::{
    Target,
    list::{MetadataOnly, Scope},
    observe::Observer,
    reflector::{Reflector, Uid},
    timing::{DISCONNECT_GRACE, GET_INTERVAL, POLL_INTERVAL},
};

/// The most objects that are named while a wait goes on.
const MAX_NAMED: usize = 10;

/// What a wait is for.
pub(crate) trait Goal {
    /// Hears what happens within `time`.
    ///
    /// # Errors
    /// When the objects cannot be followed.
    async fn poll(&mut self, time: Duration) -> Result<(), ClusterError>;

    /// Whether the state is known.
    fn is_synced(&self) -> bool;

    /// Reads the state once more, because the watches may be stale.
    async fn refresh(&mut self);

    /// How far it is.
    fn progress(&mut self) -> Progress;
}

/// How far a wait is.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    /// The number of all VMs or objects.
    pub total: usize,
    /// Those that are not as required.
    pub pending: Vec<Pending>,
    /// Whether none of these will be without help.
    pub is_final: bool,
}

/// Why a wait ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// Everything is as required.
    Reached,
    /// The rest will not be without help.
    Hopeless,
    /// The time limit was reached.
    TimedOut,
}

/// Waits until a goal is reached, cannot be reached, or the time is over.
///
/// # Errors
/// When the objects cannot be followed.
pub(crate) async fn until(target: &Target, wait: Wait, goal: &mut impl Goal, events: &Events) -> Result<End, ClusterError> {
    let mut connection = Connection { target, lost: false };
    loop {
        goal.poll(POLL_INTERVAL).await?;
        connection.report(events).await;
        let is_overdue = target.is_overdue();
        if !goal.is_synced() {
            if is_overdue {
                return Err(ClusterError::Timeout { after: target.elapsed(), waited_for: WaitedFor::FirstList });
            }
            continue;
        }
        let mut progress = goal.progress();
        if !progress.pending.is_empty() && (is_overdue || progress.is_final) {
            let is_final = progress.is_final;
            goal.refresh().await;
            progress = goal.progress();
            // What was final may have changed at the last moment.
            progress.is_final &= is_final;
        }
        let (is_reached, is_final) = (progress.pending.is_empty(), progress.is_final);
        let (total, done) = (progress.total, progress.total - progress.pending.len());
        // Events wait in a queue, and nobody reads thousands of names.
        progress.pending.truncate(MAX_NAMED);
        events.emit(Event::Waiting { goal: wait, done, total, elapsed: target.elapsed(), pending: progress.pending }).await;
        let end = match () {
            () if is_reached => End::Reached,
            () if is_final => End::Hopeless,
            () if is_overdue => End::TimedOut,
            () => continue,
        };
        events.emit(Event::Waited).await;
        return Ok(end);
    }
}

/// Says when the server does not respond for a while, and when it does again.
struct Connection<'a> {
    target: &'a Target,
    lost: bool,
}

impl Connection<'_> {
    async fn report(&mut self, events: &Events) {
        let disconnected = self.target.transport.disconnected(DISCONNECT_GRACE);
        if disconnected.is_some() == self.lost {
            return;
        }
        self.lost = disconnected.is_some();
        events.emit(disconnected.map_or(Event::Notice(Notice::Reconnected), |why| Event::Warning(Warning::Disconnected(why)))).await;
    }
}

/// The goal that all VMs of a plan are ready, or run.
pub(crate) struct FleetGoal<'a> {
    plan: &'a Plan,
    wait: Wait,
    /// VMs that were restarted, with the hash of their new configuration. Their old VMI does not count.
    restarted: BTreeMap<String, Box<str>>,
    observer: Observer<'a>,
    /// Since when each VM has its cause.
    since: BTreeMap<String, (Cause, Instant)>,
}

impl<'a> FleetGoal<'a> {
    /// `wait` is [`Wait::Ready`] or [`Wait::Running`].
    pub(crate) fn new(target: &'a Target, plan: &'a Plan, wait: Wait, restarted: Vec<(String, Box<str>)>) -> Self {
        let observer = Observer::new(target, Some(&plan.namespace), &metadata::selector(Some(&plan.fleet), &[]));
        Self { plan, wait, restarted: restarted.into_iter().collect(), observer, since: BTreeMap::new() }
    }

    /// The VMs of the plan that exist.
    pub(crate) fn statuses(&self) -> Vec<VmStatus> {
        self.plan.vms().filter_map(|vm| self.observer.status(&self.plan.namespace, &vm.name())).collect()
    }

    /// Those that are not as required.
    pub(crate) fn not_ready(&mut self) -> Vec<NotReady> {
        self.evaluate().0
    }

    fn is_done(&self, row: &VmStatus) -> bool {
        let vmi = self.observer.vmi(&self.plan.namespace, &row.name);
        let hash = || vmi.and_then(|vmi| vmi.metadata.label_or_annotation(metadata::BOOT_HASH));
        let is_restarted = self.restarted.get(&row.name).is_none_or(|wanted| hash() == Some(wanted));
        // The VM's status may follow its VMI's with a delay, and is what the user sees.
        let is_running = || status::is_running(vmi) && row.printable != PrintableStatus::Starting;
        is_restarted && if self.wait == Wait::Running { is_running() } else { row.ready }
    }

    /// The VMs that are not as required, and whether all of these have final causes.
    fn evaluate(&mut self) -> (Vec<NotReady>, bool) {
        let (mut not_ready, mut is_final) = (Vec::new(), true);
        let mut seen = BTreeSet::new();
        for vm in self.plan.vms() {
            let name = vm.name();
            let (reason, printable) = match self.observer.status(&self.plan.namespace, &name) {
                Some(row) if self.is_done(&row) => continue,
                // Ready, but not restarted yet.
                Some(row) => (row.reason.unwrap_or_else(|| Reason::new(Cause::Starting, "")), row.printable),
                // Deleted while waiting, and not created again.
                None => (Reason::new(Cause::Deleted, ""), PrintableStatus::Deleted),
            };
            let since = self.since.entry(name.clone()).or_insert_with(|| (reason.cause, Instant::now()));
            if since.0 != reason.cause {
                *since = (reason.cause, Instant::now());
            }
            is_final &= reason.cause.final_after().is_some_and(|patience| since.1.elapsed() >= patience);
            seen.insert(name.clone());
            not_ready.push(NotReady { name, printable, reason });
        }
        self.since.retain(|name, _| seen.contains(name));
        (not_ready, is_final)
    }

    async fn look(&mut self, immediately: bool) {
        let (observer, since) = (&mut self.observer, &self.since);
        observer.look(immediately, |vm| since.contains_key(&vm.metadata.name)).await;
    }
}

impl Goal for FleetGoal<'_> {
    async fn poll(&mut self, time: Duration) -> Result<(), ClusterError> {
        self.observer.poll(time).await?;
        if self.observer.is_synced() {
            self.look(false).await;
        }
        Ok(())
    }

    fn is_synced(&self) -> bool {
        self.observer.is_synced()
    }

    async fn refresh(&mut self) {
        self.observer.refresh().await;
        self.look(true).await;
    }

    fn progress(&mut self) -> Progress {
        let (not_ready, is_final) = self.evaluate();
        Progress { total: self.plan.totals.vms as usize, is_final, pending: not_ready.into_iter().map(Pending::Vm).collect() }
    }
}

/// The goal that objects are gone.
pub(crate) struct GoneGoal<'a> {
    namespace: String,
    present: Reflector<'a, MetadataOnly, Uid>,
    total: usize,
    /// Objects that are still there.
    pub left: Vec<ObjectRef>,
}

impl<'a> GoneGoal<'a> {
    /// The objects, which have the labels of `selector`; CDI does not copy labels to PVCs.
    pub(crate) fn new(target: &'a Target, objects: &[ObjectRef], selector: &str) -> Self {
        let kinds: BTreeSet<_> = objects.iter().map(|object| object.kind).collect();
        let scope = |kind| Scope::new(kind, Some(&target.namespace), if kind == Kind::Pvc { "" } else { selector });
        let present = Reflector::new(target, kinds.into_iter().map(scope).collect(), |object: MetadataOnly| Uid(object.metadata.uid));
        Self { namespace: target.namespace.clone(), present, total: objects.len(), left: objects.to_vec() }
    }
}

impl Goal for GoneGoal<'_> {
    async fn poll(&mut self, time: Duration) -> Result<(), ClusterError> {
        self.present.poll(time).await.map(|_| ())
    }

    fn is_synced(&self) -> bool {
        // Objects of a kind that is not listed yet count as present.
        true
    }

    async fn refresh(&mut self) {
        self.present.refresh().await;
    }

    fn progress(&mut self) -> Progress {
        let (present, namespace) = (&self.present, &self.namespace);
        self.left.retain(|object| match present.get(object.kind, namespace, &object.name) {
            // A new object may have the same name.
            Some(uid) => object.uid == uid.0,
            None => !present.is_kind_synced(object.kind),
        });
        Progress { total: self.total, pending: self.left.iter().cloned().map(Pending::Object).collect(), is_final: false }
    }
}

/// Waits until one object is gone, or another one has its name. `stays` tells from its JSON that it is still the one.
///
/// # Errors
/// When the time is over, or the object cannot be read.
pub(crate) async fn until_gone(target: &Target, kind: Kind, name: &str, stays: impl Fn(&Value) -> bool) -> Result<(), ClusterError> {
    loop {
        let found = target.get(kind, name).await?;
        if !found.is_some_and(|object| stays(&object)) {
            return Ok(());
        }
        if target.is_overdue() {
            let waited_for = WaitedFor::Object(format!("{}/{name}", kind.qualified_name()));
            return Err(ClusterError::Timeout { after: target.elapsed(), waited_for });
        }
        tokio::time::sleep(GET_INTERVAL).await;
    }
}
