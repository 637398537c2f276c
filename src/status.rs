//! What machines are doing, and why not what they should: objects in, rows out, nothing asked.
//!
//! Where KubeVirt tells what: `pkg/virt-controller/watch/vm/vm.go` (printableStatus) and `watch/vmi/lifecycle.go` (conditions).

use std::collections::BTreeMap;

use k8s_openapi::jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use crate::plan::metadata;

/// One machine of a fleet.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its fleet.
    pub fleet: String,
    /// Its workload.
    pub workload: String,
    /// Its role, empty without.
    pub role: String,
    /// KubeVirt's own word: Running, Starting, Stopped, …
    pub status: String,
    /// Whether its work runs, by its readiness probe.
    pub ready: bool,
    /// Why it is not ready, or what else is to be said.
    pub reason: String,
    /// Address of its pod.
    pub ip: String,
    /// Its node.
    pub node: String,
    /// RFC 3339; empty where unknown.
    pub created: String,
    /// What `ssh` logs in as.
    pub ssh_user: String,
    #[serde(skip)]
    /// How bad it is.
    pub trouble: Trouble,
}

impl Row {
    /// Whether it is its data volume that holds it up.
    pub fn waits_for_volume(&self) -> bool {
        ["Provisioning", "WaitingForVolumeBinding", "DataVolumeError", "ErrorPvcNotFound"].contains(&self.status.as_str())
    }

    /// Whether something else than the machine's own status may know why it is late.
    pub fn reason_lies_elsewhere(&self) -> bool {
        !self.ready && (matches!(self.trouble, Trouble::Guest | Trouble::Unknown) || self.waits_for_volume())
    }
}

/// Whether waiting for a machine makes sense.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Trouble {
    /// It is on its way, or there.
    #[default]
    None,
    /// It does not get better by itself when it has lasted so many seconds.
    FinalAfter(u64),
    /// Its guest is to be asked.
    Guest,
    /// Nothing yet says why.
    Unknown,
}

/// Machines with their instances.
pub fn rows(machines: &[Value], instances: &[Value]) -> Vec<Row> {
    let key = |object: &Value| (text(&object["metadata"]["namespace"]), text(&object["metadata"]["name"]));
    let instances: BTreeMap<_, _> = instances.iter().map(|instance| (key(instance), instance)).collect();
    let mut rows: Vec<_> = machines.iter().map(|machine| row(machine, instances.get(&key(machine)).copied())).collect();
    rows.sort_by(|a, b| (&a.namespace, &a.fleet, order(&a.name)).cmp(&(&b.namespace, &b.fleet, order(&b.name))));
    rows
}

/// `cpu-2` before `cpu-10`.
fn order(name: &str) -> (&str, u64) {
    name.rsplit_once('-').map_or((name, 0), |(stem, index)| (stem, index.parse().unwrap_or(0)))
}

/// One machine with its instance.
pub fn row(machine: &Value, instance: Option<&Value>) -> Row {
    let labels = &machine["metadata"]["labels"];
    let instance = instance.unwrap_or(&Value::Null);
    let status = match text(&machine["status"]["printableStatus"]) {
        empty if empty.is_empty() => "Starting".to_owned(),
        status => status,
    };
    let ready = is_ready(machine, instance);
    let (trouble, reason) = if ready { (Trouble::None, restart_note(machine, instance)) } else { why(machine, instance, &status) };
    Row {
        namespace: text(&machine["metadata"]["namespace"]),
        name: text(&machine["metadata"]["name"]),
        fleet: text(&labels[metadata::INSTANCE]),
        workload: text(&labels[metadata::COMPONENT]),
        role: text(&labels[metadata::ROLE]),
        status,
        ready,
        reason,
        ip: text(&instance["status"]["interfaces"][0]["ipAddress"]),
        node: text(&instance["status"]["nodeName"]),
        created: text(&machine["metadata"]["creationTimestamp"]),
        ssh_user: text(&machine["metadata"]["annotations"][metadata::SSH_USER]),
        trouble,
    }
}

/// Ready means the probe: the machine's condition follows the instance's, the instance's follows the pod's. Both are looked
/// at, because after a restart the machine's may lag behind.
fn is_ready(machine: &Value, instance: &Value) -> bool {
    let ready = |object: &Value| condition(object, "Ready").is_some_and(|condition| condition["status"] == "True");
    ready(machine)
        && ready(instance)
        && instance["metadata"]["deletionTimestamp"].is_null()
        && machine["metadata"]["deletionTimestamp"].is_null()
}

/// Whether QEMU runs.
pub fn is_running(instance: Option<&Value>) -> bool {
    instance.is_some_and(|instance| instance["status"]["phase"] == "Running" && instance["metadata"]["deletionTimestamp"].is_null())
}

fn restart_note(machine: &Value, instance: &Value) -> String {
    let hash = |metadata: &Value| metadata["annotations"][metadata::BOOT_HASH].clone();
    if hash(&machine["spec"]["template"]["metadata"]) == hash(&instance["metadata"]) {
        String::new()
    } else {
        "runs what it was started with; a restart brings the change".to_owned()
    }
}

fn why(machine: &Value, instance: &Value, status: &str) -> (Trouble, String) {
    if !machine["metadata"]["deletionTimestamp"].is_null() {
        return (Trouble::None, "being deleted".to_owned());
    }
    let synchronized = false_message(instance, "Synchronized");
    let volumes = || false_message(instance, "DataVolumesReady").or_else(|| false_message(machine, "DataVolumesReady"));
    match status {
        "CrashLoopBackOff" => {
            let count = machine["status"]["startFailure"]["consecutiveFailCount"].as_u64();
            let failed = count.map_or_else(|| "fails to start".to_owned(), |count| format!("failed to start {count} times"));
            return (Trouble::FinalAfter(0), synchronized.map_or(failed.clone(), |message| format!("{failed}: {message}")));
        }
        "ErrImagePull" | "ImagePullBackOff" => {
            return (Trouble::FinalAfter(60), synchronized.unwrap_or_else(|| "the image cannot be pulled".to_owned()));
        }
        "DataVolumeError" | "ErrorPvcNotFound" => {
            let message = synchronized.or_else(volumes).unwrap_or_else(|| "its data volume has failed".to_owned());
            return (Trouble::FinalAfter(60), message);
        }
        "Stopped" if machine["spec"]["runStrategy"] == "Halted" => return (Trouble::FinalAfter(0), "stopped by somebody".to_owned()),
        "Paused" => {
            let paused = condition(instance, "Paused").map(|condition| text(&condition["reason"])).unwrap_or_default();
            return (Trouble::None, format!("paused ({paused})"));
        }
        _ => {}
    }
    if let Some(failure) = condition(machine, "Failure").filter(|condition| condition["status"] == "True") {
        return (Trouble::FinalAfter(30), text(&failure["message"]));
    }
    if let Some(unscheduled) = false_message(instance, "PodScheduled") {
        return (Trouble::None, unscheduled);
    }
    if let Some(message) = synchronized {
        return (Trouble::None, message);
    }
    match (status, volumes()) {
        ("Provisioning" | "WaitingForVolumeBinding", message) => {
            (Trouble::Unknown, message.unwrap_or_else(|| "waiting for its data volume".to_owned()))
        }
        ("Running", _) => (Trouble::Guest, "booting".to_owned()),
        _ => (Trouble::Unknown, String::new()),
    }
}

/// A condition of an object.
fn condition<'a>(object: &'a Value, kind: &str) -> Option<&'a Value> {
    object["status"]["conditions"].as_array()?.iter().find(|condition| condition["type"] == kind)
}

/// The message of a condition that is `False`, with what repeats its wrapping taken off.
fn false_message(object: &Value, kind: &str) -> Option<String> {
    let condition = condition(object, kind).filter(|condition| condition["status"] == "False")?;
    let message = text(&condition["message"]);
    Some(if message.is_empty() { text(&condition["reason"]) } else { message })
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// The time from an RFC 3339 stamp to now, as kubectl prints ages (`k8s.io/apimachinery/pkg/util/duration`).
pub fn age(created: &str, now: Timestamp) -> String {
    let Ok(created) = created.parse::<Timestamp>() else { return "<unknown>".to_owned() };
    human_duration(now.as_second() - created.as_second())
}

fn human_duration(seconds: i64) -> String {
    const MINUTE: i64 = 60;
    const HOUR: i64 = 60 * MINUTE;
    const DAY: i64 = 24 * HOUR;
    const YEAR: i64 = 365 * DAY;
    let two = |large: i64, large_name: &str, small: i64, small_name: &str| match seconds % large / small {
        0 => format!("{}{large_name}", seconds / large),
        rest => format!("{}{large_name}{rest}{small_name}", seconds / large),
    };
    match seconds {
        ..-1 => "<invalid>".to_owned(),
        -1 => "0s".to_owned(),
        0..120 => format!("{seconds}s"),
        120..600 => two(MINUTE, "m", 1, "s"),
        600..10_800 => format!("{}m", seconds / MINUTE),
        10_800..28_800 => two(HOUR, "h", MINUTE, "m"),
        28_800..172_800 => format!("{}h", seconds / HOUR),
        172_800..691_200 => two(DAY, "d", HOUR, "h"),
        691_200..63_072_000 => format!("{}d", seconds / DAY),
        63_072_000..252_288_000 => two(YEAR, "y", DAY, "d"),
        _ => format!("{}y", seconds / YEAR),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn ages_are_kubectls() {
        for (seconds, printed) in [
            (119, "119s"),
            (120, "2m"),
            (121, "2m1s"),
            (599, "9m59s"),
            (600, "10m"),
            (10_799, "179m"),
            (10_800, "3h"),
            (28_799, "7h59m"),
            (28_800, "8h"),
            (172_799, "47h"),
            (172_800, "2d"),
            (691_199, "7d23h"),
            (691_200, "8d"),
            (729 * 86_400, "729d"),
            (730 * 86_400, "2y"),
            (2919 * 86_400, "7y364d"),
            (2920 * 86_400, "8y"),
            (-1, "0s"),
            (-2, "<invalid>"),
        ] {
            assert_eq!(human_duration(seconds), printed, "{seconds}");
        }
    }

    #[test]
    fn ready_needs_machine_and_instance() {
        let ready = json!({"status": {"conditions": [{"type": "Ready", "status": "True"}]}});
        assert!(row(&ready, Some(&ready)).ready);
        assert!(!row(&ready, None).ready, "a machine's condition may lag behind its instance");
        assert!(!row(&json!({}), None).ready);
    }

    #[test]
    fn quota_is_told_though_the_status_hides_it() {
        let message = "failed to create virtual machine pod: exceeded quota: q";
        let instance =
            json!({"status": {"conditions": [{"type": "Synchronized", "status": "False", "reason": "FailedCreate", "message": message}]}});
        let row = row(&json!({"status": {"printableStatus": "Starting"}}), Some(&instance));
        assert_eq!((row.reason.as_str(), row.trouble), (message, Trouble::None));
    }

    #[test]
    fn a_crash_loop_is_final_at_once() {
        let machine = json!({"status": {"printableStatus": "CrashLoopBackOff", "startFailure": {"consecutiveFailCount": 3}}});
        assert_eq!(row(&machine, None).trouble, Trouble::FinalAfter(0));
        assert_eq!(row(&machine, None).reason, "failed to start 3 times");
    }
}
