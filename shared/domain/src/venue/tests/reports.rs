//! What fills move, what an end frees, and what is disputed.

use super::*;
use crate::{
    account::Leg,
    amount::Money,
    id::EntryId,
    ledger::{Cause, Holder, Outcome, Posting},
};

const ENTRY: EntryId = EntryId::from_bits(99);

fn settle(order: &VenueOrder, fill: &Execution, said: &VenueState) -> Result<Applied, Dispute> {
    order.settling(fill, said, ENTRY, at(1010)).expect("sound")
}

fn legs(applied: &Applied) -> Vec<Leg> {
    let moved = applied.commit.writes().iter().find_map(|write| match write {
        Write::MoveFunds { legs, .. } => Some(legs.clone()),
        _ => None,
    });
    moved.expect("an account that changes")
}

fn leg(money: Money, available: i64, held: i64) -> Leg {
    Leg { currency: money.currency, available, held }
}

#[test]
fn a_bought_piece_costs_what_was_held_or_less_and_the_rest_is_available_again() {
    let order = placed(Side::Buy);
    let fill = execution("E-1", 4, 9_990);
    let applied = settle(&order, &fill, &state(VenueStatus::Open, 4)).expect("settled");
    let pieces = dot().pieces(minor(4));
    let expected = [leg(usd("0"), 40, -40_000), leg(pieces, 4, 0)];
    let mut legs = legs(&applied);
    legs.sort_by_key(|leg| leg.currency.code.is_instrument());
    assert_eq!(legs, expected);
    let Some(Write::PutEntry(entry)) = applied.commit.writes().first() else { panic!("no entry") };
    let Outcome::Moved(movement) = &entry.outcome else { panic!("{entry:?}") };
    let alice = Holder::User(ALICE);
    let postings = [
        Posting { from: alice, to: Holder::Venues, money: usd("399.60") },
        Posting { from: Holder::Venues, to: alice, money: pieces },
    ];
    assert_eq!(movement.postings.all(), postings);
    assert!(matches!(&movement.cause, Cause::VenueFill(fill) if fill.order == order.terms.id));
    let next = applied.order;
    assert_eq!((next.status(), next.executed), (RoutingStatus::PartiallyFilled, minor(4)));
    assert_eq!((next.reserved(), next.notional), (usd("600.00"), minor(39_960)));
}

#[test]
fn a_sold_piece_brings_money_and_takes_what_was_held() {
    let fill = execution("E-1", 10, 10_500);
    let applied = settle(&placed(Side::Sell), &fill, &state(VenueStatus::Filled, 10));
    let applied = applied.expect("settled");
    let mut legs = legs(&applied);
    legs.sort_by_key(|leg| leg.currency.code.is_instrument());
    assert_eq!(legs, [leg(usd("0"), 105_000, 0), leg(dot().pieces(minor(0)), 0, -10)]);
    assert_eq!(applied.order.status(), RoutingStatus::Filled);
    assert!(applied.order.reserved().amount.is_zero());
}

#[test]
fn a_fill_proves_that_the_venue_has_the_order() {
    let (_, leased) = begun(&accepted(Side::Buy), at(1000));
    let fill = execution("E-1", 10, 10_000);
    let applied = settle(&leased, &fill, &state(VenueStatus::Filled, 10)).expect("settled");
    assert_eq!((applied.order.status(), applied.order.unclear), (RoutingStatus::Filled, None));
}

#[test]
fn a_cancellation_keeps_what_fills_on_their_way_need() {
    let order = placed(Side::Buy);
    let told = order.told(&state(VenueStatus::Cancelled, 3), at(1005)).expect("a change");
    assert_eq!((told.status(), told.reserved()), (RoutingStatus::Placed, usd("300.00")));
    let applied = settle(&told, &execution("E-1", 2, 10_000), &state(VenueStatus::Open, 2));
    let applied = applied.expect("settled");
    assert_eq!(applied.order.reserved(), usd("100.00"));
    let applied = settle(&applied.order, &execution("E-2", 1, 9_000), &state(VenueStatus::Open, 3));
    let over = applied.expect("settled").order;
    assert_eq!((over.status(), over.ending), (RoutingStatus::Cancelled, Some(Ending::Cancelled)));
    assert_eq!(over.executed, minor(3));
}

#[test]
fn a_rejection_after_fills_ends_the_rest_and_the_fills_stand() {
    let order = placed(Side::Buy);
    let fill = execution("E-1", 4, 10_000);
    let order = settle(&order, &fill, &state(VenueStatus::Open, 4)).expect("settled").order;
    for said in [0, 4] {
        let over = order.told(&state(VenueStatus::Rejected, said), at(1006)).expect("over");
        assert_eq!((over.status(), over.executed), (RoutingStatus::Cancelled, minor(4)));
        assert!(over.reserved().amount.is_zero());
    }
}

#[test]
fn fills_that_contradict_what_was_agreed_are_disputed() {
    let order = placed(Side::Buy);
    let said = state(VenueStatus::Open, 1);
    let dispute = |order: &VenueOrder, fill| settle(order, &fill, &said).err();
    let overfilled = |quantity, outstanding| {
        Some(Dispute::Overfilled { quantity: minor(quantity), outstanding: minor(outstanding) })
    };
    assert_eq!(dispute(&order, execution("E-1", 11, 10_000)), overfilled(11, 10));
    let over = order.told(&state(VenueStatus::Cancelled, 0), at(1005)).expect("over");
    assert_eq!(dispute(&over, execution("E-1", 1, 10_000)), overfilled(1, 0));
    let worse =
        |price, limit| Some(Dispute::WorsePrice { price: minor(price), limit: minor(limit) });
    assert_eq!(dispute(&order, execution("E-1", 1, 10_001)), worse(10_001, 10_000));
    let sale = placed(Side::Sell);
    assert_eq!(dispute(&sale, execution("E-1", 1, 9_999)), worse(9_999, 10_000));
    for void in [execution("E-1", 0, 10_000), execution("E-1", 1, 0)] {
        assert_eq!(dispute(&order, void), Some(Dispute::Void));
    }
}

#[test]
fn the_same_thing_said_again_changes_nothing() {
    let order = placed(Side::Buy);
    assert_eq!(order.told(&state(VenueStatus::Open, 0), at(1005)), None);
    let told = order.told(&state(VenueStatus::Cancelled, 3), at(1005)).expect("a change");
    for later in [state(VenueStatus::Cancelled, 3), state(VenueStatus::Open, 2)] {
        assert_eq!(told.told(&later, at(1006)), None);
    }
}

#[test]
fn a_fill_is_known_by_all_that_it_says() {
    let order = placed(Side::Buy);
    let one = order.fingerprint_of(&execution("E-1", 2, 100));
    assert_eq!(one, order.fingerprint_of(&execution("E-1", 2, 100)));
    for other in [execution("E-1", 3, 100), execution("E-1", 2, 101), execution("E-1", 100, 2)] {
        assert_ne!(one, order.fingerprint_of(&other));
    }
}

#[test]
fn only_what_changes_something_for_its_owner_is_told() {
    let order = placed(Side::Buy);
    let (_, leased) = begun(&order, order.next_at);
    assert_eq!(leased.replacing(&order).writes().len(), 1);
    let told = order.told(&state(VenueStatus::Cancelled, 0), at(1005)).expect("over");
    let commit = told.replacing(&order);
    let [Write::ReplaceVenueOrder { .. }, Write::MoveFunds { legs, change, .. }] = commit.writes()
    else {
        panic!("{commit}");
    };
    assert_eq!(legs.as_slice(), [Leg::release(usd("1000.00"))]);
    let text = change.news.text();
    assert!(text.contains(" cancelled cancelled 0 DOTUSDT00008 0 10 USD/2 0"), "{text}");
    assert_eq!(text.parse(), Ok(change.news.clone()));
}
