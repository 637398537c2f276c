//! Lists: in pages of 500, each object read from its own piece of the answer, so that no more is kept than is asked for.

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

use super::{Cluster, request::RequestError};

/// kubectl's own chunk size.
pub const PAGE: u32 = 500;

/// What is listed, or followed.
#[derive(Debug, Clone)]
pub struct Scope {
    /// Objects of this kind,
    pub kind: Kind,
    /// in this namespace or in all,
    pub namespace: Option<String>,
    /// that this label selector matches; all of them where it is empty.
    pub selector: String,
}

impl Scope {
    pub fn new(kind: Kind, namespace: Option<&str>, selector: &str) -> Self {
        Self { kind, namespace: namespace.map(str::to_owned), selector: selector.to_owned() }
    }
}

/// Which part of each object is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Representation {
    /// All of it.
    Full,
    /// Its metadata.
    Metadata,
}

/// What is read of each object that is listed or followed.
pub trait Projection: Clone + Debug + DeserializeOwned + Send + 'static {
    /// How much of it the server has to send.
    const REPRESENTATION: Representation;

    fn about(&self) -> &Meta;
}

impl Projection for LiveObject {
    const REPRESENTATION: Representation = Representation::Full;

    fn about(&self) -> &Meta {
        &self.metadata
    }
}

/// Who an object is, and nothing else.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct MetadataOnly {
    pub metadata: Meta,
}

impl Projection for MetadataOnly {
    const REPRESENTATION: Representation = Representation::Metadata;

    fn about(&self) -> &Meta {
        &self.metadata
    }
}

/// A page; what is in it stays text.
#[derive(Deserialize)]
struct Page<'a> {
    #[serde(default)]
    metadata: ListMeta,
    #[serde(borrow, default)]
    items: Option<Vec<&'a RawValue>>,
}

impl Cluster {
    /// Machines or VMIs that a label selector matches.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn list_live(&self, kind: Kind, namespace: Option<&str>, selector: &str) -> Result<Vec<LiveObject>, ClusterError> {
        let found = self.try_list(&Scope::new(kind, namespace, selector)).await;
        found.map_err(|failure| failure.into_error(self))
    }

    /// All objects of a kind that a label selector matches, as JSON.
    pub(super) async fn list_values(&self, kind: Kind, namespace: &str, selector: &str) -> Result<Vec<Value>, RequestError> {
        self.read_list(&Scope::new(kind, Some(namespace), selector), Representation::Full, &|text| serde_json::from_str(text).map(Some))
            .await
    }

    pub(super) async fn try_list<P: Projection>(&self, scope: &Scope) -> Result<Vec<P>, RequestError> {
        self.read_list(scope, P::REPRESENTATION, &|text| serde_json::from_str(text).map(Some)).await
    }

    /// All pages, what `read` makes of each object; when a continue token has expired (410), all over again.
    pub(super) async fn read_list<T>(
        &self,
        scope: &Scope,
        form: Representation,
        read: &dyn Fn(&str) -> serde_json::Result<Option<T>>,
    ) -> Result<Vec<T>, RequestError> {
        let mut parameters = ListParams::default().labels(&scope.selector).limit(PAGE);
        let (mut objects, mut expired) = (Vec::new(), 0);
        loop {
            let page = self.send_with_retry(scope.kind.plural(), || self.page(scope, &parameters, form, read)).await;
            let (found, more) = match page {
                Err(failure) if failure.is_code(410) && parameters.continue_token.is_some() => {
                    expired += 1;
                    // As kubectl does it: where pages expire again and again, all in one answer.
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
