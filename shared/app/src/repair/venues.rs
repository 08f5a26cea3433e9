//! Orders at external venues. Their entries say which there are and what of them is settled; what
//! a venue has done besides, only the venue knows, and an order that is not over is asked for.

use std::collections::BTreeMap;

use domain::{
    amount::Amount,
    id::{EntryId, VenueOrderId},
    ledger::{Cause, Entry, Outcome},
    time::Timestamp,
    venue::{Ending, Phase, Unclear, VenueFill, VenueOrder, VenueTerms},
};

use super::{Draft, Row};

/// What the fills of an order come to.
#[derive(Debug, Clone, Copy)]
struct Filled {
    executed: Amount,
    notional: Amount,
}

impl Filled {
    const NOTHING: Self = Self { executed: Amount::ZERO, notional: Amount::ZERO };

    fn with(self, fill: &VenueFill) -> Self {
        let worth = fill.price.amount.minor().saturating_mul(fill.quantity.minor());
        let worth = Amount::from_minor(worth).unwrap_or(Amount::MAX);
        Self { executed: sum(self.executed, fill.quantity), notional: sum(self.notional, worth) }
    }
}

fn sum(one: Amount, other: Amount) -> Amount {
    one.checked_add(other).unwrap_or(Amount::MAX)
}

/// Mends the rows of all orders at venues.
pub(super) fn mend(draft: &mut Draft) {
    let accepted = draft.world.entries.values().filter_map(|entry| match entry.outcome {
        Outcome::Routed(terms) => Some((terms.id, terms)),
        _ => None,
    });
    let accepted: BTreeMap<VenueOrderId, VenueTerms> = accepted.collect();
    remove_strangers(draft, &accepted);
    let mut filled = BTreeMap::<VenueOrderId, Filled>::new();
    for fill in draft.world.entries.values().filter_map(fill_of) {
        let so_far = filled.entry(fill.order).or_insert(Filled::NOTHING);
        *so_far = so_far.with(fill);
    }
    for terms in accepted.values() {
        let filled = filled.get(&terms.id).copied().unwrap_or(Filled::NOTHING);
        if filled.executed > terms.quantity {
            draft.leave(format!("{}: more of it was filled than it asked for", terms.id));
        } else {
            mend_order(draft, terms, filled);
        }
    }
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

/// Orders that no entry accepted, and their fills: neither has happened here. A venue may have
/// such an order all the same, as it may have any that was accepted after the moment that was
/// restored.
fn remove_strangers(draft: &mut Draft, accepted: &BTreeMap<VenueOrderId, VenueTerms>) {
    let fills = draft
        .world
        .entries
        .values()
        .filter(|entry| fill_of(entry).is_some_and(|fill| !accepted.contains_key(&fill.order)));
    for id in fills.map(|entry| entry.id).collect::<Vec<EntryId>>() {
        draft.take_back(id, "a fill of an order that no entry accepted: ask the venue for it");
    }
    let orders = draft.world.venue_orders.values();
    let orders = orders.filter(|order| !accepted.contains_key(&order.terms.id));
    for order in orders.cloned().collect::<Vec<_>>() {
        let why = if order.sends == 0 {
            "of an order at a venue that no entry accepted"
        } else {
            "of an order that no entry accepted, and that was sent: ask the venue for it"
        };
        draft.remove(Row::VenueOrder(order), why);
    }
}

fn mend_order(draft: &mut Draft, terms: &VenueTerms, filled: Filled) {
    let there = draft.world.venue_orders.get(&terms.id).cloned();
    let mut order = there.clone().unwrap_or_else(|| VenueOrder::begun(*terms));
    let agrees = (order.executed, order.notional) == (filled.executed, filled.notional);
    if !agrees {
        settle(&mut order, filled);
    }
    let assumed = may_have_been_sent(&mut order, draft.now);
    if there.as_ref() == Some(&order) {
        return;
    }
    order.next_at = draft.now;
    order.changed_at = order.changed_at.max(draft.now);
    // Of whatever was queued for it, nothing is for this one.
    order.round = order.round.saturating_add(1);
    order.version = order.version.saturating_add(u64::from(there.is_some()));
    let why = match (&there, agrees, assumed) {
        (None, ..) => "an order at a venue is not there that an entry accepted",
        (_, false, _) => "an order at a venue is not filled as its entries say",
        _ => "an order may have been sent after this moment: its venue is asked first",
    };
    draft.put(Row::VenueOrder(order), there.map(Row::VenueOrder), why);
}

/// The order as its fills say. Whatever the venue has said of its end stays; if that was not all
/// of it, the venue is asked for the fills that are missing.
fn settle(order: &mut VenueOrder, filled: Filled) {
    (order.executed, order.notional) = (filled.executed, filled.notional);
    order.last = order.last.map(|last| last.max(filled.executed));
    if filled.executed == order.terms.quantity {
        (order.phase, order.ending) = (Phase::Over, Some(Ending::Filled));
    } else if order.last == Some(filled.executed) {
        order.phase = Phase::Over;
    } else {
        order.phase = Phase::Placed;
        if order.last.is_none() {
            order.ending = None;
        }
    }
    order.unclear = None;
}

/// An order that was not sent, as far as is known here, may have been by those who had it after
/// this moment. Whether that was assumed.
fn may_have_been_sent(order: &mut VenueOrder, now: Timestamp) -> bool {
    let assumed = match order.phase {
        Phase::Queued | Phase::Placing => order.unclear.is_none(),
        Phase::Placed | Phase::Reconciling | Phase::Over => false,
    };
    if assumed {
        order.phase = Phase::Placing;
        order.unclear = Some(Unclear { since: now, asked: false });
    }
    assumed
}
