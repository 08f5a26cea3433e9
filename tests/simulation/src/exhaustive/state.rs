//! What a market has come to, as text without names and times: two runs that did the same thing
//! end alike, whatever failed on the way.

use std::collections::{BTreeMap, BTreeSet};

use app::ports::{EntryQuery, ItemQuery, OrderState, Shelf, Store, VenueOrderQuery};
use domain::{id::UserId, ledger::Outcome};
use testkit::builders::nyx;

use crate::{oracle::now, sim::Sim};

/// The most rows of a page; a scene has fewer.
const LIMIT: u32 = 1_000;

/// What a market has come to, line by line. Prices at a venue follow the time, and a fault costs
/// time: where orders go to a venue, how much was filled at what price is left out.
#[must_use]
pub fn of(sim: &Sim, at_venue: bool) -> Vec<String> {
    let store = sim.seam.plain();
    let store = store.as_ref();
    let mut lines = Vec::new();
    for (place, user) in sim.town.users().into_iter().enumerate() {
        if !at_venue {
            lines.extend(wallets(store, place, user));
            lines.extend(entries(store, place, user));
        }
        lines.extend(orders(store, place, user));
        let hooks = now(store.webhooks(user)).expect("webhooks");
        // Who asks for a webhook twice, has two.
        let hooks: BTreeSet<_> =
            hooks.iter().map(|hook| (hook.is_active(), hook.url.to_string())).collect();
        lines.push(format!("{place}: webhooks {hooks:?}"));
    }
    lines.extend(items(store));
    for universe in now(store.universes()).expect("universes") {
        lines.push(format!("{} {}", universe.currency.code, universe.rate.units_per_base));
    }
    for pair in now(store.pairs()).expect("pairs") {
        let resting = now(store.resting(pair.id())).expect("resting").len();
        lines.push(format!("{} {:?} {resting} resting", pair.id(), pair.status));
    }
    lines.sort();
    lines
}

fn wallets(store: &dyn Store, place: usize, user: UserId) -> Vec<String> {
    let account = now(store.account(user)).expect("a read").expect("an account");
    let wallets = account.wallets.iter();
    wallets
        .map(|(code, balance)| {
            format!("{place}: {code} {} {}", balance.available.minor(), balance.held.minor())
        })
        .collect()
}

fn entries(store: &dyn Store, place: usize, user: UserId) -> Vec<String> {
    let query = EntryQuery { user, after: None, limit: LIMIT };
    let mut counts = BTreeMap::<String, usize>::new();
    for entry in now(store.entries(&query)).expect("entries").rows {
        if let Outcome::Moved(movement) = entry.outcome {
            let cause = format!("{:?}", movement.cause);
            let word = cause.split(['(', ' ']).next().unwrap_or_default().to_owned();
            *counts.entry(word).or_default() += 1;
        }
    }
    vec![format!("{place}: entries {counts:?}")]
}

fn orders(store: &dyn Store, place: usize, user: UserId) -> Vec<String> {
    let query = EntryQuery { user, after: None, limit: LIMIT };
    let placements = now(store.placements(&query)).expect("placements").rows;
    let wanted: Vec<_> = placements
        .into_iter()
        .filter_map(|entry| match entry.outcome {
            Outcome::Placed(placed) => Some((placed.steps.pair(), placed.order.id)),
            _ => None,
        })
        .collect();
    let states = now(store.order_states(&wanted)).expect("states").into_iter();
    let states = states.map(|state| match state {
        OrderState::Pending => "pending".to_owned(),
        OrderState::Resting(resting) => {
            let (order, tally) = (resting.working.order, resting.working.tally);
            format!("open {:?} {:?} {:?}", order.price, tally.open, tally.reserved)
        }
        OrderState::Closed(closed) => {
            let tally = closed.working.tally;
            format!("{:?} {:?} {:?}", closed.reason, tally.executed, tally.fees)
        }
    });
    let query = VenueOrderQuery { user, venue: nyx().id, after: None, limit: LIMIT };
    let at_venue = now(store.venue_orders(&query)).expect("orders").rows.into_iter();
    let at_venue = at_venue.map(|order| format!("at a venue: {:?}", order.status()));
    states.chain(at_venue).map(|line| format!("{place}: order {line}")).collect()
}

fn items(store: &dyn Store) -> Vec<String> {
    let query = ItemQuery { shelf: Shelf::Everything, after: None, limit: LIMIT };
    let items = now(store.items(&query)).expect("items").rows.into_iter();
    items
        .map(|item| {
            let (stock, sold, price) = (item.stock.pieces(), item.sold, item.price.minor());
            format!("item {:?} {price} {stock} {sold} {:?}", item.name, item.state)
        })
        .collect()
}

/// The lines that one has and the other has not.
#[must_use]
pub fn difference(expected: &[String], found: &[String]) -> Vec<String> {
    let missing = expected.iter().filter(|line| !found.contains(line));
    let surplus = found.iter().filter(|line| !expected.contains(line));
    let missing = missing.map(|line| format!("not so any more: {line}"));
    missing.chain(surplus.map(|line| format!("instead: {line}"))).collect()
}
