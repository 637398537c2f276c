//! Every reason, warning, notice and hint on one page, to be read as prose. `INSTA_UPDATE=always cargo test --test messages` accepts
//! changes.

use std::{fmt::Display, time::Duration};

use virtwork::{
    event::{Hint, Mode, Notice, Outcome, Pending, Question, Wait, Warning},
    object::{Kind, ObjectName, ObjectRef},
    plan::ResourceTotals,
    status::{Cause, Denied, Diagnosis, NotReady, PrintableStatus},
};

fn text(text: &str) -> String {
    text.to_owned()
}

fn vm() -> NotReady {
    NotReady { name: text("virtwork-cpu-0"), printable: PrintableStatus::Running, cause: Cause::Guest }
}

fn object(kind: Kind, name: &str) -> ObjectRef {
    ObjectRef { kind, name: text(name), uid: text("1") }
}

fn page(title: &str, messages: &[&dyn Display]) -> String {
    let lines: String = messages.iter().map(|message| format!("{message}\n")).collect();
    format!("{title}\n{lines}\n")
}

#[test]
fn reasons() {
    let kubevirt: [&dyn Display; 17] = [
        &Cause::Terminating,
        &Cause::Deleted,
        &Cause::RestartPending { name: text("virtwork-cpu-0"), namespace: text("team") },
        &Cause::CrashLoop { failures: None, message: None },
        &Cause::CrashLoop { failures: Some(1), message: None },
        &Cause::CrashLoop { failures: Some(3), message: Some(text("KubeVirt's message")) },
        &Cause::ImagePull(None),
        &Cause::ImagePull(Some(text("manifest unknown"))),
        &Cause::DataVolumeFailed(None),
        &Cause::Stopped,
        &Cause::Paused(text("PausedByUser")),
        &Cause::Failure(text("KubeVirt's message")),
        &Cause::Unschedulable(text("0/2 nodes are available: 2 Insufficient memory.")),
        &Cause::NotSynchronized(text("exceeded quota: small")),
        &Cause::Provisioning(None),
        &Cause::Guest,
        &Cause::Unknown,
    ];
    let diagnosis: [&dyn Display; 8] = [
        &Diagnosis::Guest(text("the guest's message")),
        &Diagnosis::Working,
        &Diagnosis::Silent,
        &Diagnosis::ConsoleWorking,
        &Diagnosis::Forbidden(Denied::Pods),
        &Diagnosis::NotChecked(20),
        &Diagnosis::DataVolume { phase: text("Pending"), message: text("no accessMode specified in StorageProfile") },
        &Diagnosis::Event { reason: Some(text("FailedMount")), message: text("secret not found") },
    ];
    insta::assert_snapshot!(page("From KubeVirt:", &kubevirt) + &page("From the diagnosis:", &diagnosis));
}

#[test]
fn notices() {
    let totals = ResourceTotals { vms: 3, cpus: 6, memory: 6 << 30, storage: 10 << 30 };
    let notices: [&dyn Display; 15] = [
        &Notice::Reconnected,
        &Notice::NobodyCanLogIn,
        &Notice::DefaultKey("/home/me/.ssh/id_ed25519.pub".into()),
        &Notice::Fleet { name: text("virtwork"), namespace: text("team"), totals },
        &Notice::NotValidated,
        &Notice::RestartRequired(vec![text("virtwork-cpu-0")]),
        &Notice::KeptWithoutPrune(vec![text("virtwork-cpu-1"), text("virtwork-cpu-2")]),
        &Notice::NotReady(vm()),
        &Notice::NothingChanged,
        &Notice::NothingDeleted,
        &Notice::NamespaceKept,
        &Notice::NothingFound { workloads: Vec::new(), fleet: text("virtwork"), namespace: text("team") },
        &Notice::NothingFound { workloads: vec![text("disk")], fleet: text("virtwork"), namespace: text("team") },
        &Notice::NoResources { namespace: Some(text("team")) },
        &Notice::NoResources { namespace: None },
    ];
    let warnings: [&dyn Display; 7] = [
        &Warning::StorageClassesForbidden,
        &Warning::CannotList(Kind::DataVolume),
        &Warning::Disconnected(text("connection refused")),
        &Warning::Appeared(vec![object(Kind::Vm, "virtwork-cpu-1")]),
        &Warning::AppearedUnknown,
        &Warning::Foreign(vec![object(Kind::Vm, "virtwork-cpu-1"), object(Kind::Secret, "virtwork-cpu-userdata")]),
        &Warning::PasswordInProcessList,
    ];
    let questions: [&dyn Display; 3] = [
        &Question::Prune(vec![ObjectName::new(Kind::Vm, "virtwork-cpu-1")]),
        &Question::Delete { objects: vec![ObjectName::new(Kind::Vm, "virtwork-cpu-0")], namespace: text("team") },
        &Question::DeleteNamespace(text("team")),
    ];
    let (program, flags) = (text("kubectl virtwork"), text(" --namespace team"));
    let hints: [&dyn Display; 3] = [
        &Hint::FollowStatus { program: program.clone(), flags: flags.clone() },
        &Hint::UseFleet { program: program.clone(), flags: flags.clone(), login: Some(text("cpu-0")) },
        &Hint::UseFleet { program, flags, login: None },
    ];
    let progress: [&dyn Display; 15] = [
        &Outcome::Created,
        &Outcome::Configured,
        &Outcome::Started,
        &Outcome::Unchanged,
        &Outcome::Restarted,
        &Outcome::Pruned,
        &Outcome::Pruning,
        &Wait::Ready.noun(1),
        &Wait::Running.noun(2),
        &Wait::Deleted.noun(2),
        &Pending::Vm(vm()),
        &Pending::Object(object(Kind::Pvc, "virtwork-disk-0-data")),
        &Mode::ClientDryRun,
        &Mode::ServerDryRun,
        &virtwork::error::go_duration(Duration::from_secs(600)),
    ];
    let pages =
        [("Notices:", &notices[..]), ("Warnings:", &warnings), ("Questions:", &questions), ("Hints:", &hints), ("Progress:", &progress)];
    insta::assert_snapshot!(pages.map(|(title, messages)| page(title, messages)).concat());
}
