//! Reloads the credentials after a 401, and sends the request once more.

use std::sync::Arc;

use tower::{BoxError, ServiceExt as _};

use super::{Inner, Request, Response, State, retry::clone_request};

/// Sends a request with new credentials if the old ones were refused.
pub(super) async fn send<S: Inner>(inner: S, state: Arc<State>, request: Request) -> Result<Response, BoxError> {
    let again = clone_request(&request);
    let (version, _) = state.client();
    let response = inner.clone().oneshot(request).await?;
    let Some(again) = again.filter(|_| response.status() == http::StatusCode::UNAUTHORIZED) else { return Ok(response) };
    if !state.reload(version).await {
        return Ok(response);
    }
    drop(response);
    inner.oneshot(again).await
}
