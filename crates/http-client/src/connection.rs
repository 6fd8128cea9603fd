//! Connecting: look the name up once, check every address, connect to one of those.

use crate::address::Allowed;
use crate::client::Fault;
use crate::url::Url;
use bytes::Bytes;
use http_body_util::Full;
use hyper::client::conn::http1;
use hyper::rt::{Read, Write};
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;

/// Longest head of an answer, and most bytes of an answer that are held before they are read.
const BUFFER_BYTES_MAX: usize = 32 << 10;
/// Most headers of an answer.
const HEADERS_MAX: usize = 100;

/// Whose certificates are believed. Clones are the same; one serves any number of clients.
#[derive(Clone)]
pub struct Trust(Arc<ClientConfig>);

impl fmt::Debug for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Trust")
    }
}

/// Certificates that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("cannot use the certificates of {}: {reason}", path.display())]
pub struct TrustError {
    path: PathBuf,
    reason: String,
}

impl Trust {
    /// The system's authorities, and those of a PEM file.
    pub fn load(file: Option<&Path>) -> Result<Trust, TrustError> {
        let mut roots = RootCertStore::empty();
        // A certificate of the system's that cannot be read is one that nobody is believed by.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if let Some(path) = file {
            let fault = |reason: String| TrustError { path: path.to_owned(), reason };
            let found = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
            let found = found.map_err(|error| fault(error.to_string()))?;
            if found.is_empty() {
                return Err(fault("it holds none".to_owned()));
            }
            for certificate in found {
                roots.add(certificate).map_err(|error| fault(error.to_string()))?;
            }
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("invariant: ring knows the default versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Trust(Arc::new(config)))
    }
}

/// A connection that is kept from one request to the next, where there is one.
#[derive(Default)]
pub struct Kept(pub(crate) Option<Connection>);

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "connection" } else { "no connection" })
    }
}

/// A connection to a server.
pub(crate) struct Connection {
    pub(crate) sender: http1::SendRequest<Full<Bytes>>,
    /// Whom it is to.
    pub(crate) to: Url,
    /// Moves the bytes; ends with the value.
    _driver: JoinSet<()>,
}

pub(crate) async fn connect(trust: &Trust, allowed: &Allowed, url: &Url) -> Result<Connection, Fault> {
    let addresses = look_up(url).await?;
    allowed.check(&addresses, url.secure)?;
    let mut stream = Err(Fault::Unknown);
    for address in addresses {
        stream = TcpStream::connect(address).await.map_err(Fault::Connect);
        if stream.is_ok() {
            break;
        }
    }
    let stream = stream?;
    stream.set_nodelay(true).map_err(Fault::Connect)?;
    if !url.secure {
        return open(stream, url).await;
    }
    let name = ServerName::try_from(url.name().to_owned()).map_err(|_| Fault::Unknown)?;
    let stream = TlsConnector::from(trust.0.clone()).connect(name, stream).await.map_err(Fault::Tls)?;
    open(stream, url).await
}

async fn look_up(url: &Url) -> Result<Vec<SocketAddr>, Fault> {
    let found = tokio::net::lookup_host((url.name(), url.port)).await.map_err(|_| Fault::Unknown)?;
    let found: Vec<SocketAddr> = found.collect();
    if found.is_empty() { Err(Fault::Unknown) } else { Ok(found) }
}

async fn open<S>(stream: S, url: &Url) -> Result<Connection, Fault>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
    TokioIo<S>: Read + Write,
{
    let mut builder = http1::Builder::new();
    builder.max_buf_size(BUFFER_BYTES_MAX).max_headers(HEADERS_MAX);
    let (sender, connection) = builder.handshake(TokioIo::new(stream)).await.map_err(Fault::Broken)?;
    let mut driver = JoinSet::new();
    driver.spawn(async move {
        // What goes wrong is told to whoever waits for an answer.
        drop(connection.await);
    });
    Ok(Connection { sender, to: url.clone(), _driver: driver })
}
