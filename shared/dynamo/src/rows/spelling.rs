//! How single domain values are spelled in a row: texts and whole numbers. Reading is the
//! domain's own parsing, so that no row can make a value that input could not.

use domain::{
    amount::{Amount, Money},
    catalogue::{Description, ItemState, Quantity, Stock},
    conversion::Provenance,
    currency::{Currency, CurrencyCode, Scale},
    id::{EntryId, ItemId, QuoteId, SessionId, UserId},
    identity::{Email, PasswordHash, Role, Username},
    ledger::{Fingerprint, Holder, Posting, Postings},
    rate::{RateId, RateSource, SpreadBps, UnitsPerBase},
    time::Timestamp,
    universe::{Name, UniverseId},
};

/// A value with one spelling as text.
pub(crate) trait Spelled: Sized {
    /// The spelling.
    fn spell(&self) -> String;
    /// The value that is spelled so, if there is one.
    fn read(text: &str) -> Option<Self>;
}

/// A value that is a whole number.
pub(crate) trait Counted: Sized + Copy {
    /// The number.
    fn count(self) -> i64;
    /// The value with this number, if there is one.
    fn of(count: i64) -> Option<Self>;
}

macro_rules! spelled_by_display {
    ($($name:ty),*) => { $(impl Spelled for $name {
        fn spell(&self) -> String {
            self.to_string()
        }

        fn read(text: &str) -> Option<Self> {
            text.parse().ok()
        }
    })* };
}

macro_rules! spelled_by_as_str {
    ($($name:ty),*) => { $(impl Spelled for $name {
        fn spell(&self) -> String {
            self.as_str().to_owned()
        }

        fn read(text: &str) -> Option<Self> {
            text.parse().ok()
        }
    })* };
}

pub(super) use {spelled_by_as_str, spelled_by_display};

spelled_by_display!(EntryId, ItemId, QuoteId, SessionId, UserId);
spelled_by_display!(CurrencyCode, UniverseId, UnitsPerBase);
spelled_by_as_str!(Description, Email, ItemState, Name, Role, Username);

impl Spelled for PasswordHash {
    fn spell(&self) -> String {
        self.0.clone()
    }

    fn read(text: &str) -> Option<Self> {
        Some(Self(text.to_owned()))
    }
}

/// 32 hexadecimal digits.
impl Spelled for Fingerprint {
    fn spell(&self) -> String {
        format!("{:032x}", u128::from_be_bytes(self.0))
    }

    fn read(text: &str) -> Option<Self> {
        let bits = u128::from_str_radix(text, 16).ok()?;
        Some(Self(bits.to_be_bytes())).filter(|fingerprint| fingerprint.spell() == text)
    }
}

/// `USD/2`: the code and the decimals.
impl Spelled for Currency {
    fn spell(&self) -> String {
        format!("{}/{}", self.code, self.scale.decimals())
    }

    fn read(text: &str) -> Option<Self> {
        let (code, decimals) = text.split_once('/')?;
        let scale = Scale::new(decimals.parse().ok()?)?;
        Some(Self { code: code.parse().ok()?, scale })
    }
}

/// `USD/2 400`: the currency and the minor units.
impl Spelled for Money {
    fn spell(&self) -> String {
        format!("{} {}", self.currency.spell(), self.amount.minor())
    }

    fn read(text: &str) -> Option<Self> {
        let (currency, minor) = text.split_once(' ')?;
        let amount = Amount::of(minor.parse().ok()?)?;
        Some(Self { amount, currency: Currency::read(currency)? })
    }
}

impl Spelled for Holder {
    fn spell(&self) -> String {
        match self {
            Self::User(user) => user.spell(),
            Self::World => "world".to_owned(),
            Self::Pool => "pool".to_owned(),
            Self::Fees => "fees".to_owned(),
            Self::Dust => "dust".to_owned(),
            Self::Venues => "venues".to_owned(),
        }
    }

    fn read(text: &str) -> Option<Self> {
        match text {
            "world" => Some(Self::World),
            "pool" => Some(Self::Pool),
            "fees" => Some(Self::Fees),
            "dust" => Some(Self::Dust),
            "venues" => Some(Self::Venues),
            _ => UserId::read(text).map(Self::User),
        }
    }
}

/// `world>usr_… USD/2 400`.
impl Spelled for Posting {
    fn spell(&self) -> String {
        format!("{}>{} {}", self.from.spell(), self.to.spell(), self.money.spell())
    }

    fn read(text: &str) -> Option<Self> {
        let (from, rest) = text.split_once('>')?;
        let (to, money) = rest.split_once(' ')?;
        let (from, to) = (Holder::read(from)?, Holder::read(to)?);
        Some(Self { from, to, money: Money::read(money)? })
    }
}

/// The postings between commas; they are checked again when they are read.
impl Spelled for Postings {
    fn spell(&self) -> String {
        self.all().iter().map(Spelled::spell).collect::<Vec<_>>().join(",")
    }

    fn read(text: &str) -> Option<Self> {
        let postings = text.split(',').map(Posting::read).collect::<Option<_>>()?;
        Self::checked(postings).ok()
    }
}

/// `rat_2_17`: the universe and the version.
impl Spelled for RateId {
    fn spell(&self) -> String {
        self.to_string()
    }

    fn read(text: &str) -> Option<Self> {
        let (universe, version) = text.strip_prefix("rat_")?.split_once('_')?;
        Some(Self { universe: universe.parse().ok()?, version: version.parse().ok()? })
    }
}

/// `rat_1_1 1 rat_2_3 2.5 50 o 1700000000000 -`: both rates, the spread in basis points, who
/// said so (`o`: an operator, `f`: a feed), since when, and until when (`-`: for ever).
impl Spelled for Provenance {
    fn spell(&self) -> String {
        let until = self.valid_until.map_or("-".to_owned(), |until| until.millis().to_string());
        let source = match self.source {
            RateSource::Operator => "o",
            RateSource::Feed => "f",
        };
        format!(
            "{} {} {} {} {} {source} {} {until}",
            self.from,
            self.from_units,
            self.to,
            self.to_units,
            self.spread_bps,
            self.observed_at.millis(),
        )
    }

    fn read(text: &str) -> Option<Self> {
        let words: Vec<_> = text.split(' ').collect();
        let &[from, from_units, to, to_units, spread_bps, source, observed_at, until] =
            words.as_slice()
        else {
            return None;
        };
        let valid_until = match until {
            "-" => None,
            millis => Some(Timestamp::of(millis.parse().ok()?)?),
        };
        Some(Self {
            from: RateId::read(from)?,
            from_units: UnitsPerBase::read(from_units)?,
            to: RateId::read(to)?,
            to_units: UnitsPerBase::read(to_units)?,
            spread_bps: spread_bps.parse().ok()?,
            source: match source {
                "o" => RateSource::Operator,
                "f" => RateSource::Feed,
                _ => return None,
            },
            observed_at: Timestamp::of(observed_at.parse().ok()?)?,
            valid_until,
        })
    }
}

impl Counted for Amount {
    fn count(self) -> i64 {
        self.minor()
    }

    fn of(count: i64) -> Option<Self> {
        Self::from_minor(count).ok()
    }
}

impl Counted for Timestamp {
    fn count(self) -> i64 {
        self.millis()
    }

    fn of(count: i64) -> Option<Self> {
        Some(Self::from_millis(count)).filter(|time| time.millis() == count)
    }
}

impl Counted for Stock {
    fn count(self) -> i64 {
        i64::from(self.pieces())
    }

    fn of(count: i64) -> Option<Self> {
        u32::try_from(count).ok().and_then(Self::new)
    }
}

impl Counted for Quantity {
    fn count(self) -> i64 {
        i64::from(self.pieces())
    }

    fn of(count: i64) -> Option<Self> {
        u32::try_from(count).ok().and_then(Self::new)
    }
}

impl Counted for SpreadBps {
    fn count(self) -> i64 {
        i64::from(self.bps())
    }

    fn of(count: i64) -> Option<Self> {
        u16::try_from(count).ok().and_then(Self::new)
    }
}

macro_rules! serde_with {
    ($name:ident, $optional:ident, $trait:ident, $wire:ty, $out:expr, $in:expr) => {
        /// For `#[serde(with)]`.
        pub(crate) mod $name {
            use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

            use super::$trait;

            pub(crate) fn serialize<T: $trait, S: Serializer>(
                value: &T,
                serializer: S,
            ) -> Result<S::Ok, S::Error> {
                $out(value).serialize(serializer)
            }

            pub(crate) fn deserialize<'de, T: $trait, D: Deserializer<'de>>(
                deserializer: D,
            ) -> Result<T, D::Error> {
                let wire = <$wire>::deserialize(deserializer)?;
                $in(&wire).ok_or_else(|| {
                    // Not what stands there: it may be private, and this goes to the log.
                    D::Error::custom(format_args!("no {}", std::any::type_name::<T>()))
                })
            }
        }

        /// For `#[serde(with)]`; `None` has no attribute.
        pub(crate) mod $optional {
            use serde::{Deserializer, Serializer};

            use super::$trait;

            pub(crate) fn serialize<T: $trait, S: Serializer>(
                value: &Option<T>,
                serializer: S,
            ) -> Result<S::Ok, S::Error> {
                match value {
                    Some(value) => super::$name::serialize(value, serializer),
                    None => serializer.serialize_none(),
                }
            }

            pub(crate) fn deserialize<'de, T: $trait, D: Deserializer<'de>>(
                deserializer: D,
            ) -> Result<Option<T>, D::Error> {
                super::$name::deserialize(deserializer).map(Some)
            }
        }
    };
}

serde_with!(
    spelled,
    spelled_option,
    Spelled,
    String,
    |value: &T| value.spell(),
    |wire: &String| { T::read(wire) }
);
serde_with!(counted, counted_option, Counted, i64, |value: &T| value.count(), |wire: &i64| {
    T::of(*wire)
});
