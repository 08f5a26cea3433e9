//! That an order rests once, is over once, and that how far it has come is known at any time.

use std::sync::Arc;

use app::ports::{Found, OrderState, Store};
use domain::{
    commit::{ClosedOrder, Resting, Write},
    id::OrderId,
    order::{Closed, Side},
    pair::{Lots, PairId},
    time::Timestamp,
};

use super::{
    fixtures::{ALICE, BOB, at, done, entry_id, refused, refused_one, voided},
    samples::{REASONS, largest_pair, largest_working, resting, workings},
};
use crate::builders::{mrc_usd, order};

fn book() -> PairId {
    mrc_usd().id()
}

/// A sale of Bob's that rests.
fn sale(number: u128) -> Resting {
    resting(order(number, BOB, Side::Sell, 50, 3), 1, 1)
}

fn closed(number: u128) -> ClosedOrder {
    let Resting { pair, working, .. } = sale(number);
    ClosedOrder { pair, working, reason: Closed::Cancelled, at: at(5), seq: 2 }
}

async fn rests(store: &dyn Store, pair: PairId) -> Vec<Resting> {
    let mut rows = store.resting(pair).await.expect("a read");
    rows.sort_by_key(|row| row.working.order.id);
    rows
}

/// How far orders on MRC-USD have come.
async fn states(store: &dyn Store, orders: impl IntoIterator<Item = u128>) -> Vec<OrderState> {
    let orders: Vec<_> =
        orders.into_iter().map(|number| (book(), OrderId::from_bits(number))).collect();
    store.order_states(&orders).await.expect("a read")
}

pub(super) async fn a_resting_order_is_read_as_it_was_written(store: Arc<dyn Store>) {
    let store = store.as_ref();
    assert_eq!(rests(store, book()).await, []);
    let written: Vec<_> =
        workings().into_iter().map(|working| Resting { pair: book(), working, seq: 7 }).collect();
    for row in &written {
        done(store, vec![Write::PutResting(*row)]).await;
    }
    assert_eq!(rests(store, book()).await, written);
    let (pair, working) = (largest_pair().id(), largest_working());
    assert_eq!(rests(store, pair).await, []);
    let largest = Resting { pair, working, seq: u64::MAX };
    done(store, vec![Write::PutResting(largest)]).await;
    assert_eq!(rests(store, pair).await, [largest]);
    assert_eq!(rests(store, book()).await, written);
}

pub(super) async fn all_orders_that_rest_are_read_however_many(store: Arc<dyn Store>) {
    let store = store.as_ref();
    // At some 360 bytes each they are more than one answer of 1 MB holds.
    let mut rows = Vec::new();
    for number in 0..3_200 {
        let mut working = largest_working();
        working.order.id = OrderId::from_bits(number);
        rows.push(Resting { pair: largest_pair().id(), working, seq: u64::MAX });
    }
    for some in rows.chunks(100) {
        done(store, some.iter().copied().map(Write::PutResting).collect()).await;
    }
    assert!(rests(store, largest_pair().id()).await == rows, "some are missing or changed");
}

pub(super) async fn an_order_begins_to_rest_once(store: Arc<dyn Store>) {
    let store = store.as_ref();
    done(store, vec![Write::PutResting(sale(20))]).await;
    let again = Resting { seq: 2, ..sale(20) };
    assert_eq!(refused_one(store, Write::PutResting(again)).await, Found::Other);
    assert_eq!(rests(store, book()).await, [sale(20)]);
}

pub(super) async fn a_resting_order_is_replaced_and_removed_only_while_it_rests(
    store: Arc<dyn Store>,
) {
    let store = store.as_ref();
    let removal = || Write::RemoveResting { pair: book(), order: OrderId::from_bits(20) };
    let mut less = Resting { seq: 3, ..sale(20) };
    less.working.tally.open = Lots::ZERO;
    // An entry beside it makes each a commit of its own.
    let missing = async |write: Write, number: u128| {
        let found = refused(store, vec![Write::PutEntry(voided(number)), write]).await;
        assert_eq!(found, [(1, Found::Nothing)]);
        assert_eq!(rests(store, book()).await, [sale(21)]);
        assert_eq!(store.entry(entry_id(number)).await, Ok(None));
    };
    done(store, vec![Write::PutResting(sale(21))]).await;
    missing(Write::ReplaceResting(less), 10).await;
    missing(removal(), 11).await;
    done(store, vec![Write::PutResting(sale(20))]).await;
    done(store, vec![Write::ReplaceResting(less)]).await;
    assert_eq!(rests(store, book()).await, [less, sale(21)]);
    done(store, vec![removal()]).await;
    assert_eq!(rests(store, book()).await, [sale(21)]);
    missing(Write::ReplaceResting(less), 12).await;
    missing(removal(), 13).await;
}

pub(super) async fn a_closed_order_is_read_as_it_was_written(store: Arc<dyn Store>) {
    let store = store.as_ref();
    let reasons = REASONS.into_iter().cycle();
    for (number, (working, reason)) in (100..).zip(workings().into_iter().zip(reasons)) {
        let mut row = ClosedOrder { pair: book(), working, reason, at: at(5), seq: 2 };
        row.working.order.id = OrderId::from_bits(number);
        done(store, vec![Write::PutClosedOrder(row)]).await;
        assert_eq!(states(store, [number]).await, [OrderState::Closed(row)]);
    }
    for (number, reason) in (200..).zip(REASONS) {
        let row = ClosedOrder { reason, ..closed(number) };
        done(store, vec![Write::PutClosedOrder(row)]).await;
        assert_eq!(states(store, [number]).await, [OrderState::Closed(row)]);
    }
    let (pair, working) = (largest_pair().id(), largest_working());
    let (reason, at) = (Closed::BalanceLimit, Timestamp::MAX);
    let largest = ClosedOrder { pair, working, reason, at, seq: u64::MAX };
    done(store, vec![Write::PutClosedOrder(largest)]).await;
    let states = store.order_states(&[(pair, working.order.id)]).await;
    assert_eq!(states, Ok(vec![OrderState::Closed(largest)]));
}

pub(super) async fn an_order_is_closed_once(store: Arc<dyn Store>) {
    let store = store.as_ref();
    let first = closed(20);
    done(store, vec![Write::PutClosedOrder(first)]).await;
    let again = ClosedOrder { reason: Closed::Filled, seq: 3, ..first };
    assert_eq!(refused_one(store, Write::PutClosedOrder(again)).await, Found::Other);
    assert_eq!(states(store, [20]).await, [OrderState::Closed(first)]);
}

pub(super) async fn order_states_are_in_the_order_asked_for(store: Arc<dyn Store>) {
    let store = store.as_ref();
    assert_eq!(store.order_states(&[]).await, Ok(Vec::new()));
    assert_eq!(states(store, [20]).await, [OrderState::Pending]);
    done(store, vec![Write::PutResting(sale(20)), Write::PutResting(sale(23))]).await;
    done(store, vec![Write::PutClosedOrder(closed(21))]).await;
    let expected = [
        OrderState::Closed(closed(21)),
        OrderState::Pending,
        OrderState::Resting(sale(20)),
        OrderState::Resting(sale(23)),
        OrderState::Resting(sale(20)),
        OrderState::Pending,
        OrderState::Closed(closed(21)),
    ];
    assert_eq!(states(store, [21, 22, 20, 23, 20, 22, 21]).await, expected);
    // What rested and is over, is over.
    let ends = ClosedOrder { reason: Closed::Filled, ..closed(20) };
    let removal = Write::RemoveResting { pair: book(), order: OrderId::from_bits(20) };
    done(store, vec![removal, Write::PutClosedOrder(ends)]).await;
    let expected = [OrderState::Resting(sale(23)), OrderState::Closed(ends)];
    assert_eq!(states(store, [23, 20]).await, expected);
}

pub(super) async fn a_hundred_order_states_are_read_at_once(store: Arc<dyn Store>) {
    let store = store.as_ref();
    // A third rests, a third is over, of a third nothing is known.
    let expected = |number: u128| match number % 3 {
        0 => OrderState::Resting(resting(order(number, ALICE, Side::Buy, 50, 3), 1, 1)),
        1 => OrderState::Closed(closed(number)),
        _ => OrderState::Pending,
    };
    let write = |number: u128| match expected(number) {
        OrderState::Resting(row) => Some(Write::PutResting(row)),
        OrderState::Closed(row) => Some(Write::PutClosedOrder(row)),
        OrderState::Pending => None,
    };
    done(store, (0..100).filter_map(write).collect()).await;
    let upwards: Vec<_> = (0..100).map(expected).collect();
    assert_eq!(states(store, 0..100).await, upwards);
    let twice: Vec<_> = (0..50).rev().chain(0..50).map(expected).collect();
    assert_eq!(states(store, (0..50).rev().chain(0..50)).await, twice);
}
