//! Forwards requests to another API server with their own credentials. What an API server asks kubelets for (a pod's logs,
//! connections to a pod) is handled here by the simulated nodes, after an access review.

use std::sync::Arc;

use axum::{
    body::{Body, Bytes},
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use futures::TryStreamExt as _;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use kube::Client;
use serde_json::{Value, json};

use crate::{
    api::{
        access::Access,
        resource::Address,
        status::{Failure, answer},
    },
    front::Broken,
    nodes::Guests,
};

/// The server that requests are forwarded to.
pub struct Upstream {
    /// A client without credentials.
    pub client: Client,
    /// A client with all permissions.
    pub root: Client,
    /// API groups that are hidden.
    pub hidden: Vec<&'static str>,
    /// Whether the server accepts the tokens of the test users; else the administrator impersonates them.
    pub knows_tokens: bool,
    /// Whether the nodes are simulated.
    pub imitated: bool,
    pub kubelet: Arc<dyn Guests>,
}

/// Forwards a request.
pub async fn forward(State(upstream): State<Arc<Upstream>>, request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    // A request with an incomplete body ends with its connection.
    let Ok(body) = axum::body::to_bytes(body, usize::MAX).await else { return Broken::response() };
    for name in [header::HOST, header::CONNECTION, header::CONTENT_LENGTH] {
        parts.headers.remove(name);
    }
    let client = upstream.authenticate(&mut parts.headers);
    let path = parts.uri.path().to_owned();
    if upstream.hidden.iter().any(|group| path == format!("/apis/{group}") || path.starts_with(&format!("/apis/{group}/"))) {
        return Failure::new(404, "NotFound", "the server could not find the requested resource").into_response();
    }
    if let Some(address) = Address::parse(&path).filter(|address| upstream.imitated && asks_kubelet(address)) {
        let answer = upstream.kubelet(&client, &parts.headers, &address, parts.uri.query().unwrap_or_default()).await;
        return answer.unwrap_or_else(IntoResponse::into_response);
    }
    let response = upstream.send(&client, parts.method, &parts.uri.to_string(), parts.headers, body).await;
    match response {
        Ok(response) if path == "/apis" && !upstream.hidden.is_empty() => upstream.without_hidden(response).await,
        Ok(response) => response,
        // The server is unreachable, and the client must see that.
        Err(_) => Broken::response(),
    }
}

fn asks_kubelet(address: &Address) -> bool {
    address.plural == "pods" && address.subresource.as_deref().is_some_and(|sub| sub == "log" || sub.starts_with("proxy"))
}

impl Upstream {
    /// The client for a request, whose headers say who sends it.
    fn authenticate(&self, headers: &mut HeaderMap) -> Client {
        let token =
            headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer ")?.strip_suffix("-token"));
        let user = token.filter(|user| crate::api::access::USERS.contains(user)).map(str::to_owned);
        let Some(user) = user.filter(|_| !self.knows_tokens) else { return self.client.clone() };
        headers.remove(header::AUTHORIZATION);
        for (name, value) in [("impersonate-user", user.as_str()), ("impersonate-group", "system:authenticated")] {
            let free = !headers.contains_key(name);
            if let (Ok(value), true) = (HeaderValue::from_str(value), free) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
        self.root.clone()
    }

    async fn send(&self, client: &Client, method: Method, uri: &str, headers: HeaderMap, body: Bytes) -> kube::Result<Response> {
        let mut request = http::Request::new(kube::client::Body::from(body));
        *request.method_mut() = method;
        *request.uri_mut() = uri.parse().map_err(|error: http::uri::InvalidUri| kube::Error::HttpError(error.into()))?;
        *request.headers_mut() = headers;
        let (mut parts, body) = client.send(request).await?.into_parts();
        parts.headers.remove(header::TRANSFER_ENCODING);
        parts.headers.remove(header::CONNECTION);
        Ok(Response::from_parts(parts, Body::new(body)))
    }

    /// The list of groups without the hidden ones.
    async fn without_hidden(&self, response: Response) -> Response {
        let body = response.into_body().into_data_stream().try_collect::<Vec<Bytes>>().await.unwrap_or_default().concat();
        let mut groups: Value = serde_json::from_slice(&body).unwrap_or_default();
        if let Some(list) = groups["groups"].as_array_mut() {
            list.retain(|group| !self.hidden.iter().any(|hidden| group["name"] == *hidden));
        }
        answer(200, &groups)
    }

    async fn kubelet(&self, client: &Client, headers: &HeaderMap, address: &Address, query: &str) -> Result<Response, Failure> {
        let unavailable = |_| Failure::new(503, "ServiceUnavailable", "error trying to reach service: dial tcp: connection refused");
        let subresource = address.subresource.as_deref().unwrap_or_default();
        let right = subresource.split('/').next().unwrap_or_default();
        let name = address.name.as_deref().unwrap_or_default();
        let (pod, port) = name.split_once(':').unwrap_or((name, "80"));
        let namespace = address.namespace.as_deref().unwrap_or_default();
        let attributes =
            json!({"namespace": namespace, "verb": "get", "resource": "pods", "subresource": right, "name": pod, "version": "v1"});
        let review =
            json!({"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview", "spec": {"resourceAttributes": attributes}});
        let mut asking = headers.clone();
        asking.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        asking.remove(header::ACCEPT);
        let reviews = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
        let response = self.send(client, Method::POST, reviews, asking, review.to_string().into()).await.map_err(unavailable)?;
        if response.status() != 201 {
            return Ok(response);
        }
        let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap_or_default();
        let review: Value = serde_json::from_slice(&body).unwrap_or_default();
        if review["status"]["allowed"] != true {
            let token = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
            let user = token.trim_start_matches("Bearer ").trim_end_matches("-token");
            return Err(Access::refusal(user, "get", address));
        }
        let get = http::Request::get(format!("/api/v1/namespaces/{namespace}/pods/{pod}")).body(Vec::new());
        let found: Value = match get {
            Ok(get) => self.root.request(get).await.map_err(unavailable)?,
            Err(error) => return Err(Failure::bad(error.to_string())),
        };
        if right == "log" {
            let container = query.split('&').find_map(|pair| pair.strip_prefix("container=")).unwrap_or("compute");
            let missing = || Failure::bad(format!("container {container} is not valid for pod"));
            return self.kubelet.log(&found, container).map(IntoResponse::into_response).ok_or_else(missing);
        }
        crate::api::proxied(&*self.kubelet, &found, port, subresource.trim_start_matches("proxy"))
    }
}
