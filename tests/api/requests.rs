//! Certainty: what became of a key, and giving one up.

mod keys;
mod simulate;

use serde_json::{Value, json};
use tests::{Answered, Ask, Caller, World};

use crate::{
    shown::shown,
    steps::{deposit, get, post},
};

async fn void(world: &World, caller: &Caller, key: &str) -> Answered {
    world.send(Ask::post(&format!("/api/v1/requests/{key}/void")).by(caller)).await
}

/// An exchange that John cannot pay.
fn too_much() -> Value {
    json!({"amount": "1000.01", "from_currency": "USD", "to_currency": "MRC"})
}

#[tokio::test]
async fn a_key_that_never_arrived_was_not_received() {
    let world = World::new().await;
    let john = world.trader("john_earth", 1).await;
    let answer = get(&world, &john, "/requests/k-1").await;
    insta::assert_json_snapshot!(answer.expect_status(200).body, @r#"
    {
      "answer": null,
      "decided_at": null,
      "key": "k-1",
      "status": "not_received",
      "transaction_id": null
    }
    "#);
}

#[tokio::test]
async fn a_committed_key_tells_its_answer() {
    let world = World::new().await;
    let john = world.trader("john_earth", 1).await;
    let done = deposit(&world, &john, "k-1", "1.00").await;
    let answer = get(&world, &john, "/requests/k-1").await;
    insta::assert_json_snapshot!(shown(&answer.expect_status(200).body), @r#"
    {
      "answer": {
        "body": {
          "amount": "1.00",
          "created_at": "2026-11-21T08:00:00.000Z",
          "currency": "USD",
          "id": "txn_1",
          "operation_type": "DEPOSIT",
          "status": "SUCCESS",
          "wallet_id": "wal_2_USD"
        },
        "status": 200
      },
      "decided_at": "2026-11-21T08:00:00.000Z",
      "key": "k-1",
      "status": "committed",
      "transaction_id": "txn_1"
    }
    "#);
    assert_eq!(answer.body["answer"]["body"], done.body);
}

#[tokio::test]
async fn a_refused_key_tells_its_problem() {
    let world = World::new().await;
    let john = world.trader_with("john_earth", 1, "1000.00").await;
    let refused = post(&world, &john, "k-1", "/exchange", &too_much()).await;
    let answer = get(&world, &john, "/requests/k-1").await;
    assert_eq!(answer.expect_status(200).text("/status"), "refused");
    assert_eq!(answer.text("/answer/status"), "400");
    assert_eq!(answer.body["answer"]["body"], refused.body, "the request id included");
}

#[tokio::test]
async fn a_key_is_any_printable_text() {
    let world = World::new().await;
    let john = world.trader("john_earth", 1).await;
    let key = "order 7/a?b=%41 \"~\"";
    let encoded = "order%207%2Fa%3Fb=%2541%20%22~%22";
    deposit(&world, &john, key, "1.00").await.expect_status(200);
    let answer = get(&world, &john, &format!("/requests/{encoded}")).await;
    assert_eq!(answer.expect_status(200).text("/status"), "committed");
    assert_eq!(answer.text("/key"), key);
}

#[tokio::test]
async fn anothers_key_was_not_received() {
    let world = World::new().await;
    let john = world.trader("john_earth", 1).await;
    let mary = world.trader("mary_mars", 2).await;
    deposit(&world, &john, "k", "1.00").await.expect_status(200);
    let seen = get(&world, &mary, "/requests/k").await;
    assert_eq!(seen.expect_status(200).text("/status"), "not_received");
    void(&world, &mary, "k").await.expect_status(200);
    world.pass(domain::time::Span::millis(1));
    let replay = deposit(&world, &john, "k", "1.00").await;
    assert_eq!(replay.expect_status(200).header("idempotency-replayed"), Some("true"));
}

#[tokio::test]
async fn a_voided_key_never_executes() {
    let world = World::new().await;
    let john = world.trader("john_earth", 1).await;
    let answer = void(&world, &john, "k-1").await;
    insta::assert_json_snapshot!(shown(&answer.expect_status(200).body), @r#"
    {
      "answer": null,
      "decided_at": "2026-11-21T08:00:00.000Z",
      "key": "k-1",
      "status": "voided",
      "transaction_id": "txn_1"
    }
    "#);
    for _ in 0..2 {
        deposit(&world, &john, "k-1", "1.00").await.expect_problem(409, "request_voided");
    }
    world.pass(domain::time::Span::seconds(100 * 24 * 3600));
    let token = world.token(
        john.id,
        edge::auth::scopes::Scopes::for_role(domain::identity::Role::Trader),
        domain::universe::UniverseId::new(1).expect("a universe"),
    );
    let john = Caller { token, ..john };
    deposit(&world, &john, "k-1", "1.00").await.expect_problem(409, "request_voided");
    assert_eq!(world.posted(&john, "USD").await, "0.00");
    let again = void(&world, &john, "k-1").await;
    assert_eq!(again.expect_status(200).bytes, answer.bytes);
    let seen = get(&world, &john, "/requests/k-1").await;
    assert_eq!(seen.expect_status(200).bytes, answer.bytes);
}

#[tokio::test]
async fn what_was_committed_is_not_voided_but_answered() {
    let world = World::new().await;
    let john = world.trader("john_earth", 1).await;
    let done = deposit(&world, &john, "k", "1.00").await;
    let answer = void(&world, &john, "k").await;
    answer.expect_problem(409, "already_committed");
    assert_eq!(answer.body["answer"], done.body);
    assert_eq!(answer.body["transaction_id"], done.body["id"]);
    assert_eq!(world.posted(&john, "USD").await, "1.00");
}

#[tokio::test]
async fn what_was_refused_stays_refused_when_it_is_voided() {
    let world = World::new().await;
    let john = world.trader_with("john_earth", 1, "1000.00").await;
    let refused = post(&world, &john, "k", "/exchange", &too_much()).await;
    let answer = void(&world, &john, "k").await;
    assert_eq!(answer.expect_status(200).text("/status"), "refused");
    let replay = post(&world, &john, "k", "/exchange", &too_much()).await;
    assert_eq!(replay.bytes, refused.bytes);
}
