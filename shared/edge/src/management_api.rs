//! API Gateway's way back to connections: its Management API. Who is posted what, and what is
//! done about those who are gone, is not known here.

#[cfg(test)]
mod tests;

use app::ports::ConnectionId;
use async_trait::async_trait;
use aws_sdk_apigatewaymanagement::{
    Client,
    config::{BehaviorVersion, Config, Region, SharedHttpClient, http::HttpResponse},
    error::{ProvideErrorMetadata, SdkError},
    primitives::Blob,
};
use dynamo::Access;

use crate::{
    patience,
    queue::reason,
    sockets::{Frame, Gateway, PostError},
};

/// What the API answers for a connection that is closed, or that is not open yet.
const GONE: u16 = 410;

/// A client for the Management API over [`dynamo::https_client`]. The access names its address.
/// Nothing is opened before the first use. A call takes 2 s at most and is tried twice: a message
/// may arrive twice by that, and clients know it by its number.
#[must_use]
pub fn connect(access: Access) -> Client {
    client_over(dynamo::https_client(), access)
}

fn client_over(http: SharedHttpClient, access: Access) -> Client {
    let mut config = Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .credentials_provider(access.credentials())
        .region(Region::new(access.region))
        .timeout_config(patience::timeouts())
        .retry_config(patience::retries())
        .http_client(http);
    if let Some(endpoint) = access.endpoint {
        config = config.endpoint_url(endpoint);
    }
    Client::from_conf(config.build())
}

/// The connections of a WebSocket API.
pub struct ManagementGateway {
    client: Client,
}

impl ManagementGateway {
    /// Those of the API that the client was made for.
    #[must_use]
    pub fn new(client: Client) -> Self {
        Self { client }
    }
}

#[async_trait]
impl Gateway for ManagementGateway {
    /// 2 s at most.
    async fn post(&self, to: &ConnectionId, frame: &Frame) -> Result<(), PostError> {
        if !frame.fits() {
            return Ok(());
        }
        let data = Blob::new(frame.text.as_bytes());
        let posted = self.client.post_to_connection().connection_id(&to.0).data(data).send().await;
        posted.map(|_| ()).map_err(|error| failure(&error))
    }

    /// 2 s at most. What was posted and not read yet may be lost with it.
    async fn close(&self, id: &ConnectionId) -> Result<(), PostError> {
        let closed = self.client.delete_connection().connection_id(&id.0).send().await;
        closed.map(|_| ()).map_err(|error| failure(&error))
    }
}

fn failure<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> PostError {
    match error.raw_response().map(|response| response.status().as_u16()) {
        Some(GONE) => PostError::Gone,
        _ => PostError::Unavailable(reason(error).to_owned()),
    }
}
