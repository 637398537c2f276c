//! Removal: by label, only what is ours, and waited for until it is really gone.

use std::{collections::BTreeSet, time::Duration};

use futures::{StreamExt as _, TryStreamExt as _, stream};
use kube::{
    Api,
    api::{DeleteParams, DynamicObject, ListParams, Preconditions},
    core::{ObjectMeta, PartialObjectMeta},
    runtime::{
        WatchStreamExt as _,
        watcher::{self, Event},
    },
};
use serde_json::Value;

use crate::{error::ClusterError, plan::metadata};

use super::{
    Cluster, Kind, Listener, Progress,
    list::PAGE,
    survey::{metadata_of, name_of},
};

/// How often the watches' findings are looked over.
const GLANCE: Duration = Duration::from_millis(200);
/// Deletions in flight at once, where collections may not be deleted.
const IN_PARALLEL: usize = 16;
/// The kinds that carry our labels, in the order in which they are removed.
const KINDS: [Kind; 5] = [Kind::Machine, Kind::Service, Kind::Secret, Kind::Instance, Kind::DataVolume];

/// What of a fleet is in a namespace.
#[derive(Debug, Clone)]
pub struct Inventory {
    /// Where.
    pub namespace: String,
    /// What: kind and name, machines first.
    pub objects: Vec<(Kind, String)>,
    selector: String,
}

impl Inventory {
    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }

    fn names(&self, kind: Kind) -> BTreeSet<&str> {
        self.objects.iter().filter(|(of, _)| *of == kind).map(|(_, name)| name.as_str()).collect()
    }

    /// What goes by itself when its owner goes: instances, data volumes and claims of machines.
    fn follows(&self, kind: Kind, name: &str) -> bool {
        let machines = self.names(Kind::Machine);
        match kind {
            Kind::Instance => machines.contains(name),
            Kind::DataVolume => machines.iter().any(|machine| metadata::data_volume(machine) == name),
            Kind::Claim => self.names(Kind::DataVolume).contains(name),
            _ => false,
        }
    }
}

/// What was not deleted, and why.
#[derive(Debug)]
pub struct Refused {
    /// The objects.
    pub objects: Vec<(Kind, String)>,
    /// The server's refusal.
    pub error: ClusterError,
}

impl Inventory {
    /// What of it will go although some deletions were refused: what belongs to a machine that stays, stays too.
    pub fn without(&self, refused: &[Refused]) -> Self {
        let stays = |kind: Kind, name: &str| refused.iter().flat_map(|refused| &refused.objects).any(|(k, n)| *k == kind && n == name);
        let machine_stays = |name: &str| stays(Kind::Machine, name);
        let of_one_that_stays = |kind: Kind, name: &str| match kind {
            Kind::Instance => machine_stays(name),
            Kind::DataVolume | Kind::Claim => {
                self.names(Kind::Machine).iter().any(|m| machine_stays(m) && metadata::data_volume(m) == name)
            }
            _ => false,
        };
        let objects = self.objects.iter().filter(|(kind, name)| !stays(*kind, name) && !of_one_that_stays(*kind, name)).cloned().collect();
        Self { namespace: self.namespace.clone(), objects, selector: self.selector.clone() }
    }
}

impl Cluster {
    /// Finds what is ours, `workloads` narrowing it.
    ///
    /// # Errors
    /// When machines, Secrets or Services may not be listed.
    pub async fn inventory(&self, namespace: &str, fleet: &str, workloads: &[String]) -> Result<Inventory, ClusterError> {
        let selector = metadata::selector(Some(fleet), workloads);
        let mut objects = Vec::new();
        for kind in KINDS {
            match self.try_list(kind, Some(namespace), &selector).await {
                Ok(found) => objects.extend(found.iter().map(|object| (kind, name_of(object)))),
                // A cluster without KubeVirt or CDI has none of their objects.
                Err(failure) if failure.is_code(404) && !kind.group().is_empty() => {}
                Err(failure) if failure.is_code(403) && matches!(kind, Kind::DataVolume | Kind::Instance) => {}
                Err(failure) => return Err(failure.into_error(self)),
            }
        }
        let disks: BTreeSet<_> = objects.iter().filter(|(kind, _)| *kind == Kind::DataVolume).map(|(_, name)| name.clone()).collect();
        let labelled = |claim: &Value| metadata::is_ours(&metadata_of(claim), fleet) && workloads.is_empty();
        match self.try_list(Kind::Claim, Some(namespace), "").await {
            Ok(claims) => {
                let ours = claims.iter().filter(|claim| disks.contains(&name_of(claim)) || labelled(claim));
                objects.extend(ours.map(|claim| (Kind::Claim, name_of(claim))));
            }
            Err(failure) if failure.is_code(403) => {}
            Err(failure) => return Err(failure.into_error(self)),
        }
        Ok(Inventory { namespace: namespace.to_owned(), objects, selector })
    }

    /// Asks for the deletion of all of it. Goes on past errors and returns each, with what it is about.
    pub async fn delete(&self, inventory: &Inventory) -> Vec<Refused> {
        let mut errors = Vec::new();
        for kind in [Kind::Machine, Kind::Service, Kind::Secret] {
            if inventory.names(kind).is_empty() {
                continue;
            }
            let collection = self.retrying(kind.plural(), || {
                let api = self.api(kind, Some(&inventory.namespace));
                let list = ListParams::default().labels(&inventory.selector);
                async move { api.delete_collection(&DeleteParams::background(), &list).await.map(|_| ()) }
            });
            match collection.await {
                Ok(()) => {}
                // kubevirt.io:edit, for one, may delete machines but not their collection.
                Err(failure) if failure.is_code(403) || failure.is_code(405) => {
                    let names: Vec<_> = inventory.names(kind).into_iter().map(|name| (kind, name.to_owned(), None)).collect();
                    errors.extend(self.delete_each(&inventory.namespace, &names).await);
                }
                Err(failure) => {
                    let objects = inventory.names(kind).into_iter().map(|name| (kind, name.to_owned())).collect();
                    errors.push(Refused { objects, error: failure.into_error(self) });
                }
            }
        }
        // What has lost its owner follows nobody.
        let left: Vec<_> =
            inventory.objects.iter().filter(|(kind, _)| matches!(kind, Kind::Instance | Kind::DataVolume | Kind::Claim)).collect();
        let left = left.into_iter().filter(|(kind, name)| !inventory.follows(*kind, name)).map(|(kind, name)| (*kind, name.clone(), None));
        errors.extend(self.delete_each(&inventory.namespace, &left.collect::<Vec<_>>()).await);
        errors
    }

    /// Deletes objects one by one, in parallel; with a UID, only that very object.
    pub async fn delete_each(&self, namespace: &str, objects: &[(Kind, String, Option<String>)]) -> Vec<Refused> {
        let results = stream::iter(objects).map(|(kind, name, uid)| async move {
            let preconditions = uid.clone().map(|uid| Preconditions { uid: Some(uid), resource_version: None });
            let parameters = DeleteParams { preconditions, ..DeleteParams::background() };
            let deleted = self.retrying(name, || {
                let api = self.api(*kind, Some(namespace));
                let parameters = parameters.clone();
                async move { api.delete(name, &parameters).await.map(|_| ()) }
            });
            match deleted.await {
                Err(failure) if !failure.is_code(404) && !failure.is_code(409) => {
                    Some(Refused { objects: vec![(*kind, name.clone())], error: failure.into_error(self) })
                }
                _ => None,
            }
        });
        results.buffer_unordered(IN_PARALLEL).collect::<Vec<_>>().await.into_iter().flatten().collect()
    }

    /// Waits until all of it is gone, telling each object that goes. Returns what is left when the time is over.
    ///
    /// # Errors
    /// When the namespace cannot be watched.
    pub async fn wait_gone(&self, inventory: &Inventory, tell: Listener<'_>) -> Result<Vec<(Kind, String)>, ClusterError> {
        let mut left: Vec<_> = inventory.objects.clone();
        let total = left.len();
        let kinds: BTreeSet<_> = left.iter().map(|(kind, _)| kind.plural()).collect();
        let watched: Vec<_> = KINDS.into_iter().chain([Kind::Claim]).filter(|kind| kinds.contains(kind.plural())).collect();
        let streams = || stream::select_all(watched.iter().map(|kind| self.watch_names(*kind, inventory)));
        let mut events = streams();
        let mut present: Vec<Present> = watched.iter().map(|kind| Present { kind: *kind, ..Present::default() }).collect();
        let mut tick = tokio::time::interval(GLANCE);
        loop {
            tokio::select! {
                event = events.try_next() => {
                    match event {
                        Ok(Some((kind, event))) => present.iter_mut().filter(|present| present.kind == kind).for_each(|present| present.take(&event)),
                        Ok(None) => events = streams(),
                        // Without the right to watch, a look now and then must do.
                        Err(watcher::Error::WatchStartFailed(kube::Error::Api(status)) | watcher::Error::WatchFailed(kube::Error::Api(status)))
                            if status.code == 403 =>
                        {
                            tokio::time::sleep(Duration::from_secs(2)).await;
                            events = streams();
                        }
                        Err(error) => {
                            self.bear(&error).await?;
                            events = streams();
                        }
                    }
                    continue;
                }
                _ = tick.tick() => {}
            }
            let is_left = |kind: Kind, name: &String| present.iter().any(|present| present.kind == kind && present.may_hold(name));
            left.retain(|(kind, name)| is_left(*kind, name));
            let laggards = left.iter().map(|(kind, name)| (format!("{}/{name}", kind.printed()), String::new())).collect();
            tell(Progress::Waiting { what: "objects gone", done: total - left.len(), total, elapsed: self.elapsed(), laggards });
            if left.is_empty() || self.overdue() {
                break;
            }
        }
        tell(Progress::Waited);
        Ok(left)
    }

    fn watch_names(&self, kind: Kind, inventory: &Inventory) -> stream::BoxStream<'static, Result<(Kind, Names), watcher::Error>> {
        // CDI does not pass our labels on to claims.
        let selector = if kind == Kind::Claim { "" } else { &inventory.selector };
        let config = watcher::Config::default().labels(selector).page_size(PAGE);
        let api: Api<PartialObjectMeta<DynamicObject>> = Api::namespaced_with(self.client(), &inventory.namespace, &kind.resource());
        watcher::watcher(api, config).default_backoff().map_ok(move |event| (kind, event)).boxed()
    }

    /// What the finalizers of an object are, for the one who waits for it in vain.
    pub async fn finalizers(&self, kind: Kind, namespace: &str, name: &str) -> Vec<String> {
        let found = self.get(kind, namespace, name).await.ok().flatten();
        found.map(|object| metadata_of(&object)).and_then(|metadata: ObjectMeta| metadata.finalizers).unwrap_or_default()
    }
}

type Names = Event<PartialObjectMeta<DynamicObject>>;

/// The names of one kind that are still there.
#[derive(Default)]
struct Present {
    kind: Kind,
    names: BTreeSet<String>,
    known: bool,
}

impl Present {
    fn take(&mut self, event: &Names) {
        let name = |object: &PartialObjectMeta<DynamicObject>| object.metadata.name.clone().unwrap_or_default();
        match event {
            Event::Init => {
                self.names.clear();
                self.known = false;
            }
            Event::InitApply(object) | Event::Apply(object) => {
                self.names.insert(name(object));
            }
            Event::InitDone => self.known = true,
            Event::Delete(object) => {
                self.names.remove(&name(object));
            }
        }
    }

    /// Until the first list is complete, everything may still be there.
    fn may_hold(&self, name: &str) -> bool {
        !self.known || self.names.contains(name)
    }
}
