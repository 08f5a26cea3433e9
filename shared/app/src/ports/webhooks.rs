//! Where users are told of their events, how far each telling has come, and what wakes it again.
//! What a message says and who may send it is not known here.

use std::{fmt, str::FromStr};

use async_trait::async_trait;
use domain::{
    id::{UserId, WebhookId},
    time::{Span, Timestamp},
    webhook::{Delivery, Outcome, Webhook, WebhookUrl},
};

use super::{Page, StoreError};

/// The webhooks of users.
#[async_trait]
pub trait Webhooks: Send + Sync {
    /// Puts a webhook, unless its user has one in its slot already. `false`: there is one, be it
    /// this very one.
    async fn put_webhook(&self, webhook: &Webhook) -> Result<bool, StoreError>;

    /// All webhooks of a user's, by their slots, as of the last call.
    async fn webhooks(&self, user: UserId) -> Result<Vec<Webhook>, StoreError>;

    /// Puts a webhook in the place of the same one a version before. `false`: that is not what
    /// is there, and nothing was written.
    async fn replace_webhook(&self, webhook: &Webhook) -> Result<bool, StoreError>;

    /// Removes a webhook as it is. `false`: it is not so, and nothing was removed.
    async fn remove_webhook(&self, webhook: &Webhook) -> Result<bool, StoreError>;
}

/// In how many parts all that is due is kept, so that each can be read by itself.
pub const DUE_PARTS: u8 = 16;

/// The part that deliveries to a webhook are in.
#[must_use]
pub fn due_part(webhook: WebhookId) -> u8 {
    u8::try_from(webhook.bits() % u128::from(DUE_PARTS)).unwrap_or(0)
}

/// How long a delivery is kept after it is over: thirty days.
pub const DELIVERY_KEPT: Span = Span::seconds(30 * 24 * 3600);

/// Deliveries to a webhook, from the newest event down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeliveryQuery {
    /// To which.
    pub webhook: WebhookId,
    /// Only of events with lower numbers.
    pub before: Option<u64>,
    /// The most rows: 1 to 100.
    pub limit: u32,
}

/// Deliveries of events to webhooks: one of an event to a webhook.
#[async_trait]
pub trait Deliveries: Send + Sync {
    /// Puts a delivery, unless there is one of the same event to the same webhook. `false`:
    /// there is.
    async fn put_delivery(&self, delivery: &Delivery) -> Result<bool, StoreError>;

    /// A delivery as of the last call, unless it is over for longer than [`DELIVERY_KEPT`].
    async fn delivery(&self, webhook: WebhookId, seq: u64) -> Result<Option<Delivery>, StoreError>;

    /// Puts a delivery in the place of the same one a version before. `false`: that is not what
    /// is there, and nothing was written.
    async fn replace_delivery(&self, delivery: &Delivery) -> Result<bool, StoreError>;

    /// A page of deliveries, as of the last call.
    async fn deliveries(&self, query: &DeliveryQuery) -> Result<Page<Delivery>, StoreError>;

    /// Pending deliveries of one part, 0 to [`DUE_PARTS`] − 1, that are due at a time, the
    /// longest due first; at most `limit`, 1 to 100. May lag a little.
    async fn due_deliveries(
        &self,
        part: u8,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<Delivery>, StoreError>;
}

/// The longest that a task can wait in a queue: the limit of SQS.
pub const DELAY_MAX: Span = Span::seconds(900);

/// A delivery that is to be tried, as it was when somebody said so: once it has changed, the
/// task is old news.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct DeliveryTask {
    /// To which webhook.
    pub webhook: WebhookId,
    /// Whose event.
    pub user: UserId,
    /// The event's number.
    pub seq: u64,
    /// The delivery's version.
    pub version: u64,
}

impl From<&Delivery> for DeliveryTask {
    fn from(delivery: &Delivery) -> Self {
        let Delivery { webhook, user, seq, version, .. } = *delivery;
        Self { webhook, user, seq, version }
    }
}

/// The text is not a task's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is no delivery's task")]
pub struct InvalidTask;

impl fmt::Display for DeliveryTask {
    /// As it is queued: `whk_… usr_… 17 1`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { webhook, user, seq, version } = self;
        write!(out, "{webhook} {user} {seq} {version}")
    }
}

impl FromStr for DeliveryTask {
    type Err = InvalidTask;

    fn from_str(text: &str) -> Result<Self, InvalidTask> {
        let words: Vec<_> = text.split(' ').collect();
        let &[webhook, user, seq, version] = words.as_slice() else { return Err(InvalidTask) };
        let number = |digits: &str| digits.parse().map_err(|_| InvalidTask);
        let task = Self {
            webhook: webhook.parse().map_err(|_| InvalidTask)?,
            user: user.parse().map_err(|_| InvalidTask)?,
            seq: number(seq)?,
            version: number(version)?,
        };
        if task.to_string() == text { Ok(task) } else { Err(InvalidTask) }
    }
}

/// A task was not queued. The sweep finds what it was about.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the delivery was not queued: {0}")]
pub struct NotQueued(pub String);

/// Wakes whoever delivers. A task may be lost, doubled, late, or early by as much as its wait
/// passes [`DELAY_MAX`]: what is to be done stands in the delivery.
#[async_trait]
pub trait DeliveryQueue: Send + Sync {
    /// Queues a task for after this long, [`DELAY_MAX`] at most.
    async fn send(&self, task: DeliveryTask, delay: Span) -> Result<(), NotQueued>;
}

/// Sends messages to where users want them.
#[async_trait]
pub trait WebhookSender: Send + Sync {
    /// Posts a JSON text with these headers, once, and says what came of it: whatever happens,
    /// within 10 s. Redirects are not followed, and what is answered but a status is not kept.
    async fn post(
        &self,
        url: &WebhookUrl,
        headers: &[(&'static str, String)],
        body: &str,
    ) -> Outcome;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_is_one_line_in_one_spelling() {
        let task = DeliveryTask {
            webhook: WebhookId::from_bits(1),
            user: UserId::from_bits(2),
            seq: 17,
            version: 3,
        };
        let text = task.to_string();
        assert!(text.ends_with(" 17 3"), "{text}");
        assert_eq!(text.parse(), Ok(task));
        for bad in ["", "a b c d", &text.replace(" 17", " 017"), &format!("{text} ")] {
            assert_eq!(bad.parse::<DeliveryTask>(), Err(InvalidTask), "{bad}");
        }
    }

    #[test]
    fn every_webhook_is_in_one_of_the_parts() {
        let part = |bits| due_part(WebhookId::from_bits(bits));
        assert_eq!([part(0), part(15), part(16), part(u128::MAX)], [0, 15, 0, 15]);
    }
}
