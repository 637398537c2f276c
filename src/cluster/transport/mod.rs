//! The way to the API server: one kube client whose layers trace, pace watches, reauthenticate and retry. Callers write
//! `api.create(..).await?` and get an error only if a retry did not help.

mod error;
mod pace;
mod reauth;
mod retry;
mod state;
mod trace;

use std::{sync::Arc, time::Duration};

use kube::{
    Client,
    client::{Body, ClientBuilder},
    core::Status,
};
use tower::{BoxError, Service, service_fn};

use crate::{
    config::{Connection, Environment},
    error::{ClusterError, KubeconfigError},
    kubeconfig::{self, Access},
};

pub(super) use error::Code;
pub(super) use retry::{Attempts, Effort};
use state::State;

type Request = http::Request<Body>;
type Response = http::Response<Body>;

/// A service that a layer sends requests to.
trait Inner: Service<Request, Response = Response, Error = BoxError, Future: Send> + Clone + Send + 'static {}

impl<S: Service<Request, Response = Response, Error = BoxError, Future: Send> + Clone + Send + 'static> Inner for S {}

/// A layer around `inner`: `send` handles each request.
fn layer<S, F>(inner: S, state: Arc<State>, send: fn(S, Arc<State>, Request) -> F) -> impl Inner
where
    S: Inner,
    F: Future<Output = Result<Response, BoxError>> + Send + 'static,
{
    service_fn(move |request| send(inner.clone(), state.clone(), request))
}

/// A connection to an API server, with the time limits of one command.
#[derive(Clone)]
pub(super) struct Transport {
    client: Client,
    state: Arc<State>,
}

impl Transport {
    /// Connects. `limit` is the time limit of the whole command.
    ///
    /// # Errors
    /// When the credentials cannot be used.
    pub(super) fn new(
        access: Access,
        connection: &Connection,
        environment: &Environment,
        limit: Option<Duration>,
    ) -> Result<Self, ClusterError> {
        let state = Arc::new(State::new(access, connection, environment, limit)?);
        let base = {
            let state = state.clone();
            service_fn(move |request: Request| {
                let (_, client) = state.client();
                async move { client.send(request).await.map_err(BoxError::from) }
            })
        };
        let traced = layer(base, state.clone(), trace::send);
        let paced = layer(traced, state.clone(), pace::send);
        let authenticated = layer(paced, state.clone(), reauth::send);
        let service = layer(authenticated, state.clone(), retry::send);
        let namespace = state.access.namespace.clone().unwrap_or_default();
        Ok(Self { client: Client::new(service, namespace), state })
    }

    /// Sends a POST of JSON. The error comes with whether an earlier attempt may have taken effect: then a conflict may be with ourselves.
    ///
    /// # Errors
    /// The server's error, or why there is no response.
    pub(super) async fn post(&self, request: http::Request<Vec<u8>>) -> Result<(), (kube::Error, bool)> {
        let response = self.client.send(request.map(Body::from)).await.map_err(|error| (error, false))?;
        if response.status().is_success() {
            return Ok(());
        }
        let is_repeated = response.extensions().get::<Attempts>().is_some_and(|attempts| attempts.0 > 1);
        let code = response.status();
        let bytes = response.into_body().collect_bytes().await.map_err(|error| (error, is_repeated))?;
        let status = serde_json::from_slice::<Status>(&bytes).unwrap_or_else(|_| {
            let reason = code.canonical_reason().unwrap_or_default();
            Status::failure(&String::from_utf8_lossy(&bytes), reason).with_code(code.as_u16())
        });
        Err((kube::Error::Api(Box::new(status)), is_repeated))
    }

    /// The client.
    pub(super) fn client(&self) -> Client {
        self.client.clone()
    }

    /// Address and credentials.
    pub(super) fn access(&self) -> &Access {
        &self.state.access
    }

    /// Time since the command began.
    pub(super) fn elapsed(&self) -> Duration {
        self.state.started.elapsed()
    }

    /// Whether the time limit of the command is over.
    pub(super) fn overdue(&self) -> bool {
        self.state.overdue()
    }

    /// The time limit of one request.
    pub(super) fn request_timeout(&self) -> Duration {
        self.state.request_timeout
    }

    /// Retries 403 for a while, because new permissions arrive with a delay.
    pub(super) fn expect_permissions(&self, within: Duration) {
        self.state.expect_permissions(within);
    }

    /// The reason why the server has not responded for longer than `grace`.
    pub(super) fn disconnected(&self, grace: Duration) -> Option<String> {
        self.state.disconnected(grace)
    }
}

/// A kube client without our layers. `access` is what an error is about.
fn plain_client(config: kube::Config, access: &Access) -> Result<Client, ClusterError> {
    // tower-http panics on a token that cannot be a header, which a kubeconfig or a login plugin may contain
    // (tower-http 0.7 `auth/add_authorization.rs`).
    match kubeconfig::without_panic(|| ClientBuilder::try_from(config)) {
        Some(Ok(builder)) => Ok(builder.build()),
        Some(Err(failure)) => Err(error::translate(&failure, access)),
        None => Err(KubeconfigError::Login(error::bad_token(access)).into()),
    }
}

/// Whether a request starts a watch, whose response is a stream.
fn is_watch(request: &Request) -> bool {
    request.uri().query().is_some_and(|query| query.split('&').any(|pair| pair == "watch=true"))
}
