//! Reads what may explain why VMs are not ready, beyond their own objects: their pods, events, disks, guests and consoles. Everything is
//! asked for by label, name or UID, so that the cost does not depend on what else is in the namespace.

use std::{collections::BTreeMap, future::Future};

use futures::future::join_all;
use tokio::time::{Instant, timeout_at};

use crate::{
    live::{LiveClaim, LiveEvent, LiveObject, LivePod, LiveVolume},
    metadata,
    object::Kind,
    status::{self, Answer, Cause, Evidence, Look, PrintableStatus, Reason, VmStatus, wants_look},
};

use super::{
    Target, guest,
    list::{Scope, list, list_events},
    timing::DIAGNOSE_TIMEOUT,
    transport::Code as _,
};

/// The most VMs that are looked at a time.
const MAX_LOOKS: usize = 20;

/// A VM to look at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Subject<'a> {
    /// The VM.
    pub vm: &'a LiveObject,
    /// Its VMI.
    pub vmi: Option<&'a LiveObject>,
    /// The cause that its own objects give.
    pub cause: Cause,
}

impl<'a> Subject<'a> {
    /// A VM about which a look may say more than its own objects.
    pub(crate) fn of(vm: &'a LiveObject, vmi: Option<&'a LiveObject>, own: &VmStatus) -> Option<Self> {
        let reason = own.reason.as_ref()?;
        wants_look(vm, vmi, reason).then_some(Self { vm, vmi, cause: reason.cause })
    }
}

/// What was read, by namespace and VM.
pub(crate) type Looks = BTreeMap<(String, String), Look>;

/// Looks at VMs. The first of each namespace are looked at; the others are marked as skipped.
pub(crate) async fn look(target: &Target, subjects: &[Subject<'_>]) -> Looks {
    let mut namespaces: BTreeMap<&str, Vec<Subject<'_>>> = BTreeMap::new();
    for subject in subjects {
        namespaces.entry(&subject.vm.metadata.namespace).or_default().push(*subject);
    }
    let mut looks = Looks::new();
    for (namespace, mut subjects) in namespaces {
        // VMs that are ready come last.
        subjects.sort_by_key(|subject| subject.cause == Cause::Draining);
        let (now, later) = subjects.split_at(subjects.len().min(MAX_LOOKS));
        let reader = Reader { target, namespace, until: Instant::now() + DIAGNOSE_TIMEOUT };
        for (subject, look) in now.iter().zip(reader.looks(now).await) {
            looks.insert((namespace.to_owned(), subject.vm.metadata.name.clone()), look);
        }
        for subject in later {
            let skipped = Look { vmi: uid_of(subject.vmi), skipped: Some(MAX_LOOKS), ..Look::default() };
            looks.insert((namespace.to_owned(), subject.vm.metadata.name.clone()), skipped);
        }
    }
    looks
}

/// The UID of a VMI; empty if there is none.
pub(crate) fn uid_of(vmi: Option<&LiveObject>) -> String {
    vmi.map(|vmi| vmi.metadata.uid.clone()).unwrap_or_default()
}

/// Reads in one namespace until a time. A source that does not respond by then is left out; nothing else waits for it.
struct Reader<'a> {
    target: &'a Target,
    namespace: &'a str,
    until: Instant,
}

impl Reader<'_> {
    async fn looks(&self, subjects: &[Subject<'_>]) -> Vec<Look> {
        let with_vmi: Vec<_> =
            subjects.iter().filter(|subject| subject.vmi.is_some()).map(|subject| subject.vm.metadata.name.as_str()).collect();
        let selector = format!("kubevirt.io=virt-launcher,{} in ({})", metadata::VM_NAME, with_vmi.join(","));
        let pods = if with_vmi.is_empty() {
            Some(Ok(Vec::new()))
        } else {
            // Events and disks are read even if pods do not arrive.
            let scope = Scope::new(Kind::Pod, Some(self.namespace), &selector);
            timeout_at(self.until - DIAGNOSE_TIMEOUT / 2, list::<LivePod>(self.target, &scope)).await.ok()
        };
        let (pods, pods_unread, denied) = match pods {
            Some(Ok(pods)) => (pods, false, None),
            Some(Err(error)) if error.is_code(403) => (Vec::new(), true, Some("listing pods")),
            _ => (Vec::new(), true, None),
        };
        let mut looks = Vec::new();
        for subject in subjects {
            let of_vm = |pod: &&LivePod| pod.metadata.label_or_annotation(metadata::VM_NAME) == Some(&subject.vm.metadata.name);
            let pods = pods.iter().filter(of_vm).cloned().collect();
            let denied = denied.into_iter().filter(|_| subject.vmi.is_some()).collect();
            let vmi = uid_of(subject.vmi);
            looks.push(self.look_at(*subject, Look { vmi, pods_unread, pods, denied, ..Look::default() }));
        }
        join_all(looks).await
    }

    async fn within<T>(&self, request: impl Future<Output = T>) -> Option<T> {
        timeout_at(self.until, request).await.ok()
    }

    async fn look_at(&self, subject: Subject<'_>, mut look: Look) -> Look {
        if PrintableStatus::of(subject.vm).is_of_volume() {
            self.disk(&subject.vm.metadata.name, &mut look).await;
        }
        if matches!(subject.cause, Cause::StartFailed | Cause::CrashLoop) {
            self.last_failure(&subject.vm.status.start_failure.last_failed_vmi, &mut look).await;
        }
        // Only one that taints keep away is looked at.
        if subject.cause == Cause::Unschedulable {
            self.eviction(&subject, &mut look).await;
        }
        let (guest, about) = {
            let evidence = Evidence { vm: subject.vm, vmi: subject.vmi, look: Some(&look), failure: None, now: now() };
            let pod = evidence.pod();
            let guest = pod.filter(|pod| subject.cause == Cause::GuestBooting && pod.runs()).map(|pod| pod.metadata.name.clone());
            (guest, about(&subject, &evidence))
        };
        if let Some(pod) = guest {
            look.answer = self.within(guest::ask(self.target, self.namespace, &pod)).await.unwrap_or(Answer::Nothing);
            if matches!(look.answer, Answer::Nothing | Answer::Forbidden) {
                look.console = self.within(guest::console(self.target, self.namespace, &pod)).await.unwrap_or_default();
            }
        }
        // What a guest said needs no event.
        if !matches!(look.answer, Answer::Working | Answer::Says(_)) {
            for uid in about {
                let found = self.events(format!("involvedObject.uid={uid}"), &mut look).await;
                look.events.extend(found);
            }
        }
        look
    }

    /// Why the pod of a VM's last instance was evicted. Both are gone; events of that instance, which had the VM's name, name the pod.
    async fn eviction(&self, subject: &Subject<'_>, look: &mut Look) {
        let vm = &subject.vm.metadata;
        let fields = format!("involvedObject.kind=VirtualMachineInstance,involvedObject.name={},reason=SuccessfulCreate", vm.name);
        let present = uid_of(subject.vmi);
        let mut created = self.events(fields, look).await;
        // An earlier VM may have had this name.
        created.retain(|event| event.involved.uid != present && event.time(now()) >= vm.creation_timestamp);
        let Some(pod) = created.iter().max_by_key(|event| event.time(now())).and_then(launcher) else { return };
        let fields = format!("involvedObject.kind=Pod,involvedObject.name={pod},reason=Evicted");
        let evicted = self.events(fields, look).await;
        look.failure = evicted.iter().max_by_key(|event| event.time(now())).map(status::reason_of_event);
    }

    async fn events(&self, fields: String, look: &mut Look) -> Vec<LiveEvent> {
        let scope = Scope::new(Kind::Event, Some(self.namespace), "").fields(fields);
        match self.within(list_events(self.target, &scope)).await {
            Some(Ok(events)) => events,
            Some(Err(error)) if error.is_code(403) => {
                if !look.denied.contains(&"listing events") {
                    look.denied.push("listing events");
                }
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    /// The data volume of a VM, its PVC, and what the provisioner says about that.
    async fn disk(&self, vm: &str, look: &mut Look) {
        let name = metadata::data_volume(vm);
        let target = self.target.clone().in_namespace(self.namespace.to_owned());
        let (volume, claim) = futures::join!(self.within(target.get(Kind::DataVolume, &name)), self.within(target.get(Kind::Pvc, &name)));
        if volume.as_ref().is_some_and(|found| found.as_ref().is_err_and(|error| error.is_code(403))) {
            look.denied.push("getting data volumes");
        }
        let volume = volume.and_then(Result::ok).flatten();
        let claim = claim.and_then(Result::ok).flatten();
        look.volume = volume.and_then(|volume| serde_json::from_value::<LiveVolume>(volume).ok());
        look.claim = claim.and_then(|claim| serde_json::from_value::<LiveClaim>(claim).ok());
    }

    /// Why a VMI failed that may be gone with its pod. Events stay: one about the VMI names its pod (kubevirt/kubevirt
    /// `pkg/virt-controller/watch/vmi/lifecycle.go`), whose name no other pod has.
    async fn last_failure(&self, vmi: &str, look: &mut Look) {
        if vmi.is_empty() {
            return;
        }
        let of_vmi = self.events(format!("involvedObject.uid={vmi}"), look).await;
        let pod = of_vmi.iter().filter(|event| event.reason == "SuccessfulCreate").find_map(launcher);
        let of_pod = match pod {
            Some(pod) => self.events(format!("involvedObject.kind=Pod,involvedObject.name={pod}"), look).await,
            None => Vec::new(),
        };
        let telling = |event: &&LiveEvent| event.is_warning() && TELLING.contains(&event.reason.as_str());
        let newest =
            |events: &[LiveEvent]| events.iter().filter(telling).max_by_key(|event| event.time(now())).map(status::reason_of_event);
        look.failure = newest(&of_pod).or_else(|| newest(&of_vmi)).map(|reason| Reason { since: None, ..reason });
    }
}

/// Warnings that say why a start failed.
const TELLING: [&str; 8] = [
    "UnexpectedAdmissionError",
    "Evicted",
    "FailedMount",
    "FailedAttachVolume",
    "FailedCreatePodSandBox",
    "Failed",
    "SyncFailed",
    "OutOfDevices",
];

/// Whether a text can be the name of a pod: it becomes part of a field selector.
fn is_name(text: &str) -> bool {
    text.len() <= 253 && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.')
}

/// The pod that an event about a VMI says was created for it: `Created virtual machine pod virt-launcher-cpu-0-x7k2p`.
fn launcher(event: &LiveEvent) -> Option<&str> {
    let pod = event.message.rsplit(' ').next()?;
    (pod.starts_with("virt-launcher-") && is_name(pod)).then_some(pod)
}

/// The UIDs of the objects whose events may explain it.
fn about(subject: &Subject<'_>, evidence: &Evidence<'_>) -> Vec<String> {
    let claim = evidence.claim().filter(|claim| claim.status.phase != "Bound").map(|claim| claim.metadata.uid.clone());
    let of_vmi = || subject.vmi.filter(|vmi| vmi.status.phase != "Running").map(|vmi| vmi.metadata.uid.clone());
    let of_pod = evidence.pod().map(|pod| pod.metadata.uid.clone());
    claim.into_iter().chain(of_pod.or_else(of_vmi)).filter(|uid| !uid.is_empty()).collect()
}

/// The present time.
pub(crate) fn now() -> k8s_openapi::jiff::Timestamp {
    k8s_openapi::jiff::Timestamp::now()
}
