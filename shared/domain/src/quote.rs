//! Quotes: a conversion promised to one user for a short time. How it is signed, the edge knows.

use crate::{
    conversion::{Conversion, Fixed, Provenance, at_rates, convert},
    currency::CurrencyCode,
    id::{QuoteId, UserId},
    refusal::Declined,
    time::{Span, Timestamp},
    universe::{Universe, Universes},
};

/// How long a quote holds: thirty seconds, or until its rate lapses.
pub const QUOTE_LIFETIME: Span = Span::seconds(30);

/// A promise to convert at stated rates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quote {
    /// Redeemed once.
    pub id: QuoteId,
    /// By this user only.
    pub owner: UserId,
    /// The currency that is paid.
    pub from: CurrencyCode,
    /// The currency that is received.
    pub to: CurrencyCode,
    /// Which side is fixed.
    pub fixed: Fixed,
    /// At these rates.
    pub provenance: Provenance,
    /// Before this time.
    pub expires_at: Timestamp,
}

impl Quote {
    /// What the quote converts, to the minor unit.
    ///
    /// # Errors
    /// As [`at_rates`].
    pub fn conversion(&self, universes: &Universes) -> Result<Conversion, Declined> {
        let from = universes.of_currency(self.from)?;
        let to = universes.of_currency(self.to)?;
        Ok(at_rates(from, to, self.provenance, self.fixed)?)
    }
}

/// Quotes a conversion at the rates that hold now.
///
/// # Errors
/// As [`convert`].
pub fn quote(
    id: QuoteId,
    owner: UserId,
    (from, to): (&Universe, &Universe),
    fixed: Fixed,
    now: Timestamp,
) -> Result<Quote, Declined> {
    let conversion = convert(from, to, fixed, now)?;
    let full = now.plus(QUOTE_LIFETIME);
    let expires_at = conversion.provenance.valid_until.map_or(full, |until| until.min(full));
    Ok(Quote {
        id,
        owner,
        from: from.currency.code,
        to: to.currency.code,
        fixed,
        provenance: conversion.provenance,
        expires_at,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        refusal::{Missing, Refusal},
        testing::{ALICE, all_three, at, earth, mars, minor, mrc, usd},
    };

    const ID: QuoteId = QuoteId::from_bits(30);

    fn quoted(to: &Universe) -> Quote {
        quote(ID, ALICE, (&earth(), to), Fixed::Paid(minor(10_000)), at(1000)).expect("a quote")
    }

    #[test]
    fn a_quote_holds_for_thirty_seconds() {
        assert_eq!(quoted(&mars()).expires_at, at(1030));
        assert_eq!(quoted(&mars().lapsing(at(1031))).expires_at, at(1030));
    }

    #[test]
    fn a_quote_does_not_outlive_its_rate() {
        assert_eq!(quoted(&mars().lapsing(at(1029))).expires_at, at(1029));
    }

    #[test]
    fn a_quote_says_what_it_converts() {
        let quote = quoted(&mars());
        assert_eq!((quote.id, quote.owner), (ID, ALICE));
        assert_eq!((quote.from, quote.to), (earth().currency.code, mars().currency.code));
        let conversion = quote.conversion(&all_three()).expect("a conversion");
        assert_eq!((conversion.paid, conversion.received), (usd("100.00"), mrc("250.00")));
        assert_eq!(conversion.provenance, quote.provenance);
    }

    #[test]
    fn a_quote_of_an_unknown_currency_converts_nothing() {
        let only_earth = Universes::new(vec![earth()]);
        let missing = Err(Declined::Missing(Missing::Currency));
        assert_eq!(quoted(&mars()).conversion(&only_earth), missing);
    }

    #[test]
    fn what_cannot_be_converted_is_not_quoted() {
        let quote_of = |to: &Universe, paid: i64| {
            quote(ID, ALICE, (&earth(), to), Fixed::Paid(minor(paid)), at(1000))
        };
        let stale = Declined::RateStale { universe: mars().id };
        assert_eq!(quote_of(&mars().lapsing(at(1000)), 100), Err(stale));
        assert_eq!(quote_of(&mars(), 0), Err(Refusal::AmountTooSmall.into()));
        assert_eq!(quote_of(&earth(), 100), Err(Refusal::SameCurrency.into()));
    }
}
