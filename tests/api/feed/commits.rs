//! Nothing is told before it is committed, and what is committed is told once, whatever becomes
//! of the commit's answer.

use std::sync::Arc;

use domain::time::Span;
use serde_json::{Value, json};
use testkit::faults::{Fault, FaultyStore};
use tests::{Ask, World};

use super::{Client, Socket};
use crate::{
    floor::{Floor, limit},
    steps::{deposit, post},
};

impl Floor {
    /// The same floor on a store that fails so, write after write.
    fn failing(self, script: Vec<Fault>) -> Self {
        let Self { world, john, mary } = self;
        let world = world.wrapped(|store| Arc::new(FaultyStore::scripted(store, script)));
        Self { world, john, mary }
    }
}

async fn listeners<'a>(floor: &'a Floor, name: &str) -> Socket<'a> {
    let socket = Socket::open(&floor.world, &floor.john, name).await;
    socket.listens("user").await;
    socket.subscribes("book", "MRC-USD").await;
    socket
}

#[tokio::test]
async fn a_socket_is_silent_while_commits_fail_and_tells_once_what_then_happens() {
    let floor = Floor::waiting().await;
    floor.world.follow_streams().await;
    let opened = listeners(&floor, "john").await.id;
    // All tries of the deposit and of the order are in vain.
    let floor = floor.failing(vec![Fault::LostRequest; 2]);
    let world = &floor.world;
    let socket = Socket { world, id: opened };
    deposit(world, &floor.john, "ten", "10.00").await.expect_status(503);
    let bid = limit("buy", "0.40", "20.00");
    post(world, &floor.john, "bid", "/orders", &bid).await.expect_status(503);
    world.follow_streams().await;
    assert_eq!(socket.hears(), [Value::Null; 0]);

    deposit(world, &floor.john, "ten", "10.00").await.expect_status(200);
    post(world, &floor.john, "bid", "/orders", &bid).await.expect_status(201);
    world.follow_streams().await;
    let kinds: Vec<_> = socket.hears().into_iter().map(|told| told["type"].clone()).collect();
    assert_eq!(kinds, ["deposit", "order_placed"], "the book has not heard of it yet");
    floor.matched().await;
    world.follow_streams().await;
    let told = socket.hears();
    let kinds: Vec<_> = told.iter().map(|told| (&told["channel"], &told["type"])).collect();
    let (user, book) = (Value::from("user"), Value::from("book"));
    assert_eq!(kinds, [(&user, &Value::from("matched")), (&book, &Value::from("update"))]);
}

#[tokio::test]
async fn what_was_committed_though_nobody_said_so_is_told_once_under_its_number() {
    let floor = Floor::waiting().await;
    floor.world.follow_streams().await;
    let opened = listeners(&floor, "john").await.id;
    let floor = floor.failing(vec![Fault::LostAnswer]);
    let world = &floor.world;
    let socket = Socket { world, id: opened };
    let lost = deposit(world, &floor.john, "ten", "10.00").await;
    world.follow_streams().await;
    let told = socket.hears();
    assert_eq!((told.len(), &told[0]["type"]), (1, &Value::from("deposit")), "{}", lost.status);
    world.pass(Span::millis(1));
    let again = deposit(world, &floor.john, "ten", "10.00").await;
    assert_eq!(again.expect_status(200).header("idempotency-replayed"), Some("true"));
    world.follow_streams().await;
    assert_eq!(socket.hears(), [Value::Null; 0], "a replay is no event");
}

#[tokio::test]
async fn a_matcher_that_cannot_commit_tells_nothing_and_its_event_is_told_once() {
    let floor = Floor::waiting().await;
    let bid = limit("buy", "0.40", "20.00");
    floor.placed(&floor.john, "bid", &bid).await;
    floor.world.follow_streams().await;
    let opened = listeners(&floor, "john").await.id;
    let floor = floor.failing(vec![Fault::LostRequest]);
    let world = &floor.world;
    let socket = Socket { world, id: opened };
    let pair = "MRC-USD".parse().expect("a market");
    let matched = app::matching::match_orders(&world.context.market, pair).await;
    assert!(matched.is_err(), "{matched:?}");
    world.follow_streams().await;
    assert_eq!(socket.hears(), [Value::Null; 0]);
    floor.matched().await;
    world.follow_streams().await;
    let told = socket.hears();
    assert_eq!(told.len(), 2, "{told:?}");
    world.follow_streams().await;
    assert_eq!(socket.hears(), [Value::Null; 0]);
}

#[tokio::test]
async fn with_commits_that_fail_by_chance_a_user_hears_of_each_event_once_and_in_order() {
    let world = World::new().await;
    let john = world.trader("john_earth", 1).await;
    let socket = Socket::open(&world, &john, "john").await;
    socket.listens("user").await;
    let id = socket.id;
    let sound = Arc::clone(&world.context.market.store);
    let world = world.wrapped(|store| Arc::new(FaultyStore::seeded(store, 4, 250)));
    let mut failed = 0;
    for number in 0..40 {
        let body = json!({"operation_type": "DEPOSIT", "amount": "1.00"});
        let path = format!("/api/v1/wallets/{}/operation", john.wallet);
        let ask = Ask::post(&path).by(&john).key(&format!("key-{number}")).json(&body);
        while world.send(ask.clone()).await.status != 200 {
            failed += 1;
        }
    }
    assert!(failed > 5, "{failed}");
    let world = world.wrapped(|_| sound);
    let socket = Socket { world: &world, id };
    let mut client = Client::default();
    client.hear(&json!({"channel": "user", "type": "snapshot", "seq": 1, "prev_seq": null}));
    world.follow_streams().await;
    assert!(socket.hears().iter().all(|message| client.hear(message).is_none()));
    assert_eq!((client.events.len(), client.counts.old), (40, 1), "and its account's opening");
    let last = client.events.last().expect("an event");
    assert_eq!(last["data"]["wallets"][0]["posted"], "40.00");
}
