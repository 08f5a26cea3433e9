//! What a venue says of an order, and what that makes of it. The same thing may be said twice,
//! late, and in any order: each fill is settled once, and what is held is freed when the venue
//! has said how much it filled in all.

use super::{
    Ending, Phase, Reference, VenueFill, VenueOrder, VenueTerms, order::worth,
    routing::MISSING_AFTER,
};
use crate::{
    account::Leg,
    activity::Occasion,
    amount::{Amount, Money},
    commit::{Commit, Write},
    id::{EntryId, VenueOrderId},
    ledger::{Cause, Entry, Fingerprint, Holder, Movement, Outcome, Posting, Postings},
    order::Side,
    refusal::Declined,
    time::Timestamp,
};

/// How far an order has come at a venue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VenueStatus {
    /// It may be filled.
    Open,
    /// All of it was filled.
    Filled,
    /// It was cancelled.
    Cancelled,
    /// Its time was over.
    Expired,
    /// The venue refused it, or what was left of it.
    Rejected,
}

impl VenueStatus {
    const ALL: [Self; 5] =
        [Self::Open, Self::Filled, Self::Cancelled, Self::Expired, Self::Rejected];

    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Filled => "filled",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
            Self::Rejected => "rejected",
        }
    }

    /// The status that a word stands for.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }

    fn ending(self) -> Option<Ending> {
        match self {
            Self::Open => None,
            Self::Filled => Some(Ending::Filled),
            Self::Cancelled => Some(Ending::Cancelled),
            Self::Expired => Some(Ending::Expired),
            Self::Rejected => Some(Ending::Rejected),
        }
    }
}

/// A part of an order that a venue filled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Execution {
    /// What the venue calls it: no two of its fills have one name.
    pub id: Reference,
    /// How many pieces; not none.
    pub quantity: Amount,
    /// What a piece cost, in minor units of the venue's currency; not nothing.
    pub price: Amount,
}

/// What a venue says of an order at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VenueState {
    /// What it calls the order.
    pub reference: Reference,
    /// How far it has come.
    pub status: VenueStatus,
    /// How many pieces are filled, of all fills together.
    pub executed: Amount,
    /// Fills: all of them in an answer, and the one that it is about in a report.
    pub executions: Vec<Execution>,
}

/// A message of a venue's about an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Which order.
    pub order: VenueOrderId,
    /// What is said of it.
    pub state: VenueState,
}

/// A fill that must not be settled, for the venue contradicts itself or what was agreed. Nothing
/// moves; somebody must ask the venue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Dispute {
    /// More than was left of the order, or after the venue had said that there was no more.
    #[error("{} pieces were filled, but only {} could be", .quantity.minor(), .outstanding.minor())]
    Overfilled {
        /// How many.
        quantity: Amount,
        /// How many could be.
        outstanding: Amount,
    },
    /// Worse than the order's limit.
    #[error("a fill at {} passes the limit of {}", .price.minor(), .limit.minor())]
    WorsePrice {
        /// The fill's, in minor units.
        price: Amount,
        /// The order's, in minor units.
        limit: Amount,
    },
    /// Nothing, or for nothing.
    #[error("a fill of nothing, or for nothing")]
    Void,
    /// Another fill has its name.
    #[error("another fill has its name")]
    NameTaken,
    /// The owner's wallet has no room for it.
    #[error("the wallet has no room for it")]
    NoRoom,
}

/// What a message makes of an order, and how it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// The order after it.
    pub order: VenueOrder,
    /// All that is written.
    pub commit: Commit,
}

impl VenueOrder {
    /// The order after what the venue says of it, fills aside; `None`: it stays as it is.
    #[must_use]
    pub fn told(&self, state: &VenueState, now: Timestamp) -> Option<Self> {
        if self.is_over() {
            return None;
        }
        let mut next = self.clone();
        next.reference.get_or_insert_with(|| state.reference.clone());
        if next.phase != Phase::Placed {
            next.phase = Phase::Placed;
            (next.unclear, next.ending, next.failures) = (None, None, 0);
            next.next_at = next.watched_at(now);
        }
        if let Some(ending) = state.status.ending().filter(|_| next.last.is_none()) {
            let said = state.executed.min(next.terms.quantity);
            next.last = Some(said.max(next.executed));
            next.ending = Some(ending);
            next.next_at = now.plus(MISSING_AFTER);
        }
        next.close_if_complete();
        (next != *self).then(|| next.next(now))
    }

    fn close_if_complete(&mut self) {
        if self.executed == self.terms.quantity {
            self.ending = Some(Ending::Filled);
        } else if self.last.is_none_or(|last| self.executed < last) {
            return;
        }
        self.phase = Phase::Over;
        self.unclear = None;
    }

    fn with(&self, execution: &Execution) -> Result<(Self, Amount), Dispute> {
        let Execution { quantity, price, .. } = *execution;
        let (limit, outstanding) = (self.terms.price, self.outstanding());
        if quantity.is_zero() || price.is_zero() {
            return Err(Dispute::Void);
        }
        if quantity > outstanding {
            return Err(Dispute::Overfilled { quantity, outstanding });
        }
        let worse = match self.terms.side {
            Side::Buy => price > limit,
            Side::Sell => price < limit,
        };
        if worse {
            return Err(Dispute::WorsePrice { price, limit });
        }
        let cost = worth(price, quantity).ok_or(Dispute::NoRoom)?;
        let mut next = self.clone();
        next.executed = next.executed.checked_add(quantity).ok_or(Dispute::NoRoom)?;
        next.notional = next.notional.checked_add(cost).ok_or(Dispute::NoRoom)?;
        Ok((next, cost))
    }

    /// Settles one fill of what the venue says of the order, together with the rest that it
    /// says, under the one `entry` that such a fill can ever have.
    ///
    /// # Errors
    /// [`Dispute`]; then nothing must be written. [`Declined::Unsound`] is a bug of ours.
    pub fn settling(
        &self,
        execution: &Execution,
        state: &VenueState,
        entry: EntryId,
        now: Timestamp,
    ) -> Result<Result<Applied, Dispute>, Declined> {
        let (filled, cost) = match self.with(execution) {
            Ok(filled) => filled,
            Err(dispute) => return Ok(Err(dispute)),
        };
        let next = filled.told(state, now).unwrap_or_else(|| filled.next(now));
        let terms = &self.terms;
        let fill = self.fill(execution);
        let cash = Money { amount: cost, currency: terms.currency };
        let legs = postings(self, &fill, cash)?;
        let movement = Movement {
            party: terms.user,
            counterparty: None,
            cause: Cause::VenueFill(fill.clone()),
            postings: legs,
        };
        let legs = self.legs(&next, &movement.postings)?;
        let entry = Entry {
            id: entry,
            actor: terms.user,
            fingerprint: fill.fingerprint(),
            at: next.changed_at,
            outcome: Outcome::Moved(movement),
        };
        let change = next.change(Occasion::VenueFill, entry.id);
        let commit = Commit::of(vec![
            Write::PutEntry(entry),
            Write::MoveFunds { user: terms.user, legs, change },
            next.in_place_of(self),
        ]);
        Ok(Ok(Applied { order: next, commit }))
    }

    fn fill(&self, execution: &Execution) -> VenueFill {
        let VenueTerms { venue, id, side, instrument, currency, .. } = self.terms;
        let Execution { id: execution, quantity, price } = execution.clone();
        let price = Money { amount: price, currency };
        VenueFill { venue, execution, order: id, side, instrument, quantity, price }
    }

    /// What a fill of it under this name must always say.
    #[must_use]
    pub fn fingerprint_of(&self, execution: &Execution) -> Fingerprint {
        self.fill(execution).fingerprint()
    }

    /// What moves in the owner's wallets: the postings' legs, with what was held for the order
    /// and is not any more made available first.
    fn legs(&self, next: &Self, postings: &Postings) -> Result<Vec<Leg>, Declined> {
        let mut legs = postings.legs().map_err(Declined::Unsound)?;
        let mut legs = legs.remove(&self.terms.user).unwrap_or_default();
        let (held, kept) = (self.reserved(), next.reserved());
        let freed = held.amount.minor().saturating_sub(kept.amount.minor());
        for leg in legs.iter_mut().filter(|leg| leg.currency == held.currency) {
            leg.available = leg.available.saturating_add(freed);
            leg.held = leg.held.saturating_sub(freed);
        }
        legs.retain(|leg| !leg.is_nothing());
        Ok(legs)
    }
}

/// The owner pays the venue and is delivered, or delivers and is paid.
fn postings(order: &VenueOrder, fill: &VenueFill, cash: Money) -> Result<Postings, Declined> {
    let owner = Holder::User(order.terms.user);
    let pieces = fill.instrument.pieces(fill.quantity);
    let (paid, received) = match fill.side {
        Side::Buy => (cash, pieces),
        Side::Sell => (pieces, cash),
    };
    let postings = vec![
        Posting { from: owner, to: Holder::Venues, money: paid },
        Posting { from: Holder::Venues, to: owner, money: received },
    ];
    Postings::checked(postings).map_err(Declined::Unsound)
}
