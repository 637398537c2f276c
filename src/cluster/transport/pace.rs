//! Delays watches that end as soon as they start: kube restarts an ended watch at once, and a proxy may end each at once.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use futures::future::BoxFuture;
use tower::{BoxError, Service};

use super::{Request, Response, State, is_watch};

/// Returns the response to a watch of the same path at most once per interval.
#[derive(Clone)]
pub struct WatchPace<S> {
    inner: S,
    state: Arc<State>,
}

impl<S> WatchPace<S> {
    /// Around `inner`.
    pub fn new(inner: S, state: Arc<State>) -> Self {
        Self { inner, state }
    }
}

impl<S> Service<Request> for WatchPace<S>
where
    S: Service<Request, Response = Response, Error = BoxError>,
    S::Future: Send + 'static,
{
    type Response = Response;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Response, BoxError>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let next = is_watch(&request).then(|| self.state.next_watch(request.uri().path()));
        let response = self.inner.call(request);
        Box::pin(async move {
            let response = response.await;
            if let Some(next) = next {
                tokio::time::sleep_until(next.into()).await;
            }
            response
        })
    }
}
