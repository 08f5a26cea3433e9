//! How orders and markets end: cancels, statuses, and a book that is stored and restored.

use super::{
    Book, Closed, Event, PairStatus, Side, Standing, apply, buy, buy_for, cancel, ids, lots, minor,
    place, plain, resting, sell, told,
};
use crate::{
    book::Command,
    testing::{ALICE, BOB, CAROL},
};

#[test]
fn a_cancelled_order_leaves_and_its_money_is_released() {
    let mut book = resting(&[sell(1, 5, 100), sell(2, 1, 100)]);
    place(&mut book, buy(3, 2, 100).by(ALICE));
    let events = apply(&mut book, &cancel(1, Closed::Cancelled));
    assert_eq!(told(&events), ["1 cancelled: 3 cancelled, 0 prevented"]);
    let [Event::Closed { working, left, released, .. }] = events[..] else { panic!("{events:?}") };
    assert_eq!((left, released, working.tally.sequence), (lots(3), minor(300), 1));
    assert_eq!(ids(&book, Side::Sell), [2]);
    assert_eq!(apply(&mut book, &cancel(1, Closed::Cancelled)), [], "only once");
}

#[test]
fn all_orders_of_a_user_are_cancelled_the_earliest_first() {
    let orders = [sell(1, 1, 102), buy(2, 1, 98), sell(3, 1, 101).by(CAROL), sell(4, 1, 100)];
    let reason = Closed::Deadline;
    for (side, expected) in
        [(None, vec![1, 2, 4]), (Some(Side::Sell), vec![1, 4]), (Some(Side::Buy), vec![2])]
    {
        let mut book = resting(&orders);
        let events = apply(&mut book, &Command::CancelAll { user: BOB, side, reason });
        let line = |id: &u128| format!("{id} deadline: 1 cancelled, 0 prevented");
        assert_eq!(told(&events), expected.iter().map(line).collect::<Vec<_>>());
        assert_eq!(book.len(), 4 - expected.len());
    }
}

#[test]
fn a_market_that_only_cancels_takes_no_orders() {
    let mut book = resting(&[sell(1, 5, 100), sell(2, 5, 101)]);
    let events = apply(&mut book, &Command::SetStatus(PairStatus::CancelOnly));
    assert_eq!(told(&events), ["cancel_only"]);
    let events = place(&mut book, buy(3, 2, 100).by(ALICE));
    assert_eq!(told(&events), ["3 market_closed: 2 cancelled, 0 prevented"]);
    assert!(matches!(events[0], Event::Closed { released, .. } if released == minor(200)));
    let events = apply(&mut book, &cancel(1, Closed::Cancelled));
    assert_eq!(told(&events), ["1 cancelled: 5 cancelled, 0 prevented"]);
}

#[test]
fn in_a_halted_market_only_what_no_wallet_can_hold_is_cancelled() {
    let mut book = resting(&[sell(1, 5, 100), sell(2, 5, 101)]);
    apply(&mut book, &Command::SetStatus(PairStatus::Halted));
    for reason in [Closed::Cancelled, Closed::Deadline] {
        assert_eq!(apply(&mut book, &cancel(1, reason)), []);
        assert_eq!(apply(&mut book, &Command::CancelAll { user: BOB, side: None, reason }), []);
    }
    let events = apply(&mut book, &cancel(1, Closed::BalanceLimit));
    assert_eq!(told(&events), ["1 balance_limit: 5 cancelled, 0 prevented"]);
    apply(&mut book, &Command::SetStatus(PairStatus::Trading));
    assert_eq!(told(&place(&mut book, buy(3, 1, 101).by(ALICE))), ["3 takes 1 of 2 at 101"]);
}

/// The book as it is read again, its orders from the last to the first.
fn restored(book: &Book) -> Book {
    let mut all: Vec<_> =
        [Side::Sell, Side::Buy].into_iter().flat_map(|side| book.resting(side)).copied().collect();
    all.reverse();
    Book::restore(plain(), book.standing(), all)
}

#[test]
fn a_restored_book_goes_on_where_it_was() {
    let mut book = resting(&[sell(1, 2, 101), sell(2, 2, 100), sell(3, 2, 100), buy(4, 1, 99)]);
    place(&mut book, buy(5, 1, 100).by(ALICE));
    let mut restored = restored(&book);
    assert_eq!(restored.standing(), book.standing());
    let order = buy(6, 9, 101).by(ALICE);
    assert_eq!(place(&mut restored, order), place(&mut book, order));
    assert!(restored.resting(Side::Buy).eq(book.resting(Side::Buy)));
}

#[test]
fn of_two_orders_with_one_id_the_later_is_restored_and_what_is_over_is_not() {
    let mut early = sell(1, 5, 100).held();
    early.tally.sequence = 1;
    let mut late = sell(1, 5, 99).held();
    late.tally.sequence = 7;
    let mut over = sell(2, 5, 98).held();
    over.tally.open = lots(0);
    let standing =
        Standing { status: PairStatus::Trading, sequence: 0, trades: 0, last_price: None };
    let book = Book::restore(plain(), standing, [late, over, early]);
    assert!(book.resting(Side::Sell).eq([&late]));
    assert_eq!((book.len(), book.standing().sequence), (1, 7), "no sequence is given twice");
}

#[test]
fn an_order_cut_off_after_a_fill_goes_on_whatever_the_status() {
    let makers = [sell(1, 2, 100), sell(2, 2, 100)];
    for taker in [buy(3, 4, 100).by(ALICE).whole(), buy_for(3, 400, 100).by(ALICE)] {
        let mut whole = resting(&makers);
        let events = place(&mut whole, taker);
        let Event::Filled(first) = events[0] else { panic!("{events:?}") };
        let standing = Standing {
            status: PairStatus::Halted,
            sequence: 2,
            trades: 1,
            last_price: Some(first.price),
        };
        let mut second = sell(2, 2, 100).held();
        second.tally.sequence = 2;
        let mut book = Book::restore(plain(), standing, [second]);
        let rest = apply(&mut book, &Command::Place { working: first.taker, resumed: true });
        assert_eq!(rest, events[1..]);
    }
}
