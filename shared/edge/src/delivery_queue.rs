//! The queue that wakes whoever delivers events to webhooks: a standard one, and none at all. A
//! message says which delivery; what is to be delivered, and when, stands in the store.

#[cfg(test)]
mod tests;

use app::ports::{DeliveryQueue, DeliveryTask, NotQueued};
use async_trait::async_trait;
use aws_sdk_sqs::Client;
use domain::time::Span;

use crate::task_queue::SqsTasks;

/// A standard queue.
pub struct SqsDeliveries(SqsTasks);

impl SqsDeliveries {
    /// The queue with this URL.
    #[must_use]
    pub fn new(client: Client, queue_url: String) -> Self {
        Self(SqsTasks::new(client, queue_url))
    }
}

#[async_trait]
impl DeliveryQueue for SqsDeliveries {
    /// 2 s at most.
    async fn send(&self, task: DeliveryTask, delay: Span) -> Result<(), NotQueued> {
        self.0.send(task.to_string(), delay).await
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
