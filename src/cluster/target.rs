//! What every step receives: the client, the namespace, and the deadline of the command.

use std::time::Duration;

use kube::{
    Api, Client,
    api::{DynamicObject, PartialObjectMeta},
};
use serde::Deserialize as _;
use serde_json::Value;

use crate::{
    config::{Connection, Environment},
    error::ClusterError,
    kubeconfig::{self, Access},
    live::Meta,
    object::Kind,
};

use super::{api_resource, transport::Transport};

/// A cluster, and a namespace in it, for one command.
#[derive(Clone)]
pub(crate) struct Target {
    pub(super) transport: Transport,
    /// The namespace; empty for commands that need none.
    pub namespace: String,
}

impl Target {
    /// Connects. `limit` is the time limit of the whole command.
    ///
    /// # Errors
    /// When no usable cluster is configured.
    pub(crate) async fn connect(connection: &Connection, environment: &Environment, limit: Option<Duration>) -> Result<Self, ClusterError> {
        let access = kubeconfig::access(connection, environment).await?;
        Ok(Self { transport: Transport::new(access, connection, environment, limit)?, namespace: String::new() })
    }

    /// The same cluster with another namespace.
    pub(crate) fn in_namespace(self, namespace: String) -> Self {
        Self { namespace, ..self }
    }

    /// Address and credentials.
    pub(crate) fn access(&self) -> &Access {
        self.transport.access()
    }

    /// Time since the command began.
    pub(crate) fn elapsed(&self) -> Duration {
        self.transport.elapsed()
    }

    /// Whether the time limit of the command is over.
    pub(super) fn is_overdue(&self) -> bool {
        self.transport.overdue()
    }

    pub(super) fn client(&self) -> Client {
        self.transport.client()
    }

    /// Objects of a kind in the namespace.
    pub(super) fn api(&self, kind: Kind) -> Api<DynamicObject> {
        Api::namespaced_with(self.client(), &self.namespace, &api_resource(kind))
    }

    /// The JSON of an object in the namespace.
    ///
    /// # Errors
    /// The server's error.
    pub(crate) async fn get(&self, kind: Kind, name: &str) -> kube::Result<Option<Value>> {
        let object = self.api(kind).get_opt(name).await?;
        Ok(object.and_then(|object| serde_json::to_value(object).ok()))
    }

    /// The metadata of an object in the namespace.
    pub(super) async fn get_meta(&self, kind: Kind, name: &str) -> kube::Result<Option<Meta>> {
        let object: Option<PartialObjectMeta<_>> = self.api(kind).get_metadata_opt(name).await?;
        Ok(object.and_then(|object| Meta::deserialize(serde_json::to_value(object.metadata).ok()?).ok()))
    }
}
