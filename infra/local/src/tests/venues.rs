//! The venue of the demo market: it fills orders, and knows them after a restart.

use std::time::Duration;

use app::{
    market::{Asked, entry_id, fingerprint},
    ports::Clock,
    venues::{PlaceVenueOrder, cancel_order, find_order, place_order},
};
use domain::{
    amount::Amount,
    id::{UserId, VenueOrderId, WalletId},
    ledger::Outcome,
    order::Side,
    venue::{Pricing, RoutingStatus, VenueId, VenueOrder, Wanted},
};
use edge::system::SystemClock;
use tokio::time::timeout;

use super::*;
use crate::VenueChoice;

/// Long for what takes milliseconds: only a failing test waits for it.
const PATIENCE: Duration = Duration::from_secs(60);

fn nyx() -> VenueId {
    "nyx".parse().expect("a name")
}

/// A market that the venue's own clock agrees with.
async fn running(storage: Storage) -> RunningMarket {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    start(Options { clock, ..options(storage) }).await.expect("started")
}

fn buyer(market: &RunningMarket) -> UserId {
    let wallet: WalletId = market.report().users[0].wallet_id.parse().expect("a wallet");
    wallet.owner
}

/// Buys three pieces at a limit in minor units.
async fn place(market: &RunningMarket, limit: i64) -> VenueOrderId {
    let (actor, key) = (buyer(market), limit.to_string());
    let asked = Asked {
        actor,
        entry: entry_id(actor, &key),
        fingerprint: fingerprint([key.as_bytes()]),
        request_id: key,
    };
    let wanted = Wanted {
        side: Side::Buy,
        pricing: Pricing::Limit(Amount::from_minor(limit).expect("a price")),
        instrument: "DOTUSDT00008".parse().expect("a code"),
        quantity: Amount::from_minor(3).expect("a quantity"),
        valid_until: None,
    };
    let operation = PlaceVenueOrder { venue: nyx(), wanted };
    let answer = place_order(&market.context().market, &asked, &operation).await;
    match answer.expect("accepted").entry.outcome {
        Outcome::Routed(terms) => terms.id,
        other => panic!("{other:?}"),
    }
}

async fn until(market: &RunningMarket, id: VenueOrderId, status: RoutingStatus) -> VenueOrder {
    let user = buyer(market);
    let reached = async {
        loop {
            let order = find_order(&market.context().market, nyx(), id, user, false).await;
            let order = order.expect("found");
            if order.status() == status {
                return order;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, reached).await.expect("in time")
}

#[tokio::test]
async fn the_venue_fills_orders_and_knows_after_a_restart_those_that_wait() {
    let directory = tempdir().expect("a directory");
    let market = running(in_dir(directory.path())).await;
    let waits = place(&market, 5_000).await;
    until(&market, waits, RoutingStatus::Placed).await;
    let filled = until(&market, place(&market, 10_100).await, RoutingStatus::Filled).await;
    assert_eq!(filled.executed.minor(), 3);
    market.shutdown().await;

    let market = running(in_dir(directory.path())).await;
    let user = buyer(&market);
    let cancelled = cancel_order(&market.context().market, nyx(), waits, user).await;
    assert!(cancelled.expect("asked for").cancel_requested);
    let cancelled = until(&market, waits, RoutingStatus::Cancelled).await;
    assert!(cancelled.reserved().amount.is_zero(), "{cancelled:?}");
    market.shutdown().await;
}

#[tokio::test]
async fn a_market_without_a_venue_says_so_and_takes_no_orders_for_one() {
    let without = Options { venue: VenueChoice::None, ..options(Storage::Memory) };
    let market = start(without).await.expect("started");
    assert_eq!(market.report().venue, None);
    let venues = market.context().market.store.venues().await.expect("readable");
    assert!(venues.is_empty(), "{venues:?}");
}
