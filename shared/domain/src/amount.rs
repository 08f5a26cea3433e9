//! Amounts: whole counts of minor units, and their one decimal spelling.

use std::fmt;

use crate::currency::{Currency, Scale};

/// A count of minor units: 0 to 10^18. What a minor unit is worth, [`Money`] knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Amount(i64);

/// Why a text or a number is not an amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// Not `(0|[1-9][0-9]{0,17})(\.[0-9]+)?`.
    #[error("not a plain decimal number")]
    Malformed,
    /// More decimals than the currency has; they are never rounded away.
    #[error("more than {decimals} decimals")]
    TooPrecise {
        /// The currency's decimals.
        decimals: u8,
    },
    /// Over [`Amount::MAX`] minor units.
    #[error("larger than 10^18 minor units")]
    TooLarge,
}

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// One minor unit.
    pub const ONE: Self = Self(1);
    /// 10^18 minor units: a sum of nine of them still fits an `i64`.
    pub const MAX: Self = Self(1_000_000_000_000_000_000);
    const INTEGER_DIGITS_MAX: usize = 18;

    /// This many minor units.
    ///
    /// # Errors
    /// [`AmountError::Malformed`] below zero, [`AmountError::TooLarge`] over [`Amount::MAX`].
    pub fn from_minor(minor: i64) -> Result<Self, AmountError> {
        match minor {
            i64::MIN..0 => Err(AmountError::Malformed),
            0..=1_000_000_000_000_000_000 => Ok(Self(minor)),
            _ => Err(AmountError::TooLarge),
        }
    }

    /// This many minor units, or the nearest amount: none below zero, [`Amount::MAX`] above it.
    #[must_use]
    pub fn clamped(minor: i64) -> Self {
        Self(minor.clamp(0, Self::MAX.0))
    }

    /// The count of minor units.
    #[must_use]
    pub const fn minor(self) -> i64 {
        self.0
    }

    /// Whether there is nothing.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The sum, unless it passes [`Amount::MAX`].
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).and_then(|sum| Self::from_minor(sum).ok())
    }

    /// The difference, unless it falls below zero.
    #[must_use]
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).and_then(|left| Self::from_minor(left).ok())
    }

    /// The product with a count, unless it passes [`Amount::MAX`].
    #[must_use]
    pub fn checked_mul(self, count: u32) -> Option<Self> {
        self.0.checked_mul(i64::from(count)).and_then(|product| Self::from_minor(product).ok())
    }

    /// Reads `(0|[1-9][0-9]{0,17})(\.[0-9]{1,scale})?`.
    ///
    /// # Errors
    /// See [`AmountError`]; nothing is ever rounded.
    pub fn parse(text: &str, scale: Scale) -> Result<Self, AmountError> {
        let (integer, fraction) = match text.split_once('.') {
            Some((integer, fraction)) => (integer, Some(fraction)),
            None => (text, None),
        };
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        let leading_zero = integer.len() > 1 && integer.starts_with('0');
        if !digits(integer) || leading_zero || !fraction.is_none_or(digits) {
            return Err(AmountError::Malformed);
        }
        let fraction = fraction.unwrap_or_default();
        let decimals = usize::from(scale.decimals());
        if fraction.len() > decimals {
            return Err(AmountError::TooPrecise { decimals: scale.decimals() });
        }
        if integer.len() > Self::INTEGER_DIGITS_MAX {
            return Err(AmountError::TooLarge);
        }
        let minor = format!("{integer}{fraction:0<decimals$}");
        let minor: i64 = minor.parse().map_err(|_| AmountError::TooLarge)?;
        Self::from_minor(minor)
    }

    /// The amount in decimal with exactly `scale` decimals, as in `4.00`.
    #[must_use]
    pub fn to_decimal(self, scale: Scale) -> String {
        let decimals = usize::from(scale.decimals());
        if decimals == 0 {
            return self.0.to_string();
        }
        let width = decimals.saturating_add(1);
        let digits = format!("{:0width$}", self.0);
        let (integer, fraction) = digits.split_at(digits.len().saturating_sub(decimals));
        format!("{integer}.{fraction}")
    }
}

/// An amount of one currency.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Money {
    /// How many minor units.
    pub amount: Amount,
    /// Of which currency.
    pub currency: Currency,
}

impl Money {
    /// The amount in decimal with the currency's decimals, without its code.
    #[must_use]
    pub fn decimal(self) -> String {
        self.amount.to_decimal(self.currency.scale)
    }
}

impl fmt::Display for Money {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}", self.decimal(), self.currency.code)
    }
}

impl fmt::Debug for Money {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn scale(decimals: u8) -> Scale {
        Scale::new(decimals).expect("at most 8")
    }

    #[test]
    fn only_plain_decimals_are_amounts() {
        let bad = [
            "", " 1", "1 ", "-0", "-1", "+1", "1e2", "1_000", ".5", "5.", "00.1", "01", "NaN",
            "inf", "0x1", "1,0", "١", "1.2.3", "--1", "1.-1",
        ];
        for text in bad {
            assert_eq!(Amount::parse(text, scale(2)), Err(AmountError::Malformed), "{text}");
        }
    }

    #[test]
    fn decimals_beyond_the_scale_are_refused_not_rounded() {
        assert_eq!(Amount::parse("1.005", scale(2)), Err(AmountError::TooPrecise { decimals: 2 }));
        assert_eq!(Amount::parse("1.0", scale(0)), Err(AmountError::TooPrecise { decimals: 0 }));
        assert_eq!(Amount::parse("1.5", scale(2)).map(Amount::minor), Ok(150));
    }

    #[test]
    fn the_largest_amount_is_ten_to_the_eighteenth() {
        assert_eq!(Amount::parse("10000000000000000.00", scale(2)), Ok(Amount::MAX));
        let over = ["10000000000000000.01", "9999999999999999999", "99999999999999999999999999"];
        for text in over {
            assert_eq!(Amount::parse(text, scale(2)), Err(AmountError::TooLarge), "{text}");
        }
        assert_eq!(Amount::MAX.checked_add(Amount::ONE), None);
        assert_eq!(Amount::MAX.checked_mul(2), None);
        assert_eq!(Amount::ZERO.checked_sub(Amount::ONE), None);
    }

    #[test]
    fn a_count_below_zero_is_no_amount_and_one_above_the_largest_is_too_large() {
        assert_eq!(Amount::from_minor(-1), Err(AmountError::Malformed));
        assert_eq!(Amount::from_minor(i64::MIN), Err(AmountError::Malformed));
        assert_eq!(Amount::from_minor(0), Ok(Amount::ZERO));
        assert_eq!(Amount::from_minor(Amount::MAX.0), Ok(Amount::MAX));
        assert_eq!(Amount::from_minor(Amount::MAX.0 + 1), Err(AmountError::TooLarge));
    }

    #[test]
    fn money_is_shown_with_all_its_decimals_and_its_code() {
        let code = "USD".parse().expect("a code");
        let currency = Currency { code, scale: scale(2) };
        let money = Money { amount: Amount(5), currency };
        assert_eq!(format!("{money} {money:?}"), "0.05 USD 0.05 USD");
    }

    proptest! {
        #[test]
        fn an_amount_survives_its_decimal_text(minor in 0..=Amount::MAX.0, decimals in 0_u8..=8) {
            let amount = Amount(minor);
            let text = amount.to_decimal(scale(decimals));
            prop_assert_eq!(Amount::parse(&text, scale(decimals)), Ok(amount));
        }
    }
}
