//! Venues, orders there and their traffic, counted as everything else is.

use app::ports::{Page, StoreError, VenueOrderQuery, VenueOrders, VenueTraffic, Venues};
use async_trait::async_trait;
use domain::{
    id::VenueOrderId,
    time::Timestamp,
    venue::{Breaker, Venue, VenueId, VenueOrder},
};

use super::MeteredStore;

#[async_trait]
impl Venues for MeteredStore {
    async fn venues(&self) -> Result<Vec<Venue>, StoreError> {
        self.count("venues", 0).venues().await
    }

    async fn put_venue(&self, venue: &Venue) -> Result<bool, StoreError> {
        self.count("put_venue", 0).put_venue(venue).await
    }

    async fn feed_position(&self, venue: VenueId) -> Result<u64, StoreError> {
        self.count("feed_position", 0).feed_position(venue).await
    }

    async fn put_feed_position(&self, venue: VenueId, seq: u64) -> Result<(), StoreError> {
        self.count("put_feed_position", 0).put_feed_position(venue, seq).await
    }
}

#[async_trait]
impl VenueOrders for MeteredStore {
    async fn venue_order(&self, id: VenueOrderId) -> Result<Option<VenueOrder>, StoreError> {
        self.count("venue_order", 0).venue_order(id).await
    }

    async fn venue_orders(&self, query: &VenueOrderQuery) -> Result<Page<VenueOrder>, StoreError> {
        self.count("venue_orders", 0).venue_orders(query).await
    }

    async fn due_venue_orders(
        &self,
        part: u8,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<VenueOrderId>, StoreError> {
        self.count("due_venue_orders", 0).due_venue_orders(part, until, limit).await
    }
}

#[async_trait]
impl VenueTraffic for MeteredStore {
    async fn breaker(&self, venue: VenueId) -> Result<Breaker, StoreError> {
        self.count("breaker", 0).breaker(venue).await
    }

    async fn replace_breaker(&self, breaker: &Breaker) -> Result<bool, StoreError> {
        self.count("replace_breaker", 0).replace_breaker(breaker).await
    }

    async fn take_slot(
        &self,
        venue: VenueId,
        slot: u16,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        self.count("take_slot", 0).take_slot(venue, slot, now, until).await
    }

    async fn free_slot(
        &self,
        venue: VenueId,
        slot: u16,
        taken_until: Timestamp,
        free: Timestamp,
    ) -> Result<(), StoreError> {
        self.count("free_slot", 0).free_slot(venue, slot, taken_until, free).await
    }

    async fn spend_nonce(
        &self,
        venue: VenueId,
        nonce: u128,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        self.count("spend_nonce", 0).spend_nonce(venue, nonce, until).await
    }
}
