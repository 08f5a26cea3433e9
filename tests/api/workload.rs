//! Many callers at once on a hot item and hot wallets, with replays, voids and a store that
//! fails: whatever order it comes in, the promises hold. The seed names a run.
#![expect(clippy::expect_used, reason = "a test that cannot go on fails")]

mod audit;
mod client;
mod ground;
mod plan;

pub(crate) use plan::Dice;

use std::{future::Future, sync::Arc};

use client::Client;
use ground::Ground;
use testkit::faults::FaultyStore;
use tokio::task::{LocalSet, spawn_local};

/// Callers, each with a task of its own.
const CALLERS: usize = 24;
/// Steps of each of them, by seed: about 2,000 requests in all (some steps ask twice) and twice
/// half as many.
const STEPS: [u64; 3] = [66, 33, 33];
/// Of a thousand commits and reads, so many fail in a run with faults.
const FAULTS_PER_MILLE: u16 = 60;
/// Of what is asked in earnest, so many in a hundred must be done.
const ACCEPTED_PERCENT_MIN: u64 = 70;

#[tokio::test]
async fn the_promises_hold_under_concurrency() {
    for (seed, steps) in (1..).zip(STEPS) {
        named(seed, run(seed, steps, 0)).await;
    }
}

#[tokio::test]
async fn the_promises_hold_when_commits_conflict_and_answers_are_lost() {
    for (seed, steps) in (4..).zip(STEPS) {
        named(seed, run(seed, steps, FAULTS_PER_MILLE)).await;
    }
}

/// Runs to the end; a run that does not get there says its seed.
async fn named(seed: u64, run: impl Future<Output = ()> + 'static) {
    let tasks = LocalSet::new();
    let ended = tasks.run_until(async { spawn_local(run).await }).await;
    assert!(ended.is_ok(), "the workload of seed {seed} failed: {ended:?}");
}

async fn run(seed: u64, steps: u64, faults_per_mille: u16) {
    let mut ground = Ground::prepare(CALLERS).await;
    let store = ground.store();
    ground.world =
        ground.world.wrapped(|store| Arc::new(FaultyStore::seeded(store, seed, faults_per_mille)));
    let ground = Arc::new(ground);
    let callers = (0..CALLERS).map(|index| {
        let mut client = Client::new(Arc::clone(&ground), index, seed);
        spawn_local(async move {
            for _ in 0..steps {
                client.step().await;
            }
        })
    });
    for caller in callers.collect::<Vec<_>>() {
        caller.await.expect("a caller that came to its end");
    }
    let earnest = ground.earnest();
    assert!(
        earnest.done * 100 >= earnest.asked * ACCEPTED_PERCENT_MIN,
        "only {} of {} were done",
        earnest.done,
        earnest.asked
    );
    audit::check(&ground, store.as_ref()).await;
    audit::statements(&ground, &ground.world.elsewhere(|_| store)).await;
}
