//! The durations that `cluster` waits or retries for.

use std::time::Duration;

/// The default of `--request-timeout`: long enough for slow admission, short enough to notice a dead connection.
pub(super) const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
/// The shortest time limit, for a request at the deadline.
pub(super) const LAST_ATTEMPT: Duration = Duration::from_secs(2);
/// The first delay before a retry; it doubles up to [`MAX_RETRY_DELAY`].
pub(super) const FIRST_RETRY_DELAY: Duration = Duration::from_millis(250);
/// The longest delay before a retry.
pub(super) const MAX_RETRY_DELAY: Duration = Duration::from_secs(8);
/// Upper bound for Retry-After.
pub(super) const MAX_RETRY_AFTER: Duration = Duration::from_secs(3600);
/// Without a deadline of the command, retries end after this time.
pub(super) const MAX_RETRY_TIME: Duration = Duration::from_secs(120);

/// After a restart kube-apiserver returns 403 until it has read all roles (seen with 1.36).
pub(super) const RESTART_GRACE: Duration = Duration::from_secs(10);
/// After a ProjectRequest the permissions in the new project arrive with a delay.
pub(super) const NEW_PROJECT_GRACE: Duration = Duration::from_secs(30);

/// A cluster has created its own objects in a new namespace after this time, in seconds.
pub(super) const NAMESPACE_SETUP: i64 = 60;

/// The shortest time between two starts of a watch. kube restarts an ended watch without a delay, and a proxy may end each at once.
pub(super) const WATCH_INTERVAL: Duration = Duration::from_secs(1);
/// The server ends a watch after this time, and one without events for this long is verified: it may have stalled.
pub(super) const WATCH_IDLE_TIMEOUT: Duration = Duration::from_secs(55);
/// The delay before the restart of a watch that was refused with 410.
pub(super) const RELIST_DELAY: Duration = Duration::from_secs(1);
/// The interval of lists without permission to watch.
pub(super) const LIST_INTERVAL: Duration = Duration::from_secs(3);
/// The time that a restart of the API server may take before the user is warned.
pub(super) const DISCONNECT_GRACE: Duration = Duration::from_secs(10);

/// How often a wait evaluates its objects. Events arrive faster, and each evaluation costs time.
pub(super) const POLL_INTERVAL: Duration = Duration::from_millis(300);
/// How often single objects are read until they are gone.
pub(super) const GET_INTERVAL: Duration = Duration::from_secs(1);
/// How often objects are searched that have lost their labels.
pub(super) const LABEL_CHECK_INTERVAL: Duration = Duration::from_secs(2);
/// The time limit of the last list after the deadline.
pub(super) const FINAL_CHECK_TIMEOUT: Duration = Duration::from_secs(10);

/// How often VMs that are not ready are diagnosed.
pub(super) const DIAGNOSE_INTERVAL: Duration = Duration::from_secs(10);
/// A VM without a reason of its own is diagnosed after this time.
pub(super) const STUCK_AFTER: Duration = Duration::from_secs(15);
/// Time limit of a whole diagnosis.
pub(super) const DIAGNOSE_TIMEOUT: Duration = Duration::from_secs(10);
/// Time limit of one guest's response. After it the console is read.
pub(super) const PROBE_TIMEOUT: Duration = Duration::from_secs(6);
/// Time limit of reading a console.
pub(super) const CONSOLE_TIMEOUT: Duration = Duration::from_secs(3);
