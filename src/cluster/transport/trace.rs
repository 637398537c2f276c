//! Logs each request with `-v=6`: method, URL, status and time. Headers and bodies are never logged: they contain secrets.

use std::{
    task::{Context, Poll},
    time::Instant,
};

use futures::future::BoxFuture;
use tower::{BoxError, Service};

use super::{Request, Response};

/// Logs the requests to `inner`.
#[derive(Clone)]
pub struct Trace<S>(S);

impl<S> Trace<S> {
    /// Around `inner`.
    pub fn new(inner: S) -> Self {
        Self(inner)
    }
}

impl<S> Service<Request> for Trace<S>
where
    S: Service<Request, Response = Response, Error = BoxError>,
    S::Future: Send + 'static,
{
    type Response = Response;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Response, BoxError>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let (what, begun) = (format!("{} {}", request.method(), request.uri()), Instant::now());
        let response = self.0.call(request);
        Box::pin(async move {
            let response = response.await;
            let outcome = response.as_ref().map_or_else(|_| "no response".to_owned(), |response| response.status().to_string());
            tracing::debug!("{what} {outcome} in {} ms", begun.elapsed().as_millis());
            response
        })
    }
}
