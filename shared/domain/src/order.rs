//! Orders on the book: what was asked, how far it has come, and what of its owner's money is
//! reserved for it. Which orders meet, the book decides.

use std::str::FromStr;

use crate::{
    amount::{Amount, Money},
    id::{OrderId, UserId},
    pair::{FeeBps, Lots, Steps, Ticks},
    refusal::Refusal,
    time::Timestamp,
};

/// Whether the base currency is bought or sold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// Pays the quote currency and receives the base currency.
    Buy,
    /// Pays the base currency and receives the quote currency.
    Sell,
}

impl Side {
    /// The side that it trades with.
    #[must_use]
    pub const fn opposite(self) -> Self {
        match self {
            Self::Buy => Self::Sell,
            Self::Sell => Self::Buy,
        }
    }

    /// Whether an order of this side with limit `limit` trades at `price`.
    #[must_use]
    pub fn crosses(self, limit: Ticks, price: Ticks) -> bool {
        match self {
            Self::Buy => price <= limit,
            Self::Sell => price >= limit,
        }
    }
}

/// How the price was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderKind {
    /// By its owner.
    Limit,
    /// By the market, within the pair's collar; what is not filled at once expires.
    Market,
}

/// How long an order stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeInForce {
    /// Until it is filled or cancelled.
    GoodTilCancelled,
    /// What is not filled at once expires.
    ImmediateOrCancel,
    /// It is filled whole at once, or not at all.
    FillOrKill,
}

/// What happens when an order would trade with one of its owner's. The mode of the order that
/// takes decides, at the first own order that it reaches; what it filled before stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SelfTradePrevention {
    /// What is left of the order that takes is cancelled.
    CancelNewest,
    /// The resting order is cancelled, and the other goes on.
    CancelOldest,
    /// Both are cancelled.
    CancelBoth,
    /// The smaller is cancelled and the larger reduced by it; equal ones are both cancelled.
    DecrementAndCancel,
}

macro_rules! words {
    ($type:ident, $error:ident, $message:literal, $($variant:ident = $word:literal),+) => {
        impl $type {
            /// The word for it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }

        #[doc = concat!("The text ", $message, ".")]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
        #[error($message)]
        pub struct $error;

        impl FromStr for $type {
            type Err = $error;

            fn from_str(text: &str) -> Result<Self, $error> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err($error),
                }
            }
        }
    };
}

words!(Side, InvalidSide, "must be buy or sell", Buy = "buy", Sell = "sell");
words!(OrderKind, InvalidOrderKind, "must be limit or market", Limit = "limit", Market = "market");
words!(
    TimeInForce,
    InvalidTimeInForce,
    "must be GTC, IOC or FOK",
    GoodTilCancelled = "GTC",
    ImmediateOrCancel = "IOC",
    FillOrKill = "FOK"
);
words!(
    SelfTradePrevention,
    InvalidSelfTradePrevention,
    "must be cancel_newest, cancel_oldest, cancel_both or decrement_and_cancel",
    CancelNewest = "cancel_newest",
    CancelOldest = "cancel_oldest",
    CancelBoth = "cancel_both",
    DecrementAndCancel = "decrement_and_cancel"
);

/// A client's own name for an order: 1 to 64 printable ASCII characters. Of one user it stands
/// for one order, for ever.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientOrderId(String);

/// The text cannot be a client's id of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a client_order_id is 1 to 64 printable ASCII characters without blanks")]
pub struct InvalidClientOrderId;

impl ClientOrderId {
    const CHARS_MAX: usize = 64;

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ClientOrderId {
    type Err = InvalidClientOrderId;

    fn from_str(text: &str) -> Result<Self, InvalidClientOrderId> {
        let fits = (1..=Self::CHARS_MAX).contains(&text.len());
        if fits && text.bytes().all(|byte| byte.is_ascii_graphic()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidClientOrderId)
        }
    }
}

/// How much an order is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// So many lots.
    Lots(Lots),
    /// As much as so much of the quote currency pays for, fees included: buys at market only.
    Funds(Amount),
}

/// What an order asks for. Only an amendment changes it: its price or its lots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    /// The order.
    pub id: OrderId,
    /// Whose it is.
    pub user: UserId,
    /// What it does.
    pub side: Side,
    /// How its price was given.
    pub kind: OrderKind,
    /// How long it stays; at market never longer than at once.
    pub time_in_force: TimeInForce,
    /// Whether it is rejected rather than that it takes.
    pub post_only: bool,
    /// What happens when it would trade with its owner.
    pub self_trade_prevention: SelfTradePrevention,
    /// The worst price that it trades at: its limit, or the collar of a market order.
    pub price: Ticks,
    /// How much it is for.
    pub size: Size,
    /// What it pays of a fill in which it rested. Fixed when it was placed.
    pub maker_fee: FeeBps,
    /// What it pays of a fill in which it took. Fixed when it was placed.
    pub taker_fee: FeeBps,
    /// When it was accepted.
    pub placed_at: Timestamp,
}

/// How far an order has come. Of an order for lots, `executed + open + cancelled + prevented`
/// is what it is for, always; an order for funds has no open lots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    /// Lots filled.
    pub executed: Lots,
    /// Lots that may yet be filled.
    pub open: Lots,
    /// Lots that were cancelled, have expired or were rejected.
    pub cancelled: Lots,
    /// Lots that would have traded with the order's own owner.
    pub prevented: Lots,
    /// What the fills were worth, in minor units of the quote currency.
    pub notional: Amount,
    /// The fees of the fills, in minor units of the quote currency.
    pub fees: Amount,
    /// What was paid ahead by rounding fees up, in ten-thousandths of a minor unit: below 10^4.
    pub fee_credit: u16,
    /// What is held for it: of the quote currency for a buy, of the base currency for a sale.
    pub reserved: Amount,
    /// Its place among the orders of its price; 0 while it does not rest.
    pub sequence: u64,
}

/// An order and how far it has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Working {
    /// What it asks for.
    pub order: Order,
    /// How far it has come.
    pub tally: Tally,
}

/// Why an order is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closed {
    /// All of it was filled, or its funds do not pay for another lot.
    Filled,
    /// Its owner cancelled it.
    Cancelled,
    /// Its owner's cancel-after ran out.
    Deadline,
    /// It was not to rest, and there was nothing more to take.
    Expired,
    /// It would have traded with its owner.
    SelfTrade,
    /// It was not to take, and it would have.
    WouldTake,
    /// The market was not trading any more when it was matched.
    MarketClosed,
    /// Its owner's wallet had no room for what a fill would have paid.
    BalanceLimit,
    /// What was logged of it could not be read. It is always a bug of ours.
    Unreadable,
}

words!(
    Closed,
    InvalidClosed,
    "is not a reason for which an order is over",
    Filled = "filled",
    Cancelled = "cancelled",
    Deadline = "deadline",
    Expired = "expired",
    SelfTrade = "self_trade",
    WouldTake = "would_take",
    MarketClosed = "market_closed",
    BalanceLimit = "balance_limit",
    Unreadable = "unreadable"
);

/// What an order's owner is told about it, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderStatus {
    /// Accepted, and not matched yet.
    Pending,
    /// Resting, and nothing was filled.
    Open,
    /// Resting or being matched, and something was filled.
    PartiallyFilled,
    /// All was filled.
    Filled,
    /// Cancelled, whatever was filled before.
    Cancelled,
    /// Its time is over, whatever was filled before.
    Expired,
    /// It never traded or rested.
    Rejected,
}

words!(
    OrderStatus,
    InvalidOrderStatus,
    "must be pending, open, partially_filled, filled, cancelled, expired or rejected",
    Pending = "pending",
    Open = "open",
    PartiallyFilled = "partially_filled",
    Filled = "filled",
    Cancelled = "cancelled",
    Expired = "expired",
    Rejected = "rejected"
);

impl OrderStatus {
    /// Of an order that is not over.
    #[must_use]
    pub fn working(tally: &Tally) -> Self {
        if !tally.executed.is_zero() {
            Self::PartiallyFilled
        } else if tally.sequence > 0 {
            Self::Open
        } else {
            Self::Pending
        }
    }

    /// Of an order that is over.
    #[must_use]
    pub fn closed(reason: Closed, tally: &Tally) -> Self {
        match reason {
            Closed::Filled => Self::Filled,
            Closed::Expired => Self::Expired,
            Closed::WouldTake | Closed::Unreadable => Self::Rejected,
            Closed::MarketClosed if tally.executed.is_zero() && tally.sequence == 0 => {
                Self::Rejected
            }
            Closed::Cancelled
            | Closed::Deadline
            | Closed::SelfTrade
            | Closed::MarketClosed
            | Closed::BalanceLimit => Self::Cancelled,
        }
    }
}

/// Basis points of a whole, and the parts that fees are counted in below a minor unit.
pub(crate) const WHOLE_BPS: i64 = 10_000;

/// The fee of a notional, rounded up over all fills of an order together, however it is cut
/// into fills: the fee, and what is then paid ahead.
#[must_use]
pub fn fee(rate: FeeBps, notional: Amount, credit: u16) -> (Amount, u16) {
    let rate = i64::from(rate.bps());
    // Ten thousand minor units have a whole fee, so only the rest is counted in parts: no product
    // passes 10^17.
    let (whole, rest) = (notional.minor() / WHOLE_BPS, notional.minor() % WHOLE_BPS);
    let parts = rest.saturating_mul(rate).saturating_sub(credit.into());
    let rounded = parts.max(0).saturating_add(WHOLE_BPS.saturating_sub(1)) / WHOLE_BPS;
    let ahead = rounded.saturating_mul(WHOLE_BPS).saturating_sub(parts);
    let fee = whole.saturating_mul(rate).saturating_add(rounded);
    (Amount::clamped(fee), u16::try_from(ahead).unwrap_or(0))
}

impl Order {
    /// What must be held for it when it is placed: for a buy its price times its lots and the
    /// larger of its fees, or its funds; for a sale its lots.
    ///
    /// # Errors
    /// [`Refusal::AmountTooLarge`].
    pub fn hold(&self, steps: &Steps) -> Result<Money, Refusal> {
        match (self.side, self.size) {
            (Side::Buy, Size::Funds(funds)) => Ok(steps.quote_of(funds)),
            (_, Size::Funds(_)) => Err(Refusal::AmountTooLarge),
            (Side::Sell, Size::Lots(lots)) => {
                steps.notional(self.price, lots)?;
                Ok(steps.base_of(lots))
            }
            (Side::Buy, Size::Lots(lots)) => {
                let notional = steps.notional(self.price, lots)?;
                let (fee, _) = fee(self.fee_max(), notional, 0);
                let held = notional.checked_add(fee).ok_or(Refusal::AmountTooLarge)?;
                Ok(steps.quote_of(held))
            }
        }
    }

    /// The larger of its fees.
    #[must_use]
    pub fn fee_max(&self) -> FeeBps {
        self.maker_fee.max(self.taker_fee)
    }

    /// The order as it begins, with this much held for it.
    #[must_use]
    pub fn begun(self, held: Amount) -> Working {
        let open = match self.size {
            Size::Lots(lots) => lots,
            Size::Funds(_) => Lots::ZERO,
        };
        let tally = Tally {
            executed: Lots::ZERO,
            open,
            cancelled: Lots::ZERO,
            prevented: Lots::ZERO,
            notional: Amount::ZERO,
            fees: Amount::ZERO,
            fee_credit: 0,
            reserved: held,
            sequence: 0,
        };
        Working { order: self, tally }
    }
}

impl Working {
    /// The order with another price or another size in all, and as much open as that leaves.
    /// `None` if nothing would be, if it is for funds, or if nothing changes.
    #[must_use]
    pub fn amended(&self, price: Option<Ticks>, lots: Option<Lots>) -> Option<Self> {
        let Size::Lots(before) = self.order.size else { return None };
        let (lots, price) = (lots.unwrap_or(before), price.unwrap_or(self.order.price));
        let Tally { executed, cancelled, prevented, .. } = self.tally;
        let open = lots.minus(executed.plus(cancelled).plus(prevented));
        let changes = lots != before || price != self.order.price;
        let order = Order { price, size: Size::Lots(lots), ..self.order };
        let tally = Tally { open, ..self.tally };
        (changes && !open.is_zero()).then_some(Self { order, tally })
    }

    /// What must stay held for what is open: [`Order::hold`] of the rest, fees paid ahead
    /// counted. For an order for funds it is what is left of them.
    #[must_use]
    pub fn required(&self, steps: &Steps) -> Amount {
        let open = self.tally.open;
        match (self.order.side, self.order.size) {
            (_, Size::Funds(_)) => self.tally.reserved,
            (Side::Sell, Size::Lots(_)) => steps.base_of(open).amount,
            (Side::Buy, Size::Lots(_)) => {
                let notional = steps.cost(self.order.price, open);
                let (fee, _) = fee(self.order.fee_max(), notional, self.tally.fee_credit);
                notional.checked_add(fee).unwrap_or(Amount::MAX)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::minor;

    fn rate(bps: u16) -> FeeBps {
        FeeBps::new(bps).expect("a fee")
    }

    #[test]
    fn a_fee_is_rounded_up() {
        assert_eq!(fee(rate(20), minor(10_000), 0), (minor(20), 0));
        assert_eq!(fee(rate(20), minor(1), 0), (minor(1), 9_980));
        assert_eq!(fee(rate(0), minor(1), 0), (minor(0), 0));
        assert_eq!(fee(rate(20), minor(1), 9_980), (minor(0), 9_960));
        assert_eq!(fee(rate(20), minor(20_000), 9_980), (minor(40), 9_980));
        assert_eq!(fee(rate(999), Amount::MAX, 1), (minor(99_900_000_000_000_000), 1));
    }

    proptest! {
        #[test]
        fn many_fills_cost_the_fee_of_one(
            parts in prop::collection::vec(1_i64..1_000_000, 1..40), bps in 0_u16..=1_000
        ) {
            let mut credit = 0;
            let mut paid = 0;
            for part in &parts {
                let (fee, next) = fee(rate(bps), minor(*part), credit);
                paid += fee.minor();
                credit = next;
                prop_assert!(credit < 10_000 && fee <= minor(*part));
            }
            let (whole, rest) = fee(rate(bps), minor(parts.iter().sum()), 0);
            prop_assert_eq!((minor(paid), credit), (whole, rest));
        }
    }
}
