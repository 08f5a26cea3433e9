//! Pairs: two currencies that trade against each other in one order book, and its rules. On the
//! wire a pair is called a market. Who trades, and what rests in the book, is not known here.

use std::{fmt, str::FromStr};

use crate::{
    amount::{Amount, Money},
    currency::{Currency, CurrencyCode, Scale},
    order::Side,
    refusal::Refusal,
    time::Timestamp,
};

/// The codes of a pair's currencies, as in `MRC-USD`: what is traded, and what it is paid in.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PairId {
    /// What is traded.
    pub base: CurrencyCode,
    /// What it is paid in.
    pub quote: CurrencyCode,
}

/// The text is not two different codes with a hyphen between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a market is two different currency codes, as in MRC-USD")]
pub struct InvalidPairId;

impl fmt::Display for PairId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}-{}", self.base, self.quote)
    }
}

impl fmt::Debug for PairId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

impl FromStr for PairId {
    type Err = InvalidPairId;

    fn from_str(text: &str) -> Result<Self, InvalidPairId> {
        let (base, quote) = text.split_once('-').ok_or(InvalidPairId)?;
        let base: CurrencyCode = base.parse().map_err(|_| InvalidPairId)?;
        let quote: CurrencyCode = quote.parse().map_err(|_| InvalidPairId)?;
        let instruments = base.is_instrument() || quote.is_instrument();
        if instruments || base == quote { Err(InvalidPairId) } else { Ok(Self { base, quote }) }
    }
}

/// A price: how many ticks one unit of the base currency costs, 1 to [`Ticks::MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticks(i64);

impl Ticks {
    /// The highest price, 10^12 ticks: a price times a quantity then fits an `i128` by far.
    pub const MAX: Self = Self(1_000_000_000_000);
    /// The lowest price.
    pub const MIN: Self = Self(1);

    /// This many ticks, if there can be as many.
    #[must_use]
    pub const fn new(ticks: i64) -> Option<Self> {
        if ticks >= 1 && ticks <= Self::MAX.0 { Some(Self(ticks)) } else { None }
    }

    /// How many ticks.
    #[must_use]
    pub const fn count(self) -> i64 {
        self.0
    }
}

/// A quantity: how many lots of the base currency, 0 to [`Lots::MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Lots(i64);

impl Lots {
    /// None.
    pub const ZERO: Self = Self(0);
    /// The smallest quantity.
    pub const ONE: Self = Self(1);
    /// The largest quantity, 10^12 lots: a million of them still fits an `i64`.
    pub const MAX: Self = Self(1_000_000_000_000);

    /// This many lots, if there can be as many.
    #[must_use]
    pub const fn new(lots: i64) -> Option<Self> {
        if lots >= 0 && lots <= Self::MAX.0 { Some(Self(lots)) } else { None }
    }

    /// How many lots.
    #[must_use]
    pub const fn count(self) -> i64 {
        self.0
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The sum, at most [`Lots::MAX`].
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0).min(Self::MAX.0))
    }

    /// The difference, at least zero.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0).max(0))
    }
}

/// A fee in basis points of the notional: 0 to 1,000, a tenth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct FeeBps(u16);

impl FeeBps {
    /// A tenth of the notional.
    pub const MAX: u16 = 1_000;

    /// A fee of this many basis points, if it is at most [`FeeBps::MAX`].
    #[must_use]
    pub const fn new(bps: u16) -> Option<Self> {
        if bps <= Self::MAX { Some(Self(bps)) } else { None }
    }

    /// The basis points.
    #[must_use]
    pub const fn bps(self) -> u16 {
        self.0
    }
}

/// What may be done in a pair now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PairStatus {
    /// Orders are placed, matched, changed and cancelled.
    Trading,
    /// Orders are only cancelled.
    CancelOnly,
    /// Nothing happens: what is asked meanwhile is refused, cancels too.
    Halted,
}

impl PairStatus {
    /// The status as it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Trading => "trading",
            Self::CancelOnly => "cancel_only",
            Self::Halted => "halted",
        }
    }
}

/// The text is not a status of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be trading, cancel_only or halted")]
pub struct InvalidPairStatus;

impl FromStr for PairStatus {
    type Err = InvalidPairStatus;

    fn from_str(text: &str) -> Result<Self, InvalidPairStatus> {
        [Self::Trading, Self::CancelOnly, Self::Halted]
            .into_iter()
            .find(|status| status.as_str() == text)
            .ok_or(InvalidPairStatus)
    }
}

/// What an operator asks for; [`Pair::new`] checks it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PairTerms {
    /// Decimals of prices, which may be more than the quote currency has.
    pub price_scale: Scale,
    /// The step of prices, in units of `10^-price_scale`: at least 1.
    pub tick: Amount,
    /// The step of quantities, in minor units of the base currency: at least 1.
    pub lot: Amount,
    /// The least that an order may be worth, in minor units of the quote currency.
    pub min_notional: Amount,
    /// What the resting side of a fill pays.
    pub maker_fee: FeeBps,
    /// What the side that takes pays.
    pub taker_fee: FeeBps,
    /// How far from the reference price a market order may trade, in basis points, 1 to 9,999.
    pub collar_bps: u16,
}

/// What the prices and quantities of a pair are counted in. Fixed for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Steps {
    /// What is traded.
    pub base: Currency,
    /// What it is paid in.
    pub quote: Currency,
    /// Decimals of prices.
    pub price_scale: Scale,
    /// The step of prices, in units of `10^-price_scale`.
    pub tick: Amount,
    /// The step of quantities, in minor units of the base currency.
    pub lot: Amount,
    /// What one tick times one lot is worth, in minor units of the quote currency.
    pub unit_value: i64,
}

/// A pair: its currencies and rules. All but the status is fixed for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pair {
    /// Its currencies, and what prices and quantities are counted in.
    pub steps: Steps,
    /// The least that an order may be worth, in minor units of the quote currency.
    pub min_notional: Amount,
    /// What the resting side of a fill pays.
    pub maker_fee: FeeBps,
    /// What the side that takes pays.
    pub taker_fee: FeeBps,
    /// How far from the reference price a market order may trade, in basis points.
    pub collar_bps: u16,
    /// What may be done now.
    pub status: PairStatus,
    /// Counts the changes of the status, from 1.
    pub version: u64,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Why there is no such pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPair {
    /// A currency against itself.
    #[error("both currencies are the same")]
    SameCurrency,
    /// The tick, the lot or the collar is out of range.
    #[error("tick and lot must be above zero and the collar from 1 to 9,999 basis points")]
    OutOfRange,
    /// One lot at one tick is not worth a whole number of minor units, so fills would round.
    #[error("a lot at one tick must be worth a whole number of the quote's minor units")]
    Inexact,
}

/// Why a text is not a price or a quantity of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StepError {
    /// Not a plain decimal number, or one with too many decimals or digits.
    #[error(transparent)]
    Amount(#[from] crate::amount::AmountError),
    /// Not a whole number of steps, or none, or too many.
    #[error("must be a multiple of {0}, above zero and at most 10^12 steps")]
    OffStep(Step),
}

/// A step with its decimals, for a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step(Amount, Scale);

impl fmt::Display for Step {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0.to_decimal(self.1))
    }
}

fn power_of_ten(scale: u32) -> i128 {
    10_i128.saturating_pow(scale)
}

impl Steps {
    /// The steps of a pair of these currencies.
    ///
    /// # Errors
    /// See [`InvalidPair`].
    pub fn new(
        base: Currency,
        quote: Currency,
        price_scale: Scale,
        tick: Amount,
        lot: Amount,
    ) -> Result<Self, InvalidPair> {
        if base.code == quote.code {
            return Err(InvalidPair::SameCurrency);
        }
        if tick.is_zero() || lot.is_zero() {
            return Err(InvalidPair::OutOfRange);
        }
        let worth = i128::from(tick.minor())
            .checked_mul(i128::from(lot.minor()))
            .and_then(|worth| worth.checked_mul(power_of_ten(quote.scale.decimals().into())))
            .ok_or(InvalidPair::Inexact)?;
        let decimals =
            u32::from(price_scale.decimals()).saturating_add(u32::from(base.scale.decimals()));
        let divisor = power_of_ten(decimals);
        let whole = worth.checked_rem(divisor) == Some(0);
        let unit_value = worth.checked_div(divisor).and_then(|worth| i64::try_from(worth).ok());
        let unit_value = unit_value.filter(|value| whole && *value <= Amount::MAX.minor());
        let unit_value = unit_value.ok_or(InvalidPair::Inexact)?;
        Ok(Self { base, quote, price_scale, tick, lot, unit_value })
    }

    /// The pair's name.
    #[must_use]
    pub fn pair(&self) -> PairId {
        PairId { base: self.base.code, quote: self.quote.code }
    }

    /// Reads a price.
    ///
    /// # Errors
    /// [`StepError`]; nothing is rounded.
    pub fn parse_price(&self, text: &str) -> Result<Ticks, StepError> {
        let steps = whole_steps(Amount::parse(text, self.price_scale)?, self.tick);
        let off = StepError::OffStep(Step(self.tick, self.price_scale));
        steps.and_then(Ticks::new).ok_or(off)
    }

    /// Reads a quantity above zero.
    ///
    /// # Errors
    /// [`StepError`]; nothing is rounded.
    pub fn parse_quantity(&self, text: &str) -> Result<Lots, StepError> {
        let steps = whole_steps(Amount::parse(text, self.base.scale)?, self.lot);
        let off = StepError::OffStep(Step(self.lot, self.base.scale));
        steps.and_then(Lots::new).filter(|lots| !lots.is_zero()).ok_or(off)
    }

    /// A price in decimal.
    #[must_use]
    pub fn price_text(&self, price: Ticks) -> String {
        times(self.tick, price.count()).to_decimal(self.price_scale)
    }

    /// A quantity in decimal.
    #[must_use]
    pub fn quantity_text(&self, lots: Lots) -> String {
        self.base_of(lots).decimal()
    }

    /// So many lots as money of the base currency.
    #[must_use]
    pub fn base_of(&self, lots: Lots) -> Money {
        Money { amount: times(self.lot, lots.count()), currency: self.base }
    }

    /// An amount of the quote currency as money.
    #[must_use]
    pub fn quote_of(&self, amount: Amount) -> Money {
        Money { amount, currency: self.quote }
    }

    /// What lots of an accepted order cost at a price, at most [`Amount::MAX`].
    #[must_use]
    pub fn cost(&self, price: Ticks, lots: Lots) -> Amount {
        let lot = price.count().saturating_mul(self.unit_value);
        Amount::clamped(lot.saturating_mul(lots.count()))
    }

    /// What so many lots cost at a price: exact, by the rule of [`InvalidPair::Inexact`].
    ///
    /// # Errors
    /// [`Refusal::AmountTooLarge`] over [`Amount::MAX`], also if the lots themselves are.
    pub fn notional(&self, price: Ticks, lots: Lots) -> Result<Amount, Refusal> {
        let base = i128::from(self.lot.minor()).saturating_mul(lots.count().into());
        let cost = i128::from(price.count())
            .saturating_mul(lots.count().into())
            .saturating_mul(self.unit_value.into());
        if base > i128::from(Amount::MAX.minor()) {
            return Err(Refusal::AmountTooLarge);
        }
        let cost = i64::try_from(cost).ok().and_then(|cost| Amount::from_minor(cost).ok());
        cost.ok_or(Refusal::AmountTooLarge)
    }
}

impl Pair {
    /// A pair that trades from the beginning.
    ///
    /// # Errors
    /// See [`InvalidPair`].
    pub fn new(
        base: Currency,
        quote: Currency,
        terms: PairTerms,
        at: Timestamp,
    ) -> Result<Self, InvalidPair> {
        let PairTerms { price_scale, tick, lot, .. } = terms;
        let steps = Steps::new(base, quote, price_scale, tick, lot)?;
        if !(1..10_000).contains(&terms.collar_bps) {
            return Err(InvalidPair::OutOfRange);
        }
        Ok(Self {
            steps,
            min_notional: terms.min_notional,
            maker_fee: terms.maker_fee,
            taker_fee: terms.taker_fee,
            collar_bps: terms.collar_bps,
            status: PairStatus::Trading,
            version: 1,
            created_at: at,
        })
    }

    /// Its name.
    #[must_use]
    pub fn id(&self) -> PairId {
        self.steps.pair()
    }

    /// The worst price that a market order trades at, a collar away from a reference price.
    #[must_use]
    pub fn collar(&self, side: Side, reference: Ticks) -> Ticks {
        let reference = i128::from(reference.count());
        let width = reference.saturating_mul(self.collar_bps.into()) / 10_000;
        let worst = match side {
            Side::Buy => reference.saturating_add(width.max(1)),
            Side::Sell => reference.saturating_sub(width.max(1)),
        };
        let worst = worst.clamp(Ticks::MIN.count().into(), Ticks::MAX.count().into());
        i64::try_from(worst).ok().and_then(Ticks::new).unwrap_or(Ticks::MIN)
    }
}

fn whole_steps(amount: Amount, step: Amount) -> Option<i64> {
    let whole = amount.minor().checked_rem(step.minor())? == 0;
    amount.minor().checked_div(step.minor()).filter(|_| whole)
}

/// So many steps; what is over [`Amount::MAX`] was refused when the order was placed.
fn times(step: Amount, count: i64) -> Amount {
    Amount::clamped(step.minor().saturating_mul(count))
}

#[cfg(test)]
mod tests;
