//! Lists in pages of 500. Each object is parsed from its own part of the response, so that only the needed fields are kept.

use std::fmt::Debug;

use kube::{
    api::{ListParams, Request},
    core::ListMeta,
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, value::RawValue};

use crate::{
    error::ClusterError,
    kubevirt::live::{LiveObject, Meta},
    object::Kind,
};

use super::{Cluster, transport::Code as _};

/// kubectl's chunk size.
pub const PAGE: u32 = 500;

/// The objects to list or watch.
#[derive(Debug, Clone)]
pub struct Scope {
    /// Objects of this kind.
    pub kind: Kind,
    /// Their namespace; all namespaces if `None`.
    pub namespace: Option<String>,
    /// The label selector; empty for all objects.
    pub selector: String,
}

impl Scope {
    pub fn new(kind: Kind, namespace: Option<&str>, selector: &str) -> Self {
        Self { kind, namespace: namespace.map(str::to_owned), selector: selector.to_owned() }
    }
}

/// Which part of each object the server sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Representation {
    /// The whole object.
    Full,
    /// Its metadata.
    Metadata,
}

/// The part of each listed or watched object that is kept.
pub trait Projection: Clone + Debug + DeserializeOwned + Send + 'static {
    /// Which part the server must send.
    const REPRESENTATION: Representation;

    fn meta(&self) -> &Meta;
}

impl Projection for LiveObject {
    const REPRESENTATION: Representation = Representation::Full;

    fn meta(&self) -> &Meta {
        &self.metadata
    }
}

/// Only the metadata of an object.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct MetadataOnly {
    pub metadata: Meta,
}

impl Projection for MetadataOnly {
    const REPRESENTATION: Representation = Representation::Metadata;

    fn meta(&self) -> &Meta {
        &self.metadata
    }
}

/// A page whose items are still text.
#[derive(Deserialize)]
struct Page<'a> {
    #[serde(default)]
    metadata: ListMeta,
    #[serde(borrow, default)]
    items: Option<Vec<&'a RawValue>>,
}

impl Cluster {
    /// VMs or VMIs that a label selector matches.
    ///
    /// # Errors
    /// The server's error.
    pub async fn list_live(&self, kind: Kind, namespace: Option<&str>, selector: &str) -> Result<Vec<LiveObject>, ClusterError> {
        Ok(self.try_list(&Scope::new(kind, namespace, selector)).await?)
    }

    /// All objects of a kind that a label selector matches, as JSON.
    pub(super) async fn list_values(&self, kind: Kind, namespace: &str, selector: &str) -> kube::Result<Vec<Value>> {
        self.read_list(&Scope::new(kind, Some(namespace), selector), Representation::Full, &|text| serde_json::from_str(text).map(Some))
            .await
    }

    pub(super) async fn try_list<P: Projection>(&self, scope: &Scope) -> kube::Result<Vec<P>> {
        self.read_list(scope, P::REPRESENTATION, &|text| serde_json::from_str(text).map(Some)).await
    }

    /// All pages, as `read` parses each object. An expired continue token (410) restarts the list.
    pub(super) async fn read_list<T>(
        &self,
        scope: &Scope,
        form: Representation,
        read: &dyn Fn(&str) -> serde_json::Result<Option<T>>,
    ) -> kube::Result<Vec<T>> {
        let mut parameters = ListParams::default().labels(&scope.selector).limit(PAGE);
        let (mut objects, mut expired) = (Vec::new(), 0);
        loop {
            let page = self.page(scope, &parameters, form, read).await;
            let (found, more) = match page {
                Err(error) if error.is_code(410) && parameters.continue_token.is_some() => {
                    expired += 1;
                    // Like kubectl: if pages expire repeatedly, the list is requested without pages.
                    parameters.limit = parameters.limit.filter(|_| expired < 3);
                    parameters.continue_token = None;
                    objects.clear();
                    continue;
                }
                result => result?,
            };
            objects.extend(found);
            match more.filter(|token| !token.is_empty()) {
                Some(token) => parameters.continue_token = Some(token),
                None => return Ok(objects),
            }
        }
    }

    async fn page<T>(
        &self,
        scope: &Scope,
        parameters: &ListParams,
        form: Representation,
        read: &dyn Fn(&str) -> serde_json::Result<Option<T>>,
    ) -> kube::Result<(Vec<T>, Option<String>)> {
        let request = Request::new(self.api(scope.kind, scope.namespace.as_deref()).resource_url());
        let request = match form {
            Representation::Full => request.list(parameters),
            Representation::Metadata => request.list_metadata(parameters),
        };
        let text = self.client().request_text(request.map_err(kube::Error::BuildRequest)?).await?;
        let page: Page<'_> = serde_json::from_str(&text).map_err(kube::Error::SerdeError)?;
        let mut found = Vec::new();
        for item in page.items.unwrap_or_default() {
            found.extend(read(item.get()).map_err(kube::Error::SerdeError)?);
        }
        Ok((found, page.metadata.continue_))
    }
}
