//! What functions make of a queue's and of a schedule's events: who is handled, and what is to
//! come again. Sockets and streams have tests of their own.

mod socket;
mod stream;

use std::sync::Arc;

use app::ports::{Clock, Doorbell, Store};
use aws_lambda_events::sqs::SqsEvent;
use domain::{command::CommandId, pair::PairId, time::Timestamp};
use serde_json::{Value, json};
use testkit::{
    clock::ManualClock, dead_letters::RecordingDeadLetters, doorbell::RecordingDoorbell,
    entropy::SeededEntropy, memory::MemoryStore, passwords::PlainPasswords,
};

use crate::{
    auth::{access_token::AccessTokens, keys::Secrets},
    boot::Parts,
    limits::Quotas,
    sockets::NoGateway,
    telemetry::{self, LogSettings},
};

use super::*;

/// A context whose doorbell remembers what the handlers below were called with.
fn world() -> (Context, Arc<RecordingDoorbell>) {
    let (context, doorbell, _) = world_with_letters();
    (context, doorbell)
}

/// And whose dead letters can be read.
fn world_with_letters() -> (Context, Arc<RecordingDoorbell>, Arc<RecordingDeadLetters>) {
    let dead_letters = Arc::new(RecordingDeadLetters::default());
    let doorbell = Arc::new(RecordingDoorbell::default());
    let secrets = Secrets::from_base64("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
    let parts = Parts {
        store: Arc::new(MemoryStore::new()) as Arc<dyn Store>,
        cache: None,
        clock: Arc::new(ManualClock::at(Timestamp::from_millis(0))) as Arc<dyn Clock>,
        entropy: Arc::new(SeededEntropy::new(1)),
        passwords: Arc::new(PlainPasswords),
        doorbell: Arc::clone(&doorbell) as Arc<dyn Doorbell>,
        deliveries: Arc::new(testkit::tasks::RecordingDeliveries::default()),
        placements: Arc::new(testkit::tasks::RecordingPlacements::default()),
        dead_letters: Arc::clone(&dead_letters) as Arc<dyn app::ports::DeadLetters>,
        gateway: Arc::new(NoGateway::default()),
        webhook_sender: Arc::new(crate::webhook_sender::NoWebhookSender),
        venue_connector: Arc::new(crate::venues::NoVenues),
        venue_feeds: Arc::new(crate::venues::feed::NoFeeds),
        access_tokens: AccessTokens {
            issuer: "https://market.test".to_owned(),
            audience: "market".to_owned(),
            secrets: Arc::new(secrets.expect("a secret")),
        },
        quotas: Quotas::unlimited(),
        settings: app::market::Settings::default(),
    };
    (parts.context(), doorbell, dead_letters)
}

/// Fails for `VNC-USD` and panics for `USD-MRC`.
static MATCHER: QueueFunction = QueueFunction {
    stem: "match",
    uses: &[],
    handle: |context, pair| {
        Box::pin(async move {
            let command = CommandId { at: context.market.clock.now(), bits: 0 };
            context.market.doorbell.ring(pair, command).await.expect("rung");
            match pair.to_string().as_str() {
                "VNC-USD" => Err(Problem::passing(503, "store_unavailable", "no answer")),
                "USD-MRC" => panic!("a matcher's bug"),
                _ => Ok(()),
            }
        })
    },
};

fn message(id: &str, group: Option<&str>) -> Value {
    let mut attributes = json!({"SentTimestamp": "1", "ApproximateReceiveCount": "1"});
    if let Some(group) = group {
        attributes["MessageGroupId"] = json!(group);
    }
    json!({"messageId": id, "receiptHandle": "handle", "body": "MRC-USD",
        "attributes": attributes, "messageAttributes": {}, "eventSource": "aws:sqs"})
}

/// Who was handled, and which messages are to come again.
async fn handled(messages: &[Value]) -> (Vec<String>, Vec<String>) {
    let event: SqsEvent = serde_json::from_value(json!({"Records": messages})).expect("an event");
    let (context, doorbell) = world();
    let response = handle_queue_event(&context, &MATCHER, event).await;
    let pairs = doorbell.rings().iter().map(|(pair, _): &(PairId, _)| pair.to_string()).collect();
    let failures = response.batch_item_failures.into_iter().map(|failed| failed.item_identifier);
    (pairs, failures.collect())
}

#[tokio::test]
async fn a_pair_is_handled_once_for_all_its_messages_in_order_of_appearance() {
    let batch = [("1", "MRC-USD"), ("2", "EUR-USD"), ("3", "MRC-USD")];
    let (pairs, failures) = handled(&batch.map(|(id, pair)| message(id, Some(pair)))).await;
    assert_eq!(pairs, ["MRC-USD", "EUR-USD"]);
    assert!(failures.is_empty(), "{failures:?}");
}

#[tokio::test]
async fn all_messages_of_a_pair_that_failed_come_again_and_no_others() {
    let batch = [("1", "VNC-USD"), ("2", "MRC-USD"), ("3", "VNC-USD"), ("4", "EUR-USD")];
    let (pairs, failures) = handled(&batch.map(|(id, pair)| message(id, Some(pair)))).await;
    assert_eq!(pairs, ["VNC-USD", "MRC-USD", "EUR-USD"]);
    assert_eq!(failures, ["1", "3"]);
}

#[tokio::test]
async fn a_panic_is_a_failure_of_its_pair_alone() {
    let batch = [("1", "USD-MRC"), ("2", "MRC-USD")];
    let (pairs, failures) = handled(&batch.map(|(id, pair)| message(id, Some(pair)))).await;
    assert_eq!(pairs, ["USD-MRC", "MRC-USD"]);
    assert_eq!(failures, ["1"]);
}

/// What is logged while messages are handled.
fn logged(messages: &[Value]) -> Vec<Value> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let lines = telemetry::logged(LogSettings::parse(None, None), || {
        runtime.block_on(handled(messages));
    });
    lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

fn message_for(id: &str, pair: &str, request_id: &str, span: u8) -> Value {
    let trace = format!("00-{:032x}-{span:016x}-01", 7);
    let mut message = message(id, Some(pair));
    message["messageAttributes"] = json!({
        "request_id": {"stringValue": request_id, "dataType": "String"},
        "traceparent": {"stringValue": trace, "dataType": "String"},
    });
    message
}

#[test]
fn a_line_about_one_message_is_of_the_request_that_it_was_sent_for() {
    let lines = logged(&[message_for("1", "MRC-USD", "theirs", 9)]);
    let [line] = &lines[..] else { panic!("{lines:?}") };
    assert_eq!((&line["message"], &line["request_id"]), (&json!("handled"), &json!("theirs")));
    let trace = line["trace"].as_str().expect("a trace");
    assert!(trace.starts_with(&format!("00-{:032x}-", 7)), "{trace}");
    assert!(!trace.contains(&format!("{:016x}", 9)), "its span is its own: {trace}");
}

#[test]
fn a_line_about_several_messages_names_all_requests_that_they_were_sent_for() {
    let lines = logged(&[
        message_for("1", "VNC-USD", "one", 1),
        message_for("2", "MRC-USD", "other", 2),
        message_for("3", "VNC-USD", "two", 3),
        message_for("4", "VNC-USD", "one", 1),
    ]);
    let of = |pair: &str| lines.iter().find(|line| line["pair"] == pair).expect("a line");
    let line = of("VNC-USD");
    assert_eq!((&line["message"], &line["requests"]), (&json!("failed"), &json!("one,two")));
    assert_eq!(line["traces"].as_str().map(|traces| traces.split(',').count()), Some(2));
    assert_eq!(line["request_id"], Value::Null);
    assert_eq!(of("MRC-USD")["request_id"], "other");
}

#[tokio::test]
async fn a_message_of_no_market_does_not_come_again() {
    let poison = [message("1", None), message("2", Some("")), message("3", Some("MRC-MRC"))];
    assert_eq!(handled(&poison).await, (Vec::new(), Vec::new()));
    let (pairs, failures) = handled(&[message("1", None), message("2", Some("VNC-USD"))]).await;
    assert_eq!(pairs, ["VNC-USD"]);
    assert_eq!(failures, ["2"]);
}

#[tokio::test]
async fn a_message_without_an_id_makes_the_batch_come_again_if_it_fails() {
    let mut nameless = message("1", Some("VNC-USD"));
    nameless["messageId"] = Value::Null;
    let (_, failures) = handled(&[nameless]).await;
    assert_eq!(failures, [""]);
}

#[tokio::test]
async fn a_schedules_failure_is_the_invocations() {
    let (context, _) = world();
    let outcome = async |function: ScheduleFunction| {
        let handled = handle_schedule(&context, &function).await;
        handled.map_err(|problem| problem.code)
    };
    let works =
        ScheduleFunction { stem: "sweep", uses: &[], handle: |_| Box::pin(async { Ok(()) }) };
    let fails = ScheduleFunction {
        stem: "sweep",
        uses: &[],
        handle: |_| Box::pin(async { Err(Problem::passing(503, "store_unavailable", "gone")) }),
    };
    let panics = ScheduleFunction { stem: "sweep", uses: &[], handle: |_| panic!("a sweep's bug") };
    assert_eq!(outcome(works).await, Ok(()));
    assert_eq!(outcome(fails).await, Err("store_unavailable"));
    assert_eq!(outcome(panics).await, Err("internal_error"));
}
