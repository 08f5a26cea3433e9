//! Orders at external venues: accepting, finding and cancelling them. Getting them there is for
//! [`routing`], and what venues say of them for [`reports`].

pub mod feed;
pub mod reports;
pub mod routing;

use domain::{
    commit::Commit,
    id::{UserId, VenueOrderId},
    ledger::{Guard, Outcome},
    refusal::{Declined, Missing},
    time::Span,
    venue::{Venue, VenueId, VenueOrder, Wanted, place},
};

use crate::{
    market::{Asked, Market, TRIES_MAX},
    paging::Listing,
    perform::{Answer, Failed, Freshness, Operation, perform},
    ports::{Position, StoreError, VenueOrderQuery},
};

/// How long a cancellation is waited for before the client is told that it is under way.
const WAITS_MS: [u32; 7] = [5, 10, 25, 60, 150, 300, 450];

/// An order by the actor.
#[derive(Debug, Clone, Copy)]
pub struct PlaceVenueOrder {
    /// Where.
    pub venue: VenueId,
    /// What is wanted.
    pub wanted: Wanted,
}

impl Operation for PlaceVenueOrder {
    type Loaded = Venue;

    async fn load(&self, market: &Market, freshness: Freshness) -> Result<Venue, Failed> {
        market.venues.get(self.venue, freshness).await
    }

    fn decide(&self, guard: &Guard, venue: &Venue) -> Result<Commit, Declined> {
        place(guard, &self.wanted, venue)
    }
}

/// Accepts an order: from now on it is on its way, whatever happens to the venue or to us. The
/// answer is of the order as it was accepted, the first time and every other time.
///
/// # Errors
/// As [`perform`]; [`Missing::Venue`], [`Missing::Instrument`].
pub async fn place_order(
    market: &Market,
    asked: &Asked,
    operation: &PlaceVenueOrder,
) -> Result<Answer, Failed> {
    let answer = perform(market, asked, operation).await?;
    if let Outcome::Routed(terms) = &answer.entry.outcome {
        market.wake(&VenueOrder::begun(*terms)).await;
    }
    Ok(answer)
}

impl Market {
    /// Has an order at a venue seen to when it is due. If the queue fails, the sweep finds it.
    pub(crate) async fn wake(&self, order: &VenueOrder) {
        self.wake_after(order, order.next_at.since(self.clock.now())).await;
    }

    /// Has an order at a venue seen to after this long.
    pub(crate) async fn wake_after(&self, order: &VenueOrder, wait: Span) {
        let wait = wait.min(crate::ports::DELAY_MAX);
        if order.is_over() {
            return;
        }
        if let Err(error) = self.placements.send(order.task(), wait).await {
            tracing::warn!(%error, order = %order.terms.id, "the sweep will find it");
        }
    }
}

/// An order of the viewer's at a venue, or any for an administrator.
///
/// # Errors
/// [`Missing::Order`], also for another's, and for one at another venue.
pub async fn find_order(
    market: &Market,
    venue: VenueId,
    id: VenueOrderId,
    viewer: UserId,
    admin: bool,
) -> Result<VenueOrder, Failed> {
    let found = market.store.venue_order(id).await?;
    let theirs =
        |order: &VenueOrder| order.terms.venue == venue && (admin || order.terms.user == viewer);
    Ok(found.filter(theirs).ok_or(Missing::Order)?)
}

/// A user's orders at a venue, newest first. One that was placed just now may be missing.
///
/// # Errors
/// [`Missing::Venue`]; the store's own.
pub async fn list_orders(
    market: &Market,
    venue: VenueId,
    user: UserId,
    after: Option<Position>,
    limit: u32,
) -> Result<Listing<VenueOrder>, Failed> {
    let venue = market.venues.get(venue, Freshness::Cached).await?.id;
    let page = market.store.venue_orders(&VenueOrderQuery { user, venue, after, limit }).await?;
    let last = page.rows.last().filter(|_| page.more);
    Ok(Listing { next: last.map(VenueOrderQuery::position), rows: page.rows })
}

/// Cancels an order of the user's. What was never sent is over at once; else the venue is asked,
/// which is waited for a second at most. The order as it is then.
///
/// # Errors
/// [`Missing::Order`], also for another's; [`Failed::Busy`]; the store's own.
pub async fn cancel_order(
    market: &Market,
    venue: VenueId,
    id: VenueOrderId,
    user: UserId,
) -> Result<VenueOrder, Failed> {
    let mut order = request_cancel(market, venue, id, user).await?;
    for wait_ms in WAITS_MS {
        if order.is_over() {
            break;
        }
        market.clock.sleep(Span::millis(wait_ms)).await;
        order = find_order(market, venue, id, user, false).await?;
    }
    Ok(order)
}

async fn request_cancel(
    market: &Market,
    venue: VenueId,
    id: VenueOrderId,
    user: UserId,
) -> Result<VenueOrder, Failed> {
    for attempt in 0..TRIES_MAX {
        let order = find_order(market, venue, id, user, false).await?;
        let Some(next) = order.cancelled(market.clock.now()) else { return Ok(order) };
        if market.commit_try(&next.replacing(&order), attempt).await? {
            market.wake(&next).await;
            return Ok(next);
        }
    }
    Err(Failed::Busy)
}

/// Has an order seen to now, whatever it waits for. `false`: it is over, or somebody is at it.
///
/// # Errors
/// [`Missing::Order`]; [`Failed::Busy`]; the store's own.
pub async fn hasten(market: &Market, id: VenueOrderId) -> Result<bool, Failed> {
    for attempt in 0..TRIES_MAX {
        let order = market.store.venue_order(id).await?.ok_or(Missing::Order)?;
        let Some(next) = order.hastened(market.clock.now()) else {
            market.wake(&order).await;
            return Ok(false);
        };
        if market.commit_try(&next.replacing(&order), attempt).await? {
            market.wake(&next).await;
            return Ok(true);
        }
    }
    Err(Failed::Busy)
}

/// Makes a venue known, or changes what is known of it: `edit` makes it of what there is, and
/// may find that there is nothing to change.
///
/// # Errors
/// [`Failed::Busy`]; the store's own.
pub async fn put_venue(
    market: &Market,
    id: VenueId,
    edit: impl Fn(Option<&Venue>) -> Option<Venue>,
) -> Result<Option<Venue>, Failed> {
    for attempt in 0..TRIES_MAX {
        let all = market.store.venues().await?;
        let there = all.iter().find(|venue| venue.id == id);
        let Some(edited) = edit(there) else { return Ok(there.cloned()) };
        let version = there.map_or(0, |venue| venue.version).saturating_add(1);
        let venue = Venue { id, version, ..edited };
        if market.store.put_venue(&venue).await? {
            market.venues.all(Freshness::Fresh).await?;
            return Ok(Some(venue));
        }
        market.back_off(attempt).await;
    }
    Err(Failed::Busy)
}

fn unavailable(what: impl Into<String>) -> Failed {
    StoreError::Unavailable(what.into()).into()
}
