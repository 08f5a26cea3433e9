//! HTTP for the SDK's clients: version 1.1, over TLS by rustls and ring. The services that we use
//! need no other version, and the code of HTTP/2 makes every program larger. What is sent, and how
//! often it is tried, the SDK knows.

#[cfg(test)]
mod tests;

use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock, Mutex, PoisonError},
    time::Duration,
};

use aws_sdk_dynamodb::config::SharedHttpClient;
use aws_smithy_runtime_api::client::{
    connection::{CaptureSmithyConnection, ConnectionMetadata},
    http::{
        HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
    },
    orchestrator::{HttpRequest, HttpResponse},
    result::ConnectorError,
    runtime_components::RuntimeComponents,
};
use aws_smithy_types::body::SdkBody;
use http::Request;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector as TcpConnector, connect::capture_connection},
    rt::{TokioExecutor, TokioTimer},
};
use rustls::{ClientConfig, RootCertStore, crypto::ring};
use tokio::time::timeout;

/// What a connection trusts, and how it is secured: whatever authorities the system trusts, read
/// at the first use of any client.
static TLS: LazyLock<Option<ClientConfig>> = LazyLock::new(|| {
    let mut roots = RootCertStore::empty();
    // Of hundreds, some may be of a form that is not known. Without any, no certificate is good.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .ok()?;
    Some(config.with_root_certificates(roots).with_no_client_auth())
});

/// A client of the SDK's for all that it sends. Nothing is opened before the first use; then
/// connections are kept for the next one.
#[must_use]
pub fn https_client() -> SharedHttpClient {
    SharedHttpClient::new(Https::default())
}

/// Time-outs for a connection and for an answer.
type Limits = (Option<Duration>, Option<Duration>);

#[derive(Debug, Default)]
struct Https {
    connectors: Mutex<BTreeMap<Limits, SharedHttpConnector>>,
}

impl HttpClient for Https {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let limits = (settings.connect_timeout(), settings.read_timeout());
        let mut connectors = self.connectors.lock().unwrap_or_else(PoisonError::into_inner);
        let connector = connectors.entry(limits);
        connector.or_insert_with(|| SharedHttpConnector::new(Pool::new(limits))).clone()
    }
}

/// Connections, or `None` if there is no TLS.
#[derive(Debug)]
struct Pool {
    client: Option<Client<HttpsConnector<TcpConnector>, SdkBody>>,
    answer_limit: Option<Duration>,
}

impl Pool {
    fn new((connect_limit, answer_limit): Limits) -> Self {
        let mut tcp = TcpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(connect_limit);
        let client = TLS.clone().map(|tls| {
            let builder = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http();
            let connector = builder.enable_http1().wrap_connector(tcp);
            Client::builder(TokioExecutor::new()).pool_timer(TokioTimer::new()).build(connector)
        });
        Self { client, answer_limit }
    }
}

impl HttpConnector for Pool {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let Some(client) = &self.client else {
            let error = ConnectorError::user("no TLS with these ciphers".into());
            return HttpConnectorFuture::ready(Err(error));
        };
        let mut request = match request.try_into_http1x() {
            Ok(request) => request,
            Err(error) => {
                return HttpConnectorFuture::ready(Err(ConnectorError::user(error.into())));
            }
        };
        let_close(&mut request);
        let (answering, limit) = (client.request(request), self.answer_limit);
        HttpConnectorFuture::new(async move {
            let answered = match limit {
                Some(limit) => timeout(limit, answering)
                    .await
                    .map_err(|late| ConnectorError::timeout(late.into()))?,
                None => answering.await,
            };
            // Whatever went wrong on the way may be tried again.
            let response = answered.map_err(|error| ConnectorError::io(error.into()))?;
            HttpResponse::try_from(response.map(SdkBody::from_body_1_x))
                .map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}

/// Lets the SDK have the connection of this request closed after a failure, so that it tries
/// again over another one.
fn let_close(request: &mut Request<SdkBody>) {
    let connection = capture_connection(request);
    let Some(capture) = request.extensions().get::<CaptureSmithyConnection>() else { return };
    capture.set_connection_retriever(move || {
        let used = connection.clone();
        let close = move || {
            if let Some(connected) = used.connection_metadata().as_ref() {
                connected.poison();
            }
        };
        connection.connection_metadata().as_ref()?;
        Some(ConnectionMetadata::builder().proxied(false).poison_fn(close).build())
    });
}
