//! State that the layers share: the current credentials and some times.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use kube::Client;

use crate::{
    config::{Connection, Environment},
    error::ClusterError,
    kubeconfig::Access,
};

use super::{
    super::timing::{LAST_ATTEMPT, MAX_RETRY_AFTER, REQUEST_TIMEOUT, WATCH_INTERVAL},
    plain_client,
};

/// The state of a [`super::Transport`]. kube's client needs layers that are `Send`, hence the locks; none is held across an await, except
/// that of a reload.
pub(super) struct State {
    /// Address and credentials.
    pub access: Access,
    connection: Connection,
    environment: Environment,
    /// When the command began.
    pub started: Instant,
    /// When it gives up.
    pub deadline: Option<Instant>,
    /// The time limit of one request.
    pub request_timeout: Duration,
    current: Mutex<(u64, Client)>,
    reloading: tokio::sync::Mutex<()>,
    times: Mutex<Times>,
}

#[derive(Default)]
struct Times {
    /// Until then a 403 is retried.
    permissions_expected: Option<Instant>,
    /// The server rejects requests until then.
    retry_after: Option<Instant>,
    /// The time of the first request without a response, and the reason.
    disconnected: Option<(Instant, String)>,
    /// The earliest next start of each watched URL path.
    watches: BTreeMap<String, Instant>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl State {
    /// The state of a new connection.
    pub(super) fn new(
        access: Access,
        connection: &Connection,
        environment: &Environment,
        limit: Option<Duration>,
    ) -> Result<Self, ClusterError> {
        let client = plain_client(access.config.clone(), &access)?;
        let unlimited = Duration::from_secs(86_400);
        let request_timeout = connection.request_timeout.map_or(REQUEST_TIMEOUT, |timeout| timeout.limit().unwrap_or(unlimited));
        let started = Instant::now();
        Ok(Self {
            access,
            connection: connection.clone(),
            environment: environment.clone(),
            started,
            deadline: limit.map(|limit| started + limit),
            request_timeout,
            current: Mutex::new((0, client)),
            reloading: tokio::sync::Mutex::default(),
            times: Mutex::default(),
        })
    }

    /// The client with the current credentials, and their version.
    pub(super) fn client(&self) -> (u64, Client) {
        lock(&self.current).clone()
    }

    /// Reloads the credentials, because those of a version were refused: a token may expire during a command. If several requests notice
    /// it together, one of them reloads. False if there are no new ones.
    pub(super) async fn reload(&self, refused: u64) -> bool {
        let _turn = self.reloading.lock().await;
        if self.client().0 != refused {
            return true;
        }
        tracing::info!("unauthorized: reloading the credentials");
        let Ok(config) = self.access.renew(&self.connection, &self.environment).await else { return false };
        let Ok(client) = plain_client(config, &self.access) else { return false };
        *lock(&self.current) = (refused + 1, client);
        true
    }

    /// Whether the time limit of the command is over.
    pub(super) fn overdue(&self) -> bool {
        self.deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }

    /// The time limit of a request that starts now.
    pub(super) fn limit(&self) -> Duration {
        let left = self.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()).max(LAST_ATTEMPT));
        left.map_or(self.request_timeout, |left| left.min(self.request_timeout))
    }

    /// Retries 403 for a while.
    pub(super) fn expect_permissions(&self, within: Duration) {
        let until = Instant::now() + within;
        let mut times = lock(&self.times);
        times.permissions_expected = Some(times.permissions_expected.map_or(until, |before| before.max(until)));
    }

    /// Whether 403 is retried now.
    pub(super) fn expects_permissions(&self) -> bool {
        lock(&self.times).permissions_expected.is_some_and(|until| Instant::now() < until)
    }

    /// Sends no request for some seconds, because the server asked for that.
    pub(super) fn retry_after(&self, seconds: u64) {
        lock(&self.times).retry_after = Some(Instant::now() + Duration::from_secs(seconds).min(MAX_RETRY_AFTER));
    }

    /// The time until the server accepts requests again.
    pub(super) fn retry_delay(&self) -> Duration {
        lock(&self.times).retry_after.map_or(Duration::ZERO, |until| until.saturating_duration_since(Instant::now()))
    }

    /// Records that the server responded, or why it did not.
    pub(super) fn responded(&self, failure: Option<String>) {
        let disconnected = &mut lock(&self.times).disconnected;
        *disconnected = failure.map(|why| (disconnected.as_ref().map_or_else(Instant::now, |(since, _)| *since), why));
    }

    /// The reason why the server has not responded for longer than `grace`.
    pub(super) fn disconnected(&self, grace: Duration) -> Option<String> {
        lock(&self.times).disconnected.as_ref().filter(|(since, _)| since.elapsed() >= grace).map(|(_, why)| why.clone())
    }

    /// The earliest time at which a watch of this path may return to its caller.
    pub(super) fn next_watch(&self, path: &str) -> Instant {
        let mut times = lock(&self.times);
        let now = Instant::now();
        let next = times.watches.get(path).map_or(now, |before| now.max(*before + WATCH_INTERVAL));
        times.watches.insert(path.to_owned(), next);
        next
    }
}
