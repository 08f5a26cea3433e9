//! History: trades and transactions.

mod fills;
mod refund;

use domain::time::Span;
use serde_json::json;
use tests::World;

use crate::{
    shown::shown,
    steps::{buy, deposit, get, post, walk},
};

#[tokio::test]
async fn buyer_and_seller_both_see_their_trade() {
    let world = World::new().await;
    let john = world.trader_with("john_earth", 1, "1000.00").await;
    let mary = world.trader("mary_mars", 2).await;
    let item = world.item(&mary, "Mars Rocks", "10.00", 50).await;
    let bought = buy(&world, &john, "k", &item, 1).await;
    let trades = get(&world, &john, &format!("/users/{}/trades", john.name)).await;
    assert_eq!(trades.expect_status(200).body["data"], json!([bought.body]));
    assert_eq!(trades.body["next_cursor"], json!(null));
    let sales = get(&world, &mary, &format!("/trades/{}", mary.name)).await;
    assert_eq!(sales.expect_status(200).bytes, trades.bytes);
}

#[tokio::test]
async fn trades_are_for_their_user_and_administrators() {
    let world = World::new().await;
    let john = world.trader_with("john_earth", 1, "1000.00").await;
    let mary = world.trader("mary_mars", 2).await;
    let admin = world.admin().await;
    let item = world.item(&mary, "Mars Rocks", "10.00", 50).await;
    buy(&world, &john, "k", &item, 1).await.expect_status(200);
    for alias in ["/users/{}/trades", "/trades/{}"] {
        let path = alias.replace("{}", &john.name);
        get(&world, &mary, &path).await.expect_problem(404, "user_not_found");
        let seen = walk(&world, Some(&admin), &path, 50, "buyer_id").await;
        assert_eq!(seen, [john.name.as_str()]);
    }
}

#[tokio::test]
async fn trades_are_purchases_only_newest_first_page_by_page() {
    let world = World::new().await;
    let john = world.trader_with("john_earth", 1, "1000.00").await;
    let mary = world.trader("mary_mars", 2).await;
    let item = world.item(&mary, "Mars Rocks", "10.00", 50).await;
    let mut bought = Vec::new();
    for n in 0..6 {
        world.pass(Span::seconds(1));
        deposit(&world, &john, &format!("d{n}"), "1.00").await.expect_status(200);
        bought.insert(0, buy(&world, &john, &format!("b{n}"), &item, 1).await.text("/id"));
    }
    let path = format!("/users/{}/trades", john.name);
    for limit in [1, 2, 4, 6, 7] {
        assert_eq!(walk(&world, Some(&john), &path, limit, "id").await, bought, "{limit} a page");
    }
}

#[tokio::test]
async fn a_transaction_shows_postings_rates_and_the_answer() {
    let world = World::new().await;
    let john = world.trader_with("john_earth", 1, "1000.00").await;
    let mary = world.trader("mary_mars", 2).await;
    let item = world.item(&mary, "Mars Rocks", "10.00", 50).await;
    let bought = buy(&world, &john, "k", &item, 1).await;
    let path = format!("/transactions/{}", bought.text("/id"));
    let seen = get(&world, &john, &path).await;
    insta::assert_json_snapshot!(shown(&seen.expect_status(200).body), @r#"
    {
      "answer": {
        "amount": "4.00",
        "buyer_id": "usr_1",
        "currency": "USD",
        "from_universe_id": 1,
        "id": "txn_2",
        "item_currency": "MRC",
        "item_id": "itm_3",
        "quantity": 1,
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
        "total": "10.00",
        "transaction_time": "2026-11-21T08:00:00.000Z",
        "unit_price": "10.00"
      },
      "created_at": "2026-11-21T08:00:00.000Z",
      "id": "txn_2",
      "kind": "purchase",
      "postings": [
        {
          "amount": "4.00",
          "currency": "USD",
          "from": "wal_1_USD",
          "to": "pool:USD"
        },
        {
          "amount": "10.00",
          "currency": "MRC",
          "from": "pool:MRC",
          "to": "wal_4_MRC"
        }
      ],
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
      }
    }
    "#);
    assert_eq!(seen.body["answer"], bought.body);
    assert_eq!(get(&world, &mary, &path).await.expect_status(200).bytes, seen.bytes);
}

#[tokio::test]
async fn each_kind_of_transaction_has_its_name_and_its_answer() {
    let world = World::new().await;
    let john = world.trader_with("john_earth", 1, "1000.00").await;
    let mary = world.trader("mary_mars", 2).await;
    let item = world.item(&mary, "Mars Rocks", "10.00", 50).await;
    let wallet = format!("/wallets/{}/operation", john.wallet);
    let bought = buy(&world, &john, "purchase", &item, 1).await;
    let refund = format!("/transactions/{}/refund", bought.expect_status(200).text("/id"));
    let cases = [
        (&john, "deposit", wallet.as_str(), json!({"operation_type": "DEPOSIT", "amount": "1"})),
        (&john, "withdrawal", &wallet, json!({"operation_type": "WITHDRAW", "amount": "1"})),
        (&john, "transfer", "/transfers", json!({"to_user_id": mary.name, "amount": "1"})),
        (
            &john,
            "exchange",
            "/exchange",
            json!({"amount": "1", "from_currency": "USD", "to_currency": "VNC"}),
        ),
        (&mary, "refund", &refund, json!({"restock": true})),
    ];
    for (caller, kind, path, body) in cases {
        let done = post(&world, caller, kind, path, &body).await;
        let id = done.expect_status(200).text("/id");
        let seen = get(&world, caller, &format!("/transactions/{id}")).await;
        assert_eq!(seen.expect_status(200).text("/kind"), kind);
        assert_eq!(seen.body["answer"], done.body);
        assert_eq!(seen.body["rate"].is_object(), kind == "exchange");
    }
}

#[tokio::test]
async fn a_transaction_is_for_those_who_took_part_and_administrators() {
    let world = World::new().await;
    let john = world.trader_with("john_earth", 1, "1000.00").await;
    let stranger = world.trader("venus_trader", 3).await;
    let admin = world.admin().await;
    let done = deposit(&world, &john, "k", "1.00").await;
    let path = format!("/transactions/{}", done.text("/id"));
    get(&world, &stranger, &path).await.expect_problem(404, "transaction_not_found");
    get(&world, &admin, &path).await.expect_status(200);
    let unknown = "/transactions/txn_00000000000000000000000000";
    get(&world, &john, unknown).await.expect_problem(404, "transaction_not_found");
}

#[tokio::test]
async fn what_moved_no_money_is_no_transaction() {
    let world = World::new().await;
    let john = world.trader("john_earth", 1).await;
    let item = json!({"name": "Coffee", "price": "5.00", "stock": 1});
    post(&world, &john, "listed", "/items", &item).await.expect_status(201);
    let mary = world.trader("mary_mars", 2).await;
    let body = json!({"to_user_id": mary.name, "amount": "1"});
    post(&world, &john, "refused", "/transfers", &body).await.expect_status(400);
    for key in ["listed", "refused"] {
        let request = get(&world, &john, &format!("/requests/{key}")).await;
        let id = request.expect_status(200).text("/transaction_id");
        let answer = get(&world, &john, &format!("/transactions/{id}")).await;
        answer.expect_problem(404, "transaction_not_found");
    }
}
