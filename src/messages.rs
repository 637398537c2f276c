//! Every reason, warning, notice, hint and error on one page, to be read as prose. `INSTA_UPDATE=always cargo test --lib messages` accepts
//! changes.

use std::{fmt::Display, io, time::Duration};

use crate::{
    error::{
        ClusterError, ClusterValue, Error, GaveUp, Goal, Interrupted, KubeconfigError, LoginError, Unconfirmed, ValueError, WaitedFor,
    },
    event::{Hint, Mode, Notice, Outcome, Pending, Question, Wait, Warning},
    object::{Kind, ObjectName, ObjectRef},
    plan::{
        PlanError, ResourceTotals,
        compare::{DiskChange, DiskState},
    },
    status::{Cause, NotReady, PrintableStatus, Reason},
};
use kube::core::Status;

fn text(text: &str) -> String {
    text.to_owned()
}

fn vm() -> NotReady {
    NotReady { name: text("virtwork-cpu-0"), printable: PrintableStatus::Running, reason: Reason::new(Cause::GuestBooting, "") }
}

fn object(kind: Kind, name: &str) -> ObjectRef {
    ObjectRef { kind, name: text(name), uid: text("1") }
}

fn page(title: &str, messages: &[&dyn Display]) -> String {
    let lines: String = messages.iter().map(|message| format!("{message}\n")).collect();
    format!("{title}\n{lines}\n")
}

/// What stands for the words of a cluster or a guest.
fn detail(cause: Cause) -> &'static str {
    match cause {
        Cause::Paused => "PausedByUser",
        Cause::RestartRequired => "virtwork-cpu-0 -n team",
        Cause::NodeUnreachable => "node-0",
        Cause::NotContainerDisk => "registry.example/not-a-disk:1",
        Cause::Forbidden => "listing pods",
        Cause::NotChecked => "20",
        _ => "(details)",
    }
}

#[test]
fn reasons() {
    let line = |cause: &Cause, detail: &str| format!("{}: {}\n", cause.name(), Reason::new(*cause, detail));
    let without: String = Cause::ALL.iter().map(|cause| line(cause, "")).filter(|line| !line.ends_with(": \n")).collect();
    let with: String = Cause::ALL.iter().map(|cause| line(cause, detail(*cause))).collect();
    snapshot("reasons", &format!("With details:\n{with}\nWithout:\n{without}"));
}

/// Compares with the file under `tests/snapshots`.
#[track_caller]
fn snapshot(name: &str, text: &str) {
    insta::with_settings!({snapshot_path => "../tests/snapshots"}, { insta::assert_snapshot!(name, text) });
}

#[test]
fn notices() {
    let totals = ResourceTotals { vms: 3, cpus: 6, memory: 6 << 30, storage: 10 << 30 };
    let notices: [&dyn Display; 16] = [
        &Notice::Reconnected,
        &Notice::NobodyCanLogIn,
        &Notice::DefaultKey("/home/me/.ssh/id_ed25519.pub".into()),
        &Notice::Fleet { name: text("virtwork"), namespace: text("team"), totals },
        &Notice::NotValidated,
        &Notice::RestartRequired(vec![text("virtwork-cpu-0")]),
        &Notice::KeptWithoutPrune(vec![text("virtwork-cpu-1"), text("virtwork-cpu-2")]),
        &Notice::OtherWorkloads(vec![text("virtwork-disk-0")]),
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
        &crate::error::go_duration(Duration::from_secs(600)),
    ];
    let pages =
        [("Notices:", &notices[..]), ("Warnings:", &warnings), ("Questions:", &questions), ("Hints:", &hints), ("Progress:", &progress)];
    snapshot("notices", &pages.map(|(title, messages)| page(title, messages)).concat());
}

fn denied() -> io::Error {
    io::Error::from_raw_os_error(13)
}

fn api(reason: &str, message: &str, code: u16) -> Error {
    ClusterError::Api(Box::new(Status::failure(message, reason).with_code(code))).into()
}

fn timeout(waited_for: WaitedFor) -> Error {
    ClusterError::Timeout { after: Duration::from_secs(600), waited_for }.into()
}

/// Errors of command lines, settings and catalogs are in `bad_input`.
#[expect(clippy::too_many_lines, reason = "a list")]
fn errors() -> Vec<(&'static str, Vec<Error>)> {
    let (team, name) = (|| text("team"), || text("virtwork-cpu-0"));
    let vms = || vec![text("cpu-0"), text("cpu-1")];
    let classes = || vec![text("fast"), text("slow")];
    let cluster: Vec<ClusterError> = vec![
        ClusterError::Unauthorized,
        ClusterError::Refused(text("10.0.0.1:6443")),
        ClusterError::ProxyRefused(text("proxy:3128")),
        ClusterError::Silent(text("10.0.0.1:6443")),
        ClusterError::Unreachable(text("invalid peer certificate: UnknownIssuer")),
        ClusterError::Unreadable(text("expected value at line 1 column 1")),
        ClusterError::NoKubeVirt,
        ClusterError::NoCdi,
        ClusterError::StorageClassNotFound { name: text("gold"), available: classes() },
        ClusterError::StorageClassNotFound { name: text("gold"), available: Vec::new() },
        ClusterError::NoDefaultStorageClass { available: classes() },
        ClusterError::PullSecretNotFound { name: text("registry"), namespace: team() },
        ClusterError::NamespaceTerminating(team()),
        ClusterError::NamespaceNotFound(team()),
        ClusterError::NoNamespaceAccess(team()),
        ClusterError::PrimaryNetwork { namespace: team(), label: "k8s.ovn.org/primary-user-defined-network" },
        PlanError::NameTaken {
            namespace: team(),
            objects: vec![ObjectName::new(Kind::Secret, "virtwork-cpu-userdata"), ObjectName::new(Kind::Vm, "virtwork-cpu-0")],
        }
        .into(),
        PlanError::DiskChange {
            changes: vec![
                DiskChange {
                    vm: text("virtwork-disk-0"),
                    live: DiskState::DataVolume { size: text("10Gi"), class: None },
                    planned: DiskState::DataVolume { size: text("20Gi"), class: Some(text("fast")) },
                },
                DiskChange { vm: text("virtwork-disk-1"), live: DiskState::EmptyDisk, planned: DiskState::None },
            ],
            workloads: vec![text("disk")],
            namespace: team(),
            fleet: text("virtwork"),
        }
        .into(),
        ClusterError::MissingPermissions { namespace: team(), missing: vec![text("create secrets"), text("create services")] },
    ];
    let kubeconfig = vec![
        KubeconfigError::NoCluster,
        KubeconfigError::NotFound { path: "/home/me/config".into(), error: denied() },
        KubeconfigError::File { path: "/home/me/config".into(), why: text("mapping values are not allowed in this context") },
        KubeconfigError::FlagFile { flag: "--client-key", path: "/home/me/key".into(), error: denied() },
        KubeconfigError::NoContext(text("staging")),
        KubeconfigError::NoServer(text("staging")),
        KubeconfigError::NoUser(text("me")),
        KubeconfigError::ImpersonationWithoutUser,
        KubeconfigError::FlagInPod("--token"),
        KubeconfigError::ProxyProtocol { scheme: text("socks9"), address: text("proxy:3128") },
        KubeconfigError::InvalidField("client-key"),
        KubeconfigError::FieldFile { field: "client-key", path: "/home/me/key".into(), error: denied().to_string() },
        KubeconfigError::ProxyUrl,
        KubeconfigError::NoSystemCertificates,
        KubeconfigError::Unusable(text("kubeconfigs with mismatching kind cannot be merged")),
    ];
    let plugin = || text("aws");
    let login = vec![
        LoginError::Failed { plugin: plugin(), status: 3 },
        LoginError::Killed(plugin()),
        LoginError::NotStarted { plugin: plugin(), error: denied().to_string() },
        LoginError::NoCredential(plugin()),
        LoginError::BadExpiration(plugin()),
        LoginError::BadCertificate(plugin()),
        LoginError::BadToken(Some(plugin())),
        LoginError::BadToken(None),
        LoginError::NoCommand,
        LoginError::TokenFile { path: text("/home/me/token"), error: denied().to_string() },
        LoginError::BadPassword,
        LoginError::Provider,
    ];
    let not_running = || Box::new(NotReady { name: name(), printable: PrintableStatus::Stopped, reason: Reason::new(Cause::Stopped, "") });
    let up = vec![
        Error::NotReady { count: 1, total: 1, goal: Goal::Ready, why: GaveUp::TimedOut(Duration::from_secs(600)) },
        Error::NotReady { count: 2, total: 5, goal: Goal::Running, why: GaveUp::Hopeless },
        Error::NotWatched(ClusterError::Unauthorized),
        Error::Unconfirmed(Unconfirmed::Prune(vec![ObjectName::new(Kind::Vm, "virtwork-cpu-1")])),
        PlanError::UserDataTooLarge { vm: name(), size: 1_200_000, limit: 1_048_576 }.into(),
        PlanError::NameTooLong { name: text("this-name-is-too-long-for-some-machines-network-client-0"), limit: 50 }.into(),
        Error::ConfiguredNamespace(ValueError::Namespace(text("pre/secrets#"))),
        timeout(WaitedFor::FirstList),
        Error::Interrupted(Interrupted::Up),
    ];
    let down = vec![
        Error::Unconfirmed(Unconfirmed::Namespace(team())),
        timeout(WaitedFor::Deletion { left: 2, total: 8 }),
        timeout(WaitedFor::Object(text("virtualmachine.kubevirt.io/virtwork-cpu-0"))),
        timeout(WaitedFor::Namespace(team())),
        Error::NotDeleted { object: text("virtualmachines/virtwork-cpu-0"), finalizers: vec![text("example.com/hold")], reason: None },
        Error::NotDeleted {
            object: text("virtualmachines/virtwork-cpu-0"),
            finalizers: vec![text("example.com/hold")],
            reason: Some(Reason::new(Cause::NodeUnreachable, "node-0")),
        },
        Error::NotDeleted { object: text("virtualmachines/virtwork-cpu-0"), finalizers: Vec::new(), reason: None },
        Error::NamespaceNotOurs(team()),
        Error::NamespaceForbidden(team()),
        Error::NamespaceReplaced(team()),
        Error::NamespaceNotEmpty { namespace: team(), others: vec![text("configmaps/settings"), text("secrets/registry")] },
        Error::NamespaceUnverified { namespace: team(), resources: vec![text("routes")] },
        Error::Interrupted(Interrupted::Down),
        Error::Interrupted(Interrupted::Harmless),
    ];
    let ssh = vec![
        Error::VirtctlNotFound,
        Error::SshNotFound,
        Error::Program { program: text("/usr/bin/virtctl"), error: denied() },
        Error::Unwritable { path: text("/home/me/.local/state/virtwork"), error: denied() },
        Error::VmNotFound { wanted: text("cpu-9"), fleet: text("virtwork"), namespace: team(), available: vms() },
        Error::NoVms { fleet: text("virtwork"), namespace: team(), program: text("kubectl virtwork") },
        Error::VmRequired(vms()),
        Error::VmNotChosen,
        Error::VmNotRunning(not_running(), Some(text("virtctl start virtwork-cpu-0 -n team"))),
        Error::VmNotRunning(not_running(), None),
        Error::UnsafeValue { what: ClusterValue::SshUser(name()), why: ValueError::Login(text("-oProxyCommand")) },
        Error::UnsafeValue { what: ClusterValue::VmName, why: ValueError::ObjectName(text("a b")) },
        Error::UnsafeValue { what: ClusterValue::VmiUid(name()), why: ValueError::Uid(text("x y")) },
        Error::Remote(3),
    ];
    let process = vec![
        Error::NoTerminal,
        Error::Unanswered(denied()),
        Error::Bug("src/plan/mod.rs:10:5".to_owned()),
        Error::Start(denied()),
        Error::Output(denied()),
        Error::Format("key must be a string".into()),
        Error::ClosedPipe,
        Error::Different,
        Error::Diff(Box::new(ClusterError::NoKubeVirt.into())),
    ];
    let server = vec![
        api("Forbidden", "secrets is forbidden: User \"me\" cannot list resource \"secrets\"", 403),
        api("", "no available server", 503),
        api("Invalid", "admission webhook denied the request: Memory hotplug is only available for x86_64 VMs", 422),
    ];
    vec![
        ("From the server:", server),
        ("From a cluster:", cluster.into_iter().map(Error::from).collect()),
        ("Kubeconfig:", kubeconfig.into_iter().map(Error::from).collect()),
        ("Credentials:", login.into_iter().map(|error| KubeconfigError::Login(error).into()).collect()),
        ("up:", up),
        ("down:", down),
        ("ssh:", ssh),
        ("The process:", process),
    ]
}

/// An error as it is printed, with its exit code.
fn printed(error: &Error) -> String {
    if error.is_silent() {
        return format!("(nothing)\nexit code {}\n", error.exit_code());
    }
    let prefix = if error.stands_alone() { "" } else { "error: " };
    let hint = error.hint().map(|hint| format!("hint: {hint}\n")).unwrap_or_default();
    let code = if error.exit_code() == 1 { String::new() } else { format!("exit code {}\n", error.exit_code()) };
    format!("{prefix}{error}\n{hint}{code}")
}

#[test]
fn all_errors() {
    let sections =
        errors().into_iter().map(|(title, errors)| format!("{title}\n\n{}\n", errors.iter().map(printed).collect::<Vec<_>>().join("\n")));
    snapshot("all_errors", &sections.collect::<String>());
}
