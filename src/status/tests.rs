use std::time::Duration;

use serde_json::{Value, json};

use super::*;

fn live(object: Value) -> LiveObject {
    serde_json::from_value(object).unwrap()
}

fn now() -> Timestamp {
    "2026-11-30T12:00:00Z".parse().unwrap()
}

fn of(vm: &LiveObject, vmi: Option<&LiveObject>, look: Option<&Look>) -> VmStatus {
    status(&Evidence { vm, vmi, look, failure: None, now: now() })
}

#[test]
fn ready_needs_vm_and_vmi() {
    let ready = live(json!({"status": {"conditions": [{"type": "Ready", "status": "True"}]}}));
    assert!(of(&ready, Some(&ready), None).ready);
    assert!(!of(&ready, None, None).ready, "a VM's condition may lag behind its VMI's");
    assert!(!of(&LiveObject::default(), None, None).ready);
}

#[test]
fn an_exceeded_quota_is_reported_until_there_is_a_pod() {
    let message = "failed to create virtual machine pod: exceeded quota: q";
    let conditions = json!([{"type": "Synchronized", "status": "False", "reason": "FailedCreate", "message": message}]);
    let vmi = live(json!({"metadata": {"uid": "i"}, "status": {"conditions": conditions}}));
    let vm = live(json!({"status": {"printableStatus": "Starting"}}));
    let status = of(&vm, Some(&vmi), None);
    assert_eq!((status.words().as_str(), status.reason.unwrap().cause), (message, Cause::QuotaExceeded));
    let look = Look { pods: vec![pod(json!({"phase": "Pending"}))], ..Look::default() };
    assert_eq!(of(&vm, Some(&vmi), Some(&look)).words(), "");
}

#[test]
fn a_crash_loop_is_final_from_the_second_failure_on() {
    let failed = |count| {
        let failure = json!({"consecutiveFailCount": count});
        let vm = live(json!({"status": {"printableStatus": "CrashLoopBackOff", "startFailure": failure}}));
        let status = of(&vm, None, None);
        (status.words(), status.reason.unwrap().cause.final_after())
    };
    assert_eq!(failed(1), ("failed to start once".to_owned(), None));
    assert_eq!(failed(3), ("failed to start 3 times".to_owned(), Some(Duration::from_secs(30))));
}

#[test]
fn only_needed_fields_are_kept() {
    let vm = live(json!({
        "metadata": {"name": "m", "labels": {"theirs": "x", "virtwork/role": "server"}, "managedFields": [{}], "creationTimestamp": "2026-01-02T03:04:05Z"},
        "status": {"conditions": [{"type": "LiveMigratable", "status": "True", "lastProbeTime": null}], "startFailure": null},
    }));
    assert_eq!((vm.metadata.label_or_annotation("virtwork/role"), vm.metadata.label_or_annotation("theirs")), (Some("server"), None));
    assert!(vm.status.conditions.is_empty());
    assert_eq!(of(&vm, None, None).created.unwrap().to_string(), "2026-01-02T03:04:05Z");
}

fn pod(status: Value) -> crate::live::LivePod {
    let owner = json!([{"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachineInstance", "name": "m", "uid": "i"}]);
    let metadata = json!({"name": "p", "uid": "p", "ownerReferences": owner, "creationTimestamp": "2026-11-30T11:00:00Z"});
    serde_json::from_value(json!({"metadata": metadata, "status": status})).unwrap()
}

/// A running VM and its VMI, with a ready condition.
fn running(ready: Value) -> (LiveObject, LiveObject) {
    let transitions = json!([{"phase": "Running", "phaseTransitionTimestamp": "2026-11-30T11:50:00Z"}]);
    let status = json!({"phase": "Running", "nodeName": "node-0", "phaseTransitionTimestamps": transitions, "conditions": [ready]});
    (live(json!({"status": {"printableStatus": "Running"}})), live(json!({"metadata": {"uid": "i"}, "status": status})))
}

#[test]
fn a_silent_node_is_named_before_the_guest_that_works() {
    let (vm, vmi) = running(json!({"type": "Ready", "status": "False"}));
    let conditions = json!([{"type": "Ready", "status": "False"}, {"type": "ContainersReady", "status": "True"}]);
    let look = Look { pods: vec![pod(json!({"phase": "Running", "conditions": conditions}))], answer: Answer::Working, ..Look::default() };
    assert_eq!(of(&vm, Some(&vmi), Some(&look)).words(), "node node-0 does not respond");
    let (vm, vmi) = running(json!({"type": "Ready", "status": "False", "reason": "ContainersNotReady"}));
    let conditions = json!([{"type": "Ready", "status": "False", "reason": "ContainersNotReady"}]);
    let look = Look { pods: vec![pod(json!({"phase": "Running", "conditions": conditions}))], ..look };
    assert_eq!(of(&vm, Some(&vmi), Some(&look)).words(), "working; waiting for the readiness probe");
}

/// The pod of another instance, and events about it, say nothing about this one.
#[test]
fn evidence_of_other_objects_does_not_count() {
    let vm = live(json!({"status": {"printableStatus": "Starting"}}));
    let vmi = live(json!({"metadata": {"uid": "new"}, "status": {"phase": "Scheduling"}}));
    let waiting = json!([{"name": "volumeroot", "state": {"waiting": {"reason": "ImagePullBackOff", "message": "not found"}}}]);
    let event = |uid: &str| json!({"involvedObject": {"uid": uid}, "type": "Warning", "reason": "FailedMount", "message": "no Secret"});
    let events = vec![serde_json::from_value(event("p")).unwrap()];
    let look = Look { pods: vec![pod(json!({"phase": "Pending", "initContainerStatuses": waiting}))], events, ..Look::default() };
    assert_eq!(of(&vm, Some(&vmi), Some(&look)).words(), "");
    let vmi = live(json!({"metadata": {"uid": "i"}, "status": {"phase": "Scheduling"}}));
    assert_eq!(of(&vm, Some(&vmi), Some(&look)).words(), "not found");
}

/// The newest event counts, and an absurd time is not newer than the present.
#[test]
fn the_newest_warning_of_the_pod_counts() {
    let vm = live(json!({"status": {"printableStatus": "Starting"}}));
    let vmi = live(json!({"metadata": {"uid": "i"}, "status": {"phase": "Scheduling"}}));
    let event = |reason: &str, time: Value| {
        let mut event = json!({"involvedObject": {"uid": "p"}, "type": "Warning", "reason": reason, "message": "m"});
        event.as_object_mut().unwrap().extend(time.as_object().unwrap().clone());
        serde_json::from_value(event).unwrap()
    };
    let events = vec![
        event("Old", json!({"lastTimestamp": "2026-11-30T11:30:00Z"})),
        event("Newer", json!({"lastTimestamp": null, "eventTime": "2026-11-30T11:40:00.000001Z"})),
        event("Newest", json!({"eventTime": "2026-11-30T10:00:00Z", "series": {"lastObservedTime": "2026-11-30T11:59:00Z"}})),
        event("MissingClusterDNS", json!({"lastTimestamp": "2026-11-30T11:59:59Z"})),
        event("Timeless", json!({"lastTimestamp": "yesterday"})),
    ];
    let look = Look { pods: vec![pod(json!({"phase": "Pending"}))], events, ..Look::default() };
    assert_eq!(of(&vm, Some(&vmi), Some(&look)).words(), "Newest: m");
}

/// During a migration the pod on the VM's node is its pod, whatever the names and ages of both.
#[test]
fn during_a_migration_the_source_is_asked() {
    let (vm, mut vmi) = running(json!({"type": "Ready", "status": "False", "reason": "ContainersNotReady"}));
    vmi.status.active_pods = vec![("p".into(), "node-0".into()), ("t".into(), "node-1".into())];
    let mut target = pod(json!({"phase": "Pending"}));
    target.metadata.uid = "t".to_owned();
    let evidence = |pods: Vec<_>| Look { pods, ..Look::default() };
    let source = pod(json!({"phase": "Running"}));
    for pods in [vec![target.clone(), source.clone()], vec![source, target]] {
        let look = evidence(pods);
        let found = Evidence { vm: &vm, vmi: Some(&vmi), look: Some(&look), failure: None, now: now() }.pod().unwrap().metadata.uid.clone();
        assert_eq!(found, "p");
    }
}

fn event(reason: &str, kind: &str, time: &str) -> crate::live::LiveEvent {
    let event = json!({"involvedObject": {"uid": "p"}, "type": kind, "reason": reason, "message": "m", "lastTimestamp": time});
    serde_json::from_value(event).unwrap()
}

/// What a pod did after a warning contradicts it.
#[test]
fn progress_ends_a_warning() {
    let vm = live(json!({"status": {"printableStatus": "Starting"}}));
    let vmi = live(json!({"metadata": {"uid": "i"}, "status": {"phase": "Scheduling"}}));
    let mut events = vec![event("FailedMount", "Warning", "2026-11-30T11:30:00Z"), event("Pulling", "Normal", "2026-11-30T11:31:00Z")];
    let pods = || vec![pod(json!({"phase": "Pending"}))];
    let look = Look { pods: pods(), events: events.clone(), ..Look::default() };
    assert_eq!(of(&vm, Some(&vmi), Some(&look)).words(), "");
    events.push(event("FailedMount", "Warning", "2026-11-30T11:32:00Z"));
    let look = Look { pods: pods(), events, ..Look::default() };
    assert_eq!(of(&vm, Some(&vmi), Some(&look)).words(), "FailedMount: m");
}

/// Without permission to ask, the console is the guest's word; what was not asked is not silent.
#[test]
fn only_a_guest_that_was_asked_is_silent() {
    let (vm, vmi) = running(json!({"type": "Ready", "status": "False", "reason": "ContainersNotReady"}));
    let ready = json!([{"type": "Ready", "status": "False", "lastTransitionTime": "2026-11-30T11:55:00Z"}]);
    let compute = json!([{"name": "compute", "state": {"running": {"startedAt": "2026-11-30T11:50:00Z"}}}]);
    let was_ready = || vec![pod(json!({"phase": "Running", "conditions": ready, "containerStatuses": compute}))];
    let says = |answer, last: Option<&str>| {
        let console = Console { last: last.map(str::to_owned), ..Console::default() };
        of(&vm, Some(&vmi), Some(&Look { pods: was_ready(), answer, console, ..Look::default() })).words()
    };
    assert_eq!(says(Answer::Forbidden, Some("virtwork-cpu.service is inactive")), "virtwork-cpu.service is inactive");
    assert_eq!(says(Answer::NotAsked, None), "waiting for the guest to report");
    assert_eq!(says(Answer::Nothing, None), "the guest does not respond");
}

/// What an older instance was started with is wrong, not what was corrected since.
#[test]
fn an_outdated_instance_says_so() {
    let template =
        json!({"metadata": {"annotations": {"virtwork/boot": "new"}}, "spec": {"volumes": [{"containerDisk": {"image": "good"}}]}});
    let vm = live(json!({"spec": {"template": template}, "status": {"printableStatus": "Starting"}}));
    let failed = json!([{"type": "Synchronized", "status": "False", "message": "failed to find disk file from ImageVolume: no such file"}]);
    let vmi = live(
        json!({"metadata": {"uid": "i", "annotations": {"virtwork/boot": "old"}}, "spec": {"volumes": [{"containerDisk": {"image": "bad"}}]},
        "status": {"phase": "Scheduled", "conditions": failed}}),
    );
    let words = of(&vm, Some(&vmi), None).words();
    assert!(words.starts_with("image bad is no containerDisk") && words.ends_with("; restart required (--restart)"), "{words}");
}

#[test]
fn what_can_heal_is_not_final() {
    let cause = |message: &str| words::image_pull(message).cause;
    for message in ["failed to pull: received unexpected HTTP status: 502 Bad Gateway", "pull QPS: 429 Too Many Requests", "unexpected EOF"]
    {
        assert_eq!(cause(message), Cause::RegistryUnreachable, "{message}");
    }
    assert_eq!(cause("pull access denied, repository does not exist"), Cause::ImagePullFailed);
    assert_eq!(words::reconcile_failure("exceeded quota: q").cause, Cause::QuotaExceeded);
    assert_eq!(words::reconcile_failure("failed calling webhook").cause, Cause::NotSynchronized);
}

/// What the present instance says comes before the failure of the last one.
#[test]
fn a_new_instance_says_something_else() {
    let vm =
        live(json!({"status": {"printableStatus": "Starting", "startFailure": {"consecutiveFailCount": 2, "lastFailedVMIUID": "old"}}}));
    let vmi = live(json!({"metadata": {"uid": "i"}, "status": {"phase": "Scheduling"}}));
    let words = |events| {
        let look = Look { pods: vec![pod(json!({"phase": "Pending"}))], events, ..Look::default() };
        of(&vm, Some(&vmi), Some(&look)).words()
    };
    assert_eq!(words(vec![event("FailedMount", "Warning", "2026-11-30T11:30:00Z")]), "FailedMount: m");
    assert_eq!(words(Vec::new()), "failed to start 2 times");
}

/// The node controller marks the pod of a silent node, whatever the VMI says once that pod is being deleted.
#[test]
fn a_silent_node_is_named_while_its_pod_is_deleted() {
    let (vm, vmi) =
        running(json!({"type": "Ready", "status": "False", "reason": "PodTerminating", "message": "virt-launcher pod is terminating"}));
    let conditions = json!([{"type": "Ready", "status": "False"}, {"type": "ContainersReady", "status": "True"}]);
    let mut pod = pod(json!({"phase": "Running", "conditions": conditions}));
    pod.metadata.terminating = true;
    let look = Look { pods: vec![pod], ..Look::default() };
    assert_eq!(of(&vm, Some(&vmi), Some(&look)).words(), "node node-0 does not respond");
}
