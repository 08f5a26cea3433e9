//! What happened in a pair's book, one event a commit of its matcher, numbered without gaps.
//! The newest event is the head of the book: the next commit must have the next number, so
//! two matchers can never both go on. Who is told, and how, is not known here.

mod body;

use crate::{
    book::{Book, Standing},
    command::CommandId,
    id::OrderId,
    order::Side,
    pair::{Lots, Pair, PairId, PairStatus, Ticks},
    time::Timestamp,
};

/// What the next commit goes on from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// How many events there were.
    pub seq: u64,
    /// What the book knows besides its resting orders.
    pub standing: Standing,
    /// The command that the last commit left half done: the next one goes on with it.
    pub begun: Option<CommandId>,
}

impl Head {
    /// Of a pair in which nothing has happened. A new pair trades: if its status was changed
    /// since, the command that says so still waits in its log.
    #[must_use]
    pub fn of_new(pair: &Pair) -> Self {
        let standing = Standing { status: PairStatus::Trading, ..Book::new(pair).standing() };
        Self { seq: 0, standing, begun: None }
    }
}

/// A change of the book. Folded in order, they give the book.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// An order began to rest.
    Rested {
        /// Which.
        order: OrderId,
        /// On which side.
        side: Side,
        /// At which price.
        price: Ticks,
        /// How much.
        lots: Lots,
    },
    /// An order took from a resting one, which has so much less.
    Traded(Trade),
    /// A resting order has so much less, without a trade; perhaps nothing.
    Removed {
        /// Which.
        order: OrderId,
        /// On which side.
        side: Side,
        /// At which price.
        price: Ticks,
        /// How much less.
        lots: Lots,
    },
}

/// A fill as the public sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trade {
    /// The pair's trades are numbered without gaps, from 1.
    pub number: u64,
    /// The resting order.
    pub maker: OrderId,
    /// The side of the order that took.
    pub taker_side: Side,
    /// The resting order's price.
    pub price: Ticks,
    /// How much.
    pub lots: Lots,
}

/// What one commit of a matcher did to the book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarketEvent {
    /// Whose book.
    pub pair: PairId,
    /// The head after it; its number is the event's.
    pub head: Head,
    /// When; never before the event before.
    pub at: Timestamp,
    /// What changed, in order. Often nothing does.
    pub changes: Vec<Change>,
}

impl MarketEvent {
    /// Its trades, in order.
    pub fn trades(&self) -> impl DoubleEndedIterator<Item = &Trade> {
        self.changes.iter().filter_map(|change| match change {
            Change::Traded(trade) => Some(trade),
            Change::Rested { .. } | Change::Removed { .. } => None,
        })
    }
}
