//! Currencies: a code and the number of decimals that its minor unit stands for. What is traded
//! at external venues is counted like a currency, in whole pieces.

use std::{fmt, str::FromStr};

/// What a wallet holds: a universe's currency, three to five capital letters as in `USD`; or an
/// instrument of an external venue, twelve capital letters and digits as in `DOTUSDT00008`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CurrencyCode([u8; CurrencyCode::INSTRUMENT_CHARS]);

/// The text is neither a currency's code nor an instrument's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a currency code is three to five capital letters")]
pub struct InvalidCurrencyCode;

impl CurrencyCode {
    /// The longest code of a universe's currency.
    pub const LETTERS_MAX: usize = 5;
    const LETTERS_MIN: usize = 3;
    /// The length of an instrument's code: that of an ISIN.
    pub const INSTRUMENT_CHARS: usize = 12;

    /// The letters as 40 bits: different for different currencies of universes.
    #[must_use]
    pub(crate) fn bits(self) -> u64 {
        let letters = self.0.iter().take(Self::LETTERS_MAX);
        letters.fold(0, |bits, letter| (bits << 8) | u64::from(*letter))
    }

    /// Whether it is an instrument's, and no universe's currency.
    #[must_use]
    pub fn is_instrument(self) -> bool {
        self.as_str().len() == Self::INSTRUMENT_CHARS
    }

    fn as_str(&self) -> &str {
        let length = self.0.iter().position(|byte| *byte == 0).unwrap_or(self.0.len());
        std::str::from_utf8(&self.0[..length]).unwrap_or_default()
    }
}

impl FromStr for CurrencyCode {
    type Err = InvalidCurrencyCode;

    fn from_str(text: &str) -> Result<Self, InvalidCurrencyCode> {
        let letters = text.bytes().all(|byte| byte.is_ascii_uppercase());
        let fits = match text.len() {
            Self::LETTERS_MIN..=Self::LETTERS_MAX => letters,
            Self::INSTRUMENT_CHARS => {
                text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
            }
            _ => false,
        };
        if !fits {
            return Err(InvalidCurrencyCode);
        }
        let mut letters = [0; Self::INSTRUMENT_CHARS];
        letters[..text.len()].copy_from_slice(text.as_bytes());
        Ok(Self(letters))
    }
}

impl fmt::Display for CurrencyCode {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl fmt::Debug for CurrencyCode {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

/// How many decimals a currency has: 0 to 8. It never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scale(u8);

impl Scale {
    /// The most decimals: 8, so that a minor unit times the largest amount fits an `i64`.
    pub const MAX: u8 = 8;

    /// A scale of this many decimals, if there are at most [`Scale::MAX`].
    #[must_use]
    pub const fn new(decimals: u8) -> Option<Self> {
        if decimals <= Self::MAX { Some(Self(decimals)) } else { None }
    }

    /// Whole units only.
    pub const WHOLE: Self = Self(0);

    /// The number of decimals.
    #[must_use]
    pub const fn decimals(self) -> u8 {
        self.0
    }
}

/// A currency: its code and its immutable scale.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency {
    /// The code, as in `USD`.
    pub code: CurrencyCode,
    /// Decimals of the minor unit.
    pub scale: Scale,
}

impl fmt::Debug for Currency {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}/{}", self.code, self.scale.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_three_to_five_capitals() {
        for good in ["USD", "MRCX", "VENUS"] {
            assert_eq!(good.parse::<CurrencyCode>().expect(good).to_string(), good);
        }
        for bad in ["", "US", "usd", "USDOLLAR", "U$D", "US1", "ÜSD"] {
            assert_eq!(bad.parse::<CurrencyCode>(), Err(InvalidCurrencyCode), "{bad}");
        }
    }

    #[test]
    fn an_instruments_code_is_twelve_capitals_and_digits() {
        for good in ["DOTUSDT00008", "US0378331005", "ABCDEFGHIJKL"] {
            let code = good.parse::<CurrencyCode>().expect(good);
            assert!(code.is_instrument(), "{good}");
            assert_eq!(code.to_string(), good);
        }
        assert!(!"VENUS".parse::<CurrencyCode>().expect("a code").is_instrument());
        for bad in ["DOTUSDT0008", "DOTUSDT000008", "dotusdt00008", "DOTUSDT0000-", "DÖTUSDT0008"]
        {
            assert_eq!(bad.parse::<CurrencyCode>(), Err(InvalidCurrencyCode), "{bad}");
        }
    }

    #[test]
    fn the_bits_of_a_currency_are_its_letters() {
        let bits = |code: &str| code.parse::<CurrencyCode>().expect(code).bits();
        assert_eq!(bits("USD"), 0x55_53_44_00_00);
        assert_eq!(bits("VENUS"), 0x56_45_4E_55_53);
    }

    #[test]
    fn a_currency_has_at_most_eight_decimals_and_is_shown_with_them() {
        assert_eq!(Scale::new(8).map(Scale::decimals), Some(8));
        assert_eq!(Scale::new(9), None);
        let code = "USD".parse::<CurrencyCode>().expect("a code");
        let usd = Currency { code, scale: Scale::new(2).expect("two decimals") };
        assert_eq!(format!("{code:?} {usd:?}"), "USD USD/2");
    }
}
