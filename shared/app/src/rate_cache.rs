//! Universes and rates in three levels: this process, the cache cluster, the store.
//! A snapshot older than the hard limit is never served, whichever level holds it.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use domain::{
    refusal::Declined,
    time::{Span, Timestamp},
    universe::Universes,
};

use crate::{
    perform::{Failed, Freshness},
    ports::{Clock, Store, StoreError},
    tally,
};

/// From this age on a snapshot is replaced beside the request that notices it.
pub const SOFT_AGE: Span = Span::seconds(2);
/// From this age on a snapshot is not served.
pub const HARD_AGE: Span = Span::seconds(10);

/// All universes and rates, and when the store said so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The universes with their rates.
    pub universes: Universes,
    /// When the read that returned them began.
    pub read_at: Timestamp,
}

/// The cache cluster gave no usable answer in time. The store is asked instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the cache is unavailable: {0}")]
pub struct CacheUnavailable(pub String);

/// A cache that functions share. It may lose anything at any time.
#[async_trait]
pub trait SharedCache: Send + Sync {
    /// The newest snapshot that it holds. Answers or fails within 50 ms.
    async fn get(&self) -> Result<Option<Snapshot>, CacheUnavailable>;

    /// Keeps a snapshot until it reaches [`HARD_AGE`], unless it holds one of rates that are
    /// at least as new. Answers or fails within 50 ms.
    async fn put(&self, snapshot: &Snapshot) -> Result<(), CacheUnavailable>;
}

/// The three levels.
pub struct RateCache {
    store: Arc<dyn Store>,
    shared: Option<Arc<dyn SharedCache>>,
    clock: Arc<dyn Clock>,
    local: Mutex<Option<Snapshot>>,
}

impl RateCache {
    /// Empty levels in front of a store.
    #[must_use]
    pub fn new(
        store: Arc<dyn Store>,
        shared: Option<Arc<dyn SharedCache>>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { store, shared, clock, local: Mutex::new(None) }
    }

    /// The universes, at most [`HARD_AGE`] old; with [`Freshness::Fresh`], as of now.
    ///
    /// # Errors
    /// The store's own, once no level has a usable snapshot.
    pub async fn current(&self, freshness: Freshness) -> Result<Universes, StoreError> {
        if freshness == Freshness::Fresh {
            return self.renew().await;
        }
        if let Some(snapshot) = self.local(HARD_AGE) {
            tally::count(|tally| tally.process_hits += 1);
            return Ok(snapshot.universes);
        }
        if let Some(snapshot) = self.shared_snapshot(HARD_AGE).await {
            tally::count(|tally| tally.shared_hits += 1);
            self.keep(&snapshot);
            return Ok(snapshot.universes);
        }
        tally::count(|tally| tally.misses += 1);
        self.renew().await
    }

    /// What `look` finds in the cached universes, else in those as of now: a universe may be
    /// younger than the snapshot.
    ///
    /// # Errors
    /// What `look` says of the universes as of now; the store's own.
    pub async fn find<T>(
        &self,
        look: impl Fn(&Universes) -> Result<T, Declined>,
    ) -> Result<T, Failed> {
        let cached = self.current(Freshness::Cached).await?;
        match look(&cached) {
            Ok(found) => Ok(found),
            Err(_) => Ok(look(&self.current(Freshness::Fresh).await?)?),
        }
    }

    /// Replaces a snapshot past [`SOFT_AGE`]. It runs beside a request, so its failure is
    /// not the request's: the snapshot serves on until [`HARD_AGE`].
    pub async fn refresh_if_due(&self) {
        if self.local(HARD_AGE).is_none() || self.local(SOFT_AGE).is_some() {
            return;
        }
        if let Some(snapshot) = self.shared_snapshot(SOFT_AGE).await {
            self.keep(&snapshot);
        } else if let Err(error) = self.renew().await {
            tracing::warn!(%error, "rates were not refreshed");
        }
    }

    /// Reads the store and hands the snapshot to every level.
    ///
    /// # Errors
    /// The store's own.
    pub async fn renew(&self) -> Result<Universes, StoreError> {
        let snapshot = self.load().await?;
        if let Some(shared) = &self.shared
            && let Err(error) = shared.put(&snapshot).await
        {
            tracing::debug!(%error, "rates were not shared");
        }
        Ok(snapshot.universes)
    }

    /// Reads the store for this process alone: a process that starts waits for no other level.
    ///
    /// # Errors
    /// The store's own.
    pub async fn load(&self) -> Result<Snapshot, StoreError> {
        let read_at = self.clock.now();
        let universes = Universes::new(self.store.universes().await?);
        let snapshot = Snapshot { universes, read_at };
        self.keep(&snapshot);
        Ok(snapshot)
    }

    fn local(&self, age: Span) -> Option<Snapshot> {
        let local = self.local.lock().unwrap_or_else(PoisonError::into_inner);
        local.clone().filter(|snapshot| self.younger(snapshot, age))
    }

    async fn shared_snapshot(&self, age: Span) -> Option<Snapshot> {
        match self.shared.as_ref()?.get().await {
            Ok(found) => found.filter(|snapshot| self.younger(snapshot, age)),
            Err(error) => {
                tracing::debug!(%error, "rates were not found in the cache");
                None
            }
        }
    }

    /// A snapshot from the future is another machine's wrong clock: never served.
    fn younger(&self, snapshot: &Snapshot, age: Span) -> bool {
        let now = self.clock.now();
        snapshot.read_at <= now && now.since(snapshot.read_at) < age
    }

    fn keep(&self, snapshot: &Snapshot) {
        let mut local = self.local.lock().unwrap_or_else(PoisonError::into_inner);
        if local.as_ref().is_none_or(|old| old.read_at <= snapshot.read_at) {
            *local = Some(snapshot.clone());
        }
    }
}
