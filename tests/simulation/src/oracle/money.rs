//! Arithmetic of the oracle's own: fractions of whole numbers, and decimal texts. It shares
//! nothing with the market's.

/// A fraction that is not negative, in its lowest terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fraction {
    over: i128,
    under: i128,
}

fn gcd(mut one: i128, mut other: i128) -> i128 {
    while other != 0 {
        (one, other) = (other, one % other);
    }
    one.max(1)
}

/// Ten to a power; `None` if it is too large.
#[must_use]
pub fn power(decimals: u8) -> Option<i128> {
    10_i128.checked_pow(u32::from(decimals))
}

impl Fraction {
    /// `over / under`; `None` unless `under` is above zero.
    #[must_use]
    pub fn new(over: i128, under: i128) -> Option<Self> {
        if over < 0 || under <= 0 {
            return None;
        }
        let common = gcd(over, under);
        Some(Self { over: over / common, under: under / common })
    }

    /// A whole number.
    #[must_use]
    pub fn whole(number: i128) -> Option<Self> {
        Self::new(number, 1)
    }

    /// The product; `None` if it passes what can be counted.
    #[must_use]
    pub fn times(self, other: Self) -> Option<Self> {
        let (one, two) = (gcd(self.over, other.under), gcd(other.over, self.under));
        Self::new(
            (self.over / one).checked_mul(other.over / two)?,
            (self.under / two).checked_mul(other.under / one)?,
        )
    }

    /// The quotient.
    #[must_use]
    pub fn by(self, other: Self) -> Option<Self> {
        self.times(Self::new(other.under, other.over)?)
    }

    /// Rounded down.
    #[must_use]
    pub fn floor(self) -> i128 {
        self.over / self.under
    }

    /// Rounded up.
    #[must_use]
    pub fn ceil(self) -> i128 {
        self.floor() + i128::from(self.over % self.under != 0)
    }
}

/// What a conversion must have come to, in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Converted {
    /// What the customer pays.
    pub paid: i128,
    /// What of it the pool takes.
    pub pool_takes: i128,
    /// What the customer receives.
    pub received: i128,
    /// What the market keeps.
    pub fee: i128,
    /// What rounding leaves of the side received.
    pub dust: i128,
}

const WHOLE_BPS: i128 = 10_000;

/// What so much, paid, comes to at `rate` minor units received a minor unit paid.
#[must_use]
pub fn paying(paid: i128, rate: Fraction, spread_bps: u16) -> Option<Converted> {
    let exact = Fraction::whole(paid)?.times(rate)?;
    let share = |bps: i128| exact.times(Fraction::new(bps, WHOLE_BPS)?);
    let received = share(WHOLE_BPS - i128::from(spread_bps))?.floor();
    let fee = share(i128::from(spread_bps))?.floor();
    let dust = exact.ceil() - received - fee;
    Some(Converted { paid, pool_takes: paid, received, fee, dust })
}

/// What must be paid so that so much is received.
#[must_use]
pub fn receiving(received: i128, rate: Fraction, spread_bps: u16) -> Option<Converted> {
    let kept = WHOLE_BPS - i128::from(spread_bps);
    let wanted = Fraction::whole(received)?;
    let gross = wanted.times(Fraction::new(WHOLE_BPS, kept)?)?;
    let exact = gross.by(rate)?;
    let fee = wanted.times(Fraction::new(i128::from(spread_bps), kept)?)?.floor();
    let dust = gross.ceil() - received - fee;
    Some(Converted { paid: exact.ceil(), pool_takes: exact.floor(), received, fee, dust })
}

/// Minor units as a decimal text.
#[must_use]
pub fn decimal(minor: i128, decimals: u8) -> String {
    let places = usize::from(decimals);
    if places == 0 {
        return minor.to_string();
    }
    let digits = format!("{minor:0>width$}", width = places + 1);
    let (whole, rest) = digits.split_at(digits.len() - places);
    format!("{whole}.{rest}")
}

/// The minor units of a decimal text; `None`: it is none, or too precise.
#[must_use]
pub fn minor(text: &str, decimals: u8) -> Option<i128> {
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    let missing = usize::from(decimals).checked_sub(rest.len())?;
    format!("{whole}{rest}{}", "0".repeat(missing)).parse().ok().filter(|minor| *minor >= 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_conversion_rounds_once_a_side_and_never_to_the_customers_favour() {
        let rate = Fraction::new(10, 3).expect("a rate");
        let paid = paying(100, rate, 50).expect("small");
        assert_eq!(paid, Converted { paid: 100, pool_takes: 100, received: 331, fee: 1, dust: 2 });
        let got = receiving(331, rate, 50).expect("small");
        assert_eq!(got, Converted { paid: 100, pool_takes: 99, received: 331, fee: 1, dust: 1 });
    }

    #[test]
    fn a_decimal_text_and_its_minor_units_are_the_same_thing() {
        for (text, scale, units) in [("4.00", 2, 400), ("0.05", 2, 5), ("7", 0, 7)] {
            assert_eq!(minor(text, scale), Some(units));
            assert_eq!(decimal(units, scale), text);
        }
        assert_eq!((minor("0.001", 2), minor("-1", 2), minor("1", 2)), (None, None, Some(100)));
    }
}
