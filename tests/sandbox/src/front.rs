//! The entry: TLS on loopback, the fault layer, and behind it the sandbox's API server or another one.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    sync::{Arc, Mutex, PoisonError},
};

use axum::{Router, body::Body, middleware, response::Response};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use rcgen::{CertificateParams, CertifiedIssuer, KeyPair};
use rustls::{
    ServerConfig,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};
use tokio::{net::TcpStream, sync::watch};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt as _;

use crate::faults::{self, Faults};

/// An extension of a response that must not be sent: the connection is reset.
#[derive(Debug, Clone, Copy)]
pub struct Broken;

impl Broken {
    /// The response that resets the connection.
    pub fn response() -> Response {
        let mut response = Response::new(Body::empty());
        response.extensions_mut().insert(Self);
        response
    }
}

/// The entry; it ends with its runtime.
pub struct Front {
    pub address: SocketAddr,
    authority: CertifiedIssuer<'static, KeyPair>,
    acceptor: Mutex<TlsAcceptor>,
    /// A change ends all connections.
    cut: watch::Sender<u64>,
}

impl Front {
    /// Listens on a free port of loopback.
    ///
    /// # Errors
    /// No port, or no certificate.
    pub fn start(runtime: &tokio::runtime::Handle, server: Router, faults: Arc<Faults>) -> io::Result<Arc<Self>> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let authority = authority().map_err(io::Error::other)?;
        let acceptor = Mutex::new(certificate(&authority).map_err(io::Error::other)?);
        let front = Arc::new(Self { address, authority, acceptor, cut: watch::Sender::new(0) });
        let router = server.layer(middleware::from_fn_with_state(faults, faults::inject));
        let this = front.clone();
        runtime.spawn(async move {
            let listener = tokio::net::TcpListener::from_std(listener)?;
            loop {
                let (stream, _) = listener.accept().await?;
                tokio::spawn(this.clone().connection(stream, router.clone()));
            }
            #[allow(unreachable_code, reason = "it gives the block its type")]
            io::Result::Ok(())
        });
        Ok(front)
    }

    async fn connection(self: Arc<Self>, stream: TcpStream, router: Router) {
        let mut cut = self.cut.subscribe();
        let acceptor = self.acceptor.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Ok(stream) = acceptor.accept(stream).await else { return };
        let service = service_fn(move |request: hyper::Request<Incoming>| {
            let router = router.clone();
            async move {
                let Ok(response) = router.oneshot(request.map(Body::new)).await;
                let broken = response.extensions().get::<Broken>().is_some();
                if broken { Err(io::Error::from(io::ErrorKind::ConnectionReset)) } else { Ok(response) }
            }
        });
        tokio::select! {
            _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).with_upgrades() => {}
            _ = cut.changed() => {}
        }
    }

    /// A new certificate and key of the same CA; all connections end.
    ///
    /// # Errors
    /// No certificate.
    pub fn renew(&self) -> io::Result<()> {
        let acceptor = certificate(&self.authority).map_err(io::Error::other)?;
        *self.acceptor.lock().unwrap_or_else(PoisonError::into_inner) = acceptor;
        self.cut.send_modify(|count| *count += 1);
        Ok(())
    }

    /// The CA certificate in PEM.
    pub fn authority(&self) -> String {
        self.authority.pem()
    }

    /// The kubeconfig of the user with a token.
    pub fn kubeconfig(&self, user: &str) -> String {
        use base64::{Engine as _, engine::general_purpose::STANDARD};
        let (ca, address) = (STANDARD.encode(self.authority.pem()), self.address);
        format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: sandbox\ncontexts:\n- name: sandbox\n  context: {{cluster: sandbox, user: {user}}}\n\
             clusters:\n- name: sandbox\n  cluster: {{server: \"https://{address}\", certificate-authority-data: {ca}}}\n\
             users:\n- name: {user}\n  user: {{token: {user}-token}}\n"
        )
    }
}

fn authority() -> Result<CertifiedIssuer<'static, KeyPair>, rcgen::Error> {
    let mut parameters = CertificateParams::new(Vec::new())?;
    parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    parameters.distinguished_name.push(rcgen::DnType::CommonName, "virtwork sandbox");
    CertifiedIssuer::self_signed(parameters, KeyPair::generate()?)
}

/// A certificate for loopback.
fn certificate(authority: &CertifiedIssuer<'static, KeyPair>) -> Result<TlsAcceptor, Box<dyn std::error::Error + Send + Sync>> {
    let key = KeyPair::generate()?;
    let certificate = CertificateParams::new(vec!["127.0.0.1".to_owned(), "localhost".to_owned()])?.signed_by(&key, authority)?;
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}
