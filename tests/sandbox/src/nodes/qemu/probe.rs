//! The readiness probe, executed like the kubelet's (Kubernetes `pkg/kubelet/prober`): periodically after the initial delay, with a
//! time limit and thresholds.

use std::{io, net::SocketAddr, sync::Weak, time::Duration};

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::{Instant, MissedTickBehavior, interval_at, timeout},
};

use super::machine::Machine;

/// The size limit of a response.
const LONGEST: u64 = 1 << 20;

fn probe_of(pod: &Value) -> &Value {
    &pod["spec"]["containers"][0]["readinessProbe"]
}

fn port_of(probe: &Value) -> Option<u16> {
    probe["httpGet"]["port"].as_u64().and_then(|port| u16::try_from(port).ok())
}

/// # Errors
/// A probe type that is not supported: a VM must never count as ready because of that.
pub fn check(pod: &Value) -> io::Result<()> {
    let (probe, get) = (probe_of(pod), &probe_of(pod)["httpGet"]);
    let plain = ["host", "httpHeaders"].iter().all(|key| get[key].is_null()) && get["scheme"] != "HTTPS";
    if probe.is_null() || port_of(probe).is_some() && plain {
        return Ok(());
    }
    Err(io::Error::other("readinessProbe: only httpGet without TLS to a port number is supported"))
}

/// Probes until the VM is gone. Without a probe it is ready.
pub async fn run(machine: Weak<Machine>, pod: Value) {
    let probe = probe_of(&pod);
    let number = |name: &str, default: u64| probe[name].as_u64().filter(|number| *number > 0).unwrap_or(default);
    let (period, limit) = (Duration::from_secs(number("periodSeconds", 10)), Duration::from_secs(number("timeoutSeconds", 1)));
    let (success, failure) = (number("successThreshold", 1), number("failureThreshold", 3));
    let port = port_of(probe);
    let path = probe["httpGet"]["path"].as_str().unwrap_or("/");
    // Like Go's ticker: after a late probe the next one follows at once, and missed ones are dropped.
    let mut tick = interval_at(Instant::now() + Duration::from_secs(number("initialDelaySeconds", 0)), period);
    tick.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let (mut last, mut in_a_row) = (false, 0);
    loop {
        tick.tick().await;
        let Some(address) = machine.upgrade().map(|machine| machine.address) else { return };
        let now = match port {
            Some(port) => get((address, port).into(), path, limit).await.is_ok_and(|(code, _)| (200..400).contains(&code)),
            None => true,
        };
        in_a_row = if now == last { in_a_row + 1 } else { 1 };
        last = now;
        if in_a_row >= if now { success } else { failure } {
            let Some(machine) = machine.upgrade() else { return };
            machine.set_ready(now);
        }
    }
}

/// One HTTP request: status and body.
///
/// # Errors
/// No connection, no response in time, or no HTTP response.
pub async fn get(address: SocketAddr, path: &str, limit: Duration) -> io::Result<(u16, String)> {
    let asked = async {
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").as_bytes()).await?;
        let mut answer = Vec::new();
        stream.take(LONGEST).read_to_end(&mut answer).await?;
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        let code = head.split(' ').nth(1).and_then(|code| code.parse().ok()).ok_or(io::ErrorKind::InvalidData)?;
        Ok((code, body.to_owned()))
    };
    timeout(limit, asked).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}
