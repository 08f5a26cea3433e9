//! What an order meets that is placed: in which order, at which price, for which money.

use super::{
    Event, Side, Standing, apply, buy, buy_for, empty, ids, lots, minor, place, resting, sell,
    ticks, told,
};
use crate::{
    amount::Amount,
    book::{Command, Fill, Level},
    order::{Order, OrderKind},
    testing::{ALICE, CAROL},
};

fn fills(events: &[Event]) -> Vec<Fill> {
    let fill = |event: &Event| match event {
        Event::Filled(fill) => Some(*fill),
        _ => None,
    };
    events.iter().filter_map(fill).collect()
}

#[test]
fn the_best_price_is_taken_first_and_then_the_earliest_order() {
    let mut book = resting(&[sell(1, 2, 101), sell(2, 2, 100), sell(3, 2, 100), sell(4, 2, 102)]);
    let events = place(&mut book, buy(5, 7, 101).by(ALICE));
    let expected = [
        "5 takes 2 of 2 at 100",
        "5 takes 2 of 3 at 100",
        "5 takes 2 of 1 at 101",
        "5 rests: 1 at 101",
    ];
    assert_eq!(told(&events), expected);
    assert_eq!((ids(&book, Side::Buy), ids(&book, Side::Sell)), (vec![5], vec![4]));
}

#[test]
fn a_sale_takes_the_highest_bids_first() {
    let mut book = resting(&[buy(1, 2, 99), buy(2, 2, 100), buy(3, 2, 98)]);
    let events = place(&mut book, sell(4, 5, 99).by(ALICE));
    let expected = ["4 takes 2 of 2 at 100", "4 takes 2 of 1 at 99", "4 rests: 1 at 99"];
    assert_eq!(told(&events), expected);
}

#[test]
fn a_level_counts_its_orders_and_lots() {
    let mut book = resting(&[sell(1, 2, 101), sell(2, 3, 100), sell(3, 4, 100)]);
    place(&mut book, buy(4, 1, 100).by(ALICE));
    let levels: Vec<Level> = book.levels(Side::Sell).collect();
    let level = |price, count, orders| Level { price: ticks(price), lots: lots(count), orders };
    assert_eq!(levels, [level(100, 6, 2), level(101, 2, 1)]);
    assert_eq!((book.best(Side::Sell), book.best(Side::Buy)), (Some(ticks(100)), None));
}

#[test]
fn a_book_is_empty_until_an_order_rests_in_it() {
    let mut book = empty();
    assert!(book.is_empty());
    place(&mut book, sell(1, 1, 100));
    assert!(!book.is_empty());
    place(&mut book, buy(2, 1, 100).by(ALICE));
    assert!(book.is_empty(), "it was taken");
}

#[test]
fn trades_and_places_in_the_queue_are_numbered_without_gaps() {
    let mut book = resting(&[sell(1, 1, 100), sell(2, 1, 101)]);
    let events = place(&mut book, buy(3, 3, 101).by(ALICE));
    let numbers: Vec<u64> = fills(&events).iter().map(|fill| fill.number).collect();
    assert_eq!(numbers, [1, 2]);
    let expected =
        Standing { sequence: 3, trades: 2, last_price: Some(ticks(101)), ..book.standing() };
    assert_eq!(book.standing(), expected);
}

#[test]
fn each_side_pays_the_fee_of_its_part_and_keeps_what_a_better_price_saves() {
    let mut book = resting(&[sell(1, 10, 100).paying(100, 200)]);
    let events = place(&mut book, buy(2, 4, 110).by(ALICE).paying(100, 250));
    let fill = fills(&events)[0];
    // 4 lots at 100 cost 400; held were 440 and a fee of 2.5 %, 11.
    assert_eq!((fill.notional, fill.taker_fee, fill.maker_fee), (minor(400), minor(10), minor(4)));
    assert_eq!((fill.taker_released, fill.maker_released), (minor(41), minor(0)));
    assert_eq!(fill.taker.tally.reserved, minor(0));
    assert_eq!(fill.maker.tally.reserved, minor(600), "6 lots of 100 minor units each");
}

#[test]
fn a_resting_buy_that_pays_the_lower_fee_gets_the_rest_back() {
    let mut book = resting(&[buy(1, 10, 100).by(ALICE).paying(100, 200)]);
    let fill = fills(&place(&mut book, sell(2, 5, 100)))[0];
    // Held were 1000 and 20; paid 500 and 5; 500 and 10 stay held.
    assert_eq!((fill.maker_released, fill.maker.tally.reserved), (minor(5), minor(510)));
}

#[test]
fn what_is_to_be_taken_at_once_does_not_rest() {
    let mut book = resting(&[sell(1, 2, 100)]);
    let events = place(&mut book, buy(2, 5, 100).by(ALICE).at_once());
    assert_eq!(told(&events), ["2 takes 2 of 1 at 100", "2 expired: 3 cancelled, 0 prevented"]);
    let Some(Event::Closed { left, released, working, .. }) = events.last() else {
        panic!("{events:?}")
    };
    assert_eq!((*left, *released, working.tally.reserved), (lots(0), minor(300), minor(0)));
    assert!(book.is_empty());
}

#[test]
fn a_market_order_takes_up_to_its_collar_and_never_rests() {
    let mut book = resting(&[sell(1, 2, 100), sell(2, 2, 111)]);
    let market = Order { kind: OrderKind::Market, ..buy(3, 5, 110).by(ALICE) };
    let events = place(&mut book, market);
    assert_eq!(told(&events), ["3 takes 2 of 1 at 100", "3 expired: 3 cancelled, 0 prevented"]);
}

#[test]
fn fill_or_kill_takes_all_or_nothing() {
    let mut book = resting(&[sell(1, 2, 100), sell(2, 2, 101), sell(3, 2, 102)]);
    let events = place(&mut book, buy(4, 5, 101).by(ALICE).whole());
    assert_eq!(told(&events), ["4 expired: 5 cancelled, 0 prevented"]);
    assert_eq!(book.len(), 3);
    let events = place(&mut book, buy(5, 4, 101).by(ALICE).whole());
    assert_eq!(told(&events), ["5 takes 2 of 1 at 100", "5 takes 2 of 2 at 101"]);
}

#[test]
fn post_only_is_over_if_it_meets_any_order_even_its_owners() {
    for owner in [ALICE, CAROL] {
        let mut book = resting(&[sell(1, 2, 100).by(CAROL)]);
        let events = place(&mut book, buy(2, 5, 100).by(owner).posted());
        assert_eq!(told(&events), ["2 would_take: 5 cancelled, 0 prevented"]);
        let events = place(&mut book, buy(3, 5, 99).by(owner).posted());
        assert_eq!(told(&events), ["3 rests: 5 at 99"]);
    }
}

#[test]
fn funds_buy_the_most_lots_that_they_pay_for_with_the_fee() {
    // 3 lots at 100 and 1 % are 303; 302 pay for two, 202, and leave 100.
    for (funds, bought, left) in [(303, 3, 0), (302, 2, 100), (404, 4, 0), (403, 3, 100)] {
        let mut book = resting(&[sell(1, 10, 100)]);
        let events = place(&mut book, buy_for(2, funds, 110).by(ALICE).paying(0, 100));
        let expected = [
            format!("2 takes {bought} of 1 at 100"),
            "2 filled: 0 cancelled, 0 prevented".to_owned(),
        ];
        assert_eq!(told(&events), expected);
        assert!(matches!(events[1], Event::Closed { released, .. } if released == minor(left)));
    }
}

#[test]
fn a_fee_that_was_rounded_up_pays_for_the_next_lot_too() {
    // The fee of one lot is half a minor unit: the first pays a whole one, the second nothing.
    let mut book = resting(&[sell(1, 1, 50), sell(2, 1, 50)]);
    let events = place(&mut book, buy_for(3, 101, 60).by(ALICE).paying(0, 100));
    let fees: Vec<Amount> = fills(&events).iter().map(|fill| fill.taker_fee).collect();
    assert_eq!(fees, [minor(1), minor(0)]);
}

#[test]
fn funds_go_from_price_to_price() {
    let mut book = resting(&[sell(1, 1, 100), sell(2, 1, 105), sell(3, 5, 110)]);
    let events = place(&mut book, buy_for(4, 320, 110).by(ALICE));
    let expected = [
        "4 takes 1 of 1 at 100",
        "4 takes 1 of 2 at 105",
        "4 takes 1 of 3 at 110",
        "4 filled: 0 cancelled, 0 prevented",
    ];
    assert_eq!(told(&events), expected);
}

#[test]
fn funds_that_find_no_more_or_buy_nothing_expire() {
    let mut book = resting(&[sell(1, 1, 100), sell(2, 5, 111)]);
    let events = place(&mut book, buy_for(3, 500, 110).by(ALICE));
    assert_eq!(told(&events), ["3 takes 1 of 1 at 100", "3 expired: 0 cancelled, 0 prevented"]);
    let events = place(&mut book, buy_for(4, 110, 120).by(ALICE));
    assert_eq!(told(&events), ["4 expired: 0 cancelled, 0 prevented"], "not even one lot");
}

#[test]
fn funds_to_fill_or_kill_are_spent_or_kept() {
    let mut book = resting(&[sell(1, 2, 100), sell(2, 1, 101)]);
    let events = place(&mut book, buy_for(3, 402, 110).by(ALICE).whole());
    assert_eq!(told(&events), ["3 expired: 0 cancelled, 0 prevented"]);
    let events = place(&mut book, buy_for(4, 301, 110).by(ALICE).whole());
    let expected =
        ["4 takes 2 of 1 at 100", "4 takes 1 of 2 at 101", "4 filled: 0 cancelled, 0 prevented"];
    assert_eq!(told(&events), expected);
    let mut book = resting(&[sell(5, 9, 100)]);
    let events = place(&mut book, buy_for(6, 250, 110).by(ALICE).whole());
    let expected = ["6 takes 2 of 5 at 100", "6 filled: 0 cancelled, 0 prevented"];
    assert_eq!(told(&events), expected, "what is left pays for no lot");
}

#[test]
fn an_order_rests_once_and_one_without_lots_never() {
    let mut book = resting(&[sell(1, 2, 100)]);
    assert_eq!(place(&mut book, buy(1, 2, 100).by(ALICE)), []);
    assert_eq!(place(&mut book, buy(2, 0, 100).by(ALICE)), []);
    assert_eq!(place(&mut book, buy(2, 0, 100).by(ALICE).whole()), []);
    let mut book = empty();
    let mut done = buy(3, 2, 100).held();
    done.tally.open = lots(0);
    assert_eq!(apply(&mut book, &Command::Place { working: done, resumed: true }), []);
}
