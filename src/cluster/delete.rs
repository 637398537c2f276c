//! Removal: by label, only what is ours, and waited for until it is really gone.

use std::{collections::BTreeSet, time::Duration};

use futures::{StreamExt as _, stream};
use kube::api::{DeleteParams, Preconditions};
use serde::Deserialize as _;

use crate::{
    error::ClusterError,
    kubevirt::observed::{About, Owner},
    plan::metadata,
};

use super::{
    Cluster, Item, Kind, Listener, Progress,
    list::{Alone, Scope},
    mirror::Mirror,
};

/// How often the watches' findings are looked over.
const GLANCE: Duration = Duration::from_millis(200);
/// How often objects are looked for that have lost their labels.
const UNLABELLED: Duration = Duration::from_secs(2);
/// Deletions in flight at once.
const IN_PARALLEL: usize = 16;
/// The kinds that carry our labels, in the order in which they are removed.
const KINDS: [Kind; 5] = [Kind::Machine, Kind::Service, Kind::Secret, Kind::Instance, Kind::DataVolume];

/// What of a fleet is in a namespace.
#[derive(Debug, Clone)]
pub struct Inventory {
    /// Where.
    pub namespace: String,
    /// What, machines first.
    pub items: Vec<Item>,
    /// UIDs of instances, data volumes and claims that no owner of ours takes with it.
    orphans: BTreeSet<String>,
    selector: String,
}

/// Whether objects of a kind are made for another object, which takes them with it.
fn has_owner(kind: Kind) -> bool {
    matches!(kind, Kind::Instance | Kind::DataVolume | Kind::Claim)
}

/// What was not deleted, and why.
#[derive(Debug)]
pub struct Refused {
    /// The objects.
    pub items: Vec<Item>,
    /// The server's refusal.
    pub error: ClusterError,
}

/// An object that was listed, and its owner.
struct Found {
    item: Item,
    owner: Option<Box<Owner>>,
}

impl Inventory {
    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    fn of(&self, kind: Kind) -> impl Iterator<Item = &Item> {
        self.items.iter().filter(move |item| item.kind == kind)
    }

    /// What has to be deleted for all of it to go: the rest has an owner among these.
    fn roots(&self) -> impl Iterator<Item = &Item> {
        let is_root = |item: &&Item| !has_owner(item.kind) || self.orphans.contains(&item.uid);
        self.items.iter().filter(is_root)
    }

    /// What a later inventory holds that is not in this one.
    pub fn appeared(&self, later: &Self) -> Vec<Item> {
        let known: BTreeSet<_> = self.items.iter().map(|item| item.uid.as_str()).collect();
        later.roots().filter(|item| !known.contains(item.uid.as_str())).cloned().collect()
    }

    /// What of it will go although some deletions were refused: what belongs to a machine that stays, stays too.
    pub fn without(&self, refused: &[Refused]) -> Self {
        let stay: Vec<_> = refused.iter().flat_map(|refused| &refused.items).collect();
        let machines = stay.iter().filter(|item| item.kind == Kind::Machine).map(|item| item.name.as_str());
        let (machines, disks): (BTreeSet<_>, BTreeSet<_>) = machines.map(|machine| (machine, metadata::data_volume(machine))).unzip();
        let goes = |item: &&Item| {
            let with_its_machine = match item.kind {
                Kind::Instance => machines.contains(item.name.as_str()),
                Kind::DataVolume | Kind::Claim => disks.contains(&item.name),
                _ => false,
            };
            !with_its_machine && !stay.contains(item)
        };
        Self { items: self.items.iter().filter(goes).cloned().collect(), ..self.clone() }
    }
}

impl Cluster {
    /// Finds what is ours, `workloads` narrowing it.
    ///
    /// # Errors
    /// When machines, Secrets or Services may not be listed.
    pub async fn inventory(
        &self,
        namespace: &str,
        fleet: &str,
        workloads: &[String],
        tell: Listener<'_>,
    ) -> Result<Inventory, ClusterError> {
        let selector = metadata::selector(Some(fleet), workloads);
        let unknown = |kind: Kind| {
            let group = if kind.group().is_empty() { String::new() } else { format!(".{}", kind.group()) };
            tell(Progress::Warning(format!("you may not list {}{group}: whether any is left is not known", kind.plural())));
        };
        let mut found = Vec::new();
        let add = |found: &mut Vec<Found>, kind, about: About| {
            found.push(Found { item: Item { kind, name: about.name, uid: about.uid }, owner: about.owner });
        };
        // A server or proxy that drops the selector must not widen what is ours.
        let wanted = |about: &About| {
            about.is_of(fleet) && (workloads.is_empty() || workloads.iter().any(|name| about.mark(metadata::COMPONENT) == Some(name)))
        };
        for kind in KINDS {
            match self.try_list::<Alone>(&Scope::new(kind, Some(namespace), &selector)).await {
                Ok(all) => {
                    all.into_iter().map(|object| object.metadata).filter(wanted).for_each(|about| add(&mut found, kind, about));
                }
                // A cluster without KubeVirt or CDI has none of their objects.
                Err(failure) if failure.is_code(404) && !kind.group().is_empty() => {}
                Err(failure) if failure.is_code(403) && matches!(kind, Kind::DataVolume | Kind::Instance) => unknown(kind),
                Err(failure) => return Err(failure.into_error(self)),
            }
        }
        match self.try_list::<Alone>(&Scope::new(Kind::Claim, Some(namespace), "")).await {
            Ok(claims) => {
                let volumes: BTreeSet<_> =
                    found.iter().filter(|found| found.item.kind == Kind::DataVolume).map(|found| found.item.uid.clone()).collect();
                // CDI does not pass our labels on to every claim.
                let ours = |claim: &About| match &claim.owner {
                    Some(owner) if volumes.contains(&owner.uid) => true,
                    _ => claim.is_of(fleet) && workloads.is_empty(),
                };
                claims.into_iter().map(|claim| claim.metadata).filter(ours).for_each(|about| add(&mut found, Kind::Claim, about));
            }
            Err(failure) if failure.is_code(403) => unknown(Kind::Claim),
            Err(failure) => return Err(failure.into_error(self)),
        }
        self.sort_out(namespace, &selector, found).await
    }

    /// Leaves out what belongs to a living owner that is not ours, whatever its labels say: a VM that somebody copied from one of
    /// ours passes the labels of its template on to its instance and its data volumes.
    async fn sort_out(&self, namespace: &str, selector: &str, found: Vec<Found>) -> Result<Inventory, ClusterError> {
        let ours: BTreeSet<_> = found.iter().map(|found| found.item.uid.clone()).collect();
        let foreign: Vec<_> = found.iter().filter_map(|found| found.owner.as_deref()).filter(|owner| !ours.contains(&owner.uid)).collect();
        let (mut living, mut unlisted) = (BTreeSet::new(), Vec::new());
        for kind in [Kind::Machine, Kind::DataVolume] {
            if foreign.iter().any(|owner| owner.kind == kind.name()) {
                match self.try_list::<Alone>(&Scope::new(kind, Some(namespace), "")).await {
                    Ok(all) => living.extend(all.into_iter().map(|object| object.metadata.uid)),
                    Err(failure) if failure.is_code(403) => unlisted.push(kind.name()),
                    Err(failure) => return Err(failure.into_error(self)),
                }
            }
        }
        let machines = found.iter().filter(|found| found.item.kind == Kind::Machine);
        let disks: BTreeSet<_> = machines.map(|machine| metadata::data_volume(&machine.item.name)).collect();
        // Of owners of other kinds it is not known whether they live.
        let is_alive = |owner: &Owner| {
            living.contains(&owner.uid) || ![Kind::Machine, Kind::DataVolume].map(Kind::name).contains(&owner.kind.as_str())
        };
        let (mut items, mut orphans) = (Vec::new(), BTreeSet::new());
        for Found { item, owner } in found {
            match owner {
                Some(owner) if ours.contains(&owner.uid) => {}
                // A claim goes with the data volume of a VM of ours, and is waited for, also where those may not be listed.
                Some(owner) if unlisted.contains(&owner.kind.as_str()) && disks.contains(&item.name) => {}
                Some(owner) if unlisted.contains(&owner.kind.as_str()) => continue,
                Some(owner) if is_alive(&owner) => continue,
                _ if has_owner(item.kind) => drop(orphans.insert(item.uid.clone())),
                _ => {}
            }
            items.push(item);
        }
        Ok(Inventory { namespace: namespace.to_owned(), items, orphans, selector: selector.to_owned() })
    }

    /// Asks for the deletion of all of it, and of nothing that has appeared since. Goes on past errors and returns each, with what it
    /// is about.
    pub async fn delete(&self, inventory: &Inventory) -> Vec<Refused> {
        let mut errors = Vec::new();
        // Machines first: their controller would make an instance again.
        let (machines, others): (Vec<_>, Vec<_>) = inventory.roots().cloned().partition(|item| item.kind == Kind::Machine);
        for items in [machines, others] {
            errors.extend(self.delete_each(&inventory.namespace, &items).await);
        }
        errors
    }

    /// Deletes objects one by one, in parallel: only those very objects.
    pub async fn delete_each(&self, namespace: &str, items: &[Item]) -> Vec<Refused> {
        let results = stream::iter(items).map(|item| async move {
            let preconditions = Preconditions { uid: Some(item.uid.clone()), resource_version: None };
            let parameters = DeleteParams { preconditions: Some(preconditions), ..DeleteParams::background() };
            let deleted = self.retrying(&item.name, || {
                let api = self.api(item.kind, Some(namespace));
                let parameters = parameters.clone();
                async move { api.delete(&item.name, &parameters).await.map(|_| ()) }
            });
            match deleted.await {
                Ok(()) => None,
                Err(failure) if failure.is_code(404) => None,
                // Another object bears its name now, or the server does not delete it.
                Err(failure) if failure.is_code(409) && !self.is_there(namespace, item).await => None,
                Err(failure) => Some(Refused { items: vec![item.clone()], error: failure.into_error(self) }),
            }
        });
        results.buffer_unordered(IN_PARALLEL).collect::<Vec<_>>().await.into_iter().flatten().collect()
    }

    /// Whether this very object is there, and is not being deleted; true where that is not known.
    async fn is_there(&self, namespace: &str, item: &Item) -> bool {
        match self.get(item.kind, namespace, &item.name).await {
            Ok(Some(object)) => object["metadata"]["uid"] == *item.uid && object["metadata"]["deletionTimestamp"].is_null(),
            Ok(None) => false,
            Err(_) => true,
        }
    }

    /// Waits until all of it is gone. Returns what is left when the time is over.
    ///
    /// # Errors
    /// When the namespace cannot be watched.
    pub async fn wait_gone(&self, inventory: &Inventory, tell: Listener<'_>) -> Result<Vec<Item>, ClusterError> {
        let mut left = inventory.items.clone();
        if left.is_empty() {
            return Ok(left);
        }
        let total = left.len();
        let kinds = KINDS.into_iter().chain([Kind::Claim]).filter(|kind| inventory.of(*kind).next().is_some());
        let namespace = inventory.namespace.as_str();
        // CDI does not pass our labels on to claims.
        let scope = |kind| Scope::new(kind, Some(namespace), if kind == Kind::Claim { "" } else { &inventory.selector });
        let mut present = Mirror::new(self, kinds.map(scope).collect(), |object: Alone| object.metadata.uid);
        loop {
            present.listen(GLANCE).await?;
            let over = self.overdue();
            if over {
                // What the watches have told may be old.
                drop(present.list_all().await);
            }
            left.retain(|item| match present.get(item.kind, namespace, &item.name) {
                // Under its name there may be another by now.
                Some(uid) => item.uid == *uid,
                None => !present.knows(item.kind),
            });
            let laggards = left.iter().map(|item| (item.to_string(), String::new())).collect();
            tell(Progress::Waiting { what: "objects gone", done: total - left.len(), total, elapsed: self.elapsed(), laggards });
            if left.is_empty() || over {
                break;
            }
        }
        tell(Progress::Waited);
        loop {
            let lost = match self.unlabelled(inventory).await {
                // What is left is told all the same.
                Err(_) if !left.is_empty() => Vec::new(),
                lost => lost?,
            };
            if lost.is_empty() || self.overdue() {
                let further: Vec<_> = lost.into_iter().filter(|item| !left.contains(item)).collect();
                left.extend(further);
                return Ok(left);
            }
            tokio::time::sleep(UNLABELLED).await;
        }
    }

    /// What is there all the same, because it has lost its labels meanwhile: watches have told that as its end.
    async fn unlabelled(&self, inventory: &Inventory) -> Result<Vec<Item>, ClusterError> {
        let mut left = Vec::new();
        for kind in KINDS {
            let uids: BTreeSet<_> = inventory.of(kind).map(|item| item.uid.as_str()).collect();
            if uids.is_empty() {
                continue;
            }
            let all = self.try_list::<Alone>(&Scope::new(kind, Some(&inventory.namespace), "")).await;
            for about in all.map_err(|failure| failure.into_error(self))?.into_iter().map(|object| object.metadata) {
                let ours = uids.contains(about.uid.as_str());
                left.extend(ours.then_some(Item { kind, name: about.name, uid: about.uid }));
            }
        }
        Ok(left)
    }

    /// What the finalizers of an object are, for the one who waits for it in vain.
    pub async fn finalizers(&self, namespace: &str, item: &Item) -> Vec<String> {
        let found = self.get(item.kind, namespace, &item.name).await.ok().flatten();
        found.and_then(|object| Vec::deserialize(&object["metadata"]["finalizers"]).ok()).unwrap_or_default()
    }
}
