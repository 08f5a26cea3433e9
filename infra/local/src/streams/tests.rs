//! Who is handed what and when, with the functions and the clock in the test's hand. One thread,
//! and nothing waits for real time: when all tasks have had their turns, what has not happened
//! will not.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use aws_sdk_dynamodb::{Client, types::AttributeValue};
use bytes::Bytes;
use domain::time::{Span, Timestamp};
use dynamo::{Streams, create_missing_tables};
use serde_json::{Value, json};
use tokio::{
    sync::{
        mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
        oneshot,
    },
    task::{JoinHandle, yield_now},
};

use super::*;
use crate::embedded::EmbeddedDynamo;

/// Far more turns than any of these tests needs.
const TURNS: usize = 2_000;
const TABLE: &str = "test-journal";

/// A clock that wakes a sleeper when the test says so.
struct HeldClock {
    now: Mutex<Timestamp>,
    sleepers: UnboundedSender<(i64, oneshot::Sender<()>)>,
}

#[async_trait]
impl Clock for HeldClock {
    fn now(&self) -> Timestamp {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn sleep(&self, span: Span) {
        let (wake, woken) = oneshot::channel();
        self.sleepers.send((span.as_millis(), wake)).expect("a test that listens");
        if woken.await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// A batch that a function has begun with, and that the test ends.
struct Handed {
    function: &'static str,
    ids: String,
    numbers: Vec<String>,
    end: oneshot::Sender<Option<String>>,
}

impl Handed {
    fn works(self) {
        self.end.send(None).expect("under way");
    }

    /// From this place on everything is to come again.
    fn fails_at(self, place: usize) {
        let number = self.numbers[place].clone();
        self.end.send(Some(number)).expect("under way");
    }

    /// Names a record that was not in the batch.
    fn fails_at_nothing(self) {
        self.end.send(Some(String::new())).expect("under way");
    }
}

struct Bench {
    dynamo: EmbeddedDynamo,
    client: Client,
    clock: Arc<HeldClock>,
    followers: Option<Followers>,
    begin: UnboundedSender<Handed>,
    handed: UnboundedReceiver<Handed>,
    sleepers: UnboundedReceiver<(i64, oneshot::Sender<()>)>,
    asleep: Vec<(i64, oneshot::Sender<()>)>,
}

fn tables() -> TableNames {
    TableNames::prefixed("test")
}

impl Bench {
    async fn new() -> Self {
        let dynamo = EmbeddedDynamo::in_memory().expect("memory");
        let client = dynamo.client();
        create_missing_tables(&client, &tables(), Streams::Declared).await.expect("tables");
        create_checkpoints(&client, &tables()).await.expect("a table");
        let (sender, sleepers) = unbounded_channel();
        let now = Mutex::new(Timestamp::from_millis(1_800_000_000_000));
        let clock = Arc::new(HeldClock { now, sleepers: sender });
        let (begin, handed) = unbounded_channel();
        let (followers, asleep) = (None, Vec::new());
        Self { dynamo, client, clock, followers, begin, handed, sleepers, asleep }
    }

    /// And these functions follow one table.
    async fn following(functions: &[&'static str]) -> Self {
        let mut bench = Self::new().await;
        bench.follow(functions);
        bench
    }

    /// As a new process would; those who followed before are gone at once.
    fn follow(&mut self, functions: &[&'static str]) {
        let mapping = |function: &&'static str| {
            let (function, begin) = (*function, self.begin.clone());
            let deliver: Deliver = Arc::new(move |event| {
                let begin = begin.clone();
                Box::pin(async move { hand(function, &begin, &event).await })
            });
            Mapping { function, table: TABLE.to_owned(), deliver }
        };
        let mappings = functions.iter().map(mapping).collect();
        let clock: Arc<dyn Clock> = Arc::clone(&self.clock) as _;
        self.followers = None;
        let source = Source::Embedded(self.dynamo.clone());
        self.followers = Some(follow(&source, &tables(), mappings, &clock));
    }

    async fn put(&self, ids: &[&str]) {
        for id in ids {
            let id = AttributeValue::S((*id).to_owned());
            let put = self.client.put_item().table_name(TABLE).item("id", id);
            put.send().await.expect("written");
        }
    }

    /// The one batch that was handed over since the last look.
    async fn handed(&mut self) -> Handed {
        settle().await;
        let handed = self.handed.try_recv().expect("nothing was handed over");
        self.nothing_is_handed().await;
        handed
    }

    async fn nothing_is_handed(&mut self) {
        settle().await;
        if let Ok(handed) = self.handed.try_recv() {
            panic!("{} was handed {}", handed.function, handed.ids);
        }
    }

    /// Lets so much time pass for all who sleep exactly so long; whether anybody does.
    async fn pass(&mut self, millis: i64) -> bool {
        settle().await;
        while let Ok(sleeper) = self.sleepers.try_recv() {
            self.asleep.push(sleeper);
        }
        let span = Span::millis(millis.try_into().expect("a span"));
        let later = self.clock.now().plus(span);
        *self.clock.now.lock().unwrap_or_else(PoisonError::into_inner) = later;
        let mut anybody = false;
        for (span, wake) in std::mem::take(&mut self.asleep) {
            if wake.is_closed() {
                continue;
            }
            if span == millis {
                anybody |= wake.send(()).is_ok();
            } else {
                self.asleep.push((span, wake));
            }
        }
        settle().await;
        anybody
    }

    fn shutdown(&mut self) -> JoinHandle<()> {
        tokio::spawn(self.followers.take().expect("followers").shutdown())
    }

    /// The ids of the records that are left, as in `abc`.
    async fn left(&self) -> String {
        let stream = self.dynamo.stream(TABLE).await.expect("readable").expect("a stream");
        ids(&self.dynamo.stream_event(&stream, None).await.expect("readable")).0
    }
}

/// Ids and sequence numbers.
fn ids(event: &DynamoDbEvent) -> (String, Vec<String>) {
    let event = serde_json::to_value(event).expect("JSON");
    let records = event["Records"].as_array().expect("records");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    records
        .iter()
        .map(|record| &record["dynamodb"])
        .map(|change| (text(&change["Keys"]["id"]["S"]), text(&change["SequenceNumber"])))
        .unzip()
}

async fn hand(
    function: &'static str,
    begin: &UnboundedSender<Handed>,
    event: &DynamoDbEvent,
) -> DynamoDbEventResponse {
    let (end, ended) = oneshot::channel();
    let (ids, numbers) = ids(event);
    begin.send(Handed { function, ids, numbers, end }).expect("a test that listens");
    let failure = ended.await.expect("a test that ends it");
    let failures: Vec<_> =
        failure.into_iter().map(|number| json!({"itemIdentifier": number})).collect();
    serde_json::from_value(json!({"batchItemFailures": failures})).expect("a response")
}

async fn settle() {
    for _ in 0..TURNS {
        yield_now().await;
    }
}

#[tokio::test]
async fn what_is_written_is_handed_over_at_once_and_in_order() {
    let mut bench = Bench::following(&["project"]).await;
    bench.put(&["a"]).await;
    let first = bench.handed().await;
    assert_eq!(first.ids, "a");
    bench.put(&["b", "c"]).await;
    bench.nothing_is_handed().await;
    first.works();
    let second = bench.handed().await;
    assert_eq!(second.ids, "bc");
    second.works();
    bench.nothing_is_handed().await;
}

#[tokio::test]
async fn what_was_written_before_anybody_followed_is_handed_over_too() {
    let mut bench = Bench::new().await;
    bench.put(&["a", "b"]).await;
    bench.follow(&["project"]);
    assert_eq!(bench.handed().await.ids, "ab");
}

#[tokio::test]
async fn what_another_process_writes_is_handed_over_within_a_second() {
    let mut bench = Bench::following(&["project"]).await;
    settle().await;
    let body = json!({"TableName": TABLE, "Item": {"id": {"S": "a"}}}).to_string();
    let put = bench.dynamo.answer("DynamoDB_20120810.PutItem".to_owned(), Bytes::from(body));
    assert_eq!(put.await.expect("answered").status, 200);
    bench.nothing_is_handed().await;
    assert!(bench.pass(1_000).await);
    assert_eq!(bench.handed().await.ids, "a");
}

#[tokio::test]
async fn what_fails_comes_again_from_there_on_after_longer_and_longer_pauses() {
    let mut bench = Bench::new().await;
    bench.put(&["a", "b", "c"]).await;
    bench.follow(&["project"]);
    let first = bench.handed().await;
    assert_eq!(first.ids, "abc");
    first.fails_at(1);
    for pause in [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000] {
        bench.nothing_is_handed().await;
        assert!(bench.pass(pause).await, "{pause}");
        let again = bench.handed().await;
        assert_eq!(again.ids, "bc");
        again.fails_at(0);
    }
    assert!(bench.pass(5_000).await);
    bench.handed().await.fails_at(1);
    assert!(bench.pass(100).await, "one was handled");
    let last = bench.handed().await;
    assert_eq!(last.ids, "c");
    last.works();
    bench.nothing_is_handed().await;
}

#[tokio::test]
async fn a_failure_that_names_no_record_makes_the_whole_batch_come_again() {
    let mut bench = Bench::new().await;
    bench.put(&["a", "b"]).await;
    bench.follow(&["project"]);
    bench.handed().await.fails_at_nothing();
    assert!(bench.pass(100).await);
    assert_eq!(bench.handed().await.ids, "ab");
}

#[tokio::test]
async fn functions_do_not_wait_for_each_other() {
    let mut bench = Bench::following(&["project", "publish"]).await;
    bench.put(&["a"]).await;
    settle().await;
    let slow = bench.handed.try_recv().expect("a function");
    bench.handed().await.works();
    bench.put(&["b"]).await;
    let quick = bench.handed().await;
    assert!(quick.function != slow.function && quick.ids == "b");
    slow.works();
    let slow = bench.handed().await;
    assert_eq!(slow.ids, "b");
}

#[tokio::test]
async fn what_a_killed_process_handled_since_its_checkpoint_comes_again_and_nothing_is_lost() {
    let mut bench = Bench::following(&["project"]).await;
    bench.put(&["a"]).await;
    bench.handed().await;
    bench.follow(&["project"]);
    let first = bench.handed().await;
    assert_eq!(first.ids, "a", "it was not handled");
    first.works();
    settle().await;
    bench.put(&["b"]).await;
    bench.handed().await.works();
    settle().await;
    bench.follow(&["project"]);
    let second = bench.handed().await;
    assert_eq!(second.ids, "b", "handled, but not yet remembered");
    second.works();
    assert!(bench.pass(1_000).await);
    bench.follow(&["project"]);
    bench.nothing_is_handed().await;
}

#[tokio::test]
async fn a_shutdown_waits_for_what_is_under_way_remembers_it_and_begins_nothing_more() {
    let mut bench = Bench::following(&["project"]).await;
    bench.put(&["a"]).await;
    bench.handed().await.works();
    bench.put(&["b"]).await;
    let last = bench.handed().await;
    bench.put(&["c"]).await;
    let shutdown = bench.shutdown();
    settle().await;
    assert!(!shutdown.is_finished());
    last.works();
    bench.nothing_is_handed().await;
    assert!(shutdown.is_finished());
    bench.follow(&["project"]);
    assert_eq!(bench.handed().await.ids, "c");
}

#[tokio::test]
async fn a_shutdown_waits_for_no_pause() {
    let mut bench = Bench::following(&["project"]).await;
    bench.put(&["a"]).await;
    bench.handed().await.fails_at(0);
    settle().await;
    let shutdown = bench.shutdown();
    settle().await;
    assert!(shutdown.is_finished());
}

#[tokio::test]
async fn records_are_removed_when_every_function_has_passed_them_and_no_sooner() {
    let mut bench = Bench::following(&["project", "publish"]).await;
    bench.put(&["a"]).await;
    settle().await;
    let slow = bench.handed.try_recv().expect("a function");
    bench.handed().await.works();
    bench.put(&["b", "c"]).await;
    bench.handed().await.works();
    assert!(bench.pass(1_000).await, "the quick one has a checkpoint");
    assert!(bench.pass(60_000).await);
    assert_eq!(bench.left().await, "abc");

    slow.works();
    let slow = bench.handed().await;
    assert_eq!(slow.ids, "bc");
    assert!(bench.pass(60_000).await);
    assert_eq!(bench.left().await, "bc");

    slow.works();
    bench.nothing_is_handed().await;
    assert!(bench.pass(60_000).await);
    assert_eq!(bench.left().await, "c", "the engine counts on from the newest");
}

#[tokio::test]
async fn records_that_nobody_follows_are_removed_but_for_the_newest() {
    let mut bench = Bench::following(&[]).await;
    bench.put(&["a", "b", "c"]).await;
    assert!(bench.pass(60_000).await);
    assert_eq!(bench.left().await, "c");
}

#[tokio::test]
async fn a_function_whose_table_has_no_stream_follows_it_once_it_has_one() {
    let dynamo = EmbeddedDynamo::in_memory().expect("memory");
    let client = dynamo.client();
    create_missing_tables(&client, &tables(), Streams::None).await.expect("tables");
    create_checkpoints(&client, &tables()).await.expect("a table");
    let mut bench = Bench { client, dynamo, ..Bench::new().await };
    bench.follow(&["project"]);
    bench.put(&["a"]).await;
    bench.nothing_is_handed().await;
    create_missing_tables(&bench.client, &tables(), Streams::Declared).await.expect("streams");
    bench.put(&["b"]).await;
    assert!(bench.pass(100).await);
    assert_eq!(bench.handed().await.ids, "b");
}

#[test]
fn every_table_that_a_function_follows_has_a_stream_and_is_followed_once() {
    for (function, stems) in functions::STREAM_FUNCTIONS {
        for stem in *stems {
            let table = TABLES.iter().find(|table| table.stem == *stem);
            let has_stream = table.is_some_and(|table| table.stream.is_some());
            assert!(has_stream, "{} follows {stem}", function.stem);
            let times = stems.iter().filter(|other| *other == stem).count();
            assert_eq!(times, 1, "{} follows {stem}", function.stem);
        }
    }
}
