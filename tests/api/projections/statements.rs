//! Running balances, and what a wallet held at a time.

use domain::time::Span;
use serde_json::{Value, json};
use tests::World;

use super::{entries, lively, minor, wallets};
use crate::{
    floor::{Floor, limit},
    steps::{deposit, get},
};

#[tokio::test]
async fn running_balances_are_gapless_and_end_at_the_wallets_balance() {
    let floor = lively().await;
    let world = &floor.world;
    world.follow_streams().await;
    let mut lines = 0;
    for caller in [&floor.john, &floor.mary] {
        for wallet in wallets(world, caller).await {
            let all = entries(world, caller, wallet["id"].as_str().expect("an id")).await;
            lines += all.len();
            for name in ["posted", "available", "held"] {
                let now = all.first().map_or(json!("0.00"), |newest| newest[name].clone());
                assert_eq!(now, wallet[name], "{name} of {wallet}");
            }
            let mut after = (0, 0);
            for (row, number) in
                all.iter().rev().zip(all[all.len() - 1]["line"].as_u64().expect("one")..)
            {
                assert_eq!(row["line"], number, "{row}");
                after.0 += minor(&row["available_delta"]);
                after.1 += minor(&row["held_delta"]);
                assert_eq!((minor(&row["available"]), minor(&row["held"])), after, "{row}");
                assert_eq!(minor(&row["posted"]), after.0 + after.1, "{row}");
                let delta = minor(&row["available_delta"]) + minor(&row["held_delta"]);
                assert_eq!(minor(&row["delta"]), delta, "{row}");
            }
        }
    }
    assert!(lines > 25, "too little happened: {lines}");
}

#[tokio::test]
async fn holds_and_releases_are_lines_of_their_own() {
    let floor = Floor::open().await;
    let john = &floor.john;
    let bid = floor.placed(john, "b", &limit("buy", "0.40", "10.00")).await;
    floor.placed(&floor.mary, "s", &limit("sell", "0.40", "4.00")).await;
    floor.amend(john, "a", &bid, &json!({"quantity": "12.00"})).await;
    floor.cancel(john, &bid).await.expect_status(200);
    floor.world.follow_streams().await;
    let rows = entries(&floor.world, john, &john.wallet).await;
    let told = |row: &Value| {
        let texts =
            ["kind", "delta", "available", "held"].map(|name| row[name].as_str().expect("text"));
        let transaction = if row["transaction_id"].is_null() { "none" } else { "txn" };
        format!("{} {transaction}", texts.join(" "))
    };
    let told: Vec<_> = rows.iter().map(told).collect();
    assert_eq!(
        told,
        [
            "matched 0.00 998.39 0.00 none",
            "order_amended 0.00 995.19 3.20 none",
            "fill -1.61 995.99 2.40 txn",
            "order_placed 0.00 995.99 4.01 none",
            "deposit 1000.00 1000.00 0.00 txn",
        ]
    );
}

#[tokio::test]
async fn as_of_each_lines_time_gives_that_lines_balances() {
    let floor = lively().await;
    let world = &floor.world;
    world.follow_streams().await;
    for caller in [&floor.john, &floor.mary] {
        for wallet in wallets(world, caller).await {
            let wallet = wallet["id"].as_str().expect("an id").to_owned();
            let rows = entries(world, caller, &wallet).await;
            for (place, row) in rows.iter().enumerate() {
                // Of several lines of one time, the last one counts.
                if place > 0 && rows[place - 1]["created_at"] == row["created_at"] {
                    continue;
                }
                let at = row["created_at"].as_str().expect("a time");
                let then = get(world, caller, &format!("/wallets/{wallet}?as_of={at}")).await;
                for name in ["posted", "available", "held"] {
                    assert_eq!(then.expect_status(200).body[name], row[name], "{name} at {at}");
                }
                assert_eq!(then.text("/updated_at"), at);
            }
        }
    }
}

#[tokio::test]
async fn a_time_before_the_wallet_or_after_now_has_no_balances() {
    let world = World::new().await;
    world.pass(Span::seconds(10));
    let john = world.trader_with("john_earth", 1, "10.00").await;
    world.follow_streams().await;
    let at = |time: &str| format!("/wallets/{}?as_of={time}", john.wallet);
    let before = get(&world, &john, &at("2026-11-21T08:00:09.999Z")).await;
    before.expect_problem(404, "wallet_not_found");
    let later = get(&world, &john, &at("2026-11-21T08:00:10.001Z")).await;
    later.expect_problem(422, "validation_failed");
    for bad in ["", "now", "2026-11-21", "1795248000000"] {
        let answer = get(&world, &john, &at(bad)).await;
        answer.expect_problem(422, "validation_failed");
        assert_eq!(answer.text("/errors/0/pointer"), "/query/as_of", "{bad}");
    }
    let now = get(&world, &john, &at("2026-11-21T08:00:10Z")).await;
    assert_eq!(now.expect_status(200).text("/posted"), "10.00");
    let mary = world.trader("mary_mars", 2).await;
    let path = format!("/wallets/{}?as_of=2026-11-21T08:00:10Z", mary.wallet);
    get(&world, &john, &path).await.expect_problem(404, "wallet_not_found");
}

#[tokio::test]
async fn what_is_not_stated_yet_is_said_to_be_missing() {
    let world = World::new().await;
    let john = world.trader_with("john_earth", 1, "10.00").await;
    let path = format!("/wallets/{}/entries", john.wallet);
    let versions = |body: &Value| (body["as_of_version"].clone(), body["version"].clone());
    let page = get(&world, &john, &path).await;
    assert_eq!(versions(&page.expect_status(200).body), (json!(0), json!(2)));
    world.follow_streams().await;
    world.pass(Span::seconds(1));
    deposit(&world, &john, "more", "1.00").await.expect_status(200);
    let page = get(&world, &john, &path).await;
    assert_eq!(versions(&page.expect_status(200).body), (json!(2), json!(3)));
    let as_of = |time: &str| format!("/wallets/{}?as_of={time}", john.wallet);
    let behind = get(&world, &john, &as_of("2026-11-21T08:00:01Z")).await;
    behind.expect_problem(503, "statement_behind");
    assert_eq!(behind.body["retryable"], true);
    world.follow_streams().await;
    let page = get(&world, &john, &path).await;
    assert_eq!(versions(&page.expect_status(200).body), (json!(3), json!(3)));
    let then = get(&world, &john, &as_of("2026-11-21T08:00:00.999Z")).await;
    assert_eq!(then.expect_status(200).text("/posted"), "10.00");
    let now = get(&world, &john, &as_of("2026-11-21T08:00:01Z")).await;
    assert_eq!(now.expect_status(200).text("/posted"), "11.00");
}
