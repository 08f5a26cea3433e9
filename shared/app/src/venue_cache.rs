//! Venues that were read lately. A stale one is harmless: what an order at market is held to was
//! right a moment ago, and a venue that has been suspended since gets an order more.

use std::sync::{Arc, Mutex, PoisonError};

use domain::{
    refusal::Missing,
    time::{Span, Timestamp},
    venue::{Venue, VenueId},
};

use crate::{
    perform::{Failed, Freshness},
    ports::{Clock, Store, StoreError},
    tally,
};

/// How long venues may be served without being read again.
const LIFETIME: Span = Span::seconds(2);

/// The cache, in process.
pub struct VenueCache {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    venues: Mutex<Option<(Timestamp, Arc<[Venue]>)>>,
}

impl VenueCache {
    /// An empty cache in front of a store.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock, venues: Mutex::default() }
    }

    /// All venues, the oldest first, as fresh as asked.
    ///
    /// # Errors
    /// The store's own.
    pub async fn all(&self, freshness: Freshness) -> Result<Arc<[Venue]>, StoreError> {
        let now = self.clock.now();
        if freshness == Freshness::Cached
            && let Some((read_at, venues)) = &*self.cached()
            && now.since(*read_at) < LIFETIME
        {
            tally::count(|tally| tally.process_hits += 1);
            return Ok(Arc::clone(venues));
        }
        if freshness == Freshness::Cached {
            tally::count(|tally| tally.misses += 1);
        }
        let mut venues = self.store.venues().await?;
        venues.sort_by_key(|venue| (venue.created_at, venue.id));
        let venues: Arc<[Venue]> = venues.into();
        *self.cached() = Some((now, Arc::clone(&venues)));
        Ok(venues)
    }

    /// A venue, as fresh as asked. One that the cache does not know is looked for.
    ///
    /// # Errors
    /// [`Missing::Venue`]; the store's own.
    pub async fn get(&self, id: VenueId, freshness: Freshness) -> Result<Venue, Failed> {
        let named = |venues: &[Venue]| venues.iter().find(|venue| venue.id == id).cloned();
        if let Some(venue) = named(&self.all(freshness).await?) {
            return Ok(venue);
        }
        Ok(named(&self.all(Freshness::Fresh).await?).ok_or(Missing::Venue)?)
    }

    fn cached(&self) -> std::sync::MutexGuard<'_, Option<(Timestamp, Arc<[Venue]>)>> {
        self.venues.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
