//! The only module that talks to an API server. It takes plans and selectors, returns values, and never prints.

mod access_review;
mod apply;
mod delete;
mod diff;
mod field_manager;
mod guest;
mod inventory;
mod list;
mod namespace;
mod preflight;
mod reflector;
mod timing;
mod transport;
mod wait;

use std::time::Duration;

use kube::{
    Api, Client,
    api::{ApiResource, DynamicObject, GroupVersionKind},
};

use serde_json::Value;

use crate::{
    config::Connection,
    config::Environment,
    error::ClusterError,
    kubeconfig::{self, Access},
    object::Kind,
};
use transport::Transport;

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

/// A cluster, for one command.
pub struct Cluster {
    transport: Transport,
}

impl Cluster {
    /// Connects. `limit` is the time limit of the whole command.
    ///
    /// # Errors
    /// When no usable cluster is configured.
    pub async fn connect(connection: &Connection, environment: &Environment, limit: Option<Duration>) -> Result<Self, ClusterError> {
        let access = kubeconfig::access(connection, environment).await?;
        Ok(Self { transport: Transport::new(access, connection, environment, limit)? })
    }

    /// Address and credentials.
    pub fn access(&self) -> &Access {
        self.transport.access()
    }

    /// Time since the command began.
    pub fn elapsed(&self) -> Duration {
        self.transport.elapsed()
    }

    fn client(&self) -> Client {
        self.transport.client()
    }

    fn api(&self, kind: Kind, namespace: Option<&str>) -> Api<DynamicObject> {
        match namespace {
            Some(namespace) => Api::namespaced_with(self.client(), namespace, &api_resource(kind)),
            None => Api::all_with(self.client(), &api_resource(kind)),
        }
    }
}
