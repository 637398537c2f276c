//! OpenShift's projects for other clusters: an aggregated API with one verb. A project is a namespace in which the user is
//! administrator, with permissions that arrive a moment later.
//!
//! Source: openshift/openshift-apiserver `pkg/project/apiserver/registry/projectrequest/delegated/delegated.go`.

use std::sync::Arc;

use axum::{
    Router,
    extract::State,
    http::HeaderMap,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use k8s_openapi::api::core::v1::Namespace;
use kube::{
    Api, Client,
    api::{ApiResource, DynamicObject, GroupVersionKind, Patch, PatchParams, PostParams},
};
use serde_json::{Value, json};

use crate::{
    api::status::{Answer, Failure, answer},
    faults::Faults,
    front::Front,
};

const GROUP: &str = "project.openshift.io";

/// Serves the API on a free port of loopback, and registers it in the cluster.
///
/// # Errors
/// No port, or the cluster's error.
pub async fn serve(client: Client) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let router = Router::new()
        .route("/apis", get(async || groups()))
        .route("/apis/project.openshift.io", get(async || answer(200, &group())))
        .route("/apis/project.openshift.io/v1", get(async || resources()))
        .route("/apis/project.openshift.io/v1/projectrequests", post(request))
        .with_state(client.clone());
    let front = Front::start(&tokio::runtime::Handle::current(), router, Arc::new(Faults::default()))?;
    let port = front.address.port();
    let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "projects", "namespace": "kubevirt"},
        "spec": {"type": "ExternalName", "externalName": "localhost", "ports": [{"port": port, "targetPort": port}]}});
    let api_service = json!({"apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService", "metadata": {"name": format!("v1.{GROUP}")},
        "spec": {"group": GROUP, "version": "v1", "groupPriorityMinimum": 9900, "versionPriority": 15, "insecureSkipTLSVerify": true,
            "service": {"namespace": "kubevirt", "name": "projects", "port": port}}});
    let parameters = PatchParams::apply("sandbox").force();
    let services = ApiResource::from_gvk(&GroupVersionKind::gvk("", "v1", "Service"));
    let api_services = ApiResource::from_gvk(&GroupVersionKind::gvk("apiregistration.k8s.io", "v1", "APIService"));
    let place: Api<DynamicObject> = Api::namespaced_with(client.clone(), "kubevirt", &services);
    place.patch("projects", &parameters, &Patch::Apply(service)).await?;
    let registry: Api<DynamicObject> = Api::all_with(client, &api_services);
    registry.patch(&format!("v1.{GROUP}"), &parameters, &Patch::Apply(api_service)).await?;
    Ok(())
}

fn group() -> Value {
    let version = json!({"groupVersion": format!("{GROUP}/v1"), "version": "v1"});
    json!({"kind": "APIGroup", "apiVersion": "v1", "name": GROUP, "versions": [version], "preferredVersion": version})
}

fn groups() -> Response {
    answer(200, &json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": [group()]}))
}

fn resources() -> Response {
    let requests =
        json!({"name": "projectrequests", "singularName": "", "namespaced": false, "kind": "ProjectRequest", "verbs": ["create"]});
    answer(200, &json!({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": format!("{GROUP}/v1"), "resources": [requests]}))
}

async fn request(State(client): State<Client>, headers: HeaderMap, body: axum::body::Bytes) -> Response {
    make(client, &headers, &body).await.unwrap_or_else(IntoResponse::into_response)
}

async fn make(client: Client, headers: &HeaderMap, body: &[u8]) -> Answer<Response> {
    let asked: Value = serde_json::from_slice(body).map_err(|error| Failure::bad(error.to_string()))?;
    // The aggregator names the user in headers.
    let user = headers.get("x-remote-user").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let name = asked["metadata"]["name"].as_str().unwrap_or_default();
    let refused = |error: kube::Error| match error {
        kube::Error::Api(status) if status.code == 409 => {
            Failure::new(409, "AlreadyExists", format!("project.project.openshift.io {name:?} already exists"))
        }
        error => Failure::new(500, "InternalError", error.to_string()),
    };
    let mut namespace = Namespace::default();
    namespace.metadata.name = Some(name.to_owned());
    let notes = [("openshift.io/requester", user), ("openshift.io/description", asked["description"].as_str().unwrap_or_default())];
    namespace.metadata.annotations = Some(notes.map(|(key, value)| (key.to_owned(), value.to_owned())).into());
    let made = Api::<Namespace>::all(client.clone()).create(&PostParams::default(), &namespace).await.map_err(refused)?;
    // The response does not wait for the permissions.
    let user = user.to_owned();
    let place = name.to_owned();
    tokio::spawn(async move {
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        let binding = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "admin"},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "admin"},
            "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user}]});
        let resource = ApiResource::from_gvk(&GroupVersionKind::gvk("rbac.authorization.k8s.io", "v1", "RoleBinding"));
        let api: Api<DynamicObject> = Api::namespaced_with(client, &place, &resource);
        let _ = api.patch("admin", &PatchParams::apply("sandbox").force(), &Patch::Apply(binding)).await;
    });
    let project = json!({"kind": "Project", "apiVersion": format!("{GROUP}/v1"), "metadata": made.metadata, "status": made.status});
    Ok(answer(201, &project))
}
