//! Quotes as texts: all that a quote promises, sealed, so that making one writes nothing.
//! Whether the quote still holds and has been redeemed is not decided here.

use domain::{
    amount::Amount,
    conversion::{Fixed, Provenance},
    currency::CurrencyCode,
    id::{QuoteId, UserId},
    quote::Quote,
    rate::{RateId, RateSource, UnitsPerBase},
    time::Timestamp,
    universe::UniverseId,
};
use rust_decimal::Decimal;

use super::{
    TokenError,
    keys::{Purpose, Secrets},
    sealed,
};

/// The first byte names the layout: a text of an older layout is refused, not misread.
const LAYOUT: u8 = 1;
const PAID: u8 = 0;
const RECEIVED: u8 = 1;
const OPERATOR: u8 = 0;
const FEED: u8 = 1;
/// Stands for "does not lapse": a time is never negative.
const NEVER: i64 = -1;

/// The quote as a text of 198 characters that fits a URL's path: 113 bytes and a tag of 32.
#[must_use]
pub fn seal(secrets: &Secrets, quote: &Quote) -> String {
    sealed::seal(secrets, Purpose::Quote, "", &encode(quote))
}

/// The quote, if we made it.
///
/// # Errors
/// [`TokenError::TooLong`], [`TokenError::Malformed`], or [`TokenError::WrongSignature`] if it is
/// forged.
pub fn open(secrets: &Secrets, text: &str) -> Result<Quote, TokenError> {
    let body = sealed::open(secrets, Purpose::Quote, "", text)?;
    decode(&body).ok_or(TokenError::Malformed)
}

fn encode(quote: &Quote) -> Vec<u8> {
    let rates = quote.provenance;
    let (side, amount) = match quote.fixed {
        Fixed::Paid(amount) => (PAID, amount),
        Fixed::Received(amount) => (RECEIVED, amount),
    };
    let mut body = vec![LAYOUT, side];
    body.extend(amount.minor().to_be_bytes());
    body.extend(quote.id.bits().to_be_bytes());
    body.extend(quote.owner.bits().to_be_bytes());
    body.extend(currency(quote.from));
    body.extend(currency(quote.to));
    for (id, units) in [(rates.from, rates.from_units), (rates.to, rates.to_units)] {
        body.extend(id.universe.number().to_be_bytes());
        body.extend(id.version.to_be_bytes());
        body.extend(units.mantissa().to_be_bytes());
        body.push(units.decimals());
    }
    body.extend(rates.spread_bps.to_be_bytes());
    body.push(match rates.source {
        RateSource::Operator => OPERATOR,
        RateSource::Feed => FEED,
    });
    body.extend(rates.observed_at.millis().to_be_bytes());
    body.extend(rates.valid_until.map_or(NEVER, Timestamp::millis).to_be_bytes());
    body.extend(quote.expires_at.millis().to_be_bytes());
    body
}

/// The code's letters, filled up with zeros.
fn currency(code: CurrencyCode) -> [u8; CurrencyCode::LETTERS_MAX] {
    let mut letters = [0; CurrencyCode::LETTERS_MAX];
    for (slot, letter) in letters.iter_mut().zip(code.to_string().bytes()) {
        *slot = letter;
    }
    letters
}

fn decode(body: &[u8]) -> Option<Quote> {
    let mut fields = Fields(body);
    let [layout, side] = fields.take()?;
    if layout != LAYOUT {
        return None;
    }
    let amount = Amount::from_minor(i64::from_be_bytes(fields.take()?)).ok()?;
    let fixed = match side {
        PAID => Fixed::Paid(amount),
        RECEIVED => Fixed::Received(amount),
        _ => return None,
    };
    let id = QuoteId::from_bits(u128::from_be_bytes(fields.take()?));
    let owner = UserId::from_bits(u128::from_be_bytes(fields.take()?));
    let (from, to) = (fields.currency()?, fields.currency()?);
    let ((from_rate, from_units), (to_rate, to_units)) = (fields.rate()?, fields.rate()?);
    let provenance = Provenance {
        from: from_rate,
        from_units,
        to: to_rate,
        to_units,
        spread_bps: u16::from_be_bytes(fields.take()?),
        source: match fields.take()? {
            [OPERATOR] => RateSource::Operator,
            [FEED] => RateSource::Feed,
            _ => return None,
        },
        observed_at: fields.time()?,
        valid_until: match i64::from_be_bytes(fields.take()?) {
            NEVER => None,
            millis => Some(Timestamp::from_millis(millis)),
        },
    };
    let expires_at = fields.time()?;
    fields.0.is_empty().then_some(Quote { id, owner, from, to, fixed, provenance, expires_at })
}

/// The bytes that are still to be read.
struct Fields<'body>(&'body [u8]);

impl Fields<'_> {
    fn take<const LENGTH: usize>(&mut self) -> Option<[u8; LENGTH]> {
        let (field, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*field)
    }

    fn time(&mut self) -> Option<Timestamp> {
        Some(Timestamp::from_millis(i64::from_be_bytes(self.take()?)))
    }

    fn currency(&mut self) -> Option<CurrencyCode> {
        let letters: [u8; CurrencyCode::LETTERS_MAX] = self.take()?;
        std::str::from_utf8(&letters).ok()?.trim_end_matches('\0').parse().ok()
    }

    fn rate(&mut self) -> Option<(RateId, UnitsPerBase)> {
        let universe = UniverseId::new(u32::from_be_bytes(self.take()?))?;
        let version = u32::from_be_bytes(self.take()?);
        let mantissa = i128::from(u64::from_be_bytes(self.take()?));
        let [decimals] = self.take()?;
        let units = Decimal::try_from_i128_with_scale(mantissa, u32::from(decimals)).ok()?;
        Some((RateId { universe, version }, units.to_string().parse().ok()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::keys::tests::secrets;

    const BASE64_URL: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

    /// A sequence of arbitrary numbers, the same in every run (SplitMix64).
    struct Arbitrary(u64);

    impl Arbitrary {
        fn number(&mut self) -> u64 {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            mixed ^ (mixed >> 31)
        }

        fn below(&mut self, limit: u64) -> u64 {
            self.number() % limit
        }

        fn bits(&mut self) -> u128 {
            u128::from(self.number()) << 64 | u128::from(self.number())
        }

        fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
            let at = usize::try_from(self.number() % 1_000_003).expect("small");
            all[at % all.len()]
        }

        fn time(&mut self) -> Timestamp {
            let millis = i64::try_from(self.below(253_402_300_800_000)).expect("in range");
            self.one_of(&[
                Timestamp::from_millis(0),
                Timestamp::from_millis(1),
                Timestamp::from_millis(millis),
                Timestamp::MAX,
            ])
        }

        fn units(&mut self) -> UnitsPerBase {
            let (integer, fraction) = (self.below(1_000_000_000), self.below(1_000_000_000));
            let any = format!("{integer}.{fraction:09}");
            let few = format!("{integer}.5");
            let edges = ["1", "10", "0.000000001", "999999999.999999999", "999999999", &few, &any];
            self.one_of(&edges).parse().unwrap_or_else(|_| "1".parse().expect("a rate"))
        }

        fn rate(&mut self) -> RateId {
            let number = u32::try_from(self.below(500)).expect("small").saturating_add(1);
            let universe = UniverseId::new(number).expect("1 to 500");
            RateId { universe, version: self.one_of(&[1, 65_536, u32::MAX]) }
        }

        fn quote(&mut self) -> Quote {
            let minor = i64::try_from(self.below(1_000_000_000_000_000_001)).expect("in range");
            let amount = self.one_of(&[
                Amount::ZERO,
                Amount::ONE,
                Amount::from_minor(minor).expect("in range"),
                Amount::MAX,
            ]);
            let codes = ["USD", "MRCX", "VENUS"].map(|code| code.parse().expect("a code"));
            let lapse = self.time();
            Quote {
                id: QuoteId::from_bits(self.bits()),
                owner: UserId::from_bits(self.bits()),
                from: self.one_of(&codes),
                to: self.one_of(&codes),
                fixed: self.one_of(&[Fixed::Paid(amount), Fixed::Received(amount)]),
                provenance: Provenance {
                    from: self.rate(),
                    from_units: self.units(),
                    to: self.rate(),
                    to_units: self.units(),
                    spread_bps: self.one_of(&[0, 25, 1000, u16::MAX]),
                    source: self.one_of(&[RateSource::Operator, RateSource::Feed]),
                    observed_at: self.time(),
                    valid_until: self.one_of(&[None, Some(lapse)]),
                },
                expires_at: self.time(),
            }
        }
    }

    #[test]
    fn every_quote_survives_its_text() {
        let (secrets, mut arbitrary) = (secrets(1), Arbitrary(1));
        for _ in 0..2000 {
            let quote = arbitrary.quote();
            let text = seal(&secrets, &quote);
            assert_eq!(open(&secrets, &text), Ok(quote));
            let url_safe = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
            assert!(text.starts_with("quo_") && text.bytes().all(url_safe), "{text}");
            assert_eq!(text.len(), 198);
        }
    }

    #[test]
    fn any_other_character_anywhere_is_refused() {
        let secrets = secrets(1);
        let text = seal(&secrets, &Arbitrary(2).quote());
        for at in 0..text.len() {
            for character in BASE64_URL.chars().filter(|other| !text[at..].starts_with(*other)) {
                let altered = format!("{}{character}{}", &text[..at], &text[at + 1..]);
                assert!(open(&secrets, &altered).is_err(), "{character} at {at}");
            }
        }
    }

    #[test]
    fn a_shortened_lengthened_or_padded_text_is_refused() {
        let secrets = secrets(1);
        let text = seal(&secrets, &Arbitrary(3).quote());
        for length in 0..text.len() {
            assert!(open(&secrets, &text[..length]).is_err(), "{length}");
        }
        for suffix in ["A", "AAAA", "=", "==", " ", "\n"] {
            assert!(open(&secrets, &format!("{text}{suffix}")).is_err(), "{suffix:?}");
        }
    }

    #[test]
    fn a_quote_of_another_secret_is_forged() {
        let text = seal(&secrets(2), &Arbitrary(4).quote());
        assert_eq!(open(&secrets(1), &text), Err(TokenError::WrongSignature));
    }

    #[test]
    fn a_sealed_body_that_is_no_quote_is_malformed() {
        let secrets = secrets(1);
        let body = encode(&Arbitrary(5).quote());
        let longer = [&body[..], &[0]].concat();
        let (mut other_layout, mut no_side) = (body.clone(), body.clone());
        (other_layout[0], no_side[1]) = (LAYOUT + 1, 2);
        for bad in [&longer[..], &other_layout, &no_side, &body[1..], b""] {
            let text = sealed::seal(&secrets, Purpose::Quote, "", bad);
            assert_eq!(open(&secrets, &text), Err(TokenError::Malformed));
        }
    }
}
