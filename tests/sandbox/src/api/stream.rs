//! `portforward` and `console` of VMs: a byte stream in a websocket, as in KubeVirt's virt-api (kubevirt/kubevirt
//! `pkg/virt-api/rest/portforward.go`, `console.go`; the protocol is `plain.kubevirt.io`).

use axum::{
    body::Bytes,
    extract::{
        WebSocketUpgrade,
        ws::{Message, WebSocket},
    },
    response::Response,
};
use futures::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::{
    Server, Stream, Way,
    resource::Address,
    status::{Answer, Failure},
};

const PROTOCOL: &str = "plain.kubevirt.io";

/// Responds with a connection into a running VM.
pub async fn serve(server: &Server, address: &Address, socket: WebSocketUpgrade) -> Answer<Response> {
    let subresource = address.subresource.as_deref().unwrap_or_default();
    let way = match subresource.split('/').collect::<Vec<_>>()[..] {
        ["console"] => Way::Console,
        ["portforward", port] | ["portforward", port, "tcp"] => {
            Way::Port(port.parse().map_err(|_| Failure::bad(format!("{port} is not a valid port")))?)
        }
        _ => return Err(Failure::unsupported(subresource)),
    };
    let machine = (address.namespace.clone().unwrap_or_default(), address.name.clone().unwrap_or_default());
    let instances = server.objects.find("kubevirt.io", "v1", "virtualmachineinstances");
    let instance = server.objects.get(instances.ok_or_else(|| Failure::unsupported(subresource))?, &machine.0, &machine.1)?;
    if instance["status"]["phase"] != "Running" {
        return Err(Failure::new(409, "Conflict", "VMI is not running"));
    }
    let stream = server.kubelet.dial(&machine, way).await;
    let stream = stream.map_err(|error| Failure::new(500, "InternalError", format!("unable to connect to the guest: {error}")))?;
    Ok(socket.protocols([PROTOCOL]).on_upgrade(|socket| pass(socket, stream)))
}

/// Copies until either side ends.
async fn pass(socket: WebSocket, stream: Box<dyn Stream>) {
    let (mut sink, mut source) = socket.split();
    let (mut reader, mut writer) = tokio::io::split(stream);
    let inward = async {
        while let Some(Ok(message)) = source.next().await {
            let written = match message {
                Message::Binary(bytes) => writer.write_all(&bytes).await,
                Message::Text(text) => writer.write_all(text.as_bytes()).await,
                Message::Close(_) => break,
                _ => Ok(()),
            };
            if written.is_err() {
                break;
            }
        }
    };
    let outward = async {
        let mut buffer = vec![0; 32 << 10];
        while let Ok(read) = reader.read(&mut buffer).await {
            if read == 0 || sink.send(Message::Binary(Bytes::copy_from_slice(&buffer[..read]))).await.is_err() {
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
