//! Compares the live objects with the plan: one list per kind, no write.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize as _;
use serde_json::Value;

use crate::{
    error::ClusterError,
    kubevirt::live::{LiveObject, Meta},
    object::{Kind, ObjectName, ObjectRef},
    plan::{
        Object, Plan,
        compare::{self, Action, DiskChange},
        metadata,
    },
    status::{self, VmStatus},
};

use super::{
    Cluster, field_manager,
    inventory::{self, KnownOwners},
    list::{MetadataOnly, Representation, Scope},
    transport::Code as _,
    type_meta,
};

/// The change that an object of the plan needs.
#[derive(Debug, Clone)]
pub struct Change {
    /// The action. An object that does not exist, or is terminating, is created.
    pub action: Action,
    /// Whether it exists.
    pub exists: bool,
    /// Whether it is terminating. It is created again once it is gone.
    pub terminating: bool,
    /// Moves its fields to our field manager before an apply, if needed.
    pub field_manager: Option<json_patch::Patch>,
}

impl Change {
    /// For an object that does not exist.
    const CREATE: Self = Self { action: Action::Update, exists: false, terminating: false, field_manager: None };

    /// Whether the object must be created.
    pub fn is_create(&self) -> bool {
        !self.exists || self.terminating
    }

    /// Whether nothing must be done.
    pub fn is_unchanged(&self) -> bool {
        !self.is_create() && self.action == Action::Unchanged
    }
}

/// An object of the fleet that is not in the plan.
#[derive(Debug, Clone)]
pub struct Extraneous {
    /// The object.
    pub object: ObjectRef,
    /// Whether it owns a DataVolume.
    pub has_disk: bool,
}

/// The live state that `up` needs to know.
#[derive(Debug, Clone, Default)]
pub struct Diff {
    /// One change per object of the plan, in its order.
    pub changes: Vec<Change>,
    /// VMs whose running configuration is outdated.
    pub needs_restart: Vec<String>,
    /// Objects of the selected workloads that are not in the plan.
    pub extraneous: Vec<Extraneous>,
    /// The live state of the VMs of the plan.
    pub rows: Vec<VmStatus>,
}

impl Diff {
    /// Whether nothing must be written.
    pub fn is_up_to_date(&self) -> bool {
        self.changes.iter().all(Change::is_unchanged)
    }
}

/// One listed object.
enum Match {
    /// It is in the plan, at this index.
    Planned {
        index: usize,
        change: Box<Change>,
        disk: Option<DiskChange>,
        live: Option<Box<LiveObject>>,
    },
    /// It has a planned name and is not part of the fleet.
    Foreign(ObjectName),
    Extraneous(Extraneous),
}

impl Cluster {
    /// Compares the namespace with the plan. `None` means that the user cannot list VMs in it.
    ///
    /// # Errors
    /// When another object has a planned name, or a data disk would have to change in place.
    pub async fn diff(&self, plan: &Plan, namespace_exists: bool) -> Result<Option<Diff>, ClusterError> {
        let changes = vec![Change::CREATE; plan.objects.len()];
        if !namespace_exists {
            return Ok(Some(Diff { changes, ..Diff::default() }));
        }
        let workloads: BTreeSet<_> = plan.objects.iter().map(|object| object.workload.as_str()).collect();
        let mut all = Vec::new();
        for kind in [Kind::Vm, Kind::Service, Kind::Secret] {
            let planned = by_name(plan, kind);
            let read = |text: &str| Ok(classify(serde_json::from_str(text)?, text, kind, plan, &planned, &workloads));
            let form = if kind == Kind::Vm { Representation::Full } else { Representation::Metadata };
            match self.read_list(&Scope::new(kind, Some(&plan.namespace), ""), form, &read).await {
                Ok(found) => all.extend(found),
                Err(error) if error.is_code(403) && kind == Kind::Vm => return Ok(None),
                Err(error) => return Err(error.into()),
            }
        }
        let vmis = self.list_live(Kind::Vmi, Some(&plan.namespace), &metadata::selector(Some(&plan.fleet), &[])).await?;
        let diff = collect(plan, Diff { changes, ..Diff::default() }, all, &vmis)?;
        self.require_free_names(plan, &diff).await?;
        Ok(Some(diff))
    }

    /// KubeVirt adopts a VMI or DataVolume, and CDI a PVC, that already has the name it would create (kubevirt/kubevirt
    /// `pkg/controller/controller_ref_manager.go`; `cdi.kubevirt.io/allowClaimAdoption`). Another user's object would become part
    /// of the fleet and be deleted with it.
    async fn require_free_names(&self, plan: &Plan, diff: &Diff) -> Result<(), ClusterError> {
        // For a VM that is started again KubeVirt creates the VMI and what is missing of its disks.
        let starts = |change: &Change| change.is_create() || change.action == Action::UpdateAndStart;
        let new = || plan.objects.iter().zip(&diff.changes).filter(|(object, change)| object.kind == Kind::Vm && starts(change));
        let vms: BTreeSet<_> = new().map(|(object, _)| object.name.clone()).collect();
        let disks: BTreeSet<_> =
            new().filter(|(object, _)| object.has_data_volume).map(|(object, _)| metadata::data_volume(&object.name)).collect();
        let mut objects = Vec::new();
        for (kind, names) in [(Kind::Vmi, &vms), (Kind::DataVolume, &disks), (Kind::Pvc, &disks)] {
            if !names.is_empty() {
                objects.extend(self.metadata_of(kind, plan).await?);
            }
        }
        let is_planned = |found: &inventory::Found| match found.kind {
            Kind::Vmi => vms.contains(&found.meta.name),
            Kind::DataVolume | Kind::Pvc => disks.contains(&found.meta.name),
            _ => false,
        };
        if !objects.iter().any(is_planned) {
            return Ok(());
        }
        // Their owners.
        objects.extend(self.metadata_of(Kind::Vm, plan).await?);
        let known = KnownOwners { uids: objects.iter().map(|object| object.meta.uid.clone()).collect(), unlisted: Vec::new() };
        // KubeVirt waits for terminating objects.
        let foreign =
            inventory::foreign(&objects, &plan.fleet, known).into_iter().filter(|found| is_planned(found) && !found.meta.terminating);
        let foreign: Vec<_> = foreign.map(|found| ObjectName::new(found.kind, found.meta.name.clone())).collect();
        if foreign.is_empty() { Ok(()) } else { Err(name_taken(plan, foreign)) }
    }

    async fn metadata_of(&self, kind: Kind, plan: &Plan) -> Result<Vec<inventory::Found>, ClusterError> {
        match self.try_list::<MetadataOnly>(&Scope::new(kind, Some(&plan.namespace), "")).await {
            Ok(all) => Ok(all.into_iter().map(|object| inventory::Found { kind, meta: object.metadata }).collect()),
            // Without this permission it is not known whose they are.
            Err(error) if error.is_code(403) => Err(ClusterError::MissingPermissions {
                namespace: plan.namespace.clone(),
                missing: vec![format!("list {}", kind.qualified_plural())],
            }),
            Err(error) if error.is_code(404) => Ok(Vec::new()),
            Err(error) => Err(error.into()),
        }
    }

    /// VMs whose running configuration is outdated. Listed before the writes, and again if something was written.
    ///
    /// # Errors
    /// The server's error.
    pub async fn needs_restart(&self, plan: &Plan, diff: &Diff) -> Result<Vec<String>, ClusterError> {
        if diff.is_up_to_date() {
            return Ok(diff.needs_restart.clone());
        }
        let vmis = self.list_live(Kind::Vmi, Some(&plan.namespace), &metadata::selector(Some(&plan.fleet), &[])).await?;
        Ok(needs_restart(plan, &vmis))
    }

    /// The JSON of a live object.
    ///
    /// # Errors
    /// The server's error.
    pub async fn live(&self, kind: Kind, namespace: &str, name: &str) -> Result<Option<Value>, ClusterError> {
        Ok(self.get(kind, namespace, name).await?)
    }

    pub(super) async fn get(&self, kind: Kind, namespace: &str, name: &str) -> kube::Result<Option<Value>> {
        let object = self.api(kind, Some(namespace)).get_opt(name).await?;
        Ok(object.and_then(|object| serde_json::to_value(object).ok()))
    }
}

/// The planned objects of a kind by name, with their index in the plan.
fn by_name(plan: &Plan, kind: Kind) -> BTreeMap<&str, (usize, &Object)> {
    let of_kind = plan.objects.iter().enumerate().filter(|(_, object)| object.kind == kind);
    of_kind.map(|(index, object)| (object.name.as_str(), (index, object))).collect()
}

/// The name of an object.
pub fn name_of(object: &Value) -> String {
    object["metadata"]["name"].as_str().unwrap_or_default().to_owned()
}

/// The metadata of an object.
pub fn meta(object: &Value) -> Meta {
    Meta::deserialize(&object["metadata"]).unwrap_or_default()
}

fn classify(
    mut live: Value,
    text: &str,
    kind: Kind,
    plan: &Plan,
    planned: &BTreeMap<&str, (usize, &Object)>,
    workloads: &BTreeSet<&str>,
) -> Option<Match> {
    // Items of a list have no apiVersion and kind.
    (live["apiVersion"], live["kind"]) = type_meta(kind);
    let meta = meta(&live);
    let (ours, terminating) = (meta.is_planned_by(&plan.fleet), meta.terminating);
    let Some((index, object)) = planned.get(meta.name.as_str()).copied() else {
        let is_extraneous =
            ours && !terminating && meta.label_or_annotation(metadata::COMPONENT).is_some_and(|workload| workloads.contains(workload));
        let has_disk = !live["spec"]["dataVolumeTemplates"].is_null();
        return is_extraneous
            .then_some(Match::Extraneous(Extraneous { object: ObjectRef { kind, name: meta.name, uid: meta.uid }, has_disk }));
    };
    if !ours {
        return Some(Match::Foreign(ObjectName::new(kind, meta.name)));
    }
    let action = compare::action(&live, object);
    let disk = if terminating { None } else { compare::disk_change(&live, object) };
    let field_manager = if action == Action::Unchanged { None } else { field_manager::patch(&live) };
    let live = (kind == Kind::Vm).then(|| Box::new(serde_json::from_str(text).unwrap_or_default()));
    let change = Box::new(Change { action, exists: true, terminating, field_manager });
    Some(Match::Planned { index, change, disk, live })
}

fn collect(plan: &Plan, mut diff: Diff, all: Vec<Match>, vmis: &[LiveObject]) -> Result<Diff, ClusterError> {
    let (mut foreign, mut disks, mut vms) = (Vec::new(), Vec::new(), Vec::new());
    for found in all {
        match found {
            Match::Planned { index, change, disk, live } => {
                diff.changes[index] = *change;
                disks.extend(disk);
                vms.extend(live.map(|live| *live));
            }
            Match::Foreign(what) => foreign.push(what),
            Match::Extraneous(extraneous) => diff.extraneous.push(extraneous),
        }
    }
    if !foreign.is_empty() {
        return Err(name_taken(plan, foreign));
    }
    if !disks.is_empty() {
        let changed = |object: &&Object| disks.iter().any(|disk| disk.vm == object.name);
        let workloads: BTreeSet<_> = plan.vms().filter(changed).map(|vm| vm.workload.clone()).collect();
        let workloads = workloads.into_iter().collect();
        return Err(ClusterError::DiskChange { changes: disks, workloads, namespace: plan.namespace.clone(), fleet: plan.fleet.clone() });
    }
    diff.needs_restart = needs_restart(plan, vmis);
    diff.rows = status::statuses(&vms, vmis);
    Ok(diff)
}

fn name_taken(plan: &Plan, objects: Vec<ObjectName>) -> ClusterError {
    ClusterError::NameTaken { namespace: plan.namespace.clone(), objects }
}

/// VMs whose VMI was started with another configuration.
fn needs_restart(plan: &Plan, vmis: &[LiveObject]) -> Vec<String> {
    let running: BTreeMap<_, _> = vmis.iter().map(|vmi| (vmi.metadata.name.as_str(), vmi)).collect();
    let differs = |vm: &&Object| {
        let vmi = running.get(vm.name.as_str());
        vmi.is_some_and(|vmi| vmi.metadata.label_or_annotation(metadata::BOOT_HASH) != Some(&vm.boot_hash))
    };
    plan.vms().filter(differs).map(|vm| vm.name.clone()).collect()
}
