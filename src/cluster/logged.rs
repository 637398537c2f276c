//! What `-v=6` tells of each request: method, address, status, time. Never a header or body: they hold secrets.

use std::{
    task::{Context, Poll},
    time::Instant,
};

use futures::future::BoxFuture;
use http::{Request, Response};
use tower::{Layer, Service};

/// Puts [`Logged`] around a service.
#[derive(Debug, Clone, Copy)]
pub struct LogLayer;

impl<S> Layer<S> for LogLayer {
    type Service = Logged<S>;

    fn layer(&self, inner: S) -> Logged<S> {
        Logged(inner)
    }
}

/// A service that tells of each request.
#[derive(Debug, Clone)]
pub struct Logged<S>(S);

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
        let answer = self.0.call(request);
        Box::pin(async move {
            let answer = answer.await;
            let outcome = answer.as_ref().map_or_else(|_| "no answer".to_owned(), |response| response.status().to_string());
            tracing::debug!("{what} {outcome} in {} ms", begun.elapsed().as_millis());
            answer
        })
    }
}
