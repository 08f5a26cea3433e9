//! The failure queue: where a function puts what it will never be able to handle. Who empties
//! it is not known here.

#[cfg(test)]
mod tests;

use app::ports::{DeadLetter, DeadLetters, NotKept};
use async_trait::async_trait;
use aws_sdk_sqs::Client;
use serde_json::{Value, json};

use crate::queue::{message_attributes, reason};

/// The most bytes of a letter with its record: SQS takes 256 KiB in every region.
const LETTER_BYTES_MAX: usize = 250_000;

/// A letter as one line of JSON: `function`, `source`, `reason`, and `record` as it came.
#[must_use]
pub fn letter_json(letter: &DeadLetter) -> String {
    let record = serde_json::from_str(&letter.body);
    as_json(letter, record.unwrap_or_else(|_| Value::from(&*letter.body)))
}

fn as_json(letter: &DeadLetter, record: Value) -> String {
    let DeadLetter { function, source, reason, body: _ } = letter;
    json!({"function": function, "source": source, "reason": reason, "record": record}).to_string()
}

/// A standard queue.
pub struct SqsDeadLetters {
    client: Client,
    queue_url: String,
}

impl SqsDeadLetters {
    /// The queue with this URL.
    #[must_use]
    pub fn new(client: Client, queue_url: String) -> Self {
        Self { client, queue_url }
    }
}

#[async_trait]
impl DeadLetters for SqsDeadLetters {
    /// A record that the queue cannot take is left out (`null`): its source says where it is.
    /// 2 s at most.
    async fn put(&self, letter: &DeadLetter) -> Result<(), NotKept> {
        let text = Some(letter_json(letter)).filter(|text| text.len() <= LETTER_BYTES_MAX);
        let text = text.unwrap_or_else(|| as_json(letter, Value::Null));
        let sent = self.client.send_message().queue_url(&self.queue_url).message_body(text);
        let sent = sent.set_message_attributes(message_attributes());
        sent.send().await.map(|_| ()).map_err(|error| NotKept(reason(&error).to_owned()))
    }
}

/// No failure queue: nothing is kept, so what cannot be handled comes again and again, and stays
/// where it is until there is a queue.
pub struct NoFailureQueue;

#[async_trait]
impl DeadLetters for NoFailureQueue {
    async fn put(&self, _letter: &DeadLetter) -> Result<(), NotKept> {
        Err(NotKept("there is no failure queue".to_owned()))
    }
}
