//! Turning one currency into another at exact rates, with ONE rounding a side and its dust.
//! Who pays and who receives, the caller decides.
//!
//! The pool trades at the exact rate rounded against itself: it takes the floor of what a
//! customer pays and gives the ceiling of what the rate is worth. The customer pays the
//! ceiling and receives the floor. Each minor unit between the two is a posting to `dust:`.

use ethnum::U256;
use rust_decimal::Decimal;

use crate::{
    amount::{Amount, Money},
    rate::{RateId, RateSource, UnitsPerBase},
    refusal::{Declined, Refusal},
    time::Timestamp,
    universe::Universe,
};

const BPS_WHOLE: u16 = 10_000;

/// Which of the two amounts of a conversion the customer has fixed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fixed {
    /// What is paid.
    Paid(Amount),
    /// What is received.
    Received(Amount),
}

/// The rates that a conversion used: enough to recompute it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Provenance {
    /// The version of the rate of the currency that was paid.
    pub from: RateId,
    /// Its units per base.
    pub from_units: UnitsPerBase,
    /// The version of the rate of the currency that was received.
    pub to: RateId,
    /// Its units per base.
    pub to_units: UnitsPerBase,
    /// The spread that applied, in basis points: the larger of the two currencies'.
    pub spread_bps: u16,
    /// Who said so: a feed, if either rate is a feed's.
    pub source: RateSource,
    /// The older of the two observations.
    pub observed_at: Timestamp,
    /// The earlier of the two lapses; `None` if neither lapses.
    pub valid_until: Option<Timestamp>,
}

impl Provenance {
    /// The mid rate, to at most 18 significant digits: for showing, never for computing.
    #[must_use]
    pub fn mid_rate(&self) -> Decimal {
        let ratio = self.to_units.to_decimal().checked_div(self.from_units.to_decimal());
        ratio.and_then(|ratio| ratio.round_sf(18)).map_or(Decimal::ZERO, |ratio| ratio.normalize())
    }
}

/// A conversion worked out to the minor unit. All amounts of a side are of its currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conversion {
    /// What the customer pays.
    pub paid: Money,
    /// What of it the pool takes; the rest, 0 or 1 minor units, is dust.
    pub pool_takes: Amount,
    /// What the customer receives.
    pub received: Money,
    /// The market's spread, in the currency received.
    pub fee: Amount,
    /// The dust of the side received: 0 to 2 minor units.
    pub dust: Amount,
    /// The rates that were used.
    pub provenance: Provenance,
}

/// Converts between the currencies of two universes at their current rates.
///
/// # Errors
/// [`Refusal::SameCurrency`]; [`Declined::RateStale`] if a rate has lapsed;
/// [`Refusal::AmountTooSmall`] if a side comes to nothing; [`Refusal::AmountTooLarge`] if a
/// side passes [`Amount::MAX`].
pub fn convert(
    from: &Universe,
    to: &Universe,
    fixed: Fixed,
    now: Timestamp,
) -> Result<Conversion, Declined> {
    if from.currency.code == to.currency.code {
        return Err(Refusal::SameCurrency.into());
    }
    for universe in [from, to] {
        if !universe.rate.usable_at(now) {
            return Err(Declined::RateStale { universe: universe.id });
        }
    }
    at_rates(from, to, provenance(from, to), fixed).map_err(Declined::from)
}

/// The rates that a conversion between the two would use now.
#[must_use]
pub fn provenance(from: &Universe, to: &Universe) -> Provenance {
    let until = [from.rate.valid_until, to.rate.valid_until];
    let fed = [from.rate.source, to.rate.source].contains(&RateSource::Feed);
    Provenance {
        from: from.rate.id,
        from_units: from.rate.units_per_base,
        to: to.rate.id,
        to_units: to.rate.units_per_base,
        spread_bps: from.rate.spread.max(to.rate.spread).bps(),
        source: if fed { RateSource::Feed } else { RateSource::Operator },
        observed_at: from.rate.observed_at.min(to.rate.observed_at),
        valid_until: until.into_iter().flatten().min(),
    }
}

/// Converts at stated rates, current or not: a quote keeps those that it was made at.
///
/// # Errors
/// [`Refusal::AmountTooSmall`] and [`Refusal::AmountTooLarge`], as [`convert`].
pub fn at_rates(
    from: &Universe,
    to: &Universe,
    provenance: Provenance,
    fixed: Fixed,
) -> Result<Conversion, Refusal> {
    let ratio = Ratio::between(from, to, &provenance);
    let spread = U256::from(provenance.spread_bps);
    let whole = U256::from(BPS_WHOLE);
    let kept = U256::from(BPS_WHOLE.saturating_sub(provenance.spread_bps));
    let (paid, pool_takes, received, fee, gross) = match fixed {
        Fixed::Paid(paid) => {
            let exact = ratio.applied_to(paid);
            let received = exact.scaled(kept, whole).floor()?;
            let fee = exact.scaled(spread, whole).floor()?;
            (paid, paid, received, fee, exact.ceil()?)
        }
        Fixed::Received(received) => {
            let gross = Ratio::whole(received).scaled(whole, kept);
            let exact = gross.scaled(ratio.denominator, ratio.numerator);
            let fee = Ratio::whole(received).scaled(spread, kept).floor()?;
            (exact.ceil()?, exact.floor()?, received, fee, gross.ceil()?)
        }
    };
    if paid.is_zero() || received.is_zero() {
        return Err(Refusal::AmountTooSmall);
    }
    let dust = gross
        .checked_sub(received)
        .and_then(|rest| rest.checked_sub(fee))
        .ok_or(Refusal::AmountTooLarge)?;
    Ok(Conversion {
        paid: Money { amount: paid, currency: from.currency },
        pool_takes,
        received: Money { amount: received, currency: to.currency },
        fee,
        dust,
        provenance,
    })
}

/// A fraction of minor units. 256 bits hold the largest product that arises: an amount
/// (10^18), a mantissa (10^18), nine decimals, eight of scale, two spreads: 10^61 < 2^204.
#[derive(Debug, Clone, Copy)]
struct Ratio {
    numerator: U256,
    denominator: U256,
}

impl Ratio {
    fn between(from: &Universe, to: &Universe, provenance: &Provenance) -> Self {
        let power = |exponent: u8| U256::new(10).saturating_pow(u32::from(exponent));
        let (from_units, to_units) = (provenance.from_units, provenance.to_units);
        Self {
            numerator: U256::from(to_units.mantissa())
                .saturating_mul(power(from_units.decimals()))
                .saturating_mul(power(to.currency.scale.decimals())),
            denominator: U256::from(from_units.mantissa())
                .saturating_mul(power(to_units.decimals()))
                .saturating_mul(power(from.currency.scale.decimals())),
        }
    }

    fn whole(amount: Amount) -> Self {
        Self { numerator: U256::from(amount.minor().unsigned_abs()), denominator: U256::ONE }
    }

    fn applied_to(self, amount: Amount) -> Self {
        self.scaled(U256::from(amount.minor().unsigned_abs()), U256::ONE)
    }

    fn scaled(self, by: U256, over: U256) -> Self {
        Self {
            numerator: self.numerator.saturating_mul(by),
            denominator: self.denominator.saturating_mul(over),
        }
    }

    fn floor(self) -> Result<Amount, Refusal> {
        let quotient =
            self.numerator.checked_div(self.denominator).ok_or(Refusal::AmountTooLarge)?;
        let minor = i64::try_from(quotient).map_err(|_| Refusal::AmountTooLarge)?;
        Amount::from_minor(minor).map_err(|_| Refusal::AmountTooLarge)
    }

    fn ceil(self) -> Result<Amount, Refusal> {
        let floor = self.floor()?;
        let exact = self.numerator.checked_rem(self.denominator) == Some(U256::ZERO);
        let up = if exact { Amount::ZERO } else { Amount::ONE };
        floor.checked_add(up).ok_or(Refusal::AmountTooLarge)
    }
}

#[cfg(test)]
mod tests;
