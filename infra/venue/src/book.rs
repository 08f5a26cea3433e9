//! What the exchange keeps of an order, says of it, and has decided. Amounts are whole numbers:
//! pieces, and minor units of the one currency. How they are written in messages is not known
//! here.

use std::sync::Arc;

/// Which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Money for pieces.
    Buy,
    /// Pieces for money.
    Sell,
}

/// Whether what cannot be filled at once may wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It may.
    Limit,
    /// It is cancelled.
    Market,
}

/// An order as it is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The client's id of it: an order is placed once under it.
    pub id: String,
    /// Which way.
    pub side: Side,
    /// Limit or market.
    pub kind: Kind,
    /// Of what.
    pub instrument: String,
    /// How many pieces; not none.
    pub quantity: u64,
    /// The worst price of a piece, in minor units, of either kind; not nothing.
    pub limit: u64,
    /// When what is left is cancelled: milliseconds since 1970.
    pub valid_until: i64,
}

/// How far an order has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It may be filled.
    Open,
    /// All of it is.
    Filled,
    /// It was cancelled.
    Cancelled,
    /// Its time was over.
    Expired,
    /// What was left was refused.
    Rejected,
}

impl Status {
    /// All.
    pub const ALL: [Self; 5] =
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
}

/// A part of an order that was filled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Execution {
    /// The exchange's id of it: no two of its executions share one.
    pub id: String,
    /// Pieces.
    pub quantity: u64,
    /// For a piece, in minor units.
    pub price: u64,
}

/// An order as it is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// The client's id.
    pub id: String,
    /// The exchange's id.
    pub venue_order_id: String,
    /// How far it has come.
    pub status: Status,
    /// Pieces filled, of all executions.
    pub executed: u64,
    /// All executions; to a cancellation, but those that are told of later.
    pub executions: Vec<Execution>,
}

/// What is reported of an order: one execution, or its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The client's id.
    pub order_id: String,
    /// The exchange's id.
    pub venue_order_id: String,
    /// How far it had come.
    pub status: Status,
    /// Pieces filled so far.
    pub executed: u64,
    /// What it is about, if it is an execution.
    pub execution: Option<Execution>,
}

/// What a message of the feed says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// About an order.
    Report(Report),
    /// What a piece costs now, in minor units.
    Price {
        /// Of what.
        instrument: String,
        /// For a piece.
        price: u64,
    },
}

/// A message of the feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedMessage {
    /// Its number, from 1 without gaps.
    pub seq: u64,
    /// What it says.
    pub message: Message,
}

/// Something that the exchange has decided: all of them together are its book. Orders are
/// numbered from 0 as they are placed, an order's executions from 0 as they are made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// An order was placed.
    Placed {
        /// When.
        at: i64,
        /// Which.
        order: Arc<Order>,
    },
    /// An order was filled, in part or whole.
    Executed {
        /// Which.
        order: usize,
        /// Pieces.
        quantity: u64,
        /// For a piece.
        price: u64,
        /// Whether it is reported at once.
        told: bool,
    },
    /// An order has ended with something left.
    Ended {
        /// Which.
        order: usize,
        /// How.
        status: Status,
    },
    /// An execution is reported that was not when it was made.
    Told {
        /// Of which order.
        order: usize,
        /// Which.
        execution: usize,
    },
    /// A piece costs something else now.
    Priced {
        /// Which listing, from 0.
        listing: usize,
        /// The price.
        price: u64,
    },
}

/// What the book says of one order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witnessed {
    /// The client's id.
    pub id: String,
    /// The exchange's id.
    pub venue_order_id: String,
    /// How often it was placed: more than once is wrong.
    pub placed: u32,
    /// How often its placing was asked for since the exchange began to run, heard or not.
    pub asked: u32,
    /// Which way.
    pub side: Side,
    /// Of what.
    pub instrument: String,
    /// Pieces wanted.
    pub quantity: u64,
    /// Pieces filled.
    pub executed: u64,
    /// What the client paid (of a purchase) or was paid (of a sale), in minor units.
    pub cash: u128,
    /// How far it has come.
    pub status: Status,
}

/// What the book says: for each order that was ever placed, in that order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Witness {
    /// Orders.
    pub orders: Vec<Witnessed>,
    /// How many messages the feed has.
    pub feed: u64,
}
