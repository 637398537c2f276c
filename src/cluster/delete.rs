//! Removal: by label, only what is ours, and waited for until it is really gone.

use std::{collections::BTreeSet, time::Duration};

use futures::{StreamExt as _, stream};
use http::HeaderValue;
use kube::api::{DeleteParams, ListParams, Preconditions, Request};
use serde::Deserialize as _;

use crate::{error::ClusterError, kubevirt::observed::About, plan::metadata};

use super::{
    Cluster, Item, Kind, Listener, Progress,
    list::{Alone, Scope},
    mirror::Mirror,
    request::Failure,
};

/// How often the watches' findings are looked over.
const GLANCE: Duration = Duration::from_millis(200);
/// How often objects are looked for that have lost their labels.
const UNLABELLED: Duration = Duration::from_secs(2);
/// Deletions in flight at once, where collections may not be deleted.
const IN_PARALLEL: usize = 16;
/// An answer without the objects' content, where the server can do that.
const METADATA: HeaderValue = HeaderValue::from_static("application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json");
/// The kinds that carry our labels, in the order in which they are removed.
const KINDS: [Kind; 5] = [Kind::Machine, Kind::Service, Kind::Secret, Kind::Instance, Kind::DataVolume];

/// What of a fleet is in a namespace.
#[derive(Debug, Clone)]
pub struct Inventory {
    /// Where.
    pub namespace: String,
    /// What, machines first.
    pub items: Vec<Item>,
    selector: String,
}

/// What was not deleted, and why.
#[derive(Debug)]
pub struct Refused {
    /// The objects.
    pub items: Vec<Item>,
    /// The server's refusal.
    pub error: ClusterError,
}

impl Inventory {
    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    fn of(&self, kind: Kind) -> impl Iterator<Item = &Item> {
        self.items.iter().filter(move |item| item.kind == kind)
    }

    /// What follows nobody: instances, data volumes and claims whose owner is not there. The others go by themselves with it.
    fn orphans(&self) -> Vec<Item> {
        let machines: BTreeSet<_> = self.of(Kind::Machine).map(|item| item.name.as_str()).collect();
        let disks: BTreeSet<_> = machines.iter().map(|machine| metadata::data_volume(machine)).collect();
        let volumes: BTreeSet<_> = self.of(Kind::DataVolume).map(|item| item.name.as_str()).collect();
        let orphan = |item: &&Item| match item.kind {
            Kind::Instance => !machines.contains(item.name.as_str()),
            Kind::DataVolume => !disks.contains(&item.name),
            Kind::Claim => !volumes.contains(item.name.as_str()),
            _ => false,
        };
        self.items.iter().filter(orphan).cloned().collect()
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
        let mut items = Vec::new();
        let item = |kind, about: About| Item { kind, name: about.name, uid: about.uid };
        for kind in KINDS {
            match self.try_list::<Alone>(&Scope::new(kind, Some(namespace), &selector)).await {
                Ok(found) => items.extend(found.into_iter().map(|object| item(kind, object.metadata))),
                // A cluster without KubeVirt or CDI has none of their objects.
                Err(failure) if failure.is_code(404) && !kind.group().is_empty() => {}
                Err(failure) if failure.is_code(403) && matches!(kind, Kind::DataVolume | Kind::Instance) => unknown(kind),
                Err(failure) => return Err(failure.into_error(self)),
            }
        }
        let disks: BTreeSet<_> = items.iter().filter(|item| item.kind == Kind::DataVolume).map(|item| item.name.clone()).collect();
        let labelled = |claim: &About| claim.is_of(fleet) && workloads.is_empty();
        match self.try_list::<Alone>(&Scope::new(Kind::Claim, Some(namespace), "")).await {
            Ok(claims) => {
                let ours = |claim: &About| disks.contains(&claim.name) || labelled(claim);
                items.extend(claims.into_iter().map(|claim| claim.metadata).filter(ours).map(|claim| item(Kind::Claim, claim)));
            }
            Err(failure) if failure.is_code(403) => unknown(Kind::Claim),
            Err(failure) => return Err(failure.into_error(self)),
        }
        Ok(Inventory { namespace: namespace.to_owned(), items, selector })
    }

    /// Asks for the deletion of all of it. Goes on past errors and returns each, with what it is about.
    pub async fn delete(&self, inventory: &Inventory) -> Vec<Refused> {
        let mut errors = Vec::new();
        for kind in [Kind::Machine, Kind::Service, Kind::Secret] {
            let items: Vec<_> = inventory.of(kind).cloned().collect();
            if items.is_empty() {
                continue;
            }
            match self.delete_collection(kind, inventory).await {
                Ok(()) => {}
                // kubevirt.io:edit, for one, may delete machines but not their collection.
                Err(failure) if failure.is_code(403) || failure.is_code(405) => {
                    errors.extend(self.delete_each(&inventory.namespace, &items).await);
                }
                Err(failure) => errors.push(Refused { items, error: failure.into_error(self) }),
            }
        }
        errors.extend(self.delete_each(&inventory.namespace, &inventory.orphans()).await);
        errors
    }

    async fn delete_collection(&self, kind: Kind, inventory: &Inventory) -> Result<(), Failure> {
        let url = self.api(kind, Some(&inventory.namespace)).resource_url().to_owned();
        let list = ListParams::default().labels(&inventory.selector);
        self.retrying(kind.plural(), || {
            let (client, request) = (self.client(), Request::new(&url).delete_collection(&DeleteParams::background(), &list));
            async move {
                let mut request = request.map_err(kube::Error::BuildRequest)?;
                request.headers_mut().insert(http::header::ACCEPT, METADATA);
                // All that was there comes back: of five thousand machines that is read, and not kept.
                let answer = client.request_stream(request).await?;
                futures::io::copy_buf(answer, &mut futures::io::sink()).await.map_err(kube::Error::ReadEvents)?;
                Ok(())
            }
        })
        .await
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
                Err(failure) if !failure.is_code(404) && !failure.is_code(409) => {
                    Some(Refused { items: vec![item.clone()], error: failure.into_error(self) })
                }
                _ => None,
            }
        });
        results.buffer_unordered(IN_PARALLEL).collect::<Vec<_>>().await.into_iter().flatten().collect()
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
