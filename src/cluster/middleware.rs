//! Layers around each request. `-v=6` logs method, URL, status and time, but neither headers nor bodies, because they contain
//! secrets. `Retry-After` of a response delays later requests. A watch that ends at once is not restarted at once, which kube does
//! not do itself.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::{Duration, Instant},
};

use futures::future::BoxFuture;
use http::{Request, Response};
use tower::{Layer, Service};

use super::timing::{MAX_RETRY_AFTER, WATCH_INTERVAL};

/// Until when the server asked for no requests.
#[derive(Debug, Clone, Default)]
pub struct RetryAfter(Arc<Mutex<Option<Instant>>>);

impl RetryAfter {
    /// The remaining time.
    pub fn left(&self) -> Duration {
        let until = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        until.map_or(Duration::ZERO, |until| until.saturating_duration_since(Instant::now()))
    }

    fn note<R>(&self, response: &Response<R>) {
        let header = response.headers().get(http::header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
        if let Some(seconds) = header {
            let pause = Duration::from_secs(seconds).min(MAX_RETRY_AFTER);
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now() + pause);
        }
    }
}

/// The earliest next start of each watched path.
#[derive(Debug, Clone, Default)]
struct WatchRateLimit(Arc<Mutex<BTreeMap<String, Instant>>>);

impl WatchRateLimit {
    /// The earliest time at which this watch may return.
    fn next(&self, path: &str) -> Instant {
        let mut paths = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let next = paths.get(path).map_or(now, |before| now.max(*before + WATCH_INTERVAL));
        paths.insert(path.to_owned(), next);
        next
    }
}

/// Wraps a service in [`TraceRequests`].
#[derive(Debug, Clone, Default)]
pub struct TraceLayer(pub RetryAfter);

impl<S> Layer<S> for TraceLayer {
    type Service = TraceRequests<S>;

    fn layer(&self, inner: S) -> TraceRequests<S> {
        TraceRequests(inner, self.0.clone(), WatchRateLimit::default())
    }
}

/// A service that logs each request.
#[derive(Debug, Clone)]
pub struct TraceRequests<S>(S, RetryAfter, WatchRateLimit);

impl<S, B, R> Service<Request<B>> for TraceRequests<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Future: Send + 'static,
    S::Error: Send,
    R: Send,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<S::Response, S::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (what, begun) = (format!("{} {}", request.method(), request.uri()), Instant::now());
        let is_watch = request.uri().query().is_some_and(|query| query.contains("watch=true"));
        let next = is_watch.then(|| self.2.next(request.uri().path()));
        let (answer, pause) = (self.0.call(request), self.1.clone());
        Box::pin(async move {
            let answer = answer.await;
            answer.iter().for_each(|response| pause.note(response));
            let outcome = answer.as_ref().map_or_else(|_| "no answer".to_owned(), |response| response.status().to_string());
            tracing::debug!("{what} {outcome} in {} ms", begun.elapsed().as_millis());
            if let Some(next) = next {
                tokio::time::sleep_until(next.into()).await;
            }
            answer
        })
    }
}
