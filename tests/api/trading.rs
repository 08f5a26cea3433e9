//! Sixteen traders on three markets at once, with a doorbell as bad as a queue may be and
//! matchers in two processes: in the end the store keeps every promise, and each client sees
//! what the store has. The seed names a run.
#![expect(clippy::expect_used, reason = "a test that cannot go on fails")]

mod bell;
mod hall;
mod trader;
mod view;

use std::{future::Future, sync::Arc};

use bell::{Bell, Carried};
use domain::time::Span;
use hall::Hall;
use testkit::{audit::audit, faults::FaultyStore};
use tokio::task::{LocalSet, spawn_local};
use trader::Trader;

/// Traders, each with a task of its own.
const TRADERS: usize = 16;
/// Steps of each trader; most of them place an order.
const STEPS: u64 = 60;
/// With faults, of a thousand commits and reads so many fail.
const FAULTS_PER_MILLE: u16 = 40;

#[tokio::test]
async fn the_promises_hold_with_rings_lost_doubled_and_late_and_two_matchers_at_once() {
    named(1, run(1, STEPS, 0)).await;
}

#[tokio::test]
async fn the_promises_hold_when_commits_of_traders_and_matchers_fail_too() {
    named(2, run(2, STEPS / 2, FAULTS_PER_MILLE)).await;
    named(3, run(3, STEPS / 2, FAULTS_PER_MILLE)).await;
}

/// Runs to the end; a run that does not get there says its seed.
async fn named(seed: u64, run: impl Future<Output = ()> + 'static) {
    let tasks = LocalSet::new();
    let ended = tasks.run_until(async { spawn_local(run).await }).await;
    assert!(ended.is_ok(), "the trading of seed {seed} failed: {ended:?}");
}

async fn run(seed: u64, steps: u64, faults_per_mille: u16) {
    let mut hall = Hall::open(TRADERS).await;
    let store = Arc::clone(&hall.world.context.market.store);
    let faulty = Arc::new(FaultyStore::seeded(Arc::clone(&store), seed, faults_per_mille));
    hall.world = hall.world.wrapped(|_| faulty);
    let hall = Arc::new(hall);
    let bell = spawn_local(Bell::new(Arc::clone(&hall), seed).carry());
    let traders = (0..TRADERS).map(|index| {
        let mut trader = Trader::new(Arc::clone(&hall), index, seed);
        spawn_local(async move {
            for _ in 0..steps {
                trader.step().await;
            }
            trader.orders()
        })
    });
    let mut orders = Vec::new();
    for trader in traders.collect::<Vec<_>>() {
        orders.push(trader.await.expect("a trader that came to the end"));
    }
    hall.close();
    let carried = bell.await.expect("a bell that came to its end");
    let Carried { lost, doubled, late, .. } = carried;
    assert!(lost.min(doubled).min(late) > 20, "{carried:?}");
    assert!(faults_per_mille == 0 || carried.failed > 0, "{carried:?}");

    let mut hall = Arc::into_inner(hall).expect("nobody else is in the hall");
    hall.world = hall.world.wrapped(|_| Arc::clone(&store));
    // All deadlines pass: the sweep ends what is due.
    hall.world.pass(Span::seconds(60));
    let sweep = &functions::sweep::FUNCTION;
    edge::function::handle_schedule(&hall.world.context, sweep).await.expect("swept");
    let users: Vec<_> = hall.traders.iter().map(|trader| trader.id).collect();
    let audited = audit(store.as_ref(), &users).await;
    assert_eq!(audited.waiting, 0, "{audited:?}");
    assert!(audited.trades > 100, "{audited:?}");
    for outcome in
        ["open", "filled", "cancelled", "deadline", "expired", "self_trade", "would_take"]
    {
        assert!(audited.orders.contains_key(outcome), "none {outcome}: {audited:?}");
    }
    view::check(&hall, store.as_ref(), &orders, audited.trades).await;
}
