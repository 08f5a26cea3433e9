//! Refusals, as they are frozen in an entry.

use domain::{
    amount::Money,
    catalogue::ItemState,
    currency::CurrencyCode,
    order::OrderStatus,
    pair::{PairId, PairStatus},
    refusal::Refusal,
};
use serde::{Deserialize, Serialize};

use super::spelling::spelled;

#[derive(Serialize, Deserialize)]
#[serde(remote = "Refusal", rename_all = "snake_case")]
pub(super) enum RefusalRow {
    InsufficientFunds {
        #[serde(with = "spelled")]
        required: Money,
        #[serde(with = "spelled")]
        available: Money,
    },
    BalanceLimit {
        #[serde(with = "spelled")]
        currency: CurrencyCode,
    },
    InsufficientStock {
        requested: u32,
        left: u32,
    },
    StockLimit,
    ItemNotActive {
        #[serde(with = "spelled")]
        state: ItemState,
    },
    OwnItem,
    PriceChanged {
        #[serde(with = "spelled")]
        expected: Money,
        #[serde(with = "spelled")]
        actual: Money,
    },
    MaxPayExceeded {
        #[serde(with = "spelled")]
        max: Money,
        #[serde(with = "spelled")]
        required: Money,
    },
    MinReceiveMissed {
        #[serde(with = "spelled")]
        min: Money,
        #[serde(with = "spelled")]
        offered: Money,
    },
    QuoteExpired,
    QuoteUsed,
    SameCurrency,
    SelfTransfer,
    AmountTooSmall,
    AmountTooLarge,
    AlreadyRefunded,
    NotRefundable,
    NotTheSeller,
    MarketNotTrading {
        #[serde(with = "spelled")]
        status: PairStatus,
    },
    BelowMinNotional {
        #[serde(with = "spelled")]
        min: Money,
        #[serde(with = "spelled")]
        notional: Money,
    },
    NoReferencePrice,
    ClientOrderIdReused,
    OrderClosed {
        #[serde(with = "spelled")]
        status: OrderStatus,
    },
    NotAmendable,
    PairTaken {
        #[serde(with = "spelled")]
        pair: PairId,
    },
    CurrencyTaken {
        #[serde(with = "spelled")]
        currency: CurrencyCode,
    },
    TooManyUniverses {
        limit: u32,
    },
    RateJump {
        factor_max: u32,
    },
    RateLapsed,
    VenueSuspended,
    ValidUntilOutOfRange,
}
