//! What a function makes of a stream's batch: what is handled in which order, what comes again,
//! and what goes to the failure queue.

use std::sync::Mutex;

use app::ports::DeadLetter;
use serde_json::{Value, json};

use super::{super::stream::*, *};
use dynamo::stream::StreamRow;

/// What the function was called with: versions of accounts, batch by batch.
static SEEN: Mutex<Vec<(Timestamp, Vec<u64>)>> = Mutex::new(Vec::new());

/// The version of an account's row makes it pass, wait, break or panic.
const WAITS: u64 = 501;
const BREAKS: u64 = 502;
const PANICS: u64 = 503;
const SAYS_NOTHING: u64 = 504;

fn version(row: &StreamRow) -> u64 {
    match row {
        StreamRow::Account { after, .. } => after.version,
        _ => 0,
    }
}

fn follow(rows: &[StreamRow]) -> Progress {
    for (done, row) in rows.iter().enumerate() {
        let stopped = match version(row) {
            WAITS => Some(Problem::passing(503, "store_unavailable", "no answer")),
            BREAKS => Some(Problem::bug(&"it never works")),
            SAYS_NOTHING => None,
            PANICS => panic!("a bug"),
            _ => continue,
        };
        return Progress { done, stopped };
    }
    Progress { done: rows.len(), stopped: None }
}

/// Each test has its own time, by which its calls are known.
static FUNCTION: StreamFunction = StreamFunction {
    stem: "project",
    uses: &[],
    handle: |context, rows| {
        Box::pin(async move {
            let versions = rows.iter().map(version).collect();
            let mut seen = SEEN.lock().unwrap_or_else(|error| error.into_inner());
            seen.push((context.market.clock.now(), versions));
            drop(seen);
            follow(rows)
        })
    },
};

/// A record of an account with this version; its sequence number is its place from 1.
fn record(place: usize, version: u64) -> Value {
    let empty = json!({"M": {}});
    json!({
        "eventID": place.to_string(),
        "eventName": "MODIFY",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "us-east-1",
        "eventSourceARN":
            "arn:aws:dynamodb:us-east-1:123456789012:table/a-market-accounts/stream/2026-11-21",
        "dynamodb": {
            "ApproximateCreationDateTime": 1_795_248_000.0,
            "Keys": {"user": {"S": "usr_00000000000000000000000001"}},
            "NewImage": {
                "user": {"S": "usr_00000000000000000000000001"},
                "available": empty, "held": empty, "opened": empty, "changed": empty,
                "version": {"N": version.to_string()},
            },
            "SequenceNumber": place.to_string(),
            "SizeBytes": 100,
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        },
    })
}

fn records(versions: &[u64]) -> Vec<Value> {
    versions.iter().enumerate().map(|(place, version)| record(place + 1, *version)).collect()
}

struct Followed {
    /// What the function was called with.
    calls: Vec<Vec<u64>>,
    /// The sequence number that comes again.
    again: Vec<String>,
    letters: Vec<DeadLetter>,
}

impl Followed {
    fn buried(&self) -> Vec<&str> {
        self.letters.iter().map(|letter| &*letter.source).collect()
    }
}

/// One batch, at a time that no other test has.
async fn followed(test: i64, records: &[Value], refuses: bool) -> Followed {
    let (context, _, dead_letters) = world_with_letters();
    dead_letters.refuse(refuses);
    let at = Timestamp::from_millis(test);
    context.market.clock.sleep(at.since(context.market.clock.now())).await;
    let event = serde_json::from_value(json!({"Records": records})).expect("an event");
    let response = handle_stream_event(&context, &FUNCTION, event).await;
    let again = response.batch_item_failures.into_iter().filter_map(|item| item.item_identifier);
    let seen = SEEN.lock().unwrap_or_else(|error| error.into_inner());
    let calls = seen.iter().filter(|(time, _)| *time == at).map(|(_, versions)| versions.clone());
    Followed { calls: calls.collect(), again: again.collect(), letters: dead_letters.letters() }
}

#[tokio::test]
async fn a_batch_is_handled_at_once_and_in_order() {
    let followed = followed(1, &records(&[1, 2, 3]), false).await;
    assert_eq!(followed.calls, [[1, 2, 3]]);
    assert_eq!((followed.again.len(), followed.letters.len()), (0, 0));
}

#[tokio::test]
async fn what_fails_comes_again_from_there_on() {
    let followed = followed(2, &records(&[1, WAITS, 3]), false).await;
    assert_eq!(followed.calls, [[1, WAITS, 3]]);
    assert_eq!(followed.again, ["2"]);
    assert!(followed.letters.is_empty(), "{:?}", followed.letters);
}

#[tokio::test]
async fn what_will_never_be_handled_is_kept_once_and_what_is_behind_it_goes_on() {
    for poison in [BREAKS, SAYS_NOTHING] {
        let at = i64::try_from(poison).expect("small");
        let followed = followed(at, &records(&[1, poison, 3, 4]), false).await;
        assert_eq!(followed.calls, [vec![1, poison, 3, 4], vec![3, 4]]);
        assert!(followed.again.is_empty());
        assert_eq!(followed.buried(), ["a-market-accounts/2"]);
    }
}

#[tokio::test]
async fn a_letter_has_the_record_as_it_came() {
    let followed = followed(3, &[record(1, BREAKS)], false).await;
    let letter = &followed.letters[0];
    assert_eq!((letter.function, &*letter.reason), ("project", "internal_error: it never works"));
    let body: Value = serde_json::from_str(&letter.body).expect("JSON");
    let came = record(1, BREAKS);
    assert_eq!(body["dynamodb"]["NewImage"], came["dynamodb"]["NewImage"]);
    assert_eq!(body["eventSourceARN"], came["eventSourceARN"]);
}

#[tokio::test]
async fn a_panic_is_found_row_by_row_and_costs_the_others_nothing() {
    let followed = followed(4, &records(&[1, 2, PANICS, 4]), false).await;
    assert_eq!(followed.calls, [vec![1, 2, PANICS, 4], vec![1], vec![2], vec![PANICS], vec![4]]);
    assert!(followed.again.is_empty());
    assert_eq!(followed.buried(), ["a-market-accounts/3"]);
    assert_eq!(followed.letters[0].reason, "the function panicked");
}

#[tokio::test]
async fn a_record_that_cannot_be_read_is_kept_and_never_handled() {
    let mut batch = records(&[1, 2, 3, 4, 5]);
    batch[1]["dynamodb"]["NewImage"]["version"] = json!({"S": "two"});
    batch[3]["eventSourceARN"] = Value::Null;
    let followed = followed(5, &batch, false).await;
    assert_eq!(followed.calls, [[1], [3], [5]]);
    assert!(followed.again.is_empty());
    assert_eq!(followed.buried(), ["a-market-accounts/2", "?/4"]);
    let why = &followed.letters[0].reason;
    assert!(why.starts_with("the store holds a corrupt row: usr_"), "{why}");
}

#[tokio::test]
async fn a_deletion_and_a_table_of_others_are_rows_like_any() {
    let mut batch = records(&[1, 2]);
    batch[0]["dynamodb"]["NewImage"] = Value::Null;
    batch[1]["eventSourceARN"] =
        json!("arn:aws:dynamodb:us-east-1:123456789012:table/other/stream/2026");
    let followed = followed(6, &batch, false).await;
    assert_eq!(followed.calls, [[0, 0]]);
    assert!(followed.letters.is_empty() && followed.again.is_empty());
}

#[tokio::test]
async fn what_the_failure_queue_does_not_take_comes_again() {
    let followed = followed(7, &records(&[1, BREAKS, 3]), true).await;
    assert_eq!(followed.calls, [[1, BREAKS, 3]]);
    assert_eq!(followed.again, ["2"]);
}

#[tokio::test]
async fn a_record_is_kept_once_though_one_behind_it_fails() {
    let followed = followed(8, &records(&[BREAKS, 2, WAITS]), false).await;
    assert_eq!(followed.again, ["3"]);
    assert_eq!(followed.buried(), ["a-market-accounts/1"]);
}

#[tokio::test]
async fn a_failed_record_without_a_number_makes_the_batch_come_again() {
    let mut batch = records(&[1, WAITS]);
    batch[1]["dynamodb"]["SequenceNumber"] = Value::Null;
    assert_eq!(followed(9, &batch, false).await.again, [""]);
}

#[tokio::test]
async fn an_empty_batch_is_handled_by_doing_nothing() {
    let followed = followed(10, &[], false).await;
    assert!(followed.calls.is_empty() && followed.again.is_empty());
}
