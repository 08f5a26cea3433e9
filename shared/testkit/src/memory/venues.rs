//! External venues, orders there, and what paces their traffic, as the store in memory answers
//! for them. Here nothing lags, and no number that a venue has used is ever forgotten.

use std::collections::{BTreeMap, BTreeSet};

use app::ports::{Page, StoreError, VenueOrderQuery, VenueOrders, VenueTraffic, Venues};
use async_trait::async_trait;
use domain::{
    id::VenueOrderId,
    time::Timestamp,
    venue::{Breaker, Venue, VenueId, VenueOrder},
};

use super::{MemoryStore, page};

/// What is kept of venues beside the orders there, which commits write.
#[derive(Debug, Default)]
pub(super) struct VenueRows {
    venues: BTreeMap<VenueId, Venue>,
    feeds: BTreeMap<VenueId, u64>,
    breakers: BTreeMap<VenueId, Breaker>,
    /// Until when each is taken.
    slots: BTreeMap<(VenueId, u16), Timestamp>,
    nonces: BTreeSet<(VenueId, u128)>,
}

/// Whether a version is the one after what is there; the first, if nothing is.
fn follows(before: Option<u64>, version: u64) -> bool {
    version.checked_sub(1) == Some(before.unwrap_or(0))
}

#[async_trait]
impl Venues for MemoryStore {
    async fn venues(&self) -> Result<Vec<Venue>, StoreError> {
        Ok(self.state().await.venues.venues.values().cloned().collect())
    }

    async fn put_venue(&self, venue: &Venue) -> Result<bool, StoreError> {
        let rows = &mut self.state().await.venues.venues;
        let fits = follows(rows.get(&venue.id).map(|there| there.version), venue.version);
        if fits {
            rows.insert(venue.id, venue.clone());
        }
        Ok(fits)
    }

    async fn feed_position(&self, venue: VenueId) -> Result<u64, StoreError> {
        Ok(self.state().await.venues.feeds.get(&venue).copied().unwrap_or(0))
    }

    async fn put_feed_position(&self, venue: VenueId, seq: u64) -> Result<(), StoreError> {
        let mut state = self.state().await;
        let position = state.venues.feeds.entry(venue).or_default();
        *position = seq.max(*position);
        Ok(())
    }
}

#[async_trait]
impl VenueOrders for MemoryStore {
    async fn venue_order(&self, id: VenueOrderId) -> Result<Option<VenueOrder>, StoreError> {
        Ok(self.state().await.rows.venue_orders.orders.get(&id).cloned())
    }

    async fn venue_orders(&self, query: &VenueOrderQuery) -> Result<Page<VenueOrder>, StoreError> {
        let state = self.state().await;
        let wanted = |order: &&VenueOrder| {
            order.terms.user == query.user && order.terms.venue == query.venue
        };
        let rows = state.rows.venue_orders.orders.values().filter(wanted).cloned().collect();
        Ok(page(rows, VenueOrderQuery::position, false, query.after, query.limit))
    }

    async fn due_venue_orders(
        &self,
        part: u8,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<VenueOrderId>, StoreError> {
        let state = self.state().await;
        let due = state.rows.venue_orders.due(part, until);
        Ok(due.take(usize::try_from(limit).unwrap_or(usize::MAX)).collect())
    }
}

#[async_trait]
impl VenueTraffic for MemoryStore {
    async fn breaker(&self, venue: VenueId) -> Result<Breaker, StoreError> {
        let there = self.state().await.venues.breakers.get(&venue).copied();
        Ok(there.unwrap_or_else(|| Breaker::new(venue)))
    }

    async fn replace_breaker(&self, breaker: &Breaker) -> Result<bool, StoreError> {
        let rows = &mut self.state().await.venues.breakers;
        let fits = follows(rows.get(&breaker.venue).map(|there| there.version), breaker.version);
        if fits {
            rows.insert(breaker.venue, *breaker);
        }
        Ok(fits)
    }

    async fn take_slot(
        &self,
        venue: VenueId,
        slot: u16,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        let slots = &mut self.state().await.venues.slots;
        let free = slots.get(&(venue, slot)).is_none_or(|taken_until| *taken_until <= now);
        if free {
            slots.insert((venue, slot), until);
        }
        Ok(free)
    }

    async fn free_slot(
        &self,
        venue: VenueId,
        slot: u16,
        taken_until: Timestamp,
        free: Timestamp,
    ) -> Result<(), StoreError> {
        let slots = &mut self.state().await.venues.slots;
        if let Some(until) = slots.get_mut(&(venue, slot)).filter(|until| **until == taken_until) {
            *until = free;
        }
        Ok(())
    }

    async fn spend_nonce(
        &self,
        venue: VenueId,
        nonce: u128,
        _until: Timestamp,
    ) -> Result<bool, StoreError> {
        Ok(self.state().await.venues.nonces.insert((venue, nonce)))
    }
}
