//! Keeps objects up to date with one list and one watch per kind. A watch may end, fail, or stall without an error. A kind without
//! events for WATCH_IDLE_TIMEOUT is listed again.

use std::{
    collections::BTreeMap,
    fmt::Debug,
    time::{Duration, Instant},
};

use futures::{
    StreamExt as _, stream,
    stream::{BoxStream, SelectAll},
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::{
    Api, Resource,
    api::ApiResource,
    core::DynamicResourceScope,
    runtime::{
        WatchStreamExt as _,
        watcher::{self, Event},
    },
};
use serde::{Deserialize, Deserializer};

use crate::{
    error::ClusterError,
    kubevirt::live::LiveObject,
    object::Kind,
    plan::metadata,
    status::{self, VmStatus},
};

use super::timing::{DIAGNOSE_INTERVAL, LIST_INTERVAL, POLL_INTERVAL, RELIST_DELAY, WATCH_IDLE_TIMEOUT};
use super::{
    Cluster, api_resource,
    guest::{Reasons, set_causes},
    list::{PAGE, Projection, Representation, Scope},
    transport::Code as _,
};

/// A projection with the metadata that kube's watcher needs.
#[derive(Debug, Clone)]
struct Watched<P> {
    part: P,
    meta: ObjectMeta,
}

impl<'de, P: Projection> Deserialize<'de> for Watched<P> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let part = P::deserialize(deserializer)?;
        let meta = ObjectMeta { resource_version: Some(part.meta().resource_version.clone()), ..ObjectMeta::default() };
        Ok(Self { part, meta })
    }
}

impl<P: Projection> Resource for Watched<P> {
    type DynamicType = ApiResource;
    type Scope = DynamicResourceScope;

    fn metadata_api() -> bool {
        P::REPRESENTATION == Representation::Metadata
    }
    fn kind(meta: &ApiResource) -> std::borrow::Cow<'_, str> {
        meta.kind.as_str().into()
    }
    fn group(meta: &ApiResource) -> std::borrow::Cow<'_, str> {
        meta.group.as_str().into()
    }
    fn version(meta: &ApiResource) -> std::borrow::Cow<'_, str> {
        meta.version.as_str().into()
    }
    fn plural(meta: &ApiResource) -> std::borrow::Cow<'_, str> {
        meta.plural.as_str().into()
    }
    fn meta(&self) -> &ObjectMeta {
        &self.meta
    }
    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.meta
    }
}

type Key = (String, String);
type Events<P> = SelectAll<BoxStream<'static, (usize, Result<Event<Watched<P>>, watcher::Error>)>>;

/// The objects of one scope.
struct ResourceCache<T> {
    objects: BTreeMap<Key, T>,
    relist: BTreeMap<Key, T>,
    synced: bool,
    last_event: Instant,
    may_watch: bool,
}

/// The objects, or what `keep` makes of them.
pub struct Reflector<'a, P, T> {
    cluster: &'a Cluster,
    scopes: Vec<Scope>,
    keep: fn(P) -> T,
    states: Vec<ResourceCache<T>>,
    events: Events<P>,
}

impl<'a, P: Projection, T> Reflector<'a, P, T> {
    pub fn new(cluster: &'a Cluster, scopes: Vec<Scope>, keep: fn(P) -> T) -> Self {
        let state = |_| ResourceCache {
            objects: BTreeMap::new(),
            relist: BTreeMap::new(),
            synced: false,
            last_event: Instant::now(),
            may_watch: true,
        };
        let states = scopes.iter().map(state).collect();
        let events = watches(cluster, &scopes);
        Self { cluster, scopes, keep, states, events }
    }

    /// Applies the events that arrive within `time`; whether there were any.
    ///
    /// # Errors
    /// When a scope cannot be listed, or does not exist.
    pub async fn poll(&mut self, time: Duration) -> Result<bool, ClusterError> {
        let until = tokio::time::Instant::now() + time;
        let mut changed = false;
        loop {
            match tokio::time::timeout_at(until, self.events.next()).await {
                Ok(Some((index, Ok(event)))) => {
                    self.apply_event(index, event);
                    changed = true;
                }
                Ok(Some((index, Err(error)))) => self.handle_watch_error(index, error).await?,
                // Nothing can be watched.
                Ok(None) => {
                    tokio::time::sleep_until(until).await;
                    break;
                }
                Err(_) => break,
            }
        }
        for index in 0..self.scopes.len() {
            let idle_limit = match &self.states[index] {
                ResourceCache { may_watch: false, .. } => LIST_INTERVAL,
                ResourceCache { synced: false, .. } => WATCH_IDLE_TIMEOUT.min(self.cluster.transport.request_timeout()),
                _ => WATCH_IDLE_TIMEOUT,
            };
            if self.states[index].last_event.elapsed() >= idle_limit {
                self.list(index).await?;
                changed = true;
            }
        }
        Ok(changed)
    }

    /// Lists everything again.
    ///
    /// # Errors
    /// The server's error.
    pub async fn list_all(&mut self) -> Result<(), ClusterError> {
        for index in 0..self.scopes.len() {
            self.list(index).await?;
        }
        Ok(())
    }

    async fn list(&mut self, index: usize) -> Result<(), ClusterError> {
        let keep = self.keep;
        let read = |text: &str| serde_json::from_str::<P>(text).map(|part| Some((key(&part), keep(part))));
        let found = self.cluster.read_list(&self.scopes[index], P::REPRESENTATION, &read).await?;
        let state = &mut self.states[index];
        state.objects = found.into_iter().collect();
        state.synced = true;
        state.last_event = Instant::now();
        Ok(())
    }

    fn apply_event(&mut self, index: usize, event: Event<Watched<P>>) {
        let (state, keep) = (&mut self.states[index], self.keep);
        state.last_event = Instant::now();
        match event {
            Event::Init => state.relist.clear(),
            Event::InitApply(object) => drop(state.relist.insert(key(&object.part), keep(object.part))),
            Event::InitDone => {
                state.objects = std::mem::take(&mut state.relist);
                state.synced = true;
            }
            Event::Apply(object) => drop(state.objects.insert(key(&object.part), keep(object.part))),
            Event::Delete(object) => drop(state.objects.remove(&key(&object.part))),
        }
    }

    /// Handles a watch error: ignores transient ones, restarts the watches, or fails. The transport has already retried.
    async fn handle_watch_error(&mut self, index: usize, error: watcher::Error) -> Result<(), ClusterError> {
        tracing::info!("watch of {}: interrupted", self.scopes[index].kind.plural());
        // kube would retry with the same resource version.
        if watch_refused(&error, 410) {
            tokio::time::sleep(RELIST_DELAY).await;
            self.events = watches(self.cluster, &self.scopes);
            return Ok(());
        }
        if watch_refused(&error, 403) {
            // The list may still be allowed.
            self.states[index].may_watch = false;
            return self.list(index).await;
        }
        match cause(error) {
            Some(kube::Error::Api(status)) if [401, 403, 404].contains(&status.code) => Err(kube::Error::Api(status).into()),
            // A retry would bring the same response.
            Some(kube::Error::SerdeError(error)) if error.is_data() => Err(kube::Error::SerdeError(error).into()),
            _ => Ok(()),
        }
    }

    /// Whether all lists are complete.
    pub fn is_synced(&self) -> bool {
        self.states.iter().all(|state| state.synced)
    }

    fn objects(&self, kind: Kind) -> Option<&ResourceCache<T>> {
        let index = self.scopes.iter().position(|scope| scope.kind == kind)?;
        Some(&self.states[index])
    }

    /// An object.
    pub fn get(&self, kind: Kind, namespace: &str, name: &str) -> Option<&T> {
        self.objects(kind)?.objects.get(&(namespace.to_owned(), name.to_owned()))
    }

    /// Whether the list of a kind is complete.
    pub fn is_kind_synced(&self, kind: Kind) -> bool {
        self.objects(kind).is_some_and(|state| state.synced)
    }
}

fn key(part: &impl Projection) -> Key {
    (part.meta().namespace.clone(), part.meta().name.clone())
}

fn watches<P: Projection>(cluster: &Cluster, scopes: &[Scope]) -> Events<P> {
    let watch = |(index, scope): (usize, &Scope)| {
        let api: Api<Watched<P>> = match &scope.namespace {
            Some(namespace) => Api::namespaced_with(cluster.client(), namespace, &api_resource(scope.kind)),
            None => Api::all_with(cluster.client(), &api_resource(scope.kind)),
        };
        let config = watcher::Config::default().labels(&scope.selector).page_size(PAGE);
        let events = watcher::watcher(api, config).default_backoff();
        // A forbidden watch is not requested again.
        let until_forbidden = events.scan(false, |over, event| {
            let before = std::mem::replace(over, event.as_ref().is_err_and(|error| watch_refused(error, 403)));
            std::future::ready((!before).then_some(event))
        });
        until_forbidden.map(move |event| (index, event)).boxed()
    };
    stream::select_all(scopes.iter().enumerate().map(watch))
}

fn cause(error: watcher::Error) -> Option<kube::Error> {
    match error {
        watcher::Error::InitialListFailed(cause) | watcher::Error::WatchStartFailed(cause) | watcher::Error::WatchFailed(cause) => {
            Some(cause)
        }
        _ => None,
    }
}

/// Whether the watch, not the list, failed with this code.
fn watch_refused(error: &watcher::Error, code: u16) -> bool {
    match error {
        watcher::Error::WatchStartFailed(cause) | watcher::Error::WatchFailed(cause) => cause.is_code(code),
        _ => false,
    }
}

/// The VMs and VMIs of a fleet.
pub type FleetReflector<'a> = Reflector<'a, LiveObject, LiveObject>;

impl<'a> FleetReflector<'a> {
    /// Follows one fleet, or all of them.
    pub fn of_fleet(cluster: &'a Cluster, namespace: Option<&str>, selector: &str) -> Self {
        let scope = |kind| Scope::new(kind, namespace, selector);
        Self::new(cluster, vec![scope(Kind::Vm), scope(Kind::Vmi)], std::convert::identity)
    }

    fn rows(&self) -> Vec<VmStatus> {
        let all = |kind| self.objects(kind).into_iter().flat_map(|state| state.objects.values().cloned()).collect::<Vec<_>>();
        status::statuses(&all(Kind::Vm), &all(Kind::Vmi))
    }
}

/// Follows fleets, with the reasons why VMs are not ready.
pub struct Follower<'a> {
    cluster: &'a Cluster,
    fleet: FleetReflector<'a>,
    diagnosed: Option<Instant>,
    reasons: Reasons,
}

impl Follower<'_> {
    /// All VMs, now and after each change. Reasons are looked up again as long as there are any.
    ///
    /// # Errors
    /// When the VMs cannot be watched.
    pub async fn next(&mut self) -> Result<Vec<VmStatus>, ClusterError> {
        loop {
            let changed = self.fleet.poll(POLL_INTERVAL).await?;
            let due = self.diagnosed.is_none_or(|diagnosed| diagnosed.elapsed() >= DIAGNOSE_INTERVAL);
            if !self.fleet.is_synced() || !(changed || due) {
                continue;
            }
            let mut rows = self.fleet.rows();
            if due {
                self.reasons = self.cluster.diagnose_all(&rows).await;
                self.diagnosed = Some(Instant::now());
            }
            set_causes(&mut rows, &self.reasons);
            return Ok(rows);
        }
    }
}

impl Cluster {
    /// Follows the VMs that a label selector matches.
    pub fn follow(&self, namespace: Option<&str>, selector: &str) -> Follower<'_> {
        let fleet = FleetReflector::of_fleet(self, namespace, selector);
        Follower { cluster: self, fleet, diagnosed: None, reasons: Reasons::new() }
    }

    /// Follows the fleet of a plan.
    pub(super) fn fleet_of<'a>(&'a self, plan: &crate::plan::Plan) -> FleetReflector<'a> {
        FleetReflector::of_fleet(self, Some(&plan.namespace), &metadata::selector(Some(&plan.fleet), &[]))
    }
}
