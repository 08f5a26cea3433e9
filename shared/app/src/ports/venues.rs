//! External venues: what is known of them, orders there, and what paces requests to them. What a
//! message to a venue looks like is not known here.

use async_trait::async_trait;
use domain::{
    id::{UserId, VenueOrderId},
    time::{Span, Timestamp},
    venue::{Breaker, Task, Venue, VenueAnswer, VenueId, VenueOrder},
};

use super::{NotQueued, Page, Position, StoreError};

/// The most venues: all of them are read at once, 20 rows of at most 16 KB each.
pub const VENUES_MAX: u32 = 20;

/// Venues.
#[async_trait]
pub trait Venues: Send + Sync {
    /// All venues, as of the last call.
    async fn venues(&self) -> Result<Vec<Venue>, StoreError>;

    /// Puts a venue in the place of the same one a version before; of version 1, where there is
    /// none. `false`: that is not what is there, and nothing was written.
    async fn put_venue(&self, venue: &Venue) -> Result<bool, StoreError>;

    /// How far the feed of a venue has been read: the number of its last message, 0 at first.
    async fn feed_position(&self, venue: VenueId) -> Result<u64, StoreError>;

    /// Notes how far the feed of a venue has been read, unless it has been read further.
    async fn put_feed_position(&self, venue: VenueId, seq: u64) -> Result<(), StoreError>;
}

/// A user's orders at venues, newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VenueOrderQuery {
    /// Whose.
    pub user: UserId,
    /// Where.
    pub venue: VenueId,
    /// Only what comes after this place in the list.
    pub after: Option<Position>,
    /// The most rows: 1 to 100.
    pub limit: u32,
}

impl VenueOrderQuery {
    /// An order's place in the list.
    #[must_use]
    pub fn position(order: &VenueOrder) -> Position {
        Position { key: order.terms.accepted_at.millis(), tie: order.terms.id.bits() }
    }
}

/// In how many parts all orders that are due are kept, so that each can be read by itself.
pub const VENUE_DUE_PARTS: u8 = 16;

/// The part that an order is in.
#[must_use]
pub fn venue_due_part(order: VenueOrderId) -> u8 {
    u8::try_from(order.bits() % u128::from(VENUE_DUE_PARTS)).unwrap_or(0)
}

/// Orders at venues. They are written by commits alone.
#[async_trait]
pub trait VenueOrders: Send + Sync {
    /// An order as of the last commit.
    async fn venue_order(&self, id: VenueOrderId) -> Result<Option<VenueOrder>, StoreError>;

    /// A page of a user's orders at a venue. Which are on it may lag a little; each is as of the
    /// last commit at some moment of the call.
    async fn venue_orders(&self, query: &VenueOrderQuery) -> Result<Page<VenueOrder>, StoreError>;

    /// Orders of one part, 0 to [`VENUE_DUE_PARTS`] − 1, that are due at a time, the longest due
    /// first; at most `limit`, 1 to 100. May lag a little.
    async fn due_venue_orders(
        &self,
        part: u8,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<VenueOrderId>, StoreError>;
}

/// What all who send to a venue agree on, and what it has sent already.
#[async_trait]
pub trait VenueTraffic: Send + Sync {
    /// A venue's breaker as of the last call; a new one if there is none.
    async fn breaker(&self, venue: VenueId) -> Result<Breaker, StoreError>;

    /// Puts a breaker in the place of the same one a version before. `false`: that is not what
    /// is there, and nothing was written.
    async fn replace_breaker(&self, breaker: &Breaker) -> Result<bool, StoreError>;

    /// Takes one of a venue's slots, from 0, until a time, unless somebody has it at `now`.
    /// `false`: somebody has.
    async fn take_slot(
        &self,
        venue: VenueId,
        slot: u16,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Gives a slot that was taken until a time back, from `free` on, unless somebody else has
    /// taken it since.
    async fn free_slot(
        &self,
        venue: VenueId,
        slot: u16,
        taken_until: Timestamp,
        free: Timestamp,
    ) -> Result<(), StoreError>;

    /// Notes that a venue has used a number once, which is remembered until a time at least.
    /// `false`: it had used it before.
    async fn spend_nonce(
        &self,
        venue: VenueId,
        nonce: u128,
        until: Timestamp,
    ) -> Result<bool, StoreError>;
}

/// Wakes whoever sees to orders at venues. A task may be lost, doubled, late, or early by as
/// much as its wait passes [`super::DELAY_MAX`]: what is to be done stands in the order.
#[async_trait]
pub trait PlacementQueue: Send + Sync {
    /// Queues a task for after this long, [`super::DELAY_MAX`] at most.
    async fn send(&self, task: Task, delay: Span) -> Result<(), NotQueued>;
}

/// Talks to venues. Each call is one request, answered or given up within 5 s.
#[async_trait]
pub trait VenueConnector: Send + Sync {
    /// Asks for an order to be placed. A venue takes an order under its id once: placing it
    /// again is answered like asking for it.
    async fn place(&self, venue: &Venue, order: &VenueOrder) -> VenueAnswer;

    /// Asks what has become of an order, with all of its fills.
    async fn find(&self, venue: &Venue, order: &VenueOrder) -> VenueAnswer;

    /// Asks for an order to be cancelled. One that is over already stays as it is.
    async fn cancel(&self, venue: &Venue, order: &VenueOrder) -> VenueAnswer;
}
