//! Making universes, changing their rates, and finding them.

use super::*;
use crate::testing::{all_three, at, currency, earth, mars, units, universe, venus};

fn pluto() -> NewUniverse {
    NewUniverse {
        name: "Pluto".parse().expect("a name"),
        currency: currency("PLU", 0),
        units_per_base: units("12"),
        spread: SpreadBps::new(25).expect("a spread"),
    }
}

fn rated(text: &str) -> NewRate {
    NewRate {
        units_per_base: units(text),
        spread: None,
        source: RateSource::Feed,
        valid_until: Some(at(1060)),
        confirmed: false,
    }
}

#[test]
fn a_universe_gets_the_number_after_the_last_and_its_first_rate() {
    let sparse = Universes::new(vec![universe(9, "Nine", "NIN", "1"), earth()]);
    let (made, commit) = create(pluto(), &sparse, at(1000)).expect("a universe");
    let id = UniverseId::new(10).expect("a number");
    let rate = RateVersion {
        id: RateId { universe: id, version: 1 },
        units_per_base: units("12"),
        spread: SpreadBps::new(25).expect("a spread"),
        source: RateSource::Operator,
        observed_at: at(1000),
        valid_until: None,
    };
    let name = pluto().name;
    let created_at = at(1000);
    let expected =
        Universe { id, name, currency: currency("PLU", 0), rate: rate.clone(), created_at };
    assert_eq!(made, expected);
    let code = made.currency.code;
    let writes = [
        Write::PutUniverse(made),
        Write::ReserveCurrency { code, universe: id },
        Write::PutRateVersion(rate),
    ];
    assert_eq!(commit.writes(), writes);
}

#[test]
fn the_first_universe_is_number_one() {
    let (made, _) = create(pluto(), &Universes::default(), at(0)).expect("a universe");
    assert_eq!(made.id.number(), 1);
}

#[test]
fn a_currency_belongs_to_one_universe() {
    let wanted = NewUniverse { currency: currency("MRC", 0), ..pluto() };
    let refusal = Refusal::CurrencyTaken { currency: mars().currency.code };
    assert_eq!(create(wanted, &all_three(), at(0)), Err(refusal.into()));
}

#[test]
fn numbers_run_out_at_five_hundred() {
    let up_to = |last| Universes::new(vec![earth(), universe(last, "Last", "LST", "1")]);
    let (made, _) = create(pluto(), &up_to(499), at(0)).expect("a universe");
    assert_eq!(made.id.number(), UniverseId::MAX);
    let refusal = Refusal::TooManyUniverses { limit: 500 };
    assert_eq!(create(pluto(), &up_to(500), at(0)), Err(refusal.into()));
}

#[test]
fn a_new_rate_is_the_next_version_and_replaces_the_current_one() {
    let old = mars().keeping(30);
    let (next, commit) = set_rate(&old, &rated("2.6"), 2, at(1000)).expect("a rate");
    let rate = RateVersion {
        id: RateId { universe: old.id, version: 2 },
        units_per_base: units("2.6"),
        spread: old.rate.spread,
        source: RateSource::Feed,
        observed_at: at(1000),
        valid_until: Some(at(1060)),
    };
    assert_eq!(next, Universe { rate: rate.clone(), ..old });
    let replace = Write::ReplaceRate { universe: next, replaces: 1 };
    assert_eq!(commit.writes(), [replace, Write::PutRateVersion(rate)]);
}

#[test]
fn a_spread_changes_only_when_it_is_named() {
    let wanted = NewRate { spread: SpreadBps::new(0), ..rated("2.5") };
    let (next, _) = set_rate(&mars().keeping(30), &wanted, 2, at(0)).expect("a rate");
    assert_eq!(next.rate.spread.bps(), 0);
}

#[test]
fn a_jump_beyond_the_factor_either_way_must_be_confirmed() {
    let refusal = Declined::Refused(Refusal::RateJump { factor_max: 2 });
    for plausible in ["5", "1.25", "2.5"] {
        assert!(set_rate(&mars(), &rated(plausible), 2, at(0)).is_ok(), "{plausible}");
    }
    for jump in ["5.000000001", "1.249999999", "999999999.999999999", "0.000000001"] {
        let unconfirmed = set_rate(&mars(), &rated(jump), 2, at(0));
        assert_eq!(unconfirmed, Err(refusal.clone()), "{jump}");
        let confirmed = NewRate { confirmed: true, ..rated(jump) };
        assert!(set_rate(&mars(), &confirmed, 2, at(0)).is_ok(), "{jump}");
    }
}

#[test]
fn a_rate_that_would_lapse_at_once_is_refused() {
    let lapsed = Err(Declined::Refused(Refusal::RateLapsed));
    assert_eq!(set_rate(&mars(), &rated("2.5"), 2, at(1060)), lapsed);
    assert_eq!(set_rate(&mars(), &rated("2.5"), 2, at(1061)), lapsed);
    let just_before = Timestamp::from_millis(1_059_999);
    assert!(set_rate(&mars(), &rated("2.5"), 2, just_before).is_ok());
}

#[test]
fn universes_are_found_by_number_and_by_currency() {
    let shuffled = Universes::new(vec![venus(), earth(), mars()]);
    assert_eq!(shuffled.all(), [earth(), mars(), venus()]);
    assert_eq!(shuffled.get(mars().id), Ok(&mars()));
    assert_eq!(shuffled.of_currency(venus().currency.code), Ok(&venus()));
    let unknown = UniverseId::new(4).expect("a number");
    assert_eq!(shuffled.get(unknown), Err(Missing::Universe.into()));
    let unknown = currency("QQQ", 2).code;
    assert_eq!(shuffled.of_currency(unknown), Err(Missing::Currency.into()));
}

#[test]
fn a_universes_number_has_one_spelling() {
    assert_eq!("500".parse::<UniverseId>().map(UniverseId::number), Ok(500));
    for bad in ["0", "501", "01", "+1", "-1", "1 ", "", "1.0"] {
        assert_eq!(bad.parse::<UniverseId>(), Err(InvalidUniverseId), "{bad}");
    }
}

#[test]
fn a_name_is_printable_and_not_padded() {
    let longest = "é".repeat(60);
    assert_eq!(longest.parse::<Name>().expect("60 characters").as_str(), longest);
    for bad in ["", " Mars", "Mars ", "Ma\nrs", &"é".repeat(61)] {
        assert_eq!(bad.parse::<Name>(), Err(InvalidName), "{bad:?}");
    }
}
