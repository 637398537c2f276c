//! Lists in pages, and watches.

use std::{
    collections::VecDeque,
    convert::Infallible,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    body::{Body, Bytes},
    response::Response,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use futures::{Stream, stream};
use http::{HeaderValue, header};
use serde_json::{Value, json};
use tokio::sync::watch;

use super::{
    objects::Objects,
    resource::Resource,
    selector::Selector,
    status::{Answer, Failure},
    store::{Change, Key},
    table::table,
};

/// The interval of bookmarks in a quiet watch.
const BOOKMARK: Duration = Duration::from_secs(30);

/// The parameters of a list or a watch.
#[derive(Debug, Clone, Default)]
pub struct Query {
    pub namespace: Option<String>,
    pub selector: Selector,
    pub limit: usize,
    pub token: String,
    pub version: String,
    pub bookmarks: bool,
    pub timeout: Option<Duration>,
    pub as_table: bool,
    pub as_metadata: bool,
}

/// One page of a list.
pub fn list(objects: &Objects, resource: &Resource, query: &Query) -> Answer<Value> {
    let store = objects.store();
    let (version, after) = match query.token.as_str() {
        "" => (store.version(), None),
        token => {
            let text = URL_SAFE_NO_PAD.decode(token).ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default();
            let mut parts = text.split('\n').map(str::to_owned);
            let version = parts.next().and_then(|version| version.parse().ok());
            let version: u64 = version.ok_or_else(|| Failure::bad("continue key is not valid"))?;
            (version, parts.next().zip(parts.next()))
        }
    };
    // All pages are consistent with the first.
    let then = store.list_at(&resource.qualified(), query.namespace.as_deref(), version);
    let then = then.ok_or_else(|| Failure::new(410, "Expired", "The provided continue parameter is too old"))?;
    let mut found = then.iter().filter(|(key, object)| {
        let later = after.as_ref().is_none_or(|(namespace, name)| (&key.namespace, &key.name) > (namespace, name));
        later && query.selector.selects(object)
    });
    let limit = if query.limit == 0 { usize::MAX } else { query.limit };
    let page: Vec<(&Key, &Arc<Value>)> = found.by_ref().take(limit).collect();
    let mut metadata = json!({"resourceVersion": version.to_string()});
    let rest = found.count();
    if let (Some((last, _)), 1..) = (page.last(), rest) {
        metadata["continue"] = json!(URL_SAFE_NO_PAD.encode(format!("{version}\n{}\n{}", last.namespace, last.name)));
        if query.selector.is_empty() {
            metadata["remainingItemCount"] = json!(rest);
        }
    }
    let items: Vec<&Value> = page.iter().map(|(_, object)| &***object).collect();
    if query.as_table {
        return Ok(table(resource, &items, metadata, true));
    }
    let items: Vec<_> = items.into_iter().map(|object| if query.as_metadata { partial(object) } else { object.clone() }).collect();
    let (kind, api_version) = if query.as_metadata {
        ("PartialObjectMetadataList".to_owned(), "meta.k8s.io/v1".to_owned())
    } else {
        (format!("{}List", resource.kind), resource.api_version())
    };
    Ok(json!({"kind": kind, "apiVersion": api_version, "metadata": metadata, "items": items}))
}

/// Only the metadata of an object.
pub fn partial(object: &Value) -> Value {
    json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": object["metadata"]})
}

/// A watch in progress.
struct Watching {
    objects: Arc<Objects>,
    resource: Resource,
    query: Query,
    version: u64,
    pending: VecDeque<Value>,
    news: watch::Receiver<u64>,
    end: Option<Instant>,
    headings: bool,
}

/// Starts a watch.
pub fn watch(objects: &Arc<Objects>, resource: &Resource, query: Query) -> Answer<Response> {
    let store = objects.store();
    let news = store.subscribe();
    let mut pending = VecDeque::new();
    let version = match query.version.as_str() {
        "" | "0" => {
            let name = resource.qualified();
            let all = store.list(&name, query.namespace.as_deref()).filter(|(_, object)| query.selector.selects(object));
            pending.extend(all.map(|(_, object)| json!({"type": "ADDED", "object": **object})));
            store.version()
        }
        text => text.parse().map_err(|_| Failure::bad(format!("invalid resource version {text:?}")))?,
    };
    drop(store);
    let end = query.timeout.map(|timeout| Instant::now() + timeout);
    let watching = Watching { objects: objects.clone(), resource: resource.clone(), query, version, pending, news, end, headings: true };
    let mut response = Response::new(Body::from_stream(lines(watching)));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}

fn lines(watching: Watching) -> impl Stream<Item = Result<Bytes, Infallible>> {
    stream::unfold(Some(watching), |watching| async move {
        let mut watching = watching?;
        let event = watching.next().await?;
        let ends = event["type"] == "ERROR";
        let line = Bytes::from(format!("{event}\n"));
        Some((Ok(line), (!ends).then_some(watching)))
    })
}

impl Watching {
    async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some(event) = self.pending.pop_front() {
                return Some(self.dress(event));
            }
            self.news.borrow_and_update();
            let (changes, version) = {
                let store = self.objects.store();
                (store.changes(&self.resource.qualified(), self.version), store.version())
            };
            let Some(changes) = changes else {
                let failure = Failure::new(410, "Expired", format!("too old resource version: {}", self.version));
                return Some(json!({"type": "ERROR", "object": failure.to_status()}));
            };
            self.version = self.version.max(version);
            let events: Vec<_> = changes.iter().filter_map(|change| self.event(change)).collect();
            self.pending.extend(events);
            if !self.pending.is_empty() {
                continue;
            }
            let left = self.end.map(|end| end.saturating_duration_since(Instant::now()));
            let patience = left.unwrap_or(BOOKMARK).min(BOOKMARK);
            match tokio::time::timeout(patience, self.news.changed()).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return None,
                Err(_) if self.end.is_some_and(|end| end <= Instant::now()) => return None,
                Err(_) if self.query.bookmarks => {
                    // All earlier changes have been sent, and changes from now on are not missed.
                    let metadata = json!({"resourceVersion": self.version.to_string()});
                    let object = json!({"kind": self.resource.kind, "apiVersion": self.resource.api_version(), "metadata": metadata});
                    return Some(json!({"type": "BOOKMARK", "object": object}));
                }
                Err(_) => {}
            }
        }
    }

    /// What a change means for this watch: an object that starts to match its selectors is new.
    fn event(&self, change: &Change) -> Option<Value> {
        if self.query.namespace.as_ref().is_some_and(|namespace| *namespace != change.key.namespace) {
            return None;
        }
        let selected = |object: &Option<Arc<Value>>| object.as_ref().is_some_and(|object| self.query.selector.selects(object));
        let (kind, object) = match (selected(&change.before), selected(&change.after)) {
            (false, false) => return None,
            (false, true) => ("ADDED", &change.after),
            (true, true) => ("MODIFIED", &change.after),
            (true, false) => ("DELETED", &change.before),
        };
        let mut event = json!({"type": kind, "object": **object.as_ref()?});
        // The last version of a deleted object is that of its deletion.
        event["object"]["metadata"]["resourceVersion"] = json!(change.version.to_string());
        Some(event)
    }

    /// As a table or as metadata, if requested.
    fn dress(&mut self, mut event: Value) -> Value {
        if event["type"] == "ERROR" || event["type"] == "BOOKMARK" {
            return event;
        }
        let object = event["object"].take();
        event["object"] = if self.query.as_table {
            let metadata = json!({"resourceVersion": object["metadata"]["resourceVersion"]});
            table(&self.resource, &[&object], metadata, std::mem::take(&mut self.headings))
        } else if self.query.as_metadata {
            partial(&object)
        } else {
            object
        };
        event
    }
}
