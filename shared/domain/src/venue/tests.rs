//! Fixtures of orders at a venue; what is expected of them, each part says.

mod placing;
mod promises;
mod reports;
mod routing;

use super::*;
use crate::{
    commit::{Commit, Write},
    testing::{ALICE, at, earth, guard, minor, usd},
    time::{Span, Timestamp},
    webhook::SealedSecret,
};

fn nyx() -> Venue {
    Venue {
        id: "nyx".parse().expect("a venue's name"),
        name: "New York Cross".parse().expect("a name"),
        currency: earth().currency,
        url: "https://nyx.example".to_owned(),
        secret: SealedSecret("sealed".to_owned()),
        listings: vec![
            Listing { instrument: dot(), reference: Some(minor(10_001)) },
            Listing { instrument: instrument("UNQUOTED0001"), reference: None },
        ],
        collar_bps: 1_000,
        concurrency_max: 4,
        rate_max: 100,
        suspended: false,
        created_at: at(0),
        version: 1,
    }
}

fn instrument(code: &str) -> Instrument {
    code.parse().expect("an instrument")
}

fn dot() -> Instrument {
    instrument("DOTUSDT00008")
}

fn reference(text: &str) -> Reference {
    text.parse().expect("a reference")
}

/// Ten pieces at 100.00 USD at most, or at least.
fn wanted(side: Side) -> Wanted {
    Wanted {
        side,
        pricing: Pricing::Limit(minor(10_000)),
        instrument: dot(),
        quantity: minor(10),
        valid_until: None,
    }
}

/// Alice's order, accepted at second 1000.
fn accepted(side: Side) -> VenueOrder {
    let commit = place(&guard(ALICE), &wanted(side), &nyx()).expect("accepted");
    put_order(&commit).clone()
}

fn put_order(commit: &Commit) -> &VenueOrder {
    let put = commit.writes().iter().find_map(|write| match write {
        Write::PutVenueOrder(order) => Some(order),
        _ => None,
    });
    put.expect("an order")
}

/// What a venue says of an order: so many pieces filled in all.
fn state(status: VenueStatus, executed: i64) -> VenueState {
    let executed = minor(executed);
    VenueState { reference: reference("X-1"), status, executed, executions: Vec::new() }
}

fn known(status: VenueStatus, executed: i64) -> VenueAnswer {
    VenueAnswer::Known(state(status, executed))
}

fn execution(name: &str, quantity: i64, price: i64) -> Execution {
    Execution { id: reference(name), quantity: minor(quantity), price: minor(price) }
}

/// The order in the hand of someone, and what they do.
fn begun(order: &VenueOrder, now: Timestamp) -> (Step, VenueOrder) {
    match order.todo(now, 7) {
        Todo::Attempt(step, leased) => (step, *leased),
        other => panic!("no attempt: {other:?}"),
    }
}

/// The order after an attempt that took a second.
fn tried(order: &VenueOrder, now: Timestamp, answer: VenueAnswer) -> (Step, VenueOrder) {
    let (step, leased) = begun(order, now);
    let ended = Ended::of(step, order, &leased, answer, 65_535);
    (step, leased.after(&ended, now.plus(Span::seconds(1))))
}

fn placed(side: Side) -> VenueOrder {
    tried(&accepted(side), at(1000), known(VenueStatus::Open, 0)).1
}

const TIMED_OUT: VenueAnswer = VenueAnswer::Failed(SendFailure::TimedOut);
const UNREACHABLE: VenueAnswer = VenueAnswer::Failed(SendFailure::Unreachable);
const REFUSED: VenueAnswer = VenueAnswer::Refused { status: 422 };
