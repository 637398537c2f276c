//! The fault layer: it stands before an API server, remembers what was asked, and does on demand what goes wrong on the way.

use std::{
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use axum::{
    body::Body,
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures::{StreamExt as _, stream};
use http::{HeaderValue, Method, header};

use super::status::Failure;

/// One thing that goes wrong.
#[derive(Debug, Clone)]
pub struct Fault {
    /// Which requests: the method, and a part of path and query.
    pub method: Method,
    pub path: String,
    /// How many such requests pass first.
    pub skip: usize,
    /// How many it then hits.
    pub times: usize,
    pub effect: Effect,
}

/// What happens to a request.
#[derive(Debug, Clone)]
pub enum Effect {
    /// It is not carried out; this is the answer, with Retry-After in seconds.
    Refuse { code: u16, reason: &'static str, message: String, retry_after: Option<u64> },
    /// It is carried out, and the connection breaks before the answer.
    ResetAfter,
    /// It is carried out later.
    Delay(Duration),
    /// The answer, a watch, ends after this time.
    End(Duration),
}

/// A request that came in.
#[derive(Debug, Clone)]
pub struct Seen {
    pub method: Method,
    pub path: String,
}

impl Seen {
    /// Whether it would change something; a question about rights does not.
    pub fn is_write(&self) -> bool {
        self.method != Method::GET && !self.path.contains("selfsubjectaccessreviews")
    }
}

/// The layer's state.
#[derive(Debug, Default)]
pub struct Faults {
    faults: Mutex<Vec<Fault>>,
    seen: Mutex<Vec<Seen>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

impl Faults {
    pub fn add(&self, fault: Fault) {
        lock(&self.faults).push(fault);
    }

    /// Requests since the last call, KubeVirt's own left out.
    pub fn take_seen(&self) -> Vec<Seen> {
        std::mem::take(&mut *lock(&self.seen))
    }

    fn effect(&self, method: &Method, path: &str) -> Option<Effect> {
        let mut faults = lock(&self.faults);
        let fault = faults.iter_mut().find(|fault| fault.method == *method && path.contains(&fault.path) && fault.times > 0)?;
        if fault.skip > 0 {
            fault.skip -= 1;
            return None;
        }
        fault.times -= 1;
        Some(fault.effect.clone())
    }
}

/// The middleware.
pub async fn inject(State(faults): State<Arc<Faults>>, request: Request, next: Next) -> Response {
    let kubevirt = request.headers().get(header::AUTHORIZATION).is_some_and(|value| value == "Bearer kubevirt-token");
    if kubevirt {
        return next.run(request).await;
    }
    let path = request.uri().path_and_query().map(ToString::to_string).unwrap_or_default();
    let method = request.method().clone();
    lock(&faults.seen).push(Seen { method: method.clone(), path: path.clone() });
    match faults.effect(&method, &path) {
        None => next.run(request).await,
        Some(Effect::Refuse { code, reason, message, retry_after }) => {
            let mut response = Failure::new(code, reason, message).into_response();
            if let Some(seconds) = retry_after {
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            }
            response
        }
        Some(Effect::ResetAfter) => {
            next.run(request).await;
            let broken = stream::once(async { Err::<axum::body::Bytes, _>(std::io::Error::from(std::io::ErrorKind::ConnectionReset)) });
            Response::new(Body::from_stream(broken))
        }
        Some(Effect::Delay(time)) => {
            tokio::time::sleep(time).await;
            next.run(request).await
        }
        Some(Effect::End(time)) => {
            let (parts, body) = next.run(request).await.into_parts();
            Response::from_parts(parts, Body::from_stream(body.into_data_stream().take_until(tokio::time::sleep(time)).boxed()))
        }
    }
}
