//! What is accepted, what is held for it, and what is not accepted.

use super::*;
use crate::{
    account::Leg,
    amount::Amount,
    ledger::Outcome,
    refusal::{Declined, Missing, Refusal},
};

#[test]
fn a_buy_holds_money_and_a_sale_holds_pieces() {
    let cases = [(Side::Buy, usd("1000.00")), (Side::Sell, dot().pieces(minor(10)))];
    for (side, hold) in cases {
        let commit = place(&guard(ALICE), &wanted(side), &nyx()).expect("accepted");
        let [
            Write::PutEntry(entry),
            Write::MoveFunds { user, legs, .. },
            Write::PutVenueOrder(order),
        ] = commit.writes()
        else {
            panic!("{commit}");
        };
        assert_eq!((*user, legs.as_slice()), (ALICE, [Leg::hold(hold)].as_slice()));
        assert_eq!(entry.outcome, Outcome::Routed(order.terms));
        assert_eq!((order.reserved(), order.status()), (hold, RoutingStatus::Queued));
        assert_eq!(order.due_at(), Some(at(1000)));
    }
}

#[test]
fn an_order_at_market_is_held_to_the_venues_collar() {
    for (side, price) in [(Side::Buy, 11_002), (Side::Sell, 9_000)] {
        let wanted = Wanted { pricing: Pricing::Market, ..wanted(side) };
        let commit = place(&guard(ALICE), &wanted, &nyx()).expect("accepted");
        assert_eq!(put_order(&commit).terms.price, minor(price), "{side:?}");
    }
}

#[test]
fn what_cannot_be_placed_is_refused() {
    let refused = |wanted: Wanted, venue: &Venue| place(&guard(ALICE), &wanted, venue).err();
    let buy = wanted(Side::Buy);
    let unlisted = Wanted { instrument: instrument("NOTLISTED001"), ..buy };
    assert_eq!(refused(unlisted, &nyx()), Some(Missing::Instrument.into()));
    let suspended = Venue { suspended: true, ..nyx() };
    let refusal = |refusal: Refusal| Some(Declined::Refused(refusal));
    assert_eq!(refused(buy, &suspended), refusal(Refusal::VenueSuspended));
    let unquoted = instrument("UNQUOTED0001");
    let at_market = Wanted { instrument: unquoted, pricing: Pricing::Market, ..buy };
    assert_eq!(refused(at_market, &nyx()), refusal(Refusal::NoReferencePrice));
    for valid_until in [at(1000), at(999), at(1001).plus(VALID_MAX)] {
        let late = Wanted { valid_until: Some(valid_until), ..buy };
        assert_eq!(refused(late, &nyx()), refusal(Refusal::ValidUntilOutOfRange));
    }
    let dear = Wanted { pricing: Pricing::Limit(Amount::MAX), ..buy };
    for side in [Side::Buy, Side::Sell] {
        assert_eq!(refused(Wanted { side, ..dear }, &nyx()), refusal(Refusal::AmountTooLarge));
    }
}

#[test]
fn a_venue_is_named_by_a_few_lower_case_letters() {
    for good in ["nyx", "a-1", "abcdefghijklmnop"] {
        assert_eq!(good.parse::<VenueId>().expect(good).to_string(), good);
    }
    for bad in ["", "ny", "Nyx", "1yx", "-yx", "nyx!", "abcdefghijklmnopq", "nÿx"] {
        assert_eq!(bad.parse::<VenueId>(), Err(InvalidVenueId), "{bad}");
    }
}

#[test]
fn a_slot_is_taken_for_as_long_as_the_rate_allows() {
    assert_eq!(nyx().slot_ms(), 40);
    assert_eq!(Venue { rate_max: 3, concurrency_max: 1, ..nyx() }.slot_ms(), 334);
}
