//! All objects in memory: a version counter, a log of changes for watches, and an index of owners for garbage collection.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    sync::Arc,
};

use serde_json::{Value, json};
use tokio::sync::watch;

/// The most changes that a watch may lag behind before it gets 410.
const LOG: usize = 50_000;
/// The first version. A real cluster has a past too, and has compacted it.
const BEGINNING: u64 = 100;

/// Resource (`plural.group`), namespace, name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    pub resource: String,
    pub namespace: String,
    pub name: String,
}

/// One change.
#[derive(Debug, Clone)]
pub struct Change {
    pub version: u64,
    pub key: Key,
    pub before: Option<Arc<Value>>,
    /// `None` if the object was deleted.
    pub after: Option<Arc<Value>>,
}

/// The objects.
#[derive(Debug)]
pub struct Store {
    objects: BTreeMap<Key, Arc<Value>>,
    dependents: HashMap<String, BTreeSet<Key>>,
    log: VecDeque<Change>,
    version: u64,
    forgotten: u64,
    announce: watch::Sender<u64>,
}

impl Default for Store {
    fn default() -> Self {
        let log = VecDeque::new();
        let announce = watch::channel(BEGINNING).0;
        Self { objects: BTreeMap::new(), dependents: HashMap::new(), log, version: BEGINNING, forgotten: BEGINNING, announce }
    }
}

impl Store {
    pub fn version(&self) -> u64 {
        self.version
    }

    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.announce.subscribe()
    }

    pub fn get(&self, key: &Key) -> Option<&Arc<Value>> {
        self.objects.get(key)
    }

    /// All objects of a resource in order, optionally of one namespace.
    pub fn list<'a>(&'a self, resource: &'a str, namespace: Option<&'a str>) -> impl Iterator<Item = (&'a Key, &'a Arc<Value>)> {
        let first = Key { resource: resource.to_owned(), namespace: namespace.unwrap_or_default().to_owned(), name: String::new() };
        self.objects
            .range(first..)
            .take_while(move |(key, _)| key.resource == resource && namespace.is_none_or(|namespace| key.namespace == namespace))
    }

    /// The same at an older version; `None` if its changes are no longer known.
    pub fn list_at(&self, resource: &str, namespace: Option<&str>, version: u64) -> Option<BTreeMap<Key, Arc<Value>>> {
        let changes = self.changes(resource, version)?;
        let mut then: BTreeMap<_, _> = self.list(resource, namespace).map(|(key, object)| (key.clone(), object.clone())).collect();
        for Change { key, before, .. } in
            changes.into_iter().rev().filter(|change| namespace.is_none_or(|name| change.key.namespace == name))
        {
            match before {
                Some(before) => then.insert(key, before),
                None => then.remove(&key),
            };
        }
        Some(then)
    }

    /// All objects in a namespace.
    pub fn within(&self, namespace: &str) -> Vec<Key> {
        self.objects.keys().filter(|key| key.namespace == namespace).cloned().collect()
    }

    /// The objects with this owner.
    pub fn owned_by(&self, uid: &str) -> Vec<Key> {
        self.dependents.get(uid).into_iter().flatten().cloned().collect()
    }

    /// Whether an object with this UID exists.
    pub fn has_uid(&self, namespace: &str, uid: &str) -> bool {
        self.objects
            .iter()
            .any(|(key, object)| (key.namespace == namespace || key.namespace.is_empty()) && object["metadata"]["uid"] == uid)
    }

    /// Stores an object with the next version.
    pub fn put(&mut self, key: Key, mut object: Value) -> Arc<Value> {
        self.version += 1;
        object["metadata"]["resourceVersion"] = json!(self.version.to_string());
        let object = Arc::new(object);
        let before = self.objects.insert(key.clone(), object.clone());
        if let Some(before) = &before {
            self.forget_owners(&key, before);
        }
        for uid in owners(&object) {
            self.dependents.entry(uid).or_default().insert(key.clone());
        }
        self.log(Change { version: self.version, key, before, after: Some(object.clone()) });
        object
    }

    /// Removes an object.
    pub fn remove(&mut self, key: &Key) -> Option<Arc<Value>> {
        let before = self.objects.remove(key)?;
        self.forget_owners(key, &before);
        self.version += 1;
        self.log(Change { version: self.version, key: key.clone(), before: Some(before.clone()), after: None });
        Some(before)
    }

    fn forget_owners(&mut self, key: &Key, object: &Value) {
        for uid in owners(object) {
            if let Some(keys) = self.dependents.get_mut(&uid) {
                keys.remove(key);
            }
        }
    }

    fn log(&mut self, change: Change) {
        self.log.push_back(change);
        if self.log.len() > LOG {
            self.forgotten = self.log.pop_front().map_or(self.forgotten, |change| change.version);
        }
        self.announce.send_replace(self.version);
    }

    /// The changes of a resource after a version; `None` if some are no longer known.
    pub fn changes(&self, resource: &str, after: u64) -> Option<Vec<Change>> {
        if after < self.forgotten {
            return None;
        }
        let begin = self.log.partition_point(|change| change.version <= after);
        Some(self.log.range(begin..).filter(|change| change.key.resource == resource).cloned().collect())
    }
}

fn owners(object: &Value) -> Vec<String> {
    let references = object["metadata"]["ownerReferences"].as_array();
    references.into_iter().flatten().filter_map(|owner| owner["uid"].as_str().map(str::to_owned)).collect()
}
