//! The queue that wakes whoever delivers events to webhooks: a standard one, and none at all. A
//! message says which delivery; what is to be delivered, and when, stands in the store.

#[cfg(test)]
mod tests;

use app::ports::{DELAY_MAX, DeliveryQueue, DeliveryTask, NotQueued};
use async_trait::async_trait;
use aws_sdk_sqs::Client;
use domain::time::Span;

use crate::queue::{message_attributes, reason};

/// A standard queue.
pub struct SqsDeliveries {
    client: Client,
    queue_url: String,
}

impl SqsDeliveries {
    /// The queue with this URL.
    #[must_use]
    pub fn new(client: Client, queue_url: String) -> Self {
        Self { client, queue_url }
    }
}

/// Whole seconds, rounded up: no task comes before its time only to be sent on.
fn seconds(delay: Span) -> i32 {
    let millis = delay.min(DELAY_MAX).as_millis();
    i32::try_from(millis.saturating_add(999) / 1000).unwrap_or(0)
}

#[async_trait]
impl DeliveryQueue for SqsDeliveries {
    /// 2 s at most.
    async fn send(&self, task: DeliveryTask, delay: Span) -> Result<(), NotQueued> {
        let sent = self
            .client
            .send_message()
            .queue_url(&self.queue_url)
            .delay_seconds(seconds(delay))
            .message_body(task.to_string())
            .set_message_attributes(message_attributes())
            .send()
            .await;
        sent.map(|_| ()).map_err(|error| NotQueued(reason(&error).to_owned()))
    }
}

/// No queue: what is to be delivered waits for the next sweep, which has nowhere to put it
/// either.
pub struct NoDeliveries;

#[async_trait]
impl DeliveryQueue for NoDeliveries {
    async fn send(&self, _task: DeliveryTask, _delay: Span) -> Result<(), NotQueued> {
        Err(NotQueued("there is no queue of deliveries".to_owned()))
    }
}
