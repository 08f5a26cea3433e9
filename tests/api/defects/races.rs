//! Defects that only show when many callers ask at once.

use std::sync::Arc;

use serde_json::json;
use tests::{Answered, Ask, World};

use crate::steps::{at_once, stock, walk};

fn count(answers: &[Answered], status: u16) -> usize {
    answers.iter().filter(|answer| answer.status == status).count()
}

#[tokio::test]
async fn fifty_deposits_of_one_at_once_add_fifty_and_fifty_withdrawals_take_them() {
    let world = Arc::new(World::new().await);
    let john = world.trader("john_earth", 1).await;
    let path = format!("/api/v1/wallets/{}/operation", john.wallet);
    for (kind, left) in [("DEPOSIT", "50.00"), ("WITHDRAW", "0.00")] {
        let body = json!({"operation_type": kind, "amount": "1.00"});
        let ask = |n| Ask::post(&path).by(&john).key(&format!("{kind}-{n}")).json(&body);
        let answers = at_once(&world, (0..50).map(ask).collect()).await;
        assert_eq!(count(&answers, 200), 50);
        assert_eq!(world.posted(&john, "USD").await, left);
    }
    world.follow_streams().await;
    let entries = format!("/wallets/{}/entries", john.wallet);
    let mut ids = walk(&world, Some(&john), &entries, 30, "transaction_id").await;
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 100, "each has an entry of its own");
}

#[tokio::test]
async fn of_three_withdrawals_at_once_only_those_that_are_covered_succeed() {
    let world = Arc::new(World::new().await);
    let john = world.trader_with("john_earth", 1, "100.00").await;
    let path = format!("/api/v1/wallets/{}/operation", john.wallet);
    let body = json!({"operation_type": "WITHDRAW", "amount": "50.00"});
    let ask = |n: u32| Ask::post(&path).by(&john).key(&n.to_string()).json(&body);
    let answers = at_once(&world, (0..3).map(ask).collect()).await;
    assert_eq!((count(&answers, 200), count(&answers, 400)), (2, 1));
    assert_eq!(world.posted(&john, "USD").await, "0.00");
}

#[tokio::test]
async fn one_key_sent_twenty_times_at_once_has_one_effect_and_one_answer() {
    let world = Arc::new(World::new().await);
    let john = world.trader("john_earth", 1).await;
    let path = format!("/api/v1/wallets/{}/operation", john.wallet);
    let body = json!({"operation_type": "DEPOSIT", "amount": "1.00"});
    let ask = || Ask::post(&path).by(&john).key("k").json(&body);
    let answers = at_once(&world, (0..20).map(|_| ask()).collect()).await;
    assert_eq!(count(&answers, 200), 20);
    assert!(answers.iter().all(|answer| answer.bytes == answers[0].bytes));
    assert_eq!(world.posted(&john, "USD").await, "1.00");
    world.follow_streams().await;
    let entries = format!("/wallets/{}/entries", john.wallet);
    let ids = walk(&world, Some(&john), &entries, 50, "transaction_id").await;
    assert_eq!(ids, [answers[0].text("/id")]);
}

#[tokio::test]
async fn of_two_bodies_under_one_key_at_once_one_is_carried_out() {
    let world = Arc::new(World::new().await);
    let john = world.trader("john_earth", 1).await;
    let path = format!("/api/v1/wallets/{}/operation", john.wallet);
    let ask = |n: u32| {
        let amount = if n.is_multiple_of(2) { "1.00" } else { "100.00" };
        let body = json!({"operation_type": "DEPOSIT", "amount": amount});
        Ask::post(&path).by(&john).key("k").json(&body)
    };
    let answers = at_once(&world, (0..20).map(ask).collect()).await;
    assert_eq!((count(&answers, 200), count(&answers, 422)), (10, 10));
    let posted = world.posted(&john, "USD").await;
    assert!(posted == "1.00" || posted == "100.00", "{posted}");
}

#[tokio::test]
async fn of_two_hundred_buyers_of_the_last_ten_pieces_exactly_ten_get_one() {
    let world = Arc::new(World::new().await);
    let seller = world.trader("mary_mars", 2).await;
    let item = world.item(&seller, "Mars Rocks", "10.00", 10).await;
    let body = json!({"item_id": item, "quantity": 1});
    let mut asks = Vec::new();
    for n in 0..200 {
        let buyer = world.trader_with(&format!("buyer_{n}"), 1, "100.00").await;
        asks.push(Ask::post("/api/v1/buy").by(&buyer).key("k").json(&body));
    }
    let answers = at_once(&world, asks).await;
    assert_eq!((count(&answers, 200), count(&answers, 400)), (10, 190));
    for refused in answers.iter().filter(|answer| answer.status == 400) {
        refused.expect_problem(400, "insufficient_stock");
    }
    assert_eq!(stock(&world, &item).await, "0");
    assert_eq!(world.posted(&seller, "MRC").await, "100.00");
    let sales = format!("/users/{}/trades", seller.name);
    assert_eq!(walk(&world, Some(&seller), &sales, 50, "id").await.len(), 10);
}
