//! Orders at a venue that fails, hangs, and places what it says nothing of; workers that die;
//! messages that are lost and doubled; a store that conflicts. Hours of it in virtual time. When
//! the faults stop, each order that was accepted is placed once or certainly not, and the
//! venue's own book, which shares no code with ours, is the witness.

mod floor;

use std::collections::BTreeMap;

use app::ports::{Ledger, VenueOrders};
use domain::{
    id::VenueOrderId,
    venue::{Ending, RoutingStatus, VenueOrder},
};
use testkit::memory::MemoryStore;
use venue_simulator::{Faults, Rate, Status, Witness};

use crate::oracle::now;
use floor::{Floor, Plan};

/// So many orders at each of three rates of failure, told of line by line.
pub fn storm(orders: u32, mut tell: impl FnMut(&str)) {
    tell("faults  accepted  placed  failed  requests  killed  lost  disputed");
    for (seed, percent) in [(1, 10), (2, 50), (3, 90)] {
        let faults = Faults::all(Rate::percent(percent));
        let floor = Floor::run(&Plan { seed, orders, faults });
        let outcome = settled(&floor);
        let stats = floor.stats();
        tell(&format!(
            "{percent:5}%  {:8}  {:6}  {:6}  {:8}  {:6}  {:4}  {:8}",
            outcome.accepted,
            outcome.placed,
            outcome.failed,
            stats.requests,
            stats.killed,
            stats.lost,
            floor.letters.letters().len(),
        ));
        assert!(outcome.accepted * 10 >= u64::from(orders) * 9, "too few were accepted");
        assert!(stats.killed > 0 && stats.lost > 0, "nothing went wrong: {stats:?}");
        assert!(floor.letters.letters().is_empty(), "{:?}", floor.letters.letters().first());
    }
}

#[derive(Default)]
struct Outcome {
    accepted: u64,
    placed: u64,
    failed: u64,
}

/// Holds every accepted order against the venue's book, and the accounts against both.
fn settled(floor: &Floor) -> Outcome {
    let witness: Witness = floor.witness();
    let by_id: BTreeMap<_, _> =
        witness.orders.iter().map(|order| (order.id.as_str(), order)).collect();
    let mut outcome = Outcome::default();
    let mut known = 0;
    for id in floor.accepted() {
        let order = order_of(&floor.store, id);
        outcome.accepted += 1;
        assert!(order.is_over(), "it never came to an end: {order:?}");
        let name = id.to_string();
        let Some(there) = by_id.get(name.as_str()) else {
            assert!(order.executed.is_zero() && order.reference.is_none(), "{order:?}");
            let status = order.status();
            let certain = [RoutingStatus::Failed, RoutingStatus::Cancelled].contains(&status);
            assert!(certain, "{order:?}");
            outcome.failed += 1;
            continue;
        };
        known += 1;
        outcome.placed += 1;
        assert_eq!(there.placed, 1, "{order:?}");
        let executed = u64::try_from(order.executed.minor()).expect("a count");
        let notional = u128::try_from(order.notional.minor()).expect("a sum");
        assert_eq!((executed, notional), (there.executed, there.cash), "{order:?} {there:?}");
        assert_eq!(order.ending, ending(there.status), "{order:?} {there:?}");
    }
    assert_eq!(known, witness.orders.len(), "the venue has an order that nobody accepted");
    balances(floor, &witness);
    outcome
}

fn ending(status: Status) -> Option<Ending> {
    match status {
        Status::Open => None,
        Status::Filled => Some(Ending::Filled),
        Status::Cancelled => Some(Ending::Cancelled),
        Status::Expired => Some(Ending::Expired),
        Status::Rejected => Some(Ending::Rejected),
    }
}

fn order_of(store: &MemoryStore, id: VenueOrderId) -> VenueOrder {
    now(store.venue_order(id)).expect("a read").expect("an order")
}

/// Nobody's money is held any more, and all of it is where the venue's book says (I1 to I3).
fn balances(floor: &Floor, witness: &Witness) {
    let (mut cash, mut pieces) = (0_i128, 0_i128);
    for user in &floor.users {
        let account = now(floor.store.account(*user)).expect("a read").expect("an account");
        for (code, balance) in &account.wallets {
            assert!(balance.held.is_zero(), "held for nothing: {account:?}");
            let minor = i128::from(balance.available.minor());
            if code.is_instrument() { pieces += minor } else { cash += minor }
        }
    }
    let (mut paid, mut delivered) = (0_i128, 0_i128);
    for order in &witness.orders {
        let sign = if order.side == venue_simulator::Side::Buy { 1 } else { -1 };
        paid += sign * i128::try_from(order.cash).expect("a sum");
        delivered += sign * i128::from(order.executed);
    }
    assert_eq!((cash, pieces), (floor.deposited() - paid, delivered));
    let _audited = now(testkit::audit::audit(&floor.store, &floor.users));
}

#[cfg(test)]
mod tests {
    #[test]
    fn after_a_storm_every_order_is_placed_once_or_certainly_not() {
        let mut lines = Vec::new();
        super::storm(600, |line| lines.push(line.to_owned()));
        assert_eq!(lines.len(), 4, "{lines:?}");
    }
}
