//! Deletes a fleet: only objects that belong to it, and waits until they are gone.

use std::collections::BTreeSet;

use futures::{StreamExt as _, stream};
use kube::api::{DeleteParams, Preconditions};
use serde::Deserialize as _;

use crate::{
    error::ClusterError,
    event::{Event, Events, Pending, Wait, Warning},
    kubevirt::live::Meta,
    object::{Kind, ObjectRef},
    plan::metadata,
};

use super::timing::{LABEL_CHECK_INTERVAL, POLL_INTERVAL};
use super::{
    Cluster, Inventory,
    inventory::{self, Found, KnownOwners, OWNERS},
    list::{MetadataOnly, Scope},
    reflector::Reflector,
    transport::Code as _,
};

/// Concurrent DELETE requests.
const IN_PARALLEL: usize = 16;
/// The kinds that carry the fleet's labels, in the order of deletion.
const KINDS: [Kind; 5] = [Kind::Vm, Kind::Service, Kind::Secret, Kind::Vmi, Kind::DataVolume];

/// Objects that were not deleted, and why.
#[derive(Debug)]
pub struct Refused {
    /// The objects.
    pub items: Vec<ObjectRef>,
    /// The server's error.
    pub error: ClusterError,
}

impl Inventory {
    /// The objects that will be deleted although some deletions failed. Objects owned by a VM that stays, stay too.
    pub fn excluding(&self, refused: &[Refused]) -> Self {
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

impl Cluster {
    /// Lists the objects of a fleet, or of some of its workloads.
    ///
    /// # Errors
    /// When VMs, Secrets or Services cannot be listed.
    pub async fn inventory(&self, namespace: &str, fleet: &str, workloads: &[String], events: &Events) -> Result<Inventory, ClusterError> {
        let found = self.find(namespace, fleet, workloads, events).await?;
        let sorted = inventory::sort(&found, self.known(namespace, &found).await?);
        if !sorted.kept.is_empty() {
            events.emit(Event::Warning(Warning::Foreign(sorted.kept))).await;
        }
        let selector = metadata::selector(Some(fleet), workloads);
        Ok(Inventory { namespace: namespace.to_owned(), items: sorted.items, orphans: sorted.orphans, selector })
    }

    /// Objects of the fleet that are not in an earlier inventory. Objects that are terminating or owned by something in it are left
    /// out.
    ///
    /// # Errors
    /// When they cannot be listed.
    pub async fn appeared(&self, before: &Inventory, fleet: &str, workloads: &[String]) -> Result<Vec<ObjectRef>, ClusterError> {
        let known: BTreeSet<_> = before.items.iter().map(|item| item.uid.as_str()).collect();
        let mut found = self.find(&before.namespace, fleet, workloads, &Events::none()).await?;
        found.retain(|found| {
            let goes = found.meta.terminating || found.meta.owners.iter().any(|owner| known.contains(owner.uid.as_str()));
            !goes && !known.contains(found.meta.uid.as_str())
        });
        let sorted = inventory::sort(&found, self.known(&before.namespace, &found).await?);
        Ok(sorted.items)
    }

    async fn find(&self, namespace: &str, fleet: &str, workloads: &[String], events: &Events) -> Result<Vec<Found>, ClusterError> {
        let selector = metadata::selector(Some(fleet), workloads);
        let unknown = async |kind: Kind| events.emit(Event::Warning(Warning::CannotList(kind))).await;
        let mut found = Vec::new();
        // A server or proxy that ignores the selector must not widen the inventory.
        let wanted = |meta: &Meta| {
            meta.belongs_to(fleet)
                && (workloads.is_empty() || workloads.iter().any(|name| meta.label_or_annotation(metadata::COMPONENT) == Some(name)))
        };
        for kind in KINDS {
            match self.try_list::<MetadataOnly>(&Scope::new(kind, Some(namespace), &selector)).await {
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
        match self.try_list::<MetadataOnly>(&Scope::new(Kind::Pvc, Some(namespace), "")).await {
            Ok(pvcs) => {
                let volumes = found.iter().filter(|found| found.kind == Kind::DataVolume);
                let volumes: BTreeSet<_> = volumes.map(|volume| volume.meta.uid.clone()).collect();
                // CDI does not copy the labels to every PVC.
                let ours = |pvc: &Meta| {
                    pvc.owners.iter().any(|owner| volumes.contains(&owner.uid)) || (pvc.belongs_to(fleet) && workloads.is_empty())
                };
                let pvcs = pvcs.into_iter().map(|pvc| pvc.metadata).filter(ours);
                found.extend(pvcs.map(|meta| Found { kind: Kind::Pvc, meta }));
            }
            Err(error) if error.is_code(403) => unknown(Kind::Pvc).await,
            Err(error) => return Err(error.into()),
        }
        Ok(found)
    }

    /// Looks up the owners that are not in the list themselves.
    async fn known(&self, namespace: &str, found: &[Found]) -> Result<KnownOwners, ClusterError> {
        let ours: BTreeSet<_> = found.iter().map(|found| found.meta.uid.as_str()).collect();
        let owners: Vec<_> = found.iter().flat_map(|found| &found.meta.owners).filter(|owner| !ours.contains(owner.uid.as_str())).collect();
        let mut known = KnownOwners::default();
        for kind in OWNERS {
            if !owners.iter().any(|owner| owner.is(kind.group(), kind.name())) {
                continue;
            }
            match self.try_list::<MetadataOnly>(&Scope::new(kind, Some(namespace), "")).await {
                Ok(all) => known.uids.extend(all.into_iter().map(|object| object.metadata.uid)),
                Err(error) if error.is_code(403) => known.unlisted.push(kind),
                Err(error) if error.is_code(404) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(known)
    }

    /// Requests the deletion of exactly these objects. Continues after errors, and returns each with its objects.
    pub async fn delete(&self, inventory: &Inventory) -> Vec<Refused> {
        let mut errors = Vec::new();
        // VMs first: their controller would create a VMI again.
        let (vms, others): (Vec<_>, Vec<_>) = inventory.roots().cloned().partition(|item| item.kind == Kind::Vm);
        for items in [vms, others] {
            errors.extend(self.delete_each(&inventory.namespace, &items).await);
        }
        errors
    }

    /// Deletes objects one by one and concurrently, each by its UID.
    pub async fn delete_each(&self, namespace: &str, items: &[ObjectRef]) -> Vec<Refused> {
        let results = stream::iter(items).map(|item| async move {
            let preconditions = Preconditions { uid: Some(item.uid.clone()), resource_version: None };
            let parameters = DeleteParams { preconditions: Some(preconditions), ..DeleteParams::background() };
            match self.api(item.kind, Some(namespace)).delete(&item.name, &parameters).await.map(|_| ()) {
                Ok(()) => None,
                Err(error) if error.is_code(404) => None,
                // A new object has its name, or the server does not delete it.
                Err(error) if error.is_code(409) && !self.exists(namespace, item).await => None,
                Err(error) => Some(Refused { items: vec![item.clone()], error: error.into() }),
            }
        });
        results.buffer_unordered(IN_PARALLEL).collect::<Vec<_>>().await.into_iter().flatten().collect()
    }

    /// Whether this object exists and is not terminating; true if that is not known.
    async fn exists(&self, namespace: &str, item: &ObjectRef) -> bool {
        match self.get(item.kind, namespace, &item.name).await {
            Ok(Some(object)) => object["metadata"]["uid"] == *item.uid && object["metadata"]["deletionTimestamp"].is_null(),
            Ok(None) => false,
            Err(_) => true,
        }
    }

    /// Waits until all objects are gone, and returns those that remain when the time is over.
    ///
    /// # Errors
    /// When the namespace cannot be watched.
    pub async fn wait_gone(&self, inventory: &Inventory, events: &Events) -> Result<Vec<ObjectRef>, ClusterError> {
        let mut left = inventory.items.clone();
        if left.is_empty() {
            return Ok(left);
        }
        let total = left.len();
        let kinds = KINDS.into_iter().chain([Kind::Pvc]).filter(|kind| inventory.of(*kind).next().is_some());
        let namespace = inventory.namespace.as_str();
        // CDI does not copy the labels to PVCs.
        let scope = |kind| Scope::new(kind, Some(namespace), if kind == Kind::Pvc { "" } else { &inventory.selector });
        let mut present = Reflector::new(self, kinds.map(scope).collect(), |object: MetadataOnly| object.metadata.uid);
        loop {
            present.poll(POLL_INTERVAL).await?;
            let over = self.transport.overdue();
            if over {
                // The watches may be stale.
                drop(present.list_all().await);
            }
            left.retain(|item| match present.get(item.kind, namespace, &item.name) {
                // A new object may have the same name.
                Some(uid) => item.uid == *uid,
                None => !present.is_kind_synced(item.kind),
            });
            let pending = left.iter().cloned().map(Pending::Object).collect();
            events.emit(Event::Waiting { goal: Wait::Deleted, done: total - left.len(), total, elapsed: self.elapsed(), pending }).await;
            if left.is_empty() || over {
                break;
            }
        }
        events.emit(Event::Waited).await;
        loop {
            let lost = match self.without_labels(inventory).await {
                // The objects that remain are reported anyway.
                Err(_) if !left.is_empty() => Vec::new(),
                lost => lost?,
            };
            if lost.is_empty() || self.transport.overdue() {
                let further: Vec<_> = lost.into_iter().filter(|item| !left.contains(item)).collect();
                left.extend(further);
                return Ok(left);
            }
            tokio::time::sleep(LABEL_CHECK_INTERVAL).await;
        }
    }

    /// Objects that still exist but lost their labels. The watches reported them as deleted.
    async fn without_labels(&self, inventory: &Inventory) -> Result<Vec<ObjectRef>, ClusterError> {
        let mut left = Vec::new();
        for kind in KINDS {
            let uids: BTreeSet<_> = inventory.of(kind).map(|item| item.uid.as_str()).collect();
            if uids.is_empty() {
                continue;
            }
            let all = self.try_list::<MetadataOnly>(&Scope::new(kind, Some(&inventory.namespace), "")).await;
            for meta in all?.into_iter().map(|object| object.metadata) {
                let ours = uids.contains(meta.uid.as_str());
                left.extend(ours.then_some(ObjectRef { kind, name: meta.name, uid: meta.uid }));
            }
        }
        Ok(left)
    }

    /// The finalizers of an object that is not deleted in time.
    pub async fn finalizers(&self, namespace: &str, item: &ObjectRef) -> Vec<String> {
        let found = self.get(item.kind, namespace, &item.name).await.ok().flatten();
        found.and_then(|object| Vec::deserialize(&object["metadata"]["finalizers"]).ok()).unwrap_or_default()
    }
}
