//! External stock exchanges: what they list, and orders that are placed there. How an order gets
//! to a venue, and what a venue's messages look like, is not known here.

mod attempt;
mod breaker;
mod order;
mod placing;
mod reports;
mod routing;

use std::{fmt, str::FromStr};

use crate::{
    amount::{Amount, Money},
    currency::{Currency, CurrencyCode, Scale},
    id::VenueOrderId,
    ledger::Fingerprint,
    order::Side,
    time::Timestamp,
    universe::Name,
    webhook::SealedSecret,
};

pub use attempt::{
    ATTEMPTS_KEPT, Attempt, AttemptOutcome, InvalidAttempt, SendFailure, Step, VenueAnswer,
};
pub use breaker::{Breaker, BreakerState, Gate};
pub use order::{
    Ending, InvalidRoutingStatus, Phase, RoutingStatus, Unclear, VenueNews, VenueOrder, VenueTerms,
};
pub use placing::{Pricing, QUANTITY_MAX, VALID_MAX, VALID_UNLESS_SAID, Wanted, place};
pub use reports::{Applied, Dispute, Execution, Report, VenueState, VenueStatus};
pub use routing::{BACKOFF_MAX, Ended, InvalidTask, LEASE, SENDS_MAX, SETTLED_AFTER, Task, Todo};

/// A venue's short name: 3 to 16 lower-case letters, digits and hyphens, a letter first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VenueId([u8; VenueId::CHARS_MAX]);

/// The text is no venue's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a venue is named by 3 to 16 lower-case letters, digits and hyphens, a letter first")]
pub struct InvalidVenueId;

impl VenueId {
    const CHARS_MAX: usize = 16;
    const CHARS_MIN: usize = 3;

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let length = self.0.iter().position(|byte| *byte == 0).unwrap_or(self.0.len());
        std::str::from_utf8(&self.0[..length]).unwrap_or_default()
    }
}

impl FromStr for VenueId {
    type Err = InvalidVenueId;

    fn from_str(text: &str) -> Result<Self, InvalidVenueId> {
        let allowed = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
        let fits = (Self::CHARS_MIN..=Self::CHARS_MAX).contains(&text.len());
        let begins = text.starts_with(|first: char| first.is_ascii_lowercase());
        if !fits || !begins || !text.bytes().all(allowed) {
            return Err(InvalidVenueId);
        }
        let mut name = [0; Self::CHARS_MAX];
        name[..text.len()].copy_from_slice(text.as_bytes());
        Ok(Self(name))
    }
}

impl fmt::Display for VenueId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl fmt::Debug for VenueId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

/// What is traded at venues: its code is one of twelve characters, and it is counted in pieces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instrument(CurrencyCode);

/// The text is no instrument's code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an instrument is twelve capital letters and digits")]
pub struct InvalidInstrument;

impl Instrument {
    /// The code of the wallets that hold it.
    #[must_use]
    pub fn code(self) -> CurrencyCode {
        self.0
    }

    /// So many pieces of it.
    #[must_use]
    pub fn pieces(self, amount: Amount) -> Money {
        Money { amount, currency: Currency { code: self.0, scale: Scale::WHOLE } }
    }
}

impl FromStr for Instrument {
    type Err = InvalidInstrument;

    fn from_str(text: &str) -> Result<Self, InvalidInstrument> {
        let code: CurrencyCode = text.parse().map_err(|_| InvalidInstrument)?;
        if code.is_instrument() { Ok(Self(code)) } else { Err(InvalidInstrument) }
    }
}

impl fmt::Display for Instrument {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

/// An instrument that a venue lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listing {
    /// What is listed.
    pub instrument: Instrument,
    /// The price that orders at market are held to, in minor units of the venue's currency;
    /// none: there are no orders at market.
    pub reference: Option<Amount>,
}

/// An external stock exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Venue {
    /// Its short name.
    pub id: VenueId,
    /// What people call it.
    pub name: Name,
    /// What its prices are in.
    pub currency: Currency,
    /// Where its interface begins, without a slash at the end.
    pub url: String,
    /// What signs requests to it and reports from it.
    pub secret: SealedSecret,
    /// What it lists, at most [`Venue::LISTINGS_MAX`].
    pub listings: Vec<Listing>,
    /// How far from the reference an order at market may trade, in hundredths of a percent.
    pub collar_bps: u16,
    /// How many requests it is sent at the same time.
    pub concurrency_max: u16,
    /// How many requests it is sent in a second.
    pub rate_max: u32,
    /// Whether it takes no new orders.
    pub suspended: bool,
    /// When it was made known.
    pub created_at: Timestamp,
    /// Counts its changes, from 1.
    pub version: u64,
}

impl Venue {
    /// The most instruments of one venue: 500 of about 30 bytes are one row of 15 KB.
    pub const LISTINGS_MAX: usize = 500;
    /// The most requests at the same time.
    pub const CONCURRENCY_MAX: u16 = 64;
    /// The most requests in a second.
    pub const RATE_MAX: u32 = 10_000;

    /// How it lists an instrument.
    #[must_use]
    pub fn listing(&self, instrument: Instrument) -> Option<&Listing> {
        self.listings.iter().find(|listing| listing.instrument == instrument)
    }

    /// Money of its currency.
    #[must_use]
    pub fn money(&self, amount: Amount) -> Money {
        Money { amount, currency: self.currency }
    }

    /// How long a place among those who may send at the same time is taken by one request at
    /// least, in milliseconds: so no more than [`Venue::rate_max`] are sent in a second.
    #[must_use]
    pub fn slot_ms(&self) -> u32 {
        let of_all = u32::from(self.concurrency_max).saturating_mul(1000);
        of_all.div_ceil(self.rate_max.max(1))
    }
}

/// What a venue calls an order, or a part of it that it filled: 1 to 64 printable characters
/// without blanks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference(String);

/// The text is nothing that a venue may call an order or a fill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to 64 printable ASCII characters without blanks and commas")]
pub struct InvalidReference;

impl Reference {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Reference {
    type Err = InvalidReference;

    fn from_str(text: &str) -> Result<Self, InvalidReference> {
        let printable = text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b',');
        let fits = (1..=64).contains(&text.len()) && printable;
        if fits { Ok(Self(text.to_owned())) } else { Err(InvalidReference) }
    }
}

/// What a venue filled of an order, once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VenueFill {
    /// Where.
    pub venue: VenueId,
    /// What the venue calls it.
    pub execution: Reference,
    /// Of which order.
    pub order: VenueOrderId,
    /// Whether its owner bought.
    pub side: Side,
    /// What was traded.
    pub instrument: Instrument,
    /// How many pieces.
    pub quantity: Amount,
    /// What a piece cost.
    pub price: Money,
}

impl VenueFill {
    /// What a fill under one name must always say.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        let minor = |amount: Amount| amount.minor().to_be_bytes();
        let mut bits = self.order.bits().to_be_bytes();
        let said = minor(self.quantity).into_iter().chain(minor(self.price.amount));
        bits.iter_mut().zip(said).for_each(|(bit, said)| *bit ^= said);
        Fingerprint(bits)
    }
}

#[cfg(test)]
mod tests;
