//! POST /transfers: money from one user to another.

use serde_json::json;
use tests::World;

use crate::{shown::shown, steps::post};

#[tokio::test]
async fn a_transfer_reaches_the_recipients_wallet() {
    let world = World::new().await;
    let john = world.trader_with("john_earth", 1, "10.00").await;
    let mary = world.trader("mary_mars", 2).await;
    let body = json!({"to_user_id": mary.name, "amount": "4.00"});
    let answer = post(&world, &john, "k", "/transfers", &body).await;
    insta::assert_json_snapshot!(shown(&answer.expect_status(200).body), @r#"
    {
      "amount": "4.00",
      "created_at": "2026-11-21T08:00:00.000Z",
      "currency": "USD",
      "from_wallet_id": "wal_1_USD",
      "id": "txn_2",
      "to_user_id": "usr_3",
      "to_wallet_id": "wal_3_USD"
    }
    "#);
    assert_eq!(world.posted(&john, "USD").await, "6.00");
    assert_eq!(world.posted(&mary, "USD").await, "4.00", "the wallet was opened by it");
}

#[tokio::test]
async fn a_recipients_wallet_says_the_currency() {
    let world = World::new().await;
    let mary = world.trader_with("mary_mars", 2, "10.00").await;
    let john = world.trader("john_earth", 1).await;
    let wallet = john.wallet.replace("USD", "MRC");
    let body = json!({"to_wallet_id": wallet, "amount": "4.00", "currency": "MRC"});
    let answer = post(&world, &mary, "k", "/transfers", &body).await;
    assert_eq!(answer.expect_status(200).text("/to_wallet_id"), wallet);
    assert_eq!(world.posted(&john, "MRC").await, "4.00");
}

#[tokio::test]
async fn a_transfer_to_oneself_is_refused() {
    let world = World::new().await;
    let john = world.trader_with("john_earth", 1, "10.00").await;
    for body in [
        json!({"to_user_id": john.name, "amount": "4.00"}),
        json!({"to_wallet_id": john.wallet, "amount": "4.00"}),
    ] {
        let answer = post(&world, &john, &body.to_string(), "/transfers", &body).await;
        answer.expect_problem(422, "self_transfer");
    }
    assert_eq!(world.posted(&john, "USD").await, "10.00");
}

#[tokio::test]
async fn a_transfer_to_nobody_moves_nothing_and_is_not_final() {
    let world = World::new().await;
    let john = world.trader_with("john_earth", 1, "10.00").await;
    let body = json!({"to_user_id": "usr_00000000000000000000000000", "amount": "4.00"});
    for _ in 0..2 {
        let answer = post(&world, &john, "k", "/transfers", &body).await;
        answer.expect_problem(404, "user_not_found");
        assert_eq!(answer.header("idempotency-replayed"), None);
    }
    assert_eq!(world.posted(&john, "USD").await, "10.00");
}

#[tokio::test]
async fn a_transfer_is_covered() {
    let world = World::new().await;
    let john = world.trader_with("john_earth", 1, "10.00").await;
    let mary = world.trader("mary_mars", 2).await;
    let body = json!({"to_user_id": mary.name, "amount": "10.01"});
    let answer = post(&world, &john, "k", "/transfers", &body).await;
    answer.expect_problem(400, "insufficient_funds");
    let body = json!({"to_user_id": mary.name, "amount": "1.00", "currency": "VNC"});
    let answer = post(&world, &john, "l", "/transfers", &body).await;
    assert_eq!(answer.expect_problem(400, "insufficient_funds").text("/currency"), "VNC");
}

#[tokio::test]
async fn a_recipient_who_has_the_most_there_can_be_gets_no_more() {
    let world = World::new().await;
    let john = world.trader_with("john_earth", 1, "10.00").await;
    let rich = world.trader_with("rich", 1, "10000000000000000.00").await;
    let body = json!({"to_user_id": rich.name, "amount": "0.01"});
    let answer = post(&world, &john, "k", "/transfers", &body).await;
    answer.expect_problem(409, "balance_limit");
    assert_eq!(world.posted(&john, "USD").await, "10.00");
}

#[tokio::test]
async fn a_transfer_names_one_recipient_and_one_currency() {
    let world = World::new().await;
    let john = world.trader_with("john_earth", 1, "10.00").await;
    let mary = world.trader("mary_mars", 2).await;
    let both = json!({"to_user_id": mary.name, "to_wallet_id": mary.wallet, "amount": "1"});
    let other = json!({"to_wallet_id": mary.wallet, "amount": "1", "currency": "USD"});
    let cases = [
        (json!({"amount": "1"}), "/to_user_id"),
        (both, "/to_user_id"),
        (other, "/currency"),
        (json!({"to_user_id": mary.name, "amount": "0"}), "/amount"),
        (json!({"to_user_id": mary.wallet, "amount": "1"}), "/to_user_id"),
    ];
    for (body, pointer) in cases {
        let answer = post(&world, &john, "k", "/transfers", &body).await;
        answer.expect_problem(422, "validation_failed");
        assert_eq!(answer.text("/errors/0/pointer"), pointer, "{body}");
    }
    let body = json!({"to_user_id": mary.name, "amount": "1", "currency": "QQQ"});
    let answer = post(&world, &john, "k", "/transfers", &body).await;
    answer.expect_problem(404, "currency_not_found");
}
