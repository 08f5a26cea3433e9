//! Conversions by example, and against the definition of a rate, by multiplication only.

use proptest::prelude::*;

use super::*;
use crate::{
    rate::{RateSource, SpreadBps},
    testing::{at, earth, mars, minor, mrc, units, universe, usd, venus, vnc},
};

fn converted(from: &Universe, to: &Universe, fixed: Fixed) -> Conversion {
    convert(from, to, fixed, at(1000)).expect("a conversion")
}

fn refused(from: &Universe, to: &Universe, fixed: Fixed) -> Declined {
    convert(from, to, fixed, at(1000)).expect_err("a refusal")
}

#[test]
fn a_hundred_usd_yield_two_hundred_and_fifty_mrc() {
    let conversion = converted(&earth(), &mars(), Fixed::Paid(usd("100.00").amount));
    assert_eq!((conversion.paid, conversion.received), (usd("100.00"), mrc("250.00")));
    assert_eq!(conversion.pool_takes, usd("100.00").amount);
    assert_eq!((conversion.fee, conversion.dust), (Amount::ZERO, Amount::ZERO));
}

#[test]
fn ten_mrc_cost_four_usd_not_twenty_five() {
    let conversion = converted(&earth(), &mars(), Fixed::Received(mrc("10.00").amount));
    assert_eq!((conversion.paid, conversion.received), (usd("4.00"), mrc("10.00")));
}

#[test]
fn what_is_received_is_floored_and_the_pool_gives_the_ceiling() {
    let conversion = converted(&venus(), &mars(), Fixed::Paid(vnc("1.00").amount));
    assert_eq!(conversion.received, mrc("3.33"));
    assert_eq!((conversion.fee, conversion.dust), (Amount::ZERO, minor(1)));
}

#[test]
fn what_is_paid_is_ceiled_and_the_pool_takes_the_floor() {
    let conversion = converted(&mars(), &venus(), Fixed::Received(vnc("1.00").amount));
    assert_eq!((conversion.paid, conversion.received), (mrc("3.34"), vnc("1.00")));
    assert_eq!((conversion.pool_takes, conversion.dust), (minor(333), Amount::ZERO));
}

#[test]
fn a_spread_is_kept_from_what_is_received_whichever_side_is_fixed() {
    let mars = mars().keeping(100);
    for fixed in [Fixed::Paid(minor(10_000)), Fixed::Received(minor(24_750))] {
        let conversion = converted(&earth(), &mars, fixed);
        assert_eq!((conversion.paid, conversion.received), (usd("100.00"), mrc("247.50")));
        assert_eq!((conversion.fee, conversion.dust), (minor(250), Amount::ZERO));
    }
}

#[test]
fn a_spread_that_does_not_divide_leaves_up_to_two_minor_units_of_dust() {
    // 100.2 minor units: 99.5988 to the customer, 0.6012 to the market, 101 from the pool.
    let jupiter = universe(4, "Jupiter", "JUP", "1.002").keeping(60);
    let conversion = converted(&earth(), &jupiter, Fixed::Paid(minor(100)));
    assert_eq!(conversion.received.amount, minor(99));
    assert_eq!((conversion.fee, conversion.dust), (Amount::ZERO, minor(2)));
}

#[test]
fn a_currency_may_have_no_decimals() {
    let yen = universe(4, "Edo", "YEN", "150").with_decimals(0);
    let dollar = converted(&earth(), &yen, Fixed::Paid(minor(100)));
    assert_eq!((dollar.received, dollar.dust), (yen.money("150"), Amount::ZERO));
    let cent = converted(&earth(), &yen, Fixed::Paid(minor(1)));
    assert_eq!((cent.received, cent.dust), (yen.money("1"), minor(1)));
    assert_eq!(converted(&yen, &earth(), Fixed::Paid(minor(150))).received, usd("1.00"));
}

#[test]
fn a_currency_may_have_eight_decimals() {
    let bit = universe(4, "Bit", "BIT", "0.00002").with_decimals(8);
    let conversion = converted(&earth(), &bit, Fixed::Paid(minor(100)));
    assert_eq!(conversion.received, bit.money("0.00002000"));
    let back = converted(&bit, &earth(), Fixed::Received(minor(100)));
    assert_eq!(back.paid, bit.money("0.00002"));
}

#[test]
fn the_largest_amount_converts_if_the_result_is_not_larger() {
    let conversion = converted(&earth(), &venus(), Fixed::Paid(Amount::MAX));
    assert_eq!(conversion.received.amount, minor(750_000_000_000_000_000));
    let too_large = Declined::Refused(Refusal::AmountTooLarge);
    assert_eq!(refused(&earth(), &mars(), Fixed::Paid(Amount::MAX)), too_large);
    assert_eq!(refused(&mars(), &earth(), Fixed::Received(Amount::MAX)), too_large);
}

#[test]
fn a_side_that_comes_to_nothing_is_refused() {
    let too_small = Declined::Refused(Refusal::AmountTooSmall);
    for fixed in [Fixed::Paid(minor(1)), Fixed::Paid(minor(2)), Fixed::Paid(Amount::ZERO)] {
        assert_eq!(refused(&mars(), &earth(), fixed), too_small);
    }
    assert!(convert(&mars(), &earth(), Fixed::Paid(minor(3)), at(1000)).is_ok());
    assert_eq!(refused(&earth(), &mars(), Fixed::Received(Amount::ZERO)), too_small);
}

#[test]
fn a_price_below_one_minor_unit_is_paid_with_one_that_is_all_dust() {
    let conversion = convert(&earth(), &mars(), Fixed::Received(minor(1)), at(1000));
    let conversion = conversion.expect("0.4 minor units");
    assert_eq!(conversion.paid, usd("0.01"));
    assert_eq!(conversion.pool_takes, Amount::ZERO);
}

#[test]
fn a_currency_is_not_converted_into_itself() {
    let same = Declined::Refused(Refusal::SameCurrency);
    assert_eq!(refused(&earth(), &earth(), Fixed::Paid(minor(100))), same);
}

#[test]
fn a_lapsed_rate_of_either_side_is_stale_from_the_instant_of_its_lapse() {
    let lapsing = mars().lapsing(at(1000));
    let stale = Declined::RateStale { universe: mars().id };
    let fixed = Fixed::Paid(minor(100));
    for now in [at(1000), at(1001)] {
        assert_eq!(convert(&earth(), &lapsing, fixed, now), Err(stale.clone()));
        assert_eq!(convert(&lapsing, &earth(), fixed, now), Err(stale.clone()));
    }
    let just_before = Timestamp::from_millis(999_999);
    assert!(convert(&earth(), &lapsing, fixed, just_before).is_ok());
    assert!(convert(&lapsing, &earth(), fixed, just_before).is_ok());
}

#[test]
fn rates_at_hand_are_applied_even_when_they_have_lapsed() {
    let (from, to) = (earth(), mars().lapsing(at(1)));
    let held = provenance(&from, &to);
    let rerated = universe(2, "Mars", "MRC", "9");
    let conversion = at_rates(&from, &rerated, held, Fixed::Paid(minor(100)));
    assert_eq!(conversion.expect("a conversion").received, mrc("2.50"));
}

#[test]
fn the_provenance_tells_the_larger_spread_the_older_rate_and_the_earlier_lapse() {
    let mut from = earth().keeping(20).lapsing(at(5000));
    from.rate.observed_at = at(900);
    let mut to = mars().keeping(50).lapsing(at(4000));
    to.rate.observed_at = at(800);
    to.rate.source = RateSource::Feed;
    let expected = Provenance {
        from: from.rate.id,
        from_units: units("1"),
        to: to.rate.id,
        to_units: units("2.5"),
        spread_bps: 50,
        source: RateSource::Feed,
        observed_at: at(800),
        valid_until: Some(at(4000)),
    };
    assert_eq!(provenance(&from, &to), expected);
    assert_eq!(converted(&from, &to, Fixed::Paid(minor(100))).provenance, expected);
}

#[test]
fn the_mid_rate_is_shown_to_eighteen_digits() {
    for (from, to, shown) in [
        (earth(), mars(), "2.5"),
        (mars(), earth(), "0.4"),
        (venus(), mars(), "3.33333333333333333"),
        (venus(), venus(), "1"),
    ] {
        assert_eq!(provenance(&from, &to).mid_rate().to_string(), shown);
    }
}

/// Minor units of `to` for minor units of `from`, as a numerator and a denominator: from the
/// definition of a rate. An amount (10^18) times either, times 10^4, is below 10^58.
fn definition(from: &Universe, to: &Universe) -> (U256, U256) {
    let ten = |exponent: u8| U256::new(10).pow(u32::from(exponent));
    let parts = |universe: &Universe| {
        let rate = universe.rate.units_per_base;
        let minor_per_unit = ten(universe.currency.scale.decimals());
        (U256::from(rate.mantissa()) * minor_per_unit, ten(rate.decimals()))
    };
    let ((per_base_from, one_from), (per_base_to, one_to)) = (parts(from), parts(to));
    (per_base_to * one_from, per_base_from * one_to)
}

fn wide(amount: Amount) -> U256 {
    U256::from(amount.minor().unsigned_abs())
}

fn wide_sum(amounts: [Amount; 3]) -> U256 {
    amounts.into_iter().map(wide).fold(U256::ZERO, |sum, amount| sum + amount)
}

fn up(numerator: U256, denominator: U256) -> U256 {
    (numerator + denominator - U256::ONE) / denominator
}

const WHOLE: U256 = U256::new(10_000);

fn kept(conversion: &Conversion) -> U256 {
    WHOLE - U256::from(conversion.provenance.spread_bps)
}

fn a_rate() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => (1_u32..1000, 0_u32..1000).prop_map(|(whole, part)| format!("{whole}.{part:03}")),
        4 => (1_u32..1000).prop_map(|part| format!("0.{part:03}")),
        1 => Just("0.000000001".to_owned()),
        1 => Just("999999999.999999999".to_owned()),
    ]
}

fn a_scale() -> impl Strategy<Value = u8> {
    prop_oneof![6 => Just(2_u8), 2 => 0_u8..=8, 1 => Just(0_u8), 1 => Just(8_u8)]
}

fn a_universe(number: u32, code: &'static str) -> impl Strategy<Value = Universe> {
    let spread = prop_oneof![2 => Just(0), 2 => 0..=SpreadBps::MAX, 1 => Just(SpreadBps::MAX)];
    (a_rate(), a_scale(), spread).prop_map(move |(rate, decimals, bps)| {
        universe(number, "Somewhere", code, &rate).with_decimals(decimals).keeping(bps)
    })
}

fn an_amount() -> impl Strategy<Value = Amount> {
    let digits = (0_u32..16).prop_flat_map(|digits| 1..=10_i64.pow(digits));
    prop_oneof![12 => digits, 1 => Just(1), 1 => Just(Amount::MAX.minor())].prop_map(minor)
}

fn two_universes() -> impl Strategy<Value = (Universe, Universe)> {
    (a_universe(1, "AAA"), a_universe(2, "BBB"))
}

proptest! {
    #[test]
    fn a_fixed_payment_yields_the_exact_value_floored_and_not_a_unit_less(
        (from, to) in two_universes(), paid in an_amount()
    ) {
        let Ok(conversion) = convert(&from, &to, Fixed::Paid(paid), at(1)) else { return Ok(()) };
        let (numerator, denominator) = definition(&from, &to);
        let exact = wide(paid) * numerator;
        let after_spread = exact * kept(&conversion);
        let received = wide(conversion.received.amount);
        prop_assert!(received * denominator * WHOLE <= after_spread);
        prop_assert!((received + U256::ONE) * denominator * WHOLE > after_spread);
        let gives = wide_sum([conversion.received.amount, conversion.fee, conversion.dust]);
        prop_assert!(gives * denominator >= exact);
        prop_assert!((gives - U256::ONE) * denominator < exact);
        prop_assert_eq!((conversion.paid.amount, conversion.pool_takes), (paid, paid));
        prop_assert!(conversion.dust.minor() <= 2);
    }

    #[test]
    fn a_fixed_receipt_costs_the_exact_price_ceiled_and_not_a_unit_more(
        (from, to) in two_universes(), received in an_amount()
    ) {
        let fixed = Fixed::Received(received);
        let Ok(conversion) = convert(&from, &to, fixed, at(1)) else { return Ok(()) };
        let (numerator, denominator) = definition(&from, &to);
        let exact = wide(received) * WHOLE * denominator;
        let unit = numerator * kept(&conversion);
        let (paid, takes) = (wide(conversion.paid.amount), wide(conversion.pool_takes));
        prop_assert!(paid * unit >= exact && (paid - U256::ONE) * unit < exact);
        prop_assert!(takes * unit <= exact && paid - takes <= U256::ONE);
        let gives = wide_sum([received, conversion.fee, conversion.dust]);
        prop_assert!(gives * kept(&conversion) >= wide(received) * WHOLE);
        prop_assert!(conversion.dust.minor() <= 1);
        prop_assert_eq!(conversion.received.amount, received);
    }

    #[test]
    fn a_refusal_is_only_for_a_side_below_one_or_over_the_limit(
        (from, to) in two_universes(), amount in an_amount(), receives in any::<bool>()
    ) {
        let fixed = if receives { Fixed::Received(amount) } else { Fixed::Paid(amount) };
        let (numerator, denominator) = definition(&from, &to);
        let kept = WHOLE - U256::from(provenance(&from, &to).spread_bps);
        let limit = wide(Amount::MAX);
        // What the other side and the pool's side come to: floor and ceiling of fractions.
        let (other, before_spread) = if receives {
            let gross = up(wide(amount) * WHOLE, kept);
            (up(wide(amount) * WHOLE * denominator, numerator * kept), gross)
        } else {
            let received = wide(amount) * numerator * kept / (denominator * WHOLE);
            (received, up(wide(amount) * numerator, denominator))
        };
        match convert(&from, &to, fixed, at(1)) {
            Ok(_) => prop_assert!(other >= U256::ONE && other <= limit),
            Err(Declined::Refused(Refusal::AmountTooSmall)) => prop_assert_eq!(other, U256::ZERO),
            Err(Declined::Refused(Refusal::AmountTooLarge)) => {
                prop_assert!(other >= limit || before_spread > limit);
            }
            Err(declined) => prop_assert!(false, "{declined:?}"),
        }
    }

    #[test]
    fn there_and_back_again_never_gains(
        (from, to) in two_universes(), amount in an_amount(), receives in any::<bool>()
    ) {
        let fixed = if receives { Fixed::Received(amount) } else { Fixed::Paid(amount) };
        let Ok(there) = convert(&from, &to, fixed, at(1)) else { return Ok(()) };
        let Ok(back) = convert(&to, &from, Fixed::Paid(there.received.amount), at(1)) else {
            return Ok(());
        };
        prop_assert!(back.received.amount <= there.paid.amount);
    }
}
