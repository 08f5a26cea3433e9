//! POST /transactions/{transaction_id}/refund: by the seller or an administrator, once.

use serde_json::json;
use tests::{Answered, Ask, Caller, World};

use crate::{
    shown::shown,
    steps::{buy, deposit, get, post, set_rate, stock},
};

struct Sale {
    world: World,
    admin: Caller,
    buyer: Caller,
    seller: Caller,
    item: String,
    id: String,
}

/// Two rocks at 10 MRC, sold to John of Earth for 8 USD, at a spread of one per cent: 8.09.
async fn sale() -> Sale {
    let world = World::new().await;
    let admin = world.admin().await;
    let rate = json!({"units_per_base": "2.5", "spread_bps": 100});
    set_rate(&world, &admin, 2, &rate).await.expect_status(200);
    let buyer = world.trader_with("john_earth", 1, "1000.00").await;
    let seller = world.trader("mary_mars", 2).await;
    let item = world.item(&seller, "Mars Rocks", "10.00", 50).await;
    let bought = buy(&world, &buyer, "buy", &item, 2).await;
    let id = bought.expect_status(200).text("/id");
    assert_eq!(bought.text("/amount"), "8.09");
    Sale { world, admin, buyer, seller, item, id }
}

impl Sale {
    async fn refund(&self, by: &Caller, key: &str, restock: bool) -> Answered {
        let path = format!("/transactions/{}/refund", self.id);
        post(&self.world, by, key, &path, &json!({ "restock": restock })).await
    }
}

#[tokio::test]
async fn a_refund_turns_the_original_amounts_back_whatever_the_rate_is_now() {
    let sale = sale().await;
    let moved = json!({"units_per_base": "5", "spread_bps": 0});
    set_rate(&sale.world, &sale.admin, 2, &moved).await.expect_status(200);
    let answer = sale.refund(&sale.seller, "k", true).await;
    insta::assert_json_snapshot!(shown(&answer.expect_status(200).body), @r#"
    {
      "buyer_id": "usr_1",
      "created_at": "2026-11-21T08:00:00.000Z",
      "id": "txn_2",
      "item_id": "itm_3",
      "quantity": 2,
      "refund_of": "txn_4",
      "refunded": "8.09",
      "refunded_currency": "USD",
      "restocked": true,
      "returned": "20.00",
      "returned_currency": "MRC",
      "seller_id": "usr_5"
    }
    "#);
    assert_eq!(sale.world.posted(&sale.buyer, "USD").await, "1000.00");
    assert_eq!(sale.world.posted(&sale.seller, "MRC").await, "0.00");
    let item = sale.world.send(Ask::get(&format!("/api/v1/items/{}", sale.item))).await;
    assert_eq!((item.text("/stock"), item.text("/sold")), ("50".to_owned(), "0".to_owned()));
    let path = format!("/transactions/{}", answer.text("/id"));
    let seen = get(&sale.world, &sale.buyer, &path).await;
    insta::assert_json_snapshot!(shown(&seen.expect_status(200).body["postings"]), @r#"
    [
      {
        "amount": "0.01",
        "currency": "MRC",
        "from": "dust:MRC",
        "to": "pool:MRC"
      },
      {
        "amount": "0.20",
        "currency": "MRC",
        "from": "fees:MRC",
        "to": "pool:MRC"
      },
      {
        "amount": "20.00",
        "currency": "MRC",
        "from": "wal_1_MRC",
        "to": "pool:MRC"
      },
      {
        "amount": "0.01",
        "currency": "USD",
        "from": "dust:USD",
        "to": "wal_2_USD"
      },
      {
        "amount": "8.08",
        "currency": "USD",
        "from": "pool:USD",
        "to": "wal_2_USD"
      }
    ]
    "#);
}

#[tokio::test]
async fn pieces_that_are_not_restocked_stay_sold() {
    let sale = sale().await;
    sale.refund(&sale.seller, "k", false).await.expect_status(200);
    assert_eq!(stock(&sale.world, &sale.item).await, "48");
    assert_eq!(sale.world.posted(&sale.buyer, "USD").await, "1000.00");
}

#[tokio::test]
async fn an_administrator_refunds_in_the_sellers_place() {
    let sale = sale().await;
    let answer = sale.refund(&sale.admin, "k", true).await;
    assert_eq!(answer.expect_status(200).text("/seller_id"), sale.seller.name);
    assert_eq!(sale.world.posted(&sale.seller, "MRC").await, "0.00");
}

#[tokio::test]
async fn a_buyer_is_told_that_only_the_seller_refunds_and_a_stranger_nothing() {
    let sale = sale().await;
    let stranger = sale.world.trader("venus_trader", 3).await;
    sale.refund(&sale.buyer, "k", true).await.expect_problem(403, "not_the_seller");
    sale.refund(&stranger, "k", true).await.expect_problem(404, "transaction_not_found");
    assert_eq!(sale.world.posted(&sale.seller, "MRC").await, "20.00");
}

#[tokio::test]
async fn a_purchase_is_refunded_once_under_whatever_keys() {
    let sale = sale().await;
    let first = sale.refund(&sale.seller, "a", true).await;
    deposit(&sale.world, &sale.seller, "more", "100.00").await.expect_status(200);
    let replay = sale.refund(&sale.seller, "a", true).await;
    assert_eq!(replay.bytes, first.bytes);
    sale.refund(&sale.seller, "b", true).await.expect_problem(409, "already_refunded");
    sale.refund(&sale.seller, "c", false).await.expect_problem(409, "already_refunded");
    assert_eq!(sale.world.posted(&sale.buyer, "USD").await, "1000.00");
    assert_eq!(stock(&sale.world, &sale.item).await, "50");
}

#[tokio::test]
async fn a_seller_who_has_spent_the_money_cannot_refund() {
    let sale = sale().await;
    let body = json!({"operation_type": "WITHDRAW", "amount": "0.01"});
    let path = format!("/wallets/{}/operation", sale.seller.wallet);
    post(&sale.world, &sale.seller, "spend", &path, &body).await.expect_status(200);
    let answer = sale.refund(&sale.seller, "k", true).await;
    answer.expect_problem(400, "insufficient_funds");
    assert_eq!(stock(&sale.world, &sale.item).await, "48");
    deposit(&sale.world, &sale.seller, "back", "0.01").await.expect_status(200);
    sale.refund(&sale.seller, "l", true).await.expect_status(200);
}

#[tokio::test]
async fn only_purchases_are_refunded() {
    let sale = sale().await;
    let done = deposit(&sale.world, &sale.buyer, "d", "1.00").await;
    let refund = sale.refund(&sale.seller, "r", true).await;
    for (caller, id) in [(&sale.buyer, done.text("/id")), (&sale.seller, refund.text("/id"))] {
        let path = format!("/transactions/{id}/refund");
        let answer = post(&sale.world, caller, "k", &path, &json!({"restock": false})).await;
        answer.expect_problem(409, "not_refundable");
    }
}

#[tokio::test]
async fn a_stock_that_is_full_takes_nothing_back() {
    let sale = sale().await;
    let ask = Ask::new("PATCH", &format!("/api/v1/items/{}", sale.item)).by(&sale.seller);
    let full = ask.header("if-match", "*").json(&json!({"stock": 1_000_000_000}));
    sale.world.send(full).await.expect_status(200);
    sale.refund(&sale.seller, "a", true).await.expect_problem(409, "stock_limit");
    sale.refund(&sale.seller, "b", false).await.expect_status(200);
}

#[tokio::test]
async fn a_refund_says_whether_to_restock() {
    let sale = sale().await;
    let path = format!("/transactions/{}/refund", sale.id);
    for body in [json!({}), json!({"restock": "yes"}), json!({"restock": true, "amount": "1"})] {
        let answer = post(&sale.world, &sale.seller, "k", &path, &body).await;
        answer.expect_problem(422, "validation_failed");
    }
}
