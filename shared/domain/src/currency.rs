//! Currencies: a code and the number of decimals that its minor unit stands for.

use std::{fmt, str::FromStr};

/// Three to five capital letters, as in `USD`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CurrencyCode([u8; CurrencyCode::LETTERS_MAX]);

/// The text is not three to five capital letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a currency code is three to five capital letters")]
pub struct InvalidCurrencyCode;

impl CurrencyCode {
    /// The longest code.
    pub const LETTERS_MAX: usize = 5;
    const LETTERS_MIN: usize = 3;

    /// The letters as 40 bits: different for different codes.
    #[must_use]
    pub(crate) fn bits(self) -> u64 {
        self.0.iter().fold(0, |bits, letter| (bits << 8) | u64::from(*letter))
    }

    fn as_str(&self) -> &str {
        let length = self.0.iter().position(|byte| *byte == 0).unwrap_or(self.0.len());
        std::str::from_utf8(&self.0[..length]).unwrap_or_default()
    }
}

impl FromStr for CurrencyCode {
    type Err = InvalidCurrencyCode;

    fn from_str(text: &str) -> Result<Self, InvalidCurrencyCode> {
        let fits = (Self::LETTERS_MIN..=Self::LETTERS_MAX).contains(&text.len());
        if !fits || !text.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err(InvalidCurrencyCode);
        }
        let mut letters = [0; Self::LETTERS_MAX];
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
}
