//! Previews: nothing is written, and what is foretold then happens.

use serde_json::{Value, json};

use super::{Floor, limit, market, with};
use crate::{shown::shown, steps::post};

async fn with_sales() -> Floor {
    let floor = Floor::open().await;
    for price in ["0.40", "0.41", "0.50"] {
        floor.placed(&floor.mary, price, &limit("sell", price, "10.00")).await;
    }
    floor.placed(&floor.john, "own", &limit("sell", "0.52", "10.00")).await;
    floor.look_again();
    floor
}

async fn preview(floor: &Floor, body: &Value) -> Value {
    let answer = post(&floor.world, &floor.john, "preview", "/orders/preview", body).await;
    answer.expect_status(200).body.clone()
}

#[tokio::test]
async fn a_preview_says_what_an_order_would_come_to() {
    let floor = with_sales().await;
    let told = preview(&floor, &limit("buy", "0.45", "25.00")).await;
    insta::assert_json_snapshot!(shown(&told), @r#"
    {
      "available": "1000.00",
      "average_price": "0.40500000",
      "expected_executed": "20.00",
      "expected_fills": [
        {
          "fee": "0.01",
          "notional": "4.00",
          "price": "0.40",
          "quantity": "10.00"
        },
        {
          "fee": "0.01",
          "notional": "4.10",
          "price": "0.41",
          "quantity": "10.00"
        }
      ],
      "expected_status": "partially_filled",
      "funds": null,
      "hold": {
        "amount": "11.28",
        "currency": "USD"
      },
      "market": "MRC-USD",
      "max_fee": "0.03",
      "post_only": false,
      "price": "0.45",
      "quantity": "25.00",
      "seq": 4,
      "side": "buy",
      "sufficient": true,
      "time_in_force": "GTC",
      "type": "limit"
    }
    "#);
}

#[tokio::test]
async fn a_preview_writes_nothing_and_uses_up_no_key() {
    let floor = with_sales().await;
    let rings = floor.world.doorbell.rings();
    floor.world.traffic();
    preview(&floor, &limit("buy", "0.45", "25.00")).await;
    assert_eq!(crate::matrix::writes(&floor.world.traffic()), 0);
    assert_eq!(floor.world.doorbell.rings(), rings);
    assert_eq!(floor.wallet(&floor.john, "USD").await, ("1000.00".into(), "0.00".into()));
    floor.placed(&floor.john, "preview", &limit("buy", "0.45", "25.00")).await;
}

#[tokio::test]
async fn what_a_preview_foretells_happens() {
    for body in [
        limit("buy", "0.45", "25.00"),
        limit("buy", "0.39", "25.00"),
        limit("buy", "0.41", "20.00"),
        with(limit("buy", "0.45", "25.00"), "time_in_force", "IOC"),
        with(limit("buy", "0.45", "25.00"), "time_in_force", "FOK"),
        with(limit("buy", "0.45", "20.00"), "time_in_force", "FOK"),
        with(limit("buy", "0.45", "25.00"), "post_only", true),
        with(limit("buy", "0.55", "40.00"), "self_trade_prevention", "cancel_newest"),
        with(limit("buy", "0.55", "40.00"), "self_trade_prevention", "cancel_oldest"),
        with(limit("buy", "0.55", "40.00"), "self_trade_prevention", "decrement_and_cancel"),
        market("buy", "quantity", "30.00"),
        market("buy", "funds", "6.00"),
        market("buy", "funds", "50.00"),
    ] {
        let floor = with_sales().await;
        let told = preview(&floor, &body).await;
        let placed = floor.place(&floor.john, "k", &body).await;
        assert_eq!(told["hold"]["amount"], placed.expect_status(201).body["reserved"], "{body}");
        let id = placed.text("/id");
        let order = floor.order(&floor.john, &id).await.body;
        assert_eq!(told["expected_status"], order["status"], "{body}");
        assert_eq!(told["expected_executed"], order["executed"], "{body}");
        assert_eq!(told["average_price"], order["average_price"], "{body}");
        let path = format!("/orders/{id}/fills");
        let fills = crate::steps::get(&floor.world, &floor.john, &path).await;
        let mut fills = fills.body["data"].as_array().cloned().expect("rows");
        fills.reverse();
        let fills: Vec<_> = fills
            .iter()
            .map(|fill| {
                let member = |name: &str| fill[name].clone();
                json!({
                    "price": member("price"), "quantity": member("quantity"),
                    "notional": member("notional"), "fee": member("fee"),
                })
            })
            .collect();
        assert_eq!(told["expected_fills"], json!(fills), "{body}");
    }
}

#[tokio::test]
async fn a_preview_is_refused_as_its_order_would_be() {
    let floor = with_sales().await;
    for (body, status, code) in [
        (limit("buy", "0.10", "5.00"), 422, "below_min_notional"),
        (limit("buy", "0.405", "5.00"), 422, "validation_failed"),
        (with(limit("buy", "0.40", "5.00"), "market", "USD-MRC"), 404, "market_not_found"),
        (market("sell", "quantity", "10.00"), 409, "no_reference_price"),
    ] {
        let answer = post(&floor.world, &floor.john, "k", "/orders/preview", &body).await;
        answer.expect_problem(status, code);
    }
    // What is not there can still be looked at.
    let told = preview(&floor, &limit("buy", "0.45", "10000.00")).await;
    assert_eq!((&told["sufficient"], &told["available"]), (&json!(false), &json!("1000.00")));
}
