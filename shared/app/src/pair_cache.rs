//! Pairs that were read lately. A stale one is harmless: all but the status is fixed for ever,
//! and an order that comes after the status has changed is refused by the book.

use std::sync::{Arc, Mutex, PoisonError};

use domain::{
    pair::{Pair, PairId},
    refusal::Missing,
    time::{Span, Timestamp},
};

use crate::{
    perform::{Failed, Freshness},
    ports::{Clock, Store, StoreError},
    tally,
};

/// How long pairs may be served without being read again.
const LIFETIME: Span = Span::seconds(2);

/// The cache, in process.
pub struct PairCache {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    pairs: Mutex<Option<(Timestamp, Arc<[Pair]>)>>,
}

impl PairCache {
    /// An empty cache in front of a store.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock, pairs: Mutex::default() }
    }

    /// All pairs, the oldest first, as fresh as asked.
    ///
    /// # Errors
    /// The store's own.
    pub async fn all(&self, freshness: Freshness) -> Result<Arc<[Pair]>, StoreError> {
        let now = self.clock.now();
        if freshness == Freshness::Cached
            && let Some((read_at, pairs)) = &*self.cached()
            && now.since(*read_at) < LIFETIME
        {
            tally::count(|tally| tally.process_hits += 1);
            return Ok(Arc::clone(pairs));
        }
        if freshness == Freshness::Cached {
            tally::count(|tally| tally.misses += 1);
        }
        let mut pairs = self.store.pairs().await?;
        pairs.sort_by_key(|pair| (pair.created_at, pair.id()));
        let pairs: Arc<[Pair]> = pairs.into();
        *self.cached() = Some((now, Arc::clone(&pairs)));
        Ok(pairs)
    }

    /// A pair, as fresh as asked. One that the cache does not know is looked for.
    ///
    /// # Errors
    /// [`Missing::Market`]; the store's own.
    pub async fn get(&self, id: PairId, freshness: Freshness) -> Result<Pair, Failed> {
        let known = find(&self.all(freshness).await?, id);
        match known {
            Some(pair) => Ok(pair),
            None => {
                let pairs = self.all(Freshness::Fresh).await?;
                Ok(find(&pairs, id).ok_or(Missing::Market)?)
            }
        }
    }

    fn cached(&self) -> std::sync::MutexGuard<'_, Option<(Timestamp, Arc<[Pair]>)>> {
        self.pairs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn find(pairs: &[Pair], id: PairId) -> Option<Pair> {
    pairs.iter().find(|pair| pair.id() == id).copied()
}
