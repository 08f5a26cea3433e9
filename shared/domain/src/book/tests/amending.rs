//! What a new price or size does to a resting order: its place, its tally and its money.

use super::{
    Book, Event, Lots, Order, Side, apply, buy, cancel, ids, lots, minor, place, resting, sell,
    ticks, told,
};
use crate::{
    book::Command,
    id::OrderId,
    order::{Closed, Size},
    pair::{PairStatus, Ticks},
    testing::{ALICE, CAROL},
};

fn amend(
    book: &mut Book,
    id: u128,
    price: Option<i64>,
    count: Option<i64>,
    extra: i64,
) -> Vec<Event> {
    let (price, lots) = (price.map(ticks), count.map(lots));
    let order = OrderId::from_bits(id);
    apply(book, &Command::Amend { order, price, lots, extra: minor(extra) })
}

/// Two buys of Alice's at 100, of 5 lots each.
fn two_buys() -> Book {
    resting(&[buy(1, 5, 100).by(ALICE), buy(2, 5, 100).by(ALICE)])
}

#[test]
fn fewer_lots_keep_the_place_and_release_the_money() {
    let mut book = two_buys();
    let events = amend(&mut book, 1, Some(100), Some(3), 0);
    assert_eq!(told(&events), ["1 is reduced by 2 to 3"]);
    let [Event::Reduced { working, released, prevented: false, .. }] = events[..] else {
        panic!("{events:?}")
    };
    assert_eq!((working.order.size, released), (Size::Lots(lots(3)), minor(200)));
    assert_eq!(ids(&book, Side::Buy), [1, 2]);
}

#[test]
fn the_new_size_counts_what_was_filled() {
    let mut book = two_buys();
    place(&mut book, sell(3, 2, 100));
    assert_eq!(told(&amend(&mut book, 1, None, Some(3), 0)), ["1 is reduced by 2 to 1"]);
    assert_eq!(told(&amend(&mut book, 1, None, Some(2), 0)), ["1 stays: TooFewLots"]);
}

#[test]
fn an_amendment_that_changes_nothing_gives_back_what_was_held_for_it() {
    let mut book = two_buys();
    let events = amend(&mut book, 1, Some(100), Some(5), 40);
    assert_eq!(told(&events), ["1 is reduced by 0 to 5"]);
    assert!(matches!(events[0], Event::Reduced { released, .. } if released == minor(40)));
    assert_eq!(ids(&book, Side::Buy), [1, 2]);
}

#[test]
fn more_lots_or_another_price_lose_the_place() {
    for (price, count, extra) in [(None, Some(6), 100), (Some(101), None, 5), (Some(99), None, 0)] {
        let mut book = two_buys();
        let events = amend(&mut book, 1, price, count, extra);
        let (count, price) = (count.unwrap_or(5), price.unwrap_or(100));
        assert_eq!(
            told(&events),
            ["1 leaves: 5 at 100".to_owned(), format!("1 rests: {count} at {price}")]
        );
        let first = if price == 101 { [1, 2] } else { [2, 1] };
        assert_eq!(ids(&book, Side::Buy), first);
        assert_eq!(book.working(OrderId::from_bits(1)).map(|one| one.tally.sequence), Some(3));
    }
}

#[test]
fn a_new_price_may_take_at_once() {
    let mut book = resting(&[buy(1, 5, 100).by(ALICE), sell(2, 3, 102)]);
    let events = amend(&mut book, 1, Some(103), None, 15);
    let expected = ["1 leaves: 5 at 100", "1 takes 3 of 2 at 102", "1 rests: 2 at 103"];
    assert_eq!(told(&events), expected);
    let [Event::Withdrawn { working, released, .. }, Event::Filled(fill), Event::Rested(rested)] =
        events[..]
    else {
        panic!("{events:?}")
    };
    assert_eq!(
        (working.tally.reserved, released, working.tally.sequence),
        (minor(515), minor(0), 0)
    );
    assert_eq!((fill.taker_released, rested.tally.reserved), (minor(3), minor(206)));
}

#[test]
fn a_withdrawn_order_is_kept_from_its_owners() {
    let mut book = resting(&[buy(1, 5, 100).by(CAROL), sell(2, 3, 102).by(CAROL)]);
    let events = amend(&mut book, 1, Some(102), None, 10);
    let expected = ["1 leaves: 5 at 100", "1 self_trade: 2 cancelled, 3 prevented"];
    assert_eq!(told(&events), expected);
}

#[test]
fn a_lower_price_releases_what_it_saves() {
    let mut book = two_buys();
    let events = amend(&mut book, 1, Some(90), None, 7);
    assert!(matches!(events[0], Event::Withdrawn { released, .. } if released == minor(57)));
}

#[test]
fn what_is_held_must_do_for_the_new_terms() {
    let mut book = two_buys();
    let events = amend(&mut book, 1, Some(101), None, 4);
    assert_eq!(told(&events), ["1 stays: Underfunded"]);
    assert!(matches!(events[0], Event::AmendRefused { released, .. } if released == minor(4)));
    let reserved = book.working(OrderId::from_bits(1)).map(|one| one.tally.reserved);
    assert_eq!((ids(&book, Side::Buy), reserved), (vec![1, 2], Some(minor(500))));
}

#[test]
fn an_order_that_is_worth_too_much_stays() {
    let mut book = two_buys();
    let (most, dearest) = (Lots::MAX.count(), Ticks::MAX.count());
    assert_eq!(told(&amend(&mut book, 1, Some(dearest), Some(most), 0)), ["1 stays: TooLarge"]);
}

#[test]
fn a_post_only_order_is_not_amended_into_taking() {
    let posted: Order = buy(1, 5, 100).by(ALICE).posted();
    let mut book = resting(&[posted, sell(2, 3, 102)]);
    assert_eq!(told(&amend(&mut book, 1, Some(102), None, 10)), ["1 stays: WouldTake"]);
    let expected = ["1 leaves: 5 at 100", "1 rests: 5 at 101"];
    assert_eq!(told(&amend(&mut book, 1, Some(101), None, 10)), expected);
}

#[test]
fn only_a_resting_order_of_an_open_market_is_amended() {
    let mut book = two_buys();
    assert_eq!(told(&amend(&mut book, 9, None, Some(1), 0)), ["9 stays: NotResting"]);
    apply(&mut book, &cancel(1, Closed::Cancelled));
    assert_eq!(told(&amend(&mut book, 1, None, Some(1), 0)), ["1 stays: NotResting"]);
    for status in [PairStatus::CancelOnly, PairStatus::Halted] {
        apply(&mut book, &Command::SetStatus(status));
        assert_eq!(told(&amend(&mut book, 2, None, Some(1), 0)), ["2 stays: MarketClosed"]);
    }
}
