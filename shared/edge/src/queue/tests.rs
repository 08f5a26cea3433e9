//! What the queue is sent, and what is said when it does not take it.

use std::sync::{Arc, Mutex};

use app::ports::{Doorbell, NotRung};
use aws_smithy_runtime_api::client::{
    http::{
        HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
        SharedHttpConnector,
    },
    orchestrator::{HttpRequest, HttpResponse},
    result::ConnectorError,
    runtime_components::RuntimeComponents,
};
use aws_smithy_types::body::SdkBody;
use domain::{command::CommandId, pair::PairId, time::Timestamp};
use dynamo::Access;
use serde_json::{Value, json};

use crate::{acting::acting_for, telemetry::Origin};

use super::{SqsDoorbell, client_over, deduplication_id};

const QUEUE_URL: &str = "https://sqs.us-east-1.amazonaws.com/123456789012/match.fifo";
const SENT: &str = r#"{"MessageId":"1","MD5OfMessageBody":"0","SequenceNumber":"1"}"#;

/// A queue that always answers the same, or nothing at all; and what it was asked.
#[derive(Debug, Clone)]
pub(crate) struct Queue {
    pub(crate) answer: Option<(u16, &'static str)>,
    pub(crate) requests: Arc<Mutex<Vec<Value>>>,
}

impl HttpClient for Queue {
    fn http_connector(
        &self,
        _settings: &HttpConnectorSettings,
        _components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Queue {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let body = request.body().bytes().expect("a body");
        let body = serde_json::from_slice(body).expect("JSON");
        self.requests.lock().expect("no panic").push(body);
        HttpConnectorFuture::ready(match self.answer {
            Some((status, body)) => {
                let status = status.try_into().expect("a status");
                Ok(HttpResponse::new(status, SdkBody::from(body)))
            }
            None => Err(ConnectorError::io("secret-address is not reached".into())),
        })
    }
}

/// Rings once; what came of it, and what was sent.
async fn rung(answer: Option<(u16, &'static str)>) -> (Result<(), NotRung>, Vec<Value>) {
    let queue = Queue { answer, requests: Arc::default() };
    let access = Access {
        access_key_id: "an-id".to_owned(),
        secret_access_key: "a-secret".into(),
        session_token: None,
        region: "us-east-1".to_owned(),
        endpoint: None,
    };
    let client = client_over(SharedHttpClient::new(queue.clone()), access);
    let doorbell = SqsDoorbell::new(client, QUEUE_URL.to_owned());
    let result = doorbell.ring(pair("MRC-USD"), command(7)).await;
    let requests = queue.requests.lock().expect("no panic").clone();
    (result, requests)
}

fn pair(text: &str) -> PairId {
    text.parse().expect("a pair")
}

fn command(bits: u128) -> CommandId {
    CommandId { at: Timestamp::from_millis(1_800_000_000_000), bits }
}

#[tokio::test]
async fn a_message_has_its_pair_for_a_group_and_its_command_against_doubles() {
    let (result, requests) = rung(Some((200, SENT))).await;
    assert_eq!(result, Ok(()));
    let sent = json!({
        "QueueUrl": QUEUE_URL,
        "MessageBody": "MRC-USD",
        "MessageGroupId": "MRC-USD",
        "MessageDeduplicationId": deduplication_id(pair("MRC-USD"), command(7)),
    });
    assert_eq!(requests, [sent]);
}

#[tokio::test]
async fn a_message_says_whom_it_is_sent_for() {
    let traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let trace = traceparent.parse().expect("a traceparent");
    let origin = Arc::new(Origin { request_id: Some("theirs".to_owned()), trace, parent: None });
    let (_, requests) = acting_for("place-order", &[], origin, rung(Some((200, SENT)))).await;
    let said = json!({
        "request_id": {"DataType": "String", "StringValue": "theirs"},
        "traceparent": {"DataType": "String", "StringValue": traceparent},
    });
    assert_eq!(requests[0]["MessageAttributes"], said);
}

#[test]
fn each_command_of_each_pair_rings_by_itself() {
    let ids = [
        deduplication_id(pair("MRC-USD"), command(7)),
        deduplication_id(pair("MRC-USD"), command(8)),
        deduplication_id(pair("USD-MRC"), command(7)),
    ];
    assert!(ids[0] != ids[1] && ids[0] != ids[2], "{ids:?}");
    let last = CommandId { at: Timestamp::from_millis(i64::MAX), bits: u128::MAX };
    let longest = deduplication_id(pair("ABCDE-VWXYZ"), last);
    assert_eq!(longest.len(), 57, "{longest}");
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte.is_ascii_punctuation();
    assert!(longest.bytes().all(allowed), "{longest}");
}

#[tokio::test]
async fn a_refusal_is_told_by_its_code_alone() {
    let body = r#"{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"a-secret"}"#;
    let (result, requests) = rung(Some((400, body))).await;
    assert_eq!(result, Err(NotRung("QueueDoesNotExist".to_owned())));
    assert_eq!(requests.len(), 1, "tried again in vain");
}

#[tokio::test]
async fn a_queue_that_is_not_reached_is_tried_once_more() {
    let (result, requests) = rung(None).await;
    assert_eq!(result, Err(NotRung("no connection".to_owned())));
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0], requests[1], "or the queue would take both");
}
