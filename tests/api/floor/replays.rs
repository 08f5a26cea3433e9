//! One key, one order; one id of the client's own, one order: whatever is asked again.

use std::sync::Arc;

use domain::time::Span;
use tests::Ask;

use super::{Floor, limit, with};
use crate::steps::{at_once, get, post, walk};

#[tokio::test]
async fn a_key_sent_again_is_answered_by_the_same_bytes_whatever_became_of_the_order() {
    let floor = Floor::open().await;
    let buy = limit("buy", "0.40", "10.00");
    let first = floor.place(&floor.john, "k", &buy).await;
    assert_eq!(first.expect_status(201).header("idempotency-replayed"), None);
    floor.placed(&floor.mary, "k", &limit("sell", "0.40", "10.00")).await;
    assert_eq!(floor.fate(&floor.john, &first.text("/id")).await.0, "filled");
    let again = floor.place(&floor.john, "k", &buy).await;
    assert_eq!((again.status, &again.bytes), (201, &first.bytes));
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    let request = get(&floor.world, &floor.john, "/requests/k").await;
    assert_eq!(request.expect_status(200).text("/status"), "committed");
    assert_eq!(request.body["answer"]["body"], first.body);
    assert_eq!(floor.wallet(&floor.john, "USD").await, ("995.99".into(), "0.00".into()));
}

#[tokio::test]
async fn a_key_with_another_body_is_refused_and_the_order_stays_as_it_was() {
    let floor = Floor::open().await;
    let first = floor.place(&floor.john, "k", &limit("buy", "0.40", "10.00")).await;
    let other = floor.place(&floor.john, "k", &limit("buy", "0.41", "10.00")).await;
    other.expect_problem(422, "idempotency_key_reused");
    let order = floor.order(&floor.john, &first.text("/id")).await;
    assert_eq!(order.text("/price"), "0.40");
}

#[tokio::test]
async fn an_id_of_ones_own_is_a_key_of_its_own() {
    let floor = Floor::open().await;
    let buy = with(limit("buy", "0.40", "10.00"), "client_order_id", "mine-1");
    let send = async |body| {
        floor.world.pass(Span::millis(1));
        let ask = Ask::post("/api/v1/orders").by(&floor.john).json(body);
        floor.world.send(ask).await
    };
    let first = send(&buy).await;
    assert_eq!(first.expect_status(201).text("/client_order_id"), "mine-1");
    let again = send(&buy).await;
    assert_eq!((again.status, &again.bytes), (201, &first.bytes));
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    let other = send(&with(buy.clone(), "price", "0.41")).await;
    other.expect_problem(409, "client_order_id_reused");
    let ids = walk(&floor.world, Some(&floor.john), "/orders", 10, "id").await;
    assert_eq!(ids, [first.text("/id")]);
}

#[tokio::test]
async fn an_id_of_ones_own_stands_for_one_order_under_whatever_key() {
    let floor = Floor::open().await;
    let buy = with(limit("buy", "0.40", "10.00"), "client_order_id", "mine-1");
    let first = floor.place(&floor.john, "k", &buy).await;
    first.expect_status(201);
    for _ in 0..2 {
        let under_another_key = floor.place(&floor.john, "l", &buy).await;
        assert_eq!((under_another_key.status, &under_another_key.bytes), (201, &first.bytes));
    }
    let ask = Ask::post("/api/v1/orders").by(&floor.john).json(&buy);
    let under_none = floor.world.send(ask).await;
    assert_eq!((under_none.status, &under_none.bytes), (201, &first.bytes));
    let other = with(buy.clone(), "quantity", "11.00");
    let refused = floor.place(&floor.john, "m", &other).await;
    refused.expect_problem(409, "client_order_id_reused");
    let again = floor.place(&floor.john, "m", &other).await;
    assert_eq!(again.bytes, refused.bytes, "it was refused for good");
    floor.place(&floor.john, "k", &other).await.expect_problem(422, "idempotency_key_reused");
    let ids = walk(&floor.world, Some(&floor.john), "/orders", 10, "id").await;
    assert_eq!(ids, [first.text("/id")]);
    assert_eq!(floor.wallet(&floor.john, "USD").await.1, "4.01");
}

#[tokio::test]
async fn an_order_is_found_by_its_owners_id_and_by_nobody_elses() {
    let floor = Floor::open().await;
    let named = with(limit("buy", "0.40", "10.00"), "client_order_id", "mine-1");
    let keyed = floor.placed(&floor.john, "k", &named).await;
    let path = "/orders/by-client-id/mine-1";
    get(&floor.world, &floor.mary, path).await.expect_problem(404, "order_not_found");
    let ask = Ask::post("/api/v1/orders").by(&floor.mary).json(&named);
    let unkeyed = floor.world.send(ask).await.expect_status(201).text("/id");
    for (caller, id) in [(&floor.john, keyed), (&floor.mary, unkeyed)] {
        let found = get(&floor.world, caller, path).await;
        assert_eq!(found.expect_status(200).text("/id"), id);
        assert_eq!(found.bytes, floor.order(caller, &id).await.bytes);
    }
    let unknown = get(&floor.world, &floor.john, "/orders/by-client-id/mine-2").await;
    unknown.expect_problem(404, "order_not_found");
}

#[tokio::test]
async fn twenty_at_once_with_one_id_of_their_own_place_one_order() {
    let floor = Floor::open().await;
    let named = with(limit("buy", "0.40", "10.00"), "client_order_id", "mine-1");
    let ask = |n: u32| {
        let ask = Ask::post("/api/v1/orders").by(&floor.john).json(&named);
        if n.is_multiple_of(2) { ask } else { ask.key(&format!("k-{n}")) }
    };
    let asks = (0..20).map(ask).collect();
    let Floor { world, john, .. } = floor;
    let world = Arc::new(world);
    let answers = at_once(&world, asks).await;
    let first = answers[0].expect_status(201).text("/id");
    assert!(answers.iter().all(|answer| answer.bytes == answers[0].bytes));
    assert_eq!(walk(&world, Some(&john), "/orders", 10, "id").await, [first]);
}

#[tokio::test]
async fn a_key_that_was_given_up_places_nothing() {
    let floor = Floor::open().await;
    let voided = Ask::post("/api/v1/requests/k/void").by(&floor.john);
    floor.world.send(voided).await.expect_status(200);
    let late = floor.place(&floor.john, "k", &limit("buy", "0.40", "10.00")).await;
    late.expect_problem(409, "request_voided");
    let placed = floor.place(&floor.john, "l", &limit("buy", "0.40", "10.00")).await;
    placed.expect_status(201);
    let voided = Ask::post("/api/v1/requests/l/void").by(&floor.john);
    let answer = floor.world.send(voided).await;
    answer.expect_problem(409, "already_committed");
    assert_eq!(answer.body["answer"], placed.body);
}

#[tokio::test]
async fn a_key_is_of_one_endpoint() {
    let floor = Floor::open().await;
    let buy = limit("buy", "0.40", "10.00");
    floor.placed(&floor.john, "k", &buy).await;
    let elsewhere = post(&floor.world, &floor.john, "k", "/orders/place", &buy).await;
    elsewhere.expect_problem(422, "idempotency_key_reused");
}
