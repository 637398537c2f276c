//! What machines are doing, and why not what they should: objects in, rows out, nothing asked.
//!
//! Where KubeVirt tells what: `pkg/virt-controller/watch/vm/vm.go` (printableStatus) and `watch/vmi/lifecycle.go` (conditions).

use std::collections::BTreeMap;

use k8s_openapi::jiff::Timestamp;
use serde::Serialize;

use crate::{
    kubevirt::observed::{About, Condition, Observed},
    plan::metadata,
};

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
pub fn rows(machines: &[Observed], instances: &[Observed]) -> Vec<Row> {
    fn key(object: &Observed) -> (&str, &str) {
        (&object.metadata.namespace, &object.metadata.name)
    }
    let instances: BTreeMap<_, _> = instances.iter().map(|instance| (key(instance), instance)).collect();
    let mut rows: Vec<_> = machines.iter().map(|machine| row(machine, instances.get(&key(machine)).copied())).collect();
    sort(&mut rows);
    rows
}

/// By namespace, fleet and name.
pub fn sort(rows: &mut [Row]) {
    rows.sort_by(|a, b| (&a.namespace, &a.fleet, order(&a.name)).cmp(&(&b.namespace, &b.fleet, order(&b.name))));
}

/// `cpu-2` before `cpu-10`.
fn order(name: &str) -> (&str, u64) {
    name.rsplit_once('-').map_or((name, 0), |(stem, index)| (stem, index.parse().unwrap_or(0)))
}

/// One machine with its instance.
pub fn row(machine: &Observed, instance: Option<&Observed>) -> Row {
    let (about, mark) = (&machine.metadata, |key| machine.metadata.mark(key).unwrap_or_default().to_owned());
    let status = match machine.status.printable_status.as_str() {
        "" => "Starting".to_owned(),
        status => status.to_owned(),
    };
    let ready = is_ready(machine, instance);
    let (trouble, reason) = if ready { (Trouble::None, restart_note(machine, instance)) } else { why(machine, instance, &status) };
    let instance = instance.map(|instance| &instance.status);
    Row {
        namespace: about.namespace.clone(),
        name: about.name.clone(),
        fleet: mark(metadata::INSTANCE),
        workload: mark(metadata::COMPONENT),
        role: mark(metadata::ROLE),
        status,
        ready,
        reason,
        ip: instance.and_then(|status| status.interfaces.first()).map(|interface| interface.ip_address.clone()).unwrap_or_default(),
        node: instance.map(|status| status.node_name.clone()).unwrap_or_default(),
        created: about.created.as_ref().map(|time| time.0.to_string()).unwrap_or_default(),
        ssh_user: mark(metadata::SSH_USER),
        trouble,
    }
}

/// Ready means the probe: the machine's condition follows the instance's, the instance's follows the pod's. Both are looked
/// at, because after a restart the machine's may lag behind.
fn is_ready(machine: &Observed, instance: Option<&Observed>) -> bool {
    let ready = |object: &Observed| {
        let told = condition(object, "Ready").is_some_and(|condition| condition.status == "True");
        told && !object.metadata.going
    };
    ready(machine) && instance.is_some_and(ready)
}

/// Whether QEMU runs.
pub fn is_running(instance: Option<&Observed>) -> bool {
    instance.is_some_and(|instance| instance.status.phase == "Running" && !instance.metadata.going)
}

fn restart_note(machine: &Observed, instance: Option<&Observed>) -> String {
    if machine.spec.template.metadata.mark(metadata::BOOT_HASH) == instance.and_then(|instance| instance.metadata.mark(metadata::BOOT_HASH))
    {
        String::new()
    } else {
        let About { name, namespace, .. } = &machine.metadata;
        format!("runs what it was started with; 'virtctl restart {name} -n {namespace}' brings the change")
    }
}

fn why(machine: &Observed, instance: Option<&Observed>, status: &str) -> (Trouble, String) {
    if machine.metadata.going {
        return (Trouble::None, "being deleted".to_owned());
    }
    let of_instance = |kind| instance.and_then(|instance| false_message(instance, kind));
    let synchronized = of_instance("Synchronized");
    let volumes = || of_instance("DataVolumesReady").or_else(|| false_message(machine, "DataVolumesReady"));
    match status {
        "CrashLoopBackOff" => {
            let count = machine.status.start_failure.consecutive_fail_count;
            let (trouble, failed) = match count {
                None => (Trouble::FinalAfter(0), "fails to start".to_owned()),
                // KubeVirt tries again after ten seconds, and once may be no more than a pod that was evicted.
                Some(1) => (Trouble::None, "failed to start once".to_owned()),
                Some(count) => (Trouble::FinalAfter(0), format!("failed to start {count} times")),
            };
            return (trouble, synchronized.map_or(failed.clone(), |message| format!("{failed}: {message}")));
        }
        "ErrImagePull" | "ImagePullBackOff" => {
            return (Trouble::FinalAfter(60), synchronized.unwrap_or_else(|| "the image cannot be pulled".to_owned()));
        }
        "DataVolumeError" | "ErrorPvcNotFound" => {
            let message = synchronized.or_else(volumes).unwrap_or_else(|| "its data volume has failed".to_owned());
            return (Trouble::FinalAfter(60), message);
        }
        "Stopped" if machine.spec.run_strategy == "Halted" => return (Trouble::FinalAfter(0), "stopped by somebody".to_owned()),
        "Paused" => {
            let paused = instance.and_then(|instance| condition(instance, "Paused")).map_or("", |condition| condition.reason.as_str());
            return (Trouble::None, format!("paused ({paused})"));
        }
        _ => {}
    }
    if let Some(failure) = condition(machine, "Failure").filter(|condition| condition.status == "True") {
        return (Trouble::FinalAfter(30), failure.message.clone());
    }
    if let Some(unscheduled) = of_instance("PodScheduled") {
        return (Trouble::None, unscheduled);
    }
    if let Some(message) = synchronized {
        return (Trouble::None, message);
    }
    match (status, volumes()) {
        ("Provisioning" | "WaitingForVolumeBinding", message) => {
            (Trouble::Unknown, message.unwrap_or_else(|| "waiting for its data volume".to_owned()))
        }
        ("Running", _) => (Trouble::Guest, "no word from its guest yet".to_owned()),
        _ => (Trouble::Unknown, String::new()),
    }
}

/// A condition of an object.
fn condition<'a>(object: &'a Observed, kind: &str) -> Option<&'a Condition> {
    object.status.conditions.iter().find(|condition| condition.kind == kind)
}

/// The message of a condition that is `False`, with what repeats its wrapping taken off.
fn false_message(object: &Observed, kind: &str) -> Option<String> {
    let condition = condition(object, kind).filter(|condition| condition.status == "False")?;
    Some(if condition.message.is_empty() { condition.reason.clone() } else { condition.message.clone() })
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

    fn observed(object: serde_json::Value) -> Observed {
        serde_json::from_value(object).unwrap()
    }

    #[test]
    fn ready_needs_machine_and_instance() {
        let ready = observed(json!({"status": {"conditions": [{"type": "Ready", "status": "True"}]}}));
        assert!(row(&ready, Some(&ready)).ready);
        assert!(!row(&ready, None).ready, "a machine's condition may lag behind its instance");
        assert!(!row(&Observed::default(), None).ready);
    }

    #[test]
    fn quota_is_told_though_the_status_hides_it() {
        let message = "failed to create virtual machine pod: exceeded quota: q";
        let conditions = json!([{"type": "Synchronized", "status": "False", "reason": "FailedCreate", "message": message}]);
        let instance = observed(json!({"status": {"conditions": conditions}}));
        let row = row(&observed(json!({"status": {"printableStatus": "Starting"}})), Some(&instance));
        assert_eq!((row.reason.as_str(), row.trouble), (message, Trouble::None));
    }

    #[test]
    fn a_crash_loop_is_final_once_it_is_one() {
        let failed = |count| {
            let failure = json!({"consecutiveFailCount": count});
            let machine = observed(json!({"status": {"printableStatus": "CrashLoopBackOff", "startFailure": failure}}));
            let row = row(&machine, None);
            (row.trouble, row.reason)
        };
        assert_eq!(failed(1), (Trouble::None, "failed to start once".to_owned()));
        assert_eq!(failed(3), (Trouble::FinalAfter(0), "failed to start 3 times".to_owned()));
    }

    #[test]
    fn only_what_is_looked_at_is_kept() {
        let machine = observed(json!({
            "metadata": {"name": "m", "labels": {"theirs": "x", "virtwork/role": "server"}, "managedFields": [{}], "creationTimestamp": "2026-01-02T03:04:05Z"},
            "status": {"conditions": [{"type": "LiveMigratable", "status": "True", "lastProbeTime": null}], "startFailure": null},
        }));
        assert_eq!((machine.metadata.mark("virtwork/role"), machine.metadata.mark("theirs")), (Some("server"), None));
        assert!(machine.status.conditions.is_empty());
        assert_eq!(row(&machine, None).created, "2026-01-02T03:04:05Z");
    }
}
