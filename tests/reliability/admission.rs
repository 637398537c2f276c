//! Quotas, limits and admission webhooks, all on a real API server.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::{Router, body::Bytes, http::StatusCode};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use virtwork_sandbox::{faults::Faults, front::Front};

use super::{assert_down_deletes_all, assert_recovers, assert_remaining, assert_unchanged_then_down, assert_up_and_down, make_namespace};
use crate::common::World;

const CONFIGURATIONS: &str = "/apis/admissionregistration.k8s.io/v1";

/// A webhook for the VMs of the fleet, until it is dropped.
struct Webhook<'a> {
    world: &'a World,
    path: String,
    _runtime: tokio::runtime::Runtime,
}

impl<'a> Webhook<'a> {
    /// `answer` gets the VM and the number of earlier requests, and returns the rest of the response, or an HTTP status.
    fn new<F>(world: &'a World, kind: &str, answer: F) -> Self
    where
        F: Fn(&Value, usize) -> Result<Value, u16> + Send + Sync + 'static,
    {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let (answer, asked) = (Arc::new(answer), Arc::new(AtomicUsize::new(0)));
        let handler = move |body: Bytes| {
            let (answer, number) = (answer.clone(), asked.fetch_add(1, Ordering::SeqCst));
            async move {
                let request = serde_json::from_slice::<Value>(&body).unwrap()["request"].clone();
                match answer(&request["object"], number) {
                    Err(code) => (StatusCode::from_u16(code).unwrap(), String::new()),
                    Ok(mut response) => {
                        response["uid"] = request["uid"].clone();
                        let review = json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response});
                        (StatusCode::OK, review.to_string())
                    }
                }
            }
        };
        let front = Front::start(runtime.handle(), Router::new().fallback(handler), Arc::new(Faults::default())).unwrap();
        let webhook = json!({"name": "fleet.example.com", "admissionReviewVersions": ["v1"], "sideEffects": "None", "timeoutSeconds": 5,
            "clientConfig": {"url": format!("https://{}/", front.address), "caBundle": STANDARD.encode(front.authority())},
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "virtwork"}},
            "rules": [{"apiGroups": ["kubevirt.io"], "apiVersions": ["v1"], "resources": ["virtualmachines"], "operations": ["CREATE", "UPDATE"]}]});
        let collection = format!("{CONFIGURATIONS}/{kind}");
        world.api("POST", &collection, &json!({"metadata": {"name": "sandbox"}, "webhooks": [webhook]}));
        Self { world, path: format!("{collection}/sandbox"), _runtime: runtime }
    }
}

impl Drop for Webhook<'_> {
    fn drop(&mut self) {
        self.world.api("DELETE", &self.path, &json!(null));
    }
}

/// Creates a trial VM as a dry run until the result shows that the configuration is active.
fn until_enforced(world: &World, is_so: impl Fn(&Result<Value, String>) -> bool) {
    let vm = json!({"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachine", "metadata": {"name": "trial"}, "spec": {"runStrategy": "Halted",
        "template": {"spec": {"domain": {"devices": {}, "memory": {"guest": "1Gi"}}}}}});
    crate::common::eventually("the webhook is asked", || {
        is_so(&world.try_api("POST", "/apis/kubevirt.io/v1/namespaces/virtwork/virtualmachines?dryRun=All", &vm))
    });
}

#[test]
#[ignore = "needs a real API server"]
fn webhook_fails_once() {
    static FAILED: AtomicUsize = AtomicUsize::new(0);
    let world = World::new();
    make_namespace(&world);
    let webhook = Webhook::new(&world, "validatingwebhookconfigurations", |vm, _| {
        let ours = vm["metadata"]["name"] == "virtwork-cpu-0";
        if ours && FAILED.fetch_add(1, Ordering::SeqCst) == 0 {
            Err(500)
        } else {
            Ok(json!({"allowed": vm["metadata"]["name"] != "trial"}))
        }
    });
    until_enforced(&world, Result::is_err);
    world.run("up cpu").success();
    assert!(FAILED.load(Ordering::SeqCst) >= 2, "it was asked again");
    drop(webhook);
    assert_unchanged_then_down(&world, "up cpu");
}

#[test]
#[ignore = "needs a real API server"]
fn webhook_fails_permanently() {
    let world = World::new();
    make_namespace(&world);
    let webhook = Webhook::new(&world, "validatingwebhookconfigurations", |_, _| Err(500));
    until_enforced(&world, Result::is_err);
    world.run("up cpu --timeout 4").code(1).stderr_has("failed calling webhook \"fleet.example.com\"").absent("created\nvirtualmachine");
    assert_remaining(&world, 0, 1);
    drop(webhook);
    assert_recovers(&world, "up cpu");
}

#[test]
#[ignore = "needs a real API server"]
fn webhook_denies_one_vm_with_a_long_reason() {
    let world = World::new();
    make_namespace(&world);
    let why = format!("no VM with this number: {}", "because of a rule of this company. ".repeat(60));
    assert!(why.len() > 2000);
    let message = why.clone();
    let webhook = Webhook::new(&world, "validatingwebhookconfigurations", move |vm, _| {
        let name = vm["metadata"]["name"].as_str().unwrap_or_default();
        let denied = name == "virtwork-cpu-2" || name == "trial";
        Ok(if denied { json!({"allowed": false, "status": {"code": 403, "message": message}}) } else { json!({"allowed": true}) })
    });
    until_enforced(&world, Result::is_err);
    let run = world.run("up cpu --vm-count 4").code(1);
    let lines =
        run.stderr.lines().filter(|line| line.contains("admission webhook \"fleet.example.com\" denied the request: no VM")).count();
    assert_eq!(lines, 1, "{run:#?}");
    assert!(run.stderr.contains(why.trim()), "the whole reason is printed: {run:#?}");
    assert!(!world.names("kubevirt.io/v1/virtualmachines").contains(&"virtwork-cpu-2".to_owned()));
    drop(webhook);
    assert_recovers(&world, "up cpu --vm-count 4");
}

#[test]
#[ignore = "needs a real API server"]
fn webhook_adds_fields() {
    let world = World::new();
    make_namespace(&world);
    let webhook = Webhook::new(&world, "mutatingwebhookconfigurations", |_, _| {
        let patch = json!([{"op": "add", "path": "/spec/template/spec/schedulerName", "value": "theirs"}]);
        Ok(json!({"allowed": true, "patchType": "JSONPatch", "patch": STANDARD.encode(patch.to_string())}))
    });
    until_enforced(&world, |made| made.as_ref().is_ok_and(|made| made["spec"]["template"]["spec"]["schedulerName"] == "theirs"));
    world.run("up cpu").success();
    assert_eq!(world.vm("virtwork-cpu-0")["spec"]["template"]["spec"]["schedulerName"], "theirs");
    assert_unchanged_then_down(&world, "up cpu");
    drop(webhook);
}

#[test]
#[ignore = "needs a real API server"]
fn quota_of_three_vms() {
    let world = World::new();
    make_namespace(&world);
    let quotas = "/api/v1/namespaces/virtwork/resourcequotas";
    // No replication controller is allowed, so a refused one proves that admission knows this quota. Before that, a VM may be
    // let through without it; right after, its usage may still be unknown.
    let quota = |count: &str| json!({"metadata": {"name": "small"}, "spec": {"hard": {"count/virtualmachines.kubevirt.io": count, "replicationcontrollers": "0"}}});
    world.api("POST", quotas, &quota("3"));
    crate::common::eventually("the quota is enforced", || {
        let controller = json!({"metadata": {"name": "trial"}, "spec": {"replicas": 0, "selector": {"a": "b"},
            "template": {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "a", "image": "a"}]}}}});
        world
            .try_api("POST", "/api/v1/namespaces/virtwork/replicationcontrollers?dryRun=All", &controller)
            .is_err_and(|refusal| refusal.contains("exceeded quota"))
    });
    until_enforced(&world, |made| !made.as_ref().is_err_and(|refusal| refusal.contains("status unknown")));
    world.run("up cpu --vm-count 5").code(1).stderr_has("exceeded quota: small");
    assert_remaining(&world, 3, 1);
    world.api("PATCH", &format!("{quotas}/small"), &quota("5"));
    assert_recovers(&world, "up cpu --vm-count 5");
}

#[test]
fn quota_of_three_pods() {
    let world = World::new();
    make_namespace(&world);
    let quotas = "/api/v1/namespaces/virtwork/resourcequotas";
    let quota = |count: &str| json!({"metadata": {"name": "small"}, "spec": {"hard": {"pods": count}}});
    world.api("POST", quotas, &quota("3"));
    let run = world
        .run("up cpu --vm-count 4 --timeout 12")
        .code(3)
        .stderr_has("exceeded quota: small")
        .stderr_has("1 of 4 VMs did not become ready");
    assert_eq!(run.ready(), 3, "{run:#?}");
    assert_remaining(&world, 4, 1);
    world.api("PATCH", &format!("{quotas}/small"), &quota("9"));
    assert_recovers(&world, "up cpu --vm-count 4");
}

#[test]
#[ignore = "needs a real API server"]
fn limit_range() {
    let world = World::new();
    make_namespace(&world);
    let limits =
        json!([{"type": "Container", "default": {"cpu": "2", "memory": "4Gi"}, "defaultRequest": {"cpu": "100m", "memory": "64Mi"}}]);
    world.api("POST", "/api/v1/namespaces/virtwork/limitranges", &json!({"metadata": {"name": "limits"}, "spec": {"limits": limits}}));
    assert_up_and_down(&world, "up cpu memory");
    assert_down_deletes_all(&world);
}
