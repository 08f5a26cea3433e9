//! A transport around another that says when something was written through it. Changes nothing
//! on the way.

use aws_smithy_runtime_api::client::{
    http::{
        HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
        SharedHttpConnector,
    },
    orchestrator::HttpRequest,
    runtime_components::RuntimeComponents,
};
use tokio::sync::watch;

use crate::embedded::is_write;

/// Says on `written` that a write was answered with success.
#[derive(Debug, Clone)]
pub(super) struct AnnouncingTransport {
    inner: SharedHttpClient,
    written: watch::Sender<()>,
}

impl AnnouncingTransport {
    pub(super) fn new(inner: SharedHttpClient, written: watch::Sender<()>) -> Self {
        Self { inner, written }
    }
}

impl HttpClient for AnnouncingTransport {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(AnnouncingConnector { inner, written: self.written.clone() })
    }
}

#[derive(Debug)]
struct AnnouncingConnector {
    inner: SharedHttpConnector,
    written: watch::Sender<()>,
}

impl HttpConnector for AnnouncingConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let writes = request.headers().get("x-amz-target").is_some_and(is_write);
        let (written, answer) = (self.written.clone(), self.inner.call(request));
        HttpConnectorFuture::new(async move {
            let response = answer.await?;
            if writes && response.status().is_success() {
                written.send_replace(());
            }
            Ok(response)
        })
    }
}
