//! An order at an external venue: what was asked, how far it has come, and what of its owner's
//! money or pieces is still held for it.

use std::str::FromStr;

use super::{Attempt, Instrument, Reference, VenueId};
use crate::{
    account::Change,
    account::Leg,
    activity::{News, Occasion},
    amount::{Amount, Money},
    commit::{Commit, Write},
    currency::Currency,
    id::{EntryId, UserId, VenueOrderId},
    order::{OrderKind, Side},
    time::Timestamp,
};

/// What an order asks for. It never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VenueTerms {
    /// The order.
    pub id: VenueOrderId,
    /// Whose it is.
    pub user: UserId,
    /// Where it is placed.
    pub venue: VenueId,
    /// Buy or sell.
    pub side: Side,
    /// How its price was given.
    pub kind: OrderKind,
    /// What is traded.
    pub instrument: Instrument,
    /// How many pieces: 1 to [`super::QUANTITY_MAX`].
    pub quantity: Amount,
    /// The worst price of a piece: its limit, or how far an order at market may go.
    pub price: Amount,
    /// What the price is in.
    pub currency: Currency,
    /// Until when it may be placed, and filled.
    pub valid_until: Timestamp,
    /// When it was accepted.
    pub accepted_at: Timestamp,
}

impl VenueTerms {
    /// What must be held for so many pieces. The whole order was checked when it was accepted,
    /// so no part of it is too large.
    #[must_use]
    pub fn hold(&self, pieces: Amount) -> Money {
        match self.side {
            Side::Sell => self.instrument.pieces(pieces),
            Side::Buy => {
                let worth = worth(self.price, pieces).unwrap_or(Amount::MAX);
                Money { amount: worth, currency: self.currency }
            }
        }
    }

    /// The entry that accepted it.
    #[must_use]
    pub fn entry(&self) -> EntryId {
        EntryId::from_bits(self.id.bits())
    }
}

/// What so many pieces are worth, unless it passes [`Amount::MAX`].
pub(super) fn worth(price: Amount, pieces: Amount) -> Option<Amount> {
    let product = price.minor().checked_mul(pieces.minor())?;
    Amount::from_minor(product).ok()
}

/// How far an order has come on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Accepted by us; no attempt has begun.
    Queued,
    /// It is being placed; at least one attempt has begun.
    Placing,
    /// The venue has it.
    Placed,
    /// It is not to be placed any more, but it is not certain that the venue has not got it.
    Reconciling,
    /// It is over: see [`VenueOrder::ending`].
    Over,
}

impl Phase {
    const ALL: [Self; 5] =
        [Self::Queued, Self::Placing, Self::Placed, Self::Reconciling, Self::Over];

    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Placing => "placing",
            Self::Placed => "placed",
            Self::Reconciling => "reconciling",
            Self::Over => "over",
        }
    }

    /// The phase that a word stands for.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|phase| phase.as_str() == word)
    }
}

/// Why an order is over, or is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// All of it was filled.
    Filled,
    /// Its owner cancelled it.
    Cancelled,
    /// Its time was over.
    Expired,
    /// The venue refused it.
    Rejected,
    /// All attempts came to nothing.
    AttemptsExhausted,
}

impl Ending {
    const ALL: [Self; 5] =
        [Self::Filled, Self::Cancelled, Self::Expired, Self::Rejected, Self::AttemptsExhausted];

    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Filled => "filled",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
            Self::Rejected => "rejected",
            Self::AttemptsExhausted => "attempts_exhausted",
        }
    }

    /// The ending that a word stands for.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|ending| ending.as_str() == word)
    }
}

/// What an order's owner is told about it, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoutingStatus {
    /// Accepted, and no attempt has begun.
    Queued,
    /// It is being placed.
    Placing,
    /// The venue has it, and nothing was filled.
    Placed,
    /// It is not to be placed any more; whether the venue has it is being found out.
    Reconciling,
    /// It was certainly never placed, or the venue refused it; nothing was filled.
    Failed,
    /// Some of it was filled, and more may be.
    PartiallyFilled,
    /// All of it was filled.
    Filled,
    /// It is over, by its owner or by its time, whatever was filled before.
    Cancelled,
}

/// The text is no status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be queued, placing, placed, reconciling, failed, partially_filled, filled or cancelled"
)]
pub struct InvalidRoutingStatus;

impl RoutingStatus {
    const ALL: [Self; 8] = [
        Self::Queued,
        Self::Placing,
        Self::Placed,
        Self::Reconciling,
        Self::Failed,
        Self::PartiallyFilled,
        Self::Filled,
        Self::Cancelled,
    ];

    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Placing => "placing",
            Self::Placed => "placed",
            Self::Reconciling => "reconciling",
            Self::Failed => "failed",
            Self::PartiallyFilled => "partially_filled",
            Self::Filled => "filled",
            Self::Cancelled => "cancelled",
        }
    }
}

impl FromStr for RoutingStatus {
    type Err = InvalidRoutingStatus;

    fn from_str(text: &str) -> Result<Self, InvalidRoutingStatus> {
        let found = Self::ALL.into_iter().find(|status| status.as_str() == text);
        found.ok_or(InvalidRoutingStatus)
    }
}

/// Of an attempt to place an order it is not known whether the venue got it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unclear {
    /// When the last such attempt began.
    pub since: Timestamp,
    /// Whether the venue has said since that it does not know the order. It may get it yet, but
    /// it is as good as asked: it takes an order under one id once.
    pub asked: bool,
}

/// An order, and how far it has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VenueOrder {
    /// What it asks for.
    pub terms: VenueTerms,
    /// How far it is on its way.
    pub phase: Phase,
    /// Why it is over; before, why it is to be.
    pub ending: Option<Ending>,
    /// What the venue calls it.
    pub reference: Option<Reference>,
    /// Pieces filled.
    pub executed: Amount,
    /// What the fills were worth, in minor units of the currency.
    pub notional: Amount,
    /// How many pieces the venue says that it filled in all, once it says that there will be no
    /// more. Those that are not settled yet are on their way.
    pub last: Option<Amount>,
    /// Whether its owner wants it cancelled.
    pub cancel_requested: bool,
    /// How many attempts to place it have begun.
    pub sends: u32,
    /// How many attempts in a row have come to nothing.
    pub failures: u32,
    /// Whether it may be at the venue although the venue has not said so.
    pub unclear: Option<Unclear>,
    /// When something is to be done next, until it is over.
    pub next_at: Timestamp,
    /// Counts what was begun to be done.
    pub round: u32,
    /// Chosen at random by whoever has begun the newest attempt: so that two who begin it at the
    /// same moment do not write the same thing, which a store takes for one write said twice.
    pub hand: u32,
    /// The newest attempts, the oldest first.
    pub attempts: Vec<Attempt>,
    /// When it last changed.
    pub changed_at: Timestamp,
    /// Counts its changes, from 1.
    pub version: u64,
}

impl VenueOrder {
    /// Just accepted.
    #[must_use]
    pub fn begun(terms: VenueTerms) -> Self {
        Self {
            terms,
            phase: Phase::Queued,
            ending: None,
            reference: None,
            executed: Amount::ZERO,
            notional: Amount::ZERO,
            last: None,
            cancel_requested: false,
            sends: 0,
            failures: 0,
            unclear: None,
            next_at: terms.accepted_at,
            round: 1,
            hand: 0,
            attempts: Vec::new(),
            changed_at: terms.accepted_at,
            version: 1,
        }
    }

    /// Whether nothing more can become of it.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.phase == Phase::Over
    }

    /// Its status in one word.
    #[must_use]
    pub fn status(&self) -> RoutingStatus {
        match (self.phase, self.ending) {
            (Phase::Queued, _) => RoutingStatus::Queued,
            (Phase::Placing, _) => RoutingStatus::Placing,
            (Phase::Reconciling, _) => RoutingStatus::Reconciling,
            (Phase::Placed, _) if self.executed.is_zero() => RoutingStatus::Placed,
            (Phase::Placed, _) => RoutingStatus::PartiallyFilled,
            (Phase::Over, Some(Ending::Filled)) => RoutingStatus::Filled,
            (Phase::Over, Some(Ending::Cancelled)) => RoutingStatus::Cancelled,
            // It was placed, and its time was over there.
            (Phase::Over, Some(Ending::Expired)) if self.reference.is_some() => {
                RoutingStatus::Cancelled
            }
            (Phase::Over, _) if self.executed.is_zero() => RoutingStatus::Failed,
            (Phase::Over, _) => RoutingStatus::Cancelled,
        }
    }

    /// How many pieces may yet be filled.
    #[must_use]
    pub fn outstanding(&self) -> Amount {
        if self.is_over() {
            return Amount::ZERO;
        }
        let last = self.last.unwrap_or(self.terms.quantity);
        last.checked_sub(self.executed).unwrap_or(Amount::ZERO)
    }

    /// What is held for it: money to buy with, or pieces to sell.
    #[must_use]
    pub fn reserved(&self) -> Money {
        self.terms.hold(self.outstanding())
    }

    /// What its owner is told.
    #[must_use]
    pub fn news(&self) -> VenueNews {
        VenueNews {
            venue: self.terms.venue,
            order: self.terms.id,
            status: self.status(),
            ending: self.ending.filter(|_| self.is_over()),
            cancel_requested: self.cancel_requested,
            instrument: self.terms.instrument,
            executed: self.executed,
            quantity: self.terms.quantity,
            notional: Money { amount: self.notional, currency: self.terms.currency },
        }
    }

    /// Whether something is to be done, and when.
    #[must_use]
    pub fn due_at(&self) -> Option<Timestamp> {
        Some(self.next_at).filter(|_| !self.is_over())
    }

    /// As it is after its next change.
    pub(super) fn next(&self, now: Timestamp) -> Self {
        let version = self.version.saturating_add(1);
        Self { version, changed_at: now.max(self.changed_at), ..self.clone() }
    }

    /// Writes this order in the place of `before`, one version earlier. What is not held any
    /// more is available again, and its owner is told if there is anything to tell.
    #[must_use]
    pub fn replacing(&self, before: &Self) -> Commit {
        let mut writes = vec![self.in_place_of(before)];
        let freed = before.reserved().amount.checked_sub(self.reserved().amount);
        let freed = freed.filter(|freed| !freed.is_zero());
        if freed.is_some() || before.news() != self.news() {
            let currency = before.reserved().currency;
            let release = |amount| Leg::release(Money { amount, currency });
            writes.push(Write::MoveFunds {
                user: self.terms.user,
                legs: freed.into_iter().map(release).collect(),
                change: self.change(Occasion::VenueOrder, self.terms.entry()),
            });
        }
        Commit::of(writes)
    }

    /// A change of the owner's account that is about this order.
    pub(super) fn change(&self, occasion: Occasion, entry: EntryId) -> Change {
        let news = News { venue: Some(self.news()), ..News::of(occasion) };
        Change { entry, at: self.changed_at, news }
    }

    pub(super) fn in_place_of(&self, before: &Self) -> Write {
        let index_rows = match (before.due_at(), self.due_at()) {
            (Some(then), Some(now)) if then != now => 2,
            (Some(_), None) | (None, Some(_)) => 1,
            _ => 0,
        };
        Write::ReplaceVenueOrder { order: Box::new(self.clone()), index_rows }
    }
}

/// How far an order at a venue has come, as its owner is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VenueNews {
    /// Where.
    pub venue: VenueId,
    /// Which.
    pub order: VenueOrderId,
    /// In one word.
    pub status: RoutingStatus,
    /// Why it is over, if it is.
    pub ending: Option<Ending>,
    /// Whether its owner wants it cancelled.
    pub cancel_requested: bool,
    /// What is traded.
    pub instrument: Instrument,
    /// Pieces filled, of all fills together.
    pub executed: Amount,
    /// Pieces in all.
    pub quantity: Amount,
    /// What the fills were worth.
    pub notional: Money,
}
