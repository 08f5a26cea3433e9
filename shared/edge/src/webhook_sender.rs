//! Posts to addresses that users name, and so to nobody but the public internet: the host's
//! addresses are looked up once, all of them are looked at, and one of these is connected to.
//! What is posted is not known here.

mod resolve;
#[cfg(test)]
mod tests;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use app::ports::{Clock, WebhookSender};
use async_trait::async_trait;
use bytes::Bytes;
use domain::{
    time::{Span, Timestamp},
    webhook::{Outcome, Reach, SendFailure, WebhookUrl, forbidden},
};
use http::{HeaderMap, Request, Response, header};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, client::conn::http1};
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, RootCertStore, pki_types::ServerName};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    sync::OnceCell,
    task::JoinSet,
    time::timeout,
};
use tokio_rustls::TlsConnector;

use crate::acting;

pub use resolve::{Resolve, SystemResolver};

/// From the look-up of the host to the end of the answer.
const TIMEOUT: Duration = Duration::from_secs(10);
/// So that a host whose first address is dead is reached by its second.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// The most that is posted. An event of ours has about 1 KB.
const BODY_BYTES_MAX: usize = 64 * 1024;
/// The most of an answer's body that is read: enough to let a friendly receiver finish.
const ANSWER_BYTES_MAX: usize = 4 * 1024;
/// The most of an answer's headers that is read.
const HEAD_BYTES_MAX: usize = 16 * 1024;
const USER_AGENT: &str = "multiverse-market-webhooks/1";

/// Posts by HTTP/1.1. Knows no proxy and follows no redirection.
pub struct HttpWebhookSender {
    reach: Reach,
    resolver: Arc<dyn Resolve>,
    clock: Arc<dyn Clock>,
    tls: OnceCell<TlsConnector>,
    limit: Duration,
}

impl HttpWebhookSender {
    /// A sender that reaches so far, by the system's resolver and its roots of trust, which are
    /// read at the first use.
    #[must_use]
    pub fn new(reach: Reach, clock: Arc<dyn Clock>) -> Self {
        let (resolver, tls) = (Arc::new(SystemResolver), OnceCell::new());
        Self { reach, resolver, clock, tls, limit: TIMEOUT }
    }

    async fn exchange(
        &self,
        url: &WebhookUrl,
        headers: &[(&'static str, String)],
        body: &str,
    ) -> Result<Outcome, SendFailure> {
        if body.len() > BODY_BYTES_MAX {
            return Err(SendFailure::TooLarge);
        }
        if !url.is_tls() && self.reach == Reach::Public {
            return Err(SendFailure::AddressRefused);
        }
        let request = request(url, headers, body).ok_or(SendFailure::NoAnswer)?;
        let addresses = self.addresses(url).await?;
        let stream = connect(&addresses).await?;
        if !url.is_tls() {
            return self.answer(stream, request).await;
        }
        let name = ServerName::try_from(url.host().to_owned()).map_err(|_| SendFailure::Tls)?;
        let connector = self.tls.get_or_try_init(async || connector(native_roots())).await?;
        let stream = connector.connect(name, stream).await.map_err(|error| {
            tracing::info!(host = url.host(), %error, "no TLS with a webhook's receiver");
            SendFailure::Tls
        })?;
        self.answer(stream, request).await
    }

    /// The addresses of a host. If one of them may not be sent to, none is: whoever answers so
    /// means no good.
    async fn addresses(&self, url: &WebhookUrl) -> Result<Vec<SocketAddr>, SendFailure> {
        let found = match url.host().parse() {
            Ok(address) => vec![address],
            Err(_) => self.resolver.addresses(url.host()).await.map_err(|error| {
                tracing::info!(host = url.host(), %error, "a webhook's host is unknown");
                SendFailure::Unresolved
            })?,
        };
        for address in &found {
            if let Some(why) = forbidden(*address, self.reach) {
                let host = url.host();
                tracing::warn!(host, %address, why, "a webhook leads to a forbidden address");
                return Err(SendFailure::AddressRefused);
            }
        }
        if found.is_empty() {
            return Err(SendFailure::Unresolved);
        }
        Ok(found.into_iter().map(|address| SocketAddr::new(address, url.port())).collect())
    }

    async fn answer<Stream>(
        &self,
        stream: Stream,
        request: Request<Full<Bytes>>,
    ) -> Result<Outcome, SendFailure>
    where
        Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let no_answer = |error: hyper::Error| {
            tracing::info!(%error, "no answer of a webhook's receiver");
            SendFailure::NoAnswer
        };
        let client = http1::Builder::new().max_buf_size(HEAD_BYTES_MAX).clone();
        let (mut sender, connection) =
            client.handshake(TokioIo::new(stream)).await.map_err(no_answer)?;
        // It ends with this call: whoever drops a set ends its tasks.
        let mut driver = JoinSet::new();
        driver.spawn(connection);
        let response = sender.send_request(request).await.map_err(no_answer)?;
        let status = response.status().as_u16();
        let retry_after = retry_after(response.headers(), self.clock.now());
        drain(response).await;
        Ok(Outcome::Answered { status, retry_after })
    }
}

#[async_trait]
impl WebhookSender for HttpWebhookSender {
    async fn post(
        &self,
        url: &WebhookUrl,
        headers: &[(&'static str, String)],
        body: &str,
    ) -> Outcome {
        match timeout(self.limit, self.exchange(url, headers, body)).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(failure)) => Outcome::Failed(failure),
            Err(_) => Outcome::Failed(SendFailure::TimedOut),
        }
    }
}

fn request(
    url: &WebhookUrl,
    headers: &[(&'static str, String)],
    body: &str,
) -> Option<Request<Full<Bytes>>> {
    let mut request = Request::post(url.target())
        .header(header::HOST, url.authority())
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::USER_AGENT, USER_AGENT)
        .header(header::CONNECTION, "close");
    for (name, text) in headers {
        request = request.header(*name, text);
    }
    if let Some(origin) = acting::current().and_then(|acting| acting.origin) {
        request = request.header("traceparent", origin.trace.to_string());
    }
    request.body(Full::new(Bytes::from(body.to_owned()))).ok()
}

/// To the first of the addresses that takes the connection, and to no other than these.
async fn connect(addresses: &[SocketAddr]) -> Result<TcpStream, SendFailure> {
    for address in addresses {
        match timeout(CONNECT_TIMEOUT, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => tracing::info!(%address, %error, "not connected"),
            Err(_) => tracing::info!(%address, "not connected in time"),
        }
    }
    Err(SendFailure::Unreachable)
}

fn native_roots() -> RootCertStore {
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

fn connector(roots: RootCertStore) -> Result<TlsConnector, SendFailure> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.map_err(|error| {
        tracing::error!(%error, "no TLS at all");
        SendFailure::Tls
    })?;
    Ok(TlsConnector::from(Arc::new(config.with_root_certificates(roots).with_no_client_auth())))
}

/// Seconds, or a date.
fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Span> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u32>() {
        return Some(Span::seconds(seconds));
    }
    let date = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
    Some(Timestamp::from_millis(date.as_millisecond()).since(now))
}

/// Reads some of a body, and nothing of it.
async fn drain(response: Response<Incoming>) {
    let mut body = response.into_body();
    let mut seen = 0_usize;
    while seen < ANSWER_BYTES_MAX
        && let Some(Ok(frame)) = body.frame().await
    {
        seen = seen.saturating_add(frame.data_ref().map_or(0, Bytes::len));
    }
}

/// Posts nothing.
pub struct NoWebhookSender;

#[async_trait]
impl WebhookSender for NoWebhookSender {
    async fn post(
        &self,
        _url: &WebhookUrl,
        _headers: &[(&'static str, String)],
        _body: &str,
    ) -> Outcome {
        Outcome::Failed(SendFailure::NoAnswer)
    }
}
