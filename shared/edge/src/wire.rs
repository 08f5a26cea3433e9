//! Wire types that several endpoints share: how money, rates and times are spelled in JSON.

use std::{fmt, marker::PhantomData, str::FromStr};

use domain::{
    amount::{Amount, AmountError, Money},
    catalogue::Quantity,
    currency::Currency,
    pair::{Lots, StepError, Steps, Ticks},
    time::Timestamp,
    universe::UniverseId,
};
use jiff::Timestamp as Instant;
use serde::{
    Deserialize, Deserializer,
    de::{Error as _, IntoDeserializer, MapAccess, value::MapAccessDeserializer},
};
use serde_json::value::RawValue;

use crate::problem::Problem;

/// A text that is parsed by the domain's own rules, such as an id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text<T>(pub T);

impl<'de, T> Deserialize<'de> for Text<T>
where
    T: FromStr,
    T::Err: fmt::Display,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor<T>(PhantomData<T>);
        impl<T: FromStr<Err: fmt::Display>> serde::de::Visitor<'_> for Visitor<T> {
            type Value = T;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a text")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<T, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Visitor(PhantomData)).map(Self)
    }
}

/// One of a closed list of words. By itself serde would also take `{"word": null}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Word<T>(pub T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Word<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> serde::de::Visitor<'de> for Visitor<T> {
            type Value = T;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a word")
            }

            fn visit_str<E: serde::de::Error>(self, word: &str) -> Result<T, E> {
                T::deserialize(word.into_deserializer())
            }
        }
        deserializer.deserialize_str(Visitor(PhantomData)).map(Self)
    }
}

/// A word of the domain's in small or in capital letters, as in `buy` or `BUY`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AnyCase<T>(pub T);

impl<T: FromStr> FromStr for AnyCase<T> {
    type Err = T::Err;

    fn from_str(text: &str) -> Result<Self, T::Err> {
        let small = text.to_ascii_lowercase().parse();
        small.or_else(|_| text.to_ascii_uppercase().parse()).map(Self)
    }
}

impl<'de, T: FromStr<Err: fmt::Display>> Deserialize<'de> for AnyCase<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Text::<Self>::deserialize(deserializer).map(|text| text.0)
    }
}

/// An object within an object. By itself serde would also take an array of its fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object<T>(pub T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> serde::de::Visitor<'de> for Visitor<T> {
            type Value = T;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<T, A::Error> {
                T::deserialize(MapAccessDeserializer::new(members))
            }
        }
        deserializer.deserialize_map(Visitor(PhantomData)).map(Self)
    }
}

/// An amount as a client wrote it: a decimal string, or a JSON number read from its literal
/// text. How many decimals it may have depends on the currency, so it is parsed with one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AmountText(String);

impl<'de> Deserialize<'de> for AmountText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        let text = raw.get();
        if text.starts_with('"') {
            return serde_json::from_str(text).map(Self).map_err(D::Error::custom);
        }
        let number = text.starts_with(|c: char| c == '-' || c.is_ascii_digit());
        if number { Ok(Self(text.to_owned())) } else { Err(D::Error::custom("not an amount")) }
    }
}

impl AmountText {
    /// The amount in minor units of a currency; `pointer` names the field in errors.
    ///
    /// # Errors
    /// 422 that names the field and the rule.
    pub fn of(&self, currency: Currency, pointer: &str) -> Result<Money, Problem> {
        let amount = Amount::parse(&self.0, currency.scale)
            .map_err(|error| Problem::invalid(pointer, amount_code(&error), &error.to_string()))?;
        Ok(Money { amount, currency })
    }

    /// A price in a market with these steps; `pointer` names the field in errors.
    ///
    /// # Errors
    /// 422 that names the field and the rule: `tick_size` if it is no whole number of ticks.
    pub fn price(&self, steps: &Steps, pointer: &str) -> Result<Ticks, Problem> {
        steps.parse_price(&self.0).map_err(|error| off_step(&error, "tick_size", pointer))
    }

    /// A quantity above zero in a market with these steps; `pointer` names the field in errors.
    ///
    /// # Errors
    /// 422 that names the field and the rule: `lot_size` if it is no whole number of lots.
    pub fn lots(&self, steps: &Steps, pointer: &str) -> Result<Lots, Problem> {
        steps.parse_quantity(&self.0).map_err(|error| off_step(&error, "lot_size", pointer))
    }

    /// As [`AmountText::of`], but nothing is too little.
    ///
    /// # Errors
    /// 422 that names the field and the rule.
    pub fn positive(&self, currency: Currency, pointer: &str) -> Result<Money, Problem> {
        let money = self.of(currency, pointer)?;
        if money.amount.is_zero() {
            return Err(Problem::invalid(pointer, "not_positive", "must be more than zero"));
        }
        Ok(money)
    }
}

fn amount_code(error: &AmountError) -> &'static str {
    match error {
        AmountError::Malformed => "malformed",
        AmountError::TooPrecise { .. } => "too_precise",
        AmountError::TooLarge => "too_large",
    }
}

fn off_step(error: &StepError, step: &str, pointer: &str) -> Problem {
    let code = match error {
        StepError::Amount(error) => amount_code(error),
        StepError::OffStep(_) => step,
    };
    Problem::invalid(pointer, code, &error.to_string())
}

/// A count of pieces: a whole JSON number from 1 to 1,000,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pieces(pub Quantity);

impl<'de> Deserialize<'de> for Pieces {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let pieces = u32::deserialize(deserializer)?;
        let quantity = Quantity::new(pieces)
            .ok_or_else(|| D::Error::custom("must be a whole number from 1 to 1000000"))?;
        Ok(Self(quantity))
    }
}

/// A universe's number: a whole JSON number from 1 to 500.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UniverseNumber(pub UniverseId);

impl<'de> Deserialize<'de> for UniverseNumber {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = u32::deserialize(deserializer)?;
        let id = UniverseId::new(number).ok_or_else(|| D::Error::custom("not a universe"))?;
        Ok(Self(id))
    }
}

/// A time as RFC 3339 in UTC with milliseconds, as in `2026-11-21T08:00:00.000Z`.
#[must_use]
pub fn rfc3339(time: Timestamp) -> String {
    let instant = Instant::from_millisecond(time.millis()).unwrap_or(Instant::UNIX_EPOCH);
    format!("{instant:.3}")
}

/// Reads RFC 3339 with any offset.
#[must_use]
pub fn parse_rfc3339(text: &str) -> Option<Timestamp> {
    let millis = text.parse::<Instant>().ok()?.as_millisecond();
    (0..=Timestamp::MAX.millis()).contains(&millis).then(|| Timestamp::from_millis(millis))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_keeps_the_digits_that_a_float_would_lose() {
        let text: AmountText = serde_json::from_str("10000000000000000.01").expect("a number");
        assert_eq!(text, AmountText("10000000000000000.01".to_owned()));
        for bad in ["null", "true", "[1]", "{}"] {
            assert!(serde_json::from_str::<AmountText>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_word_is_a_text_and_an_object_is_no_array() {
        #[derive(Debug, PartialEq, Eq, Deserialize)]
        enum Side {
            Left,
        }
        let side = |json: &str| serde_json::from_str::<Word<Side>>(json).map(|word| word.0).ok();
        assert_eq!(side("\"Left\""), Some(Side::Left));
        assert_eq!([side("{\"Left\":null}"), side("\"Right\""), side("null")], [None, None, None]);

        #[derive(Debug, PartialEq, Eq, Deserialize)]
        struct Point {
            x: u8,
        }
        let point = |json: &str| serde_json::from_str::<Object<Point>>(json).map(|o| o.0).ok();
        assert_eq!(point("{\"x\":1}"), Some(Point { x: 1 }));
        assert_eq!([point("[1]"), point("{}"), point("null")], [None, None, None]);
    }

    #[test]
    fn a_word_in_any_case_is_the_same_word() {
        use domain::order::{Side, TimeInForce};
        let side = |json: &str| serde_json::from_str::<AnyCase<Side>>(json).map(|word| word.0).ok();
        assert_eq!([side("\"buy\""), side("\"BUY\"")], [Some(Side::Buy); 2]);
        assert_eq!([side("\"buys\""), side("null"), side("{\"buy\":null}")], [None; 3]);
        assert_eq!("gtc".parse(), Ok(AnyCase(TimeInForce::GoodTilCancelled)));
        assert_eq!("IOC".parse(), Ok(AnyCase(TimeInForce::ImmediateOrCancel)));
    }

    #[test]
    fn a_time_has_milliseconds_and_a_z() {
        let time = Timestamp::from_millis(1_795_248_000_120);
        assert_eq!(rfc3339(time), "2026-11-21T08:00:00.120Z");
        assert_eq!(parse_rfc3339("2026-11-21T09:00:00.12+01:00"), Some(time));
        assert_eq!(parse_rfc3339("1969-12-31T23:59:59Z"), None);
        assert_eq!(parse_rfc3339("yesterday"), None);
    }
}
