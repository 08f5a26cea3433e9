//! What the queue of orders at venues is sent, and what is said when it does not take it.

use aws_smithy_runtime_api::client::http::SharedHttpClient;
use domain::id::VenueOrderId;
use dynamo::Access;
use serde_json::{Value, json};

use super::*;
use crate::queue::{client_over, tests::Queue};

const TASK: Task = Task { order: VenueOrderId::from_bits(1), round: 3 };

async fn sent(answer: Option<(u16, &'static str)>) -> (Result<(), NotQueued>, Vec<Value>) {
    let queue = Queue { answer, requests: Default::default() };
    let http = SharedHttpClient::new(queue.clone());
    let client = client_over(http, Access::emulator("http://queue.test"));
    let queued = SqsPlacements::new(client, "q".into()).send(TASK, Span::millis(1_200)).await;
    let requests = queue.requests.lock().expect("no panic").clone();
    (queued, requests)
}

#[tokio::test]
async fn a_message_is_a_task_with_its_wait() {
    let (queued, requests) = sent(Some((200, r#"{"MessageId":"1","MD5OfMessageBody":"0"}"#))).await;
    assert_eq!(queued, Ok(()));
    let message = json!({"QueueUrl": "q", "DelaySeconds": 2,
        "MessageBody": "vor_00000000000000000000000001 3"});
    assert_eq!(requests, [message]);
}

#[tokio::test]
async fn a_queue_that_does_not_take_it_is_told_of() {
    let (queued, _) = sent(None).await;
    assert_eq!(queued, Err(NotQueued("no connection".to_owned())));
    assert!(NoPlacements.send(TASK, Span::seconds(0)).await.is_err());
}
