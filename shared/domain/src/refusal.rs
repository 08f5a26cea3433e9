//! Why a decision was not a commit. What a client is told of it, the edge decides.

use crate::{
    amount::{Amount, Money},
    catalogue::{ItemState, Stock},
    currency::CurrencyCode,
    ledger::Unsound,
    order::OrderStatus,
    pair::{PairId, PairStatus},
    universe::UniverseId,
};

/// A final answer: the rules forbid it. Under an idempotency key it is frozen.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The wallet has less available than must be paid.
    #[error("insufficient funds: {available} available, {required} required")]
    InsufficientFunds {
        /// What must be paid.
        required: Money,
        /// What could be paid.
        available: Money,
    },
    /// The wallet would hold more than [`Amount::MAX`].
    #[error("the {currency} wallet would pass its limit")]
    BalanceLimit {
        /// The wallet's currency.
        currency: CurrencyCode,
    },
    /// Fewer pieces are left than are wanted.
    #[error("insufficient stock: {left} left, {requested} requested")]
    InsufficientStock {
        /// Pieces wanted.
        requested: u32,
        /// Pieces left.
        left: u32,
    },
    /// The item cannot take back what was sold: its stock would pass [`Stock::MAX`].
    #[error("the item's stock would pass its limit of {}", Stock::MAX)]
    StockLimit,
    /// The item is not offered now.
    #[error("the item is {}", state.as_str())]
    ItemNotActive {
        /// What it is instead.
        state: ItemState,
    },
    /// Buyer and seller are one.
    #[error("nobody buys their own item")]
    OwnItem,
    /// The item does not cost what the buyer expects.
    #[error("the price is {actual}, not {expected}")]
    PriceChanged {
        /// What the buyer said.
        expected: Money,
        /// What it is.
        actual: Money,
    },
    /// The purchase costs more than the buyer allows.
    #[error("it costs {required}, more than {max}")]
    MaxPayExceeded {
        /// What the buyer allows.
        max: Money,
        /// What it costs.
        required: Money,
    },
    /// The exchange yields less than the customer demands.
    #[error("it yields {offered}, less than {min}")]
    MinReceiveMissed {
        /// What the customer demands.
        min: Money,
        /// What it yields.
        offered: Money,
    },
    /// The quote's time is over.
    #[error("the quote has expired")]
    QuoteExpired,
    /// The quote was redeemed under another idempotency key.
    #[error("the quote was used already")]
    QuoteUsed,
    /// Both sides of an exchange are the same currency.
    #[error("both currencies are the same")]
    SameCurrency,
    /// Sender and recipient are one.
    #[error("sender and recipient are the same")]
    SelfTransfer,
    /// A side of a conversion comes to nothing.
    #[error("the amount converts to nothing")]
    AmountTooSmall,
    /// A result passes [`Amount::MAX`].
    #[error("the amount passes the limit of {} minor units", Amount::MAX.minor())]
    AmountTooLarge,
    /// The purchase was refunded already.
    #[error("the purchase was refunded already")]
    AlreadyRefunded,
    /// Only purchases are refunded.
    #[error("only a purchase can be refunded")]
    NotRefundable,
    /// The buyer asks for what only the seller may do.
    #[error("only the seller can refund a purchase")]
    NotTheSeller,
    /// The market takes no orders now.
    #[error("the market is {}", status.as_str())]
    MarketNotTrading {
        /// What it does instead.
        status: PairStatus,
    },
    /// The order is worth less than the market takes.
    #[error("the order is worth {notional}, less than {min}")]
    BelowMinNotional {
        /// The least.
        min: Money,
        /// What it is worth.
        notional: Money,
    },
    /// There is no price that a market order could be held to: no trade yet, and nothing rests.
    #[error("there is no price to hold a market order to")]
    NoReferencePrice,
    /// The client's own id is another order's already.
    #[error("the client_order_id belongs to another order")]
    ClientOrderIdReused,
    /// The order is over, so nothing of it can be changed.
    #[error("the order is {}", status.as_str())]
    OrderClosed {
        /// What became of it.
        status: OrderStatus,
    },
    /// Only a resting order for lots can be changed.
    #[error("the order cannot be changed as it is now")]
    NotAmendable,
    /// There is a market of these currencies already.
    #[error("there is a market {pair} already")]
    PairTaken {
        /// Which.
        pair: PairId,
    },
    /// Another universe has the currency.
    #[error("another universe has the currency {currency}")]
    CurrencyTaken {
        /// The currency.
        currency: CurrencyCode,
    },
    /// All numbers for universes are given out.
    #[error("there are {limit} universes already")]
    TooManyUniverses {
        /// How many there can be.
        limit: u32,
    },
    /// The rate would move further than is plausible.
    #[error("the rate would change by more than {factor_max} times")]
    RateJump {
        /// The plausible factor.
        factor_max: u32,
    },
    /// The venue takes no orders now.
    #[error("the venue takes no orders now")]
    VenueSuspended,
    /// The order's time would be over at once, or only in more than thirty days.
    #[error("the order's time must end between now and thirty days from now")]
    ValidUntilOutOfRange,
    /// The new rate would lapse before it holds.
    #[error("the rate would have lapsed already")]
    RateLapsed,
}

/// What a request names but is not there, or is not the caller's to know of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Missing {
    /// No such user.
    #[error("user not found")]
    User,
    /// No such universe.
    #[error("universe not found")]
    Universe,
    /// No universe has the currency.
    #[error("currency not found")]
    Currency,
    /// No such wallet, or another's.
    #[error("wallet not found")]
    Wallet,
    /// No such item.
    #[error("item not found")]
    Item,
    /// No such journal entry, or none that the caller took part in.
    #[error("transaction not found")]
    Transaction,
    /// No such quote, or another's.
    #[error("quote not found")]
    Quote,
    /// No such market.
    #[error("market not found")]
    Market,
    /// No such order, or another's.
    #[error("order not found")]
    Order,
    /// No rate held then.
    #[error("no rate held at that time")]
    Rate,
    /// No such webhook, or another's.
    #[error("webhook not found")]
    Webhook,
    /// No such venue.
    #[error("venue not found")]
    Venue,
    /// The venue does not list it.
    #[error("instrument not found")]
    Instrument,
    /// The caller has had no event of this number.
    #[error("event not found")]
    Event,
}

/// Why there is no commit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Declined {
    /// A final answer.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Something that the request names is not there.
    #[error("{0}")]
    Missing(Missing),
    /// A rate has lapsed; a new version may arrive at any time.
    #[error("the rate of universe {universe} has lapsed")]
    RateStale {
        /// Whose rate.
        universe: UniverseId,
    },
    /// The decision broke a rule of the ledger. It is always a bug of ours.
    #[error(transparent)]
    Unsound(Unsound),
}

impl From<Missing> for Declined {
    fn from(missing: Missing) -> Self {
        Self::Missing(missing)
    }
}
