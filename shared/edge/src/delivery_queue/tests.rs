//! What the queue of deliveries is sent, and what is said when it does not take it.

use aws_smithy_runtime_api::client::http::SharedHttpClient;
use domain::id::{UserId, WebhookId};
use dynamo::Access;
use serde_json::{Value, json};

use super::*;
use crate::queue::{client_over, tests::Queue};

const TASK: DeliveryTask = DeliveryTask {
    webhook: WebhookId::from_bits(1),
    user: UserId::from_bits(2),
    seq: 17,
    version: 3,
};

async fn sent(
    answer: Option<(u16, &'static str)>,
    delay: Span,
) -> (Result<(), NotQueued>, Vec<Value>) {
    let queue = Queue { answer, requests: Default::default() };
    let http = SharedHttpClient::new(queue.clone());
    let client = client_over(http, Access::emulator("http://queue.test"));
    let queued = SqsDeliveries::new(client, "q".into()).send(TASK, delay).await;
    let requests = queue.requests.lock().expect("no panic").clone();
    (queued, requests)
}

#[tokio::test]
async fn a_message_is_a_task_with_its_wait() {
    let answer = Some((200, r#"{"MessageId":"1","MD5OfMessageBody":"0"}"#));
    let (queued, requests) = sent(answer, Span::seconds(300)).await;
    assert_eq!(queued, Ok(()));
    let body = TASK.to_string();
    let message = json!({"QueueUrl": "q", "MessageBody": body, "DelaySeconds": 300});
    assert_eq!(requests, [message]);
}

#[tokio::test]
async fn a_queue_that_does_not_take_it_is_told_of() {
    let (queued, _) = sent(None, Span::seconds(0)).await;
    assert_eq!(queued, Err(NotQueued("no connection".to_owned())));
    assert!(NoDeliveries.send(TASK, Span::seconds(0)).await.is_err());
}
