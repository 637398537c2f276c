//! Lists: whole objects or metadata only, in pages of 500, never one request for each object.

use kube::{
    Api,
    api::{ListParams, ObjectList},
    core::DynamicObject,
};
use serde_json::Value;

use crate::error::ClusterError;

use super::{Cluster, Kind, request::Failure};

/// kubectl's own chunk size.
pub const PAGE: u32 = 500;

impl Cluster {
    /// All objects of a kind that a label selector matches, as JSON.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn list(&self, kind: Kind, namespace: Option<&str>, selector: &str) -> Result<Vec<Value>, ClusterError> {
        self.try_list(kind, namespace, selector).await.map_err(|failure| failure.into_error(self))
    }

    pub(super) async fn try_list(&self, kind: Kind, namespace: Option<&str>, selector: &str) -> Result<Vec<Value>, Failure> {
        let parameters = ListParams::default().labels(selector);
        let metadata_only = matches!(kind, Kind::Secret | Kind::Service | Kind::Claim);
        let objects = self
            .pages(kind, parameters, |parameters| async move {
                let api: Api<DynamicObject> = self.api(kind, namespace);
                if metadata_only {
                    let list = api.list_metadata(&parameters).await?;
                    let items = list.items.into_iter().map(|item| serde_json::to_value(&item).unwrap_or_default()).collect();
                    Ok(ObjectList { types: list.types, metadata: list.metadata, items })
                } else {
                    let list = api.list(&parameters).await?;
                    let items = list.items.into_iter().map(|item| serde_json::to_value(&item).unwrap_or_default()).collect();
                    Ok(ObjectList { types: list.types, metadata: list.metadata, items })
                }
            })
            .await?;
        Ok(objects)
    }

    /// All pages; when a continue token has expired (410), all over again.
    async fn pages<F, Fut>(&self, kind: Kind, parameters: ListParams, page: F) -> Result<Vec<Value>, Failure>
    where
        F: Fn(ListParams) -> Fut,
        Fut: Future<Output = kube::Result<ObjectList<Value>>>,
    {
        let (group, version, name, _) = kind.names();
        let api_version = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
        let mut parameters = parameters.limit(PAGE);
        let mut objects = Vec::new();
        loop {
            let list = match self.retrying(kind.plural(), || page(parameters.clone())).await {
                Err(failure) if failure.is_code(410) && parameters.continue_token.is_some() => {
                    parameters.continue_token = None;
                    objects.clear();
                    continue;
                }
                result => result?,
            };
            objects.extend(list.items.into_iter().map(|mut item| {
                // Items of a list do not say what they are.
                item["apiVersion"] = api_version.clone().into();
                item["kind"] = name.into();
                item
            }));
            match list.metadata.continue_.filter(|token| !token.is_empty()) {
                Some(token) => parameters.continue_token = Some(token),
                None => return Ok(objects),
            }
        }
    }
}
