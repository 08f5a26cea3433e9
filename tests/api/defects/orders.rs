//! Defects of the trading platform's order book.

use serde_json::json;
use tests::Ask;

use crate::{
    floor::{Floor, fate, limit, market},
    steps::{get, post},
};

#[tokio::test]
async fn a_limit_order_that_was_filled_in_part_rests_and_is_filled_and_cancelled_like_any() {
    let floor = Floor::open().await;
    let Floor { john, mary, .. } = &floor;
    floor.placed(mary, "s", &limit("sell", "0.40", "4.00")).await;
    let taker = floor.placed(john, "k", &limit("buy", "0.40", "10.00")).await;
    assert_eq!(floor.fate(john, &taker).await, fate("partially_filled", "null"));
    floor.placed(mary, "t", &limit("sell", "0.40", "4.00")).await;
    assert_eq!(floor.tally(john, &taker).await, ["8", "2", "0", "0"]);
    floor.cancel(john, &taker).await.expect_status(200);
    assert_eq!(floor.tally(john, &taker).await, ["8", "0", "2", "0"]);
}

#[tokio::test]
async fn what_is_left_of_a_market_order_expires_and_is_not_active() {
    let floor = Floor::open().await;
    let Floor { world, john, mary } = &floor;
    floor.placed(mary, "s", &limit("sell", "0.40", "4.00")).await;
    floor.look_again();
    let taker = floor.placed(john, "k", &market("buy", "quantity", "10.00")).await;
    assert_eq!(floor.fate(john, &taker).await, fate("expired", "expired"));
    let active = get(world, john, "/orders/my-orders?active_only=true").await;
    assert_eq!(active.expect_status(200).body, json!([]));
    let all = get(world, john, "/orders/my-orders").await;
    let told = ["status", "active", "remaining"].map(|name| all.body[0][name].clone());
    assert_eq!(told, [json!("EXPIRED"), json!(false), json!("0.00")]);
    // It is not in the book either: a sale finds nobody.
    floor.look_again();
    let book = world.send(Ask::get("/api/v1/orders/book")).await;
    assert_eq!((&book.body["bids"], &book.body["asks"]), (&json!([]), &json!([])));
}

#[tokio::test]
async fn nobody_elses_order_can_be_cancelled_or_told_to_be_there() {
    let floor = Floor::open().await;
    let Floor { world, john, mary } = &floor;
    let id = floor.placed(john, "k", &limit("buy", "0.40", "10.00")).await;
    for path in [format!("/api/v1/orders/cancel/{id}"), format!("/api/v1/orders/{id}")] {
        let answer = world.send(Ask::new("DELETE", &path).by(mary)).await;
        answer.expect_problem(404, "order_not_found");
    }
    assert_eq!(floor.fate(john, &id).await.0, "open");
}

#[tokio::test]
async fn a_cancellation_sent_again_is_answered_as_the_first() {
    let floor = Floor::open().await;
    let Floor { world, john, .. } = &floor;
    let id = floor.placed(john, "k", &limit("buy", "0.40", "10.00")).await;
    let ask = Ask::new("DELETE", &format!("/api/v1/orders/cancel/{id}")).by(john);
    let first = world.send(ask.clone()).await;
    assert_eq!(world.send(ask).await.bytes, first.expect_status(200).bytes);
}

#[tokio::test]
async fn a_cancellation_is_not_said_to_be_done_before_it_is() {
    let floor = Floor::waiting().await;
    let Floor { world, john, .. } = &floor;
    let id = floor.placed(john, "k", &limit("buy", "0.40", "10.00")).await;
    let ask = Ask::new("DELETE", &format!("/api/v1/orders/cancel/{id}")).by(john);
    let under_way = world.send(ask.clone()).await;
    assert_eq!(under_way.expect_status(202).text("/message"), "Order is being cancelled");
    floor.matched().await;
    let done = world.send(ask).await;
    assert_eq!(done.expect_status(200).text("/message"), "Order cancelled successfully");
}

#[tokio::test]
async fn a_trader_does_not_trade_with_themselves() {
    let floor = Floor::open().await;
    let Floor { john, .. } = &floor;
    let sale = floor.placed(john, "s", &limit("sell", "0.40", "10.00")).await;
    let buy = floor.placed(john, "b", &limit("buy", "0.40", "10.00")).await;
    assert_eq!(floor.fate(john, &buy).await, fate("cancelled", "self_trade"));
    assert_eq!(floor.tally(john, &sale).await, ["0", "10", "0", "0"]);
}

#[tokio::test]
async fn an_order_that_is_not_understood_says_why_and_shows_nothing_of_the_inside() {
    let floor = Floor::open().await;
    let Floor { world, john, .. } = &floor;
    let body = json!({"side": "BUY", "order_type": "LIMIT", "quantity": "10"});
    let answer = post(world, john, "k", "/orders/place", &body).await;
    answer.expect_problem(422, "validation_failed");
    assert_eq!(answer.text("/errors/0/pointer"), "/price");
    let unknown = Ask::new("DELETE", "/api/v1/orders/cancel/no-order").by(john);
    let answer = world.send(unknown).await;
    assert!(answer.status == 404 || answer.status == 422, "{}", answer.body);
}
