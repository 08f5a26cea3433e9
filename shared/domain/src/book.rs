//! The book of one pair: commands in, events out, the same ones for the same commands. It knows
//! no wallet, no clock and no store; ids, prices and money held come with the orders.

use crate::{
    amount::Amount,
    id::{OrderId, UserId},
    order::{Closed, Side, Working},
    pair::{Lots, Pair, PairStatus, Steps, Ticks},
};

mod amend;
mod matching;
#[cfg(test)]
mod oracle;
mod queues;
#[cfg(test)]
mod rehearsal;
mod settling;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod witness;

pub use queues::Level;
use queues::Queues;

/// What a book knows besides its resting orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// What may be done now.
    pub status: PairStatus,
    /// The last place in the queue that was given; 0 before the first.
    pub sequence: u64,
    /// The number of the last trade; 0 before the first.
    pub trades: u64,
    /// The price of the last trade.
    pub last_price: Option<Ticks>,
}

/// What is asked of a book. What is refused changes nothing but what its event says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// Matches an order and lets it rest, unless it rests already or has no lots to fill: then
    /// nothing happens. Its `reserved` is what [`Working::required`] says.
    Place {
        /// The order.
        working: Working,
        /// Whether its matching was cut off: right after an [`Event::Filled`], or after an
        /// older order of its owner's ended because it cancels those. Then it goes on from its
        /// tally, whatever the status: it is not checked again whether it can be filled
        /// whole, or whether it may take.
        resumed: bool,
    },
    /// Takes an order off the book. An unknown one: nothing happens.
    Cancel {
        /// Which.
        order: OrderId,
        /// Why. [`Closed::BalanceLimit`] works in a halted market, the others do not.
        reason: Closed,
    },
    /// Takes a user's orders off the book, the earliest placed first.
    CancelAll {
        /// Whose.
        user: UserId,
        /// Only those of this side.
        side: Option<Side>,
        /// Why, as for one.
        reason: Closed,
    },
    /// Changes a resting order. With its price and no more lots it keeps its place; else it is
    /// withdrawn and matched again as if new.
    Amend {
        /// Which.
        order: OrderId,
        /// Its new price, if it gets one.
        price: Option<Ticks>,
        /// How many lots it is for in all from now on, filled ones included.
        lots: Option<Lots>,
        /// What is held for it since, besides what was reserved.
        extra: Amount,
    },
    /// Opens or closes the market.
    SetStatus(PairStatus),
}

/// What has happened. Of every order that it names it has what is reserved for it from now on,
/// and what is not needed any more (`released`): of the quote currency for a buy, of the base
/// currency for a sale. After each event, `reserved` of a working order is
/// [`Working::required`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// An order rests in the book from now on, at the end of its price's queue.
    Rested(Working),
    /// Two orders met. One that has no open lots left is over by that, without another event;
    /// an order for funds always has one more.
    Filled(Fill),
    /// A resting order has fewer open lots and keeps its place. None fewer (`by` is zero): an
    /// amendment that changed nothing.
    Reduced {
        /// The order, after it.
        working: Working,
        /// How many lots fewer.
        by: Lots,
        /// Whether they would have traded with their owner; else it was amended.
        prevented: bool,
        /// What is not needed any more.
        released: Amount,
    },
    /// The order that takes has lost lots that would have traded with their owner, and goes on.
    /// It does not rest, so no lots leave the book.
    Prevented {
        /// The order, after it.
        working: Working,
        /// How many lots fewer.
        by: Lots,
        /// What is not needed any more.
        released: Amount,
    },
    /// A resting order was amended and has left the book to be matched again.
    Withdrawn {
        /// The order as amended: `sequence` is 0.
        working: Working,
        /// At which price it had rested.
        price: Ticks,
        /// How many lots have left the book.
        left: Lots,
        /// What is not needed any more.
        released: Amount,
    },
    /// An order is over; nothing is reserved for it any more.
    Closed {
        /// The order, after it. It keeps its `sequence` if it was resting.
        working: Working,
        /// How many lots have left the book: none if it was not resting.
        left: Lots,
        /// Why.
        reason: Closed,
        /// What was reserved.
        released: Amount,
    },
    /// An order stays as it is.
    AmendRefused {
        /// Which.
        order: OrderId,
        /// Why.
        refusal: AmendRefusal,
        /// What was additionally held for it, and is not needed.
        released: Amount,
    },
    /// The market has this status from now on.
    StatusSet(PairStatus),
}

impl Event {
    /// The end of an order that does not rest: what is open of it is cancelled.
    #[must_use]
    pub fn over(working: Working, reason: Closed) -> Self {
        settling::closed(&working, Lots::ZERO, Lots::ZERO, reason)
    }
}

/// Why an order was not amended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AmendRefusal {
    /// The market was not trading any more.
    MarketClosed,
    /// It does not rest in the book: it is over, or was never there.
    NotResting,
    /// No lots would be left to fill.
    TooFewLots,
    /// It would be worth more than [`Amount::MAX`].
    TooLarge,
    /// More would have to be held for it than is.
    Underfunded,
    /// It was not to take, and it would have.
    WouldTake,
}

impl AmendRefusal {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::MarketClosed,
        Self::NotResting,
        Self::TooFewLots,
        Self::TooLarge,
        Self::Underfunded,
        Self::WouldTake,
    ];

    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MarketClosed => "market_closed",
            Self::NotResting => "not_resting",
            Self::TooFewLots => "too_few_lots",
            Self::TooLarge => "too_large",
            Self::Underfunded => "underfunded",
            Self::WouldTake => "would_take",
        }
    }
}

/// Two orders that met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fill {
    /// The number of the pair's trade: 1, 2, 3 and so on, without a gap.
    pub number: u64,
    /// The price: the resting order's.
    pub price: Ticks,
    /// How many lots.
    pub lots: Lots,
    /// What they cost, in minor units of the quote currency, without fees.
    pub notional: Amount,
    /// The order that took, after it.
    pub taker: Working,
    /// The order that rested, after it.
    pub maker: Working,
    /// What the order that took pays, in minor units of the quote currency.
    pub taker_fee: Amount,
    /// What the order that rested pays, in minor units of the quote currency.
    pub maker_fee: Amount,
    /// What is not needed any more for the order that took: a better price, or a lower fee.
    pub taker_released: Amount,
    /// What is not needed any more for the order that rested: a lower fee.
    pub maker_released: Amount,
}

/// The book of one pair.
#[derive(Debug, Clone)]
pub struct Book {
    steps: Steps,
    standing: Standing,
    queues: Queues,
}

impl Book {
    /// An empty book with the pair's status.
    #[must_use]
    pub fn new(pair: &Pair) -> Self {
        let standing = Standing { status: pair.status, sequence: 0, trades: 0, last_price: None };
        Self::restore(pair.steps, standing, [])
    }

    /// The book with these resting orders, in whichever order they come. What cannot rest is
    /// left out; of two with one id the one of the later sequence counts.
    #[must_use]
    pub fn restore(
        steps: Steps,
        mut standing: Standing,
        resting: impl IntoIterator<Item = Working>,
    ) -> Self {
        let mut sorted: Vec<Working> = resting.into_iter().collect();
        sorted.retain(|working| !working.tally.open.is_zero());
        sorted.sort_by_key(|working| working.tally.sequence);
        let mut queues = Queues::default();
        for working in sorted {
            standing.sequence = standing.sequence.max(working.tally.sequence);
            if let Some(slot) = queues.find(working.order.id) {
                queues.remove(slot);
            }
            queues.insert(&working);
        }
        Self { steps, standing, queues }
    }

    /// Carries out a command and says what has happened, in its order.
    pub fn apply(&mut self, command: &Command, events: &mut Vec<Event>) {
        match command {
            Command::Place { working, resumed } => self.place(working, *resumed, events),
            Command::Cancel { order, reason } => {
                if self.may_cancel(*reason) {
                    self.cancel(*order, *reason, events);
                }
            }
            Command::CancelAll { user, side, reason } => {
                if self.may_cancel(*reason) {
                    self.cancel_all(*user, *side, *reason, events);
                }
            }
            Command::Amend { order, price, lots, extra } => {
                self.amend(*order, *price, *lots, *extra, events);
            }
            Command::SetStatus(status) => {
                self.standing.status = *status;
                events.push(Event::StatusSet(*status));
            }
        }
    }

    fn may_cancel(&self, reason: Closed) -> bool {
        self.standing.status != PairStatus::Halted || reason == Closed::BalanceLimit
    }

    fn cancel(&mut self, order: OrderId, reason: Closed, events: &mut Vec<Event>) {
        let Some(slot) = self.queues.find(order) else { return };
        if let Some(working) = self.queues.remove(slot) {
            events.push(settling::closed(working, working.tally.open, Lots::ZERO, reason));
        }
    }

    fn cancel_all(
        &mut self,
        user: UserId,
        side: Option<Side>,
        reason: Closed,
        events: &mut Vec<Event>,
    ) {
        let sides =
            [Side::Buy, Side::Sell].into_iter().filter(|one| side.is_none_or(|s| s == *one));
        let own = sides.flat_map(|side| self.resting(side));
        let own = own.filter(|working| working.order.user == user);
        let mut own: Vec<_> =
            own.map(|working| (working.tally.sequence, working.order.id)).collect();
        own.sort_unstable();
        for (_, order) in own {
            self.cancel(order, reason, events);
        }
    }

    /// What it knows besides its resting orders: with these, [`Book::restore`] makes it again.
    #[must_use]
    pub fn standing(&self) -> Standing {
        self.standing
    }

    /// What its prices and quantities are counted in.
    #[must_use]
    pub fn steps(&self) -> &Steps {
        &self.steps
    }

    /// A resting order.
    #[must_use]
    pub fn working(&self, order: OrderId) -> Option<&Working> {
        self.queues.find(order).and_then(|slot| self.queues.get(slot))
    }

    /// How many orders rest.
    #[must_use]
    pub fn len(&self) -> usize {
        self.queues.len()
    }

    /// Whether none rests.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The best price of a side.
    #[must_use]
    pub fn best(&self, side: Side) -> Option<Ticks> {
        self.levels(side).next().map(|level| level.price)
    }

    /// The prices of a side, the best first.
    pub fn levels(&self, side: Side) -> impl Iterator<Item = Level> {
        self.queues.levels(side)
    }

    /// The resting orders of a side, in the order in which they are taken.
    pub fn resting(&self, side: Side) -> impl Iterator<Item = &Working> {
        self.queues.resting(side)
    }
}
