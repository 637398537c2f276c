//! The fault layer in front of an API server: it records requests, and injects faults.

use std::{
    convert::Infallible,
    io,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use axum::{
    body::{Body, Bytes, HttpBody as _},
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures::{Stream, StreamExt as _, stream};
use http::{HeaderValue, Method, header};
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::{api::status::Failure, front::Broken};

/// One fault. By default the first matching request gets it.
#[derive(Debug, Clone)]
pub struct Fault {
    method: Method,
    parts: Vec<String>,
    skip: usize,
    every: usize,
    /// How many more requests get it; `None` for all.
    times: Option<usize>,
    effect: Effect,
    matched: usize,
    hits: usize,
}

impl Fault {
    /// The matching requests: the method, and parts of path and query, with `*` between them.
    pub fn new(method: Method, path: &str, effect: Effect) -> Self {
        Self { method, parts: path.split('*').map(str::to_owned).collect(), skip: 0, every: 1, times: Some(1), effect, matched: 0, hits: 0 }
    }

    /// Skips this many matching requests.
    pub fn skip(self, skip: usize) -> Self {
        Self { skip, ..self }
    }

    /// Then affects this many.
    pub fn times(self, times: usize) -> Self {
        Self { times: Some(times), ..self }
    }

    /// Affects all matching requests.
    pub fn always(self) -> Self {
        Self { times: None, ..self }
    }

    /// Affects one request in this many.
    pub fn every(self, every: usize) -> Self {
        Self { every, ..self }
    }

    fn hits(&mut self, method: &Method, path: &str) -> bool {
        if self.method != *method || self.times == Some(0) || !self.parts.iter().all(|part| path.contains(part.as_str())) {
            return false;
        }
        let number = self.matched;
        self.matched += 1;
        let hit = number >= self.skip && (number - self.skip) % self.every == self.every - 1;
        self.times = self.times.map(|left| left - usize::from(hit));
        self.hits += usize::from(hit);
        hit
    }
}

/// What happens to a request.
#[derive(Debug, Clone)]
pub enum Effect {
    /// It is not executed; this is the response, with Retry-After in seconds.
    Refuse { code: u16, reason: &'static str, message: String, retry_after: Option<u64> },
    /// It is not executed, and the connection is reset.
    ResetBefore,
    /// It is executed, and the connection is reset before the response.
    ResetAfter,
    /// It is executed, and the connection is reset in the middle of the response.
    Truncate,
    /// It is executed, and the response arrives in eight pieces with this delay between them.
    Slow(Duration),
    /// It is not executed, and the connection stays open without a response.
    Hang,
    /// It waits for [`Faults::release`].
    Hold,
    /// The response, a watch, ends after this time.
    End(Duration),
    /// The response, a watch, goes silent after this time and stays open.
    Mute(Duration),
    /// The response, a watch, contains only bookmarks.
    BookmarksOnly,
    /// The response, a watch, contains only this ERROR event.
    ErrorEvent { code: u16, reason: &'static str, message: String },
}

impl Effect {
    /// An error without Retry-After.
    pub fn refuse(code: u16, reason: &'static str, message: &str) -> Self {
        Self::Refuse { code, reason, message: message.to_owned(), retry_after: None }
    }
}

/// A recorded request.
#[derive(Debug, Clone)]
pub struct Seen {
    pub method: Method,
    pub path: String,
}

impl Seen {
    /// Whether it would change something; an access review does not.
    pub fn is_write(&self) -> bool {
        self.method != Method::GET && !self.path.contains("selfsubjectaccessreviews")
    }
}

/// The layer's state.
#[derive(Debug)]
pub struct Faults {
    faults: Mutex<Vec<Fault>>,
    seen: Mutex<Vec<Seen>>,
    /// How many more requests pass before the others wait; `None` for all.
    gate: watch::Sender<Option<usize>>,
    held: watch::Sender<usize>,
    releases: watch::Sender<usize>,
}

impl Default for Faults {
    fn default() -> Self {
        Self {
            faults: Mutex::default(),
            seen: Mutex::default(),
            gate: watch::Sender::new(None),
            held: watch::Sender::new(0),
            releases: watch::Sender::new(0),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

impl Faults {
    pub fn add(&self, fault: Fault) {
        lock(&self.faults).push(fault);
    }

    /// Removes all faults.
    pub fn clear(&self) {
        lock(&self.faults).clear();
    }

    /// The faults that affected fewer requests than they should have, or none.
    pub fn missed(&self) -> Vec<String> {
        let missed = |fault: &Fault| {
            let wanted = fault.times.map_or(fault.hits == 0, |left| left > 0);
            wanted.then(|| format!("{} {} hit {} times", fault.method, fault.parts.join("*"), fault.hits))
        };
        lock(&self.faults).iter().filter_map(missed).collect()
    }

    /// The requests since the last call, without KubeVirt's.
    pub fn take_seen(&self) -> Vec<Seen> {
        std::mem::take(&mut *lock(&self.seen))
    }

    /// Lets this many requests pass; the others wait for [`Self::release`].
    pub fn hold_after(&self, requests: usize) {
        self.held.send_replace(0);
        self.gate.send_replace(Some(requests));
    }

    /// How many requests are waiting.
    pub fn held(&self) -> usize {
        *self.held.borrow()
    }

    /// Lets all requests pass again.
    pub fn release(&self) {
        self.gate.send_replace(None);
        self.held.send_replace(0);
        self.releases.send_modify(|count| *count += 1);
    }

    async fn pass(&self) {
        let may = |left: &mut Option<usize>| match left {
            None => true,
            Some(0) => false,
            Some(more) => {
                *more -= 1;
                true
            }
        };
        let mut passed = false;
        self.gate.send_if_modified(|left| {
            passed = may(left);
            false
        });
        if !passed {
            self.held.send_modify(|held| *held += 1);
            let _ = self.gate.subscribe().wait_for(Option::is_none).await;
        }
    }

    fn effect(&self, method: &Method, path: &str) -> Option<Effect> {
        let mut faults = lock(&self.faults);
        let fault = faults.iter_mut().filter_map(|fault| fault.hits(method, path).then_some(fault)).next()?;
        Some(fault.effect.clone())
    }
}

/// The middleware.
pub async fn inject(State(faults): State<Arc<Faults>>, request: Request, next: Next) -> Response {
    let kubevirt = request.headers().get(header::AUTHORIZATION).is_some_and(|value| value == "Bearer kubevirt-token");
    if kubevirt {
        return next.run(request).await;
    }
    let path = request.uri().path_and_query().map(ToString::to_string).unwrap_or_default();
    let method = request.method().clone();
    lock(&faults.seen).push(Seen { method: method.clone(), path: path.clone() });
    faults.pass().await;
    match faults.effect(&method, &path) {
        None => next.run(request).await,
        Some(Effect::Refuse { code, reason, message, retry_after }) => {
            let mut response = Failure::new(code, reason, message).into_response();
            if let Some(seconds) = retry_after {
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            }
            response
        }
        Some(Effect::ResetBefore) => Broken::response(),
        Some(Effect::ResetAfter) => {
            next.run(request).await;
            Broken::response()
        }
        Some(Effect::Truncate) => {
            let (parts, pieces) = pieces(next.run(request).await).await;
            let half = pieces.into_iter().take(4).map(Ok).chain([Err(io::Error::from(io::ErrorKind::ConnectionReset))]);
            Response::from_parts(parts, Body::from_stream(stream::iter(half)))
        }
        Some(Effect::Slow(pause)) => {
            let (parts, pieces) = pieces(next.run(request).await).await;
            let slow = stream::iter(pieces).then(move |piece| async move {
                tokio::time::sleep(pause).await;
                Ok::<_, Infallible>(piece)
            });
            Response::from_parts(parts, Body::from_stream(slow))
        }
        Some(Effect::Hold) => {
            let mut releases = faults.releases.subscribe();
            faults.held.send_modify(|held| *held += 1);
            let _ = releases.changed().await;
            next.run(request).await
        }
        Some(Effect::Hang) => std::future::pending().await,
        Some(Effect::End(time)) => {
            through(next.run(request).await, |body| body.into_data_stream().take_until(tokio::time::sleep(time)).boxed())
        }
        Some(Effect::Mute(time)) => through(next.run(request).await, |body| {
            body.into_data_stream().take_until(tokio::time::sleep(time)).chain(stream::pending()).boxed()
        }),
        Some(Effect::BookmarksOnly) => through(next.run(request).await, |body| bookmarks(body).boxed()),
        Some(Effect::ErrorEvent { code, reason, message }) => {
            let event = json!({"type": "ERROR", "object": Failure::new(code, reason, message).to_status()});
            through(next.run(request).await, |_| stream::iter([Ok(Bytes::from(format!("{event}\n")))]).boxed())
        }
    }
}

/// The same response with another body of unknown length.
fn through<S>(response: Response, change: impl FnOnce(Body) -> S) -> Response
where
    S: Stream<Item = Result<Bytes, axum::Error>> + Send + 'static,
{
    let (mut parts, body) = response.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from_stream(change(body)))
}

/// A complete body in eight pieces; the headers still state its length.
async fn pieces(response: Response) -> (http::response::Parts, Vec<Bytes>) {
    let (mut parts, body) = response.into_parts();
    if let Some(length) = body.size_hint().exact() {
        parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    let whole = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    let piece = whole.len().div_ceil(8).max(1);
    (parts, whole.chunks(piece).map(Bytes::copy_from_slice).collect())
}

/// Only the bookmarks of a watch.
fn bookmarks(body: Body) -> impl Stream<Item = Result<Bytes, axum::Error>> {
    let mut rest = Vec::new();
    body.into_data_stream().map(move |chunk| {
        rest.extend_from_slice(&chunk?);
        let end = rest.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
        let whole: Vec<u8> = rest.drain(..end).collect();
        let is_bookmark = |line: &&[u8]| serde_json::from_slice::<Value>(line).is_ok_and(|event| event["type"] == "BOOKMARK");
        let kept = whole.split_inclusive(|byte| *byte == b'\n').filter(is_bookmark).collect::<Vec<_>>().concat();
        Ok(Bytes::from(kept))
    })
}
