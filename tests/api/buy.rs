//! POST /buy: what a buyer pays, and every reason why there is no purchase.

use serde_json::{Value, json};
use tests::{Answered, Ask, Caller, World};

use crate::{
    shown::shown,
    steps::{buy, post, set_rate, stock},
};

/// John of Earth with 1000 USD, Mary of Mars, and her rocks at 10 MRC.
async fn market() -> (World, Caller, Caller, String) {
    let world = World::new().await;
    let john = world.trader_with("john_earth", 1, "1000.00").await;
    let mary = world.trader("mary_mars", 2).await;
    let item = world.item(&mary, "Mars Rocks", "10.00", 50).await;
    (world, john, mary, item)
}

async fn change(world: &World, seller: &Caller, item: &str, body: &Value) -> Answered {
    let ask = Ask::new("PATCH", &format!("/api/v1/items/{item}")).by(seller);
    world.send(ask.header("if-match", "*").json(body)).await
}

#[tokio::test]
async fn a_purchase_across_universes_says_its_rates() {
    let (world, john, _, item) = market().await;
    let body = json!({"buyer_id": john.name, "item_id": item, "quantity": 2});
    let answer = post(&world, &john, "k", "/buy", &body).await;
    insta::assert_json_snapshot!(shown(&answer.expect_status(200).body), @r#"
    {
      "amount": "8.00",
      "buyer_id": "usr_1",
      "currency": "USD",
      "from_universe_id": 1,
      "id": "txn_2",
      "item_currency": "MRC",
      "item_id": "itm_3",
      "quantity": 2,
      "rate": {
        "from_rate_id": "rat_1_1",
        "from_units_per_base": "1",
        "mid_rate": "2.5",
        "observed_at": "2026-11-21T08:00:00.000Z",
        "source": "operator",
        "spread_bps": 0,
        "to_rate_id": "rat_2_1",
        "to_units_per_base": "2.5",
        "valid_until": null
      },
      "seller_id": "usr_4",
      "to_universe_id": 2,
      "total": "20.00",
      "transaction_time": "2026-11-21T08:00:00.000Z",
      "unit_price": "10.00"
    }
    "#);
    assert_eq!(stock(&world, &item).await, "48");
}

#[tokio::test]
async fn a_purchase_at_home_converts_nothing() {
    let (world, _, mary, item) = market().await;
    let neighbour = world.trader_with("neighbour", 2, "100.00").await;
    let answer = buy(&world, &neighbour, "k", &item, 2).await;
    assert_eq!(answer.expect_status(200).body["rate"], Value::Null);
    assert_eq!(
        (answer.text("/amount"), answer.text("/currency")),
        ("20.00".to_owned(), "MRC".to_owned())
    );
    assert_eq!(world.posted(&mary, "MRC").await, "20.00");
}

#[tokio::test]
async fn a_buyer_pays_in_any_currency() {
    let (world, john, _, item) = market().await;
    let body = json!({"amount": "100.00", "from_currency": "USD", "to_currency": "MRC"});
    post(&world, &john, "exchange", "/exchange", &body).await.expect_status(200);
    let body = json!({"item_id": item, "quantity": 1, "pay_currency": "MRC"});
    let answer = post(&world, &john, "a", "/buy", &body).await;
    assert_eq!(answer.expect_status(200).text("/amount"), "10.00");
    assert_eq!(world.posted(&john, "MRC").await, "240.00");
    let body = json!({"item_id": item, "quantity": 1, "pay_currency": "VNC"});
    let answer = post(&world, &john, "b", "/buy", &body).await;
    assert_eq!(answer.expect_problem(400, "insufficient_funds").text("/required"), "3.00");
    let body = json!({"item_id": item, "quantity": 1, "pay_currency": "QQQ"});
    let answer = post(&world, &john, "c", "/buy", &body).await;
    answer.expect_problem(404, "currency_not_found");
}

#[tokio::test]
async fn what_a_buyer_pays_is_rounded_up_by_less_than_one_minor_unit() {
    let (world, john, mary, _) = market().await;
    let item = world.item(&mary, "Pebble", "0.01", 50).await;
    let answer = buy(&world, &john, "k", &item, 1).await;
    assert_eq!(answer.expect_status(200).text("/amount"), "0.01", "0.004 USD");
    let answer = buy(&world, &john, "l", &item, 3).await;
    assert_eq!(answer.expect_status(200).text("/amount"), "0.02", "0.012 USD");
}

#[tokio::test]
async fn an_expected_price_protects_the_buyer() {
    let (world, john, mary, item) = market().await;
    let body = |price: &str| json!({"item_id": item, "quantity": 1, "expected_unit_price": price});
    post(&world, &john, "a", "/buy", &body("10.00")).await.expect_status(200);
    change(&world, &mary, &item, &json!({"price": "11.00"})).await.expect_status(200);
    let answer = post(&world, &john, "b", "/buy", &body("10.00")).await;
    answer.expect_problem(409, "price_changed");
    insta::assert_json_snapshot!(shown(&answer.body), @r#"
    {
      "actual": "11.00",
      "code": "price_changed",
      "currency": "MRC",
      "detail": "the price is 11.00 MRC, not 10.00 MRC",
      "expected": "10.00",
      "request_id": "(request)",
      "retryable": false,
      "status": 409,
      "title": "Conflict",
      "type": "about:blank"
    }
    "#);
    post(&world, &john, "c", "/buy", &body("11.00")).await.expect_status(200);
}

#[tokio::test]
async fn a_most_to_pay_protects_the_buyer() {
    let (world, john, _, item) = market().await;
    let body = |most: &str| json!({"item_id": item, "quantity": 3, "max_pay": most});
    let answer = post(&world, &john, "a", "/buy", &body("11.99")).await;
    answer.expect_problem(409, "max_pay_exceeded");
    insta::assert_json_snapshot!(shown(&answer.body), @r#"
    {
      "code": "max_pay_exceeded",
      "currency": "USD",
      "detail": "it costs 12.00 USD, more than 11.99 USD",
      "max_pay": "11.99",
      "request_id": "(request)",
      "required": "12.00",
      "retryable": false,
      "status": 409,
      "title": "Conflict",
      "type": "about:blank"
    }
    "#);
    assert_eq!(stock(&world, &item).await, "50");
    post(&world, &john, "b", "/buy", &body("12.00")).await.expect_status(200);
}

#[tokio::test]
async fn a_cached_item_never_sells_at_its_old_price() {
    let (world, john, mary, item) = market().await;
    buy(&world, &john, "a", &item, 1).await.expect_status(200);
    change(&world, &mary, &item, &json!({"price": "20.00"})).await.expect_status(200);
    let answer = buy(&world, &john, "b", &item, 1).await;
    assert_eq!(answer.expect_status(200).text("/amount"), "8.00");
    assert_eq!(world.posted(&mary, "MRC").await, "30.00");
}

#[tokio::test]
async fn nobody_buys_their_own_item() {
    let (world, _, mary, item) = market().await;
    buy(&world, &mary, "k", &item, 1).await.expect_problem(409, "own_item");
}

#[tokio::test]
async fn nobody_buys_for_somebody_else() {
    let (world, john, mary, item) = market().await;
    for buyer in [&mary.name, "usr_00000000000000000000000000"] {
        let body = json!({"buyer_id": buyer, "item_id": item, "quantity": 1});
        let answer = post(&world, &john, "k", "/buy", &body).await;
        answer.expect_problem(404, "user_not_found");
    }
}

#[tokio::test]
async fn a_paused_item_is_not_for_sale_and_a_draft_is_unknown() {
    let (world, john, mary, item) = market().await;
    buy(&world, &john, "warm", &item, 1).await.expect_status(200);
    change(&world, &mary, &item, &json!({"state": "paused"})).await.expect_status(200);
    buy(&world, &john, "a", &item, 1).await.expect_problem(409, "item_not_active");
    change(&world, &mary, &item, &json!({"state": "draft"})).await.expect_status(200);
    buy(&world, &john, "b", &item, 1).await.expect_problem(404, "item_not_found");
    change(&world, &mary, &item, &json!({"state": "active"})).await.expect_status(200);
    buy(&world, &john, "b", &item, 1).await.expect_status(200);
    let frozen = buy(&world, &john, "a", &item, 1).await;
    frozen.expect_problem(409, "item_not_active");
}

#[tokio::test]
async fn more_than_the_stock_is_not_sold() {
    let (world, john, _, item) = market().await;
    let answer = buy(&world, &john, "a", &item, 51).await;
    answer.expect_problem(400, "insufficient_stock");
    insta::assert_json_snapshot!(shown(&answer.body), @r#"
    {
      "code": "insufficient_stock",
      "detail": "insufficient stock: 50 left, 51 requested",
      "left": 50,
      "request_id": "(request)",
      "requested": 51,
      "retryable": false,
      "status": 400,
      "title": "Bad Request",
      "type": "about:blank"
    }
    "#);
    buy(&world, &john, "b", &item, 50).await.expect_status(200);
    let answer = buy(&world, &john, "c", &item, 1).await;
    assert_eq!(answer.expect_problem(400, "insufficient_stock").text("/left"), "0");
}

#[tokio::test]
async fn what_no_amount_can_hold_is_not_bought() {
    let (world, john, mary, _) = market().await;
    let item = world.item(&mary, "Palace", "9999999999999999.99", 1_000_000).await;
    buy(&world, &john, "k", &item, 1_000_000).await.expect_problem(422, "amount_too_large");
}

#[tokio::test]
async fn a_seller_who_has_the_most_there_can_be_sells_no_more() {
    let (world, john, _, _) = market().await;
    let rich = world.trader_with("rich", 1, "10000000000000000.00").await;
    let item = world.item(&rich, "Coffee", "5.00", 10).await;
    buy(&world, &john, "k", &item, 1).await.expect_problem(409, "balance_limit");
    assert_eq!(world.posted(&john, "USD").await, "1000.00");
    assert_eq!(stock(&world, &item).await, "10");
}

#[tokio::test]
async fn a_purchase_needs_a_rate_that_holds_only_if_it_converts() {
    let (world, john, _, item) = market().await;
    let neighbour = world.trader_with("neighbour", 2, "100.00").await;
    let admin = world.admin().await;
    let rate = json!({"units_per_base": "2.5", "valid_until": "2026-11-21T08:00:01Z"});
    set_rate(&world, &admin, 2, &rate).await.expect_status(200);
    world.pass(domain::time::Span::seconds(1));
    buy(&world, &john, "a", &item, 1).await.expect_problem(503, "rate_stale");
    buy(&world, &neighbour, "b", &item, 1).await.expect_status(200);
}

#[tokio::test]
async fn a_purchase_names_its_fields_and_no_others() {
    let (world, john, _, item) = market().await;
    let cases = [
        (json!({"item_id": item}), "/quantity", "missing"),
        (json!({"quantity": 1}), "/item_id", "missing"),
        (json!({"item_id": item, "quantity": 1, "tip": "1"}), "/tip", "unknown"),
        (json!({"item_id": 1, "quantity": 1}), "/item_id", "invalid"),
        (json!({"item_id": item, "quantity": 1_000_001}), "/quantity", "invalid"),
        (json!({"item_id": item, "quantity": 1, "max_pay": "1.001"}), "/max_pay", "too_precise"),
        (
            json!({"item_id": item, "quantity": 1, "expected_unit_price": "x"}),
            "/expected_unit_price",
            "malformed",
        ),
    ];
    for (body, pointer, code) in cases {
        let answer = post(&world, &john, "k", "/buy", &body).await;
        answer.expect_problem(422, "validation_failed");
        let found = (answer.text("/errors/0/pointer"), answer.text("/errors/0/code"));
        assert_eq!(found, (pointer.to_owned(), code.to_owned()), "{body}");
    }
    let raw = format!("{{\"item_id\":\"{item}\",\"quantity\":1,\"quantity\":2}}");
    let answer = world.send(Ask::post("/api/v1/buy").by(&john).key("k").raw(raw)).await;
    answer.expect_problem(422, "validation_failed");
    assert_eq!(answer.text("/errors/0/code"), "duplicate");
}

#[tokio::test]
async fn a_replay_is_answered_though_the_item_was_withdrawn_since() {
    let world = World::new().await;
    let john = world.trader_with("john_earth", 1, "100.00").await;
    let mary = world.trader("mary_mars", 2).await;
    let item = world.item(&mary, "Mars Rocks", "10.00", 5).await;
    let body = json!({"item_id": item, "quantity": 1, "expected_unit_price": "10.00"});
    let buy = || Ask::post("/api/v1/buy").by(&john).key("k").json(&body);
    let first = world.send(buy()).await;
    first.expect_status(200);
    let draft = Ask::new("PATCH", &format!("/api/v1/items/{item}")).by(&mary);
    let draft = draft.header("if-match", "*").json(&json!({"state": "draft"}));
    world.send(draft).await.expect_status(200);
    world.pass(domain::time::Span::seconds(11));
    let replay = world.send(buy()).await;
    assert_eq!(replay.expect_status(200).bytes, first.bytes);
    assert_eq!(replay.header("idempotency-replayed"), Some("true"));
}
