//! The matcher in a running market: it is woken by the doorbell, and by itself at the start.

use std::sync::Arc;

use app::{
    pairs::replace_status,
    ports::{Ledger, Logged, OrderBooks},
};
use domain::{
    command::CommandId,
    pair::{PairId, PairStatus},
    placement::set_status,
};
use testkit::memory::MemoryStore;

use super::started;
use crate::{RunningMarket, Storage};

/// Far more turns than a matcher on a store in memory needs.
const TURNS: usize = 10_000;

fn pair() -> PairId {
    "VNC-USD".parse().expect("a pair")
}

async fn waiting(market: &RunningMarket) -> Vec<Logged> {
    market.context().market.store.commands(pair(), 100).await.expect("readable")
}

/// Lets the market's tasks run until nothing waits in the pair's log.
async fn matched(market: &RunningMarket) {
    for _ in 0..TURNS {
        if waiting(market).await.is_empty() {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("the log still has {:?}", waiting(market).await);
}

#[tokio::test]
async fn what_is_rung_for_is_matched() {
    let market = started(Storage::Store(Arc::new(MemoryStore::new()))).await;
    let context = &market.context().market;
    replace_status(context, pair(), PairStatus::Halted).await.expect("logged");
    matched(&market).await;
    replace_status(context, pair(), PairStatus::Trading).await.expect("logged");
    matched(&market).await;
    market.shutdown().await;
}

#[tokio::test]
async fn what_waits_from_before_is_matched_without_a_ring() {
    let store = Arc::new(MemoryStore::new());
    started(Storage::Store(Arc::clone(&store) as _)).await.shutdown().await;
    let pairs = store.pairs().await.expect("readable");
    let before = pairs.iter().find(|known| known.id() == pair()).expect("seeded");
    let command = CommandId { at: before.created_at, bits: 7 };
    let (_, commit) = set_status(before, command, PairStatus::Halted);
    store.commit(&commit).await.expect("committed");

    let market = started(Storage::Store(store)).await;

    assert_eq!(waiting(&market).await.len(), 1, "nothing has had a turn yet");
    matched(&market).await;
}
