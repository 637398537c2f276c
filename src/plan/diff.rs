//! Compares the plan with a snapshot of the namespace: what must be created, changed, restarted or pruned.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize as _;
use serde_json::Value;

use crate::{
    live::{LiveObject, Meta},
    metadata,
    object::{Kind, ObjectName, ObjectRef},
};

use super::{
    Plan, PlanError, Planned,
    compare::{self, Action, DiskChange},
    field_manager,
};

/// The change that an object of the plan needs.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    /// The action. An object that does not exist, or is terminating, is created.
    pub action: Action,
    /// Whether it exists.
    pub exists: bool,
    /// Whether it is terminating. It is created again once it is gone.
    pub terminating: bool,
    /// Moves its fields to our field manager before an apply, if needed.
    pub field_manager: Option<json_patch::Patch>,
    /// For a VM that exists, the hash of what its VMI gets.
    pub boot_hash: Option<Box<str>>,
}

impl Change {
    /// For an object that does not exist.
    const CREATE: Self = Self { action: Action::Update, exists: false, terminating: false, field_manager: None, boot_hash: None };

    /// Whether the object must be created.
    pub(crate) fn is_create(&self) -> bool {
        !self.exists || self.terminating
    }

    /// Whether nothing must be done.
    pub(crate) fn is_unchanged(&self) -> bool {
        !self.is_create() && self.action == Action::Unchanged
    }

    /// Whether KubeVirt will start the VM: it creates the VMI, and what is missing of its disks.
    pub(crate) fn starts(&self) -> bool {
        self.is_create() || self.action == Action::UpdateAndStart
    }
}

/// An object of the fleet that is not in the plan.
#[derive(Debug, Clone)]
pub(crate) struct Extraneous {
    /// The object.
    pub object: ObjectRef,
    /// Whether it owns a DataVolume.
    pub has_disk: bool,
}

/// The namespace, as far as the plan is concerned. Objects are compared while their list is read, so that none is kept.
#[derive(Debug, Default)]
pub(crate) struct Snapshot {
    /// The objects of the fleet.
    pub objects: Vec<Seen>,
    /// Its VMs.
    pub vms: Vec<LiveObject>,
    /// Its VMIs.
    pub vmis: Vec<LiveObject>,
    /// Objects of others under planned names.
    pub taken: Vec<ObjectName>,
}

/// An object of the fleet in the namespace.
#[derive(Debug)]
pub(crate) enum Seen {
    /// It is in the plan, at this index.
    Planned(usize, Change, Option<DiskChange>),
    /// It has a planned name and another owner.
    Taken(ObjectName),
    /// It belongs to a selected workload and is not in the plan.
    Extraneous(Extraneous),
    /// A VM of a workload that was not selected.
    Other(String),
}

/// The planned objects by name.
pub(crate) struct Index<'a> {
    plan: &'a Plan,
    objects: BTreeMap<(Kind, String), (usize, Planned<'a>)>,
    workloads: BTreeSet<&'a str>,
}

impl<'a> Index<'a> {
    /// Of a plan.
    pub(crate) fn new(plan: &'a Plan) -> Self {
        let objects = plan.objects().enumerate().map(|(index, object)| ((object.kind, object.name()), (index, object))).collect();
        Self { plan, objects, workloads: plan.workloads().collect() }
    }

    /// Compares an object that has the fleet's labels with the plan; none if the plan is not concerned.
    pub(crate) fn compare(&self, kind: Kind, live: &Value) -> Option<Seen> {
        let meta = Meta::deserialize(&live["metadata"]).unwrap_or_default();
        let (ours, terminating) = (meta.is_planned_by(&self.plan.fleet), meta.terminating);
        let Some((index, planned)) = self.objects.get(&(kind, meta.name.clone())) else {
            let selected = meta.label_or_annotation(metadata::COMPONENT).is_some_and(|workload| self.workloads.contains(workload));
            return match (ours && !terminating, selected) {
                (true, true) => {
                    let has_disk = !live["spec"]["dataVolumeTemplates"].is_null();
                    Some(Seen::Extraneous(Extraneous { object: ObjectRef { kind, name: meta.name, uid: meta.uid }, has_disk }))
                }
                (true, false) if kind == Kind::Vm => Some(Seen::Other(meta.name)),
                _ => None,
            };
        };
        if !ours {
            return Some(Seen::Taken(ObjectName::new(kind, meta.name)));
        }
        let object = planned.make();
        let wanted = object.to_value();
        let action = compare::action(live, &object, &wanted);
        let disk = if terminating { None } else { compare::disk_change(live, &object, &wanted) };
        let field_manager = if action == Action::Unchanged { None } else { field_manager::patch(live) };
        let boot_hash = (kind == Kind::Vm).then(|| object.boot_hash.into_boxed_str());
        Some(Seen::Planned(*index, Change { action, exists: true, terminating, field_manager, boot_hash }, disk))
    }
}

/// The changes that `up` makes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Diff {
    /// One change per object of the plan, in its order.
    pub changes: Vec<Change>,
    /// VMs whose running configuration is outdated, with the hash of the planned one.
    pub needs_restart: Vec<(String, Box<str>)>,
    /// Objects of the selected workloads that are not in the plan.
    pub extraneous: Vec<Extraneous>,
    /// VMs of the fleet's other workloads.
    pub others: Vec<String>,
}

impl Diff {
    /// For a namespace without objects of the fleet.
    pub(crate) fn of_nothing(plan: &Plan) -> Self {
        Self { changes: vec![Change::CREATE; plan.objects().count()], ..Self::default() }
    }

    /// Whether nothing must be written.
    pub(crate) fn is_up_to_date(&self) -> bool {
        self.changes.iter().all(Change::is_unchanged)
    }

    /// The changes with their objects.
    pub(crate) fn changes<'a>(&'a self, plan: &'a Plan) -> impl Iterator<Item = (Planned<'a>, &'a Change)> {
        plan.objects().zip(&self.changes)
    }

    /// The changes that need a write.
    pub(crate) fn writes<'a>(&'a self, plan: &'a Plan) -> impl Iterator<Item = (Planned<'a>, &'a Change)> {
        self.changes(plan).filter(|(_, change)| !change.is_unchanged())
    }
}

/// Compares the plan with a snapshot.
///
/// # Errors
/// When another object has a planned name, or a data disk would have to change in place.
pub(crate) fn diff(plan: &Plan, snapshot: Snapshot) -> Result<Diff, PlanError> {
    let mut diff = Diff::of_nothing(plan);
    let (mut taken, mut disks) = (snapshot.taken, Vec::new());
    for seen in snapshot.objects {
        match seen {
            Seen::Planned(index, change, disk) => {
                diff.changes[index] = change;
                disks.extend(disk);
            }
            Seen::Taken(object) => taken.push(object),
            Seen::Extraneous(extraneous) => diff.extraneous.push(extraneous),
            Seen::Other(vm) => diff.others.push(vm),
        }
    }
    if !taken.is_empty() {
        return Err(PlanError::NameTaken { namespace: plan.namespace.clone(), objects: taken });
    }
    if !disks.is_empty() {
        let changed = |vm: &Planned<'_>| disks.iter().any(|disk| disk.vm == vm.name());
        let workloads: BTreeSet<_> = plan.vms().filter(changed).map(|vm| vm.workload().to_owned()).collect();
        let workloads = workloads.into_iter().collect();
        return Err(PlanError::DiskChange { changes: disks, workloads, namespace: plan.namespace.clone(), fleet: plan.fleet.clone() });
    }
    diff.needs_restart = needs_restart(plan, &diff.changes, &snapshot.vmis);
    Ok(diff)
}

/// VMs that exist and whose VMI was started with another configuration. A VM that is created starts with the planned one.
pub(crate) fn needs_restart(plan: &Plan, changes: &[Change], vmis: &[LiveObject]) -> Vec<(String, Box<str>)> {
    let running: BTreeMap<_, _> = vmis.iter().map(|vmi| (vmi.metadata.name.as_str(), vmi)).collect();
    let existing = plan.objects().zip(changes).filter(|(object, change)| object.kind == Kind::Vm && !change.is_create());
    let outdated = existing.filter_map(|(vm, change)| {
        let (name, planned) = (vm.name(), change.boot_hash.clone()?);
        let vmi = running.get(name.as_str())?;
        (vmi.metadata.label_or_annotation(metadata::BOOT_HASH) != Some(&planned)).then_some((name, planned))
    });
    outdated.collect()
}
