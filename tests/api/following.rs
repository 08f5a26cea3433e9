//! Streams of a world: what happens is told as rows, in the order of their table, to whoever
//! follows. What is made of it is not known here.

use std::sync::{Mutex, PoisonError};

use dynamo::stream::StreamRow;
use edge::{
    function::{Progress, StreamFunction, handle_stream_event},
    problem::Problem,
};
use serde_json::json;

use crate::{
    floor::Floor,
    steps::{deposit, set_rate},
};

/// What a function was told, each test's by its own function.
type Told = Mutex<Vec<String>>;

/// A row in few words.
fn tell(row: &StreamRow) -> Option<String> {
    Some(match row {
        StreamRow::Account { before, after } => {
            let before = before.as_ref().map(|was| was.version.to_string());
            format!("account {} to {}", before.as_deref().unwrap_or("none"), after.version)
        }
        StreamRow::Entry(entry) => format!("entry of {}", entry.actor),
        StreamRow::MarketEvent(event) => format!("event {} {}", event.pair, event.head.seq),
        StreamRow::Rate(version) => format!("rate {}", version.id),
        StreamRow::Other => return None,
    })
}

fn hear(told: &Told, rows: &[StreamRow]) -> Progress {
    let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
    told.extend(rows.iter().filter_map(tell));
    Progress { done: rows.len(), stopped: None }
}

fn take(told: &Told) -> Vec<String> {
    std::mem::take(&mut told.lock().unwrap_or_else(PoisonError::into_inner))
}

const ALL: &[&str] = &["accounts", "journal", "orders", "catalog"];

#[tokio::test]
async fn everything_that_happens_is_told_once_and_in_order() {
    static TOLD: Told = Mutex::new(Vec::new());
    static FUNCTION: StreamFunction = StreamFunction {
        stem: "listen",
        uses: &[],
        handle: |_, rows| Box::pin(async move { hear(&TOLD, rows) }),
    };
    let floor = Floor::open().await;
    let functions: tests::Functions<'_> = &[(&FUNCTION, ALL)];
    floor.world.follow_with(functions).await;
    take(&TOLD);

    let limit = json!({"market": "MRC-USD", "side": "buy", "type": "limit", "price": "0.40",
        "quantity": "10.00"});
    floor.placed(&floor.john, "an-order", &limit).await;
    let admin = floor.world.admin().await;
    set_rate(&floor.world, &admin, 2, &json!({"units_per_base": "2.6"})).await.expect_status(200);
    floor.world.follow_with(functions).await;
    let john = &floor.john.name;
    assert_eq!(
        take(&TOLD),
        [
            "account 3 to 4".to_owned(),
            "account 4 to 5".to_owned(),
            "account none to 1".to_owned(),
            format!("entry of {john}"),
            "event MRC-USD 1".to_owned(),
            "rate rat_2_2".to_owned(),
        ]
    );
    floor.world.follow_with(functions).await;
    assert_eq!(take(&TOLD), [""; 0], "nothing has happened since");
}

#[tokio::test]
async fn a_function_that_fails_is_handed_the_rest_again_and_poison_is_set_aside() {
    static TOLD: Told = Mutex::new(Vec::new());
    static FUNCTION: StreamFunction = StreamFunction {
        stem: "stumble",
        uses: &[],
        handle: |_, rows| {
            Box::pin(async move {
                let mut told = TOLD.lock().unwrap_or_else(PoisonError::into_inner);
                for (done, row) in rows.iter().enumerate() {
                    let row = tell(row).expect("an account");
                    let again = told.last() == Some(&row);
                    told.push(row);
                    let stopped = match told.len() {
                        2 => Problem::passing(503, "store_unavailable", "for a while"),
                        _ if again => Problem::refused(500, "internal_error", "it never works"),
                        _ => continue,
                    };
                    return Progress { done, stopped: Some(stopped) };
                }
                Progress { done: rows.len(), stopped: None }
            })
        },
    };
    let floor = Floor::open().await;
    floor.world.follow_with(&[(&FUNCTION, &["accounts"])]).await;
    let told = take(&TOLD);
    let first = ["account none to 1", "account none to 1", "account none to 1"];
    assert_eq!(told[..3], first, "john's, mary's, and mary's again");
    let letters = floor.world.dead_letters.letters();
    assert_eq!(letters.len(), 1, "{letters:?}");
    assert_eq!(
        (letters[0].function, &*letters[0].reason),
        ("stumble", "internal_error: it never works")
    );
    let table = format!("{}/", floor.world.table("accounts"));
    assert!(letters[0].source.starts_with(&table), "{}", letters[0].source);
    assert!(told.len() > 3, "those behind it were handled: {told:?}");
}

#[tokio::test]
async fn all_that_was_ever_told_can_be_delivered_again_by_hand() {
    static TOLD: Told = Mutex::new(Vec::new());
    static FUNCTION: StreamFunction = StreamFunction {
        stem: "repeat",
        uses: &[],
        handle: |_, rows| Box::pin(async move { hear(&TOLD, rows) }),
    };
    let floor = Floor::open().await;
    for key in 0..100 {
        deposit(&floor.world, &floor.john, &format!("key-{key}"), "1.00").await.expect_status(200);
    }
    let events = floor.world.stream_events(&["journal", "accounts"]).await;
    let sizes: Vec<_> = events.iter().map(|event| event.records.len()).collect();
    assert_eq!((sizes.len(), sizes[0], sizes[2]), (4, 100, 100), "{sizes:?}");
    for event in events.iter().rev().chain(&events) {
        let context = &floor.world.context;
        let response = handle_stream_event(context, &FUNCTION, event.clone()).await;
        assert!(response.batch_item_failures.is_empty());
    }
    let told = take(&TOLD);
    assert_eq!(told.len(), 2 * sizes.iter().sum::<usize>());
}
