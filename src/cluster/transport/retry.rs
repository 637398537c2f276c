//! Retries what may be transient, until the deadline of the command.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::{StatusCode, header::RETRY_AFTER};
use http_body_util::{BodyExt as _, Limited};
use kube::{client::Body, core::Status};
use tower::{BoxError, ServiceExt as _};

use crate::error::ClusterError;

use super::{
    super::timing::{FIRST_RETRY_DELAY, MAX_RETRY_DELAY, MAX_RETRY_TIME, RESTART_GRACE},
    Inner, Request, Response, State, error, is_watch,
};

/// The most bytes of a response that is no stream: a page of the largest objects.
const MAX_BODY: usize = 1 << 29;

/// The retries of a request, as its extension. Without one it is retried until the deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effort {
    /// Retried if the server responds, but not if it cannot be reached: a wrong address is reported at once.
    FailFast,
    /// Sent once, within the request's own time limit.
    Once,
}

/// The number of attempts, as an extension of the response. An earlier attempt may have taken effect.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Attempts(pub u32);

/// A request with the same body; `None` for a stream.
pub(super) fn clone_request(request: &Request) -> Option<Request> {
    let mut clone = http::Request::new(request.body().try_clone()?);
    *clone.method_mut() = request.method().clone();
    *clone.uri_mut() = request.uri().clone();
    *clone.headers_mut() = request.headers().clone();
    *clone.extensions_mut() = request.extensions().clone();
    Some(clone)
}

/// The result of one attempt.
enum Outcome {
    /// A response to return.
    Done(Response),
    /// A response that may be better next time, with what the server asks for.
    Transient(Response, Option<Duration>),
    /// No response.
    Failed(ClusterError, bool),
}

/// Sends a request to `inner` until a retry would not help.
pub(super) async fn send<S: Inner>(inner: S, state: Arc<State>, mut request: Request) -> Result<Response, BoxError> {
    let effort = request.extensions().get::<Effort>().copied();
    let (begun, mut delay, mut attempts) = (Instant::now(), FIRST_RETRY_DELAY, 0);
    loop {
        attempts += 1;
        let again = clone_request(&request);
        let limit = if effort == Some(Effort::Once) { state.request_timeout } else { state.limit() };
        let outcome = attempt(inner.clone(), &state, request, limit).await;
        let is_patient = state.deadline.is_some() || begun.elapsed() < MAX_RETRY_TIME;
        let may_retry = effort != Some(Effort::Once) && is_patient && !state.overdue();
        let Some(next) = again.filter(|_| may_retry) else { return finish(outcome, attempts) };
        let (why, asked) = match &outcome {
            Outcome::Transient(response, asked) => (response.status().to_string(), *asked),
            Outcome::Failed(error, true) if effort != Some(Effort::FailFast) => (error.to_string(), None),
            _ => return finish(outcome, attempts),
        };
        let left = match state.deadline {
            Some(deadline) => deadline.saturating_duration_since(Instant::now()),
            None => MAX_RETRY_TIME.saturating_sub(begun.elapsed()),
        };
        let wait = asked.unwrap_or_else(|| delay.mul_f64(jitter())).max(state.retry_delay()).min(left);
        tracing::info!("{} {}: {why}; again in {} ms", next.method(), next.uri().path(), wait.as_millis());
        tokio::time::sleep(wait).await;
        delay = (delay * 2).min(MAX_RETRY_DELAY);
        request = next;
    }
}

fn finish(outcome: Outcome, attempts: u32) -> Result<Response, BoxError> {
    match outcome {
        Outcome::Done(mut response) | Outcome::Transient(mut response, _) => {
            response.extensions_mut().insert(Attempts(attempts));
            Ok(response)
        }
        Outcome::Failed(error, _) => Err(error.into()),
    }
}

async fn attempt<S: Inner>(inner: S, state: &State, request: Request, limit: Duration) -> Outcome {
    let is_stream = is_watch(&request);
    let response = async {
        let response = inner.oneshot(request).await?;
        let (parts, body) = response.into_parts();
        // A stream is read by its caller; an error has a body of its own.
        if is_stream && parts.status.is_success() {
            return Ok((parts, body, Bytes::new()));
        }
        let bytes = Limited::new(body, MAX_BODY).collect().await?.to_bytes();
        Ok((parts, Body::from(bytes.clone()), bytes))
    };
    let result = match tokio::time::timeout(limit, response).await {
        Ok(Ok(response)) => Ok(response),
        Ok(Err(failure)) => Err((error::of_box(&failure, &state.access), error::is_transient(&failure))),
        Err(_) => Err((ClusterError::Silent(state.access.server.clone()), true)),
    };
    match result {
        Ok((parts, body, bytes)) => {
            state.responded(None);
            let header = parts.headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
            if let Some(seconds) = header {
                state.retry_after(seconds);
            }
            let status = serde_json::from_slice::<Status>(&bytes).ok().filter(|_| !parts.status.is_success());
            let is_transient = is_transient(parts.status, status.as_ref(), state);
            let response = Response::from_parts(parts, body);
            if !is_transient {
                return Outcome::Done(response);
            }
            let asked = status.and_then(|status| status.details).map(|details| details.retry_after_seconds).filter(|seconds| *seconds > 0);
            Outcome::Transient(response, asked.map(|seconds| Duration::from_secs(seconds.into())))
        }
        Err((error, transient)) => {
            // After a restart the server refuses everybody for a moment.
            state.expect_permissions(RESTART_GRACE);
            state.responded(transient.then(|| error.to_string()));
            Outcome::Failed(error, transient)
        }
    }
}

/// Whether a response may be better next time: overload, gateways, a failing webhook (500), and 403 while permissions are expected.
fn is_transient(code: StatusCode, status: Option<&Status>, state: &State) -> bool {
    match code {
        StatusCode::TOO_MANY_REQUESTS | StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT => true,
        StatusCode::INTERNAL_SERVER_ERROR => status.is_none_or(|status| !status.message.contains("denied the request")),
        StatusCode::FORBIDDEN => state.expects_permissions(),
        _ => false,
    }
}

/// A factor between 0.5 and 1.5, so that requests that failed together are not retried together.
fn jitter() -> f64 {
    0.5 + fastrand::f64()
}
