//! The promises about orders at external venues: that each is what its fills come to, and that
//! what it has not got is held for it. What the venue itself says, it does not ask.

use std::collections::BTreeMap;

use app::ports::{Store, VenueOrderQuery};
use domain::{
    id::{EntryId, UserId, VenueOrderId},
    ledger::{Cause, Entry, Outcome},
    venue::{Ending, VenueFill, VenueId, VenueOrder},
};

use super::{Wallets, all};

/// What the fills of an order come to: pieces, and what they were worth in minor units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Filled {
    executed: i128,
    notional: i128,
}

/// The fills in these entries, by order.
pub(super) fn fills_of(entries: &BTreeMap<EntryId, Entry>) -> BTreeMap<VenueOrderId, Filled> {
    let mut fills = BTreeMap::<VenueOrderId, Filled>::new();
    for fill in entries.values().filter_map(fill_of) {
        let [pieces, price] = [fill.quantity, fill.price.amount].map(|of| i128::from(of.minor()));
        let filled = fills.entry(fill.order).or_default();
        filled.executed += pieces;
        filled.notional += pieces * price;
    }
    fills
}

fn fill_of(entry: &Entry) -> Option<&VenueFill> {
    match &entry.outcome {
        Outcome::Moved(movement) => match &movement.cause {
            Cause::VenueFill(fill) => Some(fill),
            _ => None,
        },
        _ => None,
    }
}

/// I3 and I8: an order's tally is the sum of its fills, and what may yet be filled is reserved.
pub(super) async fn orders(
    store: &dyn Store,
    user: UserId,
    fills: &mut BTreeMap<VenueOrderId, Filled>,
    held: &mut Wallets,
    counts: &mut BTreeMap<&'static str, usize>,
) {
    let venues = store.venues().await.expect("venues");
    for venue in venues.iter().map(|venue| venue.id) {
        for order in orders_at(store, user, venue).await {
            let filled = fills.remove(&order.terms.id).unwrap_or_default();
            accounted(&order, filled);
            let entry = store.entry(order.terms.entry()).await.expect("an entry");
            let accepted = entry.map(|entry| entry.outcome);
            assert_eq!(accepted, Some(Outcome::Routed(order.terms)), "I8: {order:?}");
            let reserved = order.reserved();
            *held.entry((user, reserved.currency.code)).or_default() +=
                i128::from(reserved.amount.minor());
            *counts.entry(order.status().as_str()).or_default() += 1;
        }
    }
}

async fn orders_at(store: &dyn Store, user: UserId, venue: VenueId) -> Vec<VenueOrder> {
    let orders = all(|last: Option<&VenueOrder>| {
        let after = last.map(VenueOrderQuery::position);
        let query = VenueOrderQuery { user, venue, after, limit: 100 };
        async move { store.venue_orders(&query).await }
    });
    orders.await
}

fn accounted(order: &VenueOrder, filled: Filled) {
    let (executed, quantity) = (order.executed, order.terms.quantity);
    let told = Filled {
        executed: i128::from(executed.minor()),
        notional: i128::from(order.notional.minor()),
    };
    assert_eq!(told, filled, "I8: {order:?}");
    assert!(executed <= quantity, "I8: {order:?}");
    let whole = executed == quantity;
    assert!(!whole || order.is_over(), "I8: nothing is left of {order:?}");
    if order.is_over() {
        assert!(order.reserved().amount.is_zero(), "I3: {order:?}");
        assert!(order.ending.is_some() && order.unclear.is_none(), "I8: {order:?}");
        assert!(whole || order.ending != Some(Ending::Filled) || order.last == Some(executed));
    }
}
