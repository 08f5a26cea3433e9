//! Reaching servers that are not ours: the host's addresses are looked up once, all of them are
//! looked at, and one of these is connected to. What is sent there is not known here.

mod resolve;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use domain::{
    time::{Span, Timestamp},
    webhook::{Reach, WebhookUrl, forbidden},
};
use http::{HeaderMap, header};
use rustls::{ClientConfig, RootCertStore, pki_types::ServerName};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    sync::OnceCell,
    time::timeout,
};
use tokio_rustls::TlsConnector;

pub(crate) use resolve::{Resolve, SystemResolver};

/// So that a host whose first address is dead is reached by its second.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// A connection, in clear or by TLS.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// Why there is no connection. Nothing has been sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotReached {
    /// The host has an address, or the URL a scheme, that we do not connect to.
    Forbidden,
    /// The host has no address.
    Unresolved,
    /// Nobody takes the connection.
    Unreachable,
    /// The certificate is not good for the host's name, or it speaks no TLS.
    Tls,
}

/// Connects. Knows no proxy.
pub(crate) struct Dialer {
    pub(crate) reach: Reach,
    pub(crate) resolver: Arc<dyn Resolve>,
    pub(crate) tls: OnceCell<TlsConnector>,
}

impl Dialer {
    /// One that reaches so far, by the system's resolver and its roots of trust, which are read
    /// at the first use.
    pub(crate) fn new(reach: Reach) -> Self {
        Self { reach, resolver: Arc::new(SystemResolver), tls: OnceCell::new() }
    }

    /// A connection to the host of a URL, by TLS if the URL says so.
    pub(crate) async fn dial(&self, url: &WebhookUrl) -> Result<Box<dyn Stream>, NotReached> {
        if !url.is_tls() && self.reach == Reach::Public {
            return Err(NotReached::Forbidden);
        }
        let addresses = self.addresses(url).await?;
        let stream = connect(&addresses).await?;
        if !url.is_tls() {
            return Ok(Box::new(stream));
        }
        let name = ServerName::try_from(url.host().to_owned()).map_err(|_| NotReached::Tls)?;
        let connector = self.tls.get_or_try_init(async || connector(native_roots())).await?;
        let stream = connector.connect(name, stream).await.map_err(|error| {
            tracing::info!(host = url.host(), %error, "no TLS");
            NotReached::Tls
        })?;
        Ok(Box::new(stream))
    }

    /// The addresses of a host. If one of them may not be sent to, none is: whoever answers so
    /// means no good.
    async fn addresses(&self, url: &WebhookUrl) -> Result<Vec<SocketAddr>, NotReached> {
        let found = match url.host().parse() {
            Ok(address) => vec![address],
            Err(_) => self.resolver.addresses(url.host()).await.map_err(|error| {
                tracing::info!(host = url.host(), %error, "a host is unknown");
                NotReached::Unresolved
            })?,
        };
        for address in &found {
            if let Some(why) = forbidden(*address, self.reach) {
                tracing::warn!(host = url.host(), %address, why, "a host has a forbidden address");
                return Err(NotReached::Forbidden);
            }
        }
        if found.is_empty() {
            return Err(NotReached::Unresolved);
        }
        Ok(found.into_iter().map(|address| SocketAddr::new(address, url.port())).collect())
    }
}

/// To the first of the addresses that takes the connection, and to no other than these.
async fn connect(addresses: &[SocketAddr]) -> Result<TcpStream, NotReached> {
    for address in addresses {
        match timeout(CONNECT_TIMEOUT, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                // Each message is written at once: there is nothing to wait for.
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::info!(%address, %error, "small packets wait");
                }
                return Ok(stream);
            }
            Ok(Err(error)) => tracing::info!(%address, %error, "not connected"),
            Err(_) => tracing::info!(%address, "not connected in time"),
        }
    }
    Err(NotReached::Unreachable)
}

pub(crate) fn native_roots() -> RootCertStore {
    let found = rustls_native_certs::load_native_certs();
    for error in found.errors {
        tracing::warn!(%error, "a root of trust is not readable");
    }
    let mut roots = RootCertStore::empty();
    let (_, ignored) = roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        tracing::error!(ignored, "there are no roots of trust");
    }
    roots
}

pub(crate) fn connector(roots: RootCertStore) -> Result<TlsConnector, NotReached> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.map_err(|error| {
        tracing::error!(%error, "no TLS at all");
        NotReached::Tls
    })?;
    Ok(TlsConnector::from(Arc::new(config.with_root_certificates(roots).with_no_client_auth())))
}

/// How long a server asks to be left alone: in seconds, or until a date.
pub(crate) fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Span> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u32>() {
        return Some(Span::seconds(seconds));
    }
    let date = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
    Some(Timestamp::from_millis(date.as_millisecond()).since(now))
}
