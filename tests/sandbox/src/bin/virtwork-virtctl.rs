//! A stand-in for `virtctl`, for guest tests on computers without it: `ssh` and `port-forward --stdio`, through the same
//! subresource as the real one (kubevirt/kubevirt `pkg/virtctl/ssh`, `pkg/virtctl/portforward`).
#![cfg(unix)]

use std::{
    env,
    io::{self, IsTerminal as _},
    os::unix::process::CommandExt as _,
    process::{Command, ExitCode},
};

use clap::{Args, Parser, Subcommand};
use futures::{SinkExt as _, StreamExt as _};
use http::{Request, StatusCode, header};
use hyper_util::rt::TokioIo;
use kube::{Client, Config, client::Body};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Message, handshake::client::generate_key, protocol::Role},
};

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Stand-in for virtctl: ssh and port-forward only
#[derive(Debug, Parser)]
#[command(name = "virtctl")]
struct Arguments {
    #[command(subcommand)]
    command: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Open a shell in a VM through the local ssh client
    Ssh(Ssh),
    /// Connect standard input and output to a port of a VM
    PortForward(PortForward),
}

#[derive(Debug, Args)]
struct Ssh {
    /// Namespace of the VM
    #[arg(short, long)]
    namespace: String,
    /// User to log in as
    #[arg(short = 'l', long)]
    username: String,
    /// Private key
    #[arg(short, long)]
    identity_file: Option<String>,
    /// Option for the local ssh client, for example `-o Compression=yes`
    #[arg(short = 't', long, allow_hyphen_values = true)]
    local_ssh_opts: Vec<String>,
    /// `vm/NAME` or `vmi/NAME`
    target: String,
}

#[derive(Debug, Args)]
struct PortForward {
    /// Namespace of the VM
    #[arg(short, long)]
    namespace: String,
    /// The only supported way
    #[arg(long, num_args = 0..=1, default_missing_value = "true", require_equals = true, required = true)]
    stdio: bool,
    /// `vm/NAME` or `vmi/NAME`
    target: String,
    /// TCP port in the guest
    port: u16,
}

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Action::Ssh(arguments) => Err(shell(&arguments)),
        Action::PortForward(arguments) => forward(&arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("virtctl stand-in: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Replaces itself by ssh, with this program as its ProxyCommand.
fn shell(arguments: &Ssh) -> Failure {
    let this = match env::current_exe() {
        Ok(this) => this,
        Err(error) => return error.into(),
    };
    let proxy = format!("'{}' port-forward --stdio=true --namespace '{}' '{}' 22", this.display(), arguments.namespace, arguments.target);
    let mut ssh = Command::new("ssh");
    ssh.arg("-o").arg(format!("ProxyCommand={proxy}"));
    for option in &arguments.local_ssh_opts {
        ssh.args(option.splitn(2, ' '));
    }
    if let Some(file) = &arguments.identity_file {
        ssh.args(["-i", file]);
    }
    let host = format!("{}.{}", arguments.target.replace('/', "."), arguments.namespace);
    ssh.args(["-l", &arguments.username, "--", &host]).exec().into()
}

fn forward(arguments: &PortForward) -> Result<(), Failure> {
    if !arguments.stdio || io::stdin().is_terminal() {
        return Err("only --stdio=true is supported, for a ProxyCommand".into());
    }
    let resource = match arguments.target.split_once('/') {
        Some(("vm", name)) => format!("virtualmachines/{name}"),
        Some(("vmi", name)) => format!("virtualmachineinstances/{name}"),
        _ => return Err(format!("{} is neither vm/NAME nor vmi/NAME", arguments.target).into()),
    };
    let path =
        format!("/apis/subresources.kubevirt.io/v1/namespaces/{}/{resource}/portforward/{}/tcp", arguments.namespace, arguments.port);
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        let mut config = Config::infer().await?;
        // A connection may be silent without a limit.
        config.read_timeout = None;
        let key = generate_key();
        let request = Request::get(path)
            .header(header::CONNECTION, "Upgrade")
            .header(header::UPGRADE, "websocket")
            .header(header::SEC_WEBSOCKET_VERSION, "13")
            .header(header::SEC_WEBSOCKET_PROTOCOL, "plain.kubevirt.io")
            .header(header::SEC_WEBSOCKET_KEY, key)
            .body(Body::empty())?;
        let response = Client::try_from(config)?.send(request).await?;
        if response.status() != StatusCode::SWITCHING_PROTOCOLS {
            let status = response.status();
            let text = response.into_body().collect_bytes().await.unwrap_or_default();
            return Err(format!("{status}: {}", String::from_utf8_lossy(&text)).into());
        }
        let upgraded = TokioIo::new(hyper::upgrade::on(response).await?);
        pass(WebSocketStream::from_raw_socket(upgraded, Role::Client, None).await).await;
        // Reading standard input blocks a thread, and nothing ends that.
        std::process::exit(0)
    })
}

/// Copies until either side ends.
async fn pass<S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin>(socket: WebSocketStream<S>) {
    let (mut sink, mut source) = socket.split();
    let inward = async {
        let mut output = tokio::io::stdout();
        while let Some(Ok(message)) = source.next().await {
            let written = match message {
                Message::Binary(bytes) => output.write_all(&bytes).await,
                Message::Close(_) => break,
                _ => Ok(()),
            };
            if written.is_err() || output.flush().await.is_err() {
                break;
            }
        }
    };
    let outward = async {
        let mut input = tokio::io::stdin();
        let mut buffer = vec![0; 32 << 10];
        while let Ok(read) = input.read(&mut buffer).await {
            if read == 0 || sink.send(Message::Binary(buffer[..read].to_vec().into())).await.is_err() {
                break;
            }
        }
        drop(sink.send(Message::Close(None)).await);
    };
    tokio::select! {
        () = inward => {}
        () = outward => {}
    }
}
