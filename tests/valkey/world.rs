//! A store with two universes, a clock that tests set, and processes that share a cache.

use std::sync::Arc;

use app::{
    perform::Freshness,
    ports::{Catalogue, Clock, Ledger},
    rate_cache::{RateCache, SharedCache},
};
use domain::{
    currency::{Currency, Scale},
    rate::{RateSource, SpreadBps},
    time::{Span, Timestamp},
    universe::{self, NewRate, NewUniverse, Universe, Universes},
};
use edge::valkey::ValkeyCache;
use testkit::{clock::ManualClock, memory::MemoryStore, metered::MeteredStore};

/// What a test waits for an answer that it counts on, however busy the machine is.
const PATIENCE: Span = Span::seconds(10);

pub(crate) struct World {
    pub(crate) clock: Arc<ManualClock>,
    rows: MemoryStore,
    store: Arc<MeteredStore>,
}

impl World {
    /// Earth at 1 and Mars at 2.5.
    pub(crate) async fn new() -> Self {
        let clock = Arc::new(ManualClock::at(Timestamp::from_millis(1_800_000_000_000)));
        let rows = MemoryStore::new();
        let store = Arc::new(MeteredStore::new(Arc::new(rows.clone())));
        let mut universes = Vec::new();
        for (name, code, rate) in [("Earth", "USD", "1"), ("Mars", "MRC", "2.5")] {
            let existing = Universes::new(universes.clone());
            let wanted = new_universe(name, code, rate);
            let (made, commit) =
                universe::create(wanted, &existing, clock.now()).expect("a universe");
            rows.commit(&commit).await.expect("it is new");
            universes.push(made);
        }
        Self { clock, rows, store }
    }

    /// A process that has just started.
    pub(crate) fn process(&self, shared: Arc<dyn SharedCache>) -> RateCache {
        RateCache::new(self.store.clone(), Some(shared), self.clock.clone())
    }

    /// A process's cache with its default limit of time.
    pub(crate) fn hasty_cache(&self, url: &str) -> ValkeyCache {
        ValkeyCache::from_url(url, self.clock.clone()).expect("an address")
    }

    /// A process's cache that waits for a busy machine.
    pub(crate) fn cache(&self, url: &str) -> Arc<ValkeyCache> {
        Arc::new(self.hasty_cache(url).with_answer_limit(PATIENCE))
    }

    /// An operator replaces the rate of Mars.
    pub(crate) async fn rate_mars(&self, units_per_base: &str) {
        let wanted = NewRate {
            units_per_base: units_per_base.parse().expect("a rate"),
            spread: None,
            source: RateSource::Operator,
            valid_until: None,
            confirmed: true,
        };
        let (_, commit) = universe::set_rate(&self.mars().await, &wanted, 2, self.clock.now())
            .expect("a later rate");
        self.rows.commit(&commit).await.expect("nobody else rates Mars");
    }

    async fn mars(&self) -> Universe {
        let universes = self.rows.universes().await.expect("a store in memory");
        universes.into_iter().find(|universe| universe.name.as_str() == "Mars").expect("Mars")
    }

    /// How often processes asked the store since the last time this was called.
    pub(crate) fn store_reads(&self) -> u64 {
        let reads = self.store.snapshot().of("universes");
        self.store.reset();
        reads
    }
}

fn new_universe(name: &str, code: &str, units_per_base: &str) -> NewUniverse {
    let scale = Scale::new(2).expect("at most 8");
    NewUniverse {
        name: name.parse().expect("a name"),
        currency: Currency { code: code.parse().expect("a code"), scale },
        units_per_base: units_per_base.parse().expect("a rate"),
        spread: SpreadBps::new(25).expect("at most 1000"),
    }
}

/// The rate of Mars as a request of this process sees it.
pub(crate) async fn mars_rate(process: &RateCache) -> String {
    let universes = process.current(Freshness::Cached).await.expect("rates");
    rate_of_mars(&universes)
}

pub(crate) fn rate_of_mars(universes: &Universes) -> String {
    let mars = universes.of_currency("MRC".parse().expect("a code")).expect("Mars");
    mars.rate.units_per_base.to_string()
}
