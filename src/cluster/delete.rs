//! Deletes a fleet: only objects that belong to it, and waits until they are gone.

use std::collections::BTreeSet;

use futures::{StreamExt as _, stream};
use kube::api::{DeleteParams, Preconditions};
use serde::Deserialize as _;

use crate::{
    error::{ClusterError, WaitedFor},
    event::{Event, Events, Wait, Warning},
    live::Meta,
    metadata,
    object::{Kind, ObjectRef},
};

use super::{
    Inventory, Target,
    inventory::{self, Found, KnownOwners, OWNERS},
    list::{MetadataOnly, Scope, list},
    timing::LABEL_CHECK_INTERVAL,
    transport::Code as _,
    wait::{self, GoneGoal},
};

/// Concurrent DELETE requests.
const IN_PARALLEL: usize = 16;
/// The kinds that carry the fleet's labels, in the order of deletion.
const KINDS: [Kind; 5] = [Kind::Vm, Kind::Service, Kind::Secret, Kind::Vmi, Kind::DataVolume];

/// Objects that were not deleted, and why.
#[derive(Debug)]
pub(crate) struct Refused {
    /// The objects.
    pub items: Vec<ObjectRef>,
    /// The server's error.
    pub error: ClusterError,
}

impl Inventory {
    /// The objects that will be deleted although some deletions failed. Objects owned by a VM that stays, stay too.
    pub(crate) fn excluding(&self, refused: &[Refused]) -> Self {
        let stay: Vec<_> = refused.iter().flat_map(|refused| &refused.items).collect();
        let vms = stay.iter().filter(|item| item.kind == Kind::Vm).map(|item| item.name.as_str());
        let (vms, disks): (BTreeSet<_>, BTreeSet<_>) = vms.map(|vm| (vm, metadata::data_volume(vm))).unzip();
        let goes = |item: &&ObjectRef| {
            let kept_with_vm = match item.kind {
                Kind::Vmi => vms.contains(item.name.as_str()),
                Kind::DataVolume | Kind::Pvc => disks.contains(&item.name),
                _ => false,
            };
            !kept_with_vm && !stay.contains(item)
        };
        Self { items: self.items.iter().filter(goes).cloned().collect(), ..self.clone() }
    }
}

/// Lists the objects of a fleet, or of some of its workloads.
///
/// # Errors
/// When VMs, Secrets or Services cannot be listed.
pub(crate) async fn inventory(target: &Target, fleet: &str, workloads: &[String], events: &Events) -> Result<Inventory, ClusterError> {
    let found = find(target, fleet, workloads, events).await?;
    let sorted = inventory::sort(&found, owners(target, &found).await?);
    if !sorted.kept.is_empty() {
        events.emit(Event::Warning(Warning::Foreign(sorted.kept))).await;
    }
    let selector = metadata::selector(Some(fleet), workloads);
    Ok(Inventory { items: sorted.items, orphans: sorted.orphans, selector })
}

/// Objects of the fleet that are not in an earlier inventory. Objects that are terminating or owned by something in it are left
/// out.
///
/// # Errors
/// When they cannot be listed.
pub(crate) async fn appeared(
    target: &Target,
    before: &Inventory,
    fleet: &str,
    workloads: &[String],
) -> Result<Vec<ObjectRef>, ClusterError> {
    let known: BTreeSet<_> = before.items.iter().map(|item| item.uid.as_str()).collect();
    let mut found = find(target, fleet, workloads, &Events::none()).await?;
    found.retain(|found| {
        let goes = found.meta.terminating || found.meta.owners.iter().any(|owner| known.contains(owner.uid.as_str()));
        !goes && !known.contains(found.meta.uid.as_str())
    });
    let sorted = inventory::sort(&found, owners(target, &found).await?);
    Ok(sorted.items)
}

async fn find(target: &Target, fleet: &str, workloads: &[String], events: &Events) -> Result<Vec<Found>, ClusterError> {
    let selector = metadata::selector(Some(fleet), workloads);
    let unknown = async |kind: Kind| events.emit(Event::Warning(Warning::CannotList(kind))).await;
    let mut found = Vec::new();
    // A server or proxy that ignores the selector must not widen the inventory.
    let wanted = |meta: &Meta| {
        meta.belongs_to(fleet)
            && (workloads.is_empty() || workloads.iter().any(|name| meta.label_or_annotation(metadata::COMPONENT) == Some(name)))
    };
    for kind in KINDS {
        match list::<MetadataOnly>(target, &Scope::new(kind, Some(&target.namespace), &selector)).await {
            Ok(all) => {
                let ours = all.into_iter().map(|object| object.metadata).filter(wanted);
                found.extend(ours.map(|meta| Found { kind, meta }));
            }
            // Without KubeVirt or CDI there are no such objects.
            Err(error) if error.is_code(404) && !kind.group().is_empty() => {}
            Err(error) if error.is_code(403) && matches!(kind, Kind::DataVolume | Kind::Vmi) => unknown(kind).await,
            Err(error) => return Err(error.into()),
        }
    }
    match list::<MetadataOnly>(target, &Scope::new(Kind::Pvc, Some(&target.namespace), "")).await {
        Ok(pvcs) => {
            let volumes = found.iter().filter(|found| found.kind == Kind::DataVolume);
            let volumes: BTreeSet<_> = volumes.map(|volume| volume.meta.uid.clone()).collect();
            // CDI does not copy the labels to every PVC.
            let ours =
                |pvc: &Meta| pvc.owners.iter().any(|owner| volumes.contains(&owner.uid)) || (pvc.belongs_to(fleet) && workloads.is_empty());
            let pvcs = pvcs.into_iter().map(|pvc| pvc.metadata).filter(ours);
            found.extend(pvcs.map(|meta| Found { kind: Kind::Pvc, meta }));
        }
        Err(error) if error.is_code(403) => unknown(Kind::Pvc).await,
        Err(error) => return Err(error.into()),
    }
    Ok(found)
}

/// Looks up the owners that are not in the list themselves.
async fn owners(target: &Target, found: &[Found]) -> Result<KnownOwners, ClusterError> {
    let ours: BTreeSet<_> = found.iter().map(|found| found.meta.uid.as_str()).collect();
    let owners: Vec<_> = found.iter().flat_map(|found| &found.meta.owners).filter(|owner| !ours.contains(owner.uid.as_str())).collect();
    let mut known = KnownOwners::default();
    for kind in OWNERS {
        if !owners.iter().any(|owner| owner.is(kind.group(), kind.name())) {
            continue;
        }
        match list::<MetadataOnly>(target, &Scope::new(kind, Some(&target.namespace), "")).await {
            Ok(all) => known.uids.extend(all.into_iter().map(|object| object.metadata.uid)),
            Err(error) if error.is_code(403) => known.unlisted.push(kind),
            Err(error) if error.is_code(404) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(known)
}

/// Requests the deletion of exactly these objects. Continues after errors, and returns each with its objects.
pub(crate) async fn delete(target: &Target, inventory: &Inventory) -> Vec<Refused> {
    let mut errors = Vec::new();
    // VMs first: their controller would create a VMI again.
    let (vms, others): (Vec<_>, Vec<_>) = inventory.roots().cloned().partition(|item| item.kind == Kind::Vm);
    for items in [vms, others] {
        errors.extend(delete_each(target, &items).await);
    }
    errors
}

/// Deletes objects one by one and concurrently, each by its UID.
async fn delete_each(target: &Target, items: &[ObjectRef]) -> Vec<Refused> {
    let results = stream::iter(items).map(|item| async move {
        let preconditions = Preconditions { uid: Some(item.uid.clone()), resource_version: None };
        let parameters = DeleteParams { preconditions: Some(preconditions), ..DeleteParams::background() };
        match target.api(item.kind).delete(&item.name, &parameters).await.map(|_| ()) {
            Ok(()) => None,
            Err(error) if error.is_code(404) => None,
            // A new object has its name, or the server does not delete it.
            Err(error) if error.is_code(409) && !exists(target, item).await => None,
            Err(error) => Some(Refused { items: vec![item.clone()], error: error.into() }),
        }
    });
    results.buffer_unordered(IN_PARALLEL).collect::<Vec<_>>().await.into_iter().flatten().collect()
}

/// Whether this object exists and is not terminating; true if that is not known.
async fn exists(target: &Target, item: &ObjectRef) -> bool {
    match target.get(item.kind, &item.name).await {
        Ok(Some(object)) => object["metadata"]["uid"] == *item.uid && object["metadata"]["deletionTimestamp"].is_null(),
        Ok(None) => false,
        Err(_) => true,
    }
}

/// Waits until all objects are gone, and returns those that remain when the time is over.
///
/// # Errors
/// When the namespace cannot be watched.
pub(crate) async fn wait(target: &Target, inventory: &Inventory, events: &Events) -> Result<Vec<ObjectRef>, ClusterError> {
    if inventory.items.is_empty() {
        return Ok(Vec::new());
    }
    let mut goal = GoneGoal::new(target, &inventory.items, &inventory.selector);
    wait::until(target, Wait::Deleted, &mut goal, events).await?;
    let mut left = goal.left;
    loop {
        let lost = match without_labels(target, inventory).await {
            // The objects that remain are reported anyway.
            Err(_) if !left.is_empty() => Vec::new(),
            lost => lost?,
        };
        if lost.is_empty() || target.is_overdue() {
            let further: Vec<_> = lost.into_iter().filter(|item| !left.contains(item)).collect();
            left.extend(further);
            return Ok(left);
        }
        tokio::time::sleep(LABEL_CHECK_INTERVAL).await;
    }
}

/// Deletes objects that are not in the plan, and waits until they are gone if there is somebody to report that to.
///
/// # Errors
/// The server's error, or that the time was over.
pub(crate) async fn prune(target: &Target, fleet: &str, objects: &[ObjectRef], wait: Option<&Events>) -> Result<(), ClusterError> {
    if let Some(refused) = delete_each(target, objects).await.into_iter().next() {
        return Err(refused.error);
    }
    let Some(events) = wait else { return Ok(()) };
    let mut goal = GoneGoal::new(target, objects, &metadata::selector(Some(fleet), &[]));
    wait::until(target, Wait::Deleted, &mut goal, events).await?;
    // The watches report an object as deleted that lost its labels.
    for object in objects.iter().filter(|object| !goal.left.contains(object)) {
        match wait::until_gone(target, object.kind, &object.name, |live| live["metadata"]["uid"] == *object.uid).await {
            Err(ClusterError::Api(status)) if status.code == 403 => {}
            result => result?,
        }
    }
    match goal.left.first() {
        Some(object) => Err(ClusterError::Timeout { after: target.elapsed(), waited_for: WaitedFor::Object(object.to_string()) }),
        None => Ok(()),
    }
}

/// Objects that still exist but lost their labels. The watches reported them as deleted.
async fn without_labels(target: &Target, inventory: &Inventory) -> Result<Vec<ObjectRef>, ClusterError> {
    let mut left = Vec::new();
    for kind in KINDS {
        let uids: BTreeSet<_> = inventory.of(kind).map(|item| item.uid.as_str()).collect();
        if uids.is_empty() {
            continue;
        }
        let all = list::<MetadataOnly>(target, &Scope::new(kind, Some(&target.namespace), "")).await;
        for meta in all?.into_iter().map(|object| object.metadata) {
            let ours = uids.contains(meta.uid.as_str());
            left.extend(ours.then_some(ObjectRef { kind, name: meta.name, uid: meta.uid }));
        }
    }
    Ok(left)
}

/// The finalizers of an object that is not deleted in time.
pub(crate) async fn finalizers(target: &Target, item: &ObjectRef) -> Vec<String> {
    let found = target.get(item.kind, &item.name).await.ok().flatten();
    found.and_then(|object| Vec::deserialize(&object["metadata"]["finalizers"]).ok()).unwrap_or_default()
}
