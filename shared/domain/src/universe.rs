//! Universes, each with one currency and its current rate, and how they are made and re-rated.

use std::{fmt, str::FromStr, sync::Arc};

use crate::{
    commit::{Commit, Write},
    currency::{Currency, CurrencyCode, Scale},
    rate::{RateId, RateSource, RateVersion, SpreadBps, UnitsPerBase},
    refusal::{Declined, Missing, Refusal},
    time::Timestamp,
};

/// A small positive number that names a universe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UniverseId(u32);

/// The text is not a whole number from 1 to [`UniverseId::MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a universe's number")]
pub struct InvalidUniverseId;

impl UniverseId {
    /// The largest number. All universes and their rates are read as one snapshot, and 500 of
    /// about 250 bytes stay far under the 1 MB of one DynamoDB query.
    pub const MAX: u32 = 500;

    /// The universe with this number, if it is from 1 to [`UniverseId::MAX`].
    #[must_use]
    pub const fn new(number: u32) -> Option<Self> {
        if number >= 1 && number <= Self::MAX { Some(Self(number)) } else { None }
    }

    /// The number.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0
    }
}

impl FromStr for UniverseId {
    type Err = InvalidUniverseId;

    fn from_str(text: &str) -> Result<Self, InvalidUniverseId> {
        let id = text.parse().ok().and_then(Self::new).ok_or(InvalidUniverseId)?;
        if id.to_string() == text { Ok(id) } else { Err(InvalidUniverseId) }
    }
}

impl fmt::Display for UniverseId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, out)
    }
}

/// One to 60 printable characters that do not begin or end with a space.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name(String);

/// The text is empty, longer than 60 characters, padded, or has control characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a name is 1 to 60 printable characters without spaces around them")]
pub struct InvalidName;

impl Name {
    /// The most characters.
    pub const CHARS_MAX: usize = 60;

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Name {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        let length = text.chars().count();
        let fits = (1..=Self::CHARS_MAX).contains(&length) && text.trim() == text;
        if fits && !text.chars().any(char::is_control) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidName)
        }
    }
}

/// A universe with its currency and the version of its rate that now holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Universe {
    /// Its number.
    pub id: UniverseId,
    /// What people call it.
    pub name: Name,
    /// Its own currency; no two universes share one.
    pub currency: Currency,
    /// The current version of its rate.
    pub rate: RateVersion,
    /// When it was made.
    pub created_at: Timestamp,
}

/// All universes as they stood at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Universes(Arc<[Universe]>);

impl Universes {
    /// A snapshot of these universes, in the order of their numbers.
    #[must_use]
    pub fn new(mut universes: Vec<Universe>) -> Self {
        universes.sort_by_key(|universe| universe.id);
        Self(universes.into())
    }

    /// All of them, in the order of their numbers.
    #[must_use]
    pub fn all(&self) -> &[Universe] {
        &self.0
    }

    /// The universe with this number.
    ///
    /// # Errors
    /// [`Missing::Universe`] if there is none.
    pub fn get(&self, id: UniverseId) -> Result<&Universe, Declined> {
        self.0.iter().find(|universe| universe.id == id).ok_or(Declined::Missing(Missing::Universe))
    }

    /// The universe whose currency has this code.
    ///
    /// # Errors
    /// [`Missing::Currency`] if there is none.
    pub fn of_currency(&self, code: CurrencyCode) -> Result<&Universe, Declined> {
        self.0
            .iter()
            .find(|universe| universe.currency.code == code)
            .ok_or(Declined::Missing(Missing::Currency))
    }

    /// What a wallet with this code counts in: the currency of a universe, or pieces of an
    /// instrument.
    ///
    /// # Errors
    /// [`Missing::Currency`] if no universe has it.
    pub fn currency(&self, code: CurrencyCode) -> Result<Currency, Declined> {
        if code.is_instrument() {
            return Ok(Currency { code, scale: Scale::WHOLE });
        }
        self.of_currency(code).map(|universe| universe.currency)
    }
}

/// What an administrator says of a new universe.
#[derive(Debug, Clone)]
pub struct NewUniverse {
    /// What people will call it.
    pub name: Name,
    /// Its own currency.
    pub currency: Currency,
    /// The first version of its rate.
    pub units_per_base: UnitsPerBase,
    /// Kept by the market on conversions.
    pub spread: SpreadBps,
}

/// Makes a universe under the next free number.
///
/// # Errors
/// [`Refusal::CurrencyTaken`] if a universe has the currency already, and
/// [`Refusal::TooManyUniverses`] past [`UniverseId::MAX`].
pub fn create(
    wanted: NewUniverse,
    existing: &Universes,
    now: Timestamp,
) -> Result<(Universe, Commit), Declined> {
    if existing.of_currency(wanted.currency.code).is_ok() {
        return Err(Refusal::CurrencyTaken { currency: wanted.currency.code }.into());
    }
    let last = existing.all().last().map_or(0, |universe| universe.id.number());
    let id = last
        .checked_add(1)
        .and_then(UniverseId::new)
        .ok_or(Refusal::TooManyUniverses { limit: UniverseId::MAX })?;
    let rate = RateVersion {
        id: RateId { universe: id, version: 1 },
        units_per_base: wanted.units_per_base,
        spread: wanted.spread,
        source: RateSource::Operator,
        observed_at: now,
        valid_until: None,
    };
    let universe = Universe {
        id,
        name: wanted.name,
        currency: wanted.currency,
        rate: rate.clone(),
        created_at: now,
    };
    let commit = Commit::of(vec![
        Write::PutUniverse(universe.clone()),
        Write::ReserveCurrency { code: universe.currency.code, universe: id },
        Write::PutRateVersion(rate),
    ]);
    Ok((universe, commit))
}

/// What an administrator or a feed says of a universe's rate.
#[derive(Debug, Clone)]
pub struct NewRate {
    /// Units of the universe's currency per base unit.
    pub units_per_base: UnitsPerBase,
    /// Kept by the market on conversions; `None` keeps the spread as it is.
    pub spread: Option<SpreadBps>,
    /// Who says so.
    pub source: RateSource,
    /// Until when it may be used; `None`: until replaced.
    pub valid_until: Option<Timestamp>,
    /// Whether a jump beyond the limit is meant.
    pub confirmed: bool,
}

/// Writes the next version of a universe's rate. Only one of two concurrent calls succeeds.
///
/// # Errors
/// [`Refusal::RateJump`] if the rate would rise or fall by more than `jump_factor_max` times
/// and that is not confirmed; [`Refusal::RateLapsed`] if it would lapse at once.
pub fn set_rate(
    universe: &Universe,
    wanted: &NewRate,
    jump_factor_max: u32,
    now: Timestamp,
) -> Result<(Universe, Commit), Declined> {
    if wanted.valid_until.is_some_and(|until| until <= now) {
        return Err(Refusal::RateLapsed.into());
    }
    let jumps = jumps(universe.rate.units_per_base, wanted.units_per_base, jump_factor_max);
    if jumps && !wanted.confirmed {
        return Err(Refusal::RateJump { factor_max: jump_factor_max }.into());
    }
    let old = universe.rate.id;
    let version = old.version.checked_add(1).ok_or(Refusal::AmountTooLarge)?;
    let rate = RateVersion {
        id: RateId { version, ..old },
        units_per_base: wanted.units_per_base,
        spread: wanted.spread.unwrap_or(universe.rate.spread),
        source: wanted.source,
        observed_at: now,
        valid_until: wanted.valid_until,
    };
    let universe = Universe { rate: rate.clone(), ..universe.clone() };
    let commit = Commit::of(vec![
        Write::ReplaceRate { universe: universe.clone(), replaces: old.version },
        Write::PutRateVersion(rate),
    ]);
    Ok((universe, commit))
}

/// Whether one of the two is more than `factor` times the other.
fn jumps(old: UnitsPerBase, new: UnitsPerBase, factor: u32) -> bool {
    let parts = |rate: UnitsPerBase| {
        let digits_left = 9_u32.saturating_sub(u32::from(rate.decimals()));
        u128::from(rate.mantissa()).saturating_mul(10_u128.saturating_pow(digits_left))
    };
    let (old, new) = (parts(old), parts(new));
    let limit = |value: u128| value.saturating_mul(u128::from(factor));
    new > limit(old) || old > limit(new)
}

#[cfg(test)]
mod tests;
