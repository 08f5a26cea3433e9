//! Wallets: opening, reading, depositing and withdrawing.

mod entries;
mod transfer;

use serde_json::json;
use tests::{Ask, World};

use crate::{
    shown::shown,
    steps::{deposit, get, post},
};

#[tokio::test]
async fn a_wallet_opens_empty_once_and_is_answered_as_it_is_afterwards() {
    let world = World::new().await;
    let john = world.trader_with("john_earth", 1, "7.00").await;
    let body = json!({"currency": "MRC"});
    let opened = world.send(Ask::post("/api/v1/wallets").by(&john).json(&body)).await;
    insta::assert_json_snapshot!(shown(&opened.expect_status(200).body), @r#"
    {
      "available": "0.00",
      "balance": "0.00",
      "created_at": "2026-11-21T08:00:00.000Z",
      "currency": "MRC",
      "held": "0.00",
      "id": "wal_1_MRC",
      "posted": "0.00",
      "updated_at": "2026-11-21T08:00:00.000Z"
    }
    "#);
    let again = world.send(Ask::post("/api/v1/wallets/").by(&john).json(&body)).await;
    assert_eq!(again.expect_status(200).bytes, opened.bytes);
    for path in ["/api/v1/wallets", "/api/v1/wallets/"] {
        let home = world.send(Ask::post(path).by(&john)).await;
        assert_eq!(home.expect_status(200).text("/id"), john.wallet);
        assert_eq!(home.text("/balance"), "7.00");
    }
}

#[tokio::test]
async fn a_wallet_of_an_unknown_currency_does_not_open() {
    let world = World::new().await;
    let john = world.trader("john_earth", 1).await;
    let open = |body| Ask::post("/api/v1/wallets").by(&john).json(&body);
    let answer = world.send(open(json!({"currency": "QQQ"}))).await;
    answer.expect_problem(404, "currency_not_found");
    let answer = world.send(open(json!({"currency": "usd"}))).await;
    answer.expect_problem(422, "validation_failed");
    assert_eq!(answer.text("/errors/0/pointer"), "/currency");
}

#[tokio::test]
async fn a_wallet_of_a_universe_made_a_moment_ago_opens() {
    let world = World::new().await;
    let john = world.trader("john_earth", 1).await;
    world.universe("Jupiter", "JUP", 0, "100").await;
    let body = json!({"currency": "JUP"});
    let opened = world.send(Ask::post("/api/v1/wallets").by(&john).json(&body)).await;
    assert_eq!(opened.expect_status(200).text("/posted"), "0", "it has no decimals");
}

#[tokio::test]
async fn the_owner_sees_all_wallets() {
    let world = World::new().await;
    let john = world.trader_with("john_earth", 1, "1000.00").await;
    let body = json!({"amount": "100.00", "from_currency": "USD", "to_currency": "MRC"});
    post(&world, &john, "k", "/exchange", &body).await.expect_status(200);
    let list = get(&world, &john, "/wallets").await;
    insta::assert_json_snapshot!(shown(&list.expect_status(200).body), @r#"
    {
      "data": [
        {
          "available": "250.00",
          "balance": "250.00",
          "created_at": "2026-11-21T08:00:00.000Z",
          "currency": "MRC",
          "held": "0.00",
          "id": "wal_1_MRC",
          "posted": "250.00",
          "updated_at": "2026-11-21T08:00:00.000Z"
        },
        {
          "available": "900.00",
          "balance": "900.00",
          "created_at": "2026-11-21T08:00:00.000Z",
          "currency": "USD",
          "held": "0.00",
          "id": "wal_1_USD",
          "posted": "900.00",
          "updated_at": "2026-11-21T08:00:00.000Z"
        }
      ],
      "next_cursor": null
    }
    "#);
    assert_eq!(get(&world, &john, "/wallets/").await.bytes, list.bytes);
    let one = get(&world, &john, &format!("/wallets/{}", john.wallet)).await;
    let rows = list.body["data"].as_array().expect("rows");
    assert!(rows.contains(&one.expect_status(200).body));
}

#[tokio::test]
async fn a_foreign_wallet_answers_as_one_that_is_not_there() {
    let world = World::new().await;
    let john = world.trader("john_earth", 1).await;
    let mary = world.trader("mary_mars", 2).await;
    let not_open = john.wallet.replace("USD", "MRC");
    let unknown = "wal_00000000000000000000000000_USD".to_owned();
    let no_currency = john.wallet.replace("USD", "QQQ");
    let mut answers = Vec::new();
    for id in [&mary.wallet, &unknown, &not_open, &no_currency] {
        let ask = Ask::get(&format!("/api/v1/wallets/{id}")).by(&john);
        let answer = world.send(ask.header("x-request-id", "same")).await;
        answers.push(answer.expect_problem(404, "wallet_not_found").bytes.clone());
    }
    assert!(answers.iter().all(|bytes| *bytes == answers[0]));
    for bad in ["1", "wal_", &john.name, &john.wallet.to_uppercase(), &john.wallet[..30]] {
        let answer = get(&world, &john, &format!("/wallets/{bad}")).await;
        answer.expect_problem(422, "validation_failed");
        assert_eq!(answer.text("/errors/0/pointer"), "/path/wallet_id");
    }
}

#[tokio::test]
async fn nobody_operates_a_foreign_wallet() {
    let world = World::new().await;
    let john = world.trader("john_earth", 1).await;
    let mary = world.trader_with("mary_mars", 2, "5.00").await;
    for kind in ["DEPOSIT", "WITHDRAW"] {
        let body = json!({"operation_type": kind, "amount": "1.00"});
        let path = format!("/wallets/{}/operation", mary.wallet);
        let answer = post(&world, &john, "k", &path, &body).await;
        answer.expect_problem(404, "wallet_not_found");
    }
    assert_eq!(world.posted(&mary, "MRC").await, "5.00");
}

#[tokio::test]
async fn a_deposit_is_answered_in_the_shape_that_older_clients_know() {
    let world = World::new().await;
    let john = world.trader("john_earth", 1).await;
    let answer = deposit(&world, &john, "k", "100").await;
    insta::assert_json_snapshot!(shown(&answer.expect_status(200).body), @r#"
    {
      "amount": "100.00",
      "created_at": "2026-11-21T08:00:00.000Z",
      "currency": "USD",
      "id": "txn_1",
      "operation_type": "DEPOSIT",
      "status": "SUCCESS",
      "wallet_id": "wal_2_USD"
    }
    "#);
    assert_eq!(world.posted(&john, "USD").await, "100.00");
}

#[tokio::test]
async fn a_withdrawal_takes_at_most_what_is_available() {
    let world = World::new().await;
    let john = world.trader_with("john_earth", 1, "10.00").await;
    let path = format!("/wallets/{}/operation", john.wallet);
    let withdraw = |amount: &str| json!({"operation_type": "WITHDRAW", "amount": amount});
    let answer = post(&world, &john, "a", &path, &withdraw("10.01")).await;
    answer.expect_problem(400, "insufficient_funds");
    insta::assert_json_snapshot!(shown(&answer.body), @r#"
    {
      "available": "10.00",
      "code": "insufficient_funds",
      "currency": "USD",
      "detail": "insufficient funds: 10.00 USD available, 10.01 USD required",
      "request_id": "(request)",
      "required": "10.01",
      "retryable": false,
      "status": 400,
      "title": "Bad Request",
      "type": "about:blank"
    }
    "#);
    let answer = post(&world, &john, "b", &path, &withdraw("10.00")).await;
    assert_eq!(answer.expect_status(200).text("/operation_type"), "WITHDRAW");
    assert_eq!(world.posted(&john, "USD").await, "0.00");
}

#[tokio::test]
async fn a_wallet_that_is_not_open_is_opened_by_a_deposit_and_has_nothing_to_withdraw() {
    let world = World::new().await;
    let john = world.trader("john_earth", 1).await;
    let path = format!("/wallets/{}/operation", john.wallet.replace("USD", "VNC"));
    let body = json!({"operation_type": "WITHDRAW", "amount": "1.00"});
    let answer = post(&world, &john, "a", &path, &body).await;
    assert_eq!(answer.expect_problem(400, "insufficient_funds").text("/available"), "0.00");
    let body = json!({"operation_type": "DEPOSIT", "amount": "1.00"});
    post(&world, &john, "b", &path, &body).await.expect_status(200);
    assert_eq!(world.posted(&john, "VNC").await, "1.00");
}

#[tokio::test]
async fn an_operation_is_a_deposit_or_a_withdrawal_of_something() {
    let world = World::new().await;
    let john = world.trader("john_earth", 1).await;
    let path = format!("/wallets/{}/operation", john.wallet);
    let cases = [
        (json!({"operation_type": "deposit", "amount": "1"}), "/operation_type"),
        (json!({"operation_type": "TRANSFER", "amount": "1"}), "/operation_type"),
        (json!({"operation_type": "DEPOSIT", "amount": "0"}), "/amount"),
        (json!({"operation_type": "DEPOSIT", "amount": "0.00"}), "/amount"),
        (json!({"operation_type": "DEPOSIT"}), "/amount"),
        (json!({"amount": "1"}), "/operation_type"),
        (json!({"operation_type": "DEPOSIT", "amount": "1", "currency": "USD"}), "/currency"),
    ];
    for (body, pointer) in cases {
        let answer = post(&world, &john, "k", &path, &body).await;
        answer.expect_problem(422, "validation_failed");
        assert_eq!(answer.text("/errors/0/pointer"), pointer, "{body}");
    }
}

#[tokio::test]
async fn a_wallet_says_when_it_was_opened_and_when_it_last_changed() {
    let world = World::new().await;
    let john = world.trader_with("john_earth", 1, "7.00").await;
    world.pass(domain::time::Span::seconds(5));
    let path = format!("/api/v1/wallets/{}/operation", john.wallet);
    let body = json!({"operation_type": "WITHDRAW", "amount": "1.00"});
    world.send(Ask::post(&path).by(&john).key("k").json(&body)).await.expect_status(200);
    let wallet = world.send(Ask::get(&format!("/api/v1/wallets/{}", john.wallet)).by(&john)).await;
    assert_eq!(wallet.expect_status(200).text("/created_at"), "2026-11-21T08:00:00.000Z");
    assert_eq!(wallet.text("/updated_at"), "2026-11-21T08:00:05.000Z");
}
