//! Identifiers: a prefix that names the kind and 128 bits in one canonical spelling.
//! Where the bits come from (a clock, a hash, a test) is not known here.

use std::{fmt, str::FromStr};

use crate::{currency::CurrencyCode, pair::PairId};

/// Crockford's base 32 in lower case: no i, l, o, u.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// 26 digits of 5 bits hold 130 bits; the first digit is at most 7, which leaves 128.
const DIGITS: usize = 26;

/// The text is not the one canonical spelling of an identifier of this kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a canonical identifier")]
pub struct InvalidId;

fn encode(bits: u128, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut text = [0_u8; DIGITS];
    let mut rest = bits;
    for slot in text.iter_mut().rev() {
        let digit = usize::try_from(rest & 31).map_err(|_| fmt::Error)?;
        *slot = ALPHABET[digit];
        rest >>= 5;
    }
    out.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
}

fn decode(text: &str) -> Result<u128, InvalidId> {
    if text.len() != DIGITS || text.as_bytes()[0] > b'7' {
        return Err(InvalidId);
    }
    text.bytes().try_fold(0_u128, |bits, byte| {
        let digit = ALPHABET.iter().position(|letter| *letter == byte).ok_or(InvalidId)?;
        Ok((bits << 5) | u128::try_from(digit).map_err(|_| InvalidId)?)
    })
}

macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u128);

        impl $name {
            /// The letters every identifier of this kind begins with.
            pub const PREFIX: &'static str = $prefix;

            /// The identifier with these bits.
            #[must_use]
            pub const fn from_bits(bits: u128) -> Self {
                Self(bits)
            }

            /// The identifier's 128 bits.
            #[must_use]
            pub const fn bits(self) -> u128 {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str($prefix)?;
                encode(self.0, out)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, out)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                text.strip_prefix($prefix).ok_or(InvalidId).and_then(decode).map(Self)
            }
        }
    };
}

identifier!(
    /// A person or program that holds an account.
    UserId,
    "usr_"
);
identifier!(
    /// A journal entry: derived from (principal, idempotency key), so it is also the guard.
    EntryId,
    "txn_"
);
identifier!(
    /// An item offered in the catalogue.
    ItemId,
    "itm_"
);
identifier!(
    /// A quote for an exchange of currencies.
    QuoteId,
    "quo_"
);
identifier!(
    /// A log-in and all refresh tokens that descend from it.
    SessionId,
    "ses_"
);

identifier!(
    /// A place that a user's events are sent to.
    WebhookId,
    "whk_"
);

identifier!(
    /// An order on the book: the bits of the journal entry that placed it.
    OrderId,
    "ord_"
);

identifier!(
    /// An order at an external venue: the bits of the journal entry that accepted it. It is also
    /// what the venue knows it by.
    VenueOrderId,
    "vor_"
);

identifier!(
    /// A fill: derived from its pair and its number there.
    TradeId,
    "trd_"
);

impl TradeId {
    /// Of the trade with this number in a pair: the codes' letters in 80 bits, the number in 48.
    #[must_use]
    pub fn of(pair: PairId, number: u64) -> Self {
        let codes = (u128::from(pair.base.bits()) << 40) | u128::from(pair.quote.bits());
        Self((codes << 48) | (u128::from(number) & 0xffff_ffff_ffff))
    }

    /// The journal entry by which the trade's money moved.
    #[must_use]
    pub fn entry(self) -> EntryId {
        EntryId(self.0)
    }
}

/// One user's holdings of one currency. It names both, so no look-up resolves it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WalletId {
    /// Whose wallet it is.
    pub owner: UserId,
    /// The currency that it holds.
    pub currency: CurrencyCode,
}

impl fmt::Display for WalletId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("wal_")?;
        encode(self.owner.bits(), out)?;
        write!(out, "_{}", self.currency)
    }
}

impl fmt::Debug for WalletId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

impl FromStr for WalletId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let rest = text.strip_prefix("wal_").ok_or(InvalidId)?;
        let (owner, currency) = rest.split_once('_').ok_or(InvalidId)?;
        Ok(Self {
            owner: UserId::from_bits(decode(owner)?),
            currency: currency.parse().map_err(|_| InvalidId)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_identifier_has_exactly_one_spelling() {
        for text in [
            "usr_",
            "usr_0000000000000000000000000",
            "usr_000000000000000000000000000",
            "usr_8zzzzzzzzzzzzzzzzzzzzzzzzz",
            "usr_0000000000000000000000000A",
            "usr_0000000000000000000000000l",
            "USR_00000000000000000000000000",
            "itm_00000000000000000000000000",
            " usr_00000000000000000000000000",
            "usr_é000000000000000000000000",
        ] {
            assert_eq!(text.parse::<UserId>(), Err(InvalidId), "{text}");
        }
    }

    #[test]
    fn a_wallet_id_names_owner_and_currency() {
        let text = "wal_0000000000000000000000000a_MRC";
        let wallet: WalletId = text.parse().expect("canonical");
        assert_eq!(wallet.owner, UserId::from_bits(10));
        assert_eq!(wallet.to_string(), text);
        assert!("wal_0000000000000000000000000a_mrc".parse::<WalletId>().is_err());
        assert!("wal_0000000000000000000000000a_".parse::<WalletId>().is_err());
    }

    proptest! {
        #[test]
        fn every_identifier_survives_its_text(bits: u128) {
            let id = EntryId::from_bits(bits);
            prop_assert_eq!(id.to_string().parse::<EntryId>(), Ok(id));
        }
    }
}
