//! `ssh`: opens a shell or runs a command in a VM, through virtctl.
//!
//! A shell uses `virtctl ssh`. A command uses `ssh` with `virtctl port-forward` as its ProxyCommand, because `virtctl ssh` turns
//! every remote exit status into 1 (kubevirt/kubevirt `pkg/virtctl/ssh`). virtctl's nested call loses flags such as `--context`
//! (kubevirt/kubevirt issue 16957), so virtctl gets them as a kubeconfig.

use std::{fs, io::Write as _, path::PathBuf, process::ExitStatus};

use tempfile::NamedTempFile;
use tokio::process::{Child, Command};

use crate::{
    cli::Ssh,
    cluster::Cluster,
    config::Connection,
    config::value,
    error::{ClusterValue, Error, Result, ValueError},
    kubevirt::live::LiveObject,
    object::Kind,
    plan::metadata,
    status::{Cause, NotReady, PrintableStatus, VmStatus, statuses},
};

use super::Context;

/// Names of virtctl: its own, and those of the plugins for kubectl (krew) and oc.
const VIRTCTL: [&str; 3] = ["virtctl", "kubectl-virt", "oc-virt"];

/// A VM to log in to.
struct Target {
    name: String,
    namespace: String,
    user: String,
    uid: String,
    identity: Option<PathBuf>,
}

pub async fn run(arguments: &Ssh, context: &Context<'_>) -> Result<()> {
    let virtctl = VIRTCTL.iter().find_map(|name| which::which(name).ok()).ok_or(Error::VirtctlNotFound)?;
    let cluster = context.connect(true).await?;
    let target = target(&cluster, arguments, context).await?;
    let kubeconfig_for_virtctl = kubeconfig_for_virtctl(&cluster, &context.config.settings.connection, names_a_pipe(context))?;
    let options = host_key_options(&target, context)?;
    let mut command = if arguments.command.is_empty() {
        let mut command = Command::new(&virtctl);
        command.args(["ssh", "--namespace", &target.namespace, "--username", &target.user]);
        if let Some(identity) = &target.identity {
            command.arg("--identity-file").arg(identity);
        }
        for option in &options {
            command.arg(format!("--local-ssh-opts=-o {option}"));
        }
        command.arg(format!("vm/{}", target.name));
        command
    } else {
        let mut command = Command::new(which::which("ssh").map_err(|_| Error::SshNotFound)?);
        let proxy = format!(
            "{} port-forward --stdio=true --namespace {} {} 22",
            quote(&virtctl.to_string_lossy()),
            quote(&target.namespace),
            quote(&format!("vm/{}", target.name))
        );
        // ssh expands %h and others before it starts a shell.
        command.arg("-o").arg(format!("ProxyCommand={}", proxy.replace('%', "%%")));
        for option in &options {
            command.args(["-o", option]);
        }
        if let Some(identity) = &target.identity {
            command.arg("-i").arg(identity);
        }
        if arguments.t {
            command.arg("-t");
        }
        command.args(["-l", &target.user, "--", &format!("vm.{}.{}", target.name, target.namespace)]).args(&arguments.command);
        command
    };
    if let Some(file) = &kubeconfig_for_virtctl {
        command.env("KUBECONFIG", file.path());
    }
    tracing::info!("running {}", command.as_std().get_program().to_string_lossy());
    let failed = |error| Error::Program { program: virtctl.display().to_string(), error };
    let mut child = command.spawn().map_err(failed)?;
    let status = wait_forwarding_signals(&mut child).await.map_err(failed)?;
    // The file must exist as long as the tunnel.
    drop(kubeconfig_for_virtctl);
    outcome(status)
}

/// Waits for the child. Ctrl-C on the terminal reaches it directly, and it decides what to do. A signal to this process alone is
/// forwarded.
#[cfg(unix)]
async fn wait_forwarding_signals(child: &mut Child) -> std::io::Result<ExitStatus> {
    use rustix::process::{Pid, Signal, kill_process};
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let (mut terminate, mut hangup) = (signal(SignalKind::terminate())?, signal(SignalKind::hangup())?);
    let pid = child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
    loop {
        let forwarded = tokio::select! {
            status = child.wait() => return status,
            _ = interrupt.recv() => None,
            _ = terminate.recv() => Some(Signal::TERM),
            _ = hangup.recv() => Some(Signal::HUP),
        };
        if let (Some(pid), Some(signal)) = (pid, forwarded) {
            // It may just have ended.
            let _ = kill_process(pid, signal);
        }
    }
}

#[cfg(not(unix))]
async fn wait_forwarding_signals(child: &mut Child) -> std::io::Result<ExitStatus> {
    child.wait().await
}

fn outcome(status: ExitStatus) -> Result<()> {
    match status.code() {
        Some(0) => Ok(()),
        Some(code) => Err(Error::Remote(u8::try_from(code).unwrap_or(255))),
        None => Err(Error::Remote(255)),
    }
}

async fn target(cluster: &Cluster, arguments: &Ssh, context: &Context<'_>) -> Result<Target> {
    let namespace = context.namespace(cluster)?;
    let fleet = &context.config.settings.common.name;
    cluster.require_kubevirt().await?;
    let selector = metadata::selector(Some(fleet), &[]);
    let vms = cluster.list_live(Kind::Vm, Some(&namespace), &selector).await?;
    let vmis = cluster.list_live(Kind::Vmi, Some(&namespace), &selector).await?;
    let rows = statuses(&vms, &vmis);
    let row = choose(&rows, arguments.vm.as_deref(), fleet, &namespace, context).await?;
    let named = |object: &&LiveObject| object.metadata.name == row.name;
    let vmi = vmis.iter().find(named).filter(|vmi| vmi.status.phase == "Running");
    let Some(vmi) = vmi else {
        let start = (row.printable == PrintableStatus::Stopped).then(|| format!("virtctl start {} -n {namespace}", row.name));
        let cause = row.cause.clone().unwrap_or(Cause::Unknown);
        let not_ready = NotReady { name: row.name.clone(), printable: row.printable.clone(), cause };
        return Err(Error::VmNotRunning(not_ready.into(), start));
    };
    Ok(Target {
        name: checked(&row.name, value::object_name, ClusterValue::VmName)?,
        user: match &arguments.login {
            Some(login) => login.clone(),
            None if row.ssh_user.is_empty() => context.config.settings.login.ssh_user.clone(),
            None => checked(&row.ssh_user, value::user_name, ClusterValue::SshUser(row.name.clone()))?,
        },
        namespace,
        uid: checked(&vmi.metadata.uid, value::uid, ClusterValue::VmiUid(row.name.clone()))?,
        identity: arguments.identity_file.clone().or_else(|| context.config.identity()),
    })
}

/// Validates a value from the cluster, which anyone there may have written, like the setting it stands for: ssh and virtctl would
/// take some values for options.
fn checked(text: &str, rule: fn(&str) -> std::result::Result<String, ValueError>, what: ClusterValue) -> Result<String> {
    rule(text).map_err(|why| Error::UnsafeValue { what, why })
}

async fn choose<'a>(
    rows: &'a [VmStatus],
    wanted: Option<&str>,
    fleet: &str,
    namespace: &str,
    context: &Context<'_>,
) -> Result<&'a VmStatus> {
    if rows.is_empty() {
        return Err(Error::NoVms { fleet: fleet.to_owned(), namespace: namespace.to_owned(), program: context.ui.program().to_owned() });
    }
    let names: Vec<String> = rows.iter().map(|row| row.name.clone()).collect();
    if let Some(wanted) = wanted {
        let bare = wanted.strip_prefix("vm/").or_else(|| wanted.strip_prefix("virtualmachine.kubevirt.io/")).unwrap_or(wanted);
        let found = rows.iter().find(|row| row.name == bare || row.name == format!("{fleet}-{bare}"));
        return found.ok_or_else(|| Error::VmNotFound {
            wanted: wanted.to_owned(),
            fleet: fleet.to_owned(),
            namespace: namespace.to_owned(),
            available: names,
        });
    }
    match rows {
        [only] => Ok(only),
        _ if context.ui.is_interactive() => match context.ui.pick_vm(names).await? {
            Some(index) => Ok(&rows[index]),
            None => Err(Error::VmNotChosen),
        },
        _ => Err(Error::VmRequired(names)),
    }
}

/// Whether KUBECONFIG names a pipe, which virtctl could not read again.
fn names_a_pipe(context: &Context<'_>) -> bool {
    let paths = context.environment.get("KUBECONFIG").map(std::env::split_paths);
    paths.into_iter().flatten().any(|path| fs::metadata(path).is_ok_and(|file| !file.is_file() && !file.is_dir()))
}

/// The cluster and user of the command line as a kubeconfig for virtctl, readable by the user only.
fn kubeconfig_for_virtctl(cluster: &Cluster, connection: &Connection, read_once: bool) -> Result<Option<NamedTempFile>> {
    let (true, Some(kubeconfig)) = (connection.chooses_cluster() || read_once, &cluster.access().kubeconfig) else { return Ok(None) };
    let failed = |error| Error::Unwritable { path: "a kubeconfig for virtctl".to_owned(), error };
    let text = serde_yaml::to_string(kubeconfig).map_err(|error| Error::Format(error.into()))?;
    let mut file = tempfile::Builder::new().prefix("virtwork-kubeconfig-").tempfile().map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    Ok(Some(file))
}

/// Each VMI has its own host key, stored under its UID. After a stop and start a VM boots from a fresh root disk, and a warning
/// about its new key would be false. A reboot keeps the key.
fn host_key_options(target: &Target, context: &Context<'_>) -> Result<Vec<String>> {
    let state = context.environment.get("XDG_STATE_HOME").map(PathBuf::from);
    let Some(directory) =
        state.or_else(|| Some(context.environment.home()?.join(".local/state"))).map(|directory| directory.join("virtwork"))
    else {
        return Ok(Vec::new());
    };
    fs::create_dir_all(&directory).map_err(|error| Error::Unwritable { path: directory.display().to_string(), error })?;
    let file = directory.join("known_hosts");
    Ok(vec![
        format!("UserKnownHostsFile={}", quote_option(&file.to_string_lossy())),
        format!("HostKeyAlias={}", target.uid),
        "StrictHostKeyChecking=accept-new".to_owned(),
    ])
}

/// Quotes for the shell that runs a ProxyCommand.
fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// Quotes for ssh's option parser.
fn quote_option(text: &str) -> String {
    if text.contains(' ') { format!("\"{text}\"") } else { text.to_owned() }
}
