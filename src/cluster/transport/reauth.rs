//! Reloads the credentials after a 401, and sends the request once more.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use futures::future::BoxFuture;
use tower::{BoxError, Service, ServiceExt as _};

use super::{Request, Response, State, retry::clone_request};

/// Sends a request with new credentials if the old ones were refused.
#[derive(Clone)]
pub struct Reauth<S> {
    inner: S,
    state: Arc<State>,
}

impl<S> Reauth<S> {
    /// Around `inner`.
    pub fn new(inner: S, state: Arc<State>) -> Self {
        Self { inner, state }
    }
}

impl<S> Service<Request> for Reauth<S>
where
    S: Service<Request, Response = Response, Error = BoxError> + Clone + Send + 'static,
    S::Future: Send + 'static,
{
    type Response = Response;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Response, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let (inner, state) = (self.inner.clone(), self.state.clone());
        let again = clone_request(&request);
        Box::pin(async move {
            let (version, _) = state.client();
            let response = inner.clone().oneshot(request).await?;
            let Some(again) = again.filter(|_| response.status() == http::StatusCode::UNAUTHORIZED) else { return Ok(response) };
            if !state.reload(version).await {
                return Ok(response);
            }
            drop(response);
            inner.oneshot(again).await
        })
    }
}
