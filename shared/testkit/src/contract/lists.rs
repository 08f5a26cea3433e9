//! That lists are whole and in order: newest first, ties by id downwards, prices both ways.
//! Lists may lag, so each is read until it is as it must be, or given up.

use std::sync::Arc;

use app::ports::{EntryQuery, ItemQuery, Position, Shelf, Store, StoreError};
use domain::{
    amount::Amount,
    catalogue::{Item, ItemState, Revision, revise},
    commit::{Commit, Write},
    id::{EntryId, ItemId, UserId},
    ledger::{Entry, Guard, Outcome},
    operation::{deposit, transfer},
    refusal::Refusal,
};

use super::fixtures::{
    ALICE, BOB, CAROL, at, done, eventually, funded, guard, helmet, minor, opened,
};
use crate::builders::{earth, mars, pieces, usd};

/// More rows than any case writes, so that a list that goes in circles comes to an end.
pub(super) const ROWS_MAX: usize = 500;
pub(super) const LIMITS: [u32; 4] = [1, 2, 3, 100];

/// All entries of a user, read in pages of this size.
async fn entry_pages(
    store: &dyn Store,
    user: UserId,
    limit: u32,
) -> Result<Vec<Entry>, StoreError> {
    let mut rows: Vec<Entry> = Vec::new();
    let mut after = None;
    while rows.len() < ROWS_MAX {
        let page = store.entries(&EntryQuery { user, after, limit }).await?;
        check_page(page.rows.len(), limit, page.more, rows.len());
        rows.extend(page.rows);
        after = rows.last().map(EntryQuery::position);
        if !page.more {
            break;
        }
    }
    Ok(rows)
}

/// All items on a shelf, read in pages of this size.
async fn item_pages(store: &dyn Store, shelf: Shelf, limit: u32) -> Result<Vec<Item>, StoreError> {
    let mut rows: Vec<Item> = Vec::new();
    let mut after = None;
    while rows.len() < ROWS_MAX {
        let page = store.items(&ItemQuery { shelf, after, limit }).await?;
        check_page(page.rows.len(), limit, page.more, rows.len());
        rows.extend(page.rows);
        after = rows.last().map(|item| shelf.position(item));
        if !page.more {
            break;
        }
    }
    Ok(rows)
}

/// No page is too long, and none that others announce or that announces others is empty.
pub(super) fn check_page(length: usize, limit: u32, more: bool, before: usize) {
    assert!(length <= usize::try_from(limit).expect("small"), "{length} rows of {limit}");
    assert!(length > 0 || (!more && before == 0), "an empty page after {before} rows");
}

async fn entries_become(store: &dyn Store, user: UserId, expected: &[EntryId]) {
    for limit in LIMITS {
        eventually(&expected.to_vec(), || async move {
            let rows = entry_pages(store, user, limit).await?;
            Ok(rows.iter().map(|entry| entry.id).collect())
        })
        .await;
    }
}

async fn shelf_becomes(store: &dyn Store, shelf: Shelf, expected: &[ItemId]) {
    for limit in LIMITS {
        eventually(&expected.to_vec(), || async move {
            let rows = item_pages(store, shelf, limit).await?;
            Ok(rows.iter().map(|item| item.id).collect())
        })
        .await;
    }
}

pub(super) fn entry_ids(numbers: impl IntoIterator<Item = u128>) -> Vec<EntryId> {
    numbers.into_iter().map(EntryId::from_bits).collect()
}

fn item_ids(numbers: impl IntoIterator<Item = u128>) -> Vec<ItemId> {
    numbers.into_iter().map(ItemId::from_bits).collect()
}

async fn three_accounts(store: &dyn Store) {
    let accounts = [ALICE, BOB, CAROL].map(opened).map(Write::OpenAccount);
    done(store, accounts.to_vec()).await;
}

pub(super) async fn entries_are_listed_newest_first_for_both_parties(store: Arc<dyn Store>) {
    let store = store.as_ref();
    three_accounts(store).await;
    entries_become(store, ALICE, &[]).await;
    // Alice and Bob have 10.00 each, then send 1.00 to each other in turns.
    for (number, user) in [(1, ALICE), (2, BOB)] {
        let commit = deposit(&guard(number, user), usd("10.00")).expect("a deposit");
        store.commit(&commit).await.expect("room");
    }
    let mut sent = Vec::new();
    for number in 3..11 {
        let (from, to) = if number % 2 == 0 { (ALICE, BOB) } else { (BOB, ALICE) };
        let commit = transfer(&guard(number, from), to, usd("1.00")).expect("a transfer");
        store.commit(&commit).await.expect("funds");
        sent.push(commit.entry().expect("an entry").clone());
    }
    let transfers = || (3..11).rev();
    entries_become(store, ALICE, &entry_ids(transfers().chain([1]))).await;
    entries_become(store, BOB, &entry_ids(transfers().chain([2]))).await;
    entries_become(store, CAROL, &[]).await;
    sent.reverse();
    let query = EntryQuery { user: BOB, after: None, limit: 8 };
    let newest = || async { store.entries(&query).await.map(|page| (page.rows, page.more)) };
    eventually(&(sent, true), newest).await;
}

pub(super) async fn entries_of_one_instant_are_paged_without_gaps_or_repeats(
    store: Arc<dyn Store>,
) {
    let store = store.as_ref();
    three_accounts(store).await;
    // The order of writing is neither that of the list nor its reverse.
    for number in [5, 1, 7, 3, 2, 6, 4] {
        let guard = Guard { at: at(0), ..guard(number, ALICE) };
        let commit = deposit(&guard, usd("1.00")).expect("a deposit");
        store.commit(&commit).await.expect("room");
    }
    for number in [10, 8, 11, 9] {
        let guard = Guard { at: at(0), ..guard(number, ALICE) };
        let commit = transfer(&guard, BOB, usd("1.00")).expect("a transfer");
        store.commit(&commit).await.expect("funds");
    }
    entries_become(store, ALICE, &entry_ids((1..12).rev())).await;
    entries_become(store, BOB, &entry_ids((8..12).rev())).await;
    // A place need not be a row's: what lies after it follows.
    let after = Some(Position { key: at(0).millis(), tie: u128::MAX });
    let query = EntryQuery { user: BOB, after, limit: 1 };
    let rows = || async { store.entries(&query).await.map(|page| page.rows[0].id) };
    eventually(&EntryId::from_bits(11), rows).await;
}

pub(super) async fn only_entries_that_moved_money_are_listed(store: Arc<dyn Store>) {
    let store = store.as_ref();
    funded(store, BOB, 1, usd("5.00")).await;
    let refusing = Commit::refusing(&guard(2, BOB), Refusal::OwnItem);
    let listing = Commit::listing(&guard(3, BOB), helmet(20));
    for commit in [refusing, listing, Commit::voiding(&guard(4, BOB))] {
        store.commit(&commit).await.expect("a new key");
    }
    let last = deposit(&guard(5, BOB), usd("1.00")).expect("a deposit");
    store.commit(&last).await.expect("room");
    entries_become(store, BOB, &entry_ids([5, 1])).await;
    let rows = entry_pages(store, BOB, 100).await.expect("a read");
    assert!(rows.iter().all(|entry| matches!(entry.outcome, Outcome::Moved(_))));
}

/// An item of this seller in this place in time, in whatever state.
fn offered(number: u32, seller: UserId, seconds: u32) -> Item {
    let state = [ItemState::Draft, ItemState::Active, ItemState::Paused]
        [usize::try_from(number % 3).expect("small")];
    let created_at = at(seconds);
    Item { seller, created_at, updated_at: created_at, state, ..helmet(u128::from(number)) }
}

fn on_earth(item: Item) -> Item {
    Item { universe: earth().id, currency: earth().currency, ..item }
}

fn priced(number: u32, price_minor: i64) -> Item {
    Item { price: minor(price_minor), ..offered(number, BOB, number) }
}

async fn put_all(store: &dyn Store, items: impl IntoIterator<Item = Item>) {
    for item in items {
        done(store, vec![Write::PutItem(item)]).await;
    }
}

pub(super) async fn items_are_on_their_shelves_newest_first(store: Arc<dyn Store>) {
    let store = store.as_ref();
    shelf_becomes(store, Shelf::Everything, &[]).await;
    let items = [
        offered(1, BOB, 50),
        offered(2, ALICE, 40),
        on_earth(offered(3, BOB, 60)),
        on_earth(offered(4, ALICE, 10)),
        offered(5, BOB, 20),
        on_earth(offered(6, BOB, 30)),
    ];
    put_all(store, items).await;
    shelf_becomes(store, Shelf::Everything, &item_ids([3, 1, 2, 6, 5, 4])).await;
    shelf_becomes(store, Shelf::Universe(mars().id), &item_ids([1, 2, 5])).await;
    shelf_becomes(store, Shelf::Universe(earth().id), &item_ids([3, 6, 4])).await;
    shelf_becomes(store, Shelf::Seller(BOB), &item_ids([3, 1, 6, 5])).await;
    shelf_becomes(store, Shelf::Seller(ALICE), &item_ids([2, 4])).await;
    shelf_becomes(store, Shelf::Seller(CAROL), &[]).await;
}

pub(super) async fn items_of_one_instant_are_paged_without_gaps_or_repeats(store: Arc<dyn Store>) {
    let store = store.as_ref();
    put_all(store, [4, 1, 6, 2, 5, 3].map(|number| offered(number, BOB, 0))).await;
    let shelves = [Shelf::Everything, Shelf::Universe(mars().id), Shelf::Seller(BOB)];
    for shelf in shelves {
        shelf_becomes(store, shelf, &item_ids((1..7).rev())).await;
    }
    let (universe, min, max) = (mars().id, Amount::ZERO, Amount::MAX);
    let upwards = Shelf::Priced { universe, min, max, descending: false };
    shelf_becomes(store, upwards, &item_ids(1..7)).await;
    let downwards = Shelf::Priced { universe, min, max, descending: true };
    shelf_becomes(store, downwards, &item_ids((1..7).rev())).await;
}

pub(super) async fn items_are_priced_from_both_ends_with_both_bounds_included(
    store: Arc<dyn Store>,
) {
    let store = store.as_ref();
    // Prices of many lengths: in order as numbers, not as texts.
    let most = Amount::MAX.minor();
    let items = [(1, 1), (2, 9), (3, 10), (4, 99), (5, 100), (6, most - 1), (7, most), (8, 10)];
    put_all(store, items.map(|(number, price)| priced(number, price))).await;
    put_all(store, [on_earth(priced(9, 10))]).await;
    let cases: [(i64, i64, &[u128]); 7] = [
        (0, most, &[1, 2, 3, 8, 4, 5, 6, 7]),
        (9, 99, &[2, 3, 8, 4]),
        (10, 10, &[3, 8]),
        (11, 98, &[]),
        (100, most - 1, &[5, 6]),
        (most, most, &[7]),
        (99, 9, &[]),
    ];
    for (min, max, expected) in cases {
        let (universe, min, max) = (mars().id, minor(min), minor(max));
        let upwards = Shelf::Priced { universe, min, max, descending: false };
        shelf_becomes(store, upwards, &item_ids(expected.iter().copied())).await;
        let downwards = Shelf::Priced { universe, min, max, descending: true };
        shelf_becomes(store, downwards, &item_ids(expected.iter().rev().copied())).await;
    }
}

pub(super) async fn a_repriced_item_moves_on_its_shelf(store: Arc<dyn Store>) {
    let store = store.as_ref();
    let items = [priced(1, 10), priced(2, 20), priced(3, 30)];
    put_all(store, items.clone()).await;
    let (universe, max) = (mars().id, minor(30));
    let shelf = Shelf::Priced { universe, min: minor(10), max, descending: false };
    shelf_becomes(store, shelf, &item_ids([1, 2, 3])).await;
    let repriced = Revision { price: Some(minor(25)), ..Revision::default() };
    let (first, commit) = revise(&items[0], repriced, at(50));
    store.commit(&commit).await.expect("the version is current");
    shelf_becomes(store, shelf, &item_ids([2, 1, 3])).await;
    let gone = Revision { price: Some(minor(31)), ..Revision::default() };
    let (_, commit) = revise(&first, gone, at(60));
    store.commit(&commit).await.expect("the version is current");
    shelf_becomes(store, shelf, &item_ids([2, 3])).await;
    // A new price is not a new item.
    shelf_becomes(store, Shelf::Everything, &item_ids([3, 2, 1])).await;
}

pub(super) async fn a_listed_item_is_as_it_is_now(store: Arc<dyn Store>) {
    let store = store.as_ref();
    let item = helmet(20);
    put_all(store, [item.clone()]).await;
    let (quantity, unit_price) = (pieces(2), item.price);
    done(store, vec![Write::SellStock { item: item.id, unit_price, quantity, at: at(5) }]).await;
    let renamed = Revision { name: Some("Hat".parse().expect("a name")), ..Revision::default() };
    let sold = store.item(item.id).await.expect("a read").expect("an item");
    let (now, commit) = revise(&sold, renamed, at(6));
    store.commit(&commit).await.expect("the version is current");
    let (universe, min, max) = (item.universe, item.price, item.price);
    let shelves = [
        Shelf::Everything,
        Shelf::Universe(universe),
        Shelf::Seller(item.seller),
        Shelf::Priced { universe, min, max, descending: false },
    ];
    for shelf in shelves {
        let expected = vec![now.clone()];
        eventually(&expected, || item_pages(store, shelf, 100)).await;
    }
}
