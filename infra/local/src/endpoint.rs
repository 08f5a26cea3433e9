//! A DynamoDB behind a URL, and its streams: an emulator such as LocalStack, DynamoDB Local or
//! ministack. Decides how it is reached and how its streams are read. Knows nothing of our
//! tables, and nothing of who follows them.

mod json;
mod streams;
mod transport;

#[cfg(test)]
mod tests;

use std::time::Duration;

use aws_sdk_dynamodb::{
    Client,
    config::{BehaviorVersion, Region, retry::RetryConfig, timeout::TimeoutConfig},
};
use aws_sdk_dynamodbstreams as stream_api;
use dynamo::{Access, connect, https_client};
use tokio::sync::watch;

pub use streams::{EndpointError, Reader};

use transport::AnnouncingTransport;

/// Reading a stream again does no harm, and nobody waits for it: more patience than a request's.
const ATTEMPTS_MAX: u32 = 3;
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(5);
const OPERATION_TIMEOUT: Duration = Duration::from_secs(15);

/// A DynamoDB behind a URL. A clone is another handle to the same one.
#[derive(Debug, Clone)]
pub struct EndpointDynamo {
    client: Client,
    streams: stream_api::Client,
    written: watch::Sender<()>,
}

impl EndpointDynamo {
    /// The one at this address, which checks no key. Nothing is opened before the first use.
    #[must_use]
    pub fn connect(url: &str) -> Self {
        let access = Access::emulator(url);
        let timeouts = TimeoutConfig::builder()
            .operation_attempt_timeout(ATTEMPT_TIMEOUT)
            .operation_timeout(OPERATION_TIMEOUT)
            .build();
        let config = stream_api::Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .credentials_provider(access.credentials())
            .region(Region::new(access.region.clone()))
            .endpoint_url(url)
            .timeout_config(timeouts)
            .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS_MAX))
            .http_client(https_client());
        let written = watch::Sender::new(());
        let announcing = AnnouncingTransport::new(https_client(), written.clone());
        let config_of_items = connect(access).config().to_builder().http_client(announcing);
        Self {
            client: Client::from_conf(config_of_items.build()),
            streams: stream_api::Client::from_conf(config.build()),
            written,
        }
    }

    /// A client whose writes are news to [`EndpointDynamo::writes`].
    #[must_use]
    pub fn client(&self) -> Client {
        self.client.clone()
    }

    /// Changes when a client of this handle has written something. Of what others write, nobody
    /// is told.
    #[must_use]
    pub fn writes(&self) -> watch::Receiver<()> {
        self.written.subscribe()
    }
}
