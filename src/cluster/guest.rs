//! Why a VM is not ready, where it does not say so itself: its guest is asked, else its console; its data volume; the
//! events around it.

use std::{collections::BTreeMap, time::Duration};

use futures::future::join_all;
use k8s_openapi::api::core::v1::{Event, Pod};
use kube::api::{ListParams, LogParams};
use kube::{Api, client::Body};
use serde_json::Value;

use crate::{
    object::Kind,
    plan::{HEALTH_PORT, metadata},
    status::{Cause, Diagnosis, VmStatus},
};

use super::{Cluster, diff::name_of};

/// More VMs than this are not asked one by one.
const MAX_PROBED: usize = 20;
/// All answers together.
const MAX_RETRY_TIME: Duration = Duration::from_secs(10);
/// One guest's own; its console is read when it does not come.
const PROBE_TIMEOUT: Duration = Duration::from_secs(6);
/// Its console.
const CONSOLE_TIMEOUT: Duration = Duration::from_secs(3);
/// What a guest whose work runs says on its console (`src/catalog/common/guest/usr/local/libexec/virtwork/health`).
const WORKING: &str = "working";
/// KubeVirt's container that prints the serial console.
const CONSOLE: &str = "guest-console-log";

/// Diagnoses by namespace and VM.
pub type Reasons = BTreeMap<(String, String), Diagnosis>;

/// Gives each VM whose own status does not say why it is not ready what was found out.
pub fn set_causes(rows: &mut [VmStatus], reasons: &Reasons) {
    for row in rows.iter_mut().filter(|row| row.needs_diagnosis()) {
        if let Some(diagnosis) = reasons.get(&(row.namespace.clone(), row.name.clone())) {
            row.cause = Some(Cause::Diagnosed(diagnosis.clone()));
        }
    }
}

impl Cluster {
    /// Fills in the reasons that the VMs' own status does not give.
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

    /// Reasons by VM, of VMs in one namespace that are not ready; of a VM that says nothing, none.
    pub(super) async fn diagnose_namespace(&self, namespace: &str, late: &[VmStatus]) -> BTreeMap<String, Diagnosis> {
        let names = |of: fn(&Cause) -> bool| {
            late.iter().filter(|row| row.cause.as_ref().is_some_and(of)).map(|row| row.name.clone()).collect::<Vec<_>>()
        };
        let volumes = names(Cause::is_of_volume);
        let unknown = names(|cause| matches!(cause, Cause::Unknown | Cause::Provisioning(_)));
        let guests = names(|cause| *cause == Cause::Guest);
        // Whoever does not answer in time leaves it at what is known: nothing else waits for reasons.
        let all = futures::join!(
            tokio::time::timeout(MAX_RETRY_TIME, self.event_reasons(namespace, &unknown)),
            tokio::time::timeout(MAX_RETRY_TIME, self.volume_reasons(namespace, &volumes)),
            tokio::time::timeout(MAX_RETRY_TIME, self.guest_reasons(namespace, &guests)),
        );
        [all.0, all.1, all.2].into_iter().filter_map(Result::ok).flatten().collect()
    }

    /// What CDI says of data volumes.
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

    /// Reasons by VM; of a VM that says nothing, none.
    async fn guest_reasons(&self, namespace: &str, vms: &[String]) -> BTreeMap<String, Diagnosis> {
        if vms.is_empty() {
            return BTreeMap::new();
        }
        let pods = match self.list_values(Kind::Pod, namespace, "kubevirt.io=virt-launcher").await {
            Ok(pods) => pods,
            Err(failure) if failure.is_code(403) => {
                return vms.iter().take(MAX_PROBED).map(|vm| (vm.clone(), Diagnosis::Forbidden("listing pods"))).collect();
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
                Err(()) => Some(Diagnosis::Forbidden("reading pods/proxy and pods/log")),
            },
            // The API server's own errors are JSON or begin so; the guest's are one plain sentence.
            Some((_, line)) if !(line.starts_with('{') || line.starts_with("error trying to reach service") || line.is_empty()) => {
                Some(Diagnosis::Guest(line))
            }
            _ => {
                let line = self.console_line(namespace, pod).await.ok().flatten()?;
                Some(if line == WORKING { Diagnosis::Silent } else { Diagnosis::Guest(line) })
            }
        }
    }

    /// Status and first line of what the guest itself says.
    async fn answer(&self, namespace: &str, pod: &str) -> Option<(u16, String)> {
        let path = format!("/api/v1/namespaces/{namespace}/pods/{pod}:{HEALTH_PORT}/proxy/");
        let request = http::Request::get(path).body(Body::empty()).ok()?;
        let answer = self.client().send(request).await.ok()?;
        let status = answer.status().as_u16();
        let body = answer.into_body().collect_bytes().await.ok()?;
        let body = String::from_utf8_lossy(&body);
        Some((status, body.lines().next().unwrap_or_default().trim().to_owned()))
    }

    /// The last thing the guest said on its serial console; an error where it may not be read.
    async fn console_line(&self, namespace: &str, pod: &str) -> Result<Option<String>, ()> {
        let api: Api<Pod> = Api::namespaced(self.client(), namespace);
        let parameters = LogParams { container: Some(CONSOLE.to_owned()), tail_lines: Some(400), ..LogParams::default() };
        match tokio::time::timeout(CONSOLE_TIMEOUT, api.logs(pod, &parameters)).await {
            Ok(Ok(log)) => {
                let said = log.lines().rev().find_map(|line| Some(line.split_once("VIRTWORK ")?.1.trim()));
                Ok(said.and_then(|line| line.split_once(": ")).map(|(_, text)| text.to_owned()))
            }
            Ok(Err(kube::Error::Api(status))) if status.code == 403 => Err(()),
            Ok(Err(_)) | Err(_) => Ok(None),
        }
    }

    /// The newest warning about each VM, its pod or its data volume.
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
        // The newest is told last, and stays.
        events.sort_by_key(|event| event.last_timestamp.as_ref().map(|time| time.0));
        for event in events {
            let about = event.involved_object.name.unwrap_or_default();
            let owner = vms.iter().find(|vm| {
                about == **vm
                    || about.strip_prefix("virt-launcher-").is_some_and(|rest| rest.starts_with(&format!("{vm}-")))
                    || about == metadata::data_volume(vm)
            });
            if let (Some(vm), Some(message)) = (owner, event.message) {
                let message = message.lines().next().unwrap_or_default().to_owned();
                reasons.insert(vm.clone(), Diagnosis::Event { reason: event.reason, message });
            }
        }
        reasons
    }
}

/// The VM that a virt-launcher pod belongs to; the pod's labels are the VMI's.
fn vm_of(pod: &Value) -> String {
    let labels = &pod["metadata"]["labels"];
    let name = labels["vm.kubevirt.io/name"].as_str().or_else(|| pod["metadata"]["annotations"]["kubevirt.io/domain"].as_str());
    name.unwrap_or_default().to_owned()
}
