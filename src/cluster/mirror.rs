//! Objects of one kind, kept up to date by a list and a watch.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use futures::{StreamExt as _, TryStreamExt as _, stream};
use kube::{
    api::DynamicObject,
    runtime::{
        WatchStreamExt as _,
        watcher::{self, Event},
    },
};
use serde_json::Value;

use crate::{
    error::ClusterError,
    status::{self, Row},
};

use super::{
    Cluster, Kind,
    guest::{Reasons, give_reasons},
    list::PAGE,
};

/// Changes that come together are told together.
const GATHER: Duration = Duration::from_millis(200);
/// How often those who know more are asked.
const INQUIRY: Duration = Duration::from_secs(5);

/// The objects of a watch, by namespace and name.
#[derive(Debug, Default)]
pub struct Mirror {
    objects: BTreeMap<(String, String), Value>,
    fresh: BTreeMap<(String, String), Value>,
    synced: bool,
}

/// Changes of a fleet's machines and instances.
pub type FleetEvents = stream::BoxStream<'static, Result<(Kind, Event<DynamicObject>), watcher::Error>>;

impl Mirror {
    /// Takes in what the watch says.
    pub fn take(&mut self, event: Event<DynamicObject>) {
        let key = |object: &DynamicObject| {
            (object.metadata.namespace.clone().unwrap_or_default(), object.metadata.name.clone().unwrap_or_default())
        };
        let value = |object: &DynamicObject| serde_json::to_value(object).unwrap_or_default();
        match event {
            Event::Init => self.fresh.clear(),
            Event::InitApply(object) => {
                self.fresh.insert(key(&object), value(&object));
            }
            Event::InitDone => {
                self.objects = std::mem::take(&mut self.fresh);
                self.synced = true;
            }
            Event::Apply(object) => {
                self.objects.insert(key(&object), value(&object));
            }
            Event::Delete(object) => {
                self.objects.remove(&key(&object));
            }
        }
    }

    /// Whether the first list is complete.
    pub fn is_synced(&self) -> bool {
        self.synced
    }

    /// An object of the one namespace that is watched.
    pub fn get(&self, namespace: &str, name: &str) -> Option<&Value> {
        self.objects.get(&(namespace.to_owned(), name.to_owned()))
    }

    /// All objects.
    pub fn objects(&self) -> Vec<Value> {
        self.objects.values().cloned().collect()
    }
}

impl Cluster {
    /// One list+watch of machines and one of instances.
    pub(super) fn watch_fleet(&self, namespace: Option<&str>, selector: &str) -> FleetEvents {
        let config = watcher::Config::default().labels(selector).page_size(PAGE);
        let of = |kind: Kind| {
            let events = watcher::watcher(self.api(kind, namespace), config.clone()).default_backoff();
            events.map_ok(move |event| (kind, event)).boxed()
        };
        stream::select(of(Kind::Machine), of(Kind::Instance)).boxed()
    }

    /// Calls `show` with all machines, now and after each change, until it says no; reasons that lie elsewhere are asked for again and
    /// again while there are any.
    ///
    /// # Errors
    /// When they cannot be watched.
    pub async fn follow(
        &self,
        namespace: Option<&str>,
        selector: &str,
        show: &mut (dyn FnMut(Vec<Row>) -> bool + Send),
    ) -> Result<(), ClusterError> {
        let (mut machines, mut instances) = (Mirror::default(), Mirror::default());
        let mut events = self.watch_fleet(namespace, selector);
        let mut tick = tokio::time::interval(GATHER);
        let (mut changed, mut asked, mut reasons) = (false, None::<Instant>, Reasons::new());
        loop {
            tokio::select! {
                event = events.try_next() => {
                    match event {
                        Ok(Some((kind, event))) => {
                            let mirror = if kind == Kind::Machine { &mut machines } else { &mut instances };
                            mirror.take(event);
                            changed = true;
                        }
                        Ok(None) => events = self.watch_fleet(namespace, selector),
                        Err(error) => {
                            self.bear(&error).await?;
                            events = self.watch_fleet(namespace, selector);
                        }
                    }
                    continue;
                }
                _ = tick.tick() => {}
            }
            if !(machines.is_synced() && instances.is_synced()) {
                continue;
            }
            let due = asked.is_none_or(|asked| asked.elapsed() >= INQUIRY);
            if !changed && !due {
                continue;
            }
            let mut rows = status::rows(&machines.objects(), &instances.objects());
            if due {
                reasons = self.ask_around(&rows).await;
                asked = Some(Instant::now());
            }
            give_reasons(&mut rows, &reasons);
            if !show(rows) {
                return Ok(());
            }
            changed = false;
        }
    }
}
