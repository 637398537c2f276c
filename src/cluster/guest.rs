//! Asks a guest, and reads its console.

use kube::{
    api::{LogParams, Request},
    client::Body,
};
use tokio::time::timeout;

use crate::{
    live::read::clean,
    plan::HEALTH_PORT,
    status::{Answer, Console},
};

use super::{
    Target,
    timing::{CONSOLE_TIMEOUT, PROBE_TIMEOUT},
    transport::Effort,
};

/// KubeVirt's container with the serial console as its log.
const CONSOLE: &str = "guest-console-log";
/// The lines of a console that are read, and the most bytes of them.
const CONSOLE_LINES: i64 = 1000;
const CONSOLE_BYTES: i64 = 1 << 20;

/// The guest's response on its health endpoint.
pub(super) async fn ask(target: &Target, namespace: &str, pod: &str) -> Answer {
    match timeout(PROBE_TIMEOUT, response(target, namespace, pod)).await.ok().flatten() {
        Some((200, _)) => Answer::Working,
        Some((403, _)) => Answer::Forbidden,
        // Errors of the API server are JSON or begin like this; a guest's response is one plain sentence.
        Some((_, line)) if !(line.starts_with('{') || line.starts_with("error trying to reach service") || line.is_empty()) => {
            Answer::Says(line)
        }
        _ => Answer::Nothing,
    }
}

/// Status and first line of the response.
async fn response(target: &Target, namespace: &str, pod: &str) -> Option<(u16, String)> {
    let path = format!("/api/v1/namespaces/{namespace}/pods/{pod}:{HEALTH_PORT}/proxy/");
    let request = http::Request::get(path).extension(Effort::Once).body(Body::empty()).ok()?;
    let response = target.client().send(request).await.ok()?;
    let status = response.status().as_u16();
    let body = response.into_body().collect_bytes().await.ok()?;
    let body = String::from_utf8_lossy(&body);
    Some((status, clean(body.lines().next().unwrap_or_default())))
}

/// The end of the serial console.
pub(super) async fn console(target: &Target, namespace: &str, pod: &str) -> Console {
    let parameters = LogParams {
        container: Some(CONSOLE.to_owned()),
        tail_lines: Some(CONSOLE_LINES),
        limit_bytes: Some(CONSOLE_BYTES),
        ..LogParams::default()
    };
    let Ok(mut request) = Request::new(format!("/api/v1/namespaces/{namespace}/pods")).logs(pod, &parameters) else {
        return Console::default();
    };
    request.extensions_mut().insert(Effort::Once);
    match timeout(CONSOLE_TIMEOUT, target.client().request_text(request)).await {
        Ok(Ok(log)) => Console::read(&log),
        Ok(Err(kube::Error::Api(status))) if status.code == 403 => Console { forbidden: true, ..Console::default() },
        Ok(Err(_)) | Err(_) => Console::default(),
    }
}
