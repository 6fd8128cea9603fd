//! Connecting: look the name up once, check every address, connect to one of those.

use crate::address::Allowed;
use crate::client::Fault;
use crate::url::Url;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::future::poll_fn;
use std::mem::MaybeUninit;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};
use std::{fmt, io};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// Bytes that are read at once.
const READ_BYTES: usize = 8 << 10;

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

/// A connection to a server: a socket, over TLS or not.
pub(crate) struct Connection {
    stream: Box<dyn Stream>,
    /// Whom it is to.
    pub(crate) to: Url,
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send + Sync {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + Sync> Stream for S {}

impl Connection {
    pub(crate) async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await?;
        self.stream.flush().await
    }

    /// Waits for bytes and adds them; how many, 0 at the end.
    pub(crate) async fn read(&mut self, into: &mut Vec<u8>) -> io::Result<usize> {
        poll_fn(|context| {
            // There is room for them only once they are there.
            let mut room = [MaybeUninit::uninit(); READ_BYTES];
            let mut read = ReadBuf::uninit(&mut room);
            ready!(Pin::new(&mut self.stream).poll_read(context, &mut read))?;
            into.extend_from_slice(read.filled());
            Poll::Ready(Ok(read.filled().len()))
        })
        .await
    }

    /// Whether nothing came since the last answer: neither the end, nor what nobody asked for.
    pub(crate) fn is_quiet(&mut self) -> bool {
        let mut room = [MaybeUninit::uninit(); 1];
        let mut context = Context::from_waker(Waker::noop());
        Pin::new(&mut self.stream).poll_read(&mut context, &mut ReadBuf::uninit(&mut room)).is_pending()
    }
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
        return Ok(Connection { stream: Box::new(stream), to: url.clone() });
    }
    let name = ServerName::try_from(url.name().to_owned()).map_err(|_| Fault::Unknown)?;
    let stream = TlsConnector::from(trust.0.clone()).connect(name, stream).await.map_err(Fault::Tls)?;
    Ok(Connection { stream: Box::new(stream), to: url.clone() })
}

async fn look_up(url: &Url) -> Result<Vec<SocketAddr>, Fault> {
    let found = tokio::net::lookup_host((url.name(), url.port)).await.map_err(|_| Fault::Unknown)?;
    let found: Vec<SocketAddr> = found.collect();
    if found.is_empty() { Err(Fault::Unknown) } else { Ok(found) }
}
