//! The queues of a market, and how full they are.

use aws_sdk_sqs::types::QueueAttributeName;

use crate::{
    failure::{Failure, service},
    session::{Session, outputs},
};

/// A queue, as a stack names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Named {
    /// The output with its URL.
    pub output: &'static str,
    /// What it is for.
    pub what: &'static str,
    /// Whether a message in it needs somebody.
    pub dead_letters: bool,
}

/// All queues of a market.
pub const QUEUES: [Named; 7] = [
    Named { output: outputs::MATCH_QUEUE, what: "match", dead_letters: false },
    Named { output: outputs::MATCH_DEAD_LETTERS, what: "match (dead letters)", dead_letters: true },
    Named { output: outputs::WEBHOOK_QUEUE, what: "webhooks", dead_letters: false },
    Named {
        output: outputs::WEBHOOK_DEAD_LETTERS,
        what: "webhooks (dead letters)",
        dead_letters: true,
    },
    Named { output: outputs::VENUE_QUEUE, what: "venues", dead_letters: false },
    Named {
        output: outputs::VENUE_DEAD_LETTERS,
        what: "venues (dead letters)",
        dead_letters: true,
    },
    Named { output: outputs::FAILURE_QUEUE, what: "failures", dead_letters: true },
];

/// How full a queue is, about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Depth {
    /// Messages that wait.
    pub waiting: u64,
    /// Messages that somebody is at work on.
    pub in_flight: u64,
    /// Messages whose time has not come.
    pub delayed: u64,
}

/// How full a queue is.
///
/// # Errors
/// The service's.
pub async fn depth(session: &Session, url: &str) -> Result<Depth, Failure> {
    let attributes = session
        .sqs
        .get_queue_attributes()
        .queue_url(url)
        .attribute_names(QueueAttributeName::ApproximateNumberOfMessages)
        .attribute_names(QueueAttributeName::ApproximateNumberOfMessagesNotVisible)
        .attribute_names(QueueAttributeName::ApproximateNumberOfMessagesDelayed)
        .send()
        .await
        .map_err(service("a queue cannot be looked at"))?;
    let attributes = attributes.attributes.unwrap_or_default();
    let count = |name| attributes.get(&name).and_then(|count| count.parse().ok()).unwrap_or(0);
    Ok(Depth {
        waiting: count(QueueAttributeName::ApproximateNumberOfMessages),
        in_flight: count(QueueAttributeName::ApproximateNumberOfMessagesNotVisible),
        delayed: count(QueueAttributeName::ApproximateNumberOfMessagesDelayed),
    })
}

/// A queue's ARN.
///
/// # Errors
/// The service's.
pub async fn arn(session: &Session, url: &str) -> Result<String, Failure> {
    let name = QueueAttributeName::QueueArn;
    let attributes =
        session.sqs.get_queue_attributes().queue_url(url).attribute_names(name.clone());
    let attributes = attributes.send().await.map_err(service("a queue cannot be looked at"))?;
    let arn = attributes.attributes.and_then(|mut attributes| attributes.remove(&name));
    arn.ok_or_else(|| Failure::refused(format!("{url} has no ARN")))
}

/// A queue's name: the last part of its URL.
#[must_use]
pub fn name_of(url: &str) -> &str {
    url.rsplit('/').next().unwrap_or(url)
}
