//! What a pair's prices and quantities are counted in, and what there cannot be.

use super::*;
use crate::testing::{at, earth, mars, minor};

fn terms(price_decimals: u8, tick: i64, lot: i64) -> PairTerms {
    PairTerms {
        price_scale: Scale::new(price_decimals).expect("a scale"),
        tick: minor(tick),
        lot: minor(lot),
        min_notional: minor(100),
        maker_fee: FeeBps::new(10).expect("a fee"),
        taker_fee: FeeBps::new(20).expect("a fee"),
        collar_bps: 1_000,
    }
}

fn pair(terms: PairTerms) -> Result<Pair, InvalidPair> {
    Pair::new(mars().currency, earth().currency, terms, at(0))
}

#[test]
fn a_lot_at_one_tick_is_worth_whole_minor_units() {
    // 0.01 USD times 1.00 MRC is one cent; 0.0001 USD needs a lot of 100.00 MRC.
    assert_eq!(pair(terms(2, 1, 100)).map(|pair| pair.steps.unit_value), Ok(1));
    assert_eq!(pair(terms(4, 1, 10_000)).map(|pair| pair.steps.unit_value), Ok(1));
    assert_eq!(pair(terms(2, 25, 300)).map(|pair| pair.steps.unit_value), Ok(75));
    for inexact in [terms(2, 1, 1), terms(4, 1, 100), terms(3, 1, 100)] {
        assert_eq!(pair(inexact), Err(InvalidPair::Inexact));
    }
}

#[test]
fn a_pair_has_two_currencies_and_steps_above_zero() {
    let same = Pair::new(mars().currency, mars().currency, terms(2, 1, 100), at(0));
    assert_eq!(same, Err(InvalidPair::SameCurrency));
    let collar = PairTerms { collar_bps: 10_000, ..terms(2, 1, 100) };
    for bad in [terms(2, 0, 100), terms(2, 1, 0), collar] {
        assert_eq!(pair(bad), Err(InvalidPair::OutOfRange));
    }
}

#[test]
fn prices_and_quantities_are_whole_steps() {
    let pair = pair(terms(2, 5, 200)).expect("a pair");
    assert_eq!(pair.steps.parse_price("0.45").map(Ticks::count), Ok(9));
    assert_eq!(pair.steps.parse_quantity("6.00").map(Lots::count), Ok(3));
    assert_eq!(pair.steps.price_text(Ticks::new(9).expect("a price")), "0.45");
    assert_eq!(pair.steps.quantity_text(Lots::new(3).expect("lots")), "6.00");
    for off in ["0.44", "0", "0.00"] {
        assert!(matches!(pair.steps.parse_price(off), Err(StepError::OffStep(_))), "{off}");
    }
    for off in ["1.00", "0", "7"] {
        assert!(matches!(pair.steps.parse_quantity(off), Err(StepError::OffStep(_))), "{off}");
    }
    assert!(matches!(pair.steps.parse_price("0.451"), Err(StepError::Amount(_))));
    let message = pair.steps.parse_price("0.44").expect_err("off").to_string();
    assert!(message.starts_with("must be a multiple of 0.05"), "{message}");
}

#[test]
fn a_notional_is_exact_and_bounded() {
    let pair = pair(terms(2, 5, 200)).expect("a pair");
    let (price, lots) = (Ticks::new(9).expect("a price"), Lots::new(3).expect("lots"));
    assert_eq!(pair.steps.notional(price, lots), Ok(minor(270)), "0.45 USD times 6.00 MRC");
    assert_eq!(pair.steps.notional(Ticks::MAX, Lots::MAX), Err(Refusal::AmountTooLarge));
}

#[test]
fn a_name_is_two_different_codes() {
    assert_eq!("MRC-USD".parse::<PairId>().map(|id| id.to_string()), Ok("MRC-USD".to_owned()));
    for bad in ["", "MRC", "MRC-", "-USD", "MRC-MRC", "mrc-USD", "MRC-USD-", "MRC_USD"] {
        assert_eq!(bad.parse::<PairId>(), Err(InvalidPairId), "{bad}");
    }
}

#[test]
fn a_status_survives_its_name() {
    for status in [PairStatus::Trading, PairStatus::CancelOnly, PairStatus::Halted] {
        assert_eq!(status.as_str().parse(), Ok(status));
    }
    assert_eq!("Trading".parse::<PairStatus>(), Err(InvalidPairStatus));
}
