//! The SDK's transport that hands each request to the embedded engine in this process.
//! Decides only how a request and an answer are carried; signatures are not looked at.

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;

use super::{Answer, EmbeddedDynamo};

/// The operations that may have changed a row.
const WRITES: [&str; 5] =
    ["BatchWriteItem", "DeleteItem", "PutItem", "TransactWriteItems", "UpdateItem"];

/// Whether an operation, by its `X-Amz-Target` header, may change a row.
pub(crate) fn is_write(target: &str) -> bool {
    target.rsplit('.').next().is_some_and(|name| WRITES.contains(&name))
}

/// Client and connector in one: there are no connections to keep apart.
#[derive(Clone, Debug)]
pub(super) struct EmbeddedTransport {
    dynamo: EmbeddedDynamo,
}

impl EmbeddedTransport {
    pub(super) fn new(dynamo: EmbeddedDynamo) -> Self {
        Self { dynamo }
    }
}

impl HttpClient for EmbeddedTransport {
    fn http_connector(
        &self,
        _settings: &HttpConnectorSettings,
        _components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for EmbeddedTransport {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap_or_default().to_owned();
        let body = request.body().bytes().map(Bytes::copy_from_slice);
        let dynamo = self.dynamo.clone();
        HttpConnectorFuture::new(async move {
            let body = body.ok_or_else(|| {
                ConnectorError::user("the embedded database takes no streaming body".into())
            })?;
            let writes = is_write(&target);
            let answer = dynamo.answer(target, body).await;
            let answer = answer.map_err(|error| ConnectorError::io(error.into()))?;
            if writes && answer.status == 200 {
                dynamo.ring();
            }
            response(answer)
        })
    }
}

fn response(answer: Answer) -> Result<HttpResponse, ConnectorError> {
    let status = answer.status.try_into().map_err(|error| {
        let error: Box<dyn std::error::Error + Send + Sync> = Box::new(error);
        ConnectorError::other(error, None)
    })?;
    let mut response = HttpResponse::new(status, SdkBody::from(answer.body));
    response.headers_mut().insert("content-type", "application/x-amz-json-1.0");
    Ok(response)
}
