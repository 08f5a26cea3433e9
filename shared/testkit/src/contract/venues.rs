//! That venues and orders there change once a version, that a feed's position never goes back,
//! and that what is due is found. Lists may lag, so each is read until it is as it must be.

use std::sync::Arc;

use app::ports::{
    Found, Position, Store, StoreError, VENUE_DUE_PARTS, VenueOrderQuery, venue_due_part,
};
use domain::{
    account::Leg,
    commit::Write,
    id::{UserId, VenueOrderId},
    time::Timestamp,
    venue::{Ending, Listing, Phase, Venue, VenueId, VenueOrder, VenueTerms},
};

use super::{
    fixtures::{ALICE, BOB, CAROL, at, done, eventually, funded, moving, refused, refused_one},
    lists::{LIMITS, ROWS_MAX, check_page},
    samples::{
        PHASES, instrument, largest_venue, largest_venue_order, longest, nyx, venue, venue_terms,
    },
};
use crate::builders::usd;

fn order(number: u128) -> VenueOrder {
    VenueOrder::begun(venue_terms(number))
}

fn put(order: &VenueOrder) -> Write {
    Write::PutVenueOrder(Box::new(order.clone()))
}

/// How many rows of an index a write touches is for its price, and nothing else.
fn replace(order: &VenueOrder) -> Write {
    Write::ReplaceVenueOrder { order: Box::new(order.clone()), index_rows: 2 }
}

pub(super) async fn venues_are_read_as_they_were_written(store: Arc<dyn Store>) {
    assert_eq!(store.venues().await, Ok(vec![]));
    let (first, last) = (venue(nyx()), largest_venue());
    for venue in [&last, &first] {
        assert_eq!(store.put_venue(&Venue { version: 1, ..venue.clone() }).await, Ok(true));
    }
    let mut venues = store.venues().await.expect("a read");
    venues.sort_by_key(|venue| venue.id);
    assert_eq!(venues, vec![first, last]);
}

pub(super) async fn a_venue_is_put_once_a_version(store: Arc<dyn Store>) {
    let first = venue(nyx());
    let listing = Listing { instrument: instrument(), reference: Some(usd("100.00").amount) };
    let second = Venue { listings: vec![listing], version: 2, ..first.clone() };
    assert_eq!(store.put_venue(&second).await, Ok(false), "there is no first");
    assert_eq!(store.put_venue(&Venue { version: 0, ..first.clone() }).await, Ok(false));
    assert_eq!(store.put_venue(&first).await, Ok(true));
    assert_eq!(store.put_venue(&Venue { suspended: true, ..first.clone() }).await, Ok(false));
    assert_eq!(store.put_venue(&second).await, Ok(true));
    for stale in [&first, &second, &Venue { version: 4, ..second.clone() }] {
        assert_eq!(store.put_venue(stale).await, Ok(false));
    }
    assert_eq!(store.venues().await, Ok(vec![second]));
}

pub(super) async fn the_position_in_a_feed_never_goes_back(store: Arc<dyn Store>) {
    assert_eq!(store.feed_position(nyx()).await, Ok(0));
    for (written, read) in [(7, 7), (3, 7), (7, 7), (10, 10), (9, 10), (u64::MAX, u64::MAX)] {
        store.put_feed_position(nyx(), written).await.expect("a write");
        assert_eq!(store.feed_position(nyx()).await, Ok(read), "after {written}");
    }
    assert_eq!(store.feed_position(longest()).await, Ok(0), "each venue has its own");
    assert_eq!(store.venues().await, Ok(vec![]), "a position is no venue");
}

pub(super) async fn an_order_at_a_venue_is_read_as_it_was_written(store: Arc<dyn Store>) {
    let store = store.as_ref();
    assert_eq!(store.venue_order(order(7).terms.id).await, Ok(None));
    let in_phase = |(number, phase): (u128, Phase)| {
        let ending = (phase == Phase::Over).then_some(Ending::Cancelled);
        VenueOrder { phase, ending, ..order(number) }
    };
    let orders = (1..).zip(PHASES).map(in_phase).chain([largest_venue_order()]);
    for order in orders {
        done(store, vec![put(&order)]).await;
        assert_eq!(store.venue_order(order.terms.id).await, Ok(Some(order)));
    }
}

pub(super) async fn an_order_at_a_venue_is_put_once(store: Arc<dyn Store>) {
    let store = store.as_ref();
    let first = order(7);
    done(store, vec![put(&first)]).await;
    let other = VenueOrder { sends: 3, ..first.clone() };
    assert_eq!(refused_one(store, put(&other)).await, Found::Other);
    assert_eq!(store.venue_order(first.terms.id).await, Ok(Some(first)));
}

pub(super) async fn an_order_at_a_venue_is_replaced_once_a_version(store: Arc<dyn Store>) {
    let store = store.as_ref();
    let first = order(7);
    let second = first.postponed(at(60), at(1));
    assert_eq!(refused_one(store, replace(&second)).await, Found::Nothing);
    done(store, vec![put(&first)]).await;
    done(store, vec![replace(&second)]).await;
    assert_eq!(store.venue_order(first.terms.id).await, Ok(Some(second.clone())));
    let stale = first.postponed(at(90), at(2));
    let early = VenueOrder { version: 4, ..stale.clone() };
    for stale in [&stale, &early, &VenueOrder { sends: 9, ..second.clone() }] {
        assert_eq!(refused_one(store, replace(stale)).await, Found::Other);
    }
    assert_eq!(store.venue_order(first.terms.id).await, Ok(Some(second)));
}

pub(super) async fn an_order_at_a_venue_and_its_hold_are_written_together_or_not_at_all(
    store: Arc<dyn Store>,
) {
    let store = store.as_ref();
    funded(store, ALICE, 1, usd("100.00")).await;
    let order = order(7);
    let holding = |money| moving(ALICE, vec![Leg::hold(money)], 7);
    let found = refused(store, vec![holding(order.reserved()), put(&order)]).await;
    assert!(matches!(found.as_slice(), [(0, Found::Account(_))]), "{found:?}");
    assert_eq!(store.venue_order(order.terms.id).await, Ok(None));
    done(store, vec![holding(usd("60.00")), put(&order)]).await;
    let twice = refused(store, vec![holding(usd("40.00")), put(&order)]).await;
    assert_eq!(twice, [(1, Found::Other)]);
    let account = store.account(ALICE).await.expect("a read").expect("an account");
    assert_eq!(account.balance(order.terms.currency.code).held, usd("60.00").amount);
}

/// All orders of a user at a venue, read in pages of this size.
async fn pages(
    store: &dyn Store,
    (user, venue): (UserId, VenueId),
    limit: u32,
) -> Result<Vec<VenueOrder>, StoreError> {
    let mut rows: Vec<VenueOrder> = Vec::new();
    while rows.len() < ROWS_MAX {
        let after = rows.last().map(VenueOrderQuery::position);
        let page = store.venue_orders(&VenueOrderQuery { user, venue, after, limit }).await?;
        check_page(page.rows.len(), limit, page.more, rows.len());
        rows.extend(page.rows);
        if !page.more {
            break;
        }
    }
    Ok(rows)
}

async fn orders_become(store: &dyn Store, whose: (UserId, VenueId), expected: &[VenueOrder]) {
    for limit in LIMITS {
        eventually(&expected.to_vec(), || pages(store, whose, limit)).await;
    }
}

pub(super) async fn orders_at_a_venue_are_listed_newest_first(store: Arc<dyn Store>) {
    let store = store.as_ref();
    orders_become(store, (ALICE, nyx()), &[]).await;
    // The ids go the other way than the times, and the order of writing is neither.
    let at_time = |number: u128, user, venue| {
        let accepted_at = at(100 - u32::try_from(number).expect("small"));
        VenueOrder::begun(VenueTerms { user, venue, accepted_at, ..venue_terms(number) })
    };
    for number in [4, 1, 6, 2, 5, 3] {
        let user = if number % 3 == 0 { BOB } else { ALICE };
        done(store, vec![put(&at_time(number, user, nyx()))]).await;
    }
    let elsewhere = at_time(9, ALICE, longest());
    done(store, vec![put(&elsewhere)]).await;
    let listed = [1, 2, 4, 5].map(|number| at_time(number, ALICE, nyx()));
    orders_become(store, (ALICE, nyx()), &listed).await;
    orders_become(store, (BOB, nyx()), &[3, 6].map(|number| at_time(number, BOB, nyx()))).await;
    orders_become(store, (ALICE, longest()), &[elsewhere]).await;
    orders_become(store, (CAROL, nyx()), &[]).await;
    // Its place is that of its acceptance, whatever becomes of it; and it is as it is now.
    let over = listed[1].cancelled(at(200)).expect("it was not over");
    done(store, vec![replace(&over)]).await;
    let page = VenueOrderQuery { user: ALICE, venue: nyx(), after: None, limit: 100 };
    let read = store.venue_orders(&page).await.expect("a page");
    assert_eq!(read.rows[1], over);
}

pub(super) async fn orders_of_one_instant_at_a_venue_are_paged_without_gaps_or_repeats(
    store: Arc<dyn Store>,
) {
    let store = store.as_ref();
    for number in [5, 1, 7, 3, 2, 6, 4] {
        done(store, vec![put(&order(number))]).await;
    }
    let expected: Vec<_> = (1..8).rev().map(order).collect();
    orders_become(store, (ALICE, nyx()), &expected).await;
    // A place need not be a row's: what lies after it follows.
    let after = Some(Position { key: at(0).millis(), tie: u128::MAX });
    let query = VenueOrderQuery { user: ALICE, venue: nyx(), after, limit: 1 };
    let rows = || async { store.venue_orders(&query).await.map(|page| page.rows) };
    eventually(&vec![order(7)], rows).await;
}

pub(super) async fn what_is_due_at_venues_is_found_and_nothing_else(store: Arc<dyn Store>) {
    let store = store.as_ref();
    // All in one part but the last.
    let parts = u128::from(VENUE_DUE_PARTS);
    let due_at = |number: u128, next_at| VenueOrder { next_at, ..order(number * parts) };
    let [late, due, early] = [(1, at(11)), (2, at(10)), (3, at(5))].map(|(n, at)| due_at(n, at));
    let over = due_at(4, at(1)).cancelled(at(1)).expect("it was not over");
    let far = due_at(5, Timestamp::MAX);
    let elsewhere = VenueOrder { next_at: at(1), ..order(6 * parts + 1) };
    for order in [&late, &due, &early, &over, &far, &elsewhere] {
        done(store, vec![put(order)]).await;
    }
    let part = venue_due_part(due.terms.id);
    let ids = |orders: &[&VenueOrder]| -> Vec<VenueOrderId> {
        orders.iter().map(|order| order.terms.id).collect()
    };
    let read = async |limit| store.due_venue_orders(part, at(10), limit).await;
    eventually(&ids(&[&early, &due]), || read(100)).await;
    eventually(&ids(&[&early]), || read(1)).await;
    // Put off, and over.
    let later = early.postponed(at(60), at(10));
    done(store, vec![replace(&later)]).await;
    done(store, vec![replace(&due.cancelled(at(10)).expect("it was not over"))]).await;
    eventually(&vec![], || read(100)).await;
    let sooner = later.hastened(at(10)).expect("it waits");
    done(store, vec![replace(&sooner)]).await;
    eventually(&ids(&[&early]), || read(100)).await;
    let mut found = 0;
    for part in 0..=u8::MAX {
        found += store.due_venue_orders(part, at(1_000), 100).await.expect("a read").len();
    }
    assert_eq!(found, 3, "each is in one part");
}
