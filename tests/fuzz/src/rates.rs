//! Rates as text, and conversions by them: each rounding is checked by multiplying back, and the
//! entry of an exchange against what a customer pays and receives.

use std::collections::BTreeMap;

use domain::{
    amount::Amount,
    conversion::{Conversion, Fixed, convert},
    currency::{CurrencyCode, Scale},
    id::{EntryId, UserId},
    ledger::{Fingerprint, Guard, Holder, Outcome},
    operation::{Exchange, exchange},
    rate::{SpreadBps, UnitsPerBase},
    refusal::{Declined, Refusal},
    universe::Universe,
};
use testkit::builders::{start, universe};

use crate::{
    input::{Input, text},
    natural::Natural,
};

/// Four bytes for two scales and a spread, a line for each rate, and the amount with the side
/// that is fixed, as in `paid 100`.
pub fn rates(data: &[u8]) {
    let mut input = Input::new(data);
    let scales = [input.byte(), input.byte()].map(|byte| byte % (Scale::MAX + 1));
    let spread = input.pair() % (SpreadBps::MAX + 1);
    let units = [input.line(), input.line()].map(text);
    let fixed = text(input.rest()).and_then(fixed_amount);
    let (Some(from), Some(to)) = (units[0], units[1]) else { return };
    let (Some(from), Some(to), Some(fixed)) = (rate(from), rate(to), fixed) else { return };
    let mut sides = [universe(1, "Earth", "USD", "1"), universe(2, "Mars", "MRC", "1")];
    for ((side, units), scale) in sides.iter_mut().zip([from, to]).zip(scales) {
        side.rate.units_per_base = units;
        side.currency.scale = Scale::new(scale).expect("a scale");
    }
    sides[1].rate.spread = SpreadBps::new(spread).expect("a spread");
    let [from, to] = sides;
    let promised = Promised::of(&from, &to, fixed, spread);
    match convert(&from, &to, fixed, start()) {
        Ok(conversion) => {
            promised.kept(&conversion);
            journalled(&from, &to, fixed, &conversion);
        }
        Err(Declined::Refused(refusal)) => promised.refused(&refusal),
        Err(other) => panic!("{other:?}"),
    }
}

/// `paid` or `received`, and a count of minor units.
fn fixed_amount(text: &str) -> Option<Fixed> {
    let (side, minor) = text.trim_end().split_once(' ')?;
    let amount = Amount::from_minor(minor.parse().ok()?).ok()?;
    match side {
        "paid" => Some(Fixed::Paid(amount)),
        "received" => Some(Fixed::Received(amount)),
        _ => None,
    }
}

/// The rate, if the grammar `(0|[1-9][0-9]{0,8})(\.[0-9]{1,9})?` has it and it is not zero.
fn rate(text: &str) -> Option<UnitsPerBase> {
    let (integer, fraction) = match text.split_once('.') {
        Some((integer, fraction)) => (integer, Some(fraction)),
        None => (text, None),
    };
    let digits = |part: &str| {
        (1..=9).contains(&part.len()) && part.chars().all(|letter| letter.is_ascii_digit())
    };
    let canonical = integer == "0" || !integer.starts_with('0');
    let zero = text.chars().all(|letter| letter == '0' || letter == '.');
    let told = digits(integer) && fraction.is_none_or(digits) && canonical && !zero;
    let parsed = text.parse::<UnitsPerBase>();
    assert_eq!(parsed.is_ok(), told, "the rate {text:?}");
    let rate = parsed.ok()?;
    let fraction = fraction.unwrap_or_default().trim_end_matches('0');
    let spelled =
        if fraction.is_empty() { integer.to_owned() } else { format!("{integer}.{fraction}") };
    assert_eq!(rate.to_string(), spelled, "the canonical spelling of {text:?}");
    assert_eq!(spelled.parse(), Ok(rate));
    Some(rate)
}

/// A fraction of minor units.
struct Exact {
    above: Natural,
    below: Natural,
}

impl Exact {
    fn scaled(&self, above: u64, below: u64) -> Self {
        Self {
            above: self.above.times(&Natural::from(above)),
            below: self.below.times(&Natural::from(below)),
        }
    }

    fn by(&self, ratio: &Self) -> Self {
        Self { above: self.above.times(&ratio.above), below: self.below.times(&ratio.below) }
    }

    /// Whether this many are at most as much, and one more would not be.
    fn has_floor(&self, minor: u64) -> bool {
        let at = |count: u64| self.below.times(&Natural::from(count));
        at(minor) <= self.above && self.above < at(minor + 1)
    }

    /// Whether this many are at least as much, and one less would not be.
    fn has_ceiling(&self, minor: u64) -> bool {
        let at = |count: u64| self.below.times(&Natural::from(count));
        at(minor) >= self.above && (minor == 0 || at(minor - 1) < self.above)
    }

    fn passes(&self, minor: u64) -> bool {
        self.above > self.below.times(&Natural::from(minor))
    }

    /// Whether even its floor is more than this.
    fn floor_passes(&self, minor: u64) -> bool {
        self.above >= self.below.times(&Natural::from(minor + 1))
    }
}

/// What a conversion must come to: the exact sides before their one rounding.
struct Promised {
    fixed: Fixed,
    /// What the customer pays.
    paid: Exact,
    /// What the rate is worth.
    gross: Exact,
    received: Exact,
    fee: Exact,
}

impl Promised {
    fn of(from: &Universe, to: &Universe, fixed: Fixed, spread: u16) -> Self {
        let [(from_units, from_scale), (to_units, to_scale)] =
            [from, to].map(|side| (side.rate.units_per_base, side.currency.scale.decimals()));
        let worth = |mantissa: u64, decimals: u8, scale: u8| {
            let digits = Natural::from(mantissa).times(&Natural::power_of_ten(decimals));
            digits.times(&Natural::power_of_ten(scale))
        };
        let above = worth(to_units.mantissa(), from_units.decimals(), to_scale);
        let below = worth(from_units.mantissa(), to_units.decimals(), from_scale);
        let whole = |amount: Amount| Exact {
            above: Natural::from(amount.minor().unsigned_abs()),
            below: Natural::from(1),
        };
        let (spread, kept) = (u64::from(spread), 10_000 - u64::from(spread));
        match fixed {
            Fixed::Paid(amount) => {
                let gross = whole(amount).by(&Exact { above, below });
                Self {
                    fixed,
                    paid: whole(amount),
                    received: gross.scaled(kept, 10_000),
                    fee: gross.scaled(spread, 10_000),
                    gross,
                }
            }
            Fixed::Received(amount) => {
                let gross = whole(amount).scaled(10_000, kept);
                Self {
                    fixed,
                    paid: gross.by(&Exact { above: below, below: above }),
                    received: whole(amount),
                    fee: whole(amount).scaled(spread, kept),
                    gross,
                }
            }
        }
    }

    fn kept(&self, conversion: &Conversion) {
        let minor = |amount: Amount| amount.minor().unsigned_abs();
        let (paid, received) = (conversion.paid.amount, conversion.received.amount);
        match self.fixed {
            Fixed::Paid(amount) => assert_eq!(paid, amount),
            Fixed::Received(amount) => assert_eq!(received, amount),
        }
        let gross = [received, conversion.fee, conversion.dust].map(minor).iter().sum();
        assert!(self.paid.has_ceiling(minor(paid)), "paid: {conversion:?}");
        assert!(self.paid.has_floor(minor(conversion.pool_takes)), "the pool: {conversion:?}");
        assert!(self.received.has_floor(minor(received)), "received: {conversion:?}");
        assert!(self.fee.has_floor(minor(conversion.fee)), "the fee: {conversion:?}");
        assert!(self.gross.has_ceiling(gross), "all that the pool gives: {conversion:?}");
        assert!(minor(conversion.dust) <= 2 && paid >= conversion.pool_takes);
        assert!(!paid.is_zero() && !received.is_zero(), "nothing for something: {conversion:?}");
    }

    fn refused(&self, refusal: &Refusal) {
        let most = Amount::MAX.minor().unsigned_abs();
        let too_large = self.paid.passes(most)
            || self.gross.passes(most)
            || self.received.floor_passes(most)
            || self.fee.floor_passes(most);
        let too_small = self.paid.has_ceiling(0) || self.received.has_floor(0);
        match refusal {
            Refusal::AmountTooLarge => assert!(too_large, "none is too large"),
            Refusal::AmountTooSmall => assert!(too_small && !too_large, "none is too small"),
            other => panic!("{other:?}"),
        }
    }
}

/// The entry of the exchange moves for each holder what the conversion says, and nothing else.
fn journalled(from: &Universe, to: &Universe, fixed: Fixed, conversion: &Conversion) {
    let actor = UserId::from_bits(7);
    let guard = Guard {
        entry: EntryId::from_bits(1),
        actor,
        fingerprint: Fingerprint([0; 16]),
        request_id: String::new(),
        at: start(),
    };
    let commit = exchange(&guard, &Exchange { from, to, fixed, min_receive: None });
    let commit = commit.expect("what converts can be exchanged");
    let Some(Outcome::Moved(movement)) = commit.entry().map(|entry| &entry.outcome) else {
        panic!("nothing moved: {commit:?}");
    };
    let mut nets: BTreeMap<(String, CurrencyCode), i128> = BTreeMap::new();
    let mut add = |holder: Holder, code, minor: i128| {
        *nets.entry((format!("{holder:?}"), code)).or_default() += minor;
    };
    for posting in movement.postings.all() {
        let (minor, code) = (i128::from(posting.money.amount.minor()), posting.money.currency.code);
        add(posting.from, code, -minor);
        add(posting.to, code, minor);
    }
    let Conversion { paid, pool_takes, received, fee, dust, .. } = *conversion;
    let minor = |amount: Amount| i128::from(amount.minor());
    let gross = minor(received.amount) + minor(fee) + minor(dust);
    let (user, sold, bought) = (Holder::User(actor), from.currency.code, to.currency.code);
    for (holder, code, net) in [
        (user, sold, -minor(paid.amount)),
        (Holder::Pool, sold, minor(pool_takes)),
        (Holder::Dust, sold, minor(paid.amount) - minor(pool_takes)),
        (user, bought, minor(received.amount)),
        (Holder::Pool, bought, -gross),
        (Holder::Fees, bought, minor(fee)),
        (Holder::Dust, bought, minor(dust)),
    ] {
        let moved = nets.remove(&(format!("{holder:?}"), code)).unwrap_or(0);
        assert_eq!(moved, net, "{holder:?} {code}: {conversion:?}");
    }
    assert!(nets.values().all(|net| *net == 0), "somebody else: {nets:?}");
}
