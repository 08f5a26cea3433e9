//! Doorbells: a FIFO queue that wakes matchers, and none at all. A message carries nothing but
//! the pair's name; what is to be matched stands in the pair's command log.

#[cfg(test)]
pub(crate) mod tests;

use std::collections::HashMap;

use app::ports::{Doorbell, NotRung};
use async_trait::async_trait;
use aws_sdk_sqs::{
    Client,
    config::{BehaviorVersion, Config, Region, SharedHttpClient},
    error::{ProvideErrorMetadata, SdkError},
    types::MessageAttributeValue,
};
use domain::{command::CommandId, pair::PairId};
use dynamo::Access;

use crate::{
    acting, patience,
    telemetry::{MESSAGE_REQUEST_ID, MESSAGE_TRACE_PARENT},
};

/// A client for SQS over [`dynamo::https_client`]. Nothing is opened before the first use. A call
/// takes 2 s at most: an order is accepted already when the bell rings, and its client waits.
#[must_use]
pub fn connect(access: Access) -> Client {
    client_over(dynamo::https_client(), access)
}

pub(crate) fn client_over(http: SharedHttpClient, access: Access) -> Client {
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

/// A FIFO queue whose groups are pairs: one matcher of a pair is awake at a time.
pub struct SqsDoorbell {
    client: Client,
    queue_url: String,
}

impl SqsDoorbell {
    /// The queue with this URL.
    #[must_use]
    pub fn new(client: Client, queue_url: String) -> Self {
        Self { client, queue_url }
    }
}

#[async_trait]
impl Doorbell for SqsDoorbell {
    /// The queue takes a command once in five minutes. 2 s at most.
    async fn ring(&self, pair: PairId, command: CommandId) -> Result<(), NotRung> {
        let sent = self
            .client
            .send_message()
            .queue_url(&self.queue_url)
            .message_group_id(pair.to_string())
            .message_deduplication_id(deduplication_id(pair, command))
            .message_body(pair.to_string())
            .set_message_attributes(message_attributes())
            .send()
            .await;
        sent.map(|_| ()).map_err(|error| NotRung(reason(&error).to_owned()))
    }
}

/// Whom a message is sent for, if anybody has said: beside its text, where whoever is woken by it
/// looks.
pub(crate) fn message_attributes() -> Option<HashMap<String, MessageAttributeValue>> {
    let origin = acting::current()?.origin?;
    let request_id = origin.request_id.as_ref().map(|id| (MESSAGE_REQUEST_ID, id.clone()));
    let trace = (MESSAGE_TRACE_PARENT, origin.trace.to_string());
    let attributes = request_id.into_iter().chain([trace]).filter_map(|(name, text)| {
        let value = MessageAttributeValue::builder().data_type("String").string_value(text);
        // Whoever has a type is complete.
        value.build().ok().map(|value| (name.to_owned(), value))
    });
    Some(attributes.collect())
}

/// At most 57 characters of the 128 that it may have: 11 for the pair, 45 for the command.
fn deduplication_id(pair: PairId, command: CommandId) -> String {
    format!("{pair}.{command}")
}

/// Why a message was not sent. The service's own message is left out: one about signatures
/// repeats what was signed.
pub(crate) fn reason<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> &str {
    match error {
        SdkError::ServiceError(context) => {
            context.err().code().unwrap_or("an error without a code")
        }
        SdkError::ConstructionFailure(_) => "the request could not be built",
        SdkError::TimeoutError(_) => "no answer in time",
        SdkError::DispatchFailure(_) => "no connection",
        _ => "no readable answer",
    }
}

/// No doorbell: what is ordered waits for the next sweep.
pub struct Unrung;

#[async_trait]
impl Doorbell for Unrung {
    async fn ring(&self, _pair: PairId, _command: CommandId) -> Result<(), NotRung> {
        Ok(())
    }
}
