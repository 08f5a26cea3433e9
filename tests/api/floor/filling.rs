//! What orders that meet come to: prices, fees, fills, and how what is left of them ends.

use serde_json::{Value, json};
use tests::Caller;

use super::{Floor, fate, limit, market, with};
use crate::{shown::shown, steps::get};

async fn fills(floor: &Floor, by: &Caller, id: &str) -> Vec<Value> {
    let answer = get(&floor.world, by, &format!("/orders/{id}/fills")).await;
    answer.expect_status(200).body["data"].as_array().cloned().expect("rows")
}

/// Mary sells 10.00 at 0.40, at 0.41 and at 0.50.
async fn with_three_sales() -> (Floor, [String; 3]) {
    let floor = Floor::open().await;
    let mut sales = Vec::new();
    for price in ["0.40", "0.41", "0.50"] {
        sales.push(floor.placed(&floor.mary, price, &limit("sell", price, "10.00")).await);
    }
    floor.look_again();
    (floor, sales.try_into().expect("three"))
}

#[tokio::test]
async fn a_taker_pays_the_resting_prices_and_both_see_what_they_paid() {
    let (floor, [first, second, third]) = with_three_sales().await;
    let buy = floor.placed(&floor.john, "b", &limit("buy", "0.45", "25.00")).await;
    let order = floor.order(&floor.john, &buy).await;
    insta::assert_json_snapshot!(shown(&order.expect_status(200).body), @r#"
    {
      "average_price": "0.40500000",
      "cancelled": "0.00",
      "client_order_id": null,
      "closed_at": null,
      "closed_reason": null,
      "created_at": "2026-11-21T08:00:00.254Z",
      "executed": "20.00",
      "fee_currency": "USD",
      "fees": "0.02",
      "funds": null,
      "id": "ord_1",
      "maker_fee_bps": 10,
      "market": "MRC-USD",
      "notional": "8.10",
      "open": "5.00",
      "post_only": false,
      "prevented": "0.00",
      "price": "0.45",
      "quantity": "25.00",
      "reserved": "2.26",
      "reserved_currency": "USD",
      "self_trade_prevention": "cancel_newest",
      "sequence": 4,
      "side": "buy",
      "status": "partially_filled",
      "taker_fee_bps": 20,
      "time_in_force": "GTC",
      "type": "limit"
    }
    "#);
    // 8.10 and a fee of 0.0162, rounded up; 2.26 stays held for 5.00 at 0.45.
    assert_eq!(floor.wallet(&floor.john, "USD").await, ("991.88".into(), "2.26".into()));
    assert_eq!(floor.wallet(&floor.john, "MRC").await, ("1020.00".into(), "0.00".into()));
    // 4.00 and 4.10, less fees of 0.004 and 0.0041, each rounded up.
    assert_eq!(floor.wallet(&floor.mary, "USD").await, ("1008.08".into(), "0.00".into()));
    assert_eq!(floor.wallet(&floor.mary, "MRC").await, ("980.00".into(), "10.00".into()));
    for filled in [first, second] {
        assert_eq!(floor.fate(&floor.mary, &filled).await, fate("filled", "filled"));
    }
    assert_eq!(floor.fate(&floor.mary, &third).await, fate("open", "null"));
}

#[tokio::test]
async fn fills_show_both_sides_and_to_neither_who_the_other_is() {
    let (floor, [first, ..]) = with_three_sales().await;
    let buy = floor.placed(&floor.john, "b", &limit("buy", "0.41", "20.00")).await;
    let taken = fills(&floor, &floor.john, &buy).await;
    let prices: Vec<_> = taken.iter().map(|fill| fill["price"].as_str()).collect();
    assert_eq!(prices, [Some("0.41"), Some("0.40")], "the newest first");
    let made = fills(&floor, &floor.mary, &first).await;
    insta::assert_json_snapshot!(shown(&json!([taken[1], made[0]])), @r#"
    [
      {
        "created_at": "2026-11-21T08:00:00.254Z",
        "fee": "0.01",
        "fee_currency": "USD",
        "liquidity": "taker",
        "notional": "4.00",
        "order_id": "ord_1",
        "price": "0.40",
        "quantity": "10.00",
        "side": "buy",
        "trade_id": "trd_2da91g002nad20000000000001",
        "transaction_id": "txn_2"
      },
      {
        "created_at": "2026-11-21T08:00:00.254Z",
        "fee": "0.01",
        "fee_currency": "USD",
        "liquidity": "maker",
        "notional": "4.00",
        "order_id": "ord_3",
        "price": "0.40",
        "quantity": "10.00",
        "side": "sell",
        "trade_id": "trd_2da91g002nad20000000000001",
        "transaction_id": "txn_2"
      }
    ]
    "#);
    assert_eq!(made.len(), 1);
    for (fills, hidden) in [(&taken, [&floor.mary.name, &first]), (&made, [&floor.john.name, &buy])]
    {
        let text = json!(fills).to_string();
        for id in hidden {
            assert!(!text.contains(&id[4..]), "{id} in {text}");
        }
    }
    let path = format!("/orders/{first}/fills");
    get(&floor.world, &floor.john, &path).await.expect_problem(404, "order_not_found");
    let admin = floor.world.admin().await;
    get(&floor.world, &admin, &path).await.expect_status(200);
}

#[tokio::test]
async fn the_money_of_a_fill_is_in_the_history_of_both_wallets() {
    let (floor, _) = with_three_sales().await;
    let buy = floor.placed(&floor.john, "b", &limit("buy", "0.40", "10.00")).await;
    let fill = &fills(&floor, &floor.john, &buy).await[0];
    floor.world.follow_streams().await;
    for caller in [&floor.john, &floor.mary] {
        for code in ["USD", "MRC"] {
            let path = format!("/wallets/wal_{}_{code}/entries", &caller.name[4..]);
            let entries = get(&floor.world, caller, &path).await;
            let newest = entries.expect_status(200).text("/data/0/transaction_id");
            assert_eq!(fill["transaction_id"], newest.as_str(), "{code} of {}", caller.name);
        }
    }
}

#[tokio::test]
async fn of_two_orders_at_one_price_the_earlier_is_filled_first() {
    let floor = Floor::open().await;
    let early = floor.placed(&floor.john, "k", &limit("buy", "0.40", "10.00")).await;
    let late = floor.placed(&floor.john, "l", &limit("buy", "0.40", "10.00")).await;
    floor.placed(&floor.mary, "s", &limit("sell", "0.40", "12.00")).await;
    assert_eq!(floor.fate(&floor.john, &early).await.0, "filled");
    assert_eq!(floor.tally(&floor.john, &late).await, ["2", "8", "0", "0"]);
}

#[tokio::test]
async fn an_ioc_order_takes_what_there_is_and_what_is_left_of_it_expires() {
    let (floor, _) = with_three_sales().await;
    let ioc = with(limit("buy", "0.40", "15.00"), "time_in_force", "IOC");
    let id = floor.placed(&floor.john, "k", &ioc).await;
    assert_eq!(floor.fate(&floor.john, &id).await, fate("expired", "expired"));
    assert_eq!(floor.tally(&floor.john, &id).await, ["10", "0", "5", "0"]);
    assert_eq!(floor.wallet(&floor.john, "USD").await, ("995.99".into(), "0.00".into()));
}

#[tokio::test]
async fn a_fok_order_is_filled_whole_or_leaves_everything_as_it_was() {
    let (floor, [first, ..]) = with_three_sales().await;
    let fok = |quantity| with(limit("buy", "0.41", quantity), "time_in_force", "FOK");
    let killed = floor.placed(&floor.john, "k", &fok("21.00")).await;
    assert_eq!(floor.fate(&floor.john, &killed).await, fate("expired", "expired"));
    assert_eq!(floor.tally(&floor.john, &killed).await, ["0", "0", "21", "0"]);
    assert_eq!(floor.fate(&floor.mary, &first).await.0, "open");
    let filled = floor.placed(&floor.john, "l", &fok("20.00")).await;
    assert_eq!(floor.fate(&floor.john, &filled).await, fate("filled", "filled"));
    assert_eq!(floor.fate(&floor.mary, &first).await.0, "filled");
}

#[tokio::test]
async fn a_post_only_order_rests_or_is_rejected() {
    let (floor, _) = with_three_sales().await;
    let post_only = |price| with(limit("buy", price, "10.00"), "post_only", true);
    let crossing = floor.placed(&floor.john, "k", &post_only("0.40")).await;
    assert_eq!(floor.fate(&floor.john, &crossing).await, fate("rejected", "would_take"));
    assert_eq!(floor.wallet(&floor.john, "USD").await.1, "0.00");
    let resting = floor.placed(&floor.john, "l", &post_only("0.39")).await;
    assert_eq!(floor.fate(&floor.john, &resting).await, fate("open", "null"));
}

#[tokio::test]
async fn a_market_order_by_quantity_stops_at_the_collar_and_what_is_left_expires() {
    let (floor, [.., third]) = with_three_sales().await;
    let answer = floor.place(&floor.john, "k", &market("buy", "quantity", "30.00")).await;
    let told = (answer.expect_status(201).text("/type"), answer.text("/price"));
    assert_eq!(told, ("market".into(), "null".into()));
    // A tenth above 0.40 is 0.44: 13.20 and a fee of 0.03.
    assert_eq!(answer.text("/reserved"), "13.23");
    let id = answer.text("/id");
    assert_eq!(floor.fate(&floor.john, &id).await, fate("expired", "expired"));
    assert_eq!(floor.tally(&floor.john, &id).await, ["20", "0", "10", "0"]);
    assert_eq!(floor.wallet(&floor.john, "USD").await, ("991.88".into(), "0.00".into()));
    assert_eq!(floor.fate(&floor.mary, &third).await.0, "open");
}

#[tokio::test]
async fn a_market_order_by_funds_buys_whole_lots_fees_included() {
    let (floor, _) = with_three_sales().await;
    let answer = floor.place(&floor.john, "k", &market("buy", "funds", "6.00")).await;
    let told = (answer.expect_status(201).text("/funds"), answer.text("/quantity"));
    assert_eq!(told, ("6.00".into(), "null".into()));
    let id = answer.text("/id");
    let order = floor.order(&floor.john, &id).await;
    assert_eq!(floor.fate(&floor.john, &id).await, fate("filled", "filled"));
    // 4.00 for ten; of 1.99 four more at 0.41; not a fifth.
    assert_eq!((order.text("/executed"), order.text("/notional")), ("14.00".into(), "5.64".into()));
    assert_eq!((order.text("/fees"), order.text("/reserved")), ("0.02".into(), "0.00".into()));
    assert_eq!(order.text("/average_price"), "0.40285714");
    assert_eq!(floor.wallet(&floor.john, "USD").await, ("994.34".into(), "0.00".into()));
}

#[tokio::test]
async fn a_market_sale_takes_the_best_bids() {
    let floor = Floor::open().await;
    for price in ["0.38", "0.40", "0.30"] {
        floor.placed(&floor.john, price, &limit("buy", price, "10.00")).await;
    }
    floor.look_again();
    let id = floor.placed(&floor.mary, "k", &market("sell", "quantity", "25.00")).await;
    let order = floor.order(&floor.mary, &id).await;
    // A tenth below 0.40 is 0.36.
    assert_eq!((order.text("/executed"), order.text("/notional")), ("20.00".into(), "7.80".into()));
    assert_eq!(floor.wallet(&floor.mary, "MRC").await, ("980.00".into(), "0.00".into()));
    assert_eq!(floor.wallet(&floor.mary, "USD").await, ("1007.78".into(), "0.00".into()));
}
