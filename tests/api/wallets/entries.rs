//! GET /wallets/{wallet_id}/entries: the history of a wallet, and cursors.

use domain::time::Span;
use serde_json::json;
use tests::{Caller, World};

use crate::{
    shown::shown,
    steps::{buy, deposit, get, post, walk},
};

/// John has deposited, bought of mary, transferred to her and exchanged, a second apart.
async fn moved() -> (World, Caller, Caller) {
    let world = World::new().await;
    let john = world.trader_with("john_earth", 1, "1000.00").await;
    let mary = world.trader("mary_mars", 2).await;
    let item = world.item(&mary, "Mars Rocks", "10.00", 50).await;
    world.pass(Span::seconds(1));
    buy(&world, &john, "buy", &item, 1).await.expect_status(200);
    world.pass(Span::seconds(1));
    let body = json!({"to_user_id": mary.name, "amount": "6.00"});
    post(&world, &john, "transfer", "/transfers", &body).await.expect_status(200);
    world.pass(Span::seconds(1));
    let body = json!({"amount": "10.00", "from_currency": "USD", "to_currency": "VNC"});
    post(&world, &john, "exchange", "/exchange", &body).await.expect_status(200);
    world.follow_streams().await;
    (world, john, mary)
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "all of it is one answer")]
async fn a_wallets_history_has_every_kind_of_movement_newest_first() {
    let (world, john, mary) = moved().await;
    let entries = get(&world, &john, &format!("/wallets/{}/entries", john.wallet)).await;
    let mut body = entries.expect_status(200).body.clone();
    for row in body["data"].as_array_mut().expect("rows") {
        let hash = row.as_object_mut().expect("a row").remove("hash").expect("a hash");
        assert_eq!(hash.as_str().map(str::len), Some(64));
    }
    insta::assert_json_snapshot!(shown(&body), @r#"
    {
      "as_of_version": 5,
      "data": [
        {
          "available": "980.00",
          "available_delta": "-10.00",
          "counterparty_id": null,
          "created_at": "2026-11-21T08:00:03.000Z",
          "currency": "USD",
          "delta": "-10.00",
          "held": "0.00",
          "held_delta": "0.00",
          "kind": "exchange",
          "line": 5,
          "posted": "980.00",
          "transaction_id": "txn_1",
          "version": 5
        },
        {
          "available": "990.00",
          "available_delta": "-6.00",
          "counterparty_id": "usr_2",
          "created_at": "2026-11-21T08:00:02.000Z",
          "currency": "USD",
          "delta": "-6.00",
          "held": "0.00",
          "held_delta": "0.00",
          "kind": "transfer",
          "line": 4,
          "posted": "990.00",
          "transaction_id": "txn_3",
          "version": 4
        },
        {
          "available": "996.00",
          "available_delta": "-4.00",
          "counterparty_id": "usr_2",
          "created_at": "2026-11-21T08:00:01.000Z",
          "currency": "USD",
          "delta": "-4.00",
          "held": "0.00",
          "held_delta": "0.00",
          "kind": "purchase",
          "line": 3,
          "posted": "996.00",
          "transaction_id": "txn_4",
          "version": 3
        },
        {
          "available": "1000.00",
          "available_delta": "1000.00",
          "counterparty_id": null,
          "created_at": "2026-11-21T08:00:00.000Z",
          "currency": "USD",
          "delta": "1000.00",
          "held": "0.00",
          "held_delta": "0.00",
          "kind": "deposit",
          "line": 2,
          "posted": "1000.00",
          "transaction_id": "txn_5",
          "version": 2
        }
      ],
      "next_cursor": null,
      "version": 5
    }
    "#);
    let marys = get(&world, &mary, &format!("/wallets/{}/entries", mary.wallet)).await;
    assert_eq!(marys.text("/data/0/delta"), "10.00");
    assert_eq!(marys.text("/data/0/counterparty_id"), john.name);
}

#[tokio::test]
async fn pages_have_no_gaps_and_no_repeats_even_within_one_millisecond() {
    let world = World::new().await;
    let john = world.trader("john_earth", 1).await;
    let mut ids = Vec::new();
    for n in 0..7 {
        let done = deposit(&world, &john, &n.to_string(), "1.00").await;
        ids.push(done.expect_status(200).text("/id"));
        if n == 3 {
            world.pass(Span::seconds(1));
        }
    }
    world.follow_streams().await;
    let path = format!("/wallets/{}/entries", john.wallet);
    let whole = walk(&world, Some(&john), &path, 100, "transaction_id").await;
    for limit in 1..=8 {
        let paged = walk(&world, Some(&john), &path, limit, "transaction_id").await;
        assert_eq!(paged, whole, "{limit} a page");
    }
    let mut sorted = whole.clone();
    sorted.sort();
    ids.sort();
    assert_eq!(sorted, ids);
}

#[tokio::test]
async fn a_cursor_belongs_to_its_list_and_its_caller() {
    let world = World::new().await;
    let john = world.trader_with("john_earth", 1, "1.00").await;
    let mary = world.trader_with("mary_mars", 2, "1.00").await;
    deposit(&world, &john, "more", "1.00").await.expect_status(200);
    world.follow_streams().await;
    let entries = |wallet: &str| format!("/wallets/{wallet}/entries");
    let page = get(&world, &john, &format!("{}?limit=1", entries(&john.wallet))).await;
    let cursor = page.expect_status(200).text("/next_cursor");
    let forged = format!("{}A", &cursor[..cursor.len() - 1]);
    let vnc = john.wallet.replace("USD", "VNC");
    let attempts = [
        (&john, format!("{}?cursor={cursor}", entries(&vnc))),
        (&john, format!("/users/{}/trades?cursor={cursor}", john.name)),
        (&mary, format!("{}?cursor={cursor}", entries(&mary.wallet))),
        (&john, format!("{}?cursor={forged}B", entries(&john.wallet))),
        (&john, format!("{}?cursor=", entries(&john.wallet))),
        (&john, format!("{}?cursor=cur_1", entries(&john.wallet))),
    ];
    for (caller, path) in attempts {
        let answer = get(&world, caller, &path).await;
        answer.expect_problem(422, "validation_failed");
        assert_eq!(answer.text("/errors/0/pointer"), "/query/cursor", "{path}");
    }
    let path = format!("{}?limit=2&cursor={cursor}", entries(&john.wallet));
    let rest = get(&world, &john, &path).await;
    assert_eq!(rest.expect_status(200).body["data"].as_array().expect("rows").len(), 1);
}

#[tokio::test]
async fn a_page_has_one_to_a_hundred_rows() {
    let world = World::new().await;
    let john = world.trader("john_earth", 1).await;
    let path = |limit: &str| format!("/wallets/{}/entries?limit={limit}", john.wallet);
    for bad in ["0", "101", "01", "-1", "1.0", "ten", "", "99999999999"] {
        let answer = get(&world, &john, &path(bad)).await;
        answer.expect_problem(422, "validation_failed");
        assert_eq!(answer.text("/errors/0/pointer"), "/query/limit", "{bad}");
    }
    for good in ["1", "100"] {
        get(&world, &john, &path(good)).await.expect_status(200);
    }
}

#[tokio::test]
async fn a_foreign_wallet_has_no_history() {
    let world = World::new().await;
    let john = world.trader("john_earth", 1).await;
    let mary = world.trader_with("mary_mars", 2, "1.00").await;
    let answer = get(&world, &john, &format!("/wallets/{}/entries", mary.wallet)).await;
    answer.expect_problem(404, "wallet_not_found");
}
