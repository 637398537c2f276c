//! The verbs: create, update, apply, delete, and garbage collection.

use std::{
    sync::{Arc, Mutex, MutexGuard},
    time::SystemTime,
};

use k8s_openapi::jiff::Timestamp;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{
    defaults,
    managers::Manager,
    resource::Resource,
    status::{Answer, Failure},
    store::{Key, Store},
};

/// What virt-api adds to an API server.
pub trait Admission: Send + Sync {
    /// Defaulting and validation before an object is stored.
    ///
    /// # Errors
    /// The Status of a failure.
    fn admit(&self, resource: &Resource, old: Option<&Value>, new: &mut Value) -> Answer<()>;
}

/// Options of a write.
#[derive(Debug, Clone, Default)]
pub struct Options {
    pub dry_run: bool,
    pub manager: String,
    pub force: bool,
    pub subresource: Option<String>,
}

impl Options {
    fn manager(&self, operation: &'static str) -> Manager {
        Manager { name: self.manager.clone(), operation, subresource: self.subresource.clone() }
    }
}

/// The objects, and the resources that are served.
pub struct Objects {
    pub resources: Vec<Resource>,
    store: Mutex<Store>,
    admission: Box<dyn Admission>,
}

/// A quantity in MiB.
pub fn mebibytes(quantity: &Value) -> u64 {
    let text = quantity.as_str().unwrap_or_default();
    let number = |unit: &str| text.strip_suffix(unit).and_then(|number| number.parse::<u64>().ok());
    number("Gi").map(|number| number << 10).or_else(|| number("Mi")).unwrap_or_default()
}

/// The time now in Kubernetes' format.
pub fn now() -> String {
    let now = Timestamp::try_from(SystemTime::now()).unwrap_or_default();
    now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

impl Objects {
    pub fn new(resources: Vec<Resource>, admission: Box<dyn Admission>) -> Self {
        Self { resources, store: Mutex::default(), admission }
    }

    /// The store. It is never locked across an await.
    pub fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    pub fn find(&self, group: &str, version: &str, plural: &str) -> Option<&Resource> {
        self.resources.iter().find(|resource| resource.group == group && resource.version == version && resource.plural == plural)
    }

    fn by_key(&self, key: &Key) -> &Resource {
        self.resources.iter().find(|resource| resource.qualified() == key.resource).expect("only served resources are stored")
    }

    pub fn get(&self, resource: &Resource, namespace: &str, name: &str) -> Answer<Arc<Value>> {
        let found = self.store().get(&key(resource, namespace, name)).cloned();
        found.ok_or_else(|| Failure::not_found(resource, name))
    }

    pub fn create(&self, resource: &Resource, namespace: &str, mut object: Value, options: &Options) -> Answer<Value> {
        let mut store = self.store();
        self.check_place(&store, resource, namespace, &object)?;
        if !object["metadata"].is_object() {
            object["metadata"] = json!({});
        }
        let name = match (object["metadata"]["name"].as_str(), object["metadata"]["generateName"].as_str()) {
            (Some(name), _) if !name.is_empty() => name.to_owned(),
            (_, Some(prefix)) => format!("{prefix}{}", &Uuid::new_v4().to_string()[..5]),
            _ => return Err(Failure::invalid(resource, "", "metadata.name", "Required value: name or generateName is required")),
        };
        check_name(resource, &name)?;
        let key = key(resource, namespace, &name);
        if store.get(&key).is_some() {
            return Err(Failure::exists(resource, &name));
        }
        let map = object.as_object_mut().expect("checked to be an object");
        map.insert("apiVersion".to_owned(), json!(resource.api_version()));
        map.insert("kind".to_owned(), json!(resource.kind));
        if resource.status {
            map.remove("status");
        }
        let metadata = &mut object["metadata"];
        metadata["name"] = json!(name);
        metadata["uid"] = json!(Uuid::new_v4().to_string());
        metadata["creationTimestamp"] = json!(now());
        if resource.namespaced {
            metadata["namespace"] = json!(namespace);
        }
        for gone in ["resourceVersion", "managedFields", "deletionTimestamp", "deletionGracePeriodSeconds"] {
            metadata.as_object_mut().map(|metadata| metadata.remove(gone));
        }
        if resource.is_custom() {
            metadata["generation"] = json!(1);
        }
        defaults::on_create(resource, &mut object);
        // Admission's additions have no manager, so that an apply never removes them.
        options.manager("Update").record(resource, &Value::Null, &mut object, &now());
        self.admission.admit(resource, None, &mut object)?;
        if options.dry_run {
            return Ok(object);
        }
        let kept = store.put(key.clone(), object);
        // An object whose owners are already gone is garbage-collected.
        let owners = kept["metadata"]["ownerReferences"].as_array().cloned().unwrap_or_default();
        let orphan = |owner: &Value| !store.has_uid(namespace, owner["uid"].as_str().unwrap_or_default());
        if !owners.is_empty() && owners.iter().all(orphan) {
            self.delete_key(&mut store, &key, None);
        }
        Ok((*kept).clone())
    }

    fn check_place(&self, store: &Store, resource: &Resource, namespace: &str, object: &Value) -> Answer<()> {
        if !object.is_object() || object["kind"].as_str().is_some_and(|kind| kind != resource.kind) {
            let message = format!("{} in body is not a {}", object["kind"], resource.kind);
            return Err(Failure::bad(message));
        }
        if !resource.namespaced {
            return Ok(());
        }
        if object["metadata"]["namespace"].as_str().is_some_and(|own| own != namespace) {
            return Err(Failure::bad("the namespace of the provided object does not match the namespace sent on the request"));
        }
        let namespaces = self.find("", "v1", "namespaces").expect("always served");
        let Some(found) = store.get(&key(namespaces, "", namespace)) else { return Err(Failure::not_found(namespaces, namespace)) };
        if found["metadata"]["deletionTimestamp"].is_string() {
            let name = object["metadata"]["name"].as_str().unwrap_or_default();
            let message = format!(
                "{} {name:?} is forbidden: unable to create new content in namespace {namespace} because it is being terminated",
                resource.qualified()
            );
            return Err(Failure::new(403, "Forbidden", message));
        }
        Ok(())
    }

    /// PUT, or a patch that `change` makes of the live object.
    pub fn update(
        &self,
        resource: &Resource,
        namespace: &str,
        name: &str,
        options: &Options,
        change: impl FnOnce(&Value) -> Answer<Value>,
    ) -> Answer<Value> {
        let mut store = self.store();
        let key = key(resource, namespace, name);
        let old = store.get(&key).cloned().ok_or_else(|| Failure::not_found(resource, name))?;
        let new = change(&old)?;
        let mut new = self.merge(resource, name, &old, new, options)?;
        options.manager("Update").record(resource, &old, &mut new, &now());
        self.keep(&mut store, resource, key, &old, new, options)
    }

    /// Server-side apply; true if it created the object.
    pub fn apply(&self, resource: &Resource, namespace: &str, name: &str, applied: &Value, options: &Options) -> Answer<(Value, bool)> {
        if applied["metadata"]["managedFields"].is_array() {
            return Err(Failure::bad("metadata.managedFields must be nil"));
        }
        let live = self.store().get(&key(resource, namespace, name)).cloned();
        let manager = options.manager("Apply");
        let Some(old) = live else {
            let mut fresh = manager.apply(resource, &json!({"metadata": {}}), applied, true, &now())?;
            let entries = fresh["metadata"]["managedFields"].take();
            fresh["metadata"]["name"] = json!(name);
            let mut made = self.create(resource, namespace, fresh, &Options { dry_run: true, ..options.clone() })?;
            made["metadata"]["managedFields"] = entries;
            if !options.dry_run {
                let kept = self.store().put(key(resource, namespace, name), made);
                return Ok(((*kept).clone(), true));
            }
            return Ok((made, true));
        };
        let new = manager.apply(resource, &old, applied, options.force, &now())?;
        let mut store = self.store();
        let new = self.merge(resource, name, &old, new, options)?;
        self.keep(&mut store, resource, key(resource, namespace, name), &old, new, options).map(|kept| (kept, false))
    }

    /// Checks which fields a new version may change.
    fn merge(&self, resource: &Resource, name: &str, old: &Value, mut new: Value, options: &Options) -> Answer<Value> {
        if !new["metadata"].is_object() {
            return Err(Failure::bad("metadata is missing"));
        }
        let asked = new["metadata"]["resourceVersion"].as_str().unwrap_or_default();
        if !asked.is_empty() && old["metadata"]["resourceVersion"] != asked {
            let why = "the object has been modified; please apply your changes to the latest version and try again";
            return Err(Failure::conflict(resource, name, why));
        }
        if new["metadata"]["uid"].as_str().is_some_and(|uid| old["metadata"]["uid"] != uid) {
            return Err(Failure::conflict(resource, name, "Precondition failed: UID in precondition does not match"));
        }
        if new["metadata"]["name"].as_str().is_some_and(|other| other != name) {
            return Err(Failure::bad("the name of the object does not match the name on the URL"));
        }
        if options.subresource.as_deref() == Some("status") {
            let mut merged = old.clone();
            merged["status"] = new["status"].take();
            return Ok(merged);
        }
        for fixed in [
            "name",
            "namespace",
            "uid",
            "creationTimestamp",
            "generation",
            "deletionTimestamp",
            "deletionGracePeriodSeconds",
            "resourceVersion",
        ] {
            match old["metadata"].get(fixed) {
                Some(value) => new["metadata"][fixed] = value.clone(),
                None => drop(new["metadata"].as_object_mut().map(|metadata| metadata.remove(fixed))),
            }
        }
        new["apiVersion"] = old["apiVersion"].clone();
        new["kind"] = old["kind"].clone();
        if resource.status {
            match old.get("status") {
                Some(status) => new["status"] = status.clone(),
                None => drop(new.as_object_mut().map(|object| object.remove("status"))),
            }
        }
        defaults::on_update(resource, old, &mut new);
        self.admission.admit(resource, Some(old), &mut new)?;
        Ok(new)
    }

    fn keep(&self, store: &mut Store, resource: &Resource, key: Key, old: &Value, mut new: Value, options: &Options) -> Answer<Value> {
        if *old == new {
            return Ok(new);
        }
        if resource.is_custom() && body(old) != body(&new) {
            new["metadata"]["generation"] = json!(old["metadata"]["generation"].as_i64().unwrap_or(1) + 1);
        }
        if options.dry_run {
            return Ok(new);
        }
        let kept = store.put(key.clone(), new);
        if kept["metadata"]["deletionTimestamp"].is_string() {
            self.finish(store, &key);
        }
        Ok((*kept).clone())
    }

    /// Deletes an object, or marks it as terminating if finalizers or a running pod hold it.
    pub fn delete(&self, resource: &Resource, namespace: &str, name: &str, how: &Value, dry_run: bool) -> Answer<Value> {
        let mut store = self.store();
        let key = key(resource, namespace, name);
        let found = store.get(&key).cloned().ok_or_else(|| Failure::not_found(resource, name))?;
        for (precondition, what) in [("uid", "UID"), ("resourceVersion", "ResourceVersion")] {
            let wanted = &how["preconditions"][precondition];
            if wanted.is_string() && *wanted != found["metadata"][precondition] {
                let why = format!(
                    "Precondition failed: {what} in precondition: {wanted}, {what} in object meta: {}",
                    found["metadata"][precondition]
                );
                return Err(Failure::conflict(resource, name, &why));
            }
        }
        match how["propagationPolicy"].as_str() {
            Some("Foreground") => return Err(Failure::unsupported("deletion in the foreground")),
            Some("Orphan") => self.orphan(&mut store, &found),
            _ => {}
        }
        if dry_run {
            return Ok((*found).clone());
        }
        self.delete_key(&mut store, &key, how["gracePeriodSeconds"].as_i64());
        Ok(store.get(&key).map_or_else(|| (*found).clone(), |left| (**left).clone()))
    }

    /// Removes the owner references of dependents.
    fn orphan(&self, store: &mut Store, owner: &Value) {
        let uid = owner["metadata"]["uid"].as_str().unwrap_or_default();
        for key in store.owned_by(uid) {
            let Some(mut object) = store.get(&key).map(|object| (**object).clone()) else { continue };
            let Some(owners) = object["metadata"]["ownerReferences"].as_array_mut() else { continue };
            owners.retain(|owner| owner["uid"] != uid);
            if owners.is_empty() {
                object["metadata"].as_object_mut().expect("every object has metadata").remove("ownerReferences");
            }
            store.put(key, object);
        }
    }

    fn delete_key(&self, store: &mut Store, key: &Key, grace: Option<i64>) {
        let Some(found) = store.get(key).cloned() else { return };
        let mut object = (*found).clone();
        let metadata = object["metadata"].as_object_mut().expect("every object has metadata");
        // A pod on a node is removed by its kubelet.
        let runs = key.resource == "pods" && found["spec"]["nodeName"].is_string();
        let grace = if runs { grace.unwrap_or(30) } else { 0 };
        let marked = metadata.contains_key("deletionTimestamp");
        if !marked || metadata.get("deletionGracePeriodSeconds").and_then(Value::as_i64).is_some_and(|left| grace < left) {
            metadata.entry("deletionTimestamp").or_insert_with(|| json!(now()));
            metadata.insert("deletionGracePeriodSeconds".to_owned(), json!(grace));
            if key.resource == "namespaces" {
                object["status"]["phase"] = json!("Terminating");
            }
            if is_free(key, &object) {
                self.remove(store, key);
                return;
            }
            store.put(key.clone(), object);
        }
        if key.resource == "namespaces" {
            for inside in store.within(&key.name) {
                self.delete_key(store, &inside, None);
            }
        }
        self.finish(store, key);
    }

    /// Removes a terminating object that nothing holds any more.
    fn finish(&self, store: &mut Store, key: &Key) {
        let Some(object) = store.get(key).cloned() else { return };
        if object["metadata"]["deletionTimestamp"].is_string() && is_free(key, &object) {
            self.remove(store, key);
        } else {
            self.sweep(store, if key.resource == "namespaces" { &key.name } else { &key.namespace });
        }
    }

    fn remove(&self, store: &mut Store, key: &Key) {
        let Some(object) = store.remove(key) else { return };
        let uid = object["metadata"]["uid"].as_str().unwrap_or_default();
        for dependent in store.owned_by(uid) {
            let Some(found) = store.get(&dependent).cloned() else { continue };
            let owners = found["metadata"]["ownerReferences"].as_array().cloned().unwrap_or_default();
            if !owners.iter().any(|owner| store.has_uid(&dependent.namespace, owner["uid"].as_str().unwrap_or_default())) {
                self.delete_key(store, &dependent, None);
            }
        }
        self.sweep(store, &key.namespace);
    }

    /// The controller manager's part in deletion: PVCs that no pod uses, and empty namespaces.
    fn sweep(&self, store: &mut Store, namespace: &str) {
        if namespace.is_empty() {
            return;
        }
        let used: Vec<String> = store.list("pods", Some(namespace)).flat_map(|(_, pod)| claims(pod)).collect();
        let claims: Vec<Key> = store
            .list("persistentvolumeclaims", Some(namespace))
            .filter(|(key, claim)| claim["metadata"]["deletionTimestamp"].is_string() && !used.contains(&key.name))
            .map(|(key, _)| key.clone())
            .collect();
        for key in claims {
            let Some(mut claim) = store.get(&key).map(|claim| (**claim).clone()) else { continue };
            if let Some(finalizers) = claim["metadata"]["finalizers"].as_array_mut() {
                let before = finalizers.len();
                finalizers.retain(|finalizer| finalizer != defaults::CLAIM_PROTECTION);
                if finalizers.len() == before {
                    continue;
                }
                let free = finalizers.is_empty();
                store.put(key.clone(), claim);
                if free {
                    self.remove(store, &key);
                }
            }
        }
        let own = Key { resource: "namespaces".to_owned(), namespace: String::new(), name: namespace.to_owned() };
        let going = store.get(&own).is_some_and(|namespace| namespace["metadata"]["deletionTimestamp"].is_string());
        if going && store.within(namespace).is_empty() {
            store.remove(&own);
        }
    }

    /// The resource of a stored object.
    pub fn resource_of(&self, key: &Key) -> &Resource {
        self.by_key(key)
    }
}

/// Whether nothing holds a terminating object.
fn is_free(key: &Key, object: &Value) -> bool {
    let metadata = &object["metadata"];
    let finalizers = metadata["finalizers"].as_array().is_some_and(|list| !list.is_empty());
    !finalizers && key.resource != "namespaces" && metadata["deletionGracePeriodSeconds"].as_i64().unwrap_or(0) == 0
}

fn claims(pod: &Value) -> Vec<String> {
    let volumes = pod["spec"]["volumes"].as_array();
    volumes.into_iter().flatten().filter_map(|volume| volume["persistentVolumeClaim"]["claimName"].as_str().map(str::to_owned)).collect()
}

/// The parts of an object that its generation counts.
fn body(object: &Value) -> Map<String, Value> {
    let map = object.as_object().cloned().unwrap_or_default();
    map.into_iter().filter(|(name, _)| !["metadata", "status"].contains(&name.as_str())).collect()
}

/// The key of an object.
pub fn key(resource: &Resource, namespace: &str, name: &str) -> Key {
    let namespace = if resource.namespaced { namespace } else { "" };
    Key { resource: resource.qualified(), namespace: namespace.to_owned(), name: name.to_owned() }
}

fn check_name(resource: &Resource, name: &str) -> Answer<()> {
    let right = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
    let edge = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    if name.len() <= 253 && name.chars().all(right) && name.starts_with(edge) && name.ends_with(edge) {
        return Ok(());
    }
    let why =
        format!("Invalid value: {name:?}: a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.'");
    Err(Failure::invalid(resource, name, "metadata.name", &why))
}
