//! Logs each request with `-v=6`: method, URL, status and time. Headers and bodies are never logged: they contain secrets.

use std::{sync::Arc, time::Instant};

use tower::{BoxError, ServiceExt as _};

use super::{Inner, Request, Response, State};

/// Logs a request to `inner`.
pub(super) async fn send<S: Inner>(inner: S, _: Arc<State>, request: Request) -> Result<Response, BoxError> {
    if !tracing::enabled!(tracing::Level::DEBUG) {
        return inner.oneshot(request).await;
    }
    let (what, begun) = (format!("{} {}", request.method(), request.uri()), Instant::now());
    let response = inner.oneshot(request).await;
    let outcome = response.as_ref().map_or_else(|_| "no response".to_owned(), |response| response.status().to_string());
    tracing::debug!("{what} {outcome} in {} ms", begun.elapsed().as_millis());
    response
}
