//! Keeps some kinds of objects up to date with kube's watcher. The watcher resumes a watch that ended or went silent at its last version.
//! Ours are the cases that it does not know: the user may list but not watch, a watch is refused with 410, a watch delivers nothing.

use std::{
    collections::BTreeMap,
    fmt::Debug,
    time::{Duration, Instant},
};

use futures::{
    StreamExt as _, stream,
    stream::{BoxStream, SelectAll},
};
use kube::{
    Api,
    runtime::{
        WatchStreamExt as _,
        watcher::{self, Event},
    },
};

use crate::{
    error::ClusterError,
    live::{LiveObject, LivePod, Meta},
    object::Kind,
};

use super::{
    Target, api_resource,
    list::{PAGE, Projection, Scope, read_list},
    timing::{FINAL_CHECK_TIMEOUT, LIST_INTERVAL, RELIST_DELAY, WATCH_IDLE_TIMEOUT},
    transport::Code as _,
    watched::Watched,
};

/// Objects of each kind that are verified after a silent minute.
const VERIFIED: usize = 5;

/// What is kept of an object.
pub(super) trait Kept {
    /// Whether this is still the object with this metadata.
    fn is_current(&self, meta: &Meta) -> bool;
}

impl Kept for LiveObject {
    fn is_current(&self, meta: &Meta) -> bool {
        self.metadata.resource_version == meta.resource_version
    }
}

impl Kept for LivePod {
    fn is_current(&self, meta: &Meta) -> bool {
        self.metadata.resource_version == meta.resource_version
    }
}

/// The UID of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Uid(pub String);

impl Kept for Uid {
    fn is_current(&self, meta: &Meta) -> bool {
        self.0 == meta.uid
    }
}

type Key = (String, String);
type Heard<P> = Result<Event<Watched<P>>, watcher::Error>;
type Events<P> = BoxStream<'static, Heard<P>>;

/// The objects of one scope.
struct ResourceCache<T> {
    objects: BTreeMap<Key, T>,
    relist: BTreeMap<Key, T>,
    synced: bool,
    last_event: Instant,
    may_watch: bool,
    /// Silent minutes so far: each time another object is verified.
    verified: usize,
}

/// The objects, or what `keep` makes of them.
pub(super) struct Reflector<'a, P, T> {
    target: &'a Target,
    scopes: Vec<Scope>,
    keep: fn(P) -> T,
    states: Vec<ResourceCache<T>>,
    /// Whether deleted objects stay until they are taken.
    keeps_deleted: bool,
    events: SelectAll<BoxStream<'static, (usize, Heard<P>)>>,
}

impl<'a, P: Projection, T: Kept> Reflector<'a, P, T> {
    /// Starts to watch. Nothing happens before [`Self::poll`].
    pub(super) fn new(target: &'a Target, scopes: Vec<Scope>, keep: fn(P) -> T) -> Self {
        let state = |_| ResourceCache {
            objects: BTreeMap::new(),
            relist: BTreeMap::new(),
            synced: false,
            last_event: Instant::now(),
            may_watch: true,
            verified: 0,
        };
        let states = scopes.iter().map(state).collect();
        let events = scopes.iter().enumerate().map(|(index, scope)| watch(target, scope).map(move |event| (index, event)).boxed());
        let events = stream::select_all(events);
        Self { target, scopes, keep, states, keeps_deleted: false, events }
    }

    /// The same, for objects that are soon deleted: they stay until they are taken.
    pub(super) fn keeping_deleted(self) -> Self {
        Self { keeps_deleted: true, ..self }
    }

    /// Takes what was seen of a kind.
    pub(super) fn take(&mut self, kind: Kind) -> impl Iterator<Item = T> {
        let index = self.scopes.iter().position(|scope| scope.kind == kind);
        index.map(|index| std::mem::take(&mut self.states[index].objects)).unwrap_or_default().into_values()
    }

    /// Applies the events that arrive within `time`; whether there were any.
    ///
    /// # Errors
    /// When a scope cannot be listed, or does not exist.
    pub(super) async fn poll(&mut self, time: Duration) -> Result<bool, ClusterError> {
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
            changed |= self.check_silence(index).await?;
        }
        Ok(changed)
    }

    /// Handles a scope without events for a while: lists it if it cannot be watched, or if an object is not what the watch said.
    async fn check_silence(&mut self, index: usize) -> Result<bool, ClusterError> {
        // What is soon deleted cannot be verified, and nothing waits for it.
        if self.keeps_deleted {
            return Ok(false);
        }
        let state = &self.states[index];
        let limit = match state {
            ResourceCache { may_watch: false, .. } => LIST_INTERVAL,
            ResourceCache { synced: false, .. } => WATCH_IDLE_TIMEOUT.min(self.target.transport.request_timeout()),
            _ => WATCH_IDLE_TIMEOUT,
        };
        if state.last_event.elapsed() < limit {
            return Ok(false);
        }
        if state.may_watch && state.synced && self.is_verified(index).await {
            self.states[index].last_event = Instant::now();
            return Ok(false);
        }
        match self.states[index].may_watch && !self.states[index].objects.is_empty() {
            // What one watch withholds, the others may withhold too.
            true => self.list_all().await?,
            false => self.list(index).await?,
        }
        Ok(true)
    }

    /// Whether some objects, each time different ones, are still what the watch said. A proxy may deliver bookmarks and withhold events.
    /// A watch that said nothing while others did, such as one of VMIs, is not verified.
    async fn is_verified(&mut self, index: usize) -> bool {
        let others = self.states.iter().any(|state| !state.objects.is_empty());
        let (scope, state) = (&self.scopes[index], &mut self.states[index]);
        if state.objects.is_empty() {
            return !others;
        }
        let first = state.verified % state.objects.len();
        state.verified += VERIFIED;
        for ((namespace, name), kept) in state.objects.iter().cycle().skip(first).take(VERIFIED.min(state.objects.len())) {
            let target = self.target.clone().in_namespace(namespace.clone());
            match target.get_meta(scope.kind, name).await {
                Ok(Some(meta)) if kept.is_current(&meta) => {}
                Ok(_) => return false,
                // The user may list only, or the server is away.
                Err(_) => return true,
            }
        }
        true
    }

    /// Lists everything again before a result. If that fails, what the watches said remains.
    pub(super) async fn refresh(&mut self) {
        drop(tokio::time::timeout(FINAL_CHECK_TIMEOUT, self.list_all()).await);
    }

    /// Lists everything again.
    async fn list_all(&mut self) -> Result<(), ClusterError> {
        for index in 0..self.scopes.len() {
            self.list(index).await?;
        }
        Ok(())
    }

    async fn list(&mut self, index: usize) -> Result<(), ClusterError> {
        let keep = self.keep;
        let read = |text: &str| serde_json::from_str::<P>(text).map(|part| Some((key(&part), keep(part))));
        let found = read_list(self.target, &self.scopes[index], P::REPRESENTATION, &read).await?;
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
            Event::Delete(_) if self.keeps_deleted => {}
            Event::Delete(object) => drop(state.objects.remove(&key(&object.part))),
        }
    }

    /// Handles a watch error: ignores transient ones, or fails. The transport has already retried.
    async fn handle_watch_error(&mut self, index: usize, error: watcher::Error) -> Result<(), ClusterError> {
        tracing::info!("watch of {}: interrupted", self.scopes[index].kind.plural());
        if watch_refused(&error, 403) && !self.keeps_deleted {
            // The list may still be allowed.
            self.states[index].may_watch = false;
            return self.list(index).await;
        }
        match cause(error) {
            // The watch starts again.
            Some(kube::Error::Api(status)) if status.code == 410 => Ok(()),
            Some(kube::Error::Api(status)) if [401, 403, 404].contains(&status.code) => Err(kube::Error::Api(status).into()),
            // A retry would bring the same response.
            Some(kube::Error::SerdeError(error)) if error.is_data() => Err(kube::Error::SerdeError(error).into()),
            _ => Ok(()),
        }
    }

    /// Whether all lists are complete.
    pub(super) fn is_synced(&self) -> bool {
        self.states.iter().all(|state| state.synced)
    }

    fn state(&self, kind: Kind) -> Option<&ResourceCache<T>> {
        let index = self.scopes.iter().position(|scope| scope.kind == kind)?;
        Some(&self.states[index])
    }

    /// The objects of a kind.
    pub(super) fn objects(&self, kind: Kind) -> impl Iterator<Item = &T> {
        self.state(kind).into_iter().flat_map(|state| state.objects.values())
    }

    /// An object.
    pub(super) fn get(&self, kind: Kind, namespace: &str, name: &str) -> Option<&T> {
        self.state(kind)?.objects.get(&(namespace.to_owned(), name.to_owned()))
    }

    /// Whether the list of a kind is complete.
    pub(super) fn is_kind_synced(&self, kind: Kind) -> bool {
        self.state(kind).is_some_and(|state| state.synced)
    }
}

fn key(part: &impl Projection) -> Key {
    (part.meta().namespace.clone(), part.meta().name.clone())
}

/// A watch that the server ends once a minute: kube resumes it at its last version, and after a few seconds more treats a silent
/// connection as dead. After a 410 it starts again, because kube would ask for the same version again; after a 403 it ends.
fn watch<P: Projection>(target: &Target, scope: &Scope) -> Events<P> {
    let api: Api<Watched<P>> = match &scope.namespace {
        Some(namespace) => Api::namespaced_with(target.client(), namespace, &api_resource(scope.kind)),
        None => Api::all_with(target.client(), &api_resource(scope.kind)),
    };
    let seconds = u32::try_from(WATCH_IDLE_TIMEOUT.as_secs()).unwrap_or(u32::MAX);
    let config = watcher::Config::default().labels(&scope.labels).fields(&scope.fields).page_size(PAGE).timeout(seconds);
    let begin = move || -> Events<P> { watcher::watcher(api.clone(), config.clone()).default_backoff().boxed() };
    let first = Some(begin());
    let events = stream::unfold((first, begin), |(events, begin)| async {
        let mut events = events?;
        let event = events.next().await?;
        let next = match &event {
            Err(error) if watch_refused(error, 403) => None,
            Err(error) if watch_refused(error, 410) => {
                tokio::time::sleep(RELIST_DELAY).await;
                Some(begin())
            }
            _ => Some(events),
        };
        Some((event, (next, begin)))
    });
    events.boxed()
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
