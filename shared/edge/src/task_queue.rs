//! A standard queue of tasks: each is one line that says what to look at, and comes after a wait.
//! What a task is about, and what is to be done, is not known here.

use app::ports::{DELAY_MAX, NotQueued};
use aws_sdk_sqs::Client;
use domain::time::Span;

use crate::queue::{message_attributes, reason};

/// A standard queue.
pub(crate) struct SqsTasks {
    client: Client,
    queue_url: String,
}

impl SqsTasks {
    /// The queue with this URL.
    pub(crate) fn new(client: Client, queue_url: String) -> Self {
        Self { client, queue_url }
    }

    /// Queues a task. 2 s at most.
    pub(crate) async fn send(&self, task: String, delay: Span) -> Result<(), NotQueued> {
        let sent = self
            .client
            .send_message()
            .queue_url(&self.queue_url)
            .delay_seconds(seconds(delay))
            .message_body(task)
            .set_message_attributes(message_attributes())
            .send()
            .await;
        sent.map(|_| ()).map_err(|error| NotQueued(reason(&error).to_owned()))
    }
}

/// Whole seconds, rounded up: no task comes before its time only to be sent on.
fn seconds(delay: Span) -> i32 {
    let millis = delay.min(DELAY_MAX).as_millis();
    i32::try_from(millis.saturating_add(999) / 1000).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_whole_seconds_rounded_up_and_a_quarter_of_an_hour_at_most() {
        let waits = [0, 1, 999, 1_000, 1_001, 900_000, 900_001, u32::MAX].map(Span::millis);
        assert_eq!(waits.map(seconds), [0, 1, 1, 1, 2, 900, 900, 900]);
    }
}
