//! Reads the namespace, as far as a plan is concerned: one list of the fleet per kind. Other people's objects matter only under planned
//! names.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};

use futures::{StreamExt as _, stream};
use serde::Deserialize as _;
use serde_json::Value;

use crate::{
    error::ClusterError,
    live::LiveObject,
    metadata,
    object::{Kind, ObjectName},
    plan::{
        Plan, Planned,
        diff::{Change, Index, Seen, Snapshot},
    },
};

use super::{
    Target, inventory,
    inventory::{Found, KnownOwners},
    list::{MetadataOnly, Representation, Scope, list, list_live, read_list},
    transport::Code as _,
};

/// Up to so many names are looked up one by one; more are found in a list of the namespace.
const FEW: usize = 10;
/// Names that are looked up at a time.
const IN_PARALLEL: usize = 5;

/// Names by kind.
type Names = BTreeMap<Kind, BTreeSet<String>>;

/// Reads the namespace. `None` means that the user cannot list VMs in it.
///
/// # Errors
/// The server's error, or a permission that is missing.
pub(crate) async fn load(target: &Target, plan: &Plan) -> Result<Option<Snapshot>, ClusterError> {
    let index = Index::new(plan);
    let selector = metadata::selector(Some(&plan.fleet), &[]);
    let mut snapshot = Snapshot::default();
    for kind in [Kind::Vm, Kind::Service, Kind::Secret] {
        let form = if kind == Kind::Vm { Representation::Full } else { Representation::Metadata };
        let vms: RefCell<Vec<LiveObject>> = RefCell::default();
        let read = |text: &str| {
            let mut live: Value = serde_json::from_str(text)?;
            (live["apiVersion"], live["kind"]) = type_meta(kind);
            if kind == Kind::Vm {
                vms.borrow_mut().push(LiveObject::deserialize(&live)?);
            }
            Ok(index.compare(kind, &live))
        };
        match read_list(target, &Scope::new(kind, Some(&plan.namespace), &selector), form, &read).await {
            Ok(found) => snapshot.objects.extend(found),
            Err(error) if error.is_code(403) && kind == Kind::Vm => return Ok(None),
            Err(error) => return Err(error.into()),
        }
        snapshot.vms.extend(vms.into_inner());
    }
    snapshot.vmis = vmis(target, plan).await?;
    snapshot.taken = taken(target, plan, &snapshot).await?;
    Ok(Some(snapshot))
}

/// The VMIs of the fleet; after the writes their configuration may be outdated.
///
/// # Errors
/// The server's error.
pub(crate) async fn vmis(target: &Target, plan: &Plan) -> Result<Vec<LiveObject>, ClusterError> {
    list_live(target, Kind::Vmi, Some(&plan.namespace), &metadata::selector(Some(&plan.fleet), &[])).await
}

/// `apiVersion` and `kind`, which items of a list lack.
fn type_meta(kind: Kind) -> (Value, Value) {
    let (group, version, name, _) = kind.names();
    (if group.is_empty() { version.into() } else { format!("{group}/{version}").into() }, name.into())
}

/// Objects of others under the names of objects that are to be created. KubeVirt adopts a VMI or DataVolume, and CDI a PVC, that has
/// the name it would create (kubevirt/kubevirt `pkg/controller/controller_ref_manager.go`; `cdi.kubevirt.io/allowClaimAdoption`).
/// Another user's object would become part of the fleet and be deleted with it.
async fn taken(target: &Target, plan: &Plan, snapshot: &Snapshot) -> Result<Vec<ObjectName>, ClusterError> {
    let mut found = Vec::new();
    let (own, adopted) = names(plan, snapshot);
    for (kind, names) in own {
        let here = named(target, kind, &names).await?;
        // Another `up` may have created the fleet's own in the meantime.
        let foreign = here.into_iter().filter(|found| !found.meta.is_planned_by(&plan.fleet));
        found.extend(foreign.map(|found| ObjectName::new(kind, found.meta.name)));
    }
    // Their VMIs and disks are not the fleet's either.
    if !found.is_empty() || snapshot.objects.iter().any(|seen| matches!(seen, Seen::Taken(_))) {
        return Ok(found);
    }
    let mut adoptable = Vec::new();
    for (kind, names) in &adopted {
        adoptable.extend(named(target, *kind, names).await?);
    }
    // KubeVirt waits for terminating objects.
    if adoptable.iter().any(|found| !found.meta.terminating) {
        found.extend(foreign(target, plan, &adopted).await?);
    }
    Ok(found)
}

/// The names of objects that do not exist in the fleet: those of the plan, and those that KubeVirt and CDI will create for it.
fn names(plan: &Plan, snapshot: &Snapshot) -> (Names, Names) {
    let seen: BTreeMap<usize, &Change> = snapshot
        .objects
        .iter()
        .filter_map(|seen| match seen {
            Seen::Planned(index, change, _) => Some((*index, change)),
            _ => None,
        })
        .collect();
    let taken: BTreeSet<_> =
        snapshot.objects.iter().filter_map(|seen| if let Seen::Taken(name) = seen { Some(name) } else { None }).collect();
    let (mut own, mut adopted) = (Names::new(), Names::new());
    for (index, object) in plan.objects().enumerate() {
        let change = seen.get(&index);
        if change.is_none() && !taken.contains(&object.object_name()) {
            own.entry(object.kind).or_default().insert(object.name());
        }
        if object.kind == Kind::Vm && change.is_none_or(|change| change.starts()) {
            adopted.entry(Kind::Vmi).or_default().insert(object.name());
            disks(&object, &mut adopted);
        }
    }
    (own, adopted)
}

fn disks(vm: &Planned<'_>, names: &mut Names) {
    if vm.has_data_volume() {
        for kind in [Kind::DataVolume, Kind::Pvc] {
            names.entry(kind).or_default().insert(metadata::data_volume(&vm.name()));
        }
    }
}

/// The objects with these names.
async fn named(target: &Target, kind: Kind, names: &BTreeSet<String>) -> Result<Vec<Found>, ClusterError> {
    if names.len() <= FEW {
        let all = stream::iter(names).map(|name| target.get_meta(kind, name)).buffered(IN_PARALLEL).collect::<Vec<_>>().await;
        match all.into_iter().collect::<kube::Result<Vec<_>>>() {
            Ok(found) => return Ok(found.into_iter().flatten().map(|meta| Found { kind, meta }).collect()),
            // Lists may be allowed.
            Err(error) if error.is_code(403) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let mut all = all_of(target, kind).await?;
    all.retain(|found| names.contains(&found.meta.name));
    Ok(all)
}

async fn all_of(target: &Target, kind: Kind) -> Result<Vec<Found>, ClusterError> {
    match list::<MetadataOnly>(target, &Scope::new(kind, Some(&target.namespace), "")).await {
        Ok(all) => Ok(all.into_iter().map(|object| Found { kind, meta: object.metadata }).collect()),
        // Without this permission it is not known whose they are.
        Err(error) if error.is_code(403) => Err(ClusterError::MissingPermissions {
            namespace: target.namespace.clone(),
            missing: vec![format!("list {}", kind.qualified_plural())],
        }),
        Err(error) if error.is_code(404) => Ok(Vec::new()),
        Err(error) => Err(error.into()),
    }
}

/// Which objects with these names are not the fleet's: that depends on their owners, and on the owners of these.
async fn foreign(target: &Target, plan: &Plan, names: &Names) -> Result<Vec<ObjectName>, ClusterError> {
    let mut objects = Vec::new();
    for kind in [Kind::Vm, Kind::Vmi, Kind::DataVolume, Kind::Pvc] {
        objects.extend(all_of(target, kind).await?);
    }
    let known = KnownOwners { uids: objects.iter().map(|object| object.meta.uid.clone()).collect(), unlisted: Vec::new() };
    let is_planned = |found: &Found| names.get(&found.kind).is_some_and(|names| names.contains(&found.meta.name));
    let foreign = inventory::foreign(&objects, &plan.fleet, known);
    let foreign = foreign.into_iter().filter(|found| is_planned(found) && !found.meta.terminating);
    Ok(foreign.map(|found| ObjectName::new(found.kind, found.meta.name.clone())).collect())
}
