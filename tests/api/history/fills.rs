//! Transactions of fills: each trader sees their own side, and of the other no more than that
//! there is one.

use crate::{
    floor::{Floor, limit},
    shown::shown,
    steps::{get, post},
};

/// Mary sells, John buys; the id of the fill's transaction.
async fn filled() -> (Floor, String) {
    let floor = Floor::open().await;
    floor.placed(&floor.mary, "sale", &limit("sell", "0.40", "10.00")).await;
    let buy = floor.placed(&floor.john, "buy", &limit("buy", "0.40", "10.00")).await;
    let path = format!("/orders/{buy}/fills");
    let fills = get(&floor.world, &floor.john, &path).await;
    let id = fills.expect_status(200).text("/data/0/transaction_id");
    (floor, id)
}

#[tokio::test]
async fn a_trader_sees_their_side_of_a_fill_and_not_whose_the_other_is() {
    let (floor, id) = filled().await;
    let Floor { world, john, mary } = &floor;
    let path = format!("/transactions/{id}");
    let johns = get(world, john, &path).await;
    insta::assert_json_snapshot!(shown(&johns.expect_status(200).body), @r#"
    {
      "answer": {
        "created_at": "2026-11-21T08:00:00.002Z",
        "id": "trd_2da91g002nad20000000000001",
        "market": "MRC-USD",
        "price": "0.40",
        "quantity": "10.00",
        "taker_side": "buy"
      },
      "created_at": "2026-11-21T08:00:00.002Z",
      "id": "txn_1",
      "kind": "fill",
      "postings": [
        {
          "amount": "4.00",
          "currency": "USD",
          "from": "wal_2_USD",
          "to": "counterparty"
        },
        {
          "amount": "10.00",
          "currency": "MRC",
          "from": "counterparty",
          "to": "wal_2_MRC"
        },
        {
          "amount": "0.01",
          "currency": "USD",
          "from": "wal_2_USD",
          "to": "fees:USD"
        }
      ],
      "rate": null
    }
    "#);
    let marys = get(world, mary, &path).await;
    insta::assert_json_snapshot!(shown(&marys.expect_status(200).body["postings"]), @r#"
    [
      {
        "amount": "4.00",
        "currency": "USD",
        "from": "counterparty",
        "to": "wal_1_USD"
      },
      {
        "amount": "10.00",
        "currency": "MRC",
        "from": "wal_1_MRC",
        "to": "counterparty"
      },
      {
        "amount": "0.01",
        "currency": "USD",
        "from": "wal_1_USD",
        "to": "fees:USD"
      }
    ]
    "#);
    for (answer, other) in [(&johns, mary), (&marys, john)] {
        let text = answer.body.to_string();
        assert!(!text.contains(&other.name[4..]), "{text}");
    }
    let stranger = world.trader("venus", 3).await;
    get(world, &stranger, &path).await.expect_problem(404, "transaction_not_found");
}

#[tokio::test]
async fn an_administrator_sees_both_sides_of_a_fill_and_nobody_refunds_it() {
    let (floor, id) = filled().await;
    let Floor { world, john, mary } = &floor;
    let admin = world.admin().await;
    let seen = get(world, &admin, &format!("/transactions/{id}")).await;
    let text = seen.expect_status(200).body["postings"].to_string();
    assert!(text.contains(&john.name[4..]) && text.contains(&mary.name[4..]), "{text}");
    for caller in [john, mary, &admin] {
        let path = format!("/transactions/{id}/refund");
        let refund =
            post(world, caller, "refund", &path, &serde_json::json!({"restock": true})).await;
        refund.expect_problem(409, "not_refundable");
    }
}

#[tokio::test]
async fn a_wallets_history_names_nobody_for_a_fill() {
    let (floor, id) = filled().await;
    let Floor { world, john, mary } = &floor;
    world.follow_streams().await;
    for (caller, code, delta) in [
        (john, "USD", "-4.01"),
        (john, "MRC", "10.00"),
        (mary, "USD", "3.99"),
        (mary, "MRC", "-10.00"),
    ] {
        let path = format!("/wallets/wal_{}_{code}/entries", &caller.name[4..]);
        let entries = get(world, caller, &path).await;
        let newest = &entries.expect_status(200).body["data"][0];
        for (member, value) in [("transaction_id", &*id), ("kind", "fill"), ("delta", delta)] {
            assert_eq!(newest[member], value, "{newest}");
        }
        assert!(newest["counterparty_id"].is_null(), "{newest}");
    }
}
