//! The paths and shapes of the trading platform that this market replaces.

use serde_json::json;
use tests::Ask;

use super::Floor;
use crate::{
    shown::shown,
    steps::{get, post},
};

fn body(side: &str, price: &str, quantity: &str) -> serde_json::Value {
    json!({"side": side, "order_type": "LIMIT", "price": price, "quantity": quantity})
}

#[tokio::test]
async fn an_order_of_an_older_client_is_placed_in_the_oldest_market() {
    let floor = Floor::open().await;
    let Floor { world, john, .. } = &floor;
    let first = post(world, john, "k", "/orders/place", &body("BUY", "0.40", "10")).await;
    insta::assert_json_snapshot!(shown(&first.expect_status(200).body), @r#"
    {
      "order": {
        "active": true,
        "created_at": "2026-11-21T08:00:00.000Z",
        "id": "ord_1",
        "market": "MRC-USD",
        "order_type": "LIMIT",
        "price": "0.40",
        "quantity": "10.00",
        "remaining": "10.00",
        "side": "BUY",
        "status": "PENDING"
      },
      "order_executed": false,
      "trades": []
    }
    "#);
    floor.look_again();
    let again = post(world, john, "k", "/orders/place", &body("BUY", "0.40", "10")).await;
    assert_eq!((again.status, &again.bytes), (200, &first.bytes));
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    let at_market = json!({"side": "SELL", "order_type": "MARKET", "quantity": "10"});
    let sold = post(world, &floor.mary, "k", "/orders/place", &at_market).await;
    assert_eq!(sold.expect_status(200).text("/order/order_type"), "MARKET");
    assert_eq!(floor.fate(john, &first.text("/order/id")).await.0, "filled");
}

#[tokio::test]
async fn my_orders_are_the_newest_first_and_those_that_are_over_are_not_active() {
    let floor = Floor::open().await;
    let Floor { world, john, mary } = &floor;
    let mut ids = Vec::new();
    for (key, side, price) in [("k", "BUY", "0.40"), ("l", "SELL", "0.60"), ("m", "BUY", "0.30")] {
        world.pass(domain::time::Span::millis(1));
        let answer = post(world, john, key, "/orders/place", &body(side, price, "10")).await;
        ids.push(answer.expect_status(200).text("/order/id"));
    }
    post(world, mary, "s", "/orders/place", &body("SELL", "0.40", "4")).await;
    let cancel = Ask::new("DELETE", &format!("/api/v1/orders/cancel/{}", ids[1])).by(john);
    let cancelled = world.send(cancel).await;
    assert_eq!(
        cancelled.expect_status(200).body,
        json!({"message": "Order cancelled successfully", "order_id": ids[1]})
    );
    let all = get(world, john, "/orders/my-orders").await;
    insta::assert_json_snapshot!(shown(&all.expect_status(200).body), @r#"
    [
      {
        "active": true,
        "created_at": "2026-11-21T08:00:00.003Z",
        "id": "ord_1",
        "market": "MRC-USD",
        "order_type": "LIMIT",
        "price": "0.30",
        "quantity": "10.00",
        "remaining": "10.00",
        "side": "BUY",
        "status": "OPEN"
      },
      {
        "active": false,
        "created_at": "2026-11-21T08:00:00.002Z",
        "id": "ord_2",
        "market": "MRC-USD",
        "order_type": "LIMIT",
        "price": "0.60",
        "quantity": "10.00",
        "remaining": "0.00",
        "side": "SELL",
        "status": "CANCELED"
      },
      {
        "active": true,
        "created_at": "2026-11-21T08:00:00.001Z",
        "id": "ord_3",
        "market": "MRC-USD",
        "order_type": "LIMIT",
        "price": "0.40",
        "quantity": "10.00",
        "remaining": "6.00",
        "side": "BUY",
        "status": "PARTIALLY_FILLED"
      }
    ]
    "#);
    let active = get(world, john, "/orders/my-orders?active_only=true").await;
    assert_eq!(active.body, json!([all.body[0], all.body[2]]));
    let one = get(world, john, "/orders/my-orders?limit=1").await;
    assert_eq!(one.body, json!([all.body[0]]));
}

#[tokio::test]
async fn the_book_the_trades_and_the_prices_have_their_older_shapes() {
    let floor = Floor::open().await;
    let Floor { world, john, mary } = &floor;
    for (key, side, price) in [("a", "BUY", "0.39"), ("b", "BUY", "0.40"), ("c", "SELL", "0.45")] {
        post(world, john, key, "/orders/place", &body(side, price, "10")).await.expect_status(200);
    }
    post(world, mary, "d", "/orders/place", &body("SELL", "0.40", "4")).await.expect_status(200);
    floor.look_again();
    let public = async |path: &str| world.send(Ask::get(&format!("/api/v1{path}"))).await;
    let book = public("/orders/book").await;
    insta::assert_json_snapshot!(book.expect_status(200).body, @r#"
    {
      "asks": [
        {
          "price": "0.45",
          "total_qty": "10.00"
        }
      ],
      "bids": [
        {
          "price": "0.40",
          "total_qty": "6.00"
        },
        {
          "price": "0.39",
          "total_qty": "10.00"
        }
      ],
      "last_trade_price": "0.40",
      "market": "MRC-USD",
      "seq": 4
    }
    "#);
    let trades = public("/orders/recent-trades").await;
    insta::assert_json_snapshot!(shown(&trades.expect_status(200).body), @r#"
    [
      {
        "engine_trade_id": 1,
        "id": "trd_2da91g002nad20000000000001",
        "market": "MRC-USD",
        "price": "0.40",
        "quantity": "4.00",
        "seq": 4,
        "side": "sell",
        "ts": "2026-11-21T08:00:00.000Z"
      }
    ]
    "#);
    for caller in [john, mary] {
        let text = trades.body.to_string();
        assert!(!text.contains(&caller.name[4..]) && !text.contains("ord_"), "{text}");
    }
    let prices = public("/prices/").await;
    insta::assert_json_snapshot!(prices.expect_status(200).body, @r#"
    [
      {
        "price": {
          "market": "MRC-USD",
          "price": "0.40",
          "seq": 4,
          "timestamp": "2026-11-21T08:00:00.000Z"
        }
      }
    ]
    "#);
}
