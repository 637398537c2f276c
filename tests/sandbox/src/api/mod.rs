//! An API server in memory that is complete enough for kubectl. It responds 501 to what it does not implement.

pub mod access;
mod admission;
mod defaults;
mod discovery;
mod fields;
mod managers;
pub mod objects;
mod patch;
pub mod resource;
mod selector;
pub mod status;
mod store;
mod stream;
mod table;
mod watch;

use std::{collections::BTreeMap, io, sync::Arc, time::Duration};

use axum::{
    body::Bytes,
    extract::{FromRequestParts as _, Query as UrlQuery, State, WebSocketUpgrade},
    response::{IntoResponse, Response},
};
use futures::future::BoxFuture;
use http::{HeaderMap, Method, Uri, header};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::front::Broken;
use access::Access;
use objects::{Objects, Options};
use resource::{Address, Resource};
use selector::Selector;
use status::{Answer, Failure, answer};
use watch::Query;

/// A bidirectional byte stream.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A connection into a VM.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// A TCP port of its pod.
    Port(u16),
    /// Its serial console.
    Console,
}

/// What kubelets provide: logs of containers, and connections to pods and VMs.
pub trait Kubelet: Send + Sync {
    /// The log of a container.
    fn log(&self, pod: &Value, container: &str) -> Option<String>;
    /// The HTTP response of a port of a pod: status and body.
    fn proxy(&self, pod: &Value, port: &str, path: &str) -> Option<(u16, String)>;
    /// A connection into a VM, which simulated VMs do not have.
    fn dial<'a>(&'a self, _machine: &'a (String, String), _way: Way) -> BoxFuture<'a, io::Result<Box<dyn Stream>>> {
        Box::pin(async { Err(io::ErrorKind::ConnectionRefused.into()) })
    }
}

/// The subresources of virt-api's aggregated API.
pub trait Aggregated: Send + Sync {
    /// Responds to `/apis/subresources.kubevirt.io/v1/...` after the version.
    ///
    /// # Errors
    /// The Status of a failure.
    fn serve(&self, objects: &Objects, method: &Method, address: &Address, body: &Value) -> Answer<Value>;
}

/// The response of a port of a pod.
pub fn proxied(kubelet: &dyn Kubelet, pod: &Value, port: &str, path: &str) -> Answer<Response> {
    let unavailable = || Failure::new(503, "ServiceUnavailable", "error trying to reach service: dial tcp: connection refused");
    let (code, body) = kubelet.proxy(pod, port, path).ok_or_else(unavailable)?;
    let code = http::StatusCode::from_u16(code).unwrap_or(http::StatusCode::BAD_GATEWAY);
    Ok((code, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], body).into_response())
}

/// The server.
pub struct Server {
    pub objects: Arc<Objects>,
    pub access: Access,
    pub kubelet: Arc<dyn Kubelet>,
    pub aggregated: Box<dyn Aggregated>,
}

/// A parsed request.
struct Request<'a> {
    method: &'a Method,
    address: Address,
    query: BTreeMap<String, String>,
    headers: &'a HeaderMap,
    body: &'a Bytes,
    user: String,
}

/// Handles every request.
pub async fn serve(State(server): State<Arc<Server>>, request: axum::extract::Request) -> Response {
    let (mut parts, body) = request.into_parts();
    if let Ok(socket) = WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
        return server.stream(&parts, socket).await.unwrap_or_else(IntoResponse::into_response);
    }
    // A request with an incomplete body ends with its connection.
    let Ok(body) = axum::body::to_bytes(body, usize::MAX).await else { return Broken::response() };
    server.answer(&parts.method, &parts.uri, &parts.headers, &body).unwrap_or_else(IntoResponse::into_response)
}

impl Server {
    /// A connection into a VM for `virtctl`.
    async fn stream(&self, parts: &http::request::Parts, socket: WebSocketUpgrade) -> Answer<Response> {
        let user = self.authenticate(&parts.headers)?;
        let address = Address::parse(parts.uri.path()).ok_or_else(|| Failure::new(404, "NotFound", "no such resource"))?;
        if !self.access.may(&user, "get", &address) {
            return Err(Access::refusal(&user, "get", &address));
        }
        stream::serve(self, &address, socket).await
    }

    fn answer(&self, method: &Method, uri: &Uri, headers: &HeaderMap, body: &Bytes) -> Answer<Response> {
        let path = uri.path();
        if ["/healthz", "/livez", "/readyz"].contains(&path) {
            return Ok("ok".into_response());
        }
        let user = self.authenticate(headers)?;
        if let Some(found) = discovery::discover(path, &self.objects.resources) {
            return Ok(answer(200, &found));
        }
        let missing = || Failure::new(404, "NotFound", "the server could not find the requested resource");
        let address = Address::parse(path).ok_or_else(missing)?;
        let query = UrlQuery::<BTreeMap<String, String>>::try_from_uri(uri).map(|query| query.0).unwrap_or_default();
        let request = Request { method, address, query, headers, body, user };
        let verb = request.verb()?;
        if !self.access.may(&request.user, verb, &request.address) {
            return Err(Access::refusal(&request.user, verb, &request.address));
        }
        if request.address.group == "subresources.kubevirt.io" && self.objects.find("kubevirt.io", "v1", "virtualmachines").is_some() {
            let found = self.aggregated.serve(&self.objects, method, &request.address, &request.json().unwrap_or_default())?;
            return Ok(answer(if *method == Method::GET { 200 } else { 202 }, &found));
        }
        let resource = self.objects.find(&request.address.group, &request.address.version, &request.address.plural).ok_or_else(missing)?;
        if *method == Method::POST && resource.plural == "selfsubjectaccessreviews" {
            return Ok(answer(201, &self.access.review(&request.user, &request.json()?)));
        }
        match verb {
            "get" if resource.plural == "pods" && request.address.subresource.as_deref().is_some_and(|sub| sub.starts_with("proxy")) => {
                self.pod_proxy(resource, &request)
            }
            "get" => self.get(resource, &request),
            "list" => watch::list(&self.objects, resource, &request.query()?).map(|found| answer(200, &found)),
            "watch" => watch::watch(&self.objects, resource, request.query()?),
            "create" => self.create(resource, &request),
            "update" => self.update(resource, &request),
            "patch" => self.patch(resource, &request),
            _ => self.delete(resource, &request, verb == "deletecollection"),
        }
    }

    fn authenticate(&self, headers: &HeaderMap) -> Answer<String> {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let token = text("authorization").and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
        let user = self.access.user(token).ok_or_else(|| Failure::new(401, "Unauthorized", "Unauthorized"))?;
        match text("impersonate-user") {
            Some(other) if user == "admin" => Ok(other.to_owned()),
            Some(other) => Err(Failure::new(
                403,
                "Forbidden",
                format!("users {other:?} is forbidden: User {user:?} cannot impersonate resource \"users\""),
            )),
            None => Ok(user.to_owned()),
        }
    }

    fn get(&self, resource: &Resource, request: &Request<'_>) -> Answer<Response> {
        let found = self.objects.get(resource, request.namespace(), request.name())?;
        match request.address.subresource.as_deref() {
            None | Some("status") => {}
            Some("log") if resource.plural == "pods" => {
                let container = request.query.get("container").map_or("compute", String::as_str);
                let log = self.kubelet.log(&found, container);
                return log
                    .map(IntoResponse::into_response)
                    .ok_or_else(|| Failure::bad(format!("container {container} is not valid for pod")));
            }
            Some(other) => return Err(Failure::unsupported(other)),
        }
        Ok(answer(200, &request.dress(resource, &found)))
    }

    /// `pods/NAME:PORT/proxy/PATH`.
    fn pod_proxy(&self, resource: &Resource, request: &Request<'_>) -> Answer<Response> {
        let (name, port) = request.name().split_once(':').unwrap_or((request.name(), "80"));
        let pod = self.objects.get(resource, request.namespace(), name)?;
        let path = request.address.subresource.as_deref().unwrap_or_default().trim_start_matches("proxy");
        proxied(&*self.kubelet, &pod, port, path)
    }

    fn create(&self, resource: &Resource, request: &Request<'_>) -> Answer<Response> {
        let body = request.json()?;
        if resource.plural == "pods" && request.address.subresource.as_deref() == Some("binding") {
            let node = body["target"]["name"].clone();
            let options = Options { manager: "kube-scheduler".to_owned(), ..Options::default() };
            self.objects.update(resource, request.namespace(), request.name(), &options, |pod| {
                let mut pod = pod.clone();
                pod["spec"]["nodeName"] = node;
                Ok(pod)
            })?;
            return Ok(answer(201, &json!({"kind": "Status", "apiVersion": "v1", "status": "Success", "code": 201})));
        }
        if resource.plural == "projectrequests" {
            return self.request_project(request, &body);
        }
        if resource.plural == "pods" {
            self.within_quota(&request.address, body["metadata"]["name"].as_str().unwrap_or_default())?;
            admission::admit_pod(&self.objects.store(), request.namespace(), &body)?;
        }
        let made = self.objects.create(resource, request.namespace(), body, &request.options(resource)?)?;
        Ok(answer(201, &request.dress(resource, &made)))
    }

    /// Quotas count pods only.
    fn within_quota(&self, address: &Address, pod: &str) -> Answer<()> {
        let namespace = address.namespace.as_deref();
        let store = self.objects.store();
        let used = store.list("pods", namespace).count();
        for (key, quota) in store.list("resourcequotas", namespace) {
            let limit = quota["spec"]["hard"]["pods"].as_str().and_then(|limit| limit.parse::<usize>().ok());
            if let Some(limit) = limit.filter(|limit| used >= *limit) {
                let numbers = format!("requested: pods=1, used: pods={used}, limited: pods={limit}");
                let message = format!("pods {pod:?} is forbidden: exceeded quota: {}, {numbers}", key.name);
                return Err(Failure::new(403, "Forbidden", message));
            }
        }
        Ok(())
    }

    /// As in OpenShift, a project is a namespace that belongs to the user.
    fn request_project(&self, request: &Request<'_>, body: &Value) -> Answer<Response> {
        let namespaces = self.objects.find("", "v1", "namespaces").expect("always served");
        let annotations =
            json!({"openshift.io/requester": request.user, "openshift.io/description": body["description"].as_str().unwrap_or_default()});
        let namespace = json!({"metadata": {"name": body["metadata"]["name"], "annotations": annotations}});
        let options = Options { manager: "openshift-apiserver".to_owned(), ..request.options(namespaces)? };
        let made = self.objects.create(namespaces, "", namespace, &options)?;
        let project =
            json!({"kind": "Project", "apiVersion": "project.openshift.io/v1", "metadata": made["metadata"], "status": made["status"]});
        Ok(answer(201, &project))
    }

    fn update(&self, resource: &Resource, request: &Request<'_>) -> Answer<Response> {
        let body = request.json()?;
        let options = request.options(resource)?;
        let made = self.objects.update(resource, request.namespace(), request.name(), &options, |_| Ok(body))?;
        Ok(answer(200, &request.dress(resource, &made)))
    }

    fn patch(&self, resource: &Resource, request: &Request<'_>) -> Answer<Response> {
        let options = request.options(resource)?;
        let content_type = request.content_type();
        if options.force && content_type != "application/apply-patch+yaml" {
            let why = "PatchOptions.meta.k8s.io \"\" is invalid: force: Forbidden: may not be specified for non-apply patch";
            return Err(Failure::new(422, "Invalid", why));
        }
        if content_type == "application/apply-patch+yaml" {
            let applied: Value =
                serde_yaml::from_slice(request.body).map_err(|error| Failure::bad(format!("error decoding YAML: {error}")))?;
            let (made, created) = self.objects.apply(resource, request.namespace(), request.name(), &applied, &options)?;
            return Ok(answer(if created { 201 } else { 200 }, &request.dress(resource, &made)));
        }
        let made = self.objects.update(resource, request.namespace(), request.name(), &options, |old| {
            let mut new = patch::patch(&content_type, old, request.body, resource.is_custom())?;
            // A patch without a resource version applies to any.
            if new["metadata"]["resourceVersion"] == old["metadata"]["resourceVersion"] {
                new["metadata"].as_object_mut().map(|metadata| metadata.remove("resourceVersion"));
            }
            Ok(new)
        })?;
        Ok(answer(200, &request.dress(resource, &made)))
    }

    fn delete(&self, resource: &Resource, request: &Request<'_>, collection: bool) -> Answer<Response> {
        let mut how = request.json().unwrap_or_default();
        let dry_run = request.options(resource)?.dry_run || how["dryRun"].is_array();
        for name in ["gracePeriodSeconds", "propagationPolicy"] {
            if let Some(value) = request.query.get(name) {
                how[name] = value.parse::<i64>().map_or_else(|_| json!(value), |number| json!(number));
            }
        }
        if !collection {
            let gone = self.objects.delete(resource, request.namespace(), request.name(), &how, dry_run)?;
            return Ok(answer(200, &gone));
        }
        let query = Query { limit: 0, as_table: false, ..request.query()? };
        let found = watch::list(&self.objects, resource, &query)?;
        for object in found["items"].as_array().into_iter().flatten() {
            let name = object["metadata"]["name"].as_str().unwrap_or_default();
            match self.objects.delete(resource, request.namespace(), name, &how, dry_run) {
                Err(failure) if failure.code != 404 => return Err(failure),
                _ => {}
            }
        }
        Ok(answer(200, &found))
    }
}

impl Request<'_> {
    fn namespace(&self) -> &str {
        self.address.namespace.as_deref().unwrap_or_default()
    }

    fn name(&self) -> &str {
        self.address.name.as_deref().unwrap_or_default()
    }

    fn flag(&self, name: &str) -> bool {
        self.query.get(name).is_some_and(|value| value == "true" || value == "1")
    }

    fn verb(&self) -> Answer<&'static str> {
        let named = self.address.name.is_some();
        Ok(match (self.method, named) {
            (&Method::GET, true) => "get",
            (&Method::GET, false) if self.flag("watch") => "watch",
            (&Method::GET, false) => "list",
            (&Method::POST, _) => "create",
            (&Method::PUT, true) => "update",
            (&Method::PATCH, true) => "patch",
            (&Method::DELETE, true) => "delete",
            (&Method::DELETE, false) => "deletecollection",
            _ => return Err(Failure::new(405, "MethodNotAllowed", "the server does not allow this method on the requested resource")),
        })
    }

    fn content_type(&self) -> String {
        let text = self.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        text.split(';').next().unwrap_or_default().trim().to_owned()
    }

    fn json(&self) -> Answer<Value> {
        let parsed: Result<Value, String> = match self.content_type().as_str() {
            "application/yaml" => serde_yaml::from_slice(self.body).map_err(|error| error.to_string()),
            // kubectl 1.36 creates objects from its own arguments like this.
            "application/vnd.kubernetes.protobuf" => {
                let message =
                    "the sandbox does not accept protobuf; use 'kubectl create ... --dry-run=client -o yaml | kubectl apply -f -'";
                return Err(Failure::new(415, "UnsupportedMediaType", message));
            }
            _ => serde_json::from_slice(self.body).map_err(|error| error.to_string()),
        };
        parsed.map_err(|error| Failure::bad(format!("the object provided is unrecognized: {error}")))
    }

    fn options(&self, resource: &Resource) -> Answer<Options> {
        let manager = self.query.get("fieldManager").cloned().or_else(|| {
            let agent = self.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok())?;
            agent.split('/').next().map(str::to_owned)
        });
        let subresource = self.address.subresource.clone();
        if let Some(other) = subresource.as_deref().filter(|name| *name != "status" || !resource.status) {
            return Err(Failure::unsupported(other));
        }
        let dry_run = match self.query.get("dryRun").map(String::as_str) {
            None | Some("") => false,
            Some("All") => true,
            Some(other) => return Err(Failure::bad(format!("Invalid value: {other:?}: dryRun must be All"))),
        };
        Ok(Options { dry_run, manager: manager.unwrap_or_else(|| "unknown".to_owned()), force: self.flag("force"), subresource })
    }

    /// Whether the client prefers a table, or only metadata.
    fn wants(&self, what: &str) -> bool {
        let accept = self.headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        accept.split(',').next().is_some_and(|first| first.contains(&format!("as={what};")) || first.ends_with(&format!("as={what}")))
    }

    fn query(&self) -> Answer<Query> {
        let text = |name: &str| self.query.get(name).cloned().unwrap_or_default();
        if self.flag("sendInitialEvents") {
            return Err(Failure::new(
                422,
                "Invalid",
                "sendInitialEvents: Forbidden: sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled",
            ));
        }
        Ok(Query {
            namespace: self.address.namespace.clone(),
            selector: Selector::parse(&text("labelSelector"), &text("fieldSelector"))?,
            limit: text("limit").parse().unwrap_or(0),
            token: text("continue"),
            version: text("resourceVersion"),
            bookmarks: self.flag("allowWatchBookmarks"),
            timeout: text("timeoutSeconds").parse().ok().map(Duration::from_secs),
            as_table: self.wants("Table"),
            as_metadata: self.wants("PartialObjectMetadataList") || self.wants("PartialObjectMetadata"),
        })
    }

    /// One object in the requested form.
    fn dress(&self, resource: &Resource, object: &Value) -> Value {
        if self.wants("Table") {
            return table::table(resource, &[object], json!({"resourceVersion": object["metadata"]["resourceVersion"]}), true);
        }
        if self.wants("PartialObjectMetadata") { watch::partial(object) } else { object.clone() }
    }
}
