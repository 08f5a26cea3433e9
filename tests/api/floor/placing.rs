//! What is accepted, what is held for it, and what is refused without a trace or for good.

use domain::pair::PairStatus;
use serde_json::json;
use tests::Ask;

use super::{Floor, fate, limit, market, with, without};
use crate::{shown::shown, steps::get};

#[tokio::test]
async fn an_order_is_accepted_before_it_is_matched_and_holds_what_it_may_cost() {
    let floor = Floor::waiting().await;
    let answer = floor.place(&floor.john, "k", &limit("buy", "0.40", "10.00")).await;
    insta::assert_json_snapshot!(shown(&answer.expect_status(201).body), @r#"
    {
      "average_price": null,
      "cancelled": "0.00",
      "client_order_id": null,
      "closed_at": null,
      "closed_reason": null,
      "created_at": "2026-11-21T08:00:00.001Z",
      "executed": "0.00",
      "fee_currency": "USD",
      "fees": "0.00",
      "funds": null,
      "id": "ord_1",
      "maker_fee_bps": 10,
      "market": "MRC-USD",
      "notional": "0.00",
      "open": "10.00",
      "post_only": false,
      "prevented": "0.00",
      "price": "0.40",
      "quantity": "10.00",
      "reserved": "4.01",
      "reserved_currency": "USD",
      "self_trade_prevention": "cancel_newest",
      "sequence": null,
      "side": "buy",
      "status": "pending",
      "taker_fee_bps": 20,
      "time_in_force": "GTC",
      "type": "limit"
    }
    "#);
    assert_eq!(floor.wallet(&floor.john, "USD").await, ("1000.00".into(), "4.01".into()));
    let rings = floor.world.doorbell.rings();
    assert_eq!(rings.iter().map(|(pair, _)| pair.to_string()).collect::<Vec<_>>(), ["MRC-USD"]);
    let id = answer.text("/id");
    assert_eq!(floor.order(&floor.john, &id).await.expect_status(200).body, answer.body);
    floor.matched().await;
    let rested = floor.order(&floor.john, &id).await;
    assert_eq!((rested.text("/status"), rested.text("/sequence")), ("open".into(), "1".into()));
    assert_eq!(floor.wallet(&floor.john, "USD").await, ("1000.00".into(), "4.01".into()));
}

#[tokio::test]
async fn a_sale_holds_its_quantity_and_nothing_for_its_fee() {
    let floor = Floor::open().await;
    let id = floor.placed(&floor.mary, "k", &limit("sell", "0.40", "10.00")).await;
    let order = floor.order(&floor.mary, &id).await;
    assert_eq!(order.text("/reserved"), "10.00");
    assert_eq!(order.text("/reserved_currency"), "MRC");
    assert_eq!(floor.wallet(&floor.mary, "MRC").await, ("1000.00".into(), "10.00".into()));
    assert_eq!(floor.wallet(&floor.mary, "USD").await, ("1000.00".into(), "0.00".into()));
}

#[tokio::test]
async fn words_may_be_in_capital_letters_and_the_type_may_have_its_older_name() {
    let floor = Floor::open().await;
    let body = json!({
        "market": "MRC-USD", "side": "SELL", "order_type": "LIMIT", "price": "0.40",
        "quantity": "10", "time_in_force": "gtc", "self_trade_prevention": "CANCEL_BOTH",
    });
    let answer = floor.place(&floor.mary, "k", &body).await;
    answer.expect_status(201);
    for (name, word) in [
        ("side", "sell"),
        ("type", "limit"),
        ("time_in_force", "GTC"),
        ("quantity", "10.00"),
        ("self_trade_prevention", "cancel_both"),
    ] {
        assert_eq!(answer.text(&format!("/{name}")), word);
    }
}

#[tokio::test]
async fn what_contradicts_itself_is_refused_and_the_field_is_named() {
    let floor = Floor::waiting().await;
    let buy = limit("buy", "0.40", "10.00");
    let at_market = market("buy", "quantity", "10.00");
    for (body, pointer, code) in [
        (with(buy.clone(), "price", "0.405"), "/price", "too_precise"),
        (with(buy.clone(), "price", "0.00"), "/price", "tick_size"),
        (with(buy.clone(), "quantity", "10.50"), "/quantity", "lot_size"),
        (with(buy.clone(), "quantity", "0"), "/quantity", "lot_size"),
        (with(buy.clone(), "funds", "4.00"), "/funds", "not_allowed"),
        (without(buy.clone(), "price"), "/price", "missing"),
        (without(buy.clone(), "quantity"), "/quantity", "missing"),
        (without(buy.clone(), "market"), "/market", "missing"),
        (without(buy.clone(), "type"), "/type", "missing"),
        (with(buy.clone(), "order_type", "limit"), "/type", "contradiction"),
        (
            with(with(buy.clone(), "post_only", true), "time_in_force", "IOC"),
            "/post_only",
            "not_allowed",
        ),
        (with(at_market.clone(), "price", "0.40"), "/price", "not_allowed"),
        (with(at_market.clone(), "post_only", true), "/post_only", "not_allowed"),
        (with(at_market.clone(), "time_in_force", "GTC"), "/time_in_force", "not_allowed"),
        (with(at_market.clone(), "funds", "4.00"), "/quantity", "contradiction"),
        (without(at_market, "quantity"), "/quantity", "missing"),
        (market("buy", "funds", "0.00"), "/funds", "not_positive"),
        (market("sell", "funds", "4.00"), "/funds", "not_allowed"),
    ] {
        let answer = floor.place(&floor.john, "k", &body).await;
        answer.expect_problem(422, "validation_failed");
        let told = (answer.text("/errors/0/pointer"), answer.text("/errors/0/code"));
        assert_eq!(told, (pointer.to_owned(), code.to_owned()), "{body}");
    }
    for (name, value) in [
        ("side", "both"),
        ("type", "stop"),
        ("time_in_force", "GTD"),
        ("self_trade_prevention", "none"),
        ("client_order_id", "with a blank"),
        ("market", "MRC"),
    ] {
        let answer = floor.place(&floor.john, "k", &with(buy.clone(), name, value)).await;
        answer.expect_problem(422, "validation_failed");
        assert_eq!(answer.text("/errors/0/pointer"), format!("/{name}"));
    }
    let elsewhere = floor.place(&floor.john, "k", &with(buy.clone(), "market", "USD-MRC")).await;
    elsewhere.expect_problem(404, "market_not_found");
    // Nothing of all that has used up the key.
    floor.place(&floor.john, "k", &buy).await.expect_status(201);
}

#[tokio::test]
async fn without_a_key_and_an_id_of_ones_own_nothing_is_placed() {
    let floor = Floor::waiting().await;
    for path in ["/api/v1/orders", "/api/v1/orders/place"] {
        let ask = Ask::post(path).by(&floor.john).json(&limit("buy", "0.40", "10.00"));
        let answer = floor.world.send(ask).await;
        answer.expect_problem(400, "idempotency_key_missing");
        assert_eq!(answer.text("/errors/0/pointer"), "/header/Idempotency-Key");
        assert_eq!(answer.text("/errors/1/pointer"), "/client_order_id");
    }
    assert!(floor.world.doorbell.rings().is_empty());
}

#[tokio::test]
async fn an_order_worth_less_than_the_least_is_refused_for_good() {
    let floor = Floor::waiting().await;
    let small = limit("buy", "0.33", "3.00");
    let answer = floor.place(&floor.john, "k", &small).await;
    answer.expect_problem(422, "below_min_notional");
    assert_eq!(
        (answer.text("/min_notional"), answer.text("/notional")),
        ("1.00".into(), "0.99".into())
    );
    let again = floor.place(&floor.john, "k", &small).await;
    assert_eq!((again.status, &again.bytes), (422, &answer.bytes));
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    let enough = limit("buy", "0.34", "3.00");
    floor.place(&floor.john, "l", &enough).await.expect_status(201);
    let funds = market("buy", "funds", "0.99");
    floor.place(&floor.mary, "sale", &limit("sell", "0.40", "10.00")).await.expect_status(201);
    floor.matched().await;
    floor.look_again();
    floor.place(&floor.john, "m", &funds).await.expect_problem(422, "below_min_notional");
}

#[tokio::test]
async fn money_that_is_not_there_is_not_traded_with_and_the_refusal_stays() {
    let floor = Floor::open().await;
    // With its fee it is 0.01 too much.
    let body = limit("buy", "1.00", "999.00");
    let refused = floor.place(&floor.john, "k", &body).await;
    refused.expect_problem(400, "insufficient_funds");
    assert_eq!(floor.wallet(&floor.john, "USD").await, ("1000.00".into(), "0.00".into()));
    super::fund(&floor.world, &floor.john, "USD", "5000.00").await;
    let again = floor.place(&floor.john, "k", &body).await;
    assert_eq!((again.status, &again.bytes), (400, &refused.bytes));
    floor.place(&floor.john, "l", &body).await.expect_status(201);
    let naked = floor.place(&floor.mary, "m", &limit("sell", "1.00", "1001.00")).await;
    naked.expect_problem(400, "insufficient_funds");
}

#[tokio::test]
async fn a_market_order_needs_a_price_to_go_by() {
    let floor = Floor::open().await;
    let buy = market("buy", "quantity", "10.00");
    floor.place(&floor.john, "k", &buy).await.expect_problem(409, "no_reference_price");
    // A bid is no price to buy by, but a trade is.
    floor.placed(&floor.mary, "bid", &limit("buy", "0.30", "10.00")).await;
    floor.look_again();
    floor.place(&floor.john, "l", &buy).await.expect_problem(409, "no_reference_price");
    floor.placed(&floor.john, "hit", &limit("sell", "0.30", "10.00")).await;
    floor.look_again();
    let id = floor.placed(&floor.john, "m", &buy).await;
    assert_eq!(floor.fate(&floor.john, &id).await, fate("expired", "expired"));
    assert_eq!(floor.wallet(&floor.john, "USD").await.1, "0.00");
}

#[tokio::test]
async fn a_market_that_does_not_trade_takes_no_orders() {
    let floor = Floor::open().await;
    let market = &floor.world.context.market;
    let id = floor.placed(&floor.john, "before", &limit("buy", "0.40", "10.00")).await;
    let pair = "MRC-USD".parse().expect("a market");
    for (key, status) in [("k", PairStatus::CancelOnly), ("l", PairStatus::Halted)] {
        app::pairs::replace_status(market, pair, status).await.expect("a status");
        let refused = floor.place(&floor.john, key, &limit("buy", "0.40", "10.00")).await;
        refused.expect_problem(409, "market_not_trading");
        assert_eq!(refused.text("/market_status"), status.as_str());
        let amended = floor.amend(&floor.john, key, &id, &json!({"price": "0.41"})).await;
        assert!(amended.status == 409 || amended.status == 422, "{}", amended.body);
    }
    floor.cancel(&floor.john, &id).await.expect_problem(409, "market_not_trading");
    app::pairs::replace_status(market, pair, PairStatus::CancelOnly).await.expect("a status");
    floor.cancel(&floor.john, &id).await.expect_status(200);
    assert_eq!(get(&floor.world, &floor.john, "/orders?status=open").await.body["data"], json!([]));
}
