//! Diagnoses why a VM is not ready if its own status does not say so: from its guest, its console, its data volume and its events.

use std::collections::BTreeMap;

use futures::future::join_all;
use k8s_openapi::api::core::v1::Event;
use kube::api::{ListParams, LogParams, Request};
use kube::{Api, client::Body};
use serde_json::Value;

use crate::{
    object::Kind,
    plan::{HEALTH_PORT, metadata},
    status::{Cause, Denied, Diagnosis, VmStatus},
};

use super::timing::{CONSOLE_TIMEOUT, DIAGNOSE_TIMEOUT, PROBE_TIMEOUT};
use super::{
    Cluster,
    diff::name_of,
    transport::{Code as _, Effort},
};

/// The most VMs that are probed at a time.
const MAX_PROBED: usize = 20;
/// The console line of a guest whose workload runs (`src/catalog/common/guest/usr/local/libexec/virtwork/health`). Part
/// of the contract with guests.
const WORKING: &str = "working";
/// KubeVirt's container with the serial console as its log.
const CONSOLE: &str = "guest-console-log";

/// Diagnoses by namespace and VM.
pub type Reasons = BTreeMap<(String, String), Diagnosis>;

/// Sets the cause of each VM that has a diagnosis.
pub fn set_causes(rows: &mut [VmStatus], reasons: &Reasons) {
    for row in rows.iter_mut().filter(|row| row.needs_diagnosis()) {
        if let Some(diagnosis) = reasons.get(&(row.namespace.clone(), row.name.clone())) {
            row.cause = Some(Cause::Diagnosed(diagnosis.clone()));
        }
    }
}

impl Cluster {
    /// Diagnoses the VMs whose own status does not say why they are not ready.
    pub async fn diagnose(&self, rows: &mut [VmStatus]) {
        let reasons = self.diagnose_all(rows).await;
        set_causes(rows, &reasons);
    }

    pub(super) async fn diagnose_all(&self, rows: &[VmStatus]) -> Reasons {
        let mut late: BTreeMap<&str, Vec<VmStatus>> = BTreeMap::new();
        for row in rows.iter().filter(|row| row.needs_diagnosis()) {
            late.entry(&row.namespace).or_default().push(row.clone());
        }
        let mut found = Reasons::new();
        for (namespace, late) in late {
            let reasons = self.diagnose_namespace(namespace, &late).await;
            found.extend(reasons.into_iter().map(|(vm, reason)| ((namespace.to_owned(), vm), reason)));
        }
        found
    }

    /// Diagnoses by VM, for VMs in one namespace. VMs without a diagnosis are left out.
    pub(super) async fn diagnose_namespace(&self, namespace: &str, late: &[VmStatus]) -> BTreeMap<String, Diagnosis> {
        let names = |of: fn(&Cause) -> bool| {
            late.iter().filter(|row| row.cause.as_ref().is_some_and(of)).map(|row| row.name.clone()).collect::<Vec<_>>()
        };
        let volumes = names(Cause::is_of_volume);
        let unknown = names(|cause| cause.is_unexplained() || matches!(cause, Cause::Provisioning(_)));
        let guests = names(|cause| *cause == Cause::Guest);
        // A source that does not respond in time is left out; nothing else waits for it.
        let all = futures::join!(
            tokio::time::timeout(DIAGNOSE_TIMEOUT, self.event_reasons(namespace, &unknown)),
            tokio::time::timeout(DIAGNOSE_TIMEOUT, self.volume_reasons(namespace, &volumes)),
            tokio::time::timeout(DIAGNOSE_TIMEOUT, self.guest_reasons(namespace, &guests)),
        );
        [all.0, all.1, all.2].into_iter().filter_map(Result::ok).flatten().collect()
    }

    /// The states of data volumes, from CDI.
    async fn volume_reasons(&self, namespace: &str, vms: &[String]) -> BTreeMap<String, Diagnosis> {
        if vms.is_empty() {
            return BTreeMap::new();
        }
        let volumes = self.list_values(Kind::DataVolume, namespace, &metadata::selector(None, &[])).await.unwrap_or_default();
        let of = |vm: &String| {
            let volume = volumes.iter().find(|volume| name_of(volume) == metadata::data_volume(vm))?;
            let conditions = volume["status"]["conditions"].as_array()?;
            let bad =
                |condition: &&Value| condition["status"] == "False" && condition["message"].as_str().is_some_and(|text| !text.is_empty());
            let message = conditions.iter().find(bad)?["message"].as_str()?;
            let phase = volume["status"]["phase"].as_str().unwrap_or("Unknown").to_owned();
            Some((vm.clone(), Diagnosis::DataVolume { phase, message: message.to_owned() }))
        };
        vms.iter().filter_map(of).collect()
    }

    /// The reports of guests. VMs without a report are left out.
    async fn guest_reasons(&self, namespace: &str, vms: &[String]) -> BTreeMap<String, Diagnosis> {
        if vms.is_empty() {
            return BTreeMap::new();
        }
        let pods = match self.list_values(Kind::Pod, namespace, "kubevirt.io=virt-launcher").await {
            Ok(pods) => pods,
            Err(error) if error.is_code(403) => {
                return vms.iter().take(MAX_PROBED).map(|vm| (vm.clone(), Diagnosis::Forbidden(Denied::Pods))).collect();
            }
            Err(_) => return BTreeMap::new(),
        };
        let pod_of = |vm: &String| {
            let of = |pod: &&Value| vm_of(pod) == *vm && pod["metadata"]["deletionTimestamp"].is_null();
            pods.iter().find(of).map(|pod| (vm.clone(), name_of(pod)))
        };
        let asked = vms
            .iter()
            .take(MAX_PROBED)
            .filter_map(pod_of)
            .map(|(vm, pod)| async move { Some((vm, self.guest_reason(namespace, &pod).await?)) });
        let unasked = vms.iter().skip(MAX_PROBED).map(|vm| (vm.clone(), Diagnosis::NotChecked(MAX_PROBED)));
        unasked.chain(join_all(asked).await.into_iter().flatten()).collect()
    }

    async fn guest_reason(&self, namespace: &str, pod: &str) -> Option<Diagnosis> {
        match tokio::time::timeout(PROBE_TIMEOUT, self.answer(namespace, pod)).await.ok().flatten() {
            Some((200, _)) => Some(Diagnosis::Working),
            Some((403, _)) => match self.console_line(namespace, pod).await {
                Ok(line) => line.map(|line| if line == WORKING { Diagnosis::ConsoleWorking } else { Diagnosis::Guest(line) }),
                Err(()) => Some(Diagnosis::Forbidden(Denied::GuestAndConsole)),
            },
            // Errors of the API server are JSON or begin like this; a guest's response is one plain sentence.
            Some((_, line)) if !(line.starts_with('{') || line.starts_with("error trying to reach service") || line.is_empty()) => {
                Some(Diagnosis::Guest(line))
            }
            _ => {
                let line = self.console_line(namespace, pod).await.ok().flatten()?;
                Some(if line == WORKING { Diagnosis::Silent } else { Diagnosis::Guest(line) })
            }
        }
    }

    /// Status and first line of the guest's response.
    async fn answer(&self, namespace: &str, pod: &str) -> Option<(u16, String)> {
        let path = format!("/api/v1/namespaces/{namespace}/pods/{pod}:{HEALTH_PORT}/proxy/");
        let request = http::Request::get(path).extension(Effort::Once).body(Body::empty()).ok()?;
        let answer = self.client().send(request).await.ok()?;
        let status = answer.status().as_u16();
        let body = answer.into_body().collect_bytes().await.ok()?;
        let body = String::from_utf8_lossy(&body);
        Some((status, body.lines().next().unwrap_or_default().trim().to_owned()))
    }

    /// The guest's last line on its serial console; an error if the console cannot be read.
    async fn console_line(&self, namespace: &str, pod: &str) -> Result<Option<String>, ()> {
        let parameters = LogParams { container: Some(CONSOLE.to_owned()), tail_lines: Some(400), ..LogParams::default() };
        let path = format!("/api/v1/namespaces/{namespace}/pods");
        let Ok(mut request) = Request::new(path).logs(pod, &parameters) else { return Ok(None) };
        request.extensions_mut().insert(Effort::Once);
        match tokio::time::timeout(CONSOLE_TIMEOUT, self.client().request_text(request)).await {
            Ok(Ok(log)) => {
                let said = log.lines().rev().find_map(|line| Some(line.split_once("VIRTWORK ")?.1.trim()));
                Ok(said.and_then(|line| line.split_once(": ")).map(|(_, text)| text.to_owned()))
            }
            Ok(Err(kube::Error::Api(status))) if status.code == 403 => Err(()),
            Ok(Err(_)) | Err(_) => Ok(None),
        }
    }

    /// The newest warning event of each VM, its pod or its data volume.
    async fn event_reasons(&self, namespace: &str, vms: &[String]) -> BTreeMap<String, Diagnosis> {
        if vms.is_empty() {
            return BTreeMap::new();
        }
        let api: Api<Event> = Api::namespaced(self.client(), namespace);
        let Ok(events) = api.list(&ListParams::default().fields("type=Warning").limit(super::list::PAGE)).await else {
            return BTreeMap::new();
        };
        let mut reasons = BTreeMap::new();
        let mut events = events.items;
        // The newest comes last and replaces earlier ones.
        events.sort_by_key(|event| event.last_timestamp.as_ref().map(|time| time.0));
        for event in events {
            let meta = event.involved_object.name.unwrap_or_default();
            let owner = vms.iter().find(|vm| {
                meta == **vm
                    || meta.strip_prefix("virt-launcher-").is_some_and(|rest| rest.starts_with(&format!("{vm}-")))
                    || meta == metadata::data_volume(vm)
            });
            if let (Some(vm), Some(message)) = (owner, event.message) {
                let message = message.lines().next().unwrap_or_default().to_owned();
                reasons.insert(vm.clone(), Diagnosis::Event { reason: event.reason, message });
            }
        }
        reasons
    }
}

/// The VM of a virt-launcher pod, by labels that KubeVirt copies from the VMI.
fn vm_of(pod: &Value) -> String {
    let labels = &pod["metadata"]["labels"];
    let name = labels["vm.kubevirt.io/name"].as_str().or_else(|| pod["metadata"]["annotations"]["kubevirt.io/domain"].as_str());
    name.unwrap_or_default().to_owned()
}
