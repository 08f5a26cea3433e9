//! What the failure queue is sent, and what is said when it does not take it.

use aws_smithy_runtime_api::client::http::SharedHttpClient;
use dynamo::Access;

use super::*;
use crate::queue::{client_over, tests::Queue};

const SENT: &str = r#"{"MessageId":"1","MD5OfMessageBody":"0"}"#;

fn letter(body: &str) -> DeadLetter {
    DeadLetter {
        function: "project",
        source: "market-journal/7".to_owned(),
        reason: "internal_error: it was so".to_owned(),
        body: body.to_owned(),
    }
}

/// Puts a letter; what came of it, and the texts that were sent.
async fn put(
    answer: Option<(u16, &'static str)>,
    letter: &DeadLetter,
) -> (Result<(), NotKept>, Vec<Value>) {
    let queue = Queue { answer, requests: Default::default() };
    let http = SharedHttpClient::new(queue.clone());
    let letters =
        SqsDeadLetters::new(client_over(http, Access::emulator("http://queue.test")), "q".into());
    let kept = letters.put(letter).await;
    let requests = queue.requests.lock().expect("no panic").clone();
    let text = |request: Value| {
        assert_eq!(request["QueueUrl"], "q");
        let text = request["MessageBody"].as_str().expect("a text").to_owned();
        serde_json::from_str(&text).expect("JSON")
    };
    (kept, requests.into_iter().map(text).collect())
}

#[tokio::test]
async fn a_letter_says_what_came_to_whom_and_why_it_was_not_handled() {
    let (kept, sent) = put(Some((200, SENT)), &letter(r#"{"eventName":"INSERT"}"#)).await;
    assert_eq!(kept, Ok(()));
    let expected = json!({
        "function": "project",
        "source": "market-journal/7",
        "reason": "internal_error: it was so",
        "record": {"eventName": "INSERT"},
    });
    assert_eq!(sent, [expected]);
}

#[tokio::test]
async fn a_record_that_is_no_json_is_kept_as_a_text() {
    let (_, sent) = put(Some((200, SENT)), &letter("{")).await;
    assert_eq!(sent[0]["record"], "{");
}

#[tokio::test]
async fn a_record_that_the_queue_cannot_take_is_left_out_of_its_letter() {
    let record = json!({"NewImage": "x".repeat(LETTER_BYTES_MAX)}).to_string();
    let (kept, sent) = put(Some((200, SENT)), &letter(&record)).await;
    assert_eq!(kept, Ok(()));
    assert_eq!(
        (&sent[0]["source"], &sent[0]["record"]),
        (&"market-journal/7".into(), &Value::Null)
    );
}

#[tokio::test]
async fn a_letter_that_the_queue_does_not_take_is_not_kept() {
    let refusal = r#"{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"a-secret"}"#;
    let (kept, _) = put(Some((400, refusal)), &letter("{}")).await;
    assert_eq!(kept, Err(NotKept("QueueDoesNotExist".to_owned())));
    let (kept, _) = put(None, &letter("{}")).await;
    assert_eq!(kept, Err(NotKept("no connection".to_owned())));
}

#[tokio::test]
async fn without_a_queue_nothing_is_kept() {
    assert!(NoFailureQueue.put(&letter("{}")).await.is_err());
}
