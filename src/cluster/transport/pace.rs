//! Delays watches that end as soon as they start: kube restarts an ended watch at once, and a proxy may end each at once.

use std::sync::Arc;

use tower::{BoxError, ServiceExt as _};

use super::{Inner, Request, Response, State, is_watch};

/// Returns the response to a watch of the same path at most once per interval.
pub(super) async fn send<S: Inner>(inner: S, state: Arc<State>, request: Request) -> Result<Response, BoxError> {
    let next = is_watch(&request).then(|| state.next_watch(request.uri().path()));
    let response = inner.oneshot(request).await;
    if let Some(next) = next {
        tokio::time::sleep_until(next.into()).await;
    }
    response
}
