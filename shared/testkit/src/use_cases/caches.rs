//! Promise I12 for rates: no level serves what is ten seconds old, or fails a request.

use std::sync::{Arc, Mutex};

use app::{
    perform::{Freshness, perform},
    ports::{Clock, Ledger, StoreError},
    rate_cache::{CacheUnavailable, RateCache, SharedCache, Snapshot},
};
use async_trait::async_trait;
use domain::{
    commit::{Commit, Write},
    ledger::{Cause, Outcome},
    rate::{RateId, RateVersion},
    time::{Span, Timestamp},
    universe::{Universe, Universes},
};

use super::{ask, buying, shared};
use crate::{
    builders::{asked, earth, market_with, mars, mrc, on_this_thread, start, usd},
    clock::ManualClock,
    faults::FaultyStore,
    memory::MemoryStore,
    metered::MeteredStore,
};

/// Gives Mars a new version of its rate behind every cache's back.
async fn rerate(store: &MemoryStore, replaces: u32, units_per_base: &str) -> Universe {
    let id = RateId { version: replaces + 1, ..mars().rate.id };
    let units_per_base = units_per_base.parse().expect("a rate");
    let universe = Universe { rate: RateVersion { id, units_per_base, ..mars().rate }, ..mars() };
    let replacing = Write::ReplaceRate { universe: universe.clone(), replaces };
    let version = Write::PutRateVersion(universe.rate.clone());
    store.commit(&Commit::of(vec![replacing, version])).await.expect("the version is current");
    universe
}

#[derive(Default)]
struct FakeCache(Mutex<Option<Snapshot>>);

#[async_trait]
impl SharedCache for FakeCache {
    async fn get(&self) -> Result<Option<Snapshot>, CacheUnavailable> {
        Ok(self.0.lock().expect("not poisoned").clone())
    }

    async fn put(&self, snapshot: &Snapshot) -> Result<(), CacheUnavailable> {
        *self.0.lock().expect("not poisoned") = Some(snapshot.clone());
        Ok(())
    }
}

struct BrokenCache;

#[async_trait]
impl SharedCache for BrokenCache {
    async fn get(&self) -> Result<Option<Snapshot>, CacheUnavailable> {
        Err(CacheUnavailable("broken".to_owned()))
    }

    async fn put(&self, _: &Snapshot) -> Result<(), CacheUnavailable> {
        Err(CacheUnavailable("broken".to_owned()))
    }
}

struct SilentCache;

#[async_trait]
impl SharedCache for SilentCache {
    async fn get(&self) -> Result<Option<Snapshot>, CacheUnavailable> {
        std::future::pending().await
    }

    async fn put(&self, _: &Snapshot) -> Result<(), CacheUnavailable> {
        std::future::pending().await
    }
}

/// Three universes in a metered store, and a rate cache in front of it.
struct Levels {
    store: MemoryStore,
    metered: Arc<MeteredStore>,
    clock: Arc<ManualClock>,
    cache: RateCache,
}

impl Levels {
    async fn with(shared_cache: Option<Arc<dyn SharedCache>>) -> Self {
        let store = MemoryStore::new();
        market_with(shared(&store)).await;
        let metered = Arc::new(MeteredStore::new(shared(&store)));
        let clock = Arc::new(ManualClock::at(start()));
        let cache = RateCache::new(metered.clone(), shared_cache, clock.clone());
        Self { store, metered, clock, cache }
    }

    /// The version of Mars's rate that a request gets, and the reads of the store till now.
    async fn version(&self) -> (u32, u64) {
        let universes = self.cache.current(Freshness::Cached).await.expect("rates");
        (mars_version(&universes), self.metered.snapshot().of("universes"))
    }
}

fn mars_version(universes: &Universes) -> u32 {
    universes.get(mars().id).expect("Mars").rate.id.version
}

fn snapshot(version: u32, read_at: Timestamp) -> Snapshot {
    let id = RateId { version, ..mars().rate.id };
    let mars = Universe { rate: RateVersion { id, ..mars().rate }, ..mars() };
    Snapshot { universes: Universes::new(vec![earth(), mars]), read_at }
}

fn after(millis: u32) -> Timestamp {
    start().plus(Span::millis(millis))
}

#[test]
fn a_rate_is_never_served_ten_seconds_after_it_was_read() {
    on_this_thread(async {
        let levels = Levels::with(None).await;
        assert_eq!(levels.version().await, (1, 1));
        rerate(&levels.store, 1, "5").await;
        levels.clock.set(after(9_999));
        assert_eq!(levels.version().await, (1, 1));
        levels.clock.set(after(10_000));
        assert_eq!(levels.version().await, (2, 2));
    });
}

#[test]
fn past_two_seconds_a_refresh_replaces_what_is_served() {
    on_this_thread(async {
        let levels = Levels::with(None).await;
        levels.cache.refresh_if_due().await;
        assert_eq!(levels.metered.snapshot().of("universes"), 0);
        assert_eq!(levels.version().await, (1, 1));
        rerate(&levels.store, 1, "5").await;
        levels.clock.set(after(1_999));
        levels.cache.refresh_if_due().await;
        assert_eq!(levels.version().await, (1, 1));
        levels.clock.set(after(2_000));
        levels.cache.refresh_if_due().await;
        assert_eq!(levels.version().await, (2, 2));
        // It is as old as its read: ten seconds later it is not served.
        levels.clock.set(after(11_999));
        assert_eq!(levels.version().await, (2, 2));
        levels.clock.set(after(12_000));
        assert_eq!(levels.version().await, (2, 3));
    });
}

#[test]
fn what_was_asked_fresh_is_read_and_kept() {
    on_this_thread(async {
        let levels = Levels::with(None).await;
        assert_eq!(levels.version().await, (1, 1));
        rerate(&levels.store, 1, "5").await;
        let fresh = levels.cache.current(Freshness::Fresh).await.expect("rates");
        assert_eq!(mars_version(&fresh), 2);
        assert_eq!(levels.version().await, (2, 2));
    });
}

#[test]
fn another_process_takes_its_rates_from_the_shared_cache() {
    on_this_thread(async {
        let fake = Arc::new(FakeCache::default());
        let first = Levels::with(Some(fake.clone())).await;
        assert_eq!(first.version().await, (1, 1));
        let second = Levels::with(Some(fake.clone())).await;
        second.clock.set(after(9_999));
        assert_eq!(second.version().await, (1, 0));
        // Taking it over did not make it younger.
        second.clock.set(after(10_000));
        assert_eq!(second.version().await, (1, 1));
    });
}

#[test]
fn a_shared_snapshot_that_is_old_or_from_the_future_is_not_served() {
    on_this_thread(async {
        for read_at in [after(0), after(10_001)] {
            let fake = Arc::new(FakeCache::default());
            *fake.0.lock().expect("not poisoned") = Some(snapshot(9, read_at));
            let levels = Levels::with(Some(fake.clone())).await;
            levels.clock.set(after(10_000));
            assert_eq!(levels.version().await, (1, 1));
        }
    });
}

#[test]
fn a_refresh_takes_a_shared_snapshot_only_if_it_needs_no_refresh_itself() {
    on_this_thread(async {
        for (read_at, expected) in [(after(1), (9, 1)), (after(0), (1, 2))] {
            let fake = Arc::new(FakeCache::default());
            let levels = Levels::with(Some(fake.clone())).await;
            assert_eq!(levels.version().await, (1, 1));
            *fake.0.lock().expect("not poisoned") = Some(snapshot(9, read_at));
            levels.clock.set(after(2_000));
            levels.cache.refresh_if_due().await;
            assert_eq!(levels.version().await, expected);
        }
    });
}

#[test]
fn a_broken_shared_cache_fails_no_request() {
    on_this_thread(async {
        let levels = Levels::with(Some(Arc::new(BrokenCache))).await;
        assert_eq!(levels.version().await, (1, 1));
        rerate(&levels.store, 1, "5").await;
        levels.clock.set(after(2_000));
        levels.cache.refresh_if_due().await;
        assert_eq!(levels.version().await, (2, 2));
        levels.clock.set(after(12_000));
        assert_eq!(levels.version().await, (2, 3));
    });
}

#[test]
fn a_process_that_starts_does_not_wait_for_the_shared_cache() {
    on_this_thread(async {
        let levels = Levels::with(Some(Arc::new(SilentCache))).await;
        levels.cache.load().await.expect("rates");
        assert_eq!(levels.version().await, (1, 1));
    });
}

#[test]
fn an_unavailable_store_is_borne_until_the_snapshot_is_too_old() {
    on_this_thread(async {
        let fake = Arc::new(FakeCache::default());
        *fake.0.lock().expect("not poisoned") = Some(snapshot(9, start()));
        let down = FaultyStore::seeded(shared(&MemoryStore::new()), 1, 1000);
        let clock = Arc::new(ManualClock::at(start()));
        let cache = RateCache::new(Arc::new(down), Some(fake), clock.clone());
        let current = || cache.current(Freshness::Cached);
        assert_eq!(current().await.as_ref().map(mars_version), Ok(9));
        clock.set(after(9_999));
        cache.refresh_if_due().await;
        assert_eq!(current().await.as_ref().map(mars_version), Ok(9));
        clock.set(after(10_000));
        assert!(matches!(current().await, Err(StoreError::Unavailable(_))));
    });
}

#[test]
fn a_purchase_uses_a_rate_that_is_less_than_ten_seconds_old() {
    on_this_thread(async {
        let store = MemoryStore::new();
        let fair = market_with(shared(&store)).await;
        let (john, marvin) = (fair.join("john").await, fair.join("marvin").await);
        fair.deposit(john, usd("100.00")).await;
        let item = fair.list_item(marvin, &mars(), "10.00", 5).await;
        rerate(&store, 1, "5").await;
        let read_at = fair.clock.now();
        for (key, age, paid) in [("1", 9_999, "4.00"), ("2", 10_000, "2.00")] {
            fair.clock.set(read_at.plus(Span::millis(age)));
            let asked = asked(john, key, "buy");
            let answer = perform(&fair.market, &asked, &buying(item.id, 1, &earth())).await;
            let entry = answer.expect("sold").entry;
            let Outcome::Moved(movement) = entry.outcome else { panic!("{entry:?}") };
            let Cause::Purchase(purchase) = movement.cause else { panic!("{movement:?}") };
            assert_eq!((purchase.total, purchase.paid), (mrc("10.00"), usd(paid)));
        }
        assert!(ask(&fair, john, "3", &buying(item.id, 1, &mars())).await.is_ok());
    });
}
