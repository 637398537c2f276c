//! `ssh`: opens a shell or runs a command in a VM, through virtctl.
//!
//! A shell uses `virtctl ssh`. A command uses `ssh` with `virtctl port-forward` as its ProxyCommand, because `virtctl ssh` turns
//! every remote exit status into 1 (kubevirt/kubevirt `pkg/virtctl/ssh`). virtctl's nested call loses flags such as `--context`
//! (kubevirt/kubevirt issue 16957), so virtctl gets them as a kubeconfig.

use std::{fs, io::Write as _, path::PathBuf, process::ExitStatus};

use tempfile::NamedTempFile;
use tokio::process::Command;

use crate::{
    cli::Ssh,
    cluster::{Target, list_live, observe::status_of_pair, preflight},
    config::Connection,
    config::value,
    error::{ClusterError, ClusterValue, Error, Interrupted, Result, ValueError},
    live::LiveObject,
    metadata,
    object::Kind,
    signals,
    status::{Cause, NotReady, PrintableStatus, Reason, VmStatus, pair, sort},
};

use super::Context;

/// Names of virtctl: its own, and those of the plugins for kubectl (krew) and oc.
const VIRTCTL: [&str; 3] = ["virtctl", "kubectl-virt", "oc-virt"];

/// A VM to log in to.
struct Destination {
    name: String,
    namespace: String,
    user: String,
    uid: String,
    identity: Option<PathBuf>,
}

pub(super) async fn run(arguments: &Ssh, context: &Context<'_>) -> Result<()> {
    let virtctl = VIRTCTL.iter().find_map(|name| which::which(name).ok()).ok_or(Error::VirtctlNotFound)?;
    let found = async {
        let cluster = context.target(true).await?;
        let target = destination(&cluster, arguments, context).await?;
        Ok::<_, Error>((cluster, target))
    };
    let (cluster, target) = tokio::select! {
        biased;
        () = signals::received() => return Err(Error::Interrupted(Interrupted::Harmless)),
        found = found => found?,
    };
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
    let status = signals::forward(&mut child).await.map_err(failed)?;
    // The file must exist as long as the tunnel.
    drop(kubeconfig_for_virtctl);
    outcome(status)
}

fn outcome(status: ExitStatus) -> Result<()> {
    match status.code() {
        Some(0) => Ok(()),
        Some(code) => Err(Error::Remote(u8::try_from(code).unwrap_or(255))),
        None => Err(Error::Remote(255)),
    }
}

async fn destination(target: &Target, arguments: &Ssh, context: &Context<'_>) -> Result<Destination> {
    let fleet = &context.config.settings.common.name;
    let by_name = match arguments.vm.as_deref() {
        Some(wanted) => by_name(target, wanted, fleet).await?,
        None => None,
    };
    let (vm, vmi) = match by_name {
        Some(found) => found,
        None => listed(target, arguments, context).await?,
    };
    let row = status_of_pair((&vm, vmi.as_ref()));
    let Some(vmi) = vmi.filter(|vmi| vmi.status.phase == "Running") else {
        let start = (row.printable == PrintableStatus::Stopped).then(|| format!("virtctl start {} -n {}", row.name, target.namespace));
        let reason = row.reason.unwrap_or_else(|| Reason::new(Cause::Starting, ""));
        return Err(Error::VmNotRunning(NotReady { name: row.name, printable: row.printable, reason }.into(), start));
    };
    Ok(Destination {
        name: checked(&row.name, value::object_name, ClusterValue::VmName)?,
        user: match &arguments.login {
            Some(login) => login.clone(),
            None if row.ssh_user.is_empty() => context.config.settings.login.ssh_user.clone(),
            None => checked(&row.ssh_user, value::user_name, ClusterValue::SshUser(row.name.clone()))?,
        },
        namespace: target.namespace.clone(),
        uid: checked(&vmi.metadata.uid, value::uid, ClusterValue::VmiUid(row.name.clone()))?,
        identity: arguments.identity_file.clone().or_else(|| context.config.identity()),
    })
}

/// A VM and its VMI.
type Pair = (LiveObject, Option<LiveObject>);

/// The name without the prefixes that kubectl and virtctl accept.
fn bare(wanted: &str) -> &str {
    wanted.strip_prefix("vm/").or_else(|| wanted.strip_prefix("virtualmachine.kubevirt.io/")).unwrap_or(wanted)
}

/// The VM of the fleet with this name, with or without the fleet's; none if that needs a list of all of them.
async fn by_name(target: &Target, wanted: &str, fleet: &str) -> Result<Option<Pair>> {
    let bare = bare(wanted);
    let full = if bare.starts_with(&format!("{fleet}-")) { bare.to_owned() } else { format!("{fleet}-{bare}") };
    // It becomes part of a path.
    if value::object_name(&full).is_err() {
        return Ok(None);
    }
    let get = async |kind| {
        let found = target.get(kind, &full).await.map_err(ClusterError::from)?;
        Ok::<_, Error>(found.and_then(|object| serde_json::from_value::<LiveObject>(object).ok()))
    };
    match get(Kind::Vm).await {
        Ok(Some(vm)) if vm.metadata.belongs_to(fleet) => Ok(Some((vm, get(Kind::Vmi).await?))),
        // Lists may be allowed, and tell what there is.
        Ok(_) | Err(Error::Cluster(ClusterError::Api(_))) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The VM that the user names or chooses among all of them.
async fn listed(target: &Target, arguments: &Ssh, context: &Context<'_>) -> Result<Pair> {
    preflight::require_kubevirt(target).await?;
    let fleet = &context.config.settings.common.name;
    let selector = metadata::selector(Some(fleet), &[]);
    let vms = list_live(target, Kind::Vm, Some(&target.namespace), &selector).await?;
    let vmis = list_live(target, Kind::Vmi, Some(&target.namespace), &selector).await?;
    let mut rows: Vec<_> = pair(&vms, &vmis).into_iter().map(status_of_pair).collect();
    sort(&mut rows);
    let name = choose(&rows, arguments.vm.as_deref(), &target.namespace, context).await?.name.clone();
    let named = |objects: Vec<LiveObject>| objects.into_iter().find(|object| object.metadata.name == name);
    let vmi = named(vmis);
    named(vms).map(|vm| (vm, vmi)).ok_or(Error::VmNotChosen)
}

/// Validates a value from the cluster, which anyone there may have written, like the setting it stands for: ssh and virtctl would
/// take some values for options.
fn checked(text: &str, rule: fn(&str) -> std::result::Result<String, ValueError>, what: ClusterValue) -> Result<String> {
    rule(text).map_err(|why| Error::UnsafeValue { what, why })
}

async fn choose<'a>(rows: &'a [VmStatus], wanted: Option<&str>, namespace: &str, context: &Context<'_>) -> Result<&'a VmStatus> {
    let fleet = context.config.settings.common.name.as_str();
    if rows.is_empty() {
        return Err(Error::NoVms { fleet: fleet.to_owned(), namespace: namespace.to_owned(), program: context.ui.program().to_owned() });
    }
    let names: Vec<String> = rows.iter().map(|row| row.name.clone()).collect();
    if let Some(wanted) = wanted {
        let bare = bare(wanted);
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
fn kubeconfig_for_virtctl(cluster: &Target, connection: &Connection, read_once: bool) -> Result<Option<NamedTempFile>> {
    let (true, Some(kubeconfig)) = (connection.chooses_cluster() || read_once, &cluster.access().kubeconfig) else { return Ok(None) };
    let failed = |error| Error::Unwritable { path: "a kubeconfig for virtctl".to_owned(), error };
    let text = super::yaml(kubeconfig)?;
    let mut file = tempfile::Builder::new().prefix("virtwork-kubeconfig-").tempfile().map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    Ok(Some(file))
}

/// Each VMI has its own host key, stored under its UID. After a stop and start a VM boots from a fresh root disk, and a warning
/// about its new key would be false. A reboot keeps the key.
fn host_key_options(target: &Destination, context: &Context<'_>) -> Result<Vec<String>> {
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

/// Quotes for the shell that runs a ProxyCommand, whether that is necessary or not.
fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// Quotes for ssh's option parser.
fn quote_option(text: &str) -> String {
    if text.contains(' ') { format!("\"{text}\"") } else { text.to_owned() }
}
