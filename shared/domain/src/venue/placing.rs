//! Accepting an order for a venue: what must be held, and that it is to be placed. What becomes
//! of it, the venue decides.

use super::{Instrument, Venue, VenueOrder, VenueTerms, order::worth};
use crate::{
    account::Leg,
    activity::Occasion,
    amount::Amount,
    commit::{Commit, Write},
    id::VenueOrderId,
    ledger::{Entry, Guard, Outcome},
    order::{OrderKind, Side},
    refusal::{Declined, Missing, Refusal},
    time::{Span, Timestamp},
};

/// The most pieces of one order: at the highest price that fits, 10^9 of them are 10^18.
pub const QUANTITY_MAX: u32 = 1_000_000_000;
/// How long an order may be placed and filled unless it says so: a day.
pub const VALID_UNLESS_SAID: Span = Span::seconds(24 * 3600);
/// The longest that an order may be placed and filled: thirty days.
pub const VALID_MAX: Span = Span::seconds(30 * 24 * 3600);

/// How an order's price is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pricing {
    /// By its owner, for a piece, in minor units of the venue's currency; not zero.
    Limit(Amount),
    /// By the venue, not further from the listing's reference than the venue's collar.
    Market,
}

/// What someone wants to place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// Buy or sell.
    pub side: Side,
    /// At what price.
    pub pricing: Pricing,
    /// Of what.
    pub instrument: Instrument,
    /// How many pieces: 1 to [`QUANTITY_MAX`].
    pub quantity: Amount,
    /// Until when it may be placed and filled; if it does not say, [`VALID_UNLESS_SAID`].
    pub valid_until: Option<Timestamp>,
}

/// Accepts an order of the guard's actor: its entry, its hold, and the order itself, which is
/// due at once.
///
/// # Errors
/// [`Missing::Instrument`]; [`Refusal::VenueSuspended`], [`Refusal::NoReferencePrice`],
/// [`Refusal::ValidUntilOutOfRange`], [`Refusal::AmountTooLarge`].
pub fn place(guard: &Guard, wanted: &Wanted, venue: &Venue) -> Result<Commit, Declined> {
    let terms = accept(guard, wanted, venue)?;
    let Guard { entry: id, actor, fingerprint, at, .. } = *guard;
    let outcome = Outcome::Routed(terms);
    let order = VenueOrder::begun(terms);
    let change = order.change(Occasion::VenueOrderPlaced, guard.entry);
    let legs = vec![Leg::hold(order.reserved())];
    Ok(Commit::of(vec![
        Write::PutEntry(Entry { id, actor, fingerprint, at, outcome }),
        Write::MoveFunds { user: actor, legs, change },
        Write::PutVenueOrder(Box::new(order)),
    ]))
}

fn accept(guard: &Guard, wanted: &Wanted, venue: &Venue) -> Result<VenueTerms, Declined> {
    let listing = venue.listing(wanted.instrument).ok_or(Missing::Instrument)?;
    if venue.suspended {
        return Err(Refusal::VenueSuspended.into());
    }
    let (kind, price) = match wanted.pricing {
        Pricing::Limit(price) => (OrderKind::Limit, price),
        Pricing::Market => {
            let reference = listing.reference.ok_or(Refusal::NoReferencePrice)?;
            let price = collar(wanted.side, reference, venue.collar_bps);
            (OrderKind::Market, price.ok_or(Refusal::AmountTooLarge)?)
        }
    };
    let latest = guard.at.plus(VALID_MAX);
    let valid_until = wanted.valid_until.unwrap_or(guard.at.plus(VALID_UNLESS_SAID));
    if valid_until <= guard.at || valid_until > latest {
        return Err(Refusal::ValidUntilOutOfRange.into());
    }
    // Also what a sale may bring must fit, so that no part of it can fail to be settled.
    worth(price, wanted.quantity).ok_or(Refusal::AmountTooLarge)?;
    Ok(VenueTerms {
        id: VenueOrderId::from_bits(guard.entry.bits()),
        user: guard.actor,
        venue: venue.id,
        side: wanted.side,
        kind,
        instrument: wanted.instrument,
        quantity: wanted.quantity,
        price,
        currency: venue.currency,
        valid_until,
        accepted_at: guard.at,
    })
}

/// The worst price of an order at market: the reference, and so many basis points, rounded away
/// from it; never below one minor unit.
fn collar(side: Side, reference: Amount, collar_bps: u16) -> Option<Amount> {
    let reference = i128::from(reference.minor());
    let bps = i128::from(collar_bps);
    let price = match side {
        Side::Buy => reference.checked_mul(bps.checked_add(10_000)?)?.checked_add(9_999)?,
        Side::Sell => reference.checked_mul(10_000_i128.checked_sub(bps)?)?,
    };
    let price = i64::try_from(price.checked_div(10_000)?).ok()?;
    Amount::from_minor(price.max(1)).ok()
}
