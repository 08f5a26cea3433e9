//! Conservation at a cut, and the audit that shouts.

use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};

use app::{
    audit::{Audit, Difference, audit, conservation as conserved, cut_at},
    ports::{Metrics, Unit},
};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::time::Span;
use serde_json::json;
use tests::{RawRow, World};

use super::{conservation, lively};
use crate::{floor::Floor, steps::deposit};

/// What each minute's audit finds until every account's turn has come.
async fn audits(world: &World) -> Vec<Audit> {
    let mut audits = Vec::new();
    for _ in 0..64 {
        audits.push(audit(&world.context.market).await.expect("an audit"));
        world.pass(Span::seconds(60));
    }
    let parts: BTreeSet<_> = audits.iter().map(|audit| audit.part).collect();
    assert_eq!(parts.len(), 64);
    audits
}

fn differences(audits: &[Audit]) -> Vec<Difference> {
    audits.iter().flat_map(|audit| audit.differences.clone()).collect()
}

/// A number in a row, more by so much.
fn add(row: &mut RawRow, name: &str, more: i64) {
    let number = row[name].as_n().expect("a number").parse::<i64>().expect("a whole one");
    row.insert(name.to_owned(), AttributeValue::N((number + more).to_string()));
}

#[tokio::test]
async fn all_money_is_there_after_everything_that_can_happen_to_it() {
    let floor = lively().await;
    let world = &floor.world;
    let admin = world.admin().await;
    world.follow_streams().await;
    world.pass(Span::seconds(180));
    let found = conservation(world, &admin).await;
    assert_eq!((&found["holds"], &found["complete"]), (&json!(true), &json!(true)), "{found}");
    assert_eq!(found["cut"], "2026-11-21T08:07:00.000Z");
    let usd = &found["data"][0];
    assert_eq!((&usd["currency"], &usd["sum"]), (&json!("USD"), &json!("0.00")), "{usd}");
    assert_eq!(usd["world"], "-2000.00");
    for name in ["users_available", "users_held", "pool", "fees"] {
        assert_ne!(usd[name], "0.00", "{name}: too little happened: {usd}");
    }
    let audits = audits(world).await;
    assert_eq!(differences(&audits), []);
    let looked_at: usize = audits.iter().map(|audit| audit.accounts).sum();
    assert_eq!(looked_at, 3);
    assert!(audits.iter().all(|audit| audit.lag == Span::millis(0)));
}

#[tokio::test]
async fn a_cut_holds_what_was_decided_before_it_and_nothing_else() {
    let world = World::new().await;
    let admin = world.admin().await;
    let john = world.trader("john_earth", 1).await;
    deposit(&world, &john, "one", "1.00").await.expect_status(200);
    world.pass(Span::seconds(59));
    deposit(&world, &john, "two", "2.00").await.expect_status(200);
    world.pass(Span::seconds(1));
    deposit(&world, &john, "four", "4.00").await.expect_status(200);
    world.follow_streams().await;
    let mut seen = Vec::new();
    for _ in 0..5 {
        let found = conservation(&world, &admin).await;
        assert_eq!(found["holds"], true, "{found}");
        seen.push((found["cut"].clone(), found["data"][0]["users_available"].clone()));
        world.pass(Span::seconds(45));
    }
    let cut = |time: &str, sum: &str| (json!(format!("2026-11-21T{time}.000Z")), json!(sum));
    assert_eq!(
        seen,
        [
            cut("07:59:00", "0.00"),
            cut("07:59:00", "0.00"),
            cut("08:00:00", "0.00"),
            cut("08:01:00", "3.00"),
            cut("08:02:00", "7.00"),
        ]
    );
}

#[tokio::test]
async fn totals_that_were_tampered_with_do_not_hold_and_the_audit_says_so() {
    let floor = Floor::open().await;
    let world = &floor.world;
    let admin = world.admin().await;
    world.follow_streams().await;
    world.pass(Span::seconds(180));
    assert_eq!(conservation(world, &admin).await["holds"], true);
    let rows = world.raw_rows("statements").await;
    let totals = rows.into_iter().find(|row| {
        row.get("world").is_some_and(|sum| {
            sum.as_n().is_ok_and(|sum| sum == "-200000") && row["users_available"].as_n().is_ok()
        })
    });
    let mut totals = totals.expect("totals of two thousand");
    add(&mut totals, "users_available", 1);
    world.put_raw("statements", totals).await;
    let found = conservation(world, &admin).await;
    assert_eq!(found["holds"], false, "{found}");
    let broken = found["data"].as_array().expect("rows").iter().find(|row| row["holds"] == false);
    assert_eq!(broken.expect("one")["sum"], "0.01");
    let found = audit(&world.context.market).await.expect("an audit").differences;
    assert!(matches!(found[..], [Difference::Conservation { .. }]), "{found:?}");
}

#[tokio::test]
async fn a_wallet_that_was_tampered_with_is_found_and_named() {
    let floor = Floor::open().await;
    let (world, mary) = (&floor.world, &floor.mary);
    world.follow_streams().await;
    let rows = world.raw_rows("accounts").await;
    let is_marys = |row: &&RawRow| row["user"].as_s().is_ok_and(|user| *user == mary.name);
    let mut account = rows.iter().find(is_marys).expect("an account").clone();
    let mut available = account["available"].as_m().expect("wallets").clone();
    let more = AttributeValue::N("200000".to_owned());
    assert_eq!(
        available.insert("MRC".to_owned(), more),
        Some(AttributeValue::N("100000".to_owned()))
    );
    account.insert("available".to_owned(), AttributeValue::M(available));
    world.put_raw("accounts", account).await;
    let found = differences(&audits(world).await);
    let [Difference::Wallet { wallet, holds, stated, .. }] = &found[..] else {
        panic!("{found:?}");
    };
    assert_eq!(wallet.to_string(), mary.wallet);
    let available = [holds, stated].map(|balance| balance.expect("a balance").available.minor());
    assert_eq!(available, [200_000, 100_000]);
    // It goes on all the same.
    (functions::audit::FUNCTION.handle)(&world.context).await.expect("halts nothing");
}

#[tokio::test]
async fn statements_that_lag_are_measured_and_no_sum_is_blamed_for_it() {
    let world = World::new().await;
    let john = world.trader("john_earth", 1).await;
    world.follow_streams().await;
    deposit(&world, &john, "one", "1.00").await.expect_status(200);
    let began = cut_at(world.context.market.clock.now()).start();
    world.pass(Span::seconds(180));
    let (mut incomplete, mut lag) = (0, Span::millis(0));
    for _ in 0..64 {
        let found = conserved(&world.context.market).await.expect("totals");
        assert!(found.cut > began);
        incomplete += u32::from(!found.complete);
        let found = audit(&world.context.market).await.expect("an audit");
        assert_eq!(found.differences, [], "nothing was folded, which is no difference");
        lag = lag.max(found.lag);
        world.pass(Span::seconds(60));
    }
    assert_eq!(incomplete, 1, "his part's turn came once");
    assert!(lag > Span::seconds(179), "{lag:?}");
    world.follow_streams().await;
    let found = audits(&world).await;
    assert!(found.iter().all(|audit| audit.lag == Span::millis(0)));
    assert!(found.iter().all(|audit| audit.conservation.complete));
}

/// Measurements in the order that they came.
#[derive(Default)]
struct Recorded(Mutex<Vec<(&'static str, Unit, u64)>>);

impl Metrics for Recorded {
    fn measure(&self, name: &'static str, unit: Unit, value: u64) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((name, unit, value));
    }
}

#[tokio::test]
async fn each_minute_two_numbers_are_measured_even_if_they_are_nothing() {
    let world = World::new().await;
    let recorded = std::sync::Arc::new(Recorded::default());
    let context = world.elsewhere(|store| store);
    let context = std::sync::Arc::into_inner(context).expect("the only one");
    let context =
        edge::context::Context { metrics: std::sync::Arc::clone(&recorded) as _, ..context };
    (functions::audit::FUNCTION.handle)(&context).await.expect("an audit");
    let measured = recorded.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let nothing = [("AuditDifferences", Unit::Count, 0), ("AuditLagSeconds", Unit::Seconds, 0)];
    assert_eq!(measured, nothing);
}
