//! Follows the VMs of fleets: their state from watches, why they are not ready from [`diagnose`], and why they failed before, which a
//! cluster forgets within seconds.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use crate::{
    error::ClusterError,
    live::{LiveObject, LivePod},
    metadata,
    object::Kind,
    status::{self, Cause, Evidence, Reason, VmStatus, failure_of_pod, sort},
};

use super::{
    Target,
    diagnose::{self, Looks, Subject, now},
    list::Scope,
    reflector::Reflector,
    timing::{DIAGNOSE_INTERVAL, POLL_INTERVAL, STUCK_AFTER},
};

/// Why a VMI failed: its UID, and the reason.
type Failure = (String, Reason);

/// The VMs of fleets, as they are followed.
pub(crate) struct Observer<'a> {
    target: &'a Target,
    fleet: Reflector<'a, LiveObject, LiveObject>,
    /// Failed pods, as long as the user may see them. KubeVirt deletes them within seconds.
    failed_pods: Option<Reflector<'a, LivePod, LivePod>>,
    /// Why the last VMI of each VM failed, by namespace and name.
    failures: BTreeMap<(String, String), Failure>,
    looks: Looks,
    next_look: Instant,
    /// Since when a VM has no reason of its own.
    unexplained: BTreeMap<(String, String), Instant>,
}

impl<'a> Observer<'a> {
    /// Follows the VMs that a label selector matches, in one namespace or in all of them.
    pub(crate) fn new(target: &'a Target, namespace: Option<&str>, selector: &str) -> Self {
        let scope = |kind| Scope::new(kind, namespace, selector);
        let fleet = Reflector::new(target, vec![scope(Kind::Vm), scope(Kind::Vmi)], std::convert::identity);
        let pods = Scope::new(Kind::Pod, namespace, &format!("kubevirt.io=virt-launcher,{selector}")).fields("status.phase=Failed");
        Self {
            target,
            fleet,
            failed_pods: Some(Reflector::new(target, vec![pods], std::convert::identity).keeping_deleted()),
            failures: BTreeMap::new(),
            looks: Looks::new(),
            next_look: Instant::now(),
            unexplained: BTreeMap::new(),
        }
    }

    /// Applies the events that arrive within `time`; whether there were any.
    ///
    /// # Errors
    /// When the VMs cannot be followed.
    pub(crate) async fn poll(&mut self, time: Duration) -> Result<bool, ClusterError> {
        let (fleet, failed) = (&mut self.fleet, &mut self.failed_pods);
        let pods = async {
            match failed {
                Some(pods) => pods.poll(time).await.map(|_| pods.take(Kind::Pod).collect()),
                None => Ok(Vec::new()),
            }
        };
        let (changed, pods) = futures::join!(fleet.poll(time), pods);
        match pods {
            Ok(mut pods) => {
                // The newest is remembered.
                pods.sort_by_key(|pod: &LivePod| pod.metadata.creation_timestamp);
                for pod in pods.iter().filter(|pod| !is_migration_target(pod, &self.fleet)) {
                    remember(&mut self.failures, pod);
                }
            }
            Err(error) => {
                tracing::info!("failed pods cannot be followed: {error}");
                self.failed_pods = None;
            }
        }
        changed
    }

    /// Whether the lists are complete.
    pub(crate) fn is_synced(&self) -> bool {
        self.fleet.is_synced()
    }

    /// Lists everything again. If that fails, what the watches said remains.
    pub(crate) async fn refresh(&mut self) {
        self.fleet.refresh().await;
    }

    /// The VMI of a VM.
    pub(crate) fn vmi(&self, namespace: &str, name: &str) -> Option<&LiveObject> {
        self.fleet.get(Kind::Vmi, namespace, name)
    }

    /// The state of a VM; none if it does not exist.
    pub(crate) fn status(&self, namespace: &str, name: &str) -> Option<VmStatus> {
        Some(status::status(&self.evidence(self.fleet.get(Kind::Vm, namespace, name)?)))
    }

    fn statuses(&self) -> Vec<VmStatus> {
        let mut rows: Vec<_> = self.fleet.objects(Kind::Vm).map(|vm| status::status(&self.evidence(vm))).collect();
        sort(&mut rows);
        rows
    }

    fn evidence<'b>(&'b self, vm: &'b LiveObject) -> Evidence<'b> {
        let meta = &vm.metadata;
        let key = (meta.namespace.clone(), meta.name.clone());
        let vmi = self.vmi(&meta.namespace, &meta.name);
        let last_failed = vm.status.start_failure.last_failed_vmi.as_str();
        let is_current = |uid: &str| uid == last_failed || vmi.is_some_and(|vmi| vmi.metadata.uid == uid);
        let failure = self.failures.get(&key).filter(|(uid, _)| is_current(uid)).map(|(_, reason)| reason);
        // What was read about an earlier instance does not count.
        let look = self.looks.get(&key).filter(|look| look.vmi == diagnose::uid_of(vmi));
        Evidence { vm, vmi, look, failure, now: now() }
    }

    /// Looks at the VMs of which `is_pending` is true, if the time has come or `now` is set. Those that are merely starting are looked at
    /// only after a while, unless `now` is set.
    pub(crate) async fn look(&mut self, immediately: bool, is_pending: impl Fn(&LiveObject) -> bool) {
        if !immediately && Instant::now() < self.next_look {
            return;
        }
        let mut unexplained = BTreeMap::new();
        let mut subjects = Vec::new();
        for vm in self.fleet.objects(Kind::Vm).filter(|vm| is_pending(vm)) {
            let vmi = self.vmi(&vm.metadata.namespace, &vm.metadata.name);
            let Some(subject) = Subject::of(vm, vmi, &status_of_pair((vm, vmi))) else { continue };
            if matches!(subject.cause, Cause::Starting | Cause::NotStarted) {
                let key = (vm.metadata.namespace.clone(), vm.metadata.name.clone());
                let since = self.unexplained.get(&key).copied().unwrap_or_else(Instant::now);
                unexplained.insert(key, since);
                if !immediately && since.elapsed() < STUCK_AFTER {
                    continue;
                }
            }
            subjects.push(subject);
        }
        let looks = diagnose::look(self.target, &subjects).await;
        (self.looks, self.unexplained, self.next_look) = (looks, unexplained, Instant::now() + DIAGNOSE_INTERVAL);
    }

    /// All VMs, now and after each change, with the reasons.
    ///
    /// # Errors
    /// When the VMs cannot be followed.
    pub(crate) async fn next(&mut self) -> Result<Vec<VmStatus>, ClusterError> {
        let mut is_first = self.looks.is_empty();
        loop {
            let changed = self.poll(POLL_INTERVAL).await?;
            let is_due = Instant::now() >= self.next_look;
            if !self.is_synced() || !(changed || is_due) {
                continue;
            }
            self.look(std::mem::take(&mut is_first), |_| true).await;
            return Ok(self.statuses());
        }
    }
}

/// Whether a pod was only to become that of its VM. After a migration its VM runs in it.
fn is_migration_target(pod: &LivePod, fleet: &Reflector<'_, LiveObject, LiveObject>) -> bool {
    let name = pod.metadata.label_or_annotation(metadata::VM_NAME).unwrap_or_default();
    let vmi = fleet.get(Kind::Vmi, &pod.metadata.namespace, name);
    let is_present = vmi.is_some_and(|vmi| vmi.status.runs_in(&pod.metadata.uid));
    pod.metadata.label_or_annotation(metadata::MIGRATION).is_some() && !is_present
}

/// Keeps the reason of a pod that failed.
fn remember(failures: &mut BTreeMap<(String, String), Failure>, pod: &LivePod) {
    let (Some(name), Some(reason)) = (pod.metadata.label_or_annotation(metadata::VM_NAME), failure_of_pod(pod)) else { return };
    let vmi = pod.metadata.owners.iter().find(|owner| owner.is(Kind::Vmi.group(), Kind::Vmi.name()));
    if let Some(vmi) = vmi {
        failures.insert((pod.metadata.namespace.clone(), name.to_owned()), (vmi.uid.clone(), reason));
    }
}

/// The VMs that a label selector matches, with their reasons, listed once.
///
/// # Errors
/// The server's error.
pub(crate) async fn once(target: &Target, namespace: Option<&str>, selector: &str) -> Result<Vec<VmStatus>, ClusterError> {
    let list = |kind| super::list_live(target, kind, namespace, selector);
    let (vms, vmis) = futures::join!(list(Kind::Vm), list(Kind::Vmi));
    // If both fail, the error does not depend on which is faster.
    let (vms, vmis) = (vms?, vmis?);
    let pairs = status::pair(&vms, &vmis);
    let mut rows: Vec<_> = pairs.iter().copied().map(status_of_pair).collect();
    let subjects: Vec<_> = pairs.iter().zip(&rows).filter_map(|((vm, vmi), row)| Subject::of(vm, *vmi, row)).collect();
    let looks = diagnose::look(target, &subjects).await;
    for ((vm, vmi), row) in pairs.iter().zip(&mut rows) {
        if let Some(look) = looks.get(&(row.namespace.clone(), row.name.clone())) {
            *row = status::status(&Evidence { vm, vmi: *vmi, look: Some(look), failure: None, now: now() });
        }
    }
    sort(&mut rows);
    Ok(rows)
}

/// The status of a VM as far as its own objects tell.
pub(crate) fn status_of_pair((vm, vmi): (&LiveObject, Option<&LiveObject>)) -> VmStatus {
    status::status(&Evidence { vm, vmi, look: None, failure: None, now: now() })
}
