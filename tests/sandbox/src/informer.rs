//! A cache of some kinds of objects, kept up to date by watches, and the writes of controllers and nodes.

use std::collections::{BTreeMap, BTreeSet};

use futures::{
    StreamExt as _,
    channel::mpsc::{UnboundedReceiver, unbounded},
};
use kube::{
    Api, Client,
    api::{ApiResource, DeleteParams, DynamicObject, GroupVersionKind, Patch, PatchParams, PostParams},
    runtime::{WatchStreamExt as _, watcher},
};
use serde_json::{Value, json};

/// The kinds that make up a VM.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Vm,
    Vmi,
    Pod,
    DataVolume,
    Pvc,
    Service,
}

impl Kind {
    fn resource(self) -> ApiResource {
        let (group, version, kind, plural) = match self {
            Self::Vm => ("kubevirt.io", "v1", "VirtualMachine", "virtualmachines"),
            Self::Vmi => ("kubevirt.io", "v1", "VirtualMachineInstance", "virtualmachineinstances"),
            Self::Pod => ("", "v1", "Pod", "pods"),
            Self::DataVolume => ("cdi.kubevirt.io", "v1beta1", "DataVolume", "datavolumes"),
            Self::Pvc => ("", "v1", "PersistentVolumeClaim", "persistentvolumeclaims"),
            Self::Service => ("", "v1", "Service", "services"),
        };
        ApiResource::from_gvk_with_plural(&GroupVersionKind::gvk(group, version, kind), plural)
    }
}

/// A VM: namespace and name.
pub type Name = (String, String);

/// An event of a watch.
pub type Event = (Kind, Result<watcher::Event<DynamicObject>, watcher::Error>);

/// Watches of some kinds. A task of their own reads them, so that no event waits while the reader is busy.
pub fn watches(client: &Client, kinds: &[Kind]) -> UnboundedReceiver<Event> {
    let mut events = futures::stream::select_all(kinds.iter().map(|&kind| {
        let api: Api<DynamicObject> = Api::all_with(client.clone(), &kind.resource());
        let config = watcher::Config::default().labels(if kind == Kind::Pod { "kubevirt.io=virt-launcher" } else { "" });
        watcher(api, config).default_backoff().map(move |event| (kind, event)).boxed()
    }));
    let (sender, receiver) = unbounded();
    tokio::spawn(async move {
        while let Some(event) = events.next().await {
            if sender.unbounded_send(event).is_err() {
                return;
            }
        }
    });
    receiver
}

/// Objects of some kinds, as the watches last reported them.
pub struct Informer {
    client: Client,
    objects: BTreeMap<(Kind, String, String), Value>,
    /// Names of objects by VM.
    machines: BTreeMap<(Kind, Name), BTreeSet<String>>,
    relist: BTreeMap<Kind, BTreeSet<Name>>,
}

impl Informer {
    pub fn new(client: Client) -> Self {
        Self { client, objects: BTreeMap::new(), machines: BTreeMap::new(), relist: BTreeMap::new() }
    }

    /// Applies an event, and returns the VMs that it concerns.
    pub fn take(&mut self, (kind, event): Event) -> Vec<Name> {
        match event {
            Ok(watcher::Event::Apply(object)) => vec![self.put(kind, object)],
            Ok(watcher::Event::InitApply(object)) => {
                let name = (object.metadata.namespace.clone().unwrap_or_default(), object.metadata.name.clone().unwrap_or_default());
                self.relist.entry(kind).or_default().insert(name);
                vec![self.put(kind, object)]
            }
            Ok(watcher::Event::Delete(object)) => {
                let value = serde_json::to_value(object).unwrap_or_default();
                vec![self.forget(kind, &value)]
            }
            Ok(watcher::Event::Init) => {
                self.relist.insert(kind, BTreeSet::new());
                Vec::new()
            }
            Ok(watcher::Event::InitDone) => {
                let there = self.relist.remove(&kind).unwrap_or_default();
                let gone = |(other, namespace, name): &(Kind, String, String)| {
                    *other == kind && !there.contains(&(namespace.clone(), name.clone()))
                };
                let gone: Vec<_> = self.objects.iter().filter(|(key, _)| gone(key)).map(|(_, value)| value.clone()).collect();
                gone.iter().map(|value| self.forget(kind, value)).collect()
            }
            // The watch restarts.
            Err(_) => Vec::new(),
        }
    }

    fn put(&mut self, kind: Kind, object: DynamicObject) -> Name {
        let value = serde_json::to_value(object).unwrap_or_default();
        let (machine, name) = (machine_of(kind, &value), text(&value, "name"));
        self.machines.entry((kind, machine.clone())).or_default().insert(name.clone());
        self.objects.insert((kind, machine.0.clone(), name), value);
        machine
    }

    fn forget(&mut self, kind: Kind, value: &Value) -> Name {
        let (machine, name) = (machine_of(kind, value), text(value, "name"));
        let key = (kind, machine.clone());
        if let Some(names) = self.machines.get_mut(&key) {
            names.remove(&name);
            if names.is_empty() {
                self.machines.remove(&key);
            }
        }
        self.objects.remove(&(kind, machine.0.clone(), name));
        machine
    }

    pub fn get(&self, kind: Kind, namespace: &str, name: &str) -> Option<&Value> {
        self.objects.get(&(kind, namespace.to_owned(), name.to_owned()))
    }

    /// Creates an event about an object, once: its type and reason, and the message.
    ///
    /// # Errors
    /// The server's error, unless the event exists.
    pub async fn event(&self, kind: Kind, object: &Value, (sort, reason): (&str, &str), message: &str) -> Result<(), kube::Error> {
        let (namespace, name, uid) = (text(object, "namespace"), text(object, "name"), text(object, "uid"));
        let resource = kind.resource();
        let about = json!({"apiVersion": resource.api_version, "kind": resource.kind, "namespace": namespace, "name": name, "uid": uid});
        let now = crate::api::objects::now();
        let unique = format!("{name}.{}.{}", uid.get(..8).unwrap_or_default(), reason.to_lowercase());
        let event = json!({"metadata": {"name": unique, "namespace": namespace},
            "involvedObject": about, "type": sort, "reason": reason, "message": message, "firstTimestamp": now, "lastTimestamp": now,
            "source": {"component": "virt-handler"}});
        let request = http::Request::post(format!("/api/v1/namespaces/{namespace}/events"))
            .header("content-type", "application/json")
            .body(event.to_string().into_bytes())
            .map_err(|error| kube::Error::BuildRequest(kube::core::request::Error::BuildRequest(error)))?;
        match self.client.request_text(request).await {
            Err(kube::Error::Api(status)) if status.code == 409 => Ok(()),
            result => result.map(|_| ()),
        }
    }

    /// All objects of a kind.
    pub fn all(&self, kind: Kind) -> impl Iterator<Item = &Value> {
        let first = (kind, String::new(), String::new());
        self.objects.range(first..).take_while(move |((other, ..), _)| *other == kind).map(|(_, value)| value)
    }

    /// The value of a Secret's key.
    ///
    /// # Errors
    /// The server's error.
    pub async fn secret(&self, namespace: &str, name: &str, key: &str) -> Result<Vec<u8>, kube::Error> {
        let secrets: Api<k8s_openapi::api::core::v1::Secret> = Api::namespaced(self.client.clone(), namespace);
        let mut data = secrets.get(name).await?.data.unwrap_or_default();
        Ok(data.remove(key).map(|value| value.0).unwrap_or_default())
    }

    /// The objects of a kind that belong to a VM.
    pub fn of_machine(&self, kind: Kind, machine: &Name) -> Vec<&Value> {
        let names = self.machines.get(&(kind, machine.clone())).into_iter().flatten();
        names.filter_map(|name| self.get(kind, &machine.0, name)).collect()
    }

    fn api(&self, kind: Kind, namespace: &str) -> Api<DynamicObject> {
        Api::namespaced_with(self.client.clone(), namespace, &kind.resource())
    }

    /// # Errors
    /// The server's error, unless the object exists.
    pub async fn create(&self, kind: Kind, object: Value) -> Result<(), kube::Error> {
        let namespace = text(&object, "namespace");
        let object: DynamicObject = serde_json::from_value(object).map_err(kube::Error::SerdeError)?;
        match self.api(kind, &namespace).create(&PostParams::default(), &object).await {
            Err(kube::Error::Api(status)) if status.code == 409 => Ok(()),
            result => result.map(|_| ()),
        }
    }

    /// Binds a pod to a node.
    ///
    /// # Errors
    /// The server's error.
    pub async fn bind(&self, pod: &Value, node: &str) -> Result<(), kube::Error> {
        let (namespace, name) = (text(pod, "namespace"), text(pod, "name"));
        let binding = json!({"apiVersion": "v1", "kind": "Binding", "metadata": {"name": name}, "target": {"kind": "Node", "name": node}});
        let request = http::Request::post(format!("/api/v1/namespaces/{namespace}/pods/{name}/binding"))
            .header("content-type", "application/json")
            .body(binding.to_string().into_bytes())
            .map_err(|error| kube::Error::BuildRequest(kube::core::request::Error::BuildRequest(error)))?;
        self.client.request_text(request).await.map(|_| ())
    }

    /// # Errors
    /// The server's error, unless the object is gone.
    pub async fn delete(&self, kind: Kind, object: &Value, now: bool) -> Result<(), kube::Error> {
        let parameters = if now { DeleteParams::default().grace_period(0) } else { DeleteParams::default() };
        match self.api(kind, &text(object, "namespace")).delete(&text(object, "name"), &parameters).await {
            Err(kube::Error::Api(status)) if status.code == 404 => Ok(()),
            result => result.map(|_| ()),
        }
    }

    /// A JSON patch; of the status if that is a subresource.
    ///
    /// KubeVirt's patches test the old value of a status, including null times, which a merge patch would drop. So a status is
    /// always written as a whole.
    ///
    /// # Errors
    /// The server's error, unless the object is gone.
    pub async fn patch(&self, kind: Kind, object: &Value, operations: Value, status: bool) -> Result<(), kube::Error> {
        let patch: json_patch::Patch = serde_json::from_value(operations).map_err(kube::Error::SerdeError)?;
        let patch: Patch<Value> = Patch::Json(patch);
        let (api, name, parameters) = (self.api(kind, &text(object, "namespace")), text(object, "name"), PatchParams::default());
        let result = if status { api.patch_status(&name, &parameters, &patch).await } else { api.patch(&name, &parameters, &patch).await };
        match result {
            Err(kube::Error::Api(status)) if status.code == 404 => Ok(()),
            result => result.map(|_| ()),
        }
    }

    /// Writes a status if it changed and the object was not replaced.
    ///
    /// # Errors
    /// The server's error.
    pub async fn set_status(&self, kind: Kind, object: &Value, status: Value) -> Result<(), kube::Error> {
        if object["status"] == status {
            return Ok(());
        }
        let seen = &object["metadata"]["resourceVersion"];
        let operations =
            json!([{"op": "test", "path": "/metadata/resourceVersion", "value": seen}, {"op": "add", "path": "/status", "value": status}]);
        self.patch(kind, object, operations, kind != Kind::Vmi).await
    }
}

/// A string in an object's metadata.
pub fn text(object: &Value, name: &str) -> String {
    object["metadata"][name].as_str().unwrap_or_default().to_owned()
}

/// The first of some objects with this owner.
pub fn owned<'a>(objects: &[&'a Value], owner: &Value) -> Option<&'a Value> {
    objects.iter().find(|object| object["metadata"]["ownerReferences"][0]["uid"] == owner["metadata"]["uid"]).copied()
}

/// The VM that an object belongs to.
pub fn machine_of(kind: Kind, object: &Value) -> Name {
    let name = match kind {
        Kind::Vm | Kind::Vmi | Kind::Service => text(object, "name"),
        Kind::Pod => object["metadata"]["annotations"]["kubevirt.io/domain"].as_str().unwrap_or_default().to_owned(),
        Kind::DataVolume => object["metadata"]["ownerReferences"][0]["name"].as_str().unwrap_or_default().to_owned(),
        Kind::Pvc => object["metadata"]["annotations"]["sandbox/machine"].as_str().unwrap_or_default().to_owned(),
    };
    (text(object, "namespace"), name)
}
