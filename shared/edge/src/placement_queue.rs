//! The queue that wakes whoever sees to orders at external venues: a standard one, and none at
//! all. A message says which order; what is to be done, and when, stands in the store.

#[cfg(test)]
mod tests;

use app::ports::{NotQueued, PlacementQueue};
use async_trait::async_trait;
use aws_sdk_sqs::Client;
use domain::{time::Span, venue::Task};

use crate::task_queue::SqsTasks;

/// A standard queue.
pub struct SqsPlacements(SqsTasks);

impl SqsPlacements {
    /// The queue with this URL.
    #[must_use]
    pub fn new(client: Client, queue_url: String) -> Self {
        Self(SqsTasks::new(client, queue_url))
    }
}

#[async_trait]
impl PlacementQueue for SqsPlacements {
    /// 2 s at most.
    async fn send(&self, task: Task, delay: Span) -> Result<(), NotQueued> {
        self.0.send(task.to_string(), delay).await
    }
}

/// No queue: what is to be done waits for the next sweep, which has nowhere to put it either.
pub struct NoPlacements;

#[async_trait]
impl PlacementQueue for NoPlacements {
    async fn send(&self, _task: Task, _delay: Span) -> Result<(), NotQueued> {
        Err(NotQueued("there is no queue of orders at venues".to_owned()))
    }
}
