//! POST /orders, as clients of the stock-order service know it.

use domain::time::Span;
use serde_json::{Value, json};
use tests::{Answered, Ask, Caller, World};

use super::{DOT, status, venue, wallet};

fn wanted() -> Value {
    json!({"type": "limit", "side": "buy", "instrument": DOT, "quantity": 4, "limit_price": 100.2})
}

async fn order(world: &World, by: &Caller, body: &Value) -> Answered {
    world.send(Ask::post("/orders").by(by).json(body)).await
}

#[tokio::test]
async fn an_order_is_answered_in_the_envelope_and_placed() {
    let (world, john) = venue().await;
    let answer = order(&world, &john, &wanted()).await;
    let mut body = answer.expect_status(201).body.clone();
    let id = body["data"]["id"].take().as_str().expect("an id").to_owned();
    insta::assert_json_snapshot!(body, @r#"
    {
      "data": {
        "id": null,
        "instrument": "DOTUSDT00008",
        "limit_price": "100.20",
        "quantity": 4,
        "routing_status": "queued",
        "side": "buy",
        "type": "limit",
        "venue": "nyx"
      },
      "success": true,
      "version": "0.0"
    }
    "#);
    assert_eq!(wallet(&world, &john, "USD").await, "599.20+400.80");
    world.work_venues(Span::seconds(1)).await;
    assert_eq!(status(&world, &john, &id).await, "placed");
    let market = json!({"type": "market", "side": "buy", "instrument": DOT, "quantity": 1});
    let market = order(&world, &john, &market).await;
    assert_eq!(market.expect_status(201).body["data"]["limit_price"], json!(null));
}

#[tokio::test]
async fn a_key_is_honoured_though_none_is_needed() {
    let (world, john) = venue().await;
    let ask = || Ask::post("/orders").by(&john).key("one").json(&wanted());
    let first = world.send(ask()).await;
    world.pass(Span::millis(1));
    let again = world.send(ask()).await;
    assert_eq!(again.expect_status(201).bytes, first.expect_status(201).bytes);
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    let mut other = wanted();
    other["quantity"] = json!(5);
    let other = world.send(Ask::post("/orders").by(&john).key("one").json(&other)).await;
    assert_eq!(other.expect_status(422).body["error"]["code"], "idempotency_key_reused");
    assert_eq!(wallet(&world, &john, "USD").await, "599.20+400.80");
}

#[tokio::test]
async fn what_is_not_as_it_must_be_is_invalid_input() {
    let (world, john) = venue().await;
    let with = |name: &str, value: Value| {
        let mut body = wanted();
        body[name] = value;
        body
    };
    for body in [
        with("limit_price", json!(100.255)),
        with("limit_price", json!("100.255")),
        with("limit_price", json!(0)),
        with("limit_price", json!(-1)),
        with("limit_price", json!(null)),
        with("type", json!("market")),
        with("type", json!("stop")),
        with("quantity", json!(0)),
        with("quantity", json!(1.5)),
        with("instrument", json!("DOTUSDT0008")),
        with("side", json!("hold")),
        with("extra", json!(1)),
        json!({}),
    ] {
        let answer = order(&world, &john, &body).await;
        let answer = &answer.expect_status(400).body;
        assert_eq!(answer["error"]["message"], "Invalid Input", "{body}");
        assert_eq!((&answer["success"], &answer["version"]), (&json!(false), &json!("0.0")));
    }
    let text = world.send(Ask::post("/orders").by(&john).raw("{")).await;
    assert_eq!(text.expect_status(400).body["error"]["message"], "Invalid Input");
    assert_eq!(text.header("content-type"), Some("application/json"));
}

#[tokio::test]
async fn a_refusal_says_why_in_the_same_envelope() {
    let (world, john) = venue().await;
    let mut body = wanted();
    body["quantity"] = json!(40);
    let ask = || Ask::post("/orders").by(&john).key("one").json(&body);
    let answer = world.send(ask()).await;
    insta::assert_json_snapshot!(answer.expect_status(400).body, @r#"
    {
      "error": {
        "available": "1000.00",
        "code": "insufficient_funds",
        "currency": "USD",
        "message": "insufficient funds: 1000.00 USD available, 4008.00 USD required",
        "required": "4008.00",
        "retryable": false
      },
      "success": false,
      "version": "0.0"
    }
    "#);
    world.pass(Span::millis(1));
    assert_eq!(world.send(ask()).await.expect_status(400).bytes, answer.bytes);
    body["instrument"] = json!("US0378331005");
    let answer = order(&world, &john, &body).await;
    let error = &answer.expect_status(404).body["error"];
    assert_eq!(
        (&error["code"], &error["message"]),
        (&json!("instrument_not_found"), &json!("Instrument not found"))
    );
    let nowhere = World::new().await;
    let jane = nowhere.trader_with("jane_earth", 1, "1000.00").await;
    let answer = order(&nowhere, &jane, &wanted()).await;
    assert_eq!(answer.expect_status(404).body["error"]["code"], "venue_not_found");
    // Who calls is asked before the order is read, as everywhere.
    let nobody = world.send(Ask::post("/orders").json(&wanted())).await;
    nobody.expect_problem(401, "authentication_required");
}
