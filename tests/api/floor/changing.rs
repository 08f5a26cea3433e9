//! Amending and cancelling: by id, all at once, and by itself at a deadline.

use domain::time::Span;
use serde_json::json;
use tests::Ask;

use super::{Floor, fate, limit};
use crate::{shown::shown, steps::get};

#[tokio::test]
async fn a_cancelled_order_gives_back_what_was_held_and_stays_cancelled() {
    let floor = Floor::open().await;
    let id = floor.placed(&floor.john, "k", &limit("buy", "0.40", "10.00")).await;
    let cancelled = floor.cancel(&floor.john, &id).await;
    assert_eq!(cancelled.expect_status(200).text("/status"), "cancelled");
    assert_eq!(cancelled.text("/closed_reason"), "cancelled");
    assert_eq!(floor.tally(&floor.john, &id).await, ["0", "0", "10", "0"]);
    assert_eq!(floor.wallet(&floor.john, "USD").await, ("1000.00".into(), "0.00".into()));
    let again = floor.cancel(&floor.john, &id).await;
    assert_eq!((again.status, &again.bytes), (200, &cancelled.bytes));
}

#[tokio::test]
async fn a_partly_filled_order_is_cancelled_for_what_is_left() {
    let floor = Floor::open().await;
    let id = floor.placed(&floor.john, "k", &limit("buy", "0.40", "10.00")).await;
    floor.placed(&floor.mary, "s", &limit("sell", "0.40", "4.00")).await;
    floor.cancel(&floor.john, &id).await.expect_status(200);
    assert_eq!(floor.fate(&floor.john, &id).await, fate("cancelled", "cancelled"));
    assert_eq!(floor.tally(&floor.john, &id).await, ["4", "0", "6", "0"]);
    assert_eq!(floor.wallet(&floor.john, "USD").await, ("998.39".into(), "0.00".into()));
}

#[tokio::test]
async fn a_cancellation_that_nobody_comes_to_is_under_way() {
    let floor = Floor::waiting().await;
    let id = floor.placed(&floor.john, "k", &limit("buy", "0.40", "10.00")).await;
    floor.matched().await;
    let under_way = floor.cancel(&floor.john, &id).await;
    assert_eq!(under_way.expect_status(202).text("/status"), "open");
    floor.matched().await;
    assert_eq!(floor.fate(&floor.john, &id).await, fate("cancelled", "cancelled"));
}

/// Of two commands of one time the log has no order of its own.
#[tokio::test]
async fn an_order_that_waits_is_cancelled_in_the_millisecond_in_which_it_was_placed() {
    let floor = Floor::waiting().await;
    for n in 0..20 {
        let body = limit("buy", "0.40", "10.00");
        let id = floor.placed(&floor.john, &format!("k-{n}"), &body).await;
        floor.cancel(&floor.john, &id).await.expect_status(202);
        floor.matched().await;
        assert_eq!(floor.fate(&floor.john, &id).await, fate("cancelled", "cancelled"), "{n}");
    }
}

/// As when the clock of the process that cancels is behind the other's.
#[tokio::test]
async fn an_order_that_waits_is_cancelled_by_a_clock_that_is_behind() {
    let floor = Floor::waiting().await;
    let before = app::ports::Clock::now(floor.world.clock.as_ref());
    floor.world.pass(Span::millis(20));
    let id = floor.placed(&floor.john, "k", &limit("buy", "0.40", "10.00")).await;
    floor.world.clock.set(before);
    floor.cancel(&floor.john, &id).await.expect_status(202);
    floor.matched().await;
    assert_eq!(floor.fate(&floor.john, &id).await, fate("cancelled", "cancelled"));
}

#[tokio::test]
async fn an_order_that_waits_is_changed_in_the_millisecond_in_which_it_was_placed() {
    let floor = Floor::waiting().await;
    for n in 0..10 {
        let key = format!("k-{n}");
        let id = floor.placed(&floor.john, &key, &limit("buy", "0.40", "10.00")).await;
        let path = format!("/api/v1/orders/{id}");
        let ask = Ask::new("PATCH", &path).by(&floor.john).key(&format!("a-{n}"));
        let amended = floor.world.send(ask.json(&json!({"price": "0.41"}))).await;
        amended.expect_status(202);
        floor.matched().await;
        assert_eq!(floor.order(&floor.john, &id).await.text("/price"), "0.41", "{n}");
    }
}

#[tokio::test]
async fn a_filled_order_is_not_cancelled_and_is_shown() {
    let floor = Floor::open().await;
    let id = floor.placed(&floor.john, "k", &limit("buy", "0.40", "10.00")).await;
    floor.placed(&floor.mary, "s", &limit("sell", "0.40", "10.00")).await;
    let answer = floor.cancel(&floor.john, &id).await;
    answer.expect_problem(409, "order_closed");
    assert_eq!(answer.text("/order_status"), "filled");
    assert_eq!(answer.body["order"], floor.order(&floor.john, &id).await.body);
}

#[tokio::test]
async fn nobody_sees_or_changes_an_order_of_anothers() {
    let floor = Floor::open().await;
    let id = floor.placed(&floor.john, "k", &limit("buy", "0.40", "10.00")).await;
    floor.order(&floor.mary, &id).await.expect_problem(404, "order_not_found");
    floor.cancel(&floor.mary, &id).await.expect_problem(404, "order_not_found");
    let amended = floor.amend(&floor.mary, "k", &id, &json!({"price": "0.41"})).await;
    amended.expect_problem(404, "order_not_found");
    let admin = floor.world.admin().await;
    floor.order(&admin, &id).await.expect_status(200);
    floor.cancel(&admin, &id).await.expect_problem(404, "order_not_found");
    assert_eq!(floor.fate(&floor.john, &id).await.0, "open");
    for none in ["ord_00000000000000000000000001", "ord_x", "x"] {
        let answer = floor.cancel(&floor.john, none).await;
        assert!(answer.status == 404 || answer.status == 422, "{none}: {}", answer.body);
    }
}

#[tokio::test]
async fn all_orders_of_a_side_or_of_both_are_cancelled_and_nobody_elses() {
    let floor = Floor::open().await;
    let Floor { world, john, mary } = &floor;
    let buy = floor.placed(john, "b", &limit("buy", "0.30", "10.00")).await;
    let sale = floor.placed(john, "s", &limit("sell", "0.50", "10.00")).await;
    let other = floor.placed(mary, "b", &limit("buy", "0.30", "10.00")).await;
    let cancel = async |query: &str| {
        world.send(Ask::new("DELETE", &format!("/api/v1/orders{query}")).by(john)).await
    };
    let answer = cancel("?market=MRC-USD&side=BUY").await;
    assert_eq!(
        answer.expect_status(200).body,
        json!({"market": "MRC-USD", "side": "buy", "done": true})
    );
    assert_eq!(floor.fate(john, &buy).await, fate("cancelled", "cancelled"));
    assert_eq!(floor.fate(john, &sale).await.0, "open");
    assert_eq!(cancel("?market=MRC-USD").await.expect_status(200).body["side"], json!(null));
    assert_eq!(floor.fate(john, &sale).await.0, "cancelled");
    assert_eq!(floor.fate(mary, &other).await.0, "open");
    cancel("").await.expect_problem(422, "validation_failed");
    cancel("?market=USD-MRC").await.expect_problem(404, "market_not_found");
    cancel("?market=MRC-USD&side=both").await.expect_problem(422, "validation_failed");
}

#[tokio::test]
async fn cancelling_all_is_under_way_until_somebody_comes_to_it() {
    let floor = Floor::waiting().await;
    let id = floor.placed(&floor.john, "k", &limit("buy", "0.40", "10.00")).await;
    let ask = Ask::new("DELETE", "/api/v1/orders?market=MRC-USD").by(&floor.john);
    assert_eq!(floor.world.send(ask).await.expect_status(202).body["done"], false);
    floor.matched().await;
    assert_eq!(floor.fate(&floor.john, &id).await.0, "cancelled");
}

#[tokio::test]
async fn a_deadline_ends_orders_unless_it_is_moved_or_lifted() {
    let floor = Floor::open().await;
    let Floor { world, john, mary } = &floor;
    let after = async |seconds: u32| {
        let body = json!({"market": "MRC-USD", "timeout_seconds": seconds});
        world.send(Ask::new("PUT", "/api/v1/orders/cancel-after").by(john).json(&body)).await
    };
    let own = floor.placed(john, "k", &limit("buy", "0.30", "10.00")).await;
    let other = floor.placed(mary, "k", &limit("buy", "0.30", "10.00")).await;
    for seconds in [1, 4, 86_401] {
        after(seconds).await.expect_problem(422, "validation_failed");
    }
    let start = app::ports::Clock::now(world.clock.as_ref());
    let answer = after(60).await;
    assert_eq!(
        answer.expect_status(200).text("/cancels_at"),
        edge::wire::rfc3339(start.plus(Span::seconds(60)))
    );
    world.pass(Span::seconds(59));
    after(60).await.expect_status(200);
    world.pass(Span::seconds(59));
    floor.matched().await;
    assert_eq!(floor.fate(john, &own).await.0, "open");
    world.pass(Span::seconds(1));
    floor.matched().await;
    assert_eq!(floor.fate(john, &own).await, fate("cancelled", "deadline"));
    assert_eq!(floor.fate(mary, &other).await.0, "open");
    let next = floor.placed(john, "l", &limit("buy", "0.30", "10.00")).await;
    after(5).await.expect_status(200);
    assert_eq!(after(0).await.expect_status(200).body["cancels_at"], json!(null));
    world.pass(Span::seconds(600));
    floor.matched().await;
    assert_eq!(floor.fate(john, &next).await.0, "open");
}

#[tokio::test]
async fn an_amendment_is_accepted_and_shown_by_its_order() {
    let floor = Floor::open().await;
    let id = floor.placed(&floor.john, "k", &limit("buy", "0.40", "10.00")).await;
    let body = json!({"price": "0.41", "quantity": "12.00"});
    let answer = floor.amend(&floor.john, "a", &id, &body).await;
    insta::assert_json_snapshot!(shown(&answer.expect_status(202).body), @r#"
    {
      "created_at": "2026-11-21T08:00:00.002Z",
      "hold": "0.92",
      "hold_currency": "USD",
      "market": "MRC-USD",
      "order_id": "ord_1",
      "price": "0.41",
      "quantity": "12.00",
      "status": "pending"
    }
    "#);
    let order = floor.order(&floor.john, &id).await;
    assert_eq!((order.text("/price"), order.text("/quantity")), ("0.41".into(), "12.00".into()));
    assert_eq!(order.text("/open"), "12.00");
    assert_eq!(floor.wallet(&floor.john, "USD").await, ("1000.00".into(), "4.93".into()));
    let again = floor.amend(&floor.john, "a", &id, &body).await;
    assert_eq!((again.status, &again.bytes), (202, &answer.bytes));
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    let other = floor.amend(&floor.john, "a", &id, &json!({"price": "0.42"})).await;
    other.expect_problem(422, "idempotency_key_reused");
}

#[tokio::test]
async fn an_order_made_smaller_keeps_its_place_and_one_at_another_price_does_not() {
    let floor = Floor::open().await;
    let [one, two] = ["k", "l"].map(|key| (key, limit("buy", "0.40", "10.00")));
    let one = floor.placed(&floor.john, one.0, &one.1).await;
    let two = floor.placed(&floor.john, two.0, &two.1).await;
    floor.amend(&floor.john, "a", &one, &json!({"quantity": "5.00"})).await.expect_status(202);
    floor.placed(&floor.mary, "s", &limit("sell", "0.40", "5.00")).await;
    assert_eq!(floor.fate(&floor.john, &one).await.0, "filled");
    assert_eq!(floor.wallet(&floor.john, "USD").await.1, "4.01");
    let three = floor.placed(&floor.john, "m", &limit("buy", "0.40", "10.00")).await;
    for price in ["0.39", "0.40"] {
        floor.amend(&floor.john, price, &two, &json!({"price": price})).await.expect_status(202);
    }
    floor.placed(&floor.mary, "t", &limit("sell", "0.40", "10.00")).await;
    assert_eq!(floor.fate(&floor.john, &three).await.0, "filled");
    assert_eq!(floor.fate(&floor.john, &two).await.0, "open");
}

#[tokio::test]
async fn an_amendment_that_crosses_takes() {
    let floor = Floor::open().await;
    floor.placed(&floor.mary, "s", &limit("sell", "0.45", "4.00")).await;
    let id = floor.placed(&floor.john, "k", &limit("buy", "0.40", "10.00")).await;
    floor.amend(&floor.john, "a", &id, &json!({"price": "0.46"})).await.expect_status(202);
    let order = floor.order(&floor.john, &id).await;
    assert_eq!(floor.tally(&floor.john, &id).await, ["4", "6", "0", "0"]);
    assert_eq!(order.text("/average_price"), "0.45000000");
}

#[tokio::test]
async fn what_is_no_amendment_is_refused() {
    let floor = Floor::open().await;
    let Floor { world, john, mary } = &floor;
    let id = floor.placed(john, "k", &limit("buy", "0.40", "10.00")).await;
    let amend = async |key, body| floor.amend(john, key, &id, &body).await;
    let neither = amend("a", json!({})).await;
    neither.expect_problem(422, "validation_failed");
    assert_eq!(neither.text("/errors/1/pointer"), "/quantity");
    let off = amend("a", json!({"quantity": "10.50"})).await;
    assert_eq!(off.expect_problem(422, "validation_failed").text("/errors/0/code"), "lot_size");
    amend("b", json!({"price": "0.40"})).await.expect_problem(409, "not_amendable");
    amend("c", json!({"price": "0.05"})).await.expect_problem(422, "below_min_notional");
    amend("d", json!({"price": "101.00"})).await.expect_problem(400, "insufficient_funds");
    let ask = Ask::new("PATCH", &format!("/api/v1/orders/{id}")).by(john);
    let unkeyed = world.send(ask.json(&json!({"price": "0.41"}))).await;
    unkeyed.expect_problem(400, "idempotency_key_missing");
    floor.placed(mary, "s", &limit("sell", "0.40", "4.00")).await;
    amend("e", json!({"quantity": "4.00"})).await.expect_problem(409, "not_amendable");
    floor.placed(mary, "t", &limit("sell", "0.40", "6.00")).await;
    let late = amend("f", json!({"price": "0.41"})).await;
    late.expect_problem(409, "order_closed");
    assert_eq!(late.text("/order_status"), "filled");
    let list = get(world, john, "/orders?status=filled").await;
    assert_eq!(list.text("/data/0/price"), "0.40");
}
