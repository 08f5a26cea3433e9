//! What fills do to wallets: each once, in whatever order they are reported.

use std::fs;

use domain::{time::Span, venue::VenueStatus};
use market::verify::{Source, run};
use serde_json::{Value, json};
use tempfile::TempDir;
use tests::{Ask, Caller, World, state};

use super::{DOT, get, placed, report, reported, resting, status, venue, vor, wallet, wanted};

#[tokio::test]
async fn a_fill_turns_cash_into_a_position_and_a_sale_needs_it() {
    let (world, john) = venue().await;
    let id = resting(&world, &john).await;
    reported(&world, &report(&id, "open", "1", Some(("E-1", "1", "99.00")))).await;
    assert_eq!(status(&world, &john, &id).await, "partially_filled");
    // What it was cheaper by is available at once.
    assert_eq!(wallet(&world, &john, "USD").await, "601.00+300.00");
    assert_eq!(wallet(&world, &john, DOT).await, "1+0");
    reported(&world, &report(&id, "filled", "4", Some(("E-2", "3", "100.00")))).await;
    assert_eq!(status(&world, &john, &id).await, "filled");
    assert_eq!(wallet(&world, &john, "USD").await, "601.00+0.00");
    assert_eq!(wallet(&world, &john, DOT).await, "4+0");

    let sale = placed(&world, &john, "sale", &wanted("sell", "3", "110.00")).await;
    assert_eq!(wallet(&world, &john, DOT).await, "1+3");
    world.work_venues(Span::seconds(1)).await;
    reported(&world, &report(&sale, "filled", "3", Some(("E-3", "3", "111.00")))).await;
    let order = get(&world, &john, &sale).await;
    assert_eq!((&order["executed"], &order["remaining"]), (&json!("3"), &json!("0")));
    assert_eq!((&order["notional"], &order["held"]["amount"]), (&json!("333.00"), &json!("0")));
    assert_eq!(wallet(&world, &john, "USD").await, "934.00+0.00");
    assert_eq!(wallet(&world, &john, DOT).await, "1+0");
}

#[tokio::test]
async fn reports_out_of_order_and_twice_settle_once() {
    let reports = |id: &str| {
        [
            report(id, "open", "1", Some(("E-1", "1", "99.00"))),
            report(id, "open", "3", Some(("E-2", "2", "98.00"))),
            report(id, "filled", "4", Some(("E-3", "1", "100.00"))),
        ]
    };
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0], [2, 0, 1]] {
        let (world, john) = venue().await;
        let id = resting(&world, &john).await;
        let reports = reports(&id);
        for place in order {
            reported(&world, &reports[place]).await;
            reported(&world, &reports[place]).await;
        }
        assert_eq!(status(&world, &john, &id).await, "filled", "{order:?}");
        assert_eq!(wallet(&world, &john, "USD").await, "605.00+0.00", "{order:?}");
        assert_eq!(wallet(&world, &john, DOT).await, "4+0", "{order:?}");
        assert_eq!(world.dead_letters.letters(), []);
    }
}

#[tokio::test]
async fn a_fill_that_contradicts_what_was_agreed_moves_nothing_and_is_put_away() {
    let (world, john) = venue().await;
    let id = resting(&world, &john).await;
    reported(&world, &report(&id, "open", "1", Some(("E-1", "1", "100.00")))).await;
    for (fill, why) in [
        (("E-2", "4", "100.00"), "4 pieces were filled, but only 3 could be"),
        (("E-3", "1", "100.01"), "a fill at 10001 passes the limit of 10000"),
        (("E-4", "0", "100.00"), "a fill of nothing, or for nothing"),
        (("E-1", "1", "99.00"), "another fill has its name"),
    ] {
        let before = world.dead_letters.letters().len();
        reported(&world, &report(&id, "open", "1", Some(fill))).await;
        let letters = world.dead_letters.letters();
        assert_eq!(letters.len(), before + 1, "{fill:?}");
        assert_eq!(letters[before].reason, why);
    }
    assert_eq!(get(&world, &john, &id).await["executed"], "1");
    assert_eq!(wallet(&world, &john, "USD").await, "600.00+300.00");
    assert_eq!(wallet(&world, &john, DOT).await, "1+0");
}

#[tokio::test]
async fn a_fill_that_no_report_told_of_is_found_by_asking() {
    let (world, john) = venue().await;
    let id = resting(&world, &john).await;
    world
        .venue
        .has(vor(&id), state(VenueStatus::Filled, 4, &[("E-1", 1, 9_900), ("E-2", 3, 10_000)]));
    // The end is said, but not all that was filled: it stays held.
    reported(&world, &report(&id, "filled", "4", Some(("E-2", "3", "100.00")))).await;
    assert_eq!(status(&world, &john, &id).await, "partially_filled");
    assert_eq!(wallet(&world, &john, "USD").await, "600.00+100.00");
    world.work_venues(Span::seconds(60)).await;
    assert_eq!(status(&world, &john, &id).await, "filled");
    assert_eq!(wallet(&world, &john, "USD").await, "601.00+0.00");
    assert_eq!(wallet(&world, &john, DOT).await, "4+0");
}

/// A buy and a sale, each filled in part, one of them still open.
async fn traded(world: &World, john: &Caller) -> String {
    let id = resting(world, john).await;
    reported(world, &report(&id, "open", "3", Some(("E-1", "3", "99.50")))).await;
    let sale = placed(world, john, "sale", &wanted("sell", "2", "101.00")).await;
    world.work_venues(Span::seconds(1)).await;
    reported(world, &report(&sale, "open", "1", Some(("E-2", "1", "101.50")))).await;
    world.follow_streams().await;
    id
}

#[tokio::test]
async fn money_and_pieces_conserve_while_orders_are_under_way() {
    let (world, john) = venue().await;
    traded(&world, &john).await;
    let admin = world.admin().await;
    world.follow_streams().await;
    world.pass(Span::seconds(180));
    let found = world.send(Ask::get("/api/v1/audit/conservation").by(&admin)).await;
    let found = &found.expect_status(200).body;
    assert_eq!((&found["holds"], &found["complete"]), (&json!(true), &json!(true)), "{found}");
    let of = |code: &str| {
        let rows = found["data"].as_array().expect("rows").iter();
        let mut rows = rows.filter(|row| row["currency"] == code);
        let row = rows.next().expect(code).clone();
        assert_eq!(rows.next(), None, "{code} twice");
        row
    };
    let usd = of("USD");
    assert_eq!((&usd["venues"], &usd["users_held"]), (&json!("197.00"), &json!("100.00")));
    let dot = of(DOT);
    assert_eq!((&dot["venues"], &dot["users_available"]), (&json!("-2"), &json!("1")));
    assert_eq!((&dot["users_held"], &dot["world"]), (&json!("1"), &json!("0")));
    assert_eq!(of("BTCUSDT00001")["sum"], "0");
}

async fn proof(world: &World, by: &Caller, code: &str) -> Value {
    let path = format!("/api/v1/wallets/wal_{}_{code}/proof", &by.name[4..]);
    world.send(Ask::get(&path).by(by)).await.expect_status(200).body.clone()
}

#[tokio::test]
async fn statements_of_money_and_of_pieces_are_verified() {
    let (world, john) = venue().await;
    traded(&world, &john).await;
    let dir = TempDir::new().expect("a directory");
    for (code, balances) in
        [("USD", "available 703.00, held 100.00 after"), (DOT, "available 1, held 1 after")]
    {
        let file = dir.path().join(code);
        fs::write(&file, proof(&world, &john, code).await.to_string()).expect("written");
        let verified = run(&Source::Files(vec![file])).await.expect("a proof").to_string();
        assert!(verified.contains(balances), "{verified}");
    }
    let path = format!("/api/v1/wallets/wal_{}_{DOT}/entries", &john.name[4..]);
    let entries = world.send(Ask::get(&path).by(&john)).await;
    let rows = entries.expect_status(200).body["data"].as_array().expect("rows").clone();
    let kinds: Vec<_> =
        rows.iter().map(|row| (row["kind"].clone(), row["delta"].clone())).collect();
    let expected = [("venue_fill", "-1"), ("venue_order_placed", "0"), ("venue_fill", "3")];
    assert_eq!(kinds, expected.map(|(kind, delta)| (json!(kind), json!(delta))));
    let fill =
        format!("/api/v1/transactions/{}", rows[2]["transaction_id"].as_str().expect("an id"));
    let fill = world.send(Ask::get(&fill).by(&john)).await;
    let postings = &fill.expect_status(200).body["postings"];
    assert_eq!(fill.body["kind"], "venue_fill");
    assert_eq!(
        (&postings[0]["to"], &postings[1]["from"]),
        (&json!("venues:USD"), &json!(format!("venues:{DOT}")))
    );
    assert_eq!(fill.body["answer"]["execution_id"], "E-1");
    assert_eq!(fill.body["answer"]["price"], "99.50");
}

#[tokio::test]
async fn pieces_come_and_go_by_venues_alone() {
    let (world, john) = venue().await;
    traded(&world, &john).await;
    let mary = world.trader("mary_earth", 1).await;
    let wallet = format!("wal_{}_{DOT}", &john.name[4..]);
    for kind in ["DEPOSIT", "WITHDRAW"] {
        let body = json!({"operation_type": kind, "amount": "1"});
        let ask = Ask::post(&format!("/api/v1/wallets/{wallet}/operation")).by(&john).key(kind);
        world.send(ask.json(&body)).await.expect_problem(404, "wallet_not_found");
    }
    let hers = wallet.replace(&john.name[4..], &mary.name[4..]);
    for body in [
        json!({"to_user_id": mary.name, "amount": "1", "currency": DOT}),
        json!({"to_wallet_id": hers, "amount": "1"}),
    ] {
        let ask = Ask::post("/api/v1/transfers").by(&john).key("k").json(&body);
        world.send(ask).await.expect_problem(404, "currency_not_found");
    }
    let open = Ask::post("/api/v1/wallets").by(&mary).json(&json!({"currency": DOT}));
    world.send(open).await.expect_problem(404, "currency_not_found");
    let admin = world.admin().await;
    let universe = json!({"name": "Dot", "currency": DOT, "units_per_base": "1"});
    let universe = Ask::post("/api/v1/admin/universes").by(&admin).json(&universe);
    world.send(universe).await.expect_problem(422, "validation_failed");
    let me = world.send(Ask::get("/api/v1/users/me").by(&john)).await;
    let listed = world.send(Ask::get("/api/v1/wallets").by(&john)).await;
    assert_eq!(me.expect_status(200).body["wallets"], listed.expect_status(200).body["data"]);
    let codes = listed.body["data"].as_array().expect("wallets").iter();
    let codes: Vec<_> = codes.map(|wallet| wallet["currency"].clone()).collect();
    assert_eq!(codes, [DOT, "USD"]);
}
