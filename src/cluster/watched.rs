//! The shape that kube's watcher needs of an object.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::{Resource, api::ApiResource, core::DynamicResourceScope};
use serde::{Deserialize, Deserializer};

use super::list::{Projection, Representation};

/// A projection with the metadata that kube's watcher needs.
#[derive(Debug, Clone)]
pub(super) struct Watched<P> {
    /// The projection.
    pub part: P,
    meta: ObjectMeta,
}

impl<'de, P: Projection> Deserialize<'de> for Watched<P> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let part = P::deserialize(deserializer)?;
        let meta = ObjectMeta { resource_version: Some(part.meta().resource_version.clone()), ..ObjectMeta::default() };
        Ok(Self { part, meta })
    }
}

impl<P: Projection> Resource for Watched<P> {
    type DynamicType = ApiResource;
    type Scope = DynamicResourceScope;

    fn metadata_api() -> bool {
        P::REPRESENTATION == Representation::Metadata
    }
    fn kind(meta: &ApiResource) -> std::borrow::Cow<'_, str> {
        meta.kind.as_str().into()
    }
    fn group(meta: &ApiResource) -> std::borrow::Cow<'_, str> {
        meta.group.as_str().into()
    }
    fn version(meta: &ApiResource) -> std::borrow::Cow<'_, str> {
        meta.version.as_str().into()
    }
    fn plural(meta: &ApiResource) -> std::borrow::Cow<'_, str> {
        meta.plural.as_str().into()
    }
    fn meta(&self) -> &ObjectMeta {
        &self.meta
    }
    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.meta
    }
}
