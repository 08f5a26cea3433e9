//! That a user's placements are listed whole, in order, and nothing else with them.
//! The list may lag, so it is read until it is as it must be, or given up.

use std::sync::Arc;

use app::ports::{EntryQuery, Position, Store, StoreError};
use domain::{
    commit::{Commit, Write},
    id::{EntryId, OrderId, UserId},
    ledger::{Entry, Fingerprint, Outcome, Placement},
    operation::deposit,
    order::{Order, Side},
    refusal::Refusal,
    time::Timestamp,
};

use super::{
    fixtures::{ALICE, BOB, CAROL, at, done, entry_id, eventually, guard, opened},
    lists::{LIMITS, ROWS_MAX, check_page, entry_ids},
    samples::outcomes,
};
use crate::builders::{mrc_usd, order, usd};

/// The entry by which a user placed an order.
fn placing(number: u128, user: UserId, at: Timestamp) -> Entry {
    let order = Order { placed_at: at, ..order(number, user, Side::Buy, 50, 3) };
    let steps = mrc_usd().steps;
    let hold = order.hold(&steps).expect("not too large");
    let client_order_id = Some(format!("mine-{number}").parse().expect("a name"));
    let outcome = Outcome::Placed(Placement { steps, order, hold, client_order_id });
    let fingerprint = Fingerprint([7; 16]);
    Entry { id: entry_id(number), actor: user, fingerprint, at, outcome }
}

/// All placements of a user, read in pages of this size.
async fn pages(store: &dyn Store, user: UserId, limit: u32) -> Result<Vec<Entry>, StoreError> {
    let mut rows: Vec<Entry> = Vec::new();
    let mut after = None;
    while rows.len() < ROWS_MAX {
        let page = store.placements(&EntryQuery { user, after, limit }).await?;
        check_page(page.rows.len(), limit, page.more, rows.len());
        rows.extend(page.rows);
        after = rows.last().map(EntryQuery::position);
        if !page.more {
            break;
        }
    }
    Ok(rows)
}

async fn placements_become(store: &dyn Store, user: UserId, expected: &[EntryId]) {
    for limit in LIMITS {
        eventually(&expected.to_vec(), || async move {
            let rows = pages(store, user, limit).await?;
            Ok(rows.iter().map(|entry| entry.id).collect())
        })
        .await;
    }
}

pub(super) async fn placements_are_listed_newest_first(store: Arc<dyn Store>) {
    let store = store.as_ref();
    placements_become(store, ALICE, &[]).await;
    // The ids go the other way than the times, and the order of writing is neither.
    for number in [4, 1, 6, 2, 5, 3] {
        let user = if number % 3 == 0 { BOB } else { ALICE };
        let seconds = 100 - u32::try_from(number).expect("small");
        done(store, vec![Write::PutEntry(placing(number, user, at(seconds)))]).await;
    }
    placements_become(store, ALICE, &entry_ids([1, 2, 4, 5])).await;
    placements_become(store, BOB, &entry_ids([3, 6])).await;
    placements_become(store, CAROL, &[]).await;
    let expected = (vec![placing(3, BOB, at(97))], true);
    let query = EntryQuery { user: BOB, after: None, limit: 1 };
    let newest = || async { store.placements(&query).await.map(|page| (page.rows, page.more)) };
    eventually(&expected, newest).await;
}

pub(super) async fn placements_of_one_instant_are_paged_without_gaps_or_repeats(
    store: Arc<dyn Store>,
) {
    let store = store.as_ref();
    for number in [5, 1, 7, 3, 2, 6, 4] {
        done(store, vec![Write::PutEntry(placing(number, ALICE, at(0)))]).await;
    }
    placements_become(store, ALICE, &entry_ids((1..8).rev())).await;
    // A place need not be a row's: what lies after it follows.
    let after = Some(Position { key: at(0).millis(), tie: u128::MAX });
    let query = EntryQuery { user: ALICE, after, limit: 1 };
    let rows = || async { store.placements(&query).await.map(|page| page.rows[0].id) };
    eventually(&EntryId::from_bits(7), rows).await;
}

pub(super) async fn only_placements_are_listed_as_placements(store: Arc<dyn Store>) {
    let store = store.as_ref();
    done(store, vec![Write::OpenAccount(opened(ALICE))]).await;
    let funding = deposit(&guard(1, ALICE), usd("5.00")).expect("a deposit");
    store.commit(&funding).await.expect("room");
    let refusing = Commit::refusing(&guard(2, ALICE), Refusal::NoReferencePrice);
    store.commit(&refusing).await.expect("a new key");
    done(store, vec![Write::PutEntry(placing(3, ALICE, at(3)))]).await;
    let others = outcomes().into_iter().filter(|outcome| {
        matches!(outcome, Outcome::Amended(_) | Outcome::SameAs(_) | Outcome::Voided)
    });
    for (number, outcome) in (10..).zip(others) {
        let entry = Entry { id: entry_id(number), outcome, ..placing(number, ALICE, at(4)) };
        done(store, vec![Write::PutEntry(entry)]).await;
    }
    done(store, vec![Write::PutEntry(placing(4, ALICE, at(5)))]).await;
    placements_become(store, ALICE, &entry_ids([4, 3])).await;
    let rows = pages(store, ALICE, 100).await.expect("a read");
    let placed = |entry: &Entry| match &entry.outcome {
        Outcome::Placed(placement) => Some(placement.order.id),
        _ => None,
    };
    let ids: Vec<_> = rows.iter().map(placed).collect();
    assert_eq!(ids, [Some(OrderId::from_bits(4)), Some(OrderId::from_bits(3))]);
    // No money moves when an order is placed.
    let query = EntryQuery { user: ALICE, after: None, limit: 100 };
    let moved = || async { store.entries(&query).await.map(|page| page.rows) };
    eventually(&vec![funding.entry().expect("an entry").clone()], moved).await;
}
