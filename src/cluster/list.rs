//! Lists in pages of 500. Each object is parsed from its own part of the response, so that only the needed fields are kept.

use std::fmt::Debug;

use kube::{
    Api,
    api::{DynamicObject, ListParams, Request},
    core::ListMeta,
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::value::RawValue;

use crate::{
    error::ClusterError,
    live::{LiveEvent, LiveObject, LivePod, Meta},
    object::Kind,
};

use super::{Target, api_resource, transport::Code as _};

/// kubectl's chunk size.
pub(super) const PAGE: u32 = 500;

/// The objects to list or watch.
#[derive(Debug, Clone)]
pub(super) struct Scope {
    /// Objects of this kind.
    pub kind: Kind,
    /// Their namespace; all namespaces if `None`.
    pub namespace: Option<String>,
    /// The label selector; empty for all objects.
    pub labels: String,
    /// The field selector; empty for all objects.
    pub fields: String,
}

impl Scope {
    /// Objects that a label selector matches.
    pub(super) fn new(kind: Kind, namespace: Option<&str>, labels: &str) -> Self {
        Self { kind, namespace: namespace.map(str::to_owned), labels: labels.to_owned(), fields: String::new() }
    }

    /// Only those that a field selector matches too.
    pub(super) fn fields(self, fields: impl Into<String>) -> Self {
        Self { fields: fields.into(), ..self }
    }

    fn api(&self, target: &Target) -> Api<DynamicObject> {
        match &self.namespace {
            Some(namespace) => Api::namespaced_with(target.client(), namespace, &api_resource(self.kind)),
            None => Api::all_with(target.client(), &api_resource(self.kind)),
        }
    }
}

/// Which part of each object the server sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Representation {
    /// The whole object.
    Full,
    /// Its metadata.
    Metadata,
}

/// The part of each listed or watched object that is kept.
pub(super) trait Projection: Clone + Debug + DeserializeOwned + Send + 'static {
    /// Which part the server must send.
    const REPRESENTATION: Representation;

    /// The metadata.
    fn meta(&self) -> &Meta;
}

impl Projection for LiveObject {
    const REPRESENTATION: Representation = Representation::Full;

    fn meta(&self) -> &Meta {
        &self.metadata
    }
}

impl Projection for LivePod {
    const REPRESENTATION: Representation = Representation::Full;

    fn meta(&self) -> &Meta {
        &self.metadata
    }
}

/// Only the metadata of an object.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct MetadataOnly {
    /// The metadata.
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

/// Parses one item of a list; none leaves it out.
type Read<'a, T> = &'a dyn Fn(&str) -> serde_json::Result<Option<T>>;

/// VMs or VMIs that a label selector matches.
///
/// # Errors
/// The server's error.
pub(crate) async fn list_live(
    target: &Target,
    kind: Kind,
    namespace: Option<&str>,
    selector: &str,
) -> Result<Vec<LiveObject>, ClusterError> {
    Ok(list(target, &Scope::new(kind, namespace, selector)).await?)
}

/// All objects of a scope.
pub(super) async fn list<P: Projection>(target: &Target, scope: &Scope) -> kube::Result<Vec<P>> {
    read_list(target, scope, P::REPRESENTATION, &|text| serde_json::from_str(text).map(Some)).await
}

/// Events about one object. One page holds all: the API server forgets events after an hour, and equal ones are counted.
pub(super) async fn list_events(target: &Target, scope: &Scope) -> kube::Result<Vec<LiveEvent>> {
    let read: Read<'_, LiveEvent> = &|text| serde_json::from_str(text).map(Some);
    Ok(page(target, scope, &parameters(scope), (Representation::Full, read)).await?.0)
}

fn parameters(scope: &Scope) -> ListParams {
    ListParams::default().labels(&scope.labels).fields(&scope.fields).limit(PAGE)
}

/// All pages, as `read` parses each object. An expired continue token (410) restarts the list.
pub(super) async fn read_list<T>(target: &Target, scope: &Scope, form: Representation, read: Read<'_, T>) -> kube::Result<Vec<T>> {
    let mut parameters = parameters(scope);
    let (mut objects, mut expired) = (Vec::new(), 0);
    loop {
        let (found, more) = match page(target, scope, &parameters, (form, read)).await {
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
    target: &Target,
    scope: &Scope,
    parameters: &ListParams,
    (form, read): (Representation, Read<'_, T>),
) -> kube::Result<(Vec<T>, Option<String>)> {
    let request = Request::new(scope.api(target).resource_url());
    let request = match form {
        Representation::Full => request.list(parameters),
        Representation::Metadata => request.list_metadata(parameters),
    };
    let text = target.client().request_text(request.map_err(kube::Error::BuildRequest)?).await?;
    let page: Page<'_> = serde_json::from_str(&text).map_err(kube::Error::SerdeError)?;
    let mut found = Vec::new();
    for item in page.items.unwrap_or_default() {
        found.extend(read(item.get()).map_err(kube::Error::SerdeError)?);
    }
    Ok((found, page.metadata.continue_))
}
