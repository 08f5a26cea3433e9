//! Venues, orders there and their traffic fail as commits and reads do, but for conflicts.

use app::ports::{Page, StoreError, VenueOrderQuery, VenueOrders, VenueTraffic, Venues};
use async_trait::async_trait;
use domain::{
    id::VenueOrderId,
    time::Timestamp,
    venue::{Breaker, Venue, VenueId, VenueOrder},
};

use super::FaultyStore;

#[async_trait]
impl Venues for FaultyStore {
    async fn venues(&self) -> Result<Vec<Venue>, StoreError> {
        self.read("venues", self.inner.venues()).await
    }

    async fn put_venue(&self, venue: &Venue) -> Result<bool, StoreError> {
        self.write("put_venue", self.inner.put_venue(venue)).await
    }

    async fn feed_position(&self, venue: VenueId) -> Result<u64, StoreError> {
        self.read("feed_position", self.inner.feed_position(venue)).await
    }

    async fn put_feed_position(&self, venue: VenueId, seq: u64) -> Result<(), StoreError> {
        self.write("put_feed_position", self.inner.put_feed_position(venue, seq)).await
    }
}

#[async_trait]
impl VenueOrders for FaultyStore {
    async fn venue_order(&self, id: VenueOrderId) -> Result<Option<VenueOrder>, StoreError> {
        self.read("venue_order", self.inner.venue_order(id)).await
    }

    async fn venue_orders(&self, query: &VenueOrderQuery) -> Result<Page<VenueOrder>, StoreError> {
        self.read_lagging("venue_orders", self.inner.venue_orders(query)).await
    }

    async fn due_venue_orders(
        &self,
        part: u8,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<VenueOrderId>, StoreError> {
        self.read("due_venue_orders", self.inner.due_venue_orders(part, until, limit)).await
    }
}

#[async_trait]
impl VenueTraffic for FaultyStore {
    async fn breaker(&self, venue: VenueId) -> Result<Breaker, StoreError> {
        self.read("breaker", self.inner.breaker(venue)).await
    }

    async fn replace_breaker(&self, breaker: &Breaker) -> Result<bool, StoreError> {
        self.write("replace_breaker", self.inner.replace_breaker(breaker)).await
    }

    async fn take_slot(
        &self,
        venue: VenueId,
        slot: u16,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        self.write("take_slot", self.inner.take_slot(venue, slot, now, until)).await
    }

    async fn free_slot(
        &self,
        venue: VenueId,
        slot: u16,
        taken_until: Timestamp,
        free: Timestamp,
    ) -> Result<(), StoreError> {
        self.write("free_slot", self.inner.free_slot(venue, slot, taken_until, free)).await
    }

    async fn spend_nonce(
        &self,
        venue: VenueId,
        nonce: u128,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        self.write("spend_nonce", self.inner.spend_nonce(venue, nonce, until)).await
    }
}
