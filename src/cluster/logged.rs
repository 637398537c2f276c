//! What is seen of each request on its way: `-v=6` tells method, address, status and time, never a header or body, because
//! they hold secrets; and a server that asks for a pause (`Retry-After`) is remembered, which kube does not do.

use std::{
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::{Duration, Instant},
};

use futures::future::BoxFuture;
use http::{Request, Response};
use tower::{Layer, Service};

/// No server is obeyed for longer.
const LONGEST: Duration = Duration::from_secs(3600);

/// Until when a server wants to be left alone.
#[derive(Debug, Clone, Default)]
pub struct Pause(Arc<Mutex<Option<Instant>>>);

impl Pause {
    /// How long that still is.
    pub fn left(&self) -> Duration {
        let until = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        until.map_or(Duration::ZERO, |until| until.saturating_duration_since(Instant::now()))
    }

    fn note<R>(&self, response: &Response<R>) {
        let header = response.headers().get(http::header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
        if let Some(seconds) = header {
            let pause = Duration::from_secs(seconds).min(LONGEST);
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now() + pause);
        }
    }
}

/// Puts [`Logged`] around a service.
#[derive(Debug, Clone, Default)]
pub struct LogLayer(pub Pause);

impl<S> Layer<S> for LogLayer {
    type Service = Logged<S>;

    fn layer(&self, inner: S) -> Logged<S> {
        Logged(inner, self.0.clone())
    }
}

/// A service that tells of each request.
#[derive(Debug, Clone)]
pub struct Logged<S>(S, Pause);

impl<S, B, R> Service<Request<B>> for Logged<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<S::Response, S::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (what, begun) = (format!("{} {}", request.method(), request.uri()), Instant::now());
        let (answer, pause) = (self.0.call(request), self.1.clone());
        Box::pin(async move {
            let answer = answer.await;
            answer.iter().for_each(|response| pause.note(response));
            let outcome = answer.as_ref().map_or_else(|_| "no answer".to_owned(), |response| response.status().to_string());
            tracing::debug!("{what} {outcome} in {} ms", begun.elapsed().as_millis());
            answer
        })
    }
}
