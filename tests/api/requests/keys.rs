//! Idempotency keys: one effect and one answer each, for ever.

use serde_json::json;
use tests::{Ask, Caller, World};

use crate::steps::{buy, deposit, get, post};

fn operate(caller: &Caller, raw: &str) -> Ask {
    let path = format!("/api/v1/wallets/{}/operation", caller.wallet);
    Ask::post(&path).by(caller).raw(raw.to_owned())
}

const ONE: &str = r#"{"operation_type":"DEPOSIT","amount":"1.00"}"#;

#[tokio::test]
async fn every_endpoint_that_moves_money_wants_a_key() {
    let world = World::new().await;
    let john = world.trader("john_earth", 1).await;
    let wallet = format!("/api/v1/wallets/{}/operation", john.wallet);
    let refund = "/api/v1/transactions/txn_00000000000000000000000000/refund";
    for path in ["/api/v1/buy", "/api/v1/exchange", "/api/v1/transfers", &wallet, refund] {
        let answer = world.send(Ask::post(path).by(&john).json(&json!({}))).await;
        answer.expect_problem(400, "idempotency_key_missing");
        assert_eq!(answer.text("/errors/0/pointer"), "/header/Idempotency-Key");
    }
}

#[tokio::test]
async fn a_key_is_one_header_of_1_to_255_printable_characters() {
    let world = World::new().await;
    let john = world.trader("john_earth", 1).await;
    for bad in ["", &"k".repeat(256), "tab\t", "schlüssel"] {
        let answer = world.send(operate(&john, ONE).key(bad)).await;
        answer.expect_problem(400, "idempotency_key_invalid");
    }
    let answer = world.send(operate(&john, ONE).key("a").key("b")).await;
    answer.expect_problem(400, "idempotency_key_invalid");
    assert_eq!(world.posted(&john, "USD").await, "0.00");
    world.send(operate(&john, ONE).key(&"k".repeat(255))).await.expect_status(200);
}

#[tokio::test]
async fn a_replay_is_the_same_bytes_and_no_second_effect() {
    let world = World::new().await;
    let john = world.trader("john_earth", 1).await;
    let first = world.send(operate(&john, ONE).key("k").header("x-request-id", "first")).await;
    assert_eq!(first.expect_status(200).header("idempotency-replayed"), None);
    world.pass(domain::time::Span::seconds(600));
    let again = world.send(operate(&john, ONE).key("k").header("x-request-id", "again")).await;
    assert_eq!(again.expect_status(200).header("idempotency-replayed"), Some("true"));
    assert_eq!(again.header("x-request-id"), Some("again"), "the header is the request's own");
    assert_eq!(again.bytes, first.bytes);
    assert_eq!(world.posted(&john, "USD").await, "1.00");
}

#[tokio::test]
async fn the_order_of_members_and_the_space_around_them_do_not_matter() {
    let world = World::new().await;
    let john = world.trader("john_earth", 1).await;
    world.send(operate(&john, ONE).key("k")).await.expect_status(200);
    world.pass(domain::time::Span::millis(1));
    let other = " {\n\"amount\" : \"1.00\", \"operation_type\":\"DEPOSIT\"} ";
    let again = world.send(operate(&john, other).key("k")).await;
    assert_eq!(again.expect_status(200).header("idempotency-replayed"), Some("true"));
}

#[tokio::test]
async fn a_key_with_another_body_path_or_endpoint_is_refused_without_effect() {
    let world = World::new().await;
    let john = world.trader("john_earth", 1).await;
    let mary = world.trader("mary_mars", 2).await;
    world.send(operate(&john, ONE).key("k")).await.expect_status(200);
    let more = r#"{"operation_type":"DEPOSIT","amount":"1.01"}"#;
    let answer = world.send(operate(&john, more).key("k")).await;
    answer.expect_problem(422, "idempotency_key_reused");
    let vnc = Caller { wallet: john.wallet.replace("USD", "VNC"), ..john.clone() };
    let answer = world.send(operate(&vnc, ONE).key("k")).await;
    answer.expect_problem(422, "idempotency_key_reused");
    let body = json!({"to_user_id": mary.name, "amount": "1.00"});
    let answer = post(&world, &john, "k", "/transfers", &body).await;
    answer.expect_problem(422, "idempotency_key_reused");
    let item = json!({"name": "Coffee", "price": "5.00", "stock": 1});
    let answer = post(&world, &john, "k", "/items", &item).await;
    answer.expect_problem(422, "idempotency_key_reused");
    assert_eq!(world.posted(&john, "USD").await, "1.00");
    assert_eq!(get(&world, &john, "/items").await.body["data"], json!([]));
}

#[tokio::test]
async fn a_key_that_would_now_be_refused_for_another_body_is_still_anothers() {
    let world = World::new().await;
    let john = world.trader("john_earth", 1).await;
    world.send(operate(&john, ONE).key("k")).await.expect_status(200);
    let poor = r#"{"operation_type":"WITHDRAW","amount":"99.00"}"#;
    let answer = world.send(operate(&john, poor).key("k")).await;
    answer.expect_problem(422, "idempotency_key_reused");
}

#[tokio::test]
async fn the_keys_of_two_users_are_independent() {
    let world = World::new().await;
    let john = world.trader("john_earth", 1).await;
    let mary = world.trader("mary_mars", 2).await;
    let (johns, marys) = (
        deposit(&world, &john, "k", "1.00").await.expect_status(200).text("/id"),
        deposit(&world, &mary, "k", "2.00").await.expect_status(200).text("/id"),
    );
    assert_ne!(johns, marys);
    assert_eq!(world.posted(&john, "USD").await, "1.00");
    assert_eq!(world.posted(&mary, "MRC").await, "2.00");
}

#[tokio::test]
async fn a_refusal_is_frozen_whatever_the_balance_is_later() {
    let world = World::new().await;
    let john = world.trader("john_earth", 1).await;
    let take = r#"{"operation_type":"WITHDRAW","amount":"5.00"}"#;
    let first = world.send(operate(&john, take).key("k").header("x-request-id", "first")).await;
    first.expect_problem(400, "insufficient_funds");
    assert_eq!(first.text("/request_id"), "first");
    deposit(&world, &john, "top up", "5.00").await.expect_status(200);
    let again = world.send(operate(&john, take).key("k").header("x-request-id", "again")).await;
    assert_eq!(again.bytes, first.bytes);
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(again.header("content-type"), Some("application/problem+json"));
    assert_eq!(world.posted(&john, "USD").await, "5.00");
    world.send(operate(&john, take).key("l")).await.expect_status(200);
}

#[tokio::test]
async fn what_is_malformed_or_missing_does_not_use_its_key_up() {
    let world = World::new().await;
    let john = world.trader("john_earth", 1).await;
    for bad in ["", "{", r#"{"operation_type":"DEPOSIT","amount":"-1"}"#] {
        let answer = world.send(operate(&john, bad).key("k")).await;
        assert!(answer.status == 400 || answer.status == 422);
    }
    let seen = get(&world, &john, "/requests/k").await;
    assert_eq!(seen.text("/status"), "not_received");
    world.send(operate(&john, ONE).key("k")).await.expect_status(200);
}

#[tokio::test]
async fn a_purchase_is_answered_again_though_nothing_is_left_and_the_item_is_hidden() {
    let world = World::new().await;
    let john = world.trader_with("john_earth", 1, "4.00").await;
    let mary = world.trader("mary_mars", 2).await;
    let item = world.item(&mary, "Mars Rocks", "10.00", 1).await;
    let first = buy(&world, &john, "k", &item, 1).await;
    for state in ["active", "paused", "draft"] {
        world.pass(domain::time::Span::seconds(20));
        let ask = Ask::new("PATCH", &format!("/api/v1/items/{item}")).by(&mary);
        let change = ask.header("if-match", "*").json(&json!({ "state": state }));
        world.send(change).await.expect_status(200);
        let again = buy(&world, &john, "k", &item, 1).await;
        assert_eq!(again.expect_status(200).bytes, first.bytes, "{state}");
        assert_eq!(again.header("idempotency-replayed"), Some("true"));
        let other = buy(&world, &john, "k", &item, 2).await;
        other.expect_problem(422, "idempotency_key_reused");
    }
    assert_eq!(world.posted(&mary, "MRC").await, "10.00");
}
