//! A client that does not read for a while.

use std::any::Any;

use app::ports::Topic;
use edge::sockets::{Merge, PostError};

use super::*;

const PAIR: &str = "MRC-USD";

/// A book's change from one number to another.
struct Change {
    from: u32,
    to: u32,
}

impl Merge for Change {
    fn with_later(&self, later: &dyn Merge) -> Option<Frame> {
        let later = (later as &dyn Any).downcast_ref::<Self>()?;
        (later.from == self.to).then(|| change(self.from, later.to))
    }
}

/// About a kilobyte.
fn change(from: u32, to: u32) -> Frame {
    let topic = Topic::Book(PAIR.parse().expect("a pair"));
    let text = json!({"book": [from, to], "levels": "x".repeat(1000)}).to_string();
    Frame::pressed(text, topic, Change { from, to })
}

#[tokio::test]
async fn a_slow_reader_gets_the_latest_book_and_every_user_event() {
    const CHANGES: u32 = 10_000;
    let market = started(Storage::Memory).await;
    let mut client = opened(&market).await;
    let (gateway, id) = (&market.context().gateway, only_connection(&market).await);
    let mut events = 0;
    for number in 0..CHANGES {
        assert_eq!(gateway.post(&id, &change(number, number + 1)).await, Ok(()));
        if number % 100 == 0 {
            let event = Frame::plain(json!({"event": events}).to_string());
            assert_eq!(gateway.post(&id, &event).await, Ok(()));
            events += 1;
        }
        // The server sends what the network takes.
        tokio::task::yield_now().await;
    }
    let (mut at, mut frames, mut next_event) = (0, 0, 0);
    while at < CHANGES || next_event < events {
        let told = json(&mut client).await;
        frames += 1;
        if told["event"].is_u64() {
            assert_eq!(told["event"], next_event, "an event is missing or out of order");
            next_event += 1;
        } else {
            assert_eq!(told["book"][0], at, "a gap");
            at = u32::try_from(told["book"][1].as_u64().expect("a number")).expect("small");
        }
    }
    assert_eq!((at, next_event), (CHANGES, events));
    assert!(frames < CHANGES / 5, "hardly anything was pressed: {frames} frames");
}

#[tokio::test]
async fn a_reader_who_is_hopelessly_behind_is_closed_and_hung_up_on() {
    let market = started(Storage::Memory).await;
    let client = opened(&market).await;
    let (gateway, id) = (&market.context().gateway, only_connection(&market).await);
    let trade = Frame::plain("x".repeat(100_000));
    let overflown = timeout(PATIENCE, async {
        while gateway.post(&id, &trade).await.is_ok() {
            tokio::task::yield_now().await;
        }
    });
    overflown.await.expect("too much at last");
    assert_eq!(gateway.post(&id, &trade).await, Err(PostError::Gone));
    let forgotten = timeout(PATIENCE, async {
        while !connections(&market).await.is_empty() {
            tokio::task::yield_now().await;
        }
    });
    forgotten.await.expect("forgotten, though it never read a thing");
    drop(client);
}
