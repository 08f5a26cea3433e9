//! What happens when an order reaches one of its owner's. Carol's orders rest; hers takes.

use super::{Book, Event, Order, Side, buy, buy_for, ids, minor, place, resting, sell, told};
use crate::{
    order::SelfTradePrevention::{
        self, CancelBoth, CancelNewest, CancelOldest, DecrementAndCancel,
    },
    testing::CAROL,
};

/// Two lots of Bob's, three of Carol's and two of Bob's at 100, then two of Bob's at 101.
fn between_bobs() -> Book {
    let hers = sell(2, 3, 100).by(CAROL);
    resting(&[sell(1, 2, 100), hers, sell(3, 2, 100), sell(4, 2, 101)])
}

fn takes(book: &mut Book, count: i64, mode: SelfTradePrevention) -> Vec<String> {
    told(&place(book, buy(5, count, 101).by(CAROL).preventing(mode)))
}

#[test]
fn cancel_newest_ends_the_order_that_takes_and_leaves_the_other() {
    let mut book = between_bobs();
    let expected = ["5 takes 2 of 1 at 100", "5 self_trade: 3 cancelled, 3 prevented"];
    assert_eq!(takes(&mut book, 8, CancelNewest), expected);
    assert_eq!(ids(&book, Side::Sell), [2, 3, 4]);
}

#[test]
fn cancel_oldest_ends_the_resting_order_and_goes_on() {
    let mut book = between_bobs();
    let expected = [
        "5 takes 2 of 1 at 100",
        "2 self_trade: 2 cancelled, 1 prevented",
        "5 takes 1 of 3 at 100",
    ];
    assert_eq!(takes(&mut book, 3, CancelOldest), expected);
    assert_eq!(ids(&book, Side::Sell), [3, 4]);
}

#[test]
fn cancel_both_ends_both() {
    let mut book = between_bobs();
    let expected = [
        "5 takes 2 of 1 at 100",
        "2 self_trade: 0 cancelled, 3 prevented",
        "5 self_trade: 3 cancelled, 3 prevented",
    ];
    assert_eq!(takes(&mut book, 8, CancelBoth), expected);
    assert_eq!(ids(&book, Side::Sell), [3, 4]);
}

#[test]
fn decrement_ends_the_smaller_and_reduces_the_larger() {
    let mut book = between_bobs();
    let expected = [
        "5 takes 2 of 1 at 100",
        "2 is reduced by 1 to 2",
        "5 self_trade: 0 cancelled, 1 prevented",
    ];
    assert_eq!(takes(&mut book, 3, DecrementAndCancel), expected, "hers is smaller");
    let mut book = between_bobs();
    let expected = [
        "5 takes 2 of 1 at 100",
        "2 self_trade: 0 cancelled, 3 prevented",
        "5 loses 3 and goes on with 3",
        "5 takes 2 of 3 at 100",
        "5 takes 1 of 4 at 101",
    ];
    assert_eq!(takes(&mut book, 8, DecrementAndCancel), expected, "hers is larger");
    let mut book = between_bobs();
    let expected = [
        "5 takes 2 of 1 at 100",
        "2 self_trade: 0 cancelled, 3 prevented",
        "5 self_trade: 0 cancelled, 3 prevented",
    ];
    assert_eq!(takes(&mut book, 5, DecrementAndCancel), expected, "equal");
}

#[test]
fn the_decrement_of_the_order_that_takes_releases_its_money() {
    let mut book = resting(&[sell(1, 3, 100).by(CAROL)]);
    let larger = buy(2, 5, 101).by(CAROL).preventing(DecrementAndCancel);
    let events = place(&mut book, larger);
    let [Event::Closed { .. }, Event::Prevented { working, released, .. }, Event::Rested(rested)] =
        events[..]
    else {
        panic!("{events:?}")
    };
    assert_eq!((released, working.tally.reserved), (minor(303), minor(202)));
    assert_eq!(
        (rested.tally.reserved, rested.tally.prevented),
        (minor(202), working.tally.prevented)
    );
}

#[test]
fn an_order_that_is_filled_before_its_owners_does_not_touch_it() {
    for mode in [CancelNewest, CancelOldest, CancelBoth, DecrementAndCancel] {
        let mut book = between_bobs();
        assert_eq!(takes(&mut book, 2, mode), ["5 takes 2 of 1 at 100"], "{mode:?}");
        assert_eq!(ids(&book, Side::Sell), [2, 3, 4], "{mode:?}");
    }
}

#[test]
fn an_own_order_on_the_next_level_is_reached_when_the_first_is_taken() {
    let mut book = resting(&[sell(1, 2, 100), sell(2, 2, 101).by(CAROL)]);
    let expected = ["5 takes 2 of 1 at 100", "5 self_trade: 0 cancelled, 1 prevented"];
    assert_eq!(takes(&mut book, 3, CancelNewest), expected);
    let mut book = resting(&[sell(1, 2, 100), sell(2, 2, 102).by(CAROL)]);
    let expected = ["5 takes 2 of 1 at 100", "5 rests: 1 at 101"];
    assert_eq!(takes(&mut book, 3, CancelNewest), expected, "beyond its limit");
}

#[test]
fn fill_or_kill_counts_what_stands_before_the_first_own_order() {
    for mode in [CancelNewest, CancelBoth, DecrementAndCancel] {
        let mut book = between_bobs();
        let whole = |id, count| buy(id, count, 101).by(CAROL).preventing(mode).whole();
        let events = place(&mut book, whole(5, 3));
        assert_eq!(told(&events), ["5 expired: 3 cancelled, 0 prevented"], "{mode:?}");
        assert_eq!(ids(&book, Side::Sell), [1, 2, 3, 4], "nothing is touched");
        assert_eq!(told(&place(&mut book, whole(6, 2))), ["6 takes 2 of 1 at 100"], "{mode:?}");
    }
}

#[test]
fn fill_or_kill_that_cancels_the_oldest_counts_all_others() {
    let whole = |id, count| buy(id, count, 101).by(CAROL).preventing(CancelOldest).whole();
    let mut book = between_bobs();
    assert_eq!(told(&place(&mut book, whole(5, 7))), ["5 expired: 7 cancelled, 0 prevented"]);
    assert_eq!(ids(&book, Side::Sell), [1, 2, 3, 4], "nothing is touched");
    let expected = [
        "6 takes 2 of 1 at 100",
        "2 self_trade: 0 cancelled, 3 prevented",
        "6 takes 2 of 3 at 100",
        "6 takes 2 of 4 at 101",
    ];
    assert_eq!(told(&place(&mut book, whole(6, 6))), expected);
}

fn for_funds(book: &mut Book, funds: i64, mode: SelfTradePrevention) -> Vec<String> {
    let order: Order = buy_for(5, funds, 101).by(CAROL).preventing(mode);
    told(&place(book, order))
}

#[test]
fn funds_are_decremented_by_what_they_would_buy_of_the_own_order() {
    let first = "5 takes 2 of 1 at 100";
    let mut book = between_bobs();
    let expected = [first, "2 is reduced by 1 to 2", "5 self_trade: 0 cancelled, 0 prevented"];
    assert_eq!(for_funds(&mut book, 300, DecrementAndCancel), expected);
    let mut book = between_bobs();
    let both =
        [first, "2 self_trade: 0 cancelled, 3 prevented", "5 self_trade: 0 cancelled, 0 prevented"];
    assert_eq!(for_funds(&mut book, 500, DecrementAndCancel), both);
    let mut book = between_bobs();
    let goes_on = [
        first,
        "2 self_trade: 0 cancelled, 3 prevented",
        "5 takes 2 of 3 at 100",
        "5 takes 2 of 4 at 101",
        "5 expired: 0 cancelled, 0 prevented",
    ];
    assert_eq!(for_funds(&mut book, 700, DecrementAndCancel), goes_on, "its funds stay");
}

#[test]
fn funds_that_pay_for_no_lot_of_the_own_order_do_not_touch_it() {
    for mode in [CancelNewest, CancelOldest, CancelBoth, DecrementAndCancel] {
        let mut book = between_bobs();
        let expected = ["5 takes 2 of 1 at 100", "5 filled: 0 cancelled, 0 prevented"];
        assert_eq!(for_funds(&mut book, 299, mode), expected, "{mode:?}");
    }
}
