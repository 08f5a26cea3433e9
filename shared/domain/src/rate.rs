//! Rates: how many units of a universe's currency make one base unit, in immutable versions.
//! How a rate is applied to money, `conversion` decides.

use std::{fmt, str::FromStr};

use rust_decimal::Decimal;

use crate::{time::Timestamp, universe::UniverseId};

/// Units of a currency per base unit: an exact positive decimal of at most 9 digits before and
/// 9 after the point.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct UnitsPerBase {
    mantissa: u64,
    decimals: u8,
}

/// The text is not `(0|[1-9][0-9]{0,8})(\.[0-9]{1,9})?`, or it is zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a rate is a positive plain decimal of at most 9 digits before and 9 after the point")]
pub struct InvalidRate;

impl UnitsPerBase {
    /// The most digits on either side of the point: 9, so that the mantissa fits a `u64`.
    pub const DIGITS_MAX: usize = 9;

    /// The digits without the point.
    #[must_use]
    pub fn mantissa(self) -> u64 {
        self.mantissa
    }

    /// How many of the digits stand after the point: 0 to 9.
    #[must_use]
    pub fn decimals(self) -> u8 {
        self.decimals
    }

    /// The value as a decimal: exact, for showing only.
    #[must_use]
    pub fn to_decimal(self) -> Decimal {
        Decimal::from_i128_with_scale(i128::from(self.mantissa), u32::from(self.decimals))
    }
}

impl FromStr for UnitsPerBase {
    type Err = InvalidRate;

    fn from_str(text: &str) -> Result<Self, InvalidRate> {
        let (integer, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |part: &str| {
            (1..=Self::DIGITS_MAX).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit())
        };
        if !digits(integer) || !digits(fraction) || (integer.len() > 1 && integer.starts_with('0'))
        {
            return Err(InvalidRate);
        }
        let fraction = fraction.trim_end_matches('0');
        let mantissa: u64 = format!("{integer}{fraction}").parse().map_err(|_| InvalidRate)?;
        if mantissa == 0 {
            return Err(InvalidRate);
        }
        Ok(Self { mantissa, decimals: u8::try_from(fraction.len()).map_err(|_| InvalidRate)? })
    }
}

impl fmt::Display for UnitsPerBase {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.to_decimal(), out)
    }
}

impl fmt::Debug for UnitsPerBase {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

/// What the market keeps of a conversion, in basis points (1/100 %): 0 to 1000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct SpreadBps(u16);

impl SpreadBps {
    /// 1000 basis points, ten per cent: a typing error beyond it costs customers too much.
    pub const MAX: u16 = 1000;

    /// A spread of this many basis points, if at most [`SpreadBps::MAX`].
    #[must_use]
    pub const fn new(bps: u16) -> Option<Self> {
        if bps <= Self::MAX { Some(Self(bps)) } else { None }
    }

    /// The spread in basis points.
    #[must_use]
    pub const fn bps(self) -> u16 {
        self.0
    }
}

/// Names one version of one universe's rate: `rat_{universe}_{version}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RateId {
    /// Whose rate.
    pub universe: UniverseId,
    /// Counts from 1 without gaps.
    pub version: u32,
}

impl fmt::Display for RateId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "rat_{}_{}", self.universe, self.version)
    }
}

/// Who said what the rate is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RateSource {
    /// An administrator, or the seed: it holds until replaced.
    Operator,
    /// A feed: it lapses with the feed's maximum age.
    Feed,
}

/// One version of a universe's rate. It never changes once written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RateVersion {
    /// Which universe and which version.
    pub id: RateId,
    /// Units of the universe's currency per base unit.
    pub units_per_base: UnitsPerBase,
    /// Kept by the market on conversions into or out of the currency.
    pub spread: SpreadBps,
    /// Who said so.
    pub source: RateSource,
    /// Since when it holds.
    pub observed_at: Timestamp,
    /// Until when it may be used; `None`: until replaced.
    pub valid_until: Option<Timestamp>,
}

impl RateVersion {
    /// Whether conversions at `now` may use it.
    #[must_use]
    pub fn usable_at(&self, now: Timestamp) -> bool {
        self.valid_until.is_none_or(|until| now < until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_a_positive_plain_decimal() {
        for (text, shown) in [
            ("1", "1"),
            ("2.50", "2.5"),
            ("0.75", "0.75"),
            ("999999999.999999999", "999999999.999999999"),
        ] {
            assert_eq!(text.parse::<UnitsPerBase>().expect(text).to_string(), shown);
        }
        for bad in [
            "0",
            "0.0",
            "-1",
            "+1",
            "1e2",
            ".5",
            "5.",
            "01",
            "1234567890",
            "1.1234567890",
            "NaN",
            "",
        ] {
            assert_eq!(bad.parse::<UnitsPerBase>(), Err(InvalidRate), "{bad}");
        }
    }

    #[test]
    fn a_rate_is_its_digits_and_how_many_stand_after_the_point() {
        let rate: UnitsPerBase = "2.50".parse().expect("a rate");
        assert_eq!((rate.mantissa(), rate.decimals()), (25, 1));
        assert_eq!((rate.to_decimal(), format!("{rate:?}")), (Decimal::new(25, 1), "2.5".into()));
    }

    #[test]
    fn a_spread_is_at_most_ten_per_cent() {
        assert_eq!(SpreadBps::new(1000).map(SpreadBps::bps), Some(1000));
        assert_eq!(SpreadBps::new(1001), None);
    }

    #[test]
    fn a_version_names_its_universe_and_its_number() {
        let id = RateId { universe: UniverseId::new(7).expect("a number"), version: 12 };
        assert_eq!(id.to_string(), "rat_7_12");
    }
}
