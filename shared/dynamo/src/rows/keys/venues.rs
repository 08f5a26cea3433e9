//! The keys of venues, of orders there, and of what paces and remembers their traffic.

use app::ports::{StoreError, VenueOrderQuery, venue_due_part};
use domain::{
    id::{UserId, VenueOrderId},
    time::Timestamp,
    venue::{Breaker, Venue, VenueId, VenueOrder},
};

use super::{Row, Spelled, corrupt, due_at, due_in, in_part, placed, sweep_after, text, text_of};
use crate::schema::VENUES as TABLE;

/// The partition of all venues.
pub(crate) const VENUES: &str = "venues";
/// The attribute with the number of the last message that was read of a feed.
pub(crate) const FEED_SEQ: &str = "seq";
/// The attribute that says until when a slot is taken, in milliseconds.
pub(crate) const TAKEN_UNTIL: &str = "until";
const FEEDS: &str = "feeds";
const BREAKERS: &str = "breakers";
const ORDER: &str = "order";
const SPENT: &str = "spent";

/// How far a venue's feed was read.
pub(crate) fn feed(venue: VenueId) -> Row {
    in_part(FEEDS, venue.spell())
}

/// A venue's breaker.
pub(crate) fn breaker(venue: VenueId) -> Row {
    in_part(BREAKERS, venue.spell())
}

/// One of a venue's slots: five digits, as many as the largest has.
pub(crate) fn slot(venue: VenueId, slot: u16) -> Row {
    in_part(format!("slots#{venue}"), format!("{slot:05}"))
}

/// A number that a venue has used, with the time after which it may be swept.
pub(crate) fn nonce(venue: VenueId, nonce: u128, until: Timestamp) -> Row {
    let mut row = in_part(format!("nonce#{venue}#{nonce:032x}"), SPENT);
    sweep_after(&mut row, until);
    row
}

/// An order at a venue.
pub(crate) fn venue_order(id: VenueOrderId) -> Row {
    in_part(id.spell(), ORDER)
}

/// Which order a row of an index is about.
pub(crate) fn venue_order_of(row: &Row) -> Result<VenueOrderId, StoreError> {
    let id = text_of(row, TABLE.partition).and_then(VenueOrderId::read);
    id.ok_or_else(|| corrupt("a row of an order at a venue without its id"))
}

/// Whose an order is, and where.
pub(crate) fn owner(venue: VenueId, user: UserId) -> String {
    format!("{venue}#{user}")
}

pub(in crate::rows) fn of_venue(value: &Venue, row: &mut Row) {
    row.extend(in_part(VENUES, value.id.spell()));
}

pub(in crate::rows) fn of_breaker(value: &Breaker, row: &mut Row) {
    row.extend(breaker(value.venue));
}

/// What is not over is in the index of what is due.
pub(in crate::rows) fn of_venue_order(value: &VenueOrder, row: &mut Row) {
    let terms = &value.terms;
    row.extend(venue_order(terms.id));
    row.insert("owner".to_owned(), text(owner(terms.venue, terms.user)));
    let position = VenueOrderQuery::position(value);
    row.insert("placed".to_owned(), text(placed(position, VenueOrderId::from_bits)));
    if let Some(time) = value.due_at() {
        row.insert("due".to_owned(), text(due_in(venue_due_part(terms.id))));
        row.insert("due_at".to_owned(), text(due_at(time)));
    }
}
