//! The sandbox's command line.

use std::{
    env,
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
    process::{Command as Process, ExitCode, Stdio},
    time::Duration,
};

use clap::Parser;
use virtwork_sandbox::{Sandbox, Settings};

/// A KubeVirt cluster in a sandbox, with simulated VMs
///
/// Without a command it prints the KUBECONFIG to export and runs until Ctrl-C. With a command after `--` it runs that command in
/// it.
#[derive(Debug, Parser)]
struct Arguments {
    /// Build the plugin first, and put it on PATH
    #[arg(long)]
    build: bool,
    /// Demonstrate how a fleet is created and deleted
    #[arg(long)]
    demo: bool,
    /// Seconds from a VM's start until its workload runs
    #[arg(long, default_value_t = 3)]
    boot: u64,
    /// Boot VMs under QEMU from this cloud image (needs root, QEMU, dnsmasq, nftables)
    #[arg(long, value_name = "FILE")]
    image: Option<PathBuf>,
    /// Run the nodes only, for the API server of this kubeconfig file
    #[arg(long, value_name = "KUBECONFIG")]
    nodes_for: Option<PathBuf>,
    /// Run the controllers only, for the API server of this kubeconfig file
    #[arg(long, value_name = "KUBECONFIG")]
    controllers_for: Option<PathBuf>,
    /// Serve OpenShift's project requests only, for the API server of this kubeconfig file
    #[arg(long, value_name = "KUBECONFIG")]
    projects_for: Option<PathBuf>,
    /// Command to run in the sandbox
    #[arg(last = true)]
    command: Vec<OsString>,
}

/// The commands of the demonstration.
const DEMO: [&str; 3] = ["up cpu database", "status", "down"];

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> io::Result<u8> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    if let Some(kubeconfig) = &arguments.nodes_for {
        return runtime.block_on(nodes(kubeconfig, Duration::from_secs(arguments.boot)));
    }
    if let Some(kubeconfig) = &arguments.controllers_for {
        return runtime.block_on(controllers(kubeconfig));
    }
    if let Some(kubeconfig) = &arguments.projects_for {
        return runtime.block_on(projects(kubeconfig));
    }
    if arguments.build {
        build()?;
    }
    let sandbox =
        Sandbox::start(&Settings { boot: Duration::from_secs(arguments.boot), image: arguments.image.clone(), ..Settings::default() })?;
    let path = link_plugin(sandbox.folder())?;
    let environment = [("KUBECONFIG", sandbox.kubeconfig("admin").into_os_string()), ("PATH", path)];
    if arguments.demo {
        // The same for every user, whatever keys they have.
        let environment = environment.into_iter().chain([("VIRTWORK_NO_SSH_KEY", "true".into())]).collect::<Vec<_>>();
        for line in DEMO {
            println!("$ kubectl virtwork {line}");
            let words = ["kubectl", "virtwork"].into_iter().chain(line.split(' ')).map(OsString::from).collect::<Vec<_>>();
            // Without a question, as in a script.
            let code = runtime.block_on(command(&words, &environment, Stdio::null()))?;
            if code != 0 {
                return Ok(code);
            }
            println!();
        }
        return Ok(0);
    }
    if !arguments.command.is_empty() {
        return runtime.block_on(command(&arguments.command, &environment, Stdio::inherit()));
    }
    println!("export KUBECONFIG={:?}", sandbox.kubeconfig("admin").display().to_string());
    println!("export PATH={:?}:\"$PATH\"", sandbox.folder().join("bin").display().to_string());
    eprintln!("The sandbox is running. Press Ctrl-C to stop it.");
    runtime.block_on(asked_to_end());
    Ok(0)
}

/// Runs only the nodes, for another API server with KubeVirt's controllers.
async fn nodes(kubeconfig: &Path, boot: Duration) -> io::Result<u8> {
    let client = virtwork_sandbox::client(kubeconfig).await.map_err(io::Error::other)?;
    let simulation = std::sync::Arc::new(virtwork_sandbox::nodes::simulation::Simulation::new(boot));
    tokio::select! {
        () = virtwork_sandbox::nodes::run(client, simulation) => {}
        () = asked_to_end() => {}
    }
    Ok(0)
}

/// Runs only the controllers, in place of KubeVirt's.
async fn controllers(kubeconfig: &Path) -> io::Result<u8> {
    let client = virtwork_sandbox::client(kubeconfig).await.map_err(io::Error::other)?;
    tokio::select! {
        () = virtwork_sandbox::controllers::run(client, virtwork_sandbox::controllers::Options::default()) => {}
        () = asked_to_end() => {}
    }
    Ok(0)
}

/// Runs only OpenShift's projects.
async fn projects(kubeconfig: &Path) -> io::Result<u8> {
    let client = virtwork_sandbox::client(kubeconfig).await.map_err(io::Error::other)?;
    virtwork_sandbox::projects::serve(client).await.map_err(io::Error::other)?;
    asked_to_end().await;
    Ok(0)
}

/// Waits for Ctrl-C, SIGTERM or SIGHUP: without cleanup, processes and networks of VMs would remain.
async fn asked_to_end() {
    let polite = polite_request();
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = polite => {}
    }
}

/// Waits for SIGTERM or SIGHUP.
#[cfg(unix)]
async fn polite_request() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut terminate), Ok(mut hangup)) = (signal(SignalKind::terminate()), signal(SignalKind::hangup())) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = hangup.recv() => {}
    }
}

/// Waits for SIGTERM or SIGHUP.
#[cfg(not(unix))]
async fn polite_request() {
    std::future::pending().await
}

fn build() -> io::Result<()> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Process::new(cargo);
    build.args(["build", "--package", "virtwork"]).current_dir(env!("CARGO_MANIFEST_DIR"));
    // `cargo run` sets these for this program. Build scripts of dependencies read them, and would run again.
    for (name, _) in env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("CARGO_")) {
        build.env_remove(name);
    }
    let done = build.status()?;
    if done.success() { Ok(()) } else { Err(io::Error::other("the plugin does not build")) }
}

/// PATH with a directory that contains the plugin under both names.
fn link_plugin(folder: &Path) -> io::Result<OsString> {
    let plugin = env::current_exe()?.with_file_name(format!("kubectl-virtwork{}", env::consts::EXE_SUFFIX));
    let bin = folder.join("bin");
    fs::create_dir(&bin)?;
    for name in ["kubectl-virtwork", "oc-virtwork"] {
        let link = bin.join(format!("{name}{}", env::consts::EXE_SUFFIX));
        #[cfg(unix)]
        std::os::unix::fs::symlink(&plugin, link)?;
        #[cfg(not(unix))]
        drop(fs::copy(&plugin, link)?);
    }
    let old = env::var_os("PATH").unwrap_or_default();
    env::join_paths(std::iter::once(bin).chain(env::split_paths(&old))).map_err(io::Error::other)
}

/// Runs a command and returns its status. `kubectl virtwork` works without kubectl too.
async fn command(words: &[OsString], environment: &[(&str, OsString)], stdin: Stdio) -> io::Result<u8> {
    let path = &environment[1].1;
    let there = |program: &str| env::split_paths(path).any(|folder| folder.join(program).is_file());
    let program = words[0].to_string_lossy().into_owned();
    let plugin = words.get(1).is_some_and(|word| word == "virtwork") && (program == "kubectl" || program == "oc") && !there(&program);
    let (program, rest) =
        if plugin { (OsString::from(format!("{program}-virtwork")), &words[2..]) } else { (words[0].clone(), &words[1..]) };
    let full =
        env::split_paths(path).map(|folder| folder.join(&program)).find(|file| file.is_file()).map_or(program, PathBuf::into_os_string);
    let mut child = tokio::process::Command::new(&full)
        .args(rest)
        .stdin(stdin)
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .spawn()
        .map_err(|error| io::Error::other(format!("{}: {error}", full.to_string_lossy())))?;
    let mut asked = std::pin::pin!(polite_request());
    loop {
        tokio::select! {
            status = child.wait() => return Ok(status?.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1)),
            // The command got the signal too, and ends by itself.
            _ = tokio::signal::ctrl_c() => {}
            // The signal was for this process only.
            () = &mut asked => {
                asked.set(polite_request());
                if let Some(id) = child.id() {
                    Process::new("kill").arg(id.to_string()).status()?;
                }
            }
        }
    }
}
