//! The only module that talks to an API server. It takes plans and selectors, returns values, and never prints.

mod access_review;
mod apply;
mod delete;
mod diff;
mod field_manager;
mod guest;
mod inventory;
mod list;
mod middleware;
mod namespace;
mod preflight;
mod reflector;
mod request;
mod timing;
mod wait;

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use kube::{
    Api, Client,
    api::{ApiResource, DynamicObject, GroupVersionKind},
    client::ClientBuilder,
};

use serde_json::Value;

use crate::{
    cli::Connection,
    config::Environment,
    error::ClusterError,
    kubeconfig::{self, Access},
    object::Kind,
};
use timing::REQUEST_TIMEOUT;

pub use apply::Applied;
pub use diff::{Change, Diff, Extraneous};
pub use inventory::Inventory;
pub use namespace::created_by_up;
pub use preflight::NamespaceState;
pub use wait::{WaitOptions, WaitOutcome};

/// The API resource of a kind.
fn api_resource(kind: Kind) -> ApiResource {
    let (group, version, name, plural) = kind.names();
    ApiResource::from_gvk_with_plural(&GroupVersionKind::gvk(group, version, name), plural)
}

/// `apiVersion` and `kind`, which items of a list lack.
fn type_meta(kind: Kind) -> (Value, Value) {
    let (group, version, name, _) = kind.names();
    (if group.is_empty() { version.into() } else { format!("{group}/{version}").into() }, name.into())
}

/// A connection to an API server, for one command.
pub struct Cluster {
    /// Address and credentials.
    pub access: Access,
    client: Mutex<Client>,
    pause: middleware::RetryAfter,
    credentials_version: AtomicU64,
    refreshing: tokio::sync::Mutex<()>,
    rbac_grace_until: Mutex<Option<Instant>>,
    started: Instant,
    deadline: Option<Instant>,
    request_timeout: Duration,
    connection: Connection,
    environment: Environment,
}

impl Cluster {
    /// Connects. `limit` is the time limit of the whole command.
    ///
    /// # Errors
    /// When no usable cluster is configured.
    pub async fn connect(connection: &Connection, environment: &Environment, limit: Option<Duration>) -> Result<Self, ClusterError> {
        let access = kubeconfig::access(connection, environment).await?;
        let pause = middleware::RetryAfter::default();
        let client = client(access.config.clone(), &pause).map_err(|error| request::translate(&error, &access))?;
        let timeout = connection.request_timeout.map_or(REQUEST_TIMEOUT, |timeout| timeout.limit().unwrap_or(Duration::from_secs(86_400)));
        let started = Instant::now();
        Ok(Self {
            access,
            client: Mutex::new(client),
            pause,
            credentials_version: AtomicU64::new(0),
            refreshing: tokio::sync::Mutex::new(()),
            rbac_grace_until: Mutex::new(None),
            started,
            deadline: limit.map(|limit| started + limit),
            request_timeout: timeout,
            connection: connection.clone(),
            environment: environment.clone(),
        })
    }

    fn client(&self) -> Client {
        self.client.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The number of times that the credentials were reloaded.
    fn credentials_version(&self) -> u64 {
        self.credentials_version.load(Ordering::SeqCst)
    }

    /// Reloads the credentials, because those with this version were refused: a token may expire during a command. If several
    /// requests notice it together, one of them reloads.
    async fn reload_credentials(&self, refused: u64) -> bool {
        let _turn = self.refreshing.lock().await;
        if self.credentials_version() != refused {
            return true;
        }
        tracing::info!("unauthorized: reloading the credentials");
        let Ok(config) = self.access.renew(&self.connection, &self.environment).await else { return false };
        let Ok(client) = client(config, &self.pause) else { return false };
        *self.client.lock().unwrap_or_else(PoisonError::into_inner) = client;
        self.credentials_version.fetch_add(1, Ordering::SeqCst);
        true
    }

    /// Until then a 403 is retried: permissions arrive late in a new project, and in a server that has just started.
    fn extend_rbac_grace(&self, until: Instant) {
        let mut forgiving = self.rbac_grace_until.lock().unwrap_or_else(PoisonError::into_inner);
        *forgiving = Some(forgiving.map_or(until, |before| before.max(until)));
    }

    fn in_rbac_grace(&self) -> bool {
        let until = *self.rbac_grace_until.lock().unwrap_or_else(PoisonError::into_inner);
        until.is_some_and(|until| Instant::now() < until)
    }

    fn api(&self, kind: Kind, namespace: Option<&str>) -> Api<DynamicObject> {
        match namespace {
            Some(namespace) => Api::namespaced_with(self.client(), namespace, &api_resource(kind)),
            None => Api::all_with(self.client(), &api_resource(kind)),
        }
    }

    /// Time since the command began.
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Whether the time limit is over.
    fn overdue(&self) -> bool {
        self.deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }
}

fn client(config: kube::Config, pause: &middleware::RetryAfter) -> kube::Result<Client> {
    Ok(ClientBuilder::try_from(config)?.with_layer(&middleware::TraceLayer(pause.clone())).build())
}
